locals {
  full_name = format("%s-%s", var.environment, var.name)
}

data "aws_region" "this" {}

data "aws_iam_policy_document" "assume" {
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
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = length(var.secrets) > 0 ? [1] : []

    content {
      sid       = "Secrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [for arn in values(var.secrets) : arn]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${local.full_name}-execution"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "execution" {
  name_prefix = "execution"
  role        = aws_iam_role.execution.name
  policy      = data.aws_iam_policy_document.execution.json
}

resource "aws_iam_role" "task" {
  name               = "${local.full_name}-task"
  assume_role_policy = data.aws_iam_policy_document.assume.json

  dynamic "inline_policy" {
    for_each = var.task_policy == null ? {} : { task = var.task_policy }

    content {
      name   = inline_policy.key
      policy = inline_policy.value
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  family             = local.full_name
  execution_role_arn = aws_iam_role.execution.arn
  task_role_arn      = aws_iam_role.task.arn

  container_definitions = jsonencode([merge(
    {
      name    = var.name
      image   = "example/${var.name}"
      secrets = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
    },
    var.extra,
  )])
}

resource "aws_ecs_service" "this" {
  name            = local.full_name
  cluster         = var.cluster_arn
  task_definition = "${aws_ecs_task_definition.this.family}:${aws_ecs_task_definition.this.revision}"
}
