"""Exports: safe in a spreadsheet, whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.serve.conftest import Answer

Run = Callable[..., Answer]


def test_csv_opens_in_a_spreadsheet_without_running_formulas(shop: Path, run: Run) -> None:
    answer = run(
        "audience", "export", "orders >= 0", "--to", "a.csv", "--columns", "city,spend,vip,last_order,likes", "--json"
    )
    assert answer.code == 0, answer.err
    assert answer.json["rows"] == 6
    content = (shop / "a.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    assert rows[0] == ["customer_id", "city", "spend", "vip", "last_order", "likes"]
    by_id = {row[0]: row[1:] for row in rows[1:]}
    assert by_id["c3"] == ["", "990.0000", "true", "2024-04-02", "红酒|奶酪"]
    assert by_id["c5"][0] == "'=cmd|' /C calc'!A0"
    assert by_id["'=c6"][3:] == ["2024-04-05", "'+1"]
    assert by_id["c1"] == ["上海", "", "false", "", ""]


def test_parquet_keeps_types(shop: Path, run: Run) -> None:
    assert run("audience", "export", "big", "--to", "a.parquet", "--columns", "spend, last_order").code == 0
    assert pq.read_table(shop / "a.parquet").to_pylist() == [
        {"customer_id": "c3", "spend": Decimal("990.0000"), "last_order": date(2024, 4, 2)},
        {"customer_id": "c4", "spend": Decimal("20000.2500"), "last_order": date(2024, 4, 3)},
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--to", "a.xls"), ".csv 或 .parquet"),
        (("--to", "none/a.csv"), "没有文件夹"),
        (("--to", "a.csv", "--columns", "cty"), "是不是“city”？"),
    ],
)
def test_wrong_use_leaves_no_file(shop: Path, run: Run, options: tuple[str, ...], said: str) -> None:
    before = sorted(shop.iterdir())
    answer = run("audience", "export", "big", *options)
    assert (answer.code, said in answer.err) == (2, True)
    assert sorted(shop.iterdir()) == before


def test_a_failed_export_keeps_the_old_file(shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop / "a.csv").write_text("old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("huaxiang.app.export.csv_cell", fail)
    assert run("audience", "export", "big", "--to", "a.csv").code == 1
    assert (shop / "a.csv").read_text() == "old"
    assert [path.name for path in shop.glob("*.part")] == []
