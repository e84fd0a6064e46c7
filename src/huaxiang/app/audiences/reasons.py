"""Why a customer is in an audience, or isn't: each part of the condition is true, false or unknown for her, with her values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huaxiang.app.audiences.describing import items_of
from huaxiang.app.masks import kind_of, mask
from huaxiang.app.value_titles import titles_of_value
from huaxiang.errors import ExpressionError, UsageError
from huaxiang.plan.condition_text import to_text, written
from huaxiang.plan.conditions import (
    And,
    Behaviour,
    Between,
    Comparison,
    In,
    InAudience,
    InList,
    IsNull,
    ListMatch,
    Node,
    Not,
    Or,
    Raw,
    Sample,
    TextMatch,
    Top,
    leaves,
)
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    from huaxiang.app.audience_index import OpenIndex

WHY_KEYS = (
    "snapshot",
    "as_of",
    "audience",
    "customer_id",
    "redirected_from",
    "member",
    "condition",
    "stale",
    "tree",
    "decisive",
)
PART_KEYS = ("kind", "text", "state", "values", "measured", "audience", "parts")
_KINDS: Mapping[type[Node], str] = {
    And: "all", Or: "any", Not: "not", InAudience: "audience", InList: "list", Behaviour: "behaviour", Sample: "sample", Top: "rank",
    Raw: "sql",
}  # fmt: skip
_COLUMN = (Comparison, In, Between, IsNull, TextMatch, ListMatch, Top)


def why(snapshot: Snapshot, expression: str, customer_id: str, *, unmask: bool = False) -> dict[str, Any]:
    """Return WHY_KEYS: whether a customer is in an audience, and the condition as a tree of PART_KEYS.

    `state`: true | false | unknown (a value is missing: the part doesn't hold, nor does its negation). `values`: her values of the columns
    that a part reads, {name, title, value, value_title, value_titles, value_type, unit}, masked unless `unmask`; `measured`: what a
    behaviour amounts to for her. `decisive`: the texts of the innermost parts that make the whole what it is. The tree is None for an
    audience whose members were taken over (frozen, stale). An ID that was merged is followed. Raises UsageError for an unknown
    customer, and as `OpenIndex.select`.
    """
    from huaxiang.app.audience_index import open_index

    index = open_index(snapshot)
    found, row = _customer(snapshot, index, customer_id)
    member = index.select(expression).contains(row)
    entry = next((a for a in snapshot.manifest.get("audiences", ()) if a["name"] == expression.strip()), None)
    tree = index.condition(expression).tree
    answer = {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "audience": expression, "customer_id": found,
        "redirected_from": customer_id if found != customer_id else None, "member": member,
        "condition": to_text(written(tree)), "stale": (entry or {}).get("stale"), "tree": None, "decisive": [],
    }  # fmt: skip
    if tree == InAudience(expression.strip()):
        return answer
    judge = _Judge(index, row, found, _values(snapshot, index, found, tree, unmask=unmask))
    told = judge.part(tree)
    return answer | {"tree": told, "decisive": list(dict.fromkeys(_decisive(told)))}


def _customer(snapshot: Snapshot, index: OpenIndex, customer_id: str) -> tuple[str, int]:
    from huaxiang.app.customer import redirected, search_customers

    for known in (customer_id, redirected(snapshot, customer_id)):
        row = index.index.row_of(known) if known else None
        if known and row is not None:
            return known, row
    told = customer_id.strip() and not snapshot.view  # else it would tell whose a number is, which a search notes
    near = search_customers(snapshot, customer_id, limit=5)["found"] if told else []
    raise UsageError.no_customer(snapshot.id, [hit["customer_id"] for hit in near])


def _values(
    snapshot: Snapshot, index: OpenIndex, customer_id: str, tree: Node, *, unmask: bool
) -> dict[str, dict[str, Any]]:
    """The customer's values of all columns that a condition and the audiences within it read, as they may be shown."""
    from huaxiang.app.provenance import one_row

    row = one_row(snapshot, "customers", "customer_id", customer_id) or {}
    items = items_of(snapshot.manifest)
    found = {}
    for name in sorted(_columns_within(index, tree, set())):
        item = items.get(name) or {"name": name, "value_type": "text"}
        value = row.get(name) if unmask else mask(row.get(name), kind_of(item))
        found[name] = {
            "name": name, "title": item.get("title"), "value": value, **titles_of_value(value, item.get("values")),
            "value_type": item["value_type"], "unit": item.get("unit"),
        }  # fmt: skip
    return found


def _columns_within(index: OpenIndex, tree: Node, seen: set[str]) -> set[str]:
    found: set[str] = set()
    for leaf in leaves(tree):
        found |= set(_columns(leaf))
        if isinstance(leaf, InAudience) and leaf.name not in seen:
            seen.add(leaf.name)
            found |= _columns_within(index, index.audience(leaf.name), seen)
    return found


def _columns(leaf: Node) -> tuple[str, ...]:
    if isinstance(leaf, _COLUMN):
        return (leaf.column,)
    if isinstance(leaf, Raw):
        from huaxiang.plan.predicate import references

        try:
            return tuple(sorted(references(leaf.text).columns))
        except ExpressionError:
            return ()
    return ()


@dataclass(frozen=True)
class _Judge:
    """Tells of one customer what each part of a condition is."""

    index: OpenIndex
    row: int
    customer_id: str
    values: Mapping[str, dict[str, Any]]

    def part(self, node: Node, above: tuple[str, ...] = ()) -> dict[str, Any]:
        """PART_KEYS of a part and of those within it."""
        audience: str | None = None
        inner: tuple[Node, ...] = ()
        if isinstance(node, (And, Or)):
            inner = node.parts
        elif isinstance(node, Not):
            inner = (node.part,)
        elif isinstance(node, Top) and node.among is not None:
            inner = (node.among,)
        elif isinstance(node, InAudience):
            audience = node.name
            tree = self.index.audience(node.name)
            if tree != node and node.name not in above:
                inner, above = (tree,), (*above, node.name)
        measured = self.index.measured(node, self.customer_id) if isinstance(node, Behaviour) else None
        return {
            "kind": _KINDS.get(type(node), "sequence" if type(node).__name__ == "Sequence" else "tag"), "text": to_text(written(node)),
            "state": self._state(node), "values": [self.values[c] for c in _columns(node)], "measured": measured, "audience": audience,
            "parts": [self.part(child, above) for child in inner],
        }  # fmt: skip

    def _state(self, node: Node) -> str:
        if self.index.select_node(node).contains(self.row):
            return "true"
        return "false" if self.index.select_node(Not(node)).contains(self.row) else "unknown"


def _decisive(told: Mapping[str, Any]) -> Iterator[str]:
    """The innermost parts that make a part what it is."""
    parts = told["parts"]
    if told["kind"] in ("all", "any"):
        same = [part for part in parts if part["state"] == told["state"]]
        for part in same or parts:
            yield from _decisive(part)
    elif parts and told["kind"] in ("not", "audience"):
        for part in parts:
            yield from _decisive(part)
    else:
        yield told["text"]
