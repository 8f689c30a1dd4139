"""The same choices through every target without Terraform: raw IAM JSON with `--set`, and a template with parameters.

Both are held to the bound stack, so they are equal to each other. Terraform has its own tests.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import ecsiam
from ecsiam import cli
from ecsiam.config.describe import module
from ecsiam.errors import ConfigError, EmitError
from ecsiam.model.forms import FORMS
from ecsiam.targets import TARGETS, TargetName

from .aws import roles
from .aws.servers import ACCOUNT, Server
from .meaning import of_iam
from .test_parameters_cloudformation import (
    COMBINATIONS,
    FLAGS,
    GIVEN,
    HERE,
    OF_EVERYTHING,
    OF_THE_MODULE,
    ON,
    PARAMETERS,
    Values,
    as_text,
    bound,
    everything,
    module_stack,
    name_of,
    of_ministack,
    of_model,
    overrides,
    refusal,
    server,
    stack,
    template,
)

__all__ = ["module_stack", "server"]  # the fixtures

NAMED = {"project_name": "memos", "environment": "dev"}
EVERY_TARGET: tuple[TargetName, ...] = ("terraform", "cloudformation", "iam")


def as_texts(values: Values) -> dict[str, str]:
    return {name: as_text(value) for name, value in values.items()}


def home(of: ecsiam.Stack, values: Values) -> Values:
    """What raw IAM JSON has to be told beside the parameters."""
    open_ = [n for n in HERE if n in of.deployment.open]
    return {n: HERE[n] for n in open_ if not values.get(n) and n != "partition"}


# ---------------------------------------------------------------- equal roles


@pytest.mark.parametrize("flags", COMBINATIONS, ids=name_of)
def test_every_combination_of_flags_is_the_bound_stack_in_raw_json(
    module_stack: ecsiam.Stack, flags: Mapping[str, bool]
) -> None:
    values: dict[str, object] = {**NAMED, **flags}
    for flag, on in flags.items():
        values |= FLAGS[flag] if on else {}
    artifact = ecsiam.emit(module_stack, "iam", bind=as_texts({**home(module_stack, values), **values}))
    assert of_iam(artifact) == of_model(bound(module_stack, values))


@pytest.mark.parametrize("values", OF_THE_MODULE.values(), ids=OF_THE_MODULE)
def test_values_of_the_module_are_the_bound_stack_in_raw_json(module_stack: ecsiam.Stack, values: Values) -> None:
    values = {**NAMED, **values}
    artifact = ecsiam.emit(module_stack, "iam", bind={**home(module_stack, values), **values})
    assert of_iam(artifact) == of_model(bound(module_stack, values))


@pytest.mark.parametrize("values", OF_EVERYTHING.values(), ids=OF_EVERYTHING)
def test_values_of_everything_are_the_bound_stack_in_raw_json(values: Values) -> None:
    values = {**NAMED, **values}
    artifact = ecsiam.emit(everything(), "iam", bind=as_texts(values))
    assert of_iam(artifact) == of_model(bound(everything(), values))


def test_raw_json_on_a_server_reads_back_as_the_bound_stack(server: Server, tmp_path: Path) -> None:
    values = {**ON, **GIVEN, "project_name": roles.unused("p"), "environment": "dev"}
    ecsiam.emit(everything(), "iam", bind=as_texts(values)).write(tmp_path)
    roles.create_role_from_files(server.client("iam"), tmp_path)
    assert of_ministack(server, str(values["project_name"])) == of_model(bound(everything(), values))


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_binding_everything_leaves_no_parameter(target: TargetName) -> None:
    """`--set` closes what should not stay open, in every target: it is then what the closed config gives."""
    closed = stack(account_id=ACCOUNT, aws_region=HERE["aws_region"], **ON, **GIVEN)
    values = {**NAMED, **ON, **GIVEN}
    assert ecsiam.emit(everything(), target, bind=values).files == ecsiam.emit(closed, target).files


# ---------------------------------------------------------------- what is not given

REFUSALS: dict[str, tuple[Values, str]] = {
    "nothing": (
        {},
        "raw IAM JSON can't leave `project_name`, `environment`, `account_id`, `aws_region`, `partition` to "
        "deployment. Write it in the config, or bind it: `--set project_name=memos --set environment=dev "
        "--set account_id=123456789012 --set aws_region=eu-west-2 --set partition=aws`.",
    ),
    "the names": (
        NAMED,
        "raw IAM JSON can't leave `account_id`, `aws_region`, `partition` to deployment. Write it in the config, "
        "or bind it: `--set account_id=123456789012 --set aws_region=eu-west-2 --set partition=aws`.",
    ),
    "all but the environment": (
        {"project_name": "memos", "account_id": ACCOUNT, "aws_region": "eu-west-2"},
        "raw IAM JSON can't leave `environment` to deployment. Write it in the config, or bind it: "
        "`--set environment=dev`.",
    ),
}


@pytest.mark.parametrize(("values", "message"), REFUSALS.values(), ids=REFUSALS)
def test_raw_json_names_everything_that_must_be_set(module_stack: ecsiam.Stack, values: Values, message: str) -> None:
    with pytest.raises(EmitError) as raised:
        ecsiam.emit(module_stack, "iam", bind=values)
    assert str(raised.value) == message


def test_raw_json_names_every_parameter_without_a_default() -> None:
    with pytest.raises(EmitError) as raised:
        ecsiam.emit(everything(), "iam")
    (fault,) = raised.value.faults
    assert fault.message == f"raw IAM JSON can't leave {', '.join(f'`{n}`' for n in PARAMETERS)} to deployment"
    assert fault.remedy.count("--set ") == len(PARAMETERS)


def test_what_the_refusal_says_to_set_can_be_set() -> None:
    with pytest.raises(EmitError) as raised:
        ecsiam.emit(everything(), "iam")
    said = raised.value.faults[0].remedy.split("`")[1].removeprefix("--set ").split(" --set ")
    ecsiam.emit(everything(), "iam", bind=dict(s.split("=", 1) for s in said))


def test_defaults_are_used_where_nothing_is_set() -> None:
    of = stack(
        account_id=ACCOUNT,
        aws_region="eu-west-2",
        project_name=ecsiam.Parameter("project_name", default="shop"),
        enable_s3_access=ecsiam.Parameter("enable_s3_access", default=True),
        s3_bucket_arns=ecsiam.Parameter("buckets", default=["arn:aws:s3:::shop"]),
        log_group_arns=ecsiam.Parameter("groups", default=[]),
    )
    closed = stack(
        account_id=ACCOUNT,
        aws_region="eu-west-2",
        project_name="shop",
        enable_s3_access=True,
        s3_bucket_arns=["arn:aws:s3:::shop"],
    )
    assert ecsiam.emit(of, "iam").files == ecsiam.emit(closed, "iam").files
    other = ecsiam.emit(of, "iam", bind={"enable_s3_access": "false"})
    assert not [path for path in other.files if path.endswith("s3-policy.json")]


# ---------------------------------------------------------------- what is wrong

OUTSIDE: dict[str, tuple[object, str]] = {
    "project_name": (
        "*",
        "`*` is not a name of letters, digits, `_`, `.` and `-` (what role names and log groups share) "
        "@ $.project_name. Write it like `memos`.",
    ),
    "efs_arn": (
        "fs-0123456789abcdef0",
        "`fs-0123456789abcdef0` is an id @ $.efs_arn. Write its ARN, such as "
        "`arn:aws:elasticfilesystem:eu-west-2:123456789012:file-system/fs-...`.",
    ),
    "secrets_arns": (
        ["*"],
        "a bare `*` is not accepted @ $.secrets_arns[0]. Write the ARN of each resource, such as "
        f"`{FORMS['secret_arn'].good[0]}`.",
    ),
    "github_repo": (
        "octo-org/*",
        "`octo-org/*` has a wildcard @ $.github_repo. Name the one repository.",
    ),
    "enable_efs_access": ("yes", "expected true or false, not `yes` @ $.enable_efs_access"),
}


@pytest.mark.parametrize("target", EVERY_TARGET)
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_value_outside_its_pattern_is_refused_by_bind(
    module_stack: ecsiam.Stack, name: str, target: TargetName
) -> None:
    value, message = OUTSIDE[name]
    with pytest.raises(ConfigError) as raised:
        ecsiam.emit(module_stack, target, bind={name: value})
    assert str(raised.value) == message


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_value_outside_its_pattern_is_refused_by_a_server(
    server: Server, module_stack: ecsiam.Stack, name: str
) -> None:
    for id_, value in overrides({name: OUTSIDE[name][0]}).items():
        given = {**overrides(NAMED), id_: value or "*"}
        assert refusal(server, template(module_stack), **given).startswith(f"Parameter '{id_}' ")


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_a_flag_that_is_on_with_its_value_empty_is_refused_by_bind(
    module_stack: ecsiam.Stack, target: TargetName
) -> None:
    with pytest.raises(ConfigError) as raised:
        ecsiam.emit(module_stack, target, bind={"enable_efs_access": True, "efs_arn": ""})
    assert str(raised.value) == (
        "`enable_efs_access` is on and `efs_arn` is empty @ $.enable_efs_access. Give it a value, or turn the flag off."
    )


def test_every_target_is_here() -> None:
    assert set(EVERY_TARGET) == set(TARGETS)


# ---------------------------------------------------------------- on the command line


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """What `ecsiam ...` exits with."""
    monkeypatch.setattr("sys.argv", ["ecsiam", *arguments])
    with pytest.raises(SystemExit) as left:
        cli.main()
    code: Any = left.value.code
    return int(code or 0)


def test_set_on_the_command_line_is_bind(
    module_stack: ecsiam.Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ecsiam.yaml").write_text(module(), encoding="utf-8")
    values = {
        **NAMED,
        **FLAGS["enable_secrets_access"],
        "enable_secrets_access": True,
        "account_id": ACCOUNT,
        "aws_region": "eu-west-2",
    }
    sets = [part for name, value in as_texts(values).items() for part in ("--set", f"{name}={value}")]
    assert run(monkeypatch, "emit", "--target", "iam", "-o", "iam", *sets) == 0
    written = {str(p.relative_to("iam")): p.read_text(encoding="utf-8") for p in Path("iam").rglob("*.json")}
    emitted = ecsiam.emit(module_stack, "iam", bind=values).files
    assert {path: written[path] for path in emitted} == dict(emitted)


def test_a_refusal_on_the_command_line_is_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ecsiam.yaml").write_text(module(), encoding="utf-8")
    assert run(monkeypatch, "emit", "--target", "iam") == 2
    assert capsys.readouterr().err == f"error: {REFUSALS['nothing'][1]}\n"
