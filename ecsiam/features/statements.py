"""What no flag covers: statements in IAM's own form, kept as they were written, and managed policies to attach."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, cast

from attrs import evolve

from ecsiam.errors import Fault
from ecsiam.features.feature import Feature, Part
from ecsiam.features.grants import needless_stars, unknown_actions, void_grants
from ecsiam.features.project import Project
from ecsiam.features.wide import wide_policy, wide_statement
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.raw_statement import RawStatement
from ecsiam.model import arn_forms
from ecsiam.model.intent import Note
from ecsiam.model.policy import Policy
from ecsiam.model.quotas import QUOTAS
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Bindings

Raw = Sequence[Statement | Mapping[str, object]]
_DEPLOYS = "enable_github_oidc"
MEANING = "Further statements of the role, in IAM's own form, for what no flag covers."
_ATTACHED = "Managed policies to attach to the role."


class StatementsKeys(Keys):
    """What no flag covers."""

    heading = "What no flag covers"

    execution_managed_policy_arns: Annotated[
        Sequence[str],
        Key(
            _ATTACHED,
            ListOf(OfForm(arn_forms.POLICY_ARN)),
            ("execution",),
            default="none",
            same_account=True,
            closed=True,
        ),
    ] = ()
    task_managed_policy_arns: Annotated[
        Sequence[str],
        Key(_ATTACHED, ListOf(OfForm(arn_forms.POLICY_ARN)), ("task",), default="none", same_account=True, closed=True),
    ] = ()
    execution_statements: Annotated[Raw, Key(MEANING, ListOf(RawStatement()), ("execution",), default="none")] = ()
    task_statements: Annotated[Raw, Key(MEANING, ListOf(RawStatement()), ("task",), default="none")] = ()
    github_actions_statements: Annotated[
        Raw, Key(MEANING, ListOf(RawStatement()), ("github_actions",), default="none", flag=_DEPLOYS)
    ] = ()

    @check("execution_managed_policy_arns", "task_managed_policy_arns")
    def _attached(self) -> Iterator[Fault]:
        for name in ("execution_managed_policy_arns", "task_managed_policy_arns"):
            count, most = len(set(getattr(self, name))), QUOTAS["managed_policies_per_role"].most
            if count > most:
                yield Fault(f"{count} managed policies, IAM takes {most} for a role", (name,))

    @check()
    def _sids(self) -> Iterator[Fault]:
        for name in (n for n in self.keys() if n.endswith("_statements")):
            seen = set[str]()
            for i, statement in enumerate(getattr(self, name)):
                sid = statement.sid if statement else ""
                if sid in seen:
                    yield Fault(f"the Sid `{sid}` stands twice", (name, i, "Sid"), "IAM takes each once in a policy.")
                seen |= {sid} - {""}


def raw_statements(keys: Keys, role: str) -> tuple[Statement, ...]:
    """The raw statements of a role, as far as they could be read."""
    return tuple(s for s in getattr(keys, f"{role}_statements", ()) if s)


def _raw(role: str) -> Callable[[StatementsKeys, Project], Iterator[Part]]:
    key, attached = f"{role}_statements", f"{role}_managed_policy_arns"

    def parts(keys: StatementsKeys, project: Project) -> Iterator[Part]:
        for i, arn in enumerate(cast("Sequence[str]", getattr(keys, attached, ()))):
            yield from wide_policy(arn, role, attached, i)
        for i, statement in enumerate(raw_statements(keys, role)):
            # A Statement from Python may hold references to what the config knows.
            known = statement.bind(Bindings({**project.home.known, **project.home.deployment}))
            if known is not None:
                odd = Policy(known, as_is=True).notes()
                yield from (Note("odd-statement", f.message, (key, i, *f.path[2:]), f.remedy) for f in odd)
                yield from wide_statement(known, role, key, i)
                yield from needless_stars(known, role, key, i)
                yield from void_grants(known, role, key, i)
                yield from unknown_actions(known, key, i)
                yield evolve(known, origin=Origin(key, f"written in the config, `{key}[{i}]`"))

    return parts


EXECUTION = Feature("execution_statements", "execution", "", StatementsKeys, _raw("execution"))
TASK = Feature("task_statements", "task", "", StatementsKeys, _raw("task"))
GITHUB_ACTIONS = Feature(
    "github_actions_statements", "github_actions", _DEPLOYS, StatementsKeys, _raw("github_actions")
)
GITLAB = Feature("gitlab_statements", "gitlab", "enable_gitlab_oidc", StatementsKeys, _raw("gitlab"))
CI = Feature("ci_statements", "ci", "enable_ci_oidc", StatementsKeys, _raw("ci"))
