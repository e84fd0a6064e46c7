"""Requests and answers of those who write audiences."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Dated, Request, Shape, Text, When


class FormsAsked(Request):
    """A condition to read."""

    when: When


class Forms(Answer):
    """One condition in both ways of writing it (docs/conditions.md)."""

    text: str
    tree: Shape
    form: Shape = Field(description="The tree with `where` of behaviours as trees too")


class Definition(Answer):
    """An audience as the project's files hold it now; `digest` goes into `expected` of what is saved."""

    name: str
    title: Text
    description: Text | str | None
    owner: str | None
    kind: str
    when: str | None
    form: Shape | None = Field(description="null where the condition can't be read, or there is none")
    list_: str | None = Field(alias="list")
    sql: str | None
    frozen_at: str | None
    place: str
    digest: str


class BoardLine(Answer):
    """An audience with its sizes at the last builds."""

    name: str
    title: Text | str | None
    description: Text | str | None
    owner: str | None
    kind: str
    size: int | None
    share: float | None
    state: Literal["current", "changed", "unbuilt", "removed"]
    stale: Shape | None
    sizes: list[Shape]


class Board(Dated):
    """Audiences of the snapshot, and those that were saved since."""

    customers: int
    audiences: list[BoardLine]
