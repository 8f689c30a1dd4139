"""Names that the service reference lacks: misspelt, newer than it, or of something else; and the nearest that it has.

AWS's names are made of words. A name that differs from a known one in a word that no name of AWS has, by a slip or
two, is misspelt; any other may be newer than the data.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal

from attrs import frozen

from ecsiam.reference import actions
from ecsiam.reference.corrections import KEYS, OPERATIONS

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
MOST_SLIPS = 2

# Where botocore keeps a service's operations, if not under its own prefix or one that begins with that.
_MODELS = MappingProxyType(
    {
        "aoss": ("opensearchserverless",),
        "aps": ("amp",),
        "elasticfilesystem": ("efs",),
        "elasticloadbalancing": ("elb", "elbv2"),
        "elasticmapreduce": ("emr",),
        "es": ("es", "opensearch"),
        "mobiletargeting": ("pinpoint",),
        "ses": ("ses", "sesv2"),
        "states": ("stepfunctions",),
        "dynamodb": ("dynamodb", "dynamodbstreams"),
    }
)


@frozen
class Unknown:
    """A name that the data lacks: what is to be made of it, and the nearest that it has, if one is near.

    "operation": of an API, whose action has another name; "newer": botocore has it; "misspelt": surely no name of
    AWS; "unknown": newer or misspelt.
    """

    name: str
    kind: Literal["operation", "newer", "misspelt", "unknown"]
    nearest: str = ""


def unknown_action(name: str) -> Unknown | None:
    """What an action, or a pattern that names none, may be; None for what the data has."""
    if actions.matching(name):
        return None
    lower = name.lower()
    if lower in OPERATIONS:
        return Unknown(name, "operation", OPERATIONS[lower])
    service, _, own = lower.partition(":")
    known = actions.actions(service)
    if not known:
        return _of_no_service(name)
    if any(re.fullmatch(_as_regex(own), operation) for operation in _operations(service)):
        return Unknown(name, "newer")
    return _near(name, [k.id for k in known.values()], _action_words)


def unknown_key(key: str) -> Unknown | None:
    """The same for a condition key."""
    if actions.key_type(key) is not None:
        return None
    if tags := _TAGS.fullmatch(key):
        return Unknown(key, "misspelt", f"aws:{tags[1][:1].upper()}{tags[1][1:].lower()}Tag/{tags[2]}")
    prefix = key.partition(":")[0].lower()
    candidates = [k for k in KEYS if k.lower().startswith(f"{prefix}:")] + list(actions.keys(prefix))
    return _near(key, [k for k in candidates if "{" not in k], _key_words)


_TAGS = re.compile("aws:(principal|request|resource)s?tags?/(.+)", re.IGNORECASE)
# What people call services whose actions have another prefix, beside the names of their clients (`_MODELS`).
_CALLED = MappingProxyType(
    {
        **{client: prefix for prefix, clients in _MODELS.items() for client in clients},
        "cloudwatch-logs": "logs",
        "cloudwatchlogs": "logs",
        "eventbridge": "events",
        "parameterstore": "ssm",
    }
)


def _of_no_service(name: str) -> Unknown:
    """What an action of an unknown service may be: misspelt, where one that is a slip away has such an action."""
    prefix, _, own = name.partition(":")
    service = prefix.lower()
    near = get_close_matches(service, actions.services(), n=1, cutoff=0.75)
    meant = _CALLED.get(service) or (near[0] if near else "")
    found = actions.matching(f"{meant}:{own}") if meant else ()
    slip = len(service) > MOST_SLIPS and _slips(service, meant) <= (1 if len(service) < 5 else MOST_SLIPS)
    if found and (service in _CALLED or (slip and not _operations(service))):
        return Unknown(name, "misspelt", found[0].id if len(found) == 1 else f"{meant}:{own}")
    return Unknown(name, "unknown", f"{meant}:{own}" if meant else "")


def _as_regex(pattern: str) -> str:
    return "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)


# ---------------------------------------------------------------- words


def _near(name: str, candidates: list[str], vocabulary: Any) -> Unknown:
    by_lower = {c.lower(): c for c in candidates}
    near = get_close_matches(name.lower(), by_lower, n=5, cutoff=0.7)
    slipped = next((by_lower[n] for n in near if _is_slip(name, by_lower[n], vocabulary)), None)
    if slipped is not None and not set("*?").intersection(name):
        return Unknown(name, "misspelt", slipped)
    return Unknown(name, "unknown", by_lower[near[0]] if near else "")


def _is_slip(name: str, known: str, vocabulary: Any) -> bool:
    """Whether a name is a known one but for one word, which no name of AWS has and which is a slip away."""
    prefix, colon, rest = known.partition(":")
    words = [w.lower() for w in _WORD.findall(rest)]
    lower, start = name.lower(), f"{prefix}{colon}".lower()
    for i, word in enumerate(words):
        before, after = start + "".join(words[:i]), "".join(words[i + 1 :])
        odd = lower[len(before) : len(lower) - len(after)]
        if lower == before + odd + after and odd and _slips(odd, word) <= MOST_SLIPS:
            return odd not in vocabulary() and f"{odd}s" not in vocabulary() and odd.rstrip("s") not in vocabulary()
    return False


def _slips(a: str, b: str) -> int:
    """How many letters are missing, too many, wrong, or have changed places with the next."""
    rows = [list(range(len(b) + 1))]
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[-1] = min(row[-1], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]


@cache
def _action_words() -> frozenset[str]:
    return _words(known.name for service in actions.services() for known in actions.actions(service).values())


@cache
def _key_words() -> frozenset[str]:
    keys = (key for service in actions.services() for key in actions.keys(service))
    return _words((*KEYS, *keys)) | _action_words()


def _words(names: Iterable[str]) -> frozenset[str]:
    return frozenset(word.lower() for name in names for word in _WORD.findall(name))


# ---------------------------------------------------------------- botocore, where it is installed


@cache
def _operations(service: str) -> frozenset[str]:
    """A service's operations in lower case, from botocore; none without it."""
    try:
        loader: Any = import_module("botocore.loaders").Loader()
    except ImportError:
        return frozenset()
    there: list[str] = loader.list_available_services("service-2")
    names = _MODELS.get(service) or tuple(n for n in there if n == service or n.startswith(f"{service}-"))
    models = (loader.load_service_model(name, "service-2") for name in names if name in there)
    return frozenset(operation.lower() for model in models for operation in model["operations"])
