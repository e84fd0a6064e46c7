"""Persona cards compared, over the snapshots, and in people's own words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import Asked, asks, server_of
from huaxiang.serve.api.models.personas import Compared, Versions, Wording, WordingAsked
from huaxiang.serve.api.routes.conflicts import noticing_others

router = APIRouter(tags=["personas"])
Reading = Annotated[Asked, asks("read")]
Part = Annotated[str, Path(max_length=100)]
Card = Annotated[str, Query(max_length=200, description="set/segment")]


@router.get("/persona-comparison", response_model=Compared)
def compare(asked: Reading, left: Card, right: Card) -> Response:
    """Put two cards side by side: every trait that one of them states, with the figures of both."""
    from huaxiang.app.persona_compare import compare_personas

    return answer(asked.request, compare_personas(asked.snapshot, left, right))


@router.get("/personas/{name}/{segment}/versions", response_model=Versions)
def versions(asked: Reading, name: Part, segment: Part) -> Response:
    """Tell what the card said in each snapshot: size, worth, and which statements came and went."""
    from huaxiang.app.field_rights import view_of
    from huaxiang.app.persona_compare import persona_versions

    fields = server_of(asked.request).rights.of(asked.caller.role)
    return answer(asked.request, persona_versions(asked.snapshot, name, segment, lambda one: view_of(one, fields)))


@router.get("/personas/{name}/{segment}/wording", response_model=Wording)
def wording(asked: Annotated[Asked, asks("define_tags")], name: Part, segment: Part) -> Response:
    """Give the texts of a card with placeholders instead of figures, as they are worded now, and who worded what when."""
    from huaxiang.app.personas import show_original
    from huaxiang.app.wording import show_wording

    card = show_original(asked.snapshot, name, segment)
    return answer(asked.request, show_wording(server_of(asked.request).settings.folder, card))


@router.put("/personas/{name}/{segment}/wording", response_model=Wording)
def word(asked: Annotated[Asked, asks("define_tags")], name: Part, segment: Part, wanted: WordingAsked) -> Response:
    """Word title, summary or statements of a card anew; its figures stay those of the data."""
    from huaxiang.app.personas import show_original
    from huaxiang.app.wording import save_wording

    card = show_original(asked.snapshot, name, segment)
    texts = {part: text.model_dump() if text is not None else None for part, text in wanted.texts.items()}
    with noticing_others():
        told = save_wording(server_of(asked.request).settings.folder, card, texts, asked.caller.name, wanted.expected)
    asked.note("wording", f"persona {name}/{segment}", parts=sorted(texts), version=told["version"])
    return answer(asked.request, told)
