"""Values and flags left to deployment: the laws of binding, the rules of empty values, and every refusal."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict, evolve
from hypothesis import given, settings
from hypothesis import strategies as st

import ecsiam
from ecsiam import ConfigError, EmitError, Parameter, PolicyError, Stack
from ecsiam.cli import main
from ecsiam.config import Config
from ecsiam.features.table import ASIDE
from ecsiam.model.by_id import ById
from ecsiam.model.document import policy_to_data
from ecsiam.model.form import Form
from ecsiam.model.forms import FORMS
from ecsiam.model.parameter import Variable
from ecsiam.targets import TargetName

from .batch import batch
from .effort import many
from .intent import meant
from .opened import PERMITTED, Opened, opened
from .strategies import KEYS, KEYS_ASIDE

HOME = {"account_id": "123456789012", "aws_region": "eu-west-2"}
BASE: dict[str, Any] = {"project_name": "memos", "environment": "dev", **HOME}
IN = "eu-west-2:123456789012"
EFS = f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0123456789abcdef0"
SECRET = f"arn:aws:secretsmanager:{IN}:secret:memos/db-AbCdEf"
SSM = f"arn:aws:ssm:{IN}:parameter/memos/url"
KEY = f"arn:aws:kms:{IN}:key/01234567-89ab-cdef-0123-456789abcdef"
BUCKET = "arn:aws:s3:::memos-uploads"
CLUSTER = f"arn:aws:ecs:{IN}:cluster/main"
REPOSITORY = f"arn:aws:ecr:{IN}:repository/memos"
GITHUB: dict[str, Any] = {"enable_github_oidc": True, "github_repo": "octo-org/memos"}


def built(**keys: Any) -> Stack:
    return ecsiam.build(Config(**{**BASE, **keys}))


def resources(stack: Stack, role: str, policy: str) -> dict[str, list[str]]:
    """The resources of a policy by the first of the actions; nothing while there is no such policy."""
    found = stack.roles[role].policies.get(policy)
    statements: Any = policy_to_data(found.document, str)["Statement"] if found else []
    return {s["Action"][0]: s["Resource"] for s in statements}


def refused(error: type[ecsiam.ConfigError | EmitError | PolicyError], act: Callable[[], object]) -> str:
    with pytest.raises(error) as raised:
        act()
    return str(raised.value)


# ---------------------------------------------------------------- laws


IDENTIFIED: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "enable_github_oidc": True,
    "github_repo": "octo-org/memos",
    "github_owner_id": 1234567,
    "github_repo_id": 7654321,
}


@pytest.fixture(scope="module")
def examples() -> list[Opened]:
    """Any, and some that have the ids of a repository: few have them by chance, with nothing that closes them."""
    return batch(opened(), 60) + batch(opened(st.just(IDENTIFIED)), 6)


def outcome(act: Callable[[], Stack]) -> Stack | tuple[object, ...]:
    try:
        return act()
    except ConfigError as e:
        return e.faults


@st.composite
def wrongly_valued(draw: st.DrawFn) -> tuple[Opened, dict[str, Any]]:
    """A config with parameters, and values for them some of which are perhaps wrong, each in some way of its own."""
    one = draw(opened())
    values = dict(one.values)
    for name in draw(st.lists(st.sampled_from(sorted(values)), max_size=2, unique=True)) if values else ():
        form = one.config.deployment.variables[name].form
        wrong: list[Any] = ["", (), None, 1, "x" * 65, True, ["", 1], *(form.bad if form else ())]
        wrong += [[value] for value in (*form.bad, *form.good)] if form else []
        values[name] = draw(st.sampled_from(wrong))
    extra = draw(st.sampled_from([{}, {}, {"no_such": "1"}, {"account_id": "000000000001"}, {"aws_region": "x"}]))
    return one, {**values, **extra}


@settings(deadline=None, max_examples=many(50))
@given(wrongly_valued())
def test_to_build_and_to_bind_commute(chosen: tuple[Opened, dict[str, Any]]) -> None:
    config, values = chosen[0].config, chosen[1]
    assert outcome(lambda: ecsiam.build(config).bind(values)) == outcome(lambda: ecsiam.build(config.bind(values)))


def test_values_in_place_of_their_parameters_mean_the_same(examples: list[Opened]) -> None:
    for one in examples:
        bound, closed = ecsiam.build(one.config).bind(one.values), ecsiam.build(Config(**one.closed))
        assert bound.roles == closed.roles, one
        assert (bound.outputs, bound.intent) == (closed.outputs, closed.intent), one
        assert bound.deployment.home == closed.deployment.home, one
        assert bound.deployment.names == closed.deployment.names, one
        assert not bound.deployment.variables
        assert not bound.deployment.demands


def test_to_bind_in_two_steps_is_to_bind_at_once(examples: list[Opened]) -> None:
    """Unless the first step leaves a flag open whose value it empties, which is refused however it is bound."""
    both = 0
    for one in examples:
        names = sorted(one.values)
        for first in (names[::2], names[1::2], names[: len(names) // 2]):
            some = {n: one.values[n] for n in first}
            rest = {n: v for n, v in one.values.items() if n not in some}
            if left := left_open_and_empty(one, some):
                for act in (lambda: ecsiam.build(one.config).bind(some), lambda: one.config.bind(some)):  # noqa: B023
                    assert refused(ConfigError, act).splitlines() == left, one
                continue
            at_once = ecsiam.build(one.config).bind(one.values)
            assert ecsiam.build(one.config).bind(some).bind(rest) == at_once, one
            assert ecsiam.build(one.config.bind(some).bind(rest)) == at_once, one
            assert ecsiam.build(one.config.bind(some)).bind(rest) == at_once, one
            both += 1
    assert both > len(examples)


def left_open_and_empty(one: Opened, values: Mapping[str, Any]) -> list[str]:
    """What is said of the flags that these values leave open, and of what they need and have empty.

    Every parameter of `opened` bears the name of its key.
    """
    return [
        f"`{flag}` is left open and `{needed}` is empty @ $.{flag}. Give it a value, or bind `{flag}` to `false`."
        for flag, needed in demanded()
        if needed in values and not values[needed] and flag in one.values and flag not in values
    ]


def demanded() -> list[tuple[str, str]]:
    """Each flag with each value that may not be empty while it is on."""
    ids = [("enable_github_oidc", id) for id in ("github_owner_id", "github_repo_id")]
    return [(flag, needed) for flag, key in KEYS.items() for needed in key.needs] + ids


def test_from_dict_inverts_to_dict_with_parameters_too(examples: list[Opened]) -> None:
    for one in examples:
        stack = ecsiam.build(one.config)
        data = json.loads(json.dumps(stack.to_dict()))
        assert Stack.from_dict(data) == stack, one
        assert Stack.from_dict(data).to_dict() == data, one
        assert Stack.from_dict(data).bind(one.values) == stack.bind(one.values), one


def test_the_examples_have_every_permitted_key_as_a_parameter(examples: list[Opened]) -> None:
    found = {(name, one.values[name] is True) for one in examples for name in one.values if name in KEYS}
    assert {name for name, _ in found} == {*PERMITTED}
    assert {on for name, on in found if KEYS[name].type == "flag"} == {True, False}


# ---------------------------------------------------------------- defaults and --set


def test_a_default_is_used_by_raw_json_and_left_to_the_others() -> None:
    stack = built(
        project_name=Parameter("project_name", default="memos"),
        enable_efs_access=Parameter("enable_efs_access", default=True, description="Whether it mounts"),
        efs_arn=Parameter("efs_arn", default=EFS),
        ecr_repository_arns=Parameter("ecr_repository_arns", default=[REPOSITORY]),
    )
    closed = built(enable_efs_access=True, efs_arn=EFS, ecr_repository_arns=[REPOSITORY])
    assert ecsiam.emit(stack, "iam").files == ecsiam.emit(closed, "iam").files
    terraform = json.loads(ecsiam.emit(stack, "terraform").files["variables.tf.json"])["variable"]
    assert {name: v["default"] for name, v in terraform.items()} == {
        "project_name": "memos",
        "enable_efs_access": True,
        "efs_arn": EFS,
        "ecr_repository_arns": [REPOSITORY],
    }
    assert terraform["enable_efs_access"]["description"] == "Whether it mounts"
    template = json.loads(ecsiam.emit(stack, "cloudformation").document)["Parameters"]
    assert {name: p["Default"] for name, p in template.items()} == {
        "ProjectName": "memos",
        "EnableEfsAccess": "true",
        "EfsArn": EFS,
        "EcrRepositoryArns": REPOSITORY,
    }


def test_a_default_is_checked_as_a_value_is() -> None:
    message = refused(ConfigError, lambda: built(efs_arn=Parameter("efs_arn", default="*"), enable_efs_access=True))
    assert message == "a bare `*` is not accepted @ $.efs_arn.default. Leave the default out."


def test_raw_json_names_every_parameter_that_has_to_be_set() -> None:
    stack = ecsiam.build(
        Config(
            project_name=Parameter("project_name"),
            environment="dev",
            enable_efs_access=Parameter("mounts"),
            efs_arn=Parameter("efs_arn", default=""),
            max_session_duration=Parameter("longest"),
            **GITHUB,
        )
    )
    assert refused(EmitError, lambda: ecsiam.emit(stack, "iam")) == (
        "raw IAM JSON can't leave `project_name`, `mounts`, `longest`, `account_id`, `aws_region`, `partition` to "
        "deployment. Write it in the config, or bind it: `--set project_name=memos --set mounts=true "
        "--set longest=3600 --set account_id=123456789012 --set aws_region=eu-west-2 --set partition=aws`."
    )


OPEN = """
project_name: memos
environment: dev
account_id: "123456789012"
aws_region: {parameter: aws_region, default: ""}
enable_secrets_access: {parameter: enable_secrets_access, default: false}
secrets_arns: {parameter: secrets_arns, default: []}
enable_github_oidc: true
github_repo: octo-org/memos
max_session_duration: {parameter: max_session_duration, default: 3600}
"""
SET = (
    "aws_region=eu-west-2",
    "enable_secrets_access=true",
    f"secrets_arns={SECRET},{SSM}",
    "max_session_duration=7200",
)


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: Path, target: str, *settings: str
) -> tuple[int, str, str]:
    """The command line's exit code, output and errors."""
    sets = [part for setting in settings for part in ("--set", setting)]
    monkeypatch.setattr(sys, "argv", ["ecsiam", "emit", str(path), "--target", target, *sets])
    with pytest.raises(SystemExit) as exit_:
        main()
    said = capsys.readouterr()
    return int(exit_.value.code or 0), said.out, said.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ecsiam.yaml"
    path.write_text(OPEN, encoding="utf-8")
    return path


@pytest.mark.parametrize("target", ["iam", "terraform", "cloudformation"])
def test_set_takes_flags_lists_and_numbers(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], target: TargetName
) -> None:
    code, out, _ = run(monkeypatch, capsys, file, target, *SET)
    closed = built(enable_secrets_access=True, secrets_arns=[SECRET, SSM], max_session_duration=7200, **GITHUB)
    assert code == 0
    assert json.loads(out)["roles/memos-dev-github-actions-role/create-role.json"] if target == "iam" else True
    assert _unmarked(out) == _unmarked(str(ecsiam.emit(closed, target)))


def _unmarked(document: str) -> object:
    return json.loads(document.replace(" from ecsiam.yaml", ""))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "efs_arn=x",
            "`efs_arn` is not left to deployment. Open are `aws_region`, `enable_secrets_access`, "
            "`secrets_arns`, `max_session_duration`, `partition`.",
        ),
        ("account_id=123456789012", "`account_id` is not left to deployment. Open are `aws_region`, "),
        ("enable_secrets_access=yes", "expected true or false, not `yes` @ $.enable_secrets_access"),
        ("enable_secrets_access=", "expected true or false, not `` @ $.enable_secrets_access"),
        ("max_session_duration=1h", "expected a whole number from 3600 to 43200, not `1h` @ $.max_session_duration"),
        (
            "max_session_duration=3599",
            "expected a whole number from 3600 to 43200, not `3599` @ $.max_session_duration",
        ),
        ("aws_region=mars", "`mars` is not a region of AWS @ $.aws_region. Write it like `eu-west-2`."),
        (f"secrets_arns={SSM},x", "`x` is a name @ $.secrets_arns[1]. What is left to deployment takes ARNs: "),
        ("enable_secrets_access", "`--set enable_secrets_access` has no value. Write `--set NAME=VALUE`."),
    ],
)
def test_set_refuses_any_other_name_and_value(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], setting: str, message: str
) -> None:
    code, out, err = run(monkeypatch, capsys, file, "terraform", setting)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")


# ---------------------------------------------------------------- empty values


def test_a_list_that_narrows_falls_back_on_its_closed_default() -> None:
    lists = (
        "ecr_repository_arns",
        "log_group_arns",
        "cloudwatch_log_group_arns",
        "github_ecr_repository_arns",
        "task_definition_families",
        "ecs_service_arns",
        "ecs_cluster_arns",
    )
    flags = {"enable_cloudwatch_logs": True, **GITHUB}
    empty = built(**flags, **{name: Parameter(name) for name in lists}).bind(dict.fromkeys(lists, ()))
    assert empty.roles == built(**flags).roles


def test_empty_services_fall_back_on_the_clusters_and_pushes_on_the_pulls() -> None:
    names = ("ecs_service_arns", "github_ecr_repository_arns")
    keys = {"ecs_cluster_arns": [CLUSTER], "ecr_repository_arns": [REPOSITORY], **GITHUB}
    empty = built(**keys, **{name: Parameter(name) for name in names}).bind(dict.fromkeys(names, ()))
    assert empty.roles == built(**keys).roles


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ((SECRET,), {"secretsmanager:GetSecretValue": [SECRET]}),
        ((SSM,), {"ssm:GetParameters": [SSM]}),
        ((SSM, SECRET), {"secretsmanager:GetSecretValue": [SECRET], "ssm:GetParameters": [SSM]}),
        ((), {}),
    ],
)
def test_a_kind_of_secrets_that_is_empty_has_no_statement(given: tuple[str, ...], left: Mapping[str, Any]) -> None:
    stack = built(enable_secrets_access=Parameter("secrets"), secrets_arns=Parameter("secrets_arns"))
    bound = stack.bind({"secrets": bool(given), "secrets_arns": given})
    assert resources(bound, "execution", "execution_secrets") == left


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ((BUCKET,), {"s3:ListBucket": [BUCKET], "s3:DeleteObject": [f"{BUCKET}/*"]}),
        ((f"{BUCKET}/x/*",), {"s3:DeleteObject": [f"{BUCKET}/x/*"]}),
        ((BUCKET, f"{BUCKET}/x/*"), {"s3:ListBucket": [BUCKET], "s3:DeleteObject": [f"{BUCKET}/x/*"]}),
    ],
)
def test_objects_alone_leave_no_bucket_to_list(given: tuple[str, ...], left: Mapping[str, Any]) -> None:
    stack = built(enable_s3_access=True, s3_bucket_arns=Parameter("buckets")).bind({"buckets": given})
    assert resources(stack, "task", "s3") == left


def test_an_optional_value_that_is_empty_is_not_given() -> None:
    names = ("permissions_boundary_arn", "github_oidc_provider_arn", "github_audience", "aws_region", "partition")
    open_ = {name: Parameter(name) for name in names}
    empty = built(**GITHUB, **open_).bind(dict.fromkeys(names, ""))
    assert empty.bind({"aws_region": "eu-west-2"}).roles == built(**GITHUB).roles
    assert empty.roles["task"].permissions_boundary is None


def test_secrets_in_a_parameter_count_as_complete() -> None:
    short = f"arn:aws:secretsmanager:{IN}:secret:memos/db"
    open_ = built(enable_secrets_access=True, secrets_arns=Parameter("secrets_arns"))
    assert resources(open_.bind({"secrets_arns": [short]}), "execution", "execution_secrets") == {
        "secretsmanager:GetSecretValue": [short]
    }
    closed = built(enable_secrets_access=True, secrets_arns=[short])
    assert resources(closed, "execution", "execution_secrets") == {"secretsmanager:GetSecretValue": [f"{short}-??????"]}


def test_keys_of_secrets_in_a_parameter_serve_both_services_in_the_deploying_region() -> None:
    keys = {"enable_secrets_access": True, "secrets_kms_key_arns": [KEY]}
    bound = built(**keys, secrets_arns=Parameter("secrets_arns")).bind({"secrets_arns": [SSM]})
    via = {
        str(v)
        for s in bound.roles["execution"].policies["execution_secrets"].document.statements
        for c in s.conditions
        for v in c.values
    }
    assert via == {"secretsmanager.eu-west-2.amazonaws.com", "ssm.eu-west-2.amazonaws.com"}


def test_keys_in_a_parameter_that_is_empty_have_no_statement() -> None:
    keys = {"enable_secrets_access": True, "secrets_arns": [SECRET]}
    assert built(**keys, secrets_kms_key_arns=Parameter("keys")).bind({"keys": ()}).roles == built(**keys).roles


# ---------------------------------------------------------------- what may not be empty

NEEDS = {
    ("enable_efs_access", "efs_arn"): "",
    ("enable_secrets_access", "secrets_arns"): (),
    ("enable_s3_access", "s3_bucket_arns"): (),
    ("enable_github_oidc", "github_repo"): "",
}
GIVEN = {"efs_arn": EFS, "secrets_arns": [SECRET], "s3_bucket_arns": [BUCKET], "github_repo": "octo-org/memos"}


def test_every_flag_that_needs_a_value_has_its_row() -> None:
    flags = ((flag, key) for flag, key in KEYS.items() if flag not in ASIDE)
    assert {*NEEDS} == {(flag, needed) for flag, key in flags for needed in key.needs}


@pytest.mark.parametrize(("flag", "needed"), NEEDS)
@pytest.mark.parametrize("parameter", [True, False], ids=["flag-open", "flag-on"])
def test_a_flag_that_is_on_with_its_value_empty_stops(flag: str, needed: str, parameter: bool) -> None:
    keys: dict[str, Any] = {flag: Parameter(flag) if parameter else True, needed: Parameter("what_is_needed")}
    config = Config(**{**BASE, **keys})
    values = {"what_is_needed": NEEDS[flag, needed], **({flag: True} if parameter else {})}
    message = f"`{flag}` is on and `what_is_needed` is empty @ $.{flag}. Give it a value, or turn the flag off."
    assert refused(ConfigError, lambda: config.bind(values)) == message
    assert refused(ConfigError, lambda: ecsiam.build(config).bind(values)) == message
    if parameter:
        assert not ecsiam.build(config).bind({**values, flag: False}).roles["task"].policies


@pytest.mark.parametrize("empty", ["github_owner_id", "github_repo_id"])
def test_ids_of_github_as_parameters_may_not_be_empty(empty: str) -> None:
    ids = ("github_owner_id", "github_repo_id")
    stack = built(**GITHUB, **{name: Parameter(name) for name in ids})
    message = refused(ConfigError, lambda: stack.bind({**dict.fromkeys(ids, "12"), empty: ""}))
    assert message == (
        f"`enable_github_oidc` is on and `{empty}` is empty @ $.enable_github_oidc. "
        "Give it a value, or turn the flag off."
    )
    bound = stack.bind(dict.fromkeys(ids, "12"))
    assert meant(bound, "github_actions", "token.actions.githubusercontent.com:sub") == [
        "repo:octo-org@12/memos@12:ref:refs/heads/main"
    ]


@pytest.mark.parametrize("name", ["project_name", "environment"])
def test_the_names_may_never_be_empty(name: str) -> None:
    form = KEYS[name].form
    assert form
    message = refused(ConfigError, lambda: built(**{name: Parameter(name)}).bind({name: ""}))
    assert message == f"`` is not {form.what} @ $.{name}. Write it like `{form.good[0]}`."


def test_names_are_checked_again_and_arns_of_another_account_refused() -> None:
    stack = ecsiam.build(
        Config(
            project_name=Parameter("project_name"),
            environment="dev",
            account_id=Parameter("account"),
            log_group_arns=Parameter("groups"),
        )
    )
    values = {"project_name": "x" * 60, "account": "000000000001", "groups": [f"arn:aws:logs:{IN}:log-group:/x"]}
    prefix = f"{'x' * 60}-dev"
    message = refused(ConfigError, lambda: stack.bind(values)).splitlines()
    assert message[0] == (
        f"`arn:aws:logs:{IN}:log-group:/x` is of account `123456789012`, the roles are of `000000000001` "
        "@ $.groups[0]. It has to be in the account of the roles."
    )
    assert message[1] == (
        f"role name `{prefix}-execution-role` has 79 characters, IAM takes 64 @ $.project_name. "
        "Shorten `project_name` or `environment`, or set `role_names.execution`."
    )


# ---------------------------------------------------------------- what can't be a parameter

# As the issue lists them; tags can't be parameters either, which it leaves open.
CLOSED = (
    *("awslogs_create_group", "cloudwatch_logs_collector", "ecr_create_cached_repositories"),
    *("ecr_pull_through_prefixes", "ecr_vpc_endpoint_ids", "ecr_vpc_ids"),
    *("efs_file_systems", "environment_file_account_ids", "environment_file_arns"),
    *("environment_file_kms_key_arns", "exclusive", "exec_kms_key_arns"),
    *("exec_log_bucket_arns", "exec_log_group_arns", "exec_log_kms_key_arns"),
    *("exec_operator_cluster_arns", "exec_operator_container_names", "exec_operator_task_tags"),
    *("github_actions_trusted_arns", "policies", "registry_credentials_arns"),
    *("registry_credentials_kms_key_arns", "runtime_monitoring_repository_arns", "task_trusted_arns"),
    *("create_oidc_provider", "github_issuer", "github_repos", "github_workflows", "github_claims"),
    "github_subject_template",
    *("execution_statements", "task_statements", "github_actions_statements", "role_names", "policy_names", "path"),
    *("aws_regions", "execution_managed_policy_arns", "task_managed_policy_arns", "github_branches"),
    *("github_environments", "github_tags", "github_pull_requests", "github_subjects", "github_subject_format"),
    *("confused_deputy", "efs_root_access", "github_ecr_pull", "secrets_arns_complete", "tags", "profile", "quotas"),
    *(
        "accept",
        "parameters",
        "task_access",
        "cloud_map_namespaces",
        "metrics_namespaces",
        "outbound_identity_audiences",
    ),
    *("github_ecr_public_repository_arns", "github_run_tasks", "github_task_cluster_arns", "github_may"),
    *("github_pass_task_role_arns", "github_pass_role_arns", "codedeploy_deployment_group_arns"),
)


def test_every_key_is_either_permitted_or_listed_here() -> None:
    keys = {name: key for name, key in Config.keys().items() if name not in {*ASIDE, *KEYS_ASIDE}}
    permitted = {name for name, key in keys.items() if key.type}
    assert {*CLOSED} - KEYS_ASIDE == {*keys} - permitted
    assert {*PERMITTED} == permitted - {"enable_autoscaling"}  # which is of the baseline only


@pytest.mark.parametrize("key", CLOSED)
@pytest.mark.parametrize("written", [Parameter("p"), {"parameter": "p"}], ids=["python", "file"])
def test_what_shapes_the_roles_is_refused(key: str, written: object) -> None:
    assert refused(ConfigError, lambda: built(**{key: written})) == (
        f"this can't be a parameter @ $.{key}. Write the value: it shapes what is made."
    )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"ecr_repository_arns": [REPOSITORY, {"parameter": "p"}]},
            "a part of a value can't be a parameter @ $.ecr_repository_arns[1]. "
            "Write it out, or leave all of the key to one.",
        ),
        ({"efs_arn": {"param": "p"}}, "unknown key `param` @ $.efs_arn.param. Did you mean `parameter`?"),
        (
            {"enable_efs_access": {"paramter": "p", "default": False}},
            "unknown key `paramter` @ $.enable_efs_access.paramter. Did you mean `parameter`?",
        ),
        (
            {"efs_arn": {"parameter": "p", "defualt": EFS}},
            "unknown key `defualt` @ $.efs_arn.defualt. Did you mean `default`?",
        ),
        (
            {"efs_arn": {"parameter": "EfsArn", "x": 1, "description": 3}},
            "unknown key `x` @ $.efs_arn.x. There are `parameter`, `default`, `description`.\n"
            f"`EfsArn` is not {FORMS['parameter_name'].what} @ $.efs_arn.parameter. Write it like `efs_arn`.\n"
            "expected a text, not `3` @ $.efs_arn.description",
        ),
        (
            {"enable_efs_access": {"parameter": "efs", "default": "no"}, "efs_arn": EFS},
            "expected true or false, not `no` @ $.enable_efs_access.default. Write `false`, without quotes.",
        ),
    ],
)
def test_what_is_written_of_a_parameter_is_checked(keys: dict[str, Any], message: str) -> None:
    assert refused(ConfigError, lambda: built(**keys)) == message


def test_one_parameter_serves_keys_of_one_form() -> None:
    shared = Parameter("groups")
    stack = built(log_group_arns=shared, cloudwatch_log_group_arns=shared, enable_cloudwatch_logs=True)
    assert [*stack.deployment.variables] == ["groups"]
    group = f"arn:aws:logs:{IN}:log-group:/x"
    bound = stack.bind({"groups": [group]})
    for role, policy in (("execution", "execution_logs"), ("task", "cloudwatch")):
        assert [*resources(bound, role, policy).values()] == [[f"{group}:*"]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"enable_efs_access": True, "efs_arn": Parameter("p")}, {"permissions_boundary_arn": Parameter("p")}),
        ({"enable_efs_access": Parameter("p"), "efs_arn": EFS}, {"permissions_boundary_arn": Parameter("p")}),
        ({"project_name": Parameter("p", default="a")}, {"environment": Parameter("p", default="b")}),
        ({"log_group_arns": Parameter("p")}, {"ecr_repository_arns": Parameter("p")}),
    ],
    ids=["form", "type", "default", "element"],
)
def test_one_parameter_for_what_differs_is_refused(first: dict[str, Any], second: dict[str, Any]) -> None:
    keys = sorted((*(k for k, v in first.items() if isinstance(v, Parameter)), *second), key=[*KEYS].index)
    assert refused(ConfigError, lambda: built(**first, **second)) == (
        f"parameter `p` serves `{keys[0]}` and `{keys[1]}`, which differ @ $.{keys[1]}. "
        "Give each of them a parameter of its own."
    )


@pytest.mark.parametrize(
    "name", ["count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"]
)
def test_a_name_that_a_module_block_takes_for_itself_is_refused_by_terraform(name: str) -> None:
    stack = built(permissions_boundary_arn=Parameter(name))
    assert refused(EmitError, lambda: ecsiam.emit(stack, "terraform")) == (
        f"no variable can be called `{name}`. It is an argument of every `module` block: "
        "call the parameter something else."
    )


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"enable_efs_access": Parameter("mount_1"), "efs_arn": Parameter("mount1")},
            "`mount_1` and `mount1` would both be the parameter `Mount1`. Call one of them something else.",
        ),
        (
            {
                "enable_secrets_access": True,
                "secrets_arns": Parameter("secrets"),
                "permissions_boundary_arn": Parameter("ssm_parameter_arns"),
            },
            "`secrets` and `ssm_parameter_arns` would both be the parameter `SsmParameterArns`. "
            "Call one of them something else.",
        ),
        (
            {"permissions_boundary_arn": Parameter("task_role")},
            "`task_role` would be the parameter `TaskRole` and the role `task` at once. "
            "Call the parameter something else.",
        ),
    ],
    ids=["names", "kinds", "role"],
)
def test_names_that_are_one_id_in_a_template_are_refused(keys: dict[str, Any], message: str) -> None:
    assert refused(EmitError, lambda: ecsiam.emit(built(**keys), "cloudformation")) == message


def test_a_variable_reads_text_and_values_alike() -> None:
    list_ = Variable("v", "list", FORMS["family"])
    assert list_.read("a,b") == list_.read(["a", "b"]) == ("a", "b")
    assert list_.read("") == list_.read(()) == ()
    number = Variable("v", "number", bounds=(1, 9))
    assert number.read("7") == number.read(7) == 7


OWN = Form("queue", "[a-z]+", "a queue", ("orders",), ("A",), most=80, hints=(("[A-Z]+", "is loud", "Write small."),))


def with_form(form: object) -> dict[str, Any]:
    """The data of a stack with one parameter, of another form."""
    data = built(enable_efs_access=True, efs_arn=Parameter("p")).to_dict()
    (variable,) = data["deployment"]["variables"]
    assert variable["form"] == "efs_arn", "one of the table goes by its name"
    variable["form"] = form
    return data


def test_a_form_that_is_in_no_table_goes_into_data_in_full() -> None:
    stack = built(enable_efs_access=True, efs_arn=Parameter("p"))
    variable = evolve(stack.deployment.variables["p"], form=OWN)
    stack = evolve(stack, deployment=evolve(stack.deployment, variables=ById([variable])))
    data = json.loads(json.dumps(stack.to_dict()))
    assert stack.to_dict() == data, "lists all the way down, as JSON has them"
    read = Stack.from_dict(data)
    assert read == stack
    assert refused(ConfigError, lambda: read.bind({"p": "LOUD"})) == "`LOUD` is loud @ $.p. Write small."
    # One that bears a name of the table and is another is no exception.
    other = evolve(OWN, name="efs_arn")
    assert Stack.from_dict(with_form(asdict(other))).deployment.variables["p"].form == other


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ("nope", "`nope` is no form of values @ $.deployment.variables[0].form"),
        ({"pattern": "("}, "`(` is no pattern"),
        ({"hints": [["(", "", ""]]}, "`(` is no pattern"),
        ({"pattern": "(" * 2000 + ")" * 2000}, "is no pattern"),
        ({"pattern": "a{1,99999999999999999999}"}, "is no pattern"),
        ({"pattern": "a" * 10_001}, "a pattern of 10,001 characters, at most 10,000 are taken"),
        ({"good": []}, "no sample @ $.deployment.variables[0].form.good"),
        ({"most": "1"}, "expected a whole number, not `1`"),
        ("", "a parameter of type `text` needs a form of values @ $.deployment.variables[0].form"),
    ],
)
def test_a_form_in_data_that_is_none_is_refused(form: str | dict[str, Any], message: str) -> None:
    data = with_form({**asdict(OWN), **form} if isinstance(form, dict) else form)
    assert message in refused(PolicyError, lambda: Stack.from_dict(data))
