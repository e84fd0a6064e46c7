"""Finding customers by whatever is known of them: an ID or key, a name or its pinyin, the end of a phone number, a value, a condition."""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.customer import redirected, search_customers, spellings
from huaxiang.app.lookup import open_lookup
from huaxiang.app.masks import kind_of, mask
from huaxiang.app.persona_names import persona_names
from huaxiang.app.value_titles import titles_of_value
from huaxiang.errors import ExpressionError, UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from huaxiang.app.audience_index import OpenIndex
    from huaxiang.index.lookup import Lookup

FIND_KEYS = (
    "snapshot", "as_of", "text", "found", "total", "more", "columns", "values", "condition", "whole_number", "elapsed_ms",
)  # fmt: skip
HIT_KEYS = ("customer_id", "matched", "name", "phone", "values")
BY_CONDITION = "condition"
_TAIL = 4
"""So many digits at the end of a phone number are shown to everybody, and so anybody may look for them."""
_MOST_SUGGESTED = 8
_MOST_VALUES = 2_000
_MOST_COUNTED = 100_000
_KEPT = 6
_words: OrderedDict[tuple[Path, str], list[tuple[str, str, str]]] = OrderedDict()
_keeping = threading.Lock()
_CONDITION = re.compile(r"[=<>]|\b(?:in|between|like|is\s+(?:not\s+)?null|did|not|and|or)\b\s*\(?", re.IGNORECASE)


@dataclass
class _Hits:
    """Rows in the order in which they are shown, with the fields that matched."""

    rows: dict[int, list[str]]
    counted: set[int]
    more: bool = False

    def add(self, rows: Iterable[int], by: str, most: int) -> None:
        for number, row in enumerate(rows):
            if number >= _MOST_COUNTED:
                self.more = True
                break
            self.counted.add(row)
            if row in self.rows:
                if by not in self.rows[row]:
                    self.rows[row].append(by)
            elif len(self.rows) < most:
                self.rows[row] = [by]


def find_customers(
    snapshot: Snapshot, text: str, *, limit: int = 20, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return FIND_KEYS. `found`: hits with HIT_KEYS, best first: whole keys and IDs, names, ends of phone numbers, beginnings of names,
    pinyin, initials, parts of names; where there are none, customers with a value or of a condition. `total` counts them, `more` says that
    it is a lower bound. `columns` describes `values` of the hits; `values` at the top are tag values that the text may mean, with the
    number of customers and the condition; `condition` is the text when it was read as one. `whole_number`: the text is more of the
    end of a phone number than masks show, and numbers are masked for who asks: they are found by the last four digits or whole, so that
    nobody guesses one digit by digit. Phone numbers are shown masked. `without`: keys and attributes by which nobody is found.

    A snapshot without lookup is searched as `search_customers` does. Raises UsageError for an empty text, ExpressionError for a condition
    that is wrong or compares what is masked.
    """
    begin = time.perf_counter()
    if not text.strip():
        search_customers(snapshot, text)  # tells what to do
    finder = _Finder(snapshot, limit, without)
    told = finder.find(unicodedata.normalize("NFKC", text).strip())
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "text": text, **told,
        "elapsed_ms": round((time.perf_counter() - begin) * 1000, 3),
    }  # fmt: skip


class _Finder:
    def __init__(self, snapshot: Snapshot, limit: int, without: frozenset[str]) -> None:
        from huaxiang.app.audience_index import open_index

        self._snapshot = snapshot
        self._without = without
        self._limit = limit
        self._index: OpenIndex = open_index(snapshot)
        self._lookup: Lookup | None = open_lookup(snapshot)
        self._hits = _Hits({}, set())

    def find(self, text: str) -> dict[str, Any]:
        condition = self._condition(text)
        suggested: list[dict[str, Any]] = []
        held_back = False
        if condition is None:
            held_back = self._plain(text)
            suggested = self._values(text)
            if not self._hits.rows and suggested:
                self._select(suggested[0]["condition"], suggested[0]["name"])
        return {
            "found": self._shown(), "total": len(self._hits.counted), "more": self._hits.more, "columns": shown_columns(self._snapshot),
            "values": suggested, "condition": condition, "whole_number": held_back,
        }  # fmt: skip

    def _plain(self, text: str) -> bool:
        """Look for keys, names and numbers; say whether the end of a phone number was longer than may be looked for."""
        from huaxiang.index.lookup.build import fold

        limit, held_back = self._limit, False
        self._hits.add(self._ids(text), "customer_id", limit)
        if self._lookup is None:
            for hit in search_customers(self._snapshot, text, limit=limit, without=self._without)["found"]:
                row = self._index.index.row_of(hit["customer_id"])
                for by in hit["matched"] if row is not None else ():
                    self._hits.add((row,) if row is not None else (), by, limit)
            return False
        items, layout = _items(self._snapshot.manifest), self._lookup.layout
        visible = {*self._snapshot.manifest["identity"]["keys"], *items} - self._without
        found = [f for f in self._lookup.by_keys(spellings(text)) if f.by in visible]
        digits = re.sub(r"^\+?86(?=1\d{10}$)|[\s\-]", "", text)
        if digits.isascii() and digits.isdigit() and layout.phone in items:
            masked = layout.phone in self._snapshot.masked
            held_back = masked and _TAIL < len(digits) < self._lookup.digits
            tail = None if held_back else self._lookup.by_tail(digits)
            found += [tail] if tail is not None else []
        if layout.name in items and layout.name not in self._snapshot.masked:
            found += self._lookup.by_name(fold(text))
        for part in sorted(found, key=lambda f: f.grade):
            self._hits.add(part.rows.tolist(), part.by, limit)
        return held_back

    def _ids(self, text: str) -> list[int]:
        """The customer of an ID, of today or of before, and those whose ID begins so."""
        index = self._index.index
        moved = any(t["name"] == "identity_redirects" and t.get("rows", 1) for t in self._snapshot.manifest["tables"])
        today = redirected(self._snapshot, text) if moved else None
        rows = [row for row in (index.row_of(i) for i in (text, today) if i) if row is not None]
        if len(text) >= _TAIL:
            names = [f"{key}-{text}" for key in self._snapshot.manifest["identity"]["keys"]]
            for way in dict.fromkeys((text, text.upper(), text.lower(), *names)):
                rows += index.rows_from(way, self._limit)
        return list(dict.fromkeys(rows))

    def _condition(self, text: str) -> str | None:
        """Select by the text where it reads as a condition, or names an audience."""
        audience = any(a["name"] == text for a in self._snapshot.manifest.get("audiences", ()))
        if not audience and not _CONDITION.search(text):
            return None
        try:
            self._index.condition(text)
        except (ExpressionError, UsageError):
            if re.search(r"[=<>]", text):
                raise
            return None
        self._select(text, BY_CONDITION)
        return text

    def _select(self, condition: str, by: str) -> None:
        rows = self._index.select(condition).rows()
        self._hits.add(rows[: self._limit].tolist(), by, self._limit)
        self._hits.counted |= set(rows[:_MOST_COUNTED].tolist())
        self._hits.more = self._hits.more or len(rows) > _MOST_COUNTED

    def _values(self, text: str) -> list[dict[str, Any]]:
        """Values of tags and attributes that the text may mean, the most frequent first."""
        wanted = text.casefold()
        words = _words_of(self._snapshot, self._index)
        begin = bisect_left(words, wanted, key=lambda w: w[0])
        found: dict[str, dict[str, Any]] = {}
        items = _items(self._snapshot.manifest)
        for word, name, value in words[begin : begin + _MOST_VALUES]:
            if word != wanted and not (len(wanted) > 1 and word.startswith(wanted)):
                break
            told = self._suggested(items[name], value)
            found[told["condition"]] = told
        return sorted(found.values(), key=lambda f: -f["count"])[:_MOST_SUGGESTED]

    def _suggested(self, item: Mapping[str, Any], value: str) -> dict[str, Any]:
        listed = self._index.index.fields[item["name"]].kind == "list"
        quoted = "'" + value.replace("'", "''") + "'"
        condition = f"list_contains({item['name']}, {quoted})" if listed else f"{item['name']} = {quoted}"
        return {
            "name": item["name"], "title": item.get("title"), "value": value, "value_title": (item.get("values") or {}).get(value),
            "count": self._index.index.of_value(item["name"], value).count(), "condition": condition,
        }  # fmt: skip

    def _shown(self) -> list[dict[str, Any]]:
        import numpy as np

        rows = np.array(list(self._hits.rows), dtype=np.int64)
        return [
            told | {"matched": matched}
            for told, matched in zip(describe_rows(self._snapshot, rows), self._hits.rows.values(), strict=True)
        ]


def shown_columns(snapshot: Snapshot) -> list[dict[str, Any]]:
    """What is shown of each customer in a list: city, cluster, lifecycle, RFM class and spend, as far as the project has them;
    {name, title, value_type, unit, role}.
    """
    manifest = snapshot.manifest
    items = _items(manifest)
    chosen: dict[str, str] = {}
    for group in list(manifest.get("clusterings", ()))[:1]:
        chosen["segment"] = group["name"]
    for item in manifest.get("tags", ()):
        role = _role(item)
        if role and item.get("status", "online") == "online":
            chosen.setdefault(role, item["name"])
    if "city" in items and not kind_of(items["city"]):
        chosen["place"] = "city"
    known = items | {g["name"]: g | {"value_type": "enum"} for g in manifest.get("clusterings", ())}
    return [
        {
            "name": chosen[role], "title": known[chosen[role]].get("title"), "value_type": known[chosen[role]]["value_type"],
            "unit": known[chosen[role]].get("unit"), "role": role,
        }
        for role in ("segment", "lifecycle", "value", "place", "spend") if role in chosen
    ]  # fmt: skip


def _role(item: Mapping[str, Any]) -> str | None:
    if item.get("kind") == "lifecycle":
        return "lifecycle"
    if item.get("kind") == "rfm" and (item.get("rfm") or {}).get("part") == "class":
        return "value"
    if item.get("measure") == "sum" and item["value_type"] == "money" and not item.get("window"):
        return "spend"
    return None


def describe_rows(snapshot: Snapshot, rows: Any) -> list[dict[str, Any]]:
    """HIT_KEYS without `matched` of customers by their rows (int64 array): name, masked phone number, and `shown_columns`."""
    from huaxiang.app.audience_index import open_index

    index = open_index(snapshot).index
    ids = index.ids_at(rows)
    names, phones = _who(snapshot, ids, rows)
    titles = {c["name"]: _titles(snapshot, c["name"]) for c in shown_columns(snapshot)}
    held = {
        name: index.at(name, rows)
        for name in titles
        if name in index.fields and index.fields[name].kind in ("codes", "wide")
    }
    return [
        {
            "customer_id": customer_id, "name": names[n], "phone": phones[n],
            "values": {
                name: {"value": held[name][n], "value_title": titles_of_value(held[name][n], titles[name])["value_title"]} for name in held
            },
        }
        for n, customer_id in enumerate(ids)
    ]  # fmt: skip


def describe_customers(snapshot: Snapshot, ids: Sequence[str]) -> list[dict[str, Any]]:
    """`describe_rows` of customers by their IDs; only the ID of one that the snapshot doesn't have, or of all where it has no index."""
    import numpy as np

    from huaxiang.app.audience_index import open_index

    try:
        index = open_index(snapshot).index
    except UsageError:  # an older version built it
        rows: list[int | None] = [None] * len(ids)
    else:
        rows = [index.row_of(one) for one in ids]
    there = [row for row in rows if row is not None]
    known = iter(describe_rows(snapshot, np.array(there, dtype=np.int64)) if there else ())
    nothing: dict[str, Any] = {"name": None, "phone": None, "values": {}}
    return [
        next(known) if row is not None else {"customer_id": one} | nothing for one, row in zip(ids, rows, strict=True)
    ]


def _titles(snapshot: Snapshot, name: str) -> Mapping[str, Any]:
    if any(group["name"] == name for group in snapshot.manifest.get("clusterings", ())):
        return persona_names(snapshot)[name]
    titles: Mapping[str, Any] = _items(snapshot.manifest)[name].get("values") or {}
    return titles


def _who(snapshot: Snapshot, ids: Sequence[str], rows: Any) -> tuple[list[str | None], list[str | None]]:
    """Names and masked phone numbers of customers."""
    lookup = open_lookup(snapshot)
    items = {a["name"]: a for a in snapshot.manifest.get("attributes", ())}
    if lookup is not None:
        name, phone = lookup.layout.name, lookup.layout.phone
        names = [mask(n, kind_of(items[name])) for n in lookup.names(rows)] if name in items else [None] * len(ids)
        return names, [mask(p, "phone") for p in lookup.phones(rows)] if phone in items else [None] * len(ids)
    from huaxiang.app.wiring import table_reader
    from huaxiang.plan import sql

    there = [n for n in ("name", "phone") if n in items]
    known: dict[str, tuple[Any, ...]] = {}
    if there and ids:
        with table_reader(snapshot.table("customers")) as reader:
            for row in reader.rows(["customer_id", *there], sql.column("customer_id").isin(*ids)):
                known[row[0]] = row[1:]
    shown = [
        {n: mask(v, kind_of(items[n])) for n, v in zip(there, known.get(i, (None,) * len(there)), strict=True)}
        for i in ids
    ]
    return [s.get("name") for s in shown], [s.get("phone") for s in shown]


def _items(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Attributes and online tags by name."""
    tags = [t for t in manifest.get("tags", ()) if t.get("status", "online") == "online"]
    return {item["name"]: item for item in (*manifest.get("attributes", ()), *tags)}


def _words_of(snapshot: Snapshot, index: OpenIndex) -> list[tuple[str, str, str]]:
    """What the values of tags and attributes are called, sorted: (value or title without case, name, value). Kept for a few snapshots."""
    key = (snapshot.folder, snapshot.view)
    with _keeping:
        if key in _words:
            return _words[key]
    found = set()
    items = _items(snapshot.manifest)
    for name, item in items.items():
        field = index.index.fields.get(name)
        origin = next(iter(item.get("lineage") or ()), "") if item.get("kind") == "fact" else ""
        if origin.removeprefix("attribute:") in items:  # the tag repeats an attribute
            continue
        if field is None or kind_of(item) or item.get("personal") or (field.values or 0) > _MOST_VALUES:
            continue
        if field.type not in ("VARCHAR", "VARCHAR[]") or field.kind not in ("codes", "list"):
            continue
        titles = item.get("values") or {}
        for value in index.index.values(name).to_pylist():
            found |= {(str(way).casefold(), name, value) for way in (value, *(titles.get(value) or {}).values())}
    with _keeping:
        _words[key] = sorted(found)
        while len(_words) > _KEPT:
            _words.popitem(last=False)
        return _words[key]
