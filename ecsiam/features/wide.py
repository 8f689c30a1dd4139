"""The widest inputs, as far as they show by themselves: what they reach is asked of no other data.

A value that names the resources of this service alone says nothing; one that names any other service's too is noted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from ecsiam.errors import Path
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.raw_statement import RawStatement
from ecsiam.looks.words import listed
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.globs import matches
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import Text

_LEAST = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
_MANAGED = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html"

# Their ARNs name no kind of resource: what stands there is a name.
_OF_ONE_KIND = ("codecommit", "execute-api", "s3", "sns", "sqs")

# ---------------------------------------------------------------- statements


def wide_statement(statement: Statement, role: str, key: str, at: int) -> Iterator[Note]:
    """That a statement allows every action, or all of a service's, on every resource or all of one kind."""
    actions, resources = wide_actions(statement), _wide_resources(statement)
    if statement.effect == "Allow" and actions and resources:
        where = ", while its conditions hold" if statement.conditions else ""
        yield Note(
            "wide-statement",
            f"the {role} role may do {actions} on {resources}{where}",
            (key, at),
            "Name the actions and the resources that it needs.",
            _LEAST,
        )


def wide_actions(statement: Statement) -> str:
    """What is wide about the actions, in words; empty where they are named."""
    patterns = [action.pattern for action in statement.actions.items]
    if isinstance(statement.actions, AllBut):
        return f"every action but {listed(dict.fromkeys(patterns))}"
    if any(not pattern.strip("*:") for pattern in patterns):
        return "every action"
    services = [s for s, _, name in (p.partition(":") for p in patterns) if "*" in name and not name.strip("*?")]
    return f"every action of {listed(dict.fromkeys(services))}" if services else ""


def _wide_resources(statement: Statement) -> str:
    """What is wide about the resources, in words; empty where they are named."""
    if statement.resources is None or isinstance(statement.resources, AllBut):
        return "" if statement.resources is None else "every resource but a few"
    literal = [i.literal for i in statement.resources.items if isinstance(i, Text) and i.literal is not None]
    if any(is_everything(arn) for arn in literal):
        return "every resource"
    kinds = [arn for arn in literal if _is_a_kind(arn)]
    return f"all of {listed(dict.fromkeys(kinds))}" if kinds else ""


def is_everything(arn: str) -> bool:
    """Whether a resource is all there is: `*`, or an ARN of nothing but wildcards."""
    parts = arn.split(":", 5)
    parts = parts[1:] if parts[0] == "arn" else parts
    return not "".join(p for p in parts if p not in PARTITIONS).strip("*")


def _is_a_kind(arn: str) -> bool:
    """Whether an ARN names all of a service's resources, or all of one type: `arn:aws:s3:::*`, `...:table/*`."""
    parts = _whole(arn).split(":", 5)
    if len(parts) < 6:
        return False
    name = parts[5] if parts[2] in _OF_ONE_KIND else re.sub("^/?[A-Za-z-]+[:/]", "", parts[5])
    return "*" in name and not name.strip("*?:/")


def _whole(arn: str) -> str:
    """An ARN that a star cuts short, with the parts that the star stands for: `arn:aws:sns:*`."""
    missing = 5 - arn.count(":")
    return f"{arn}{':*' * missing}" if arn.startswith("arn:") and arn.endswith("*") and 0 < missing < 4 else arn


# ---------------------------------------------------------------- managed policies

# AWS's managed policies by their names, and what their documents allow; the first row that fits.
_POLICIES = (
    ("AdministratorAccess", "every action on every resource"),
    ("PowerUserAccess", "every action on every resource, but for identities and the account itself"),
    ("IAMFullAccess", "every action of IAM, and so whatever it gives itself"),
    ("ReadOnlyAccess", "nearly all that there is to read in the account, its data too"),
    (
        ".*(FullAccess|PowerUser|Admin).*|SecretsManagerReadWrite",
        "all or nearly all of what the policy is called after",
    ),
)


def wide_policy(arn: str, role: str, key: str, at: int) -> Iterator[Note]:
    """That a managed policy of AWS is one of the widest. What a customer's own says is not known here."""
    owner, _, name = arn.removeprefix("arn:").partition(":iam::")[2].partition(":policy/")
    what = next((what for pattern, what in _POLICIES if re.fullmatch(pattern, name.rpartition("/")[2])), "")
    if owner == "aws" and what:
        yield Note(
            "wide-policy",
            f"`{arn}` gives the {role} role {what}",
            (key, at),
            "Attach a narrower policy, or write the statements that it needs.",
            _MANAGED,
        )


# ---------------------------------------------------------------- values

# What resources of other services are called, by the service of the ARN: `{other}` is such a service, `{env}` the
# environment, `{own}` the cluster that the value names. All of two such names have to match: no initial letter does it.
_OTHERS = ("another-service", "billing")
_NAMES: dict[str, tuple[str, ...]] = {
    "logs": tuple(
        f"log-group:{before}{{other}}{after}"
        for before in ("", "/", "/ecs/", "/aws/ecs/", "/{env}/", "/ecs/{env}/", "/{env}/ecs/")
        for after in ("", "/app", "-{env}", "-{env}/app")
    ),
    "ecr": tuple(f"repository/{name}" for name in ("{other}", "{other}/app", "{other}-{env}", "{env}/{other}")),
    **{
        service: tuple(
            f"{before}{name}{after}"
            for name in (
                "{other}",
                "{other}/db",
                "{other}-{env}",
                "{env}/{other}",
                "{env}/{other}/db",
                "{other}/{env}/db",
            )
        )
        for service, before, after in (("secretsmanager", "secret:", "-AbCdEf"), ("ssm", "parameter/", ""))
    },
    **{
        service: tuple(f"{before}{name}" for name in ("{other}", "{other}-{env}", "{env}-{other}"))
        for service, before in (
            ("dynamodb", "table/"),
            ("events", "event-bus/"),
            ("firehose", "deliverystream/"),
            ("kinesis", "stream/"),
            ("lambda", "function:"),
            ("sns", ""),
            ("sqs", ""),
            ("states", "stateMachine:"),
        )
    },
    "kms": ("key/{other}", "key/mrk-{other}"),
    "ecs": (
        *("cluster/{other}", "cluster/{other}-{env}", "service/{other}/{other}", "service/{other}/{other}-{env}"),
        *("service/{own}/{other}", "service/{own}/{other}-{env}"),
    ),
}


def wide_values(keys: Keys, environment: str) -> Iterator[Note]:
    """That a value of a key, or a resource of a raw statement, names what is another service's, too.

    What a bucket's name reaches has a note of its own.
    """
    for one in keys.placed():
        path, value = one.path, one.value
        if not one.used or path[0] not in keys.model_fields_set:  # a profile's default is known to be wide
            continue
        match one.key.kind:
            case ListOf(OfForm(form)) if form.service:
                at: Path = (*path, "default") if isinstance(value, Parameter) else path
                given = (value.default if isinstance(value, Parameter) else value) or ()
                places = {(*at, i): arn for i, arn in enumerate(cast("Iterable[str]", given))}
                yield from _wide(places, environment, raw=len(path) > 1)
            case OfForm(form) if form.service and isinstance(value, str):
                yield from _wide({path: value}, environment)
            case ListOf(RawStatement()):
                for i, statement in enumerate(cast("Iterable[Statement]", value)):
                    yield from _wide_raw((*path, i), statement, environment)
            case _:
                pass


def _wide_raw(path: Path, statement: Statement, environment: str) -> Iterator[Note]:
    """What `*` says is asked of the reference: some actions take nothing narrower."""
    said = wide_actions(statement) and _wide_resources(statement)
    if statement.effect == "Allow" and not said and isinstance(statement.resources, Only):
        arns = list(map(str, statement.texts_of_resources()))
        places = {
            (*path, "Resource", *([i] if len(arns) > 1 else [])): arn
            for i, arn in enumerate(arns)
            if not is_everything(arn)
        }
        yield from _wide(places, environment, raw=True)


def _wide(places: Mapping[Path, str], environment: str, *, raw: bool = False) -> Iterator[Note]:
    for path, arn in places.items():
        other = _other(arn, environment) or (_of_its_kind(arn) if raw else "")
        if other:
            yield Note(
                "wide-value",
                f"`{arn}` also names what is no part of this service, such as `{other}`",
                path,
                "Name the service's own, or what they begin with.",
                _LEAST,
            )


def _other(arn: str, environment: str) -> str:
    """What of another service an ARN with a wildcard names; empty where that is not seen."""
    whole = _whole(arn)
    service, resource = whole.split(":", 5)[2::3] if whole.count(":") >= 5 else ("", "")
    if is_everything(arn):
        return f"arn:aws:s3:::{_OTHERS[0]}"
    if not set("*?").intersection(resource):
        return ""
    own = resource.split("/")[1] if resource.startswith("service/") else ""
    if service == "logs":  # what follows the group says which of its streams
        resource = ":".join(resource.split(":")[:2])
    for name in _NAMES.get(service, ()):
        named = [name.format(other=o, env=environment, own=own.replace("*", o).replace("?", "x")) for o in _OTHERS]
        if all(matches(resource, one) for one in named):
            return named[0]
    return ""


def _of_its_kind(arn: str) -> str:
    """What of another service an ARN names that names all of its kind."""
    return re.split("[*?]", _whole(arn).split(":", 5)[5])[0] + _OTHERS[0] if _is_a_kind(arn) else ""
