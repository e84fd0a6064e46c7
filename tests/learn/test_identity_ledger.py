"""Tables that are put together piece by piece say what the whole says."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.learn.identity.ledger import EVIDENCE, Ledger, Listed
from huaxiang.learn.weave import Woven

SCHEMA = pa.schema([("text", pa.string()), ("number", pa.int64())])
ROWS = st.lists(st.tuples(st.none() | st.text(max_size=3), st.none() | st.integers(-9, 9)), max_size=12)


def _table(rows: list[tuple[str | None, int | None]]) -> pa.Table:
    return pa.Table.from_pylist([{"text": t, "number": n} for t, n in rows], schema=SCHEMA)


@given(ROWS, ROWS, st.randoms(use_true_random=False), st.integers(1, 5))
def test_pieces_and_filters_equal_the_whole(
    before: list[tuple[str | None, int | None]], own: list[tuple[str | None, int | None]], random: object, size: int
) -> None:
    kept = sorted(n for n in range(len(before)) if random.random() < 0.7)  # type: ignore[attr-defined]
    row = [*kept]
    for n in range(len(own)):  # each own row behind those before it
        low = row.index(len(before) + n - 1) + 1 if n else 0
        row.insert(random.randint(low, len(row)), len(before) + n)  # type: ignore[attr-defined]
    expected = _table([[*before, *own][n] for n in row])
    woven = Woven(_table(before), _table(own), np.array(row, dtype=np.int64))
    assert woven.table().equals(expected)
    assert pa.concat_tables(list(woven.pieces(size))).combine_chunks().equals(expected)
    assert woven.select(["number"]).table().equals(expected.select(["number"]))
    positive = lambda t: pc.fill_null(pc.greater(t.column("number"), 0), False)  # noqa: E731
    assert woven.filter(positive).equals(expected.filter(positive(expected)).combine_chunks())


def test_a_ledger_reads_its_evidence_whole_or_in_pieces() -> None:
    rows = [dict.fromkeys(EVIDENCE.names) | {"left": d, "kind": "key"} for d in "acegi"]
    own = [dict.fromkeys(EVIDENCE.names) | {"left": "d", "kind": "match"}]
    parts = (pa.Table.from_pylist(r, schema=EVIDENCE) for r in (rows, own))
    ledger = Ledger(pa.table({}), Woven(*parts, np.array([0, 1, 5, 3, 4])), pa.table({}))
    assert ledger.evidence.column("left").to_pylist() == ["a", "c", "d", "g", "i"]
    assert [p.to_pylist() for p in ledger.evidence_pieces(("left", "kind"))] == [
        [{"left": d, "kind": "match" if d == "d" else "key"} for d in "acdgi"]
    ]
    assert "identity_evidence" not in ledger.tables(large=False)


def test_records_are_put_together_whole_or_in_pieces() -> None:
    known = pa.table({"digest": ["a", "b", "c"], "name": ["x", None, "z"]})
    own = [
        pa.table({"customer_id": ids, "gone": pa.nulls(len(ids), pa.string())})
        for ids in (["one", "two", "three"], ["new"])
    ]
    below = pa.table({
        "digest": ["d"], "name": pa.nulls(1, pa.string()), "customer_id": pa.nulls(1, pa.string()), "gone": ["2"],
    })  # fmt: skip
    listed = Listed(known, Woven(own[0], own[1], np.array([0, 3, 2])), below)
    ledger = Ledger(listed, EVIDENCE.empty_table(), pa.table({}))
    assert ledger.records.column("customer_id").to_pylist() == ["one", "new", "three", None]
    assert ledger.records.column("digest").to_pylist() == ["a", "b", "c", "d"]
    assert pa.concat_tables(ledger.record_pieces()).equals(ledger.records)
    assert pa.concat_tables(listed.pieces(2)).equals(ledger.records)
    assert ledger.present().num_rows == 3
    assert "identity_records" not in ledger.tables(large=False)
