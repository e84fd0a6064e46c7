"""Builds that can't go on say where and why, never show a value, and leave the snapshot of before served."""

from __future__ import annotations

import errno
from datetime import date
from pathlib import Path

import pytest
from tests.told import same_names

from huaxiang.app.build import build
from huaxiang.app.wiring import snapshot_store
from huaxiang.errors import HuaxiangError, UsageError, ValueRangeError, storage_error

MEMBERS = "customer_key,city\n" + "".join(f"m{i},Xi'an\n" for i in range(8))
ORDERS = "customer_key,order_id,ordered_at,amount\n" + "".join(
    f"m{i % 8},o{i},2025-01-0{1 + i % 8},{i + 917.53}\n" for i in range(24)
)
DEFINITIONS = """
sources:
  - {name: members, purpose: service, legal_basis: consent, entity: person, files: members.csv,
     columns: {customer_key: customer_key, city: city}}
  - {name: orders, purpose: service, legal_basis: consent, entity: order, files: orders.csv,
     columns: {customer_key: customer_key, order_id: order_id, ordered_at: ordered_at, amount: amount}}
identity: [{name: member_no, field: customer_key}]
tags:
  - {name: spend, kind: statistic, source: orders, measure: sum, of: amount}
  - {name: orders_count, kind: statistic, source: orders, measure: count}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "huaxiang.yaml").write_text("name: shop\nas_of: data\n")
    (tmp_path / "sources").mkdir()
    (tmp_path / "tags").mkdir()
    (tmp_path / "members.csv").write_text(MEMBERS)
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "sources" / "shop.yaml").write_text(DEFINITIONS)
    return tmp_path


@pytest.mark.parametrize(
    "value",
    [
        "cast(spend as double) * 1e300 * 1e300",
        "power(spend, 9999)",
        "1e999",
        "spend * 100000000000000",
        "orders_count * 9223372036854775807",
    ],
)
def test_a_result_beyond_its_type_names_the_tag(shop: Path, value: str) -> None:
    served = build(shop).snapshot
    (shop / "tags" / "t.yaml").write_text(f"tags:\n  - {{name: big, kind: expression, value: '{value}'}}\n")
    with pytest.raises(ValueRangeError, match=r"tag big · tags/t\.yaml:2.*beyond what its type can hold") as caught:
        build(shop)
    assert same_names(caught.value) == []
    assert "917" not in str(caught.value)
    assert snapshot_store(shop).current_id() == served


def test_numbers_too_large_for_bins_have_one(shop: Path) -> None:
    (shop / "tags" / "t.yaml").write_text(
        "tags:\n  - {name: big, kind: expression, value: '9223372036854775808 + orders_count'}\n"
    )
    (tag,) = (t for t in build(shop).manifest["tags"] if t["name"] == "big")
    assert sum(n for _, _, n in tag["distribution"]["bins"]) == 8


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1899, 12, 31), date(2200, 1, 1), date(9999, 12, 31)])
def test_days_no_calendar_of_customers_reaches(shop: Path, day: date) -> None:
    with pytest.raises(UsageError, match=r"the as-of day .* lies outside 1900-01-01") as caught:
        build(shop, as_of=day)
    assert same_names(caught.value) == []


def test_a_window_of_too_many_days_is_a_fault_of_the_definition(shop: Path) -> None:
    (shop / "tags" / "t.yaml").write_text(
        "tags:\n  - {name: w, kind: statistic, source: orders, measure: count, window: {days: 99999999999}}\n"
    )
    with pytest.raises(HuaxiangError, match=r"tags/t\.yaml:2"):
        build(shop)


def test_the_longest_window_reaches_before_the_calendar_s_first_day(shop: Path) -> None:
    (shop / "tags" / "t.yaml").write_text(
        "tags:\n  - {name: w, kind: statistic, source: orders, measure: count, window: {days: 99999, offset: 99999}}\n"
    )
    assert build(shop, as_of=date(1900, 1, 1)).manifest["customers"] == 8


@pytest.mark.parametrize("content", [b"", b"../../../../etc", b"\xff\xfe\x00"])
def test_a_build_mends_the_pointer(shop: Path, content: bytes) -> None:
    served = build(shop).snapshot
    (shop / ".huaxiang" / "CURRENT").write_bytes(content)
    result = build(shop)
    assert result.manifest["previous"] == served
    assert snapshot_store(shop).current_id() == result.snapshot


def test_without_any_snapshot_a_damaged_pointer_goes(shop: Path) -> None:
    (shop / ".huaxiang").mkdir()
    (shop / ".huaxiang" / "CURRENT").write_text("nothing")
    assert build(shop).manifest["previous"] is None


def test_a_first_row_of_names_is_not_quoted(shop: Path) -> None:
    (shop / "members.csv").write_text("Zhang Wei,Hangzhou\nLi Na,Suzhou\n")
    with pytest.raises(HuaxiangError, match=r"members\.csv: no columns .* may hold data") as caught:
        build(shop)
    assert "Zhang" not in str(caught.value)


def test_an_empty_file_is_called_empty(shop: Path) -> None:
    (shop / "members.csv").write_bytes(b"")
    with pytest.raises(HuaxiangError, match=r"members\.csv: the file is empty \(0 bytes\)"):
        build(shop)


def test_a_full_disk_is_told_as_such() -> None:
    full = "the disk is full; free some space, or lower `keep_snapshots`"
    told = storage_error(OSError(errno.ENOSPC, "full", "/data/shop/.huaxiang/work"))
    assert str(told) == f"shop/.huaxiang/work: {full}"
    assert str(storage_error(RuntimeError("Could not write file: No space left on device"))) == full
    assert storage_error(ValueError("x")) is None
    assert storage_error(FileNotFoundError(2, "none", "x")) is None
