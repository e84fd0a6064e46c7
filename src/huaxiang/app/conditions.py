"""Conditions asked of a published snapshot: checked like those in the project's files, audiences they name put in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from huaxiang.errors import UsageError
from huaxiang.plan.predicate import SourceFields, Sources, parse_condition, to_sql_ast, to_text

When = str | Mapping[str, object]
"""A condition as written: SQL text or a tree."""


def read_condition(
    when: When, types: Mapping[str, str], audiences: Mapping[str, When], within: tuple[str, ...] = ()
) -> exp.Expression:
    """Return `when` as checked SQL. `audiences` holds the definitions that `in_audience('x')` may name.

    Raises ExpressionError for a bad condition, UsageError for an unknown audience or one that contains itself.
    """
    tree = to_sql_ast(parse_condition(when, types))

    def expand(node: exp.Expression) -> exp.Expression:
        if not (isinstance(node, exp.Anonymous) and str(node.this).lower() == "in_audience"):
            return node
        name = node.expressions[0].name
        if name not in audiences:
            raise UsageError.unknown("audience", name, audiences)
        if name in within:
            raise UsageError(f"audience contains itself: {' → '.join((*within, name))}")
        inner = read_condition(audiences[name], types, audiences, (*within, name))
        return exp.Coalesce(this=exp.paren(inner), expressions=[exp.false()])

    return tree.transform(expand)


def condition_text(when: When, types: Mapping[str, str], sources: Sources | None = None) -> str:
    """Return a condition as SQL text, for people to read."""
    return when if isinstance(when, str) else to_text(parse_condition(when, types, sources))


def sources_in(manifest: Mapping[str, Any]) -> dict[str, SourceFields]:
    """Return what conditions may say of what customers did: the fields of the snapshot's sources whose rows belong to customers.

    Empty for a snapshot that an older version built.
    """
    found = manifest.get("sources", ())
    return {s["name"]: SourceFields(s["fields"], s["time"]) for s in found if s.get("fields")}


def contains_text(column: str, text: str) -> exp.Expression:
    """A text column contains `text`, in whatever case."""
    folded = exp.Lower(this=exp.column(column, quoted=True))
    return exp.Contains(this=folded, expression=exp.Literal.string(text.lower()))
