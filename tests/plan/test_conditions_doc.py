"""Every example of docs/conditions.md is read, and those of both forms print as each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from huaxiang.plan.predicate import SourceFields, parse_condition, to_text, to_tree

TEXT = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text("utf-8")
COLUMNS = {
    "spend": "DECIMAL(18,4)", "order_count": "BIGINT", "city": "VARCHAR", "member": "BOOLEAN", "joined_on": "DATE", "interests": "VARCHAR[]",
}  # fmt: skip
SOURCES = {
    "orders": SourceFields(
        {"amount": "DECIMAL(18,4)", "channel": "VARCHAR", "paid": "BOOLEAN", "ordered_at": "TIMESTAMP"}, "ordered_at"
    ),
    "views": SourceFields({"page": "VARCHAR", "occurred_at": "TIMESTAMP"}, "occurred_at"),
    "refunds": SourceFields({"amount": "DECIMAL(18,4)", "occurred_at": "TIMESTAMP"}, "occurred_at"),
}


def examples(language: str) -> list[str]:
    blocks = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.mark.parametrize("text", examples("sql"))
def test_text(text: str) -> None:
    condition = parse_condition(text, COLUMNS, SOURCES)
    assert parse_condition(to_tree(condition), COLUMNS, SOURCES) == condition


@pytest.mark.parametrize("text", examples("yaml"))
def test_tree(text: str) -> None:
    condition = parse_condition(YAML(typ="safe").load(text), COLUMNS, SOURCES)
    assert parse_condition(to_text(condition), COLUMNS, SOURCES) == condition


def test_there_are_examples_of_every_part() -> None:
    from huaxiang.plan.condition_help import CONDITION_CALLS

    missing = [name for name in CONDITION_CALLS if f"{name}(" not in TEXT and name not in ("min_of",)]
    assert missing == []
