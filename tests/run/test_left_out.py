"""A clustering or persona set that today's customers don't suffice for is left out with a note; classes follow the catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from huaxiang.app.attributes import sensitive_issues
from huaxiang.app.build import build
from huaxiang.app.personas import list_personas
from huaxiang.app.wiring import open_snapshot
from huaxiang.serve.cli.main import main
from huaxiang.spec.loader import load_project

PROJECT = "name: shop\nas_of: 2025-06-30\n"
DEFINITIONS = """
sources:
  - name: orders
    purpose: tests
    legal_basis: contract
    entity: order
    files: data/orders.csv
    columns: {customer_key: no, order_id: id, ordered_at: at, amount: amount, channel: channel}
tags:
  - {name: spend, kind: statistic, source: orders, measure: sum, of: amount, class: consumption}
  - {name: orders_count, kind: statistic, source: orders, measure: count}
  - {name: channel, kind: statistic, source: orders, measure: top, of: channel, attribute: purchase_channel}
clusterings:
  - {name: style, features: [spend, orders_count]}
audiences:
  - {name: buyers, title: 有订单的客户, when: orders_count > 0}
personas:
  - {name: by_style, clustering: style, worth: spend}
  - {name: by_rule, audiences: [buyers], worth: orders_count}
"""
ORDERS = "no,id,at,amount,channel\nA,1,2025-01-01,10,店\nB,2,2025-02-01,20,网\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few")
    for name, text in {"huaxiang.yaml": PROJECT, "sources/all.yaml": DEFINITIONS, "data/orders.csv": ORDERS}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    build(folder)
    return folder


def test_too_few_customers_leave_a_clustering_out_and_say_so(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        manifest: dict[str, Any] = json.loads(json.dumps(snapshot.manifest))
        sets = {s["name"]: s for s in list_personas(snapshot)["sets"]}
    entry = manifest["clusterings"][0]
    assert (entry["name"], entry["k"], entry["sizes"]) == ("style", 0, {})
    assert "need more than 3 different customers, there are 2" in entry["note"]["en"]
    assert "现有 2 位" in entry["note"]["zh"]
    assert sets["by_style"]["cards"] == []
    assert sets["by_style"]["note"] == entry["note"]
    assert "all customers have the same value" in sets["by_rule"]["note"]["en"]


def test_the_command_says_why_there_are_no_cards(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["persona", "list", "--project", str(shop), "--lang", "zh-CN"]) == 0
    assert "本次构建未生成画像卡" in capsys.readouterr().out
    assert main(["customer", "A", "--project", str(shop), "--lang", "zh-CN"]) == 0
    assert "有订单的客户" in capsys.readouterr().out


def test_numbers_go_on_when_there_are_enough_again(shop: Path, tmp_path: Path) -> None:
    for name in ("huaxiang.yaml", "sources/all.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text((shop / name).read_text("utf-8"), "utf-8")
    (tmp_path / "data").mkdir()
    rows = [f"C{n},{n},2025-01-{1 + n % 28:02d},{(n % 4) * 100 + n % 5},店" for n in range(80)]
    many = "no,id,at,amount,channel\n" + "\n".join(rows) + "\n"
    for text in (many, ORDERS, many):
        (tmp_path / "data/orders.csv").write_text(text, "utf-8")
        manifest = build(tmp_path).manifest
    labels = [int(label.removeprefix("c")) for label in manifest["clusterings"][0]["sizes"]]
    assert min(labels) > 1, "labels of before the gap may mean other groups"


def test_a_tag_takes_the_class_of_the_attribute_it_fills(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        classes = {t["name"]: t["class"] for t in snapshot.manifest["tags"]}
    assert classes == {"spend": "consumption", "orders_count": "other", "channel": "consumption"}


def test_health_is_barred_by_code_and_by_class(tmp_path: Path) -> None:
    more = """  - {name: diet_tag, kind: statistic, source: orders, measure: top, of: channel, attribute: diet}
  - {name: pills, kind: statistic, source: orders, measure: top, of: channel, class: health}
"""
    text = DEFINITIONS.replace("clusterings:", f"{more}clusterings:")
    (tmp_path / "sources").mkdir()
    (tmp_path / "huaxiang.yaml").write_text(PROJECT, "utf-8")
    (tmp_path / "sources/all.yaml").write_text(text, "utf-8")
    found = [i.about.en for i in sensitive_issues(load_project(tmp_path))]
    assert sorted(found) == ['tag "diet_tag": ', 'tag "pills": ']
