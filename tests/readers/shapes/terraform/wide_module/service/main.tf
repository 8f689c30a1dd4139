data "aws_partition" "current" {
  count = var.create ? 1 : 0
}

locals {
  partition       = try(data.aws_partition.current[0].partition, "")
  exec_name       = coalesce(null, "${var.name}-exec")
  create_tasks    = var.create && true
  has_statements  = var.tasks_statements == null ? false : length(var.tasks_statements) > 0
  execution_roles = [for r in aws_iam_role.exec : r.arn]
}

data "aws_iam_policy_document" "assume" {
  count = var.create ? 1 : 0

  statement {
    sid     = "ECSTasksAssumeRole"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "exec" {
  count = var.create ? 1 : 0

  name               = var.use_name_prefix ? null : local.exec_name
  name_prefix        = var.use_name_prefix ? "${local.exec_name}-" : null
  path               = null
  assume_role_policy = data.aws_iam_policy_document.assume[0].json
  tags               = var.tags
}

data "aws_iam_policy_document" "exec" {
  count = var.create ? 1 : 0

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = length(var.task_exec_ssm_param_arns) > 0 ? [1] : []

    content {
      sid       = "GetSSMParams"
      actions   = ["ssm:GetParameters"]
      resources = var.task_exec_ssm_param_arns
    }
  }

  dynamic "statement" {
    for_each = length(var.task_exec_secret_arns) > 0 ? [1] : []

    content {
      sid       = "GetSecrets"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = var.task_exec_secret_arns
    }
  }
}

resource "aws_iam_policy" "exec" {
  count = var.create ? 1 : 0

  name        = var.use_name_prefix ? null : local.exec_name
  name_prefix = var.use_name_prefix ? "${local.exec_name}-" : null
  policy      = data.aws_iam_policy_document.exec[0].json
}

resource "aws_iam_role_policy_attachment" "exec" {
  count = var.create ? 1 : 0

  role       = aws_iam_role.exec[0].name
  policy_arn = aws_iam_policy.exec[0].arn
}

resource "aws_iam_role_policy_attachment" "managed" {
  for_each = {
    for k, v in { base = "arn:${local.partition}:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy" } :
    k => v if var.create
  }

  role       = aws_iam_role.exec[0].name
  policy_arn = each.value
}

resource "aws_iam_role" "tasks" {
  count = local.create_tasks ? 1 : 0

  name               = "${var.name}-tasks"
  assume_role_policy = data.aws_iam_policy_document.assume[0].json
}

resource "aws_iam_role_policy_attachment" "tasks" {
  for_each = { for k, v in var.tasks_policies : k => v if local.create_tasks }

  role       = aws_iam_role.tasks[0].name
  policy_arn = each.value
}

data "aws_iam_policy_document" "tasks" {
  count = local.create_tasks && local.has_statements ? 1 : 0

  dynamic "statement" {
    for_each = var.tasks_statements

    content {
      sid           = try(statement.value.sid, null)
      actions       = try(statement.value.actions, null)
      not_actions   = try(statement.value.not_actions, null)
      effect        = try(statement.value.effect, null)
      resources     = try(statement.value.resources, null)
      not_resources = try(statement.value.not_resources, null)

      dynamic "condition" {
        for_each = statement.value.condition != null ? statement.value.condition : []

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role_policy" "tasks" {
  count = local.create_tasks && local.has_statements ? 1 : 0

  name   = "${var.name}-tasks"
  role   = aws_iam_role.tasks[0].id
  policy = data.aws_iam_policy_document.tasks[0].json
}

module "container" {
  source   = "./container"
  for_each = { for k, v in var.container_definitions : k => v if var.create && v.create }

  name      = coalesce(each.value.name, each.key)
  image     = each.value.image
  essential = each.value.essential
  ports     = each.value.port == null ? [] : [each.value.port]
  secrets   = each.value.secrets
}

resource "aws_ecs_task_definition" "this" {
  count = var.create ? 1 : 0

  family                = var.name
  container_definitions = jsonencode([for k, v in module.container : v.container_definition])
  execution_role_arn    = one(local.execution_roles)
  task_role_arn         = try(aws_iam_role.tasks[0].arn, null)
}

resource "aws_ecs_service" "this" {
  count = var.create ? 1 : 0

  name            = var.name
  cluster         = var.cluster_arn
  task_definition = "${aws_ecs_task_definition.this[0].family}:${aws_ecs_task_definition.this[0].revision}"
}
