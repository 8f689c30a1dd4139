variable "name" { type = string }

resource "aws_cloudwatch_log_group" "this" {
  name = "/ecs/${var.name}"
}

module "execution" {
  source = "./role"
  name   = "${var.name}-execution"
  statements = [
    {
      actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
    },
  ]
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = module.execution.arn
  container_definitions = jsonencode([{
    name  = "app"
    image = "public.ecr.aws/shop/app:1"
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = "eu-west-1"
        awslogs-stream-prefix = "app"
      }
    }
  }])
}
