locals {
  services = {
    web    = { image = "shop/web", parameters = ["/shop/web/dsn", "/shop/web/key"] }
    worker = { image = "shop/worker", parameters = ["/shop/worker/dsn"] }
  }
}

data "aws_caller_identity" "me" {}

data "aws_region" "here" {}

resource "aws_ecr_repository" "this" {
  for_each = local.services
  name     = each.value.image
}

resource "aws_iam_role" "execution" {
  for_each = local.services
  name     = "${each.key}-execution"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"]
}

resource "aws_iam_role_policy" "parameters" {
  for_each = local.services
  name     = "parameters"
  role     = aws_iam_role.execution[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "ssm:GetParameters"
      Resource = "arn:aws:ssm:${data.aws_region.here.region}:${data.aws_caller_identity.me.account_id}:parameter/shop/${each.key}/*"
    }]
  })
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = local.services
  family                   = each.key
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution[each.key].arn
  container_definitions = jsonencode([{
    name    = each.key
    image   = "${aws_ecr_repository.this[each.key].repository_url}:latest"
    secrets = [for path in each.value.parameters : { name = upper(basename(path)), valueFrom = path }]
  }])
}
