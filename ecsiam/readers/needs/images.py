"""Which repository of ECR an image is pulled from.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
"""

import re
from collections.abc import Mapping

from ecsiam.model.text import PARTITION, Ref, Text

_HOSTS = (".dkr.ecr.", ".dkr.ecr-fips.", ".dkr-ecr.", ".dkr-ecr-fips.")  # the last two of dual-stack endpoints
_TAG = re.compile(r"[:@].*")
_URLS = (".repository_url", ".RepositoryUri")


def repository_of(image: Text, arns: Mapping[Ref, Text]) -> Text | None:
    """The ARN of the repository, by account and region of the host's name; None for an image of another registry."""
    first = image.parts[0] if image.parts else ""
    if isinstance(first, Ref):
        url = next((url for url in _URLS if first.name.endswith(url)), None)
        if url is not None:
            address = first.name.removesuffix(url)
            return next((arn for ref, arn in arns.items() if ref.name in (f"{address}.arn", f"{address}.Arn")), None)
    for host in _HOSTS:
        account, *rest = image.split(host, 1)
        if rest:
            region = rest[0].split(".", 1)[0]
            path = rest[0].split("/", 1)
            if len(path) == 2 and account.parts and not account.holds("/"):
                return Text.of("arn:", PARTITION, ":ecr:", region, ":", account, ":repository/", _untagged(path[1]))
    return None


def _untagged(name: Text) -> Text:
    """A repository's name without tag and digest."""
    kept: list[str | Ref] = []
    for part in name.parts:
        if isinstance(part, str) and _TAG.search(part):
            kept.append(_TAG.sub("", part))
            break
        kept.append(part)
    return Text(tuple(kept))
