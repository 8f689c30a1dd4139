locals {
  trust = {
    for service in ["ecs-tasks", "events", "scheduler"] : service => jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${service}.amazonaws.com" } }]
    })
  }
}

resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_iam_role" "execution" {
  name               = "job-execution"
  assume_role_policy = local.trust["ecs-tasks"]
}

resource "aws_iam_role" "task" {
  name               = "job-task"
  assume_role_policy = local.trust["ecs-tasks"]
}

resource "aws_ecs_task_definition" "job" {
  family                   = "job"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn
  container_definitions    = jsonencode([{ name = "job", image = "public.ecr.aws/shop/job:1" }])
}

resource "aws_iam_role" "rule" {
  name               = "rule"
  assume_role_policy = local.trust["events"]
}

data "aws_iam_policy_document" "run" {
  statement {
    actions   = ["ecs:RunTask"]
    resources = ["${aws_ecs_task_definition.job.arn_without_revision}:*"]
  }
  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.execution.arn, aws_iam_role.task.arn]
    condition {
      test     = "StringLike"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "rule" {
  name   = "run"
  role   = aws_iam_role.rule.id
  policy = data.aws_iam_policy_document.run.json
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = "cron(0 3 * * ? *)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule     = aws_cloudwatch_event_rule.nightly.name
  arn      = aws_ecs_cluster.main.arn
  role_arn = aws_iam_role.rule.arn
  ecs_target {
    task_definition_arn = aws_ecs_task_definition.job.arn
  }
}

resource "aws_iam_role" "schedule" {
  name               = "schedule"
  assume_role_policy = local.trust["scheduler"]
  inline_policy {
    name = "run"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [
        { Effect = "Allow", Action = "ecs:RunTask", Resource = aws_ecs_task_definition.job.arn },
        { Effect = "Allow", Action = "iam:PassRole", Resource = "arn:aws:iam::*:role/job-*" },
      ]
    })
  }
}

resource "aws_scheduler_schedule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hour)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_ecs_cluster.main.arn
    role_arn = aws_iam_role.schedule.arn
    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.job.arn
    }
  }
}
