"""A statement of a role of a stack, where it stands."""

from attrs import frozen

from ecsiam.analysis.leaf import Leaf
from ecsiam.model.home import Home
from ecsiam.model.policy import Policy
from ecsiam.model.role import Role
from ecsiam.model.stack import Stack
from ecsiam.model.statement import Statement


@frozen
class Place:
    """A statement where it stands."""

    stack: Stack
    role: Role
    policy: str
    document: Policy
    at: int

    @property
    def statement(self) -> Statement:
        return self.document.statements[self.at]

    @property
    def leaf(self) -> Leaf:
        return Leaf(self.statement, self.document.version)

    @property
    def home(self) -> Home:
        return self.stack.deployment.home

    def __str__(self) -> str:
        sid = f" `{self.statement.sid}`" if self.statement.sid else ""
        return f"policy `{self.policy}`, statement {self.at}{sid}"
