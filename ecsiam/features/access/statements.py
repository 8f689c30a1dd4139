"""From entries of `task_access` to the statements of one policy: as few as say just that, in an order of their own."""

from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from ecsiam.features.access.entry import Entry
from ecsiam.features.access.kind import AccessKind, Act, Verb
from ecsiam.features.access.kinds import KINDS
from ecsiam.features.project import Project, allow
from ecsiam.keys.values import Many, as_text, known, resources, wrapped
from ecsiam.model.arn import Arn, via_service
from ecsiam.model.condition import Condition
from ecsiam.model.each import Each, Item
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import EMPTY, Text, in_order

POLICY = "task_access"
_VIA = "kms:ViaService"


@frozen
class _Grant:
    """One action on one resource, and what it is for."""

    action: str
    item: Item
    where: tuple[Condition, ...]
    means: str
    why: str
    page: str


def statements(entries: Iterable[Entry], project: Project) -> Iterator[Statement]:
    """What the entries ask for, each action on the resources that AWS evaluates it on.

    Actions that are given on the same resource under the same conditions stand together, and so do resources with the
    same actions; a list that is known at deployment has a statement of its own, which goes when it is empty.
    """
    grants = [grant for entry in entries for grant in _grants(entry, project)]
    on: dict[tuple[tuple[Condition, ...], Item], list[_Grant]] = {}
    for grant in grants:
        on.setdefault((grant.where, grant.item), []).append(grant)
    together: dict[tuple[tuple[str, ...], tuple[Condition, ...], Each | None], list[_Grant]] = {}
    for (where, item), of in on.items():
        actions = tuple(sorted({grant.action for grant in of}))
        together.setdefault((actions, where, item if isinstance(item, Each) else None), []).extend(of)
    found = (
        allow(actions, [grant.item for grant in of], _origin(of), *where)
        for (actions, where, _), of in together.items()
    )
    yield from sorted(_through_several(found), key=_whole)


def _whole(s: Statement) -> tuple[list[str], ...]:
    """All that a statement says, to be sorted by; what a value shows of itself is shortened."""
    return (
        [a.pattern for a in s.actions.items],
        list(map(str, s.conditions)),
        list(map(str, s.resources.items if s.resources else ())),
    )


def _through_several(given: Iterable[Statement]) -> Iterator[Statement]:
    """The same use of the same keys through several services is one statement: any of the services will do."""
    keys: dict[object, Statement] = {}
    for statement in given:
        if [condition.key for condition in statement.conditions] != [_VIA]:
            yield statement
            continue
        place = (statement.actions, statement.resources)
        first = keys.get(place, statement)
        values = in_order(v for s in (first, statement) for c in s.conditions for v in c.values)
        keys[place] = evolve(first, conditions=(Condition("StringEquals", _VIA, values),))
    yield from keys.values()


def _origin(grants: Sequence[_Grant]) -> Origin:
    """What they do, and for what: each reason with all that it is the reason of."""
    by_why: dict[str, dict[str, None]] = {}
    for grant in grants:
        by_why.setdefault(" ".join(grant.why.split()), {})[grant.means] = None
    said = (f"{', '.join(means)}{f': {why}' if why else ''}" for why, means in by_why.items())
    return Origin(POLICY, "; ".join(said), grants[0].page)


# ---------------------------------------------------------------- an entry


def _grants(entry: Entry, project: Project) -> Iterator[_Grant]:
    for id, arns in entry.kinds().items():
        kind = KINDS[id]
        verbs = [kind.named[verb] for verb in entry.access if verb in kind.named]
        where = _condition(kind, entry)
        for verb in verbs:
            for act in verb.acts:
                for item in _items(act, arns, kind, entry):
                    yield _Grant(act.action, item, (*verb.where, *where), verb.meaning, entry.why, kind.page)
            yield from _with(kind, verb, arns, entry)
        yield from _with_keys(kind, verbs, arns, entry, project)


def _condition(kind: AccessKind, entry: Entry) -> tuple[Condition, ...]:
    """What `with` says in a condition."""
    if kind.beside is None or not kind.beside.condition:
        return ()
    return (Condition("ArnEquals", kind.beside.condition, in_order(map(as_text, known(entry.beside)))),)


def _items(act: Act, arns: Many, kind: AccessKind, entry: Entry) -> Iterator[Item]:
    """The resources of an action; not all that is below an ARN where the entry lists some of it."""
    if act.rule != "all":
        yield from resources(arns, act.rule)
        return
    if isinstance(arns, Parameter):
        for after in act.after:
            yield from wrapped(arns, (EMPTY,), after, ())
        return
    pieces = [arn for id, of in entry.kinds().items() if KINDS[id].part_of == kind.id for arn in known(of)]
    for arn in arns:
        for after in act.after:
            below = f"{arn}{after.removesuffix('*')}"
            if not after.endswith("*") or not any(piece.startswith(below) for piece in pieces):
                yield Text.of(as_text(arn), after)


def _with(kind: AccessKind, verb: Verb, arns: Many, entry: Entry) -> Iterator[_Grant]:
    """What `with` names as resources: for the verb's actions, or for some of them and through the ARNs only."""
    beside = kind.beside
    if beside is None or beside.condition:
        return
    where: tuple[Condition, ...] = ()
    if beside.through:
        where = (Condition("ArnLike", beside.through, in_order(map(as_text, known(arns)))),)
    actions = beside.actions or tuple(act.action for act in verb.acts)
    for item in resources(entry.beside):
        for action in actions:
            yield _Grant(action, item, (*verb.where, *where), verb.meaning, entry.why, kind.page)


def _with_keys(kind: AccessKind, verbs: Iterable[Verb], arns: Many, entry: Entry, project: Project) -> Iterator[_Grant]:
    """The customer's keys, through the kind's service only: in the ARNs' regions, or else the keys', or else here."""
    if not kind.via or not entry.kms_key_arns:
        return
    through = Condition("StringEquals", _VIA, via(kind.via, (arns, entry.kms_key_arns), project))
    for action in sorted({action for verb in verbs for action in verb.key}):
        for item in resources(entry.kms_key_arns):
            yield _Grant(action, item, (through,), "use their keys, through the service only", entry.why, kind.page)


def via(service: str, said: Iterable[Many], project: Project) -> tuple[Text, ...]:
    """As what KMS knows a service, in the regions of the first of some ARNs that say one; else in the roles' own."""
    for arns in said:
        places = {(arn.region, arn.partition): None for arn in map(Arn.parse, map(as_text, known(arns)))}
        regional = [place for place in places if place[0].parts]
        if regional:
            break
    else:
        regional = [(region, project.home.partition) for region in project.home.regions]
    return in_order(text for region, partition in regional for text in via_service(service, region, partition))
