"""enable_ci_oidc: a role that another pipeline deploys with: Bitbucket, Buildkite, CircleCI, HCP Terraform and others.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated

from attrs import frozen

from ecsiam.errors import Fault
from ecsiam.features.deploy.github_actions import GRANTS, GithubActionsKeys, deploying
from ecsiam.features.deploy.oidc import (
    OidcKeys,
    Pipeline,
    made_provider,
    provider_faults,
    provider_form,
    provider_notes,
    provider_of,
    tail,
)
from ecsiam.features.deployer import DEPLOYERS, Deployer
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project
from ecsiam.features.statements import MEANING, Raw
from ecsiam.keys.key import Key
from ecsiam.keys.keys import check
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.raw_statement import RawStatement
from ecsiam.keys.values import as_text
from ecsiam.model import oidc_forms
from ecsiam.model.form import Form
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.statement import Statement
from ecsiam.model.text import texts

FLAG = "enable_ci_oidc"
ROLE = DEPLOYERS[FLAG]
_ROLES = (ROLE,)
_WHO = "who may deploy is written in the config"
_BY = Deployer(ROLE, FLAG)
_ID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NAME = "[^:*?]+"


@frozen
class Service:
    """One that runs pipelines: its issuer, the audience that its tokens have, and how a subject has to begin.

    The last part of the issuer is `{tail}` in the others. `audience` is empty where it can't be known. `begins` is a
    pattern of what says whose the pipeline is, in words `like`.
    """

    name: str
    issuer: str
    audience: str
    begins: str
    like: str
    page: str


SERVICES = (
    Service(
        "Bitbucket Pipelines",
        r"https://api\.bitbucket\.org/2\.0/workspaces/[^/]+/pipelines-config/identity/oidc",
        "",
        rf"\{{{_ID}\}}",
        "{{REPOSITORY_UUID}}",  # as the config has it: a brace is written twice
        "https://support.atlassian.com/bitbucket-cloud/docs/deploy-on-aws-using-bitbucket-pipelines-openid-connect/",
    ),
    Service(
        "Buildkite",
        r"https://agent\.(buildkite\.com|[^.]+\.buildkite\.(dev|site))",
        "sts.amazonaws.com",
        f"organization:{_NAME}:pipeline:{_NAME}:",
        "organization:ORG:pipeline:PIPELINE:",
        "https://buildkite.com/docs/pipelines/security/oidc",
    ),
    Service(
        "CircleCI",
        rf"https://oidc\.circleci\.com/org/{_ID}",
        "{tail}",
        f"org/{{tail}}/project/{_ID}/",
        "org/{tail}/project/PROJECT_UUID/",
        "https://circleci.com/docs/openid-connect-tokens/",
    ),
    Service(
        "HCP Terraform",
        r"https://app\.terraform\.io",
        "aws.workload.identity",
        f"organization:{_NAME}:project:",
        "organization:ORG:project:",
        "https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/aws-configuration",
    ),
)


def service(issuer: str) -> Service | None:
    """The service that an issuer is of; None for one that isn't in the table."""
    return next((s for s in SERVICES if re.fullmatch(s.issuer, issuer)), None)


_OWN_ROOM = {
    r"https://(token\.actions\..*|github\.com/enterprises/.*|.*/_services/token)": "enable_github_oidc",
    r"https://gitlab\.com": "enable_gitlab_oidc",
}


class CiOidcKeys(OidcKeys):
    """Who deploys from another pipeline."""

    heading = "Deployment from other pipelines"

    enable_ci_oidc: Annotated[
        bool | Parameter,
        Key(
            "Another pipeline deploys (Bitbucket, Buildkite, CircleCI, HCP Terraform, any issuer of tokens): a role of "
            "its own that may do what the deploy role of GitHub Actions may.",
            Flag(),
            _ROLES,
            needs=("ci_issuer", "ci_subjects"),
            fixed=_WHO,
        ),
    ] = False
    ci_issuer: Annotated[
        str | None,
        Key(
            "Who signs the tokens, as their `iss` has it.",
            OfForm(oidc_forms.OIDC_ISSUER),
            _ROLES,
            flag=FLAG,
            closed=True,
            settled=True,
            fixed=_WHO,
            sample=("https://agent.buildkite.com",),
        ),
    ] = None
    ci_subjects: Annotated[
        Sequence[str],
        Key(
            "The subjects (`sub`) that may deploy, which may hold `*` and `?` after what says whose the pipeline is.",
            ListOf(OfForm(oidc_forms.CI_SUBJECT)),
            _ROLES,
            flag=FLAG,
            closed=True,
            fixed=_WHO,
        ),
    ] = ()
    ci_audience: Annotated[
        str | Parameter | None,
        Key(
            "The audience that the tokens are for.",
            OfForm(oidc_forms.AUDIENCE),
            _ROLES,
            default="Buildkite's `sts.amazonaws.com`, HCP Terraform's `aws.workload.identity`, CircleCI's organisation",
            flag=FLAG,
            fixed=_WHO,
        ),
    ] = None
    ci_oidc_provider_arn: Annotated[
        str | Parameter | None,
        Key(
            "The issuer's OIDC provider in this account. It has to exist, unless `create_oidc_provider` makes it.",
            OfForm(oidc_forms.OIDC_PROVIDER_ARN),
            _ROLES,
            default="this account's provider of `ci_issuer`",
            flag=FLAG,
            fixed=_WHO,
            same_account=True,
        ),
    ] = None

    ci_statements: Annotated[Raw, Key(MEANING, ListOf(RawStatement()), _ROLES, default="none", flag=FLAG)] = ()

    def form_of(self, name: str) -> Form | None:
        """The form of a key's values: a provider's ARN is of the issuer."""
        its = name == "ci_oidc_provider_arn" and self.ci_issuer
        return provider_form(its) if its else super().form_of(name)

    @check("ci_issuer", "ci_oidc_provider_arn")
    def _ci_provider(self) -> Iterator[Fault]:
        if self.ci_issuer:
            given = self.ci_oidc_provider_arn
            yield from provider_faults("ci_oidc_provider_arn", given, self.ci_issuer, "ci_issuer")

    @check("ci_issuer", "ci_audience")
    def _ci_subjects(self) -> Iterator[Fault]:
        if not self.ci_issuer:
            return
        for pattern, flag in _OWN_ROOM.items():
            if re.fullmatch(pattern, self.ci_issuer):
                yield Fault(f"`{self.ci_issuer}` has keys of its own", ("ci_issuer",), f"Turn on `{flag}` instead.")
                return
        known = service(self.ci_issuer)
        if not self.ci_audience and self.when(FLAG) is not None and not (known and known.audience):
            message = f"nothing says which audience the tokens of `{self.ci_issuer}` are for"
            yield Fault(message, ("ci_issuer",), "Write `ci_audience`.")
        last = self.ci_issuer.rpartition("/")[2]
        begins = known.begins.replace("{tail}", re.escape(last)) if known else ""
        for i, subject in enumerate(self.ci_subjects if known else ()):
            if known and subject and not re.match(begins, subject):
                message = f"`{subject}` does not say whose the pipeline is"
                remedy = f"A subject of {known.name} begins with `{known.like.replace('{tail}', last)}`."
                yield Fault(message, ("ci_subjects", i), remedy)


def _pipeline(keys: CiOidcKeys, project: Project) -> Pipeline:
    issuer = keys.ci_issuer or ""
    known = service(issuer)
    audience = known.audience.replace("{tail}", issuer.rpartition("/")[2]) if known else ""
    return Pipeline(
        role=ROLE,
        flag=FLAG,
        url=issuer,
        provider=provider_of(keys.ci_oidc_provider_arn, issuer, project),
        audience=as_text(keys.ci_audience, audience),
        reason=f"pipelines of {known.name if known else tail(issuer)} assume the role",
        subjects=texts(tuple(keys.ci_subjects)),
    )


def ci_trust(keys: CiOidcKeys, project: Project) -> Policy:
    """The trust of the role: the listed subjects, with the audience pinned."""
    return _pipeline(keys, project).trust()


def ci_meant(keys: CiOidcKeys, project: Project) -> Iterator[Statement]:
    """Who is meant to deploy, and has to get in: the subjects that the config lists."""
    yield _pipeline(keys, project).meant()


def ci_provider(keys: CiOidcKeys, project: Project) -> OidcProvider | None:
    """The provider, where it is made here."""
    return made_provider(keys, _pipeline(keys, project))


class CiKeys(CiOidcKeys, GithubActionsKeys):
    """What the pipeline does with the deploy role: what GitHub Actions would."""


def _deploys(keys: CiKeys, project: Project) -> Iterator[Part]:
    yield from provider_notes(keys, keys.ci_issuer or "")
    # What another deploy role says of what is deployed is said once.
    said = any(keys.when(flag) == "" for flag in DEPLOYERS if flag != FLAG)
    yield from (p for p in deploying(keys, project, _BY) if isinstance(p, Statement) or not said)


def _needs(keys: CiKeys, project: Project) -> Iterator[Statement]:
    yield from (p for p in deploying(keys, project, _BY) if isinstance(p, Statement))


CI_DEPLOYS = Feature(ROLE, ROLE, FLAG, CiKeys, _deploys, GRANTS, _needs)
