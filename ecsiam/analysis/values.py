"""Values of condition keys that are more than text: numbers, dates, addresses, bytes.

Each reader takes what AWS documents and gives None for anything else: what is malformed equals nothing, is less than
nothing, and lies in no block.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import re
from base64 import b64decode
from binascii import Error
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_DATE = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"(T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(?P<fraction>\.[0-9]+)?)?"
    r"(Z|(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2}))?)?)?)?"
)
_BLOCK = re.compile(r"[0-9A-Fa-f.:]+(/[0-9]{1,3})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1 << 12)
def as_number(text: str) -> Decimal | None:
    """A whole or decimal number, exactly. No exponent: AWS speaks of integers and decimals only."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=1 << 12)
def as_date(text: str) -> Decimal | None:
    """A point in time as seconds since 1970, exactly.

    It is written as in W3C's profile of ISO 8601 (a year alone, a month, a day, or with the time of day; UTC unless it
    says otherwise), or as those seconds. Four digits are a year.
    https://www.w3.org/TR/NOTE-datetime
    """
    found = _DATE.fullmatch(text)
    if not found:
        return as_number(text)
    part = {name: int(digits) for name, digits in found.groupdict("0").items() if name not in ("sign", "fraction")}
    try:
        at = datetime(
            part["year"],
            part["month"] if found["month"] else 1,
            part["day"] if found["day"] else 1,
            part["hour"],
            part["minute"],
            part["second"],
            tzinfo=UTC,
        )
    except ValueError:
        return None
    if part["hours"] > 23 or part["minutes"] > 59:
        return None
    ahead = (part["hours"] * 60 + part["minutes"]) * 60 * (-1 if found["sign"] == "-" else 1)
    passed = at - _EPOCH
    return passed.days * 86400 + passed.seconds - ahead + Decimal(found["fraction"] or 0)


@lru_cache(maxsize=1 << 12)
def as_address(text: str) -> IPv4Address | IPv6Address | None:
    """One address. A block of addresses is none."""
    try:
        return ip_address(text) if _BLOCK.fullmatch(text) else None
    except ValueError:
        return None


@lru_cache(maxsize=1 << 12)
def address_block(text: str) -> IPv4Network | IPv6Network | None:
    """A block of addresses in CIDR notation, or the block of one address. Bits beyond the prefix say nothing."""
    try:
        return ip_network(text, strict=False) if _BLOCK.fullmatch(text) else None
    except ValueError:
        return None


@lru_cache(maxsize=1 << 12)
def as_bytes(text: str) -> bytes | None:
    """Bytes, written in base64."""
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError):
        return None


def as_bool(text: str) -> bool | None:
    """`true` or `false`, in any case."""
    return {"true": True, "false": False}.get(text.lower())
