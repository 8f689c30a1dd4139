"""What the customer managed KMS keys of a service's data take: the key is used through that service only.

Data lies in the region of its key, so the key's ARN says in which region the service is.
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from collections.abc import Iterable, Sequence

from ecsiam.features.project import allow
from ecsiam.keys.values import as_text, resources
from ecsiam.model.arn import Arn, via_service
from ecsiam.model.condition import Condition
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order


def granted(service: str, keys: Sequence[str], actions: Iterable[str], origin: Origin) -> Statement:
    """The keys used through a service, by each name that KMS may have for it."""
    return _used(
        keys, actions, origin, (via for a in _arns(keys) for via in via_service(service, a.region, a.partition))
    )


def needed(service: str, keys: Sequence[str], actions: Iterable[str], origin: Origin) -> Statement:
    """The requests that have to be allowed: by the one name of the service that AWS documents."""
    return _used(keys, actions, origin, (Text.of(f"{service}.", a.region, ".amazonaws.com") for a in _arns(keys)))


def _arns(keys: Sequence[str]) -> list[Arn]:
    return [Arn.parse(as_text(key)) for key in keys]


def _used(keys: Sequence[str], actions: Iterable[str], origin: Origin, through: Iterable[Text]) -> Statement:
    return allow(actions, resources(keys), origin, Condition("StringEquals", "kms:ViaService", in_order(through)))
