"""The last step of every measure: from its state, one row per customer, to its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from sqlglot import exp

from huaxiang.engines.words import DuckdbWords, binary, case, cast, func, number, scale_of, sum_scale
from huaxiang.plan.aggregate import MeasureState, is_double, result_type
from huaxiang.plan.nodes import Measure


@dataclass(frozen=True)
class Final:
    """A measure with the columns that hold its state: by role (`sum`, `count` …), and `inner`, its column of a histogram."""

    words: DuckdbWords
    measure: Measure
    state: Mapping[str, exp.Expr]
    as_of: date

    @property
    def kind(self) -> str:
        """DuckDB type of what is measured."""
        return self.measure.of_type or "BIGINT"

    def take(self, role: str) -> exp.Expr:
        """A fresh copy of the column of a role."""
        return self.state[role].copy()

    def double(self, role: str, scale: int = 0) -> exp.Expr:
        """The exact number of a role, with so many decimals, as DOUBLE."""
        return self.words.to_double(self.take(role), scale)


def ratio(part: exp.Expr, whole: exp.Expr) -> exp.Expr:
    """Return part ÷ whole of DOUBLEs; NULL unless whole > 0."""
    return case(exp.GT(this=whole, expression=number(0)), divide(part, whole.copy()))


def divide(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Return left ÷ right of DOUBLEs."""
    return exp.Div(this=left, expression=right, typed=False, safe=False)


def final_value(final: Final, state: MeasureState) -> exp.Expr:
    """Return the measure's value in its result type, `empty` where no row counts."""
    measure, kind = final.measure, result_type(final.measure)
    value = cast(_FINALS[measure.function](final), kind)
    if measure.empty is None:
        return value
    empty = cast(exp.convert(measure.empty), kind)
    if measure.function in _NULL_TOO_WHEN_ROWS and "count" in state.flat:
        return case(exp.EQ(this=final.take("count"), expression=number(0)), empty, value)
    return exp.Coalesce(this=value, expressions=[empty])


def _role(role: str) -> Callable[[Final], exp.Expr]:
    def take(f: Final) -> exp.Expr:
        return f.take(role)

    return take


def _counted(role: str) -> Callable[[Final], exp.Expr]:
    def take(f: Final) -> exp.Expr:
        return func("NULLIF", f.take(role), number(0))

    return take


def _sum(f: Final) -> exp.Expr:
    return f.double("sum", sum_scale(f.kind)) if is_double(f.kind) else f.take("sum")


def _mean(f: Final) -> exp.Expr:
    return ratio(f.double("sum", sum_scale(f.kind)), cast(f.take("count"), "DOUBLE"))


def _stddev(f: Final) -> exp.Expr:
    """sqrt((n·Σx² − (Σx)²) ÷ (n·(n−1))) over integers; by DOUBLEs only where those overflow."""
    n = cast(f.take("count"), "DECIMAL(38,0)")
    exact = f.words.difference_of_products((n, f.take("squares")), (f.take("sum"), f.take("sum")))
    left = binary(exp.Mul, f.double("count"), f.double("squares"))
    right = binary(exp.Mul, f.double("sum"), f.double("sum"))
    rough = func("GREATEST", binary(exp.Sub, left, right), number("0.0e0"))
    spread = exp.Coalesce(this=f.words.to_double(exact), expressions=[rough])
    others = cast(binary(exp.Sub, f.take("count"), number(1)), "DOUBLE")
    root = exp.Sqrt(this=divide(spread, binary(exp.Mul, cast(f.take("count"), "DOUBLE"), others)))
    value = divide(root, cast(number(10 ** scale_of(f.kind)), "DOUBLE"))
    return case(exp.GT(this=f.take("count"), expression=number(1)), value)


def _median(f: Final) -> exp.Expr:
    return f.words.median(f.take("values"), f.kind)


def _share(f: Final) -> exp.Expr:
    part = exp.Coalesce(this=f.take("part"), expressions=[number(0)])
    scale = sum_scale(f.kind)
    return ratio(f.words.to_double(part, scale), f.double("total", scale))


def _top_share(f: Final) -> exp.Expr:
    scale = sum_scale(f.measure.by_type or "BIGINT")
    return divide(f.double("inner", scale), f.double("whole", scale))


def _days_since(role: str) -> Callable[[Final], exp.Expr]:
    def days(f: Final) -> exp.Expr:
        as_of = cast(exp.Literal.string(f.as_of.isoformat()), "DATE")
        return f.words.days_between(cast(f.take(role), "DATE"), as_of)

    return days


def _cycle(f: Final) -> exp.Expr:
    span = f.words.days_between(cast(f.take("min"), "DATE"), cast(f.take("max"), "DATE"))
    gaps = binary(exp.Sub, f.take("inner"), number(1))
    return ratio(cast(span, "DOUBLE"), cast(gaps, "DOUBLE"))


_NULL_TOO_WHEN_ROWS = frozenset({"stddev", "share", "top", "top_n", "top_share", "cycle"})
_FINALS: Mapping[str, Callable[[Final], exp.Expr]] = MappingProxyType(
    {
        "count": _counted("count"),
        "distinct": _counted("inner"),
        "active_days": _counted("inner"),
        "sum": _sum,
        "mean": _mean,
        "median": _median,
        "stddev": _stddev,
        "min": _role("min"),
        "max": _role("max"),
        "first": _role("first"),
        "last": _role("last"),
        "top": _role("inner"),
        "top_n": _role("inner"),
        "top_share": _top_share,
        "share": _share,
        "days_since_first": _days_since("min"),
        "days_since_last": _days_since("max"),
        "cycle": _cycle,
    }
)
