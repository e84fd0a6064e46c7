"""The aggregate vocabulary in Spark's functions; results equal DuckDB's."""

from __future__ import annotations

from sqlglot import exp

from huaxiang.engines.words import DuckdbWords, binary, case, cast, filtered, func, member, number, struct
from huaxiang.plan.aggregate import DOUBLE_LIMIT


class SparkWords(DuckdbWords):
    """Spark's way to say it (ANSI mode, TIMESTAMP without time zone)."""

    dialect = "spark"

    def micros(self, time: exp.Expr) -> exp.Expr:
        """Microseconds since 1970 of a TIMESTAMP (session time zone UTC), BIGINT."""
        return func("UNIX_MICROS", cast(time, "TIMESTAMPTZ"))

    def days_between(self, start: exp.Expr, end: exp.Expr) -> exp.Expr:
        """Whole days from one DATE to another, BIGINT."""
        return cast(func("DATEDIFF", end, start), "BIGINT")

    def whole(self, value: exp.Expr) -> exp.Expr:
        """A DOUBLE cut toward zero, DOUBLE; NULL beyond BIGINT."""
        return cast(self.to_bigint(value), "DOUBLE")

    def floor(self, value: exp.Expr) -> exp.Expr:
        """A DOUBLE rounded down, BIGINT; NULL when out of range or NaN (where Spark's FLOOR would fail)."""
        in_range = exp.LT(this=exp.Abs(this=value), expression=number(DOUBLE_LIMIT))
        return case(in_range, func("FLOOR", value.copy()))

    def to_double(self, value: exp.Expr, scale: int = 0) -> exp.Expr:  # noqa: ARG002 - the same call on every engine
        """An exact number as the nearest DOUBLE: Java rounds once."""
        return cast(value, "DOUBLE")

    def difference_of_products(self, left: tuple[exp.Expr, exp.Expr], right: tuple[exp.Expr, exp.Expr]) -> exp.Expr:
        """a·b − c·d of DECIMAL(38,0); NULL where that overflows."""
        return func("TRY_SUBTRACT", func("TRY_MULTIPLY", *left), func("TRY_MULTIPLY", *right))

    def pick_n(self, value: exp.Expr, weight: exp.Expr, n: int) -> exp.Expr:
        """Aggregate: the n values with the largest weights > 0 in that order, ties to the smaller value."""
        positive = exp.GT(this=weight, expression=number(0))
        pairs = func("COLLECT_LIST", struct(w=exp.Neg(this=weight.copy()), v=value))
        ordered = func("ARRAY_SORT", filtered(pairs, positive))
        named = exp.Lambda(this=member(exp.column("s"), "v"), expressions=[exp.to_identifier("s")])
        values = func("TRANSFORM", func("SLICE", ordered, number(1), number(n)), named)
        any_left = exp.GT(this=exp.Max(this=weight.copy()), expression=number(0))
        return case(any_left, values)

    def gather(self, value: exp.Expr) -> exp.Expr:
        """Aggregate: all values as a list, empty when there is none."""
        return func("COLLECT_LIST", value)

    def median(self, values: exp.Expr, kind: str) -> exp.Expr:
        """The middle of a list, halfway between the two middle ones when even; DOUBLE."""
        ordered, n = func("ARRAY_SORT", values.copy()), func("SIZE", values.copy())
        half = binary(exp.IntDiv, binary(exp.Add, n, number(1)), number(2))
        low = func("GET", ordered, cast(binary(exp.Sub, half, number(1)), "INT"))
        high = func("GET", ordered.copy(), cast(binary(exp.IntDiv, n.copy(), number(2)), "INT"))
        return self.halfway(low, high, kind)
