"""JSON (an array of objects, or one object that holds one) and NDJSON (one object a line), read piece by piece.

A column is a key, or a dotted path into nested objects (`properties.amount`). Numbers keep their written digits.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from huaxiang.errors import Said
from huaxiang.store.cleaning.codes import FAULT
from huaxiang.store.files.batch import BadRow, FileFault, FileForm, RawBatch, ReadRequest, missing_columns
from huaxiang.store.files.sniff import TextForm, sniff_text

_BATCH = 20_000
_BATCH_CHARS = 32 * 2**20
_CHUNK = 1 << 20
_HEADER_RECORDS = 2_000
_SPACE = " \t\r\n"


class _DuplicateKey(ValueError):
    pass


@dataclass(frozen=True)
class Item:
    """One record: number, parsed object (None when at fault), code, raw text, bytes read so far."""

    row: int
    value: dict[str, Any] | None
    code: str
    raw: str
    read: int


def open_json(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header (keys of the first records, nested ones dotted) and batches of a JSON or NDJSON file. Raises FileFault."""
    text = sniff_text(request.path, request.encoding)
    keys: dict[str, None] = {}
    for at, item in enumerate(read_items(request, text)):
        _collect_keys(item.value or {}, "", keys, depth=0)
        if at + 1 >= _HEADER_RECORDS or len(keys) > request.limits.columns:
            break
    form = FileForm(request.format, text.encoding, None, tuple(keys))
    return form, _batches(read_items(request, text), request, form.header)


def read_items(request: ReadRequest, text: TextForm) -> Iterator[Item]:
    """The records of a file of format `ndjson` or `json`, one at a time. Raises FileFault where it can't be read on."""
    return _read_lines(request, text) if request.format == "ndjson" else _read_array(request, text)


def _collect_keys(value: dict[str, Any], prefix: str, keys: dict[str, None], *, depth: int) -> None:
    for key, inner in value.items():
        keys[prefix + key] = None
        if isinstance(inner, dict) and depth < 5:
            _collect_keys(inner, f"{prefix}{key}.", keys, depth=depth + 1)


@dataclass
class _Pending:
    """Records gathered for one batch."""

    columns: list[list[str | None]]
    rows: list[int] = field(default_factory=list)
    raws: list[str] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    chars: int = 0

    def full(self) -> bool:
        return len(self.rows) + len(self.bad) >= _BATCH or self.chars > _BATCH_CHARS

    def batch(self, read: int) -> RawBatch:
        columns = [pa.array(column, pa.string()) for column in self.columns]
        faults = np.array(self.faults, np.int8)
        return RawBatch(columns, np.array(self.rows, np.int64), self.raws.__getitem__, self.bad, faults, read)


def _batches(items: Iterator[Item], request: ReadRequest, header: Sequence[str]) -> Iterator[RawBatch]:
    unseen = set(request.columns)
    pending = _Pending([[] for _ in request.columns])
    read = objects = 0
    for item in items:
        read = item.read
        pending.chars += len(item.raw)
        if item.value is None:
            pending.bad.append(BadRow(item.row, item.code, item.raw))
        else:
            objects += 1
            _add(pending, item, request, unseen)
        if pending.full():
            yield pending.batch(read)
            pending = _Pending([[] for _ in request.columns])
    if objects and unseen:
        missing = missing_columns(sorted(unseen), header, request.columns)
        raise FileFault(Said(f"in no record: {missing.en}", f"所有记录中都{missing.zh}"))
    yield pending.batch(read)


def _add(pending: _Pending, item: Item, request: ReadRequest, unseen: set[str]) -> None:
    fault = 0
    for at, column in enumerate(request.columns):
        found, value = _look_up(item.value or {}, column)
        if found:
            unseen.discard(column)
        text = cell_text(value)
        if text is not None:
            if len(text) > request.limits.cell_chars:
                fault, text = FAULT["too_long"], None
            elif not text.isascii() and not encodable(text):
                fault, text = FAULT["encoding"], None
        pending.columns[at].append(text)
    pending.rows.append(item.row)
    pending.raws.append(item.raw)
    pending.faults.append(fault)


def encodable(text: str) -> bool:
    """Whether a text holds no half of a surrogate pair."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _look_up(value: dict[str, Any], path: str) -> tuple[bool, Any]:
    if path in value:
        return True, value[path]
    head, dot, rest = path.partition(".")
    inner = value.get(head)
    return _look_up(inner, rest) if dot and isinstance(inner, dict) else (False, None)


def cell_text(value: Any) -> str | None:
    """A JSON value as the text of a cell: objects and lists as JSON."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, default=str)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise _DuplicateKey
    return out


def json_decoder() -> json.JSONDecoder:
    """A decoder that keeps the digits of numbers as written, and refuses an object with a key twice."""

    def nothing(_: str) -> None:  # NaN, Infinity: no value
        return None

    return json.JSONDecoder(object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=nothing)


def _item(row: int, raw: str, read: int, parse: Callable[[], Any]) -> Item:
    """Parse one record; what is wrong with it becomes its code."""
    try:
        value = parse()
    except _DuplicateKey:
        return Item(row, None, "json_duplicate_key", raw, read)
    except RecursionError:
        return Item(row, None, "json_too_deep", raw, read)
    except ValueError:
        return Item(row, None, "json_syntax", raw, read)
    if not isinstance(value, dict):
        return Item(row, None, "json_not_object", raw, read)
    return Item(row, value, "", raw, read)


def _chunks(request: ReadRequest, text: TextForm) -> Iterator[tuple[str, int]]:
    """Decoded pieces with the number of bytes read; bytes that can't be decoded become U+FFFD marks that no JSON value keeps."""
    decoder = codecs.getincrementaldecoder(text.encoding)(
        "surrogatepass" if text.encoding == "utf-8" and not text.damaged else "replace"
    )
    with request.path.open("rb") as file:
        file.seek(text.bom)
        while chunk := file.read(_CHUNK):
            yield decoder.decode(chunk), file.tell()
        yield decoder.decode(b"", True), file.tell()


def _read_lines(request: ReadRequest, text: TextForm) -> Iterator[Item]:
    decoder = json_decoder()
    for row, line, read in text_lines(request, text):
        yield line_item(row, line, read, decoder, damaged=text.damaged)


def text_lines(request: ReadRequest, text: TextForm) -> Iterator[tuple[int, str, int]]:
    """The lines of a text that are not blank: number, text and bytes read. Raises FileFault for one that is too long."""
    row, rest = 0, ""
    for piece, read in _chunks(request, text):
        lines = (rest + piece).split("\n")
        rest = lines.pop()
        if len(rest) > request.limits.json_record_chars:
            at, limit = row + len(lines) + 1, f"{request.limits.json_record_chars:,}"
            raise FileFault(Said(f"line {at} is longer than {limit} characters", f"第 {at} 行超过 {limit} 个字符"))
        for line in lines:
            row += 1
            if line.strip():
                yield row, line.strip(), read
    if rest.strip():
        yield row + 1, rest.strip(), request.path.stat().st_size


def line_item(row: int, line: str, read: int, decoder: json.JSONDecoder, *, damaged: bool) -> Item:
    """One line as a record."""
    if damaged and "\ufffd" in line:
        return Item(row, None, "encoding", line, read)
    if "\0" in line:
        return Item(row, None, "nul_byte", line, read)
    return _item(row, line, read, partial(decoder.decode, line))


def _read_array(request: ReadRequest, text: TextForm) -> Iterator[Item]:
    """Elements of the array, one at a time. A broken element ends the file: what follows it can't be told apart."""
    pieces = _chunks(request, text)
    window = _Window(pieces, request.limits.json_record_chars)
    if window.peek() == "{":
        yield from _read_object(window)
        return
    if window.peek() != "[":
        raise FileFault(
            Said(
                "the JSON must be an array of objects, or an object that holds one such array",
                "JSON 必须是对象数组，或只含一个这种数组的对象",
            )
        )
    window.skip()
    row = 0
    while (mark := window.peek()) != "]":
        if mark == "," and row:
            window.skip()
        elif row:
            raise FileFault(
                Said(
                    f"after record {row} of the array a comma or the end is missing: not valid JSON from there on",
                    f"数组第 {row} 条记录之后缺少逗号或结尾：从这里起不是合法的 JSON",
                )
            )
        row += 1
        raw, code, value = window.value(row)
        if code or not isinstance(value, dict):
            yield Item(row, None, code or "json_not_object", raw, window.read)
        elif text.damaged and "\ufffd" in raw:
            yield Item(row, None, "encoding", raw, window.read)
        else:
            yield Item(row, value, "", raw, window.read)
    window.skip()
    if window.peek():
        raise FileFault(
            Said(
                "text follows the end of the JSON array; is it NDJSON, or two files in one?",
                "JSON 数组结束后还有内容；是不是 NDJSON，或由两个文件拼成？",
            )
        )


def _read_object(window: _Window) -> Iterator[Item]:
    """An object: its only list of objects holds the records; without one, the object itself is the only record."""
    raw, code, value = window.value(1)
    if window.peek():
        raise FileFault(
            Said(
                "text follows the end of the JSON object; if each line is an object, set `format: ndjson`",
                "JSON 对象结束后还有内容；如果每行是一个对象，请设置 `format: ndjson`",
            )
        )
    lists = [
        inner for inner in (value or {}).values() if isinstance(inner, list) and inner and isinstance(inner[0], dict)
    ]
    if len(lists) > 1:
        raise FileFault(
            Said(
                "the JSON object holds several arrays of objects; save the wanted one as a file of its own",
                "JSON 对象含有多个对象数组；请把需要的那个单独存为文件",
            )
        )
    if not lists:
        yield Item(1, value, code, raw, window.read)
        return
    for row, record in enumerate(lists[0], start=1):
        shown = json.dumps(record, ensure_ascii=False)
        yield Item(
            row,
            record if isinstance(record, dict) else None,
            "" if isinstance(record, dict) else "json_not_object",
            shown,
            window.read,
        )


class _Window:
    """A moving window over the text, wide enough for one value."""

    def __init__(self, pieces: Iterator[tuple[str, int]], limit: int) -> None:
        self._pieces, self._limit = pieces, limit
        self._text, self._at, self._ended = "", 0, False
        self._decoder = json_decoder()
        self.read = 0

    def _more(self) -> bool:
        piece, self.read = next(self._pieces, ("", self.read))
        self._ended = not piece
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def skip(self) -> None:
        """Pass over the character that `peek` returned."""
        self._at += 1

    def value(self, row: int) -> tuple[str, str, Any]:
        """The next value: its text, a code when it is at fault but its end is known, and itself."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                code = ""
            except _DuplicateKey:
                value, code = None, "json_duplicate_key"
                end = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(self._text, self._at)[1]
            except RecursionError:
                raise FileFault(
                    Said(f"record {row} is nested too deeply to be read", f"第 {row} 条记录嵌套过深，无法读取")
                ) from None
            except ValueError:
                if len(self._text) - self._at > self._limit:
                    raise FileFault(
                        Said(
                            f"record {row} is not valid JSON, or longer than {self._limit:,} characters",
                            f"第 {row} 条记录不是合法的 JSON，或超过 {self._limit:,} 个字符",
                        )
                    ) from None
                if not self._more():
                    raise FileFault(
                        Said(
                            f"record {row} is not valid JSON, or the file ends inside it; nothing after it can be read",
                            f"第 {row} 条记录不是合法的 JSON，或文件在其中中断；此后的内容无法读取",
                        )
                    ) from None
                continue
            raw, self._at = self._text[self._at : end], end
            return raw, code, value
