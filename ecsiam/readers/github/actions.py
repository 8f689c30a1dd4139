"""The actions that are known: what a step does that uses one.

https://github.com/aws-actions/configure-aws-credentials
https://github.com/aws-actions/amazon-ecs-deploy-task-definition
"""

from collections.abc import Iterator, Mapping

from attrs import evolve

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, EMPTY, Ref, Text, text
from ecsiam.readers.found import FoundLogin
from ecsiam.readers.github.acting import REGIONS
from ecsiam.readers.github.aws_cli import FAMILY, HANDED_ON, PUSHING, definition_of
from ecsiam.readers.github.callers import KEYS, NOBODY
from ecsiam.readers.github.events import REPOSITORY
from ecsiam.readers.github.expressions import Values, evaluated, plain
from ecsiam.readers.github.steps import CREDENTIALS, Action, Given, Steps
from ecsiam.readers.values import Map

AUDIENCE = text("sts.amazonaws.com")


def _credentials(steps: Steps, step: Map, given: Given) -> None:
    who, conditional = steps.who, steps.perhaps or steps.excused
    roles = tuple(one for one in given.of("role-to-assume") if one != EMPTY)
    if KEYS in steps.scope.env or not roles:
        who.current = who.current | NOBODY if conditional else NOBODY
        return
    by_token = not steps.excused and not any(
        (given.may("aws-access-key-id"), given.may("web-identity-token-file"), given.may("role-chaining"))
    )
    region = given.of("aws-region")
    audience = given.of("audience", str(AUDIENCE))
    one = region[0] if len(region) == 1 else None
    place = steps.place(_line(step, "role-to-assume"), step.file)
    if who.logins or who.current != NOBODY:
        steps.unsure = steps.unsure or "an earlier step, which logs in too"
    chained = [v.literal for v in given.of("role-chaining")] == ["true"] and not steps.excused
    by = who.roles(who.current) if chained else ()
    tagged = bool(by) and not given.may("role-skip-session-tagging")
    subjects = steps.subjects(steps.when)
    whole = not given.may("output-credentials")  # which whoever reads the step's outputs has
    new = who.add(FoundLogin(place, roles, by_token, subjects, audience, one, by=by, tagged=tagged, whole=whole))
    kept = [v.literal for v in given.of("output-env-credentials", "true")] != ["true"]
    if not kept:
        steps.by_login = dict.fromkeys(REGIONS, region) if region else {}
        steps.handed |= steps.by_login
        steps.scope = evolve(steps.scope, changed=steps.scope.changed - frozenset(steps.by_login))
        who.current = who.current | new if conditional and len(who.logins) > 1 else new
    elif given.of("output-env-credentials") != (text("false"),):
        who.current = who.current | new


def _line(step: Map, name: str) -> int:
    given = step.get("with")
    return given.lines.get(name, step.line) if isinstance(given, Map) else step.line


def _login(steps: Steps, step: Map, given: Given) -> None:
    public = "public" in [one.literal for one in given.of("registry-type")]
    steps.use("public-login" if public else "login", steps.at(step))
    accounts = given.of("registries")
    named = [one for one in accounts if one.literal is None or one.literal.isdigit()]
    hosts = [Text.of(one, ".dkr.ecr.", AWS_REGION, ".amazonaws.com") for one in named or [text(ACCOUNT_ID)]]
    if not accounts or named:
        steps.output(step, "registry", (text("public.ecr.aws"),) if public else tuple(hosts))


def _docker_login(steps: Steps, step: Map, given: Given) -> None:
    """To ECR with somebody's keys, or with the credentials that are there."""
    if any(".dkr.ecr" in str(one) or ".dkr-ecr" in str(one) for one in given.of("registry")):
        if "username" in given:
            steps.who.registry = NOBODY
        else:
            steps.use("login", steps.at(step))


def _metadata(steps: Steps, step: Map, given: Given) -> None:
    images = [Text.of(line, ":", Ref("tag of the image")) for one in given.of("images") for line in lines_of(one)]
    if len(images) == 1:
        steps.output(step, "tags", (images[0],))


def _build(steps: Steps, step: Map, given: Given) -> None:
    if any(HANDED_ON.search(plain(value)) for value in given.values.values()):
        steps.who.lose()
    if not given.may("push") and not PUSHING.search(plain(given.values.get("outputs"))):
        return
    for line in plain(given.values.get("tags")).replace(",", "\n").splitlines():
        images = tuple(image for one in evaluated(line.strip(), steps.scope) for image in lines_of(one))
        if images:
            steps.use("push", steps.place(_line(step, "tags"), step.file), image=images)


def lines_of(value: Text) -> Iterator[Text]:
    """The lines of a text that say something."""
    for line in value.split("\n", 64):
        first = line.parts[0] if line.parts else ""
        if not isinstance(first, str) or first.strip():
            yield line if line.literal is None else text(line.literal.strip())


def _render(steps: Steps, step: Map, given: Given) -> None:
    file = given.of("task-definition")
    for name in ("task-definition-arn", "task-definition-family"):
        if name in given:
            file = tuple(Text.of(FAMILY, one) for one in given.of(name))
            steps.use("read-definition", steps.at(step))
    steps.output(step, "task-definition", file)


def _deploy(steps: Steps, step: Map, given: Given) -> None:
    place = steps.at(step)
    definition = definition_of(steps.files, given.of("task-definition"))
    cluster = given.of("cluster", "default")
    if "task-definition" in given:
        steps.use("register", steps.place(_line(step, "task-definition"), step.file), definition=definition)
    else:
        definition = tuple(Text.of(FAMILY, one) for one in given.of("task-definition-arn"))
    if "service" in given:
        service = {"cluster": cluster, "service": given.of("service")}
        at = steps.place(_line(step, "service"), step.file)
        steps.use("watch", at, **service)
        if "codedeploy-appspec" in given or "codedeploy-deployment-group" in given:
            _code_deploy(steps, step, given)
        else:
            steps.use("update", at, **service, **_of_code_deploy(cluster, service["service"]))
    if given.may("run-task"):
        steps.use("run", place, definition=definition, cluster=cluster)
        if given.may("wait-for-task-stopped"):
            steps.use("watch-tasks", place, cluster=cluster)


def _code_deploy(steps: Steps, step: Map, given: Given) -> None:
    """Through CodeDeploy; what isn't named is called after cluster and service, which the action does."""
    application, group = given.of("codedeploy-application"), given.of("codedeploy-deployment-group")
    if application and group:
        at = steps.place(_line(step, "codedeploy-application"), step.file)
        for name in ("code-deploy", "code-deploy-configuration"):
            steps.use(name, at, application=application, group=group)
        steps.use("code-deploy-revision", at, application=application)
        if given.may("wait-for-service-stability"):
            steps.use("watch-code-deploy", at, application=application, group=group)
    else:
        steps.who.lose()


def _of_code_deploy(cluster: Values, service: Values) -> dict[str, Values]:
    """What the action deploys through, unless it is told, where a service is rolled over by CodeDeploy."""
    names = [Text.of(c, "-", s) for c in cluster for s in service]
    return {
        "application": tuple(Text.of("AppECS-", n) for n in names),
        "group": tuple(Text.of("DgpECS-", n) for n in names),
    }


def _checkout(steps: Steps, step: Map, given: Given) -> None:
    """Another repository, or this one in a directory of its own: where files are isn't known then."""
    own = all(one == text(REPOSITORY) for one in given.of("repository"))
    steps.elsewhere = steps.elsewhere or not own or "path" in given


ACTIONS: Mapping[str, Action] = {
    "actions/checkout": _checkout,
    CREDENTIALS: _credentials,
    "aws-actions/amazon-ecr-login": _login,
    "docker/login-action": _docker_login,
    "docker/metadata-action": _metadata,
    "docker/build-push-action": _build,
    "aws-actions/amazon-ecs-render-task-definition": _render,
    "aws-actions/amazon-ecs-deploy-task-definition": _deploy,
}
