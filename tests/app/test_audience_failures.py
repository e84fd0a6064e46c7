"""Audiences that fail while they are computed: queries that are stopped, numbers beyond their type. They go stale, the build goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.app.audience_shop import build_shop, entry, rebuilt, write, write_data

from huaxiang.app import sql_audiences
from huaxiang.app.audience import customer_ids
from huaxiang.app.audiences.changes import audience_history
from huaxiang.app.build import build
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import ProjectInvalid
from huaxiang.store.snapshots import Snapshot

SPENDERS = "select customer_id from orders group by customer_id having sum(amount) > 200"
ENDLESS = "select a.customer_id from orders a, orders b, orders c, orders d, orders e where a.amount + b.amount + c.amount + d.amount = e.amount"
VALUES = """\
audiences:
  - {name: loyal, when: mean_amount > 50}
  - {name: loyal_women, when: in_audience('loyal') and gender = 'female'}
  - {name: often, when: orders_count > 2}
"""
BEYOND = "mean_amount > 50 and spend * 100000000000000 > 0"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, built once; tests work on copies."""
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def shop(once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once, tmp_path / "shop")


def ask(shop: Path, *queries: str) -> None:
    """Declare SQL audiences `asked0`, `asked1` …, and one that reads the first."""
    lines = [f'  - {{name: asked{n}, kind: sql, sql: "{query}"}}' for n, query in enumerate(queries)]
    reader = "  - {name: asked_women, when: in_audience('asked0') and gender = 'female'}"
    write(shop, "\n".join(["audiences:", *lines, reader]) + "\n")


def assert_stale(now: Snapshot, before: Snapshot, name: str, code: str) -> None:
    """The audience has the members that it had, those who are no customers any more apart, and says since when and why."""
    told = entry(now, name)
    assert told["stale"] is not None, name
    assert (told["stale"]["since"], told["stale"]["code"]) == (before.id, code)
    assert f'audience "{name}"' in told["stale"]["reason"]["en"]
    current = set(customer_ids(now, "true"))
    assert customer_ids(now, name) == [one for one in customer_ids(before, name) if one in current] != []


def fresh(snapshot: Snapshot, *names: str) -> bool:
    return not any(entry(snapshot, name)["stale"] or entry(snapshot, name)["stale_inputs"] for name in names)


# SQL audiences


def test_a_sql_audience_is_computed_at_every_build(shop: Path) -> None:
    ask(shop, SPENDERS)
    with rebuilt(shop) as first:
        assert customer_ids(first, "asked0") == customer_ids(first, "spend > 200") != []
        assert customer_ids(first, "asked_women") == customer_ids(first, "spend > 200 and gender = 'female'")
        assert entry(first, "asked0")["definition"] == SPENDERS
    write_data(shop, 66, first=4)  # four leave, six come
    with rebuilt(shop) as second:
        assert customer_ids(second, "asked0") == customer_ids(second, "spend > 200") != customer_ids(first, "asked0")
        assert fresh(second, "asked0", "asked_women")
        told = audience_history(second, "asked0")
    assert [(v["version"], v["kind"], v["definition"]) for v in told["versions"]] == [(1, "sql", SPENDERS)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "code"),
    [
        (SPENDERS.replace("sum(amount)", "sum(amnt)"), "SQL007"),  # found by the check
        ("select concat(customer_id, '!') as customer_id from orders", "SQL011"),  # found when it runs
        ("select customer_id from orders where cast(channel as integer) > 1", "SQL012"),
    ],
)
def test_a_sql_audience_that_broke_keeps_its_members_until_it_is_mended(shop: Path, query: str, code: str) -> None:
    ask(shop, SPENDERS, "select customer_id from customers where gender = 'female'")
    with rebuilt(shop) as good:
        women = customer_ids(good, "gender = 'female'")
    ask(shop, query, "select customer_id from customers where gender = 'female'")
    write_data(shop, 66, first=4)
    for _ in range(2):
        with rebuilt(shop) as worse:
            assert_stale(worse, good, "asked0", code)
            assert entry(worse, "asked_women")["stale_inputs"] == ["asked0"]
            assert customer_ids(worse, "asked_women") == customer_ids(
                worse, "in_audience('asked0') and gender = 'female'"
            )
            assert entry(worse, "asked0")["version"] == 1
            assert customer_ids(worse, "asked1") == customer_ids(worse, "gender = 'female'") != women
            assert fresh(worse, "asked1", "big", "women", "big_women", "recent")
    ask(shop, SPENDERS, "select customer_id from customers where gender = 'female'")
    with rebuilt(shop) as mended:
        assert fresh(mended, "asked0", "asked_women")
        assert customer_ids(mended, "asked0") == customer_ids(mended, "spend > 200")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limit", "most", "code"), [("BUILD_SECONDS", 0.4, "SQL009"), ("BUILD_MEGABYTES", 64, "SQL010")]
)
def test_a_sql_audience_that_is_stopped_keeps_its_members(
    shop: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: float, code: str
) -> None:
    ask(shop, SPENDERS)
    with rebuilt(shop) as good:
        assert fresh(good, "asked0")
    greedy = "select max(a.customer_id) as customer_id from orders a, orders b, orders c group by a.amount + b.amount * 3 + c.amount * 7"
    ask(shop, ENDLESS if code == "SQL009" else greedy)
    monkeypatch.setattr(sql_audiences, limit, most)
    with rebuilt(shop) as worse:
        assert_stale(worse, good, "asked0", code)
        assert fresh(worse, "big", "women", "big_women", "recent")


def test_a_sql_audience_that_never_was_good_stops_the_build(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        served = snapshot.id
    ask(shop, "select concat(customer_id, '!') as customer_id from orders")
    with pytest.raises(ProjectInvalid) as caught:
        build(shop)
    assert [(i.code, str(i.place)) for i in caught.value.issues] == [("SQL011", "audiences/more.yaml:2")]
    with open_snapshot(shop) as snapshot:
        assert snapshot.id == served


# Values beyond their type


@pytest.mark.parametrize(
    "condition",
    [
        BEYOND,
        "count_of('orders', amount * 100000000000000 > 0) > 0",
        "top(5, spend, spend * 100000000000000 > 0)",
        "orders_count * 9223372036854775807 > 5",
    ],
)
def test_values_beyond_their_type_make_that_audience_stale_only(shop: Path, condition: str) -> None:
    write(shop, VALUES)
    with rebuilt(shop) as good:
        assert fresh(good, "loyal", "loyal_women", "often")
    write(shop, VALUES.replace("when: mean_amount > 50", f'when: "{condition}"'))
    write_data(shop, 66, first=4)
    with rebuilt(shop) as worse:
        assert_stale(worse, good, "loyal", "AUD004")
        assert entry(worse, "loyal_women")["stale"] is None
        assert entry(worse, "loyal_women")["stale_inputs"] == ["loyal"]
        assert fresh(worse, "often", "big", "women", "big_women", "recent")
        assert customer_ids(worse, "often") == customer_ids(worse, "orders_count > 2")
    write(shop, VALUES)
    with rebuilt(shop) as mended:
        assert fresh(mended, "loyal", "loyal_women")
        assert customer_ids(mended, "loyal") == customer_ids(mended, "mean_amount > 50")


@pytest.mark.spark
def test_values_beyond_their_type_make_that_audience_stale_only_on_spark(
    shop: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ask(shop, SPENDERS)
    (shop / "audiences" / "more.yaml").rename(shop / "audiences" / "asked.yaml")
    write(shop, VALUES)
    with rebuilt(shop) as good:
        assert fresh(good, "loyal", "loyal_women", "often")
    write(shop, VALUES.replace("mean_amount > 50", BEYOND))
    build(shop, engine="spark")
    with open_snapshot(shop) as worse:
        assert_stale(worse, good, "loyal", "AUD004")
        assert fresh(worse, "often", "big", "women", "big_women", "recent")
        assert customer_ids(worse, "often") == customer_ids(good, "often")
        assert customer_ids(worse, "asked0") == customer_ids(good, "asked0")
        assert fresh(worse, "asked0", "asked_women")
    told = capfd.readouterr()
    assert "cannot be represented" not in told.out + told.err  # what Spark says holds the value


def test_several_audiences_fail_at_once(shop: Path) -> None:
    names = [f"one{n}" for n in range(9)]
    lines = {name: f"  - {{name: {name}, when: spend > {n * 50}}}" for n, name in enumerate(names)}
    write(shop, "\n".join(["audiences:", *lines.values()]) + "\n")
    with rebuilt(shop) as good:
        assert fresh(good, *names)
    for name in ("one2", "one7"):
        lines[name] = f"  - {{name: {name}, when: spend * 100000000000000 > 0}}"
    write(shop, "\n".join(["audiences:", *lines.values()]) + "\n")
    with rebuilt(shop) as worse:
        stale = [a["name"] for a in worse.manifest["audiences"] if a["stale"]]
        assert stale == ["one2", "one7"]


def test_a_clustering_within_an_audience_whose_values_fail_goes_on_with_its_members(shop: Path) -> None:
    write(shop, VALUES)
    (shop / "personas").mkdir()
    write(shop, "clusterings:\n  - {name: groups, within: in_audience('loyal'), features: [spend, orders_count], k: 2}\n",
          "personas/groups.yaml")  # fmt: skip
    with rebuilt(shop) as good:
        assert customer_ids(good, "groups is not null") == customer_ids(good, "loyal")
    write(shop, VALUES.replace("mean_amount > 50", BEYOND))
    with rebuilt(shop) as worse:
        assert_stale(worse, good, "loyal", "AUD004")
        assert customer_ids(worse, "groups is not null") == customer_ids(good, "loyal")


def test_values_beyond_their_type_of_an_audience_that_never_was_good_stop_the_build(shop: Path) -> None:
    write(shop, VALUES.replace("mean_amount > 50", BEYOND))
    with pytest.raises(ProjectInvalid) as caught:
        build(shop)
    (issue,) = caught.value.issues
    assert (issue.code, str(issue.place)) == ("AUD004", "audiences/more.yaml:2")
    assert 'audience "loyal"' in issue.message
