"""The invariant of what is granted on everything: `*`, and whatever comes to all there is of a kind."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from ecsiam.analysis.answers import Answer, Fails, Undecided
from ecsiam.analysis.asked import NO_ARN
from ecsiam.analysis.budget import check_time
from ecsiam.analysis.leaf import Leaf, resource_pattern
from ecsiam.analysis.patterns import ANY, NOT_COLON, Pattern, Run, char, pattern, wildcard
from ecsiam.analysis.requests import NOTHING, Requests, of_statement, query, union
from ecsiam.analysis.strings import example
from ecsiam.analysis.variables import Escaped, Part, Variable, parts
from ecsiam.invariants.access import asked_of
from ecsiam.invariants.asking import never, together
from ecsiam.invariants.configured import as_configured, own
from ecsiam.invariants.kinds import REGION, common
from ecsiam.invariants.reach import bare, held
from ecsiam.looks.words import listed
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.each import Each, Item
from ecsiam.model.home import Home
from ecsiam.model.stack import Stack
from ecsiam.model.statement import AllBut, Only
from ecsiam.model.text import Ref, Text, text

if TYPE_CHECKING:
    from ecsiam.reference.actions import KnownAction

# One text for a whole session, whatever it asks for: nobody reaches another account or name through them.
_OF_SESSION = ("aws:federatedprovider", "aws:principal", "aws:sourceidentity", "aws:userid", "aws:username")


def wildcards(stack: Stack) -> Answer:
    """A `*` resource, or all there is of a kind in every account, only for actions that support nothing narrower."""
    from ecsiam.reference.actions import date

    def of_role(role: str) -> Answer:
        answer = never(
            stack,
            lambda of: _narrowable(of, role),
            f"the {role} role has this on all resources of its kind, and the action supports narrower ones",
            roles=(role,),
            assumed=as_configured(stack.roles[role], own(stack.roles[role])),
            unread=own(stack.roles[role]).unread,
            universe="known",
            blame=lambda of: _wide(of, role),
        )
        unknown = sorted({a for leaf in held(stack, role) for a in _unknown_on_all(stack, leaf)})
        if unknown and not isinstance(answer, Fails):
            starred = any(_is_star(stack, leaf) for leaf in held(stack, role) if any(_unknown(leaf)))
            on = "`*`" if starred else "all resources of a kind"
            reason = f"the service reference of {date()} does not know {listed(unknown)}, which is on {on}"
            return together((Undecided(reason), answer))
        return answer

    return together(map(of_role, stack.roles))


def _narrowable(stack: Stack, id: str) -> Requests:
    wide, role = _wide(stack, id), own(stack.roles[id])
    if not wide:
        return NOTHING
    return asked_of(role, union(wide.values()) & role.requests) & _of_partition(stack.deployment.home)


def _of_partition(home: Home) -> Requests:
    """What AWS asks of the roles of a partition: on ARNs of it, or on none."""
    own = home.partition.literal
    return query("*", [f"arn:{p}:*:*:*:*" for p in ((own,) if own else PARTITIONS)]) | query("*", NO_ARN)


def _wide(stack: Stack, id: str) -> Mapping[Leaf, Requests]:
    """What each Allow of a role grants on all resources of a kind, alone or with others, where narrower would do."""
    leaves = tuple(leaf for leaf in held(stack, id) if _grants(leaf))
    starred = tuple(leaf for leaf in leaves if _has_star(stack, leaf))
    return _wide_of(leaves, starred, stack.deployment.home)


def _grants(leaf: Leaf) -> bool:
    return leaf.statement.effect == "Allow" and leaf.statement.resources is not None


@lru_cache(maxsize=1 << 10)
def _wide_of(leaves: tuple[Leaf, ...], starred: tuple[Leaf, ...], home: Home) -> Mapping[Leaf, Requests]:
    found: dict[Leaf, Requests] = {}
    for leaf in starred:
        fine = sorted({*bare(leaf.statement), *_unknown(leaf)})
        found[leaf] = of_statement(leaf) - query(fine, "*") if fine else of_statement(leaf)
    rest = tuple(leaf for leaf in leaves if leaf not in found)
    for leaf, ids in _covering(rest, home).items():
        found[leaf] = _of_these(leaf, ids)
    return MappingProxyType({leaf: requests for leaf, requests in found.items() if requests != NOTHING})


def _of_these(leaf: Leaf, ids: set[str]) -> Requests:
    """What a statement matches of some actions; put as all but the others, where these are fewer."""
    others = {k.id for k in _known(leaf)} - ids
    if len(others) < len(ids):
        fine = sorted((id for id in {*others, *_unknown(leaf)}), key=str.lower)
        fine = [f"{service}:{name.replace('-', '?')}" for service, _, name in (id.partition(":") for id in fine)]
        return of_statement(leaf) - query(fine, "*") if fine else of_statement(leaf)
    return of_statement(leaf) & query(sorted(ids), "*")


# ---------------------------------------------------------------- cover


def _covering(leaves: tuple[Leaf, ...], home: Home) -> dict[Leaf, set[str]]:
    """The actions that statements grant, together, on all of a kind; each under the statements that it takes for it."""
    from ecsiam.reference.actions import supports_resources

    takes: dict[KnownAction, int] = {}
    for i, leaf in enumerate(leaves):
        check_time()
        for known in filter(supports_resources, _known(leaf)):
            takes[known] = takes.get(known, 0) | 1 << i
    by_form: dict[tuple[tuple[str, tuple[str, ...]], int], set[str]] = {}
    for known, bits in takes.items():
        for form in _forms(known):
            by_form.setdefault((form, bits), set()).add(known.id)
    found: dict[Leaf, set[str]] = {}
    for (form, bits), ids in by_form.items():
        check_time()
        of = tuple(leaf for i, leaf in enumerate(leaves) if bits >> i & 1)
        for leaf in _needed(of, form, home):
            found.setdefault(leaf, set()).update(ids)
    return found


@lru_cache(maxsize=1 << 14)
def _needed(leaves: tuple[Leaf, ...], form: tuple[str, tuple[str, ...]], home: Home) -> tuple[Leaf, ...]:
    """The fewest statements, first ones first, that together have all of a kind; none if all of them haven't."""
    alone = tuple(leaf for leaf in leaves if _covers((leaf,), form, home))
    if alone or not _covers(leaves, form, home):
        return alone
    needed = list(leaves)
    for leaf in leaves:
        without = tuple(other for other in needed if other is not leaf)
        if _covers(without, form, home):
            needed = list(without)
    return tuple(needed)


def _covers(leaves: tuple[Leaf, ...], form: tuple[str, tuple[str, ...]], home: Home) -> bool:
    """Whether the resources of statements are all of a kind, in every account of some region.

    A NotResource is on all of a kind unless it leaves nothing of it.
    """
    arn, excepted = form
    none = frozenset(resource_pattern((other,)) for other in excepted)
    items = [item for leaf in leaves if isinstance(leaf.statement.resources, Only) for item in _patterns(leaf)]
    granted_ = frozenset(items) | none
    heads = tuple(p.head for p in items if _is_blank(p))
    service = arn.split(":", 3)[2]
    for partition in _partitions(home):
        if heads and f"arn:{partition.literal}:{service}:".startswith(heads):
            return True
        for region in _candidates(arn, leaves, home):
            every = common(arn, partition, region)
            if heads and any(p.head.startswith(heads) for p in every):
                return True
            if items and any(example((frozenset({p}),), granted_) is None for p in every):
                return True
        for leaf in leaves:
            if isinstance(leaf.statement.resources, AllBut):
                but = frozenset(_patterns(leaf)) | none
                if any(example((frozenset({p}),), but) is not None for p in common(arn, partition, None)):
                    return True
    return False


@lru_cache(maxsize=1 << 12)
def _is_blank(given: Pattern) -> bool:
    """Whether an ARN pattern has nothing but stars and colons behind what it begins with: no search is needed then."""
    stars = pattern(t for _ in range(5 - given.head.count(":")) for t in (Run(NOT_COLON), char(":")))
    return given.tokens[len(given.head) :] == (*stars.tokens, Run(ANY))


def _partitions(home: Home) -> tuple[Text, ...]:
    known = home.partition.literal is not None
    return (home.partition,) if known else (home.partition, *map(text, PARTITIONS))


def _candidates(arn: str, leaves: tuple[Leaf, ...], home: Home) -> Iterator[Text | None]:
    """The regions in which all accounts' may be granted: at home, and where statements say.

    What has no account in its ARN is one's own, or AWS's: there, only all regions are all there is.
    """
    _, _, _, region, account, _ = arn.split(":", 5)
    if region != "*" or account != "*":
        yield None
        return
    yield from home.regions
    at_home = {r.literal for r in home.regions}
    spoken = {r for leaf in leaves if isinstance(leaf.statement.resources, Only) for r in _regions(leaf)}
    yield from (text(r) for r in sorted(spoken) if r not in at_home)


@lru_cache(maxsize=1 << 12)
def _regions(leaf: Leaf) -> tuple[str, ...]:
    """A region for each way in which the resources of a statement speak of one."""
    found: dict[str, None] = {}
    for item in leaf.statement.resources.items if leaf.statement.resources else ():
        said = item.split(":", 5) if isinstance(item, Text) else ()
        literal = said[3].literal if len(said) > 3 else None
        if literal and literal != "*":
            one = example((frozenset({wildcard(literal)}), frozenset({REGION})))
            found |= {one.text: None} if one is not None and one.sure else {}
    return tuple(found)


@lru_cache(maxsize=1 << 12)
def _patterns(leaf: Leaf) -> tuple[Pattern, ...]:
    """The resources of a statement, with any text for what a request may put in; a list parameter's are left out."""
    resources = leaf.statement.resources
    texts = (item for item in (resources.items if resources else ()) if isinstance(item, Text))
    loose = isinstance(resources, Only)
    return tuple(resource_pattern(tuple(_put_in(parts(t, leaf.version), loose)), leaf.reading == "flat") for t in texts)


def _put_in(given: tuple[Part, ...], loose: bool) -> Iterator[Part]:
    for part in given:
        of_session = isinstance(part, Variable) and part.key.lower().startswith(_OF_SESSION)
        if not isinstance(part, Variable) or not loose:
            yield part
        elif not of_session:
            yield "*"
        else:  # without a value its default stands there, the same for everyone
            yield part if part.default is None else Escaped(part.default)


@lru_cache(maxsize=1 << 14)
def _forms(action: "KnownAction") -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The kinds of resource that an action is evaluated on, each with what its pattern takes in by mistake."""
    from ecsiam.reference.actions import evaluated_on, excepting

    return tuple((arn, excepting(arn)) for arn in evaluated_on(action) if arn != "*")


def _known(leaf: Leaf) -> tuple["KnownAction", ...]:
    """The actions of a statement that the service reference has."""
    from ecsiam.reference import actions

    named = [k for a in leaf.statement.actions.items for k in actions.matching(a.pattern)]
    if isinstance(leaf.statement.actions, AllBut):
        but = {k.id for k in named}
        return tuple(k for k in actions.matching("*") if k.id not in but)
    return tuple(dict.fromkeys(named))


# ---------------------------------------------------------------- `*`, and what isn't known


def _has_star(stack: Stack, leaf: Leaf) -> bool:
    """Whether an Allow has every resource, or may have."""
    resources = leaf.statement.resources
    return isinstance(resources, Only) and any(_may_be_star(stack, item) for item in resources.items)


def _is_star(stack: Stack, leaf: Leaf) -> bool:
    return _grants(leaf) and (isinstance(leaf.statement.resources, AllBut) or _has_star(stack, leaf))


def _may_be_star(stack: Stack, item: Item) -> bool:
    if isinstance(item, Each):
        variable = stack.deployment.variables.get(item.parameter)
        return (variable is not None and variable.star) or any(_may_be_star(stack, o) for o in item.otherwise)
    first = item.parts[0] if item.parts else ""
    if isinstance(first, Ref):
        return first.otherwise is not None and first.otherwise.literal == "*"
    return item.literal == "*"


def _unknown(leaf: Leaf) -> Iterator[str]:
    """The actions of a statement that the service reference doesn't have, and patterns that name none that it has."""
    from ecsiam.reference.actions import matching

    if isinstance(leaf.statement.actions, Only):
        yield from (a.pattern for a in leaf.statement.actions.items if not matching(a.pattern))


def _unknown_on_all(stack: Stack, leaf: Leaf) -> Iterator[str]:
    """The unknown actions of an Allow that has all of a kind that they may be about."""
    if not _grants(leaf):
        return
    star, home = _is_star(stack, leaf), stack.deployment.home
    for name in _unknown(leaf):
        if star or any(_covers((leaf,), form, home) for form in _forms_of(name.partition(":")[0])):
            yield name


@lru_cache(maxsize=1 << 8)
def _forms_of(service: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The kinds that a service's actions are about; of an unknown service, whatever it may have."""
    from ecsiam.reference.actions import actions

    found = dict.fromkeys(form for known in actions(service).values() for form in _forms(known))
    return tuple(found) or ((f"arn:*:{service}:*:*:*", ()),)
