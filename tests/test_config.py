"""What a config accepts: what means "not given", texts as they are written, one meaning in YAML, JSON and Python."""

import enum
import json
import re
from collections import deque
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings

from ecsiam import Config, Parameter, Statement, build, load_config
from ecsiam.errors import ConfigError, EcsiamError, Fault
from ecsiam.keys.accepting import AcceptKind
from ecsiam.keys.kinds import MOST_SUGGESTIONS, Choice, Flag, ListOf, MapOf, Numbers, OfForm, Whole
from ecsiam.keys.raw_statement import RawStatement
from ecsiam.keys.records import RecordOf
from ecsiam.model.form import Form

from .effort import cost, many
from .every_form import FORMS
from .strategies import Kwargs, configs
from .written import KEYS, NAMES, NOTHING, as_data, config, read, to_yaml, values

REQUIRED = tuple(NAMES)
OPTIONAL = tuple(name for name in KEYS if name not in REQUIRED)

laws = settings(max_examples=many(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def refused(**keys: Any) -> str:
    """The whole error that Config raises."""
    with pytest.raises(ConfigError) as e:
        Config(**{**NAMES, **keys})
    return str(e.value)


# Not given


@pytest.mark.parametrize("name", OPTIONAL)
def test_empty_values_mean_not_given(name: str, tmp_path: Path) -> None:
    without = config()
    for written in ("[]", '""', "''", "~", "null", "Null", "", "# a comment"):
        found = read(f"project_name: memos\nenvironment: dev\n{name}: {written}\n", tmp_path)
        assert values(found) == values(without), written
        assert name not in found.model_fields_set
    found = read(json.dumps({**NAMES, name: None}), tmp_path, "app.json")
    assert values(found) == values(without)
    for value in (*NOTHING, ()):
        assert values(config(**{name: value})) == values(without)


@pytest.mark.parametrize("name", REQUIRED)
def test_empty_values_mean_missing(name: str, tmp_path: Path) -> None:
    other = next(n for n in REQUIRED if n != name)
    for written in ("[]", '""', "~", "null", ""):
        with pytest.raises(ConfigError) as e:
            read(f"{other}: memos\n{name}: {written}\n", tmp_path)
        (fault,) = e.value.faults
        assert (fault.message, fault.line) == (f"`{name}` is missing", 2)
    for value in (*NOTHING, ()):
        assert refused(**{name: value}) == f"`{name}` is missing @ $.{name}. Write `{name}:` and its value."


def test_an_empty_mapping_and_an_empty_tag(tmp_path: Path) -> None:
    assert read("project_name: a\nenvironment: b\ntags: {}\nrole_names:\n  {}\n", tmp_path).tags == {}
    assert read('project_name: a\nenvironment: b\ntags: {Team: ""}\n', tmp_path).tags == {"Team": ""}
    assert refused(role_names={"task": ""}).startswith("`` is not a role name")


# Texts as they are written


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("012345678901", "012345678901"),
        ("'012345678901'", "012345678901"),
        ('"123456789012"', "123456789012"),
        ("123456789012", "123456789012"),
        ("000000000000", "000000000000"),
    ],
)
def test_account_id_keeps_its_zero(written: str, read_as: str, tmp_path: Path) -> None:
    assert read(f"project_name: memos\nenvironment: dev\naccount_id: {written}\n", tmp_path).account_id == read_as


def test_account_id_in_memory() -> None:
    assert config(account_id=123456789012).account_id == "123456789012"
    assert config(account_id="012345678901").account_id == "012345678901"
    short = "`12345678901` has less than 12 digits @ $.account_id. "
    assert refused(account_id=12345678901) == short + "A leading zero belongs to it: write all 12 digits in quotes."
    for odd in (True, 123456789012.0, -123456789012):
        assert refused(account_id=odd).startswith("expected a text, not `")


@pytest.mark.parametrize("word", ["no", "yes", "on", "off", "true", "False", "y", "012", "1.50", "1e3", "0x10", "nan"])
def test_words_and_numbers_are_texts_in_text_fields(word: str, tmp_path: Path) -> None:
    found = read(
        f"project_name: {word}\nenvironment: {word}\ntags: {{Team: {word}}}\ngithub_branches: [{word}]\n"
        f"github_environments:\n  - {word}\nrole_names:\n  task: {word}\n",
        tmp_path,
    )
    assert (found.project_name, found.environment, found.tags) == (word, word, {"Team": word})
    assert (*found.github_branches, *found.github_environments) == (word, word)
    assert found.role_names == {"task": word}


def test_off_is_a_choice(tmp_path: Path) -> None:
    assert read("project_name: a\nenvironment: b\nconfused_deputy: off\n", tmp_path).confused_deputy == "off"


@pytest.mark.parametrize(("written", "on"), [("true", True), ("True", True), ("TRUE", True), ("false", False)])
def test_flags(written: str, on: bool, tmp_path: Path) -> None:
    assert read(f"project_name: a\nenvironment: b\nenable_ecs_exec: {written}\n", tmp_path).enable_ecs_exec is on


def test_numbers_as_texts_in_memory() -> None:
    assert config(tags={"CostCenter": 1234}).tags == {"CostCenter": "1234"}
    assert config(github_owner_id=1, github_repo_id="02").github_owner_id == "1"
    assert config(max_session_duration=3600).max_session_duration == 3600


# One meaning


@laws
@given(kwargs=configs())
def test_yaml_json_and_python_mean_the_same(kwargs: Kwargs, tmp_path_factory: pytest.TempPathFactory) -> None:
    plain = {name: as_data(value) for name, value in kwargs.items()}
    expected = Config(**kwargs)
    folder = tmp_path_factory.mktemp("app")
    for name, text in (("app.json", json.dumps(plain)), ("app.yaml", to_yaml(plain))):
        found = read(text, folder, name)
        assert values(found) == values(expected)
        assert found.model_fields_set == expected.model_fields_set
        assert found.source == name
    assert build(expected) == build(load_config(folder / "app.yaml"))  # what it takes can be built


def test_a_config_is_taken_as_it_is() -> None:
    one = config(account_id="123456789012")
    assert Config.model_validate(one) is one


# Odd values in Python


class Word(str, enum.Enum):  # noqa: UP042 - an enum whose str() is not its value
    GOOD = "task"
    BAD = "a b"


NONE: list[Any] = []
MEMBERLESS: dict[str, Any] = {}
ODD: tuple[Any, ...] = (
    *(0, 1, -1, True, False, 1.5, float("nan"), float("inf"), 10**19, 10**25, 10**5000, -(10**5000)),
    *(
        b"x",
        b"",
        bytearray(b"x"),
        bytearray(),
        memoryview(b"x"),
        "x",
        "x" * 100_000,
        "\0",
        "a\nb",
        "\ud800",
        "\u202e",
        "\x1b[2J",
    ),
    *({1}, set[int](), frozenset("ab"), range(3), object(), print, Word.BAD, deque(["x"])),
    *([None], [NONE], [["x"]], [b"x"], [1], [MEMBERLESS], [{"a": None}], [{1}], ["x"] * 1000, [float("nan")], (None,)),
    *(MEMBERLESS, {None: None}, {1: 2}, {"a": None}, {"a": {"b": MEMBERLESS}}, {b"a": b"b"}, {"a": 10**5000}),
    *({("a",): "b"}, {"parameter": None}, {"parameter": {1}}, {"parameter": "a", "default": {1}, 1: 2}),
    *({"parameter": "a", "description": 10**5000}, {"parameter": "a" * 10_000, "default": "x" * 10_000}),
    *(
        [{"Effect": 1}],
        [{"Effect": "Allow", "Action": None}],
        [{"Effect": "Allow", "Action": "s3:*", "Resource": 10**5000}],
    ),
    *([{"Effect": "Allow", "Action": {1}, "Resource": object()}], [{1: 2}], [{"Sid": 0}], [{"Sid": NONE}]),
)


@pytest.mark.parametrize("name", KEYS)
def test_odd_values_raise_nothing_but_a_config_error(name: str) -> None:
    faults: list[Fault] = []
    for value in (*ODD, (x for x in ["x"]), iter(["x"])):
        try:
            Config(**{**NAMES, name: cast("Any", value)})
        except ConfigError as e:
            faults += e.faults
    assert len({*faults}) > 10
    if not name.endswith("_statements"):  # of what is IAM's own, the model speaks
        assert all(" at 0x" not in f.message for f in faults), "it differs from run to run"
        assert all(f.message.isprintable() and len(f.message) < 400 for f in faults)


def test_what_is_no_list_is_refused() -> None:
    for value in ({"x"}, (x for x in ["x"]), iter(["x"]), b"x", bytearray(b""), {"a": "b"}, 3):
        assert refused(github_branches=value).startswith("expected a list, not ")
    assert config(github_branches=deque(["main"])).github_branches == ("main",)


def test_a_member_of_an_enum_is_its_value() -> None:
    """What is checked is what is kept: not what `str()` makes of it."""
    found = config(project_name=Word.GOOD, confused_deputy=Word.GOOD, tags={Word.GOOD: Word.GOOD})
    assert (found.project_name, found.confused_deputy, found.tags) == ("task", "task", {"task": "task"})
    assert {type(v) for v in (found.project_name, found.confused_deputy, *found.tags, *found.tags.values())} == {str}
    assert "`a b` is not" in refused(project_name=Word.BAD)


def test_odd_keys_and_documents() -> None:
    for odd in (None, [], "x", 3, [("project_name", "a")]):
        with pytest.raises(ConfigError, match=r"^a config is a mapping of keys to values$"):
            Config.model_validate(odd)
    for key, shown in ((1, "1"), (None, "None"), ("", ""), ("x" * 1000, "x" * 117 + "...")):
        with pytest.raises(ConfigError, match=f"^unknown key `{re.escape(shown)}`"):
            Config.model_validate({**NAMES, key: 1})


def test_statements_may_be_values_of_the_model() -> None:
    statement = Statement(effect="Allow", actions="s3:GetObject", resources="*")
    assert config(task_statements=[statement]).task_statements == (statement,)


# Time

CLASSES = "aA0-_./:*?+=@,~#$ "


def hostile(form: Form) -> list[str]:
    """Long texts that begin like values of a form and end unlike them: at its greatest length, and of 100 kB."""
    found: list[str] = []
    for good in filter(None, form.good):
        for c in CLASSES:
            for length in (form.most, form.most + 1, 4096, 100_000):
                found += [(good + c * length)[: length - 1] + "\n", (good * (length // len(good) + 1))[:length] + "\0"]
    return found


@pytest.mark.parametrize("name", FORMS)
def test_no_value_takes_a_form_long(name: str) -> None:
    form = FORMS[name]
    values, faults = hostile(form), list[object]()
    assert cost(lambda: faults.extend(map(form.fault, values))) < 2  # all of them together
    assert all(faults)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("role_names", {f"task{i}": "x" for i in range(10_000)}),
        ("policy_names", {f"efs{i}": "x" for i in range(10_000)}),
        ("tags", {f"key{i}": "*" for i in range(10_000)}),
        ("secrets_arns", [f"arn:aws:ssm:eu-west-2:123456789012:parameter//{i}" for i in range(10_000)]),
    ],
)
def test_many_faults_take_no_long_time(key: str, value: object) -> None:
    assert cost(lambda: refused(**{key: value})) < 5


def test_many_unknown_keys_take_no_long_time() -> None:
    unknown = {f"secrets_arn{i}": "x" for i in range(10_000)}
    lines: list[str] = []
    assert cost(lambda: lines.extend(refused(**unknown).splitlines())) < 5
    assert len(lines) == 10_000
    assert [line.endswith("Did you mean `secrets_arns`?") for line in lines] == [
        i < MOST_SUGGESTIONS for i in range(10_000)
    ]


# Forms


@pytest.mark.parametrize("name", FORMS)
def test_samples_of_a_form(name: str) -> None:
    form = FORMS[name]
    assert form.good
    assert form.bad
    for good in form.good:
        assert form.matches(good), good
        assert form.fault(good) is None
        assert form.matches(good + "\n") is False, "`$` would let it through"
    for bad in form.bad:
        assert not form.matches(bad), bad
        fault = form.fault(bad)
        assert fault, bad
        assert not fault.remedy or fault.remedy.endswith(".")


@pytest.mark.parametrize("name", FORMS)
def test_patterns_are_of_what_every_engine_reads_alike(name: str) -> None:
    """ASCII, no anchor, no look-around, no class by letter: Python, ECMA, RE2 and Java agree on the rest."""
    pattern = FORMS[name].pattern
    assert pattern.isascii()
    classes = r"(?<!\\)\[[^]]*\]"  # behind a backslash it is a bracket
    bare = re.sub(classes, "", pattern)
    assert not re.search(r"[\^]|(?<!\\)\$|\(\?|\\[^.*?+${}()|/\[\]\\-]", bare), bare
    assert not [c for c in re.findall(classes, pattern) if c[1] == "^" or "\\" in c], "one is negated or escapes"


def test_every_kind_has_a_key() -> None:
    kinds = {type(key.kind) for key in KEYS.values()} | {
        type(key.kind.item) for key in KEYS.values() if isinstance(key.kind, ListOf)
    }
    assert kinds == {AcceptKind, Choice, Flag, ListOf, MapOf, Numbers, OfForm, RawStatement, RecordOf, Whole}


def test_errors_of_the_library_are_one_family() -> None:
    with pytest.raises(EcsiamError):
        config(path="x")


def test_a_config_is_shown_on_one_line() -> None:
    one = Config(project_name="memos", environment="dev", enable_s3_access=True, s3_bucket_arns=["arn:aws:s3:::memos"])
    assert repr(one) == str(one) == "Config(memos-dev: s3_access)"
    left = Config(project_name=Parameter("project"), environment="dev", enable_ecs_exec=Parameter("exec"))
    assert repr(left) == "Config({project}-dev: ecs_exec)"
    assert repr(Config(project_name="a" * 40, environment="b")) == f"Config({'a' * 40}-b)"
