"""Definitions of all tags and audiences, for those who want to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huaxiang.app.audience import definition_text
from huaxiang.app.report.figures import Desk, Table


@dataclass(frozen=True)
class Definition:
    """How one tag is made. `sql` is empty when the snapshot does not keep it or another tag showed the same."""

    name: str
    title: str
    description: str
    kind: str
    definition: str
    window: str
    coverage: str
    place: str
    sql: str


def definitions(desk: Desk) -> list[tuple[str, list[Definition]]]:
    """Definitions of the online tags and of the attributes, grouped by class in the order they first appear."""
    words = desk.words
    groups: dict[str, list[Definition]] = {}
    shown: set[str] = set()
    for tag in desk.book.tags:
        entry = tag.entry
        sql = str(entry.get("sql") or "").strip()
        fresh = sql not in shown
        shown.add(sql)
        definition = Definition(
            tag.name, tag.title, words.pick(entry.get("description")), words.known("kind", tag.kind), str(entry.get("definition") or ""),
            _window(desk, entry), words.percent(entry.get("coverage")), str(entry.get("place") or ""), sql if fresh else "",
        )  # fmt: skip
        groups.setdefault(words.known("class", tag.class_), []).append(definition)
    found = [
        Definition(
            tag.name, tag.title, "", words("kind.attribute"), str(tag.entry.get("expression") or ""), "–",
            words.percent(tag.entry.get("coverage")), str(tag.entry.get("place") or ""), "",
        )
        for tag in desk.book.attributes
    ]  # fmt: skip
    return [*groups.items(), *([(words("appendix.attributes"), found)] if found else [])]


def _window(desk: Desk, entry: Mapping[str, Any]) -> str:
    window = str(entry.get("window") or "")
    if not window:
        return desk.words("appendix.all_time") if entry.get("kind") == "statistic" else "–"
    return window


def _definition(desk: Desk, manifest: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """The condition as text, and what is to be known of its members: frozen, or invalid and of an earlier day."""
    told = definition_text(manifest, one)
    if one.get("stale"):
        return f"{told}  ⚠ {desk.words('appendix.stale', as_of=one['stale']['as_of'])}"
    frozen = one.get("frozen")
    return f"{told}  ({desk.words('appendix.frozen', day=frozen['at'])})" if frozen else told


def audiences_table(desk: Desk, manifest: Mapping[str, Any]) -> Table:
    """Rule audiences with size, share and definition."""
    words = desk.words
    rows = [
        (
            words.pick(one.get("title"), one["name"]), words.count(one.get("size")), words.percent(one.get("share")),
            _definition(desk, manifest, one),
        )
        for one in manifest.get("audiences", ())
    ]  # fmt: skip
    head = ("appendix.head.audience", "figure.customers", "figure.share_of_customers", "appendix.head.definition")
    return Table(tuple(words(key) for key in head), tuple(rows))
