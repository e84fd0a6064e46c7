"""Requests and answers about audiences and the customers who meet a condition."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Dated, Name, NextPage, Request, Shape, Snapshot, Stale, Text, When

Columns = Annotated[tuple[Name, ...], Field(max_length=200)]


class AudienceLine(Answer):
    """A declared audience, with its size at the build."""

    name: str
    title: Text | str | None
    description: Text | str | None
    owner: str | None
    kind: str | None = Field(description="dynamic, static, frozen, or sql")
    definition: Any
    size: int | None
    share: float | None
    place: str | None
    version: int | None
    versions: list[Shape] | None
    frozen: Shape | None
    list_: str | None = Field(alias="list")
    changes: Shape | None
    stale: Shape | None = Field(description="Why its members are those of before, null when they are of today")
    stale_inputs: list[str] | None


class Audiences(Dated, NextPage):
    """The declared audiences."""

    customers: int
    audiences: list[AudienceLine]


class Audience(AudienceLine, Dated):
    """One declared audience."""


class CountAsked(Request):
    """Whom to count."""

    when: When


class Count(Snapshot):
    """How many of all customers meet the condition."""

    count: int
    base: int
    elapsed_ms: float = Field(description="Milliseconds that the answer took, without the network")
    stale: Stale


class IdsAsked(Request):
    """Whose IDs to give."""

    when: When
    limit: Annotated[int, Field(ge=1, le=100_000)] = 1000
    cursor: Annotated[str | None, Field(max_length=200)] = None


class Ids(NextPage, Snapshot):
    """IDs of customers, ascending; `count` counts those of all pages."""

    count: int
    ids: list[str]
    stale: Stale


class ExportAsked(Request):
    """Whom to export, with which columns besides the ID. Personal values are masked, unless an admin asks with `unmask`."""

    when: When
    columns: Columns = ()
    format: Literal["csv", "parquet"] = "csv"
    unmask: bool = False


class RulesAsked(Request):
    """Which values of tags go together (docs/rules.md); `when` null: among everyone."""

    when: When | None = None
    tags: Columns = ()
    min_support: Annotated[float, Field(gt=0, le=1)] = 0.01
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.2
    min_lift: Annotated[float, Field(ge=0, le=1_000_000)] = 1.1
    max_length: Annotated[int, Field(ge=2, le=10)] = 3
    limit: Annotated[int, Field(ge=1, le=1000)] = 20
    everything: bool = False


class Rules(Dated):
    """Rules, the strongest lift first."""

    audience: str | None
    customers: int
    base: int
    tags: list[Shape]
    asked: Shape
    itemsets: int
    tested: int
    found: int
    left_out: dict[str, int]
    rules: list[Shape]
    stale: Stale


class LookalikeAsked(Request):
    """How many customers like a seed to find: a `size` or a `share`, exactly one of them (docs/lookalike.md)."""

    seed: When
    size: Annotated[int, Field(ge=1)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] | None = None
    exclude: When | None = None
    model: Literal["logistic", "boosting"] = "logistic"
    holdout: Annotated[float, Field(ge=0.1, le=0.5)] = 0.3
    ids: Annotated[bool, Field(description="Also give `found`: the IDs and scores, the most alike first")] = False


class Lookalikes(Dated):
    """How good the ranking is on the held-out part of the seed, and on request whom it found."""

    seed: Shape
    rest: Shape
    exclude: str | None
    candidates: int
    size: int
    share: float
    least_score: float
    model: Shape
    features: Shape
    curve: list[Shape] | Shape
    auc: Shape
    baseline: Shape
    drivers: list[Shape]
    warnings: list[Any]
    note: Text
    seconds: float
    stale: Stale
    found: list[Shape] | None = None


class SqlAsked(Request):
    """A query that selects customers: `SELECT customer_id FROM …` over the permitted tables (docs/api.md)."""

    sql: Annotated[str, Field(min_length=1, max_length=20_000)]
    limit: Annotated[int, Field(ge=0, le=100_000, description="So many of the IDs; 0 for the count alone")] = 0
    seconds: Annotated[float, Field(gt=0, le=60)] = 10.0


class SqlAnswer(Snapshot):
    """How many customers the query selects, and the first of their IDs."""

    count: int
    base: int
    elapsed_ms: float
    ids: list[str]
    tables: list[str]


class SqlTable(Answer):
    """A table that SQL audiences may read, with its columns and their types."""

    name: str
    title: Text | str | None
    rows: int | None
    columns: dict[str, str]


class SqlTables(Dated):
    """What SQL audiences may read."""

    tables: list[SqlTable]
    functions: list[str]
