"""Analyses of a built shop agree with a plain recomputation over its files."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from tests.app.audience_shop import write_shop

from huaxiang.app.analysis.cross import AXIS_KEYS, CROSS_KEYS, TEST_KEYS, VALUE_KEYS, cross
from huaxiang.app.analysis.distribution import (
    BIN_KEYS,
    DISTRIBUTION_KEYS,
    FIGURE_KEYS,
    DistributionAsked,
    MeasureAsked,
    distribution,
)
from huaxiang.app.analysis.events import EventAsked
from huaxiang.app.analysis.funnel import FUNNEL_KEYS, GROUP_KEYS, STEP_KEYS, FunnelAsked, funnel
from huaxiang.app.analysis.network import EDGE_KEYS, NETWORK_KEYS, NODE_KEYS, network
from huaxiang.app.analysis.path import LINK_KEYS, PATH_KEYS, WHOLE_KEYS, PathAsked, paths
from huaxiang.app.analysis.path import NODE_KEYS as PATH_NODE_KEYS
from huaxiang.app.analysis.retention import CELL_KEYS, COHORT_KEYS, RETENTION_KEYS, RetentionAsked, retention
from huaxiang.app.audience import count_audience
from huaxiang.app.build import build
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import ExpressionError, UsageError
from huaxiang.store.snapshots import Snapshot

Row = dict[str, Any]
AS_OF = date(2026, 6, 30)
VISITS, ORDERS = EventAsked("visits"), EventAsked("orders")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_shop(tmp_path_factory.mktemp("shop"))
    for name, line in (("orders", "M000,late,2026-07-02 09:00,5,app"), ("visits", "M001,2026-07-01 00:00,home")):
        with (folder / "data" / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(line + "\n")  # after the as-of day: never counts
    build(folder)
    return folder


@pytest.fixture
def snapshot(shop: Path) -> Snapshot:
    return open_snapshot(shop)


@pytest.fixture
def customers(snapshot: Snapshot) -> dict[str, Row]:
    return {row["customer_id"]: row for row in pq.read_table(snapshot.table("customers")).to_pylist()}


@pytest.fixture
def rows(snapshot: Snapshot) -> dict[str, list[Row]]:
    found = {}
    for name, moment in (("orders", "ordered_at"), ("visits", "occurred_at")):
        table = pq.read_table(snapshot.table(f"source_{name}")).to_pylist()
        found[name] = [row | {"at": row[moment]} for row in table if row[moment].date() <= AS_OF]
    return found


def by_customer(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["at"]):
        found[row["customer_id"]].append(row)
    return found


# Funnel


def reached(visits: list[Row], orders: list[Row], days: int) -> int:
    """2 when an order follows a visit strictly later, within the window."""
    near = any(timedelta(0) < o["at"] - v["at"] <= timedelta(days=days) for v in visits for o in orders)
    return 2 if near else int(bool(visits))


@pytest.mark.parametrize("days", [1, 7, 30])
def test_a_funnel_counts_customers_step_by_step(
    snapshot: Snapshot, customers: dict[str, Row], rows: dict[str, list[Row]], days: int
) -> None:
    found = funnel(snapshot, "gender = 'female'", FunnelAsked([VISITS, ORDERS], days, by="city"))
    assert tuple(found) == FUNNEL_KEYS
    assert all(set(step) == set(STEP_KEYS) for step in found["steps"])
    visits, orders = by_customer(rows["visits"]), by_customer(rows["orders"])
    women = [c for c, row in customers.items() if row["gender"] == "female"]
    depth = {c: reached(visits.get(c, []), orders.get(c, []), days) for c in women}
    counts = [sum(d >= step for d in depth.values()) for step in (1, 2)]
    assert [step["customers"] for step in found["steps"]] == counts
    assert found["steps"][1]["share"] == found["steps"][1]["of_previous"] == round(counts[1] / counts[0], 6)
    assert found["steps"][1]["lost"] == counts[0] - counts[1]
    assert found["customers"] == len(women)
    for group in found["groups"]:
        assert tuple(group) == GROUP_KEYS
        own = [c for c in women if customers[c]["city"] == group["value"]]
        assert group["counts"] == [sum(depth[c] >= step for c in own) for step in (1, 2)]
    window_open = {
        c for c in women if depth[c] == 1 and first_moment(visits[c]) + timedelta(days=days) >= end_of(AS_OF)
    }
    assert found["open"] == len(window_open)


def first_moment(rows: list[Row]) -> datetime:
    moment: datetime = rows[0]["at"]
    return moment


def end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time())


def test_a_funnel_takes_conditions_of_its_steps_and_days_of_the_first(
    snapshot: Snapshot, rows: dict[str, list[Row]]
) -> None:
    steps = [EventAsked("visits", "page = 'sale'"), EventAsked("orders", "amount > 50")]
    found = funnel(snapshot, None, FunnelAsked(steps, 14, since="2026-01-01", until="2026-05-31"))
    began = {
        r["customer_id"]
        for r in rows["visits"]
        if r["page"] == "sale" and date(2026, 1, 1) <= r["at"].date() <= date(2026, 5, 31)
    }
    assert found["steps"][0]["customers"] == len(began)
    assert (found["since"], found["until"]) == ("2026-01-01", "2026-05-31")
    later = funnel(snapshot, None, FunnelAsked([VISITS, ORDERS], 14, until="2030-01-01"))
    assert later["until"] == "2026-06-30", "never beyond the as-of day"


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (FunnelAsked([VISITS], 7), UsageError),
        (FunnelAsked([VISITS, ORDERS], 0), UsageError),
        (FunnelAsked([VISITS, EventAsked("nowhere")], 7), ExpressionError),
        (FunnelAsked([VISITS, EventAsked("members", "gender = 'male'")], 7), ExpressionError),
        (FunnelAsked([VISITS, EventAsked("orders", "amount >")], 7), ExpressionError),
        (FunnelAsked([VISITS, ORDERS], 7, since="2026-06-01", until="2026-05-01"), UsageError),
        (FunnelAsked([VISITS, ORDERS], 7, by="phone"), UsageError),
    ],
)
def test_what_no_funnel_can_be_made_of_is_refused(
    snapshot: Snapshot, question: FunnelAsked, error: type[Exception]
) -> None:
    with pytest.raises(error):
        funnel(snapshot, None, question)


# Retention


@pytest.mark.parametrize("kind", ["bounded", "unbounded"])
def test_retention_by_month(snapshot: Snapshot, rows: dict[str, list[Row]], kind: Any) -> None:
    found = retention(snapshot, None, RetentionAsked(ORDERS, ORDERS, "month", 3, 12, kind))
    assert tuple(found) == RETENTION_KEYS
    orders = by_customer(rows["orders"])
    month = lambda moment: moment.year * 12 + moment.month  # noqa: E731
    for cohort in found["cohorts"]:
        assert tuple(cohort) == COHORT_KEYS
        begin = date.fromisoformat(cohort["begin"])
        own = {c: r for c, r in orders.items() if month(r[0]["at"]) == month(begin)}
        assert cohort["size"] == len(own)
        for cell in cohort["cells"]:
            assert tuple(cell) == CELL_KEYS
            k = cell["period"]
            if month(begin) + k > month(AS_OF):
                assert cell["count"] is None
                continue
            met = [
                c for c, r in own.items()
                if any(x["at"] > r[0]["at"] and ((month(x["at"]) - month(begin) >= k) if kind == "unbounded"
                       else month(x["at"]) - month(begin) == k) for x in r)
            ]  # fmt: skip
            assert cell["count"] == len(met)
            assert cell["complete"] is (month(begin) + k <= month(AS_OF))  # the as-of day ends a month
    whole = [c for c in found["cohorts"] if c["cells"][1]["complete"]]
    assert found["mean"][1]["count"] == sum(c["cells"][1]["count"] for c in whole)
    assert found["mean"][1]["size"] == sum(c["size"] for c in whole)


def test_a_period_that_has_not_ended_is_not_complete(snapshot: Snapshot) -> None:
    found = retention(snapshot, None, RetentionAsked(ORDERS, ORDERS, "week", 2, 40))
    seen = set()
    for cohort in found["cohorts"]:
        for cell in cohort["cells"]:
            begin = date.fromisoformat(cohort["begin"]) + timedelta(weeks=cell["period"])
            assert begin.weekday() == 0
            state = (begin <= AS_OF, begin + timedelta(days=6) <= AS_OF)
            assert (cell["count"] is not None, cell["complete"]) == state
            seen.add(state)
    assert (True, True) in seen


# Paths


def test_paths_after_a_visit(snapshot: Snapshot, rows: dict[str, list[Row]]) -> None:
    question = PathAsked(VISITS, [EventAsked("orders", by="channel"), VISITS], depth=2, window=30, top=1)
    found = paths(snapshot, None, question)
    assert tuple(found) == PATH_KEYS
    assert all(tuple(link) == LINK_KEYS for link in found["links"])
    assert all(set(node) == set(PATH_NODE_KEYS) for node in found["nodes"])
    visits = by_customer(rows["visits"])
    assert found["journeys"] == len(visits)
    expected: Counter[tuple[Any, ...]] = Counter()
    for customer, own in visits.items():
        start = own[0]["at"]
        later = [
            (r["at"], 0, r["channel"] or "~", ("orders", r["channel"]))
            for r in rows["orders"]
            if r["customer_id"] == customer
        ]
        later += [(r["at"], 1, "", ("visits", None)) for r in own]
        steps = [node for at, *_, node in sorted(later) if timedelta(0) < at - start <= timedelta(days=30)]
        merged = [node for at, node in enumerate(steps) if at == 0 or steps[at - 1] != node]
        expected[tuple(merged[:2])] += 1
    told = {tuple((n["source"], n["value"]) for n in path["nodes"]): path["customers"] for path in found["paths"]}
    assert all(tuple(path) == WHOLE_KEYS for path in found["paths"])
    assert told == dict(expected)
    for step in (1, 2):
        at_step = [node for node in found["nodes"] if node["step"] == step]
        assert len([node for node in at_step if node["kind"] == "event"]) <= 1
        for node in at_step:
            assert node["customers"] == sum(link["customers"] for link in found["links"] if link["to"] == node["id"])
    assert sum(node["customers"] for node in found["nodes"] if node["step"] == 1) == found["journeys"]


def test_paths_before_an_order_are_those_that_led_there(snapshot: Snapshot, rows: dict[str, list[Row]]) -> None:
    found = paths(snapshot, None, PathAsked(ORDERS, [VISITS], "before", 1, 7))
    orders, visits = by_customer(rows["orders"]), by_customer(rows["visits"])
    led = [
        c for c, own in orders.items()
        if any(timedelta(0) < own[-1]["at"] - v["at"] <= timedelta(days=7) for v in visits.get(c, []))
    ]  # fmt: skip
    assert {n["kind"]: n["customers"] for n in found["nodes"] if n["step"] == 1} == {
        "event": len(led),
        "end": len(orders) - len(led),
    }


def test_values_that_point_at_people_are_no_nodes(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError):
        paths(snapshot, None, PathAsked(VISITS, [EventAsked("orders", by="customer_key")]))
    with pytest.raises(UsageError):
        paths(snapshot, None, PathAsked(EventAsked("visits", by="page"), [ORDERS]))


# Distribution


def test_a_distribution_beside_everyone(snapshot: Snapshot, customers: dict[str, Row]) -> None:
    found = distribution(snapshot, "gender = 'female'", DistributionAsked("spend", bins=5))
    assert tuple(found) == DISTRIBUTION_KEYS
    women = [float(r["spend"]) for r in customers.values() if r["gender"] == "female" and r["spend"] is not None]
    everyone = [float(r["spend"]) for r in customers.values() if r["spend"] is not None]
    assert all(tuple(one) == BIN_KEYS for one in found["bins"])
    assert sum(one["count"] for one in found["bins"]) == len(women) == found["figures"]["known"]
    assert sum(one["base_count"] for one in found["bins"]) == len(everyone)
    inner = found["bins"][2]
    assert inner["count"] == sum(inner["low"] <= v < inner["high"] for v in women)
    assert inner["base_share"] == round(inner["base_count"] / len(everyone), 6)
    assert set(found["figures"]) == set(FIGURE_KEYS)
    assert found["figures"]["mean"] == pytest.approx(np.mean(women), abs=1e-6)
    assert found["figures"]["p50"] == sorted(women)[(len(women) + 1) // 2 - 1]
    gaps = [abs(np.mean(np.array(women) <= v) - np.mean(np.array(everyone) <= v)) for v in everyone]
    assert found["distance"] == pytest.approx(max(gaps), abs=1e-6)


def test_whole_numbers_with_few_values_have_a_bin_each(snapshot: Snapshot, customers: dict[str, Row]) -> None:
    found = distribution(snapshot, None, DistributionAsked("orders_count", bins=20))
    counts = Counter(row["orders_count"] for row in customers.values())
    assert {one["low"]: one["count"] for one in found["bins"]} == {float(v): n for v, n in counts.items()} | {
        float(v): 0 for v in range(min(counts), max(counts)) if v not in counts
    }


def test_what_customers_did_is_a_distribution_too(
    snapshot: Snapshot, customers: dict[str, Row], rows: dict[str, list[Row]]
) -> None:
    found = distribution(snapshot, None, DistributionAsked(MeasureAsked(ORDERS, "sum", "amount", 90), bins=4))
    begin = AS_OF - timedelta(days=89)
    sums = {
        c: sum((float(r["amount"]) for r in rows["orders"] if r["customer_id"] == c and r["at"].date() >= begin), 0.0)
        for c in customers
    }
    assert found["figures"]["known"] == len(customers), "nothing bought is an amount of 0"
    assert found["figures"]["mean"] == pytest.approx(np.mean(list(sums.values())), abs=1e-4)
    means = distribution(snapshot, None, DistributionAsked(MeasureAsked(ORDERS, "mean", "amount"), bins=4))
    assert means["figures"]["known"] == len({r["customer_id"] for r in rows["orders"]}), "a mean of nothing is unknown"


def test_dates_and_values_are_laid_out_in_their_own_terms(snapshot: Snapshot, customers: dict[str, Row]) -> None:
    dates = distribution(snapshot, None, DistributionAsked("birth_date", bins=4))
    assert dates["kind"] == "dates"
    assert dates["figures"]["min"] == min(r["birth_date"] for r in customers.values() if r["birth_date"]).isoformat()
    values = distribution(snapshot, None, DistributionAsked("city"))
    assert values["kind"] == "values"
    assert {v["value"]: v["count"] for v in values["tag"]["values"]} == {
        city: n for city, n in Counter(r["city"] for r in customers.values()).items() if city
    }


# Cross-table


def test_a_cross_table_of_two_tags(snapshot: Snapshot, customers: dict[str, Row]) -> None:
    found = cross(snapshot, None, "gender", "city")
    assert tuple(found) == CROSS_KEYS
    both = [r for r in customers.values() if r["gender"] and r["city"]]
    assert (found["known"], found["missing"]) == (len(both), len(customers) - len(both))
    for i, row in enumerate(found["rows"]["values"]):
        assert tuple(row) == VALUE_KEYS
        for j, column in enumerate(found["columns"]["values"]):
            n = sum(r["gender"] == row["value"] and r["city"] == column["value"] for r in both)
            assert found["counts"][i][j] == n
            assert found["row_shares"][i][j] == round(n / row["customers"], 6)
            assert found["column_shares"][i][j] == round(n / column["customers"], 6)
            expected = row["customers"] * column["customers"] / len(both)
            assert found["tgi"][i][j] == pytest.approx(100 * n / expected, abs=0.01)
            assert found["few"][i][j] is (expected < 5)
            cell = f"{row['when']} and {column['when']}"
            assert count_audience(snapshot, cell)["count"] == n, "the condition of a cell counts its customers"
    assert tuple(found["rows"]) == AXIS_KEYS
    assert set(found["test"]) == set(TEST_KEYS)
    assert found["test"]["customers"] == len(both)


def test_lists_are_no_exclusive_groups_and_have_no_test(snapshot: Snapshot, customers: dict[str, Row]) -> None:
    found = cross(snapshot, "gender = 'male'", "hobbies", "city", limit=2)
    assert found["test"] is None
    first = found["rows"]["values"][0]
    own = [r for r in customers.values() if r["gender"] == "male" and r["city"] and r["hobbies"]]
    assert first["customers"] == sum(first["value"] in r["hobbies"] for r in own)
    assert found["columns"]["left_out"] == len(own) - sum(v["customers"] for v in found["columns"]["values"])


@pytest.mark.parametrize(
    ("rows", "columns"), [("gender", "gender"), ("gender", "spend"), ("gender", "phone"), ("gender", "nothing")]
)
def test_tags_that_make_no_table_are_refused(snapshot: Snapshot, rows: str, columns: str) -> None:
    with pytest.raises(UsageError):
        cross(snapshot, None, rows, columns)


# Network


def test_a_network_joins_values_that_go_together(tmp_path: Path) -> None:
    write_shop(tmp_path)
    path = tmp_path / "data" / "members.csv"
    head, *lines = path.read_text("utf-8").splitlines()
    cells = [line.split(",") for line in lines]
    body = [",".join([*one[:2], "女" if one[3] == "上海" else "男", *one[3:]]) for one in cells]
    path.write_text("\n".join([head, *body]) + "\n", "utf-8")
    build(tmp_path)
    snapshot = open_snapshot(tmp_path)
    found = network(snapshot, None, ["gender", "city"])
    assert tuple(found) == NETWORK_KEYS
    assert all(tuple(node) == NODE_KEYS for node in found["nodes"])
    rows = pq.read_table(snapshot.table("customers")).to_pylist()
    nodes = {node["id"]: node for node in found["nodes"]}
    assert found["edges"]
    for edge in found["edges"]:
        assert tuple(edge) == EDGE_KEYS
        one, other = nodes[edge["from"]], nodes[edge["to"]]
        both = [r for r in rows if r[one["tag"]] is not None and r[other["tag"]] is not None]
        n = sum(r[one["tag"]] == one["value"] and r[other["tag"]] == other["value"] for r in both)
        a, b = (sum(r[x["tag"]] == x["value"] for r in both) for x in (one, other))
        assert (edge["customers"], edge["known"]) == (n, len(both))
        assert edge["lift"] == pytest.approx(n * len(both) / (a * b), abs=1e-4)
        assert edge["q"] < 0.05 and edge["phi"] > 0
    assert found["significant"] >= len(found["edges"])
    assert len(network(snapshot, None, ["gender", "city"], edges=1)["edges"]) == 1
    apart = network(snapshot, None, ["gender", "city"], both=True)["edges"]
    assert any(edge["phi"] < 0 for edge in apart)


def test_a_network_of_chance_is_empty_and_pairs_no_tags_of_one_origin(snapshot: Snapshot) -> None:
    found = network(snapshot, None)
    for edge in found["edges"]:
        assert edge["q"] < 0.05
    with pytest.raises(UsageError):
        network(snapshot, None, ["gender"])
    with pytest.raises(UsageError):
        network(snapshot, None, ["gender", "spend"])
