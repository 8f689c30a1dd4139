"""The `if` of jobs and steps, `needs`, and the jobs of a matrix: which subjects are left."""

import pytest

from ecsiam.readers.github.conditions import condition, narrowed
from ecsiam.readers.github.events import events_of, starts
from ecsiam.readers.github.expressions import Scope, truth
from ecsiam.readers.loading import as_written
from ecsiam.readers.walk import File

from .test_workflows import HEAD, JOB, LOGIN, ROLE, found, job

ANY, PULL, MAIN = "ref:refs/{branch or tag}", "pull_request", "ref:refs/heads/main"
BRANCH, TAG = "ref:refs/heads/{branch}", "ref:refs/tags/{tag}"

# What a condition leaves of a push of anything and a pull request.
CONDITIONS: dict[str, list[str]] = {
    "": [ANY, PULL],
    "true": [ANY, PULL],
    "false": [],
    "${{ false }}": [],
    "github.ref == 'refs/heads/main'": [MAIN],
    "${{ github.ref == 'refs/heads/main' }}": [MAIN],
    "${{ github.ref }} == 'refs/heads/main'": [ANY, PULL],
    "github.ref == 'main'": [],
    "'refs/heads/main' == github.ref": [MAIN],
    "github.ref != 'refs/heads/main'": [ANY, PULL],
    "!(github.ref != 'refs/heads/main')": [MAIN],
    "github.ref_name == 'main'": [MAIN, "ref:refs/tags/main"],
    "github.ref_type == 'tag'": [TAG],
    "github.ref_type == 'branch'": [BRANCH, PULL],
    "startsWith(github.ref, 'refs/tags/')": [TAG],
    "startsWith(github.ref, 'refs/tags/v')": ["ref:refs/tags/v{tag}"],
    "startsWith(github.ref, 'refs/heads/release/')": ["ref:refs/heads/release/{branch}"],
    "!startsWith(github.ref, 'refs/tags/')": [ANY, PULL],
    "github.event_name == 'push'": [ANY],
    "github.event_name != 'push'": [PULL],
    "github.event_name == 'Push'": [ANY],
    "github.event_name == 'push' && github.ref == 'refs/heads/main'": [MAIN],
    "github.event_name == 'pull_request' || github.ref == 'refs/heads/main'": [MAIN, PULL],
    "!(github.event_name == 'pull_request' || github.ref != 'refs/heads/main')": [MAIN],
    "github.event_name == 'release'": [],
    "contains(github.ref, 'refs/tags')": [ANY, PULL],
    "contains(github.event_name, 'pull')": [PULL],
    "endsWith(github.ref, '/merge')": [ANY, PULL],
    "contains(fromJSON('[\"push\"]'), github.event_name)": [ANY, PULL],
    "github.event_name == 'push' && contains(fromJSON('[]'), github.ref)": [ANY],
    "always()": [ANY, PULL],
    "failure() && github.event_name == 'push'": [ANY],
    "vars.DEPLOY == 'true'": [ANY, PULL],
    "vars.A == 'b' && github.event_name == 'push'": [ANY],
    "vars.A == 'b' || github.event_name == 'push'": [ANY, PULL],
    "env.OFF": [ANY, PULL],
    "env.NONE": [],
    "env.OFF == 'false'": [ANY, PULL],
    "github.head_ref == ''": [ANY, PULL],
    "github.head_ref": [PULL],
    "startsWith(github.head_ref, 'x')": [PULL],
    "not understood": [ANY, PULL],
    "github.ref == vars.REF": [ANY, PULL],
}


@pytest.mark.parametrize("given", CONDITIONS)
def test_a_condition_leaves_the_starts_in_which_it_may_hold(given: str) -> None:
    scope = Scope(env={"OFF": Scope().of("false"), "NONE": Scope().of("")})
    left = narrowed(starts(events_of(["push", "pull_request"])), condition(given), scope)
    assert [str(one.context) for one in left] == CONDITIONS[given]


@pytest.mark.parametrize(
    ("on", "given", "left"),
    [
        ("schedule", "github.ref == 'refs/heads/main'", [MAIN]),
        ("schedule", "startsWith(github.ref, 'refs/heads/')", ["ref:refs/heads/{default branch}"]),
        ("schedule", "startsWith(github.ref, 'refs/tags/')", []),
        ("release", "startsWith(github.ref, 'refs/tags/')", [TAG]),
        ("{push: {branches: ['release/**']}}", "github.ref == 'refs/heads/main'", []),
        ("{push: {branches: ['release/**']}}", "github.ref_name == 'release/1'", ["ref:refs/heads/release/1"]),
        ("{push: {branches: [Main]}}", "github.ref == 'refs/heads/main'", ["ref:refs/heads/Main"]),
        ("{pull_request: {types: [closed]}}", "github.ref == 'refs/heads/main'", [PULL]),
        ("{pull_request: {types: closed}}", "github.event_name == 'push'", []),
        ("pull_request_target", "github.ref == 'refs/heads/main'", [PULL, MAIN]),
        ("workflow_call", "github.event_name == 'push'", ["{what starts it}"]),
    ],
)
def test_what_starts_it_counts_too(on: str, given: str, left: list[str]) -> None:
    (value,) = as_written(File("a.yml", f"on: {on}".encode()), 1000)
    ways = starts(events_of(value["on"]))
    assert [str(one.context) for one in narrowed(ways, condition(given), Scope())] == left


def test_a_text_that_says_false_is_true() -> None:
    node = condition("'false'")
    assert node is not None
    assert truth(node, Scope()) is True


def contexts(flow: str) -> dict[str, list[str]]:
    jobs, _ = found((".github/workflows/a.yml", flow))
    return {f"{j.address} {n}": [str(s.context) for s in one.subjects] for j in jobs for n, one in enumerate(j.logins)}


STEPS = f"    runs-on: ubuntu-latest\n    steps:\n{LOGIN}"


@pytest.mark.parametrize(
    ("own", "left"),
    [
        ("", [MAIN]),
        ("    if: success()\n", [MAIN]),
        ("    if: always()\n", [ANY]),
        ("    if: ${{ !cancelled() && github.ref_type }}\n", [ANY]),
    ],
)
def test_a_job_is_left_out_with_those_that_it_needs(own: str, left: list[str]) -> None:
    flow = (
        f"on: push\n{HEAD}jobs:\n  first: {{if: \"github.ref == 'refs/heads/main'\", steps: []}}\n"
        f"  second: {{needs: first, steps: []}}\n  deploy:\n    needs: [second]\n{own}{STEPS}"
    )
    assert contexts(flow) == {"deploy 0": left}


def test_a_step_that_logs_in_sends_what_its_condition_leaves() -> None:
    prod = LOGIN.replace("      - uses", "      - if: github.ref == 'refs/heads/main'\n        uses")
    dev = LOGIN.replace("      - uses", "      - if: github.ref != 'refs/heads/main'\n        uses").replace(
        "deploy", "dev"
    )
    stop = "      - run: aws ecs stop-task --task t\n"
    flow = f"on: {{push: {{branches: [main, develop]}}}}\n{HEAD}{JOB}{prod}{dev}{stop}"
    assert contexts(flow) == {"deploy 0": [MAIN], "deploy 1": ["ref:refs/heads/develop"]}
    assert [[use.step for use in login.uses] for login in job(flow).logins] == [["stop-task"], ["stop-task"]]


def test_role_and_environment_go_by_what_starts_the_job() -> None:
    role = LOGIN.replace(f"'{ROLE}'", "\"${{ github.ref == 'refs/heads/main' && 'prod' || 'dev' }}\"")
    flow = f"on: {{push: {{branches: [main, develop]}}, pull_request: }}\n{HEAD}{JOB}{role}".replace(
        "    steps", "    environment: ${{ github.ref_name == 'main' && 'production' || '' }}\n    steps"
    )
    sent = {str(one.roles[0]): [str(s.context) for s in one.subjects] for one in job(flow).logins}
    assert sent == {"prod": ["environment:production"], "dev": ["ref:refs/heads/develop", PULL]}


MATRIX = {
    "{e: [dev, prod]}": [("dev", "`e` is `dev`"), ("prod", "`e` is `prod`")],
    "{e: [dev, prod], x: [1]}": [("dev", "`e` is `dev`, `x` is `1`"), ("prod", "`e` is `prod`, `x` is `1`")],
    "{e: [dev, prod], exclude: [{e: dev}]}": [("prod", "")],
    "{include: [{e: dev, r: a}, {e: prod, r: b}]}": [("dev", "`e` is `dev`, `r` is `a`"),
                                                     ("prod", "`e` is `prod`, `r` is `b`")],
    "{e: [dev], include: [{e: prod}]}": [("dev", "`e` is `dev`"), ("prod", "`e` is `prod`")],
    "{e: [dev], include: [{r: a}]}": [("dev", "")],
    "{x: [1, 2], e: [dev]}": [("dev", "")],
    "\"${{ fromJSON(needs.a.outputs.m) }}\"": [("{matrix.e}", "")],
    "{e: \"${{ fromJSON(vars.E) }}\"}": [("{matrix.e}", "")],
    "{e: [dev, \"${{ vars.E }}\"]}": [("dev", ""), ("{vars.E}", "")],
    "{e: [dev, prod], x: [1, 2, 3, 4, 5, 6], y: [1, 2, 3, 4, 5, 6]}": [("dev", ""), ("prod", "")],
}  # fmt: skip


@pytest.mark.parametrize("matrix", MATRIX)
def test_each_job_of_a_matrix_sends_its_own(matrix: str) -> None:
    more = f"    environment: ${{{{ matrix.e }}}}\n    strategy: {{matrix: {matrix}}}\n    steps:\n"
    sent = job(f"on: {{push: {{branches: [main]}}}}\n{HEAD}{JOB.replace('    steps:' + chr(10), more)}{LOGIN}")
    named = [(str(s.context).removeprefix("environment:"), s.of) for s in sent.logins[0].subjects]
    assert [one for one in named if one[0] != MAIN] == MATRIX[matrix]


def test_what_is_chosen_goes_together() -> None:
    role = LOGIN.replace(f"'{ROLE}'", "\"${{ inputs.e == 'prod' && 'prod' || 'dev' }}\"")
    inputs = "{e: {type: choice, options: [dev, prod]}, dry: {type: boolean}, tag: {}}"
    flow = f"on: {{workflow_dispatch: {{inputs: {inputs}}}}}\n{HEAD}{JOB}{role}".replace(
        "    steps", "    environment: ${{ inputs.e }}\n    steps"
    )
    sent = {str(one.roles[0]): [str(s.context) for s in one.subjects] for one in job(flow).logins}
    assert sent == {"prod": ["environment:prod"], "dev": ["environment:dev"]}


# ---------------------------------------------------------------- logins by what isn't known

STOP, DESCRIBE = "aws ecs stop-task --task t", "aws ecs describe-tasks --tasks t"


def by(condition: str, role: str) -> str:
    return LOGIN.replace("      - uses", f'      - if: "{condition}"\n        uses').replace("/deploy", f"/{role}")


def run(command: str, condition: str = "") -> str:
    return f'      - if: "{condition}"\n        run: {command}\n' if condition else f"      - run: {command}\n"


ONE, OTHER = "role/one", "role/other"
Each = dict[str, tuple[list[str], list[str]]]
SPLIT: dict[str, tuple[str, str, Each]] = {
    "by the branch": (
        "github.ref == 'refs/heads/main'", "github.ref != 'refs/heads/main'",
        {ONE: ([MAIN], ["stop-task"]), OTHER: ([ANY], ["watch-tasks"])},
    ),
    "by tags": (
        "startsWith(github.ref, 'refs/tags/')", "!startsWith(github.ref, 'refs/tags/')",
        {ONE: ([TAG], ["stop-task"]), OTHER: ([ANY], ["watch-tasks"])},
    ),
    "by a setting": (
        "vars.ENV == 'prod'", "vars.ENV == 'dev'",
        {ONE: ([ANY], ["stop-task"]), OTHER: ([ANY], ["watch-tasks"])},
    ),
    "by an output": (
        "steps.x.outputs.y == 'true' && success()", "steps.x.outputs.y != 'true' && success()",
        {ONE: ([ANY], ["stop-task"]), OTHER: ([ANY], ["watch-tasks"])},
    ),
    "by two things": (
        "vars.A == 'x' && github.ref == 'refs/heads/main'", "!(vars.A == 'x' && github.ref == 'refs/heads/main')",
        {ONE: ([MAIN], ["stop-task"]), OTHER: ([ANY], ["watch-tasks"])},
    ),
    "by what is not read": ("contains(fromJSON(vars.X), 'a')", "!contains(fromJSON(vars.X), 'a')",
                            {ONE: ([ANY], ["stop-task"]), OTHER: ([ANY], ["watch-tasks"])}),
    "by whether something failed": (
        "failure()", "vars.A", {ONE: ([ANY], ["stop-task"]), OTHER: ([ANY], ["stop-task", "watch-tasks"])},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SPLIT)
def test_each_way_that_a_job_may_go_is_a_run_of_its_own(name: str) -> None:
    yes, no, each = SPLIT[name]
    steps = by(yes, "one") + by(no, "other") + run(STOP, yes) + run(DESCRIBE, no)
    logins = job(f"on: push\n{HEAD}{JOB}{steps}").logins
    assert {
        str(one.roles[0]).partition(":123456789012:")[2]: (
            sorted({str(s.context) for s in one.subjects}),
            [use.step for use in one.uses],
        )
        for one in logins
    } == {role: (sorted(contexts), done) for role, (contexts, done) in each.items()}


def test_what_follows_whichever_login_was_is_done_as_each() -> None:
    steps = by("vars.A == 'x'", "one") + by("vars.A != 'x'", "other") + run(STOP)
    assert [[use.step for use in one.uses] for one in job(f"on: push\n{HEAD}{JOB}{steps}").logins] == [
        ["stop-task"]
    ] * 2


def test_a_role_by_an_expression_goes_with_what_it_hangs_on() -> None:
    role = LOGIN.replace(f"'{ROLE}'", "'${{ env.R }}'")
    env = "env: {R: \"${{ vars.A == 'x' && 'one' || 'other' }}\", S: \"${{ vars.A == 'x' && 'a' || 'b' }}\"}\n"
    steps = f"{role}      - run: aws ecs update-service --service $S\n"
    logins = job(f"on: push\n{HEAD}{env}{JOB}{steps}").logins
    assert [(str(one.roles[0]), str(one.uses[0].of("service")[0])) for one in logins] == [("one", "a"), ("other", "b")]


NEEDED = """on: {push: {branches: [main], tags: ['v*']}}
jobs:
  setup:
    runs-on: ubuntu-latest
    outputs: {e: '${{ steps.s.outputs.e }}', x: '${{ steps.s.outputs.x }}'}
    steps:
      - id: s
        run: |
          case $GITHUB_REF in
            refs/tags/v*) E=prod ;;
            *) E=dev ;;
          esac
          echo e=$E >> $GITHUB_OUTPUT
  deploy:
    needs: setup
    runs-on: ubuntu-latest
    environment: ${{ needs.setup.outputs.e }}
    steps:
"""


def test_a_job_has_the_outputs_of_those_that_it_needs() -> None:
    role = LOGIN.replace(f"'{ROLE}'", "'${{ needs.setup.outputs.e }}-${{ needs.setup.outputs.x }}'")
    sent = {str(one.roles[0]): {str(s.context) for s in one.subjects} for one in job(f"{NEEDED}{role}").logins}
    unknown = "{steps.s.outputs.x}"
    assert sent == {f"dev-{unknown}": {"environment:dev"}, f"prod-{unknown}": {"environment:prod"}}


def test_a_job_of_more_ways_than_anybody_reads_has_none_that_is_sure() -> None:
    steps = "".join(by(f"vars.A{i} == 'x'", f"r{i}") for i in range(8)) + run(STOP)
    logins = job(f"on: push\n{HEAD}{JOB}{steps}").logins
    assert len({str(one.roles[0]) for one in logins}) == 8


@pytest.mark.parametrize(
    ("on", "condition", "never"),
    [
        ("push", "github.ref != 'refs/heads/main'", True),
        ("push", "!(github.ref_name == 'main' || vars.X == 'a')", True),
        ("push", "github.ref_name != 'main'", True),
        ("push", "vars.X != 'a'", False),
        ("{push: {branches-ignore: [main]}}", "true", True),
        ("{push: {branches: ['**', '!ma*']}}", "true", True),
        ("{push: {branches: ['**']}}", "!startsWith(github.ref, 'refs/tags/')", False),
    ],
)
def test_a_ref_that_is_ruled_out_is_never_sent(on: str, condition: str, never: bool) -> None:
    flow = f"on: {on}\n{HEAD}{JOB}{LOGIN}".replace("    steps", f'    if: "{condition}"\n    steps')
    (subject,) = job(flow).logins[0].subjects
    assert subject.refs.never("refs/heads/main") is never
