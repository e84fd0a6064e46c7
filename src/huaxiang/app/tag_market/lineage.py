"""Where a tag comes from and where it goes: sources, fields, attributes, tags, audiences, clusterings and persona sets, as a graph."""

from __future__ import annotations

from datetime import date
from typing import Any

from huaxiang.app.catalogue import load_catalogue
from huaxiang.app.tag_market.readers import through
from huaxiang.errors import ExpressionError
from huaxiang.run.context import AsOf
from huaxiang.run.manifest import attribute_parents_of, parents_of
from huaxiang.run.segmenting import text_of
from huaxiang.spec.loader import Project

GRAPH_KEYS = ("name", "nodes", "edges", "left_out")
NODE_KEYS = ("id", "kind", "name", "title", "status", "side")
MOST_NODES = 150
_SINGULAR = {"tags": "tag", "audiences": "audience", "clusterings": "clustering", "personas": "personas"}
_DAY = AsOf(date(2000, 1, 1))  # what a definition reads does not depend on the day


def lineage(project: Project, name: str, hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return GRAPH_KEYS: `nodes` (NODE_KEYS) and `edges`, pairs of IDs in the direction of the data.

    `side`: up (the tag is computed from it), self, or down (it reads the tag). `left_out`: how many nodes beyond MOST_NODES.
    `hidden`: fields that are not there for who asks.
    """
    me = f"tag:{name}"
    nodes: dict[str, dict[str, Any]] = {me: _node(project, me, "self")}
    edges: dict[tuple[str, str], None] = {}
    _upstream(project, me, nodes, edges)
    for (kind, reader), (below_kind, below) in through(project, ("tags", name)).items():
        there = f"{_SINGULAR[kind]}:{reader}"
        nodes.setdefault(there, _node(project, there, "down"))
        edges[f"{_SINGULAR[below_kind]}:{below}", there] = None
    nodes = {
        node: told
        for node, told in nodes.items()
        if told["kind"] not in ("tag", "attribute") or told["name"] not in hidden
    }
    kept = dict(list(nodes.items())[:MOST_NODES])
    return {
        "name": name, "nodes": list(kept.values()), "edges": [[a, b] for a, b in edges if a in kept and b in kept],
        "left_out": len(nodes) - len(kept),
    }  # fmt: skip


def _upstream(project: Project, me: str, nodes: dict[str, dict[str, Any]], edges: dict[tuple[str, str], None]) -> None:
    waiting = [me]
    while waiting:
        below, *waiting = waiting
        for parent in _parents(project, below):
            edges[parent, below] = None
            if parent not in nodes:
                nodes[parent] = _node(project, parent, "up")
                waiting.append(parent)


def _parents(project: Project, node: str) -> list[str]:
    """What a node is computed from at first hand; nothing for what can't be read."""
    kind, _, name = node.partition(":")
    try:
        if kind == "tag":
            found = parents_of(project, project.tags[name], _DAY)
        elif kind == "attribute":
            found = attribute_parents_of(project, name)
        elif kind == "field":
            return [f"source:{name.partition('.')[0]}"]
        else:
            return []
    except (ExpressionError, KeyError):
        return []
    return [f"field:{p.partition(':')[2]}" if p.startswith("source:") and "." in p else p for p in found]


def _node(project: Project, node: str, side: str) -> dict[str, Any]:
    kind, _, name = node.partition(":")
    return {
        "id": node, "kind": kind, "name": name, "title": _title(project, kind, name), "side": side,
        "status": project.tags[name].status if kind == "tag" and name in project.tags else None,
    }  # fmt: skip


def _title(project: Project, kind: str, name: str) -> dict[str, str]:
    if kind == "field":
        return text_of(None, name.partition(".")[2])
    if kind == "attribute" and name not in project.attributes:
        return load_catalogue()[name].title.model_dump() if name in load_catalogue() else text_of(None, name)
    listed: Any = {
        "source": project.sources, "attribute": project.attributes, "tag": project.tags, "audience": project.audiences,
        "clustering": project.clusterings, "personas": project.personas,
    }[kind]  # fmt: skip
    if kind == "attribute" and listed[name].title is None and name in load_catalogue():
        return load_catalogue()[name].title.model_dump()
    return text_of(listed[name].title if name in listed else None, name)
