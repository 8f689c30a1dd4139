"""What a tool puts into a file before it is used: `{{ must_env `TAG` }}`, `${TAG}`, `$TAG`, `<IMAGE1_NAME>`, `__TAG__`.

Each is a symbol by its own name, so that the same one is the same text; of ecspresso's `{{ tfstate `NAME.ATTRIBUTE` }}`
it is the attribute of Terraform's resource. https://github.com/kayac/ecspresso#template-syntax
"""

import re

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, Ref, Text, text
from ecsiam.readers.forms import TERRAFORM, arn_of
from ecsiam.readers.found import Value, is_list
from ecsiam.readers.values import Failed, Map, lowered

_OPEN, _CLOSE = "\ue000", "\ue001"  # private characters around the number of a template
_TEMPLATE = re.compile(r"\{\{-?\s*(?P<inside>.*?)\s*-?\}\}", re.DOTALL)
_STEERING = re.compile(r"(?:if|else|end|range|with|define|block|template)\b")
_MARK = r"""
    \$\{(?P<braced>[A-Za-z_][\w.-]*)(?::?[-=?+][^{}]*)?\}   # envsubst and shells; IAM's own variables have a colon
  | \$(?P<plain>(?!LATEST\b)[A-Z_][A-Z0-9_]*)               # `$LATEST` is a version of a Lambda function
  | <(?P<angle>[A-Za-z_][\w.\ -]*)>                         # CodeDeploy, and people
  | \b__(?P<under>[A-Za-z][A-Za-z0-9_]*?)__
  | \#\{(?P<token>[A-Za-z_][\w.-]*)\}\#?                    # pipelines that replace tokens
"""
_MARKS = re.compile(rf"{_OPEN}(?P<hole>\d+){_CLOSE}|{_MARK}", re.VERBOSE)
_UNQUOTED = re.compile(rf'"(?:[^"\\\n]|\\.)*"|{_MARK}', re.VERBOSE)
_CALL = re.compile(r"""(?P<function>\w+)\s+(?P<quote>[`"'])(?P<name>.+?)(?P=quote)(?:\s+[`"'][^`"']*[`"'])?""")
# The names that AWS and its tools give to what a deployment knows.
_DEPLOYMENT = {
    **dict.fromkeys(("aws_region", "aws_default_region"), AWS_REGION),
    **dict.fromkeys(("aws_account_id", "account_id"), ACCOUNT_ID),
}


class Filled:
    """The templates of one file: taken out before it is read, and put into its values as symbols."""

    def __init__(self) -> None:
        self.texts: list[Text] = []

    def opened(self, source: str, *, quoted: bool = True) -> str:
        """The source with a hole for each template. Raises Failed where they say which parts of the file there are.

        With `quoted` a text stands in quotes, and a mark outside of these is a value.
        """
        if _OPEN in source or _CLOSE in source:
            raise Failed("it holds a character of Unicode's private area")
        if "{{" in source:
            source = _TEMPLATE.sub(self._template, source)
        return _UNQUOTED.sub(self._value, source) if quoted else source

    @property
    def remedy(self) -> str:
        """What to do where the rest can't be read."""
        return "Render its templates, and read what comes out." if self.texts else "Correct it."

    def put(self, value: Value) -> Value:
        """A value with its marks and templates as symbols."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Map):
            found = Map(((str(self._text(k)), self.put(v)) for k, v in value.items()), value.file, value.line)
            found.lines = {str(self._text(key)): line for key, line in value.lines.items()}
            return found
        return [self.put(one) for one in value] if is_list(value) else value

    def _template(self, match: re.Match[str]) -> str:
        inside = match["inside"]
        if _STEERING.match(inside):
            self.texts.append(text(""))
            raise Failed(f"the template `{{{{ {inside} }}}}` decides what is in the file")
        if inside.startswith("/*"):  # a comment stands outside of texts
            return "\n" * match[0].count("\n")
        return self._hole(_called(inside))

    def _value(self, match: re.Match[str]) -> str:
        return match[0] if match[0].startswith('"') else self._hole(text(_named(match)))

    def _hole(self, found: Text) -> str:
        self.texts.append(found)
        return f"{_OPEN}{len(self.texts) - 1}{_CLOSE}"

    def _text(self, written: str) -> str | Text:
        parts: list[str | Ref | Text] = []
        at = 0
        for match in _MARKS.finditer(written):
            parts.append(written[at : match.start()])
            parts.append(self.texts[int(match["hole"])] if match["hole"] else _named(match))
            at = match.end()
        return lowered(Text.of(*parts, written[at:])) if parts else written


def _named(match: re.Match[str]) -> Ref:
    name = match[match.lastgroup or 0]
    return _DEPLOYMENT.get(name.lower(), Ref(name))


def _called(inside: str) -> Text:
    """What a template gives: of a function that is known, its attribute or variable; else it is its own name."""
    call = _CALL.fullmatch(inside)
    function, name = (call["function"], call["name"]) if call else ("", inside)
    if function == "secretsmanager_arn":
        return arn_of(TERRAFORM["aws_secretsmanager_secret"], f"secretsmanager_arn {name}", text(name))
    if function.endswith("tfstate"):
        return text(Ref(name))
    if function in ("env", "must_env"):
        return text(_DEPLOYMENT.get(name.lower(), Ref(name)))
    return text(Ref(inside))
