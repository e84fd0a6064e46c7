"""A build that finds nobody publishes nothing: the snapshot of before stays the current one."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from tests.told import same_names

from huaxiang.app.build import build
from huaxiang.app.init import init_project
from huaxiang.errors import NoCustomers, SourceError
from huaxiang.store.snapshots import SnapshotStore

HEADERS_ONLY = ("members.csv", "orders.csv", "order_lines.csv", "visits.csv")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The retail example, built once; tests work on copies."""
    folder = tmp_path_factory.mktemp("built") / "shop"
    init_project(folder, "retail")
    build(folder)
    return folder


def test_files_without_rows_do_not_hide_the_last_good_snapshot(built: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(built, tmp_path / "shop")
    good = SnapshotStore(folder).current_id()
    assert good is not None
    for name in HEADERS_ONLY:
        file = folder / "data" / name
        file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(NoCustomers, match="no source holds a customer") as caught:
        build(folder)
    assert same_names(caught.value) == []
    assert SnapshotStore(folder).current_id() == good


def test_an_earlier_as_of_day_finds_no_fault_with_later_rows(built: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(built, tmp_path / "shop")
    with SnapshotStore(folder).current() as snapshot:
        today = snapshot.manifest
    earlier = build(folder, as_of=date(2025, 3, 31)).manifest
    rows = [{s["name"]: s["set_aside"] for s in manifest["sources"]} for manifest in (today, earlier)]
    assert rows[0] == rows[1]
    assert earlier["as_of"] == "2025-03-31"


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
    with pytest.raises(
        SourceError, match=r'source "orders" unique: .* rows repeat the order_id of an earlier row'
    ) as caught:
        build(folder)
    assert same_names(caught.value) == []
