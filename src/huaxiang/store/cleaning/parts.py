"""Small tools to clean a column in parts: the easy values vectorised, the rest one distinct value at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.store.cleaning.codes import FAULT, KIND, Cleaned

_CHUNK = 1024
Positions = npt.NDArray[np.int64]


class Parsed(NamedTuple):
    """One parsed value; `fault` and `kind` are codes of `codes.py` ("" = none)."""

    value: Any
    fault: str = ""
    kind: str = ""


def assemble(length: int, parts: Sequence[tuple[Positions, pa.Array]], type_: pa.DataType) -> pa.Array:
    """Put parts back at their positions; positions that no part covers are NULL."""
    if len(parts) == 1 and len(parts[0][0]) == length:
        return parts[0][1].cast(type_)
    index = np.full(length, -1, np.int64)
    offset = 0
    for positions, values in parts:
        index[positions] = np.arange(offset, offset + len(values))
        offset += len(values)
    pool = pa.concat_arrays([values.cast(type_) for _, values in parts] or [pa.nulls(0, type_)])
    return pool.take(pa.array(index, mask=index < 0))


def parse_each(texts: pa.Array, parse: Callable[[str], Parsed], type_: pa.DataType) -> Cleaned:
    """Parse every non-NULL text by `parse`."""
    parsed = [Parsed(None) if text is None else parse(text) for text in texts.to_pylist()]
    return Cleaned(
        pa.array([p.value for p in parsed], type_),
        np.fromiter((FAULT[p.fault] if p.fault else 0 for p in parsed), np.int8, len(parsed)),
        np.fromiter((KIND[p.kind] if p.kind else 0 for p in parsed), np.int8, len(parsed)),
    )


def parse_mostly(
    texts: pa.Array, easy: str, cast: Callable[[pa.Array], pa.Array], parse: Callable[[str], Parsed], type_: pa.DataType
) -> Cleaned:
    """Cast the texts that match the regular expression `easy` vectorised; parse the rest, and what the cast refuses, singly."""
    length = len(texts)
    matches = pc.fill_null(pc.match_substring_regex(texts, easy), False).to_numpy(zero_copy_only=False)
    parts, refused = _cast_chunks(texts, np.flatnonzero(matches), cast)
    present = texts.is_valid().to_numpy(zero_copy_only=False)
    hard = np.sort(np.concatenate([np.flatnonzero(present & ~matches), *refused]).astype(np.int64))
    singly = parse_each(texts.take(pa.array(hard)), parse, type_)
    faults, kinds = np.zeros(length, np.int8), np.zeros(length, np.int8)
    faults[hard], kinds[hard] = singly.faults, singly.kinds
    kinds[matches & (kinds == KIND["format"])] = 0  # it had the standard form, but shared a chunk with a refused one
    return Cleaned(assemble(length, [*parts, (hard, singly.values)], type_), faults, kinds)


def _cast_chunks(
    texts: pa.Array, positions: Positions, cast: Callable[[pa.Array], pa.Array]
) -> tuple[list[tuple[Positions, pa.Array]], list[Positions]]:
    """Cast in one go, or, when a value is refused, in chunks, so that one bad value does not slow down all others."""
    try:
        return [(positions, cast(texts.take(pa.array(positions))))], []
    except pa.ArrowInvalid:
        pass  # some value is not of the type: find its chunk below
    parts: list[tuple[Positions, pa.Array]] = []
    refused: list[Positions] = []
    for start in range(0, len(positions), _CHUNK):
        chunk = positions[start : start + _CHUNK]
        try:
            parts.append((chunk, cast(texts.take(pa.array(chunk)))))
        except pa.ArrowInvalid:
            refused.append(chunk)
    return parts, refused
