"""enable_secrets_access: ECS reads the secrets of the task definition and hands them to the containers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from ecsiam.errors import Fault, Faults, Path
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, ProjectKeys, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import Many, as_text, known, resources
from ecsiam.model import arn_forms, forms
from ecsiam.model.arn import Arn, via_service
from ecsiam.model.condition import Condition
from ecsiam.model.each import Item, Rule
from ecsiam.model.globs import overlap
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.secret import looks_complete, secret_resource
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order

_FLAG = "enable_secrets_access"
_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html"
_ACTIONS = {"secretsmanager": "secretsmanager:GetSecretValue", "ssm": "ssm:GetParameters"}
_RULES: dict[str, Rule] = {"secretsmanager": "secret", "ssm": "parameter"}
_REASONS = {"secretsmanager": "read the secrets", "ssm": "read the parameters; ECS asks for several at once"}


class SecretsKeys(ProjectKeys):
    """The `secrets` of the task definition."""

    heading = "Secrets"

    enable_secrets_access: Annotated[
        bool | Parameter,
        Key(
            "ECS reads secrets and hands them to the containers: the `secrets` of the task definition.",
            Flag(),
            ("execution",),
            needs=("secrets_arns",),
        ),
    ] = False
    secrets_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The secrets and parameters, as `valueFrom` has them; JSON keys and versions are stripped. A secret "
            "without the six characters that Secrets Manager added is matched by `-??????`. Wildcards are kept. A bare "
            "name is a parameter's, of the task's own account and region: a secret's name ECS takes for one too.",
            ListOf(OfForm(arn_forms.SECRET_ARN, star=True, also=forms.SSM_NAME)),
            ("execution",),
            flag=_FLAG,
        ),
    ] = ()
    secrets_arns_complete: Annotated[
        bool,
        Key(
            "All of `secrets_arns` end in the six characters that Secrets Manager added. Needed where those could be "
            "a part of the name, as in `-config`.",
            Flag(),
            ("execution",),
            flag=_FLAG,
            closed=True,
        ),
    ] = False
    secrets_kms_key_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The customer managed KMS keys that the secrets are encrypted with.",
            ListOf(OfForm(arn_forms.KEY_ARN)),
            ("execution",),
            default="none: the keys that AWS manages need no grant, and are for one account alone",
            flag=_FLAG,
            encrypts="secrets_arns",
        ),
    ] = ()

    @check("secrets_arns_complete")
    def _complete(self) -> Iterator[Fault]:
        faults = Faults()
        for i, arn in ((i, arn) for i, arn in enumerate(known(self.secrets_arns)) if arn):
            with faults.at("secrets_arns", i):
                secret_resource(arn, complete=self.secrets_arns_complete)
        return iter(faults)


def _secrets(keys: SecretsKeys, project: Project) -> Iterator[Part]:
    for service, found in named(keys, project).items():
        if found:
            yield allow([_ACTIONS[service]], found, Origin("execution_secrets", _REASONS[service], _PAGE, _FLAG))
    yield from _notes(keys, project)
    if keys.secrets_kms_key_arns:
        yield allow(
            ["kms:Decrypt"],
            resources(keys.secrets_kms_key_arns),
            Origin("execution_secrets", "decrypt them, through these services only", _PAGE, _FLAG),
            Condition("StringEquals", "kms:ViaService", in_order(_services(keys, project))),
        )


def secrets_needs(keys: SecretsKeys, project: Project) -> Iterator[Statement]:
    """Read the secrets and parameters that are named; and decrypt them, where a key is given."""
    yield from reading(keys, project, named(keys, project))


def named(keys: SecretsKeys, project: Project) -> dict[str, tuple[Item, ...]]:
    """The secrets and the parameters, by their services."""
    if isinstance(keys.secrets_arns, Parameter):  # ARNs in it come from other resources and count as complete
        return {service: resources(keys.secrets_arns, rule) for service, rule in _RULES.items()}
    arns = tuple(_known(keys, project))
    return {service: tuple(arn.text for arn in arns if arn.service == service) for service in _RULES}


def reading(keys: SecretsKeys, project: Project, wanted: Mapping[str, tuple[Item, ...]]) -> Iterator[Statement]:
    """What reading these takes. KMS says through which service it is asked, by the service's name in its region."""
    for service, found in wanted.items():
        if found:
            yield allow([_ACTIONS[service]], found, Origin("execution_secrets", _REASONS[service], _PAGE, _FLAG))
    if keys.secrets_kms_key_arns and not isinstance(keys.secrets_arns, Parameter):
        asked = in_order(Text.of(f"{a.service}.", a.region, ".amazonaws.com") for a in _known(keys, project))
        yield allow(
            ["kms:Decrypt"],
            resources(keys.secrets_kms_key_arns),
            Origin("execution_secrets", "decrypt them", _PAGE, _FLAG),
            Condition("StringEquals", "kms:ViaService", asked),
        )


def of_name(name: Text, project: Project) -> tuple[Text, ...]:
    """The ARNs of the parameter that a bare name is: of the roles' account, in each region that the task runs in."""
    return project.arns("ssm", Text.of("parameter/", name.removeprefix("/")))


def _known(keys: SecretsKeys, project: Project) -> Iterator[Arn]:
    """The resources of the secrets that are known; those of a parameter are not."""
    for given in known(keys.secrets_arns):
        resource = secret_resource(given, complete=keys.secrets_arns_complete)
        yield from map(Arn.parse, (resource,) if given.startswith("arn:") else of_name(resource, project))


def _services(keys: SecretsKeys, project: Project) -> Iterator[Text]:
    """Through what the keys are used: each secret's service in its own region; both here, while they are unknown."""
    if isinstance(keys.secrets_arns, Parameter):
        for service in _RULES:
            yield from via_service(service, project.home.region, project.home.partition)
    for arn in _known(keys, project):
        yield from via_service(arn.service, arn.region, arn.partition)


def foreign_secret(given: str, owner: str, path: Path, kms_keys: Many, key: str) -> Note:
    """What a secret of another account takes beside the statement; `key` is the key that has the KMS keys."""
    keyed = owner in {str(Arn.parse(as_text(one)).account) for one in known(kms_keys)}
    return Note(
        "foreign-secret",
        f"`{given}` is of account `{owner}`",
        path,
        "Its resource policy and that of its KMS key have to allow the role too."
        if keyed
        else f"Its KMS key has to be a customer managed one, in `{key}`; its resource policy and that of the key have "
        "to allow the role too.",
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html",
    )


def _notes(keys: SecretsKeys, project: Project) -> Iterator[Note]:
    foreign = project.foreign(keys.secrets_arns)
    for i, given in enumerate(known(keys.secrets_arns)):
        resource = str(secret_resource(given, complete=keys.secrets_arns_complete))
        if i in foreign and Arn.parse(given).service == "ssm":
            yield Note(
                "foreign-parameter",
                f"`{given}` is of account `{foreign[i]}`, and ECS takes no parameter of another account",
                ("secrets_arns", i),
                "Keep the value in Secrets Manager, or in a parameter of the roles' account.",
                "https://github.com/aws/containers-roadmap/issues/2384",
            )
        elif i in foreign:
            yield foreign_secret(
                given, foreign[i], ("secrets_arns", i), keys.secrets_kms_key_arns, "secrets_kms_key_arns"
            )
        if not given.startswith("arn:") and looks_complete(given):
            yield Note(
                "name-like-a-secret",
                f"`{given}` is taken for a parameter, as ECS takes a bare name, and ends as a secret's does",
                ("secrets_arns", i),
                "If it is a secret, write its ARN.",
                _PAGE,
            )
        if resource.endswith("-??????") and not given.startswith(resource):
            yield Note(
                "partial-secret-arn",
                f"`{given}` is without the six characters that Secrets Manager added; `{resource}` stands for them",
                ("secrets_arns", i),
                "Write the complete ARN to name exactly this secret.",
                _PAGE,
            )
        _, points, name = resource.partition("/aws/reference/secretsmanager/")
        if points and not any(overlap(f"*:secret:{name}-??????", str(one.text)) for one in _known(keys, project)):
            yield Note(
                "parameter-points-to-secret",
                f"`{given}` points to a secret",
                ("secrets_arns", i),
                "List the secret's own ARN too: ECS reads it as well.",
                _PAGE,
            )


SECRETS = Feature(
    "execution_secrets",
    "execution",
    _FLAG,
    SecretsKeys,
    _secrets,
    (*_ACTIONS.values(), "kms:Decrypt"),
    secrets_needs,
)
