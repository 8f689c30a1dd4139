"""Managed policies that are too large are divided: what they grant stays, and so does where it stands.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import EmitError, Parameter, Policy, Stack, Statement, build, emit, equivalent, prove
from ecsiam.model.each import Each
from ecsiam.model.names import ended
from ecsiam.model.planned import planned
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.several import apart, services
from ecsiam.model.statement import AllBut
from ecsiam.model.text import PARTITION, Text, text

from . import meaning
from .cases import CASES, REFUSED, bound, config_of, known
from .effort import many
from .meaning import HERE
from .terraform.rig import Rig
from .test_cloudformation import findings
from .test_sizes import HOME, granted, objects
from .written import config

Atoms = set[tuple[object, ...]]
TRUST = build(config(**HOME)).roles["task"].trust


def built(**keys: Any) -> Stack:
    return build(config(**{**HOME, "policies": "managed", **keys}))


def role_of(*statements: Statement, attached: int = 0, **more: Any) -> Role:
    own = RolePolicy("own", "own", Policy(statements), managed=True)
    arns = [f"arn:aws:iam::123456789012:policy/p{i}" for i in range(attached)]
    return Role("r", "r", TRUST, [own], managed_policy_arns=arns, **more)


def divided(*statements: Statement, attached: int = 0) -> dict[str, Policy]:
    (role,) = planned(Stack([role_of(*statements, attached=attached)])).roles.values()
    return {p.id: p.document for p in role.policies.values()}


def atoms(policies: "list[Policy]") -> Atoms:
    """What policies say, action by action and resource by resource; what names all but some is one."""
    found: Atoms = set()
    for s in (s for p in policies for s in p.statements):
        actions = [s.actions] if isinstance(s.actions, AllBut) else list(s.actions.items)
        resources: list[object] = [s.resources]
        if s.resources is not None and not isinstance(s.resources, AllBut):
            resources = list(s.resources.items)
        found |= {(s.effect, str(a), str(r), s.conditions, s.sid) for a in actions for r in resources}
    return found


def size(policy: Policy) -> int:
    """As IAM counts it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    compact = json.dumps(policy.to_dict(), separators=(",", ":"), ensure_ascii=False)
    return sum(not c.isspace() for c in compact)


# ---------------------------------------------------------------- any statements

_ARNS = st.integers(0, 400).map(lambda i: f"arn:aws:s3:::bucket-{i}-{'x' * (i % 90)}/*")
_ACTIONS = st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "sqs:SendMessage", "s3:List*"])
_WHERE = st.sampled_from([{}, {"Bool": {"aws:SecureTransport": "true"}}, {"StringEquals": {"aws:PrincipalTag/t": "a"}}])


def statements() -> st.SearchStrategy[Statement]:
    some = st.sets(_ARNS, min_size=1, max_size=90).map(sorted)
    all_but = st.sets(_ARNS, min_size=1, max_size=3).map(lambda arns: AllBut(tuple(map(text, sorted(arns)))))
    return st.builds(
        Statement,
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sets(_ACTIONS, min_size=1).map(sorted),
        some | some | all_but,
        conditions=_WHERE,
    )


ANY = st.lists(statements(), min_size=1, max_size=8)


@given(ANY)
@settings(max_examples=many(60))
def test_what_is_divided_says_the_same_and_fits(given: list[Statement]) -> None:
    found = divided(*given)
    assert atoms(list(found.values())) == atoms([Policy(given)])
    assert all(size(policy) <= 6_144 for policy in found.values())
    assert len(found) == 1 or size(Policy(given)) > 6_144
    again = divided(*given)
    assert again == found, "nothing is drawn"
    assert planned(planned(Stack([role_of(*given)]))).roles == planned(Stack([role_of(*given)])).roles


@given(ANY, _ARNS, st.integers(0, 7))
@settings(max_examples=many(60))
def test_one_more_arn_changes_one_policy(given: list[Statement], arn: str, at: int) -> None:
    grows = given[at % len(given)]
    if isinstance(grows.resources, AllBut) or grows.resources is None:
        return
    grown = evolve(grows, resources=sorted({*map(str, grows.resources.items), arn}))
    before, after = divided(*given), divided(*[grown if s is grows else s for s in given])
    changed = {id_ for id_ in before if before[id_] != after.get(id_)}
    new = after.keys() - before.keys()
    assert len(changed) <= 1
    assert not new or changed, "there is a new one only where one was full"
    if changed:  # what it held is where it was, or in a new one
        (one,) = changed
        moved = [after[id_] for id_ in {one, *new} & after.keys()]
        assert atoms([before[one]]) <= atoms(moved)


@given(st.lists(statements(), min_size=3, max_size=6))
@settings(max_examples=many(20))
def test_analysis_finds_the_whole_and_its_parts_equivalent(given: list[Statement]) -> None:
    whole = role_of(*given)
    (role,) = planned(Stack([whole])).roles.values()
    assert equivalent(role, whole)


# ---------------------------------------------------------------- examples

ONE = Statement("Allow", "s3:GetObject", objects(300))


def test_a_statement_that_is_too_large_by_itself_is_divided_by_its_resources() -> None:
    found = divided(ONE, Statement("Allow", "sqs:SendMessage", "arn:aws:sqs:eu-west-2:123456789012:q"))
    assert len(found) > 4
    assert {str(a) for p in found.values() for s in p.statements for a in s.actions.items} == {
        "s3:GetObject",
        "sqs:SendMessage",
    }


def test_and_by_its_actions_where_it_has_one_resource() -> None:
    actions = [f"s3:GetSomethingThatIsCalledNumber{i}" for i in range(300)]
    found = divided(Statement("Allow", actions, "*"))
    assert len(found) == 2
    assert atoms(list(found.values())) == atoms([Policy(Statement("Allow", actions, "*"))])


def test_what_fills_more_policies_than_the_account_takes_is_packed_tightly() -> None:
    """Seven such lists are 97 in a hundred of ten policies: halves would be more than ten."""
    statement = Statement("Allow", "s3:GetObject", objects(700, length=55))
    assert size(Policy(statement)) > 6_144 * 9
    found = divided(statement)
    assert len(found) == 10
    assert all(size(policy) <= 6_144 for policy in found.values())
    assert atoms(list(found.values())) == atoms([Policy(statement)])


def test_what_is_attached_takes_room_too() -> None:
    statement = Statement("Allow", "s3:GetObject", objects(300))
    assert len(divided(statement, attached=5)) <= len(divided(statement))


def test_more_than_fits_is_refused_with_what_takes_the_room() -> None:
    stack = built(
        task_statements=[granted("s3:GetObject", objects(1_700))],
        enable_s3_access=True,
        s3_bucket_arns=["arn:aws:s3:::memos"],
    )
    with pytest.raises(EmitError) as caught:
        emit(stack, "terraform")
    (fault,) = caught.value.faults
    assert fault.message.startswith("the task role: 2")
    assert "managed policies, and IAM takes 20: 2" in fault.message
    assert fault.message.endswith("of `task_statements`, 1 of `s3`")


def test_the_remedy_of_what_is_over_inline_works() -> None:
    keys: dict[str, Any] = {"task_statements": [granted("s3:GetObject", objects(140))]}
    with pytest.raises(EmitError, match="Write `policies: managed`"):
        emit(built(policies="inline", **keys), "terraform")
    assert emit(built(**keys), "terraform").files
    answers = prove(built(**keys), only=["limits"])
    assert answers["limits"]


def test_a_policy_that_may_be_nothing_stays_with_one_that_is_there() -> None:
    """Where a list parameter is empty its statement goes: a policy of it alone would be none."""
    given = [Statement("Allow", "s3:GetObject", objects(120)), Statement("Allow", "s3:ListBucket", objects(100))]
    loose = Statement("Allow", "kms:Decrypt", [Each("keys", "all")])
    found = divided(*given, loose)
    assert len(found) > 1
    for policy in found.values():
        assert any(not s.may_vanish for s in policy.statements)
    mixed = Statement("Allow", "s3:GetObject", [*objects(120), Each("more", "all")])
    for policy in divided(mixed).values():
        assert not any(s.may_vanish for s in policy.statements)


def test_what_is_open_is_divided_by_what_is_known_and_noted() -> None:
    stack = built(
        enable_s3_access=True,
        s3_bucket_arns=Parameter("buckets"),
        task_statements=[granted("s3:GetObject", objects(140))],
    )
    assert {note.rule for note in stack.notes} >= {"size-open"}
    assert len(planned(stack).roles["task"].policies) > 3
    assert planned(stack.bind({"buckets": objects(300)})).roles["task"].policies.keys() > {"s3", "s3_r1"}


def test_a_stack_with_inline_policies_is_left_as_it_is() -> None:
    stack = built(policies="inline", enable_s3_access=True, s3_bucket_arns=objects(10))
    assert planned(stack) is stack


def test_the_names_of_parts_fit_and_differ() -> None:
    stack = built(
        enable_s3_access=True,
        s3_bucket_arns=objects(300),
        policy_names={"s3": "x" * 128},
        enable_ecs_exec=True,
    )
    names = [str(p.name) for p in planned(stack).roles["task"].policies.values()]
    assert len({name.lower() for name in names}) == len(names) > 4
    assert "x" * 128 in names
    assert max(map(len, names)) == 128


# ---------------------------------------------------------------- names

LONG = "a-project-whose-name-says-all-that-there-is-to-be-said-of-it"


def test_a_name_that_is_too_long_is_cut_and_told_apart() -> None:
    one, other = (build(config(**HOME, project_name=LONG, environment=e)) for e in ("europe", "europe-2"))
    names = [str(role.name) for stack in (one, other) for role in stack.roles.values()]
    assert all(len(name) <= 64 for name in names)
    assert len(set(names)) == 4
    assert all(name.startswith("a-project-whose-name-says") for name in names)
    assert [name.endswith(("-execution-role", "-task-role")) for name in names] == [True] * 4


def test_a_name_hangs_on_nothing_but_itself() -> None:
    little, more = (
        build(config(**HOME, project_name=LONG, environment="europe", **keys))
        for keys in (
            {},
            {
                "enable_ecs_exec": True,
                "enable_github_oidc": True,
                "github_repo": "a/b",
                "github_subject_format": "classic",
            },
        )
    )
    assert {r.id: r.name for r in little.roles.values()}.items() <= {r.id: r.name for r in more.roles.values()}.items()
    task = more.roles["task"].name
    passed = [
        str(t) for s in more.roles["github_actions"].policies["github_actions"].document.statements for t in s.texts()
    ]
    assert any(one.endswith(f":role/{task}") for one in passed)


@pytest.mark.parametrize(
    ("begins", "most", "expected"),
    [
        ("memos-dev", 64, "memos-dev-task-role"),
        ("x" * 54, 64, f"{'x' * 54}-task-role"),
        ("x" * 55, 64, f"{'x' * 45}-"),
        ("a-b-c", 12, "a-"),
    ],
)
def test_names_are_cut_only_where_they_have_to_be(begins: str, most: int, expected: str) -> None:
    name = str(ended(text(begins), "-task-role", max(most, 21)))
    assert name.startswith(expected[: most - 19])
    assert name.endswith("-task-role")
    assert ended(Text.of("x" * 80, PARTITION), "-y", 10) == Text.of("x" * 80, PARTITION, "-y"), "what is open stays"


def test_services_that_stand_together_have_managed_policies_of_different_names() -> None:
    keys: dict[str, Any] = {**HOME, "environment": "dev", "role_names": {"execution": "e", "task": "t"}}
    one = build(config(**keys, project_name="memos", policy_names={"execution_ecr": "pull"}, policies="managed"))
    other = build(
        config(
            **HOME, environment="dev", project_name="api", policy_names={"execution_ecr": "Pull"}, policies="managed"
        )
    )
    assert [f.message for f in apart(services([one, other]))] == [
        "`memos` and `api` both have a managed policy called `Pull`"
    ]
    inline = build(config(**HOME, environment="dev", project_name="api", policy_names={"execution_ecr": "Pull"}))
    assert list(apart(services([one, inline]))) == []


# ---------------------------------------------------------------- in every target


@given(st.integers(1, 160), st.booleans())
@settings(max_examples=many(8))
def test_every_target_means_the_same(count: int, exclusive: bool) -> None:
    stack = built(
        enable_s3_access=True,
        s3_bucket_arns=objects(count),
        exclusive=exclusive,
        task_managed_policy_arns=["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"],
    )
    where = {**HERE, **stack.deployment.home.known}
    expected = meaning.of_stack(stack, where)
    assert meaning.of_terraform(emit(stack, "terraform"), where) == expected
    assert meaning.of_cloudformation(emit(stack, "cloudformation"), where) == expected
    assert meaning.of_iam(emit(stack, "iam")) == expected


def test_only_terraform_takes_ownership_and_a_note_says_so() -> None:
    stack, plain = (built(exclusive=exclusive, enable_ecs_exec=True) for exclusive in (True, False))
    assert [n.rule for n in stack.notes if n not in plain.notes] == ["exclusive-terraform"]
    assert emit(stack, "cloudformation").files == emit(plain, "cloudformation").files
    assert emit(stack, "iam").files == emit(plain, "iam").files
    assert "_exclusive" in emit(stack, "terraform").document
    assert "_exclusive" not in emit(plain, "terraform").document


@pytest.mark.parametrize("case", CASES)
def test_every_case_means_the_same_with_managed_policies(case: str) -> None:
    stack = build(config_of(case).model_copy(update={"policies": "managed", "exclusive": True}))
    where = known(stack)
    expected = meaning.of_stack(stack, where)
    assert any(role.own for role in expected.values())
    assert meaning.of_terraform(emit(stack, "terraform"), where) == expected
    if (case, "cloudformation") not in REFUSED:
        assert meaning.of_cloudformation(emit(stack, "cloudformation"), where) == expected
    assert meaning.of_iam(emit(bound(stack), "iam")) == meaning.of_stack(bound(stack), where)


# ---------------------------------------------------------------- flags that deployment decides


def test_a_policy_is_there_while_its_flag_and_its_roles_are_on() -> None:
    stack = built(
        enable_s3_access=Parameter("s3"),
        s3_bucket_arns=objects(140),
        enable_github_oidc=Parameter("deploys"),
        github_repo="octo-org/memos",
        github_subject_format="classic",
        exclusive=True,
    )
    deployer = stack.roles["github_actions"]
    (policy,) = deployer.policies.values()
    deployer = evolve(deployer, policies=[evolve(policy, when="s3")])
    stack = evolve(stack, roles=[stack.roles["execution"], stack.roles["task"], deployer])

    template = json.loads(emit(stack, "cloudformation").document)
    assert findings(json.dumps(template)) == {}
    conditions = {id_: r.get("Condition") for id_, r in template["Resources"].items()}
    assert conditions["S3Policy"] == conditions["S3R1Policy"] == "S3IsOn"
    assert conditions["GithubActionsPolicy"] == "DeploysIsOnAndS3IsOn"
    assert template["Conditions"]["DeploysIsOnAndS3IsOn"] == {
        "Fn::And": [{"Condition": "DeploysIsOn"}, {"Condition": "S3IsOn"}]
    }
    attached = template["Resources"]["TaskRole"]["Properties"]["ManagedPolicyArns"]
    assert {"Fn::If": ["S3IsOn", {"Ref": "S3R1Policy"}, {"Ref": "AWS::NoValue"}]} in attached

    main = json.loads(emit(stack, "terraform").files["main.tf.json"])["resource"]
    assert main["aws_iam_policy"]["s3_r1"]["count"] == "${var.s3 ? 1 : 0}"
    assert main["aws_iam_role_policy_attachment"]["s3_r1_policy"]["policy_arn"] == "${aws_iam_policy.s3_r1[0].arn}"
    assert main["aws_iam_policy"]["github_actions"]["count"] == "${var.deploys && var.s3 ? 1 : 0}"
    for kind in ("aws_iam_role_policies_exclusive", "aws_iam_role_policy_attachments_exclusive"):
        assert main[kind]["github_actions"]["count"] == "${var.deploys ? 1 : 0}"


@pytest.mark.parametrize("s3", [True, False])
@pytest.mark.parametrize("deploys", [True, False])
def test_terraform_makes_those_that_are_on(terraform: Rig, s3: bool, deploys: bool) -> None:
    stack = built(
        enable_s3_access=Parameter("s3"),
        s3_bucket_arns=objects(140),
        enable_github_oidc=Parameter("deploys"),
        github_repo="octo-org/memos",
        github_subject_format="classic",
        exclusive=True,
        task_managed_policy_arns=["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"],
    )
    work = terraform.workspace({path: json.loads(text) for path, text in emit(stack, "terraform").files.items()})
    assert work.validate()["diagnostics"] == []
    values = work.apply({"s3": s3, "deploys": deploys})["values"]["root_module"]["resources"]
    made = {r["address"]: r["values"] for r in values}
    owned = made["aws_iam_role_policy_attachments_exclusive.task"]["policy_arns"]
    parts = [p.id for p in planned(stack).roles["task"].policies.values() if p.when]
    assert len(parts) > 1
    assert sorted(owned) == sorted(
        [
            "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
            *(made[f"aws_iam_policy.{part}[0]"]["arn"] for part in parts if s3),
        ]
    )
    assert ("aws_iam_policy.github_actions[0]" in made) == deploys
    assert made["aws_iam_role_policies_exclusive.task"]["policy_names"] == []
