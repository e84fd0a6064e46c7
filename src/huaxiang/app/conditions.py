"""Conditions asked of a published snapshot: what they may speak of, and how they read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from huaxiang.errors import ExpressionError
from huaxiang.plan import condition_text as texts
from huaxiang.plan.conditions import IsNull, Node, leaves
from huaxiang.plan.predicate import SourceFields, Sources, parse_condition, references, to_text

When = str | Mapping[str, object]
"""A condition as written: SQL text or a tree."""


def condition_text(when: When, types: Mapping[str, str], sources: Sources | None = None) -> str:
    """Return a condition as SQL text, for people to read."""
    return when if isinstance(when, str) else to_text(parse_condition(when, types, sources))


def sources_in(manifest: Mapping[str, Any]) -> dict[str, SourceFields]:
    """Return what conditions may say of what customers did: the fields of the snapshot's sources whose rows belong to customers.

    Empty for a snapshot that an older version built.
    """
    found = manifest.get("sources", ())
    return {s["name"]: SourceFields(s["fields"], s["time"]) for s in found if s.get("fields")}


def check_masked(tree: Node, masked: frozenset[str]) -> None:
    """Raise ExpressionError for a condition that compares masked values: whoever may ask so reads them by trying. Whether there is a value
    may be asked.
    """
    for leaf in leaves(tree):
        if isinstance(leaf, IsNull):
            continue
        named = sorted(references(texts.to_text(texts.written(leaf))).columns & masked)
        if named:
            raise ExpressionError(
                "EXP002", f"the values of {named[0]} are masked: a condition can only ask whether there is one (is null, is not null)",
                zh=f"{named[0]} 的值已脱敏：条件中只能判断是否有值（is null、is not null）",
            )  # fmt: skip


def contains_text(column: str, text: str) -> exp.Expression:
    """A text column contains `text`, in whatever case."""
    folded = exp.Lower(this=exp.column(column, quoted=True))
    return exp.Contains(this=folded, expression=exp.Literal.string(text.lower()))
