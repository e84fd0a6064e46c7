"""How a node is taken apart: equal state occurs once, and each measure finds its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
import sqlglot

from huaxiang.plan.aggregate import decompose, result_type
from huaxiang.plan.nodes import AggregateNode, Measure, TimeRange

END = datetime(2025, 1, 1)
ALL = TimeRange(None, END)
YEAR = TimeRange(datetime(2024, 1, 1), END)
AMOUNT = sqlglot.parse_one('"amount"', read="duckdb")
CITY = sqlglot.parse_one('"city"', read="duckdb")


def _node(*measures: Measure) -> AggregateNode:
    return AggregateNode("orders", "tags", "customer_id", "at", END, (("at", "TIMESTAMP"),), measures)


def _money(name: str, function: str, window: TimeRange = ALL) -> Measure:
    return Measure(name, function, window, of=AMOUNT, of_type="DECIMAL(18,4)")


def test_equal_state_is_kept_once() -> None:
    state = decompose(_node(_money("s", "sum"), _money("m", "mean"), _money("c", "count"), _money("s365", "sum", YEAR)))
    assert [p.kind for p in state.flat] == ["sum", "count", "sum"]
    assert [dict(s.flat) for s in state.states] == [{"sum": 0}, {"sum": 0, "count": 1}, {"count": 1}, {"sum": 2}]


def test_measures_over_one_sub_key_share_a_histogram() -> None:
    measures = [
        Measure(f, f, w, of=CITY, of_type="VARCHAR") for f, w in (("top", ALL), ("distinct", ALL), ("top_n", YEAR))
    ]
    state = decompose(_node(*measures))
    assert len(state.histograms) == 1
    assert [p.kind for p in state.histograms[0].partials] == ["count", "count"]
    assert [dict(s.inner) for s in state.states] == [{"weight": 0}, {"count": 0}, {"weight": 1}]


def test_active_days_and_cycle_share_the_histogram_of_days() -> None:
    state = decompose(_node(Measure("a", "active_days", YEAR), Measure("c", "cycle", YEAR)))
    assert len(state.histograms) == 1
    assert state.histograms[0].type == "DATE"
    assert set(state.states[1].flat) == {"min", "max"}


def test_without_time_there_are_no_windows() -> None:
    state = decompose(replace(_node(_money("s", "sum", YEAR)), time=None))
    assert state.flat[0].rows.window is None


def test_a_measure_that_may_be_null_although_rows_count_keeps_their_number_for_empty() -> None:
    with_empty = replace(_money("d", "stddev"), empty=0)
    share = replace(Measure("h", "share", ALL, share_of=CITY), empty=0)
    state = decompose(_node(with_empty, share))
    assert all("count" in s.flat for s in state.states)


@pytest.mark.parametrize(
    ("function", "of_type", "expected"),
    [
        ("sum", "DECIMAL(18,4)", "DECIMAL(38,4)"), ("sum", "BIGINT", "BIGINT"), ("sum", "DOUBLE", "DOUBLE"), ("mean", "BIGINT", "DOUBLE"),
        ("top", "DATE", "DATE"), ("top_n", "VARCHAR", "VARCHAR[]"), ("count", "VARCHAR", "BIGINT"), ("max", "DECIMAL(18,4)", "DECIMAL(18,4)"),
        ("cycle", None, "DOUBLE"), ("days_since_last", None, "BIGINT"),
    ],
)  # fmt: skip
def test_result_types(function: str, of_type: str | None, expected: str) -> None:
    assert result_type(Measure("m", function, ALL, of_type=of_type)) == expected


def test_an_unknown_function_is_named() -> None:
    with pytest.raises(ValueError, match="measure x: unknown function mode"):
        decompose(_node(Measure("x", "mode", ALL)))
