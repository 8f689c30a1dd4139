"""Every partition of AWS, in every region of it: ARNs, service principals, key conditions, attachments, documents.

The regions and domains come from the endpoint data that AWS ships in botocore, in another file than ours does.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import botocore
import pytest
from hypothesis import find, settings

from ecsiam import EmitError, Holds, Stack, Undecided, build, emit, prove
from ecsiam.invariants.sent import _IAM_REGION  # pyright: ignore[reportPrivateUsage]
from ecsiam.model.arn import PARTITIONS, partition_of
from ecsiam.model.owners import owners
from ecsiam.targets import TargetName

from . import meaning
from .strategies import World, worlds
from .written import config

ENDPOINTS = json.loads((Path(botocore.__file__).parent / "data/endpoints.json").read_text(encoding="utf-8"))
DOMAINS = {p["partition"]: p["dnsSuffix"] for p in ENDPOINTS["partitions"]}
REGIONS = [(p["partition"], region) for p in ENDPOINTS["partitions"] for region in p["regions"]]
OWN, OTHER = "123456789012", "999999999999"
TARGETS: tuple[TargetName, ...] = get_args(TargetName)
ONE_EACH = [(name, next(r for p, r in REGIONS if p == name)) for name in PARTITIONS]
each_partition = pytest.mark.parametrize(("partition", "region"), ONE_EACH, ids=list(PARTITIONS))


def keys(partition: str, region: str, *, home: bool = True) -> dict[str, Any]:
    """A service that has all there is, in one region."""

    def arn(service: str, resource: str, account: str = OWN, at: str = region) -> str:
        return f"arn:{partition}:{service}:{at}:{account}:{resource}"

    return {
        **({"account_id": OWN, "aws_region": region} if home else {}),
        "ecr_repository_arns": [arn("ecr", "repository/memos"), arn("ecr", "repository/sidecar", OTHER)],
        "enable_secrets_access": True,
        "secrets_arns": [arn("secretsmanager", "secret:db-??????"), arn("ssm", "parameter/memos/a")],
        "secrets_kms_key_arns": [arn("kms", "key/01234567-89ab-cdef-0123-456789abcdef")],
        "enable_efs_access": True,
        "efs_arn": arn("elasticfilesystem", "file-system/fs-0123456789abcdef0"),
        "enable_s3_access": True,
        "s3_bucket_arns": [f"arn:{partition}:s3:::memos"],
        "enable_ecs_exec": True,
        "enable_cloudwatch_logs": True,
        "cloudwatch_log_group_arns": [arn("logs", "log-group:/memos")],
        "execution_managed_policy_arns": [
            f"arn:{partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
        ],
        "enable_github_oidc": True,
        "github_repo": "octo-org/memos",
        "github_subject_format": "classic",
        "policies": "managed",
    }


def built(partition: str, region: str, **more: Any) -> Stack:
    return build(config(**{**keys(partition, region), **more}))


def arns(stack: Stack) -> Iterator[str]:
    for text in stack.texts():
        yield from re.findall(r"arn:[^:\s]*:", str(text))
    yield from (re.findall("arn:[^:]*:", str(a))[0] for r in stack.roles.values() for a in r.managed_policy_arns)


def test_the_table_is_that_of_the_endpoints() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    assert {name: p.dns_suffix for name, p in PARTITIONS.items()} == DOMAINS
    for partition, region in REGIONS:
        assert partition_of(region) == partition
    said = {p["partition"]: p["services"].get("iam", {}).get("endpoints", {}) for p in ENDPOINTS["partitions"]}
    for partition, endpoints in said.items():
        at = {e["credentialScope"]["region"] for e in endpoints.values()}
        assert at <= {_IAM_REGION[partition]}
    assert _IAM_REGION.keys() == PARTITIONS.keys()


def test_the_strategies_draw_every_partition() -> None:
    quick = settings(max_examples=500, database=None)
    for name in PARTITIONS:

        def of_it(world: World, name: str = name) -> bool:
            return world.partition == name and all(partition_of(r) == name for r in world.regions)

        assert find(worlds(), of_it, settings=quick).account


@pytest.mark.parametrize(("partition", "region"), REGIONS, ids=[region for _, region in REGIONS])
def test_every_arn_is_of_the_regions_partition(partition: str, region: str) -> None:
    stack = built(partition, region)
    assert stack.deployment.home.partition.literal == partition
    assert set(arns(stack)) == {f"arn:{partition}:"}
    principals = {
        str(p.id) for r in stack.roles.values() for s in r.trust.statements if s.principals for p in s.principals.items
    }
    assert principals == {
        "ecs-tasks.amazonaws.com",
        f"arn:{partition}:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com",
    }


@each_partition
def test_keys_are_used_through_services_in_both_forms_where_there_are_two(partition: str, region: str) -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service"""
    policy = built(partition, region).roles["execution"].policies["execution_secrets"]
    (via,) = (c for s in policy.document.statements for c in s.conditions if c.key == "kms:ViaService")
    domains = {"amazonaws.com", DOMAINS[partition]}
    assert {str(v) for v in via.values} == {
        f"{service}.{region}.{domain}" for service in ("secretsmanager", "ssm") for domain in domains
    }


@each_partition
def test_every_target_says_it_and_what_is_open_becomes_it(partition: str, region: str) -> None:
    where = {"account_id": OWN, "aws_region": region, "partition": partition, "dns_suffix": DOMAINS[partition]}
    stack = built(partition, region)
    expected = meaning.of_stack(stack, where)
    assert meaning.of_terraform(emit(stack, "terraform"), where) == expected
    assert meaning.of_cloudformation(emit(stack, "cloudformation"), where) == expected
    assert meaning.of_iam(emit(stack, "iam")) == expected
    left = build(config(**keys(partition, region, home=False)))
    assert meaning.of_terraform(emit(left, "terraform"), where) == meaning.of_stack(left, where)
    bound = left.bind({"account_id": OWN, "aws_region": region})
    assert bound.deployment.home.partition.literal == partition
    assert meaning.of_stack(bound, where) == expected


@each_partition
def test_what_is_proved_of_one_partition_is_proved_of_all(partition: str, region: str) -> None:
    of_all = prove(built(partition, region, execution_managed_policy_arns=[]))
    for id_, answer in of_all.items():
        assert isinstance(answer, Holds), (id_, answer)
    attached = prove(built(partition, region), only=["works"])["works"]
    assert isinstance(attached, Holds | Undecided)


@each_partition
def test_owners_let_a_principal_of_the_partition_in(partition: str, region: str) -> None:
    found = {c.id: c for c in owners(built(partition, region))}
    assert found.keys() == {
        f"ecr-{region}-sidecar",
        f"kms-{region}-01234567-89ab-cdef-0123-456789abcdef",
    }
    for companion in found.values():
        for statement in companion.policy.statements:
            assert statement.principals is not None
            ids = [str(p.id) for p in statement.principals.items]
            assert ids == [f"arn:{partition}:iam::{OWN}:role/memos-dev-execution-role"]


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_of_another_partition_is_refused(target: TargetName) -> None:
    stack = built("aws-iso-f", "us-isof-south-1")
    moved = Stack.from_dict(json.loads(json.dumps(stack.to_dict()).replace("arn:aws-iso-f:ecr", "arn:aws:ecr")))
    with pytest.raises(EmitError, match="partition"):
        emit(moved, target)
