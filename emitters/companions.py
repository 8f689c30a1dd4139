"""What goes with the roles as documents to hand over: a folder for each account, and what to do with each of them.

They are raw IAM JSON for every target: the owners of other resources have other tools.
"""

from collections.abc import Iterator

from ecsiam.model.companion import Companion
from ecsiam.model.owners import own_account, owners
from ecsiam.model.policy import as_written, policy_to_data
from ecsiam.model.stack import Stack

FOLDER = "companions"
Documents = dict[str, object]


def documents(stack: Stack) -> Documents:
    """The documents by relative path, with an index of what to do; none of those whose text is open still."""
    told = sorted(_told(stack), key=lambda one: one[0])
    found: Documents = {path: as_written(policy_to_data(one.policy, str)) for path, one in told}
    return {**found, f"{FOLDER}/index.json": [_row(path, one) for path, one in told]} if told else {}


def _told(stack: Stack) -> Iterator[tuple[str, Companion]]:
    for one in owners(stack):
        account = one.account.literal or own_account(stack)
        if account and all(t.literal is not None for t in one.texts()):
            yield f"{FOLDER}/{account}/{one.id}.json", one


def _row(path: str, one: Companion) -> dict[str, object]:
    row = {
        "file": path.removeprefix(f"{FOLDER}/"),
        "what": one.title,
        "of": str(one.of),
        "do": one.doing,
        "while": one.when,
        "page": one.page,
    }
    return {key: value for key, value in row.items() if value}
