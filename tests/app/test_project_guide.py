"""The examples of docs/project.md make a project that checks clean and builds."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from huaxiang.app.wiring import open_snapshot
from huaxiang.spec.loader import load_project
from huaxiang.spec.models import DefinitionFile

GUIDE = Path(__file__).parents[2] / "docs" / "project.md"
BLOCK = re.compile(r"```(yaml|csv)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's files, each named by its first line."""
    folder = tmp_path_factory.mktemp("guide") / "shop"
    for kind, text in BLOCK.findall(GUIDE.read_text("utf-8")):
        head, _, rest = text.partition("\n")
        if head.startswith("# "):
            target = folder / head[2:].strip()
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(rest if kind == "csv" else text, encoding="utf-8")
    return folder


def test_the_guides_project_checks_clean(shop: Path) -> None:
    from huaxiang.app.build import issues_of

    assert issues_of(load_project(shop)) == ()


def test_the_guides_project_builds_to_what_it_says(shop: Path) -> None:
    from huaxiang.app.build import build

    manifest = build(shop).manifest
    assert (manifest["customers"], manifest["as_of"]) == (3, "2025-06-28")
    assert {a["name"]: a["size"] for a in manifest["audiences"]} == {
        "valuable": 1, "win_back": 1, "only_valuable": 1, "spring_sale": 2,
    }  # fmt: skip
    assert {a["name"]: a["class"] for a in manifest["attributes"]} == dict.fromkeys(
        ("gender", "city", "age"), "demographic"
    )
    with open_snapshot(shop) as snapshot:
        rows = pq.read_table(snapshot.table("customers")).to_pylist()
    told = {
        r["customer_id"]: (float(r["spend"]), r["orders_count"], r["top_category"], r["lifecycle"], r["age"])
        for r in rows
    }
    assert told == {
        "M1": (155.5, 2, "美妆", "active", 35), "M2": (298.0, 2, "粮油", "sleeping", 39), "M3": (0.0, 0, None, "potential", 24),
    }  # fmt: skip


def test_snippets_without_a_file_are_valid_definitions() -> None:
    from ruamel.yaml import YAML

    loose = [
        text for kind, text in BLOCK.findall(GUIDE.read_text("utf-8")) if kind == "yaml" and not text.startswith("# ")
    ]
    assert len(loose) == 1
    for text in loose:
        assert DefinitionFile.model_validate(YAML(typ="safe", pure=True).load(text)).clusterings
