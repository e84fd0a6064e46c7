"""Answers for the page of one customer: timeline, likeness, reasons of tags, people around her."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Dated, NextPage, Shape, Text


class Moment(Answer):
    """Something that happened, in words."""

    source: str
    entity: str
    at: Any
    title: Text
    fields: list[Shape]
    lines: list[Shape]


class TimedSource(Answer):
    """A source with rows of the customer; `within`: its rows stand with those of another."""

    source: str
    title: Text | str | None
    entity: str
    rows: int
    first_at: Any
    last_at: Any
    within: bool


class Timeline(Dated, NextPage):
    """What happened, newest first."""

    customer_id: str
    sources: list[TimedSource]
    items: list[Moment]


class Alike(Answer):
    """A customer who is like the one asked about, and by which tags."""

    customer_id: str
    name: str | None
    phone: str | None
    values: dict[str, Shape]
    similarity: float
    shared: list[Shape]
    differ: list[Shape]


class Similar(Dated):
    """The nearest customers; `tags`: how many were compared."""

    customer_id: str
    tags: int
    columns: list[Shape]
    similar: list[Alike]


class TagWhy(Dated):
    """Why a customer has a value of a tag."""

    customer_id: str
    name: str
    title: Text | str | None
    description: Text | str | None
    kind: str | None
    class_: str | None = Field(alias="class")
    unit: str | None
    value_type: str
    value: Any
    value_title: Text | str | None
    value_titles: list[Any] | None
    definition: Any
    version: int | None
    owner: str | None
    place: str | None
    fresh_to: str | None
    inputs: list[Shape]
    rows: list[Shape]
    tree: Shape | None
    decisive: list[str]


class Relations(Dated):
    """The people around a customer."""

    customer_id: str
    columns: list[Shape]
    household: Shape | None
    account: Shape | None
