"""Reads which columns a source's newest file, or its table, has: names and plainest types, mapped or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from huaxiang.errors import HuaxiangError
from huaxiang.learn.quality.schema import ColumnShape
from huaxiang.spec.sources import SourceSpec
from huaxiang.store.files.find import find_files
from huaxiang.store.files.open import open_file, request_for

_LOOKED_AT = 500
_LARGE = 2 * 2**20
_TYPED = ("csv", "tsv", "json", "ndjson", "excel")
MOST = 0.9
UNKNOWN = "empty"
"""A type that is not compared: of a column without values, or of what is not looked into."""
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}([-/.月]\d{1,2}日?)?([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BOOLEAN = re.compile(r"(?i:true|false|yes|no|是|否)")


def read_shape(source: SourceSpec, folder: Path) -> tuple[ColumnShape, ...]:
    """The columns of the source's last file (by name), or of its table or query; () when there is none or it can't be read.

    Types are those of the first rows: integer, number, date, boolean, list, text; UNKNOWN where they have no value, in large
    workbooks, event formats and databases.
    """
    try:
        if source.database is not None:
            from huaxiang.store.databases import read_columns

            return tuple(ColumnShape(name, UNKNOWN) for name in read_columns(source, folder))
        files = [path for path in find_files(source, folder) if path.stat().st_size]
        if not files:
            return ()
        return _shape(source, files[-1], folder)
    except (HuaxiangError, OSError):
        return ()  # the load itself has said so, or the format has no columns


def _shape(source: SourceSpec, path: Path, folder: Path) -> tuple[ColumnShape, ...]:
    form, _ = open_file(replace(request_for(source, path, (), folder=folder), sample=True))
    names = tuple(dict.fromkeys(name for name in form.header if name))
    if form.format == "parquet":
        import pyarrow.parquet as pq

        schema = pq.read_schema(path)
        return tuple(ColumnShape(n, _arrow_type(schema.field(n).type) if n in schema.names else UNKNOWN) for n in names)
    if form.format not in _TYPED or (form.format == "excel" and path.stat().st_size > _LARGE):
        return tuple(ColumnShape(name, UNKNOWN) for name in names)
    _, batches = open_file(request_for(source, path, names, folder=folder))
    first = next(iter(batches), None)
    if first is None:
        return tuple(ColumnShape(name, UNKNOWN) for name in names)
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
    """The plainest type that MOST of the texts have: integer, number, date, boolean, else text; empty when none has a character.

    A single wrong value is a matter of validity, not of the file's form.
    """
    known = [text for text in texts if text]
    if not known:
        return "empty"
    for name, pattern in (("integer", _INTEGER), ("number", _NUMBER), ("date", _DATE), ("boolean", _BOOLEAN)):
        if sum(pattern.fullmatch(text) is not None for text in known) >= MOST * len(known):
            return name
    return "text"
