"""The config: every key that a file may hold, in the order of the docs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, ValidationError, model_validator

from ecsiam.config.checks import checks, given_arns
from ecsiam.config.keys import Key, not_given
from ecsiam.config.kinds import Choice, Flag, ListOf, MapOf, OfForm, RawStatement, Whole, unknown_key
from ecsiam.errors import ConfigError, Fault, refuse
from ecsiam.model import forms
from ecsiam.model.home import Home
from ecsiam.model.names import POLICIES, ROLES
from ecsiam.model.statement import Statement

Raw = Sequence[Statement | Mapping[str, object]]
_EXECUTION, _TASK, _GITHUB, _ECS = ("execution",), ("task",), ("github_actions",), ("execution", "task")
_EFS, _SECRETS, _S3, _LOGS, _OIDC = (
    "enable_efs_access",
    "enable_secrets_access",
    "enable_s3_access",
    "enable_cloudwatch_logs",
    "enable_github_oidc",
)


def _arns(form: forms.Form) -> ListOf:
    return ListOf(OfForm(form))


class Config(BaseModel):
    """What one ECS service is, as flags and values. Raises ConfigError with every fault.

    `None`, `""` and an empty list mean that a value is not given. What `account_id`, `aws_region` and `partition`
    leave out is known at deployment. docs/config.md lists every key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    _source: str = PrivateAttr(default="")

    project_name: Annotated[
        str,
        Key("The project. Every name begins with `<project_name>-<environment>`.", OfForm(forms.PROJECT)),
    ]
    environment: Annotated[
        str,
        Key("The environment, such as `dev` or `prod`.", OfForm(forms.PROJECT)),
    ]
    account_id: Annotated[
        str | None,
        Key(
            "The account of the roles. In YAML, quote it when it begins with a zero.",
            OfForm(forms.ACCOUNT_ID, integers=True),
            default="known at deployment",
        ),
    ] = None
    aws_region: Annotated[
        str | None,
        Key("The region that the service runs in.", OfForm(forms.REGION), default="known at deployment"),
    ] = None
    partition: Annotated[
        str | None,
        Key("The partition of the roles.", OfForm(forms.PARTITION), default="that of the region"),
    ] = None
    aws_regions: Annotated[
        Sequence[str],
        Key(
            "Further regions that the service runs in: every ARN made here is repeated for them, and the trusts let "
            "tasks of these regions in.",
            _arns(forms.REGION),
            default="none",
        ),
    ] = ()

    enable_efs_access: Annotated[
        bool,
        Key("The task mounts an EFS file system, reading and writing.", Flag(), _TASK, needs=("efs_arn",)),
    ] = False
    efs_arn: Annotated[
        str | None,
        Key("The file system.", OfForm(forms.EFS_ARN), _TASK, flag=_EFS),
    ] = None
    efs_root_access: Annotated[
        bool,
        Key("The task may write as root (`ClientRootAccess`).", Flag(), _TASK, flag=_EFS),
    ] = False

    enable_secrets_access: Annotated[
        bool,
        Key(
            "ECS injects secrets into the containers: the `secrets` of the task definition.",
            Flag(),
            _EXECUTION,
            needs=("secrets_arns",),
        ),
    ] = False
    secrets_arns: Annotated[
        Sequence[str],
        Key(
            "Secrets Manager secrets and SSM parameters, as `valueFrom` has them; JSON keys and versions are stripped.",
            _arns(forms.SECRET_ARN),
            _EXECUTION,
            flag=_SECRETS,
        ),
    ] = ()
    secrets_arns_complete: Annotated[
        bool,
        Key(
            "Every secret's ARN ends in the six characters that Secrets Manager added.",
            Flag(),
            _EXECUTION,
            flag=_SECRETS,
        ),
    ] = False
    secrets_kms_key_arns: Annotated[
        Sequence[str],
        Key(
            "The customer managed keys that the secrets are encrypted with.",
            _arns(forms.KEY_ARN),
            _EXECUTION,
            default="none: the keys that AWS manages need no grant",
            flag=_SECRETS,
        ),
    ] = ()

    enable_s3_access: Annotated[
        bool,
        Key("The task reads, writes and deletes objects.", Flag(), _TASK, needs=("s3_bucket_arns",)),
    ] = False
    s3_bucket_arns: Annotated[
        Sequence[str],
        Key(
            "Buckets and objects. A bucket stands for all its objects unless some of them are listed too.",
            _arns(forms.BUCKET_ARN),
            _TASK,
            flag=_S3,
        ),
    ] = ()

    enable_cloudwatch_logs: Annotated[
        bool,
        Key("The task writes log groups of its own, beside its standard output.", Flag(), _TASK),
    ] = False
    cloudwatch_log_group_arns: Annotated[
        Sequence[str],
        Key(
            "The log groups that the task writes itself.",
            _arns(forms.LOG_GROUP_ARN),
            _TASK,
            default="all under `/ecs/<project_name>-<environment>/`",
            flag=_LOGS,
            same_account=True,
        ),
    ] = ()

    enable_ecs_exec: Annotated[
        bool,
        Key("People may open a shell in the running task with ECS Exec.", Flag(), _TASK),
    ] = False

    ecr_repository_arns: Annotated[
        Sequence[str],
        Key(
            "The repositories that the images come from.",
            _arns(forms.REPOSITORY_ARN),
            ("execution", "github_actions"),
            default="all of this account and region, with a note",
        ),
    ] = ()
    log_group_arns: Annotated[
        Sequence[str],
        Key(
            "The log groups that the `awslogs` driver writes, with or without `:*`.",
            _arns(forms.LOG_GROUP_ARN),
            _EXECUTION,
            default="`/ecs/<project_name>-<environment>`",
            same_account=True,
        ),
    ] = ()

    enable_github_oidc: Annotated[
        bool,
        Key("GitHub Actions deploys, with a role of its own.", Flag(), _GITHUB, needs=("github_repo",)),
    ] = False
    github_repo: Annotated[
        str | None,
        Key(
            "The repository whose workflows deploy, spelt as GitHub spells it.",
            OfForm(forms.GITHUB_REPO),
            _GITHUB,
            flag=_OIDC,
        ),
    ] = None
    github_oidc_provider_arn: Annotated[
        str | None,
        Key(
            "GitHub's OIDC provider in this account.",
            OfForm(forms.OIDC_PROVIDER_ARN),
            _GITHUB,
            default="this account's `oidc-provider/token.actions.githubusercontent.com`",
            flag=_OIDC,
            same_account=True,
        ),
    ] = None
    github_audience: Annotated[
        str,
        Key("The audience that the workflow asks for.", OfForm(forms.GITHUB_AUDIENCE), _GITHUB, flag=_OIDC),
    ] = "sts.amazonaws.com"
    github_branches: Annotated[
        Sequence[str],
        Key(
            "Branches that may deploy, `release/*` too.",
            _arns(forms.GITHUB_REF),
            _GITHUB,
            default="`main`, when no subject of another kind is listed",
            flag=_OIDC,
        ),
    ] = ()
    github_environments: Annotated[
        Sequence[str],
        Key(
            "GitHub environments that may deploy. A job with an environment sends that, not its branch.",
            _arns(forms.GITHUB_ENVIRONMENT),
            _GITHUB,
            default="none",
            flag=_OIDC,
        ),
    ] = ()
    github_tags: Annotated[
        Sequence[str],
        Key("Tags that may deploy, `v*` too.", _arns(forms.GITHUB_REF), _GITHUB, default="none", flag=_OIDC),
    ] = ()
    github_pull_requests: Annotated[
        bool,
        Key("Pull requests may deploy.", Flag(), _GITHUB, flag=_OIDC),
    ] = False
    github_subjects: Annotated[
        Sequence[str],
        Key(
            "Any other subject of this repository, such as `repo:OWNER/REPO:*`.",
            _arns(forms.GITHUB_SUBJECT),
            _GITHUB,
            default="none",
            flag=_OIDC,
        ),
    ] = ()
    github_subject_format: Annotated[
        Literal["classic", "immutable", "both"] | None,
        Key(
            "Which form of subject GitHub sends: by name, by name and ids, or (in a migration) either.",
            Choice(("classic", "immutable", "both")),
            _GITHUB,
            default="`immutable` with the ids, else `classic`",
            flag=_OIDC,
        ),
    ] = None
    github_owner_id: Annotated[
        str | None,
        Key("The owner's id on GitHub.", OfForm(forms.GITHUB_ID, integers=True), _GITHUB, flag=_OIDC),
    ] = None
    github_repo_id: Annotated[
        str | None,
        Key("The repository's id on GitHub.", OfForm(forms.GITHUB_ID, integers=True), _GITHUB, flag=_OIDC),
    ] = None
    github_ecr_repository_arns: Annotated[
        Sequence[str],
        Key(
            "The repositories that the workflow pushes to.",
            _arns(forms.REPOSITORY_ARN),
            _GITHUB,
            default="`ecr_repository_arns`",
            flag=_OIDC,
        ),
    ] = ()
    github_ecr_pull: Annotated[
        bool,
        Key("The workflow also pulls image layers, as a build cache in ECR needs.", Flag(), _GITHUB, flag=_OIDC),
    ] = False
    task_definition_families: Annotated[
        Sequence[str],
        Key(
            "The task definitions that the workflow registers.",
            _arns(forms.FAMILY),
            _GITHUB,
            default="all of this account and region, with a note",
            flag=_OIDC,
        ),
    ] = ()
    ecs_service_arns: Annotated[
        Sequence[str],
        Key(
            "The services that the workflow updates.",
            _arns(forms.SERVICE_ARN),
            _GITHUB,
            default="all of `ecs_cluster_arns`",
            flag=_OIDC,
            same_account=True,
        ),
    ] = ()
    ecs_cluster_arns: Annotated[
        Sequence[str],
        Key(
            "The clusters whose services the workflow updates, when `ecs_service_arns` lists none.",
            _arns(forms.CLUSTER_ARN),
            _GITHUB,
            default="all of this account and region, with a note",
            flag=_OIDC,
            same_account=True,
        ),
    ] = ()

    confused_deputy: Annotated[
        Literal["both", "task", "off"],
        Key(
            "Which of the two ECS roles can be assumed only for tasks of this account and region "
            "(`aws:SourceAccount`, `aws:SourceArn`).",
            Choice(("both", "task", "off")),
            _ECS,
        ),
    ] = "both"
    path: Annotated[str, Key("The path of the roles.", OfForm(forms.IAM_PATH))] = "/"
    permissions_boundary_arn: Annotated[
        str | None,
        Key("The permissions boundary of the roles.", OfForm(forms.POLICY_ARN), default="none", same_account=True),
    ] = None
    max_session_duration: Annotated[
        int | None,
        Key(
            "The longest session that the workflow may ask for. ECS sets the length of the tasks' sessions itself.",
            Whole(3600, 43200, "seconds"),
            _GITHUB,
            default="IAM's, 3600",
            flag=_OIDC,
        ),
    ] = None
    tags: Annotated[
        Mapping[str, str],
        Key(
            "Tags of the roles, beside `Name`, `Environment` and `Purpose`, which they may replace.",
            MapOf(forms.TAG_KEY, OfForm(forms.TAG_VALUE, integers=True)),
            default="none",
        ),
    ] = {}
    role_names: Annotated[
        Mapping[str, str],
        Key(
            "Other names of the roles.",
            MapOf(tuple(ROLES), OfForm(forms.ROLE_NAME)),
            default="`<project_name>-<environment>-execution-role` and so on",
        ),
    ] = {}
    policy_names: Annotated[
        Mapping[str, str],
        Key(
            "Other names of the inline policies.",
            MapOf(tuple(POLICIES), OfForm(forms.POLICY_NAME)),
            default="`<project_name>-<environment>-efs-policy` and so on",
        ),
    ] = {}
    execution_managed_policy_arns: Annotated[
        Sequence[str],
        Key("Managed policies to attach.", _arns(forms.POLICY_ARN), _EXECUTION, default="none", same_account=True),
    ] = ()
    task_managed_policy_arns: Annotated[
        Sequence[str],
        Key("Managed policies to attach.", _arns(forms.POLICY_ARN), _TASK, default="none", same_account=True),
    ] = ()
    execution_statements: Annotated[
        Raw,
        Key("Further statements, for what no flag covers.", ListOf(RawStatement()), _EXECUTION, default="none"),
    ] = ()
    task_statements: Annotated[
        Raw,
        Key("Further statements, for what no flag covers.", ListOf(RawStatement()), _TASK, default="none"),
    ] = ()
    github_actions_statements: Annotated[
        Raw,
        Key(
            "Further statements, for what no flag covers.",
            ListOf(RawStatement()),
            _GITHUB,
            default="none",
            flag=_OIDC,
        ),
    ] = ()

    @model_validator(mode="wrap")
    @classmethod
    def _all_faults_at_once(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Read the fields, check what could be read against each other, raise everything at once."""
        if not isinstance(data, Mapping):
            raise ConfigError("a config is a mapping of keys to values")
        given = {k: v for k, v in cast("Mapping[str, object]", data).items() if not not_given(v)}
        try:
            config = handler(given)
            faults: list[Fault] = []
            bad: set[str] = set()
        except ValidationError as e:
            faults = [f for error in e.errors() for f in _faults(cast("Mapping[str, Any]", error))]
            bad = {str(error["loc"][0]) for error in e.errors()}
            readable = {k: cls.keys()[k].kind.read(v) for k, v in given.items() if k not in bad}
            config = cls.model_construct(None, **readable)
        for reads, check in checks(cls.keys()):
            if not bad.intersection(reads):
                faults += check(config)
        refuse(ConfigError, faults)
        return config

    def model_post_init(self, context: Any) -> None:
        """Keep the name of the file that the config came from."""
        if isinstance(context, Mapping):
            self._source = str(cast("Mapping[str, object]", context).get("source", ""))

    @property
    def source(self) -> str:
        """The name of the file that the config came from, or empty."""
        return self._source

    @classmethod
    def keys(cls) -> dict[str, Key]:
        """Every key with what it carries, in order."""
        return {n: next(m for m in f.metadata if isinstance(m, Key)) for n, f in cls.model_fields.items()}

    @property
    def home(self) -> Home:
        """Account, region and partition of the roles; what is left out is left to deployment."""
        return Home.of(self.account_id, self.aws_region, self.partition, self.aws_regions)

    def flags(self) -> Iterator[tuple[str, bool]]:
        """Every `enable_...` flag and whether it is on."""
        return ((n, bool(getattr(self, n))) for n in type(self).model_fields if n.startswith("enable_"))

    def bind(self, values: Mapping[str, str]) -> "Config":
        """The config with `values` for what it leaves to deployment. Raises ConfigError as `Stack.bind` does."""
        self.home.bind(values, given_arns(self))
        return self.model_copy(update=dict(values))


def _faults(error: Mapping[str, Any]) -> Iterator[Fault]:
    loc: tuple[str | int, ...] = tuple(error["loc"])
    match error["type"]:
        case "missing":
            yield Fault(f"`{loc[0]}` is missing", (), f"Write `{loc[0]}:` and its value.")
        case "extra_forbidden":
            yield unknown_key(str(loc[0]), tuple(Config.model_fields))
        case _:
            yield from (f.under(*loc) for f in error["ctx"]["faults"])
