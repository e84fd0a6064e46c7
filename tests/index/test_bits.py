"""Sets made from rows and changed by rows: few one by one, many at once, with the same result."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.index.bits import Bits, flip

SIZE = 10_007


@given(st.lists(st.integers(0, SIZE - 1), max_size=200))
def test_rows_in_any_order_and_repeated_make_the_set(rows: list[int]) -> None:
    found = Bits.from_rows(SIZE, rows)
    assert found.rows().tolist() == sorted(set(rows))
    assert found.count() == len(set(rows))


@pytest.mark.parametrize("many", [0, 1, 62, 64, 5_000])
def test_flipped_rows_change_sides(many: int) -> None:
    rng = np.random.default_rng(many)
    before = Bits.from_rows(SIZE, rng.permutation(SIZE)[:3_000])
    rows = rng.permutation(SIZE)[:many].astype(np.uint32)
    words = before.words.copy()
    flip(words, rows)
    assert Bits(SIZE, words) == before ^ Bits.from_rows(SIZE, rows)
