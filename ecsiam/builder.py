"""From a config to a stack: the features that are on, role by role."""

from collections.abc import Iterator
from typing import cast

from attrs import evolve

from ecsiam.config.model import Config
from ecsiam.errors import ConfigError
from ecsiam.features.feature import RoleKind
from ecsiam.features.naming import OWN_TAGS
from ecsiam.features.project import Project
from ecsiam.features.quotas import quota_notes
from ecsiam.features.table import OUTPUTS, ROLES, FeatureKeys
from ecsiam.features.wide import wide_values
from ecsiam.keys.values import as_text
from ecsiam.model.accept import Accept
from ecsiam.model.intent import Intent, Need, Note, Trusted
from ecsiam.model.mistaken import expect
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.role import InlinePolicy, Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement
from ecsiam.model.text import Ref, Text, in_order, text, texts

_Kind = RoleKind[FeatureKeys]


def build(config: Config) -> Stack:
    """The roles that a config asks for. Everything that could be wrong was refused when the config was read.

    What the config leaves to deployment is left open in the stack too; what was bound in it is bound here.
    """
    expect(config, Config, "a config", ConfigError)
    project = config.project
    notes = [*_unused(config), *wide_values(config, as_text(config.environment).literal or "env")]
    needs: list[Need] = []
    policies: dict[str, list[InlinePolicy]] = {}
    for feature in config.made_as.features:
        on = config.when(feature.flag)
        if on is None:
            continue
        needs += [Need(feature.role, n, on) for n in feature.needs(config, project)]
        parts = tuple(feature.parts(config, project))
        notes += [evolve(p, when=on) for p in parts if isinstance(p, Note)]
        statements = [p for p in parts if isinstance(p, Statement)]
        if statements:
            # A role's own flag is not repeated on its policies.
            own = "" if feature.flag == ROLES[feature.role].flag else on
            name = config.policy_name(feature.policy)
            policies.setdefault(feature.role, []).append(InlinePolicy(feature.policy, name, Policy(statements), own))
    kinds = [(kind, on) for kind in ROLES.values() if (on := config.when(kind.flag)) is not None]
    for kind, on in kinds:
        needs += [Need(kind.id, n, on, kind.unsure(config)) for n in kind.needs(config, project)]
    stack = Stack(
        roles=[_role(config, project, kind, on, policies.get(kind.id, [])) for kind, on in kinds],
        outputs=OUTPUTS,
        deployment=config.deployment,
        intent=Intent(
            prefix=project.prefix,
            environment=as_text(config.environment),
            flags=tuple(
                (f, Ref(on.name, parameter=True) if isinstance(on, Parameter) else on) for f, on in config.flags()
            ),
            trusted=[Trusted(kind.id, who, on) for kind, on in kinds for who in kind.meant(config, project)],
            needs=needs,
            accepted=cast("tuple[Accept, ...]", config.accept),
            quotas=config.quotas,
        ),
        notes=notes,
        source=config.source,
    )
    stack = stack.bind(config.bindings) if config.bindings else stack
    return evolve(stack, notes=(*stack.notes, *quota_notes(stack)))


def _role(config: Config, project: Project, kind: _Kind, when: str, policies: list[InlinePolicy]) -> Role:
    profile = config.made_as
    managed = (*profile.managed.get(kind.id, ()), *kind.managed(config))
    name = project.role_names[kind.id]
    own = dict(zip(OWN_TAGS, (name, as_text(config.environment), text(kind.purpose)), strict=True))
    longest = kind.longest(config)
    return Role(
        id=kind.id,
        name=name,
        trust=profile.trusts.get(kind.id, kind.trust)(config, project),
        policies=policies,
        managed_policy_arns=in_order(texts(managed)),
        path=config.path,
        permissions_boundary=as_text(config.permissions_boundary_arn),
        max_session_duration=Ref(longest.name, parameter=True) if isinstance(longest, Parameter) else longest,
        description=Text.of(f"{kind.purpose} role of ", project.prefix),
        tags={**own, **{key: text(value) for key, value in config.tags.items()}},
        when=when,
    )


def _unused(config: Config) -> Iterator[Note]:
    """Values that say nothing, because the flag that they belong to is off."""
    for name, key in config.keys().items():
        written = name in config.model_fields_set and getattr(config, name)  # `false` asks for nothing
        if written and not config.used(key):
            yield Note(
                "unused-value",
                f"`{name}` is not used while `{key.flag}` is off",
                (name,),
                "Turn the flag on, or leave the value out.",
            )
