# Secrets whose ARNs only the deployment knows; the role has what the tasks are given.
variable "database_secret_arn" {
  type        = string
  description = "ARN of the secret with the password"
}

variable "parameters" {
  type        = list(string)
  description = "Names of parameters"
  default     = ["/app/token"]
}

variable "more_secrets" {
  type = list(string)
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

data "aws_ssm_parameter" "key" {
  name = "/shared/key"
}

data "aws_secretsmanager_secret" "api" {
  name = "api/token"
}

resource "aws_iam_role" "execution" {
  name               = "app-execution"
  assume_role_policy = <<-JSON
    {
      "Version": "2012-10-17",
      "Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}
      }]
    }
  JSON
}

resource "aws_iam_role_policy" "execution" {
  name = "secrets"
  role = aws_iam_role.execution.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = [var.database_secret_arn, data.aws_secretsmanager_secret.api.arn]
      },
      {
        Effect = "Allow"
        Action = "ssm:GetParameters"
        Resource = concat(
          [for p in var.parameters :
          "arn:aws:ssm:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:parameter${p}"],
          [data.aws_ssm_parameter.key.arn],
        )
      },
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = var.more_secrets
      },
    ]
  })
}

resource "aws_ecs_task_definition" "app" {
  family             = "app"
  execution_role_arn = aws_iam_role.execution.arn

  container_definitions = jsonencode([{
    name  = "app"
    image = "example/app"
    secrets = [
      { name = "PASSWORD", valueFrom = "${var.database_secret_arn}:password::" },
      { name = "TOKEN", valueFrom = var.parameters[0] },
      { name = "KEY", valueFrom = data.aws_ssm_parameter.key.name },
      { name = "API", valueFrom = data.aws_secretsmanager_secret.api.arn },
    ]
  }])
}
