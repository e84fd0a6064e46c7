"""Faces: parse, call one use-case, show."""
