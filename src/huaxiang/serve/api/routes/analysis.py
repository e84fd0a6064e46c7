"""The overview, and analyses of what customers did and are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter
from starlette.responses import Response

from huaxiang.app.analysis.events import EventAsked
from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import Asked, asks
from huaxiang.serve.api.known import known
from huaxiang.serve.api.models.analysis import (
    Cross,
    CrossWanted,
    Distribution,
    DistributionWanted,
    Event,
    Funnel,
    FunnelWanted,
    NamedEvent,
    Network,
    NetworkWanted,
    Overview,
    Paths,
    PathWanted,
    Retention,
    RetentionWanted,
)

router = APIRouter(tags=["analysis"])
Reading = Annotated[Asked, asks("read")]


def _event(wanted: Event) -> EventAsked:
    return EventAsked(wanted.source, wanted.where, wanted.by if isinstance(wanted, NamedEvent) else None)


def _told(asked: Asked, wanted: FunnelWanted | RetentionWanted | PathWanted, tell: Callable[[], Any]) -> Any:
    """What was told before where the question is about everyone; audiences are read as they are now."""
    return known(asked, wanted, tell) if wanted.audience is None else tell()


@router.get("/overview", response_model=Overview)
def overview(asked: Reading) -> Response:
    """Tell what the first page shows: customers, value, lifecycle, RFM, regions, trends, lights, what changed since the last build.

    How fresh the data are depends on the day that the question is asked: the ETag is that of the answer.
    """
    from huaxiang.app.overview import overview as tell

    return answer(asked.request, tell(asked.snapshot))


@router.post("/analysis/funnel", response_model=Funnel)
def funnel(asked: Reading, wanted: FunnelWanted) -> Response:
    """Count the customers who go through steps in order, within a window from the first."""
    from huaxiang.app.analysis.funnel import FunnelAsked
    from huaxiang.app.analysis.funnel import funnel as follow

    steps = [_event(step) for step in wanted.steps]
    question = FunnelAsked(steps, wanted.window, wanted.since, wanted.until, wanted.by)
    return answer(asked.request, _told(asked, wanted, lambda: follow(asked.snapshot, wanted.audience, question)))


@router.post("/analysis/retention", response_model=Retention)
def retention(asked: Reading, wanted: RetentionWanted) -> Response:
    """Tell how many of those who first did something in a period came back later."""
    from huaxiang.app.analysis.retention import RetentionAsked
    from huaxiang.app.analysis.retention import retention as measure

    question = RetentionAsked(
        _event(wanted.first), _event(wanted.return_), wanted.unit, wanted.periods, wanted.cohorts, wanted.kind
    )
    return answer(asked.request, _told(asked, wanted, lambda: measure(asked.snapshot, wanted.audience, question)))


@router.post("/analysis/path", response_model=Paths)
def path(asked: Reading, wanted: PathWanted) -> Response:
    """Tell what customers did next after an event, or last before it."""
    from huaxiang.app.analysis.path import PathAsked, paths

    question = PathAsked(
        _event(wanted.anchor), [_event(event) for event in wanted.events], wanted.direction, wanted.depth, wanted.window, wanted.top
    )  # fmt: skip
    return answer(asked.request, _told(asked, wanted, lambda: paths(asked.snapshot, wanted.audience, question)))


@router.post("/analysis/distribution", response_model=Distribution)
def distribution(asked: Reading, wanted: DistributionWanted) -> Response:
    """Tell how a tag or a measure spreads over an audience, beside everyone or another audience."""
    from huaxiang.app.analysis.distribution import DistributionAsked, MeasureAsked
    from huaxiang.app.analysis.distribution import distribution as lay_out

    of = wanted.of
    what = of if isinstance(of, str) else MeasureAsked(_event(of), of.function, of.field, of.days)
    question = DistributionAsked(what, wanted.base, wanted.bins)
    return answer(asked.request, lay_out(asked.snapshot, wanted.audience, question))


@router.post("/analysis/cross", response_model=Cross)
def cross(asked: Reading, wanted: CrossWanted) -> Response:
    """Lay one tag over another: counts, shares, TGI, and a test of independence."""
    from huaxiang.app.analysis.cross import cross as lay_out

    return answer(
        asked.request, lay_out(asked.snapshot, wanted.audience, wanted.rows, wanted.columns, limit=wanted.limit)
    )


@router.post("/analysis/network", response_model=Network)
def network(asked: Reading, wanted: NetworkWanted) -> Response:
    """Tell which values of different tags go together."""
    from huaxiang.app.analysis.network import network as relate

    return answer(
        asked.request, relate(asked.snapshot, wanted.audience, wanted.tags, edges=wanted.edges, both=wanted.both)
    )
