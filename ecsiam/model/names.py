"""What a deployment hands on, how an id is spelt for CloudFormation, and names that fit."""

from hashlib import sha256
from typing import Literal

from attrs import frozen

from ecsiam.model.text import Text, text

Attribute = Literal["arn", "name", "id", "profile_arn", "profile_name"]
# Those of the instance profile that holds the role.
PROFILE_ATTRIBUTES: tuple[Attribute, ...] = ("profile_arn", "profile_name")
_WORDS: dict[Attribute, str] = {
    "arn": "ARN",
    "name": "Name",
    "id": "Id (the name, as Terraform has it)",
    "profile_arn": "ARN of the instance profile",
    "profile_name": "Name of the instance profile",
}


@frozen
class Output:
    """A value that the deployment hands on: an attribute of a role that is for `purpose`.

    `id` is what Terraform calls so: the name.
    """

    name: str
    role: str
    attribute: Attribute
    purpose: str

    @property
    def description(self) -> str:
        return f"{_WORDS[self.attribute]} of the {self.purpose} role"


def camel_case(name: str) -> str:
    """`github_actions_role` -> `GithubActionsRole`: an id as CloudFormation takes it."""
    return "".join(word.capitalize() for word in name.split("_"))


_DIGEST = 8  # characters


def ended(begins: Text, end: str, most: int) -> Text:
    """A name that begins and ends so, of at most `most` characters.

    One that is too long is cut before its end, and a digest of all of it stands for what went: it hangs on nothing but
    the name itself. What only the deployment knows can't be cut.
    """
    if begins.literal is None:
        return Text.of(begins, end)
    name = begins.literal + end
    if len(name) > most:
        digest = sha256(name.encode()).hexdigest()[:_DIGEST]
        name = f"{begins.literal[: most - len(end) - _DIGEST - 1].rstrip('-_.')}-{digest}{end}"
    return text(name)
