"""Who may assume the roles: ECS tasks, for tasks of this account and region, and further principals that are named.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Literal

from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Choice, ListOf, OfForm
from ecsiam.keys.values import as_text
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.form import Form, arn_form
from ecsiam.model.intent import Note
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import in_order

ECS_ROLES = ("execution", "task")
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"
_DEPLOY = "enable_github_oidc"
_PRINCIPALS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"
_ITSELF = "https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/"
ASSUME = "sts:AssumeRole"
_ROOT = ":root"
PRINCIPAL_ARN = arn_form(
    "principal_arn",
    "the ARN of a role, a user or an account",
    "iam",
    r"(root|(role|user)/([A-Za-z0-9.,+@=_-]+/)*[A-Za-z0-9_+=,.@-]{1,64})",
    ("arn:aws:iam::123456789012:role/developer", "arn:aws:iam::123456789012:root"),
    (
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:policy/x",
        "arn:aws:sts::123456789012:assumed-role/developer/me",
        "arn:aws:iam::123456789012:group/developers",
    ),
    regional=False,
    hints=(
        (".*[*?].*", "has a wildcard", "IAM takes none in a principal: write each out."),
        (".*:assumed-role/.*", "is a session of a role", "Write the role's ARN: it stands for all its sessions."),
        (".*:group/.*", "is a group", "A group is no principal: write the users or a role."),
        (".*:(policy|instance-profile|oidc-provider|saml-provider)/.*", "is no principal", "Write a role or a user."),
        ("arn:[^:]*:iam:[^:]+:.*", "has a region", "IAM's ARNs have none: write two colons."),
    ),
)
ITSELF = Form(
    "itself",
    "self",
    "`self`, the role itself",
    ("self",),
    ("", "*", "Self", "me", "123456789012", "self\n"),
    most=4,
    hints=(
        ("[0-9]{12}", "is an account id", "Write `arn:aws:iam::ACCOUNT:root` for the account."),
        (".*", "is no ARN", "Write the ARN of a role, a user or an account, or `self`."),
    ),
)
_GUARDED = {"both": ECS_ROLES, "task": ("task",), "off": ()}


class TrustKeys(Keys):
    """Which tasks may have the two ECS roles, and who else a role."""

    heading = "Who assumes the roles"

    confused_deputy: Annotated[
        Literal["both", "task", "off"],
        Key(
            "Which of the two ECS roles take tasks of this account and region only (`aws:SourceAccount` and "
            "`aws:SourceArn` in their trust policies): both, the task role, or neither (`off`).",
            Choice(("both", "task", "off")),
            ECS_ROLES,
        ),
    ] = "both"
    task_trusted_arns: Annotated[
        Sequence[str],
        Key(
            "Who else may assume the task role: roles and users that exist, such as a developer's, whole accounts, or "
            "`self`, the role itself.",
            ListOf(OfForm(PRINCIPAL_ARN, also=ITSELF)),
            ("task",),
            default="nobody",
            closed=True,
        ),
    ] = ()
    github_actions_trusted_arns: Annotated[
        Sequence[str],
        Key(
            "Who else may assume the deploy role, likewise.",
            ListOf(OfForm(PRINCIPAL_ARN, also=ITSELF)),
            ("github_actions",),
            default="nobody",
            flag=_DEPLOY,
            closed=True,
        ),
    ] = ()


def _ecs(where: Iterable[Condition]) -> Statement:
    return Statement(
        effect="Allow",
        actions="sts:AssumeRole",
        principals=Principal("Service", "ecs-tasks.amazonaws.com"),
        conditions=where,
        origin=Origin("trust", "ECS assumes the role for the task", _PAGE),
    )


def _here(project: Project) -> tuple[Condition, ...]:
    """ECS sends the ARN of account and region; a cluster's own is not supported."""
    return (
        Condition("StringEquals", "aws:SourceAccount", project.home.account_id),
        Condition("ArnLike", "aws:SourceArn", project.arns("ecs", "*")),
    )


def ecs_tasks_need(_: Keys, project: Project) -> Iterator[Statement]:
    """ECS gets in, whichever part of account and region it names."""
    yield _ecs(_here(project))


def ecs_tasks(role: str) -> Callable[[TrustKeys, Project], Iterator[Statement]]:
    """Who is meant to assume an ECS role: ECS, for tasks of this account and region where the role is guarded."""

    def meant(keys: TrustKeys, project: Project) -> Iterator[Statement]:
        yield _ecs(_here(project) if role in _GUARDED[keys.confused_deputy] else ())

    return meant


def ecs_tasks_trust(role: str) -> Callable[[TrustKeys, Project], Policy]:
    """The trust of an ECS role."""
    return lambda keys, project: Policy(ecs_tasks(role)(keys, project))


# ---------------------------------------------------------------- further principals

TRUSTED_KEYS = {"task": "task_trusted_arns", "github_actions": "github_actions_trusted_arns"}
_FLAGS = {"task": "", "github_actions": _DEPLOY}
_Made = Callable[[TrustKeys, Project], Iterator[Statement]]
_Parts = Callable[[TrustKeys, Project], Iterator[Part]]


def _given(keys: TrustKeys, role: str) -> Sequence[str]:
    given: Sequence[str] = getattr(keys, TRUSTED_KEYS[role])
    return given


def _is_itself(given: str, role: str, project: Project) -> bool:
    return given == "self" or as_text(given) == project.role_arn(role)


def further(role: str) -> _Made:
    """Who else may assume a role, as the config names them.

    Of the role itself the trust says it by a condition: IAM refuses a principal that doesn't exist yet.
    """

    def made(keys: TrustKeys, project: Project) -> Iterator[Statement]:
        given = _given(keys, role)
        others = [as_text(one) for one in given if not _is_itself(one, role, project)]
        if others:
            yield Statement(
                effect="Allow",
                actions=ASSUME,
                principals=[Principal("AWS", one) for one in in_order(others)],
                origin=Origin("trust", "whom the config names may assume the role", _PRINCIPALS, _FLAGS[role]),
            )
        if len(others) < len(given):
            yield Statement(
                effect="Allow",
                actions=ASSUME,
                principals=Principal("AWS", project.global_arn("iam", "root")),
                conditions=[Condition("ArnEquals", "aws:PrincipalArn", project.role_arn(role))],
                origin=Origin("trust", "the role may assume itself", _ITSELF, _FLAGS[role]),
            )

    return made


def _may(role: str) -> _Made:
    """What the role itself has to be allowed where it assumes itself: its trust lets it in as one of the account."""

    def made(keys: TrustKeys, project: Project) -> Iterator[Statement]:
        if any(_is_itself(one, role, project) for one in _given(keys, role)):
            origin = Origin(f"{role}_self", "assume itself", _ITSELF, _FLAGS[role])
            yield allow([ASSUME], [project.role_arn(role)], origin)

    return made


def _parts(role: str) -> _Parts:
    def made(keys: TrustKeys, project: Project) -> Iterator[Part]:
        yield from _may(role)(keys, project)
        given = _given(keys, role)
        foreign = project.foreign(given)
        for i, one in enumerate(given):
            whole = f", and with it all to whom account `{Arn.parse(one).account}` gives that" if _whole(one) else ""
            if i in foreign:
                yield Note(
                    "foreign-principal",
                    f"`{one}` is of account `{foreign[i]}` and may assume the {_SAID[role]} role{whole}",
                    (TRUSTED_KEYS[role], i),
                    "Its own policies have to allow `sts:AssumeRole` on the role too.",
                    _PRINCIPALS,
                )
            elif whole:
                yield Note(
                    "trusted-account",
                    f"`{one}` may assume the {_SAID[role]} role{whole}",
                    (TRUSTED_KEYS[role], i),
                    "Name the roles and users that need it.",
                    _PRINCIPALS,
                )

    return made


_SAID = {"task": "task", "github_actions": "deploy"}


def _whole(given: str) -> bool:
    """Whether a principal is a whole account."""
    return given.startswith("arn:") and given.endswith(_ROOT)


TASK_SELF, GITHUB_SELF = (
    Feature(f"{role}_self", role, flag, TrustKeys, _parts(role), (ASSUME,), _may(role)) for role, flag in _FLAGS.items()
)
