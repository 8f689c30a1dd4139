"""What every value of the model does when it is made: it asks what IAM would say, unless it is taken as it is."""

from collections.abc import Iterator

from attrs import Attribute, field, frozen

from ecsiam.errors import Fault, PolicyError, show
from ecsiam.looks.shown import Shown


@frozen(repr=False)
class Built(Shown):
    """A value that lists every fault as it is made: what no document can say, and what IAM refuses.

    With `as_is` only the first is asked: so a document is read as IAM has it, and so a question is put in the words of
    a document. It is no part of equality. A copy (`evolve`, `bind`) is taken as it is: `emit` asks again.
    """

    as_is: bool = field(default=False, kw_only=True, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        faults = [*self._unsayable()]
        if not self.as_is:
            faults += self._refused()
            object.__setattr__(self, "as_is", True)  # attrs hands it on to a copy
        if faults:
            raise PolicyError(*faults)

    def _unsayable(self) -> Iterator[Fault]:
        """What no IAM document can say, or what would not mean what it says."""
        return iter(())

    def _refused(self) -> Iterator[Fault]:
        """What the table of refusals has on it."""
        return iter(())


def is_text(_: object, attribute: "Attribute[str]", value: object) -> None:
    """A validator of attrs for a Sid or an Id, `as_is` too: PolicyError for what is no text."""
    if not isinstance(value, str):
        name = attribute.name.capitalize()
        raise PolicyError(Fault(f"`{show(str(value))}` is not a text", (name,), f"Write the {name} as one, or none."))
