variable "create" {
  type    = bool
  default = true
}

variable "name" {
  type    = string
  default = null
}

variable "cluster_arn" {
  type     = string
  default  = ""
  nullable = false
}

variable "use_name_prefix" {
  type    = bool
  default = true
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "container_definitions" {
  type = map(object({
    create    = optional(bool, true)
    image     = optional(string)
    essential = optional(bool)
    name      = optional(string)
    port      = optional(number)
    secrets = optional(list(object({
      name      = string
      valueFrom = string
    })), [])
  }))
  default = {}
}

variable "task_exec_secret_arns" {
  type    = list(string)
  default = []
}

variable "task_exec_ssm_param_arns" {
  type    = list(string)
  default = []
}

variable "tasks_policies" {
  type    = map(string)
  default = {}
}

variable "tasks_statements" {
  type = list(object({
    sid           = optional(string)
    actions       = optional(list(string))
    not_actions   = optional(list(string))
    effect        = optional(string, "Allow")
    resources     = optional(list(string))
    not_resources = optional(list(string))
    condition = optional(list(object({
      test     = string
      variable = string
      values   = list(string)
    })))
  }))
  default = null
}
