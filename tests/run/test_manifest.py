"""Lineage and definitions as the manifest tells them, on the demo's project."""

from __future__ import annotations

from datetime import date

import pytest

from huaxiang.app.demo import prepare_demo
from huaxiang.run.context import AsOf
from huaxiang.run.manifest import describe_definition, lineage_of
from huaxiang.spec.loader import Project, load_project

DAY = AsOf(date(2017, 12, 31))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load_project(prepare_demo(tmp_path_factory.mktemp("manifest") / "demo"))


def test_lineage_reaches_the_columns_of_the_sources(project: Project) -> None:
    assert lineage_of(project, "spend", DAY) == ["source:transactions.amount"]
    assert lineage_of(project, "average_order_value", DAY) == [
        "tag:orders", "tag:spend", "source:transactions.order_id", "source:transactions.amount",
    ]  # fmt: skip
    assert lineage_of(project, "high_spender", DAY)[0] == "tag:rfm"
    assert "source:transactions.amount" in lineage_of(project, "high_spender", DAY)
    assert lineage_of(project, "marriage", DAY) == ["attribute:marital_status", "source:demographics.marriage"]


def test_a_definition_is_one_line_that_a_person_can_check(project: Project) -> None:
    assert describe_definition(project.tags["spend_90d"]) == "sum(amount) from transactions window 90d"
    previous = describe_definition(project.tags["spend_previous_90d"])
    assert previous == "sum(amount) from transactions window 90d, 90d ago"
    assert describe_definition(project.tags["rfm"]).startswith(
        "R days_since_last_order, F orders, M spend; bands active ≤ 90 d"
    )


def test_every_tag_of_the_demo_has_a_source(project: Project) -> None:
    assert [n for n in project.tags if not any(x.startswith("source:") for x in lineage_of(project, n, DAY))] == []
