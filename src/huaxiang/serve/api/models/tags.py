"""Requests and answers of the tag market: tags with their figures, how they are written, and their life."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from huaxiang.serve.api.models.common import Answer, Dated, NextPage, Request, Shape, Text

Note = Annotated[str | None, Field(max_length=2000, description="Why, for those who look at the history")]


class MarketAsked(BaseModel):
    """Which tags are wanted."""

    q: str | None = Field(None, max_length=200, description="Words in name, title, description, theme or owner")
    class_: str | None = Field(None, alias="class", max_length=100)
    theme: str | None = Field(None, max_length=100, description="Code of a catalogue attribute")
    kind: str | None = Field(None, max_length=100)
    status: str | None = Field(
        None, max_length=20, description="draft, online, offline, removed, or review: what waits for approval"
    )
    owner: str | None = Field(None, max_length=100)
    coverage: float | None = Field(None, ge=0, le=1, description="At least")
    sort: Literal["definition", "name", "coverage", "users", "change", "fresh_to"] = "definition"


class Theme(Answer):
    """An attribute of the standard catalogue."""

    code: str
    title: Text


class Review(Answer):
    """What waits for approval: a draft (submit), or another text of a tag that is online (propose)."""

    action: str
    who: str
    at: str
    note: str | None


class TagChange(Answer):
    """What changed since the build before."""

    new: bool
    redefined: bool
    coverage: float | None = Field(description="Coverage now less coverage then")
    moved: float | None = Field(description="Least share of the values that would have to be others, 0…1")


class TagCard(Answer):
    """A tag in the market."""

    name: str
    definition: str = Field(description="Name of the tag that writes this column")
    title: Text
    description: Text | str | None
    kind: str | None
    class_: str = Field(alias="class")
    theme: Theme | None
    owner: str | None
    value_type: str | None
    unit: str | None
    status: str | None = Field(description="draft, online, offline, or removed: built, but defined no longer")
    review: Review | None
    built: bool
    coverage: float | None
    missing: int | None
    values: int | None = Field(description="How many different values, where values are counted")
    sketch: list[float] = Field(description="Outline of the distribution")
    fresh_to: str | None
    lag_days: int | None = Field(description="Days from the newest row that it is computed from to the as-of day")
    used_by: dict[str, list[str]]
    users: int
    change: TagChange | None
    version: int | None


class Before(Answer):
    """The snapshot that changes are told against."""

    snapshot: str
    as_of: str


class ThemeCount(Theme):
    """A theme, and how many tags it has."""

    tags: int


class ClassCount(Answer):
    """A class, and how many tags it has."""

    class_: str = Field(alias="class")
    title: Text
    tags: int
    themes: list[ThemeCount]


class Market(Dated, NextPage):
    """Tags as asked for, and what other choices would show."""

    customers: int
    before: Before | None
    total: int
    found: int
    tags: list[TagCard]
    tree: list[ClassCount]
    facets: dict[str, dict[str, int]]
    problem: bool = Field(description="The project's files have faults: only built tags are shown")


class Proposal(Answer):
    """The text that waits for approval in place of the one that is online."""

    definition: Shape
    yaml: str
    words: Text | None
    same_figures: bool


class TagEvent(Answer):
    """Something that was done with a tag."""

    number: int
    at: str
    who: str
    role: str
    action: str
    note: str | None
    definition: Shape | None = None
    yaml: str | None = None


class TagPage(Dated):
    """A tag in full."""

    customers: int
    before: Before | None
    card: TagCard
    columns: list[str]
    distribution: Shape | None
    value_titles: Shape
    lineage: list[str]
    sql: str | None
    words: Text
    written: Shape | None
    yaml: str | None
    place: str | None
    digest: str | None = Field(description="What If-Match names")
    proposal: Proposal | None
    unbuilt: bool = Field(description="The figures are those of another definition")
    steps: list[str] = Field(description="Steps of its life that the caller may take")
    may_edit: bool
    may_remove: bool
    last_event: TagEvent | None


class TagHistory(Dated):
    """A tag over the kept snapshots, and the versions of its definition."""

    name: str
    trend: list[Shape]
    values: list[Shape]
    versions: list[Shape]
    events: list[TagEvent]


class TagLineage(Answer):
    """Where a tag comes from and where it goes."""

    name: str
    nodes: list[Shape]
    edges: list[list[str]]
    left_out: int


class TagReader(Answer):
    """A definition that reads a tag."""

    kind: str
    name: str
    title: Text
    status: str
    owner: str | None
    size: int | None
    through: str


class TagImpact(Answer):
    """Who would fail without a tag."""

    name: str
    direct: list[TagReader]
    indirect: list[TagReader]
    blocking: list[str]
    snapshot: str | None


class TagKinds(Answer):
    """What forms for tags ask, and what may be chosen there."""

    kinds: list[Shape]
    common: list[Shape]
    measures: list[Shape]
    sources: list[Shape]
    columns: list[Shape]
    attributes: list[Shape]
    classes: list[Shape]
    owners: list[str]
    names: list[str]


class PreviewAsked(Request):
    """A definition, as it would be written."""

    definition: dict[str, Any]


class TagIssue(Answer):
    """A fault of a definition at its place."""

    pointer: str | None = Field(
        description="The key at fault (`layers/0/when`); null for a fault of another definition"
    )
    place: str | None
    code: str
    severity: str
    message: Text
    span: list[int] | None


class TagPreview(Answer):
    """A definition, checked and computed."""

    valid: bool
    issues: list[TagIssue]
    name: Any
    words: Text | None
    yaml: str
    digest: str | None
    result: Shape | None
    note: Text | None


class TagAsked(Request):
    """A tag to be written."""

    definition: dict[str, Any]
    note: Note = None


class StepAsked(Request):
    """A step of a tag's life."""

    action: Literal["submit", "approve", "reject", "withdraw", "offline", "online"]
    note: Note = None


class TagSaved(Answer):
    """What became of a tag."""

    name: str
    status: str
    review: Review | None
    digest: str
    file: str
    created: bool
    warnings: list[TagIssue]


class TagRemoved(Answer):
    """A tag that was taken out."""

    name: str
    file: str
    removed: bool


__all__ = [
    "Market", "MarketAsked", "PreviewAsked", "StepAsked", "TagAsked", "TagHistory", "TagImpact", "TagKinds", "TagLineage", "TagPage",
    "TagPreview", "TagRemoved", "TagSaved",
]  # fmt: skip
