variable "environment" { type = string }

module "roles" {
  source = "../ecs-roles"
  prefix = "api-${var.environment}"
}

resource "aws_ecs_task_definition" "api" {
  family                   = "api-${var.environment}"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = module.roles.arns["execution"]
  task_role_arn            = module.roles.arns["task"]
  container_definitions = jsonencode([{
    name  = "api"
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/api"
  }])
}
