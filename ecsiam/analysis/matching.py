"""Whether a statement matches a request: element by element, with what stands in the way.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from attrs import frozen

from ecsiam.analysis.comparisons import Unsettled, matches_values
from ecsiam.analysis.globs import ArnGlob, Reading, fits_arn, may_be_arn, resource_globs
from ecsiam.analysis.request import Request, Values
from ecsiam.analysis.values import address_block, as_date, as_number
from ecsiam.analysis.variables import Escaped, Part, Variable, parts, put_in
from ecsiam.errors import Fault, PolicyError
from ecsiam.model.condition import Condition, Kind, Operator
from ecsiam.model.each import Each, Item
from ecsiam.model.globs import Glob, Pieces, as_glob, fits, glob
from ecsiam.model.policy import Version
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Action, AllBut, Only, Statement
from ecsiam.model.text import Text

__all__ = [
    "Miss",
    "Reading",
    "Unsettled",
    "address_block",
    "as_date",
    "as_number",
    "glob",
    "matches_action",
    "matches_principal",
    "matches_resource",
    "matches_values",
    "misses",
]


@frozen
class Miss:
    """Why a statement does not match: the element, by IAM's name, and for a condition its key."""

    element: str
    reason: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.element}: {self.reason}"


def matches_action(action: Action, asked: str) -> bool:
    """Whether an action pattern matches an action, without regard to case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    """
    return not action.is_void and glob(((action.pattern.lower(), True),), asked.lower())


def matches_resource(resource: Pieces, asked: str, reading: Reading = "parts", identity: bool = True) -> bool:
    """Whether a Resource pattern, its policy variables resolved, matches a resource.

    `identity` says that it stands in an identity policy or a boundary, where an ARN may be cut short.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    return fits_arn(resource_globs(resource, reading, identity), asked)


# ---------------------------------------------------------------- principals

ACCOUNT = re.compile(r"[0-9]{12}")
ROOT = re.compile(r"arn:([^:]+):iam::([0-9]{12}):root")
OF_ACCOUNT = re.compile(r"arn:([^:]+):(?:iam|sts)::([0-9]{12}):.+", re.DOTALL)
PRINCIPAL_ARN = "aws:PrincipalArn"
ROLE = re.compile(r"arn:([^:]+):iam::([0-9]{12}):role/(?:.*/)?([^/]+)", re.DOTALL)
SESSION = re.compile(r"arn:([^:]+):sts::([0-9]{12}):assumed-role/([^/]+)/.+", re.DOTALL)


def account_of(arn: str) -> str | None:
    """The account in an ARN, or an account id itself; None where there is none."""
    parts = arn.split(":", 5)
    account = parts[4] if len(parts) == 6 else arn
    return account if ACCOUNT.fullmatch(account) else None


def matches_principal(principal: Principal, asked: Principal | None, arn: Values | None = None) -> bool:
    """Whether a principal of a policy takes in whoever asks. None and the bare `"*"` ask anonymously.

    An account takes in everyone of it, a role its sessions. `{"AWS": "*"}` takes in everyone but services and federated
    users. `arn` is `aws:PrincipalArn`, where it is known: a session's own ARN leaves out its role's path. Raises
    PolicyError for a principal that is known only at deployment.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    named = _id(principal)
    if principal.type == "*":
        return True
    if principal.is_void:
        return False
    if asked is None or asked.type == "*":
        return named == "*" and principal.type == "AWS"
    if named == "*":
        return asked.type == principal.type or (principal.type == "AWS" and asked.type == "CanonicalUser")
    if asked.type != principal.type:
        return False
    who = _id(asked)
    if named == who:
        return True
    return principal.type == "AWS" and _takes_in(named, who, arn)


def _id(principal: Principal) -> str:
    literal = principal.id.literal
    if literal is None:
        raise _open(principal.id)
    return literal


def _takes_in(named: str, who: str, arn: Values | None) -> bool:
    """Whether an account's or a role's name takes in an ARN that is not the same text."""
    if ACCOUNT.fullmatch(named):
        of = OF_ACCOUNT.fullmatch(who)
        return of is not None and of[2] == named
    if root := ROOT.fullmatch(named):
        of = OF_ACCOUNT.fullmatch(who)
        return who == root[2] or (of is not None and of.groups() == root.groups())
    role, session = ROLE.fullmatch(named), SESSION.fullmatch(who)
    same = role is not None and session is not None and role.groups() == session.groups()
    return same and arn in (None, named)


# ---------------------------------------------------------------- statements, read once


@frozen
class _Resources:
    """Those of a statement: as far as they are the same for every request, and those with policy variables."""

    name: str
    shown: str
    inverse: bool
    reading: Reading
    identity: bool
    fixed: tuple[ArnGlob, ...]
    varying: tuple[tuple[Text, tuple[Part, ...]], ...]

    def matches(self, pieces: Pieces, asked: str) -> bool:
        return matches_resource(pieces, asked, self.reading, self.identity)


@frozen
class _Condition:
    """`unclear`: there is a policy variable where AWS's pages contradict each other on whether there may be one."""

    operator: Operator
    key: str
    shown: str
    fixed: tuple[Pieces, ...] | None
    values: tuple[tuple[Part, ...], ...]
    unclear: bool = False


@frozen
class _Read:
    """A statement, read for one kind of policy and one reading."""

    action_name: str
    actions_shown: str
    exact: frozenset[str]
    wild: tuple[Glob, ...]
    any_but: bool
    resources: _Resources | None
    principals: Only[Principal] | AllBut[Principal] | None
    conditions: tuple[_Condition, ...]


@lru_cache(maxsize=1 << 13)
def _read(statement: Statement, version: Version, reading: Reading, identity: bool) -> _Read:
    actions = [a.pattern.lower() for a in statement.actions.items if not a.is_void]
    return _Read(
        action_name="NotAction" if isinstance(statement.actions, AllBut) else "Action",
        actions_shown=_listed(statement.actions.items),
        exact=frozenset(a for a in actions if "*" not in a and "?" not in a),
        wild=tuple(as_glob(((a, True),)) for a in actions if "*" in a or "?" in a),
        any_but=isinstance(statement.actions, AllBut),
        resources=None
        if statement.resources is None
        else _read_resources(statement.resources, version, reading, identity),
        principals=statement.principals,
        conditions=tuple(_read_condition(c, version) for c in statement.conditions),
    )


def _read_resources(
    element: Only[Item] | AllBut[Item], version: Version, reading: Reading, identity: bool
) -> _Resources:
    inverse = isinstance(element, AllBut)
    fixed: list[ArnGlob] = []
    varying: list[tuple[Text, tuple[Part, ...]]] = []
    for item in element.items:
        text = _known(item)
        found = parts(text, version)
        pieces = _fixed(found)
        if not may_be_arn(found):
            continue
        if pieces is None:
            varying.append((text, found))
        else:
            fixed.append(resource_globs(pieces, reading, identity))
    name = "NotResource" if inverse else "Resource"
    return _Resources(name, _listed(element.items), inverse, reading, identity, tuple(fixed), tuple(varying))


def _read_condition(condition: Condition, version: Version) -> _Condition:
    values = condition_values(condition.operator, tuple(map(_known, condition.values)), version)
    pieces = tuple(_fixed(v) for v in values)
    fixed = tuple(p for p in pieces if p is not None)
    shown = f"`{condition.operator}` wants {_listed(condition.values)}"
    open_ = len(fixed) < len(pieces)
    unclear = open_ and condition.operator.comparison.kind not in WITH_VARIABLES
    return _Condition(condition.operator, condition.key, shown, None if open_ else fixed, values, unclear)


WITH_VARIABLES: tuple[Kind, ...] = ("string", "arn")


def condition_values(operator: Operator, values: tuple[Text, ...], version: Version) -> tuple[tuple[Part, ...], ...]:
    """The values of a condition, their variables found.

    Only in texts and ARNs are there any; in a number, a date or the like `${` is text, and so no value. For `Bool` one
    page of AWS says so, and another has an example: they are found, and no answer is given that hangs on them.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-wheretouse
    """
    variables = operator.comparison.kind in (*WITH_VARIABLES, "bool")
    return tuple(parts(v, version if variables else "2008-10-17") for v in values)


def _fixed(found: tuple[Part, ...]) -> Pieces | None:
    """The pieces of a text without variables; None for one with any."""
    if any(isinstance(p, Variable) for p in found):
        return None
    return tuple((p.char, False) if isinstance(p, Escaped) else (str(p), True) for p in found)


def _known(item: Item) -> Text:
    if isinstance(item, Each) or item.refs:
        raise _open(item)
    return item


def _open(text: object) -> PolicyError:
    return PolicyError(Fault(f"`{text}` is known only at deployment", remedy="Bind it first."))


def _listed(items: Iterable[object]) -> str:
    shown = [f"`{item}`" for item in items]
    return ", ".join(shown) if len(shown) < 5 else f"{', '.join(shown[:3])} and {len(shown) - 3} others"


# ---------------------------------------------------------------- a statement and a request


def misses(
    statement: Statement,
    version: Version,
    request: Request,
    reading: Reading = "parts",
    identity: bool | None = None,
    strict: bool = False,
) -> tuple[Miss, ...]:
    """Every element that does not match, in IAM's order; none: the statement matches.

    What holds a policy variable without a value equals nothing and is like nothing: in a Resource, in a NotResource
    (which then leaves nothing out), and as a value of a condition, so that a negated operator holds. AWS warns beside
    it that such a statement might be invalid as a whole: `strict` reads it so where the variable is in a resource.
    `identity` says whether an ARN may be cut short (None: where no principal is named). Raises PolicyError for a text
    that is known only at deployment, and where the answer hangs on what AWS leaves open: several values under an
    operator for one, a variable under `Bool`.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    """
    read = _read(statement, version, reading, statement.principals is None if identity is None else identity)
    found: list[Miss] = []
    asked = request.action.lower()
    if (asked in read.exact or any(fits(g, asked) for g in read.wild)) == read.any_but:
        among = "one" if read.any_but else "none"
        found.append(Miss(read.action_name, f"`{request.action}` is {among} of {read.actions_shown}"))
    if read.resources is not None and (miss := _miss_resource(read.resources, request, strict)):
        found.append(miss)
    if read.principals is not None and (miss := _miss_principal(read.principals, request)):
        found.append(miss)
    unclear: list[Unsettled] = []
    for condition in read.conditions:
        try:
            miss = _miss_condition(condition, request)
        except Unsettled as error:
            unclear.append(error)
            continue
        if miss:
            found.append(miss)
    if unclear and not found:
        raise Unsettled(*(fault for error in unclear for fault in error.faults))
    return tuple(found)


def _miss_resource(resources: _Resources, request: Request, strict: bool) -> Miss | None:
    asked = request.resource
    matched = any(fits_arn(globs, asked) for globs in resources.fixed)
    for text, varying in resources.varying:
        pieces = put_in(varying, request)
        if pieces is not None:
            matched = matched or resources.matches(pieces, asked)
        elif strict:
            return Miss(resources.name, f"a variable of `{text}` has no value")
    if matched != resources.inverse:
        return None
    return Miss(resources.name, f"`{asked}` is {'one' if resources.inverse else 'none'} of {resources.shown}")


def _miss_principal(element: Only[Principal] | AllBut[Principal], request: Request) -> Miss | None:
    inverse, asked = isinstance(element, AllBut), request.principal
    arn = request.values(PRINCIPAL_ARN)
    if any(matches_principal(principal, asked, arn) for principal in element.items) != inverse:
        return None
    anonymous = asked is not None and asked.type == "*"
    who = "a caller that is not known" if asked is None else "an anonymous caller" if anonymous else f"`{asked}`"
    among = "one" if inverse else "none"
    return Miss("NotPrincipal" if inverse else "Principal", f"{who} is {among} of {_listed(element.items)}")


def _miss_condition(condition: _Condition, request: Request) -> Miss | None:
    values = condition.fixed
    given = request.values(condition.key)
    missing = ""
    if values is None:
        pieces = [put_in(value, request) for value in condition.values]
        values = tuple(p for p in pieces if p is not None)
        missing = ", a variable in it has no value" if len(values) < len(pieces) else ""
        if condition.unclear and given:
            as_text = tuple(p for p in map(_fixed, condition.values) if p is not None)
            if matches_values(condition.operator, values, given) != matches_values(condition.operator, as_text, given):
                remedy = "Compare texts with `StringEquals`."
                raise Unsettled(Fault(f"AWS's pages disagree on variables under `{condition.operator}`", (), remedy))
    if matches_values(condition.operator, values, given):
        return None
    shown = "absent" if given is None else f"`{given}`" if isinstance(given, str) else _listed(given) or "empty"
    return Miss("Condition", f"{condition.shown}{missing}, and it is {shown}", condition.key)
