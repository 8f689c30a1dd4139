"""One table of what IAM refuses, with what shows it; and of what looks wrong and is stored, or what nobody knows.

It is asked where something is written: by the constructors of the model, by the config and by `emit`. Of a document
that was read its answers are facts: `refusals(policy)` and `notes(policy)`.

INVARIANT: patterns are ASCII, use no look-around and no anchors, and mean a full match, in JSON Schema too.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeVar

from attrs import evolve, frozen

from ecsiam.errors import Fault, Path, show
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.text import Text

if TYPE_CHECKING:
    from ecsiam.model.condition import Condition
    from ecsiam.model.policy import Kind, Policy
    from ecsiam.model.principal import Principal
    from ecsiam.model.statement import AllBut, Only, Statement

T = TypeVar("T")

Verdict = Literal["refused", "stored", "unclear"]
Subject = Literal[
    "action", "resource", "principal", "key", "values", "date", "arn", "sid", "string", "element", "empty", "id",
    "sid again", "partition of another",
]  # fmt: skip

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_API = "IAM's API answers: "
_MANAGED = "stored in AWS's managed policies: "
_NOBODY = "no public evidence either way"

_ANY = r"[\s\S]*"
_PART = "[^:$]*"  # of an ARN, without a policy variable, which has colons of its own
_PLAIN = "[^:*?$]"
_KNOWN = "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in p) for p in PARTITIONS)
_S3_REGIONAL = "accesspoint|access-grants|async-request|job|storage-lens|storage-lens-group"
_IAM_TYPES = (
    *("user", "federated-user", "role", "group", "instance-profile", "mfa", "server-certificate", "policy", "sms-mfa"),
    *("saml-provider", "oidc-provider", "report", "access-report"),
)
_NEWER_IAM_TYPES = ("assumed-role", "delegation-request")
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DAY = "-?[0-9]+(-(0?[1-9]|1[0-2])(-(0?[1-9]|[12][0-9]|3[01]))?)?"
_HOUR = r"(([01]?[0-9]|2[0-3])(:[0-5]?[0-9](:[0-5]?[0-9](\.[0-9]+)?)?)?)?([zZ]|[+-][0-9]{1,2}:?([0-9]{2})?)?"
_ALL = ("identity", "trust", "resource")
_IDENTITY = ("identity",)


@frozen
class Row:
    """One thing that looks wrong: which texts of a subject it is about, and what IAM makes of it.

    `pattern` and not `unless` are the texts; `kinds` the policies that it holds for. `message` has `{}` for the text.
    """

    id: str
    of: Subject
    verdict: Verdict
    message: str
    evidence: str
    remedy: str = ""
    pattern: str = _ANY
    unless: str = ""
    kinds: tuple[str, ...] = _ALL

    def matches(self, value: str) -> bool:
        """Whether it is about this text."""
        if not re.fullmatch(self.pattern, value, re.ASCII):
            return False
        return not self.unless or not re.fullmatch(self.unless, value, re.ASCII)

    def fault(self, spot: "Spot") -> Fault:
        return Fault(self.message.format(show(spot.shown or spot.text)), spot.path, self.remedy)


_A_LIKE = "An action is `service:Name`, such as `s3:GetObject`; only the name may hold wildcards."

# Of the rows of one subject that are about a text, the first one speaks.
TABLE: tuple[Row, ...] = (
    # ---- actions
    Row(
        "action-without-service",
        "action",
        "refused",
        "`{}` is not an action",
        f"{_API}Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        _A_LIKE,
        "[^:]*|:[^:]*",
        r"\*",
    ),
    Row(
        "action-with-two-colons",
        "action",
        "refused",
        "`{}` is not an action",
        f"{_API}Actions/Condition can contain only one colon.",
        _A_LIKE,
        f"[^:]*:[^:]*:{_ANY}",
    ),
    Row(
        "action-of-a-pattern-of-services",
        "action",
        "refused",
        "`{}` is not an action",
        f"{_API}Action vendors (e.g., aws, ec2, etc.) must not contain wildcards.",
        _A_LIKE,
        f"[^:]*[*?][^:]*:{_ANY}",
        r"\*:\*+",
    ),
    Row(
        "action-of-no-service",
        "action",
        "refused",
        "`{}` is not an action",
        f"{_API}Vendor ... is not valid",
        _A_LIKE,
        f"[^:]*[^A-Za-z0-9.:*?-][^:]*:{_ANY}",
    ),
    Row(
        "action-of-any-service",
        "action",
        "unclear",
        "`{}` names every action of every service",
        _NOBODY,
        "Write `*`.",
        r"\*:\*+",
    ),
    Row(
        "action-of-no-name",
        "action",
        "stored",
        "`{}` is stored and is no action of AWS",
        f"{_MANAGED}`lambda:ListFunctions ` in SecurityAudit v5, `ec2: DescribeAccountAttributes` in ViewOnlyAccess v1",
        "An action's name has letters, digits and wildcards.",
        f"[^:]*:({_ANY}[^A-Za-z0-9*?-]{_ANY})?",
    ),
    # ---- resources of identity policies; those of others are for the service to say
    Row(
        "resource-without-arn",
        "resource",
        "refused",
        "resource `{}` is neither an ARN nor `*`",
        f'{_API}Resource ... must be in ARN format or "*".',
        "",
        _ANY,
        rf"\*|arn:{_ANY}",
        _IDENTITY,
    ),
    Row(
        "partition-unknown",
        "resource",
        "refused",
        "`{}` names no partition of AWS",
        f'{_API}Partition "..." is not valid for resource "..."',
        f"There are {', '.join(f'`{p}`' for p in PARTITIONS)}.",
        f"arn:{_PLAIN}*(:{_ANY})?",
        f"arn:({_KNOWN})(:{_ANY})?",
        _IDENTITY,
    ),
    Row(
        "resource-without-service",
        "resource",
        "refused",
        "`{}` names no service",
        f"{_API}Resource vendor must be fully qualified and cannot contain regexes; or: The policy failed legacy parsing",
        "Write the whole ARN, or `*`.",
        f"arn:{_PLAIN}*|arn:{_PART}:|arn:{_PART}::{_ANY}",
        kinds=_IDENTITY,
    ),
    Row(
        "resource-of-any-service",
        "resource",
        "refused",
        "`{}` has a wildcard for the service",
        f"{_GUIDE}reference_policies_elements_resource.html",
        "Write an ARN for each service, or `*`.",
        f"arn:{_PART}:[^:$]*[*?][^:$]*:{_ANY}",
        kinds=_IDENTITY,
    ),
    Row(
        "arn-with-a-gap",
        "resource",
        "refused",
        "`{}` has a colon too few",
        f"{_API}The policy failed legacy parsing",
        "An ARN is `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; a bucket's has no region and no account.",
        f"arn:{_PART}:[^:$]+::[^:$]*",
        kinds=_IDENTITY,
    ),
    Row(
        "region-in-s3",
        "resource",
        "refused",
        "`{}` has a region",
        f"{_API}Resource ... can not contain region information.",
        "The ARN of a bucket has neither a region nor an account.",
        f"arn:{_PART}:s3:{_PLAIN}+(:{_ANY})?",
        f"arn:{_PART}:s3:{_PLAIN}+:({_PART}:(({_S3_REGIONAL})([/:]{_ANY})?|[a-z-]*[*?$]{_ANY})|{_PART}[$]{_ANY})",
        _IDENTITY,
    ),
    Row(
        "region-in-iam",
        "resource",
        "refused",
        "`{}` has a region",
        f"{_API}IAM resource ... cannot contain region information.",
        "An ARN of IAM has none.",
        f"arn:{_PART}:iam:{_PLAIN}+(:{_ANY})?",
        kinds=_IDENTITY,
    ),
    Row(
        "type-of-iam",
        "resource",
        "refused",
        "`{}` is of no type of IAM",
        f'{_API}IAM resource path must either be "*" or start with user/, federated-user/, role/, ...; '
        f"{_MANAGED}`arn:aws:iam::*:root`",
        f"There are {', '.join(f'`{t}/`' for t in _IAM_TYPES)}.",
        f"arn:{_PART}:iam::{_PART}:{_ANY}",
        f"arn:{_PART}:iam::{_PART}:(root|({'|'.join((*_IAM_TYPES, *_NEWER_IAM_TYPES))})/{_ANY}|[a-z-]*[*?$]{_ANY})",
        _IDENTITY,
    ),
    Row(
        "partition-in-capitals",
        "resource",
        "unclear",
        "`{}` has a partition in capitals, which no ARN has",
        _NOBODY,
        "Write it in small letters.",
        f"arn:({_KNOWN})(:{_ANY})?",
        f"arn:[^:A-Z]*(:{_ANY})?",
        _IDENTITY,
    ),
    Row(
        "account-in-s3",
        "resource",
        "unclear",
        "`{}` has an account, which no bucket's ARN has",
        f"IAM Access Analyzer calls it an error; with `*` for the account it is {_MANAGED}BatchAWSPortal's buckets",
        "The ARN of a bucket has neither a region nor an account.",
        f"arn:{_PART}:s3::[^:*?$]+:{_ANY}",
        f"arn:{_PART}:s3::[^:]*:({_S3_REGIONAL})[/:]{_ANY}",
        _IDENTITY,
    ),
    Row(
        "pattern-of-partitions",
        "resource",
        "unclear",
        "`{}` has a pattern for the partition",
        f"{_NOBODY}; a lone `*` is stored: 881 times in {_MANAGED[:-2]}",
        "Write the partition, or `*` for it.",
        r"arn:[^:$]*[*?][^:$]*(:[\s\S]*)?",
        rf"arn:\*:{_ANY}",
        _IDENTITY,
    ),
    Row(
        "arn-of-any-service",
        "resource",
        "unclear",
        "`{}` is cut short before the service's end",
        _NOBODY,
        "Write `*`, or name the service.",
        f"arn:{_PART}:[^:$]*[*?][^:$]*",
        kinds=_IDENTITY,
    ),
    # ---- principals, as TYPE:ID
    Row(
        "principal-empty",
        "principal",
        "refused",
        "a principal is empty",
        f"{_API}Invalid principal in policy",
        "Name one.",
        "[A-Za-z]+:",
    ),
    Row(
        "principal-pattern",
        "principal",
        "refused",
        "principal `{}` holds a wildcard, which IAM takes only alone",
        f"{_GUIDE}reference_policies_elements_principal.html",
        'Write `"*"` with a condition `ArnLike` on `aws:PrincipalArn`.',
        f"[A-Za-z]+:{_ANY}[*?]{_ANY}",
        r"[A-Za-z]+:\*",
    ),
    Row(
        "principal-any-of-a-type",
        "principal",
        "unclear",
        "`{}` is every principal of its type",
        _NOBODY,
        "Name the service or the provider.",
        r"(Service|Federated|CanonicalUser):\*",
    ),
    # ---- conditions
    Row(
        "key-without-prefix",
        "key",
        "stored",
        "`{}` is stored and is no condition key",
        f"{_MANAGED}`PassedToService` in AmazonEC2SpotFleetTaggingRole v1",
        "A key has a prefix, such as `aws:SourceAccount`.",
        f"[^:]*|:{_ANY}|[^:]*:",
    ),
    Row(
        "values-none",
        "values",
        "stored",
        "`{}` has no value: it never matches, under a negated operator always",
        f"IAM takes it; IAM Access Analyzer has a suggestion: {_GUIDE}access-analyzer-reference-policy-checks.html",
        "Write the values, or leave the condition out.",
    ),
    Row(
        "date-malformed",
        "date",
        "refused",
        "`{}` is not a date",
        f"{_API}The policy failed legacy parsing; {_GUIDE}reference_policies_elements_condition_operators.html",
        "Write it like `2026-11-28T00:00:00Z`, or as seconds since 1970.",
        _ANY,
        rf"{_NUMBER}|{_DAY}|({_DAY})[tT]{_HOUR}|{_ANY}\$\{{{_ANY}",
    ),
    Row(
        "arn-operator-without-arn",
        "arn",
        "unclear",
        "`{}` is no ARN, so an ARN operator never matches it",
        f"{_NOBODY}; public reports say malformed",
        "Write an ARN, or use a string operator.",
        _ANY,
        rf"\*|\*:{_ANY}|arn:{_ANY}|\${_ANY}",
    ),
    # ---- statements
    Row(
        "list-empty",
        "empty",
        "refused",
        "an empty list",
        f"{_API}Policy statement must contain actions; Policy statement must contain resources",
        "IAM refuses it; leave the statement out.",
    ),
    Row(
        "sid-in-identity-policy",
        "sid",
        "refused",
        "`{}` is not a Sid",
        f"{_GUIDE}reference_policies_elements_sid.html",
        "A Sid has letters and digits only.",
        _ANY,
        "[A-Za-z0-9]*",
        _IDENTITY,
    ),
    Row(
        "sid-in-trust-policy",
        "sid",
        "refused",
        "`{}` is not a Sid",
        f"{_GUIDE}reference_policies_elements_sid.html",
        "Use letters and digits only.",
        _ANY,
        "[A-Za-z0-9]*",
        ("trust",),
    ),
    Row(
        "character",
        "string",
        "refused",
        "`{}` holds a character that IAM does not take",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html",
        "IAM takes U+0020 to U+00FF.",
        _ANY,
        r"[\t\n\r -\u00ff]*",
        ("identity", "trust"),
    ),
    Row(
        "not-principal-in-trust",
        "element",
        "refused",
        "a trust policy takes no `NotPrincipal`",
        f"{_GUIDE}reference_policies_elements_notprincipal.html",
        "",
        "NotPrincipal",
        kinds=("trust",),
    ),
    Row(
        "not-principal-allowed",
        "element",
        "unclear",
        "an Allow with `NotPrincipal`, which most services refuse",
        f"{_GUIDE}reference_policies_elements_notprincipal.html",
        "Name who is allowed.",
        "Allow NotPrincipal",
        kinds=("resource",),
    ),
    # ---- policies
    Row(
        "sid-again",
        "sid again",
        "refused",
        "the Sid `{}` stands twice",
        f"{_API}Statement IDs (SID) in a single policy must be unique.",
    ),
    Row(
        "id-in-identity-policy",
        "id",
        "stored",
        "an identity policy has an `Id`, which says nothing there",
        f"IAM takes it; {_GUIDE}reference_policies_elements_id.html",
        "Leave it out.",
        kinds=_IDENTITY,
    ),
    Row(
        "partition-of-another",
        "partition of another",
        "refused",
        "`{}` is of another partition than the account",
        f'{_API}Partition "..." is not valid for resource "..."',
        "No ARN of another partition can be granted: leave it out.",
        kinds=_IDENTITY,
    ),
)


# ---------------------------------------------------------------- what there is to look at


@frozen
class Spot:
    """A text of a document, what it is, and where it stands. `shown` is how it is written, where that is not the text."""

    of: Subject
    text: str
    path: Path = ()
    shown: str = ""

    def under(self, *prefix: str | int) -> "Spot":
        """The same spot seen from further out."""
        return evolve(self, path=(*prefix, *self.path))


def of_action(action: str) -> Spot:
    return Spot("action", action)


def of_principal(principal: "Principal") -> Spot:
    return Spot("principal", f"{principal.type}:{_known(principal.id)}", (), str(principal.id))


def of_condition(condition: "Condition") -> Iterator[Spot]:
    """The key and the values of a condition."""
    yield Spot("key", condition.key)
    if not condition.values:
        yield Spot("values", condition.key, (), f"{condition.operator} on {condition.key}")
    kind = condition.operator.comparison.kind
    if kind == "date" or kind == "arn":
        yield from (Spot(kind, _known(value), (condition.key,), str(value)) for value in condition.values)


def of_statement(statement: "Statement") -> Iterator[Spot]:
    """All that there is to look at in a statement."""
    for name, element in statement.elements():
        yield Spot("element", name, (name,))
        yield Spot("element", f"{statement.effect} {name}", (name,))
        if not element.items:
            yield Spot("empty", name, (name,))
    for path, action in _items(statement, "Action", statement.actions):
        yield of_action(action.pattern).under(*path)
    yield from (spot.under(*path) for path, spot in _resources(statement))
    for path, principal in _items(statement, "Principal", statement.principals):
        yield of_principal(principal).under(path[0], *([] if principal.type == "*" else [principal.type]))
    for condition in statement.conditions:
        yield from (spot.under("Condition", str(condition.operator)) for spot in of_condition(condition))
    yield Spot("sid", statement.sid, ("Sid",))
    yield from (Spot("string", string) for string in statement.strings())


def _resources(statement: "Statement") -> Iterator[tuple[Path, Spot]]:
    """Each resource that is one text; of one that begins with a reference nothing is known."""
    for path, item in _items(statement, "Resource", statement.resources):
        if isinstance(item, Text) and (not item.parts or isinstance(item.parts[0], str)):
            yield path, Spot("resource", _known(item), (), str(item))


def _items(
    statement: "Statement", element: str, given: "Only[T] | AllBut[T] | None"
) -> Iterator[tuple[tuple[str | int, ...], T]]:
    """The items of an element with their places; one that stands alone may be no list."""
    name = next((name for name, _ in statement.elements() if name.endswith(element)), element)
    items = given.items if given is not None else ()
    for i, item in enumerate(items):
        yield (name, i) if len(items) > 1 else (name,), item


def _known(text: Text) -> str:
    """A text, with `${}` for what is known only at deployment: no row is sure of what stands there."""
    return text.literal if text.literal is not None else "".join(p if isinstance(p, str) else "${}" for p in text.parts)


def of_policy(policy: "Policy", partition: str | None = None) -> Iterator[Spot]:
    """What a policy has beyond its statements; with `partition` of the account, what is of another one."""
    if policy.id:
        yield Spot("id", policy.id, ("Id",))
        yield Spot("string", policy.id, ("Id",))
    seen: set[str] = set()
    for i, statement in enumerate(policy.statements):
        if statement.sid in seen:
            yield Spot("sid again", statement.sid, ("Statement", i, "Sid"))
        seen |= {statement.sid} - {""}
        for path, spot in _resources(statement) if partition else ():
            there = spot.text.split(":", 2)[1:2]
            if there and there[0] in PARTITIONS and there[0] != partition:
                yield Spot("partition of another", spot.shown, ("Statement", i, *path))


# ---------------------------------------------------------------- what the table says of it

_BY_SUBJECT = {row.of: tuple(r for r in TABLE if r.of == row.of) for row in TABLE}


@lru_cache(maxsize=1 << 14)
def _row(of: Subject, text: str, kind: "Kind | None") -> Row | None:
    """The first row about a text; without a kind, of those that hold for every kind of policy."""
    rows = (row for row in _BY_SUBJECT[of] if (kind in row.kinds if kind else row.kinds == _ALL))
    return next((row for row in rows if row.matches(text)), None)


def faults(spots: Iterable[Spot], kind: "Kind | None", *verdicts: Verdict) -> Iterator[Fault]:
    """What the table has on these in a policy of a kind; None: in one of any kind."""
    for spot in spots:
        row = _row(spot.of, spot.text, kind)
        if row is not None and row.verdict in verdicts:
            yield row.fault(spot)


def refused(spots: Iterable[Spot], kind: "Kind | None" = None) -> Iterator[Fault]:
    """What IAM refuses of these."""
    return faults(spots, kind, "refused")


def misplaced(policy: "Policy") -> Iterator[Fault]:
    """What IAM refuses of statements only now that it is known which kind of policy they stand in."""
    for spot in _of_statements(policy):
        row = _row(spot.of, spot.text, policy.kind)
        if row is not None and row.verdict == "refused" and row.kinds != _ALL:
            yield row.fault(spot)


def _of_statements(policy: "Policy") -> Iterator[Spot]:
    for i, statement in enumerate(policy.statements):
        yield from (spot.under("Statement", i) for spot in of_statement(statement))


def refusals(policy: "Policy", partition: str | None = None) -> tuple[Fault, ...]:
    """What IAM would refuse in a policy; with the account's `partition`, ARNs of another one too."""
    return tuple(refused((*of_policy(policy, partition), *_of_statements(policy)), policy.kind))


def notes(policy: "Policy") -> tuple[Fault, ...]:
    """What looks wrong in a policy and is stored all the same, and what nobody knows."""
    return tuple(faults((*of_policy(policy), *_of_statements(policy)), policy.kind, "stored", "unclear"))
