"""How often, and on how many days, each customer did something: over a stream of events, for all customers at once."""

from __future__ import annotations

import numpy as np

from huaxiang.learn.journeys import DAY, Ints
from huaxiang.learn.streams import Mask, Stream


def times(stream: Stream, since: int | None = None) -> Ints:
    """How many events of each customer count, of those at `since` (microseconds since 1970) or later."""
    return _tallied(stream, _counting(stream, since))


def days(stream: Stream, since: int | None = None) -> Ints:
    """On how many calendar days each customer has such an event."""
    met = _counting(stream, since)
    places = np.arange(len(stream.moments)) if met is None else np.flatnonzero(met)
    day = stream.moments[places] // np.int64(DAY // stream.unit)  # the origin is a midnight
    begins = np.searchsorted(places, stream.starts[:-1])  # the first of each customer
    new = np.ones(len(places), dtype=np.bool_)
    np.not_equal(day[1:], day[:-1], out=new[1:])
    new[begins[begins < len(places)]] = True
    first = np.zeros(len(stream.moments), dtype=np.bool_)
    first[places[new]] = True
    return _tallied(stream, first)


def _counting(stream: Stream, since: int | None) -> Mask | None:
    """Which events count; None for all."""
    if since is None:
        return stream.kept
    late: Mask = stream.moments >= max(0, -((stream.origin - since) // stream.unit))
    return late if stream.kept is None else late & stream.kept


def _tallied(stream: Stream, met: Mask | None) -> Ints:
    """How many places are met in the range of each customer."""
    starts = stream.starts.astype(np.int64)
    if met is not None:
        starts = np.append(0, np.cumsum(met))[starts]
    return np.diff(starts)
