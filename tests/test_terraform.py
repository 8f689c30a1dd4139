"""The real terraform reads what we emit, and says of it what the model says."""

import json
import random
import re
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from attrs import evolve

from ecsiam import Artifact, Config, Stack, build, emit
from ecsiam.emitters.hcl import escape, quoted
from ecsiam.emitters.terraform import documents
from ecsiam.emitters.terraform_values import render
from ecsiam.errors import EmitError
from ecsiam.features.table import ROLES
from ecsiam.model.document import policy_to_data
from ecsiam.model.intent import Intent
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.sizes import over
from ecsiam.model.statement import Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text

from . import meaning, strategies
from .batch import batch
from .cases import CASES, known, stack_of
from .meaning import HERE, Known, Roles
from .terraform.rig import VERSIONS, Rig, Terraform, actions

Json = Any
REGION = HERE["aws_region"]
GUIDES_OUTPUTS = [
    "enabled_features",
    "github_actions_role_arn",
    "github_actions_role_name",
    "role_summary",
    "task_execution_role_arn",
    "task_execution_role_id",
    "task_execution_role_name",
    "task_role_arn",
    "task_role_id",
    "task_role_name",
]
SOURCES: dict[str, Json] = {
    source: {"current": {}} for source in ("aws_caller_identity", "aws_partition", "aws_region")
}


def root(terraform: Rig, artifact: Artifact, **where: str) -> Terraform:
    """A module as the root of a configuration, as it was written."""
    return terraform.workspace(artifact.files, region=REGION, **where)


def children(terraform: Rig, modules: Mapping[str, tuple[Artifact, str]], **where: str) -> Terraform:
    """Modules side by side in one configuration, each with the provider of its region, and all their outputs."""
    work = terraform.workspace({}, region=REGION, **where)
    for name, (artifact, _) in modules.items():
        work.write({f"{name}/{path}": text for path, text in artifact.files.items()})
    regions = {region for _, region in modules.values()}
    main = {
        "provider": {"aws": [{"alias": region, "region": region} for region in sorted(regions)]},
        "module": {
            name: {"source": f"./{name}", "providers": {"aws": f"aws.{region}"}}
            for name, (_, region) in modules.items()
        },
        "output": {name: {"value": f"${{module.{name}}}"} for name in modules},
    }
    work.write({"main.tf.json": main})
    work.init()
    return work


EXCLUSIVE = ("aws_iam_role_policies_exclusive", "aws_iam_role_policy_attachments_exclusive")


def planned(plan: Json, module: str = "", exclusive: Collection[str] = ()) -> Roles:
    """The roles that a plan makes, by what it knows before anything is made.

    Where roles are owned exclusively, all are, or those whose names begin with one of `exclusive`.
    """
    prefix = f"module.{module}" if module else ""
    values: dict[str, list[Json]] = {}
    for each in plan["resource_changes"]:
        if each.get("module_address", "") == prefix:
            assert each["change"]["actions"] == ["create"]
            values.setdefault(each["type"], []).append({**each["change"]["after"], "address": each["name"]})
    managed = {f"{p['address']}_policy": p for p in values.pop("aws_iam_policy", [])}
    owned = [values.pop(kind, []) for kind in EXCLUSIVE]
    roles: Roles = {}
    held = {p["role"]: (p["name"], p["path"]) for p in values.pop("aws_iam_instance_profile", [])}
    for role in values.pop("aws_iam_role"):
        policies = [p for p in values.get("aws_iam_role_policy", []) if p["role"] == role["name"]]
        attached = [a for a in values.get("aws_iam_role_policy_attachment", []) if a["role"] == role["name"]]
        own = [managed[a["address"]] for a in attached if "policy_arn" not in a]
        assert all(p["path"] == role["path"] for p in own)
        roles |= meaning.made(
            name=role["name"],
            path=role["path"],
            description=role["description"],
            trust=json.loads(role["assume_role_policy"]),
            policies={p["name"]: json.loads(p["policy"]) for p in policies},
            own={p["name"]: json.loads(p["policy"]) for p in own},
            managed=[a["policy_arn"] for a in attached if "policy_arn" in a],
            boundary=role["permissions_boundary"],
            duration=role["max_session_duration"],
            tags=role["tags"],
            profile=held.pop(role["name"], None),
        )
    assert not held
    made = len(values.pop("aws_iam_role_policy", [])) + len(values.pop("aws_iam_role_policy_attachment", []))
    assert made == sum(len(r.policies) + len(r.own) + len(r.managed_policy_arns) for r in roles.values())
    assert len(managed) == sum(len(role.own) for role in roles.values())
    for of_roles in owned:
        owners = {name for name in roles if not exclusive or name.partition("-")[0] in exclusive}
        assert not of_roles or {one["role_name"] for one in of_roles} == owners
    assert values.keys() <= {meaning.PROVIDERS}
    return roles


def providers(plan: Json, module: str = "") -> meaning.Providers:
    """The OIDC providers that a plan makes."""
    address = f"module.{module}" if module else ""
    made = (c for c in plan["resource_changes"] if c.get("module_address", "") == address)
    return dict(meaning.provider(c["change"]["after"]) for c in made if c["type"] == meaning.PROVIDERS)


def unknown(plan: Json) -> dict[str, set[str]]:
    """What a plan can't tell yet, by kind of resource."""
    found: dict[str, set[str]] = {}
    for each in plan["resource_changes"]:
        later = {name for name, is_ in each["change"]["after_unknown"].items() if is_}
        found.setdefault(each["type"], set()).update(later)
    return found


# ---------------------------------------------------------------- every case, as a module


@pytest.fixture(scope="module", params=VERSIONS)
def modules(terraform: Rig, request: pytest.FixtureRequest) -> Terraform:
    """Every case as a child module, with either major version of the provider."""
    stacks = {case: stack_of(case) for case in CASES}
    artifacts = {case: (emit(stack, "terraform"), known(stack)["aws_region"]) for case, stack in stacks.items()}
    return children(terraform, artifacts, version=request.param)


@pytest.fixture(scope="module")
def plan(modules: Terraform) -> Json:
    return modules.plan()


@pytest.fixture(scope="module")
def outputs(modules: Terraform, plan: Json) -> Json:
    assert plan["applyable"]
    modules.apply()
    return modules.outputs()


def test_modules_validate_without_a_word(modules: Terraform) -> None:
    assert modules.validate()["diagnostics"] == []


@pytest.mark.parametrize("case", CASES)
def test_planned_roles_are_the_models(plan: Json, case: str) -> None:
    stack = stack_of(case)
    assert planned(plan, case) == meaning.of_stack(stack, known(stack))
    assert providers(plan, case) == meaning.providers_of_stack(stack, known(stack))


def test_nothing_is_unknown_that_is_constant(plan: Json) -> None:
    told_by_aws = {"arn", "create_date", "id", "inline_policy", "managed_policy_arns", "name_prefix", "unique_id"}
    later = unknown(plan)
    assert later["aws_iam_role"] - told_by_aws == set()
    assert later["aws_iam_role_policy"] <= {"id", "name_prefix"}
    assert later["aws_iam_role_policy_attachment"] <= {"id", "policy_arn"}
    assert later["aws_iam_policy"] <= {"arn", "attachment_count", "id", "name_prefix", "policy_id", "tags_all"}
    assert later["aws_iam_role_policies_exclusive"] == set()
    assert later["aws_iam_role_policy_attachments_exclusive"] == {"policy_arns"}


@pytest.mark.parametrize("case", CASES)
def test_outputs_have_the_guides_names_and_the_models_values(outputs: Json, case: str) -> None:
    stack = stack_of(case)
    there = outputs[case]
    others = [o.name for o in stack.outputs if ROLES[o.role].aside]
    assert sorted(there) == sorted([*GUIDES_OUTPUTS, *others])
    assert there.pop("enabled_features") == dict(stack.intent.flags)
    summary = there.pop("role_summary")
    # An ARN is of the account that the role is made in, whatever the config calls its own.
    assert there == meaning.outputs_of_stack(stack, known(stack) | {"account_id": HERE["account_id"]})
    assert summary == {
        id_: {"arn": there[f"{role.output}_arn"], "name": there[f"{role.output}_name"], "purpose": role.purpose}
        if id_ in stack.roles
        else None
        for id_, role in ROLES.items()
        if role.output and (not role.aside or id_ in stack.roles)
    }


@pytest.mark.parametrize("case", CASES)
def test_whoever_takes_the_arn_of_a_role_waits_until_the_role_may_do_what_it_is_for(case: str) -> None:
    files = emit(stack_of(case), "terraform").files
    resources: Json = json.loads(files["main.tf.json"])["resource"]
    outputs: Json = json.loads(files["outputs.tf.json"])["output"]
    handed_on: set[str] = set()
    for name, output in outputs.items():
        value = json.dumps(output["value"])
        wanted = {
            f"{kind}.{id_}"
            for role in set(re.findall(r"aws_iam_(?:role|instance_profile)\.(\w+)(?=\S*\.arn\b| : )", value))
            for kind in ("aws_iam_role_policy", "aws_iam_role_policy_attachment")
            for id_, body in resources.get(kind, {}).items()
            if re.search(rf"aws_iam_role\.{role}\b", body["role"])
        }
        assert set(output.get("depends_on", ())) == wanted, name
        handed_on |= {name} if wanted else set()
    assert "role_summary" in handed_on


# ---------------------------------------------------------------- as a root

ADDRESSES = {
    "memos": {
        "aws_iam_role.execution",
        "aws_iam_role.task",
        "aws_iam_role_policy.efs",
        "aws_iam_role_policy.execution_ecr",
        "aws_iam_role_policy.execution_logs",
    },
    "minimal": {
        "aws_iam_role.execution",
        "aws_iam_role.task",
        "aws_iam_role_policy.execution_ecr",
        "aws_iam_role_policy.execution_logs",
    },
    "everything": {
        "aws_iam_role.execution",
        "aws_iam_role.github_actions",
        "aws_iam_role.task",
        "aws_iam_role_policy.cloudwatch",
        "aws_iam_role_policy.efs",
        "aws_iam_role_policy.exec",
        "aws_iam_role_policy.execution_ecr",
        "aws_iam_role_policy.execution_logs",
        "aws_iam_role_policy.execution_secrets",
        "aws_iam_role_policy.github_actions",
        "aws_iam_role_policy.s3",
    },
    "names": {
        "aws_iam_role.execution",
        "aws_iam_role.github_actions",
        "aws_iam_role.task",
        "aws_iam_role_policy.efs",
        "aws_iam_role_policy.execution_ecr",
        "aws_iam_role_policy.execution_logs",
        "aws_iam_role_policy.github_actions",
        'aws_iam_role_policy_attachment.execution["arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy"]',
        'aws_iam_role_policy_attachment.task["arn:aws:iam::123456789012:policy/teams/notes/shared"]',
        'aws_iam_role_policy_attachment.task["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]',
    },
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_as_a_root_it_validates_and_plans_the_addresses_that_are_promised(terraform: Rig, case: str) -> None:
    stack = stack_of(case)
    work = root(terraform, emit(stack, "terraform"))
    assert work.validate()["diagnostics"] == []
    plan = work.plan()
    assert actions(plan) == dict.fromkeys(ADDRESSES[case], ("create",))
    assert planned(plan) == meaning.of_stack(stack, known(stack))


def test_another_module_takes_what_it_hands_on(terraform: Rig) -> None:
    """The baseline module's usage: `module.iam.task_role_arn` goes into another resource's argument."""
    work = children(terraform, {"iam": (emit(stack_of("memos"), "terraform"), REGION)})
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b"}
    more = {
        "provider": f"aws.{REGION}",
        "name": "more",
        "role": "${module.iam.task_role_name}",
        "policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    }
    work.write({"more.tf.json": {"resource": {"aws_iam_role_policy": {"more": more}}}})
    state = work.apply()
    (made,) = state["values"]["root_module"]["resources"]
    assert made["values"]["role"] == "memos-dev-task-role"


# ---------------------------------------------------------------- changes

FLAGS: dict[str, set[str]] = {
    "enable_efs_access": {"aws_iam_role_policy.efs"},
    "enable_secrets_access": {"aws_iam_role_policy.execution_secrets"},
    "enable_s3_access": {"aws_iam_role_policy.s3"},
    "enable_cloudwatch_logs": {"aws_iam_role_policy.cloudwatch"},
    "enable_ecs_exec": {"aws_iam_role_policy.exec"},
    "enable_github_oidc": {"aws_iam_role.github_actions", "aws_iam_role_policy.github_actions"},
}
MANAGED = [f"arn:aws:iam::123456789012:policy/{name}" for name in ("a", "b")]


def everything(**changed: Any) -> Artifact:
    """Every flag on, account and region left open, and two policies attached."""
    values: dict[str, Any] = {
        "project_name": "memos",
        "environment": "dev",
        "efs_arn": f"arn:aws:elasticfilesystem:{REGION}:123456789012:file-system/fs-0a1b2c3d",
        "secrets_arns": [f"arn:aws:secretsmanager:{REGION}:123456789012:secret:memos/db-AbCdEf"],
        "s3_bucket_arns": ["arn:aws:s3:::memos-uploads"],
        "github_repo": "octo-org/memos",
        "task_managed_policy_arns": MANAGED,
    }
    values |= {**dict.fromkeys(FLAGS, True), **changed}
    return emit(build(Config(**values)), "terraform")


@pytest.fixture(scope="module")
def applied(terraform: Rig) -> Terraform:
    work = root(terraform, everything())
    work.apply()
    return work


def changes(work: Terraform, artifact: Artifact) -> dict[str, tuple[str, ...]]:
    """What applying other files would do, all that stays left out."""
    work.write(artifact.files)
    return {address: what for address, what in actions(work.plan()).items() if what != ("no-op",)}


def test_the_same_files_change_nothing(applied: Terraform) -> None:
    assert changes(applied, everything()) == {}


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_turned_off_takes_its_own_addresses_away_and_touches_no_other(applied: Terraform, flag: str) -> None:
    assert changes(applied, everything(**{flag: False})) == dict.fromkeys(FLAGS[flag], ("delete",))


def test_a_flag_turned_on_adds_its_own_addresses_and_touches_no_other(terraform: Rig) -> None:
    work = root(terraform, everything(**dict.fromkeys(FLAGS, False)))
    work.apply()
    expected = {address for addresses in FLAGS.values() for address in addresses}
    assert changes(work, everything()) == dict.fromkeys(expected, ("create",))


def test_a_managed_policy_taken_away_touches_no_other(applied: Terraform) -> None:
    detached = f'aws_iam_role_policy_attachment.task["{MANAGED[0]}"]'
    assert changes(applied, everything(task_managed_policy_arns=MANAGED[1:])) == {detached: ("delete",)}


def test_a_statement_more_changes_its_own_policy_in_place(applied: Terraform) -> None:
    more = everything(s3_bucket_arns=["arn:aws:s3:::memos-uploads", "arn:aws:s3:::memos-more"])
    assert changes(applied, more) == {"aws_iam_role_policy.s3": ("update",)}


# ---------------------------------------------------------------- texts


def evaluated(terraform: Rig, local_values: Mapping[str, Json]) -> Json:
    """What terraform makes of locals that may refer to our three data sources."""
    whole = {"all": {"value": {name: f"${{local.{name}}}" for name in local_values}, "sensitive": True}}
    main = {"data": SOURCES, "locals": local_values, "output": whole}
    work = terraform.workspace({"main.tf.json": main}, region=REGION)
    work.apply()
    return work.outputs()["all"]


def test_every_text_is_read_as_it_was_meant(terraform: Rig) -> None:
    by_hand = [
        Text.of("a$", PARTITION, "$$", AWS_REGION, "{x}$"),
        Text.of("$", ACCOUNT_ID, ACCOUNT_ID, "${$", PARTITION, "%", PARTITION, "%{$%", PARTITION),
        Text.of("{", PARTITION, "}", "${", PARTITION, "}", '"${upper("a")}\\"'),
    ]
    texts = by_hand + batch(strategies.texts(), 300)
    read = evaluated(terraform, {"texts": [render(text) for text in texts]})["texts"]
    assert dict(zip(texts, read, strict=True)) == {text: meaning.said(text, HERE) for text in texts}


def test_documents_of_any_stack_are_read_as_they_were_meant(terraform: Rig) -> None:
    """The locals of each stack and all of its roles' own texts, keys of objects too."""
    drawn = (stack for stack in batch(strategies.stacks(), 80) if unlike(stack) and not [*over(stack)])
    stacks = [evolve(stack, intent=Intent()) for stack in drawn]
    assert len(stacks) > 50
    written: dict[str, Json] = {}
    expected: dict[str, Json] = {}
    for i, stack in enumerate(stacks):
        main = json.loads(emit(stack, "terraform").files["main.tf.json"])
        written |= {f"s{i}_{name}": document for name, document in main["locals"].items()}
        for role in stack.roles.values():
            body = main["resource"]["aws_iam_role"][role.id]
            written[f"s{i}_{role.id}"] = {key: body.get(key) for key in ("name", "tags", "permissions_boundary")}
            expected |= {f"s{i}_{name}": value for name, value in said_by(role, HERE).items()}
    assert any("${" in text for text in map(json.dumps, expected.values()))
    read = evaluated(terraform, written)
    assert read.keys() == expected.keys()
    for name, document in expected.items():
        assert read[name] == document


def unlike(stack: Stack) -> bool:
    """Whether its policies can be told apart by their ids, as those of every config can."""
    ids = [policy for role in stack.roles.values() for policy in role.policies]
    return len(ids) == len(set(ids))


def said_by(role: Role, where: Known) -> dict[str, Json]:
    """What the module's locals have to say of a role, in the order of the model."""

    def said(text: Text) -> str:
        return meaning.said(text, where)

    boundary = role.permissions_boundary
    attached = {f"{role.id}_managed_policy_arns": [said(arn) for arn in role.managed_policy_arns]}
    return {
        f"{role.id}_trust": policy_to_data(role.trust, said),
        **{f"{p.id}_policy": policy_to_data(p.document, said) for p in role.policies.values()},
        **(attached if role.managed_policy_arns else {}),
        role.id: {
            "name": said(role.name),
            "tags": {key: said(value) for key, value in role.tags},
            "permissions_boundary": None if boundary is None else said(boundary),
        },
    }


def test_roles_of_any_config_are_planned_as_the_model_has_them(terraform: Rig) -> None:
    """Configs as Hypothesis chooses them, each a module, with what they leave open filled in by data sources."""
    stacks = {f"m{i}": build(Config(**config)) for i, config in enumerate(batch(strategies.emittable(), 30))}
    work = children(terraform, {name: (emit(stack, "terraform"), REGION) for name, stack in stacks.items()})
    assert work.validate()["diagnostics"] == []
    plan = work.plan()
    for name, stack in stacks.items():
        where = {**HERE, **stack.deployment.home.known}
        assert planned(plan, name) == meaning.of_stack(stack, where)
        assert providers(plan, name) == meaning.providers_of_stack(stack, where)


def test_attached_policies_may_be_named_by_references_and_awkward_texts(terraform: Rig) -> None:
    arns = [
        Text.of("arn:", PARTITION, ":iam::aws:policy/job-function/ReadOnly"),
        Text.of("arn:aws:iam::", ACCOUNT_ID, ':policy/${aws:username}%{"\\'),
    ]
    stack = stack_of("minimal")
    roles = [evolve(role, managed_policy_arns=arns if role.id == "task" else ()) for role in stack.roles.values()]
    stack = evolve(stack, roles=roles)
    plan = root(terraform, emit(stack, "terraform")).plan()
    assert planned(plan) == meaning.of_stack(stack, HERE)


@pytest.mark.parametrize(
    ("managed", "says"),
    [
        (("execution", "task"), "two resources would have the address `aws_iam_policy.efs`"),
        ((), "two resources would have the address `aws_iam_role_policy.efs`"),
        (("task",), "two documents would be the local value `efs_policy`"),
    ],
)
def test_two_policies_with_one_id_are_refused(managed: tuple[str, ...], says: str) -> None:
    stack = stack_of("memos")
    efs = stack.roles["task"].policies["efs"].document
    roles = [evolve(r, policies=[RolePolicy("efs", "x", efs, managed=r.id in managed)]) for r in stack.roles.values()]
    with pytest.raises(EmitError, match=re.escape(says)):
        emit(evolve(stack, roles=roles), "terraform")


# ---------------------------------------------------------------- characters that HCL takes in a way of its own

PIECES = (
    *("$", "%", "{", "}", "~", "$${", "%%{", "${", "%{", "\\", '"', "'", "#", "//", "/*", "<<EOT"),
    *("\r", "\n", "\r\n", "\t", "\0", "\x0b", "\x0c", "\x1b", "\x7f", "\x85", "\u00a0", "\u2028", "\ufeff"),
    *("a", "é", "😀", "{a}", "upper(1)"),
)


def test_every_text_of_awkward_characters_is_read_as_it_was_meant(terraform: Rig) -> None:
    """As a value, as the key of an object, around a reference and inside an expression; some thousand of each."""
    draw = random.Random(5)

    def awkward(most: int) -> str:
        return "".join(draw.choices(PIECES, k=draw.randint(0, most)))

    plain = ["\r$${", "\r\\$${#%%{", "\ufeff", "$\r", "%\r{", "a\r${b}%{c}", *(awkward(7) for _ in range(1500))]
    around = [(awkward(4), awkward(4)) for _ in range(1500)]
    texts = [Text.of(before, Ref("x", parameter=True), after) for before, after in around]
    read = terraform.evaluate(
        {
            "values": [escape(text) for text in plain],
            "expressions": [f"${{{quoted(text)}}}" for text in plain],
            "keys": [{escape(text): 1} for text in plain],
            "around": [render(text) for text in texts],
        },
        {"x": "val"},
    )
    assert read["values"] == plain
    assert read["expressions"] == plain
    assert [list(one) for one in read["keys"]] == [[text] for text in plain]
    assert read["around"] == [f"{before}val{after}" for before, after in around]


@pytest.mark.parametrize("text", ["e\u0301", "x\u212b", "\u1100\u1161"])
def test_what_terraform_would_make_other_characters_of_is_refused(text: str) -> None:
    """It puts all of its strings into normal form C, and IAM compares characters."""
    stack = stack_of("minimal")
    statement = Statement("Allow", "s3:GetObject", f"arn:aws:s3:::b/{text}", as_is=True)
    condition = {"StringEquals": {f"aws:PrincipalTag/{text}": "x"}}
    keyed = Statement("Allow", "s3:GetObject", "*", conditions=condition, as_is=True)
    for one in (statement, keyed):
        roles = [evolve(r, policies=[RolePolicy("p", "p", Policy(one, as_is=True))]) for r in stack.roles.values()]
        with pytest.raises(EmitError, match="would make other characters"):
            documents(evolve(stack, roles=roles[:1]))


def test_a_mark_after_a_reference_is_refused() -> None:
    stack = stack_of("minimal")
    roles = [evolve(r, description=Text.of("of ", AWS_REGION, "\u0301")) for r in stack.roles.values()]
    with pytest.raises(EmitError, match="would make other characters"):
        documents(evolve(stack, roles=roles))
