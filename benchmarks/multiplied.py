"""A large company for benchmarks of the page: the generated company Mumian, built as anybody would, then multiplied.

A build of a million people takes too long for a benchmark. So some are generated and built, and the snapshot is published again with every
customer many times over: IDs, accounts and households have a copy of their own, phone numbers other digits, and keys too where customers
are searched by them; index and lookup are built anew by the package's own functions. Shares and cards stay as they were built.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

GROUP = 131_072
OWN = ("customer_id", "household_id", "account_id", "account_key", "head", "digest", "left", "right")
ONCE = ("quality", "quality_history", "quality_profile", "rejected", "repairs", "household_rules", "identity_redirects")
"""Tables that tell of sources and rules, not of single customers."""


def copy_of(table: pa.Table, name: str, number: int) -> pa.Table:
    """The rows of a table as those of copy `number`: in the order of the IDs, after those of the copy before."""
    mark = f"c{number:03}-"
    for column in table.column_names:
        field = table.schema.field(column)
        found = table.column(column)
        if column in OWN and pa.types.is_string(field.type):
            made = pc.binary_join_element_wise(mark, found, "")
        elif column == "members" and pa.types.is_list(field.type):
            lists = found.combine_chunks()
            made = pa.ListArray.from_arrays(lists.offsets, pc.binary_join_element_wise(mark, lists.values, ""))
        elif column == "phone" and name == "customers" and pa.types.is_string(field.type):
            made = _other_phones(found, number)
        else:
            continue
        table = table.set_column(table.schema.get_field_index(column), field, made.cast(field.type))
    return _other_keys(table, mark) if name == "keys" else table


def _other_phones(phones: pa.ChunkedArray, number: int) -> pa.Array:
    """Numbers of the same beginning whose last eight digits differ from copy to copy."""
    return pa.array(
        f"{text[:-8]}{(int(text[-8:]) + number * 7_654_321) % 10**8:08}" if text and text[-8:].isdigit() else text
        for text in phones.to_pylist()
    )


def _other_keys(table: pa.Table, mark: str) -> pa.Table:
    """Shown keys get the mark at their end, and the digest that belongs to it; of others the digest is another."""
    ending = "-" + mark.strip("c-")
    rows = zip(*(table.column(n).to_pylist() for n in ("key", "value", "value_digest")), strict=True)
    values, digests = [], []
    for key, value, digest in rows:
        values.append(None if value is None else value + ending)
        told = f"{key}:{value}{ending}" if value is not None else digest + mark
        digests.append(hashlib.sha256(told.encode()).hexdigest())
    for name, made in (("value", values), ("value_digest", digests)):
        table = table.set_column(
            table.schema.get_field_index(name), table.schema.field(name), pa.array(made, pa.string())
        )
    return table


def multiply(built: Path, folder: Path, customers: int) -> dict[str, Any]:
    """Publish the served snapshot of project `built` in the new project `folder`, multiplied to about so many customers.

    Returns its figures: people that were built, copies, customers.
    """
    from huaxiang.app.wiring import open_snapshot, snapshot_store
    from huaxiang.index.bits import Bits
    from huaxiang.run.publishing import save_index, save_links, save_lookup, save_rows

    shutil.copytree(built, folder, ignore=shutil.ignore_patterns(".huaxiang"), copy_function=shutil.copy)
    with open_snapshot(built) as snapshot:
        people = snapshot.manifest["customers"]
        copies = max(1, round(customers / people))
        draft = snapshot_store(folder).begin()
        for each in snapshot.manifest["tables"]:
            name = each["name"]
            table = pq.read_table(snapshot.table(name), partitioning=None)
            _write(table, draft.table(name), name, 1 if name in ONCE else copies)
        for path in snapshot.folder.iterdir():
            if path.name in ("personas.json", "identity_model.json"):
                shutil.copy(path, draft.path(path.name))
        for path in (snapshot.folder / "audiences").glob("*.npy"):
            members = Bits.load(path, people).mask()
            Bits.from_mask(np.tile(members, copies)).save(draft.path(f"audiences/{path.name}"))
        identity = pq.read_table(snapshot.table("identity"), partitioning=None)
        facts = json.loads(json.dumps(snapshot.manifest, default=str)) | {
            "customers": people * copies,
            "previous": None,
        }
        for audience in facts["audiences"]:
            audience["size"] = None if audience["size"] is None else audience["size"] * copies
        for source in facts["sources"]:
            source["loaded"] = (source.get("loaded") or 0) * copies
    build = SimpleNamespace(draft=draft)
    save_index(build)  # type: ignore[arg-type]
    save_rows(build, pq.read_table(draft.table("customers")))  # type: ignore[arg-type]
    _write(identity, draft.table("identity"), "keys", copies)  # so that a key finds one customer
    save_lookup(build, facts["attributes"])  # type: ignore[arg-type]
    _write(identity, draft.table("identity"), "identity", copies)  # as the rows of the sources have them
    save_links(build)  # type: ignore[arg-type]
    draft.publish(facts).close()
    return {"people": people, "copies": copies, "customers": people * copies}


def _write(table: pa.Table, path: Path, name: str, copies: int) -> None:
    """Write so many copies in row groups of a size that a build writes."""
    from huaxiang.engines.arrow_io import OWNED_GROUP, SCATTERED_GROUP

    table = table.replace_schema_metadata(None) if copies > 1 else table
    group = OWNED_GROUP if name.startswith("source_") or name in ("identity", "keys", "households") else GROUP
    group = SCATTERED_GROUP if name in ("identity_records", "identity_evidence") else group
    with pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1) as writer:
        held: list[pa.Table] = []
        for number in range(copies):
            held.append(copy_of(table, name, number) if copies > 1 else table)
            if sum(len(each) for each in held) >= GROUP or number == copies - 1:
                writer.write_table(pa.concat_tables(held), row_group_size=group)
                held = []
