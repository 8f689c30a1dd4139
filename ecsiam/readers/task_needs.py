"""What ECS will ask of the roles of a task, field by field of its definition.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve

from ecsiam.errors import Path
from ecsiam.model.arn import partition_of
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Bindings, Text, text
from ecsiam.readers.found import FoundPassing, FoundService, FoundTask, Place, Value, as_list, as_map, symbol
from ecsiam.readers.naming import account_of
from ecsiam.readers.needs.images import repository_of
from ecsiam.readers.needs.logs import log_needs
from ecsiam.readers.needs.need import ECS, Asked, Known, TaskNeed, named, reading, secret_need, text_of
from ecsiam.readers.needs.valuefrom import named_secret, reads
from ecsiam.readers.reading import Reading, ReadTask

_PULL = "CannotPullContainerError: the image can't be pulled, access is denied"
_ENVIRONMENT = "ResourceInitializationError: failed to download env files: file download command: AccessDenied"
_EXEC = "TargetNotConnectedException: The execute command failed due to an internal error"
_MOUNT = "ResourceInitializationError: failed to invoke EFS utils commands: access denied by server while mounting"
_INSTANCE = "the instance's role, which may do this instead on EC2"


def known_to(task: ReadTask, reading: Reading) -> Known:
    """What is known beside a definition that was read."""
    return Known(task.services, reading.keys(task.root), reading.arns(task.root))


def needs_of(task: FoundTask, known: Known) -> Iterator[TaskNeed]:
    """What ECS will ask of the execution role and of the task role, in the order of the definition."""
    return map(in_place(task), _needs(task, evolve(known, home=_home(task))))


def in_place(task: FoundTask) -> Callable[[TaskNeed], TaskNeed]:
    """Puts what is known of a task's place into a need."""
    home = _home(task)
    return lambda need: evolve(need, ways=tuple(tuple(_placed(one, home) for one in way) for way in need.ways))


def _home(task: FoundTask) -> Bindings:
    """What is known of a task's place.

    What is not said is of the task's own region and account; the account is that of its roles, which are always of one.
    """
    value = as_map(task.value)
    roles = (text_of(value.get(key)) for key in ("executionRoleArn", "taskRoleArn"))
    accounts = (task.account, *(account_of(role) for role in roles if role is not None))
    account = next((one for one in accounts if one is not None and one.literal), None)
    given = ((AWS_REGION.name, task.region), (ACCOUNT_ID.name, account))
    return Bindings(deployment={name: of.literal for name, of in given if of is not None and of.literal is not None})


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
        found += _container(task, known, ("containerDefinitions", i), as_map(container))
    found += _volumes(task, known, value)
    found += _exec(known)
    found += _service_connect(known)
    once: dict[object, TaskNeed] = {}
    for need in found:
        once.setdefault((need.role, need.ways), need)
    for need in once.values():
        started = need.what.startswith(("pulls", "logs in", "writes"))
        by_instance = not on_fargate and (started if need.role == "execution" else not value.get("taskRoleArn"))
        yield evolve(need, unsure=_INSTANCE) if by_instance and not need.unsure else need


def _on_fargate(value: Mapping[str, Value], services: Iterable[FoundService]) -> bool:
    """Whether it surely runs where only the execution role can pull and log."""
    compatible = {str(one) for one in as_list(value.get("requiresCompatibilities"))}
    launched = {str(as_map(service.value).get("launchType")) for service in services}
    return bool(compatible & {"FARGATE", "EXTERNAL", "MANAGED_INSTANCES"}) or "FARGATE" in launched


# ---------------------------------------------------------------- containers


def _container(task: FoundTask, known: Known, at: Path, container: Mapping[str, Value]) -> Iterator[TaskNeed]:
    image = text_of(container.get("image"))
    repository = repository_of(image, known.arns) if image is not None else None
    if image is not None and repository is not None:
        page = f"{ECS}/task_execution_IAM_role.html"
        place = task.at((*at, "image"))
        token = (Asked("ecr:GetAuthorizationToken", text("*")),)
        yield TaskNeed("execution", (token,), place, "logs in to ECR", _PULL, page)
        pull = tuple(Asked(f"ecr:{action}", repository) for action in ("BatchGetImage", "GetDownloadUrlForLayer"))
        yield TaskNeed("execution", (pull,), place, f"pulls the image `{named(image, known)}`", _PULL, page)
    for i, secret in enumerate(as_list(container.get("secrets"))):
        yield from secret_need(task, known, (*at, "secrets", i), as_map(secret))
    credentials = as_map(container.get("repositoryCredentials"))
    given = text_of(credentials.get("credentialsParameter"))
    if given is not None:
        place = task.at((*at, "repositoryCredentials", "credentialsParameter"))
        yield reading(known, named_secret(given), place, "reads the registry's credentials", "private-auth.html")
    configuration = as_map(container.get("logConfiguration"))
    yield from log_needs(task, known, (*at, "logConfiguration"), configuration, text_of(container.get("name")))
    for i, file in enumerate(as_list(container.get("environmentFiles"))):
        given = text_of(as_map(file).get("value"))
        if given is not None:
            place = task.at((*at, "environmentFiles", i, "value"))
            what = f"reads the environment file `{named(given, known)}`"
            yield _file(given, place, what, _ENVIRONMENT, "use-environment-file.html")
    options = as_map(as_map(container.get("firelensConfiguration")).get("options"))
    given = text_of(options.get("config-file-value"))
    if given is not None and str(options.get("config-file-type")) == "s3":
        place = task.at((*at, "firelensConfiguration", "options", "config-file-value"))
        what = f"reads the configuration of FireLens `{named(given, known)}`"
        yield _file(given, place, what, _ENVIRONMENT, "firelens-taskdef.html")
    for i, spec in enumerate(as_list(container.get("credentialSpecs"))):
        yield from _credential_spec(task, (*at, "credentialSpecs", i), text_of(spec))


def _credential_spec(task: FoundTask, at: Path, spec: Text | None) -> Iterator[TaskNeed]:
    """A spec is read, and needs more besides (a secret of the domain's, an instance in it) that no file here says."""
    parts = spec.split(":", 1) if spec is not None else ()
    if len(parts) < 2:
        return
    arn = parts[1]
    what, page = f"reads the credential spec `{arn}`", "windows-gmsa.html"
    if arn.holds(":s3:"):
        need = _file(arn, task.at(at), what, _ENVIRONMENT, page)
    else:
        way = (Asked("ssm:GetParameters", arn),)
        need = TaskNeed("execution", (way,), task.at(at), what, _ENVIRONMENT, f"{ECS}/{page}")
    yield evolve(need, unsure="what a credential spec needs besides, which is not judged")


def _file(given: Text, place: Place, what: str, failure: str, page: str) -> TaskNeed:
    """The need to read an object of S3, by its ARN."""
    bucket = given.split("/", 1)[0]
    way = (Asked("s3:GetObject", given), Asked("s3:GetBucketLocation", bucket))
    return TaskNeed("execution", (way,), place, what, failure, f"{ECS}/{page}")


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
        system = text_of(efs.get("fileSystemId"))
        if system is not None and str(authorization.get("iam")) == "ENABLED":
            read_only = [
                mount.get("readOnly") is True for mount in mounts if mount.get("sourceVolume") == volume.get("name")
            ]
            actions = ["ClientMount"] if not read_only or all(read_only) else ["ClientMount", "ClientWrite"]
            yield _mount(task, ("volumes", i, "efsVolumeConfiguration"), system, authorization, actions)
        fsx = as_map(as_map(volume.get("fsxWindowsFileServerVolumeConfiguration")).get("authorizationConfig"))
        given = text_of(fsx.get("credentialsParameter"))
        if given is not None:
            at = (
                "volumes",
                i,
                "fsxWindowsFileServerVolumeConfiguration",
                "authorizationConfig",
                "credentialsParameter",
            )
            yield reading(
                known, reads(given, known.arns), task.at(at), "reads the credentials of FSx", "wfsx-volumes.html"
            )


def _mount(task: FoundTask, at: Path, system: Text, authorization: Mapping[str, Value], actions: list[str]) -> TaskNeed:
    here = ("arn:", PARTITION, ":elasticfilesystem:", AWS_REGION, ":", ACCOUNT_ID, ":")
    context = [("aws:SecureTransport", text("true")), ("elasticfilesystem:AccessedViaMountTarget", text("true"))]
    point = text_of(authorization.get("accessPointId"))
    if point is not None:
        context.append(("elasticfilesystem:AccessPointArn", Text.of(*here, "access-point/", point)))
    resource = Text.of(*here, "file-system/", system)
    way = tuple(Asked(f"elasticfilesystem:{action}", resource, tuple(context)) for action in actions)
    what = f"mounts the file system `{system}` with IAM"
    unsure = "the file system's own policy, which may allow it"
    return TaskNeed("task", (way,), task.at(at), what, _MOUNT, f"{ECS}/efs-volumes.html", unsure)


_CHANNELS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")


def _exec(known: Known) -> Iterator[TaskNeed]:
    for service in known.services:
        if as_map(service.value).get("enableExecuteCommand") is True:
            way = tuple(Asked(f"ssmmessages:{action}", text("*")) for action in _CHANNELS)
            place = service.at(("enableExecuteCommand",))
            yield TaskNeed("task", (way,), place, "opens ECS Exec's channels", _EXEC, f"{ECS}/ecs-exec.html")
            return


def _service_connect(known: Known) -> Iterator[TaskNeed]:
    """What the proxy of Service Connect writes goes through the task's execution role.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-connect-envoy-access-logs.html
    """
    for service in known.services:
        connected = as_map(as_map(service.value).get("serviceConnectConfiguration"))
        if connected.get("enabled") is True:
            at = ("serviceConnectConfiguration", "logConfiguration")
            yield from log_needs(service, known, at, as_map(connected.get("logConfiguration")), None)


# ---------------------------------------------------------------- who runs the task


def passing_needs(task: FoundTask, one: FoundPassing, roles: Iterable[Text], known: Known) -> Iterator[TaskNeed]:
    """What a rule, schedule or pipe needs that runs a task: to run it, and to pass its `roles`."""
    family = text_of(as_map(task.value).get("family"))
    here = ("arn:", PARTITION, ":ecs:", AWS_REGION, ":", ACCOUNT_ID, ":")
    if family is not None:
        context = (("ecs:cluster", one.cluster),) if one.cluster is not None else ()
        newest = Text.of(*here, "task-definition/", family, ":", symbol(task.address, "revision"))
        newest = known.arns.get(symbol(task.address, "arn"), newest)
        named = one.task if one.task is not None and len(one.task.split(":", 6)) == 7 else newest
        run = (Asked("ecs:RunTask", named, context),)
        page = f"{ECS}/CWE_IAM_role.html"
        failure = "AccessDeniedException: not authorized to perform: ecs:RunTask"
        yield TaskNeed("passing", (run,), one.place, f"runs the task `{family}` for `{one.address}`", failure, page)
    to = (("iam:PassedToService", text("ecs-tasks.amazonaws.com")),)
    for role in roles:
        page = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
        failure = "AccessDeniedException: not authorized to perform: iam:PassRole"
        way = (Asked("iam:PassRole", role, to),)
        yield TaskNeed("passing", (way,), one.place, f"is passed the role `{role}` by `{one.address}`", failure, page)
