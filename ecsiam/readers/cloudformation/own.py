"""What the template makes that `ecsiam emit` writes, with what they leave open: parameters, lists and flags.

It is the inverse of `ecsiam.emitters.cloudformation`, function by function. What it doesn't know is refused, so that a
template that someone has edited is never taken for what was emitted.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from attrs import evolve

from ecsiam.emitters.cloudformation_inputs import SORTS, Input
from ecsiam.emitters.cloudformation_values import PSEUDO
from ecsiam.errors import PolicyError, ReadError
from ecsiam.model.document import policy_from_data
from ecsiam.model.each import BELONGING, Each, Item, Rule
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role, RolePolicy
from ecsiam.model.statement import Statement
from ecsiam.model.text import EMPTY, Ref, Text, text
from ecsiam.readers.found import Made, not_ours

Data = dict[str, Any]

_KINDS = {"AWS::IAM::InstanceProfile", "AWS::IAM::ManagedPolicy", "AWS::IAM::OIDCProvider", "AWS::IAM::Role"}
_NO_VALUE = {"Ref": "AWS::NoValue"}
_OF_DEPLOYMENT = {name: ref for ref, name in PSEUDO.items()}
_OF_SORT: Mapping[str, Rule] = {sort.id: rule for rule, sort in reversed(SORTS.items()) if sort.id}
_BELONGING: Mapping[tuple[str, str], Rule] = {words: rule for rule, words in BELONGING.items()}
_REFERENCE = re.compile(r"\$\{([A-Za-z0-9:]+)\}")


def made(template: str | bytes, inputs: Iterable[Input]) -> Made:
    """What this template makes, in its order; `inputs` are its parameters and the variables that they are.

    The ids of roles and providers are those of their resources. Raises ReadError for what isn't ours.
    """
    try:
        data = cast("Data", json.loads(template))
        return _Template(data, {one.id: one for one in inputs}).made()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as e:
        raise not_ours(str(e)) from None


class _Template:
    """The resources of one template."""

    def __init__(self, template: Data, inputs: Mapping[str, Input]) -> None:
        self.inputs = inputs
        self.resources = cast("dict[str, Data]", template["Resources"])
        self.flags: dict[str, tuple[str, ...]] = {}  # by the conditions that they are
        self.given: dict[str, str] = {}
        for name, said in cast("dict[str, object]", template.get("Conditions", {})).items():
            self.condition(name, said)

    def condition(self, name: str, said: Any) -> None:
        match said:
            case {"Fn::Equals": [{"Ref": str(id)}, "true"]}:
                self.flags[name] = (self.inputs[id].variable.id,)
            case {"Fn::Not": [{"Fn::Equals": [{"Ref": str(id)}, ""]}]}:
                self.given[name] = id
            case {"Fn::And": [*parts]}:
                self.flags[name] = tuple(self.flags[part["Condition"]][0] for part in parts)
            case _:
                raise not_ours(name)

    def made(self) -> Made:
        if other := {body["Type"] for body in self.resources.values()} - _KINDS:
            raise not_ours(min(other))
        profiles = [self.held(body) for _, body in self.of_type("AWS::IAM::InstanceProfile")]
        roles = [self.role(id, body, profile=id in profiles) for id, body in self.of_type("AWS::IAM::Role")]
        return Made(tuple(roles), tuple(self.provider(*one) for one in self.of_type("AWS::IAM::OIDCProvider")))

    def provider(self, id: str, body: Data) -> OidcProvider:
        said = cast("Data", body["Properties"])
        audiences = [self.text(audience) for audience in said["ClientIdList"]]
        return OidcProvider(id, said["Url"], audiences, self.tags(said), "".join(self.flags_of(body)))

    def tags(self, said: Data) -> dict[str, Text]:
        return {tag["Key"]: self.text(tag["Value"]) for tag in said.get("Tags", ())}

    def of_type(self, kind: str) -> list[tuple[str, Data]]:
        return [(id, body) for id, body in self.resources.items() if body["Type"] == kind]

    def held(self, profile: Data) -> str:
        (role,) = profile["Properties"]["Roles"]
        return cast("str", role["Ref"])

    def role(self, id: str, body: Data, *, profile: bool) -> Role:
        said = cast("Data", body["Properties"])
        longest = said.get("MaxSessionDuration")
        boundary = said.get("PermissionsBoundary")
        attached: list[Text] = []
        policies = [self.inline(one) for one in said.get("Policies", ())]
        for one in said.get("ManagedPolicyArns", ()):
            managed = self.managed(one, body)
            if managed is None:
                attached.append(self.text(one))
            else:
                policies.append(managed)
        return Role(
            id,
            self.text(said["RoleName"]),
            self.document(said["AssumeRolePolicyDocument"]),
            policies,
            managed_policy_arns=attached,
            path=said["Path"],
            permissions_boundary=None if boundary is None else self.optional(boundary),
            max_session_duration=longest if isinstance(longest, int | None) else self.text(longest).refs[0],
            description=self.text(said["Description"]),
            tags=self.tags(said),
            when="".join(self.flags_of(body)),
            profile=profile,
            as_is=True,
        )

    def flags_of(self, body: Data) -> list[str]:
        return list(self.flags[body["Condition"]]) if "Condition" in body else []

    def inline(self, said: Data) -> RolePolicy:
        flag, policy = self.while_on(said)
        name = self.text(policy["PolicyName"])
        return RolePolicy(str(name), name, self.document(policy["PolicyDocument"]), flag)

    def managed(self, said: Data, role: Data) -> RolePolicy | None:
        """A managed policy of the template that a role names; None for any other."""
        flag, named = self.while_on(said)
        match named:
            case {"Ref": str(id)} if id in self.resources:
                policy = self.resources[id]
            case _:
                return None
        flags = self.flags_of(policy)
        if flags != [*self.flags_of(role), *filter(None, [flag])]:
            raise not_ours(id)
        body = policy["Properties"]
        if body["Path"] != role["Properties"]["Path"]:
            raise not_ours(body["Path"])
        name = self.text(body["ManagedPolicyName"])
        return RolePolicy(str(name), name, self.document(body["PolicyDocument"]), flag, managed=True)

    def while_on(self, said: Any) -> tuple[str, Any]:
        """The flag that something is there for, and it."""
        match said:
            case {"Fn::If": [str(condition), value, other]} if condition in self.flags and other == _NO_VALUE:
                return self.flags[condition][0], value
            case _:
                return "", said

    # ------------------------------------------------------------ documents

    def document(self, said: Data) -> Policy:
        """A document; of a statement that is there only while its list is given, the statement."""
        statements = [self.there(s) for s in said["Statement"]]
        data = {**said, "Statement": [self.with_items(s) for _, s in statements]}
        try:
            found = policy_from_data(data, self.text, self.item)
        except PolicyError as e:
            raise ReadError(*e.faults) from None
        for (condition, _), statement in zip(statements, found.statements, strict=True):
            if condition != self.vanishing(statement):
                raise not_ours(condition)
        return found

    def there(self, said: Data) -> tuple[tuple[str, bool], Data]:
        """On what given parameter a statement hangs, and whether it is there while that is given; and it."""
        match said:
            case {"Fn::If": [str(name), value, other]} if other == _NO_VALUE:
                return (self.given[name], True), value
            case {"Fn::If": [str(name), other, value]} if other == _NO_VALUE:
                return (self.given[name], False), self.unless(self.given[name], value)
            case _:
                return ("", True), said

    def unless(self, id: str, said: Data) -> Data:
        """A statement of what an empty list stands for."""
        each = Each(self.inputs[id].variable.id, "unless_given", otherwise=tuple(self.items(said["Resource"])))
        return {**said, "Resource": each}

    def vanishing(self, statement: Statement) -> tuple[str, bool]:
        """On what a statement has to hang: nothing, unless all that it speaks of is one parameter."""
        match () if statement.resources is None else statement.resources.items:
            case (Each(rule=rule, parameter=name),) if statement.may_vanish:
                return self.id_of(name, rule), rule != "unless_given"
            case (Text(parts=(Ref(parameter=True, part=None, otherwise=None, name=name),)),):
                return self.id_of(name, "all"), True
            case _:
                return "", True

    def id_of(self, variable: str, rule: Rule) -> str:
        """The parameter of the template that holds what a rule takes of a variable."""
        sort = SORTS.get(rule)
        (id,) = [i.id for i in self.inputs.values() if i.variable.id == variable and (i.sort is None or i.sort == sort)]
        return id

    def with_items(self, statement: Data) -> Data:
        found = dict(statement)
        for element in ("Resource", "NotResource"):
            if element in found:
                found[element] = self.items(found[element])
        return found

    def item(self, value: object) -> Item:
        return value if isinstance(value, Each) else self.text(value)

    def items(self, said: Any) -> list[Item]:
        """The items of a list, those that stand in comma-separated text among them."""
        match said:
            case Each():
                return [said]
            case {"Fn::Split": [",", joined]}:
                return self.joined(joined)
            case [*texts]:
                return list(map(self.text, texts))
            case _:
                return [self.text(said)]

    def joined(self, said: Any) -> list[Item]:
        """The items of comma-separated text."""
        match said:
            case {"Fn::Join": [",", [*parts]]}:
                return [item for part in parts for item in self.joined(part)]
            case {"Fn::Join": ["", [first, *more]]} if more and all(map(self.is_added, more)):
                added = [self.each(one["Fn::If"][1]["Fn::Join"][1][1]) for one in more]
                for one, each in zip(more, added, strict=True):
                    if self.given[one["Fn::If"][0]] != self.id_of(each.parameter, each.rule):
                        raise not_ours(one)
                return [*self.joined(first), *added]
            case _:
                return [self.each(said) if self.is_list(said) else self.whole(said)]

    def is_added(self, said: Any) -> bool:
        """Whether it is a list with a comma before it, and nothing while it is empty."""
        match said:
            case {"Fn::If": [str(), {"Fn::Join": ["", [",", _]]}, ""]}:
                return True
            case _:
                return False

    def is_list(self, said: Any) -> bool:
        """Whether it is the elements of a list parameter."""
        match said:
            case {"Ref": str(id)}:
                return id in self.inputs and self.inputs[id].variable.type == "list"
            case {"Fn::If": [_, value, _]}:
                return self.is_list(value)
            case {"Fn::Join": [_, [*parts]]}:
                return any(isinstance(part, dict) and _around(cast("Data", part)) for part in parts)
            case _:
                return False

    def whole(self, said: Any) -> Text:
        """One item: a comma in it would make two."""
        found = self.text(said)
        if found.holds(","):
            raise not_ours(found)
        return found

    def each(self, said: Any) -> Each:
        """The elements of a list parameter, as a rule rewrites them."""
        match said:
            case {"Ref": str(id)}:
                return Each(self.inputs[id].variable.id, _OF_SORT.get(id, "all"))
            case {"Fn::If": [str(name), value, otherwise]}:
                each = self.each(value)
                if self.given[name] != self.id_of(each.parameter, each.rule):
                    raise not_ours(name)
                return evolve(each, otherwise=tuple(self.joined(otherwise)))
            case {"Fn::Join": ["", [*parts]]}:
                at = next(i for i, part in enumerate(parts) if isinstance(part, dict))
                before, after = "".join(parts[:at]), "".join(parts[at + 1 :])
                found = _around(parts[at])
                if found is None or found[0] != f"{after},{before}":
                    raise not_ours(said)
                return self.rewritten(before, found[1], after)
            case _:
                raise not_ours(said)

    def rewritten(self, before: str, elements: Any, after: str) -> Each:
        """The elements of a list between two texts: by a rule, where one says just that."""
        match elements:
            case {"Fn::Join": [other, {"Fn::Split": [kind, {"Ref": str(id)}]}]} if (before, after) == ("", "/*"):
                return Each(self.inputs[id].variable.id, _BELONGING[kind, other])
            case _:
                each = self.each(elements)
        if (each.before, each.after, each.otherwise) != (EMPTY, EMPTY, ()):
            raise not_ours(elements)
        match each.rule, before, after:
            case "bucket", "", "/*":
                return evolve(each, rule="object")
            case "all", "", ":*":
                return evolve(each, rule="log_group")
            case _:
                return evolve(each, before=before, after=after)

    # ------------------------------------------------------------ texts

    def text(self, said: Any) -> Text:
        match said:
            case str():
                return text(said)
            case Text():
                return said
            case {"Ref": str(name)}:
                return text(self.reference(name))
            case {"Fn::Sub": str(template)}:
                parts = _REFERENCE.split(template)
                if any("${" in part for part in parts[::2]):
                    raise not_ours(template)
                return Text(self.reference(part) if i % 2 else part for i, part in enumerate(parts))
            case {"Fn::Join": ["", [*parts]]}:
                return Text(self.text(part) for part in parts)
            case {
                "Fn::Select": [int(part), {"Fn::Split": ["/", {"Fn::Join": ["", [{"Ref": str(name)}, "/"]]}]}],
            }:
                return text(evolve(self.parameter(name), part=part))
            case {"Fn::If": [str(name), {"Ref": str(id)}, otherwise]} if self.given[name] == id:
                return text(evolve(self.parameter(id), otherwise=self.text(otherwise)))
            case _:
                raise not_ours(said)

    def reference(self, name: str) -> Ref:
        return _OF_DEPLOYMENT[name] if name in _OF_DEPLOYMENT else self.parameter(name)

    def parameter(self, id: str) -> Ref:
        one = self.inputs[id]
        if one.variable.type not in ("text", "number"):
            raise not_ours(id)
        return Ref(one.variable.id, parameter=True)

    def optional(self, said: Any) -> Text:
        """A text that is not there while its parameter is empty."""
        match said:
            case {"Fn::If": [str(name), {"Ref": str(id)}, other]} if other == _NO_VALUE and self.given[name] == id:
                return text(self.parameter(id))
            case _:
                return self.text(said)


def _around(said: Data) -> tuple[str, Any] | None:
    """What stands between the elements of a list, and the list; None for anything else."""
    match said:
        case {"Fn::Join": [str(between), {"Fn::Split": [",", elements]}]}:
            return between, elements
        case _:
            return None
