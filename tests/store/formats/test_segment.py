"""Segment messages: times, kinds, batches, duplicates, faults."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.store.formats.reading import EVENT, Loaded, load_lines, source_of, write_lines

from huaxiang.run.headers import read_header
from huaxiang.store.formats.record import RecordFault, flatten
from huaxiang.store.formats.segment import parse

TRACK: dict[str, Any] = {
    "type": "track", "event": "Order Completed", "messageId": "m1", "userId": "u1", "anonymousId": "a1",
    "originalTimestamp": "2024-05-01T10:00:00Z", "sentAt": "2024-05-01T10:00:05Z", "receivedAt": "2024-05-01T09:00:07Z",
    "timestamp": "2024-05-01T10:00:00Z",
    "context": {"device": {"id": "d1", "type": "ios"}, "os": {"name": "iOS"}, "page": {"url": "https://x.example/cart"},
                "campaign": {"source": "wechat", "medium": "social", "name": "618"}, "locale": "zh-CN"},
    "properties": {"revenue": 99.5, "currency": "CNY", "products": [{"product_id": "p9", "category": "shoes"}], "coupon": "C1"},
}  # fmt: skip


def test_time_is_corrected_by_the_clock_of_the_receiver() -> None:
    assert parse(TRACK).standard["occurred_at"] == datetime(2024, 5, 1, 9, 0, 2, tzinfo=UTC)
    uncorrected = {key: value for key, value in TRACK.items() if key != "sentAt"}
    assert parse(uncorrected).standard["occurred_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)


def test_standard_columns() -> None:
    found = parse(TRACK).standard
    assert {key: found[key] for key in found if key not in ("occurred_at", "received_at")} == {
        "event_id": "m1", "event": "Order Completed", "kind": "track", "user_id": "u1", "anonymous_id": "a1", "device_id": "d1",
        "device_type": "mobile", "os": "iOS", "platform": "ios", "page": "https://x.example/cart", "source": "wechat", "medium": "social",
        "campaign": "618", "language": "zh-CN", "product_id": "p9", "category": "shoes", "value": "99.5", "currency": "CNY",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", ("desktop", "Windows", "Edge")),
        ("Mozilla/5.0 (Linux; Android 14; HA-20) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36", ("mobile", "Android", "Chrome Mobile")),
        ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 Version/16.0 Mobile/15E148 Safari/604.1", ("tablet", "iOS", "Mobile Safari")),
        ("Baiduspider+(+http://www.baidu.com/search/spider.htm)", ("other", None, "Baiduspider")),
        ("", (None, None, None)),
    ],
)  # fmt: skip
def test_user_agent_tells_what_the_message_does_not(agent: str, expected: tuple[str | None, ...]) -> None:
    found = parse({**TRACK, "context": {"userAgent": agent}}).standard
    assert (found.get("device_type"), found.get("os"), found.get("browser")) == expected


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "tracks"}, "record_kind"),
        ({"event": " "}, "record_event"),
        ({"userId": None, "anonymousId": ""}, "record_owner"),
        ({"timestamp": "yesterday"}, "record_time"),
        ({"timestamp": None, "originalTimestamp": None, "sentAt": None, "receivedAt": None}, "record_time"),
        ({"originalTimestamp": "0001-01-01T00:00:00Z", "sentAt": "9999-12-31T00:00:00Z"}, "record_time"),
    ],
)
def test_faults(change: dict[str, Any], code: str) -> None:
    with pytest.raises(RecordFault) as fault:
        parse({**TRACK, **change})
    assert fault.value.code == code


def test_takes() -> None:
    identify = {**TRACK, "type": "identify", "traits": {"email": "a@x.example"}}
    assert parse(identify).takes == {"people", "links"}
    assert parse({**identify, "anonymousId": None}).takes == {"people"}
    alias = parse({**TRACK, "type": "alias", "previousId": "old"})
    assert alias.takes == {"links"}
    assert alias.standard["previous_id"] == "old"
    assert parse({**TRACK, "type": "group", "groupId": "g1"}).standard["group_id"] == "g1"
    assert parse({**TRACK, "type": "page", "name": "Home"}).standard["event"] == "Home"


def test_flatten_names_leaves() -> None:
    assert dict(flatten({"a": {"b": {"c": 1}, "d": [1]}, "e": None})) == {"a.b.c": 1, "a.d": [1], "e": None}


def test_a_file_of_messages(tmp_path: Path) -> None:
    batch = {
        "batch": [
            {**TRACK, "messageId": "m2", "sentAt": None, "receivedAt": None},
            "no object",
            {**TRACK, "messageId": "m3", "type": "identify", "traits": {"phone": "13800138000"}},
        ],
        "sentAt": "2024-05-01T10:00:10Z",
        "receivedAt": "2024-05-01T10:00:10Z",
        "context": {"app": {"version": "5.1"}},
    }
    columns = {
        **EVENT,
        "coupon": "properties.coupon",
        "revenue": {"from": "value", "type": "money"},
        "app": "app_version",
    }
    loaded = load_lines(
        tmp_path, source_of("segment", columns=columns), [TRACK, "{broken", batch, {**TRACK, "event": ""}, "7"]
    )
    assert loaded.column("event_id") == ["m1", "m2"]
    assert loaded.column("occurred_at") == [datetime(2024, 5, 1, 17, 0, 2), datetime(2024, 5, 1, 18)]
    assert loaded.column("coupon") == ["C1", "C1"]
    assert [str(value) for value in loaded.column("revenue")] == ["99.5000", "99.5000"]
    assert loaded.column("app") == [None, "5.1"]
    assert loaded.column("_row") == [1, 3]
    assert dict(loaded.report.left_out_reasons) == {"not_taken": 1}
    assert [(row["row"], row["code"]) for row in loaded.rejected] == [
        (2, "json_syntax"),
        (3, "json_not_object"),
        (4, "record_event"),
        (5, "json_not_object"),
    ]
    times = next(column for column in loaded.report.columns if column.name == "occurred_at")
    assert times.repaired == {}  # UTC is the format's convention, not a repair


def test_duplicates_are_set_aside_over_all_files(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "a.jsonl", [TRACK, TRACK, {**TRACK, "messageId": None}])
    write_lines(
        tmp_path / "in" / "b.jsonl",
        [{**TRACK, "event": "Later"}, {**TRACK, "messageId": "m2"}, {**TRACK, "messageId": None}],
    )
    loaded = Loaded(tmp_path, source_of("segment"))
    assert [(row["_file"], row["_row"]) for row in loaded.rows] == [(0, 1), (0, 3), (1, 2), (1, 3)]
    assert [(row["file"], row["row"], row["code"]) for row in loaded.rejected] == [
        ("in/a.jsonl", 2, "duplicate"),
        ("in/b.jsonl", 1, "duplicate"),
    ]


def test_people_and_json_array(tmp_path: Path) -> None:
    people = source_of(
        "segment",
        entity="person",
        take="people",
        columns={"customer_key": "user_id", "email": "traits.email", "updated_at": "occurred_at"},
    )
    import json

    records = [{**TRACK, "type": "identify", "traits": {"email": "A@X.example"}}, TRACK]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(json.dumps(records, indent=1))
    loaded = Loaded(tmp_path, people)
    assert loaded.column("email") == ["a@x.example"]
    assert loaded.report.left_out == 1
    header = read_header(people, tmp_path)
    assert header is not None
    assert {"user_id", "traits.email", "properties.coupon", "context.device.id"} <= set(header)
