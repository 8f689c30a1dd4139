"""From a config to a stack: the features that are on, role by role."""

from collections.abc import Iterator

from ecsiam.config.checks import OWN_TAGS, given_arns, policy_name, role_name
from ecsiam.config.model import Config
from ecsiam.features import FEATURES, Project
from ecsiam.features.github import github_trust, subjects
from ecsiam.features.trust import ecs_tasks_trust, guarded_roles
from ecsiam.model.names import OUTPUTS, ROLES, RoleId
from ecsiam.model.policy import Policy
from ecsiam.model.role import InlinePolicy, Role
from ecsiam.model.stack import Intent, Note, Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import in_order, texts


def build(config: Config) -> Stack:
    """The roles that a config asks for. Everything that could be wrong was refused when the config was read."""
    project = Project.of(config)
    notes = list(_unused(config))
    policies: dict[RoleId, list[InlinePolicy]] = {}
    for feature in FEATURES:
        if feature.flag and not getattr(config, feature.flag):
            continue
        parts = tuple(feature.parts(project))
        notes += [p for p in parts if isinstance(p, Note)]
        statements = [p for p in parts if isinstance(p, Statement)]
        if statements:
            document = Policy(statements)
            policies.setdefault(feature.role, []).append(
                InlinePolicy(feature.policy, policy_name(config, feature.policy), document)
            )
    github = config.enable_github_oidc
    roles: tuple[RoleId, ...] = ("execution", "task", "github_actions") if github else ("execution", "task")
    return Stack(
        roles=[_role(project, role, policies.get(role, [])) for role in roles],
        outputs=OUTPUTS,
        intent=Intent(
            home=project.home,
            project_name=config.project_name,
            environment=config.environment,
            flags=tuple(config.flags()),
            given=given_arns(config),
            confused_deputy=guarded_roles(project),
            github_subjects=subjects(config) if github else (),
            github_audience=config.github_audience if github else "",
        ),
        notes=notes,
        source=config.source,
    )


def _role(project: Project, role: RoleId, policies: list[InlinePolicy]) -> Role:
    config = project.config
    managed = {"execution": config.execution_managed_policy_arns, "task": config.task_managed_policy_arns}
    name = role_name(config, role)
    own = dict(zip(OWN_TAGS, (name, config.environment, ROLES[role].purpose), strict=True))
    return Role(
        id=role,
        name=name,
        trust=github_trust(project) if role == "github_actions" else ecs_tasks_trust(project, role),
        policies=policies,
        managed_policy_arns=in_order(texts(managed.get(role, ()))),
        path=config.path,
        permissions_boundary=config.permissions_boundary_arn,
        max_session_duration=config.max_session_duration if role == "github_actions" else None,
        description=f"{ROLES[role].purpose} role of {project.prefix}",
        tags={**own, **config.tags},
    )


def _unused(config: Config) -> Iterator[Note]:
    """Values that say nothing, because the flag that they belong to is off."""
    for name, key in config.keys().items():
        if key.flag and not getattr(config, key.flag) and name in config.model_fields_set:
            yield Note(
                "unused-value",
                f"`{name}` is not used while `{key.flag}` is off",
                (name,),
                "Turn the flag on, or leave the value out.",
            )
