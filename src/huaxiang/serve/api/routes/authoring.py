"""What a page needs to write audiences."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import Asked, asks, kept_from
from huaxiang.serve.api.models.authoring import Board, Definition, Forms, FormsAsked

router = APIRouter()
Reading = Annotated[Asked, asks("read")]


@router.post("/query/condition", response_model=Forms, tags=["query"])
def condition(asked: Reading, wanted: FormsAsked) -> Response:
    """Read a condition, text or tree, and give it as both."""
    from huaxiang.app.audiences.authoring import condition_forms

    return answer(asked.request, condition_forms(asked.snapshot, wanted.when))


@router.get("/audience-board", response_model=Board, tags=["audiences"])
def board(asked: Reading) -> Response:
    """List the audiences of the snapshot with their sizes at the last builds, and those that were saved since it was built."""
    from huaxiang.app.audiences.authoring import audience_board

    return answer(asked.request, audience_board(asked.snapshot))


@router.get("/audiences/{name}/definition", response_model=Definition, tags=["audiences"])
def definition(asked: Reading, name: str) -> Response:
    """Tell what an audience is in the project's files now, which the next build will take."""
    from huaxiang.app.audiences.authoring import definition_of

    opened = next((a for a in asked.snapshot.manifest.get("audiences", ()) if a["name"] == name), None)
    if asked.snapshot.view and opened is not None and opened.get("definition") == f"in_audience('{name}')":
        raise kept_from(asked.caller.role)
    return answer(asked.request, definition_of(asked.snapshot, name))
