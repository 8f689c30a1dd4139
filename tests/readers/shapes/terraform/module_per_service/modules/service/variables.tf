variable "name" { type = string }
variable "environment" { type = string }
variable "cluster_arn" { type = string }

variable "task_policy" {
  type    = string
  default = null
}

variable "secrets" {
  description = "Name of the variable => ARN"
  type        = map(string)
  default     = {}
}

variable "extra" {
  type    = any
  default = {}
}
