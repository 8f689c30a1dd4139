module "jobs" {
  source = "../../infra/modules/service"
  name   = "jobs"
}
