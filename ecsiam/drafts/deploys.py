"""The role with which GitHub Actions deploys a service: GitHub's tokens get into it, and it passes the service's."""

import re
from collections.abc import Iterable, Iterator, Sequence

from ecsiam.drafts.kept import Existing
from ecsiam.drafts.services import Member
from ecsiam.drafts.texts import Spelling
from ecsiam.drafts.wants import Asks, Open, Want
from ecsiam.features.deploy.github_oidc import GITHUB_AUDIENCE
from ecsiam.findings.needed import judge
from ecsiam.looks.words import few
from ecsiam.model.condition import Condition
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Text, text
from ecsiam.readers.found import Place, as_map
from ecsiam.readers.job_needs import families_of, name_of
from ecsiam.readers.needs.images import repository_of
from ecsiam.readers.needs.need import Asked
from ecsiam.readers.reading import Reading, ReadRole

_ISSUER = "token.actions.githubusercontent.com"
_SUB, _AUD = f"{_ISSUER}:sub", f"{_ISSUER}:aud"
_REPO = re.compile(r"repo:(?P<repo>[^/:@*?]+/[^/:@*?]+):(?P<what>.+)")
_KINDS = (
    ("ref:refs/heads/", "github_branches"),
    ("ref:refs/tags/", "github_tags"),
    ("environment:", "github_environments"),
)
_TO_TASKS = (("iam:PassedToService", text("ecs-tasks.amazonaws.com")),)


def deployers(
    members: Sequence[tuple[Member, Spelling]], reading: Reading
) -> Iterator[tuple[Member, Existing | Want | Open]]:
    """For each service the role that deploys it alone, with what the config has to say for it."""
    first: dict[int, str] = {}
    for role in reading.roles.values():
        place = role.places.get("trust", (role.place,))[:1] or (role.place,)
        if not any(condition.key.lower() == _SUB for condition in _conditions(role)):
            continue
        deployed = [(member, spelling) for member, spelling in members if _passes(role, member, reading)]
        if len(deployed) > 1:
            which = few(f"`{member.project}`" for member, _ in deployed)
            for member, _ in deployed:
                what = f"which service `{role.name}` deploys, since it passes the roles of {which}"
                yield member, Open(what, place[0], "enable_github_oidc")
        for member, spelling in deployed if len(deployed) == 1 else ():
            if first.setdefault(id(member), role.name) != role.name:
                yield member, Open(f"whether `{first[id(member)]}` or `{role.name}` deploys", place[0], "role_names")
                continue
            if unsaid := _unsaid(role):
                what = f"how `{role.name}` lets in who deploys, by {unsaid} too"
                yield member, Open(what, place[0], "enable_github_oidc")
                continue
            name = spelling.of(role.role.name)
            if name is not None:
                yield member, Existing("github_actions", name, role.role.path, place[0], role)
            for one in (*_subjects(role, place[0]), *_deployed(member, spelling), *_done(role, reading, spelling)):
                yield member, one


def _conditions(role: ReadRole) -> list[Condition]:
    return [c for s in role.role.trust.statements if s.effect == "Allow" for c in s.conditions]


def _unsaid(role: ReadRole) -> str:
    """What of a trust the keys for subjects don't say: without it, more would be let in. Empty: nothing."""
    for statement in role.role.trust.statements:
        if statement.effect == "Deny":
            return "a Deny"
        keys = [condition.key.lower() for condition in statement.conditions]
        if _SUB not in keys:
            continue  # whom it lets in is left out
        for condition in statement.conditions:
            plain = str(condition.operator) in ("StringEquals", "StringLike") and condition.key.lower() in (_SUB, _AUD)
            if not plain or keys.count(condition.key.lower()) > 1:
                return f"`{condition.operator}` of `{condition.key}`"
    return ""


def _passes(role: ReadRole, member: Member, reading: Reading) -> bool:
    """Whether a role may pass one that a service's definitions name."""
    arns = [
        reading.roles[key].arn if key is not None else named
        for task in member.tasks
        for key, named in ((task.execution, task.execution_named), (task.task, task.task_named))
    ]
    return any(judge(role, [Asked("iam:PassRole", arn, _TO_TASKS)]).outcome == "allowed" for arn in arns if arn)


def _subjects(role: ReadRole, place: Place) -> Asks:
    """Who gets in, as the keys have it."""
    repos: list[str] = []
    found_in = [(c, v) for c in _conditions(role) for v in c.values]
    for condition, value in found_in:
        if condition.key.lower() == _AUD and value.literal and value.literal != GITHUB_AUDIENCE:
            yield Want("github_audience", value.literal, place)
    like = [(str(c.operator) == "StringLike", v) for c, v in found_in if c.key.lower() == _SUB]
    values = [v for live, v in like if live or not (v.holds("*") or v.holds("?"))]  # else it never matches
    for value in values:
        found = _REPO.fullmatch(value.literal or "")
        if found is None or (repos and found["repo"] != repos[0]):
            yield Open(f"how to let in the subject `{value}` as well", place, "github_subjects")
            continue
        if not repos:
            repos.append(found["repo"])
            yield Want("enable_github_oidc", True, place)
            yield Want("github_repo", found["repo"], place)
        what = found["what"]
        kind = next(((start, key) for start, key in _KINDS if what.startswith(start)), None)
        if kind is not None:
            yield Want(kind[1], what.removeprefix(kind[0]), place)
        elif what == "pull_request":
            yield Want("github_pull_requests", True, place)
        else:
            yield Want("github_subjects", found[0], place)


def _done(role: ReadRole, reading: Reading, spelling: Spelling) -> Asks:
    """What the steps of workflows do as the role, as far as they say to what."""
    uses = [
        use
        for job in reading.jobs
        for login in job.logins
        if [key for _, key in login.roles] == [role.key]
        for use in login.uses
    ]
    runs = any(use.found.step == "run" for use in uses)
    for use in uses:
        found, place = use.found, use.found.place
        match found.step:
            case "update" | "watch":
                clusters = [name_of(one, "cluster") for one in found.of("cluster")]
                services = [name_of(one, "service") for one in found.of("service")]
                arns = (_service_arn(service, cluster, spelling) for cluster in clusters for service in services)
                yield from _wanted("ecs_service_arns", arns, place)
            case "run":
                families = dict.fromkeys(families_of(use))
                yield from _wanted("github_run_tasks", (one.literal for one in families), place)
                arns = (_cluster_arn(one, spelling) for one in found.of("cluster"))
                yield from _wanted("github_task_cluster_arns", arns, place)
            case "watch-tasks" if not runs:
                yield Want("github_may", "read-tasks", place)
            case "read-definition":
                yield Want("github_may", "read-task-definitions", place)
            case "push":
                images = (repository_of(image, reading.arns("")) for image in found.of("image"))
                yield from _wanted("github_ecr_repository_arns", (spelling.of(one) for one in images if one), place)
            case _:
                pass


def _wanted(key: str, values: Iterable[str | None], place: Place) -> Asks:
    for value in values:
        yield Open("what a step is about", place, key) if value is None else Want(key, value, place)


def _cluster_arn(named: Text, spelling: Spelling) -> str | None:
    name = name_of(named, "cluster").literal
    here = spelling.of(Text.of("arn:", PARTITION, ":ecs:", AWS_REGION, ":", ACCOUNT_ID, ":cluster/"))
    return f"{here}{name}" if name else None


def _deployed(member: Member, spelling: Spelling) -> Asks:
    """What is deployed: families and services."""
    for task in member.tasks:
        family = as_map(task.found.value).get("family")
        spelt = spelling.of(text(family)) if isinstance(family, str | Text) and family else None
        if spelt is not None:
            yield Want("task_definition_families", spelt, task.found.at(("family",)))
        for service in task.services:
            value = as_map(service.value)
            name, cluster = value.get("serviceName"), value.get("cluster")
            arn = _service_arn(name, cluster, spelling)
            if arn is None:
                yield Open(f"the ARN of the service `{service.address}`", service.place, "ecs_service_arns")
            else:
                yield Want("ecs_service_arns", arn, service.at(("serviceName",)))


def _service_arn(name: object, cluster: object, spelling: Spelling) -> str | None:
    if not isinstance(name, str | Text) or not isinstance(cluster, str | Text) or not name or not cluster:
        return None
    spelt = spelling.of(text(cluster))
    called = (spelt or "").rpartition(":cluster/")[2]
    own = spelling.of(text(name))
    here = spelling.of(Text.of("arn:", PARTITION, ":ecs:", AWS_REGION, ":", ACCOUNT_ID, ":service/"))
    return f"{here}{called}/{own}" if called and own else None
