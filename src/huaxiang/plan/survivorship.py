"""Survivorship: of all values that several sources give for one attribute, the one that stands, with its provenance. Pure SQL trees.

Two steps an attribute. `said` reduces the rows of all sources to one row per customer and value; `stands` picks among those.
Everything that is ranked or summed over rows is a whole number, so that neither the order of rows nor the number of threads shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import SqlStep

TRUST = 1_000_000
"""Trust is ranked as so many parts of one."""
DECLINE = 0.1
"""Share of values that go out of date in a year where an attribute says nothing else."""
UNDATED_YEARS = 3.0
"""A value whose date nobody knows counts as this old."""
_EPOCH = datetime(1970, 1, 1)
_NEVER = 8_000_000_000_000_000_000
"""Beyond any date in microseconds: undated rows come after all dated ones."""
_SOURCE_STEP = 1_000_000_000_000_000
_FILE_STEP = 10_000_000_000


@dataclass(frozen=True)
class Origin:
    """One source of an attribute: its rows, the checked expression over them, how far it is trusted, and what dates a row."""

    source: str
    table: str
    value: exp.Expression
    trust: float
    time: str | None


@dataclass(frozen=True)
class Contest:
    """An attribute for which several values may compete: whose it is (`key`), how the winner is picked, and of what type it is.

    `decline`: share of its values that go out of date in a year. `order`: ranks values for pick `ordered`.
    """

    name: str
    key: str
    pick: str
    type: str
    origins: tuple[Origin, ...]
    order: tuple[str, ...] = ()
    decline: float = DECLINE
    comment: str = ""


def plan_said(contest: Contest, output: str, end: datetime) -> SqlStep:
    """Plan `output`: one row per customer and value that any source gives, with who says it how often and when.

    Columns: key, value, rows; n0 … rows by origin; k (and l): what the value is ranked by besides itself; o the origin that counts
    for it, a that origin's moment, s when it was last confirmed. Rows without a date count, and rank after all dated ones: by
    declared order of the sources, then by their place in the file.
    """
    parts = [_dated_rows(contest, number, origin, end) for number, origin in enumerate(contest.origins)]
    said: exp.Query = parts[0]
    for part in parts[1:]:
        said = exp.union(said, part, distinct=False)
    numbers = range(len(contest.origins))
    side = "first" if contest.pick == "earliest" else "last"
    best = exp.Min if side == "first" else exp.Max
    held = (
        exp.select(sql.column(contest.key), sql.column("value"))
        .select(sql.named(exp.Count(this=exp.Star()), "rows"), sql.named(exp.Max(this=sql.column("at")), "s"))
        .select(*(sql.named(exp.cast(exp.Sum(this=_only(n, sql.literal(1), 0)), "BIGINT"), f"n{n}") for n in numbers))
        .select(*(sql.named(best(this=_only(n, sql.column("rank"))), f"r{n}") for n in numbers))
        .select(*(sql.named(best(this=_only(n, sql.column("at"))), f"a{n}") for n in numbers))
        .from_(said.subquery("u"))
        .where(sql.is_not_null(sql.column("value")))
        .group_by(sql.column(contest.key), sql.column("value"))
    )
    kept = [sql.column(c) for c in (contest.key, "value", "rows", "s", *(f"n{n}" for n in numbers))]
    origin = _best_origin(contest)
    moment = sql.case([(sql.column("o").eq(n), sql.column(f"a{n}")) for n in numbers])
    chosen = exp.select(exp.Star(), sql.named(origin, "o")).from_(held.subquery("h"))
    query = exp.select(*kept, sql.column("o"), sql.named(moment, "a"))
    ranks = [sql.named(rank, name) for name, rank in zip("kl", _RANK[contest.pick](contest), strict=False)]
    query = query.select(*ranks).from_(chosen.subquery("c"))
    inputs = tuple(dict.fromkeys(o.table for o in contest.origins))
    return SqlStep(output, inputs, query, (contest.comment,))


def _only(number: int, value: exp.Expression, otherwise: int | None = None) -> exp.Expression:
    """The value in rows of one origin."""
    rest = None if otherwise is None else sql.literal(otherwise)
    return sql.case([(sql.column("origin").eq(number), value)], rest)


def _dated_rows(contest: Contest, number: int, origin: Origin, end: datetime) -> exp.Select:
    """Key, value, origin, moment (NULL when unknown), and the rank by which the newest or the oldest row is found."""
    first = contest.pick == "earliest"
    place: exp.Expression = exp.Add(
        this=exp.Mul(this=exp.cast(sql.column("_file"), "BIGINT"), expression=sql.literal(_FILE_STEP)),
        expression=exp.cast(sql.column("_row"), "BIGINT"),
    )
    after = sql.literal(_NEVER + number * _SOURCE_STEP)
    rank: exp.Expression = (exp.Add if first else exp.Sub)(this=exp.paren(place), expression=after)
    moment: exp.Expression = sql.null_of("TIMESTAMP")
    rows = (
        exp.select(sql.column(contest.key))
        .from_(sql.table(origin.table))
        .where(sql.is_not_null(sql.column(contest.key)))
    )
    if origin.time is not None:
        moment = exp.cast(sql.column(origin.time), "TIMESTAMP")
        undated = sql.is_null(sql.column(origin.time))
        micros = exp.DateDiff(this=moment.copy(), expression=sql.literal(_EPOCH), unit=exp.Var(this="MICROSECOND"))
        rank = sql.case([(undated, rank)], micros)
        rows = rows.where(exp.or_(undated.copy(), exp.LT(this=sql.column(origin.time), expression=sql.literal(end))))
    value = exp.cast(sql.parenthesised(origin.value), contest.type)
    if contest.type == "DOUBLE":  # -0.0 and 0.0 are one value
        value = exp.cast(exp.Add(this=value, expression=exp.cast(sql.literal(0), "DOUBLE")), "DOUBLE")
    return rows.select(
        sql.named(value, "value"), sql.named(exp.cast(sql.literal(number), "BIGINT"), "origin"),
        sql.named(moment, "at"), sql.named(exp.cast(rank, "BIGINT"), "rank"),
    )  # fmt: skip


def _best_origin(contest: Contest) -> exp.Expression:
    """The origin that counts for a value: by date where that decides, else the most trusted, of these the newest; then by order."""
    if contest.pick in ("latest", "earliest"):
        return _extreme(contest, range(len(contest.origins)))
    branches: list[tuple[exp.Expression, exp.Expression]] = []
    for _, group in _by_trust(contest):
        held = exp.paren(exp.or_(*(exp.GT(this=sql.column(f"n{n}"), expression=sql.literal(0)) for n in group)))
        branches.append((held, _extreme(contest, group)))
    return sql.case(branches)


def _extreme(contest: Contest, group: Sequence[int]) -> exp.Expression:
    """The first of the origins whose rank is the best of all in the group."""
    best = _of_all([sql.column(f"r{n}") for n in group], exp.Least if contest.pick == "earliest" else exp.Greatest)
    return sql.case([(sql.column(f"r{n}").eq(best.copy()), exp.cast(sql.literal(n), "BIGINT")) for n in group])


def _of_all(parts: Sequence[exp.Expression], function: type[exp.Greatest | exp.Least]) -> exp.Expression:
    """LEAST or GREATEST of those that are not NULL."""
    return parts[0] if len(parts) == 1 else function(this=parts[0], expressions=list(parts[1:]), ignore_nulls=True)


def _by_trust(contest: Contest) -> list[tuple[int, list[int]]]:
    """Origins of equal trust, the most trusted first."""
    trusts = [round(o.trust * TRUST) for o in contest.origins]
    return [(t, [n for n, own in enumerate(trusts) if own == t]) for t in sorted(set(trusts), reverse=True)]


def plan_stands(contest: Contest, said: str, output: str, as_of: date) -> SqlStep:
    """Plan `output`: key, value, source (that won), at (date of the winning row), agree, confidence; one row per customer.

    `agree` (0–1): the part of the votes that hold the value, each source having one vote, parted among its rows. `confidence`
    (0–1): the probability that the sources which hold the value are right, 1 − Π(1 − trust) (Yin, Han and Yu, "Truth Discovery with
    Multiple Conflicting Information Providers on the Web", IEEE TKDE 20(6), 2008), × agree × exp(−decline × years since
    the value was last confirmed) (Heinrich, Klier and Kaiser, "A Procedure to Develop Metrics for Currency and its Application
    in CRM", ACM JDIQ 1(1), 2009).
    """
    p, every = "p", contest.pick == "union"
    share = exp.cast(sql.literal(1), "DOUBLE") if every else _agreement(contest)
    query = exp.select(
        sql.column(contest.key, p),
        sql.named(_won("v"), "value"),
        sql.named(_sources(contest) if every else _source(contest), "source"),
        sql.named(exp.cast(_won("a"), "DATE"), "at"),
        sql.named(_rounded(share, 4), "agree"),
        sql.named(_rounded(_confidence(contest, share.copy(), as_of), 3), "confidence"),
    )
    return SqlStep(output, (said,), query.from_(_winner(contest, said).subquery(p)), (contest.comment,))


def _winner(contest: Contest, said: str) -> exp.Select:
    """One row per customer: rows by origin (t0 …), and the winning value `w` with its origin, dates and rows by origin."""
    numbers = range(len(contest.origins))
    ranks = [name for name, _ in zip("kl", _RANK[contest.pick](contest), strict=False)]
    best = exp.Max if contest.pick == "maximum" else exp.Min
    fields = {**{r: sql.column(r) for r in ranks}, "v": sql.column("value"), "o": sql.column("o"), "a": sql.column("a")}
    fields |= {"s": sql.column("s"), **{f"n{n}": sql.column(f"n{n}") for n in numbers}}
    return (
        exp.select(sql.column(contest.key))
        .select(*(sql.named(exp.cast(exp.Sum(this=sql.column(f"n{n}")), "BIGINT"), f"t{n}") for n in numbers))
        .select(sql.named(best(this=_struct(**fields)), "w"))
        .from_(sql.table(said))
        .group_by(sql.column(contest.key))
    )


_RANK: Mapping[str, Callable[[Contest], Sequence[exp.Expression]]] = MappingProxyType({
    "latest": lambda contest: [exp.Neg(this=_best_rank(contest))],
    "earliest": lambda contest: [_best_rank(contest)],
    "trusted": lambda contest: [_minus_trust(contest), exp.Neg(this=_best_rank(contest))],
    "most_frequent": lambda _: [exp.Neg(this=sql.column("rows"))],
    "union": lambda _: [exp.Neg(this=sql.column("rows"))],
    "minimum": lambda _: [],
    "maximum": lambda _: [],
    "longest": lambda _: [exp.Neg(this=exp.cast(exp.Length(this=exp.cast(sql.column("value"), "VARCHAR")), "BIGINT"))],
    "ordered": lambda contest: [_place(contest)],
})  # fmt: skip
"""Pick → what a value is ranked by, the smallest first; ties fall to the smallest value."""


def _best_rank(contest: Contest) -> exp.Expression:
    """The rank of the origin that counts for the value."""
    return sql.case([(sql.column("o").eq(n), sql.column(f"r{n}")) for n in range(len(contest.origins))])


def _minus_trust(contest: Contest) -> exp.Expression:
    return sql.case([
        (sql.column("o").eq(n), exp.cast(sql.literal(-trust), "BIGINT")) for trust, group in _by_trust(contest) for n in group
    ])  # fmt: skip


def _place(contest: Contest) -> exp.Expression:
    text = exp.cast(sql.column("value"), "VARCHAR")
    places = [(text.copy().eq(value), sql.literal(n)) for n, value in enumerate(contest.order)]
    return sql.case(places, sql.literal(len(contest.order)))


def _agreement(contest: Contest) -> exp.Expression:
    """Mean over the origins that know the attribute of the part of their rows which hold the winning value."""
    parts: list[exp.Expression] = []
    known: list[exp.Expression] = []
    for n in range(len(contest.origins)):
        rows = sql.column(f"t{n}", "p")
        some = exp.GT(this=rows, expression=sql.literal(0))
        parts.append(sql.case([(some, _ratio(_won(f"n{n}"), rows.copy()))], _double(0.0)))
        known.append(sql.case([(some.copy(), _double(1.0))], _double(0.0)))
    return exp.Div(this=exp.paren(_sum(parts)), expression=exp.paren(_sum(known)), typed=False, safe=False)


def _ratio(part: exp.Expression, whole: exp.Expression) -> exp.Expression:
    return exp.Div(this=exp.cast(part, "DOUBLE"), expression=exp.cast(whole, "DOUBLE"), typed=False, safe=False)


def _sum(parts: Sequence[exp.Expression]) -> exp.Expression:
    total = parts[0]
    for part in parts[1:]:
        total = exp.Add(this=total, expression=part)
    return total


def _source(contest: Contest) -> exp.Expression:
    names = [(_won("o").eq(n), sql.literal(o.source)) for n, o in enumerate(contest.origins)]
    return sql.case(names)


def _sources(contest: Contest) -> exp.Expression:
    """All sources with a value, for `union`: those of its most frequent value, joined by +."""
    names = [sql.case([(_holds(n), sql.literal(o.source))]) for n, o in enumerate(contest.origins)]
    return sql.call("concat_ws", sql.literal("+"), *names)


def _confidence(contest: Contest, agree: exp.Expression, as_of: date) -> exp.Expression:
    one = exp.cast(sql.literal(1), "DOUBLE")
    wrong: exp.Expression = one
    for n, origin in enumerate(contest.origins):
        doubt = sql.case([(_holds(n), _double(1 - origin.trust))], one.copy())
        wrong = exp.Mul(this=wrong, expression=doubt)
    right = exp.Mul(this=exp.paren(exp.Sub(this=one.copy(), expression=wrong)), expression=exp.paren(agree))
    if not contest.decline:
        return right
    seen = _won("s")
    days = exp.DateDiff(this=sql.literal(as_of), expression=exp.cast(seen, "DATE"), unit=exp.Var(this="DAY"))
    years = exp.Div(this=exp.cast(days, "DOUBLE"), expression=_double(365.25), typed=False, safe=False)
    age = sql.case(
        [
            (sql.is_null(seen.copy()), _double(UNDATED_YEARS)),
            (exp.GT(this=days.copy(), expression=sql.literal(0)), years),
        ],
        _double(0.0),
    )
    decay = exp.Exp(this=exp.Mul(this=_double(-contest.decline), expression=exp.paren(age)))
    return exp.Mul(this=right, expression=decay)


def _double(value: float) -> exp.Expression:
    return exp.cast(exp.Literal.string(repr(float(value))), "DOUBLE")


def _rounded(value: exp.Expression, digits: int) -> exp.Expression:
    return exp.Round(this=exp.paren(value), decimals=sql.literal(digits))


def _struct(**fields: exp.Expression) -> exp.Struct:
    return exp.Struct(expressions=[exp.PropertyEQ(this=exp.to_identifier(k), expression=v) for k, v in fields.items()])


def _won(field: str) -> exp.Dot:
    """A field of the winning value."""
    return exp.Dot(this=sql.column("w", "p"), expression=exp.to_identifier(field))


def _holds(number: int) -> exp.Expression:
    """Whether an origin holds the winning value."""
    return exp.GT(this=exp.paren(_won(f"n{number}")), expression=sql.literal(0))
