"""The state of a table that is fetched bit by bit: new rows take the place of those of the same key, and each row is accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.errors import Said
from huaxiang.spec.sources import DatabaseSpec
from huaxiang.store.fetched import RowFault, RowFile, all_numbers, as_schema, common_schema

SAME_KEY, REPEATED = "same_key", "repeated"
_FOLDED = (SAME_KEY, REPEATED)


@dataclass(frozen=True)
class FetchCounts:
    """What became of the rows of one fetch: `rows = new + replaced + unchanged + same_key + repeated`.

    `replaced`: rows that took the place of an older state which an earlier build fetched; `unchanged`: rows fetched again as they
    were; `same_key`: rows left out since a later row of this very fetch has their key, but other content; `repeated`: the like with
    equal content. `left_out`: rows of the last two kinds by code, of this fetch and of the earlier ones that the state is made of.
    `incremental`: only what may have changed was asked for.
    """

    rows: int
    new: int
    replaced: int = 0
    unchanged: int = 0
    same_key: int = 0
    repeated: int = 0
    incremental: bool = False
    left_out: Mapping[str, int] | None = None

    @property
    def folded(self) -> int:
        """Rows that are left out of the state, over all fetches."""
        return sum((self.left_out or {}).values())


@dataclass(frozen=True)
class State:
    """The rows of a table as fetched so far, one for each key, sorted by key; and `folded`: for each key that stood on several rows of a
    fetch, how many of them are left out (columns of the key, `same_key`, `repeated`).
    """

    rows: RowFile
    folded: pa.Table


def merge_rows(before: State | None, new: RowFile, spec: DatabaseSpec) -> tuple[State, FetchCounts]:
    """The state of a table after a fetch: rows of `before` whose key was not fetched again, and of the new ones the newest of each key.

    Raises RowFault when a key is NULL.
    """
    known = [before.rows.schema()] if before is not None else []
    schema = common_schema(new.columns, [new.schema(), *known])
    key, fetched = list(spec.key), as_schema(new.read(), schema)
    fresh, folded = _newest(fetched, key, str(spec.cursor))
    table, same, changed = fresh, 0, 0
    if before is not None:
        old = as_schema(before.rows.read(), schema)
        same, changed = _met_again(old, fresh, key)
        table = pa.concat_tables([_without(old, fresh, key), fresh])
    order = [(name, "ascending") for name in key]
    rows = RowFile(new.columns, table=table.sort_by(order).combine_chunks())
    here = _sums(folded)
    state = State(rows, _all_folded(folded, None if before is None else before.folded, key))
    return state, FetchCounts(
        len(fetched), len(fresh) - same - changed, changed, same, here[SAME_KEY], here[REPEATED], before is not None,
        {code: rows for code, rows in _sums(state.folded).items() if rows},
    )  # fmt: skip


def _sums(folded: pa.Table) -> dict[str, int]:
    return {code: int(pc.sum(folded.column(code)).as_py() or 0) for code in _FOLDED}


def _all_folded(folded: pa.Table, before: pa.Table | None, key: list[str]) -> pa.Table:
    """Counts by key over all fetches. A row that is fetched again is the same row: the larger count of a key holds."""
    if before is not None and len(before):
        kept = as_schema(before, common_schema(folded.column_names, [folded.schema, before.schema]))
        both = pa.concat_tables([as_schema(folded, kept.schema), kept])
        found = both.group_by(key).aggregate([(code, "max") for code in _FOLDED])
        folded = found.rename_columns([name.removesuffix("_max") for name in found.column_names])
        folded = folded.select([*key, *_FOLDED])
    return folded.sort_by([(name, "ascending") for name in key]).combine_chunks()


def _met_again(old: pa.Table, fresh: pa.Table, key: list[str]) -> tuple[int, int]:
    """How many rows of `fresh` have the key of an old one, with the same content and with other content."""
    if not len(old) or not len(fresh):
        return 0, 0
    left = fresh.select(key).append_column("_f", pa.array(range(len(fresh)), pa.int64()))
    right = old.select(key).append_column("_o", pa.array(range(len(old)), pa.int64()))
    pairs = left.join(right, keys=key, join_type="inner")
    if not len(pairs):
        return 0, 0
    equal = _equal(fresh.take(pairs.column("_f")), old.take(pairs.column("_o")))
    same = int(pc.sum(equal).as_py() or 0)
    return same, len(pairs) - same


def _equal(left: pa.Table, right: pa.Table) -> pa.Array:
    """Row by row, whether all columns are equal; two NULLs are."""
    found = pa.array([True] * len(left), pa.bool_())
    for name in left.column_names:
        one, other = left.column(name).combine_chunks(), right.column(name).combine_chunks()
        void = pc.and_(one.is_null(), other.is_null())
        if not pa.types.is_null(one.type):
            found = pc.and_(found, pc.or_(void, pc.fill_null(pc.equal(one, other), False)))
    return found


def _without(old: pa.Table, fresh: pa.Table, key: list[str]) -> pa.Table:
    """Rows of `old` whose key is not in `fresh`."""
    if not len(old) or not len(fresh):
        return old
    numbered = old.select(key).append_column("_n", pa.array(range(len(old)), pa.int64()))
    return old.take(numbered.join(fresh.select(key), keys=key, join_type="left anti").column("_n"))


def _newest(rows: pa.Table, key: list[str], cursor: str) -> tuple[pa.Table, pa.Table]:
    """Of the rows of each key the one with the highest cursor (of equal ones the last); and how many were left out, by key."""
    for name in key:
        if rows.column(name).null_count:
            raise RowFault(
                Said(
                    f'key column "{name}" is NULL in some rows; name columns that identify every row',
                    f"键列“{name}”在部分行中为 NULL；请写出能识别每一行的列",
                )
            )
    numbered = rows.append_column("_at", _ranks(rows.column(cursor))).append_column(
        "_n", pa.array(range(len(rows)), pa.int64())
    )
    order = [(name, "ascending") for name in (*key, "_at", "_n")]
    ranked = numbered.take(pc.sort_indices(numbered, sort_keys=order)).drop_columns(["_at", "_n"])
    if len(ranked) < 2:
        return ranked, _folded(ranked.slice(0, 0), pa.array([], pa.bool_()), key)
    same = _equal(ranked.select(key).slice(1), ranked.select(key).slice(0, len(ranked) - 1))
    left = ranked.slice(0, len(ranked) - 1).filter(same)
    after = ranked.slice(1).filter(same)
    last = pa.concat_arrays([pc.invert(same), pa.array([True])])
    return ranked.filter(last), _folded(left, _equal(left, after), key)


def _folded(left: pa.Table, equal: pa.Array, key: list[str]) -> pa.Table:
    """By key, how many rows are left out: `equal` says which of them have the content of the next one."""
    counted = left.select(key)
    counted = counted.append_column(SAME_KEY, pc.invert(equal).cast(pa.int64()))
    counted = counted.append_column(REPEATED, equal.cast(pa.int64()))
    found = counted.group_by(key).aggregate([(code, "sum") for code in _FOLDED])
    found = found.rename_columns([name.removesuffix("_sum") for name in found.column_names])
    return found.select([*key, *_FOLDED]).sort_by([(name, "ascending") for name in key])


def _ranks(column: pa.ChunkedArray) -> pa.Array:
    """Place of each value of a cursor in their order, -1 for NULL; texts that are all numbers are ordered as numbers."""
    values = [value for value in column.unique().to_pylist() if value is not None]
    numbers: Sequence[Decimal] | None = all_numbers(values)
    places: list[Any] = sorted(values if numbers is None else zip(numbers, values, strict=True))
    place = {value if numbers is None else value[1]: at for at, value in enumerate(places)}
    return pa.array([-1 if value is None else place[value] for value in column.to_pylist()], pa.int64())
