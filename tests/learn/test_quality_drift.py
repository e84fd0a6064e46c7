"""Drift: known values of the index, no alarm by chance, and quantiles within their promised error."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.learn.quality.drift import Drift, chi_square, compare, distance, psi, volume_score
from huaxiang.learn.quality.profile import ACCURACY, OTHER, Profile, bucket_of, keep_largest, middle_of, pool, quantile
from huaxiang.learn.quality.schema import ColumnShape, compare_shapes


def numbers(values: np.ndarray) -> Profile:
    return Profile("number", Counter(str(bucket_of(float(v))) for v in values), 0)


def drift(now: Profile, before: Profile) -> Drift:
    found = compare(now, before)
    assert found is not None
    return found


@given(st.floats(1e-4, 1e15) | st.floats(-1e15, -1e-4))
def test_a_bucket_stands_for_its_numbers(value: float) -> None:
    assert middle_of(bucket_of(value)) == pytest.approx(value, rel=ACCURACY * 1.0001)


def test_small_and_endless_numbers_have_a_bucket() -> None:
    assert bucket_of(0.0) == bucket_of(5e-5) == 0
    assert bucket_of(math.inf) == bucket_of(1e15)
    assert bucket_of(-1.0) == -bucket_of(1.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_lies_near_the_true_one(values: list[float], share: float) -> None:
    found = quantile(numbers(np.array(values)).counts, share)
    true = sorted(values)[math.floor(share * (len(values) - 1))]
    assert found is not None
    assert found == pytest.approx(true, rel=ACCURACY * 1.001, abs=1.1e-4)


def test_psi_is_that_of_the_textbook() -> None:
    before, now = [30_000, 40_000, 30_000], [20_000, 40_000, 40_000]
    expected = (0.2 - 0.3) * math.log(0.2 / 0.3) + (0.4 - 0.3) * math.log(0.4 / 0.3)
    assert psi(before, now) == pytest.approx(expected, rel=1e-3)
    assert psi(before, [3, 4, 3]) == pytest.approx(0, abs=0.02)
    assert math.isfinite(psi([10, 0], [0, 10]))


@pytest.mark.parametrize(("freedom", "quantile_99"), [(1, 6.635), (4, 13.277), (9, 21.666), (30, 50.892)])
def test_the_approximation_of_chi_square_is_close(freedom: int, quantile_99: float) -> None:
    assert chi_square(freedom) == pytest.approx(quantile_99, rel=0.03)


@pytest.mark.parametrize("size", [40, 400, 1500])
def test_two_samples_of_one_population_rarely_alarm(size: int) -> None:
    draw = np.random.default_rng(size)
    found = [
        drift(numbers(draw.lognormal(3, 1, size)), numbers(draw.lognormal(3, 1, size))).moved > 0 for _ in range(200)
    ]
    assert sum(found) <= 12  # 2 expected of 200; grouping by the sample itself makes it a little more


def test_a_shifted_population_alarms_and_tells_its_median() -> None:
    draw = np.random.default_rng(1)
    before, now = numbers(draw.normal(100, 10, 5000)), numbers(draw.normal(112, 10, 5000))
    found = drift(now, before)
    assert found.moved > 0.25
    assert found.median_before == pytest.approx(100, rel=0.03)
    assert found.median == pytest.approx(112, rel=0.03)


def test_values_that_come_and_go_are_named_when_the_sample_can_tell() -> None:
    before = Profile("value", {"a": 600, "b": 300, "gone": 100}, 0)
    now = Profile("value", {"a": 640, "b": 300, "new": 50, "rare": 3}, 0)
    found = drift(now, before)
    assert (found.appeared, found.vanished) == (("new",), ("gone",))
    assert found.distance == pytest.approx(distance(now.counts, before.counts))
    assert (drift(before, before).psi, drift(before, before).distance) == (0.0, 0.0)
    few = drift(Profile("value", {"a": 9, "new": 1}, 0), Profile("value", {"a": 9, "gone": 1}, 0))
    assert (few.appeared, few.vanished, few.moved) == ((), (), 0.0)


def test_values_cut_off_are_no_news() -> None:
    many = keep_largest({f"v{n:04d}": 1000 - n for n in range(300)})
    assert len(many) == 201
    assert sum(many.values()) == sum(1000 - n for n in range(300))
    before, now = Profile("value", many, 0), Profile("value", many | {"x": 5000}, 0)
    assert drift(now, before).appeared == ()
    assert keep_largest({"a": 1, OTHER: 4}) == {"a": 1, OTHER: 4}


def test_other_kinds_and_empty_columns_are_not_compared() -> None:
    assert compare(Profile("value", {"a": 1}, 0), Profile("length", {"1": 1}, 0)) is None
    assert compare(Profile("value", {}, 3), Profile("value", {"a": 1}, 0)) is None


def test_the_last_builds_are_pooled_with_equal_weight() -> None:
    pooled = pool(
        [Profile("value", {"a": 100}, 1), Profile("value", {"a": 5, "b": 5}, 0), Profile("length", {"1": 9}, 0)]
    )
    assert pooled == Profile("value", {"a": 75, "b": 25}, 1)
    assert pool([]) is None


@pytest.mark.parametrize(
    ("counts", "unusual"),
    [
        ([100, 110, 121, 133, 146, 161, 177, 195], False),
        ([100, 110, 121, 133, 146, 161, 177, 60], True),
        ([100, 100, 100, 100, 100, 100, 100, 104], False),
        ([100, 100, 100, 100, 100, 100, 100, 150], True),
    ],
)
def test_volume_is_judged_by_growth(counts: list[float], unusual: bool) -> None:
    score = volume_score(counts)
    assert score is not None
    assert (abs(score) > 3.5) == unusual


def test_volume_needs_a_history() -> None:
    assert volume_score([1, 2, 3]) is None
    assert volume_score([1, 2, 3, 0, 5, 6, 7, 8]) is None


def test_schema_changes_are_told_one_by_one() -> None:
    before = (
        ColumnShape("id", "text"),
        ColumnShape("price", "integer"),
        ColumnShape("old", "date"),
        ColumnShape("c", "empty"),
    )
    now = (
        ColumnShape("price", "number"),
        ColumnShape("id", "integer"),
        ColumnShape("new", "text"),
        ColumnShape("c", "date"),
    )
    found = compare_shapes(now, before, {"id", "old"})
    assert [(c.change, c.column, c.before, c.now, c.mapped) for c in found] == [
        ("appeared", "new", None, "text", False),
        ("vanished", "old", "date", None, True),
        ("type", "id", "text", "integer", True),
        ("order", None, None, None, False),
    ]
    assert compare_shapes(now, now, set()) == ()
    assert compare_shapes(now, (), set()) == ()
