"""A smaller case with the same fault: leave one thing out, keep the case if the fault stays, again and again."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .checks import Case
from .matcher import listed

Same = Callable[[Case], bool]


def shrunk(case: Case, same: Same) -> Case:
    while True:
        smaller = next((c for c in _smaller(case) if same(c)), None)
        if smaller is None:
            return case
        case = smaller


def _smaller(case: Case) -> Iterator[Case]:
    for i in range(len(case.asked) if len(case.asked) > 1 else 0):
        yield replace(case, asked=(case.asked[i],))
    for i, side in enumerate(case.sides):
        if len(side) > 1:
            yield from (_put(case, i, side[:j] + side[j + 1 :]) for j in range(len(side)))
        for j, document in enumerate(side):
            for less in _documents(document):
                yield _put(case, i, (*side[:j], less, *side[j + 1 :]))
    if case.query is not None:
        yield from (replace(case, query=less["Statement"][0]) for less in _documents({"Statement": [case.query]}))
    for i, asked in enumerate(case.asked):
        for key in asked.context:
            less = {k: v for k, v in asked.context.items() if k != key}
            yield replace(case, asked=(*case.asked[:i], replace(asked, context=less), *case.asked[i + 1 :]))


def _put(case: Case, at: int, side: tuple[Any, ...]) -> Case:
    return replace(case, sides=(*case.sides[:at], side, *case.sides[at + 1 :]))


def _documents(document: Any) -> Iterator[Any]:
    statements: list[Any] = document["Statement"]
    for i in range(len(statements) if len(statements) > 1 else 0):
        yield {**document, "Statement": statements[:i] + statements[i + 1 :]}
    for i, statement in enumerate(statements):
        for less in _statements(statement):
            yield {**document, "Statement": [*statements[:i], less, *statements[i + 1 :]]}


def _statements(statement: Any) -> Iterator[Any]:
    for name in ("Action", "NotAction", "Resource", "NotResource"):
        values = listed(statement.get(name, ()))
        for i in range(len(values) if len(values) > 1 else 0):
            yield {**statement, name: values[:i] + values[i + 1 :]}
        if values and values != ["*"] and not name.startswith("Not"):
            yield {**statement, name: "*"}
        if values and name.startswith("Not"):
            yield {k: v for k, v in statement.items() if k != name} | {name[3:]: "*"}
    if statement.get("Principal", "*") != "*":
        yield {**statement, "Principal": "*"}
    yield from _conditions(statement)


def _conditions(statement: Any) -> Iterator[Any]:
    block = statement.get("Condition", {})
    for operator, keys in block.items():
        for key, values in keys.items():
            less = copy.deepcopy(block)
            less[operator].pop(key)
            less = {o: k for o, k in less.items() if k}
            rest = {k: v for k, v in statement.items() if k != "Condition"}
            yield rest | ({"Condition": less} if less else {})
            for i in range(len(listed(values)) if len(listed(values)) > 1 else 0):
                less = copy.deepcopy(block)
                less[operator][key] = values[:i] + values[i + 1 :]
                yield {**statement, "Condition": less}
