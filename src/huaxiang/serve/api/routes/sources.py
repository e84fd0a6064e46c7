"""Sources, and the wizard that makes one of an uploaded file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from huaxiang.app.rights import Caller
from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import Asked, asks, needs, note, server_of
from huaxiang.serve.api.models.sources import (
    Dropped,
    PreviewAsked,
    Previewed,
    Read,
    SourceAsked,
    SourceDetail,
    Sources,
    SourceSaved,
)
from huaxiang.serve.api.routes.conflicts import noticing_others

router = APIRouter(tags=["sources"])
BINARY = {"type": "string", "format": "binary"}
Defining = Annotated[Caller, needs("define_sources")]
Name = Annotated[str, Path(max_length=100)]
Encoding = Annotated[str, Query(pattern=r"^(auto|utf-8|gb18030|gbk|utf-16)$")]
Delimiter = Annotated[str, Query(max_length=4, description="`auto`, `tab`, or the character")]
Sheet = Annotated[str, Query(max_length=100, description="Name of the sheet, the first by default")]
HeaderRow = Annotated[int, Query(ge=0, le=1000, description="Row that holds the column names; 0: find it")]
Entity = Annotated[str | None, Query(max_length=20, description="What a row is; guessed from the columns by default")]


@router.get("/sources", response_model=Sources)
def sources(asked: Annotated[Asked, asks("read")]) -> Response:
    """List the sources: rows loaded, repaired, set aside, how fresh they are, what changed in their columns, their keys."""
    from huaxiang.app.sources import list_sources

    return answer(asked.request, list_sources(asked.snapshot, server_of(asked.request).settings.folder))


@router.get("/sources/{name}", response_model=SourceDetail)
def source(asked: Annotated[Asked, asks("read")], name: Name) -> Response:
    """Show one source with its columns; examples, masked, need the right `identifiers`, and are noted."""
    from huaxiang.app.sources import show_source

    examples = asked.caller.may("identifiers")
    found = show_source(asked.snapshot, server_of(asked.request).settings.folder, name, examples=examples)
    if examples:
        asked.note("examples", f"source {name}")
    return answer(asked.request, found)


@router.post(
    "/wizard/files", response_model=Read, status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": BINARY}}}},
)  # fmt: skip
async def upload(
    request: Request, caller: Defining, name: Annotated[str, Query(min_length=1, max_length=200)]
) -> Response:
    """Upload a CSV, Excel, JSON or Parquet file (the body, at most 64 MB), kept for a day; tells how it is written and what it holds."""
    from anyio.to_thread import run_sync

    content = await request.body()
    return await run_sync(_keep, request, caller, name, content)


def _keep(request: Request, caller: Caller, name: str, content: bytes) -> Response:
    from huaxiang.app.file_reading import Form
    from huaxiang.app.uploads import find_upload, keep_upload

    folder = server_of(request).settings.folder
    kept = keep_upload(folder, caller, name, content)
    note(request, "upload", f"file {kept['id']}", bytes=kept["bytes"])
    return answer(request, _read(request, find_upload(folder, caller, kept["id"]), Form(), None), status=201)


@router.get("/wizard/files/{upload_id}", response_model=Read)
def read(  # noqa: PLR0913 - how a file may be read
    request: Request, caller: Defining, upload_id: str, encoding: Encoding = "auto", delimiter: Delimiter = "auto", sheet: Sheet = "",
    header_row: HeaderRow = 0, entity: Entity = None,
) -> Response:  # fmt: skip
    """Read an uploaded file again, as told, with suggestions for rows of the kind `entity`."""
    from huaxiang.app.file_reading import Form
    from huaxiang.app.uploads import find_upload

    found = find_upload(server_of(request).settings.folder, caller, upload_id)
    return answer(request, _read(request, found, Form(encoding, delimiter, sheet or 0, header_row), entity))


@router.delete("/wizard/files/{upload_id}", response_model=Dropped)
def drop(request: Request, caller: Defining, upload_id: str) -> Response:
    """Forget an uploaded file."""
    from huaxiang.app.uploads import drop_upload

    drop_upload(server_of(request).settings.folder, caller, upload_id)
    note(request, "upload", f"file {upload_id}", way="removed")
    return answer(request, {"id": upload_id, "removed": True})


def _read(request: Request, upload: Any, form: Any, entity: str | None) -> dict[str, Any]:
    from huaxiang.app.file_reading import examine
    from huaxiang.app.suggesting import suggest_entity, suggest_mapping
    from huaxiang.errors import UsageError
    from huaxiang.spec.canonical import FIELDS
    from huaxiang.spec.loader import load_project

    if entity is not None and entity not in FIELDS:
        raise UsageError.unknown("entity", entity, FIELDS)
    found = examine(upload.path, form)
    chosen = entity or suggest_entity(found["columns"])
    project = load_project(server_of(request).settings.folder)
    return dict(upload.told) | found | {
        "entity": chosen, "fields": dict(FIELDS[chosen]), "suggestions": suggest_mapping(project, chosen, found["columns"]),
        "keys": [key.field for key in project.identity.values()], "sources": list(project.sources),
    }  # fmt: skip


@router.post("/wizard/preview", response_model=Previewed)
def preview(request: Request, caller: Defining, wanted: PreviewAsked) -> Response:
    """Try a mapping on all rows of an uploaded file: what is loaded, repaired and set aside, and the YAML that would be written."""
    from huaxiang.app.uploads import find_upload
    from huaxiang.app.wizard import preview as try_mapping

    folder = server_of(request).settings.folder
    found = find_upload(folder, caller, wanted.file)
    return answer(request, try_mapping(folder, found, wanted.name, wanted.mapping()))


@router.put("/wizard/sources/{name}", response_model=SourceSaved)
def save(request: Request, caller: Defining, name: Name, wanted: SourceAsked) -> Response:
    """Write a source for an uploaded file, which moves into the project's data folder; the whole project is checked before."""
    from huaxiang.app.acting import acting_as
    from huaxiang.app.uploads import find_upload
    from huaxiang.app.wizard import save_source

    folder = server_of(request).settings.folder
    found = find_upload(folder, caller, wanted.file)
    with noticing_others(), acting_as(caller.name):
        saved = save_source(folder, found, name, wanted.mapping())
    note(request, "define", f"source {name}", file=saved["file"], attributes=len(saved["attributes"]))
    return answer(request, saved)
