"""Excel workbooks (.xlsx, .xlsm, .xls), checked before they are unpacked.

A workbook is unpacked in memory by calamine, so that its true unpacked size and the extent of its sheets are measured first,
streaming. Error cells (`#N/A` …), which calamine reads as empty, are found in the same pass and set their rows aside.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import python_calamine as calamine

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.store.cleaning.codes import FAULT
from huaxiang.store.files.batch import (
    FileFault,
    FileForm,
    Limits,
    RawBatch,
    ReadRequest,
    check_header,
    locate,
    tidy_header,
)

FORM_CELLS = 200_000
_BATCH = 20_000
_CHUNK = 1 << 20
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,4})(\d{1,9})"[^>]*>')
_ERROR = re.compile(rb'\st="e"')
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class SheetScan:
    """Extent of a sheet (rows and columns from A1) and its error cells as (row, column), both 1-based."""

    rows: int
    columns: int
    errors: frozenset[tuple[int, int]]


def open_excel(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of one sheet. Raises FileFault."""
    scans = _scan_package(request) if zipfile.is_zipfile(request.path) else _scan_binary(request)
    sheet, at = _open_sheet(request)
    errors = scans[at].errors if at < len(scans) else frozenset()
    rows = iter(sheet.iter_rows())
    cells: list[Any] | None = None
    for _ in range(request.header_row):
        cells = next(rows, None)
    if cells is None:
        raise FileFault(
            Said(
                f"the sheet has no row {request.header_row}, where the column names should stand (`header_row`)",
                f"工作表没有第 {request.header_row} 行，而列名应在这一行（`header_row`）",
            )
        )
    header = tidy_header([cell_text(cell) or "" for cell in cells])
    check_header(header, request.limits)
    wanted = locate(header, request.columns)
    left = sheet.start[1] if sheet.start else 0
    return FileForm("excel", None, None, header), _batches(rows, wanted, request, _shifted(errors, left, set(wanted)))


@dataclass(frozen=True)
class Sheet:
    """A whole sheet as texts: `cells[row][column]` from A1 (0-based), its error cells as (row, column), both 1-based."""

    name: str
    cells: Sequence[Sequence[str | None]]
    errors: frozenset[tuple[int, int]]


def read_sheets(request: ReadRequest) -> tuple[Sheet, ...]:
    """All sheets of a workbook of forms, in order, hidden ones too. A sheet of more than FORM_CELLS cells is no form and
    comes without its cells. Raises FileFault.
    """
    scans = _scan_package(request) if zipfile.is_zipfile(request.path) else _scan_binary(request)
    first, _ = _open_sheet(replace(request, sheet=0))
    sheets = [first]
    book = calamine.load_workbook(request.path)
    sheets += [book.get_sheet_by_index(at) for at in range(1, len(book.sheet_names))]
    found = []
    for at, sheet in enumerate(sheets):
        small = sheet.total_height * sheet.total_width <= FORM_CELLS
        rows = sheet.to_python(skip_empty_area=False) if small else []
        texts = [[cell_text(cell) for cell in row] for row in rows]
        found.append(Sheet(sheet.name, texts, scans[at].errors if at < len(scans) else frozenset()))
    return tuple(found)


def first_rows(request: ReadRequest, count: int) -> list[list[str]]:
    """The first rows of a sheet as texts, whatever they are. Raises FileFault."""
    if zipfile.is_zipfile(request.path):
        _scan_package(request)
    else:
        _scan_binary(request)
    sheet, _ = _open_sheet(request)
    return [
        [cell_text(cell) or "" for cell in cells] for cells, _ in zip(sheet.iter_rows(), range(count), strict=False)
    ]


def sheet_names(request: ReadRequest) -> tuple[str, ...]:
    """Names of the sheets of a workbook. Raises FileFault."""
    if zipfile.is_zipfile(request.path):
        _scan_package(request)
    _open_sheet(replace(request, sheet=0))
    return tuple(calamine.load_workbook(request.path).sheet_names)


def _shifted(errors: frozenset[tuple[int, int]], left: int, wanted: set[int]) -> frozenset[int]:
    """Rows that hold an error in a wanted column."""
    return frozenset(row for row, column in errors if column - 1 - left in wanted)


def _open_sheet(request: ReadRequest) -> tuple[calamine.CalamineSheet, int]:
    try:
        book = calamine.load_workbook(request.path)
        names = book.sheet_names
        if isinstance(request.sheet, str):
            if request.sheet not in names:
                raise FileFault(
                    Said(
                        f'no sheet "{request.sheet}"{did_you_mean(request.sheet, names)}',
                        f"没有工作表“{request.sheet}”{did_you_mean_zh(request.sheet, names)}",
                    )
                )
            at = names.index(request.sheet)
        else:
            at = request.sheet
            if not 0 <= at < len(names):
                raise FileFault(
                    Said(
                        f"no sheet number {at}; the workbook has {len(names)} (numbered from 0)",
                        f"没有序号为 {at} 的工作表；工作簿共有 {len(names)} 个（序号从 0 开始）",
                    )
                )
        return book.get_sheet_by_index(at), at
    except calamine.PasswordError:
        raise FileFault(
            Said(
                "the workbook is protected by a password; save it without one", "工作簿有密码保护；请去掉密码后重新保存"
            )
        ) from None
    except (calamine.CalamineError, OSError, ValueError):
        raise FileFault(
            Said(
                "the workbook is damaged or no Excel file; open it in a spreadsheet and save it anew as .xlsx",
                "工作簿已损坏，或不是 Excel 文件；请用表格软件打开并重新存为 .xlsx",
            )
        ) from None


def _batches(
    rows: Iterator[list[Any]], wanted: Sequence[int], request: ReadRequest, errors: frozenset[int]
) -> Iterator[RawBatch]:
    size = request.path.stat().st_size
    kept: list[list[Any]] = []
    numbers: list[int] = []
    for number, cells in enumerate(rows, start=request.header_row + 1):
        if number not in errors and all(cell == "" for cell in cells):
            continue  # a blank row
        kept.append(cells)
        numbers.append(number)
        if len(kept) >= _BATCH:
            yield _batch(kept, numbers, wanted, request.limits, errors)
            kept, numbers = [], []
    yield replace(_batch(kept, numbers, wanted, request.limits, errors), bytes_read=size)


def _batch(
    kept: list[list[Any]], numbers: list[int], wanted: Sequence[int], limits: Limits, errors: frozenset[int]
) -> RawBatch:
    faults = np.array([FAULT["excel_error"] if number in errors else 0 for number in numbers], np.int8)
    columns = []
    for at in wanted:
        texts = [cell_text(cells[at]) for cells in kept]
        for index, text in enumerate(texts):
            if text is not None and len(text) > limits.cell_chars:
                faults[index], texts[index] = FAULT["too_long"], None
        columns.append(pa.array(texts, pa.string()))
    return RawBatch(columns, np.array(numbers, np.int64), lambda index: _raw(kept[index]), (), faults)


def _raw(cells: Sequence[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow([cell_text(cell) or "" for cell in cells])
    return buffer.getvalue()


def cell_text(cell: Any) -> str | None:
    """A cell as text: whole numbers without `.0`, dates as ISO, booleans as true / false, empty as None."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return None if cell is None else str(cell)


def _scan_binary(request: ReadRequest) -> list[SheetScan]:
    """An .xls file holds at most 65,536 × 256 cells a sheet: its size alone is bounded."""
    if request.path.stat().st_size > request.limits.unpacked_bytes // 4:
        raise FileFault(
            Said(
                "the .xls file is too large to be read; save it as .xlsx or CSV",
                "这个 .xls 文件过大，无法读取；请另存为 .xlsx 或 CSV",
            )
        )
    return []


def _scan_package(request: ReadRequest) -> list[SheetScan]:
    """Unpack an .xlsx as a stream, without keeping it: refuse bombs, and measure its sheets in workbook order."""
    try:
        with zipfile.ZipFile(request.path) as package:
            names = set(package.namelist())
            if "xl/workbook.xml" not in names:
                raise FileFault(
                    Said(
                        "the content is a ZIP archive without an Excel workbook; unpack it, or save it as .xlsx or CSV",
                        "内容是 ZIP 压缩包，其中没有 Excel 工作簿；请解压，或另存为 .xlsx 或 CSV",
                    )
                )
            scans = {
                info.filename: _scan_member(package, info, request) for info in package.infolist() if not info.is_dir()
            }
            _check_total(package, request)
            return [scans[path] for path in _sheet_paths(package) if path in scans]
    except (zipfile.BadZipFile, zlib.error, ET.ParseError, KeyError, EOFError, NotImplementedError, RuntimeError):
        raise FileFault(
            Said(
                "the workbook is damaged or encrypted; open it in a spreadsheet and save it anew as .xlsx",
                "工作簿已损坏或已加密；请用表格软件打开并重新存为 .xlsx",
            )
        ) from None


def _check_total(package: zipfile.ZipFile, request: ReadRequest) -> None:
    total = sum(info.file_size for info in package.infolist())
    if total > 2 * request.limits.unpacked_bytes:
        raise FileFault(
            Said(
                f"the workbook unpacks to {total:,} bytes, more than is read; save the sheet as CSV",
                f"工作簿解压后有 {total:,} 字节，超出读取上限；请将工作表另存为 CSV",
            )
        )


def _scan_member(package: zipfile.ZipFile, info: zipfile.ZipInfo, request: ReadRequest) -> SheetScan:
    """Read one member to its end. The declared size is checked first; zipfile refuses content that is not of that size."""
    limits = request.limits
    packed = max(info.compress_size, 1)
    if info.file_size > limits.unpacked_bytes or (
        info.file_size > limits.unpacked_floor and info.file_size > limits.unpacked_ratio * packed
    ):
        raise FileFault(
            Said(
                f"the workbook unpacks to far more than it is ({info.file_size:,} bytes from {packed:,}); it is not opened. "
                "If it is genuine, save the sheet as CSV",
                f"工作簿解压后远大于自身（{packed:,} 字节解压为 {info.file_size:,} 字节），未打开。"
                "如果文件无误，请将工作表另存为 CSV",
            )
        )
    sheet = info.filename.startswith("xl/worksheets/") and info.filename.endswith(".xml")
    rows = columns = 0
    errors: set[tuple[int, int]] = set()
    rest = b""
    with package.open(info) as member:
        while chunk := member.read(_CHUNK):
            if not sheet:
                continue
            data = rest + chunk
            cut = data.rfind(b"<") if len(data) < 2 * _CHUNK else len(data)
            rest = data[cut:]
            rows, columns = _extent(data[:cut], rows, columns, errors)
    rows, columns = _extent(rest, rows, columns, errors) if sheet else (0, 0)
    if rows * columns > limits.sheet_cells:
        raise FileFault(
            Said(
                f"a sheet spans {rows:,} rows × {columns:,} columns, more than the {limits.sheet_cells:,} cells that are read; "
                "delete stray cells far below or to the right, or save the sheet as CSV",
                f"有工作表占 {rows:,} 行 × {columns:,} 列，超过可读取的 {limits.sheet_cells:,} 个单元格；"
                "请删除远在下方或右侧的零散单元格，或将工作表另存为 CSV",
            )
        )
    return SheetScan(rows, columns, frozenset(errors))


def _extent(data: bytes, rows: int, columns: int, errors: set[tuple[int, int]]) -> tuple[int, int]:
    for cell in _CELL.finditer(data):
        row, column = int(cell.group(2)), _column_number(cell.group(1))
        rows, columns = max(rows, row), max(columns, column)
        if _ERROR.search(cell.group(0)):
            errors.add((row, column))
    return rows, columns


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_paths(package: zipfile.ZipFile) -> list[str]:
    """Paths of the sheets in the order of the workbook."""
    if max(package.getinfo(name).file_size for name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")) > 8 * 2**20:
        raise FileFault(
            Said(
                "the workbook's list of sheets is unreasonably long; save the sheet as CSV",
                "工作簿的工作表清单过长；请将工作表另存为 CSV",
            )
        )
    relations = ET.fromstring(package.read("xl/_rels/workbook.xml.rels"))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    paths = []
    for element in ET.fromstring(package.read("xl/workbook.xml")).iter():
        if element.tag.endswith("}sheet"):
            target = targets.get(element.get(_RELATION), "")
            paths.append(target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target))
    return paths
