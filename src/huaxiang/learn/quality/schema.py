"""Columns of a source's file against those of the last build: which are new, gone, of another type, or in another place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

Change = Literal["appeared", "vanished", "type", "order"]


@dataclass(frozen=True)
class ColumnShape:
    """A column of a file: its name, and the plainest type that all its first values have (empty: they have none)."""

    name: str
    type: str


@dataclass(frozen=True)
class SchemaChange:
    """One change. `column` is None when only the order changed; `mapped` says whether a field is read from it."""

    change: Change
    column: str | None
    before: str | None
    now: str | None
    mapped: bool


def compare_shapes(
    now: Sequence[ColumnShape], before: Sequence[ColumnShape], mapped: Collection[str]
) -> tuple[SchemaChange, ...]:
    """What changed from `before` to `now`; nothing when either is unknown.

    Columns without a value on either side are not said to have changed their type, nor are whole numbers that became numbers.
    """
    if not now or not before:
        return ()
    new, old = {c.name: c for c in now}, {c.name: c for c in before}
    changes = [SchemaChange("appeared", c.name, None, c.type, c.name in mapped) for c in now if c.name not in old]
    changes += [SchemaChange("vanished", c.name, c.type, None, c.name in mapped) for c in before if c.name not in new]
    for column in now:
        was = old.get(column.name)
        if was is not None and _differ(was.type, column.type):
            changes.append(SchemaChange("type", column.name, was.type, column.type, column.name in mapped))
    kept_now = [c.name for c in now if c.name in old]
    kept_before = [c.name for c in before if c.name in new]
    if kept_now != kept_before:
        changes.append(SchemaChange("order", None, None, None, mapped=False))
    return tuple(changes)


def _differ(before: str, now: str) -> bool:
    return before != now and "empty" not in (before, now) and {before, now} != {"integer", "number"}
