module "web" {
  source     = "../../infra/modules/service"
  name       = "web"
  parameters = { DSN = "/web/dsn", TOKEN = "/web/token" }
}
