"""Lift, AUC and intervals equal brute force; the encoder does what it says; drivers point at what drives."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.learn.lookalike import drivers_of, fit_baseline, fit_encoder, fit_model, measure_lifts
from huaxiang.learn.lookalike.drivers import describe
from huaxiang.learn.lookalike.lift import auc_difference
from huaxiang.learn.lookalike.model import auc

ranked = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=40).filter(
    lambda rows: 0 < sum(seed for _, seed in rows) < len(rows)
)


@settings(max_examples=60)
@given(ranked)
def test_lift_and_auc_are_those_of_brute_force(rows: list[tuple[int, bool]]) -> None:
    scores, seed = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows])
    pairs = [(a > b) + (a == b) / 2 for a in scores[seed] for b in scores[~seed]]
    found = measure_lifts(scores, seed, (0.1, 0.25, 0.5, 1.0))
    assert found.auc == auc(scores, seed) == pytest.approx(np.mean(pairs))
    for top, reached in zip(found.tops, found.reached, strict=True):
        left, inside = top * len(rows), 0.0
        for score in sorted(set(scores), reverse=True):  # equal scores are reached evenly
            group = seed[scores == score]
            taken = min(1.0, left / len(group))
            inside += taken * group.sum()
            left -= taken * len(group)
        assert reached == pytest.approx(inside / seed.sum())
    assert found.lift[-1] == found.low[-1] == found.high[-1] == pytest.approx(1.0)


@pytest.mark.slow
def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """AUC of two normals one standard deviation apart is Φ(1/√2) = .760; 95 % of intervals should hold it."""
    covered = []
    for number in range(60):
        draw = np.random.default_rng(number)
        seed = np.arange(600) < 80
        found = measure_lifts(draw.normal(size=600) + seed, seed, (0.1,))
        covered.append(found.auc_low <= 0.7602 <= found.auc_high)
    assert np.mean(covered) >= 0.88


def test_difference_of_two_rankings() -> None:
    draw = np.random.default_rng(3)
    seed = draw.random(3000) < 0.1
    good, poor = draw.normal(size=3000) + 2 * seed, draw.normal(size=3000) + 0.5 * seed
    value, low, high = auc_difference(good, poor, seed)
    assert value == pytest.approx(auc(good, seed) - auc(poor, seed))
    assert 0 < low < value < high
    assert auc_difference(good, good, seed) == (0.0, 0.0, 0.0)
    with pytest.raises(ValueError, match="held-out"):
        measure_lifts(good, np.zeros(3000, bool), (0.1,))


def table(size: int = 2000) -> tuple[pa.Table, np.ndarray]:
    draw = np.random.default_rng(5)
    strong, weak = draw.normal(size=size), draw.normal(size=size)
    seed = strong + draw.normal(size=size) > 1.2
    columns = {
        "number": pa.array(np.where(draw.random(size) < 0.2, np.nan, np.exp(strong)), from_pandas=True),
        "noise": pa.array(weak),
        "word": pa.array([None if draw.random() < 0.1 else ("a", "b")[int(x > 0)] for x in weak]),
        "flag": pa.array((strong > 0).tolist()),
        "list": pa.array([["x"] * int(x > 1) + ["y"] for x in strong], pa.list_(pa.string())),
        "constant": pa.array(["same"] * size),
        "empty": pa.array([None] * size, pa.float64()),
    }
    return pa.table(columns), seed


KINDS = {
    "number": "number", "noise": "number", "word": "category", "flag": "boolean", "list": "list", "constant": "category",
    "empty": "number",
}  # fmt: skip


def test_the_matrix_holds_what_the_columns_say() -> None:
    data, _ = table()
    encoder = fit_encoder(data, KINDS)  # type: ignore[arg-type]
    assert encoder.names == ("number", "noise", "word", "flag", "list")
    assert encoder.left_out == ("constant", "empty")
    matrix = encoder.encode(data)
    assert matrix.shape == (2000, encoder.width)
    spans = dict(zip(encoder.names, encoder.spans, strict=True))
    missing = np.array([value is None for value in data["number"].to_pylist()])
    number = matrix[:, spans["number"]]
    assert (number[:, 1] == missing).all()
    assert (number[missing][:, [0, 2, 3, 4]] == 0).all()
    assert (number[~missing, 2:].sum(axis=1) == 1).all()  # one bin each
    assert abs(number[~missing, 0].mean()) < 0.05
    words = [
        None if row[0] else ("a" if row[1 + order] else "b") for order in (0, 1) for row in matrix[:3, spans["word"]]
    ]
    assert data["word"].to_pylist()[:3] in (words[:3], words[3:])
    assert (matrix[:, spans["list"]].sum(axis=1) == [len(row) for row in data["list"].to_pylist()]).all()
    again = np.concatenate([encoder.encode(batch) for batch in data.to_batches(max_chunksize=300)])
    assert (again == matrix).all()
    strange = pa.table({name: data[name][:1] if name != "word" else pa.array(["never seen"]) for name in encoder.names})
    assert (encoder.encode(strange)[0, spans["word"]] == 0).all()


@pytest.mark.parametrize("name", ["logistic", "boosting"])
def test_models_rank_and_drivers_point_at_what_drives(name: str) -> None:
    data, seed = table()
    encoder = fit_encoder(data, KINDS)  # type: ignore[arg-type]
    matrix, train = encoder.encode(data), np.arange(2000) < 1200
    model = fit_model(name, matrix[train], seed[train])  # type: ignore[arg-type]
    assert auc(model.score(matrix[~train]), seed[~train]) > 0.75
    assert (fit_model(name, matrix[train], seed[train]).score(matrix) == model.score(matrix)).all()  # type: ignore[arg-type]
    drivers = dict(drivers_of(encoder, model, (matrix[~train], seed[~train])))
    assert max(drivers, key=lambda key: drivers[key]) in {"number", "list", "flag"}
    assert drivers.get("noise", 0) < 0.02
    assert fit_baseline(encoder, matrix[train], seed[train]).name in {"number", "flag", "list"}


def test_drivers_are_described_by_what_differs_most() -> None:
    data, seed = table()
    word = describe("list", 0.1, data["list"].combine_chunks(), "list", seed)
    lists = data["list"].to_pylist()
    assert word.value == "x"
    assert word.seed == pytest.approx(np.mean(["x" in row for row, s in zip(lists, seed, strict=True) if s]))
    number = describe("number", 0.1, data["number"].combine_chunks(), "number", seed)
    assert number.value is None
    assert number.seed is not None
    assert number.rest is not None
    assert number.seed > number.rest
    zeros = pa.array(np.where(np.arange(100) < 10, 5.0, 0.0))
    assert describe("z", 0.1, zeros, "number", np.arange(100) < 30).mean
    unknown = describe("u", 0.1, pa.array([None] * 10, pa.string()), "category", np.arange(10) < 5)
    assert (unknown.value, unknown.seed) == (None, None)
