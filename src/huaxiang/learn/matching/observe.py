"""What pairs of records agree on: the level of each comparison, as counted patterns for training or pair by pair for scoring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from huaxiang.learn.matching.levels import Comparison
from huaxiang.learn.matching.prepare import Database
from huaxiang.learn.matching.training import Patterns, patterns_of

RANDOM_PAIRS = 300_000
BLOCKED_PAIRS = 400_000
KEYED_PAIRS = 100_000
_SEED = 20_261_122
_PER_KEY = 20


def level_of(comparison: Comparison) -> str:
    """SQL of the number of the level that a pair reaches, -1 where a value is unknown."""
    branches = [f"WHEN {level.when} THEN {n}" for n, level in enumerate(comparison.levels) if level.when is not None]
    return f"CASE WHEN {comparison.missing} THEN -1 {' '.join(branches)} ELSE {len(comparison.levels) - 1} END"


def term_of(comparison: Comparison, level: str) -> str:
    """SQL of log2 of the share of the value agreed on; 0 where the pair doesn't agree or rarity is no matter."""
    if comparison.term is None:
        return "0.0"
    return f"CASE WHEN {level} = 0 THEN log2(greatest(tf_{comparison.term}_l, tf_{comparison.term}_r)) ELSE 0.0 END"


def side_by_side(db: Database, pairs: str, records: str) -> str:
    """Query of the helper columns of both records of each pair of table `pairs` (a, b): `<column>_l` and `<column>_r`."""
    columns = [row[0] for row in db.rows(f"DESCRIBE {records}") if row[0] != "id"]
    chosen = ", ".join(f"{s}.{c} AS {c}_{s}" for c in columns for s in ("l", "r"))
    return f"SELECT p.a, p.b, {chosen} FROM {pairs} p JOIN {records} l ON l.id = p.a JOIN {records} r ON r.id = p.b"


def load_side_by_side(db: Database, name: str, records: pa.Table, left: np.ndarray, right: np.ndarray) -> None:
    """Make readable under `name` what `side_by_side` asks for, of pairs of row numbers of `records` (id and helper columns). For few
    pairs: the database would build a table of all records, twice.
    """
    ends, columns = (pa.array(left), pa.array(right)), {}
    for label, end in zip("ab", ends, strict=True):
        columns[label] = records.column("id").take(end)
    for column in (c for c in records.column_names if c != "id"):
        for side, end in zip("lr", ends, strict=True):
            columns[f"{column}_{side}"] = records.column(column).take(end)
    db.load(name, pa.table(columns))


def see(db: Database, pairs: str, comparisons: Sequence[Comparison]) -> None:
    """Leave `seen_<pairs>` (a, b, g0, g1, …): the level of each comparison of each pair."""
    levels = ", ".join(f"{level_of(c)}::SMALLINT AS g{i}" for i, c in enumerate(comparisons))
    db.run(f"CREATE TABLE seen_{pairs} AS SELECT a, b, {levels} FROM ({side_by_side(db, pairs, 'people')})")


def count_patterns(db: Database, pairs: str, comparisons: Sequence[Comparison], *, terms: bool) -> Patterns:
    """Count the patterns of agreement of pairs that were seen; with `terms` also by how rare the values agreed on are."""
    grades = ", ".join(f"g{i}" for i in range(len(comparisons)))
    kept = sorted({c.term for c in comparisons if c.term}) if terms else []
    sums = []
    for personal in (True, False):
        found = [term_of(c, f"g{i}") for i, c in enumerate(comparisons) if terms and c.term and c.personal is personal]
        sums.append(f"round(({' + '.join(found)}) * 0.5) * 2" if found else "0.0")
    seen = f"SELECT s.*{''.join(f', {x}.tf_{c} AS tf_{c}_{x}' for c in kept for x in ('l', 'r'))} FROM seen_{pairs} s"
    joins = " JOIN people l ON l.id = s.a JOIN people r ON r.id = s.b" if kept else ""
    query = f"SELECT {grades}, {sums[0]}::DOUBLE AS tp, {sums[1]}::DOUBLE AS ts, count(*) AS n FROM ({seen}{joins}) GROUP BY ALL"
    return patterns_of(db.arrow(query), comparisons)


def draw_random_pairs(db: Database, ids: np.ndarray) -> None:
    """Leave `random_pairs` (a, b): all pairs of the records when they are few, else a fixed random choice of them."""
    n = len(ids)
    if n * (n - 1) // 2 <= RANDOM_PAIRS:
        left, right = np.triu_indices(n, 1)
    else:
        generator = np.random.Generator(np.random.PCG64(_SEED))
        left, right = generator.integers(0, n, (2, RANDOM_PAIRS))
        differ = left != right
        left, right = left[differ], right[differ]
    low, high = np.minimum(left, right), np.maximum(left, right)
    db.load("random_pairs", pa.table({"a": ids[low], "b": ids[high]}))


def draw_keyed_pairs(db: Database, keys: Sequence[str]) -> None:
    """Leave `keyed_pairs` (a, b): neighbours among the records that share a value of a strong key."""
    parts = [
        f"""SELECT lag(id) OVER (PARTITION BY "{k}" ORDER BY id) AS a, id AS b FROM source
            WHERE "{k}" IS NOT NULL QUALIFY count(*) OVER (PARTITION BY "{k}") BETWEEN 2 AND {_PER_KEY}"""
        for k in keys
    ]
    if not parts:
        db.run("CREATE TABLE keyed_pairs (a BIGINT, b BIGINT)")
        return
    every = " UNION ".join(f"({p})" for p in parts)
    order = "(a * 2654435761 + b * 40503) % 1000003, a, b"
    db.run(
        f"CREATE TABLE keyed_pairs AS SELECT a, b FROM ({every}) WHERE a IS NOT NULL ORDER BY {order} LIMIT {KEYED_PAIRS}"
    )


def draw_blocked_pairs(db: Database, blocked: str) -> float:
    """Leave `blocked_pairs` (a, b): a fixed choice among the pairs that blocking finds; return how many each stands for."""
    total = int(db.rows(f"SELECT count(*) FROM {blocked}")[0][0])
    share = min(1.0, BLOCKED_PAIRS / max(total, 1))
    chosen = f"(join_key_l * 2654435761 + join_key_r * 40503) % 1000003 < {int(share * 1_000_003)}"
    where = "" if share == 1.0 else f"WHERE {chosen}"
    db.run(f"CREATE TABLE blocked_pairs AS SELECT join_key_l AS a, join_key_r AS b FROM {blocked} {where}")
    drawn = int(db.rows("SELECT count(*) FROM blocked_pairs")[0][0])
    return total / drawn if drawn else 1.0
