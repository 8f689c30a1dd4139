"""Requests as people write them: by options, and a batch of them, one JSON object a line."""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar, cast

from attrs import evolve, frozen

from ecsiam.analysis.grants import OF_TRUST
from ecsiam.analysis.request import Context, Request, context_of, principal_of
from ecsiam.cli.given import Given, role_faults
from ecsiam.errors import (
    LONGEST_SLIP,
    MOST_FAULTS,
    EcsiamError,
    Fault,
    Faults,
    PolicyError,
    did_you_mean,
    refuse,
    show,
)
from ecsiam.keys.source import read_bytes
from ecsiam.looks.words import listed
from ecsiam.model.bounds import loaded
from ecsiam.model.document import describe, is_object
from ecsiam.model.globs import matches
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import ACTION
from ecsiam.reference import actions

R = TypeVar("R")
LARGEST_BATCH = 16 * 1024 * 1024
FIELDS = ("role", "action", "resource", "principal", "context")

_ACTION = re.compile("[A-Za-z0-9-]+:[A-Za-z0-9]+")
_PATTERN = re.compile(ACTION)
_ARN = re.compile("arn:[^:]+:[^:]+:[^:]*:[^:]*:.+", re.DOTALL)
_KEY = re.compile("[^:]+:.+")


@frozen
class Asked:
    """A request as it was written, and whom it is put to: a role, the trust of a role, or a document.

    `caller` is who asks where the request doesn't say so: the role itself. `owner` is the SERVICE/ENVIRONMENT of the
    role, in a file of several.
    """

    request: Request
    of: Role | Policy
    role: str | None = None
    caller: Principal | None = None
    owner: str = ""

    @property
    def whole(self) -> Request:
        """The request with who asks."""
        return self.request if self.caller is None else evolve(self.request, principal=self.caller)


@frozen
class Raw:
    """A request as it was written; `faults` are those of reading it."""

    role: str | None
    action: str
    resource: str | None
    principal: str | None
    context: Context
    faults: tuple[Fault, ...] = ()


def asked(given: Given, raw: Raw) -> Asked:
    """The request that was meant, and whom it is put to. Raises PolicyError with every fault."""
    faults = Faults((*role_faults(given, raw.role), *raw.faults))
    if not _ACTION.fullmatch(raw.action):
        faults.append(_not_an_action(raw.action))
    if raw.resource not in (None, "*") and not _ARN.fullmatch(raw.resource or ""):
        remedy = "Write one such as `arn:aws:s3:::memos-uploads/a.txt`, or `*` for an action that has no resource."
        faults.append(Fault(f"`{show(raw.resource or '')}` is not an ARN", (), remedy))
    principal = None
    with faults.at():
        principal = principal_of(raw.principal)
    for key, _ in raw.context:
        if not _KEY.fullmatch(key):
            faults.append(
                Fault(f"`{show(key)}` is not a condition key", (), "A key has a prefix, such as `aws:SourceIp`.")
            )
    refuse(PolicyError, faults)
    subject, resource = _subject(given, raw)
    caller = _arn(given, subject) if isinstance(subject, Role) and principal is None else None
    with faults.at():
        request = Request(raw.action, resource or _default(raw.action), principal, raw.context)
        return Asked(request, subject, raw.role, None if caller is None else Principal("AWS", caller), given.of)
    raise PolicyError(*faults)


def _not_an_action(action: str) -> Fault:
    if _PATTERN.fullmatch(action):
        return Fault(
            f"`{show(action)}` is more than one action", (), "A request has one; `ecsiam can` asks about several."
        )
    return Fault(f"`{show(action)}` is not an action", (), "An action is `service:Name`, such as `s3:GetObject`.")


def _subject(given: Given, raw: Raw) -> tuple[Role | Policy, str | None]:
    """Whom a request is put to, and its resource, where that is known."""
    of_trust = raw.action.lower() in OF_TRUST
    if isinstance(given.what, Policy):
        trust = given.what.kind == "trust" or (given.what.kind == "resource" and of_trust)
        return given.what, raw.resource or ("*" if trust else None)
    role = given.what.roles[raw.role or ""]
    if raw.principal is None or not of_trust:
        return role, raw.resource
    return role.trust, raw.resource or _arn(given, role)


def _arn(given: Given, role: Role) -> str | None:
    """The ARN of a role of a config."""
    if isinstance(given.what, Policy):
        return None
    home = given.what.deployment.home
    return str(role.arn(home.partition, home.account_id))


def _default(action: str) -> str:
    """The resource of an action that has none: `*`. Raises PolicyError for any other."""
    known = actions.action(action)
    forms = actions.evaluated_on(known) if known else ()
    if forms == ("*",):
        return "*"
    example = f"It is asked of {' or '.join(f'`{f}`' for f in forms[:3])}." if forms else "An action without has `*`."
    raise PolicyError(Fault(f"`{show(action)}` needs a resource", (), f"Write the ARN with `--resource`. {example}"))


# ---------------------------------------------------------------- options


def of_options(
    role: str | None, action: str, resource: str | None, principal: str | None, context: Iterable[str]
) -> Raw:
    """The request of a command line."""
    faults: list[Fault] = []
    values: dict[str, tuple[str, list[str]]] = {}
    for pair in context:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            lacks = "key" if equals else "value"
            faults.append(Fault(f"`--context {show(pair)}` has no {lacks}", (), "Write `--context KEY=VALUE`."))
            continue
        values.setdefault(key.lower(), (key, []))[1].append(value)
    pairs = tuple((key, several[0] if len(several) == 1 else tuple(several)) for key, several in values.values())
    return Raw(role, action, resource, principal, pairs, tuple(faults))


def pattern_faults(action: str, resource: str) -> Iterator[Fault]:
    """What is wrong with an action and a resource written as in a policy."""
    if not _PATTERN.fullmatch(action):
        yield Fault(
            f"`{show(action)}` is not an action",
            (),
            "An action is `service:Name`, such as `s3:GetObject`; only the name may hold wildcards.",
        )
    if resource != "*" and not resource.startswith("arn:"):
        yield Fault(
            f"`{show(resource)}` is neither an ARN nor `*`", (), "Write one such as `arn:aws:s3:::memos-uploads/*`."
        )


# ---------------------------------------------------------------- a batch


def read_batch(path: str) -> tuple[str, bytes]:
    """What messages call a file of requests, and what is in it."""
    name, data = read_bytes(path, LARGEST_BATCH + 1)
    if len(data) > LARGEST_BATCH:
        raise PolicyError(Fault(f"larger than {LARGEST_BATCH >> 20} MiB", (), "Split it.", file=name))
    return name, data


def of_batch(file: tuple[str, bytes], given: Given, role: str | None, answer: Callable[[Asked], R]) -> list[R]:
    """The answers to the requests of a file, one JSON object a line; `role` is that of the lines which name none.

    Raises PolicyError with every fault and its line.
    """
    name, data = file
    found: list[R] = []
    faults: list[Fault] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(answer(asked(given, _raw(line, role))))
        except EcsiamError as e:
            faults += [_on_line(f, name, number) for f in e.faults]
        if len(faults) >= MOST_FAULTS:
            del faults[MOST_FAULTS:]
            faults.append(Fault("too many faults to go on", (), "Correct the ones above first.", name, number))
            break
    if not found and not faults:
        faults.append(Fault("no request", (), 'Write one JSON object on each line: `{"action": ...}`.', name))
    refuse(PolicyError, faults)
    return found


def _on_line(fault: Fault, name: str, number: int) -> Fault:
    remedy = fault.remedy.replace("with `--resource`", "as `resource`").replace("with `--role`", "as `role`")
    return Fault(fault.message, fault.path, remedy, name, number)


def _raw(line: bytes, role: str | None) -> Raw:
    data = _object(line)
    faults = Faults()
    for key in data:
        if key not in FIELDS:
            remedy = did_you_mean(key, FIELDS) or f"There are {listed(FIELDS)}."
            faults.append(Fault(f"unknown field `{show(key)}`", (), remedy))
    texts: dict[str, str | None] = {}
    for field in FIELDS[:4]:
        value = data.get(field)
        if value is not None and not isinstance(value, str):
            faults.append(Fault(f"`{field}` is a text, not {describe(value)}"))
        texts[field] = value if isinstance(value, str) else None
    if data.get("action") is None:
        faults.append(Fault("`action` is missing"))
    context: Context = ()
    with faults.at():
        context = _context(data.get("context"))
    refuse(PolicyError, faults)
    return Raw(texts["role"] or role, texts["action"] or "", texts["resource"], texts["principal"], context)


def _object(line: bytes) -> Mapping[str, object]:
    try:
        data = loaded(line.decode(), str)
    except UnicodeDecodeError as e:
        raise PolicyError(Fault(f"byte `{line[e.start]:#x}` is not UTF-8", (), "Save the file as UTF-8.")) from None
    except json.JSONDecodeError as e:
        raise PolicyError(f"not JSON: {e.msg[:1].lower()}{e.msg[1:]} at column {e.colno}") from None
    except RecursionError:
        raise PolicyError("nested too deep") from None
    if not is_object(data):
        raise PolicyError(Fault(f"a request is an object, not {describe(data)}", (), 'Write `{"action": ...}`.'))
    return data


def _context(data: object) -> Context:
    if data is None:
        return ()
    if not is_object(data):
        remedy = 'Write `{"aws:SourceIp": "..."}`.'
        raise PolicyError(Fault(f"`context` is an object, not {describe(data)}", (), remedy))
    return context_of(cast("Mapping[str, str]", data))


# ---------------------------------------------------------------- what is right but worth knowing


def action_notes(action: str) -> Iterator[str]:
    """That no action is called so, as far as is known."""
    if not actions.matching(action):
        service = action.partition(":")[0]
        names = list(actions.actions(service)) if len(action) <= LONGEST_SLIP else []
        near = difflib.get_close_matches(action.lower(), names, n=1, cutoff=0.8)
        known = actions.action(near[0]) if near else None
        remedy = f". Did you mean `{known.id}`?" if known else ""
        yield f"AWS had no action `{show(action)}` on {actions.date()}{remedy}"


def notes(given: Given, one: Asked, principal_given: bool) -> Iterator[str]:
    """What may not be meant as it was written."""
    request = one.request
    yield from action_notes(request.action)
    if known := actions.action(request.action):
        forms = actions.evaluated_on(known)
        anywhere = isinstance(one.of, Policy) and one.of.kind == "trust"  # it has no resource
        if not anywhere and not any(_fits(form, request.resource) for form in forms):
            few = " or ".join(f"`{f}`" for f in forms[:3])
            yield f"AWS asks `{known.id}` of {few}, not of `{show(request.resource)}`"
    if request.resource != "*" and {"*", "?"}.intersection(request.resource):
        yield "a wildcard in the resource of a request is that character itself; `ecsiam can` asks about all it matches"
    for key, _ in request.context:
        if actions.key_type(key) is None:
            yield f"AWS had no condition key `{show(key)}` on {actions.date()}"
    if isinstance(given.what, Stack) and request.action.lower() in OF_TRUST and not principal_given:
        yield "this is what the role may do; who may assume it is asked with `--principal TYPE:ID`"
    if isinstance(one.of, Policy) and one.of.kind != "identity" and not principal_given:
        yield f"a {one.of.kind} policy looks at who asks, which is not known: `--principal '*'` is an anonymous caller"


def _fits(form: str, resource: str) -> bool:
    if form == "*":
        return resource == "*"
    fits = matches(form, resource)
    return fits and not any(matches(e, resource) for e in actions.excepting(form))
