"""What statements say to no end: what is granted twice, or denied at once, a condition that never or always holds."""

import re
from collections.abc import Iterator, Sequence

from attrs import evolve, frozen

from ecsiam.analysis.answers import Holds
from ecsiam.analysis.questions import contains
from ecsiam.invariants.vain import excludes_all, said, vain_conditions
from ecsiam.model.condition import Condition, Operator
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Text
from ecsiam.reference.actions import key_type

MOST_COMPARED = 60  # statements of one role
SECONDS = 1.0  # of the processor, for one comparison


@frozen
class Said:
    """What is wrong with a statement of a policy, by its number; `also` are the other statements that it is about."""

    policy: str
    index: int
    fact: str
    also: tuple[tuple[str, int], ...] = ()


# ---------------------------------------------------------------- beside other statements


def redundant(policy: str, written: Policy, closed: Policy) -> Iterator[Said]:
    """Allows of a policy that grant nothing beyond its others. `closed` is what was written, with examples put in."""
    allows = [(i, s) for i, s in enumerate(closed.statements) if s.effect == "Allow"]
    if len(closed.statements) > MOST_COMPARED:
        return
    needless: set[int] = set()
    for i, statement in reversed(allows):
        if not is_plain(statement, written.statements[i]):
            continue
        open_ = bool(_refs(written.statements[i]))
        others = [
            (j, other)
            for j, other in allows
            if j != i and j not in needless and _may_cover(other, statement, of_open=open_)
        ]
        if _covered([other for _, other in others], statement, closed):
            needless.add(i)
            alone = next((j for j, other in others if _covered([other], statement, closed)), None)
            which = "other statements grant" if alone is None else f"statement {alone} grants"
            also = [j for j, _ in others] if alone is None else [alone]
            yield Said(policy, i, f"{which} all that statement {i} does", tuple((policy, j) for j in also))


def shadowed(role: Role, written: Role) -> Iterator[Said]:
    """Allows of a role of which every request is denied by the same role."""
    every = [(p.id, i, s) for p in role.policies.values() for i, s in enumerate(p.document.statements)]
    if len(every) > MOST_COMPARED:
        return
    denies = [(id, i, evolve(s, effect="Allow")) for id, i, s in every if s.effect == "Deny"]
    for id, i, statement in every if denies else ():
        own = written.policies[id].document.statements[i]
        if statement.effect != "Allow" or not is_plain(statement, own):
            continue
        for other, j, deny in denies:
            document = role.policies[id].document
            if _may_cover(deny, statement, of_open=bool(_refs(own))) and _covered([deny], statement, document):
                where = "" if other == id else f" of `{role.policies[other].name}`"
                yield Said(id, i, f"all that statement {i} allows is denied by statement {j}{where}", ((other, j),))
                break


def is_plain(statement: Statement, written: Statement) -> bool:
    """Whether nothing that isn't known of a statement can change what it is compared with.

    Its unknown texts are parts of ARNs. A text that may be a whole ARN, or a value of a condition, could be anything.
    """
    if not isinstance(statement.actions, Only) or not isinstance(statement.resources, Only):
        return False
    resources = [item.literal if isinstance(item, Text) else None for item in statement.resources.items]
    known = all(one is not None and (one == "*" or one.count(":") > 4) for one in resources)
    return known and not any(value.refs for condition in written.conditions for value in condition.values)


def _refs(statement: Statement) -> set[str]:
    return {ref.name for text in statement.texts() for ref in text.refs}


def _may_cover(wide: Statement, narrow: Statement, *, of_open: bool) -> bool:
    """Whether it is worth a look: each action of the one is among those of the other.

    What excludes resources or values says something of texts that aren't known, which an example doesn't show.
    """
    excludes = not isinstance(wide.resources, Only) or any(c.operator.comparison.negated for c in wide.conditions)
    if not isinstance(wide.actions, Only) or (of_open and excludes):
        return False
    patterns = [action.pattern.lower() for action in wide.actions.items]
    return all(any(matches(p, a.pattern.lower()) for p in patterns) for a in narrow.actions.items)


def _covered(wide: Sequence[Statement], narrow: Statement, of: Policy) -> bool:
    if not wide:
        return False
    some, one = (Policy(s, version=of.version, as_is=True) for s in (tuple(wide), (narrow,)))
    return isinstance(contains(some, one, timeout=SECONDS), Holds) and not _is_nothing(one)


def _is_nothing(policy: Policy) -> bool:
    """Whether it grants nothing at all, or nobody knows: that is another fault."""
    from ecsiam.analysis.questions import overlaps

    return not isinstance(overlaps(policy, policy, timeout=SECONDS), Holds)


# ---------------------------------------------------------------- by its own conditions


def no_wildcards(statement: Statement) -> Iterator[tuple[Condition, str]]:
    """Conditions with a `*` that is compared as a letter, where nothing else is wrong with them."""
    for condition in statement.conditions:
        comparison = condition.operator.comparison
        starred = tuple(value for value in condition.values if _has_star(value))
        exact = comparison.kind == "string" and not comparison.name.endswith("Like")
        if exact and starred and not any(vain_conditions(evolve(statement, conditions=[_positive(condition)]))):
            if statement.effect == "Allow" and excludes_all(statement):
                continue  # it is void
            compared = f"`{condition.operator}` compares `{condition.key}` with {said(starred)} letter by letter"
            yield condition, f"{compared}, and `*` is no wildcard there"


def _has_star(value: Text) -> bool:
    return any("*" in re.sub(r"\$\{[^}]*\}", "", part) for part in value.parts if isinstance(part, str))


def other_operator(statement: Statement, condition: Condition) -> str:
    """The operator of the type that AWS sends for a key, where a condition has another; empty where none helps."""
    operator = condition.operator
    of_type = (key_type(condition.key) or "").removeprefix("ArrayOf")
    for name in _OF_TYPE.get(of_type, ()):
        prefix = f"{operator.qualifier}:" if operator.qualifier else ""
        other = Operator.parse(f"{prefix}{name}{'IfExists' if operator.if_exists else ''}")
        if other.comparison.negated == operator.comparison.negated and other != operator:
            tried = _positive(evolve(condition, operator=other))
            if not any(vain_conditions(evolve(statement, conditions=[tried]))):
                return str(other)
    return ""


_OF_TYPE = {
    "ARN": ("ArnLike", "ArnNotLike"),
    "Bool": ("Bool",),
    "Date": ("DateEquals", "DateNotEquals"),
    "IPAddress": ("IpAddress", "NotIpAddress"),
    "Numeric": ("NumericEquals", "NumericNotEquals"),
    "String": ("StringLike", "StringNotLike"),
}


def _positive(condition: Condition) -> Condition:
    """A condition without what negates it or lets it hold of an absent key."""
    name = condition.operator.comparison.name
    return evolve(condition, operator=Operator.parse(_POSITIVE.get(name, name)))


def wrong_values(statement: Statement) -> Iterator[tuple[Condition, str]]:
    """Conditions that compare a key with what AWS never sends for it, with what comes of that.

    Those by which an Allow never applies are none of these: they make it void.
    """
    for condition in statement.conditions:
        operator = condition.operator
        kind = operator.comparison.kind
        if kind == "null" or any(value.refs for value in condition.values) or not condition.values:
            continue
        for _, sent in vain_conditions(evolve(statement, conditions=[_positive(condition)])):
            compared = f"`{operator}` compares `{condition.key}` with {said(condition.values)}, and AWS sends {sent}"
            come = _comes_of(statement, operator)
            if come:
                yield condition, f"{compared}: {come}"


def _comes_of(statement: Statement, operator: Operator) -> str:
    negated = operator.comparison.negated
    if statement.effect == "Allow":
        if negated:
            return "the condition is always met, and limits nothing"
        if operator.if_exists or operator.qualifier == "ForAllValues":
            return "it is met only where the key is absent"
        return ""
    return "the condition is always met" if negated else "the Deny does not apply where the key is there"


_POSITIVE = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
