"""Policies given beside PATH: a boundary, managed policies, and for one request whatever else AWS would ask."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Self

import typer
from attrs import evolve, field, frozen

from ecsiam.errors import EcsiamError, Fault, PolicyError, refuse

if TYPE_CHECKING:
    from ecsiam.cli.given import Given
    from ecsiam.model.policy import Policy
    from ecsiam.readers.reading import Reading

Boundary = Annotated[
    str | None,
    typer.Option(
        "--boundary",
        metavar="FILE",
        help="A permissions boundary for every role that is asked, in place of the one that it names.",
    ),
]
Managed = Annotated[
    list[str] | None,
    typer.Option(
        "--managed", metavar="ARN=FILE", help="What a managed policy that a role names says. May be repeated."
    ),
]
Session = Annotated[
    list[str] | None,
    typer.Option("--session", metavar="FILE", help="A session policy. Repeated, they are one set: one has to allow."),
]
Scp = Annotated[
    list[str] | None,
    typer.Option(
        "--scp",
        metavar="LEVEL=FILE",
        help="A service control policy, and the level it is attached to (root, a unit, the account). May be repeated: "
        "those of one level are united, every level has to allow.",
    ),
]
Rcp = Annotated[
    list[str] | None,
    typer.Option(
        "--rcp",
        metavar="LEVEL=FILE",
        help="A resource control policy of the resource's side. May be repeated; they only take away.",
    ),
]
ResourcePolicy = Annotated[
    str | None,
    typer.Option("--resource-policy", metavar="FILE", help="The policy of the resource, or the trust of a role."),
]

_ARN = re.compile("arn:[^:]+:iam::([0-9]{12}|aws):policy/.+", re.DOTALL)


@frozen
class Limits:
    """What bounds the roles that are asked, and the documents of managed policies by ARN."""

    boundary: "Policy | None" = None
    managed: "Mapping[str, Policy]" = field(factory=dict[str, "Policy"])

    def and_read(self, *readings: "Reading | None") -> Self:
        """With the boundaries that were read; one of which two readings say different things is none."""
        found: dict[str, Policy | None] = {}
        for reading in readings:
            for name, policy in (reading.boundaries if reading is not None else {}).items():
                found[name] = policy if found.setdefault(name, policy) == policy else None
        read = {name: policy for name, policy in found.items() if policy is not None}
        return evolve(self, managed={**read, **self.managed})


@frozen
class Beside(Limits):
    """What else decides one request; the policies of an organisation by level."""

    session: "tuple[Policy, ...]" = ()
    scps: "Mapping[str, list[Policy]]" = field(factory=dict[str, "list[Policy]"])
    rcps: "Mapping[str, list[Policy]]" = field(factory=dict[str, "list[Policy]"])
    resource_policy: "Policy | None" = None


def read_limits(boundary: str | None, managed: Iterable[str] | None, *paths: str) -> Limits:
    """What `--boundary` and `--managed` name; `paths` are read beside them. Raises PolicyError with every fault."""
    reader = _Reader(list(paths))
    found = Limits(reader.one("--boundary", boundary), reader.managed(managed))
    refuse(PolicyError, reader.faults)
    return found


def read_beside(
    limits: tuple[str | None, Iterable[str] | None],
    session: Iterable[str] | None,
    organisation: tuple[Iterable[str] | None, Iterable[str] | None],
    resource_policy: str | None,
    *paths: str,
) -> Beside:
    """What the options of `simulate` name; `paths` are read beside them. Raises PolicyError with every fault."""
    reader = _Reader(list(paths))
    boundary, managed = limits
    scp, rcp = organisation
    found = Beside(
        boundary=reader.one("--boundary", boundary),
        managed=reader.managed(managed),
        session=tuple(p for path in session or () if (p := reader.one("--session", path)) is not None),
        scps=reader.levels("--scp", scp),
        rcps=reader.levels("--rcp", rcp),
        resource_policy=reader.one("--resource-policy", resource_policy),
    )
    refuse(PolicyError, reader.faults)
    return found


def names_of(given: "Given") -> set[str]:
    """The managed policies that roles name."""
    from ecsiam.model.stack import Stack

    roles = given.what.roles.values() if isinstance(given.what, Stack) else ()
    return {str(arn) for role in roles for arn in (*role.managed_policy_arns, role.permissions_boundary)}


def unused(limits: Limits, named: Collection[str]) -> Iterator[str]:
    """What was given for nothing: a managed policy that no role names; `named` are those that one does."""
    for arn in limits.managed:
        if arn not in named:
            yield f"no role names the managed policy `{arn}`"


# ---------------------------------------------------------------- reading

# Whose policy says of whom it speaks; that of a caller doesn't.
_OF_RESOURCE = ("--rcp", "--resource-policy")


class _Reader:
    """The policies that options name, with every fault of them. Standard input is read once."""

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths
        self.faults: list[Fault] = []

    def one(self, option: str, path: str | None) -> "Policy | None":
        if path is None:
            return None
        if path == "-" and "-" in self.paths:
            self.faults.append(Fault(f"standard input can't be `{option}` too", (), "Name a file."))
            return None
        self.paths.append(path)
        from ecsiam.cli.given import document

        try:
            source, policy = document(path)
        except EcsiamError as e:
            self.faults += e.faults
            return None
        wanted = option in _OF_RESOURCE
        if (policy.kind != "identity") == wanted:
            return policy
        said = (
            "no principal, as the policy of a resource has" if wanted else "a principal, as no policy of a caller has"
        )
        for i, statement in enumerate(policy.statements):
            if (statement.principals is not None) != wanted:
                line = source.line(("Statement", i, "Principal")) or source.line(("Statement", i))
                self.faults.append(Fault(f"it names {said} (`{option}`)", (), "", source.name, line))
                break
        return None

    def managed(self, given: Iterable[str] | None) -> "dict[str, Policy]":
        found: dict[str, Policy] = {}
        for pair in given or ():
            arn, equals, path = pair.rpartition("=")  # a policy's name may hold one
            if not (equals and path and _ARN.fullmatch(arn)):
                remedy = "Write `--managed ARN=FILE`, such as `--managed arn:aws:iam::123456789012:policy/x=x.json`."
                self.faults.append(Fault(f"`--managed {pair}` names no managed policy and its file", (), remedy))
            elif arn in found:
                self.faults.append(Fault(f"`--managed {arn}` stands twice"))
            elif (policy := self.one("--managed", path)) is not None:
                found[arn] = policy
        return found

    def levels(self, option: str, given: Iterable[str] | None) -> "dict[str, list[Policy]]":
        found: dict[str, list[Policy]] = {}
        for pair in given or ():
            level, equals, path = pair.partition("=")
            if not (equals and level and path):
                remedy = f"Write `{option} LEVEL=FILE`, such as `{option} root=full-access.json`."
                self.faults.append(Fault(f"`{option} {pair}` does not say which level and which file", (), remedy))
            elif (policy := self.one(option, path)) is not None:
                found.setdefault(level, []).append(policy)
        return found
