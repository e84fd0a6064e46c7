"""The overview tells of any project what a plain recomputation tells, leaves out what the project lacks, and reads rows once."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.app.audience_shop import write, write_data, write_shop
from tests.published import publish_sample

import huaxiang.app.overview as module
from huaxiang.app.audience import count_audience
from huaxiang.app.build import build
from huaxiang.app.overview import OVERVIEW_KEYS, overview
from huaxiang.app.overview.activity import CUSTOMERS_KEYS, MONTH_KEYS, TRENDS_KEYS
from huaxiang.app.overview.changes import AUDIENCE_KEYS, CHANGES_KEYS, TAG_KEYS
from huaxiang.app.overview.figures import (
    CELL_KEYS,
    REGION_KEYS,
    REGIONS_KEYS,
    RFM_KEYS,
    STAGE_KEYS,
    STAGES_KEYS,
    WORTH_KEYS,
)
from huaxiang.app.overview.lights import FRESHNESS_KEYS, QUALITY_KEYS, REASON_KEYS
from huaxiang.app.wiring import open_snapshot
from huaxiang.store.snapshots import Snapshot

Row = dict[str, Any]
AS_OF = date(2026, 6, 30)
RICH = """\
tags:
  - {name: recency, kind: statistic, source: orders, measure: days_since_last}
  - {name: rfm, kind: rfm, recency: recency, frequency: orders_count, monetary: spend}
  - {name: stage, kind: lifecycle, orders: orders_count, recency: recency, sleeping_after: 60, churned_after: 200}
"""


@pytest.fixture(autouse=True)
def forgotten() -> None:
    module._held.clear()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    write(folder, RICH, "tags/more.yaml")
    build(folder)
    return folder


@pytest.fixture
def snapshot(shop: Path) -> Snapshot:
    return open_snapshot(shop)


@pytest.fixture
def customers(snapshot: Snapshot) -> list[Row]:
    found: list[Row] = pq.read_table(snapshot.table("customers")).to_pylist()
    return found


def doings(snapshot: Snapshot) -> list[tuple[str, datetime]]:
    found = []
    for name, moment in (("orders", "ordered_at"), ("visits", "occurred_at")):
        rows = pq.read_table(snapshot.table(f"source_{name}")).to_pylist()
        found += [(row["customer_id"], row[moment]) for row in rows if row[moment].date() <= AS_OF]
    return found


def test_who_is_active_and_who_is_new(snapshot: Snapshot, customers: list[Row]) -> None:
    found = overview(snapshot)
    assert tuple(found) == OVERVIEW_KEYS
    told = found["customers"]
    assert tuple(told) == CUSTOMERS_KEYS
    begin = AS_OF - timedelta(days=29)
    done = doings(snapshot)
    first: dict[str, date] = {}
    for who, at in done:
        first[who] = min(at.date(), first.get(who, at.date()))
    assert told["total"] == len(customers)
    assert told["active"] == len({who for who, at in done if at.date() >= begin})
    assert told["new"] == sum(day >= begin for day in first.values())
    assert told["undated"] == len(customers) - len(first)
    assert told["sources"] == ["orders", "visits"]


def test_trends_are_told_month_by_month(snapshot: Snapshot) -> None:
    trends = overview(snapshot)["trends"]
    assert tuple(trends) == TRENDS_KEYS
    assert (trends["orders_source"], trends["revenue_field"]) == ("orders", "amount")
    rows = pq.read_table(snapshot.table("source_orders")).to_pylist()
    done = doings(snapshot)
    for month in trends["months"]:
        assert tuple(month) == MONTH_KEYS
        own = [r for r in rows if r["ordered_at"].isoformat()[:7] == month["month"]]
        assert (month["orders"], month["buyers"]) == (len(own), len({r["customer_id"] for r in own}))
        assert month["revenue"] == pytest.approx(float(sum(r["amount"] for r in own)), abs=0.005)
        assert month["active"] == len({who for who, at in done if at.isoformat()[:7] == month["month"]})
        assert month["partial"] is False
    assert trends["months"][-1]["month"] == "2026-06"
    assert sum(month["new"] for month in trends["months"]) == len({who for who, _ in done}), "no month is left out here"


def test_value_stages_and_the_grid(snapshot: Snapshot, customers: list[Row]) -> None:
    found = overview(snapshot)
    spend = {row["customer_id"]: float(row["spend"] or 0) for row in customers}
    total = sum(spend.values())
    assert tuple(found["worth"]) == WORTH_KEYS
    assert (found["worth"]["name"], found["worth"]["total"]) == ("spend", pytest.approx(total, abs=0.01))
    assert tuple(found["lifecycle"]) == STAGES_KEYS
    for stage in found["lifecycle"]["values"]:
        assert tuple(stage) == STAGE_KEYS
        own = [row for row in customers if row["stage"] == stage["value"]]
        assert stage["count"] == len(own) == count_audience(snapshot, stage["when"])["count"]
        assert stage["worth"] == pytest.approx(sum(spend[row["customer_id"]] for row in own), abs=0.01)
    grid = found["rfm"]
    assert set(grid) == set(RFM_KEYS)
    cells = Counter((row["rfm_r"], row["rfm_f"]) for row in customers if row["rfm_r"] is not None)
    assert grid["known"] == sum(cells.values())
    for cell in grid["cells"]:
        assert tuple(cell) == CELL_KEYS
        assert cell["count"] == cells[cell["r"], cell["f"]] == count_audience(snapshot, cell["when"])["count"]
    assert sum(cell["worth_share"] for cell in grid["cells"]) == pytest.approx(1, abs=1e-4)
    assert sum(value["count"] for value in grid["classes"]["values"]) == grid["classes"]["known"]


def test_regions_by_city_where_there_is_no_province(snapshot: Snapshot, customers: list[Row]) -> None:
    regions = overview(snapshot)["regions"]
    assert tuple(regions) == REGIONS_KEYS
    assert (regions["kind"], regions["city"]) == ("city", None)
    assert {one["value"]: one["count"] for one in regions["values"]} == {
        city: n for city, n in Counter(row["city"] for row in customers).items() if city
    }
    assert all(tuple(one) == REGION_KEYS for one in regions["values"])


def test_a_project_without_any_of_it_gets_hints(tmp_path: Path) -> None:
    with publish_sample(tmp_path, tags=[]) as snapshot:
        found = overview(snapshot)
    assert found["hints"] == ["worth", "lifecycle", "rfm", "activity"]
    assert [found[part] for part in ("worth", "lifecycle", "rfm", "trends", "changes", "previous")] == [None] * 6
    assert found["customers"]["total"] == 6
    assert found["customers"]["active"] is None


def test_rows_are_read_once_for_all_processes(snapshot: Snapshot, shop: Path) -> None:
    first = overview(snapshot)
    kept = list((shop / ".huaxiang" / "overview").glob(f"{snapshot.id}-*.json"))
    assert len(kept) == 1
    told = json.loads(kept[0].read_text("utf-8"))
    told["active"] = 7
    kept[0].write_text(json.dumps(told), "utf-8")
    module._held.clear()
    assert overview(snapshot)["customers"]["active"] == 7, "taken from the file"
    for broken in ("{", json.dumps(told | {"form": 0})):
        kept[0].write_text(broken, "utf-8")
        module._held.clear()
        assert overview(snapshot) == first, "a file that can't be read, or is of another form, is written anew"


def test_what_changed_since_the_build_before(tmp_path: Path) -> None:
    folder = write_shop(tmp_path)
    write_data(folder, 50)
    build(folder)
    write_data(folder, 60)
    write(folder, "tags:\n  - {name: rich, kind: rule, when: spend > 500}\n", "tags/rich.yaml")
    write(folder, "tags:\n  - {name: good, kind: rule, when: spend > 50}\n", "tags/good.yaml")
    value = (folder / "tags" / "value.yaml").read_text("utf-8")
    write(folder, value.replace("  - {name: good, kind: rule, when: spend > 200}\n", ""), "tags/value.yaml")
    build(folder)
    snapshot = open_snapshot(folder)
    found = overview(snapshot)
    changes = found["changes"]
    assert tuple(changes) == CHANGES_KEYS
    assert found["previous"] == {"snapshot": changes["since"], "as_of": "2026-06-30"}
    now = snapshot.manifest["customers"]
    assert changes["joined"] == now - changes["customers_before"] + changes["gone"]
    assert changes["joined"] > 0
    assert [one["name"] for one in changes["tags_new"]] == ["rich"]
    drift = {one["name"]: one for one in changes["tags"]}
    assert all(tuple(one) == TAG_KEYS for one in changes["tags"])
    good = drift["good"]
    assert good["redefined"]
    assert (
        good["share"] > good["share_before"]
        if good["value"] in (True, "true")
        else good["share"] < good["share_before"]
    )
    assert good["distance"] >= abs(good["share"] - good["share_before"]) - 1e-6
    assert [one["distance"] for one in changes["tags"]] == sorted(
        (one["distance"] for one in changes["tags"]), reverse=True
    )
    big = next(one for one in found["audiences"] if one["name"] == "big")
    assert tuple(big) == AUDIENCE_KEYS
    assert big["change"] == big["size"] - big["before"]


def test_the_light_of_freshness_depends_on_the_day(snapshot: Snapshot) -> None:
    lights = {}
    for days in (0, 2, 3, 7, 8):
        now = datetime(2026, 6, 30, 12, tzinfo=UTC) + timedelta(days=days)
        told = overview(snapshot, now=now)["freshness"]
        assert tuple(told) == FRESHNESS_KEYS
        assert tuple(told["reasons"][0]) == REASON_KEYS
        assert told["days"] == days
        lights[days] = told["light"]
    assert lights == {0: "good", 2: "good", 3: "look", 7: "look", 8: "bad"}


def test_stale_audiences_and_the_worst_finding_come_first(tmp_path: Path) -> None:
    audiences = [{"name": "big", "definition": "spend > 500", "size": 2, "share": 0.3, "stale": {"since": "x"}}]
    text = {"zh": "a", "en": "b"}
    findings = [{"source": "sales", "light": light, "measure": "age", "text": text} for light in ("look", "bad")]
    quality = {"light": "bad", "findings": findings, "rows_in": 1}
    with publish_sample(tmp_path, audiences=audiences, quality=quality) as snapshot:
        found = overview(snapshot, now=datetime(2024, 5, 2, tzinfo=UTC))
    assert tuple(found["quality"]) == QUALITY_KEYS
    assert [one["light"] for one in found["quality"]["findings"]] == ["bad", "look"]
    assert [(one["code"], one["light"]) for one in found["freshness"]["reasons"]] == [
        ("sources", "bad"), ("audiences", "look"), ("data", "good"),
    ]  # fmt: skip
    assert found["audiences"][0]["stale"]
