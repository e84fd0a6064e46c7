"""What `huaxiang demo` says of the demo: figures, personas, the report, and its summary in both languages."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest

from huaxiang.app.demo import DemoResult, Findings
from huaxiang.app.demo_data import find_data

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def spend_by_household() -> dict[int, int]:
    """Cents by household, straight from the package."""
    table = pq.read_table(find_data() / "transactions.parquet", columns=["household_id", "sales_value"]).to_pandas()
    cents = (table["sales_value"] * 100).round().astype("int64")
    return {int(k): int(v) for k, v in cents.groupby(table["household_id"]).sum().items()}


def test_run_demo_finds_what_is_in_the_data(demo_result: DemoResult, spend_by_household: dict[int, int]) -> None:
    assert (demo_result.customers, demo_result.orders, demo_result.as_of, demo_result.currency) == (
        2469,
        155_848,
        "2017-12-31",
        "USD",
    )
    assert demo_result.spend == Decimal(sum(spend_by_household.values())) / 100
    assert (
        demo_result.rows["rows_in"]
        == demo_result.rows["loaded"] + demo_result.rows["left_out"] + demo_result.rows["set_aside"]
    )
    assert demo_result.rows["set_aside"] == 0
    assert sum(g.size for g in demo_result.lifecycle) == 2469
    top = sorted(spend_by_household.values(), reverse=True)[: round(2469 / 5)]
    assert demo_result.findings.top_fifth is not None
    assert demo_result.findings.top_fifth.amount == Decimal(sum(top)) / 100
    assert (demo_result.findings.contacted, demo_result.findings.responded) == (1559, 410)


def test_run_demo_draws_personas_and_a_report(demo_result: DemoResult) -> None:
    assert demo_result.report.read_text("utf-8").lstrip().lower().startswith("<!doctype html")
    assert len(demo_result.personas) == demo_result.clusters >= 3
    names = {p.name["zh"] for p in demo_result.personas}
    assert len(names) == len(demo_result.personas), "names tell the personas apart"
    shares = [p.worth_share or 0 for p in demo_result.personas]
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize(("lang", "expected"), [
    ("zh-CN", ["2,469 户家庭", "典型画像", "值得注意", "客户画像分析报告"]),
    ("en", ["2,469 households", "Personas", "Worth knowing", "targeted"]),
])  # fmt: skip
def test_summary_of_the_run(demo_result: DemoResult, lang: Any, expected: list[str]) -> None:
    text = demo_result.text(lang)
    assert [word for word in expected if word not in text] == []
    assert "None" not in text
    assert str(demo_result.report) in text


def test_result_as_json(demo_result: DemoResult) -> None:
    told = json.loads(json.dumps(demo_result.as_json()))
    assert told["customers"] == 2469
    assert Decimal(told["spend"]) == demo_result.spend
    assert told["personas"][0]["name"]["en"]


def test_summary_without_what_was_edited_away(demo_result: DemoResult) -> None:
    bare = dataclasses.replace(demo_result, lifecycle=(), personas=(), audiences=(), clusters=0, findings=Findings())
    for lang in ("zh-CN", "en"):
        assert "2,469" in bare.text(lang)
