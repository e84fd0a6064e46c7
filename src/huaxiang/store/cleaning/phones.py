"""Telephone numbers: Chinese ones as people dial them, others in E.164 form; and the country they belong to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa

from huaxiang.store.cleaning.codes import Cleaned
from huaxiang.store.cleaning.parts import Parsed, parse_mostly

PARTS = ("country", "region_code")
_MOBILE = re.compile(r"1[3-9]\d{9}", re.A)
_LANDLINE = re.compile(r"0(10|2\d|[3-9]\d{2})(\d{7,8})", re.A)
_HOTLINE = re.compile(r"(400|800)\d{7}", re.A)
_EXTENSION = re.compile(r"(?:ext\.?|x|转|分机|#|(?<=\d{7})-)\s*(\d{1,6})$", re.IGNORECASE | re.A)
_LABEL = re.compile(
    r"^(?:(?:移动|办公|家庭|固定|联系)?(?:电话|手机)(?:号码?)?|tel|mobile|phone)\s*[:：.]?\s*", re.IGNORECASE
)


def clean_phones(texts: pa.Array) -> Cleaned:
    """Chinese mobiles as 11 digits, landlines as `010-12345678`, hotlines as digits, others as `+` and digits (E.164).

    An extension follows after a hyphen. Foreign numbers need `+` or `00`, and a length that their country has.
    """
    return parse_mostly(texts, r"^1[3-9]\d{9}$", lambda easy: easy, _phone, pa.string())


def _phone(text: str) -> Parsed:
    bare = re.sub(r"\.0+$", "", _LABEL.sub("", text))
    found = _EXTENSION.search(bare)
    extension = ""
    if found:
        bare, extension = bare[: found.start()], f"-{found.group(1)}"
    digits = re.sub(r"[\s\-().·_/‐-―]", "", bare)
    if not re.fullmatch(r"\+?[0-9]{7,20}", digits):
        return Parsed(None, "phone")
    number = _chinese_phone(digits, extension)
    if number is None and re.match(r"(?:\+|00)(?!86)[1-9]", digits):
        number = _foreign_phone("+" + digits.removeprefix("+").removeprefix("00"))
        number = number and number + extension
    return Parsed(None, "phone") if number is None else Parsed(number, "", "" if number == text else "format")


def _chinese_phone(digits: str, extension: str) -> str | None:
    national = re.sub(r"^(?:\+|00)86", "", digits)
    prefixed = national != digits
    if re.fullmatch(r"0?86(1[3-9]\d{9})", national):
        national = national[-11:]
    elif re.fullmatch(r"01[3-9]\d{9}", national) and not _LANDLINE.fullmatch(national):
        national = national[1:]  # long-distance prefix before a mobile
    if not extension and (_MOBILE.fullmatch(national) or _HOTLINE.fullmatch(national)):
        return national
    if prefixed and not national.startswith("0"):
        national = f"0{national}"
    landline = _LANDLINE.fullmatch(national)
    return f"0{landline.group(1)}-{landline.group(2)}{extension}" if landline else None


def _foreign_phone(number: str) -> str | None:
    """E.164 form of a number of a country that exists, when it may be that long there; national prefixes are dropped."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def phone_parts(numbers: pa.Array, parts: Sequence[str]) -> dict[str, pa.Array]:
    """The asked `PARTS` of clean numbers: `region_code` (ISO 3166: CN, US …) and `country` (its Chinese name)."""
    codes = [None if number is None else _region_code(number) for number in numbers.to_pylist()]
    made = {}
    for part in parts:
        values = codes if part == "region_code" else [None if code is None else _country(code) for code in codes]
        made[part] = pa.array(values, pa.string())
    return made


def _region_code(number: str) -> str | None:
    return _foreign_region(number.partition("-")[0]) if number.startswith("+") else "CN"


@lru_cache(maxsize=65_536)
def _foreign_region(number: str) -> str | None:
    import phonenumbers

    parsed = phonenumbers.parse(number)
    known = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return known if known and known.isalpha() and known != "ZZ" else None


@lru_cache(maxsize=512)
def _country(code: str) -> str | None:
    if code == "CN":
        return "中国"
    from phonenumbers.geodata.locale import LOCALE_DATA

    names = LOCALE_DATA.get(code, {})
    name = names.get("zh")
    while name is not None and name.startswith("*"):  # written as in that language
        name = names.get(name[1:])
    return name or code
