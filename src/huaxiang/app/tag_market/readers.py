"""Who reads a tag: other tags, audiences, clusterings and persona sets, at first hand and through others."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from huaxiang.app.audiences.graph import reads_of_audience
from huaxiang.plan.columns import named_in, output_names, tag_inputs
from huaxiang.run.segmenting import text_of
from huaxiang.spec.loader import Project
from huaxiang.spec.models import Feature, StatisticTag

if TYPE_CHECKING:
    from huaxiang.store.snapshots import Snapshot

IMPACT_KEYS = ("name", "direct", "indirect", "blocking", "snapshot")
READER_KEYS = ("kind", "name", "title", "status", "owner", "size", "through")
KINDS = ("tags", "audiences", "clusterings", "personas")
Node = tuple[str, str]
"""(one of KINDS, name)."""
_graphs: weakref.WeakKeyDictionary[Project, Mapping[Node, frozenset[Node]]] = weakref.WeakKeyDictionary()


def readers(project: Project) -> Mapping[Node, frozenset[Node]]:
    """Each tag, audience and clustering → the definitions that read it at first hand. Tags that are not online read too."""
    found = _graphs.get(project)
    if found is None:
        found = _graphs[project] = _readers(project)
    return found


def _readers(project: Project) -> Mapping[Node, frozenset[Node]]:
    owners = {name: ("tags", name) for name in project.tags}
    owners |= {column: ("tags", tag.name) for tag in project.tags.values() for column in output_names(tag)}
    owners |= {name: ("clusterings", name) for name in project.clusterings}
    found: dict[Node, set[Node]] = {}

    def note(reader: Node, columns: Iterable[str], audiences: Iterable[str] = ()) -> None:
        read = {owners[c] for c in columns if c in owners} | {("audiences", a) for a in audiences}
        for node in read - {reader}:
            found.setdefault(node, set()).add(reader)

    for name, tag in project.tags.items():
        if not isinstance(tag, StatisticTag):
            note(("tags", name), *tag_inputs(tag))
    for name, audience in project.audiences.items():
        reads = reads_of_audience(project, name) if audience.kind == "sql" else None
        columns, audiences = named_in(audience.condition) if reads is None else (reads["tags"], reads["audiences"])
        note(("audiences", name), columns, audiences)
    for name, clustering in project.clusterings.items():
        columns, audiences = named_in(clustering.within)
        features = {f.tag if isinstance(f, Feature) else f for f in clustering.features}
        note(("clusterings", name), {*columns, *features}, audiences)
    for name, personas in project.personas.items():
        speaks = (personas.worth, *(personas.tags or ()), *([personas.clustering] if personas.clustering else ()))
        note(("personas", name), speaks, personas.audiences)
    return {node: frozenset(who) for node, who in found.items()}


def through(project: Project, node: Node) -> dict[Node, Node]:
    """All that reads a definition, itself or through others → what it reads it through."""
    graph = readers(project)
    found: dict[Node, Node] = {}
    waiting = [node]
    while waiting:
        below, *waiting = waiting
        for reader in sorted(graph.get(below, ())):
            if reader not in found and reader != node:
                found[reader] = below
                waiting.append(reader)
    return found


def impact(project: Project, snapshot: Snapshot | None, name: str) -> dict[str, Any]:
    """Return IMPACT_KEYS: what would break without this tag.

    `direct` and `indirect` (each READER_KEYS): who reads it, at first hand and through others; `blocking`: those of them that would fail,
    which is all but tags that are not online. `size`: customers of an audience in the snapshot.
    """
    node = ("tags", name)
    found = through(project, node)
    sizes = {a["name"]: a.get("size") for a in (snapshot.manifest.get("audiences", ()) if snapshot else ())}
    hidden = snapshot.hidden if snapshot else frozenset()
    told = [_reader(project, reader, below, sizes) for reader, below in found.items() if reader[1] not in hidden]
    direct = readers(project).get(node, frozenset())
    return {
        "name": name, "direct": [r for r in told if (r["kind"], r["name"]) in direct],
        "indirect": [r for r in told if (r["kind"], r["name"]) not in direct],
        "blocking": [f"{r['kind']}:{r['name']}" for r in told if (r["kind"], r["name"]) in direct and r["status"] == "online"],
        "snapshot": snapshot.id if snapshot else None,
    }  # fmt: skip


def _reader(project: Project, reader: Node, below: Node, sizes: Mapping[str, Any]) -> dict[str, Any]:
    kind, name = reader
    spec: Any = getattr(project, kind)[name]
    return {
        "kind": kind, "name": name, "title": text_of(spec.title, name), "status": getattr(spec, "status", "online"),
        "owner": getattr(spec, "owner", None), "size": sizes.get(name) if kind == "audiences" else None,
        "through": f"{below[0]}:{below[1]}",
    }  # fmt: skip


def used_by(project: Project, name: str) -> dict[str, list[str]]:
    """Who reads a tag at first hand, by KINDS."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind, reader in sorted(readers(project).get(("tags", name), ())):
        found[kind].append(reader)
    return found


__all__ = ["IMPACT_KEYS", "KINDS", "READER_KEYS", "impact", "readers", "through", "used_by"]
