"""One request against policies of which not all is known: allowed, not allowed, or it hangs on what isn't known.

A *symbol* is a text that a reader could not know: the ARN of a resource still to be made, a variable without a value.
Equal symbols are equal texts, and symbols of two resources are two texts; apart from that a symbol may be anything. So
a pattern matches a text for certain, or for no value, or for some. The plain evaluator decides the same once values
are put in; that is what the tests hold this to.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from attrs import evolve, frozen

from ecsiam.analysis.comparisons import Unsettled, matches_values
from ecsiam.analysis.globs import ARN_PARTS
from ecsiam.analysis.matching import condition_values, matches_action, matches_principal
from ecsiam.analysis.variables import Escaped, Variable, parts
from ecsiam.model.condition import Condition
from ecsiam.model.each import Each
from ecsiam.model.policy import Policy, Version
from ecsiam.model.principal import Principal
from ecsiam.model.statement import AllBut, Effect, Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text, text

Matches = Literal["yes", "no", "maybe"]
Outcome = Literal["allowed", "denied", "undecided"]

UNREAD = "ecsiam:unread"  # the key of a condition that was not understood: no request has it, and none is without
BOUNDARY = "permissions boundary"  # among policies by name: none of them has a space in it

# Attributes by which one resource is told from another: no two have the same.
OF_RESOURCE = re.compile(r"(?!arn:|data\.)(?!.*\.data\.).*\.(arn|name|id|url|letter\d)")
LETTER = re.compile(r".*\.letter\d")
_CHARS = {ACCOUNT_ID.name: re.compile("[0-9]"), AWS_REGION.name: re.compile("[a-z0-9-]")}
_PARTITION = text(PARTITION)
_STAR, _ANY, _UNKNOWN = "*", "?", "v"
_WILD = (_STAR, _ANY, _UNKNOWN)


class _Token(NamedTuple):
    """A character, a wildcard (`*`, `?`), a symbol (`s`), a symbol of one letter (`l`), or anything at all (`v`)."""

    kind: str
    text: str = ""


@lru_cache(maxsize=1 << 12)
def _tokens(text: Text, version: Version, *, live: bool) -> tuple[_Token, ...]:
    found: list[_Token] = []
    for part in parts(text, version):
        match part:
            case str():
                found += (_Token(c) if live and c in "*?" else _Token("c", c) for c in part)
            case Escaped(char):
                found.append(_Token("c", char))
            case Variable():
                found.append(_Token(_UNKNOWN))
            case Ref():
                found.append(_Token("l" if LETTER.fullmatch(part.name) else "s", part.name))
    return tuple(found)


def _could_be(token: _Token, char: str) -> bool:
    """Whether a character may be of a symbol's text."""
    if token.kind == "l":
        return char.isalnum()
    of = _CHARS.get(token.text)
    return of is None or of.fullmatch(char) is not None


def _two(one: _Token, other: _Token) -> bool:
    """Whether two symbols are of two resources, so that neither is part of the other."""
    return all(OF_RESOURCE.fullmatch(token.text) for token in (one, other))


def _surely(pattern: tuple[_Token, ...], asked: tuple[_Token, ...]) -> bool:
    """Whether a pattern matches whatever the symbols are: each is a letter of its own."""
    reached = _past_stars(pattern, {0})
    for token in asked:
        reached = _past_stars(
            pattern,
            {
                after
                for at in reached
                if at < len(pattern)
                for after in (
                    (at,)
                    if pattern[at].kind == _STAR
                    else (at + 1,)
                    if pattern[at] == token != (_UNKNOWN, "") or (pattern[at].kind == _ANY and token.kind in "cl")
                    else ()
                )
            },
        )
        if not reached:
            return False
    return len(pattern) in reached


def _past_stars(pattern: tuple[_Token, ...], at: set[int]) -> set[int]:
    found = set(at)
    for start in at:
        end = start
        while end < len(pattern) and pattern[end].kind == _STAR:
            end += 1
            found.add(end)
    return found


def _possibly(pattern: tuple[_Token, ...], asked: tuple[_Token, ...]) -> bool:
    """Whether a pattern matches for some values of the symbols.

    A state is how far both were read, and whether the symbol that is being read took something already: none is empty.
    """
    todo = [(0, 0, False, False)]
    seen = set(todo)
    while todo:
        i, j, p_took, a_took = todo.pop()
        if i == len(pattern) and j == len(asked):
            return True
        for state in _steps(pattern, asked, i, j, p_took, a_took):
            if state not in seen:
                seen.add(state)
                todo.append(state)
    return False


def _steps(
    pattern: tuple[_Token, ...], asked: tuple[_Token, ...], i: int, j: int, p_took: bool, a_took: bool
) -> Iterator[tuple[int, int, bool, bool]]:
    p = pattern[i] if i < len(pattern) else None
    a = asked[j] if j < len(asked) else None
    if p is not None and (p.kind in (_STAR, _UNKNOWN) or (p.kind == "s" and p_took)):
        yield i + 1, j, False, a_took
    if a is not None and (a.kind == _UNKNOWN or (a.kind == "s" and a_took)):
        yield i, j + 1, p_took, False
    if p is None or a is None:
        return
    if p.kind in (_STAR, _UNKNOWN):
        yield i, j + 1, p_took, False
    if a.kind == _UNKNOWN:
        yield i + 1, j, False, a_took
    if p == a or (p.kind == _ANY and a.kind in "cl"):
        yield i + 1, j + 1, False, False
    if a.kind == "c" and p.kind in "sl" and _could_be(p, a.text):
        yield (i, j + 1, True, False) if p.kind == "s" else (i + 1, j + 1, False, False)
    if p.kind in ("c", _ANY) and a.kind in "sl" and (p.kind == _ANY or _could_be(a, p.text)):
        yield (i + 1, j, False, True) if a.kind == "s" else (i + 1, j + 1, False, False)
    if p.kind in "sl" and a.kind in "sl" and p != a and not _two(p, a):
        if p.kind == "s":
            yield i, j + 1, True, False
        if a.kind == "s":
            yield i + 1, j, False, True
        if p.kind == a.kind:
            yield i + 1, j + 1, False, False


@lru_cache(maxsize=1 << 12)
def compare(pattern: Text, asked: Text, version: Version = "2012-10-17", *, live: bool = True) -> Matches:
    """Whether a pattern matches a text, some of which may not be known. `live`: `*` and `?` are wildcards."""
    tokens, of = _tokens(pattern, version, live=live), _tokens(asked, "2008-10-17", live=False)
    if _differ(tokens, of) or _differ(tokens[::-1], of[::-1]):
        return "no"
    return "yes" if _surely(tokens, of) else "maybe" if _possibly(tokens, of) else "no"


def _differ(pattern: tuple[_Token, ...], asked: tuple[_Token, ...]) -> bool:
    """Whether what both begin with is followed by two characters that differ: most texts are told apart there."""
    first = next((two for two in zip(pattern, asked, strict=False) if two[0] != two[1] or two[0].kind in _WILD), None)
    return first is not None and first[0] != first[1] and first[0].kind == first[1].kind == "c"


@lru_cache(maxsize=1 << 13)
def compare_arn(pattern: Text, asked: Text, version: Version = "2012-10-17") -> Matches:
    """The same for ARNs: part by part, as IAM compares them, where all parts are there.

    A partition that isn't known is the one that the other side names: a role reaches nothing in another.
    """
    if pattern.literal == "*":
        return "yes"
    wanted, given = _fields(pattern), _fields(asked)
    if len(given) < ARN_PARTS or any(isinstance(side[0].parts[0], Ref) for side in (wanted, given) if side[0].parts):
        return compare(pattern, asked, version)
    wanted = (*wanted, *[text("*")] * (ARN_PARTS - len(wanted)))
    pairs = zip(wanted, given, strict=True)
    return all_of(compare(one, other, version) for one, other in pairs if _PARTITION not in (one, other))


@lru_cache(maxsize=1 << 12)
def _fields(arn: Text) -> tuple[Text, ...]:
    return arn.split(":", ARN_PARTS - 1)


def all_of(found: Iterable[Matches]) -> Matches:
    """Whether all of some hold; the first that does not decides."""
    return opposite_of(any_of(map(opposite_of, found)))


def any_of(found: Iterable[Matches]) -> Matches:
    """Whether one of some holds; the first that does decides."""
    maybe = False
    for one in found:
        if one == "yes":
            return "yes"
        maybe = maybe or one == "maybe"
    return "maybe" if maybe else "no"


def opposite_of(found: Matches) -> Matches:
    """Whether something does not hold."""
    return _OPPOSITE[found]


_OPPOSITE: Mapping[Matches, Matches] = {"yes": "no", "no": "yes", "maybe": "maybe"}


# ---------------------------------------------------------------- statements


@frozen
class Applied:
    """A statement with what came out of it: of which policy it is and which of it, and what it hangs on."""

    policy: str
    index: int
    effect: Effect
    matches: Matches
    hangs: tuple[str, ...] = ()


@frozen
class Verdict:
    """What came out, and what it hangs on when nobody can know."""

    outcome: Outcome
    statements: tuple[Applied, ...]
    hangs: tuple[str, ...] = ()


@frozen
class Question:
    """One request: an action by its full name, a resource, and the condition keys that are known, in lower case.

    A key with an empty text is known not to be there; of one that is not named, nothing is known.
    """

    action: str
    resource: Text
    context: Mapping[str, Text]


def matches_resources(statement: Statement, version: Version, asked: Text) -> Matches:
    """Whether a statement is about a resource."""
    element = statement.resources
    if element is None:
        return "yes"
    if asked in element.items and not asked.holds("${"):
        found: Matches = "yes"
    else:
        found = any_of("maybe" if isinstance(one, Each) else compare_arn(one, asked, version) for one in element.items)
    return opposite_of(found) if isinstance(element, AllBut) else found


def _lower(of: Text) -> Text:
    return Text.of(*(p.lower() if isinstance(p, str) else p for p in of.parts))


def _as_it_is(of: Text) -> Text:
    return of


def matches_condition(condition: Condition, version: Version, context: Mapping[str, Text]) -> Matches:
    """Whether a condition holds of keys that have one value each, as a Question has them."""
    given = context.get(condition.key.lower())
    operator = condition.operator
    if given is None:
        return "maybe"
    if not given.parts or operator.comparison.kind == "null":
        said = [value.literal for value in condition.values]
        if operator.comparison.kind == "null" and None in said:
            return "maybe"
        asked = tuple(((one or "", False),) for one in said)
        return "yes" if matches_values(operator, asked, str(given) or None) else "no"
    if given.literal is not None and all(value.literal is not None for value in condition.values):
        values = condition_values(operator, condition.values, version)
        if all(isinstance(piece, str) for value in values for piece in value):
            try:
                pieces = tuple(tuple((str(piece), True) for piece in value) for value in values)
                return "yes" if matches_values(operator, pieces, given.literal) else "no"
            except Unsettled:
                return "maybe"
    if operator.comparison.kind not in ("string", "arn"):
        return "maybe"
    like = operator.comparison.name in ("StringLike", "StringNotLike")
    cased = _lower if operator.comparison.name.endswith("IgnoreCase") else _as_it_is
    way: Callable[[Text], Matches] = (
        (lambda value: compare_arn(value, given, version))
        if operator.comparison.kind == "arn"
        else (lambda value: compare(cased(value), cased(given), version, live=like))
    )
    found = any_of(map(way, condition.values))
    return opposite_of(found) if operator.comparison.negated else found


def _applied(name: str, index: int, statement: Statement, version: Version, question: Question) -> Applied | None:
    named = any(matches_action(action, question.action) for action in statement.actions.items)
    if named == isinstance(statement.actions, AllBut):
        return None
    resources = matches_resources(statement, version, question.resource)
    conditions = {c.key: matches_condition(c, version, question.context) for c in statement.conditions}
    found = all_of((resources, *(matches_condition(c, version, question.context) for c in statement.conditions)))
    if found == "no":
        return None
    hangs = ["its resource"] if resources == "maybe" else []
    hangs += [f"`{key}`" for key, came_out in conditions.items() if came_out == "maybe"]
    return Applied(name, index, statement.effect, found, tuple(hangs))


def decide(policies: Mapping[str, Policy], question: Question, boundary: Policy | None = None) -> Verdict:
    """Whether identity policies, each by its name, allow a request, within a boundary."""
    applied = [
        one
        for name, policy in (*policies.items(), *(((BOUNDARY, boundary),) if boundary else ()))
        for i, statement in enumerate(policy.statements)
        if (one := _applied(name, i, statement, policy.version, question))
    ]
    denies = any_of(one.matches for one in applied if one.effect == "Deny")
    allows = any_of(one.matches for one in applied if one.effect == "Allow" and one.policy != BOUNDARY)
    within = any_of(one.matches for one in applied if one.effect == "Allow" and one.policy == BOUNDARY)
    found = all_of((allows, opposite_of(denies), within if boundary else "yes"))
    outcomes: dict[Matches, Outcome] = {"yes": "allowed", "no": "denied", "maybe": "undecided"}
    hangs = tuple(dict.fromkeys(h for one in applied if one.matches == "maybe" for h in one.hangs))
    return Verdict(outcomes[found], tuple(applied), hangs if found == "maybe" else ())


Who = Callable[[Principal], Matches]
"""Whether a principal of a trust takes in somebody."""


def decide_trust(trust: Policy, who: Who, question: Question) -> Verdict:
    """Whether a trust lets somebody assume the role."""
    applied = [
        evolve(one, matches=all_of((one.matches, named)))
        for i, statement in enumerate(trust.statements)
        if (named := _names(statement, who)) != "no"
        and (one := _applied("trust", i, statement, trust.version, question))
    ]
    denies = any_of(one.matches for one in applied if one.effect == "Deny")
    allows = any_of(one.matches for one in applied if one.effect == "Allow")
    outcomes: dict[Matches, Outcome] = {"yes": "allowed", "no": "denied", "maybe": "undecided"}
    return Verdict(outcomes[all_of((allows, opposite_of(denies)))], tuple(applied))


def _names(statement: Statement, who: Who) -> Matches:
    element = statement.principals
    if element is None:
        return "no"
    found = any_of(map(who, element.items))
    return opposite_of(found) if isinstance(element, AllBut) else found


def service(name: str) -> Who:
    """A service of AWS."""
    asked = Principal("Service", name, as_is=True)
    return lambda p: "yes" if p.id.literal is not None and matches_principal(p, asked) else "no"


def session_of(role: Text, *, by_account: bool = True) -> Who:
    """Whoever is a role with this ARN; without `by_account` only where it is named itself."""
    account = role.split(":", ARN_PARTS - 1)[4:5]

    def takes_in(principal: Principal) -> Matches:
        if principal.type not in ("*", "AWS") or principal.is_void:
            return "no"
        if principal.id.literal == "*":
            return "yes"
        parts = principal.id.split(":", ARN_PARTS - 1)
        of_account = principal.id.removesuffix(":root") != principal.id or len(parts) == 1
        if not any(isinstance(part, str) for part in principal.id.parts) or parts[2:3] == (text("sts"),):
            return "maybe"  # whoever it is, or one session
        if of_account:
            named = parts[4] if len(parts) > 4 else principal.id
            return any_of(compare(named, one, live=False) for one in account) if by_account else "no"
        return compare_arn(principal.id, role)

    return takes_in
