"""What ECS needs of roles: what a need is, and those that follow from a value of a task definition or a service."""
