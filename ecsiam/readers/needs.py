"""What ECS will ask of the roles of a task, field by field of its definition.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

from collections.abc import Iterable, Iterator, Mapping

from attrs import evolve, field, frozen

from ecsiam.errors import Path
from ecsiam.model.arn import partition_of
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Bindings, Ref, Text, text
from ecsiam.readers.forms import told
from ecsiam.readers.found import FoundPassing, FoundService, FoundTask, Place, Value, as_list, as_map, symbol, symbols
from ecsiam.readers.images import repository_of
from ecsiam.readers.naming import account_of
from ecsiam.readers.reading import Reading, ReadTask
from ecsiam.readers.valuefrom import Reads, named_secret, reads

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_PULL = "CannotPullContainerError: the image can't be pulled, access is denied"
_SECRET = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed"
_STREAM = "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log stream"
_GROUP = "ResourceInitializationError: failed to validate logger args: failed to create Cloudwatch log group"
_ENVIRONMENT = "ResourceInitializationError: failed to download env files: file download command: AccessDenied"
_EXEC = "TargetNotConnectedException: The execute command failed due to an internal error"
_MOUNT = "ResourceInitializationError: failed to invoke EFS utils commands: access denied by server while mounting"
_INSTANCE = "on EC2 the instance's role may do this instead"


@frozen
class Asked:
    """One request: an action on a resource, and the condition keys that are known to go with it."""

    action: str
    resource: Text
    context: tuple[tuple[str, Text], ...] = ()


Way = tuple[Asked, ...]


@frozen
class TaskNeed:
    """What has to be allowed for a task to start or work, with the field that asks for it.

    One of `ways` has to be allowed, all requests of it: there is more than one only where the file doesn't tell which
    kind of thing is meant. `failure` is what AWS says when it is not, in AWS's own words.
    """

    role: str
    """Whose request it is: `execution`, `task`, `passing` for who runs the task, `pipeline` for who deploys it."""
    ways: tuple[Way, ...]
    place: Place
    what: str
    """What ECS does, or the step of a pipeline, to follow "ECS ": ``reads the secret `...` ``."""
    failure: str
    page: str
    unsure: str = ""
    """Why it may not be needed, or not be enough; empty: it is."""


@frozen
class Known:
    """What is known beside the definition: services that run it, customer keys and ARNs of the root."""

    services: tuple[FoundService, ...] = ()
    keys: Mapping[str, Text] = field(factory=dict[str, Text])
    arns: Mapping[Ref, Text] = field(factory=dict[Ref, Text])

    def keys_of(self, resource: Text) -> list[Text]:
        """The customer keys of what an ARN names: by its symbols, or as the ARN of something of the root."""
        named = {ref.name.rpartition(".")[0] for ref in resource.refs}
        return [key for address, key in sorted(self.keys.items()) if address in named or self._is(address, resource)]

    def _is(self, address: str, resource: Text) -> bool:
        return any(self.arns.get(symbol(address, attribute)) == resource for attribute in ("arn", "Arn"))


def known_to(task: ReadTask, reading: Reading) -> Known:
    """What is known beside a definition that was read."""
    return Known(task.services, reading.keys(task.root), reading.arns(task.root))


def needs_of(task: FoundTask, known: Known) -> Iterator[TaskNeed]:
    """What ECS will ask of the execution role and of the task role, in the order of the definition.

    What is not said is of the task's own region and account; the account is that of its roles, which are always of one.
    """
    value = as_map(task.value)
    roles = (_text(value.get(key)) for key in ("executionRoleArn", "taskRoleArn"))
    accounts = (task.account, *(account_of(role) for role in roles if role is not None))
    account = next((one for one in accounts if one is not None and one.literal), None)
    given = ((AWS_REGION.name, task.region), (ACCOUNT_ID.name, account))
    home = {name: text.literal for name, text in given if text is not None and text.literal is not None}
    bindings = Bindings(deployment=home)
    for need in _needs(task, known):
        yield evolve(need, ways=tuple(tuple(_placed(one, bindings) for one in way) for way in need.ways))


def _placed(asked: Asked, home: Bindings) -> Asked:
    """A request with what is known of the task's place.

    The partition of a resource is never compared; a condition may compare an ARN as text, so it has it there.
    """
    partition = partition_of(home.deployment.get(AWS_REGION.name) or "")
    whole = Bindings(deployment={**home.deployment, PARTITION.name: partition}) if partition else home
    context = tuple((key, value.bind(whole)) for key, value in asked.context)
    return Asked(asked.action, asked.resource.bind(home), context)


def _needs(task: FoundTask, known: Known) -> Iterator[TaskNeed]:
    value = as_map(task.value)
    on_fargate = _on_fargate(value, known.services)
    found: list[TaskNeed] = []
    for i, container in enumerate(as_list(value.get("containerDefinitions"))):
        found += _container(task, known, ("containerDefinitions", i), as_map(container), value)
    found += _volumes(task, known, value)
    found += _exec(task, known, value)
    once: dict[object, TaskNeed] = {}
    for need in found:
        once.setdefault((need.role, need.ways), need)
    for need in once.values():
        by_instance = need.what.startswith(("pulls", "logs in", "writes")) and not on_fargate
        yield evolve(need, unsure=_INSTANCE) if by_instance and not need.unsure else need


def _on_fargate(value: Mapping[str, Value], services: Iterable[FoundService]) -> bool:
    """Whether it surely runs where only the execution role can pull and log."""
    compatible = {str(one) for one in as_list(value.get("requiresCompatibilities"))}
    launched = {str(as_map(service.value).get("launchType")) for service in services}
    return bool(compatible & {"FARGATE", "EXTERNAL", "MANAGED_INSTANCES"}) or "FARGATE" in launched


# ---------------------------------------------------------------- containers


def _container(
    task: FoundTask, known: Known, at: Path, container: Mapping[str, Value], whole: Mapping[str, Value]
) -> Iterator[TaskNeed]:
    image = _text(container.get("image"))
    repository = repository_of(image, known.arns) if image is not None else None
    if image is not None and repository is not None:
        page = f"{_ECS}/task_execution_IAM_role.html"
        place = task.at((*at, "image"))
        token = (Asked("ecr:GetAuthorizationToken", text("*")),)
        yield TaskNeed("execution", (token,), place, "logs in to ECR", _PULL, page)
        pull = tuple(Asked(f"ecr:{action}", repository) for action in ("BatchGetImage", "GetDownloadUrlForLayer"))
        yield TaskNeed("execution", (pull,), place, f"pulls the image `{_told(image, known)}`", _PULL, page)
    for i, secret in enumerate(as_list(container.get("secrets"))):
        yield from _secret(task, known, (*at, "secrets", i), as_map(secret))
    credentials = as_map(container.get("repositoryCredentials"))
    given = _text(credentials.get("credentialsParameter"))
    if given is not None:
        place = task.at((*at, "repositoryCredentials", "credentialsParameter"))
        yield _reading(known, named_secret(given), place, "reads the registry's credentials", "private-auth.html")
    yield from _log(task, known, (*at, "logConfiguration"), container)
    for i, file in enumerate(as_list(container.get("environmentFiles"))):
        given = _text(as_map(file).get("value"))
        if given is not None:
            place = task.at((*at, "environmentFiles", i, "value"))
            what = f"reads the environment file `{_told(given, known)}`"
            yield _file(given, place, what, _ENVIRONMENT, "use-environment-file.html")
    options = as_map(as_map(container.get("firelensConfiguration")).get("options"))
    given = _text(options.get("config-file-value"))
    if given is not None and str(options.get("config-file-type")) == "s3":
        place = task.at((*at, "firelensConfiguration", "options", "config-file-value"))
        what = f"reads the configuration of FireLens `{_told(given, known)}`"
        yield _file(given, place, what, _ENVIRONMENT, "firelens-taskdef.html")


def _secret(task: FoundTask, known: Known, at: Path, secret: Mapping[str, Value]) -> Iterator[TaskNeed]:
    given = _text(secret.get("valueFrom"))
    if given is not None:
        place = task.at((*at, "valueFrom"))
        name = secret.get("name")
        what = f"reads `{_told(given, known)}`{f' for `{name}`' if name else ''}"
        yield _reading(known, reads(given, known.arns), place, what, "specifying-sensitive-data.html")


def _reading(known: Known, found: Reads, place: Place, what: str, page: str) -> TaskNeed:
    """The need to read a secret or parameter, with the customer key where that is known."""
    ways: list[Way] = []
    for action, resources in found.ways:
        way = [Asked(action, resource) for resource in resources]
        for resource in resources:
            way += _decrypting(known, resource, action)
        ways.append(tuple(way))
    return TaskNeed("execution", tuple(ways), place, what, _SECRET, f"{_ECS}/{page}", found.unsure)


def _decrypting(known: Known, resource: Text, action: str) -> Iterator[Asked]:
    service, key = ("secretsmanager", "SecretARN") if "secret" in action else ("ssm", "PARAMETER_ARN")
    parts = resource.split(":", 5)
    region = parts[3] if len(parts) == 6 else text(AWS_REGION)
    for key_arn in known.keys_of(resource):
        via = Text.of(f"{service}.", region, ".amazonaws.com")
        context = (("kms:ViaService", via), (f"kms:EncryptionContext:{key}", resource))
        yield Asked("kms:Decrypt", key_arn, context)


def _log(task: FoundTask, known: Known, at: Path, container: Mapping[str, Value]) -> Iterator[TaskNeed]:
    configuration = as_map(container.get("logConfiguration"))
    options = as_map(configuration.get("options"))
    group = _text(options.get("awslogs-group"))
    if str(configuration.get("logDriver")) == "awslogs" and group is not None:
        page = f"{_ECS}/using_awslogs.html"
        region = _text(options.get("awslogs-region")) or text(AWS_REGION)
        streams = Text.of("arn:", PARTITION, ":logs:", region, ":", ACCOUNT_ID, ":log-group:", group, ":log-stream:")
        place = task.at((*at, "options", "awslogs-group"))
        if str(options.get("awslogs-create-group")).lower() == "true":
            yield from _made(task.at((*at, "options", "awslogs-create-group")), group, streams, known)
        prefix, name = _text(options.get("awslogs-stream-prefix")), _text(container.get("name"))
        stream = Text.of(streams, *((prefix, "/") if prefix else ()), *((name, "/") if prefix and name else ()))
        stream = Text.of(stream, symbol(f"{task.address} {at}", "stream"))
        written = tuple(Asked(f"logs:{action}", stream) for action in ("CreateLogStream", "PutLogEvents"))
        yield TaskNeed("execution", (written,), place, f"writes to the log group `{group}`", _STREAM, page)
    for i, secret in enumerate(as_list(configuration.get("secretOptions"))):
        yield from _secret(task, known, (*at, "secretOptions", i), as_map(secret))


def _made(place: Place, group: Text, streams: Text, known: Known) -> Iterator[TaskNeed]:
    """The need to make a log group. The driver does that where there is none: it tries to write first.

    https://docs.docker.com/engine/logging/drivers/awslogs/#awslogs-create-group
    """
    names = {arn.split(":log-group:", 1)[-1] for arn in known.arns.values() if arn.holds(":log-group:")}
    if group not in names:
        unsure = "whether that log group is there already is not known" if symbols(group) else ""
        what = f"writes to, and makes, the log group `{group}`"
        way = (Asked("logs:CreateLogGroup", streams),)
        yield TaskNeed("execution", (way,), place, what, _GROUP, f"{_ECS}/using_awslogs.html", unsure)


def _file(given: Text, place: Place, what: str, failure: str, page: str) -> TaskNeed:
    """The need to read an object of S3, by its ARN."""
    bucket = given.split("/", 1)[0]
    way = (Asked("s3:GetObject", given), Asked("s3:GetBucketLocation", bucket))
    return TaskNeed("execution", (way,), place, what, failure, f"{_ECS}/{page}")


# ---------------------------------------------------------------- volumes, Exec


def _volumes(task: FoundTask, known: Known, value: Mapping[str, Value]) -> Iterator[TaskNeed]:
    mounts = [
        as_map(mount)
        for container in as_list(value.get("containerDefinitions"))
        for mount in as_list(as_map(container).get("mountPoints"))
    ]
    for i, volume in enumerate(map(as_map, as_list(value.get("volumes")))):
        efs = as_map(volume.get("efsVolumeConfiguration"))
        authorization = as_map(efs.get("authorizationConfig"))
        system = _text(efs.get("fileSystemId"))
        if system is not None and str(authorization.get("iam")) == "ENABLED":
            read_only = [
                mount.get("readOnly") is True for mount in mounts if mount.get("sourceVolume") == volume.get("name")
            ]
            actions = ["ClientMount"] if not read_only or all(read_only) else ["ClientMount", "ClientWrite"]
            yield _mount(task, ("volumes", i, "efsVolumeConfiguration"), system, authorization, actions)
        fsx = as_map(as_map(volume.get("fsxWindowsFileServerVolumeConfiguration")).get("authorizationConfig"))
        given = _text(fsx.get("credentialsParameter"))
        if given is not None:
            at = (
                "volumes",
                i,
                "fsxWindowsFileServerVolumeConfiguration",
                "authorizationConfig",
                "credentialsParameter",
            )
            yield _reading(
                known, reads(given, known.arns), task.at(at), "reads the credentials of FSx", "wfsx-volumes.html"
            )


def _mount(task: FoundTask, at: Path, system: Text, authorization: Mapping[str, Value], actions: list[str]) -> TaskNeed:
    here = ("arn:", PARTITION, ":elasticfilesystem:", AWS_REGION, ":", ACCOUNT_ID, ":")
    context = [("aws:SecureTransport", text("true")), ("elasticfilesystem:AccessedViaMountTarget", text("true"))]
    point = _text(authorization.get("accessPointId"))
    if point is not None:
        context.append(("elasticfilesystem:AccessPointArn", Text.of(*here, "access-point/", point)))
    resource = Text.of(*here, "file-system/", system)
    way = tuple(Asked(f"elasticfilesystem:{action}", resource, tuple(context)) for action in actions)
    what = f"mounts the file system `{system}` with IAM"
    unsure = "the file system's own policy may allow it"
    return TaskNeed("task", (way,), task.at(at), what, _MOUNT, f"{_ECS}/efs-volumes.html", unsure)


_CHANNELS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")


def _exec(task: FoundTask, known: Known, value: Mapping[str, Value]) -> Iterator[TaskNeed]:
    for service in known.services:
        if as_map(service.value).get("enableExecuteCommand") is True:
            way = tuple(Asked(f"ssmmessages:{action}", text("*")) for action in _CHANNELS)
            place = service.at(("enableExecuteCommand",))
            unsure = "" if value.get("taskRoleArn") or _on_fargate(value, known.services) else _INSTANCE
            yield TaskNeed("task", (way,), place, "opens ECS Exec's channels", _EXEC, f"{_ECS}/ecs-exec.html", unsure)
            return


# ---------------------------------------------------------------- who runs the task


def passing_needs(task: FoundTask, one: FoundPassing, roles: Iterable[Text], known: Known) -> Iterator[TaskNeed]:
    """What a rule, schedule or pipe needs that runs a task: to run it, and to pass its `roles`."""
    family = _text(as_map(task.value).get("family"))
    here = ("arn:", PARTITION, ":ecs:", AWS_REGION, ":", ACCOUNT_ID, ":")
    if family is not None:
        context = (("ecs:cluster", one.cluster),) if one.cluster is not None else ()
        newest = Text.of(*here, "task-definition/", family, ":", symbol(task.address, "revision"))
        newest = known.arns.get(symbol(task.address, "arn"), newest)
        named = one.task if one.task is not None and len(one.task.split(":", 6)) == 7 else newest
        run = (Asked("ecs:RunTask", named, context),)
        page = f"{_ECS}/CWE_IAM_role.html"
        failure = "AccessDeniedException: not authorized to perform: ecs:RunTask"
        yield TaskNeed("passing", (run,), one.place, f"runs the task `{family}` for `{one.address}`", failure, page)
    to = (("iam:PassedToService", text("ecs-tasks.amazonaws.com")),)
    for role in roles:
        page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
        failure = "AccessDeniedException: not authorized to perform: iam:PassRole"
        way = (Asked("iam:PassRole", role, to),)
        yield TaskNeed("passing", (way,), one.place, f"is passed the role `{role}` by `{one.address}`", failure, page)


# ---------------------------------------------------------------- values


def _text(value: Value) -> Text | None:
    """A text that says something."""
    return text(value) if isinstance(value, str | Text) and value and (isinstance(value, str) or value.parts) else None


def _told(given: Text, known: Known) -> str:
    """A text as people write it: with the attribute in place of the ARN that it begins with."""
    for ref, arn in known.arns.items():
        if arn.parts and given.parts[: len(arn.parts)] == arn.parts:
            return f"{{{ref.name}}}{Text(given.parts[len(arn.parts) :])}"
    return told(given)
