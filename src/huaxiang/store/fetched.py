"""Rows fetched from a database, as Arrow tables and Parquet files: types from the values, and from where to fetch the next ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.errors import Said
from huaxiang.plan.queries import look_back_span
from huaxiang.spec.sources import DatabaseSpec

_ROW_GROUP = 122_880
_STAMP = pa.timestamp("us")
_STAMP_UTC = pa.timestamp("us", "UTC")


class RowFault(ValueError):
    """Rows can't be taken as the database gave them: what is wrong and what to do."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(said.en)


@dataclass
class RowFile:
    """Rows in one or more Parquet files whose columns have the same names, but maybe not the same types. `ceiling`: no cursor value fetched
    in earnest lies after it.
    """

    columns: tuple[str, ...]
    paths: list[Path] = field(default_factory=list)
    ceiling: datetime | None = None
    table: pa.Table | None = None

    def spool(self, table: pa.Table, path: Path) -> None:
        """Add a chunk."""
        pq.write_table(table, path, compression="lz4")
        self.paths.append(path)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return (
            len(self.table) if self.table is not None else sum(pq.read_metadata(path).num_rows for path in self.paths)
        )

    def schema(self) -> pa.Schema:
        """Names with the narrowest types that hold all values."""
        schemas = [self.table.schema] if self.table is not None else [pq.read_schema(path) for path in self.paths]
        return common_schema(self.columns, schemas)

    def read(self) -> pa.Table:
        """All rows in memory."""
        if self.table is not None:
            return self.table
        schema = self.schema()
        tables = [as_schema(pq.read_table(path), schema) for path in self.paths]
        return pa.concat_tables(tables) if tables else schema.empty_table()

    def save(self, path: Path) -> None:
        """Write all rows to one file; row groups don't depend on the chunks they came in."""
        schema = self.schema()
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            if self.table is not None:
                writer.write_table(self.table, row_group_size=_ROW_GROUP)
                return
            waiting: pa.Table = schema.empty_table()
            for part in self.paths:
                waiting = pa.concat_tables([waiting, as_schema(pq.read_table(part), schema)])
                whole = waiting.num_rows - waiting.num_rows % _ROW_GROUP
                if whole:
                    writer.write_table(waiting.slice(0, whole), row_group_size=_ROW_GROUP)
                    waiting = waiting.slice(whole)
            writer.write_table(waiting)


def row_table(columns: Sequence[str], rows: Sequence[Any]) -> pa.Table:
    """Rows as a driver returns them as a table; each column has the type of its values, text where they differ.

    Raises RowFault naming a column that holds bytes which are no UTF-8 text.
    """
    arrays = []
    for at, name in enumerate(columns):
        try:
            arrays.append(_array([row[at] for row in rows]))
        except UnicodeEncodeError:
            raise RowFault(
                Said(
                    f'column "{name}" holds a text that is not valid UTF-8; correct it, or convert it in a `query`',
                    f"列“{name}”含有不是有效 UTF-8 的文本；请修正，或在 `query` 中转换",
                )
            ) from None
    return pa.Table.from_arrays(arrays, names=list(columns))


def _array(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values} - {type(None)}
    if not kinds:
        return pa.nulls(len(values))
    if kinds == {int}:
        try:
            return pa.array(values, pa.int64())
        except (OverflowError, pa.ArrowInvalid):
            return pa.array([_text(value) for value in values], pa.string())
    if kinds == {int, float} and all(not isinstance(value, int) or abs(value) < 2**53 for value in values):
        return pa.array(values, pa.float64())
    simple = {bool: pa.bool_(), str: pa.string(), float: pa.float64(), date: pa.date32()}
    if len(kinds) == 1 and (kind := next(iter(kinds))) in simple:
        return pa.array(values, simple[kind])
    if kinds == {datetime}:
        zones = {value.tzinfo is not None for value in values if value is not None}
        if len(zones) == 1:
            return pa.array(values, _STAMP_UTC if zones == {True} else _STAMP)
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    match value:
        case None | str():
            out: str | None = value
        case bool():
            out = "true" if value else "false"
        case Decimal():
            out = format(value, "f")
        case float():
            out = str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
        case datetime() | date() | time():
            out = value.isoformat()
        case timedelta():
            out = repr(value.total_seconds())
        case bytes() | bytearray() | memoryview():
            out = _text_of_bytes(bytes(value))
        case dict() | list() | tuple():
            out = json.dumps(value, ensure_ascii=False, default=str)
        case _:
            out = str(value)
    return out


def _text_of_bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.hex()


def common_schema(columns: Sequence[str], schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Per column the narrowest type that holds the values of all schemas: text where they don't agree."""
    fields = []
    for name in columns:
        types = {schema.field(name).type for schema in schemas} - {pa.null()}
        if len(types) > 1:
            types = {pa.float64()} if types == {pa.int64(), pa.float64()} else {pa.string()}
        fields.append(pa.field(name, types.pop() if types else pa.null()))
    return pa.schema(fields)


def as_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns in the types of `schema`."""
    arrays = []
    for wanted in schema:
        column = table.column(wanted.name)
        if column.type == wanted.type:
            arrays.append(column)
        elif pa.types.is_string(wanted.type) and not pa.types.is_null(column.type):
            arrays.append(pa.chunked_array([pa.array([_text(v) for v in column.to_pylist()], pa.string())]))
        else:
            arrays.append(column.cast(wanted.type))
    return pa.Table.from_arrays(arrays, schema=schema)


# Cursors


def all_numbers(values: Sequence[Any]) -> list[Decimal] | None:
    """The values as numbers when they are texts that all are; else None."""
    try:
        numbers = [Decimal(value) for value in values if isinstance(value, str)]
    except InvalidOperation:
        return None
    return (
        numbers if numbers and len(numbers) == len(values) and all(number.is_finite() for number in numbers) else None
    )


def cursor_start(before: RowFile, spec: DatabaseSpec) -> Any:
    """From which cursor value on to fetch: the last one, less the look-back; None when there is none yet.

    A last value in the future (a wrong clock) does not hide what comes until then: it counts as the time of the last fetch.
    """
    column = before.read().column(str(spec.cursor))
    span = look_back_span(spec.look_back)
    if pa.types.is_string(column.type):
        return _text_start(column, span, before.ceiling)
    last = pc.max(column).as_py()
    if last is None:
        return None
    if isinstance(last, date):
        return _back(last, span, before.ceiling)
    return last - span if isinstance(span, int | float) and span else last


def _back(last: date, span: timedelta | float | None, ceiling: datetime | None) -> date:
    """A date or time less a span (a bare number means days for dates, seconds for times)."""
    timed = isinstance(last, datetime)
    if ceiling is not None:
        limit: date = (
            ceiling.date()
            if not isinstance(last, datetime)
            else ceiling
            if last.tzinfo
            else ceiling.replace(tzinfo=None)
        )
        last = min(last, limit)
    if isinstance(span, timedelta):
        if not timed:
            return last - timedelta(days=-(-span // timedelta(days=1)))
        return last - span
    return last - (timedelta(seconds=span or 0) if timed else timedelta(days=span or 0))


def _text_start(column: pa.ChunkedArray, span: timedelta | float | None, ceiling: datetime | None) -> Any:
    """Texts that are numbers count as numbers, ISO times as times written alike; other texts have no look-back."""
    values = [value for value in column.to_pylist() if value is not None]
    if not values:
        return None
    numbers = all_numbers(values)
    if numbers is not None:
        return max(numbers) - Decimal(str(span)) if isinstance(span, int | float) else max(numbers)
    text = max(values)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    start = _back(moment, span, ceiling if moment.tzinfo is None else (ceiling or datetime.max.replace(tzinfo=UTC)))
    if len(text) == 10:
        return start.isoformat()[:10]
    separator = text[10] if len(text) > 10 else " "
    assert isinstance(start, datetime)
    return (
        start.replace(microsecond=0).isoformat(sep=separator)[:19]
        if start.tzinfo is None
        else start.isoformat(sep=separator)
    )
