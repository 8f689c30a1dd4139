module "api" {
  source      = "../../modules/ecs-service"
  environment = "prod"
}
