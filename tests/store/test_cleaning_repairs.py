"""Declared repairs, conversions and bounds of dates, and the table that keeps what stood in the file."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.told import same_names

from huaxiang.errors import SourceError
from huaxiang.run.load import LoadReport, load_source
from huaxiang.run.repairs import REPAIRS_SCHEMA
from huaxiang.spec.models import SourceSpec
from huaxiang.spec.units import factor, find_unit, units
from huaxiang.store.cleaning.codes import FAULTS, KEPT_RAW, KINDS, REPAIRS
from huaxiang.store.cleaning.column import clean_column
from huaxiang.store.cleaning.rule import ColumnRule, column_rules

AS_OF = date(2024, 6, 30)
RATES = {"CNY": 1.0, "USD": 7.1, "JPY": 0.0482}


def source(columns: dict[str, Any], **more: Any) -> SourceSpec:
    base = {"name": "people", "purpose": "t", "legal_basis": "contract", "entity": "person", "files": "people.csv"}
    return SourceSpec.model_validate({**base, "columns": columns, **more})


def one(value: Any, **spec: Any) -> tuple[Any, str, str]:
    """(value, fault, repair) of one raw value of a column `f` of this mapping."""
    (rule,) = column_rules(source({"f": spec}), as_of=AS_OF, timezone="Asia/Shanghai", rates=RATES)
    cleaned = clean_column(value if isinstance(value, pa.Array) else pa.array([value]), rule)
    return cleaned.values[0].as_py(), FAULTS[cleaned.faults[0]], KINDS[cleaned.kinds[0]]


def load(folder: Path, spec: SourceSpec, rows: list[list[str]]) -> tuple[LoadReport, pa.Table, list[tuple[Any, ...]]]:
    """The report, the clean table and the repairs as (row, column, kind, raw)."""
    header = [c if isinstance(c, str) else c.from_ or name for name, c in spec.columns.items()]
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    out, bad, repairs = folder / "out.pq", folder / "bad.pq", folder / "repairs.pq"
    report = load_source(spec, folder, out, bad, as_of=AS_OF, repairs=repairs, rates=RATES)
    kept = pq.read_table(repairs)
    assert kept.schema.equals(REPAIRS_SCHEMA)
    assert set(kept["source"].to_pylist()) <= {"people"}
    assert set(kept["file"].to_pylist()) <= {"people.csv"}
    return report, pq.read_table(out), [tuple(r[k] for k in ("row", "column", "kind", "raw")) for r in kept.to_pylist()]


# Declared repairs


def test_an_invalid_value_is_set_aside_or_emptied() -> None:
    assert one("12", type="phone") == (None, "phone", "")
    assert one("12", type="phone", on_invalid="empty") == (None, "", "emptied")
    assert one("200", type="integer", maximum=120, on_invalid="empty") == (None, "", "emptied")
    assert one("12", type="phone", on_invalid="empty", required=True) == (None, "phone", "")
    assert one("", type="phone", on_invalid="empty", required=True) == (None, "required", "")


def test_default() -> None:
    assert one("", type="text", default="未知") == ("未知", "", "default")
    assert one("x", type="text", default="未知") == ("x", "", "")
    assert one("", type="integer", default="7", required=True) == (7, "", "default")
    assert one("x", type="integer", default="7", on_invalid="empty") == (7, "", "emptied")
    assert one("", type="gender", default="女") == ("female", "", "default")
    assert one("", type="money", currency="USD", default="10") == (Decimal("10.0000"), "", "default")
    assert one(pa.array([None], pa.int64()), type="integer", default="7") == (7, "", "default")


@pytest.mark.parametrize(
    "spec", [{"type": "integer", "default": "x"}, {"type": "integer", "maximum": 5, "default": "6"}]
)
def test_a_default_that_does_not_fit_stops_before_loading(tmp_path: Path, spec: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match='field "age": the default is no integer') as caught:
        load(tmp_path, source({"customer_key": "id", "age": spec}), [["1", "2"]])
    assert same_names(caught.value) == []


# Days


@pytest.mark.parametrize("raw", ["1900-01-01", "1900/1/1", "1900年1月1日", "19000101"])
def test_placeholder_days_are_missing_only_when_declared(raw: str) -> None:
    assert one(raw, type="date")[:2] == (date(1900, 1, 1), "")
    assert one(raw, type="date", missing=["1900-01-01"]) == (None, "", "")
    assert one(raw, type="datetime", missing=["1900-01-01"]) == (None, "", "")
    assert one(raw, type="date", missing=["1900-01-01"], required=True)[1] == "required"


def test_earliest_day() -> None:
    assert one("1899-12-31", type="date", not_before="1900-01-01")[1] == "too_early"
    assert one("1900-01-01", type="date", not_before="1900-01-01") == (date(1900, 1, 1), "", "")
    assert one("1899-12-31 23:59", type="datetime", not_before="1900-01-01")[1] == "too_early"
    assert one("1899-12-31", type="date", not_before="1900-01-01", on_invalid="empty") == (None, "", "emptied")


# Currencies and units


@pytest.mark.parametrize(
    ("raw", "currency", "value", "kind"),
    [
        ("100", "USD", "710.0000", "exchanged"),
        ("$1,234.50", "USD", "8764.9500", "exchanged"),
        ("US$2", "USD", "14.2000", "exchanged"),
        ("￥1000", "JPY", "48.2000", "exchanged"),
        ("100元", "CNY", "100.0000", "unit"),
        ("100", "CNY", "100.0000", ""),
    ],
)
def test_currencies(raw: str, currency: str, value: str, kind: str) -> None:
    assert one(raw, type="money", currency=currency) == (Decimal(value), "", kind)


def test_another_currency_than_the_declared_one_is_a_fault() -> None:
    assert one("€5", type="money", currency="USD") == (None, "currency", "")
    assert one("US$5", type="money", currency="CNY") == (None, "currency", "")
    assert one(pa.array([5.0]), type="money", currency="USD") == (Decimal("35.5000"), "", "exchanged")


def test_a_currency_without_rate_is_refused() -> None:
    with pytest.raises(SourceError, match="has no EUR") as caught:
        column_rules(source({"f": {"type": "money", "currency": "EUR"}}), as_of=AS_OF, timezone="UTC", rates=RATES)
    assert same_names(caught.value) == []


@pytest.mark.parametrize(
    ("raw", "unit", "to", "value", "kind"),
    [
        ("1.5", "kg", "g", 1500.0, "converted"),
        ("3", "斤", "kg", 1.5, "converted"),
        ("3斤", None, "kg", 1.5, "converted"),
        ("3斤", "kg", "kg", 1.5, "converted"),
        ("500 g", "kg", "kg", 0.5, "converted"),
        ("2", "kg", "kg", 2.0, ""),
        ("2", None, "kg", 2.0, ""),
        ("2公斤", None, "kg", 2.0, "unit"),
        ("1亩", None, "平方米", 2000 / 3, "converted"),
        ("1.2万亩", None, "公顷", 800.0, "converted"),
        ("6尺", None, "m", 2.0, "converted"),
        ("90 min", None, "小时", 1.5, "converted"),
    ],
)
def test_units(raw: str, unit: str | None, to: str, value: float, kind: str) -> None:
    found, fault, repair = one(raw, type="number", unit=unit, convert_to=to)
    assert (found, fault, repair) == (pytest.approx(value, rel=1e-15), "", kind)


def test_units_that_measure_something_else() -> None:
    assert one("3 cm", type="number", convert_to="kg") == (None, "unit", "")
    assert one("3 foo", type="number", convert_to="kg") == (None, "number", "")
    with pytest.raises(SourceError, match="can't be converted") as caught:
        column_rules(source({"f": {"type": "number", "unit": "cm", "convert_to": "kg"}}), as_of=AS_OF, timezone="UTC")
    assert same_names(caught.value) == []


@given(st.sampled_from(sorted(units())), st.sampled_from(sorted(units())))
def test_conversion_there_and_back_is_one(a: str, b: str) -> None:
    there, back = factor(a, b), factor(b, a)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert there * back == 1
        assert (find_unit(a) or ("",))[0] == (find_unit(b) or ("",))[0]


# Loading


def test_what_is_changed_is_kept_as_it_stood(tmp_path: Path) -> None:
    spec = source(
        {
            "customer_key": "id",
            "name": {"type": "name", "derive": {"surname": "surname", "name_key": "pinyin"}},
            "id_number": {"type": "id_number", "derive": {"born": "birth_date"}},
            "phone": {"on_invalid": "empty"},
            "address": {"type": "address", "derive": {"district": "district", "address_key": "key"}},
            "income": {"type": "money", "currency": "USD"},
            "member_level": {"default": "普通"},
        }
    )
    rows = [
        ["1", "张三先生", "110105491231002", "12", "北京市朝阳区建国路８８号", "10", ""],
        ["2", " 李四 ", "", "138 0013 8000", "", "", "金卡"],
        ["3", "王五", "110105194912310021", "", "", "x", ""],
    ]
    report, table, repairs = load(tmp_path, spec, rows)
    derived = ["surname", "name_key", "born", "district", "address_key"]
    assert table.column_names == [*spec.columns, *derived, "_file", "_row"]
    assert table.schema.field("born").type == pa.date32()
    assert [tuple(row[name] for name in ("name", "id_number", *derived)) for row in table.to_pylist()] == [
        ("张三", "11010519491231002X", "张", "zhang san", date(1949, 12, 31), "朝阳区", "110105建国路88"),
        ("李四", None, "李", "li si", None, None, None),
    ]
    assert repairs == [
        (2, "name", "honorific", "张三先生"),
        (2, "id_number", "id_upgraded", "110105491231002"),
        (2, "phone", "emptied", "12"),
        (2, "income", "exchanged", "10"),
        (2, "member_level", "default", ""),
    ]
    assert (report.rows_in, report.loaded, report.set_aside, dict(report.reasons)) == (3, 2, 1, {"id_number": 1})
    columns = {column.name: column for column in report.columns}
    assert list(columns) == [*spec.columns, *derived]
    assert (columns["born"].type, columns["born"].missing) == ("date", 1)
    assert columns["name"].repaired == {"honorific": 1, "space": 1}
    assert columns["phone"].repaired == {"emptied": 1, "format": 1}
    assert columns["address"].repaired == {"characters": 1}


_CELLS = {
    "name": ["张三", "李四先生", "***", "", "Mr. Tom Lee"],
    "id": ["110105194912310021", "11010519491231002X", "110105491231002", ""],
    "phone": ["13800138000", "12", "+1 212 555 0100", ""],
    "born": ["1900-01-01", "1890-05-05", "1990/5/6", "x", "2030-01-01", ""],
    "weight": ["60", "120斤", "3 cm", "-1", "y", ""],
    "income": ["10", "$3", "€3", "z", ""],
}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=25, deadline=None
)
@given(
    rows=st.lists(st.tuples(*(st.sampled_from(cells) for cells in _CELLS.values())), max_size=12),
    empty=st.lists(st.booleans(), min_size=6, max_size=6),
    default=st.booleans(),
)
def test_every_row_and_every_changed_value_is_accounted_for(
    tmp_path: Path,
    rows: list[tuple[str, ...]],
    empty: list[bool],
    default: bool,
) -> None:
    specs: dict[str, dict[str, Any]] = {
        "name": {"type": "name", "derive": {"pinyin": "pinyin"}},
        "id": {"type": "id_number", "derive": {"sex": "gender"}, "required": True},
        "phone": {"type": "phone"},
        "born": {"type": "date", "missing": ["1900-01-01"], "not_before": "1900-01-01", "not_after_as_of": True},
        "weight": {"type": "number", "unit": "kg", "convert_to": "kg", "minimum": 0},
        "income": {"type": "money", "currency": "USD", **({"default": "0"} if default else {})},
    }
    for spec, emptied in zip(specs.values(), empty, strict=True):
        spec["on_invalid"] = "empty" if emptied else "set_aside"
    report, table, repairs = load(tmp_path, source(specs), [list(row) for row in rows])
    assert report.rows_in == len(rows) == report.loaded + report.set_aside
    assert table.num_rows == report.loaded
    assert sum(report.reasons.values()) == report.set_aside == pq.read_table(tmp_path / "bad.pq").num_rows
    counted = {
        (column.name, kind): count
        for column in report.columns
        for kind, count in column.repaired.items()
        if kind in KEPT_RAW
    }
    kept: dict[tuple[str, str], int] = {}
    for row, column, kind, raw in repairs:
        kept[column, kind] = kept.get((column, kind), 0) + 1
        assert raw == rows[row - 2][list(specs).index(column)]  # exactly what stood in the file
    assert kept == counted
    clean_rows = set(table["_row"].to_pylist())
    assert {row for row, *_ in repairs} <= clean_rows


def test_kept_kinds_are_known() -> None:
    assert set(REPAIRS) >= KEPT_RAW
    assert ColumnRule("f", "c", "text").derived == ()
