"""Unify 打通, second half: what the sources know of people, and the joins that give every row its customer.

A record is one distinct combination of identity keys (and, where rows describe people, of what they say of them) in one source.
Which records are one customer is found by `huaxiang.learn.identity` between `plan_records` and the joins planned here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import SqlStep
from huaxiang.spec.models import IdentityKeySpec

ID = "customer_id"
_BETWEEN, _NOTHING = "\x1f", "\x1e"


@dataclass(frozen=True)
class PersonRows:
    """The rows of a source that belong to people: their table, the identity keys they hold (strongest first), further fields that
    describe a person (empty when the source's rows don't), and the column that dates a row.
    """

    source: str
    table: str
    keys: tuple[IdentityKeySpec, ...]
    described_by: tuple[str, ...]
    time: str | None

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields of a record, each once, sorted: the digest of a record hangs on their order."""
        return tuple(sorted({*(k.field for k in self.keys), *self.described_by}))

    @property
    def describes(self) -> bool:
        """Whether its rows describe people."""
        return bool(self.described_by)


def records_table(source: str) -> str:
    """Logical name of a source's records."""
    return f"records__{source}"


def assigned_table(source: str) -> str:
    """Logical name of a source's records with their customers (sources that describe people)."""
    return f"assigned__{source}"


def map_table(key: str) -> str:
    """Logical name of the table that leads a key's values to customers: value, since, until, latest, customer_id."""
    return f"map__{key}"


def logins_table(source: str, key: str) -> str:
    """Logical name of the sign-ins that a source shows on a device key."""
    return f"logins__{source}__{key}"


def unified_table(source: str) -> str:
    """Logical name of a source's rows that carry their customer."""
    return f"unified__{source}"


def plan_records(rows: PersonRows) -> SqlStep:
    """Plan `records__<source>`: digest, the fields as texts (dates as dates), rows, first_at, last_at; rows without any key or
    description are left out.
    """
    fields = [sql.column(f) for f in rows.fields]
    moment = exp.cast(sql.column(rows.time), "TIMESTAMP") if rows.time else sql.null_of("TIMESTAMP")
    grouped = (
        exp.select(
            *fields,
            sql.named(exp.Count(this=exp.Star()), "rows"),
            sql.named(exp.Min(this=moment), "first_at"),
            sql.named(exp.Max(this=moment.copy()), "last_at"),
        )
        .from_(sql.table(rows.table))
        .where(exp.or_(*(sql.is_not_null(f.copy()) for f in fields)))
        .group_by(*(f.copy() for f in fields))
    )
    parts = [exp.Coalesce(this=exp.cast(f.copy(), "VARCHAR"), expressions=[sql.literal(_NOTHING)]) for f in fields]
    text = sql.call("concat_ws", sql.literal(_BETWEEN), sql.literal(rows.source), *parts)
    columns = [sql.column(c) for c in (*rows.fields, "rows", "first_at", "last_at")]
    query = exp.select(sql.named(exp.MD5(this=text), "digest"), *columns).from_(grouped.subquery("g"))
    return SqlStep(records_table(rows.source), (rows.table,), query, _origins(rows))


def plan_logins(rows: PersonRows, device: IdentityKeySpec) -> SqlStep:
    """Plan `logins__<source>__<key>`: value, customer_id, since, until: who was known on which device on each day."""
    others = [k for k in rows.keys if k.role != "device"]
    query, customer = _joined(rows, others, exp.select())
    when = exp.cast(sql.column(rows.time or "", "r"), "TIMESTAMP")
    value = sql.column(device.field, "r")
    day = exp.cast(when.copy(), "DATE")
    query = (
        query.select(
            sql.named(value, "value"),
            sql.named(customer, ID),
            sql.named(exp.Min(this=when), "since"),
            sql.named(exp.Max(this=when.copy()), "until"),
        )
        .where(sql.is_not_null(value.copy()), sql.is_not_null(customer.copy()), sql.is_not_null(when.copy()))
        .group_by(value.copy(), customer.copy(), day)
    )
    inputs = (rows.table, *(map_table(k.name) for k in others))
    return SqlStep(logins_table(rows.source, device.name), inputs, query, _origins(rows))


def plan_unified(rows: PersonRows, columns: Sequence[str]) -> SqlStep:
    """Plan `unified__<source>`: each row with its customer, NULL when nobody is known by it."""
    if rows.describes:
        return _plan_assigned(rows, columns)
    query, customer = _joined(rows, rows.keys, exp.select())
    query = query.select(sql.named(customer, ID), *(sql.column(c, "r") for c in columns))
    inputs = (rows.table, *(map_table(k.name) for k in rows.keys))
    return SqlStep(unified_table(rows.source), inputs, query, _origins(rows))


def plan_nobody(source: str) -> SqlStep:
    """Plan `nobody__<source>`: how many of its rows lead to no customer."""
    query = exp.select(sql.named(exp.Count(this=exp.Star()), "rows")).from_(sql.table(unified_table(source)))
    return SqlStep(f"nobody__{source}", (unified_table(source),), query.where(sql.is_null(sql.column(ID))))


def plan_customers(sources: Sequence[str]) -> SqlStep:
    """Plan `customers`: every customer that any source knows."""
    parts: list[exp.Query] = [
        exp.select(sql.column(ID)).distinct().from_(sql.table(unified_table(s))).where(sql.is_not_null(sql.column(ID)))
        for s in sources
    ]
    union: exp.Query = parts[0]
    for part in parts[1:]:
        union = exp.union(union, part, distinct=True)
    return SqlStep("customers", tuple(unified_table(s) for s in sources), union)


def _plan_assigned(rows: PersonRows, columns: Sequence[str]) -> SqlStep:
    """Rows find their record again by all its fields, NULL equal to NULL."""
    on = sql.all_of(exp.NullSafeEQ(this=sql.column(f, "r"), expression=sql.column(f, "a")) for f in rows.fields)
    query = (
        exp.select(sql.column(ID, "a"), *(sql.column(c, "r") for c in columns))
        .from_(sql.table(rows.table, "r"))
        .join(sql.table(assigned_table(rows.source), "a"), on=on, join_type="left")
    )
    return SqlStep(unified_table(rows.source), (rows.table, assigned_table(rows.source)), query, _origins(rows))


def _joined(rows: PersonRows, keys: Sequence[IdentityKeySpec], query: exp.Select) -> tuple[exp.Select, exp.Expression]:
    """Join the map of each key; return the query and the customer of the strongest key that leads to one."""
    query = query.from_(sql.table(rows.table, "r"))
    found: list[exp.Expression] = []
    for number, key in enumerate(keys):
        alias = f"k{number}"
        on: exp.Expression = sql.column(key.field, "r").eq(sql.column("value", alias))
        if key.role != "strong":
            on = sql.all_of([on, _in_time(rows, alias)])
        query = query.join(sql.table(map_table(key.name), alias), on=on, join_type="left")
        found.append(sql.column(ID, alias))
    return query, found[0] if len(found) == 1 else exp.Coalesce(this=found[0], expressions=found[1:])


def _in_time(rows: PersonRows, alias: str) -> exp.Expression:
    """The owner of a value at the time of the row; of a row without a time the latest one."""
    latest = sql.column("latest", alias)
    if rows.time is None:
        return latest
    when = exp.cast(sql.column(rows.time, "r"), "TIMESTAMP")
    since, until = sql.column("since", alias), sql.column("until", alias)
    begun = sql.any_of([sql.is_null(since), when >= since.copy()])
    open_ = sql.any_of([sql.is_null(until), when.copy() < until.copy()])
    return sql.case([(sql.is_null(when.copy()), latest)], sql.all_of([begun, open_]))


def _origins(rows: PersonRows) -> tuple[str, ...]:
    return (f"source {rows.source}", *(f"identity {k.name}" for k in rows.keys))
