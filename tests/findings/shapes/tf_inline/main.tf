# Roles with their policies inside, and one attachment of a policy to several of them.
resource "aws_ssm_parameter" "dsn" {
  name  = "/pay/dsn"
  type  = "SecureString"
  value = "set-by-hand"
}

resource "aws_kms_key" "pay" {}

resource "aws_secretsmanager_secret" "card" {
  name       = "pay/card"
  kms_key_id = aws_kms_key.pay.arn
}

locals {
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role" "execution" {
  name               = "pay-execution"
  assume_role_policy = local.trust

  inline_policy {
    name = "secrets"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [
        { Effect = "Allow", Action = "ssm:GetParameters", Resource = aws_ssm_parameter.dsn.arn },
        { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.card.arn },
        { Effect = "Allow", Action = "kms:Decrypt", Resource = aws_kms_key.pay.arn },
      ]
    })
  }
}

resource "aws_iam_role" "task" {
  name               = "pay-task"
  assume_role_policy = local.trust
}

resource "aws_iam_policy" "exec" {
  name = "exec"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ]
      Resource = "*"
    }]
  })
}

resource "aws_iam_policy_attachment" "exec" {
  name       = "exec"
  roles      = [aws_iam_role.task.name]
  policy_arn = aws_iam_policy.exec.arn
}

resource "aws_ecs_task_definition" "pay" {
  family                   = "pay"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name  = "pay"
    image = "public.ecr.aws/shop/pay:1"
    secrets = [
      { name = "DSN", valueFrom = aws_ssm_parameter.dsn.name },
      { name = "CARD", valueFrom = "${aws_secretsmanager_secret.card.arn}:number::" },
    ]
  }])
}

resource "aws_ecs_service" "pay" {
  name                   = "pay"
  cluster                = "shop"
  task_definition        = aws_ecs_task_definition.pay.arn
  enable_execute_command = true
}
