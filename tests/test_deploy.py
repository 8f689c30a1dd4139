"""What a deploy role may do beside pushing and rolling over: one-off tasks, deployments, words, roles to pass.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
"""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import ecsiam
from ecsiam import Fails, Holds, Parameter, Stack
from ecsiam.errors import ConfigError
from ecsiam.features.deploy.github_actions import GRANTS, deploying
from ecsiam.features.deploy.operations import OPERATIONS
from ecsiam.features.deployer import Deployer
from ecsiam.invariants import prove
from ecsiam.invariants.access import RELEASER
from ecsiam.model.globs import overlap
from ecsiam.model.statement import Statement
from ecsiam.reference.actions import action, evaluated_on

IN = "eu-west-2:123456789012"
ECS = f"arn:aws:ecs:{IN}:"
ROLE = "arn:aws:iam::123456789012:role/"
CODEDEPLOY = f"arn:aws:codedeploy:{IN}:"
NAMES: dict[str, Any] = {
    "project_name": "memos",
    "environment": "dev",
    "enable_github_oidc": True,
    "github_repo": "octo-org/memos",
    "github_owner_id": "1",
    "github_repo_id": "2",
}
HOME: dict[str, Any] = {"account_id": "123456789012", "aws_region": "eu-west-2"}
CLUSTER: dict[str, Any] = {"ecs_cluster_arns": [f"{ECS}cluster/main"]}
EVERYTHING: dict[str, Any] = {
    "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"],
    "github_ecr_public_repository_arns": ["arn:aws:ecr-public::123456789012:repository/memos"],
    "github_ecr_pull": True,
    "task_definition_families": ["memos", "memos-migrate"],
    "ecs_service_arns": [f"{ECS}service/main/memos", f"{ECS}service/jobs/memos-worker"],
    "github_run_tasks": ["memos-migrate"],
    "github_pass_role_arns": [f"{ROLE}memos-hooks"],
    "github_pass_task_role_arns": [f"{ROLE}team/worker"],
    "codedeploy_deployment_group_arns": [f"{CODEDEPLOY}deploymentgroup:memos/memos-dev"],
    "github_may": list(OPERATIONS),
}


def built(**keys: Any) -> Stack:
    return ecsiam.build(ecsiam.Config(**keys))


def stack(**keys: Any) -> Stack:
    return built(**{**NAMES, **HOME, **keys})


def granted(of: Stack) -> tuple[Statement, ...]:
    return tuple(of.roles["github_actions"].policies["github_actions"].document.statements)


def said(of: Stack, name: str) -> list[tuple[list[str], dict[str, list[str]]]]:
    """The resources and the conditions of each statement that grants an action."""
    return [
        (
            [str(item) for item in s.resources.items] if s.resources else [],
            {c.key: [str(v) for v in c.values] for c in s.conditions},
        )
        for s in granted(of)
        if any(a.pattern == name for a in s.actions.items)
    ]


def unless_default(of: Stack) -> set[str]:
    """The actions that a config adds to those of every deploy role."""
    actions = {a.pattern for s in granted(of) for a in s.actions.items}
    return actions - {a.pattern for s in granted(stack()) for a in s.actions.items}


def refusals(**keys: Any) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        stack(**keys)
    return [str(fault) for fault in raised.value.faults]


# ---------------------------------------------------------------- all of it

OPEN: dict[str, dict[str, Any]] = {
    "all known": {**HOME, **EVERYTHING},
    "account and region open": EVERYTHING,
    "nothing listed": {**HOME, "github_run_tasks": ["memos"], "github_may": list(OPERATIONS)},
    "several regions": {**HOME, "aws_regions": ["us-east-1"], "github_run_tasks": ["m"], "github_may": [*OPERATIONS]},
    "what lies in another region": {
        **HOME,
        "github_run_tasks": ["memos"],
        "ecs_service_arns": ["arn:aws:ecs:eu-central-1:123456789012:service/main/memos"],
        "codedeploy_deployment_group_arns": [
            "arn:aws:codedeploy:eu-central-1:123456789012:deploymentgroup:memos/memos-dev"
        ],
        "github_may": list(OPERATIONS),
    },
    "lists left to deployment": {
        **HOME,
        **EVERYTHING,
        "ecs_service_arns": Parameter("services"),
        "ecs_cluster_arns": Parameter("clusters"),
        "task_definition_families": Parameter("families"),
        "github_task_cluster_arns": [f"{ECS}cluster/main"],
    },
    "the flag left to deployment": {**HOME, **EVERYTHING, "enable_github_oidc": Parameter("deploys")},
    "a path and other names": {**HOME, **EVERYTHING, "path": "/team/", "role_names": {"task": "t"}},
}


@pytest.mark.parametrize("row", OPEN)
def test_every_invariant_holds(row: str) -> None:
    """Whatever is known when: what the config names is meant, and nothing else is given."""
    of = built(**{**NAMES, **OPEN[row]})
    answers = prove(of)
    undecided = ("neighbours", "limits") if row == "lists left to deployment" else ()
    assert {id: str(a) for id, a in answers.items() if not isinstance(a, Holds) and id not in undecided} == {}


@pytest.mark.parametrize("row", ["all known", "account and region open", "nothing listed", "several regions"])
def test_each_action_is_asked_on_a_resource_of_its_statement(row: str) -> None:
    """And each resource by an action; each condition's key is one that AWS sends with each action."""
    for s in granted(built(**{**NAMES, **OPEN[row]}).bind(_known(OPEN[row]))):
        assert s.resources is not None
        arns = [str(item) for item in s.resources.items]
        forms: dict[str, tuple[str, ...]] = {}
        for pattern in (a.pattern for a in s.actions.items):
            known = action(pattern)
            assert known is not None, pattern
            forms[pattern] = evaluated_on(known)
            sent = {key.lower() for key in known.keys}
            assert {c.key.lower() for c in s.conditions} <= sent, pattern
            assert any(_applies(form, arn) for form in forms[pattern] for arn in arns), pattern
        for arn in arns:
            assert any(_applies(form, arn) for on in forms.values() for form in on), arn


def _known(keys: dict[str, Any]) -> dict[str, Any]:
    return {} if "account_id" in keys else HOME


def _applies(form: str, arn: str) -> bool:
    return form == arn if "*" in (form, arn) else overlap(form, arn)


def test_the_row_names_each_action_and_no_other() -> None:
    given = {a.pattern for s in granted(stack(**EVERYTHING)) for a in s.actions.items}
    assert given == set(GRANTS)


def test_a_statement_less_and_it_works_no_longer() -> None:
    twice = ("read-tasks",)  # who runs tasks may describe them too
    of = stack(**{**EVERYTHING, "github_may": [word for word in OPERATIONS if word not in twice]})
    role = of.roles["github_actions"]
    policy = role.policies["github_actions"]
    statements = tuple(policy.document.statements)
    for i in range(len(statements)):
        rest = evolve(policy.document, statements=(*statements[:i], *statements[i + 1 :]))
        lacking = evolve(role, policies=[evolve(policy, document=rest)])
        less = evolve(of, roles=[lacking if r.id == role.id else r for r in of.roles.values()])
        assert isinstance(prove(less, only=["works"])["works"], Fails), statements[i].why


def test_another_deploy_role_gets_the_same_by_its_own_name() -> None:
    keys: dict[str, Any] = {**NAMES, **HOME, **EVERYTHING}
    config = ecsiam.Config(**keys)
    by = Deployer("gitlab", "enable_gitlab_oidc")
    theirs = [p for p in deploying(config, config.project, by) if isinstance(p, Statement)]
    assert tuple(theirs) == granted(stack(**EVERYTHING))
    assert {(s.origin.feature, s.origin.flag) for s in theirs if s.origin} == {("gitlab", "enable_gitlab_oidc")}


def test_without_the_flag_nothing_is_given() -> None:
    off = stack(**EVERYTHING, enable_github_oidc=False)
    assert "github_actions" not in off.roles
    assert {n.path[0] for n in off.notes if n.rule == "unused-value"} >= EVERYTHING.keys() - {"ecr_repository_arns"}


@pytest.mark.parametrize("key", ["ecs_service_arns", "ecs_cluster_arns"])
@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_what_is_left_to_deployment_is_what_is_written(key: str, target: Any) -> None:
    """Of several values; each target says it."""
    values = {
        "ecs_service_arns": [f"{ECS}service/main/memos", f"{ECS}service/jobs/worker-*"],
        "ecs_cluster_arns": [f"{ECS}cluster/main", f"{ECS}cluster/jobs"],
    }[key]
    keys: dict[str, Any] = {**NAMES, **HOME, "github_may": ["read-deployments", "stop-deployments", "create-services"]}
    of = built(**{**keys, key: Parameter("left")})
    assert of.bind({"left": values}).roles == built(**{**keys, key: values}).roles
    assert of.bind({"left": []}).roles == built(**keys).roles
    assert Stack.from_dict(of.to_dict()) == of
    assert str(ecsiam.emit(of, target))


PLACED: dict[str, Any] = {
    "parameters": {"cluster": {}, "team": {"default": "web"}},
    "ecr_repository_arns": ["arn:{partition}:ecr:{aws_region}:{account_id}:repository/{project_name}"],
    "github_ecr_public_repository_arns": ["arn:aws:ecr-public::{account_id}:repository/{project_name}"],
    "task_definition_families": ["{project_name}-{environment}", "{team}-{project_name}-migrate"],
    "ecs_service_arns": ["arn:{partition}:ecs:{aws_region}:{account_id}:service/{cluster}/{project_name}"],
    "github_run_tasks": ["{team}-{project_name}-migrate"],
    "github_pass_role_arns": ["arn:{partition}:iam::{account_id}:role/{team}/{project_name}-hooks"],
    "github_pass_task_role_arns": ["arn:{partition}:iam::{account_id}:role/{project_name}-worker"],
    "codedeploy_deployment_group_arns": [
        "arn:{partition}:codedeploy:{aws_region}:{account_id}:deploymentgroup:{team}-{project_name}/{environment}"
    ],
    "github_may": list(OPERATIONS),
}


def test_placeholders_are_what_is_written() -> None:
    """In every key; each of a module's services has its own cluster, families, groups and roles then."""
    values = {**HOME, "project_name": "memos", "environment": "dev", "cluster": "main", "team": "ops"}
    names: dict[str, Any] = {name: Parameter(name) for name in ("project_name", "environment")}
    keys: dict[str, Any] = {**NAMES, **names, **PLACED}
    left = built(**keys)
    written = {"partition": "aws", **values}

    lists: dict[str, list[str]] = {key: value for key, value in PLACED.items() if key != "parameters"}
    closed = {key: [text.format(**written) for text in value] for key, value in lists.items()}
    assert left.bind(values).roles == stack(**closed).roles
    assert Stack.from_dict(left.to_dict()) == left
    assert str(ecsiam.emit(left, "terraform"))
    assert str(ecsiam.emit(left, "cloudformation"))
    assert [id for id, a in prove(left.bind(values)).items() if not isinstance(a, Holds)] == []


def test_a_repository_of_an_account_that_is_left_open_may_be_ones_own() -> None:
    pulled = ["arn:aws:ecr:eu-west-2:{images}:repository/memos"]
    of = stack(ecr_repository_arns=pulled, parameters={"images": {"form": "[0-9]{12}"}})
    ((arns, where),) = said(of, "ecr:PutImage")
    assert where == {"aws:ResourceAccount": ["123456789012"]}
    assert arns == pulled
    assert said(of.bind({"images": "123456789012"}), "ecr:PutImage") == [
        ([pulled[0].format(images="123456789012")], {})
    ]


# ---------------------------------------------------------------- one-off tasks

# what is listed: the clusters in which tasks are run
CLUSTERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "none": ({}, ["*"]),
    "clusters": (CLUSTER, ["main"]),
    "services": ({"ecs_service_arns": [f"{ECS}service/a/x", f"{ECS}service/b/y", f"{ECS}service/a/z"]}, ["a", "b"]),
    "services by a pattern": ({"ecs_service_arns": [f"{ECS}service/a-*/x"]}, ["a-*"]),
    "clusters and services": ({**CLUSTER, "ecs_service_arns": [f"{ECS}service/a/x"]}, ["main"]),
    "clusters of tasks": ({**CLUSTER, "github_task_cluster_arns": [f"{ECS}cluster/jobs"]}, ["jobs"]),
    "clusters of tasks, the others open": (
        {"ecs_cluster_arns": Parameter("clusters"), "github_task_cluster_arns": [f"{ECS}cluster/jobs"]},
        ["jobs"],
    ),
    "clusters, the services open": ({**CLUSTER, "ecs_service_arns": Parameter("services")}, ["main"]),
}


@pytest.mark.parametrize("row", CLUSTERS)
def test_tasks_are_run_in_the_clusters_that_are_listed(row: str) -> None:
    keys, names = CLUSTERS[row]
    of = stack(**keys, github_run_tasks=["memos-migrate", "memos-seed"])
    clusters = [f"{ECS}cluster/{name}" for name in names]
    families = [f"{ECS}task-definition/{family}:*" for family in ("memos-migrate", "memos-seed")]
    assert said(of, "ecs:RunTask") == [(families, {"ecs:cluster": clusters})]
    tasks = [f"{ECS}task/{name}/*" for name in names]
    assert said(of, "ecs:DescribeTasks") == said(of, "ecs:StopTask") == [(tasks, {})]
    assert unless_default(of) == {"ecs:RunTask", "ecs:DescribeTasks", "ecs:StopTask"}
    assert "ecs:StartTask" not in {a.pattern for s in granted(of) for a in s.actions.items}


@pytest.mark.parametrize("keys", [{"github_run_tasks": ["m"]}, {"github_may": ["read-tasks"]}], ids=str)
@pytest.mark.parametrize(
    ("left", "named"),
    [
        ({"ecs_cluster_arns": Parameter("clusters")}, "ecs_cluster_arns"),
        ({"ecs_service_arns": Parameter("services")}, "ecs_service_arns"),
        ({"ecs_cluster_arns": Parameter("c"), "ecs_service_arns": [f"{ECS}service/a/x"]}, "ecs_cluster_arns"),
    ],
)
def test_clusters_that_only_the_deployment_knows_are_refused(
    keys: dict[str, Any], left: dict[str, Any], named: str
) -> None:
    """A condition holds no list parameter, and every cluster would be more than was asked for."""
    place = "github_run_tasks" if "github_run_tasks" in keys else "github_may[0]"
    assert refusals(**keys, **left) == [
        f"`{named}` is left to deployment, and no condition holds such a list @ $.{place}. "
        "Write the clusters in `github_task_cluster_arns`."
    ]


def test_the_other_words_leave_the_clusters_open() -> None:
    of = stack(github_may=["read-deployments", "read-logs"], ecs_cluster_arns=Parameter("clusters"))
    assert said(of, "ecs:ListServiceDeployments")


# what is asked for, beside services that are listed: whether the clusters are used
USED: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, False),
    "tasks": ({"github_run_tasks": ["m"]}, True),
    "a word on clusters": ({"github_may": ["read-tasks"]}, True),
    "another word": ({"github_may": ["read-images", "read-deployments"]}, False),
    "tasks in clusters of their own": (
        {"github_run_tasks": ["m"], "github_task_cluster_arns": [f"{ECS}cluster/jobs"]},
        False,
    ),
}


@pytest.mark.parametrize("row", USED)
def test_clusters_that_nothing_uses_are_noted(row: str) -> None:
    keys, used = USED[row]
    of = stack(**CLUSTER, ecs_service_arns=[f"{ECS}service/a/x"], **keys)
    assert ("unused-clusters" in {n.rule for n in of.notes}) is not used


# ---------------------------------------------------------------- words

# what each word gives: actions, on what resources, with which conditions
IN_MAIN = {"ecs:cluster": [f"{ECS}cluster/main"]}
SERVICE = f"{ECS}service/main/memos"
BELONGING = {kind: [f"{ECS}service-{kind}/main/memos/*", SERVICE] for kind in ("deployment", "revision")}
WORDS: dict[str, dict[str, tuple[list[str], dict[str, list[str]]]]] = {
    "read-images": {
        f"ecr:{name}": ([f"arn:aws:ecr:{IN}:repository/memos"], {})
        for name in ("DescribeImages", "DescribeImageScanFindings", "DescribeRepositories", "ListImages")
    },
    "read-task-definitions": {
        "ecs:ListTaskDefinitionFamilies": (["*"], {}),
        "ecs:ListTaskDefinitions": (["*"], {}),
    },
    "read-clusters": {
        "ecs:DescribeClusters": ([f"{ECS}cluster/main"], {}),
        "ecs:ListServices": (["*"], IN_MAIN),
    },
    "read-tasks": {"ecs:DescribeTasks": ([f"{ECS}task/main/*"], {}), "ecs:ListTasks": (["*"], IN_MAIN)},
    "read-deployments": {
        "ecs:ListServiceDeployments": ([SERVICE], {}),
        "ecs:DescribeServiceDeployments": (BELONGING["deployment"], {}),
        "ecs:DescribeServiceRevisions": (BELONGING["revision"], {}),
    },
    "stop-deployments": {"ecs:StopServiceDeployment": (BELONGING["deployment"], {})},
    "continue-deployments": {"ecs:ContinueServiceDeployment": (BELONGING["deployment"], {})},
    "read-logs": {
        f"logs:{name}": ([f"arn:aws:logs:{IN}:log-group:/ecs/memos-dev:*"], {})
        for name in ("FilterLogEvents", "GetLogEvents")
    },
    "tag-tasks": {},
    "create-services": {"ecs:CreateService": ([SERVICE], {})},
    "scale-services": {
        **{
            f"application-autoscaling:{name}": (
                [f"arn:aws:application-autoscaling:{IN}:scalable-target/*"],
                {
                    "application-autoscaling:scalable-dimension": ["ecs:service:DesiredCount"],
                    "application-autoscaling:service-namespace": ["ecs"],
                },
            )
            for name in (
                *("DeleteScalingPolicy", "DeleteScheduledAction", "DeregisterScalableTarget"),
                *("PutScalingPolicy", "PutScheduledAction", "RegisterScalableTarget"),
            )
        },
        **{
            f"application-autoscaling:Describe{name}": (["*"], {})
            for name in ("ScalableTargets", "ScalingActivities", "ScalingPolicies", "ScheduledActions")
        },
        **{
            f"cloudwatch:{name}": ([f"arn:aws:cloudwatch:{IN}:alarm:TargetTracking-service/main/memos-*"], {})
            for name in ("DeleteAlarms", "PutMetricAlarm")
        },
        "cloudwatch:DescribeAlarms": ([f"arn:aws:cloudwatch:{IN}:alarm:*"], {}),
    },
    "create-service-linked-roles": {},
    "clean-task-definitions": {
        "ecs:DeregisterTaskDefinition": (["*"], {}),
        "ecs:DeleteTaskDefinitions": ([f"{ECS}task-definition/memos:*"], {}),
    },
    "stop-codedeploy": {
        "codedeploy:ContinueDeployment": (["*"], {}),
        "codedeploy:StopDeployment": (["*"], {}),
    },
}
# what is tagged, and by which action: a statement for each
TAGGED = {"tag-tasks": (f"{ECS}task/main/*", "RunTask"), "create-services": (SERVICE, "CreateService")}


# the roles that AWS makes itself: each by its own statement
LINKED = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
}


@pytest.mark.parametrize("word", OPERATIONS)
def test_a_word_gives_its_own_actions(word: str) -> None:
    of = stack(
        github_may=[word],
        ecs_service_arns=[SERVICE],
        task_definition_families=["memos"],
        ecr_repository_arns=[f"arn:aws:ecr:{IN}:repository/memos"],
    )
    linking = said(of, "iam:CreateServiceLinkedRole")
    assert linking == [
        ([f"{ROLE}aws-service-role/{service}/{role}"], {"iam:AWSServiceName": [service]})
        for service, role in LINKED.items()
        if word == "create-service-linked-roles"
    ]
    given = unless_default(of) - {"iam:CreateServiceLinkedRole"}
    assert {name: said(of, name) for name in given} == {n: [row] for n, row in WORDS[word].items()}
    tagging = said(of, "ecs:TagResource")[1:]
    assert tagging == [([arn], {"ecs:CreateAction": [by]}) for of_word, (arn, by) in TAGGED.items() if of_word == word]
    answers = prove(of, only=["works", "flags", "no-escalation", "home", "wildcards"])
    assert {id: str(a) for id, a in answers.items() if not isinstance(a, Holds)} == {}


# services and clusters that are listed: which alarms may be set
ALARMS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "none": ({}, ["*"]),
    "services": ({"ecs_service_arns": [SERVICE, f"{ECS}service/main/w-*"]}, ["main/memos-*", "main/w-*-*"]),
    "a cluster": (CLUSTER, ["main/*"]),
    "services left open": ({"ecs_service_arns": Parameter("services"), **CLUSTER}, ["*"]),
    "clusters left open": ({"ecs_cluster_arns": Parameter("clusters")}, ["*"]),
}


@pytest.mark.parametrize("row", ALARMS)
def test_the_alarms_are_those_of_the_services(row: str) -> None:
    keys, names = ALARMS[row]
    of = stack(github_may=["scale-services"], **keys)
    arns = [f"arn:aws:cloudwatch:{IN}:alarm:TargetTracking-service/{name}" for name in names]
    assert said(of, "cloudwatch:PutMetricAlarm") == [(arns, {})]


def test_words_are_a_set() -> None:
    some = ["read-logs", "read-images"]
    assert stack(github_may=some).roles == stack(github_may=[*reversed(some), "read-logs"]).roles


def test_an_unknown_word_is_refused() -> None:
    (fault,) = refusals(github_may=["read-everything"])
    assert fault.startswith("expected one of `read-images`")
    assert "`read-everything` @ $.github_may[0]" in fault


def test_the_page_has_each_word_with_its_actions() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs" / "deploy.md").read_text(encoding="utf-8")
    for word, operation in OPERATIONS.items():
        actions = ", ".join(f"`{a}`" for grant in operation.grants for a in grant.actions)
        assert f"| `{word}` | {operation.meaning} | {actions} |" in page


# ---------------------------------------------------------------- images


def test_what_is_pushed_to_ecr_public_needs_a_login_of_its_own() -> None:
    public = "arn:aws:ecr-public::123456789012:repository/memos"
    of = stack(github_ecr_public_repository_arns=[public])
    assert said(of, "ecr-public:PutImage") == [([public], {})]
    assert said(of, "ecr-public:GetAuthorizationToken") == said(of, "sts:GetServiceBearerToken") == [(["*"], {})]
    assert said(of, "ecr:GetAuthorizationToken") == [(["*"], {})]


def test_another_accounts_repository_is_pushed_to_where_it_is_listed() -> None:
    own, other = (f"arn:aws:ecr:eu-west-2:{a}:repository/memos" for a in ("123456789012", "999999999999"))
    of = stack(ecr_repository_arns=[own], github_ecr_repository_arns=[own, other], github_may=["read-images"])
    assert said(of, "ecr:PutImage") == said(of, "ecr:DescribeImages") == [([own, other], {})]
    (note,) = [n for n in of.notes if n.rule == "foreign-repository"]
    assert note.remedy == "That account's repository policy has to allow the push too."
    assert isinstance(prove(of, only=["home"])["home"], Holds)


# ---------------------------------------------------------------- CodeDeploy


def test_code_deploy_is_asked_on_groups_applications_and_configs() -> None:
    """Each in the region and account of its group."""
    there = "arn:aws:codedeploy:eu-central-1:123456789012:"
    groups = [f"{CODEDEPLOY}deploymentgroup:memos/{g}" for g in ("blue", "green")]
    of = stack(codedeploy_deployment_group_arns=[*groups, f"{there}deploymentgroup:memos/dev"])
    on_groups = [f"{there}deploymentgroup:memos/dev", *groups]
    on_applications = [f"{there}application:memos", f"{CODEDEPLOY}application:memos"]
    for name in ("CreateDeployment", "GetDeployment", "GetDeploymentGroup"):
        assert said(of, f"codedeploy:{name}") == [(on_groups, {})]
    for name in ("GetApplicationRevision", "RegisterApplicationRevision"):
        assert said(of, f"codedeploy:{name}") == [(on_applications, {})]
    on_configs = [f"{there}deploymentconfig:*", f"{CODEDEPLOY}deploymentconfig:*"]
    assert said(of, "codedeploy:GetDeploymentConfig") == [(on_configs, {})]


# ---------------------------------------------------------------- what the proofs know


def raw(name: str, resource: str, **condition: Any) -> dict[str, Any]:
    where = {"Condition": condition} if condition else {}
    return {"github_actions_statements": [{"Effect": "Allow", "Action": name, "Resource": resource, **where}]}


TO_ECS = {"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}}
TO_TASKS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
HOOKS: dict[str, Any] = {"github_pass_role_arns": [f"{ROLE}hooks"]}
WORKER: dict[str, Any] = {"github_pass_task_role_arns": [f"{ROLE}worker"]}
GROUP: dict[str, Any] = {"codedeploy_deployment_group_arns": [f"{CODEDEPLOY}deploymentgroup:memos/dev"]}
# the config, the invariant, whether it holds
KNOWN: dict[str, tuple[dict[str, Any], str, bool]] = {
    "listed": ({**HOOKS, **WORKER}, "pass-role", True),
    "a raw statement for what is listed": (
        {**HOOKS, **raw("iam:PassRole", f"{ROLE}hooks", **TO_ECS)},
        "pass-role",
        True,
    ),
    "listed for ECS, passed to tasks": (
        {**HOOKS, **raw("iam:PassRole", f"{ROLE}hooks", **TO_TASKS)},
        "pass-role",
        False,
    ),
    "listed for tasks, passed to ECS": (
        {**WORKER, **raw("iam:PassRole", f"{ROLE}worker", **TO_ECS)},
        "pass-role",
        False,
    ),
    "listed, passed to any service": ({**HOOKS, **raw("iam:PassRole", f"{ROLE}hooks")}, "pass-role", False),
    "another than the listed": ({**HOOKS, **raw("iam:PassRole", f"{ROLE}admin", **TO_ECS)}, "pass-role", False),
    "not listed": (raw("iam:PassRole", f"{ROLE}hooks", **TO_ECS), "pass-role", False),
    "a group that is listed": (GROUP, "no-escalation", True),
    "another group": (
        {**GROUP, **raw("codedeploy:CreateDeployment", f"{CODEDEPLOY}deploymentgroup:memos/prod")},
        "no-escalation",
        False,
    ),
    "a group that is not listed": (
        raw("codedeploy:CreateDeployment", f"{CODEDEPLOY}deploymentgroup:memos/dev"),
        "no-escalation",
        False,
    ),
    "another way to change what a group deploys": (
        {**GROUP, **raw("codedeploy:UpdateDeploymentGroup", f"{CODEDEPLOY}deploymentgroup:memos/dev")},
        "no-escalation",
        True,  # a group's role is passed in every request: iam:PassRole decides
    ),
    "ECS's own role": ({"github_may": ["create-service-linked-roles"]}, "no-escalation", True),
    "another service's own role": (
        raw("iam:CreateServiceLinkedRole", f"{ROLE}aws-service-role/*"),
        "no-escalation",
        False,
    ),
}


@pytest.mark.parametrize("row", KNOWN)
def test_the_proofs_know_what_the_config_lists(row: str) -> None:
    keys, id, holds = KNOWN[row]
    answer = prove(stack(**keys), only=[id])[id]
    assert isinstance(answer, Holds if holds else Fails), answer


def test_what_a_listed_group_or_role_means_is_assumed() -> None:
    def assumed(**keys: Any) -> str:
        return "; ".join(prove(stack(**keys), only=["no-escalation"])["no-escalation"].assumed)

    assert RELEASER in assumed(**GROUP)
    assert RELEASER not in assumed()
    assert "the two roles, and those that are listed, that the deploy role passes" in assumed(**WORKER)
    assert "those that are listed" not in assumed(**HOOKS)
