# All services in one map; roles, tasks and services by for_each.
locals {
  services = {
    api = {
      cpu     = 512
      buckets = ["assets"]
      queues  = ["jobs"]
    }
    worker = {
      cpu    = 1024
      queues = ["jobs", "mails"]
    }
  }

  queues = toset(flatten([for s in local.services : try(s.queues, [])]))
}

resource "aws_sqs_queue" "this" {
  for_each = local.queues
  name     = "app-${each.key}"
}

resource "aws_s3_bucket" "this" {
  for_each = toset(flatten([for s in values(local.services) : lookup(s, "buckets", [])]))
  bucket   = "app-${each.value}"
}

resource "aws_iam_role" "execution" {
  name = "app-execution"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = ["ecs-tasks.amazonaws.com"] } }]
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]
}

resource "aws_iam_role" "task" {
  for_each           = local.services
  name               = "app-${each.key}"
  assume_role_policy = aws_iam_role.execution.assume_role_policy
}

resource "aws_iam_role_policy" "task" {
  for_each = local.services
  name     = "app"
  role     = aws_iam_role.task[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect   = "Allow"
        Action   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
        Resource = [for q in each.value.queues : aws_sqs_queue.this[q].arn]
      }],
      length(try(each.value.buckets, [])) == 0 ? [] : [{
        Effect   = "Allow"
        Action   = "s3:GetObject"
        Resource = formatlist("%s/*", [for b in each.value.buckets : aws_s3_bucket.this[b].arn])
      }],
    )
  })
}

resource "aws_ecs_task_definition" "this" {
  for_each           = local.services
  family             = each.key
  cpu                = each.value.cpu
  execution_role_arn = aws_iam_role.execution.arn
  task_role_arn      = aws_iam_role.task[each.key].arn

  container_definitions = jsonencode([{
    name  = each.key
    image = "example/${each.key}"
    environment = [
      for q in each.value.queues : { name = "${upper(q)}_QUEUE_URL", value = aws_sqs_queue.this[q].url }
    ]
  }])
}

resource "aws_ecs_service" "this" {
  for_each        = aws_ecs_task_definition.this
  name            = each.key
  task_definition = each.value.arn
}
