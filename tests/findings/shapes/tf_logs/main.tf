resource "aws_secretsmanager_secret" "splunk" {
  name = "splunk"
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


resource "aws_iam_role" "execution" {
  name               = "execution"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "more" {
  role = aws_iam_role.execution.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "logs:CreateLogGroup", Resource = "arn:aws:logs:*:*:log-group:/ecs/*" },
      { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = [aws_secretsmanager_secret.splunk.arn] },
    ]
  })
}

resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([
    {
      name  = "app"
      image = "public.ecr.aws/shop/app:1"
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          "awslogs-group"         = "/ecs/app"
          "awslogs-region"        = "eu-west-1"
          "awslogs-create-group"  = "true"
          "awslogs-stream-prefix" = "app"
        }
      }
    },
    {
      name  = "audit"
      image = "public.ecr.aws/shop/audit:1"
      logConfiguration = {
        logDriver     = "splunk"
        options       = { "splunk-url" = "https://splunk.example.com" }
        secretOptions = [{ name = "splunk-token", valueFrom = aws_secretsmanager_secret.splunk.arn }]
      }
    },
  ])
}
