"""Words the generated people are made of: surnames, given names, places, and what is mistaken for what. Lists of our own, see `data/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Names:
    """Surnames with weights and pinyin; given characters and whole given names by sex."""

    surnames: tuple[str, ...]
    surname_weight: Floats
    surname_pinyin: tuple[str, ...]
    first: dict[bool, tuple[str, ...]]
    second: dict[bool, tuple[str, ...]]
    common: dict[bool, tuple[str, ...]]


@dataclass(frozen=True)
class Places:
    """Cities and their districts; `city_of` and `code` are by district, `first` is the first district of each city."""

    cities: pa.Array
    city_weight: Floats
    provinces: pa.Array
    districts: pa.Array
    city_of: Ints
    code: Ints
    first: Ints
    count: Ints


def lines(name: str) -> list[str]:
    """Lines of a data file without comments and blanks."""
    text = (files("huaxiang.app.mumian") / "data" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@cache
def names() -> Names:
    """Name lists: two-character names are a first and a second character, more frequent ones first in their lists."""
    rows = [line.split() for line in lines("surnames.txt")]
    given = dict(line.split(" ", 1) for line in lines("given.txt"))
    weight = np.array([float(r[1]) for r in rows])
    return Names(
        surnames=tuple(r[0] for r in rows),
        surname_weight=weight / weight.sum(),
        surname_pinyin=tuple(r[2] for r in rows),
        first={True: tuple(given["f1"]), False: tuple(given["m1"])},
        second={True: tuple(given["f2"]), False: tuple(given["m2"])},
        common={True: tuple(given["common_f"].split()), False: tuple(given["common_m"].split())},
    )


@cache
def places() -> Places:
    """Cities the company sells in, heavier ones first."""
    cities: list[str] = []
    provinces: list[str] = []
    districts: list[str] = []
    city_of: list[int] = []
    codes: list[int] = []
    first: list[int] = []
    count: list[int] = []
    weights: list[float] = []
    for number, line in enumerate(lines("cities.txt")):
        city, weight, province, own = line.split("|")
        cities.append(city)
        weights.append(float(weight))
        provinces.append(province)
        first.append(len(districts))
        for entry in own.split():
            district, code = entry.split(":")
            districts.append(district)
            city_of.append(number)
            codes.append(int(code))
        count.append(len(districts) - first[-1])
    shares = np.array(weights)
    return Places(
        pa.array(cities),
        shares / shares.sum(),
        pa.array(provinces),
        pa.array(districts),
        np.array(city_of),
        np.array(codes),
        np.array(first),
        np.array(count),
    )


@cache
def confused() -> dict[str, str]:
    """Character → characters that are typed for it by mistake (same sound or similar shape)."""
    found: dict[str, str] = {}
    for line in lines("confused.txt"):
        for character in line:
            found[character] = found.get(character, "") + line.replace(character, "")
    return found


@cache
def pinyin() -> dict[str, str]:
    """Character or compound surname → its syllables in Latin letters, without tones."""
    known = names()
    found = dict(line.split() for line in lines("pinyin.txt"))
    return found | dict(zip(known.surnames, known.surname_pinyin, strict=True))


def zipf(count: int, exponent: float = 1.0, shift: float = 2.0) -> Floats:
    """Weights that fall with rank as (rank + shift) ** -exponent, and sum to 1."""
    weight: Floats = np.asarray((np.arange(count) + shift) ** -exponent, dtype=np.float64)
    return np.asarray(weight / weight.sum())
