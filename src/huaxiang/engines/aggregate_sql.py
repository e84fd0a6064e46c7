"""Aggregate nodes as SQL: one pass for the flat state, two levels for each histogram, joined by customer.

Never `mode()` or `count(DISTINCT …)` over raw rows: a histogram is first grouped by customer and sub-key, then by customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from huaxiang.engines.words import (
    DuckdbWords,
    binary,
    case,
    cast,
    filtered,
    func,
    member,
    number,
    scale_of,
    struct,
)
from huaxiang.plan.aggregate import (
    Decomposition,
    Histogram,
    MeasureState,
    Partial,
    RowFilter,
    decimal_scale,
    decompose,
    is_double,
    result_type,
)
from huaxiang.plan.nodes import AggregateNode, Measure, TimeRange

KEY = "_k"
SUB_KEY = "_s"


def aggregate_query(node: AggregateNode, words: DuckdbWords, source: exp.Expression | None = None) -> exp.Select:
    """Return the SELECT that computes `node`: its key and one column per measure.

    `source` is what to read instead of the logical table `node.source` (a partition of it, say).
    """
    return _Builder(node, words, source).query()


def _col(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def _conjunction(parts: Sequence[exp.Expression]) -> exp.Expression | None:
    return exp.and_(*parts) if parts else None


@dataclass
class _Rows:
    """The inner SELECT of one pass: key, sub-key, and every condition and value computed once per row."""

    columns: dict[str, tuple[str, exp.Expression]] = field(default_factory=dict)

    def name(self, prefix: str, value: exp.Expression) -> exp.Column:
        """Return the column that holds `value`, adding it when new."""
        text = value.sql()
        if text not in self.columns:
            self.columns[text] = (f"_{prefix}{len(self.columns)}", value)
        return _col(self.columns[text][0])


class _Builder:
    def __init__(self, node: AggregateNode, words: DuckdbWords, source: exp.Expression | None) -> None:
        self._node = node
        self._words = words
        self._source = source if source is not None else exp.to_table(node.source)
        self._state: Decomposition = decompose(node)
        self._used: list[list[tuple[int, MeasureState]]] = [[] for _ in self._state.histograms]
        for position, state in enumerate(self._state.states):
            if state.histogram is not None:
                self._used[state.histogram].append((position, state))

    def query(self) -> exp.Select:
        """The whole SELECT."""
        select = exp.Select().from_(exp.to_table("_flat")).with_("_flat", as_=self._flat())
        for i, histogram in enumerate(self._state.histograms):
            select = select.with_(f"_h{i}", as_=self._histogram(i, histogram))
            on = exp.EQ(this=_col(KEY, "_flat"), expression=_col(KEY, f"_h{i}"))
            select = select.join(exp.to_table(f"_h{i}"), on=on, join_type="left")
        outputs: list[exp.Expression] = [exp.alias_(_col(KEY, "_flat"), self._node.key, quoted=True)]
        for position, state in enumerate(self._state.states):
            column = exp.alias_(self._final(position, state), state.measure.name, quoted=True)
            column.add_comments([state.measure.origin or f"measure {state.measure.name}"])
            outputs.append(column)
        return select.select(*outputs)

    # one pass -----------------------------------------------------------------------------------------------------------

    def _flat(self) -> exp.Select:
        rows = _Rows()
        partials = [exp.alias_(self._partial(p, rows), f"p{i}", quoted=True) for i, p in enumerate(self._state.flat)]
        inner = self._scan(rows, [], [])
        return exp.Select().select(_col(KEY), *partials).from_(inner.subquery("_r")).group_by(_col(KEY))

    def _histogram(self, i: int, histogram: Histogram) -> exp.Select:
        rows = _Rows()
        partials = [exp.alias_(self._partial(p, rows), f"q{j}", quoted=True) for j, p in enumerate(histogram.partials)]
        keep = [exp.Not(this=exp.Is(this=exp.paren(histogram.sub_key.copy()), expression=exp.Null()))]
        inner = self._scan(
            rows, [exp.alias_(histogram.sub_key.copy(), SUB_KEY, quoted=True)], keep + self._span(histogram)
        )
        level_one = exp.Select().select(_col(KEY), _col(SUB_KEY), *partials).from_(inner.subquery("_r"))
        level_one = level_one.group_by(_col(KEY), _col(SUB_KEY))
        finals = [exp.alias_(self._inner_final(s), f"m{at}", quoted=True) for at, s in self._used[i]]
        return exp.Select().select(_col(KEY), *finals).from_(level_one.subquery("_c")).group_by(_col(KEY))

    def _scan(self, rows: _Rows, extra: list[exp.Expression], keep: list[exp.Expression]) -> exp.Select:
        key = _col(self._node.key)
        columns = [exp.alias_(value.copy(), name, quoted=True) for name, value in rows.columns.values()]
        present = exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null()))
        select = exp.Select().select(exp.alias_(key, KEY, quoted=True), *extra, *columns)
        return select.from_(self._source.copy()).where(exp.and_(present, *keep))

    def _span(self, histogram: Histogram) -> list[exp.Expression]:
        """Conditions that leave out rows which no partial of the histogram counts."""
        windows = [p.rows.window for p in histogram.partials]
        spans = [w for w in windows if w is not None]
        if not spans or len(spans) < len(windows):
            return []
        starts = [w.start for w in spans if w.start is not None]
        start = min(starts) if len(starts) == len(spans) else None
        return self._window(TimeRange(start, max(w.end for w in spans)))

    def _window(self, window: TimeRange) -> list[exp.Expression]:
        time = _col(self._node.time or "")
        before: exp.Expression = exp.LT(this=time, expression=self._words.timestamp(window.end))
        if window.start is None:
            return [before]
        return [exp.GTE(this=time.copy(), expression=self._words.timestamp(window.start)), before]

    def _condition(self, rows: RowFilter, columns: _Rows) -> exp.Expression | None:
        parts: list[exp.Expression] = []
        if rows.window is not None:
            parts.append(columns.name("w", exp.and_(*self._window(rows.window))))
        parts += [columns.name("c", term) for term in rows.terms]
        return _conjunction(parts)

    def _partial(self, p: Partial, rows: _Rows) -> exp.Expression:
        words, condition = self._words, self._condition(p.rows, rows)
        if p.kind == "count":
            return filtered(exp.Count(this=exp.Star()), condition)
        assert p.value is not None  # noqa: S101 - every other kind has one
        kind = p.type or "VARCHAR"
        if p.kind == "sum":
            total = words.exact_sum(rows.name("v", words.exact(p.value, kind)), kind)
            total.set("this", filtered(total.this, condition))
            return total
        if p.kind in ("scaled_sum", "scaled_squares"):
            column = rows.name("v", words.scaled(p.value, kind))
            addend = column if p.kind == "scaled_sum" else binary(exp.Mul, column, column.copy())
            return cast(filtered(exp.Sum(this=addend), condition), "DECIMAL(38,0)")
        column = rows.name("v", p.value)
        if p.kind == "values":
            return filtered(words.gather(column), condition)
        if p.kind in ("min", "max"):
            return filtered((exp.Min if p.kind == "min" else exp.Max)(this=column), condition)
        order = rows.name("v", words.micros(_col(self._node.time or "")))
        earliest = order if p.kind == "first" else exp.Neg(this=order)
        return member(filtered(exp.Min(this=struct(t=earliest, v=column)), condition), "v")

    # level two ----------------------------------------------------------------------------------------------------------

    def _inner_final(self, state: MeasureState) -> exp.Expression:
        m, words, value = state.measure, self._words, _col(SUB_KEY)
        if "count" in state.inner:
            present = exp.GT(this=_col(f"q{state.inner['count']}"), expression=number(0))
            return filtered(exp.Count(this=exp.Star()), present)
        weight = _col(f"q{state.inner['weight']}")
        if m.function == "top":
            return words.pick(value, weight)
        if m.function == "top_n":
            return words.pick_n(value, weight, m.n)
        positive = exp.GT(this=weight.copy(), expression=number(0))
        total = filtered(exp.Sum(this=weight), positive)
        most = filtered(exp.Max(this=weight.copy()), positive.copy())
        return exp.Div(this=words.to_double(most), expression=words.to_double(total), typed=False, safe=False)

    # per customer -------------------------------------------------------------------------------------------------------

    def _final(self, position: int, state: MeasureState) -> exp.Expression:
        m = state.measure
        flat = {role: _col(f"p{i}", "_flat") for role, i in state.flat.items()}
        value = _FINALS.get(m.function, _from_histogram)(
            self._words, m, flat | {"inner": _col(f"m{position}", f"_h{state.histogram}")}, self._node
        )
        kind = result_type(m)
        value = cast(value, kind)
        if m.empty is None:
            return value
        if state.histogram is None and m.function in _NULL_ONLY_WHEN_EMPTY:
            return exp.Coalesce(this=value, expressions=[cast(_literal(m.empty), kind)])
        if "count" in flat and m.function not in _NULL_ONLY_WHEN_EMPTY:
            none = exp.EQ(this=flat["count"].copy(), expression=number(0))
            return case(none, cast(_literal(m.empty), kind), value)
        return exp.Coalesce(this=value, expressions=[cast(_literal(m.empty), kind)])


_NULL_ONLY_WHEN_EMPTY = frozenset(
    {
        "count",
        "sum",
        "mean",
        "median",
        "min",
        "max",
        "first",
        "last",
        "days_since_first",
        "days_since_last",
        "distinct",
        "active_days",
    }
)
_Refs = dict[str, exp.Expression]


def _literal(value: int | float | bool | str) -> exp.Expression:
    return exp.convert(value)


def _from_histogram(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    if m.function in ("distinct", "active_days"):
        return func("NULLIF", refs["inner"], number(0))
    return refs["inner"]


def _count(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    return func("NULLIF", refs["count"], number(0))


def _sum(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    return words.to_double(refs["sum"]) if is_double(m.of_type or "") else refs["sum"]


def _mean(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    return _ratio(words.to_double(refs["sum"]), cast(refs["count"], "DOUBLE"))


def _ratio(part: exp.Expression, whole: exp.Expression) -> exp.Expression:
    """part ÷ whole of DOUBLEs; NULL unless whole > 0."""
    positive = exp.GT(this=whole, expression=number(0))
    return case(positive, exp.Div(this=part, expression=whole.copy(), typed=False, safe=False))


def _stddev(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    """sqrt((n·Σx² − (Σx)²) ÷ (n·(n−1))) over integers; by DOUBLEs only where those overflow."""
    n, total, squares = refs["count"], refs["sum"], refs["squares"]
    wide = cast(n.copy(), "DECIMAL(38,0)")
    exact = words.attempt(binary(exp.Sub, binary(exp.Mul, wide, squares), binary(exp.Mul, total, total.copy())))
    d, t, q = (words.to_double(x.copy()) for x in (n, total, squares))
    rough = func("GREATEST", binary(exp.Sub, binary(exp.Mul, d, q), binary(exp.Mul, t, t.copy())), number("0.0e0"))
    spread = exp.Coalesce(this=words.to_double(exact), expressions=[rough])
    pairs = binary(exp.Mul, cast(n.copy(), "DOUBLE"), cast(binary(exp.Sub, n.copy(), number(1)), "DOUBLE"))
    root = exp.Sqrt(this=exp.Div(this=spread, expression=pairs, typed=False, safe=False))
    value = exp.Div(
        this=root, expression=cast(number(10 ** scale_of(m.of_type or "BIGINT")), "DOUBLE"), typed=False, safe=False
    )
    return case(exp.GT(this=n.copy(), expression=number(1)), value)


def _median(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    return words.median(refs["values"], m.of_type or "BIGINT")


def _plain(role: str) -> object:
    return lambda words, m, refs, node: refs[role]


def _share(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    part = exp.Coalesce(this=refs["part"], expressions=[number(0)])
    return _ratio(words.to_double(part), words.to_double(refs["total"]))


def _days_since(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    day = cast(refs["min" if m.function == "days_since_first" else "max"], "DATE")
    return words.days_between(day, cast(exp.Literal.string(node.as_of.date().isoformat()), "DATE"))


def _cycle(words: DuckdbWords, m: Measure, refs: _Refs, node: AggregateNode) -> exp.Expression:
    span = cast(words.days_between(cast(refs["min"], "DATE"), cast(refs["max"], "DATE")), "DOUBLE")
    gaps = cast(binary(exp.Sub, refs["inner"], number(1)), "DOUBLE")
    return _ratio(span, gaps)


_FINALS = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "stddev": _stddev,
    "median": _median,
    "share": _share,
    "cycle": _cycle,
    "min": _plain("min"),
    "max": _plain("max"),
    "first": _plain("first"),
    "last": _plain("last"),
    "days_since_first": _days_since,
    "days_since_last": _days_since,
}
