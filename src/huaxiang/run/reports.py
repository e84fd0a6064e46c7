"""What became of the rows of a source: running counts while it is cleaned, and the reports that go into the manifest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from huaxiang.run.raw_texts import RawOf
from huaxiang.store.cleaning.codes import KINDS, Cleaned
from huaxiang.store.cleaning.rule import ColumnRule
from huaxiang.store.merging import FetchCounts

REJECTED_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("code", pa.string()),
        ("reason", pa.string()),
        ("raw", pa.string()),
    ]
)
LEFT_OUT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "same_file": ("与同一来源的另一文件内容相同", "the file has the same content as another one of the source"),
        "replaced": ("同一天的数据有更新的导出", "a newer export of the same day replaces it"),
        "same_key": (
            "同一次取数中，键相同而内容不同的另一行在后",
            "another row of the same key, and of other content, came later in the same fetch",
        ),
        "repeated": ("同一次取数中有完全相同的行", "an equal row came in the same fetch of the database"),
        "not_taken": ("不属于所取的记录种类", "a record of a kind that the source does not take"),
        "folded": ("已并入该用户的最终属性", "merged into the resulting properties of its user"),
        "totals": ("合计行", "a line of totals"),
        "skipped": ("问卷中未作答的题", "a question that was not answered"),
    }
)
"""Why a row that is well-formed does not become a row of the table (code → Chinese, English), besides `where`."""


@dataclass(frozen=True)
class FileReport:
    """One file that was read: path as shown, how it is written, rows in, size and SHA-256; `same_as` names the file of this
    source that holds the same bytes, so that this one was left out.
    """

    path: str
    format: str
    encoding: str | None
    delimiter: str | None
    rows: int
    bytes: int
    sha256: str
    same_as: str | None = None


@dataclass(frozen=True)
class ColumnReport:
    """One loaded column: declared type, rows without a value, and values that were repaired, by kind (`codes.REPAIRS`)."""

    name: str
    type: str
    missing: int
    repaired: Mapping[str, int]


@dataclass(frozen=True)
class LoadReport:
    """What became of the rows of a source: `loaded + set_aside + left_out == rows_in`.

    `reasons` counts the rows set aside by code, `left_out_reasons` those left out (`LEFT_OUT`); `reused` is the number of files that were
    cleaned by an earlier build and not read again; `fetch` says what became of the rows fetched from a database (None for files);
    `raw` reads what stood in a file, by its number and rows.
    """

    source: str
    files: tuple[FileReport, ...]
    rows_in: int
    loaded: int
    set_aside: int
    reasons: Mapping[str, int]
    columns: tuple[ColumnReport, ...]
    left_out: int = 0
    left_out_reasons: Mapping[str, int] = field(default_factory=dict)
    reused: int = 0
    fetch: FetchCounts | None = None
    raw: RawOf = field(default=lambda _file, _rows: {}, compare=False, repr=False)

    @property
    def repaired(self) -> int:
        """Values that were repaired, over all columns."""
        return sum(sum(column.repaired.values()) for column in self.columns)


@dataclass
class Tally:
    """Running counts of a part, or of a whole source. `where`: first file and row of each (code, column) that was set aside."""

    rows_in: int = 0
    set_aside: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    where: dict[tuple[str, str | None], tuple[str, int]] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)
    repaired: dict[str, Counter[str]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    def reject(self, file: str, row: int, column: str | None, code: str) -> None:
        """Count one row set aside."""
        self.set_aside += 1
        self.reasons[code] += 1
        self.where.setdefault((code, column), (file, row))

    def accept(self, rule: ColumnRule, cleaned: Cleaned, good: np.ndarray) -> None:
        """Count missing and repaired values of the rows that are loaded."""
        absent = cleaned.values.is_null().to_numpy(zero_copy_only=False)
        self.missing[rule.field] += int(np.count_nonzero(absent & good))
        kinds = np.bincount(cleaned.kinds[good], minlength=len(KINDS))
        counts = self.repaired.setdefault(rule.field, Counter())
        for at in np.flatnonzero(kinds[1:]) + 1:
            counts[KINDS[at]] += int(kinds[at])
        for derived, values in zip(rule.derived, cleaned.derived, strict=True):
            absent = values.is_null().to_numpy(zero_copy_only=False)
            self.missing[derived.field] += int(np.count_nonzero(absent & good))

    def add(self, other: Tally, names: Sequence[str]) -> None:
        """Add the counts of a part, whose files have these `names` (a part knows its files by number)."""
        self.rows_in += other.rows_in
        self.set_aside += other.set_aside
        self.reasons += other.reasons
        self.missing.update(other.missing)
        self.left_out += other.left_out
        for name, counts in other.repaired.items():
            self.repaired.setdefault(name, Counter()).update(counts)
        for fault, (file, row) in other.where.items():
            self.where.setdefault(fault, (names[int(file)], row))

    def columns(self, rules: Sequence[ColumnRule]) -> tuple[ColumnReport, ...]:
        """Reports of all columns: mapped, then derived ones."""
        columns = [(rule.field, rule.type) for rule in rules]
        columns += [(one.field, one.type) for rule in rules for one in rule.derived]
        return tuple(
            ColumnReport(name, kind, self.missing[name], dict(sorted(self.repaired.get(name, {}).items())))
            for name, kind in columns
        )

    def plain(self) -> dict[str, Any]:
        """The counts as JSON values; `from_plain` reads them back."""
        return {
            "rows_in": self.rows_in,
            "set_aside": self.set_aside,
            "reasons": dict(self.reasons),
            "where": [[code, column, file, row] for (code, column), (file, row) in self.where.items()],
            "missing": dict(self.missing),
            "repaired": {name: dict(counts) for name, counts in self.repaired.items()},
            "left_out": dict(self.left_out),
        }

    @classmethod
    def from_plain(cls, value: Mapping[str, Any]) -> Tally:
        """Read what `plain` gave."""
        return cls(
            value["rows_in"],
            value["set_aside"],
            Counter(value["reasons"]),
            {(code, column): (file, row) for code, column, file, row in value["where"]},
            Counter(value["missing"]),
            {name: Counter(counts) for name, counts in value["repaired"].items()},
            Counter(value["left_out"]),
        )
