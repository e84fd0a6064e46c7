"""What a case of malformed input is, and the content that many share."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SECRET = "SECRET-VALUE"


@dataclass(frozen=True)
class Case:
    """A file that loads in part: rows in, rows set aside by code, and values of the rows that were loaded."""

    name: str
    make: Callable[[Path], None]
    rows_in: int
    reasons: dict[str, int] = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)
    file: str = "data.csv"
    bad_rows: list[int] | None = None


@dataclass(frozen=True)
class Refused:
    """A file that can't be loaded: what the message says."""

    name: str
    make: Callable[[Path], None]
    message: str
    spec: dict[str, Any] = field(default_factory=dict)
    file: str = "data.csv"


def parquet(table: dict[str, Any] | pa.Table, **options: Any) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        pq.write_table(pa.table(table) if isinstance(table, dict) else table, path, **options)

    return make


def zipped(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr(name, content)
    return buffer.getvalue()


ORDERS = [["id", "amount", "at"], ["007", 12.5, date(2024, 1, 2)]]
NAMES = {"columns": {"name": {"from": "姓名", "type": "text"}, "order_id": "id"}}
ZH = "姓名,id\n张三丰,1\n李四,2\n"
NDJSON = '{"id": "1", "amount": 1.10, "at": "2024-01-02"}\n'


def column(**spec: Any) -> dict[str, Any]:
    return {"columns": {"x": {"from": "x", **spec}}}
