"""Association network 关联网络: which values of different tags go together among the customers of an audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from huaxiang.app.analysis.events import Asked, ask, share, within
from huaxiang.app.analysis.tags import ValueSet, categorical, values_of
from huaxiang.app.audiences.describing import items_of
from huaxiang.app.masks import kind_of
from huaxiang.errors import UsageError
from huaxiang.index import Bits
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from huaxiang.learn.association import Pairs

NETWORK_KEYS = (
    "snapshot", "as_of", "audience", "customers", "tags", "tested", "significant", "level", "nodes", "edges",
)  # fmt: skip
NODE_KEYS = ("id", "tag", "title", "value", "value_title", "customers", "share", "when", "edges")
EDGE_KEYS = ("from", "to", "customers", "known", "lift", "phi", "p", "q")
MOST_TAGS = 30
MOST_VALUES = 8
DEFAULT_TAGS = 16
LEVEL = 0.05
SMALLEST = 0.01
"""Values that a smaller share of the audience has are no nodes, nor are those of fewer than LEAST customers."""
LEAST = 10
PLACES = frozenset({"home_abroad", "country", "region", "province", "city", "district"})
"""Catalogue attributes that say where somebody lives."""


@dataclass(frozen=True)
class _Node:
    tag: str
    value: ValueSet


def network(
    snapshot: Snapshot, audience: str | None, tags: Sequence[str] = (), *, edges: int = 60, both: bool = False
) -> dict[str, Any]:
    """Return NETWORK_KEYS: pairs of values of different tags that go together more (with `both`, or less) often than by chance.

    Each pair is judged among the customers of the audience who have a value of both tags (`known`): `lift` = both ÷ expected, `phi` the
    correlation of the two sets. p: Pearson's chi-square; q: after Benjamini–Hochberg over all `tested` pairs. Told are the `edges`
    strongest by |phi| of those with q < 0.05 (`significant`: all of them), and the nodes that they join. Without `tags`: the categorical
    tags with the widest coverage. Tags computed from one another, or from a third, are not paired, nor are city and province. Raises
    UsageError.
    """
    within(edges, 1, 300, ("the number of edges", "连线数"))
    asked = ask(snapshot, audience)
    names = _named(asked, tags)
    nodes = [_Node(name, value) for name in names for value in _values(asked, name)]
    holders = {name: asked.index.index.holders(name) & asked.members for name in names}
    items = items_of(snapshot.manifest)
    apart = {(one, other) for one in names for other in names if one != other and _apart(items, one, other)}
    met = [(a, b) for a, b in combinations(range(len(nodes)), 2) if (nodes[a].tag, nodes[b].tag) in apart]
    found, known = _judged(nodes, met, holders)
    chosen = [i for i in range(len(met)) if found.q[i] < LEVEL and (both or found.phi[i] > 0)]
    chosen.sort(key=lambda i: (-abs(found.phi[i]), met[i]))
    drawn = chosen[:edges]
    joined = sorted({place for i in drawn for place in met[i]})
    return {
        **asked.head(), "tags": names, "tested": int((found.p == found.p).sum()), "significant": len(chosen), "level": LEVEL,
        "nodes": [_node(asked, nodes[place], place, sum(place in met[i] for i in drawn)) for place in joined],
        "edges": [_edge(found, known, i, met[i]) for i in drawn],
    }  # fmt: skip


def _named(asked: Asked, tags: Sequence[str]) -> list[str]:
    if tags:
        names = list(dict.fromkeys(tags))
        within(len(names), 2, MOST_TAGS, ("the number of tags", "标签数"))
        for name in names:
            categorical(asked, name)
        return names
    found: list[tuple[bool, float, int, str, bool]] = []
    items = items_of(asked.snapshot.manifest)
    for name, item in items.items():
        info = asked.index.index.fields.get(name)
        usable = (
            item["value_type"] in ("enum", "boolean", "list") and not item.get("personal") and kind_of(item) is None
        )
        if item.get("status", "online") == "online" and usable and info is not None and info.kind in ("codes", "list"):
            own = "lineage" in item  # tags before attributes
            found.append((not own, -(item.get("coverage") or 0.0), len(found), name, 2 <= (info.values or 0) <= 50))
    taken: list[str] = []
    for *_, name, fits in sorted(found):
        if fits and len(taken) < DEFAULT_TAGS and all(_apart(items, name, other) for other in taken):
            taken.append(name)
    if len(taken) < 2:
        raise UsageError(
            "the project has fewer than two categorical tags; define some, or name tags",
            "项目中可用的分类标签不足两个；请先定义标签，或手动指定",
        )
    return taken


def _behind(item: Mapping[str, Any]) -> set[str]:
    """A tag with the tags and attributes that it is computed from."""
    lineage = item.get("lineage") or ()
    return {item["name"], *(near.partition(":")[2] for near in lineage if not near.startswith("source:"))}


def _apart(items: Mapping[str, Mapping[str, Any]], one: str, other: str) -> bool:
    """Whether what two tags have in common says something: neither is computed from the other nor both from a third or from the very
    same fields, and they are not both places, of which one lies in the other.
    """
    first, second = _behind(items[one]), _behind(items[other])
    places = [bool({*near, items[name].get("attribute")} & PLACES) for name, near in ((one, first), (other, second))]
    rows = [{near for near in items[name].get("lineage") or () if "." in near} for name in (one, other)]
    return not first & second and not all(places) and (not rows[0] or rows[0] != rows[1])


def _values(asked: Asked, name: str) -> list[ValueSet]:
    least = max(LEAST, SMALLEST * asked.members.count())
    boolean = items_of(asked.snapshot.manifest)[name]["value_type"] == "boolean"
    found = values_of(asked, name, MOST_VALUES)
    return [one for one in found if one.members.count() >= least and not (boolean and one.value is False)]


def _judged(
    nodes: Sequence[_Node], met: Sequence[tuple[int, int]], holders: dict[str, Bits]
) -> tuple[Pairs, list[int]]:
    from huaxiang.learn.association import pairs

    held = {
        (i, name): node.value.members.overlap(bits) for i, node in enumerate(nodes) for name, bits in holders.items()
    }
    of = {(a, b): holders[a].overlap(holders[b]) for a in holders for b in holders}
    both = [nodes[i].value.members.overlap(nodes[j].value.members) for i, j in met]
    known = [of[nodes[i].tag, nodes[j].tag] for i, j in met]
    return pairs(both, [held[i, nodes[j].tag] for i, j in met], [held[j, nodes[i].tag] for i, j in met], known), known


def _node(asked: Asked, node: _Node, place: int, edges: int) -> dict[str, Any]:
    item, count = items_of(asked.snapshot.manifest)[node.tag], node.value.members.count()
    return {
        "id": str(place), "tag": node.tag, "title": item.get("title"), "value": node.value.value, "value_title": node.value.title,
        "customers": count, "share": share(count, asked.members.count()), "when": node.value.when, "edges": edges,
    }  # fmt: skip


def _edge(found: Pairs, known: Sequence[int], at: int, pair: tuple[int, int]) -> dict[str, Any]:
    return {
        "from": str(pair[0]), "to": str(pair[1]), "customers": int(found.both[at]), "known": known[at],
        "lift": round(float(found.lift[at]), 4), "phi": round(float(found.phi[at]), 4), "p": float(found.p[at]), "q": float(found.q[at]),
    }  # fmt: skip
