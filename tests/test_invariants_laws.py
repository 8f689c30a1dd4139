"""The invariants over whole configs: nothing fails that was not asked for, and what fails shows why."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecsiam import Answer, Config, Fails, Holds, Stack, Undecided, build
from ecsiam.invariants import INVARIANTS, prove
from ecsiam.invariants.prefixes import is_pattern
from ecsiam.model import arn_forms
from ecsiam.model.arn import partition_of
from ecsiam.model.each import RULES
from ecsiam.model.globs import overlap
from ecsiam.model.text import text
from ecsiam.reference.actions import date

from .effort import many
from .intent import given_to, resources_given_to
from .replayed import put_to_the_test, shown
from .strategies import IN_ORDER, Kwargs, bindings, configs, of

ROLES = ("execution", "task", "github_actions")
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
SOME = settings(max_examples=many(120), deadline=None, suppress_health_check=SLOW)
FEW = settings(SOME, max_examples=many(40))
ATTACHED = (
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly",
    "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
)


@frozen
class Raw:
    """A statement that a user may write, and what is to be said of it: that it passes roles, climbs, is on `*`, ...

    `far` says that it reaches beyond any home, `near` that it does not; else it depends on the home. `others` says that
    it reaches what other prefixes build, `of_ecs` that ECS does it with an execution role.
    """

    statement: Mapping[str, Any]
    passes: bool = False
    climbs: bool = False
    wide: bool = False
    void: bool = False
    unknown: bool = False
    far: bool = False
    near: bool = False
    others: bool = False
    of_ecs: bool = False


def granted(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


SECURE = {"Bool": {"aws:SecureTransport": "true"}}
ANYTHING = {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}
QUEUE = "arn:aws:sqs:us-east-1:111122223333:q"
ALLOWS = (
    Raw(granted("s3:GetObject", "arn:aws:s3:::buckets-of-others/*"), far=True, of_ecs=True),
    Raw(granted(["s3:Get*", "s3:List*"], ["arn:aws:s3:::b", "arn:aws:s3:::b/x*"], Condition=SECURE)),
    Raw(granted("sqs:SendMessage", QUEUE)),
    Raw(granted("ec2:DescribeInstances", "*"), near=True),
    Raw(granted("ecr:GetAuthorizationToken", "*"), near=True, of_ecs=True),
    Raw(granted("logs:PutLogEvents", "*"), wide=True, far=True, others=True, of_ecs=True),
    Raw(granted("sqs:*", "*", Condition=SECURE), wide=True, climbs=True, far=True),
    Raw(granted("iam:PassRole", "*"), passes=True, wide=True, far=True, others=True),
    Raw(granted("iam:GetRole", "arn:aws:iam::111122223333:role/x")),
    Raw(granted("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/x"), climbs=True),
    Raw(granted("sts:AssumeRole", "arn:aws:iam::111122223333:role/x"), climbs=True),
    Raw(granted("*", "*"), passes=True, climbs=True, wide=True, far=True, others=True),
    Raw(ANYTHING, passes=True, climbs=True, wide=True, far=True, others=True),
    Raw(granted(["s3:GetObject", "s3:ListBucket"], "arn:aws:s3:::b"), void=True),
    Raw(granted("kms:Decrypt", "arn:aws:secretsmanager:us-east-1:111122223333:secret:x/*"), void=True),
    Raw(granted("s3:NotYetThere", "*"), unknown=True, far=True),
)
DENIALS = (
    {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    {"Effect": "Deny", "Action": ["iam:*", "sts:*"], "Resource": "*"},
    {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::b/*"},
    {
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "arn:aws:s3:::*",
        "Condition": {"Null": {"aws:PrincipalArn": "false"}},
    },
)


@frozen
class Asked:
    """A config, the raw statements that are in it by role, and what is denied there."""

    kwargs: Kwargs
    raw: Mapping[str, tuple[Raw, ...]]
    denied: Mapping[str, bool]
    attached: Mapping[str, tuple[str, ...]]

    @property
    def config(self) -> Config:
        return Config(**self.kwargs)

    def roles(self, what: str) -> set[str]:
        """The roles with a raw statement that is so."""
        return {role for role, some in self.raw.items() if any(getattr(one, what) for one in some)}

    def of_partition_aws(self) -> set[str]:
        """The roles with a raw statement on ARNs of the partition `aws`: in another one there is nothing there."""
        return {role for role, some in self.raw.items() if any("arn:aws:" in str(one.statement) for one in some)}


def plain(kwargs: Kwargs) -> Kwargs:
    """Without a boundary, and without policy variables, which no key may stand behind: their names stand there."""
    buckets = [re.sub(r"\$\{([^{}]*)\}", r"\1", arn) for arn in kwargs.get("s3_bucket_arns") or ()]
    return {**kwargs, "permissions_boundary_arn": None, "s3_bucket_arns": buckets}


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    kwargs = plain(draw(configs(raw=False, managed=False))) | {"accept": None}
    raw: dict[str, tuple[Raw, ...]] = {}
    denied: dict[str, bool] = {}
    attached: dict[str, tuple[str, ...]] = {}
    for role in ROLES if kwargs["enable_github_oidc"] else ROLES[:2]:
        raw[role] = tuple(draw(st.lists(st.sampled_from(ALLOWS), max_size=2))) if draw(_RARELY) else ()
        denials = draw(st.lists(st.sampled_from(DENIALS), max_size=1)) if draw(_RARELY) else []
        denied[role] = bool(denials)
        kwargs[f"{role}_statements"] = [*(one.statement for one in raw[role]), *denials]
    for role in ROLES[:2]:
        attached[role] = tuple(draw(st.lists(st.sampled_from(ATTACHED), max_size=1))) if draw(_RARELY) else ()
        if kwargs["partition"] not in (None, "aws") or partition_of(kwargs["aws_region"] or "cn") != "aws":
            attached[role] = ()
        kwargs[f"{role}_managed_policy_arns"] = attached[role]
    return Asked(kwargs, raw, denied, attached)


_RARELY = st.integers(0, 3).map(lambda n: n == 3)


def closed(data: st.DataObject, config: Config) -> Stack:
    return build(config).bind(data.draw(bindings(config)))


def failing(answers: Mapping[str, Answer]) -> set[str]:
    return {id for id, answer in answers.items() if isinstance(answer, Fails)}


def blamed(answer: Answer) -> set[str]:
    """The roles that a Fails speaks of."""
    facts = " ".join(one.fact for one in shown(answer)) if isinstance(answer, Fails) else ""
    return {role for role in ROLES if f"the {role} role" in facts}


# ---------------------------------------------------------------- what may fail, and has to


@SOME
@given(one=asked(), data=st.data())
def test_what_every_config_is_told(one: Asked, data: st.DataObject) -> None:
    """Three laws over the same answers, which take longer to find than to judge."""
    stack = closed(data, one.config)
    answers = prove(stack)
    for law in (
        only_what_the_user_wrote_fails_and_each_fault_replays,
        the_two_roles_share_only_what_was_given_to_both,
        what_is_undecided_has_one_of_the_named_reasons,
    ):
        law(one, stack, answers)


Answers = Mapping[str, Answer]


def only_what_the_user_wrote_fails_and_each_fault_replays(one: Asked, stack: Stack, answers: Answers) -> None:
    for id, answer in answers.items():
        if isinstance(answer, Fails):
            put_to_the_test(stack, id, answer)
    assert not failing(answers) & {"trust", "oidc-subject", "flags", "targets"}
    whole, pulling = ({role for role, some in one.attached.items() if ATTACHED[i] in some} for i in (0, 1))
    attached = {"pass-role": whole, "no-escalation": whole, "wildcards": whole | pulling, "home": whole | pulling}
    far = {"home": {role for role, some in one.raw.items() if not all(raw.near for raw in some)}}
    for id, what in (
        ("pass-role", "passes"),
        ("no-escalation", "climbs"),
        ("wildcards", "wide"),
        ("home", "far"),
        ("neighbours", "others"),
    ):
        deserved = one.roles(what) | attached.get(id, whole)
        found = blamed(answers[id]) - _by_keys(stack, id)
        assert found <= deserved | far.get(id, set()), id
        # A denial may have taken it away again.
        assert {role for role in deserved if not one.denied[role]} <= blamed(answers[id]), id
    assert (
        not isinstance(answers["execution"], Fails)
        or one.attached["execution"]
        or not all(raw.of_ecs for raw in one.raw["execution"])
    )
    void = one.roles("void")
    if stack.deployment.home.partition.literal != "aws":
        void |= one.of_partition_aws()
    assert void <= blamed(answers["works"])
    if not any(one.denied.values()):
        failed, expected = isinstance(answers["works"], Fails), bool(void) or unread(one, stack)
        # What a key grants by a variable may apply to nothing: a role's session has no `aws:username`. And no secret
        # has an ARN that ends otherwise than in a hyphen and six characters.
        assert failed == expected or (failed and ("${" in repr(one.kwargs) or any(map(never_ends, secrets(one)))))


def secrets(one: Asked) -> Iterator[str]:
    """The names of secrets in a config, as their ARNs have them."""
    for key in ("secrets_arns", "registry_credentials_arns"):
        for arn in one.kwargs.get(key) or ():
            if arn.split(":")[2:3] == ["secretsmanager"]:
                yield arn.split(":")[6]


def never_ends(name: str) -> bool:
    """Whether a pattern is of names alone that Secrets Manager gives to nothing."""
    end = name.rpartition("*")[2]
    return ("*" in name or "?" in name) and len(end) >= 7 and end[-7] not in "-?"


def unread(one: Asked, stack: Stack) -> bool:
    """Whether another account keeps what has to be read: a parameter, or a secret without a key of its place."""
    read = [("registry_credentials_arns", "registry_credentials_kms_key_arns")]
    read += [("secrets_arns", "secrets_kms_key_arns")] if one.kwargs["enable_secrets_access"] else []
    read = [of for of in read if one.kwargs.get(of[0])]
    keys = {tuple(arn.split(":")[3:5]) for _, of in read for arn in one.kwargs.get(of) or ()}
    everything = ATTACHED[0] in one.attached["execution"] or any(
        raw.statement in (granted("*", "*"), ANYTHING) for raw in one.raw["execution"]
    )
    arns = [arn for of, _ in read for arn in one.kwargs[of] if arn.startswith("arn:")]
    for service, *place in (arn.split(":")[2:5] for arn in arns):
        readable = service == "secretsmanager" and (everything or tuple(place) in keys)
        if place[1] != stack.deployment.home.account_id.literal and not readable:
            return True
    return False


def _by_keys(stack: Stack, id: str) -> set[str]:
    """The roles that reach what others build, log groups and roles, because a key gives them by a pattern."""
    if id != "neighbours":
        return set()
    given_ = {role: [str(one.arn) for one in given_to(stack, role)] for role in ROLES}
    return {
        r for r, arns in given_.items() if any(re.match("arn:[^:]*:(logs|iam):", a) and is_pattern(a) for a in arns)
    }


def the_two_roles_share_only_what_was_given_to_both(one: Asked, stack: Stack, answers: Answers) -> None:
    answer = answers["separation"]
    assert isinstance(answer, Holds | Fails)
    if isinstance(answer, Fails):
        given_ = any(one.raw[role] or one.attached[role] for role in ROLES[:2])
        assert given_ or _groups_meet(one.config, stack) or _meet_by_keys(stack)
    elif not any(one.denied[role] for role in ROLES[:2]):
        same = {id(raw) for raw in one.raw["execution"] if not raw.void} & {id(raw) for raw in one.raw["task"]}
        assert not same
        assert not {*one.attached["execution"]} & {*one.attached["task"]}


def _meet_by_keys(stack: Stack) -> bool:
    """Whether keys give both roles one resource, or one that may be the same."""
    execution, task = ([str(arn) for arn in resources_given_to(stack, role)] for role in ROLES[:2])
    return any(overlap(a, b) for a in execution for b in task)


def _groups_meet(config: Config, stack: Stack) -> bool:
    """Whether both roles were given one log group, or one by a pattern."""
    if not config.enable_cloudwatch_logs:
        return False
    own = {f"/ecs/{stack.intent.prefix}"}
    written = {_group(g) for g in config.log_group_arns} or own  # type: ignore[union-attr]
    others = {_group(g) for g in config.cloudwatch_log_group_arns}  # type: ignore[union-attr]
    under = any(g.startswith(f"/ecs/{stack.intent.prefix}/") for g in written) and not others
    patterns = any("*" in g or "?" in g for g in written | others)
    return bool(written & others) or under or patterns


def _group(arn: str) -> str:
    return arn.split(":", 6)[6].removesuffix(":*")  # `log-group:*` is the group called `*`


@given(of(arn_forms.LOG_GROUP_ARN))
def test_a_log_group_has_the_name_that_its_resource_has(arn: str) -> None:
    """However it is written, with or without `:*`, and also where a wildcard is all of the name."""
    (resource,) = RULES["log_group"]([text(arn)])
    before, name = str(resource).split(":log-group:")
    assert f"{before}:log-group:{_group(arn)}" in (arn, arn.removesuffix(":*"))
    assert name in (f"{_group(arn)}:*", *(["*"] if _group(arn) == "*" else []))


# ---------------------------------------------------------------- what isn't known


def what_is_undecided_has_one_of_the_named_reasons(one: Asked, _: Stack, answers: Answers) -> None:
    reasons = {id: answer.reason for id, answer in answers.items() if isinstance(answer, Undecided)}
    form = "whether the repository sends subjects by name or with ids is left open: set `github_subject_format`"
    unknown = f"the service reference of {date()} does not know `s3:NotYetThere`, which is on `*`"
    claims = f"no page says that STS reads other claims than `aud` and `sub` of `{one.config.github_issuer}`"
    sends = "no page of AWS says that ECS sends `aws:SourceAccount` and `aws:SourceArn` for an infrastructure role"
    config = one.config
    open_ = {
        form: config.enable_github_oidc and config.github_subject_format is None,
        claims: config.enable_github_oidc and ".ghe.com/" in config.github_issuer,
        sends: config.infrastructure_confused_deputy,
    }
    for reason in reasons["works"].split("; ") if "works" in reasons else ():
        assert open_.get(reason) or ("s3:NotYetThere" in reason and one.roles("unknown")), reason
    assert reasons.keys() <= {"works", "wildcards", "limits"}
    # Near a limit it counts whether IAM counts a character that JSON writes as several.
    counts = " characters, and IAM takes "
    assert counts in reasons.get("limits", counts)
    assert reasons.get("wildcards", unknown) == unknown
    if "wildcards" in reasons:
        assert one.roles("unknown")


@FEW
@given(one=configs(raw=False, managed=False), data=st.data())
def test_a_policy_that_was_not_read_leaves_open_what_it_may_allow(one: Kwargs, data: st.DataObject) -> None:
    stack = closed(data, Config(**plain(one)))
    unread = f"arn:{stack.deployment.home.partition}:iam::{stack.deployment.home.account_id}:policy/x"
    task = evolve(stack.roles["task"], managed_policy_arns=[unread])
    of_it = evolve(stack, roles=[task if r.id == "task" else r for r in stack.roles.values()])
    undecided = ("pass-role", "no-escalation", "home", "wildcards")
    answers = {id: INVARIANTS[id].ask(of_it) for id in (*undecided, "neighbours", "separation")}
    for id in undecided:
        answer = answers[id]
        assert isinstance(answer, Undecided)
        assert unread in answer.reason
    assert not isinstance(answers["neighbours"], Holds)
    if not isinstance(answers["separation"], Fails):
        assert isinstance(answers["separation"], Undecided)


# ---------------------------------------------------------------- what makes no difference


@FEW
@given(one=asked(), data=st.data())
def test_the_order_of_lists_changes_no_answer(one: Asked, data: st.DataObject) -> None:
    values = data.draw(bindings(one.config))
    again: Kwargs = {
        k: value if k.endswith(IN_ORDER[1:]) else _shuffled(data, value) for k, value in one.kwargs.items()
    }
    answers = prove(build(one.config).bind(values))
    other = prove(build(Config(**again)).bind(values))
    assert {id: type(a) for id, a in answers.items()} == {id: type(a) for id, a in other.items()}
    if not any(one.raw.values()) and not any(one.denied.values()):
        assert answers == other


def _shuffled(data: st.DataObject, value: object) -> object:
    given = cast("Sequence[object]", value)
    return data.draw(st.permutations(given)) if isinstance(value, list | tuple) and len(given) > 1 else given


@FEW
@given(one=asked(), data=st.data())
def test_answers_are_the_same_again_and_of_a_stack_that_was_written_down(one: Asked, data: st.DataObject) -> None:
    stack = closed(data, one.config)
    answers = prove(stack)
    assert list(answers) == list(INVARIANTS)
    assert prove(stack) == answers
    assert prove(Stack.from_dict(stack.to_dict())) == answers
