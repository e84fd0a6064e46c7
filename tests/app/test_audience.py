"""Counts agree with a plain recomputation over the same rows; the Python face mirrors the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.published import CUSTOMERS, manifest, publish_sample

import huaxiang
from huaxiang.app.audience import TYPES, count_audience, list_audiences, show_audience
from huaxiang.app.wiring import table_reader
from huaxiang.errors import ExpressionError, UsageError
from huaxiang.plan.predicate import parse_condition, to_tree

ROWS = [
    dict(zip(CUSTOMERS, row, strict=True)) for row in zip(*(a.to_pylist() for a in CUSTOMERS.values()), strict=True)
]
Row = dict[str, Any]


@pytest.mark.parametrize(
    ("condition", "meant"),
    [
        ("orders >= 3", lambda r: r["orders"] >= 3),
        ("spend between 10 and 100", lambda r: r["spend"] is not None and 10 <= r["spend"] <= 100),
        (
            "gender = 'female' and (vip or orders = 1)",
            lambda r: r["gender"] == "female" and bool(r["vip"] or r["orders"] == 1),
        ),
        ("city in ('上海', '北京')", lambda r: r["city"] in ("上海", "北京")),
        ("city is null or gender is null", lambda r: r["city"] is None or r["gender"] is None),
        ("not (orders > 1)", lambda r: not r["orders"] > 1),
        ("last_order < date '2024-04-03'", lambda r: r["last_order"] is not None and r["last_order"].day < 3),
    ],
)
def test_counts(tmp_path: Path, condition: str, meant: Callable[[Row], bool]) -> None:
    found = count_audience(publish_sample(tmp_path), condition)
    assert (found["count"], found["base"]) == (sum(meant(row) for row in ROWS), len(ROWS))


def test_every_value_type_has_a_duckdb_type(tmp_path: Path) -> None:
    assert set(TYPES) == {"boolean", "enum", "text", "integer", "number", "money", "date", "datetime", "list"}


def test_an_audience_may_be_written_as_a_tree(tmp_path: Path) -> None:
    tree = to_tree(parse_condition("spend > 500 and gender = 'female'", {"spend": "DOUBLE", "gender": "VARCHAR"}))
    snapshot = publish_sample(tmp_path, audiences=[manifest()["audiences"][0] | {"definition": tree}])
    assert count_audience(snapshot, "big")["count"] == 1
    assert "spend > 500" in show_audience(snapshot, "big")["definition"]
    assert list_audiences(snapshot)["audiences"][0]["definition"] == show_audience(snapshot, "big")["definition"]


def test_circular_and_unknown_audiences_and_foreign_tables_are_refused(tmp_path: Path) -> None:
    audiences = manifest()["audiences"]
    audiences[0]["definition"] = "in_audience('big_women')"
    snapshot = publish_sample(tmp_path, audiences=audiences)
    with pytest.raises(UsageError, match="big_women → big → big_women"):
        count_audience(snapshot, "big_women")
    for bad in ("read_csv('x')", "exists (select 1)", "1; drop table x", "getenv('HOME') = 'a'"):
        with pytest.raises(ExpressionError):
            count_audience(snapshot, bad)


def test_the_python_face(tmp_path: Path) -> None:
    publish_sample(tmp_path)
    shop = huaxiang.open(tmp_path)
    assert shop.audience("big").count() == 2
    assert shop.audience("vip").ids() == ["c3", "c4"]
    assert shop.audience("big").export(tmp_path / "a.csv", ("city",)) == 2
    assert shop.status()["customers"] == shop.quality()["sources"][0]["rows_in"] - 1228
    assert shop.tag("vip")["name"] == shop.tags()[2]["name"]
    assert shop.customer("c1")["customer_id"] == "c1"
    assert shop.personas()["sets"][0]["name"] == "value"
    assert shop.at("2024-05-02").audience("big").count() == 2
    with pytest.raises(UsageError):
        shop.at("2024-04-01").audience("big").count()


def test_the_reader_streams_and_limits(tmp_path: Path) -> None:
    with table_reader(publish_sample(tmp_path).table("customers")) as reader:
        assert reader.count() == (6, 6)
        assert reader.rows(["customer_id"], order_by=["customer_id"], limit=2) == [("=c6",), ("c1",)]
        assert [len(batch) for batch in reader.batches(["customer_id"])] == [6]
