"""The page of rules, as Markdown: docs/rules.md is made of it."""

from ecsiam.findings.rules import RULES, Rule

_HEAD = """# Rules

What `ecsiam check` finds, each by a rule whose id stays. An error is an outage or an apply that fails, a warning
is wrong and may go unnoticed, a note says what was not judged. [check.md](check.md) says how a finding is accepted.

The last column says as what others know some of the same: IAM Access Analyzer's checks of a policy (`AA`), parliament,
cfn-lint and Checkov. They look at one policy by itself.

| rule | severity | finds | others |
|---|---|---|---|
"""


def rules_page() -> str:
    """All rules in a table, and each by itself."""
    rows = "".join(
        f"| [{rule.id}](#{rule.id}) | {rule.severity} | {rule.says} | {_others(rule)} |\n" for rule in RULES.values()
    )
    each = "".join(
        f"\n## {rule.id}\n\n{rule.says[:1].upper()}{rule.says[1:]}. {rule.why}\n\nAWS: <{rule.page}>\n"
        for rule in RULES.values()
    )
    return f"{_HEAD}{rows}{each}"


def _others(rule: Rule) -> str:
    return ", ".join(f"`{one}`" for one in rule.others)
