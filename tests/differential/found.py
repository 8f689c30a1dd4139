"""What the random cases found, each as its smallest, with the right answer and AWS's page."""

from typing import Any

from .checks import Case
from .matcher import Asked, Json, Values

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_VARIABLES = f"{_GUIDE}reference_policies_variables.html#policy-vars-no-value"
_SETS = f"{_GUIDE}reference_policies_condition-single-vs-multi-valued-context-keys.html"
_KEYS = f"{_GUIDE}reference_policies_condition-keys.html"
_STRINGS = f"{_GUIDE}reference_policies_elements_condition_operators.html#Conditions_String"
_DATES = f"{_GUIDE}reference_policies_elements_condition_operators.html#Conditions_Date"

OBJECT, ACCOUNT = "arn:aws:s3:::b/x", "111122223333"
BOB, SESSION = f"arn:aws:iam::{ACCOUNT}:user/bob", f"arn:aws:sts::{ACCOUNT}:assumed-role/memos/s1"
Conditions = dict[str, dict[str, Any]]


def allow(conditions: Conditions | None = None, **more: str) -> Json:
    out: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "*",
        **({} if "NotResource" in more else {"Resource": "*"}),
        **more,
    }
    return {**out, **({"Condition": conditions} if conditions else {})}


def deny(conditions: Conditions | None = None, **more: str) -> Json:
    return {**allow(conditions, **more), "Effect": "Deny"}


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def asks(*statements: Json, who: tuple[str, str] | None = None, resource: str = OBJECT, **context: Values) -> Case:
    """What `evaluate` says of one request; in the names of keys `__` is a colon."""
    given = {key.replace("__", ":", 1): value for key, value in context.items()}
    mode = "resource" if "Principal" in statements[0] else "identity"
    return Case("evaluate", ((document(*statements),),), (Asked("s3:GetObject", resource, who, given),), mode)


def two(question: str, a: Json, b: Json, *asked: Asked) -> Case:
    mode = "resource" if "Principal" in a else "identity"
    return Case(question, ((document(a),), (document(b),)), asked, mode)


def without(**context: Values) -> Asked:
    return Asked("s3:GetObject", OBJECT, None, {key.replace("__", ":", 1): value for key, value in context.items()})


def tagged(operator: str, value: str = "${aws:PrincipalTag/team}") -> Json:
    return allow({operator: {"own:k": value}})


USER, ROLE = ("AWS", BOB), ("AWS", SESSION)

# The name, the case, what comes out, and where AWS says so.
FOUND: list[tuple[str, Case, str, str]] = [
    ("an inverted operator matches what has no value", asks(tagged("StringNotEquals"), own__k="a"), "True", _VARIABLES),
    ("so does the one with wildcards", asks(tagged("StringNotLike"), own__k="a"), "True", _VARIABLES),
    ("and the one without case", asks(tagged("StringNotEqualsIgnoreCase"), own__k="a"), "True", _VARIABLES),
    (
        "and the one of ARNs",
        asks(tagged("ArnNotLike", "arn:aws:s3:::${aws:username}"), own__k=OBJECT),
        "True",
        _VARIABLES,
    ),
    ("and with IfExists, absent or not", asks(tagged("StringNotLikeIfExists")), "True", _VARIABLES),
    (
        "a Deny by it denies",
        asks(allow(), deny({"StringNotEquals": {"own:k": "${own:v}"}}), own__k="a"),
        "False",
        _VARIABLES,
    ),
    ("no value is like nothing", asks(tagged("StringLike", "${own:v}*"), own__k="a"), "False", _VARIABLES),
    (
        "a value beside it in the list is still a value",
        asks(allow({"StringLike": {"own:k": ["${own:v}", "*"]}}), own__k="a"),
        "True",
        _VARIABLES,
    ),
    (
        "IfExists holds for an absent key, whatever the value",
        asks(allow(), deny({"StringLikeIfExists": {"own:k": "${own:v}"}})),
        "False",
        f"{_GUIDE}reference_policies_elements_condition_operators.html#Conditions_IfExists",
    ),
    (
        "ForAllValues holds for an absent key, whatever the value",
        asks(allow({"ForAllValues:StringEquals": {"aws:TagKeys": "${own:v}"}})),
        "True",
        _SETS,
    ),
    (
        "a NotResource without value excludes nothing",
        asks(allow(NotResource="arn:aws:s3:::b/${aws:username}")),
        "True",
        _VARIABLES,
    ),
    ("a Resource without value is no resource", asks(allow(Resource="arn:aws:s3:::b/${own:v}*")), "False", _VARIABLES),
    *(
        (
            f"ForAnyValue:{operator} is false for an absent key",
            asks(allow({f"ForAnyValue:{operator}": {"own:k": "a"}})),
            "False",
            _SETS,
        )
        for operator in (
            "StringEqualsIfExists",
            "StringNotEqualsIfExists",
            "StringLikeIfExists",
            "StringNotLikeIfExists",
        )
    ),
    (
        "contains sees a key without a value for itself",
        two(
            "contains", allow({"Null": {"own:k": "false"}}), allow({"StringNotLike": {"own:k": "${own:k}"}}), without()
        ),
        "Fails",
        _VARIABLES,
    ),
    (
        "a variable under an operator that ignores case",
        two(
            "contains",
            allow({"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}),
            allow({"StringEqualsIgnoreCase": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}),
            without(**{"aws:ResourceTag/team": "RED", "aws:PrincipalTag/team": "red"}),
        ),
        "Fails",
        _STRINGS,
    ),
    (
        "who asks says which user it is",
        asks(allow({"StringEquals": {"aws:username": "bob"}}, Principal="*"), who=USER),
        "True",
        _KEYS,
    ),
    (
        "a Deny that exempts the caller",
        asks(allow(Principal="*"), deny({"ArnNotEquals": {"aws:PrincipalArn": BOB}}, Principal="*"), who=USER),
        "True",
        _KEYS,
    ),
    (
        "a session is no user",
        asks(allow({"Null": {"aws:PrincipalIsAWSService": "true"}}, Principal="*"), who=ROLE),
        "False",
        _KEYS,
    ),
    (
        "the account of a session is known",
        asks(allow({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, Principal="*"), who=ROLE),
        "False",
        _KEYS,
    ),
    (
        "a resource that names its user by variable",
        asks(allow(Resource="arn:aws:s3:::b/${aws:username}", Principal="*"), who=USER, resource="arn:aws:s3:::b/bob"),
        "True",
        _KEYS,
    ),
    (
        "no service has a name with a star",
        two(
            "contains",
            allow({"Bool": {"aws:SecureTransport": "true"}}, Principal="*"),
            allow({"StringEquals": {"aws:PrincipalServiceName": "*"}}, Principal="*"),
        ),
        "Holds Undecided",
        _KEYS,
    ),
    (
        "nobody's role has a name with a star",
        two(
            "contains",
            allow({"Bool": {"aws:SecureTransport": "true"}}, Principal="*"),
            allow({"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, Principal="*"),
        ),
        "Holds Undecided Fails",
        _KEYS,
    ),
    *(
        (f"{key} is always sent", two("overlaps", allow(), allow({"Null": {key: "true"}})), "Fails", _KEYS)
        for key in (
            "aws:CurrentTime",
            "aws:SecureTransport",
            "aws:UserAgent",
            "aws:RequestedRegion",
            "aws:ViaAWSService",
            "aws:PrincipalArn",
        )
    ),
    *(
        (
            f"what is there in {key} is of its type",
            two("overlaps", allow(), allow({"Null": {key: "false"}})),
            "Holds",
            _KEYS,
        )
        for key in (
            "aws:SourceIp",
            "aws:VpcSourceIp",
            "aws:EpochTime",
            "aws:CurrentTime",
            "aws:ViaAWSService",
            "aws:MultiFactorAuthAge",
            "aws:SourceArn",
        )
    ),
    (
        "a number is no date",
        two("overlaps", allow(), allow({"NumericGreaterThan": {"aws:CurrentTime": "5"}})),
        "Fails",
        _DATES,
    ),
    *(
        (
            f"a session with {arn} is of a role that is named {named}: {answer}",
            asks(
                {**allow(), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{named}"}},
                who=ROLE,
                **({"aws__PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/{arn}"} if arn else {}),
            ),
            answer,
            f"{_GUIDE}reference_policies_elements_principal.html",
        )
        for named, arn, answer in (
            ("memos", "memos", "True"),
            ("path/memos", "path/memos", "True"),
            ("path/memos", "memos", "False"),
            ("memos", "path/memos", "False"),
            ("path/memos", "other/memos", "False"),
        )
    ),
    *(
        (
            f"the root user of the account of {named} is beside it",
            two(
                "contains",
                {**allow(), "Principal": {"AWS": named}},
                {
                    **allow({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}}),
                    "Principal": {"AWS": "*"},
                },
                Asked("s3:GetObject", OBJECT, ("AWS", f"arn:aws:iam::{ACCOUNT}:root"), {}),
            ),
            "Holds" if named == ACCOUNT else "Fails",
            f"{_GUIDE}reference_policies_elements_principal.html",
        )
        for named in (
            ACCOUNT,
            BOB,
            SESSION,
            f"arn:aws:iam::{ACCOUNT}:role/memos",
            f"arn:aws:sts::{ACCOUNT}:federated-user/x",
        )
    ),
    (
        "what a variable under Bool comes to is no matter beside a value that matches",
        asks({**allow({"Bool": {"own:k": ["${own:v}", "true"]}}), "Principal": "*"}, who=USER, own__k="true"),
        "True",
        _VARIABLES,
    ),
]
