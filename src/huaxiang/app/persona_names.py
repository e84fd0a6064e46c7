"""What the segments of a snapshot are called: the names of their personas, kept for the last few snapshots."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from huaxiang.store.snapshots import Snapshot

_KEPT = 6
_cards: OrderedDict[tuple[Path, str], Mapping[str, Mapping[str, Any]]] = OrderedDict()
_keeping = threading.Lock()


def persona_names(snapshot: Snapshot) -> Mapping[str, Mapping[str, Any]]:
    """Clustering → cluster → name of its persona, as far as who asks may see them."""
    key = (snapshot.folder, snapshot.view)
    with _keeping:
        if key in _cards:
            return _cards[key]
    known: dict[str, Mapping[str, Any]] = {g["name"]: {} for g in snapshot.manifest.get("clusterings", ())}
    found = known | {s["name"]: {c["segment"]: c["name"] for c in s["cards"]} for s in snapshot.personas()["sets"]}
    with _keeping:
        _cards[key] = found
        while len(_cards) > _KEPT:
            _cards.popitem(last=False)
    return found
