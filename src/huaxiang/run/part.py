"""Clean one part of a source: a file, or files that are read as one, batch by batch into the tables of a folder.

`clean.parquet` has the mapped fields, `_file` (number of the file within the part) and `_row`, and where the format gives them
`_identity` and `_group`; `rejected.parquet` the rows set aside. A part does not know the names of its files: the same bytes give
the same part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.run.repairs import REPAIRS_SCHEMA, CleanBatch, emptied_rows, repaired_rows
from huaxiang.run.reports import REJECTED_SCHEMA, Tally
from huaxiang.spec.models import SourceSpec
from huaxiang.store.cleaning.codes import FAULTS, REASONS, Cleaned
from huaxiang.store.cleaning.column import clean_column
from huaxiang.store.cleaning.joined import join_columns
from huaxiang.store.cleaning.rule import ColumnRule
from huaxiang.store.files.batch import FileForm, RawBatch, ReadRequest
from huaxiang.store.files.open import open_file

ROW_GROUP = 122_880
ROW_GROUP_BYTES = 256 * 2**20
RAW_CHARS = 131_072
IDENTITY, GROUP = "_identity", "_group"
IDENTITY_TYPE = pa.binary(16)
SIDES: Mapping[str, pa.Schema] = {"rejected": REJECTED_SCHEMA, "repairs": REPAIRS_SCHEMA}
"""The tables of a part besides `clean`; each has a column `file`, which holds the number of the file within the part."""

_Bad = tuple[int, str | None, str, str]  # row, field, code, raw


@dataclass
class PartReport:
    """What became of the rows of a part: counts, rows by file, and how its first file is written."""

    tally: Tally = field(default_factory=Tally)
    rows: Counter[int] = field(default_factory=Counter)
    form: FileForm = field(default_factory=lambda: FileForm("empty", None, None, ()))

    def plain(self) -> dict[str, Any]:
        """As JSON values, for `Collected.keep`."""
        form = {"format": self.form.format, "encoding": self.form.encoding, "delimiter": self.form.delimiter}
        rows = {str(number): rows for number, rows in sorted(self.rows.items())}
        return {"tally": self.tally.plain(), "rows": rows, "form": form}


def clean_schema(rules: Sequence[ColumnRule]) -> pa.Schema:
    """Layout of a source's clean table."""
    derived = [one for rule in rules for one in rule.derived]
    columns = [*((rule.field, rule.stored) for rule in rules), *((one.field, one.stored) for one in derived)]
    return pa.schema([*columns, ("_file", pa.int32()), ("_row", pa.int64())])


class RowWriter:
    """Writes record batches to a Parquet file in row groups of about ROW_GROUP rows; equal rows give equal bytes."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._waiting: list[pa.RecordBatch] = []
        self._rows = pq.ParquetWriter(
            path, schema, compression="zstd", compression_level=1, store_decimal_as_integer=True
        )

    def __enter__(self) -> Self:
        return self

    def add(self, batch: pa.RecordBatch) -> None:
        """Take rows; they are written when there are enough of them."""
        self._waiting.append(batch)
        rows = sum(waiting.num_rows for waiting in self._waiting)
        if rows >= ROW_GROUP or sum(waiting.nbytes for waiting in self._waiting) >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if any(batch.num_rows for batch in self._waiting):
            self._rows.write_table(pa.Table.from_batches(self._waiting, self._schema).combine_chunks())
        self._waiting = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()
        self._rows.close()
        if error is not None:
            self._path.unlink(missing_ok=True)


def clean_part(
    source: SourceSpec, request: ReadRequest, rules: Sequence[ColumnRule], folder: Path
) -> Iterator[tuple[int, PartReport]]:
    """Clean the files of `request` into `folder`; yields the bytes read so far and the running report after each batch.

    Raises FileFault when a file can't be read, or lacks a column that is mapped.
    """
    report = PartReport()
    report.form, batches = open_file(request)
    schema = clean_schema(rules)
    if report.form.identity:
        schema = schema.append(pa.field(IDENTITY, IDENTITY_TYPE))
    if report.form.group:
        schema = schema.append(pa.field(GROUP, pa.string()))
    with (
        RowWriter(folder / "clean.parquet", schema) as clean,
        pq.ParquetWriter(folder / "rejected.parquet", REJECTED_SCHEMA, compression="zstd") as rejected,
        pq.ParquetWriter(folder / "repairs.parquet", REPAIRS_SCHEMA, compression="zstd") as repairs,
    ):
        for read in batches:
            batch = join_columns(read, rules)
            done = _clean_batch(batch, rules, report.tally)
            bad = _bad_rows(done)
            clean.add(_rows(batch, done.cleaned, done.good, schema))
            if (changed := repaired_rows(source.name, done)).num_rows:
                repairs.write_table(changed)
            if batch.emptied:
                repairs.write_table(emptied_rows(source.name, batch))
            _reject(source.name, batch, bad, report.tally, rejected)
            out = sum(batch.left_out.values())
            report.tally.left_out.update(batch.left_out)
            report.tally.rows_in += len(batch.rows) + len(batch.bad) + out
            report.rows[batch.file] += len(batch.rows) + len(batch.bad) + out
            yield batch.bytes_read, report
    yield request.path.stat().st_size, report


def _clean_batch(batch: RawBatch, rules: Sequence[ColumnRule], tally: Tally) -> CleanBatch:
    """The cleaned columns, and which rows are loaded."""
    cleaned = [clean_column(values, rule) for values, rule in zip(batch.columns, rules, strict=True)]
    good = _first_faults(batch, cleaned)[0] == 0
    emptied = Counter(cell.column for cell in batch.emptied)
    for rule, column in zip(rules, cleaned, strict=True):
        tally.accept(rule, column, good)
        tally.repaired[rule.field].update({"emptied": emptied[rule.column]} if emptied[rule.column] else {})
    return CleanBatch(batch, rules, cleaned, good)


def _bad_rows(done: CleanBatch) -> list[_Bad]:
    """The rows that are set aside, in the order of the file."""
    batch, rules = done.batch, done.rules
    faults, columns = _first_faults(batch, done.cleaned)
    bad: list[_Bad] = [(row.row, row.column, row.code, row.raw) for row in batch.bad]
    for at in np.flatnonzero(~done.good):
        field_ = rules[columns[at]].field if columns[at] >= 0 else None
        bad.append((int(batch.rows[at]), field_, FAULTS[faults[at]], batch.raw(int(at))))
    bad.sort(key=lambda entry: entry[0])
    return bad


def _rows(batch: RawBatch, cleaned: Sequence[Cleaned], good: np.ndarray, schema: pa.Schema) -> pa.RecordBatch:
    columns = [*(c.values for c in cleaned), *(one for c in cleaned for one in c.derived)]
    arrays = [*columns, pa.array(np.full(len(batch.rows), batch.file, np.int32)), pa.array(batch.rows)]
    marks = {IDENTITY: batch.identity, GROUP: batch.group}
    for name in schema.names[len(arrays) :]:
        mark = marks[name]
        arrays.append(pa.nulls(len(batch.rows), schema.field(name).type) if mark is None else mark)
    whole = pa.RecordBatch.from_arrays(arrays, schema=schema)
    return whole if good.all() else whole.filter(pa.array(good))


def _reject(source: str, batch: RawBatch, bad: Sequence[_Bad], tally: Tally, writer: pq.ParquetWriter) -> None:
    file = str(batch.file)
    for row, name, code, _ in bad:
        tally.reject(file, row, name, code)
    if bad:
        rows = [rejected_row((source, file), entry) for entry in bad]
        writer.write_table(pa.Table.from_pylist(rows, REJECTED_SCHEMA))


def rejected_row(place: tuple[str, str], entry: _Bad) -> dict[str, object]:
    """A row of the table of rows set aside; `place`: source and file, `entry`: row, field, code and raw text."""
    row, column, code, raw = entry
    source, file = place
    return {
        "source": source,
        "file": file,
        "row": row,
        "column": column,
        "code": code,
        "reason": REASONS[code][1],
        "raw": shown_raw(raw),
    }


def shown_raw(raw: str) -> str:
    """A raw text as tables keep it: not longer than RAW_CHARS, and valid UTF-8."""
    text = raw if len(raw) <= RAW_CHARS else f"{raw[:RAW_CHARS]}… ({len(raw):,} characters in the file)"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _first_faults(batch: RawBatch, cleaned: Sequence[Cleaned]) -> tuple[np.ndarray, np.ndarray]:
    """Per row the first fault (0 = none) and the index of its column (-1 = the whole row)."""
    faults = np.zeros(len(batch.rows), np.int8) if batch.faults is None else batch.faults.copy()
    columns = np.full(len(batch.rows), -1, np.int32)
    for at, column in enumerate(cleaned):
        new = (faults == 0) & (column.faults != 0)
        faults[new], columns[new] = column.faults[new], at
    return faults, columns
