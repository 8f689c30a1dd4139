# Policies as text with values in it, the oldest way, and the ways around an unknown value.
variable "queue_arn" {}

variable "stage" {
  default = "dev"
}

resource "aws_s3_bucket" "env" {
  bucket_prefix = "env-${var.stage}-"
}

resource "aws_efs_file_system" "data" {}

resource "aws_iam_role" "task" {
  name = "task-${terraform.workspace}"
  assume_role_policy = <<-POLICY
  {
    "Version": "2012-10-17",
    "Statement": [
      {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}
    ]
  }
  POLICY
}

resource "aws_iam_role_policy" "task" {
  name = "task"
  role = "${aws_iam_role.task.id}"

  policy = <<POLICY
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": ["sqs:SendMessage"],
      "Resource": "${var.queue_arn}"
    },
    {
      "Effect": "Allow",
      "Action": "s3:GetObject",
      "Resource": [
        "${aws_s3_bucket.env.arn}/$${aws:username}/*"
      ]
    },
    {
      "Effect": "Allow",
      "Action": "elasticfilesystem:ClientMount",
      "Resource": "${aws_efs_file_system.data.arn}",
      "Condition": {"Bool": {"aws:SecureTransport": ${true}}}
    }
  ]
}
POLICY
}

resource "aws_ecs_task_definition" "app" {
  family        = "app-${var.stage}"
  task_role_arn = "${aws_iam_role.task.arn}"

  container_definitions = <<EOF
[
  {
    "name": "app",
    "image": "example/app",
    "memory": ${256 * 2},
    "environmentFiles": [{"type": "s3", "value": "${aws_s3_bucket.env.arn}/app.env"}],
    "command": ["echo", "a \"quoted\" word"]
  }
]
EOF
}
