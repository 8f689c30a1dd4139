"""What a condition key can hold, as far as its type says: a boolean is true or false, a date is no number.

What an operator of another kind makes of such a value follows: a date is more than no number, whichever it is.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Callable, Mapping
from functools import lru_cache

from ecsiam.analysis.patterns import ANY, NOT_COLON, Chars, Clause, One, Pattern, Run, Token, char, literal, pattern
from ecsiam.analysis.values import as_address, as_date, as_number
from ecsiam.model.condition import Kind

EPOCH = "Epoch"  # a point in time as seconds: a date that is a number too


@lru_cache(maxsize=1 << 12)
def type_of(key: str) -> str:
    """The type of one value of a key, in the reference's words; empty for a key that it doesn't know."""
    from ecsiam.reference.actions import key_type

    if key.lower() == "aws:epochtime":
        return EPOCH
    return (key_type(key) or "").removeprefix("ArrayOf")


# Of each kind of operator: the types of which it reads every value, and those of which it reads none. Of the others
# (`String`, the type of an unknown key) it reads some.
READS: Mapping[Kind, tuple[str, ...]] = {
    "numeric": ("Numeric", EPOCH),
    "date": ("Date", "Numeric", EPOCH),
    "bool": ("Bool",),
    "ip": ("IPAddress",),
    "binary": ("Binary",),
}
READS_NONE: Mapping[Kind, tuple[str, ...]] = {
    "numeric": ("ARN", "Bool", "Date", "IPAddress"),
    "date": ("ARN", "Bool", "IPAddress"),
    "bool": ("ARN", "Date", "IPAddress", "Numeric", EPOCH),
    "ip": ("ARN", "Bool", "Date", "Numeric", EPOCH),
    "binary": ("ARN", "Date", "IPAddress"),
}
# Values of each type. That of no type is no number, date, address, base64 nor boolean.
SAMPLES: Mapping[str, tuple[str, ...]] = {
    "ARN": ("arn:aws:iam::111122223333:role/other",),
    "Bool": ("true", "false"),
    "Date": ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
    "IPAddress": ("192.0.2.1", "198.51.100.1"),
    "Numeric": ("5", "7"),
    EPOCH: ("1767225600", "1767312000"),
}
STRANGE = "other"


def sample(key: str) -> str:
    """A value that a key can have."""
    return SAMPLES.get(type_of(key), (STRANGE,))[0]


_IS: Mapping[str, Callable[[str], bool]] = {
    "Date": lambda text: as_number(text) is None and as_date(text) is not None,
    "IPAddress": lambda text: as_address(text) is not None,
    "Numeric": lambda text: as_number(text) is not None,
    EPOCH: lambda text: as_number(text) is not None,
}


def can_be(key: str, text: str) -> bool:
    """Whether a text is a value of a key's type. For the types of `base`, that says so already."""
    of_type = _IS.get(type_of(key))
    return of_type is None or of_type(text)


# ---------------------------------------------------------------- as sets of strings

_DIGITS = (One(Chars("0123456789")),) * 12
_PART = (One(NOT_COLON), Run(NOT_COLON))
_NAME = (One(ANY), Run(ANY))
# What names of users and roles are made of, and their paths. Wildcards are in neither.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_NAMING = Chars("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-")
_USER: tuple[Token, ...] = (One(_NAMING), Run(_NAMING))
_WITH_PATH: tuple[Token, ...] = (Run(Chars({*map(chr, range(0x21, 0x7F))} - {"*", "?"})), *_USER)
_PARTITION: tuple[Token, ...] = (*map(char, "aws"), Run(Chars("abcdefghijklmnopqrstuvwxyz-")))


def _of(*pieces: str | tuple[Token, ...]) -> Pattern:
    return pattern(token for piece in pieces for token in (map(char, piece) if isinstance(piece, str) else piece))


_ACCOUNT = frozenset({_of(_DIGITS)})
_ARN = frozenset({_of("arn:", _PART, ":", _PART, ":", (Run(NOT_COLON),), ":", (Run(NOT_COLON),), ":", _NAME)})
_PRINCIPAL = frozenset(
    _of("arn:", _PARTITION, f":{service}::", _DIGITS, f":{kind}", name)
    for service, kind, name in (
        ("iam", "role/", _WITH_PATH),
        ("iam", "user/", _WITH_PATH),
        ("iam", "root", ()),
        ("sts", "federated-user/", _USER),
    )
)
_BOOL = frozenset(map(literal, SAMPLES["Bool"]))
# What AWS documents of a key's values beyond its type.
_KEYS: Mapping[str, Clause] = {
    "aws:principalaccount": _ACCOUNT | {literal("anonymous")},
    "aws:principalarn": _PRINCIPAL,
    "aws:resourceaccount": _ACCOUNT,
    "aws:sourceaccount": _ACCOUNT,
    "aws:sourcearn": _ARN,
    "aws:username": frozenset({_of(_USER)}),
    "aws:vpceaccount": _ACCOUNT,
}


def base(key: str) -> Clause | None:
    """All the values that a key can have, as far as patterns say it; None for any text."""
    return _BOOL if type_of(key) == "Bool" else _KEYS.get(key.lower())
