variable "parameters" {
  type    = map(string)
  default = { DSN = "/shop/dsn", TOKEN = "/shop/token" }
}

resource "aws_ssm_parameter" "this" {
  for_each = var.parameters
  name     = each.value
  type     = "String"
  value    = "set elsewhere"
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
  dynamic "statement" {
    for_each = aws_ssm_parameter.this
    iterator = parameter
    content {
      sid       = parameter.key
      actions   = ["ssm:GetParameters"]
      resources = [parameter.value.arn]
    }
  }
}

resource "aws_iam_role" "execution" {
  assume_role_policy = data.aws_iam_policy_document.trust.json
  inline_policy {
    name   = "parameters"
    policy = data.aws_iam_policy_document.execution.json
  }
}

resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name  = "app"
    image = "public.ecr.aws/shop/app:1"
    secrets = [
      { name = "DSN", valueFrom = aws_ssm_parameter.this["DSN"].arn },
      { name = "TOKEN", valueFrom = aws_ssm_parameter.this["TOKEN"].arn },
    ]
  }])
}
