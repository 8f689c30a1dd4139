"""`trust --workflow`: which tokens the jobs of a workflow can send, and which of them a role takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

from attrs import frozen

from ecsiam.analysis.subjects import OUTCOMES, Outcome
from ecsiam.cli.given import Given, Givens
from ecsiam.cli.questions import end
from ecsiam.cli.streams import as_text, write
from ecsiam.cli.trusts import tried_data, trusts_of, unmet_lines, with_defaults
from ecsiam.errors import Fault, ReadError
from ecsiam.findings.pipelines import Sending, sendings
from ecsiam.model.policy import Policy
from ecsiam.model.stack import Stack
from ecsiam.model.text import Text
from ecsiam.readers.found import FoundJob, FoundLogin, FoundTemplate
from ecsiam.readers.github.workflows import read_workflow
from ecsiam.readers.naming import names
from ecsiam.targets import dump


@frozen
class _Asked:
    """A login of a job, and what came of its tokens at each role that it may mean, by the role's name.

    One that nobody knows the name of, and that is none of several, is somewhere else.
    """

    job: FoundJob
    login: FoundLogin
    came: Mapping[str, list[Sending]]

    @property
    def outcome(self) -> Outcome:
        """Whether the job gets in: by one of its tokens, at one of the roles."""
        if self.job.token is False and not self.job.unsure:
            return "refused"
        found = [one.came.outcome for sent in self.came.values() for one in sent]
        if self.job.token is False or not found:
            return "undecided"
        came: Outcome = next(outcome for outcome in OUTCOMES if outcome in found)
        unnamed = not any(isinstance(part, str) for named in self.login.roles for part in named.parts)
        return "undecided" if came == "refused" and unnamed and len(self.came) > 1 else came


def trust_workflow(
    givens: Givens, role: str | None, workflow: str, repository: str | None, *, as_json: bool
) -> NoReturn:
    """Print what comes of the tokens of a workflow, and end the run."""
    trusts: dict[str, tuple[Policy, Given]] = {}
    templates = givens.reading.templates if givens.reading is not None else ()
    for given in with_defaults(givens.having(role)):
        for id, policy in trusts_of(given, role).items():
            trusts[f"{given.of}: {id}" if given.of else id] = policy, given
    templates = () if givens.reading is None else givens.reading.templates
    asked = [
        _Asked(job, login, _came(login, trusts, repository, templates))
        for root in read_workflow(workflow)
        for job in root.found
        if isinstance(job, FoundJob)
        for login in job.logins
        if login.by_token
    ]
    if not asked:
        remedy = "They do so by `role-to-assume` of `aws-actions/configure-aws-credentials`."
        raise ReadError(Fault("no job of it assumes a role with a token", (), remedy, workflow))
    write(dump(_data(givens.name, workflow, asked)) if as_json else as_text(_lines(asked)))
    outcomes = {one.outcome for one in asked}
    end(no="refused" in outcomes, undecided="undecided" in outcomes)


def _came(
    login: FoundLogin,
    trusts: Mapping[str, tuple[Policy, Given]],
    repository: str | None,
    templates: Sequence[FoundTemplate],
) -> dict[str, list[Sending]]:
    """What comes of the tokens of a login at each role that it may mean."""
    return {
        id: sendings(policy, login, repository, templates)
        for id, (policy, given) in trusts.items()
        if any(_means(named, id, given) for named in login.roles)
    }


def _means(named: Text, id: str, given: Given) -> bool:
    """Whether a role may be meant; of a name that nobody knows each may be."""
    if not isinstance(given.what, Stack) or not any(isinstance(part, str) for part in named.parts):
        return True
    role = given.what.roles[id.rpartition(": ")[2] if given.of else id]
    home = given.what.deployment.home
    return names(named, address=id, arn=role.arn(home.partition, home.account_id), name=role.name)


# ---------------------------------------------------------------- what is printed


def _lines(asked: list[_Asked]) -> Iterator[str]:
    for one in asked:
        which = " or ".join(f"`{named}`" for named in one.login.roles)
        yield f"{one.login.place}: job `{one.job.address}` assumes {which}"
        if one.job.token is False:
            yield "    it may not ask for a token: `permissions` has no `id-token: write`"
            if one.job.unsure:
                yield f"    but that hangs on {one.job.unsure}"
        if not one.came:
            yield "  undecided  no role here that takes tokens is surely that one"
        for id, found in one.came.items():
            for sending in found:
                yield from _sending_lines(id, sending)


def _sending_lines(id: str, sending: Sending) -> Iterator[str]:
    came = sending.came
    yield f"  {came.outcome:<9}  {id}  {sending.subject.when}: `{came.subject}`"
    if came.by is not None:
        why = next(tried.statement.why for tried in came.tried if tried.index == came.by)
        yield f"      by statement {came.by}: {why}"
    if came.assumed and came.outcome != "refused":
        yield f"      if {', and '.join(came.assumed)}"
    if came.hangs:
        yield f"      it hangs on {', '.join(came.hangs)}"
    for tried in came.tried if came.outcome == "refused" else ():
        if tried.unmet and tried.statement.effect == "Allow":
            yield f"      statement {tried.index}: {tried.statement.why}".rstrip(": ")
            yield from (f"          {line}" for unmet in tried.unmet for line in unmet_lines(unmet))
    if came.outcome == "refused" and not came.tried:
        yield "      no statement of its trust is for GitHub's tokens"


def _data(source: str, workflow: str, asked: list[_Asked]) -> dict[str, object]:
    return {"source": source, "workflow": workflow, "logins": [_login_data(one) for one in asked]}


def _login_data(asked: _Asked) -> dict[str, object]:
    return {
        "job": asked.job.address,
        "line": asked.login.place.line,
        "assumes": [str(named) for named in asked.login.roles],
        "may_ask_for_token": asked.job.token,
        "outcome": asked.outcome,
        "roles": {id: [_sending_data(one) for one in found] for id, found in asked.came.items()},
    }


def _sending_data(sending: Sending) -> dict[str, object]:
    came = sending.came
    return {
        "when": sending.subject.when,
        "subject": str(came.subject),
        "outcome": came.outcome,
        "assumed": list(came.assumed),
        "hangs_on": list(came.hangs),
        "statements": [tried_data(tried) for tried in came.tried],
    }
