"""A stack as plain data (dicts, lists, texts) and back: `Stack.to_dict`, `Stack.from_dict`.

Policies stand in it as IAM's own JSON. A text with a reference is `{"join": ["arn:", {"ref": "partition"}, ...]}`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, cast

from attrs import asdict, evolve

from ecsiam.errors import PolicyError
from ecsiam.model.accept import Accept
from ecsiam.model.by_id import ById
from ecsiam.model.deployment import Deployment, Name
from ecsiam.model.document import describe, is_object, policy_from_data, policy_to_data
from ecsiam.model.each import Each, Item
from ecsiam.model.home import Given, Home
from ecsiam.model.names import Output
from ecsiam.model.parameter import Demand, Variable
from ecsiam.model.policy import Policy
from ecsiam.model.role import InlinePolicy, Role
from ecsiam.model.stack import Intent, Need, Note, Stack, Trusted
from ecsiam.model.statement import Origin
from ecsiam.model.text import Ref, Text, text

Data = dict[str, Any]


def stack_to_data(stack: Stack) -> Data:
    """The whole stack, notes and origins included."""
    intent = stack.intent
    return {
        "roles": [_role_to_data(r) for r in stack.roles.values()],
        "outputs": [asdict(o) for o in stack.outputs],
        "deployment": _deployment_to_data(stack.deployment),
        "intent": {
            "prefix": write_text(intent.prefix),
            "environment": write_text(intent.environment),
            "flags": {flag: on if isinstance(on, bool) else _ref_to_data(on) for flag, on in intent.flags},
            "trusted": [_of_role_to_data(t) for t in intent.trusted],
            "needs": [{**_of_role_to_data(n), "unsure": n.unsure} for n in intent.needs],
            "accepted": [accept_to_data(a) for a in intent.accepted],
            "quotas": dict(intent.quotas),
        },
        "notes": [asdict(n, value_serializer=_listed) for n in stack.notes],
        "source": stack.source,
    }


def stack_from_data(data: Mapping[str, Any]) -> Stack:
    """The inverse. Raises PolicyError when `data` is not what `stack_to_data` makes."""
    try:
        intent = data["intent"]
        return Stack(
            roles=[_role_from_data(r) for r in data["roles"]],
            outputs=[Output(**o) for o in data["outputs"]],
            deployment=_deployment_from_data(data["deployment"]),
            intent=Intent(
                prefix=read_text(intent["prefix"]),
                environment=read_text(intent["environment"]),
                flags=tuple(
                    (f, on if isinstance(on, bool) else _ref_from_data(on)) for f, on in intent["flags"].items()
                ),
                trusted=[Trusted(t["role"], _policy_from_data(t).statements[0], t["when"]) for t in intent["trusted"]],
                needs=[
                    Need(n["role"], _policy_from_data(n).statements[0], n["when"], n["unsure"]) for n in intent["needs"]
                ],
                accepted=[_accept_from_data(a) for a in intent["accepted"]],
                quotas={id: int(size) for id, size in intent["quotas"].items()},
            ),
            notes=[Note(**_tupled(n)) for n in data["notes"]],
            source=data["source"],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as e:
        raise PolicyError(f"not the data of a stack: {type(e).__name__} {e}") from None


def _of_role_to_data(one: Need | Trusted) -> Data:
    return {"role": one.role, "when": one.when, **_policy_to_data(Policy(one.statement, as_is=True))}


def accept_to_data(accept: Accept) -> Data:
    """What is accepted, as data: a day as ISO has it."""
    until = accept.until and accept.until.isoformat()
    return {**asdict(accept, value_serializer=_listed), "until": until}


def _accept_from_data(data: Data) -> Accept:
    given: Data = {**data, "until": data["until"] and date.fromisoformat(data["until"])}
    return Accept(**given)


def _deployment_to_data(deployment: Deployment) -> Data:
    home = deployment.home
    return {
        "home": {
            "account_id": write_text(home.account_id),
            "region": write_text(home.region),
            "partition": write_text(home.partition),
            "further_regions": list(home.further_regions),
        },
        "variables": [asdict(v, value_serializer=_listed) for v in deployment.variables.values()],
        "demands": [asdict(d, value_serializer=_listed) for d in deployment.demands],
        "given": [asdict(g, value_serializer=_listed) for g in deployment.given],
        "names": [{**asdict(n, recurse=False), "text": write_text(n.text)} for n in deployment.names],
    }


def _deployment_from_data(data: Data) -> Deployment:
    home = data["home"]
    return Deployment(
        home=Home(
            account_id=read_text(home["account_id"]),
            region=read_text(home["region"]),
            partition=read_text(home["partition"]),
            further_regions=tuple(home["further_regions"]),
        ),
        variables=ById([Variable(**_tupled(v)) for v in data["variables"]]),
        demands=tuple(Demand(**_tupled(d)) for d in data["demands"]),
        given=tuple(Given(**_tupled(g)) for g in data["given"]),
        names=tuple(_name(n) for n in data["names"]),
    )


def _name(data: Data) -> Name:
    known = {key: data[key] for key in ("what", "id", "group", "most", "when")}
    return Name(text=read_text(data["text"]), **known)


def _listed(_: object, __: object, value: Any) -> Any:
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def _tupled(data: Data) -> Data:
    return {k: tuple(cast("list[object]", v)) if isinstance(v, list) else v for k, v in data.items()}


def write_text(value: Text) -> str | Data:
    """A text as data."""
    if value.literal is not None:
        return value.literal
    return {"join": [p if isinstance(p, str) else _ref_to_data(p) for p in value.parts]}


def read_text(value: object) -> Text:
    """The inverse of `write_text`. Raises PolicyError."""
    match value:
        case str():
            return text(value)
        case _ if is_object(value) and "join" in value:
            parts = cast("list[str | Data]", value["join"])
            return Text(p if isinstance(p, str) else _ref_from_data(p) for p in parts)
        case _:
            raise PolicyError(f"expected a text, not {describe(value)}")


def _ref_to_data(ref: Ref) -> Data:
    if not ref.parameter:
        return {"ref": ref.name}
    otherwise = {} if ref.otherwise is None else {"otherwise": write_text(ref.otherwise)}
    return {"parameter": ref.name, **({} if ref.part is None else {"part": ref.part}), **otherwise}


def _ref_from_data(data: Data) -> Ref:
    if "ref" in data:
        return Ref(data["ref"])
    otherwise = read_text(data["otherwise"]) if "otherwise" in data else None
    return Ref(data["parameter"], parameter=True, part=data.get("part"), otherwise=otherwise)


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
    data: Mapping[str, Any] = value
    otherwise = tuple(read_item(o) for o in data["otherwise"])
    return Each(data["each"], data["rule"], read_text(data["before"]), read_text(data["after"]), otherwise)


def _policy_to_data(policy: Policy) -> Data:
    origins = [s.origin and asdict(s.origin) for s in policy.statements]
    return {
        "document": policy_to_data(policy, write_text, lambda items: [write_item(i) for i in items]),
        "origins": origins,
    }


def _policy_from_data(data: Data) -> Policy:
    policy = policy_from_data(data["document"], read_text, read_item)
    origins = [o and Origin(**o) for o in data["origins"]]
    return evolve(policy, statements=[evolve(s, origin=o) for s, o in zip(policy.statements, origins, strict=True)])


def _role_to_data(role: Role) -> Data:
    longest = role.max_session_duration
    return {
        "id": role.id,
        "name": write_text(role.name),
        "trust": _policy_to_data(role.trust),
        "policies": [
            {"id": p.id, "name": write_text(p.name), "when": p.when, **_policy_to_data(p.document)}
            for p in role.policies.values()
        ],
        "managed_policy_arns": [write_text(a) for a in role.managed_policy_arns],
        "path": role.path,
        "permissions_boundary": None if role.permissions_boundary is None else write_text(role.permissions_boundary),
        "max_session_duration": _ref_to_data(longest) if isinstance(longest, Ref) else longest,
        "description": write_text(role.description),
        "when": role.when,
        "tags": {key: write_text(value) for key, value in role.tags},
    }


def _role_from_data(data: Data) -> Role:
    boundary, longest = data["permissions_boundary"], data["max_session_duration"]
    return Role(
        id=data["id"],
        name=read_text(data["name"]),
        trust=_policy_from_data(data["trust"]),
        policies=[
            InlinePolicy(p["id"], read_text(p["name"]), _policy_from_data(p), p["when"]) for p in data["policies"]
        ],
        managed_policy_arns=[read_text(a) for a in data["managed_policy_arns"]],
        path=data["path"],
        permissions_boundary=None if boundary is None else read_text(boundary),
        max_session_duration=longest if isinstance(longest, int | None) else _ref_from_data(cast("Data", longest)),
        description=read_text(data["description"]),
        when=data["when"],
        tags=[(key, read_text(value)) for key, value in data["tags"].items()],
        as_is=True,
    )
