"""Routes by subject. Each parses, calls one use-case, and writes its answer."""
