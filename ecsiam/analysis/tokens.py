"""A token against a role's trust: whether it gets in, by which statement, or which condition stands in the way.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from attrs import evolve, frozen

from ecsiam.analysis.comparisons import Unsettled
from ecsiam.analysis.evaluator import evaluate
from ecsiam.analysis.matching import Miss
from ecsiam.analysis.request import Given, Request
from ecsiam.errors import PolicyError
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import AllBut, Only, Statement

Claims = Mapping[str, Given]
Outcome = Literal["accepted", "refused", "undecided"]
TOKEN = "sts:AssumeRoleWithWebIdentity"
_PROVIDER = ":oidc-provider/"
# Which account a provider is in says nothing of a token: any one stands for it.
_SAMPLE = "arn:aws:iam::123456789012:oidc-provider/"


@frozen
class Unmet:
    """A condition that the token doesn't meet: the claim, what the token has, and what was expected."""

    claim: str
    given: Given | None
    expected: tuple[str, ...]
    operator: str
    why: str = ""


@frozen
class Tried:
    """A statement of the trust, and what of it the token doesn't meet; none: it gets in, if nothing is `open`.

    `open` are the parameters that have to be known to say so.
    """

    index: int
    statement: Statement
    unmet: tuple[Unmet, ...] = ()
    open: tuple[str, ...] = ()


@frozen
class Judged:
    """Whether a token gets in, every statement for bringers of tokens, and what decides in words."""

    outcome: Outcome
    tried: tuple[Tried, ...]
    why: str = ""


def takes_tokens(trust: Policy) -> bool:
    """Whether a trust has a statement for who brings a token of an OIDC provider."""
    return any(True for _ in _for_tokens(trust))


def _for_tokens(trust: Policy) -> Iterator[tuple[int, Statement]]:
    for index, s in enumerate(trust.statements):
        asked = any(matches(a.pattern.lower(), TOKEN.lower()) for a in s.actions.items)
        if asked != isinstance(s.actions, AllBut) and issuers(s):
            yield index, s


def issuers(statement: Statement) -> tuple[str, ...]:
    """The issuers that a statement is for, without their scheme; of a provider that isn't known, by its conditions."""
    found: list[str] = []
    for p in statement.principals.items if isinstance(statement.principals, Only) else ():
        if p.type != "Federated":
            continue
        _, *provider = p.id.split(_PROVIDER, 1)
        if provider and provider[0].literal is not None:
            found.append(provider[0].literal)
        elif p.id.literal is None:
            found += [
                c.key.rpartition(":")[0] for c in statement.conditions if c.key.lower().endswith((":aud", ":sub"))
            ]
    return tuple(dict.fromkeys(found))


def issuer_of(claims: Claims) -> str:
    """Who signed a token. Raises PolicyError where nothing says it."""
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer:
        raise PolicyError("the token has no `iss`, which says who signed it")
    return issuer


def judged(trust: Policy, claims: Claims, flags: tuple[str, ...] = ()) -> Judged:
    """Whether the bringer of a token with these claims may assume the role. Raises PolicyError for one without `iss`.

    `flags` are the parameters that the role itself hangs on, while they are open.

    The signature and the times are not looked at, and neither is what an organisation's policies say.
    """
    name = issuer_of(claims).removeprefix("https://")
    tried = tuple(_tried(index, s, trust, name, claims) for index, s in _for_tokens(trust))
    allows = [t for t in tried if t.statement.effect == "Allow" and not t.unmet]
    denies = [t for t in tried if t.statement.effect == "Deny" and not t.unmet]
    sure = [t for t in allows if not t.open]
    if any(not t.open for t in denies):
        return Judged("refused", tried, "a statement of the trust denies it")
    if not allows:
        return Judged("refused", tried)
    if sure and not denies and not flags:
        return Judged("accepted", tried)
    open_ = dict.fromkeys((*flags, *(name for t in (*([] if sure else allows), *denies) for name in t.open)))
    return Judged("undecided", tried, f"it hangs on {', '.join(f'`{o}`' for o in open_)}")


def _tried(index: int, statement: Statement, trust: Policy, name: str, claims: Claims) -> Tried:
    named = issuers(statement)
    if name not in named:
        expected = tuple(f"https://{i}" for i in named)
        return Tried(index, statement, (Unmet("iss", claims["iss"], expected, "the provider's issuer"),))
    known, open_ = _closed(statement, name)
    request = Request(TOKEN, "*", Principal("Federated", _SAMPLE + name), _context(name, claims))
    asked = evolve(known, effect="Allow", principals=Principal("Federated", _SAMPLE + name))
    try:
        reported = evaluate(Policy(asked, version=trust.version, as_is=True), request).statements
    except Unsettled as e:
        return Tried(index, statement, open=(*open_, str(e.faults[0].message)))
    unsaid = [c.key for c in known.conditions if not _said(c.key, name) and _may_be_read(name)]
    misses = [m for r in reported for m in r.misses if m.key not in unsaid]
    return Tried(index, statement, tuple(_unmet(m, known, name, claims) for m in misses), (*open_, *unsaid))


def _closed(statement: Statement, name: str) -> tuple[Statement, tuple[str, ...]]:
    """A statement without the conditions whose values aren't known yet, and what they hang on."""
    open_ = [c for c in statement.conditions if any(v.refs for v in c.values)]
    names = dict.fromkeys(ref.name for c in open_ for v in c.values for ref in v.refs)
    return evolve(statement, conditions=[c for c in statement.conditions if c not in open_]), tuple(names)


def _said(key: str, name: str) -> bool:
    """Whether STS is known to have a key for a claim of this issuer."""
    from ecsiam.reference.actions import key_type

    return not key.lower().startswith(f"{name.lower()}:") or key_type(key) is not None


def _may_be_read(name: str) -> bool:
    """Whether no page says which claims STS reads: of an enterprise's own issuer on ghe.com."""
    return matches("token.actions.*.ghe.com/*", name)


def _context(name: str, claims: Claims) -> dict[str, Given]:
    """The condition keys that STS makes of a token. Where there is `azp`, that is what `aud` is compared with."""
    found = {f"{name}:{claim}": value for claim, value in claims.items() if _said(f"{name}:{claim}", name)}
    if "azp" in claims:
        found |= {f"{name}:aud": claims["azp"], f"{name}:oaud": claims.get("aud", ())}
    return found


def _unmet(miss: Miss, statement: Statement, name: str, claims: Claims) -> Unmet:
    claim = miss.key[len(name) + 1 :] if miss.key.lower().startswith(f"{name.lower()}:") else miss.key
    found = next((c for c in statement.conditions if c.key.lower() == miss.key.lower()), None)
    if found is None:
        return Unmet(miss.element, None, (), "", miss.reason)
    given = claims.get(claim)
    why = ""
    if claim == "aud" and "azp" in claims:
        given, why = claims["azp"], "of a token with `azp`, that is compared with `aud`"
    elif given is not None and not _said(miss.key, name):
        given, why = None, f"STS does not read `{claim}` of this issuer's tokens"
    return Unmet(claim, given, tuple(map(str, found.values)), str(found.operator), why)
