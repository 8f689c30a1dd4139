"""Some of the parameters bound, the others still open: refused, or right whatever the others become.

A value bound to nothing while its flag stays open is refused, as the config refuses it: nothing could turn the flag on.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ecsiam
from ecsiam import Artifact, ConfigError, EmitError, Parameter, Stack
from ecsiam.config import Config
from ecsiam.config.describe import module
from ecsiam.errors import Fault
from ecsiam.model.parameter import Variable
from ecsiam.targets import TARGETS, TargetName

from .batch import batch
from .command_line import said
from .effort import many
from .meaning import of_iam
from .opened import PERMITTED, opened
from .strategies import FLAGS, KEYS
from .test_cloudformation import findings
from .test_parameters_cloudformation import functions, of_model

laws = settings(max_examples=many(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOME = {"account_id": "123456789012", "aws_region": "eu-west-2"}
IDS = ("github_owner_id", "github_repo_id")
Values = Mapping[str, Any]


@frozen
class Partly:
    """A config, values for some of what it leaves open, and values for the rest."""

    config: Config
    some: Values
    rest: Values


@st.composite
def partly(draw: st.DrawFn, *kinds: str) -> Partly:
    """Any config with parameters, or one of some kinds; some of them, of which many are empty, are bound first."""
    kind = draw(st.sampled_from(kinds or ("opened", *CONFIGS)))
    if kind == "opened":
        one = draw(opened())
        config, right = one.config, one.values
    else:
        config, right = CONFIGS[kind], dict[str, Any]()
    stack = ecsiam.build(config)
    values = {v.id: draw(of(v, right)) for v in stack.deployment.variables.values()}
    values |= {name: HOME[name] for name in HOME if name in stack.deployment.open and name not in values}
    first = {name for name in values if draw(st.booleans())}
    return Partly(config, {n: values[n] for n in first}, {n: values[n] for n in values.keys() - first})


def of(variable: Variable, right: Values) -> st.SearchStrategy[Any]:
    """A value that a parameter takes: the right one, one of its samples, or an empty one."""
    if variable.form is None:
        number = st.just(right.get(variable.id, variable.bounds[0]))
        return st.booleans() if variable.type == "flag" else number
    sample = HOME.get(variable.id, variable.form.good[0])
    if variable.type == "text":
        return st.sampled_from([right.get(variable.id, sample), *([""] if variable.empty else [])])
    return st.sampled_from([right.get(variable.id, (sample,)), ()])


def _all(*names: str, **keys: Any) -> Config:
    opened: dict[str, Any] = {name: Parameter(name) for name in names}
    return Config(**opened, **keys)


_GUIDE = tuple(line.split(":", 1)[0] for line in module().splitlines() if re.match(r"\w+: \{parameter", line))
CONFIGS = {
    "module": _all(*_GUIDE),
    "everything": _all(*(name for name in PERMITTED if name not in ("account_id", "aws_region", "partition"))),
    "baseline": _all(*(name for name in _GUIDE if name != "aws_region"), profile="baseline"),
}


def bound(one: Partly) -> Stack | None:
    """The stack with the first values bound; None where that is refused."""
    try:
        return ecsiam.build(one.config).bind(one.some)
    except ConfigError:
        return None


# ---------------------------------------------------------------- laws


@laws
@given(partly())
def test_every_target_refuses_or_says_it_whole(one: Partly) -> None:
    stack = bound(one)
    for target in TARGETS:
        name = cast("TargetName", target)
        try:
            artifact = ecsiam.emit(ecsiam.build(one.config), name, bind=one.some)
        except ConfigError:
            assert stack is None or target == "iam"  # which binds the defaults too
        except EmitError:
            assert stack is not None
        else:
            assert stack is not None
            WHOLE[name](artifact, stack)


@laws
@given(partly())
def test_to_build_and_to_bind_some_commute(one: Partly) -> None:
    assert outcome(lambda: ecsiam.build(one.config).bind(one.some)) == outcome(
        lambda: ecsiam.build(one.config.bind(one.some))
    )


def outcome(act: Callable[[], Stack]) -> Stack | tuple[Fault, ...]:
    try:
        return act()
    except ConfigError as e:
        return e.faults


@laws
@given(partly())
def test_what_stays_open_can_be_bound_as_if_all_were_bound_at_once(one: Partly) -> None:
    stack = bound(one)
    if stack is not None:
        at_once = outcome(lambda: ecsiam.build(one.config).bind({**one.some, **one.rest}))
        assert outcome(lambda: stack.bind(one.rest)) == at_once


@laws
@given(partly())
def test_what_is_refused_for_an_empty_value_is_what_the_config_refuses(one: Partly) -> None:
    """Each fault names a flag that may be on, and a value that it needs and that is bound to nothing."""
    found = outcome(lambda: ecsiam.build(one.config).bind(one.some))
    faults = found if isinstance(found, tuple) else ()
    empty = [f.message for f in faults if f.message.endswith("is empty")]
    assert sorted(empty) == sorted(_needed_and_empty(one))


def _needed_and_empty(one: Partly) -> Iterator[str]:
    fall_back = ("enable_efs_access", "enable_secrets_access") if one.config.profile == "baseline" else ()
    for flag, key in KEYS.items():
        on = getattr(one.config, flag)
        on = one.some.get(flag, "open") if isinstance(on, Parameter) else on
        needs = (*key.needs, *(IDS if flag == "enable_github_oidc" else ()))
        for needed in needs if on and flag not in fall_back else ():
            if isinstance(getattr(one.config, needed), Parameter) and not one.some.get(needed, "open"):
                yield f"`{flag}` is {'left open' if on == 'open' else 'on'} and `{needed}` is empty"


def test_a_flag_that_stays_open_can_be_turned_on() -> None:
    """And then gives what it is for: no plan with the flag on makes no policy."""
    turned: set[tuple[str, str]] = set()
    for one in batch(partly("module", "everything", "baseline"), 100):
        stack = bound(one)
        if stack is None:
            continue
        right = {v.id: right_value(v) for v in stack.deployment.variables.values()}
        home = {name: HOME[name] for name in stack.deployment.open if name in HOME}
        for flag in (v.id for v in stack.deployment.variables.values() if v.type == "flag"):
            on = stack.bind({**right, **home, flag: True})
            origins = [s.origin for r in on.roles.values() for p in r.policies.values() for s in p.document.statements]
            assert flag in {o.flag for o in origins if o}, (flag, one)
            turned.add((one.config.profile, flag))
    assert turned == {("default", flag) for flag in FLAGS} | {("baseline", flag) for flag in FLAGS if flag in _GUIDE}


def right_value(variable: Variable) -> Any:
    if variable.form is None:
        return False if variable.type == "flag" else variable.bounds[0]
    sample = HOME.get(variable.id, variable.form.good[0])
    return sample if variable.type == "text" else (sample,)


def test_the_linter_finds_nothing_in_a_template_of_which_some_is_bound() -> None:
    templates = 0
    for one in batch(partly(), 60):  # of most some value is empty that a flag needs
        stack = bound(one)
        try:
            document = str(ecsiam.emit(stack, "cloudformation")) if stack is not None else ""
        except EmitError:
            continue
        if document:
            assert findings(document) == {}, one
            templates += 1
    assert templates > 5


# ---------------------------------------------------------------- files that are whole


def whole_terraform(artifact: Artifact, stack: Stack) -> None:
    """Whatever is named is there, no expression is empty, and whatever may not be empty stops the plan, once."""
    files = {path: json.loads(text) for path, text in artifact.files.items()}
    main, variables = files["main.tf.json"], files.get("variables.tf.json", {"variable": {}})["variable"]
    expressions = [e for text in texts(files) for e in re.findall(r"(?<!\$)\$\{(.*?)\}", text)]
    assert all(e.strip() for e in expressions)
    text = json.dumps(main) + artifact.files["outputs.tf.json"]
    assert {*re.findall(r"\bvar\.(\w+)", text)} <= variables.keys() == {*stack.deployment.variables}
    assert {*re.findall(r"\blocal\.(\w+)", text)} <= main["locals"].keys()
    assert {*re.findall(r"\bdata\.(\w+)\.current\.", text)} <= main.get("data", {}).keys()
    for kind, id in re.findall(r"\b(aws_iam_\w+)\.(\w+)", text):
        assert id in main["resource"].get(kind, {}), (kind, id)
    stops = [
        stop
        for bodies in main["resource"].values()
        for body in bodies.values()
        for stop in body.get("lifecycle", {}).get("precondition", ())
    ]
    for demand in stack.deployment.demands:
        (stop,) = (s for s in stops if s["error_message"].startswith(demand.message))
        assert [*re.findall(r"var\.(\w+)", stop["condition"])] == list(demand.parameters)


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in cast("dict[str, Any]", value).values():
                yield from texts(inner)
        case list():
            for inner in cast("list[object]", value):
                yield from texts(inner)
        case _:
            pass


def whole_cloudformation(artifact: Artifact, stack: Stack) -> None:
    """Whatever is named is there and whatever is there is named; each thing that may not be empty has its Rule."""
    template = json.loads(artifact.document)
    found = [*functions({k: v for k, v in template.items() if k != "Metadata"})]
    refs = {argument for name, argument in found if name == "Ref"}
    refs |= {
        ref for name, argument in found if name == "Fn::Sub" for ref in re.findall(r"\$\{([A-Za-z0-9:]+)\}", argument)
    }
    refs = {ref for ref in refs if not ref.startswith("AWS::")}
    parameters, conditions = template.get("Parameters", {}), template.get("Conditions", {})
    assert refs - template["Resources"].keys() == parameters.keys()
    assert {argument[0] for name, argument in found if name == "Fn::If"} <= conditions.keys()
    rules = template.get("Rules", {}).values()
    assert len(rules) == len(stack.deployment.demands)
    for rule, demand in zip(rules, stack.deployment.demands, strict=True):
        assert ("RuleCondition" in rule) == bool(demand.flag)
        assert [argument for name, argument in functions(rule["Assertions"]) if name == "Ref"]


def whole_iam(artifact: Artifact, stack: Stack) -> None:
    assert of_iam(artifact) == of_model(stack.bind(stack.deployment.defaults))


WHOLE: dict[TargetName, Callable[[Artifact, Stack], None]] = {
    "terraform": whole_terraform,
    "cloudformation": whole_cloudformation,
    "iam": whole_iam,
}


# ---------------------------------------------------------------- on the command line


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("flag", "needed"), [(flag, needed) for flag in FLAGS for needed in KEYS[flag].needs], ids=str)
def test_a_value_set_to_nothing_while_its_flag_is_open_is_refused(
    tmp_path: Any, target: str, flag: str, needed: str
) -> None:
    path = tmp_path / "ecsiam.yaml"
    path.write_text(module(), encoding="utf-8")
    refusal = said("emit", str(path), "--target", target, "--set", f"{needed}=")
    assert (refusal.code, refusal.out) == (2, "")
    assert refusal.err == (
        f"error: `{flag}` is left open and `{needed}` is empty @ $.{flag}. "
        f"Give it a value, or bind `{flag}` to `false`.\n"
    )
    off = ("--set", f"{flag}=false", "--set", "project_name=memos", "--set", "environment=dev")
    home = ("--set", "account_id=123456789012", "--set", "aws_region=eu-west-2")
    assert said("emit", str(path), "--target", target, "--set", f"{needed}=", *off, *home).code == 0


def test_every_flag_that_needs_a_value_is_in_the_module() -> None:
    assert {needed for flag in FLAGS for needed in KEYS[flag].needs} <= {*_GUIDE}
