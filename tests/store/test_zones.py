"""Times of another zone are moved to the project's; bare days stay the days that were written."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa

from huaxiang.spec.models import SourceSpec
from huaxiang.store.cleaning.column import clean_column
from huaxiang.store.cleaning.rule import ColumnRule, column_rule

RULE = ColumnRule("at", "at", "datetime", timezone="America/New_York", zone="UTC")


def _clean(values: pa.Array, rule: ColumnRule = RULE) -> list[object]:
    return clean_column(values, rule).values.to_pylist()


def test_texts_without_zone_are_read_in_the_declared_one() -> None:
    texts = pa.array(
        [
            "2018-01-01 04:01:20",
            "2018/1/1 04:01",
            "2018-07-01T04:01:20+00:00",
            "2018-01-01T08:00:00+08:00",
            "2018-01-01",
        ]
    )
    assert _clean(texts) == [
        datetime(2017, 12, 31, 23, 1, 20),
        datetime(2017, 12, 31, 23, 1),
        datetime(2018, 7, 1, 0, 1, 20),
        datetime(2017, 12, 31, 19, 0),
        datetime(2018, 1, 1),
    ]


def test_native_timestamps_follow_too() -> None:
    stamps = pa.array([datetime(2018, 1, 1, 4, 1), None], pa.timestamp("ns"))
    assert _clean(stamps) == [datetime(2017, 12, 31, 23, 1), None]
    days = ColumnRule("at", "at", "date", timezone="America/New_York", zone="UTC")
    assert _clean(stamps, days) == [date(2017, 12, 31), None]


def test_without_a_declared_zone_nothing_moves() -> None:
    rule = ColumnRule("at", "at", "datetime", timezone="America/New_York")
    assert _clean(pa.array(["2018-01-01 04:01:20"]), rule) == [datetime(2018, 1, 1, 4, 1, 20)]


def test_the_zone_is_declared_with_the_column() -> None:
    source = SourceSpec.model_validate({
        "name": "orders", "purpose": "x", "legal_basis": "contract", "entity": "order", "files": "x.csv",
        "columns": {"ordered_at": {"from": "at", "timezone": "UTC"}},
    })  # fmt: skip
    rule = column_rule(source, "ordered_at", as_of=date(2018, 1, 1), timezone="America/New_York")
    assert _clean(pa.array(["2018-01-01 04:01:20"]), rule) == [datetime(2017, 12, 31, 23, 1, 20)]
