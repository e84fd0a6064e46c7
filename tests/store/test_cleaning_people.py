"""Names, ID numbers, phones and e-mail addresses: what is accepted, refused, repaired and derived."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.cn import ric

from huaxiang.spec.canonical import DERIVED, STORED_AS
from huaxiang.store.cleaning.codes import FAULTS, KINDS
from huaxiang.store.cleaning.column import clean_column
from huaxiang.store.cleaning.derive import derive
from huaxiang.store.cleaning.ids import check_character
from huaxiang.store.cleaning.regions import gazetteer
from huaxiang.store.cleaning.rule import ARROW_TYPES, ColumnRule, Derived

TYPES = ("name", "address", "id_number", "phone", "email")


def rule(type_: str, *parts: str, **spec: Any) -> ColumnRule:
    derived = tuple(Derived(f"d_{part}", part, DERIVED[type_][part]) for part in parts)
    return ColumnRule("f", "c", type_, derived=derived, **spec)


def one(type_: str, value: Any, *parts: str, **spec: Any) -> tuple[Any, ...]:
    """(value, fault, repair, derived parts …) of one raw value."""
    cleaned = clean_column(pa.array([value], pa.string()), rule(type_, *parts, **spec))
    return (
        cleaned.values[0].as_py(),
        FAULTS[cleaned.faults[0]],
        KINDS[cleaned.kinds[0]],
        *(column[0].as_py() for column in cleaned.derived),
    )


# Names


@pytest.mark.parametrize(
    ("raw", "name", "kind", "honorific"),
    [
        ("张三", "张三", "", None),
        ("  张　三 ", "张三", "format", None),
        ("张三先生", "张三", "honorific", "先生"),
        ("李四（女士）", "李四", "honorific", "女士"),
        ("尊敬的王五小姐", "王五", "honorific", "小姐"),
        ("王总", "王", "honorific", "总"),
        ("欧阳总", "欧阳", "honorific", "总"),
        ("Mr. John  Smith", "John Smith", "honorific", "mr"),
        ("DR JANE DOE", "JANE DOE", "honorific", "dr"),
        ("Jane Doe, Ph.D.", "Jane Doe", "honorific", "phd"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提", "format", None),
        ("阿卜杜拉 . 买买提", "阿卜杜拉·买买提", "format", None),
        ("ＴＯＭ", "TOM", "characters", None),
        ("王学", "王学", "", None),
        ("先生", "先生", "", None),
        ("Drew Mississippi", "Drew Mississippi", "", None),
        ("", None, "", None),
        ("***", None, "emptied", None),
        ("12345", None, "emptied", None),
    ],
)
def test_names(raw: str, name: str | None, kind: str, honorific: str | None) -> None:
    assert one("name", raw, "honorific") == (name, "", kind, honorific)


@pytest.mark.parametrize(
    ("raw", "surname", "given_", "pinyin", "initials"),
    [
        ("张三丰", "张", "三丰", "zhang sanfeng", "zsf"),
        ("欧阳娜娜", "欧阳", "娜娜", "ouyang nana", "oynn"),
        ("司马光", "司马", "光", "sima guang", "smg"),
        ("单田芳", "单", "田芳", "shan tianfang", "stf"),
        ("曾长乐", "曾", "长乐", "zeng changle", "zcl"),
        ("尉迟恭", "尉迟", "恭", "yuchi gong", "ycg"),
        ("吕布", "吕", "布", "lv bu", "lb"),
        ("王女士", "王", None, "wang", "w"),
        ("阿卜杜拉·买买提", "买买提", "阿卜杜拉", "abodula maimaiti", "abdlmmt"),
        ("John Smith", "Smith", "John", "john smith", "js"),
        ("Smith, John", "Smith", "John", "smith john", "sj"),
        ("Zhang Sanfeng", "Zhang", "Sanfeng", "zhang sanfeng", "zs"),
        ("José Núñez", "Núñez", "José", "jose nunez", "jn"),
        ("Cher", None, "Cher", "cher", "c"),
    ],
)
def test_parts_of_names(raw: str, surname: str | None, given_: str | None, pinyin: str, initials: str) -> None:
    assert one("name", raw, "surname", "given", "pinyin", "initials")[3:] == (surname, given_, pinyin, initials)


# ID numbers

_CODES = sorted(code for code in gazetteer().by_code if not code.endswith("00") and code[0] in "123456")


def id_number(code: str, day: date, serial: int) -> str:
    digits = f"{code}{day:%Y%m%d}{serial:03d}"
    return digits + ric.calc_check_digit(f"{digits}0")


id_numbers = st.builds(
    id_number, st.sampled_from(_CODES), st.dates(date(1900, 1, 1), date(2024, 1, 1)), st.integers(0, 999)
)


@given(st.from_regex(r"[1-6][0-9]{16}", fullmatch=True))
def test_check_character_as_an_independent_library_computes_it(digits: str) -> None:
    assert check_character(digits) == ric.calc_check_digit(f"{digits}0")


@given(id_numbers)
def test_right_id_numbers_tell_birthday_and_gender(number: str) -> None:
    value, fault, kind, born, gender = one("id_number", number, "birth_date", "gender")
    assert (value, fault, kind) == (number, "", "")
    assert born == ric.get_birth_date(number)
    assert gender == ("female", "male")[int(number[16]) % 2]


@given(id_numbers, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_found(number: str, at: int, by: int) -> None:
    wrong = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
    assert one("id_number", wrong)[:2] == (None, "id_number")


@given(
    st.sampled_from(_CODES),
    st.from_regex(r"(19|20)[0-9]{2}[0-3][0-9][0-3][0-9][0-9]{3}", fullmatch=True),
    st.booleans(),
)
def test_accepted_exactly_when_check_character_and_day_are_right(code: str, rest: str, right: bool) -> None:
    check = ric.calc_check_digit(f"{code}{rest}0")
    number = code + rest + (check if right else "0" if check != "0" else "1")
    try:
        date.fromisoformat(f"{rest[:4]}-{rest[4:6]}-{rest[6:8]}")
        possible = True
    except ValueError:
        possible = False
    assert (one("id_number", number)[1] == "") == (right and possible)


@given(id_numbers.filter(lambda number: number[6:8] == "19"))
def test_old_numbers_are_upgraded(number: str) -> None:
    assert one("id_number", number[:6] + number[8:17]) == (number, "", "id_upgraded")


@pytest.mark.parametrize(
    ("raw", "value", "kind"),
    [
        ("11010519491231002x", "11010519491231002X", "format"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X", "characters"),
        ("110105 19491231 002X", "11010519491231002X", "format"),
        ("H12345678", "H12345678", ""),
        ("01234567", "01234567", ""),
    ],
)
def test_spellings_of_id_numbers(raw: str, value: str, kind: str) -> None:
    assert one("id_number", raw) == (value, "", kind)


@pytest.mark.parametrize(
    "raw", ["110105194912310021", "11010519490231002X", "990105194912310020", "1101051949", "1101**********002X", "无"]
)
def test_no_id_numbers(raw: str) -> None:
    assert one("id_number", raw, "birth_date", "province") == (None, "id_number", "", None, None)


def test_places_of_id_numbers() -> None:
    parts = ("province", "city", "district")
    assert one("id_number", id_number("110105", date(1980, 1, 1), 1), *parts)[3:] == ("北京市", "北京市", "朝阳区")
    assert one("id_number", id_number("110103", date(1980, 1, 1), 1), *parts)[3:] == ("北京市", "北京市", "崇文区")
    assert one("id_number", id_number("320523", date(1980, 1, 1), 1), *parts)[3:] == ("江苏省", "苏州市", "昆山县")
    assert one("id_number", "H12345678", *parts)[3:] == (None, None, None)


# Phones and e-mail


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("013800138000", "13800138000"),
        ("手机：13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("+86 0755 8234 5678", "0755-82345678"),
        ("010-12345678-801", "010-12345678-801"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("0065 6123 4567", "+6561234567"),
    ],
)
def test_phones(raw: str, value: str) -> None:
    assert one("phone", raw)[:2] == (value, "")


@pytest.mark.parametrize("raw", ["+1 23", "+999 12345678", "+44 20 7946", "0012", "+861234"])
def test_no_phones(raw: str) -> None:
    assert one("phone", raw)[:2] == (None, "phone")


@pytest.mark.parametrize(
    ("raw", "region", "country"),
    [
        ("13800138000", "CN", "中国"),
        ("010-12345678-12", "CN", "中国"),
        ("+1 212 555 0100", "US", "美国"),
        ("+852 2345 6789", "HK", "香港"),
        ("+81 3 1234 5678", "JP", "日本"),
        (None, None, None),
    ],
)
def test_countries_of_phones(raw: str | None, region: str | None, country: str | None) -> None:
    assert one("phone", raw, "region_code", "country")[3:] == (region, country)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Ａ＠Ｂ．ｃｏｍ", "a@b.com"),
        ("a@b.com。", "a@b.com"),
        ("a @ b.com", "a@b.com"),
        ("E-mail：a@b.cn;", "a@b.cn"),
        ("a@qq。com", "a@qq.com"),
        ("a@gmial.com", "a@gmial.com"),
    ],
)
def test_emails(raw: str, value: str) -> None:
    assert one("email", raw)[:2] == (value, "")


# All of them

_TEXTS = st.text(
    st.sampled_from(
        "张欧阳先生女士总Mr.Dr ·•()（）,0123456789+-@abX号楼栋室路省市区县北京上海深圳南山朝阳 　\n。一二十"
    ),
    max_size=24,
)


@pytest.mark.parametrize("type_", TYPES)
@given(raw=st.one_of(_TEXTS, st.text(max_size=20)))
@example(raw="Mr. Dr. 张先生女士")
@example(raw="北 京 市")
def test_cleaning_a_clean_value_changes_nothing(type_: str, raw: str) -> None:
    value, fault, _ = one(type_, raw)
    if value is not None and not fault:
        assert one(type_, value) == (value, "", "")


@pytest.mark.parametrize("type_", [t for t in TYPES if t in DERIVED])
@given(raw=st.lists(st.one_of(st.none(), _TEXTS), max_size=8))
def test_derived_columns_fit_the_rows_and_types(type_: str, raw: list[str | None]) -> None:
    wanted = rule(type_, *DERIVED[type_])
    cleaned = clean_column(pa.array(raw, pa.string()), wanted)
    assert [column.type for column in cleaned.derived] == [ARROW_TYPES[STORED_AS[t]] for t in DERIVED[type_].values()]
    for at, value in enumerate(cleaned.values.to_pylist()):
        parts = [column[at].as_py() for column in cleaned.derived]
        assert len(parts) == len(DERIVED[type_])
        if value is None:
            assert set(parts) <= {None} or "honorific" in DERIVED[type_]
    assert derive(cleaned.values, cleaned.values, ColumnRule("f", "c", "text")) == ()
