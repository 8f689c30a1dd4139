"""What a deployment hands on, and how an id is spelt for CloudFormation."""

from typing import Literal

from attrs import frozen

Attribute = Literal["arn", "name", "id"]
_WORDS: dict[Attribute, str] = {"arn": "ARN", "name": "Name", "id": "Id (the name, as Terraform has it)"}


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
