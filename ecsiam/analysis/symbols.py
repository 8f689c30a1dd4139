"""What is sure whatever the texts are that nobody knows: asked with a text in the place of each, judged without it.

A request that is found with such texts is shown only where it comes out the same for all that may be in their places:
each text becomes the symbol again that it stands for, and every statement is held against that (`unknown.py`).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache

from attrs import evolve, frozen

from ecsiam.analysis.asked import forms_of, resource_of, unasked
from ecsiam.analysis.leaf import Leaf
from ecsiam.analysis.matching import ACCOUNT, ROOT, Unsettled, matches_action, matches_principal, misses
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, of_statement
from ecsiam.analysis.unknown import (
    LETTER,
    UNREAD,
    Matches,
    all_of,
    any_of,
    compare,
    matches_condition,
    matches_resources,
    opposite_of,
)
from ecsiam.analysis.variables import Variable, parts
from ecsiam.model.condition import Condition
from ecsiam.model.each import Each
from ecsiam.model.policy import Version
from ecsiam.model.principal import Principal
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Bindings, Ref, Text, text

_ACCOUNTS = ("555566667777", "666677778888", "777788889999")
_REGIONS = ("eu-south-2", "ap-southeast-3", "me-central-1")
_OF_PARTITION = (PARTITION.name, DNS_SUFFIX.name)
_OF_DEPLOYMENT = (*_OF_PARTITION, ACCOUNT_ID.name, AWS_REGION.name)


# ---------------------------------------------------------------- a text for each symbol


@frozen(slots=False)
class StandIns:
    """A text for each symbol. That of a partition does not become one again: a role reaches nothing in another."""

    values: Mapping[str, str]

    def put(self, requests: Requests) -> Requests:
        """A set with texts in the place of symbols."""
        return _each(requests, self.leaf)

    def leaf(self, leaf: Leaf) -> Leaf:
        """A statement with them."""
        return evolve(leaf, statement=_bound(leaf.statement, tuple(self.values.items())))

    def with_partition(self, requests: Requests) -> Requests:
        """A set with what stands for a partition, and nothing else."""
        values = tuple((name, value) for name, value in self.values.items() if name in _OF_PARTITION)
        return _each(requests, lambda leaf: evolve(leaf, statement=_bound(leaf.statement, values)))

    def beside(self, requests: Requests) -> list[Text]:
        """Resources that go on behind a symbol: whatever that is, they are not the one that is named by it."""
        found: dict[Text, None] = {}
        for one in (one for leaf in requests.leaves for one in leaf.statement.texts_of_resources()):
            last = max((i for i, part in enumerate(one.parts) if _is_symbol(part)), default=None)
            if last is not None:
                longer = Text.of(*one.parts[: last + 1], "x", *one.parts[last + 1 :])
                found[longer.bind(Bindings(deployment=self.values))] = None
        return list(found)

    @cached_property
    def _symbols(self) -> dict[str, Text]:
        """What becomes of each text: a symbol, or the letters of a secret."""
        found: dict[str, Text] = {}
        letters: dict[str, list[str]] = {}
        for name, value in self.values.items():
            if LETTER.fullmatch(name):
                letters.setdefault(name.rpartition(".")[0], []).append(name)
            elif name not in _OF_PARTITION:
                found[value] = text(Ref(name))
        for names in letters.values():
            found["".join(self.values[name] for name in sorted(names))] = Text(Ref(name) for name in sorted(names))
        return found

    def back(self, value: str) -> Text:
        """A text with the symbols again."""
        symbols = self._symbols
        longest = sorted(symbols, key=len, reverse=True)
        pieces = re.split(f"({'|'.join(map(re.escape, longest))})", value) if longest else [value]
        return Text.of(*(symbols.get(piece, piece) for piece in pieces))

    def shown(self, request: Request) -> Request:
        """A request with the symbols, to be shown."""
        who = request.principal
        context = [
            (key, self._as_shown(v) if isinstance(v, str) else tuple(map(self._as_shown, v)))
            for key, v in request.context
        ]
        principal = None if who is None else Principal(who.type, self._as_shown(str(who.id)), as_is=True)
        return Request(request.action, self._as_shown(request.resource), principal, context)

    def _as_shown(self, value: str) -> str:
        return "".join(
            "?" if isinstance(part, Ref) and LETTER.fullmatch(part.name) else str(part)
            for part in self.back(value).parts
        )


def _is_symbol(part: str | Ref) -> bool:
    return isinstance(part, Ref) and part.name not in _OF_DEPLOYMENT


def _each(requests: Requests, change: Callable[[Leaf], Leaf]) -> Requests:
    if requests.leaf is not None:
        return of_statement(change(requests.leaf))
    return evolve(requests, parts=tuple(_each(part, change) for part in requests.parts))


@lru_cache(maxsize=1 << 12)
def _bound(statement: Statement, values: tuple[tuple[str, str], ...]) -> Statement:
    found = statement.bind(Bindings(deployment=dict(values)))
    assert found is not None  # nothing of it is a list that may be empty
    return found


def stand_ins(requests: Requests) -> StandIns | None:
    """Texts for the symbols of a set; None where nothing is one, and where something else is open too.

    A partition that isn't known is the one that ARNs of the set name; where these are several, there is none either.
    """
    leaves = list(dict.fromkeys(requests.leaves))
    texts = [(leaf.statement, one) for leaf in leaves for one in leaf.statement.texts()]
    refs = list(dict.fromkeys(ref for _, one in texts for ref in one.refs))
    lists = [r for leaf in leaves if leaf.statement.resources for r in leaf.statement.resources.items]
    if not refs or any(ref.parameter for ref in refs) or any(isinstance(one, Each) for one in lists):
        return None
    fresh = _Fresh(" ".join(part for _, one in texts for part in one.parts if isinstance(part, str)))
    partitions = fresh.partitions
    if len(partitions) > 1:
        return None
    values = {
        PARTITION.name: next(iter(partitions), "aws"),
        DNS_SUFFIX.name: "amazonaws.com",
        ACCOUNT_ID.name: fresh.of(_ACCOUNTS),
        AWS_REGION.name: fresh.of(_REGIONS),
    }
    for statement, one in texts:
        for name, value in _of_text(statement, one, fresh, values):
            values.setdefault(name, value)
    return StandIns({ref.name: values[ref.name] for ref in refs})


class _Fresh:
    """Texts that nothing that was said holds."""

    def __init__(self, said: str) -> None:
        self.said, self.given = said.lower(), 0

    def of(self, texts: Iterable[str]) -> str:
        return next((one for one in texts if one not in self.said), "") or self.name()

    def name(self, letters: int = 8) -> str:
        """So many letters and digits."""
        while True:
            self.given += 1
            made = f"u{self.given:0{letters - 1}}"
            if made not in self.said:
                return made

    @property
    def partitions(self) -> set[str]:
        """Those that ARNs name."""
        return set(re.findall(r"\barn:(aws[\w-]*):", self.said))


def _of_text(statement: Statement, one: Text, fresh: _Fresh, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A text for each symbol of a text, by where it stands in it."""
    first = one.parts[0] if one.parts else ""
    if isinstance(first, Ref) and first.name not in values:
        yield first.name, _arn(statement, one, fresh.name(), values[ACCOUNT_ID.name])
    for i, piece in enumerate(one.split(":", 5)):
        for ref in piece.refs:
            if ref.name in values:
                continue
            if LETTER.fullmatch(ref.name):
                address = ref.name.rpartition(".")[0]
                made = fresh.name(6)
                yield from ((f"{address}.letter{n}", letter) for n, letter in enumerate(made))
            elif len(piece.parts) == 1 and i in (3, 4):
                yield ref.name, fresh.of(_REGIONS[1:] if i == 3 else _ACCOUNTS[1:])
            else:
                yield ref.name, fresh.name()


def _arn(statement: Statement, one: Text, name: str, account: str) -> str:
    """What stands for a text that begins with a symbol: an ARN such as the statement is about, if it can be told."""
    named = statement.principals.items if statement.principals is not None else ()
    for principal in named:
        if principal.id == one:
            return f"arn:aws:iam::{account}:{'oidc-provider' if principal.type == 'Federated' else 'role'}/{name}"
    if statement.resources is None or one not in statement.resources.items:
        return name
    rest = Text(one.parts[1:])
    ending = "".join(part if isinstance(part, str) else "x" for part in rest.parts).replace("*", "x").replace("?", "x")
    for action in (a.pattern for a in statement.actions.items if "*" not in a.pattern and "?" not in a.pattern):
        for example in sorted(map(resource_of, forms_of(action)), key=len):  # a bucket before its access points
            for shorter in (example, example.rpartition("/")[0], example.rpartition(":")[0]):
                head, x, tail = shorter.rpartition("x")
                if x and not unasked(Request(action, f"{head}{name}{tail}{ending}")):
                    return f"{head}{name}{tail}"
    service = next((a.pattern.partition(":")[0].lower() for a in statement.actions.items), "")
    return f"arn:aws:{service}:{_REGIONS[0]}:{account}:{name}" if service.isalnum() else name


# ---------------------------------------------------------------- whether a request comes out the same for all


def surely(requests: Requests, request: Request, by: StandIns) -> Matches:
    """Whether a request is in a set, which has its partition, whatever the symbols are."""
    match requests.op, requests.parts:
        case "or", some:
            return any_of(surely(part, request, by) for part in some)
        case "and", some:
            return all_of(surely(part, request, by) for part in some)
        case "minus", (left, right):
            return all_of((surely(left, request, by), opposite_of(surely(right, request, by))))
        case _:
            assert requests.leaf is not None
            return _statement(requests.leaf, request, by)


def least(requests: Requests, request: Request, by: StandIns) -> Request:
    """A request that surely is in a set, without the keys that don't matter for that."""
    for key, _ in request.context:
        without = evolve(request, context=[pair for pair in request.context if pair[0] != key])
        request = without if surely(requests, without, by) == "yes" else request
    return request


def _statement(leaf: Leaf, request: Request, by: StandIns) -> Matches:
    if leaf.unread or leaf.when or leaf.reading != "parts":
        return "maybe"
    statement, version = leaf.statement, leaf.version
    named = any(matches_action(action, request.action) for action in statement.actions.items)
    if named == isinstance(statement.actions, AllBut):
        return "no"
    return all_of(
        (
            matches_resources(statement, version, by.back(request.resource)),
            _principals(statement.principals, request.principal, by),
            *(_condition(one, version, request, by) for one in statement.conditions),
        )
    )


def _principals(element: Only[Principal] | AllBut[Principal] | None, asked: Principal | None, by: StandIns) -> Matches:
    if element is None:
        return "yes"
    found = any_of(_principal(one, asked, by) for one in element.items)
    return opposite_of(found) if isinstance(element, AllBut) else found


def _principal(named: Principal, asked: Principal | None, by: StandIns) -> Matches:
    who = None if asked is None else by.back(str(asked.id))
    if named.id.literal is not None and (who is None or who.literal is not None or named.id.literal == "*"):
        return "yes" if matches_principal(named, asked) else "no"
    if asked is None or who is None or asked.type != named.type or named.is_void:
        return "no"
    of_all = named.id.literal is not None and (ACCOUNT.fullmatch(named.id.literal) or ROOT.fullmatch(named.id.literal))
    found = compare(named.id, who, live=False)
    return "maybe" if found == "no" and (of_all or (named.id.literal is None and named.type == "AWS")) else found


def _condition(condition: Condition, version: Version, request: Request, by: StandIns) -> Matches:
    """Whether a condition holds; a key that isn't there is absent."""
    if condition.key == UNREAD:
        return "maybe"
    given = request.values(condition.key)
    texts = () if given is None else (given,) if isinstance(given, str) else given
    known = all(by.back(one).literal is not None for one in texts)
    varying = any(isinstance(part, Variable) for value in condition.values for part in parts(value, version))
    if varying:
        return "maybe"
    of_presence = given is None or condition.operator.comparison.name == "Null"
    if of_presence or (known and not any(value.refs for value in condition.values)):
        values = [Text(p if isinstance(p, str) else "x" for p in value.parts) for value in condition.values]
        plain = Statement("Allow", "*", "*", conditions=[evolve(condition, values=values, as_is=True)], as_is=True)
        try:
            return "no" if misses(plain, version, request) else "yes"
        except Unsettled:
            return "maybe"
    if not isinstance(given, str):
        return "maybe"
    return matches_condition(condition, version, {condition.key.lower(): by.back(given)})
