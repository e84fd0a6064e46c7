"""A build that finds nobody publishes nothing: the snapshot of before stays the current one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from huaxiang.app.build import build
from huaxiang.app.init import init_project
from huaxiang.errors import NoCustomers, SourceError
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


def test_later_duplicates_count_as_bad_rows_where_the_source_allows_none(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    init_project(folder, "retail")
    definition = next(f for f in (folder / "sources").glob("*.yaml") if "name: orders" in f.read_text("utf-8"))
    text = definition.read_text("utf-8")
    assert "unique: [order_id]" in text
    definition.write_text(text.replace("unique: [order_id]", "unique: [order_id]\n    max_bad_share: 0.2", 1), "utf-8")
    file = folder / "data" / "orders.csv"
    header, *rows = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(header + b"".join(rows) + b"".join(rows))
    with pytest.raises(SourceError, match=r'source "orders" unique: .* rows repeat the order_id of an earlier row'):
        build(folder)
