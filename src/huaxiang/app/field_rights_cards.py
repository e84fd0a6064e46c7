"""Persona cards without what a role must not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_TEXT: Mapping[str, str] = {"zh": "", "en": ""}


def visible_sets(
    sets: Sequence[Mapping[str, Any]], hidden: frozenset[str], manifest: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The persona sets whose segments don't tell a hidden field, with the statements that don't speak of one."""
    if not hidden:
        return [dict(one) for one in sets]
    audiences = {item["name"] for item in manifest.get("audiences", ())}
    kept = []
    for one in sets:
        of = {str(one["name"]), str(one.get("clustering")), str(one.get("tag"))}
        if of & hidden:
            continue
        cards = [card for card in one["cards"] if one.get("kind") != "audiences" or str(card["segment"]) in audiences]
        kept.append({**one, "cards": [_card(card, hidden) for card in cards], "left_out": []})
    return kept


def _card(card: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, Any]:
    """A card without statements about hidden fields; with a plain name and no summary, where these may tell of such a one."""
    sections, gone = [], False
    dropped: set[str] = set()
    for section in card["sections"]:
        statements = []
        for one in section["statements"]:
            if one.get("tag") in hidden or dropped & set(one.get("because") or ()):
                dropped.add(str(one.get("id")))
            else:
                statements.append(one)
        gone = gone or len(statements) < len(section["statements"])
        sections.append({**section, "statements": statements})
    kept = {**card, "sections": sections}
    if (kept.get("worth") or {}).get("tag") in hidden:
        kept["worth"] = None
    if gone:
        kept |= {"summary": dict(_TEXT), "unknown": []}
    if gone and card.get("named_by") == "rule":
        kept["name"] = {"zh": f"分群 {card['segment']}", "en": f"Segment {card['segment']}"}
    return kept
