"""Requests, statements and answers as lines to read and as data for JSON."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.request import Request
from ecsiam.analysis.terms import Terms
from ecsiam.model.data import write_accept
from ecsiam.model.document import policy_to_data
from ecsiam.model.each import Item
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Statement

Data = dict[str, object]
INDENT = "    "
WIDTH = 120
MOST_SHOWN = 20  # requests under one fact
_LETTER = re.compile(r"\{[^{}]+\.letter\d\}")


def request_lines(request: Request, indent: str = "", before: str = "") -> Iterator[str]:
    """`action on resource by principal with key=value, ...`; what is too long for a line stands on several."""
    start, who, pairs = _pieces(request)
    one = f"{indent}{before}{request_line(request)}"
    if len(one) <= WIDTH:
        yield one
    else:
        yield f"{indent}{before}{start}"
        deeper = f"{indent}{INDENT}" if indent else INDENT * 2
        yield from (f"{deeper}{more}" for more in (*who, *(f"with {pair}" for pair in pairs)))


def request_line(request: Request) -> str:
    """All of a request on one line."""
    start, who, pairs = _pieces(request)
    return " ".join((start, *who, *(["with " + ", ".join(pairs)] if pairs else [])))


def _pieces(request: Request) -> tuple[str, list[str], list[str]]:
    who = [] if request.principal is None else [f"by {request.principal}"]
    pairs = [f"{key}={v if isinstance(v, str) else '[' + ', '.join(v) + ']'}" for key, v in request.context]
    return f"{request.action} on {request.resource}", who, pairs


def request_data(request: Request | None) -> Data | None:
    """A request as the lines of a batch have it."""
    if request is None:
        return None
    return {
        "action": request.action,
        "resource": request.resource,
        "principal": None if request.principal is None else str(request.principal),
        "context": {key: v if isinstance(v, str) else list(v) for key, v in request.context},
    }


def owner_data(owner: str) -> Data:
    """Whose an answer is: `owner` is its SERVICE/ENVIRONMENT, in a file of several."""
    service, _, environment = owner.partition("/")
    return {"service": service, "environment": environment} if owner else {}


# ---------------------------------------------------------------- statements


def statement_line(statement: Statement) -> str:
    """Why a statement is there; of one that nobody gave a reason, what it says, with `?` for a letter of a secret."""
    return _LETTER.sub("?", statement.why)


def _strings(items: tuple[Item, ...]) -> list[str]:
    return [str(item) for item in items]


def statement_data(statement: Statement) -> Data:
    """A statement: IAM's own form of it, and where it came from."""
    origin = statement.origin
    document = policy_to_data(Policy(statement, as_is=True), str, _strings)
    return {
        "sid": statement.sid,
        "effect": statement.effect,
        "origin": None
        if origin is None
        else {"feature": origin.feature, "flag": origin.flag, "reason": origin.reason, "page": origin.page},
        "document": cast("list[object]", document["Statement"])[0],
    }


# ---------------------------------------------------------------- answers


def answer_data(answer: Answer) -> Data:
    """An answer with its evidence; the fields are those of docs/commands.md."""
    match answer:
        case Holds(witness, assumed, when, unless):
            says: Data = {"when": [*map(terms_data, when)], "unless": [*map(terms_data, unless)]}
            return {"answer": "holds", "witness": request_data(witness), **says, "assumed": list(assumed)}
        case Fails(assumed=assumed, also=also):
            return {
                "answer": "fails",
                **_fail_data(answer),
                "also": [_fail_data(a) for a in also],
                "assumed": list(assumed),
            }
        case Undecided(reason, assumed):
            return {"answer": "undecided", "reason": reason, "assumed": list(assumed)}


def terms_data(terms: Terms) -> Data:
    """On what terms something is allowed or denied."""
    return {
        "actions": list(terms.actions),
        "not_actions": list(terms.not_actions),
        "resources": list(terms.resources),
        "not_resources": list(terms.not_resources),
        "words": terms.words,
        "within": None if terms.within is None else terms_data(terms.within),
        "statement": statement_data(terms.statement),
    }


def _fail_data(fails: Fails) -> Data:
    return {
        "fact": fails.fact,
        "witness": request_data(fails.witness),
        "values": {name: _plain(v) for name, v in fails.values},
        "accepted": [write_accept(a) for a in fails.accepted],
    }


def _plain(value: object) -> object:
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def fail_lines(fails: Fails, defaults: Mapping[str, object]) -> Iterator[str]:
    """Each fact, below it the requests that show it; then, with which values of what is open they do.

    At the end, why what else fails is accepted.
    """
    by_values: dict[str, dict[str, list[Request]]] = {}
    values = ""
    every = (fails, *fails.also)
    for one in (one for one in every if not one.accepted):
        values = _values(one, defaults) or values  # what else shows it does so with the same
        shown = by_values.setdefault(values, {}).setdefault(one.fact, [])
        shown += [] if one.witness is None else [one.witness]
    for values, by_fact in by_values.items():
        for fact, requests in by_fact.items():
            yield f"{INDENT}{fact}{':' if requests else ''}"
            different = list(dict.fromkeys(requests))
            for request in different[:MOST_SHOWN]:
                yield from request_lines(request, INDENT * 2)
            if len(different) > MOST_SHOWN:
                yield f"{INDENT * 2}and {len(different) - MOST_SHOWN} more, which `--format json` lists"
        if values:
            yield f"{INDENT}where {values}"
    yield from (f"{INDENT}accepted: {why}" for why in dict.fromkeys(a for one in every for a in one.accepted))


def _values(fails: Fails, defaults: Mapping[str, object]) -> str:
    """The values that lead there, without parameters that are at their defaults."""
    told = ((n, v) for n, v in fails.values if n not in defaults or defaults[n] != v)
    return ", ".join(f"{name}={_value(v)}" for name, v in told)


def _value(value: object) -> str:
    """A value as `--set` takes it."""
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(map(str, cast("tuple[object, ...]", value)))
        case _:
            return str(value)


def assumed_lines(answers: Iterable[Answer]) -> Iterator[str]:
    """What answers rest on, once each."""
    assumed = dict.fromkeys(a for answer in answers for a in answer.assumed)
    if assumed:
        yield "assumed:"
        yield from (f"{INDENT}{a}" for a in assumed)
