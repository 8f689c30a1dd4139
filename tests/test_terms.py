"""On what terms something is allowed: `when` and `unless` are true of the whole answer."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import Fails, Holds, Policy, Request, Role, Statement, can
from ecsiam.analysis.asked import unasked
from ecsiam.analysis.questions import requests_of
from ecsiam.analysis.requests import Requests, query
from ecsiam.analysis.terms import Terms
from ecsiam.model.condition import Block
from ecsiam.model.principal import Principal
from ecsiam.model.role import RolePolicy
from ecsiam.model.text import text

from .asking import allow, aws, both, but, deny, no, trust

BUCKET = "arn:aws:s3:::memos"
OBJECTS = f"{BUCKET}/*"
PLAIN: Block = {"Bool": {"aws:SecureTransport": "false"}}
NO_MFA: Block = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}


def holds(policy: Policy | Role, action: str | list[str], resource: str | list[str] = "*") -> Holds:
    answer = can(policy, action=action, resource=resource)
    assert isinstance(answer, Holds), answer
    return answer


def said(some: tuple[Terms, ...]) -> list[str]:
    return [str(one) for one in some]


def test_one_statement_is_one_alternative() -> None:
    answer = holds(allow("s3:GetObject", OBJECTS, {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), "s3:GetObject")
    (one,) = answer.when
    assert (one.actions, one.resources, one.words) == (
        ("s3:GetObject",),
        (OBJECTS,),
        "`aws:SourceIp` is in `10.0.0.0/8`",
    )
    assert str(one) == f"s3:GetObject on {OBJECTS}: when `aws:SourceIp` is in `10.0.0.0/8`"
    assert answer.unless == ()


def test_what_grants_all_that_was_asked_needs_no_terms() -> None:
    assert holds(both(allow("s3:*"), allow("s3:GetObject", when=PLAIN)), "s3:Get*").when == ()
    assert holds(allow(["s3:GetObject", "s3:PutObject"]), ["s3:PutObject", "s3:GetObject"]).when == ()


def test_denials_of_two_other_actions_say_which() -> None:
    policy = both(allow("s3:*"), deny("s3:DeleteObject", when=NO_MFA), deny("s3:PutObject", when=PLAIN))
    answer = holds(policy, "s3:*")
    assert said(answer.unless) == [
        "s3:DeleteObject on *: when `aws:MultiFactorAuthPresent` is `false`",
        "s3:PutObject on *: when `aws:SecureTransport` is `false`",
    ]
    assert holds(policy, "s3:GetObject").unless == ()
    assert said(holds(policy, "s3:PutObject").unless) == ["s3:PutObject on *: when `aws:SecureTransport` is `false`"]


def test_a_denial_of_one_action_of_several_is_not_empty() -> None:
    answer = holds(both(allow("s3:*"), deny("s3:DeleteBucket")), "s3:*")
    assert said(answer.unless) == ["s3:DeleteBucket on *, whatever the context"]


def test_a_denial_of_what_is_not_granted_is_no_term() -> None:
    policy = both(allow("s3:GetObject", OBJECTS), deny("s3:GetObject", "arn:aws:s3:::other/*"), deny("s3:PutObject"))
    assert holds(policy, "s3:*").unless == ()


def test_an_alternative_that_needs_nothing_says_so() -> None:
    policy = both(allow("s3:GetObject", OBJECTS), allow("s3:PutObject", OBJECTS, PLAIN))
    assert said(holds(policy, "s3:*Object").when) == [
        f"s3:GetObject on {OBJECTS}, whatever the context",
        f"s3:PutObject on {OBJECTS}: when `aws:SecureTransport` is `false`",
    ]


def test_what_is_left_out_is_said() -> None:
    policy = both(
        Policy(Statement("Allow", no("s3:Delete*", "ec2:*"), but(f"{BUCKET}/secret/*", "arn:aws:s3:::other"))),  # type: ignore[arg-type]
    )
    (one,) = holds(policy, "s3:*Object", OBJECTS).when
    assert (one.actions, one.not_actions) == (("s3:*Object",), ("s3:Delete*",))
    assert (one.resources, one.not_resources) == ((OBJECTS,), (f"{BUCKET}/secret/*",))
    assert str(one) == f"s3:*Object but not s3:Delete* on {OBJECTS} but not {BUCKET}/secret/*, whatever the context"


def test_a_trust_has_no_resource() -> None:
    answer = holds(trust(aws("arn:aws:iam::123456789012:role/x"), when=PLAIN), "sts:AssumeRole")
    assert said(answer.when) == [
        "sts:AssumeRole: when `aws:SecureTransport` is `false` and who asks is `AWS:arn:aws:iam::123456789012:role/x`"
    ]


def test_a_boundary_has_to_be_met_as_well() -> None:
    def bounded(by: str) -> Role:
        own = RolePolicy("own", text("own"), both(allow("iam:PassRole", when=PLAIN), allow("ecs:*", OBJECTS)))
        service = trust(Principal("Service", "ecs-tasks.amazonaws.com"))
        return Role("task", text("memos"), service, [own], permissions_boundary=text(f"arn:aws:iam::aws:policy/{by}"))

    assert said(holds(bounded("AdministratorAccess"), "iam:PassRole").when) == [
        "iam:PassRole on *: when `aws:SecureTransport` is `false`"
    ]
    within = holds(bounded("AmazonECS_FullAccess"), "iam:*").when
    assert len(within) == 4
    for one in within:
        assert str(one).startswith(
            "iam:PassRole on *: when `aws:SecureTransport` is `false` and, within the boundary, "
        )
        assert "iam:PassedToService" in one.needs


# --- the law ---------------------------------------------------------------------------------------------------------

ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:ListAllMyBuckets")
PATTERNS = (*ACTIONS, "s3:*", "s3:*Object", "s3:Get*", "*", "s3:List*")
RESOURCES = (f"{BUCKET}/a", f"{BUCKET}/secret/a", "arn:aws:s3:::other/a", BUCKET, "*")
WRITTEN = ("*", OBJECTS, f"{BUCKET}/secret/*", BUCKET, "arn:aws:s3:::other/*", f"{BUCKET}*", "arn:aws:s3:::*/a")
CONTEXTS: tuple[dict[str, str], ...] = (
    {},
    {"aws:SecureTransport": "false"},
    {"aws:MultiFactorAuthPresent": "false"},
    {"aws:SecureTransport": "false", "aws:MultiFactorAuthPresent": "false"},
)
names = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2, unique=True)
places = st.lists(st.sampled_from(WRITTEN), min_size=1, max_size=2, unique=True)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    def one(effect: str) -> Policy:
        chosen = draw(names)
        actions = no(*chosen) if draw(st.integers(0, 3)) == 0 else chosen
        resources = draw(places)
        written = but(*resources) if draw(st.integers(0, 3)) == 0 else resources
        when = draw(st.sampled_from([None, PLAIN, NO_MFA]))
        return (allow if effect == "Allow" else deny)(actions, written, when)

    return both(*map(one, draw(st.lists(st.sampled_from(["Allow", "Allow", "Deny"]), min_size=1, max_size=4))))


def taken(terms: Terms) -> Requests:
    """The requests that terms speak of: of these actions and resources, where the statement's conditions hold."""
    s = terms.statement
    taken = query(terms.actions, terms.resources, conditions=s.conditions)
    if terms.not_actions:
        taken -= query(terms.not_actions, "*")
    if terms.not_resources:
        taken -= query("*", terms.not_resources)
    return taken


@settings(max_examples=150, deadline=None)
@given(policy=policies(), action=names, resource=places)
def test_what_is_allowed_is_what_the_terms_say(policy: Policy, action: list[str], resource: list[str]) -> None:
    answer = can(policy, action=action, resource=resource)
    assert isinstance(answer, Holds | Fails)
    when = [taken(one) for one in answer.when] if isinstance(answer, Holds) else []
    unless = [taken(one) for one in answer.unless] if isinstance(answer, Holds) else []
    allowed, asked = requests_of(policy), query(action, resource)
    for request in (Request(a, r, None, c) for a in ACTIONS for r in RESOURCES for c in CONTEXTS):
        if request in asked and not unasked(request):
            granted = isinstance(answer, Holds) and (not when or any(request in one for one in when))
            said = granted and not any(request in one for one in unless)
            assert said == (request in allowed), request
