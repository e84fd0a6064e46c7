"""Built-in content: data, not code."""
