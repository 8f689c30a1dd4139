"""The parts of a stack as plain data (dicts, lists, texts) and back: for `Stack.to_dict` and `Stack.from_dict`.

Policies stand in it as IAM's own JSON. A text with a reference is `{"join": ["arn:", {"ref": "partition"}, ...]}`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, Literal, TypeVar, cast

from attrs import asdict, evolve

from ecsiam.errors import ConfigError, Fault, PolicyError, refuse, show
from ecsiam.model.accept import Accept
from ecsiam.model.by_id import ById
from ecsiam.model.companion import Companion
from ecsiam.model.deployment import Deployment, Formed, Name
from ecsiam.model.document import describe, is_object, policy_from_data, policy_to_data
from ecsiam.model.each import Each, Item, Rule
from ecsiam.model.form import Form
from ecsiam.model.forms import FORMS, PARAMETER_NAME, POLICY_NAME
from ecsiam.model.home import HOME_FORMS, Given, Home
from ecsiam.model.intent import Intent, Need, Trusted
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.oidc_forms import OIDC_ISSUER
from ecsiam.model.parameter import Demand, Variable
from ecsiam.model.policy import Policy
from ecsiam.model.records import (
    Reader,
    Table,
    by_key,
    each,
    flag,
    of_type,
    optional,
    read_fields,
    record,
    string,
    whole_number,
)
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.statement import Origin
from ecsiam.model.text import Ref, Text, text

LONGEST_PATTERN = 10_000  # characters
Data = dict[str, Any]
T = TypeVar("T")


def write_intent(intent: Intent) -> Data:
    """What was asked for, as data."""
    return {
        "prefix": write_text(intent.prefix),
        "environment": write_text(intent.environment),
        "flags": {flag: on if isinstance(on, bool) else _ref_to_data(on) for flag, on in intent.flags},
        "trusted": [_of_role_to_data(t) for t in intent.trusted],
        "needs": [{**_of_role_to_data(n), "unsure": n.unsure} for n in intent.needs],
        "accepted": [{**write_accept(a), "at": a.at} for a in intent.accepted],
        "quotas": dict(intent.quotas),
    }


def read_intent(data: object) -> Intent:
    """The inverse of `write_intent`. Raises PolicyError."""
    return Intent(**read_fields(data, _INTENT))


def _of_role_to_data(one: Need | Trusted) -> Data:
    return {"role": one.role, "when": one.when, **_policy_to_data(Policy(one.statement, as_is=True))}


def write_accept(accept: Accept) -> Data:
    """What is accepted, as people wrote it, as data: a day as ISO has it."""
    until = accept.until and accept.until.isoformat()
    said = asdict(accept, filter=lambda field, _: field.name != "at", value_serializer=listed)
    return {**said, "until": until}


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(string(value)))
    except ValueError:
        raise PolicyError(f"expected a day such as `2027-03-31`, not {describe(value)}") from None


def write_deployment(deployment: Deployment) -> Data:
    """What is left to deployment, as data."""
    home = deployment.home
    return {
        "home": {
            "account_id": write_text(home.account_id),
            "region": write_text(home.region),
            "partition": write_text(home.partition),
            "further_regions": list(home.further_regions),
        },
        "variables": [_variable_to_data(v) for v in deployment.variables.values()],
        "demands": [asdict(d, value_serializer=listed) for d in deployment.demands],
        "given": [
            {
                **asdict(g, recurse=False),
                "path": list(g.path),
                "arn": write_text(g.arn),
                "within": list(map(write_text, g.within)),
            }
            for g in deployment.given
        ],
        "names": [{**asdict(n, recurse=False), "text": write_text(n.text)} for n in deployment.names],
        "formed": [
            {"path": list(f.path), "text": write_text(f.text), "form": _form_to_data(f.form)} for f in deployment.formed
        ],
    }


def listed(_: object, __: object, value: Any) -> Any:
    """Tuples as lists, those in tuples too: for `attrs.asdict`."""
    return [listed(_, __, v) for v in cast("tuple[object, ...]", value)] if isinstance(value, tuple) else value


def write_text(value: Text) -> str | Data:
    """A text as data."""
    if value.literal is not None:
        return value.literal
    return {"join": [p if isinstance(p, str) else _ref_to_data(p) for p in value.parts]}


def read_text(value: object) -> Text:
    """The inverse of `write_text`. Raises PolicyError."""
    if isinstance(value, str):
        return text(value)
    if is_object(value):
        return Text(read_fields(value, {"join": each(_part)})["join"])
    raise PolicyError(f"expected a text, not {describe(value)}")


def _part(value: object) -> str | Ref:
    return value if isinstance(value, str) else _ref_from_data(value)


def _ref_to_data(ref: Ref) -> Data:
    if not ref.parameter:
        return {"ref": ref.name}
    otherwise = {} if ref.otherwise is None else {"otherwise": write_text(ref.otherwise)}
    return {"parameter": ref.name, **({} if ref.part is None else {"part": ref.part}), **otherwise}


def _ref_from_data(data: object) -> Ref:
    if is_object(data) and "parameter" not in data:
        return Ref(read_fields(data, {"ref": of_type(_Known)})["ref"])
    optionals: Table = {"part": _piece, "otherwise": read_text}
    given = {name: read for name, read in optionals.items() if is_object(data) and name in data}
    found = read_fields(data, {"parameter": string, **given})
    return Ref(found.pop("parameter"), parameter=True, **found)


_Known = Literal["account_id", "aws_region", "partition", "dns_suffix"]


def _piece(value: object) -> int:
    number = whole_number(value)
    if number not in (0, 1):
        raise PolicyError(f"expected 0 or 1, a piece of `OWNER/REPO`, not {describe(value)}")
    return cast("int", number)


def write_item(item: Item) -> str | Data:
    """An item of a resource list as data."""
    if isinstance(item, Text):
        return write_text(item)
    return {
        "each": item.parameter,
        "rule": item.rule,
        "before": write_text(item.before),
        "after": write_text(item.after),
        "otherwise": [write_item(o) for o in item.otherwise],
    }


def read_item(value: object) -> Item:
    """The inverse of `write_item`. Raises PolicyError."""
    if not is_object(value) or "each" not in value:
        return read_text(value)
    found = read_fields(value, _EACH)
    return Each(found.pop("each"), **found)


_EACH: Table = {
    "each": string,
    "rule": of_type(Rule),
    "before": read_text,
    "after": read_text,
    "otherwise": each(read_item),
}


def _policy_to_data(policy: Policy) -> Data:
    origins = [s.origin and asdict(s.origin) for s in policy.statements]
    return {
        "document": policy_to_data(policy, write_text, lambda items: [write_item(i) for i in items]),
        "origins": origins,
    }


def _policy_from_data(data: object) -> Policy:
    found = read_fields(data, _POLICY)
    return _with_origins(found["document"], found["origins"])


def _document(data: object) -> Policy:
    return policy_from_data(data, read_text, read_item)


def _with_origins(policy: Policy, origins: tuple[Origin | None, ...]) -> Policy:
    if len(origins) != len(policy.statements):
        fault = f"there are {len(policy.statements)} statements, and origins of {len(origins)}"
        raise PolicyError(Fault(fault, ("origins",)))
    return evolve(policy, statements=[evolve(s, origin=o) for s, o in zip(policy.statements, origins, strict=True)])


_POLICY: Table = {"document": _document, "origins": each(optional(record(Origin)))}


def write_role(role: Role) -> Data:
    """A role as data."""
    longest = role.max_session_duration
    return {
        "id": role.id,
        "name": write_text(role.name),
        "trust": _policy_to_data(role.trust),
        "policies": [
            {
                "id": p.id,
                "name": write_text(p.name),
                "when": p.when,
                "managed": p.managed,
                **_policy_to_data(p.document),
            }
            for p in role.policies.values()
        ],
        "managed_policy_arns": [write_text(a) for a in role.managed_policy_arns],
        "path": role.path,
        "permissions_boundary": None if role.permissions_boundary is None else write_text(role.permissions_boundary),
        "max_session_duration": _ref_to_data(longest) if isinstance(longest, Ref) else longest,
        "description": write_text(role.description),
        "when": role.when,
        "profile": role.profile,
        "tags": {key: write_text(value) for key, value in role.tags},
        "exclusive": role.exclusive,
    }


def write_provider(provider: OidcProvider) -> Data:
    """A provider as data."""
    return {
        "id": provider.id,
        "url": provider.url,
        "client_ids": [write_text(c) for c in provider.client_ids],
        "tags": {key: write_text(value) for key, value in provider.tags},
        "when": provider.when,
    }


def read_provider(data: object) -> OidcProvider:
    """The inverse of `write_provider`. Raises PolicyError."""
    return OidcProvider(**read_fields(data, _PROVIDER))


def write_companion(one: Companion) -> Data:
    """A companion as data."""
    plain = {"id": one.id, "title": one.title, "doing": one.doing, "page": one.page, "when": one.when}
    return {**plain, "account": write_text(one.account), "of": write_text(one.of), **_policy_to_data(one.policy)}


def read_companion(data: object) -> Companion:
    """The inverse of `write_companion`. Raises PolicyError."""
    found = read_fields(data, _COMPANION)
    return Companion(policy=_with_origins(found.pop("document"), found.pop("origins")), **found)


def read_role(data: object) -> Role:
    """The inverse of `write_role`. Raises PolicyError."""
    return Role(**read_fields(data, _ROLE), as_is=True)


def _inline_from_data(data: object) -> RolePolicy:
    found = read_fields(data, {"id": string, "name": read_text, "when": string, "managed": flag, **_POLICY})
    document = _with_origins(found.pop("document"), found.pop("origins"))
    return RolePolicy(document=document, **found)


def _of_role(kind: Callable[..., T], **more: Reader) -> Callable[[object], T]:
    """A need, or who is trusted: one statement of a role."""
    table = {"role": string, "when": string, **_POLICY, **more}

    def read(data: object) -> T:
        found = read_fields(data, table)
        policy = _with_origins(found.pop("document"), found.pop("origins"))
        if len(policy.statements) != 1:
            fault = f"expected one statement, not {len(policy.statements)}"
            raise PolicyError(Fault(fault, ("document", "Statement")))
        return kind(statement=policy.statements[0], **found)

    return read


def _variable_to_data(variable: Variable) -> Data:
    return {**asdict(variable, value_serializer=listed), "form": _form_to_data(variable.form)}


def _form_to_data(form: Form | None) -> object:
    """A form as data: by its name in the table; one that is a room's own in full."""
    if form is None:
        return ""
    return form.name if FORMS.get(form.name) == form else asdict(form, value_serializer=listed)


def _form_from_data(data: object) -> Form | None:
    """The inverse for a form. Python's own `re` reads the pattern of one that isn't in the table."""
    if not isinstance(data, str):
        form = _FORM(data)
        refuse(PolicyError, _form_faults(form))
        return form
    if data and data not in FORMS:
        raise PolicyError(f"`{show(data)}` is no form of values")
    return FORMS.get(data)


def _form_faults(form: Form) -> Iterator[Fault]:
    patterns = {"pattern": form.pattern, "service": form.service}
    patterns |= {name: of[0] for name in ("hints", "bare") for of in getattr(form, name)}
    for name, pattern in patterns.items():
        if len(pattern) > LONGEST_PATTERN:
            yield Fault(f"a pattern of {len(pattern):,} characters, at most {LONGEST_PATTERN:,} are taken", (name,))
            continue
        try:
            re.compile(pattern, re.ASCII)
        except (re.error, OverflowError, RecursionError) as e:
            yield Fault(f"`{show(pattern)}` is no pattern: {e}", (name,))
    if not form.good:
        yield Fault("no sample", ("good",), "Write a value of this form.")


def _variable_from_data(data: object) -> Variable:
    variable = _VARIABLE(data)
    if variable.default is None:
        return variable
    try:
        return evolve(variable, default=variable.read(variable.default))
    except ConfigError as e:
        raise PolicyError(*(f.under("default") for f in e.faults)) from None


def _filled(value: object) -> Text:
    found = read_text(value)
    if not found.parts:
        raise PolicyError("expected a text that is not empty, or null")
    return found


def of_form(form: Form) -> Reader:
    """A text of a form."""

    def read(value: object) -> str:
        found = str(string(value))
        refuse(PolicyError, [fault] if (fault := form.fault(found)) else [])
        return found

    return read


def _known_of(form: Form) -> Reader:
    """A text that is of a form where it is known."""

    def read(value: object) -> Text:
        found = read_text(value)
        if found.literal is not None:
            of_form(form)(found.literal)
        return found

    return read


_FORM = record(Form)
_VARIABLE = record(Variable, id=of_form(PARAMETER_NAME), form=_form_from_data)


def _flag_or_ref(value: object) -> bool | Ref:
    return value if isinstance(value, bool) else _ref_from_data(value)


def _seconds_or_ref(value: object) -> int | Ref:
    return _ref_from_data(value) if is_object(value) else cast("int", whole_number(value))


# What each part of a stack is read as, by its name in the data.
_ROLE: Table = {
    "id": string,
    "name": read_text,
    "trust": _policy_from_data,
    "policies": each(_inline_from_data),
    "managed_policy_arns": each(read_text),
    "path": string,
    "permissions_boundary": optional(_filled),
    "max_session_duration": optional(_seconds_or_ref),
    "description": read_text,
    "when": string,
    "profile": of_type(bool),
    "tags": by_key(read_text),
    "exclusive": flag,
}
_COMPANION: Table = {
    "id": of_form(POLICY_NAME),
    **dict.fromkeys(("title", "doing", "page", "when"), string),
    **dict.fromkeys(("account", "of"), read_text),
    **_POLICY,
}
_PROVIDER: Table = {
    "id": string,
    "url": of_form(OIDC_ISSUER),
    "client_ids": each(read_text),
    "tags": by_key(read_text),
    "when": string,
}
_HOME: Table = {
    "account_id": _known_of(HOME_FORMS["account_id"]),
    "region": _known_of(HOME_FORMS["aws_region"]),
    "partition": _known_of(HOME_FORMS["partition"]),
    "further_regions": each(of_form(HOME_FORMS["aws_region"])),
}
_DEPLOYMENT: Table = {
    "home": lambda data: Home(**read_fields(data, _HOME)),
    "variables": lambda data: ById(each(_variable_from_data)(data)),
    "demands": each(record(Demand)),
    "given": each(record(Given, arn=read_text, within=each(read_text))),
    "names": each(record(Name, text=read_text)),
    "formed": each(record(Formed, text=read_text, form=_form_from_data)),
}
_INTENT: Table = {
    "prefix": read_text,
    "environment": read_text,
    "flags": by_key(_flag_or_ref),
    "trusted": each(_of_role(Trusted)),
    "needs": each(_of_role(Need, unsure=string)),
    "accepted": each(record(Accept, until=optional(_day))),
    "quotas": by_key(whole_number),
}


def read_deployment(data: object) -> Deployment:
    """The inverse of `write_deployment`. Raises PolicyError."""
    return Deployment(**read_fields(data, _DEPLOYMENT))
