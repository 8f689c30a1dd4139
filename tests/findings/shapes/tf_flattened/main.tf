# Services, their secrets and their buckets of files in one map; statements are put together from it.
locals {
  services = {
    api = { secrets = ["dsn", "key"], files = ["common"] }
    mail = { secrets = ["smtp"], files = [] }
  }
  pairs   = flatten([for service, of in local.services : [for one in of.secrets : { service = service, name = one }]])
  secrets = { for pair in local.pairs : "${pair.service}/${pair.name}" => pair }
}

resource "aws_secretsmanager_secret" "all" {
  for_each = local.secrets
  name     = each.key
}

resource "aws_s3_bucket" "files" {
  bucket = "shop-files"
}

resource "aws_iam_role" "execution" {
  for_each = local.services
  name     = "${each.key}-execution"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  for_each = local.services
  name     = "start"
  role     = aws_iam_role.execution[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [for one in each.value.secrets : aws_secretsmanager_secret.all["${each.key}/${one}"].arn]
      }],
      length(each.value.files) == 0 ? [] : [
        {
          Effect   = "Allow"
          Action   = ["s3:GetObject"]
          Resource = formatlist("${aws_s3_bucket.files.arn}/%s.env", each.value.files)
        },
        { Effect = "Allow", Action = ["s3:GetBucketLocation"], Resource = [aws_s3_bucket.files.arn] },
      ],
    )
  })
}

resource "aws_ecs_task_definition" "all" {
  for_each                 = local.services
  family                   = each.key
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution[each.key].arn
  container_definitions = jsonencode([merge(
    {
      name  = each.key
      image = "public.ecr.aws/shop/${each.key}:1"
      secrets = [
        for one in each.value.secrets :
        { name = upper(one), valueFrom = aws_secretsmanager_secret.all["${each.key}/${one}"].arn }
      ]
    },
    { environmentFiles = [for one in each.value.files : { type = "s3", value = "${aws_s3_bucket.files.arn}/${one}.env" }] },
  )])
}
