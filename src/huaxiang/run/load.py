"""Collect and clean one source: its files, batch by batch, into one typed Parquet table; rows set aside into another.

Every row that is read ends in exactly one of the two: `loaded + set_aside = rows_in`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from huaxiang.errors import SourceError
from huaxiang.spec.models import SourceSpec
from huaxiang.store.cleaning.codes import FAULTS, KINDS, REASONS, Cleaned
from huaxiang.store.cleaning.column import clean_column
from huaxiang.store.cleaning.rule import ColumnRule, column_rules
from huaxiang.store.files.batch import LIMITS, FileFault, FileForm, Limits, RawBatch, missing_columns
from huaxiang.store.files.find import find_files, shown
from huaxiang.store.files.open import open_file, request_for
from huaxiang.store.files.sniff import digest

ROW_GROUP = 122_880
ROW_GROUP_BYTES = 256 * 2**20
RAW_CHARS = 131_072
_EMPTY = "the file is empty (0 bytes), without even a header row"
REJECTED_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("code", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.string()),
    ]
)
Progress = Callable[[int, int, int], None]
"""Called after each batch with (bytes read, bytes in all, rows read) of the source."""


_Bad = tuple[int, str | None, str, str]  # row, field, code, raw


@dataclass(frozen=True)
class FileReport:
    """One file that was read: path as shown, how it is written, rows in, size and SHA-256."""

    path: str
    format: str
    encoding: str | None
    delimiter: str | None
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ColumnReport:
    """One loaded column: declared type, rows without a value, and values that were repaired, by kind (`codes.REPAIRS`)."""

    name: str
    type: str
    missing: int
    repaired: Mapping[str, int]


@dataclass(frozen=True)
class LoadReport:
    """What became of the rows of a source: `loaded + set_aside == rows_in`; `reasons` counts the rows set aside by code."""

    source: str
    files: tuple[FileReport, ...]
    rows_in: int
    loaded: int
    set_aside: int
    reasons: Mapping[str, int]
    columns: tuple[ColumnReport, ...]

    @property
    def repaired(self) -> int:
        """Values that were repaired, over all columns."""
        return sum(sum(column.repaired.values()) for column in self.columns)


def load_source(  # noqa: PLR0913  (two places to write to, and what tests and the runner vary)
    source: SourceSpec,
    folder: Path,
    out: Path,
    rejected: Path,
    *,
    as_of: date,
    progress: Progress | None = None,
    timezone: str = "Asia/Shanghai",
    limits: Limits = LIMITS,
) -> LoadReport:
    """Load all files of a source.

    `out` gets the mapped columns in their order with their stored types, then `_file` (INTEGER, index into the report's files) and
    `_row` (BIGINT, row in the file as a spreadsheet numbers it); `rejected` gets one row for each row set aside. `where`, `unique`
    and `lookups` are left to the stages. Texts with a time zone are moved to `timezone`. Raises SourceError when a file is
    missing or can't be read, when a mapped column is not in it, or when more rows are set aside than the source allows.
    """
    files = find_files(source, folder)
    rules = column_rules(source, as_of=as_of, timezone=timezone)
    total = sum(path.stat().st_size for path in files)
    tally = _Tally(source.name, rules)
    reports: list[FileReport] = []
    with _Tables(rules, out, rejected) as tables:
        done = 0
        for number, path in enumerate(files):
            reader = _FileLoad(source, path, folder, number, limits)
            for read in reader.run(rules, tables, tally):
                if progress:
                    progress(done + read, total, tally.rows_in)
            done += path.stat().st_size
            reports.append(reader.report())
        if (
            source.on_bad_row == "set_aside"
            and tally.rows_in == 0
            and all(report.format == "empty" for report in reports)
        ):
            raise SourceError(source.name, reports[0].path, _EMPTY)
    _refuse_too_many(source, tally)
    return LoadReport(
        source.name,
        tuple(reports),
        tally.rows_in,
        tally.rows_in - tally.set_aside,
        tally.set_aside,
        dict(sorted(tally.reasons.items())),
        tally.columns(),
    )


def read_header(source: SourceSpec, folder: Path) -> tuple[str, ...] | None:
    """Column names of the source's first file, as the mapping may use them; None when no file is there (yet).

    Raises SourceError when the file is there and can't be read, is empty, or has none of the mapped columns.
    """
    try:
        files = find_files(source, folder)
    except SourceError:
        return None
    path = next((path for path in files if path.stat().st_size), None)
    if path is None:
        raise SourceError(source.name, shown(files[0], folder), _EMPTY)
    wanted = tuple(rule if isinstance(rule, str) else rule.from_ or name for name, rule in source.columns.items())
    try:
        header = open_file(request_for(source, path, (), folder=folder))[0].header
        if wanted and not set(wanted) & set(header):
            raise FileFault(missing_columns(wanted, header, wanted))
    except FileFault as fault:
        raise SourceError(source.name, shown(path, folder), str(fault)) from None
    return header


@dataclass
class _Tally:
    """Running counts of a source."""

    source: str
    rules: Sequence[ColumnRule]
    rows_in: int = 0
    set_aside: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    where: dict[tuple[str, str | None], tuple[str, int]] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)
    repaired: dict[str, Counter[str]] = field(default_factory=dict)

    def reject(self, file: str, row: int, column: str | None, code: str) -> None:
        """Count one row set aside."""
        self.set_aside += 1
        self.reasons[code] += 1
        self.where.setdefault((code, column), (file, row))

    def accept(self, rule: ColumnRule, cleaned: Cleaned, good: np.ndarray) -> None:
        """Count missing and repaired values of the rows that are loaded."""
        absent = cleaned.values.is_null().to_numpy(zero_copy_only=False)
        self.missing[rule.field] += int(np.count_nonzero(absent & good))
        kinds = np.bincount(cleaned.kinds[good], minlength=len(KINDS))
        counts = self.repaired.setdefault(rule.field, Counter())
        for at in np.flatnonzero(kinds[1:]) + 1:
            counts[KINDS[at]] += int(kinds[at])

    def columns(self) -> tuple[ColumnReport, ...]:
        """Reports of all columns."""
        return tuple(
            ColumnReport(
                rule.field, rule.type, self.missing[rule.field], dict(sorted(self.repaired.get(rule.field, {}).items()))
            )
            for rule in self.rules
        )


class _Tables:
    """The two Parquet files being written; removed again when the load fails, but for the rejected rows."""

    def __init__(self, rules: Sequence[ColumnRule], out: Path, rejected: Path) -> None:
        self._out, self._rejected = out, rejected
        self.schema = pa.schema(
            [*((rule.field, rule.stored) for rule in rules), ("_file", pa.int32()), ("_row", pa.int64())]
        )
        self._waiting: list[pa.RecordBatch] = []

    def __enter__(self) -> Self:
        self._rows = pq.ParquetWriter(
            self._out, self.schema, compression="zstd", compression_level=1, store_decimal_as_integer=True
        )
        self._bad = pq.ParquetWriter(self._rejected, REJECTED_SCHEMA, compression="zstd")
        return self

    def add(self, batch: pa.RecordBatch) -> None:
        """Take clean rows; they are written in row groups of about ROW_GROUP rows."""
        self._waiting.append(batch)
        rows = sum(waiting.num_rows for waiting in self._waiting)
        if rows >= ROW_GROUP or sum(waiting.nbytes for waiting in self._waiting) >= ROW_GROUP_BYTES:
            self._flush()

    def add_rejected(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Write rows set aside."""
        if rows:
            self._bad.write_table(pa.Table.from_pylist(list(rows), REJECTED_SCHEMA))

    def _flush(self) -> None:
        if any(batch.num_rows for batch in self._waiting):
            self._rows.write_table(pa.Table.from_batches(self._waiting, self.schema).combine_chunks())
        self._waiting = []

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()
        self._rows.close()
        self._bad.close()
        if error is not None:
            self._out.unlink(missing_ok=True)


class _FileLoad:
    """The load of one file."""

    def __init__(self, source: SourceSpec, path: Path, folder: Path, number: int, limits: Limits) -> None:
        self._source, self._path, self._folder, self._number, self._limits = source, path, folder, number, limits
        self._name = shown(path, folder)
        self._form = FileForm("empty", None, None, ())
        self._rows = 0
        self._sha256 = ""

    def run(self, rules: Sequence[ColumnRule], tables: _Tables, tally: _Tally) -> Iterator[int]:
        """Load the file; yields the bytes read so far."""
        try:
            self._sha256 = digest(self._path)
            if self._path.stat().st_size == 0:
                if self._source.on_bad_row == "stop":
                    raise FileFault(_EMPTY)
                return
            request = request_for(
                self._source, self._path, tuple(rule.column for rule in rules), self._limits, self._folder
            )
            self._form, batches = open_file(request)
            for batch in batches:
                self._take(batch, rules, tables, tally)
                yield batch.bytes_read
        except FileFault as fault:
            raise SourceError(self._source.name, self._name, str(fault)) from None
        except OSError as error:
            raise SourceError(
                self._source.name, self._name, f"the file can't be read ({error.strerror or 'I/O error'})"
            ) from None

    def report(self) -> FileReport:
        """What the file was."""
        form = self._form
        return FileReport(
            self._name, form.format, form.encoding, form.delimiter, self._rows, self._path.stat().st_size, self._sha256
        )

    def _take(self, batch: RawBatch, rules: Sequence[ColumnRule], tables: _Tables, tally: _Tally) -> None:
        cleaned = [clean_column(values, rule) for values, rule in zip(batch.columns, rules, strict=True)]
        faults, columns = _first_faults(batch, cleaned)
        good = faults == 0
        for rule, column in zip(rules, cleaned, strict=True):
            tally.accept(rule, column, good)
        tables.add(self._clean_rows(batch, cleaned, good, tables.schema))
        bad: list[_Bad] = [(row.row, row.column, row.code, row.raw) for row in batch.bad]
        for at in np.flatnonzero(~good):
            field_ = rules[columns[at]].field if columns[at] >= 0 else None
            bad.append((int(batch.rows[at]), field_, FAULTS[faults[at]], batch.raw(int(at))))
        bad.sort(key=lambda entry: entry[0])
        for row, name, code, _ in bad:
            tally.reject(self._name, row, name, code)
        tables.add_rejected([self._rejected(entry) for entry in bad])
        tally.rows_in += len(batch.rows) + len(batch.bad)
        self._rows += len(batch.rows) + len(batch.bad)

    def _clean_rows(
        self, batch: RawBatch, cleaned: Sequence[Cleaned], good: np.ndarray, schema: pa.Schema
    ) -> pa.RecordBatch:
        length = len(batch.rows)
        arrays = [*(c.values for c in cleaned), pa.array(np.full(length, self._number, np.int32)), pa.array(batch.rows)]
        whole = pa.RecordBatch.from_arrays(arrays, schema=schema)
        return whole if good.all() else whole.filter(pa.array(good))

    def _rejected(self, entry: _Bad) -> dict[str, object]:
        row, column, code, raw = entry
        text = raw if len(raw) <= RAW_CHARS else f"{raw[:RAW_CHARS]}… ({len(raw):,} characters in the file)"
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        return {
            "source": self._source.name,
            "file": self._name,
            "row": row,
            "column": column,
            "code": code,
            "reason": REASONS[code][1],
            "raw": text,
        }


def _first_faults(batch: RawBatch, cleaned: Sequence[Cleaned]) -> tuple[np.ndarray, np.ndarray]:
    """Per row the first fault (0 = none) and the index of its column (-1 = the whole row)."""
    faults = np.zeros(len(batch.rows), np.int8) if batch.faults is None else batch.faults.copy()
    columns = np.full(len(batch.rows), -1, np.int32)
    for at, column in enumerate(cleaned):
        new = (faults == 0) & (column.faults != 0)
        faults[new], columns[new] = column.faults[new], at
    return faults, columns


def _refuse_too_many(source: SourceSpec, tally: _Tally) -> None:
    if not tally.set_aside:
        return
    share = tally.set_aside / tally.rows_in
    if source.on_bad_row == "stop":
        rule = "`on_bad_row: stop` allows none"
    elif share > source.max_bad_share:
        rule = f"`max_bad_share` allows {source.max_bad_share:.2%}"
    else:
        return
    (code, column), (file, row) = next(iter(tally.where.items()))
    of = f' of column "{column}"' if column else ""
    counts = ", ".join(f"{code} {count:,}" for code, count in tally.reasons.most_common(5))
    raise SourceError(
        source.name,
        f"{file} row {row}{of}",
        f"{REASONS[code][1]}; in all {tally.set_aside:,} of {tally.rows_in:,} rows ({share:.2%}) can't be loaded ({counts}), {rule}. "
        "Correct the file or the mapping, or allow more",
    )
