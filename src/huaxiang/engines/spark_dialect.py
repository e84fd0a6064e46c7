"""Render DuckDB-dialect trees as Spark SQL: sqlglot's rendering, corrected where the two engines would differ."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.spark import Spark


def _try_cast(generator: Spark.Generator, node: exp.TryCast) -> str:
    return generator.func("TRY_CAST", f"{generator.sql(node, 'this')} AS {generator.sql(node, 'to')}")


class _Generator(Spark.Generator):
    TRANSFORMS = {**Spark.Generator.TRANSFORMS, exp.TryCast: _try_cast}


class _Dialect(Spark):
    Generator = _Generator


def to_spark(tree: exp.Expr, *, pretty: bool = False, comments: bool = False) -> str:
    """Return the tree as Spark SQL (ANSI mode, session time zone UTC, TIMESTAMP meaning TIMESTAMP_NTZ)."""
    return tree.sql(dialect=_Dialect, pretty=pretty, comments=comments)
