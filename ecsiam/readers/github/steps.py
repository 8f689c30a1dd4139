"""What the steps of a job do with AWS: which credentials they get, what they do with them at ECR and ECS.

https://github.com/aws-actions/configure-aws-credentials
https://github.com/aws-actions/amazon-ecs-deploy-task-definition
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import define, evolve, field

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, EMPTY, Ref, Text, text
from ecsiam.readers.found import FoundLogin, FoundUse, Place, Subject, Value, as_list, as_map
from ecsiam.readers.github.conditions import condition, narrowed
from ecsiam.readers.github.events import REPOSITORY, Start
from ecsiam.readers.github.expressions import EXPRESSION, MOST_EXPRESSIONS, Scope, Values, evaluated, plain, truth
from ecsiam.readers.github.scripts import FAMILY, HANDED_ON, OTHERWISE, PUSHING, Script, definition_of
from ecsiam.readers.github.shell import commands, without_functions
from ecsiam.readers.values import Map

AUDIENCE = text("sts.amazonaws.com")
CREDENTIALS = "aws-actions/configure-aws-credentials"
_KEYS = "AWS_ACCESS_KEY_ID"
_LOGIN = re.compile(r"credential|assume|saml|vault|login-aws|aws-login|aws-auth|configure-aws")
_SET = re.compile(r"(?<![\w$])([A-Za-z_]\w*)=")


@define
class Steps:
    """The steps of a job, read in order. What they do counts for the credentials got last, where those are sure."""

    scope: Scope
    start: Start
    place: Callable[[int | None, str], Place]
    local: Callable[[str], Map | None]
    """The action at a path of the repository."""
    subjects: Callable[[Iterable[Start]], tuple[Subject, ...]]
    """What the job sends where it starts so."""
    opened: Callable[[str], tuple[str, str] | None]
    """The name and the text of a file at a path of the repository."""
    folder: Value = None
    """Where scripts run that don't say it."""
    elsewhere: bool = False
    """Whether another repository was checked out."""
    logins: list[FoundLogin] = field(factory=list[FoundLogin])
    current: set[int | None] = field(factory=lambda: {None})
    registry: set[int | None] | None = None
    """As whom docker is logged in to ECR: that stays when a later step gets other credentials."""
    files: dict[str, Values] = field(factory=dict[str, Values])
    """What a script wrote task definitions to: the file, and of which definition it is."""
    unsure: str = ""
    others: bool = False
    """Whether a step may get credentials in a way that isn't understood."""
    excused: bool = False
    """Whether the job goes on where the step fails."""
    when: tuple[Start, ...] = ()
    """In which of the ways to start the step runs."""
    perhaps: bool = False
    """Whether the step may be left out while others run."""

    def read(self, steps: list[Value], depth: int = 0) -> None:
        """Take what steps do, those of actions of the repository too."""
        for step in steps:
            if not isinstance(step, Map):
                continue
            outer, excused, when, perhaps = self.scope, self.excused, self.when, self.perhaps
            asked = condition(step.get("if"))
            self.scope = outer.with_env(step.get("env"))
            self.when = narrowed(when or (self.start,), asked, self.scope)
            if not self.when:
                self.scope, self.when = outer, when
                continue
            surely = "if" not in step or (asked is not None and truth(asked, self.scope))
            self.perhaps = perhaps or not surely
            self.excused = excused or plain(step.get("continue-on-error")) not in ("", "false")
            if isinstance(step.get("uses"), str):
                self._action(step, depth)
            elif isinstance(step.get("run"), str) and plain(step.get("shell") or "bash").split()[0] in ("bash", "sh"):
                self._script(step)
            else:
                self.lose()
            outputs, changed = self.scope.outputs, self.scope.changed
            self.scope, self.excused = evolve(outer, outputs=outputs, changed=changed), excused
            self.when, self.perhaps = when, perhaps

    # ------------------------------------------------------------ actions

    def _action(self, step: Map, depth: int) -> None:
        name = str(step["uses"]).partition("@")[0].strip().lower()
        given = as_map(step.get("with"))
        if name.startswith("./"):
            self._local(step, str(step["uses"]).strip(), depth)
            return
        done = _ACTIONS.get(name)
        if done is not None:
            done(self, step, _Given(given, self.scope))
        elif _LOGIN.search(name):
            self._other()
        elif not _WITHOUT_AWS.fullmatch(name):
            self.lose()

    def _local(self, step: Map, path: str, depth: int) -> None:
        action = self.local(path) if depth < _DEEPEST else None
        if action is None:  # what it does isn't seen, nor as whom the next steps run
            self.lose()
            self._other()
            return
        given = as_map(step.get("with"))
        inputs: dict[str, Values] = {}
        for name, one in as_map(action.get("inputs")).items():
            value = given.get(name, as_map(one).get("default"))
            inputs[name] = self.scope.of(value)
        outer, place = self.scope, self.place
        folder = (Text.of(Ref("github.workspace"), "/", posixpath.normpath(path)),)
        self.scope = evolve(
            outer,
            inputs=inputs,
            outputs={},
            github={**outer.github, "action_path": folder},
            env={**outer.env, "GITHUB_ACTION_PATH": folder},
        )
        self.place = lambda line, file: place(line, file or action.file)
        self.read(as_list(as_map(action.get("runs")).get("steps")), depth + 1)
        self.place = place
        outputs = {
            f"{step['id']}.{name}": self.scope.of(as_map(one).get("value"))
            for name, one in (as_map(action.get("outputs")).items() if step.get("id") else ())
        }
        self.scope = evolve(outer, outputs={**outer.outputs, **outputs}, changed=self.scope.changed)

    def output(self, step: Map, name: str, values: Values) -> None:
        if isinstance(step.get("id"), str):
            found = {**self.scope.outputs, f"{step['id']}.{name}": values}
            self.scope = evolve(self.scope, outputs=found)

    def use(self, name: str, place: Place, **what: Values) -> None:
        """What is done as the role that was logged in last, where that is sure."""
        of = self.registry if name == "push" and self.registry is not None else self.current
        if name == "login":
            self.registry = set(of)
        if len(of) != 1 or _KEYS in self.scope.env or self.excused:
            self.lose(of)
            return
        (at,) = of
        if at is not None:
            one = FoundUse(name, place, tuple(what.items()))
            self.logins[at] = evolve(self.logins[at], uses=(*self.logins[at].uses, one))

    def lose(self, of: Iterable[int | None] = ()) -> None:
        """Say that something is done that isn't understood, as those who are logged in."""
        for at in {*of, *self.current} - {None}:
            assert at is not None
            self.logins[at] = evolve(self.logins[at], whole=False)

    def _other(self) -> None:
        """Go on as somebody who isn't known."""
        self.current = {None}
        self.others = True

    def at(self, step: Map, key: str = "uses") -> Place:
        return self.place(step.lines.get(key, step.line), step.file)

    # ------------------------------------------------------------ scripts

    def _script(self, step: Map) -> None:
        source = str(step["run"])
        holes: list[Values] = []

        def hole(match: re.Match[str]) -> str:
            holes.append(evaluated(match[0], self.scope))
            return f"\ue000{len(holes) - 1}\ue001"

        opened = EXPRESSION.sub(hole, source) if source.count("${{") <= MOST_EXPRESSIONS else source
        refs = tuple(Ref(f"\ue000{i}") for i in range(len(holes)))
        line = step.lines.get("run", step.line)
        place = self.at(step, "run")
        known = {ref.name: values for ref, values in zip(refs, holes, strict=True)}
        script = Script(self.scope, known, self.files, self.use, self._beside, self._folder(step), lose=self.lose)
        bare = without_functions(opened)
        followed = commands(bare, refs) if source.count("${{") <= MOST_EXPRESSIONS else ()
        if OTHERWISE.search(source):
            followed, self.others = (), True
        if not followed or bare != opened:
            self.lose()
        for command in followed:
            script.command(command, evolve(place, line=line + command.line + ("\n" in source)))
        self._changes(source)

    def _folder(self, step: Map) -> str | None:
        """The directory of the repository that a script runs in, where that is known."""
        values = self.scope.of(step.get("working-directory", self.folder))
        return values[0].literal if len(values) == 1 and not self.elsewhere else None

    def _beside(self, path: str) -> tuple[str, str] | None:
        found = None if self.elsewhere else self.opened(path)
        if found is not None:
            self._changes(found[1])
            self.others = self.others or OTHERWISE.search(found[1]) is not None
        return found

    def _changes(self, source: str) -> None:
        """What a script sets for the steps after it."""
        if "GITHUB_ENV" in source:
            self.scope = evolve(self.scope, changed=self.scope.changed | frozenset(_SET.findall(source)))
            if _KEYS in source:
                self.current = {None}


_DEEPEST = 5
# Actions that do nothing with credentials that are there.
_WITHOUT_AWS = re.compile(r"actions/(cache|setup-\w+|(up|down)load-artifact)(/\w+)?|docker/setup-(buildx|qemu)-action")


@define
class _Given:
    """The inputs of an action."""

    values: Mapping[str, Value]
    scope: Scope

    def __contains__(self, name: str) -> bool:
        return bool(plain(self.values.get(name)))

    def of(self, name: str, default: str = "") -> Values:
        """What an input may be."""
        return self.scope.of(self.values[name]) if name in self else ((text(default),) if default else ())

    def may(self, name: str) -> bool:
        """Whether a flag may be on."""
        return any(one.literal not in ("", "false") for one in self.of(name))


# ---------------------------------------------------------------- actions that are known


def _credentials(steps: Steps, step: Map, given: _Given) -> None:
    conditional = steps.perhaps or steps.excused
    roles = tuple(one for one in given.of("role-to-assume") if one != EMPTY)
    if _KEYS in steps.scope.env or not roles:
        steps.current = {*steps.current, None} if conditional else {None}
        return
    by_token = not steps.excused and not any(
        (given.may("aws-access-key-id"), given.may("web-identity-token-file"), given.may("role-chaining"))
    )
    region = given.of("aws-region")
    audience = given.of("audience", str(AUDIENCE))
    one = region[0] if len(region) == 1 else None
    place = steps.place(_line(step, "role-to-assume"), step.file)
    if steps.logins or steps.current != {None}:
        steps.unsure = steps.unsure or "an earlier step, which logs in too"
    subjects = steps.subjects(steps.when)
    chained = [v.literal for v in given.of("role-chaining")] == ["true"] and len(steps.current) == 1
    (before,) = steps.current if chained and not steps.excused else (None,)
    by = () if before is None else steps.logins[before].roles
    tagged = bool(by) and not given.may("role-skip-session-tagging")
    whole = not given.may("output-credentials")  # which whoever reads the step's outputs has
    login = FoundLogin(place, roles, by_token, subjects, audience, one, by=by, tagged=tagged, whole=whole)
    steps.logins.append(login)
    new = len(steps.logins) - 1
    steps.current = {*steps.current, new} if conditional and len(steps.logins) > 1 else {new}


def _line(step: Map, name: str) -> int:
    given = step.get("with")
    return given.lines.get(name, step.line) if isinstance(given, Map) else step.line


def _login(steps: Steps, step: Map, given: _Given) -> None:
    public = "public" in [one.literal for one in given.of("registry-type")]
    steps.use("public-login" if public else "login", steps.at(step))
    accounts = given.of("registries")
    named = [one for one in accounts if one.literal is None or one.literal.isdigit()]
    hosts = [Text.of(one, ".dkr.ecr.", AWS_REGION, ".amazonaws.com") for one in named or [text(ACCOUNT_ID)]]
    if not accounts or named:
        steps.output(step, "registry", (text("public.ecr.aws"),) if public else tuple(hosts))


def _docker_login(steps: Steps, step: Map, given: _Given) -> None:
    """To ECR with somebody's keys, or with the credentials that are there."""
    if any(".dkr.ecr" in str(one) or ".dkr-ecr" in str(one) for one in given.of("registry")):
        if "username" in given:
            steps.registry = {None}
        else:
            steps.use("login", steps.at(step))


def _metadata(steps: Steps, step: Map, given: _Given) -> None:
    images = [Text.of(line, ":", Ref("tag of the image")) for one in given.of("images") for line in lines_of(one)]
    if len(images) == 1:
        steps.output(step, "tags", (images[0],))


def _build(steps: Steps, step: Map, given: _Given) -> None:
    if any(HANDED_ON.search(plain(value)) for value in given.values.values()):
        steps.lose()
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


def _render(steps: Steps, step: Map, given: _Given) -> None:
    file = given.of("task-definition")
    for name in ("task-definition-arn", "task-definition-family"):
        if name in given:
            file = tuple(Text.of(FAMILY, one) for one in given.of(name))
            steps.use("read-definition", steps.at(step))
    steps.output(step, "task-definition", file)


def _deploy(steps: Steps, step: Map, given: _Given) -> None:
    place = steps.at(step)
    definition = definition_of(steps.files, given.of("task-definition"))
    cluster = given.of("cluster", "default")
    steps.use("register", steps.place(_line(step, "task-definition"), step.file), definition=definition)
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


def _code_deploy(steps: Steps, step: Map, given: _Given) -> None:
    """Through CodeDeploy; what isn't named is called after cluster and service, which the action does."""
    application, group = given.of("codedeploy-application"), given.of("codedeploy-deployment-group")
    if application and group:
        at = steps.place(_line(step, "codedeploy-application"), step.file)
        steps.use("code-deploy", at, application=application, group=group)
        steps.use("code-deploy-revision", at, application=application)
        if given.may("wait-for-service-stability"):
            steps.use("watch-code-deploy", at, application=application, group=group)
    else:
        steps.lose()


def _of_code_deploy(cluster: Values, service: Values) -> dict[str, Values]:
    """What the action deploys through, unless it is told, where a service is rolled over by CodeDeploy."""
    names = [Text.of(c, "-", s) for c in cluster for s in service]
    return {
        "application": tuple(Text.of("AppECS-", n) for n in names),
        "group": tuple(Text.of("DgpECS-", n) for n in names),
    }


def _checkout(steps: Steps, step: Map, given: _Given) -> None:
    """Another repository, or this one in a directory of its own: where files are isn't known then."""
    own = all(one == text(REPOSITORY) for one in given.of("repository"))
    steps.elsewhere = steps.elsewhere or not own or "path" in given


_ACTIONS: Mapping[str, Callable[[Steps, Map, _Given], None]] = {
    "actions/checkout": _checkout,
    CREDENTIALS: _credentials,
    "aws-actions/amazon-ecr-login": _login,
    "docker/login-action": _docker_login,
    "docker/metadata-action": _metadata,
    "docker/build-push-action": _build,
    "aws-actions/amazon-ecs-render-task-definition": _render,
    "aws-actions/amazon-ecs-deploy-task-definition": _deploy,
}
