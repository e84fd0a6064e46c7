"""Customers who are like one: the nearest by the tags that describe, and what makes them so.

Gower's similarity over the codes of the audience index, weighted: values of enumerated tags are equal or not, and equal ones count the more
the fewer customers have them (1 − p², Goodall 1966, as in Boriah, Chandola and Kumar 2008); numbers and dates count by the share of
customers who lie outside the two values, so that two zeros among many say little. The tags of a class share its weight, so that ten tags
about spending don't outvote one about the family. What she has no value for is left out; where the other has none, nothing is shared.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.audience_index import open_index
from huaxiang.app.finding import describe_rows, shown_columns
from huaxiang.app.masks import kind_of
from huaxiang.app.value_titles import titles_of_value
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from huaxiang.index import AudienceIndex

    Floats = npt.NDArray[np.float64]

SIMILAR_KEYS = ("customer_id", "snapshot", "as_of", "tags", "columns", "similar")
SIMILAR_ITEM_KEYS = ("customer_id", "name", "phone", "values", "similarity", "shared", "differ")
_MOST_TAGS = 48
_MOST_SHARED = 6
_MOST_DIFFER = 3
_PIECE = 1 << 17
_UNITS = 60_000
"""Similarity is summed in whole units: so many when a customer is like her in all."""
_KEPT = 4
_NUMERIC = ("BIGINT", "DOUBLE", "DATE", "TIMESTAMP")
_shares: OrderedDict[tuple[Path, str], Floats] = OrderedDict()
_keeping = threading.Lock()


@dataclass(frozen=True)
class _Tag:
    """A tag that is compared: its weight, and the similarity of each code to hers, from 0 to 1."""

    item: Mapping[str, Any]
    weight: float
    like: Floats

    @property
    def most(self) -> float:
        """What it adds for somebody who has her value."""
        return self.weight * float(self.like.max())


def similar_customers(snapshot: Snapshot, customer_id: str, *, limit: int = 10) -> dict[str, Any]:
    """Return SIMILAR_KEYS: the `limit` customers nearest to one, each with SIMILAR_ITEM_KEYS.

    `tags`: how many tags are compared. `similarity`: 0 … 1; `shared`: the tags that bring them together, the strongest first, {name, title,
    value, value_title, other, other_title, weight}, `weight` being the share of the similarity that a tag makes; `differ`: those that part
    them. Fields that are personal or hidden from who asks are not compared. Raises UsageError for an unknown customer.
    """
    import numpy as np

    from huaxiang.app.customer import redirected

    index = open_index(snapshot).index
    known = next(
        (i for i in (customer_id, redirected(snapshot, customer_id)) if i and index.row_of(i) is not None), None
    )
    row = index.row_of(known) if known else None
    if known is None or row is None:
        raise UsageError.no_customer(snapshot.id)
    tags = _compared(snapshot, index, row)
    score = _scores(tags, index)
    score[row] = 0
    near = np.argpartition(score, -min(limit, len(score)))[-limit:] if len(score) > limit else np.arange(len(score))
    near = near[score[near] > 0]
    near = near[np.lexsort((near, -score[near].astype(np.int64)))]
    return {
        "customer_id": known, "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "tags": len(tags),
        "columns": shown_columns(snapshot),
        "similar": [
            told | _explained(tags, index, row, int(other))
            for told, other in zip(describe_rows(snapshot, near.astype(np.int64)), near, strict=True)
        ],
    }  # fmt: skip


def _compared(snapshot: Snapshot, index: AudienceIndex, row: int) -> list[_Tag]:
    """The tags that describe her: those of which she has a value and not everybody has the same."""
    items = [i for i in _candidates(snapshot) if i["name"] in index.fields and index.codes(i["name"])[row]]
    items = items[:_MOST_TAGS]
    counts: dict[str, int] = {}
    for item in items:
        counts[str(item.get("class"))] = counts.get(str(item.get("class")), 0) + 1
    tags = []
    for item in items:
        like = _likeness(snapshot, index, item, row)
        if like is not None:
            tags.append(_Tag(item, 1 / counts[str(item.get("class"))] ** 0.5, like))
    return tags


def _candidates(snapshot: Snapshot) -> list[Mapping[str, Any]]:
    """Online tags with a code, and where there are few of them attributes too; nothing personal, no IDs, none that repeats another."""
    manifest = snapshot.manifest
    tags = [t for t in manifest.get("tags", ()) if t.get("status", "online") == "online"]
    taken = {line for t in tags if t.get("kind") == "fact" for line in t.get("lineage", ())[:1]}
    attributes = [a for a in manifest.get("attributes", ()) if f"attribute:{a['name']}" not in taken]
    plain = [
        a
        for a in attributes
        if a.get("value_type") in ("enum", "boolean", "integer", "number") and a.get("class") != "business"
    ]
    found = tags if len(tags) >= _MOST_TAGS // 2 else [*tags, *plain]
    open_ones = [i for i in found if not kind_of(i) and not i.get("personal") and i["name"] not in snapshot.masked]
    return sorted(open_ones, key=lambda i: -(i.get("coverage") or 0) if i.get("kind") != "fact" else -2)


def _likeness(snapshot: Snapshot, index: AudienceIndex, item: Mapping[str, Any], row: int) -> Floats | None:
    import numpy as np

    name = item["name"]
    info = index.fields[name]
    if info.kind not in ("codes", "wide") or info.parts["codes"].dtype != "|u1":
        return None
    mine = int(index.codes(name)[row])
    shares = _shares_of(snapshot, index, name)
    if (shares > 0).sum() < 2:
        return None
    ordered = info.type in _NUMERIC or info.type.startswith("DECIMAL")
    if ordered:
        up_to = np.cumsum(shares)
        below = up_to - shares
        like: Floats = 1 - np.where(np.arange(256) >= mine, up_to - below[mine], up_to[mine] - below)
    else:
        like = np.zeros(256)
        like[mine] = 1 - shares[mine] ** 2
    like[0] = 0
    return like


def _shares_of(snapshot: Snapshot, index: AudienceIndex, name: str) -> Floats:
    """The share of each code among the customers with a value; kept."""
    import numpy as np

    key = (snapshot.folder, name)
    with _keeping:
        if key in _shares:
            return _shares[key]
    counted = np.bincount(index.codes(name), minlength=256).astype(np.float64)
    counted[0] = 0
    found: Floats = counted / max(1.0, counted.sum())
    with _keeping:
        _shares[key] = found
        while len(_shares) > _KEPT * 1_000:
            _shares.popitem(last=False)
    return found


def _scores(tags: list[_Tag], index: AudienceIndex) -> npt.NDArray[np.uint16]:
    """The similarity of every customer in units, on all threads, a piece at a time that stays in the cache."""
    import numpy as np

    from huaxiang.index.scanning import pool

    total = sum(t.most for t in tags) or 1.0
    tables = [np.round(t.like * t.weight / total * _UNITS).astype(np.uint16) for t in tags]
    columns = [index.codes(t.item["name"]) for t in tags]
    score = np.zeros(index.size, dtype=np.uint16)

    def part(at: int) -> None:
        piece = score[at : at + _PIECE]
        for table, codes in zip(tables, columns, strict=True):
            piece += table.take(codes[at : at + _PIECE])

    list(pool().map(part, range(0, index.size, _PIECE)))
    return score


def _explained(tags: list[_Tag], index: AudienceIndex, row: int, other: int) -> dict[str, Any]:
    import numpy as np

    gains = [t.weight * float(t.like[index.codes(t.item["name"])[other]]) for t in tags]
    most = [t.most for t in tags]
    whole = sum(most) or 1.0
    order = sorted(range(len(tags)), key=lambda n: -gains[n])
    apart = sorted(range(len(tags)), key=lambda n: gains[n] - most[n])
    both = np.array([row, other], dtype=np.int64)

    def told(n: int) -> dict[str, Any]:
        item = tags[n].item
        mine, theirs = index.at(item["name"], both)
        titles = item.get("values")
        return {
            "name": item["name"], "title": item.get("title"), "unit": item.get("unit"), "value_type": item.get("value_type"),
            "value": mine, "value_title": titles_of_value(mine, titles)["value_title"],
            "other": theirs, "other_title": titles_of_value(theirs, titles)["value_title"],
            "weight": round(gains[n] / (sum(gains) or 1.0), 4),
        }  # fmt: skip

    return {
        "similarity": round(sum(gains) / whole, 4),
        "shared": [told(n) for n in order[:_MOST_SHARED] if gains[n] > 0],
        "differ": [told(n) for n in apart[:_MOST_DIFFER] if gains[n] < most[n] * 0.5],
    }
