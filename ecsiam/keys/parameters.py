"""What keys leave to deployment: parameters, what may not be empty, and the ARNs that were given."""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from ecsiam.errors import Fault, Path, show_path
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, Placed
from ecsiam.keys.kinds import ListOf, MapOf, OfForm, Whole
from ecsiam.keys.placeholders import texts_in
from ecsiam.keys.values import as_text, known
from ecsiam.model.arn import Arn
from ecsiam.model.deployment import Formed
from ecsiam.model.home import HOME_FORMS, Given
from ecsiam.model.parameter import Demand, Parameter, Variable
from ecsiam.model.text import EMPTY, Text


def variables(
    keys: Keys, placed: Sequence[Placed] | None = None, *, star: bool = False
) -> Iterator[tuple[Path, Variable]]:
    """Every parameter by the place that it stands in; one that serves several keys comes several times.

    `placed` are the values of these keys, where they are known. `star` says that a bare `*` is taken where a key takes
    it.
    """
    placed = tuple(keys.placed()) if placed is None else placed
    for one in placed:
        key, value = one.key, one.value
        if isinstance(value, Parameter) and key.type and one.used:
            bounds = (key.kind.least, key.kind.most) if isinstance(key.kind, Whole) else (0, 0)
            yield (
                one.path,
                Variable(
                    id=value.name,
                    type=key.type,
                    form=one.form,
                    default=value.default,
                    description=value.description or _description(key),
                    empty=not one.required,
                    bounds=bounds,
                    same_account=key.same_account,
                    star=star and key.star,
                ),
            )
    if declared := keys.declared:
        texts = (text for one in placed if one.used for _, text in texts_in(one.value))
        named = {ref.name for text in texts for ref in text.refs if ref.parameter}
        yield from ((("parameters", v.id), v) for v in declared.values() if v.id in named)


def formed(placed: Iterable[Placed]) -> Iterator[Formed]:
    """Every text of a form that holds what is open."""
    for one in placed:
        kind = one.key.kind
        inner = kind.item if isinstance(kind, ListOf) else kind.value if isinstance(kind, MapOf) else kind
        if one.used and isinstance(inner, OfForm):
            for path, text in texts_in(one.value):
                yield Formed((*one.path, *path), text, inner.form_of(str(text)))


def _description(key: Key) -> str:
    """What a key means, and what an empty list of it stands for: it may reach far."""
    wide = key.default.removesuffix(", with a note")
    return f"{key.meaning} Empty: {wide}." if key.type == "list" and wide not in ("", "none") else key.meaning


def parameter_faults(keys: Keys) -> Iterator[Fault]:
    """One parameter may serve several keys, if they take the same values."""
    first: dict[str, tuple[Path, Variable]] = {}
    for path, variable in variables(keys):
        if not variable.empty and variable.default == "":
            message = f"`{_named(path)}` can't be empty"
            yield Fault(message, (*path, "default"), "Leave the default out: then it has to be given.")
        if variable.id in HOME_FORMS and path != (variable.id,):
            remedy = "`--set` could not tell the two apart: call the parameter something else."
            yield Fault(f"parameter `{variable.id}` has the name of a key that may be left out", path, remedy)
        place, known = first.setdefault(variable.id, (path, variable))
        same = ("type", "form", "bounds", "default")
        if any(getattr(known, a) != getattr(variable, a) for a in same):
            served = f"serves `{_named(place)}` and `{_named(path)}`, which differ"
            yield Fault(f"parameter `{variable.id}` {served}", path, "Give each of them a parameter of its own.")


def _named(path: Path) -> str:
    """A place as a sentence names it."""
    return show_path(path).removeprefix("$.")


def demands(keys: Keys) -> Iterator[Demand]:
    """What may not be empty while a flag is on."""
    for flag, key in keys.keys().items():
        on = keys.when(flag) if key.type == "flag" else None
        for needed in (*keys.lacks(flag), *key.demands) if on is not None else ():
            value = getattr(keys, needed)
            if isinstance(value, Parameter):
                yield Demand((value.name,), flag, on or "")


def given_arns(placed: Iterable[Placed], *, unused: bool = False) -> Iterator[Given]:
    """Every ARN that has to be of the roles' partition, with its place; on demand also what no flag asks for."""
    for one in placed:
        key, value = one.key, one.value
        if key.form is None or not key.form.service or not value or isinstance(value, Parameter):
            continue
        if not unused and not one.used:
            continue
        if value in ("*", ("*",)):
            continue  # in the profile that reproduces the baseline module
        within = _encrypted(one)
        if isinstance(value, str):
            yield Given(one.path, value, key.same_account, key.same_region, within)
        else:
            for i, arn in enumerate(cast("tuple[str, ...]", value)):
                if arn and arn.startswith("arn:"):  # a faulty item is None, and a name lies where the roles do
                    yield Given((*one.path, i), arn, key.same_account, key.same_region, within)


def _encrypted(one: Placed) -> tuple[Text, ...]:
    """The regions of what KMS keys encrypt, as `Given.within`; none where an ARN says none, as those of S3 do."""
    values = known(getattr(one.holder, one.key.encrypts, ())) if one.key.encrypts else ()
    regions = [Arn.parse(as_text(value)).region if value.startswith("arn:") else None for value in values if value]
    return () if EMPTY in regions else tuple(EMPTY if region is None else region for region in regions)
