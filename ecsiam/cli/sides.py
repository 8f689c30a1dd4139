"""Two that are asked one question: what each is, what comes out, and which statements allow the request."""

from collections.abc import Iterator, Mapping

from attrs import evolve, field, frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.evaluator import evaluate
from ecsiam.analysis.request import Request
from ecsiam.cli.beside import Limits
from ecsiam.cli.given import Given, Givens
from ecsiam.cli.shown import INDENT, Data, answer_data, assumed_lines, request_lines, statement_data, statement_line
from ecsiam.errors import ConfigError, Fault, PolicyError, show_path
from ecsiam.looks.words import listed
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text
from ecsiam.readers.found import Place
from ecsiam.reference.managed import managed_policy


@frozen
class Side:
    """One of the two: what is asked, and where the statements of each of its policies stand, as far as is known."""

    given: Given
    name: str
    of: Policy | Role
    places: Mapping[str, tuple[Place, ...]] = field(factory=dict[str, tuple[Place, ...]])


@frozen
class Question:
    """A question, and how its answers are said: of `{a}` and `{b}`. `ends` are the two names that its data have."""

    id: str
    yes: str
    no: str
    ends: tuple[str, str]


CONTAINS = Question(
    "contains", "`{a}` allows all that `{b}` allows", "`{b}` allows this, and `{a}` does not:", ("wide", "narrow")
)
OVERLAPS = Question(
    "overlaps", "`{a}` and `{b}` both allow this:", "no request is allowed by `{a}` and by `{b}`", ("a", "b")
)


@frozen
class Asked:
    """A question that was put to two."""

    question: Question
    a: Side
    b: Side
    answer: Answer
    limits: Limits


@frozen
class By:
    """A statement that allows a request: the side and the policy it is of, which one it is there, where it stands."""

    side: Side
    policy: str
    index: int
    statement: Statement
    place: Place | None


def sides(first: Givens, second: Givens) -> tuple[Side, Side]:
    """What is compared: a document, or the one role of each. Beside a trust policy, a role's own trust is meant."""
    a, b = _side(first), _side(second)
    return _fitting(a, b), _fitting(b, a)


def _side(givens: Givens) -> Side:
    every = list(givens)
    if len(every) != 1:
        place, _, named = givens.name.partition("#")
        there = listed(one.of for one in every)
        remedy = f"Name one: `{place}#SERVICE/ENVIRONMENT/{named or 'ROLE'}`. There are {there}."
        raise ConfigError(Fault(f"`{place}` has several configs, and this asks one", (), remedy))
    (given,) = every
    if isinstance(given.what, Policy):
        return Side(given, givens.name, given.what, {"": givens.places.get(("", ""), ())})
    roles = [*given.what.roles.values()]
    if len(roles) != 1:
        remedy = f"Name one: `{givens.name}#ROLE`. There are {listed(given.what.roles)}."
        raise ConfigError(Fault(f"`{givens.name}` has several roles, and this asks one", (), remedy))
    (role,) = roles
    places = {policy: at for (id, policy), at in givens.places.items() if id == role.id}
    return Side(given, givens.name, role, places)


def _fitting(side: Side, other: Side) -> Side:
    if isinstance(side.of, Role) and isinstance(other.of, Policy) and other.of.kind != "identity":
        return evolve(side, of=side.of.trust, places={"": side.places.get("trust", ())})
    return side


# ---------------------------------------------------------------- by which statements


def allowing(side: Side, request: Request, limits: Limits) -> Iterator[By]:
    """The statements of a side that allow a request, each asked by itself; those whose texts are open are left out."""
    for policy, alone, statements in _alone(side.of, limits):
        places = side.places.get(policy, ())
        for i, statement in enumerate(statements):
            try:
                allowed = statement.effect == "Allow" and evaluate(alone(statement), request).allowed
            except PolicyError:
                continue
            if allowed:
                yield By(side, policy, i, statement, places[i] if i < len(places) else None)


def _alone(of: Policy | Role, limits: Limits) -> Iterator["tuple[str, _Alone, tuple[Statement, ...]]"]:
    if isinstance(of, Policy):
        yield "", _Alone(of), of.statements
        return
    for one in of.policies.values():
        yield one.id, _Alone(one.document, of), one.document.statements
    for arn in map(str, of.managed_policy_arns):
        known = managed_policy(arn)
        document = limits.managed.get(arn) or (known.document if known else None)
        if document is not None:
            yield arn, _Alone(document, of), document.statements


@frozen
class _Alone:
    """A policy, and the role that has it, with one statement and nothing else."""

    document: Policy
    role: Role | None = None

    def __call__(self, statement: Statement) -> Policy | Role:
        alone = evolve(self.document, statements=(statement,), as_is=True)
        if self.role is None:
            return alone
        only = RolePolicy("alone", Text.of("alone"), alone)
        return evolve(
            self.role, policies={"alone": only}, managed_policy_arns=(), permissions_boundary=None, as_is=True
        )


def _witness(asked: Asked) -> tuple[Request | None, tuple[Side, ...]]:
    """The request that shows an answer, and the sides that allow it."""
    match asked.answer:
        case Holds(witness):
            return witness, (asked.a, asked.b)
        case Fails(witness):
            return witness, (asked.b,)
        case Undecided():
            return None, ()


# ---------------------------------------------------------------- shown


def asked_lines(asked: Asked) -> Iterator[str]:
    """The answer in a line, the request that shows it, the statements that allow that, what it rests on."""
    names = {"a": asked.a.name, "b": asked.b.name}
    match asked.answer:
        case Holds():
            yield f"yes        {asked.question.yes.format(**names)}"
        case Fails():
            yield f"no         {asked.question.no.format(**names)}"
        case Undecided(reason):
            yield f"undecided  {reason}"
    witness, allowed_by = _witness(asked)
    if witness is not None:
        yield from request_lines(witness, INDENT)
        for side in allowed_by:
            yield from (_by_line(one) for one in allowing(side, witness, asked.limits))
    yield from assumed_lines([asked.answer])


def _by_line(one: By) -> str:
    policy = f"`{one.policy}` of `{one.side.name}`" if one.policy else f"`{one.side.name}`"
    at = f" ({one.place})" if one.place is not None and one.place.line else ""
    return f"{INDENT}by statement {one.index} of {policy}{at}: {statement_line(one.statement)}"


def asked_data(asked: Asked) -> Data:
    """The same as data."""
    first, second = asked.question.ends
    said = {"holds": "yes", "fails": "no", "undecided": "undecided"}
    data = answer_data(asked.answer)
    witness, allowed_by = _witness(asked)
    return {
        first: asked.a.name,
        second: asked.b.name,
        "answer": said[str(data["answer"])],
        **{key: data[key] for key in ("reason", "witness", "assumed") if key in data},
        "statements": [
            _by_data(one) for side in allowed_by if witness for one in allowing(side, witness, asked.limits)
        ],
    }


def _by_data(one: By) -> Data:
    place = one.place
    at = None if place is None else {"file": place.file, "line": place.line, "path": show_path(place.path)}
    return {"of": one.side.name, "policy": one.policy, "index": one.index, "place": at, **statement_data(one.statement)}
