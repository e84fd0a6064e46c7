"""Tables of which rows were replaced are put together as row by row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.learn.weave import Plan, Woven

TEXT = st.one_of(st.none(), st.text(max_size=5), st.just("一个较长的值"))
ROW = st.tuples(
    TEXT, st.one_of(st.none(), st.integers(-5, 5)), st.one_of(st.none(), st.booleans()), st.lists(TEXT, max_size=2)
)
SCHEMA = pa.schema(
    [("text", pa.string()), ("at", pa.timestamp("us")), ("flag", pa.bool_()), ("list", pa.list_(pa.string()))]
)


def table(rows: list[tuple[object, ...]], spare: int) -> pa.Table:
    """A table of these rows that lies somewhere within larger columns."""
    more = [*rows[:1] * spare, *rows]
    columns = [pa.array([row[n] for row in more], field.type) for n, field in enumerate(SCHEMA)]
    return pa.table(columns, schema=SCHEMA).slice(len(more) - len(rows))


@pytest.mark.parametrize("long", [0, 1_000])
@given(st.data())
def test_woven_tables_equal_what_is_taken_row_by_row(long: int, data: st.DataObject) -> None:
    """`long`: with so large an average, runs are copied as a whole; with none, rows are picked one by one."""
    given_rows = st.lists(ROW, max_size=12)
    whole, own = (table(data.draw(given_rows), data.draw(st.integers(0, 3))) for _ in range(2))
    rows = np.flatnonzero(data.draw(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole)))).astype(np.int64)
    places = sorted(data.draw(st.lists(st.integers(0, len(rows)), min_size=len(own), max_size=len(own))))
    row = np.insert(rows, places, len(whole) + np.arange(len(own)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huaxiang.learn.weave._LONG", 0 if long else 1_000)
        woven = Woven(whole, own, row)
        expected = pa.concat_tables([whole, own]).take(pa.array(row))
        found = woven.table()
        found.validate(full=True)
        assert found.to_pylist() == expected.to_pylist()
        assert found.schema == SCHEMA
        assert pa.concat_tables(woven.pieces(3)).to_pylist() == expected.to_pylist()
        assert woven.select(["at"]).table().to_pylist() == expected.select(["at"]).to_pylist()
        known = woven.filter(lambda part: pc.is_valid(part.column("text")))
        assert known.to_pylist() == [row for row in expected.to_pylist() if row["text"] is not None]


def test_runs_of_the_two_sides_are_told_apart() -> None:
    plan = Plan.of(np.array([0, 1, 2, 3, 4, 2]), 3)
    assert plan.first.tolist() == [0, 3, 2]
    assert plan.length.tolist() == [3, 2, 1]
    assert plan.mine.tolist() == [False, False, False, True, True, False]
