"""Render trees as DuckDB SQL, with the few corrections that make both engines agree."""

from __future__ import annotations

from sqlglot import exp


def to_duckdb(tree: exp.Expr, *, pretty: bool = False, comments: bool = False) -> str:
    """Return the tree as DuckDB SQL. Rounding what is no number or too large to an integer gives NULL, not an error."""
    return tree.transform(_correct).sql(dialect="duckdb", pretty=pretty, comments=comments)


def _correct(node: exp.Expr) -> exp.Expr:
    if type(node) is exp.Cast and isinstance(node.this, (exp.Floor, exp.Ceil)):
        return exp.TryCast(this=node.this, to=node.args["to"], safe=True)
    return node
