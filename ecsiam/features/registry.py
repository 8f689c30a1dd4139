"""registry_credentials_arns: ECS logs in to a private registry with a name and a password from Secrets Manager."""

from collections.abc import Callable, Iterator, Sequence
from typing import Annotated

from attrs import evolve

from ecsiam.errors import ConfigError, Fault
from ecsiam.features import customer_keys
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, ProjectKeys, allow
from ecsiam.features.secrets import foreign_secret
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import ListOf, OfForm
from ecsiam.keys.values import as_text
from ecsiam.model import arn_forms
from ecsiam.model.form import Form
from ecsiam.model.secret import secret_resource
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text

_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html"
_READ, _DECRYPT = "secretsmanager:GetSecretValue", "kms:Decrypt"
_SERVICE = "secretsmanager"
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
SECRET_NAME = Form(
    "secret_name",
    "[A-Za-z0-9/_+=.@!-]+",
    "the name of a secret of the task's own account and region",
    ("registry/docker-hub", "ghcr"),
    ("", "*", "a b", "docker-hub:password::", "docker-hub\n"),
    most=512,
    hints=(
        (".*:.*", "has a colon", "Write the name or the ARN alone: ECS takes no JSON key and no version here."),
        (".*[*?].*", "has a wildcard", "`credentialsParameter` names one secret: write an ARN for several."),
    ),
)


class RegistryKeys(ProjectKeys):
    """How ECS logs in to registries other than ECR."""

    heading = "Other registries"

    registry_credentials_arns: Annotated[
        Sequence[str],
        Key(
            "The secrets with name and password for private registries other than ECR, as `credentialsParameter` has "
            "them: ARNs, or names of this account and region. Here a bare name is a secret's, in `secrets_arns` it is "
            "a parameter's.",
            ListOf(OfForm(arn_forms.SECRETS_MANAGER_ARN, also=SECRET_NAME)),
            ("execution",),
            default="none",
            closed=True,
        ),
    ] = ()
    registry_credentials_kms_key_arns: Annotated[
        Sequence[str],
        Key(
            "The customer managed KMS keys that these secrets are encrypted with.",
            ListOf(OfForm(arn_forms.KEY_ARN)),
            ("execution",),
            default="none",
            closed=True,
            beside=("registry_credentials_arns",),
            encrypts="registry_credentials_arns",
        ),
    ] = ()

    @check()
    def _credentials(self) -> Iterator[Fault]:
        for i, given in enumerate(self.registry_credentials_arns):
            try:
                secret_resource(given or "", complete=False)
            except ConfigError as e:
                name = given.split(":secret:", 1)[-1]
                remedy = f"Write the name alone: `{name}`, or `{name[:-7]}` if Secrets Manager added the rest."
                yield from (evolve(f, remedy=remedy).under("registry_credentials_arns", i) for f in e.faults)


def _secret(given: str, project: Project) -> tuple[Text, ...]:
    """A secret as a resource: Secrets Manager added a hyphen and six characters to its name."""
    if not given.startswith("arn:"):
        return project.arns(_SERVICE, Text.of("secret:", as_text(given), "-??????"))
    return (secret_resource(given, complete=False),)


Used = Callable[..., Statement]


def _reading(keys: RegistryKeys, project: Project, used: Used) -> Iterator[Statement]:
    if not keys.registry_credentials_arns:
        return
    secrets = [arn for given in keys.registry_credentials_arns for arn in _secret(given, project)]
    yield allow([_READ], secrets, Origin("execution_registry", "read the credentials of private registries", _PAGE))
    if keys.registry_credentials_kms_key_arns:
        origin = Origin("execution_registry", "decrypt them, through Secrets Manager only", _PAGE)
        yield used(_SERVICE, keys.registry_credentials_kms_key_arns, [_DECRYPT], origin)


def _needs(keys: RegistryKeys, project: Project) -> Iterator[Statement]:
    return _reading(keys, project, customer_keys.needed)


def _registry(keys: RegistryKeys, project: Project) -> Iterator[Part]:
    yield from _reading(keys, project, customer_keys.granted)
    given, kms_keys = keys.registry_credentials_arns, keys.registry_credentials_kms_key_arns
    for i, owner in project.foreign(given).items():
        path = ("registry_credentials_arns", i)
        yield foreign_secret(given[i], owner, path, kms_keys, "registry_credentials_kms_key_arns")


REGISTRY = Feature("execution_registry", "execution", "", RegistryKeys, _registry, (_READ, _DECRYPT), _needs)
