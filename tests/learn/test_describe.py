"""What the manifest keeps of a column: bins of whole numbers and days lie on whole numbers and days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.learn.describe import BINS, distribution
from huaxiang.serve.cli.output import ranges


def bins_of(values: list[object], kind: str, stored: pa.DataType) -> list[list[object]]:
    found: list[list[object]] = distribution(pa.chunked_array([pa.array(values, stored)]), kind)["bins"]
    return found


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=400))
def test_bins_of_whole_numbers_hold_as_many_of_them_each(values: list[int]) -> None:
    bins = bins_of(list(values), "integer", pa.int64())
    assert len(bins) <= BINS
    widths = {high - low for low, high, _ in bins}
    assert len(widths) == 1 and widths.pop() % 1 == 0 and all(low % 1 == 0 for low, _, _ in bins)
    low, high = np.percentile(values, [1, 99]) if len(values) >= 200 else (min(values), max(values))
    inside = np.clip(values, low, high)
    assert [n for *_, n in bins] == [int(((inside >= a) & (inside < b)).sum()) for a, b, _ in bins]
    assert sum(n for *_, n in bins) == len(values)


def test_few_whole_numbers_have_a_bin_each() -> None:
    values = [n % 17 for n in range(17 * 30)]
    assert bins_of(values, "integer", pa.int64()) == [[float(n), float(n + 1), 30] for n in range(17)]
    assert bins_of([7] * 3, "integer", pa.int64()) == [[7.0, 8.0, 3]]


def test_bins_of_days_are_whole_days() -> None:
    days = [date(1950, 1, 1) + timedelta(days=37 * n) for n in range(700)]
    bins = bins_of(days, "date", pa.date32())
    ends = [datetime.fromisoformat(end) for bin_ in bins for end in bin_[:2]]
    assert all(end == datetime(end.year, end.month, end.day) for end in ends)
    assert sum(n for *_, n in bins) == len(days)


def test_the_last_day_of_calendars_has_a_bin() -> None:
    bins = bins_of([date(2024, 1, 1), date(9999, 12, 31)], "date", pa.date32())
    assert [n for *_, n in bins][-1] == 1
    assert datetime.fromisoformat(str(bins[-1][1])) == datetime(9999, 12, 31)
    assert ranges(bins, ("2024-01-01", "9999-12-31"), "date", None)[-1].startswith("≥ ")


@pytest.mark.parametrize("values", [[2**62, 2**62 + 1], [-(2**63), 2**63 - 1], [2**53, 2**53 + 1, 2**53 + 40]])
def test_huge_whole_numbers_are_counted_too(values: list[int]) -> None:
    assert sum(n for *_, n in bins_of(list(values), "integer", pa.int64())) == len(values)
