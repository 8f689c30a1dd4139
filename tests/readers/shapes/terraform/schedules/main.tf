# What runs tasks: a rule, a schedule and a pipe, each with its own role.
locals {
  trusts = {
    for service in ["events", "scheduler", "pipes"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { Service = "${service}.amazonaws.com" }
      }]
    })
  }
}

resource "aws_ecs_cluster" "main" {
  name = "main"
}

resource "aws_iam_role" "task" {
  name               = "job"
  assume_role_policy = replace(local.trusts["events"], "events.amazonaws.com", "ecs-tasks.amazonaws.com")
}

resource "aws_ecs_task_definition" "job" {
  family                = "job"
  task_role_arn         = aws_iam_role.task.arn
  container_definitions = jsonencode([{ name = "job", image = "example/job" }])
}

resource "aws_iam_role" "run" {
  for_each           = local.trusts
  name               = "run-${each.key}"
  assume_role_policy = each.value

  inline_policy {
    name = "run"
    policy = jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Effect    = "Allow"
          Action    = "ecs:RunTask"
          Resource  = "${aws_ecs_task_definition.job.arn_without_revision}:*"
          Condition = { ArnEquals = { "ecs:cluster" = aws_ecs_cluster.main.arn } }
        },
        {
          Effect   = "Allow"
          Action   = "iam:PassRole"
          Resource = aws_iam_role.task.arn
        },
      ]
    })
  }
}

resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = "cron(0 3 * * ? *)"
}

resource "aws_cloudwatch_event_target" "nightly" {
  rule     = aws_cloudwatch_event_rule.nightly.name
  arn      = aws_ecs_cluster.main.arn
  role_arn = aws_iam_role.run["events"].arn

  ecs_target {
    task_definition_arn = aws_ecs_task_definition.job.arn
    launch_type         = "FARGATE"
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
    role_arn = aws_iam_role.run["scheduler"].arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.job.arn
    }
  }
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

resource "aws_pipes_pipe" "jobs" {
  name     = "jobs"
  role_arn = aws_iam_role.run["pipes"].arn
  source   = aws_sqs_queue.jobs.arn
  target   = aws_ecs_cluster.main.arn

  target_parameters {
    ecs_task_parameters {
      task_definition_arn = aws_ecs_task_definition.job.arn
    }
  }
}
