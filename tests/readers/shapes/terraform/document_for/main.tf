# Documents made with for, dynamic blocks, conditions and IAM's own variables.
variable "buckets" {
  type = map(object({
    arn    = string
    write  = optional(bool, false)
    prefix = optional(string, "")
  }))
  default = {
    reports = { arn = "arn:aws:s3:::reports", write = true }
    inbox   = { arn = "arn:aws:s3:::inbox", prefix = "in/" }
  }
}

data "aws_caller_identity" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:ecs:eu-west-1:${data.aws_caller_identity.current.account_id}:*"]
    }
  }
}

data "aws_iam_policy_document" "task" {
  dynamic "statement" {
    for_each = var.buckets

    content {
      sid       = "${title(statement.key)}Objects"
      actions   = statement.value.write ? ["s3:GetObject", "s3:PutObject"] : ["s3:GetObject"]
      resources = ["${statement.value.arn}/${statement.value.prefix}*"]
    }
  }

  dynamic "statement" {
    for_each = [for k, b in var.buckets : b if !b.write]
    iterator = bucket

    content {
      effect      = "Deny"
      not_actions = ["s3:Get*", "s3:List*"]
      resources   = [bucket.value.arn, "${bucket.value.arn}/*"]
    }
  }

  statement {
    actions   = ["dynamodb:GetItem"]
    resources = ["arn:aws:dynamodb:eu-west-1:${data.aws_caller_identity.current.account_id}:table/users"]

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "dynamodb:LeadingKeys"
      values   = ["&{aws:userid}"]
    }
  }
}

resource "aws_iam_role" "task" {
  name                 = "reports-task"
  path                 = "/apps/"
  max_session_duration = 7200
  permissions_boundary = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:policy/boundary"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_policy" "task" {
  name        = "reports"
  path        = "/apps/"
  description = "what the reports do"
  policy      = data.aws_iam_policy_document.task.json
}

resource "aws_iam_policy_attachment" "task" {
  name       = "reports"
  roles      = [aws_iam_role.task.name]
  policy_arn = aws_iam_policy.task.arn
}
