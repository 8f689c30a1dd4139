"""What a deploy role pushes: images to ECR, private and public."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated

from attrs import evolve

from ecsiam.errors import Fault
from ecsiam.features.deploy.github_oidc import GithubOidcKeys
from ecsiam.features.deployer import DEPLOY_ROLES, DEPLOYERS, GITHUB_FLAG, OTHER_FLAGS, Deployer
from ecsiam.features.execution import ExecutionKeys, ecr_token, foreign_repositories
from ecsiam.features.feature import Part
from ecsiam.features.project import Project, ProjectKeys, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import empty, known, left_open, resources
from ecsiam.model import arn_forms
from ecsiam.model.arn import Arn
from ecsiam.model.condition import Condition
from ecsiam.model.deploying import PUBLIC_LOGIN, PUBLIC_PUSH, PUSH
from ecsiam.model.each import Item
from ecsiam.model.form import arn_form
from ecsiam.model.intent import Note
from ecsiam.model.parameter import Parameter
from ecsiam.model.statement import RESOURCE_ACCOUNT, Statement

_PUSH = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html"
_PUBLIC = "https://docs.aws.amazon.com/AmazonECR/latest/public/public-repository-policies.html"
PUBLIC_REPOSITORY_ARN = arn_form(
    "public_repository_arn",
    "the ARN of a repository of ECR Public",
    "ecr-public",
    "repository/[a-z0-9][a-z0-9._/-]*",
    ("arn:aws:ecr-public::123456789012:repository/memos",),
    ("arn:aws:ecr:eu-west-2:123456789012:repository/memos", "arn:aws:ecr-public::123456789012:repository/*"),
    regional=False,
    hints=(
        ("arn:[^:]*:ecr-public:[^:]+:.*", "has a region", "The ARNs of ECR Public have none: write two colons."),
        (".*[*?].*", "has a wildcard", "Write the repositories out."),
    ),
    bare=(
        (
            "public[.]ecr[.]aws/.*",
            "is the address of an image",
            "Write its repository's ARN: `arn:aws:ecr-public::ACCOUNT:repository/NAME`.",
        ),
    ),
)


class DeployImagesKeys(GithubOidcKeys, ExecutionKeys, ProjectKeys):
    """What the workflow pushes."""

    heading = "Images that GitHub Actions pushes"

    github_ecr_repository_arns: Annotated[
        Sequence[str] | Parameter,
        Key(
            "The ECR repositories that the workflow pushes to, those of other accounts too.",
            ListOf(OfForm(arn_forms.REPOSITORY_ARN)),
            DEPLOY_ROLES,
            default="those of `ecr_repository_arns` that are of the roles' account",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
        ),
    ] = ()
    github_ecr_pull: Annotated[
        bool,
        Key(
            "The workflow also pulls image layers, as a build cache in ECR needs.",
            Flag(),
            DEPLOY_ROLES,
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            closed=True,
        ),
    ] = False
    github_ecr_public_repository_arns: Annotated[
        Sequence[str],
        Key(
            "The repositories of ECR Public that the workflow pushes to.",
            ListOf(OfForm(PUBLIC_REPOSITORY_ARN)),
            DEPLOY_ROLES,
            default="none",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            closed=True,
            fixed="the login to ECR Public would be granted while the list is empty",
        ),
    ] = ()

    @check(*DEPLOYERS, "account_id", "ecr_repository_arns", "github_ecr_repository_arns")
    def _own_repositories(self) -> Iterator[Fault]:
        """What is pushed to by default is of the roles' account: where there is none, nothing says what it is."""
        pulled, own = known(self.ecr_repository_arns), self.home.account_id.literal
        asked = self.deploys and not self.github_ecr_repository_arns
        if asked and pulled and own and all(Arn.parse(arn).account.literal not in (own, None) for arn in pulled):
            yield Fault(
                f"none of `ecr_repository_arns` is of account `{own}`, so nothing says what the workflow pushes to",
                ("ecr_repository_arns",),
                "Name what the workflow pushes to in `github_ecr_repository_arns`.",
            )


def push_notes(keys: DeployImagesKeys, project: Project) -> Iterator[Note]:
    """What is worth knowing about what is pushed to."""
    given = keys.github_ecr_repository_arns
    if empty(given or keys.ecr_repository_arns):
        yield Note(
            "github-ecr-account-wide",
            "the deploy role may push to every ECR repository of its account and region: who pushes an image runs code",
            ("github_ecr_repository_arns",),
            "List the repositories in `ecr_repository_arns` or `github_ecr_repository_arns`.",
            _PUSH,
            unless=left_open(given, keys.ecr_repository_arns),
        )
    yield from foreign_repositories(project, "github_ecr_repository_arns", given, "the push")
    yield from _not_pushed(keys, project)


def push(keys: DeployImagesKeys, project: Project, by: Deployer) -> Iterator[Part]:
    """Log in and push, to ECR and to ECR Public."""
    pull = ("ecr:GetDownloadUrlForLayer",) if keys.github_ecr_pull else ()

    def pushing(repositories: Iterable[Item], *where: Condition) -> Statement:
        return allow((*PUSH, *pull), repositories, by.origin("push the image", _PUSH), *where)

    yield ecr_token(by.policy, by.flag)
    yield from on_repositories(keys, project, pushing)
    if keys.github_ecr_public_repository_arns:
        public = resources(keys.github_ecr_public_repository_arns)
        login = by.origin("log in to ECR Public; the actions support no narrower resource", _PUBLIC)
        yield allow(PUBLIC_LOGIN, "*", login)
        yield allow(PUBLIC_PUSH, public, by.origin("push the image to ECR Public", _PUBLIC))


def on_repositories(keys: DeployImagesKeys, project: Project, said: Callable[..., Statement]) -> Iterator[Statement]:
    """What is `said` of the repositories that are pushed to: of resources, and conditions."""
    given = keys.github_ecr_repository_arns
    if given and not isinstance(given, Parameter):
        yield said(resources(given))
        return
    pulled = resources(keys.ecr_repository_arns, otherwise=project.arns("ecr", "repository/*"))
    # Who deploys pushes what is its own: of which account a repository is, IAM decides where we can't yet.
    default = said(pulled, Condition("StringEquals", RESOURCE_ACCOUNT, project.home.account_id))
    own = default.settled()
    if not isinstance(given, Parameter):
        if own is None:
            raise default.of_no_account()
        yield own
    elif own is None:
        yield said(resources(given))
    elif own.conditions:
        yield said(resources(given))
        yield evolve(own, resources=resources(given, "unless_given", pulled))
    else:
        yield said(resources(given, otherwise=own.resources.items if own.resources else ()))


def _not_pushed(keys: DeployImagesKeys, project: Project) -> Iterator[Note]:
    """The repositories that are pulled from and not pushed to: a sidecar's belongs to somebody else."""
    if known(keys.github_ecr_repository_arns):
        return
    for i, owner in project.foreign(keys.ecr_repository_arns).items():
        yield Note(
            "github-foreign-repository",
            f"the deploy role may not push to `{known(keys.ecr_repository_arns)[i]}`, which is of account `{owner}`",
            ("ecr_repository_arns", i),
            "If the workflow pushes there, list all that it pushes to in `github_ecr_repository_arns`.",
            _PUSH,
        )
