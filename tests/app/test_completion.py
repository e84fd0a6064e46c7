"""What editors of conditions are told, and offered at the cursor."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plan.behaviours import COLUMNS, SOURCES

from huaxiang.app.completion import (
    FIELD_KEYS,
    FIELDS_KEYS,
    FUNCTION_KEYS,
    SOURCE_KEYS,
    SUGGESTION_KEYS,
    complete,
    completion,
)
from huaxiang.plan.condition_help import CONDITION_CALLS, OPERATORS_OF
from huaxiang.plan.condition_tree import OPERATORS
from huaxiang.plan.conditions import MEASURE_CALLS
from huaxiang.plan.expr import PART_CALLS
from huaxiang.plan.predicate import parse_condition
from huaxiang.serve.cli.main import main


def text(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


MANIFEST: dict[str, Any] = {
    "as_of": "2024-05-01",
    "sources": [
        {"name": "orders", "title": text("订单", "Orders"), "entity": "order", "time": "ordered_at",
         "fields": {"customer_id": "VARCHAR", "amount": "DECIMAL(18,4)", "channel": "VARCHAR", "ordered_at": "TIMESTAMP"}},
        {"name": "products", "title": text("商品", "Products"), "entity": "reference", "time": None, "fields": {}},
    ],
    "attributes": [
        {"name": "city", "title": text("城市", "City"), "of": "customer", "value_type": "enum", "values": {"bj": text("北京", "Beijing"), "gz": text("广州", "Guangzhou")},
         "distribution": {"kind": "values", "values": [["sh", 3], ["bj", 5]], "other": 0}},
        {"name": "industry", "of": "account", "value_type": "text"},
    ],
    "tags": [
        {"name": "spend", "title": text("消费金额", "Spend"), "value_type": "money",
         "distribution": {"kind": "numbers", "min": 0, "p5": 1, "p25": 2, "p50": 3, "p75": 4, "p95": 5, "max": 9, "mean": 3, "bins": []}},
        {"name": "vip", "title": text("会员", "VIP"), "value_type": "boolean", "distribution": {"kind": "values", "values": [[True, 2]], "other": 0}},
    ],
    "clusterings": [{"name": "style", "title": text("分群", "Style"), "sizes": {"c1": 4, "c2": 2}}],
    "audiences": [{"name": "loyal", "title": text("忠诚", "Loyal"), "size": 3}],
}  # fmt: skip


def known() -> dict[str, Any]:
    return completion(MANIFEST, "s1", ["vip_2024", "old"])


def test_what_is_told() -> None:
    found = known()
    assert tuple(found) == FIELDS_KEYS
    assert [f["name"] for f in found["fields"]] == ["city", "spend", "vip", "style"]
    city, spend, _, style = found["fields"]
    assert tuple(city) == FIELD_KEYS
    assert [(v["value"], v["count"]) for v in city["values"]] == [("bj", 5), ("sh", 3), ("gz", 0)]
    assert city["values"][0]["title"] == text("北京", "Beijing")
    assert spend["range"] == {"min": 0, "p5": 1, "p50": 3, "p95": 5, "max": 9}
    assert style["values"][0] == {"value": "c1", "title": text("c1", "c1"), "count": 4}
    assert [tuple(s) for s in found["sources"]] == [SOURCE_KEYS]
    assert [(f["name"], f["type"]) for f in found["sources"][0]["fields"]] == [
        ("amount", "money"), ("channel", "text"), ("ordered_at", "datetime"),
    ]  # fmt: skip
    assert {tuple(f) for f in found["functions"]} == {FUNCTION_KEYS}
    assert found["lists"] == ["old", "vip_2024"]
    json.dumps(found)


def test_every_call_is_explained_by_an_example_that_is_read() -> None:
    assert set(CONDITION_CALLS) == {*PART_CALLS, "in_audience"}
    sources = {**SOURCES, "refunds": SOURCES["orders"]}
    for call in CONDITION_CALLS.values():
        parse_condition(call.example, COLUMNS, sources)
        assert call.name in call.example
    assert set(MEASURE_CALLS.values()) <= set(CONDITION_CALLS)
    assert {op for ops in OPERATORS_OF.values() for op in ops} <= set(OPERATORS)


@pytest.mark.parametrize(
    ("before", "start", "first"),
    [
        ("", 0, "city"), ("ci", 0, "city"), ("消费", 0, "spend"), ("spend > 3 and v", 14, "vip"), ("did", 0, "did("),
        ("city = ", 7, "'bj'"), ("city = 'g", 7, "'gz'"), ("city in ('", 9, "'bj'"), ("city in ('bj', '", 15, "'bj'"), ("vip = ", 6, "true"),
        ("did('", 4, "'orders'"), ("did('orders', ", 14, "amount"), ("did('orders', ch", 14, "channel"), ("did('orders', amount > 3, da", 26, "days => "),
        ("sum_of('orders', am", 17, "amount"), ("in_audience('", 12, "'loyal'"), ("in_list('v", 8, "'vip_2024'"),
        ("in_sequence('orders', 'o", 22, "'orders'"), ("in_sequence(step('orders', ch", 27, "channel"), ("top(10, s", 8, "spend"),
        ("top(10, spend, ci", 15, "city"), ("did('orders') and ci", 18, "city"),
    ],
)  # fmt: skip
def test_what_is_offered(before: str, start: int, first: str) -> None:
    offered = complete(known(), before + " or vip", len(before))
    assert (offered["start"], offered["end"]) == (start, len(before))
    assert offered["suggestions"][0]["text"] == first
    assert {tuple(s) for s in offered["suggestions"]} == {SUGGESTION_KEYS}


def test_nothing_is_offered_where_nothing_fits() -> None:
    assert complete(known(), "zzz", 3)["suggestions"] == []
    assert complete(known(), "spend > 3", 99)["end"] == 9
    assert [s["text"] for s in complete(known(), "did('unknown', ", 15)["suggestions"]] == [
        "days => ",
        "since => ",
        "until => ",
    ]


def test_the_command_tells_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from tests.published import publish_sample

    publish_sample(tmp_path).close()
    monkeypatch.chdir(tmp_path)
    run: Callable[[tuple[str, ...]], int] = main
    assert run(("audience", "fields", "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert tuple(told) == FIELDS_KEYS
    assert "spend" in {f["name"] for f in told["fields"]}
    assert run(("audience", "fields", "消费", "--lang", "zh-CN")) == 0
    shown = capsys.readouterr().out
    assert "消费金额" in shown
    assert "城市" not in shown


def test_yes_and_no_are_values_of_their_own_and_personal_ones_are_not_listed() -> None:
    attributes = [
        {"name": "member", "value_type": "boolean", "values": {"true": text("是", "Yes"), "false": text("否", "No")},
         "distribution": {"kind": "values", "values": [[False, 7]], "other": 0}},
        {"name": "address_key", "value_type": "text", "distribution": {"kind": "values", "values": [["310112某路1号", 2]], "other": 0}},
        {"name": "call_name", "value_type": "text", "personal": "name", "distribution": {"kind": "values", "values": [["王五", 2]], "other": 0}},
    ]  # fmt: skip
    fields = {field["name"]: field for field in completion({"attributes": attributes})["fields"]}
    assert fields["member"]["values"] == [
        {"value": False, "title": text("否", "No"), "count": 7},
        {"value": True, "title": text("是", "Yes"), "count": 0},
    ]
    assert fields["address_key"]["values"] == fields["call_name"]["values"] == []
