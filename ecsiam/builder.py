"""From a config to a stack: the features that are on, role by role."""

from collections.abc import Iterator
from functools import partial

from attrs import evolve

from ecsiam.config.model import Config
from ecsiam.errors import ConfigError
from ecsiam.features.feature import RoleKind
from ecsiam.features.naming import OWN_TAGS
from ecsiam.features.project import Project
from ecsiam.features.quotas import quota_notes
from ecsiam.features.table import ROLES, FeatureKeys, outputs
from ecsiam.features.wide import wide_values
from ecsiam.keys.values import as_text
from ecsiam.looks.words import listed
from ecsiam.model.accept import Accept
from ecsiam.model.companion import Companion
from ecsiam.model.intent import Intent, Later, Need, Note, Trusted
from ecsiam.model.mistaken import expect
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.owners import left_open
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.quotas import QUOTAS
from ecsiam.model.role import Role, RolePolicy
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
    notes = [
        *_unused(config),
        *_exclusive(config),
        *_cut(config),
        *wide_values(config, as_text(config.environment).literal or "env"),
    ]
    companions: list[Companion] = []
    policies: dict[str, list[RolePolicy]] = {}
    for feature in config.made_as.features:
        on = config.when(feature.flag)
        if on is None:
            continue
        companions += [evolve(c, when=on) for c in feature.companions(config, project)]
        parts = tuple(feature.parts(config, project))
        notes += [evolve(p, when=on) for p in parts if isinstance(p, Note)]
        statements = [p for p in parts if isinstance(p, Statement)]
        if statements:
            # A role's own flag is not repeated on its policies.
            own = "" if feature.flag == ROLES[feature.role].flag else on
            name = config.policy_name(feature.policy)
            made = RolePolicy(feature.policy, name, Policy(statements, as_is=True), own, config.managed_policies)
            policies.setdefault(feature.role, []).append(made)
    kinds = [*_kinds(config)]
    stack = Stack(
        roles=[_role(config, project, kind, on, policies.get(kind.id, [])) for kind, on in kinds],
        providers=_providers(config, project, kinds),
        outputs=outputs({kind.id for kind, _ in kinds}),
        deployment=config.deployment,
        intent=Intent(
            prefix=project.prefix,
            environment=as_text(config.environment),
            flags=tuple(
                (f, Ref(on.name, parameter=True) if isinstance(on, Parameter) else on) for f, on in config.flags()
            ),
            trusted=Later(partial(_trusted, config, project)),
            needs=Later(partial(_needs, config, project)),
            accepted=[evolve(one, at=i) for i, one in enumerate(config.accept) if isinstance(one, Accept)],
            quotas=config.quotas,
        ),
        notes=notes,
        source=config.source,
        companions=companions,
    )
    stack = stack.bind(config.bindings) if config.bindings else stack
    return evolve(stack, notes=(*stack.notes, *quota_notes(stack), *_not_told(stack)))


def _kinds(config: Config) -> Iterator[tuple[_Kind, str]]:
    """The roles that are made, each with the flag parameter that it is there for."""
    return ((kind, on) for kind in ROLES.values() if (on := config.when(kind.flag)) is not None)


def _trusted(config: Config, project: Project) -> Iterator[Trusted]:
    """Who is meant to assume the roles."""
    for kind, on in _kinds(config):
        for who in (*kind.meant(config, project), *kind.further(config, project)):
            yield Trusted(kind.id, who, on)


def _needs(config: Config, project: Project) -> Iterator[Need]:
    """What has to work: what each feature does, and that who is meant to assume a role can."""
    for feature in config.made_as.features:
        on = config.when(feature.flag)
        for statement in feature.needs(config, project) if on is not None else ():
            yield Need(feature.role, statement, on or "")
    for kind, on in _kinds(config):
        yield from (Need(kind.id, n, on, kind.unsure(config)) for n in kind.needs(config, project))
        yield from (Need(kind.id, n, on) for n in kind.further(config, project))


def _not_told(stack: Stack) -> Iterator[Note]:
    """What owners have to allow, and what can't be written down yet."""
    for left in left_open(stack):
        arns, roles = listed(left.arns), " and the ".join(left.roles)
        remedy, unless = f"Write `{left.name}`, or bind it.", (left.name,)
        if left.account:
            message = (
                f"if account `{left.account}` is not that of the roles, it has to let the {roles} role use {arns}; "
                f"while `{left.name}` is open nobody knows"
            )
            yield Note("owner-open", message, (), remedy, left.page, unless=unless)
        else:
            message = (
                f"what the policy of {arns} has to say of the {roles} role can't be told while `{left.name}` is open"
            )
            yield Note("companion-open", message, (), remedy, left.page, unless=unless)


def _providers(config: Config, project: Project, kinds: list[tuple[_Kind, str]]) -> Iterator[OidcProvider]:
    """The OIDC providers that are made for the roles."""
    tags = [(key, text(value)) for key, value in config.tags.items()]
    for kind, on in kinds if config.create_oidc_provider else ():
        made = kind.provider(config, project)
        if made is not None:
            yield evolve(made, tags=tags, when=on)


def _role(config: Config, project: Project, kind: _Kind, when: str, policies: list[RolePolicy]) -> Role:
    profile = config.made_as
    managed = [*texts(profile.managed.get(kind.id, ())), *texts(kind.managed(config))]
    if kind.aws and not kind.ours(config):
        managed.append(Text.of("arn:", project.home.partition, ":iam::aws:policy/", kind.aws))
    name = project.role_names[kind.id]
    own = dict(zip(OWN_TAGS, (name, as_text(config.environment), text(kind.purpose)), strict=True))
    longest = kind.longest(config)
    return Role(
        id=kind.id,
        name=name,
        trust=_trust(config, project, kind),
        policies=policies,
        managed_policy_arns=in_order(managed),
        path=config.path,
        permissions_boundary=as_text(config.permissions_boundary_arn),
        max_session_duration=Ref(longest.name, parameter=True) if isinstance(longest, Parameter) else longest,
        description=Text.of(f"{kind.purpose} role of ", project.prefix),
        tags={**own, **{key: text(value) for key, value in config.tags.items()}},
        when=when,
        exclusive=config.exclusive,
        profile=kind.profile,
    )


def _trust(config: Config, project: Project, kind: _Kind) -> Policy:
    trust = config.made_as.trusts.get(kind.id, kind.trust)(config, project)
    further = tuple(kind.further(config, project))
    return Policy((*trust.statements, *further)) if further else trust


def _exclusive(config: Config) -> Iterator[Note]:
    """What only one target can do. The roles that are made are the same in all."""
    if config.exclusive:
        yield Note(
            "exclusive-terraform",
            "only Terraform takes away what others attach to the roles: CloudFormation and raw JSON leave it there",
            ("exclusive",),
            "With these, look for it with drift detection or IAM Access Analyzer.",
            "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/iam_role_policies_exclusive",
        )


def _cut(config: Config) -> Iterator[Note]:
    """Names of roles that IAM would find too long."""
    for kind, _ in _kinds(config):
        name, whole = config.role_name(kind.id).literal, str(kind.whole_name(config.prefix))
        if kind.id not in config.role_names and name and name != whole:
            yield Note(
                "name-cut",
                f"the {kind.id} role is called `{name}`: `{whole}` has {len(whole)} characters",
                ("project_name",),
                f"Shorten `project_name` or `environment`, or set `role_names.{kind.id}`.",
                QUOTAS["role_name_length"].page,
            )


def _unused(config: Config) -> Iterator[Note]:
    """Values that say nothing, because the flag that they belong to is off."""
    given = config.model_fields_set
    for name, key in config.keys().items():
        written = name in given and getattr(config, name)  # `false` asks for nothing
        if written and not config.used(key):
            off = listed((key.flag, *key.or_flags))
            yield Note(
                "unused-value",
                f"`{name}` is not used while {off} {'are' if key.or_flags else 'is'} off",
                (name,),
                "Turn the flag on, or leave the value out.",
            )
        elif written and key.beside and not any(getattr(config, one) for one in key.beside):
            yield Note(
                "unused-value",
                f"`{name}` is not used without {' or '.join(f'`{one}`' for one in key.beside)}",
                (name,),
                f"Write {' or '.join(f'`{one}`' for one in key.beside)}, or leave the value out.",
            )
