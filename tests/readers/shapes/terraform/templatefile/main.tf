# Containers and policies from templates, with values that nobody knows yet.
variable "image_tag" {
  type = string
}

resource "aws_secretsmanager_secret" "app" {
  name = "app"
}

resource "aws_iam_role" "execution" {
  name               = "app-execution"
  assume_role_policy = file("${path.module}/policies/trust.json")
}

resource "aws_iam_role" "task" {
  name               = "app-task"
  assume_role_policy = file("policies/trust.json")
}

resource "aws_iam_role_policy" "execution" {
  role = aws_iam_role.execution.id
  policy = templatefile("${path.module}/policies/execution.json", {
    secrets = [aws_secretsmanager_secret.app.arn]
  })
}

resource "aws_ecs_task_definition" "app" {
  family             = "app"
  execution_role_arn = aws_iam_role.execution.arn
  task_role_arn      = aws_iam_role.task.arn

  container_definitions = templatefile("${path.module}/containers.json", {
    tag     = var.image_tag
    cpu     = 256
    debug   = false
    secrets = { APP = aws_secretsmanager_secret.app.arn }
  })
}
