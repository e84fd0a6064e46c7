"""Aggregate nodes as SQL: one pass for the flat state, two levels for each histogram, joined by customer.

Never `mode()` or `count(DISTINCT …)` over raw rows: a histogram is first grouped by customer and sub-key, then by customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from huaxiang.engines.finals import Final, final_value
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
FLAT = "_flat"


@dataclass(frozen=True)
class AggregateParts:
    """A node as several queries: state tables by name (each with the key `_k`), and the SELECT that joins them."""

    tables: tuple[tuple[str, exp.Select], ...]
    final: exp.Select


def aggregate_query(node: AggregateNode, words: DuckdbWords) -> exp.Select:
    """Return the one SELECT that computes `node`: its key and one column per measure."""
    parts = aggregate_parts(node, words)
    query = parts.final
    for name, table in parts.tables:
        query = query.with_(name, as_=table, copy=False)
    return query


def aggregate_parts(node: AggregateNode, words: DuckdbWords) -> AggregateParts:
    """Return the same as `aggregate_query` in parts, so that an engine can hold one at a time in memory."""
    return _Builder(node, words).parts()


def final_select(node: AggregateNode, state: Decomposition, words: DuckdbWords) -> exp.Select:
    """Return the SELECT over ONE table `_flat` that holds all state: `_k`, `p<i>` flat partials, `m<j>`, `n<j>` of measure j."""
    return _final_select(node, state, words, dict.fromkeys(range(len(state.histograms)), FLAT))


def window_conditions(time: str, window: TimeRange, words: DuckdbWords) -> list[exp.Expr]:
    """Return the conditions that the row lies in the window."""
    before: exp.Expr = exp.LT(this=_col(time), expression=words.timestamp(window.end))
    if window.start is None:
        return [before]
    return [exp.GTE(this=_col(time), expression=words.timestamp(window.start)), before]


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
    def __init__(self, node: AggregateNode, words: DuckdbWords) -> None:
        self._node = node
        self._words = words
        self._source = exp.to_table(node.source)
        self._state: Decomposition = decompose(node)
        self._used: list[list[tuple[int, MeasureState]]] = [[] for _ in self._state.histograms]
        for position, state in enumerate(self._state.states):
            if state.histogram is not None:
                self._used[state.histogram].append((position, state))

    def parts(self) -> AggregateParts:
        """State tables and the final SELECT."""
        names = {i: f"_h{i}" for i in range(len(self._state.histograms))}
        final = _final_select(self._node, self._state, self._words, names)
        for name in names.values():
            on = exp.EQ(this=_col(KEY, FLAT), expression=_col(KEY, name))
            final = final.join(exp.to_table(name), on=on, join_type="left", copy=False)
        tables = [(names[i], self._histogram(i, h)) for i, h in enumerate(self._state.histograms)]
        return AggregateParts(((FLAT, self._flat()), *tables), final)

    # one pass -----------------------------------------------------------------------------------------------------------

    def _flat(self) -> exp.Select:
        rows = _Rows()
        partials = [
            exp.alias_(self._partial(p, rows), f"p{i}", quoted=True, copy=False) for i, p in enumerate(self._state.flat)
        ]
        inner = self._scan(rows, [], [])
        return exp.Select().select(_col(KEY), *partials).from_(inner.subquery("_r")).group_by(_col(KEY))

    def _histogram(self, i: int, histogram: Histogram) -> exp.Select:
        rows = _Rows()
        partials = [
            exp.alias_(self._partial(p, rows), f"q{j}", quoted=True, copy=False)
            for j, p in enumerate(histogram.partials)
        ]
        keep = [exp.Not(this=exp.Is(this=exp.paren(histogram.sub_key.copy()), expression=exp.Null()))]
        inner = self._scan(
            rows, [exp.alias_(histogram.sub_key.copy(), SUB_KEY, quoted=True, copy=False)], keep + self._span(histogram)
        )
        level_one = exp.Select().select(_col(KEY), _col(SUB_KEY), *partials).from_(inner.subquery("_r"))
        level_one = level_one.group_by(_col(KEY), _col(SUB_KEY))
        finals = [exp.alias_(v, c, quoted=True, copy=False) for at, s in self._used[i] for c, v in self._inner(at, s)]
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
        span = TimeRange(start, max(w.end for w in spans))
        return window_conditions(self._node.time or "", span, self._words)

    def _condition(self, rows: RowFilter, columns: _Rows) -> exp.Expr | None:
        parts: list[exp.Expr] = []
        if rows.window is not None:
            parts.append(
                columns.name("w", exp.and_(*window_conditions(self._node.time or "", rows.window, self._words)))
            )
        parts += [columns.name("c", term) for term in rows.terms]
        return _conjunction(parts)

    def _partial(self, p: Partial, rows: _Rows) -> exp.Expr:
        words, condition = self._words, self._condition(p.rows, rows)
        if p.kind == "count":
            return filtered(exp.Count(this=exp.Star()), condition)
        assert p.value is not None  # every other kind has one
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

    def _inner(self, position: int, state: MeasureState) -> list[tuple[str, exp.Expr]]:
        """Columns of one measure over the rows of a histogram: `m`, and for top_share the total as `n`."""
        m, words, value, name = state.measure, self._words, _col(SUB_KEY), f"m{position}"
        if "count" in state.inner:
            present = exp.GT(this=_col(f"q{state.inner['count']}"), expression=number(0))
            return [(name, filtered(exp.Count(this=exp.Star()), present))]
        weight = _col(f"q{state.inner['weight']}")
        if m.function == "top":
            return [(name, words.pick(value, weight))]
        if m.function == "top_n":
            return [(name, words.pick_n(value, weight, m.n))]
        positive = exp.GT(this=weight.copy(), expression=number(0))
        most = filtered(exp.Max(this=weight), positive)
        return [(name, most), (f"n{position}", filtered(exp.Sum(this=weight.copy()), positive.copy()))]


def _final_select(
    node: AggregateNode, state: Decomposition, words: DuckdbWords, tables: Mapping[int, str]
) -> exp.Select:
    outputs: list[exp.Expr] = [exp.alias_(_col(KEY, FLAT), node.key, quoted=True, copy=False)]
    for position, own in enumerate(state.states):
        columns: dict[str, exp.Expr] = {role: _col(f"p{i}", FLAT) for role, i in own.flat.items()}
        if own.histogram is not None:
            columns |= {
                "inner": _col(f"m{position}", tables[own.histogram]),
                "whole": _col(f"n{position}", tables[own.histogram]),
            }
        value = final_value(Final(words, own.measure, columns, node.as_of.date()), own)
        column = exp.alias_(value, own.measure.name, quoted=True, copy=False)
        column.add_comments([own.measure.origin or f"measure {own.measure.name}"])
        outputs.append(column)
    return exp.Select().select(*outputs, copy=False).from_(exp.to_table(FLAT))
