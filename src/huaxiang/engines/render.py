"""SQL that people read: headed by a comment for each definition it serves."""

from __future__ import annotations


def render(sql: str, origin: tuple[str, ...]) -> str:
    """Return pretty SQL headed by one `-- definition` line per origin."""
    return "".join(f"-- {line}\n" for line in origin) + sql
