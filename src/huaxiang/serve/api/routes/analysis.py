"""The overview, and analyses of what customers did and are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import Asked, asks, server_of
from huaxiang.serve.api.models.analysis import (
    Analysis,
    Cross,
    CrossWanted,
    Distribution,
    DistributionWanted,
    Funnel,
    FunnelWanted,
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


def _told(asked: Asked, wanted: Analysis) -> Response:
    return answer(asked.request, server_of(asked.request).known.told(asked.snapshot, wanted))


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
    return _told(asked, wanted)


@router.post("/analysis/retention", response_model=Retention)
def retention(asked: Reading, wanted: RetentionWanted) -> Response:
    """Tell how many of those who first did something in a period came back later."""
    return _told(asked, wanted)


@router.post("/analysis/path", response_model=Paths)
def path(asked: Reading, wanted: PathWanted) -> Response:
    """Tell what customers did next after an event, or last before it."""
    return _told(asked, wanted)


@router.post("/analysis/distribution", response_model=Distribution)
def distribution(asked: Reading, wanted: DistributionWanted) -> Response:
    """Tell how a tag or a measure spreads over an audience, beside everyone or another audience."""
    return _told(asked, wanted)


@router.post("/analysis/cross", response_model=Cross)
def cross(asked: Reading, wanted: CrossWanted) -> Response:
    """Lay one tag over another: counts, shares, TGI, and a test of independence."""
    return _told(asked, wanted)


@router.post("/analysis/network", response_model=Network)
def network(asked: Reading, wanted: NetworkWanted) -> Response:
    """Tell which values of different tags go together."""
    return _told(asked, wanted)
