"""Cross-table 交叉: any tag by any tag, with shares, TGI, and a test of independence."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from huaxiang.app.analysis.events import Asked, ask, share, within
from huaxiang.app.analysis.tags import ValueSet, values_of
from huaxiang.app.audiences.describing import find_item
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

CROSS_KEYS = (
    "snapshot", "as_of", "audience", "customers", "rows", "columns", "known", "missing", "counts", "row_shares", "column_shares",
    "total_shares", "tgi", "few", "test",
)  # fmt: skip
AXIS_KEYS = ("name", "title", "values", "left_out")
VALUE_KEYS = ("value", "title", "when", "customers", "share")
TEST_KEYS = ("chi_square", "degrees", "p", "cramers_v", "few", "customers")
MOST = 30
FEW = 5.0
"""Cells with a smaller expected count are marked: their shares and TGI rest on too few customers."""


def cross(snapshot: Snapshot, audience: str | None, rows: str, columns: str, *, limit: int = 12) -> dict[str, Any]:
    """Return CROSS_KEYS: the customers of an audience with both tags, by the `limit` most frequent values of each.

    `known`: customers with a value of both tags, to which all totals refer; `missing`: the others. `counts[i][j]`; `row_shares` of the
    row, `column_shares` of the column, `total_shares` of `known`; `tgi[i][j]` = 100 × share of column j in row i ÷ its share of `known`;
    `few[i][j]`: fewer than 5 customers are expected there. `test` (TEST_KEYS): Pearson's chi-square and Cramér's V of all that is
    shown; None when a tag is a list, whose values are no exclusive groups, or there are not two rows and columns. Raises UsageError.
    """
    within(limit, 2, MOST, ("the number of values", "取值数"))
    if rows == columns:
        raise UsageError("choose two different tags", "请选择两个不同的标签")
    asked = ask(snapshot, audience)
    index = asked.index.index
    find_item(snapshot.manifest, rows), find_item(snapshot.manifest, columns)
    both = asked.members & index.holders(rows) & index.holders(columns)
    down, across = values_of(asked, rows, limit, both), values_of(asked, columns, limit, both)
    counts = [[one.members.overlap(other.members) for other in across] for one in down]
    known = both.count()
    sizes = [one.members.count() for one in down], [one.members.count() for one in across]
    expected = [[a * b / known if known else 0.0 for b in sizes[1]] for a in sizes[0]]
    return {
        **asked.head(), "rows": _axis(asked, rows, down, known), "columns": _axis(asked, columns, across, known), "known": known,
        "missing": asked.members.count() - known, "counts": counts,
        "row_shares": [[share(n, size) for n in line] for line, size in zip(counts, sizes[0], strict=True)],
        "column_shares": [[share(n, size) for n, size in zip(line, sizes[1], strict=True)] for line in counts],
        "total_shares": [[share(n, known) for n in line] for line in counts],
        "tgi": [[round(100 * n / e, 2) if e else None for n, e in zip(*pair, strict=True)] for pair in zip(counts, expected, strict=True)],
        "few": [[e < FEW for e in line] for line in expected],
        "test": None if _listed(asked, rows, columns) else _test(counts),
    }  # fmt: skip


def _listed(asked: Asked, *names: str) -> bool:
    return any(asked.index.index.fields[name].kind == "list" for name in names)


def _axis(asked: Asked, name: str, values: Sequence[ValueSet], known: int) -> dict[str, Any]:
    item = find_item(asked.snapshot.manifest, name)
    told = [
        {"value": one.value, "title": one.title, "when": one.when, "customers": one.members.count(),
         "share": share(one.members.count(), known)} for one in values
    ]  # fmt: skip
    from functools import reduce
    from operator import or_

    shown = reduce(or_, (one.members for one in values)).count() if values else 0
    return {"name": name, "title": item.get("title"), "values": told, "left_out": known - shown}


def _test(counts: list[list[int]]) -> dict[str, Any] | None:
    from huaxiang.learn.association import contingency

    found = contingency(counts) if counts and counts[0] else None
    if found is None:
        return None
    told = asdict(found)
    return told | {
        "chi_square": round(found.chi_square, 4),
        "cramers_v": round(found.cramers_v, 4),
        "few": round(found.few, 4),
    }
