"""The jobs of a matrix: each combination of its values is a job of its own.

https://docs.github.com/en/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
"""

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod

from ecsiam.readers.found import Value, as_list, as_map, is_list, is_map
from ecsiam.readers.github.expressions import Scope, plain

MOST = 64  # jobs of a matrix; with more, each value may go with any other

Matrix = Mapping[str, tuple[Value, ...]]


def combinations(job: Mapping[str, Value], scope: Scope) -> Iterator[tuple[Matrix, str]]:
    """The jobs of a matrix with their values, and which each is in words; one without values where there is none.

    Where not all of a matrix is known it is one job, whose values may be any: of a name that isn't there, not known.
    """
    given = as_map(job.get("strategy")).get("matrix")
    if given is None:
        yield {}, ""
        return
    matrix = as_map(given)
    lists = {str(n): v for n, v in matrix.items() if n not in ("include", "exclude")}
    more, less = matrix.get("include", []), matrix.get("exclude", [])
    whole = is_map(given) and all(map(is_list, (*lists.values(), more, less))) and not _holds_expression(given)
    size = prod(len(as_list(v)) for v in lists.values()) + len(as_list(more))
    if not whole or size > MOST:
        known = not _holds_expression([more, less]) and not less and is_list(more)
        yield (_any(lists, as_list(more)) if known else {}), ""
        return
    found = [dict(zip(lists, values, strict=True)) for values in product(*lists.values())] if lists else []
    found = [one for one in found if not any(_has(one, gone) for gone in less)]
    for one in _included(found, more, frozenset(lists)):
        shown = ", ".join(f"`{n}` is `{plain(v)}`" for n, v in one.items() if not is_map(v) and not is_list(v))
        yield {name: (value,) for name, value in one.items()}, shown or f"`{plain(one)[:80]}`"


def _any(lists: Matrix | Mapping[str, Value], more: list[Value]) -> Matrix:
    found = {name: tuple(values) for name, values in lists.items() if is_list(values)}
    for one in more:
        for name, value in as_map(one).items():
            if name in found or name not in lists:
                found[str(name)] = (*found.get(str(name), ()), value)
    return found


def _has(one: Mapping[str, Value], of: Value) -> bool:
    """Whether a combination has all of some values."""
    return is_map(of) and all(name in one and one[name] == value for name, value in of.items())


def _included(found: list[dict[str, Value]], more: list[Value], names: frozenset[str]) -> list[dict[str, Value]]:
    """What `include` adds: to each combination whose own values stay as they are, else a job of its own."""
    added: list[dict[str, Value]] = []
    for include in map(as_map, more):
        own = {n: v for n, v in include.items() if n in names}
        to = [one for one in found if _has(one, own)]
        for one in to:
            one.update(include)
        if not to:
            added.append(dict(include))
    return [*found, *added]


def _holds_expression(value: Value) -> bool:
    if is_map(value):
        return any(map(_holds_expression, value.values()))
    if is_list(value):
        return any(map(_holds_expression, value))
    return isinstance(value, str) and "${{" in value
