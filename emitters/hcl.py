"""HCL expressions: text as a template or a quoted string, and the rules of list parameters.

`RULES` says in HCL what `ecsiam.model.each.RULES` says in Python; a test runs both on the same lists.
"""

from collections.abc import Callable

from ecsiam.model.each import Rule


def escape(text: str) -> str:
    """Text as a Terraform template that means just that text."""
    return text.replace("${", "$${").replace("%{", "%%{")


def quoted(text: str) -> str:
    """Text as a quoted string of HCL."""
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, written)
    return f'"{escape(text)}"'


def _objects(arns: str) -> str:
    objects = f'[for a in {arns} : a if length(split("/", a)) > 1]'
    listed = f'[for o in {arns} : o if startswith(o, "${{a}}/")]'
    buckets = f'[for a in {arns} : "${{a}}/*" if length(split("/", a)) == 1 && length({listed}) == 0]'
    return f"concat({objects}, {buckets})"


RULES: dict[Rule, Callable[[str], str]] = {
    "all": lambda arns: arns,
    "secret": lambda arns: (
        f'[for a in {arns} : join(":", slice(split(":", a), 0, 7)) if split(":", a)[2] == "secretsmanager"]'
    ),
    "parameter": lambda arns: f'[for a in {arns} : a if split(":", a)[2] == "ssm"]',
    "bucket": lambda arns: f'[for a in {arns} : a if length(split("/", a)) == 1]',
    "object": _objects,
    "log_group": lambda arns: f'[for a in {arns} : "${{trimsuffix(a, ":*")}}:*"]',
    "services_of_cluster": lambda arns: f'[for a in {arns} : "${{replace(a, ":cluster/", ":service/")}}/*"]',
    "unless_given": lambda arns: f"slice({arns}, 0, 0)",  # an empty list that is one of texts
}
