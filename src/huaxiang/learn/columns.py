"""Columns of the customers table as arrays that a persona can count on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from huaxiang.learn.features import Floats, Mask

MOST_VALUES = 50
"""A text column with more different values is free text, not a set of values to compare."""


@dataclass(frozen=True)
class Both:
    """A text in Chinese and English."""

    zh: str
    en: str

    def as_dict(self) -> dict[str, str]:
        """The form of the manifest and personas.json."""
        return {"zh": self.zh, "en": self.en}


@dataclass(frozen=True)
class TagInfo:
    """What is known about a tag besides its values; `section` is the class, `attribute` the catalogue code or None."""

    name: str
    title: Both
    section: str
    attribute: str | None
    value_type: str
    unit: str | None
    values: Mapping[str, Both] = field(default_factory=dict)
    defines_segment: bool = False

    @property
    def topic(self) -> str:
        """Tags of one topic say much the same: the catalogue attribute, else the tag itself."""
        return self.attribute or self.name


@dataclass(frozen=True)
class Shares:
    """Values held by customers: holder i of `rows` has value number `codes[i]`; a list tag's customer may appear several times."""

    rows: NDArray[np.int64]
    codes: NDArray[np.int64]
    values: tuple[str, ...]
    known: Mask

    def counts(self, members: Mask | None = None) -> NDArray[np.int64]:
        """Holders of each value, of all customers or of `members`."""
        codes = self.codes if members is None else self.codes[members[self.rows]]
        return np.bincount(codes, minlength=len(self.values))

    def holders(self, value: str) -> Floats:
        """1 for customers with the value, 0 without, NaN unknown."""
        held = np.where(self.known, 0.0, np.nan)
        held[self.rows[self.codes == self.values.index(value)]] = 1.0
        return held


@dataclass(frozen=True)
class Numbers:
    """float64, NaN = missing."""

    values: Floats


def read_column(column: pa.ChunkedArray, value_type: str) -> Shares | Numbers | str:
    """Arrays of a column, or the reason why it says nothing: `dates`, `free text`, `constant`, `empty`."""
    if value_type in ("date", "datetime"):
        return "dates"
    if value_type in ("integer", "number", "money"):
        numbers = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        return _numbers(np.asarray(numbers, dtype=np.float64))
    shares = _list_shares(column) if value_type == "list" else _plain_shares(column)
    if not shares.known.any():
        return "empty"
    if len(shares.values) > MOST_VALUES and value_type != "list":
        return "free text"
    if len(shares.values) == 1 and value_type != "boolean" and bool((shares.counts() == shares.known.sum()).all()):
        return "constant"
    return shares


def _numbers(values: Floats) -> Numbers | str:
    values = np.where(np.isfinite(values), values, np.nan)
    known = values[~np.isnan(values)]
    if known.size == 0:
        return "empty"
    return "constant" if float(known.min()) == float(known.max()) else Numbers(values)


def _plain_shares(column: pa.ChunkedArray) -> Shares:
    """A text or boolean column; of a boolean only `true` is a value held, so that no comparison is made twice."""
    known = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), dtype=bool)
    rows = np.flatnonzero(known).astype(np.int64)
    if pa.types.is_boolean(column.type):
        held = np.asarray(column.drop_null().to_numpy(zero_copy_only=False), dtype=bool)
        return Shares(rows[held], np.zeros(int(held.sum()), dtype=np.int64), ("true",), known)
    return _coded(rows, column.drop_null(), known)


def _list_shares(column: pa.ChunkedArray) -> Shares:
    """Each customer counts once for each value; an empty list is unknown, as in the manifest's coverage."""
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
    rows = np.repeat(np.arange(len(column), dtype=np.int64), lengths)
    items = pc.list_flatten(column)
    valid = np.asarray(pc.is_valid(items).to_numpy(zero_copy_only=False), dtype=bool)
    made = _coded(rows[valid], items.drop_null(), np.asarray(lengths > 0, dtype=bool))
    pairs = np.unique(np.column_stack([made.rows, made.codes]), axis=0)
    return Shares(pairs[:, 0], pairs[:, 1], made.values, made.known)


def _coded(rows: NDArray[np.int64], items: pa.ChunkedArray | pa.Array, known: Mask) -> Shares:
    flat = pc.cast(items, pa.string())
    flat = flat.combine_chunks() if isinstance(flat, pa.ChunkedArray) else flat
    coded = pc.dictionary_encode(flat)
    words = [str(w) for w in coded.dictionary.to_pylist()]
    order = sorted(range(len(words)), key=words.__getitem__)
    position = np.empty(len(words), dtype=np.int64)
    position[order] = np.arange(len(words))
    codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    return Shares(rows, position[codes] if words else codes, tuple(words[i] for i in order), known)
