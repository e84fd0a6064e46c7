"""Relative days become days where they are constants; everything else is left as it is."""

from __future__ import annotations

from datetime import date

import pytest

from huaxiang.plan.conditions import And, Between, Comparison, Not, Or, Raw, Top
from huaxiang.plan.predicate import parse_condition
from huaxiang.plan.relative_dates import dated

COLUMNS = {"d": "DATE", "t": "TIMESTAMP", "n": "BIGINT"}
DAY = date(2024, 3, 1)


def read(text: str) -> object:
    return dated(parse_condition(text, COLUMNS, {}).tree, DAY, COLUMNS)


def test_days_are_put_in() -> None:
    assert read("d >= as_of() - 30") == Comparison("d", ">=", "2024-01-31")
    assert read("d = as_of()") == Comparison("d", "=", "2024-03-01")
    assert read("as_of() + 1 > t") == Comparison("t", "<", "2024-03-02")
    assert read("t between as_of() - 60 and as_of() - 30") == Between("t", "2024-01-01", "2024-01-31")


def test_within_groups_negations_and_ranks() -> None:
    found = read("n > 1 and not (d < as_of() - 1) or top(3, n, d > as_of() - 2)")
    day = Comparison("d", "<", "2024-02-29")
    assert found == Or((And((Comparison("n", ">", 1), Not(day))), Top(3, "n", Comparison("d", ">", "2024-02-28"))))


@pytest.mark.parametrize("text", ["date_diff('day', d, as_of()) < 30", "d >= as_of() - 99999999"])
def test_other_expressions_stay(text: str) -> None:
    assert isinstance(read(text), Raw)
