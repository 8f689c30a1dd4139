"""From a config to a stack: the features that are on, role by role."""

from collections.abc import Iterator, Sequence

from ecsiam.config.checks import OWN_TAGS
from ecsiam.config.left_open import as_text, deployment, policy_name, role_name, used, when
from ecsiam.config.model import Config
from ecsiam.errors import ConfigError
from ecsiam.features import PROFILES, Project, trust_needs
from ecsiam.features.github import GITHUB_AUDIENCE, github_format, subjects
from ecsiam.features.trust import guarded_roles
from ecsiam.model.mistaken import expect
from ecsiam.model.names import OUTPUTS, ROLES, RoleId
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.role import InlinePolicy, Role
from ecsiam.model.stack import Intent, Need, Note, Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Ref, Text, in_order, text, texts


def build(config: Config) -> Stack:
    """The roles that a config asks for. Everything that could be wrong was refused when the config was read.

    What the config leaves to deployment is left open in the stack too; what was bound in it is bound here.
    """
    expect(config, Config, "a config", ConfigError)
    project = Project.of(config)
    notes = list(_unused(config))
    needs: list[Need] = []
    policies: dict[RoleId, list[InlinePolicy]] = {}
    for feature in PROFILES[config.profile].features:
        on = when(config, feature.flag)
        if on is None:
            continue
        needs += [Need(feature.role, n, on) for n in feature.needs(project)]
        parts = tuple(feature.parts(project))
        notes += [p for p in parts if isinstance(p, Note)]
        statements = [p for p in parts if isinstance(p, Statement)]
        if statements:
            # A role's own flag is not repeated on its policies.
            own = "" if feature.flag == ROLES[feature.role].flag else on
            name = policy_name(config, feature.policy)
            policies.setdefault(feature.role, []).append(InlinePolicy(feature.policy, name, Policy(statements), own))
    github = config.enable_github_oidc
    roles: list[RoleId] = [r.id for r in ROLES.values() if when(config, r.flag) is not None]
    for role in roles:
        needs += [Need(role, n, when(config, ROLES[role].flag) or "") for n in trust_needs(project, role)]
    stack = Stack(
        roles=[_role(project, role, policies.get(role, [])) for role in roles],
        outputs=OUTPUTS,
        deployment=deployment(config),
        intent=Intent(
            prefix=project.prefix,
            environment=as_text(config.environment),
            flags=tuple(
                (f, Ref(on.name, parameter=True) if isinstance(on, Parameter) else on) for f, on in config.flags()
            ),
            confused_deputy=guarded_roles(project),
            github_subjects=subjects(config) if github else (),
            github_audience=as_text(config.github_audience, GITHUB_AUDIENCE) if github else "",
            github_format=github_format(config) if github else "",
            needs=needs,
        ),
        notes=notes,
        source=config.source,
    )
    return stack.bind(config.bindings) if config.bindings else stack


def _role(project: Project, role: RoleId, policies: list[InlinePolicy]) -> Role:
    config = project.config
    profile = PROFILES[config.profile]
    managed: dict[RoleId, Sequence[str]] = {
        "execution": (*profile.execution_policies, *config.execution_managed_policy_arns),
        "task": config.task_managed_policy_arns,
    }
    name = role_name(config, role)
    own = dict(zip(OWN_TAGS, (name, as_text(config.environment), text(ROLES[role].purpose)), strict=True))
    longest = config.max_session_duration if role == "github_actions" else None
    boundary = as_text(config.permissions_boundary_arn)
    return Role(
        id=role,
        name=name,
        trust=profile.trust(project, role),
        policies=policies,
        managed_policy_arns=in_order(texts(managed.get(role, ()))),
        path=config.path,
        permissions_boundary=boundary if boundary.parts else None,
        max_session_duration=Ref(longest.name, parameter=True) if isinstance(longest, Parameter) else longest,
        description=Text.of(f"{ROLES[role].purpose} role of ", project.prefix),
        tags={**own, **{key: text(value) for key, value in config.tags.items()}},
        when=when(config, ROLES[role].flag) or "",
    )


def _unused(config: Config) -> Iterator[Note]:
    """Values that say nothing, because the flag that they belong to is off."""
    for name, key in config.keys().items():
        written = name in config.model_fields_set and getattr(config, name)  # `false` asks for nothing
        if written and not used(config, key):
            yield Note(
                "unused-value",
                f"`{name}` is not used while `{key.flag}` is off",
                (name,),
                "Turn the flag on, or leave the value out.",
            )
