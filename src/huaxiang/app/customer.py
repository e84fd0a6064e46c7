"""One customer in full 360°, and the search for one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlglot import exp

from huaxiang.app.audience import column_types
from huaxiang.app.audience_index import open_index
from huaxiang.app.conditions import contains_text
from huaxiang.app.identity_values import Values
from huaxiang.app.masks import kind_of, mask, mask_by_look
from huaxiang.app.persona_names import persona_names
from huaxiang.app.provenance import PARTS, explain, has_table, marks, one_row
from huaxiang.app.rows import rows_of
from huaxiang.app.value_titles import titles_of_value
from huaxiang.app.wiring import table_reader
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

CUSTOMER_KEYS = (
    "customer_id",
    "snapshot",
    "as_of",
    "redirected_from",
    "attributes",
    "tags",
    "segments",
    "audiences",
    "audience_titles",
    "household",
    "account",
    "identity",
    "records",
    "provenance",
)
SEARCH_KEYS = ("snapshot", "text", "found")
_MOST_REDIRECTS = 1000
_SHORTEST_NUMBER = 7
_ID_LENGTH = 18
_MOST_NEAR = 5


@dataclass(frozen=True)
class Detail:
    """How much is shown: personal values in full, and what every source says of each attribute."""

    unmask: bool = False
    provenance: bool = False


PLAIN = Detail()


def show_customer(snapshot: Snapshot, customer_id: str, detail: Detail = PLAIN) -> dict[str, Any]:
    """Return CUSTOMER_KEYS: attributes and tags with title, value and where it comes from, the segment of each clustering with the
    name of its persona, audiences the customer is in, household, account, keys, and the number of records by source.

    An ID that was merged into another is followed, and told in `redirected_from`. Phones, e-mail addresses, ID numbers and home
    addresses are masked unless `detail` says `unmask`; `provenance` holds what every source says of each attribute when it asks for
    that, else None. Raises UsageError for an unknown ID.
    """
    manifest, unmask = snapshot.manifest, detail.unmask
    columns = list(column_types(manifest))
    audiences = {item["name"]: item.get("title") for item in manifest.get("audiences", ())}
    found = _find(snapshot, customer_id, columns)
    values = found.row
    counts = _counts(snapshot, found.customer_id)
    member_of = _audiences(snapshot, found.customer_id)
    sources = marks(snapshot, found.customer_id)
    told = explain(snapshot, found.customer_id, values, unmask=unmask) if detail.provenance else None
    return {
        "customer_id": found.customer_id,
        "snapshot": snapshot.id,
        "as_of": manifest["as_of"],
        "redirected_from": customer_id if found.customer_id != customer_id else None,
        "attributes": [
            _field(item, values, unmask=unmask) | {"provenance": sources.get(item["name"])}
            for item in manifest.get("attributes", ())
        ],
        "tags": [_field(item, values, unmask=unmask) | {"kind": item.get("kind")} for item in manifest.get("tags", ())],
        "segments": _segments(snapshot, values),
        "audiences": member_of,
        "audience_titles": {name: audiences[name] for name in member_of},
        "household": _household(snapshot, values),
        "account": _account(snapshot, values),
        "identity": _identity(snapshot, found.customer_id, counts, unmask=unmask),
        "records": _records(snapshot, counts),
        "provenance": told,
    }


def unmasked_values(snapshot: Snapshot, customer_id: str, fields: Sequence[str]) -> dict[str, Any]:
    """Return `customer_id`, `snapshot`, and `values`: those of attributes, tags and identity keys in full, by
    name. An identity key has a list.

    Raises UsageError for an unknown customer or field.
    """
    found = show_customer(snapshot, customer_id, Detail(unmask=True))
    known = {item["name"]: item["value"] for part in ("tags", "attributes") for item in found[part]}
    for key in found["identity"]:
        if key["key"] not in known or isinstance(known[key["key"]], _Keys):
            known.setdefault(key["key"], _Keys()).append(key["value"])
    for name in fields:
        if name not in known:
            raise UsageError.unknown("field", name, known)
    return {
        "customer_id": found["customer_id"],
        "snapshot": snapshot.id,
        "values": {name: known[name] for name in fields},
    }


class _Keys(list[Any]):
    """The values of one identity key."""


def _audiences(snapshot: Snapshot, customer_id: str) -> list[str]:
    """The declared audiences that the customer is in."""
    index = open_index(snapshot)
    row = index.index.row_of(customer_id)
    names = [item["name"] for item in snapshot.manifest.get("audiences", ())]
    return [name for name in names if row is not None and index.select(name).contains(row)]


@dataclass(frozen=True)
class _Found:
    customer_id: str
    row: Mapping[str, Any]


def _find(snapshot: Snapshot, customer_id: str, columns: Sequence[str]) -> _Found:
    """The row of a customer by its ID of today or of before."""
    for before in (False, True):
        known = redirected(snapshot, customer_id) if before else customer_id
        row = rows_of(snapshot).row("customers", known, columns) if known else None
        if row and known:
            return _Found(known, row)
    # to who sees numbers masked, a search tells whose a number is, and is noted
    found = search_customers(snapshot, customer_id, limit=_MOST_NEAR)["found"] if not snapshot.view else ()
    near = [hit["customer_id"] for hit in found]
    raise UsageError.no_customer(snapshot.id, near)


def redirected(snapshot: Snapshot, customer_id: str) -> str | None:
    """The ID that a merged one leads to today; None when it never was an ID."""
    if not has_table(snapshot, "identity_redirects"):
        return None
    now, tables = customer_id, rows_of(snapshot)
    for _ in range(_MOST_REDIRECTS):
        row = tables.find("identity_redirects", "old", now, ["new"])
        if row is None or row["new"] == customer_id:
            break
        now = row["new"]
    return now if now != customer_id else None


def search_customers(
    snapshot: Snapshot, text: str, *, limit: int = 20, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Return SEARCH_KEYS: customers whose ID or a text attribute holds `text`, or who have it as an identity key.

    Keys are compared whole, as cleaned, by digest: personal ones are found but never shown. Case is ignored elsewhere; a phone
    number is found however it is written. Each hit is {customer_id, matched: [attribute and key names]}; IDs that equal the text
    come first. An ID of before leads to today's, matched by `identity_redirects`. `without`: keys and attributes that are not looked at.
    Raises UsageError for an empty text.
    """
    if not text.strip():
        raise UsageError(
            "nothing to search for; give an ID, or a part of a name, a phone number, a city …: huaxiang customer search TEXT",
            "没有要找的内容；请给出客户 ID、手机号，或姓名、城市等的一部分：huaxiang customer search 文字",
        )
    names = ["customer_id"]
    names += [
        item["name"]
        for item in snapshot.manifest.get("attributes", ())
        if item["value_type"] in ("text", "enum") and item["name"] not in snapshot.masked | without
    ]
    ways = spellings(text)
    holds = [_any([contains_text(name, way) for way in ways]) for name in names]
    keys = [key for key in snapshot.manifest["identity"]["keys"] if key not in without]
    digests = [hashlib.sha256(f"{key}:{way}".encode()).hexdigest() for key in keys for way in ways]
    is_key = exp.column("value_digest", quoted=True).isin(*digests)
    with table_reader(snapshot.table("identity")) as reader:
        by_key = (
            reader.rows(["customer_id", "key"], is_key, order_by=["customer_id", "key"], limit=limit) if digests else []
        )
    with table_reader(snapshot.table("customers")) as reader:
        rows = reader.rows(["customer_id", *holds], _any(holds), order_by=["customer_id"], limit=limit)
    found: dict[str, list[str]] = {}
    for row in rows:
        found[row[0]] = [name for name, met in zip(names, row[1:], strict=True) if met]
    today = redirected(snapshot, text.strip())
    for customer_id, key in [*by_key, *([(today, "identity_redirects")] if today else [])]:
        matched = found.setdefault(customer_id, [])
        if key not in matched:
            matched.append(key)
    hits = [{"customer_id": key, "matched": matched} for key, matched in found.items()]
    hits.sort(key=lambda hit: (hit["customer_id"] != text, hit["customer_id"]))
    return {"snapshot": snapshot.id, "text": text, "found": hits[:limit]}


def spellings(text: str) -> list[str]:
    """The text as written and, where it is a number or an address of some kind, as cleaning would have stored it."""
    import pyarrow as pa

    from huaxiang.store.cleaning.phones import clean_phones

    plain = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"[\s\-().·_/‐-―]", "", plain)
    found = [text, plain]
    if "@" in plain:
        found.append(plain.lower())
    if len(digits) >= _SHORTEST_NUMBER and re.fullmatch(r"\+?\d+[Xx]?", digits):
        phone = clean_phones(pa.array([digits], pa.string())).values[0].as_py()
        found += [digits.upper(), *([phone] if phone else [])]
    return list(dict.fromkeys(way for way in found if way)) or [text]


def is_whole_number(text: str) -> bool:
    """Whether a search takes the text for a whole number or e-mail address of somebody, however it is written."""
    return any(
        re.fullmatch(rf"\+?\d{{{_SHORTEST_NUMBER - 1},}}[\dX]|[^@\s]+@[^@\s]+\.[^@\s]+", way) for way in spellings(text)
    )


def is_id_number(text: str) -> bool:
    """Whether the text is a whole ID number that may be somebody's; not those of travel permits, which look like other numbers."""
    import pyarrow as pa

    from huaxiang.store.cleaning.ids import clean_id_numbers

    plain = unicodedata.normalize("NFKC", text).strip()
    return len(clean_id_numbers(pa.array([plain], pa.string())).values[0].as_py() or "") == _ID_LENGTH


def _any(parts: list[exp.Expression]) -> exp.Expression:
    """Return `a OR b OR …` of copies, since a tree has one parent."""
    copies = [part.copy() for part in parts]
    return reduce(lambda left, right: exp.Or(this=left, expression=right), copies)


def _field(item: Mapping[str, Any], values: Mapping[str, Any], *, unmask: bool) -> dict[str, Any]:
    value = values[item["name"]]
    value = value if unmask else mask(value, kind_of(item))
    return {
        "name": item["name"], "title": item.get("title"), "class": item.get("class"), "unit": item.get("unit"),
        "value_type": item["value_type"], "value": value, **titles_of_value(value, item.get("values")),
    }  # fmt: skip


def _segments(snapshot: Snapshot, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the cluster of each clustering that the customer belongs to."""
    names = persona_names(snapshot)
    return [
        {
            "clustering": item["name"], "title": item.get("title"), "segment": values[item["name"]],
            "persona": names[item["name"]].get(values[item["name"]]),
        }
        for item in snapshot.manifest.get("clusterings", ())
    ]  # fmt: skip


def _household(snapshot: Snapshot, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The household that the customer belongs to, with its members."""
    name = values.get("household_id")
    return _seen(snapshot, one_row(snapshot, "households", "household_id", name)) if name else None


def _account(snapshot: Snapshot, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The account that the customer is a contact of, with its attributes."""
    name = values.get("account_id")
    return _seen(snapshot, one_row(snapshot, "accounts", "account_id", name)) if name else None


def _seen(snapshot: Snapshot, row: dict[str, Any] | None) -> dict[str, Any] | None:
    """A row without what is hidden from who asks."""
    gone = {f"{name}__{part}" for name in snapshot.hidden for part in PARTS}
    return {key: value for key, value in row.items() if key not in snapshot.hidden | gone} if row else row


def _identity(snapshot: Snapshot, customer_id: str, counts: Mapping[str, int], *, unmask: bool) -> list[dict[str, Any]]:
    """The customer's keys; values of personal ones are masked, and None where the snapshot's records and rows don't hold them."""
    found = rows_of(snapshot).rows("identity", customer_id, ["key", "value", "value_digest"])
    found.sort(key=lambda key: (key["key"], key["value_digest"]))
    if snapshot.hidden:
        known = set(snapshot.manifest["identity"]["keys"])
        found = [key for key in found if key["key"] in known]
    values = Values.of(snapshot, unmask=unmask)
    hers = [table for table, rows in counts.items() if rows]
    closed = values.customer_values(customer_id, [key for key in found if key["value"] is None], hers)
    open_keys = {k["value_digest"]: k["value"] if unmask else mask_by_look(k["value"]) for k in found if k["value"]}
    shown = closed | open_keys
    return [key | {"value": shown.get(key["value_digest"])} for key in found]


def _counts(snapshot: Snapshot, customer_id: str) -> dict[str, int]:
    """How many rows of the table of each source are this customer's."""
    tables = [t["name"] for t in snapshot.manifest["tables"] if t["name"].startswith("source_")]
    return {t: told[0] for t, told in rows_of(snapshot).counts(customer_id, dict.fromkeys(tables)).items()}


def _records(snapshot: Snapshot, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """How many rows of each source are the customer's."""
    titles = {item["name"]: item.get("title") for item in snapshot.manifest.get("sources", ())}
    names = [(table, table.removeprefix("source_")) for table in counts]
    return [{"source": name, "title": titles.get(name), "rows": counts[table]} for table, name in names]
