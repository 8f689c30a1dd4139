"""What a need is: requests that a role has to be allowed, with the field that asks for them."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from ecsiam.errors import Path
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, Bindings, Ref, Text, text
from ecsiam.readers.forms import told
from ecsiam.readers.found import FoundService, FoundTask, Place, Value, symbol
from ecsiam.readers.needs.valuefrom import Reads, reads

ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
SECRET = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed"


@frozen
class Asked:
    """One request: an action on a resource, and the condition keys that are known to go with it."""

    action: str
    resource: Text
    context: tuple[tuple[str, Text], ...] = ()


Way = tuple[Asked, ...]


@frozen
class TaskNeed:
    """What has to be allowed for a task to start or work, with the field that asks for it.

    One of `ways` has to be allowed, all requests of it: there is more than one only where the file doesn't tell which
    kind of thing is meant. `failure` is what AWS says when it is not, in AWS's own words.
    """

    role: str
    """Whose request it is: `execution`, `task`, `passing` of who runs the task, `pipeline` of who deploys it, `ecs` of
    ECS itself."""
    ways: tuple[Way, ...]
    place: Place
    what: str
    """What ECS does, or the step of a pipeline, to follow "ECS ": ``reads the secret `...` ``."""
    failure: str
    page: str
    unsure: str = ""
    """Why it may not be needed, or not be enough; empty: it is."""
    policy: str = ""
    """AWS's managed policy that is made for it."""


@frozen
class Known:
    """What is known beside the definition: services that run it, customer keys and ARNs of the root."""

    services: tuple[FoundService, ...] = ()
    keys: Mapping[str, Text] = field(factory=dict[str, Text])
    arns: Mapping[Ref, Text] = field(factory=dict[Ref, Text])
    home: Bindings = field(factory=Bindings)
    """The task's own region and account, as far as they are known."""

    def keys_of(self, resource: Text) -> list[Text]:
        """The customer keys of what an ARN names: by its symbols, or as the ARN of something of the root."""
        named = {ref.name.rpartition(".")[0] for ref in resource.refs}
        return [key for address, key in sorted(self.keys.items()) if address in named or self._is(address, resource)]

    def _is(self, address: str, resource: Text) -> bool:
        arns = (self.arns.get(symbol(address, attribute)) for attribute in ("arn", "Arn"))
        return any(arn.bind(self.home) == resource.bind(self.home) for arn in arns if arn is not None)


# ---------------------------------------------------------------- secrets and parameters


def secret_need(
    of: FoundTask | FoundService, known: Known, at: Path, secret: Mapping[str, Value]
) -> Iterator[TaskNeed]:
    """What an entry of `secrets` or `secretOptions` is read with."""
    """The need to read what an entry of `secrets` or `secretOptions` names."""
    given = text_of(secret.get("valueFrom"))
    if given is not None:
        place = of.at((*at, "valueFrom"))
        name = secret.get("name")
        what = f"reads `{named(given, known)}`{f' for `{name}`' if name else ''}"
        yield reading(known, reads(given, known.arns), place, what, "specifying-sensitive-data.html")


def reading(known: Known, found: Reads, place: Place, what: str, page: str) -> TaskNeed:
    """The need to read a secret or parameter, with the customer key where that is known."""
    ways: list[Way] = []
    for action, resources in found.ways:
        way = [Asked(action, resource) for resource in resources]
        for resource in resources:
            way += _decrypting(known, resource, action)
        ways.append(tuple(way))
    return TaskNeed("execution", tuple(ways), place, what, SECRET, f"{ECS}/{page}", found.unsure)


def _decrypting(known: Known, resource: Text, action: str) -> Iterator[Asked]:
    service, key = ("secretsmanager", "SecretARN") if "secret" in action else ("ssm", "PARAMETER_ARN")
    parts = resource.split(":", 5)
    region = parts[3] if len(parts) == 6 else text(AWS_REGION)
    for key_arn in known.keys_of(resource):
        via = Text.of(f"{service}.", region, ".amazonaws.com")
        caller = ("kms:CallerAccount", text(ACCOUNT_ID))
        context = (("kms:ViaService", via), (f"kms:EncryptionContext:{key}", resource), caller)
        yield Asked("kms:Decrypt", key_arn, context)


# ---------------------------------------------------------------- values


def text_of(value: Value) -> Text | None:
    """A text that says something; None for anything else."""
    return text(value) if isinstance(value, str | Text) and value and (isinstance(value, str) or value.parts) else None


def named(given: Text, known: Known) -> str:
    """A text as people write it: with the attribute in place of the ARN that it begins with."""
    for ref, arn in known.arns.items():
        if arn.parts and given.parts[: len(arn.parts)] == arn.parts:
            return f"{{{ref.name}}}{Text(given.parts[len(arn.parts) :])}"
    return told(given)
