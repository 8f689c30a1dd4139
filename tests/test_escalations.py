"""Which roles can come to more than they were given: ways up and near misses, what is assumed, and the list itself.

`benchmarks/catalogues.json` has the ways up of public catalogues, `ecsiam/reference/reviewed.py` the rule by which the
list is made again.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ecsiam import Fails, Holds, Parameter, Request, Stack
from ecsiam.invariants import INVARIANTS
from ecsiam.model.condition import Block
from ecsiam.reference.actions import action, matching
from ecsiam.reference.escalations import ESCALATIONS, UNLESS
from ecsiam.reference.reviewed import RULE, candidates, escalating, reviewed

from .replayed import put_to_the_test, shown
from .test_invariants import ACCOUNT, CLASSIC, DEPLOYS, IN, OWN, PUSHES, ROLE, TO_TASKS, built, denied, granted

ROOT = Path(__file__).resolve().parents[1]
CATALOGUES: list[dict[str, Any]] = json.loads((ROOT / "benchmarks" / "catalogues.json").read_text(encoding="utf-8"))
REPOSITORY = f"arn:aws:ecr:{IN}:repository/memos"
POLICY = "arn:aws:iam::aws:policy"
TASK_DEPLOYS = DEPLOYS.replace("deploy role", "task role")


def with_task(*statements: dict[str, Any], **keys: Any) -> Stack:
    return built(task_statements=list(statements), **keys)


def asked(stack: Stack) -> Fails | Holds:
    answer = INVARIANTS["no-escalation"].ask(stack)
    assert isinstance(answer, Fails | Holds), answer
    if isinstance(answer, Fails):
        put_to_the_test(stack, "no-escalation", answer)
    return answer


def climbs(*actions: str, resource: str = "*", when: Block | None = None) -> bool:
    """Whether a task role with these, and nothing else, can come to more; the witness names one of them."""
    answer = asked(with_task(granted(list(actions), resource, when)))
    if isinstance(answer, Fails):
        asks = {one.witness.action.lower() for one in shown(answer) if one.witness is not None}
        assert asks <= {a.lower() for a in actions} or any(set("*?").intersection(a) for a in actions)
    return isinstance(answer, Fails)


# ---------------------------------------------------------------- ECS, action by action

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"
ECS: list[tuple[str, bool, str]] = [
    # These name roles, so they reach what may be passed.
    ("ecs:RunTask", False, "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"),
    ("ecs:StartTask", False, f"{_API}/API_StartTask.html"),
    ("ecs:RegisterTaskDefinition", False, f"{_API}/API_RegisterTaskDefinition.html"),
    ("ecs:CreateService", False, f"{_API}/API_CreateService.html"),
    ("ecs:UpdateService", False, f"{_API}/API_UpdateService.html"),
    ("ecs:CreateTaskSet", False, f"{_API}/API_CreateTaskSet.html"),
    ("ecs:CreateExpressGatewayService", False, f"{_API}/API_CreateExpressGatewayService.html"),
    # A shell in a task has the task's credentials.
    ("ecs:ExecuteCommand", True, f"{_ECS}/ecs-exec.html"),
    # What an agent is sent, and what runs on every host beside other tasks.
    ("ecs:Poll", True, f"{_ECS}/ec2-security-considerations.html"),
    ("ecs:DiscoverPollEndpoint", False, f"{_API}/API_DiscoverPollEndpoint.html"),
    ("ecs:SubmitTaskStateChange", False, f"{_API}/API_SubmitTaskStateChange.html"),
    ("ecs:SubmitContainerStateChange", False, f"{_API}/API_SubmitContainerStateChange.html"),
    ("ecs:StartTelemetrySession", False, f"{_ECS}/instance_IAM_role.html"),
    ("ecs:RegisterContainerInstance", True, f"{_API}/API_RegisterContainerInstance.html"),
    ("ecs:CreateDaemon", True, f"{_API}/API_CreateDaemon.html"),
    ("ecs:UpdateDaemon", True, f"{_API}/API_UpdateDaemon.html"),
    ("ecs:RegisterDaemonTaskDefinition", True, f"{_API}/API_RegisterDaemonTaskDefinition.html"),
    ("ecs:DescribeDaemon", False, f"{_API}/API_DescribeDaemon.html"),
    ("ecs:DescribeTasks", False, f"{_API}/API_DescribeTasks.html"),
    ("ecs:UpdateTaskProtection", False, f"{_API}/API_UpdateTaskProtection.html"),
    ("ecs:*", True, f"{_ECS}/ecs-exec.html"),
]


@pytest.mark.parametrize(("name", "up", "page"), ECS, ids=[name for name, _, _ in ECS])
def test_what_an_ecs_action_reaches_without_passing_a_role(name: str, up: bool, page: str) -> None:
    assert climbs(name) == up, page


def test_a_shell_is_a_way_up_whatever_narrows_it() -> None:
    """The roles of the tasks that may be entered are in no policy: their cluster, tags and containers say nothing."""
    task = f"arn:aws:ecs:{IN}:task/main/*"
    assert climbs("ecs:ExecuteCommand", resource=task)
    assert climbs("ecs:ExecuteCommand", resource=task, when={"StringEquals": {"ecs:container-name": "app"}})
    assert not climbs("ecs:ExecuteCommand", resource=f"arn:aws:ecs:{IN}:service/main/memos")


def test_running_a_task_reaches_what_may_be_passed_which_another_invariant_judges() -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"""
    runs = granted(["ecs:RunTask", "ecs:StartTask"], "*")
    own = with_task(runs, granted("iam:PassRole", OWN, TO_TASKS))
    assert asked(own).assumed == (TASK_DEPLOYS,)
    assert isinstance(INVARIANTS["pass-role"].ask(own), Holds)
    beyond = with_task(runs, granted("iam:PassRole", f"{ROLE}/admin", TO_TASKS))
    assert isinstance(INVARIANTS["pass-role"].ask(beyond), Fails)


# ---------------------------------------------------------------- every group, and what is beside it

EACH: dict[str, tuple[list[str], list[str]]] = {
    "policies": (["iam:PutRolePolicy", "iam:CreatePolicyVersion"], ["iam:GetRolePolicy", "iam:ListPolicyVersions"]),
    "limits": (
        ["iam:DeleteRolePermissionsBoundary", "organizations:AttachPolicy"],
        ["iam:GetRole", "organizations:DescribePolicy"],
    ),
    "trust": (["iam:UpdateAssumeRolePolicy"], ["iam:GetRole"]),
    "identities": (["iam:CreateRole", "iam:CreateUser"], ["iam:ListRoles", "iam:GetUser"]),
    "credentials": (["iam:CreateAccessKey", "iam:UpdateLoginProfile"], ["iam:ListAccessKeys", "iam:GetLoginProfile"]),
    "providers": (
        ["iam:CreateOpenIDConnectProvider", "sso:CreateTrustedTokenIssuer"],
        ["iam:GetOpenIDConnectProvider", "sso:DeleteTrustedTokenIssuer"],
    ),
    "tags": (["iam:TagRole", "rolesanywhere:PutAttributeMapping"], ["iam:ListRoleTags", "ecs:TagResource"]),
    "iam": (["iam:UpdateAccountPasswordPolicy", "iam:AcquireRole"], ["iam:GetAccountPasswordPolicy"]),
    "assume": (
        ["sts:AssumeRole", "sts:AssumeRoot", "ssm:GetAccessToken", "eks-auth:AssumeRoleForPodIdentity"],
        ["sts:GetCallerIdentity", "sts:GetSessionToken", "sts:TagSession", "ecr:GetAuthorizationToken"],
    ),
    "sign-in": (
        ["account-access:CreateEntitlement", "cognito-identity:SetIdentityPoolRoles", "sso:CreateAccountAssignment"],
        ["account-access:GetEntitlement", "account-access:DeleteEntitlement", "cognito-idp:AdminSetUserPassword"],
    ),
    "session": (
        ["ecs:ExecuteCommand", "ssm:StartSession", "ssm:RegisterTaskWithMaintenanceWindow", "glue:RunStatement"],
        [
            "ecs:DescribeTasks",
            "ssm:GetParameter",
            "ssm:RegisterTargetWithMaintenanceWindow",
            "ssmmessages:OpenDataChannel",
        ],
    ),
    "override": (
        ["batch:SubmitJob", "codebuild:StartBuild", "glue:StartJobRun", "emr-containers:StartJobRun"],
        ["batch:DescribeJobs", "batch:RegisterJobDefinition", "states:StartExecution", "lambda:InvokeFunction"],
    ),
    "hosts": (["ecs:Poll", "ecs:CreateDaemon"], ["ecs:DiscoverPollEndpoint", "ecs:DeregisterContainerInstance"]),
    "code": (
        ["codedeploy:CreateDeployment", "sagemaker:UpdateNotebookInstance", "lambda:UpdateFunctionCode"],
        [
            "codedeploy:GetDeployment",
            "sagemaker:CreateNotebookInstanceLifecycleConfig",
            "lambda:CreateFunction",
            "cloudformation:CreateStack",
        ],
    ),
    "open": (
        ["s3:PutBucketPolicy", "kms:PutKeyPolicy", "kms:CreateGrant", "secretsmanager:PutResourcePolicy"],
        ["s3:PutObjectAcl", "s3:PutBucketAcl", "ec2:ModifySnapshotAttribute", "ram:CreateResourceShare"],
    ),
}


@pytest.mark.parametrize("group", EACH)
def test_every_group_has_ways_up_and_what_is_beside_them(group: str) -> None:
    ways, beside = EACH[group]
    (why,) = [e.why for e in ESCALATIONS if e.group == group]
    for name in ways:
        answer = asked(with_task(granted(name, "*")))
        assert isinstance(answer, Fails), name
        assert f": {why}" in answer.fact, name
    assert not climbs(*beside)


def test_every_group_is_tried() -> None:
    assert list(EACH) == [e.group for e in ESCALATIONS]


@pytest.mark.parametrize(
    "name",
    [
        "events:PutPermission",
        "lakeformation:GrantPermissions",
        "lambda:AddPermission",
        "logs:PutResourcePolicy",
        "s3:CreateAccessGrant",
        "s3express:PutBucketPolicy",
        "s3tables:PutTablePolicy",
        "sns:AddPermission",
        "sns:SetTopicAttributes",
        "sqs:AddPermission",
        "sqs:SetQueueAttributes",
    ],
)
def test_who_writes_a_resources_policy_can_name_itself(name: str) -> None:
    """In one account the resource's policy is enough.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-single-account.html
    """
    assert climbs(name)


def test_a_grant_that_only_a_service_may_ask_for_names_nobody() -> None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource"""
    key = f"arn:aws:kms:{IN}:key/k"
    assert climbs("kms:CreateGrant", resource=key)
    assert climbs("kms:CreateGrant", resource=key, when={"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}})
    assert not climbs("kms:CreateGrant", resource=key, when={"Bool": {"kms:GrantIsForAWSResource": "true"}})
    assert climbs("kms:*", resource=key, when={"Bool": {"kms:GrantIsForAWSResource": "true"}})
    assert all(action(id) for id in UNLESS)


APPLICATION = [
    granted(["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl"], "arn:aws:s3:::uploads/*"),
    granted(["s3:ListBucket", "s3:PutBucketNotification", "s3:GetBucketAcl"], "arn:aws:s3:::uploads"),
    granted(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], f"arn:aws:dynamodb:{IN}:table/t"),
    granted(["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], f"arn:aws:sqs:{IN}:q"),
    granted(["sns:Publish", "sns:Subscribe"], f"arn:aws:sns:{IN}:t"),
    granted(["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:Sign"], f"arn:aws:kms:{IN}:key/k"),
    granted(
        ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], f"arn:aws:secretsmanager:{IN}:secret:s-*"
    ),
    granted(["ssm:GetParameter", "ssm:GetParametersByPath", "ssm:PutParameter"], f"arn:aws:ssm:{IN}:parameter/memos/*"),
    granted(["lambda:InvokeFunction", "lambda:GetFunction"], f"arn:aws:lambda:{IN}:function:f"),
    granted(["states:StartExecution", "states:DescribeExecution", "states:SendTaskSuccess"], "*"),
    granted(["events:PutEvents", "events:PutRule", "ses:SendEmail", "xray:PutTraceSegments"], "*"),
    granted(["cognito-idp:AdminCreateUser", "cognito-idp:AdminInitiateAuth", "cognito-idp:AdminAddUserToGroup"], "*"),
    granted(["bedrock:InvokeModel", "bedrock-agentcore:InvokeAgentRuntime", "athena:StartQueryExecution"], "*"),
    granted(["rds-db:connect", "redshift:GetClusterCredentials", "redshift-data:ExecuteStatement"], "*"),
    granted(["ssmmessages:CreateControlChannel", "ssmmessages:OpenDataChannel", "cloudwatch:PutMetricData"], "*"),
    granted(["ecs:DescribeTasks", "ecs:RunTask", "ecs:StopTask", "ecs:UpdateTaskProtection"], "*"),
    granted(["ecr:GetAuthorizationToken", "sts:GetCallerIdentity", "s3:GetBucketLocation"], "*"),
]


@pytest.mark.parametrize("statement", APPLICATION, ids=lambda s: s["Action"][0])
def test_what_an_application_does_every_day_is_no_alarm(statement: dict[str, Any]) -> None:
    assert isinstance(asked(with_task(statement)), Holds)


@pytest.mark.parametrize("pattern", ["*", "*:*", "iam:*Key", "IAM:createaccess???"])
def test_a_pattern_hides_nothing(pattern: str) -> None:
    assert climbs(pattern)


# ---------------------------------------------------------------- what is assumed of whoever deploys and pushes

PUSH = granted("ecr:PutImage", REPOSITORY)
PASS = granted("iam:PassRole", OWN, TO_TASKS)
ASSUMED: dict[str, tuple[Stack, tuple[str, ...]]] = {
    "nobody": (built(), ()),
    "the deploy role": (built(**CLASSIC), (DEPLOYS, PUSHES)),
    "a task role that pushes": (with_task(PUSH), (PUSHES,)),
    "an execution role that pushes": (built(execution_statements=[granted("ECR:putimage", "*")]), (PUSHES,)),
    "a public registry": (with_task(granted("ecr-public:PutImage", "*")), (PUSHES,)),
    "a layer is no image": (with_task(granted(["ecr:UploadLayerPart", "ecr:CompleteLayerUpload"], "*")), ()),
    "a push that is denied": (with_task(PUSH, denied("ecr:Put*", "*")), ()),
    "a push where nothing is": (with_task(granted("ecr:PutImage", "arn:aws:s3:::b/*")), ()),
    "an attached policy that pushes": (
        built(task_managed_policy_arns=[f"{POLICY}/AmazonEC2ContainerRegistryPowerUser"]),
        (PUSHES,),
    ),
    "an attached policy that reads": (
        built(task_managed_policy_arns=[f"{POLICY}/AmazonEC2ContainerRegistryReadOnly"]),
        (),
    ),
    "a boundary without pushing": (
        with_task(PUSH, permissions_boundary_arn=f"{POLICY}/AmazonEC2ContainerRegistryReadOnly"),
        (),
    ),
    "a task role that runs tasks": (with_task(granted("ecs:RunTask", "*"), PASS), (TASK_DEPLOYS,)),
    "one that updates services": (with_task(granted("ecs:UpdateService", "*"), PASS), (TASK_DEPLOYS,)),
    "one that registers definitions": (with_task(granted("ecs:RegisterTaskDefinition", "*"), PASS), (TASK_DEPLOYS,)),
    "running without passing": (with_task(granted("ecs:RunTask", "*")), ()),
    "passing without running": (with_task(PASS), ()),
    "passing to another service": (
        with_task(
            granted("ecs:RunTask", "*"),
            granted("iam:PassRole", OWN, {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        ),
        (),
    ),
    "both, and pushing": (with_task(granted("ecs:StartTask", "*"), PASS, PUSH), (TASK_DEPLOYS, PUSHES)),
}


@pytest.mark.parametrize(("stack", "assumed"), ASSUMED.values(), ids=ASSUMED)
def test_whoever_may_set_what_runs_is_named_as_an_assumption(stack: Stack, assumed: tuple[str, ...]) -> None:
    assert asked(stack).assumed == assumed


def test_what_may_come_to_deploy_is_assumed() -> None:
    """A role whose flag is left open."""
    keys = {**CLASSIC, "enable_github_oidc": Parameter("deploys", default=False)}
    answer = INVARIANTS["no-escalation"].ask(built(**keys))
    assert isinstance(answer, Holds)
    assert answer.assumed == (DEPLOYS, PUSHES)


def test_an_attached_policy_with_a_way_up_fails_and_says_what_is_assumed() -> None:
    answer = asked(built(task_managed_policy_arns=[f"{POLICY}/AdministratorAccess"]))
    assert isinstance(answer, Fails)
    assert {TASK_DEPLOYS, PUSHES} <= set(answer.assumed)


# ---------------------------------------------------------------- the list, made again


def test_every_candidate_of_the_rule_has_a_verdict() -> None:
    """A newer service reference brings new ones: put each into `escalations.py` or, with the reason, `reviewed.txt`."""
    found = [described.id for described, _ in candidates()]
    assert [id for id in found if id not in escalating() and id not in reviewed()] == []
    assert len(found) > 2000


def test_each_part_of_the_rule_finds_ways_up() -> None:
    parts = Counter(part.id for described, part in candidates() if described.id in escalating())
    assert {part.id for part in RULE} == parts.keys()
    missed = escalating().keys() - {described.id for described, _ in candidates()}
    assert len(missed) < len(escalating()) / 20, sorted(missed)


def test_the_verdicts_are_of_known_actions_and_one_each() -> None:
    text = (ROOT / "ecsiam" / "reference" / "reviewed.txt").read_text(encoding="utf-8")
    lines = [line.partition(": ") for line in text.split("\n# ", 1)[1].splitlines()[1:] if line and line[0] != "#"]
    names = [f"{service}:{name}" for service, _, rest in lines for name in rest.split()]
    assert [n for n, times in Counter(names).items() if times > 1] == []
    assert [n for n in names if action(n) is None] == []
    assert names == sorted(names, key=lambda n: (reviewed_groups().index(reviewed()[n].group), n.split(":")))
    assert reviewed().keys() & escalating().keys() == set()


def reviewed_groups() -> list[str]:
    return list(dict.fromkeys(verdict.group for verdict in reviewed().values()))


def test_what_passes_a_role_is_judged_apart() -> None:
    """The actions of which our own table says that AWS asks for iam:PassRole."""
    for id in ("ecs:RunTask", "ecs:StartTask", "ecs:CreateService", "lambda:CreateFunction", "ec2:RunInstances"):
        assert reviewed()[id].group == "passed"
    assert {id for id, verdict in reviewed().items() if verdict.group == "assumed"} == {
        "ecr-public:PutImage",
        "ecr:PutImage",
    }


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=[c["name"] for c in CATALOGUES])
def test_each_path_of_a_catalogue_is_found_or_there_is_a_reason(catalogue: dict[str, Any]) -> None:
    for path in catalogue["paths"]:
        names: list[str] = path.split()
        known = [n for n in names if action(n)]
        stack = with_task(granted(names, "*"))
        if "iam:PassRole" in names:
            assert isinstance(INVARIANTS["pass-role"].ask(stack), Fails)
        elif set(names) & escalating().keys():
            assert isinstance(asked(stack), Fails), path
        else:
            assert [n for n in known if n not in reviewed()] == [], path


def test_we_differ_from_the_catalogues_where_the_page_says_so() -> None:
    paths = [path.split() for c in CATALOGUES for path in c["paths"]]
    left = {n for path in paths if "iam:PassRole" not in path and not set(path) & escalating().keys() for n in path}
    groups = {reviewed()[n].group for n in left if n in reviewed()}
    assert groups == {"application", "own"}
    assert {n.split(":")[0] for n in left if not action(n)} == {"codestar", "sso"}
    passing = sum("iam:PassRole" in path for path in paths)
    found = sum("iam:PassRole" not in path and bool(set(path) & escalating().keys()) for path in paths)
    page = " ".join((ROOT / "docs" / "proof.md").read_text(encoding="utf-8").split())
    said = (
        f"Of {len(paths)} paths {found} are found, {passing} pass a role, {len(paths) - found - passing} are left out"
    )
    assert said in page


def test_every_pattern_of_the_list_names_something_that_is_known() -> None:
    """An action of IAM that is newer than the data falls under a pattern, on ARNs of IAM."""
    assert [p for e in ESCALATIONS for p in e.actions if not matching(p)] == []
    assert action("iam:AcquireRole") is None
    assert climbs("iam:AcquireRole", resource=f"arn:aws:iam::{ACCOUNT}:role/x")
    assert not climbs("iam:AcquireRole", resource="arn:aws:s3:::b/*")


def test_an_example_of_each_way_replays() -> None:
    """AdministratorAccess has them all: what is shown is an action of the list on a resource that it has."""
    answer = asked(with_task(granted("*", "*")))
    assert isinstance(answer, Fails)
    assert isinstance(answer.witness, Request)
    assert answer.witness.action in escalating()
