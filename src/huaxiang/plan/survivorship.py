"""Survivorship: of all values that several sources give for one attribute, the one that stands, with its provenance. Pure SQL trees.

Two steps an attribute. `said` reduces each source's rows to one row per customer and value; `stands` ranks those over all sources.
Everything that is ranked or summed is a whole number, so that neither the order of rows nor the number of threads shows in a result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import SqlStep

VOTE = 1_000_000
"""One source has this vote, parted among its values by rows."""
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
    """Plan `output`: key, value, origin (number), rows, votes, last, first (rank of the newest and oldest row), last_at, first_at.

    One row per customer, value and origin. `votes` of a customer's values from one origin sum to about VOTE. Rows without a date
    count, and rank after all dated ones: by declared order of the sources, then by their place in the file.
    """
    parts = [_said_by(contest, number, origin, end) for number, origin in enumerate(contest.origins)]
    query: exp.Query = parts[0]
    for part in parts[1:]:
        query = exp.union(query, part, distinct=False)
    inputs = tuple(dict.fromkeys(o.table for o in contest.origins))
    return SqlStep(output, inputs, query, (contest.comment,))


def _said_by(contest: Contest, number: int, origin: Origin, end: datetime) -> exp.Select:
    key, value = contest.key, sql.column("value")
    counted = (
        exp.select(sql.column(key), value, sql.named(exp.Count(this=exp.Star()), "rows"))
        .select(
            sql.named(exp.Max(this=sql.column("last")), "last"), sql.named(exp.Min(this=sql.column("first")), "first")
        )
        .select(
            sql.named(exp.Max(this=sql.column("at")), "last_at"), sql.named(exp.Min(this=sql.column("at")), "first_at")
        )
        .from_(_dated_rows(contest, number, origin, end).subquery("r"))
        .where(sql.is_not_null(value.copy()))
        .group_by(sql.column(key), value.copy())
    )
    total = exp.Window(this=exp.Sum(this=sql.column("rows")), partition_by=[sql.column(key)])
    votes = exp.IntDiv(
        this=exp.paren(exp.Mul(this=sql.column("rows"), expression=sql.literal(VOTE))),
        expression=exp.cast(total, "BIGINT"),
    )
    columns = [sql.column(c) for c in (key, "value", "rows", "last", "first", "last_at", "first_at")]
    origin_number = sql.named(exp.cast(sql.literal(number), "BIGINT"), "origin")
    return exp.select(*columns, origin_number, sql.named(exp.cast(votes, "BIGINT"), "votes")).from_(
        counted.subquery("c")
    )


def _dated_rows(contest: Contest, number: int, origin: Origin, end: datetime) -> exp.Select:
    """Key, value, moment (NULL when unknown), and the ranks by which the newest and the oldest row are found."""
    place: exp.Expression = exp.Add(
        this=exp.Mul(this=exp.cast(sql.column("_file"), "BIGINT"), expression=sql.literal(_FILE_STEP)),
        expression=exp.cast(sql.column("_row"), "BIGINT"),
    )
    newest: exp.Expression = exp.Sub(this=exp.paren(place), expression=sql.literal(_NEVER + number * _SOURCE_STEP))
    oldest: exp.Expression = exp.Add(this=place.copy(), expression=sql.literal(_NEVER + number * _SOURCE_STEP))
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
        newest = sql.case([(undated, newest)], micros)
        oldest = sql.case([(undated.copy(), oldest)], micros.copy())
        rows = rows.where(exp.or_(undated.copy(), exp.LT(this=sql.column(origin.time), expression=sql.literal(end))))
    value = exp.cast(sql.parenthesised(origin.value), contest.type)
    if contest.type == "DOUBLE":  # -0.0 and 0.0 are one value
        value = exp.cast(exp.Add(this=value, expression=exp.cast(sql.literal(0), "DOUBLE")), "DOUBLE")
    return rows.select(
        sql.named(value, "value"), sql.named(moment, "at"), sql.named(newest, "last"), sql.named(oldest, "first")
    )


def plan_stands(contest: Contest, said: str, output: str, as_of: date) -> SqlStep:
    """Plan `output`: key, value, source (that won), at (date of the winning row), agree, confidence; one row per customer.

    `agree` (0–1): the part of the votes that hold the value, each source having one vote, parted among its rows. `confidence`
    (0–1): the probability that the sources which hold the value are right, 1 − Π(1 − trust) (Yin, Han and Yu, "Truth Discovery with
    Multiple Conflicting Information Providers on the Web", IEEE TKDE 20(6), 2008), × agree × exp(−decline × years since
    the value was last confirmed) (Heinrich, Klier and Kaiser, "A Procedure to Develop Metrics for Currency and its Application
    in CRM", ACM JDIQ 1(1), 2009).
    """
    winner = _winner(contest, _by_value(contest, said))
    p = "p"
    agree = exp.Div(
        this=exp.cast(_member("w", "n", p), "DOUBLE"),
        expression=exp.cast(sql.column("votes", p), "DOUBLE"),
        typed=False,
        safe=False,
    )
    every = contest.pick == "union"
    share: exp.Expression = exp.cast(sql.literal(1), "DOUBLE") if every else agree
    query = exp.select(
        sql.column(contest.key, p),
        sql.named(_member("w", "v", p), "value"),
        sql.named(_sources(contest) if every else _source(contest), "source"),
        sql.named(exp.cast(_member("w", "a", p), "DATE"), "at"),
        sql.named(_rounded(share, 4), "agree"),
        sql.named(_rounded(_confidence(contest, share.copy(), as_of), 3), "confidence"),
    )
    return SqlStep(output, (said,), query.from_(winner.subquery(p)), (contest.comment,))


def _by_value(contest: Contest, said: str) -> exp.Select:
    """One row per customer and value: votes, rows, last confirmation, who holds it, and the best of its rows."""
    key = contest.key
    held = [
        sql.named(exp.Max(this=sql.case([(sql.column("origin").eq(n), sql.literal(1))], sql.literal(0))), f"h{n}")
        for n in range(len(contest.origins))
    ]
    return (
        exp.select(sql.column(key), sql.column("value"))
        .select(*(sql.named(exp.cast(exp.Sum(this=sql.column(c)), "BIGINT"), c) for c in ("votes", "rows")))
        .select(sql.named(exp.Max(this=sql.column("last_at")), "seen"), *held)
        .select(sql.named(exp.Min(this=_struct(**_best_row(contest))), "best"))
        .from_(sql.table(said))
        .group_by(sql.column(key), sql.column("value"))
    )


def _best_row(contest: Contest) -> dict[str, exp.Expression]:
    """Of the origins of one value: by date where that decides, by trust and date else, then in declared order."""
    newest = exp.Neg(this=sql.column("last"))
    at = sql.column("first_at" if contest.pick == "earliest" else "last_at")
    tail: dict[str, exp.Expression] = {"o": sql.column("origin"), "a": at}
    if contest.pick == "earliest":
        return {"k": sql.column("first"), **tail}
    if contest.pick == "latest":
        return {"k": newest, **tail}
    trusts = [(sql.column("origin").eq(n), _minus_trust(o)) for n, o in enumerate(contest.origins)]
    return {"k": sql.case(trusts, sql.literal(0)), "l": newest, **tail}


def _minus_trust(origin: Origin) -> exp.Expression:
    return exp.cast(sql.literal(-round(origin.trust * TRUST)), "BIGINT")


_RANK: Mapping[str, Callable[[Contest], Sequence[exp.Expression]]] = MappingProxyType({
    "latest": lambda _: [_member("best", "k")],
    "earliest": lambda _: [_member("best", "k")],
    "trusted": lambda _: [_member("best", "k"), _member("best", "l")],
    "most_frequent": lambda _: [exp.Neg(this=sql.column("rows"))],
    "union": lambda _: [exp.Neg(this=sql.column("rows"))],
    "minimum": lambda _: [],
    "maximum": lambda _: [],
    "longest": lambda _: [exp.Neg(this=exp.cast(exp.Length(this=exp.cast(sql.column("value"), "VARCHAR")), "BIGINT"))],
    "ordered": lambda contest: [_place(contest)],
})  # fmt: skip
"""Pick → what a value is ranked by, the smallest first; ties fall to the smallest value."""


def _place(contest: Contest) -> exp.Expression:
    text = exp.cast(sql.column("value"), "VARCHAR")
    places = [(text.copy().eq(value), sql.literal(n)) for n, value in enumerate(contest.order)]
    return sql.case(places, sql.literal(len(contest.order)))


def _winner(contest: Contest, values: exp.Select) -> exp.Select:
    """One row per customer: all votes, and the winning value `w` with its origin, date, votes, last confirmation and holders."""
    ranks = {f"r{n}": rank for n, rank in enumerate(_RANK[contest.pick](contest))}
    payload = {
        "v": sql.column("value"), "o": _member("best", "o"), "a": _member("best", "a"), "n": sql.column("votes"),
        "s": sql.column("seen"), **{f"h{n}": sql.column(f"h{n}") for n in range(len(contest.origins))},
    }  # fmt: skip
    best = exp.Max if contest.pick == "maximum" else exp.Min
    return (
        exp.select(sql.column(contest.key))
        .select(sql.named(exp.cast(exp.Sum(this=sql.column("votes")), "BIGINT"), "votes"))
        .select(sql.named(best(this=_struct(**ranks, **payload)), "w"))
        .from_(values.subquery("v"))
        .group_by(sql.column(contest.key))
    )


def _source(contest: Contest) -> exp.Expression:
    names = [(_member("w", "o", "p").eq(n), sql.literal(o.source)) for n, o in enumerate(contest.origins)]
    return sql.case(names)


def _sources(contest: Contest) -> exp.Expression:
    """All sources with a value, for `union`: those of its most frequent value, joined by +."""
    names = [
        sql.case([(_member("w", f"h{n}", "p").eq(1), sql.literal(o.source))]) for n, o in enumerate(contest.origins)
    ]
    return sql.call("concat_ws", sql.literal("+"), *names)


def _confidence(contest: Contest, agree: exp.Expression, as_of: date) -> exp.Expression:
    one = exp.cast(sql.literal(1), "DOUBLE")
    wrong: exp.Expression = one
    for n, origin in enumerate(contest.origins):
        held = exp.cast(_member("w", f"h{n}", "p"), "DOUBLE")
        doubt = exp.Sub(this=one.copy(), expression=exp.Mul(this=_double(origin.trust), expression=held))
        wrong = exp.Mul(this=wrong, expression=exp.paren(doubt))
    right = exp.Mul(this=exp.paren(exp.Sub(this=one.copy(), expression=wrong)), expression=exp.paren(agree))
    if not contest.decline:
        return right
    seen = _member("w", "s", "p")
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


def _member(struct: str, field: str, table: str | None = None) -> exp.Dot:
    return exp.Dot(this=sql.column(struct, table), expression=exp.to_identifier(field))
