variable "name" {
  type = string
}

variable "policy_documents" {
  type    = list(string)
  default = []
}

variable "policies" {
  type    = map(string)
  default = {}
}

variable "services" {
  type    = set(string)
  default = ["ecs-tasks.amazonaws.com"]
}

data "aws_iam_policy_document" "trust" {
  dynamic "statement" {
    for_each = var.services
    content {
      actions = ["sts:AssumeRole"]
      principals {
        type        = "Service"
        identifiers = [statement.key]
      }
    }
  }
}

data "aws_iam_policy_document" "all" {
  count                   = length(var.policy_documents) > 0 ? 1 : 0
  source_policy_documents = var.policy_documents
}

resource "aws_iam_role" "this" {
  name               = var.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_policy" "this" {
  count  = length(data.aws_iam_policy_document.all)
  name   = var.name
  policy = data.aws_iam_policy_document.all[count.index].json
}

resource "aws_iam_role_policy_attachment" "this" {
  count      = length(aws_iam_policy.this)
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this[0].arn
}

resource "aws_iam_role_policy" "this" {
  for_each = var.policies
  name     = each.key
  role     = aws_iam_role.this.id
  policy   = each.value
}

output "arn" {
  value = aws_iam_role.this.arn
}
