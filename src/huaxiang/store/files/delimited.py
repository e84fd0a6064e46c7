"""CSV and TSV: blocks of whole lines, the regular ones parsed by Arrow, those with any oddity record by record.

Both ways mean the same (tested): fields part at the delimiter, `"` quotes, `""` inside quotes is a quote, lines end with
LF, CRLF or CR, blank lines are no rows. A record that spans lines and does not fit is set aside as its first line, and reading
goes on with the next, so that a forgotten quote costs one row, not the rest of the file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from huaxiang.errors import Said
from huaxiang.store.cleaning.codes import FAULT
from huaxiang.store.files.batch import (
    BadRow,
    FileFault,
    FileForm,
    RawBatch,
    ReadRequest,
    check_header,
    locate,
    tidy_header,
)
from huaxiang.store.files.sniff import TextForm, sniff_delimiter, sniff_text

_BLOCK = 4 << 20
_UNDECODED = re.compile("[\udc80-\udcff]")
_DELIMITER_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "\\x01": "\x01"}


@dataclass(frozen=True)
class Dialect:
    """How the text is parted: delimiter, number of columns, positions of the wanted ones, longest cell."""

    delimiter: str
    width: int
    wanted: tuple[int, ...]
    cell_chars: int


class Record(NamedTuple):
    """One record of a text: line index of its start, number of lines, cells (None when it is at fault)."""

    line: int
    lines: int
    cells: list[str] | None
    code: str = ""


def open_delimited(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of a CSV or TSV file. Raises FileFault."""
    text = sniff_text(request.path, request.encoding, sample=request.sample)
    blocks = text_blocks(request, text)
    first = next(blocks, b"")
    delimiter = _delimiter(request, first)
    header, rest, line = _header(first, delimiter, request)
    dialect = Dialect(delimiter, len(header), tuple(locate(header, request.columns)), request.limits.cell_chars)
    form = FileForm("tsv" if delimiter == "\t" else "csv", text.encoding, delimiter, header)
    return form, _batches(_chain(rest, blocks), dialect, line, damaged=text.damaged)


def first_rows(request: ReadRequest, count: int) -> list[list[str]]:
    """The first rows of a text file, whatever they are; a row that can't be read ends them. Raises FileFault."""
    text = sniff_text(request.path, request.encoding, sample=True)
    first = next(text_blocks(request, text), b"").decode("utf-8", "replace")
    delimiter = _delimiter(request, first.encode())
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(iter(split_lines(first)), delimiter=delimiter):
            rows.append(cells)
            if len(rows) >= count:
                break
    except csv.Error:
        pass  # what could be read says enough
    return rows


def _chain(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from blocks


def text_blocks(request: ReadRequest, text: TextForm) -> Iterator[bytes]:
    """Blocks of whole lines in UTF-8; bytes that don't fit the encoding stay as they are (only when the text is damaged).

    Raises FileFault when a line is longer than the limit.
    """
    plain = text.encoding == "utf-8"
    codecs.register_error("huaxiang.mark", _mark_undecodable)
    decoder = codecs.getincrementaldecoder(text.encoding)("huaxiang.mark")
    rest = b""
    with request.path.open("rb") as file:
        file.seek(text.bom)
        while chunk := file.read(_BLOCK):
            data = rest + (chunk if plain else decoder.decode(chunk).encode("utf-8", "surrogateescape"))
            cut = _last_line_end(data)
            if cut == 0 and len(data) > request.limits.line_bytes:
                limit = f"{request.limits.line_bytes:,}"
                raise FileFault(
                    Said(
                        f"a line is longer than {limit} bytes; this is no table of lines",
                        f"有一行超过 {limit} 字节；这不是按行排列的表格",
                    )
                )
            rest = data[cut:]
            if cut:
                yield data[:cut]
    rest += b"" if plain else decoder.decode(b"", True).encode("utf-8", "surrogateescape")
    if rest:
        yield rest


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: each byte that can't be decoded as a lone surrogate; at least one, so that the row is noticed."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    marks = [chr(0xDC00 + byte) if byte >= 0x80 else "\udcbf" for byte in error.object[error.start : error.end]]
    return "".join(marks), error.end


def _last_line_end(data: bytes) -> int:
    """Length of the part that ends with a line end; a CR at the very end may be half of CRLF and does not count."""
    return max(data.rfind(b"\n") + 1, data.rfind(b"\r", 0, len(data) - 1) + 1)


def _delimiter(request: ReadRequest, first: bytes) -> str:
    if request.delimiter == "auto":
        if request.format == "tsv":
            return "\t"
        return sniff_delimiter(first[:65_536].decode("utf-8", "replace"), request.columns, request.header_row)
    delimiter = _DELIMITER_NAMES.get(request.delimiter, request.delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
        raise FileFault(
            Said('`delimiter` must be one ASCII character, or "tab"', "`delimiter` 必须是一个 ASCII 字符，或“tab”")
        )
    return delimiter


def _header(first: bytes, delimiter: str, request: ReadRequest) -> tuple[tuple[str, ...], bytes, int]:
    """Column names, the text after them, and how many rows precede that text."""
    lines = split_lines(first.decode("utf-8", "surrogateescape"))
    reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
    cells: list[str] | None = None
    try:
        for _ in range(request.header_row):
            cells = next(reader, None)
            if cells is None:
                raise FileFault(
                    Said(
                        f"the file has no row {request.header_row}, where the column names should stand (`header_row`)",
                        f"文件没有第 {request.header_row} 行，而列名应在这一行（`header_row`）",
                    )
                )
    except csv.Error:
        raise FileFault(
            Said(
                "the header row can't be read: a quote is not closed, or a name is too long",
                "无法读取表头行：引号未闭合，或列名过长",
            )
        ) from None
    header = tidy_header(cells or [])
    check_header(header, request.limits)
    rest = "".join(lines[reader.line_num :]).encode("utf-8", "surrogateescape")
    return header, rest, request.header_row


def split_lines(text: str) -> list[str]:
    """Lines with their ends, parted at LF, CRLF and CR only."""
    return list(io.StringIO(text, newline=""))


def _batches(blocks: Iterator[bytes], dialect: Dialect, row: int, *, damaged: bool) -> Iterator[RawBatch]:
    carry = b""
    read = 0
    for block, final in _marked(blocks):
        read += len(block)
        data = carry + block
        if not damaged and _is_regular(data, dialect.delimiter):
            batch, rows, carry = (*_regular_batch(data, dialect, row), b"")
        else:
            batch, rows, carry = _odd_batch(data, dialect, row, final=final)
        row += rows
        yield RawBatch(batch.columns, batch.rows, batch.raw, batch.bad, batch.faults, read)


def _marked(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each block, and whether it is the last."""
    held = next(blocks, None)
    while held is not None:
        following = next(blocks, None)
        yield held, following is None
        held = following


def _is_regular(data: bytes, delimiter: str) -> bool:
    """No NUL, no lone CR, no blank line, and no quote but well-formed ones inside one line: then every line is one row."""
    if not data:
        return True
    if b"\0" in data or b"\n\n" in data or b"\n\r" in data or data[:1] in (b"\n", b"\r"):
        return False
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return False
    return b'"' not in data or _well_quoted(data, delimiter)


def _well_quoted(data: bytes, delimiter: str) -> bool:
    """Whether each line by itself is a row of plain and correctly quoted fields."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    offsets = np.concatenate([[0], ends, [] if ends.size and ends[-1] == len(data) else [len(data)]]).astype(np.int32)
    lines = pa.Array.from_buffers(pa.string(), len(offsets) - 1, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    part = re.escape(delimiter)
    cell = rf'(?:"(?:[^"\r\n]|"")*"|[^"\r\n{part}]*)'
    return bool(pc.all(pc.match_substring_regex(lines, rf"^{cell}(?:{part}{cell})*\r?\n?$")).as_py())


def _regular_batch(data: bytes, dialect: Dialect, row: int) -> tuple[RawBatch, int]:
    if not data:
        return RawBatch([pa.nulls(0, pa.string())] * len(dialect.wanted), np.zeros(0, np.int64), lambda _: ""), 0
    ragged: list[tuple[int, str]] = []

    def set_aside(invalid: pv.InvalidRow) -> str:
        ragged.append((int(invalid.number), str(invalid.text)))
        return "skip"

    names = [str(i) for i in range(dialect.width)]
    wanted = sorted(set(dialect.wanted)) or [0]
    table = pv.read_csv(
        pa.BufferReader(data),
        read_options=pv.ReadOptions(use_threads=False, column_names=names, block_size=len(data) + 1),
        parse_options=pv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char='"',
            double_quote=True,
            newlines_in_values=False,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        convert_options=pv.ConvertOptions(
            column_types={names[i]: pa.string() for i in wanted},
            include_columns=[names[i] for i in wanted],
            strings_can_be_null=False,
            null_values=[],
            check_utf8=True,
        ),
    ).combine_chunks()
    total = table.num_rows + len(ragged)
    bad = np.array([number for number, _ in ragged], np.int64)
    rows = np.setdiff1d(np.arange(1, total + 1, dtype=np.int64), bad, assume_unique=True) + row
    columns = [_single(table.column(names[i])) for i in dialect.wanted]
    faults = _long_cells(columns, len(rows), dialect.cell_chars)
    broken = [BadRow(row + number, "ragged_row", text) for number, text in ragged]
    return RawBatch(columns, rows, _LineTexts(data, rows - row - 1), broken, faults), total


class _LineTexts:
    """Raw texts of the rows of a regular block, which is parted into lines only when one is asked for."""

    def __init__(self, data: bytes, lines: np.ndarray) -> None:
        self._data, self._at = data, lines
        self._lines: list[bytes] | None = None

    def __call__(self, index: int) -> str:
        if self._lines is None:
            self._lines = self._data.split(b"\n")
        return self._lines[int(self._at[index])].rstrip(b"\r").decode("utf-8", "replace")


def _single(column: pa.ChunkedArray) -> pa.Array:
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks)
        if column.num_chunks
        else pa.nulls(0, column.type)
    )


def _long_cells(columns: Sequence[pa.Array], length: int, limit: int) -> np.ndarray:
    faults = np.zeros(length, np.int8)
    for column in columns:
        longest = pc.max(pc.binary_length(column)).as_py() or 0
        if longest > limit:
            faults[pc.greater(pc.utf8_length(column), limit).to_numpy(zero_copy_only=False)] = FAULT["too_long"]
    return faults


def _odd_batch(data: bytes, dialect: Dialect, row: int, *, final: bool) -> tuple[RawBatch, int, bytes]:
    lines = split_lines(data.decode("utf-8", "surrogateescape"))
    good: list[Record] = []
    rows: list[int] = []
    bad: list[BadRow] = []
    number, used = row, 0
    for record in split_records(lines, dialect, final=final):
        number += 1
        used = record.line + record.lines
        if record.cells is None:
            bad.append(BadRow(number, record.code, _joined(lines, record)))
        elif record.cells or dialect.width == 1:
            good.append(record)
            rows.append(number)
    columns = [_text_array([(r.cells or [""])[at] for r in good]) for at in dialect.wanted]
    batch = RawBatch(columns, np.array(rows, np.int64), lambda index: _joined(lines, good[index]), bad)
    return batch, number - row, "".join(lines[used:]).encode("utf-8", "surrogateescape")


def _text_array(values: list[str]) -> pa.Array:
    return pa.array(values, pa.string())


def _joined(lines: Sequence[str], record: Record) -> str:
    text = "".join(lines[record.line : record.line + record.lines]).rstrip("\r\n")
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def split_records(lines: Sequence[str], dialect: Dialect, *, final: bool) -> Iterator[Record]:
    """Records of a text. Unless `final`, a record still open at the end is left out, to be read again with what follows."""
    suspects = _suspects(lines)
    start = 0
    while start < len(lines):
        reader = csv.reader(_from(lines, start), delimiter=dialect.delimiter, strict=True)
        begin = start
        try:
            for cells in reader:
                record = Record(begin, start + reader.line_num - begin, cells)
                code = _fault(record, dialect, suspects)
                spans = record.lines if code in ("", "nul_byte", "encoding", "too_long") else 1
                yield Record(begin, spans, None if code else cells, code)
                begin += spans
                if spans < record.lines:
                    break  # the rest of its lines is read again
            start = begin
        except csv.Error as error:
            if "unexpected end of data" in str(error) and not final:
                return
            single = start + reader.line_num - begin == 1
            yield Record(begin, 1, None, "too_long" if "limit" in str(error) and single else "bad_quotes")
            start = begin + 1


def _from(lines: Sequence[str], start: int) -> Iterator[str]:
    for index in range(start, len(lines)):
        yield lines[index]


def _suspects(lines: Sequence[str]) -> dict[int, str]:
    """Lines that hold a NUL or a byte that could not be decoded."""
    out: dict[int, str] = {}
    for index, line in enumerate(lines):
        if "\0" in line:
            out[index] = "nul_byte"
        elif not line.isascii() and _UNDECODED.search(line):
            out[index] = "encoding"
    return out


def _fault(record: Record, dialect: Dialect, suspects: Mapping[int, str]) -> str:
    """Code of what is wrong with a record, "" when nothing is."""
    cells = record.cells or []
    if not cells and dialect.width > 1:
        return ""  # a blank line
    if len(cells or [""]) != dialect.width:
        return "ragged_row" if record.lines == 1 else "bad_quotes"
    if suspects:
        for line in range(record.line, record.line + record.lines):
            if line in suspects:
                return suspects[line]
    return "too_long" if max(map(len, cells), default=0) > dialect.cell_chars else ""
