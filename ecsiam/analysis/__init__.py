"""What policies mean: one request against them, and every request at once. Knows the model, no target and no config."""
