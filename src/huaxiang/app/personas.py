"""Persona cards as the build left them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huaxiang.app.wiring import find_project
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

PERSONA_LIST_KEYS = ("snapshot", "as_of", "sets")


def list_personas(snapshot: Snapshot) -> dict[str, Any]:
    """Return PERSONA_LIST_KEYS; each set has name, title, kind, base_size, note (why it has no cards, else None) and cards
    (segment, name, size, share, worth, summary as they are worded now; `edited`: how many parts are worded by hand).
    """
    from huaxiang.app.wording import worded

    folder, whole = find_project(snapshot.folder), not getattr(snapshot, "hidden", None)
    keys = ("segment", "name", "named_by", "size", "share", "worth", "summary")
    sets = [
        {key: group.get(key) for key in ("name", "title", "kind", "base_size", "note")}
        | {"cards": [
            {key: card.get(key) for key in keys} | {"edited": len(card["edited"])}
            for card in (worded(folder, one | {"set": group["name"]}, whole=whole) for one in group["cards"])
        ]}
        for group in snapshot.personas()["sets"]
    ]  # fmt: skip
    return {"snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"], "sets": sets}


def show_persona(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """Return one card, as it is worded now (app/wording.py adds `edited` and `fell_away`), with `set`, `base_size`, `snapshot` and `as_of`
    added.

    `name` is a segment (`c1`), `set/segment`, or the card's Chinese or English name. Raises UsageError when it is
    unknown, names a set, or means cards of several sets.
    """
    cards = [(group, card) for group in snapshot.personas()["sets"] for card in group["cards"]]
    found = [
        (group, card) for group, card in cards
        if name in {card["segment"], f"{group['name']}/{card['segment']}", *card["name"].values()}
    ]  # fmt: skip
    of_set = [
        f"{group['name']}/{card['segment']}"
        for group, card in cards
        if name in {group["name"], *group["title"].values()}
    ]
    if not found and of_set:
        choices = ", ".join(of_set)
        raise UsageError(
            f'"{name}" is a set of personas; name one of its cards: {choices}',
            f"“{name}”是一组典型画像，请指明其中一张：{choices}",
        )
    if not found:
        known = [f"{group['name']}/{card['segment']}" for group, card in cards]
        raise UsageError.unknown("persona", name, known)
    if len(found) > 1:
        choices = ", ".join(f"{group['name']}/{card['segment']}" for group, card in found)
        raise UsageError(
            f'"{name}" means several personas; say which: {choices}', f"“{name}”对应多个典型画像，请指明其一：{choices}"
        )
    from huaxiang.app.wording import worded

    group, card = found[0]
    whole = not getattr(snapshot, "hidden", None)
    return worded(find_project(snapshot.folder), original_of(snapshot, group, card), whole=whole)


def show_original(snapshot: Snapshot, set_name: str, segment: str) -> dict[str, Any]:
    """The card as the build made it, without wordings. Raises UsageError for an unknown one."""
    for group in snapshot.personas()["sets"]:
        for card in group["cards"]:
            if (group["name"], card["segment"]) == (set_name, segment):
                return original_of(snapshot, group, card)
    show_persona(snapshot, f"{set_name}/{segment}")
    raise UsageError.unknown("persona", segment, [])


def original_of(snapshot: Snapshot, group: Mapping[str, Any], card: Mapping[str, Any]) -> dict[str, Any]:
    """A card with what it needs to be shown alone."""
    added = {
        "set": group["name"],
        "base_size": group["base_size"],
        "alpha": group.get("alpha"),
        "comparisons": group.get("comparisons"),
    }
    return dict(card) | added | {"snapshot": snapshot.id, "as_of": snapshot.manifest["as_of"]}
