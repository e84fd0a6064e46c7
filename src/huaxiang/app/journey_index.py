"""The journey index of a snapshot: written once beside the snapshots, by whoever serves them, and mapped by every process.

It holds nothing that the snapshot doesn't, and may be gone at any time: without it the engine reads the rows. Only the whole index of a
source has a name that is looked for, so that none is read before it is whole; who writes it holds a lock, which ends with its process.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from huaxiang.app.conditions import sources_in
from huaxiang.app.wiring import find_project, snapshot_store
from huaxiang.store.atomic import sync_tree
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray
    from sqlglot import exp

    from huaxiang.engines.members import MemberReader
    from huaxiang.index.journeys import SourceJourneys

FOLDER = "journeys"
LEAST = 300_000
"""Rows of dated sources from which on a snapshot gets an index; the engine reads fewer quickly enough."""
_APART = 2_000_000
"""From so many on it is written by a process of its own, which leaves no memory behind."""
_FIRST = ("order", "event", "interaction")
_OPEN = 2
_KEPT = 16
_KEPT_BYTES = 256 << 20
_LOCK = ".lock"
_UNFINISHED = ".unfinished"
log = logging.getLogger(__name__)


class OpenJourneys:
    """The journey index of one snapshot, as far as it is written. Safe to use from several threads."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._folder = folder_of(snapshot)
        self._rows = {table["name"]: table["rows"] for table in snapshot.manifest["tables"]}
        self._customers = int(snapshot.manifest["customers"])
        self._sources: dict[str, SourceJourneys] = {}
        self._masks: OrderedDict[tuple[str, str], NDArray[np.bool_]] = OrderedDict()
        self._lock = threading.Lock()

    def source(self, name: str) -> SourceJourneys | None:
        """The journeys of a source, None where they are not written."""
        found = self._sources.get(name)
        if found is None and (self._folder / name).is_dir():
            from huaxiang.index.journeys import SourceJourneys

            try:
                found = SourceJourneys.open(self._folder / name)
            except (OSError, ValueError):
                return None
            if (found.layout.customers, found.layout.rows) != (self._customers, self._rows.get(f"source_{name}")):
                return None
            self._sources[name] = found
        return found

    def kept(self, name: str, met: exp.Expression, reader: MemberReader) -> NDArray[np.bool_]:
        """Which events of a source meet a condition over its fields, which was checked for who asks: kept, the last few."""
        import numpy as np

        key = name, met.sql("duckdb")
        with self._lock:
            if key in self._masks:
                self._masks.move_to_end(key)
                return self._masks[key]
        journeys = self._sources[name]
        fields = sorted({column.name for column in _columns(met)})
        if len(fields) == 1 and journeys.has(fields[0]):
            found = reader.truths(met, fields[0], journeys.values(fields[0]))[journeys.codes(fields[0])]
        else:
            rows = np.zeros(self._rows[f"source_{name}"], dtype=np.bool_)
            rows[reader.places(f"source_{name}", met)] = True
            found = rows[journeys.rows]
        with self._lock:
            self._masks[key] = found
            while len(self._masks) > 1 and (
                len(self._masks) > _KEPT or sum(mask.nbytes for mask in self._masks.values()) > _KEPT_BYTES
            ):
                self._masks.popitem(last=False)
        return found


def _columns(tree: exp.Expression) -> Iterator[exp.Column]:
    from sqlglot import exp

    return tree.find_all(exp.Column)


def open_journeys(snapshot: Snapshot) -> OpenJourneys:
    """The journey index of a snapshot as far as it is written; those of the last few snapshots stay open."""
    with _opening:
        found = _opened.get(snapshot.folder)
        if found is None:
            found = _opened[snapshot.folder] = OpenJourneys(snapshot)
            while len(_opened) > _OPEN:
                _opened.popitem(last=False)
        _opened.move_to_end(snapshot.folder)
        return found


def folder_of(snapshot: Snapshot) -> Path:
    """Where the journey index of a snapshot lies."""
    return find_project(snapshot.folder) / ".huaxiang" / FOLDER / snapshot.id


def dated(snapshot: Snapshot) -> dict[str, int]:
    """The sources of the whole snapshot that have an index, those that are asked about most first, and how many rows each has."""
    rows = {table["name"]: int(table["rows"]) for table in snapshot.manifest["tables"]}
    known = sources_in(snapshot.manifest)
    found = [s for s in snapshot.manifest.get("sources", ()) if s["name"] in known and known[s["name"]].time]
    found.sort(key=lambda s: _FIRST.index(s.get("entity")) if s.get("entity") in _FIRST else len(_FIRST))
    return {s["name"]: rows[f"source_{s['name']}"] for s in found if f"source_{s['name']}" in rows}


def prepare_journeys(snapshot: Snapshot, least: int = LEAST) -> bool:
    """See to it that the snapshot (a whole one) has its index, if it is large; return whether it has it now.

    A large one is written by a process of its own with low priority, which is waited for. Nothing is raised: without an index all
    questions are answered too. Indexes of snapshots that are gone are removed.
    """
    sources = dated(snapshot)
    enough = sum(sources.values()) >= least
    _forget(snapshot, keep_last=enough)
    if not enough:
        return False
    held = open_journeys(snapshot)
    if any(held.source(name) is None for name in sources):
        if sum(sources.values()) < _APART:
            with suppress(OSError):  # a disk that is full, or can't be written to
                write_journeys(snapshot)
        else:
            ended = _write_apart(snapshot)
            lacking = [name for name in sources if held.source(name) is None]
            if lacking:
                log.warning("no journey index of %s: %s", ", ".join(lacking), ended or "the rows can't be laid out")
    return all(held.source(name) is not None for name in sources)


def _write_apart(snapshot: Snapshot) -> str | None:
    """Write the index in a process of its own; tell how that failed. What it says is not read: it may hold values."""
    command = [sys.executable, "-P", "-m", __name__, str(find_project(snapshot.folder)), snapshot.id]
    quiet = subprocess.DEVNULL
    try:
        code = subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet, check=False).returncode
    except OSError as error:  # no room for a process
        return type(error).__name__
    return None if not code else f"its process ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}"


def write_journeys(snapshot: Snapshot) -> None:
    """Write what is missing of the index of a whole snapshot; a source whose rows can't be laid out has none. Waits while another process
    does so. Raises OSError.
    """
    folder = folder_of(snapshot)
    with _turn(folder.parent):
        folder.mkdir(exist_ok=True)
        end = date.fromisoformat(str(snapshot.manifest["as_of"])[:10]) + timedelta(days=1)
        until = (end - date(1970, 1, 1)).days * 86_400_000_000
        ids, there = _ids(snapshot), OpenJourneys(snapshot)
        for name in dated(snapshot):
            if there.source(name) is None:
                _write_source(snapshot, name, ids, until)


def _write_source(snapshot: Snapshot, name: str, ids: pa.Array, until: int) -> None:
    """Write the index of one source, in the place of one that can't be used."""
    from huaxiang.index.journeys.build import Table, build_journeys

    folder = folder_of(snapshot)
    unfinished = folder / _UNFINISHED
    fields = sources_in(snapshot.manifest)[name]
    if fields.time is None:
        return
    for left in (unfinished, folder / name):  # what a process left that was killed, or another version wrote
        shutil.rmtree(left, ignore_errors=True)
    texts = [field for field, kind in fields.types.items() if kind == "VARCHAR" and field != "customer_id"]
    try:
        build_journeys(Table(snapshot.table(f"source_{name}"), fields.time, texts), ids, until, unfinished)
        sync_tree(unfinished)
        unfinished.rename(folder / name)
    except Exception as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not isinstance(error, (ValueError, ArithmeticError)):
            raise
        log.warning("no journey index of %s: %s", name, type(error).__name__)


def _forget(snapshot: Snapshot, *, keep_last: bool) -> None:
    """Remove the indexes of snapshots that are gone, and of those before this one; the last of these stays if `keep_last`."""
    folder = folder_of(snapshot)
    if not folder.parent.is_dir():
        return
    written = sorted(path for path in folder.parent.iterdir() if path.is_dir())
    # only then the snapshots: one that is published meanwhile is among them, if its index is among these
    kept = {path.name for path in snapshot.folder.parent.iterdir()}
    before = [path for path in written if path.name < folder.name and path.name in kept]
    for path in written:
        if path.name not in kept or path in (before[:-1] if keep_last else before):
            shutil.rmtree(path, ignore_errors=True)


def _ids(snapshot: Snapshot) -> pa.Array:
    import pyarrow.parquet as pq

    return pq.read_table(snapshot.table("customers"), columns=["customer_id"]).column(0).combine_chunks()


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Nobody else writes an index of this project meanwhile; waits for whoever does."""
    folder.mkdir(exist_ok=True)
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


_opened: OrderedDict[Path, OpenJourneys] = OrderedDict()
_opening = threading.Lock()


if __name__ == "__main__":
    os.nice(10)
    with snapshot_store(Path(sys.argv[1])).open(sys.argv[2]) as served:
        write_journeys(served)
