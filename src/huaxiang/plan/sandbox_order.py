"""The same rows give the same customers, in whatever order they lie: a SQL audience is saved as it was previewed, and the same each day."""

from __future__ import annotations

from sqlglot import exp

_TAKES_ONE = (
    exp.RowNumber, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Lag, exp.Lead, exp.Ntile, exp.AnyValue, exp.First, exp.Last,
    exp.ArgMax, exp.ArgMin, exp.Mode,
)  # fmt: skip
"""Of rows that are equal to them these take the one that comes first."""


def break_ties(tree: exp.Expression) -> None:
    """Let every LIMIT and OFFSET choose among rows in one order: that of its ORDER BY, then of all that it gives, column by column."""
    for query in tree.find_all(exp.Query):
        if not (query.args.get("limit") or query.args.get("offset")) or query.is_star:
            continue
        order = query.args.get("order") or exp.Order(expressions=[])
        keys = [exp.Ordered(this=exp.Literal.number(n + 1)) for n in range(len(query.selects))]
        query.set("order", exp.Order(expressions=[*(key.copy() for key in order.expressions), *keys]))


def depends_on_order(tree: exp.Expression) -> bool:
    """Whether equal rows, or values, may still fall either way (`row_number()` over equal times, `any_value`): then the tables have to be
    sorted before the query reads them.
    """
    for node in tree.walk():
        if isinstance(node, _TAKES_ONE) or (isinstance(node, exp.Distinct) and node.args.get("on")):
            return True
        if isinstance(node, exp.Query) and node.is_star and (node.args.get("limit") or node.args.get("offset")):
            return True
    return False
