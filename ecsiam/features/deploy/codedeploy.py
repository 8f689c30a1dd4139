"""codedeploy_deployment_group_arns: services that a deploy role rolls over through CodeDeploy, blue and green."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from attrs import evolve

from ecsiam.features.deploy.github_oidc import GithubOidcKeys
from ecsiam.features.deployer import DEPLOY_ROLES, GITHUB_FLAG, OTHER_FLAGS, Deployer
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.model.arn import Arn
from ecsiam.model.deploying import CODE_DEPLOY, CODE_DEPLOY_CONFIG, CODE_DEPLOY_REVISION
from ecsiam.model.form import arn_form
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text, in_order, text, texts

_PAGE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodedeploy.html"
_IN = "eu-west-2:123456789012"
_NAME = "[A-Za-z0-9._+=,@-]{1,100}"
# https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
DEPLOYMENT_GROUP_ARN = arn_form(
    "deployment_group_arn",
    "the ARN of a CodeDeploy deployment group",
    "codedeploy",
    f"deploymentgroup:{_NAME}/{_NAME}",
    (f"arn:aws:codedeploy:{_IN}:deploymentgroup:memos/memos-dev",),
    (f"arn:aws:codedeploy:{_IN}:application:memos", f"arn:aws:codedeploy:{_IN}:deploymentgroup:memos/*"),
    hints=(
        (".*[*?].*", "has a wildcard", "Write the deployment groups out."),
        (".*:application:[^/]*", "is an application", "Write the group's ARN: `deploymentgroup:APPLICATION/GROUP`."),
        (".*:deploymentgroup/.*", "has a slash after `deploymentgroup`", "Write `deploymentgroup:APPLICATION/GROUP`."),
        (".*:deploymentgroup:[^/]*", "names no group", "Write `deploymentgroup:APPLICATION/GROUP`."),
    ),
    bare=(
        (f"{_NAME}(/{_NAME})?", "is a name", f"Write `arn:aws:codedeploy:{_IN}:deploymentgroup:APPLICATION/GROUP`."),
    ),
)


class CodeDeployKeys(GithubOidcKeys):
    """What the workflow deploys through CodeDeploy."""

    heading = "Deployments by CodeDeploy"

    codedeploy_deployment_group_arns: Annotated[
        Sequence[str],
        Key(
            "The deployment groups through which the workflow deploys, for services that CodeDeploy rolls over: it "
            "registers revisions of their applications, creates deployments and waits for them.",
            ListOf(OfForm(DEPLOYMENT_GROUP_ARN)),
            DEPLOY_ROLES,
            default="none",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            same_account=True,
            closed=True,
            fixed="CloudFormation can't take the application out of each of a list",
        ),
    ] = ()


def code_deploy(keys: CodeDeployKeys, _: Project, by: Deployer) -> Iterator[Statement]:
    """Register a revision of the application, deploy it to the groups, wait for that."""
    groups = in_order(texts(keys.codedeploy_deployment_group_arns))
    if not groups:
        return
    yield allow(
        CODE_DEPLOY,
        groups,
        by.origin("deploy through these groups and wait for it", _PAGE),
    )
    yield allow(
        CODE_DEPLOY_REVISION,
        [_beside(group, Text.of("application:", _application(group))) for group in groups],
        by.origin("register the revision that is deployed", _PAGE),
    )
    yield allow(
        CODE_DEPLOY_CONFIG,
        [_beside(group, text("deploymentconfig:*")) for group in groups],
        by.origin("read how the groups shift traffic", _PAGE),
    )


def _application(group: Text) -> Text:
    """The application that a group is of."""
    return Arn.parse(group).resource.split("/", 1)[0].split(":", 1)[1]


def _beside(group: Text, resource: Text) -> Text:
    """Another resource of CodeDeploy, in the group's region and account."""
    return evolve(Arn.parse(group), resource=resource).text
