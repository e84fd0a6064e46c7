"""The REST API as an ASGI application."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from huaxiang import __version__
from huaxiang.app.audit import AuditLog
from huaxiang.app.field_rights import FieldRights
from huaxiang.app.oidc.setup import SingleSignOn
from huaxiang.app.schedule import start_due
from huaxiang.app.serving import Serving
from huaxiang.app.wiring import open_state
from huaxiang.errors import HuaxiangError
from huaxiang.serve.api.answers import Unchanged, not_modified
from huaxiang.serve.api.callers import REFRESH, Callers
from huaxiang.serve.api.context import Server
from huaxiang.serve.api.cookies import COOKIE, Sessions
from huaxiang.serve.api.gate import Gate
from huaxiang.serve.api.memory import keep_freed
from huaxiang.serve.api.models.common import ProblemDetails
from huaxiang.serve.api.problems import KINDS, MEDIA_TYPE, URN, Problem, of_status, problem_response, title_of, write
from huaxiang.serve.api.quick import QuickCounts
from huaxiang.serve.api.routes import (
    analysis,
    audience_life,
    audiences,
    catalogue,
    customer_page,
    customers,
    describing,
    oidc,
    people,
    project,
    runs,
    session,
    sources,
    tags,
    wording,
)
from huaxiang.serve.api.settings import OPENAPI, PREFIX, Settings
from huaxiang.serve.api.warming import Warming

SWITCH = 0.0005
"""Seconds after which a thread that computes lets those go first that only have to tell what is known."""
DUE = 20.0
"""Seconds between two looks at whether a build is due."""
THREADS = 8
"""So many questions that need the engine or files are answered at once; the others wait."""
_QUIET: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Messages and traces may hold customers' values: none are sent anywhere."""
_FIRST = {
    "integer": "{} > 0", "number": "{} > 0.5", "money": "{} > 0.5", "enum": "{} = 'a'", "boolean": "{}", "date": "{} > '2020-01-01'",
    "list": "list_contains({}, 'a')",
}  # fmt: skip
log = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """Make the application for one project. Raises StorageError when the state database can't be opened."""
    state = open_state(settings.folder)
    callers, sessions = Callers(None if settings.no_auth else state), Sessions(state)
    rights = FieldRights(settings.folder)
    server = Server(
        settings, Serving(settings.folder), state, callers, rights, sessions, AuditLog(state, settings.folder),
        SingleSignOn(settings.folder),
    )  # fmt: skip
    app = FastAPI(
        title="Huaxiang 画像", version=__version__, openapi_url=OPENAPI, docs_url=None, redoc_url=None, lifespan=_lifespan,
        description="Customers, tags, audiences and personas of one project. Errors are RFC 9457 problem details; docs/api.md.",
        telemetry=_QUIET, redirect_slashes=False, responses=_responses(),
    )  # fmt: skip
    app.state.server = server
    routes = (
        audiences, audience_life, describing, analysis, catalogue, customers, customer_page,
        project, runs, session, oidc, people, tags, sources, wording,
    )  # fmt: skip
    for part in routes:
        app.include_router(part.router, prefix=PREFIX)
    _handle(app)
    app.add_middleware(Gate, server=server, quick=QuickCounts(server.serving, rights))
    _describe_security(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    server: Server = app.state.server
    keep_freed()
    current_default_thread_limiter().total_tokens = THREADS
    sys.setswitchinterval(SWITCH)
    await run_sync(_prepare, server.serving)
    await run_sync(server.callers.refresh)
    await run_sync(server.sessions.refresh)
    gc.collect()
    ahead = Warming(server)
    ahead.start()
    gc.freeze()  # what is loaded by now stays: a collection that went through it would hold up every answer for a tenth of a second
    watchers = [
        asyncio.create_task(repeat(server.serving.refresh, server.settings.poll)),
        asyncio.create_task(
            repeat(functools.partial(_tell_overview, server.serving), max(server.settings.poll, REFRESH))
        ),
        asyncio.create_task(repeat(server.callers.refresh, REFRESH)),
        asyncio.create_task(repeat(server.sessions.refresh, REFRESH)),
        asyncio.create_task(repeat(server.rights.refresh, REFRESH)),
        asyncio.create_task(repeat(server.sign_on.refresh, REFRESH)),
        asyncio.create_task(
            repeat(functools.partial(start_due, server.state, server.settings.folder, server.audit), DUE)
        ),
    ]
    try:
        yield
    finally:
        ahead.stop()
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
        server.state.close()


def _prepare(serving: Serving) -> None:
    """Open what is served, and load what first counts need: one of each type of column."""
    serving.refresh()
    if serving.ready:
        served = serving.current
        firsts = {tag["value_type"]: tag["name"] for tag in reversed(served.snapshot.manifest.get("tags", ()))}
        served.warm([_FIRST[kind].format(name) for kind, name in firsts.items() if kind in _FIRST])


def _tell_overview(serving: Serving) -> None:
    """Compute what the first page shows of a snapshot before somebody waits for it; what is known already costs nothing."""
    from huaxiang.app.overview import overview
    from huaxiang.app.tag_market.projects import project_now
    from huaxiang.app.tag_market.readers import readers

    if serving.ready:
        with suppress(HuaxiangError):
            overview(serving.current.snapshot)
    with suppress(HuaxiangError):
        readers(project_now(serving.folder))  # who reads what, for the tag market


async def repeat(look: Callable[[], object], seconds: float) -> None:
    """Look in a thread, again and again: for a new snapshot, which is opened and warmed there while the old one answers; for tokens."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await run_sync(look)
        except Exception as error:  # noqa: BLE001 - what can't be read now may be readable later; told without its values
            log.warning("%s failed: %s", getattr(look, "__qualname__", repr(look)[:40]), type(error).__name__)


def _handle(app: FastAPI) -> None:
    """Turn what routes raise into answers."""

    @app.exception_handler(HuaxiangError)
    async def known(request: Request, error: HuaxiangError) -> Response:
        return problem_response(request, error)

    @app.exception_handler(Unchanged)
    async def unchanged(_request: Request, held: Unchanged) -> Response:
        return not_modified(held.etag)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return _no_json(request, error) or _invalid(request, error)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code = of_status(error.status_code)
        problem = Problem(code, KINDS[code].en, KINDS[code].zh, headers=error.headers or {})
        return problem_response(request, problem)


def _no_json(request: Request, error: RequestValidationError) -> Response | None:
    """The answer to a body that was sent as something else than JSON, where JSON is wanted; None where that is not what is wrong."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    if is_json or not error.body or not any(fault["loc"][0] == "body" for fault in error.errors()):
        return None
    wanted = Problem(
        "media-type", "send the body as JSON, with `Content-Type: application/json`",
        "请求体须为 JSON，请设 `Content-Type: application/json`",
    )  # fmt: skip
    return problem_response(request, wanted)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    """What is wrong with parameters: where and why, never what was sent."""
    faults = [
        {"pointer": "/".join(str(part) for part in fault["loc"]), "code": fault["type"], "message": _message(fault)}
        for fault in error.errors()
    ]
    detail = "; ".join(f"{f['pointer']}: {f['message']}" for f in faults[:5])
    members = {"type": URN + "invalid", "title": title_of("invalid"), "status": 422, "detail": detail, "instance": request.url.path,
               "code": "invalid", "errors": faults}  # fmt: skip
    return write(members, {})


def _message(fault: Any) -> str:
    """A fault's message; one of JSON syntax repeats nothing of the text."""
    return "not valid JSON" if fault["type"] == "json_invalid" else str(fault["msg"])


def _responses() -> dict[int | str, dict[str, Any]]:
    """The problems that every route may answer with."""
    body: dict[str, Any] = {"model": ProblemDetails, "content": {MEDIA_TYPE: {}}}
    return {
        "4XX": body | {"description": "A problem with the request"},
        "5XX": body | {"description": "A problem of the server"},
    }


def _describe_security(app: FastAPI) -> None:
    """Say in the OpenAPI document that all but what says otherwise needs a token or a session; the gate asks for it."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            components = schema.setdefault("components", {})
            components["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "hx_…"},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            }
            schema["security"] = [{"token": []}, {"session": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
