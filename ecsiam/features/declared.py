"""The parameters that may stand in texts, `{team}`, beside what a config itself is called and where it lives."""

from collections.abc import Iterator
from typing import Annotated

from attrs import evolve, frozen

from ecsiam.errors import ConfigError, Fault
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import Prose, Schema, shown
from ecsiam.keys.placeholders import Placeholder, placeholder
from ecsiam.model import forms
from ecsiam.model.form import Form
from ecsiam.model.parameter import Variable
from ecsiam.model.pattern import LONGEST, Pattern
from ecsiam.model.text import Ref, Text

PLACEHOLDERS = ("project_name", "environment", "account_id", "aws_region", "partition")


@frozen
class _Pattern:
    """A pattern for the values of a parameter, of what every engine reads alike."""

    def read(self, value: object) -> str:
        if not isinstance(value, str):
            raise ConfigError(Fault(f"expected a pattern, not {shown(value)}", (), "Write it like `[a-z0-9-]+`."))
        if not Pattern(str.__str__(value)).sample:
            remedy = "Write one that takes a character at least."
            raise ConfigError(Fault(f"no text is of the pattern {shown(value)}", (), remedy))
        return str.__str__(value)

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": LONGEST}

    says = "a pattern, such as `[a-z0-9-]+`"


class Declared(Keys):
    """A parameter that may stand in texts."""

    form: Annotated[
        str | None,
        Key("The pattern of its values.", _Pattern(), default="letters, digits, `.`, `_` and `-`"),
    ] = None
    default: Annotated[str | None, Key("What it is unless the deployment says.", Prose(), default="none")] = None
    description: Annotated[str | None, Key("What it is for.", Prose(), default="none")] = None

    @property
    def of(self) -> Form:
        """The form of its values."""
        if not self.form:
            return forms.TEXT
        what, sample = f"a text of the form `{self.form}`", Pattern(self.form).sample
        form = Form("given", self.form, what, (sample,), (), most=255, given=True)
        return evolve(form, good=(self.default,)) if self.default and form.matches(self.default) else form

    def variable(self, name: str) -> Variable:
        """The parameter, as a stack knows it."""
        said = self.description or f"Stands in texts as {{{name}}}."
        return Variable(name, "text", self.of, self.default, said, empty=False)

    def placeholder(self, name: str) -> Placeholder:
        """What stands for it in a text."""
        characters = Pattern(self.form).characters if self.form else ()
        return placeholder(Text.of(Ref(name, parameter=True)), self.default or self.of.good[0], characters)

    @check("form", "default")
    def _of_its_form(self) -> Iterator[Fault]:
        if self.default is not None and (fault := self.of.fault(self.default)):
            yield fault.under("default")
