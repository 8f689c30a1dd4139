"""enable_secrets_access: ECS reads the secrets of the task definition and hands them to the containers."""

from collections.abc import Iterator

from ecsiam.features.project import Feature, Part, Project, allow
from ecsiam.model.arn import Arn, via_service
from ecsiam.model.condition import Condition
from ecsiam.model.secret import secret_resource
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin

_FLAG = "enable_secrets_access"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"
_ACTIONS = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}
_REASONS = {"secretsmanager": "read the secrets", "ssm": "read the parameters; ECS asks for several at once"}


def _secrets(project: Project) -> Iterator[Part]:
    config = project.config
    resources = [secret_resource(a, complete=config.secrets_arns_complete) for a in config.secrets_arns]
    arns = [Arn.parse(r) for r in resources]
    for service, action in _ACTIONS.items():
        of_service = [a.text for a in arns if a.service == service]
        if of_service:
            yield allow([action], of_service, Origin("execution_secrets", _REASONS[service], _PAGE, _FLAG))
    for i, (given, resource) in enumerate(zip(config.secrets_arns, resources, strict=True)):
        if resource.endswith("-??????") and not given.startswith(resource):
            yield Note(
                "partial-secret-arn",
                f"`{given}` is without the six characters that Secrets Manager added; `{resource}` stands for them",
                ("secrets_arns", i),
                "Write the complete ARN to name exactly this secret.",
                _PAGE,
            )
        if ":parameter/aws/reference/secretsmanager" in resource:
            yield Note(
                "parameter-points-to-secret",
                f"`{given}` points to a secret",
                ("secrets_arns", i),
                "List the secret's own ARN too: ECS reads it as well.",
                _PAGE,
            )
    if config.secrets_kms_key_arns:
        services = {value for a in arns for value in via_service(a.service, str(a.region), str(a.partition))}
        yield allow(
            ["kms:Decrypt"],
            config.secrets_kms_key_arns,
            Origin("execution_secrets", "decrypt them, through these services only", _PAGE, _FLAG),
            Condition("StringEquals", "kms:ViaService", sorted(services)),
        )


SECRETS = Feature("execution_secrets", "execution", _FLAG, _secrets)
