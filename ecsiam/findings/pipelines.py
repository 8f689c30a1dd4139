"""Workflows that deploy: whether their jobs can assume their roles, and whether these may do what the steps do."""

import re
from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from ecsiam.analysis.subjects import OUTCOMES, Came, issuers_of, only_repository, sent
from ecsiam.analysis.unknown import compare
from ecsiam.findings.finding import Finding, Undecidable
from ecsiam.findings.needed import Judged, of_ways
from ecsiam.findings.rules import RULES
from ecsiam.model.policy import Policy
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, Bindings, Text
from ecsiam.readers.found import FoundLogin, FoundProvider, FoundTemplate, Subject
from ecsiam.readers.github.events import chosen
from ecsiam.readers.job_needs import needs_of_use
from ecsiam.readers.needs.need import Asked, TaskNeed, Way
from ecsiam.readers.reading import Reading, ReadJob, ReadLogin, ReadRole, ReadTask

_ACCOUNT = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")
_SHOWN = 3  # subjects in a message
_OUT = ("undecided", "refused")
_REFUSED = "Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity"
_NO_TOKEN = (
    "Credentials could not be loaded, please check your action inputs: Could not load credentials from any provider"
)


# ---------------------------------------------------------------- who gets in


@frozen
class Sending:
    """What a job sends in one way of starting, and what came of it."""

    subject: Subject
    came: Came


def sendings(
    trust: Policy, login: FoundLogin, repository: str | None, templates: Sequence[FoundTemplate] = ()
) -> list[Sending]:
    """Each subject that a login can send against a trust."""
    aud = (("aud", login.audience[0]),) if len(login.audience) == 1 else ()

    def template(of: Text) -> tuple[str, ...] | None:
        return template_of(of, templates)

    return [
        Sending(one, sent(trust, one.context, dict((*one.claims, *aud)), chosen, repository, template, one.refs.never))
        for one in login.subjects
    ]


def template_of(repository: Text, templates: Sequence[FoundTemplate]) -> tuple[str, ...] | None:
    """The claims of a repository's subjects, as the files say; none where they don't, None where it isn't known."""
    name = repository.split("/", 1)[-1]
    may_be = [(compare(one.repository, name, live=False), one) for one in templates if one.repository is not None]
    found = {(matches, one.keys) for matches, one in may_be if matches != "no"}
    if not found:
        return ()
    of_organisation = {one.keys for one in templates if one.repository is None and one.keys}
    matches, keys = found.pop()
    if keys == () and len(of_organisation) == 1:
        (keys,) = of_organisation
    return None if found or matches == "maybe" else keys or None


def best(found: Iterable[Sending]) -> Sending | None:
    """The one that comes out best: a job gets in where one of its subjects does."""
    return min(found, key=lambda one: OUTCOMES.index(one.came.outcome), default=None)


def logins(reading: Reading, repository: str | None = None) -> Iterator[Finding | Undecidable]:
    """Jobs that can't assume their roles."""
    for job in reading.jobs:
        for login in job.logins:
            if not login.found.by_token:
                continue
            if job.found.token is False:
                yield _no_token(job, login)
                continue
            if all(key is None for _, key in login.roles):
                which = " or ".join(f"`{named}`" for named, _ in login.roles)
                fact = f"the job `{job.found.address}` assumes {which}, and no such role is in sight"
                yield Undecidable(login.found.place, fact)
                continue
            for named, key in login.roles:
                role = reading.roles.get(key or "")
                found = _login(job, login, named, role, repository, reading.templates)
                found = found or _audience(job, login, role, reading.providers)
                if found is not None:
                    yield found


def _no_token(job: ReadJob, login: ReadLogin) -> Finding | Undecidable:
    fact = f"the job `{job.found.address}` assumes a role, and may not ask for a token"
    if job.found.unsure:
        return Undecidable(login.found.place, fact, (job.found.unsure,))
    rule = RULES["no-token"]
    remedy = "Write `id-token: write` under `permissions` of the job or the workflow, beside `contents: read`."
    also = (job.found.place,)
    return Finding(rule.id, login.found.place, fact, because=_NO_TOKEN, remedy=remedy, page=rule.page, also=also)


def _login(
    job: ReadJob,
    login: ReadLogin,
    named: Text,
    role: ReadRole | None,
    repository: str | None,
    templates: Sequence[FoundTemplate],
) -> Finding | Undecidable | None:
    place = login.found.place
    fact = f"the job `{job.found.address}` assumes `{named}`"
    if role is None:
        return None
    if not role.places.get("trust"):
        return Undecidable(place, f"{fact}, and its trust policy is not in sight")
    found = sendings(role.role.trust, login.found, repository, templates)
    each = {of: [one for one in found if one.subject.of == of] for of in dict.fromkeys(s.subject.of for s in found)}
    worst = {of: came for of, sent in each.items() if (came := best(sent)) and came.came.outcome in _OUT}
    if not worst:
        return None
    refused = {of: came for of, came in worst.items() if came.came.outcome == "refused"}
    if not refused or role.gaps:
        hangs = dict.fromkeys(one for came in worst.values() for one in came.came.hangs)
        return Undecidable(place, f"{fact}; whether its token gets in is not known", tuple(hangs))
    rule = RULES["token-refused"]
    subject = next(iter(refused.values())).came.subject
    where = f" where {' or where '.join(refused)}" if len(refused) < len(each) else ""
    return Finding(
        rule.id,
        place,
        f"the job `{job.found.address}` can't assume `{role.name}`{where}: "
        f"{refusal(one for of in refused for one in each[of])}",
        request=f"sts:AssumeRoleWithWebIdentity by a token whose `sub` is `{subject}`",
        because=_REFUSED,
        remedy=f"Let it in by its `sub`, `{subject}`, or have the job start as the trust says.",
        page=rule.page,
        also=role.places["trust"],
        role=role.key,
    )


def _audience(
    job: ReadJob, login: ReadLogin, role: ReadRole | None, providers: Sequence[FoundProvider]
) -> Finding | None:
    """A login for an audience that no provider takes which is in sight for the issuer that the trust names."""
    audience = login.found.audience[0].literal if len(login.found.audience) == 1 else None
    issuers = issuers_of(role.role.trust) if role is not None else frozenset[str]()
    those = [one for one in providers if issuers == frozenset((one.issuer,))]
    taken = [name for one in those for name in one.audiences or (audience,)]
    if role is None or audience is None or not taken or audience in taken:
        return None
    rule = RULES["token-refused"]
    listed = _some([f"`{name}`" for name in dict.fromkeys(taken)])
    return Finding(
        rule.id,
        login.found.place,
        f"the job `{job.found.address}` can't assume `{role.name}`: its tokens are for the audience `{audience}`, "
        f"and the provider takes {listed}",
        request=f"sts:AssumeRoleWithWebIdentity by a token whose `aud` is `{audience}`",
        because="InvalidIdentityToken: Incorrect token audience",
        remedy=f"Add `{audience}` to the audiences of the provider.",
        page=rule.page,
        also=tuple(one.place for one in those),
        role=role.key,
    )


def refusal(found: Iterable[Sending]) -> str:
    """Why no token of a job gets in: by the statement that comes nearest, what the tokens have and what it asks for."""
    tried = [(len(t.unmet), t.unmet, one) for one in found for t in one.came.tried if t.statement.effect == "Allow"]
    if not tried:
        return "the trust has no statement for GitHub's tokens"
    least = min(n for n, _, _ in tried)
    if least == 0:
        return "a statement of the trust denies it"
    nearest = [unmet[0] for n, unmet, _ in tried if n == least]
    claim = nearest[0].claim
    given = list(dict.fromkeys("none" if u.given is None else f"`{u.given}`" for u in nearest if u.claim == claim))
    wanted = list(dict.fromkeys(f"`{e}`" for u in nearest if u.claim == claim for e in u.expected))
    return f"its tokens have the `{claim}` {_some(given)}, and the trust asks for {_some(wanted)}"


def _some(values: list[str]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return " or ".join(values[:_SHOWN]) + more


# ---------------------------------------------------------------- what they may do


def deployed(reading: Reading) -> Iterator[Judged]:
    """What the steps of jobs need, of the roles that are in sight."""
    for job in reading.jobs:
        for login in job.logins:
            there = [(named, reading.roles[key]) for named, key in login.roles if key is not None]
            if len(there) == len(login.roles):
                yield from _needs(reading, login, there)


def steps_as(reading: Reading, role: ReadRole) -> list[Judged] | None:
    """What the steps of jobs need of a role, where these are all that is done as it; None where there may be more.

    It lets in nobody but the jobs of one repository then, some of these assume it, and all that is done after that was
    understood; no other job may be one that does.
    """
    logins = [login for job in reading.jobs for login in job.logins]
    own = [login for login in logins if any(key == role.key for _, key in login.roles)]
    unknown = any(key is None and named.literal is None for login in logins for named, key in login.roles)
    chained = any(key == role.key for login in logins for _, key in login.by)
    if not own or unknown or chained or reading.gaps or any(job.found.others for job in reading.jobs):
        return None
    if only_repository(role.role.trust) is None or not all(login.found.whole for login in own):
        return None
    found: list[Judged] = []
    for login in own:
        for use in login.uses:
            needs = list(_needs(reading, evolve(login, uses=(use,)), [(named, role) for named, _ in login.roles]))
            if not needs:  # it needs something, of what isn't known
                return None
            found += needs
    return found or None


def _needs(reading: Reading, login: ReadLogin, roles: list[tuple[Text, ReadRole]]) -> Iterator[Judged]:
    """The needs of what is done after a login, of the role that comes out best where it may be one of several."""

    def passed(task: ReadTask) -> Iterator[Way]:
        for named, key in ((task.execution_named, task.execution), (task.task_named, task.task)):
            arns = [reading.roles[key].arn] if key is not None else []
            if named is not None and (named.holds("arn:") or not arns):
                arns.append(_arn(named))
            if arns:
                yield tuple(Asked("iam:PassRole", arn) for arn in dict.fromkeys(arns))

    arns_known = reading.arns("")
    once: dict[tuple[Text | None, tuple[Way, ...]], tuple[TaskNeed, bool]] = {}
    for use in login.uses:
        regions = use.found.of("region") or (login.found.region,)
        region = regions[0] if len(regions) == 1 else None
        for need in needs_of_use(use, arns_known, passed):
            once.setdefault((region, need.ways), (need, use.found.step == "call"))
    for (region, _), (need, call) in once.items():
        found = [_judged(region, named, role, need) for named, role in roles]
        order = ("allowed", "undecided", "denied")
        best = min(found, key=lambda one: order.index(one.verdict.outcome))
        if not call or best.verdict.outcome != "undecided":  # of a call nobody says what it is on
            yield best


def _arn(named: Text) -> Text:
    """A role's ARN, of one that is named without."""
    if named.literal is None or named.literal.startswith("arn:"):
        return named
    return Text.of("arn:aws:iam::", ACCOUNT_ID, ":role/", named)


def _judged(region_of: Text | None, named: Text, role: ReadRole, need: TaskNeed) -> Judged:
    """A need in the region and account that is said for it: the deployment of a role is there too."""
    values: dict[str, str] = {}
    account = _ACCOUNT.match(str(named)) or _ACCOUNT.match(str(role.arn))
    region = region_of.literal if region_of is not None else None
    if account:
        values[ACCOUNT_ID.name] = account[1]
    if region and _REGION.fullmatch(region):
        values[AWS_REGION.name] = region
    home = Bindings(deployment=values)
    bound = role.role.bind(home) or role.role
    ways = tuple(
        tuple(
            Asked(a.action, a.resource.bind(home), tuple((key, value.bind(home)) for key, value in a.context))
            for a in way
        )
        for way in need.ways
    )
    return of_ways(None, evolve(need, ways=ways), evolve(role, role=bound, arn=role.arn.bind(home)))
