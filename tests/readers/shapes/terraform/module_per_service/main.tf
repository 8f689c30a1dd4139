# A module for each service; what all services share stands here.
variable "environment" {
  type    = string
  default = "prod"
}

variable "aws_region" {
  type = string
}

provider "aws" {
  region = var.aws_region
}

resource "aws_ecs_cluster" "main" {
  name = "${var.environment}-main"
}

resource "aws_s3_bucket" "uploads" {
  bucket = "uploads-${var.environment}"
}

resource "aws_dynamodb_table" "orders" {
  name = "orders-${var.environment}"
}

data "aws_iam_policy_document" "orders" {
  statement {
    sid       = "Orders"
    actions   = ["dynamodb:GetItem", "dynamodb:PutItem"]
    resources = [aws_dynamodb_table.orders.arn, "${aws_dynamodb_table.orders.arn}/index/*"]
  }
}

module "orders" {
  source      = "./modules/service"
  name        = "orders"
  environment = var.environment
  cluster_arn = aws_ecs_cluster.main.arn
  task_policy = data.aws_iam_policy_document.orders.json
  secrets = {
    STRIPE_KEY = "arn:aws:secretsmanager:${var.aws_region}:123456789012:secret:stripe-AbCdEf"
  }
}

module "uploads" {
  source      = "./modules/service"
  name        = "uploads"
  environment = var.environment
  cluster_arn = aws_ecs_cluster.main.arn
  task_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${aws_s3_bucket.uploads.arn}/*"
    }]
  })
}
