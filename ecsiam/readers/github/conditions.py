"""The `if` of jobs and steps: in which of the ways to start they run, and of which refs.

What is not understood takes nothing away, so that a job has more ways to start here than it has, never fewer.
https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-jobs-with-conditions
"""

from collections.abc import Iterable, Iterator

from attrs import evolve

from ecsiam.model.text import Text, text
from ecsiam.readers.found import Value
from ecsiam.readers.github.events import BRANCH, EITHER, TAG, Start
from ecsiam.readers.github.expressions import EXPRESSION, Scope, could_be, plain, truth, values
from ecsiam.readers.github.syntax import Call, Name, Node, NotUnderstood, parse

_HEADS, _TAGS = "refs/heads/", "refs/tags/"
# No page says of which type the ref of a pull request is.
_TYPES = {"branch": (_HEADS, "refs/pull/"), "tag": (_TAGS,)}
_EVEN_SO = ("always", "cancelled", "failure")


def condition(given: Value) -> Node | None:
    """An `if`, with or without `${{ }}` around it; None for one that isn't there, or isn't understood."""
    source = plain(given).strip()
    whole = EXPRESSION.fullmatch(source)
    if not source or ("${{" in source and whole is None):  # beside other text it is a text, which is true
        return None
    try:
        return parse(whole["inside"] if whole else source)
    except NotUnderstood:
        return None


def even_so(node: Node | None) -> bool:
    """Whether it may run where something before it failed, or was left out."""
    match node:
        case Call(name, given):
            return name in _EVEN_SO or any(map(even_so, given))
        case _:
            return False


def narrowed(starts: Iterable[Start], node: Node | None, scope: Scope) -> tuple[Start, ...]:
    """The ways to start in which a condition holds, or may hold: of one ref, where it asks for that."""
    if node is None:
        return tuple(starts)
    found: dict[Start, None] = {}
    for start in starts:
        kept = dict.fromkeys(_narrowed(start, node, scope, yes=True))
        found |= {start: None} if start in kept else kept
    return tuple(found)


def _narrowed(start: Start, node: Node, scope: Scope, *, yes: bool) -> Iterator[Start]:
    match node:
        case Call("!", (inner,)):
            yield from _narrowed(start, inner, scope, yes=not yes)
        case Call("&&" | "||" as sign, (left, right)):
            if (sign == "&&") == yes:
                for one in _narrowed(start, left, scope, yes=yes):
                    yield from _narrowed(one, right, scope, yes=yes)
            else:
                yield from _narrowed(start, left, scope, yes=yes)
                yield from _narrowed(start, right, scope, yes=yes)
        case _:
            here = evolve(scope, github=start.github)
            if truth(node, here) not in (None, yes):
                return
            ref, refs = start.ref, _asked(node, here, yes=yes)
            if ref is None or refs is None:
                but = _asked(node, here, yes=not yes) or ()
                out = [one for one, whole in but if whole]
                yield evolve(start, refs=start.refs.but(*out)) if out and ref is not None and ref.refs else start
            else:
                found = (one for asked in refs for one in _both(ref, asked))
                yield from (start.of(one) for one in found if one.literal is None or not start.refs.never(one.literal))


def _asked(node: Node, scope: Scope, *, yes: bool) -> tuple[tuple[str, bool], ...] | None:
    """The refs that a comparison asks for, each whole or (False) as what they begin with; None where it asks none."""
    match node:
        case Call("==" | "!=" as sign, (Name(path), other) | (other, Name(path))) if (sign == "==") == yes:
            whole = True
        case Call("startswith", (Name(path), other)) if yes:
            whole = False
        case _:
            return None
    try:
        wanted = [one.literal for one in values(other, scope)]
    except NotUnderstood:
        return None
    known = [one for one in wanted if one]
    if len(known) < len(wanted):
        return None
    match path, whole:
        case "github.ref", _:
            return tuple((one, whole) for one in known)
        case "github.ref_name", _:
            return tuple((kind + one, whole) for one in known for kind in (_HEADS, _TAGS))
        case "github.ref_type", True:
            return tuple((start, False) for one in known for start in _TYPES.get(one, ("refs/",)))
        case _:
            return None


def _both(ref: Text, asked: tuple[str, bool]) -> Iterator[Text]:
    """What is of a ref and is as it is asked for; nothing where there is no such ref."""
    wanted, whole = asked
    begin = ref.parts[0]
    if ref.literal is not None or not isinstance(begin, str):
        yield ref
    elif whole:
        if could_be(ref, wanted):
            yield text(wanted)
    elif wanted.startswith(begin) and ref.parts[1:] in ((BRANCH,), (TAG,), (EITHER,)):
        if not wanted.startswith("refs/pull/"):
            kinds = ((_HEADS, BRANCH), (_TAGS, TAG))
            yield Text.of(wanted, next((of for start, of in kinds if wanted.startswith(start)), EITHER))
    elif wanted.startswith(begin) or begin.startswith(wanted):
        yield ref
