"""GA4 export: keys and values, days that are replaced, shards of one export, Parquet."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.store.formats.reading import EVENT, Loaded, source_of, write_lines
from tests.told import same_names

from huaxiang.errors import SourceError
from huaxiang.run.assemble import delivery
from huaxiang.store.files.batch import Limits
from huaxiang.store.formats.ga4 import day_of, parse
from huaxiang.store.formats.record import RecordFault


def param(key: str, value: Any) -> dict[str, Any]:
    kind = "string_value" if isinstance(value, str) else "int_value" if isinstance(value, int) else "double_value"
    return {
        "key": key,
        "value": {"string_value": None, "int_value": None, "float_value": None, "double_value": None, kind: value},
    }


def row(day: str = "20240501", user: str = "p1", name: str = "purchase", second: int = 0) -> dict[str, Any]:
    at = int(datetime(int(day[:4]), int(day[4:6]), int(day[6:]), 3, 0, second, tzinfo=UTC).timestamp()) * 1_000_000 + 5
    return {
        "event_date": day, "event_timestamp": at, "event_name": name, "user_pseudo_id": user, "user_id": None,
        "event_params": [param("page_location", "https://m.example/p"), param("ga_session_id", 17), param("value", 9.9), param("currency", "CNY")],
        "user_properties": [], "device": {"category": "mobile", "operating_system": "iOS", "web_info": {"browser": "Safari"}},
        "geo": {"country": "China", "region": "Zhejiang", "city": "(not set)"}, "platform": "WEB",
        "items": [{"item_id": "i1", "item_category": "shoes", "item_brand": "b"}], "traffic_source": {"source": "baidu", "medium": "organic"},
    }  # fmt: skip


def users(loaded: Loaded) -> list[str]:
    return [line["anonymous_id"] for line in loaded.rows]


def test_standard_columns() -> None:
    found = parse(row())
    assert found.group == "20240501"
    assert found.takes == {"events"}
    assert found.value("event_params.page_location") == "https://m.example/p"
    assert {key: value for key, value in found.standard.items() if key != "occurred_at"} == {
        "event": "purchase", "kind": "event", "anonymous_id": "p1", "session_id": "17", "device_type": "mobile", "os": "iOS", "browser": "Safari",
        "platform": "web", "page": "https://m.example/p", "source": "baidu", "medium": "organic", "country": "China", "province": "Zhejiang",
        "product_id": "i1", "category": "shoes", "brand": "b", "value": "9.9", "currency": "CNY",
    }  # fmt: skip
    assert found.standard["occurred_at"] == datetime(2024, 5, 1, 3, 0, 0, 5, UTC)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event_name": None}, "record_event"),
        ({"event_timestamp": None}, "record_time"),
        ({"user_pseudo_id": None}, "record_owner"),
    ],
)
def test_faults(change: dict[str, Any], code: str) -> None:
    with pytest.raises(RecordFault) as fault:
        parse({**row(), **change})
    assert fault.value.code == code


def test_people_and_links() -> None:
    record = {**row(), "user_id": "u1", "user_properties": [param("level", "gold")]}
    assert parse(record).takes == {"events", "people", "links"}
    assert parse(record).value("user_properties.level") == "gold"


def test_a_changed_day_replaces_the_old_one(tmp_path: Path) -> None:
    source = source_of("ga4")
    write_lines(tmp_path / "in" / "events_20240501.jsonl", [row(user="old1"), row(user="old2"), {"event_name": "x"}])
    write_lines(tmp_path / "in" / "events_20240502.jsonl", [row("20240502", "kept")])
    assert users(Loaded(tmp_path, source)) == ["old1", "old2", "kept"]
    write_lines(
        tmp_path / "in" / "late" / "events_20240501.jsonl", [row(user="new1"), row(user="new2"), row(user="new3")]
    )
    loaded = Loaded(tmp_path, source)
    assert sorted(users(loaded)) == ["kept", "new1", "new2", "new3"]
    assert dict(loaded.report.left_out_reasons) == {"replaced": 2}
    assert dict(loaded.report.reasons) == {"record_time": 1}
    write_lines(tmp_path / "in" / "late" / "events_20240501.jsonl", [row(user="last")])  # the file itself changes
    assert sorted(users(Loaded(tmp_path, source))) == ["kept", "last"]


def test_the_final_table_replaces_the_intraday_one(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "events_20240501.jsonl", [row(user="final")])
    write_lines(tmp_path / "in" / "events_intraday_20240501.jsonl", [row(user="early"), row(user="early2")])
    write_lines(tmp_path / "in" / "events_intraday_20240502.jsonl", [row("20240502", "today")])
    assert users(Loaded(tmp_path, source_of("ga4"))) == ["final", "today"]


def test_shards_of_one_export_belong_together(tmp_path: Path) -> None:
    for shard in range(3):
        write_lines(tmp_path / "in" / f"events_20240501-{shard:012d}.jsonl", [row(user=f"s{shard}")])
    assert users(Loaded(tmp_path, source_of("ga4"))) == ["s0", "s1", "s2"]


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("events_intraday_20240501.jsonl", "events_20240501.jsonl"),
        ("events_20240501.jsonl", "events_20240501 (1).jsonl"),
        ("events_20240501 (9).jsonl", "events_20240501 (10).jsonl"),
        ("ga4/events_20240501.jsonl", "ga4/2024-05-04/events_20240501.jsonl"),
        ("ga4/run-9/events_20240501.jsonl", "ga4/run-10/events_20240501.jsonl"),
        ("ga4/x/events_intraday_20240501.jsonl", "ga4/events_20240501.jsonl"),
    ],
)
def test_order_of_deliveries(older: str, newer: str) -> None:
    assert delivery(older) < delivery(newer)


def test_a_day_from_the_name_of_the_file(tmp_path: Path) -> None:
    assert [
        day_of(name) for name in ("events_20240501.jsonl", "events_intraday_20240501-000000000001.json", "export.jsonl")
    ] == ["20240501", "20240501", ""]
    bare = {key: value for key, value in row(user="old").items() if key != "event_date"}
    write_lines(tmp_path / "in" / "events_20240501.jsonl", [bare])
    write_lines(tmp_path / "in" / "events_20240501_b.jsonl", [row(user="new")])
    assert users(Loaded(tmp_path, source_of("ga4"))) == ["new"]


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    records = [row(user=f"p{n}", second=n) for n in range(20)]
    columns = {**EVENT, "page": "page", "amount": {"from": "event_params.value", "type": "money"}, "city": "geo.city"}
    write_lines(tmp_path / "a" / "in" / "events_20240501.jsonl", records)
    (tmp_path / "b" / "in").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(records), tmp_path / "b" / "in" / "events_20240501.parquet")
    first, second = (Loaded(tmp_path / side, source_of("ga4", columns=columns)) for side in "ab")
    assert first.rows == second.rows
    assert len(first.rows) == 20


def test_parquet_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "events_20240501.parquet"
    pq.write_table(pa.Table.from_pylist([row(user="same")] * 5_000), path)
    with pytest.raises(SourceError, match=r"unpacks to far more than it is \([\d,]+ bytes from [\d,]+\)") as caught:
        Loaded(tmp_path, source_of("ga4"), limits=Limits(unpacked_bytes=1, unpacked_ratio=1))
    assert "解压后远大于自身" in caught.value.zh
    assert not same_names(caught.value)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SourceError, match="the Parquet file is damaged") as caught:
        Loaded(tmp_path, source_of("ga4"))
    assert caught.value.zh.startswith("数据源“web” in/events_20240501.parquet：Parquet 文件已损坏")
