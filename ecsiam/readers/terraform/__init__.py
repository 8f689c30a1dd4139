"""Terraform: configurations evaluated without it, plans, states, and what `ecsiam emit` wrote."""
