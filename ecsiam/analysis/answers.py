"""The three answers to a question about policies, each with its evidence."""

from attrs import frozen

from ecsiam.analysis.request import Request
from ecsiam.analysis.terms import Terms
from ecsiam.model.accept import Accept


@frozen
class Holds:
    """Yes. `witness` is a request that shows it, where one can (overlaps, can); `assumed` is what it rests on.

    For `can`, one of `when` has to be met, unless there is none and all that was asked is granted; and none of
    `unless`.
    """

    witness: Request | None = None
    assumed: tuple[str, ...] = ()
    when: tuple[Terms, ...] = ()
    unless: tuple[Terms, ...] = ()

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return "holds" if self.witness is None else f"holds: {self.witness}"


@frozen
class Fails:
    """No. `witness` is a request that shows it, where one can; `fact` says what is wrong.

    `values` are the values of parameters that lead there, `also` what else shows it. `accepted` says why all of it is
    meant (`prove`); of a failure that is not, what of `also` is.
    """

    witness: Request | None = None
    fact: str = ""
    assumed: tuple[str, ...] = ()
    values: tuple[tuple[str, object], ...] = ()
    also: "tuple[Fails, ...]" = ()
    accepted: tuple[Accept, ...] = ()

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        where = f" where {', '.join(f'{name}={value}' for name, value in self.values)}" if self.values else ""
        shown = "" if self.witness is None else f": {self.witness}{where}"
        fails = f"accepted ({'; '.join(map(str, self.accepted))})" if self.accepted else "fails"
        return "\n".join((f"{fails}: {self.fact}{shown}", *map(str, self.also)))


@frozen
class Undecided:
    """Not known, and why. Neither yes nor no: `bool()` of it raises TypeError.

    `unless` is what would have to be so for no request to be found, where that is known.
    """

    reason: str
    assumed: tuple[str, ...] = ()
    unless: str = ""

    def __bool__(self) -> bool:
        raise TypeError(f"undecided: {self.reason}")

    def __str__(self) -> str:
        return f"undecided: {self.reason}"


Answer = Holds | Fails | Undecided
