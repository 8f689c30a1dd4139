"""Terraform itself evaluates the modules: what it makes of any choice is the stack with that choice bound.

All modules of a test are planned in one run, each as a module of one configuration.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest
from attrs import evolve
from hypothesis import strategies as st

import ecsiam
from ecsiam import Parameter, Stack
from ecsiam.config import Config, load_config
from ecsiam.config.describe import module
from ecsiam.emitters import hcl
from ecsiam.model import arn_forms, forms
from ecsiam.model.arn import partition_of
from ecsiam.model.document import policy_to_data
from ecsiam.model.each import RULES, Rule
from ecsiam.model.form import Form
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.text import DNS_SUFFIX, texts

from .batch import batch
from .opened import PERMITTED, Opened, opened
from .strategies import KEYS, Kwargs, bindings, emittable, of
from .terraform.rig import REGION, Rig, Terraform, TerraformError

HERE = {"account_id": "123456789012", "aws_region": REGION, "partition": "aws"}
IN = f"{REGION}:123456789012"
GITHUB: Kwargs = {"enable_github_oidc": True, "github_repo": "octo-org/memos"}

Json = Any


def called(terraform: Rig, modules: dict[str, tuple[Stack, dict[str, Any]]], **root: Json) -> Terraform:
    """One configuration that calls each module with its values."""
    work = terraform.workspace({"main.tf.json": {}})
    calls: dict[str, Json] = {}
    for name, (stack, values) in modules.items():
        ecsiam.emit(stack, "terraform").write(work.directory / name)
        calls[name] = {"source": f"./{name}", **values}
    work.write({"main.tf.json": {"module": calls, **root}})
    work.init()
    return work


def written(value: Json) -> Json:
    """A value as Terraform's JSON has it, where a text is a template."""
    match value:
        case str():
            return hcl.escape(value)
        case tuple():
            return [written(one) for one in cast("Sequence[Json]", value)]
        case _:
            return value


def planned(state: Json) -> dict[str, dict[str, Json]]:
    """The values of all resources in a plan or state, by module and address."""
    root = state["planned_values" if "planned_values" in state else "values"]["root_module"]
    return {
        m["address"].removeprefix("module."): {
            r["address"].removeprefix(f"{m['address']}."): r["values"]
            for r in m.get("resources", ())
            if r["mode"] == "managed"
        }
        for m in root.get("child_modules", ())
    }


def as_sets(document: Json) -> Json:
    """A document without the order and the doubles of its lists of texts, which say nothing."""
    match document:
        case dict():
            return {key: as_sets(value) for key, value in cast("dict[str, Json]", document).items()}
        case [str(), *_]:
            return sorted(set(document))
        case list():
            return [as_sets(value) for value in cast("Sequence[Json]", document)]
        case _:
            return document


def settled(policy: Policy) -> Json:
    """A document without a condition on the account that every ARN of its statement says."""
    return policy_to_data(evolve(policy, statements=[s for one in policy.statements if (s := one.settled())]), str)


def expected(role: Role) -> Iterator[tuple[str, Json]]:
    """The role of a bound stack by the addresses of its resources, flags and all else known."""
    boundary = role.permissions_boundary
    yield (
        f"aws_iam_role.{role.id}",
        {
            "name": str(role.name),
            "path": role.path,
            "description": str(role.description),
            "assume_role_policy": as_sets(policy_to_data(role.trust, str)),
            "permissions_boundary": None if boundary is None else str(boundary),
            "max_session_duration": role.max_session_duration or 3600,
            "tags": {key: str(value) for key, value in role.tags},
        },
    )
    for policy in role.policies.values():
        document = as_sets(settled(policy.document))
        if policy.managed:
            named = {"name": str(policy.name), "path": role.path}
            yield f"aws_iam_policy.{policy.id}", {**named, "policy": document}
            yield f"aws_iam_role_policy_attachment.{policy.id}_policy", {"policy_arn": None}  # AWS tells it
        else:
            yield f"aws_iam_role_policy.{policy.id}", {"name": str(policy.name), "policy": document}
    for arn in role.managed_policy_arns:
        yield f'aws_iam_role_policy_attachment.{role.id}["{arn}"]', {"policy_arn": str(arn)}
    if role.profile:
        name = str(role.name)
        yield f"aws_iam_instance_profile.{role.id}", {"name": name, "path": role.path, "role": name}
    if role.exclusive:
        names, arns = sorted(str(p.name) for p in role.inline), sorted(map(str, role.managed_policy_arns))
        of = {"role_name": str(role.name)}
        yield f"aws_iam_role_policies_exclusive.{role.id}", {**of, "policy_names": names}
        yield (
            f"aws_iam_role_policy_attachments_exclusive.{role.id}",
            {**of, "policy_arns": None if role.own_managed else arns},
        )


def expected_of(stack: Stack) -> dict[str, Json]:
    """All that the module makes of a stack."""
    providers = (
        (
            f"aws_iam_openid_connect_provider.{provider.id}",
            {
                "url": provider.url,
                "client_id_list": [*map(str, provider.client_ids)],
                "tags": {key: str(value) for key, value in provider.tags},
            },
        )
        for provider in stack.providers.values()
    )
    return dict([*(pair for role in stack.roles.values() for pair in expected(role)), *providers])


def seen(address: str, values: Json) -> tuple[str, Json]:
    """A planned resource in the same words; what AWS will only tell later is left out."""
    keys = {
        "aws_iam_role": (
            *("name", "path", "description", "assume_role_policy"),
            *("permissions_boundary", "max_session_duration", "tags"),
        ),
        "aws_iam_role_policy": ("name", "policy"),
        "aws_iam_policy": ("name", "path", "policy"),
        "aws_iam_role_policy_attachment": ("policy_arn",),
        "aws_iam_instance_profile": ("name", "path", "role"),
        "aws_iam_openid_connect_provider": ("url", "client_id_list", "tags"),
        "aws_iam_role_policies_exclusive": ("role_name", "policy_names"),
        "aws_iam_role_policy_attachments_exclusive": ("role_name", "policy_arns"),
    }[address.split(".", maxsplit=1)[0]]
    found = {key: values.get(key) for key in keys}
    for key in {"assume_role_policy", "policy"} & found.keys():
        found[key] = as_sets(settled(ecsiam.parse_policy(found[key])))
    for key in {"policy_names", "policy_arns"} & found.keys():
        found[key] = None if found[key] is None or None in found[key] else sorted(found[key])
    if "client_id_list" in found:
        found["tags"] = found["tags"] or {}
    if "permissions_boundary" in found:
        found["permissions_boundary"] = found["permissions_boundary"] or None
    return address.removesuffix("[0]"), found


# ---------------------------------------------------------------- the law


def moved_here(closed: Kwargs) -> Kwargs:
    """The config with its ARNs in our account and region."""

    def move(value: Json) -> Json:
        match value:
            case str() if value.startswith("arn:"):
                _, _, service, region, account, rest = value.split(":", 5)
                account = HERE["account_id"] if account.isdigit() else account
                return f"arn:aws:{service}:{region and REGION}:{account}:{rest}"
            case list() | tuple():
                return [move(v) for v in cast("Sequence[Json]", value)]
            case dict():
                return {key: move(v) for key, v in cast("dict[str, Json]", value).items()}
            case _:
                return value

    return {key: move(value) for key, value in closed.items()}


def at_home(closed: Kwargs) -> Kwargs:
    """The config with account, region and partition left out."""
    return {**closed, "account_id": None, "aws_region": None, "partition": None, "aws_regions": ()}


def fits(closed: Kwargs) -> bool:
    """Whether all of it can be deployed into our account and region."""
    try:
        ecsiam.build(Config(**at_home(closed))).bind(HERE)
    except ecsiam.ConfigError:
        return False
    return True


@st.composite
def written_home(draw: st.DrawFn) -> Kwargs:
    """A config that leaves nothing out, not even the partition, which is the provider's where it is left empty."""
    closed = draw(emittable(raw=False))
    closed |= draw(bindings(Config(**closed)))
    return {**closed, "partition": partition_of(closed["aws_region"])}


def open_home() -> st.SearchStrategy[Kwargs]:
    """A config that leaves account, region and partition out, and fits ours."""
    return emittable(raw=False).map(moved_here).filter(fits).map(at_home)


def of_the_provider(one: Opened) -> bool:
    """Whether the domain of its partition is that of the provider, which alone knows it where the partition is open."""
    stack = ecsiam.build(one.config)
    asked = any(DNS_SUFFIX in text.refs for text in stack.texts())
    return not asked or stack.bind(one.values).deployment.home.partition.literal in (None, HERE["partition"])


def bound_by_half(one: Opened) -> Stack | None:
    """The stack with every other of its values bound; None where those leave a flag open that they don't let on."""
    try:
        return ecsiam.build(one.config).bind({n: one.values[n] for n in sorted(one.values)[::2]})
    except ecsiam.ConfigError:
        return None


@pytest.mark.parametrize("home", [written_home, open_home])
def test_terraform_makes_what_the_stack_with_the_values_bound_says(
    terraform: Rig, home: Callable[[], st.SearchStrategy[Kwargs]]
) -> None:
    examples = batch(opened(home()).filter(of_the_provider), 20)
    modules: dict[str, tuple[Stack, dict[str, Any]]] = {}
    for i, one in enumerate(examples):
        # A value that is its variable's default is left out: the default has to mean the same.
        variables = one.config.deployment.variables
        given_ = {n: written(v) for n, v in one.values.items() if variables[n].default != variables[n].read(v) or i % 2}
        modules[f"m{i}"] = (ecsiam.build(one.config), given_)
        if i < len(examples) // 2 and (
            half := bound_by_half(one)
        ):  # the same of a module of which some was bound when it was written
            modules[f"h{i}"] = (half, {n: v for n, v in given_.items() if n in half.deployment.variables})
    assert len(modules) > len(examples) * 6 // 5
    work = called(terraform, modules)
    assert work.validate()["diagnostics"] == []
    made = planned(work.plan())
    for i, one in enumerate(examples):
        stack = ecsiam.build(one.config).bind(one.values)
        stack = stack.bind({name: HERE[name] for name in stack.deployment.open})
        assert home is open_home or one.open.get("account_id")
        wanted = expected_of(stack)
        for name in {f"m{i}", f"h{i}"} & made.keys():
            found = dict(seen(a, v) for a, v in made[name].items())
            assert found.keys() == wanted.keys(), one
            for address, resource in wanted.items():
                assert found[address] == resource, (address, one)
    roles = [
        r for name, module_ in made.items() for r in module_ if name.startswith("m") and r.startswith("aws_iam_role.")
    ]
    assert any("github_actions" in r for r in roles)  # with a count in test_module.py, where it is sure to be there
    assert len([r for r in roles if "github_actions" in r]) < len(examples)


# ---------------------------------------------------------------- rules, patterns, counts

_FORM_OF: dict[Rule, Form] = {
    "all": forms.FAMILY,
    "secret": arn_forms.SECRET_ARN,
    "parameter": arn_forms.SECRET_ARN,
    "bucket": arn_forms.BUCKET_ARN,
    "object": arn_forms.BUCKET_ARN,
    "log_group": arn_forms.LOG_GROUP_ARN,
    "services_of_cluster": arn_forms.CLUSTER_ARN,
    "deployments_of_cluster": arn_forms.CLUSTER_ARN,
    "revisions_of_cluster": arn_forms.CLUSTER_ARN,
    "deployments_of_service": arn_forms.SERVICE_ARN,
    "revisions_of_service": arn_forms.SERVICE_ARN,
    "unless_given": arn_forms.REPOSITORY_ARN,
}


def test_the_rules_of_list_parameters_are_those_of_python(terraform: Rig) -> None:
    buckets = st.sampled_from([f"arn:aws:s3:::{b}{o}" for b in ("b", "bb") for o in ("", "/", "/*", "/x/*")])
    of_rule: dict[Rule, st.SearchStrategy[list[str]]] = {
        r: st.lists(of(f) | buckets if f is arn_forms.BUCKET_ARN else of(f), max_size=4) for r, f in _FORM_OF.items()
    }
    lists = batch(st.fixed_dictionaries(of_rule), 30)
    assert {*_FORM_OF} == {*RULES}
    given_ = {f"{rule}_{i}": arns for i, one in enumerate(lists) for rule, arns in one.items()}
    values: dict[str, Json] = {
        f"{rule}_{i}": f"${{{hcl.RULES[rule](f'local.given_{rule}_{i}')}}}"
        for i, one in enumerate(lists)
        for rule in one
    }
    values |= {f"given_{name}": [hcl.escape(arn) for arn in arns] for name, arns in given_.items()}
    found = terraform.evaluate(values)
    for i, one in enumerate(lists):
        for rule, arns in one.items():
            assert found[f"{rule}_{i}"] == [str(one) for one in RULES[rule](texts(arns))], (rule, arns)


@pytest.fixture(scope="module")
def everything() -> Stack:
    """Every key that can be a parameter is one, under its own name; account and region are left out."""
    keys: Kwargs = {
        name: Parameter(name) for name in PERMITTED if name not in ("account_id", "aws_region", "partition")
    }
    return ecsiam.build(Config(**keys))


RIGHT: dict[str, Json] = {
    "flag": False,
    "number": 3600,
    "list": [],
    "text": "",
}


def test_a_value_outside_its_pattern_is_refused(terraform: Rig, everything: Stack) -> None:
    work = terraform.workspace({"main.tf.json": {}})
    work.write({p: json.loads(t) for p, t in ecsiam.emit(everything, "terraform").files.items()})
    wrong: dict[str, Json] = {}
    messages: dict[str, str] = {}
    for v in everything.deployment.variables.values():
        bad = next((b for b in v.form.bad if b), "") if v.form else ""
        wrong[v.id] = {
            "flag": True,
            "number": 60,
            "list": [v.form.good[0], bad] if v.form else [],
            "text": bad,
        }[v.type]
        if v.type == "number":
            messages[v.id] = f"{v.id}: it has to be a number from 3600 to 43200."
        elif v.form:
            each = "each of them has" if v.type == "list" else "it has"
            messages[v.id] = f"{v.id}: {each} to be {v.form.what}."
    with pytest.raises(TerraformError) as raised:
        work.plan(wrong)
    details = {m.split(": ", 1)[1].split("\n")[0] for m in raised.value.messages}
    assert details == {*messages.values()}
    assert messages.keys() == {v.id for v in everything.deployment.variables.values() if v.type != "flag"}


def test_nothing_but_flags_is_counted(everything: Stack) -> None:
    flags = {v.id for v in everything.deployment.variables.values() if v.type == "flag"}
    counted = 0
    resources = json.loads(ecsiam.emit(everything, "terraform").files["main.tf.json"])["resource"]
    for body in (body for kind in resources.values() for body in kind.values()):
        assert "for_each" not in body
        if "count" in body:
            found = re.fullmatch(r"\$\{(var\.\w+(?: && var\.\w+)*) \? 1 : 0\}", body["count"])
            assert found
            assert {name.removeprefix("var.") for name in found[1].split(" && ")} <= flags
            counted += 1
    assert counted == len(flags) + 1  # the deploy role with its policy, and the policies of the other flags


def test_what_is_attached_is_known_when_it_is_planned() -> None:
    keys: Kwargs = {name: Parameter(name) for name in PERMITTED}
    attached = ["arn:aws:iam::123456789012:policy/more"]
    stack = ecsiam.build(Config(**keys, task_managed_policy_arns=attached))
    main = json.loads(ecsiam.emit(stack, "terraform").files["main.tf.json"])
    assert main["resource"]["aws_iam_role_policy_attachment"]["task"]["for_each"] == (
        "${toset(local.task_managed_policy_arns)}"
    )
    assert main["locals"]["task_managed_policy_arns"] == attached


# ---------------------------------------------------------------- preconditions

_STOPS: dict[str, tuple[dict[str, Any], dict[str, Json], str]] = {
    **{
        f"{flag}, {needed}": (
            {flag: Parameter(flag), needed: Parameter(needed)},
            {flag: True, needed: RIGHT[str(KEYS[needed].type)]},
            f"`{flag}` is on and `{needed}` is empty. Give it a value, or turn the flag off.",
        )
        for flag, key in KEYS.items()
        for needed in key.needs
        if key.type and all(KEYS[one].type for one in key.needs)
    },
    **{
        empty: (
            {**GITHUB, "github_owner_id": Parameter("owner"), "github_repo_id": Parameter("repo")},
            {"owner": "1", "repo": "2", empty: ""},
            f"`enable_github_oidc` is on and `{empty}` is empty. Give it a value, or turn the flag off.",
        )
        for empty in ("owner", "repo")
    },
    "always on": (
        {"enable_s3_access": True, "s3_bucket_arns": Parameter("buckets")},
        {"buckets": []},
        "`enable_s3_access` is on and `buckets` is empty. Give it a value, or turn the flag off.",
    ),
    "name": (
        {"project_name": Parameter("project_name"), "environment": Parameter("environment")},
        {"project_name": "x" * 40, "environment": "y" * 12},
        "The name of the execution role has more than 64 characters.",
    ),
}


@pytest.fixture(scope="module")
def stops(terraform: Rig) -> list[str]:
    """What stops a plan of all of them, each in a module of its own."""
    modules = {f"m{i}": (_stack(keys), values) for i, (keys, values, _) in enumerate(_STOPS.values())}
    with pytest.raises(TerraformError) as raised:
        called(terraform, modules).plan()
    return [m.removeprefix("Resource precondition failed: ") for m in raised.value.messages]


def _stack(keys: dict[str, Any]) -> Stack:
    given_: Kwargs = {"project_name": "memos", "environment": "dev", **keys}
    return ecsiam.build(Config(**given_))


@pytest.mark.parametrize("case", _STOPS)
def test_what_is_on_with_its_value_empty_stops_the_plan(stops: list[str], case: str) -> None:
    assert _STOPS[case][2] in stops


def test_nothing_else_stops_the_plan(stops: list[str]) -> None:
    assert sorted(stops) == sorted(message for _, _, message in _STOPS.values())


def test_the_same_values_stop_nothing_while_the_flags_are_off(terraform: Rig) -> None:
    modules = {
        f"m{i}": (_stack(keys), {n: False if v is True else v for n, v in values.items()})
        for i, (keys, values, _) in enumerate(_STOPS.values())
        if True in values.values()
    }
    assert len(modules) == 5
    assert planned(called(terraform, modules).plan()).keys() == modules.keys()


# ---------------------------------------------------------------- known only at apply


def test_values_that_are_known_only_at_apply_plan_and_apply(terraform: Rig, module_of_the_guide: Stack) -> None:
    values = {
        "project_name": "memos",
        "environment": "dev",
        "enable_efs_access": True,
        "efs_arn": "${aws_efs_file_system.this.arn}",
        "enable_secrets_access": True,
        "secrets_arns": ["${aws_secretsmanager_secret.this.arn}", "${aws_ssm_parameter.this.arn}"],
        "enable_s3_access": True,
        "s3_bucket_arns": ["${aws_s3_bucket.this.arn}"],
        "ecr_repository_arns": ["${aws_ecr_repository.this.arn}"],
        "enable_github_oidc": True,
        "github_repo": "octo-org/memos",
        "github_oidc_provider_arn": "${aws_iam_openid_connect_provider.this.arn}",
    }
    resource: Json = {
        "aws_efs_file_system": {"this": {}},
        "aws_secretsmanager_secret": {"this": {"name": "memos/db"}},
        "aws_ssm_parameter": {"this": {"name": "/memos/url", "type": "String", "value": "x"}},
        "aws_s3_bucket": {"this": {"bucket": "memos-uploads"}},
        "aws_ecr_repository": {"this": {"name": "memos"}},
        "aws_iam_openid_connect_provider": {
            "this": {"url": "https://token.actions.githubusercontent.com", "client_id_list": ["sts.amazonaws.com"]}
        },
    }
    work = called(terraform, {"iam": (module_of_the_guide, values)}, resource=resource)
    addresses = planned(work.plan())["iam"]
    state = work.apply()
    made = planned(state)["iam"]
    assert made.keys() == addresses.keys()
    arns = {r["type"]: r["values"]["arn"] for r in state["values"]["root_module"]["resources"]}
    given_ = {n: v for n, v in values.items() if "${" not in str(v)} | {
        "efs_arn": arns["aws_efs_file_system"],
        "secrets_arns": [arns["aws_secretsmanager_secret"], arns["aws_ssm_parameter"]],
        "s3_bucket_arns": [arns["aws_s3_bucket"]],
        "ecr_repository_arns": [arns["aws_ecr_repository"]],
        "github_oidc_provider_arn": arns["aws_iam_openid_connect_provider"],
    }
    rest = {n: v.default for n, v in module_of_the_guide.deployment.variables.items() if n not in given_}
    bound = module_of_the_guide.bind({**rest, **given_, "aws_region": REGION})
    bound = bound.bind({name: HERE[name] for name in bound.deployment.open})
    assert dict(seen(a, v) for a, v in made.items()) == dict(p for r in bound.roles.values() for p in expected(r))


# ---------------------------------------------------------------- the module's variables

STRING, BOOL, LIST = "string", "bool", "list(string)"
NO_DEFAULT = object()
VARIABLES: dict[str, tuple[str, Json]] = {
    "project_name": (STRING, NO_DEFAULT),
    "environment": (STRING, NO_DEFAULT),
    "aws_region": (STRING, ""),  # the one of the deployment
    "enable_efs_access": (BOOL, False),
    "efs_arn": (STRING, ""),
    "enable_secrets_access": (BOOL, False),
    "secrets_arns": (LIST, []),
    "secrets_kms_key_arns": (LIST, []),
    "enable_s3_access": (BOOL, False),
    "s3_bucket_arns": (LIST, []),
    "enable_cloudwatch_logs": (BOOL, False),
    "enable_ecs_exec": (BOOL, False),
    "enable_github_oidc": (BOOL, False),
    "github_oidc_provider_arn": (STRING, ""),
    "github_repo": (STRING, ""),
    "ecr_repository_arns": (LIST, []),
    "log_group_arns": (LIST, []),
    "github_audience": (STRING, ""),  # sts.amazonaws.com
    "max_session_duration": ("number", 3600),  # IAM's own default
    "github_ecr_repository_arns": (LIST, []),
    "permissions_boundary_arn": (STRING, ""),
    "ecs_cluster_arns": (LIST, []),
    "ecs_service_arns": (LIST, []),
}


@pytest.fixture(scope="module")
def module_of_the_guide(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    path = tmp_path_factory.mktemp("guide") / "ecsiam.yaml"
    path.write_text(module(), encoding="utf-8")
    return ecsiam.build(load_config(path))


def test_every_variable_of_the_module_has_its_type_and_default(module_of_the_guide: Stack) -> None:
    variables = json.loads(ecsiam.emit(module_of_the_guide, "terraform").files["variables.tf.json"])["variable"]
    assert {n: (v["type"], v.get("default", NO_DEFAULT)) for n, v in variables.items()} == VARIABLES
    assert all(v["description"] and v["nullable"] is False for v in variables.values())


def test_neither_module_gives_a_warning(terraform: Rig, module_of_the_guide: Stack, everything: Stack) -> None:
    for stack in (module_of_the_guide, everything):
        work = terraform.workspace({p: json.loads(t) for p, t in ecsiam.emit(stack, "terraform").files.items()})
        assert work.validate()["diagnostics"] == []
