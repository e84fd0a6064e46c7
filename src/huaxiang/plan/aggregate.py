"""Take an AggregateNode apart into mergeable state: which counters, exact sums, extremes and histograms its measures need.

Pure and engine-free. Equal pieces of state are shared: two measures that need the same sum of the same rows keep it once, and
all measures over one sub-key (say, the category) and one engine pass share one histogram.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from sqlglot import exp

from huaxiang.plan.nodes import AggregateNode, Measure, TimeRange

Kind = Literal["count", "sum", "scaled_sum", "scaled_squares", "min", "max", "first", "last", "values"]

DOUBLE_LIMIT = "9.2e18"
"""Magnitude from which a DOUBLE (and NaN) has no exact form and doesn't count in sums."""
STDDEV_LIMIT = "9.2e12"
"""The same for stddev, whose DOUBLEs are taken to six decimals."""
STDDEV_SCALE = 6
EXACT_SCALE = 8

_NUMERIC = frozenset({"sum", "mean", "stddev", "median", "share"})
_INNER_COUNT = frozenset({"distinct", "active_days", "cycle"})
_ROLES: Mapping[str, tuple[tuple[str, Kind], ...]] = MappingProxyType(
    {
        "count": (("count", "count"),),
        "sum": (("sum", "sum"),),
        "mean": (("sum", "sum"), ("count", "count")),
        "stddev": (("sum", "scaled_sum"), ("squares", "scaled_squares"), ("count", "count")),
        "median": (("values", "values"),),
        "min": (("min", "min"),),
        "max": (("max", "max"),),
        "first": (("first", "first"),),
        "last": (("last", "last"),),
        "days_since_first": (("min", "min"),),
        "days_since_last": (("max", "max"),),
    }
)
"""Function → role and kind of its flat state."""
_RANKED = frozenset({"top", "top_n", "top_share"})
_NULLABLE = frozenset({"stddev", "share", "top", "top_share", "top_n", "cycle"})


@dataclass(frozen=True)
class RowFilter:
    """Which rows count: those inside `window` (None: any time) that meet all `terms`."""

    window: TimeRange | None
    terms: tuple[exp.Expr, ...] = ()


@dataclass(frozen=True)
class Partial:
    """One piece of state per customer (or customer and sub-key), over the rows of `rows`.

    count: rows · sum: exact sum · scaled_sum, scaled_squares: sums of `value`·10^scale as integers and of their squares
    · min, max · first, last: `value` of the earliest / latest row, ties to the smallest · values: all values (median).
    """

    kind: Kind
    rows: RowFilter
    value: exp.Expr | None = None
    type: str | None = None


@dataclass(frozen=True)
class Histogram:
    """State per customer and value of `sub_key` (NULL is no value)."""

    sub_key: exp.Expr
    type: str
    partials: tuple[Partial, ...]


@dataclass(frozen=True)
class MeasureState:
    """Where a measure finds its state: role → position among the flat partials, and among those of one histogram."""

    measure: Measure
    flat: Mapping[str, int] = field(default_factory=dict)
    histogram: int | None = None
    inner: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Decomposition:
    """The state of a whole node: flat partials, histograms, and each measure's place in them (in the node's order)."""

    flat: tuple[Partial, ...]
    histograms: tuple[Histogram, ...]
    states: tuple[MeasureState, ...]


def result_type(measure: Measure) -> str:
    """DuckDB type of the measure's column."""
    function, of = measure.function, measure.of_type or "BIGINT"
    if function in ("count", "distinct", "days_since_first", "days_since_last", "active_days"):
        return "BIGINT"
    if function in ("mean", "median", "stddev", "share", "top_share", "cycle"):
        return "DOUBLE"
    if function == "sum":
        return sum_type(of)
    return f"{of}[]" if function == "top_n" else of


def sum_type(of: str) -> str:
    """Type of an exact sum: BIGINT of whole numbers, DECIMAL(38, s) of decimals, DOUBLE of doubles."""
    if is_double(of):
        return "DOUBLE"
    scale = decimal_scale(of)
    return "BIGINT" if scale is None else f"DECIMAL(38,{scale})"


def is_double(type_name: str) -> bool:
    """Whether values of the type are binary floating point."""
    return type_name.upper() in ("DOUBLE", "FLOAT", "REAL")


def decimal_scale(type_name: str) -> int | None:
    """Digits after the point of a DECIMAL(p,s) type; None for another type."""
    name = type_name.upper().replace(" ", "")
    if not name.startswith("DECIMAL("):
        return None
    return int(name.removeprefix("DECIMAL(").rstrip(")").split(",")[1])


def decompose(node: AggregateNode) -> Decomposition:
    """Return the state that `node` needs; equal pieces occur once."""
    return _Decomposer(node).run()


class _Partials:
    """Ordered set of partials."""

    def __init__(self) -> None:
        self.items: list[Partial] = []
        self._at: dict[tuple[object, ...], int] = {}

    def add(self, partial: Partial) -> int:
        value = partial.value.sql() if partial.value is not None else None
        terms = tuple(t.sql() for t in partial.rows.terms)
        key = (partial.kind, value, partial.type, partial.rows.window, terms)
        if key not in self._at:
            self._at[key] = len(self.items)
            self.items.append(partial)
        return self._at[key]


class _Decomposer:
    def __init__(self, node: AggregateNode) -> None:
        self._node = node
        self._flat = _Partials()
        self._histograms: dict[str, tuple[exp.Expr, str, _Partials]] = {}

    def run(self) -> Decomposition:
        states = tuple(self._state(m) for m in self._node.measures)
        histograms = tuple(Histogram(key, kind, tuple(p.items)) for key, kind, p in self._histograms.values())
        return Decomposition(tuple(self._flat.items), histograms, states)

    def _state(self, m: Measure) -> MeasureState:
        if m.function in _RANKED:
            return self._ranked(m)
        if m.function in _INNER_COUNT:
            return self._counted(m)
        return MeasureState(m, self._plain(m) | self._emptiness(m))

    def _day(self) -> exp.Expr:
        return exp.cast(exp.column(self._node.time or "", quoted=True), "DATE")

    def _rows(self, m: Measure, *extra: exp.Expr) -> RowFilter:
        terms: list[exp.Expr] = [m.where] if m.where is not None else []
        if m.of is not None:
            terms.append(_counts(m.of, m.of_type or "", m.function))
        window = m.window if self._node.time is not None else None
        return RowFilter(window, (*terms, *extra))

    def _emptiness(self, m: Measure) -> dict[str, int]:
        if m.empty is None or m.function not in _NULLABLE:
            return {}
        return {"count": self._flat.add(Partial("count", self._rows(m)))}

    def _plain(self, m: Measure) -> dict[str, int]:
        if m.function == "share":
            return self._share(m)
        roles = _ROLES.get(m.function)
        if roles is None:
            raise ValueError(f"measure {m.name}: unknown function {m.function}")
        rows = self._rows(m)
        return {role: self._flat.add(self._role(kind, rows, m)) for role, kind in roles}

    def _role(self, kind: Kind, rows: RowFilter, m: Measure) -> Partial:
        if kind == "count":
            return Partial("count", rows)
        if m.function in ("days_since_first", "days_since_last"):
            return Partial(kind, rows, self._day(), "DATE")
        plain = kind in ("min", "max", "first", "last")
        return Partial(kind, rows, _plain_zero(m.of, m.of_type) if plain else m.of, m.of_type)

    def _share(self, m: Measure) -> dict[str, int]:
        part_terms = (m.share_of,) if m.share_of is not None else ()
        part, whole = self._rows(m, *part_terms), self._rows(m)
        if m.of is None:
            return {"part": self._flat.add(Partial("count", part)), "total": self._flat.add(Partial("count", whole))}
        return {
            "part": self._flat.add(Partial("sum", part, m.of, m.of_type)),
            "total": self._flat.add(Partial("sum", whole, m.of, m.of_type)),
        }

    def _histogram(self, sub_key: exp.Expr, kind: str) -> tuple[int, _Partials]:
        name = sub_key.sql()
        if name not in self._histograms:
            self._histograms[name] = (sub_key, kind, _Partials())
        return list(self._histograms).index(name), self._histograms[name][2]

    def _sub_rows(self, m: Measure) -> RowFilter:
        terms = (m.where,) if m.where is not None else ()
        return RowFilter(m.window if self._node.time is not None else None, terms)

    def _ranked(self, m: Measure) -> MeasureState:
        assert m.of is not None
        at, partials = self._histogram(_plain_zero(m.of, m.of_type) or m.of, m.of_type or "VARCHAR")
        rows = self._sub_rows(m)
        if m.by is None:
            return MeasureState(m, self._emptiness(m), at, {"weight": partials.add(Partial("count", rows))})
        rows = RowFilter(rows.window, (*rows.terms, _counts(m.by, m.by_type or "", "sum")))
        return MeasureState(m, self._emptiness(m), at, {"weight": partials.add(Partial("sum", rows, m.by, m.by_type))})

    def _counted(self, m: Measure) -> MeasureState:
        flat = self._emptiness(m)
        if m.function == "distinct":
            assert m.of is not None
            at, partials = self._histogram(_plain_zero(m.of, m.of_type) or m.of, m.of_type or "VARCHAR")
            return MeasureState(m, flat, at, {"count": partials.add(Partial("count", self._sub_rows(m)))})
        at, partials = self._histogram(self._day(), "DATE")
        rows = self._rows(m)
        inner = {"count": partials.add(Partial("count", rows))}
        if m.function == "cycle":
            flat["min"] = self._flat.add(Partial("min", rows, self._day(), "DATE"))
            flat["max"] = self._flat.add(Partial("max", rows, self._day(), "DATE"))
        return MeasureState(m, flat, at, inner)


def _counts(of: exp.Expr, kind: str, function: str) -> exp.Expr:
    """The condition under which a value counts: not NULL, and for exact sums of DOUBLEs finite and within the limit."""
    if function in _NUMERIC and is_double(kind):
        limit = STDDEV_LIMIT if function == "stddev" else DOUBLE_LIMIT
        return exp.LT(this=exp.Abs(this=exp.paren(of.copy())), expression=exp.Literal.number(limit))
    return exp.Not(this=exp.Is(this=exp.paren(of.copy()), expression=exp.Null()))


def _plain_zero(of: exp.Expr | None, kind: str | None) -> exp.Expr | None:
    """Turn -0.0 into 0.0, so that which of two equal values comes first can't be seen."""
    if of is None or not is_double(kind or ""):
        return of
    return exp.Add(this=exp.paren(of.copy()), expression=exp.cast(exp.Literal.number("0.0"), "DOUBLE"))
