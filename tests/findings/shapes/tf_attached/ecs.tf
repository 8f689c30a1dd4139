resource "aws_ecr_repository" "app" {
  name = "app"
}

resource "aws_secretsmanager_secret" "app" {}

resource "aws_ecs_task_definition" "app" {
  family                   = "app"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = <<-JSON
    [{
      "name": "app",
      "image": "${aws_ecr_repository.app.repository_url}:1",
      "secrets": [
        {"name": "KEY", "valueFrom": "${aws_secretsmanager_secret.app.arn}:key::"}
      ]
    }]
  JSON
}
