"""Every reader has bounds and is linear: what is hostile is refused at once, and all that AWS has is read."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ecsiam import Stack, build, parse_policy
from ecsiam.config import Config
from ecsiam.errors import EcsiamError, PolicyError
from ecsiam.model.bounds import DEEPEST, LARGEST, MOST_VALUES, check_bounds

from .command_line import said
from .effort import cost

AT_ONCE = 5  # seconds of a processor that may be slow; each takes a fifth of it here, and what was quadratic minutes
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
CONFIG: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "account_id": "123456789012",
    "aws_region": "eu-west-2",
}


def document(*statements: object, **more: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def cased(n: int) -> dict[str, object]:
    """One condition key with many values, in that many spellings."""
    name = "abcdefghijklmnopq"
    spelt = ("".join(c.upper() if i >> j & 1 else c for j, c in enumerate(name)) for i in range(n + 1))
    return {f"{key}:x": [f"{i}" for i in range(n)] if at == 0 else "v" for at, key in enumerate(spelt)}


def deep(levels: int, step: Callable[[Any], Any], end: object = "x") -> Any:
    for _ in range(levels):
        end = step(end)
    return end


# Of each size there is one just below the bounds and one far above: the first has to be linear, the second refused.
HOSTILE: dict[str, Callable[[int], object]] = {
    "unknown keys": lambda n: document(ALLOW, **{f"k{i}": 1 for i in range(n)}),
    "unknown elements": lambda n: document({**ALLOW, **{f"Actiom{i}": 1 for i in range(n)}}),
    "statements": lambda n: document(*[ALLOW] * (n // 4)),
    "no statements": lambda n: document(*[1] * n),
    "actions": lambda n: document({**ALLOW, "Action": [f"s3:Get{i}" for i in range(n)]}),
    "no actions": lambda n: document({**ALLOW, "Action": [None] * n}),
    "resources": lambda n: document({**ALLOW, "Resource": [f"arn:aws:s3:::{i}" for i in range(n)]}),
    "principals": lambda n: document({**ALLOW, "Principal": {"AWS": [f"{i:012}" for i in range(n)]}}),
    "kinds of principals": lambda n: document({**ALLOW, "Principal": {f"AWS{i}": "1" for i in range(n)}}),
    "keys": lambda n: document({**ALLOW, "Condition": {"StringEquals": {f"a:{i}": "x" for i in range(n // 2)}}}),
    "operators": lambda n: document({**ALLOW, "Condition": {f"StringEqual{i}": {"a:k": "x"} for i in range(n // 3)}}),
    "values": lambda n: document({**ALLOW, "Condition": {"StringEquals": {"a:k": [f"{i}" for i in range(n)]}}}),
    "spellings of a key with many values": lambda n: document(
        {
            **ALLOW,
            "Condition": {"StringEquals": {**cased(n // 4), "ABCDEFGHIJKLMNOPQ:x": [f"{i}" for i in range(n // 2)]}},
        }
    ),
    "one long text": lambda n: document({**ALLOW, "Sid": "x" * (n * 12)}),
    "one long key": lambda n: {"Versio" * n * 2: 1},
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("size", [15_000, 80_000, 400_000])
def test_a_hostile_policy_is_read_or_refused_at_once(name: str, size: int) -> None:
    data = HOSTILE[name](size)
    text = json.dumps(data)
    for given in (data, text):

        def read(given: Any = given) -> None:
            with suppress(PolicyError):
                parse_policy(given)

        assert cost(read) < AT_ONCE
    if size > MOST_VALUES * 4:
        with pytest.raises(PolicyError, match=r"more than 60,000 keys and values|larger than"):
            parse_policy(text)


STEPS: dict[str, Callable[[object], object]] = {
    "lists": lambda x: [x],
    "objects": lambda x: {"StringEquals": x},
    "both": lambda x: {"a": [x]},
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("levels", [DEEPEST + 1, 900, 100_000])
def test_nothing_is_too_deep_to_be_refused(step: Callable[[Any], Any], levels: int) -> None:
    for data in (
        deep(levels, step),
        document(deep(levels, step)),
        document({**ALLOW, "Condition": deep(levels, step)}),
        document({**ALLOW, "Resource": deep(levels, step)}),
    ):
        for read in (parse_policy, Stack.from_dict, check_bounds):
            with pytest.raises(PolicyError):
                read(data)
    for text in ("[" * levels, '{"a":' * levels, "[" * levels + "]" * levels):
        with pytest.raises(PolicyError):
            parse_policy(text)


def test_data_that_holds_itself_is_refused() -> None:
    own: dict[str, object] = document(ALLOW)
    own["Statement"] = own
    many: list[object] = ["x"]
    for _ in range(60):
        many = [many, many]
    for data in (own, many, document({**ALLOW, "Resource": many})):
        with pytest.raises(PolicyError):
            parse_policy(data)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("n", [5_000, 80_000, 1_000_000])
@pytest.mark.parametrize("what", ["fields", "context", "the same context", "an action", "a field", "deep", "digits"])
def test_a_hostile_line_of_a_batch_is_answered_at_once(tmp_path: Path, what: str, n: int) -> None:
    ask: dict[str, object] = {"role": "task", "action": "ecr:GetAuthorizationToken"}
    lines: dict[str, Callable[[], str]] = {
        "fields": lambda: json.dumps({**ask, **{f"actio{i}": 1 for i in range(n)}}),
        "context": lambda: json.dumps({**ask, "context": {f"a:{i}": "x" for i in range(n)}}),
        "the same context": lambda: '{"action": "a:b", "context": {' + ", ".join(['"a:b": "c"'] * n) + "}}",
        "an action": lambda: json.dumps({**ask, "action": "ecr:" + "Get" * n}),
        "a field": lambda: json.dumps({**ask, "actio" * n: 1}),
        "deep": lambda: '{"context": ' + "[" * n,
        "digits": lambda: '{"action": ' + "1" * n + "}",
    }
    (tmp_path / "r.jsonl").write_text(lines[what]())
    root = Path(__file__).resolve().parents[1]

    def ask_it() -> None:
        code, _, err = said("simulate", str(root / "examples" / "memos.yaml"), "--batch", str(tmp_path / "r.jsonl"))
        assert code in (0, 1, 2, 3)
        assert len(err) < 100_000

    assert cost(ask_it) < 2 * AT_ONCE


@pytest.mark.parametrize("n", [3_000, 100_000])
@pytest.mark.parametrize("what", ["roles", "outputs", "notes", "variables", "demands", "names", "policies"])
def test_the_data_of_a_hostile_stack_is_read_or_refused_at_once(what: str, n: int) -> None:
    data = build(Config(**CONFIG)).to_dict()
    role = data["roles"][0]
    note: dict[str, object] = {"rule": "x", "message": "x", "path": [], "remedy": "", "page": ""}
    match what:
        case "roles":
            data["roles"] = [{**role, "id": f"r{i}", "name": f"r{i}"} for i in range(n // 50)]
        case "policies":
            policy = {"id": "p", "name": "p", "when": "", **role["trust"]}
            data["roles"] = [{**role, "policies": [{**policy, "id": f"p{i}"} for i in range(n // 20)]}]
        case "notes":
            data["notes"] = [note] * n
        case "outputs":
            data["outputs"] = [{"name": f"o{i}", "role": "task", "attribute": "arn"} for i in range(n)]
        case _:
            data["deployment"][what] = [{f"k{i}": 1} for i in range(n)]

    def read() -> None:
        with suppress(PolicyError):
            Stack.from_dict(data)

    assert cost(read) < 2 * AT_ONCE


def test_what_is_read_is_far_above_any_real_document() -> None:
    """The largest of AWS's managed policies has some 12 KB; a resource's policy at most 32 KB."""
    largest = document(*[{**ALLOW, "Resource": f"arn:aws:s3:::bucket-{i}/*"} for i in range(2_000)])
    assert len(json.dumps(largest)) > 5 * 32 * 1024
    assert len(parse_policy(largest).statements) == 2_000
    assert len(parse_policy(json.dumps(largest, indent=8)).statements) == 2_000
    check_bounds(["x" * (LARGEST // 2)])


def test_a_config_of_endless_statements_is_no_traceback() -> None:
    endless: dict[str, object] = {}
    endless["Resource"] = endless
    wide = deep(60, lambda x: [x, x])
    for statement in (
        deep(100_000, lambda x: [x]),
        deep(5_000, lambda x: {"Condition": x}),
        *({"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": one} for one in (endless, wide)),
    ):
        with suppress(EcsiamError):
            Config(**CONFIG, task_statements=[statement])
