"""How an uploaded file is written: form, header, columns with the types that their values have, and rows that are at fault."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from huaxiang.app.sources import masked_examples
from huaxiang.app.suggesting import fields_named
from huaxiang.spec.sources import SourceSpec
from huaxiang.store.cleaning.codes import REASONS
from huaxiang.store.cleaning.column import as_texts, clean_column
from huaxiang.store.cleaning.rule import column_rule
from huaxiang.store.files.batch import BadRow, FileFault, ReadRequest, looks_like_data
from huaxiang.store.files.open import open_file
from huaxiang.store.files.sniff import sniff_format

READING_KEYS = (
    "format", "encoding", "delimiter", "sheets", "sheet", "header_row", "rows", "complete", "columns", "problems", "problem_rows", "fault",
)  # fmt: skip
"""`rows`: data rows that were looked at, `complete` whether these are all; `problems`: rows that are no rows of the table, the first
MOST_PROBLEMS of `problem_rows`; `fault`: why nothing can be read, {zh, en}, else None.
"""
READ_COLUMN_KEYS = ("name", "type", "filled", "distinct", "examples", "hidden")
MOST_ROWS = 200_000
MOST_PROBLEMS = 50
_SAMPLE = 5_000
_DISTINCT = 400
_ENOUGH = 0.9
_HEAD = 12
_AMOUNT = re.compile(r"金额|价|额|费|amount|price|cost|revenue|sales|discount|pay", re.IGNORECASE)
_TIME = re.compile(r"时间|日期|生日|date|time|birth|_at$|\bat$", re.IGNORECASE)
_NUMBERED = re.compile(r"编号|号码?$|代码|编码|\bid$|_id$|\bno$|_no$|code|key", re.IGNORECASE)
_SHAPES = {
    "id_number": re.compile(r"\d{15}|\d{17}[\dXx]"),
    "phone": re.compile(r"[+(（]?\d[\d\s()（）-]{6,18}(?:转\d+)?"), "email": re.compile(r".*@.*"),
}  # fmt: skip
"""What such values look like."""
_WORDED = ("gender", "marital_status", "education")


@dataclass(frozen=True)
class Form:
    """How a file is to be read; `header_row` 0: find it."""

    encoding: str = "auto"
    delimiter: str = "auto"
    sheet: str | int = 0
    header_row: int = 0

    def keys(self, found: str | None = None) -> dict[str, Any]:
        """The keys of a source that say so, without those that are as by default. `found`: the delimiter that was detected."""
        told: dict[str, Any] = {}
        if self.encoding != "auto":
            told["encoding"] = self.encoding
        if self.delimiter != "auto":
            told["delimiter"] = found or self.delimiter
        if self.sheet not in (0, ""):
            told["sheet"] = self.sheet
        if self.header_row > 1:
            told["header_row"] = self.header_row
        return told


def request_of(path: Path, form: Form, columns: tuple[str, ...] = ()) -> ReadRequest:
    """How a file is asked for."""
    return ReadRequest(path, "auto", columns, form.encoding, form.delimiter, form.sheet, max(form.header_row, 1))


def examine(path: Path, form: Form) -> dict[str, Any]:
    """Return READING_KEYS, columns as READ_COLUMN_KEYS. Never raises for what the file holds: `fault` says what is wrong."""
    told: dict[str, Any] = dict.fromkeys(READING_KEYS) | {
        "sheets": [], "sheet": form.sheet, "header_row": max(form.header_row, 1), "rows": 0, "complete": True, "columns": [],
        "problems": [], "problem_rows": 0,
    }  # fmt: skip
    try:
        kind = sniff_format(path, "auto")
        told["format"] = kind
        if kind == "excel":
            from huaxiang.store.files.excel import sheet_names

            told["sheets"] = list(sheet_names(request_of(path, form)))
        if form.header_row == 0:
            form = replace(form, header_row=_header_row(path, form, kind))
            told["header_row"] = form.header_row
        return told | _read(path, form)
    except FileFault as fault:
        return told | {"fault": {"zh": fault.zh, "en": str(fault)}}


def _header_row(path: Path, form: Form, kind: str) -> int:
    """The row that holds the column names: the first that is as wide as the rows below it and does not look like data."""
    if kind not in ("csv", "tsv", "excel"):
        return 1
    from huaxiang.store.files import delimited, excel

    read = excel.first_rows if kind == "excel" else delimited.first_rows
    rows = [[cell.strip() for cell in row] for row in read(replace(request_of(path, form), format=kind), _HEAD)]
    filled = [sum(bool(cell) for cell in row) for row in rows]
    widest = max(filled, default=0)
    for number, row in enumerate(rows, start=1):
        if filled[number - 1] * 5 >= widest * 4 and not looks_like_data(row):
            return number
    return 1


def _read(path: Path, form: Form) -> dict[str, Any]:
    header = open_file(request_of(path, form))[0]
    names = tuple(name for name in header.header if name)
    written, batches = open_file(request_of(path, form, names))
    samples: list[list[str | None]] = [[] for _ in names]
    bad: list[BadRow] = []
    rows = number = 0
    complete = True
    for batch in batches:
        if batch.columns and len(batch.rows) and rows < _SAMPLE:
            for at, column in enumerate(batch.columns):
                samples[at] += as_texts(column.slice(0, _SAMPLE - rows)).cast(pa.string()).to_pylist()
        rows += len(batch.rows)
        number += len(batch.bad)
        bad += list(batch.bad)[: max(MOST_PROBLEMS - len(bad), 0)]
        if rows >= MOST_ROWS:
            complete = False
            break
    return {
        "format": written.format, "encoding": written.encoding, "delimiter": written.delimiter, "rows": rows, "complete": complete,
        "columns": [_column(name, values) for name, values in zip(names, samples, strict=True)],
        "problems": [
            {"row": one.row, "column": one.column, "code": one.code, "text": _text(one.code)} for one in bad
        ],
        "problem_rows": number,
    }  # fmt: skip


def _text(code: str) -> dict[str, str]:
    zh, en = REASONS.get(code, (code, code))
    return {"zh": zh, "en": en}


def _column(name: str, values: Sequence[str | None]) -> dict[str, Any]:
    filled = [value for value in values if value is not None and value.strip()]
    type_ = detect_type(name, filled)
    meant = next(iter(fields_named(name)), name)
    examples, hidden = masked_examples(filled, meant, type_)
    return {
        "name": name, "type": type_, "filled": round(len(filled) / len(values), 4) if values else 0.0, "distinct": len(set(filled)),
        "examples": examples, "hidden": hidden,
    }  # fmt: skip


def detect_type(name: str, values: Sequence[str]) -> str:
    """The type that nine of ten of the values have; `text` where none fits, or the name says that the digits are a number of something."""
    distinct = list(dict.fromkeys(value.strip() for value in values))[:_DISTINCT]
    if not distinct:
        return "text"
    digits = all(re.fullmatch(r"[-+]?[\d,]+(\.\d+)?", value) for value in distinct)
    for type_ in ("id_number", "phone", "email"):
        if sum(bool(_SHAPES[type_].fullmatch(value)) for value in distinct) >= _ENOUGH * len(distinct) and _fits(
            distinct, type_
        ):
            return type_
    if (found := _date_type(name, distinct, digits=digits)) is not None:
        return found
    for type_ in _WORDED:
        if not digits and _fits(distinct, type_):
            return type_
    if len(distinct) <= 4 and _fits(distinct, "boolean") and (not digits or set(distinct) == {"0", "1"}):
        return "boolean"
    if not digits and not _AMOUNT.search(name):
        return "text"
    return _number_type(name, distinct)


def _date_type(name: str, distinct: Sequence[str], *, digits: bool) -> str | None:
    if digits and not (_TIME.search(name) or all(re.fullmatch(r"(19|20)\d{6}", value) for value in distinct)):
        return None
    if not _fits(distinct, "datetime"):
        return None
    return (
        "datetime"
        if any(":" in value or "时" in value for value in distinct) or (digits and len(distinct[0]) >= 10)
        else "date"
    )


def _number_type(name: str, distinct: Sequence[str]) -> str:
    leading = any(re.match(r"0\d", value) or len(value) > 15 for value in distinct)
    if leading or _NUMBERED.search(name):
        return "text"
    if _AMOUNT.search(name) and _fits(distinct, "money"):
        return "money"
    return next((type_ for type_ in ("integer", "number") if _fits(distinct, type_)), "text")


def _fits(values: Sequence[str], type_: str) -> bool:
    spec = SourceSpec.model_validate({
        "name": "sample", "purpose": "-", "legal_basis": "consent", "entity": "reference", "columns": {"value": {"type": type_}},
    })  # fmt: skip
    rule = column_rule(spec, "value", as_of=date.max, timezone="Asia/Shanghai")
    cleaned = clean_column(pa.array(list(values), pa.string()), rule)
    return len(values) - int(cleaned.values.null_count) >= _ENOUGH * len(values)
