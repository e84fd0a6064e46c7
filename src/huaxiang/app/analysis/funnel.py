"""Funnel 漏斗: how many customers go through steps in order, within a window."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from huaxiang.app.analysis.events import Asked, EventAsked, ask, day_asked, day_number, read_events, share, within
from huaxiang.app.audiences.describing import find_item
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from huaxiang.learn.journeys import Journeys

FUNNEL_KEYS = (
    "snapshot", "as_of", "audience", "customers", "window_days", "since", "until", "open", "steps", "by", "groups",
)  # fmt: skip
STEP_KEYS = ("source", "title", "where", "customers", "share", "of_previous", "lost", "median_hours")
GROUP_KEYS = ("value", "title", "customers", "counts", "share")
MOST_STEPS = 10
MOST_GROUPS = 12
MOST_DAYS = 3_660


@dataclass(frozen=True)
class FunnelAsked:
    """Steps in order; `window`: days from the first step; first steps of the days `since` … `until` count; `by`: a tag to divide by."""

    steps: Sequence[EventAsked]
    window: int = 30
    since: str | None = None
    until: str | None = None
    by: str | None = None


def funnel(snapshot: Snapshot, audience: str | None, question: FunnelAsked) -> dict[str, Any]:
    """Return FUNNEL_KEYS: each customer of the audience who did the first step counts once, by the try that leads furthest.

    Each of `steps` has STEP_KEYS: `share` of the first step, `of_previous` of the step before, `lost` since it, `median_hours` since the
    step before among those who reached it in their best try. `open`: customers who did not finish and whose window (from the first step
    of that try) reaches beyond the as-of day: some may still. `groups` (GROUP_KEYS; None without `by`): the same by value of a tag,
    `counts` by step. Raises UsageError, ExpressionError.
    """
    from huaxiang.learn.journeys import DAY

    if not 2 <= len(question.steps) <= MOST_STEPS:
        raise UsageError(
            f"a funnel has 2 to {MOST_STEPS} steps, not {len(question.steps)}",
            f"漏斗需要 2 到 {MOST_STEPS} 步，当前为 {len(question.steps)} 步",
        )
    days = within(question.window, 1, MOST_DAYS, ("the window in days", "窗口期（天）"))
    asked = ask(snapshot, audience)
    since, until = _days(question, asked.as_of)
    found = _followed(asked, question, since, until)
    end = (day_number(asked.as_of) + 1) * DAY
    late = (found.depth < len(question.steps)) & (found.moments[:, 0] + days * DAY >= end)
    return {
        **asked.head(), "window_days": days, "since": since.isoformat() if since else None, "until": until.isoformat(),
        "open": int(late.sum()), "steps": _steps(asked, question.steps, found),
        "by": _by(snapshot, question.by), "groups": _groups(asked, question, found),
    }  # fmt: skip


def _followed(asked: Asked, question: FunnelAsked, since: date | None, until: date) -> Journeys:
    """The best try of each customer: by the journey index, or by the rows that the engine reads where it can't tell."""
    from huaxiang.app.analysis.streams import members_of, streams_of
    from huaxiang.learn import journeys, streams

    starts = (day_number(since) * journeys.DAY if since else -(1 << 62), (day_number(until) + 1) * journeys.DAY)
    window = question.window * journeys.DAY
    told = streams_of(asked, question.steps, once=True)
    if told is not None:
        with suppress(streams.TooWide):
            return streams.funnel([one.stream for one in told], window, starts, members_of(asked))
    events, _ = read_events(asked, question.steps, since)
    return journeys.funnel(events, len(question.steps), window, starts)


def _days(question: FunnelAsked, as_of: date) -> tuple[date | None, date]:
    since, until = day_asked(question.since, "since"), day_asked(question.until, "until") or as_of
    until = min(until, as_of)
    if since is not None and since > until:
        raise UsageError(
            f"since ({since}) lies after until ({until}, at the latest the as-of day)",
            f"开始日期 {since} 晚于结束日期 {until}（最晚为数据截止日）",
        )
    return since, until


def _counts(depth: NDArray[np.int64], steps: int) -> list[int]:
    return [int((depth > step).sum()) for step in range(steps)]


def _steps(asked: Asked, steps: Sequence[EventAsked], found: Journeys) -> list[dict[str, Any]]:
    import numpy as np

    counts = _counts(found.depth, len(steps))
    told = []
    for number, event in enumerate(steps):
        before = counts[number - 1] if number else None
        hours = None
        if number and counts[number]:
            reached = found.depth > number
            taken = found.moments[reached, number] - found.moments[reached, number - 1]
            hours = round(float(np.median(taken)) / timedelta(hours=1).total_seconds() / 1e6, 2)
        told.append(asked.told(event) | {
            "customers": counts[number], "share": share(counts[number], counts[0]),
            "of_previous": None if before is None else share(counts[number], before),
            "lost": None if before is None else before - counts[number], "median_hours": hours,
        })  # fmt: skip
    return told


def _by(snapshot: Snapshot, name: str | None) -> dict[str, Any] | None:
    if not name:
        return None
    item = find_item(snapshot.manifest, name)
    return {"name": name, "title": item.get("title")}


def _groups(asked: Asked, question: FunnelAsked, found: Journeys) -> list[dict[str, Any]] | None:
    import numpy as np

    from huaxiang.app.analysis.tags import values_of

    if not question.by:
        return None
    depth = np.zeros(asked.index.size, dtype=np.int64)
    depth[found.customers] = found.depth
    told = []
    for one in values_of(asked, question.by, MOST_GROUPS):
        counts = _counts(depth[one.members.mask()], len(question.steps))
        told.append({
            "value": one.value, "title": one.title, "customers": one.members.count(), "counts": counts,
            "share": share(counts[-1], counts[0]),
        })  # fmt: skip
    return told
