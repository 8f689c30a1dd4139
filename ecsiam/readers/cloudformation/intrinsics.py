"""What CloudFormation's functions come to: text where parameters have a default or a value, references where not.

A text that can't be computed is a symbol named after the expression: the same expression is the same text.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import re
from collections.abc import Callable, Mapping

from attrs import evolve

from ecsiam.errors import Fault, ReadError, show
from ecsiam.model.arn import PARTITIONS
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, EMPTY, PARTITION, Ref, Text, text
from ecsiam.readers.cloudformation.resolved import Either, Pieces, same, text_of, why_not
from ecsiam.readers.cloudformation.syntax import Node, nodes
from ecsiam.readers.forms import is_letter
from ecsiam.readers.found import OF_DEPLOYMENT, Unread, symbol

MOST_WORK = 10_000_000  # of all functions of a template: characters, and for each value as much as
_COST = 40

PSEUDO = {
    "AWS::AccountId": text(ACCOUNT_ID),
    "AWS::Region": text(AWS_REGION),
    "AWS::Partition": text(PARTITION),
    "AWS::URLSuffix": text(DNS_SUFFIX),
}
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:(?:ssm:(?P<parameter>[^:{}]+)(?::\d+)?|.*?)\}\}", re.DOTALL)
_SSM = "{{resolve:ssm:"
_BETWEEN = frozenset(":|/,")  # what no account, region, partition or suffix holds
_OF_ROLE = re.compile("(^|:)role/")
_WITHIN = frozenset(":|")  # what no name of a resource holds


class Resolver:
    """The values of one template.

    `refer` gives what a resource's `Ref` (no attribute) or `Fn::GetAtt` is, None for a name that is none's; `given` are
    values of parameters, `imported` gives what other templates hand on, by an `export` or a
    `parameter` of SSM. Unknowns of a nested stack have a `prefix`.
    """

    def __init__(
        self,
        template: Node,
        refer: Callable[[str, str], Text | Pieces | None],
        given: Mapping[str, Text],
        imported: Callable[[str, Text], Text | None],
        prefix: str = "",
    ) -> None:
        self.template = template
        self.refer = refer
        self.given = given
        self.imported = imported
        self.prefix = prefix
        self.left = MOST_WORK
        self.deciding = False  # an empty default says that nothing is given, and no more of what may be
        self.holds: dict[str, bool | None] = {}

    # ------------------------------------------------------------ values

    def value(self, node: Node | None) -> Node | None:
        """A node with every function in it worked out; None for no value."""
        if node is None:
            return None
        self.spend(_COST, node)
        if isinstance(node.value, dict):
            fields = node.fields
            function = next((key for key in fields if key == "Ref" or key.startswith("Fn::")), None)
            if function is None:
                resolved = {key: self.value(one) for key, one in fields.items()}
                return evolve(node, value={key: one for key, one in resolved.items() if one is not None})
            if len(fields) > 1:
                return _unread(node, f"`{function}` stands beside other keys")
            return self.function(function, fields[function], node)
        if isinstance(node.value, list):
            return evolve(node, value=[one for item in node.items if (one := self.value(item)) is not None])
        return self.said(node, text(node.value)) if isinstance(node.value, str) else node

    def function(self, name: str, given: Node, node: Node) -> Node | None:
        if name == "Ref":
            return self.ref(given, node)
        if name == "Fn::If":
            return self.chosen(given, node)
        work = _FUNCTIONS.get(name)
        return _unread(node, f"`{name}` is not read") if work is None else work(self, given, node)

    def said(self, node: Node, found: Text) -> Node:
        """A node that is a text, plain once all of it is known. What is looked up elsewhere is a symbol."""
        found = self.looked_up_in(found)
        self.spend(len(str(found)), node)
        return evolve(node, value=found if found.literal is None else found.literal)

    def looked_up_in(self, found: Text) -> Text:
        """A text with each `{{resolve:...}}` of it as what that gives, or as a symbol.

        One that a reference is a part of can't be told from what stands around it, unless it is all.
        """
        if not found.holds("{{resolve:"):
            return found
        if found.literal is None:
            whole = found.removeprefix(_SSM).removesuffix("}}")
            known = self.imported("parameter", whole) if found == Text.of(_SSM, whole, "}}") else None
            return known or text(symbol("".join(map(str, found.parts))))
        pieces: list[str | Text | Ref] = []
        end = 0
        for match in _DYNAMIC.finditer(found.literal):
            known = self.imported("parameter", text(match["parameter"])) if match["parameter"] else None
            pieces += [found.literal[end : match.start()], known or symbol(match[0])]
            end = match.end()
        return Text.of(*pieces, found.literal[end:])

    def spend(self, work: int, node: Node) -> None:
        self.left -= work
        if self.left < 0:
            what = "the functions come to more values than a template can have"
            raise ReadError(Fault(what, node.path, "Check what refers to what here", line=node.line))

    def text(self, node: Node | None) -> Text | None:
        """The text that a node comes to; None for what is none."""
        found = self.value(node)
        return None if found is None else text_of(found)

    # ------------------------------------------------------------ functions

    def ref(self, given: Node, node: Node) -> Node | None:
        id = given.value
        if not isinstance(id, str):
            return _unread(node, "`Ref` takes the name of a parameter or resource")
        if id == "AWS::NoValue":
            return None
        if id == "AWS::NotificationARNs":
            return evolve(node, value=Pieces((), text(symbol(id)), ","))
        if (parameter := self.parameter(id)) is not None:
            return self.listed(node, id, parameter)
        return self.named(node, id, self.refer(id, ""))

    def named(self, node: Node, name: str, found: Text | Pieces | None) -> Node:
        if found is None:
            return _unread(node, f"there is no parameter or resource `{show(name)}`")
        return evolve(node, value=found) if isinstance(found, Pieces) else self.said(node, found)

    def parameter(self, id: str) -> Text | None:
        """The value of a parameter, as text; None where there is no such parameter."""
        if id in PSEUDO or id in ("AWS::StackName", "AWS::StackId"):
            return self.given.get(id) or PSEUDO.get(id) or text(symbol(f"{self.prefix}{id}"))
        declared = self.template.get("Parameters", id)
        if declared is None:
            return None
        unknown = text(symbol(self.prefix + (f"parameter {id}" if id in OF_DEPLOYMENT else id)))
        default = declared.get("Default")
        known = None if default is None or isinstance(default.value, list | dict) else text_of(default)
        known = self.given.get(id, known)
        if _type_of(declared).startswith("AWS::SSM::Parameter::Value"):  # the name of what is looked up
            return (self.imported("parameter", known) if known else None) or unknown
        if id in self.given:
            return known
        return unknown if known is None or (known == EMPTY and not self.deciding) else known

    def listed(self, node: Node, id: str, found: Text) -> Node:
        declared = self.template.get("Parameters", id)
        kind = "" if declared is None else _type_of(declared)
        if kind.startswith(("List<", "CommaDelimitedList")) or "<List<" in kind or "<CommaDelimitedList" in kind:
            return self.pieces(node, found, ",", strip=True)
        return self.said(node, found)

    def chosen(self, given: Node, node: Node) -> Node | None:
        if len(given.items) != 3 or not isinstance(given.items[0].value, str):
            return _unread(node, "`Fn::If` takes a condition and two values")
        condition, then, otherwise = given.items
        holds = self.condition(str(condition.value))
        if holds is not None:
            return self.value(then if holds else otherwise)
        one, other = self.value(then), self.value(otherwise)
        if same(one, other):
            return one
        if one is not None and other is not None and _are_partitions({text_of(one), text_of(other)}):
            return self.said(node, self.given.get("AWS::Partition", text(PARTITION)))
        return evolve(node, value=Either(str(condition.value), one, other))

    def sub(self, given: Node, node: Node) -> Node:
        template, values = (given.items[0], given.items[1].fields) if len(given.items) == 2 else (given, {})
        if not isinstance(template.value, str):
            return _unread(node, "`Fn::Sub` takes a text")
        parts: list[str | Ref | Text] = []
        for i, piece in enumerate(_VARIABLE.split(template.value)):
            name = piece.strip()
            if i % 2 == 0:
                parts.append(piece)
            elif name.startswith("!"):
                parts.append(f"${{{name[1:]}}}")
            else:
                found = self.value(values[name]) if name in values else self.variable(name, node)
                said = None if found is None else text_of(found)
                if said is None:
                    return _unread(node, f"`${{{show(name)}}}`: {why_not(found)}")
                self.spend(len(str(said)), node)
                parts.append(said)
        return self.said(node, Text.of(*parts))

    def variable(self, name: str, node: Node) -> Node | None:
        id, dot, attribute = name.partition(".")
        return self.named(node, name, self.refer(id, attribute)) if dot else self.ref(evolve(node, value=name), node)

    def attribute(self, given: Node, node: Node) -> Node:
        if isinstance(given.value, str):
            id, _, attribute = given.value.partition(".")
        else:
            said = [self.text(one) for one in given.items]
            id, attribute = (str(one) for one in said) if len(said) == 2 and None not in said else ("", "")
        if not id or not attribute:
            return _unread(node, "`Fn::GetAtt` takes a resource and an attribute")
        return self.named(node, f"{id}.{attribute}", self.refer(id, attribute))

    def join(self, given: Node, node: Node) -> Node:
        if len(given.items) != 2 or not isinstance(given.items[0].value, str):
            return _unread(node, "`Fn::Join` takes a text and a list")
        separator, found = given.items[0].value, self.value(given.items[1])
        if found is not None and isinstance(found.value, Pieces):
            whole = found.value.whole
            if found.value.separator != separator:
                whole = text(symbol(f"Fn::Join {separator!r} of {whole} split at {found.value.separator!r}"))
            return self.said(node, whole)
        if found is None or not isinstance(found.value, list):
            return _unread(node, f"`Fn::Join`: {why_not(found)}")
        parts: list[str | Text] = []
        for one in found.items:
            said = text_of(one)
            if said is None:
                return _unread(node, f"`Fn::Join`: {why_not(one)}")
            parts += [separator, said]
            self.spend(len(separator) + len(str(said)), node)
        return self.said(node, Text.of(*parts[1:]))

    def split(self, given: Node, node: Node) -> Node:
        if len(given.items) != 2 or not isinstance(given.items[0].value, str) or not given.items[0].value:
            return _unread(node, "`Fn::Split` takes a separator and a text")
        found = self.value(given.items[1])
        said = None if found is None else text_of(found)
        if said is None:
            return _unread(node, f"`Fn::Split`: {why_not(found)}")
        return self.pieces(node, said, given.items[0].value)

    def pieces(self, node: Node, whole: Text, separator: str, *, strip: bool = False) -> Node:
        """A text as a list: all of it where no reference can hold the separator, else as far as that is known."""
        self.spend(len(str(whole)), node)
        most = len(str(whole)) + 1
        known = whole.split(separator, most)
        if strip:
            known = tuple(_stripped(one) for one in known)
        of_role = any(_OF_ROLE.search(part) for part in whole.parts if isinstance(part, str))
        sure = next(
            (i for i, one in enumerate(known) if not all(_holds_no(separator, r, of_role) for r in one.refs)), None
        )
        if sure is not None:
            return evolve(node, value=Pieces(known[:sure], whole, separator))
        return evolve(node, value=[self.said(evolve(node, value=None), one) for one in known])

    def select(self, given: Node, node: Node) -> Node:
        index = self.text(given.items[0]) if len(given.items) == 2 else None
        if index is None or not (index.literal or "").isdecimal() or len(index.literal or "") > 6:
            return _unread(node, "`Fn::Select` takes a number that is known, and a list")
        at, found = int(index.literal or ""), self.value(given.items[1])
        if found is not None and isinstance(found.value, Pieces):
            pieces = found.value
            if at < len(pieces.known):
                return self.said(node, pieces.known[at])
            return self.said(node, text(symbol(f"Fn::Select {at} of {pieces.whole} split at {pieces.separator!r}")))
        if found is None or at >= len(found.items):
            return _unread(node, f"`Fn::Select`: {why_not(found)}")
        return evolve(node, value=found.items[at].value)

    def looked_up(self, given: Node, node: Node) -> Node | None:
        keys = [self.text(one) for one in given.items[:3]]
        default = given.get(3, "DefaultValue")
        if len(keys) != 3 or None in keys:
            return _unread(node, "`Fn::FindInMap` takes a map and two keys")
        named, first, second = (str(key) for key in keys)
        known = [key is not None and key.literal is not None for key in keys]
        rows = self.template.get("Mappings", named)
        values = [
            value
            for one, row in (rows.fields if rows else {}).items()
            for other, value in row.fields.items()
            if (one == first or not known[1]) and (other == second or not known[2])
        ]
        if any(_has_function(one) for one in values):
            return _unread(node, f"the map `{show(named)}` holds a function, which CloudFormation refuses")
        if all(known):
            found = values[0] if values else default
            if found is None:
                return _unread(node, f"there is no `{show(f'{named}.{first}.{second}')}`")
            return _here(node, self.value(found))
        said = {text_of(one) for one in values}
        if not values or None in said:
            return _unread(node, f"which value of the map `{show(named)}` counts is not known")
        if len(said) == 1 and default is None:
            return _here(node, self.value(values[0]))
        if _are_partitions(said):
            return self.said(node, self.given.get("AWS::Partition", text(PARTITION)))
        return self.said(node, text(symbol(f"Fn::FindInMap {named}.{first}.{second}")))

    def imports(self, given: Node, node: Node) -> Node:
        name = self.text(given)
        if name is None:
            return _unread(node, "`Fn::ImportValue` takes a name")
        return self.said(node, self.imported("export", name) or text(symbol(f"Fn::ImportValue {name}")))

    # ------------------------------------------------------------ conditions

    def condition(self, name: str) -> bool | None:
        """Whether a condition holds; None where that isn't known."""
        if name not in self.holds:
            self.holds[name] = None  # what it is while it asks for itself
            declared = self.template.get("Conditions", name)
            self.holds[name] = None if declared is None else self.decided(declared)
        return self.holds[name]

    def decided(self, node: Node) -> bool | None:
        self.spend(_COST, node)
        match list(node.fields.items()):
            case [("Condition", named)] if isinstance(named.value, str):
                return self.condition(named.value)
            case [("Fn::Not", one)] if len(one.items) == 1:
                inner = self.decided(one.items[0])
                return None if inner is None else not inner
            case [("Fn::And" | "Fn::Or" as how, some)]:
                ends = how == "Fn::Or"  # one such value decides
                found = [self.decided(one) for one in some.items]
                return ends if ends in found else None if None in found or not found else not ends
            case [("Fn::Equals", two)] if len(two.items) == 2:
                self.deciding = True
                first, second = (self.text(item) for item in two.items)
                self.deciding = False
                if first is None or second is None:
                    return None
                return True if first == second else None if first.refs or second.refs else False
            case _:
                return None


_FUNCTIONS: dict[str, Callable[[Resolver, Node, Node], Node | None]] = {
    "Fn::Sub": Resolver.sub,
    "Fn::GetAtt": Resolver.attribute,
    "Fn::Join": Resolver.join,
    "Fn::Split": Resolver.split,
    "Fn::Select": Resolver.select,
    "Fn::FindInMap": Resolver.looked_up,
    "Fn::ImportValue": Resolver.imports,
}


def _are_partitions(said: set[Text | None]) -> bool:
    """Whether it is for the region to say which of some texts counts: the names of partitions, as ARNs have them."""
    return all(one is not None and one.literal in PARTITIONS for one in said)


def _unread(node: Node, why: str) -> Node:
    return evolve(node, value=Unread(why))


def _has_function(node: Node) -> bool:
    return any(key == "Ref" or key.startswith("Fn::") for one in nodes(node) for key in one.fields)


def _here(node: Node, found: Node | None) -> Node | None:
    """A value that a function takes from elsewhere: it stands where the function does."""
    return None if found is None else evolve(node, value=found.value)


def _type_of(parameter: Node) -> str:
    kind = parameter.get("Type")
    return str(kind.value) if kind else ""


def _stripped(found: Text) -> Text:
    parts = list(found.parts)
    if parts and isinstance(parts[0], str):
        parts[0] = parts[0].lstrip()
    if parts and isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()
    return Text(tuple(parts))


def _holds_no(separator: str, ref: Ref, of_role: bool) -> bool:
    """Whether an unknown text surely holds no separator. The name of a role has no `/`, which its path has."""
    if ref.name in OF_DEPLOYMENT:
        return separator in _BETWEEN
    is_name = ref.name.endswith((".name", ".id")) and " " not in ref.name
    return (separator in _WITHIN and (is_letter(ref) or is_name)) or (of_role and is_name and separator == "/")
