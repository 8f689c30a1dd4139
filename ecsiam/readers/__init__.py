"""Reading what people have: roles, tasks and what they need, from Terraform, CloudFormation, IAM's JSON and others."""
