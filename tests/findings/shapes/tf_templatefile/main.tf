data "aws_caller_identity" "current" {}

locals {
  parameters = "arn:aws:ssm:eu-west-1:${data.aws_caller_identity.current.account_id}:parameter/shop"
}

resource "aws_iam_role" "execution" {
  name               = "shop-execution"
  assume_role_policy = file("${path.module}/policies/trust.json")
}

resource "aws_iam_policy" "execution" {
  name   = "shop-execution"
  policy = templatefile("${path.module}/policies/execution.json", { parameters = local.parameters })
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.id
  policy_arn = aws_iam_policy.execution.arn
}

resource "aws_ecs_task_definition" "shop" {
  family                   = "shop"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = templatefile("${path.module}/containers.json", {
    parameters = local.parameters
    variables  = ["DSN", "TOKEN"]
  })
}
