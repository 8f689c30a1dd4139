# What other roots made, by their state; another region; a role that is made elsewhere.
provider "aws" {
  region = "eu-west-1"
}

provider "aws" {
  alias  = "dns"
  region = "us-east-1"
}

data "terraform_remote_state" "base" {
  backend = "s3"
  config  = { bucket = "state", key = "base" }
}

data "aws_iam_role" "execution" {
  name = "shared-execution"
}

data "aws_iam_policy" "read_only" {
  name = "AmazonS3ReadOnlyAccess"
}

resource "aws_sns_topic" "alarms" {
  provider = aws.dns
  name     = "alarms"
}

resource "aws_iam_role" "task" {
  assume_role_policy = data.terraform_remote_state.base.outputs.ecs_tasks_trust
}

resource "aws_iam_role_policy" "task" {
  name = "task"
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow"
      Action = ["sqs:SendMessage", "sns:Publish"]
      Resource = [
        data.terraform_remote_state.base.outputs.queue_arn,
        data.terraform_remote_state.base.outputs.topics["mails"],
        aws_sns_topic.alarms.arn,
      ]
    }]
  })
}

resource "aws_iam_role_policy_attachment" "task" {
  role       = aws_iam_role.task.name
  policy_arn = data.aws_iam_policy.read_only.arn
}

resource "aws_ecs_task_definition" "app" {
  family             = "app"
  execution_role_arn = data.aws_iam_role.execution.arn
  task_role_arn      = aws_iam_role.task.arn
  container_definitions = jsonencode([{
    name  = "app"
    image = "${data.terraform_remote_state.base.outputs.repository_url}:latest"
  }])
}

resource "aws_ecs_service" "app" {
  name            = "app"
  cluster         = data.terraform_remote_state.base.outputs.cluster_arn
  task_definition = "${aws_ecs_task_definition.app.family}:${max(aws_ecs_task_definition.app.revision, 3)}"
}
