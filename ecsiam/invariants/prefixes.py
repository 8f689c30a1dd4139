"""Whether what is built from this stack's prefix stays apart from what another prefix builds."""

from collections.abc import Iterator

from attrs import evolve, frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.leaf import Leaf, resource_pattern
from ecsiam.analysis.patterns import ANY, NOT_COLON, Chars, Hole, Other, Unclear
from ecsiam.analysis.requests import of_statement, query
from ecsiam.analysis.searching import search
from ecsiam.analysis.strings import OutOfBudget, example
from ecsiam.invariants.accepting import about, accepting, all_meant, first_of, unsure
from ecsiam.invariants.asking import samples, with_values
from ecsiam.invariants.naming import named
from ecsiam.invariants.reach import is_raw, meant
from ecsiam.model.each import Each, Item
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Ref, Text

_CHARS = Chars(frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"))
PREFIX = Hole("prefix", _CHARS)
Unit = str | Ref


@frozen
class Built:
    """A resource that a role has because of its prefix."""

    role: str
    statement: Statement
    resource: Text


def neighbours(stack: Stack) -> Answer:
    """No resource pattern built from this stack's prefix matches what another prefix builds."""
    if not stack.intent.prefix.parts:
        return Undecided("nothing says which prefix the names are built from")
    built = list(_built(stack))
    try:
        clash = next((b for b in built if any(_meets(stack, b, c) for c in built)), None)
    except OutOfBudget as e:
        return Undecided(str(e))
    if clash is None:
        return Holds(assumed=("another prefix is made of the characters that a project and an environment may have",))
    shown = _shown(stack)
    if shown is None:
        for values, bound in samples(stack):
            found = _shown(bound)
            if found is not None:
                return _whole(stack, built, with_values(found, values))
        return Undecided(f"`{clash.resource}` of the {clash.role} role may match what another prefix builds")
    return _whole(stack, built, shown)


def _whole(stack: Stack, built: list[Built], fails: Fails) -> Fails:
    """A failure of which all that is shown is accepted, if all of what is granted on each such resource is."""
    if not fails.accepted:
        return fails
    clashing = [b for b in built if any(_meets(stack, b, c) for c in built)]
    left = next((b for b in clashing if not _is_accepted(stack, b)), None)
    if left is None:
        return fails
    return first_of((unsure(f"not all that the {left.role} role has on `{left.resource}` is accepted"), fails))


def _is_accepted(stack: Stack, mine: Built) -> bool:
    accepts = about(stack, mine.role)
    if any(a.is_whole for a in accepts):
        return True
    granted = of_statement(Leaf(evolve(mine.statement, resources=mine.resource)))
    try:
        return search(granted - all_meant(accepts)) is None
    except Unclear:
        return False


def _built(stack: Stack) -> Iterator[Built]:
    given = {arn for g in stack.deployment.given for arn in meant(g.arn)}
    for role in stack.roles.values():
        for policy in role.policies.values():
            for s in policy.document.statements:
                if s.effect == "Allow" and s.resources is not None and not is_raw(s):
                    for item in _texts(s.resources.items):
                        if item.literal not in given and any(p is PREFIX for p in _parts(item, stack.intent.prefix)):
                            yield Built(role.id, s, item)


def _texts(items: tuple[Item, ...]) -> Iterator[Text]:
    for item in items:
        if isinstance(item, Each):
            yield from _texts(item.otherwise)
        else:
            yield item


def _units(text: Text) -> list[Unit]:
    return [u for part in text.parts for u in (part if isinstance(part, str) else (part,))]


def _parts(text: Text, prefix: Text) -> tuple[str | Hole, ...]:
    """A text with the prefix taken out where names begin: elsewhere (`eu-west-2`, `log-group`) it stands by chance."""
    units, wanted = _units(text), _units(prefix)
    out: list[str | Hole] = []
    at = colons = 0
    while at < len(units):
        colons += units[at] == ":"
        if units[at : at + len(wanted)] == wanted and _begins(units, at, at + len(wanted), colons):
            out.append(PREFIX)
            at += len(wanted)
            continue
        unit = units[at]
        if isinstance(unit, Ref):
            # What is put into an ARN has no colon; only a whole ARN has.
            out.append(Hole(unit, NOT_COLON if at else ANY))
        elif out and isinstance(out[-1], str):
            out[-1] += unit
        else:
            out.append(unit)
        at += 1
    return tuple(out)


def _begins(units: list[Unit], start: int, end: int, colons: int) -> bool:
    """Whether a name may begin there: behind a slash or colon of the resource, where no type such as `log-group` is."""
    of_type = colons == 5 and units[start - 1] == ":" and units[end : end + 1] in (["/"], [":"])
    return colons >= 5 and units[start - 1] in ("/", ":") and not of_type


def _meets(stack: Stack, mine: Built, theirs: Built) -> bool:
    prefix = stack.intent.prefix
    own = resource_pattern(_parts(mine.resource, prefix))
    other = resource_pattern(tuple(Other(PREFIX) if p is PREFIX else p for p in _parts(theirs.resource, prefix)))
    return example((frozenset({own}), frozenset({other}))) is not None


def _shown(stack: Stack) -> Fails | None:
    """A request on a resource of another prefix for each resource and action that matches one, tried on likely ones."""
    prefix = stack.intent.prefix.literal
    if prefix is None:
        return None
    built = list(_built(stack))
    # Beside one that runs on behind the prefix, another's of the same kind would match everything of ours.
    running_on = [mine for mine in built if _meets(stack, mine, mine)] or built
    found = [one for mine in running_on for one in _matching(stack, prefix, mine, built)]
    return first_of(found) if found else None


def _matching(stack: Stack, prefix: str, mine: Built, built: list[Built]) -> list[Fails]:
    """What one resource matches of the first other prefix that it does; of one that is not accepted, if there is."""
    accepts = about(stack, mine.role)
    accepted: list[Fails] = []
    for another in (f"{prefix}2", f"{prefix}-x", f"{prefix}.x", prefix[:-1]):
        for theirs in built:
            parts = _parts(theirs.resource, stack.intent.prefix)
            if any(isinstance(p, Hole) and p is not PREFIX for p in parts):
                continue
            resource = "".join(p if isinstance(p, str) else another for p in parts)
            leaf = Leaf(evolve(mine.statement, resources=mine.resource))
            on_theirs = query(mine.statement.actions, resource)
            requests = named((leaf,), of_statement(leaf) & on_theirs, "all").requests
            if requests:
                fact = f"`{mine.resource}` of the {mine.role} role matches what the prefix `{another}` builds"
                found = [Fails(request, fact, accepted=accepting(accepts, request)) for request in requests]
                if not all(one.accepted for one in found):
                    return found
                accepted = accepted or found
    return accepted
