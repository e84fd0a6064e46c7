"""Finding customers by keys, names, ends of phone numbers, values and conditions."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.customer_shop import build_customers
from tests.app.test_customer import publish_sample

from huaxiang.app.field_rights import RoleFields, view_of
from huaxiang.app.finding import FIND_KEYS, HIT_KEYS, describe_customers, find_customers
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import ExpressionError, UsageError
from huaxiang.store.snapshots import Snapshot


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_customers(tmp_path_factory.mktemp("customers"))


@pytest.fixture
def shop(built: Path) -> Iterator[Snapshot]:
    with open_snapshot(built) as snapshot:
        yield snapshot


def ids(snapshot: Snapshot, text: str, limit: int = 20) -> list[str]:
    return [hit["customer_id"] for hit in find_customers(snapshot, text, limit=limit)["found"]]


def test_the_answer_has_its_documented_keys(shop: Snapshot) -> None:
    told = find_customers(shop, "李娜")
    assert set(told) == set(FIND_KEYS)
    assert set(told["found"][0]) == set(HIT_KEYS)
    assert told["found"][0]["name"] == "李娜"
    assert told["found"][0]["phone"] == "138****0002"
    assert told["found"][0]["matched"] == ["name"]
    assert [c["name"] for c in told["columns"]] == ["city", "spend"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("张伟", ["M000", "M005", "M001"]),  # whole names first
        ("伟", ["M000", "M001", "M003", "M005"]),
        ("zhangwei", ["M000", "M001", "M005"]),
        ("oyw", ["M003"]),
        ("LN", ["M002"]),
        ("müller", ["M004"]),
        ("ann", ["M004"]),
        ("M004", ["M004"]),
        ("+86 138-0000-0003", ["M003"]),
        ("0004", ["M004"]),
        ("nobody", []),
    ],
)
def test_ways_to_find(shop: Snapshot, text: str, expected: list[str]) -> None:
    assert ids(shop, text) == expected


def test_names_are_counted_beyond_what_is_shown(shop: Snapshot) -> None:
    told = find_customers(shop, "王小", limit=3)
    assert (len(told["found"]), told["total"], told["more"]) == (3, 54, False)


def test_a_value_is_suggested_and_found(shop: Snapshot) -> None:
    told = find_customers(shop, "上海", limit=5)
    assert [(v["name"], v["condition"]) for v in told["values"]] == [("city", "city = '上海'")]
    assert told["values"][0]["count"] == told["total"] > 5
    assert {hit["values"]["city"]["value"] for hit in told["found"]} == {"上海"}
    tea = find_customers(shop, "tea")["values"]
    assert [v["condition"] for v in tea] == ["list_contains(hobbies, 'tea')"]


def test_a_condition_and_an_audience(shop: Snapshot) -> None:
    told = find_customers(shop, "spend > 300")
    assert told["condition"] == "spend > 300"
    assert told["total"] == find_customers(shop, "big")["total"] > 0
    with pytest.raises(ExpressionError):
        find_customers(shop, "spnd > 300")


def test_nothing_asked(shop: Snapshot) -> None:
    with pytest.raises(UsageError, match="nothing to search"):
        find_customers(shop, "  ")


def test_a_masked_number_can_not_be_guessed_digit_by_digit(shop: Snapshot) -> None:
    seen = view_of(shop, RoleFields("marketer"))
    assert ids(seen, "0002") == ["M002"]
    assert ids(seen, "13800000002") == ["M002"]
    longer = find_customers(seen, "00002")
    assert (longer["found"], longer["whole_number"]) == ([], True)
    assert ids(shop, "800000002") == ["M002"]  # who may see numbers may look for more of them
    with pytest.raises(ExpressionError):
        find_customers(seen, "phone >= '13800000002'")


def test_what_is_hidden_is_not_found(shop: Snapshot) -> None:
    seen = view_of(shop, RoleFields("analyst", {"name": "hidden", "city": "hidden", "phone": "hidden"}))
    for text in ("李娜", "上海", "13800000002", "0002"):
        assert ids(seen, text) == []
    told = find_customers(seen, "M002")["found"][0]
    assert (told["name"], told["phone"]) == (None, None)
    assert "city" not in told["values"]


def test_a_snapshot_without_lookup_is_searched_as_before(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_snapshot(built) as snapshot:
        monkeypatch.setattr("huaxiang.app.finding.open_lookup", lambda _: None)
        assert ids(snapshot, "张伟") == ["M000", "M001", "M005"]
        assert find_customers(snapshot, "李娜")["found"][0]["phone"] == "138****0002"


def test_the_sample_without_names(tmp_path: Path) -> None:
    told = find_customers(publish_sample(tmp_path), "上海")
    assert [hit["customer_id"] for hit in told["found"]] == ["c1", "c4"]
    assert told["found"][0]["name"] is None


def test_customers_that_are_not_there_are_told_by_their_id(
    shop: Snapshot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known = find_customers(shop, "M002")["found"][0]
    told = describe_customers(shop, ["nobody", known["customer_id"]])
    nobody = {"customer_id": "nobody", "name": None, "phone": None, "values": {}}
    assert told == [nobody, {key: value for key, value in known.items() if key != "matched"}]
    monkeypatch.setattr("huaxiang.app.audience_index.FOLDER", tmp_path.name)  # as if an older version had built it
    monkeypatch.setattr("huaxiang.app.audience_index._opened", OrderedDict())
    assert describe_customers(shop, ["nobody"]) == [nobody]
