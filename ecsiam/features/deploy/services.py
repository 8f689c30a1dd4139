"""What a deploy role deploys: task definitions are registered, services rolled over, and the roles in them passed."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from attrs import evolve

from ecsiam.features.deploy.github_oidc import GithubOidcKeys
from ecsiam.features.deployer import DEPLOY_ROLES, GITHUB_FLAG, OTHER_FLAGS, Deployer
from ecsiam.features.feature import Part
from ecsiam.features.project import Project, allow
from ecsiam.features.trust import ECS_ROLES
from ecsiam.keys.key import Key
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.values import Many, as_text, empty, known, left_open, resources, wrapped
from ecsiam.looks.words import listed as named
from ecsiam.model import arn_forms, forms
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.deploying import PASS, READ_DEFINITION, REGISTER, TAG, UPDATE_SERVICE, WATCH_SERVICE
from ecsiam.model.each import Item, Rule
from ecsiam.model.form import arn_form
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import Statement
from ecsiam.model.text import Text, in_order, texts

_PASS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html"
_ECS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html"
_INFRASTRUCTURE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html"
_PASSED = "which roles are passed is written in the config"
PASSED_ROLE_ARN = arn_form(
    "passed_role_arn",
    "the ARN of one role",
    "iam",
    "role/([A-Za-z0-9.,+@=_-]+/)*[A-Za-z0-9_+=,.@-]{1,64}",
    ("arn:aws:iam::123456789012:role/memos-hooks", "arn:aws:iam::123456789012:role/team/memos-infrastructure"),
    ("arn:aws:iam::123456789012:role/*", "arn:aws:iam::123456789012:policy/x", "arn:aws:iam::123456789012:role/"),
    regional=False,
    hints=(
        ("arn:[^:]*:iam:[^:]+:.*", "has a region", "IAM's ARNs have none: write two colons."),
        (".*[*?].*", "has a wildcard", "Whoever may pass a role runs code as it: write each of them out."),
        (".*:(policy|user|group|instance-profile)/.*", "is no role", "Its ARN ends in `role/NAME`."),
    ),
    bare=(("[A-Za-z0-9_+=,.@/-]+", "is a name", "Write the role's ARN: `arn:aws:iam::123456789012:role/NAME`."),),
)


class DeployServicesKeys(GithubOidcKeys):
    """What is deployed."""

    heading = "What GitHub Actions deploys"

    task_definition_families: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The families of the task definitions that the workflow registers.",
            ListOf(OfForm(forms.FAMILY)),
            DEPLOY_ROLES,
            default="all of this account and region, with a note",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            fixed="CloudFormation can't put account and region around each of a list",
        ),
    ] = ()
    ecs_service_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The services that the workflow updates.",
            ListOf(OfForm(arn_forms.SERVICE_ARN)),
            DEPLOY_ROLES,
            default="all of `ecs_cluster_arns`",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            same_account=True,
        ),
    ] = ()
    ecs_cluster_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The clusters whose services the workflow updates, unless `ecs_service_arns` lists some.",
            ListOf(OfForm(arn_forms.CLUSTER_ARN)),
            DEPLOY_ROLES,
            default="all of this account and region, with a note",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            same_account=True,
        ),
    ] = ()
    github_pass_task_role_arns: Annotated[
        Sequence[str],
        Key(
            "Other task and execution roles, of the task definitions of other services: the workflow passes them to "
            "tasks, as it passes the two that are made here.",
            ListOf(OfForm(PASSED_ROLE_ARN)),
            DEPLOY_ROLES,
            default="none",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            same_account=True,
            closed=True,
            fixed=_PASSED,
        ),
    ] = ()
    github_pass_role_arns: Annotated[
        Sequence[str],
        Key(
            "The roles that ECS itself assumes where a service definition names them, which the workflow passes to it: "
            "infrastructure roles (load balancers, volumes) and those of lifecycle hooks.",
            ListOf(OfForm(PASSED_ROLE_ARN)),
            DEPLOY_ROLES,
            default="none",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            same_account=True,
            closed=True,
            fixed=_PASSED,
        ),
    ] = ()


def task_definitions(keys: DeployServicesKeys, project: Project, by: Deployer) -> Iterator[Part]:
    """Register a revision, tag it, read the one before."""
    if empty(keys.task_definition_families):
        yield Note(
            "task-definitions-account-wide",
            "the deploy role may register every task definition of its account and region",
            ("task_definition_families",),
            "List the families in `task_definition_families`.",
            _ECS,
            unless=left_open(keys.task_definition_families),
        )
    every = project.arns("ecs", "task-definition/*")
    bare = wrapped(keys.task_definition_families, project.arns("ecs", "task-definition/"), "", every)
    yield allow(REGISTER, revisions(keys, project), by.origin("register the new revision", _ECS))
    yield allow(
        TAG,
        # ECS asks about the family without a revision, which does not exist yet; the documentation has it with one.
        [*bare, *revisions(keys, project)],
        by.origin("tag it while registering", _ECS),
        Condition("StringEquals", "ecs:CreateAction", "RegisterTaskDefinition"),
    )
    yield allow(
        READ_DEFINITION,
        "*",
        by.origin("read the current revision; the action supports no narrower resource", _ECS),
    )


def revisions(keys: DeployServicesKeys, project: Project) -> tuple[Item, ...]:
    """The revisions of the families that are registered."""
    every = project.arns("ecs", "task-definition/*")
    return wrapped(keys.task_definition_families, project.arns("ecs", "task-definition/"), ":*", every)


def elsewhere(name: str, arns: Many, project: Project) -> Iterator[Note]:
    """What of a key is of another region than the task definitions that the workflow registers."""
    own = [region.literal for region in project.home.regions]
    for i, arn in enumerate(known(arns) if None not in own else ()):
        region = Arn.parse(as_text(arn)).region.literal
        if region is not None and region not in own:
            yield Note(
                "deploy-elsewhere",
                f"`{arn}` is of region `{region}`, and task definitions are registered in {named(filter(None, own))}: "
                "none of them runs there",
                (name, i),
                "Write the region in `aws_regions` if the service runs there too.",
                _ECS,
            )


def service_notes(keys: DeployServicesKeys, project: Project, *, of_clusters: bool) -> Iterator[Note]:
    """What is worth knowing about the services. `of_clusters` says that something else is done in the clusters."""
    clusters = keys.ecs_cluster_arns
    listed = keys.ecs_service_arns and not isinstance(keys.ecs_service_arns, Parameter)
    if clusters and listed and not of_clusters:
        yield Note(
            "unused-clusters",
            "`ecs_service_arns` names the services, so `ecs_cluster_arns` is not used",
            ("ecs_cluster_arns",),
            "Leave one of the two out.",
        )
    for name in ("ecs_service_arns", "ecs_cluster_arns"):
        yield from elsewhere(name, getattr(keys, name), project)
    if empty(keys.ecs_service_arns):
        which = "these clusters" if not empty(clusters) else "its account and region"
        if isinstance(clusters, Parameter):
            which = "the clusters in `ecs_cluster_arns`, or of its account and region while that is empty"
        yield Note(
            "services-wide",
            f"the deploy role may update every service of {which}",
            ("ecs_service_arns",),
            "List the services in `ecs_service_arns`.",
            _ECS,
            unless=left_open(keys.ecs_service_arns),
        )


def roll_over(keys: DeployServicesKeys, project: Project, by: Deployer) -> Iterator[Statement]:
    """Update the services, and wait for them."""
    yield allow(
        (*WATCH_SERVICE, *UPDATE_SERVICE),
        of_services(keys, project),
        by.origin("roll the services over and wait for them", _ECS),
    )


# What belongs to a service: its kind of resource, and the rules that make it of a service and of a cluster.
_OF_SERVICES: dict[str, tuple[Rule, Rule]] = {
    "service": ("all", "services_of_cluster"),
    "service-deployment": ("deployments_of_service", "deployments_of_cluster"),
    "service-revision": ("revisions_of_service", "revisions_of_cluster"),
}


def of_services(keys: DeployServicesKeys, project: Project, kind: str = "service") -> tuple[Item, ...]:
    """The services that are deployed, or what else belongs to them."""
    of_service, of_cluster = _OF_SERVICES[kind]
    of_clusters = resources(keys.ecs_cluster_arns, of_cluster, project.arns("ecs", f"{kind}/*"))
    return resources(keys.ecs_service_arns, of_service, of_clusters)


def known_clusters(keys: DeployServicesKeys, project: Project) -> tuple[Text, ...]:
    """The clusters that are listed, else those of the services that are; else all of account and region."""
    listed = texts(known(keys.ecs_cluster_arns)) or tuple(map(_cluster, known(keys.ecs_service_arns)))
    return in_order(listed) or project.arns("ecs", "cluster/*")


def _cluster(service: str) -> Text:
    """The cluster of a service."""
    arn = Arn.parse(service)
    _, name, _ = arn.resource.split("/", 2)
    return evolve(arn, resource=Text.of("cluster/", name)).text


def tasks_of(clusters: Sequence[Text]) -> tuple[Text, ...]:
    """The tasks of some clusters."""
    arns = map(Arn.parse, clusters)
    return tuple(evolve(a, resource=Text.of("task/", a.resource.split("/", 1)[1], "/*")).text for a in arns)


def alarms(keys: DeployServicesKeys, project: Project) -> tuple[Text, ...]:
    """The alarms that target tracking makes for the services that are listed, else for those of the clusters."""
    services = [Arn.parse(arn) for arn in known(keys.ecs_service_arns)]
    if services:
        found = [(arn, Text.of(arn.resource, "-*")) for arn in services]
    else:
        clusters = () if isinstance(keys.ecs_service_arns, Parameter) else known(keys.ecs_cluster_arns)
        found = [(a, Text.of(a.resource.replace("cluster/", "service/"), "/*")) for a in map(Arn.parse, clusters)]
    of_these = (evolve(a, service="cloudwatch", resource=Text.of("alarm:TargetTracking-", r)).text for a, r in found)
    return in_order(of_these) or project.arns("cloudwatch", "alarm:TargetTracking-service/*")


def passed(keys: DeployServicesKeys, project: Project, by: Deployer) -> Iterator[Statement]:
    """Pass the roles of the task definitions to tasks, and those of the services' definitions to ECS."""
    own = [project.role_arn(role) for role in ECS_ROLES]
    reason = "hand the two roles to the tasks of the new revision, and to nothing else"
    if keys.github_pass_task_role_arns:
        reason = "hand the two roles, and those that are listed, to the tasks of new revisions, and to nothing else"
    yield allow(
        PASS,
        [*own, *resources(keys.github_pass_task_role_arns)],
        by.origin(reason, _PASS),
        Condition("StringEquals", "iam:PassedToService", "ecs-tasks.amazonaws.com"),
    )
    if keys.github_pass_role_arns:
        yield allow(
            PASS,
            resources(keys.github_pass_role_arns),
            by.origin("hand ECS the roles that the services' definitions name", _INFRASTRUCTURE),
            Condition("StringEquals", "iam:PassedToService", "ecs.amazonaws.com"),
        )
