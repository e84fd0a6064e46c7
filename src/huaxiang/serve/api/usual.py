"""What the pages of analysis ask when they are opened: the questions of web/app/src/pages/analysis, as the server reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

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

_ORDER = ("order", "event", "interaction", "text", "order_line")
_ON_PATHS = ("order", "event", "interaction")
_BY = ("event", "event_name", "action", "kind", "type")
_NUMBERS = ("integer", "number", "money", "date", "datetime")
_FEW = 12
Told = Mapping[str, Any]


def usual_questions(known: Told) -> Iterator[BaseModel]:
    """The questions of a reader who has chosen nothing yet. `known`: what `app.completion.completion` tells of the snapshot."""
    sources = _dated(known)
    if sources:
        yield FunnelWanted(steps=[Event(source=one["name"]) for one in _steps(sources)], window=30)
        first = Event(source=sources[0]["name"])
        yield RetentionWanted.model_validate({"first": first, "return": first})
        yield _path(sources)
    numbers = _tags(known, _NUMBERS)
    if numbers:
        usual = next((tag for tag in numbers if tag["type"] == "money"), numbers[0])
        yield DistributionWanted(of=usual["name"], bins=20)
    small = [tag for tag in _tags(known, ("enum", "boolean")) if len(tag["values"]) <= _FEW]
    if len(small) > 1:
        rows = next((tag for tag in small if re.search("lifecycle|stage", tag["name"])), small[0])
        columns = next(tag for tag in small if tag is not rows)
        yield CrossWanted(rows=rows["name"], columns=columns["name"], limit=12)
    yield NetworkWanted(edges=40)


def _dated(known: Told) -> list[Told]:
    """The sources whose rows have a time, those of what customers did first."""
    dated = [source for source in known["sources"] if source["time"]]
    return sorted(
        dated, key=lambda one: _ORDER.index(one["entity"]) if one["entity"] in _ORDER else len(_ORDER)
    )  # in the order of the project where equal


def _steps(sources: Sequence[Told]) -> tuple[Told, Told]:
    order = next((one for one in sources if one["entity"] == "order"), None)
    other = next((one for one in sources if one is not order), None)
    event = next((one for one in sources if one["entity"] == "event"), other)
    return event or sources[0], order or (sources[1] if len(sources) > 1 else sources[0])


def _path(sources: Sequence[Told]) -> PathWanted:
    usual = [one for one in sources if one["entity"] in _ON_PATHS] or list(sources)
    anchor = next((one for one in usual if one["entity"] == "event"), usual[0])
    events = [NamedEvent(source=one["name"], by=_by(one)) for one in usual[:4]]
    return PathWanted(anchor=Event(source=anchor["name"]), events=events, depth=4, window=30, top=5)


def _by(source: Told) -> str | None:
    """The field that usually tells the events of a source apart."""
    return next((one["name"] for one in source["fields"] if one["type"] == "text" and one["name"] in _BY), None)


def _tags(known: Told, types: Sequence[str]) -> list[Told]:
    """The tags of some types that there is something to show of, tags before attributes."""
    shown = [
        one for one in known["fields"]
        if one["type"] in types and (one["values"] if one["type"] in ("enum", "boolean") else one["range"] is not None)
    ]  # fmt: skip
    return sorted(shown, key=lambda one: one["kind"] == "attribute")
