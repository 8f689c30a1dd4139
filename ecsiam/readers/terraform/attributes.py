"""What a resource is known to have before it is made: its ARN, its name, its id, from its type and its arguments."""

import json
import re
from collections.abc import Callable

from attrs import evolve, frozen

from ecsiam.model.policy import policy_to_data
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Ref, Text, text
from ecsiam.readers.forms import TERRAFORM, Kind, arn_of
from ecsiam.readers.found import Unread, Value, symbol
from ecsiam.readers.values import Map, as_text, joined, lowered, named, unknown
from ecsiam.reference.managed import managed_policies, managed_policy

ARN_PARTS = ("partition", "service", "region", "account_id", "resource")
Get = Callable[[str], Value]
"""An argument of a resource as it is written; None if it isn't."""


@frozen
class Home:
    """Where a provider makes what it makes. An account of None is the deployment's; a region likewise."""

    region: Text | None = None
    account: Text | None = None


def _arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}:{{aws_region}}:{{account_id}}:{resource}"


# Kinds that Terraform alone has, or whose ARN another resource has.
_MORE = {
    "aws_kms_alias": Kind("aws_kms_alias", "", _arn("kms", "{name}")),
    "aws_kms_replica_key": Kind("aws_kms_replica_key", "", _arn("kms", "key/{id}"), ("", "")),
    "aws_scheduler_schedule_group": Kind(
        "aws_scheduler_schedule_group", "", _arn("scheduler", "schedule-group/{name}")
    ),
    "aws_cloudwatch_event_rule": Kind("aws_cloudwatch_event_rule", "", _arn("events", "rule/{name}")),
    "aws_iam_instance_profile": Kind(
        "aws_iam_instance_profile", "", "arn:{partition}:iam::{account_id}:instance-profile/{name}"
    ),
}
KINDS: dict[str, Kind] = {**TERRAFORM, **_MORE}

# What `id` is where it isn't what AWS gives alone: the ARN, or an argument.
_ID_IS_ARN = frozenset(
    {
        "aws_secretsmanager_secret",
        "aws_sns_topic",
        "aws_sfn_state_machine",
        "aws_ecs_cluster",
        "aws_iam_policy",
        "aws_kinesis_stream",
        "aws_kinesis_firehose_delivery_stream",
        "aws_iam_openid_connect_provider",
        "aws_ecs_service",
    }
)
_ID_IS_NAME = frozenset(
    {
        "aws_iam_role",
        "aws_s3_bucket",
        "aws_dynamodb_table",
        "aws_cloudwatch_log_group",
        "aws_ecr_repository",
        "aws_ssm_parameter",
        "aws_lambda_function",
        "aws_cloudwatch_event_bus",
        "aws_cloudwatch_event_rule",
        "aws_kms_alias",
        "aws_iam_instance_profile",
        "aws_ecs_task_definition",
    }
)
# Of `data` blocks whose name is given by another argument than that of the resource.
_DATA_NAME = {
    "aws_ecs_cluster": "cluster_name",
    "aws_ecs_task_definition": "task_definition",
    "aws_ecs_service": "service_name",
}
# The id of a key, of which the rest of its ARN follows.
_KEY_ID = re.compile(r"(?:.+\.)?aws_kms_(?:key\.[^. ()]+\.id|alias\.[^. ()]+\.target_key_id)")
_DEPLOYMENT: dict[str, dict[str, Ref]] = {
    "aws_caller_identity": {"account_id": ACCOUNT_ID, "id": ACCOUNT_ID},
    "aws_region": {"name": AWS_REGION, "region": AWS_REGION, "id": AWS_REGION},
    "aws_partition": {"partition": PARTITION, "id": PARTITION, "dns_suffix": DNS_SUFFIX},
}


def computed(type: str, address: str, attribute: str, get: Get, home: Home) -> Value:
    """An attribute that is no argument, or one that isn't given. `type` without the `data.` that the address has."""
    is_data = address.startswith("data.") or ".data." in address
    if is_data and type in _DEPLOYMENT and attribute in _DEPLOYMENT[type]:
        return _of_deployment(_DEPLOYMENT[type][attribute], home, get)
    follows = _FOLLOWS.get((f"data.{type}" if is_data else type, attribute))
    if follows is not None and (found := follows(address, get, home)) is not None:
        return found
    is_arn = attribute == "arn" or (attribute == "id" and type in _ID_IS_ARN)
    if is_arn and is_data and isinstance(given := get("arn"), str | Text):
        return given
    if attribute == "id" and type in _ID_IS_ARN:
        attribute = "arn"
    if attribute == "id" and type in _ID_IS_NAME:
        return lowered(name_of(type, address, get))
    if attribute == name_argument(type):
        return lowered(name_of(type, address, get))
    if type == "aws_ecs_task_definition" and attribute == "arn_without_revision":
        return lowered(_family_arn(address, get, home))
    if attribute == "arn":
        return lowered(arn(type, address, get, home))
    if attribute in ("key_id", "id") and type == "aws_kms_key":
        return Text((symbol(address, "id"),))
    return Text((symbol(address, attribute),))


def arn(type: str, address: str, get: Get, home: Home) -> Text:
    """The ARN of a resource, as far as it follows from its arguments."""
    is_data = address.startswith("data.") or ".data." in address
    region = get("region")
    if isinstance(region, str | Text):
        home = evolve(home, region=text(region))
    if type in ("aws_iam_role", "aws_iam_policy"):
        if is_data and (managed := _managed_by_name(get)) is not None:
            return managed
        if is_data and get("name") is None:
            return Text((symbol(address, "arn"),))
        what = "role" if type == "aws_iam_role" else "policy"
        path = get("path")
        path = "/" if path is None else Text((symbol(address, "path"),)) if isinstance(path, Unread) else path
        account: Text | Ref = home.account or ACCOUNT_ID
        if is_data:  # neither its path is said, nor whether a policy is AWS's own
            path = Text((symbol(address, "path"),))
            account = account if what == "role" else symbol(address, "account_id")
        return Text.of("arn:", PARTITION, ":iam::", account, f":{what}", text(path), name_of(type, address, get))
    if type == "aws_ecs_service":
        return _service_arn(address, get, home)
    if type == "aws_ecs_task_definition":
        return Text.of(_family_arn(address, get, home), ":", symbol(address, "revision"))
    if type == "aws_kms_key" and is_data:
        given = get("key_id")
        named_so = given if isinstance(given, str | Text) and text(given).holds(":key/") else symbol(address, "id")
        return key_arn(text(named_so), home) or Text((symbol(address, "arn"),))
    kind = KINDS.get(type)
    if kind is None or (is_data and kind.name == ("", "")):
        return Text((symbol(address, "arn"),))
    name = name_of(type, address, get) if kind.name[0] else None
    if kind.terraform == "aws_cloudwatch_event_rule" and isinstance(bus := get("event_bus_name"), str) and name:
        name = Text.of("" if bus == "default" else f"{bus}/", name)
    return arn_of(kind, address, name, home.region, home.account)


def key_arn(key: Value, home: Home) -> Text | None:
    """The ARN of a key that is named by its ARN or id; the alias of a key of AWS's own is none."""
    if not isinstance(key, str | Text) or not key:
        return None
    found = text(key)
    if found.literal is not None and found.literal.startswith("alias/aws/"):
        return None
    if found.split(":", 1)[0].literal == "arn" or len(found.split(":", 5)) == 6:
        return found
    if found.literal is None and not (len(found.parts) == 1 and _KEY_ID.fullmatch(found.refs[0].name)):
        return found
    what = "" if (found.literal or "").startswith("alias/") else "key/"
    where = ("arn:", PARTITION, ":kms:", home.region or AWS_REGION, ":", home.account or ACCOUNT_ID, ":")
    return Text.of(*where, what, found)


def _secret_arn(address: str, name: Text, home: Home) -> Text:
    return arn_of(KINDS["aws_secretsmanager_secret"], address, name, home.region, home.account)


def _secret_of_version(address: str, get: Get, home: Home) -> Value:
    """The ARN of a secret that one of its versions names, by that or by the secret's name."""
    given = get("secret_id")
    by_name = isinstance(given, str) and not given.startswith("arn:")
    return _secret_arn(address, text(given), home) if by_name else given


def _secret_made(begins: str) -> "_Follows":
    """The secret that RDS makes for the password of a database, if it is told to, and how it calls it."""

    def secret(address: str, get: Get, home: Home) -> Value:
        if get("manage_master_user_password") in (None, False, "false"):
            return []
        arn = _secret_arn(address, Text.of(begins, symbol(address, "secret_suffix")), home)
        return [Map({"secret_arn": arn, "kms_key_id": get("master_user_secret_kms_key_id")})]

    return secret


def _family_arn(address: str, get: Get, home: Home) -> Text:
    kind = Kind("aws_ecs_task_definition", "", _arn("ecs", "task-definition/{name}"))
    family = name_of("aws_ecs_task_definition", address, get).split(":", 1)[0]
    return arn_of(kind, address, family, home.region, home.account)


def _service_arn(address: str, get: Get, home: Home) -> Text:
    given = get("cluster") or get("cluster_arn") or "default"
    cluster = Text((symbol(address, "cluster"),))  # which an unknown text may have as a name or in an ARN
    if isinstance(given, str) or (isinstance(given, Text) and len(given.parts) > 1):
        cluster = text(given)
    kind = Kind("aws_ecs_service", "", _arn("ecs", "service/{name}"))
    name = Text.of(cluster.split(":cluster/", 1)[-1], "/", name_of("aws_ecs_service", address, get))
    return arn_of(kind, address, name, home.region, home.account)


def name_argument(type: str) -> str:
    """The argument that has the name of a resource of a type."""
    if type == "aws_ecs_task_definition":
        return "family"
    return KINDS[type].name[0] if type in KINDS else "name"


def name_of(type: str, address: str, get: Get) -> Text:
    """The name of a resource, of which a prefix may be known."""
    argument = name_argument(type)
    if address.startswith("data.") or ".data." in address:
        argument = _DATA_NAME.get(type, argument)
    name = get(argument)
    if isinstance(name, int | float) and not isinstance(name, bool):
        name = str(name)
    if isinstance(name, str | Text) and name:
        return text(name)
    prefix = get(f"{argument}_prefix")
    if isinstance(prefix, str | Text):
        return Text.of(prefix, symbol(address, f"{argument}_suffix"))
    return Text((symbol(address, argument),))


def _of_deployment(ref: Ref, home: Home, get: Get) -> Value:
    if ref is AWS_REGION:
        given = get("region") or get("name")
        if isinstance(given, str | Text):
            return given
        return lowered(home.region or text(AWS_REGION))
    if ref is ACCOUNT_ID:
        return lowered(home.account or text(ACCOUNT_ID))
    return text(ref)


def _managed_by_name(get: Get) -> Text | None:
    """The ARN of a policy of AWS's own that a `data` block names; a customer's own has a path that isn't said."""
    name = get("name")
    found = next((arn for arn in managed_policies() if isinstance(name, str) and arn.endswith(f"/{name}")), None)
    return None if found is None else Text.of("arn:", PARTITION, found.removeprefix("arn:aws"))


def _document_of_aws(get: Get) -> str | None:
    """The text of a policy of AWS's own that a `data` block names by its ARN or name."""
    given = get("arn") or _managed_by_name(get)
    named = str(given).partition(":iam::aws:policy/")[2] if isinstance(given, str | Text) else ""
    found = managed_policy(f"arn:aws:iam::aws:policy/{named}")
    return None if found is None else json.dumps(policy_to_data(found.document, str))


# ---------------------------------------------------------------- functions of the provider


def arn_parts(value: Value) -> Map:
    """An ARN taken apart, as the function `arn_parse` does it."""
    found = as_text(value)
    if isinstance(found, Unread):
        return Map(rest=found.why)
    parts = text(found).split(":", 5)
    if len(parts) != 6 or parts[0].literal != "arn":
        return Map((name, unknown(f"{named(found)}.{name}")) for name in ARN_PARTS)
    return Map((name, lowered(part)) for name, part in zip(ARN_PARTS, parts[1:], strict=True))


def _arn_built(*parts: Value) -> Value:
    return joined(["arn", *(piece for part in parts for piece in (":", part))])


OF_PROVIDER: dict[str, tuple[Callable[..., Value], int]] = {
    "provider::aws::arn_build": (_arn_built, 5),
    "provider::aws::arn_parse": (arn_parts, 1),
}
"""What they give, and of how many arguments.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/functions/arn_parse
"""

# ---------------------------------------------------------------- by type


def _part_of_arn(part: str) -> "_Follows":
    return lambda _, get, __: arn_parts(get("arn")).get(part)


_Follows = Callable[[str, Get, Home], Value]
# Attributes that follow from arguments, each of a type.
_FOLLOWS: dict[tuple[str, str], _Follows] = {
    ("aws_db_instance", "master_user_secret"): _secret_made("rds!db-"),
    ("aws_rds_cluster", "master_user_secret"): _secret_made("rds!cluster-"),
    ("aws_kms_alias", "target_key_arn"): lambda _, get, home: key_arn(get("target_key_id"), home),
    ("data.aws_kms_alias", "target_key_arn"): lambda at, _, home: key_arn(text(symbol(at, "target_key_id")), home),
    ("aws_secretsmanager_secret_version", "arn"): _secret_of_version,
    ("data.aws_secretsmanager_secret_version", "arn"): _secret_of_version,
    ("data.aws_iam_policy", "policy"): lambda _, get, __: _document_of_aws(get),
    ("data.null_data_source", "outputs"): lambda _, get, __: get("inputs"),
    ("terraform_data", "output"): lambda _, get, __: get("input"),
    **{("data.aws_arn", part): _part_of_arn(part) for part in ARN_PARTS},
    ("data.aws_arn", "account"): _part_of_arn("account_id"),
}
