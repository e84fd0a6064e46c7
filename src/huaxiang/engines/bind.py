"""Bind the logical table names of a query (`unified.orders`) to what an engine calls them, late and in one place."""

from __future__ import annotations

from collections.abc import Collection

from sqlglot import exp


def bind_tables(query: exp.Query, known: Collection[str]) -> exp.Query:
    """Return a copy in which each known logical table is one quoted identifier.

    `unified.orders` and `"unified.orders"` both name the table `unified.orders`; the alias stays, or becomes the last part of
    the name, so that columns may be qualified by it. Names of CTEs win over tables.
    """
    bound = query.copy()
    common = {cte.alias for cte in bound.find_all(exp.CTE)}
    for table in list(bound.find_all(exp.Table)):
        name = ".".join(part.name for part in table.parts)
        if name in common or name not in known:
            continue
        table.replace(_physical(table, name))
    return bound


def _physical(table: exp.Table, name: str) -> exp.Expression:
    new = exp.Table(this=exp.to_identifier(name, quoted=True))
    for key, value in table.args.items():
        if key not in ("this", "db", "catalog", "alias"):
            new.set(key, value)
    alias = table.args.get("alias")
    if alias is None and "." in name and (table.args.get("db") is not None):
        alias = exp.TableAlias(this=exp.to_identifier(name.rsplit(".", 1)[1], quoted=True))
    new.set("alias", alias)
    return new
