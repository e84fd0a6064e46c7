"""Breakdowns, overlaps, numbers and reasons agree with a plain recomputation over the same rows."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.app.audience_shop import write_shop

import huaxiang
from huaxiang.app.audience import customer_ids
from huaxiang.app.audiences.describing import (
    BREAKDOWN_KEYS,
    BREAKDOWN_TAG_KEYS,
    BREAKDOWN_VALUE_KEYS,
    OVERLAP_KEYS,
    breakdown,
    overlap,
)
from huaxiang.app.audiences.figures import NUMBERS_KEYS, numbers
from huaxiang.app.audiences.graph import NODE_KEYS, audience_graph
from huaxiang.app.audiences.reasons import PART_KEYS, WHY_KEYS, why
from huaxiang.app.build import build
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import UsageError
from huaxiang.learn.evidence import compare_shares
from huaxiang.store.snapshots import Snapshot

Row = dict[str, Any]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    build(folder)
    return folder


@pytest.fixture
def snapshot(shop: Path) -> Snapshot:
    return open_snapshot(shop)


@pytest.fixture
def rows(snapshot: Snapshot) -> list[Row]:
    found: list[Row] = pq.read_table(snapshot.table("customers")).to_pylist()
    return found


def women(row: Row) -> bool:
    return row["gender"] == "female"


def holds(row: Row, tag: str, value: Any) -> bool:
    held = row[tag]
    return held is not None and (value in held if isinstance(held, list) else held == value)


def known(row: Row, tag: str) -> bool:
    return row[tag] not in (None, [])


BASES: dict[str, Callable[[Row], bool]] = {
    "all": lambda row: True, "valid": lambda row: True, "gender is not null": lambda row: row["gender"] is not None,
    "gender = 'male'": lambda row: row["gender"] == "male",
}  # fmt: skip


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("tag", ["city", "good", "hobbies", "orders_count"])
def test_breakdown(snapshot: Snapshot, rows: list[Row], base: str, tag: str) -> None:
    found = breakdown(snapshot, "women", [tag], base)
    assert tuple(found) == BREAKDOWN_KEYS
    (told,) = found["tags"]
    assert tuple(told) == BREAKDOWN_TAG_KEYS
    mine, others = [r for r in rows if women(r)], [r for r in rows if BASES[base](r)]
    assert (found["customers"], found["base"]["customers"]) == (len(mine), len(others))
    assert found["base"]["kind"] == (base if base in ("all", "valid") else "condition")
    with_value = [sum(known(r, tag) for r in group) for group in (mine, others)]
    assert [told["known"], told["base_known"]] == with_value
    assert told["missing"] == len(mine) - with_value[0]
    of = (len(mine), len(others)) if base == "all" else with_value
    assert {v["value"] for v in told["values"]} == {
        item for r in [*mine, *others] if known(r, tag) for item in (r[tag] if tag == "hobbies" else [r[tag]])
    }  # fmt: skip
    for value in told["values"]:
        assert tuple(value) == BREAKDOWN_VALUE_KEYS
        counts = [sum(holds(r, tag, value["value"]) for r in group) for group in (mine, others)]
        assert [value["count"], value["base_count"]] == counts
        assert value["share"] == pytest.approx(counts[0] / of[0], abs=1e-6)
        assert value["base_share"] == pytest.approx(counts[1] / of[1], abs=1e-6)
        if counts[1]:
            assert value["tgi"] == pytest.approx(100 * (counts[0] / of[0]) / (counts[1] / of[1]), abs=0.01)
            assert value["tgi_low"] <= value["tgi"] and (value["tgi_high"] is None or value["tgi_high"] >= value["tgi"])
        if counts[1] and base != "gender = 'male'":
            expected = compare_shares([counts[0]], [of[0]], [counts[1]], [of[1]])
            assert (value["tgi_low"], value["tgi_high"]) == pytest.approx((expected.low[0], expected.high[0]), abs=0.01)


def test_values_beyond_the_limit_are_counted_together(snapshot: Snapshot) -> None:
    (whole,) = breakdown(snapshot, "big", ["hobbies"])["tags"]
    (short,) = breakdown(snapshot, "big", ["hobbies"], limit=1)["tags"]
    assert short["values"] == whole["values"][:1]
    rest = whole["values"][1:]
    assert short["other"] == {
        "values": len(rest), "count": sum(v["count"] for v in rest), "base_count": sum(v["base_count"] for v in rest),
    }  # fmt: skip
    assert whole["other"] is None


def test_an_empty_audience_has_no_shares(snapshot: Snapshot) -> None:
    found = breakdown(snapshot, "spend < 0", ["city"])
    assert found["customers"] == 0
    assert {(v["count"], v["share"]) for v in found["tags"][0]["values"]} == {(0, None)}


@pytest.mark.parametrize(
    ("by", "base", "said"),
    [
        (["phone"], "valid", "identifies or reaches people"),
        (["spend"], "valid", "audience numbers"),
        (["cty"], "valid", 'did you mean "city"'),
        ([], "valid", "1 to 60 tags"),
        (["city"], "spend > 100", "not in the base"),
    ],
)
def test_what_can_not_be_broken_down(snapshot: Snapshot, by: list[str], base: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        breakdown(snapshot, "women", by, base)


def test_overlap(snapshot: Snapshot) -> None:
    names = ["big", "women", "recent", "spend < 0"]
    sets = [set(customer_ids(snapshot, name)) for name in names]
    found = overlap(snapshot, names)
    assert tuple(found) == OVERLAP_KEYS
    for i, one in enumerate(sets):
        assert (found["audiences"][i]["audience"], found["audiences"][i]["size"]) == (names[i], len(one))
        for j, other in enumerate(sets):
            assert found["counts"][i][j] == len(one & other)
            assert found["shares"][i][j] == (pytest.approx(len(one & other) / len(one), abs=1e-6) if one else None)
            either = len(one | other)
            assert found["jaccard"][i][j] == (pytest.approx(len(one & other) / either, abs=1e-6) if either else None)
    assert (found["any"], found["all"]) == (len(set.union(*sets)), len(set.intersection(*sets)))
    with pytest.raises(UsageError, match="2 to 30 different audiences"):
        overlap(snapshot, ["big", "big"])


@pytest.mark.parametrize("tag", ["spend", "orders_count", "mean_amount"])
def test_numbers(snapshot: Snapshot, rows: list[Row], tag: str) -> None:
    found = numbers(snapshot, "women", tag)
    assert tuple(found) == NUMBERS_KEYS
    for told, group in ((found, [r for r in rows if women(r)]), (found["base"], rows)):
        values = sorted(float(r[tag]) for r in group if r[tag] is not None)
        assert (told["known"], told["missing"]) == (len(values), len(group) - len(values))
        assert (float(told["min"]), float(told["max"])) == (values[0], values[-1])
        assert told["mean"] == pytest.approx(float(np.mean(values)))
        assert told["total"] == pytest.approx(sum(values))
        for percent, value in told["percentiles"].items():
            assert float(value) == values[max(0, math.ceil(int(percent) / 100 * len(values)) - 1)]
    assert sum(b[2] for b in found["histogram"]) == found["known"]
    assert sum(b[3] for b in found["histogram"]) == found["base"]["known"]
    assert found["index"]["value"] == pytest.approx(100 * found["mean"] / found["base"]["mean"], abs=0.01)


def test_numbers_of_dates_and_of_what_is_none(snapshot: Snapshot, rows: list[Row]) -> None:
    found = numbers(snapshot, "women", "birth_date")
    days = sorted(r["birth_date"] for r in rows if women(r))
    assert (found["min"], found["max"]) == (days[0].isoformat(), days[-1].isoformat())
    assert (found["mean"], found["index"]) == (None, None)
    assert sum(b[2] for b in found["histogram"]) == len(days)
    assert numbers(snapshot, "spend < 0", "spend")["median"] is None
    with pytest.raises(UsageError, match="audience breakdown"):
        numbers(snapshot, "women", "city")
    with pytest.raises(UsageError, match="identifies or reaches people"):
        numbers(snapshot, "women", "phone")


CONDITION = "(spend > 300 and not (gender = 'male')) or in_audience('recent') and count_of('orders', days => 60) >= 2 or city is null"


def test_why_agrees_with_the_audience_for_everyone(snapshot: Snapshot, rows: list[Row]) -> None:
    members = set(customer_ids(snapshot, CONDITION))
    states = set()
    for row in rows:
        found = why(snapshot, CONDITION, row["customer_id"])
        assert tuple(found) == WHY_KEYS
        assert found["member"] == (row["customer_id"] in members) == (found["tree"]["state"] == "true")
        states |= {part["state"] for part in _walk(found["tree"])}
        assert found["decisive"]
    assert states == {"true", "false", "unknown"}


def _walk(part: dict[str, Any]) -> list[dict[str, Any]]:
    assert tuple(part) == PART_KEYS
    return [part, *(inner for one in part["parts"] for inner in _walk(one))]


def test_why_shows_values_and_what_a_behaviour_amounts_to(snapshot: Snapshot, rows: list[Row]) -> None:
    row = next(r for r in rows if r["orders_count"] and r["gender"] is None)
    found = why(snapshot, "gender = 'female' and phone is not null and count_of('orders') > 100", row["customer_id"])
    gender, phone, orders = found["tree"]["parts"]
    assert (gender["state"], gender["values"][0]["value"]) == ("unknown", None)
    assert phone["values"][0]["value"] == f"{row['phone'][:3]}****{row['phone'][-4:]}"
    assert (orders["state"], orders["measured"]) == ("false", row["orders_count"])
    assert found["decisive"] == ["count_of('orders') > 100"]
    assert (
        why(snapshot, "phone is not null", row["customer_id"], unmask=True)["tree"]["values"][0]["value"]
        == row["phone"]
    )
    inner = why(snapshot, "big_women", row["customer_id"])["tree"]["parts"]
    assert [part["audience"] for part in inner] == ["big", "women"]
    assert inner[0]["parts"][0]["text"] == "spend > 300"
    with pytest.raises(UsageError, match="no customer with this ID"):
        why(snapshot, "big", "nobody")


def test_the_graph_of_a_sql_audience_names_what_its_query_touches(shop: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(shop, tmp_path / "shop")
    query = "select c.customer_id from customers c join orders o using (customer_id) where c.good and c.city = '上海' and o.amount > 3"
    (copy / "audiences" / "asked.yaml").write_text(
        f'audiences:\n  - {{name: asked, kind: sql, sql: "{query}"}}\n  - {{name: wrong, kind: sql, sql: select}}\n',
        "utf-8",
    )
    found = {one["name"]: one["reads"] for one in audience_graph(copy)["audiences"]}
    none: dict[str, list[str]] = {kind: [] for kind in found["wrong"]}
    assert found["wrong"] == none
    assert found["asked"] == none | {"tags": ["good"], "attributes": ["city"], "sources": ["orders"]}


def test_graph(shop: Path) -> None:
    found = {one["name"]: one for one in audience_graph(shop)["audiences"]}
    assert all(tuple(one) == NODE_KEYS for one in found.values())
    reads = {name: {kind: names for kind, names in one["reads"].items() if names} for name, one in found.items()}
    assert reads == {
        "big": {"tags": ["spend"]}, "women": {"attributes": ["gender"]}, "big_women": {"audiences": ["big", "women"]},
        "recent": {"sources": ["orders"]},
    }  # fmt: skip
    assert found["big"]["read_by"]["audiences"] == ["big_women"]
    assert audience_graph(shop, "women")["audiences"] == [found["women"]]
    with pytest.raises(UsageError, match="unknown audience"):
        audience_graph(shop, "men")


def test_the_python_face_keeps_the_index_open_and_sees_the_next_snapshot(shop: Path) -> None:
    project = huaxiang.open(shop)
    big = project.audience("big")
    assert big.count() == len(big.ids()) == project.audience("spend > 300").count() == big.show()["size"]
    assert project.index() is project.index()
    assert (
        big.breakdown(["city"])["customers"]
        == big.numbers("spend")["customers"]
        == big.overlap("women")["counts"][0][0]
    )
    assert big.why(big.ids()[0])["member"]
    assert [one["name"] for one in project.audiences()] == ["big", "women", "big_women", "recent"]
    before = project.index()
    project.build()
    assert project.index() is not before
    assert big.changes()["joined"] == 0
    assert len(big.history()["sizes"]) >= 2
    assert project.audience_graph("big")[0]["read_by"]["audiences"] == ["big_women"]
