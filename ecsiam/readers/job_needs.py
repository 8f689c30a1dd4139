"""What the steps of a job need of the role that they run as, and the roles and task definitions that a job is about."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath

from ecsiam.model.deploying import PASS, STEPS, TAG
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text, text
from ecsiam.readers.found import FoundJob, FoundUse, Place, Root, as_list, as_map, symbol
from ecsiam.readers.github.aws_cli import FAMILY
from ecsiam.readers.github.workflows import top_of
from ecsiam.readers.naming import runs
from ecsiam.readers.needs.images import repository_of
from ecsiam.readers.needs.need import Asked, TaskNeed, Way
from ecsiam.readers.reading import ReadJob, ReadLogin, ReadTask, ReadUse
from ecsiam.reference.actions import action, supports_resources

_PASS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_TAGS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html"
_DENIED = "AccessDeniedException: not authorized to perform: "
_PUSH_DENIED = "denied: User is not authorized to perform: ecr:InitiateLayerUpload"
_TASKS = (("iam:PassedToService", text("ecs-tasks.amazonaws.com")),)


# ---------------------------------------------------------------- what a job is about


def read_job(root: Root, job: FoundJob, role: Callable[[Text], str | None], tasks: Iterable[ReadTask]) -> ReadJob:
    """A job with the keys of its roles, and the task definitions that its steps name."""
    there = tuple(tasks)
    logins = tuple(
        ReadLogin(
            login,
            tuple((named, role(named)) for named in login.roles),
            tuple(ReadUse(use, tuple(_tasks(root, use, there))) for use in login.uses),
            tuple((named, role(named)) for named in login.by),
        )
        for login in job.logins
    )
    return ReadJob(root.name, job, logins)


def _tasks(root: Root, use: FoundUse, tasks: Iterable[ReadTask]) -> Iterator[ReadTask]:
    """The task definitions that a step may name: by family, or by the file that one stands in."""
    for task in tasks:
        file = posixpath.normpath(PurePath(task.found.place.file).as_posix())
        for named in use.of("definition"):
            family = named.removeprefix(FAMILY)
            path = posixpath.normpath(posixpath.join(top_of(root.name), str(named)))
            if runs(family, task.found) if family != named else path == file:
                yield task
                break


# ---------------------------------------------------------------- what it needs


def needs_of_use(
    use: ReadUse, arns: Mapping[Ref, Text], passed: Callable[[ReadTask], Iterable[Way]]
) -> Iterator[TaskNeed]:
    """What a step needs of its role. `passed` gives the ways to name each role of a task definition."""
    found = use.found
    step = STEPS[found.step]
    ways = list(_ways(use, arns))
    called = {name: " or ".join(str(one) for one in values) for name, values in found.what}
    called["family"] = " or ".join(dict.fromkeys(str(family) for family in families_of(use))) or "?"
    failure = _PUSH_DENIED if found.step == "push" else f"{_DENIED}{(*step.actions, called.get('action', ''))[0]}"
    what = step.what.format_map(called)
    actions = step.actions or tuple(str(one) for one in found.of("action"))
    own = tuple(tuple(Asked(one, resource, context) for one in actions) for resource, context in ways)
    if found.step == "update":  # of the action it may be CodeDeploy that does it: the service's controller decides
        own += tuple((Asked("codedeploy:CreateDeployment", group),) for group, _ in _groups(use))
    if own:
        yield TaskNeed("pipeline", own, found.place, what, failure, step.page)
    if found.step in ("register", "run") and len(use.tasks) == 1:
        yield from _passing(found.place, use.tasks[0], what, passed)
    if found.step == "register":
        yield from _tagging(use, what)


Context = tuple[tuple[str, Text], ...]
_On = Iterator[tuple[Text, Context]]


def _ways(use: ReadUse, arns: Mapping[Ref, Text]) -> _On:
    """Each resource that a step may be about, with the keys that AWS is told beside."""
    on = STEPS[use.found.step].on
    return _repositories(use, arns) if on == "repository" else _PLACES[on](use)


def _everything(_: ReadUse) -> _On:
    yield text("*"), ()


def _somewhere(use: ReadUse) -> _On:
    """Nobody says what it is called on: on everything, where the action takes nothing else."""
    known = action(str(*use.found.of("action")))
    everything = known is None or not supports_resources(known)
    yield text("*") if everything else text(Ref("what it is called on")), ()


def _repositories(use: ReadUse, arns: Mapping[Ref, Text]) -> _On:
    """The repositories of ECR, unless an image may be of another registry."""
    found = [repository_of(image, arns) for image in use.found.of("image")]
    if None not in found:
        yield from ((one, ()) for one in found if one is not None)


def _revisions(use: ReadUse) -> _On:
    contexts = [_in(name_of(one, "cluster")) for one in use.found.of("cluster")] or [()]
    for family in families_of(use):
        bare = _arn("ecs", "task-definition/", family)
        for context in contexts:
            yield Text.of(bare, ":", symbol("a definition", "revision")), context
            if use.found.step == "register":  # older policies name the family alone, and no page settles it
                yield bare, context


def _services(use: ReadUse) -> _On:
    for cluster in (name_of(one, "cluster") for one in use.found.of("cluster")):
        for service in use.found.of("service"):
            yield _arn("ecs", "service/", cluster, "/", name_of(service, "service")), _in(cluster)


def _tasks_in(use: ReadUse) -> _On:
    for cluster in (name_of(one, "cluster") for one in use.found.of("cluster")):
        yield _arn("ecs", "task/", cluster, "/", symbol("a task", "each")), _in(cluster)


def _groups(use: ReadUse) -> _On:
    for application in use.found.of("application"):
        for group in use.found.of("group"):
            yield _arn("codedeploy", "deploymentgroup:", application, "/", group), ()


def _configurations(_: ReadUse) -> _On:
    yield _arn("codedeploy", "deploymentconfig:", symbol("a deployment group", "configuration")), ()


def _applications(use: ReadUse) -> _On:
    for application in use.found.of("application"):
        yield _arn("codedeploy", "application:", application), ()


_PLACES: Mapping[str, Callable[[ReadUse], _On]] = {
    "everything": _everything,
    "somewhere": _somewhere,
    "family": _revisions,
    "service": _services,
    "task": _tasks_in,
    "deployment group": _groups,
    "deployment configuration": _configurations,
    "application": _applications,
}


def _in(cluster: Text) -> Context:
    """What AWS is told of the cluster."""
    return (("ecs:cluster", _arn("ecs", "cluster/", cluster)),)


def _arn(service: str, *resource: str | Ref | Text) -> Text:
    return Text.of("arn:", PARTITION, f":{service}:", AWS_REGION, ":", ACCOUNT_ID, ":", *resource)


def name_of(named: Text, kind: str) -> Text:
    """The name of a cluster or service that may be given as an ARN."""
    _, found, rest = (named.literal or "").partition(f":{kind}/")
    return text(rest.rpartition("/")[2]) if found else named


def families_of(use: ReadUse) -> Iterator[Text]:
    """The families that a step is about: as it names them, else those of its files."""
    named = [one.removeprefix(FAMILY) for one in use.found.of("definition") if one.removeprefix(FAMILY) != one]
    for one in named:
        yield _family(one)
    if not named:
        families = [as_map(task.found.value).get("family") for task in use.tasks]
        if len(use.tasks) >= len(use.found.of("definition")) and all(families) and families:
            yield from (text(one) for one in families if isinstance(one, str | Text))
        else:
            yield text(Ref("family"))


def _family(named: Text) -> Text:
    """The family of what may be an ARN, or have a revision."""
    literal = named.literal
    if literal is None:
        return named.split(":", 1)[0] if not named.holds("task-definition/") else text(Ref("family"))
    return text((literal.partition("task-definition/")[2] or literal).partition(":")[0])


def _passing(
    place: Place, task: ReadTask, what: str, passed: Callable[[ReadTask], Iterable[Way]]
) -> Iterator[TaskNeed]:
    for named in passed(task):
        ways = tuple((Asked("iam:PassRole", one.resource, _TASKS),) for one in named)
        yield TaskNeed(
            "pipeline", ways, place, f"{what}, with the role `{named[-1].resource}` in it", f"{_DENIED}{PASS[0]}", _PASS
        )


def _tagging(use: ReadUse, what: str) -> Iterator[TaskNeed]:
    """Tags are set while registering, where the account asks for that."""
    if len(use.tasks) != 1 or not as_list(as_map(use.tasks[0].found.value).get("tags")):
        return
    context = (("ecs:CreateAction", text("RegisterTaskDefinition")),)
    ways = tuple((Asked(TAG[0], resource, context),) for resource, _ in _ways(use, {}))
    unsure = "whether the account authorizes tagging"
    yield TaskNeed("pipeline", ways, use.found.place, f"{what}, with tags", f"{_DENIED}{TAG[0]}", _TAGS, unsure)
