"""The REST API as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from huaxiang import __version__
from huaxiang.app.serving import Serving
from huaxiang.app.wiring import open_state
from huaxiang.errors import HuaxiangError
from huaxiang.serve.api.answers import Unchanged, not_modified
from huaxiang.serve.api.callers import Callers
from huaxiang.serve.api.context import Server
from huaxiang.serve.api.gate import Gate
from huaxiang.serve.api.models.common import ProblemDetails
from huaxiang.serve.api.problems import KINDS, MEDIA_TYPE, URN, Problem, of_status, problem_response, title_of, write
from huaxiang.serve.api.routes import audiences, catalogue, customers, project
from huaxiang.serve.api.settings import OPENAPI, PREFIX, Settings

THREADS = 8
"""So many questions that need the engine or files are answered at once; the others wait."""
_QUIET: Any = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""Messages and traces may hold customers' values: none are sent anywhere."""
log = logging.getLogger(__name__)


def create_app(settings: Settings) -> FastAPI:
    """Make the application for one project. Raises StorageError when the state database can't be opened."""
    server = Server(settings, Serving(settings.folder), open_state(settings.folder))
    app = FastAPI(
        title="Huaxiang 画像", version=__version__, openapi_url=OPENAPI, docs_url=None, redoc_url=None, lifespan=_lifespan,
        description="Customers, tags, audiences and personas of one project. Errors are RFC 9457 problem details; docs/api.md.",
        telemetry=_QUIET, redirect_slashes=False, responses=_responses(),
    )  # fmt: skip
    app.state.server = server
    api = APIRouter(prefix=PREFIX)
    for part in (project, catalogue, audiences, customers):
        api.include_router(part.router)
    app.include_router(api)
    _handle(app)
    app.add_middleware(Gate, settings=settings, callers=Callers(None if settings.no_auth else server.state))
    _describe_security(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    server: Server = app.state.server
    current_default_thread_limiter().total_tokens = THREADS
    await run_sync(server.serving.refresh)
    watcher = asyncio.create_task(watch(server.serving, server.settings.poll))
    try:
        yield
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        server.state.close()


async def watch(serving: Serving, poll: float) -> None:
    """Take over each new snapshot: opened and warmed in a thread, while the old one answers."""
    while True:
        await asyncio.sleep(poll)
        try:
            await run_sync(serving.refresh)
        except Exception as error:  # noqa: BLE001 - a broken snapshot must not end the watch; told without its values
            log.warning("looking for a new snapshot failed: %s", type(error).__name__)


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
        return _invalid(request, error)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code = of_status(error.status_code)
        problem = Problem(code, KINDS[code].en, KINDS[code].zh, headers=error.headers or {})
        return problem_response(request, problem)


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
    """Say in the OpenAPI document that all but what says otherwise needs a token; the gate asks for it."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            components = schema.setdefault("components", {})
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "hx_…"}}
            schema["security"] = [{"token": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
