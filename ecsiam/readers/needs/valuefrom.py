"""What a `valueFrom` of a task definition names, and what reading it asks for.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""

import re
from collections.abc import Mapping

from attrs import frozen

from ecsiam.analysis.unknown import OF_RESOURCE
from ecsiam.model.secret import looks_complete
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text, text
from ecsiam.readers.forms import is_letter, letters

SECRET = "secretsmanager:GetSecretValue"
PARAMETERS = "ssm:GetParameters"
_SECRET_FIELDS, _PARAMETER_FIELDS = 7, 6
_OF_A_SECRET = "/aws/reference/secretsmanager/"
_SIX = re.compile("-[A-Za-z0-9]{6}$")


@frozen
class Reads:
    """Actions with the resources that they are asked on; one of several ways where a file doesn't tell which it is."""

    ways: tuple[tuple[str, tuple[Text, ...]], ...]
    unsure: str = ""


def reads(given: Text, arns: Mapping[Ref, Text]) -> Reads:
    """What a `valueFrom` asks for: a secret by ARN, a parameter by ARN or by name."""
    given = _expanded(given, arns)
    parts = given.split(":", 5)
    if len(parts) == 6 and parts[0].literal == "arn":
        match parts[2].literal:
            case "secretsmanager":
                return Reads(tuple((SECRET, (one,)) for one in _secret(given)))
            case "ssm":
                return _parameter(given)
            case _:
                return Reads(((SECRET, (given,)), (PARAMETERS, (given,))), "what it names is not known")
    first = given.parts[0]
    if isinstance(first, Ref):
        rest = given.parts[1] if len(given.parts) > 1 else ""
        whole = Text((first,))
        if isinstance(rest, str) and rest.startswith(":"):
            return Reads(((SECRET, (whole,)),))
        if not OF_RESOURCE.fullmatch(first.name) or first.name.endswith(".arn"):  # it may begin an ARN, or a name
            ways = ((SECRET, (given,)), (PARAMETERS, (given,)), (PARAMETERS, (_named(given),)))
            return Reads(ways[::-1] if rest else ways)
    return _parameter(_named(given))


def named_secret(given: Text) -> Reads:
    """What names a secret alone, by ARN or by its name: the credentials of a registry."""
    if isinstance(given.parts[0], Ref):
        return Reads(((SECRET, (given,)), (SECRET, (_of_name(given),))))
    if str(given).startswith("arn:"):
        return Reads(tuple((SECRET, (one,)) for one in _secret(given)))
    return Reads(((SECRET, (_of_name(given),)),))


def _expanded(given: Text, arns: Mapping[Ref, Text]) -> Text:
    """A text with the ARN in place of an attribute that it begins with."""
    first = given.parts[0]
    if isinstance(first, Ref) and first in arns:
        return Text.of(arns[first], *given.parts[1:])
    return given


def _secret(arn: Text) -> tuple[Text, ...]:
    """The ARN of a secret without key, stage and version; with six unknown letters where it lacks its own.

    A name that ends in six of what may be the letters is both, since nobody can tell.
    """
    stripped = _fields(arn, _SECRET_FIELDS)
    last = stripped.parts[-1]
    if isinstance(last, Ref):
        return (stripped,) if is_letter(last) else (stripped, Text.of(stripped, "-", letters(str(stripped))))
    if looks_complete(last):
        return (stripped,)
    partial = Text.of(stripped, "-", letters(str(stripped)))
    return (stripped, partial) if _SIX.search(last) else (partial,)


def _fields(arn: Text, n: int) -> Text:
    """The first fields of an ARN."""
    return Text.of(*(piece for part in arn.split(":", n)[:n] for piece in (":", part))).removeprefix(":")


def _parameter(arn: Text) -> Reads:
    """A parameter by its ARN, behind which a version or label may stand: IAM is asked without.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
    """
    arn = _fields(arn, _PARAMETER_FIELDS)
    name = str(arn.split(":", 5)[5]).removeprefix("parameter")
    if name.startswith("//"):
        return Reads(((PARAMETERS, (arn,)),), "an ARN with two slashes, which no parameter has")
    if name.startswith(_OF_A_SECRET):
        secret = _of_name(text(name.removeprefix(_OF_A_SECRET)))
        return Reads(((PARAMETERS, (arn,)),), f"it stands for a secret, which needs `{SECRET}` on `{secret}` too")
    return Reads(((PARAMETERS, (arn,)),))


def _named(name: Text) -> Text:
    """The ARN of a parameter by its name: of the task's own region and account."""
    bare = name.removeprefix("/").split(":", 1)[0]
    return Text.of("arn:", PARTITION, ":ssm:", AWS_REGION, ":", ACCOUNT_ID, ":parameter/", bare)


def _of_name(name: Text) -> Text:
    here = ("arn:", PARTITION, ":secretsmanager:", AWS_REGION, ":", ACCOUNT_ID, ":secret:")
    return Text.of(*here, name, "-", letters(f"arn:{name}"))
