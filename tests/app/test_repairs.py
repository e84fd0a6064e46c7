"""Repaired values of a snapshot: listed by source, with the raw text only when asked for, and one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from huaxiang.app.repairs import REPAIRS_KEYS, list_repairs, original
from huaxiang.errors import UsageError
from huaxiang.run.repairs import REPAIRS_SCHEMA
from huaxiang.store.snapshots import Snapshot

ROWS = [
    ("crm", "b.csv", 7, "phone", "emptied", "12"),
    ("crm", "a.csv", 3, "name", "honorific", "张三先生"),
    ("crm", "a.csv", 3, "level", "default", None),
    ("crm", "a.csv", 2, "name", "honorific", "Mr. Lee"),
    ("shop", "o.csv", 2, "amount", "exchanged", "$1"),
]


class _Folder(Snapshot):
    """A snapshot of two files, without a hold on them."""

    def __init__(self, folder: Path, tables: list[str]) -> None:
        self.folder, self.id, self._handle = folder, "20260101T000000Z-0000", None
        named = [{"name": name, "path": f"{name}.parquet"} for name in tables]
        self.manifest: dict[str, Any] = {"sources": [{"name": "crm"}, {"name": "shop"}], "tables": named}


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    rows = [dict(zip(REPAIRS_SCHEMA.names, row, strict=True)) for row in ROWS]
    pq.write_table(pa.Table.from_pylist(rows, REPAIRS_SCHEMA), tmp_path / "repairs.parquet")
    return _Folder(tmp_path, ["repairs"])


def test_list(snapshot: Snapshot) -> None:
    found = list_repairs(snapshot, "crm", limit=3)
    assert tuple(found) == REPAIRS_KEYS
    assert [tuple(row.values()) for row in found["rows"]] == [
        ("a.csv", 2, "name", "honorific"),
        ("a.csv", 3, "level", "default"),
        ("a.csv", 3, "name", "honorific"),
    ]
    assert found["total"] == 4
    assert [(kind["kind"], kind["rows"]) for kind in found["kinds"]] == [
        ("honorific", 2),
        ("default", 1),
        ("emptied", 1),
    ]
    assert found["kinds"][0]["text"] == {"zh": "去除称谓", "en": "honorific removed"}
    assert [row["raw"] for row in list_repairs(snapshot, "crm", raw=True)["rows"]] == [
        "Mr. Lee",
        None,
        "张三先生",
        "12",
    ]


def test_original(snapshot: Snapshot) -> None:
    assert original(snapshot, "crm", ("a.csv", 3), "name") == ("honorific", "张三先生")
    assert original(snapshot, "crm", ("a.csv", 3), "level") == ("default", None)
    assert original(snapshot, "crm", ("a.csv", 4), "name") is None


def test_unknown_source_and_older_snapshot(snapshot: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='unknown source "crmm"; did you mean "crm"'):
        list_repairs(snapshot, "crmm")
    assert list_repairs(_Folder(tmp_path, []), "crm")["total"] == 0
    assert original(_Folder(tmp_path, []), "crm", ("a.csv", 3), "name") is None
