"""Accounts 企业客户: one row per business customer with its attributes and its people, and what customers get from their account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.columns import ACCOUNT_ID, ACCOUNT_KEY, ACCOUNT_PREFIX, HOUSEHOLD_TYPES
from huaxiang.plan.nodes import AggregateNode, Measure, SqlStep, Step, TimeRange

ID = "customer_id"
CONTACT_OF = "contact_of_account"
"""Column of customers before their attributes are complete: the account they are a contact of."""
KEYS = "account_keys"
FACTS = "accounts__facts"
PEOPLE_OF = "accounts__people"
HOUSEHOLDS_OF = "households__of"
DECISION_ROLE = "decision_role"
"""Catalogue attribute of contacts: their part in the decision to buy."""
MOST_ROLES = 20


def plan_keys(tables: Sequence[str]) -> SqlStep:
    """Plan `account_keys`: every account that any of the tables names."""
    key = sql.column(ACCOUNT_KEY)
    parts: list[exp.Query] = [
        exp.select(key.copy()).distinct().from_(sql.table(t)).where(sql.is_not_null(key.copy())) for t in tables
    ]
    union: exp.Query = parts[0]
    for part in parts[1:]:
        union = exp.union(union, part, distinct=True)
    return SqlStep(KEYS, tuple(tables), union)


def plan_accounts(attributes: Sequence[str], people: Mapping[str, str], as_of: datetime) -> tuple[Step, ...]:
    """Plan table `accounts`: account_id, its attributes, contacts (people known) and decision_roles (of these, most frequent first).

    `people`: column → type of the customers' table; without CONTACT_OF among them nobody is known.
    """
    query = exp.select(sql.named(sql.column(ACCOUNT_KEY, "k"), ACCOUNT_ID)).from_(sql.table(KEYS, "k"))
    query = query.select(*(sql.column(a, "f") for a in attributes))
    on = sql.column(ACCOUNT_KEY, "k").eq(sql.column(ACCOUNT_KEY, "f"))
    query = query.join(sql.table(FACTS, "f"), on=on, join_type="left")
    if CONTACT_OF not in people:
        query = query.select(sql.named(exp.cast(sql.literal(0), "BIGINT"), "contacts"))
        query = query.select(sql.named(sql.null_of("VARCHAR[]"), "decision_roles"))
        return (SqlStep("accounts", (KEYS, FACTS), query),)
    measures = [Measure("contacts", "count", TimeRange(None, as_of), empty=0)]
    roles: exp.Expression = sql.null_of("VARCHAR[]")
    if people.get(DECISION_ROLE) == "VARCHAR":
        role = sql.column(DECISION_ROLE)
        measures.append(
            Measure("decision_roles", "top_n", TimeRange(None, as_of), of=role, of_type="VARCHAR", n=MOST_ROLES)
        )
        roles = sql.column("decision_roles", "p")
    node = AggregateNode(
        "profile__own", PEOPLE_OF, CONTACT_OF, None, as_of, tuple(people.items()), tuple(measures), ("accounts",)
    )
    known = exp.Coalesce(this=sql.column("contacts", "p"), expressions=[sql.literal(0)])
    query = query.select(sql.named(exp.cast(known, "BIGINT"), "contacts"), sql.named(roles, "decision_roles"))
    on = sql.column(ACCOUNT_KEY, "k").eq(sql.column(CONTACT_OF, "p"))
    query = query.join(sql.table(PEOPLE_OF, "p"), on=on, join_type="left")
    return node, SqlStep("accounts", (KEYS, FACTS, PEOPLE_OF), query)


def plan_with_added(
    table: str, columns: Iterable[str], added: Sequence[str], *, accounts: bool, households: bool
) -> SqlStep:
    """Plan `profile`: the customers of `table` with the columns `added` that their account and household give them."""
    query = exp.select(*(sql.column(c, "c") for c in columns if c != CONTACT_OF)).from_(sql.table(table, "c"))
    inputs = [table]
    for name in added:
        if name == ACCOUNT_ID:
            query = query.select(sql.named(sql.column(CONTACT_OF, "c"), name))
        else:
            own = name in HOUSEHOLD_TYPES
            found = sql.column(name, "h") if own else sql.column(name.removeprefix(ACCOUNT_PREFIX), "f")
            query = query.select(sql.named(found, name))
    if accounts and CONTACT_OF in columns:
        on = sql.column(CONTACT_OF, "c").eq(sql.column(ACCOUNT_KEY, "f"))
        query = query.join(sql.table(FACTS, "f"), on=on, join_type="left")
        inputs.append(FACTS)
    if households:
        on = sql.column(ID, "c").eq(sql.column(ID, "h"))
        query = query.join(sql.table(HOUSEHOLDS_OF, "h"), on=on, join_type="left")
        inputs.append(HOUSEHOLDS_OF)
    return SqlStep("profile", tuple(inputs), query, ("accounts and households of customers",))
