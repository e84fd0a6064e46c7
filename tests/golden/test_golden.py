"""The SQL that each engine is given, for every portable function, every aggregate and behaviours, as it stands in the files beside this one.

A change of the SQL shows here as a diff to be read. Write the files anew with `HUAXIANG_UPDATE_GOLDEN=1 pytest tests/golden`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from sqlglot import exp
from tests.engines.nodes import every_node
from tests.plan.behaviours import COLUMNS, SOURCES

from huaxiang.engines.aggregate_sql import aggregate_query
from huaxiang.engines.behaviour_sql import behaviour_sets
from huaxiang.engines.duckdb_dialect import to_duckdb
from huaxiang.engines.spark_dialect import to_spark
from huaxiang.engines.spark_words import SparkWords
from huaxiang.engines.words import DuckdbWords
from huaxiang.plan.behaviour import SourceRows
from huaxiang.plan.conditions import Behaviour, Sequence
from huaxiang.plan.expr import bind_as_of, check_expression
from huaxiang.plan.functions import EXAMPLE_COLUMNS, PORTABLE
from huaxiang.plan.nodes import AggregateNode
from huaxiang.plan.predicate import parse_condition
from huaxiang.spec.models import Function

FOLDER = Path(__file__).parent
Render = Callable[[exp.Query], str]
RENDER: dict[str, Render] = {
    "duckdb": lambda query: to_duckdb(query, pretty=True, comments=True),
    "spark": lambda query: to_spark(query, pretty=True, comments=True),
}
WORDS = {"duckdb": DuckdbWords, "spark": SparkWords}


def functions(engine: str) -> Iterator[tuple[str, str]]:
    """Each portable function by its example."""
    for name, function in PORTABLE.items():
        tree = bind_as_of(check_expression(function.example, EXAMPLE_COLUMNS).ast, date(2024, 12, 31))
        query = exp.select(exp.alias_(tree, "value", quoted=True)).from_(exp.to_table("examples"))
        yield f"{name}: {function.example}", RENDER[engine](query)


def aggregates(engine: str) -> Iterator[tuple[str, str]]:
    """Each aggregate function alone, once for all time and once in a window with a filter where there is such a measure; then all fused."""
    node = every_node()
    for function in get_args(Function):
        own = [m for m in node.measures if m.function == function]
        chosen = dict.fromkeys(
            [own[0], *[m for m in own if m.where is not None][:1], *[m for m in own if m.by is not None][:1]]
        )
        for measure in chosen:
            yield measure.name, _aggregate(engine, replace(node, measures=(measure,), origin=()))
    fused = [
        m
        for m in node.measures
        if m.name in {"count_all", "sum_amount_90d", "distinct_category_30d", "top_category_by_amount_all", "cycle_all"}
    ]
    yield "fused", _aggregate(engine, replace(node, measures=tuple(fused), origin=()))


def _aggregate(engine: str, node: AggregateNode) -> str:
    return RENDER[engine](aggregate_query(node, WORDS[engine]()))


BEHAVIOURS = (
    "did('orders', amount > 100 AND channel = '线上', days => 30)", "sum_of('orders', amount, since => '2024-01-01') <= 500",
    "distinct_of('orders', channel) >= 2", "mean_of('orders', rate) > 3.5", "last_of('orders', channel) = '线上'",
    "in_sequence('views', 'orders')",
    "in_sequence('views', step('orders', paid), 'views', within => 7, without => step('orders', amount < 1), days => 90)",
)  # fmt: skip


def behaviours(engine: str) -> Iterator[tuple[str, str]]:
    """Behaviours and sequences, each as the one SELECT."""
    rows = {name: SourceRows(f"source_{name}", source.types, source.time) for name, source in SOURCES.items()}
    for text in BEHAVIOURS:
        part = parse_condition(text, COLUMNS, SOURCES).tree
        assert isinstance(part, (Behaviour, Sequence))
        sets = behaviour_sets(part, rows, date(2024, 12, 31), WORDS[engine]())
        yield f"{text} · otherwise {sets.otherwise}", RENDER[engine](sets.query)


CASES = {"functions": functions, "aggregates": aggregates, "behaviours": behaviours}


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
@pytest.mark.parametrize("kind", ["functions", "aggregates", "behaviours"])
def test_sql_is_as_it_stands_in_the_file(kind: str, engine: str) -> None:
    text = "\n\n".join(f"-- {title}\n{sql}" for title, sql in CASES[kind](engine)) + "\n"
    path = FOLDER / f"{kind}.{engine}.sql"
    if os.environ.get("HUAXIANG_UPDATE_GOLDEN") == "1":
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_every_aggregate_is_there() -> None:
    text = (FOLDER / "aggregates.duckdb.sql").read_text("utf-8")
    titles = {line.removeprefix("-- ") for line in text.splitlines() if line.startswith("-- ")}
    missing = [f for f in get_args(Function) if not any(t == f or t.startswith(f"{f}_") for t in titles)]
    assert missing == []
