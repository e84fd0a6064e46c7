"""Read a file of records through the parser of its format: batches with standard and own columns."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from huaxiang.store.cleaning.codes import FAULT
from huaxiang.store.files.batch import BadRow, FileForm, RawBatch, ReadRequest
from huaxiang.store.files.jsons import Item, cell_text, encodable, json_decoder, line_item, read_items, text_lines
from huaxiang.store.files.sniff import TextForm, sniff_format, sniff_text
from huaxiang.store.formats.record import STANDARD, TIMES, ParsedEvent, RecordFault, flat_names

_BATCH = 20_000
_BATCH_CHARS = 32 * 2**20
_HEADER_RECORDS = 2_000
_TIME_TYPE = pa.timestamp("us", "UTC")


def _single(record: Mapping[str, Any]) -> Iterator[Any]:
    yield record


@dataclass(frozen=True)
class Format:
    """A format of records. `parse`: one record, RecordFault when it is none. `unpack`: the records of one JSON object. `line`: the
    objects of a line that is no JSON object itself (None: such a line is at fault). `identity`, `group`: see FileForm.
    """

    name: str
    parse: Callable[[Mapping[str, Any]], ParsedEvent]
    unpack: Callable[[Mapping[str, Any]], Iterator[Any]] = _single
    line: Callable[[str], Sequence[Any]] | None = None
    identity: bool = False
    group: bool = False


def open_records(
    request: ReadRequest, format_: Format, items: Callable[[], Iterator[Item]] | None = None
) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of a file. `items` replaces the JSON records of the file (another container). Raises FileFault.

    The header (standard columns, and the names in the first records) is made when no column is asked for; a column that occurs in no
    record is empty.
    """
    items = items or items_of(request, format_)
    header = _header(items(), format_, request) if not request.columns else ()
    form = FileForm(format_.name, None, None, header, identity=format_.identity, group=format_.group)
    return form, _batches(items(), format_, request)


def items_of(request: ReadRequest, format_: Format) -> Callable[[], Iterator[Item]]:
    """The JSON objects of a text file: an array, or one a line."""
    text = sniff_text(request.path, request.encoding, sample=request.sample)
    if sniff_format(request.path, "auto") == "json":
        return lambda: read_items(replace(request, format="json"), text)
    return lambda: _lines(request, format_, text)


def _lines(request: ReadRequest, format_: Format, text: TextForm) -> Iterator[Item]:
    decoder = json_decoder()
    for row, line, read in text_lines(request, text):
        if format_.line is None or line.startswith("{"):
            yield line_item(row, line, read, decoder, damaged=text.damaged)
            continue
        try:
            yield Item(row, {"data_list": format_.line(line)}, "", line, read)
        except RecordFault as fault:
            yield Item(row, None, fault.code, line, read)


@dataclass(frozen=True)
class Record:
    """One record of a file: row, raw text, bytes read; parsed, or the code of its fault."""

    row: int
    raw: str
    read: int
    parsed: ParsedEvent | None
    code: str = ""


def read_records(items: Iterable[Item], format_: Format) -> Iterator[Record]:
    """All records of a file, out of their packing, parsed."""
    for item in items:
        if item.value is None:
            yield Record(item.row, item.raw, item.read, None, item.code)
            continue
        try:
            unpacked = list(format_.unpack(item.value))
        except RecordFault as fault:
            yield Record(item.row, item.raw, item.read, None, fault.code)
            continue
        for record in unpacked:
            raw = item.raw if record is item.value else json.dumps(record, ensure_ascii=False, default=str)
            yield _parsed(item, raw, record, format_)


def _parsed(item: Item, raw: str, record: Any, format_: Format) -> Record:
    if not isinstance(record, Mapping):
        return Record(item.row, raw, item.read, None, "json_not_object")
    try:
        return Record(item.row, raw, item.read, format_.parse(record))
    except RecordFault as fault:
        return Record(item.row, raw, item.read, None, fault.code)
    except RecursionError:
        return Record(item.row, raw, item.read, None, "json_too_deep")


def _header(items: Iterator[Item], format_: Format, request: ReadRequest) -> tuple[str, ...]:
    names = dict.fromkeys(STANDARD)
    for at, record in enumerate(read_records(items, format_)):
        if at >= _HEADER_RECORDS or len(names) > request.limits.columns:
            break
        if record.parsed is not None:
            names |= dict.fromkeys(flat_names(record.parsed.own))
    return tuple(names)


@dataclass
class Pending:
    """Rows gathered for one batch."""

    request: ReadRequest
    format: Format
    rows: list[int] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    identities: list[bytes | None] = field(default_factory=list)
    groups: list[str | None] = field(default_factory=list)
    chars: int = 0

    def __post_init__(self) -> None:
        self.columns: list[list[Any]] = [[] for _ in self.request.columns]

    def full(self) -> bool:
        """Whether it is time to hand the rows on."""
        return len(self.rows) + len(self.bad) >= _BATCH or self.chars > _BATCH_CHARS

    def add(self, row: int, raw: str, parsed: ParsedEvent) -> None:
        """Take a row."""
        fault = 0
        for at, name in enumerate(self.request.columns):
            value = parsed.value(name)
            if name in TIMES:
                self.columns[at].append(value if isinstance(value, datetime) else None)
                continue
            text = cell_text(value)
            if text is not None:
                if len(text) > self.request.limits.cell_chars:
                    fault, text = FAULT["too_long"], None
                elif not text.isascii() and not encodable(text):
                    fault, text = FAULT["encoding"], None
            self.columns[at].append(text)
        self.rows.append(row)
        self.raws.append(raw)
        self.faults.append(fault)
        self.identities.append(_identity(parsed.identity, self.format.name))
        self.groups.append(parsed.group or None)

    def batch(self, read: int, file: int = 0) -> RawBatch:
        """The rows so far."""
        kinds = [_TIME_TYPE if name in TIMES else pa.string() for name in self.request.columns]
        return RawBatch(
            [pa.array(column, kind) for column, kind in zip(self.columns, kinds, strict=True)],
            np.array(self.rows, np.int64),
            self.raws.__getitem__,
            self.bad,
            np.array(self.faults, np.int8),
            read,
            pa.array(self.identities, pa.binary(16)) if self.format.identity else None,
            pa.array(self.groups, pa.string()) if self.format.group else None,
            dict(self.left_out),
            file,
        )


def _identity(text: str, name: str) -> bytes | None:
    if not text:
        return None
    return hashlib.blake2b(f"{name}\x1f{text}".encode("utf-8", "backslashreplace"), digest_size=16).digest()


def _batches(items: Iterator[Item], format_: Format, request: ReadRequest) -> Iterator[RawBatch]:
    take = request.take or "events"
    pending, read = Pending(request, format_), 0
    for record in read_records(items, format_):
        read = record.read
        pending.chars += len(record.raw)
        if record.parsed is None:
            pending.bad.append(BadRow(record.row, record.code, record.raw))
        elif take in record.parsed.takes:
            pending.add(record.row, record.raw, record.parsed)
        else:
            pending.left_out["not_taken"] += 1
        if pending.full():
            yield pending.batch(read)
            pending = Pending(request, format_)
    yield pending.batch(read)
