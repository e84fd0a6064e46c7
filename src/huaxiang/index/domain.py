"""Values of a column as numbers that keep their order, and constants of conditions in the same terms.

BIGINT: itself; DOUBLE: itself; DECIMAL(p, s): times 10^s; DATE: days, TIMESTAMP: microseconds since 1970; BOOLEAN: 0 and 1. Texts are
compared by their Unicode code points, which is the order of their bytes in UTF-8, as engines compare them.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.engines.buffers import column_of, flags_in, known_in, numbers_in

Number = int | float | Fraction
_DECIMAL = re.compile(r"DECIMAL\(\d+,\s*(\d+)\)")
_DAY_US = 86_400_000_000
_EPOCH = date(1970, 1, 1)
MOST = 1 << 62
"""Amounts beyond this many units are left to the engine."""


def scale_of(kind: str) -> int:
    """Decimals of a DECIMAL type, 0 for others."""
    found = _DECIMAL.fullmatch(kind)
    return int(found.group(1)) if found else 0


def numbers_of(column: pa.Array, kind: str) -> npt.NDArray[np.float64] | npt.NDArray[np.int64] | None:
    """The values of a column as float64 (DOUBLE) or int64, 0 where there is none; None when an amount is too large."""
    if kind == "DOUBLE":
        return numbers_in(_as(column, pa.float64()), np.float64)
    if kind == "BOOLEAN":
        return np.maximum(flags_in(_as(column, pa.bool_())), 0).astype(np.int64)
    if kind == "DATE":
        return numbers_in(_as(column, pa.date32()), np.int32).astype(np.int64)
    if kind == "TIMESTAMP":
        return numbers_in(_as(column, pa.timestamp("us")), np.int64)
    return _units(column) if pa.types.is_decimal(column.type) else numbers_in(_as(column, pa.int64()), np.int64)


def _as(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The column in a type, if it has another: a cast loads the library's functions."""
    return column if column.type == kind else column.cast(kind)


def _units(column: pa.Array) -> npt.NDArray[np.int64] | None:
    """Amounts in units of their last decimal: the low 64 bits of the 128, when the high ones only repeat the sign."""
    wide = column if pa.types.is_decimal128(column.type) else column.cast(pa.decimal128(38, column.type.scale))
    if wide.buffers()[1] is None:
        return np.zeros(len(wide), dtype=np.int64)
    halves = np.frombuffer(wide.buffers()[1], dtype=np.int64)[2 * wide.offset : 2 * (wide.offset + len(wide))]
    known = known_in(wide)
    low, high = np.where(known, halves[0::2], 0), np.where(known, halves[1::2], 0)
    return low if bool((high == low >> 63).all()) and bool((np.abs(low) < MOST).all()) else None


def to_number(value: object, kind: str) -> Number:
    """A constant of a condition in the terms of a column. Raises ValueError when it can't be read as one."""
    if kind in ("DATE", "TIMESTAMP"):
        micros = _micros(str(value))
        return micros if kind == "TIMESTAMP" else whole(Fraction(micros, _DAY_US))
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, (int, float, Decimal)):
        raise ValueError("not a number")
    if kind == "DOUBLE":
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return value
    exact = Fraction(Decimal(repr(value))) if isinstance(value, float) else Fraction(value)
    return whole(exact * 10 ** scale_of(kind))


def whole(number: Fraction) -> int | Fraction:
    """The number as an int where it is one."""
    return int(number) if number.denominator == 1 else number


def _micros(text: str) -> int:
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment.date() - _EPOCH).days * _DAY_US + int(
        (moment - datetime.combine(moment.date(), datetime.min.time())).total_seconds() * 1_000_000
    )


def from_numbers(numbers: npt.NDArray[np.float64] | npt.NDArray[np.int64], kind: str) -> pa.Array:
    """The values that `numbers_of` made numbers of."""
    if kind == "BOOLEAN":
        return pa.array(numbers.astype(bool))
    if kind == "DATE":
        return column_of(numbers.astype(np.int32), pa.date32())
    if kind == "TIMESTAMP":
        return column_of(numbers.astype(np.int64), pa.timestamp("us"))
    if kind.startswith("DECIMAL"):
        low = numbers.astype(np.int64)
        return column_of(np.stack([low, low >> 63], axis=1), pa.decimal128(38, scale_of(kind)))
    return column_of(numbers, pa.float64() if numbers.dtype == np.float64 else pa.int64())
