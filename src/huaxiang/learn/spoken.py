"""Which tags a persona set may speak of: manifest entries matched with columns, doubles and unspeakable ones left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from huaxiang.learn.columns import Both, Numbers, Shares, TagInfo, read_column
from huaxiang.learn.describe import value_type
from huaxiang.learn.phrasebook import phrasebook
from huaxiang.spec.models import PersonaSetSpec, Text

Entry = Mapping[str, object]

EVIDENCE_SECTIONS = ("demographic", "consumption", "psychographic", "social", "technical", "relationship")
_SECTION_OF_CLASS = {"other": "consumption", "business": "relationship"} | {s: s for s in EVIDENCE_SECTIONS}

_NOT_CHOSEN = "not among the set's tags"


@dataclass(frozen=True)
class Spoken:
    """What may be said of whom.

    `columns`: comparable tags in order · `left_out`: tag → reason (not those that the set leaves out itself) ·
    `filled`: catalogue codes that some column fills.
    """

    columns: tuple[tuple[TagInfo, Shares | Numbers], ...]
    left_out: Mapping[str, str]
    filled: frozenset[str]


def both(title: object, fallback: str) -> Both:
    """A title in any of its written forms; the fallback when there is none."""
    if isinstance(title, Text):
        return Both(title.zh, title.en)
    if isinstance(title, str):
        return Both(title, title)
    if isinstance(title, Mapping):
        zh, en = title.get("zh"), title.get("en")
        return Both(str(zh or en or fallback), str(en or zh or fallback))
    return Both(fallback, fallback)


def choose_tags(
    customers: pa.Table, entries: Sequence[Entry], spec: PersonaSetSpec, defined_by: Collection[str]
) -> Spoken:
    """Match entries with columns of `customers`; the worth tag is always compared. Order: as given."""
    unique, filled = _without_doubles(customers, entries)
    columns: list[tuple[TagInfo, Shares | Numbers]] = []
    left_out: dict[str, str] = {}
    for entry in unique:
        name = str(entry["name"])
        reason = _barred(entry, spec)
        if reason == _NOT_CHOSEN:
            continue
        if reason:
            left_out[name] = reason
            continue
        info = _info(customers, entry, defined_by)
        column = read_column(customers.column(name), info.value_type)
        if isinstance(column, str):
            left_out[name] = column
        else:
            columns.append((_with_unit(info, column), column))
    return Spoken(tuple(columns), left_out, filled)


def _without_doubles(customers: pa.Table, entries: Sequence[Entry]) -> tuple[list[Entry], frozenset[str]]:
    """One entry a column: a profile attribute that a tag takes over unchanged gives way, and lends the tag its code."""
    present = [e for e in entries if e["name"] in customers.column_names]
    tags = [e for e in present if e.get("kind")]
    names = {e["name"] for e in tags}
    kept: list[Entry] = list(tags)
    for entry in (e for e in present if not e.get("kind")):
        column = customers.column(str(entry["name"]))
        twins = [i for i, t in enumerate(kept) if t.get("kind") and _same(customers.column(str(t["name"])), column)]
        for i in twins:
            kept[i] = {**kept[i], "attribute": kept[i].get("attribute") or entry["name"]}
        if not twins and entry["name"] not in names:
            kept.append({**entry, "attribute": entry.get("attribute") or entry["name"]})
    filled = {
        str(e["attribute"]) for e in kept
        if e.get("attribute") and customers.column(str(e["name"])).null_count < customers.num_rows
    }  # fmt: skip
    return kept, frozenset(filled)


def _same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    return one.type == other.type and bool(one.equals(other))


def _barred(entry: Entry, spec: PersonaSetSpec) -> str | None:
    name = str(entry["name"])
    if name == spec.worth:
        return None
    if name in (spec.clustering, *spec.audiences):
        return "the segment itself"
    if spec.tags is not None and name not in spec.tags:
        return _NOT_CHOSEN
    if entry.get("status", "online") != "online" and spec.tags is None:
        return "not online"
    rfm = entry.get("rfm")
    if isinstance(rfm, Mapping) and rfm.get("part") in ("r", "f", "m"):
        return "a score of tags that speak for themselves"
    if name in phrasebook().never or entry.get("attribute") in phrasebook().never:
        return "points at a person"
    return "health data are not shown on cards" if entry.get("class") == "health" else None


def _with_unit(info: TagInfo, column: Shares | Numbers) -> TagInfo:
    """A number without unit that never leaves 0–1 is a share, and read by people in per cent."""
    if info.value_type != "number" or info.unit or not isinstance(column, Numbers):
        return info
    within = np.nanmin(column.values) >= 0 and np.nanmax(column.values) <= 1
    return replace(info, unit="%") if within else info


def _info(customers: pa.Table, entry: Entry, defined_by: Collection[str]) -> TagInfo:
    name = str(entry["name"])
    values = entry.get("values")
    titled = (
        {str(v): both(t, str(v)) for v, t in values.items() if t is not None} if isinstance(values, Mapping) else {}
    )
    attribute, unit = entry.get("attribute"), entry.get("unit")
    kind = value_type(customers.column(name), listed=bool(titled))
    return TagInfo(
        name=name,
        title=both(entry.get("title"), name),
        section=_SECTION_OF_CLASS.get(str(entry.get("class")), "consumption"),
        attribute=str(attribute) if attribute else None,
        value_type=str(entry.get("value_type") or kind),
        unit=str(unit) if unit else None,
        values=titled,
        defines_segment=name in defined_by,
    )
