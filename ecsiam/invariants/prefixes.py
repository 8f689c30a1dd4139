"""Whether what the roles reach stays apart from what another prefix builds."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from attrs import evolve, frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.asked import askable
from ecsiam.analysis.budget import OutOfTime, check_time
from ecsiam.analysis.keys import hole
from ecsiam.analysis.leaf import Leaf, compiled, resource_pattern
from ecsiam.analysis.patterns import Chars, Clause, Hole, One, Other, Pattern, Run, Token, Unclear, char, pattern
from ecsiam.analysis.questions import assumed as assumed_of
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import Requests, query
from ecsiam.analysis.searching import search
from ecsiam.analysis.strings import OutOfBudget, example
from ecsiam.features.table import ROLES
from ecsiam.invariants.accepting import about, accepting, all_meant, first_of, unsure
from ecsiam.invariants.asking import MORE, allows, samples, with_values
from ecsiam.invariants.configured import as_configured, own
from ecsiam.invariants.naming import named
from ecsiam.invariants.reach import configured, meant
from ecsiam.looks.words import listed
from ecsiam.model.accept import Accept
from ecsiam.model.arn import Arn
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Action, Only, Statement
from ecsiam.model.text import Ref, Text

ASSUMED = "another prefix is made of the characters that a project and an environment may have"
_MADE_OF = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_CHARS = Chars(_MADE_OF)
PREFIX = Hole("prefix", _CHARS)
# A project, a hyphen, an environment.
_ANOTHER: tuple[Token, ...] = (One(_CHARS), Run(_CHARS), char("-"), One(_CHARS), Run(_CHARS))
Unit = str | Ref
Part = str | Hole


def neighbours(stack: Stack) -> Answer:
    """No resource that the roles have is what another prefix builds, unless a flag's own key names it in full."""
    if not stack.intent.prefix.parts:
        return Undecided("nothing says which prefix the names are built from")
    configured_so = (a for role in stack.roles.values() for a in as_configured(role, own(role)))
    rests_on = (ASSUMED, *assumed_of("known"), *configured_so)
    clash, found = _asked_of(stack)
    if found:
        return _whole(stack, _together(found, rests_on))
    if clash is not None:
        for values, bound in samples(stack):
            _, found = _asked_of(bound)
            if found:
                return _whole(stack, with_values(_together(found, rests_on), values))
        return Undecided(f"{clash.reached} may match what another prefix builds", rests_on)
    unread = _unread(stack)
    return Undecided(unread, rests_on) if unread else Holds(assumed=rests_on)


def _unread(stack: Stack) -> str:
    unread = dict.fromkeys(arn for role in stack.roles.values() for arn in own(role).unread)
    return f"{listed(unread)} was not read" if unread else ""


def _asked_of(stack: Stack) -> "tuple[Clash | None, list[Fails]]":
    """The first resource that may be another's, and all that shows it; as much of that as the time allows."""
    first: Clash | None = None
    found: list[Fails] = []
    try:
        for clash in _clashes(stack):
            first = first or clash
            found += _shown(stack, clash)
    except OutOfTime:
        if not found:
            raise
    return first, found


def _together(found: list[Fails], rests_on: tuple[str, ...]) -> Fails:
    return first_of(evolve(fails, assumed=rests_on) for fails in found)


def _whole(stack: Stack, fails: Fails) -> Fails:
    """A failure of which all that is shown is accepted, if all of what is granted on each such resource is."""
    if not fails.accepted or any(a.is_whole and not a.role for a in fails.accepted):
        return fails
    try:
        left = next((clash for clash in _clashes(stack) if not _is_accepted(stack, clash)), None)
        why = f"not all that is granted on {left.reached} is accepted" if left else _unread(stack)
    except Unclear as e:
        why = str(e)
    return first_of((unsure(why, fails.assumed), fails)) if why else fails


def _is_accepted(stack: Stack, clash: "Clash") -> bool:
    accepts = about(stack, clash.reached.role)
    if any(a.is_whole for a in accepts):
        return True
    by_it = own(stack.roles[clash.reached.role]).by((clash.reached.leaf,)) & askable(clash.actions)
    return search(by_it - all_meant(accepts), "known") is None


# ---------------------------------------------------------------- what the roles reach


@frozen
class Reached:
    """A resource of a role, in a statement with no other; all of a NotResource."""

    role: str
    leaf: Leaf

    def __str__(self) -> str:
        resources = self.leaf.statement.resources
        what = f"`{resources.items[0]}`" if isinstance(resources, Only) else "all but a NotResource"
        return f"{what} of the {self.role} role"


def reaches(stack: Stack) -> Iterator[Reached]:
    """What may be another's: neither the stack's own roles, whatever they are called, nor what a key gives in full."""
    home = stack.deployment.home
    exact = {arn for g in configured(stack) if not is_pattern(str(g.arn)) for arn in meant(g.arn)}
    exact |= {role.arn(home.partition, home.account_id) for role in stack.roles.values()}
    for role in stack.roles.values():
        for leaf in allows(own(role).leaves):
            resources = leaf.statement.resources
            if not isinstance(resources, Only):
                yield Reached(role.id, leaf)
                continue
            for item in resources.items:
                if item not in exact:
                    yield Reached(role.id, evolve(leaf, statement=evolve(leaf.statement, resources=Only((item,)))))


def is_pattern(arn: str) -> bool:
    """Whether an ARN is no name in full; the `:*` behind a log group's is what its streams need."""
    return bool(set("*?").intersection(arn.removesuffix(":*")))


# ---------------------------------------------------------------- what another prefix builds


@frozen
class Name:
    """A resource that each prefix has in its own way: PREFIX stands for the prefix."""

    parts: tuple[Part, ...]

    def of(self, prefix: Text | str) -> Text:
        """What a prefix has."""
        return Text.of(*(prefix if p is PREFIX else p if isinstance(p, str) else _ref(p) for p in self.parts))

    @property
    def of_any(self) -> Pattern:
        """What prefixes have."""
        tokens = resource_pattern(self.parts).tokens
        return pattern(t for token in tokens for t in (_ANOTHER if token is PREFIX else (token,)))

    @property
    def service(self) -> str:
        """The service that it is of; `*` where that is not said."""
        return self.of("x").split(":", 5)[2].literal or "*"

    def prefix_of(self, resource: str) -> str | None:
        """The prefix that a resource has in this name."""
        wild = (re.escape(p).replace(r"\*", ".*").replace(r"\?", ".") for p in self.parts if isinstance(p, str))
        texts = iter(wild)
        form = "".join(f"([{re.escape(_MADE_OF)}]+)" if p is PREFIX else next(texts) for p in self.parts)
        found = re.fullmatch(form, resource, re.DOTALL)
        return found[1] if found else None


def _ref(of: Hole) -> Ref:
    assert isinstance(of.name, Ref)
    return of.name


@frozen
class Clash:
    """A resource that may be one of these names, which AWS asks these actions about."""

    reached: Reached
    names: tuple[Name, ...]
    actions: tuple[str, ...]


def _clashes(stack: Stack) -> Iterator[Clash]:
    everywhere = (_groups(stack), _roles(stack))
    for reached in reaches(stack):
        found = list(_of(stack, reached, everywhere))
        # What is built everywhere shows it best; what is like the resource itself may be the same names.
        yield from found or _of(stack, reached, _alike(stack, reached))


def _of(stack: Stack, reached: Reached, kinds: Iterable[tuple[Name, ...]]) -> Iterator[Clash]:
    for names in kinds:
        check_time()
        actions = asked_about(reached.leaf.statement, names)
        met = tuple(name for name in names if actions and _meets(stack, reached, name, names))
        clash = Clash(reached, met, actions)
        if met and _is_asked(stack, clash):
            yield clash


def _groups(stack: Stack) -> tuple[Name, ...]:
    """The log groups: one for each service, and what it has below."""
    home, prefix = stack.deployment.home, stack.intent.prefix
    groups = [Text.of("log-group:/ecs/", prefix, tail) for tail in (":*", "", "/*")]
    arns = (Arn(home.partition, "logs", r, home.account_id, group).text for r in home.regions for group in groups)
    return tuple(Name(parts_of(arn, prefix)) for arn in arns)


def _roles(stack: Stack) -> tuple[Name, ...]:
    """The roles, on no path and on the stack's own."""
    home, prefix = stack.deployment.home, stack.intent.prefix
    paths = dict.fromkeys(("/", *(role.path for role in stack.roles.values())))
    names = (Text.of(f"role{path}", kind.name(prefix)) for path in paths for kind in ROLES.values())
    return tuple(Name(parts_of(Arn(home.partition, "iam", "", home.account_id, n).text, prefix)) for n in names)


def _alike(stack: Stack, reached: Reached) -> Iterator[tuple[Name, ...]]:
    """What another prefix has of the kind that this resource is: of a pattern in which the prefix runs on."""
    resources = reached.leaf.statement.resources
    item = resources.items[0] if isinstance(resources, Only) else None
    if not isinstance(item, Text) or item in _given(stack):
        return
    parts = parts_of(item, stack.intent.prefix)
    if PREFIX in parts and ended(parts) != parts:
        yield (Name(ended(parts)),)


def _given(stack: Stack) -> set[Text]:
    return {arn for given in configured(stack) for arn in meant(given.arn)}


def ended(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Names whose part with the prefix ends with what is written: of `memos-dev*`, `memos-dev`."""
    out: list[Part] = []
    for part in parts:
        out.append(_without_run(part) if isinstance(part, str) and out and out[-1] is PREFIX else part)
    return tuple(filter(None, out))


def _without_run(text: str) -> str:
    rest = text.lstrip("*?")
    end = next((i for i, c in enumerate(rest) if c not in f"{_MADE_OF}*?"), len(rest))
    return rest[:end].replace("*", "") + rest[end:]


def _units(text: Text) -> list[Unit]:
    return [u for part in text.parts for u in (part if isinstance(part, str) else (part,))]


def parts_of(text: Text, prefix: Text) -> tuple[Part, ...]:
    """A text with the prefix taken out where names begin: elsewhere (`eu-west-2`, `log-group`) it stands by chance."""
    units, wanted = _units(text), _units(prefix)
    out: list[Part] = []
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
            out.append(hole(unit, within=at > 0))
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


# ---------------------------------------------------------------- where the two meet


def _meets(stack: Stack, reached: Reached, name: Name, names: tuple[Name, ...]) -> bool:
    """Whether a resource may be one that a name is of another prefix, and none of these names is of this one."""
    prefix = stack.intent.prefix
    resources = reached.leaf.statement.resources
    if prefix.literal is None and isinstance(resources, Only) and isinstance(resources.items[0], Text):
        parts = parts_of(resources.items[0], prefix)
        if PREFIX in parts:
            other = resource_pattern(tuple(Other(PREFIX) if p is PREFIX else p for p in name.parts))
            return example((frozenset({resource_pattern(parts)}), frozenset({other}))) is not None
    return any(True for _ in _both(stack, reached, name, names))


def _both(
    stack: Stack, reached: Reached, name: Name, names: tuple[Name, ...], within: Clause | None = None
) -> Iterator[str]:
    """Resources that are both, as far as they are known: an empty text where they are not."""
    own = frozenset(resource_pattern(n.of(stack.intent.prefix).parts) for n in names)
    for option in compiled(reached.leaf).options:
        clauses, none = option.resources.clauses, option.resources.none
        try:
            found = example((*clauses, frozenset({name.of_any}), *([within] if within else [])), none | own)
        except OutOfBudget:
            yield ""
            continue
        if found is not None:
            yield found.text if found.sure else ""


def asked_about(statement: Statement, names: tuple[Name, ...]) -> tuple[str, ...]:
    """The actions of a statement that may be asked about names, those included that nobody knows; or some more."""
    from ecsiam.reference.actions import matching

    actions = statement.actions
    patterns = [a.pattern for a in actions.items] if isinstance(actions, Only) else ["*"]
    known = {id for pattern in patterns for id in _known_about(pattern, names)}
    return tuple(sorted(known | {pattern for pattern in patterns if not matching(pattern)}))


@lru_cache(maxsize=1 << 12)
def _known_about(pattern: str, names: tuple[Name, ...]) -> frozenset[str]:
    from ecsiam.reference.actions import evaluated_on, matching

    anyone, services = frozenset(name.of_any for name in names), {name.service for name in names}

    def is_of(form: str) -> bool:
        of_service = "*" in services or form.split(":")[2:3] == [*services]
        return form != "*" and of_service and _may_be(form, anyone)

    return frozenset(known.id for known in matching(pattern) if any(map(is_of, evaluated_on(known))))


@lru_cache(maxsize=1 << 14)
def _may_be(form: str, names: Clause) -> bool:
    return example((frozenset({resource_pattern((form,))}), names)) is not None


def _is_asked(stack: Stack, clash: Clash) -> bool:
    """Whether AWS may ask for it and the role be let: there are denials, and actions of other resources."""
    asked = _asked(stack, clash, "*")
    own = [name.of(stack.intent.prefix) for name in clash.names]
    if all(arn.literal is not None for arn in own):  # of what is open it takes long, and nothing comes of it
        asked -= query("*", own)
    try:
        return search(asked, "known") is not None
    except OutOfTime:
        raise
    except Unclear:
        return True


def _asked(stack: Stack, clash: Clash, prefix: str) -> Requests:
    """What the role may do with the names of a prefix because of the resource."""
    by_it = own(stack.roles[clash.reached.role]).by((clash.reached.leaf,))
    return by_it & query("*", [name.of(prefix) for name in clash.names]) & askable(clash.actions)


def _shown(stack: Stack, clash: Clash) -> list[Fails]:
    """What shows it best, and what else of it is accepted by its resources."""
    if stack.intent.prefix.literal is None:
        return []
    fails = _likeliest(stack, clash, stack.intent.prefix.literal)
    seen = {a for one in fails for a in one.accepted}
    others = (a for a in about(stack, clash.reached.role) if a.resources and a not in seen)
    return [*fails, *(one for accept in others for one in _meant(stack, clash, accept))]


def _likeliest(stack: Stack, clash: Clash, own: str) -> list[Fails]:
    """A request on a resource of the first other prefix that a resource matches, for each action; on likely ones.

    One that is not accepted comes before others, if there is one.
    """
    accepted: list[Fails] = []
    likely = (f"{own}2", f"{own}-x", f"{own}.x", own[:-1])
    for prefix in dict.fromkeys((*likely, *_prefixes(stack, clash))):
        if prefix and prefix != own and (fails := _of_prefix(stack, clash, prefix)):
            if not all(one.accepted for one in fails):
                return fails
            accepted = accepted or fails
    return accepted


def _meant(stack: Stack, clash: Clash, accept: Accept) -> list[Fails]:
    """What is accepted by its resources, of the first prefix that has some of them."""
    patterns = frozenset(resource_pattern((r,)) for r in accept.resources)
    found = (_of_prefix(stack, clash, p, all_meant((accept,))) for p in _prefixes(stack, clash, patterns))
    return next(filter(None, found), list[Fails]())


def _prefixes(stack: Stack, clash: Clash, within: Clause | None = None) -> Iterator[str]:
    """Other prefixes that have such a resource; `within` are patterns of which it has to match one."""
    for name in clash.names:
        found = (name.prefix_of(r) for r in _both(stack, clash.reached, name, clash.names, within) if r)
        yield from (prefix for prefix in found if prefix)


def _of_prefix(stack: Stack, clash: Clash, prefix: str, within: Requests | None = None) -> list[Fails]:
    """A request for each action, on the first name of a prefix that it is asked about."""
    found: dict[str, Request] = {}
    more = 0
    for name in clash.names:
        left = tuple(a for a in clash.actions if a.lower() not in found)
        if left:
            asked = _asked(stack, evolve(clash, names=(name,), actions=left), prefix)
            some = named((of_actions(clash.reached.leaf, left),), asked if within is None else asked & within, "known")
            found |= {r.action.lower(): r for r in some.requests}
            more = max(more, some.more)
    fact = f"{clash.reached} matches what the prefix `{prefix}` builds"
    accepts = about(stack, clash.reached.role)
    fails = [Fails(request, fact, accepted=accepting(accepts, request)) for request in found.values()]
    if fails and more:
        fails.append(Fails(fact=f"{more:,} {MORE}", accepted=tuple(a for a in accepts if a.is_whole)))
    return fails


def of_actions(leaf: Leaf, actions: tuple[str, ...]) -> Leaf:
    """A statement with these actions only."""
    return evolve(leaf, statement=evolve(leaf.statement, actions=Only(tuple(map(Action, actions)))))
