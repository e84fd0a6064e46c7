"""The values of a tag as sets of customers, for analyses that lay tags beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huaxiang.app.analysis.events import Asked
from huaxiang.app.audiences.describing import FEW_NUMBERS, MOST_VALUES, find_item
from huaxiang.errors import UsageError
from huaxiang.index import Bits
from huaxiang.plan.condition_text import to_text, written
from huaxiang.plan.conditions import Comparison, ListMatch


@dataclass(frozen=True)
class ValueSet:
    """The members of an audience who have one value of a tag; `when`: the condition for it."""

    value: Any
    title: Any
    members: Bits
    when: str


def categorical(asked: Asked, name: str) -> Mapping[str, Any]:
    """The tag, attribute or clustering of that name, when it has few values. Raises UsageError."""
    item = find_item(asked.snapshot.manifest, name)
    info = asked.index.index.fields.get(name)
    many = info is None or info.kind not in ("codes", "list") or (info.values or 0) > MOST_VALUES
    numeric = item["value_type"] in ("integer", "number", "money", "date", "datetime")
    if many or (info is not None and numeric and (info.values or 0) > FEW_NUMBERS):
        raise UsageError(
            f'"{name}" has too many different values to be laid out; use a tag with bands',
            f"“{name}”的取值太多，无法逐值展开；请换分段标签",
        )
    return item


def values_of(asked: Asked, name: str, most: int, members: Bits | None = None) -> list[ValueSet]:
    """The `most` frequent values of a tag in the audience (or in `members`), in the order that the tag declares, else by size."""
    item = categorical(asked, name)
    index, whom = asked.index.index, members or asked.members
    counted = index.breakdown(whom, [name])[name]
    values = counted.values.to_pylist()
    order = sorted((i for i in range(len(values)) if counted.counts[i]), key=lambda i: (-counted.counts[i], i))[:most]
    titles = item.get("values") or {}
    if item["value_type"] in ("integer", "number", "money", "date", "datetime", "boolean"):
        order.sort(key=lambda i: values[i])
    elif titles:
        places = {value: place for place, value in enumerate(titles)}
        order.sort(key=lambda i: places.get(values[i], len(places)))
    listed = index.fields[name].kind == "list"
    return [
        ValueSet(
            values[i], titles.get(values[i]) if isinstance(values[i], str) else None,
            index.of_value(name, values[i]) & whom, condition_of(name, values[i], listed=listed),
        )
        for i in order
    ]  # fmt: skip


def condition_of(name: str, value: Any, *, listed: bool = False) -> str:
    """The condition for one value of a tag, as text."""
    node = ListMatch(name, "any", (value,)) if listed else Comparison(name, "=", value)
    return to_text(written(node))
