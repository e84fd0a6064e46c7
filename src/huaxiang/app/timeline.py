"""What happened with one customer, newest first: rows of all sources that say when, in words, with masks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from huaxiang.app.audience_index import open_index
from huaxiang.app.masks import CODES, mask, mask_by_look
from huaxiang.app.moments import words_of
from huaxiang.app.rows import rows_of
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from huaxiang.engines.owned import OwnedRows

TIMELINE_KEYS = ("customer_id", "snapshot", "as_of", "sources", "items", "more")
TIMELINE_ITEM_KEYS = ("source", "entity", "at", "title", "fields", "lines")
ENTITIES = ("order", "order_line", "event", "interaction", "answer", "text", "consent")
_LONGEST = 600
_BEFORE = datetime(1, 1, 1)
_MOST_LINES = 40
_WITHIN = (
    ("id_number", re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")),
    ("phone", re.compile(r"(?<![\d.])(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)),
)


def customer_timeline(
    snapshot: Snapshot, customer_id: str, sources: Sequence[str] = (), *, limit: int = 50, offset: int = 0
) -> dict[str, Any]:
    """Return TIMELINE_KEYS: `limit` moments after the first `offset`, newest first, of `sources` (all that tell when, if none is named).

    `sources`: {source, title, entity, rows, first_at, last_at} of those that have rows of the customer; the lines of orders stand with
    their order where that is a source too. Items have TIMELINE_ITEM_KEYS: `title` {zh, en} in words, `fields` [{name, value, value_type}]
    of the rest. Identity keys are left out, personal values are masked, also where they stand within texts. Raises UsageError for an
    unknown customer or source.
    """
    from huaxiang.app.customer import redirected

    index = open_index(snapshot).index
    known = next(
        (i for i in (customer_id, redirected(snapshot, customer_id)) if i and index.row_of(i) is not None), None
    )
    if known is None:
        raise UsageError.no_customer(snapshot.id)
    told = timed_sources(snapshot)
    for name in sources:
        if name not in told:
            raise UsageError.unknown("source", name, told)
    rows = rows_of(snapshot)
    counts = rows.counts(known, {f"source_{n}": s["time"] for n, s in told.items()})
    there = {name: s for name, s in told.items() if counts[f"source_{name}"][0]}
    lines = _lines_of(there)
    wanted = [n for n in there if (n in sources or not sources) and (n not in lines or n in sources)]
    found: list[tuple[datetime, int, dict[str, Any]]] = []
    for place, name in enumerate(wanted):
        columns = [c["name"] for c in there[name]["columns"]]
        latest = (there[name]["time"], "_file", "_row")
        mine = rows.rows(f"source_{name}", known, columns, latest=latest, limit=offset + limit + 1)
        found += [(row[there[name]["time"]] or _BEFORE, -place, {"name": name, "row": row}) for row in mine]
    found.sort(key=lambda f: f[:2], reverse=True)
    part = [f[2] for f in found[offset : offset + limit]]
    teller = _Teller(snapshot, there)
    bought = _bought(rows, known, there, [n for n in lines if n not in sources], part)
    return {
        "customer_id": known, "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"],
        "sources": [_source(name, s, counts[f"source_{name}"]) | {"within": name in lines} for name, s in there.items()],
        "items": [teller.item(p["name"], p["row"], bought) for p in part], "more": len(found) > offset + limit,
    }  # fmt: skip


def timed_sources(snapshot: Snapshot) -> dict[str, Mapping[str, Any]]:
    """The sources with rows that tell what customers did and when, by name, as far as they may be seen."""
    tables = {t["name"] for t in snapshot.manifest["tables"]}
    return {
        s["name"]: s for s in snapshot.manifest.get("sources", ())
        if s["entity"] in ENTITIES and s.get("fields") and s.get("time") and f"source_{s['name']}" in tables
        and any(c["name"] == s["time"] for c in s["columns"])
    }  # fmt: skip


def mask_within(text: str) -> str:
    """A free text without phone numbers, e-mail addresses and ID numbers."""
    for kind, look in _WITHIN:
        text = look.sub(lambda found, kind=kind: str(mask(re.sub(r"[- ]", "", found[0]), kind)), text)  # type: ignore[misc]
    return text


def _lines_of(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The sources of order lines whose orders are a source too."""
    has = {name: {c["name"] for c in s["columns"]} for name, s in sources.items()}
    orders = any(s["entity"] == "order" and "order_id" in has[n] for n, s in sources.items())
    return [n for n, s in sources.items() if s["entity"] == "order_line" and orders and "order_id" in has[n]]


def _bought(
    rows: OwnedRows,
    owner: str,
    sources: Mapping[str, Mapping[str, Any]],
    lines: Sequence[str],
    part: Sequence[Mapping[str, Any]],
) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Order ID → its lines, for the orders of a page."""
    wanted = {p["row"].get("order_id") for p in part if sources[p["name"]]["entity"] == "order"} - {None}
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for name in lines if wanted else ():
        for row in rows.rows(f"source_{name}", owner, [c["name"] for c in sources[name]["columns"]]):
            if row["order_id"] in wanted:
                found.setdefault(str(row["order_id"]), []).append((name, row))
    return found


def _source(name: str, source: Mapping[str, Any], counted: tuple[int, Any, Any]) -> dict[str, Any]:
    return {
        "source": name, "title": source.get("title"), "entity": source["entity"], "rows": counted[0], "first_at": counted[1],
        "last_at": counted[2],
    }  # fmt: skip


class _Teller:
    """Tells rows as people may read them."""

    def __init__(self, snapshot: Snapshot, sources: Mapping[str, Mapping[str, Any]]) -> None:
        identity = snapshot.manifest["identity"]
        self._keys = {*(identity.get("fields") or {}).values(), "customer_key"}
        self._personal: Mapping[str, str] = identity.get("personal") or {}
        self._sources = sources
        self._money = str((snapshot.manifest.get("project") or {}).get("currency") or "")

    def item(
        self, name: str, row: Mapping[str, Any], bought: Mapping[str, Sequence[tuple[str, dict[str, Any]]]]
    ) -> dict[str, Any]:
        """TIMELINE_ITEM_KEYS of a row."""
        source = self._sources[name]
        fields = self._fields(source, row)
        title, used = words_of(source["entity"], {f["name"]: f["value"] for f in fields}, self._money)
        lines = bought.get(str(row.get("order_id")), ()) if source["entity"] == "order" else ()
        return {
            "source": name, "entity": source["entity"], "at": row[source["time"]], "title": title,
            "fields": [f for f in fields if f["name"] not in used], "lines": [self._line(n, line) for n, line in lines[:_MOST_LINES]],
        }  # fmt: skip

    def _line(self, name: str, row: Mapping[str, Any]) -> dict[str, Any]:
        fields = {f["name"]: f["value"] for f in self._fields(self._sources[name], row)}
        return {"title": words_of("order_line", fields, self._money)[0], "category": fields.get("category")}

    def _fields(self, source: Mapping[str, Any], row: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = []
        for column in source["columns"]:
            name, kind = column["name"], column["type"]
            value = row.get(name)
            if value is None or name in self._keys or name in (source["time"], "customer_id") or value == []:
                continue
            found.append({"name": name, "value": self._shown(name, kind, value), "value_type": kind})
        return found

    def _shown(self, name: str, kind: str, value: Any) -> Any:
        closed = (
            self._personal.get(name)
            or CODES.get(name)
            or (kind if kind in ("phone", "email", "id_number", "address") else None)
        )
        if closed:
            return mask(value, closed)
        if isinstance(value, str):
            text = mask_within(str(mask_by_look(value)))
            return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
        return [mask_by_look(item) for item in value] if isinstance(value, list) else value
