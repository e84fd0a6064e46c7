"""Two persona cards side by side, and one card over the snapshots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from huaxiang.app.personas import show_persona
from huaxiang.app.wiring import find_project, open_snapshot, snapshot_store
from huaxiang.errors import HuaxiangError, UsageError
from huaxiang.store.snapshots import Snapshot

COMPARE_KEYS = ("snapshot", "as_of", "cards", "rows")
COMPARED_KEYS = ("set", "segment", "name", "size", "share", "base_size", "worth", "summary")
ROW_KEYS = (
    "section",
    "section_title",
    "kind",
    "tag",
    "tag_title",
    "value",
    "value_title",
    "unit",
    "defines_segment",
    "cells",
)
CELL_KEYS = ("stated", "figure", "base", "index", "low", "high", "n", "missing")
"""A trait of one card: whether the card states it, share or mean, that of the base, TGI or index with its 95 % interval, customers with a
value, share without one. `low`, `high` are None where only the figures are known.
"""
VERSIONS_KEYS = ("set", "segment", "versions")
VERSION_KEYS = ("snapshot", "as_of", "name", "size", "share", "base_size", "worth", "statements", "new", "gone")
MOST_VERSIONS = 30


def compare_personas(snapshot: Snapshot, left: str, right: str) -> dict[str, Any]:
    """Return COMPARE_KEYS: both cards (COMPARED_KEYS) and a row (ROW_KEYS) for every trait that one of them states, the largest difference
    first in each section; `cells`: CELL_KEYS for left and right, None where it can't be computed. What a card does not state is computed
    from its customers. Raises UsageError for unknown cards, or the same card twice.
    """
    cards = [show_persona(snapshot, left), show_persona(snapshot, right)]
    if (cards[0]["set"], cards[0]["segment"]) == (cards[1]["set"], cards[1]["segment"]):
        raise UsageError("choose two different cards to compare", "请选择两张不同的画像卡片进行对比")
    conditions = [condition_of(snapshot, card) for card in cards]
    traits: dict[tuple[str, str | None], dict[str, Any]] = {}
    for at, card in enumerate(cards):
        for section in card["sections"]:
            for one in section["statements"]:
                if one.get("kind") in ("share", "mean"):
                    row = traits.setdefault((one["tag"], one["value"]), _row(section, one))
                    row["cells"][at] = _stated(one)
    found = _Figures(snapshot, conditions)
    for (tag, value), row in traits.items():
        for at in (0, 1):
            row["cells"][at] = row["cells"][at] or found.cell(at, row["kind"], tag, value)
    order = list(dict.fromkeys(row["section"] for row in traits.values()))
    rows = sorted(traits.values(), key=lambda row: (order.index(row["section"]), -_gap(row["cells"])))
    return {
        "snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"],
        "cards": [{key: card.get(key) for key in COMPARED_KEYS} for card in cards], "rows": rows,
    }  # fmt: skip


def persona_versions(
    snapshot: Snapshot, set_name: str, segment: str, see: Callable[[Snapshot], Snapshot] = lambda one: one
) -> dict[str, Any]:
    """Return VERSIONS_KEYS: the card in each snapshot that has it, newest first (VERSION_KEYS); `new` and `gone`: statements (texts) that
    came and went against the version before. `see`: a snapshot as the caller may see it. Raises UsageError for a card that the snapshot
    does not have.
    """
    show_persona(snapshot, f"{set_name}/{segment}")
    folder = find_project(snapshot.folder)
    cards = []
    for info in snapshot_store(folder).list()[:MOST_VERSIONS]:
        with suppress(HuaxiangError), open_snapshot(folder, info.id) as one:
            cards += [(one.id, str(one.manifest["as_of"]), *found) for found in _card(see(one), set_name, segment)]
    versions = []
    for at, (snapshot_id, as_of, base, card) in enumerate(cards):
        before = _said(cards[at + 1][3]) if at + 1 < len(cards) else None
        now = _said(card)
        versions.append({
            "snapshot": snapshot_id, "as_of": as_of, "name": card["name"], "size": card["size"], "share": card["share"],
            "base_size": base, "worth": card.get("worth"), "statements": len(now),
            "new": [text for key, text in now.items() if before is not None and key not in before],
            "gone": [text for key, text in (before or {}).items() if key not in now],
        })  # fmt: skip
    return {"set": set_name, "segment": segment, "versions": versions}


def _card(snapshot: Snapshot, set_name: str, segment: str) -> list[tuple[int, Mapping[str, Any]]]:
    return [
        (group["base_size"], card)
        for group in snapshot.personas()["sets"]
        if group["name"] == set_name
        for card in group["cards"]
        if card["segment"] == segment
    ]


def _said(card: Mapping[str, Any]) -> dict[str, Any]:
    return {
        one["id"]: one["text"]
        for section in card["sections"]
        for one in section["statements"]
        if one.get("kind", "advice") != "advice"
    }


def condition_of(snapshot: Snapshot, card: Mapping[str, Any]) -> str | None:
    """The condition that the customers of a card meet; None when the project's files no longer tell."""
    from huaxiang.app.tag_market.projects import project_now

    with suppress(HuaxiangError):
        spec = project_now(find_project(snapshot.folder)).personas.get(card["set"])
        if spec is not None and spec.clustering is not None:
            return f"{spec.clustering} = '{card['segment']}'"
        if spec is not None and card["segment"] in spec.audiences:
            return str(card["segment"])
    return None


def _row(section: Mapping[str, Any], one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "section": section["id"], "section_title": section["title"], "kind": one["kind"], "tag": one["tag"], "tag_title": one["tag_title"],
        "value": one["value"], "value_title": one["value_title"], "unit": one["unit"], "defines_segment": one["defines_segment"],
        "cells": [None, None],
    }  # fmt: skip


def _stated(one: Mapping[str, Any]) -> dict[str, Any]:
    mean = one["kind"] == "mean"
    index = "index" if mean else "tgi"
    return {
        "stated": True, "figure": one["mean_segment" if mean else "share_segment"], "base": one["mean_base" if mean else "share_base"],
        "index": one[index], "low": one[f"{index}_low"], "high": one[f"{index}_high"], "n": one["n_segment"],
        "missing": one["missing_segment"],
    }  # fmt: skip


def _gap(cells: Sequence[Mapping[str, Any] | None]) -> float:
    indices = [cell["index"] if cell and cell["index"] is not None else 100.0 for cell in cells]
    return abs(float(indices[0]) - float(indices[1]))


class _Figures:
    """Figures of the customers of two cards, each tag asked for once."""

    def __init__(self, snapshot: Snapshot, conditions: Sequence[str | None]) -> None:
        self._snapshot = snapshot
        self._conditions = conditions
        self._known: dict[tuple[int, str, str], Mapping[str, Any] | None] = {}

    def cell(self, at: int, kind: str, tag: str, value: str | None) -> dict[str, Any] | None:
        """The figures of a trait that a card does not state; None when they can't be had."""
        key = (at, kind, tag)
        if key not in self._known:
            self._known[key] = self._ask(at, kind, tag)
        found = self._known[key]
        if found is None:
            return None
        return _mean_cell(found) if kind == "mean" else _share_cell(found, value)

    def _ask(self, at: int, kind: str, tag: str) -> Mapping[str, Any] | None:
        from huaxiang.app.audiences.describing import breakdown
        from huaxiang.app.audiences.figures import numbers

        condition = self._conditions[at]
        if condition is None:
            return None
        with suppress(HuaxiangError):  # a tag that can't be broken down has no figure here
            if kind == "mean":
                return numbers(self._snapshot, condition, tag)
            return dict(breakdown(self._snapshot, condition, [tag], limit=200)["tags"][0])
        return None


def _mean_cell(found: Mapping[str, Any]) -> dict[str, Any] | None:
    base = found.get("base") or {}
    if found["mean"] is None or not base.get("mean"):
        return None
    everyone = found["known"] + found["missing"]
    return {
        "stated": False, "figure": found["mean"], "base": base["mean"], "index": round(100 * found["mean"] / base["mean"], 2),
        "low": None, "high": None, "n": found["known"], "missing": found["missing"] / everyone if everyone else None,
    }  # fmt: skip


def _share_cell(found: Mapping[str, Any], value: str | None) -> dict[str, Any] | None:
    wanted = str(value).lower()
    one = next((one for one in found["values"] if str(one["value"]).lower() == wanted), None)
    if one is None:
        return None
    everyone = found["known"] + found["missing"]
    return {
        "stated": False, "figure": one["share"], "base": one["base_share"], "index": one["tgi"], "low": one["tgi_low"],
        "high": one["tgi_high"], "n": found["known"], "missing": found["missing"] / everyone if everyone else None,
    }  # fmt: skip
