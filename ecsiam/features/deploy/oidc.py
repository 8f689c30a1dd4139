"""Who deploys by a token: what the roles of all pipelines share. Trusts, providers, conditions on claims.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from attrs import evolve, field, frozen

from ecsiam.errors import Fault, Path
from ecsiam.features.deploy.claims import Has, met
from ecsiam.features.deployer import DEPLOY_ROLES, DEPLOYERS, GITHUB_FLAG, OTHER_FLAGS
from ecsiam.features.project import Project
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys
from ecsiam.keys.kinds import Flag
from ecsiam.keys.values import as_text
from ecsiam.model import oidc_forms
from ecsiam.model.condition import Condition
from ecsiam.model.form import Form
from ecsiam.model.intent import Note
from ecsiam.model.oidc import OidcProvider
from ecsiam.model.parameter import Parameter
from ecsiam.model.policy import Policy
from ecsiam.model.principal import Principal
from ecsiam.model.statement import Origin, Statement
from ecsiam.model.text import Text, in_order, text

TRUST_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html"


class OidcKeys(Keys):
    """What all who deploy by a token share."""

    heading = "Deployment by a token"

    create_oidc_provider: Annotated[
        bool,
        Key(
            "The OIDC provider of who deploys is made here. An account has one of each issuer, for all its roles.",
            Flag(),
            DEPLOY_ROLES,
            default="it is there already",
            flag=GITHUB_FLAG,
            or_flags=OTHER_FLAGS,
            closed=True,
        ),
    ] = False

    @property
    def deploys(self) -> bool:
        """Whether anybody deploys, or may."""
        return any(self.when(flag) is not None for flag in DEPLOYERS)


def address_faults(value: object, path: Path) -> Iterator[Fault]:
    """That a repository is called as in its address: neither GitHub nor GitLab has a name that ends so."""
    if isinstance(value, str) and value.endswith(".git"):
        yield Fault(
            f"`{value}` ends in `.git`, which is of its address", path, f"Write `{value.removesuffix('.git')}`."
        )


def tail(url: str) -> str:
    """An issuer as condition keys and the provider's ARN have it: without its scheme."""
    return url.removeprefix("https://")


def provider_form(url: str) -> Form:
    """The form of the ARN of an issuer's provider: what a parameter for it takes."""
    name = tail(url)
    arn = f"arn:aws:iam::123456789012:oidc-provider/{name}"
    pattern = name.replace(".", "\\.")
    whole = oidc_forms.OIDC_PROVIDER_ARN
    return evolve(
        whole,
        pattern=whole.pattern.partition(":oidc-provider/")[0] + f":oidc-provider/{pattern}",
        what=f"the ARN of the OIDC provider of `{url}`",
        good=(arn,),
        bad=(*whole.bad, f"{arn}x"),
    )


@frozen
class Pipeline:
    """Who brings tokens to one role: issuer, provider, audience, and every way in.

    `claims` are the conditions beside the subject, by the name of the claim. `role` is the id, `flag` asks for it.
    """

    role: str
    flag: str
    url: str
    provider: Text
    audience: Text
    reason: str
    subjects: tuple[Text, ...]
    claims: Mapping[str, tuple[Text, ...]] = field(factory=dict[str, tuple[Text, ...]])

    def statement(self, *where: Condition) -> Statement:
        return Statement(
            effect="Allow",
            actions="sts:AssumeRoleWithWebIdentity",
            principals=Principal("Federated", self.provider),
            conditions=where,
            origin=Origin(self.role, self.reason, TRUST_PAGE, self.flag),
        )

    def claim(self, operator: str, claim: str, values: Text | Iterable[Text]) -> Condition:
        return Condition(operator, f"{tail(self.url)}:{claim}", values)

    def pinned(self) -> list[Condition]:
        """The audience, and what is asked of other claims than the subject."""
        of_claims = (
            self.claim("StringLike" if any(map(is_pattern, values)) else "StringEquals", name, in_order(values))
            if values
            else self.claim("Null", name, text("true"))
            for name, values in self.claims.items()
        )
        return [self.claim("StringEquals", "aud", self.audience), *of_claims]

    def trust(self) -> Policy:
        """The trust: the listed subjects, with the audience pinned.

        Exact subjects and patterns stand in two statements: under one, two operators on the subject would both have to
        hold, and nobody would get in.
        """
        of_kind: dict[str, list[Text]] = {"StringEquals": [], "StringLike": []}
        for subject in in_order(self.subjects):
            of_kind["StringLike" if is_pattern(subject) else "StringEquals"].append(subject)
        return Policy(
            self.statement(*self.pinned(), self.claim(operator, "sub", values))
            for operator, values in of_kind.items()
            if values
        )

    def meant(self) -> Statement:
        """Who is meant to deploy: the subjects that the config lists, on its terms."""
        return self.statement(*self.pinned(), self.claim("StringLike", "sub", in_order(self.subjects)))

    def needs(self, carried: Callable[[Text], Has]) -> Iterator[Statement]:
        """Each subject gets in, with what its token surely has in the claims that are asked for."""
        alike: dict[tuple[tuple[str, tuple[Text, ...]], ...], list[Text]] = {}
        for subject in in_order(self.subjects):
            has = carried(subject)
            own = tuple((name, met(values, has[name])) for name, values in self.claims.items() if name in has)
            alike.setdefault(own, []).append(subject)
        for own, subjects in alike.items():
            yield evolve(self, subjects=tuple(subjects), claims={**self.claims, **dict(own)}).meant()


def is_pattern(value: Text) -> bool:
    """Whether a condition's value holds a wildcard."""
    return bool(set("*?").intersection(str(value)))


def provider_of(given: object, url: str, project: Project) -> Text:
    """The ARN of a provider: as the config has it, else the one of the roles' account."""
    return as_text(given, project.global_arn("iam", f"oidc-provider/{tail(url)}"))


def provider_faults(name: str, given: object, url: str, issuer: str) -> Iterator[Fault]:
    """That a provider is another issuer's. `issuer` is the key that has it."""
    if given and not isinstance(given, Parameter) and not str(given).endswith(f":oidc-provider/{tail(url)}"):
        remedy = f"Write the issuer of its tokens in `{issuer}`, or the ARN that ends in `oidc-provider/{tail(url)}`."
        yield Fault(f"`{given}` is not the provider of `{url}`", (name,), remedy)


def made_provider(keys: OidcKeys, pipeline: Pipeline) -> OidcProvider | None:
    """The provider that is made for a role; None where it is there already."""
    made = keys.create_oidc_provider
    return OidcProvider(pipeline.role, pipeline.url, (pipeline.audience,)) if made else None


def provider_notes(keys: OidcKeys, url: str) -> Iterator[Note]:
    """That an account has only one provider of an issuer."""
    if keys.create_oidc_provider:
        yield Note(
            "oidc-provider-once",
            f"an account has one OIDC provider of `{url}`: where it is there already, making it fails",
            ("create_oidc_provider",),
            "Turn it on in one deployment of the account, and off in the others.",
            "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html",
        )


def product(parts: Sequence[Sequence[Text]]) -> Iterator[Text]:
    """Every subject of one value for each part, with colons between them."""
    whole: list[Text] = [Text(())]
    for at, values in enumerate(parts):
        whole = [Text.of(before, ":" if at else "", value) for before in whole for value in values]
    return iter(whole)
