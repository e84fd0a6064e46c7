"""What a coded row holds: condition bits, codes of sub-keys and whole-number values, each once; and the SELECT that codes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from huaxiang.engines.aggregate_sql import window_conditions
from huaxiang.engines.words import DuckdbWords, case, cast, func, number
from huaxiang.plan.aggregate import Decomposition, Histogram, Partial, RowFilter, decimal_scale, decompose
from huaxiang.plan.nodes import AggregateNode, Measure

WHOLE = frozenset({"BIGINT", "INTEGER", "DATE"})
MAX_CONDITIONS = 62
_RANGES: dict[type[exp.Expr], tuple[int, int]] = {
    exp.Hour: (0, 23), exp.DayOfWeekIso: (1, 7), exp.Month: (1, 12), exp.Quarter: (1, 4), exp.Day: (1, 31),
}  # fmt: skip


@dataclass(frozen=True)
class SubKey:
    """A sub-key: column of its code, and how codes become values.

    `lowest` and `size` are known for parts of a date (codes count up from `lowest`); for a DATE the code is the day since
    1970; everything else is numbered by a dictionary table in the order of its values.
    """

    column: str
    expression: exp.Expr
    type: str
    lowest: int | None = None
    size: int | None = None

    @property
    def is_day(self) -> bool:
        """Whether the code is the day since 1970."""
        return self.type == "DATE"

    @property
    def needs_dictionary(self) -> bool:
        """Whether values are numbered by a dictionary."""
        return not self.is_day and self.lowest is None


@dataclass(frozen=True)
class Value:
    """A measured whole number: a BIGINT, the units of a DECIMAL, or the day since 1970 of a DATE."""

    column: str
    expression: exp.Expr
    type: str


@dataclass(frozen=True)
class Layout:
    """All columns of a coded row for a node, with the state it serves."""

    node: AggregateNode
    state: Decomposition
    conditions: tuple[exp.Expr, ...]
    sub_keys: tuple[SubKey, ...]
    values: tuple[Value, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the code and value columns, each once."""
        return tuple(dict.fromkeys([*(s.column for s in self.sub_keys), *(v.column for v in self.values)]))

    @cached_property
    def facts(self) -> Mapping[int, tuple[int, str]]:
        """By id of a partial of `state`: the condition bits that a row must have all of, and the column of its value."""
        bits = {c.sql(): 1 << i for i, c in enumerate(self.conditions)}
        columns = {v.expression.sql(): v.column for v in self.values}
        return {
            id(p): (
                sum({bits[a.sql()] for a in _atoms(self.node, p.rows)}),
                columns[p.value.sql()] if p.value is not None else "",
            )
            for p in _partials(self.state)
        }


def is_dense(measure: Measure, node: AggregateNode) -> bool:
    """Whether all state of one measure can be whole numbers in dense arrays."""
    state = decompose(_only(node, (measure,)))
    return all(_whole(p) for p in _partials(state))


def _partials(state: Decomposition) -> list[Partial]:
    return [*state.flat, *(p for h in state.histograms for p in h.partials)]


def _only(node: AggregateNode, measures: Iterable[Measure]) -> AggregateNode:
    return AggregateNode(
        node.source, node.output, node.key, node.time, node.as_of, node.columns, tuple(measures), node.origin
    )


def _whole(partial: Partial) -> bool:
    if partial.kind == "count":
        return True
    if partial.kind not in ("sum", "min", "max", "scaled_sum", "scaled_squares"):
        return False
    kind = partial.type or ""
    if partial.kind in ("min", "max"):
        return kind in WHOLE or _short_decimal(kind)
    return kind in ("BIGINT", "INTEGER") or _short_decimal(kind)


def _short_decimal(kind: str) -> bool:
    """Whether units of the DECIMAL fit in 64 bits."""
    if decimal_scale(kind) is None:
        return False
    return int(kind.upper().removeprefix("DECIMAL(").split(",")[0]) <= 18


def lay_out(node: AggregateNode, measures: tuple[Measure, ...]) -> Layout | None:
    """Return the layout for some measures of a node; None when there are more conditions than a row has bits."""
    own = _only(node, measures)
    state = decompose(own)
    partials = _partials(state)
    conditions: dict[str, exp.Expr] = {}
    for partial in partials:
        for atom in _atoms(own, partial.rows):
            conditions.setdefault(atom.sql(), atom)
    if len(conditions) > MAX_CONDITIONS:
        return None
    values: dict[str, Value] = {}
    for partial in partials:
        if partial.value is not None:
            values.setdefault(partial.value.sql(), Value(f"v{len(values)}", partial.value, partial.type or "BIGINT"))
    sub_keys = tuple(_sub_key(i, h, values) for i, h in enumerate(state.histograms))
    return Layout(own, state, tuple(conditions.values()), sub_keys, tuple(values.values()))


def _atoms(node: AggregateNode, rows: RowFilter) -> list[exp.Expr]:
    """The conditions of which a filter is the conjunction; a window is one."""
    window = window_conditions(node.time or "", rows.window, DuckdbWords()) if rows.window is not None else []
    return ([exp.and_(*window)] if window else []) + list(rows.terms)


def _sub_key(position: int, histogram: Histogram, values: Mapping[str, Value]) -> SubKey:
    """A sub-key; a day that is measured too shares its column."""
    bare, text = histogram.sub_key, histogram.sub_key.sql()
    while isinstance(bare, (exp.Cast, exp.Paren)):
        bare = bare.this
    lowest, highest = _RANGES.get(type(bare), (None, -1))
    size = highest - lowest + 1 if lowest is not None else None
    shared = histogram.type == "DATE" and text in values and values[text].type == "DATE"
    return SubKey(values[text].column if shared else f"s{position}", histogram.sub_key, histogram.type, lowest, size)


def coding_select(layout: Layout, sizes: dict[str, int]) -> exp.Select:
    """Return the SELECT of coded rows: `k` customer code, `f` condition bits, `s<i>` sub-key codes, `v<j>` values.

    Dictionaries are the tables `_d_k` and `_d_s<i>` (columns v, c). `sizes` are the sizes of dictionaries: the size itself is
    the code of NULL. A NULL value or day is 0: its condition bits say that it doesn't count.
    """
    node = layout.node
    columns = [exp.alias_(exp.column("c", table="_d_k"), "k"), exp.alias_(_condition_bits(layout), "f")]
    query = exp.Select().from_(exp.to_table(node.source).as_("_e"))
    query = query.join(
        exp.to_table("_d_k"), on=_equal("_d_k", exp.column(node.key, table="_e", quoted=True)), join_type="inner"
    )
    coded: dict[str, exp.Expr] = {}
    for sub_key in layout.sub_keys:
        coded[sub_key.column] = _code(sub_key, sizes)
        if sub_key.needs_dictionary:
            table = f"_d_{sub_key.column}"
            query = query.join(exp.to_table(table), on=_equal(table, sub_key.expression.copy()), join_type="left")
    coded |= {v.column: _value(v) for v in layout.values}
    return query.select(*columns, *(exp.alias_(coded[name], name) for name in layout.columns))


def _equal(table: str, value: exp.Expr) -> exp.Expr:
    return exp.EQ(this=exp.column("v", table=table), expression=exp.paren(value))


def _condition_bits(layout: Layout) -> exp.Expr:
    kind = "UINTEGER" if len(layout.conditions) <= 31 else "UBIGINT"
    total: exp.Expr = cast(number(0), kind)
    for i, condition in enumerate(layout.conditions):
        bit = case(exp.paren(condition.copy()), cast(number(1 << i), kind), cast(number(0), kind))
        total = exp.Add(this=total, expression=bit)
    return total


def _code(sub_key: SubKey, sizes: dict[str, int]) -> exp.Expr:
    if sub_key.is_day:
        return _days(sub_key.expression)
    if sub_key.lowest is not None:
        code: exp.Expr = exp.Sub(this=exp.paren(sub_key.expression.copy()), expression=number(sub_key.lowest))
    else:
        code = exp.column("c", table=f"_d_{sub_key.column}")
    size = sizes[sub_key.column]
    kind = "UTINYINT" if size < 255 else "USMALLINT" if size < 65535 else "INTEGER"
    return cast(exp.Coalesce(this=code, expressions=[number(size)]), kind)


def _days(value: exp.Expr) -> exp.Expr:
    start = cast(exp.Literal.string("1970-01-01"), "DATE")
    return cast(
        exp.Coalesce(this=func("DATE_DIFF", exp.Literal.string("day"), start, value.copy()), expressions=[number(0)]),
        "INTEGER",
    )


def _value(value: Value) -> exp.Expr:
    if value.type == "DATE":
        return _days(value.expression)
    if decimal_scale(value.type) is not None:
        return cast(
            exp.Coalesce(this=value.expression.copy(), expressions=[number(0)]),
            f"DECIMAL(18,{decimal_scale(value.type)})",
        )
    return cast(exp.Coalesce(this=value.expression.copy(), expressions=[number(0)]), "BIGINT")
