"""Segment 分群: plans the table of customers with their cluster tags, and the counts of the rule audiences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import SqlStep

ID = "customer_id"


def labels_table(clustering: str) -> str:
    """Logical name of the table (customer_id, label) that a clustering leaves."""
    return f"labels__{clustering}"


def plan_members(condition: exp.Expression, output: str, table: str) -> SqlStep:
    """Plan the customers who meet a condition; a condition that is unknown does not hold."""
    query = exp.select(sql.column(ID)).from_(sql.table(table)).where(condition.copy())
    return SqlStep(output, (table,), query)


def plan_customers_with_clusters(clusterings: Sequence[str]) -> SqlStep:
    """Plan `everyone`: profile and tags, and a column per clustering."""
    query = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier("t", quoted=True))).from_(
        sql.table("tags", "t")
    )
    for number, name in enumerate(clusterings):
        alias = f"l{number}"
        on = sql.column(ID, "t").eq(sql.column(ID, alias))
        query = query.select(sql.named(sql.column("label", alias), name)).join(
            sql.table(labels_table(name), alias), on=on, join_type="left"
        )
    return SqlStep("everyone", ("tags", *(labels_table(c) for c in clusterings)), query)


def plan_audiences(
    conditions: Mapping[str, exp.Expression], origins: Mapping[str, str], table: str = "everyone"
) -> SqlStep:
    """Plan `audiences`: customer_id and one boolean per audience, in one scan of `table`."""
    columns = [sql.named(sql.is_true(tree.copy()), name) for name, tree in conditions.items()]
    query = exp.select(sql.column(ID), *columns).from_(sql.table(table))
    return SqlStep("audiences", (table,), query, tuple(origins[n] for n in conditions))
