"""GitHub's expressions, `${{ inputs.environment || 'staging' }}`: which texts they may come to.

A value is all that it may be, as a tuple of texts, each with references for what is not known: `secrets.ROLE`,
`vars.CLUSTER`. Where a condition has no answer, both of its ways are there.
https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import evolve, field, frozen

from ecsiam.model.text import EMPTY, Ref, Text, text
from ecsiam.readers.found import Unread, Value, as_map, is_list, is_map
from ecsiam.readers.github.syntax import DEEPEST, LONGEST, Call, Name, Node, NotUnderstood, parse

MOST = 32  # ways in which one value may come out; with more it is not known
MOST_EXPRESSIONS = 500  # in one text

Values = tuple[Text, ...]

EXPRESSION = re.compile(r"\$\{\{(?P<inside>(?:'(?:[^']|'')*'|[^']){0,2000}?)\}\}", re.DOTALL)
_YES, _NO = (text("true"),), (EMPTY,)
_FALSE = ("", "false", "0", "null")
_ASKING = ("always", "cancelled", "failure", "success")
_MOST_HOLES = 3  # in a value that is compared
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@frozen
class Scope:
    """What names stand for at a place of a workflow. `env` and what scripts set in it (`changed`) is by name."""

    github: Mapping[str, Values] = field(factory=dict[str, Values])
    env: Mapping[str, Values] = field(factory=dict[str, Values])
    inputs: Mapping[str, Values] = field(factory=dict[str, Values])
    secrets: Mapping[str, Values] = field(factory=dict[str, Values])
    matrix: Mapping[str, tuple[Value, ...]] = field(factory=dict[str, tuple[Value, ...]])
    outputs: Mapping[str, Values] = field(factory=dict[str, Values])
    """Those of steps: by `STEP.NAME`."""
    needs: Mapping[str, Values] = field(factory=dict[str, Values])
    """The outputs of the jobs that came before: by `JOB.NAME`."""
    changed: frozenset[str] = frozenset()
    assumed: Mapping[Node, bool] = field(factory=dict[Node, bool])
    """How conditions come out that nobody knows, in one of the ways that a job may go: as `settled_by` has them."""
    written: Mapping[str, Value] = field(factory=dict[str, Value])
    """What stands there for the variables of `env`."""

    def with_env(self, given: Value) -> "Scope":
        """The same with more variables, each by what it says here."""
        more = {str(name): self.of(value) for name, value in as_map(given).items()}
        written = {str(name): value for name, value in as_map(given).items()}
        return evolve(self, env={**self.env, **more}, written={**self.written, **written})

    def of(self, value: Value) -> Values:
        """What a value of the file may come to."""
        return evaluated(value, self)

    def named(self, path: str) -> Values:
        """What a name may stand for; a reference of this name where it isn't known."""
        context, _, rest = path.partition(".")
        name = rest.removeprefix("inputs.") if path.startswith("github.event.inputs.") else rest
        if path.startswith("github.event.inputs."):
            context, name = "inputs", path.removeprefix("github.event.inputs.")
        found: Values | None = None
        match context:
            case "github":
                found = self.github.get(name)
            case "env" if name not in self.changed:
                found = self.env.get(name)
            case "inputs":  # one that isn't declared is empty; the event may be that of who calls
                found = self.inputs.get(name, None if path.startswith("github.") else (EMPTY,))
            case "secrets":
                found = self.secrets.get(name)
            case "steps":
                step, _, output = name.partition(".outputs.")
                found = self.outputs.get(f"{step}.{output}")
            case "needs":
                job, _, output = name.partition(".outputs.")
                found = self.needs.get(f"{job}.{output}")
            case "matrix":
                found = self._of_matrix(name)
            case _:
                pass
        return (text(Ref(path)),) if found is None else found

    def _of_matrix(self, name: str) -> Values | None:
        first, *rest = name.split(".")
        items = self.matrix.get(first)
        if items is None:
            return None
        found: list[Text] = []
        for item in items:
            inner = item
            for step in rest:
                inner = as_map(inner).get(step)
            if is_map(inner) or is_list(inner):
                return None
            found += self.of(inner)
        return few(found, f"matrix.{name}")


def few(found: Iterable[Text], name: str) -> Values:
    """What a value may be, each once; a reference where that is too much."""
    once = tuple(dict.fromkeys(found))
    return once if 0 < len(once) <= MOST else (text(Ref(name)),)


def plain(value: Value) -> str:
    """A value as GitHub writes it into a text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def evaluated(value: Value, scope: Scope) -> Values:
    """What a value of the file may come to."""
    if isinstance(value, Unread):
        return (text(Ref(value.why)),)
    if isinstance(value, Text):
        return (value,)
    source = plain(value)
    parts: list[Values] = []
    at = 0
    for match in expressions(source):
        parts += [(text(source[at : match.start()]),), _expression(match["inside"], scope)]
        at = match.end()
    if "${{" in source[at:]:  # too long, too many, or not closed
        return (text(Ref(source[:80])),)
    return joined([*parts, (text(source[at:]),)], source) if parts else (text(source),)


def expressions(source: str) -> Iterator[re.Match[str]]:
    """The expressions in a text; none where there are more than anybody reads."""
    return EXPRESSION.finditer(source if source.count("${{") <= MOST_EXPRESSIONS else "")


def joined(parts: Iterable[Values], name: str) -> Values:
    """All ways of values one after the other; a reference where that is too much."""
    found: list[Text] = [EMPTY]
    size = 0
    for values in parts:
        size += max(len(str(one)) for one in values)
        if len(found) * len(values) > MOST or size > LONGEST:
            return (text(Ref(name[:80])),)
        found = [Text.of(before, one) for before in found for one in values] if values != (EMPTY,) else found
    return few(found, name[:80])


def put_in(of: Text, find: Callable[[Ref], Values | None]) -> Values:
    """A text with what its references stand for, as far as that is known."""
    parts = [(text(p),) if isinstance(p, str) else find(p) or (text(p),) for p in of.parts]
    return joined(parts, str(of))


# ---------------------------------------------------------------- expressions


def _expression(source: str, scope: Scope) -> Values:
    whole = source.strip()
    try:
        found = values(parse(whole), scope)
    except NotUnderstood:
        found = (text(Ref(whole[:80])),)
    return few(found, whole[:80])


def values(node: Node, scope: Scope) -> Values:
    """What a part of an expression may come to. Raises NotUnderstood."""
    match node:
        case str():
            return (text(node),)
        case Name("null"):
            return _NO
        case Name(path) if path in ("true", "false") or _NUMBER.fullmatch(path):
            return (text(path),)
        case Name(path):
            return scope.named(path)
        case Call("||", (left, right)):
            found, true = values(left, scope), truth(left, scope)
            if true is not None:
                return found if true else values(right, scope)
            return (*(one for one in found if one.literal not in _FALSE), *values(right, scope))
        case Call("&&", (left, right)):
            found, true = values(left, scope), truth(left, scope)
            if true is not None:
                return values(right, scope) if true else found
            return (*values(right, scope), *([one for one in found if one.literal in _FALSE] or _NO))
        case Call("format", (str(form), *given)):
            pieces = re.split(r"\{(\d{1,9})\}", form)
            if all(int(piece) < len(given) for piece in pieces[1::2]):
                parts = [values(given[int(p)], scope) if i % 2 else (text(p),) for i, p in enumerate(pieces)]
                return joined(parts, "format")
            raise NotUnderstood
        case Call(name) if name in _ASKING or name in _DECIDED or name in ("!", "<", ">", "<=", ">="):
            true = truth(node, scope)
            return (*_YES, *_NO) if true is None else _YES if true else _NO
        case _:
            raise NotUnderstood


def truth(node: Node, scope: Scope) -> bool | None:
    """Whether a part of an expression counts as true; None where that isn't known."""
    try:
        return _truth(node, scope)
    except NotUnderstood:
        return None


def settled_by(node: Node) -> tuple[Node, bool]:
    """The condition on which another hangs, which may be its opposite, and how that has to come out for it to hold."""
    match node:
        case Call("==" | "!=" as sign, (left, right)):
            return Call("==", (right, left) if isinstance(left, str) else (left, right)), sign == "=="
        case _:
            return node, True


def undecided(node: Node, scope: Scope) -> Node | None:
    """What of a condition isn't known, the first of it; not whether something failed before."""
    if truth(node, scope) is not None:
        return None
    match node:
        case Call("!" | "&&" | "||", given):
            return next((found for one in given if (found := undecided(one, scope))), None)
        case Call("failure" | "cancelled"):
            return None
        case _:
            return settled_by(node)[0]


def hangs(value: Value, scope: Scope, depth: int = 0) -> Node | None:
    """The first condition that isn't known by which a value of the file comes out one way or another."""
    for match in expressions(plain(value)) if depth < DEEPEST else ():
        try:
            found = _hangs(parse(match["inside"].strip()), scope, depth)
        except NotUnderstood:
            continue
        if found is not None:
            return found
    return None


def _hangs(node: Node, scope: Scope, depth: int) -> Node | None:
    match node:
        case Name(path) if path.startswith("env."):
            return hangs(scope.written.get(path.removeprefix("env.")), scope, depth + 1)
        case Call("&&" | "||", (left, right)):
            decides = left if isinstance(left, Call) else None  # of a name alone it may only be whether it is set
            found = None if decides is None else undecided(decides, scope)
            return found or _hangs(left, scope, depth) or _hangs(right, scope, depth)
        case _:
            return None


def _assumed(node: Node, scope: Scope) -> bool | None:
    """How a condition comes out by what is assumed: a name that is one text is none of the others."""
    of, as_is = settled_by(node)
    found = scope.assumed.get(of)
    match of:
        case Call("==", (name, str(wanted))) if found is None:
            for one, yes in scope.assumed.items():
                match one:
                    case Call("==", (other, str(text_))) if yes and other == name:
                        found = text_.lower() == wanted.lower()
                    case _:
                        pass
        case _:
            pass
    return None if found is None else found == as_is


def _truth(node: Node, scope: Scope) -> bool | None:
    if scope.assumed and (assumed := _assumed(node, scope)) is not None:
        return assumed
    match node:
        case Call("always" | "success"):
            return True
        case Call("!", (inner,)):
            true = truth(inner, scope)
            return None if true is None else not true
        case Call("&&" | "||" as sign, (left, right)):
            first, second = truth(left, scope), truth(right, scope)
            stops = sign == "||"  # one of this value decides
            return stops if stops in (first, second) else None if None in (first, second) else not stops
        case Call(name, (left, right)) if name in _DECIDED:
            decided = {_DECIDED[name](a, b) for a in values(left, scope) for b in values(right, scope)}
            return decided.pop() if len(decided) == 1 else None
        case str():
            return node != ""
        case Name("true" | "false" | "null"):
            return node.path == "true"
        case Call(name) if name != "format":
            return None
        case _:
            found = {_counts(one) for one in values(node, scope)}
            return found.pop() if len(found) == 1 else None


def _counts(value: Text) -> bool | None:
    """Whether a value counts as true. Of `false` and `0` it isn't known: as texts they do, else they don't."""
    if value.literal is None:
        return True if any(isinstance(part, str) for part in value.parts) else None
    return None if value.literal in ("false", "0", "null") else value.literal != ""


def _equal(one: Text, other: Text) -> bool | None:
    """Whether two values are equal, as GitHub compares: without regard to capital letters, and across kinds."""
    a, b = one.literal, other.literal
    if a is None or b is None:
        known, open_ = (a, other) if b is None else (b, one)
        return None if known is None or could_be(open_, known) else False
    if all(v in ("true", "false", *_FALSE) or _NUMBER.fullmatch(v) for v in (a, b)):
        return True if a == b and a not in ("true", "false") else None
    return a.lower() == b.lower()


def could_be(value: Text, known: str) -> bool:
    """Whether a value of which not all is known may be a text."""
    if len(value.refs) > _MOST_HOLES:
        return True
    pattern = "".join(re.escape(part) if isinstance(part, str) else ".*" for part in value.parts)
    return re.fullmatch(pattern, known, re.IGNORECASE | re.DOTALL) is not None


def _unequal(one: Text, other: Text) -> bool | None:
    equal = _equal(one, other)
    return None if equal is None else not equal


def _starts(one: Text, other: Text) -> bool | None:
    known, wanted = _lower(one, 0), other.literal
    if wanted is None:
        return None
    if one.literal is not None or len(known) >= len(wanted):
        return known.startswith(wanted.lower())
    return None if wanted.lower().startswith(known) else False


def _ends(one: Text, other: Text) -> bool | None:
    known, wanted = _lower(one, -1), other.literal
    if wanted is None:
        return None
    if one.literal is not None or len(known) >= len(wanted):
        return known.endswith(wanted.lower())
    return None if wanted.lower().endswith(known) else False


def _contains(one: Text, other: Text) -> bool | None:
    if other.literal is None:
        return None
    if any(other.literal.lower() in part.lower() for part in one.parts if isinstance(part, str)):
        return True
    return False if one.literal is not None else None


def _lower(value: Text, at: int) -> str:
    """The text that a value surely begins (0) or ends with (-1)."""
    part = value.parts[at] if value.parts else ""
    return part.lower() if isinstance(part, str) else ""


_DECIDED: Mapping[str, Callable[[Text, Text], bool | None]] = {
    "==": _equal,
    "!=": _unequal,
    "startswith": _starts,
    "endswith": _ends,
    "contains": _contains,
}
