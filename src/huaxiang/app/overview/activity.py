"""Who was active, who is new, and how orders, revenue and customers went month by month: from the rows of dated sources."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.analysis.events import Asked, EventAsked, day_number, measured_rows, share, whole_numbers
from huaxiang.app.overview.figures import Desk
from huaxiang.app.report.book import Book, Tag
from huaxiang.app.wiring import find_project
from huaxiang.plan.journeys import plan_months, plan_orders, plan_spans
from huaxiang.store.atomic import write_atomic

if TYPE_CHECKING:
    from huaxiang.store.snapshots import Snapshot

CUSTOMERS_KEYS = ("total", "days", "active", "active_share", "new", "new_share", "undated", "sources")
TRENDS_KEYS = ("months", "orders_source", "revenue_field", "unit", "sources")
MONTH_KEYS = ("month", "partial", "active", "new", "orders", "buyers", "revenue")
ACTIVE = ("event", "order", "interaction", "text")
"""Entities whose rows are something that the customer did."""
DAYS = 30
MONTHS = 24
FOLDER = "overview"
FORM = 1
"""Of the kept file; another number leaves the old files unread."""
_REGISTERED = "registered_at"


@dataclass(frozen=True)
class _Question:
    """What is read: the sources whose rows are doings, that of orders with the field of their amounts, and when customers registered."""

    sources: tuple[str, ...]
    orders: str | None
    revenue: str | None
    registered: str | None
    unit: str | None


def told_activity(desk: Desk) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return CUSTOMERS_KEYS and TRENDS_KEYS.

    Active: something done in the 30 days up to and with the as-of day, by the rows of `sources`. New: first seen in these days, by the
    earliest of these rows and the day of registration; `undated`: customers of whom neither is known. Both None, and no trends, where
    no source dates what customers did.
    """
    asked = desk.asked
    question = _question(desk)
    total = asked.index.size
    customers: dict[str, Any] = {
        "total": total, "days": DAYS, "active": None, "active_share": None, "new": None, "new_share": None, "undated": None,
        "sources": list(question.sources),
    }  # fmt: skip
    if not question.sources:
        return customers, None
    found = _kept(asked.snapshot, question) or _computed(asked, question)
    for name in ("active", "new"):
        customers |= {name: found[name], f"{name}_share": share(found[name], total)}
    customers["undated"] = found["undated"]
    trends = {
        "months": found["months"], "orders_source": question.orders, "revenue_field": question.revenue, "unit": question.unit,
        "sources": list(question.sources),
    }  # fmt: skip
    return customers, trends


def _question(desk: Desk) -> _Question:
    manifest, sources = desk.asked.snapshot.manifest, desk.asked.sources
    dated = [s for s in manifest.get("sources", ()) if s["name"] in sources and sources[s["name"]].time]
    doing = tuple(s["name"] for s in dated if s.get("entity") in ACTIVE)
    tag = _amount(desk.book)
    behind = _source_field(tag) if tag is not None else None
    orders = next((s["name"] for s in dated if s.get("entity") == "order"), None)
    revenue = None
    if behind is not None and behind[0] in {s["name"] for s in dated} and sources[behind[0]].types.get(behind[1]):
        orders, revenue = behind
    registered = next((tag for tag in desk.book.having(_REGISTERED) if tag.value_type in ("date", "datetime")), None)
    return _Question(
        doing,
        orders,
        revenue,
        registered.name if registered is not None else None,
        tag.unit if tag is not None else None,
    )


def _amount(book: Book) -> Tag | None:
    """The tag that adds up amounts of rows: that of worth, else the first that fills the amount spent."""
    pool = [book.worth(), *book.having("consumption_amount")]
    return next(
        (tag for tag in pool if tag is not None and tag.entry.get("measure") == "sum" and _source_field(tag)), None
    )


def _source_field(tag: Tag) -> tuple[str, str] | None:
    """The source and the one field that a statistic tag adds up, when it has no window and no condition."""
    lines = [
        line.partition(":")[2].partition(".") for line in tag.entry.get("lineage") or () if line.startswith("source:")
    ]
    fields = [(source, field) for source, _, field in lines if field]
    return fields[0] if len(fields) == 1 else None


def _computed(asked: Asked, question: _Question) -> dict[str, Any]:
    """Read the rows, and keep what was found."""
    import numpy as np

    from huaxiang.learn.journeys import DAY, NEVER

    steps = [EventAsked(name) for name in question.sources]
    first = np.full(asked.index.size, NEVER, dtype=np.int64)
    last = np.full(asked.index.size, -NEVER, dtype=np.int64)
    spans = measured_rows(asked, steps, plan_spans)
    at = whole_numbers(spans.column(0))
    first[at], last[at] = whole_numbers(spans.column(1)), whole_numbers(spans.column(2))
    if question.registered is not None:
        rows, moments = asked.index.index.numbers(asked.index.index.all, question.registered)
        scale = 1 if asked.index.index.fields[question.registered].type == "TIMESTAMP" else DAY
        np.minimum.at(first, rows, (moments * scale).astype(np.int64))
    begin, end = (day_number(asked.as_of) - DAYS + 1) * DAY, (day_number(asked.as_of) + 1) * DAY
    seen = first < end  # a registration after the as-of day is none yet
    found = {
        "form": FORM, "active": int((last >= begin).sum()), "new": int((seen & (first >= begin)).sum()),
        "undated": int((~seen).sum()), "months": _months(asked, question, first[seen] // DAY),
    }  # fmt: skip
    _keep(asked.snapshot, question, found)
    return found


def _months(asked: Asked, question: _Question, firsts: Any) -> list[dict[str, Any]]:
    """The last 24 months up to that of the as-of day, from the first one with rows; each MONTH_KEYS."""
    import numpy as np

    steps = [EventAsked(name) for name in question.sources]
    active = {row["_m"]: row["customers"] for row in measured_rows(asked, steps, plan_months).to_pylist()}
    sales: dict[Any, dict[str, Any]] = {}
    if question.orders is not None:
        read = measured_rows(asked, [EventAsked(question.orders, by=question.revenue)], plan_orders)
        sales = {row["_m"]: row for row in read.to_pylist()}
    months, counts = np.unique(firsts.astype("datetime64[D]").astype("datetime64[M]"), return_counts=True)
    new = {month.astype("datetime64[D]").item(): int(n) for month, n in zip(months, counts, strict=True)}
    told = []
    for month in _last_months(asked.as_of):
        own = sales.get(month, {})
        revenue = own.get("revenue")
        told.append({
            "month": month.isoformat()[:7], "partial": _next(month) - timedelta(days=1) > asked.as_of,
            "active": active.get(month, 0), "new": new.get(month, 0),
            "orders": own.get("orders", 0) if question.orders else None, "buyers": own.get("buyers", 0) if question.orders else None,
            "revenue": round(float(revenue or 0), 2) if question.revenue else None,
        })  # fmt: skip
    while told and not told[0]["active"] and not told[0]["orders"]:
        told.pop(0)
    return told


def _last_months(as_of: date) -> list[date]:
    months = [as_of.replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return months[::-1]


def _next(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


# Kept between processes: `.huaxiang/overview/<snapshot>-<digest of the question>.json`


def _path(snapshot: Snapshot, question: _Question) -> Path:
    digest = hashlib.sha256(repr(question).encode()).hexdigest()[:12]
    return find_project(snapshot.folder) / ".huaxiang" / FOLDER / f"{snapshot.id}-{digest}.json"


def _kept(snapshot: Snapshot, question: _Question) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(_path(snapshot, question).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if found.get("form") == FORM else None


def _keep(snapshot: Snapshot, question: _Question, found: dict[str, Any]) -> None:
    """Write the file, and remove those of snapshots that are gone; a disk that can't be written to costs the time of the next process."""
    path = _path(snapshot, question)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(found, ensure_ascii=False))
        for old in path.parent.glob("*.json"):
            if not (snapshot.folder.parent / old.name.rpartition("-")[0]).is_dir():
                old.unlink(missing_ok=True)
    except OSError:
        return
