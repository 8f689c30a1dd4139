"""What the policies of resources give to roles: in its own account a role needs no policy for what one of them allows.

So the CDK lets a role use the key of a secret: in the key's policy, and nowhere else.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterable, Iterator

from attrs import evolve

from ecsiam.analysis.unknown import UNREAD
from ecsiam.model.condition import conditions
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Only, Statement
from ecsiam.model.text import Text, text
from ecsiam.readers.documents import read_document
from ecsiam.readers.found import FoundResourcePolicy, Root, symbol
from ecsiam.readers.naming import Index, T

_EVERY = text("*")
_UNSURE = conditions({"StringEquals": {UNREAD: "?"}})


def granted(roots: Iterable[Root], roles: Index[T]) -> tuple[dict[str, Policy], list[tuple[T, str, Policy]]]:
    """What the policies of resources allow everyone, and what they allow single roles, each by its place.

    What a policy allows somebody who isn't known it may allow anyone, on a condition that nobody knows either.
    """
    everyone: dict[str, Policy] = {}
    single: list[tuple[T, str, Policy]] = []
    for root in roots:
        for found in root.found:
            if isinstance(found, FoundResourcePolicy):
                for i, (principal, statement) in enumerate(_allowed(found)):
                    called = f"{root.name}:{found.address} {i}"
                    named = roles.of(principal)
                    if named:
                        single += ((role, called, _policy(statement)) for role in named)
                    elif principal == _EVERY:
                        everyone[called] = _policy(statement)
                    elif not (principal.parts and isinstance(principal.parts[0], str)):
                        everyone[called] = _policy(evolve(statement, conditions=(*statement.conditions, *_UNSURE)))
    return everyone, single


def _policy(statement: Statement) -> Policy:
    return Policy([statement], as_is=True)


def _allowed(found: FoundResourcePolicy) -> Iterator[tuple[Text, Statement]]:
    """Whom a policy lets do what, as statements of identities: about the resource that has the policy."""
    read = read_document(found.document, "resource", found.address)
    if read.gaps and found.arn is not None:
        yield text(symbol(found.address, "policy")), Statement("Allow", "*", found.arn, as_is=True)
    for statement in read.statements:
        if statement.effect == "Allow" and isinstance(statement.principals, Only):
            items = statement.resources.items if isinstance(statement.resources, Only) else ()
            if found.arn is not None:
                items = tuple(one for one in items if one != _EVERY) or (found.arn,)
            for principal in statement.principals.items if items else ():
                if principal.type in ("*", "AWS"):
                    yield _named(principal), evolve(statement, principals=None, resources=Only(items))


def _named(principal: Principal) -> Text:
    return _EVERY if principal.type == "*" else principal.id
