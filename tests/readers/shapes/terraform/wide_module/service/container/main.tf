variable "name" { type = string }
variable "image" { type = string }

variable "essential" {
  type    = bool
  default = null
}

variable "ports" { type = list(number) }

variable "secrets" {
  type    = list(object({ name = string, valueFrom = string }))
  default = []
}

locals {
  definition = {
    name         = var.name
    image        = var.image
    essential    = var.essential
    portMappings = [for p in var.ports : { containerPort = p }]
    secrets      = length(var.secrets) > 0 ? var.secrets : null
  }

  # What isn't given is left out.
  container_definition = { for k, v in local.definition : k => v if v != null }
}

output "container_definition" {
  value = local.container_definition
}
