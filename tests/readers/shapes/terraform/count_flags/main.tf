# Flags as counts, with the ways in which people take the one that may be there.
variable "name" {
  type    = string
  default = "web"
}

variable "enable_exec" {
  type    = bool
  default = true
}

variable "enable_mail" {
  type    = bool
  default = false
}

variable "kms_key_arn" {
  type    = string
  default = ""
}

locals {
  create_role = true
  task_role   = one(aws_iam_role.task[*])
}

data "aws_iam_policy_document" "trust" {
  count = local.create_role ? 1 : 0

  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "task" {
  count              = local.create_role ? 1 : 0
  name               = "${var.name}-task"
  assume_role_policy = join("", data.aws_iam_policy_document.trust.*.json)
}

data "aws_iam_policy_document" "exec" {
  count = var.enable_exec ? 1 : 0

  statement {
    actions = [
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == "" ? [] : [var.kms_key_arn]
    content {
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "exec" {
  count  = var.enable_exec ? 1 : 0
  name   = "exec"
  role   = local.task_role.id
  policy = data.aws_iam_policy_document.exec[0].json
}

resource "aws_iam_role_policy" "mail" {
  count = var.enable_mail ? 1 : 0
  name  = "mail"
  role  = aws_iam_role.task[count.index].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = { Effect = "Allow", Action = "ses:SendEmail", Resource = "*" }
  })
}

resource "aws_ecs_task_definition" "this" {
  family        = var.name
  task_role_arn = try(aws_iam_role.task[0].arn, null)

  container_definitions = jsonencode([
    {
      name      = var.name
      image     = "nginx"
      essential = true
    },
  ])
}

resource "aws_ecs_service" "this" {
  name                   = var.name
  task_definition        = aws_ecs_task_definition.this.arn
  enable_execute_command = var.enable_exec
}
