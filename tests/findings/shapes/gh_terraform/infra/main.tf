provider "aws" {
  region = "eu-west-1"
}

locals {
  tasks = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role" "execution" {
  name               = "shop-execution"
  assume_role_policy = local.tasks
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_ecs_task_definition" "shop" {
  family                   = "shop"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode([{ name = "shop", image = "nginx" }])
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

data "aws_iam_policy_document" "github" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:acme/shop:ref:refs/heads/main"]
    }
  }
}

resource "aws_iam_role" "infra" {
  name               = "shop-infra"
  assume_role_policy = data.aws_iam_policy_document.github.json
}

data "aws_iam_policy_document" "infra" {
  statement {
    actions   = ["ecs:*", "ecr:*", "logs:*", "s3:*"]
    resources = ["*"]
  }
  statement {
    actions   = ["iam:CreateRole", "iam:DeleteRole", "iam:Get*", "iam:List*", "iam:PassRole"]
    resources = ["*"]
  }
  statement {
    actions   = ["iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"]
    resources = ["arn:aws:iam::123456789012:role/shop-*"]
  }
}

resource "aws_iam_role_policy" "infra" {
  role   = aws_iam_role.infra.id
  policy = data.aws_iam_policy_document.infra.json
}

data "aws_iam_policy_document" "events" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "nightly" {
  name               = "shop-nightly"
  assume_role_policy = data.aws_iam_policy_document.events.json
}

data "aws_iam_policy_document" "nightly" {
  statement {
    actions   = ["ecs:RunTask"]
    resources = ["arn:aws:ecs:eu-west-1:*:task-definition/shop:*"]
  }
  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.execution.arn]
  }
}

resource "aws_iam_role_policy" "nightly" {
  role   = aws_iam_role.nightly.id
  policy = data.aws_iam_policy_document.nightly.json
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = "cron(0 3 * * ? *)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule     = aws_cloudwatch_event_rule.nightly.name
  arn      = "arn:aws:ecs:eu-west-1:123456789012:cluster/main"
  role_arn = aws_iam_role.nightly.arn
  ecs_target {
    task_definition_arn = aws_ecs_task_definition.shop.arn
  }
}

resource "aws_iam_role" "build" {
  name = "shop-build"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "codebuild.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "build" {
  role = aws_iam_role.build.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], Resource = "*" },
      { Effect = "Allow", Action = "iam:PassRole", Resource = aws_iam_role.execution.arn },
      { Effect = "Allow", Action = "cloudformation:*", Resource = "*" },
    ]
  })
}
