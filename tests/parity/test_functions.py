"""Every portable function gives the same values on Spark as on DuckDB.

Logarithms and powers come from two mathematical libraries and may differ in the last two bits; all else is identical.
"""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from sqlglot import exp
from tests.parity.edge import edge_table, rows_of, write

from huaxiang.engines.base import Engine
from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.engines.spark import SparkEngine
from huaxiang.plan.expr import bind_as_of, check_expression
from huaxiang.plan.functions import EXAMPLE_COLUMNS, PORTABLE
from huaxiang.plan.nodes import SqlStep

pytestmark = pytest.mark.spark

MORE = {
    "round_0": "round(score)", "round_4": "round(rate, 4)", "round_money": "round(amount, 2)", "round_negative": "round(-rate, 1)",
    "divide_double": "rate / score", "nested": "coalesce(round(amount / nullif(orders, 0), 2), -1)", "chain": "upper(trim(city)) || lower(product)",
    "cast_double": "cast(city as double)", "cast_decimal": "cast(city as decimal)", "cast_date": "cast(city as date)",
    "cast_number": "cast(rate as bigint)", "cast_money": "cast(amount as double)", "cast_text": "cast(orders as varchar)",
    "cast_date_text": "cast(birth_date as varchar)", "days": "date_diff('day', birth_date, as_of())", "years": "date_diff('year', birth_date, ordered_at)",
    "week": "date_trunc('week', ordered_at)", "quarter_start": "date_trunc('quarter', birth_date)", "day_start": "date_trunc('day', ordered_at)",
    "in_numbers": "orders in (1, 2, 365)", "not_in": "city not in ('上海', '')", "not_null": "not (rate > 0.5)", "compare_nan": "rate > score",
    "equal_double": "rate = score", "min_of": "least(amount, discount)", "power_half": "power(abs(rate), 0.5)", "from_end": "split_part(city, '-', 2)",
    "middle": "substring(product, 2, 3)", "regex_class": "regexp_matches(product, '[0-9]+')", "regex_any": "regexp_matches(city, 'a.b')",
    "like_one": "city like '_-_-_'", "like_under": "city like 'a_b'", "mod_negative": "orders % 7", "if_null": "if(rate > 0, city, product)",
    "list_in": "list_contains(interests, '')", "age": "full_years(birth_date, as_of())", "dow": "isodow(birth_date)", "ln_money": "ln(amount)",
    "hours": "hour(ordered_at) * 100 + day(ordered_at)", "starts_empty": "starts_with(city, '')", "ceil_neg": "ceil(-rate)", "exact": "amount * 3 - discount",
}  # fmt: skip
"""Combinations beyond the documented examples."""
EXPRESSIONS = {f"fn_{i}": f.example for i, f in enumerate(PORTABLE.values())} | MORE
NAMES = {f"fn_{i}": name for i, name in enumerate(PORTABLE)}
TRANSCENDENTAL = {"ln", "log10", "power", "ln_money", "power_half"}
AS_OF = date(2024, 12, 31)


def _step() -> SqlStep:
    columns: list[exp.Expr] = [exp.column("_row", quoted=True)]
    for name, text in EXPRESSIONS.items():
        tree = bind_as_of(check_expression(text, EXAMPLE_COLUMNS).ast, AS_OF)
        columns.append(exp.alias_(tree, name, quoted=True))
    return SqlStep("values", ("edge",), exp.select(*columns).from_(exp.to_table("edge")))


def _values(engine: Engine, source: Path, out: Path) -> pa.Table:
    engine.register("edge", source)
    step = _step()
    engine.run(step)
    return engine.fetch("values").sort_by("_row")


def _two_ulps(ours: str | None, theirs: str | None) -> bool:
    if ours is None or theirs is None:
        return False
    a, b = float(ours), float(theirs)
    return abs(a - b) <= 2 * math.ulp(max(abs(a), abs(b)))


@pytest.fixture(scope="module")
def both(spark: SparkEngine, tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, pa.Table]:
    folder = tmp_path_factory.mktemp("functions")
    source = write(edge_table(dict(EXAMPLE_COLUMNS)), folder / "edge.parquet")
    duckdb = DuckdbEngine()
    try:
        return _values(duckdb, source, folder / "d.parquet"), _values(spark, source, folder / "s.parquet")
    finally:
        duckdb.close()


@pytest.mark.parametrize("name", list(EXPRESSIONS), ids=lambda n: NAMES.get(n, n))
def test_function_gives_equal_values(name: str, both: tuple[pa.Table, pa.Table]) -> None:
    ours, theirs = both
    assert theirs[name].type == ours[name].type
    near = NAMES.get(name, name) in TRANSCENDENTAL
    rows = zip(ours["_row"].to_pylist(), rows_of(ours, name), rows_of(theirs, name), strict=True)
    different = [(row, a, b) for row, a, b in rows if a != b and not (near and _two_ulps(a, b))]
    assert different == []
    assert any(v is not None for v in ours[name].to_pylist()), "the example gives only NULLs"
