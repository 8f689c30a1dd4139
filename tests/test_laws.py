"""Laws: what holds for every config, every stack and every policy."""

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, TypeVar, cast

import pytest
from attrs import evolve
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from moto.iam.aws_managed_policies import aws_managed_policies_data

from ecsiam import (
    Config,
    ConfigError,
    EmitError,
    Parameter,
    Policy,
    PolicyError,
    Role,
    Stack,
    Statement,
    build,
    emit,
    parse_policy,
)
from ecsiam.features.deploy.github_oidc import repositories
from ecsiam.features.table import ROLES
from ecsiam.model import forms
from ecsiam.model.condition import Condition, conditions
from ecsiam.model.document import policy_to_data
from ecsiam.model.planned import planned
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Action, Only
from ecsiam.model.text import ACCOUNT_ID, Ref, Text, text
from ecsiam.targets import TARGETS, TargetName

from . import strategies
from .batch import batch
from .effort import many
from .intent import meant, resources_given_to
from .strategies import FLAGS, IN_ORDER, KEYS, Bindings, Kwargs, bindings, configs
from .test_flags import COMBINATIONS, TRACES
from .written import as_data

T = TypeVar("T")
laws = settings(max_examples=many(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
ISSUER = "token.actions.githubusercontent.com"


def built(*parts: Mapping[str, Any]) -> Stack:
    kwargs: Kwargs = {}
    for part in parts:
        kwargs.update(part)
    return build(Config(**kwargs))


def bound(kwargs: Kwargs, data: st.DataObject) -> Stack:
    config = Config(**kwargs)
    return build(config).bind(data.draw(bindings(config)))


def statements(role: Role) -> Iterator[Statement]:
    for policy in role.policies.values():
        yield from policy.document.statements


# ---------------------------------------------------------------- writing and reading


@laws
@given(configs(), st.data())
def test_parse_inverts_emit(kwargs: Kwargs, data: st.DataObject) -> None:
    stack = bound(kwargs, data)
    assume(strategies.fits(stack))
    files = dict(emit(stack, "iam").files)
    for provider in stack.providers.values():
        made = json.loads(files.pop(f"oidc-providers/{provider.id}/create-open-id-connect-provider.json"))
        assert (made["Url"], made["ClientIDList"]) == (provider.url, [*map(str, provider.client_ids)])
        assert {tag["Key"]: tag["Value"] for tag in made.get("Tags", ())} == {k: str(v) for k, v in provider.tags}
    home = stack.deployment.home
    for role in planned(stack).roles.values():
        folder = f"roles/{role.name}"
        create = json.loads(files.pop(f"{folder}/create-role.json"))
        assert role.trust == parse_policy(create["AssumeRolePolicyDocument"])
        for name in ("create-instance-profile", "add-role-to-instance-profile") if role.profile else ():
            assert json.loads(files.pop(f"{folder}/{name}.json"))["InstanceProfileName"] == str(role.name)
        own_managed = [
            f"arn:{home.partition}:iam::{home.account_id}:policy{role.path}{p.name}" for p in role.own_managed
        ]
        attached = [*map(str, role.managed_policy_arns), *own_managed]
        assert attached == json.loads(files.pop(f"{folder}/attached-policies.json"))
        for policy in role.own_managed:
            made = json.loads(files.pop(f"{folder}/managed-policies/{policy.name}.json"))
            assert (made["PolicyName"], made["Path"]) == (str(policy.name), role.path)
            assert policy.document == parse_policy(made["PolicyDocument"])
        documents = {f"policies/{p.name}": p.document for p in role.inline}
        for name, document in (("trust-policy", role.trust), *documents.items()):
            written = files.pop(f"{folder}/{name}.json")
            assert document == parse_policy(written)
            assert json.loads(written) == policy_to_data(parse_policy(written), str)
    assert [path for path in files if not path.startswith("companions/")] == []  # those are no part of the roles


@laws
@given(strategies.policies(refs=False))
def test_parse_policy_inverts_policy_to_data(policy: Policy) -> None:
    data = policy_to_data(policy, str)
    assert policy == parse_policy(data)
    assert data == policy_to_data(parse_policy(data), str)
    for ascii_only in (False, True):
        assert policy == parse_policy(json.dumps(data, ensure_ascii=ascii_only))


@settings(laws, max_examples=many(30))
@given(strategies.stacks() | configs().map(built))
def test_from_dict_inverts_to_dict(stack: Stack) -> None:
    data = stack.to_dict()
    for again in (Stack.from_dict(data), Stack.from_dict(json.loads(json.dumps(data)))):
        assert stack == again
        assert (stack.notes, stack.source) == (again.notes, again.source)
        assert _origins(stack) == _origins(again)
        assert data == again.to_dict()


def _origins(stack: Stack) -> list[object]:
    return [s.origin for r in stack.roles.values() for s in (*r.trust.statements, *statements(r))]


# ---------------------------------------------------------------- who may assume the roles


def named(role: Role) -> list[Statement]:
    """The statements of a trust for whom the config names beside the role's own kind."""
    return [s for s in role.trust.statements if s.principals and all(p.type == "AWS" for p in s.principals.items)]


def own(role: Role) -> list[Statement]:
    """The other statements of a trust."""
    others = named(role)
    return [s for s in role.trust.statements if s not in others]


@laws
@given(configs())
def test_both_task_trusts_name_ecs_tasks_and_nobody_else(kwargs: Kwargs) -> None:
    stack = built(kwargs)
    for role in (stack.roles["execution"], stack.roles["task"]):
        assert [str(a) for s in own(role) for a in s.actions.items] == ["sts:AssumeRole"]
        assert [Only((Principal("Service", "ecs-tasks.amazonaws.com"),))] == [s.principals for s in own(role)]


@laws
@given(configs())
def test_who_else_is_trusted_is_whom_the_config_names(kwargs: Kwargs) -> None:
    stack = built(kwargs)
    home = stack.deployment.home
    assert not named(stack.roles["execution"])
    for role in (role for id, role in stack.roles.items() if id != "execution"):
        given_ = set(kwargs.get(f"{role.id}_trusted_arns") or ())
        arn = role.arn(home.partition, home.account_id)
        for statement in named(role):
            assert Only((Action("sts:AssumeRole"),)) == statement.actions
            who = {str(p.id) for p in statement.principals.items} if statement.principals else set[str]()
            if statement.conditions:
                assert statement.conditions == (Condition("ArnEquals", "aws:PrincipalArn", arn),)
                assert given_ & {"self", str(arn)}
            else:
                assert who == given_ - {"self", str(arn)}


@laws
@given(configs(), st.data())
def test_confused_deputy_pins_account_and_regions(kwargs: Kwargs, data: st.DataObject) -> None:
    stack = bound(kwargs, data)
    home = stack.deployment.home
    arns = [f"arn:{home.partition}:ecs:{region}:{home.account_id}:*" for region in home.regions]
    guarded = conditions(
        [Condition("StringEquals", "aws:SourceAccount", home.account_id), Condition("ArnLike", "aws:SourceArn", arns)]
    )
    which = {"both": {"execution", "task"}, "task": {"task"}, "off": set[str]()}[
        kwargs.get("confused_deputy") or "both"
    ]
    for role in ("execution", "task"):
        (statement,) = own(stack.roles[role])
        found = {(str(c.operator), c.key): set(c.values) for c in statement.conditions}
        assert ({(str(c.operator), c.key): set(c.values) for c in guarded} if role in which else {}) == found


@laws
@given(configs(flags={"enable_github_oidc": True}))
def test_the_deploy_role_trusts_exactly_subjects_of_this_repository(kwargs: Kwargs) -> None:
    config = Config(**kwargs)
    deploys = build(config).roles["github_actions"]
    assert "$" not in str(config.github_audience)  # IAM would read a variable
    subjects: set[str] = set()
    for statement in own(deploys):
        assert Only((Action("sts:AssumeRoleWithWebIdentity"),)) == statement.actions
        assert statement.principals is not None
        assert [p.type for p in statement.principals.items] == ["Federated"]
        issuer = config.github_issuer.removeprefix("https://")
        assert all(str(p.id).endswith(f":oidc-provider/{issuer}") for p in statement.principals.items)
        found = {(str(c.operator), c.key): [str(v) for v in c.values] for c in statement.conditions}
        assert [config.github_audience] == found[("StringEquals", f"{issuer}:aud")]
        ((operator, values),) = [(op, values) for (op, key), values in found.items() if key == f"{issuer}:sub"]
        assert operator in ("StringEquals", "StringLike")
        assert (operator == "StringLike") == any("*" in v or "?" in v for v in values)
        subjects |= set(values)
    assert subjects
    prefixes = [str(p) for repository in repositories(config) for p in repository.prefixes().values()]
    for subject in subjects:
        assert "$" not in subject
        assert any(subject.startswith(p) and subject != p for p in prefixes)
        assert re.match("repo:[A-Za-z0-9@_-]+/[A-Za-z0-9@_.-]+:", subject)


@laws
@given(configs(flags={"enable_github_oidc": True}))
def test_a_subject_is_trusted_once_in_each_form(kwargs: Kwargs) -> None:
    stack = built(kwargs)
    issuer = Config(**kwargs).github_issuer.removeprefix("https://")
    values = [
        str(v)
        for s in stack.roles["github_actions"].trust.statements
        for c in s.conditions
        if c.key == f"{issuer}:sub"
        for v in c.values
    ]
    assert sorted(meant(stack, "github_actions", f"{issuer}:sub")) == sorted(values)
    assert len(values) == len(set(values))


# ---------------------------------------------------------------- the two roles share nothing


def may_meet(a: Text, b: Text) -> bool:
    """Whether some ARN may match both patterns: False only where that can't be.

    Two patterns that differ before their first wildcard or reference are disjoint, and so are two of which one of the
    five parts before the resource does, as long as no wildcard stands before it.
    """
    left, right = _symbols(a), _symbols(b)
    return _may_meet(left, right) and all(
        itertools.starmap(_may_meet, zip(_parts(left), _parts(right), strict=False))
    )  # parts stop at the first wildcard


Symbol = str | Ref


def _symbols(pattern: Text) -> tuple[Symbol, ...]:
    """Characters and references; where a variable of IAM's may begin, anything may stand."""
    parts = (p.replace("$", "*") if isinstance(p, str) else (p,) for p in pattern.parts)
    return tuple(itertools.chain.from_iterable(parts))


def _parts(symbols: tuple[Symbol, ...]) -> Iterator[tuple[Symbol, ...]]:
    """The parts of an ARN pattern up to the one with the first wildcard: those after it may be anywhere."""
    rest = symbols
    for _ in range(5):
        if ":" not in rest:
            break
        part, rest = rest[: rest.index(":")], rest[rest.index(":") + 1 :]
        if "*" in part:
            return
        yield part
    yield rest


def _may_meet(a: tuple[Symbol, ...], b: tuple[Symbol, ...]) -> bool:
    for one, other in itertools.zip_longest(a, b):
        if one != other:
            return any(s in ("*", "?") or isinstance(s, Ref) for s in (one, other))
        if one == "*":
            return True
    return True


def actions_may_meet(a: Action, b: Action) -> bool:
    return _may_meet(tuple(a.pattern.lower()), tuple(b.pattern.lower()))


def shared(execution: Role, task: Role, but: Container[tuple[Text, Text]] = ()) -> list[str]:
    """What both roles may be allowed, as far as their own data can tell: conditions and denials are left out.

    `but` are pairs of resources that may be one.
    """
    found = [f"managed policy {arn}" for role in (execution, task) for arn in role.managed_policy_arns]
    allowed = [[s for s in statements(role) if s.effect == "Allow"] for role in (execution, task)]
    for one, other in itertools.product(*allowed):
        found += [
            f"{a} on {r} and {b} on {q}"
            for a, b in itertools.product(_actions(one), _actions(other))
            if actions_may_meet(a, b)
            for r, q in itertools.product(_resources(one), _resources(other))
            if may_meet(r, q) and (r, q) not in but
        ]
    return found


def _actions(statement: Statement) -> tuple[Action, ...]:
    return statement.actions.items if isinstance(statement.actions, Only) else (Action("*"),)


def _resources(statement: Statement) -> tuple[Text, ...]:
    return tuple(statement.texts_of_resources()) if isinstance(statement.resources, Only) else (text("*"),)


@settings(laws, max_examples=many(80))
@given(configs(defaults_only_logs=True, raw=False, managed=False))
def test_the_execution_and_the_task_role_share_no_request(kwargs: Kwargs) -> None:
    """But for what keys give to both: whether those meet, `separation` says."""
    stack = built(kwargs)
    execution, task = (stack.roles[id] for id in ("execution", "task"))
    by_keys = set(itertools.product(resources_given_to(stack, "execution"), resources_given_to(stack, "task")))
    assert shared(execution, task, by_keys) == []


HOME = {"project_name": "memos", "environment": "dev", "account_id": "123456789012", "aws_region": "eu-west-2"}
IN = "eu-west-2:123456789012"
VALUES = {
    "efs_arn": f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0123456789abcdef0",
    "secrets_arns": [f"arn:aws:secretsmanager:{IN}:secret:memos/db-AbCdEf", f"arn:aws:ssm:{IN}:parameter/memos/*"],
    "secrets_kms_key_arns": [f"arn:aws:kms:{IN}:key/01234567-89ab-cdef-0123-456789abcdef"],
    "s3_bucket_arns": ["arn:aws:s3:::memos", "arn:aws:s3:::memos-*/*"],
    "github_repo": "octo-org/memos",
    "efs_root_access": True,
}


OPEN = {"project_name": "a", "environment": "b"}
PARAMETERS = {"project_name": Parameter("project"), "environment": Parameter("environment")}


@pytest.mark.parametrize("home", [HOME, OPEN, PARAMETERS])
def test_no_combination_of_flags_shares_a_request(home: Kwargs) -> None:
    others = [flag for flag in FLAGS if flag not in TRACES]  # on, unless a service pulls or logs otherwise
    for flags, on in itertools.product(COMBINATIONS, (True, False)):
        roles = built(home, VALUES, flags, dict.fromkeys(others, on)).roles
        assert shared(roles["execution"], roles["task"]) == []


MANAGED = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
GROUP = f"arn:aws:logs:{IN}:log-group"
PUT, SECRET = "logs:PutLogEvents", f"arn:aws:secretsmanager:{IN}:secret:memos/db-AbCdEf"
LOGS = {"enable_cloudwatch_logs": True}
CAUSES: list[tuple[Kwargs, str, str]] = [
    # the task writes the execution role's group
    (LOGS | {"cloudwatch_log_group_arns": [f"{GROUP}:/ecs/memos-dev"]}, PUT, f"{GROUP}:/ecs/memos-dev:log-stream:x"),
    # a wildcard that the baseline module has
    (LOGS | {"cloudwatch_log_group_arns": [f"{GROUP}:/ecs/memos-*"]}, PUT, f"{GROUP}:/ecs/memos-dev:log-stream:x"),
    # the execution role writes the task's groups
    (LOGS | {"log_group_arns": [f"{GROUP}:/ecs/memos-dev/web:*"]}, PUT, f"{GROUP}:/ecs/memos-dev/web:log-stream:x"),
    (
        {
            "enable_secrets_access": True,
            "secrets_arns": [SECRET],
            "task_statements": [{"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": "*"}],
        },
        "secretsmanager:GetSecretValue",
        SECRET,
    ),
    (
        {"enable_ecs_exec": True, "execution_statements": [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]},
        "ssmmessages:OpenDataChannel",
        "*",
    ),
    (LOGS | {"execution_managed_policy_arns": [MANAGED]}, PUT, f"{GROUP}:/ecs/memos-dev/web:log-stream:x"),
    (
        {"task_managed_policy_arns": ["arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"]},
        "ecr:BatchGetImage",
        f"arn:aws:ecr:{IN}:repository/memos",
    ),
]


@pytest.mark.parametrize(("kwargs", "action", "resource"), CAUSES)
def test_what_the_user_adds_may_be_shared(kwargs: Kwargs, action: str, resource: str) -> None:
    roles = built(HOME, kwargs).roles
    assert shared(roles["execution"], roles["task"])
    for role in (roles["execution"], roles["task"]):
        assert allows(role, action, resource)


MANAGED_POLICIES = cast("dict[str, Any]", json.loads(aws_managed_policies_data))


def allows(role: Role, action: str, resource: str) -> bool:
    """Whether some Allow of the role, managed policies included, matches the request, its conditions aside."""
    attached = [MANAGED_POLICIES[str(arn).rsplit("/", 1)[1]]["Document"] for arn in role.managed_policy_arns]
    every = [*statements(role), *(s for document in attached for s in parse_policy(document).statements)]
    return any(
        s.effect == "Allow" and _matches(s.actions, action.lower(), str.lower) and _matches(s.resources, resource, str)
        for s in every
    )


def _matches(element: Any, value: str, key: Callable[[str], str]) -> bool:
    found = any(
        re.fullmatch(re.escape(key(str(item))).replace(r"\*", ".*").replace(r"\?", "."), value)
        for item in element.items
    )
    return found == isinstance(element, Only)


@given(strategies.resources(), strategies.resources())
@example(text("arn:aws:s3:::a*"), text("arn:aws:s3:::b/*"))
@example(text("arn:aws:s3:::a"), text("arn:aws:s3:::a*"))
@example(text("arn:aws:s3:::a/${aws:username}"), text("arn:aws:s3:::a/bob"))
@example(Text.of("arn:aws:logs:eu-west-1:", ACCOUNT_ID, ":a"), text("arn:aws:logs:eu-west-2:123456789012:a"))
def test_patterns_that_one_text_matches_may_meet(a: Text, b: Text) -> None:
    assert may_meet(a, a)
    assert may_meet(a, b) == may_meet(b, a)
    if may_meet(a, b):
        return
    for own, other in ((_filled(a), _filled(b)), (_filled(b), _filled(a))):
        for star in ("*", "", "x:/y"):  # texts that the one pattern matches
            value = own.replace("*", star).replace("?", "x")
            assert not re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in other), value)


def _filled(pattern: Text) -> str:
    values = {"account_id": "123456789012", "aws_region": "eu-west-2", "partition": "aws", "dns_suffix": "x"}
    return "".join(p if isinstance(p, str) else values[p.name] for p in pattern.parts)


# ---------------------------------------------------------------- flags


def _says(name: str, kwargs: Kwargs) -> bool:
    """Whether a key says anything: it belongs to no flag, or one of its is on."""
    flags = () if name not in KEYS else tuple(filter(None, (KEYS[name].flag, *KEYS[name].or_flags)))
    return not flags or any(kwargs.get(flag, Config.model_fields[flag].default) for flag in flags)


@laws
@given(configs())
def test_a_flag_that_is_off_leaves_no_trace(kwargs: Kwargs) -> None:
    stack = built(kwargs)
    off = [flag for flag in FLAGS if not kwargs[flag]]
    used = {name: value for name, value in kwargs.items() if _says(name, kwargs)}
    assert built(used) == stack
    assert not {s.origin.flag for r in stack.roles.values() for s in statements(r) if s.origin} & set(off)
    assert ("github_actions" in stack.roles) == bool(kwargs["enable_github_oidc"])


@laws
@given(st.sampled_from(FLAGS), st.data())
def test_turning_a_flag_on_only_adds(flag: str, data: st.DataObject) -> None:
    kwargs = data.draw(configs(flags={flag: True}))
    on, off = built(kwargs), built(kwargs, {flag: False})
    added = on.roles.keys() - off.roles.keys()
    assert added == ({"github_actions"} if flag == "enable_github_oidc" else set())
    for role in off.roles.values():
        same = on.roles[role.id]
        kept = [p for p in same.policies.values() if p.id in role.policies]
        assert role == evolve(same, policies=kept)
        new = [s for p in same.policies.values() if p.id not in role.policies for s in p.document.statements]
        assert {flag} >= {s.origin.flag for s in new if s.origin}
        assert all(s.origin for s in new)


# ---------------------------------------------------------------- neighbours


@laws
@given(st.data())
def test_no_pattern_of_one_prefix_meets_what_another_prefix_builds(data: st.DataObject) -> None:
    name = data.draw(strategies.of(forms.PROJECT).map(lambda s: s[:20]))
    environment = data.draw(strategies.of(forms.PROJECT).map(lambda s: s[:20]))
    other = data.draw(_neighbours(f"{name}-{environment}"))
    mine, theirs = (_of_prefix(*names) for names in ((name, environment), other))
    assert mine
    assert theirs
    assert [(str(a), str(b)) for a, b in itertools.product(mine, theirs) if may_meet(a, b)] == []


@st.composite
def _neighbours(draw: st.DrawFn, prefix: str) -> tuple[str, str]:
    """Another project and environment whose prefix is as near to `prefix` as can be."""
    more = draw(strategies.matching("[A-Za-z0-9_.-]{1,3}"))
    place = draw(st.integers(0, len(prefix)))
    near = draw(
        st.sampled_from([prefix + more, prefix[:place] + more + prefix[place:], prefix[:place], prefix.upper()])
    )
    splits = [
        (near[:i], near[i + 1 :])
        for i in range(len(near))
        if near[i] == "-" and forms.PROJECT.matches(near[:i]) and forms.PROJECT.matches(near[i + 1 :])
    ]
    found = draw(st.sampled_from(splits)) if splits and near != prefix else ("x", "y")
    return found if "-".join(found) != prefix else ("x", "z")


def _of_prefix(project_name: str, environment: str) -> list[Text]:
    """Every resource that holds the prefix, where nothing else is given."""
    config = Config(
        project_name=project_name,
        environment=environment,
        enable_cloudwatch_logs=True,
        enable_ecs_exec=True,
        enable_github_oidc=True,
        github_repo="octo-org/memos",
        role_names={role: f"{project_name}-{environment}-{role}" for role in ROLES},
    )
    every = (s.texts_of_resources() for r in build(config).roles.values() for s in statements(r))
    return [t for resources in every for t in resources if f"{project_name}-{environment}" in str(t)]


# ---------------------------------------------------------------- bytes


def outputs(kwargs: Kwargs) -> dict[TargetName, object]:
    """What every target makes of a config: text, or the refusal."""
    stack = built(kwargs)
    found: dict[TargetName, object] = {}
    for target in TARGETS.values():
        try:
            found[target.name] = str(emit(stack, target.name))
        except EmitError as e:
            found[target.name] = sorted(str(f) for f in e.faults)
    return found


@laws
@given(configs(), st.data())
def test_bytes_do_not_depend_on_the_order_of_keys_and_items(kwargs: Kwargs, data: st.DataObject) -> None:
    assert outputs(kwargs) == outputs(data.draw(_reordered(kwargs)))


@st.composite
def _reordered(draw: st.DrawFn, kwargs: Kwargs) -> Kwargs:
    """The same config: keys, list items and the keys of mappings in another order. Lists with one keep theirs."""

    def permuted(mapping: Mapping[str, T]) -> dict[str, T]:
        return {key: mapping[key] for key in draw(st.permutations(sorted(mapping)))}

    found: Kwargs = {}
    for name, value in permuted(kwargs).items():
        if isinstance(value, list | tuple) and not name.endswith(IN_ORDER):
            found[name] = draw(st.permutations(cast("list[object]", value)))
        elif isinstance(value, list | tuple):
            found[name] = [permuted(cast("Kwargs", s)) if isinstance(s, dict) else s for s in cast("Any", value)]
        else:
            found[name] = permuted(cast("Kwargs", value)) if isinstance(value, dict) else value
    return found


SCRIPT = """
import json, sys
from ecsiam import Config, EmitError, build, emit
for kwargs in json.load(sys.stdin):
    stack = build(Config(**kwargs))
    print(json.dumps([str(n) for n in stack.notes]), json.dumps(stack.to_dict()))
    for target in ("terraform", "cloudformation", "iam"):
        try:
            print(emit(stack, target))
        except EmitError as e:
            print(e)
"""


def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    full = HOME | VALUES | {"github_branches": ["main", "a", "b/*"], "aws_regions": ["eu-west-3", "eu-west-1"]}
    drawn = [{name: as_data(one) for name, one in kwargs.items()} for kwargs in batch(configs(raw=False), 20)]
    given_ = json.dumps([full | dict.fromkeys(FLAGS, True), *drawn])
    runs = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            input=given_,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "2", "3")
    }
    assert len(runs) == 1
    assert '"aws_iam_role"' in runs.pop()


# ---------------------------------------------------------------- binding


def outcome(question: Callable[[], T]) -> object:
    """The answer, or the faults."""
    try:
        return question()
    except ConfigError as e:
        return [str(f) for f in e.faults]


@st.composite
def _any_bindings(draw: st.DrawFn, config: Config) -> Bindings:
    """Right values, some of them changed, left out or added: other accounts and regions, nonsense, unknown names."""
    found = draw(bindings(config))
    wrong: dict[str, st.SearchStrategy[str]] = {
        "account_id": strategies.of(forms.ACCOUNT_ID) | st.sampled_from(forms.ACCOUNT_ID.bad),
        "aws_region": strategies.of(forms.REGION) | st.sampled_from(forms.REGION.bad),
        "partition": st.sampled_from(forms.PARTITION.good + forms.PARTITION.bad),
        "efs_arn": st.just("x"),
    }
    for name in draw(st.lists(st.sampled_from(sorted(wrong)), max_size=2, unique=True)):
        found[name] = draw(wrong[name])
    for name in draw(st.lists(st.sampled_from(sorted(found)), max_size=1)) if found else ():
        del found[name]
    return found


@settings(laws, max_examples=many(80))
@given(configs(), st.data())
def test_binding_the_stack_is_binding_the_config(kwargs: Kwargs, data: st.DataObject) -> None:
    config = Config(**kwargs)
    values = data.draw(_any_bindings(config))
    assert outcome(lambda: build(config.bind(values))) == outcome(lambda: build(config).bind(values))


@settings(laws, max_examples=many(80))
@given(configs(), st.data())
def test_binding_a_value_is_writing_it(kwargs: Kwargs, data: st.DataObject) -> None:
    config = Config(**kwargs)
    values = data.draw(bindings(config))
    assert built(kwargs, values) == build(config).bind(values)


@laws
@given(configs(), st.data())
def test_a_bound_stack_knows_all(kwargs: Kwargs, data: st.DataObject) -> None:
    stack = bound(kwargs, data)
    assert stack.deployment.home.unknown == ()
    assert "ref" not in json.dumps(stack.to_dict()["roles"]).replace('\\"', "").split('"')


@laws
@given(configs(), st.data())
def test_binding_bit_by_bit_is_binding_at_once(kwargs: Kwargs, data: st.DataObject) -> None:
    config = Config(**kwargs)
    values = data.draw(bindings(config))
    stack = build(config)
    for name in sorted(values, reverse=True):  # the partition before the region, which gives it too
        stack = stack.bind({name: values[name]})
    assert build(config).bind(values) == stack


def test_references_in_raw_statements_are_bound_too() -> None:
    own = Statement("Allow", "s3:GetObject", [Text.of("arn:aws:s3:::b-", ACCOUNT_ID, "/*"), "arn:aws:s3:::b-1/*"])
    kwargs: Kwargs = {"project_name": "a", "environment": "b", "task_statements": [own]}
    values = {"account_id": "123456789012", "aws_region": "eu-west-2"}
    stack = built(kwargs).bind(values)
    assert build(Config(**kwargs).bind(values)) == stack
    assert built(kwargs, values) == stack
    (statement,) = statements(stack.roles["task"])
    # In the order in which they were written: they are somebody's own.
    assert statement.resources == Only((text("arn:aws:s3:::b-123456789012/*"), text("arn:aws:s3:::b-1/*")))


# ---------------------------------------------------------------- conditions, texts, hashes


@laws
@given(strategies.conditions(), st.data())
def test_conditions_are_a_set(some: list[Condition], data: st.DataObject) -> None:
    found = conditions(data.draw(st.permutations(some + some)))
    assert conditions(some) == found
    assert {c: c.values for c in some} == {c: c.values for c in found}


@laws
@given(strategies.conditions().filter(bool), strategies.texts(), st.data())
def test_two_conditions_never_overwrite_each_other(some: list[Condition], value: Text, data: st.DataObject) -> None:
    first = some[0]
    other = evolve(first, values=(*first.values, value), key=first.key.swapcase())
    both = data.draw(st.permutations([*some, other]))
    if value in first.values:
        assert conditions(some) == conditions([*some, evolve(other, values=first.values)])
    else:
        with pytest.raises(PolicyError, match="twice with different values"):
            conditions(both)


@laws
@given(st.lists(strategies.texts(), max_size=4))
def test_a_text_does_not_know_how_it_was_put_together(pieces: list[Text]) -> None:
    whole = Text.of(*pieces)
    letters = Text(itertools.chain.from_iterable(p if isinstance(p, str) else (p,) for p in whole.parts))
    assert whole == letters
    assert hash(whole) == hash(letters)
    assert "".join(str(p) for p in pieces) == str(whole)
    assert whole == Text.of(*whole.split("/", 2)[:1], *(Text.of("/", p) for p in whole.split("/", 2)[1:]))


@settings(laws, max_examples=many(25))
@given(strategies.stacks())
def test_equal_stacks_have_equal_hashes(stack: Stack) -> None:
    again = Stack.from_dict(stack.to_dict())
    assert stack == again
    assert hash(stack) == hash(again)
    silent = evolve(stack, notes=(), source="elsewhere")
    assert stack == silent
    assert hash(stack) == hash(silent)
    assert {stack: 1} == {again: 1}


@laws
@given(strategies.identity_statements())
def test_case_and_origin_are_no_part_of_equality(statement: Statement) -> None:
    kind = type(statement.actions)
    other = evolve(
        statement,
        actions=kind(tuple(Action(a.pattern.swapcase()) for a in statement.actions.items)),
        conditions=[evolve(c, key=c.key.swapcase()) for c in statement.conditions],
        origin=None,
    )
    assert statement == other
    assert hash(statement) == hash(other)
