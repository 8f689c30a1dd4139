"""enable_codedeploy_role: CodeDeploy shifts the traffic of a service from one task set to another.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/codedeploy_IAM_role.html
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.errors import Fault
from ecsiam.features.assumed import AssumedBy, OtherKey, everywhere
from ecsiam.features.derived import each, functions, task_sets_of
from ecsiam.features.feature import Feature, Part, RoleKind
from ecsiam.features.infrastructure import BALANCED, LAMBDA, balanced_of
from ecsiam.features.project import Project, allow
from ecsiam.features.run_tasks import pass_to_tasks
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import resources
from ecsiam.model import arn_forms
from ecsiam.model.form import arn_form
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Origin, Statement

_FLAG = "enable_codedeploy_role"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/codedeploy_IAM_role.html"
_ROLE = ("codedeploy",)
_SETS = ("ecs:CreateTaskSet", "ecs:DeleteTaskSet")
_SERVICE = ("ecs:DescribeServices", "ecs:UpdateServicePrimaryTaskSet")
_LOOK = tuple(f"elasticloadbalancing:Describe{what}" for what in ("Listeners", "Rules", "TargetGroups"))
_LISTENER, _RULE = ("elasticloadbalancing:ModifyListener",), ("elasticloadbalancing:ModifyRule",)
_HOOK, _ALARM, _TOPIC = ("lambda:InvokeFunction",), ("cloudwatch:DescribeAlarms",), ("sns:Publish",)
_REVISION = ("s3:GetObject", "s3:GetObjectVersion")
ALARM = arn_form(
    "alarm_arn",
    "the ARN of a CloudWatch alarm",
    "cloudwatch",
    "alarm:[A-Za-z0-9 _./()*?-]+",
    ("arn:aws:cloudwatch:eu-west-2:123456789012:alarm:memos-5xx",),
    ("arn:aws:cloudwatch:eu-west-2:123456789012:memos", "arn:aws:cloudwatch:eu-west-2:123456789012:alarm:"),
)
TOPIC = arn_form(
    "topic_arn",
    "the ARN of an SNS topic",
    "sns",
    "[A-Za-z0-9_*?-]+([.]fifo)?",
    ("arn:aws:sns:eu-west-2:123456789012:deployments",),
    ("arn:aws:sns:eu-west-2:123456789012:", "arn:aws:sns:eu-west-2:123456789012:a:b"),
)


class CodedeployKeys(Keys):
    """What CodeDeploy deploys."""

    heading = "Other roles of ECS: CodeDeploy"

    enable_codedeploy_role: Annotated[
        bool | Parameter,
        OtherKey(
            "A role for CodeDeploy, which deploys blue/green. ECS does that itself by now, with the role of "
            "`enable_load_balancers_role`, which AWS recommends.",
            Flag(),
            _ROLE,
        ),
    ] = False
    codedeploy_service_arns: Annotated[
        Sequence[str],
        OtherKey(
            "The services that CodeDeploy deploys. Then the role has a policy of its own in the place of AWS's, which "
            "may pass every role of the account to tasks.",
            ListOf(OfForm(arn_forms.SERVICE_ARN)),
            _ROLE,
            default="AWS's policy, for every service, with a note",
            flag=_FLAG,
            same_account=True,
            closed=True,
        ),
    ] = ()
    codedeploy_listener_arns: Annotated[
        Sequence[str],
        OtherKey(
            "With `codedeploy_service_arns`: the listeners and the listener rules that CodeDeploy switches.",
            ListOf(OfForm(BALANCED)),
            _ROLE,
            default="required with `codedeploy_service_arns`",
            flag=_FLAG,
            same_account=True,
            closed=True,
            beside=("codedeploy_service_arns",),
        ),
    ] = ()
    codedeploy_hook_arns: Annotated[
        Sequence[str],
        OtherKey(
            "With `codedeploy_service_arns`: the Lambda functions that the AppSpec file names as hooks.",
            ListOf(OfForm(LAMBDA)),
            _ROLE,
            default="none",
            flag=_FLAG,
            closed=True,
            beside=("codedeploy_service_arns",),
        ),
    ] = ()
    codedeploy_alarm_arns: Annotated[
        Sequence[str],
        OtherKey(
            "With `codedeploy_service_arns`: the alarms that stop a deployment.",
            ListOf(OfForm(ALARM)),
            _ROLE,
            default="none",
            flag=_FLAG,
            same_account=True,
            closed=True,
            beside=("codedeploy_service_arns",),
        ),
    ] = ()
    codedeploy_topic_arns: Annotated[
        Sequence[str],
        OtherKey(
            "With `codedeploy_service_arns`: the SNS topics that deployments are told to.",
            ListOf(OfForm(TOPIC)),
            _ROLE,
            default="none",
            flag=_FLAG,
            closed=True,
            beside=("codedeploy_service_arns",),
        ),
    ] = ()
    codedeploy_revision_arns: Annotated[
        Sequence[str],
        OtherKey(
            "With `codedeploy_service_arns`: the AppSpec files in S3, or the buckets that hold them.",
            ListOf(OfForm(arn_forms.BUCKET_ARN)),
            _ROLE,
            default="none",
            flag=_FLAG,
            closed=True,
            beside=("codedeploy_service_arns",),
        ),
    ] = ()

    @check("codedeploy_service_arns", "codedeploy_listener_arns")
    def _listeners(self) -> Iterator[Fault]:
        if self.codedeploy_service_arns and not any(self.codedeploy_listener_arns):
            yield Fault(
                "`codedeploy_service_arns` is given and `codedeploy_listener_arns` is not",
                ("codedeploy_service_arns",),
                "List the listeners, or the listener rules, that CodeDeploy switches.",
            )

    @check("codedeploy_listener_arns")
    def _no_groups(self) -> Iterator[Fault]:
        for i, arn in enumerate(self.codedeploy_listener_arns):
            if arn and ":targetgroup/" in arn:
                remedy = "CodeDeploy needs no permission on it: list the listeners and rules."
                yield Fault(f"`{arn}` is a target group", ("codedeploy_listener_arns", i), remedy)


def _origin(reason: str) -> Origin:
    return Origin("codedeploy", reason, _PAGE, _FLAG)


def _ours(keys: CodedeployKeys) -> bool:
    return bool(keys.codedeploy_service_arns)


def _statements(keys: CodedeployKeys, project: Project) -> Iterator[Statement]:
    """Make and remove task sets, switch listeners, pass the two roles; and what the deployment group adds."""
    if not _ours(keys):
        return
    services = keys.codedeploy_service_arns
    listeners, rules = (balanced_of(keys.codedeploy_listener_arns, kind) for kind in ("listener", "listener-rule"))
    yield allow(_SERVICE, resources(services), _origin("look at the services, and choose their task set"))
    yield allow(_SETS, each(task_sets_of, services), _origin("make the new task set, and remove the old one"))
    yield allow(_LOOK, "*", _origin("look at the load balancer; the actions support no narrower resource"))
    if listeners:
        yield allow(_LISTENER, listeners, _origin("switch the listeners"))
    if rules:
        yield allow(_RULE, rules, _origin("switch the rules of the listeners"))
    yield pass_to_tasks(project, _origin("hand the two roles to the tasks of the new task set, and to nothing else"))
    if keys.codedeploy_hook_arns:
        yield allow(_HOOK, functions(keys.codedeploy_hook_arns), _origin("ask the hooks of the AppSpec file"))
    if keys.codedeploy_alarm_arns:
        yield allow(_ALARM, resources(keys.codedeploy_alarm_arns), _origin("watch the alarms"))
    if keys.codedeploy_topic_arns:
        yield allow(_TOPIC, resources(keys.codedeploy_topic_arns), _origin("tell of the deployment"))
    if keys.codedeploy_revision_arns:
        yield allow(_REVISION, resources(keys.codedeploy_revision_arns, "object"), _origin("read the AppSpec file"))


def _parts(keys: CodedeployKeys, project: Project) -> Iterator[Part]:
    if not _ours(keys):
        yield Note(
            "codedeploy-any-role",
            "by AWS's policy CodeDeploy may deploy every service, call every function, read every object of S3 and "
            "pass every role of the account to tasks",
            ("enable_codedeploy_role",),
            "List the services in `codedeploy_service_arns` and what is switched in `codedeploy_listener_arns`: the "
            "role then has a policy of its own.",
            _PAGE,
        )
    yield from _statements(keys, project)


_BY_CODEDEPLOY = AssumedBy[CodedeployKeys](
    everywhere("codedeploy"), "CodeDeploy assumes the role for a deployment", _PAGE, _FLAG
)
_GRANTS = (*_SERVICE, *_SETS, *_LOOK, *_LISTENER, *_RULE, "iam:PassRole", *_HOOK, *_ALARM, *_TOPIC, *_REVISION)

FEATURES: tuple[Feature[CodedeployKeys], ...] = (
    Feature("codedeploy", "codedeploy", _FLAG, CodedeployKeys, _parts, _GRANTS, _statements),
)
ROLES: tuple[RoleKind[CodedeployKeys], ...] = (
    RoleKind(
        "codedeploy",
        "codedeploy-role",
        "CodeDeploy",
        trust=_BY_CODEDEPLOY.trust,
        meant=_BY_CODEDEPLOY.meant,
        needs=_BY_CODEDEPLOY.meant,
        flag=_FLAG,
        output="codedeploy_role",
        attributes=("arn", "name"),
        aside=True,
        aws="AWSCodeDeployRoleForECS",
        ours=_ours,
        passed_to=everywhere("codedeploy"),
        page=_PAGE,
        why="CodeDeploy deploys the service blue/green",
    ),
)
