"""Audiences over their life: saved, compared over time, uploaded as lists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from huaxiang.app.acting import acting_as
from huaxiang.app.audiences.guesses import Spend
from huaxiang.app.rights import Caller, require
from huaxiang.app.serving import When
from huaxiang.errors import UsageError
from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import Asked, asks, caller_of, kept_from, needs, note, server_of
from huaxiang.serve.api.models.describing import (
    Changes,
    Graph,
    History,
    ListAsked,
    Lists,
    Removed,
    SaveAsked,
    Saved,
    Uploaded,
)
from huaxiang.serve.api.routes import authoring
from huaxiang.serve.api.routes.conflicts import noticing_others

router = APIRouter(tags=["audiences"])
router.include_router(authoring.router)
Called = Annotated[str, Path(min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9_]*$")]
Defining = Annotated[Caller, needs("define")]


@router.put("/audiences/{name}", response_model=Saved)
def save(request: Request, name: Called, wanted: SaveAsked, _: Defining) -> Response:
    """Write an audience into the project's files, a new one or in place of the one of that name."""
    from huaxiang.app.audiences.editing import Wish, save_audience, wish_of

    if wanted.sql is not None:
        require(_, "sql")
    _may_write(request, name, when=wanted.when, is_sql=wanted.sql is not None)
    wish = wish_of(wanted.model_dump(exclude={"expected"}))
    with noticing_others(), acting_as(_.name):
        saved = save_audience(server_of(request).settings.folder, name, Wish(wish.keys, wanted.expected))
    note(request, "define", f"audience {name}", fields=sorted(wish.keys))
    return answer(request, saved)


@router.delete("/audiences/{name}", response_model=Removed)
def remove(
    request: Request, name: Called, _: Defining, expected: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """Take an audience out of the project's files."""
    from huaxiang.app.audiences.editing import remove_audience

    _may_write(request, name)
    with noticing_others():
        removed = remove_audience(server_of(request).settings.folder, name, expected)
    note(request, "define", f"audience {name}", way="removed")
    return answer(request, removed)


def _may_write(request: Request, name: str, *, when: When | None = None, is_sql: bool = False) -> None:
    """Raise AccessDenied or ExpressionError where fields are kept from the caller and the definition, there or to be, reads them: else
    the next build would tell what the caller may not ask.
    """
    from huaxiang.app.audiences.authoring import is_told

    server, role = server_of(request), caller_of(request).role
    fields = server.rights.of(role)
    if not server.serving.ready:
        if fields.shown:
            raise kept_from(role)
        return
    whole = server.serving.current
    served = whole.seen_by(fields)
    if not served.snapshot.view:
        return
    own = {a["name"] for a in served.snapshot.manifest.get("audiences", ())} - fields.opened
    if is_sql and served.snapshot.hidden:
        raise kept_from(role)
    if not is_told(served.snapshot, name):  # the answer tells what is saved
        raise kept_from(role)
    if name not in own and any(a["name"] == name for a in whole.snapshot.manifest.get("audiences", ())):
        raise kept_from(role)
    if when is not None:
        served.need_index().condition(when)


@router.get("/audiences/{name}/history", response_model=History)
def history(asked: Annotated[Asked, asks("read")], name: str) -> Response:
    """Tell the versions of a definition, and its size at each build."""
    from huaxiang.app.audiences.changes import audience_history

    return answer(asked.request, audience_history(asked.snapshot, name))


@router.get("/audiences/{name}/changes", response_model=Changes)
def changes(
    asked: Annotated[Asked, asks("read")],
    name: str,
    since: Annotated[str | None, Query(max_length=40)] = None,
    *,
    ids: bool = False,
) -> Response:
    """Tell who joined and who left since an older snapshot; their IDs need the right `export`."""
    from huaxiang.app.audiences.changes import audience_changes
    from huaxiang.app.tags import find_named

    if ids:
        require(asked.caller, "export")
    found = audience_changes(asked.snapshot, name, since, ids=ids)
    if asked.snapshot.hidden:  # of then, too, only what the caller may see
        server = server_of(asked.request)
        older = server.serving.open(found["since"]).seen_by(server.rights.of(asked.caller.role)).snapshot
        find_named(older.manifest.get("audiences", ()), name, "audience")
    if ids:
        asked.note("ids", f"changes of audience {name}", since=since)
    return answer(asked.request, found)


@router.get("/audience-graph", response_model=Graph)
def graph(
    request: Request, _: Annotated[Caller, needs("read")], name: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """Tell what audiences read, and who reads them."""
    from huaxiang.app.audiences.graph import audience_graph
    from huaxiang.app.field_rights import visible_graph

    server, role = server_of(request), caller_of(request).role
    found = audience_graph(server.settings.folder, name)
    if any(show == "hidden" for show in server.rights.of(role).shown.values()):
        visible = server.serving.current.seen_by(server.rights.of(role)).snapshot
        found = visible_graph(found, visible)
        if name is not None and not found["audiences"]:
            raise UsageError.unknown("audience", name, ())
    return answer(request, found)


@router.get("/lists", response_model=Lists)
def lists(request: Request, _: Annotated[Caller, needs("read")]) -> Response:
    """List what was uploaded."""
    from huaxiang.app.audiences.lists import uploaded_lists

    server, role = server_of(request), caller_of(request).role
    found = uploaded_lists(server.settings.folder)
    if server.rights.of(role).hides:
        from huaxiang.app.field_rights import visible_lists

        found = visible_lists(found, server.serving.current.seen_by(server.rights.of(role)).snapshot)
    return answer(request, found)


@router.put("/lists/{name}", response_model=Uploaded)
def upload(asked: Annotated[Asked, asks("define")], name: Called, wanted: ListAsked) -> Response:
    """Match values with customers and keep those as a list, in place of one of that name. The values are not kept."""
    import csv
    from pathlib import Path as FilePath
    from tempfile import TemporaryDirectory

    from huaxiang.app.audiences.lists import ListFile, upload_list

    spend = None if asked.caller.may("unmask") else _spending(asked)
    with TemporaryDirectory(prefix="huaxiang-list-") as folder, acting_as(asked.caller.name):
        path = FilePath(folder) / "values.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
            writer.writerow([wanted.field])
            writer.writerows([value] for value in wanted.values)
        found = upload_list(asked.snapshot, name, ListFile(path, wanted.field, wanted.field), spend)
    asked.note("list", f"list {name}", field=wanted.field, values=len(wanted.values))
    first = 2  # rows of the file count from 1, its heading is the first
    told = {key: [row - first + 1 for row in found[key]] for key in ("unknown_rows", "ambiguous_rows")}
    return answer(asked.request, {key: value for key, value in found.items() if key not in ("file", "column")} | told)


def _spending(asked: Asked) -> Spend:
    """Counts what a caller tries in a day, for all servers together."""
    attempts = server_of(asked.request).state.attempts

    def spend(amounts: Mapping[str, tuple[int, int]], refused: tuple[str, int]) -> str | None:
        day = datetime.now(UTC).date()
        subjects = {
            what: hashlib.sha256(f"list:{what}:{asked.caller.id}:{day}".encode()).hexdigest()
            for what in (*amounts, refused[0])
        }
        over = attempts.spend(
            {subjects[what]: each for what, each in amounts.items()}, (subjects[refused[0]], refused[1])
        )
        return next((what for what, subject in subjects.items() if subject == over), None)

    return spend


@router.delete("/lists/{name}", response_model=Removed)
def remove_list(request: Request, name: Called, _: Defining) -> Response:
    """Remove an uploaded list that no definition names."""
    from huaxiang.app.audiences.lists import remove_uploaded

    removed = remove_uploaded(server_of(request).settings.folder, name)
    note(request, "list", f"list {name}", way="removed")
    return answer(request, removed)
