# A service with all that ECS does around it: volumes, a second target group, a hook, a proxy that writes a log.
data "aws_caller_identity" "current" {}

locals {
  here = "eu-west-1:${data.aws_caller_identity.current.account_id}"
}

data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "ecs" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "web-execution"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "execution" {
  role = aws_iam_role.execution.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "arn:aws:logs:${local.here}:log-group:/ecs/web-proxy:*"
    }]
  })
}

resource "aws_iam_role" "volumes" {
  name               = "web-volumes"
  assume_role_policy = data.aws_iam_policy_document.ecs.json
}

resource "aws_iam_role_policy_attachment" "volumes" {
  role       = aws_iam_role.volumes.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForVolumes"
}

resource "aws_iam_role" "traffic" {
  name               = "web-traffic"
  assume_role_policy = data.aws_iam_policy_document.ecs.json
}

data "aws_iam_policy_document" "traffic" {
  statement {
    actions   = ["elasticloadbalancing:Describe*"]
    resources = ["*"]
  }
  statement {
    actions   = ["elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"]
    resources = [aws_lb_target_group.blue.arn, aws_lb_target_group.green.arn]
  }
  statement {
    actions   = ["elasticloadbalancing:ModifyRule"]
    resources = [aws_lb_listener_rule.web.arn]
  }
}

resource "aws_iam_role_policy" "traffic" {
  role   = aws_iam_role.traffic.name
  policy = data.aws_iam_policy_document.traffic.json
}

resource "aws_iam_role" "hook" {
  name               = "web-hook"
  assume_role_policy = data.aws_iam_policy_document.ecs.json
}

resource "aws_iam_role_policy" "hook" {
  role = aws_iam_role.hook.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = aws_lambda_function.check.arn }]
  })
}

resource "aws_lambda_function" "check" {
  function_name = "check"
  role          = "arn:aws:iam::123456789012:role/check"
}

resource "aws_lb_target_group" "blue" {
  name = "blue"
}

resource "aws_lb_target_group" "green" {
  name = "green"
}

resource "aws_lb_listener_rule" "web" {
  listener_arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/web/0123456789abcdef/0123456789abcdef"
}

resource "aws_ecs_task_definition" "web" {
  family                   = "web"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode([{ name = "web", image = "public.ecr.aws/shop/web:1" }])
  volume {
    name                = "scratch"
    configure_at_launch = true
  }
}

resource "aws_ecs_service" "web" {
  name            = "web"
  cluster         = "shop"
  task_definition = aws_ecs_task_definition.web.arn
  launch_type     = "FARGATE"

  volume_configuration {
    name = "scratch"
    managed_ebs_volume {
      role_arn   = aws_iam_role.volumes.arn
      size_in_gb = 10
    }
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.blue.arn
    container_name   = "web"
    container_port   = 80
    advanced_configuration {
      alternate_target_group_arn = aws_lb_target_group.green.arn
      production_listener_rule   = aws_lb_listener_rule.web.arn
      role_arn                   = aws_iam_role.traffic.arn
    }
  }

  deployment_configuration {
    strategy = "BLUE_GREEN"
    lifecycle_hook {
      hook_target_arn  = aws_lambda_function.check.arn
      role_arn         = aws_iam_role.hook.arn
      lifecycle_stages = ["POST_TEST_TRAFFIC_SHIFT"]
    }
  }

  service_connect_configuration {
    enabled = true
    log_configuration {
      log_driver = "awslogs"
      options = {
        awslogs-group         = "/ecs/web-proxy"
        awslogs-region        = "eu-west-1"
        awslogs-stream-prefix = "proxy"
      }
    }
  }
}
