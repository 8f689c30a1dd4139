# A service with what stands beside it: a private registry, environment files, a log router with its config in S3.
variable "registry_secret_arn" {
  type    = string
  default = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:registry-a1B2c3"
}

provider "aws" {
  region              = "eu-west-1"
  allowed_account_ids = ["123456789012"]
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "Registry"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.registry_secret_arn]
  }
  statement {
    sid       = "Files"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::shop-config/api.env", "arn:aws:s3:::shop-config/router.conf"]
  }
  statement {
    sid       = "Bucket"
    actions   = ["s3:GetBucketLocation"]
    resources = ["arn:aws:s3:::shop-config"]
  }
  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/router:*"]
  }
}

data "aws_iam_policy_document" "task" {
  statement {
    actions   = ["firehose:PutRecordBatch"]
    resources = ["arn:aws:firehose:eu-west-1:123456789012:deliverystream/shop"]
  }
}

resource "aws_iam_role" "execution" {
  name_prefix        = "api-execution-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "execution" {
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  name_prefix        = "api-task-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "task" {
  role   = aws_iam_role.task.name
  policy = data.aws_iam_policy_document.task.json
}

resource "aws_ecs_task_definition" "api" {
  family                   = "api"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([
    {
      name                  = "api"
      image                 = "registry.example.com/shop/api:1"
      repositoryCredentials = { credentialsParameter = var.registry_secret_arn }
      environmentFiles      = [{ type = "s3", value = "arn:aws:s3:::shop-config/api.env" }]
      logConfiguration = {
        logDriver = "awsfirelens"
        options   = { Name = "kinesis_firehose", region = "eu-west-1", delivery_stream = "shop" }
      }
    },
    {
      name  = "router"
      image = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"
      firelensConfiguration = {
        type = "fluentbit"
        options = {
          config-file-type  = "s3"
          config-file-value = "arn:aws:s3:::shop-config/router.conf"
        }
      }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = "/ecs/router"
          awslogs-region        = "eu-west-1"
          awslogs-stream-prefix = "router"
        }
      }
    },
  ])
}
