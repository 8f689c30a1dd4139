"""Files as they were written: what is read, where it stands, and all that is refused."""

import copy
import io
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from ecsiam.errors import MOST_FAULTS, ConfigError, Faults, printable
from ecsiam.errors import Path as Place
from ecsiam.keys.events import INVISIBLE, Scalar
from ecsiam.keys.source import parse_source, read_source
from ecsiam.model.bounds import DEEPEST, LARGEST

from .effort import cost

HERE = "Correct the indentation, quotes and brackets here and above"
NOT_JSON = "Correct it: a file whose name ends in `.json` or which starts with `{` is JSON"
MAPPING = "Write a mapping, with a `key: value` on each line"
ESCAPE = "Remove it, or write it as an escape in double quotes"


def refusal(text: str | bytes, name: str = "app.yaml") -> list[str]:
    """The lines of the error that `text` gives."""
    with pytest.raises(ConfigError) as e:
        parse_source(text, name)
    assert all(f.file == name and f.message and f.remedy for f in e.value.faults)
    return str(e.value).splitlines()


def places(value: object, at: Place = ()) -> Iterator[Place]:
    """The path of everything in `value`."""
    if at:
        yield at
    if isinstance(value, dict):
        for key, inner in cast("dict[str, object]", value).items():
            yield from places(inner, (*at, key))
    elif isinstance(value, list):
        for i, inner in enumerate(cast("list[object]", value)):
            yield from places(inner, (*at, i))


def yaml_of(data: object) -> str:
    """`data` as ruamel writes it, in ASCII and without folding."""
    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.allow_unicode = False, 2**20, False
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


# What is read


@pytest.mark.parametrize(
    ("written", "text", "plain"),
    [
        ("012345678901", "012345678901", True),
        ("no", "no", True),
        ("0x1F", "0x1F", True),
        ("1_000", "1_000", True),
        ("2024-01-01", "2024-01-01", True),
        ("12:30:45", "12:30:45", True),
        ("nUll", "nUll", True),
        (".inf", ".inf", True),
        ("s3:* # all", "s3:*", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/*", True),
        ("one\n  two\n\n  three", "one two\nthree", True),
        ('"no"', "no", False),
        ("'~'", "~", False),
        ("''", "", False),
        ("'it''s'", "it's", False),
        (r'"\u00e9\t\x41\U0001F600"', "é\tA\U0001f600", False),
        ("|\n  one\n  two", "one\ntwo", False),
        ("|-\n  null", "null", False),
        (">-\n  one\n  two", "one two", False),
    ],
)
def test_yaml_scalar_stays_its_own_text(written: str, text: str, plain: bool) -> None:
    value = parse_source(f"a: {written}", "app.yaml").data["a"]
    assert isinstance(value, Scalar)
    assert (value, value.plain) == (text, plain)


@pytest.mark.parametrize(
    ("written", "text", "plain"),
    [
        ("true", "true", True),
        ("-1.50E+3", "-1.50E+3", True),
        ("1" * 10_000, "1" * 10_000, True),
        ('"true"', "true", False),
        ('"null"', "null", False),
        (r'"\ud83d\ude00 \\ud83d \/"', "\U0001f600 \\ud83d /", False),
        (r'"\u0000\u2028"', "\0\u2028", False),
    ],
)
def test_json_scalar_stays_its_own_text(written: str, text: str, plain: bool) -> None:
    value = parse_source(f'{{"a": {written}}}', "app.json").data["a"]
    assert isinstance(value, Scalar)
    assert (value, value.plain) == (text, plain)


@pytest.mark.parametrize("null", ["", "~", "null", "Null", "NULL", "# nothing"])
def test_null_is_none(null: str) -> None:
    assert parse_source(f"a: {null}\nb:\n  - {null}\n", "app.yaml").data == {"a": None, "b": [None]}


def test_json_null_is_none() -> None:
    assert parse_source('{"a": null, "b": [null]}', "app").data == {"a": None, "b": [None]}


def test_key_is_always_a_text() -> None:
    # `Null` is an operator of IAM's conditions
    data = parse_source("Null: {aws:TokenIssueTime: 'true'}\n12: x\n~: y\n? no\n: z\n'': e", "app.yaml").data
    assert data == {"Null": {"aws:TokenIssueTime": "true"}, "12": "x", "~": "y", "no": "z", "": "e"}
    assert {type(key) for key in data} == {str}


@pytest.mark.parametrize(
    "text", ["a: 1\nb: 2", "\ufeffa: 1\r\nb: 2\r\n", "---\na: 1\nb: 2\n...\n", "# x\ra: 1\rb: 2\r"]
)
def test_marks_and_line_ends_make_no_difference(text: str) -> None:
    for source in (parse_source(text, "app.yaml"), parse_source(text.encode(), "app.yaml")):
        assert source.data == {"a": "1", "b": "2"}
        assert source.lines["b",] - source.lines["a",] == 1


@pytest.mark.parametrize(("text", "name"), [('{"a": 1}', "x"), ('\n {"a": 1}', "x.yaml"), ('{"a"\n:\t1}', "x.JSON")])
def test_json_by_name_or_first_character(text: str, name: str) -> None:
    assert parse_source(text, name).data == {"a": "1"}


def test_scalar_keeps_how_it_was_written() -> None:
    scalar = Scalar("no", plain=True)
    for same in (copy.deepcopy(scalar), pickle.loads(pickle.dumps(scalar))):
        assert (type(same), same, same.plain) == (Scalar, "no", True)
    assert not Scalar("no").plain
    assert hash(scalar) == hash("no")


# Where it stands


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a: 1\n\n# x\nb:\n  - c: 1\n    d: |\n      x\n      y\n  -\n    - e\n  -\nf: {g: 1,\n h: 2}\n", "x.yaml"),
        ('{"a": 1,\n\n\n"b": [\n{"c": 1,\n"d": "x\\ny"},\n\n\n[\n"e"],\nnull],\n"f": {"g": 1,\n"h": 2}}', "x.json"),
    ],
)
def test_lines(text: str, name: str) -> None:
    source = parse_source(text, name)
    yaml = name == "x.yaml"
    assert source.lines == {
        ("a",): 1,
        ("b",): 4,
        ("b", 0): 5,
        ("b", 0, "c"): 5,
        ("b", 0, "d"): 6,
        ("b", 1): 10 if yaml else 9,
        ("b", 1, 0): 10,
        ("b", 2): 11,
        ("f",): 12,
        ("f", "g"): 12,
        ("f", "h"): 13,
    }
    assert source.line(("b", 0, "c", "not", "there")) == 5
    assert source.line(("b", 7)) == 4
    assert source.line(("not", "there")) is None
    assert source.line(()) is None


TEXTS = st.text(max_size=30)
DATA = st.dictionaries(
    TEXTS,
    st.recursive(
        TEXTS | st.none(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


@settings(deadline=None)
@given(DATA, st.sampled_from([None, 0, 2]), st.booleans())
def test_json_gives_back_what_was_written(data: dict[str, object], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(data, indent=indent, ensure_ascii=ascii_only)
    if INVISIBLE.search(text):
        assert "invisible" in refusal(text, "x.json")[0]
        return
    source = parse_source(text, "x.json")
    assert source.data == data
    assert set(source.lines) == set(places(data)) - {()}
    lines = text.split("\n")
    for place, line in source.lines.items():
        if isinstance(place[-1], str):
            assert json.dumps(place[-1], ensure_ascii=ascii_only) in lines[line - 1]


@settings(deadline=None)
@given(DATA)
def test_yaml_gives_back_what_was_written(data: dict[str, object]) -> None:
    source = parse_source(yaml_of(data), "x.yaml")
    assert source.data == data
    assert set(source.lines) == set(places(data)) - {()}


KEYS = st.text("aB1:_-.", max_size=8).map("k{}".format)
ROWS = st.lists(TEXTS | st.dictionaries(KEYS, TEXTS, max_size=2), max_size=2)


@settings(deadline=None)
@given(st.dictionaries(KEYS, st.dictionaries(KEYS, ROWS, max_size=3), max_size=3))
def test_line_of_a_key_has_the_key(data: dict[str, object]) -> None:
    text = yaml_of(data)
    for place, line in parse_source(text, "x.yaml").lines.items():
        if isinstance(place[-1], str):
            assert place[-1] in text.split("\n")[line - 1]


# What is refused, one fault each


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"app.yaml:1: the file is empty. {MAPPING}"),
        ("# only a comment\n", f"app.yaml:1: the file is empty. {MAPPING}"),
        ("---\n", f"app.yaml:2: the file is empty. {MAPPING}"),
        ("null", f"app.yaml:1: the file is empty. {MAPPING}"),
        ("\n- a\n", f"app.yaml:2: the file is a list. {MAPPING}"),
        ("a b", f"app.yaml:1: the file is a single value. {MAPPING}"),
        ("a: 1\nb: 2\na: 3", "app.yaml:3: duplicate key, first on line 1 @ $.a. Keep one of them"),
        ("a: [{b: 1, 'b': 2}]", "app.yaml:1: duplicate key, first on line 1 @ $.a[0].b. Keep one of them"),
        ("a: &x 1", "app.yaml:1: anchor `&x` @ $.a. Remove it, and write the value wherever it is needed"),
        ("&x a: 1", "app.yaml:1: anchor `&x` @ $.a. Remove it, and write the value wherever it is needed"),
        ("&x\na: 1", "app.yaml:1: anchor `&x`. Remove it, and write the value wherever it is needed"),
        (
            "a:\n- *x.y",
            'app.yaml:2: alias `*x.y` @ $.a[0]. Write out what it stands for, or put a text in quotes: `"*x.y"`',
        ),
        ("a: {<<: {b: 1}}", "app.yaml:1: merge key @ $.a.<<. Write out the keys it stands for"),
        ("a: !Sub x", "app.yaml:1: tag `!Sub` @ $.a. Remove it: values are read as written"),
        ("a: !!str 1", "app.yaml:1: tag `!!str` @ $.a. Remove it: values are read as written"),
        ("a: ! 1", "app.yaml:1: tag `!` @ $.a. Remove it: values are read as written"),
        ("a: !<x> {}", "app.yaml:1: tag `x` @ $.a. Remove it: values are read as written"),
        ("a: 1\n---\nb: 1", "app.yaml:3: a second document starts here. Write one document in a file"),
        ("%YAML 1.1\n---\na: no", "app.yaml:1: line that starts with `%`. Remove it"),
        ("# x\n%YAML 1.0\n---\na: no", "app.yaml:2: line that starts with `%`. Remove it"),
        ("a:\n  [b]: 1", "app.yaml:2: a key is not a text @ $.a. Write a text before each `:`"),
        ("{}: 1", f"app.yaml:1: not JSON: extra data. {NOT_JSON}"),
        ("a: 1\n{}: 1", "app.yaml:2: a key is not a text. Write a text before each `:`"),
        ("a: 1\n: x", "app.yaml:2: a key is not a text. Write a text before each `:`"),
        (r'a: "\ud83d\ude00"', r"app.yaml:1: `\ud83d` is half a character @ $.a. Write the character itself"),
        ('a:\n  - "\\U00110000"', "app.yaml:2: malformed escape here or below. Write the character itself"),
        ("a: !%25zz b", "app.yaml:1: malformed escape here or below. Write the character itself"),
        ("a:\n\tb: 1", r"app.yaml:2: found character `\t` that cannot start any token. Use spaces, not tabs"),
        (
            "Action: s3:*\nResource: *\n",
            r"app.yaml:2: expected alphabetic or numeric character, but found `\n`. "
            'Put a text that starts with `*` in quotes: `"*"`',
        ),
        (
            "a: *",
            "app.yaml:1: expected alphabetic or numeric character, but found the end. "
            'Put a text that starts with `*` in quotes: `"*"`',
        ),
        (
            "a: b: c",
            "app.yaml:1: mapping values are not allowed here. "
            "Put a text with `: ` in it in quotes, or correct the indentation",
        ),
        (
            "a: @b",
            "app.yaml:1: found character `@` that cannot start any token. "
            "Put a text that starts with this character in quotes",
        ),
        (
            "a: 'x\nb: 2\n",
            "app.yaml:3: found unexpected end of stream while scanning a quoted scalar from line 1. Close the quotes",
        ),
        (
            "a: [b,\nc: d\ne: f",
            f"app.yaml:3: expected `,` or `]`, but got `:` while parsing a flow sequence from line 1. {HERE}",
        ),
        ("a:\n- [b", f"app.yaml:2: expected `,` or `]`, but got the end. {HERE}"),
        (
            "a: 1\n]",
            f"app.yaml:2: expected <block end>, but found `]` while parsing a block mapping from line 1. {HERE}",
        ),
        (
            "a: |\n     \n  x",
            f"app.yaml:3: expected <block end>, but found `<scalar>` while parsing a block mapping from line 1. {HERE}",
        ),
        ("a: {b: !x!y z}", f"app.yaml:1: found undefined tag handle `!x!`. {HERE}"),
        ("a: b\x07", f"app.yaml:1: invisible character `U+0007`. {ESCAPE}"),
        ("a: b\nc: d\u202e", f"app.yaml:2: invisible character `U+202E`. {ESCAPE}"),
        ("a: b\u2028c: d", f"app.yaml:1: invisible character `U+2028`. {ESCAPE}"),
        ("a: b\x85c: d", f"app.yaml:1: invisible character `U+0085`. {ESCAPE}"),
        ("\ufeff\ufeffa: b", f"app.yaml:1: invisible character `U+FEFF`. {ESCAPE}"),
        ("a: \udc80", f"app.yaml:1: invisible character `U+DC80`. {ESCAPE}"),
        (b"a: b\nc: \xff\n", "app.yaml:2: byte `0xff` is not UTF-8. Save the file as UTF-8"),
        ("a: b".encode("utf-16"), "app.yaml: the encoding is UTF-16 or UTF-32. Save the file as UTF-8"),
        ("a: b".encode("utf-16-be"), "app.yaml: the encoding is UTF-16 or UTF-32. Save the file as UTF-8"),
        ("a: b".encode("utf-32"), "app.yaml: the encoding is UTF-16 or UTF-32. Save the file as UTF-8"),
        ("a: " + "x" * LARGEST, "app.yaml: larger than 256 KiB. Check that this is the file you mean"),
        (
            "a:" + ("\n- [x]" * 20_000),
            "app.yaml:10000: more than 20,000 keys and values @ $.a[9998][0]. Check that this is the file you mean",
        ),
        (
            "a: " + "[" * DEEPEST,
            "app.yaml:1: nested more than 20 deep @ $.a" + "[0]" * 19 + ". Check brackets and indentation",
        ),
    ],
)
def test_refused(text: str | bytes, message: str) -> None:
    assert refusal(text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", f"x.json:1: the file is empty. {MAPPING}"),
        ("null", f"x.json:1: the file is empty. {MAPPING}"),
        ("[{}]", f"x.json:1: the file is a list. {MAPPING}"),
        ('"a"', f"x.json:1: the file is a single value. {MAPPING}"),
        ("a: 1", f"x.json:1: not JSON: expecting value. {NOT_JSON}"),
        ("{a: 1}", f"x.json:1: not JSON: expecting property name enclosed in double quotes. {NOT_JSON}"),
        ('{"a": 1\n"b": 2}', f"x.json:2: not JSON: expecting `,` delimiter. {NOT_JSON}"),
        ('{"a": "b}', f"x.json:1: not JSON: unterminated string. {NOT_JSON}"),
        ('{"a": "b\tc"}', f"x.json:1: not JSON: invalid control character. {NOT_JSON}"),
        ('{"a": 1}\n{}', f"x.json:2: not JSON: extra data. {NOT_JSON}"),
        (
            '{"a": {"b": 1,\n"\\u0062": 2}}',
            "x.json:2: duplicate key, first on line 1 @ $.a.b. Keep one of them",
        ),
        ('{"a": -Infinity}', "x.json:1: `-Infinity` is not JSON @ $.a. Write a number, or a text in quotes"),
        (r'{"a": ["\ud83d"]}', r"x.json:1: `\ud83d` is half a character @ $.a[0]. Write the character itself"),
        (r'{"\ude00": 1}', "x.json:1: `\\ude00` is half a character @ $.\ufffd. Write the character itself"),
        ('{"a": "\u2066"}', f"x.json:1: invisible character `U+2066`. {ESCAPE}"),
        (
            '{"a":\n' + "[" * DEEPEST + "]" * DEEPEST + "}",
            "x.json:2: nested more than 20 deep @ $.a" + "[0]" * 19 + ". Check brackets and indentation",
        ),
    ],
)
def test_refused_json(text: str, message: str) -> None:
    assert refusal(text, "x.json") == [message]


# All at once


def test_all_faults_are_told() -> None:
    text = "a: &x !t 1\nb: {<<: *x, c: 1, c: 2}\na:\n  - d: 1\n    d: 2\n[e]: !u f\ng: }\n"
    assert refusal(text) == [
        "app.yaml:1: anchor `&x` @ $.a. Remove it, and write the value wherever it is needed",
        "app.yaml:1: tag `!t` @ $.a. Remove it: values are read as written",
        "app.yaml:2: merge key @ $.b.<<. Write out the keys it stands for",
        'app.yaml:2: alias `*x` @ $.b.<<. Write out what it stands for, or put a text in quotes: `"*x"`',
        "app.yaml:2: duplicate key, first on line 2 @ $.b.c. Keep one of them",
        "app.yaml:3: duplicate key, first on line 1 @ $.a. Keep one of them",
        "app.yaml:5: duplicate key, first on line 4 @ $.a[0].d. Keep one of them",
        "app.yaml:6: a key is not a text. Write a text before each `:`",
        "app.yaml:6: tag `!u`. Remove it: values are read as written",
        f"app.yaml:7: expected the node content, but found `}}`. {HERE}",
    ]


def test_a_syntax_error_after_the_end_is_told_too() -> None:
    assert refusal("[a] b") == [
        f"app.yaml:1: the file is a list. {MAPPING}",
        f"app.yaml:1: expected `<document start>`, but found `<scalar>`. {HERE}",
    ]


def test_all_invisible_characters_are_told() -> None:
    assert [line.partition(". ")[0] for line in refusal("a: \x00\n\x1bb: c\n")] == [
        "app.yaml:1: invisible character `U+0000`",
        "app.yaml:2: invisible character `U+001B`",
    ]


# However bad a file is, it is answered, and soon

SIZE = LARGEST - 10
HOSTILE = {
    "brackets": "[" * SIZE,
    "lines of brackets": ("[" * 1000 + "\n") * 261,
    "braces": "a: " + "{a: " * (SIZE // 4),
    "dashes": "- " * (SIZE // 2),
    "questions": "? " * (SIZE // 2),
    "anchors": "&a " * (SIZE // 3),
    "anchored items": "a: [" + "&a x, " * (SIZE // 6),
    "aliases": "a: [" + "*a , " * (SIZE // 5),
    "tags": "a: [" + "!t x, " * (SIZE // 6),
    "laughs": "a: &a [x]\n"
    + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
    "plain": "a: " + "x" * SIZE,
    "plain words": "a: " + "x " * (SIZE // 2),
    "quoted": 'a: "' + "x" * SIZE + '"',
    "escapes": 'a: "' + r"\n" * (SIZE // 2) + '"',
    "unclosed quote": "a: '" + "x\n" * (SIZE // 2),
    "block": "a: |\n" + " x\n" * (SIZE // 3),
    "blank lines": "\n" * SIZE,
    "comment": "#" * SIZE,
    "tabs": "\t" * SIZE,
    "key": "x" * SIZE + ": 1",
    "same key": "a:\n" * (SIZE // 3),
    "most keys": "".join(f"{i:x}:\n" for i in range(45_000))[:SIZE],
    "too many keys": "".join(f"k{i}: 1\n" for i in range(100_000)),
    "items": "a: [" + "a," * (SIZE // 2) + "]",
    "deep items": "a: [" + ("[" * 17 + "]" * 17 + ",\n") * 7000 + "]",
    "directives": "%A\n" * (SIZE // 3),
    "documents": "---\n" * (SIZE // 4),
    "controls": "\x01" * SIZE,
    "not UTF-8": b"\xff" * SIZE,
    "JSON brackets": '{"a":' + "[" * SIZE,
    "JSON braces": '{"a":' * (SIZE // 5),
    "JSON text": '{"a":"' + "x" * SIZE + '"}',
    "JSON escapes": '{"a":"' + r"\"" * (SIZE // 2),
    "JSON number": '{"a":' + "1" * SIZE + "}",
    "JSON keys": "{" + ",".join(f'"{i}":1' for i in range(20_000)) + "}",
    "JSON same key": "{" + ",".join(['"a":1'] * 20_000) + "}",
    "JSON quotes": "{" + '"' * SIZE,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile(text: str | bytes) -> None:
    faults = Faults()

    def read() -> None:
        with faults.at():
            parse_source(text, "app")

    assert cost(read) < 10  # about one at most; without bounds, ruamel takes minutes
    assert len(faults) <= MOST_FAULTS + 1


WRITTEN = [
    *(
        "a",
        "b: ",
        "c:\n",
        "- ",
        "\n",
        "\n  ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "'",
        '"',
        "\\",
        "\\U",
        "\\x",
        "\\u",
        "0011",
        "~",
    ),
    *(
        "&a ",
        "*a ",
        "!",
        "!!str ",
        "!<",
        "!x!",
        "%",
        "%YAML ",
        "1.",
        "---",
        "--- ",
        "...\n",
        "|",
        "|2",
        ">\n",
        "#",
        " # ",
    ),
    *(
        "? ",
        ": ",
        "<<: ",
        "@",
        "`",
        "\t",
        " ",
        "null",
        "é",
        "\ud800",
        "\x85",
        "\ufeff",
        "\r",
        "%25",
        "&",
        "*",
        ":",
        "1e5",
    ),
]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(WRITTEN)).map("".join) | st.text() | st.binary(),
    st.sampled_from(["a: ", "{", '{"a": ', "- ", ""]),
    st.sampled_from(["x.yaml", "x.json"]),
)
def test_anything_is_read_or_refused(text: str | bytes, start: str, name: str) -> None:
    text = start + text if isinstance(text, str) else start.encode() + text
    try:
        source = parse_source(text, name)
    except ConfigError as e:
        for fault in e.faults:
            assert fault.file == name
            assert fault.remedy
            assert "\n" not in fault.message
            str(fault).encode()
    else:
        assert set(source.lines) == set(places(source.data)) - {()}


# Files


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_bytes("\ufeffa: é\r\n".encode())
    source = read_source(path)
    assert (source.name, source.data) == (str(path), {"a": "é"})
    assert read_source(str(path)) == source


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a: 1\na: 2")))
    with pytest.raises(ConfigError) as e:
        read_source("-")
    assert str(e.value) == "standard input:2: duplicate key, first on line 1 @ $.a. Keep one of them"


def test_closed_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ConfigError, match=r"^standard input: cannot be read: it is closed\. Check"):
        read_source("-")


@pytest.mark.parametrize(
    ("name", "why", "remedy"),
    [
        ("none.yaml", "no such file or directory", "Check its name, or write one to start from with `ecsiam init`"),
        (
            "none.json",
            "no such file or directory",
            "Check its name and permissions, or pass `-` to read standard input",
        ),
        ("", "is a directory", "Check its name and permissions, or pass `-` to read standard input"),
        ("a\0b", "embedded null byte", "Check its name and permissions, or pass `-` to read standard input"),
    ],
)
def test_file_that_cannot_be_read(tmp_path: Path, name: str, why: str, remedy: str) -> None:
    path = f"{tmp_path}/{name}"
    with pytest.raises(ConfigError) as e:
        read_source(path)
    assert str(e.value) == f"{printable(path)}: cannot be read: {why}. {remedy}"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match="cannot be read: permission denied"):
        read_source(path)


def test_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError, match=r"^/dev/zero: larger than 256 KiB"):
        read_source("/dev/zero")


def test_json_does_without_ruamel() -> None:
    code = "import sys, ecsiam.keys.source as s; s.parse_source('{}', ''); sys.exit('ruamel.yaml' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
