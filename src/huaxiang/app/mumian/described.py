"""What each department knows of whom: which person has a record where, and by which values it can be found again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from huaxiang.app.mumian.population import TODAY, Bools, Ints, People

CRM, CRM_AGAIN, CRM_THIRD, SHOP, SHOP_AGAIN, FOLLOWER, SURVEY, CONTACT = range(8)
SOURCES = (
    "crm_members",
    "crm_members",
    "crm_members",
    "shop_customers",
    "shop_customers",
    "followers",
    "survey",
    "b2b_contacts",
)
SLOTS = len(SOURCES)
PHONE, ASSET, BIRTHDAY, ADDRESS, NOTHING = range(5)
"""How a record can be linked with the others of its person: by the phone; by another key; by name, birthday and city; by name
and address; by nothing.
"""
NO, OWN, OLD, THIRD, BROKEN = range(5)
"""Which phone a record shows: none, today's, the one given up, one that nobody else knows, or one that can't be dialled."""
EXACT, TYPO, LATIN, TITLED, NICK, RELATIVE, BLANK, FORMER, SHORT = range(9)
"""How a record writes the name."""
TRUE, UNKNOWN, LEGENDARY, FUTURE, SWAPPED = range(5)
"""How a record writes the birthday: right, not at all, 1900-01-01, in the future, or with a slip."""

_MODES = np.array([
    [0.931, 0.045, 0.011, 0.011, 0.002], [0.50, 0.30, 0.095, 0.095, 0.01], [0.55, 0.30, 0.07, 0.07, 0.01],
    [0.922, 0.058, 0.003, 0.014, 0.003], [0.10, 0.84, 0.01, 0.04, 0.01], [0.66, 0.334, 0.0, 0.0, 0.006],
    [0.79, 0.16, 0.04, 0.0, 0.01], [0.745, 0.12, 0.09, 0.02, 0.025],
])  # fmt: skip
_NAMES = np.array([
    [0.906, 0.040, 0.010, 0.012, 0.004, 0.0, 0.008, 0.0, 0.02], [0.85, 0.08, 0.02, 0.02, 0.01, 0.0, 0.0, 0.0, 0.02],
    [0.85, 0.08, 0.02, 0.02, 0.01, 0.0, 0.0, 0.0, 0.02], [0.859, 0.020, 0.010, 0.055, 0.018, 0.008, 0.02, 0.0, 0.01],
    [0.83, 0.02, 0.01, 0.06, 0.05, 0.01, 0.02, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0],
    [0.65, 0.015, 0.005, 0.02, 0.03, 0.0, 0.28, 0.0, 0.0], [0.92, 0.02, 0.01, 0.04, 0.01, 0.0, 0.0, 0.0, 0.0],
])  # fmt: skip
_BIRTH = np.array([
    [0.77, 0.18, 0.015, 0.005, 0.03], [0.70, 0.24, 0.02, 0.005, 0.035], [0.70, 0.24, 0.02, 0.005, 0.035], [0.25, 0.73, 0.01, 0.0, 0.01],
    [0.25, 0.73, 0.01, 0.0, 0.01], [0.0, 1.0, 0.0, 0.0, 0.0], [0.45, 0.53, 0.0, 0.0, 0.02], [0.30, 0.68, 0.0, 0.0, 0.02],
])  # fmt: skip
_HAS = (0.85, 0.10, 0.06, 0.71, 0.06, 0.50, 0.10, 0.045)
"""Chance of a record in each slot; a second one given the first."""


@dataclass
class Described:
    """Matrices [people, slots] of small codes; `has` says which records there are, the rest what each shows."""

    has: Bools
    mode: npt.NDArray[np.int8]
    phone: npt.NDArray[np.int8]
    name: npt.NDArray[np.int8]
    birth: npt.NDArray[np.int8]
    address: npt.NDArray[np.int8]  # 0 none, 1 home, 2 former home
    city: Bools
    gender: npt.NDArray[np.int8]  # 0 none, 1 right, 2 wrong
    email: Bools
    member: Bools
    union: Bools
    id_number: Bools
    day: npt.NDArray[np.int32]  # days since 1970 of the registration


def describe(people: People, rng: np.random.Generator) -> Described:
    """Draw who is known where and what each record shows."""
    has = _has(people, rng)
    mode = _modes(has, people, rng)
    size = (people.size, SLOTS)
    draw = rng.random(size, dtype=np.float32)
    phone = np.full(size, OWN, dtype=np.int8)
    phone[mode == ASSET] = np.where(draw[mode == ASSET] < 0.55, OLD, NO)
    lost = (mode == BIRTHDAY) | (mode == ADDRESS)
    phone[lost] = np.where(draw[lost] < 0.75, THIRD, NO)
    phone[mode == NOTHING] = THIRD
    described = Described(
        has, mode, phone, _pick(_NAMES, people.size, rng), _pick(_BIRTH, people.size, rng), _addresses(people, rng),
        rng.random(size, dtype=np.float32) < np.array([0.88, 0.88, 0.88, 0.75, 0.7, 0.38, 0.6, 0.8], dtype=np.float32),
        _pick(np.array([[0.14, 0.85, 0.01]] * 3 + [[0.4, 0.592, 0.008]] * 3 + [[0.1, 0.898, 0.002]] * 2), people.size, rng),
        np.zeros(size, dtype=bool), np.zeros(size, dtype=bool), np.zeros(size, dtype=bool), np.zeros(size, dtype=bool),
        _days(people, rng),
    )  # fmt: skip
    _bind_incidentally(described, rng)
    _bind_assets(described)
    _suit_modes(described, people, rng)
    _suit_family(described, people)
    return described


def _pick(chances: npt.NDArray[np.float64], people: int, rng: np.random.Generator) -> npt.NDArray[np.int8]:
    """One code for each person and slot, drawn with the slot's chances."""
    edges = np.cumsum(chances / chances.sum(axis=1, keepdims=True), axis=1)
    result = np.empty((people, SLOTS), dtype=np.int8)
    for slot in range(SLOTS):
        result[:, slot] = np.searchsorted(edges[slot][:-1], rng.random(people), side="right")
    return result


def _has(people: People, rng: np.random.Generator) -> Bools:
    has: Bools = rng.random((people.size, SLOTS), dtype=np.float32) < np.array(_HAS, dtype=np.float32)
    own = people.owner == np.arange(people.size)
    has[:, SHOP] &= own | (rng.random(people.size) < 0.3)  # a login needs a phone of one's own
    age = (TODAY - people.birth).astype(int) / 365.2425
    has[:, CONTACT] &= (age > 24) & (age < 62)
    has[:, CRM] |= ~has[:, [SHOP, FOLLOWER, SURVEY, CONTACT]].any(axis=1)
    has[:, CRM_AGAIN] &= has[:, CRM]
    has[:, CRM_THIRD] &= has[:, CRM_AGAIN]
    has[:, SHOP_AGAIN] &= has[:, SHOP]
    has[~own & has[:, FOLLOWER], CRM] = True
    return has


def _anchor(has: Bools, rng: np.random.Generator) -> Ints:
    """The record of each person that surely shows today's phone: mostly the first in CRM."""
    rank = np.where(has, np.array([0, 9, 10, 1, 11, 12, 13, 14]), 99).astype(np.float64)
    rank[:, SHOP] -= np.where(rng.random(len(has)) < 0.25, 2, 0)
    return np.asarray(np.argmin(rank, axis=1))


def _modes(has: Bools, people: People, rng: np.random.Generator) -> npt.NDArray[np.int8]:
    mode = _pick(_MODES, people.size, rng)
    mode[~has[:, CRM] & ~has[:, SHOP], FOLLOWER] = PHONE
    shared = people.owner != np.arange(people.size)
    for slot in (SHOP, SHOP_AGAIN, FOLLOWER):  # these name nobody: a relative's number would point to the relative
        mode[shared, slot] = ASSET
    mode[shared & ~has[:, CRM] & (mode[:, SURVEY] == PHONE), SURVEY] = PHONE
    mode[np.arange(people.size), _anchor(has, rng)] = PHONE
    return mode


def _addresses(people: People, rng: np.random.Generator) -> npt.NDArray[np.int8]:
    shown = rng.random((people.size, SLOTS)) < np.array([0.72, 0.62, 0.6, 0.93, 0.9, 0.0, 0.0, 0.0])
    former = people.moved[:, None] & (rng.random((people.size, SLOTS)) < 0.35)
    return np.where(shown, np.where(former, 2, 1), 0).astype(np.int8)


def _days(people: People, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """Registration days since 1970: growth over eight years, later records after earlier ones, recycled numbers after their release."""
    last = int(TODAY.astype(int))
    first = last - 2800 * rng.beta(1.0, 1.35, people.size)
    taken = people.recycled_from >= 0
    released = people.changed[people.recycled_from[taken]].astype(int) + 95
    first[taken] = np.maximum(first[taken], np.minimum(released, last - 40))
    step = rng.beta(0.8, 2.0, (people.size, SLOTS)) * (last - first)[:, None]
    step[:, CRM] *= 0.15
    return np.minimum(first[:, None] + step, last - 1).astype(np.int32)


def _bind_incidentally(d: Described, rng: np.random.Generator) -> None:
    """Values that records show besides the one that links them: only where the phone shows as well."""
    open_ = d.mode == PHONE
    draw = rng.random(d.has.shape, dtype=np.float32)
    d.email |= open_ & (draw < np.array([0.30, 0.2, 0.2, 0.22, 0.1, 0.0, 0.2, 0.1]))
    draw = rng.random(d.has.shape, dtype=np.float32)
    both = d.has[:, CRM] & (d.mode[:, CRM] == PHONE)
    d.member[:, SHOP] = open_[:, SHOP] & both & (draw[:, SHOP] < 0.4)
    d.member[:, SURVEY] = open_[:, SURVEY] & both & (draw[:, SURVEY] < 0.25)
    follows = d.has[:, FOLLOWER] & open_[:, FOLLOWER]
    d.union[:, CRM] = open_[:, CRM] & follows & (draw[:, CRM_AGAIN] < 0.25)
    d.union[:, SHOP] = open_[:, SHOP] & follows & (draw[:, CRM_THIRD] < 0.3)
    d.union[:, FOLLOWER] = True
    d.id_number[:, CRM] = open_[:, CRM] & (draw[:, CONTACT] < 0.10)
    d.id_number[:, CRM_AGAIN] = open_[:, CRM_AGAIN] & (draw[:, FOLLOWER] < 0.10)


def _bind_assets(d: Described) -> None:
    """A record that doesn't show the phone shows something that another record of the person shows as well."""
    has, asset = d.has, (d.mode == ASSET) & d.has
    for slot in (SHOP, SHOP_AGAIN):
        own = asset[:, slot]
        d.member[own & has[:, CRM], slot] = True
        d.union[own & ~has[:, CRM] & has[:, FOLLOWER], slot] = True
        rest = own & ~has[:, CRM] & ~has[:, FOLLOWER]
        d.email[rest, slot] = True
        d.email[rest[:, None] & has & (np.arange(SLOTS) >= SURVEY)] = True
        d.email[rest, SHOP] = True
    follow = asset[:, FOLLOWER]
    d.union[follow & has[:, SHOP], SHOP] = True
    d.union[follow & ~has[:, SHOP] & has[:, CRM], CRM] = True
    own = asset[:, CRM]
    d.member[own & has[:, SHOP], SHOP] = True
    d.union[own & ~has[:, SHOP] & has[:, FOLLOWER], CRM] = True
    d.email[own & ~has[:, SHOP] & ~has[:, FOLLOWER]] = True
    for slot in (CRM_AGAIN, CRM_THIRD):
        own = asset[:, slot]
        number = own & (np.arange(len(has)) % 3 == 0)
        d.id_number[number, slot] = d.id_number[number, CRM] = True
        d.email[own & ~number, slot] = d.email[own & ~number, CRM] = True
    own = asset[:, SURVEY]
    d.member[own & has[:, CRM], SURVEY] = True
    d.email[own & ~has[:, CRM], SURVEY] = d.email[own & ~has[:, CRM], SHOP] = True
    own = asset[:, CONTACT]
    d.email[own, CONTACT] = d.email[own, CRM] = d.email[own, SHOP] = True


def _suit_modes(d: Described, people: People, rng: np.random.Generator) -> None:
    """Records without a key show what their mode says links them; those without anything hide it."""
    draw = rng.random(d.has.shape, dtype=np.float32)
    written = np.select([draw < 0.80, draw < 0.94], [EXACT, TYPO], LATIN).astype(np.int8)
    written[:, [CRM_AGAIN, CRM_THIRD]] = np.where(draw[:, [CRM_AGAIN, CRM_THIRD]] < 0.75, EXACT, TYPO)
    by_day, by_home, hidden = d.mode == BIRTHDAY, d.mode == ADDRESS, d.mode == NOTHING
    d.name[by_day | by_home] = np.where(by_home & (written == LATIN), EXACT, written)[by_day | by_home]
    d.birth[by_day] = np.where(draw[by_day] < 0.7, TRUE, np.where(draw[by_day] < 0.93, TRUE, SWAPPED))
    d.city[by_day] = True
    d.address[by_day] = 0
    d.address[by_home] = 1
    d.name[hidden] = np.where(draw[hidden] < 0.5, TITLED, BLANK)
    d.birth[hidden], d.address[hidden] = UNKNOWN, 0
    for slots in (d.email, d.member, d.union, d.id_number):
        slots[by_day | by_home | hidden] = False
    d.union[:, FOLLOWER] = True
    # someone whose one home record is the former one can't be found by address: their other records show today's
    lost = by_home.any(axis=1)
    d.address[lost[:, None] & (d.address == 2)] = 1
    d.address[lost, CRM] = np.maximum(d.address[lost, CRM], 1)
    found = by_day.any(axis=1)
    for slot in (CRM, SHOP):
        d.birth[found & (d.mode[:, slot] == PHONE), slot] = TRUE
        d.city[found, slot] = True
        d.name[(found | lost) & (d.mode[:, slot] == PHONE), slot] = EXACT
    former = people.renamed[:, None] & (d.mode <= ASSET) & (d.name == EXACT) & (draw < 0.4)
    d.name[former] = FORMER


def _suit_family(d: Described, people: People) -> None:
    """Who uses a relative's number shows a name with it; a broken number stands only on people's single record."""
    shared = people.owner != np.arange(people.size)
    d.name[shared & (d.name[:, CRM] >= TITLED), CRM] = EXACT
    d.birth[shared & (d.birth[:, CRM] == UNKNOWN), CRM] = TRUE
    single = d.has.sum(axis=1) == 1
    some = single & (people.phone % 97 < 4)
    d.phone[some, CRM] = BROKEN
    d.phone[single & (people.phone % 97 == 5), CRM] = NO
