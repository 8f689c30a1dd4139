"""What may have been meant by an ARN that no resource has: the slips that people make with ARNs, each undone."""

import re
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from functools import cache

from ecsiam.model.home import Home

_FIELDS = 6
_ALIKE = 0.7
_UNWRITTEN = {"sns": "topic", "sqs": "queue"}  # types that no ARN has, and people write
_TYPE = re.compile(r"([^:/]+)[:/](.+)", re.DOTALL)
# What names a queue, an image or a role to its users, and what IAM calls it.
_ADDRESSES = (
    (re.compile(r"https://sqs\.([^.]+)\.[^/]+/(\d{12})/([^/]+)"), "sqs:{0}:{1}:{2}"),
    (re.compile(r"(\d{12})\.dkr\.ecr\.([^.]+)\.[^/]+/([^:@]+)(?:[:@].*)?"), "ecr:{1}:{0}:repository/{2}"),
    (re.compile(r"arn:[^:]*:sts::(\d{12}):assumed-role/([^/]+)(?:/.*)?"), "iam::{0}:role/{1}"),
)


def repairs(arn: str, forms: Collection[str], home: Home) -> Iterator[str]:
    """What may have been meant, likeliest first; `forms` are the ARNs that AWS evaluates."""
    partition, account = home.partition.literal or "aws", home.account_id.literal or "*"
    region = home.region.literal or "*"
    for address, resource in _ADDRESSES:
        if found := address.fullmatch(arn):
            yield f"arn:{partition}:{resource.format(*found.groups())}"
    put = {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": partition}
    filled = re.sub(r"\$\{([^}]*)\}", lambda m: put.get(m[1].strip(), "*"), arn)
    colons = filled.split(":")
    fixed = [filled, ":".join((colons[0].lower(), partition, *colons[2:]))]
    for one in fixed:
        yield one
        cut = one.split(":")
        yield ":".join(cut[:7])  # a secret's JSON key, stage and version
        if cut[2:3] == ["logs"]:
            yield f"{one}:*"  # a log group for its streams
        yield one.removesuffix(":*")
        yield one.replace("//", "/")  # a parameter's leading slash is dropped
        parted = [form.split(":", _FIELDS - 1) for form in forms]
        guess = all(len(form) == _FIELDS and not form[5].startswith("*") for form in parted)
        for form in parted:
            yield from _like(cut, form, region, account, guess=guess)
        yield f"{one}/*"  # a bucket for its objects
        yield from (one.rsplit("/", n)[0] for n in range(1, one.count("/") + 1))  # objects, for their bucket
        yield ":".join((*cut[:3], region, *cut[3:]))  # the region left out, or the account
        yield ":".join((*cut[:4], account, *cut[4:]))
        for i in range(2, len(cut)):
            yield ":".join((*cut[:i], "", *cut[i:]))  # a colon too few
            if not cut[i]:
                yield ":".join((*cut[:i], *cut[i + 1 :]))  # a colon too many


def _like(cut: list[str], form: list[str], region: str, account: str, *, guess: bool) -> Iterator[str]:
    """An ARN with service, region, account and type as a form has them; `guess` a type that was not written."""
    if len(form) < _FIELDS or len(cut) < 3:
        return
    if cut[2] != form[2] and _types(cut[2]):
        return  # it is of another service, and not misspelt
    if form[3:5] == ["", ""]:
        where, resource = ["", ""], ":".join(cut[3:] if len(cut) < _FIELDS else cut[5:]).lstrip(":")
    elif len(cut) < _FIELDS:
        return
    else:
        where, resource = [cut[3] or region, cut[4] or account], ":".join(cut[5:])
        where = [place if wanted else "" for place, wanted in zip(where, form[3:5], strict=True)]
    kind, _, behind = form[5].partition("*")
    for name in _names(resource, kind, form[2], guess=guess):
        for bare in dict.fromkeys((re.sub(r"-\?+$", "", name), name, name.lstrip("/"), re.sub("[:@].*", "", name))):
            start = ":".join((cut[0], cut[1], form[2], *where, f"{kind}{bare}"))
            yield from (start, f"{start}{behind}", f"{start}:*")


def _names(resource: str, kind: str, service: str, *, guess: bool) -> Iterator[str]:
    """What a resource is called, behind the type that was written for its own."""
    found, word = _TYPE.fullmatch(resource), kind.rstrip(":/") or _UNWRITTEN.get(service, "")
    if kind and resource.startswith(kind):
        yield resource.removeprefix(kind)
    elif found is not None and SequenceMatcher(None, found[1].lower(), word.lower()).ratio() >= _ALIKE:
        if service == "logs" and not found[2].startswith("/"):
            yield f"/{found[2]}"  # of a group's name the slash is a part
        yield found[2]
    elif not kind or (guess and (found is None or found[1] not in _types(service))):
        yield resource


@cache
def _types(service: str) -> frozenset[str]:
    """How the ARNs of a service's resources begin; none of a service that there isn't."""
    from ecsiam.reference.actions import actions, evaluated_on

    forms = {form for action in actions(service).values() for form in evaluated_on(action)}
    return frozenset(re.split("[:/*]", form.split(":", 5)[5])[0] for form in forms if form.count(":") > 4)
