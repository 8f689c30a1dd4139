"""What a task definition asks of the config: a key and a value for each need, and what can't be known from it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from attrs import frozen

from ecsiam.drafts.texts import Spelling
from ecsiam.errors import show_path
from ecsiam.features.registry import RegistryKeys
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text, text
from ecsiam.readers.found import Place, Value, as_list, as_map, is_list
from ecsiam.readers.needs.images import repository_of
from ecsiam.readers.needs.logs import written_to
from ecsiam.readers.needs.need import Asked, Known, TaskNeed, Way
from ecsiam.readers.needs.services import PATHS, along
from ecsiam.readers.needs.sessions import KEY_ID
from ecsiam.readers.reading import Reading, ReadTask
from ecsiam.readers.task_needs import known_to, needs_of

_KEYS = {
    "ecr:BatchGetImage": "ecr_repository_arns",
    "secretsmanager:GetSecretValue": "secrets_arns",
    "ssm:GetParameters": "secrets_arns",
    "kms:Decrypt": "secrets_kms_key_arns",
    "logs:CreateLogStream": "log_group_arns",
    "s3:GetObject": "environment_file_arns",
}
_OF_REGISTRIES = frozenset(RegistryKeys.keys())
_FLAGS = {"logs:CreateLogGroup": "awslogs_create_group"}
_MOUNT, _WRITE, _POINT = "ClientMount", "ClientWrite", "elasticfilesystem:AccessPointArn"
# What the console proposes for pull-through cache rules.
_CACHES = re.compile(r".*:repository/(docker-hub|ecr-public|quay|kubernetes|github|gitlab|azure)/")
# What the router of FireLens calls with the task role, but for CloudWatch's actions.
_ROUTED = frozenset({"firehose:PutRecordBatch", "kinesis:PutRecords", "s3:PutObject"})


@frozen
class Want:
    """That a key has a value, or that a list of it has an item; and who asked. `otherwise` is what may be meant too."""

    key: str
    value: bool | str | Mapping[str, object]
    place: Place | None = None
    otherwise: str = ""


@frozen
class Open:
    """What isn't known from the files, or what no key says; `key` is the key that it is about."""

    what: str
    place: Place | None = None
    key: str = ""

    def __str__(self) -> str:
        return f"{self.what} ({told(self.place)})" if self.place else self.what


Asks = Iterator[Want | Open]


def told(place: Place) -> str:
    """`infra/main.tf:12: containerDefinitions[0].image`: where a field stands, and which it is."""
    where = f"{place.file}:{place.line}" if place.line else place.file
    return f"{where}: {show_path(place.path).removeprefix('$').removeprefix('.')}" if place.path else where


def wants(task: ReadTask, reading: Reading, spelling: Spelling) -> Asks:
    """What a task definition and the services that run it ask for."""
    known = known_to(task, reading)
    for need in needs_of(task.found, known):
        if need.place.path[-1:] != ("enableExecuteCommand",):
            yield from _of_need(need, known, spelling)
    yield from _containers(task, reading, spelling)
    yield from _sessions(task, spelling)
    yield from _beside(task, spelling)
    yield from _passing(task, spelling)


# ---------------------------------------------------------------- needs


def _of_need(need: TaskNeed, known: Known, spelling: Spelling) -> Asks:
    ways = need.ways
    if not all(spelling.can(way[0].resource) for way in ways):  # of what kind it is hangs on it too
        yield Open(f"what is meant where ECS {need.what}", need.place, _key_of(ways[0][0], need))
        return
    way = ways[0]
    # Six letters at the end may be the name's, or those that Secrets Manager adds; of a symbol it is the name's.
    either = len(ways) == 2 and {one.action for one in ways[0]} == {one.action for one in ways[1]}
    otherwise = ways[1] if either else ()
    if either and not isinstance(way[0].resource.parts[-1], str):
        way, otherwise = ways[1], ()
        yield Open(f"whether the name is complete where ECS {need.what}", need.place, _key_of(way[0], need))
    for asked, other in zip_longest(way, otherwise[: len(way)]):
        yield from _asked(asked, way, need, spelling, other.resource if other is not None else None)
    for one in (one for one in way if one.action == "s3:GetBucketLocation"):
        bucket = one.resource.bind(spelling.home)
        own = next((arn for arn in known.arns.values() if arn.bind(spelling.home) == bucket), None)
        if own is None:  # else it is made beside the task
            what = "whose bucket it is; it is taken for one of the roles' account"
            yield Open(what, need.place, "environment_file_account_ids")
        else:
            keys = [("environment_file_kms_key_arns", key) for key in known.keys_of(own)]
            yield from _listed(keys, need.place, spelling)


def _asked(asked: Asked, way: Way, need: TaskNeed, spelling: Spelling, otherwise: Text | None) -> Asks:
    service, _, action = asked.action.partition(":")
    if need.role == "task" and (asked.action in _ROUTED or asked.action == "logs:CreateLogStream"):
        yield from _routed(asked, need, spelling)
    elif asked.action in _FLAGS:
        yield Want(_FLAGS[asked.action], True, need.place)
    elif service == "elasticfilesystem" and action == _MOUNT:
        yield from _mount(asked, way, need, spelling)
    elif asked.action in _KEYS:
        key = _key_of(asked, need)
        resource = asked.resource.split(":log-stream:", 1)[0]
        value = spelling.of(resource)
        if value is None:
            yield Open(f"what is meant by `{resource}`", need.place, key)
            return
        yield Want(key, value, need.place, (otherwise and spelling.of(otherwise)) or "")
        if _CACHES.match(value):
            prefix = value.partition(":repository/")[2].partition("/")[0]
            what = f"whether `{prefix}` is the prefix of a pull-through cache, which has to be listed then"
            yield Open(what, need.place, "ecr_pull_through_prefixes")


def _routed(asked: Asked, need: TaskNeed, spelling: Spelling) -> Asks:
    """Where the log router writes, which it does with the task role."""
    of_group = asked.action == "logs:CreateLogStream"
    of = asked.resource.split(":log-stream:", 1)[0] if of_group else asked.resource
    if asked.action == "s3:PutObject":
        of = Text.of(of.split("/", 1)[0], "/*")
    value = spelling.of(of)
    if value is None:
        yield Open(f"what is meant by `{of}`", need.place, "task_access")
    elif of_group:
        yield Want("cloudwatch_log_group_arns", value, need.place)
        yield Want("cloudwatch_logs_collector", True, need.place)
    else:
        yield Want("task_access", {"arns": [value], "access": ["write"]}, need.place)


def _key_of(asked: Asked, need: TaskNeed) -> str:
    """The key that a request is for."""
    key = _KEYS.get(asked.action, "")
    own = f"registry_credentials_{key.removeprefix('secrets_')}"
    return own if "repositoryCredentials" in need.place.path and own in _OF_REGISTRIES else key


def _mount(asked: Asked, way: Way, need: TaskNeed, spelling: Spelling) -> Asks:
    writes = any(one.action.endswith(_WRITE) for one in way)
    point = dict(asked.context).get(_POINT)
    system: dict[str, object] = {"arn": spelling.of(asked.resource), "access": "write" if writes else "read"}
    if point is not None:
        spelt = spelling.of(point)
        if spelt is None:
            yield Open(f"the access point where ECS {need.what}", need.place, "efs_file_systems")
        else:
            system["access_point_arns"] = [spelt]
    yield Want("efs_file_systems", system, need.place)
    if writes:
        yield Open("whether the containers write as root, which takes `access: root`", need.place, "efs_file_systems")


# ---------------------------------------------------------------- what is asked of no role, and what is outside


def _containers(task: ReadTask, reading: Reading, spelling: Spelling) -> Asks:
    found = as_map(task.found.value).get("containerDefinitions")
    if not is_list(found):
        yield Open("which containers the task has", task.found.at(("containerDefinitions",)))
        return
    images = [as_map(one).get("image") for one in found]
    for i, image in enumerate(images):
        if image is not None and not isinstance(image, str) and not _tells_host(image, reading.arns(task.root)):
            at = task.found.at(("containerDefinitions", i, "image"))
            yield Open("where the image comes from", at, "ecr_repository_arns")
    for i, one in enumerate(map(as_map, found)):
        for j, _ in enumerate(as_list(one.get("credentialSpecs"))):
            at = task.found.at(("containerDefinitions", i, "credentialSpecs", j))
            yield Open("no key is about what reading credential specs takes", at)
        yield from _router(task, i, as_map(one.get("logConfiguration")))


def _tells_host(image: Value, arns: Mapping[Ref, Text]) -> bool:
    """Whether the registry of an image is known, though not all of the image is."""
    if not isinstance(image, Text):
        return False
    return isinstance(image.parts[0], str) or repository_of(image, arns) is not None


def _router(task: ReadTask, i: int, log: Mapping[str, Value]) -> Asks:
    """What FireLens sends goes by the task role: of what is no need it isn't known."""
    options = as_map(log.get("options"))
    name = str(options.get("Name", options.get("name", "")))
    at = ("containerDefinitions", i, "logConfiguration")
    if str(log.get("logDriver")) == "awsfirelens" and name and written_to(task.found, at, options) is None:
        place = task.found.at((*at, "options", "Name"))
        yield Open(f"what the task role needs for FireLens's `{name}`", place, "task_access")


def _sessions(task: ReadTask, spelling: Spelling) -> Asks:
    """Where the cluster keeps the log of Exec's sessions."""
    for service in task.services:
        if as_map(service.value).get("enableExecuteCommand") is not True:
            continue
        at = service.at(("enableExecuteCommand",))
        found = as_map(as_map(service.value).get("clusterConfiguration"))
        yield Want("enable_ecs_exec", True, at)
        config = as_map(found.get("executeCommandConfiguration"))
        log = as_map(config.get("logConfiguration"))
        known = [("exec_kms_key_arns", _key(task, config.get("kmsKeyId")))]
        if str(config.get("logging")) == "OVERRIDE":
            known.append(("exec_log_group_arns", _here(task, "logs", "log-group:", log.get("cloudWatchLogGroupName"))))
            bucket, prefix = log.get("s3BucketName"), log.get("s3KeyPrefix")
            if isinstance(bucket, str | Text) and bucket:
                below = (f"/{str(prefix).strip('/')}/*",) if isinstance(prefix, str) and prefix else ()
                known.append(("exec_log_bucket_arns", Text.of("arn:", PARTITION, ":s3:::", bucket, *below)))
        elif str(config.get("logging")) != "NONE":
            yield Open("whether the cluster logs the sessions, and where to", at, "exec_log_group_arns")
        yield from _listed(known, at, spelling)
        return


# ---------------------------------------------------------------- the roles that services and rules name


@frozen
class _Named:
    """A role of ECS that a service's definition names: the keys of what stands beside it."""

    role: str
    keys: Mapping[str, str] = {}
    all: bool = False
    """Whether the key is of use only with all of them: AWS's policy stands in its place."""

    @property
    def flag(self) -> str:
        return f"enable_{self.role}_role"


SERVICE_ROLES = (
    _Named("ebs_volumes", {"kmsKeyId": "ebs_volumes_kms_key_arns"}),
    _Named("service_connect_tls", {"kmsKey": "service_connect_tls_kms_key_arns"}),
    _Named("vpc_lattice"),
    _Named(
        "load_balancers",
        dict.fromkeys(
            ("alternateTargetGroupArn", "productionListenerRule", "testListenerRule"),
            "load_balancers_arns",
        ),
        all=True,
    ),
    _Named("lifecycle_hook", {"hookTargetArn": "lifecycle_hook_arns"}),
)


def named_by(task: ReadTask) -> Iterator[tuple[_Named, Place, Mapping[str, Value], Mapping[str, Value]]]:
    """Each place where a service that runs the task names a role: with what stands there, and around it."""
    for service in task.services:
        for row in SERVICE_ROLES:
            for at, inside, around in along(as_map(service.value), PATHS[row.role]):
                yield row, service.at(at), inside, around


def _beside(task: ReadTask, spelling: Spelling) -> Asks:
    for row, at, inside, around in named_by(task):
        yield Want(row.flag, True, at)
        given = [(name, inside.get(name)) for name in row.keys]
        texts = [
            (row.keys[name], _key(task, value) if "kms" in name else _text(value)) for name, value in given if value
        ]
        if row.all:
            texts.append((next(iter(row.keys.values())), _text(around.get("targetGroupArn"))))
            if any(one is None or spelling.of(one) is None for _, one in texts):
                continue  # AWS's own policy has them all
        yield from _listed(texts, at, spelling)
    value = as_map(task.found.value)
    for i, volume in enumerate(map(as_map, as_list(value.get("volumes")))):
        if volume.get("configuredAtLaunch") is True:
            yield Want("enable_ebs_volumes_role", True, task.found.at(("volumes", i, "configuredAtLaunch")))


_RUNNERS = {"events.amazonaws.com": "events", "scheduler.amazonaws.com": "scheduler"}


def runner(service: str) -> str | None:
    """The id of the role with which a service of EventBridge runs tasks."""
    return _RUNNERS.get(service)


def _passing(task: ReadTask, spelling: Spelling) -> Asks:
    for one, _ in task.passing:
        role = runner(one.service)
        family = _text(as_map(task.found.value).get("family"))
        if role is None:
            yield Open(f"no key is about the role with which `{one.service}` runs tasks", one.place)
            continue
        clusters = one.cluster
        if clusters is not None and clusters.literal is not None and not clusters.literal.startswith("arn:"):
            clusters = _here(task, "ecs", "cluster/", clusters)
        spelt = spelling.of(clusters) if clusters is not None else None
        called = family and (family.literal or spelling.of(family))
        if spelt is None or not called:
            yield Open(
                f"in which cluster `{one.address}` runs the task, or which task", one.place, f"{role}_cluster_arns"
            )
            continue
        yield Want(f"enable_{role}_role", True, one.place)
        yield Want(f"{role}_families", called, one.place)
        yield Want(f"{role}_cluster_arns", spelt, one.place)


# ---------------------------------------------------------------- values


def _listed(texts: Sequence[tuple[str, Text | None]], at: Place, spelling: Spelling) -> Asks:
    for key, one in texts:
        if one is None:
            continue
        spelt = spelling.of(one)
        yield Open(f"what is meant by `{one}`", at, key) if spelt is None else Want(key, spelt, at)


def _text(value: Value) -> Text | None:
    return text(value) if isinstance(value, str | Text) and value else None


def _here(task: ReadTask, service: str, before: str, value: Value) -> Text | None:
    """The ARN of what a name is of, in the task's own region and account."""
    if not isinstance(value, str | Text) or not value:
        return None
    region, account = task.found.region or text(AWS_REGION), task.found.account or text(ACCOUNT_ID)
    return Text.of("arn:", PARTITION, f":{service}:", region, ":", account, f":{before}", value)


def _key(task: ReadTask, value: Value) -> Text | None:
    """A key by its ARN, or the ARN of one that is named by its id."""
    literal = KEY_ID.fullmatch(value) if isinstance(value, str) else None
    return _here(task, "kms", "key/", value) if literal else _text(value)
