"""HCL by itself: its syntax, its expressions and Terraform's functions, evaluated as far as their values are known."""
