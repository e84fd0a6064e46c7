"""The events that analyses count: rows of dated sources, read once and narrowed to an audience."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.conditions import sources_in
from huaxiang.app.wiring import find_project, member_reader, snapshot_store
from huaxiang.errors import Said, UsageError
from huaxiang.plan.behaviour import SourceRows
from huaxiang.plan.condition_types import SourceFields, check_where, measure_type, need_time, source_of
from huaxiang.plan.conditions import ZERO_WITHOUT_ROWS, Behaviour, Step, Window
from huaxiang.plan.expr import located, parse_expression
from huaxiang.plan.journeys import MOMENT, EventStep, plan_events
from huaxiang.plan.types import is_numeric
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray
    from sqlglot import exp

    from huaxiang.app.audience_index import OpenIndex
    from huaxiang.engines.members import MemberReader
    from huaxiang.index import Bits
    from huaxiang.learn.journeys import Events
    from huaxiang.plan.conditions import MeasureFunction

_OPEN = 2
BEFORE = date(1970, 1, 1)


@dataclass(frozen=True)
class EventAsked:
    """Rows of a dated source; `where`: a condition over its fields as SQL text; `by`: the field that tells its events apart."""

    source: str
    where: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class Asked:
    """An open snapshot and the customers that an analysis is about."""

    snapshot: Snapshot
    index: OpenIndex
    sources: Mapping[str, SourceFields]
    audience: str | None
    members: Bits
    as_of: date

    def head(self) -> dict[str, Any]:
        """`snapshot`, `as_of`, `audience` and `customers`, with which every answer begins."""
        return {
            "snapshot": self.snapshot.id, "as_of": self.snapshot.manifest["as_of"], "audience": self.audience,
            "customers": self.members.count(),
        }  # fmt: skip

    def title(self, source: str) -> Any:
        """The title of a source."""
        return next((s.get("title") for s in self.snapshot.manifest.get("sources", ()) if s["name"] == source), None)

    def told(self, event: EventAsked) -> dict[str, Any]:
        """What an answer says of an event that it was asked about."""
        return {"source": event.source, "title": self.title(event.source), "where": event.where}


def ask(snapshot: Snapshot, audience: str | None) -> Asked:
    """Open a snapshot for an analysis of an audience (name or condition), of everyone for None. Raises as `OpenIndex.select`."""
    from huaxiang.app.audience_index import open_index

    index = open_index(snapshot)
    text = audience.strip() if audience else ""
    members = index.select(text) if text else index.index.all
    as_of = date.fromisoformat(str(snapshot.manifest["as_of"])[:10])
    return Asked(snapshot, index, sources_in(snapshot.manifest), text or None, members, as_of)


def step_of(event: EventAsked, sources: Mapping[str, SourceFields], hidden: Mapping[str, frozenset[str]]) -> EventStep:
    """Check an event. `hidden`: fields of each source whose values are not shown. Raises ExpressionError, UsageError."""
    fields = source_of(event.source, sources)
    need_time(event.source, fields, Said("an analysis over time", "随时间的分析"))
    where = (event.where or "").strip() or None
    if where is not None:
        with located(where):
            check_where(parse_expression(where), event.source, fields)
    if event.by is not None and (event.by not in fields.types or event.by in hidden.get(event.source, ())):
        choices = [f for f in fields.types if f not in hidden.get(event.source, ()) and f != "customer_id"]
        raise UsageError.unknown("field", event.by, choices)
    return EventStep(Step(event.source, where), event.by)


def read_events(
    asked: Asked, events: Sequence[EventAsked], since: date | None = None
) -> tuple[Events, pa.ChunkedArray]:
    """The rows that the events are met by, of the members of the audience; their numbers are those of `events`, and beside them the
    values of the fields `by`; by customer, then by moment. Raises ExpressionError, UsageError.
    """
    import numpy as np

    from huaxiang.learn.journeys import Events

    hidden = hidden_fields(asked.snapshot) if any(e.by for e in events) else {}
    steps = [step_of(event, asked.sources, hidden) for event in events]
    rows = {n: SourceRows(f"source_{n}", s.types, s.time) for n, s in asked.sources.items()}
    found = reader_of(asked.snapshot).rows(plan_events(steps, rows, asked.as_of, since), ("number", MOMENT))
    customers, moments, kinds = (whole_numbers(found.column(i)) for i in range(3))
    values = found.column(3)
    if asked.members.count() < asked.index.size:
        kept = asked.members.mask()[customers]
        customers, moments, kinds = customers[kept], moments[kept], kinds[kept]
        values = values.filter(_arrow(kept))
    return Events(customers, moments, kinds.astype(np.int64)), values


def measured_rows(asked: Asked, events: Sequence[EventAsked], figures: Callable[[exp.Query], exp.Query]) -> pa.Table:
    """What a query tells over all rows that the events are met by, of all customers. `figures` takes the query of the rows."""
    steps = [step_of(event, asked.sources, {}) for event in events]
    rows = {n: SourceRows(f"source_{n}", s.types, s.time) for n, s in asked.sources.items()}
    return reader_of(asked.snapshot).rows(figures(plan_events(steps, rows, asked.as_of)))


def read_measure(
    asked: Asked, event: EventAsked, function: MeasureFunction, field: str | None, days: int | None
) -> NDArray[np.float64]:
    """What each customer did, measured as a number; NaN where there is none. Raises ExpressionError, UsageError."""
    import numpy as np

    from huaxiang.engines.behaviour_sql import behaviour_values

    step = step_of(event, asked.sources, {}).step
    types = asked.sources[event.source].types
    counted = function in ("count", "days")
    if not counted and field not in types:
        raise UsageError.unknown("field", field or "", [f for f in types if f != "customer_id"])
    kind = measure_type(function, None if counted else types[field or ""])
    if not is_numeric(kind):
        raise UsageError(
            f'{function} of "{field}" is no number; choose count, days, distinct, or a field with numbers',
            f"“{field}”的 {function} 不是数值；请选择次数、天数、去重数，或数值字段",
        )
    if counted:
        from huaxiang.app.analysis.streams import tallied

        told = tallied(asked, event, days, by_day=function == "days")
        if told is not None:
            return told
    part = Behaviour(step, function, field=None if counted else field, window=Window(days=days))
    rows = SourceRows(f"source_{event.source}", types, asked.sources[event.source].time)
    found = reader_of(asked.snapshot).rows(behaviour_values(part, rows, asked.as_of))
    values = np.full(asked.index.size, 0.0 if function in ZERO_WITHOUT_ROWS else np.nan)
    measured = found.column(1).cast("float64").to_numpy()
    values[whole_numbers(found.column(0))] = measured
    return values


def hidden_fields(snapshot: Snapshot) -> dict[str, frozenset[str]]:
    """Fields of each source that point at people, or hold free texts: their values are told to nobody."""
    from huaxiang.app.sandbox import permitted

    shown = permitted(snapshot.manifest).tables
    return {
        name: frozenset(fields.types) - frozenset(shown.get(name, ()))
        for name, fields in sources_in(snapshot.manifest).items()
    }


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - BEFORE).days


def day_of(number: int) -> str:
    """The day so many days after 1970-01-01, YYYY-MM-DD."""
    return (BEFORE + timedelta(days=number)).isoformat()


def day_asked(text: str | None, what: str) -> date | None:
    """Read a day. Raises UsageError."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(
            f'{what}: "{text}" is no date; write YYYY-MM-DD', f"{what}：“{text}”不是日期；请写成 2026-10-31 的样子"
        ) from None


def share(part: int, of: int) -> float | None:
    """A share to six digits; None of nobody."""
    return round(part / of, 6) if of else None


def within(value: int, least: int, most: int, what: tuple[str, str]) -> int:
    """The value. Raises UsageError outside `least` … `most`; `what`: its name in English and Chinese."""
    if not least <= value <= most:
        raise UsageError(
            f"{what[0]} must be from {least} to {most}, not {value}",
            f"{what[1]}应在 {least} 到 {most} 之间，当前为 {value}",
        )
    return value


def whole_numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A column of whole numbers, or of times as microseconds since 1970."""
    import numpy as np
    import pyarrow as pa

    from huaxiang.engines.buffers import numbers_in

    column = column.cast(pa.timestamp("us") if pa.types.is_timestamp(column.type) else pa.int64())
    parts = [numbers_in(chunk, np.int64) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _arrow(mask: NDArray[np.bool_]) -> pa.Array:
    import pyarrow as pa

    return pa.array(mask)


def reader_of(snapshot: Snapshot) -> MemberReader:
    """A reader apart from that of the index: an analysis that takes long does not hold up counts."""
    with _opening:
        found = _opened.get(snapshot.folder)
        if found is None:
            own = snapshot_store(find_project(snapshot.folder)).open(snapshot.id)  # held open with the reader
            found = own, member_reader({t["name"]: own.table(t["name"]) for t in own.manifest["tables"]})
            _opened[snapshot.folder] = found
            while len(_opened) > _OPEN:
                _opened.popitem(last=False)
        _opened.move_to_end(snapshot.folder)
        return found[1]


_opened: OrderedDict[Path, tuple[Snapshot, MemberReader]] = OrderedDict()
_opening = threading.Lock()
