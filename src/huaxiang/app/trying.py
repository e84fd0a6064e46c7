"""What changed rules would do to customers, and how right the build's customers are against a known truth."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from huaxiang.app.identity import decisions_of, load_ledger
from huaxiang.app.identity_values import Values, add_causes, add_values
from huaxiang.app.wiring import find_project
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.learn.identity import Ledger, Resolution, Scored
    from huaxiang.spec.models import MatchingSpec

DRY_RUN_KEYS = (
    "snapshot", "records", "customers_before", "customers_after", "joined", "parted", "unknown_fields", "joins", "parts", "review",
    "held_back", "giants",
)  # fmt: skip
EVALUATE_KEYS = ("snapshot", "rows", "missing", "anonymous", "people", "build", "exact")
METRICS = ("pairs", "clusters", "customers")


def dry_run(snapshot: Snapshot, *, limit: int = 20, unmask: bool = False) -> dict[str, Any]:
    """Return DRY_RUN_KEYS: the records of the snapshot resolved anew by the rules that stand in the project's files now, and by all
    decisions taken. `joins`: customers that would be one; `parts`: customers that would come apart; at most `limit` of each. Nothing is
    written. Fields that the records don't hold yet are told (`unknown_fields`): they count after a build only.
    """
    from huaxiang.learn.identity import Context, resolve
    from huaxiang.learn.identity.ledger import OWN
    from huaxiang.spec.loader import load_project
    from huaxiang.stages.unify import BLOCKED
    from huaxiang.store.secret import project_secret

    project = load_project(find_project(snapshot.folder))
    ledger = load_ledger(snapshot)
    before = ledger.present().combine_chunks()
    records = before.drop_columns(list(OWN))
    keys = [k for k in project.identity.values() if k.role != "device"]
    spec = next(iter(project.matching.values()), None)
    scored = _score(records, spec, ledger, [k.field for k in keys if k.role == "strong"])
    context = Context(
        spec, decisions_of(snapshot), ledger, BLOCKED, "dry-run", full=True, secret=project_secret(project.folder)
    )
    found = resolve(records, keys, scored, context)
    fields = {k.name: k.field for k in keys}
    values = Values.of(snapshot, unmask=unmask)
    personal = {k.field: "key" for k in keys if k.personal}
    values = replace(values, kinds=None if values.kinds is None else personal | dict(values.kinds))
    joins, parts = _changes(before.column("customer_id").to_pylist(), found.customer.to_pylist())
    return {
        "snapshot": snapshot.id,
        "records": records.num_rows,
        "customers_before": len(set(before.column("customer_id").drop_null().to_pylist())),
        "customers_after": found.customers,
        "joined": sum(len(j["customers"]) for j in joins),
        "parted": len(parts),
        "unknown_fields": sorted({k.field for k in keys} - set(records.column_names)),
        "joins": [j | {"because": _because(found, j["records"], records)} for j in joins[:limit]],
        "parts": parts[:limit],
        "review": found.review.num_rows,
        "held_back": add_values(found.held_back, values, fields),
        "giants": add_causes(found.giants, values, fields),
    }


def _score(records: pa.Table, spec: MatchingSpec | None, ledger: Ledger, strong: Sequence[str]) -> Scored | None:
    """Score all pairs by the build's model where it compares the same fields, else by one trained anew."""
    if spec is None or records.num_rows < 2:
        return None
    from huaxiang.learn.matching import MatchModel, score_pairs
    from huaxiang.learn.matching.fields import choose_fields

    model = MatchModel.from_json(ledger.model) if ledger.model else None
    if model is not None and model.fields != choose_fields(records, spec):
        model = None
    present = [f for f in strong if f in records.column_names]
    return score_pairs(records, spec, model=model, keys=present)


def _changes(
    before: Sequence[str | None], after: Sequence[str | None]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Customers that would be joined, and that would be parted, most records first."""
    into: dict[str, dict[str, list[int]]] = {}
    out: dict[str, dict[str, int]] = {}
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        if old is not None and new is not None:
            into.setdefault(new, {}).setdefault(old, []).append(number)
            out.setdefault(old, {})[new] = out.get(old, {}).get(new, 0) + 1
    joins: list[dict[str, Any]] = [
        {"customers": sorted(olds), "records": [r for rs in olds.values() for r in rs]}
        for olds in into.values()
        if len(olds) > 1
    ]
    parts: list[dict[str, Any]] = [
        {"customer_id": old, "records": sum(news.values()), "into": sorted(news.values(), reverse=True)}
        for old, news in out.items()
        if len(news) > 1
    ]
    joins.sort(key=lambda j: (-len(j["records"]), j["customers"]))
    parts.sort(key=lambda p: (-p["records"], p["customer_id"]))
    return joins, parts


def _because(found: Resolution, members: list[int], records: pa.Table) -> list[str]:
    """The rules that tie the records of a joined customer."""
    import pyarrow.compute as pc

    digests = records.column("digest").take(np.array(members)).combine_chunks()
    rows = found.evidence.filter(
        pc.and_(
            pc.equal(found.evidence.column("verdict"), "linked"),
            pc.is_in(found.evidence.column("left"), value_set=digests),
        )
    )
    return sorted(set(rows.column("rule").to_pylist()))


def evaluate(snapshot: Snapshot, truth: Path) -> dict[str, Any]:
    """Return EVALUATE_KEYS. `truth`: CSV source, field, value, person_id: the rows of `source` whose `field` is `value` are that person's.

    `build` and `exact` (exact keys alone) each: pairs and clusters {precision, recall, f1}, customers. A pair is two rows; a cluster is
    right when it holds all rows of one person and no others. Rows that hold no identity key at all and lead to nobody are counted
    (`anonymous`) and left out: nothing on them could tell; rows whose values were blocked or held back count as people of their own.
    """
    rows = _read_truth(truth)
    people, built, exact = [], [], []
    missing = anonymous = 0
    for (source, field), values in rows.items():
        found = _customers_of(snapshot, source, field)
        for value, person in values:
            hit = found.get(value)
            if hit is None:
                missing += 1
                continue
            if hit[2] and hit[0] is None:
                anonymous += 1
                continue
            people.append(person)
            alone = f"\x00{source}\x00{field}\x00{value}"
            built.append(hit[0] or alone)
            exact.append(hit[1] or alone)
    if not people:
        raise UsageError(
            f"none of the rows that {truth.name} speaks of is in snapshot {snapshot.id}; see its columns source, field, value",
            f"{truth.name} 所说的行都不在快照 {snapshot.id} 中；核对其中 source、field、value 三列",
        )
    return {
        "snapshot": snapshot.id,
        "rows": len(people),
        "missing": missing,
        "anonymous": anonymous,
        "people": len(set(people)),
        "build": compare(people, built),
        "exact": compare(people, exact),
    }


def _read_truth(truth: Path) -> Mapping[tuple[str, str], list[tuple[str, str]]]:
    rows: dict[tuple[str, str], list[tuple[str, str]]] = {}
    try:
        with truth.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                rows.setdefault((row["source"], row["field"]), []).append((row["value"], row["person_id"]))
    except OSError as error:
        raise UsageError(
            f"{truth.name} can't be read: {error.strerror}", f"无法读取 {truth.name}：{error.strerror}"
        ) from None
    except KeyError as error:
        raise UsageError(
            f"{truth.name} lacks the column {error}; expected: source, field, value, person_id",
            f"{truth.name} 缺少列 {error}；应有 source、field、value、person_id 四列",
        ) from None
    return rows


def _customers_of(snapshot: Snapshot, source: str, field: str) -> dict[str, tuple[str | None, str | None, bool]]:
    """Customer and exact group of the rows of a source by the text of a field (of several the most frequent, then the smaller), and
    whether the row holds no key at all.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    tables = {t["name"] for t in snapshot.manifest["tables"]}
    if f"source_{source}" not in tables:
        return {}
    table = pq.read_table(snapshot.table(f"source_{source}"))
    if field not in table.column_names:
        raise UsageError(
            f'source "{source}" has no field "{field}" in snapshot {snapshot.id}',
            f"快照 {snapshot.id} 中数据源“{source}”没有字段“{field}”",
        )
    table = pa.table({
        "value": table.column(field).cast(pa.string()), "customer_id": table.column("customer_id"),
        "exact": _exact(snapshot, table), "keyless": _keyless(snapshot, table),
    })  # fmt: skip
    counted = table.group_by(["value", "customer_id", "exact", "keyless"]).aggregate([([], "count_all")])
    counted = counted.filter(pc.is_valid(counted.column("value")))
    counted = counted.sort_by(
        [("value", "ascending"), ("count_all", "ascending"), ("customer_id", "descending"), ("exact", "descending")]
    )
    return {r["value"]: (r["customer_id"], r["exact"], r["keyless"]) for r in counted.to_pylist()}


def _keyless(snapshot: Snapshot, table: pa.Table) -> pa.Array:
    """Rows that have no value of any identity key but devices."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from huaxiang.spec.loader import load_project

    keys = load_project(find_project(snapshot.folder)).identity.values()
    keyless = pa.array(np.ones(table.num_rows, dtype=bool))
    for key in keys:
        if key.role != "device" and key.field in table.column_names:
            keyless = pc.and_(keyless, pc.is_null(table.column(key.field).combine_chunks()))
    return keyless


def _exact(snapshot: Snapshot, table: pa.Table) -> pa.Array:
    """The group of each row by exact keys alone: that of its strongest key value that ties records."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from huaxiang.learn.identity.keys import in_order
    from huaxiang.spec.loader import load_project

    keys = load_project(find_project(snapshot.folder)).identity.values()
    records = pq.read_table(snapshot.table("identity_records"), filters=pc.field("gone").is_null())
    found = pa.nulls(table.num_rows, pa.string())
    for key in in_order(list(keys)):
        if key.role == "device" or not {key.field} <= {*table.column_names} & {*records.column_names}:
            continue
        groups = records.group_by([key.field]).aggregate([("exact", "min"), ("exact", "max")])
        one = groups.filter(
            pc.equal(groups.column("exact_min"), groups.column("exact_max"))
        )  # several: it was held back
        at = pc.index_in(
            table.column(key.field).cast(pa.string()).combine_chunks(), value_set=one.column(key.field).combine_chunks()
        )
        found = pc.coalesce(found, one.column("exact_min").combine_chunks().take(at))
    return found


def compare(truth: Sequence[str], found: Sequence[str]) -> dict[str, Any]:
    """Pairwise and cluster precision, recall and F1 of groups `found` against `truth`, item by item; and how many groups were found."""
    _names, one = np.unique(np.array(truth, dtype=object), return_inverse=True)
    _names, two = np.unique(np.array(found, dtype=object), return_inverse=True)
    cell, many = np.unique(one.astype(np.int64) * (two.max() + 1) + two, return_counts=True)
    sizes = np.bincount(one), np.bincount(two)
    right, known, told = (float((c * (c - 1) // 2).sum()) for c in (many, *sizes))
    whole = (many == sizes[0][cell // (two.max() + 1)]) & (many == sizes[1][cell % (two.max() + 1)])
    exact = float(whole.sum())
    return {
        "pairs": _scores(right, told, known),
        "clusters": _scores(exact, float(len(sizes[1])), float(len(sizes[0]))),
        "customers": len(sizes[1]),
    }


def _scores(right: float, found: float, known: float) -> dict[str, float]:
    precision, recall = right / found if found else 1.0, right / known if known else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": round(precision, 6), "recall": round(recall, 6), "f1": round(f1, 6)}
