"""What the customers of an audience are like, and SQL audiences."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from huaxiang.app.rights import require
from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import Asked, asks, told_of
from huaxiang.serve.api.models.audiences import SqlAnswer, SqlAsked, SqlTables
from huaxiang.serve.api.models.describing import (
    Breakdown,
    BreakdownAsked,
    Fields,
    Numbers,
    NumbersAsked,
    Overlap,
    OverlapAsked,
    Why,
    WhyAsked,
)

router = APIRouter(tags=["query"])
Reading = Annotated[Asked, asks("read")]


@router.post("/query/breakdown", response_model=Breakdown)
def breakdown(asked: Reading, wanted: BreakdownAsked) -> Response:
    """Break an audience down by tags, against a base, with TGI and its interval."""
    from huaxiang.app.audiences.describing import breakdown as describe

    when, base = asked.text_of(wanted.when), asked.text_of(wanted.base)
    return answer(asked.request, describe(asked.snapshot, when, wanted.by, base, limit=wanted.limit))


@router.post("/query/overlap", response_model=Overlap)
def overlap(asked: Reading, wanted: OverlapAsked) -> Response:
    """Tell how audiences overlap, pair by pair."""
    from huaxiang.app.audiences.describing import overlap as compare

    return answer(asked.request, compare(asked.snapshot, [asked.text_of(when) for when in wanted.audiences]))


@router.post("/query/numbers", response_model=Numbers)
def numbers(asked: Reading, wanted: NumbersAsked) -> Response:
    """Tell percentiles, mean and histogram of a number, amount or date over an audience."""
    from huaxiang.app.audiences.figures import numbers as measure

    return answer(asked.request, measure(asked.snapshot, asked.text_of(wanted.when), wanted.of))


@router.post("/query/why", response_model=Why)
def why(asked: Annotated[Asked, asks("customers")], wanted: WhyAsked) -> Response:
    """Tell why a customer is in an audience, or which part of the condition fails; personal values are masked."""
    from huaxiang.app.audiences.reasons import why as explain

    if wanted.unmask:
        require(asked.caller, "unmask")
    found = explain(asked.snapshot, asked.text_of(wanted.when), wanted.customer_id, unmask=wanted.unmask)
    if wanted.unmask:
        asked.note_unmasked(f"customer {found['customer_id']}")
    else:
        asked.note("why", f"customer {found['customer_id']}")
    return answer(asked.request, found)


@router.get("/query/fields", response_model=Fields)
def fields(asked: Reading) -> Response:
    """Tell editors what conditions may name: fields with operators and frequent values, sources, calls, audiences, lists."""
    from huaxiang.app.completion import completion
    from huaxiang.app.wiring import find_project
    from huaxiang.store.lists import known_lists

    snapshot = asked.snapshot
    return answer(asked.request, completion(snapshot.manifest, snapshot.id, known_lists(find_project(snapshot.folder))))


@router.post("/query/sql", response_model=SqlAnswer)
def sql(asked: Annotated[Asked, asks("sql")], wanted: SqlAsked) -> Response:
    """Run one SELECT of customer IDs in the sandbox; the IDs themselves need the right `export`."""
    from huaxiang.app.sandbox import sql_audience

    asked.need_whole()
    if wanted.limit:
        require(asked.caller, "export")
    found = sql_audience(asked.snapshot, wanted.sql, seconds=wanted.seconds, limit=wanted.limit)
    if wanted.limit:
        asked.note("ids", f"{min(wanted.limit, found['count'])} customers", condition=told_of(wanted.sql))
    return answer(asked.request, found)


@router.get("/query/sql/tables", response_model=SqlTables)
def tables(asked: Annotated[Asked, asks("sql", lasting=True)]) -> Response:
    """Tell which tables, columns and functions SQL audiences may use."""
    asked.need_whole()
    from huaxiang.app.sandbox import sql_tables

    return answer(asked.request, sql_tables(asked.snapshot))
