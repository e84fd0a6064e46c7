"""Columns of customers as a matrix of numbers: fitted on a sample, applied batch by batch.

Numbers: standardised (on a signed logarithm when skewed) and cut into bins at quantiles, so that a linear model can follow a curve.
Categories, booleans and lists: one column a value, of the frequent values. Missing is a column of its own, and 0 everywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from huaxiang.learn.features import SKEW_LIMIT, signed_log1p, skewness

Kind = Literal["number", "category", "boolean", "list"]
Matrix = NDArray[np.float32]
Floats = NDArray[np.float64]

MOST_VALUES = 30
FEWEST = 10
"""A value that fewer customers of the sample have gets no column."""
BINS = 6
FURTHEST = 4.0
"""Standard deviations beyond which a number counts no further."""


@dataclass(frozen=True)
class _Number:
    logarithm: bool
    mean: float
    std: float
    edges: tuple[float, ...]
    width: int

    def write(self, column: pa.Array, into: Matrix) -> None:
        values = numbers(column)
        known = ~np.isnan(values)
        bent = signed_log1p(values) if self.logarithm else values
        scaled = np.clip((bent - self.mean) / self.std, -FURTHEST, FURTHEST)
        into[:, 0] = np.where(known, scaled, 0.0)
        into[np.flatnonzero(~known), 1] = 1.0
        rows = np.flatnonzero(known)
        into[rows, 2 + np.searchsorted(self.edges, values[rows], side="right")] = 1.0


@dataclass(frozen=True)
class _Values:
    values: pa.Array
    width: int

    def write(self, column: pa.Array, into: Matrix) -> None:
        rows = np.arange(len(column))
        listed = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
        if listed:
            lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
            into[np.flatnonzero(lengths == 0), 0] = 1.0
            rows, column = np.repeat(rows, lengths), pc.list_flatten(column)
        else:
            into[np.flatnonzero(pc.is_null(column).to_numpy(zero_copy_only=False)), 0] = 1.0
        found = pc.fill_null(pc.index_in(_texts(column), value_set=self.values), -1).to_numpy(zero_copy_only=False)
        held = np.flatnonzero(found >= 0)
        into[rows[held], 1 + found[held]] = 1.0


@dataclass(frozen=True)
class Encoder:
    """`names`: the columns that are used; `spans[i]`: where column i stands in the matrix; `left_out`: constant or empty columns."""

    names: tuple[str, ...]
    spans: tuple[slice, ...]
    left_out: tuple[str, ...]
    codes: tuple[_Number | _Values, ...]

    @property
    def width(self) -> int:
        """Columns of the matrix."""
        return self.spans[-1].stop if self.spans else 0

    def encode(self, table: pa.Table | pa.RecordBatch) -> Matrix:
        """Rows × width, float32. `table` holds the columns by name, perhaps among others."""
        matrix = np.zeros((table.num_rows, self.width), np.float32)
        for name, span, code in zip(self.names, self.spans, self.codes, strict=True):
            column = table.column(name)
            code.write(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column, matrix[:, span])
        return matrix


def fit_encoder(sample: pa.Table, kinds: Mapping[str, Kind]) -> Encoder:
    """Learn the values, means and quantiles of the columns in `kinds` from a sample."""
    names: list[str] = []
    spans: list[slice] = []
    codes: list[_Number | _Values] = []
    left_out: list[str] = []
    start = 0
    for name, kind in kinds.items():
        column = sample.column(name).combine_chunks()
        code = _number(column) if kind == "number" else _values(column)
        if code is None:
            left_out.append(name)
            continue
        names.append(name)
        spans.append(slice(start, start + code.width))
        codes.append(code)
        start += code.width
    return Encoder(tuple(names), tuple(spans), tuple(left_out), tuple(codes))


def numbers(column: pa.Array) -> Floats:
    """float64, NaN = missing."""
    values = np.asarray(pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _number(column: pa.Array) -> _Number | None:
    values = numbers(column)
    known = values[~np.isnan(values)]
    if len(known) < FEWEST or float(known.min()) == float(known.max()):
        return None
    logarithm = abs(skewness(known)) > SKEW_LIMIT
    bent = signed_log1p(known) if logarithm else known
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1], method="higher"))
    return _Number(logarithm, float(bent.mean()), float(bent.std()) or 1.0, tuple(edges.tolist()), 3 + len(edges))


def _values(column: pa.Array) -> _Values | None:
    items = pc.list_flatten(column) if pa.types.is_list(column.type) or pa.types.is_large_list(column.type) else column
    counted = pc.value_counts(_texts(items).drop_null())
    pairs = [(str(entry["values"]), int(entry["counts"])) for entry in counted.to_pylist()]
    kept = sorted((pair for pair in pairs if pair[1] >= FEWEST), key=lambda pair: (-pair[1], pair[0]))[:MOST_VALUES]
    if not kept or (len(pairs) == 1 and pairs[0][1] == len(column)):
        return None
    return _Values(pa.array([value for value, _ in kept], pa.string()), 1 + len(kept))


def _texts(column: pa.Array) -> pa.Array:
    return pc.cast(column, pa.string())


def columns_of(encoder: Encoder, names: Sequence[str]) -> list[int]:
    """Matrix columns of the named columns."""
    chosen = set(names)
    return [
        i
        for name, span in zip(encoder.names, encoder.spans, strict=True)
        if name in chosen
        for i in range(span.start, span.stop)
    ]
