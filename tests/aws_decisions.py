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

# Identity policies, boundary, session policies, SCPs, RCPs (a slash between levels).
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
        ("allow", "-", "-", "allow none", "-", "allowed"),
        ("allow", "-", "-", "none none", "-", "implicitly denied"),
        ("allow", "-", "-", "allow / allow / allow", "-", "allowed"),
        ("allow", "-", "-", "allow / none / allow", "-", "implicitly denied"),
        ("allow", "-", "-", "none / allow", "-", "implicitly denied"),
        ("allow", "-", "-", "allow none / none allow / allow", "-", "allowed"),
        ("allow", "-", "-", "allow none / none none / allow", "-", "implicitly denied"),
        ("allow", "-", "-", "allow deny", "-", "explicitly denied"),
        ("allow", "-", "-", "allow deny / allow", "-", "explicitly denied"),
        ("allow", "-", "-", "none / allow deny", "-", "explicitly denied"),
        ("none", "-", "-", "allow / allow", "-", "implicitly denied"),
    ],
    # RCPFullAWSAccess is on every level and can't be taken off, so resource control policies only take away.
    _RCPS: [
        ("allow", "-", "-", "-", "allow", "allowed"),
        ("allow", "-", "-", "-", "none", "allowed"),
        ("allow", "-", "-", "-", "none / none", "allowed"),
        ("allow", "-", "-", "-", "none / deny", "explicitly denied"),
        ("allow", "-", "-", "-", "allow deny", "explicitly denied"),
        ("allow", "-", "-", "allow", "none", "allowed"),
        ("allow", "-", "-", "none", "allow", "implicitly denied"),
        ("none", "-", "-", "allow", "allow", "implicitly denied"),
    ],
}

# Who asks, whom the resource's policy allows, identity policies, boundary, session policies, the outcome in an account.
# Whom: `user`, `role`, `session`, `account`, `anyone` (of AWS), `everyone`, `arn` (anyone, with a condition on
# aws:PrincipalArn), `but` and `but-...` (a NotPrincipal of the user or another), `other` (somebody else), `deny`.
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
        ("root", "other", "-", "-", "-", "allowed"),
        ("root", "deny", "-", "-", "-", "explicitly denied"),
    ],
    f"{_PRINCIPAL}#principal-anonymous": [
        ("user", "anyone", "none", "-", "-", "allowed"),
        # AWS's pages say of `*` with a condition on aws:PrincipalArn that no boundary limits it, and nothing of `*`
        # without: what lets in more is taken.
        ("user", "anyone", "none", "none", "-", "allowed"),
        ("user", "everyone", "none", "none", "-", "allowed"),
        ("session", "anyone", "none", "none", "-", "allowed"),
        ("session", "anyone", "none", "-", "none", "allowed"),
        ("session", "anyone", "none", "deny", "-", "explicitly denied"),
        ("anonymous", "anyone", "-", "-", "-", "allowed"),
        ("anonymous", "everyone", "-", "-", "-", "allowed"),
        ("anonymous", "anyone", "none", "-", "-", "allowed"),
        ("anonymous", "user", "-", "-", "-", "implicitly denied"),
        ("anonymous", "-", "allow", "-", "-", "implicitly denied"),
        ("service", "-", "allow", "-", "-", "implicitly denied"),
        ("federated", "-", "allow", "-", "-", "implicitly denied"),
        ("nobody", "-", "allow", "-", "-", "allowed"),
        ("nobody", "anyone", "-", "-", "-", "allowed"),
        ("nobody", "everyone", "-", "-", "-", "allowed"),
        ("nobody", "account", "-", "-", "-", "implicitly denied"),
        ("nobody", "user", "-", "-", "-", "implicitly denied"),
        ("nobody", "anyone", "none", "-", "-", "implicitly denied"),
        ("nobody", "anyone", "-", "none", "-", "implicitly denied"),
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
        ("nobody", "but", "allow", "allow", "-", "explicitly denied"),
        ("root", "but", "-", "-", "-", "explicitly denied"),
        # AWS wants role, session and account listed, or denies the session. We take a session for named with its role
        # and a user with the account: what denies less.
        ("role", "but-role", "allow", "-", "-", "allowed"),
        ("session", "but-role", "allow", "-", "-", "allowed"),
        ("session", "but-session", "allow", "-", "-", "allowed"),
        ("session", "but-account", "allow", "-", "-", "allowed"),
        ("user", "but-role", "allow", "-", "-", "explicitly denied"),
        ("session", "but-role", "allow", "allow", "-", "explicitly denied"),
        ("session", "but-session", "allow", "allow", "-", "explicitly denied"),
        ("session", "but-role", "allow", "-", "allow", "allowed"),
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

_SCP_SCOPE = "https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html"
_RCP_SCOPE = f"{_RCPS}#actions-not-restricted-by-rcps"
_RCP_SERVICES = f"{_RCPS}#rcp-supported-services"

# Who asks, an action, what denies it, and whether that counts; all else allows it.
ORGANISATIONS: dict[str, list[tuple[str, str, str, bool]]] = {
    _SCP_SCOPE: [
        ("user", "s3:GetObject", "scp", True),
        ("role", "s3:GetObject", "scp", True),
        ("session", "s3:GetObject", "scp", True),
        ("federated-user", "s3:GetObject", "scp", True),
        ("root", "s3:GetObject", "scp", True),
        ("nobody", "s3:GetObject", "scp", True),
        ("user", "sns:Publish", "scp", True),
        ("anonymous", "s3:GetObject", "scp", False),
        ("service", "s3:GetObject", "scp", False),
        ("federated", "sts:AssumeRoleWithWebIdentity", "scp", False),
        ("linked", "s3:GetObject", "scp", False),
        ("linked-session", "s3:GetObject", "scp", False),
    ],
    _RCP_SCOPE: [
        ("user", "s3:GetObject", "rcp", True),
        ("session", "s3:GetObject", "rcp", True),
        ("root", "s3:GetObject", "rcp", True),
        ("nobody", "s3:GetObject", "rcp", True),
        ("anonymous", "s3:GetObject", "rcp", True),
        ("service", "s3:GetObject", "rcp", True),
        ("federated", "sts:AssumeRoleWithWebIdentity", "rcp", True),
        ("linked", "s3:GetObject", "rcp", False),
        ("linked-session", "s3:GetObject", "rcp", False),
        ("user", "kms:RetireGrant", "rcp", False),
        ("user", "KMS:retiregrant", "rcp", False),
        ("user", "kms:CreateGrant", "rcp", True),
    ],
    _RCP_SERVICES: [
        *(
            ("user", action, "rcp", True)
            for action in (
                *("sts:AssumeRole", "kms:Decrypt", "sqs:SendMessage", "secretsmanager:GetSecretValue"),
                *("dynamodb:GetItem", "ecr:BatchGetImage", "logs:PutLogEvents", "events:PutEvents", "S3:PUTOBJECT"),
                *("firehose:PutRecord", "aoss:APIAccessAll", "cognito-idp:AdminGetUser", "xray:PutTraceSegments"),
            )
        ),
        *(
            ("user", action, "rcp", False)
            for action in (
                *("sns:Publish", "kinesis:PutRecord", "lambda:InvokeFunction", "ssm:GetParameter", "ecs:RunTask"),
                *("iam:PassRole", "states:StartExecution", "bedrock:InvokeModel", "es:ESHttpGet", "new:Thing"),
                *("elasticfilesystem:ClientMount", "s3express:CreateSession"),
            )
        ),
    ],
}

_STS = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html"
_KMS = "https://docs.aws.amazon.com/kms/latest/developerguide/control-access-overview.html"

# An action on a role, key or other resource of the caller's account, and whether the resource's policy has to allow it.
MUST_ALLOW: dict[str, list[tuple[str, str, bool]]] = {
    _STS: [
        ("sts:AssumeRole", "role", True),
        ("STS:assumerole", "role", True),
        ("sts:AssumeRoleWithWebIdentity", "role", True),
        ("sts:AssumeRoleWithSAML", "role", True),
        ("sts:TagSession", "role", True),
        ("sts:SetSourceIdentity", "role", True),
        ("sts:SetContext", "role", True),
        ("sts:AssumeRoot", "root", False),
        ("iam:GetRole", "role", False),
    ],
    _KMS: [
        ("kms:Decrypt", "key", True),
        ("kms:PutKeyPolicy", "key", True),
        ("kms:ListKeys", "*", False),
        ("kms:DeleteAlias", "alias", False),
        ("sqs:SendMessage", "queue", False),
        ("s3:GetObject", "queue", False),
    ],
}
