"""Questions and answers about persona cards: compared, over time, and worded by hand."""

from __future__ import annotations

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Dated, Request, Shape, Text


class ComparedCard(Answer):
    """A card that is compared."""

    set: str
    segment: str
    name: Text
    size: int
    share: float
    base_size: int
    worth: Shape | None
    summary: Text


class Cell(Answer):
    """A trait of one card; `stated`: the card says it, else it was computed from the customers."""

    stated: bool
    figure: float | None
    base: float | None
    index: float | None
    low: float | None
    high: float | None
    n: int | None
    missing: float | None


class TraitRow(Answer):
    """A trait of both cards."""

    section: str
    section_title: Text
    kind: str
    tag: str
    tag_title: Text
    value: str | None
    value_title: Text | None
    unit: str | None
    defines_segment: bool
    cells: list[Cell | None]


class Compared(Dated):
    """Two cards side by side."""

    cards: list[ComparedCard]
    rows: list[TraitRow]


class Version(Answer):
    """A card in one snapshot."""

    snapshot: str
    as_of: str
    name: Text
    size: int
    share: float
    base_size: int
    worth: Shape | None
    statements: int
    new: list[Text]
    gone: list[Text]


class Versions(Answer):
    """A card over the snapshots, newest first."""

    set: str
    segment: str
    versions: list[Version]


class Both(Request):
    """A text in both languages."""

    zh: str = Field(max_length=2000)
    en: str = Field(max_length=2000)


class WordingAsked(Request):
    """Parts to be worded anew: title, summary or the ID of a statement → its text with placeholders, null for the original."""

    texts: dict[str, Both | None] = Field(min_length=1, max_length=200)
    expected: str | None = Field(None, max_length=64, description="`digest` that was read")


class WordingVersion(Answer):
    """Who worded what when."""

    version: int
    by: str
    at: str
    parts: dict[str, Text]


class Wording(Answer):
    """The texts of a card with placeholders, and their history."""

    set: str
    segment: str
    digest: str | None
    templates: dict[str, Text]
    version: int
    versions: list[WordingVersion]
