"""Values that cleaning changed, with what stood in the file: written beside the rows set aside, copied into the snapshot.

Only repairs that change what a value says (`codes.KEPT_RAW`) are kept; those that lose nothing (space, full-width characters, the form of a
date) are only counted in the column's report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.errors import Said, SourceError
from huaxiang.run.context import Build
from huaxiang.spec.models import SourceSpec
from huaxiang.store.cleaning.codes import KEPT_RAW, KIND, KINDS, Cleaned
from huaxiang.store.cleaning.column import as_texts, default_is_valid
from huaxiang.store.cleaning.rule import ColumnRule, field_said
from huaxiang.store.files.batch import RawBatch

RAW_CHARS = 131_072
REPAIRS_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("kind", pa.string()),
        ("raw", pa.string()),
    ]
)
_KEPT = np.array([KIND[kind] for kind in sorted(KEPT_RAW)], np.int8)


@dataclass(frozen=True)
class CleanBatch:
    """A batch as read, its columns cleaned by `rules`, and which of its rows are loaded."""

    batch: RawBatch
    rules: Sequence[ColumnRule]
    cleaned: Sequence[Cleaned]
    good: npt.NDArray[np.bool_]


def repaired_rows(source: str, done: CleanBatch) -> pa.Table:
    """Rows of REPAIRS_SCHEMA, by row and column, for every loaded value that was changed; `file` is the number within the part."""
    tables, order = [], []
    for number, (rule, column) in enumerate(zip(done.rules, done.cleaned, strict=True)):
        at = np.flatnonzero(np.isin(column.kinds, _KEPT) & done.good)
        if not len(at):
            continue
        raw = as_texts(done.batch.columns[number].take(pa.array(at))).cast(pa.string())
        size = len(at)
        kinds = pa.array(KINDS, pa.string()).take(pa.array(column.kinds[at]))
        columns = (
            pa.repeat(source, size), pa.repeat(str(done.batch.file), size), pa.array(done.batch.rows).take(pa.array(at)),
            pa.repeat(rule.field, size), kinds, pc.utf8_slice_codeunits(raw, 0, RAW_CHARS),
        )  # fmt: skip
        tables.append(pa.table(list(columns), schema=REPAIRS_SCHEMA))
        order.append(at)
    if not tables:
        return REPAIRS_SCHEMA.empty_table()
    return pa.concat_tables(tables).take(pa.array(np.argsort(np.concatenate(order), kind="stable")))


def emptied_rows(source: str, batch: RawBatch) -> pa.Table:
    """Rows of REPAIRS_SCHEMA for the cells that the reader emptied; `column` is the file's, as the reader names it."""
    rows = [
        {
            "source": source, "file": str(batch.file), "row": cell.row, "column": cell.column, "kind": "emptied",
            "raw": cell.raw[:RAW_CHARS].encode("utf-8", "backslashreplace").decode("utf-8"),
        }
        for cell in batch.emptied
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, REPAIRS_SCHEMA)


def check_defaults(source: SourceSpec, rules: Iterable[ColumnRule]) -> None:
    """Raise SourceError when a declared default is no value that its column takes."""
    for rule in rules:
        if not default_is_valid(rule):
            said = Said(
                f"the default is no {rule.type} within the bounds and vocabulary of the column; correct `default`",
                f"默认值不是 {rule.type}，或不在该列的上下限、词表之内；请修正 `default`",
            )
            raise SourceError(source.name, field_said(rule.field), said)


def save_repairs(build: Build, sources: Iterable[str]) -> None:
    """Write table `repairs` of the snapshot: what loading the `sources` left in `scratch repairs/<source>.parquet`."""
    with pq.ParquetWriter(build.draft.table("repairs"), REPAIRS_SCHEMA, compression="zstd") as writer:
        for name in sources:
            path = build.draft.scratch(f"repairs/{name}.parquet")
            if path.exists():
                with pq.ParquetFile(path) as file:
                    for batch in file.iter_batches():
                        writer.write_batch(batch.select(REPAIRS_SCHEMA.names).cast(REPAIRS_SCHEMA))
