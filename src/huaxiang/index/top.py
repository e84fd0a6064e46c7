"""The customers with the largest values of a column."""

from __future__ import annotations

import numpy as np

from huaxiang.index.bits import Bits
from huaxiang.index.fields import Field


def largest(field: Field, among: Bits, count: int, *, lowest: bool = False) -> Bits:
    """The `count` rows of `among` (all of them have a value) with the largest, or lowest, value; between equals the smaller row."""
    rows = among.rows()
    if len(rows) <= count:
        return among
    if count <= 0:
        return Bits.none(among.size)
    values = (field.codes if field.info.kind == "codes" else field.numbers)[rows]
    if lowest:
        edge = np.partition(values, count - 1)[count - 1]
        inside = values < edge
    else:
        edge = np.partition(values, len(values) - count)[len(values) - count]
        inside = values > edge if edge == edge else np.zeros(len(values), dtype=np.bool_)
        if values.dtype == np.float64 and edge == edge:
            inside |= np.isnan(values)
    equal = np.flatnonzero(values == edge if edge == edge else np.isnan(values))
    chosen = np.concatenate([rows[inside], rows[equal[: count - int(inside.sum())]]])
    return Bits.from_rows(among.size, chosen)
