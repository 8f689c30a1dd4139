"""One file per target: from a stack to its files. An emitter says exactly what the stack says, or refuses."""
