"""The tokens that a job can send against a role's trust: who gets in, and on what it hangs where not all is known.

`tokens` judges one token as it is. Here a claim may hold symbols, and the trust itself says what people took for
settled that no file tells: which repository it is, by its name or with its ids.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

from attrs import evolve, frozen

from ecsiam.analysis.tokens import TOKEN, Tried, Unmet, issuers
from ecsiam.analysis.unknown import Matches, compare, matches_condition
from ecsiam.model.condition import Condition
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.statement import AllBut, Only, Statement
from ecsiam.model.text import Ref, Text, text

Sent = Mapping[str, Text | None]
"""The claims of a token: None for one that it surely has not; one that isn't there is not known."""
Outcome = Literal["accepted", "partly", "undecided", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("accepted", "partly", "undecided", "refused")

GITHUB = "token.actions.githubusercontent.com"
ISSUERS = re.compile(r"token\.actions\.(githubusercontent\.com|[\w-]+\.ghe\.com)(/.+)?|.+/_services/token")
REPOSITORY = Ref("github.repository")
_CONTEXTS = ("ref", "environment", "pull_request")
_WILD = re.compile(r"[*?]+")


@frozen
class Came:
    """What comes out for the tokens of one way in which a job starts, with their subject.

    `partly`: some get in, such as those of one branch. `assumed` is what it rests on that no file tells, `hangs` on
    what it hangs; `tried` has each statement for bringers of GitHub's tokens.
    """

    outcome: Outcome
    subject: Text
    tried: tuple[Tried, ...]
    assumed: tuple[str, ...] = ()
    hangs: tuple[str, ...] = ()

    @property
    def by(self) -> int | None:
        """The statement that lets them in."""
        found = (t.index for t in self.tried if t.statement.effect == "Allow" and not t.unmet and not t.open)
        return next(found, None)


Template = Callable[[Text], Sequence[str] | None]
"""The claims that a repository, by `OWNER/NAME`, has in its subjects: none, where nothing is told; None: not known."""


def _untold(_: Text) -> Sequence[str]:
    return ()


def sent(
    trust: Policy,
    context: Text,
    claims: Sent,
    chosen: Callable[[Ref], bool],
    repository: str | None = None,
    template: Template = _untold,
    never: Callable[[str], bool] = lambda _: False,
) -> Came:
    """What comes out for tokens whose subject ends in a context. `chosen` are the references that a run chooses.

    `repository` is `OWNER/NAME`; without it, it is one that the trust names. Of a ref of which not all is known `never`
    says which it is not.
    """
    namings = dict.fromkeys(_namings(trust, repository))
    found = [
        _came(trust, naming, _subject(naming, context, claims, template), claims, chosen, never) for naming in namings
    ]
    best = min(found, key=lambda came: OUTCOMES.index(came.outcome))
    if best.outcome != "refused" or any(template(naming.name) for naming in namings):
        return best
    hangs = tuple(_settings(trust, context))
    return evolve(best, outcome="undecided", hangs=hangs) if hangs else best


# ---------------------------------------------------------------- what the repository is called


@frozen
class _Naming:
    """What the repository is called in subjects and in other claims, and what is assumed of it."""

    subject: Text
    name: Text
    assumed: tuple[str, ...] = ()


def _namings(trust: Policy, repository: str | None) -> Iterator[_Naming]:
    """How the trust calls repositories, as far as that fits; else by the name that was given, or by none."""
    for pattern in _repositories(trust):
        owner, *rest = pattern.split("/", 1)
        plain = Text.of(owner.split("@", 1)[0], *(p for name in rest for p in ("/", name.split("@", 1)[0])))
        with_ids = pattern.holds("@")
        ids = ("the ids in the trust are those of the repository",) if with_ids else ()
        if repository is None:
            name = _symbolic(plain, "repository")
            who = () if name.literal is None else (f"the repository is `{name}`",)
            by_name = () if with_ids or name.literal is None else ("it sends its name, and not its ids",)
            yield _Naming(_symbolic(pattern, "repository"), name, (*who, *ids, *by_name))
        elif compare(plain, text(repository)) == "yes":
            called = _symbolic(pattern, "id") if with_ids and plain.literal is not None else text(repository)
            by_name = () if with_ids or _wild(pattern) else ("the repository sends its name, and not its ids",)
            yield _Naming(called, text(repository), (*ids, *by_name))
    if repository is not None:
        yield _Naming(text(repository), text(repository))
    elif not all(_named(value) for value in _asked(trust, "sub")) or not any(_repositories(trust)):
        yield _Naming(text(REPOSITORY), text(REPOSITORY))


def only_repository(trust: Policy) -> str | None:
    """The repository, `OWNER/NAME`, whose tokens and nobody else a trust lets in; None where it may be another."""
    lets_in = [statement for statement in trust.statements if statement.effect == "Allow"]
    for statement in lets_in:
        others = any(p.type != "Federated" for p in statement.principals.items) if statement.principals else True
        kept = [c.key.lower() for c in statement.conditions if not c.operator.comparison.negated]
        asks = any(key.endswith((":sub", ":repository")) for key in kept)
        if others or not asks or set(_issuers(statement)) != {GITHUB}:
            return None
    named = {*map(_named, _asked(trust, "sub")), *_asked(trust, "repository")}
    (name,) = named if len(named) == 1 else (None,)
    literal = name.literal if name is not None else None
    return literal if literal is not None and literal.count("/") == 1 and not _WILD.search(literal) else None


def names_of(trust: Policy) -> tuple[Text, ...]:
    """What a trust names in the place of the repository, as it has it."""
    return tuple(dict.fromkeys(_repositories(trust)))


def issuers_of(trust: Policy) -> frozenset[str]:
    """The issuers of GitHub whose tokens a trust is about."""
    return frozenset(issuer for s in trust.statements if s.effect == "Allow" for issuer in _issuers(s))


def _repositories(trust: Policy) -> Iterator[Text]:
    """What stands in the place of the repository in the subjects of a trust, and in what it asks of that claim."""
    found = [_named(value) for value in _asked(trust, "sub")]
    yield from (one for one in found if one is not None)
    yield from _asked(trust, "repository")


def _named(subject: Text) -> Text | None:
    """What stands in the place of the repository; None where something else may stand before it."""
    first, *rest = subject.split(":", 2)
    return rest[0] if first.literal in ("repo", "repository") and rest else None


def _asked(trust: Policy, claim: str) -> Iterator[Text]:
    """What a trust asks a claim to be."""
    for statement in trust.statements:
        for condition in statement.conditions:
            if condition.key.lower().endswith(f":{claim}") and not condition.operator.comparison.negated:
                yield from condition.values


def _wild(value: Text) -> bool:
    return value.holds("*") or value.holds("?")


def _symbolic(pattern: Text, name: str) -> Text:
    """A pattern as a text of which that isn't known for which its wildcards stand."""
    parts: list[str | Ref] = []
    for part in pattern.parts:
        if isinstance(part, str):
            for i, piece in enumerate(_WILD.split(part)):
                parts += [Ref(f"{name} {len(parts)}"), piece] if i else [piece]
        else:
            parts.append(part)
    return Text(tuple(parts))


def _settings(trust: Policy, context: Text) -> Iterator[str]:
    """The settings by which a subject that is refused may be another: the trust shows that somebody set them."""
    for value in _asked(trust, "sub"):
        first, *rest = value.split(":", len(str(value)))
        third = rest[1].literal if len(rest) > 1 and not _wild(rest[1]) else None
        lone = first.literal not in ("repo", None) and not _wild(first)
        other = third is not None and third not in _CONTEXTS
        if lone or other or len(rest) > 3 or (third == "pull_request" and len(rest) > 2):
            yield f"the repository's template for subjects: the trust has `{value}`"
            return
    literal = context.literal or ""
    for value in _asked(trust, "sub"):
        end = str(value).partition(":")[2].partition(":")[2]
        if literal.startswith("environment:") and end != literal and end.lower() == literal.lower():
            yield f"which letters of the environment are capital ones in GitHub: the trust has `{end}`"
            return


# ---------------------------------------------------------------- one naming


def _subject(naming: _Naming, context: Text, claims: Sent, template: Template) -> Text:
    """What stands in `sub`: of which claims it is made, the repository says."""
    keys = template(naming.name)
    if keys is None:
        return text(Ref("subject by the repository's template"))
    parts: list[Text] = []
    for key in keys or ("repo", "context"):
        claim = {"repository": naming.name, "repository_owner": naming.name.split("/", 1)[0], **claims}.get(key)
        value = text(Ref(key)) if claim is None else _put(claim, naming.name)
        escaped = Text.of(*(p.replace(":", "%3A") if isinstance(p, str) else p for p in value.parts))
        of_repository = Text.of("repo:", naming.subject)
        parts += [of_repository if key == "repo" else context if key == "context" else Text.of(key, ":", escaped)]
    return Text.of(*(part for one in parts for part in (":", one)), "").removeprefix(":")


def _came(
    trust: Policy,
    naming: _Naming,
    subject: Text,
    claims: Sent,
    chosen: Callable[[Ref], bool],
    never: Callable[[str], bool],
) -> Came:
    own: dict[str, Text | None] = {
        "repository": naming.name,
        **{claim: None if value is None else _put(value, naming.name) for claim, value in claims.items()},
        "sub": subject,
    }
    came = [_statement(i, s, trust, own, chosen, never) for i, s in enumerate(trust.statements) if _for_tokens(s)]
    tried = tuple(one.tried for one in came)
    allows = [one for one in came if one.tried.statement.effect == "Allow" and not one.tried.unmet]
    denies = [one for one in came if one.tried.statement.effect == "Deny" and not one.tried.unmet]
    if any(not one.tried.open for one in denies) or not allows:
        return Came("refused", subject, tried)
    sure = [one for one in allows if not one.tried.open]
    if sure and not denies:
        return Came("accepted", subject, tried, naming.assumed)
    by_choice = sure or [one for one in allows if not one.unsettled]
    if by_choice and not any(one.unsettled for one in denies):
        return Came("partly", subject, tried, naming.assumed, _hangs((*by_choice, *denies)))
    return Came("undecided", subject, tried, naming.assumed, _hangs((*([] if sure else allows), *denies)))


@frozen
class _Statement:
    """A statement that was tried, and whether what it hangs on is more than what a run chooses."""

    tried: Tried
    unsettled: bool = False


def _hangs(of: Iterable[_Statement]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for s in of for one in s.tried.open))


def _put(value: Text, name: Text) -> Text:
    return Text.of(*(name if part == REPOSITORY else part for part in value.parts))


def _for_tokens(statement: Statement) -> bool:
    """Whether a statement is for bringers of GitHub's tokens, or may be."""
    asked = any(matches(a.pattern.lower(), TOKEN.lower()) for a in statement.actions.items)
    if asked == isinstance(statement.actions, AllBut):
        return False
    return bool(_issuers(statement)) or _any_issuer(statement)


def _issuers(statement: Statement) -> tuple[str, ...]:
    """The issuers of GitHub that a statement is for."""
    return tuple(one for one in issuers(statement) if ISSUERS.fullmatch(one.lower()))


def _any_issuer(statement: Statement) -> bool:
    """Whether nothing says whose tokens a statement is for."""
    if isinstance(statement.principals, Only):
        named = [p for p in statement.principals.items if p.type == "Federated" and p.id.literal is None]
        said = any(c.key.lower().endswith((":aud", ":sub")) for c in statement.conditions)
        return bool(named) and not said
    return statement.principals is not None


def _statement(
    index: int,
    statement: Statement,
    trust: Policy,
    claims: Sent,
    chosen: Callable[[Ref], bool],
    never: Callable[[str], bool],
) -> _Statement:
    named = [one.lower() for one in _issuers(statement)]
    if not named:
        return _Statement(Tried(index, statement, open=("whose tokens the statement is for",)), unsettled=True)
    unmet: list[Unmet] = []
    open_: list[str] = []
    unsettled = False
    for condition in statement.conditions:
        prefix, _, claim = condition.key.rpartition(":")
        of_token = prefix.lower() in named
        came, given = _condition(condition, trust, claims, claim.lower() if of_token else "")
        if came == "maybe" and of_token and _ruled_out(condition, claim.lower(), given, never):
            came = "no"
        if came == "no":
            shown = None if given is None else str(given)
            unmet.append(Unmet(claim, shown, tuple(map(str, condition.values)), str(condition.operator)))
        elif came == "maybe":
            free = given is not None and all(map(chosen, given.refs)) and not any(v.refs for v in condition.values)
            unsettled = unsettled or not free
            of = f"`{claim if of_token else condition.key}`"
            open_.append(of if given is None else f"{of}, which is `{given}`")
    return _Statement(Tried(index, statement, tuple(unmet), tuple(open_)), unsettled)


def _ruled_out(condition: Condition, claim: str, given: Text | None, never: Callable[[str], bool]) -> bool:
    """Whether all that a condition takes are refs that a token, which may be of many, never has."""
    if given is None or condition.operator.comparison.negated or claim not in ("sub", "ref"):
        return False
    whole = claim == "ref"
    asked = [str(v) if whole else str(v).partition(":ref:")[2].partition(":")[0] for v in condition.values]
    live = condition.operator.comparison.name != "StringEquals"
    return all(one and not (live and _wild(text(one))) and never(one) for one in asked)


def _condition(condition: Condition, trust: Policy, claims: Sent, claim: str) -> tuple[Matches, Text | None]:
    """How a condition on a claim comes out, and what the token has there; of no claim, it is not known."""
    if claim not in claims:
        return "maybe", None
    given = claims[claim]
    operator = condition.operator
    if operator.comparison.kind == "null":
        wanted = {value.literal for value in condition.values}
        return ("yes" if ("true" if given is None else "false") in wanted else "no"), given
    if given is None:
        absent = operator.if_exists or operator.qualifier == "ForAllValues"
        negated = operator.comparison.negated and operator.qualifier != "ForAnyValue"
        return ("yes" if absent or negated else "no"), None
    return matches_condition(condition, trust.version, {condition.key.lower(): given}), given
