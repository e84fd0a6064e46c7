"""People as they are: households, names, birthdays, homes, numbers. Records of departments describe them, more or less well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian.archetypes import ARCHETYPES
from huaxiang.app.mumian.lexicon import names, places, zipf
from huaxiang.app.mumian.streets import ESTATES_A, ESTATES_B, ROADS

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
SELF, SPOUSE, CHILD, PARENT = range(4)
TODAY = np.datetime64("2026-10-31", "D")
PREFIXES = np.array(
    [
        130,
        131,
        132,
        133,
        135,
        136,
        137,
        138,
        139,
        150,
        151,
        152,
        155,
        156,
        157,
        158,
        159,
        166,
        173,
        176,
        177,
        178,
        180,
        181,
        182,
        183,
        185,
        186,
        187,
        188,
        189,
        191,
        198,
        199,
    ]
)


@dataclass(frozen=True)
class Homes:
    """Dwellings as numbers into lists of words; one row a dwelling."""

    district: Ints
    road: Ints
    number: Ints
    estate: Ints
    building: Ints
    unit: Ints
    room: Ints


@dataclass
class People:
    """One row a person. `phone` is the number of today; `old_phone` one given up at `changed` (NaT: never) or a second card.

    `home` and `old_home` number the dwellings; `given` and `surname` are Arrow strings; `owner` is the person whose phone is
    used (oneself, or a relative); `recycled_from` the stranger who had the number before, or -1.
    """

    household: Ints
    role: Ints
    female: Bools
    birth: npt.NDArray[np.datetime64]
    archetype: Ints
    surname_code: Ints
    surname: pa.Array
    given: pa.Array
    old_given: pa.Array
    city: Ints
    home: Ints
    old_home: Ints
    moved: Bools
    phone: Ints
    old_phone: Ints
    changed: npt.NDArray[np.datetime64]
    owner: Ints
    recycled_from: Ints
    renamed: Bools
    homes: Homes
    first_number: int

    @property
    def size(self) -> int:
        """Number of people."""
        return len(self.household)


def make_people(customers: int, rng: np.random.Generator) -> People:
    """Draw people and the households they live in. The same generator state gives the same people."""
    household, role = _households(customers, rng)
    families = int(household[-1]) + 1
    archetype, female, birth, twin = _kinds(household, role, rng)
    surname_code = _surnames(household, role, rng)
    given = _given(female, birth, twin, rng)
    old_given = _given(female, birth, np.full(customers, -1), rng)
    known = places()
    city = rng.choice(len(known.cities), families, p=known.city_weight)[household]
    homes, home, old_home, moved = _dwell(household, role, city, rng)
    first_number = int(rng.integers(len(PREFIXES) * 10**8))
    phone, old_phone, changed, owner, recycled = _numbers(household, role, first_number, rng)
    surname = pc.take(pa.array(names().surnames), pa.array(surname_code))
    renamed = rng.random(customers) < 0.012
    return People(
        household,
        role,
        female,
        birth,
        archetype,
        surname_code,
        surname,
        given,
        old_given,
        city,
        home,
        old_home,
        moved,
        phone,
        old_phone,
        changed,
        owner,
        recycled,
        renamed,
        homes,
        first_number,
    )


def _households(customers: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Household number and role of each person; households of 1–5 people who are customers."""
    sizes = rng.choice([1, 2, 3, 4, 5], customers, p=[0.56, 0.27, 0.12, 0.04, 0.01])
    household = np.repeat(np.arange(customers), sizes)[:customers]
    first = np.r_[True, household[1:] != household[:-1]]
    place = np.arange(customers) - np.maximum.accumulate(np.where(first, np.arange(customers), 0))
    role = np.zeros(customers, dtype=np.int64)
    second = rng.choice([SPOUSE, CHILD, PARENT], customers, p=[0.62, 0.2, 0.18])
    later = rng.choice([CHILD, PARENT], customers, p=[0.66, 0.34])
    role[place == 1] = second[place == 1]
    role[place >= 2] = later[place >= 2]
    return household, role


def _head(household: Ints) -> Ints:
    """Number of the first person of each person's household."""
    first = np.flatnonzero(np.r_[True, household[1:] != household[:-1]])
    return first[household]


def _kinds(
    household: Ints, role: Ints, rng: np.random.Generator
) -> tuple[Ints, Bools, npt.NDArray[np.datetime64], Ints]:
    """Archetype, sex, birthday, and the number of the twin before (or -1) of each person."""
    size, head = len(household), _head(household)
    weight = np.array([a.weight for a in ARCHETYPES])
    archetype = rng.choice(len(ARCHETYPES), size, p=weight / weight.sum())
    low, high = np.array([a.ages for a in ARCHETYPES]).T
    age = low[archetype] + (high - low)[archetype] * rng.beta(1.6, 1.8, size)
    female = rng.random(size) < np.array([a.women for a in ARCHETYPES])[archetype]
    spouse, child, parent = role == SPOUSE, role == CHILD, role == PARENT
    age[spouse] = age[head[spouse]] + rng.normal(0, 2.5, int(spouse.sum()))
    female[spouse] = ~female[head[spouse]]
    age[child] = age[head[child]] - rng.normal(27, 3.5, int(child.sum()))
    age[parent] = age[head[parent]] + rng.normal(27, 3.5, int(parent.sum()))
    age = np.where(age < 16, 16 + rng.random(size) * 8, np.minimum(age, 88))
    _suit(archetype, age, rng, spouse | child | parent)
    birth = TODAY - np.asarray(age * 365.2425).astype("timedelta64[D]")
    twin = np.full(size, -1)
    pair = np.flatnonzero((role[1:] == CHILD) & (role[:-1] == CHILD) & (household[1:] == household[:-1])) + 1
    pair = pair[rng.random(len(pair)) < 0.15]
    birth[pair] = birth[pair - 1]
    twin[pair] = pair - 1
    return archetype, female, birth, twin


def _suit(archetype: Ints, age: npt.NDArray[np.float64], rng: np.random.Generator, who: Bools) -> None:
    """Give the relatives among `who` a kind that fits their age."""
    names_of = [a.name for a in ARCHETYPES]
    old = np.flatnonzero(who & (age >= 55))
    young = np.flatnonzero(who & (age < 28))
    archetype[old] = rng.choice(
        [names_of.index("loyal_senior"), names_of.index("quiet_practical")], len(old), p=[0.85, 0.15]
    )
    archetype[young] = rng.choice(
        [names_of.index("trend_follower"), names_of.index("deal_hunter")], len(young), p=[0.75, 0.25]
    )


def _surnames(household: Ints, role: Ints, rng: np.random.Generator) -> Ints:
    """Children bear the surname of one parent, mostly the head's; spouses keep theirs, as is the custom."""
    known, size, head = names(), len(household), _head(household)
    code = rng.choice(len(known.surnames), size, p=known.surname_weight)
    alike = ((role == CHILD) & (rng.random(size) < 0.72)) | ((role == PARENT) & (rng.random(size) < 0.5))
    return np.where(alike, code[head], code)


def _given(female: Bools, birth: npt.NDArray[np.datetime64], twin: Ints, rng: np.random.Generator) -> pa.Array:
    """Given names: one character (commoner among the older), two characters, or one of the names everybody knows."""
    known, size = names(), len(female)
    year = birth.astype("datetime64[Y]").astype(int) + 1970
    single = rng.random(size) < np.interp(year, [1945, 1965, 1985, 2000, 2010], [0.1, 0.28, 0.26, 0.13, 0.08])
    common = rng.random(size) < 0.10
    result = np.empty(size, dtype=object)
    for sex in (False, True):
        own = np.flatnonzero(female == sex)
        a = np.array(known.first[sex], dtype=object)[_by_age(len(known.first[sex]), year[own], rng)]
        b = np.array(known.second[sex], dtype=object)[_by_age(len(known.second[sex]), year[own], rng)]
        whole = np.array(known.common[sex], dtype=object)[
            rng.choice(len(known.common[sex]), len(own), p=zipf(len(known.common[sex]), 0.6))
        ]
        result[own] = np.where(common[own], whole, np.where(single[own], b, a + b))
    _alike_twins(result, twin)
    return pa.array(result, pa.string())


def _by_age(count: int, year: Ints, rng: np.random.Generator) -> Ints:
    """Ranks drawn by Zipf; each ten birth years turn the list on a little, so that generations favour other names."""
    rank = rng.choice(count, len(year), p=zipf(count, 0.75, 4.0))
    turn = ((year - 1940) // 10) * 5
    return (rank + np.where(rank < count // 2, turn, 0)) % count


def _alike_twins(given: npt.NDArray[np.object_], twin: Ints) -> None:
    """Twins share their first character, as brothers and sisters often do."""
    for person in np.flatnonzero(twin >= 0):
        other = given[twin[person]]
        if len(other) == 2 and len(given[person]) == 2 and other[0] + given[person][1] != other:
            given[person] = other[0] + given[person][1]


def _dwell(household: Ints, role: Ints, city: Ints, rng: np.random.Generator) -> tuple[Homes, Ints, Ints, Bools]:
    """Homes of households, further homes of those who moved or live elsewhere, and who has which."""
    size, families, known = len(household), int(household[-1]) + 1, places()
    moved = rng.random(size) < 0.12
    away = (role >= CHILD) & (rng.random(size) < 0.35)
    total = families + size
    own_city = np.r_[city[np.searchsorted(household, np.arange(families))], city]
    district = known.first[own_city] + (rng.random(total) ** 1.3 * known.count[own_city]).astype(np.int64)
    homes = Homes(
        district,
        rng.choice(len(ROADS), total, p=zipf(len(ROADS), 0.7)),
        rng.integers(1, 900, total),
        rng.integers(0, len(ESTATES_A) * len(ESTATES_B), total),
        rng.integers(1, 31, total),
        rng.integers(1, 5, total),
        rng.integers(1, 34, total) * 100 + rng.integers(1, 5, total),
    )
    other = families + np.arange(size)
    return homes, np.where(away, other, household), np.where(moved, other, np.where(away, household, household)), moved


def _numbers(
    household: Ints, role: Ints, start: int, rng: np.random.Generator
) -> tuple[Ints, Ints, npt.NDArray[np.datetime64], Ints, Ints]:
    """Phones: all different at first, then relatives who share one and strangers who get a number that was given up."""
    size, head = len(household), _head(household)
    own = phone_numbers(start, 0, 2 * size)
    phone, old_phone = own[:size].copy(), own[size:].copy()
    changed = np.full(size, np.datetime64("NaT"), dtype="datetime64[D]")
    who = rng.random(size) < 0.2
    changed[who] = np.datetime64("2020-01-01") + rng.integers(0, 2000, int(who.sum())).astype("timedelta64[D]")
    owner = np.arange(size)
    relative = np.flatnonzero(role != SELF)
    sharing = rng.permutation(relative)[: int(size * 0.04)]
    owner[sharing] = head[sharing]
    phone[sharing] = phone[head[sharing]]
    recycled = np.full(size, -1)
    given_up = rng.permutation(np.flatnonzero(who & (owner == np.arange(size))))
    takers = rng.permutation(np.setdiff1d(np.flatnonzero(owner == np.arange(size)), np.r_[given_up, head[sharing]]))
    count = min(int(size * 0.01), len(given_up), len(takers))
    phone[takers[:count]] = old_phone[given_up[:count]]
    recycled[takers[:count]] = given_up[:count]
    return phone, old_phone, changed, owner, recycled


def phone_numbers(start: int, skip: int, count: int) -> Ints:
    """Return the `count` mobile numbers after the first `skip` of a walk from `start` that visits every number once."""
    space = len(PREFIXES) * 10**8
    step = 1_103_515_243  # shares no factor with the space
    at = (start + (skip + np.arange(count, dtype=np.int64)) * step) % space
    return PREFIXES[at // 10**8] * 10**8 + at % 10**8
