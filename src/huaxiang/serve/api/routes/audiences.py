"""Declared audiences, and questions about the customers who meet a condition."""

from __future__ import annotations

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from huaxiang.app.rights import require
from huaxiang.app.serving import Served, When
from huaxiang.serve.api.answers import ETAG, Page, answer, cut, etag_of, page, paged, question, read_cursor
from huaxiang.serve.api.context import Asked, asks, caller_of, lists, note, pinned, told_of
from huaxiang.serve.api.models.audiences import (
    Audience,
    Audiences,
    Count,
    CountAsked,
    ExportAsked,
    Ids,
    IdsAsked,
    LookalikeAsked,
    Lookalikes,
    Rules,
    RulesAsked,
)
from huaxiang.serve.api.models.common import WHEN_MOST

router = APIRouter()
_KINDS = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


@router.get("/audiences", response_model=Audiences, tags=["audiences"])
def audiences(asked: Annotated[Asked, lists("read", lasting=True)], part: Annotated[Page, Depends(page)]) -> Response:
    """List the declared audiences with their sizes."""
    from huaxiang.app.audience import list_audiences

    found = list_audiences(asked.snapshot)
    shown, more = cut(found["audiences"], part)
    return answer(
        asked.request, found | {"audiences": shown} | paged(asked.request, part, asked.snapshot.id, more=more)
    )


@router.get("/audiences/{name}", response_model=Audience, tags=["audiences"])
def audience(asked: Annotated[Asked, asks("read", lasting=True)], name: str) -> Response:
    """Show one declared audience."""
    from huaxiang.app.audience import show_audience

    return answer(asked.request, show_audience(asked.snapshot, name))


@router.get("/query/count", response_model=Count, tags=["query"])
async def count_get(
    asked: Annotated[Asked, asks("read")], when: Annotated[str, Query(min_length=1, max_length=WHEN_MOST)]
) -> Response:
    """Count the customers who meet a condition: SQL text, or the name of an audience."""
    told = await _count(asked.served, when)
    # lists and audiences may be saved anew
    of = told["snapshot"], asked.caller.role, asked.snapshot.view, str(told["count"])
    asked.request.scope[ETAG] = etag_of(asked.request, *of)
    return answer(asked.request, told)


@router.post("/query/count", response_model=Count, tags=["query"])
async def count(asked: Annotated[Asked, asks("read")], wanted: CountAsked) -> Response:
    """Count the customers who meet a condition: SQL text, the name of an audience, or a tree."""
    return answer(asked.request, await _count(asked.served, wanted.when))


async def _count(served: Served, when: When) -> dict[str, Any]:
    """Count at once what the index knows; what the engine has to be asked goes to a thread."""
    return served.count(when) if served.is_quick(when) else await run_sync(served.count, when)


@router.post("/query/ids", response_model=Ids, tags=["query"])
async def ids(request: Request, wanted: IdsAsked) -> Response:
    """Give the IDs of the customers who meet a condition, page by page, ascending."""
    caller = caller_of(request)
    require(caller, "export")
    part = read_cursor(wanted.cursor, wanted.limit)
    served = await pinned(request, part.snapshot)
    return answer(request, await run_sync(_ids, request, served, wanted, part))


def _ids(request: Request, served: Served, wanted: IdsAsked, part: Page) -> dict[str, Any]:
    from huaxiang.index import Bits

    index = served.need_index()
    part = part.of(question("ids", served.snapshot.id, index.condition(wanted.when).tree))
    rows = index.select(wanted.when).rows()
    found = index.ids(Bits.from_rows(index.size, rows[part.offset : part.end]))
    note(
        request,
        "ids",
        f"{len(found)} customers",
        snapshot=served.snapshot.id,
        condition=told_of(wanted.when),
        offset=part.offset,
    )
    told = {
        "count": len(rows),
        "ids": found.to_pylist(),
        "snapshot": served.snapshot.id,
        "stale": served.stale(wanted.when),
    }
    return told | paged(request, part, served.snapshot.id, more=len(rows) > part.end)


@router.post(
    "/query/export", response_class=StreamingResponse, tags=["query"],
    responses={200: {"description": "The file", "content": {"text/csv": {}, "application/vnd.apache.parquet": {}}}},
)  # fmt: skip
def export(asked: Annotated[Asked, asks("export")], wanted: ExportAsked) -> Response:
    """Give the customers who meet a condition as a file, with columns besides the ID; sent as it is made."""
    from huaxiang.app.export import export_columns, stream_audience

    columns = export_columns(asked.snapshot.manifest, wanted.columns)
    if wanted.unmask:
        require(asked.caller, "unmask")
    members = asked.served.select(wanted.when).mask()
    about = f"{int(members.sum())} customers"
    detail = {"condition": told_of(wanted.when), "columns": columns, "format": wanted.format}
    if wanted.unmask:
        asked.note_unmasked(f"export of {about}", **detail)
    else:
        asked.note("export", about, **detail)
    stream = stream_audience(asked.snapshot, members, columns, wanted.format, unmask=wanted.unmask)
    headers = {
        "Content-Disposition": f'attachment; filename="audience-{asked.snapshot.id}.{wanted.format}"', "Cache-Control": "no-store",
        "X-Huaxiang-Snapshot": asked.snapshot.id, "X-Huaxiang-Rows": str(int(members.sum())),
    }  # fmt: skip
    stale = asked.served.stale(wanted.when)
    if stale:
        headers["X-Huaxiang-Stale"] = ",".join(one["audience"] for one in stale)
    return StreamingResponse(stream, media_type=_KINDS[wanted.format], headers=headers)


@router.post("/query/rules", response_model=Rules, tags=["query"])
def rules(asked: Annotated[Asked, asks("read")], wanted: RulesAsked) -> Response:
    """Find which values of tags go together in an audience, against everyone."""
    from huaxiang.app.rules import RuleQuestion, find_rules

    when = asked.text_of(wanted.when) if wanted.when is not None else None
    told = wanted.model_dump(exclude={"when", "tags"})
    return answer(asked.request, find_rules(asked.snapshot, when, RuleQuestion(tags=wanted.tags, **told)))


@router.post("/query/lookalike", response_model=Lookalikes, tags=["query"])
def lookalike(asked: Annotated[Asked, asks("read")], wanted: LookalikeAsked) -> Response:
    """Find the customers most like a seed, and tell how good the ranking is on a held-out part of it."""
    from huaxiang.app.lookalike import LookalikeQuestion, find_lookalikes

    if wanted.ids:
        require(asked.caller, "export")
    exclude = asked.text_of(wanted.exclude) if wanted.exclude is not None else None
    asking = LookalikeQuestion(**wanted.model_dump(exclude={"seed", "ids", "exclude"}), exclude=exclude)
    found = find_lookalikes(asked.snapshot, asked.text_of(wanted.seed), asking)
    told = {key: value for key, value in found.answer.items() if key != "file"}
    if wanted.ids:
        pairs = zip(found.ids.to_pylist(), found.scores.tolist(), strict=True)
        asked.note("ids", f"{len(found.ids)} customers", condition=told_of(wanted.seed), way="lookalike")
        told["found"] = [{"customer_id": who, "score": round(score, 6)} for who, score in pairs]
    return answer(asked.request, told)
