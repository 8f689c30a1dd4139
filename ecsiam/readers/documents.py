"""A policy document as far as it was understood, statement by statement."""

import json
import marshal
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import cast

from attrs import define, evolve, field

from ecsiam.analysis.unknown import UNREAD
from ecsiam.errors import Fault, PolicyError, show, show_path
from ecsiam.model.bounds import LARGEST, loaded
from ecsiam.model.document import read_literal, statement_from_data
from ecsiam.model.policy import VERSIONS, Policy, Version
from ecsiam.model.statement import ELEMENTS, Statement
from ecsiam.model.text import Text
from ecsiam.readers.found import FoundDocument, Gap, Place, Unread, Value, several, symbol
from ecsiam.readers.reading import Fidelity
from ecsiam.readers.values import Map

MOST_STATEMENTS = 1_000  # IAM stops at 10,240 characters, and a resource's policy at twice or thrice that
_VERSION = "Write `2012-10-17`."


@define(slots=False)
class ReadDocument:
    """A document as far as it was understood."""

    statements: list[Statement] = field(factory=list[Statement])
    places: list[Place] = field(factory=list[Place])
    gaps: list[Gap] = field(factory=list[Gap])
    unclear: list[Gap] = field(factory=list[Gap])
    version: str = "2008-10-17"
    fidelity: Fidelity = field(factory=Fidelity)

    @cached_property
    def policy(self) -> Policy | None:
        """What it says; None where no statement is known."""
        if not self.statements:
            return None
        return Policy(self.statements, version=cast("Version", self.version), as_is=True)


def read_document(found: FoundDocument, kind: str, address: str) -> ReadDocument:
    """The statements of a document that are understood, those that aren't as gaps. `kind` is what it has to be."""
    read = ReadDocument()
    value = found.value
    place = evolve(found.place, address=address)
    if isinstance(value, str):
        try:
            value = loaded(value, str)
        except (PolicyError, json.JSONDecodeError, RecursionError):
            value = Unread("it is not JSON")
    if not isinstance(value, Mapping):
        why = value.why if isinstance(value, Unread) else "its text is not known" if value else "it is empty"
        read.gaps.append(Gap(place, f"a policy document is not understood: {why}"))
        read.fidelity = Fidelity(of_documents=1)
        return read
    document = cast("Mapping[str, Value]", value)
    if "Statement" not in document:
        read.gaps.append(Gap(place, "a policy document is not understood: it has no Statement"))
        read.fidelity = Fidelity(of_documents=1)
        return read
    statements = several(document["Statement"])
    _version(read, document.get("Version", read.version), evolve(place, path=(*place.path, "Version")))
    if len(statements) > MOST_STATEMENTS:
        read.gaps.append(Gap(place, f"a policy document has more than {MOST_STATEMENTS:,} statements: IAM takes none"))
        read.fidelity = Fidelity(of_documents=1, of_statements=len(statements))
        return read
    size = 0
    for i, one in enumerate(statements):
        at = found.places[i] if i < len(found.places) else evolve(place, path=(*place.path, "Statement", i))
        at = evolve(at, address=address)
        unclear: list[str] = []
        written: bytes | None = None
        try:
            plain = _plain(_opened(one, at, unclear))
            written = _written(plain)
            size += len(written or b"")
            if size > LARGEST:
                raise _Unclear(f"what is before it is larger than {LARGEST // 1024} KiB: IAM takes no such document")
            statement = _statement(plain) if written is None else _again(written)
            _expect(statement, kind)
        except PolicyError as e:
            why = f"a statement is not understood: {e.faults[0].message}"
            read.gaps.append(Gap(at, why, _refused(e, one, known=written is not None)))
        else:
            read.statements.append(statement)
            read.places.append(at)
            read.unclear += [Gap(at, f"a part of a statement is not understood: {why}") for why in unclear]
    understood, all_ = len(read.statements) - len({gap.place for gap in read.unclear}), len(statements)
    read.fidelity = Fidelity(int(understood == all_), 1, understood, all_)
    return read


def _version(read: ReadDocument, given: Value, at: Place) -> None:
    version = given.literal if isinstance(given, Text) else given
    if isinstance(version, str) and version in VERSIONS:
        read.version = version
    else:
        wrong = Fault(f"`{show(version)}` is no Version", (), _VERSION) if isinstance(version, str) else None
        read.unclear.append(Gap(at, "the Version of a document is not known", wrong))


class _Unclear(PolicyError):
    """A statement of which not all is known: what IAM would say of it nobody knows either."""


def _refused(e: PolicyError, statement: Value, *, known: bool) -> Fault | None:
    """What IAM surely refuses of a statement, of which all is `known` or not.

    Whether it takes elements in another case no page says. What a block of Terraform lacks, other values may give it.
    """
    fault = evolve(e.faults[0], path=())
    if isinstance(e, _Unclear) or not isinstance(statement, dict):
        return None
    given = cast("dict[str, Value]", statement)
    if any(key not in ELEMENTS and key.lower() in _LOWER for key in given):
        return None
    block = isinstance(statement, Map) and statement.block
    if fault in (_SOMEBODY, _NOBODY):
        return fault
    if fault.message.startswith("a statement"):
        return None if block else fault
    whatever = fault.message.startswith(_WHATEVER) or fault.message.endswith("is not an effect")
    return fault if known or whatever else None


_LOWER = {element.lower() for element in ELEMENTS}
_WHATEVER = ("unknown element", "unknown condition operator", "`Null` takes", "both `")  # whatever isn't known beside
_SOMEBODY = Fault(
    "a statement of a role's policy names a principal",
    (),
    "Leave it out: the role is the principal. Who may assume the role stands in its trust.",
)
_NOBODY = Fault(
    "a statement of a trust policy names no principal",
    (),
    "Put what the role may do into a policy of the role, and leave in its trust who may assume it.",
)


def _expect(statement: Statement, kind: str) -> None:
    if (statement.principals is None) != (kind == "identity"):
        raise PolicyError(_SOMEBODY if kind == "identity" else _NOBODY)


def _opened(value: Value, at: Place, unclear: list[str]) -> Value:
    """A statement with a symbol for each resource, and for a condition, that was not understood: it may be anything.

    So the statement counts as far as it is known: what it says of other actions is certain.
    """
    if not isinstance(value, dict):
        return value
    statement = cast("dict[str, Value]", value)

    def put(found: Value) -> Value:
        match found:
            case Unread():
                unclear.append(found.why)
                called = f"unread {at.file} {show_path(at.path)} {at.line}"
                return Text((symbol(called, str(len(unclear))),))
            case list():
                return [put(one) for one in several(found)]
            case dict():
                return {key: put(one) for key, one in cast("dict[str, Value]", found).items()}
            case _:
                return found

    opened = {
        key: put(one) if key in ("Resource", "NotResource", "Condition") else one for key, one in statement.items()
    }
    condition = opened.get("Condition")
    if isinstance(condition, Text):
        opened["Condition"] = {"StringEquals": {UNREAD: condition}}
    elif isinstance(condition, dict):
        keys = cast("dict[str, Value]", condition)
        opened["Condition"] = {operator: {UNREAD: of} if isinstance(of, Text) else of for operator, of in keys.items()}
    return opened


def _statement(plain: Value) -> Statement:
    return statement_from_data(plain, _text, _text)


def _written(plain: Value) -> bytes | None:
    """A value without symbols as bytes, which tell texts, numbers and booleans apart."""
    try:
        return marshal.dumps(plain, 2)
    except ValueError:
        return None


@lru_cache(maxsize=1 << 16)
def _again(written: bytes) -> Statement:
    """A statement that may have been read before: many roles say the same, and two dumps of an account nearly all."""
    return _statement(marshal.loads(written))


def _text(value: object) -> Text:
    return value if isinstance(value, Text) else read_literal(value)


def _plain(value: Value) -> Value:
    """A value with known texts as plain ones. Raises PolicyError for what was not understood."""
    match value:
        case Unread():
            raise _Unclear(value.why)
        case Text():
            return value if value.literal is None else value.literal
        case dict():
            return {key: _plain(inner) for key, inner in cast("dict[str, Value]", value).items()}
        case list() | tuple():
            return [_plain(inner) for inner in cast("Iterable[Value]", value)]
        case _:
            return value
