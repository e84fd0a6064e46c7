"""Requests and answers about what audiences are like, and about their life."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Dated, Name, Request, Shape, Stale, Text, When

Condition = Annotated[
    str, Field(min_length=1, max_length=100_000, description="The name of an audience, or a condition as SQL text")
]
ListName = Annotated[str, Field(max_length=1000)]


class BreakdownAsked(Request):
    """By which tags to break an audience down; `base`: valid (customers with a value), all, or a condition."""

    when: When
    by: Annotated[list[Name], Field(min_length=1, max_length=60)]
    base: When = "valid"
    limit: Annotated[int, Field(ge=1, le=1000)] = 20


class BreakdownValue(Answer):
    """A value: its customers in the audience and in the base, and the TGI with its 95 % interval."""

    value: Any
    title: Text | str | None
    count: int
    share: float | None
    base_count: int
    base_share: float | None
    tgi: float | None
    tgi_low: float | None
    tgi_high: float | None


class BreakdownTag(Answer):
    """One tag of a breakdown."""

    name: str
    title: Text | str | None
    value_type: str
    unit: str | None
    known: int
    missing: int
    base_known: int
    base_missing: int
    values: list[BreakdownValue]
    other: Shape | None


class Breakdown(Dated):
    """How an audience spreads over the values of tags, against a base."""

    audience: str
    customers: int
    base: Shape
    tags: list[BreakdownTag]
    stale: Stale


class OverlapAsked(Request):
    """Audiences to compare, pair by pair."""

    audiences: Annotated[list[When], Field(min_length=1, max_length=30)]


class Overlap(Dated):
    """`counts[i][j]`: customers in both; `shares[i][j]`: of those in i; `jaccard[i][j]`: both ÷ either."""

    customers: int
    audiences: list[Shape]
    counts: list[list[int]]
    shares: list[list[float | None]]
    jaccard: list[list[float | None]]
    any: int
    all: int
    stale: Stale


class NumbersAsked(Request):
    """Of which number, amount or date to tell figures."""

    when: When
    of: Name


class Numbers(Dated):
    """Figures of a number, amount or date over an audience, beside everyone."""

    audience: str
    customers: int
    of: Shape
    known: int
    missing: int
    min: Any
    max: Any
    mean: float | None
    median: Any
    total: Any
    percentiles: dict[str, Any]
    base: Shape
    index: Shape | None
    histogram: list[Any] | Shape | None
    stale: Stale


class WhyAsked(Request):
    """Why a customer is in an audience, or is not."""

    when: When
    customer_id: Name
    unmask: bool = False


class Why(Dated):
    """The condition as a tree, each part true, false or unknown for the customer."""

    audience: str
    customer_id: str
    redirected_from: str | None
    member: bool
    condition: Any
    stale: Shape | None
    tree: Shape | None
    decisive: list[Any] | None


class Fields(Dated):
    """What conditions may name, for editors: fields with operators and frequent values, sources, calls, audiences, lists."""

    fields: list[Shape]
    sources: list[Shape]
    functions: list[Shape]
    audiences: list[Shape]
    lists: list[Any]


class SaveAsked(Request):
    """What an audience should be; what is left out stays as it is. One of `when`, `list` and `sql`, `frozen_at` with or without `when`."""

    when: When | None = None
    list_: Annotated[Name | None, Field(alias="list")] = None
    sql: Annotated[str, Field(min_length=1, max_length=20_000)] | None = None
    frozen_at: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None
    title: Annotated[str, Field(max_length=200)] | None = None
    title_en: Annotated[str, Field(max_length=200)] | None = None
    owner: Annotated[str, Field(max_length=200)] | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None
    expected: Annotated[
        str | None,
        Field(
            max_length=200,
            description="`digest` as it was read, `new` where there is none: edits of others are noticed",
        ),
    ] = None


class Saved(Answer):
    """An audience as it stands in the project's files now; it has members after the next build."""

    name: str
    file: str
    created: bool
    definition: Any
    digest: str


class Removed(Answer):
    """What was taken out of the project."""

    name: str
    removed: bool | int | str
    file: str | None = None


class History(Answer):
    """Versions of a definition and its size at each build, newest first."""

    name: str
    title: Text | str | None
    snapshot: str
    as_of: str
    versions: list[Shape]
    sizes: list[Shape]


class Changes(Dated):
    """Who joined an audience and who left it since an older snapshot."""

    name: str
    title: Text | str | None
    since: str
    since_as_of: str
    size: int
    size_before: int
    stayed: int
    joined: int
    left: int
    gone: int
    version: int | None
    version_before: int | None
    stale: Any
    joined_ids: list[str] | None
    left_ids: list[str] | None


class Graph(Answer):
    """What audiences read, and who reads them."""

    audiences: list[Shape]


class Lists(Answer):
    """The uploaded lists."""

    lists: list[Shape]


class ListAsked(Request):
    """Values to match with customers; `field`: what they are: customer_id, an identity key or its field, or an attribute."""

    field: Name
    values: Annotated[list[Annotated[str, Field(max_length=500)]], Field(min_length=1, max_length=5_000_000)]


class Uploaded(Answer):
    """What became of the values of a list; rows count from 1, in the order sent."""

    name: str
    field: str
    rows: int
    empty: int
    matched: int
    unknown: int
    ambiguous: int
    customers: int
    unknown_rows: list[int]
    ambiguous_rows: list[int]
    replaced: bool
    snapshot: str
