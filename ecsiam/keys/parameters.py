"""What keys leave to deployment: parameters, what may not be empty, and the ARNs that were given."""

from collections.abc import Iterator
from typing import cast

from ecsiam.errors import Fault
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Whole
from ecsiam.model.home import HOME_FORMS, Given
from ecsiam.model.parameter import Demand, Parameter, Variable


def variables(keys: Keys, *, star: bool = False) -> Iterator[tuple[str, Variable]]:
    """Every parameter by the key that it stands for; one that serves several keys comes several times.

    `star` says that a bare `*` is taken where a key takes it.
    """
    for name, key in keys.keys().items():
        value = getattr(keys, name, None)
        if isinstance(value, Parameter) and key.type and keys.used(key):
            bounds = (key.kind.least, key.kind.most) if isinstance(key.kind, Whole) else (0, 0)
            yield (
                name,
                Variable(
                    id=value.name,
                    type=key.type,
                    form=key.form,
                    default=value.default,
                    description=value.description or _description(key),
                    empty=not keys.required(name),
                    bounds=bounds,
                    same_account=key.same_account,
                    star=star and key.star,
                ),
            )


def _description(key: Key) -> str:
    """What a key means, and what an empty list of it stands for: it may reach far."""
    wide = key.default.removesuffix(", with a note")
    return f"{key.meaning} Empty: {wide}." if key.type == "list" and wide not in ("", "none") else key.meaning


def parameter_faults(keys: Keys) -> Iterator[Fault]:
    """One parameter may serve several keys, if they take the same values."""
    first: dict[str, tuple[str, Variable]] = {}
    for name, variable in variables(keys):
        if not variable.empty and variable.default == "":
            yield Fault(
                f"`{name}` can't be empty", (name, "default"), "Leave the default out: then it has to be given."
            )
        if variable.id in HOME_FORMS and variable.id != name:
            remedy = "`--set` could not tell the two apart: call the parameter something else."
            yield Fault(f"parameter `{variable.id}` has the name of a key that may be left out", (name,), remedy)
        key, known = first.setdefault(variable.id, (name, variable))
        same = ("type", "form", "bounds", "default")
        if any(getattr(known, a) != getattr(variable, a) for a in same):
            remedy = "Give each of them a parameter of its own."
            yield Fault(f"parameter `{variable.id}` serves `{key}` and `{name}`, which differ", (name,), remedy)


def demands(keys: Keys) -> Iterator[Demand]:
    """What may not be empty while a flag is on."""
    for flag, key in keys.keys().items():
        on = keys.when(flag) if key.type == "flag" else None
        for needed in (*keys.lacks(flag), *key.demands) if on is not None else ():
            value = getattr(keys, needed)
            if isinstance(value, Parameter):
                yield Demand((value.name,), flag, on or "")


def given_arns(keys: Keys, *, unused: bool = False) -> Iterator[Given]:
    """Every ARN that has to be of the roles' partition, with its place; on demand also what no flag asks for."""
    for name, key in keys.keys().items():
        value = getattr(keys, name, None)  # a required one that is faulty isn't there
        if key.form is None or not key.form.service or not value or isinstance(value, Parameter):
            continue
        if not unused and not keys.used(key):
            continue
        if value in ("*", ("*",)):
            continue  # in the profile that reproduces the baseline module
        if isinstance(value, str):
            yield Given((name,), value, key.same_account)
        else:
            for i, arn in enumerate(cast("tuple[str, ...]", value)):
                if arn and arn.startswith("arn:"):  # a faulty item is None, and a name lies where the roles do
                    yield Given((name, i), arn, key.same_account)
