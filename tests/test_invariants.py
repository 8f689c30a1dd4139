"""Every invariant holds of the examples, and fails of what breaks it on purpose, with a request that shows it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve, field, frozen

from ecsiam import Config, Fails, Holds, Parameter, Request, Stack, Statement, Undecided, build
from ecsiam.analysis.budget import limited
from ecsiam.analysis.requests import of_statement, union
from ecsiam.invariants import INVARIANTS, prove
from ecsiam.invariants.asking import allows
from ecsiam.invariants.asking import granted as all_granted
from ecsiam.invariants.naming import named
from ecsiam.model.condition import Block
from ecsiam.model.intent import Intent
from ecsiam.model.policy import Policy
from ecsiam.model.principal import EVERYONE, Principal
from ecsiam.model.role import RolePolicy
from ecsiam.model.statement import AllBut, Origin
from ecsiam.model.text import Text
from ecsiam.reference.actions import date

from .cases import CASES, stack_of
from .replayed import put_to_the_test, shown

Make = Callable[[], Stack]
ACCOUNT, IN = "123456789012", "eu-west-2:123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
GROUP = f"arn:aws:logs:{IN}:log-group"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
HOME: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "account_id": ACCOUNT,
    "aws_region": "eu-west-2",
    "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"],
}
S3: dict[str, Any] = {"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::uploads"]}
CLASSIC: dict[str, Any] = {
    "enable_github_oidc": True,
    "github_repo": "octo-org/memos",
    "task_definition_families": ["memos"],
    "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"],
    "github_subject_format": "classic",
}

TODAY = f"there are no other actions than those of {date()} and those that a policy writes out"
OUTSIDE = "key, bucket and file-system policies, service control policies and endpoint policies allow it too"
PREFIXES = "another prefix is made of the characters that a project and an environment may have"
TRIED = "that each action applies to some of what a parameter gives was tried on samples of its form"
DEPLOYS = "whoever deploys runs code as the two roles that the deploy role passes"
PUSHES = "whoever may push an image runs code as the roles of the tasks that run it"
FORMAT = "whether the repository sends subjects by name or with ids is left open: set `github_subject_format`"


def built(**keys: Any) -> Stack:
    return build(Config(**{**HOME, **keys}))


def granted(action: str | list[str], resource: str | list[str], when: Block | None = None) -> dict[str, Any]:
    """An Allow as a user writes it."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement if when is None else {**statement, "Condition": when}


def denied(action: str | list[str], resource: str | list[str], when: Block | None = None) -> dict[str, Any]:
    return {**granted(action, resource, when), "Effect": "Deny"}


def all_but(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "NotAction": action, "Resource": resource}


def changed(stack: Stack, role: str, **changes: Any) -> Stack:
    """A stack with another trust, path, ... of one of its roles."""
    return evolve(stack, roles=[evolve(r, **changes) if r.id == role else r for r in stack.roles.values()])


def trusting(who: Principal, *, role: str = "task", action: str = "sts:AssumeRole", when: Block | None = None) -> Make:
    """A role that also lets somebody else in."""

    def make() -> Stack:
        stack = built(**CLASSIC)
        trust = stack.roles[role].trust
        more = Statement("Allow", action, principals=who, conditions=when or {})
        return changed(stack, role, trust=evolve(trust, statements=(*trust.statements, more)))

    return make


def deployed_by(when: Block) -> Make:
    """A deploy role with other conditions in its trust."""

    def make() -> Stack:
        own = Principal("Federated", PROVIDER)
        statement = Statement("Allow", "sts:AssumeRoleWithWebIdentity", principals=own, conditions=when)
        return changed(built(**CLASSIC), "github_actions", trust=Policy(statement))

    return make


def guarded_by(when: Block) -> Make:
    """An execution role that ECS assumes under other conditions."""

    def make() -> Stack:
        ecs = Principal("Service", "ecs-tasks.amazonaws.com")
        return changed(built(), "execution", trust=Policy(Statement("Allow", "sts:AssumeRole", None, ecs, when)))

    return make


def having(*statements: Statement, role: str = "task", **keys: Any) -> Make:
    """A role with a policy more, as if a feature had built it."""

    def make() -> Stack:
        stack = built(**keys)
        policies = stack.roles[role].policies.values()
        return changed(stack, role, policies=[*policies, RolePolicy("more", "more", Policy(statements))])

    return make


def of_feature(action: str, resource: str | AllBut[Any], flag: str = "", when: Block | None = None) -> Statement:
    return Statement("Allow", action, resource, conditions=when or {}, origin=Origin("more", "", "", flag))


# ---------------------------------------------------------------- what we build

HOLDS: dict[str, Holds] = {
    "separation": Holds(),
    "trust": Holds(),
    "oidc-subject": Holds(),
    "pass-role": Holds(),
    "no-escalation": Holds(),
    "execution": Holds(assumed=(TODAY,)),
    "home": Holds(assumed=(TODAY,)),
    "neighbours": Holds(assumed=(PREFIXES, TODAY)),
    "wildcards": Holds(assumed=(TODAY,)),
    "works": Holds(assumed=(OUTSIDE,)),
    "flags": Holds(),
    "limits": Holds(),
    "targets": Holds(),
}
WITH_DEPLOYER = {**HOLDS, "oidc-subject": Holds(), "no-escalation": Holds(assumed=(DEPLOYS, PUSHES))}


def test_everything_holds_of_the_examples_and_says_what_it_rests_on() -> None:
    assert prove(stack_of("memos")) == HOLDS
    assert prove(stack_of("everything")) == WITH_DEPLOYER
    assert list(INVARIANTS) == list(HOLDS)


# Of the other cases, what does not hold.
EXCEPTIONS: dict[str, dict[str, type]] = {
    "github-classic": {"works": Undecided},
    "reference": {"works": Undecided},  # `Fn::Sub` is no condition key that is known
    # `${AWS::Region}` is left as text, no role has `${aws:username}`, and raw ARNs name an account where it is open.
    "statements": {"works": Fails, "home": Undecided, "execution": Undecided},
    # Both ECS roles have an AWS managed policy attached that lets them use X-Ray; two others are not known. That of
    # CloudWatch's agent, which the execution role has, is on `*` and no work of ECS.
    "names": {
        "separation": Fails,
        "pass-role": Undecided,
        "no-escalation": Undecided,
        "execution": Fails,
        "home": Fails,
        "neighbours": Fails,
        "wildcards": Fails,
        "works": Undecided,
    },
}


@pytest.mark.parametrize("case", CASES)
def test_everything_holds_of_every_case(case: str) -> None:
    stack = stack_of(case)
    answers = prove(stack)
    assert {id: type(a) for id, a in answers.items() if not isinstance(a, Holds)} == EXCEPTIONS.get(case, {})
    for id, answer in answers.items():
        if isinstance(answer, Fails):
            put_to_the_test(stack, id, answer)


# ---------------------------------------------------------------- broken on purpose


@frozen
class Broken:
    """A stack, the invariant that fails of it, and the request that shows it: what it does, on what, and keys of it."""

    make: Make
    action: str = ""
    resource: str = ""
    who: str = ""
    keys: Mapping[str, str | None] = field(factory=dict[str, "str | None"])
    fact: str = ""


def raw(*statements: Mapping[str, Any], role: str = "task", **keys: Any) -> Make:
    return lambda: built(**keys, **{f"{role}_statements": list(statements)})


def both(execution: Mapping[str, Any], *task: Mapping[str, Any]) -> Make:
    return lambda: built(execution_statements=[execution], task_statements=list(task))


OBJECTS = "arn:aws:s3:::b/*"
NOT_EXECUTION: Block = {"ArnNotLike": {"aws:PrincipalArn": f"{ROLE}/memos-dev-execution-role"}}
AS_TASK: Block = {"ArnLike": {"aws:PrincipalArn": f"{ROLE}/memos-dev-task-role"}}
TAGGED = "arn:aws:s3:::b/${aws:PrincipalTag/team}/*"
SEPARATION = {
    "the same statement": Broken(
        both(granted("s3:GetObject", OBJECTS), granted("s3:GetObject", OBJECTS)), "s3:GetObject", "arn:aws:s3:::b/x"
    ),
    "patterns that meet": Broken(both(granted("s3:Get*", OBJECTS), granted("s3:*Tagging", "arn:aws:s3:::*/x"))),
    "a condition that the other role does not ask for": Broken(
        both(
            granted("s3:GetObject", OBJECTS, {"Bool": {"aws:SecureTransport": "true"}}),
            granted("s3:GetObject", OBJECTS, {"StringLike": {"aws:RequestedRegion": "eu-*"}}),
        ),
        "s3:GetObject",
        keys={"aws:SecureTransport": "true"},
    ),
    "told apart by who asks": Broken(
        both(granted("s3:GetObject", OBJECTS, NOT_EXECUTION), granted("s3:GetObject", OBJECTS, AS_TASK)),
        "s3:GetObject",
        keys={"aws:PrincipalArn": None},
    ),
    "denied by who asks": Broken(
        both(granted("s3:GetObject", OBJECTS), granted("s3:*", OBJECTS), denied("s3:*", "*", NOT_EXECUTION)),
        "s3:GetObject",
    ),
    "each with its own tag": Broken(
        both(
            granted("s3:GetObject", "arn:aws:s3:::b/${aws:PrincipalTag/team}/x"),
            granted("s3:GetObject", "arn:aws:s3:::b/y/${aws:PrincipalTag/team}"),
        ),
        "s3:GetObject",
        "arn:aws:s3:::b/y/x",
    ),
    "denied where its own tag says": Broken(
        both(granted("s3:GetObject", TAGGED), granted("s3:GetObject", OBJECTS), denied("s3:GetObject", TAGGED)),
        "s3:GetObject",
    ),
    "the execution role's log group given to the task": Broken(
        lambda: built(enable_cloudwatch_logs=True, cloudwatch_log_group_arns=[f"{GROUP}:/ecs/memos-dev"]),
        "logs:CreateLogStream",
        f"{GROUP}:/ecs/memos-dev:log-stream:",
    ),
    "an attached policy": Broken(
        lambda: built(task_managed_policy_arns=["arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"]),
        "ecr:GetAuthorizationToken",
        "*",
    ),
}

TRUST = {
    "another service": Broken(
        trusting(Principal("Service", "lambda.amazonaws.com")), who="Service:lambda.amazonaws.com"
    ),
    "the account": Broken(trusting(Principal("AWS", ACCOUNT)), "sts:AssumeRole", f"{ROLE}/memos-dev-task-role"),
    "another account": Broken(trusting(Principal("AWS", "arn:aws:iam::210987654321:root"), role="execution")),
    "a role": Broken(trusting(Principal("AWS", f"{ROLE}/x")), who=f"AWS:{ROLE}/x"),
    "every principal of AWS": Broken(trusting(Principal("AWS", "*"))),
    "everyone": Broken(trusting(EVERYONE)),
    "everyone with a condition": Broken(
        trusting(EVERYONE, when={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), keys={"aws:PrincipalOrgID": "o-1"}
    ),
    "ECS for the deploy role": Broken(
        trusting(Principal("Service", "ecs-tasks.amazonaws.com"), role="github_actions"), "sts:AssumeRole"
    ),
    "another provider": Broken(
        trusting(
            Principal("Federated", f"arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com"),
            role="github_actions",
            action="sts:AssumeRoleWithWebIdentity",
        ),
        who=f"Federated:arn:aws:iam::{ACCOUNT}:oidc-provider/gitlab.com",
    ),
    "the provider of another account": Broken(
        trusting(
            Principal("Federated", PROVIDER.replace(ACCOUNT, "210987654321")),
            role="github_actions",
            action="sts:AssumeRoleWithWebIdentity",
        ),
        who=f"Federated:{PROVIDER.replace(ACCOUNT, '210987654321')}",
    ),
    "a name that begins like the provider's": Broken(
        trusting(
            Principal("Federated", f"{PROVIDER}/octo-org"),
            role="github_actions",
            action="sts:AssumeRoleWithWebIdentity",
        ),
    ),
    "SAML through the provider": Broken(
        trusting(Principal("Federated", PROVIDER), role="github_actions", action="sts:AssumeRoleWithSAML"),
        "sts:AssumeRoleWithSAML",
    ),
    "GitHub for the task role": Broken(
        trusting(Principal("Federated", PROVIDER), action="sts:AssumeRoleWithWebIdentity")
    ),
    "nobody": Broken(
        lambda: changed(
            built(),
            "task",
            trust=Policy(
                Statement("Deny", "sts:AssumeRole", principals=Principal("Service", "ecs-tasks.amazonaws.com"))
            ),
        ),
        fact="nobody can assume the task role",
    ),
}

AUD: Block = {"StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"}}
MAIN = "repo:octo-org/memos:ref:refs/heads/main"


def subject(value: str | list[str], operator: str = "StringLike") -> Block:
    of_sub: dict[str, Any] = {f"{ISSUER}:sub": value}
    same = {f"{ISSUER}:aud": "sts.amazonaws.com", **of_sub} if operator == "StringEquals" else None
    return {"StringEquals": same} if same else {**AUD, operator: of_sub}


OIDC_SUBJECT = {
    "any subject of the repository": Broken(deployed_by(subject("repo:octo-org/memos:*"))),
    "any branch": Broken(deployed_by(subject("repo:octo-org/memos:ref:refs/heads/*"))),
    "a branch that begins the same": Broken(deployed_by(subject(f"{MAIN}?")), keys={f"{ISSUER}:sub": f"{MAIN}x"}),
    "another repository": Broken(
        deployed_by(subject("repo:octo-org/other:ref:refs/heads/main", "StringEquals")),
        keys={f"{ISSUER}:sub": "repo:octo-org/other:ref:refs/heads/main", f"{ISSUER}:aud": "sts.amazonaws.com"},
    ),
    "one more": Broken(
        deployed_by(subject([MAIN, "repo:octo-org/memos:pull_request"], "StringEquals")),
        keys={f"{ISSUER}:sub": "repo:octo-org/memos:pull_request"},
    ),
    "any case": Broken(deployed_by(subject(MAIN, "StringEqualsIgnoreCase"))),
    "a token without a subject": Broken(
        deployed_by(subject(MAIN, "ForAllValues:StringEquals")), keys={f"{ISSUER}:sub": None}
    ),
    "a subject if there is one": Broken(
        deployed_by(subject(MAIN, "StringEqualsIfExists")), keys={f"{ISSUER}:sub": None}
    ),
    "all but one": Broken(deployed_by(subject("repo:octo-org/memos:pull_request", "StringNotEquals"))),
    "no subject": Broken(deployed_by(AUD)),
    "no audience": Broken(
        deployed_by({"StringEquals": {f"{ISSUER}:sub": MAIN}}), keys={f"{ISSUER}:sub": MAIN, f"{ISSUER}:aud": None}
    ),
    "another audience": Broken(
        deployed_by({"StringEquals": {f"{ISSUER}:sub": MAIN, f"{ISSUER}:aud": "https://github.com/octo-org"}}),
        keys={f"{ISSUER}:aud": "https://github.com/octo-org"},
    ),
    "any audience": Broken(
        deployed_by({"StringLike": {f"{ISSUER}:aud": "*"}, "StringEquals": {f"{ISSUER}:sub": MAIN}})
    ),
}

OWN = [f"{ROLE}/memos-dev-execution-role", f"{ROLE}/memos-dev-task-role"]
TO_TASKS: Block = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


def passing(resource: str | list[str], when: Block | None = None, action: str = "iam:PassRole") -> Make:
    return raw(granted(action, resource, when), role="github_actions", **CLASSIC)


PASS_ROLE = {
    "every role": Broken(passing("*", TO_TASKS), keys={"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
    "to any service": Broken(passing(OWN), keys={"iam:PassedToService": None}),
    "to another service": Broken(
        passing(OWN, {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}),
        keys={"iam:PassedToService": "ec2.amazonaws.com"},
    ),
    "to one more service": Broken(
        passing(OWN, {"StringLike": {"iam:PassedToService": "ec*s-tasks.amazonaws.com"}}),
    ),
    "to a service if it says which": Broken(
        passing(OWN, {"StringEqualsIfExists": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
        keys={"iam:PassedToService": None},
    ),
    "another role": Broken(passing(f"{ROLE}/admin", TO_TASKS), resource=f"{ROLE}/admin"),
    "roles that begin the same": Broken(passing(f"{ROLE}/memos-dev-*", TO_TASKS)),
    "the deploy role itself": Broken(passing(f"{ROLE}/memos-dev-github-actions-role", TO_TASKS)),
    "a role of that name in another account": Broken(
        passing(OWN[1].replace(ACCOUNT, "210987654321"), TO_TASKS), resource=OWN[1].replace(ACCOUNT, "210987654321")
    ),
    "a role of that name on another path": Broken(passing(f"{ROLE}/x/memos-dev-task-role", TO_TASKS)),
    "by a pattern": Broken(passing("*", TO_TASKS, "iam:Pass*")),
    "by NotAction": Broken(raw(all_but("s3:*"))),
    "by the task": Broken(raw(granted("IAM:passrole", OWN)), "iam:PassRole"),
}

NO_ESCALATION = {
    "its own policies": Broken(raw(granted("iam:PutRolePolicy", f"{ROLE}/memos-dev-*")), "iam:PutRolePolicy"),
    "in any case": Broken(raw(granted("IAM:putrolepolicy", "*")), "iam:PutRolePolicy"),
    "all of IAM": Broken(raw(granted("iam:*", "*"))),
    "the rest of IAM": Broken(raw(granted("iam:C*", "*"))),
    "all but S3": Broken(raw(all_but("s3:*"))),
    "another role": Broken(raw(granted("sts:AssumeRole", f"{ROLE}/x")), "sts:AssumeRole", f"{ROLE}/x"),
    "the deploy role": Broken(raw(granted("sts:AssumeRole", "*"), role="github_actions", **CLASSIC), "sts:AssumeRole"),
    "code of a function": Broken(
        raw(granted("lambda:UpdateFunction*", f"arn:aws:lambda:{IN}:function:f")),
        resource=f"arn:aws:lambda:{IN}:function:f",
    ),
    "a job with another command": Broken(raw(granted("batch:SubmitJob", "*"), role="execution"), "batch:SubmitJob"),
    "the credentials that an agent is sent": Broken(
        raw(granted(["ecs:Poll", "ecs:DiscoverPollEndpoint"], "*")), "ecs:Poll"
    ),
    "a shell": Broken(raw(granted("ecs:ExecuteCommand", "*")), "ecs:ExecuteCommand"),
    "who may push": Broken(raw(granted("ecr:SetRepositoryPolicy", "*")), "ecr:SetRepositoryPolicy"),
    "a secret's policy": Broken(raw(granted("secretsmanager:Put*", "*")), "secretsmanager:PutResourcePolicy"),
    "a condition does not help": Broken(
        raw(granted("iam:AttachRolePolicy", "*", {"Bool": {"aws:SecureTransport": "true"}})), "iam:AttachRolePolicy"
    ),
    "a denial of something else": Broken(
        raw(granted("iam:*", "*"), denied(["iam:Put*", "iam:Attach*"], "*")),
    ),
    "an attached policy": Broken(
        lambda: built(task_managed_policy_arns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
    ),
}

ATTACHABLE = "arn:aws:iam::aws:policy"
DECRYPT = granted("kms:Decrypt", f"arn:aws:kms:{IN}:key/1")
EXECUTION = {
    "a table": Broken(
        raw(granted("dynamodb:GetItem", f"arn:aws:dynamodb:{IN}:table/t"), role="execution"),
        "dynamodb:GetItem",
        f"arn:aws:dynamodb:{IN}:table/t",
        fact="needs the task role",
    ),
    "ECS Exec": Broken(
        raw(granted("ssmmessages:OpenDataChannel", "*"), role="execution"),
        "ssmmessages:OpenDataChannel",
        fact="needs the task role",
    ),
    "one parameter at a time": Broken(
        raw(granted("ssm:GetParameter", f"arn:aws:ssm:{IN}:parameter/x"), role="execution"),
        "ssm:GetParameter",
        fact="ECS reads with `ssm:GetParameters`",
    ),
    "a pattern that takes in more": Broken(
        raw(granted("ssm:GetParam*", f"arn:aws:ssm:{IN}:parameter/x"), role="execution"), "ssm:GetParameterHistory"
    ),
    "decrypting for anyone": Broken(
        raw(DECRYPT, role="execution"), "kms:Decrypt", keys={"kms:ViaService": None}, fact="`kms:ViaService`"
    ),
    "decrypting through a service if it says which": Broken(
        raw(
            {**DECRYPT, "Condition": {"StringLikeIfExists": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}}},
            role="execution",
        ),
        "kms:Decrypt",
        keys={"kms:ViaService": None},
    ),
    "decrypting through another service": Broken(
        raw(
            {**DECRYPT, "Condition": {"StringEquals": {"kms:ViaService": f"dynamodb.{IN[:9]}.amazonaws.com"}}},
            role="execution",
        ),
        "kms:Decrypt",
        keys={"kms:ViaService": "dynamodb.eu-west-2.amazonaws.com"},
    ),
    "writing objects": Broken(raw(granted("s3:PutObject", "arn:aws:s3:::b/*"), role="execution"), "s3:PutObject"),
    "pushing images": Broken(
        raw(granted("ecr:*", f"arn:aws:ecr:{IN}:repository/memos"), role="execution"), "ecr:PutImage"
    ),
    "all but": Broken(raw(all_but("ecr:*"), role="execution")),
    "an attached policy": Broken(
        lambda: built(execution_managed_policy_arns=[f"{ATTACHABLE}/AWSXRayDaemonWriteAccess"]),
        "xray:PutTraceSegments",
    ),
    "everything attached": Broken(
        lambda: built(execution_managed_policy_arns=[f"{ATTACHABLE}/AdministratorAccess"]),
    ),
    "the guide's module": Broken(
        lambda: built(profile="baseline", enable_secrets_access=True), "ssm:GetParameter", fact="kms:ViaService"
    ),
}

OWNED: Block = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
FAR: Block = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
HOME_ = {
    "another account": Broken(
        having(of_feature("sqs:SendMessage", "arn:aws:sqs:eu-west-2:210987654321:q")),
        "sqs:SendMessage",
        "arn:aws:sqs:eu-west-2:210987654321:q",
    ),
    "any account": Broken(having(of_feature("sqs:SendMessage", "arn:aws:sqs:eu-west-2:*:q"))),
    "another region": Broken(having(of_feature("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"))),
    "a region that begins the same": Broken(
        having(of_feature("sqs:SendMessage", f"arn:aws:sqs:eu-west-2?:{ACCOUNT}:q"))
    ),
    "another partition": Broken(having(of_feature("sqs:SendMessage", f"arn:aws-cn:sqs:eu-west-2:{ACCOUNT}:q"))),
    "any partition": Broken(having(of_feature("iam:GetRole", f"arn:*:iam::{ACCOUNT}:role/x")), "iam:GetRole"),
    "another bucket": Broken(having(of_feature("s3:GetObject", "arn:aws:s3:::other/*"), **S3), "s3:GetObject"),
    "everything": Broken(having(of_feature("sqs:SendMessage", "*")), "sqs:SendMessage"),
    "a raw statement on everything": Broken(raw(granted("*", "*"))),
    "a raw statement of another account": Broken(
        raw(granted("sqs:SendMessage", "arn:aws:sqs:eu-west-2:210987654321:q")),
        "sqs:SendMessage",
        "arn:aws:sqs:eu-west-2:210987654321:q",
    ),
    "a raw statement of the deploy role": Broken(
        raw(granted("ecs:UpdateService", f"arn:aws:ecs:*:{ACCOUNT}:service/*"), role="github_actions", **CLASSIC),
        "ecs:UpdateService",
    ),
    "a raw statement on a bucket of whoever": Broken(
        raw(granted("s3:GetObject", "arn:aws:s3:::x/*")), "s3:GetObject", "arn:aws:s3:::x/x", fact="its ARN says none"
    ),
    "all but what is at home": Broken(
        raw({"Effect": "Allow", "Action": "sqs:SendMessage", "NotResource": f"arn:aws:sqs:{IN}:*"}), "sqs:SendMessage"
    ),
    "everything attached": Broken(lambda: built(task_managed_policy_arns=[f"{ATTACHABLE}/AdministratorAccess"])),
    "a policy attached that is on everything": Broken(
        lambda: built(task_managed_policy_arns=[f"{ATTACHABLE}/AmazonEC2ContainerRegistryReadOnly"]),
        "ecr:BatchGetImage",
    ),
    "a policy of AWS that is attached is no resource": Broken(
        raw(
            granted("iam:GetPolicy", f"{ATTACHABLE}/AWSXRayDaemonWriteAccess"),
            task_managed_policy_arns=[f"{ATTACHABLE}/AWSXRayDaemonWriteAccess"],
        ),
        "iam:GetPolicy",
    ),
    "the owner's region": Broken(
        raw(granted("sqs:SendMessage", "*", OWNED)), "sqs:SendMessage", keys={"aws:ResourceAccount": ACCOUNT}
    ),
    "another owner": Broken(
        raw(granted("s3:GetObject", OBJECTS, {"StringEquals": {"aws:ResourceAccount": "210987654321"}})),
        "s3:GetObject",
        keys={"aws:ResourceAccount": "210987654321"},
    ),
    "an owner if there is one": Broken(
        raw(granted("s3:GetObject", OBJECTS, {"StringEqualsIfExists": {"aws:ResourceAccount": ACCOUNT}})),
        "s3:GetObject",
        keys={"aws:ResourceAccount": None},
    ),
    "all but one": Broken(having(of_feature("sqs:SendMessage", AllBut((Text.of("arn:aws:sqs:*:*:x"),))))),
    "tasks of another account": Broken(
        guarded_by({}),
        "sts:AssumeRole",
        OWN[0],
        "Service:ecs-tasks.amazonaws.com",
        {"aws:SourceAccount": "111122223333"},
    ),
    "tasks of an ARN that may not be there": Broken(
        guarded_by({**FAR, "ArnLikeIfExists": {"aws:SourceArn": f"arn:aws:ecs:{IN}:*"}}), keys={"aws:SourceArn": None}
    ),
    "tasks of another region": Broken(guarded_by(FAR), keys={"aws:SourceAccount": ACCOUNT}),
    "an ARN of another account": Broken(
        guarded_by({**FAR, "ArnLike": {"aws:SourceArn": "arn:aws:ecs:eu-west-2:*:*"}}),
    ),
}

NEIGHBOURS = {
    "log groups": Broken(
        having(of_feature("logs:PutLogEvents", f"{GROUP}:/ecs/memos-dev*")),
        "logs:PutLogEvents",
        f"{GROUP}:/ecs/memos-dev2:log-stream:",
    ),
    "one letter more": Broken(having(of_feature("logs:PutLogEvents", f"{GROUP}:/ecs/memos-dev?:*"))),
    "parameters": Broken(
        having(of_feature("ssm:GetParameters", f"arn:aws:ssm:{IN}:parameter/memos-dev*"), role="execution"),
        resource=f"arn:aws:ssm:{IN}:parameter/memos-dev2",
    ),
    "queues": Broken(having(of_feature("sqs:SendMessage", f"arn:aws:sqs:{IN}:memos-dev*"))),
    "a prefix that is the region": Broken(
        having(of_feature("logs:PutLogEvents", f"{GROUP}:/ecs/eu-west-2*"), project_name="eu", environment="west-2"),
        "logs:PutLogEvents",
        f"{GROUP}:/ecs/eu-west-22:log-stream:",
    ),
    "a prefix that is in the type": Broken(
        having(of_feature("logs:PutLogEvents", f"{GROUP}:/ecs/g-g*"), project_name="g", environment="g"),
        resource=f"{GROUP}:/ecs/g-g2:log-stream:",
    ),
    "a group that is given by a pattern": Broken(
        lambda: built(log_group_arns=[f"{GROUP}:/ecs/memos-dev*"]),
        "logs:PutLogEvents",
        f"{GROUP}:/ecs/memos-dev2:log-stream:",
        fact="`memos-dev2`",
    ),
    "every group given": Broken(lambda: built(log_group_arns=[f"{GROUP}:/ecs/*"]), "logs:PutLogEvents"),
    "groups of the task given": Broken(
        lambda: built(enable_cloudwatch_logs=True, cloudwatch_log_group_arns=[f"{GROUP}:/ecs/m*:*"]),
        "logs:CreateLogGroup",
    ),
    "a raw statement on everything": Broken(raw(granted("*", "*")), "logs:GetLogEvents"),
    "another's group, by whatever feature": Broken(
        having(of_feature("logs:PutLogEvents", f"{GROUP}:/ecs/shop-test:*")), "logs:PutLogEvents", fact="`shop-test`"
    ),
    "a raw statement on another's group": Broken(
        raw(granted("logs:PutLogEvents", f"{GROUP}:/ecs/shop-test:*")),
        "logs:PutLogEvents",
        f"{GROUP}:/ecs/shop-test:log-stream:",
        fact="`shop-test`",
    ),
    "a raw statement on what is below another's group": Broken(
        raw(granted("logs:PutLogEvents", f"{GROUP}:/ecs/*/web:*")), "logs:PutLogEvents"
    ),
    "a raw statement on tables": Broken(
        raw(granted("dynamodb:GetItem", f"arn:aws:dynamodb:{IN}:table/memos-dev*")),
        "dynamodb:GetItem",
        f"arn:aws:dynamodb:{IN}:table/memos-dev2",
    ),
    "by a policy variable": Broken(
        raw(granted("logs:PutLogEvents", f"{GROUP}:/ecs/${{aws:PrincipalTag/service}}:*")),
        "logs:PutLogEvents",
        keys={"aws:PrincipalTag/service": "memos-dev2"},
    ),
    "all but its own": Broken(
        raw({"Effect": "Allow", "Action": "logs:Put*", "NotResource": f"{GROUP}:/ecs/memos-dev:*"}), "logs:PutLogEvents"
    ),
    "another's roles": Broken(
        raw(granted("iam:PassRole", f"{ROLE}/*"), role="github_actions", **CLASSIC),
        "iam:PassRole",
        f"{ROLE}/memos-dev2-execution-role",
    ),
    "everything attached": Broken(lambda: built(task_managed_policy_arns=[f"{ATTACHABLE}/AdministratorAccess"])),
    "a policy attached that writes any group": Broken(
        lambda: built(execution_managed_policy_arns=[f"{ATTACHABLE}/service-role/AmazonECSTaskExecutionRolePolicy"]),
        "logs:PutLogEvents",
    ),
}

WILDCARDS = {
    "an action with resources": Broken(raw(granted("s3:GetObject", "*")), "s3:GetObject"),
    "beside one without": Broken(raw(granted(["ecr:GetAuthorizationToken", "ecr:ListImages"], "*")), "ecr:ListImages"),
    "a pattern that takes in both": Broken(raw(granted("ecr:Get*", "*"))),
    "everything": Broken(raw(granted("*", "*"))),
    "all but": Broken(raw(all_but("s3:*"))),
    "all but one resource": Broken(
        raw({"Effect": "Allow", "Action": "sqs:SendMessage", "NotResource": "arn:aws:sqs:*:*:x"}), "sqs:SendMessage"
    ),
    "spelt as an ARN": Broken(raw(granted("sqs:SendMessage", "arn:*:sqs:*:*:*")), "sqs:SendMessage"),
    "a short ARN": Broken(raw(granted("sqs:SendMessage", "arn:aws:*")), "sqs:SendMessage"),
    "denied in part": Broken(raw(granted("sqs:SendMessage", "*"), denied("sqs:*", f"arn:aws:sqs:{IN}:*"))),
    "everything attached": Broken(lambda: built(task_managed_policy_arns=[f"{ATTACHABLE}/AdministratorAccess"])),
    "a policy attached that is on everything": Broken(
        lambda: built(task_managed_policy_arns=[f"{ATTACHABLE}/AmazonEC2ContainerRegistryReadOnly"]),
        "ecr:BatchGetImage",
    ),
}

WORKS = {
    "denied": Broken(
        raw(denied("s3:PutObject", "arn:aws:s3:::uploads/*"), **S3), "s3:PutObject", "arn:aws:s3:::uploads/x"
    ),
    "denied in part": Broken(
        raw(denied("s3:*", "*", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), **S3),
        keys={"aws:SourceIp": "10.0.0.0"},
    ),
    "the policy is not there": Broken(lambda: changed(built(**S3), "task", policies=[]), "s3:ListBucket"),
    "nobody gets in": Broken(
        guarded_by({"StringEquals": {"aws:SourceAccount": "210987654321"}}), "sts:AssumeRole", OWN[0]
    ),
    "ECS says another ARN": Broken(
        guarded_by({**FAR, "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{IN}:cluster/x"}}), "sts:AssumeRole"
    ),
    "a subject that is not let in": Broken(
        deployed_by(subject("repo:octo-org/memos:ref:refs/heads/develop", "StringEquals")), keys={f"{ISSUER}:sub": MAIN}
    ),
    "a boundary that leaves it out": Broken(
        lambda: built(permissions_boundary_arn="arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"),
        "logs:CreateLogStream",
    ),
    "actions that never apply": Broken(
        raw(granted(["s3:GetObject", "s3:ListBucket"], "arn:aws:s3:::b")), "s3:GetObject", "arn:aws:s3:::b"
    ),
    "patterns that never apply": Broken(raw(granted(["sqs:SendMessage", "s3:Get*"], f"arn:aws:sqs:{IN}:q"))),
    "a key's action on secrets": Broken(
        raw(
            granted(["kms:Decrypt", "secretsmanager:GetSecretValue"], f"arn:aws:secretsmanager:{IN}:secret:memos/*"),
            role="execution",
        ),
        "kms:Decrypt",
    ),
    "an action without resources on one": Broken(
        raw(granted("ecr:GetAuthorizationToken", f"arn:aws:ecr:{IN}:repository/memos")),
        "ecr:GetAuthorizationToken",
    ),
    "a resource that nothing applies to": Broken(
        raw(granted("s3:GetObject", [OBJECTS, f"arn:aws:sqs:{IN}:q"])), fact=f"on `arn:aws:sqs:{IN}:q`"
    ),
}

FLAGS = {
    "a statement of a flag that is off": Broken(
        having(of_feature("s3:GetObject", OBJECTS, "enable_s3_access")), "s3:GetObject", "arn:aws:s3:::b/x"
    ),
    "a role of a flag that is off": Broken(
        lambda: evolve(built(**CLASSIC), intent=built().intent), fact="the github_actions role is there"
    ),
    "an action that the flag does not name": Broken(
        having(of_feature("s3:PutBucketPolicy", "arn:aws:s3:::uploads", "enable_s3_access"), **S3), "s3:PutBucketPolicy"
    ),
    "more than the flag names": Broken(having(of_feature("s3:*", OBJECTS, "enable_s3_access"), **S3)),
}

LONG = [f"arn:aws:s3:::{'b' * 60}/{i}{'x' * 300}/*" for i in range(30)]
LIMITS = {
    "inline policies": Broken(raw(granted("s3:GetObject", LONG)), fact="characters, and IAM takes 10,240"),
    "of all policies together": Broken(
        lambda: built(
            enable_s3_access=True, s3_bucket_arns=LONG[26:], task_statements=[granted("s3:GetObject", LONG[:26])]
        ),
        fact="and IAM takes 10,240",
    ),
    "a trust": Broken(
        lambda: built(**{**CLASSIC, "github_branches": [f"branch-{i}-{'x' * 60}" for i in range(20)]}),
        fact="the trust policy of the github_actions role",
    ),
    "attached policies": Broken(
        lambda: built(task_managed_policy_arns=[f"arn:aws:iam::{ACCOUNT}:policy/p{i}" for i in range(11)]),
        fact="the task role: 11 managed policies, and IAM takes 10",
    ),
    "tags": Broken(
        lambda: changed(built(), "task", tags={f"t{i}": "x" for i in range(51)}),
        fact="the task role: 51 tags, and IAM takes 50",
    ),
    "a description": Broken(
        lambda: changed(built(), "task", description="x" * 1001), fact="the description of the task role: 1,001"
    ),
    "a name": Broken(lambda: changed(built(), "task", name="x" * 65), fact="the name of the task role: 65"),
}

BROKEN: dict[str, dict[str, Broken]] = {
    "separation": SEPARATION,
    "trust": TRUST,
    "oidc-subject": OIDC_SUBJECT,
    "pass-role": PASS_ROLE,
    "no-escalation": NO_ESCALATION,
    "execution": EXECUTION,
    "home": HOME_,
    "neighbours": NEIGHBOURS,
    "wildcards": WILDCARDS,
    "works": WORKS,
    "flags": FLAGS,
    "limits": LIMITS,
}
ROWS = [pytest.param(id, row, id=f"{id}: {name}") for id, rows in BROKEN.items() for name, row in rows.items()]


@pytest.mark.parametrize(("id", "row"), ROWS)
def test_what_breaks_it_fails_with_a_request_that_shows_it(id: str, row: Broken) -> None:
    stack = row.make()
    answer = INVARIANTS[id].ask(stack)
    assert isinstance(answer, Fails), answer
    assert not answer.values
    put_to_the_test(stack, id, answer)
    assert row.fact in answer.fact
    requests = [one.witness for one in shown(answer) if one.witness is not None]
    assert any(_is(row, request) for request in requests) or (row.fact and not row.action), list(map(str, requests))


def _is(row: Broken, request: Request) -> bool:
    return (
        row.action.lower() in ("", request.action.lower())
        and row.resource in ("", request.resource)
        and row.who in ("", str(request.principal))
        and all(request.values(key) == value for key, value in row.keys.items())
    )


def test_each_invariant_is_broken_in_several_ways() -> None:
    assert [*BROKEN, "targets"] == list(INVARIANTS)
    assert min(len(rows) for rows in BROKEN.values()) >= 4


# ---------------------------------------------------------------- what looks broken and isn't

READ_ONLY = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
RIGHT: dict[str, tuple[Make, str]] = {
    "separation: other regions": (
        both(
            granted("s3:GetObject", OBJECTS, {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
            granted("s3:GetObject", OBJECTS, {"StringEquals": {"aws:RequestedRegion": "eu-west-2"}}),
        ),
        "separation",
    ),
    "separation: denied again": (
        both(granted("s3:GetObject", OBJECTS), granted("s3:*", OBJECTS), denied("s3:Get*", "*")),
        "separation",
    ),
    "separation: beyond the boundary": (
        lambda: built(
            permissions_boundary_arn="arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
            execution_statements=[granted("s3:GetObject", OBJECTS)],
            task_statements=[granted("s3:GetObject", OBJECTS)],
        ),
        "separation",
    ),
    "separation: resources apart": (
        both(granted("s3:*", "arn:aws:s3:::b/x*"), granted("s3:*", "arn:aws:s3:::b/y*")),
        "separation",
    ),
    "trust: a named provider": (lambda: built(**CLASSIC, github_oidc_provider_arn=PROVIDER), "trust"),
    "trust: one that a Deny keeps out": (
        lambda: changed(
            trusting(Principal("AWS", ACCOUNT))(),
            "task",
            trust=Policy(
                (
                    Statement("Allow", "sts:AssumeRole", principals=Principal("Service", "ecs-tasks.amazonaws.com")),
                    Statement("Allow", "sts:AssumeRole", principals=Principal("AWS", ACCOUNT)),
                    Statement("Deny", "sts:AssumeRole", principals=Principal("AWS", ACCOUNT)),
                )
            ),
        ),
        "trust",
    ),
    "oidc-subject: every subject that is listed": (
        lambda: built(**{**CLASSIC, "github_subjects": ["repo:octo-org/memos:*"]}),
        "oidc-subject",
    ),
    "oidc-subject: narrower than what is listed": (deployed_by(subject(MAIN, "StringEquals")), "oidc-subject"),
    "pass-role: its own roles": (passing(OWN, TO_TASKS), "pass-role"),
    "pass-role: on what is no role": (passing("arn:aws:s3:::b/*", action="*"), "pass-role"),
    "pass-role: denied again": (
        raw(
            granted("iam:PassRole", "*"),
            denied("iam:PassRole", "*", {"StringNotEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}),
            {"Effect": "Deny", "Action": "iam:PassRole", "NotResource": OWN},
            role="github_actions",
            **CLASSIC,
        ),
        "pass-role",
    ),
    "no-escalation: denied again": (raw(granted("iam:*", "*"), denied("IAM:*", "*")), "no-escalation"),
    "no-escalation: reading IAM": (raw(granted(["iam:GetRole", "iam:ListRoles"], "*")), "no-escalation"),
    "no-escalation: a task without passing a role": (
        raw(granted(["ecs:RunTask", "ecs:StartTask"], "*")),
        "no-escalation",
    ),
    "no-escalation: an object's ACL": (raw(granted(["s3:PutObject", "s3:PutObjectAcl"], OBJECTS)), "no-escalation"),
    "no-escalation: beyond the boundary": (
        raw(granted("iam:*", "*"), permissions_boundary_arn=READ_ONLY),
        "no-escalation",
    ),
    "execution: all that ECS does with it": (
        raw(
            granted(
                [
                    "ecr:BatchGetImage",
                    "ecr:BatchImportUpstreamImage",
                    "ecr:CreateRepository",
                    "ecr-public:GetAuthorizationToken",
                    "logs:CreateLog*",
                    "secretsmanager:GetSecretValue",
                    "ssm:GetParameters",
                    "s3:GetObject",
                    "s3:GetBucketLocation",
                    "sts:GetServiceBearerToken",
                ],
                "*",
            ),
            denied("logs:CreateLogAnomalyDetector", "*"),
            denied("logs:CreateLogDelivery", "*"),
            role="execution",
        ),
        "execution",
    ),
    "execution: decrypting what it reads": (
        raw(
            {**DECRYPT, "Condition": {"StringLike": {"kms:ViaService": ["secretsmanager.*", "s3.eu-*.amazonaws.com"]}}},
            role="execution",
        ),
        "execution",
    ),
    "execution: AWS's policies for it": (
        lambda: built(
            execution_managed_policy_arns=[
                f"{ATTACHABLE}/service-role/AmazonECSTaskExecutionRolePolicy",
                f"{ATTACHABLE}/AmazonEC2ContainerRegistryPullOnly",
            ]
        ),
        "execution",
    ),
    "execution: denied again": (
        raw(
            granted("s3:*", OBJECTS),
            {"Effect": "Deny", "NotAction": "s3:GetObject", "Resource": OBJECTS},
            role="execution",
        ),
        "execution",
    ),
    "execution: beyond the boundary": (
        lambda: built(
            permissions_boundary_arn=READ_ONLY.replace("ReadOnly", "PullOnly"),
            execution_statements=[granted("*", "*")],
        ),
        "execution",
    ),
    "execution: what AWS never asks": (
        raw(granted("dynamodb:GetItem", "arn:aws:s3:::b/*"), role="execution"),
        "execution",
    ),
    "execution: the task's own": (raw(granted("dynamodb:GetItem", f"arn:aws:dynamodb:{IN}:table/t")), "execution"),
    "home: a raw statement on what is there": (raw(granted("sqs:*", f"arn:aws:sqs:{IN}:q")), "home"),
    "home: a raw statement without resources": (raw(granted("ec2:DescribeInstances", "*")), "home"),
    "home: a raw statement on a bucket that is listed": (raw(granted("s3:*", "arn:aws:s3:::uploads/x*"), **S3), "home"),
    "home: a raw statement on the bucket of objects that are listed": (
        raw(
            granted("s3:ListBucket", "arn:aws:s3:::uploads"),
            enable_s3_access=True,
            s3_bucket_arns=["arn:aws:s3:::uploads/in/*"],
        ),
        "home",
    ),
    "home: a raw statement on a foreign repository that is listed": (
        raw(
            granted("ecr:DescribeImages", "arn:aws:ecr:us-east-1:210987654321:repository/x"),
            ecr_repository_arns=["arn:aws:ecr:us-east-1:210987654321:repository/x"],
        ),
        "home",
    ),
    "home: buckets of this account": (raw(granted("s3:GetObject", OBJECTS, OWNED)), "home"),
    "home: everything of this account here": (
        raw(granted("*", "*", {"StringEquals": {"aws:ResourceAccount": ACCOUNT, "aws:RequestedRegion": "eu-west-2"}})),
        "home",
    ),
    "home: what is another's denied": (
        raw(
            granted("s3:GetObject", "*"),
            denied("*", "*", {"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}}),
            denied("*", "arn:*:s3:?*:*:*"),
        ),
        "home",
    ),
    "home: beyond the boundary": (
        raw(granted("sqs:SendMessage", "*"), permissions_boundary_arn=f"{ATTACHABLE}/AWSXRayDaemonWriteAccess"),
        "home",
    ),
    "home: repositories of others that are listed": (
        lambda: built(ecr_repository_arns=["arn:aws:ecr:us-east-1:210987654321:repository/x"]),
        "home",
    ),
    "home: a complete secret that looks like a name": (
        lambda: built(
            enable_secrets_access=True,
            secrets_arns_complete=True,
            secrets_arns=["arn:aws:secretsmanager:us-east-1:210987654321:secret:db-config"],
        ),
        "home",
    ),
    "home: a partial secret with a JSON key": (
        lambda: built(
            enable_secrets_access=True, secrets_arns=["arn:aws:secretsmanager:us-east-1:210987654321:secret:db:?::"]
        ),
        "home",
    ),
    "home: every region that is listed": (
        lambda: built(aws_regions=["us-east-1"], enable_cloudwatch_logs=True),
        "home",
    ),
    "home: an ARN says the account": (
        guarded_by({"ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{IN}:*"}}),
        "home",
    ),
    "home: denied again": (
        having(
            of_feature("sqs:SendMessage", "*"),
            Statement("Deny", "sqs:*", AllBut((Text.of(f"arn:aws:sqs:{IN}:*"),))),
        ),
        "home",
    ),
    "neighbours: the same prefix": (
        lambda: built(project_name="a-b", environment="c", enable_cloudwatch_logs=True),
        "neighbours",
    ),
    "neighbours: a prefix that stands by chance": (
        lambda: built(project_name="k", environment="d", **{**CLASSIC, "task_definition_families": ()}),
        "neighbours",
    ),
    "neighbours: another's group that is named in full": (
        lambda: built(log_group_arns=[f"{GROUP}:/ecs/memos-dev2", f"{GROUP}:/ecs/shop-test:*"]),
        "neighbours",
    ),
    "neighbours: a raw statement on one that is named in full": (
        raw(
            granted("logs:PutRetentionPolicy", f"{GROUP}:/ecs/shop-test:*"), log_group_arns=[f"{GROUP}:/ecs/shop-test"]
        ),
        "neighbours",
    ),
    "neighbours: groups of nobody's prefix": (
        raw(granted("logs:*", [f"{GROUP}:/ecs/nginx:*", f"{GROUP}:/aws/lambda/*"])),
        "neighbours",
    ),
    "neighbours: its own by a raw statement": (
        raw(granted("logs:*", [f"{GROUP}:/ecs/memos-dev:*", f"{GROUP}:/ecs/memos-dev/*"])),
        "neighbours",
    ),
    "neighbours: a table in full": (
        raw(granted("dynamodb:*", [f"arn:aws:dynamodb:{IN}:table/memos-dev-{t}" for t in ("users", "old-users")])),
        "neighbours",
    ),
    "neighbours: what has no such resource": (raw(granted(["s3:*", "sqs:*"], "*")), "neighbours"),
    "neighbours: denied again": (
        raw(
            granted("*", "*"),
            {"Effect": "Deny", "Action": "*", "NotResource": [f"{GROUP}:/ecs/memos-dev:*", OBJECTS]},
        ),
        "neighbours",
    ),
    "neighbours: a group of each region": (
        lambda: built(aws_regions=["us-east-1"], enable_cloudwatch_logs=True),
        "neighbours",
    ),
    "neighbours: buckets that the user named": (
        lambda: built(enable_s3_access=True, s3_bucket_arns=["arn:aws:s3:::memos-dev*"]),
        "neighbours",
    ),
    "neighbours: below the prefix": (
        having(of_feature("logs:PutLogEvents", f"{GROUP}:/ecs/memos-dev/*:*")),
        "neighbours",
    ),
    "neighbours: other names for the roles": (
        lambda: built(**CLASSIC, role_names={"task": "memos-dev2-task-role", "execution": "x"}, path="/memos-dev/"),
        "neighbours",
    ),
    "wildcards: an action without resources": (
        raw(granted(["ec2:DescribeInstances", "sts:GetCallerIdentity"], "*")),
        "wildcards",
    ),
    "wildcards: denied again": (raw(granted("s3:GetObject", "*"), denied("s3:*", "*")), "wildcards"),
    "wildcards: everything of one type": (raw(granted("sqs:SendMessage", f"arn:aws:sqs:{IN}:*")), "wildcards"),
    "works: a Deny beside it": (raw(denied("s3:PutObject", "arn:aws:s3:::other/*"), **S3), "works"),
    "works: bucket and objects together": (
        raw(granted(["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::b", OBJECTS])),
        "works",
    ),
    "flags: a raw statement": (raw(granted("s3:GetObject", OBJECTS)), "flags"),
    "limits: the most that IAM takes": (
        lambda: built(task_managed_policy_arns=[f"arn:aws:iam::{ACCOUNT}:policy/p{i}" for i in range(10)]),
        "limits",
    ),
}


@pytest.mark.parametrize(("make", "id"), RIGHT.values(), ids=RIGHT)
def test_what_looks_broken_and_is_not_holds(make: Make, id: str) -> None:
    assert isinstance(INVARIANTS[id].ask(make()), Holds), INVARIANTS[id].ask(make())


def test_what_was_configured_is_assumed() -> None:
    open_ = built(confused_deputy="off", task_statements=[granted("s3:GetObject", "arn:aws:s3:::x/*", OWNED)])
    assert prove(open_)["home"] == Holds(
        assumed=(
            TODAY,
            "the trust of the execution role names no account: it was configured so",
            "the trust of the task role names no account: it was configured so",
        )
    )
    half = prove(built(confused_deputy="task"))["home"]
    assert half.assumed == (TODAY, "the trust of the execution role names no account: it was configured so")


# ---------------------------------------------------------------- what isn't known

UNREAD = f"arn:aws:iam::{ACCOUNT}:policy/x"
UNKNOWN: dict[str, tuple[Make, str, str]] = {
    "separation: an attached policy": (
        lambda: built(task_managed_policy_arns=[UNREAD]),
        "separation",
        f"`{UNREAD}` was not read",
    ),
    "separation: without the roles": (
        lambda: evolve(built(), roles=[built().roles["task"]]),
        "separation",
        "the stack has no role `execution`",
    ),
    "trust: a role of no kind": (
        lambda: evolve(built(), roles=[evolve(built().roles["task"], id="x")]),
        "trust",
        "nothing says who is to assume `x`",
    ),
    "pass-role: an attached policy": (
        lambda: built(execution_managed_policy_arns=[UNREAD]),
        "pass-role",
        f"`{UNREAD}` was not read",
    ),
    "no-escalation: an attached policy": (
        lambda: built(execution_managed_policy_arns=[UNREAD]),
        "no-escalation",
        f"`{UNREAD}` was not read",
    ),
    **{
        f"{id}: an attached policy": (
            lambda: built(execution_managed_policy_arns=[UNREAD]),
            id,
            f"`{UNREAD}` was not read",
        )
        for id in ("execution", "home", "neighbours", "wildcards")
    },
    "execution: without the role": (
        lambda: evolve(built(), roles=[built().roles["task"]]),
        "execution",
        "the stack has no role `execution`",
    ),
    "wildcards: an action that is not known": (
        raw(granted("s3:NotYetThere", "*")),
        "wildcards",
        f"the service reference of {date()} does not know `s3:NotYetThere`, which is on `*`",
    ),
    "works: a boundary": (
        lambda: built(permissions_boundary_arn=UNREAD),
        "works",
        f"the permissions boundary `{UNREAD}` was not read",
    ),
    "works: the form of subjects": (
        lambda: built(**{**CLASSIC, "github_subject_format": None}),
        "works",
        FORMAT,
    ),
    "works: an attached policy may allow it": (
        lambda: changed(built(task_managed_policy_arns=[UNREAD], **S3), "task", policies=[]),
        "works",
        "it is not allowed, and has to be (task: list the objects of the buckets), "
        f"unless `{UNREAD}`, which was not read, allows it; "
        "it is not allowed, and has to be (task: read, write and delete objects), "
        f"unless `{UNREAD}`, which was not read, allows it",
    ),
    "works: an action that is not known": (
        raw(granted("s3:NotYetThere", "arn:aws:s3:::b")),
        "works",
        "the action `s3:NotYetThere` of the task role (policy `memos-dev-task-statements-policy`, statement 0) is "
        f"newer than our data of {date()}, or misspelt",
    ),
    "limits: a list": (
        lambda: built(enable_s3_access=True, s3_bucket_arns=Parameter("buckets")),
        "limits",
        "a list parameter sets",
    ),
}


@pytest.mark.parametrize(("make", "id", "reason"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_said(make: Make, id: str, reason: str) -> None:
    answer = INVARIANTS[id].ask(make())
    assert isinstance(answer, Undecided), answer
    assert answer.reason.startswith(reason) if id == "limits" else answer.reason == reason


def test_without_an_intention_what_needs_one_is_undecided() -> None:
    answers = prove(evolve(built(**CLASSIC, **S3), intent=Intent()))
    assert {id: a.reason for id, a in answers.items() if isinstance(a, Undecided)} == {
        "trust": "nothing says who is to assume `execution`",
        "oidc-subject": "nothing says which subjects may deploy",
        "home": "nothing says which trusts are to name the account that a service acts for",
        "neighbours": "nothing says which prefix the names are built from",
        "works": "nothing says what has to work",
        "flags": "nothing says which flags were asked for",
    }
    assert prove(evolve(built(), intent=Intent()))["oidc-subject"] == Undecided("nothing says which role deploys")


def test_a_stack_read_back_gives_the_same_answers() -> None:
    stack = stack_of("everything")
    assert prove(Stack.from_dict(stack.to_dict())) == prove(stack) == prove(stack)


@pytest.mark.parametrize("statement", [("iam:List*", "*"), ("iam:Get*", "*"), ("iam:*", "arn:aws:s3:::b/*")])
def test_what_aws_never_asks_is_no_escalation(statement: tuple[str, str]) -> None:
    """Reading IAM changes nothing, and no object of a bucket is a role."""
    assert isinstance(prove(raw(granted(*statement))())["no-escalation"], Holds)


def test_what_aws_never_asks_is_no_overlap() -> None:
    """Nobody logs in to ECR on an object of a bucket."""
    assert isinstance(prove(raw(granted("*", "arn:aws:s3:::b/*"))())["separation"], Holds)


def test_what_shows_a_failure_is_named_as_far_as_the_time_goes() -> None:
    """A failure that was found stays one; how many actions were not looked at is said."""
    leaves = allows(all_granted(raw(granted("sqs:*", "*"))().roles["task"]).leaves)
    whole = named(leaves, union(map(of_statement, leaves)), "known")
    assert len(whole.requests) > 10
    assert whole.more == 0
    with limited(1e-9):
        cut = named(leaves, union(map(of_statement, leaves)), "known")
    assert cut.requests == ()
    assert cut.more >= len(whole.requests)


OWN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/memos-dev-task-role"


@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"ArnNotEquals": {"aws:PrincipalArn": OWN_ROLE}},
        {"StringEquals": {"aws:PrincipalType": "User"}},
        {"Null": {"aws:username": "false"}},
    ],
    ids=str,
)
def test_a_guard_that_never_meets_the_role_takes_nothing_from_it(condition: dict[str, dict[str, str]]) -> None:
    """What people deny everywhere: no TLS, other accounts, regions and principals."""
    assert isinstance(prove(raw(denied("*", "*", condition), **S3)())["works"], Holds)


@pytest.mark.parametrize("resource", ["arn:aws:s3:::*", "arn:aws:s3:::*?", "arn:aws:s3*", "arn:?ws:s3:::*"])
def test_every_spelling_of_all_there_is_is_a_wildcard(resource: str) -> None:
    assert isinstance(prove(raw(granted("s3:GetObject", resource))())["wildcards"], Fails)


@pytest.mark.parametrize("resource", ["arn:aws:s3:::memos*", f"arn:aws:dynamodb:eu-west-2:{ACCOUNT}:table/*"])
def test_all_of_ones_own_is_no_wildcard(resource: str) -> None:
    action = "s3:GetObject" if ":s3:" in resource else "dynamodb:GetItem"
    assert isinstance(prove(raw(granted(action, resource))())["wildcards"], Holds)


@pytest.mark.parametrize("key", ["aws:SourceIdentity", "aws:FederatedProvider", "ec2:SourceInstanceARN"])
def test_no_key_of_a_session_sets_the_roles_apart(key: str) -> None:
    """Neither role is set apart from the other by what only their sessions carry."""
    config = {
        "task_statements": [granted("s3:GetObject", OBJECTS, {"StringEquals": {key: "a"}})],
        "execution_statements": [granted("s3:GetObject", OBJECTS, {"Null": {key: "true"}})],
    }
    assert isinstance(prove(built(**config))["separation"], Fails)


def test_what_has_nothing_to_do_with_an_open_list_is_answered() -> None:
    """A statement that fails, beside a list that the deployment gives."""
    passes = granted("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/x")
    stack = built(enable_s3_access=True, s3_bucket_arns=Parameter("b"), task_statements=[passes])
    answer = prove(stack)["pass-role"]
    assert isinstance(answer, Fails)
    assert prove(stack.bind(dict(answer.values)))["pass-role"] == evolve(answer, values=())
