"""Mixpanel export: seconds and milliseconds, IDs, insert IDs, links, profiles."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.store.formats.reading import load_lines, source_of

from huaxiang.store.formats.mixpanel import parse
from huaxiang.store.formats.record import RecordFault


def event(name: str = "View Post", **properties: Any) -> dict[str, Any]:
    base = {
        "time": 1714557600,
        "distinct_id": "u1",
        "$device_id": "d1",
        "$user_id": "u1",
        "$insert_id": "i1",
        "$os": "iOS",
        "mp_lib": "web",
    }
    return {"event": name, "properties": {**base, **properties}}


@pytest.mark.parametrize("time", [1714557600, "1714557600", 1714557600.0, 1714557600000])
def test_seconds_or_milliseconds(time: Any) -> None:
    assert parse(event(time=time)).standard["occurred_at"] == datetime(2024, 5, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("properties", "user", "anonymous"),
    [
        ({}, "u1", "d1"),
        ({"distinct_id": "$device:d1", "$user_id": None}, None, "d1"),
        ({"distinct_id": "d1", "$user_id": None}, None, "d1"),
        ({"$user_id": None, "$device_id": None}, "u1", None),
        ({"$user_id": None, "$device_id": None, "distinct_id": "$device:d2"}, None, "d2"),
    ],
)
def test_owners(properties: dict[str, Any], user: str | None, anonymous: str | None) -> None:
    found = parse(event(**properties)).standard
    assert (found.get("user_id"), found.get("anonymous_id")) == (user, anonymous)


def test_links() -> None:
    identify = parse(event("$identify", **{"$identified_id": "u9", "$anon_id": "a9"}))
    assert identify.takes == {"links"}
    assert (identify.standard["user_id"], identify.standard["previous_id"]) == ("u9", "a9")
    assert parse(event("$create_alias", alias="old")).standard["previous_id"] == "old"
    assert parse(event("$merge", **{"$distinct_ids": ["a", "b"]})).standard["previous_id"] == "b"


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"event": "x"}, "record_kind"),
        (event(name=""), "record_event"),
        (event(time=None), "record_time"),
        (event(time=True), "record_time"),
        (event(distinct_id=None, **{"$device_id": None, "$user_id": None}), "record_owner"),
        ({"$properties": {}}, "record_owner"),
    ],
)
def test_faults(record: dict[str, Any], code: str) -> None:
    with pytest.raises(RecordFault) as fault:
        parse(record)
    assert fault.value.code == code


def test_a_file(tmp_path: Path) -> None:
    records = [
        event(),
        event(),  # the same insert ID, event, distinct ID and time
        event(time=1714557601),
        event(**{"$insert_id": None}),
        {
            "$distinct_id": "u1",
            "$properties": {"$email": "a@x.example", "$last_seen": "2024-05-02T00:00:00", "plan": "pro"},
        },
        event("$identify"),
    ]
    loaded = load_lines(tmp_path, source_of("mixpanel"), records)
    assert loaded.column("_row") == [1, 3, 4]
    assert (dict(loaded.report.reasons), dict(loaded.report.left_out_reasons)) == ({"duplicate": 1}, {"not_taken": 2})
    assert loaded.column("occurred_at")[0] == datetime(2024, 5, 1, 18)
    columns = {
        "customer_key": "user_id",
        "email": "properties.$email",
        "plan": "properties.plan",
        "updated_at": "occurred_at",
    }
    people = load_lines(tmp_path, source_of("mixpanel", entity="person", take="people", columns=columns), records)
    assert [(row["email"], row["plan"], row["updated_at"]) for row in people.rows] == [
        ("a@x.example", "pro", datetime(2024, 5, 2, 8))
    ]
