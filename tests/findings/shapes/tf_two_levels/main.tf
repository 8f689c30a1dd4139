provider "aws" {
  region = "eu-west-1"
}

module "shop" {
  source = "./app"
  name   = "shop"
}
