"""Questions and answers about sources and uploaded files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from huaxiang.serve.api.models.common import Answer, Dated, Request, Shape, Text

if TYPE_CHECKING:
    from huaxiang.app.wizard import Wanted


class SourceFile(Answer):
    """One file of a source, as it was read."""

    path: str | None
    format: str | None
    encoding: str | None
    rows: int | None
    bytes: int | None


class Found(Answer):
    """Something that was found about the quality of a source."""

    light: str
    text: Text
    advice: Text


class Drift(Answer):
    """A column that came, went or changed its type since the build before."""

    change: str
    column: str
    before: Any
    now: Any
    mapped: bool


class SourceLine(Answer):
    """A source in a list."""

    name: str
    title: Text | None
    kind: str | None
    origin: str
    owner: str | None
    files: list[SourceFile]
    rows_in: int | None
    loaded: int | None
    repaired: int | None
    set_aside: int | None
    left_out: int | None
    loaded_at: str | None
    first_at: Any
    last_at: Any
    age_days: int | None
    light: str | None
    findings: list[Found]
    schema_: list[Drift] = Field(alias="schema")
    keys: list[str]
    state: Literal["built", "new", "gone"]
    place: str | None


class Sources(Dated):
    """The sources of the project."""

    checked_on: str
    sources: list[SourceLine]


class SourceColumn(Answer):
    """A field of a source."""

    name: str
    from_: list[str] | None = Field(alias="from")
    type: str | None
    rows: int | None
    missing: int | None
    complete: float | None
    valid: float | None
    unique: float | None
    repaired: int | None
    light: str | None
    key: bool
    examples: list[str] | None
    hidden: str | None


class SourceDetail(Dated, SourceLine):
    """A source in full."""

    purpose: str | None
    legal_basis: str | None
    trust: float | None
    thresholds: Shape | None
    digest: str | None
    columns: list[SourceColumn]
    unmapped: list[str]


class ReadColumn(Answer):
    """A column of an uploaded file."""

    name: str
    type: str
    filled: float
    distinct: int
    examples: list[str]
    hidden: str | None


class RowProblem(Answer):
    """A row that is no row of the table."""

    row: int
    column: str | None
    code: str
    text: Text


class Suggestion(Answer):
    """What a column may fill."""

    column: str
    field: str | None
    type: str
    why: Literal["name", "project", "content", "catalogue", "own", "none"]
    more: Shape


class Read(Answer):
    """An uploaded file: how it is written, what it holds, what it may be."""

    id: str
    name: str
    bytes: int
    uploaded_at: str
    expires_at: str
    format: str | None
    encoding: str | None
    delimiter: str | None
    sheets: list[str]
    sheet: str | int
    header_row: int
    rows: int
    complete: bool
    columns: list[ReadColumn]
    problems: list[RowProblem]
    problem_rows: int
    fault: Text | None
    entity: str
    fields: dict[str, str]
    suggestions: list[Suggestion]
    keys: list[str]
    sources: list[str]


class Dropped(Answer):
    """An uploaded file that was forgotten."""

    id: str
    removed: bool


class _Mapped(Request):
    """How an uploaded file becomes a source; `columns` as in the YAML of a source: field → column name, or its full mapping."""

    file: str = Field(description="ID of the uploaded file")
    encoding: Literal["auto", "utf-8", "gb18030", "gbk", "utf-16"] = "auto"
    delimiter: str = Field("auto", max_length=4)
    sheet: str | int = 0
    header_row: int = Field(1, ge=1, le=1000)
    entity: str = Field(max_length=20)
    title: dict[Literal["zh", "en"], str] | None = None
    owner: str | None = Field(None, max_length=100)
    purpose: str = Field(min_length=1, max_length=500)
    legal_basis: str = Field(max_length=40)
    trust: float | None = Field(None, ge=0, le=1)
    unique: list[str] | None = None
    columns: dict[str, str | dict[str, Any]] = Field(min_length=1, max_length=500)
    attributes: list[str] = Field([], max_length=500)
    expected: str | None = Field(
        None, max_length=64, description="`digest` of the source that is replaced; null for a new one"
    )

    def mapping(self) -> Wanted:
        """As the use case takes it."""
        from huaxiang.app.file_reading import Form
        from huaxiang.app.wizard import Wanted

        keys = self.model_dump(
            include={"title", "owner", "purpose", "legal_basis", "trust", "unique", "columns", "entity"}
        )
        form = Form(self.encoding, self.delimiter, self.sheet or 0, self.header_row)
        return Wanted(form, keys, tuple(self.attributes), self.expected)


class PreviewAsked(_Mapped):
    """A mapping to be tried."""

    name: str = Field("preview", max_length=100)


class SourceAsked(_Mapped):
    """A mapping to be saved."""


class Counted(Answer):
    """Rows set aside for a reason."""

    code: str
    rows: int
    text: Text


class PreviewColumn(Answer):
    """A field as it was loaded."""

    name: str
    type: str
    missing: int
    repaired: list[Shape]


class PreviewRow(Answer):
    """A loaded row, masked."""

    row: int
    values: dict[str, str | None]


class MappingFault(Answer):
    """One fault of the definitions that a mapping makes."""

    file: str
    line: int
    code: str
    severity: str
    message: Text


class Previewed(Answer):
    """What a mapping makes of a file."""

    rows_in: int
    loaded: int
    set_aside: int
    left_out: int
    reasons: list[Counted]
    columns: list[PreviewColumn]
    rows: list[PreviewRow]
    rejected: list[RowProblem]
    yaml: str
    fault: Text | None
    issues: list[MappingFault]
    new_attributes: list[Shape]


class SourceSaved(Answer):
    """A source that was written."""

    name: str
    file: str
    data: str
    created: bool
    digest: str
    attributes: list[str]
    warnings: list[MappingFault]
