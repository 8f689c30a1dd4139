"""A Root from Terraform's resources, wherever they were read: in HCL, a plan or a state."""

from collections.abc import Callable, Iterable

from attrs import evolve

from ecsiam.model.text import Ref, Text
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
from ecsiam.readers.terraform.attributes import arn as arn_of_resource
from ecsiam.readers.terraform.attributes import key_arn
from ecsiam.readers.terraform.document import blocks
from ecsiam.readers.terraform.ecs import ECS, cluster_configurations
from ecsiam.readers.terraform.types import IAM, TerraformResource, text_of
from ecsiam.readers.values import Map, unknown

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
    key = key_arn(_KEYS[one.type](one.values), one.home)
    if key is None:
        return
    key = _aliased(key, others)
    if one.type != "aws_s3_bucket_server_side_encryption_configuration":
        yield one.address, key
        return
    bucket = text_of(one.values.get("bucket"))
    for other in others:
        if other.type == "aws_s3_bucket" and bucket is not None and bucket == text_of(other.attribute("bucket")):
            yield other.address, key


def _aliased(key: Text, others: list[TerraformResource]) -> Text:
    """A key by its ARN: of an alias the key that it is one of, which may not be in sight."""
    found = key.split(":alias/", 1)
    if len(found) == 1:
        return key
    for other in others:
        if other.type == "aws_kms_alias" and text_of(other.attribute("arn")) == key:
            return key_arn(other.values.get("target_key_id"), other.home) or key
    return Text.of(found[0], ":key/", unknown(f"alias/{found[1]}"))


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
    "aws_db_instance": lambda v: v.get("master_user_secret_kms_key_id"),
    "aws_rds_cluster": lambda v: v.get("master_user_secret_kms_key_id"),
    "aws_kms_alias": lambda v: v.get("target_key_id"),
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
