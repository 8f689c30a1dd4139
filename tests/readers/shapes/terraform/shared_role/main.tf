# One role for both purposes, as many tutorials have it.
resource "aws_iam_role" "ecs" {
  name               = "ecsTaskRole"
  assume_role_policy = <<EOF
{
  "Version": "2008-10-17",
  "Statement": [
    {
      "Sid": "",
      "Effect": "Allow",
      "Principal": {
        "Service": "ecs-tasks.amazonaws.com"
      },
      "Action": "sts:AssumeRole"
    }
  ]
}
EOF
}

resource "aws_iam_role_policy_attachment" "ecs" {
  for_each = toset([
    "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
    "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
  ])

  role       = aws_iam_role.ecs.name
  policy_arn = each.value
}

resource "aws_ecs_task_definition" "app" {
  family             = "app"
  execution_role_arn = aws_iam_role.ecs.arn
  task_role_arn      = aws_iam_role.ecs.arn

  container_definitions = <<DEFINITION
[
  {
    "name": "app",
    "image": "example/app",
    "cpu": 10,
    "portMappings": [{"containerPort": 80}]
  }
]
DEFINITION
}
