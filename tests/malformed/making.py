"""Make damaged files, and load them through a source."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from huaxiang.run.load import LoadReport, load_source
from huaxiang.spec.models import SourceSpec
from huaxiang.store.files.batch import LIMITS

AS_OF = date(2024, 6, 30)
COLUMNS: dict[str, Any] = {"order_id": "id", "amount": "amount", "ordered_at": "at"}
HEAD = "id,amount,at\n"
ROW = "a1,12.50,2024-01-02\n"


def source(files: str, **more: Any) -> SourceSpec:
    """An order source with three columns, or what `more` says."""
    base = {"name": "orders", "purpose": "tests", "legal_basis": "contract", "entity": "order", "columns": COLUMNS}
    return SourceSpec.model_validate({**base, "files": files, **more})


@dataclass(frozen=True)
class Loaded:
    """A finished load: the report, the clean rows and the rows set aside."""

    report: LoadReport
    rows: list[dict[str, Any]]
    rejected: list[dict[str, Any]]


def load(folder: Path, files: str, **more: Any) -> Loaded:
    """Load `files` of `folder`; tables come back as lists of dicts."""
    out, rejected = folder / "out.clean", folder / "out.rejected"
    limits = more.pop("limits", LIMITS)
    report = load_source(source(files, **more), folder, out, rejected, as_of=AS_OF, limits=limits)
    return Loaded(report, pq.read_table(out).to_pylist(), pq.read_table(rejected).to_pylist())


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    """A file of this text."""
    return binary(content.encode(encoding))


def binary(content: bytes) -> Callable[[Path], None]:
    """A file of these bytes."""

    def make(path: Path) -> None:
        path.write_bytes(content)

    return make


@dataclass
class Workbook:
    """A workbook by openpyxl: rows of the first sheet, then further cells by address."""

    rows: list[list[Any]]
    cells: dict[str, Any] = field(default_factory=dict)

    def __call__(self, path: Path) -> None:
        path.write_bytes(self.content())

    def content(self) -> bytes:
        import openpyxl

        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for row in self.rows:
            sheet.append(row)
        for address, value in self.cells.items():
            sheet[address] = value
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The same ZIP package with members changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return buffer.getvalue()
