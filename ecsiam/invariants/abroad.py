"""Secrets of other accounts: what ECS can read of them, and with which keys.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html
"""

import re
from collections.abc import Iterator

from attrs import evolve, frozen

from ecsiam.analysis.answers import Answer, Fails, Holds, Undecided
from ecsiam.analysis.patterns import Unclear
from ecsiam.analysis.requests import query
from ecsiam.analysis.searching import search
from ecsiam.invariants.accepting import as_fact
from ecsiam.invariants.asking import granted
from ecsiam.invariants.sent import resource_items
from ecsiam.looks.words import listed
from ecsiam.model.arn import Arn, via_service
from ecsiam.model.condition import Condition
from ecsiam.model.each import Each
from ecsiam.model.intent import Need
from ecsiam.model.stack import Stack
from ecsiam.model.text import Text

_READS = {"secretsmanager": "secretsmanager:getsecretvalue", "ssm": "ssm:getparameters"}
_BY_ECS = "execution"  # a program may read what another account shares, where ECS doesn't
OWN_KEY = "a secret of another account is encrypted with a key of that account"
SECRETS = "secretsmanager"


@frozen
class _Place:
    """Where something is read: by which role, for which flag, in which service, region and account.

    `keys` is the key of the config that has the KMS keys.
    """

    role: str
    when: str
    service: str
    partition: str
    region: str
    account: str
    keys: str


# Where the KMS keys stand in the config, by what reads with them.
_KEYS = {"execution_registry": "registry_credentials_kms_key_arns"}


def abroad(stack: Stack) -> Iterator[Answer]:
    """Whether the secrets and parameters of other accounts that have to be read can be."""
    places: dict[_Place, list[str]] = {}
    for need in stack.intent.needs:
        for service in _read(need):
            for item in resource_items(need.statement):
                if isinstance(item, Each):
                    yield Undecided(f"whether what `{item.parameter}` gives is of the roles' account is left open")
                elif item.literal and (place := _place(need, service, item.literal)):
                    places.setdefault(place, []).append(item.literal)
    for place, arns in places.items():
        answer = _secrets(stack, place, arns) if place.service == SECRETS else _parameters(stack, place, arns)
        yield as_fact(stack, answer, place.role)


def _read(need: Need) -> Iterator[str]:
    actions = {a.pattern.lower() for a in need.statement.actions.items}
    if need.statement.principals is None:
        of_role = _READS if need.role == _BY_ECS else {SECRETS: _READS[SECRETS]}
        yield from (service for service, action in of_role.items() if action in actions)


def _place(need: Need, service: str, item: str) -> _Place | None:
    """Where a secret is; None of what is none, or says no account."""
    parts = item.split(":", 5)
    if len(parts) < 6 or parts[2] != service or not re.fullmatch("[0-9]{12}", parts[4], re.ASCII):
        return None
    feature = need.statement.origin.feature if need.statement.origin else ""
    keys = _KEYS.get(feature, "secrets_kms_key_arns" if need.role == _BY_ECS else "kms_key_arns")
    return _Place(need.role, need.when, service, parts[1], parts[3], parts[4], keys)


def _own(stack: Stack) -> str | None:
    """The roles' account, as far as it is known: what has to be of it tells it too."""
    told = {str(Arn.parse(g.arn).account) for g in stack.deployment.given if g.same_account} - {"aws"}
    return stack.deployment.home.account_id.literal or (told.pop() if len(told) == 1 else None)


def _parameters(stack: Stack, place: _Place, arns: list[str]) -> Answer:
    """ECS takes no parameter of another account, whoever shares it.

    https://github.com/aws/containers-roadmap/issues/2384
    """
    own = _own(stack)
    if own is None:
        return Undecided(f"whether {listed(arns)} is of the roles' account is left open: ECS takes no other parameters")
    if own == place.account:
        return Holds()
    remedy = f"keep it in Secrets Manager, or in account `{own}`"
    return _fails(
        place, f"{listed(arns)} is of account `{place.account}`: ECS takes no parameter of another one; {remedy}"
    )


def _secrets(stack: Stack, place: _Place, arns: list[str]) -> Answer:
    """A secret of another account takes a customer managed key: AWS's own is for its own account alone."""
    own = _own(stack)
    role = stack.roles.get(place.role)
    if role is None or own == place.account:
        return Holds()
    known = granted(role)
    flag = {place.when} - {""}
    leaves = [evolve(leaf, when=() if flag.issuperset(leaf.when) else leaf.when) for leaf in known.leaves]
    key = Arn(place.partition, "kms", place.region, place.account, "key/*").text
    through = via_service(place.service, Text.of(place.region), Text.of(place.partition))
    asked = query("kms:Decrypt", key, conditions=[Condition("StringEquals", "kms:ViaService", through)])
    try:
        found = search(asked & known.by(leaves))
    except Unclear:
        return Undecided(f"whether the {place.role} role may use a key of account `{place.account}` is left open")
    if found is not None:
        return Holds(assumed=(OWN_KEY,))
    no_key = f"the {place.role} role may use no key of account `{place.account}` in `{place.region}`"
    message = f"{no_key} to decrypt {listed(arns)}"
    if known.unread:
        return Undecided(f"{message}, unless {listed(known.unread)}, which was not read, allows it")
    if own is None:
        return Undecided(f"{message}, and whether that is the roles' account is left open")
    why = "AWS's own key is for one account alone"
    return _fails(place, f"{message}: {why}; list its customer managed key in `{place.keys}`")


def _fails(place: _Place, fact: str) -> Fails:
    return Fails(fact=fact, assumed=(OWN_KEY,), values=((place.when, True),) if place.when else ())
