"""enable_instance_role, enable_managed_instances_instance_role: the EC2 instances that tasks run on.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.errors import Fault
from ecsiam.features.assumed import AssumedBy, OtherKey, ec2
from ecsiam.features.derived import each, instances_of, tasks_of
from ecsiam.features.feature import Feature, Part, RoleKind
from ecsiam.features.project import Project, ProjectKeys, allow
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import resources
from ecsiam.model import arn_forms
from ecsiam.model.condition import Condition
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement

_FLAG = "enable_instance_role"
MANAGED_FLAG = "enable_managed_instances_instance_role"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html"
_MANAGED_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-instance-profile.html"
# AWS's policy for the infrastructure role passes these alone, on no path.
BY_AWS = "ecsInstanceRole"
_FIND = ("ecs:DiscoverPollEndpoint",)
_JOIN = (
    "ecs:RegisterContainerInstance",
    "ecs:SubmitAttachmentStateChanges",
    "ecs:SubmitContainerStateChange",
    "ecs:SubmitTaskStateChange",
)
_WORK = ("ecs:Poll", "ecs:StartTelemetrySession")
_DRAIN = ("ecs:UpdateContainerInstancesState",)
_TAG = ("ecs:TagResource",)
_SHOW = ("ecs:ListTagsForResource",)
_READ = ("ec2:DescribeTags",)


class InstanceKeys(ProjectKeys):
    """The EC2 instances that tasks run on."""

    heading = "Other roles of ECS: instances"

    enable_instance_role: Annotated[
        bool | Parameter,
        OtherKey(
            "A role for the EC2 instances of a cluster (container instances), with an instance profile.",
            Flag(),
            ("instance",),
        ),
    ] = False
    instance_cluster_arns: Annotated[
        Sequence[str],
        OtherKey(
            "The clusters that the instances join. Then the role has only what their agent needs there, in the place "
            "of AWS's policy: it pulls no image and writes no log, which is for the execution role.",
            ListOf(OfForm(arn_forms.CLUSTER_ARN)),
            ("instance",),
            default="AWS's policy, for every cluster, with a note",
            flag=_FLAG,
            same_account=True,
            closed=True,
        ),
    ] = ()
    instance_draining: Annotated[
        bool,
        OtherKey(
            "With `instance_cluster_arns`: Spot instances drain themselves (`ECS_ENABLE_SPOT_INSTANCE_DRAINING`).",
            Flag(),
            ("instance",),
            flag=_FLAG,
            closed=True,
            beside=("instance_cluster_arns",),
        ),
    ] = False
    instance_tags: Annotated[
        bool,
        OtherKey(
            "With `instance_cluster_arns`: the agent tags the instances that it registers, with EC2's tags too, and "
            "the task metadata endpoint shows tags.",
            Flag(),
            ("instance",),
            flag=_FLAG,
            closed=True,
            beside=("instance_cluster_arns",),
        ),
    ] = False
    enable_managed_instances_instance_role: Annotated[
        bool | Parameter,
        OtherKey(
            "A role for the instances of ECS Managed Instances, with an instance profile. Its name begins with "
            "`ecsInstanceRole`, which AWS's policy for the infrastructure role asks for.",
            Flag(),
            ("managed_instances_instance",),
        ),
    ] = False

    @check("enable_instance_role", "enable_managed_instances_instance_role", "partition", "aws_region", "aws_regions")
    def _ec2(self) -> Iterator[Fault]:
        """EC2's name differs between partitions, and its trust is the one that can't be said for all of them."""
        for flag in (_FLAG, MANAGED_FLAG):
            if getattr(self, flag) and self.home.partition.literal is None:
                yield Fault(
                    f"`{flag}` is on, and the partition is not known: EC2 is called otherwise in some",
                    (flag,),
                    "Write `partition: aws`, or the region.",
                )


def _ours(keys: InstanceKeys) -> bool:
    return bool(keys.instance_cluster_arns)


def _statements(keys: InstanceKeys, _: Project) -> Iterator[Statement]:
    """What the agent asks for in the clusters that are named."""
    if not _ours(keys):
        return
    clusters = keys.instance_cluster_arns
    instances = each(instances_of, clusters)
    yield allow(_FIND, "*", _origin("find ECS; the action supports no narrower resource"))
    yield allow(_JOIN, resources(clusters), _origin("join the cluster, and say how its tasks are"))
    yield allow(_WORK, instances, _origin("learn what to run, and send metrics"))
    if keys.instance_draining:
        yield allow(_DRAIN, instances, _origin("drain itself when EC2 takes a Spot instance back"))
    if keys.instance_tags:
        registering = Condition("StringEquals", "ecs:CreateAction", "RegisterContainerInstance")
        yield allow(_READ, "*", _origin("read the instance's own tags; the action supports no narrower resource"))
        yield allow(_TAG, instances, _origin("tag the instance while it registers"), registering)
        yield allow(_SHOW, (*instances, *each(tasks_of, clusters)), _origin("show tags to the tasks"))


def _origin(reason: str) -> Origin:
    return Origin("instance", reason, _PAGE, _FLAG)


def _parts(keys: InstanceKeys, project: Project) -> Iterator[Part]:
    if not _ours(keys):
        yield Note(
            "instance-any-cluster",
            "by AWS's policy the instances may join every cluster, pull every image that ECR gives them and write "
            "every log group of the account",
            ("enable_instance_role",),
            "List the clusters in `instance_cluster_arns`: the role then has a policy of its own.",
            _PAGE,
        )
    yield from _statements(keys, project)


_BY_EC2 = AssumedBy[InstanceKeys](ec2, "EC2 hands the role to the instance", _PAGE, _FLAG)
_BY_EC2_MANAGED = AssumedBy[InstanceKeys](ec2, "EC2 hands the role to the instance", _MANAGED_PAGE, MANAGED_FLAG)

FEATURES: tuple[Feature[InstanceKeys], ...] = (
    Feature(
        "instance",
        "instance",
        _FLAG,
        InstanceKeys,
        _parts,
        (*_FIND, *_JOIN, *_WORK, *_DRAIN, *_READ, *_TAG, *_SHOW),
        _statements,
    ),
)
ROLES: tuple[RoleKind[InstanceKeys], ...] = (
    RoleKind(
        "instance",
        "instance-role",
        "ECS container instance",
        trust=_BY_EC2.trust,
        meant=_BY_EC2.meant,
        needs=_BY_EC2.meant,
        flag=_FLAG,
        output="instance_role",
        attributes=("arn", "name", "profile_arn", "profile_name"),
        aside=True,
        aws="service-role/AmazonEC2ContainerServiceforEC2Role",
        ours=_ours,
        passed_to=ec2,
        profile=True,
        ways=("ecs:Poll", "ecs:RegisterContainerInstance"),
        page=_PAGE,
        why="tasks run on EC2 instances of your own",
    ),
    RoleKind(
        "managed_instances_instance",
        "",
        "ECS Managed Instances instance",
        trust=_BY_EC2_MANAGED.trust,
        meant=_BY_EC2_MANAGED.meant,
        needs=_BY_EC2_MANAGED.meant,
        flag=MANAGED_FLAG,
        output="managed_instances_instance_role",
        attributes=("arn", "name", "profile_arn", "profile_name"),
        aside=True,
        before=f"{BY_AWS}-",
        aws="AmazonECSInstanceRolePolicyForManagedInstances",
        passed_to=ec2,
        profile=True,
        page=_MANAGED_PAGE,
        why="tasks run on ECS Managed Instances",
    ),
)
