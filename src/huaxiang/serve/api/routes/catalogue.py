"""Quality, attributes, tags, personas, accounts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from huaxiang.app.rights import Caller, require
from huaxiang.errors import SnapshotError, UsageError
from huaxiang.serve.api.answers import Page, answer, cut, first, page, paged
from huaxiang.serve.api.context import Asked, Which, asks, caller_of, lists, needs, server_of
from huaxiang.serve.api.models.catalogue import (
    Account,
    Accounts,
    Attributes,
    Audit,
    Persona,
    Personas,
    Quality,
    Rejected,
    Repairs,
    Tag,
    Tags,
)

router = APIRouter()
Paged = Annotated[Page, Depends(page)]
Raw = Annotated[bool, Query(description="Also what stood in the file; needs the right `raw`, and is noted")]
Unmask = Annotated[bool, Query(description="Personal values in full; needs the right `unmask`, and is noted")]
Class = Annotated[str | None, Query(alias="class", max_length=100)]


@router.get("/quality", response_model=Quality, tags=["quality"])
def quality(
    asked: Annotated[Asked, asks("read", lasting=True)], source: Annotated[str | None, Query(max_length=200)] = None
) -> Response:
    """Tell what became of every row, how good the data are, and what to do about it."""
    from huaxiang.app.quality import quality as quality_of

    return answer(asked.request, quality_of(asked.snapshot, source))


@router.get("/quality/audit", response_model=Audit, tags=["quality"])
def audit(request: Request, _: Annotated[Caller, needs("audit")]) -> Response:
    """Judge the served snapshot anew, by the rules as they are now."""
    from huaxiang.app.quality_audit import audit as audit_of

    return answer(request, audit_of(server_of(request).settings.folder))


@router.get("/quality/{source}/rejected", response_model=Rejected, tags=["quality"])
def rejected(
    asked: Annotated[Asked, lists("read", lasting=True)], source: str, part: Paged, *, raw: Raw = False
) -> Response:
    """List rows that were set aside, with row number and reason."""
    from huaxiang.app.quality import rejected_rows

    _may_see_raw(asked, source, raw=raw)
    found, more = first(lambda limit: rejected_rows(asked.snapshot, source, raw=raw, limit=limit), "rows", part)
    return answer(asked.request, found | paged(asked.request, part, asked.snapshot.id, more=more))


@router.get("/quality/{source}/repairs", response_model=Repairs, tags=["quality"])
def repairs(
    asked: Annotated[Asked, lists("read", lasting=True)], source: str, part: Paged, *, raw: Raw = False
) -> Response:
    """List values that cleaning changed."""
    from huaxiang.app.repairs import list_repairs

    _may_see_raw(asked, source, raw=raw)
    found, more = first(lambda limit: list_repairs(asked.snapshot, source, raw=raw, limit=limit), "rows", part)
    return answer(asked.request, found | paged(asked.request, part, asked.snapshot.id, more=more))


def _may_see_raw(asked: Asked, source: str, *, raw: bool) -> None:
    asked.need_whole()
    if raw:
        require(asked.caller, "raw")
        asked.note("raw", f"source {source}")


@router.get("/attributes", response_model=Attributes, tags=["tags"])
def attributes(
    request: Request, part: Paged, _: Annotated[Caller, needs("read")], which: Which = None,
    filled: Annotated[bool | None, Query(description="Only those that are filled, or only the others")] = None, class_: Class = None,
) -> Response:  # fmt: skip
    """List the standard catalogue of attributes: what is filled, how far, and what the rest would take."""
    from huaxiang.app.attributes import list_attributes
    from huaxiang.app.field_rights import view_of
    from huaxiang.spec.loader import load_project

    serving = server_of(request).serving
    try:
        served = serving.current if which is None else serving.open(which)
        snapshot = served.snapshot
    except SnapshotError:
        if which is not None:
            raise
        snapshot = None
    fields = server_of(request).rights.of(caller_of(request).role)
    snapshot = view_of(snapshot, fields) if snapshot is not None else None
    hidden = (
        snapshot.hidden
        if snapshot is not None
        else frozenset(n for n, show in fields.shown.items() if show == "hidden")
    )
    rows = [
        row.as_json()
        for row in list_attributes(snapshot, load_project(server_of(request).settings.folder))
        if not row.names & hidden
    ]
    known = {str(row["class"]) for row in rows}
    if class_ is not None and class_ not in known:
        raise UsageError.unknown("class", class_, known)
    shown, more = cut([r for r in rows if filled in (None, r["filled"]) and class_ in (None, r["class"])], part)
    found: dict[str, Any] = {
        "snapshot": snapshot.id if snapshot else None, "attributes": shown, "filled": sum(bool(row["filled"]) for row in rows),
        "total": len(rows),
    }  # fmt: skip
    return answer(request, found | paged(request, part, found["snapshot"], more=more))


@router.get("/tags", response_model=Tags, tags=["tags"])
def tags(asked: Annotated[Asked, lists("read", lasting=True)], part: Paged, class_: Class = None) -> Response:
    """List the tags, in the order of their definition."""
    from typing import get_args

    from huaxiang.app.tags import list_tags
    from huaxiang.spec.models import TagClass

    if class_ is not None and class_ not in get_args(TagClass):
        raise UsageError.unknown("class", class_, get_args(TagClass))
    found = list_tags(asked.snapshot, class_=class_)
    shown, more = cut(found["tags"], part)
    return answer(asked.request, found | {"tags": shown} | paged(asked.request, part, asked.snapshot.id, more=more))


@router.get("/tags/{name}", response_model=Tag, tags=["tags"])
def tag(asked: Annotated[Asked, asks("read", lasting=True)], name: str) -> Response:
    """Show one tag: meaning, owner, lineage, coverage, distribution, SQL."""
    from huaxiang.app.tags import show_tag

    return answer(asked.request, show_tag(asked.snapshot, name))


@router.get("/personas", response_model=Personas, tags=["personas"])
def personas(asked: Annotated[Asked, asks("read")]) -> Response:
    """List the persona sets with their cards."""
    from huaxiang.app.personas import list_personas

    return answer(asked.request, list_personas(asked.snapshot))


@router.get("/personas/{name}/{segment}", response_model=Persona, tags=["personas"])
def persona(asked: Annotated[Asked, asks("read")], name: str, segment: str) -> Response:
    """Show one persona card with every statement and its figures; `name` is that of the set."""
    from huaxiang.app.persona_compare import condition_of
    from huaxiang.app.personas import show_persona

    found = show_persona(asked.snapshot, f"{name}/{segment}")
    return answer(asked.request, found | {"condition": condition_of(asked.snapshot, found)})


@router.get("/accounts", response_model=Accounts, tags=["customers"])
def accounts(
    asked: Annotated[Asked, lists("customers", lasting=True)], part: Paged, text: Annotated[str | None, Query(max_length=200)] = None
) -> Response:  # fmt: skip
    """List business customers, or those one of whose texts holds `text`."""
    from huaxiang.app.account import list_accounts

    found, more = first(lambda limit: list_accounts(asked.snapshot, text, limit=limit), "accounts", part)
    asked.note("search", f"{len(found['accounts'])} accounts")
    return answer(asked.request, found | paged(asked.request, part, asked.snapshot.id, more=more))


@router.get("/accounts/{account_id}", response_model=Account, tags=["customers"])
def account(asked: Annotated[Asked, asks("customers")], account_id: str, *, unmask: Unmask = False) -> Response:
    """Show one business customer with its people."""
    from huaxiang.app.account import show_account

    if unmask:
        require(asked.caller, "unmask")
    found = show_account(asked.snapshot, account_id, unmask=unmask)
    if unmask:
        asked.note_unmasked(f"account {account_id}")
    else:
        asked.note("account", f"account {account_id}")
    return answer(asked.request, found)
