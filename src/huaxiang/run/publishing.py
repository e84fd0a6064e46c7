"""Runs publish: writes the tables of the snapshot and its manifest, then moves the pointer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from huaxiang.engines.arrow_io import OWNED_GROUP, SCATTERED_GROUP
from huaxiang.errors import ValueRangeError
from huaxiang.plan.columns import sources_of_customers, time_field
from huaxiang.run.context import Build
from huaxiang.run.known import INDEX, STATE
from huaxiang.run.load import REJECTED_SCHEMA, ColumnReport, LoadReport
from huaxiang.run.part import shown_raw
from huaxiang.run.segmenting import text_of
from huaxiang.run.unifying import RowCounts, Unified
from huaxiang.spec.loader import Project
from huaxiang.stages.identify import unified_table

ID = "customer_id"
_BATCH = 1 << 16

INDEX_FOLDER = "index"
_EXACT = frozenset({"email", "id_number"})
"""Kinds of personal attributes whose values are found whole."""


def save_customers(build: Build) -> pa.Table:
    """Write and return table `customers`: attributes, tags and clusters, sorted by customer."""
    path = build.draft.table("customers")
    build.engine.save("everyone", path, order_by=(ID,))
    customers = pq.read_table(path)
    endless = [f.name for f in customers.schema if pa.types.is_floating(f.type) and not _all_finite(customers[f.name])]
    if endless:
        raise ValueRangeError([_defined(build.project, name) for name in endless])
    return customers


def save_rows(build: Build, customers: pa.Table) -> None:
    """Write the rows of single customers in blocks: the attributes and tags of `customers`, and where the attributes come from."""
    from huaxiang.engines.blocks import FOLDER, write_blocks

    write_blocks(customers.schema, customers.to_batches(), build.draft.path(f"{FOLDER}/customers.arrow"))
    provenance = build.draft.table("provenance")
    if provenance.exists():
        with pq.ParquetFile(provenance) as file:
            write_blocks(file.schema_arrow, file.iter_batches(_BATCH), build.draft.path(f"{FOLDER}/provenance.arrow"))


def save_index(build: Build) -> None:
    """Write the audience index of the customers that were saved."""
    from huaxiang.index import build_index

    build_index(build.draft.table("customers"), build.draft.folder / INDEX_FOLDER)


def save_lookup(build: Build, attributes: list[dict[str, Any]]) -> None:
    """Write who is found by which key, name and phone number. `attributes`: their manifest entries; call it after `save_identity`."""
    from huaxiang.index.lookup import FOLDER
    from huaxiang.index.lookup.build import Asked, build_lookup

    texts = [a for a in attributes if a["value_type"] in ("text", "enum") and not a["name"].startswith("account_")]

    def first(kind: str) -> str | None:
        found = [a["name"] for a in texts if a["name"] == kind or a.get("personal") == kind]
        return kind if kind in found else next(iter(found), None)

    exact = [a["name"] for a in texts if a.get("personal") in _EXACT]
    tables = build.draft.table("customers"), build.draft.table("identity")
    build_lookup(Asked(*tables, first("name"), first("phone"), exact), build.draft.folder / FOLDER)


def _all_finite(column: pa.ChunkedArray) -> bool:
    return pc.all(pc.is_finite(column)).as_py() is not False


def _defined(project: Project, name: str) -> str:
    for kind, known in (("tag", project.tags), ("attribute", project.attributes)):
        if name in known:
            return f"{kind} {name} · {project.place(f'{kind}s', name)}"
    return name


def save_sources(build: Build, unified: Unified) -> None:
    """Write the rows of every source that carries customers, sorted by customer and row."""
    for name in unified.sources:
        path = build.draft.table(f"source_{name}")
        build.engine.save(unified_table(name), path, order_by=(ID, "_file", "_row"), row_group=OWNED_GROUP)


def save_identity(build: Build, unified: Unified) -> None:
    """Write which key values belong to which customer; values of personal keys only as digests."""
    import hashlib

    parts = []
    for key in unified.keys:
        found = unified.identified.resolution.maps[key.name]
        values = found.column("value").to_pylist()
        digests = [hashlib.sha256(f"{key.name}:{v}".encode()).hexdigest() for v in values]
        shown = [None] * len(values) if key.personal else values
        parts.append(pa.table({
            ID: found.column(ID), "key": pa.array([key.name] * len(values), pa.string()), "value_digest": pa.array(digests, pa.string()),
            "value": pa.array(shown, pa.string()),
        }))  # fmt: skip
    table = pa.concat_tables(parts).sort_by([(ID, "ascending"), ("key", "ascending"), ("value_digest", "ascending")])
    pq.write_table(table, build.draft.table("identity"), compression="zstd", row_group_size=OWNED_GROUP)
    ledger = unified.identified.resolution.ledger
    for name, part in ledger.tables(large=False).items():
        pq.write_table(_canonical(part), build.draft.table(name), compression="zstd")
    _save_pieces(build.draft.table("identity_records"), ledger.record_pieces())
    _save_pieces(build.draft.table("identity_evidence"), ledger.evidence_pieces())
    build.draft.path(STATE).write_text(ledger.text(), "utf-8")
    if unified.identified.scored is not None:
        pq.write_table(unified.identified.scored.index, build.draft.table(INDEX), compression="zstd")


def save_links(build: Build) -> None:
    """Write which records and evidence belong to which customer; call it after `save_identity`."""
    from huaxiang.index.links import FOLDER, build_links

    customers, records, evidence = (
        build.draft.table(name) for name in ("customers", "identity_records", "identity_evidence")
    )
    build_links(customers, records, evidence, build.draft.folder / FOLDER)


def _save_pieces(path: Path, pieces: Iterator[pa.Table]) -> None:
    """Write a table piece by piece, in row groups of one size however it came to be."""
    held = _canonical(next(pieces))
    with pq.ParquetWriter(path, held.schema, compression="zstd") as writer:
        for piece in pieces:
            while held.num_rows >= SCATTERED_GROUP:
                writer.write_table(held.slice(0, SCATTERED_GROUP).combine_chunks())
                held = held.slice(SCATTERED_GROUP)
            held = pa.concat_tables([held, _canonical(piece)])
        for begin in range(0, held.num_rows, SCATTERED_GROUP):
            writer.write_table(held.slice(begin, SCATTERED_GROUP).combine_chunks())


def _canonical(table: pa.Table) -> pa.Table:
    """The table in one chunk, its lists named as Arrow names them: both would show in the bytes of the file."""
    lists = pa.list_(pa.string())
    fields = [f.with_type(lists) if pa.types.is_list(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields)).combine_chunks()


def save_rejected(build: Build, reports: Mapping[str, LoadReport], counts: Mapping[str, RowCounts]) -> None:
    """Write all rows set aside: those that cleaning refused, and later duplicates."""
    with pq.ParquetWriter(build.draft.table("rejected"), REJECTED_SCHEMA, compression="zstd") as writer:
        for name, report in reports.items():
            path = build.draft.scratch(f"rejected/{name}.parquet")
            if path.exists():
                for batch in pq.ParquetFile(path).iter_batches():
                    writer.write_batch(batch.select(REJECTED_SCHEMA.names).cast(REJECTED_SCHEMA))
            if counts[name].copies:
                writer.write_table(_copies(build, name, report))


def _copies(build: Build, name: str, report: LoadReport) -> pa.Table:
    found = build.engine.fetch(f"copies__{name}").sort_by([("_file", "ascending"), ("_row", "ascending")])
    files = pa.array([f["path"] for f in _files(report)], pa.string())
    unique = ", ".join(build.project.sources[name].unique)
    size = len(found)
    raw = _raw_texts(found, report)
    return pa.table({
        "source": pa.array([name] * size, pa.string()), "file": files.take(found.column("_file").combine_chunks().cast(pa.int64())),
        "row": found.column("_row").cast(pa.int64()), "column": pa.array([unique] * size, pa.string()),
        "code": pa.array(["duplicate"] * size, pa.string()),
        "reason": pa.array([f"an earlier row has the same {unique}"] * size, pa.string()), "raw": pa.array(raw, pa.string()),
    }).cast(REJECTED_SCHEMA)  # fmt: skip


def _raw_texts(found: pa.Table, report: LoadReport) -> list[str]:
    """What stood in the files where copies lie; of a row that can't be read again, its cleaned values."""
    rows: dict[int, list[int]] = {}
    for file, row in zip(found.column("_file").to_pylist(), found.column("_row").to_pylist(), strict=True):
        rows.setdefault(file, []).append(row)
    raw = {(file, row): text for file, wanted in rows.items() for row, text in report.raw(file, wanted).items()}
    cells = zip(*(found.column(name).to_pylist() for name in ("_file", "_row", "raw")), strict=True)
    return [shown_raw(raw.get((file, row), cleaned)) for file, row, cleaned in cells]


def _files(report: LoadReport) -> list[dict[str, Any]]:
    return [asdict(f) for f in report.files]


def describe_source(build: Build, name: str, report: LoadReport, counts: RowCounts) -> dict[str, Any]:
    """The manifest entry of one source. rows_in = loaded + set_aside + left_out, always."""
    spec = build.project.sources[name]
    first, last = _dates(build, name)
    asked = sources_of_customers(build.project).get(name)
    reasons = dict(report.reasons)
    if counts.copies:
        reasons["duplicate"] = reasons.get("duplicate", 0) + counts.copies
    return {
        "name": name, "title": text_of(spec.title, name), "entity": spec.entity, "purpose": spec.purpose, "legal_basis": spec.legal_basis,
        "owner": spec.owner, "files": _files(report), "rows_in": report.rows_in, "loaded": report.loaded - counts.left_out - counts.copies,
        "set_aside": report.set_aside + counts.copies, "left_out": counts.left_out + report.left_out, "repaired": report.repaired,
        "first_at": first, "last_at": last, "reasons": reasons, "left_out_reasons": _left_out(report, counts),
        "columns": [_column(c) for c in report.columns], "fetch": _fetch(report),
        "fields": dict(asked.types) if asked is not None else {}, "time": asked.time if asked is not None else None,
    }  # fmt: skip


def _fetch(report: LoadReport) -> dict[str, Any] | None:
    """What a build fetched from a database, and how many rows of earlier fetches it held."""
    counts = report.fetch
    if counts is None:
        return None
    return {
        "rows": counts.rows, "new": counts.new, "replaced": counts.replaced, "unchanged": counts.unchanged, "same_key": counts.same_key,
        "repeated": counts.repeated, "held": report.rows_in - counts.rows, "incremental": counts.incremental,
    }  # fmt: skip


def _left_out(report: LoadReport, counts: RowCounts) -> dict[str, int]:
    return dict(report.left_out_reasons) | ({"where": counts.left_out} if counts.left_out else {})


def _column(column: ColumnReport) -> dict[str, Any]:
    return asdict(column) | {"repaired": sum(column.repaired.values()), "repairs": dict(column.repaired)}


def _dates(build: Build, name: str) -> tuple[str | None, str | None]:
    field = time_field(build.project.sources[name])
    if field is None:
        return None, None
    column = pq.read_table(build.draft.scratch(f"clean/{name}.parquet"), columns=[field]).column(field)
    found = pc.min_max(column).as_py()
    return tuple(str(found[k]) if found[k] is not None else None for k in ("min", "max"))  # type: ignore[return-value]


def describe_quality(sources: list[dict[str, Any]]) -> dict[str, Any]:
    """Sums over all sources, and the share of values known."""
    total = {k: sum(s[k] for s in sources) for k in ("rows_in", "loaded", "set_aside", "left_out", "repaired")}
    values = sum((s["loaded"] + s["left_out_reasons"].get("where", 0)) * len(s["columns"]) for s in sources)
    missing = sum(c["missing"] for s in sources for c in s["columns"])
    return total | {"completeness": round(1 - missing / values, 6) if values else None}


def write_personas(build: Build, personas: Mapping[str, Any]) -> None:
    """Write personas.json."""
    text = json.dumps(personas, ensure_ascii=False, indent=1, sort_keys=True)
    build.draft.path("personas.json").write_text(text, "utf-8")
