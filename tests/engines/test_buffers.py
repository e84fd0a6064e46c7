"""Columns read off their buffers give what pyarrow gives, whatever is missing and wherever a slice begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.engines.buffers import flags_in, known_in, numbers_in

KINDS: dict[str, tuple[pa.DataType, Any, st.SearchStrategy[Any]]] = {
    "integer": (pa.int64(), np.int64, st.integers(-(2**63), 2**63 - 1)),
    "number": (pa.float64(), np.float64, st.floats(allow_nan=False)),
    "day": (pa.date32(), np.int32, st.integers(-700_000, 2_900_000)),
}


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_numbers_and_what_is_known(kind: str, data: st.DataObject) -> None:
    arrow, stored, values = KINDS[kind]
    given_values = data.draw(st.lists(st.none() | values, max_size=40))
    column = pa.array(given_values, pa.int32() if kind == "day" else arrow).cast(arrow)
    begin = data.draw(st.integers(0, len(given_values)))
    part, expected = column.slice(begin), given_values[begin:]
    assert known_in(part).tolist() == [value is not None for value in expected]
    assert numbers_in(part, stored).tolist() == [0 if value is None else value for value in expected]


@given(st.lists(st.none() | st.booleans(), max_size=40), st.integers(0, 40))
def test_flags(values: list[bool | None], begin: int) -> None:
    part = pa.array(values, pa.bool_()).slice(min(begin, len(values)))
    assert flags_in(part).tolist() == [-1 if value is None else int(value) for value in part.to_pylist()]
    assert known_in(part).tolist() == part.is_valid().to_pylist()


@pytest.mark.parametrize("values", [pa.nulls(3), pa.nulls(3, pa.string()), pa.array([None, ["a"], []])])
def test_what_is_known_of_other_columns(values: pa.Array) -> None:
    assert known_in(values).tolist() == values.is_valid().to_pylist()
