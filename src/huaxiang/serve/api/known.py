"""What analyses answer, and what they have answered about everyone before: it is the same for all who see the same fields."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from huaxiang.app.analysis.events import EventAsked
from huaxiang.serve.api.models.analysis import (
    CrossWanted,
    DistributionWanted,
    Event,
    FunnelWanted,
    NamedEvent,
    NetworkWanted,
    PathWanted,
    RetentionWanted,
)
from huaxiang.store.snapshots import Snapshot

_MOST = 256
Key = tuple[str, str, str, str]


class Known:
    """Answers about everyone, the last ones that were asked for. Who asks what somebody is being told already waits for that answer."""

    def __init__(self) -> None:
        self._held: OrderedDict[Key, tuple[BaseModel, Any]] = OrderedDict()
        self._telling: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def told(self, snapshot: Snapshot, wanted: BaseModel) -> Any:
        """The answer to a question of an analysis, told again without computing where it depends on the snapshot alone: audiences are
        read as they are now. Raises as the analysis does.
        """
        tell = _TELL[type(wanted)]
        if getattr(wanted, "audience", None) is not None or getattr(wanted, "base", None) is not None:
            return tell(snapshot, wanted)
        key = str(snapshot.folder), snapshot.view, type(wanted).__name__, wanted.model_dump_json()
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][1]
            telling = self._telling.setdefault(key, threading.Lock())
        with telling:
            with self._lock:
                if key in self._held:
                    return self._held[key][1]
            try:
                found = tell(snapshot, wanted)
            finally:
                with self._lock:
                    self._telling.pop(key, None)
            with self._lock:
                self._held[key] = wanted, found
                while len(self._held) > _MOST:
                    self._held.popitem(last=False)
        return found

    def asked(self, view: str) -> list[BaseModel]:
        """The different questions that were asked by those who see fields as `view` does, of whatever snapshot, the last one first."""
        with self._lock:
            found = {key[2:]: wanted for key, (wanted, _) in reversed(self._held.items()) if key[1] == view}
        return list(found.values())


def _event(wanted: Event) -> EventAsked:
    return EventAsked(wanted.source, wanted.where, wanted.by if isinstance(wanted, NamedEvent) else None)


def _funnel(snapshot: Snapshot, wanted: FunnelWanted) -> Any:
    from huaxiang.app.analysis.funnel import FunnelAsked, funnel

    steps = [_event(step) for step in wanted.steps]
    question = FunnelAsked(steps, wanted.window, wanted.since, wanted.until, wanted.by)
    return funnel(snapshot, wanted.audience, question)


def _retention(snapshot: Snapshot, wanted: RetentionWanted) -> Any:
    from huaxiang.app.analysis.retention import RetentionAsked, retention

    first, again = _event(wanted.first), _event(wanted.return_)
    question = RetentionAsked(first, again, wanted.unit, wanted.periods, wanted.cohorts, wanted.kind)
    return retention(snapshot, wanted.audience, question)


def _path(snapshot: Snapshot, wanted: PathWanted) -> Any:
    from huaxiang.app.analysis.path import PathAsked, paths

    question = PathAsked(
        _event(wanted.anchor), [_event(event) for event in wanted.events], wanted.direction, wanted.depth, wanted.window, wanted.top
    )  # fmt: skip
    return paths(snapshot, wanted.audience, question)


def _distribution(snapshot: Snapshot, wanted: DistributionWanted) -> Any:
    from huaxiang.app.analysis.distribution import DistributionAsked, MeasureAsked, distribution

    of = wanted.of
    what = of if isinstance(of, str) else MeasureAsked(_event(of), of.function, of.field, of.days)
    return distribution(snapshot, wanted.audience, DistributionAsked(what, wanted.base, wanted.bins))


def _cross(snapshot: Snapshot, wanted: CrossWanted) -> Any:
    from huaxiang.app.analysis.cross import cross

    return cross(snapshot, wanted.audience, wanted.rows, wanted.columns, limit=wanted.limit)


def _network(snapshot: Snapshot, wanted: NetworkWanted) -> Any:
    from huaxiang.app.analysis.network import network

    return network(snapshot, wanted.audience, wanted.tags, edges=wanted.edges, both=wanted.both)


_TELL: Mapping[type[BaseModel], Callable[..., Any]] = MappingProxyType({
    FunnelWanted: _funnel, RetentionWanted: _retention, PathWanted: _path, DistributionWanted: _distribution, CrossWanted: _cross,
    NetworkWanted: _network,
})  # fmt: skip
