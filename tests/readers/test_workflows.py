"""Workflows: expressions, scripts, events and steps as tables; files that are broken."""

from contextlib import suppress
from pathlib import Path

import pytest

from ecsiam.errors import ReadError
from ecsiam.model.text import Ref, text
from ecsiam.readers.found import FoundJob, Gap
from ecsiam.readers.github.expressions import Scope, evaluated
from ecsiam.readers.github.shell import commands
from ecsiam.readers.github.workflows import Workflows, is_action, is_workflow, read_workflow
from ecsiam.readers.reader import read
from ecsiam.readers.walk import File

ROLE = "arn:aws:iam::123456789012:role/deploy"
LOGIN = f"""      - uses: aws-actions/configure-aws-credentials@v4
        with: {{role-to-assume: '{ROLE}', aws-region: eu-west-1}}
"""
HEAD = "permissions: {id-token: write}\n"
JOB = "jobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n"


def found(*files: tuple[str, str]) -> tuple[list[FoundJob], list[Gap]]:
    flows = Workflows()
    for name, content in files:
        file = File(name, content.encode())
        flows.add(file, action=is_action(file))
    roots = list(flows.roots())
    return [j for r in roots for j in r.found if isinstance(j, FoundJob)], [gap for r in roots for gap in r.gaps]


def job(text: str) -> FoundJob:
    jobs, gaps = found((".github/workflows/deploy.yml", text))
    assert not gaps
    assert len(jobs) == 1
    return jobs[0]


def uses(steps: str, env: str = "") -> list[tuple[str, dict[str, list[str]]]]:
    """What the steps of a job do after a login."""
    (login,) = job(f"on: push\n{HEAD}{env}{JOB}{LOGIN}{steps}").logins
    return [(use.step, {name: [str(one) for one in values] for name, values in use.what}) for use in login.uses]


# ---------------------------------------------------------------- expressions

SCOPE = Scope(
    env={"CLUSTER": (text("shop"),)},
    inputs={"environment": (text("dev"), text("prod")), "empty": (text(""),)},
    matrix={"env": ({"name": "dev", "id": 1}, {"name": "prod", "id": 2}), "region": ("eu-west-1",)},
    outputs={"ecr.registry": (text("R"),)},
)
EXPRESSIONS = {
    "no expression": ("plain", ["plain"]),
    "a variable": ("${{ env.CLUSTER }}-x", ["shop-x"]),
    "an unknown one": ("${{ vars.NAME }}", ["{vars.NAME}"]),
    "in brackets": ("${{ env['CLUSTER'] }}", ["shop"]),
    "an input": ("${{ inputs.environment }}", ["dev", "prod"]),
    "an input of the event": ("${{ github.event.inputs.environment }}", ["dev", "prod"]),
    "an output": ("${{ steps.ecr.outputs.registry }}/web", ["R/web"]),
    "another output": ("${{ steps.x.outputs.y }}", ["{steps.x.outputs.y}"]),
    "of the matrix": ("${{ matrix.env.name }}", ["dev", "prod"]),
    "or, where it is empty": ("${{ inputs.empty || 'dev' }}", ["dev"]),
    "or, where it may be": ("${{ vars.NAME || 'dev' }}", ["{vars.NAME}", "dev"]),
    "or, where it isn't": ("${{ env.CLUSTER || 'dev' }}", ["shop"]),
    "one of two": ("${{ github.ref == 'refs/heads/main' && 'prod' || 'dev' }}", ["prod", "dev"]),
    "in parentheses": ("${{ (a == b || !c) && 'x' || 'y' }}", ["x", "y"]),
    "a function that asks": ("${{ contains(github.ref, 'x') && 'a' || 'b' }}", ["a", "b"]),
    "format": ("${{ format('{0}/{1}', env.CLUSTER, 'web') }}", ["shop/web"]),
    "a quote": ("${{ 'it''s' }}", ["it's"]),
    "braces in a text": ("${{ format('a}}b') }}", ["a}}b"]),
    "two": ("${{ env.CLUSTER }}/${{ inputs.environment }}", ["shop/dev", "shop/prod"]),
    "a function that isn't read": ("${{ fromJSON(x).y }}", ["{fromJSON(x).y}"]),
    "no expression at all": ("${{ || }}", ["{||}"]),
    "one that isn't closed": ("${{ env.CLUSTER", ["{${{ env.CLUSTER}"]),
    "empty": ("${{ }}", ["{}"]),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(name: str) -> None:
    source, values = EXPRESSIONS[name]
    assert [str(one) for one in evaluated(source, SCOPE)] == values


@pytest.mark.parametrize(
    "source", ["${{ " + "(" * 500 + " }}", "${{ " + "a || " * 900 + "b }}", "${{ inputs.environment }}" * 12]
)
def test_an_expression_that_comes_to_too_much_is_not_known(source: str) -> None:
    (one,) = evaluated(source, SCOPE)
    assert one.literal is None


# ---------------------------------------------------------------- scripts

SCRIPTS: dict[str, tuple[str, list[str]]] = {
    "words": ("aws ecs  update-service", ["aws|ecs|update-service"]),
    "lines": ("a b\nc", ["a|b", "c"]),
    "one line on several": ("a \\\n  --b c", ["a|--b|c"]),
    "quotes": ("a \"b c\" 'd $e' f\\ g", ["a|b c|d $e|f g"]),
    "variables": ('a $B "${C}/d" ${E:-f}', ["a|{$B}|{$C}/d|{${E:-f}}"]),
    "one after the other": ("a && b || c; d", ["a", "b", "c", "d"]),
    "what a command prints": ('a "$(b --c "d e")" f', ["b|--c|d e", "a|{$()}|f"]),
    "the same, of old": ("x=`a b`", ["a|b", "x={$()}"]),
    "one in one": ("a $(b $(c))", ["c", "b|{$()}", "a|{$()}"]),
    "comments": ("# a b\nc # d", ["c"]),
    "a hash in a word": ("a b#c", ["a|b#c"]),
    "into a file": ("a >b.json 2>&1", ["a|>|b.json|>&1"]),
    "a document in the script": ("a <<EOF\naws ecs x\nEOF\nb", ["a", "b"]),
    "if": ("if a; then\n  b\nfi", ["if|a", "then", "b", "fi"]),
    "a pipe": ("a | b", ["a", "b"]),
    "an open quote": ("a 'b", ["a|b"]),
    "an open command": ("a $(b", ["b", "a|{$()}"]),
    "nothing": ("\n\n", []),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts(name: str) -> None:
    source, words = SCRIPTS[name]
    assert ["|".join(map(str, one.words)) for one in commands(source)] == words


HOSTILE = {
    "doubled sixty times": "A0=x\n" + "".join(f"A{i + 1}=$A{i}$A{i}\n" for i in range(60)) + "docker push $A60",
    "doubled in itself": "A=x\n" + "A=$A$A$A\n" * 500 + "docker push $A",
    "not closed": "echo " + "${{ a " * 4_000 + "\ndocker push x",
    "open quotes": "echo " + "${{ 'a" * 4_000 + "\ndocker push x",
    "many ways": "echo " + "${{ a || b || c }}" * 2_000 + "\ndocker push x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_comes_to_too_much_is_not_known(name: str) -> None:
    script = "".join(f"          {line}\n" for line in HOSTILE[name].splitlines())
    for _, what in uses(f"      - run: |\n{script}"):
        assert all(len(image) < 10_000 for image in what["image"])


def test_commands_have_their_lines() -> None:
    found = commands('# first\na \\\n  b\nc "d\ne"\nf "$(\n g)"')
    assert [(str(one.words[0]), one.line) for one in found] == [("a", 1), ("c", 3), ("g", 6), ("f", 5)]


@pytest.mark.parametrize("source", ["$(" * 5000, "'" * 5001, "a" * 400_000, "`" * 999, "${" * 5000, "<<" * 999])
def test_a_hostile_script_is_read_at_once(source: str) -> None:
    assert len(commands(source)) < 6000


# ---------------------------------------------------------------- who is sent

STARTS = {
    "a push": ("push", ["ref:refs/{branch or tag}"]),
    "to a branch": ("{push: {branches: [main]}}", ["ref:refs/heads/main"]),
    "to several": (
        "{push: {branches: [main, 'v*']}}", ["ref:refs/heads/main", "ref:refs/heads/v", "ref:refs/heads/v{branch}"]
    ),
    "not to some": ("{push: {branches: ['**', '!old']}}", ["ref:refs/heads/{branch}"]),
    "but to some": ("{push: {branches-ignore: [old]}}", ["ref:refs/heads/{branch}"]),
    "of tags": ("{push: {tags: ['v*.*']}}", ["ref:refs/tags/v{tag}"]),
    "of branches and tags": ("{push: {branches: [main], tags: [v1]}}", ["ref:refs/heads/main", "ref:refs/tags/v1"]),
    "with a character or none": ("{push: {branches: ['dev?']}}", ["ref:refs/heads/de{branch}"]),
    "of paths": ("{push: {paths: [src]}}", ["ref:refs/{branch or tag}"]),
    "a lone branch": ("{push: {branches: main}}", ["ref:refs/heads/main"]),
    "a pull request": ("[pull_request]", ["pull_request"]),
    "of its target": ("pull_request_target", ["pull_request", "ref:refs/heads/{branch}"]),
    "by hand": ("workflow_dispatch", ["ref:refs/{branch or tag}"]),
    "a schedule": ("{schedule: [{cron: '0 0 * * *'}]}", ["ref:refs/heads/{default branch}"]),
    "a release": ("release", ["ref:refs/tags/{tag}", "ref:refs/heads/{default branch}"]),
    "a release that has a tag": ("{release: {types: [published]}}", ["ref:refs/tags/{tag}"]),
    "a merge queue": ("merge_group", ["ref:refs/heads/gh-readonly-queue/{branch}"]),
    "to what is kept out and let in": (
        "{push: {branches: ['v*', '!main', main]}}",
        ["ref:refs/heads/v", "ref:refs/heads/v{branch}", "ref:refs/heads/main"],
    ),
    "to one that is kept out": ("{push: {branches: [main, 'r/*', '!main']}}", ["ref:refs/heads/r/{branch}"]),
    "something else": ("issues", ["ref:refs/heads/{default branch}"]),
    "two of them": ("[push, pull_request]", ["ref:refs/{branch or tag}", "pull_request"]),
    "a workflow that isn't here": ("workflow_call", ["{what starts it}"]),
}  # fmt: skip


@pytest.mark.parametrize("name", STARTS)
def test_what_starts_a_job_decides_its_subject(name: str) -> None:
    on, contexts = STARTS[name]
    assert [str(s.context) for s in job(f"on: {on}\n{HEAD}{JOB}{LOGIN}").logins[0].subjects] == contexts


def test_more_ways_to_start_than_anybody_reads_are_not_known() -> None:
    branches = ", ".join(f"b{i}" for i in range(500))
    (one,) = job(f"on: {{push: {{branches: [{branches}]}}}}\n{HEAD}{JOB}{LOGIN}").logins[0].subjects
    assert str(one.context) == "{what starts it}"


ENVIRONMENTS = {
    "by its name": ("prod", ["environment:prod"]),
    "with a page": ("{name: prod, url: x}", ["environment:prod"]),
    "with a colon": ("'prod:eu'", ["environment:prod%3Aeu"]),
    "one of two": ("\"${{ vars.A == 'main' && 'prod' || 'dev' }}\"", ["environment:prod", "environment:dev"]),
    "one or none": ("\"${{ vars.A == 'main' && 'prod' || '' }}\"", ["environment:prod", "pull_request"]),
    "of the matrix": ("'${{ matrix.e }}'", ["environment:dev", "environment:prod"]),
    "not known": ("'${{ vars.E }}'", ["environment:{vars.E}", "pull_request"]),
    "none": ("''", ["pull_request"]),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_environment_is_the_subject(name: str) -> None:
    environment, contexts = ENVIRONMENTS[name]
    more = f"    environment: {environment}\n    strategy: {{matrix: {{e: [dev, prod]}}}}\n    steps:\n"
    one = job(f"on: pull_request\n{HEAD}{JOB.replace('    steps:' + chr(10), more)}{LOGIN}")
    assert [str(s.context) for s in one.logins[0].subjects] == contexts


@pytest.mark.parametrize(
    ("workflow", "own", "token"),
    [
        ("", "", False),
        ("{contents: read}", "", False),
        ("{id-token: write}", "", True),
        ("{id-token: read}", "", False),
        ("read-all", "", False),
        ("write-all", "", None),
        ("{id-token: write}", "{contents: read}", False),
        ("{contents: read}", "{id-token: write}", True),
        ("{id-token: write}", "{}", False),
    ],
)
def test_permissions_of_the_job_stand_in_for_those_of_the_workflow(workflow: str, own: str, token: bool | None) -> None:
    head = f"permissions: {workflow}\n" if workflow else ""
    more = f"    permissions: {own}\n    steps:\n" if own else "    steps:\n"
    assert job(f"on: push\n{head}{JOB.replace('    steps:' + chr(10), more)}{LOGIN}").token is token


@pytest.mark.parametrize("runner", ["self-hosted", "[self-hosted, linux]", "{group: x}", "'${{ vars.R }}'"])
def test_a_runner_of_ones_own_may_have_credentials(runner: str) -> None:
    assert job(f"on: push\n{JOB.replace('ubuntu-latest', runner)}{LOGIN}").unsure


# ---------------------------------------------------------------- what is done

REGISTRY = "{account_id}.dkr.ecr.{aws_region}.amazonaws.com"
ECR = "      - {id: ecr, uses: aws-actions/amazon-ecr-login@v2}\n"
STEPS: dict[str, tuple[str, list[tuple[str, dict[str, list[str]]]]]] = {
    "login": (ECR, [("login", {})]),
    "login to ECR Public": (
        "      - {uses: aws-actions/amazon-ecr-login@v2, with: {registry-type: public}}\n", [("public-login", {})]
    ),
    "login by hand": ("      - run: aws ecr get-login-password | docker login x\n", [("login", {})]),
    "push": (
        f"{ECR}      - env: {{R: '${{{{ steps.ecr.outputs.registry }}}}'}}\n        run: docker push $R/web:1\n",
        [("login", {}), ("push", {"image": [f"{REGISTRY}/web:1"]})],
    ),
    "push by a variable of the script": (
        "      - run: |\n          I=web:1\n          docker push \"$I\"\n", [("push", {"image": ["web:1"]})]
    ),
    "build and push": (
        "      - uses: docker/build-push-action@v6\n        with: {push: true, tags: 'a/b:1,a/b:2'}\n",
        [("push", {"image": ["a/b:1"]}), ("push", {"image": ["a/b:2"]})],
    ),
    "build without a push": ("      - uses: docker/build-push-action@v6\n        with: {tags: a/b}\n", []),
    "buildx": ("      - run: docker buildx build --push -t a/b:1 .\n", [("push", {"image": ["a/b:1"]})]),
    "build": ("      - run: docker build -t a/b:1 .\n", []),
    "update": (
        "      - run: aws ecs update-service --cluster c --service s --force-new-deployment\n",
        [("update", {"cluster": ["c"], "service": ["s"]})],
    ),
    "update with a region before": (
        "      - run: aws --region x ecs update-service --service=s\n",
        [("update", {"region": ["x"], "cluster": ["default"], "service": ["s"]})],
    ),
    "as somebody else": ("      - run: aws ecs update-service --profile p --service s\n", []),
    "wait for two": (
        "      - run: aws ecs wait services-stable --cluster c --services a b\n",
        [("watch", {"cluster": ["c"], "service": ["a"]}), ("watch", {"cluster": ["c"], "service": ["b"]})],
    ),
    "run": (
        "      - run: X=$(aws ecs run-task --cluster c --task-definition f)\n",
        [("run", {"cluster": ["c"], "definition": ["family f"]})],
    ),
    "register a file": (
        "      - run: aws ecs register-task-definition --cli-input-json file://t.json\n",
        [("register", {"definition": ["t.json"]})],
    ),
    "register what was there": (
        "      - run: |\n          aws ecs describe-task-definition --task-definition f | jq . > a.json\n"
        "          jq .x a.json > b.json\n          aws ecs register-task-definition --cli-input-json file://b.json\n",
        [("read-definition", {}), ("register", {"definition": ["family f"]})],
    ),
    "through CodeDeploy": (
        "      - uses: aws-actions/amazon-ecs-deploy-task-definition@v2\n        with: {task-definition: t.json, "
        "service: s, cluster: c, codedeploy-appspec: a, codedeploy-application: p, codedeploy-deployment-group: g}\n",
        [
            ("register", {"definition": ["t.json"]}),
            ("watch", {"cluster": ["c"], "service": ["s"]}),
            ("code-deploy", {"application": ["p"], "group": ["g"]}),
            ("code-deploy-configuration", {"application": ["p"], "group": ["g"]}),
            ("code-deploy-revision", {"application": ["p"]}),
        ],
    ),
    "to a service, by whatever rolls it over": (
        "      - uses: aws-actions/amazon-ecs-deploy-task-definition@v2\n"
        "        with: {task-definition: t.json, service: s}\n",
        [
            ("register", {"definition": ["t.json"]}),
            ("watch", {"cluster": ["default"], "service": ["s"]}),
            (
                "update",
                {
                    "cluster": ["default"],
                    "service": ["s"],
                    "application": ["AppECS-default-s"],
                    "group": ["DgpECS-default-s"],
                },
            ),
        ],
    ),
    "a task beside": (
        "      - uses: aws-actions/amazon-ecs-deploy-task-definition@v2\n"
        "        with: {task-definition: t.json, cluster: c, run-task: true, wait-for-task-stopped: true}\n",
        [
            ("register", {"definition": ["t.json"]}),
            ("run", {"definition": ["t.json"], "cluster": ["c"]}),
            ("watch-tasks", {"cluster": ["c"]}),
        ],
    ),
    "a variable that a script sets for the next": (
        "      - run: echo \"C=x\" >> $GITHUB_ENV\n      - run: aws ecs update-service --cluster $C --service s\n",
        [("update", {"cluster": ["x"], "service": ["s"]})],
    ),
    "what may fail": (
        "      - run: |\n          aws ecs update-service --service a || true\n"
        "          if aws ecs describe-services --services a | grep x; then echo; fi\n"
        "          aws ecs describe-services --services a | jq . || echo none\n"
        "      - {continue-on-error: true, run: aws ecs update-service --service b}\n"
        "      - run: test -f a || aws ecs stop-task --task t\n",
        [("stop-task", {"cluster": ["default"]})],
    ),
    "another shell": ("      - {shell: pwsh, run: aws ecs update-service --service s}\n", []),
    "keys in the environment": (
        "      - {env: {AWS_ACCESS_KEY_ID: x}, run: aws ecs update-service --service s}\n", []
    ),
    "an action that may log in": (
        "      - uses: acme/assume-role@v1\n      - run: aws ecs update-service --service s\n", []
    ),
    "an action that isn't here": (
        "      - uses: ./somewhere\n      - run: aws ecs update-service --service s\n", []
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_what_steps_do(name: str) -> None:
    steps, done = STEPS[name]
    assert uses(steps) == done


def test_docker_stays_logged_in_as_who_it_was() -> None:
    push = "      - run: docker push 1.dkr.ecr.eu-west-1.amazonaws.com/x\n      - run: aws ecs stop-task --task t\n"
    first, second = job(f"on: push\n{HEAD}{JOB}{LOGIN}{ECR}{LOGIN}{push}").logins
    assert [use.step for use in first.uses] == ["login", "push"]
    assert [use.step for use in second.uses] == ["stop-task"]


def test_after_a_login_that_may_not_have_been_nobody_is_sure() -> None:
    perhaps = LOGIN.replace("      - uses", "      - if: vars.A = 'x'\n        uses")
    first, second = job(f"on: push\n{HEAD}{JOB}{LOGIN}{perhaps}      - run: aws ecs stop-task --task t\n").logins
    assert not first.uses
    assert not second.uses


CALLED = """on:
  workflow_call:
    inputs: {environment: {type: string}, cluster: {type: string, default: main}}
    secrets: {role: {required: true}}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: ${{ inputs.environment }}
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with: {role-to-assume: '${{ secrets.role }}'}
      - run: aws ecs update-service --cluster ${{ inputs.cluster }} --service s
"""
CALLER = f"""on: push
{HEAD}jobs:
  dev:
    uses: ./.github/workflows/called.yml
    with: {{environment: dev}}
    secrets: {{role: '{ROLE}'}}
  prod:
    uses: ./.github/workflows/called.yml
    with: {{environment: prod, cluster: big}}
    secrets: inherit
"""


def test_a_workflow_that_is_called_is_a_job_of_each_caller() -> None:
    jobs, gaps = found((".github/workflows/called.yml", CALLED), (".github/workflows/caller.yml", CALLER))
    assert not gaps
    assert [(one.address, [str(s.context) for s in one.logins[0].subjects], one.token) for one in jobs] == [
        ("dev / deploy", ["environment:dev"], True),
        ("prod / deploy", ["environment:prod"], True),
    ]
    assert [str(login.roles[0]) for one in jobs for login in one.logins] == [ROLE, "{secrets.role}"]
    assert [str(one.logins[0].uses[0].of("cluster")[0]) for one in jobs] == ["main", "big"]
    claims = dict(jobs[0].logins[0].subjects[0].claims)
    assert str(claims["job_workflow_ref"]).startswith("{github.repository}/.github/workflows/called.yml@")
    assert jobs[0].place.file.endswith("called.yml")


def test_a_workflow_gets_no_more_than_who_calls_it_has() -> None:
    asking = CALLED.replace("    runs-on", "    permissions: {id-token: write}\n    runs-on")
    for caller, token in ((CALLER, True), (CALLER.replace(HEAD, ""), False)):
        jobs, _ = found((".github/workflows/called.yml", asking), (".github/workflows/caller.yml", caller))
        assert [one.token for one in jobs] == [token, token]


def test_a_workflow_that_only_others_call_may_be_started_by_anybody() -> None:
    (one,) = found((".github/workflows/called.yml", CALLED))[0]
    assert one.token is None


def test_a_workflow_of_another_repository_is_a_gap() -> None:
    flow = f"on: push\n{HEAD}jobs:\n  x:\n    uses: acme/flows/.github/workflows/x.yml@v1\n"
    _, (gap,) = found((".github/workflows/a.yml", flow))
    assert (gap.place.line, "is not here" in gap.why) == (5, True)


def test_workflows_that_call_each_other_end() -> None:
    flow = f"on: [push, workflow_call]\n{HEAD}jobs:\n  x:\n    uses: ./.github/workflows/a.yml\n"
    assert found((".github/workflows/a.yml", flow)) == ([], [])


def test_the_actions_of_the_repository_are_read_where_they_are_used() -> None:
    action = """inputs: {service: {required: true}, cluster: {default: main}}
outputs: {name: {value: '${{ inputs.service }}'}}
runs:
  using: composite
  steps:
    - {shell: bash, run: 'aws ecs update-service --cluster ${{ inputs.cluster }} --service ${{ inputs.service }}'}
"""
    steps = (
        "      - {id: a, uses: ./.github/actions/roll, with: {service: web}}\n"
        "      - run: aws ecs wait services-stable --services ${{ steps.a.outputs.name }}\n"
    )
    flow = f"on: push\n{HEAD}{JOB}{LOGIN}{steps}"
    jobs, _ = found((".github/workflows/a.yml", flow), (".github/actions/roll/action.yml", action))
    update, watch = jobs[0].logins[0].uses
    assert (str(update.of("service")[0]), str(update.of("cluster")[0])) == ("web", "main")
    assert (update.place.file, update.place.line) == (".github/actions/roll/action.yml", 6)
    assert (str(watch.of("service")[0]), watch.place.file) == ("web", ".github/workflows/a.yml")


# ---------------------------------------------------------------- files

FLOW = f"on: push\n{HEAD}{JOB}{LOGIN}"


@pytest.mark.parametrize(
    ("name", "content", "anywhere", "is_one"),
    [
        (".github/workflows/a.yml", FLOW, False, True),
        ("x/.github/workflows/a.yaml", FLOW, False, True),
        (".github/workflows/old/a.yml", FLOW, False, False),
        (".github/workflows/a.json", FLOW, False, False),
        ("flows/a.yml", FLOW, False, False),
        ("flows/a.yml", FLOW, True, True),
        ("flows/a.yml", "a: b\n", True, False),
        (".github/workflows/test.yml", "on: push\njobs: {}\n", False, False),
    ],
)
def test_a_workflow_is_known_by_its_place(name: str, content: str, anywhere: bool, is_one: bool) -> None:
    assert is_workflow(File(name, content.encode()), anywhere=anywhere) == is_one


BROKEN = {
    "cut": FLOW[:-30],
    "no map": "on: push # aws\njobs: [a]\n",
    "jobs of text": "on: push # aws\njobs: {a: b, c: {steps: d}, e: {steps: [f, {uses: 1}, {run: [2]}]}}\n",
    "odd events": "on: [1, {a: b}] # aws\njobs: {a: {steps: [{uses: aws-actions/configure-aws-credentials@v4}]}}\n",
    "odd permissions": f"on: push\npermissions: [a]\n{JOB}{LOGIN}",
    "odd inputs": f"on: {{workflow_dispatch: {{inputs: [a]}}}}\n{HEAD}{JOB}{LOGIN}",
    "an odd matrix": f"on: push\n{HEAD}{JOB.replace('steps', 'strategy: {matrix: 3}' + chr(10) + '    steps')}{LOGIN}",
    "keys twice": f"on: push\non: push\n{JOB}{LOGIN}",
    "an alias of nothing": "on: push # aws\njobs: *x\n",
    "nested deep": "on: push # aws\njobs: " + "{a: " * 300 + "1" + "}" * 300 + "\n",
    "no text": "\x00\x01aws",
    "another encoding": "on: push # aws é\njobs: {}\n".encode("latin-1").decode("latin-1") + "\udce9",
    "a bomb": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9))
    + "on: push # aws\njobs: {a: *j}\n",
    "large": "# aws\n" + "a: b\n" * 300_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_workflow_is_a_gap_or_says_nothing(name: str, tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_bytes(BROKEN[name].encode("utf-8", errors="surrogateescape"))
    (tmp_path / "role.json").write_text('{"Statement": []}')
    gaps: list[Gap] = []
    with suppress(ReadError):
        gaps += read(tmp_path, root=tmp_path).gaps
    assert all(gap.place.file.endswith(("a.yml", "role.json")) for gap in gaps)


def test_one_workflow_is_read_with_what_it_uses(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, content in (("caller", CALLER), ("called", CALLED), ("other", "}")):
        (folder / f"{name}.yml").write_text(content)
    (root,) = read_workflow(str(folder / "caller.yml"))
    assert len(root.found) == 2
    with pytest.raises(ReadError, match="no workflow"):
        read_workflow(str(folder / "other.yml"))
    with pytest.raises(ReadError, match="neither"):
        read_workflow(str(folder / "nowhere.yml"))


def test_a_reference_has_the_name_of_what_is_not_known() -> None:
    assert evaluated("${{ secrets.ROLE }}", Scope()) == (text(Ref("secrets.ROLE")),)
