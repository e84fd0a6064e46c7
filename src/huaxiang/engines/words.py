"""The vocabulary in which aggregate SQL differs between engines, as sqlglot ASTs. This class speaks DuckDB; Spark overrides it.

Every method takes and returns expressions; none executes. Both vocabularies give equal results to the last bit: exact decimals
for sums, one correctly rounded step to DOUBLE, ties decided by value.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlglot import exp

from huaxiang.plan.aggregate import EXACT_SCALE, STDDEV_SCALE, decimal_scale, is_double


def func(name: str, *args: exp.Expr) -> exp.Expr:
    """Return a call of a function that sqlglot leaves alone."""
    return exp.Anonymous(this=name, expressions=list(args))


def number(text: str | int) -> exp.Expr:
    """Return a numeric literal."""
    return exp.Literal.number(text)


def cast(value: exp.Expr, kind: str) -> exp.Expr:
    """Return CAST(value AS kind); `kind` is a DuckDB type name."""
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def binary(kind: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Return `(left ∘ right)`, always in parentheses."""
    return exp.Paren(this=kind(this=left, expression=right))


def case(condition: exp.Expr, then: exp.Expr, otherwise: exp.Expr | None = None) -> exp.Expr:
    """Return CASE WHEN condition THEN then [ELSE otherwise] END."""
    return exp.Case(ifs=[exp.If(this=condition, true=then)], default=otherwise)


def struct(**fields: exp.Expr) -> exp.Expr:
    """Return a struct with the named fields."""
    return exp.Struct(expressions=[exp.PropertyEQ(this=exp.to_identifier(k), expression=v) for k, v in fields.items()])


def member(value: exp.Expr, name: str) -> exp.Expr:
    """Return field `name` of a struct."""
    return exp.Dot(this=value, expression=exp.to_identifier(name))


def filtered(aggregate: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    """Return `aggregate FILTER (WHERE condition)`."""
    return aggregate if condition is None else exp.Filter(this=aggregate, expression=exp.Where(this=condition))


class DuckdbWords:
    """DuckDB's way to say it."""

    dialect = "duckdb"

    def timestamp(self, at: datetime) -> exp.Expr:
        """A TIMESTAMP literal."""
        return cast(exp.Literal.string(at.isoformat(sep=" ")), "TIMESTAMP")

    def micros(self, time: exp.Expr) -> exp.Expr:
        """Microseconds since 1970 of a TIMESTAMP, BIGINT."""
        return func("EPOCH_US", time)

    def days_between(self, start: exp.Expr, end: exp.Expr) -> exp.Expr:
        """Whole days from one DATE to another, BIGINT."""
        return func("DATE_DIFF", exp.Literal.string("day"), start, end)

    def whole(self, value: exp.Expr) -> exp.Expr:
        """A DOUBLE cut toward zero, DOUBLE."""
        return func("TRUNC", value)

    def to_bigint(self, value: exp.Expr) -> exp.Expr:
        """An integral DOUBLE as BIGINT; NULL when out of range or NaN."""
        return exp.TryCast(this=value, to=exp.DataType.build("BIGINT"))

    def floor(self, value: exp.Expr) -> exp.Expr:
        """A DOUBLE rounded down, BIGINT; NULL when out of range or NaN."""
        return self.to_bigint(func("FLOOR", value))

    def exact(self, value: exp.Expr, kind: str) -> exp.Expr:
        """A number of type `kind` in a type whose sums are exact: BIGINT, DECIMAL or, for DOUBLE, DECIMAL(28,8)."""
        if is_double(kind):
            whole = self.whole(value.copy())
            rest = binary(exp.Sub, exp.paren(value.copy()), whole.copy())
            units = self.floor(binary(exp.Add, binary(exp.Mul, rest, number("1e8")), cast(number("0.5"), "DOUBLE")))
            tail = binary(exp.Mul, cast(units, "DECIMAL(10,0)"), cast(number("0.00000001"), "DECIMAL(9,8)"))
            return binary(exp.Add, cast(self.to_bigint(whole), f"DECIMAL(28,{EXACT_SCALE})"), tail)
        return value if decimal_scale(kind) is not None else cast(value, "BIGINT")

    def scaled(self, value: exp.Expr, kind: str) -> exp.Expr:
        """A number times 10^scale as DECIMAL(38,0): the scale is `scale_of(kind)`."""
        if is_double(kind):
            shifted = binary(exp.Add, binary(exp.Mul, exp.paren(value), number("1e6")), cast(number("0.5"), "DOUBLE"))
            return cast(self.floor(shifted), "DECIMAL(38,0)")
        scale = decimal_scale(kind)
        if not scale:
            return cast(value, "DECIMAL(38,0)")
        wide = cast(value, f"DECIMAL({38 - scale},{scale})")
        return cast(binary(exp.Mul, wide, cast(number(10**scale), f"DECIMAL({scale + 1},0)")), "DECIMAL(38,0)")

    def exact_sum(self, value: exp.Expr, kind: str) -> exp.Expr:
        """SUM of `exact(value)` in its result type (DOUBLE still as DECIMAL(38,8))."""
        scale = EXACT_SCALE if is_double(kind) else decimal_scale(kind)
        return cast(exp.Sum(this=value), "BIGINT" if scale is None else f"DECIMAL(38,{scale})")

    def to_double(self, value: exp.Expr, scale: int = 0) -> exp.Expr:
        """An exact number with `scale` decimals as the nearest DOUBLE. (DuckDB's cast rounds twice beyond 2^53 units.)"""
        limit = cast(exp.Literal.number(str(Decimal(2**53).scaleb(-scale))), f"DECIMAL(38,{scale})")
        near = exp.Between(this=value.copy(), low=exp.Neg(this=limit), high=limit.copy())
        return case(near, cast(value.copy(), "DOUBLE"), cast(cast(value.copy(), "VARCHAR"), "DOUBLE"))

    def difference_of_products(self, left: tuple[exp.Expr, exp.Expr], right: tuple[exp.Expr, exp.Expr]) -> exp.Expr:
        """a·b − c·d of DECIMAL(38,0); NULL where that overflows."""
        return func("TRY", binary(exp.Sub, binary(exp.Mul, *left), binary(exp.Mul, *right)))

    def pick(self, value: exp.Expr, weight: exp.Expr) -> exp.Expr:
        """Aggregate: the value with the largest weight > 0, ties to the smallest value."""
        best = exp.Min(this=struct(w=exp.Neg(this=weight.copy()), v=value))
        return member(filtered(best, exp.GT(this=weight, expression=number(0))), "v")

    def pick_n(self, value: exp.Expr, weight: exp.Expr, n: int) -> exp.Expr:
        """Aggregate: the n values with the largest weights > 0 in that order, ties to the smaller value."""
        best = func("MIN", struct(w=exp.Neg(this=weight.copy()), v=value), number(n))
        kept = filtered(best, exp.GT(this=weight, expression=number(0)))
        return func(
            "LIST_TRANSFORM", kept, exp.Lambda(this=member(exp.column("s"), "v"), expressions=[exp.to_identifier("s")])
        )

    def gather(self, value: exp.Expr) -> exp.Expr:
        """Aggregate: all values as a list."""
        return func("LIST", value)

    def median(self, values: exp.Expr, kind: str) -> exp.Expr:
        """The middle of a list, halfway between the two middle ones when even; DOUBLE."""
        ordered, n = func("LIST_SORT", values.copy()), func("LEN", values.copy())
        low = func("LIST_EXTRACT", ordered, binary(exp.IntDiv, binary(exp.Add, n, number(1)), number(2)))
        high = func("LIST_EXTRACT", ordered.copy(), binary(exp.Add, binary(exp.IntDiv, n.copy(), number(2)), number(1)))
        return self.halfway(low, high, kind)

    def halfway(self, low: exp.Expr, high: exp.Expr, kind: str) -> exp.Expr:
        """(low + high) ÷ 2 as DOUBLE, exact numbers added exactly."""
        if is_double(kind):
            total = binary(exp.Add, low, high)
        else:
            wide = f"DECIMAL(38,{decimal_scale(kind) or 0})"
            total = self.to_double(binary(exp.Add, cast(low, wide), cast(high, wide)), decimal_scale(kind) or 0)
        return exp.Div(this=total, expression=number("2.0e0"), typed=False, safe=False)


def sum_scale(kind: str) -> int:
    """The decimals of an exact sum."""
    return EXACT_SCALE if is_double(kind) else decimal_scale(kind) or 0


def scale_of(kind: str) -> int:
    """The power of ten of `scaled`."""
    return STDDEV_SCALE if is_double(kind) else decimal_scale(kind) or 0
