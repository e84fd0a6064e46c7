"""What people decided by hand: who is one customer, and who is not. Stored by record, so that decisions outlive rebuilds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Kind = Literal["merge", "split", "undo"]


@dataclass(frozen=True)
class Decision:
    """One line of the decisions file.

    `merge`: all of `records` are one customer. `split`: `records` are one customer, and none of them is one with any of `others`.
    `undo`: decision number `undoes` holds no longer. `customers`: IDs at the time, for people. Records are known by digest; `said`
    tells of each by what it is found again when its content has changed (`held.say`).
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
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def line(self) -> dict[str, Any]:
        """The decision as a JSON object for the decisions file."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items() if k != "number"}


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
        """Read the objects of a decisions file; a decision's number is that of its line. Raises ValueError, naming the line, for one that
        can't be understood.
        """
        return cls(tuple(_decision(number, line) for number, line in enumerate(lines, 1)))

    @property
    def in_force(self) -> frozenset[int]:
        """Numbers of decisions that nobody took back, those to undo among them."""
        undone: set[int] = set()
        for decision in reversed(self.taken):
            if decision.kind == "undo" and decision.number not in undone and decision.undoes is not None:
                undone.add(decision.undoes)
        return frozenset(d.number for d in self.taken if d.number not in undone)

    @property
    def active(self) -> tuple[Decision, ...]:
        """Decisions that hold: not undone. An undone undo brings its decision back."""
        force = self.in_force
        return tuple(d for d in self.taken if d.kind != "undo" and d.number in force)

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


def _decision(number: int, line: Mapping[str, Any]) -> Decision:
    try:
        records, others, customers = (
            tuple(str(v) for v in line.get(k) or ()) for k in ("records", "others", "customers")
        )
        who, when, why = (str(line.get(k) or "") for k in ("who", "when", "why"))
        undoes = int(line["undoes"]) if line.get("undoes") is not None else None
        kind = line["kind"]
        said = {str(k): {str(f): str(v) for f, v in told.items()} for k, told in (line.get("said") or {}).items()}
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ValueError(f"line {number} is no decision") from None
    if kind not in ("merge", "split", "undo"):
        raise ValueError(f"line {number} has an unknown kind of decision")
    return Decision(number, kind, records, others, customers, who, when, why, undoes, said)


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
