"""Chinese ID numbers: GB 11643 (18 digits, check character by ISO 7064 MOD 11-2), and what they tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from huaxiang.store.cleaning.codes import Cleaned
from huaxiang.store.cleaning.parts import Parsed, parse_each
from huaxiang.store.cleaning.regions import LEVELS, Region, gazetteer

PARTS = ("birth_date", "gender", *LEVELS)
_WEIGHTS = tuple(2**power % 11 for power in range(17, 0, -1))
_CHECK = "10X98765432"
_LONG = re.compile(r"\d{17}[\dX]", re.A)
_SHORT = re.compile(r"\d{15}", re.A)
#: 港澳居民来往内地通行证 and 台湾居民来往大陆通行证: accepted as they are, nothing is derived from them.
_PERMIT = re.compile(r"[HM]\d{8}(?:\d{2})?|[01]\d{7}", re.A)
_TAIWANESE = "83"  # residence permit of Taiwan's residents; 81 and 82 are provinces of the table


def check_character(digits: str) -> str:
    """The check character of the first 17 digits (GB 11643-1999, ISO 7064 MOD 11-2)."""
    return _CHECK[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False)) % 11]


def clean_id_numbers(texts: pa.Array) -> Cleaned:
    """18-character numbers with a right check character and a possible birthday; 15-digit ones are upgraded; travel permits stay."""
    return parse_each(texts, _id_number, pa.string())


def _id_number(text: str) -> Parsed:
    plain = re.sub(r"[\s\-_.]", "", text).upper().removeprefix("ID")
    if _SHORT.fullmatch(plain):
        upgraded = f"{plain[:6]}19{plain[6:]}"
        return Parsed(upgraded + check_character(upgraded), "", "id_upgraded") if _possible(upgraded) else _FAULT
    if _LONG.fullmatch(plain):
        if not _possible(plain) or check_character(plain) != plain[-1]:
            return _FAULT
    elif not _PERMIT.fullmatch(plain):
        return _FAULT
    return Parsed(plain, "", "" if plain == text else "format")


_FAULT = Parsed(None, "id_number")


def _possible(digits: str) -> bool:
    """Whether the number starts with a known province and holds a day that exists."""
    known = digits[:2] == _TAIWANESE or f"{digits[:2]}0000" in gazetteer().by_code
    return known and _birthday(digits) is not None


def _birthday(digits: str) -> date | None:
    try:
        day = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return None
    return day if 1850 <= day.year < 2100 else None


def id_parts(numbers: pa.Array, parts: Sequence[str]) -> dict[str, pa.Array]:
    """The asked `PARTS` of clean ID numbers: birth_date DATE, others VARCHAR. Places are those of issue, by their present or last name."""
    long = [text if text is not None and len(text) == 18 else None for text in numbers.to_pylist()]
    regions = [None if text is None else _region(text) for text in long]
    made = {}
    for part in parts:
        if part == "birth_date":
            made[part] = pa.array([None if text is None else _birthday(text) for text in long], pa.date32())
        elif part == "gender":
            values = [None if text is None else ("female", "male")[int(text[16]) % 2] for text in long]
            made[part] = pa.array(values, pa.string())
        else:
            made[part] = pa.array([None if r is None else getattr(r, part) for r in regions], pa.string())
    return made


def _region(text: str) -> Region | None:
    known = gazetteer().by_code
    return known.get(text[:6]) or known.get(f"{text[:4]}00") or known.get(f"{text[:2]}0000")
