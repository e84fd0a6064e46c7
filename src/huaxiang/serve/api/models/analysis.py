"""Requests and answers of the overview and of analyses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from huaxiang.serve.api.models.common import Dated, Name, Request, Shape
from huaxiang.serve.api.models.describing import Condition

Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Event(Request):
    """Rows of a dated source; `where`: a condition over its fields."""

    source: Name
    where: Annotated[str, Field(max_length=10_000)] | None = None


class NamedEvent(Event):
    """Rows of a dated source; `by`: the field that tells its events apart."""

    by: Name | None = None


class Analysis(Request):
    """`audience`: the customers that the analysis is about, everyone by default."""

    audience: Condition | None = None


class FunnelWanted(Analysis):
    """Steps in order, within `window` days of the first; first steps of the days `since` … `until` count."""

    steps: Annotated[list[Event], Field(min_length=2, max_length=10)]
    window: Annotated[int, Field(ge=1, le=3_660)] = 30
    since: Day | None = None
    until: Day | None = None
    by: Name | None = None


class RetentionWanted(Analysis):
    """Who did `first`, and came back by `return`; bounded: in just that period, unbounded: in it or later."""

    first: Event
    return_: Annotated[Event, Field(alias="return")]
    unit: Literal["day", "week", "month"] = "month"
    periods: Annotated[int, Field(ge=1, le=60)] = 6
    cohorts: Annotated[int, Field(ge=1, le=120)] = 12
    kind: Literal["bounded", "unbounded"] = "bounded"


class PathWanted(Analysis):
    """What was done after (or before) the anchor: the next `depth` of `events` within `window` days; `top` nodes a step."""

    anchor: Event
    events: Annotated[list[NamedEvent], Field(min_length=1, max_length=12)]
    direction: Literal["after", "before"] = "after"
    depth: Annotated[int, Field(ge=1, le=8)] = 4
    window: Annotated[int, Field(ge=1, le=366)] = 7
    top: Annotated[int, Field(ge=1, le=30)] = 6


class MeasureWanted(Event):
    """A number for each customer: `function` over the rows, of `field`, in the last `days` days."""

    function: Literal["count", "days", "distinct", "sum", "mean", "min", "max"] = "count"
    field: Name | None = None
    days: Annotated[int, Field(ge=1, le=3_660)] | None = None


class DistributionWanted(Analysis):
    """Of a tag or a measure; `base`: a condition, everyone by default."""

    of: Name | MeasureWanted
    base: Condition | None = None
    bins: Annotated[int, Field(ge=2, le=60)] = 20


class CrossWanted(Analysis):
    """Two tags, the `limit` most frequent values of each."""

    rows: Name
    columns: Name
    limit: Annotated[int, Field(ge=2, le=30)] = 12


class NetworkWanted(Analysis):
    """Which tags (by default the widest categorical ones), how many edges; `both`: what avoids each other too."""

    tags: Annotated[tuple[Name, ...], Field(max_length=30)] = ()
    edges: Annotated[int, Field(ge=1, le=300)] = 60
    both: bool = False


class Analysed(Dated):
    """With what every analysis begins."""

    audience: str | None
    customers: int


class Funnel(Analysed):
    """Each customer once, by the try that leads furthest."""

    window_days: int
    since: str | None
    until: str
    open: int
    steps: list[Shape]
    by: Shape | None
    groups: list[Shape] | None


class Retention(Analysed):
    """Cohorts by the period of the first event."""

    unit: str
    kind: str
    periods: int
    first: Shape
    return_: Annotated[Shape, Field(alias="return")]
    cohorts: list[Shape]
    mean: list[Shape]


class Paths(Analysed):
    """Nodes and links, step by step, and the most frequent paths."""

    anchor: Shape
    direction: str
    depth: int
    window_days: int
    journeys: int
    nodes: list[Shape]
    links: list[Shape]
    paths: list[Shape]


class Distribution(Analysed):
    """Bins of an audience and of its base; `tag` where values are told instead."""

    of: Shape
    kind: str
    base: Shape
    bins: list[Shape] | None
    figures: Shape | None
    base_figures: Shape | None
    distance: float | None
    tag: Shape | None


class Cross(Analysed):
    """A table of two tags; matrices by row, then column."""

    rows: Shape
    columns: Shape
    known: int
    missing: int
    counts: list[list[int]]
    row_shares: list[list[float | None]]
    column_shares: list[list[float | None]]
    total_shares: list[list[float | None]]
    tgi: list[list[float | None]]
    few: list[list[bool]]
    test: Shape | None


class Network(Analysed):
    """Values of tags that go together."""

    tags: list[str]
    tested: int
    significant: int
    level: float
    nodes: list[Shape]
    edges: list[Shape]


class Overview(Dated):
    """What the first page shows; parts that the project lacks are null, and `hints` say what to define."""

    built_at: str
    project: Shape
    previous: Shape | None
    customers: Shape
    worth: Shape | None
    lifecycle: Shape | None
    rfm: Shape | None
    regions: Shape | None
    quality: Shape
    freshness: Shape
    trends: Shape | None
    changes: Shape | None
    audiences: list[Shape]
    personas: list[Shape]
    hints: list[Any]
