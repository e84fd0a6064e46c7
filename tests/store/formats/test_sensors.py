"""Sensors Data records: IDs, packed lines, links, and profile operations folded over all files."""

from __future__ import annotations

import base64
import gzip
import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.store.formats.reading import EVENT, Loaded, load_lines, source_of, write_lines
from tests.told import same_names

from huaxiang.errors import SourceError
from huaxiang.store.files.batch import Limits
from huaxiang.store.formats.profiles import Profile, apply
from huaxiang.store.formats.record import RecordFault
from huaxiang.store.formats.sensors import parse, unpacked

TRACK: dict[str, Any] = {
    "type": "track", "event": "AddToCart", "distinct_id": "u1", "login_id": "u1", "anonymous_id": "a1", "time": 1714557600123,
    "_track_id": 7, "properties": {"$os": "iOS", "$lib": "iOS", "$url": "/cart", "product_id": "p1", "price": 9.5}, "project": "shop",
}  # fmt: skip
PEOPLE = {
    "customer_key": "user_id",
    "level": "properties.level",
    "points": "properties.points",
    "tags": "properties.tags",
    "updated_at": "occurred_at",
}


def op(kind: str, properties: Any, at: int = 0, user: str = "u1") -> dict[str, Any]:
    return {"type": f"profile_{kind}", "distinct_id": user, "time": 1714557600000 + at, "properties": properties}


def people(**more: Any) -> Any:
    return source_of(
        "sensors",
        entity="person",
        take="people",
        columns={**PEOPLE, "tags": {"from": "properties.tags", "type": "list"}},
        **more,
    )


def test_ids_and_standard_columns() -> None:
    found = parse(TRACK)
    assert found.takes == {"events", "links"}
    assert found.standard == {
        "event_id": "7", "event": "AddToCart", "kind": "track", "occurred_at": datetime(2024, 5, 1, 10, 0, 0, 123000, UTC),
        "user_id": "u1", "anonymous_id": "a1", "device_type": "mobile", "os": "iOS", "platform": "ios", "page": "/cart", "product_id": "p1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "user", "anonymous", "device"),
    [
        ({"login_id": None, "distinct_id": "a1"}, None, "a1", None),
        ({"login_id": None, "anonymous_id": None, "distinct_id": "x"}, None, "x", None),
        ({"login_id": None, "anonymous_id": None, "distinct_id": "x", "properties": {"$is_login_id": True}}, "x", None, None),
        ({"login_id": None, "anonymous_id": None, "identities": {"$identity_login_id": "u2", "$identity_cookie_id": "c", "$identity_idfa": "f"}, "distinct_id": "u2"}, "u2", "c", "f"),
        ({"type": "track_signup", "login_id": None, "anonymous_id": None, "original_id": "a9"}, "u1", "a9", None),
        ({"type": "profile_set", "login_id": None, "anonymous_id": None}, "u1", None, None),
    ],
)  # fmt: skip
def test_owners(change: dict[str, Any], user: str | None, anonymous: str | None, device: str | None) -> None:
    found = parse({**TRACK, **change}).standard
    assert (found.get("user_id"), found.get("anonymous_id"), found.get("device_id")) == (user, anonymous, device)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "profile_merge"}, "record_kind"),
        ({"event": None}, "record_event"),
        ({"time": None}, "record_time"),
        ({"time": "soon"}, "record_time"),
        ({"time": 10**30}, "record_time"),
        ({"distinct_id": None, "login_id": None, "anonymous_id": None}, "record_owner"),
    ],
)
def test_faults(change: dict[str, Any], code: str) -> None:
    with pytest.raises(RecordFault) as fault:
        parse({**TRACK, **change})
    assert fault.value.code == code


def test_packed_lines_of_all_kinds(tmp_path: Path) -> None:
    records = [{**TRACK, "_track_id": n} for n in range(9)]
    one = json.dumps(records[0]).encode()
    several = json.dumps(records[1:3]).encode()
    lines = [
        base64.b64encode(one).decode(),
        base64.b64encode(gzip.compress(several)).decode(),
        "data=" + quote(base64.b64encode(json.dumps(records[3]).encode()).decode()) + "&crc=1",
        "gzip=1&data_list=" + quote(base64.b64encode(gzip.compress(json.dumps(records[4:6]).encode())).decode()),
        json.dumps(records[6:7]),
        {"data_list": base64.b64encode(json.dumps(records[7:8]).encode()).decode(), "gzip": "0"},
        {"data": json.dumps(records[8])},
        "no base64 at all!",
        base64.b64encode(b"\x1f\x8bnot gzip").decode(),
    ]
    loaded = load_lines(tmp_path, source_of("sensors"), lines)
    assert loaded.column("event_id") == [str(n) for n in range(9)]
    assert loaded.column("_row") == [1, 2, 2, 3, 4, 4, 5, 6, 7]
    assert [(row["row"], row["code"]) for row in loaded.rejected] == [(8, "record_packed"), (9, "record_packed")]


def test_a_bomb_is_not_unpacked() -> None:
    packed = base64.b64encode(gzip.compress(b'["' + b"x" * (32 << 20) + b'"]')).decode()
    with pytest.raises(RecordFault, match="record_packed"):
        unpacked(packed)


def test_duplicates_links_and_other_kinds(tmp_path: Path) -> None:
    signup = {
        **TRACK,
        "type": "track_signup",
        "event": "$SignUp",
        "login_id": "u1",
        "anonymous_id": None,
        "original_id": "a0",
        "_track_id": 8,
    }
    records = [TRACK, TRACK, {**TRACK, "time": 1714557600124}, signup, op("set", {"level": "gold"})]
    events = load_lines(tmp_path, source_of("sensors"), records)
    assert (len(events.rows), dict(events.report.reasons), events.report.left_out) == (3, {"duplicate": 1}, 1)
    columns = {**EVENT, "previous_id": "previous_id"}
    links = load_lines(tmp_path, source_of("sensors", take="links", columns=columns), records)
    assert {(row["customer_key"], row["anonymous_id"], row["previous_id"]) for row in links.rows} == {
        ("u1", "a1", None),
        ("u1", "a0", "a0"),
    }


def test_the_file_that_can_not_be_read_is_named_in_both_languages(tmp_path: Path) -> None:
    write_lines(tmp_path / "in" / "a.jsonl", [op("set", {"level": "gold"})])
    (tmp_path / "in" / "b.jsonl").write_text("{" * 500)
    with pytest.raises(SourceError, match=r"in/b\.jsonl: line 1 is longer than 300 characters") as caught:
        Loaded(tmp_path, people(), limits=Limits(json_record_chars=300))
    assert caught.value.zh == "数据源“web” in/b.jsonl：第 1 行超过 300 个字符"
    assert not same_names(caught.value)


def test_profile_operations_fold_in_the_order_of_time(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "in" / "a.jsonl",
        [
            op("increment", {"points": 5}, 30),
            op("set", {"level": "gold", "points": 10}, 10),
            op("set_once", {"level": "silver", "first": "x"}, 20),
            op("append", {"tags": ["a", "b"]}, 40),
            op("set", {"level": "x"}, 1, user="u2"),
            TRACK,
        ],
    )
    write_lines(
        tmp_path / "in" / "b.jsonl",
        [
            op("append", {"tags": ["b", "c"]}, 50),
            op("set", {"level": "old"}, 5),  # arrives late, is earlier
            op("delete", {}, 2, user="u2"),
            op("set", {"level": "again"}, 3, user="u3"),
            op("unset", ["level"], 4, user="u3"),
            {"type": "profile_set", "time": 1},
        ],
    )
    loaded = Loaded(tmp_path, people())
    assert [(row["customer_key"], row["level"], row["points"], row["tags"]) for row in loaded.rows] == [
        ("u1", "gold", "15", ["a", "b", "c"]),
        ("u3", None, None, None),
    ]
    assert loaded.rows[0]["updated_at"] == datetime(2024, 5, 1, 18, 0, 0, 50000)
    assert [(row["_file"], row["_row"]) for row in loaded.rows] == [(1, 1), (1, 5)]
    assert dict(loaded.report.left_out_reasons) == {"folded": 8, "not_taken": 1}
    assert [(row["file"], row["row"], row["code"]) for row in loaded.rejected] == [("in/b.jsonl", 6, "record_owner")]


@pytest.mark.parametrize("seed", range(5))
def test_folding_does_not_depend_on_the_order_of_lines_or_files(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    kinds = [("set", {"level": "a"}), ("set_once", {"level": "b"}), ("increment", {"points": "2.5"}), ("append", {"tags": ["t"]}), ("unset", {"level": True}), ("delete", {})]  # fmt: skip
    records = [op(*draw.choice(kinds), at=at, user=f"u{draw.randrange(5)}") for at in range(60)]
    results = []
    for turn in range(2):
        draw.shuffle(records)
        folder = tmp_path / str(turn)
        write_lines(folder / "in" / "a.jsonl", records[:20])
        write_lines(folder / "in" / "b.jsonl", records[20:])
        rows = Loaded(folder, people()).rows
        results.append(sorted(tuple(str(value) for name, value in row.items() if name[0] != "_") for row in rows))
    assert results[0] == results[1] == expected(records)


def expected(records: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The same by plain dictionaries, user by user."""
    out = []
    for user in {record["distinct_id"] for record in records}:
        state: dict[str, Any] | None = None
        mine = sorted((r for r in records if r["distinct_id"] == user), key=lambda r: r["time"])
        for record in mine:
            kind, values = record["type"].removeprefix("profile_"), record["properties"]
            if kind == "delete":
                state = None
            elif kind == "unset":
                if state is not None:
                    state.pop("level", None)
            else:
                state = {} if state is None else state
                if kind == "set":
                    state |= values
                elif kind == "set_once":
                    state = values | state
                elif kind == "increment":
                    state["points"] = state.get("points", 0) + 2.5
                else:
                    state["tags"] = ["t"]
        if state is not None:
            points = f"{state['points']:g}" if "points" in state else "None"
            at = datetime.fromtimestamp(mine[-1]["time"] / 1000, UTC).replace(tzinfo=None)
            shown = str(at.replace(hour=at.hour + 8))
            out.append((user, str(state.get("level")), points, str(state.get("tags")), shown))
    return sorted(out)


def test_operations_that_do_not_fit_leave_the_property() -> None:
    profile = Profile({"name": "x", "n": "3"}, exists=True)
    apply(profile, "profile_increment", {"name": 1, "n": "NaN"})
    apply(profile, "profile_append", {"name": ["y"]})
    assert profile.properties == {"name": "x", "n": "3"}
