"""What the Terraform files make that `ecsiam emit` writes, with what they leave open: parameters, lists and flags.

It is the inverse of `ecsiam.emitters.terraform`, expression by expression. What it doesn't know is refused, so that a
file that someone has edited is never taken for what was emitted.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, cast, get_args

import attrs

from ecsiam.emitters.hcl import RULES
from ecsiam.errors import Fault, PolicyError, ReadError
from ecsiam.model.document import policy_from_data
from ecsiam.model.each import Each, Item, Rule
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Ref, Text, text
from ecsiam.readers.found import Made, not_ours
from ecsiam.readers.hcl.syntax import parse_expression, parse_template
from ecsiam.readers.hcl.tree import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Listed,
    Literal,
    Name,
    Template,
)

Data = dict[str, Any]

_DATA = {
    ("aws_caller_identity", "account_id"): ACCOUNT_ID,
    ("aws_region", "id"): AWS_REGION,
    ("aws_partition", "partition"): PARTITION,
    ("aws_partition", "dns_suffix"): DNS_SUFFIX,
}
_KINDS = {
    "aws_iam_instance_profile",
    "aws_iam_openid_connect_provider",
    "aws_iam_policy",
    "aws_iam_role",
    "aws_iam_role_policies_exclusive",
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_iam_role_policy_attachments_exclusive",
}
_VARIABLE = "it_is_the_variable"


def made(files: Mapping[str, str | bytes]) -> Made:
    """What these files make, roles in their order; names end in `.tf.json`. Raises ReadError for what isn't ours.

    Policies that were too large are divided, as `planned` divides those of a stack.
    """
    main: Data = {}
    for name, content in files.items():
        if not name.endswith(".tf.json"):
            continue
        try:
            data: object = json.loads(content)
        except (ValueError, RecursionError) as e:
            raise ReadError(Fault(f"not JSON: {e}", file=name)) from None
        for kind in ("locals", "resource"):
            inner = cast("Data", data).get(kind, {}) if isinstance(data, dict) else None
            if not isinstance(inner, dict):
                raise not_ours(kind)
            _join(main.setdefault(kind, {}), cast("Data", inner))
    try:
        return _Module(main.get("locals", {}), main.get("resource", {})).made()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as e:
        raise not_ours(str(e)) from None


def _join(into: Data, more: Data) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            into[key] = {**into[key], **value}
        else:
            into[key] = value


class _Module:
    """The local values and resources of one module."""

    def __init__(self, local_values: Data, resources: Data) -> None:
        self.locals, self.resources = local_values, resources

    def of_type(self, kind: str) -> dict[str, Data]:
        return cast("dict[str, Data]", self.resources.get(kind, {}))

    def made(self) -> Made:
        if other := self.resources.keys() - _KINDS:
            raise not_ours(min(other))
        return Made(tuple(self.roles()), tuple(self.providers()))

    def providers(self) -> Iterator[OidcProvider]:
        for id, body in self.of_type("aws_iam_openid_connect_provider").items():
            audiences = [self.text(audience) for audience in body["client_id_list"]]
            tags = {_plain(k): self.text(v) for k, v in body.get("tags", {}).items()}
            yield OidcProvider(id, body["url"], audiences, tags, "".join(_flags(body)))

    def roles(self) -> list[Role]:
        policies: dict[str, dict[str, RolePolicy]] = {role: {} for role in self.of_type("aws_iam_role")}
        attached = self.of_type("aws_iam_role_policy_attachment")
        for id, body in self.of_type("aws_iam_role_policy").items():
            role = _role_of(body["role"])
            policies[role][id] = self.policy(id, body, role, managed=False)
        for id, body in self.of_type("aws_iam_policy").items():
            role = _role_of(attached[f"{id}_policy"]["role"])
            policies[role][id] = self.policy(id, body, role, managed=True)
        return [self.role(id, body, policies[id]) for id, body in self.of_type("aws_iam_role").items()]

    def role(self, id: str, body: Data, policies: dict[str, RolePolicy]) -> Role:
        boundary = body.get("permissions_boundary")
        longest = body.get("max_session_duration")
        arns = f"{id}_managed_policy_arns" if id in self.of_type("aws_iam_role_policy_attachment") else ""
        return Role(
            id,
            self.text(body["name"]),
            self.document(body["assume_role_policy"]),
            policies.values(),
            managed_policy_arns=[self.text(arn) for arn in self.locals[arns]] if arns else (),
            path=body["path"],
            permissions_boundary=None if boundary is None else self.optional(boundary),
            max_session_duration=longest if isinstance(longest, int | None) else self.text(longest).refs[0],
            description=self.text(body["description"]),
            tags={_plain(k): self.text(v) for k, v in body["tags"].items()},
            when="".join(_flags(body)),
            exclusive=id in self.of_type("aws_iam_role_policies_exclusive"),
            profile=id in self.of_type("aws_iam_instance_profile"),
            as_is=True,
        )

    def policy(self, id: str, body: Data, role: str, *, managed: bool) -> RolePolicy:
        flags = _flags(body)
        for flag in _flags(self.of_type("aws_iam_role")[role]):
            flags.remove(flag)
        return RolePolicy(id, self.text(body["name"]), self.document(body["policy"]), "".join(flags), managed)

    # ------------------------------------------------------------ documents

    def document(self, encoded: str) -> Policy:
        """The document that an argument encodes: a local value, or all of it whose Resource isn't empty."""
        match _parsed(encoded):
            case Call(name="jsonencode", arguments=[Attribute(source=Name(name="local"), name=name)]):
                pass
            case Call(
                name="jsonencode",
                arguments=[Call(name="merge", arguments=[Attribute(source=Name(name="local"), name=name), _])],
            ):
                pass
            case _:
                raise not_ours(encoded)
        try:
            return policy_from_data(self.items(self.locals[name]), self.read, self.read_item)
        except PolicyError as e:
            raise ReadError(*e.faults) from None

    def items(self, document: Data) -> Data:
        """A document with its keys as they are meant, and each list of resources as a list of items."""
        found = cast("Data", _unescaped(document))
        if "Id" in found:
            found["Id"] = _plain(found["Id"])
        for statement in found["Statement"]:
            for element in ("Resource", "NotResource"):
                if isinstance(given := statement.get(element), str):
                    match _parsed(given):
                        case Call(name="sort", arguments=[Call(name="distinct", arguments=[listed])]):
                            statement[element] = self.listed(listed)
                        case _:
                            raise not_ours(given)
        return found

    def listed(self, e: Expression) -> list[Item]:
        if (each := _by_rule(e)) is not None:  # first: what a rule makes may itself be a list of lists
            return [each]
        match e:
            case Listed(items=items):
                return [self.expression(i) for i in items]
            case Call(name="concat", arguments=parts):
                return [item for part in parts for item in self.listed(part)]
            case _:
                return [self.each(e)]

    def each(self, e: Expression) -> Each:
        """The elements of a list parameter, by the rule whose expression this is."""
        match e:
            case Conditional(
                condition=Binary(left=Call(name="length")),
                then=Call(name="tolist", arguments=[inner]),
                otherwise=Call(name="tolist", arguments=[other]),
            ):
                return attrs.evolve(self.each(inner), otherwise=tuple(self.listed(other)))
            case For(value="e", source=source, result=Template(parts=parts)):
                at = next(i for i, p in enumerate(parts) if isinstance(p, Name) and p.name == "e")
                before, after = self.joined(parts[:at]), self.joined(parts[at + 1 :])
                return attrs.evolve(self.each(source), before=before, after=after)
            case For(value="e", source=source, result=Name(name="e")):
                return self.each(source)
            case _:
                if (each := _by_rule(e)) is not None:
                    return each
                raise not_ours(e)

    # ------------------------------------------------------------ texts

    def read(self, value: object) -> Text:
        return self.text(cast("str", value))

    def read_item(self, value: object) -> Item:
        return value if isinstance(value, Text | Each) else self.text(cast("str", value))

    def text(self, template: str) -> Text:
        """A text that is a template, as `render` writes it."""
        return self.joined(parse_template(template, "").parts) if "{" in template else text(template)

    def joined(self, parts: list[Expression]) -> Text:
        return Text(tuple(self.expression(p) for p in parts))

    def expression(self, e: Expression) -> Text:
        match e:
            case Literal(value=str(value)):
                return text(value)
            case Template(parts=parts):
                return self.joined(parts)
            case Attribute(source=Attribute(source=Attribute(source=Name(name="data"), name=kind)), name=name):
                return text(_DATA[kind, name])
            case Attribute(source=Name(name="var"), name=name):
                return text(Ref(name, parameter=True))
            case Call(
                name="element",
                arguments=[
                    Call(name="split", arguments=[Literal(value="/"), Attribute(source=Name(name="var"), name=name)]),
                    Literal(value=int(part)),
                ],
            ):
                return text(Ref(name, parameter=True, part=part))
            case Attribute(source=Name(name="local"), name=name):
                return self.chosen(name)
            case _:
                raise not_ours(e)

    def chosen(self, name: str) -> Text:
        """What a parameter or else its fallback says."""
        match _parsed(self.locals[name]):
            case Conditional(then=otherwise, otherwise=Attribute(source=Name(name="var"), name=parameter)):
                return text(Ref(parameter, parameter=True, otherwise=self.expression(otherwise)))
            case _:
                raise not_ours(name)

    def optional(self, template: str) -> Text:
        """A text that is null while its parameter is empty."""
        match parse_template(template, "").parts:
            case [Conditional(then=Literal(value=None), otherwise=value)]:
                return self.expression(value)
            case _:
                return self.text(template)


def _parsed(template: str) -> Expression:
    """The one expression that a template is."""
    parsed = parse_template(template, "")
    if not parsed.lone:
        raise not_ours(template)
    return parsed.parts[0]


def _plain(template: str) -> str:
    """A template without an expression that isn't a text of its own."""
    parts = parse_template(template, "").parts
    if not all(isinstance(p, Literal) for p in parts):
        raise not_ours(template)
    return "".join(str(cast("Literal", p).value) for p in parts)


def _unescaped(value: object) -> object:
    if isinstance(value, dict):
        return {_plain(k): _unescaped(v) for k, v in cast("Data", value).items()}
    return [_unescaped(v) for v in cast("list[object]", value)] if isinstance(value, list) else value


def _flags(body: Data) -> list[str]:
    """The flags that a resource is there for."""
    if "count" not in body:
        return []
    match _parsed(body["count"]):
        case Conditional(condition=condition, then=Literal(value=1), otherwise=Literal(value=0)):
            return _all_of(condition)
        case _:
            raise not_ours(body["count"])


def _all_of(e: Expression) -> list[str]:
    match e:
        case Binary(operator="&&", left=left, right=right):
            return [*_all_of(left), *_all_of(right)]
        case Attribute(source=Name(name="var"), name=name):
            return [name]
        case _:
            raise not_ours(e)


def _role_of(template: str) -> str:
    match _parsed(template):
        case Attribute(
            source=Index(source=Attribute(source=Name(name="aws_iam_role"), name=id))
            | Attribute(source=Name(name="aws_iam_role"), name=id),
            name="name",
        ):
            return id
        case _:
            raise not_ours(template)


@cache
def _rules() -> Mapping[Rule, Expression]:
    return {rule: parse_expression(RULES[rule](f"var.{_VARIABLE}"), "") for rule in get_args(Rule)}


def _by_rule(e: Expression) -> Each | None:
    """The elements of a list parameter, if this is what a rule makes of it."""
    for rule, shape in _rules().items():
        if (parameter := _fits(e, shape)) is not None:
            return Each(parameter, rule)
    return None


def _fits(e: Expression, shape: Expression) -> str | None:
    """The parameter of an expression that is like another but for its name; None if it isn't."""
    found: set[str] = set()
    return found.pop() if _alike(e, shape, found.add) and len(found) == 1 else None


def _alike(a: object, b: object, of_variable: Callable[[str], None]) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(b, Attribute) and b.name == _VARIABLE:
        of_variable(cast("Attribute", a).name)
        return _alike(cast("Attribute", a).source, b.source, of_variable)
    if isinstance(b, list):
        ours, theirs = cast("list[object]", a), cast("list[object]", b)
        return len(ours) == len(theirs) and all(_alike(x, y, of_variable) for x, y in zip(ours, theirs, strict=True))
    kind: Any = type(b)
    if attrs.has(kind):
        fields = [f.name for f in attrs.fields(kind) if f.name not in ("line", "file")]
        return all(_alike(getattr(a, f), getattr(b, f), of_variable) for f in fields)
    return a == b
