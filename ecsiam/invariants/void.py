"""Grants that never apply: what the statements of the roles name and AWS never asks, with the nearest that it does."""

import re
from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.leaf import compiled
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.request import Request
from ecsiam.analysis.requests import of_statement, query
from ecsiam.analysis.searching import search
from ecsiam.analysis.strings import at_hand, example
from ecsiam.analysis.variables import Variable, parts
from ecsiam.invariants.accepting import as_fact, of_requests
from ecsiam.invariants.asking import samples, together
from ecsiam.invariants.configured import of_aws
from ecsiam.invariants.kinds import SIX, possible, suffixed
from ecsiam.invariants.place import Place
from ecsiam.invariants.repairs import repairs
from ecsiam.invariants.sent import resource_items
from ecsiam.invariants.strange import strange, unconditioned
from ecsiam.invariants.vain import (
    excludes_all,
    keys_of_others,
    said,
    vain_conditions,
    without_keys,
)
from ecsiam.looks.words import listed
from ecsiam.model.each import Each, Item
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Only
from ecsiam.model.text import Ref, Text, text

if TYPE_CHECKING:
    from ecsiam.reference.actions import KnownAction

TRIED = "that each action applies to some of what a parameter gives was tried on samples of its form"


def grants(stack: Stack) -> Iterator[Answer]:
    """Whether each Allow of a role applies: its actions, its resources and its conditions."""
    unknown: list[str] = []
    for place in _allows(stack):
        try:
            yield as_fact(stack, _applies(place), place.role.id)
        except Unclear as e:
            yield Undecided(f"{e} (whether what the {place.role.id} role is granted applies to anything)")
        found = list(strange(place))
        yield from (as_fact(stack, a, place.role.id) for a in found if not isinstance(a, Undecided))
        unknown += [answer.reason for answer in found if isinstance(answer, Undecided)]
    if unknown:
        yield Undecided("; ".join(dict.fromkeys(unknown)))


def void_grants(stack: Stack) -> Iterator[tuple[Place, str]]:
    """Each Allow of a closed stack that never applies, with what is wrong in words; what can't be decided is none."""
    for place in _allows(stack):
        try:
            wrong = tuple(_void(place))
            answer = together((*(() if wrong and _spares(place) else wrong), *_vain(place)))
        except Unclear:
            continue
        if isinstance(answer, Fails):
            yield place, answer.fact


def _allows(stack: Stack) -> Iterator[Place]:
    for role in stack.roles.values():
        for name, document in _documents(role):
            for at, statement in enumerate(document.statements):
                if statement.effect == "Allow":
                    yield Place(stack, role, name, document, at)


def _documents(role: Role) -> Iterator[tuple[str, Policy]]:
    """A role's policies by what they are called: its own, and those attached that are known."""
    from ecsiam.reference.managed import managed_policy

    yield from ((str(policy.name), policy.document) for policy in role.policies.values())
    apart = of_aws(role)  # AWS's own, for what AWS does: nobody here can mend them
    attached = (managed_policy(str(arn)) for arn in role.managed_policy_arns if str(arn) not in apart)
    yield from ((policy.arn, policy.document) for policy in attached if policy is not None)


def _applies(place: Place) -> Answer:
    if compiled(place.leaf).open:
        # What a list parameter holds is shown on values of its form.
        for _, bound in samples(place.stack):
            for same in _again(bound, place):
                answer = _applies(same)
                if isinstance(answer, Fails):
                    return answer
        given = any(map(_of_deployment, resource_items(place.statement)))
        return Holds(assumed=(TRIED,) if given else ())
    return together((*_void(place), *_vain(place)))


def _of_deployment(item: Item) -> bool:
    """Whether an item is a whole ARN, or several, that the deployment gives."""
    if isinstance(item, Each):
        return True
    first = item.parts[0] if item.parts else ""
    return isinstance(first, Ref) and first.parameter


def _again(stack: Stack, place: Place) -> Iterator[Place]:
    """What a statement became, by where it came from and what it does."""
    statement = place.statement
    for other in _allows(stack):
        same = other.role.id == place.role.id and other.statement.origin == statement.origin
        if same and other.statement.actions == statement.actions:
            yield other


# ---------------------------------------------------------------- actions and resources


def _void(place: Place) -> Iterator[Fails]:
    """Each action without a resource that it can apply to; else each resource without an action that can apply."""
    from ecsiam.reference import actions

    statement, role = place.statement, place.role.id
    if not isinstance(statement.actions, Only):
        return
    void = [a.pattern for a in statement.actions.items if _is_void(place, a.pattern)]
    for pattern in void:
        fails = Fails(
            _one(place, pattern),
            f"the {role} role is granted `{pattern}` only on resources that it never applies to ({place})"
            f"{_hint(place, list(resource_items(statement)), actions.matching(pattern))}",
        )
        yield of_requests(place.stack, fails, of_statement(place.leaf) & query(pattern, "*"), role)
    known = [k for a in statement.actions.items for k in actions.matching(a.pattern)]
    if len(void) == len(statement.actions.items) or any(
        not actions.matching(a.pattern) for a in statement.actions.items
    ):
        return
    forms = _forms(known)
    for item in resource_items(statement):
        if not _fits(place, forms, (item,)):
            fails = Fails(
                fact=f"the {role} role is granted something on `{item}`, which none of the actions applies to ({place})"
                f"{_hint(place, [item], known)}"
            )
            only = of_statement(evolve(place.leaf, statement=evolve(statement, resources=Only((item,)))))
            yield of_requests(place.stack, fails, only, role)


def _is_void(place: Place, pattern: str) -> bool:
    """Whether none of an action pattern applies. Of what the reference doesn't know, that isn't known."""
    from ecsiam.reference import actions

    known = () if set("*?").intersection(pattern.partition(":")[0]) else actions.matching(pattern)
    return bool(known) and not _fits(place, _forms(known), None)


def _forms(known: Iterable["KnownAction"]) -> tuple[str, ...]:
    """The ARN patterns that some actions are evaluated on."""
    from ecsiam.reference.actions import evaluated_on

    return tuple(dict.fromkeys(form for k in known for form in map(_suffixed(k), evaluated_on(k))))


def _suffixed(known: "KnownAction") -> Callable[[str], str]:
    """Puts the letters behind a form that AWS adds to the name, except while there is none yet."""
    return str if known.name.startswith("Create") else suffixed


def _fits(place: Place, forms: tuple[str, ...], items: tuple[Item, ...] | None) -> bool:
    """Whether a resource of some form is among a statement's resources, or among these alone."""
    from ecsiam.reference.actions import excepting

    statement = place.statement
    if items is None:
        items = tuple(resource_items(statement))
    if isinstance(statement.resources, Only):
        items = tuple(i for i in items if not _without_value(i, place))
        if not items:
            return False
        statement = evolve(statement, resources=Only(items))
        services = set(map(_service, items))
        forms = forms if "" in services else tuple(f for f in forms if f != "*" and f.split(":", 3)[2] in services)
    options = compiled(evolve(place.leaf, statement=statement)).options
    partition = place.home.partition.literal
    asked = [
        ((*option.resources.clauses, *may.clauses), option.resources.none | may.none)
        for may in (possible(form, partition, excepting(form.removesuffix(SIX))) for form in forms)
        for option in options
    ]
    return any(at_hand(*both) for both in asked) or any(example(*both) is not None for both in asked)


def _service(item: Item) -> str:
    """The service that an ARN names in plain letters; empty where any may be meant."""
    named = re.match(r"arn:[^:]*:([a-z0-9-]+):", item.literal or "") if isinstance(item, Text) else None
    return named[1] if named else ""


def _one(place: Place, pattern: str) -> Request | None:
    """A request that the statement matches all the same, where there surely is one."""
    try:
        return search(query(pattern, "*") & of_statement(place.leaf))
    except Unclear:
        return None


def _without_value(item: Item, place: Place) -> bool:
    """Whether a policy variable of a resource never has a value: then the resource matches nothing.

    It is no key of AWS, or one that no session of a role has.
    """
    return any(_is_no_key(key) or key.lower() in _NOT_OF_ROLES for key in _variables(item, place))


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
_NOT_OF_ROLES = frozenset({"aws:principalservicename", "aws:username"})


def _variables(item: Item, place: Place) -> Iterator[str]:
    if isinstance(item, Text):
        found = parts(item, place.document.version)
        yield from (p.key for p in found if isinstance(p, Variable) and p.default is None)


def _is_no_key(key: str) -> bool:
    """Whether a policy variable surely has no value: a pseudo parameter of CloudFormation, a reference of Terraform."""
    prefix, colon, name = key.partition(":")
    return not colon or not name or name.startswith(":") or not re.fullmatch(r"[A-Za-z0-9./_-]+", prefix)


# ---------------------------------------------------------------- the nearest right form


def _hint(place: Place, items: list[Item], known: Iterable["KnownAction"]) -> str:
    """Why an ARN is none that AWS evaluates, as far as that is plain, and what it evaluates."""
    given = next((i.literal for i in items if isinstance(i, Text) and i.literal not in (None, "*")), None)
    forms = _forms(known)
    if not forms:
        return ""
    if given is None or forms == ("*",):
        return "; AWS asks for it on no resource: write `*`" if forms == ("*",) else ""
    right = _right(place, given, forms)
    likest = _likest(forms, given)
    evaluated = "without a resource, on `*`" if likest == "*" else f"on `{likest}`"
    evaluated += " or without a resource, on `*`" if "*" in forms and likest != "*" else ""
    return f"; AWS evaluates it {evaluated}" + (f": `{right}` may be meant" if right else "")


def _likest(forms: Iterable[str], given: str) -> str:
    return max(forms, key=lambda form: SequenceMatcher(None, form, given).ratio())


def _right(place: Place, given: str, forms: tuple[str, ...]) -> str | None:
    return next((r for r in repairs(given, forms, place.home) if _fits(place, forms, (text(r),))), None)


@frozen
class Mended:
    """The nearest form of a resource that something applies to; `stays`: the given one is of use for another action.

    `action` is the one that no resource of the statement fits; empty, where it is the resource that no action fits.
    """

    given: str
    right: str
    stays: bool
    action: str = ""


def _spares(place: Place) -> bool:
    """Whether all that is of no use is a resource beside the one that was meant, as a bucket is beside its objects."""
    actions = place.statement.actions
    if not isinstance(actions, Only) or any(_is_void(place, action.pattern) for action in actions.items):
        return False
    given = {str(item) for item in resource_items(place.statement)}
    right = [one.right for one in mended(place)]
    return bool(right) and given.issuperset(right)


def wanted(place: Place) -> tuple[str, str] | None:
    """A resource that an action of a void grant never applies to, and the form of those that it does."""
    from ecsiam.reference import actions

    void = [a for a in place.statement.actions.items if _is_void(place, a.pattern)]
    given = [i for i in resource_items(place.statement) if isinstance(i, Text)]
    if not void or not given:
        return None
    return str(given[0]), _likest(_forms(actions.matching(void[0].pattern)), str(given[0]))


def mended(place: Place) -> Iterator[Mended]:
    """For each action of a void grant that no resource fits, and each resource that no action fits, what would."""
    from ecsiam.reference import actions

    statement = place.statement
    if not isinstance(statement.actions, Only):
        return
    every = [k for a in statement.actions.items for k in actions.matching(a.pattern)]
    items = [i for i in resource_items(statement) if isinstance(i, Text) and i.literal not in (None, "*")]
    of_use = [i for i in items if _fits(place, _forms(every), (i,))]
    asked = [(a.pattern, actions.matching(a.pattern)) for a in statement.actions.items if _is_void(place, a.pattern)]
    for item in items:
        for action, known in asked or ([] if item in of_use else [("", tuple(every))]):
            right = _right(place, str(item), _forms(known))
            if right is None and not any(map(_has_resources, known)):
                right = "*"
            if right is not None:
                yield Mended(str(item), right, item in of_use, action)


def _has_resources(known: "KnownAction") -> bool:
    """Whether an action is ever asked on a resource that has a name."""
    from ecsiam.reference.actions import evaluated_on, supports_resources

    return supports_resources(known) and any("*" in form.split(":", 5)[-1] for form in evaluated_on(known))


# ---------------------------------------------------------------- conditions


def _vain(place: Place) -> Iterator[Fails]:
    """Each condition that no request of the role meets."""
    never = f"the {place.role.id} role is granted something that never applies ({place}): "
    for fact in _vain_conditions(place):
        yield of_requests(
            place.stack, Fails(fact=f"{never}{fact}"), unconditioned(place, place.statement.actions), place.role.id
        )


def _vain_conditions(place: Place) -> Iterator[str]:
    statement = place.statement
    vain = list(vain_conditions(statement))
    for condition, sent in vain:
        compared = f"`{condition.operator}` compares `{condition.key}` with {said(condition.values)}"
        yield f"{compared}, and AWS sends {sent}"
    if vain:
        return
    unsent = list(without_keys(statement))
    for pattern, key in unsent:
        yield f"AWS sends no `{key}` with `{pattern}`"
    if unsent:
        return
    others = keys_of_others(place.stack, place.role, statement)
    for condition in others:
        sends = said(condition.values)
        if condition.operator.comparison.kind == "null":
            sends = "nothing" if condition.values[0].literal == "true" else "something"
        yield f"AWS sends {sends} as `{condition.key}` with what it grants the role"
    if not others and excludes_all(statement):
        keys = listed(dict.fromkeys(c.key for c in statement.conditions))
        yield f"no request meets its conditions on {keys}"
