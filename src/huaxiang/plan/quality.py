"""Plans the questions that quality asks of a source's rows: one query of facts, one of profiles, one for each pair of sources.

All are plain aggregates that every engine knows; nothing here runs. Profiles are taken of a sample that depends on the row numbers
alone (multiplicative hashing: Knuth, "The Art of Computer Programming" 3, 6.4), so that every build and engine draws the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import SqlStep

PERSONAL_TYPES = frozenset({"phone", "email", "name", "address", "id_number"})
SAMPLE = 200_000
MOST_DISTINCT = 1_000
"""Texts with more different values than this are profiled by their length."""
ROWS_FOR_DUPLICATES = 1_000_000
_PRIME, _SPACE = 2_654_435_761, 2**32
_AT_ONCE = 48  # Spark's GROUPING_ID has 64 bits
_NUMBERS = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "DOUBLE", "FLOAT", "DECIMAL", "HUGEINT")
ProfileKind = Literal["number", "age", "length", "delay", "value"]


@dataclass(frozen=True)
class Buckets:
    """How numbers fall into buckets, see learn/quality/profile.py: `step` is the logarithm of the growing factor."""

    step: float
    smallest: float
    largest: float
    shift: int


@dataclass(frozen=True)
class FactQuery:
    """What is asked of all rows: sample size, distinct values of texts, exact uniqueness, conditions, newest time."""

    texts: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    conditions: Mapping[str, exp.Expression] | None = None
    time: str | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class ProfileColumn:
    """One column to be profiled, and how; `other` is the earlier time of a delay."""

    name: str
    kind: ProfileKind
    other: str | None = None


def is_number(sql_type: str) -> bool:
    """True for a DuckDB type of numbers."""
    return sql_type.partition("(")[0] in _NUMBERS


def is_time(sql_type: str) -> bool:
    """True for DATE and TIMESTAMP."""
    return sql_type in ("DATE", "TIMESTAMP")


def plan_facts(table: str, output: str, asked: FactQuery) -> SqlStep:
    """Plan one row: `rows`, `d:<text>` (about how many different), `k:<field>` known, `u:<field>` different, `c:<rule>` rows that
    meet a condition, `w:<rule>` rows where it is known, `newest` (before `end`) and `later` (rows dated from `end` on).
    """
    found: list[exp.Expression] = [sql.named(exp.Count(this=exp.Star()), "rows")]
    found += [sql.named(exp.ApproxDistinct(this=sql.column(name)), f"d:{name}") for name in asked.texts]
    counted = dict.fromkeys((*asked.unique, *asked.counted))
    found += [sql.named(exp.Count(this=sql.column(name)), f"k:{name}") for name in counted]
    for name in asked.unique:
        found.append(sql.named(exp.Count(this=exp.Distinct(expressions=[sql.column(name)])), f"u:{name}"))
    for name, tree in (asked.conditions or {}).items():
        found.append(sql.named(_count_where(exp.paren(tree.copy())), f"c:{name}"))
        found.append(sql.named(exp.Count(this=exp.paren(tree.copy())), f"w:{name}"))
    if asked.time is not None and asked.end is not None:
        at, end = exp.cast(sql.column(asked.time), "TIMESTAMP"), sql.literal(asked.end)
        newest = sql.case([(exp.LT(this=at, expression=end), at.copy())])
        found.append(sql.named(exp.Max(this=newest), "newest"))
        found.append(sql.named(_count_where(exp.GTE(this=at.copy(), expression=end.copy())), "later"))
    return SqlStep(output, (table,), exp.select(*found).from_(sql.table(table)))


def _count_where(condition: exp.Expr) -> exp.Expression:
    return exp.Count(this=exp.Case().when(condition, sql.literal(1), copy=False))


def plan_duplicates(table: str, output: str, columns: Sequence[str]) -> SqlStep:
    """Plan one number, `copies`: rows that repeat an earlier one in all `columns`."""
    groups = exp.select(sql.named(exp.Count(this=exp.Star()), "n")).from_(sql.table(table))
    groups = groups.group_by(*(sql.column(c) for c in columns)).having(exp.Count(this=exp.Star()) > 1)
    more = exp.Sum(this=exp.Sub(this=sql.column("n"), expression=sql.literal(1)))
    query = exp.select(sql.named(exp.cast(exp.Coalesce(this=more, expressions=[sql.literal(0)]), "BIGINT"), "copies"))
    return SqlStep(output, (table,), query.from_(groups.subquery("g")))


def plan_profiles(  # noqa: PLR0913  (three sizes that belong to the build, not to a column)
    table: str, output: str, columns: Sequence[ProfileColumn], *, rows: int, as_of: date, buckets: Buckets
) -> Iterator[SqlStep]:
    """Plan tables `<output>_<n>` of (`at` BIGINT, `key` VARCHAR, `rows` BIGINT): how many sampled rows of column number `at` have
    the value or lie in the bucket `key` (NULL: no value). `rows` is the size of the table.
    """
    for first in range(0, len(columns), _AT_ONCE):
        part = columns[first : first + _AT_ONCE]
        read = exp.select(*(sql.named(_value(c, as_of), f"x{n}") for n, c in enumerate(part))).from_(sql.table(table))
        if rows > SAMPLE:
            read = read.where(_sampled(SAMPLE / rows))
        taken = exp.select(
            *(sql.named(_key(sql.column(f"x{n}"), c.kind, buckets), f"q{n}") for n, c in enumerate(part))
        ).from_(read.subquery("r"))
        keys = [sql.column(f"q{n}") for n in range(len(part))]
        at = sql.case((_in_set(key), sql.literal(first + n)) for n, key in enumerate(keys))
        key = sql.case((_in_set(key), key.copy()) for key in keys)
        query = exp.select(
            sql.named(exp.cast(at, "BIGINT"), "at"),
            sql.named(key, "key"),
            sql.named(exp.Count(this=exp.Star()), "rows"),
        ).from_(taken.subquery("s"))
        sets = exp.GroupingSets(expressions=[exp.Paren(this=key.copy()) for key in keys])
        query.set("group", exp.Group(expressions=[sets]))
        yield SqlStep(f"{output}_{first // _AT_ONCE}", (table,), query)


def _in_set(key: exp.Expression) -> exp.Expression:
    return exp.Grouping(expressions=[key.copy()]).eq(0)


def _sampled(share: float) -> exp.Expression:
    number = exp.cast(sql.column("_row"), "BIGINT") + exp.cast(sql.column("_file"), "BIGINT") * 7919
    mixed = exp.Mod(this=exp.paren(exp.paren(number) * _PRIME), expression=sql.literal(_SPACE))
    return exp.LT(this=mixed, expression=sql.literal(int(share * _SPACE)))


def _value(column: ProfileColumn, as_of: date) -> exp.Expression:
    """The text, or the number, that is counted."""
    field = sql.column(column.name)
    match column.kind:
        case "value":
            return exp.cast(field, "VARCHAR")
        case "length":
            number: exp.Expression = exp.Length(this=field)
        case "age":
            number = sql.call("date_diff", sql.literal("day"), exp.cast(field, "DATE"), sql.literal(as_of))
        case "delay":
            earlier = exp.cast(sql.column(column.other or column.name), "TIMESTAMP")
            number = sql.call("date_diff", sql.literal("hour"), earlier, exp.cast(field, "TIMESTAMP"))
        case _:
            number = field
    return exp.cast(number, "DOUBLE")


def _key(value: exp.Expression, kind: ProfileKind, buckets: Buckets) -> exp.Expression:
    """The text itself, or the bucket of the number (bucket_of of learn/quality/profile.py) as text; NULL for NULL."""
    if kind == "value":
        return value
    size = exp.Least(this=exp.Abs(this=value.copy()), expressions=[sql.literal(buckets.largest)])
    exponent = exp.Ceil(this=exp.Div(this=exp.Ln(this=size), expression=sql.literal(buckets.step)))
    bucket = exp.paren(exp.cast(exponent, "BIGINT") + buckets.shift)
    sign = sql.case([(exp.LT(this=value.copy(), expression=sql.literal(0)), sql.literal(-1))], sql.literal(1))
    small = exp.LT(this=exp.Abs(this=value.copy()), expression=sql.literal(buckets.smallest))
    nothing = sql.is_null(value.copy())  # Spark's LEAST passes over NULL
    number = sql.case([(nothing, exp.null()), (small, sql.literal(0))], exp.Mul(this=sign, expression=bucket))
    return exp.cast(number, "VARCHAR")


def plan_described(table: str, output: str, fields: Sequence[str]) -> SqlStep:
    """Plan one row per customer: the smallest and largest known text of every field, `lo:<field>` and `hi:<field>`."""
    ends: list[exp.Expression] = []
    for field in fields:
        text = exp.cast(sql.column(field), "VARCHAR")
        ends += [sql.named(exp.Min(this=text), f"lo:{field}"), sql.named(exp.Max(this=text.copy()), f"hi:{field}")]
    key = sql.column("customer_id")
    query = exp.select(key, *ends).from_(sql.table(table)).where(sql.is_not_null(key.copy())).group_by(key.copy())
    return SqlStep(output, (table,), query)


def plan_agreement(left: str, right: str, output: str, fields: Sequence[str]) -> SqlStep:
    """Plan one row over the customers of two tables of `plan_described`: `both:<field>` of whom both know the field, `same:<field>`
    of whom they share a value. A side with more than two different values of one customer is seen by its smallest and largest.
    """
    found: list[exp.Expression] = []
    for field in fields:
        a, b = ((sql.column(f"lo:{field}", t), sql.column(f"hi:{field}", t)) for t in ("a", "b"))
        found.append(sql.named(_count_where(exp.and_(sql.is_not_null(a[0]), sql.is_not_null(b[0]))), f"both:{field}"))
        same = exp.or_(*(x.copy().eq(y.copy()) for x in a for y in b))
        found.append(sql.named(_count_where(same), f"same:{field}"))
    on = sql.column("customer_id", "a").eq(sql.column("customer_id", "b"))
    query = exp.select(*found).from_(sql.table(left, "a")).join(sql.table(right, "b"), on=on)
    return SqlStep(output, (left, right), query)


def plan_accuracy(table: str, truth: str, output: str, *, on: tuple[str, str], fields: Sequence[str]) -> SqlStep:
    """Plan one row: `both:<field>` rows whose value is known here and in the first row of `truth` with the key, `same:<field>` equal."""
    number = exp.Window(
        this=exp.RowNumber(), partition_by=[sql.column(on[1])],
        order=exp.Order(expressions=[sql.column("_file"), sql.column("_row")]),
    )  # fmt: skip
    wanted = list(dict.fromkeys((on[1], *fields)))
    inner = exp.select(*(sql.column(c) for c in wanted), sql.named(number, "_n")).from_(sql.table(truth))
    first = exp.select(*(sql.column(c) for c in wanted)).from_(inner.subquery("n")).where(sql.column("_n").eq(1))
    found: list[exp.Expression] = []
    for field in fields:
        ours, theirs = (exp.cast(sql.column(field, side), "VARCHAR") for side in ("r", "t"))
        known = exp.and_(sql.is_not_null(ours), sql.is_not_null(theirs))
        found += [sql.named(_count_where(known), f"both:{field}")]
        found += [sql.named(_count_where(ours.copy().eq(theirs.copy())), f"same:{field}")]
    key = sql.column(on[0], "r").eq(sql.column(on[1], "t"))
    query = exp.select(*found).from_(sql.table(table, "r")).join(first.subquery("t"), on=key)
    return SqlStep(output, (table, truth), query)
