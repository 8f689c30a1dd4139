"""What IAM takes: one table of sizes and counts, what each account has at first and the most that AWS gives.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from typing import Literal

from attrs import frozen

from ecsiam.model import forms

Unit = Literal["characters", "managed policies", "tags"]
_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_API = "https://docs.aws.amazon.com/IAM/latest/APIReference/"


@frozen
class Quota:
    """How much of something IAM takes: `default` at first, and never more than `most`.

    The id is AWS's own name in Service Quotas, in snake case, where there is one. `what` has the role's id in it, and
    that of the policy where it is about one; `remedy` is what to do about more than that.
    """

    id: str
    what: str
    default: int
    most: int
    unit: Unit = "characters"
    remedy: str = ""
    page: str = _PAGE

    @property
    def can_be_raised(self) -> bool:
        """Whether AWS raises it for an account that asks."""
        return self.default < self.most


_QUOTAS = (
    Quota(
        "role_inline_policies_size",
        "the inline policies of the {} role together",
        10_240,
        10_240,
        remedy="Write `policies: managed`, which makes customer managed policies of them; or name fewer resources, or "
        "several by one pattern.",
    ),
    Quota(
        "managed_policy_size",
        "the managed policy `{1}` of the {0} role",
        6_144,
        6_144,
        remedy="Nothing of it can be divided: write several of its values as one pattern.",
    ),
    Quota(
        "role_trust_policy_length",
        "the trust policy of the {} role",
        2_048,
        4_096,
        remedy="Let fewer in by name, or several by one pattern.",
    ),
    Quota(
        "managed_policies_per_role",
        "the {} role",
        10,
        20,
        "managed policies",
        "Attach fewer: one managed policy can say what several do. Or name fewer resources, or several by one pattern.",
    ),
    Quota("role_tags", "the {} role", 50, 50, "tags", "Leave some out.", f"{_API}API_TagRole.html"),
    Quota(
        "role_name_length",
        "the name of the {} role",
        forms.ROLE_NAME.most,
        forms.ROLE_NAME.most,
        remedy="Give it a shorter name.",
        page=f"{_API}API_CreateRole.html",
    ),
    Quota(
        "policy_name_length",
        "the name of a policy of the {} role",
        forms.POLICY_NAME.most,
        forms.POLICY_NAME.most,
        remedy="Give it a shorter name.",
        page=f"{_API}API_PutRolePolicy.html",
    ),
    Quota(
        "role_description_length",
        "the description of the {} role",
        1_000,
        1_000,
        remedy="Shorten it.",
        page=f"{_API}API_CreateRole.html",
    ),
    Quota(
        "role_path_length",
        "the path of the {} role",
        forms.IAM_PATH.most,
        forms.IAM_PATH.most,
        remedy="Shorten it.",
        page=f"{_API}API_CreateRole.html",
    ),
)
QUOTAS = {quota.id: quota for quota in _QUOTAS}
# What an account can have raised: the keys of the config's `quotas`.
RAISABLE = tuple(quota for quota in _QUOTAS if quota.can_be_raised)
