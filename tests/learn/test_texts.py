"""Texts found in large columns as by comparing each."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.learn.texts import find_sorted, heads, held_by_many, is_ascending, place_sorted

TEXT = st.one_of(st.text(max_size=12), st.text("ab", max_size=3).map(lambda t: "same beginning " + t))


@given(st.lists(TEXT, unique=True), st.lists(TEXT), st.integers(0, 3))
def test_places_in_a_sorted_column(among: list[str], wanted: list[str], cut: int) -> None:
    column = pa.array(sorted(among, key=str.encode), pa.string())[cut:]
    known = column.to_pylist()
    asked = pa.array(wanted, pa.string())
    assert find_sorted(asked, column).tolist() == [known.index(w) if w in known else -1 for w in wanted]
    for rows in (np.arange(len(known)), np.arange(0, len(known), 2)):
        some = [known[r] for r in rows]
        places = [sum(k.encode() <= w.encode() for k in some) for w in wanted]
        assert place_sorted(asked, column, rows).tolist() == places
    assert is_ascending(column)
    assert is_ascending(asked) == all(a.encode() < b.encode() for a, b in pairwise(wanted))


@given(
    st.sets(st.text("0ab", min_size=16, max_size=16)),
    st.sets(st.text("0ab", min_size=16, max_size=16)),
    st.integers(0, 3),
)
def test_places_of_texts_of_one_length(among: set[str], others: set[str], cut: int) -> None:
    column = pa.array(sorted(among), pa.string())[cut:]
    known = column.to_pylist()
    wanted = sorted(among | others)
    asked = pa.array(["0" * 16, *wanted], pa.string())[1:]
    assert find_sorted(asked, column).tolist() == [known.index(w) if w in known else -1 for w in wanted]
    assert is_ascending(asked)
    assert heads(asked).tolist() == [int.from_bytes(w[:8].encode()) for w in wanted]


def test_places_among_many_of_one_beginning() -> None:
    among = pa.array([f"{n:032x}" for n in range(40)])
    wanted = pa.array([f"{n:032x}" for n in (39, 3, 40, 0, 22)] + ["other"])
    assert find_sorted(wanted, among).tolist() == [39, 3, -1, 0, 22, -1]


@given(st.lists(st.one_of(st.none(), TEXT)), st.integers(0, 3), st.integers(0, 3))
def test_values_that_many_rows_hold(rows: list[str | None], most: int, cut: int) -> None:
    column = pa.array(rows, pa.string())[cut:]
    values, counts = held_by_many(column, most)
    counted = pc.value_counts(column.drop_null()).to_pylist()
    expected = {c["values"]: c["counts"] for c in counted if c["counts"] > most}
    assert dict(zip(values.to_pylist(), np.asarray(counts).tolist(), strict=True)) == expected
    assert is_ascending(values)
