"""Terraform's functions, as far as roles and tasks need them; of values that are known in part where that works.

https://developer.hashicorp.com/terraform/language/functions
"""

from ecsiam.readers.found import Unread, Value, is_list, is_map
from ecsiam.readers.hcl.lists import LISTS, OF_KNOWN_LISTS
from ecsiam.readers.hcl.scope import LONGEST, Budget
from ecsiam.readers.hcl.texts import OF_KNOWN_TEXTS, TEXTS
from ecsiam.readers.hcl.yaml import yamldecode
from ecsiam.readers.values import Beyond, Encoded, Failed, as_text, is_known, named, unknown, unread

_OPEN = {**LISTS, **TEXTS, "yamldecode": yamldecode}
_KNOWN = {**OF_KNOWN_LISTS, **OF_KNOWN_TEXTS}
# What gives a text that hangs on the machine, on the time, or on bytes: as unknown as that is, and equal to itself.
_OPAQUE = frozenset(
    {
        *(
            "abspath",
            "issensitive",
            "base64gunzip",
            "base64gzip",
            "formatdate",
            "pathexpand",
            "rsadecrypt",
            "textdecodebase64",
        ),
        *("textencodebase64", "timeadd", "timecmp", "urldecode", "uuidv5", "yamlencode"),
    }
)


def call(name: str, arguments: list[Value], budget: Budget) -> Value:
    """What a function gives. Raises Failed where Terraform would refuse it."""
    budget.spend(sum(len(a) if is_list(a) or is_map(a) else 1 for a in arguments))
    try:
        if name in ("sensitive", "nonsensitive", "ephemeralasnull"):
            return arguments[0]
        if name in _OPEN:
            return _OPEN[name](*arguments)
        if name in _OPAQUE:
            return next((u for a in arguments if (u := unread(a))), None) or unknown(_called(name, arguments))
        if name not in _KNOWN:
            return Unread(f"the function `{name}` isn't understood")
        return _of_known(name, arguments)
    except Beyond as e:
        return Unread(str(e))
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError) as e:
        raise Failed(f"`{name}`: {str(e) or 'no such value'}") from None


def _of_known(name: str, arguments: list[Value]) -> Value:
    found = next((u for a in arguments if (u := unread(a))), None)
    if found is not None:
        return found
    function, kind = _KNOWN[name]
    plain = [as_text(a) if isinstance(a, Encoded) else a for a in arguments]
    if all(map(is_known, plain)):
        if kind == "text":
            budgeted = sum(len(a) for a in plain if isinstance(a, str))
            if budgeted > LONGEST:
                raise Beyond(f"a text of more than {LONGEST:,} characters")
        return function(*plain)
    made = unknown(_called(name, plain))
    return made if kind == "text" else [Unread(f"it isn't known what is in `{named(made)}`")]


def _called(name: str, arguments: list[Value]) -> str:
    return f"{name}({', '.join(map(named, arguments))})"
