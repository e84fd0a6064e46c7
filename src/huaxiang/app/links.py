"""The links of a published snapshot; the last few stay open, shared by all who ask in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huaxiang.index.links import Links
    from huaxiang.store.snapshots import Snapshot

_KEPT = 3
_opened: OrderedDict[Path, Links | None] = OrderedDict()
_opening = threading.Lock()


def open_links(snapshot: Snapshot) -> Links | None:
    """Which records and evidence are whose; None for a snapshot that an older version built."""
    from huaxiang.index.links import FOLDER, Links

    folder = snapshot.folder / FOLDER
    with _opening:
        if folder not in _opened:
            _opened[folder] = Links.open(folder)
            while len(_opened) > _KEPT:
                _opened.popitem(last=False)
        _opened.move_to_end(folder)
        return _opened[folder]
