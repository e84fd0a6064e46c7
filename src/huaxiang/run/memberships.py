"""Who is in which audience: lists and kept members made ready for a build, and the sets that it found saved, compared and described."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from huaxiang.errors import Said
from huaxiang.flow import AUDIENCE_HISTORY as HISTORY
from huaxiang.plan.columns import read_through
from huaxiang.run.conditions import lists_named
from huaxiang.run.context import AsOf, Build
from huaxiang.run.publishing import INDEX_FOLDER
from huaxiang.run.segmenting import list_scratch, text_of
from huaxiang.spec.loader import Project
from huaxiang.spec.models import AudienceSpec
from huaxiang.store.lists import follow, known_lists, list_members

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.index import AudienceIndex, Bits
    from huaxiang.store.snapshots import Snapshot

FOLDER = "audiences"
ID = "customer_id"
KEPT = "_kept."
"""Begins the names of the lists by which a build knows kept members; no uploaded list has such a name."""


@dataclass(frozen=True)
class Kept:
    """Members that a build takes over instead of computing them: of a frozen audience, or the last good ones of one that became invalid.

    `ids`: customer IDs as they were in some snapshot. `snapshot`, `as_of`: the one in which they were last computed. `reason`: why the
    audience is invalid, as the check says it, with `code`; None for a frozen one.
    """

    ids: pa.Array
    snapshot: str
    as_of: str
    reason: Said | None = None
    code: str | None = None

    @property
    def stale(self) -> dict[str, Any] | None:
        """What the manifest says of an audience that became invalid; None for one that is frozen."""
        if self.reason is None:
            return None
        return {"since": self.snapshot, "as_of": self.as_of, "code": self.code, "reason": self.reason._asdict()}


@dataclass(frozen=True)
class Upkeep:
    """What a build knows of audiences besides their conditions: as they are written, those that are kept, and who builds."""

    written: Mapping[str, AudienceSpec] = field(default_factory=dict)
    kept: Mapping[str, Kept] = field(default_factory=dict)
    by: str = ""


def with_kept(project: Project, kept: Mapping[str, Kept]) -> Project:
    """The project in which kept audiences are lists of their members."""
    if not kept:
        return project
    changed = {
        name: spec.model_copy(update={"kind": "static", "list_": KEPT + name}) if name in kept else spec
        for name, spec in project.audiences.items()
    }
    return replace(project, audiences=MappingProxyType(changed))


def prepare_lists(build: Build, kept: Mapping[str, Kept], redirects: pa.Table) -> None:
    """Leave a file for every list that is spoken of and every kept audience, with the customer IDs of today."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    known = set(known_lists(build.project.folder))
    named = [name for name in lists_named(build.project) if name in known]
    if not named and not kept:
        return
    current = build.engine.fetch("customers", (ID,)).column(ID).combine_chunks().cast(pa.string())
    lists = {name: list_members(build.project.folder, name) for name in named}
    lists |= {KEPT + name: one.ids for name, one in kept.items()}
    for name, ids in lists.items():
        pq.write_table(pa.table({ID: follow(ids, current, redirects)}), list_scratch(build, name))


# What a build found


@dataclass(frozen=True)
class _Change:
    """Against the snapshot of before; None where it had no such audience."""

    joined: int
    left: int
    gone: int


def save_audiences(build: Build, upkeep: Upkeep, as_of: AsOf, redirects: pa.Table) -> list[dict[str, Any]]:
    """Write the members of every audience (`audiences/<name>.npy`) and the history of sizes; return the manifest entries."""
    from huaxiang.index import AudienceIndex

    index = AudienceIndex.open(build.draft.folder / INDEX_FOLDER)
    before = {item["name"]: item for item in build.last.manifest.get("audiences", ())} if build.last is not None else {}
    entries, lines = [], []
    for name, bits in _members(build).items():
        bits.save(build.draft.path(f"{FOLDER}/{name}.npy"))
        change = _change(build.last, name, (index, bits), redirects) if name in before else None
        entry = _describe(build, upkeep, name, bits) | _versions(build, upkeep, before.get(name), as_of, name)
        entry |= {"changes": _told(build, change)}
        entries.append(entry)
        lines.append(_line(build, entry, as_of, index.size))
    _save_history(build, lines)
    return entries


def _members(build: Build) -> dict[str, Bits]:
    from huaxiang.index import Bits

    names = tuple(build.project.audiences)
    if not names:
        return {}
    table = build.engine.fetch("audiences", (ID, *names)).sort_by(ID)
    return {name: Bits.from_mask(table.column(name).to_numpy(zero_copy_only=False).astype(bool)) for name in names}


def saved_members(snapshot: Snapshot, name: str) -> pa.Array | None:
    """The IDs of an audience's members as a snapshot saved them; None when it saved none."""
    from huaxiang.index import AudienceIndex, Bits

    path = snapshot.folder / FOLDER / f"{name}.npy"
    if not path.is_file():
        return None
    index = AudienceIndex.open(snapshot.folder / INDEX_FOLDER)
    return index.ids(Bits.load(path, index.size))


def _change(last: Snapshot | None, name: str, now: tuple[AudienceIndex, Bits], redirects: pa.Table) -> _Change | None:
    from huaxiang.index import Bits

    ids = saved_members(last, name) if last is not None else None
    if ids is None:
        return None
    index, bits = now
    led = follow(ids, index.ids(index.all), redirects)
    then = Bits.from_rows(index.size, index.rows_of(led))
    return _Change((bits - then).count(), (then - bits).count(), len(ids) - then.count())


def _told(build: Build, change: _Change | None) -> dict[str, Any] | None:
    if change is None or build.last is None:
        return None
    return {"since": build.last.id, "joined": change.joined, "left": change.left, "gone": change.gone}


def _describe(build: Build, upkeep: Upkeep, name: str, bits: Bits) -> dict[str, Any]:
    spec, kept, customers = upkeep.written[name], upkeep.kept.get(name), bits.size
    frozen = None
    if spec.kind == "frozen":
        taken = kept is not None and kept.stale is None
        frozen = {"at": spec.frozen_at, "snapshot": kept.snapshot if kept else None, "taken": taken}
    return {
        "name": name, "title": text_of(spec.title, name), "description": spec.description, "owner": spec.owner, "kind": spec.kind,
        "definition": spec.sql or spec.condition, "frozen": frozen, "list": (spec.list_ or name) if spec.kind == "static" else None,
        "size": bits.count(), "share": round(bits.count() / customers, 6) if customers else 0.0,
        "place": str(build.project.place("audiences", name)), "stale": kept.stale if kept is not None else None,
        "stale_inputs": [] if kept is not None else _stale_inputs(build.project, upkeep, name),
    }  # fmt: skip


def _stale_inputs(project: Project, upkeep: Upkeep, name: str) -> list[str]:
    """The audiences that became invalid whose kept members an audience reads, itself or through others."""
    seen = read_through(project, ("audiences", name))
    stale = (one for kind, one in seen if kind == "audiences" and one in upkeep.kept)
    return sorted(one for one in stale if upkeep.kept[one].stale)


def definition_hash(spec: AudienceSpec) -> str:
    """A digest of what decides on the members: kind, condition, list and day."""
    said = {"kind": spec.kind, "condition": spec.sql or spec.condition, "frozen_at": spec.frozen_at}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def _versions(build: Build, upkeep: Upkeep, before: Mapping[str, Any] | None, as_of: AsOf, name: str) -> dict[str, Any]:
    spec = upkeep.written[name]
    digest = definition_hash(spec)
    known = list(before.get("versions", ())) if before is not None else []
    kept = upkeep.kept.get(name)
    if not known or (known[-1]["definition_hash"] != digest and not (kept is not None and kept.stale)):
        number = known[-1]["version"] + 1 if known else 1
        known.append({
            "version": number, "definition_hash": digest, "kind": spec.kind, "definition": spec.sql or spec.condition,
            "frozen_at": spec.frozen_at, "snapshot": build.draft.id, "as_of": as_of.day.isoformat(), "by": upkeep.by,
        })  # fmt: skip
    last = known[-1]  # that of the members: what is invalid makes no version
    return {"version": last["version"], "definition_hash": last["definition_hash"], "versions": known}


# The history of sizes


def history_schema() -> pa.Schema:
    """Columns of table `audience_history`: one row per snapshot and audience, oldest first."""
    import pyarrow as pa

    counts = ("size", "customers", "version", "joined", "left", "gone")
    return pa.schema([
        ("snapshot", pa.string()), ("as_of", pa.string()), ("name", pa.string()), *((c, pa.int64()) for c in counts),
        ("stale", pa.bool_()),
    ])  # fmt: skip


def _line(build: Build, entry: Mapping[str, Any], as_of: AsOf, customers: int) -> dict[str, Any]:
    change = entry["changes"] or {}
    return {
        "snapshot": build.draft.id, "as_of": as_of.day.isoformat(), "name": entry["name"], "size": entry["size"], "customers": customers,
        "version": entry["version"], "joined": change.get("joined"), "left": change.get("left"), "gone": change.get("gone"),
        "stale": entry["stale"] is not None,
    }  # fmt: skip


def _save_history(build: Build, lines: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = history_schema()
    parts = [pa.Table.from_pylist(lines, schema=schema)]
    if build.last is not None and any(t["name"] == HISTORY for t in build.last.manifest["tables"]):
        parts.insert(0, pq.read_table(build.last.table(HISTORY)).cast(schema))
    pq.write_table(pa.concat_tables(parts).combine_chunks(), build.draft.table(HISTORY), compression="zstd")
