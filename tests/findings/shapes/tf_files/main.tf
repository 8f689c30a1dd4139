resource "aws_s3_bucket" "config" {
  bucket = "shop-config"
}

resource "aws_s3_object" "env" {
  bucket  = aws_s3_bucket.config.id
  key     = "shop.env"
  content = "A=1"
}

resource "aws_secretsmanager_secret" "registry" {
  name = "registry"
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

data "aws_iam_policy_document" "execution" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.config.arn}/*"]
  }
  statement {
    actions   = ["s3:GetBucketLocation"]
    resources = [aws_s3_bucket.config.arn]
  }
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.registry.arn]
  }
}

resource "aws_iam_role" "execution" {
  name               = "execution"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "execution" {
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.execution.json
}

resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name                  = "app"
    image                 = "registry.example.com/shop/app:1"
    repositoryCredentials = { credentialsParameter = aws_secretsmanager_secret.registry.arn }
    environmentFiles      = [
      { type = "s3", value = "${aws_s3_bucket.config.arn}/${aws_s3_object.env.key}" },
    ]
  }])
}
