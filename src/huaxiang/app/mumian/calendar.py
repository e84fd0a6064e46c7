"""When people buy: two years of days weighted by season, festivals of trade, weekend, and growth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from huaxiang.app.mumian.archetypes import ARCHETYPES
from huaxiang.app.mumian.population import TODAY, Ints

FIRST = np.datetime64("2024-11-01", "D")
DAYS = int((TODAY - FIRST).astype(int)) + 1
_NEW_YEARS = tuple(np.datetime64(d, "D") for d in ("2025-01-29", "2026-02-17"))


def day_weights() -> npt.NDArray[np.float64]:
    """Weights [archetypes, days]: how much each kind buys on each day of the two years, without level."""
    days = FIRST + np.arange(DAYS)
    month = days.astype("datetime64[M]").astype(int) % 12 + 1
    day = (days - days.astype("datetime64[M]")).astype(int) + 1
    weekend = (days.astype(int) + 3) % 7 >= 5
    growth = 1 + 0.35 * np.arange(DAYS) / DAYS
    season = 1 + 0.12 * np.cos((month - 11) / 12 * 2 * np.pi)
    festival = np.zeros(DAYS)
    festival += np.where((month == 6) & (day <= 20), 1.2, 0) + np.where((month == 6) & (day == 18), 5.0, 0)
    festival += np.where((month == 11) & (day <= 11), 1.0, 0) + np.where((month == 11) & (day == 11), 7.0, 0)
    festival += np.where((month == 12) & (day == 12), 1.8, 0) + np.where((month == 3) & (day == 8), 1.4, 0)
    quiet = np.ones(DAYS)
    for new_year in _NEW_YEARS:
        before = (new_year - days).astype(int)
        festival += np.where((before > 2) & (before <= 20), 0.9, 0)
        quiet *= np.where((before <= 2) & (before > -6), 0.3, 1.0)
    rows = []
    for kind in ARCHETYPES:
        of_week = np.where(weekend, kind.weekend / 2, (1 - kind.weekend) / 5) * 7
        rows.append(growth * season * quiet * of_week * (1 + kind.festival * festival))
    return np.array(rows)


def draw_days(kind: Ints, start: Ints, end: Ints, rng: np.random.Generator) -> Ints:
    """Days (numbers from FIRST) for events of the given kinds of people between `start` and `end` of each; end excluded."""
    total = np.cumsum(np.c_[np.zeros(len(ARCHETYPES)), day_weights()], axis=1)
    low, high = total[kind, np.clip(start, 0, DAYS - 1)], total[kind, np.clip(end, 1, DAYS)]
    at = low + rng.random(len(kind)) * np.maximum(high - low, 0)
    days = np.empty(len(kind), dtype=np.int64)
    for number in range(len(ARCHETYPES)):
        own = kind == number
        days[own] = np.searchsorted(total[number], at[own], side="right") - 1
    return np.clip(days, 0, DAYS - 1)


def share_active(kind: Ints, start: Ints, end: Ints) -> npt.NDArray[np.float64]:
    """Which share of two years' buying falls between `start` and `end` of each person."""
    total = np.cumsum(np.c_[np.zeros(len(ARCHETYPES)), day_weights()], axis=1)
    total /= total[:, -1:]
    return np.asarray(np.maximum(total[kind, np.clip(end, 1, DAYS)] - total[kind, np.clip(start, 0, DAYS - 1)], 0))


def clock(kind: Ints, rng: np.random.Generator) -> Ints:
    """Seconds of the day, around the hours that are usual for each kind."""
    usual = np.zeros((len(ARCHETYPES), 6), dtype=np.int64)
    for number, archetype in enumerate(ARCHETYPES):
        usual[number] = np.resize(archetype.hours, 6)
    hour = usual[kind, rng.integers(0, 6, len(kind))]
    hour = np.where(rng.random(len(kind)) < 0.22, rng.integers(8, 24, len(kind)), hour)
    return hour * 3600 + rng.integers(0, 3600, len(kind))
