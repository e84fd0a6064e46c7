"""Unify 打通, first half: plans the row checks (lookups, `where`, `unique`) of every source. The second half is in `identify.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import SqlStep
from huaxiang.spec.models import LookupSpec, SourceSpec

ID = "customer_id"
ROW_COLUMNS = ("_file", "_row")
BLOCKED = (
    "",
    "0",
    "-1",
    "null",
    "none",
    "nil",
    "nan",
    "n/a",
    "na",
    "undefined",
    "unknown",
    "anonymous",
    "test",
    "00000000",
    "11111111111",
)
"""Values that never identify anybody, compared in lower case (conventions of the field: docs/identity.md)."""


def clean_table(source: str) -> str:
    """Logical name of a source's cleaned rows."""
    return f"clean__{source}"


def plan_kept(source: SourceSpec, columns: Sequence[str], where: exp.Expression | None, origin: str) -> SqlStep:
    """Plan `kept__<source>`: the cleaned rows with their looked-up fields that meet `where`."""
    query = exp.select(*(sql.column(c, "c") for c in columns)).from_(sql.table(clean_table(source.name), "c"))
    inputs = [clean_table(source.name)]
    for number, lookup in enumerate(source.lookups):
        query = _join_lookup(query, lookup, f"l{number}")
        inputs.append(first_row_table(lookup))
    if where is not None:
        query = exp.select(exp.Star()).from_(query.subquery("r")).where(where.copy())
    return SqlStep(kept_table(source.name), tuple(inputs), query, (origin,))


def kept_table(source: str) -> str:
    """Logical name of a source's rows that meet its `where`."""
    return f"kept__{source}"


def plan_count(table: str) -> SqlStep:
    """Plan `count__<table>`: its number of rows."""
    query = exp.select(sql.named(exp.Count(this=exp.Star()), "rows")).from_(sql.table(table))
    return SqlStep(f"count__{table}", (table,), query)


def plan_twice(source: SourceSpec, table: str) -> SqlStep:
    """Plan `twice__<source>`: values of the `unique` fields that more than one row has. Rows with a NULL among them are never copies."""
    fields = [sql.column(u) for u in source.unique]
    query = (
        exp.select(*fields)
        .from_(sql.table(table))
        .where(*(sql.is_not_null(f.copy()) for f in fields))
        .group_by(*fields)
    )
    return SqlStep(f"twice__{source.name}", (table,), query.having(exp.Count(this=exp.Star()) > 1))


def plan_copies(source: SourceSpec, table: str, columns: Sequence[str]) -> SqlStep:
    """Plan `copies__<source>`: number and text of every row whose `unique` fields stand on an earlier row too."""
    number = exp.Window(
        this=exp.RowNumber(),
        partition_by=[sql.column(u, "r") for u in source.unique],
        order=exp.Order(expressions=[sql.column(c, "r") for c in ROW_COLUMNS]),
    )
    cells = (exp.Coalesce(this=exp.cast(sql.column(c, "r"), "VARCHAR"), expressions=[sql.literal("")]) for c in columns)
    text = sql.call("concat_ws", sql.literal("|"), *cells)
    on = sql.all_of(sql.column(u, "r").eq(sql.column(u, "t")) for u in source.unique)
    rows = [sql.column(c, "r") for c in ROW_COLUMNS]
    numbered = exp.select(*rows, sql.named(text, "raw"), sql.named(number, "_n")).from_(sql.table(table, "r"))
    numbered = numbered.join(sql.table(f"twice__{source.name}", "t"), on=on)
    query = (
        exp.select(*(sql.column(c) for c in (*ROW_COLUMNS, "raw")))
        .from_(numbered.subquery("n"))
        .where(sql.column("_n") > 1)
    )
    return SqlStep(f"copies__{source.name}", (table, f"twice__{source.name}"), query)


def plan_once(source: SourceSpec, table: str, columns: Sequence[str]) -> SqlStep:
    """Plan `once__<source>`: the rows that are no copies."""
    on = sql.all_of(sql.column(c, "r").eq(sql.column(c, "c")) for c in ROW_COLUMNS)
    query = exp.select(*(sql.column(c, "r") for c in columns)).from_(sql.table(table, "r"))
    query = query.join(sql.table(f"copies__{source.name}", "c"), on=on, join_type="anti")
    return SqlStep(f"once__{source.name}", (table, f"copies__{source.name}"), query)


def first_row_table(lookup: LookupSpec) -> str:
    """Logical name of the reference source with one row per key."""
    return f"lookup__{lookup.source}__{lookup.key or lookup.on}"


def plan_lookup(lookup: LookupSpec, columns: Sequence[str], origin: str) -> SqlStep:
    """Plan the reference rows, first row of each key, so that a lookup never multiplies rows."""
    key = sql.column(lookup.key or lookup.on)
    number = exp.Window(
        this=exp.RowNumber(), partition_by=[key], order=exp.Order(expressions=[sql.column(c) for c in ROW_COLUMNS])
    )
    inner = exp.select(*(sql.column(c) for c in columns), sql.named(number, "_n")).from_(
        sql.table(clean_table(lookup.source))
    )
    query = exp.select(*(sql.column(c) for c in columns)).from_(inner.subquery("n")).where(sql.column("_n").eq(1))
    return SqlStep(first_row_table(lookup), (clean_table(lookup.source),), query, (origin,))


def _join_lookup(query: exp.Select, lookup: LookupSpec, alias: str) -> exp.Select:
    for field, taken in lookup.take.items():
        query = query.select(sql.named(sql.column(taken, alias), field))
    on = sql.column(lookup.on, "c").eq(sql.column(lookup.key or lookup.on, alias))
    return query.join(sql.table(first_row_table(lookup), alias), on=on, join_type="left")


def field_columns(types: Mapping[str, str]) -> tuple[str, ...]:
    """Columns of a cleaned table without the row numbers."""
    return tuple(c for c in types if c not in ROW_COLUMNS)
