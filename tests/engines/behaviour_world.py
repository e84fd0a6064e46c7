"""Random rows of two sources, random behaviours and sequences over them, and what they mean, said again in plain Python."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.plan.behaviour import SourceRows
from huaxiang.plan.conditions import Behaviour, Sequence, Step, Window

Row = dict[str, Any]
AS_OF = date(2024, 6, 30)
CUSTOMERS = tuple(f"C{n:02}" for n in range(12))
TABLES = {
    "orders": SourceRows("source_orders", {"customer_id": "VARCHAR", "at": "TIMESTAMP", "amount": "DECIMAL(18,4)", "rate": "DOUBLE",
                                           "pieces": "BIGINT", "channel": "VARCHAR", "paid": "BOOLEAN"}, "at"),
    "views": SourceRows("source_views", {"customer_id": "VARCHAR", "seen": "TIMESTAMP", "page": "VARCHAR"}, "seen"),
    "cards": SourceRows("source_cards", {"customer_id": "VARCHAR", "points": "BIGINT"}),
}  # fmt: skip
_ARROW = {
    "VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us"), "DECIMAL(18,4)": pa.decimal128(18, 4), "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(), "BOOLEAN": pa.bool_(),
}  # fmt: skip
WHERES: dict[str, dict[str | None, Callable[[Row], bool]]] = {
    "orders": {
        None: lambda r: True,
        "amount > 5": lambda r: r["amount"] is not None and r["amount"] > 5,
        "channel = 'a' AND paid": lambda r: r["channel"] == "a" and r["paid"] is True,
        "NOT channel = 'a'": lambda r: r["channel"] is not None and r["channel"] != "a",
    },
    "views": {None: lambda r: True, "page = 'x'": lambda r: r["page"] == "x"},
    "cards": {None: lambda r: True, "points > 2": lambda r: r["points"] is not None and r["points"] > 2},
}
_OPS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


@dataclass
class World:
    """Rows by source, each with its customer (who may be unknown, as may the time)."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def write(self, folder: Path) -> dict[str, Path]:
        """Write each source as Parquet; return logical table → file."""
        files = {}
        for name, table in TABLES.items():
            schema = pa.schema([(f, _ARROW[t]) for f, t in table.types.items()])
            files[table.table] = folder / f"{name}.parquet"
            pq.write_table(pa.Table.from_pylist(self.rows[name], schema), files[table.table])
        files["customers"] = folder / "customers.parquet"
        pq.write_table(pa.table({"customer_id": CUSTOMERS}), files["customers"])
        return files


def _maybe(rng: random.Random, value: Any, missing: float = 0.1) -> Any:
    return None if rng.random() < missing else value


def _moment(rng: random.Random) -> datetime:
    """Few enough different moments for ties; some lie after the as-of day."""
    return datetime(2024, 6, 1) + timedelta(hours=12 * rng.randrange(0, 70))


def make_world(rng: random.Random, size: int = 60) -> World:
    """A world of about `size` rows a source."""
    who = (*CUSTOMERS[:9], None)
    orders = [
        {"customer_id": rng.choice(who), "at": _maybe(rng, _moment(rng), 0.05), "amount": _maybe(rng, Decimal(rng.randrange(-20, 200)) / 10),
         "rate": _maybe(rng, rng.choice([0.1, 0.2, 0.3, -1.5, 1e6])), "pieces": _maybe(rng, rng.randrange(0, 5)),
         "channel": _maybe(rng, rng.choice("abc")), "paid": _maybe(rng, rng.random() < 0.6)}
        for _ in range(size)
    ]  # fmt: skip
    views = [
        {
            "customer_id": rng.choice(who),
            "seen": _maybe(rng, _moment(rng), 0.05),
            "page": _maybe(rng, rng.choice("xyz")),
        }
        for _ in range(size)
    ]
    cards = [{"customer_id": rng.choice(who), "points": _maybe(rng, rng.randrange(0, 6))} for _ in range(size // 4)]
    return World({"orders": orders, "views": views, "cards": cards})


def make_window(rng: random.Random) -> Window:
    """Ever, the last days, or days from, to, both."""
    days = sorted((date(2024, 6, 1) + timedelta(days=rng.randrange(-5, 40))).isoformat() for _ in range(2))
    return rng.choice(
        [
            Window(),
            Window(rng.randrange(1, 30)),
            Window(None, days[0]),
            Window(None, None, days[1]),
            Window(None, *days),
        ]
    )


def make_step(rng: random.Random, sources: tuple[str, ...] = ("orders", "views")) -> Step:
    """Rows of a source, all or some."""
    source = rng.choice(sources)
    return Step(source, rng.choice(list(WHERES[source])))


def make_behaviour(rng: random.Random) -> Behaviour:
    """A measure of orders, views or cards, compared."""
    op: Any = rng.choice(list(_OPS))
    function: Any = rng.choice(["count", "days", "distinct", "sum", "mean", "min", "max", "first", "last"])
    if function in ("count", "days"):
        return Behaviour(make_step(rng), function, op, rng.randrange(0, 5), None, make_window(rng))
    if rng.random() < 0.15:
        plain: Any = rng.choice(["sum", "mean", "min", "max", "distinct"])
        return Behaviour(make_step(rng, ("cards",)), plain, op, rng.randrange(0, 5), "points")
    step, window = make_step(rng, ("orders",)), make_window(rng)
    if function == "distinct":
        return Behaviour(step, function, op, rng.randrange(0, 4), rng.choice(["channel", "amount", "paid"]), window)
    if function in ("first", "last") and rng.random() < 0.5:
        return Behaviour(step, function, op, rng.choice("abc"), "channel", window)
    of, values = rng.choice([("amount", [0, 5.5, 10, -1]), ("rate", [0.1, 0.3, 0, 0.6]), ("pieces", [0, 1, 3, 2.5])])
    return Behaviour(step, function, op, rng.choice(values), of, window)


def make_sequence(rng: random.Random) -> Sequence:
    """Two to four steps."""
    steps = tuple(make_step(rng) for _ in range(rng.choice([2, 2, 3, 4])))
    without = make_step(rng) if rng.random() < 0.5 else None
    return Sequence(steps, rng.choice([None, 1, 3, 10]), without, make_window(rng))


# What they mean


def _counting(world: World, step: Step, window: Window, customer: str) -> list[Row]:
    time_field = TABLES[step.source].time
    end = datetime(2024, 7, 1)
    begin = datetime(1, 1, 1)
    if window.days is not None:
        begin = end - timedelta(days=window.days)
    if window.since is not None:
        begin = datetime.fromisoformat(window.since)
    if window.until is not None:
        end = min(end, datetime.fromisoformat(window.until) + timedelta(days=1))
    rows = [r for r in world.rows[step.source] if r["customer_id"] == customer and WHERES[step.source][step.where](r)]
    if time_field is None:
        return rows
    return [dict(r, _t=r[time_field]) for r in rows if r[time_field] is not None and begin <= r[time_field] < end]


def _exact(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def meaning(world: World, part: Behaviour | Sequence, customer: str) -> bool | None:
    """Whether the customer meets the part; None: unknown."""
    if isinstance(part, Sequence):
        return _did_sequence(world, part, customer)
    rows = _counting(world, part.step, part.window, customer)
    known = [r for r in rows if part.field is None or r[part.field] is not None]
    values = [_exact(r[part.field]) for r in known] if part.field is not None else []
    measured: Any
    match part.function:
        case "count":
            measured = len(rows)
        case "days":
            measured = len({r["_t"].date() for r in rows})
        case "distinct":
            measured = len(set(values))
        case "sum":
            measured = sum(values)
        case _ if not values:
            return None
        case "mean":
            measured = float(sum(values)) / len(values)
        case "min" | "max":
            measured = min(values) if part.function == "min" else max(values)
        case _:
            moments = [r["_t"] for r in known]
            at = min(moments) if part.function == "first" else max(moments)
            measured = min(v for v, r in zip(values, known, strict=True) if r["_t"] == at)
    value = float(part.value) if part.function == "mean" else _exact(part.value)
    return _OPS[part.op](measured, value)


def _did_sequence(world: World, part: Sequence, customer: str) -> bool:
    """Every choice of rows is tried."""
    moments = [sorted({r["_t"] for r in _counting(world, s, part.window, customer)}) for s in part.steps]
    forbidden = [] if part.without is None else [r["_t"] for r in _counting(world, part.without, part.window, customer)]

    def go(first: datetime, last: datetime, number: int) -> bool:
        if part.within is not None and last > first + timedelta(days=part.within):
            return False
        if number == len(moments):
            return not any(first < w < last for w in forbidden)
        return any(go(first, t, number + 1) for t in moments[number] if t > last)

    return any(go(t, t, 1) for t in moments[0])
