"""What happened with a customer, who is like her, and why she has a tag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.customer_shop import build_customers

from huaxiang.app.field_rights import RoleFields, view_of
from huaxiang.app.relations import RELATIONS_KEYS, relations_of
from huaxiang.app.similar import SIMILAR_ITEM_KEYS, SIMILAR_KEYS, similar_customers
from huaxiang.app.tag_reasons import TAG_INPUT_KEYS, TAG_WHY_KEYS, why_tag
from huaxiang.app.timeline import TIMELINE_ITEM_KEYS, TIMELINE_KEYS, customer_timeline, mask_within
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_customers(tmp_path_factory.mktemp("customers"))


@pytest.fixture
def shop(built: Path) -> Iterator[Snapshot]:
    with open_snapshot(built) as snapshot:
        yield snapshot


def test_newest_first_with_the_lines_of_an_order(shop: Snapshot) -> None:
    told = customer_timeline(shop, "M000")
    assert set(told) == set(TIMELINE_KEYS)
    assert all(set(item) == set(TIMELINE_ITEM_KEYS) for item in told["items"])
    times = [item["at"] for item in told["items"]]
    assert times == sorted(times, reverse=True)
    assert "lines" not in {item["source"] for item in told["items"]}
    order = next(i for i in told["items"] if i["lines"])
    assert order["title"]["zh"] == "下单 ¥119.50 · app"
    assert sorted(line["title"]["zh"] for line in order["lines"]) == ["茶叶 · ¥99.50", "茶杯 × 2 · ¥20.00"]
    assert {s["source"]: (s["rows"], s["within"]) for s in told["sources"]}["lines"] == (2, True)


def test_pages_are_parts_of_the_whole(shop: Snapshot) -> None:
    whole = customer_timeline(shop, "M000", limit=100)
    parts = [customer_timeline(shop, "M000", limit=2, offset=n) for n in range(0, len(whole["items"]), 2)]
    assert [item for part in parts for item in part["items"]] == whole["items"]
    assert [part["more"] for part in parts] == [True] * (len(parts) - 1) + [False]


def test_one_source(shop: Snapshot) -> None:
    told = customer_timeline(shop, "M000", ["lines"])
    assert [item["source"] for item in told["items"]] == ["lines", "lines"]
    with pytest.raises(UsageError, match="source"):
        customer_timeline(shop, "M000", ["nowhere"])
    with pytest.raises(UsageError, match="no customer"):
        customer_timeline(shop, "X")


def test_texts_hold_no_numbers_of_people(shop: Snapshot) -> None:
    told = customer_timeline(shop, "M000", ["tickets"])["items"]
    assert told[0]["title"] == {"zh": "投诉", "en": "Complaint"}
    body = next(f["value"] for f in told[0]["fields"] if f["name"] == "body")
    assert body == "请回电 138****0000，或写信到 w****@example.com，身份证 110****002X"
    assert {f["name"] for item in told for f in item["fields"]} == {"body"}  # no keys, no phone numbers


def test_numbers_that_point_at_nobody_stay() -> None:
    assert mask_within("订单 202606010001，共 13 件，¥13900.50") == "订单 202606010001，共 13 件，¥13900.50"
    assert mask_within("打 010-62345678 或 +86 13900001111") == "打 010****5678 或 +86****1111"


def test_a_hidden_source_is_not_told(shop: Snapshot) -> None:
    seen = view_of(shop, RoleFields("analyst", {"orders_count": "hidden"}))
    assert "orders" not in {s["source"] for s in customer_timeline(seen, "M000")["sources"]}


def test_the_nearest_and_what_brings_them_together(shop: Snapshot) -> None:
    told = similar_customers(shop, "M000", limit=5)
    assert set(told) == set(SIMILAR_KEYS)
    assert all(set(item) == set(SIMILAR_ITEM_KEYS) for item in told["similar"])
    likeness = [item["similarity"] for item in told["similar"]]
    assert likeness == sorted(likeness, reverse=True)
    assert 0 < likeness[-1] <= likeness[0] <= 1
    assert "M000" not in {item["customer_id"] for item in told["similar"]}
    weights = [shared["weight"] for shared in told["similar"][0]["shared"]]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) <= 1.001
    assert {s["name"] for i in told["similar"] for s in i["shared"]} <= {
        "spend",
        "orders_count",
        "mean_amount",
        "good",
        "gender",
        "city",
    }


def test_who_has_the_same_values_is_wholly_alike(shop: Snapshot) -> None:
    for hit in similar_customers(shop, "M007", limit=59)["similar"]:
        same = all(s["value"] == s["other"] for s in (*hit["shared"], *hit["differ"]))
        assert (hit["similarity"] == 1) <= same


def test_likeness_uses_nothing_that_is_hidden(shop: Snapshot) -> None:
    seen = view_of(shop, RoleFields("analyst", {"spend": "hidden", "mean_amount": "hidden"}))
    told = similar_customers(seen, "M000", limit=20)
    named = {s["name"] for i in told["similar"] for s in (*i["shared"], *i["differ"])}
    assert named
    assert not named & {"spend", "mean_amount", "good"}


def test_why_a_rule_holds(shop: Snapshot) -> None:
    told = why_tag(shop, "M000", "good")
    assert set(told) == set(TAG_WHY_KEYS)
    assert told["definition"] == "when spend > 200"
    assert [i["name"] for i in told["inputs"]] == ["spend"]
    assert set(told["inputs"][0]) == set(TAG_INPUT_KEYS)
    assert told["tree"]["state"] == str(told["value"]).lower()
    assert (told["inputs"][0]["value"] > 200) == told["value"]


def test_why_a_figure_is_what_it_is(shop: Snapshot) -> None:
    told = why_tag(shop, "M000", "orders_count")
    assert told["rows"][0]["rows"] == told["rows"][0]["counted"] == told["value"]
    assert told["tree"] is None
    with pytest.raises(UsageError, match="tag"):
        why_tag(shop, "M000", "nothing")


def test_nobody_around(shop: Snapshot) -> None:
    told = relations_of(shop, "M000")
    assert set(told) == set(RELATIONS_KEYS)
    assert (told["household"], told["account"]) == (None, None)
