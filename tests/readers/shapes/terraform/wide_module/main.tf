# A module for everything, as the registry has them: objects with optional attributes, statements as data, a module for
# each container, names or prefixes, and a switch for each part.
resource "aws_secretsmanager_secret" "app" {
  name_prefix = "app-"
}

resource "aws_dynamodb_table" "items" {
  name     = "items"
  hash_key = "id"
}

resource "aws_ecs_cluster" "this" {
  name = "wide"
}

module "cluster_services" {
  source   = "./service"
  for_each = local.services

  name        = each.key
  cluster_arn = aws_ecs_cluster.this.arn

  container_definitions = each.value.containers
  task_exec_secret_arns = try(each.value.secret_arns, [])
  tasks_statements      = each.value.statements
  tasks_policies        = { for k, v in try(each.value.policies, {}) : k => v if v != null }
  use_name_prefix       = each.key != "api"

  tags = merge(local.tags, { Service = each.key })
}

locals {
  tags = { Project = "wide" }

  services = {
    api = {
      containers = {
        app = {
          image   = "example/api:1"
          port    = 8080
          secrets = [{ name = "TOKEN", valueFrom = aws_secretsmanager_secret.app.arn }]
        }
        sidecar = {
          image     = "example/sidecar:1"
          essential = false
        }
      }
      secret_arns = [aws_secretsmanager_secret.app.arn]
      statements = [
        {
          sid       = "Items"
          actions   = ["dynamodb:Query", "dynamodb:GetItem"]
          resources = [aws_dynamodb_table.items.arn, "${aws_dynamodb_table.items.arn}/index/*"]
          condition = [{
            test     = "ForAllValues:StringEquals"
            variable = "dynamodb:LeadingKeys"
            values   = ["$${aws:PrincipalTag/tenant}"]
          }]
        },
        {
          effect      = "Deny"
          not_actions = ["dynamodb:*"]
          resources   = ["*"]
        },
      ]
      policies = {
        read = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
        none = null
      }
    }

    worker = {
      containers = { app = { image = "example/worker:1" } }
      statements = null
    }
  }
}
