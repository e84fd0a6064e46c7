"""Phones, computers and things of people, and who had them when: bought second-hand, shared at home, or one's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian.calendar import DAYS, FIRST, clock, draw_days
from huaxiang.app.mumian.departments import Company
from huaxiang.app.mumian.population import Bools, Ints
from huaxiang.app.mumian.sales import active_days, first_records, of_kind
from huaxiang.app.mumian.truth import person_ids
from huaxiang.app.mumian.written import coded


@dataclass(frozen=True)
class Visits:
    """Visits by time: who, on which device (number), when, and whether signed in; `login` is the row of the shop account, or -1."""

    person: Ints
    device: Ints
    at: npt.NDArray[np.datetime64]
    signed_in: Bools
    login: Ints
    device_id: pa.Array


def make_visits(company: Company, purpose: str, rate: npt.NDArray[np.float64], days: int) -> Visits:
    """Draw visits of the last `days` days at `rate` a person, and their devices.

    2 in 100 devices are handed on to a stranger half-way, 3 in 100 are used by two people of a household; both as in life.
    """
    rng = company.rng(purpose)
    people = company.people
    login = first_records(company, (d.SHOP, d.SHOP_AGAIN))
    start, end = active_days(company)
    low = np.maximum(start, DAYS - days)
    known = (login >= 0) & (end > low)
    count = rng.poisson(rate * company.traits.activity * known * (end - low) / days)
    person = np.repeat(np.arange(people.size), count)
    kind = people.archetype[person]
    day = draw_days(kind, low[person], end[person], rng)
    second = clock(kind, rng)
    order = np.lexsort((person, second, day))
    person, day, second = person[order], day[order], second[order]
    at = (FIRST + day).astype("datetime64[s]") + second.astype("timedelta64[s]")
    second_device = (rng.random(people.size) < 0.12)[person] & (rng.random(len(person)) < 0.3)
    device = person * 2 + second_device
    device = _shared(company, person, device, rng)
    device = _handed_on(person, device, day, days, rng)
    signed_in = rng.random(len(person)) < 0.72
    return Visits(person, device, at, signed_in, login[person], _device_ids(purpose, people.size * 2, rng))


def _shared(company: Company, person: Ints, device: Ints, rng: np.random.Generator) -> Ints:
    """Some spouses and children use the second device of the head of their household."""
    people = company.people
    first = np.flatnonzero(np.r_[True, people.household[1:] != people.household[:-1]])
    head = first[people.household]
    shares = (rng.random(people.size) < 0.06) & (head != np.arange(people.size))
    both = shares[person] & (rng.random(len(person)) < 0.5)
    return np.where(both, head[person] * 2 + 1, device)


def _handed_on(person: Ints, device: Ints, day: Ints, days: int, rng: np.random.Generator) -> Ints:
    """Some people's first device is the one that a stranger used until some day: from then on it is theirs."""
    everybody = np.unique(person)
    pairs = rng.permutation(everybody)[: len(everybody) // 25 * 2].reshape(2, -1)
    after = np.full(int(person.max(initial=0)) + 1, -1)
    giver = after.copy()
    when = DAYS - rng.integers(days // 5, days * 4 // 5, pairs.shape[1])
    giver[pairs[1]], after[pairs[1]] = pairs[0], when
    device = np.where((giver[person] >= 0) & (day >= after[person]), giver[person] * 2, device)
    leaves = np.full(len(after), DAYS + 1)
    leaves[pairs[0]] = when
    return np.where((day >= leaves[person]) & (device == person * 2), person * 2 + 1, device)


def _device_ids(purpose: str, count: int, rng: np.random.Generator) -> pa.Array:
    head = coded("", rng.integers(10**8, 10**9, count), 9)
    return pa.array([f"{purpose[:2]}-{h}-{n:07x}" for n, h in enumerate(head.to_pylist())])


def device_spans(visits: Visits, source: str, field: str) -> pa.Table:
    """Rows of `devices.csv`: source, field, value, person_id, since, until: who had a device, from first to last visit of a stretch."""
    at = visits.at.astype("datetime64[s]")
    order = np.lexsort((at, visits.device))
    device, person, when = visits.device[order], visits.person[order], at[order]
    new = np.r_[True, (device[1:] != device[:-1]) | (person[1:] != person[:-1])]
    first = np.flatnonzero(new)
    last = np.r_[first[1:] - 1, len(device) - 1].astype(np.int64)
    count = len(first)
    return pa.table(
        {
            "source": pa.array([source] * count),
            "field": pa.array([field] * count),
            "value": visits.device_id.take(pa.array(device[first])),
            "person_id": person_ids(person[first]),
            "since": pa.array(when[first].astype(str)),
            "until": pa.array(when[last].astype(str)),
        }
    )


def rates(company: Company, *fields: str, level: float) -> npt.NDArray[np.float64]:
    """Mean visits of each person: `level` times the product of archetype figures."""
    found = np.full(company.people.size, level)
    for field in fields:
        found *= of_kind(field)[company.people.archetype]
    return found
