"""Turn a step's query into the SQL that people read: pretty, with a comment for each definition it serves."""

from __future__ import annotations

from sqlglot import exp


def render(query: exp.Expression, origin: tuple[str, ...], dialect: str) -> str:
    """Return pretty SQL headed by one `-- definition` line per origin."""
    head = "".join(f"-- {line}\n" for line in origin)
    return head + query.sql(dialect=dialect, pretty=True)
