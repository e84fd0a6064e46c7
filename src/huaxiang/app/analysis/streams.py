"""The events of an analysis as streams of the journey index, where the snapshot has one that can tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huaxiang.app.analysis.events import Asked, EventAsked, day_number, hidden_fields, reader_of, step_of
from huaxiang.app.journey_index import open_journeys
from huaxiang.errors import ValueRangeError
from huaxiang.plan.behaviour import SourceRows, rows_met

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from huaxiang.app.journey_index import OpenJourneys
    from huaxiang.index.journeys import SourceJourneys
    from huaxiang.learn.streams import Stream
    from huaxiang.plan.journeys import EventStep


@dataclass(frozen=True)
class Told:
    """The stream of an event; `texts`: what its codes stand for, the last code for no value."""

    stream: Stream
    texts: Sequence[str] = ()


def streams_of(asked: Asked, events: Sequence[EventAsked], *, once: bool = False) -> list[Told] | None:
    """The streams of events, equal ones the same; None where the index can't tell them. `once`: what a customer did at one moment may
    be told once or several times. Raises ExpressionError, UsageError.
    """
    hidden = hidden_fields(asked.snapshot) if any(event.by for event in events) else {}
    steps = [
        step_of(event, asked.sources, hidden) for event in events
    ]  # checked for who asks, whatever others have asked
    held = open_journeys(asked.snapshot)
    found: dict[EventStep, Told] = {}
    for step in steps:
        journeys = held.source(step.step.source)
        if journeys is None or (step.by is not None and not journeys.has(step.by)):
            return None
        if step not in found:
            try:
                found[step] = _told(asked, held, journeys, step, once=once)
            except ValueRangeError:  # of a row that counts for nobody, perhaps: the engine decides
                return None
    return [found[step] for step in steps]


def members_of(asked: Asked) -> NDArray[np.bool_] | None:
    """Which customers an analysis is about, None for everyone."""
    return None if asked.members.count() == asked.index.size else asked.members.mask()


def tallied(asked: Asked, event: EventAsked, last: int | None, *, by_day: bool) -> NDArray[np.float64] | None:
    """How often (`by_day`: on how many days) each customer did something in the last so many days; None where the index can't tell."""
    from huaxiang.learn.journeys import DAY
    from huaxiang.learn.tallies import days, times

    told = streams_of(asked, (event,))
    if told is None:
        return None
    since = None if last is None else (day_number(asked.as_of) + 1 - last) * DAY
    return (days if by_day else times)(told[0].stream, since).astype("float64")


def _told(asked: Asked, held: OpenJourneys, journeys: SourceJourneys, step: EventStep, *, once: bool) -> Told:
    from huaxiang.learn.streams import Stream

    layout, name, by = journeys.layout, step.step.source, step.by
    source = asked.sources[name]
    met = rows_met(step.step, SourceRows(f"source_{name}", source.types, source.time), asked.as_of)
    kept = None if met is None else held.kept(name, met, reader_of(asked.snapshot))
    codes, texts = (None, []) if by is None else (journeys.codes(by), journeys.values(by))
    starts, moments = journeys.once if once and met is None and by is None else (journeys.starts, journeys.moments)
    stream = Stream(starts, moments, layout.origin, layout.unit, layout.latest, kept, codes, len(texts) + 1)
    return Told(stream, texts)
