# One module for all services: what the containers are told comes from a map of names to parameters.
variable "name" {
  type = string
}

variable "parameters" {
  type    = map(string)
  default = {}
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  here           = "${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}"
  parameter_arns = formatlist("arn:${data.aws_partition.current.partition}:ssm:${local.here}:parameter%s", values(var.parameters))
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

data "aws_iam_policy_document" "start" {
  dynamic "statement" {
    for_each = length(local.parameter_arns) > 0 ? [1] : []
    content {
      actions   = ["ssm:GetParameters"]
      resources = local.parameter_arns
    }
  }
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${local.here}:log-group:/ecs/${var.name}:*"]
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "start" {
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.start.json
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name    = var.name
    image   = "public.ecr.aws/shop/${var.name}:1"
    secrets = [for name, path in var.parameters : { name = name, valueFrom = path }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = "/ecs/${var.name}"
        awslogs-region        = data.aws_region.current.name
        awslogs-stream-prefix = "ecs"
      }
    }
  }])
}
