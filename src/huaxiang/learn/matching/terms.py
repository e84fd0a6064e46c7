"""How common each value of a field is: agreement on a rare value says more than agreement on a common one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from huaxiang.learn.matching.levels import Comparison
from huaxiang.learn.matching.prepare import Database

_OTHERS = 0.5
"""Records of strangers that hold a value of which only one person's records are known."""
_MANY = (3.0, 2.0)
Terms = Mapping[str, Mapping[str, float]]


def count_terms(
    db: Database, comparisons: Sequence[Comparison], own: Mapping[str, float]
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """How likely a stranger holds a value too, by helper column and digest of the value; and the likelihood at which every value is
    taken that is not among them, seen or not.

    `own`: comparison → records of one person that hold the same value, on average: they say nothing about strangers. Of unique values
    only those are kept that far more records hold.
    """
    terms: dict[str, dict[str, float]] = {}
    rarest: dict[str, float] = {}
    for comparison in comparisons:
        column = comparison.term or comparison.unique
        if column is None:
            continue
        mine = own.get(comparison.name, 1.0)
        least = mine + _OTHERS if comparison.term else _MANY[0] * mine + _MANY[1]
        known = max(int(db.rows(f"SELECT count({column}) FROM people")[0][0]), 1)
        counted = f"SELECT {column} AS v, count(*) AS n FROM people WHERE {column} IS NOT NULL GROUP BY 1 HAVING n > {least!r}"
        found = db.arrow(
            f"SELECT left(md5(v), 16) AS d, round((n - {mine!r}) / {known}, 9) AS share FROM ({counted}) ORDER BY d"
        )
        terms[column] = dict(zip(found.column("d").to_pylist(), found.column("share").to_pylist(), strict=True))
        rarest[column] = max(round(min(0.5, _OTHERS / known), 9), 1e-9)
    return terms, rarest


def add_terms(
    db: Database, table: str, comparisons: Sequence[Comparison], terms: Terms, rarest: Mapping[str, float]
) -> None:
    """Add to a table of records the columns of `with_terms`."""
    if terms:
        db.run(f"CREATE TABLE with_terms AS {with_terms(db, table, comparisons, terms, rarest)}")
        db.run(f"DROP TABLE {table}")
        db.run(f"ALTER TABLE with_terms RENAME TO {table}")


def with_terms(
    db: Database, source: str, comparisons: Sequence[Comparison], terms: Terms, rarest: Mapping[str, float]
) -> str:
    """Query of the records of `source` (a table, or a query in brackets) and the columns `tf_<helper column>`: the share of each value,
    NULL where it is unknown; for unique ones `<helper column>_many`: whether many records hold the value.
    """
    unique = {c.unique for c in comparisons}
    joins, columns = [], []
    for number, column in enumerate(sorted(terms)):
        share = "NULL::DOUBLE"
        if terms[column]:
            db.load(f"term{number}", _table(terms[column]))
            joins.append(f"LEFT JOIN term{number} t{number} ON t{number}.d = left(md5(e.{column}), 16)")
            share = f"t{number}.share"
        if column in unique:
            columns.append(f"{share} IS NOT NULL AS {column}_many")
            continue
        known = f"CASE WHEN e.{column} IS NOT NULL THEN coalesce({share}, {rarest[column]}::DOUBLE) END"
        columns.append(f"{known} AS tf_{column}")
    return f"SELECT {', '.join(['e.*', *columns])} FROM {source} e {' '.join(joins)}"


def _table(shares: Mapping[str, float]) -> pa.Table:
    return pa.table({"d": pa.array(list(shares), pa.string()), "share": pa.array(list(shares.values()), pa.float64())})
