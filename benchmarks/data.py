"""Events for the benchmark: synthetic, seeded, written by chunks in the order in which logs arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CUSTOMERS = 1_000_000
DAYS = 730
AS_OF = datetime(2024, 12, 31)
END = datetime(2025, 1, 1)
CHUNK = 2_000_000
COLUMNS = (
    ("customer_id", "VARCHAR"), ("ordered_at", "TIMESTAMP"), ("category", "VARCHAR"), ("brand", "VARCHAR"), ("channel", "VARCHAR"),
    ("store", "VARCHAR"), ("amount", "DECIMAL(18,4)"), ("discount", "DECIMAL(18,4)"), ("coupon", "BOOLEAN"),
)  # fmt: skip
_KINDS = {"category": 200, "brand": 1000, "channel": 5, "store": 400}
_DAY_US = 86_400_000_000


def write_events(events: int, customers: int, path: Path) -> None:
    """Write `events` rows of `customers` customers: two years, skewed categories, brands, stores and activity."""
    draw = np.random.default_rng(20240101)
    names = {k: _names(k, n) for k, n in _KINDS.items()}
    activity = np.cumsum(draw.lognormal(0.0, 0.8, customers))
    activity /= activity[-1]
    favourites = draw.integers(0, _KINDS["category"], (customers, 2), dtype=np.int16)
    with pq.ParquetWriter(path, _schema(), compression="zstd", compression_level=1) as writer:
        for start, rows in _chunks(events):
            who = np.searchsorted(activity, draw.random(rows)).astype(np.int64)
            columns = _columns(draw, who, favourites, names)
            columns["ordered_at"] = _times(draw, start, rows, events)
            columns["customer_id"] = _customer_ids(who)
            writer.write_table(pa.table({f.name: columns[f.name] for f in _schema()}), row_group_size=250_000)


def _schema() -> pa.Schema:
    kinds = {
        "VARCHAR": pa.string(),
        "TIMESTAMP": pa.timestamp("us"),
        "DECIMAL(18,4)": pa.decimal128(18, 4),
        "BOOLEAN": pa.bool_(),
    }
    return pa.schema([(name, kinds[kind]) for name, kind in COLUMNS])


def _chunks(events: int) -> Iterator[tuple[int, int]]:
    for start in range(0, events, CHUNK):
        yield start, min(CHUNK, events - start)


def _names(kind: str, count: int) -> pa.Array:
    return pa.array([f"{kind}-{(i * 7919) % 10007:05d}" for i in range(count)])


def _columns(
    draw: np.random.Generator, who: np.ndarray, favourites: np.ndarray, names: dict[str, pa.Array]
) -> dict[str, pa.Array]:
    rows = len(who)
    codes = {k: _skewed(draw, n, rows) for k, n in _KINDS.items()}
    loyal = draw.random(rows)
    codes["category"] = np.where(
        loyal < 0.3, favourites[who, 0], np.where(loyal < 0.45, favourites[who, 1], codes["category"])
    )
    columns = {k: names[k].take(pa.array(c)) for k, c in codes.items()}
    cents = np.minimum(draw.lognormal(8.0, 1.0, rows), 10_000_000).astype(np.int64) * 100
    columns["amount"] = _money(cents)
    columns["discount"] = _money(np.where(draw.random(rows) < 0.3, cents // 1000 * 100, 0))
    columns["coupon"] = pa.array(draw.random(rows) < 0.2)
    return columns


def _skewed(draw: np.random.Generator, count: int, rows: int) -> np.ndarray:
    weights = 1.0 / np.arange(1, count + 1) ** 0.9
    edges = np.cumsum(weights) / weights.sum()
    return np.searchsorted(edges, draw.random(rows)).clip(0, count - 1)


def _money(units: np.ndarray) -> pa.Array:
    """Integers of 1/10000 as DECIMAL(18,4), without a rounding step."""
    pairs = np.zeros((len(units), 2), dtype=np.int64)
    pairs[:, 0], pairs[:, 1] = units, units >> 63
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(units), [None, pa.py_buffer(pairs.tobytes())])


def _times(draw: np.random.Generator, start: int, rows: int, events: int) -> pa.Array:
    """Timestamps in ascending order, more of them in the evening."""
    day = (np.arange(start, start + rows) * DAYS) // events
    hour = np.searchsorted(np.cumsum(_HOURS) / sum(_HOURS), draw.random(rows))
    within = hour * 3_600_000_000 + draw.integers(0, 3_600_000_000, rows)
    begin = int(np.datetime64(END, "us").astype(np.int64)) - DAYS * _DAY_US
    return pa.array(np.sort(begin + day * _DAY_US + within), pa.timestamp("us"))


_HOURS = (2, 1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 10, 11, 10, 9, 9, 9, 10, 12, 15, 17, 16, 11, 5)


def _customer_ids(who: np.ndarray) -> pa.Array:
    numbers = pa.array((who * 2_654_435_761) % 1_000_000_007)
    return pc.binary_join_element_wise("C", pc.utf8_lpad(pc.cast(numbers, pa.string()), 10, "0"), "")
