"""Titles of the values that answers show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def titles_of_value(value: Any, titles: Mapping[str, Any] | None) -> dict[str, Any]:
    """Keys that stand beside a `value`: `value_title` {zh, en} of a single one, `value_titles` of a list, item by item; else None."""
    known = titles or {}
    listed = isinstance(value, list) and any(item in known for item in value)
    return {
        "value_title": known.get(value) if isinstance(value, str) else None,
        "value_titles": [known.get(item) for item in value] if listed else None,
    }
