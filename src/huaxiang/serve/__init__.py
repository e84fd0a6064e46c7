"""Faces of the product: each parses what a person asks, calls one use-case and shows its answer."""
