"""Every answer of the index equals the plain SQL answer, over random tables and random conditions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.index import AudienceIndex, Bits, build_index
from huaxiang.plan.conditions import Node, Top
from huaxiang.plan.predicate import parse_condition, to_sql_ast

COLUMNS = {
    "city": "VARCHAR", "note": "VARCHAR", "member": "BOOLEAN", "orders": "BIGINT", "score": "DOUBLE", "spend": "DECIMAL(38,4)",
    "born": "DATE", "seen": "TIMESTAMP", "likes": "VARCHAR[]", "exact": "DOUBLE", "cents": "DECIMAL(18,2)",
}  # fmt: skip
CITIES = ["北京", "上海", "Aix", "a_b", "50%", "", "é"]
LIKES = ["tea", "茶", "wine", "", "x'y"]
AUDIENCES = {"buyers": "orders > 1", "known": "city is not null and not (member)"}


class Resolver:
    """Asks DuckDB for what the index leaves."""

    def __init__(self, table: Path, size: int) -> None:
        self.table, self.size = table, size

    def sets(self, part: object) -> tuple[Bits, Bits]:
        from huaxiang.plan import condition_text

        text = condition_text.to_text(condition_text.written(part))  # type: ignore[arg-type]
        sql = to_sql_ast(parse_condition(text, COLUMNS)).sql("duckdb")
        rows = duckdb.sql(f"SELECT {sql} FROM '{self.table}' ORDER BY customer_id").fetchall()
        found = [r[0] for r in rows]
        return tuple(Bits.from_mask(np.array([f is w for f in found], dtype=bool)) for w in (True, False))  # type: ignore[return-value]

    def members(self, name: str) -> Bits | None:
        return None

    def audience(self, name: str) -> Node:
        return parse_condition(AUDIENCES[name], COLUMNS).tree


def table(seed: int, size: int) -> pa.Table:
    """Customers with every kind of column; `exact` and `cents` have too many values for codes when the table is large."""
    rng = np.random.default_rng(seed)

    def some(values: list[object], share: float = 0.2) -> list[object]:
        picks, gaps = rng.integers(0, len(values), size), rng.random(size) < share
        return [None if gap else values[p] for p, gap in zip(picks.tolist(), gaps.tolist(), strict=True)]

    day = date(2024, 1, 1)
    lists: list[object] = [[], ["tea"], ["tea", "茶"], ["wine", "tea", "wine"], ["", None], ["x'y", "茶", "wine"]]
    return pa.table({
        "customer_id": [f"c{n:07d}" for n in range(size)],
        "city": pa.array(some(list(CITIES)), pa.string()), "note": pa.array(some([f"备注{n}" for n in range(9)]), pa.string()),
        "member": pa.array(some([True, False]), pa.bool_()), "orders": pa.array(some(list(range(-3, 9))), pa.int64()),
        "score": pa.array(some([0.0, -0.0, 1.5, -2.25, 1e300, math.nan, math.inf, -math.inf, 0.1]), pa.float64()),
        "spend": pa.array(some([Decimal(n) / 10000 for n in (-5, 0, 1, 12345, 99999999, 10000)]), pa.decimal128(38, 4)),
        "born": pa.array(some([day + timedelta(days=n) for n in range(0, 60, 7)]), pa.date32()),
        "seen": pa.array(some([datetime(2024, 1, 1) + timedelta(hours=7 * n) for n in range(30)]), pa.timestamp("us")),
        "likes": pa.array(some(lists), pa.list_(pa.string())),
        "exact": pa.array(rng.normal(size=size), pa.float64(), mask=rng.random(size) < 0.1),
        "cents": pa.array([Decimal(int(n)) / 100 for n in rng.integers(-9_000_000, 9_000_000, size)], pa.decimal128(18, 2), mask=rng.random(size) < 0.1),
    })  # fmt: skip


@contextmanager
def opened(data: pa.Table) -> Iterator[tuple[AudienceIndex, Path]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "customers.parquet"
        pq.write_table(data, path, row_group_size=1000)
        build_index(path, Path(folder) / "index")
        yield AudienceIndex.open(Path(folder) / "index"), path


def number(low: int = -4, high: int = 10) -> st.SearchStrategy[str]:
    return st.one_of(
        st.integers(low, high).map(str), st.sampled_from(["0.1", "1.5", "-2.25", "0.5", "3.7", "1.2345", "0.00005"])
    )


def texts(values: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from([*values, "nowhere"]).map(lambda v: "'" + v.replace("'", "''") + "'")


DAYS = st.integers(-5, 70).map(lambda n: f"'{date(2024, 1, 1) + timedelta(days=n)}'")
TIMES = st.integers(-5, 220).map(lambda n: f"'{datetime(2024, 1, 1) + timedelta(hours=n)}'")
OPS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])


def ordered(column: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    negation = st.sampled_from(["", "not "])
    return st.one_of(
        st.tuples(OPS, values).map(lambda t: f"{column} {t[0]} {t[1]}"),
        st.tuples(negation, values, values).map(lambda t: f"{column} {t[0]}between {t[1]} and {t[2]}"),
        st.tuples(negation, st.lists(values, min_size=1, max_size=4)).map(
            lambda t: f"{column} {t[0]}in ({', '.join(t[1])})"
        ),
        negation.map(lambda n: f"{column} is {n}null"),
    )


LISTS = st.lists(texts(LIKES), min_size=1, max_size=3).map(", ".join)
LEAVES = st.one_of(
    ordered("city", texts(CITIES)),
    st.tuples(st.sampled_from(["", "not "]), st.sampled_from(["like", "ilike"]), st.sampled_from(["%a%", "_", "北%", "A%", "%", "É"]))
    .map(lambda t: f"city {t[0]}{t[1]} '{t[2]}'"),
    st.tuples(st.sampled_from(["contains", "starts_with", "ends_with"]), st.sampled_from(["city", "note"]), st.sampled_from(["a", "京", "", "备", "3"]))
    .map(lambda t: f"{t[0]}({t[1]}, '{t[2]}')"),
    st.sampled_from(["member", "not member", "member is null", "member = false", "regexp_matches(city, '^[A-Z]')"]),
    ordered("orders", number()), ordered("score", number()), ordered("spend", number(0, 10000)), ordered("exact", number(-2, 3)),
    ordered("cents", number(-90_000, 90_000)), ordered("born", DAYS), ordered("seen", TIMES), ordered("seen", DAYS),
    st.tuples(st.sampled_from(["list_has_any", "list_has_all", "not list_has_any", "not list_has_all"]), LISTS)
    .map(lambda t: f"{t[0]}(likes, [{t[1]}])"),
    texts(LIKES).map(lambda v: f"list_contains(likes, {v})"),
    st.sampled_from(["likes is null", "len(likes) > 1", "orders + 1 > 3", "year(born) = 2024", "in_audience('buyers')", "in_audience('known')"]),
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        parts.map(lambda p: f"not ({p})"),
        st.tuples(st.sampled_from([" and ", " or "]), st.lists(parts, min_size=2, max_size=3)).map(
            lambda t: "(" + t[0].join(t[1]) + ")"
        ),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def large() -> Iterator[tuple[AudienceIndex, Path, duckdb.DuckDBPyConnection]]:
    """90,000 customers: enough for wide columns."""
    data = table(7, 90_000)
    with opened(data) as (index, path):
        connection = duckdb.connect()
        connection.execute(f"CREATE TABLE customers AS SELECT * FROM '{path}'")
        assert (index.fields["exact"].kind, index.fields["cents"].kind, index.fields["spend"].kind) == (
            "wide",
            "wide",
            "codes",
        )
        yield index, path, connection
        connection.close()


def plain(text: str) -> str:
    named = {name: parse_condition(when, COLUMNS) for name, when in AUDIENCES.items()}
    return to_sql_ast(parse_condition(text, COLUMNS), named).sql("duckdb")


def same(text: str, large: tuple[AudienceIndex, Path, duckdb.DuckDBPyConnection]) -> None:
    index, path, connection = large
    found = index.select(parse_condition(text, COLUMNS).tree, Resolver(path, index.size))
    expected = connection.execute(f"SELECT count(*) FROM customers WHERE {plain(text)}").fetchone()
    assert expected is not None
    assert found.count() == expected[0], text
    assert index.count(parse_condition(text, COLUMNS).tree, Resolver(path, index.size)) == expected[0], text


@settings(max_examples=150)
@given(TREES)
def test_counts_equal_plain_sql(large: tuple[AudienceIndex, Path, duckdb.DuckDBPyConnection], text: str) -> None:
    same(text, large)


@pytest.mark.slow
@settings(max_examples=2500)
@given(TREES)
def test_thousands_of_counts_equal_plain_sql(
    large: tuple[AudienceIndex, Path, duckdb.DuckDBPyConnection], text: str
) -> None:
    same(text, large)


@pytest.mark.exhaustive
@settings(max_examples=100_000)
@given(TREES)
def test_a_hundred_thousand_counts_equal_plain_sql(
    large: tuple[AudienceIndex, Path, duckdb.DuckDBPyConnection], text: str
) -> None:
    same(text, large)


@settings(max_examples=30)
@given(st.integers(0, 1 << 30), st.integers(0, 200), TREES)
def test_members_of_small_tables_equal_plain_sql(seed: int, size: int, text: str) -> None:
    with opened(table(seed, size)) as (index, path):
        found = index.select(parse_condition(text, COLUMNS).tree, Resolver(path, size))
        expected = duckdb.sql(f"SELECT customer_id FROM '{path}' WHERE {plain(text)} ORDER BY 1").fetchall()
        assert index.ids(found).to_pylist() == [r[0] for r in expected]


@settings(max_examples=40)
@given(
    st.integers(1, 80_000),
    st.sampled_from(["orders", "score", "exact", "cents", "born", "spend"]),
    st.booleans(),
    st.booleans(),
)
def test_top_equals_sql(
    large: tuple[AudienceIndex, Path, duckdb.DuckDBPyConnection], count: int, column: str, lowest: bool, among: bool
) -> None:
    index, path, connection = large
    within = parse_condition("city = '上海'", COLUMNS).tree if among else None
    found = index.select(Top(count, column, within, lowest), Resolver(path, index.size))
    where = f"{column} IS NOT NULL" + (" AND city = '上海'" if among else "")
    rows = connection.execute(
        f"SELECT customer_id FROM customers WHERE {where} ORDER BY {column} {'ASC' if lowest else 'DESC'}, customer_id LIMIT {count}"
    ).fetchall()
    assert set(index.ids(found).to_pylist()) == {r[0] for r in rows}


def test_the_customer_id_is_asked_of_the_engine(large: tuple[AudienceIndex, Path, duckdb.DuckDBPyConnection]) -> None:
    index, path, _ = large
    columns = COLUMNS | {"customer_id": "VARCHAR"}

    class Ids(Resolver):
        def sets(self, part: object) -> tuple[Bits, Bits]:
            from huaxiang.plan import condition_text

            text = condition_text.to_text(condition_text.written(part))  # type: ignore[arg-type]
            rows = duckdb.sql(f"SELECT {text} FROM '{self.table}' ORDER BY customer_id").fetchall()
            found = Bits.from_mask(np.array([r[0] for r in rows], dtype=bool))
            return found, ~found

    text = "ends_with(customer_id, '77') and not (customer_id < 'c0000100') and customer_id is not null"
    found = index.select(parse_condition(text, columns).tree, Ids(path, index.size))
    assert index.ids(found).to_pylist() == [f"c{n:07d}" for n in range(index.size) if n % 100 == 77 and n >= 100]
