"""Bind the logical table names of a query (`unified.orders`) to what an engine calls them, late and in one place."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp


def bind_tables(query: exp.Query, names: Mapping[str, str]) -> exp.Query:
    """Return a copy in which each logical table of `names` is one quoted identifier, its physical name.

    `unified.orders` and `"unified.orders"` both name the table `unified.orders`. The alias stays, or becomes the last
    part of the logical name, so that columns may be qualified by it. Names of CTEs win over tables.
    """
    bound = query.copy()
    common = {cte.alias for cte in bound.find_all(exp.CTE)}
    for table in list(bound.find_all(exp.Table)):
        name = ".".join(part.name for part in table.parts)
        if name not in common and name in names:
            table.replace(_physical(table, names[name]))
    return bound


def _physical(table: exp.Table, name: str) -> exp.Table:
    kept = {k: v for k, v in table.args.items() if k not in ("this", "db", "catalog", "alias")}
    alias = table.args.get("alias")
    if alias is None and table.name != name:
        alias = exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    return exp.Table(this=exp.to_identifier(name, quoted=True), alias=alias, **kept)
