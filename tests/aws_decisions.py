"""What comes out when several kinds of policies apply, as AWS documents it.

A policy is `-` (none there), `none` (it speaks of something else), `allow` or `deny`; one of a resource says whom it
allows instead. Several policies of a kind are several words.
"""

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_ONE_ACCOUNT = f"{_GUIDE}reference_policies_evaluation-logic_policy-eval-basics.html"
_STEPS = f"{_GUIDE}reference_policies_evaluation-logic_policy-eval-denyallow.html"
_EXPLICIT = f"{_GUIDE}reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html"
_TWO_ACCOUNTS = f"{_GUIDE}reference_policies_evaluation-logic-cross-account.html"
_BOUNDARIES = f"{_GUIDE}access_policies_boundaries.html"
_SESSIONS = f"{_GUIDE}access_policies.html#policies_session"
_PRINCIPAL = f"{_GUIDE}reference_policies_elements_principal.html"
_NOT_PRINCIPAL = f"{_GUIDE}reference_policies_elements_notprincipal.html"
_KEYS = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"
_TRUSTS = f"{_GUIDE}id_roles_compare-resource-policies.html"
_SCPS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html"
_RCPS = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html"

# Identity policies, boundary, session policies, SCPs, RCPs; `in` the account unless another caller is said.
LIMITS: dict[str, list[tuple[str, str, str, str, str, str]]] = {
    _ONE_ACCOUNT: [
        ("allow", "-", "-", "-", "-", "allowed"),
        ("none", "-", "-", "-", "-", "implicitly denied"),
        ("-", "-", "-", "-", "-", "implicitly denied"),
        ("deny", "-", "-", "-", "-", "explicitly denied"),
        ("allow none", "-", "-", "-", "-", "allowed"),
        ("none allow", "-", "-", "-", "-", "allowed"),
        ("none none", "-", "-", "-", "-", "implicitly denied"),
        ("none", "allow", "-", "-", "-", "implicitly denied"),
        ("none", "-", "allow", "-", "-", "implicitly denied"),
        ("none", "-", "-", "allow", "-", "implicitly denied"),
        ("none", "-", "-", "-", "allow", "implicitly denied"),
        ("-", "allow", "allow", "allow", "allow", "implicitly denied"),
        ("allow", "allow", "allow", "allow", "allow", "allowed"),
    ],
    _EXPLICIT: [
        ("allow deny", "-", "-", "-", "-", "explicitly denied"),
        ("deny allow", "-", "-", "-", "-", "explicitly denied"),
        ("allow allow deny", "-", "-", "-", "-", "explicitly denied"),
        ("allow", "deny", "-", "-", "-", "explicitly denied"),
        ("allow", "-", "deny", "-", "-", "explicitly denied"),
        ("allow", "-", "allow deny", "-", "-", "explicitly denied"),
        ("allow", "-", "-", "deny", "-", "explicitly denied"),
        ("allow", "-", "-", "allow deny", "-", "explicitly denied"),
        ("allow", "-", "-", "-", "deny", "explicitly denied"),
        ("none", "deny", "-", "-", "-", "explicitly denied"),
        ("-", "-", "-", "-", "deny", "explicitly denied"),
        ("deny", "none", "none", "none", "none", "explicitly denied"),
        ("none", "-", "none", "none", "deny", "explicitly denied"),
    ],
    _BOUNDARIES: [
        ("allow", "allow", "-", "-", "-", "allowed"),
        ("allow", "none", "-", "-", "-", "implicitly denied"),
        ("none allow", "allow", "-", "-", "-", "allowed"),
        ("allow", "allow", "-", "allow", "-", "allowed"),
        ("allow", "allow", "-", "none", "-", "implicitly denied"),
        ("allow", "none", "-", "allow", "-", "implicitly denied"),
        ("none", "none", "-", "none", "-", "implicitly denied"),
    ],
    _SESSIONS: [
        ("allow", "-", "allow", "-", "-", "allowed"),
        ("allow", "-", "none", "-", "-", "implicitly denied"),
        ("allow", "-", "none allow", "-", "-", "allowed"),
        ("allow", "-", "none none", "-", "-", "implicitly denied"),
        ("allow", "allow", "allow", "-", "-", "allowed"),
        ("allow", "none", "allow", "-", "-", "implicitly denied"),
        ("allow", "allow", "none", "-", "-", "implicitly denied"),
    ],
    _SCPS: [
        ("allow", "-", "-", "allow", "-", "allowed"),
        ("allow", "-", "-", "none", "-", "implicitly denied"),
        ("allow", "-", "-", "allow allow allow", "-", "allowed"),
        ("allow", "-", "-", "allow none allow", "-", "implicitly denied"),
        ("allow", "-", "-", "none allow", "-", "implicitly denied"),
        ("allow", "-", "-", "allow deny allow", "-", "explicitly denied"),
    ],
    _RCPS: [
        ("allow", "-", "-", "-", "allow", "allowed"),
        ("allow", "-", "-", "-", "none", "implicitly denied"),
        ("allow", "-", "-", "-", "allow allow", "allowed"),
        ("allow", "-", "-", "-", "allow none", "implicitly denied"),
        ("allow", "-", "-", "allow", "none", "implicitly denied"),
        ("allow", "-", "-", "none", "allow", "implicitly denied"),
    ],
}

# Who asks, whom the resource's policy allows, identity policies, boundary, session policies, the outcome in an account.
# Whom: `user`, `role`, `session`, `account`, `anyone` (of AWS), `everyone`, `arn` (anyone, with a condition on
# aws:PrincipalArn), `but` (a NotPrincipal), `other` (somebody else), `deny`.
ONE_ACCOUNT: dict[str, list[tuple[str, str, str, str, str, str]]] = {
    _STEPS: [
        ("user", "user", "none", "-", "-", "allowed"),
        ("user", "user", "-", "-", "-", "allowed"),
        ("user", "user", "allow", "-", "-", "allowed"),
        ("user", "user", "none", "none", "-", "allowed"),
        ("user", "user", "allow", "none", "-", "allowed"),
        ("user", "user", "deny", "-", "-", "explicitly denied"),
        ("user", "user", "none", "deny", "-", "explicitly denied"),
        ("user", "other", "allow", "-", "-", "allowed"),
        ("user", "other", "none", "-", "-", "implicitly denied"),
        ("user", "other", "allow", "none", "-", "implicitly denied"),
        ("user", "deny", "allow", "-", "-", "explicitly denied"),
        ("role", "role", "none", "-", "-", "allowed"),
        ("role", "role", "none", "none", "-", "implicitly denied"),
        ("session", "role", "none", "-", "-", "allowed"),
        ("session", "role", "-", "-", "-", "allowed"),
        ("session", "role", "none", "allow", "-", "allowed"),
        ("session", "role", "none", "none", "-", "implicitly denied"),
        ("session", "role", "none", "-", "allow", "allowed"),
        ("session", "role", "none", "-", "none", "implicitly denied"),
        ("session", "role", "none", "allow", "none", "implicitly denied"),
        ("session", "role", "allow", "none", "allow", "implicitly denied"),
        ("session", "role", "deny", "-", "-", "explicitly denied"),
        ("session", "session", "none", "-", "-", "allowed"),
        ("session", "session", "none", "none", "-", "allowed"),
        ("session", "session", "none", "-", "none", "allowed"),
        ("session", "session", "none", "none", "none", "allowed"),
        ("session", "session", "none", "deny", "none", "explicitly denied"),
        ("session", "session", "none", "none", "deny", "explicitly denied"),
        ("session", "session", "deny", "none", "none", "explicitly denied"),
        ("session", "role session", "none", "none", "none", "allowed"),
        ("session", "other", "allow", "allow", "allow", "allowed"),
        ("session", "other", "allow", "allow", "none", "implicitly denied"),
        ("federated-user", "federated-user", "none", "none", "none", "allowed"),
        ("federated-user", "user", "none", "-", "-", "implicitly denied"),
        ("federated-user", "other", "allow", "-", "allow", "allowed"),
    ],
    f"{_PRINCIPAL}#principal-accounts": [
        ("user", "account", "allow", "-", "-", "allowed"),
        ("user", "account", "none", "-", "-", "implicitly denied"),
        ("user", "account", "-", "-", "-", "implicitly denied"),
        ("user", "account", "allow", "none", "-", "implicitly denied"),
        ("session", "account", "none", "-", "-", "implicitly denied"),
        ("session", "account", "allow", "-", "none", "implicitly denied"),
        ("session", "account session", "none", "-", "-", "allowed"),
        ("root", "account", "-", "-", "-", "allowed"),
    ],
    f"{_PRINCIPAL}#principal-anonymous": [
        ("user", "anyone", "none", "-", "-", "allowed"),
        ("session", "anyone", "none", "none", "-", "implicitly denied"),
        ("session", "anyone", "none", "-", "none", "implicitly denied"),
        ("anonymous", "anyone", "-", "-", "-", "allowed"),
        ("anonymous", "everyone", "-", "-", "-", "allowed"),
        ("anonymous", "anyone", "none", "-", "-", "allowed"),
        ("nobody", "anyone", "-", "-", "-", "implicitly denied"),
        ("nobody", "anyone", "allow", "-", "-", "allowed"),
        ("anonymous", "account", "-", "-", "-", "implicitly denied"),
        ("anonymous", "other", "-", "-", "-", "implicitly denied"),
        ("anonymous", "deny", "-", "-", "-", "explicitly denied"),
        ("service", "service", "-", "-", "-", "allowed"),
        ("service", "everyone", "-", "-", "-", "allowed"),
        ("service", "anyone", "-", "-", "-", "implicitly denied"),
        ("service", "account", "-", "-", "-", "implicitly denied"),
        ("federated", "federated", "-", "-", "-", "allowed"),
        ("federated", "other", "-", "-", "-", "implicitly denied"),
    ],
    f"{_PRINCIPAL}#principal-roles": [
        ("session", "arn", "none", "-", "-", "allowed"),
        ("session", "arn", "none", "none", "-", "allowed"),
        ("session", "arn", "none", "none", "none", "allowed"),
        ("session", "arn", "none", "deny", "none", "explicitly denied"),
        ("user", "arn", "none", "-", "-", "implicitly denied"),
    ],
    _NOT_PRINCIPAL: [
        ("user", "but", "allow", "-", "-", "allowed"),
        ("user", "but", "allow", "allow", "-", "explicitly denied"),
        ("user", "but", "allow", "none", "-", "explicitly denied"),
        ("role", "but", "allow", "-", "-", "explicitly denied"),
        ("session", "but", "allow", "-", "-", "explicitly denied"),
        ("service", "but", "-", "-", "-", "explicitly denied"),
        ("anonymous", "but", "-", "-", "-", "explicitly denied"),
    ],
}

# The same for a KMS key, whose policy has to allow, and for a role's trust policy.
HAS_TO_ALLOW: dict[str, list[tuple[str, str, str, str, str, str]]] = {
    _KEYS: [
        ("user", "other", "allow", "-", "-", "implicitly denied"),
        ("user", "account", "allow", "-", "-", "allowed"),
        ("user", "account", "none", "-", "-", "implicitly denied"),
        ("user", "user", "none", "-", "-", "allowed"),
        ("session", "account", "allow", "-", "-", "allowed"),
        ("session", "account", "allow", "none", "-", "implicitly denied"),
        ("session", "role", "none", "-", "-", "allowed"),
        ("session", "other", "allow", "allow", "allow", "implicitly denied"),
    ],
    _TRUSTS: [
        ("user", "other", "allow", "-", "-", "implicitly denied"),
        ("user", "account", "allow", "-", "-", "allowed"),
        ("user", "account", "none", "-", "-", "implicitly denied"),
        ("user", "user", "none", "-", "-", "allowed"),
        ("session", "session", "none", "none", "none", "allowed"),
        ("session", "role", "-", "-", "-", "allowed"),
        ("service", "service", "-", "-", "-", "allowed"),
        ("service", "other", "-", "-", "-", "implicitly denied"),
        ("federated", "federated", "-", "-", "-", "allowed"),
        ("federated", "account", "-", "-", "-", "implicitly denied"),
        ("user", "deny", "allow", "-", "-", "explicitly denied"),
    ],
}

# The same for a caller of another account than the resource's.
TWO_ACCOUNTS: dict[str, list[tuple[str, str, str, str, str, str]]] = {
    _TWO_ACCOUNTS: [
        ("user", "user", "allow", "-", "-", "allowed"),
        ("user", "account", "allow", "-", "-", "allowed"),
        ("user", "anyone", "allow", "-", "-", "allowed"),
        ("user", "user", "none", "-", "-", "implicitly denied"),
        ("user", "user", "-", "-", "-", "implicitly denied"),
        ("user", "other", "allow", "-", "-", "implicitly denied"),
        ("user", "-", "allow", "-", "-", "implicitly denied"),
        ("user", "user", "allow", "none", "-", "implicitly denied"),
        ("user", "user", "allow", "allow", "-", "allowed"),
        ("user", "user", "deny", "-", "-", "explicitly denied"),
        ("user", "deny", "allow", "-", "-", "explicitly denied"),
        ("session", "role", "allow", "-", "-", "allowed"),
        ("session", "role", "none", "-", "-", "implicitly denied"),
        ("session", "session", "none", "-", "-", "implicitly denied"),
        ("session", "session", "allow", "none", "-", "implicitly denied"),
        ("session", "session", "allow", "-", "none", "implicitly denied"),
        ("session", "session", "allow", "allow", "allow", "allowed"),
        ("session", "arn", "none", "-", "-", "implicitly denied"),
        ("session", "account", "allow", "-", "none", "implicitly denied"),
        ("session", "other", "none", "-", "-", "implicitly denied"),
        ("service", "service", "-", "-", "-", "allowed"),
    ],
}
