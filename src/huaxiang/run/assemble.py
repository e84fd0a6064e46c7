"""Put the parts of a source together: one clean table in the order of the files, and one of each kind of side table.

Two rules look beyond one part. Of rows with the same `_identity` (a message delivered twice) the first stays and the others are
set aside as `duplicate`. Of rows with the same `_group` (a day of GA4) those of the latest delivery stay and the others are left
out as `replaced`.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.run.part import GROUP, IDENTITY, SIDES, RowWriter, rejected_row
from huaxiang.run.raw_texts import RawOf
from huaxiang.run.reports import REJECTED_SCHEMA, Tally
from huaxiang.store.collected import Part

Mask = npt.NDArray[np.bool_]
_SHARD = re.compile(r"(?:[-_.]?\d{12}|[-_]part[-_]?\d+|^part[-_]?\d+.*)$")
_KEEP, _DUPLICATE, _REPLACED = 0, 1, 2


@dataclass(frozen=True)
class Placed:
    """A part, the names of its files as reports show them, the number of the first in the source, and the raw texts of its rows."""

    part: Part
    names: tuple[str, ...]
    first: int
    raw: RawOf = field(default=lambda _file, _rows: {}, repr=False)


def assemble(source: str, placed: Sequence[Placed], schema: pa.Schema, out: Path, sides: Mapping[str, Path]) -> Tally:
    """Write the clean table to `out` and the side tables to `sides`; return the counts of the whole."""
    tally = Tally()
    for one in placed:
        tally.add(Tally.from_plain(one.part.report["tally"]), one.names)
    verdicts = _verdicts(placed)
    dropped = any(verdict.any() for verdict in verdicts)
    duplicates = _write_clean(source, placed, verdicts, (schema, out), tally) if dropped else []
    if not dropped:
        _write_plain(placed, schema, out)
    for name, path in sides.items():
        _write_side(name, placed, path, duplicates if name == "rejected" else [])
    return tally


def _write_plain(placed: Sequence[Placed], schema: pa.Schema, out: Path) -> None:
    """All rows of all parts; a single part as it is, without reading it."""
    if len(placed) == 1 and placed[0].first == 0 and pq.read_schema(placed[0].part.table("clean")).equals(schema):
        _link(placed[0].part.table("clean"), out)
        return
    with RowWriter(out, schema) as writer:
        for one in placed:
            for batch in _batches(one):
                writer.add(_as_rows(batch, one, schema))


def _link(path: Path, out: Path) -> None:
    """The same file under a second name; a copy where the file system has no links."""
    out.unlink(missing_ok=True)
    try:
        os.link(path, out)
    except OSError:
        shutil.copyfile(path, out)


def _batches(one: Placed) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(one.part.table("clean")) as file:
        for group in range(file.num_row_groups):
            yield from file.read_row_group(group).combine_chunks().to_batches()


def _as_rows(batch: pa.RecordBatch, one: Placed, schema: pa.Schema) -> pa.RecordBatch:
    """The columns of the clean table, with the files numbered within the source."""
    columns = [batch.column(name) for name in schema.names]
    at = schema.get_field_index("_file")
    columns[at] = pc.add(columns[at], pa.scalar(one.first, pa.int32())).cast(pa.int32())
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _write_clean(
    source: str,
    placed: Sequence[Placed],
    verdicts: Sequence[npt.NDArray[np.int8]],
    to: tuple[pa.Schema, Path],
    tally: Tally,
) -> list[dict[str, object]]:
    """Write the rows that stay, count the others, and return the duplicates as rows set aside."""
    schema, out = to
    duplicates: list[dict[str, object]] = []
    fields = [name for name in schema.names if name not in ("_file", "_row")]
    tally.missing.clear()
    with RowWriter(out, schema) as writer:
        for one, verdict in zip(placed, verdicts, strict=True):
            start = 0
            for batch in _batches(one):
                judged = verdict[start : start + batch.num_rows]
                start += batch.num_rows
                kept = _as_rows(batch, one, schema).filter(pa.array(judged == _KEEP))
                writer.add(kept)
                tally.missing.update({name: kept.column(name).null_count for name in fields})
                duplicates += _duplicates(source, one, batch.filter(pa.array(judged == _DUPLICATE)), fields)
            tally.left_out["replaced"] += int(np.count_nonzero(verdict == _REPLACED))
    tally.left_out += type(tally.left_out)()  # without zeros
    if duplicates:
        tally.set_aside += len(duplicates)
        tally.reasons["duplicate"] += len(duplicates)
    return duplicates


def _duplicates(source: str, one: Placed, rows: pa.RecordBatch, fields: Sequence[str]) -> list[dict[str, object]]:
    values = rows.select(list(fields)).to_pylist()
    files, numbers = rows.column("_file").to_pylist(), rows.column("_row").to_pylist()
    wanted = {
        file: [row for at, row in zip(files, numbers, strict=True) if at == file] for file in dict.fromkeys(files)
    }
    raw = {(file, row): text for file, at in wanted.items() for row, text in one.raw(file, at).items()}
    return [
        rejected_row(
            (source, one.names[file]),
            (
                row,
                None,
                "duplicate",
                raw.get((file, row)) or "|".join("" if v is None else str(v) for v in cells.values()),
            ),
        )
        for cells, file, row in zip(values, files, numbers, strict=True)
    ]


def _write_side(name: str, placed: Sequence[Placed], path: Path, more: Sequence[Mapping[str, object]]) -> None:
    """The side tables of all parts one after the other, with the names of their files; then `more` rows."""
    schema = SIDES[name]
    at = schema.get_field_index("file")
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for one in placed:
            with pq.ParquetFile(one.part.table(name)) as file:
                for batch in file.iter_batches():
                    numbers = batch.column(at).cast(pa.int64())
                    names = pa.array(one.names, pa.string()).take(numbers)
                    writer.write_batch(batch.set_column(at, schema.field(at), names))
        if more:
            writer.write_table(pa.Table.from_pylist(list(more), REJECTED_SCHEMA))


# What to drop


def _verdicts(placed: Sequence[Placed]) -> list[npt.NDArray[np.int8]]:
    """Per part and row: keep, duplicate or replaced."""
    schemas = [pq.read_schema(one.part.table("clean")) for one in placed]
    verdicts = [np.zeros(pq.read_metadata(one.part.table("clean")).num_rows, np.int8) for one in placed]
    if any(GROUP in schema.names for schema in schemas):
        _replace_groups(placed, verdicts)
    if any(IDENTITY in schema.names for schema in schemas):
        _find_duplicates(placed, verdicts)
    return verdicts


def _replace_groups(placed: Sequence[Placed], verdicts: Sequence[npt.NDArray[np.int8]]) -> None:
    """Of each group only the latest delivery stays. The files of one export that was written in shards are one delivery."""
    latest: dict[str, tuple[object, ...]] = {}
    groups = [pq.read_table(one.part.table("clean"), columns=[GROUP]).column(0).combine_chunks() for one in placed]
    for one, column in zip(placed, groups, strict=True):
        for group in column.unique().to_pylist():
            if group is not None:
                latest[group] = max(latest.get(group, ()), delivery(one.names[0]))
    for one, column, verdict in zip(placed, groups, verdicts, strict=True):
        mine = delivery(one.names[0])
        old = pa.array([g for g in column.unique().to_pylist() if g is not None and latest[g] != mine], pa.string())
        verdict[pc.is_in(column, value_set=old).to_numpy(zero_copy_only=False)] = _REPLACED


def delivery(name: str) -> tuple[object, ...]:
    """Order of deliveries by the name of a file: daily tables come after intraday ones, folders below after those above, then by
    name, numbers as numbers; the number of a shard does not count.
    """
    path = PurePosixPath(name)
    stem = path.name.partition(".")[0]
    table = _SHARD.sub("", stem)
    return (int("intraday" not in table), tuple(_natural(part) for part in path.parent.parts), _natural(table))


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.split(r"(\d+)", text)
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts if part)


def _find_duplicates(placed: Sequence[Placed], verdicts: Sequence[npt.NDArray[np.int8]]) -> None:
    """Mark every row whose identity stands on an earlier row that stays."""
    halves: list[npt.NDArray[np.uint64]] = []
    places: list[npt.NDArray[np.int64]] = []
    start = 0
    for one, verdict in zip(placed, verdicts, strict=True):
        column = pq.read_table(one.part.table("clean"), columns=[IDENTITY]).column(0).combine_chunks()
        present = column.is_valid().to_numpy(zero_copy_only=False) & (verdict == _KEEP)
        data = b"".join(column.filter(pa.array(present)).to_pylist())
        halves.append(np.frombuffer(data, np.uint64).reshape(-1, 2))
        places.append(np.flatnonzero(present) + start)
        start += len(verdict)
    keys, at = np.concatenate(halves), np.concatenate(places)
    order = np.lexsort((at, keys[:, 1], keys[:, 0]))
    ordered = keys[order]
    again = np.zeros(len(order), bool)
    again[1:] = (ordered[1:] == ordered[:-1]).all(axis=1)
    flat = np.zeros(start, bool)
    flat[at[order[again]]] = True
    begin = 0
    for verdict in verdicts:
        verdict[flat[begin : begin + len(verdict)]] = _DUPLICATE
        begin += len(verdict)
