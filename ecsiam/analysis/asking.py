"""Who may ask what a question is about, and what follows for its condition keys."""

from collections.abc import Iterable, Iterator, Mapping, Set

from attrs import evolve, frozen

from ecsiam.analysis.callers import ALWAYS, TAG, UNSAID, Facts, Kind, contradictions, facts_of, facts_of_some, is_known
from ecsiam.analysis.keys import KeyTest
from ecsiam.analysis.leaf import Compiled, absent, present
from ecsiam.analysis.principals import Caller, PrincipalCells
from ecsiam.analysis.request import Request, Values
from ecsiam.analysis.typed import type_of
from ecsiam.model.condition import Operator
from ecsiam.model.principal import Principal, PrincipalType

# Whose policies identity policies are; the root user is bound by service control policies, which look the same.
HOLDERS: tuple[Kind, ...] = ("role session", "user", "federated user", "root")
_SOMEBODY = "other"
_ALWAYS = frozenset(map(str.lower, ALWAYS))


@frozen
class Asking:
    """A caller (as bits of the question's principals), one alternative of what follows for it, and that as tests.

    `caller` is None in a question that names no principals, and where all callers are alike. `keys` are the question's
    own keys that follow from who asks.
    """

    principals: int
    caller: Caller | None
    facts: Facts
    tests: tuple[KeyTest, ...]
    keys: frozenset[str]

    def unsaid(self, written: Mapping[str, str]) -> str:
        """Why what hangs on some of these keys isn't known; empty, where AWS's pages say what they are."""
        if self.facts is ALWAYS:
            return ""
        kind = _kind(self.facts)
        listed = ", ".join(f"`{name}`" for key, name in sorted(written.items()) if key in UNSAID.get(kind, ()))
        return f"what {_KINDS.get(kind, f'a {kind}')} sends as {listed}, AWS's pages don't say" if listed else ""


def asking(principals: PrincipalCells | None, leaves: Iterable[Compiled], asked: Set[str]) -> Iterator[Asking]:
    """Who may ask, of a question that speaks of these keys; nothing where none of them follows from who asks."""
    if principals is None:
        kinds: tuple[Kind, ...] = ("role session",) if any(leaf.of_role for leaf in leaves) else HOLDERS
        callers = [(1, Caller(Principal("AWS", "*"), facts_of_some(kinds), some=True))]
    else:
        callers = [(1 << i, caller) for i, caller in enumerate(principals.callers)]
    always = frozenset(key for key in asked if key in _ALWAYS)
    of_callers = {key.lower() for _, caller in callers for facts in caller.facts for key in facts}
    keys = frozenset(key for key in asked if key in of_callers or key.startswith(TAG))
    if principals is None:
        keys = frozenset(key for key in keys if not key.startswith(TAG))  # only the anonymous are known to have none
    if keys <= always:  # the same for all
        if keys:
            everyone = 1 if principals is None else principals.all
            yield Asking(everyone, None, ALWAYS, tuple(map(present, sorted(keys))), keys)
        return
    for bits, caller in callers:
        apart = tuple(_apart(caller, keys))
        for facts in caller.facts:
            follow = (_test(key, fact) for key, fact in facts.items() if key.lower() in keys)
            untagged = [absent(key) for key in keys if key.startswith(TAG) and _kind(facts) == "anonymous"]
            told = (*follow, *untagged, *apart, *_of_user(facts, keys))
            yield Asking(bits, None if principals is None else caller, facts, told, keys)


def _of_user(facts: Facts, keys: frozenset[str]) -> Iterator[KeyTest]:
    """That a user's id is none of a session: these have a colon."""
    if _kind(facts) == "user" and "aws:userid" in keys:
        yield _compared("aws:userid", "StringNotLike", "*:*")


def _test(key: str, fact: str | None) -> KeyTest:
    if fact is None:
        return absent(key)
    if fact == "*":
        return present(key)
    like = "ArnLike" if fact.startswith("arn:") else "StringLike"
    equal = "StringEquals" if is_known(fact) else like
    return _compared(key, "Bool" if type_of(key) == "Bool" else equal, fact)


def _compared(key: str, operator: str, *values: str) -> KeyTest:
    return KeyTest(key.lower(), Operator.parse(operator), tuple((v,) for v in values), key)


def _apart(caller: Caller, keys: frozenset[str]) -> Iterator[KeyTest]:
    """That somebody is none of those who are apart."""
    but = sorted(caller.but)
    if not but:
        return
    if caller.principal.type == "Service":
        tests = [_compared("aws:PrincipalServiceName", "StringNotEquals", *but)]
    elif but[0].startswith("arn:"):
        tests = [_compared("aws:PrincipalArn", "StringNotEquals", *but)]
    else:
        of_accounts = (f"arn:*:*::{account}:*" for account in but)
        tests = [
            _compared("aws:PrincipalAccount", "StringNotEquals", *but),
            _compared("aws:PrincipalArn", "ArnNotLike", *of_accounts),
        ]
    yield from (test for test in tests if test.key in keys)


# ---------------------------------------------------------------- one request

_KINDS: Mapping[Kind, str] = {"account": "a canonical user", "federated": "who brings a token"}
_TYPES: Mapping[str | None, Kind] = {
    "User": "user",
    "AssumedRole": "role session",
    "FederatedUser": "federated user",
    "Account": "root",
    "Anonymous": "anonymous",
    "?*": "account",
    "*": "service",
}


def _kind(facts: Facts) -> Kind:
    return _TYPES.get(facts.get("aws:PrincipalType"), "federated")


def agreeing(request: Request, one: Asking) -> Iterator[Request]:
    """The request with all that follows from who asks as it has to be, and who that is.

    Somebody who is only like others gets the name that the request's own keys say.
    """
    if one.facts is ALWAYS:
        yield request
        return
    for who in dict.fromkeys(_somebody(request, one)):
        facts = facts_of(who)[0]
        context: dict[str, Values] = dict(request.context)
        for key, fact in facts.items():
            written = next((k for k in context if k.lower() == key.lower()), key)
            if key.lower() in one.keys and fact is None:
                context.pop(written, None)
            elif key.lower() in one.keys and fact is not None and is_known(fact):
                context[written] = fact
        shown = evolve(request, context=context, principal=None if one.caller is None else who)
        if is_possible(shown, who, one):
            yield shown


def is_possible(request: Request, who: Principal, one: Asking) -> bool:
    """Whether a request can be, as far as who asks says it of the question's keys."""
    return not contradictions(evolve(request, principal=who), one.keys)


def _somebody(request: Request, one: Asking) -> Iterator[Principal]:
    caller = one.caller
    if caller is not None and not caller.some:
        yield caller.principal
        return
    kind = _kind(one.facts)
    if kind == "service":
        name = request.values("aws:PrincipalServiceName")
        if isinstance(name, str) and name:
            yield from _named("Service", name)
        else:
            yield _default(caller)
        return
    arn, account, name = (request.values(k) for k in ("aws:PrincipalArn", "aws:PrincipalAccount", "aws:username"))
    own = _default(caller).id.literal or ""
    parts = (arn if isinstance(arn, str) else own).split(":", 5)
    if len(parts) < 6 or not isinstance(arn, str):
        parts = ["arn", "aws", "iam", "", "111122223333" if len(parts) < 6 else parts[4], _resource(kind)]
        parts[2] = "sts" if kind == "federated user" else "iam"
    yield from _named("AWS", ":".join(parts))
    if isinstance(account, str):
        parts[4] = account
        yield from _named("AWS", ":".join(parts))
    if isinstance(name, str) and name and kind == "user":
        parts[5] = f"user/{name}"
        yield from _named("AWS", ":".join(parts))


def _named(type: PrincipalType, id: str) -> Iterator[Principal]:
    """Who has such a name; nobody, where it holds a wildcard: no name of IAM's does."""
    if "*" not in id and "?" not in id:
        yield Principal(type, id)


def _default(caller: Caller | None) -> Principal:
    return Principal("AWS", _SOMEBODY) if caller is None else caller.principal


def _resource(kind: Kind) -> str:
    return {"user": f"user/{_SOMEBODY}", "root": "root", "federated user": f"federated-user/{_SOMEBODY}"}.get(
        kind, f"role/{_SOMEBODY}"
    )
