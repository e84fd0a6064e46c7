"""Persona cards as the build left them."""

from __future__ import annotations

from typing import Any

from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

PERSONA_LIST_KEYS = ("snapshot", "as_of", "sets")


def list_personas(snapshot: Snapshot) -> dict[str, Any]:
    """Return PERSONA_LIST_KEYS; each set has name, title, kind, base_size, note (why it has no cards, else None) and cards
    (segment, name, size, share, worth).
    """
    keys = ("segment", "name", "named_by", "size", "share", "worth")
    sets = [
        {key: group.get(key) for key in ("name", "title", "kind", "base_size", "note")}
        | {"cards": [{key: card.get(key) for key in keys} for card in group["cards"]]}
        for group in snapshot.personas()["sets"]
    ]
    return {"snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "sets": sets}


def show_persona(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Return one card with `set`, `base_size`, `snapshot` and `as_of` added.

    `name` is a segment (`c1`), `set/segment`, or the card's Chinese or English name. Raises UsageError when it is
    unknown, or means cards of several sets.
    """
    cards = [(group, card) for group in snapshot.personas()["sets"] for card in group["cards"]]
    found = [
        (group, card) for group, card in cards
        if name in {card["segment"], f"{group['name']}/{card['segment']}", *card["name"].values()}
    ]  # fmt: skip
    if not found:
        known = [f"{group['name']}/{card['segment']}" for group, card in cards]
        raise UsageError.unknown("persona", name, known)
    if len(found) > 1:
        choices = ", ".join(f"{group['name']}/{card['segment']}" for group, card in found)
        raise UsageError(
            f'"{name}" means several personas; say which: {choices}', f"“{name}”对应多个典型画像，请指明其一：{choices}"
        )
    group, card = found[0]
    added = {"set": group["name"], "base_size": group["base_size"]}
    return dict(card) | added | {"snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"]}
