"""What a row of `task_access` is: a kind of resource, its verbs, and the actions of each with what they are on."""

from collections.abc import Callable, Iterable
from typing import Literal, assert_never

from attrs import field, frozen

from ecsiam.errors import Fault, did_you_mean, show
from ecsiam.looks.words import listed
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.each import Rule
from ecsiam.model.form import Form, Hint, arn_form
from ecsiam.model.owned import owned_of
from ecsiam.model.text import Text

IN = "eu-west-2:123456789012"
NAME = "[A-Za-z0-9_.*?-]+"
Abroad = Literal["policy", "share", "role", "aws"]


@frozen
class Act:
    """An action, and what follows the entry's ARN on each resource that AWS evaluates it on.

    What ends in a star stands for all that is below; where the entry lists some of that, it is left out. `rule` is how
    the ARN itself is rewritten. What is `above` is asked on that which all is below that an ARN with `/*` names.
    """

    action: str
    after: tuple[str, ...] = ("",)
    rule: Rule = "all"
    above: bool = False


@frozen
class Verb:
    """What a task does with a kind of resource. `key` is what it takes of the customer's key, `where` narrows it."""

    name: str
    meaning: str
    acts: tuple[Act, ...]
    key: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()


@frozen
class Beside:
    """What `with` names, for a kind whose ARN doesn't say all.

    The verb's `actions` (none: all of them) are asked on it too: while the request came `through` one of the entry's
    ARNs, as that condition key says. With a `condition` it is no resource: it is what that key has to be. Where it
    `holds` what the entry is about, this is what of that is in one of it.
    """

    what: str
    form: Form
    actions: tuple[str, ...] = ()
    condition: str = ""
    through: str = ""
    holds: Callable[[Arn], Text] | None = None


@frozen
class AccessKind:
    """A kind of resource. `via` is what KMS knows its service as; without it, `keyless` says why there are no keys.

    `part_of` is the kind that this is a piece of. `traps` are for the docs; `other_side` is what somebody has to do
    elsewhere before it works, for a note. `abroad` is by what another account's role gets in: the `policy` that its
    owner puts on it (`model/owned.py`), a `share` of RAM, or only a `role` there; what `aws` has is of no account.
    """

    id: str
    what: str
    form: Form
    verbs: tuple[Verb, ...]
    page: str
    via: str = ""
    keyless: str = ""
    beside: Beside | None = None
    part_of: str = ""
    traps: tuple[str, ...] = ()
    other_side: str = ""
    abroad: Abroad = field(kw_only=True)

    @property
    def from_abroad(self) -> str:
        """What lets the role in where it is of another account; nothing where it is of none."""
        owned = owned_of(Arn.parse(self.form.good[0]))
        match self.abroad:
            case "policy":
                assert owned is not None, self.id
                put = f" (`{owned.put}`)" if owned.put else ""
                return f"That account has to allow it too, in the policy of the {owned.what}{put}.{_and(owned.but)}"
            case "share":
                return (
                    "That account has to share it through RAM, which takes the advanced tier and a key of the customer "
                    "for what is encrypted, and gives `GetParameter` and `GetParameters` alone."
                )
            case "role":
                return (
                    f"No policy of {self.what} lets another account's role in: have the task assume a role of that "
                    "account, by `assume` on its ARN."
                )
            case "aws":
                return ""
            case _:
                assert_never(self.abroad)

    @property
    def named(self) -> dict[str, Verb]:
        """The verbs by their names."""
        return {verb.name: verb for verb in self.verbs}


def _and(text: str) -> str:
    return f" {text}" if text else ""


def acts(
    service: str, *names: str, after: tuple[str, ...] = ("",), rule: Rule = "all", above: bool = False
) -> tuple[Act, ...]:
    """Actions of one service that are asked on the same resources."""
    return tuple(Act(f"{service}:{name}", after, rule, above) for name in names)


def form_of(
    id: str,
    what: str,
    service: str,
    resource: str,
    good: tuple[str, ...],
    bad: tuple[str, ...],
    *,
    hints: tuple[Hint, ...] = (),
    bare: tuple[Hint, ...] = (),
    regional: bool = True,
    account: bool = True,
) -> Form:
    """The form of a kind's ARNs; the samples are what stands in place of `resource`."""
    place = f"{'eu-west-2' if regional else ''}:{'123456789012' if account else ''}"
    return arn_form(
        f"access_{id}_arn",
        f"the ARN of {what}",
        service,
        resource,
        tuple(f"arn:aws:{service}:{place}:{one}" for one in good),
        tuple(one if one.startswith("arn:") else f"arn:aws:{service}:{place}:{one}" for one in bad),
        hints=hints,
        bare=bare,
        regional=regional,
        **({} if account else {"account": ""}),
    )


_ELSE = "Statements for what `task_access` doesn't know go into `task_statements`."


@frozen
class OfAnyKind(Form):
    """An ARN of any of some forms; what is none is told what is wrong by the nearest of them."""

    forms: tuple[Form, ...] = field(default=(), kw_only=True)

    @classmethod
    def of(cls, name: str, what: str, forms: Iterable[Form], bare: tuple[Hint, ...]) -> "OfAnyKind":
        every = tuple(forms)
        return cls(
            name=name,
            pattern="|".join(f"({form.pattern})" for form in every),
            what=what,
            good=tuple(good for form in every for good in form.good),
            bad=("", "*", "arn:aws:*", "orders", "arn:aws:glue:eu-west-2:123456789012:table/db/t"),
            service="|".join(sorted({form.service for form in every})),
            bare=bare,
            forms=every,
        )

    def fault(self, value: str) -> Fault | None:
        parts = value.split(":", 5)
        if len(parts) < 6 or parts[0] != "arn" or len(value) > self.most:
            return super().fault(value)
        near = [form for form in self.forms if form.service == parts[2]]
        if not near:
            known = tuple(dict.fromkeys(form.service for form in self.forms))
            remedy = did_you_mean(parts[2], known) or _ELSE
            return Fault(f"`{show(value)}` is of no kind that `task_access` knows", (), remedy)
        nearest = sorted(near, key=lambda form: -_shared(form.good[0], value))
        faults = [fault for form in nearest if (fault := form.fault(value)) is not None]
        if len(faults) < len(nearest):
            return None
        plain = f"Write it like {listed(form.good[0] for form in near)}."
        telling = (fault for fault in faults if not fault.remedy.startswith("Write it like"))
        return next(telling, Fault(faults[0].message, (), plain))


def _shared(sample: str, value: str) -> int:
    """How many letters the resources of two ARNs begin with alike."""
    one, other = (arn.split(":", 5)[5] for arn in (sample, value))
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
