"""Cleaning of columns: what each type accepts, refuses and repairs; texts and native values agree."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from huaxiang.store.cleaning.codes import FAULT, FAULTS, KIND, KINDS, REASONS, REPAIRS
from huaxiang.store.cleaning.column import clean_column
from huaxiang.store.cleaning.rule import ColumnRule, fold, vocabularies


def run(type_: str, values: list[Any] | pa.Array, **spec: Any) -> list[tuple[Any, str, str]]:
    """(value, fault, repair) of each raw value."""
    if type_ in ("gender", "education", "marital_status"):
        spec.setdefault("vocabulary", vocabularies()[type_])
    array = values if isinstance(values, pa.Array) else pa.array(values)
    cleaned = clean_column(array, ColumnRule("f", "c", type_, **spec))
    assert cleaned.values.type == ColumnRule("f", "c", type_).stored
    return [
        (None if fault else value, FAULTS[fault], KINDS[kind])
        for value, fault, kind in zip(cleaned.values.to_pylist(), cleaned.faults, cleaned.kinds, strict=True)
    ]


def one(type_: str, value: Any, **spec: Any) -> tuple[Any, str, str]:
    return run(type_, [value], **spec)[0]


@pytest.mark.parametrize(
    ("raw", "value", "kind"),
    [
        ("  张三　", "张三", "space"),
        ("００７Ａ", "007A", "characters"),
        ("你好，世界！", "你好，世界！", ""),
        ("NA", "NA", ""),
        ("null", "null", ""),
        ("", None, ""),
        ("   ", None, ""),
        ("e\u0301", "\u00e9", "characters"),
        ("a\u200bb", "ab", "characters"),
        ("007", "007", ""),
        ("①", "①", ""),
    ],
)
def test_text(raw: str, value: str | None, kind: str) -> None:
    assert one("text", raw) == (value, "", kind)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("13800138000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("86 13800138000", "13800138000"),
        ("0086-13800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("13800138000.0", "13800138000"),
        ("010-12345678", "010-12345678"),
        ("02162345678", "021-62345678"),
        ("(0755) 8234 5678", "0755-82345678"),
        ("(021)62345678转12", "021-62345678-12"),
        ("+86 10 12345678", "010-12345678"),
        ("400-800-1234", "4008001234"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("0044 20 7946 0958", "+442079460958"),
        ("+852 2345 6789", "+85223456789"),
    ],
)
def test_phones(raw: str, value: str) -> None:
    assert one("phone", raw)[:2] == (value, "")


@pytest.mark.parametrize(
    "raw", ["138****8000", "123", "1.38E+10", "12800138000", "abc", "+86 123", "138001380001", "+0123456789"]
)
def test_no_phones(raw: str) -> None:
    assert one("phone", raw)[:2] == (None, "phone")


def test_emails() -> None:
    raw = [
        "a.b+c@x.com",
        " A@B.COM ",
        "ａ@b.cn",
        "mailto:a@b.cn",
        "张@例子.中国",
        "a@b",
        "a..b@c.com",
        "a b@c.com",
        "@c.com",
        "a@-b.com",
    ]
    values = ["a.b+c@x.com", "a@b.com", "a@b.cn", "a@b.cn", "张@例子.中国", None, None, None, None, None]
    assert [value for value, _, _ in run("email", raw)] == values


@pytest.mark.parametrize(
    ("raw", "value", "kind"),
    [
        ("2024-01-02", date(2024, 1, 2), ""),
        ("2024/1/2", date(2024, 1, 2), "format"),
        ("2024.01.02", date(2024, 1, 2), "format"),
        ("2024年3月5日", date(2024, 3, 5), "format"),
        ("２０２４年３月５日", date(2024, 3, 5), "format"),
        ("20240305", date(2024, 3, 5), "format"),
        ("45000", date(2023, 3, 15), "excel_serial"),
        ("2024-01-02 10:00:00", date(2024, 1, 2), "time_dropped"),
        ("2024-01-02 00:00:00", date(2024, 1, 2), "format"),
        ("1704067200", date(2024, 1, 1), "unix_time"),
        ("2024-02-29", date(2024, 2, 29), ""),
    ],
)
def test_dates(raw: str, value: date, kind: str) -> None:
    assert one("date", raw) == (value, "", kind)


@pytest.mark.parametrize(
    "raw", ["2023-02-29", "0000-00-00", "2024-13-01", "1990", "昨天", "99999999", "240305", "2024-1"]
)
def test_no_dates(raw: str) -> None:
    assert one("date", raw)[:2] == (None, "date")


def test_day_and_month_are_not_guessed_but_declared() -> None:
    assert one("date", "03/04/2024")[1] == "date_ambiguous"
    assert one("date", "03/04/2024", format="%d/%m/%Y")[:2] == (date(2024, 4, 3), "")
    assert one("date", "2024-04-03", format="%d/%m/%Y")[1] == "date"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2024-01-02 03:04:05", datetime(2024, 1, 2, 3, 4, 5)),
        ("2024/1/2 3:04", datetime(2024, 1, 2, 3, 4)),
        ("2024-01-02", datetime(2024, 1, 2)),
        ("2024-01-02T03:04:05Z", datetime(2024, 1, 2, 11, 4, 5)),
        ("2024-01-02T03:04:05.5+08:00", datetime(2024, 1, 2, 3, 4, 5, 500_000)),
        ("2024-01-01 20:00:00-0500", datetime(2024, 1, 2, 9)),
        ("2024年3月5日 14时5分6秒", datetime(2024, 3, 5, 14, 5, 6)),
        ("2024/3/5 下午3:05", datetime(2024, 3, 5, 15, 5)),
        ("2024-3-5 12:05 AM", datetime(2024, 3, 5, 0, 5)),
        ("20240305123456", datetime(2024, 3, 5, 12, 34, 56)),
        ("45000.5", datetime(2023, 3, 15, 12)),
        ("1704067200123", datetime(2024, 1, 1, 8, 0, 0, 123_000)),
        ("2024-01-02 03:04:05.123456789", datetime(2024, 1, 2, 3, 4, 5, 123_456)),
    ],
)
def test_datetimes(raw: str, value: datetime) -> None:
    assert one("datetime", raw)[:2] == (value, "")
    assert run("datetime", [raw, "2024-01-01 25:00:00"])[1][1] == "date"


def test_one_impossible_day_changes_nothing_for_its_neighbours() -> None:
    days = [f"2024-01-{day:02d}" for day in range(1, 32)]
    assert run("date", [*days, "2024-01-32"])[:-1] == run("date", days)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1", 1.0),
        ("-1.5", -1.5),
        ("１２．５", 12.5),
        ("1,234,567.5", 1234567.5),
        ("1 234", 1234.0),
        ("￥1,234", 1234.0),
        ("-¥12", -12.0),
        ("$-5", -5.0),
        ("12元", 12.0),
        ("CNY 12", 12.0),
        ("1.2万", 12_000.0),
        ("3亿", 3e8),
        ("(1,234.00)", -1234.0),
        ("12%", 0.12),
        ("1e5", 1e5),
        ("−5", -5.0),
        ("+.5", 0.5),
    ],
)
def test_numbers(raw: str, value: float) -> None:
    assert one("number", raw)[:2] == (value, "")


@pytest.mark.parametrize("raw", ["1,5", "nan", "inf", "--1", "1.2.3", "٣", "abc", "12 kg", "1,23,456", "¥", "%", "."])
def test_no_numbers(raw: str) -> None:
    assert one("number", raw)[:2] == (None, "number")


def test_units_and_scale() -> None:
    assert one("number", "12 kg", unit="kg") == (12.0, "", "unit")
    assert one("money", "1999", scale=0.01)[:2] == (Decimal("19.9900"), "")
    assert run("money", pa.array([1999]), scale=0.01)[0][0] == Decimal("19.9900")
    assert run("number", pa.array([1999]), scale=0.01)[0][0] == 19.99
    assert one("number", "非常满意", vocabulary={fold("非常满意"): "5"})[0] == 5.0


def test_integers() -> None:
    raw = ["12", "12.0", "1,200", "12.5", "9223372036854775807", "9223372036854775808", "-9223372036854775808"]
    assert [(value, fault) for value, fault, _ in run("integer", raw)] == [
        (12, ""),
        (12, ""),
        (1200, ""),
        (None, "integer"),
        (2**63 - 1, ""),
        (None, "out_of_range"),
        (-(2**63), ""),
    ]
    assert run("integer", pa.array([3.0, 3.5, math.nan, 1e30])) == [
        (3, "", ""),
        (None, "integer", ""),
        (None, "", ""),
        (None, "out_of_range", ""),
    ]
    assert run("integer", pa.array([2**64 - 1], pa.uint64()))[0][1] == "out_of_range"


def expected_money(value: Decimal) -> Decimal | None:
    rounded = value.quantize(Decimal("0.0001"), ROUND_HALF_UP) if abs(value) < 10**14 else None
    return rounded if rounded is not None and abs(rounded) < 10**14 else None


@given(st.lists(st.floats(allow_nan=False, width=64), min_size=1, max_size=50))
@example([2.00005, -2.00005, 0.1 + 0.2, 1e14, 99999999999999.98, 5e-5, 900719925474.0993, math.inf])
def test_money_from_doubles_is_their_shortest_text_rounded_half_up(values: list[float]) -> None:
    got = [value for value, _, _ in run("money", pa.array(values, pa.float64()))]
    assert got == [expected_money(Decimal(repr(value))) if math.isfinite(value) else None for value in values]


@given(st.lists(st.decimals(-(10**15), 10**15, allow_nan=False, places=6), min_size=1, max_size=50))
def test_money_from_texts_is_exact(values: list[Decimal]) -> None:
    assert [value for value, _, _ in run("money", [str(v) for v in values])] == [expected_money(v) for v in values]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=30))
def test_money_from_integers_is_exact(values: list[int | None]) -> None:
    got = [value for value, _, _ in run("money", pa.array(values, pa.int64()))]
    assert got == [None if value is None or abs(value) >= 10**14 else Decimal(value) for value in values]


def test_money_from_decimals_and_small_floats() -> None:
    assert run("money", pa.array([Decimal("1.23456"), None], pa.decimal128(10, 5)))[0] == (
        Decimal("1.2346"),
        "",
        "rounded",
    )
    assert run("money", pa.array([0.5], pa.float32()))[0][0] == Decimal("0.5000")


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        ("gender", {"男": "male", "M": "male", " Female ": "female", "女士": "female", "保密": None, "未知": None}),
        (
            "education",
            {
                "本科": "bachelor",
                "大专": "college",
                "硕士研究生": "master",
                "PhD": "doctor",
                "高中": "senior_high",
                "初中": "junior_high",
                "小学": "primary",
            },
        ),
        (
            "marital_status",
            {
                "已婚": "married",
                "未婚": "unmarried",
                "Single": "unmarried",
                "离异": "divorced",
                "丧偶": "widowed",
                "Unmarried": "unmarried",
            },
        ),
    ],
)
def test_vocabularies(type_: str, words: dict[str, str | None]) -> None:
    assert [(value, fault) for value, fault, _ in run(type_, list(words))] == [(value, "") for value in words.values()]
    assert one(type_, "xyz")[1] == "vocabulary"
    assert one(type_, "xyz", strict=False) == ("xyz", "", "")


def test_booleans() -> None:
    raw = ["是", "否", "Y", "n", "TRUE", "false", "1", "0", "有", "没有", "", "2"]
    assert [value for value, _, _ in run("boolean", raw)] == [
        True,
        False,
        True,
        False,
        True,
        False,
        True,
        False,
        True,
        False,
        None,
        None,
    ]
    assert run("boolean", pa.array([True, None]))[0][0] is True
    assert run("boolean", pa.array([1, 0, 2]))[2][1] == "boolean"


def test_lists() -> None:
    raw = ["a|b;c、d，e", '["x", 1, null]', "[broken", "", "a| |a", "A b"]
    values = [["a", "b", "c", "d", "e"], ["x", "1"], None, None, ["a"], ["A b"]]
    assert [value for value, _, _ in run("list", raw)] == values
    assert run("list", pa.array([["a", "b"], [], None]))[:2] == [(["a", "b"], "", ""), (None, "", "")]
    assert one("list", "a/b|c", separators="/")[0] == ["a", "b|c"]


def test_native_values_as_text() -> None:
    assert [v for v, _, _ in run("text", pa.array([900, None]))] == ["900", None]
    assert [v for v, _, _ in run("text", pa.array([900.0, math.nan, None]))] == ["900", None, None]
    assert [v for v, _, _ in run("text", pa.array([1.5, 900.0]))] == ["1.5", "900"]
    assert [v for v, _, _ in run("text", pa.array([" a", "a", None]).dictionary_encode())] == ["a", "a", None]
    assert [v for v, _, _ in run("phone", pa.array([13800138000.0]))] == ["13800138000"]


def test_native_times() -> None:
    stamps = pa.array([datetime(2024, 1, 1, 20, 30, tzinfo=UTC)], pa.timestamp("ns", "UTC"))
    assert run("datetime", stamps)[0][0] == datetime(2024, 1, 2, 4, 30)
    assert run("date", stamps)[0][0] == date(2024, 1, 2)
    assert run("date", stamps, timezone="UTC")[0][0] == date(2024, 1, 1)
    assert run("datetime", pa.array([date(2024, 1, 1)]))[0][0] == datetime(2024, 1, 1)


def test_limits() -> None:
    assert [fault for _, fault, _ in run("integer", ["-1", "5", "200"], minimum=0, maximum=130)] == [
        "below_minimum",
        "",
        "above_maximum",
    ]
    assert [fault for _, fault, _ in run("money", ["-0.01", "0"], minimum=0)] == ["below_minimum", ""]
    assert [fault for _, fault, _ in run("date", ["2024-01-02", "2024-01-03"], not_after=date(2024, 1, 2))] == [
        "",
        "after_as_of",
    ]
    stamps = ["2024-01-02 23:59:59.999999", "2024-01-03 00:00:00"]
    assert [fault for _, fault, _ in run("datetime", stamps, not_after=date(2024, 1, 2))] == ["", "after_as_of"]
    assert [fault for _, fault, _ in run("text", ["", "x", None], required=True)] == ["required", "", "required"]
    assert [fault for _, fault, _ in run("gender", ["保密"], required=True)] == ["required"]


@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(st.none(), st.text(max_size=12), st.text("0123456789.,-/: 年月日¥万%()", max_size=12)), max_size=40
    )
)
def test_any_text_ends_as_a_value_missing_or_at_fault(values: list[str | None]) -> None:
    for type_ in (
        "text",
        "phone",
        "email",
        "date",
        "datetime",
        "number",
        "integer",
        "money",
        "boolean",
        "list",
        "gender",
    ):
        result = run(type_, pa.array(values, pa.string()))
        assert len(result) == len(values)
        for raw, (value, fault, _) in zip(values, result, strict=True):
            if raw is not None and "\0" in raw:
                assert fault == "nul_byte"
            elif (
                raw is not None
                and fold(raw)
                and type_ not in ("list", "gender")
                and raw.strip("\ufeff\u200b\xa0\u3000 ").isprintable()
            ):
                assert (value is None) == bool(fault), (type_, raw)


def test_codes_have_texts_in_both_languages_and_numbers() -> None:
    assert set(FAULT) == {"", *REASONS}
    assert set(KIND) == {"", *REPAIRS}
    assert all(zh and en for zh, en in (*REASONS.values(), *REPAIRS.values()))
    assert len(FAULTS) < np.iinfo(np.int8).max
