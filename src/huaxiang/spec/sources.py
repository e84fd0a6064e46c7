"""Sources as written in YAML: where rows come from, what they are used for, and how their columns are mapped and cleaned."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from huaxiang.spec.base import Name, Spec, Title
from huaxiang.spec.quality import QualityRules

Entity = Literal[
    "person", "account", "order", "order_line", "event", "interaction", "answer", "text", "consent", "reference"
]
LegalBasis = Literal[
    "consent", "contract", "legal_obligation", "vital_interest", "public_interest", "legitimate_interest", "research"
]


ColumnType = Literal[
    "text", "integer", "number", "money", "date", "datetime", "boolean", "list",
    "phone", "email", "gender", "education", "marital_status", "name", "address", "id_number",
]  # fmt: skip


class ColumnSpec(Spec):
    """How one canonical or own field is filled from a column of the file and cleaned."""

    from_: str | Annotated[tuple[str, ...], Field(min_length=2)] | None = Field(
        None,
        alias="from",
        description="column name in the file, or a list of several: their texts with `:` between them, no value unless all have one; "
        "default: the field's own name",
    )
    type: ColumnType | None = Field(None, description="declared type; default: the canonical field's type, or text")
    format: str | None = Field(None, description="date format (strptime) when it is not one of the common ones")
    timezone: str | None = Field(
        None,
        description="zone of the file's times, e.g. UTC, when it is not the project's; they are converted to the project's",
    )
    unit: str | None = None
    scale: float | None = Field(None, description="factor applied to numbers, e.g. 0.01 when the file holds cents")
    vocabulary: dict[str, str | list[str]] | None = Field(
        None, description="canonical value → synonyms; a value outside it is set aside unless `strict: false`"
    )
    strict: bool = True
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    not_after_as_of: bool = Field(
        False, description="set the row aside when the date lies after the build's as-of date"
    )
    not_before: str | None = Field(
        None,
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        description="date: an earlier one is invalid, e.g. 1900-01-01 for birthdays",
    )
    missing: tuple[str, ...] = Field((), description="further texts that mean no value, besides the empty one")
    on_invalid: Literal["set_aside", "empty"] = Field(
        "set_aside",
        description="a value that can't be read: the row is set aside, or the value is emptied, counted, and kept raw in `repairs`",
    )
    default: str | None = Field(None, description="a declared repair: the value of rows that have none; counted")
    currency: str | None = Field(
        None, pattern=r"^[A-Z]{3}$", description="money: currency of the file; converted by `rates` of huaxiang.yaml"
    )
    convert_to: str | None = Field(None, description="number: unit to which `unit` is converted, e.g. kg → g")
    derive: dict[Name, str] | None = Field(
        None,
        description="new field → part of the value. address: country, province, city, district, code, street, key · id_number: birth_date, "
        "gender, province, city, district · name: surname, given, pinyin, initials, honorific · phone: country, region_code",
    )
    separator: str | None = Field(None, description="for type list: what parts the items (default any of | ; 、 ，)")


def columns_read(field: str, written: ColumnSpec | str) -> tuple[str, ...]:
    """The columns of the file that a field is filled from, as its mapping is written."""
    if isinstance(written, str):
        return (written,)
    return (written.from_ or field,) if not isinstance(written.from_, tuple) else written.from_


class LookupSpec(Spec):
    """Bring columns of a `reference` source to each row, by key."""

    source: Name
    on: Name = Field(description="field of this source that holds the key")
    key: Name | None = Field(None, description="field of the reference source; default the same name")
    take: dict[Name, Name] = Field(description="new field → field of the reference source")


FileFormat = Literal[
    "auto", "csv", "tsv", "excel", "json", "ndjson", "parquet",
    "segment", "sensors", "ga4", "mixpanel", "baidu_tongji", "questionnaire", "interview",
]  # fmt: skip


class DatabaseSpec(Spec):
    """A table or query of a database reached by a SQLAlchemy URL."""

    url: str = Field(description="SQLAlchemy URL, or `env:NAME` of the environment variable that holds it")
    table: str | None = None
    query: str | None = Field(None, description="one SELECT, instead of `table`")
    cursor: str | None = Field(
        None, description="column that grows with changes (time or number): only newer rows are fetched"
    )
    look_back: str = Field(
        "0", description="how far before the last cursor value to fetch again: `3d`, `2h`, or a number"
    )
    key: tuple[str, ...] = Field(
        (), description="columns that identify a row; a row fetched again replaces its older state"
    )
    versions: bool = Field(
        False,
        description="the table keeps every state of a row, under one key: the newest counts, and the older ones are no fault",
    )
    chunk: int = Field(50_000, ge=100, le=1_000_000)


class SourceSpec(Spec):
    """One collected source: files, and how they map to the canonical model."""

    name: Name
    title: Title = None
    description: str | None = None
    owner: str | None = None
    purpose: str = Field(description="what the data are used for (shown to customers on request)")
    legal_basis: LegalBasis
    entity: Entity
    files: str | tuple[str, ...] = Field((), description="path, folder or glob relative to the project folder")
    database: DatabaseSpec | None = Field(None, description="a table or query of a database, instead of files")
    format: FileFormat = "auto"
    take: Literal["events", "people", "links", "answers", "texts"] | None = Field(
        None,
        description="formats that hold several kinds of records: which of them this source reads; default events, answers for forms",
    )
    codebook: str | None = Field(None, description="questionnaire or interview: path of its codebook (YAML or Excel)")
    describes: bool | None = Field(
        None,
        description="its rows describe a person (name, birthday, address …) and are matched; default: person sources do",
    )
    trust: float = Field(0.5, ge=0, le=1, description="how far its values are trusted when sources disagree")
    quality: QualityRules | None = None
    encoding: Literal["auto", "utf-8", "gb18030", "gbk", "utf-16"] = "auto"
    delimiter: str = "auto"
    sheet: str | int = Field(0, description="Excel sheet name or 0-based number")
    header_row: int = Field(1, ge=1, description="1-based row that holds the column names")
    where: str | None = Field(
        None, description="SQL condition over the mapped fields; other rows are left out, and counted"
    )
    on_bad_row: Literal["set_aside", "stop"] = "set_aside"
    max_bad_share: float = Field(1.0, ge=0, le=1, description="stop the build when more than this share is set aside")
    unique: tuple[Name, ...] = Field((), description="fields that identify a row; later duplicates are set aside")
    columns: dict[Name, ColumnSpec | str] = Field(description="field → column name, or its full mapping")
    lookups: tuple[LookupSpec, ...] = ()
