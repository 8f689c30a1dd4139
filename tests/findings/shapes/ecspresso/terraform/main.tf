provider "aws" {
  region = "ap-northeast-1"
}

data "aws_caller_identity" "self" {}

resource "aws_ssm_parameter" "dsn" {
  name  = "/batch/dsn"
  type  = "SecureString"
  value = "set elsewhere"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "batch-execution"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "dsn" {
  role = aws_iam_role.execution.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "ssm:GetParameters"
      Resource = "arn:aws:ssm:ap-northeast-1:${data.aws_caller_identity.self.account_id}:parameter/batch/dsn"
    }]
  })
}
