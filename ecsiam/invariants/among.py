"""Whether what the roles of one service reach stays apart from what the others of a file build.

What is built is looked up, never compared in pairs: by the service and account of its ARN, then by how its name begins,
and of a pattern that begins with a wildcard by the rarest of its words.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from typing import Literal

from attrs import define, evolve, field, frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.asked import askable
from ecsiam.analysis.budget import check_time
from ecsiam.analysis.keys import hole
from ecsiam.analysis.leaf import compiled, resource_pattern
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.questions import assumed as assumed_of
from ecsiam.analysis.requests import query
from ecsiam.analysis.searching import search
from ecsiam.analysis.strings import example
from ecsiam.errors import ConfigError
from ecsiam.features.table import ROLES
from ecsiam.invariants.accepting import about, accepting, as_fact, first_of, unsure
from ecsiam.invariants.asking import MORE, allows, granted, samples, with_values
from ecsiam.invariants.naming import named
from ecsiam.invariants.prefixes import (
    PREFIX,
    Name,
    Part,
    Reached,
    asked_about,
    ended,
    is_pattern,
    of_actions,
    parts_of,
    reaches,
)
from ecsiam.model.arn import Arn, partition_of
from ecsiam.model.forms import ACCOUNT_ID, REGION
from ecsiam.model.globs import matches, overlap
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only
from ecsiam.model.text import Text, Value

Usual = Literal["", "first", "last"]  # whether it shows well what is wrong, or is there to be complete
MOST_TRIED = 64  # names that one resource is put to, one by one
_WORD = re.compile("[A-Za-z0-9]+")
_LAST = chr(0x10FFFF)


@frozen
class Thing:
    """What a stack builds: `owner` is its label.

    `usual` says that every prefix has one that is called so, in which `neighbours` of a stack alone asks for it.
    """

    owner: str
    arn: Text
    usual: Usual = ""
    named: bool = False  # because a role of the stack names it

    @property
    def name(self) -> Name:
        return Name(tuple(p if isinstance(p, str) else hole(p, within=i > 0) for i, p in enumerate(self.arn.parts)))


# ---------------------------------------------------------------- what a stack builds


def _things(label: str, stack: Stack, prefixes: Set[str]) -> Iterator[Thing]:
    """Its roles and log groups, and whatever else its roles reach whose name begins with its prefix."""
    home, prefix = stack.deployment.home, stack.intent.prefix
    usual_names = {str(Text.of(prefix, f"-{kind.suffix}")) for kind in ROLES.values()} if prefix.parts else set[str]()
    for role in stack.roles.values():
        usual: Usual = "first" if role.path == "/" and str(role.name) in usual_names else ""
        yield Thing(label, role.arn(home.partition, home.account_id), usual)
    if not prefix.parts:
        return
    for region in home.regions:
        for tail, when in _TAILS.items():
            group = Text.of("log-group:/ecs/", prefix, tail)
            yield Thing(label, Arn(home.partition, "logs", region, home.account_id, group).text, when)
    for item in dict.fromkeys(_allowed(stack)):
        parts = parts_of(item, prefix)
        if PREFIX in parts and _is_its_own(parts, prefix, prefixes):
            yield Thing(label, Name(ended(parts)).of(prefix), named=True)


_TAILS: Mapping[str, Usual] = {":*": "first", "": "first", "/*": "last"}  # of a log group


def _allowed(stack: Stack) -> Iterator[Text]:
    """Every resource that its roles are allowed something on."""
    for role in stack.roles.values():
        for leaf in allows(granted(role).leaves):
            resources = leaf.statement.resources
            if isinstance(resources, Only):
                yield from (item for item in resources.items if isinstance(item, Text))


def _is_its_own(parts: tuple[Part, ...], prefix: Text, prefixes: Set[str]) -> bool:
    """Whether a name is of this prefix, and not of a longer one of the file: `memos-dev-x` may be one of its own."""
    behind = parts[parts.index(PREFIX) + 1 :]
    rest = behind[0] if behind and isinstance(behind[0], str) else ""
    if rest[:1].isalnum():
        return False
    run = re.match("[A-Za-z0-9_.-]*", rest)
    longer = run[0] if run else ""
    return not any(f"{prefix}{longer[:more]}" in prefixes for more in range(1, len(longer) + 1))


def _item(reached: Reached) -> Text | None:
    """The one resource, where it is a text."""
    resources = reached.leaf.statement.resources
    item = resources.items[0] if isinstance(resources, Only) else None
    return item if isinstance(item, Text) else None


# ---------------------------------------------------------------- the index


@define
class _Names:
    """What is built of one service in one account: sorted by how its name begins, and by its words."""

    plain: list[tuple[str, Thing]] = field(factory=list[tuple[str, Thing]])
    wild: list[tuple[str, Thing]] = field(factory=list[tuple[str, Thing]])
    words: defaultdict[str, list[tuple[str, Thing]]] = field(factory=lambda: defaultdict(list))

    def add(self, thing: Thing) -> None:
        head, rest = _head(_resource(thing.arn))
        if rest:
            self.wild.append((head, thing))
            return
        self.plain.append((head, thing))
        for word in set(_WORD.findall(head)):
            self.words[word].append((head, thing))

    def sort(self) -> None:
        self.plain.sort(key=_first)
        self.wild.sort(key=_first)

    def like(self, text: str, head: str) -> Iterator[Thing]:
        """What a resource may match, whose name begins with `head`."""
        few = _Part(self.plain, *_begins(self.plain, head))
        rare = min((self.words.get(word, []) for word in _words(text)), key=len, default=None)
        if rare is not None and len(rare) < few.end - few.start:
            few = _Part(rare, 0, len(rare))
        yield from (thing for name, thing in few if matches(text, name))
        wide = (thing for _, thing in _Part(self.wild, *_begins(self.wild, head)))
        yield from (thing for thing in wide if overlap(text, _glob(_resource(thing.arn))))
        for length in range(len(head)):  # and names that are wider than it
            at = bisect_left(self.wild, head[:length], key=_first)
            while at < len(self.wild) and self.wild[at][0] == head[:length]:
                yield self.wild[at][1]
                at += 1


@frozen
class _Part:
    """A part of a list, which is not copied."""

    names: list[tuple[str, Thing]]
    start: int
    end: int

    def __iter__(self) -> Iterator[tuple[str, Thing]]:
        return (self.names[at] for at in range(self.start, self.end))


def _first(named: tuple[str, Thing]) -> str:
    return named[0]


def _begins(names: list[tuple[str, Thing]], head: str) -> tuple[int, int]:
    """Where in a sorted list the names stand that begin so."""
    start = bisect_left(names, head, key=_first)
    return start, bisect_left(names, head + _LAST, lo=start, key=_first)


def _words(text: str) -> set[str]:
    """The words that stand whole in whatever a pattern matches."""
    pieces = re.split("[*?]", text)
    whole: set[str] = set()
    for i, piece in enumerate(pieces):
        for found in _WORD.finditer(piece):
            open_before = i > 0 and found.start() == 0
            open_after = i < len(pieces) - 1 and found.end() == len(piece)
            if not open_before and not open_after:
                whole.add(found[0])
    return whole


def _resource(arn: Text) -> Text:
    pieces = arn.split(":", 5)
    return pieces[5] if len(pieces) == 6 else Text.of("*")


def _head(resource: Text) -> tuple[str, bool]:
    """How a name begins as far as it is known, and whether there is more."""
    first = resource.parts[0] if resource.parts else ""
    if not isinstance(first, str):
        return "", True
    known = re.match(r"[^*?$]*", first)
    head = known[0] if known else ""
    return head, head != resource.literal


_Place = tuple[Usual, str, str]  # whether it is usual, its service, its account


@define
class Among:
    """The index of what the stacks of a file build, and who has a role of some name, by account; all by label."""

    names: defaultdict[_Place, _Names] = field(factory=lambda: defaultdict(_Names))
    roles: defaultdict[tuple[str, str], list[str]] = field(factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, stacks: Mapping[str, Stack]) -> "Among":
        """The index of some stacks; what they leave open of the home is that of an example, the same for all."""
        found = cls()
        prefixes = {str(stack.intent.prefix) for stack in stacks.values()}
        for label, as_given in stacks.items():
            stack, _ = at_home(as_given)
            for thing in _things(label, stack, prefixes):
                pieces = thing.arn.split(":", 5)
                found.names[thing.usual, str(pieces[2]), str(pieces[4])].add(thing)
            for role in stack.roles.values():
                found.roles[_role_key(stack, str(role.name))].append(label)
        for names in found.names.values():
            names.sort()
        return found

    def like(self, reached: Reached, *, usual: bool) -> Iterator[Thing]:
        """What a resource may match and its actions are about; with `usual` also names such as every prefix has."""
        item = _item(reached)
        pieces = (Text.of("*"),) * 6 if item is None else item.split(":", 5)
        service, account = (_glob(pieces[i]) if len(pieces) > i else "*" for i in (2, 4))
        resource = Text.of("*") if item is None else _resource(item)
        for place, names in self._places(service, account):
            if (usual or not place[0]) and asked_about(reached.leaf.statement, (_any_of(place[1]),)):
                yield from names.like(_glob(resource), _head(resource)[0])

    def _places(self, service: str, account: str) -> Iterator[tuple[_Place, _Names]]:
        places: list[_Place] = [(usual, service, account) for usual in _ORDER]
        if {*"*?"} & {*service, *account}:
            fitting = (p for p in self.names if matches(service, p[1]) and matches(account, p[2]))
            places = sorted(fitting, key=lambda p: _ORDER.index(p[0]))
        yield from ((place, self.names[place]) for place in places if place in self.names)


_ORDER: tuple[Usual, ...] = ("first", "", "last")


@lru_cache(maxsize=1 << 8)
def _any_of(service: str) -> Name:
    """Any name of a service."""
    return Name((f"arn:*:{service}:*:*:*",))


def _glob(text: Text) -> str:
    """A text with `*` for what is not known."""
    whole = "".join(p if isinstance(p, str) else "*" for p in text.parts)
    return re.sub(r"\$\{[^}]*\}", "*", whole)


def _role_key(stack: Stack, name: str) -> tuple[str, str]:
    return str(stack.deployment.home.account_id), name.lower()


def at_home(stack: Stack) -> tuple[Stack, dict[str, Value]]:
    """A stack with an example for what is open of its home; as it is where that contradicts what it names."""
    home = stack.deployment.home
    partition = home.partition.literal or "aws"
    region = next((r for r in REGION.good if partition_of(r) == partition), REGION.good[0])
    examples: dict[str, Value] = {"account_id": ACCOUNT_ID.good[0], "aws_region": region, "partition": partition}
    values = {name: examples[name] for name in home.open(stack.deployment.variables) if name in examples}
    if "aws_region" in values:
        values.pop("partition", None)
    try:
        return (stack.bind(values), values) if values else (stack, {})
    except ConfigError:
        return stack, {}


# ---------------------------------------------------------------- what each is told


def neighbour(among: Among, label: str, stack: Stack, alone: Answer) -> Answer:
    """What `neighbours` says of a stack among others; `alone` is what it says of it by itself.

    `stack` has what is accepted of this invariant. What holds of any other prefix holds of those of the file.
    """
    usual, rests_on = not isinstance(alone, Holds), assumed_of("known")
    bound, values = at_home(stack)
    found, unknown = _found(among, label, bound, values, usual=usual)
    if unknown and not found:
        each = (_found(among, label, sample, of, usual=usual)[0] for of, sample in samples(stack))
        found = next(filter(None, each), list[Fails]())
    if found:
        first = first_of(evolve(fails, assumed=rests_on) for fails in found)
        return first_of((first, alone)) if isinstance(alone, Fails) else first
    return Undecided(unknown, rests_on) if unknown and isinstance(alone, Holds) else alone


def _found(
    among: Among, label: str, stack: Stack, values: Mapping[str, Value], *, usual: bool
) -> tuple[list[Fails], str]:
    """All that shows that a stack isn't apart, with the values that lead there, and what isn't known."""
    found, unknown = [*_coinciding(among, label, stack)], ""
    for reached in reaches(stack):
        one = _of(among, label, stack, reached, usual=usual)
        if isinstance(one, str):
            unknown = unknown or one
        else:
            found += (with_values(fails, values) if values else fails for fails in one)
    return found, unknown


def _coinciding(among: Among, label: str, stack: Stack) -> Iterator[Fails]:
    """Roles that IAM would take for another service's: it compares names without regard to case."""
    for role in stack.roles.values():
        others = [other for other in among.roles[_role_key(stack, str(role.name))] if other != label]
        if others:
            fact = f"`{label}` and `{others[0]}` both have a role called `{role.name}` in one account"
            answer = as_fact(stack, Fails(fact=fact), role.id)
            assert isinstance(answer, Fails)
            yield answer


def _of(among: Among, label: str, stack: Stack, reached: Reached, *, usual: bool) -> list[Fails] | str:
    """What shows that a resource matches what another builds, or why that isn't known.

    What is not accepted comes first. `usual` says that names such as every prefix has are asked about too.
    """
    item = _item(reached)
    if item is None and isinstance(reached.leaf.statement.resources, Only):
        return []  # a list parameter's values are the user's own
    in_full = item is not None and not is_pattern(str(item))
    accepted: list[Fails] = []
    unclear = ""
    tried = 0
    for thing in among.like(reached, usual=usual):
        if thing.owner == label or (in_full and thing.named):
            continue
        check_time()
        try:
            if not _meets(reached, thing):
                continue
            tried += 1
            fails = _shown(label, stack, reached, thing)
        except Unclear as e:
            unclear = unclear or f"{reached} may match what `{thing.owner}` builds: {e}"
            continue
        if fails and not all(one.accepted for one in fails):
            return fails
        accepted = accepted or fails
        if tried == MOST_TRIED:
            unclear = unclear or f"{reached} matches more than {MOST_TRIED} names that other services build"
            break
    if accepted and unclear and not any(a.is_whole for a in about(stack, reached.role)):
        accepted.insert(0, unsure(unclear))
    return accepted or unclear or []


def _meets(reached: Reached, thing: Thing) -> bool:
    """Whether the two have a resource in common."""
    built = frozenset({resource_pattern(thing.name.parts)})
    return any(
        example((*option.resources.clauses, built), option.resources.none) is not None
        for option in compiled(reached.leaf).options
    )


def _shown(label: str, stack: Stack, reached: Reached, thing: Thing) -> list[Fails]:
    """A request for each action that the role may do with what another builds because of the resource."""
    actions = asked_about(reached.leaf.statement, (thing.name,))
    if not actions:
        return []
    by_it = granted(stack.roles[reached.role]).by((reached.leaf,))
    asked = by_it & query("*", [thing.arn]) & askable(actions)
    if search(asked, "known") is None:
        return []
    found = named((of_actions(reached.leaf, actions),), asked, "known")
    fact = f"{reached} of `{label}` matches `{thing.arn}`, which `{thing.owner}` builds"
    accepts = about(stack, reached.role)
    fails = [Fails(request, fact, accepted=accepting(accepts, request)) for request in found.requests]
    if fails and found.more:
        fails.append(Fails(fact=f"{found.more:,} {MORE}", accepted=tuple(a for a in accepts if a.is_whole)))
    return fails
