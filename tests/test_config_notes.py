"""What a config is told: one row for each note, with its whole text."""

import ast
from pathlib import Path
from typing import Any

import pytest

from ecsiam import Config, Parameter, build
from ecsiam.reference.actions import date

from .written import config

ROOT = Path(__file__).resolve().parents[1]
IN = "eu-west-2:123456789012"
HOME: dict[str, Any] = {"account_id": "123456789012", "aws_region": "eu-west-2"}
EFS = f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0123456789abcdef0"
GITHUB: dict[str, Any] = {**HOME, "enable_github_oidc": True, "github_repo": "octo-org/memos"}
GITLAB: dict[str, Any] = {**HOME, "enable_gitlab_oidc": True, "gitlab_project": "octo/memos"}
SECRET = f"arn:aws:secretsmanager:{IN}:secret:memos/db"
KEY = f"arn:aws:kms:{IN}:key/01234567-89ab-cdef-0123-456789abcdef"
QUEUE = f"arn:aws:sqs:{IN}:orders"
FOREIGN_QUEUE = "arn:aws:sqs:eu-west-2:999999999999:orders"
FOREIGN_FIREHOSE = "arn:aws:firehose:eu-west-2:999999999999:deliverystream/clicks"
FOREIGN_PARAMETER = "arn:aws:ssm:eu-west-2:999999999999:parameter/memos/db"
ELSEWHERE = "arn:aws:ecr:eu-west-2:999999999999:repository/memos"

AWS = "arn:aws:iam::aws:policy/"
BALANCING = f"arn:aws:elasticloadbalancing:{IN}"
TARGETS = f"{BALANCING}:targetgroup/web/0123456789abcdef"
CLUSTER = f"arn:aws:ecs:{IN}:cluster/main"
GROUP = f"arn:aws:logs:{IN}:log-group:"
KMS = f"arn:aws:kms:{IN}:key/01234567-89ab-cdef-0123-456789abcdef"
POINT = f"arn:aws:elasticfilesystem:{IN}:access-point/fsap-0123456789abcdef0"
BUCKETS = [f"arn:aws:s3:::{'b' * 40}-{i}" for i in range(66)]


def granted(actions: str | list[str], resources: str | list[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


# rule: (the config, the note)
NOTES: dict[str, tuple[dict[str, Any], str]] = {
    "odd-statement": (
        {"task_statements": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws*:s3:::b/*"}]},
        "`arn:aws*:s3:::b/*` has a pattern for the partition @ $.task_statements[0].Resource. Write the partition, or "
        "`*` for it.",
    ),
    "unused-value": (
        {"s3_bucket_arns": ["arn:aws:s3:::memos"]},
        "`s3_bucket_arns` is not used while `enable_s3_access` is off @ $.s3_bucket_arns. "
        "Turn the flag on, or leave the value out.",
    ),
    "ecr-account-wide": (
        {},
        "the execution role may pull from every ECR repository of its account and region @ $.ecr_repository_arns. "
        "List the repositories in `ecr_repository_arns`.",
    ),
    "instance-any-cluster": (
        {**HOME, "enable_instance_role": True},
        "by AWS's policy the instances may join every cluster, pull every image that ECR gives them and write every "
        "log group of the account @ $.enable_instance_role. List the clusters in `instance_cluster_arns`: the role "
        "then has a policy of its own.",
    ),
    "codedeploy-any-role": (
        {"enable_codedeploy_role": True},
        "by AWS's policy CodeDeploy may deploy every service, call every function, read every object of S3 and pass "
        "every role of the account to tasks @ $.enable_codedeploy_role. List the services in `codedeploy_service_arns` "
        "and what is switched in `codedeploy_listener_arns`: the role then has a policy of its own.",
    ),
    "foreign-repository": (
        {**HOME, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos", ELSEWHERE]},
        f"`{ELSEWHERE}` is of account `999999999999` @ $.ecr_repository_arns[1]. "
        "That account's repository policy has to allow the pull too.",
    ),
    "foreign-repository of the deploy role": (
        {**GITHUB, "github_ecr_repository_arns": [ELSEWHERE]},
        f"`{ELSEWHERE}` is of account `999999999999` @ $.github_ecr_repository_arns[0]. "
        "That account's repository policy has to allow the push too.",
    ),
    "foreign-secret": (
        {
            **HOME,
            "enable_secrets_access": True,
            "secrets_arns": ["arn:aws:secretsmanager:eu-west-2:999999999999:secret:memos/db-AbCdEf"],
        },
        "`arn:aws:secretsmanager:eu-west-2:999999999999:secret:memos/db-AbCdEf` is of account `999999999999` "
        "@ $.secrets_arns[0]. Its KMS key has to be a customer managed one, in `secrets_kms_key_arns`; its resource "
        "policy and that of the key have to allow the role too.",
    ),
    "foreign-parameter": (
        {
            **HOME,
            "enable_secrets_access": True,
            "secrets_arns": ["arn:aws:ssm:eu-west-2:999999999999:parameter/memos/db"],
        },
        "`arn:aws:ssm:eu-west-2:999999999999:parameter/memos/db` is of account `999999999999`, and ECS takes no "
        "parameter of another account @ $.secrets_arns[0]. Keep the value in Secrets Manager, or in a parameter of the "
        "roles' account.",
    ),
    "name-like-a-secret": (
        {"enable_secrets_access": True, "secrets_arns": ["memos-AbCdEf"]},
        "`memos-AbCdEf` is taken for a parameter, as ECS takes a bare name, and ends as a secret's does "
        "@ $.secrets_arns[0]. If it is a secret, write its ARN.",
    ),
    "partial-secret-arn": (
        {"enable_secrets_access": True, "secrets_arns": [f"{SECRET}:password::"]},
        f"`{SECRET}:password::` is without the six characters that Secrets Manager added; `{SECRET}-??????` stands for "
        "them @ $.secrets_arns[0]. Write the complete ARN to name exactly this secret.",
    ),
    "parameter-points-to-secret": (
        {
            "enable_secrets_access": True,
            "secrets_arns": [f"arn:aws:ssm:{IN}:parameter/aws/reference/secretsmanager/memos"],
        },
        f"`arn:aws:ssm:{IN}:parameter/aws/reference/secretsmanager/memos` points to a secret @ $.secrets_arns[0]. "
        "List the secret's own ARN too: ECS reads it as well.",
    ),
    "efs-iam-enabled": (
        {"enable_efs_access": True, "efs_arn": f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0a1b2c3d"},
        "IAM decides about a mount only if the task definition's EFS volume has `iam: ENABLED`, which needs "
        "`transitEncryption: ENABLED` @ $.enable_efs_access. Without it, the file system lets in whoever reaches it, "
        "unless its own policy says otherwise.",
    ),
    "s3-no-list": (
        {"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos/a/*", "arn:aws:s3:::other"]},
        "the task may not list `arn:aws:s3:::memos`: only objects of it are given @ $.s3_bucket_arns. "
        "Add `arn:aws:s3:::memos` if it has to.",
    ),
    "s3-bucket-wildcard": (
        {"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos", "arn:aws:s3:::memos-*"]},
        "`arn:aws:s3:::memos-*` names every bucket that is called so, of any account that lets this one in "
        "@ $.s3_bucket_arns[1]. Write the buckets' names out.",
    ),
    "foreign-access": (
        {**HOME, "task_access": [{"arns": [QUEUE, FOREIGN_QUEUE], "access": ["send"]}]},
        f"`{FOREIGN_QUEUE}` is of account `999999999999` @ $.task_access[0].arns. That account has to allow it too, in "
        "the policy of the queue (`aws sqs set-queue-attributes`).",
    ),
    "foreign-access to what has no policy": (
        {**HOME, "task_access": [{"arns": [FOREIGN_FIREHOSE], "access": ["write"]}]},
        f"`{FOREIGN_FIREHOSE}` is of account `999999999999` @ $.task_access[0].arns. No policy of a Firehose stream "
        "lets another account's role in: have the task assume a role of that account, by `assume` on its ARN.",
    ),
    "foreign-access to what is shared": (
        {**HOME, "task_access": [{"arns": [FOREIGN_PARAMETER], "access": ["read"]}]},
        f"`{FOREIGN_PARAMETER}` is of account `999999999999` @ $.task_access[0].arns. That account has to share it "
        "through RAM, which takes the advanced tier and a key of the customer for what is encrypted, and gives "
        "`GetParameter` and `GetParameters` alone.",
    ),
    "foreign-access to what a parameter says": (
        {
            **HOME,
            "parameters": {"owner": {"form": "[0-9]{12}"}},
            "task_access": [{"arns": ["arn:aws:sqs:eu-west-2:{owner}:orders"], "access": ["send"]}],
        },
        "`arn:aws:sqs:eu-west-2:{owner}:orders` is of account `{owner}` @ $.task_access[0].arns. That account has to "
        "allow it too, in the policy of the queue (`aws sqs set-queue-attributes`).",
    ),
    "access-other-side": (
        {"task_access": [{"arns": [f"arn:aws:aoss:{IN}:collection/0123456789"], "access": ["use"]}]},
        "`task_access` alone doesn't open an OpenSearch Serverless collection @ $.task_access[0]. The collection's "
        "data access policy has to name the role.",
    ),
    "sms-sender": (
        {"enable_sms": True},
        "phones are no part of AWS: whoever sends decides who gets a message, and pays for it @ $.enable_sms. Set a "
        "limit on what is spent. The API of End User Messaging has actions of its own (`sms-voice`), which go into "
        "`task_statements`.",
    ),
    "outbound-identity": (
        {"outbound_identity_audiences": ["https://api.example.com"]},
        "tokens are given only once the account has turned that on (`iam:EnableOutboundWebIdentityFederation`) @ "
        "$.outbound_identity_audiences. A request names 1 to 10 of the audiences and lasts 60 to 3,600 seconds.",
    ),
    "wide-value of what the task reaches": (
        {"task_access": [{"arns": [f"arn:aws:dynamodb:{IN}:table/*"], "access": ["read"]}]},
        f"`arn:aws:dynamodb:{IN}:table/*` also names what is no part of this service, such as `table/another-service` "
        "@ $.task_access[0].arns[0]. Name the service's own, or what they begin with.",
    ),
    "exec-session-log": (
        {"enable_ecs_exec": True},
        "sessions are not logged: with the cluster's `logging: DEFAULT` they would go to the execution role's log "
        "group, which the task role may not write @ $.enable_ecs_exec. Give the cluster `logging: OVERRIDE` with a "
        "group such as `/ecs/memos-dev/exec`, and list it in `exec_log_group_arns`, or a bucket in "
        "`exec_log_bucket_arns`; with a KMS key for the channel, list that in `exec_kms_key_arns`.",
    ),
    "exec-log-key": (
        {"enable_ecs_exec": True, "exec_log_group_arns": [f"{GROUP}/exec"], "exec_log_kms_key_arns": [KMS]},
        "`exec_log_kms_key_arns` is for buckets, and `exec_log_bucket_arns` names none @ $.exec_log_kms_key_arns. "
        "List the bucket, or leave the key out: a log group uses its key by itself, the channel's key stands in "
        "`exec_kms_key_arns`.",
    ),
    "efs-access-point": (
        {"enable_efs_access": True, "efs_file_systems": [{"arn": EFS, "access_point_arns": [POINT]}]},
        "the task gets in only through an access point that its volume names (`accessPointId`), with `rootDirectory` "
        "left out or `/` @ $.efs_file_systems. Name one of `access_point_arns` in the task definition.",
    ),
    "foreign-file-system": (
        {**HOME, "enable_efs_access": True, "efs_file_systems": [{"arn": EFS.replace("123456789012", "999999999999")}]},
        "`arn:aws:elasticfilesystem:eu-west-2:999999999999:file-system/fs-0123456789abcdef0` is of account "
        "`999999999999` @ $.efs_file_systems. That account's file system policy has to allow the task role too.",
    ),
    "cache-through-endpoint": (
        {"ecr_pull_through_prefixes": ["docker-hub"], "ecr_vpc_endpoint_ids": ["vpce-0a1b2c3d"]},
        "the first pull of an image through the cache takes a way to the internet, not the VPC endpoint alone "
        "@ $.ecr_pull_through_prefixes. Give the VPC a NAT gateway, or pull each image once from elsewhere.",
    ),
    "unused-value of what is not given": (
        {"ecr_create_cached_repositories": True},
        "`ecr_create_cached_repositories` is not used without `ecr_pull_through_prefixes` "
        "@ $.ecr_create_cached_repositories. Write `ecr_pull_through_prefixes`, or leave the value out.",
    ),
    "load-balancers-lack": (
        {**HOME, "enable_load_balancers_role": True, "load_balancers_arns": [TARGETS]},
        "`load_balancers_arns` names no listener and no rule: ECS can't shift traffic with that "
        "@ $.load_balancers_arns. List both target groups, and the listeners or rules that send to them.",
    ),
    "access-above": (
        {**HOME, "task_access": [{"arns": [f"arn:aws:ssm:{IN}:parameter/memos/*"], "access": ["read", "path"]}]},
        f"`path` is asked on `arn:aws:ssm:{IN}:parameter/memos`, which `arn:aws:ssm:{IN}:parameter/memos/*` doesn't "
        f"name @ $.task_access[0].arns. List `arn:aws:ssm:{IN}:parameter/memos` too.",
    ),
    "deploy-elsewhere": (
        {**GITHUB, "github_run_tasks": ["migrate"], "github_task_cluster_arns": [CLUSTER.replace("west-2", "west-1")]},
        "`arn:aws:ecs:eu-west-1:123456789012:cluster/main` is of region `eu-west-1`, and task definitions are "
        "registered in `eu-west-2`: none of them runs there @ $.github_task_cluster_arns[0]. Write the region in "
        "`aws_regions` if the service runs there too.",
    ),
    "foreign-secret of a registry": (
        {**HOME, "registry_credentials_arns": ["arn:aws:secretsmanager:eu-west-2:999999999999:secret:ghcr-AbCdE1"]},
        "`arn:aws:secretsmanager:eu-west-2:999999999999:secret:ghcr-AbCdE1` is of account `999999999999` "
        "@ $.registry_credentials_arns[0]. Its KMS key has to be a customer managed one, in "
        "`registry_credentials_kms_key_arns`; its resource policy and that of the key have to allow the role too.",
    ),
    "foreign-principal": (
        {**HOME, "task_trusted_arns": ["self", "arn:aws:iam::999999999999:role/developer"]},
        "`arn:aws:iam::999999999999:role/developer` is of account `999999999999` and may assume the task role "
        "@ $.task_trusted_arns[1]. Its own policies have to allow `sts:AssumeRole` on the role too.",
    ),
    "foreign-principal of a whole account": (
        {**GITHUB, "github_actions_trusted_arns": ["arn:aws:iam::999999999999:root"]},
        "`arn:aws:iam::999999999999:root` is of account `999999999999` and may assume the deploy role, and with it all "
        "to whom account `999999999999` gives that @ $.github_actions_trusted_arns[0]. Its own policies have to allow "
        "`sts:AssumeRole` on the role too.",
    ),
    "trusted-account": (
        {**HOME, "task_trusted_arns": ["arn:aws:iam::123456789012:root"]},
        "`arn:aws:iam::123456789012:root` may assume the task role, and with it all to whom account `123456789012` "
        "gives that @ $.task_trusted_arns[0]. Name the roles and users that need it.",
    ),
    "github-classic-subject": (
        GITHUB,
        "the deploy role trusts subjects by name; repositories created or renamed since July 2026 send "
        "`repo:OWNER@ID/REPO@ID:...` and could not assume it @ $.github_repo. Give `github_owner_id` and "
        "`github_repo_id`, and `github_subject_format: both` during a migration; or write "
        "`github_subject_format: classic` if it sends names.",
    ),
    "github-any-subject": (
        {**GITHUB, "github_subjects": ["repo:octo-org/memos:pull_request", "repo:octo-org/memos:*"]},
        "`repo:octo-org/memos:*` lets every branch, tag, environment and pull request of the repository deploy "
        "@ $.github_subjects[1]. List those that may deploy, or what their names begin with.",
    ),
    "github-any-subject of branches": (
        {**GITHUB, "github_branches": ["main", "*"]},
        "`*` lets every branch of the repository deploy @ $.github_branches[1]. "
        "List those that may deploy, or what their names begin with.",
    ),
    "github-any-subject of no name": (
        {**GITHUB, "github_tags": ["*/*"]},
        "`*/*` names no tag in particular @ $.github_tags[0]. "
        "List those that may deploy, or what their names begin with.",
    ),
    "github-pull-requests of subjects": (
        {**GITHUB, "github_subjects": ["repo:octo-org/memos:pull*"]},
        "every pull request from a branch of the repository may deploy, before anyone has reviewed it "
        "@ $.github_subjects[0]. An environment with required reviewers is safer.",
    ),
    "wide-statement": (
        {"task_statements": [granted("*", "*")]},
        "the task role may do every action on every resource @ $.task_statements[0]. "
        "Name the actions and the resources that it needs.",
    ),
    "wide-policy": (
        {"execution_managed_policy_arns": [f"{AWS}AdministratorAccess"]},
        f"`{AWS}AdministratorAccess` gives the execution role every action on every resource "
        "@ $.execution_managed_policy_arns[0]. Attach a narrower policy, or write the statements that it needs.",
    ),
    "wide-value": (
        {"enable_cloudwatch_logs": True, "cloudwatch_log_group_arns": [f"{GROUP}/ecs/memos-dev/*", f"{GROUP}/ecs/*"]},
        f"`{GROUP}/ecs/*` also names what is no part of this service, such as `log-group:/ecs/another-service` "
        "@ $.cloudwatch_log_group_arns[1]. Name the service's own, or what they begin with.",
    ),
    "wide-value of a star": (
        {"task_statements": [granted(["secretsmanager:GetSecretValue", "ec2:Describe*"], "*")]},
        "the task role may do `secretsmanager:GetSecretValue` on every resource, where AWS takes some "
        "@ $.task_statements[0].Resource. Name the resources that it needs.",
    ),
    "void-grant": (
        {"task_statements": [granted("s3:GetObject", "arn:aws:s3:::memos")]},
        "the task role is granted `s3:GetObject` on nothing that it applies to: AWS asks for it on "
        "`arn:*:s3:*:*:accesspoint/*/object/*` or on `arn:*:s3:::*/*` @ $.task_statements[0].Action. "
        "Write such a resource, or leave the action out.",
    ),
    "void-grant of a resource": (
        {"task_statements": [granted("s3:GetObject", ["arn:aws:s3:::memos/*", "arn:aws:s3:::memos"])]},
        "the task role is granted nothing on `arn:aws:s3:::memos`: no action of the statement applies to it "
        "@ $.task_statements[0].Resource[1]. Write the action that is meant, or leave the resource out.",
    ),
    "unknown-action": (
        {"task_statements": [granted(["s3:GetObjct", "s3:PutObject"], "arn:aws:s3:::memos/*")]},
        f"`s3:GetObjct` is no action in our data of {date()}, which has `s3:GetObject` @ $.task_statements[0].Action. "
        "Write that, unless the action is newer.",
    ),
    "unknown-action of an operation": (
        {"task_statements": [granted("s3:ListObjectsV2", "arn:aws:s3:::memos")]},
        f"`s3:ListObjectsV2` is no action in our data of {date()}, which has `s3:ListBucket` "
        "@ $.task_statements[0].Action. Write that, unless the action is newer.",
    ),
    "owner-open": (
        {"task_access": [{"arns": [QUEUE], "access": ["send"]}]},
        f"if account `123456789012` is not that of the roles, it has to let the task role use `{QUEUE}`; while "
        "`account_id` is open nobody knows. Write `account_id`, or bind it.",
    ),
    "companion-open": (
        {
            "enable_secrets_access": True,
            "secrets_arns": [SECRET],
            "secrets_kms_key_arns": [KEY],
            "account_id": None,
        },
        f"what the policy of `{KEY}` has to say of the execution role can't be told while `account_id` is "
        "open. Write `account_id`, or bind it.",
    ),
    "exclusive-terraform": (
        {"exclusive": True},
        "only Terraform takes away what others attach to the roles: CloudFormation and raw JSON leave it there @ "
        "$.exclusive. With these, look for it with drift detection or IAM Access Analyzer.",
    ),
    "name-cut": (
        {"project_name": "m" * 46, "environment": "dev"},
        f"the execution role is called `{'m' * 40}-a37a3382-execution-role`: `{'m' * 46}-dev-execution-role` has 65 "
        "characters @ $.project_name. Shorten `project_name` or `environment`, or set `role_names.execution`.",
    ),
    "over-quota": (
        {"task_managed_policy_arns": [f"arn:aws:iam::123456789012:policy/p{i}" for i in range(11)]},
        "the task role: 11 managed policies, and an account has 10 until its quota is raised. Attach fewer: one "
        "managed policy can say what several do. Or name fewer resources, or several by one pattern. Or have it "
        "raised and write what to: "
        "`quotas: {managed_policies_per_role: 20}`.",
    ),
    "over-quota-together": (
        {
            **{f"enable_{name}": Parameter(name) for name in ("s3_access", "efs_access")},
            "s3_bucket_arns": BUCKETS,
            "efs_arn": f"arn:aws:elasticfilesystem:{IN}:file-system/fs-0a1b2c3d",
            "task_statements": [granted("s3:GetObject", [f"{bucket}/*" for bucket in BUCKETS])],
        },
        "the inline policies of the task role together: 12,420 characters with `efs_access`, `s3_access` on, and IAM "
        "takes 10,240: 8,088 of `s3`, 4,112 of `task_statements`, 220 of `efs`. Write `policies: managed`, "
        "which makes customer managed policies of them; or name fewer resources, or several by one pattern.",
    ),
    "size-open": (
        {"enable_s3_access": True, "s3_bucket_arns": Parameter("buckets")},
        "what is given as `buckets` decides whether IAM takes the inline policies of the task role together "
        "(10,240 characters). `ecsiam prove --set NAME=VALUE` says so of values: see `limits`.",
    ),
    "github-pull-requests": (
        {**GITHUB, "github_pull_requests": True},
        "every pull request from a branch of the repository may deploy, before anyone has reviewed it "
        "@ $.github_pull_requests. An environment with required reviewers is safer.",
    ),
    "github-audience-cn": (
        {**GITHUB, "aws_region": "cn-north-1"},
        "in `aws-cn` the workflow may have to ask for another audience than `sts.amazonaws.com` @ $.github_audience. "
        "Write what it asks for in `github_audience`: `sts.amazonaws.com.cn` or `sts.amazonaws.com`.",
    ),
    "github-role-name": (
        {**GITHUB, "role_names": {"github_actions": "GitHubActions"}},
        "a role called exactly `GitHubActions` is reported to fail @ $.role_names.github_actions. Choose another name.",
    ),
    "github-template": (
        {**GITHUB, "github_subject_template": ["repo", "context", "event_name:push"]},
        "the repository has to have this template: one of its organisation reaches it only once it opted in "
        "(`use_default: false`) @ $.github_subject_template. "
        "`gh api repos/OWNER/REPO/actions/oidc/customization/sub` shows which it has.",
    ),
    "github-server-colon": (
        {**GITHUB, "github_issuer": "https://ghe.example.com/_services/token", "github_environments": ["prod:eu"]},
        "a server up to 3.18 sends `prod:eu` with its colon, a newer one with `%3A`, which is what is trusted "
        "@ $.github_environments[0]. "
        "Call the environment something without one, or list the subject in `github_subjects`.",
    ),
    "github-claims-unsure": (
        {
            **GITHUB,
            "github_issuer": "https://token.actions.octocorp.ghe.com/octocorp",
            "github_claims": {"ref": ["refs/heads/main"]},
        },
        "no page says that STS reads other claims than `aud` and `sub` of "
        "`https://token.actions.octocorp.ghe.com/octocorp` @ $.github_issuer. "
        "Put the claims into the subject, with `github_subject_template`.",
    ),
    "github-environment-wins": (
        {**GITHUB, "github_branches": ["main"], "github_environments": ["production"]},
        "a job with an environment is let in by that alone, from whatever branch: its subject names none "
        "@ $.github_environments. "
        "Restrict the branches of the environment in GitHub, or list them in `github_claims.ref` too.",
    ),
    "gitlab-any-subject": (
        {**GITLAB, "gitlab_branches": ["main", "*"]},
        "`*` names none in particular: whoever may push to the project may deploy @ $.gitlab_branches[1]. "
        "List those that may deploy, or what their names begin with.",
    ),
    "gitlab-template": (
        {**GITLAB, "gitlab_subject_template": ["project_path", "ref_type", "ref", "environment_protected:true"]},
        "the project has to have these components of the subject, which a maintainer sets "
        "@ $.gitlab_subject_template. Set `ci_id_token_sub_claim_components` by GitLab's API for projects.",
    ),
    "oidc-provider-once": (
        {**GITHUB, "create_oidc_provider": True},
        "an account has one OIDC provider of `https://token.actions.githubusercontent.com`: where it is there already, "
        "making it fails @ $.create_oidc_provider. Turn it on in one deployment of the account, and off in the others.",
    ),
    "run-tasks-any-cluster": (
        {**GITHUB, "github_run_tasks": ["memos-migrate"]},
        "the deploy role may run these tasks in every cluster of its account and region, and stop any task there "
        "@ $.github_run_tasks. List the clusters in `github_task_cluster_arns`, or in `ecs_cluster_arns`.",
    ),
    "stop-task-cluster-wide": (
        {**GITHUB, "github_run_tasks": ["m"], "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"]},
        "the deploy role may stop every task of the services' clusters: a task's ARN doesn't say its family "
        "@ $.github_run_tasks. List the clusters of such tasks in `github_task_cluster_arns`, best one of their own.",
    ),
    "github-may": (
        {**GITHUB, "github_may": ["read-images", "clean-task-definitions"]},
        "by `clean-task-definitions` the deploy role may deregister every task definition of the account and region: "
        "no narrower resource is supported @ $.github_may[1]. Leave the word out where that is too much.",
    ),
    "github-ecr-account-wide": (
        GITHUB,
        "the deploy role may push to every ECR repository of its account and region: who pushes an image runs code "
        "@ $.github_ecr_repository_arns. List the repositories in `ecr_repository_arns` or "
        "`github_ecr_repository_arns`.",
    ),
    "github-foreign-repository": (
        {**GITHUB, **HOME, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos", ELSEWHERE]},
        f"the deploy role may not push to `{ELSEWHERE}`, which is of account `999999999999` "
        "@ $.ecr_repository_arns[1]. If the workflow pushes there, list all that it pushes to in "
        "`github_ecr_repository_arns`.",
    ),
    "task-definitions-account-wide": (
        GITHUB,
        "the deploy role may register every task definition of its account and region @ $.task_definition_families. "
        "List the families in `task_definition_families`.",
    ),
    "services-wide": (
        GITHUB,
        "the deploy role may update every service of its account and region @ $.ecs_service_arns. "
        "List the services in `ecs_service_arns`.",
    ),
    "services-wide of clusters": (
        {**GITHUB, "ecs_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/main"]},
        "the deploy role may update every service of these clusters @ $.ecs_service_arns. "
        "List the services in `ecs_service_arns`.",
    ),
    "unused-clusters": (
        {
            **GITHUB,
            "ecs_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/main"],
            "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"],
        },
        "`ecs_service_arns` names the services, so `ecs_cluster_arns` is not used @ $.ecs_cluster_arns. "
        "Leave one of the two out.",
    ),
}


def said(**keys: Any) -> list[tuple[str, str]]:
    return [(note.rule, str(note)) for note in build(config(**keys)).notes]


@pytest.mark.parametrize("row", NOTES)
def test_note(row: str) -> None:
    keys, text = NOTES[row]
    rule = row.split(" ", 1)[0]
    assert [t for r, t in said(**keys) if r == rule] == [text]
    for note in build(config(**keys)).notes:
        assert note.message[0] in f"{note.message[0].lower()}`I"  # `IAM` keeps its capitals
        assert not note.message.endswith(".")
        assert note.remedy.endswith(".")
        assert note.page == "" or note.page.startswith("https://")


def test_every_rule_is_in_the_table() -> None:
    rules: set[str] = set()
    for file in (ROOT / "ecsiam/builder.py", *(ROOT / "ecsiam/features").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Note":
                match node.args:
                    case [ast.Constant(str(rule)), *_]:
                        rules.add(rule)
                    case _:
                        assert not node.args, f"a Note in {file} whose rule is not written out"
    assert len(rules) > 10
    assert rules == {row.split(" ", 1)[0] for row in NOTES}


# What says nothing

BOTH = ["arn:aws:s3:::memos", "arn:aws:s3:::memos/*"]
TAGGED = {"StringEquals": {"aws:ResourceTag/service": "memos"}}


@pytest.mark.parametrize(
    ("keys", "rule"),
    [
        ({"efs_root_access": False, "github_pull_requests": False, "s3_bucket_arns": []}, "unused-value"),
        ({"profile": "baseline"}, "unused-value"),  # though that has values of its own
        ({"ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]}, "ecr-account-wide"),
        (
            {**HOME, "enable_instance_role": True, "instance_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/main"]},
            "instance-any-cluster",
        ),
        (
            {
                "enable_codedeploy_role": True,
                "codedeploy_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"],
                "codedeploy_listener_arns": [f"arn:aws:elasticloadbalancing:{IN}:listener/app/a/01/01"],
            },
            "codedeploy-any-role",
        ),
        ({**HOME, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]}, "foreign-repository"),
        ({"ecr_repository_arns": [ELSEWHERE]}, "foreign-repository"),  # whose account this is, only deployment knows
        ({"enable_secrets_access": True, "secrets_arns": ["/memos/db-config"]}, "name-like-a-secret"),
        (
            {"enable_secrets_access": True, "secrets_arns": [f"{SECRET}-AbCdEf", f"{SECRET}-??????"]},
            "partial-secret-arn",
        ),
        ({"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos", "arn:aws:s3:::memos/a"]}, "s3-no-list"),
        ({"enable_s3_access": True, "s3_bucket_arns": ["arn:aws:s3:::memos/a?/*"]}, "s3-bucket-wildcard"),
        ({**GITHUB, "github_owner_id": 1, "github_repo_id": 2}, "github-classic-subject"),
        (
            {**GITHUB, "github_owner_id": 1, "github_repo_id": 2, "github_subject_format": "both"},
            "github-classic-subject",
        ),
        ({**GITHUB, "github_branches": ["main", "release/*", "*-hot"]}, "github-any-subject"),
        ({**GITHUB, "github_subjects": ["repo:octo-org/memos:ref:refs/*/main"]}, "github-any-subject"),
        ({**GITHUB, "github_subjects": ["repo:octo-org/memos:environment:*"]}, "github-pull-requests"),
        ({"task_statements": [{**granted("*", "*"), "Effect": "Deny"}]}, "wide-statement"),
        ({"task_statements": [granted("s3:*", "arn:aws:s3:::memos/*")]}, "wide-statement"),
        ({"task_managed_policy_arns": ["arn:aws:iam::123456789012:policy/AdministratorAccess"]}, "wide-policy"),
        ({"task_managed_policy_arns": [f"{AWS}AmazonS3ReadOnlyAccess"]}, "wide-policy"),
        ({"cloudwatch_log_group_arns": [f"{GROUP}/ecs/*"]}, "wide-value"),  # the flag is off
        ({"task_statements": [granted(["ec2:Describe*", "xray:PutTraceSegments"], "*")]}, "wide-value"),
        ({"task_statements": [granted("ssm:GetParameter", "*", Condition=TAGGED)]}, "wide-value"),
        ({"task_statements": [granted(["s3:GetObject", "s3:ListBucket"], BOTH)]}, "void-grant"),
        ({"task_statements": [granted(["s3:NotYetThere", "nowhere:GetObject"], "*")]}, "unknown-action"),
        ({"task_statements": [granted("s3:NotYetThere", "arn:aws:s3:::memos")]}, "void-grant"),
        ({"task_statements": [granted("s3:GetObject", "arn:aws:s3:::memos-${aws:PrincipalTag/x}")]}, "void-grant"),
        ({**GITHUB, "aws_region": "cn-north-1", "github_audience": "sts.amazonaws.com.cn"}, "github-audience-cn"),
        ({**GITHUB, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]}, "github-ecr-account-wide"),
        ({**GITHUB, "github_ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/a"]}, "github-ecr-account-wide"),
        (
            {**GITHUB, **HOME, "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]},
            "github-foreign-repository",
        ),
        (
            {**GITHUB, **HOME, "ecr_repository_arns": [ELSEWHERE], "github_ecr_repository_arns": [ELSEWHERE]},
            "github-foreign-repository",
        ),
        ({**GITHUB, "task_definition_families": ["memos"]}, "task-definitions-account-wide"),
        ({**GITHUB, "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"]}, "services-wide"),
        ({**GITHUB, "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"]}, "unused-clusters"),
    ],
)
def test_no_note(keys: dict[str, Any], rule: str) -> None:
    assert rule in {row.split(" ", 1)[0] for row in NOTES}
    assert rule not in {r for r, _ in said(**keys)}


def test_every_value_that_says_nothing_without_another_is_told() -> None:
    keys = {name: key for name, key in Config.keys().items() if key.beside}
    assert {"efs_root_access", "registry_credentials_kms_key_arns"} <= keys.keys() <= Config.keys().keys()
    for key in keys.values():
        assert set(key.beside) <= Config.keys().keys()
        assert key.flag == "" or all(Config.keys()[one].flag in ("", key.flag) for one in key.beside)


# What was followed goes away

LOGGED: dict[str, Any] = {
    "enable_cloudwatch_logs": True,
    "task_statements": [granted("logs:DescribeLogGroups", "*")],
}
REPOSITORY: dict[str, Any] = {"ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]}
SERVICES: dict[str, Any] = {"ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"]}
# The row of a note: what its remedy changes in the config, one way or another.
FOLLOWED: dict[str, list[dict[str, Any]]] = {
    "odd-statement": [{"task_statements": [granted("s3:GetObject", "arn:aws:s3:::b/*")]}],
    "unused-value": [{"enable_s3_access": True}, {"s3_bucket_arns": []}],
    "ecr-account-wide": [REPOSITORY],
    "instance-any-cluster": [{"instance_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/main"]}],
    "codedeploy-any-role": [
        {
            "codedeploy_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"],
            "codedeploy_listener_arns": [f"arn:aws:elasticloadbalancing:{IN}:listener/app/a/01/01"],
        },
    ],
    "foreign-parameter": [{"secrets_arns": [f"arn:aws:ssm:{IN}:parameter/memos/db"]}],
    "name-like-a-secret": [{"secrets_arns": [f"arn:aws:secretsmanager:{IN}:secret:memos-AbCdEf"]}],
    "github-foreign-repository": [
        {"github_ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]},
        {"ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"]},
    ],
    "partial-secret-arn": [{"secrets_arns": [f"{SECRET}-AbCdEf:password::"]}],
    "parameter-points-to-secret": [
        {"secrets_arns": [f"arn:aws:ssm:{IN}:parameter/aws/reference/secretsmanager/memos", f"{secret}"]}
        for secret in (
            f"arn:aws:secretsmanager:{IN}:secret:memos-AbCdEf",
            f"arn:aws:secretsmanager:{IN}:secret:memos",
            f"arn:aws:secretsmanager:{IN}:secret:memos*",
        )
    ],
    "s3-no-list": [{"s3_bucket_arns": ["arn:aws:s3:::memos/a/*", "arn:aws:s3:::memos", "arn:aws:s3:::other"]}],
    "s3-bucket-wildcard": [{"s3_bucket_arns": ["arn:aws:s3:::memos", "arn:aws:s3:::memos-1"]}],
    "exec-log-key": [{"exec_log_kms_key_arns": []}, {"exec_log_bucket_arns": ["arn:aws:s3:::sessions"]}],
    "cache-through-endpoint": [{"ecr_vpc_endpoint_ids": []}],
    "unused-value of what is not given": [{"ecr_pull_through_prefixes": ["docker-hub"]}],
    "load-balancers-lack": [{"load_balancers_arns": [TARGETS, f"{BALANCING}:listener/net/a/01/01"]}],
    "access-above": [
        {"task_access": [{"arns": [f"arn:aws:ssm:{IN}:parameter/memos{end}" for end in ends], "access": ["path"]}]}
        for ends in (["", "/*"], [""])
    ],
    "deploy-elsewhere": [{"github_task_cluster_arns": [CLUSTER]}, {"aws_regions": ["eu-west-1"]}],
    "trusted-account": [{"task_trusted_arns": ["arn:aws:iam::123456789012:role/developer"]}],
    "exec-session-log": [
        {"exec_log_group_arns": [f"{GROUP}/ecs/memos-dev/exec"]},
        {"exec_log_bucket_arns": ["arn:aws:s3:::memos-sessions"]},
        {"enable_cloudwatch_logs": True, "cloudwatch_logs_collector": True},
        LOGGED,
        {**LOGGED, "enable_cloudwatch_logs": Parameter("logs")},
        {**LOGGED, "task_statements": [granted("logs:Describe*", ["*"]), granted("s3:GetObject", "arn:aws:s3:::b/*")]},
    ],
    "github-classic-subject": [
        {"github_owner_id": 1, "github_repo_id": 2},
        {"github_owner_id": 1, "github_repo_id": 2, "github_subject_format": "both"},
        {"github_subject_format": "classic"},
    ],
    "github-any-subject": [{"github_subjects": [], "github_branches": ["main"]}, {"github_subjects": []}],
    "github-any-subject of branches": [{"github_branches": ["main", "release/*"]}],
    "github-any-subject of no name": [{"github_tags": ["v*"]}],
    "github-pull-requests": [{"github_pull_requests": False, "github_environments": ["production"]}],
    "github-pull-requests of subjects": [{"github_subjects": [], "github_environments": ["production"]}],
    "github-audience-cn": [{"github_audience": "sts.amazonaws.com.cn"}, {"github_audience": "sts.amazonaws.com"}],
    "github-role-name": [{"role_names": {"github_actions": "memos-deploy"}}],
    "github-template": [{"github_subject_template": []}],
    "github-server-colon": [{"github_environments": ["prod-eu"]}],
    "github-claims-unsure": [{"github_claims": None}, {"github_issuer": "https://token.actions.octocorp.ghe.com"}],
    "github-environment-wins": [{"github_claims": {"ref": ["refs/heads/main"]}}, {"github_branches": []}],
    "gitlab-any-subject": [{"gitlab_branches": ["main"]}],
    "gitlab-template": [{"gitlab_subject_template": []}],
    "oidc-provider-once": [{"create_oidc_provider": False}],
    "github-ecr-account-wide": [REPOSITORY, {f"github_{key}": value for key, value in REPOSITORY.items()}],
    "task-definitions-account-wide": [{"task_definition_families": ["memos"]}],
    "services-wide": [SERVICES],
    "services-wide of clusters": [{**SERVICES, "ecs_cluster_arns": []}],
    "unused-clusters": [{"ecs_cluster_arns": []}, {"ecs_service_arns": []}],
    "wide-statement": [{"task_statements": [granted("s3:GetObject", "arn:aws:s3:::memos/*")]}],
    "wide-policy": [
        {"execution_managed_policy_arns": []},
        {"execution_managed_policy_arns": [f"{AWS}service-role/AmazonECSTaskExecutionRolePolicy"]},
    ],
    "wide-value": [{"cloudwatch_log_group_arns": [f"{GROUP}/ecs/memos-dev/*", f"{GROUP}/ecs/memos*"]}],
    "wide-value of a star": [
        {
            "task_statements": [
                granted("secretsmanager:GetSecretValue", f"{SECRET}-??????"),
                granted("ec2:Describe*", "*"),
            ]
        }
    ],
    "wide-value of what the task reaches": [
        {"task_access": [{"arns": [f"arn:aws:dynamodb:{IN}:table/memos-*"], "access": ["read"]}]},
    ],
    "void-grant": [{"task_statements": [granted("s3:GetObject", "arn:aws:s3:::memos/*")]}],
    "void-grant of a resource": [
        {"task_statements": [granted("s3:GetObject", "arn:aws:s3:::memos/*")]},
        {"task_statements": [granted(["s3:GetObject", "s3:ListBucket"], BOTH)]},
    ],
    "unknown-action": [{"task_statements": [granted("s3:GetObject", "arn:aws:s3:::memos/*")]}],
    "unknown-action of an operation": [{"task_statements": [granted("s3:ListBucket", "arn:aws:s3:::memos")]}],
    "over-quota": [
        {"quotas": {"managed_policies_per_role": 20}},
        {"quotas": {"managed_policies_per_role": 11}},
        {"task_managed_policy_arns": [f"arn:aws:iam::123456789012:policy/p{i}" for i in range(10)]},
    ],
    "run-tasks-any-cluster": [
        {"github_task_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/jobs"]},
        {"ecs_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/main"]},
    ],
    "stop-task-cluster-wide": [{"github_task_cluster_arns": [f"arn:aws:ecs:{IN}:cluster/jobs"]}],
    "github-may": [{"github_may": ["read-images"]}],
    "owner-open": [{"account_id": "123456789012"}, {"task_access": []}],
    "companion-open": [{"account_id": "123456789012"}, {"secrets_kms_key_arns": []}],
    "exclusive-terraform": [{"exclusive": False}],
    "name-cut": [{"project_name": "m"}, {"role_names": {"execution": "e"}}],
    "over-quota-together": [
        {"policies": "managed"},
        {"task_statements": [granted("s3:GetObject", "arn:aws:s3:::b*/*")]},
    ],
    "size-open": [{"s3_bucket_arns": ["arn:aws:s3:::memos"]}],
}
# What a config can't say was done: another account's policy, the task definition.
DONE_ELSEWHERE = {
    *("foreign-repository", "foreign-repository of the deploy role", "foreign-secret", "foreign-secret of a registry"),
    *("foreign-principal", "foreign-principal of a whole account", "foreign-file-system"),
    *("efs-iam-enabled", "efs-access-point"),
    *("foreign-access", "foreign-access to what has no policy", "foreign-access to what is shared"),
    *("foreign-access to what a parameter says", "access-other-side", "sms-sender", "outbound-identity"),
}


@pytest.mark.parametrize(("row", "change"), [(row, change) for row, changes in FOLLOWED.items() for change in changes])
def test_a_note_that_was_followed_goes_away(row: str, change: dict[str, Any]) -> None:
    keys, text = NOTES[row]
    assert text in {note for _, note in said(**keys)}
    assert row.split(" ", 1)[0] not in {rule for rule, _ in said(**{**keys, **change})}


def test_every_note_can_be_followed_where_the_config_can_say_so() -> None:
    assert FOLLOWED.keys() == NOTES.keys() - DONE_ELSEWHERE


def test_of_a_secret_of_another_account_whose_key_is_listed_the_policies_are_left() -> None:
    keys, _ = NOTES["foreign-secret"]
    key = "arn:aws:kms:eu-west-2:999999999999:key/01234567-89ab-cdef-0123-456789abcdef"
    (note,) = (text for rule, text in said(**keys, secrets_kms_key_arns=[key]) if rule == "foreign-secret")
    assert note.endswith("Its resource policy and that of its KMS key have to allow the role too.")
    assert "secrets_kms_key_arns" not in note
    (note,) = (
        t for r, t in said(**keys, secrets_kms_key_arns=[key.replace("9" * 12, "1" * 12)]) if r == "foreign-secret"
    )
    assert "secrets_kms_key_arns" in note


def test_following_what_a_bound_parameter_holds_ends_what_is_open() -> None:
    open_ = config(enable_s3_access=True, s3_bucket_arns=Parameter("buckets"))
    bound = open_.bind({"buckets": ["arn:aws:s3:::memos"]})
    assert "size-open" in {note.rule for note in build(open_).notes}
    assert "size-open" not in {note.rule for note in build(bound).notes}


def test_a_note_goes_away_with_its_flag_and_with_the_value_that_a_parameter_is_bound_to() -> None:
    """However it is bound: in the config, or in the stack."""
    left = {name: Parameter(name, default=False) for name in ("enable_efs_access", "enable_ecs_exec")}
    lists = {
        "ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"],
        "github_ecr_repository_arns": [f"arn:aws:ecr:{IN}:repository/memos"],
        "task_definition_families": ["memos"],
        "ecs_service_arns": [f"arn:aws:ecs:{IN}:service/main/memos"],
    }
    about: dict[str, dict[str, object]] = {
        "efs-iam-enabled": {"enable_efs_access": False},
        "exec-session-log": {"enable_ecs_exec": False},
        "ecr-account-wide": {"ecr_repository_arns": lists["ecr_repository_arns"]},
        "github-ecr-account-wide": {"github_ecr_repository_arns": lists["github_ecr_repository_arns"]},
        "task-definitions-account-wide": {"task_definition_families": lists["task_definition_families"]},
        "services-wide": {"ecs_service_arns": lists["ecs_service_arns"]},
    }
    open_ = config(**GITHUB, **left, efs_arn=EFS, **{name: Parameter(name, default=[]) for name in lists})
    assert {note.rule for note in build(open_).notes} >= set(about)
    for rule, values in about.items():
        for stack in (build(open_.bind(values)), build(open_).bind(values)):
            rules = {note.rule for note in stack.notes}
            assert rule not in rules
            assert len(rules.intersection(about)) == (4 if rule == "ecr-account-wide" else 5)
