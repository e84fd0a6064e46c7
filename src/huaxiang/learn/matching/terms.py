"""How common each value of a field is: agreement on a rare value says more than agreement on a common one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from huaxiang.learn.matching.levels import Comparison
from huaxiang.learn.matching.prepare import Database

_LEAST = 3
_MANY = 6
"""From so many records on, a phone or an address of mail counts as shared."""


def count_terms(db: Database, comparisons: Sequence[Comparison]) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Shares of the values that at least three records hold, by helper column and digest of the value; and the share at which
    every other value, seen or not, is taken: that of two records.
    """
    terms: dict[str, dict[str, float]] = {}
    rarest: dict[str, float] = {}
    columns = {c.term: _LEAST for c in comparisons if c.term} | {c.unique: _MANY for c in comparisons if c.unique}
    for column, least in columns.items():
        known = int(db.rows(f"SELECT count({column}) FROM people")[0][0])
        counted = f"SELECT {column} AS v, count(*) AS n FROM people WHERE {column} IS NOT NULL GROUP BY 1 HAVING n >= {least}"
        found = db.arrow(f"SELECT left(md5(v), 16) AS d, round(n / {max(known, 1)}, 9) AS share FROM ({counted}) ORDER BY d")
        terms[column] = dict(zip(found.column("d").to_pylist(), found.column("share").to_pylist(), strict=True))
        rarest[column] = round(min(0.5, 2 / max(known, 2)), 9)
    return terms, rarest


def add_terms(
    db: Database,
    table: str,
    comparisons: Sequence[Comparison],
    terms: Mapping[str, Mapping[str, float]],
    rarest: Mapping[str, float],
) -> None:
    """Add to a table of records the columns `tf_<helper column>`: the share of each value, NULL where it is unknown; for unique
    ones `<helper column>_many`: whether many records hold the value.
    """
    unique = {c.unique for c in comparisons}
    joins, columns = [], []
    for number, column in enumerate(sorted(terms)):
        shares = pa.table(
            {"d": pa.array(list(terms[column]), pa.string()), "share": pa.array(list(terms[column].values()), pa.float64())}
        )
        db.load(f"term{number}", shares)
        joins.append(f"LEFT JOIN term{number} t{number} ON t{number}.d = left(md5(e.{column}), 16)")
        if column in unique:
            columns.append(f"t{number}.share IS NOT NULL AS {column}_many")
            continue
        share = f"CASE WHEN e.{column} IS NOT NULL THEN coalesce(t{number}.share, {rarest[column]}::DOUBLE) END"
        columns.append(f"{share} AS tf_{column}")
    if columns:
        db.run(f"CREATE TABLE with_terms AS SELECT e.*, {', '.join(columns)} FROM {table} e {' '.join(joins)}")
        db.run(f"DROP TABLE {table}")
        db.run(f"ALTER TABLE with_terms RENAME TO {table}")
