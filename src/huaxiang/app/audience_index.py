"""The audience index of a published snapshot, open for questions: conditions in, sets of customers out.

What the index can't answer from columns (behaviour, sequences, lists, samples, free expressions) is asked of the engine over the
snapshot's tables, once, and kept.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from huaxiang.app.audience import column_types
from huaxiang.app.condition_names import name_fault
from huaxiang.app.conditions import check_masked, sources_in
from huaxiang.app.wiring import find_project, member_reader, snapshot_store
from huaxiang.errors import ExpressionError, NotKnown, UsageError
from huaxiang.plan import sql
from huaxiang.plan.behaviour import SourceRows, sample_condition
from huaxiang.plan.condition_text import to_text, written
from huaxiang.plan.conditions import (
    PART,
    And,
    Behaviour,
    InAudience,
    InList,
    Node,
    Not,
    Or,
    Raw,
    Sample,
    Sequence,
    Top,
    leaves,
)
from huaxiang.plan.expr import IN_AUDIENCE, bind_as_of
from huaxiang.plan.predicate import audiences_of, parse_condition, read_condition
from huaxiang.plan.relative_dates import dated
from huaxiang.store.lists import list_file, list_members, list_version
from huaxiang.store.snapshots import Snapshot

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from huaxiang.engines.members import MemberReader
    from huaxiang.index import AudienceIndex, Bits

    Flags = npt.NDArray[np.int8]

FOLDER = "index"
AUDIENCES = "audiences"
PIN = "@"
"""Between the name of a list and its version."""
_OPEN = 2
_VIEWS = 8
_TEXTS = 2_000
When = str | Mapping[str, object]


@dataclass(frozen=True)
class Asked:
    """A checked condition with relative days put in, and the audiences and lists that it names (sorted)."""

    tree: Node
    audiences: tuple[str, ...]
    lists: tuple[str, ...] = ()


class OpenIndex:
    """The index of one snapshot, which stays whole on disk for as long as this is open. Safe to use from several threads."""

    def __init__(self, snapshot: Snapshot, index: AudienceIndex) -> None:
        self.snapshot = snapshot
        self.index = index
        self._schema = column_types(snapshot.manifest), sources_in(snapshot.manifest)
        self._conditions: OrderedDict[str | tuple[str, str], Asked] = OrderedDict()
        self._lock = threading.Lock()
        self._audiences = {item["name"]: item for item in snapshot.manifest.get("audiences", ())}
        self._members: dict[str, Bits] = {}
        self._views: dict[str, OpenIndex] = {}

    def seen_as(self, view: Snapshot) -> OpenIndex:
        """The same index, asked by somebody who sees the snapshot as `view` does."""
        found = self._views.get(view.view)
        if found is None:
            found = self._views[view.view] = OpenIndex(view, self.index)
            while len(self._views) > _VIEWS:
                self._views.pop(next(iter(self._views)), None)  # another thread may have
        return found

    @property
    def size(self) -> int:
        """How many customers there are."""
        return self.index.size

    def condition(self, when: When) -> Asked:
        """Read and check a condition: the name of a declared audience, SQL text, or a tree. Raises ExpressionError.

        An audience whose members were taken over (frozen, or stale) has no condition of today: it is `in_audience('name')`. One that was
        saved since the build is what the project says.
        """
        unbuilt = self._unbuilt(when.strip()) if isinstance(when, str) else None
        if unbuilt is not None:
            return self._of_unbuilt(str(when).strip(), unbuilt)
        key = when if isinstance(when, str) else ("tree", repr(when))
        with self._lock:
            found = self._conditions.get(key)
        if found is None:
            found = self._read(self._definition(when.strip(), when) if isinstance(when, str) else when)
            if self.snapshot.masked and not (isinstance(when, str) and when.strip() in self._audiences):
                check_masked(found.tree, self.snapshot.masked)
            with self._lock:
                self._conditions[key] = found
                while len(self._conditions) > _TEXTS:
                    self._conditions.popitem(last=False)
        return found

    def _of_unbuilt(self, name: str, when: When) -> Asked:
        try:
            return self.condition(when)
        except ExpressionError:
            if not self.snapshot.view:
                raise
            # what is wrong with it may be a name that is kept from who asks
            raise UsageError.unknown("audience", name, self._audiences) from None

    def is_lasting(self, when: When) -> bool:
        """Whether a condition is the same as long as the snapshot is: audiences that were saved since the build change with the files."""
        if isinstance(when, str) and self._unbuilt(when.strip()) is not None:
            return False
        return all(name in self._audiences for name in self.condition(when).audiences)

    def _read(self, when: When) -> Asked:
        tree = dated(read_condition(when, *self._schema), self._as_of, self._schema[0])
        lists = {leaf.name for leaf in leaves(tree) if isinstance(leaf, InList)}
        return Asked(tree, tuple(sorted(audiences_of(tree))), tuple(sorted(lists)))

    def checked(self, when: When) -> Asked:
        """`condition`, whose audiences and lists are there: NameFault with the place of one that is not."""
        condition = self.condition(when)
        for name in condition.audiences:
            if self.members(name) is None:
                try:
                    self.audience(name)  # must be there for who asks, though others may have been answered
                except NotKnown as error:
                    raise name_fault(when, "audience", name, error) from None
        for name in condition.lists:
            try:
                list_file(find_project(self.snapshot.folder), name)
            except UsageError as error:
                raise name_fault(when, "list", name, error) from None
        return condition

    def select(self, when: When) -> Bits:
        """The customers who meet a condition; of a declared audience its members as the build saved them.

        Raises ExpressionError, or UsageError for an unknown or circular audience or an unknown list.
        """
        found = self._asked(when)
        return self.select_node(found) if isinstance(found, Node) else found

    def count(self, when: When) -> int:
        """How many customers meet a condition: `select(when).count()` without making the set."""
        found = self._asked(when)
        return self.index.count(self._pinned(found), self) if isinstance(found, Node) else found.count()

    def _asked(self, when: When) -> Bits | Node:
        """The saved members of a declared audience, else the condition to answer."""
        if isinstance(when, str):
            saved = self.members(when.strip())
            if saved is not None:
                return saved
        condition = self.checked(when)
        self._check_circle(condition, (when.strip(),) if isinstance(when, str) else ())
        return condition.tree

    def select_node(self, node: Node) -> Bits:
        """The customers who meet a checked condition."""
        return self.index.select(self._pinned(node), self)

    def ids(self, bits: Bits) -> pa.Array:
        """The IDs of a set of customers, ascending."""
        return self.index.ids(bits)

    # what the index asks

    def audience(self, name: str) -> Node:
        """The condition of a declared audience. Raises UsageError for an unknown one."""
        if name not in self._audiences and self._unbuilt(name) is None:
            raise UsageError.unknown("audience", name, self._audiences)
        return self.condition(name).tree

    def _unbuilt(self, name: str) -> When | None:
        """The condition of an audience that was saved since the build; None for any other text."""
        if not name.isidentifier() or name in self._audiences or name in self._schema[0]:
            return None
        from huaxiang.app.audiences.unbuilt import saved_since

        return saved_since(find_project(self.snapshot.folder), name)

    def members(self, name: str) -> Bits | None:
        """The members of a declared audience as the build saved them; None for what is no declared audience."""
        if name not in self._audiences:
            return None
        found = self._members.get(name)
        path = self.snapshot.folder / AUDIENCES / f"{name}.npy"
        if found is None and path.is_file():
            from huaxiang.index import Bits

            found = self._members[name] = Bits.load(path, self.size)
        return found

    def sets(self, part: Node) -> tuple[Bits, Bits]:
        """The customers for whom a part is true, and those for whom it is false, as the engine finds them."""
        from huaxiang.index import Bits

        if isinstance(part, (Behaviour, Sequence)):
            flags = self._behaviour(part)
        elif isinstance(part, InList):
            flags = self._listed(part)
        elif isinstance(part, Sample):
            flags = self._reader.flags(sample_condition(part, sql.column("customer_id")), self.size)
        else:
            flags = self._free(to_text(written(part)))
        return Bits.from_mask(flags == 1), Bits.from_mask(flags == 0)

    def _definition(self, name: str, text: str) -> When:
        """What stands for the name of an audience, or the text itself where it is none."""
        entry = self._audiences.get(name)
        if entry is None:
            return text
        frozen = entry.get("frozen")
        if entry.get("stale") or (frozen and frozen["taken"]) or entry.get("kind") == "sql":
            return f"in_audience('{name}')"
        definition: When = entry["definition"]
        return definition

    def _pinned(self, node: Node) -> Node:
        """The condition with the version of each list at its name, and with that of audiences within an expression: sets are kept until
        one of these is saved anew.
        """
        if not any(isinstance(leaf, (InList, Raw)) for leaf in leaves(node)):
            return node
        match node:
            case And(parts) | Or(parts):
                return type(node)(tuple(self._pinned(part) for part in parts))
            case Not(part):
                return Not(self._pinned(part))
            case Top() if node.among is not None:
                return replace(node, among=self._pinned(node.among))
            case InList(name) if PIN not in name:
                return InList(f"{name}{PIN}{list_version(find_project(self.snapshot.folder), name)}")
            case Raw(text):
                version = self._version(audiences_of(node))
                return Raw(f"{text} /* {version} */") if version else node
        return node

    def _version(self, names: Iterable[str]) -> str:
        """What differs when one of these audiences, or one within, is saved anew before the next build; empty where none was."""
        told: dict[str, str] = {}
        waiting = [name for name in names if name not in self._audiences]
        while waiting:
            name = waiting.pop()
            if name in told:
                continue
            asked = self.condition(name)
            versions = [list_version(find_project(self.snapshot.folder), one) for one in asked.lists]
            told[name] = repr((asked.tree, versions))
            waiting += [one for one in asked.audiences if one not in self._audiences]
        return hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()[:16] if told else ""

    @cached_property
    def _reader(self) -> MemberReader:
        return member_reader({t["name"]: self.snapshot.table(t["name"]) for t in self.snapshot.manifest["tables"]})

    def _behaviour(self, part: Behaviour | Sequence) -> Flags:
        from huaxiang.engines.behaviour_sql import behaviour_sets

        rows = {name: SourceRows(f"source_{name}", s.types, s.time) for name, s in self._schema[1].items()}
        found = behaviour_sets(part, rows, self._as_of)
        flags = self._reader.members(found.query, self.size)
        if found.otherwise is not None:
            flags[flags < 0] = int(found.otherwise)
        return flags

    def measured(self, part: Behaviour, customer_id: str) -> object:
        """What a behaviour measures for one customer; 0 or None where nothing counts."""
        from huaxiang.engines.behaviour_sql import behaviour_value
        from huaxiang.plan.conditions import ZERO_WITHOUT_ROWS

        name, source = part.step.source, self._schema[1][part.step.source]
        query = behaviour_value(part, SourceRows(f"source_{name}", source.types, source.time), self._as_of)
        found = self._reader.value(query, customer_id)
        return 0 if found is None and part.function in ZERO_WITHOUT_ROWS else found

    def _listed(self, part: InList) -> Flags:
        import numpy as np

        ids = list_members(find_project(self.snapshot.folder), part.name.partition(PIN)[0])
        flags = np.zeros(self.size, dtype=np.int8)
        flags[self.index.rows_of(self.today(ids))] = 1
        return flags

    def today(self, ids: pa.Array) -> pa.Array:
        """Customer IDs of before as those of this snapshot: merged ones are followed, unknown ones left out; each once, ascending."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        from huaxiang.store.lists import follow

        name = "identity_redirects"
        if any(t["name"] == name for t in self.snapshot.manifest["tables"]):
            redirects = pq.read_table(self.snapshot.table(name), columns=["old", "new"])
        else:
            redirects = pa.table({"old": pa.array([], pa.string()), "new": pa.array([], pa.string())})
        return follow(ids, self.index.ids(self.index.all), redirects)

    def _free(self, text: str) -> Flags:
        """Any other expression: sets that it names within are found first and become columns."""
        condition = parse_condition(text, *self._schema)
        columns: dict[str, Flags] = {}

        def named(node: exp.Expression) -> exp.Expression:
            if not isinstance(node, exp.Anonymous) or node.name.upper() not in (PART, IN_AUDIENCE):
                return node
            inner = node.expressions[0].name
            part: Node = condition.parts[inner] if node.name.upper() == PART else InAudience(inner)
            name = f"_set{len(columns)}"
            columns[name] = self._flags_of(part)
            return sql.column(name)

        tree = bind_as_of(condition.ast, self._as_of).transform(named, copy=False)
        return self._reader.flags(tree, self.size, columns)

    def _flags_of(self, part: Node) -> Flags:
        import numpy as np

        flags = np.full(self.size, -1, dtype=np.int8)
        flags[self.select_node(Not(part)).mask()] = 0
        flags[self.select_node(part).mask()] = 1
        return flags

    @cached_property
    def _as_of(self) -> date:
        return date.fromisoformat(str(self.snapshot.manifest["as_of"])[:10])

    def _check_circle(self, condition: Asked, above: tuple[str, ...]) -> None:
        for name in condition.audiences:
            if self.members(name) is not None:
                continue
            if name in above:
                path = " → ".join((*above, name))
                raise UsageError(f"audience contains itself: {path}", f"人群定义成了循环：{path}")
            self.audience(name)
            self._check_circle(self.condition(name), (*above, name))


def open_index(snapshot: Snapshot) -> OpenIndex:
    """Return the index of a snapshot, as the snapshot is seen; the last few stay open, shared by all who ask in this process.

    Raises UsageError for a snapshot without an index, which an older version built.
    """
    with _opening:
        found = _opened.get(snapshot.folder)
        if found is None:
            found = _open(snapshot)
            _opened[snapshot.folder] = found
            while len(_opened) > _OPEN:
                _opened.popitem(last=False)
        else:
            _opened.move_to_end(snapshot.folder)
        return found.seen_as(snapshot) if snapshot.view else found


def _open(snapshot: Snapshot) -> OpenIndex:
    from huaxiang.index import AudienceIndex

    folder = snapshot.folder / FOLDER
    if not folder.is_dir():
        raise UsageError(
            f"snapshot {snapshot.id} has no audience index: an older version built it; run `huaxiang build`",
            f"快照 {snapshot.id} 由旧版本构建，没有人群索引；请运行 huaxiang build",
        )
    own = snapshot_store(find_project(snapshot.folder)).open(snapshot.id)  # held open with the index
    return OpenIndex(own, AudienceIndex.open(folder))


_opened: OrderedDict[Path, OpenIndex] = OrderedDict()
_opening = threading.Lock()
