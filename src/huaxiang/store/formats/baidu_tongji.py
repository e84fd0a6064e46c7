"""Reports exported from Baidu Tongji (百度统计): tables of totals by day, source or region in CSV or Excel, with title lines above.

They hold no person: a source of this format is a reference. `--` is no value, `12.5%` becomes 0.125, a length `00:03:25` becomes
seconds, and lines of totals are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pyarrow as pa

from huaxiang.store.cleaning.column import as_texts
from huaxiang.store.files.batch import BadRow, FileForm, RawBatch, ReadRequest, tidy_header
from huaxiang.store.files.delimited import first_rows as first_lines
from huaxiang.store.files.delimited import open_delimited
from huaxiang.store.files.excel import first_rows, open_excel
from huaxiang.store.files.sniff import sniff_format

_SEARCHED = 30
_TOTALS = re.compile(
    r"(合计|总计|汇总|总和|全站(统计|汇总|总计)?|当页(汇总|统计)?|当前汇总|均值|平均值|total|summary)([:：(（/].*)?",
    re.I,
)
_NOTHING = frozenset({"--", "-", "—", "——", "N/A", "n/a"})
_PERCENT = re.compile(r"(-?\d+(?:\.\d+)?)\s*%")
_LENGTH = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)")


def open_baidu_tongji(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of a report; the header row is found by the mapped columns. Raises FileFault."""
    excel = sniff_format(request.path, "auto") == "excel"
    plain = replace(request, format="excel" if excel else "csv")
    top = (first_rows if excel else first_lines)(plain, _SEARCHED)
    at = request.header_row if request.header_row > 1 else header_row(top, request.columns)
    label = next(iter(tidy_header(top[at - 1]) if len(top) >= at else ()), "")
    columns = (*request.columns, *((label,) if label else ()))
    form, batches = (open_excel if excel else open_delimited)(replace(plain, header_row=at, columns=columns))
    width = len(request.columns)
    return replace(form, format="baidu_tongji"), (_report_rows(batch, width) for batch in batches)


def header_row(rows: Sequence[Sequence[str]], wanted: Sequence[str]) -> int:
    """1-based number of the row that holds most of the wanted columns; without any, the first of the rows with most cells."""
    best, at = (-1, -1), 1
    for number, cells in enumerate(rows, start=1):
        names = tidy_header(cells)
        score = (len(set(names) & set(wanted)), sum(1 for name in names if name))
        if score > best:
            best, at = score, number
    return at


def plain_value(text: str | None) -> str | None:
    """A cell of a report as a plain number or text."""
    if text is None or text.strip() in _NOTHING:
        return None
    stripped = text.strip()
    if found := _PERCENT.fullmatch(stripped):
        return format(Decimal(found[1]) / 100, "f")
    if found := _LENGTH.fullmatch(stripped):
        return str(int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3]))
    return text


def _report_rows(batch: RawBatch, width: int) -> RawBatch:
    """The batch without lines of totals, its values made plain. `width`: how many columns were asked for."""
    texts = [as_texts(column).to_pylist() for column in batch.columns]
    totals = np.array([any(_is_total(column[at]) for column in texts) for at in range(len(batch.rows))], bool)
    kept = np.flatnonzero(~totals)
    columns = [pa.array([plain_value(column[at]) for at in kept], pa.string()) for column in texts[:width]]
    left = Counter({"totals": int(totals.sum())} if totals.any() else {})
    bad: list[BadRow] = []
    for row in batch.bad:  # a line of totals is often shorter than the others
        if _is_total(re.split(r"[,\t;]", row.raw, maxsplit=1)[0].strip('" ')):
            left["totals"] += 1
        else:
            bad.append(row)
    return replace(
        batch,
        columns=columns,
        rows=batch.rows[kept],
        raw=lambda index: batch.raw(int(kept[index])),
        bad=bad,
        faults=None if batch.faults is None else batch.faults[kept],
        left_out=dict(left),
    )


def _is_total(text: str | None) -> bool:
    return text is not None and _TOTALS.fullmatch(text.strip()) is not None
