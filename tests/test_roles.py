"""The other roles of ECS: who assumes each, with which policy of AWS or of ours, and what the proofs say of them.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-ecs-iam-role-overview.html
"""

import json
from typing import Any

import pytest
from attrs import evolve

from ecsiam import Config, ConfigError, Fails, Holds, Stack, Undecided, build, emit
from ecsiam.features.deployer import DEPLOYERS
from ecsiam.features.table import ASIDE, POLICIES, ROLES
from ecsiam.invariants import prove
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.document import policy_to_data
from ecsiam.model.globs import overlap
from ecsiam.model.text import text
from ecsiam.reference.actions import action, evaluated_on
from ecsiam.reference.managed import managed_policy

from .cases import stack_of

Json = Any
ACCOUNT = "111122223333"
IN = f"eu-west-1:{ACCOUNT}"
CLUSTER = f"arn:aws:ecs:{IN}:cluster/main"
SERVICE = f"arn:aws:ecs:{IN}:service/main/api"
LISTENER = f"arn:aws:elasticloadbalancing:{IN}:listener/app/web/0123456789abcdef/0123456789abcdef"
RULE = f"arn:aws:elasticloadbalancing:{IN}:listener-rule/app/web/0123456789abcdef/0123456789abcdef/0123456789abcdef"
GROUP = f"arn:aws:elasticloadbalancing:{IN}:targetgroup/blue/0123456789abcdef"
CHECK = f"arn:aws:lambda:{IN}:function:check"
KEY = f"arn:aws:kms:{IN}:key/01234567-89ab-cdef-0123-456789abcdef"
EC2, ECS = "ec2.amazonaws.com", "ecs.amazonaws.com"
# Who assumes each role, and AWS's policy for it.
ROWS: dict[str, tuple[str, str]] = {
    "instance": (EC2, "service-role/AmazonEC2ContainerServiceforEC2Role"),
    "managed_instances_instance": (EC2, "AmazonECSInstanceRolePolicyForManagedInstances"),
    "events": ("events.amazonaws.com", ""),
    "scheduler": ("scheduler.amazonaws.com", ""),
    "codedeploy": ("codedeploy.amazonaws.com", "AWSCodeDeployRoleForECS"),
    "ebs_volumes": (ECS, "service-role/AmazonECSInfrastructureRolePolicyForVolumes"),
    "load_balancers": (ECS, "AmazonECSInfrastructureRolePolicyForLoadBalancers"),
    "lifecycle_hook": (ECS, ""),
    "service_connect_tls": (
        ECS,
        "service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity",
    ),
    "vpc_lattice": (ECS, "AmazonECSInfrastructureRolePolicyForVpcLattice"),
    "managed_instances": (ECS, "AmazonECSInfrastructureRolePolicyForManagedInstances"),
    "express": (ECS, "service-role/AmazonECSInfrastructureRoleforExpressGatewayServices"),
    "gateways": (ECS, "AmazonECSInfrastructureRoleForGatewayHostSharedALB"),
}
# What some flags can't do without.
NEEDED: dict[str, Json] = {
    "events": {"events_families": ["api"], "events_cluster_arns": [CLUSTER]},
    "scheduler": {"scheduler_families": ["api"], "scheduler_cluster_arns": [CLUSTER]},
    "lifecycle_hook": {"lifecycle_hook_arns": [CHECK]},
}
# Each with all that a policy of ours can hold.
OURS: dict[str, Json] = {
    "instance": {"instance_cluster_arns": [CLUSTER], "instance_draining": True, "instance_tags": True},
    "events": {**NEEDED["events"], "events_rules": ["nightly"], "events_tag_tasks": True},
    "scheduler": {
        **NEEDED["scheduler"],
        "scheduler_groups": ["memos"],
        "scheduler_tag_tasks": True,
        "scheduler_dead_letter_queue_arns": [f"arn:aws:sqs:{IN}:failed"],
    },
    "codedeploy": {
        "codedeploy_service_arns": [SERVICE],
        "codedeploy_listener_arns": [LISTENER, RULE],
        "codedeploy_hook_arns": [CHECK],
        "codedeploy_alarm_arns": [f"arn:aws:cloudwatch:{IN}:alarm:api"],
        "codedeploy_topic_arns": [f"arn:aws:sns:{IN}:told"],
        "codedeploy_revision_arns": ["arn:aws:s3:::specs", "arn:aws:s3:::others/api/*"],
    },
    "ebs_volumes": {"ebs_volumes_kms_key_arns": [KEY]},
    "load_balancers": {"load_balancers_arns": [LISTENER, RULE, GROUP]},
    "lifecycle_hook": {"lifecycle_hook_arns": [CHECK, f"{CHECK}:live"]},
    "service_connect_tls": {"service_connect_tls_kms_key_arns": [KEY]},
}


def config(*roles: str, **more: Any) -> Config:
    home: Json = {"project_name": "api", "environment": "dev", "account_id": ACCOUNT, "aws_region": "eu-west-1"}
    for role in roles:
        home |= {f"enable_{role}_role": True, **NEEDED.get(role, {})}
    return Config(**home | more)


def ours(role: str) -> Stack:
    return build(config(role, **OURS[role]))


def statements(stack: Stack, role: str) -> list[Json]:
    found: list[Json] = []
    for policy in stack.roles[role].policies.values():
        found += json.loads(json.dumps(policy_to_data(policy.document, str)))["Statement"]
    return found


def trust(stack: Stack, role: str) -> Json:
    (statement,) = json.loads(json.dumps(policy_to_data(stack.roles[role].trust, str)))["Statement"]
    return statement


def allow(actions: list[str], resources: list[str], **conditions: Json) -> Json:
    found = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**found, "Condition": conditions} if conditions else found


# ---------------------------------------------------------------- rows


def test_the_rows_are_all_there_are() -> None:
    """Beside other roles that deploy, which stand aside too."""
    assert [*ROWS] == [kind.id for kind in ROLES.values() if kind.aside and kind.id not in DEPLOYERS.values()]
    assert {f"enable_{role}_role" for role in ROWS} == ASIDE - DEPLOYERS.keys()


@pytest.mark.parametrize("role", ROWS)
def test_each_role_has_its_principal_and_the_policy_of_aws_by_its_exact_arn(role: str) -> None:
    principal, policy = ROWS[role]
    stack = build(config(role))
    assert trust(stack, role)["Principal"] == {"Service": [principal]}
    assert trust(stack, role)["Action"] == ["sts:AssumeRole"]
    attached = [f"arn:aws:iam::aws:policy/{policy}"] if policy else []
    assert [*map(str, stack.roles[role].managed_policy_arns)] == attached
    assert all(managed_policy(arn) for arn in attached), "ecsiam has its text"
    assert stack.roles[role].profile is (principal == EC2)
    assert list(stack.roles) == ["execution", "task", role]


@pytest.mark.parametrize("role", ROWS)
def test_a_policy_of_aws_is_of_the_roles_own_partition(role: str) -> None:
    stack = build(config(role, **_in_china(NEEDED.get(role, {})), aws_region="cn-north-1"))
    assert all(str(arn).startswith("arn:aws-cn:iam::aws:") for arn in stack.roles[role].managed_policy_arns)


def _in_china(values: Json) -> Json:
    moved = json.dumps(values).replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1")
    return json.loads(moved)


@pytest.mark.parametrize("partition", PARTITIONS)
def test_ec2_is_called_as_its_partition_calls_it(partition: str) -> None:
    """Both names in China; in the isolated partitions the only one that is on record."""
    own = f"ec2.{PARTITIONS[partition].dns_suffix}"
    names = {"aws-cn": [EC2, own]}.get(partition, [own] if partition.startswith("aws-iso") else [EC2])
    stack = build(config("instance", aws_region=None, partition=partition))
    assert trust(stack, "instance")["Principal"] == {"Service": names}


@pytest.mark.parametrize("role", ["instance", "managed_instances_instance"])
def test_a_partition_that_is_open_leaves_open_what_ec2_is_called(role: str) -> None:
    with pytest.raises(ConfigError, match="the partition is not known"):
        config(role, aws_region=None)


SOURCES: dict[str, tuple[str, Json, str]] = {
    "events": ("events", {}, "rule/*"),
    "scheduler": ("scheduler", {}, "schedule-group/*"),
    "events named": ("events", {"events_rules": ["nightly"]}, "rule/nightly"),
    "events on a bus": ("events", {"events_rules": ["orders/shipped"]}, "rule/orders/shipped"),
    "scheduler named": ("scheduler", {"scheduler_groups": ["memos"]}, "schedule-group/memos"),
}


@pytest.mark.parametrize("case", SOURCES)
def test_eventbridge_comes_for_this_account_and_for_what_is_named(case: str) -> None:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html"""
    role, keys, resource = SOURCES[case]
    assert trust(build(config(role, **keys)), role)["Condition"] == {
        "StringEquals": {"aws:SourceAccount": [ACCOUNT]},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:{role}:{IN}:{resource}"]},
    }


@pytest.mark.parametrize("role", ROWS)
def test_the_other_trusts_have_conditions_only_where_they_are_asked_for(role: str) -> None:
    """AWS documents none: for ECS they are opted in, and whether it sends them is not known."""
    of_ecs = ROWS[role][0] == ECS
    plain, asked = (build(config(role, infrastructure_confused_deputy=on)) for on in (False, True))
    if role not in ("events", "scheduler"):
        assert "Condition" not in trust(plain, role)
    assert (trust(asked, role) != trust(plain, role)) is of_ecs
    if of_ecs:
        assert trust(asked, role)["Condition"]["ArnLike"] == {"aws:SourceArn": [f"arn:aws:ecs:{IN}:*"]}
        answer = prove(asked, only="works")["works"]
        assert isinstance(answer, Undecided)
        assert "no page of AWS" in answer.reason


# ---------------------------------------------------------------- policies of ours


@pytest.mark.parametrize("role", OURS)
def test_each_action_applies_to_each_of_its_resources(role: str) -> None:
    """As the service reference has them: none is granted where AWS never asks for it."""
    found = statements(ours(role), role)
    assert found
    for statement in found:
        for name in statement["Action"]:
            known = action(name)
            assert known is not None, name
            forms = evaluated_on(known)
            for resource in statement["Resource"]:
                assert any(form == resource or overlap(form, resource, fields=5) for form in forms), (name, resource)


def test_the_instances_minimum_is_that_of_aws() -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html"""
    stack = build(config("instance", instance_cluster_arns=[CLUSTER]))
    submit = ["ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange"]
    assert statements(stack, "instance") == [
        allow(["ecs:DiscoverPollEndpoint"], ["*"]),
        allow(["ecs:RegisterContainerInstance", *submit], [CLUSTER]),
        allow(["ecs:Poll", "ecs:StartTelemetrySession"], [f"arn:aws:ecs:{IN}:container-instance/main/*"]),
    ]
    assert not stack.roles["instance"].managed_policy_arns


def test_a_schedule_runs_its_families_in_its_clusters_and_passes_the_two_roles() -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/tasks-scheduled-eventbridge-scheduler.html"""
    roles = [f"arn:aws:iam::{ACCOUNT}:role/api-dev-{which}-role" for which in ("execution", "task")]
    to_tasks = {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}
    run = allow(["ecs:RunTask"], [f"arn:aws:ecs:{IN}:task-definition/api:*"], ArnEquals={"ecs:cluster": [CLUSTER]})
    for role in ("events", "scheduler"):
        assert statements(build(config(role)), role) == [run, allow(["iam:PassRole"], roles, StringEquals=to_tasks)]


def test_a_hook_is_called_by_its_name_and_by_its_versions() -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-permissions.html"""
    hooks = [CHECK, f"{CHECK}:*"]
    assert statements(build(config("lifecycle_hook")), "lifecycle_hook") == [allow(["lambda:InvokeFunction"], hooks)]
    one = build(config("lifecycle_hook", lifecycle_hook_arns=[f"{CHECK}:live"]))
    assert statements(one, "lifecycle_hook") == [allow(["lambda:InvokeFunction"], [f"{CHECK}:live"])]


def test_codedeploy_gets_what_it_switches_and_nothing_of_aws_policy() -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/codedeploy_IAM_role.html"""
    stack = ours("codedeploy")
    by_action = {a: s for s in statements(stack, "codedeploy") for a in s["Action"]}
    assert by_action["ecs:CreateTaskSet"]["Resource"] == [f"arn:aws:ecs:{IN}:task-set/main/api/*"]
    assert by_action["ecs:UpdateServicePrimaryTaskSet"]["Resource"] == [SERVICE]
    assert by_action["elasticloadbalancing:ModifyListener"]["Resource"] == [LISTENER]
    assert by_action["elasticloadbalancing:ModifyRule"]["Resource"] == [RULE]
    assert by_action["s3:GetObject"]["Resource"] == ["arn:aws:s3:::others/api/*", "arn:aws:s3:::specs/*"]
    assert by_action["iam:PassRole"]["Condition"] == {
        "StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}
    }
    assert not stack.roles["codedeploy"].managed_policy_arns


def test_keys_of_volumes_are_used_through_ec2_alone() -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ebs-kms-encryption.html"""
    stack = ours("ebs_volumes")
    through = {"kms:CallerAccount": [ACCOUNT], "kms:ViaService": ["ec2.eu-west-1.amazonaws.com"]}
    *_, grant = statements(stack, "ebs_volumes")
    assert grant == allow(
        ["kms:CreateGrant"], [KEY], Bool={"kms:GrantIsForAWSResource": ["true"]}, StringEquals=through
    )
    assert stack.roles["ebs_volumes"].managed_policy_arns, "AWS's policy has nothing of KMS, and stays"


REFUSED: dict[str, tuple[Json, str]] = {
    "no families": ({"enable_events_role": True, "events_cluster_arns": [CLUSTER]}, "events_families"),
    "no clusters": ({"enable_scheduler_role": True, "scheduler_families": ["a"]}, "scheduler_cluster_arns"),
    "no function": ({"enable_lifecycle_hook_role": True}, "lifecycle_hook_arns"),
    "no listener": (
        {"enable_codedeploy_role": True, "codedeploy_service_arns": [SERVICE]},
        "codedeploy_listener_arns",
    ),
    "a target group": (
        {"enable_codedeploy_role": True, "codedeploy_service_arns": [SERVICE], "codedeploy_listener_arns": [GROUP]},
        "is a target group",
    ),
    "a schedule": ({**NEEDED["scheduler"], "scheduler_groups": ["memos/nightly"]}, "never a schedule"),
    "a load balancer": (
        {"load_balancers_arns": [LISTENER.replace("listener/app", "loadbalancer/app").rpartition("/")[0]]},
        "is a load balancer",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_role_can_do_with_is_refused(case: str) -> None:
    keys, words = REFUSED[case]
    with pytest.raises(ConfigError, match=words):
        config(**keys)


# ---------------------------------------------------------------- the name of the instances' role

NAMES: dict[str, tuple[Json, bool]] = {
    "as it is": ({}, True),
    "another that begins so": ({"role_names": {"managed_instances_instance": "ecsInstanceRoleOfApi"}}, True),
    "another": ({"role_names": {"managed_instances_instance": "appInstanceRole"}}, False),
    "a path": ({"path": "/team/"}, False),
}


@pytest.mark.parametrize("case", NAMES)
def test_aws_passes_the_instances_role_by_its_name_alone(case: str) -> None:
    """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instances-instance-profile.html"""
    keys, by_aws = NAMES[case]
    if by_aws:
        assert str(build(config("managed_instances_instance", **keys)).roles["managed_instances_instance"].name)
    else:
        with pytest.raises(ConfigError, match="ecsInstanceRole"):
            config("managed_instances_instance", **keys)
    both = build(config("managed_instances_instance", "managed_instances", **keys))
    passing = statements(both, "managed_instances")
    assert bool(passing) is not by_aws
    arn = both.roles["managed_instances_instance"].arn(text("aws"), text(ACCOUNT))
    assert [s["Resource"] for s in passing] == [[str(arn)]] * (not by_aws)
    assert isinstance(prove(both, only="pass-role")["pass-role"], Holds)


# ---------------------------------------------------------------- proofs


@pytest.mark.parametrize("role", ROWS)
def test_everything_holds_of_each_role(role: str) -> None:
    """With AWS's policy that is so as it was configured: the answer says it."""
    for stack in (build(config(role)), *([ours(role)] if role in OURS else [])):
        answers = prove(stack)
        failing = {id for id, answer in answers.items() if isinstance(answer, Fails)}
        unnarrowed = role == "codedeploy" and bool(stack.roles[role].managed_policy_arns)
        assert failing == ({"pass-role"} if unnarrowed else set())
        of_aws = [a for a in answers["home"].assumed if "as AWS has it" in a]
        assert len(of_aws) == len(stack.roles[role].managed_policy_arns)


@pytest.mark.parametrize("case", ["roles", "roles-of-aws"])
def test_everything_holds_of_the_cases(case: str) -> None:
    answers = prove(stack_of(case))
    assert {id for id, a in answers.items() if not isinstance(a, Holds)} == set()


def test_what_aws_policy_passes_elsewhere_is_not_known() -> None:
    """Nobody here has read its text in another partition: what the role may pass is open, and only that."""
    answers = prove(build(config("codedeploy", aws_region="cn-north-1")))
    assert {id for id, a in answers.items() if not isinstance(a, Holds)} == {"pass-role"}
    assert isinstance(answers["pass-role"], Undecided)


def passed(role: str, service: str) -> dict[str, Any]:
    """What `prove` says of a pipeline that passes a role to a service."""
    statement = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": f"arn:aws:iam::{ACCOUNT}:role/{build(config(role)).roles[role].name}",
        "Condition": {"StringEquals": {"iam:PassedToService": service}},
    }
    return prove(build(config(role, **DEPLOYS, github_actions_statements=[statement])), only="pass-role")


@pytest.mark.parametrize("role", ROWS)
def test_a_role_may_be_passed_to_the_service_that_assumes_it(role: str) -> None:
    own = ROWS[role][0]
    assert isinstance(passed(role, own)["pass-role"], Fails if role == "codedeploy" else Holds)
    for other in {"ecs-tasks.amazonaws.com", "lambda.amazonaws.com", EC2, ECS} - {own}:
        answer = passed(role, other)["pass-role"]
        assert isinstance(answer, Fails), other


@pytest.mark.parametrize("role", ROWS)
def test_who_assumes_it_is_no_other_service(role: str) -> None:
    stack = build(config(role))
    other = stack.roles["task" if ROWS[role][0] != "ecs-tasks.amazonaws.com" else "github_actions"].trust
    odd = evolve(stack, roles=[evolve(r, trust=other) if r.id == role else r for r in stack.roles.values()])
    assert isinstance(prove(odd, only="trust")["trust"], Fails)


def test_a_way_up_that_the_instances_are_not_there_for_is_one() -> None:
    """Joining the clusters that are named is what the role is for; the same elsewhere in the stack is not."""
    assert isinstance(prove(ours("instance"), only="no-escalation")["no-escalation"], Holds)
    statement = {"Effect": "Allow", "Action": "ecs:RegisterContainerInstance", "Resource": CLUSTER}
    stack = build(config("instance", **OURS["instance"], task_statements=[statement]))
    assert isinstance(prove(stack, only="no-escalation")["no-escalation"], Fails)
    elsewhere = build(config("instance", instance_cluster_arns=[CLUSTER.replace("main", "other")])).roles["instance"]
    stack = ours("instance")
    moved = evolve(stack, roles=[elsewhere if r.id == "instance" else r for r in stack.roles.values()])
    assert isinstance(prove(moved, only="no-escalation")["no-escalation"], Fails)


def test_a_role_that_is_there_though_its_flag_is_off_fails() -> None:
    stack = build(config("events"))
    off = tuple((flag, on) for flag, on in stack.intent.flags if flag != "enable_events_role")
    without = evolve(stack, intent=evolve(stack.intent, flags=off))
    assert isinstance(prove(without, only="flags")["flags"], Fails)


DEPLOYS: Json = {"enable_github_oidc": True, "github_repo": "octo-org/api", "github_subject_format": "classic"}


@pytest.mark.parametrize("deployer", DEPLOYERS.values())
def test_every_pipeline_has_them_to_pass(deployer: str) -> None:
    assert f"{deployer}_pass" in POLICIES


@pytest.mark.parametrize("role", ROWS)
def test_a_pipeline_passes_what_the_services_definition_names(role: str) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"""
    stack = build(config(role, **DEPLOYS))
    arn = f"arn:aws:iam::{ACCOUNT}:role/{stack.roles[role].name}"
    passing = [s for s in statements(stack, "github_actions") if arn in s["Resource"]]
    named = role in ("ebs_volumes", "load_balancers", "lifecycle_hook", "service_connect_tls", "vpc_lattice")
    to_ecs = {"iam:PassedToService": ["ecs.amazonaws.com"]}
    assert passing == ([allow(["iam:PassRole"], [arn], StringEquals=to_ecs)] if named else [])
    answers = prove(stack)
    assert {id for id, a in answers.items() if isinstance(a, Fails)} <= (
        {"pass-role"} if role == "codedeploy" else set()
    )


# ---------------------------------------------------------------- targets


def test_a_flag_can_be_left_to_deployment() -> None:
    """As the deploy role's: a count in Terraform, a Condition in CloudFormation; without it no role and no profile."""
    stack = build(config("instance", enable_instance_role={"parameter": "with_instances", "default": False}))
    resources = json.loads(emit(stack, "terraform").files["main.tf.json"])["resource"]
    on = "${var.with_instances ? 1 : 0}"
    assert resources["aws_iam_role"]["instance"]["count"] == on
    assert resources["aws_iam_instance_profile"]["instance"]["count"] == on
    assert resources["aws_iam_instance_profile"]["instance"]["role"] == "${aws_iam_role.instance[0].name}"
    assert resources["aws_iam_role_policy_attachment"]["instance"]["for_each"] == (
        "${toset([for arn in local.instance_managed_policy_arns : arn if var.with_instances])}"
    )
    template = json.loads(str(emit(stack, "cloudformation")))
    for id_ in ("InstanceRole", "InstanceProfile"):
        assert template["Resources"][id_]["Condition"] == "WithInstancesIsOn"
    assert template["Outputs"]["InstanceProfileArn"]["Condition"] == "WithInstancesIsOn"
    off = stack.bind({"with_instances": False})
    assert list(off.roles) == ["execution", "task"]
    files = emit(off, "iam").files
    assert not [path for path in files if "instance" in path]
    assert "create-instance-profile.json" in " ".join(emit(stack.bind({"with_instances": True}), "iam").files)


@pytest.mark.parametrize("role", ROWS)
def test_a_stack_of_them_is_data_and_back(role: str) -> None:
    stack = build(config(role))
    again = Stack.from_dict(json.loads(json.dumps(stack.to_dict())))
    assert again == stack
    assert again.roles[role].profile is stack.roles[role].profile


def test_nothing_speaks_of_roles_that_are_off() -> None:
    """Neither names, nor outputs, nor the flags: a service that has three roles reads of three."""
    stack = build(config())
    said = str(emit(stack, "terraform")) + str(emit(stack, "cloudformation")) + str(emit(stack, "iam"))
    words = {o.name for o in build(config(*ROWS)).outputs} - {o.name for o in stack.outputs}
    assert len(words) == 2 * len(ROWS) + 4
    assert not [word for word in (*words, *ASIDE) if word in said]
