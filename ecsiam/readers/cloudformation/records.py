"""The resources of a template as records: each type that says something of roles, or of what runs with them."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import cast

from attrs import frozen

from ecsiam.errors import show_path
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Ref, Text, text
from ecsiam.readers.cloudformation.documents import At, Hangs, document
from ecsiam.readers.cloudformation.ecs import ApiValue, api_value, text_at
from ecsiam.readers.cloudformation.intrinsics import Resolver
from ecsiam.readers.cloudformation.resolved import alternatives, text_of, unknown, why_not
from ecsiam.readers.cloudformation.resources import MANAGED_POLICY, ROLE, ROLE_ARN, TASK, Resources
from ecsiam.readers.cloudformation.syntax import Node, references
from ecsiam.readers.found import (
    Found,
    FoundAttachment,
    FoundDocument,
    FoundInline,
    FoundManaged,
    FoundPassing,
    FoundProvider,
    FoundResourcePolicy,
    FoundRole,
    FoundService,
    FoundTask,
    Gap,
    Place,
    Value,
    symbol,
)


class Records:
    """Reads the resources of one template, and keeps what was not understood."""

    def __init__(self, file: str, resources: Resources, resolver: Resolver) -> None:
        self.file, self.resources, self.resolver = file, resources, resolver
        self.gaps: list[Gap] = []

    @cached_property
    def handed(self) -> frozenset[str]:
        """The resources that are named by something else than a role: an output, a stack, a group."""
        nodes = [node for id, node in self.resources.nodes.items() if self.resources.type(id) != ROLE]
        outputs = self.resolver.template.get("Outputs")
        found = {name for node in (*nodes, *([outputs] if outputs else ())) for name in references(node)}
        for id, node in self.resources.of(MANAGED_POLICY):
            if node.get("Properties", "Users") or node.get("Properties", "Groups"):
                found.add(id)
        return frozenset(found)

    @staticmethod
    def at(file: str, node: Node, address: str = "") -> Place:
        """Where a node stands."""
        return Place(file, node.line, node.path, address)

    def place(self, node: Node, id: str) -> Place:
        """Where a node of a resource stands."""
        return self.at(self.file, node, self.resources.shown(id))

    def gap(self, node: Node, id: str, why: str) -> None:
        self.gaps.append(Gap(self.place(node, id), why))

    def resource(self, id: str) -> Node:
        """A resource itself, as its place."""
        return self.resources.nodes[id]

    def property(self, id: str, *path: str | int) -> Node | None:
        """A property with its functions worked out; None where there is none."""
        return self.resolver.value(self.resource(id).get("Properties", *path))

    def text(self, id: str, *path: str | int) -> Text | None:
        """A property that is a text. One that can't be known is a symbol, and a gap."""
        node = self.property(id, *path)
        return None if node is None else self.said(node, id)

    def said(self, node: Node, id: str) -> Text:
        """The text that a resolved node is; a symbol, and a gap, where that can't be known."""
        found = text_of(node)
        if found is None:
            self.gap(node, id, f"`{_called(node, id)}` is not understood: {why_not(node)}")
            return text(symbol(f"unread {self.file} {show_path(node.path)}"))
        return found

    def document(self, id: str, node: Node | None, hangs: Hangs = (), condition: str = "") -> FoundDocument:
        at = At(self.file, self.resources.shown(id))
        names = [*([condition] if condition else []), *(either.condition for either in hangs)]
        return document(node, self.resource(id), at, names)

    def texts(self, id: str, *path: str | int) -> Iterator[tuple[Text, Hangs, Node]]:
        """The items of a property that is a list of texts, with the conditions that each hangs on."""
        for node, hangs in alternatives(self.property(id, *path)):
            yield self.said(node, id), hangs, node

    def present(self, id: str, condition: str) -> None:
        """Say of a resource that it is taken as there."""
        if condition:
            self.gap(self.resource(id), id, f"taken as there: {unknown(condition)}")


def _called(node: Node, id: str) -> str:
    """What messages call a node: the key that it has, or that its list has."""
    keys = (step for step in reversed(node.path) if isinstance(step, str) and not step.startswith("Fn::"))
    return next(keys, id)


# ---------------------------------------------------------------- IAM


def _role(r: Records, id: str, condition: str) -> Iterator[Found]:
    r.present(id, condition)
    address = r.resources.address(id)
    inline: list[tuple[Text, FoundDocument]] = []
    for policy, hangs in alternatives(r.property(id, "Policies")):
        given = policy.fields.get("PolicyName")
        called = r.said(given, id) if given else text(symbol(address, f"policy in line {policy.line}"))
        inline.append((called, r.document(id, policy.fields.get("PolicyDocument") or _none(policy), hangs)))
    managed: list[Text] = []
    for arn, hangs, _ in r.texts(id, "ManagedPolicyArns"):
        managed.append(_perhaps(arn, hangs))
    duration = r.property(id, "MaxSessionDuration")
    seconds = None if duration is None else (text_of(duration) or text(symbol(address, "duration"))).literal
    path = r.resources.path(id)
    name = r.resources.name(id)
    yield FoundRole(
        address=address,
        place=r.place(r.resource(id), id),
        trust=r.document(id, r.property(id, "AssumeRolePolicyDocument")),
        name=name,
        path=path.literal or "/",
        inline=tuple(inline),
        managed=tuple(managed),
        boundary=r.text(id, "PermissionsBoundary"),
        max_session_duration=int(seconds) if seconds and seconds.isdecimal() and len(seconds) < 9 else None,
        tags=tuple(_tags(r, id)),
        arn=r.resources.formed(id, ROLE_ARN),
    )


def _perhaps(arn: Text, hangs: Hangs) -> Text:
    """A managed policy. One that hangs on a condition counts as one that wasn't read."""
    return text(symbol(f"{arn} if {hangs[0].condition}")) if hangs else arn


def _none(policy: Node) -> Node | None:
    """What stands for the document of a policy: the policy itself, where it was not understood."""
    return None if isinstance(policy.value, dict) else policy


def _tags(r: Records, id: str) -> Iterator[tuple[str, Text]]:
    for tag, hangs in alternatives(r.property(id, "Tags")):
        key, value = tag.fields.get("Key"), tag.fields.get("Value")
        name = text_of(key) if key else None
        if name is not None and name.literal is not None and value is not None and not hangs:
            yield name.literal, r.said(value, id)


def _inline(r: Records, id: str, condition: str) -> Iterator[Found]:
    """A policy that names its roles. Those that hang on a condition get a copy of their own, which hangs on it too."""
    address = r.resources.address(id)
    node = r.property(id, "PolicyDocument")
    name = r.text(id, "PolicyName") or text(symbol(address, "name"))
    roles: dict[Hangs, list[Text]] = {}
    for role, hangs, _ in (*r.texts(id, "Roles"), *r.texts(id, "RoleName")):
        roles.setdefault(hangs, []).append(role)
    for hangs, named in roles.items():
        yield FoundInline(address, tuple(named), name, r.document(id, node, hangs, condition))


def _managed(r: Records, id: str, condition: str) -> Iterator[Found]:
    address = r.resources.address(id)
    roles: list[Text] = []
    arn = cast("Text", r.resources.refer(id, ""))
    for role, hangs, node in r.texts(id, "Roles"):
        if hangs:
            yield FoundAttachment(address, r.place(node, id), _perhaps(arn, hangs), (role,))
        else:
            roles.append(role)
    made = r.document(id, r.property(id, "PolicyDocument"), condition=condition)
    name = r.resources.name(id) or text(symbol(address, "name"))
    yield FoundManaged(address, arn, name, made, tuple(roles))
    if id in r.handed:
        yield FoundAttachment(address, r.place(r.resource(id), id), arn, ())


# ---------------------------------------------------------------- ECS


def _api(r: Records, id: str) -> ApiValue:
    found = api_value(r.property(id) or Node({}, r.resource(id).line))
    for node, why in found.unread:
        r.gap(node, id, f"`{_called(node, id)}` is {why}")
    return found


def _task(r: Records, id: str, condition: str) -> Iterator[Found]:
    r.present(id, condition)
    made, address = _api(r, id), r.resources.address(id)
    value = made.value
    if isinstance(value, dict):  # where no family is said, CloudFormation makes one
        value = {"family": text(symbol(address, "family")), **cast("dict[str, Value]", value)}
    given = r.resolver.given
    at = (given.get("AWS::Region"), given.get("AWS::AccountId"))
    yield FoundTask(address, r.place(r.resource(id), id), value, made.lines, *at)


def _service(r: Records, id: str, condition: str) -> Iterator[Found]:
    r.present(id, condition)
    made = _api(r, id)
    task = text_at(made.value, "taskDefinition")
    yield FoundService(r.resources.address(id), r.place(r.resource(id), id), made.value, task, made.lines)


# ---------------------------------------------------------------- who runs tasks


def _rule(r: Records, id: str, condition: str) -> Iterator[Found]:
    for target, _ in alternatives(r.property(id, "Targets")):
        if "EcsParameters" in target.fields:
            yield _passing(r, id, target, "events", ("EcsParameters", "TaskDefinitionArn"), "Arn")


def _schedule(r: Records, id: str, condition: str) -> Iterator[Found]:
    target = r.property(id, "Target")
    if target is not None and "EcsParameters" in target.fields:
        yield _passing(r, id, target, "scheduler", ("EcsParameters", "TaskDefinitionArn"), "Arn")


def _pipe(r: Records, id: str, condition: str) -> Iterator[Found]:
    pipe = r.property(id)
    if pipe is not None and pipe.get("TargetParameters", "EcsTaskParameters"):
        yield _passing(r, id, pipe, "pipes", ("TargetParameters", "EcsTaskParameters", "TaskDefinitionArn"), "Target")


def _passing(r: Records, id: str, node: Node, service: str, task: tuple[str, ...], cluster: str) -> FoundPassing:
    def at(*path: str) -> Text | None:
        found = node.get(*path)
        return None if found is None else r.said(found, id)

    return FoundPassing(
        r.resources.address(id), r.place(node, id), f"{service}.amazonaws.com", at("RoleArn"), at(*task), at(cluster)
    )


@frozen
class _Policied:
    """A type that has a policy, or is one: where that stands, and where the resource that it is of is named."""

    policy: str
    of: str = ""

    def __call__(self, r: Records, id: str, condition: str) -> Iterator[Found]:
        node = r.property(id, self.policy)
        if node is not None:
            arn = r.resources.said(id, self.of) if self.of else r.resources.arn(id)
            made = r.document(id, node, condition=condition)
            yield FoundResourcePolicy(r.resources.address(id), arn if self.of != "Bucket" else None, made)


def _provider(r: Records, id: str, condition: str) -> Iterator[Found]:
    url = r.text(id, "Url")
    if url is not None and url.literal is not None:
        given = [(one.literal, hangs) for one, hangs, _ in r.texts(id, "ClientIdList")]
        named = tuple(literal for literal, hangs in given if literal is not None and not hangs)
        issuer = url.literal.removeprefix("https://")
        known = len(named) == len(given) and not condition
        yield FoundProvider(r.resources.address(id), r.place(r.resource(id), id), issuer, named if known else None)


RECORDS: dict[str, Callable[[Records, str, str], Iterator[Found]]] = {
    ROLE: _role,
    "AWS::IAM::OIDCProvider": _provider,
    "AWS::IAM::Policy": _inline,
    "AWS::IAM::RolePolicy": _inline,
    MANAGED_POLICY: _managed,
    TASK: _task,
    "AWS::ECS::Service": _service,
    "AWS::Events::Rule": _rule,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::Pipes::Pipe": _pipe,
    "AWS::ECR::Repository": _Policied("RepositoryPolicyText"),
    "AWS::EFS::FileSystem": _Policied("FileSystemPolicy"),
    "AWS::KMS::Key": _Policied("KeyPolicy"),
    "AWS::S3::BucketPolicy": _Policied("PolicyDocument", "Bucket"),
    "AWS::SecretsManager::ResourcePolicy": _Policied("ResourcePolicy", "SecretId"),
}


# ---------------------------------------------------------------- beside the records


def known_arns(resources: Resources) -> dict[Ref, Text]:
    """What is known of ARNs, by what gives them in the template; of task definitions by `arn`, which names them all."""
    found: dict[Ref, Text] = {}
    for id, _ in resources.nodes.items():
        address, attribute = resources.address(id), resources.arn_attribute(id)
        if resources.type(id) == TASK:
            found[symbol(address, "arn")] = resources.task_arn(id)
        elif attribute is not None and isinstance(arn := resources.refer(id, attribute), Text):
            found[symbol(address, attribute)] = arn
    return found


_KEYS: dict[str, tuple[str | int, ...]] = {
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::S3::Bucket": (
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        0,
        "ServerSideEncryptionByDefault",
        "KMSMasterKeyID",
    ),
}


def customer_keys(resources: Resources) -> dict[str, Text | None]:
    """The customer keys of secrets and buckets, as ARNs: by address of these, None where they have none."""
    found: dict[str, Text | None] = {}
    for type, path in _KEYS.items():
        for id, _ in resources.of(type):
            key = resources.said(id, *path)
            found[resources.address(id)] = None
            if key is not None and key.parts and not key.holds("alias/aws/"):
                found[resources.address(id)] = resources.placed(_key_arn(resources, key, resources.address(id)))
    return found


def _key_arn(resources: Resources, named: Text, address: str) -> Text:
    """The ARN of a key that is named by its ARN, its id, or an alias, whose key may be in the template too."""
    for id, _ in resources.of("AWS::KMS::Alias"):
        alias = resources.said(id, "AliasName")
        if named in (alias, resources.refer(id, "")):
            target = resources.said(id, "TargetKeyId")
            return text(symbol(address, "key")) if target is None else _key_arn_of_id(target)
    return text(symbol(address, "key")) if named.holds("alias/") else _key_arn_of_id(named)


def _key_arn_of_id(named: Text) -> Text:
    first = named.parts[0]
    if isinstance(first, str) and first.startswith("arn:"):
        return named
    if named.literal is not None or (isinstance(first, Ref) and first.name.endswith(".id") and len(named.parts) == 1):
        return Text.of("arn:", PARTITION, ":kms:", AWS_REGION, ":", ACCOUNT_ID, ":key/", named)
    return named


def cluster_configurations(resources: Resources) -> list[tuple[tuple[Text, ...], Value]]:
    """What clusters say of Exec: the texts that name each, and its `configuration` as `create-cluster` takes it."""
    found: list[tuple[tuple[Text, ...], Value]] = []
    for id, node in resources.of("AWS::ECS::Cluster"):
        configuration = resources.resolver.value(node.get("Properties", "Configuration"))
        if configuration is not None:
            name = resources.name(id) or text(symbol(resources.address(id), "name"))
            found.append(((name, resources.arn(id)), api_value(configuration).value))
    return found
