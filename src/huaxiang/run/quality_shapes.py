"""Reads what the columns of a source's newest file are: names and plainest types, of mapped and other columns alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from huaxiang.errors import HuaxiangError
from huaxiang.learn.quality.schema import ColumnShape
from huaxiang.spec.sources import SourceSpec
from huaxiang.store.files.find import find_files
from huaxiang.store.files.open import open_file, request_for

_LOOKED_AT = 500
_LARGE = 64 * 2**20
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BOOLEAN = re.compile(r"(?i:true|false|yes|no|是|否)")


def read_shape(source: SourceSpec, folder: Path) -> tuple[ColumnShape, ...]:
    """The columns of the source's last file, by name of the file; () when there is none or it has no columns to speak of.

    Types are those of the first rows: integer, number, date, boolean, list, text, or empty where they have no value (or where
    the file is too large to look into twice).
    """
    try:
        files = [path for path in find_files(source, folder) if path.stat().st_size]
        if not files:
            return ()
        return _shape(source, files[-1])
    except (HuaxiangError, OSError):
        return ()  # the load itself has said so, or the format has no columns


def _shape(source: SourceSpec, path: Path) -> tuple[ColumnShape, ...]:
    form, _ = open_file(request_for(source, path, ()))
    names = tuple(dict.fromkeys(name for name in form.header if name))
    if form.format == "parquet":
        import pyarrow.parquet as pq

        schema = pq.read_schema(path)
        return tuple(ColumnShape(n, _arrow_type(schema.field(n).type) if n in schema.names else "empty") for n in names)
    if form.format not in ("csv", "tsv", "json", "ndjson") and path.stat().st_size > _LARGE // 32:
        return tuple(ColumnShape(name, "empty") for name in names)
    _, batches = open_file(request_for(source, path, names))
    first = next(iter(batches), None)
    if first is None:
        return tuple(ColumnShape(name, "empty") for name in names)
    return tuple(ColumnShape(name, _type_of(values)) for name, values in zip(names, first.columns, strict=True))


def _arrow_type(kind: pa.DataType) -> str:
    for name, test in (
        ("boolean", pa.types.is_boolean), ("integer", pa.types.is_integer), ("number", pa.types.is_floating),
        ("number", pa.types.is_decimal), ("date", pa.types.is_temporal), ("list", pa.types.is_nested), ("empty", pa.types.is_null),
    ):  # fmt: skip
        if test(kind):
            return name
    return "text"


def _type_of(values: pa.Array) -> str:
    kind = values.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return _arrow_type(kind)
    return plainest_type([v.strip() for v in values.slice(0, _LOOKED_AT).to_pylist() if v is not None])


def plainest_type(texts: Sequence[str]) -> str:
    """The plainest type that all texts have: integer, number, date, boolean, else text; empty when none has a character."""
    known = [text for text in texts if text]
    if not known:
        return "empty"
    for name, pattern in (("integer", _INTEGER), ("number", _NUMBER), ("date", _DATE), ("boolean", _BOOLEAN)):
        if all(pattern.fullmatch(text) for text in known):
            return name
    return "text"
