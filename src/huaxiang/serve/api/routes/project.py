"""Status, snapshots, builds, definitions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from huaxiang import __version__
from huaxiang.app.rights import Caller
from huaxiang.serve.api.answers import VARY, Page, answer, cut, page, paged
from huaxiang.serve.api.context import Asked, asks, kept_from, needs, note, server_of
from huaxiang.serve.api.models.catalogue import (
    Build,
    BuildAsked,
    Builds,
    Check,
    Health,
    Snapshots,
    Status,
)
from huaxiang.serve.api.settings import PREFIX

router = APIRouter(tags=["project"])
MOST_RUNS = 200


@router.get("/health", response_model=Health, openapi_extra={"security": []})
async def health(request: Request) -> Response:
    """Say whether the server runs; needs no token."""
    ready = server_of(request).serving.ready
    return answer(
        request, {"status": "ok", "ready": ready, "version": __version__}, headers={"Cache-Control": "no-store"}
    )


@router.get("/status", response_model=Status)
def status(request: Request, _: Annotated[Caller, needs("read")]) -> Response:
    """Tell what is served, how fresh it is, and how the last build went."""
    from huaxiang.app.status import project_status

    found = project_status(server_of(request).settings.folder)
    return answer(request, {key: value for key, value in found.items() if key != "folder"})


@router.get("/snapshots", response_model=Snapshots)
def snapshots(request: Request, asked: Annotated[Page, Depends(page)], _: Annotated[Caller, needs("read")]) -> Response:
    """List the published versions, newest first."""
    from huaxiang.app.status import list_snapshots

    items, more = cut(list_snapshots(server_of(request).settings.folder), asked)
    return answer(request, {"snapshots": items, **paged(request, asked, None, more=more)})


@router.get("/builds", response_model=Builds)
def builds(request: Request, asked: Annotated[Page, Depends(page)], _: Annotated[Caller, needs("read")]) -> Response:
    """List the builds, newest first."""
    from huaxiang.app.status import list_runs

    items, more = cut(list_runs(server_of(request).settings.folder, limit=MOST_RUNS), asked)
    return answer(request, {"builds": items, **paged(request, asked, None, more=more)})


@router.get("/builds/{build_id}", response_model=Build)
def build(request: Request, build_id: str, _: Annotated[Caller, needs("read")]) -> Response:
    """Show one build and how far it has come."""
    from huaxiang.app.building import show_build

    return answer(request, show_build(server_of(request).settings.folder, build_id))


@router.post("/builds", response_model=Build, status_code=202)
def start(request: Request, wanted: BuildAsked, _: Annotated[Caller, needs("build")]) -> Response:
    """Start a build; the answer comes at once, `Location` shows its progress. The old snapshot is served until the new one is whole."""
    from huaxiang.app.building import start_build

    folder = server_of(request).settings.folder
    run = start_build(folder, as_of=_day(wanted.as_of), full=wanted.full, engine=wanted.engine)
    note(request, "build", f"build {run['id']}", full=wanted.full, as_of=wanted.as_of)
    return answer(request, run, status=202, headers={"Location": f"{PREFIX}/builds/{run['id']}"})


def _day(text: str | None) -> str | None:
    """A day that the calendar has. Raises UsageError."""
    from datetime import date

    from huaxiang.errors import UsageError

    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError:
        raise UsageError(
            f'"{text}" is no date; write YYYY-MM-DD', f"“{text}”不是日期；请写成 2026-10-31 的样子"
        ) from None


@router.get("/check", response_model=Check)
def check(request: Request, caller: Annotated[Caller, needs("read")]) -> Response:
    """List the faults of the definitions as they stand in the files now; what they say may name any field."""
    if server_of(request).rights.of(caller.role).hides:
        raise kept_from(caller.role)
    from huaxiang.app.build import issues_of
    from huaxiang.errors import Issue, ProjectInvalid
    from huaxiang.serve.cli.failures import told_issue
    from huaxiang.spec.loader import load_project

    try:
        issues: tuple[Issue, ...] = issues_of(load_project(server_of(request).settings.folder))
    except ProjectInvalid as error:
        issues = error.issues
    errors = sum(issue.severity == "error" for issue in issues)
    return answer(request, {
        "valid": not errors, "errors": errors, "warnings": len(issues) - errors,
        "issues": [told_issue(issue) for issue in sorted(issues)],
    })  # fmt: skip


@router.get(
    "/report", response_class=Response, responses={200: {"content": {"text/html": {}}, "description": "The report"}}
)
def report(asked: Annotated[Asked, asks("read", lasting=True)]) -> Response:
    """Give the analysis report (客户画像分析报告) as one HTML file, in the language of Accept-Language."""
    asked.need_whole()
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from huaxiang.app.report import write_report
    from huaxiang.serve.api.answers import ETAG
    from huaxiang.serve.cli.texts import language

    with TemporaryDirectory(prefix="huaxiang-report-") as folder:
        body = write_report(asked.snapshot, Path(folder) / "report.html", lang=language()).read_bytes()
    headers: dict[str, Any] = {
        "Content-Security-Policy": "frame-ancestors 'none'", "Cache-Control": "private, no-cache", "ETag": asked.request.scope[ETAG],
        "Content-Language": language(), "Vary": VARY,
    }  # fmt: skip
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)
