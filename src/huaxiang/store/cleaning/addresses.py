"""Postal addresses: tidy form, and their parts: divisions with code, street, and a key that equal addresses share."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.store.cleaning.regions import ABBREVIATIONS, LEVELS, Gazetteer, Region, gazetteer

PARTS = ("country", "province", "city", "district", "code", "street", "key")
CHINA = "中国"
_BETWEEN = " ,、-/\\|;:·.>_()[]"
_COUNTRY = re.compile(r"(?:中华人民共和国|中国大陆|中国|P\.?\s?R\.?\s?China|China|CHN|CN)(?![a-z])[\s,、\-/|]*", re.I)
_LABEL = re.compile(
    r"(?:(?:收货|收件|联系|通讯|通信|家庭|现|居住|详细|公司|单位)*(?:地址|住址)|邮编|[(\[]?\d{6}[)\]]?|\d{1,3}[.、)])[\s:]*"
)
_FILLER = re.compile(r"(?:省|自治区)?直辖县级行政(?:区划|单位)|省直辖|市辖区")
_ROAD = re.compile(
    r"[东西南北中]?[一二三四五六七八九十\d]{0,3}(?:路|街|大街|大道|道|巷|弄|胡同|里|桥|镇|乡|村|小区|新村|花园)"
)
_SIGHT = re.compile(r"门|寺|山|湖|河|江|公寓|大厦|机场|大学|学院|中学|医院|车站|站|公园|宾馆|饭店|酒店|银行")
_NUMERAL = re.compile(r"[零〇一二三四五六七八九十百]+")
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0}
_UNITS = "号楼|号院|号房|号室|号|栋|幢|座|楼|层|单元|弄|室|房|户|门"
_KEY_STEPS: tuple[tuple[str, str], ...] = (
    (r"[\s\p{P}\p{S}]+楼?", "-"),
    (r"(^|[^\d])\d{1,2}[层楼]-?(\d{3,4})", r"\1-\2"),
    (rf"([\da-z])(?:{_UNITS})", r"\1-"),
    (r"-*(\p{Han})-*", r"\1"),
    (r"-{2,}", "-"),
    (r"^-+|-+$", ""),
)


def tidy_addresses(texts: pa.Array) -> pa.Array:
    """Single spaces, and none beside Chinese characters. NFKC is the caller's."""
    single = pc.replace_substring_regex(texts, r"\s+", " ")
    spaced = pc.replace_substring_regex(single, r"(\p{Han}) +", r"\1")
    return pc.replace_substring_regex(spaced, r" +(\p{Han})", r"\1")


@dataclass(frozen=True)
class _Places:
    """Columns of all divisions by number, for `take`; after them those known by the name of their district alone."""

    gazetteer: Gazetteer
    columns: Mapping[str, pa.Array]
    unclear: Mapping[str, int]


@cache
def _places() -> _Places:
    found = gazetteer()
    regions: list[Region] = list(found.regions)
    unclear: dict[str, int] = {}
    for name, numbers in found.full.items():
        if len(name) >= 3 and len(numbers) > 1 and all(found.regions[n].level == "district" for n in numbers):
            unclear[name] = len(regions)
            regions.append(Region(None, "district", district=name))
    columns = {level: pa.array([getattr(r, level) for r in regions], pa.string()) for level in (*LEVELS, "code")}
    columns["prefix"] = pa.array([r.code or r.district or "" for r in regions], pa.string())
    return _Places(found, columns, unclear)


def address_parts(texts: pa.Array, parts: Sequence[str]) -> dict[str, pa.Array]:
    """The asked `PARTS` of tidy addresses, each a VARCHAR array; NULL where an address does not tell.

    A district that many cities have (朝阳区) stays alone, without province and code, when nothing before it decides. Divisions
    are looked for at the start, as Chinese addresses have them.
    """
    places = _places()
    numbers, country = np.full(len(texts), -1, np.int32), np.zeros(len(texts), bool)
    streets: list[str | None] = []
    for at, text in enumerate(texts.to_pylist()):
        if text is None:
            streets.append(None)
            continue
        number, end, named = _locate(text, places)
        numbers[at], country[at] = number, named
        streets.append(text[end:].lstrip(" ,、-/|;:·>.)") or None)
    index = pa.array(numbers, mask=numbers < 0)
    street = pa.array(streets, pa.string())
    made = {}
    for part in parts:
        if part == "street":
            made[part] = street
        elif part == "country":
            made[part] = pc.if_else(pa.array((numbers >= 0) | country), CHINA, pa.scalar(None, pa.string()))
        elif part == "key":
            prefix = pc.fill_null(places.columns["prefix"].take(index), "")
            made[part] = pc.binary_join_element_wise(prefix, _street_keys(street), "")
        else:
            made[part] = places.columns[part].take(index)
    return made


def _locate(text: str, places: _Places) -> tuple[int, int, bool]:
    """(number of the smallest division named, -1 = none; where the street begins; whether China is named)."""
    start, named = 0, False
    if text[:1] in "中PpCc" and (found := _COUNTRY.match(text)):
        start, named = found.end(), True
    number, end = _divisions(text, start, places)
    if number < 0 and (label := _LABEL.match(text, start)):
        number, end = _divisions(text, label.end(), places)
        end = end if number >= 0 else start
    return number, end, named


def _divisions(text: str, start: int, places: _Places) -> tuple[int, int]:
    found, size = places.gazetteer, len(text)
    number, end = -1, start
    at = start
    while at < size:
        while at < size and text[at] in _BETWEEN:
            at += 1
        step = _match(text, at, number, places)
        if step is None and number < 0 and text[at : at + 1] in ABBREVIATIONS:
            step = _abbreviated(text, at, places)
        if step is None:
            if number < 0 or not (filler := _FILLER.match(text, at)):
                break
            at = end = filler.end()
            continue
        number, at = step
        end = at
        if number >= len(found.regions) or found.regions[number].level == "district":
            break
    return number, end


def _match(text: str, at: int, within: int, places: _Places) -> tuple[int, int] | None:
    """The longest name at `at` of a division that lies in division `within` (-1: anywhere), and where it ends."""
    found = places.gazetteer
    for length in found.lengths.get(text[at : at + 2], ()):
        name = text[at : at + length]
        if name in found.full:
            number = _choose(found.full[name], within, found)
            if number is None and within < 0:
                number = places.unclear.get(name)
            if number is not None:
                return number, at + length
        if name in found.bare:
            number = _choose(found.bare[name], within, found)
            if number is not None and _stands_alone(text, at + length, number, within, found):
                return number, at + length
    return None


def _choose(numbers: Sequence[int], within: int, found: Gazetteer) -> int | None:
    """The division meant: the only one inside `within`; without that the only one, or the only one of the highest level."""
    regions = found.regions
    if within >= 0:
        inside = [n for n in numbers if regions[n].within(regions[within])]
        if not inside and within in numbers:
            return within
    else:
        inside = list(numbers)
    if len(inside) > 1:
        for level in LEVELS:
            of_level = [n for n in inside if regions[n].level == level]
            if of_level:
                inside = of_level
                break
    return inside[0] if len(inside) == 1 else None


def _stands_alone(text: str, end: int, number: int, within: int, found: Gazetteer) -> bool:
    """Whether a short form means the division, and is not the start of a street's or house's name (北京路, 朝阳门)."""
    region = found.regions[number]
    if region.level == "district":
        if within < 0 and not (region.district or "").endswith("市"):
            return False
        if _SIGHT.match(text, end):
            return False
    if not _ROAD.match(text, end):
        return True
    names = (text[end : end + length] for length in found.lengths.get(text[end : end + 2], ()))
    return any(_choose(found.full[name], number, found) is not None for name in names if name in found.full)


def _abbreviated(text: str, at: int, places: _Places) -> tuple[int, int] | None:
    """沪浦东新区, 粤深圳: one character for a province, when a division of it follows, or nothing."""
    province = places.gazetteer.full[places.gazetteer.by_code[ABBREVIATIONS[text[at]]].province or ""][0]
    if at + 1 == len(text) or _match(text, at + 1, province, places):
        return province, at + 1
    return None


def _street_keys(streets: pa.Array) -> pa.Array:
    """Match keys of streets: 三号楼２单元501室, 3幢2单元501 and 3-2-501 become one."""
    key = pc.utf8_lower(streets)
    numbered = pc.fill_null(pc.match_substring_regex(key, r"[零〇一二三四五六七八九十百]"), False)
    if pc.any(numbered).as_py():
        plain = [_NUMERAL.sub(lambda m: _number(m[0]), text) for text in key.filter(numbered).to_pylist()]
        key = pc.replace_with_mask(key, numbered, pa.array(plain, pa.string()))
    for pattern, by in _KEY_STEPS:
        key = pc.replace_substring_regex(key, pattern, by)
    return pc.if_else(pc.equal(key, ""), None, key)


@lru_cache(maxsize=4096)
def _number(numeral: str) -> str:
    """Chinese numerals as digits: 二十八 → 28, 一〇三 → 103."""
    if not {"十", "百"} & set(numeral):
        return "".join(str(_DIGITS[c]) for c in numeral)
    total, digit = 0, None
    for c in numeral:
        if c in _DIGITS:
            digit = _DIGITS[c]
        else:
            total += (1 if digit is None else digit) * (10 if c == "十" else 100)
            digit = None
    return str(total + (digit or 0))
