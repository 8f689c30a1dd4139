"""The config: every key that a file may hold, in the order of the docs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, ValidationError, model_validator

from ecsiam.config.checks import checks
from ecsiam.config.keys import Key, not_given
from ecsiam.config.kinds import Choice, Flag, ListOf, MapOf, OfForm, RawStatement, Whole, unknown_keys
from ecsiam.config.left_open import deployment
from ecsiam.errors import ConfigError, Fault, Faults, refuse
from ecsiam.model import forms
from ecsiam.model.document import is_object
from ecsiam.model.names import POLICIES, ROLES
from ecsiam.model.parameter import Parameter
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


# What the guide's module takes for a variable that is left out.
BASELINE_DEFAULTS: dict[str, object] = {"aws_region": "eu-west-2", "enable_efs_access": True, "secrets_arns": ["*"]}


class Config(BaseModel):
    """What one ECS service is, as flags and values. Raises ConfigError with every fault.

    `None`, `""` and an empty list mean that a value is not given. What `account_id`, `aws_region` and `partition`
    leave out is known at deployment. docs/config.md lists every key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    _source: str = PrivateAttr(default="")
    _bindings: dict[str, object] = PrivateAttr(default_factory=dict)

    project_name: Annotated[
        str | Parameter,
        Key(
            "The project's name. Roles, policies and default log groups begin with `<project_name>-<environment>`.",
            OfForm(forms.PROJECT),
        ),
    ]
    environment: Annotated[
        str | Parameter,
        Key("The environment that the service runs in.", OfForm(forms.ENVIRONMENT)),
    ]
    account_id: Annotated[
        str | Parameter | None,
        Key(
            "The AWS account of the roles. Quote it when it begins with a zero: editors take it for a number.",
            OfForm(forms.ACCOUNT_ID, integers=True),
            default="known at deployment",
        ),
    ] = None
    aws_region: Annotated[
        str | Parameter | None,
        Key("The region that the service runs in.", OfForm(forms.REGION), default="known at deployment"),
    ] = None
    partition: Annotated[
        str | Parameter | None,
        Key("The partition of the roles.", OfForm(forms.PARTITION), default="that of the region"),
    ] = None
    aws_regions: Annotated[
        Sequence[str],
        Key(
            "Further regions that the service runs in: every default ARN is repeated for them, and the trust policies "
            "let tasks of these regions in.",
            _arns(forms.REGION),
            default="none",
            closed=True,
        ),
    ] = ()

    enable_efs_access: Annotated[
        bool | Parameter,
        Key("The task mounts an EFS file system, reading and writing.", Flag(), _TASK, needs=("efs_arn",)),
    ] = False
    efs_arn: Annotated[
        str | Parameter | None,
        Key("The file system that the task mounts.", OfForm(forms.EFS_ARN, star=True), _TASK, flag=_EFS),
    ] = None
    efs_root_access: Annotated[
        bool,
        Key("The task may write as root (`ClientRootAccess`).", Flag(), _TASK, flag=_EFS, closed=True),
    ] = False

    enable_secrets_access: Annotated[
        bool | Parameter,
        Key(
            "ECS reads secrets and hands them to the containers: the `secrets` of the task definition.",
            Flag(),
            _EXECUTION,
            needs=("secrets_arns",),
        ),
    ] = False
    secrets_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The secrets and parameters, as `valueFrom` has them; JSON keys and versions are stripped. A secret "
            "without the six characters that Secrets Manager added is matched by `-??????`. Wildcards are kept.",
            ListOf(OfForm(forms.SECRET_ARN, star=True)),
            _EXECUTION,
            flag=_SECRETS,
        ),
    ] = ()
    secrets_arns_complete: Annotated[
        bool,
        Key(
            "All of `secrets_arns` end in the six characters that Secrets Manager added. Needed where those could be "
            "a part of the name, as in `-config`.",
            Flag(),
            _EXECUTION,
            flag=_SECRETS,
            closed=True,
        ),
    ] = False
    secrets_kms_key_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The customer managed KMS keys that the secrets are encrypted with.",
            _arns(forms.KEY_ARN),
            _EXECUTION,
            default="none: the keys that AWS manages need no grant",
            flag=_SECRETS,
        ),
    ] = ()

    enable_s3_access: Annotated[
        bool | Parameter,
        Key("The task reads, writes and deletes objects.", Flag(), _TASK, needs=("s3_bucket_arns",)),
    ] = False
    s3_bucket_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "Buckets to list, and objects to read and write, such as `arn:aws:s3:::bucket/prefix/*`. A bucket stands "
            "for all its objects unless some of them are listed too.",
            ListOf(OfForm(forms.BUCKET_ARN, star=True)),
            _TASK,
            flag=_S3,
        ),
    ] = ()

    enable_cloudwatch_logs: Annotated[
        bool | Parameter,
        Key("The task itself writes to CloudWatch Logs; its standard output needs no flag.", Flag(), _TASK),
    ] = False
    cloudwatch_log_group_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The log groups that the task itself writes, with or without `:*`.",
            _arns(forms.LOG_GROUP_ARN),
            _TASK,
            default="all under `/ecs/<project_name>-<environment>/`",
            flag=_LOGS,
            same_account=True,
        ),
    ] = ()

    enable_ecs_exec: Annotated[
        bool | Parameter,
        Key("People may open a shell in the running task with ECS Exec.", Flag(), _TASK),
    ] = False

    ecr_repository_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The ECR repositories that the images are pulled from.",
            _arns(forms.REPOSITORY_ARN),
            ("execution", "github_actions"),
            default="all of this account and region, with a note",
        ),
    ] = ()
    log_group_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The log groups that the `awslogs` driver writes, with or without `:*`. They have to exist.",
            _arns(forms.LOG_GROUP_ARN),
            _EXECUTION,
            default="`/ecs/<project_name>-<environment>`",
            same_account=True,
        ),
    ] = ()

    enable_autoscaling: Annotated[
        bool | Parameter,
        Key("A role for Application Auto Scaling, with `profile: baseline` only.", Flag(), ("autoscaling",)),
    ] = False

    enable_github_oidc: Annotated[
        bool | Parameter,
        Key(
            "GitHub Actions deploys: a role of its own pushes images, registers task definitions and updates services.",
            Flag(),
            _GITHUB,
            needs=("github_repo",),
        ),
    ] = False
    github_repo: Annotated[
        str | Parameter | None,
        Key(
            "The repository whose workflows deploy, spelt as GitHub spells it.",
            OfForm(forms.GITHUB_REPO),
            _GITHUB,
            flag=_OIDC,
        ),
    ] = None
    github_oidc_provider_arn: Annotated[
        str | Parameter | None,
        Key(
            "GitHub's OIDC provider in this account. It has to exist.",
            OfForm(forms.OIDC_PROVIDER_ARN),
            _GITHUB,
            default="this account's `oidc-provider/token.actions.githubusercontent.com`",
            flag=_OIDC,
            same_account=True,
        ),
    ] = None
    github_audience: Annotated[
        str | Parameter,
        Key(
            "The audience that the workflow asks for; `aws-actions/configure-aws-credentials` asks for the default.",
            OfForm(forms.GITHUB_AUDIENCE),
            _GITHUB,
            flag=_OIDC,
        ),
    ] = "sts.amazonaws.com"
    github_branches: Annotated[
        Sequence[str],
        Key(
            "Branches that may deploy; `release/*` is all below it.",
            _arns(forms.GITHUB_REF),
            _GITHUB,
            default="`main`, unless something else may deploy",
            flag=_OIDC,
            closed=True,
        ),
    ] = ()
    github_environments: Annotated[
        Sequence[str],
        Key(
            "GitHub environments that may deploy. A job with an environment is known by that, not by its branch.",
            _arns(forms.GITHUB_ENVIRONMENT),
            _GITHUB,
            default="none",
            flag=_OIDC,
            closed=True,
        ),
    ] = ()
    github_tags: Annotated[
        Sequence[str],
        Key(
            "Git tags that may deploy, such as `v*`.",
            _arns(forms.GITHUB_REF),
            _GITHUB,
            default="none",
            flag=_OIDC,
            closed=True,
        ),
    ] = ()
    github_pull_requests: Annotated[
        bool,
        Key("Pull requests may deploy.", Flag(), _GITHUB, flag=_OIDC, closed=True),
    ] = False
    github_subjects: Annotated[
        Sequence[str],
        Key(
            "Any other subject (`sub`) of this repository. `repo:OWNER/REPO:*` lets all that runs in it deploy.",
            _arns(forms.GITHUB_SUBJECT),
            _GITHUB,
            default="none",
            flag=_OIDC,
            closed=True,
        ),
    ] = ()
    github_subject_format: Annotated[
        Literal["classic", "immutable", "both"] | None,
        Key(
            "How GitHub names the repository in a subject: by name (`classic`), by name and ids (`immutable`: what is "
            "created or renamed since July 2026), or, while that changes, either (`both`).",
            Choice(("classic", "immutable", "both")),
            _GITHUB,
            default="`immutable` with the ids, else `classic`",
            flag=_OIDC,
        ),
    ] = None
    github_owner_id: Annotated[
        str | Parameter | None,
        Key(
            "The owner's id: `gh api repos/OWNER/REPO --jq .owner.id`.",
            OfForm(forms.GITHUB_ID, integers=True),
            _GITHUB,
            flag=_OIDC,
        ),
    ] = None
    github_repo_id: Annotated[
        str | Parameter | None,
        Key(
            "The repository's id: `gh api repos/OWNER/REPO --jq .id`.",
            OfForm(forms.GITHUB_ID, integers=True),
            _GITHUB,
            flag=_OIDC,
        ),
    ] = None
    github_ecr_repository_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The ECR repositories that the workflow pushes to.",
            _arns(forms.REPOSITORY_ARN),
            _GITHUB,
            default="those of `ecr_repository_arns`",
            flag=_OIDC,
        ),
    ] = ()
    github_ecr_pull: Annotated[
        bool,
        Key(
            "The workflow also pulls image layers, as a build cache in ECR needs.",
            Flag(),
            _GITHUB,
            flag=_OIDC,
            closed=True,
        ),
    ] = False
    task_definition_families: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The families of the task definitions that the workflow registers.",
            _arns(forms.FAMILY),
            _GITHUB,
            default="all of this account and region, with a note",
            flag=_OIDC,
        ),
    ] = ()
    ecs_service_arns: Annotated[
        Sequence[str] | Parameter,
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
        Sequence[str] | Parameter,
        Key(
            "The clusters whose services the workflow updates, unless `ecs_service_arns` lists some.",
            _arns(forms.CLUSTER_ARN),
            _GITHUB,
            default="all of this account and region, with a note",
            flag=_OIDC,
            same_account=True,
        ),
    ] = ()

    profile: Annotated[
        Literal["default", "baseline"],
        Key(
            "`baseline` makes the roles as a common Terraform module for ECS does, with its defaults, its `*` and its "
            "faults: to migrate from it, not to start with.",
            Choice(("default", "baseline")),
            closed=True,
        ),
    ] = "default"
    confused_deputy: Annotated[
        Literal["both", "task", "off"],
        Key(
            "Which of the two ECS roles take tasks of this account and region only (`aws:SourceAccount` and "
            "`aws:SourceArn` in their trust policies): both, the task role, or neither (`off`).",
            Choice(("both", "task", "off")),
            _ECS,
        ),
    ] = "both"
    path: Annotated[str, Key("The IAM path of the roles.", OfForm(forms.IAM_PATH), closed=True)] = "/"
    permissions_boundary_arn: Annotated[
        str | Parameter | None,
        Key(
            "The managed policy that bounds what the roles may do.",
            OfForm(forms.POLICY_ARN),
            default="none",
            same_account=True,
        ),
    ] = None
    max_session_duration: Annotated[
        int | Parameter | None,
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
            "Other names for the roles.",
            MapOf(tuple(ROLES), OfForm(forms.ROLE_NAME)),
            default="`<project_name>-<environment>-execution-role` and so on",
        ),
    ] = {}
    policy_names: Annotated[
        Mapping[str, str],
        Key(
            "Other names for the inline policies.",
            MapOf(tuple(POLICIES), OfForm(forms.POLICY_NAME)),
            default="`<project_name>-<environment>-efs-policy` and so on",
        ),
    ] = {}
    execution_managed_policy_arns: Annotated[
        Sequence[str],
        Key(
            "Managed policies to attach to the role.",
            _arns(forms.POLICY_ARN),
            _EXECUTION,
            default="none",
            same_account=True,
            closed=True,
        ),
    ] = ()
    task_managed_policy_arns: Annotated[
        Sequence[str],
        Key(
            "Managed policies to attach to the role.",
            _arns(forms.POLICY_ARN),
            _TASK,
            default="none",
            same_account=True,
            closed=True,
        ),
    ] = ()
    execution_statements: Annotated[
        Raw,
        Key(
            "Further statements of the role, in IAM's own form, for what no flag covers.",
            ListOf(RawStatement()),
            _EXECUTION,
            default="none",
        ),
    ] = ()
    task_statements: Annotated[
        Raw,
        Key(
            "Further statements of the role, in IAM's own form, for what no flag covers.",
            ListOf(RawStatement()),
            _TASK,
            default="none",
        ),
    ] = ()
    github_actions_statements: Annotated[
        Raw,
        Key(
            "Further statements of the role, in IAM's own form, for what no flag covers.",
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
        if isinstance(data, cls):
            return data
        if not isinstance(data, Mapping):
            raise ConfigError("a config is a mapping of keys to values")
        known = cls.keys()  # of another key it says nothing that its value is empty
        given = {k: v for k, v in cast("Mapping[str, object]", data).items() if k not in known or not not_given(v)}
        defaults = BASELINE_DEFAULTS if given.get("profile") == "baseline" else {}
        try:
            config = handler({**defaults, **given})
            config.model_fields_set.intersection_update(given)  # nobody wrote the module's defaults
            faults: list[Fault] = []
            bad: set[str] = set()
        except ValidationError as e:
            faults = list(_faults(e, cast("Mapping[str, object]", data)))
            bad = {str(error["loc"][0]) for error in e.errors()}
            config = cls.model_construct(None, **dict(_readable({**defaults, **given}, known)))
        for reads, check in checks(known):
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

    def flags(self) -> Iterator[tuple[str, bool | Parameter]]:
        """Every `enable_...` flag of the profile and whether it is on."""
        others = () if self.profile == "baseline" else ("enable_autoscaling",)
        return ((n, getattr(self, n)) for n in self.keys() if n.startswith("enable_") and n not in others)

    @property
    def bindings(self) -> Mapping[str, object]:
        """The values that `bind` put in for parameters. What they belong to stays a parameter's."""
        return self._bindings

    def bind(self, values: Mapping[str, object]) -> "Config":
        """The config with `values` for what it leaves to deployment. Raises ConfigError as `Stack.bind` does."""
        left, _ = deployment(self).bind(self._bindings)
        left.bind(values)
        home = {name: values[name] for name in left.home.open(left.variables) if name in values}
        config = self.model_copy(update=home)
        config._bindings = {**self._bindings, **{name: v for name, v in values.items() if name not in home}}
        return config


def _faults(error: ValidationError, data: Mapping[str, object]) -> Iterator[Fault]:
    unknown: list[str] = []
    for one in cast("list[Mapping[str, Any]]", error.errors()):
        loc: tuple[str | int, ...] = one["loc"]
        match one["type"]:
            case "missing":
                place = loc if loc[0] in data else ()  # it may be there, with nothing in it
                yield Fault(f"`{loc[0]}` is missing", place, f"Write `{loc[0]}:` and its value.")
            case "extra_forbidden" | "invalid_key":
                unknown.append(str(loc[0]))
            case _:
                yield from (f.under(*loc) for f in one["ctx"]["faults"])
    yield from unknown_keys(unknown, tuple(Config.model_fields))


def _readable(given: Mapping[str, object], keys: Mapping[str, Key]) -> Iterator[tuple[str, object]]:
    """What can be read of each key: the checks still say what they can of lists and mappings with a fault in them."""
    for name in given.keys() & keys.keys():
        with Faults().at():
            kind, value = keys[name].kind, given[name]
            parameter = (is_object(value) or isinstance(value, Parameter)) and keys[name].type is not None
            if isinstance(kind, ListOf | MapOf) and not parameter:
                yield name, kind.gather(value, Faults())
            else:
                yield name, keys[name].read(value)
