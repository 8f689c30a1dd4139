# A policy from a template in a file, by the provider that came before templatefile.
data "aws_region" "current" {}
data "aws_caller_identity" "this" {}

data "template_file" "policy" {
  template = file("${path.module}/policies/task.json.tpl")

  vars = {
    account = data.aws_caller_identity.this.account_id
    region  = data.aws_region.current.name
  }
}

resource "aws_iam_role" "task" {
  name               = "app-task"
  assume_role_policy = "{\"Version\": \"2012-10-17\", \"Statement\": []}"
}

resource "aws_iam_role_policy" "task" {
  role   = aws_iam_role.task.id
  policy = data.template_file.policy.rendered
}
