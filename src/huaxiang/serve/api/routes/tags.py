"""The tag market: found, looked at, written, approved, taken offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from huaxiang.app.rights import Caller
from huaxiang.app.tag_market.refusals import DefinitionFaults, EditConflict, InUse
from huaxiang.errors import UsageError
from huaxiang.serve.api.answers import Page, answer, cut, page, paged
from huaxiang.serve.api.context import Asked, asks, caller_of, kept_from, lists, needs, note, server_of
from huaxiang.serve.api.models.tags import (
    Market,
    MarketAsked,
    PreviewAsked,
    StepAsked,
    TagAsked,
    TagHistory,
    TagImpact,
    TagKinds,
    TagLineage,
    TagPage,
    TagPreview,
    TagRemoved,
    TagSaved,
)
from huaxiang.serve.api.problems import Problem
from huaxiang.serve.api.routes.conflicts import noticing_others

router = APIRouter(tags=["tags"])
Paged = Annotated[Page, Depends(page)]
Called = Annotated[str, Path(min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9_]*$")]
Defining = Annotated[Caller, needs("define_tags")]
Match = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=100, description="`digest` of the definition that was read; none for a new tag"
    ),
]
_T = TypeVar("_T")


@router.get("/tag-market", response_model=Market)
def market(asked: Annotated[Asked, lists("read")], part: Paged, by: Annotated[MarketAsked, Query()]) -> Response:
    """List tags with their figures, drafts and tags that are offline too, by class and theme."""
    from huaxiang.app.tag_market.listing import Wanted
    from huaxiang.app.tag_market.listing import market as market_of

    wanted = Wanted(by.q, by.class_, by.theme, by.kind, by.status, by.owner, by.coverage, by.sort)
    server = server_of(asked.request)
    found = market_of(server.settings.folder, asked.snapshot, server.state, wanted)
    shown, more = cut(found["tags"], part)
    told = found | {"tags": shown, "found": len(found["tags"])}
    return answer(asked.request, told | paged(asked.request, part, asked.snapshot.id, more=more))


@router.get("/tag-market/{name}", response_model=TagPage)
def tag_page(asked: Annotated[Asked, asks("read")], name: str) -> Response:
    """Show one tag: figures, definition, and what the caller may do with it."""
    from huaxiang.app.tag_market.page import tag_page as page_of

    server = server_of(asked.request)
    return answer(asked.request, page_of(server.settings.folder, asked.snapshot, server.state, name, asked.caller))


@router.get("/tags/{name}/history", response_model=TagHistory)
def history(asked: Annotated[Asked, asks("read")], name: str) -> Response:
    """Tell the figures of a tag in all kept snapshots, the versions of its definition, and what was done with it."""
    from huaxiang.app.tag_market.history import tag_history

    server = server_of(asked.request)
    return answer(asked.request, tag_history(server.settings.folder, asked.snapshot, server.state, name))


@router.get("/tags/{name}/lineage", response_model=TagLineage)
def lineage(asked: Annotated[Asked, asks("read")], name: str) -> Response:
    """Tell where a tag comes from and who reads it, as a graph."""
    from huaxiang.app.tag_market.lineage import lineage as lineage_of
    from huaxiang.app.tag_market.projects import named_tag

    project, own = named_tag(server_of(asked.request).settings.folder, name)
    _check_visible(asked, name, own)
    return answer(asked.request, lineage_of(project, own, asked.snapshot.hidden))


@router.get("/tags/{name}/impact", response_model=TagImpact)
def impact(asked: Annotated[Asked, asks("read")], name: str) -> Response:
    """Tell who would fail without a tag."""
    from huaxiang.app.tag_market.projects import named_tag
    from huaxiang.app.tag_market.readers import impact as impact_of

    project, own = named_tag(server_of(asked.request).settings.folder, name)
    _check_visible(asked, name, own)
    return answer(asked.request, impact_of(project, asked.snapshot, own))


@router.get("/tag-kinds", response_model=TagKinds)
def kinds(request: Request, _: Defining) -> Response:
    """Tell what forms for tags ask, and what may be chosen there."""
    from huaxiang.app.tag_market.kinds import tag_kinds

    _check_whole(request)
    return answer(request, tag_kinds(server_of(request).settings.folder))


@router.post("/tags/preview", response_model=TagPreview)
def preview(asked: Annotated[Asked, asks("define_tags")], wanted: PreviewAsked) -> Response:
    """Check a definition and compute it, of all customers or of a sample, without writing it."""
    from huaxiang.app.tag_market.preview import preview as preview_of

    asked.need_whole()
    return answer(asked.request, preview_of(server_of(asked.request).settings.folder, asked.served, wanted.definition))


@router.put("/tags/{name}", response_model=TagSaved)
def save(request: Request, name: Called, wanted: TagAsked, caller: Defining, if_match: Match = None) -> Response:
    """Write a tag: a new one as a draft; another text of one that is online waits for approval."""
    from huaxiang.app.tag_market.life import Change, save_tag

    _check_whole(request)
    if wanted.definition.get("name") != name:
        raise UsageError("the name in the definition is not that of the path", "定义中的名称与路径不一致")
    server, change = server_of(request), Change(caller, _digest(if_match), wanted.note)
    saved = _told(lambda: save_tag(server.settings.folder, server.state, wanted.definition, change))
    note(
        request,
        "tag_saved",
        f"tag {name}",
        status=saved["status"],
        waits=saved["review"] is not None,
        digest=saved["digest"],
    )
    return answer(request, saved, status=201 if saved["created"] else 200, headers={"ETag": f'"{saved["digest"]}"'})


@router.delete("/tags/{name}", response_model=TagRemoved)
def remove(request: Request, name: Called, caller: Defining, if_match: Match = None) -> Response:
    """Take a tag that nobody reads out of the project's files."""
    from huaxiang.app.tag_market.life import Change, remove_tag

    _check_whole(request)
    server = server_of(request)
    removed = _told(lambda: remove_tag(server.settings.folder, server.state, name, Change(caller, _digest(if_match))))
    note(request, "tag_removed", f"tag {name}")
    return answer(request, removed)


@router.post("/tags/{name}/status", response_model=TagSaved)
def step(request: Request, name: Called, wanted: StepAsked, caller: Defining, if_match: Match = None) -> Response:
    """Take a step of a tag's life: submit, approve, reject, withdraw, offline, online."""
    from huaxiang.app.tag_market.life import Change, change_tag

    _check_whole(request)
    server, change = server_of(request), Change(caller, _digest(if_match), wanted.note)
    changed = _told(lambda: change_tag(server.settings.folder, server.state, name, wanted.action, change))
    note(request, f"tag_{wanted.action}", f"tag {name}", status=changed["status"], digest=changed["digest"])
    return answer(request, changed, headers={"ETag": f'"{changed["digest"]}"'})


def _check_whole(request: Request) -> None:
    """Raise AccessDenied where fields are hidden from the caller: a definition may read them."""
    role = caller_of(request).role
    if "hidden" in server_of(request).rights.of(role).shown.values():
        raise kept_from(role)


def _check_visible(asked: Asked, name: str, own: str) -> None:
    """A hidden tag is not there."""
    if {name, own} & asked.snapshot.hidden:
        raise UsageError.unknown("tag", name, ())


def _digest(match: str | None) -> str | None:
    return match.strip().removeprefix("W/").strip('"') if match else None


def _told(act: Callable[[], _T]) -> _T:
    """Do something with a tag; tell what a person needs to go on where it is refused."""
    try:
        with noticing_others():
            return act()
    except EditConflict as error:
        raise _problem("conflict", error, {"who": error.who, "at": error.at}) from None
    except InUse as error:
        raise _problem("conflict", error, {"impact": error.impact}) from None
    except DefinitionFaults as error:
        raise _problem("project-invalid", error, {"tag_issues": list(error.issues)}) from None


def _problem(code: str, error: UsageError, extra: Mapping[str, Any]) -> Problem:
    return Problem(code, str(error), error.zh, extra=extra)
