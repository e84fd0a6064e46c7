"""A build that finds nobody publishes nothing: the snapshot of before stays the current one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from huaxiang.app.build import build
from huaxiang.app.init import init_project
from huaxiang.errors import NoCustomers
from huaxiang.store.snapshots import SnapshotStore

HEADERS_ONLY = ("members.csv", "orders.csv", "order_lines.csv", "visits.csv")


def test_files_without_rows_do_not_hide_the_last_good_snapshot(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    init_project(folder, "retail")
    good = build(folder)
    for name in HEADERS_ONLY:
        file = folder / "data" / name
        file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(NoCustomers, match="no source holds a customer"):
        build(folder)
    assert SnapshotStore(folder).current_id() == good.snapshot


def test_an_earlier_as_of_day_finds_no_fault_with_later_rows(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    init_project(folder, "retail")
    today = build(folder)
    earlier = build(folder, as_of=date(2025, 3, 31))
    rows = [{s["name"]: s["set_aside"] for s in b.manifest["sources"]} for b in (today, earlier)]
    assert rows[0] == rows[1]
    assert earlier.manifest["as_of"] == "2025-03-31"
