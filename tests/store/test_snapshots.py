"""Snapshots: publish, read by id, prefix and date, damage, retention, and what broken builds leave behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.told import same_names

from huaxiang.errors import SnapshotError, UsageError
from huaxiang.store.snapshots import Snapshot, SnapshotStore

MANIFEST: dict[str, Any] = {"as_of": "2024-05-01", "customers": 3, "project": {"timezone": "Asia/Shanghai"}}


@pytest.fixture
def publish(tmp_path: Path) -> Callable[..., Snapshot]:
    def publish(rows: int = 3, *, keep: int = 30, **more: Any) -> Snapshot:
        draft = SnapshotStore(tmp_path).begin()
        pq.write_table(pa.table({"customer_id": [f"c{i}" for i in range(rows)]}), draft.table("customers"))
        draft.path("personas.json").write_text(json.dumps({"sets": [{"name": "n"}]}))
        draft.scratch("clean/a.parquet").write_bytes(b"scratch")
        return draft.publish(MANIFEST | more, keep=keep)

    return publish


def test_a_published_snapshot_tells_its_files(publish: Callable[..., Snapshot], tmp_path: Path) -> None:
    first = publish()
    first.verify()
    assert first.id == SnapshotStore(tmp_path).current_id()
    assert first.manifest["tables"][0] | {"bytes": 0, "sha256": ""} == {
        "name": "customers", "path": "tables/customers.parquet", "rows": 3, "bytes": 0, "sha256": "",
    }  # fmt: skip
    assert [entry["path"] for entry in first.manifest["files"]] == ["personas.json"]
    assert first.personas() == {"sets": [{"name": "n"}]}
    assert pq.read_table(first.table("customers")).num_rows == 3
    assert list((tmp_path / ".huaxiang/work").iterdir()) == []
    second = publish()
    assert second.manifest["previous"] == first.id
    assert second.id > first.id


def test_before_the_first_build_the_error_says_what_to_do(tmp_path: Path) -> None:
    store = SnapshotStore(tmp_path)
    assert store.list() == ()
    with pytest.raises(SnapshotError, match="huaxiang build") as caught:
        store.current()
    assert same_names(caught.value) == []
    with pytest.raises(UsageError, match="no snapshot begins with") as caught:
        store.open("2024")
    assert same_names(caught.value) == []


def test_open_by_id_and_prefix(publish: Callable[..., Snapshot], tmp_path: Path) -> None:
    first, second = publish(1), publish(2)
    store = SnapshotStore(tmp_path)
    assert store.open(first.id).id == first.id
    assert store.open(first.id[:16]).id == first.id
    with pytest.raises(UsageError, match="2 snapshots begin with") as caught:
        store.open(first.id[:4])
    assert same_names(caught.value) == []
    with pytest.raises(UsageError) as caught:
        store.open("")
    assert same_names(caught.value) == []
    assert [info.id for info in store.list()] == [second.id, first.id]
    assert [info.current for info in store.list()] == [True, False]


def test_open_by_date_asks_what_was_known_on_that_day(publish: Callable[..., Snapshot], tmp_path: Path) -> None:
    early = publish(1, built_at="2024-05-01T10:00:00+00:00")
    late = publish(2, built_at="2024-05-02T17:00:00+00:00")  # 3 May, 01:00 in Shanghai
    store = SnapshotStore(tmp_path)
    assert store.open("2024-05-01").id == early.id
    assert store.open("2024-05-02").id == early.id
    assert store.open("2024-05-03").id == late.id
    with pytest.raises(UsageError, match="on or before 2024-04-30") as caught:
        store.open("2024-04-30")
    assert same_names(caught.value) == []
    with pytest.raises(UsageError, match="no date") as caught:
        store.open("2024-13-01")
    assert same_names(caught.value) == []


def test_damage_is_named(publish: Callable[..., Snapshot], tmp_path: Path) -> None:
    snapshot = publish()
    snapshot.close()
    table = snapshot.table("customers")
    content = table.read_bytes()
    table.write_bytes(content[:-1])
    store = SnapshotStore(tmp_path)
    with pytest.raises(SnapshotError, match=r"tables/customers.parquet has \d+ bytes") as caught:
        store.current()
    assert same_names(caught.value) == []
    problem = store.list()[0].problem
    assert problem is not None
    assert "damaged" in problem.en
    assert "已损坏" in problem.zh
    table.write_bytes(content[:-1] + b"x")
    with pytest.raises(SnapshotError, match="has changed") as caught:
        store.current().verify()
    assert same_names(caught.value) == []
    table.unlink()
    with pytest.raises(SnapshotError, match=r"customers\.parquet is missing") as caught:
        store.open(snapshot.id)
    assert same_names(caught.value) == []
    (snapshot.folder / "manifest.json").write_text('{"id": ')
    with pytest.raises(SnapshotError, match="not whole") as caught:
        store.current()
    assert same_names(caught.value) == []
    (snapshot.folder / "manifest.json").unlink()
    with pytest.raises(SnapshotError, match=r"manifest\.json is missing") as caught:
        store.current()
    assert same_names(caught.value) == []
    assert publish().manifest["previous"] is None


def test_a_damaged_pointer_is_told_and_mended_by_the_next_build(
    publish: Callable[..., Snapshot], tmp_path: Path
) -> None:
    first = publish()
    (tmp_path / ".huaxiang/CURRENT").write_bytes(b"\x00\xff")
    with pytest.raises(SnapshotError, match="huaxiang build") as caught:
        SnapshotStore(tmp_path).current()
    assert same_names(caught.value) == []
    second = publish()
    assert second.manifest["previous"] == first.id
    assert len(SnapshotStore(tmp_path).ids()) == 2


def test_retention_keeps_the_newest_and_those_being_read(publish: Callable[..., Snapshot], tmp_path: Path) -> None:
    read = publish(1)
    publish(2).close()
    publish(3, keep=1).close()
    store = SnapshotStore(tmp_path)
    assert len(store.ids()) == 2
    assert pq.read_table(store.open(read.id).table("customers")).num_rows == 1
    read.close()
    newest = publish(4, keep=1)
    assert store.ids() == (newest.id,)


def test_what_was_never_published_is_not_shown_and_goes(publish: Callable[..., Snapshot], tmp_path: Path) -> None:
    first = publish()
    orphan = tmp_path / ".huaxiang/snapshots/29990101T000000Z-0000"
    orphan.mkdir()
    store = SnapshotStore(tmp_path)
    assert store.ids() == (first.id,)
    draft = store.begin()
    assert not orphan.exists()
    draft.path("tables/x.parquet").write_bytes(b"half")
    assert store.current().id == first.id
    draft.discard()
    assert list(store.work.iterdir()) == []


def test_a_file_outside_the_draft_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="outside"):
        SnapshotStore(tmp_path).begin().path("../../CURRENT")
