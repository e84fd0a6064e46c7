"""Units of length, mass, volume, time and area, metric, Chinese market (市制) and imperial, with exact factors.

Sources: 国务院关于在我国统一实行法定计量单位的命令 (1984) and 计量制度 of 1959 for 市制 (1 尺 = 1/3 m, 1 斤 = 500 g = 10 两,
1 亩 = 10000/15 m², 1 里 = 500 m); international yard and pound agreement (1959) for imperial units.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import MappingProxyType

_TABLE: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "length": {
        "1": "m 米 公尺 metre meter metres meters", "1/1000": "mm 毫米", "1/100": "cm 厘米 公分", "1/10": "dm 分米",
        "1000": "km 千米 公里", "500": "里 市里 华里", "10/3": "丈 市丈", "1/3": "尺 市尺", "1/30": "寸 市寸",
        "254/10000": "in inch inches 英寸", "3048/10000": "ft foot feet 英尺", "9144/10000": "yd yard yards 码",
        "1609344/1000": "mi mile miles 英里", "1852": "nmi 海里",
    },
    "mass": {
        "1": "g 克 gram grams", "1/1000": "mg 毫克", "1000": "kg 千克 公斤", "1000000": "t 吨 公吨 ton tonne", "500": "斤 市斤",
        "50": "两 市两", "5": "钱", "50000": "担 市担", "45359237/100000": "lb lbs 磅", "45359237/1600000": "oz 盎司",
    },
    "volume": {
        "1": "l 升 公升 litre liter litres liters", "1/1000": "ml 毫升 cc cm3 cm³ 立方厘米", "1/100": "cl 厘升", "1/10": "dl 分升",
        "1000": "m3 m³ 立方米 方", "3785411784/1000000000": "gal 加仑",
    },
    "time": {
        "1": "s sec second seconds 秒 秒钟", "1/1000": "ms 毫秒", "60": "min minute minutes 分 分钟",
        "3600": "h hour hours 时 小时 钟头", "86400": "d day days 天 日", "604800": "w week weeks 周 星期",
    },
    "area": {
        "1": "m2 m² ㎡ 平方米 平米 平", "1/10000": "cm2 cm² 平方厘米", "1000000": "km2 km² 平方公里 平方千米",
        "10000": "ha 公顷", "2000/3": "亩 市亩", "200/3": "分地", "1/9": "平方尺", "9290304/100000000": "sqft ft2 ft² 平方英尺",
        "400/121": "坪",
    },
})  # fmt: skip
_UNIT = re.compile(r"(?P<number>.*?[\d.万亿%])\s*(?P<unit>[^\d\s.,万亿%][^\s]*)", re.S)


@cache
def units() -> Mapping[str, tuple[str, Fraction]]:
    """Unit, in lower case → (what it measures, how many of the base unit it is)."""
    return {
        name: (kind, Fraction(factor))
        for kind, factors in _TABLE.items()
        for factor, names in factors.items()
        for name in names.split()
    }


def find_unit(name: str) -> tuple[str, Fraction] | None:
    """The unit of this name (case does not matter)."""
    return units().get(name.strip().lower())


def factor(unit: str, into: str) -> Fraction | None:
    """By what a number in `unit` is multiplied to be one in `into`; None when they don't measure the same, or are unknown."""
    from_, to = find_unit(unit), find_unit(into)
    if from_ is None or to is None or from_[0] != to[0]:
        return None
    return from_[1] / to[1]


def split_unit(text: str) -> tuple[str, str | None]:
    """A text without the unit behind its number, and that unit (None when there is none that is known)."""
    found = _UNIT.fullmatch(text)
    if not found or find_unit(found["unit"]) is None:
        return text, None
    return found["number"].strip(), found["unit"]


def convert(number: Decimal, by: Fraction) -> Decimal:
    """`number` × `by`, with 28 significant digits."""
    return number * by.numerator / by.denominator
