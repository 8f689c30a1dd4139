# A module that makes a role of a list of documents, and documents made of documents.
resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

data "aws_iam_policy_document" "base" {
  statement {
    sid       = "Logs"
    actions   = ["logs:PutLogEvents"]
    resources = ["arn:aws:logs:*:*:log-group:/ecs/app:*"]
  }

  statement {
    sid       = "Queue"
    actions   = ["sqs:*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "narrow" {
  source_policy_documents = [data.aws_iam_policy_document.base.json]

  statement {
    sid       = "Queue"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.jobs.arn]
  }
}

data "aws_iam_policy_document" "s3" {
  override_policy_documents = [jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Read", Effect = "Allow", Action = "s3:GetObject", Resource = "arn:aws:s3:::assets/*" }]
  })]

  statement {
    sid       = "Read"
    actions   = ["s3:*"]
    resources = ["*"]
  }
}

module "task_role" {
  source = "./role"
  name   = "task"
  policy_documents = [
    data.aws_iam_policy_document.narrow.json,
    data.aws_iam_policy_document.s3.json,
  ]
  policies = {
    more = jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        jsondecode(data.aws_iam_policy_document.base.json).Statement,
        [{ Effect = "Allow", Action = "kms:Decrypt", Resource = "*" }],
      )
    })
  }
}

resource "aws_ecs_task_definition" "app" {
  family                = "app"
  task_role_arn         = module.task_role.arn
  container_definitions = jsonencode([{ name = "app", image = "example/app" }])
}
