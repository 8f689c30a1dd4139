"""The rules by which findings are made: each with an id that stays, how grave it is, what it says and AWS's page."""

from typing import Literal

from attrs import frozen

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide"


@frozen
class Rule:
    """A rule. `says` is the fault in a clause, `why` what comes of it, for the page of rules.

    `others` are the ids under which other tools find some of it: of IAM Access Analyzer (`AA`), parliament, cfn-lint
    and Checkov. They look at one policy; none of them finds all of it.
    """

    id: str
    severity: Severity
    says: str
    why: str
    page: str
    others: tuple[str, ...] = ()


_ROWS = (
    Rule(
        "missing",
        "error",
        "something in sight needs a permission, and the role does not have it",
        "The task does not start, or stops where it needs it.",
        f"{_ECS}/task_execution_IAM_role.html",
    ),
    Rule(
        "misplaced",
        "error",
        "the permission is there, on the other of the task's two roles",
        "ECS pulls images, reads secrets and writes logs with the execution role, before a container runs; what the "
        "containers themselves call has the task role. Neither stands in for the other.",
        f"{_ECS}/security-iam-roles.html",
    ),
    Rule(
        "trust",
        "error",
        "a role is named for somebody who can't assume it: for a task, a service, or what runs one",
        "The task does not start, or is never run: the trust policy has to let in `ecs-tasks.amazonaws.com`; for what "
        "ECS does for a service `ecs.amazonaws.com`; for rules, schedules and pipes theirs.",
        f"{_ECS}/task-iam-roles.html",
    ),
    Rule(
        "token-refused",
        "error",
        "a workflow assumes a role whose trust takes none of the tokens that the job can send",
        "The deployment fails where it logs in. A job in an environment is known by that and not by its branch, and a "
        "pull request by neither. What no file tells (the repository's name and ids, its template for subjects) is "
        "taken as the trust has it.",
        "https://docs.github.com/en/actions/reference/security/oidc",
    ),
    Rule(
        "no-token",
        "error",
        "a workflow assumes a role with a token that its job may not ask for",
        "A job gets a token by `permissions: id-token: write`, of its own or of its workflow; a list of permissions "
        "without it takes it away.",
        "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws",
    ),
    Rule(
        "chain-refused",
        "error",
        "a workflow assumes a role as another, and its trust doesn't let that one in",
        "The deployment fails at the second login. The trust has to let in the first role, by its ARN or its account, "
        "for `sts:AssumeRole` and, as the action tags the session, for `sts:TagSession`.",
        f"{_IAM}/id_session-tags.html#id_session-tags_permissions-required",
    ),
    Rule(
        "open-trust",
        "error",
        "a role that workflows of anybody's repositories, or everybody at AWS, may assume",
        "GitHub has one issuer for all, so the trust alone says whose tokens get in. Without a `sub`, or with `*` "
        "there, everybody on GitHub deploys. The principal `*` of AWS, without a condition, is every account there is.",
        "https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws",
        ("Checkov CKV_AWS_358", "Checkov CKV_AWS_60"),
    ),
    Rule(
        "any-branch",
        "note",
        "a role that deploys, and that any branch or any repository of an owner may assume",
        "Whoever may push a branch then deploys, before anybody reviewed it. It may be meant, where branches are "
        "protected otherwise.",
        "https://docs.github.com/en/actions/reference/security/oidc",
    ),
    Rule(
        "pass-role",
        "warning",
        "a role that deploys, and that may pass every role to every service",
        "Whoever deploys runs code as any role of the account, the most powerful one too. A role that changes IAM "
        "itself is left out.",
        f"{_IAM}/id_roles_use_passrole.html",
        ("AA PASS_ROLE_WITH_STAR_IN_RESOURCE",),
    ),
    Rule(
        "void",
        "warning",
        "a grant that can never match a request",
        "It looks as if the role could, and AWS never asks for what is written there.",
        f"{_IAM}/reference_policies_elements_resource.html",
        (
            "AA INVALID_ARN_RESOURCE",
            "AA INVALID_ARN_ACCOUNT",
            "AA MISSING_ARN_REGION",
            "parliament RESOURCE_MISMATCH",
            "parliament INVALID_ARN",
            "parliament UNKNOWN_CONDITION_FOR_ACTION",
            "cfn-lint I3510",
        ),
    ),
    Rule(
        "unattached",
        "warning",
        "a policy that no role has",
        "What is written in it is granted to nobody. One that an output, a module or a user names is left out.",
        f"{_IAM}/access_policies_manage-attach-detach.html",
    ),
    Rule(
        "separation",
        "warning",
        "one role for both purposes",
        "Containers then have what only ECS needs: every secret of the task definition, and whatever else it pulls.",
        f"{_ECS}/security-iam-roles.html",
    ),
    Rule(
        "execution",
        "note",
        "an execution role that may do what ECS does with none",
        "What the application does belongs to the task role; everybody who may run a task passes this role. "
        "Tools grant some of it themselves, such as the CDK `secretsmanager:DescribeSecret`.",
        f"{_ECS}/task_execution_IAM_role.html",
    ),
    Rule(
        "no-escalation",
        "error",
        "a role that can give itself more than it was given",
        "Whoever gets into the container, or the pipeline, gets the account. `sts:AssumeRole` is left out, since the "
        "other role's trust decides, and so are policies of resources of a service of which the role may do all. Of a "
        "role that deploys, runs tasks or acts for a service it is said where it may write its own rights, or who may "
        "assume any role. What makes roles, as Terraform's does, is left out, unless all that is done as it is in "
        "sight; what may do everything can't come to more.",
        f"{_IAM}/best-practices.html",
        ("AA PASS_ROLE_WITH_STAR_IN_RESOURCE", "Checkov CKV_AWS_110", "Checkov CKV_AWS_286"),
    ),
    Rule(
        "unknown-name",
        "warning",
        "an action or a condition key that AWS does not have",
        "IAM stores it, and it never matches.",
        "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
        (
            "AA INVALID_ACTION",
            "AA INVALID_SERVICE_IN_ACTION",
            "AA INVALID_GLOBAL_CONDITION_KEY",
            "AA INVALID_SERVICE_CONDITION_KEY",
            "parliament UNKNOWN_ACTION",
            "parliament UNKNOWN_PREFIX",
            "cfn-lint W3037",
        ),
    ),
    Rule(
        "refused",
        "error",
        "something that IAM refuses",
        "The apply fails, in the middle of what else it changes.",
        f"{_IAM}/reference_policies_grammar.html",
        (
            "AA UNIQUE_SIDS_REQUIRED",
            "AA INVALID_EFFECT",
            "AA INVALID_POLICY_ELEMENT",
            "AA INVALID_CONDITION_OPERATOR",
            "AA MISSING_ACTION",
            "AA MISSING_RESOURCE",
            "AA MISSING_ARN_FIELD",
            "AA ARN_REGION_NOT_ALLOWED",
            "AA NULL_WITH_IF_EXISTS",
            "AA UNSUPPORTED_PRINCIPAL",
            "parliament MALFORMED",
            "parliament DUPLICATE_SID",
            "parliament INVALID_SID",
            "cfn-lint E3510",
        ),
    ),
    Rule(
        "odd",
        "warning",
        "something that IAM stores and that does not do what it looks like",
        "It reads as a rule, and is none.",
        f"{_IAM}/reference_policies_elements.html",
        ("AA EMPTY_ARRAY_CONDITION", "AA VARIABLE_UNSUPPORTED_IN_VERSION"),
    ),
    Rule(
        "forall-allow",
        "warning",
        "`ForAllValues` in an Allow, which is true where the key is absent",
        "The condition lets in every request that does not send the key.",
        f"{_IAM}/reference_policies_condition-single-vs-multi-valued-context-keys.html",
        ("AA FORALLVALUES_WITH_SINGLE_VALUED_KEY",),
    ),
    Rule(
        "wrong-value",
        "warning",
        "a condition that compares a key with what AWS never sends for it",
        "A type that is not the operator's, such as a range of addresses under `StringEquals`, or a `*` where it is no "
        "wildcard: the condition is never met, under a negated operator always. In a Deny it denies nothing, or "
        "everything.",
        f"{_IAM}/reference_policies_elements_condition_operators.html",
        (
            "AA TYPE_MISMATCH",
            "AA TYPE_MISMATCH_IP_RANGE",
            "AA WILDCARD_WITHOUT_LIKE_OPERATOR",
            "parliament MISMATCHED_TYPE",
        ),
    ),
    Rule(
        "shadowed",
        "warning",
        "a grant that a Deny of the same role takes back whole",
        "It reads as if the role could, and a Deny always wins.",
        f"{_IAM}/reference_policies_evaluation-logic.html",
    ),
    Rule(
        "redundant",
        "note",
        "a statement that grants nothing which its policy does not grant anyway",
        "It takes room, and who takes away the one believes that the permission is gone.",
        f"{_IAM}/reference_iam-quotas.html",
        ("AA REDUNDANT_STATEMENT",),
    ),
    Rule(
        "too-large",
        "error",
        "a policy, or something else of a role, that is larger than IAM takes",
        "The apply fails. White space does not count, and what isn't known is one character here.",
        f"{_IAM}/reference_iam-quotas.html",
        ("AA POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA",),
    ),
    Rule(
        "over-quota",
        "warning",
        "more of something than an account has at first",
        "The apply fails in an account whose quota was not raised.",
        f"{_IAM}/reference_iam-quotas.html",
    ),
    Rule(
        "idle",
        "note",
        "a grant to an execution role or a deploy role that nobody in sight needs",
        "Everybody who may run a task passes an execution role, and a deploy role is anybody's who gets into the "
        "pipeline. It is said only where all is read and known: of an execution role where a statement grants nothing "
        "but images, logs, secrets, parameters and files; of a deploy role where its trust names one repository, and "
        "every step that its jobs do with AWS is understood. Never of task roles, whose code is not in sight.",
        f"{_ECS}/task_execution_IAM_role.html",
    ),
    Rule(
        "unread",
        "note",
        "a part that was not understood",
        "What hangs on it was not judged.",
        f"{_IAM}/access_policies.html",
    ),
)
RULES = {rule.id: rule for rule in _ROWS}
NEEDS = ("missing", "misplaced", "trust", "token-refused", "no-token")
"""Those by which something that somebody needs is not given."""
