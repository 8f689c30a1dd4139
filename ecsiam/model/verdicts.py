"""One table of what IAM refuses, with what shows it; and of what looks wrong and is stored, or what nobody knows.

It is asked where something is written: by the constructors of the model, by the config and by `emit`. Of a document
that was read its answers are facts (`spots.py`: `refusals` and `notes`).

INVARIANT: patterns are ASCII, use no look-around and no anchors, and mean a full match, in JSON Schema too.
"""

import re
from typing import Literal, get_args

from attrs import frozen

from ecsiam.looks.words import listed
from ecsiam.model.arn import PARTITIONS

Verdict = Literal["refused", "stored", "unclear"]
Subject = Literal[
    "action", "resource", "principal", "key", "values", "date", "arn", "sid", "string", "element", "empty", "id",
    "sid again", "partition of another", "claim",
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
_NEWER_IAM_TYPES = ("assumed-role", "delegation-request", "role-template")
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DAY = "-?[0-9]+(-(0?[1-9]|1[0-2])(-(0?[1-9]|[12][0-9]|3[01]))?)?"
_HOUR = r"(([01]?[0-9]|2[0-3])(:[0-5]?[0-9](:[0-5]?[0-9](\.[0-9]+)?)?)?)?([zZ]|[+-][0-9]{1,2}:?([0-9]{2})?)?"
Kind = Literal["identity", "trust", "resource"]  # of policy
ALL: tuple[Kind, ...] = get_args(Kind)
_IDENTITY: tuple[Kind, ...] = ("identity",)


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
    kinds: tuple[Kind, ...] = ALL

    def matches(self, value: str) -> bool:
        """Whether it is about this text."""
        if not re.fullmatch(self.pattern, value, re.ASCII):
            return False
        return not self.unless or not re.fullmatch(self.unless, value, re.ASCII)


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
        f"There are {listed(PARTITIONS)}.",
        f"arn:{_PLAIN}*(:{_ANY})?",
        f"arn:({_KNOWN})(:{_ANY})?",
        _IDENTITY,
    ),
    Row(
        "resource-without-service",
        "resource",
        "refused",
        "`{}` names no service",
        f"{_API}Resource vendor must be fully qualified and cannot contain regexes. The policy failed legacy parsing",
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
        "shared-issuer",
        "claim",
        "refused",
        "nothing pins `{}`, and the issuer is everybody's",
        f"{_GUIDE}id_roles_providers_oidc_secure-by-default.html",
        "Write a condition on it whose value is more than wildcards.",
        kinds=("trust",),
    ),
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
