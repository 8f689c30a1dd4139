"""One statement, compiled: what it asks of each variable of a request.

A statement is a product: its action, its principal, its resource and each of its keys are asked apart. That is what
makes a set of requests a union of boxes.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product

from attrs import field, frozen

from ecsiam.analysis.globs import may_be_arn
from ecsiam.analysis.keys import EARLY, KeyTest, hole
from ecsiam.analysis.matching import Reading, condition_values
from ecsiam.analysis.patterns import (
    ANY,
    NOT_COLON,
    Clause,
    Hole,
    One,
    Other,
    Pattern,
    Run,
    Token,
    Unclear,
    char,
    pattern,
)
from ecsiam.analysis.variables import Escaped, Part, Variable, parts
from ecsiam.model.condition import Condition, Operator
from ecsiam.model.each import Each, Item
from ecsiam.model.policy import Version
from ecsiam.model.principal import Principal
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import Ref, Text

# ("flag", NAME): it is on; ("given", NAME): the list parameter is not empty; ("unread", NAME): that policy takes it.
State = tuple[str, str]


MOST_DEFAULTS = 6  # each doubles the ways that a resource can come out
MOST_WAYS = 1024
MOST_VARIABLES = 8  # each doubles the ways that the conditions of a statement can come out


@frozen(cache_hash=True)
class Actions:
    """Actions in lower case: exact ones, patterns, and with `inverse` all but these."""

    exact: frozenset[str]
    wild: tuple[str, ...]
    inverse: bool = False


@frozen(cache_hash=True)
class Resources:
    """A set of resources: those that match a pattern of each clause and none of `none`."""

    clauses: tuple[Clause, ...] = ()
    none: Clause = frozenset()


@frozen
class Option:
    """A statement's resources in one state of what is open, with the tests that they bring along."""

    resources: Resources
    tests: tuple[KeyTest, ...] = ()
    states: tuple[tuple[State, bool], ...] = ()


@frozen
class EachName:
    """The elements of a list parameter, as a rule rewrites them."""

    parameter: str
    rule: str


@frozen(cache_hash=True)
class Leaf:
    """A statement where it stands: its document's version, whether that is an identity policy, and when it is there.

    `unread` names a policy that stands for nobody knows what: the statement takes some of its requests, or none.
    `of_role` says that it is a role's, so that sessions of it ask; `asked` that no policy has it, but a question.
    `strict` reads it as invalid where a policy variable of its resources has no value (`matching.misses`).
    """

    statement: Statement
    version: Version = "2012-10-17"
    identity: bool = True
    when: tuple[str, ...] = ()
    reading: Reading = "parts"
    unread: str = ""
    of_role: bool = False
    asked: bool = False
    strict: bool = False


@frozen
class Compiled:
    """What a statement asks. `options` are alternatives; `variables` the keys whose values it puts in."""

    actions: Actions
    principals: Only[Principal] | AllBut[Principal] | None
    tests: tuple[KeyTest, ...]
    options: tuple[Option, ...]
    states: tuple[tuple[State, bool], ...] = ()
    unread: str = ""
    variables: frozenset[Variable] = field(default=frozenset())
    open: bool = False
    of_role: bool = False
    identity: bool = True
    doubtful: bool = False


_NULL, _LIKE, _NOT_LIKE = map(Operator.parse, ("Null", "StringLike", "StringNotLike"))


def present(key: str) -> KeyTest:
    """The test that a key is there."""
    return KeyTest(key.lower(), _NULL, (("false",),), key)


def absent(key: str) -> KeyTest:
    """The test that a key is not there."""
    return KeyTest(key.lower(), _NULL, (("true",),), key)


def valued(key: str) -> KeyTest:
    """The test that a key has something to put in the place of a policy variable: more than an empty text."""
    return KeyTest(key.lower(), _LIKE, (("?*",),), key) if _may_be_empty(key) else present(key)


def valueless(key: str) -> KeyTest:
    """The test that it has not."""
    return KeyTest(key.lower(), _NOT_LIKE, (("?*",),), key) if _may_be_empty(key) else absent(key)


@lru_cache(maxsize=1 << 10)
def _may_be_empty(key: str) -> bool:
    from ecsiam.reference.actions import key_type

    return key_type(key) in (None, "String")


@lru_cache(maxsize=1 << 14)
def compiled(leaf: Leaf) -> Compiled:
    """What a leaf asks of each variable."""
    statement, version = leaf.statement, leaf.version
    given = [a.pattern.lower() for a in statement.actions.items if not a.is_void]
    actions = Actions(
        frozenset(a for a in given if "*" not in a and "?" not in a),
        tuple(a for a in given if "*" in a or "?" in a),
        isinstance(statement.actions, AllBut),
    )
    resources = _options(leaf)
    tests, ways = _conditions(statement, version, _resource_variables(leaf) if leaf.strict else ())
    # Each way that the keys of variables can be there or not, with each state of the resources.
    options = tuple(Option(o.resources, (*o.tests, *way), o.states) for o in resources for way in ways)
    variables = {v for o in resources for v in _variables(o.resources)}
    variables |= {p for c in statement.conditions for v in _values(c, version) for p in v if isinstance(p, Variable)}
    return Compiled(
        actions=actions,
        principals=statement.principals,
        tests=tests,
        options=options,
        states=tuple((state, True) for state in _states(leaf)),
        unread=leaf.unread,
        variables=frozenset(variables),
        open=bool(leaf.when or leaf.unread)
        or any(t.refs for t in statement.texts())
        or any(isinstance(item, Each) for item in (statement.resources.items if statement.resources else ())),
        of_role=leaf.of_role,
        identity=leaf.identity and statement.principals is None,
        doubtful=_is_doubtful(leaf),
    )


def _values(condition: Condition, version: Version) -> tuple[tuple[Part, ...], ...]:
    return condition_values(condition.operator, condition.values, version)


Way = tuple[KeyTest, ...]


def _conditions(statement: Statement, version: Version, must: Iterable[Variable]) -> tuple[Way, tuple[Way, ...]]:
    """The tests that conditions make in any case, and the ways of those with variables: they exclude each other.

    A value whose variable has nothing to put in is as good as not written; `must` are variables that have to have it.
    """
    plain: list[KeyTest] = [valued(v.key) for v in dict.fromkeys(must)]
    varying: list[tuple[Condition, tuple[tuple[Part, ...], ...]]] = []
    keys: dict[str, str] = {}
    for condition in statement.conditions:
        values = _values(condition, version)
        needed = {p.key.lower(): p.key for v in values for p in _without_default(v)}
        keys |= needed
        if needed:
            varying.append((condition, values))
        else:
            plain.append(KeyTest(condition.key.lower(), condition.operator, values, condition.key))
    if len(keys) > MOST_VARIABLES:
        raise Unclear(f"the conditions of a statement have more than {MOST_VARIABLES} policy variables")
    ways: list[Way] = []
    for there in product((True, False), repeat=len(keys)):
        has = dict(zip(keys, there, strict=True))
        left = [(c, tuple(v for v in vs if all(has[p.key.lower()] for p in _without_default(v)))) for c, vs in varying]
        if all(vs or _may_hold_of_nothing(c.operator) for c, vs in left):
            tests = [KeyTest(c.key.lower(), c.operator, vs, c.key) for c, vs in left]
            ways.append((*tests, *(valued(keys[k]) if yes else valueless(keys[k]) for k, yes in has.items())))
    return tuple(plain), tuple(ways)


def _without_default(parts: tuple[Part, ...]) -> Iterator[Variable]:
    return (p for p in parts if isinstance(p, Variable) and p.default is None)


def _may_hold_of_nothing(operator: Operator) -> bool:
    """Whether a condition whose values are all gone may hold."""
    return operator.comparison.negated or operator.if_exists or operator.qualifier == "ForAllValues"


def _resource_variables(leaf: Leaf) -> tuple[Variable, ...]:
    """The variables without a default in the resources of a statement."""
    resources = leaf.statement.resources
    items = () if resources is None else resources.items
    return tuple(v for item in items if isinstance(item, Text) for v in _without_default(parts(item, leaf.version)))


def _is_doubtful(leaf: Leaf) -> bool:
    """Whether `strict` makes a difference: a lone Resource with a variable matches nothing without it either way."""
    resources = leaf.statement.resources
    others = isinstance(resources, AllBut) or (resources is not None and len(resources.items) > 1)
    return others and not leaf.asked and bool(_resource_variables(leaf))


def _states(leaf: Leaf) -> Iterator[State]:
    yield from (("flag", flag) for flag in leaf.when if flag)
    if leaf.unread:
        yield "unread", f"{leaf.statement.effect} of {leaf.unread}"


def _variables(resources: Resources) -> set[Variable]:
    holes = (h for clause in (*resources.clauses, resources.none) for p in clause for h in p.holes)
    return {h.name for h in holes if isinstance(h, Hole) and isinstance(h.name, Variable)}


def _options(leaf: Leaf) -> list[Option]:
    """The resources of a statement: by what they need, so that an item with a variable doesn't bind the others."""
    match leaf.statement.resources:
        case None:
            return [Option(Resources())]
        case Only(items):
            by_need: dict[tuple[tuple[KeyTest, ...], tuple[tuple[State, bool], ...]], set[Pattern]] = {}
            for p, needs, states in (found for item in items for found in _item(item, leaf)):
                by_need.setdefault((needs, states), set()).add(p)
            return [Option(_one_of(ps), needs, states) for (needs, states), ps in by_need.items()]
        case AllBut(items):
            return _all_but(items, leaf)


def _all_but(items: tuple[Item, ...], leaf: Leaf) -> list[Option]:
    """One option for each way that the keys of variables can be there or not: these ways exclude each other."""
    ways: list[tuple[frozenset[Pattern], dict[str, KeyTest]]] = [(frozenset(), {})]
    for item in items:
        patterns = [(frozenset({p}), needs) for p, needs, _ in _item(item, leaf)]
        found: list[tuple[frozenset[Pattern], Way]] = patterns or [
            (frozenset(), ())
        ]  # what is no ARN leaves nothing out
        if isinstance(item, Each):
            found = [(frozenset(p for ps, _ in found for p in ps), tuple(n for _, needs in found for n in needs))]
        else:
            found += ((frozenset(), way) for way in _missing(item, leaf))
        ways = [
            (none | patterns, {**needed, **{n.key: n for n in needs}})
            for none, needed in ways
            for patterns, needs in found
            if all(needed.get(n.key, n) == n for n in needs)
        ]
        if len(ways) > MOST_WAYS:
            raise Unclear(f"NotResource has policy variables that can be there in more than {MOST_WAYS} ways")
    return [Option(Resources(none=none), tuple(needed.values())) for none, needed in ways]


def _missing(item: Text, leaf: Leaf) -> Iterator[Way]:
    """The ways in which one of the variables of an item has no value: it leaves nothing out then."""
    plain = list(dict.fromkeys(_without_default(parts(item, leaf.version))))
    for n, variable in enumerate(plain):
        yield (*(valued(v.key) for v in plain[:n]), valueless(variable.key))


def _one_of(patterns: set[Pattern]) -> Resources:
    everything = any(p.prefix and not p.head for p in patterns)
    return Resources() if everything else Resources((frozenset(patterns),))


Found = tuple[Pattern, tuple[KeyTest, ...], tuple[tuple[State, bool], ...]]


def _item(item: Item, leaf: Leaf) -> list[Found]:
    """The patterns of one item, what has to be there for each, and the state of a list parameter that it stands for."""
    if isinstance(item, Each):
        name = Hole(EachName(item.parameter, item.rule), exact=False)
        tokens = (*_text(item.before, leaf), name, *_text(item.after, leaf))
        found: list[Found] = [] if item.rule == "unless_given" else [(_resource(tokens, leaf), (), ())]
        if not item.otherwise:
            return found
        given: State = ("given", item.parameter)
        found = [(p, needs, ((given, True),)) for p, needs, _ in found]
        for other in item.otherwise:
            found += [(p, needs, ((given, False), *states)) for p, needs, states in _item(other, leaf)]
        return found
    texts = parts(item, leaf.version)
    if not may_be_arn(texts):
        return []
    with_default = [p for p in dict.fromkeys(texts) if isinstance(p, Variable) and p.default is not None]
    plain = [valued(p.key) for p in dict.fromkeys(_without_default(texts))]
    if len(with_default) > MOST_DEFAULTS:
        raise Unclear(f"a resource has more than {MOST_DEFAULTS} policy variables with a default")
    found = []
    for way in product((False, True), repeat=len(with_default)):
        off = dict(zip(with_default, way, strict=True))
        needs = [valueless(v.key) if missing else valued(v.key) for v, missing in off.items()]
        gone = {v: Escaped(v.default or "") for v, missing in off.items() if missing}
        put_in = tuple(gone.get(p, p) if isinstance(p, Variable) else p for p in texts)
        found.append((_resource(put_in, leaf), (*plain, *needs), ()))
    return found


def _text(text: Text, leaf: Leaf) -> tuple[Part, ...]:
    return parts(text, leaf.version)


@lru_cache(maxsize=1 << 14)
def resource_pattern(given: tuple[Part | Hole | Other, ...], flat: bool = False, identity: bool = True) -> Pattern:
    """What a resource stands for: part by part up to the fifth colon, or, read flat, with `*` across all of them."""
    tokens: list[Token] = []
    colons, wild = 0, False
    if given == ("*",):
        return pattern((Run(ANY),))
    for part in given:
        match part:
            case str():
                for c in part:
                    colons += c == ":"
                    star = ANY if flat or colons >= 5 else NOT_COLON
                    wild |= c in "*?"
                    tokens.append(Run(star) if c == "*" else One(star) if c == "?" else char(c))
            case Escaped(text):
                tokens += map(char, text)
                colons += text.count(":")
            case Hole() | Other():
                tokens.append(part)
                colons += 5 if len(tokens) == 1 else 0
            case Variable() if not colons and not flat:
                raise Unclear(EARLY)
            case Variable() | Ref():
                tokens.append(hole(part, within=0 < colons < 5 and not flat))
                colons += 5 if len(tokens) == 1 else 0  # an ARN that is put in whole
    if not flat and colons < 5 and (identity or wild):
        for missing in range(colons, 5):
            tokens += [char(":"), Run(ANY if missing == 4 else NOT_COLON)]
    return pattern(tokens)


def _resource(texts: tuple[Part | Hole, ...], leaf: Leaf) -> Pattern:
    return resource_pattern(texts, leaf.reading == "flat", leaf.identity)
