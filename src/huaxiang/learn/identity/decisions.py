"""What people decided by hand: who is one customer, and who is not. Stored by record digests, so that decisions outlive rebuilds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["merge", "split", "undo"]


@dataclass(frozen=True)
class Decision:
    """One line of the decisions file.

    `merge`: all of `records` are one customer. `split`: `records` are one customer, and none of them is one with any of `others`.
    `undo`: decision number `undoes` holds no longer. `customers`: IDs at the time, for people.
    """

    number: int
    kind: Kind
    records: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    who: str = ""
    when: str = ""
    why: str = ""
    undoes: int | None = None

    def line(self) -> dict[str, Any]:
        """The decision as a JSON object."""
        return asdict(self) | {k: list(getattr(self, k)) for k in ("records", "others", "customers")}


@dataclass(frozen=True)
class Apart:
    """Records of `left` and of `right` are never one customer, by decision `number`."""

    number: int
    left: frozenset[str]
    right: frozenset[str]


@dataclass(frozen=True)
class Together:
    """Records that are one customer, by decision `number`."""

    number: int
    records: frozenset[str]


@dataclass(frozen=True)
class Decisions:
    """All decisions ever taken, in order."""

    taken: tuple[Decision, ...] = ()

    @classmethod
    def parse(cls, lines: Iterable[Mapping[str, Any]]) -> Decisions:
        """Read the objects of a decisions file. Raises ValueError, naming the decision, for one that can't be understood."""
        taken = []
        for position, line in enumerate(lines, 1):
            try:
                lists = {k: tuple(str(v) for v in line.get(k, ())) for k in ("records", "others", "customers")}
                rest = {k: line[k] for k in ("who", "when", "why", "undoes") if k in line}
                decision = Decision(number=int(line["number"]), kind=line["kind"], **lists, **rest)
            except (KeyError, TypeError, ValueError):
                raise ValueError(f"line {position} is no decision") from None
            if decision.kind not in ("merge", "split", "undo"):
                raise ValueError(f"line {position} has an unknown kind of decision")
            taken.append(decision)
        return cls(tuple(taken))

    @property
    def active(self) -> tuple[Decision, ...]:
        """Decisions that hold: not undone. An undone undo brings its decision back."""
        undone: set[int] = set()
        for decision in reversed(self.taken):
            if decision.kind == "undo" and decision.number not in undone and decision.undoes is not None:
                undone.add(decision.undoes)
        return tuple(d for d in self.taken if d.kind != "undo" and d.number not in undone)

    def next_number(self) -> int:
        """The number of the next decision."""
        return max((d.number for d in self.taken), default=0) + 1

    def constraints(self) -> tuple[tuple[Together, ...], tuple[Apart, ...]]:
        """What holds now. A later decision prevails over an earlier one where they speak of the same records."""
        together: list[Together] = []
        apart: list[Apart] = []
        for decision in self.active:
            records = frozenset(decision.records)
            if decision.kind == "merge":
                apart = [part for a in apart for part in _without(a, records)]
            else:
                others = frozenset(decision.others) - records
                together = [part for t in together for part in _parted(t, records, others)]
                apart.append(Apart(decision.number, records, others))
            together.append(Together(decision.number, records))
        return tuple(t for t in together if len(t.records) > 1), tuple(a for a in apart if a.left and a.right)


def _without(apart: Apart, merged: frozenset[str]) -> Sequence[Apart]:
    """Keep of `left × right` the pairs that a later merge does not join."""
    if not (apart.left & merged and apart.right & merged):
        return (apart,)
    rest = (
        Apart(apart.number, apart.left - merged, apart.right),
        Apart(apart.number, apart.left & merged, apart.right - merged),
    )
    return tuple(a for a in rest if a.left and a.right)


def _parted(together: Together, records: frozenset[str], others: frozenset[str]) -> Sequence[Together]:
    """Take apart what a later split parts."""
    if not (together.records & records and together.records & others):
        return (together,)
    return (
        Together(together.number, together.records & records),
        Together(together.number, together.records - records),
    )
