"""Aggregate nodes as SQL: one pass for the flat state, two levels for each histogram, joined by customer.

Never `mode()` or `count(DISTINCT …)` over raw rows: a histogram is first grouped by customer and sub-key, then by customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from huaxiang.engines.finals import Final, divide, final_value
from huaxiang.engines.words import DuckdbWords, binary, cast, filtered, member, number, struct
from huaxiang.plan.aggregate import (
    Decomposition,
    Histogram,
    MeasureState,
    Partial,
    RowFilter,
    decompose,
)
from huaxiang.plan.nodes import AggregateNode, TimeRange

KEY = "_k"
SUB_KEY = "_s"


def aggregate_query(node: AggregateNode, words: DuckdbWords, source: exp.Expr | None = None) -> exp.Select:
    """Return the SELECT that computes `node`: its key and one column per measure.

    `source` is what to read instead of the logical table `node.source` (a partition of it, say).
    """
    return _Builder(node, words, source).query()


def _col(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)


def _conjunction(parts: Sequence[exp.Expr]) -> exp.Expr | None:
    return exp.and_(*parts) if parts else None


@dataclass
class _Rows:
    """The inner SELECT of one pass: key, sub-key, and every condition and value computed once per row."""

    columns: dict[str, tuple[str, exp.Expr]] = field(default_factory=dict)

    def name(self, prefix: str, value: exp.Expr) -> exp.Column:
        """Return the column that holds `value`, adding it when new."""
        text = value.sql()
        if text not in self.columns:
            self.columns[text] = (f"_{prefix}{len(self.columns)}", value)
        return _col(self.columns[text][0])


class _Builder:
    def __init__(self, node: AggregateNode, words: DuckdbWords, source: exp.Expr | None) -> None:
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
        select = exp.Select().from_(exp.to_table("_flat")).with_("_flat", as_=self._flat(), copy=False)
        for i, histogram in enumerate(self._state.histograms):
            select = select.with_(f"_h{i}", as_=self._histogram(i, histogram), copy=False)
            on = exp.EQ(this=_col(KEY, "_flat"), expression=_col(KEY, f"_h{i}"))
            select = select.join(exp.to_table(f"_h{i}"), on=on, join_type="left", copy=False)
        outputs: list[exp.Expr] = [exp.alias_(_col(KEY, "_flat"), self._node.key, quoted=True, copy=False)]
        for position, state in enumerate(self._state.states):
            column = exp.alias_(self._final(position, state), state.measure.name, quoted=True, copy=False)
            column.add_comments([state.measure.origin or f"measure {state.measure.name}"])
            outputs.append(column)
        return select.select(*outputs, copy=False)

    # one pass -----------------------------------------------------------------------------------------------------------

    def _flat(self) -> exp.Select:
        rows = _Rows()
        partials = [exp.alias_(self._partial(p, rows), f"p{i}", quoted=True, copy=False) for i, p in enumerate(self._state.flat)]
        inner = self._scan(rows, [], [])
        return exp.Select().select(_col(KEY), *partials).from_(inner.subquery("_r")).group_by(_col(KEY))

    def _histogram(self, i: int, histogram: Histogram) -> exp.Select:
        rows = _Rows()
        partials = [exp.alias_(self._partial(p, rows), f"q{j}", quoted=True, copy=False) for j, p in enumerate(histogram.partials)]
        keep = [exp.Not(this=exp.Is(this=exp.paren(histogram.sub_key.copy()), expression=exp.Null()))]
        inner = self._scan(
            rows, [exp.alias_(histogram.sub_key.copy(), SUB_KEY, quoted=True, copy=False)], keep + self._span(histogram)
        )
        level_one = exp.Select().select(_col(KEY), _col(SUB_KEY), *partials).from_(inner.subquery("_r"))
        level_one = level_one.group_by(_col(KEY), _col(SUB_KEY))
        finals = [exp.alias_(self._inner_final(s), f"m{at}", quoted=True, copy=False) for at, s in self._used[i]]
        return exp.Select().select(_col(KEY), *finals).from_(level_one.subquery("_c")).group_by(_col(KEY))

    def _scan(self, rows: _Rows, extra: list[exp.Expr], keep: list[exp.Expr]) -> exp.Select:
        key = _col(self._node.key)
        columns = [exp.alias_(value.copy(), name, quoted=True, copy=False) for name, value in rows.columns.values()]
        present = exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null()))
        select = exp.Select().select(exp.alias_(key, KEY, quoted=True, copy=False), *extra, *columns)
        return select.from_(self._source.copy()).where(exp.and_(present, *keep))

    def _span(self, histogram: Histogram) -> list[exp.Expr]:
        """Conditions that leave out rows which no partial of the histogram counts."""
        windows = [p.rows.window for p in histogram.partials]
        spans = [w for w in windows if w is not None]
        if not spans or len(spans) < len(windows):
            return []
        starts = [w.start for w in spans if w.start is not None]
        start = min(starts) if len(starts) == len(spans) else None
        return self._window(TimeRange(start, max(w.end for w in spans)))

    def _window(self, window: TimeRange) -> list[exp.Expr]:
        time = _col(self._node.time or "")
        before: exp.Expr = exp.LT(this=time, expression=self._words.timestamp(window.end))
        if window.start is None:
            return [before]
        return [exp.GTE(this=time.copy(), expression=self._words.timestamp(window.start)), before]

    def _condition(self, rows: RowFilter, columns: _Rows) -> exp.Expr | None:
        parts: list[exp.Expr] = []
        if rows.window is not None:
            parts.append(columns.name("w", exp.and_(*self._window(rows.window))))
        parts += [columns.name("c", term) for term in rows.terms]
        return _conjunction(parts)

    def _partial(self, p: Partial, rows: _Rows) -> exp.Expr:
        words, condition = self._words, self._condition(p.rows, rows)
        if p.kind == "count":
            return filtered(exp.Count(this=exp.Star()), condition)
        assert p.value is not None # every other kind has one
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

    def _inner_final(self, state: MeasureState) -> exp.Expr:
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
        return divide(words.to_double(most), words.to_double(total))

    # per customer --------------------------------------------------------------------------------------------------

    def _final(self, position: int, state: MeasureState) -> exp.Expr:
        columns: dict[str, exp.Expr] = {role: _col(f"p{i}", "_flat") for role, i in state.flat.items()}
        if state.histogram is not None:
            columns["inner"] = _col(f"m{position}", f"_h{state.histogram}")
        return final_value(Final(self._words, state.measure, columns, self._node.as_of.date()), state)
