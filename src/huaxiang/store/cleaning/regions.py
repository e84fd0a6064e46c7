"""The administrative divisions of China (GB/T 2260): their names, short forms, former names and codes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

Level = Literal["province", "city", "district"]
LEVELS: tuple[Level, ...] = ("province", "city", "district")
#: Counties and towns that stand directly under a province, and counties of Taiwan: the city level of their province.
_DIRECT = ("4190", "4290", "4690", "6590", "7190")
_MUNICIPAL = ("11", "12", "31", "50")
_PEOPLES = (
    "蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|"
    "毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|鄂温克|德昂|保安|裕固|独龙|鄂伦春|各"
)
_AUTONOMOUS = re.compile(
    rf"(?P<stem>.+?)(?:(?:(?:{_PEOPLES})族|蒙古|哈萨克|柯尔克孜|塔吉克|锡伯|维吾尔))+(?:自治)?(?P<kind>州|县|旗|区)"
)
_SUFFIX = re.compile(
    r"(?P<stem>.{2,}?)(?:特别行政区|自治区|自治旗|自治县|自治州|林区|特区|新区|地区|省|市|区|县|盟|旗)"
)
_MORE = MappingProxyType({
    "新疆": ("650000",), "宁夏": ("640000",), "广西": ("450000",), "西藏": ("540000",), "内蒙": ("150000",), "克州": ("653000",),
    "巴州": ("652800",), "博州": ("652700",), "伊犁": ("654000",), "内蒙古": ("150000",), "台灣": ("710000",), "臺灣": ("710000",),
})  # fmt: skip
ABBREVIATIONS: Mapping[str, str] = MappingProxyType({
    "京": "110000", "津": "120000", "冀": "130000", "晋": "140000", "蒙": "150000", "辽": "210000", "吉": "220000", "黑": "230000",
    "沪": "310000", "苏": "320000", "浙": "330000", "皖": "340000", "闽": "350000", "赣": "360000", "鲁": "370000", "豫": "410000",
    "鄂": "420000", "湘": "430000", "粤": "440000", "桂": "450000", "琼": "460000", "渝": "500000", "川": "510000", "贵": "520000",
    "黔": "520000", "云": "530000", "滇": "530000", "藏": "540000", "陕": "610000", "甘": "620000", "青": "630000", "宁": "640000",
    "新": "650000", "台": "710000", "港": "810000", "澳": "820000",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """One division: official names of itself and of those above it, None for levels that it does not have.

    `province_code` and `city_code` are the codes of the divisions that hold it (its own, at its own level).
    """

    code: str | None
    level: Level
    province: str | None = None
    city: str | None = None
    district: str | None = None
    province_code: str | None = None
    city_code: str | None = None

    def within(self, other: Region) -> bool:
        """True when it lies in `other` and is a smaller one."""
        if other.level == "province":
            return self.level != "province" and self.province_code == other.code
        return other.level == "city" and self.level == "district" and self.city_code == other.code


@dataclass(frozen=True)
class Gazetteer:
    """All divisions. `full` are official names, `bare` short forms; both lead to the numbers of the divisions in `regions`.

    `lengths`: first two characters of any name → lengths of the names that start so, longest first. `by_code` also knows former
    codes (as ID numbers have them).
    """

    regions: Sequence[Region]
    full: Mapping[str, tuple[int, ...]]
    bare: Mapping[str, tuple[int, ...]]
    lengths: Mapping[str, tuple[int, ...]]
    by_code: Mapping[str, Region]


def short_names(name: str) -> tuple[str, ...]:
    """Short forms of an official name: 西双版纳傣族自治州 → 西双版纳州, 西双版纳; 海淀区 → 海淀; 横县 → none."""
    if found := _AUTONOMOUS.fullmatch(name):
        stem, kind = found["stem"], found["kind"]
        return tuple(s for s in (f"{stem}{kind}", stem) if len(s) >= 2)
    found = _SUFFIX.fullmatch(name)
    return (found["stem"],) if found else ()


@cache
def gazetteer() -> Gazetteer:
    """The divisions of `templates/regions.csv`, read once."""
    text = (files("huaxiang") / "templates" / "regions.csv").read_text(encoding="utf-8")
    rows = [tuple(line.split(",")) for line in text.splitlines()[1:]]
    names = {code: name for code, name, until in rows if not until}
    maker = _Maker(names)
    for code in names:
        maker.add(code)
    for code, name, until in rows:
        if until:
            maker.add_former(code, name)
    for short, codes in _MORE.items():
        maker.bare.setdefault(short, [maker.number[code] for code in codes])
    return maker.finish()


@dataclass
class _Maker:
    """Collects divisions and their names."""

    names: Mapping[str, str]
    regions: list[Region] = field(default_factory=list)
    number: dict[str, int] = field(default_factory=dict)
    full: dict[str, list[int]] = field(default_factory=dict)
    bare: dict[str, list[int]] = field(default_factory=dict)
    former: dict[str, Region] = field(default_factory=dict)
    stems: dict[tuple[str, Level, str], list[int]] = field(default_factory=dict)

    def add(self, code: str) -> None:
        """Add a division of today under its name and short forms."""
        name = self.names[code]
        if code == "500200":  # the counties of Chongqing: no city of their own
            self.number[code] = self.number["500100"]
            return
        region = self._region(code, name)
        number = self.number[code] = len(self.regions)
        self.regions.append(region)
        self.full.setdefault(name, []).append(number)
        for short in short_names(name):
            table = self.full if short.endswith(("州", "县", "旗")) and len(short) > 2 else self.bare
            if number not in table.setdefault(short, []):
                table[short].append(number)
            self.stems.setdefault((code[:2], region.level, short), []).append(number)

    def add_former(self, code: str, name: str) -> None:
        """Add a former division: as another name of its successor where that is plain, else as a division of its own."""
        region = self._region(code, name)
        self.former.setdefault(code, region)
        if name in self.full and any(self.regions[n].province_code == region.province_code for n in self.full[name]):
            return
        stem = (short_names(name) or (name,))[-1]
        heirs = self.stems.get((code[:2], region.level, stem), [])
        if len(heirs) == 1:
            number = heirs[0]
        elif code in self.number:
            number = self.number[code]
        elif region.level == "district" and region.city is not None and f"{code[:4]}00" in self.number:
            number = self.number[code] = len(self.regions)
            self.regions.append(region)
        else:
            return
        if number not in self.full.setdefault(name, []):
            self.full[name].append(number)
        if region.level == "city" and len(stem) >= 2 and stem != name:
            self.bare.setdefault(stem, [number])

    def _region(self, code: str, name: str) -> Region:
        province_code = f"{code[:2]}0000"
        province = self.names.get(province_code)
        if code.endswith("0000"):
            own_city = name if code.startswith((*_MUNICIPAL, "81", "82")) else None
            return Region(code, "province", name, own_city, None, code)
        if code.endswith("00") or code.startswith(_DIRECT):
            return Region(code, "city", province, name, None, province_code, code)
        city_code = f"{code[:2]}0100" if code.startswith(_MUNICIPAL) else f"{code[:4]}00"
        known = self.names.get(city_code) or (self.former[city_code].city if city_code in self.former else None)
        if code.startswith(("81", "82")):
            known, city_code = province, province_code
        return Region(code, "district", province, known, name, province_code, city_code)

    def finish(self) -> Gazetteer:
        """Everything that was added."""
        lengths: dict[str, set[int]] = {}
        for name in (*self.full, *self.bare):
            lengths.setdefault(name[:2], set()).add(len(name))
        by_code = dict(self.former)
        by_code |= {code: self.regions[number] for code, number in self.number.items() if code not in self.former}
        by_code |= {code: self.regions[self.number[code]] for code in self.names}
        return Gazetteer(
            tuple(self.regions),
            {name: tuple(numbers) for name, numbers in self.full.items()},
            {name: tuple(numbers) for name, numbers in self.bare.items()},
            {head: tuple(sorted(sizes, reverse=True)) for head, sizes in lengths.items()},
            by_code,
        )
