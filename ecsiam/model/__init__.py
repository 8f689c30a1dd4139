"""What is true: frozen, hashable values for IAM's own terms. Knows no config, no feature and no target."""
