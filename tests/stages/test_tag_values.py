"""RFM, lifecycle and bands: computed by the engine, compared with the published definitions written out in NumPy."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.plan import sql
from huaxiang.spec.models import BandsTag, LifecycleTag, RfmTag, ScoreSpec, Tag, Window
from huaxiang.stages.tag import parse_window, plan_levels, time_range
from huaxiang.stages.tag_values import AGE_LABELS, CLASSES, CheckedValues

RFM = RfmTag(name="rfm", kind="rfm", recency="recency", frequency="orders", monetary="spend")


def compute(
    folder: Path, tag: Tag, columns: dict[str, pa.Array], *trees: sql.exp.Expression
) -> dict[str, list[object]]:
    """Run the levels of one tag over a table of earlier tags; return its columns by customer order."""
    size = len(next(iter(columns.values())))
    table = pa.table({"customer_id": pa.array([f"{i:06d}" for i in range(size)]), **columns})
    path = folder / "tags.parquet"
    pq.write_table(table, path)
    engine = DuckdbEngine(temp=folder)
    try:
        engine.register("tags_0", path)
        for step in plan_levels([[tag]], {tag.name: CheckedValues(trees)}, {tag.name: "tag"}):
            engine.run(step)
        return engine.fetch("tags").sort_by("customer_id").to_pydict()
    finally:
        engine.close()


def inputs(recency: list[int | None], orders: list[int], spend: list[float]) -> dict[str, pa.Array]:
    return {
        "recency": pa.array(recency, pa.int64()), "orders": pa.array(orders, pa.int64()),
        "spend": pa.array(spend, pa.float64()).cast(pa.decimal128(38, 4), safe=False),
    }  # fmt: skip


def edge(values: np.ndarray, level: int, levels: int) -> float:
    ordered = np.sort(values)
    return float(ordered[math.ceil(level * len(ordered) / levels) - 1])


CUSTOMERS = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 500)), st.integers(0, 40), st.integers(-100, 9000)),
    min_size=1,
    max_size=40,
)


@settings(max_examples=15, deadline=None)
@given(CUSTOMERS)
def test_scores_cut_by_value_edges(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int | None, int, int]]
) -> None:
    recency, orders, spend = [r for r, _, _ in rows], [o for _, o, _ in rows], [float(s) for _, _, s in rows]
    got = compute(tmp_path_factory.mktemp("rfm"), RFM, inputs(recency, orders, spend))
    known = [i for i, r in enumerate(recency) if r is not None]
    for part, values, lower in (("r", recency, True), ("f", orders, False), ("m", spend, False)):
        among = np.array([values[i] for i in known], dtype=float)
        edges = [edge(among, i, 5) for i in range(1, 5)] if known else []
        for i, value in enumerate(values):
            if recency[i] is None:
                assert got[f"rfm_{part}"][i] is None
                continue
            reached = [value <= e for e in edges] if lower else [value > e for e in edges]
            assert got[f"rfm_{part}"][i] == 1 + sum(reached)
    means = {p: np.mean([got[f"rfm_{p}"][i] for i in known]) for p in "rfm"} if known else {}
    for i in known:
        high = tuple(bool(got[f"rfm_{p}"][i] > means[p] + 1e-12) for p in "rfm")
        assert got["rfm_class"][i] == CLASSES[high]


def test_bands_follow_the_published_days(tmp_path: Path) -> None:
    days = [0, 90, 91, 180, 181, 360, 361, None]
    got = compute(tmp_path, RFM, inputs(days, [1] * 8, [1.0] * 8))
    assert got["rfm_band"] == ["active", "active", "sleeping", "sleeping", "at_risk", "at_risk", "lost", None]


def test_bands_and_scores_can_be_declared(tmp_path: Path) -> None:
    scores = ScoreSpec(method="bounds", levels=3, recency=(30, 90), frequency=(2, 5), monetary=(100, 1000))
    tag = RFM.model_copy(update={"bands": {"hot": 30, "warm": 60}, "beyond": "cold", "scores": scores})
    got = compute(tmp_path, tag, inputs([30, 31, 91], [5, 2, 1], [1000, 100, 99]))
    assert got["rfm_band"] == ["hot", "warm", "cold"]
    assert (got["rfm_r"], got["rfm_f"], got["rfm_m"]) == ([3, 2, 1], [3, 2, 1], [3, 2, 1])


@pytest.mark.parametrize("split", ["mean_value", "median_value"])
def test_classes_can_be_split_by_values(tmp_path: Path, split: str) -> None:
    tag = RFM.model_copy(update={"split": split})
    got = compute(tmp_path, tag, inputs([1, 10, 100], [1, 5, 3], [10, 20, 300]))
    expected = {
        "mean_value": ["general_develop", "general_value", "key_win_back"],
        "median_value": ["general_develop", "general_retain", "key_win_back"],
    }
    assert got["rfm_class"] == expected[split]


def test_the_later_stage_of_the_lifecycle_wins(tmp_path: Path) -> None:
    tag = LifecycleTag(name="stage", kind="lifecycle", orders="orders", recency="recency")
    got = compute(tmp_path, tag, inputs([None, 0, 90, 5, 91, 360, 361], [0, 1, 1, 2, 1, 9, 1], [0.0] * 7))
    assert got["stage"] == [
        "potential",
        "first_purchase",
        "first_purchase",
        "active",
        "sleeping",
        "sleeping",
        "churned",
    ]


def test_ages_fall_into_the_published_bands(tmp_path: Path) -> None:
    tag = BandsTag(name="age_band", kind="bands", of="age", bounds="age")
    ages = [17, 18, 24, 25, 29, 30, 34, 35, 39, 40, 49, 50, 59, 60, None]
    got = compute(tmp_path, tag, {"age": pa.array(ages, pa.int64())}, sql.column("age"))
    wanted = [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]
    assert got["age_band"] == [*(AGE_LABELS[i] for i in wanted), None]
    everyone = tag.model_copy(update={"otherwise": "other"})
    got = compute(tmp_path, everyone, {"age": pa.array(ages, pa.int64())}, sql.column("age"))
    assert got["age_band"][-2:] == ["other", "other"]


def test_a_window_ends_with_the_as_of_day() -> None:
    end = datetime(2018, 1, 1)
    recent, before = time_range(parse_window("90d"), end), time_range(Window(days=90, offset=90), end)
    assert (recent.start, recent.end) == (datetime(2017, 10, 3), end)
    assert (before.start, before.end) == (datetime(2017, 7, 5), datetime(2017, 10, 3))
    assert time_range(parse_window(None), end).start is None
    with pytest.raises(ValueError, match="number of days"):
        parse_window("three months")
