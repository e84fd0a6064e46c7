"""What changed since the snapshot before: customers, tags, audiences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from huaxiang.app.audiences.describing import items_of
from huaxiang.app.wiring import find_project, snapshot_store
from huaxiang.errors import SnapshotError, UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHANGES_KEYS = ("since", "since_as_of", "customers_before", "joined", "gone", "tags", "tags_new", "tags_gone")
TAG_KEYS = (
    "name", "title", "distance", "redefined", "coverage", "coverage_before", "value", "value_title", "share", "share_before", "mean",
    "mean_before",
)  # fmt: skip
AUDIENCE_KEYS = ("name", "title", "size", "share", "before", "change", "stale")
MOST_TAGS = 8
LEAST = 0.001
"""Tags of which a smaller share of customers would have to change their value are left out."""


def told_changes(snapshot: Snapshot) -> tuple[dict[str, Any] | None, Mapping[str, Any]]:
    """Return CHANGES_KEYS against the snapshot before (None without one that can be read), and its manifest.

    `joined`: customers who were none then; `gone`: customers of then who are none of their own now, merged into another or without
    data. `tags`: those whose distribution moved most; `distance` is the share of customers who would have to have another value
    (half the sum of the differences of shares, no value counting as one; of numbers over the bins of now, those of then laid over them).
    """
    import pyarrow.parquet as pq

    from huaxiang.app.audience_index import open_index

    before = snapshot.manifest.get("previous")
    if not before:
        return None, {}
    try:
        with snapshot_store(find_project(snapshot.folder)).open(str(before)) as older:
            then = older.manifest
            ids = pq.read_table(older.table("customers"), columns=["customer_id"]).column(0).combine_chunks()
            older_id = older.id
    except (UsageError, SnapshotError, OSError):
        return None, {}
    index = open_index(snapshot)
    led = len(index.index.rows_of(index.today(ids)))
    now, past = (items_of(manifest) for manifest in (snapshot.manifest, then))
    return {
        "since": older_id, "since_as_of": then["as_of"], "customers_before": len(ids), "joined": index.size - led,
        "gone": len(ids) - led, "tags": _drifts(snapshot, now, past), "tags_new": [_named(now[n]) for n in now if n not in past],
        "tags_gone": [_named(past[n]) for n in past if n not in now] if not snapshot.view else [],
    }, then  # fmt: skip


def told_audiences(manifest: Mapping[str, Any], before: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return AUDIENCE_KEYS of every declared audience, with its size in the snapshot before (None where it was not there)."""
    then = {item["name"]: item["size"] for item in before.get("audiences", ())}
    return [
        {
            "name": item["name"], "title": item.get("title"), "size": item["size"], "share": item.get("share"),
            "before": then.get(item["name"]), "change": item["size"] - then[item["name"]] if item["name"] in then else None,
            "stale": bool(item.get("stale")),
        }
        for item in manifest.get("audiences", ())
    ]  # fmt: skip


def _named(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": item["name"], "title": item.get("title")}


def _drifts(snapshot: Snapshot, now: Mapping[str, Any], past: Mapping[str, Any]) -> list[dict[str, Any]]:
    sizes = int(snapshot.manifest["customers"]), 0
    found = []
    for name, item in now.items():
        old = past.get(name)
        if old is None or item.get("personal") or name in snapshot.masked or item.get("status", "online") != "online":
            continue
        told = _drift(item, old, sizes[0])
        if told is not None and told["distance"] >= LEAST:
            found.append(told)
    return sorted(found, key=lambda one: (-one["distance"], one["name"]))[:MOST_TAGS]


def _drift(item: Mapping[str, Any], old: Mapping[str, Any], size: int) -> dict[str, Any] | None:
    import numpy as np

    shape, then = item.get("distribution") or {}, old.get("distribution") or {}
    if not size or item.get("coverage") is None or old.get("coverage") is None or shape.get("kind") != then.get("kind"):
        return None
    coverage = float(item["coverage"]), float(old["coverage"])
    told: dict[str, Any] = dict.fromkeys(TAG_KEYS)
    if shape.get("kind") == "values" and item.get("value_type") != "list":
        values, shares = _value_shares(shape, then, coverage)
    elif shape.get("kind") == "numbers" and shape.get("bins") and then.get("bins"):
        values, shares = [], _bin_shares(shape["bins"], then["bins"], coverage)
        told |= {"mean": shape.get("mean"), "mean_before": then.get("mean")}
    else:
        return None
    gaps = shares[0] - shares[1]
    if values:
        at = int(np.argmax(np.abs(gaps[: len(values)])))
        title = (item.get("values") or {}).get(values[at]) if isinstance(values[at], str) else None
        told |= {"value": values[at], "value_title": title, "share": round(float(shares[0][at]), 6),
                 "share_before": round(float(shares[1][at]), 6)}  # fmt: skip
    return told | {
        "name": item["name"], "title": item.get("title"), "distance": round(float(np.abs(gaps).sum()) / 2, 6),
        "redefined": item.get("definition_hash") != old.get("definition_hash"), "coverage": coverage[0],
        "coverage_before": coverage[1],
    }  # fmt: skip


def _value_shares(
    shape: Mapping[str, Any], then: Mapping[str, Any], coverage: tuple[float, float]
) -> tuple[list[Any], tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Shares of all customers by value, then those of other values and of no value."""
    import numpy as np

    counts = [dict(one.get("values", ())) for one in (shape, then)]
    values = list(dict.fromkeys([*counts[0], *counts[1]]))
    told = []
    for count, one, known in zip(counts, (shape, then), coverage, strict=True):
        line = np.array([*(count.get(v, 0) for v in values), one.get("other") or 0], dtype=np.float64)
        line = line / line.sum() * known if line.sum() else line
        told.append(np.append(line, 1 - known))
    return values, (told[0], told[1])


def _bin_shares(
    bins: list[Any], before: list[Any], coverage: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of all customers by bin of now; those of then as if spread evenly within their bins, what lies beyond in the outermost."""
    import numpy as np

    edges = [np.array([_place(one[0][0]), *(_place(b[1]) for b in one)], dtype=np.float64) for one in (bins, before)]
    counts = [np.array([b[2] for b in one], dtype=np.float64) for one in (bins, before)]
    if np.array_equal(edges[0], edges[1]):
        lines = counts
    else:
        below = np.concatenate([[0.0], np.cumsum(counts[1])])
        inner = np.interp(edges[0][1:-1], edges[1], below)
        lines = [counts[0], np.diff(np.concatenate([[0.0], inner, [below[-1]]]))]
    told = [
        np.append(line / line.sum() * known if line.sum() else line, 1 - known)
        for line, known in zip(lines, coverage, strict=True)
    ]
    return told[0], told[1]


def _place(edge: Any) -> float:
    """An edge of a bin as a number: days for dates."""
    from datetime import datetime

    return datetime.fromisoformat(edge).timestamp() / 86_400 if isinstance(edge, str) else float(edge)
