"""The lookup of a published snapshot, open for searches; the last few stay open, shared by all who ask in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huaxiang.index.lookup import Lookup
    from huaxiang.store.snapshots import Snapshot

_OPEN = 3
_opened: OrderedDict[Path, Lookup] = OrderedDict()
_opening = threading.Lock()


def open_lookup(snapshot: Snapshot) -> Lookup | None:
    """Return the lookup of a snapshot; None for one that an older version built."""
    from huaxiang.index.lookup import FOLDER, Lookup

    folder = snapshot.folder / FOLDER
    with _opening:
        found = _opened.get(folder)
        if found is None:
            if not folder.is_dir():
                return None
            try:
                found = _opened[folder] = Lookup.open(folder)
            except ValueError:  # written by another version: searched as if there were none
                return None
            while len(_opened) > _OPEN:
                _opened.popitem(last=False)
        else:
            _opened.move_to_end(folder)
        return found
