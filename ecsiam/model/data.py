"""A stack as plain data (dicts, lists, texts) and back: `Stack.to_dict`, `Stack.from_dict`.

Policies stand in it as IAM's own JSON. A text with a reference is `{"join": ["arn:", {"ref": "partition"}, ...]}`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from attrs import evolve

from ecsiam.errors import PolicyError
from ecsiam.model.document import describe, policy_from_data, policy_to_data
from ecsiam.model.home import Given, Home
from ecsiam.model.names import Output
from ecsiam.model.policy import Policy
from ecsiam.model.role import InlinePolicy, Role
from ecsiam.model.stack import Intent, Note, Stack
from ecsiam.model.statement import Origin
from ecsiam.model.text import Ref, Text, text

Data = dict[str, Any]


def stack_to_data(stack: Stack) -> Data:
    """The whole stack, notes and origins included."""
    intent = stack.intent
    return {
        "roles": [_role_to_data(r) for r in stack.roles.values()],
        "outputs": [{"name": o.name, "role": o.role, "attribute": o.attribute} for o in stack.outputs],
        "intent": {
            "home": {
                "account_id": write_text(intent.home.account_id),
                "region": write_text(intent.home.region),
                "partition": write_text(intent.home.partition),
                "further_regions": list(intent.home.further_regions),
            },
            "project_name": intent.project_name,
            "environment": intent.environment,
            "flags": dict(intent.flags),
            "given": [{"path": list(g.path), "arn": g.arn, "same_account": g.same_account} for g in intent.given],
            "confused_deputy": list(intent.confused_deputy),
            "github_subjects": list(intent.github_subjects),
            "github_audience": intent.github_audience,
        },
        "notes": [
            {"rule": n.rule, "message": n.message, "path": list(n.path), "remedy": n.remedy, "page": n.page}
            for n in stack.notes
        ],
        "source": stack.source,
    }


def stack_from_data(data: Mapping[str, Any]) -> Stack:
    """The inverse. Raises PolicyError when `data` is not what `stack_to_data` makes."""
    try:
        intent = data["intent"]
        home = intent["home"]
        return Stack(
            roles=[_role_from_data(r) for r in data["roles"]],
            outputs=[Output(**o) for o in data["outputs"]],
            intent=Intent(
                home=Home(
                    account_id=read_text(home["account_id"]),
                    region=read_text(home["region"]),
                    partition=read_text(home["partition"]),
                    further_regions=tuple(home["further_regions"]),
                ),
                project_name=intent["project_name"],
                environment=intent["environment"],
                flags=tuple(intent["flags"].items()),
                given=tuple(Given(tuple(g["path"]), g["arn"], g["same_account"]) for g in intent["given"]),
                confused_deputy=tuple(intent["confused_deputy"]),
                github_subjects=tuple(intent["github_subjects"]),
                github_audience=intent["github_audience"],
            ),
            notes=[Note(**{**n, "path": tuple(n["path"])}) for n in data["notes"]],
            source=data["source"],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as e:
        raise PolicyError(f"not the data of a stack: {type(e).__name__} {e}") from None


def write_text(value: Text) -> str | Data:
    """A text as data."""
    return value.literal if value.literal is not None else {
        "join": [p if isinstance(p, str) else {"ref": p.name} for p in value.parts]
    }  # fmt: skip


def read_text(value: object) -> Text:
    """The inverse of `write_text`. Raises PolicyError."""
    match value:
        case str():
            return text(value)
        case {"join": [*parts]}:
            return Text(
                p if isinstance(p, str) else Ref(cast("Data", p)["ref"]) for p in cast("Iterable[object]", parts)
            )
        case _:
            raise PolicyError(f"expected a text, not {describe(value)}")


def _policy_to_data(policy: Policy) -> Data:
    origins = [
        s.origin
        and {"feature": s.origin.feature, "reason": s.origin.reason, "page": s.origin.page, "flag": s.origin.flag}
        for s in policy.statements
    ]
    return {"document": policy_to_data(policy, write_text), "origins": origins}


def _policy_from_data(data: Data) -> Policy:
    policy = policy_from_data(data["document"], read_text)
    origins = [o and Origin(**o) for o in data["origins"]]
    return evolve(policy, statements=[evolve(s, origin=o) for s, o in zip(policy.statements, origins, strict=True)])


def _role_to_data(role: Role) -> Data:
    return {
        "id": role.id,
        "name": write_text(role.name),
        "trust": _policy_to_data(role.trust),
        "policies": [
            {"id": p.id, "name": write_text(p.name), **_policy_to_data(p.document)} for p in role.policies.values()
        ],
        "managed_policy_arns": [write_text(a) for a in role.managed_policy_arns],
        "path": role.path,
        "permissions_boundary": None if role.permissions_boundary is None else write_text(role.permissions_boundary),
        "max_session_duration": role.max_session_duration,
        "description": role.description,
        "tags": {key: write_text(value) for key, value in role.tags},
    }


def _role_from_data(data: Data) -> Role:
    boundary = data["permissions_boundary"]
    return Role(
        id=data["id"],
        name=read_text(data["name"]),
        trust=_policy_from_data(data["trust"]),
        policies=[InlinePolicy(p["id"], read_text(p["name"]), _policy_from_data(p)) for p in data["policies"]],
        managed_policy_arns=[read_text(a) for a in data["managed_policy_arns"]],
        path=data["path"],
        permissions_boundary=None if boundary is None else read_text(boundary),
        max_session_duration=data["max_session_duration"],
        description=data["description"],
        tags=[(key, read_text(value)) for key, value in data["tags"].items()],
    )
