"""Raw statements: what no flag covers, written by the user in IAM's own form and kept as it is."""

from collections.abc import Callable, Iterator
from typing import cast

from attrs import evolve

from ecsiam.features.project import Feature, Part, Project
from ecsiam.model.names import RoleId
from ecsiam.model.policy import Policy
from ecsiam.model.spots import notes
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Bindings


def _raw(role: RoleId) -> Callable[[Project], Iterator[Part]]:
    key = f"{role}_statements"

    def parts(project: Project) -> Iterator[Part]:
        for i, statement in enumerate(cast("tuple[Statement, ...]", getattr(project.config, key))):
            # A Statement from Python may hold references to what the config knows.
            known = statement.bind(Bindings({**project.home.known, **project.home.deployment}))
            if known is not None:
                odd = notes(Policy(known, as_is=True))
                yield from (Note("odd-statement", f.message, (key, i, *f.path[2:]), f.remedy) for f in odd)
                yield evolve(known, origin=Origin(key, f"written in the config, `{key}[{i}]`"))

    return parts


EXECUTION = Feature("execution_statements", "execution", "", _raw("execution"))
TASK = Feature("task_statements", "task", "", _raw("task"))
GITHUB_ACTIONS = Feature("github_actions_statements", "github_actions", "enable_github_oidc", _raw("github_actions"))
