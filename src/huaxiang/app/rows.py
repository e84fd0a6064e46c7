"""Rows of single customers out of the tables of a snapshot; the last few snapshots stay open, shared by all who ask in this process."""

from __future__ import annotations

import atexit
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from huaxiang.app.wiring import owned_rows

if TYPE_CHECKING:
    from huaxiang.engines.owned import OwnedRows
    from huaxiang.store.snapshots import Snapshot

_KEPT = 3
_opened: OrderedDict[Path, OwnedRows] = OrderedDict()
_opening = threading.Lock()
atexit.register(_opened.clear)  # connections want to be freed before the interpreter ends


def rows_of(snapshot: Snapshot) -> OwnedRows:
    """The tables of a snapshot, for the rows of single customers."""
    with _opening:
        found = _opened.get(snapshot.folder)
        if found is None:
            tables = {t["name"]: snapshot.table(t["name"]) for t in snapshot.manifest["tables"]}
            found = _opened[snapshot.folder] = owned_rows(tables, snapshot.folder)
            while len(_opened) > _KEPT:
                _opened.popitem(last=False)
        else:
            _opened.move_to_end(snapshot.folder)
        return found
