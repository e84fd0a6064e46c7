"""Builds as they run: progress as a stream of events, cancelling, and the schedule."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from huaxiang.app.rights import Caller
from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import needs, note, server_of
from huaxiang.serve.api.following import LOOK, Look
from huaxiang.serve.api.models.data import Cancelled, Schedule, ScheduleAsked
from huaxiang.serve.api.routes.conflicts import noticing_others

router = APIRouter(tags=["project"])
ALIVE = 15.0
"""Seconds after which a silent stream says that it lives, so that nothing between closes it."""
LONGEST = 3600.0
"""Seconds after which a stream ends; who follows comes back with the last ID."""


@router.get(
    "/builds/{build_id}/events", response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events `progress`, at last `end`"}},
)  # fmt: skip
async def events(
    request: Request,
    build_id: str,
    _: Annotated[Caller, needs("read")],
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> Response:
    """Follow a build: an event `progress` whenever it gets on, `end` when it ends; each holds what `/builds/{id}` answers.

    The ID of an event is a digest of what it tells: who comes back with `Last-Event-ID`, to whichever server, gets what has changed since.
    """
    server = server_of(request)
    folder, follows = server.settings.folder, server.follows
    first = await follows.now(folder, build_id)

    async def told() -> AsyncIterator[str]:
        look, sent, quiet, age = first, last_event_id, 0.0, 0.0
        yield "retry: 2000\n\n"
        while age < LONGEST:
            ended = look.state["state"] != "running"
            if look.mark != sent or ended:
                yield _event("end" if ended else "progress", look)
                sent, quiet = look.mark, 0.0
            if ended or await request.is_disconnected():
                return
            await asyncio.sleep(LOOK)
            quiet, age = quiet + LOOK, age + LOOK
            if quiet >= ALIVE:
                yield ": still running\n\n"
                quiet = 0.0
            look = await follows.lately(folder, build_id)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(told(), media_type="text/event-stream", headers=headers)


def _event(name: str, look: Look) -> str:
    return f"event: {name}\nid: {look.mark}\ndata: {json.dumps(look.state, ensure_ascii=False, default=str)}\n\n"


@router.post("/builds/{build_id}/cancel", response_model=Cancelled, status_code=202)
def cancel(request: Request, build_id: str, caller: Annotated[Caller, needs("build")]) -> Response:
    """Stop a running build; what is served stays, and nothing is left behind."""
    from huaxiang.app.building import cancel_build

    cancelled = cancel_build(server_of(request).settings.folder, build_id, caller.name)
    note(request, "build", f"build {build_id}", way="cancelled")
    return answer(request, cancelled, status=202)


@router.get("/schedule", response_model=Schedule)
def schedule(request: Request, _: Annotated[Caller, needs("read")]) -> Response:
    """Tell when builds are due, and what became of the last due times."""
    from huaxiang.app.schedule import show_schedule

    server = server_of(request)
    return answer(request, show_schedule(server.state, server.settings.folder))


@router.put("/schedule", response_model=Schedule)
def plan(request: Request, wanted: ScheduleAsked, caller: Annotated[Caller, needs("build")]) -> Response:
    """Say when builds are due: one server of those that share the state database starts each."""
    from huaxiang.app.schedule import set_schedule

    server = server_of(request)
    with noticing_others():
        told = set_schedule(server.state, server.settings.folder, caller.name, **wanted.model_dump())
    note(request, "schedule", "builds", at=wanted.at, weekdays=wanted.weekdays, enabled=wanted.enabled)
    return answer(request, told)
