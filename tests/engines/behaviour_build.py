"""Parts of conditions computed by an engine as the build does: one table with a column for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlglot import exp
from tests.engines.behaviour_world import AS_OF, TABLES

from huaxiang.engines.base import Engine
from huaxiang.plan import sql
from huaxiang.plan.condition_calls import text_of
from huaxiang.plan.conditions import PART, Part, Top
from huaxiang.plan.nodes import SqlStep
from huaxiang.stages.audience_parts import PartsRequest, plan_parts

Answers = dict[str, bool | None]


def mark(part: Part) -> exp.Expression:
    """The mark of a part, as in the SQL of a checked condition."""
    return exp.Anonymous(this=PART, expressions=[exp.Literal.string(text_of(part))])


def built(parts: list[Part], files: Mapping[str, Path], engine: Engine) -> dict[Part, Answers]:
    """Compute parts over `files` (logical table → Parquet; `customers` among them); a rank's condition is a part or nothing."""
    for table, path in files.items():
        engine.register(table, path)
    inner = [p.among for p in parts if isinstance(p, Top) and isinstance(p.among, Part)]
    among = {text_of(p): mark(p.among) for p in parts if isinstance(p, Top) and isinstance(p.among, Part)}
    request = PartsRequest({text_of(p): mark(p) for p in parts}, {text_of(p): p for p in (*parts, *inner)}, among)
    planned = plan_parts(request, TABLES, AS_OF, "customers", "parts")
    for step in planned.steps:
        engine.run(step)
    columns = [sql.named(tree, f"c{n}") for n, tree in enumerate(planned.conditions.values())]
    query = exp.select(sql.column("customer_id"), *columns).from_(sql.table(planned.table))
    engine.run(SqlStep("out", (planned.table,), query))
    rows = engine.fetch("out").to_pylist()
    return {part: {r["customer_id"]: r[f"c{n}"] for r in rows} for n, part in enumerate(parts)}
