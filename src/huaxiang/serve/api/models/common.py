"""What several subjects share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

WHEN_MOST = 100_000


class Request(BaseModel):
    """A body that is sent to the API; unknown members are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """A body that the API sends; members may be added, never removed or changed, below /api/v1."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Text(Answer):
    """A text in both languages."""

    zh: str | None = None
    en: str | None = None


class NextPage(Answer):
    """Where a list goes on."""

    next: str | None = Field(None, description="`cursor` of the next page, null on the last one")
    next_url: str | None = Field(None, description="The next page of a GET, null on the last one")


class Snapshot(Answer):
    """Which snapshot an answer is about."""

    snapshot: str = Field(description="ID of the snapshot")


class Dated(Snapshot):
    """Which snapshot, and its as-of day."""

    as_of: str = Field(description="As-of day, YYYY-MM-DD")


class Fault(Answer):
    """One parameter that is not valid."""

    pointer: str = Field(description="Where: `body/when`, `query/limit` …")
    code: str
    message: str


class Issue(Answer):
    """One fault of the project's definitions."""

    file: str
    line: int
    code: str
    severity: str
    message: str


class ProblemDetails(Answer):
    """RFC 9457. `type` and `code` are stable; docs/api.md lists them."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: list[Fault] | None = None
    issues: list[Issue] | None = None
    span: list[int] | None = None
    line: int | None = None
    column: int | None = None
    path: list[str | int] | None = None


Name = Annotated[str, Field(min_length=1, max_length=200)]
When = Annotated[
    Annotated[str, Field(min_length=1, max_length=WHEN_MOST)] | dict[str, Any],
    Field(
        description="The name of an audience, a condition as SQL text, or a condition as a tree (docs/conditions.md)",
        examples=["orders >= 3 and city = '上海'"],
    ),
]
Shape = dict[str, Any]
"""A part whose members docs/contracts.md describes."""
Stale = Annotated[
    list[Shape],
    Field(
        description="Audiences that the condition reads, itself or through others, whose members are those of before, and why"
    ),
]
