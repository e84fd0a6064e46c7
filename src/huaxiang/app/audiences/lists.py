"""Uploaded lists: a file of phones, e-mail addresses, member numbers … becomes a list of customers that conditions may name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.acting import actor
from huaxiang.app.audiences.guesses import Spend, refuse_closed, refuse_guesses
from huaxiang.app.masks import kind_of
from huaxiang.app.provenance import has_table
from huaxiang.app.wiring import find_project
from huaxiang.errors import ProjectInvalid, UsageError, did_you_mean, did_you_mean_zh
from huaxiang.store.lists import check_name, known_lists, list_facts, remove_list, save_list
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

UPLOAD_KEYS = (
    "name", "file", "field", "column", "rows", "empty", "matched", "unknown", "ambiguous", "customers", "unknown_rows", "ambiguous_rows",
    "replaced", "snapshot",
)  # fmt: skip
LISTS_KEYS = ("lists",)
LIST_KEYS = (
    "name",
    "customers",
    "field",
    "rows",
    "matched",
    "unknown",
    "ambiguous",
    "file",
    "uploaded_at",
    "by",
    "used_by",
)
REMOVED_KEYS = ("name", "removed")
ID = "customer_id"
MOST_ROWS_TOLD = 100
_WHOLE = frozenset({"phone", "email", "id_number"})
"""Kinds of masked values that customers are matched by all the same, as they are found by searching for them as a whole."""
_VALUE = re.compile(r"\d{4}|@")
"""What a heading doesn't look like, but a phone number, an e-mail address or an ID does."""


@dataclass(frozen=True)
class ListFile:
    """A file to upload. `field`: what its values are: customer_id, an identity key or its field, or an attribute (None: told by the
    column's name). `column`: the file's column (None: the one named like the field, or the only one).
    """

    path: Path
    field: str | None = None
    column: str | None = None


def upload_list(snapshot: Snapshot, name: str, given: ListFile, spend: Spend | None = None) -> dict[str, Any]:
    """Match a file's values with customers and keep those as list `name`, in place of one of that name. Returns UPLOAD_KEYS.

    A value that no customer has counts as `unknown`, one that several have (a family's phone) as `ambiguous`; neither is taken, and
    their rows are told (the first MOST_ROWS_TOLD), never their values. `matched` counts rows, `customers` each customer once. Raises
    UsageError for a file that can't be read, an unknown field or column, or a file in which nothing matches. `spend` is given for who
    sees numbers masked, and counts over the day what may be tries: UsageError for too many, AccessDenied for a list by ID number.
    """
    import numpy as np

    check_name(name)
    folder = find_project(snapshot.folder)
    read = _read(given, _fields(snapshot))
    kind = _kind(snapshot, read.field, _fields(snapshot)[read.field])
    if spend is not None:
        refuse_closed(kind)
    found = _match(snapshot, read)
    if read.bare and found.faults["unknown"][0] and not _VALUE.search(read.column):  # it was a heading after all
        read = replace(read, values=read.values[1:], rows=read.rows[1:])
        found = _match(snapshot, read)
    elif read.bare:
        read = replace(read, column="1")  # what stands there is somebody's value, which is never shown
    if spend is not None:
        refuse_guesses(found.nobodys, kind, spend)
    told = {
        key: [int(row) for row in read.rows[np.flatnonzero(at)][:MOST_ROWS_TOLD]] for key, at in found.faults.items()
    }
    counts = {
        "rows": len(read.rows), "empty": found.empty, "matched": found.matched, "unknown": int(found.faults["unknown"].sum()),
        "ambiguous": int(found.faults["ambiguous"].sum()),
    }  # fmt: skip
    if not counts["matched"]:
        raise UsageError(
            f'no row of {given.path.name} matches a customer by {read.field} (column "{read.column}"): {counts["rows"]} rows, '
            f"{counts['unknown']} unknown, {counts['ambiguous']} ambiguous; is it the right column and --field?",
            f"{given.path.name} 中没有一行能按 {read.field}（列“{read.column}”）匹配到客户：共 {counts['rows']} 行，未匹配 "
            f"{counts['unknown']} 行，对应多人 {counts['ambiguous']} 行；请检查列名和 --field",
        )
    replaced = name in known_lists(folder)
    facts = counts | {
        "file": given.path.name,
        "field": read.field,
        "column": read.column,
        "snapshot": snapshot.id,
        "by": actor(),
    }
    save_list(folder, name, found.customers, facts | {"uploaded_at": datetime.now(UTC).isoformat(timespec="seconds")})
    answer: dict[str, Any] = {
        "name": name,
        "file": given.path.name,
        "field": read.field,
        "column": read.column,
        **counts,
    }
    return answer | {
        "customers": len(found.customers), "unknown_rows": told["unknown"], "ambiguous_rows": told["ambiguous"],
        "replaced": replaced, "snapshot": snapshot.id,
    }  # fmt: skip


def uploaded_lists(folder: Path) -> dict[str, Any]:
    """Return LISTS_KEYS: every uploaded list with LIST_KEYS; `used_by`: the audiences and clusterings that name it."""
    users = _users(folder)
    return {
        "lists": [
            {
                key: (list_facts(folder, name) | {"name": name, "used_by": users.get(name, [])}).get(key)
                for key in LIST_KEYS
            }
            for name in known_lists(folder)
        ]
    }


def remove_uploaded(folder: Path, name: str) -> dict[str, Any]:
    """Remove a list. Returns REMOVED_KEYS. Raises UsageError for an unknown one, and while a definition names it."""
    users = _users(folder).get(name, [])
    if users and name in known_lists(folder):
        named = ", ".join(users)
        raise UsageError(
            f'list "{name}" is still read by {named}; change or remove those first',
            f"名单“{name}”还被 {'、'.join(users)} 使用；请先修改或删除它们",
        )
    remove_list(folder, name)
    return {"name": name, "removed": True}


def _users(folder: Path) -> dict[str, list[str]]:
    """List → what names it, as `audience x`; empty when the project's files can't be read."""
    from huaxiang.app.audiences.graph import reads_of
    from huaxiang.spec.loader import load_project

    try:
        project = load_project(folder)
    except ProjectInvalid:
        return {}
    found: dict[str, list[str]] = {}
    whens = [(f"audience {a.name}", a.condition) for a in project.audiences.values()]
    whens += [(f"clustering {c.name}", c.within) for c in project.clusterings.values() if c.within is not None]
    for who, when in whens:
        for name in reads_of(project, when)["lists"]:
            found.setdefault(name, []).append(who)
    return found


# The file


@dataclass(frozen=True)
class _Read:
    """The values of the column as texts, with the row number of each; `field` and `column` as chosen. `bare`: the first value is what
    stands where headings do, perhaps no heading.
    """

    field: str
    column: str
    values: pa.Array
    rows: Any
    bare: bool = False


def _fields(snapshot: Snapshot) -> dict[str, str]:
    """What may be matched by: name → where it is found (`customer_id`, `key:<name>`, `attribute:<name>`).

    Nothing that is masked for who uploads, but what nobody guesses whole: else a list of all values would tell who has which.
    """
    told = snapshot.manifest["identity"]
    attributes = (
        a["name"] for a in snapshot.manifest.get("attributes", ())
        if a["value_type"] in ("text", "enum") and (a["name"] not in snapshot.masked or kind_of(a) in _WHOLE)
    )  # fmt: skip
    found = {name: f"attribute:{name}" for name in attributes}
    found |= {field: f"key:{key}" for key, field in (told.get("fields") or {}).items()}
    return found | {key: f"key:{key}" for key in told.get("keys", ())} | {ID: ID}


def _read(given: ListFile, fields: Mapping[str, str]) -> _Read:
    import numpy as np
    import pyarrow as pa

    from huaxiang.store.cleaning.column import as_texts
    from huaxiang.store.files.batch import FileFault, ReadRequest
    from huaxiang.store.files.open import open_file

    if not given.path.is_file():
        raise UsageError(f"no file {given.path}", f"没有文件 {given.path}")
    try:
        header = open_file(ReadRequest(given.path, "auto", (), sample=True))[0].header
        field, column = _choose(given, header, fields)
        values: list[pa.Array] = []
        rows: list[Any] = []
        for batch in open_file(ReadRequest(given.path, "auto", (column,)))[1]:
            texts = as_texts(batch.columns[0])
            values.append(texts.dictionary_decode() if pa.types.is_dictionary(texts.type) else texts)
            rows.append(batch.rows)
    except FileFault as fault:
        raise UsageError(f"{given.path.name}: {fault}", f"{given.path.name}：{fault.said.zh}") from None
    bare = len(header) == 1 and column not in fields and column != given.column
    if bare:  # perhaps no heading but the first value
        values.insert(0, pa.array([column], pa.string()))
        rows.insert(0, np.array([1], dtype=np.int64))
    whole = pa.chunked_array([v.cast(pa.string()) for v in values], pa.string()).combine_chunks()
    return _Read(field, column, whole, np.concatenate(rows) if rows else np.empty(0, dtype=np.int64), bare)


def _choose(given: ListFile, header: Sequence[str], fields: Mapping[str, str]) -> tuple[str, str]:
    """Field and column. Raises UsageError."""
    from huaxiang.store.files.batch import looks_like_data

    if given.field is not None and given.field not in fields:
        raise UsageError.unknown("field", given.field, fields)
    told = [] if looks_like_data(header) else header  # of a file without a heading the first row are values
    if given.column is not None and given.column not in header:
        raise UsageError.unknown("column", given.column, told)
    named = [name for name in ([given.field] if given.field else [ID, *fields]) if name in header]
    column = given.column or (named[0] if named else header[0] if len(header) == 1 else None)
    if column is None:
        raise UsageError(
            f"none of the columns is named {given.field or 'like an identity key'}; say which by --column{did_you_mean('', told)}",
            f"没有名为 {given.field or '身份键'} 的列；请用 --column 指明{did_you_mean_zh('', told)}",
        )
    field = given.field or (column if column in fields else None)
    if field is None:
        keys = [name for name, place in fields.items() if not place.startswith("attribute:")]
        raise UsageError(
            f"what are the values of the column? Say so by --field: {', '.join(keys)}",
            f"该列的值是什么？请用 --field 指明：{'、'.join(keys)}",
        )
    return field, column


# The customers


@dataclass(frozen=True)
class _Matched:
    """Customers that were found, each once and ascending; rows that matched and that were empty; masks of the rows that did not.
    `nobodys`: the different values, as cleaned, that nobody has.
    """

    nobodys: pa.Array
    customers: pa.Array
    matched: int
    empty: int
    faults: Mapping[str, Any]


def _match(snapshot: Snapshot, read: _Read) -> _Matched:
    import numpy as np
    import pyarrow.compute as pc

    place = _fields(snapshot)[read.field]
    given = pc.utf8_trim_whitespace(read.values)
    empty = np.asarray(pc.fill_null(pc.equal(given, ""), True).to_numpy(zero_copy_only=False), dtype=bool)
    values = _cleaned(snapshot, read.field, place, given)
    different = values.unique().drop_null()
    known = _known(snapshot, place, different)
    held = known.column("value").combine_chunks()
    nobodys = different.filter(pc.invert(pc.is_in(different, value_set=held)))
    at = pc.index_in(values, value_set=held, skip_nulls=True)
    there = np.asarray(pc.is_valid(at).to_numpy(zero_copy_only=False), dtype=bool)
    counts = known.column("customer_id_count_distinct").to_numpy()
    several = np.zeros(len(there), dtype=bool)
    several[there] = counts[at.drop_null().to_numpy()] > 1
    single = there & ~several
    ids = known.column("customer_id_min").combine_chunks().take(at.filter(_mask(single))).unique()
    faults = {"unknown": ~there & ~empty, "ambiguous": several}
    return _Matched(nobodys, ids.take(pc.sort_indices(ids)), int(single.sum()), int(empty.sum()), faults)


def _mask(flags: Any) -> pa.Array:
    import pyarrow as pa

    return pa.array(flags, pa.bool_())


def _cleaned(snapshot: Snapshot, field: str, place: str, values: pa.Array) -> pa.Array:
    """The values as cleaning stored them."""
    import pyarrow as pa

    from huaxiang.store.cleaning.codes import clean
    from huaxiang.store.cleaning.ids import clean_id_numbers
    from huaxiang.store.cleaning.phones import clean_phones
    from huaxiang.store.cleaning.texts import clean_emails

    way = {"phone": clean_phones, "email": clean_emails, "id_number": clean_id_numbers}.get(
        _kind(snapshot, field, place), clean
    )
    return way(values).values.cast(pa.string())


def _kind(snapshot: Snapshot, field: str, place: str) -> str:
    """Of what kind the values of a field are: phone, email, id_number …; its name where nothing is known of it."""
    told = snapshot.manifest["identity"]
    source_field = (told.get("fields") or {}).get(place.removeprefix("key:"), field)
    items = {a["name"]: a for a in snapshot.manifest.get("attributes", ())}
    return str(
        (told.get("personal") or {}).get(source_field) or (items.get(field) or {}).get("personal") or source_field
    )


def _known(snapshot: Snapshot, place: str, wanted: pa.Array) -> pa.Table:
    """value, customer_id_min and customer_id_count_distinct: who has each of the wanted values."""
    import pyarrow.compute as pc

    if place.startswith("key:"):
        table = _holders(snapshot, place.removeprefix("key:"), wanted)
    elif place == ID:
        table = _ids(snapshot)
    else:
        table = _columns(snapshot, "customers", place.removeprefix("attribute:"))
    table = table.filter(pc.is_in(table.column("value"), value_set=wanted))
    return table.group_by("value").aggregate([(ID, "count_distinct"), (ID, "min")])


def _columns(snapshot: Snapshot, table: str, column: str) -> pa.Table:
    """customer_id and a column as `value`, texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = pq.read_table(snapshot.table(table), columns=[ID, column])
    return pa.table({ID: found.column(ID).cast(pa.string()), "value": found.column(column).cast(pa.string())})


def _ids(snapshot: Snapshot) -> pa.Table:
    """IDs of today, and merged ones with the one that stayed."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    ids = pq.read_table(snapshot.table("customers"), columns=[ID]).column(ID).cast(pa.string())
    table = pa.table({ID: ids, "value": ids})
    if not has_table(snapshot, "identity_redirects"):
        return table
    led = pq.read_table(snapshot.table("identity_redirects"), columns=["new", "old"])
    old, new = (led.column(name).cast(pa.string()) for name in ("old", "new"))
    moved = pa.table({ID: new, "value": old}).filter(pc.invert(pc.is_in(old, value_set=ids.combine_chunks())))
    return pa.concat_tables([table, moved])


def _holders(snapshot: Snapshot, key: str, wanted: pa.Array) -> pa.Table:
    """Who has values of a key: its owners, and everyone whose records show it (a family's phone)."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    digests = {hashlib.sha256(f"{key}:{text}".encode()).hexdigest(): text for text in wanted.to_pylist()}
    owners = pq.read_table(snapshot.table("identity"), columns=[ID, "value_digest"], filters=pc.field("key") == key)
    plain = pa.array([digests.get(one) for one in owners.column("value_digest").to_pylist()], pa.string())
    parts = [pa.table({ID: owners.column(ID).cast(pa.string()), "value": plain})]
    field = (snapshot.manifest["identity"].get("fields") or {}).get(key)
    if field and has_table(snapshot, "identity_records"):
        path = snapshot.table("identity_records")
        if field in pq.read_schema(path).names:
            shown = pq.read_table(path, columns=[ID, field], filters=pc.field("gone").is_null())
            parts.append(
                pa.table({ID: shown.column(ID).cast(pa.string()), "value": shown.column(field).cast(pa.string())})
            )
    return pa.concat_tables(parts)
