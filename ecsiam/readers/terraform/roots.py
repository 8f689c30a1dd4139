"""A Root from Terraform's resources, wherever they were read: in HCL, a plan or a state."""

from collections.abc import Callable, Iterable

from attrs import evolve

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text
from ecsiam.readers.found import (
    Found,
    FoundAttachment,
    FoundInline,
    FoundManaged,
    FoundService,
    Gap,
    Root,
    Unread,
    Value,
    is_map,
    symbol,
)
from ecsiam.readers.terraform.attributes import Home
from ecsiam.readers.terraform.attributes import arn as arn_of_resource
from ecsiam.readers.terraform.document import blocks
from ecsiam.readers.terraform.ecs import ECS, cluster_configurations
from ecsiam.readers.terraform.types import IAM, TerraformResource, text_of
from ecsiam.readers.values import Map

_TRANSLATE = {**IAM, **ECS}
TYPES = frozenset(_TRANSLATE)


def root_of(
    name: str,
    kind: str,
    resources: list[TerraformResource],
    with_keys: list[TerraformResource],
    files: Iterable[str],
) -> Root:
    """What these resources are together."""
    gaps = [Gap(one.place, one.unsure) for one in resources if one.unsure]
    roles = {name: one.unsure for one in resources if one.type == "aws_iam_role" for name in _names(one)}
    records = [_if_made(record, one, roles) for one in resources for record in _TRANSLATE[one.type](one, gaps)]
    clusters = cluster_configurations(resources)
    found = tuple(_with_cluster(one, clusters) for one in records)
    arns = {ref: arn for one in (*resources, *with_keys) for ref, arn in _arn(one)}
    keys: dict[str, Text | None] = {one.address: None for one in with_keys}
    keys |= {address: key for one in with_keys for address, key in _key(one, with_keys)}
    return Root(name, kind, found, tuple(dict.fromkeys(gaps)), arns, keys, tuple(files))


def _names(role: TerraformResource) -> list[Text]:
    return [name for a in ("name", "arn") if (name := text_of(role.attribute(a))) is not None]


def _if_made(record: Found, one: TerraformResource, roles: dict[Text, str]) -> Found:
    """A policy or attachment that may not be made, as one that isn't understood; unless its role hangs on the same."""
    if not one.unsure:
        return record
    why = Unread(one.unsure)
    match record:
        case FoundInline() | FoundManaged() if any(roles.get(r) != one.unsure for r in record.roles):
            return evolve(record, document=evolve(record.document, value=why, places=()))
        case FoundAttachment() if any(roles.get(r) != one.unsure for r in record.roles):
            return evolve(record, policy=Text((symbol(one.address, "policy_arn"),)))
        case _:
            return record


def _with_cluster(one: Found, clusters: list[tuple[tuple[Text, ...], Value]]) -> Found:
    """A service with what its cluster says of Exec, as `clusterConfiguration` beside what `create-service` takes."""
    if isinstance(one, FoundService) and is_map(one.value):
        value = one.value
        cluster = text_of(value.get("cluster"))
        for names, configuration in clusters:
            if cluster in names:
                return evolve(one, value={**value, "clusterConfiguration": configuration})
    return one


def _arn(one: TerraformResource) -> Iterable[tuple[Ref, Text]]:
    arn = arn_of_resource(one.type, one.address, one.values.get, one.home)
    if arn != Text((symbol(one.address, "arn"),)):
        yield symbol(one.address, "arn"), arn


def _key(one: TerraformResource, others: list[TerraformResource]) -> Iterable[tuple[str, Text]]:
    """The address of what has a customer key, with the key's ARN."""
    found = _KEYS[one.type](one.values)
    key = None if found is None else _key_arn(found, one.home)
    if key is None:
        return
    if one.type != "aws_s3_bucket_server_side_encryption_configuration":
        yield one.address, key
        return
    bucket = text_of(one.values.get("bucket"))
    for other in others:
        if other.type == "aws_s3_bucket" and bucket is not None and bucket == text_of(other.attribute("bucket")):
            yield other.address, key


def _key_arn(key: Value, home: Home) -> Text | None:
    """The ARN of a key that is named by its ARN or id; the alias of a key of AWS's own is none."""
    found = text_of(key)
    if found is None or not found.parts or (found.literal is not None and found.literal.startswith("alias/aws/")):
        return None
    if found.split(":", 1)[0].literal == "arn" or len(found.split(":", 5)) == 6:
        return found
    name = found.refs[0].name if len(found.parts) == 1 and found.refs else ""
    if found.literal is None and not (name.endswith(".id") and "aws_kms_key." in name):
        return found
    what = "" if (found.literal or "").startswith("alias/") else "key/"
    where = ("arn:", PARTITION, ":kms:", home.region or AWS_REGION, ":", home.account or ACCOUNT_ID, ":")
    return Text.of(*where, what, found)


def _s3_keys(values: Map) -> Value:
    for outer in blocks(values.get("server_side_encryption_configuration")):
        if found := _s3_key(outer.get("rule") if is_map(outer) else None):
            return found
    return None


def _s3_key(rules: Value) -> Value:
    for rule in blocks(rules):
        inner = rule if is_map(rule) else {}
        found = _first(inner.get("apply_server_side_encryption_by_default"), "kms_master_key_id")
        if found:
            return found
    return None


def _first(value: Value, name: str) -> Value:
    return next((b.get(name) for b in blocks(value) if is_map(b)), None)


# Types that may have a customer key, and where they say it.
_KEYS: dict[str, Callable[[Map], Value]] = {
    "aws_secretsmanager_secret": lambda v: v.get("kms_key_id"),
    "aws_efs_file_system": lambda v: v.get("kms_key_id"),
    "aws_cloudwatch_log_group": lambda v: v.get("kms_key_id"),
    "aws_ssm_parameter": lambda v: v.get("key_id"),
    "aws_sqs_queue": lambda v: v.get("kms_master_key_id"),
    "aws_sns_topic": lambda v: v.get("kms_master_key_id"),
    "aws_s3_bucket": _s3_keys,
    "aws_s3_bucket_server_side_encryption_configuration": lambda v: _s3_key(v.get("rule")),
    "aws_dynamodb_table": lambda v: _first(v.get("server_side_encryption"), "kms_key_arn"),
    "aws_ecr_repository": lambda v: _first(v.get("encryption_configuration"), "kms_key"),
}
WITH_KEYS = frozenset(_KEYS)
