"""HCL expressions: text as a template or a quoted string, and the rules of list parameters.

`RULES` says in HCL what `ecsiam.model.each.RULES` says in Python; a test runs both on the same lists.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from unicodedata import combining

from ecsiam.model.each import BELONGING, Rule


def escape(text: str) -> str:
    """Text as a Terraform template that means just that text.

    Where a carriage return stands, HCL leaves the `$${` beside it as it is, and it drops a byte order mark at the very
    beginning: an expression says those.
    """
    if "{" not in text and "\r" not in text and not text.startswith(_MARK):  # as most are
        return text
    text = _RETURNS.sub(lambda found: f"${{{quoted(found[0])}}}", _escaped(text))
    return f'${{"{_MARK}"}}{text.removeprefix(_MARK)}' if text.startswith(_MARK) else text


def quoted(text: str) -> str:
    """Text as a quoted string of HCL."""
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, written)
    return f'"{_escaped(text)}"'


_MARK = "\ufeff"
_RETURNS = re.compile(r"\$*\r+")  # a `$` before an expression would make it plain text


def _escaped(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


def composes(parts: Sequence[object]) -> bool:
    """Whether a text of these parts has a mark after a reference, whose value may end in a letter that takes it up."""
    return any(
        isinstance(part, str) and combining(part[0]) and not isinstance(before, str) for before, part in pairwise(parts)
    )


def _objects(arns: str) -> str:
    objects = f'[for a in {arns} : a if length(split("/", a)) > 1]'
    listed = f'[for o in {arns} : o if startswith(o, "${{a}}/")]'
    buckets = f'[for a in {arns} : "${{a}}/*" if length(split("/", a)) == 1 && length({listed}) == 0]'
    return f"concat({objects}, {buckets})"


def _belonging(rule: Rule) -> Callable[[str], str]:
    kind, other = map(quoted, BELONGING[rule])
    return lambda arns: f'[for a in {arns} : "${{replace(a, {kind}, {other})}}/*"]'


RULES: dict[Rule, Callable[[str], str]] = {
    "all": lambda arns: arns,
    "secret": lambda arns: (
        f'[for a in {arns} : join(":", slice(split(":", a), 0, 7)) if split(":", a)[2] == "secretsmanager"]'
    ),
    "parameter": lambda arns: f'[for a in {arns} : a if split(":", a)[2] == "ssm"]',
    "bucket": lambda arns: f'[for a in {arns} : a if length(split("/", a)) == 1]',
    "object": _objects,
    "log_group": lambda arns: f'[for a in {arns} : "${{trimsuffix(a, ":*")}}:*"]',
    **{rule: _belonging(rule) for rule in BELONGING},
    "unless_given": lambda arns: f"slice({arns}, 0, 0)",  # an empty list that is one of texts
}
