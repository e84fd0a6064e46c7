"""What a server holds open: the served snapshot with its index, and the next one, opened and warmed before it takes over.

The pointer file says which snapshot is served. `refresh` looks at it; a new snapshot is opened beside the old, answers once what was
asked of the old, and only then takes its place, so that nobody waits for it and nobody is cut off.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.audiences.staleness import stale_in
from huaxiang.app.wiring import open_snapshot, snapshot_store
from huaxiang.errors import HuaxiangError, SnapshotError, UsageError
from huaxiang.plan.conditions import (
    Behaviour,
    InAudience,
    InList,
    IsNull,
    ListMatch,
    Node,
    Raw,
    Sample,
    Sequence,
    TextMatch,
    Top,
    leaves,
)

if TYPE_CHECKING:
    from huaxiang.app.audience_index import OpenIndex
    from huaxiang.app.field_rights import RoleFields
    from huaxiang.index import Bits
    from huaxiang.store.snapshots import Snapshot

When = str | Mapping[str, object]
_ANSWERS = 10_000
_ROLES = 10
_WARMED = 300
_OLDER = 3
_LONG = 4_000
log = logging.getLogger(__name__)


class NoSnapshot(SnapshotError):
    """There is nothing to answer from."""


class Served:
    """One snapshot that is served, with its index where it has one. Answers are kept: a snapshot never changes."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.index = _index_of(snapshot)
        self._counts: OrderedDict[str, int] = OrderedDict()
        self._quick: OrderedDict[str, bool] = OrderedDict()
        self._views: dict[str, tuple[RoleFields, Served]] = {}
        self._lock = threading.Lock()

    @property
    def base(self) -> int:
        """How many customers there are."""
        return int(self.snapshot.manifest["customers"])

    def seen_at_once(self, fields: RoleFields) -> Served | None:
        """`seen_by` where it was asked before, else None."""
        found = self._views.get(fields.digest)
        return found[1] if found is not None else None

    def follow(self, before: Served) -> None:
        """Count what was asked of another snapshot, by whomever, so that it is known here."""
        self.warm(before.asked())
        for fields, view in list(before._views.values()):
            own = self.seen_by(fields)
            if own is not self and view is not before:
                own.warm(view.asked())

    def seen_by(self, fields: RoleFields) -> Served:
        """The snapshot as a role sees it; itself where nothing is kept from the role."""
        found = self.seen_at_once(fields)
        if found is None:
            from huaxiang.app.field_rights import view_of

            view = view_of(self.snapshot, fields)
            found = self if view is self.snapshot else Served(view)
            with self._lock:
                self._views[fields.digest] = fields, found
                while len(self._views) > _ROLES:
                    self._views.pop(next(iter(self._views)))
        return found

    def is_quick(self, when: When) -> bool:
        """Whether a count can be told at once, without asking the engine: kept, or computed from the columns of the index.

        Raises as `OpenIndex.condition` does.
        """
        if self.index is None or (isinstance(when, str) and len(when) > _LONG):
            return False
        key = key_of(when)
        with self._lock:
            if key in self._counts:
                return True
            known = self._quick.get(key)
        if known is None:
            tree = self.index.checked(when).tree
            known = all(_in_columns(leaf, self.index) for leaf in _leaves(tree, self.index))
            if self.index.is_lasting(when):
                with self._lock:
                    _keep(self._quick, key, known)
        return known

    def count(self, when: When) -> dict[str, Any]:
        """Return COUNT_KEYS of `app.audience` for a condition: the name of an audience, SQL text, or a tree.

        Raises ExpressionError, or UsageError for an unknown audience or list.
        """
        begin = time.perf_counter()
        key = key_of(when)
        with self._lock:
            found = self._counts.get(key)
        if found is None:
            found = self._count(when)
            if self._lasts(when):
                with self._lock:
                    _keep(self._counts, key, found)
        elapsed = round((time.perf_counter() - begin) * 1000, 3)
        return {
            "count": found,
            "base": self.base,
            "snapshot": self.snapshot.id,
            "elapsed_ms": elapsed,
            "stale": self.stale(when),
        }

    def stale(self, *conditions: When | None) -> list[dict[str, Any]]:
        """The audiences with members of before that conditions read (`app.audiences.staleness`)."""
        return stale_in(self.snapshot, *conditions)

    def select(self, when: When) -> Bits:
        """The customers who meet a condition, as a set of the index. Raises UsageError when the snapshot has none."""
        return self.need_index().select(when)

    def need_index(self) -> OpenIndex:
        """The index. Raises UsageError for a snapshot that an older version built."""
        if self.index is None:
            raise UsageError(
                f"snapshot {self.snapshot.id} has no audience index: an older version built it; run `huaxiang build`",
                f"快照 {self.snapshot.id} 由旧版本构建，没有人群索引；请运行 huaxiang build",
            )
        return self.index

    def asked(self) -> list[str]:
        """The conditions that were counted last, as texts."""
        with self._lock:
            return [key for key in list(self._counts)[-_WARMED:] if not key.startswith("{")]

    def warm(self, conditions: list[str]) -> None:
        """Count conditions that were asked of another snapshot, so that they are known here; what this one can't answer is left out.

        Takes half of the time only: those who ask meanwhile come first.
        """
        for when in conditions:
            begin = time.perf_counter()
            with suppress(HuaxiangError):
                if self.is_quick(when):
                    self.count(when)
            time.sleep(time.perf_counter() - begin)

    def _count(self, when: When) -> int:
        if self.index is not None:
            return self.index.count(when)
        from huaxiang.app.audience import count_audience

        return int(
            count_audience(self.snapshot, when if isinstance(when, str) else _text(self.snapshot, when))["count"]
        )

    def _lasts(self, when: When) -> bool:
        """Whether an answer holds as long as the snapshot does: lists can be uploaded anew, audiences saved once more."""
        if self.index is None:
            return True
        if not self.index.is_lasting(when):
            return False
        parts = _leaves(self.index.condition(when).tree, self.index)
        return not any(isinstance(leaf, (InList, Raw)) for leaf in parts)


class Serving:
    """The snapshots of one project as a server holds them. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._store = snapshot_store(folder)
        self._current: Served | None = None
        self._older: OrderedDict[str, Served] = OrderedDict()
        self._lock = threading.Lock()
        self._problem: SnapshotError | None = None

    @property
    def current(self) -> Served:
        """The served snapshot. Raises NoSnapshot before the first build, or when it can't be read."""
        if self._current is None:
            if self._problem is not None:
                raise NoSnapshot(str(self._problem), self._problem.zh)
            raise NoSnapshot("no snapshot yet; run `huaxiang build` first", "还没有快照；先运行 huaxiang build")
        return self._current

    @property
    def ready(self) -> bool:
        """Whether there is a snapshot to answer from."""
        return self._current is not None

    def refresh(self) -> bool:
        """Take over what the pointer names, when that has changed; say whether it has. A snapshot that can't be read leaves the old one."""
        with self._lock:
            before = self._current
            try:
                name = self._store.current_id()
                if name is None or (before is not None and before.snapshot.id == name):
                    return False
                served = Served(self._store.current())
            except SnapshotError as error:
                self._problem = error
                if before is not None:
                    log.warning("the new snapshot can't be read; the one of before is still served")
                return False
            if before is not None:
                served.follow(before)
            self._current = served
            return True

    def open(self, which: str) -> Served:
        """The snapshot of an ID, its beginning, or a date. Raises UsageError or SnapshotError."""
        if self._current is not None and self._current.snapshot.id == which:
            return self._current
        with self._lock:
            if which in self._older:
                self._older.move_to_end(which)
                return self._older[which]
        snapshot = open_snapshot(self.folder, which)
        if self._current is not None and self._current.snapshot.id == snapshot.id:
            return self._current
        with self._lock:
            served = self._older.get(snapshot.id) or Served(snapshot)
            self._older[snapshot.id] = served
            while len(self._older) > _OLDER:
                self._older.popitem(last=False)
        return served


def key_of(when: When) -> str:
    """A text that stands for a condition, however its tree was written down."""
    return when.strip() if isinstance(when, str) else json.dumps(when, sort_keys=True, ensure_ascii=False, default=str)


def _index_of(snapshot: Snapshot) -> OpenIndex | None:
    from huaxiang.app.audience_index import FOLDER, open_index

    return open_index(snapshot) if (snapshot.folder / FOLDER).is_dir() else None


def _text(snapshot: Snapshot, when: Mapping[str, object]) -> str:
    from huaxiang.app.audience import column_types
    from huaxiang.app.conditions import condition_text

    return condition_text(when, column_types(snapshot.manifest))


def _keep(held: OrderedDict[str, Any], key: str, value: object) -> None:
    held[key] = value
    while len(held) > _ANSWERS:
        held.popitem(last=False)


def _leaves(node: Node, index: OpenIndex) -> Iterator[Node]:
    """The parts of a condition and of the audiences that it names, each audience once."""
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        for leaf in leaves(waiting.pop()):
            if not isinstance(leaf, InAudience):
                yield leaf
            elif leaf.name not in seen and index.members(leaf.name) is None:
                seen.add(leaf.name)
                waiting.append(index.audience(leaf.name))


def _in_columns(leaf: Node, index: OpenIndex) -> bool:
    """Whether the columns of the index answer a part of a condition."""
    if isinstance(leaf, Top):
        return True
    if isinstance(leaf, (Raw, Behaviour, Sequence, InList, Sample)) or not hasattr(leaf, "column"):
        return False
    field = index.index.fields.get(leaf.column)
    if field is None:  # the customer ID is no column of the index
        return False
    kind = field.kind
    if isinstance(leaf, ListMatch):
        return kind == "list"
    return isinstance(leaf, IsNull) or kind == "codes" or (kind == "wide" and not isinstance(leaf, TextMatch))
