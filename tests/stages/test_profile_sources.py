"""Survivorship over several sources: what the engine picks, compared with the rule written out over plain rows."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.engines.base import Engine
from huaxiang.engines.duckdb import DuckdbEngine
from huaxiang.plan import sql
from huaxiang.spec.models import AttributeSpec
from huaxiang.stages.profile import CheckedAttribute, CheckedOrigin, SourceRows, Until, plan_profile, plan_provenance

UNTIL = Until(datetime(2024, 12, 31), datetime(2025, 1, 1))
TRUST = (0.5, 0.9, 0.7)
PICKS = ("latest", "earliest", "most_frequent", "minimum", "maximum", "trusted", "longest", "ordered", "union")
ORDER = ("c", "aa")


@dataclass(frozen=True)
class Row:
    """One row of source `source`: the row number is its place in the file."""

    source: int
    number: int
    customer: str
    value: str | None
    at: datetime | None

    @property
    def counts(self) -> bool:
        return self.value is not None and (self.at is None or self.at < UNTIL.end)

    @property
    def newest(self) -> tuple[object, ...]:
        """Smallest for the newest row; undated ones last, by source and then the later row."""
        return (0, -self.at.timestamp()) if self.at else (1, self.source, -self.number)

    @property
    def oldest(self) -> tuple[object, ...]:
        return (0, self.at.timestamp()) if self.at else (1, self.source, self.number)


def expected(rows: list[Row], pick: str) -> dict[str, object]:
    """The rule, written out: customer → winning value."""
    own = {
        customer: [r for r in rows if r.customer == customer and r.counts] for customer in {r.customer for r in rows}
    }
    return {customer: winner(counting, pick) if counting else None for customer, counting in own.items()}


def winner(own: list[Row], pick: str) -> object:
    """The value that stands among the rows of one customer."""
    count = Counter(str(r.value) for r in own)
    by_count = sorted(count, key=lambda v: (-count[v], v))
    best: dict[str, Callable[[], object]] = {
        "latest": lambda: min(own, key=lambda r: (r.newest, r.value)).value,
        "earliest": lambda: min(own, key=lambda r: (r.oldest, r.value)).value,
        "trusted": lambda: min(own, key=lambda r: (-TRUST[r.source], r.newest, r.value)).value,
        "most_frequent": lambda: by_count[0],
        "minimum": lambda: min(count),
        "maximum": lambda: max(count),
        "longest": lambda: min(count, key=lambda v: (-len(v), v)),
        "ordered": lambda: min(count, key=lambda v: (ORDER.index(v) if v in ORDER else len(ORDER), v)),
        "union": lambda: by_count,
    }
    return best[pick]()


def agreement(rows: list[Row], customer: str, value: object) -> float:
    """Each source has one vote, parted among its rows."""
    votes = []
    for source in {r.source for r in rows}:
        own = [r for r in rows if r.source == source and r.customer == customer and r.counts]
        if own:
            votes.append(sum(r.value == value for r in own) / len(own))
    return sum(votes) / len(votes)


def compute(
    engine: Engine, folder: Path, rows: list[Row], pick: str
) -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    """Values and provenance by customer, from tables whose rows stand in the order given. Source 2 has no dates."""
    sources = {}
    for number in range(3):
        own = [r for r in rows if r.source == number]
        columns = {
            "customer_id": pa.array([r.customer for r in own], pa.string()), "city": pa.array([r.value for r in own], pa.string()),
            "_file": pa.array([0] * len(own), pa.int32()), "_row": pa.array([r.number for r in own], pa.int64()),
        }  # fmt: skip
        if number < 2:
            columns["updated_at"] = pa.array([r.at for r in own], pa.timestamp("us"))
        name = f"s{number}"
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
        engine.register(f"unified__{name}", folder / f"{name}.parquet")
        types = tuple(engine.types(f"unified__{name}").items())
        sources[name] = SourceRows(name, f"unified__{name}", types, "updated_at" if number < 2 else None, facts=True)
    everyone = pa.table({"customer_id": sorted({r.customer for r in rows})})
    pq.write_table(everyone, folder / "customers.parquet")
    engine.register("customers", folder / "customers.parquet")
    spec = AttributeSpec.model_validate({"name": "city", "pick": pick, "order": ORDER})
    origins = tuple(CheckedOrigin(f"s{n}", sql.column("city"), TRUST[n]) for n in range(3))
    attribute = CheckedAttribute(spec, origins, "VARCHAR", "attribute city")
    for step in plan_profile([attribute], sources, UNTIL):
        engine.run(step)
    told = plan_provenance([attribute], sources, "provenance")
    assert told is not None
    engine.run(told)
    values = engine.fetch("profile").to_pylist()
    provenance = engine.fetch("provenance").to_pylist()
    return {r["customer_id"]: r["city"] for r in values}, {r["customer_id"]: r for r in provenance}


DAYS = st.one_of(st.none(), st.integers(0, 400))
ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from("stuvwxyz"), st.sampled_from([None, "a", "aa", "b", "c", "上海"]), DAYS),
    min_size=1, max_size=60,
)  # fmt: skip


def rows_of(drawn: list[tuple[int, str, str | None, int | None]]) -> list[Row]:
    start = datetime(2024, 1, 1)
    return [
        Row(s, n, c, v, start + timedelta(days=d) if d is not None and s < 2 else None)
        for n, (s, c, v, d) in enumerate(drawn)
    ]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckdbEngine]:
    made = DuckdbEngine()
    yield made
    made.close()


@given(drawn=ROWS, pick=st.sampled_from(PICKS), seed=st.integers(0, 9))
@settings(max_examples=18)
def test_the_rule_picks_the_value(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, str, str | None, int | None]], pick: str, seed: int
) -> None:  # fmt: skip
    rows = rows_of(drawn)
    shuffled = random.Random(seed).sample(rows, len(rows))
    values, provenance = compute(engine, tmp_path_factory.mktemp("rows"), shuffled, pick)
    wanted = expected(rows, pick)
    assert values == wanted
    for customer, value in wanted.items():
        told = provenance[customer]
        if value is None:
            assert {told[f"city__{p}"] for p in ("source", "at", "agree", "confidence")} == {None}
        elif pick != "union":
            assert told["city__agree"] == pytest.approx(agreement(rows, customer, value), abs=2e-4)
            assert any(
                f"s{r.source}" == told["city__source"] and r.value == value for r in rows if r.customer == customer
            )


CASE = [
    Row(0, 1, "x", "上海", datetime(2024, 12, 31)), Row(1, 1, "x", "上海", datetime(2023, 12, 31)),
    Row(2, 1, "x", "北京", None), Row(0, 2, "y", "广州", datetime(2022, 12, 31)),
]  # fmt: skip


def test_provenance_says_source_date_agreement_and_confidence(engine: Engine, tmp_path: Path) -> None:
    _, provenance = compute(engine, tmp_path, CASE, "trusted")
    assert provenance["x"] == {
        "customer_id": "x", "city__source": "s1", "city__at": date(2023, 12, 31), "city__agree": 0.6667,
        "city__confidence": 0.633,  # (1 − .5 × .1) × 2/3, confirmed on the as-of day
    }  # fmt: skip
    years = (date(2024, 12, 31) - date(2022, 12, 31)).days / 365.25
    assert provenance["y"]["city__confidence"] == pytest.approx(0.5 * 2.718281828 ** (-0.1 * years), abs=6e-4)
    assert provenance["y"]["city__agree"] == 1.0


def test_one_source_keeps_its_measure_and_tells_the_date(tmp_path: Path) -> None:
    engine = DuckdbEngine(temp=tmp_path)
    rows = {
        "customer_id": ["x", "x", "y"], "city": ["上海", "北京", None], "updated_at": [datetime(2024, 5, 1), datetime(2024, 3, 1), datetime(2024, 4, 1)],
        "_file": [0, 0, 0], "_row": [1, 2, 3],
    }  # fmt: skip
    pq.write_table(pa.table(rows), tmp_path / "m.parquet")
    pq.write_table(pa.table({"customer_id": ["x", "y"]}), tmp_path / "c.parquet")
    engine.register("unified__m", tmp_path / "m.parquet")
    engine.register("customers", tmp_path / "c.parquet")
    source = SourceRows("m", "unified__m", tuple(engine.types("unified__m").items()), "updated_at", facts=True)
    spec = AttributeSpec(name="city", source="m", value="city")
    attribute = CheckedAttribute(spec, (CheckedOrigin("m", sql.column("city"), 0.5),), "VARCHAR", "attribute city")
    steps = plan_profile([attribute], {"m": source}, UNTIL)
    assert [s.output for s in steps] == ["profile__m", "profile"]
    told = plan_provenance([attribute], {"m": source}, "provenance")
    assert told is not None
    for step in (*steps, told):
        engine.run(step)
    assert engine.fetch("profile").sort_by("customer_id").to_pydict() == {
        "customer_id": ["x", "y"],
        "city": ["上海", None],
    }
    assert engine.fetch("provenance").sort_by("customer_id").to_pydict() == {
        "customer_id": ["x", "y"], "city__source": ["m", None], "city__at": [date(2024, 5, 1), None],
    }  # fmt: skip
    engine.close()


@pytest.mark.spark
@pytest.mark.parametrize("pick", PICKS)
def test_spark_picks_the_same(tmp_path: Path, engine: Engine, spark: Engine, pick: str) -> None:
    assert compute(spark, tmp_path, CASE, pick) == compute(engine, tmp_path, CASE, pick)
