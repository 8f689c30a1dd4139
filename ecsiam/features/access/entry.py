"""An entry of `task_access`: what the task reaches, and what it does with it, as verbs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, cast

from attrs import frozen
from pydantic import create_model

from ecsiam.errors import ConfigError, Fault, Faults, Path, did_you_mean
from ecsiam.features.access.kind import AccessKind, Beside
from ecsiam.features.access.kinds import ANY_ARN, ANY_BESIDE, KINDS, VERBS, kind_of
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import ListOf, OfForm, Prose, Schema, shown
from ecsiam.keys.values import Many, as_text, known
from ecsiam.looks.words import listed
from ecsiam.model.accept import HIDDEN, LONGEST_WHY
from ecsiam.model.arn import Arn
from ecsiam.model.arn_forms import KEY_ARN
from ecsiam.model.form import Form
from ecsiam.model.globs import overlap
from ecsiam.model.parameter import Parameter

_TASK = ("task",)
_SEE = "docs/access.md"


@frozen
class Word:
    """One of the words of a table; for another the nearest is named."""

    what: str
    words: tuple[str, ...]

    def read(self, value: object) -> str:
        if isinstance(value, str) and value in self.words:
            return str.__str__(value)
        remedy = did_you_mean(value, self.words) if isinstance(value, str) else ""
        raise ConfigError(Fault(f"expected {self.what}, not {shown(value)}", (), remedy or f"{_SEE} has all of them."))

    def schema(self) -> Schema:
        return {"enum": list(self.words)}

    @property
    def says(self) -> str:
        return f"{self.what}, such as `{self.words[0]}`"


class Entry(Keys):
    """The keys of an entry but `with`, which is no name of Python's."""

    arns: Annotated[
        Sequence[str] | Parameter,
        Key("What the task reaches: the ARN says what kind it is of.", ListOf(OfForm(ANY_ARN)), _TASK),
    ]
    access: Annotated[
        Sequence[str],
        Key("What it does there, as verbs of that kind.", ListOf(Word("a verb", VERBS)), _TASK),
    ]
    kms_key_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The customer managed KMS keys that they are encrypted with: the task uses them through that service only.",
            ListOf(OfForm(KEY_ARN)),
            _TASK,
            default="none: the keys that AWS manages need no grant",
            encrypts="arns",
        ),
    ] = ()
    kind: Annotated[
        str | None,
        Key("The kind, where `arns` is a parameter.", Word("a kind", tuple(KINDS)), _TASK, default="as the ARNs say"),
    ] = None
    why: Annotated[str, Key("What for, in words: it is shown with the statements.", Prose(), _TASK)] = ""

    @property
    def beside(self) -> Many:
        """What stands in `with`."""
        return cast("Many", getattr(self, "with", ()))

    def kinds(self) -> dict[str, Many]:
        """What the entry reaches, by kind; of what is faulty, nothing."""
        if isinstance(self.arns, Parameter):
            return {self.kind: self.arns} if self.kind in KINDS else {}
        found: dict[str, list[str]] = {}
        for arn in filter(None, self.arns):
            kind = kind_of(arn)
            if kind is not None:
                found.setdefault(kind.id, []).append(arn)
        return {id: tuple(arns) for id, arns in found.items()}

    def form_of(self, name: str) -> Form | None:
        """The form of a key's values; a parameter takes just the ARNs of the kind."""
        of = [KINDS[id] for id in self.kinds()] if isinstance(getattr(self, name, None), Parameter) else []
        beside = next((kind.beside for kind in of if kind.beside), None)
        if of and name == "arns":
            return of[0].form
        return beside.form if beside and name == "with" else super().form_of(name)

    @check("kind")
    def _kinds(self) -> Iterator[Fault]:
        """That the ARNs are of the kind that is said, and that one is where they don't show it."""
        arns = getattr(self, "arns", ())
        if isinstance(arns, Parameter) and self.kind is None:
            remedy = f"Write `kind:` and one of {listed(KINDS)}."
            yield Fault(f"what `{arns.name}` holds the ARNs of isn't said", ("arns",), remedy)
        elif self.kind in KINDS:
            kind = KINDS[self.kind]
            place = ("arns", "default") if isinstance(arns, Parameter) else ("arns",)
            given = (arns.default or ()) if isinstance(arns, Parameter) else arns
            yield from _not_of(kind.form, given, place)

    @check("access")
    def _verbs(self) -> Iterator[Fault]:
        """That each kind has the verbs; what is a piece of another kind beside it need not have that one's."""
        reached = self.kinds() if hasattr(self, "arns") else {}
        for i, verb in enumerate(self.access):
            for kind in (KINDS[id] for id in reached):
                whole = KINDS[kind.part_of].named if kind.part_of in reached else {}
                if verb and verb not in kind.named and verb not in whole:
                    near = did_you_mean(verb, kind.named)
                    yield Fault(f"`{verb}` is no verb for {kind.what}", ("access", i), near or _there_are(kind, verb))
        for kind in (KINDS[id] for id in reached):
            if kind.part_of in reached and not set(kind.named).intersection(self.access):
                yield Fault(f"nothing is done with {kind.what}", ("access",), _there_are(kind, ""))

    @check()
    def _beside(self) -> Iterator[Fault]:
        """That `with` is there where it has to be, and what the kind takes."""
        reached = [KINDS[id] for id in (self.kinds() if hasattr(self, "arns") else {})]
        given = self.beside
        if given and reached and (len(reached) > 1 or reached[0].beside is None):
            kinds = " and ".join(kind.what for kind in reached)
            yield Fault(f"there is no `with` for {kinds}", ("with",), _with(reached))
            return
        for kind in reached:
            if kind.beside is not None:
                yield from self._fits(kind, kind.beside)

    def _fits(self, kind: AccessKind, beside: Beside) -> Iterator[Fault]:
        given = self.beside
        if not given:
            remedy = f"Write {beside.what}, such as `{beside.form.good[0]}`."
            yield Fault(f"`with` is needed for {kind.what}, and not given", (), remedy)
        if isinstance(given, Parameter) and beside.condition:
            yield _condition("with", beside.condition)
        if isinstance(self.arns, Parameter) and beside.through:
            yield _condition("arns", beside.through)
        values = (given.default or ()) if isinstance(given, Parameter) else given
        yield from _not_of(beside.form, values, ("with", "default") if isinstance(given, Parameter) else ("with",))
        if not beside.through:  # models lie in many regions
            yield from self._apart(beside)

    def _apart(self, beside: Beside) -> Iterator[Fault]:
        """What of `with` lies elsewhere than every ARN of the entry, and what of these is in none of it."""
        arns, given = list(filter(None, known(self.arns))), list(known(self.beside))
        places = {_place(arn) for arn in arns}
        for i, one in enumerate(given if None not in places else ()):
            if one and arns and _place(one) not in (None, *places):
                message = f"`{one}`: it has to be in the account and region of what it is for"
                yield Fault(message, ("with", i), "Name one that is, or write an entry of its own.")
        fitting = (one for one in given if one and beside.form.fault(one) is None)
        held = [beside.holds(Arn.parse(as_text(one))) for one in fitting] if beside.holds else []
        if any(text.literal is None for text in held):
            return
        for i, arn in enumerate(known(self.arns) if held else ()):
            if arn and as_text(arn).literal is not None and not any(overlap(arn, str(text)) for text in held):
                message = f"`{arn}` is in none of those that `with` names"
                yield Fault(message, ("arns", i), f"Name {beside.what}, or write an entry of its own.")

    @check("kms_key_arns")
    def _keys(self) -> Iterator[Fault]:
        """That keys are for what is encrypted with them, and that a verb uses them."""
        reached = self.kinds() if hasattr(self, "arns") and self.kms_key_arns else {}
        for kind in (KINDS[id] for id in reached):
            if not kind.via:
                message = f"there are no `kms_key_arns` for {kind.what}: {kind.keyless}"
                yield Fault(message, ("kms_key_arns",), "Leave it out.")
        encrypted = [KINDS[id] for id in reached if KINDS[id].via]
        verbs = [kind.named[v] for kind in encrypted for v in self.access or () if v in kind.named]
        if encrypted and verbs and not any(verb.key for verb in verbs):
            yield Fault(f"{listed(v.name for v in verbs)} uses no key", ("kms_key_arns",), "Leave it out.")

    @check("why")
    def _why(self) -> Iterator[Fault]:
        if len(self.why) > LONGEST_WHY:
            yield Fault(f"the reason has {len(self.why):,} characters, at most {LONGEST_WHY:,} are taken", ("why",))
        elif hidden := re.search(f"[{HIDDEN}]", self.why):
            yield Fault(f"the reason holds {hidden[0]!a}, which nobody sees", ("why",), "Leave it out.")


def _place(arn: str) -> tuple[str, str] | None:
    """The region and account of an ARN; None where one of them isn't known, or isn't there."""
    parsed = Arn.parse(as_text(arn))
    region, account = parsed.region.literal, parsed.account.literal
    return (region, account) if region and account else None


def _not_of(form: Form, values: object, place: Path) -> Iterator[Fault]:
    """What of a list is not of a form; what of it is faulty anyway is None."""
    faults, kind = Faults(), OfForm(form)
    for i, value in enumerate(cast("Sequence[str | None]", values)):
        with faults.at(*place, i):
            if value:
                kind.read(value)
    yield from faults


def _there_are(kind: AccessKind, verb: str) -> str:
    whole = KINDS.get(kind.part_of)
    if whole is not None and verb in whole.named:
        return f"There are {listed(kind.named)}; for `{verb}` write the ARN of {whole.what} too."
    return f"There are {listed(kind.named)}."


def _with(kinds: Sequence[AccessKind]) -> str:
    if any(kind.beside for kind in kinds):
        return "Give each kind an entry of its own."
    return f"Leave it out: it is for {', '.join(kind.what for kind in KINDS.values() if kind.beside)}."


def _condition(name: str, key: str) -> Fault:
    message = f"`{name}` stands in a condition on `{key}` here, which takes no list that is known at deployment only"
    return Fault(message, (name,), "Write the ARNs.")


_WITH: Any = (
    Annotated[
        Sequence[str] | Parameter,
        Key(
            "What belongs to it, for kinds whose ARN doesn't say all: a cache's users, the models of a Bedrock "
            "profile in each region, the cluster of a task.",
            ListOf(OfForm(ANY_BESIDE)),
            _TASK,
        ),
    ],
    (),
)
TaskAccess: type[Entry] = create_model(
    "TaskAccess", __base__=Entry, __doc__="An entry of `task_access`.", **{"with": _WITH}
)
Given = Sequence[Entry | Mapping[str, object]]
