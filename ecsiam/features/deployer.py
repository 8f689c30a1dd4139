"""Who deploys, as far as what is deployed has to know it: whoever it is, the statements are the same."""

from attrs import frozen

from ecsiam.model.statement import Origin

# The roles that deploy, by the flag that asks for each.
DEPLOYERS = {
    "enable_github_oidc": "github_actions",
    "enable_gitlab_oidc": "gitlab",
    "enable_ci_oidc": "ci",
}
GITHUB_FLAG, *_OTHERS = DEPLOYERS
OTHER_FLAGS = tuple(_OTHERS)
DEPLOY_ROLES = tuple(DEPLOYERS.values())


@frozen
class Deployer:
    """A deploy role's policy, by its id, and the flag that asks for it."""

    policy: str
    flag: str

    def origin(self, reason: str, page: str) -> Origin:
        """Where a statement of that policy came from."""
        return Origin(self.policy, reason, page, self.flag)
