"""Definitions: YAML files → frozen, checked types that know their file and line."""
