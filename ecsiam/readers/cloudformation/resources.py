"""What a template's `Ref` and `Fn::GetAtt` of its resources are: names, ARNs of a known form, symbols for the rest.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

import re
from collections.abc import Callable, Iterator, Mapping

from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, DNS_SUFFIX, PARTITION, Bindings, Ref, Text, text
from ecsiam.readers.cloudformation.intrinsics import PSEUDO, Resolver
from ecsiam.readers.cloudformation.resolved import Pieces
from ecsiam.readers.cloudformation.syntax import Node
from ecsiam.readers.forms import CLOUDFORMATION, Kind, arn_of
from ecsiam.readers.found import symbol

ROLE, MANAGED_POLICY, TASK = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::ECS::TaskDefinition"
STACKS = ("AWS::CloudFormation::Stack", "AWS::Serverless::Application")

# Types that are made as another kind.
_AS = {
    "AWS::DynamoDB::GlobalTable": "AWS::DynamoDB::Table",
    "AWS::KMS::ReplicaKey": "AWS::KMS::Key",
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
}
_NAMES = {
    ROLE: "RoleName",
    MANAGED_POLICY: "ManagedPolicyName",
    "AWS::ECS::Service": "ServiceName",
    "AWS::Serverless::StateMachine": "Name",
}
# Attributes by type, `` for `Ref`: `{name}`, `{id}`, `{arn}` are the resource's, `{path}` is that of a role or policy.
ROLE_ARN = "arn:{partition}:iam::{account_id}:role{path}{name}"
_POLICY_ARN = "arn:{partition}:iam::{account_id}:policy{path}{name}"
_ATTRIBUTES = {
    (ROLE, ""): "{name}",
    (ROLE, "Arn"): ROLE_ARN,
    (MANAGED_POLICY, ""): _POLICY_ARN,
    (MANAGED_POLICY, "PolicyArn"): _POLICY_ARN,
    ("AWS::DynamoDB::Table", "StreamArn"): "{arn}/stream/{stream}",
    ("AWS::ECR::Repository", "RepositoryUri"): "{account_id}.dkr.ecr.{aws_region}.{dns_suffix}/{name}",
    ("AWS::ECS::Service", "Name"): "{name}",
    ("AWS::EFS::AccessPoint", "AccessPointId"): "{id}",
    ("AWS::EFS::FileSystem", "FileSystemId"): "{id}",
    ("AWS::Events::EventBus", "Name"): "{name}",
    ("AWS::KMS::Key", "KeyId"): "{id}",
    ("AWS::Logs::LogGroup", "Arn"): "{arn}:*",
    ("AWS::SecretsManager::Secret", "Id"): "{arn}",
    ("AWS::SNS::Topic", "TopicArn"): "{arn}",
    ("AWS::SNS::Topic", "TopicName"): "{name}",
    ("AWS::SQS::Queue", "QueueName"): "{name}",
    ("AWS::SQS::Queue", "QueueUrl"): "{url}",
    ("AWS::StepFunctions::StateMachine", "Name"): "{name}",
}
_WITHOUT_ARN = ("AWS::SSM::Parameter",)
# What RDS and Redshift make in Secrets Manager.
_MASTER_SECRET = re.compile(r"(MasterUserSecret)\.SecretArn|(MasterPasswordSecretArn)")
_PART = re.compile(r"\{(\w+)\}")


class Resources:
    """The resources of a template by logical id, and what refers to them."""

    def __init__(self, template: Node, prefix: str = "") -> None:
        found = template.get("Resources")
        self.nodes: dict[str, Node] = found.fields if found else {}
        self.prefix = prefix
        self.resolver: Resolver
        self.output: Callable[[str, str], Text | None]
        """What a nested stack hands on, by the stack's id and the output's name."""
        self.imported: Callable[[str, Text], Text | None]
        """What another template hands on, by kind and name."""
        self.open: list[str] = []
        self.is_transformed = template.get("Transform") is not None  # then there may be resources that aren't written

    def type(self, id: str) -> str:
        """The type of a resource; empty where there is no such resource."""
        kind = self.nodes[id].get("Type") if id in self.nodes else None
        return str(kind.value) if kind else ""

    def of(self, *types: str) -> Iterator[tuple[str, Node]]:
        """The resources of some types."""
        return ((id, node) for id, node in self.nodes.items() if self.type(id) in types)

    def said(self, id: str, *path: str | int) -> Text | None:
        """What a property says, None where nothing does, or not as a text. One that asks for itself says nothing."""
        node = self.nodes[id].get("Properties", *path)
        if node is None or id in self.open:
            return None
        self.open.append(id)
        try:
            return self.resolver.text(node)
        finally:
            self.open.pop()

    def kind(self, id: str) -> Kind | None:
        """The kind of a resource whose ARN has a known form."""
        return CLOUDFORMATION.get(_AS.get(self.type(id), self.type(id)))

    def name(self, id: str) -> Text | None:
        """The name of a resource, None where CloudFormation makes one."""
        kind = self.kind(id)
        named = _NAMES.get(self.type(id)) or (kind.name[1] if kind else "")
        return self.said(id, named) if named else None

    def placed(self, found: Text) -> Text:
        """A text with the account and region of the stack, once they are known."""
        known = {
            PSEUDO[name].refs[0].name: str(self.resolver.given[name]) for name in PSEUDO if name in self.resolver.given
        }
        return found.bind(Bindings(deployment=known)) if known else found

    def arn(self, id: str) -> Text:
        """The ARN of a resource, as far as its kind tells."""
        return self.placed(self._arn(id))

    def _arn(self, id: str) -> Text:
        kind = self.kind(id)
        if kind is None:
            return text(symbol(self.address(id), "arn"))
        url = self.said(id, "Url") if kind.cloudformation == "AWS::IAM::OIDCProvider" else None
        if url is not None:
            host = url.removeprefix("https://")
            return Text.of("arn:", PARTITION, ":iam::", ACCOUNT_ID, ":oidc-provider/", host)
        return arn_of(kind, self.address(id), self.name(id))

    def arn_attribute(self, id: str) -> str | None:
        """The attribute that gives the ARN of a resource, empty where `Ref` does; None where nothing does."""
        kind = self.kind(id)
        if self.type(id) == MANAGED_POLICY or (kind is not None and kind.ref == "arn"):
            return ""
        known = self.type(id) == ROLE or (kind is not None and kind.cloudformation not in _WITHOUT_ARN)
        return "Arn" if known else None

    def task_arn(self, id: str) -> Text:
        """The ARN of a task definition: its revision is not known, and its family where CloudFormation makes one."""
        family = self.said(id, "Family") or text(symbol(self.address(id), "family"))
        here = ("arn:", PARTITION, ":ecs:", AWS_REGION, ":", ACCOUNT_ID, ":task-definition/")
        return self.placed(Text.of(*here, family, ":", symbol(self.address(id), "revision")))

    def address(self, id: str) -> str:
        """What a resource is called in the root."""
        return f"{self.prefix}{id}"

    def shown(self, id: str) -> str:
        """What messages call a resource: its path in the CDK's tree, where it has one."""
        path = self.nodes[id].get("Metadata", "aws:cdk:path")
        return str(path.value).removesuffix("/Resource") if path and isinstance(path.value, str) else self.address(id)

    def refer(self, id: str, attribute: str) -> Text | Pieces | None:
        """What `Ref` (no attribute) or `Fn::GetAtt` of a resource is; None where there is no such resource."""
        if id not in self.nodes:
            return text(symbol(self.address(id), attribute or "Ref")) if self.is_transformed else None
        type, address = self.type(id), self.address(id)
        kind = self.kind(id)
        if type in STACKS and attribute.startswith("Outputs."):
            found = self.output(id, attribute.removeprefix("Outputs."))
            return text(symbol(address, f"{attribute} of the stack")) if found is None else found
        if type == "AWS::SecretsManager::SecretTargetAttachment" and not attribute:
            return self.said(id, "SecretId") or text(symbol(address, "arn"))
        if type == "Custom::CrossRegionExportReader" and (found := self.imported("parameter", text(attribute))):
            return found
        if type == TASK and attribute in ("", "TaskDefinitionArn"):
            return self.task_arn(id)
        form = _ATTRIBUTES.get((type if kind is None else kind.cloudformation, attribute))
        if form is not None:
            return self.formed(id, form)
        if kind is not None and attribute in ("", "Arn"):
            known = {"arn": "{arn}", "name": "{name}"}
            return self.formed(id, "{arn}" if attribute else known.get(kind.ref, f"{{{kind.ref}}}"))
        if secret := _MASTER_SECRET.fullmatch(attribute):
            return arn_of(CLOUDFORMATION["AWS::SecretsManager::Secret"], f"{address}.{secret[1] or secret[2]}", None)
        # A custom resource's `name` is kept apart from the names above, of whose form something is known.
        return text(symbol(address, attribute if attribute[:1].isupper() else f"{attribute or 'Ref'} of it"))

    def formed(self, id: str, form: str) -> Text:
        """A text of `_ATTRIBUTES` for a resource."""
        known: Mapping[str, Callable[[], Text | Ref]] = {
            "account_id": lambda: ACCOUNT_ID,
            "arn": lambda: self.arn(id),
            "aws_region": lambda: AWS_REGION,
            "dns_suffix": lambda: DNS_SUFFIX,
            "name": lambda: self.name(id) or symbol(self.address(id), "name"),
            "partition": lambda: PARTITION,
            "path": lambda: self.path(id),
        }

        def put(piece: str) -> Text | Ref:
            return known[piece]() if piece in known else symbol(self.address(id), piece)

        return self.placed(Text.of(*(put(piece) if i % 2 else piece for i, piece in enumerate(_PART.split(form)))))

    def path(self, id: str) -> Text:
        """The path of a role or policy."""
        if self.nodes[id].get("Properties", "Path") is None:
            return text("/")
        return self.said(id, "Path") or text(symbol(self.address(id), "path"))
