"""Faults that are planted into the repositories of `shapes/`, which have none: where, what, and which rule names it."""

from pathlib import Path
from typing import NamedTuple

SHAPES = Path(__file__).parent / "shapes"


class Planted(NamedTuple):
    """A fault: what is replaced in a file by what, which rule finds it, in which file and on the line of which text."""

    shape: str
    file: str
    old: str
    new: str
    rule: str
    line: str
    says: str = ""
    at: str = ""
    """The file that the finding is in, if it is another one."""
    also: frozenset[str] = frozenset()
    """Rules that find something beside, which follows from the fault."""


SECRET, PARAMETERS = "secretsmanager:GetSecretValue", "ssm:GetParameters"
TRUSTED, NOT_TRUSTED = '"ecs-tasks.amazonaws.com"', '"ecs.amazonaws.com"'
UNATTACHED = frozenset({"unattached"})

FAULTS: dict[str, Planted] = {
    # ---------------------------------------------------------------- Terraform
    "a grant in the trust": Planted(
        "tf_key",
        "main.tf",
        """data "aws_iam_policy_document" "trust" {
""",
        """data "aws_iam_policy_document" "trust" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["*"]
  }
""",
        "refused",
        "statement {",
        "names no principal",
    ),
    "a principal in a policy": Planted(
        "cfn_key",
        "template.yaml",
        "            Action: secretsmanager:GetSecretValue\n",
        '            Action: secretsmanager:GetSecretValue\n            Principal: {AWS: "*"}\n',
        "refused",
        "- Effect: Allow",
        "names a principal",
    ),
    "a secret that one of two lists has": Planted(
        "tf_module",
        "main.tf",
        "readable = [aws_secretsmanager_secret.db.arn, aws_secretsmanager_secret.mail.arn]",
        "readable = [aws_secretsmanager_secret.db.arn]",
        "missing",
        "MAIL_KEY = ",
        "MAIL_KEY",
    ),
    "a list of what is readable with the key of its JSON": Planted(
        "tf_module",
        "main.tf",
        "secret.db.arn, aws_secretsmanager_secret.mail.arn]",
        'secret.db.arn, "${aws_secretsmanager_secret.mail.arn}:key::"]',
        "missing",
        "MAIL_KEY = ",
        "MAIL_KEY",
        also=frozenset({"void"}),
    ),
    "streams that a statement two modules up lacks": Planted(
        "tf_two_levels",
        "app/main.tf",
        '"${aws_cloudwatch_log_group.this.arn}:*"',
        "aws_cloudwatch_log_group.this.arn",
        "missing",
        "awslogs-group ",
        "logs:CreateLogStream",
        also=frozenset({"void"}),
    ),
    "one of several services": Planted(
        "tf_for_each",
        "services.tf",
        '["/shop/worker/dsn"]',
        '["/shop/web/dsn"]',
        "missing",
        "secrets = [for path",
        "worker-execution",
    ),
    "no attachment for all": Planted(
        "tf_for_each",
        "services.tf",
        '  managed_policy_arns = ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]\n',
        "",
        "missing",
        "repository_url",
        "ecr:GetAuthorizationToken",
    ),
    "exec without what its flag makes": Planted(
        "tf_count",
        "main.tf",
        "enable_execute_command = var.debug",
        "enable_execute_command = true",
        "missing",
        "enable_execute_command",
        "ssmmessages:CreateControlChannel",
    ),
    "one parameter in place of several, in a dynamic block": Planted(
        "tf_dynamic", "main.tf", '"ssm:GetParameters"', '"ssm:GetParameter"', "missing", 'name = "DSN"', PARAMETERS,
        also=frozenset({"execution"}),
    ),
    "a statement that another replaces by its sid": Planted(
        "tf_documents", "main.tf", '"MoreSecrets"', '"Secrets"', "missing", 'name = "DB"', "shop/db"
    ),
    "a parameter of a template": Planted(
        "tf_templatefile",
        "policies/execution.json",
        ', "${parameters}/licence"',
        "",
        "missing",
        '"LICENCE"',
        PARAMETERS,
        at="containers.json",
    ),
    "a trust in a file": Planted(
        "tf_templatefile", "policies/trust.json", TRUSTED, NOT_TRUSTED, "trust", '"Effect": "Allow"', "ecs-tasks"
    ),
    "a policy that is attached to nothing": Planted(
        "tf_attached",
        "iam.tf",
        ", secrets = aws_iam_policy.secrets.arn",
        "",
        "missing",
        '"KEY"',
        SECRET,
        at="ecs.tf",
        also=UNATTACHED,
    ),
    "what is attached to nothing": Planted(
        "tf_attached",
        "iam.tf",
        "pull = aws_iam_policy.pull.arn, ",
        "",
        "unattached",
        "policy = jsonencode({",
        "`pull`",
        also=frozenset({"missing"}),
    ),
    "the alias of a key": Planted(
        "tf_key",
        "main.tf",
        "resources = [aws_kms_key.secrets.arn]",
        "resources = [aws_kms_alias.secrets.arn]",
        "missing",
        'name = "DB"',
        "kms:Decrypt",
        also=frozenset({"void"}),
    ),
    "a key through the wrong service": Planted(
        "tf_key", "main.tf", '"secretsmanager.${data', '"ssm.${data', "missing", 'name = "DB"', "kms:Decrypt"
    ),
    "an image of an account that a file of values names": Planted(
        "tf_tfvars",
        "main.tf",
        "${var.registry}:repository/team/*",
        "123456789012:repository/team/*",
        "missing",
        "image = ",
        "ecr:BatchGetImage",
    ),
    "a value that another file changes": Planted(
        "tf_tfvars", "terraform.tfvars", '"team/app"', '"crew/app"', "missing", "image = ", "crew/app", at="main.tf"
    ),
    "a trust in a module of modules": Planted(
        "tf_environments",
        "modules/ecs-roles/main.tf",
        TRUSTED,
        NOT_TRUSTED,
        "trust",
        "statement {",
        "ecs-tasks.amazonaws.com",
    ),
    "AWS's policy on the other role": Planted(
        "tf_environments",
        "modules/ecs-roles/main.tf",
        'aws_iam_role.this["execution"].name',
        'aws_iam_role.this["task"].name',
        "misplaced",
        "image = ",
        "the task role has that",
        at="modules/ecs-service/main.tf",
    ),
    "one role for both": Planted(
        "tf_environments",
        "modules/ecs-service/main.tf",
        'module.roles.arns["task"]',
        'module.roles.arns["execution"]',
        "separation",
        "task_role_arn ",
    ),
    "a bucket in place of its objects": Planted(
        "tf_files",
        "main.tf",
        'resources = ["${aws_s3_bucket.config.arn}/*"]',
        "resources = [aws_s3_bucket.config.arn]",
        "missing",
        'type = "s3"',
        "s3:GetObject",
        also=frozenset({"void"}),
    ),
    "the credentials of a registry": Planted(
        "tf_files",
        "main.tf",
        "resources = [aws_secretsmanager_secret.registry.arn]",
        'resources = ["arn:aws:secretsmanager:*:*:secret:other-*"]',
        "missing",
        "repositoryCredentials",
        SECRET,
    ),
    "a role that the rule may not pass": Planted(
        "tf_schedule",
        "main.tf",
        "resources = [aws_iam_role.execution.arn, aws_iam_role.task.arn]",
        "resources = [aws_iam_role.execution.arn]",
        "missing",
        'resource "aws_cloudwatch_event_target" "nightly"',
        "iam:PassRole",
    ),
    "another task than the schedule's": Planted(
        "tf_schedule",
        "main.tf",
        'Action = "ecs:RunTask", Resource = aws_ecs_task_definition.job.arn',
        'Action = "ecs:RunTask", Resource = "arn:aws:ecs:*:*:task-definition/report:*"',
        "missing",
        'resource "aws_scheduler_schedule" "hourly"',
        "ecs:RunTask",
    ),
    **{
        f"a role of {who} for somebody else": Planted(
            "tf_schedule",
            "main.tf",
            f'local.trust["{service}"]',
            f'local.trust["{other}"]',
            "trust",
            'Principal = { Service = "${service}.amazonaws.com" }',
            f"does not let in `{service}.amazonaws.com`",
        )
        for who, service, other in (("a rule", "events", "scheduler"), ("a schedule", "scheduler", "events"))
    },
    "a group that AWS's policy does not let it make": Planted(
        "tf_logs",
        "main.tf",
        '      { Effect = "Allow", Action = "logs:CreateLogGroup", Resource = "arn:aws:logs:*:*:log-group:/ecs/*" },\n',
        "",
        "missing",
        "awslogs-create-group",
        "logs:CreateLogGroup",
    ),
    "a secret of the log driver": Planted(
        "tf_logs",
        "main.tf",
        "Resource = [aws_secretsmanager_secret.splunk.arn]",
        'Resource = ["arn:aws:secretsmanager:*:*:secret:datadog-*"]',
        "missing",
        "splunk-token",
        SECRET,
    ),
    "a secret in Terraform's JSON": Planted(
        "tf_json", "cdk.tf.json", '\\"secretsmanager:GetSecretValue\\"', '\\"secretsmanager:DescribeSecret\\"',
        "missing", '"container_definitions"', SECRET, also=frozenset({"execution"}),
    ),
    "a mount by the access point's ARN": Planted(
        "tf_mounts",
        "main.tf",
        "Resource = aws_efs_file_system.media.arn",
        "Resource = aws_efs_access_point.media.arn",
        "void",
        "Statement = [{",
        "elasticfilesystem:ClientMount",
    ),
    "a mount on the execution role": Planted(
        "tf_mounts",
        "main.tf",
        "role = aws_iam_role.task.name",
        "role = aws_iam_role.execution.name",
        "execution",
        'resource "aws_iam_role" "execution"',
        "elasticfilesystem:ClientMount",
    ),
    # ---------------------------------------------------------------- CloudFormation
    "a secret of a template": Planted(
        "cfn_plain", "service.yaml", "                  - !Ref Database\n", "", "missing", "ValueFrom: !Sub", SECRET
    ),
    "the name of a group without its streams": Planted(
        "cfn_plain",
        "service.yaml",
        "Resource: !GetAtt Logs.Arn",
        "Resource: !Sub arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Logs}",
        "missing",
        "awslogs-group",
        "logs:CreateLogStream",
        also=frozenset({"void"}),
    ),
    "a channel of Exec": Planted(
        "cfn_plain",
        "service.yaml",
        "                  - ssmmessages:OpenDataChannel\n",
        "",
        "missing",
        "EnableExecuteCommand",
        "ssmmessages:OpenDataChannel",
    ),
    "a misspelt action": Planted(
        "cfn_plain",
        "service.yaml",
        "ecr:GetDownloadUrlForLayer",
        "ecr:GetDownlaodUrlForLayer",
        "unknown-name",
        "Effect: Allow",
        "ecr:GetDownlaodUrlForLayer",
        also=frozenset({"missing"}),
    ),
    "credentials in JSON": Planted(
        "cfn_json",
        "template.json",
        '"Resource": {"Ref": "Credentials"}',
        '"Resource": {"Fn::Sub": "arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:other-*"}',
        "missing",
        '"CredentialsParameter"',
        SECRET,
    ),
    "an environment file in JSON": Planted(
        "cfn_json",
        "template.json",
        '{"Fn::Join": ["", [{"Fn::GetAtt": ["Config", "Arn"]}, "/*"]]}',
        '{"Fn::Join": ["", [{"Fn::GetAtt": ["Config", "Arn"]}, "/other.env"]]}',
        "missing",
        '"Value"',
        "s3:GetObject",
    ),
    "a managed policy that no role takes": Planted(
        "cfn_json",
        "template.json",
        '[{"Ref": "Files"}]',
        '["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]',
        "unattached",
        '"PolicyDocument"',
        "Files",
        also=frozenset({"missing"}),
    ),
    "the other side of a condition": Planted(
        "cfn_conditions",
        "template.yaml",
        "Resource: !If [IsProd, !Ref Licence, !Ref Trial]",
        "Resource: !If [IsDev, !Ref Licence, !Ref Trial]",
        "missing",
        "Ref Licence",
        SECRET,
    ),
    "another key of a mapping": Planted(
        "cfn_mappings",
        "template.yaml",
        "Registry: !FindInMap [Stages, !Ref Stage, Registry]",
        "Registry: !FindInMap [Stages, dev, Registry]",
        "missing",
        "Image: !Join",
        "444455556666",
    ),
    "the group of another stage": Planted(
        "cfn_mappings",
        "template.yaml",
        "Group: !FindInMap [Stages, !Ref Stage, Group]",
        "Group: !FindInMap [Stages, dev, Group]",
        "missing",
        "awslogs-group",
        "/prod/app",
    ),
    "the key of a secret": Planted(
        "cfn_key",
        "template.yaml",
        "Resource: !GetAtt Key.Arn",
        "Resource: !Sub arn:aws:kms:${AWS::Region}:${AWS::AccountId}:alias/app",
        "missing",
        "ValueFrom",
        "kms:Decrypt",
        also=frozenset({"void"}),
    ),
    "a name in a Sub in a Join": Planted(
        "cfn_key", "template.yaml", '"${Start}:app-??????"', '"${Start}:app"', "missing", "ValueFrom", SECRET,
        also=frozenset({"void"}),
    ),
    "a rule that may not pass the role": Planted(
        "cfn_rule",
        "template.yaml",
        "Resource: !GetAtt ExecutionRole.Arn",
        "Resource: !GetAtt RunRole.Arn",
        "missing",
        "Id: nightly",
        "iam:PassRole",
    ),
    "a rule's role for tasks": Planted(
        "cfn_rule",
        "template.yaml",
        "Principal: {Service: events.amazonaws.com}",
        "Principal: {Service: ecs-tasks.amazonaws.com}",
        "trust",
        "Principal: {Service: ecs-tasks.amazonaws.com}}",
        "names the role",
    ),
    "a rule that may run on another cluster": Planted(
        "cfn_rule",
        "template.yaml",
        "ecs:cluster: !GetAtt Cluster.Arn",
        "ecs:cluster: !Sub arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:cluster/jobs",
        "missing",
        "Id: nightly",
        "ecs:RunTask",
    ),
    "the wrong role of another stack": Planted(
        "cfn_stacks",
        "roles.yaml",
        "        - !Ref ExecutionRole",
        "        - !Ref TaskRole",
        "misplaced",
        "/shop/dsn",
        PARAMETERS,
        at="service.yaml",
    ),
    "roles that stacks confuse": Planted(
        "cfn_stacks", "service.yaml", "shop-execution-role", "shop-task-role", "separation", "TaskRoleArn", also=
        frozenset({"missing"}),
    ),
    "a trust beside functions": Planted(
        "cfn_sam", "template.yaml", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com", "trust", "- Effect", "TaskRole"
    ),
    "a bucket's objects beside functions": Planted(
        "cfn_sam",
        "template.yaml",
        "Action: [s3:GetObject, s3:PutObject]",
        "Action: [s3:ListBucket]",
        "void",
        "Effect: Allow",
        "s3:ListBucket",
    ),
    "a mount by the access point in a template": Planted(
        "cfn_mounts",
        "template.yaml",
        "Resource: !GetAtt Media.Arn",
        "Resource: !GetAtt Point.Arn",
        "void",
        "Effect: Allow",
        "elasticfilesystem:ClientMount",
    ),
    "a secret in the CDK's assembly": Planted(
        "cdk",
        "cdk.out/WebStackRolesC0FFEE.nested.template.json",
        '"secretsmanager:GetSecretValue"',
        '"secretsmanager:DescribeSecret"',
        "missing",
        '"ValueFrom"',
        SECRET,
        at="cdk.out/WebStack.template.json",
        also=frozenset({"execution"}),
    ),
    "a parameter in what Copilot writes": Planted(
        "copilot",
        "infrastructure/api-prod.stack.yml",
        "parameter/copilot/${AppName}/*",
        "parameter/copilot/${WorkloadName}/*",
        "missing",
        "ValueFrom: !Sub",
        PARAMETERS,
    ),
    # ---------------------------------------------------------------- IAM's JSON, task definitions
    "a secret in our own folder": Planted(
        "iam_folder",
        "roles/execution/policies/shop-secrets-policy.json",
        "shop/key-??????",
        "shop/key",
        "missing",
        '"KEY"',
        SECRET,
        at="taskdef.json",
        also=frozenset({"void"}),
    ),
    "a stage's secret in our own folder": Planted(
        "iam_folder", "taskdef.json", "shop/db-AbCdEf", "stage/db-AbCdEf", "missing", '"DB"', SECRET
    ),
    "a parameter in a dump of two pages": Planted(
        "dump", "account-2.json", "parameter/api/*", "parameter/api", "missing", '"valueFrom"', PARAMETERS,
        at="task-definition.json",
    ),
    "exec in a dump": Planted(
        "dump", "account-2.json", "ssmmessages:OpenControlChannel", "ssmmessages:OpenControl", "missing",
        '"enableExecuteCommand"', "ssmmessages:OpenControlChannel", at="services.json",
    ),
    "a group in a dump that is encoded": Planted(
        "dump_encoded", "iam.json", "log-group%3Ajob%3A%2A", "log-group%3Ajob", "missing", "awslogs-group",
        "logs:CreateLogStream", at="job.json", also=frozenset({"void"}),
    ),
    "an environment file of what a script puts": Planted(
        "cli", "iam/execution-policy.json", "s3:::web-config/*", "s3:::web-config", "missing", '"type": "s3"',
        "s3:GetObject", at="task-definition.json", also=frozenset({"void"}),
    ),
    "a policy of AWS's that a script attaches to another": Planted(
        "cli", "iam/execution-managed.json", '"web-execution"', '"api-execution"', "missing", '"image"',
        "ecr:GetAuthorizationToken", at="task-definition.json",
    ),
    "a parameter of ecspresso's, a role of Terraform's": Planted(
        "ecspresso", "terraform/main.tf", ":parameter/batch/dsn", "://batch/dsn", "missing", "valueFrom", PARAMETERS,
        at="deploy/ecs-task-def.yaml", also=frozenset({"void"}),
    ),
    "a secret of a pipeline's definition": Planted(
        "pipeline", "infra/roles.yml", "secret:web/*", "secret:web", "missing", '"KEY"', SECRET,
        at=".aws/task-definition.json", also=frozenset({"void"}),
    ),
    # ---------------------------------------------------------------- plans, states, what the CLI describes
    "a plan without the pull": Planted(
        "plan",
        "plan.json",
        '\\"ecr:BatchGetImage\\", ',
        "",
        "missing",
        "{",
        "ecr:BatchGetImage",
    ),
    "a state whose streams are of another group": Planted(
        "state",
        "terraform.tfstate",
        "log-group:/ecs/mail:*",
        "log-group:/ecs/post:*",
        "missing",
        "{",
        "logs:CreateLogStream",
    ),
    "a parameter of another path": Planted(
        "cli_described",
        "policy-queue-execution.json",
        "parameter/queue/dsn",
        "parameter/queues/dsn",
        "missing",
        '"valueFrom"',
        "ssm:GetParameters",
        at="task.json",
    ),
    # ---------------------------------------------------------------- more of Terraform
    "a module of two roots with the wrong service": Planted(
        "tf_monorepo",
        "infra/modules/service/main.tf",
        TRUSTED,
        NOT_TRUSTED,
        "trust",
        "statement {",
        "ecs-tasks.amazonaws.com",
    ),
    "parameters with a slash too many": Planted(
        "tf_monorepo",
        "infra/modules/service/main.tf",
        "parameter%s",
        "parameter/%s",
        "missing",
        "parameters = { DSN",
        "ssm:GetParameters",
        at="services/web/main.tf",
        also=frozenset({"void"}),
    ),
    "files that a list of formats names otherwise": Planted(
        "tf_flattened",
        "main.tf",
        '"${aws_s3_bucket.files.arn}/%s.env"',
        '"${aws_s3_bucket.files.arn}/%s.json"',
        "missing",
        "environmentFiles",
        "s3:GetObject",
    ),
    "an inline policy that forgets the key": Planted(
        "tf_inline",
        "main.tf",
        '        { Effect = "Allow", Action = "kms:Decrypt", Resource = aws_kms_key.pay.arn },\n',
        "",
        "missing",
        'name = "CARD"',
        "kms:Decrypt",
    ),
    "an attachment to the other role": Planted(
        "tf_inline",
        "main.tf",
        "[aws_iam_role.task.name]",
        "[aws_iam_role.execution.name]",
        "misplaced",
        "enable_execute_command",
        "ssmmessages:CreateControlChannel",
        also=frozenset({"execution"}),
    ),
    "a registry's credentials": Planted(
        "tf_sidecars", "main.tf", "[var.registry_secret_arn]",
        '["arn:aws:secretsmanager:eu-west-1:123456789012:secret:r-a1B2c3"]', "missing", "repositoryCredentials", SECRET,
    ),
    "a router that may write nowhere": Planted(
        "tf_sidecars", "main.tf", "deliverystream/shop", "deliverystream/store", "missing", "options   =",
        "firehose:PutRecordBatch",
    ),
    "volumes for tasks to make": Planted(
        "tf_services", "main.tf",
        'name               = "web-volumes"\n  assume_role_policy = data.aws_iam_policy_document.ecs.json',
        'name               = "web-volumes"\n  assume_role_policy = data.aws_iam_policy_document.tasks.json',
        "trust", "statement {", "`ecs.amazonaws.com`",
    ),
    "traffic to one of two groups": Planted(
        "tf_services", "main.tf", "blue.arn, aws_lb_target_group.green.arn]", "blue.arn]", "missing",
        "role_arn                   =", "elasticloadbalancing:RegisterTargets",
    ),
    "a hook that may not be called": Planted(
        "tf_services", "main.tf", 'Action = "lambda:InvokeFunction"', 'Action = "lambda:GetFunction"', "missing",
        "role_arn         =", "lambda:InvokeFunction",
    ),
    "volumes without AWS's policy": Planted(
        "tf_services", "main.tf", "AmazonECSInfrastructureRolePolicyForVolumes",
        "AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity", "missing",
        "role_arn   = aws_iam_role.volumes.arn", "ec2:CreateVolume",
    ),
    "the log of a proxy": Planted(
        "tf_services", "main.tf", "log-group:/ecs/web-proxy:*", "log-group:/ecs/web:*", "missing",
        "awslogs-group  ", "logs:CreateLogStream",
    ),
    # ---------------------------------------------------------------- roles that deploy
    "a deploy role that writes roles": Planted(
        "gh_deploy", "infra/roles.yml",
        "Action: [ecs:UpdateService, ecs:DescribeServices]\n                Resource: !Sub "
        "arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:service/main/web",
        "Action: [ecs:UpdateService, ecs:DescribeServices, iam:PutRolePolicy]\n                Resource: '*'",
        "no-escalation", "- Effect: Allow", "may write its own rights",
    ),
    "a deploy role that makes roles, and nothing in sight does": Planted(
        "gh_deploy", "infra/roles.yml", "Action: ecr:GetAuthorizationToken",
        "Action: [ecr:GetAuthorizationToken, iam:CreateRole, iam:AttachRolePolicy]", "no-escalation", "- Effect: Allow",
        "may attach any policy to itself, by `iam:AttachRolePolicy`",
    ),
    "a deploy role that changes trusts": Planted(
        "gh_deploy", "infra/roles.yml", "Action: ecr:GetAuthorizationToken",
        "Action: [ecr:GetAuthorizationToken, iam:UpdateAssumeRolePolicy]", "no-escalation", "- Effect: Allow",
        "every role of the account",
    ),
    "a deploy role that is an administrator": Planted(
        "gh_deploy", "infra/roles.yml", "      Policies:\n        - PolicyName: deploy\n",
        "      ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess']\n      Policies:\n"
        "        - PolicyName: deploy\n", "idle", "DeployRole:", "all that `AdministratorAccess` grants",
    ),
    "a service that no step rolls over": Planted(
        "gh_deploy", "infra/roles.yml", "              - Effect: Allow\n                Action: iam:PassRole",
        "              - Effect: Allow\n                Action: ecs:UpdateService # of old\n                Resource: "
        "!Sub arn:aws:ecs:${AWS::Region}:${AWS::AccountId}:service/main/worker\n"
        "              - Effect: Allow\n                Action: iam:PassRole",
        "idle", "- Effect: Allow", "no step of a workflow in sight needs what statement 4 of `deploy` grants",
    ),
    "a bucket that no step writes to": Planted(
        "gh_deploy", "infra/roles.yml", "              - Effect: Allow\n                Action: iam:PassRole",
        "              - {Effect: Allow, Action: 's3:*', Resource: 'arn:aws:s3:::web-assets/*'}\n"
        "              - Effect: Allow\n                Action: iam:PassRole",
        "idle", "s3:*", "no step of a workflow in sight needs",
    ),
    "a role of Terraform's that makes no roles, and writes its own rights": Planted(
        "gh_terraform", "infra/main.tf", '"iam:CreateRole", ', "", "no-escalation", "statement {",
        "by `iam:PutRolePolicy`",
    ),
    "a rule's role that writes every policy": Planted(
        "gh_terraform", "infra/main.tf", '    actions   = ["ecs:RunTask"]\n    resources = ["arn:aws:ecs:eu-west-1:*',
        '    actions   = ["ecs:RunTask", "iam:CreatePolicyVersion"]\n    resources = ["*", "arn:aws:ecs:eu-west-1:*',
        "no-escalation", "statement {", "`shop-nightly` may write every policy of the account",
    ),
    "a hook that changes trusts": Planted(
        "tf_services", "main.tf", '"lambda:InvokeFunction", Resource = aws_lambda_function.check.arn',
        '["lambda:InvokeFunction", "iam:UpdateAssumeRolePolicy"], Resource = "*"', "no-escalation", "Statement",
        "may let itself into every role of the account",
    ),
    "a build that everybody is": Planted(
        "gh_terraform", "infra/main.tf", '{ Service = "codebuild.amazonaws.com" }', '{ AWS = "*" }', "open-trust",
        "Statement = [{", "anybody's account of AWS may assume `shop-build`",
    ),
    "a build that passes whatever it likes": Planted(
        "gh_terraform", "infra/main.tf", "Resource = aws_iam_role.execution.arn }", 'Resource = "*" }', "pass-role",
        "iam:PassRole", "every role of the account to every service",
    ),
}  # fmt: skip
