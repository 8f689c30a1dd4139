variable "registry" {
  description = "The account whose registry has the images"
  type        = string
}

variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "image" {
  type = object({ name = string, tag = optional(string, "latest") })
}
