"""What customers did, planned as SQL, against the same said in plain Python: true, false and unknown for every customer."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import duckdb
import pytest
from tests.engines.behaviour_build import Answers, built
from tests.engines.behaviour_world import (
    AS_OF,
    CUSTOMERS,
    TABLES,
    make_behaviour,
    make_sequence,
    make_world,
    meaning,
)

from huaxiang.engines.behaviour_sql import behaviour_sets
from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.engines.duckdb_dialect import to_duckdb
from huaxiang.plan import sql
from huaxiang.plan.behaviour import sample_condition, without_rows
from huaxiang.plan.condition_calls import text_of
from huaxiang.plan.conditions import Behaviour, InList, Part, Sample, Sequence, Step, Top
from huaxiang.stages.audience_parts import list_table


def answers(part: Behaviour | Sequence, connection: duckdb.DuckDBPyConnection) -> Answers:
    """Who meets the part, by the one SELECT."""
    sets = behaviour_sets(part, TABLES, AS_OF)
    rows = connection.execute(to_duckdb(sets.query)).fetchall()
    assert all(met is not None and met is not sets.otherwise for _, met in rows)
    assert len({c for c, _ in rows}) == len(rows)
    return dict.fromkeys(CUSTOMERS, sets.otherwise) | dict(rows)


@pytest.mark.parametrize("seed", range(8))
def test_every_behaviour_and_sequence_is_as_in_plain_python(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    world = make_world(rng)
    with duckdb.connect() as connection:
        for table, path in world.write(tmp_path).items():
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM read_parquet('{path}')")
        for part in (*(make_behaviour(rng) for _ in range(60)), *(make_sequence(rng) for _ in range(30))):
            expected = {c: meaning(world, part, c) for c in CUSTOMERS}
            assert answers(part, connection) == expected, text_of(part)


def test_nobody_without_rows_is_lost() -> None:
    assert without_rows(Behaviour(Step("orders"), "count", "=", 0)) is True
    assert without_rows(Behaviour(Step("orders"), "sum", "<", 0.5, "amount")) is True
    assert without_rows(Behaviour(Step("orders"), "days", ">=", 1)) is False
    assert without_rows(Behaviour(Step("orders"), "mean", "<", 3, "amount")) is None


@pytest.mark.parametrize("seed", range(3))
def test_the_build_gives_the_same_in_one_table(seed: int, tmp_path: Path) -> None:
    rng = random.Random(100 + seed)
    world = make_world(rng)
    parts: list[Behaviour | Sequence] = [make_behaviour(rng) for _ in range(25)] + [
        make_sequence(rng) for _ in range(5)
    ]
    parts = list(dict.fromkeys(parts))
    found = on_duckdb([*parts], world.write(tmp_path), tmp_path)
    for part in parts:
        assert found[part] == {c: meaning(world, part, c) for c in CUSTOMERS}, text_of(part)


def on_duckdb(parts: list[Part], files: dict[str, Path], folder: Path) -> dict[Part, Answers]:
    """Compute parts on DuckDB, aggregates by dense arrays."""
    engine = DuckdbEngine(temp=folder, dense_from=0)
    try:
        return built(parts, files, engine)
    finally:
        engine.close()


def test_lists_and_samples_and_ranks(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = {"customers": tmp_path / "c.parquet", list_table("vip"): tmp_path / "l.parquet"}
    spend = [5, 7, None, 7, 1, 9, 0, 3, 3, 2, 8, None]
    pq.write_table(pa.table({"customer_id": CUSTOMERS, "spend": spend}), files["customers"])
    pq.write_table(pa.table({"customer_id": ["C01", "C01", None, "C05", "gone"]}), files[list_table("vip")])
    listed, sample = InList("vip"), Sample(0.4, "s")
    parts: list[Part] = [
        listed,
        sample,
        Top(3, "spend"),
        Top(3, "spend", lowest=True),
        Top(2, "spend", listed),
        Top(99, "spend", Top(4, "spend")),
    ]
    found = on_duckdb(parts, files, tmp_path)
    met = [{c for c, v in found[p].items() if v} for p in parts]
    assert all(v is not None for a in found.values() for v in a.values())
    assert met[0] == {"C01", "C05"}
    assert met[2:] == [{"C05", "C10", "C01"}, {"C06", "C04", "C09"}, {"C05", "C01"}, {"C05", "C10", "C01", "C03"}]
    import hashlib

    digests = {c: hashlib.md5(f"s:{c}".encode(), usedforsecurity=False).hexdigest() for c in CUSTOMERS}
    assert met[1] == {c for c, digest in digests.items() if int(digest[:8], 16) < round(0.4 * 16**8)}
    assert 0 < len(met[1]) < len(CUSTOMERS)


def test_samples_are_fair_and_nested() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE c AS SELECT 'C' || i AS customer_id FROM range(20000) t(i)")

        def sampled(share: float, seed: str) -> set[str]:
            test = to_duckdb(sample_condition(Sample(share, seed), sql.column("customer_id")))
            return {r[0] for r in connection.execute(f"SELECT customer_id FROM c WHERE {test}").fetchall()}

        tenth = sampled(0.1, "a")
        assert abs(len(tenth) - 2000) < 200
        assert tenth < sampled(0.2, "a")
        assert len(sampled(1.0, "a")) == 20000
        assert abs(len(tenth & sampled(0.1, "b")) - 200) < 60


def test_inputs_are_named() -> None:
    part = Sequence((Step("views"), Step("orders")), 7, Step("views", "page = 'x'"))
    assert behaviour_sets(part, TABLES, date(2024, 1, 1)).inputs == ("source_views", "source_orders")
