"""enable_secrets_access: ECS reads the secrets of the task definition and hands them to the containers."""

from collections.abc import Iterator

from ecsiam.features.project import Feature, Part, Project, allow
from ecsiam.model.arn import Arn, via_service
from ecsiam.model.condition import Condition
from ecsiam.model.each import Item, Rule
from ecsiam.model.parameter import Parameter
from ecsiam.model.secret import secret_resource
from ecsiam.model.stack import Note
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order

_FLAG = "enable_secrets_access"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"
_ACTIONS = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}
_RULES: dict[str, Rule] = {"secretsmanager": "secret", "ssm": "parameter"}
_REASONS = {"secretsmanager": "read the secrets", "ssm": "read the parameters; ECS asks for several at once"}


def _secrets(project: Project) -> Iterator[Part]:
    config = project.config
    for service, rule in _RULES.items():
        resources = _resources(project, service, rule)
        if resources:
            yield allow([_ACTIONS[service]], resources, Origin("execution_secrets", _REASONS[service], _PAGE, _FLAG))
    yield from _notes(project)
    if config.secrets_kms_key_arns:
        yield allow(
            ["kms:Decrypt"],
            project.items("secrets_kms_key_arns"),
            Origin("execution_secrets", "decrypt them, through these services only", _PAGE, _FLAG),
            Condition("StringEquals", "kms:ViaService", in_order(_services(project))),
        )


def secrets_needs(project: Project) -> Iterator[Statement]:
    """Read the secrets and parameters that are named, or any of the account's; and decrypt them, where a key is given.

    KMS says through which service it is asked, by the name that the service has in its region.
    """
    config = project.config
    named: dict[str, tuple[Item, ...]] = {
        "secretsmanager": project.arns("secretsmanager", "secret:*"),
        "ssm": project.arns("ssm", "parameter/*"),
    }
    if config.profile == "baseline" and isinstance(config.secrets_arns, Parameter):  # it may be `*`, as an empty one is
        named = {service: project.items("secrets_arns", otherwise=every) for service, every in named.items()}
    elif "*" not in project.given("secrets_arns"):
        named = {service: _resources(project, service, rule) for service, rule in _RULES.items()}
    for service, resources in named.items():
        if resources:
            yield allow([_ACTIONS[service]], resources, Origin("execution_secrets", _REASONS[service], _PAGE, _FLAG))
    if config.secrets_kms_key_arns and not isinstance(config.secrets_arns, Parameter):
        asked = in_order(Text.of(f"{a.service}.", a.region, ".amazonaws.com") for a in map(Arn.parse, _known(project)))
        yield allow(
            ["kms:Decrypt"],
            project.items("secrets_kms_key_arns"),
            Origin("execution_secrets", "decrypt them", _PAGE, _FLAG),
            Condition("StringEquals", "kms:ViaService", asked),
        )


def _known(project: Project) -> list[str]:
    """The resources of the secrets that are known; those of a parameter are not."""
    complete = project.config.secrets_arns_complete
    return [secret_resource(a, complete=complete) for a in project.given("secrets_arns")]


def _resources(project: Project, service: str, rule: Rule) -> tuple[Item, ...]:
    """ARNs in a parameter come from other resources and count as complete."""
    if isinstance(project.config.secrets_arns, Parameter):
        return project.items("secrets_arns", rule)
    return tuple(a.text for a in map(Arn.parse, _known(project)) if a.service == service)


def _services(project: Project) -> Iterator[Text]:
    """Through what the keys are used: each secret's service in its own region; both here, while they are unknown."""
    if isinstance(project.config.secrets_arns, Parameter):
        for service in _RULES:
            yield from via_service(service, project.home.region, project.home.partition)
    for arn in map(Arn.parse, _known(project)):
        yield from via_service(arn.service, arn.region, arn.partition)


def _notes(project: Project) -> Iterator[Note]:
    foreign = project.foreign("secrets_arns")
    for i, (given, resource) in enumerate(zip(project.given("secrets_arns"), _known(project), strict=True)):
        if i in foreign:
            yield Note(
                "foreign-secret",
                f"`{given}` is of account `{foreign[i]}`",
                ("secrets_arns", i),
                "Its resource policy and the policy of its KMS key have to allow the role too.",
                "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html",
            )
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


SECRETS = Feature("execution_secrets", "execution", _FLAG, _secrets, (*_ACTIONS.values(), "kms:Decrypt"), secrets_needs)
