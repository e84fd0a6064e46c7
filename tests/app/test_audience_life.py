"""Audiences over builds: saved as previewed, versioned, followed through merges, kept when they became invalid, frozen, from lists."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.app.audience_shop import AUDIENCES, build_shop, entry, rebuilt, write, write_data

from huaxiang.app.audience import count_audience, customer_ids, list_audiences
from huaxiang.app.audience_index import open_index
from huaxiang.app.audiences import keeping
from huaxiang.app.audiences.changes import audience_changes, audience_history
from huaxiang.app.audiences.editing import save_audience, wish_of
from huaxiang.app.build import build, issues_of
from huaxiang.app.customer import show_customer
from huaxiang.app.deciding import merge_customers
from huaxiang.app.mumian.demo import Size, prepare_mumian
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import ProjectInvalid, UsageError
from huaxiang.run.memberships import saved_members
from huaxiang.spec.loader import load_project
from huaxiang.store.lists import follow, save_list
from huaxiang.store.snapshots import Snapshot


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, built once; tests work on copies."""
    return build_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture
def shop(once: Path, tmp_path: Path) -> Path:
    return shutil.copytree(once, tmp_path / "shop")


def assert_saved_as_previewed(snapshot: Snapshot) -> None:
    """The set that a build saved is the one that the index finds for the definition, and the size that is told is its own."""
    index = open_index(snapshot)
    for item in snapshot.manifest["audiences"]:
        definition = item["definition"]
        preview = index.select_node(index.condition(definition).tree)
        saved = saved_members(snapshot, item["name"])
        assert saved is not None
        assert index.ids(preview).to_pylist() == saved.to_pylist(), definition
        assert count_audience(snapshot, item["name"])["count"] == item["size"] == len(saved), definition
        assert customer_ids(snapshot, item["name"]) == saved.to_pylist()


# Preview equals the saved result


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


CITY = st.sampled_from(["上海", "北京", "广州", "Paris"]).map(text)
AMOUNT = st.integers(0, 900)
DAYS = st.integers(1, 300)
LEAVES = st.one_of(
    st.builds("city = {}".format, CITY),
    st.builds("city in ({}, {})".format, CITY, CITY),
    st.builds("not (city != {})".format, CITY),
    st.sampled_from(
        ["gender = 'female'", "gender is null", "good", "not (good)", "hobbies is not null", "contains(city, '京')"]
    ),
    st.builds("spend {} {}".format, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), AMOUNT),
    st.builds("mean_amount between {} and {}".format, st.integers(0, 100), st.integers(0, 200)),
    st.builds("orders_count = {}".format, st.integers(0, 5)),
    st.builds("birth_date < date '{}-01-01'".format, st.integers(1960, 2004)),
    st.builds("list_has_{}(hobbies, ['tea', '茶'])".format, st.sampled_from(["any", "all"])),
    st.builds("did('orders', amount > {}, days => {})".format, AMOUNT, DAYS),
    st.builds("not did('visits', page = 'sale', days => {})".format, DAYS),
    st.builds("count_of('orders', channel = 'app') {} {}".format, st.sampled_from(["=", ">=", "<"]), st.integers(0, 3)),
    st.builds("sum_of('orders', amount, days => {}) > {}".format, DAYS, AMOUNT),
    st.builds("max_of('orders', amount) < {}".format, AMOUNT),
    st.builds("in_sequence('visits', 'orders', within => {})".format, st.integers(1, 20)),
    st.builds("top({}, spend)".format, st.integers(1, 40)),
    st.builds("bottom({}, spend, gender = 'female')".format, st.integers(1, 20)),
    st.builds("sample({}, 's')".format, st.sampled_from([0.1, 0.5, 0.9])),
    st.sampled_from(
        ["in_list('chosen')", "in_audience('big')", "not in_audience('women')", "spend * 2 > orders_count + 300"]
    ),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} and {})".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
        st.builds("not ({})".format, inner),
    ),
    max_leaves=5,
)


def check_saved(shop: Path, conditions: list[str]) -> None:
    lines = [f'  - {{name: random_{n}, when: "{condition}"}}' for n, condition in enumerate(conditions)]
    write(shop, "\n".join(["audiences:", *lines]) + "\n")
    with rebuilt(shop) as snapshot:
        assert len(snapshot.manifest["audiences"]) == len(conditions) + 4
        assert_saved_as_previewed(snapshot)


@pytest.mark.slow
@settings(
    max_examples=4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(CONDITIONS, min_size=25, max_size=40))
def test_what_is_saved_is_what_was_previewed(shop: Path, conditions: list[str]) -> None:
    check_saved(shop, conditions)


@pytest.mark.slow
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(CONDITIONS, min_size=25, max_size=40))
def test_what_is_saved_is_what_was_previewed_at_length(shop: Path, conditions: list[str]) -> None:
    check_saved(shop, conditions)


@pytest.mark.slow
def test_all_audiences_of_the_generated_company_are_saved_as_previewed(tmp_path: Path) -> None:
    prepare_mumian(tmp_path / "mumian", Size(300))
    with rebuilt(tmp_path / "mumian") as snapshot:
        assert len(snapshot.manifest["audiences"]) >= 7
        assert_saved_as_previewed(snapshot)


# Versions, history, changes


def test_versions_tell_text_and_build_and_sizes_are_kept_for_every_snapshot(shop: Path) -> None:
    with open_snapshot(shop) as first:
        was = entry(first, "big")
    assert (was["version"], was["changes"], was["kind"], was["stale"]) == (1, None, "dynamic", None)
    write(shop, AUDIENCES.replace("spend > 300", "spend > 500"), "audiences/all.yaml")
    with rebuilt(shop) as second:
        now, story = entry(second, "big"), audience_history(second, "big")
        women = audience_history(second, "women")
    assert now["version"] == 2
    assert [v["definition"] for v in story["versions"]] == ["spend > 500", "spend > 300"]
    assert [v["snapshot"] for v in story["versions"]] == [second.id, first.id]
    assert [(row["snapshot"], row["size"], row["version"]) for row in story["sizes"]] == [
        (second.id, now["size"], 2), (first.id, was["size"], 1),
    ]  # fmt: skip
    assert now["changes"] == {"since": first.id, "joined": 0, "left": was["size"] - now["size"], "gone": 0}
    assert [v["version"] for v in women["versions"]] == [1]
    assert len(women["sizes"]) == 2


def test_a_full_build_forgets_no_version(shop: Path) -> None:
    build(shop, full=True)
    with open_snapshot(shop) as snapshot:
        assert len(audience_history(snapshot, "big")["sizes"]) == 2


def test_joins_and_leaves_are_those_of_the_ids(shop: Path) -> None:
    with open_snapshot(shop) as first:
        before = set(customer_ids(first, "big"))
    write_data(shop, 66, first=4)  # four leave, six come
    with rebuilt(shop) as second:
        after = set(customer_ids(second, "big"))
        found = audience_changes(second, "big", ids=True)
        assert entry(second, "big")["changes"] == {
            "since": first.id, "joined": found["joined"], "left": found["left"], "gone": found["gone"],
        }  # fmt: skip
    gone = {"M000", "M001", "M002", "M003"} & before
    assert (set(found["joined_ids"]), set(found["left_ids"])) == (after - before, before - after - gone)
    assert (found["gone"], found["stayed"], found["size_before"]) == (len(gone), len(before & after), len(before))
    assert gone and after - before


def test_changes_since_an_older_snapshot_and_none_before_the_first(shop: Path) -> None:
    with open_snapshot(shop) as first, pytest.raises(UsageError, match="no snapshot before"):
        audience_changes(first, "big")
    build(shop)
    with rebuilt(shop) as third:
        assert audience_changes(third, "big", first.id)["since"] == first.id
        assert audience_changes(third, "big")["since"] != first.id
        with pytest.raises(UsageError, match='unknown audience "huge"'):
            audience_changes(third, "huge")


def test_merged_customers_are_followed_in_lists_and_changes(shop: Path) -> None:
    with open_snapshot(shop) as first:
        merge_customers(first, ["M005", "M006"], "same person")
    write(shop, "audiences:\n  - {name: uploaded, kind: static, list: chosen}\n")
    save_list(shop, "chosen", pa.array(["M005", "M006", "M007", "nobody"]), {})
    with rebuilt(shop) as second:
        stays = [one for one in ("M005", "M006") if open_index(second).index.row_of(one) is not None]
        assert len(stays) == 1
        assert customer_ids(second, "uploaded") == sorted([*stays, "M007"])
        assert customer_ids(second, "in_list('chosen')") == sorted([*stays, "M007"])
        assert_saved_as_previewed(second)


def test_follow_keeps_those_in_use_and_leads_the_merged() -> None:
    redirects = pa.table({"old": ["b", "c", "x"], "new": ["a", "gone", "a"]})
    found = follow(pa.array(["b", "a", "c", "d", "x", None]), pa.array(["a", "d", "x"]), redirects)
    assert found.to_pylist() == ["a", "d", "x"]


# Invalid definitions


def test_an_audience_that_became_invalid_keeps_its_last_good_members(shop: Path) -> None:
    write(
        shop,
        "audiences:\n  - {name: loyal, when: mean_amount > 50}\n  - {name: both, when: in_audience('loyal') and gender = 'female'}\n",
    )
    with rebuilt(shop) as good:
        loyal, both = customer_ids(good, "loyal"), customer_ids(good, "both")
    assert loyal
    tags = shop / "tags" / "value.yaml"
    sound = tags.read_text("utf-8")
    tags.write_text(sound.replace("name: mean_amount", "name: average"), "utf-8")
    assert [i.subject for i in issues_of(load_project(shop)) if i.severity == "error"] == [("audiences", "loyal")]
    write_data(shop, 60, first=2)
    for _ in range(2):
        with rebuilt(shop) as snapshot:
            told = entry(snapshot, "loyal")
            assert customer_ids(snapshot, "loyal") == [one for one in loyal if one not in ("M000", "M001")]
            assert customer_ids(snapshot, "both") == [one for one in both if one not in ("M000", "M001")]
            assert told["stale"]["since"] == good.id
            assert (told["stale"]["as_of"], told["stale"]["code"]) == ("2026-06-30", "EXP002")
            assert "mean_amount" in told["stale"]["reason"]["en"] and told["definition"] == "mean_amount > 50"
            assert entry(snapshot, "both")["stale_inputs"] == ["loyal"]
            assert audience_history(snapshot, "loyal")["sizes"][0]["stale"]
            assert count_audience(snapshot, "in_audience('loyal') and true")["count"] == told["size"]
            assert "loyal" in show_customer(snapshot, customer_ids(snapshot, "loyal")[0])["audiences"]
    more = shop / "audiences" / "more.yaml"
    more.write_text(more.read_text("utf-8").replace("mean_amount > 50", "mean_amnt > 60"), "utf-8")
    with rebuilt(shop) as worse:  # what is invalid makes no version
        told = entry(worse, "loyal")
        assert (told["version"], told["definition"], told["stale"]["since"]) == (1, "mean_amnt > 60", good.id)
    more.write_text(more.read_text("utf-8").replace("mean_amnt > 60", "mean_amount > 50"), "utf-8")
    tags.write_text(sound, "utf-8")
    with rebuilt(shop) as mended:
        assert entry(mended, "loyal")["stale"] is None
        assert entry(mended, "both")["stale_inputs"] == []


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"audiences/more.yaml": "audiences:\n  - {name: new_one, when: spnd > 3}\n"}, "EXP002"),
        ({"tags/value.yaml": "tags:\n  - {name: spend, kind: statistic, source: orders, measure: sum, of: amnt}\n"}, "EXP002"),
        ({"tags/more.yaml": "tags:\n  - {name: t, kind: rule, when: in_audience('big')}\n",
          "audiences/all.yaml": AUDIENCES.replace("spend > 300", "spnd > 300")}, "EXP002"),
    ],
)  # fmt: skip
def test_what_never_was_good_or_a_tag_needs_stops_the_build(shop: Path, files: dict[str, str], code: str) -> None:
    for file, content in files.items():
        write(shop, content, file)
    with open_snapshot(shop) as snapshot:
        served = snapshot.id
    with pytest.raises(ProjectInvalid) as caught:
        build(shop)
    assert code in {issue.code for issue in caught.value.issues}
    with open_snapshot(shop) as snapshot:
        assert snapshot.id == served


def test_a_circle_a_missing_list_and_a_missing_source_are_stale_too(shop: Path) -> None:
    write(shop, "audiences:\n  - {name: first, when: spend > 10}\n  - {name: second, when: in_audience('first')}\n"
          "  - {name: listed, when: in_list('chosen')}\n  - {name: seen, when: \"did('visits')\"}\n")  # fmt: skip
    with rebuilt(shop) as good:
        sizes = {name: entry(good, name)["size"] for name in ("first", "second", "listed", "seen")}
    write(shop, "audiences:\n  - {name: first, when: in_audience('second')}\n  - {name: second, when: in_audience('first')}\n"
          "  - {name: listed, when: in_list('chosen')}\n  - {name: seen, when: \"did('visits')\"}\n")  # fmt: skip
    (shop / ".huaxiang" / "lists" / "chosen.parquet").unlink()
    text = (shop / "sources" / "shop.yaml").read_text("utf-8")
    (shop / "sources" / "shop.yaml").write_text(text[: text.index("  - name: visits")], "utf-8")
    with rebuilt(shop) as snapshot:
        told = {name: entry(snapshot, name) for name in sizes}
        assert {name: one["size"] for name, one in told.items()} == sizes
        assert {name: one["stale"] and one["stale"]["code"] for name, one in told.items()} == {
            "first": "REF001", "second": None, "listed": "REF006", "seen": "CON007",
        }  # fmt: skip


# Static and frozen


def test_kinds_are_checked(shop: Path) -> None:
    write(shop, "audiences:\n  - {name: nobody}\n  - {name: a, kind: static, list: chosen, when: good}\n  - {name: b, kind: frozen, when: good}\n"
          "  - {name: c, kind: frozen, when: good, frozen_at: 2026-02-30}\n  - {name: d, when: good, frozen_at: 2026-02-03}\n"
          "  - {name: e, kind: frozen, when: good, frozen_at: 2020-01-01}\n")  # fmt: skip
    found = [(i.code, i.subject[1]) for i in issues_of(load_project(shop)) if i.subject and i.severity == "error"]
    assert sorted(found, key=lambda f: f[1]) == [
        ("AUD001", "a"), ("AUD001", "b"), ("AUD002", "c"), ("AUD001", "d"), ("AUD003", "e"), ("AUD001", "nobody"),
    ]  # fmt: skip


def test_a_frozen_audience_keeps_the_members_of_its_day(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    today = keeping._today(load_project(shop))
    write(shop, f"audiences:\n  - {{name: then_big, kind: frozen, when: spend > 300, frozen_at: {today}}}\n")
    with rebuilt(shop) as same_day:
        assert entry(same_day, "then_big")["frozen"] == {"at": today.isoformat(), "snapshot": None, "taken": False}
        members = customer_ids(same_day, "then_big")
    monkeypatch.setattr(keeping, "_today", lambda project: date(2100, 1, 1))
    write_data(shop, 70, first=3)
    kept = [one for one in members if one not in ("M000", "M001", "M002")]
    with rebuilt(shop) as later:
        told = entry(later, "then_big")
        assert told["frozen"] == {"at": today.isoformat(), "snapshot": same_day.id, "taken": True}
        assert customer_ids(later, "then_big") == kept != customer_ids(later, "spend > 300")
        assert told["stale"] is None
    tags = shop / "tags" / "value.yaml"
    tags.write_text(
        tags.read_text("utf-8").replace("name: spend,", "name: turnover,").replace("spend > 200", "turnover > 200"),
        "utf-8",
    )
    write(shop, "audiences:\n  - {name: women, when: gender = 'female'}\n", "audiences/all.yaml")
    issues = [i for i in issues_of(load_project(shop)) if i.subject == ("audiences", "then_big")]
    assert [i.severity for i in issues] == ["warning"]  # its condition is needed no longer
    with rebuilt(shop) as last:
        assert customer_ids(last, "then_big") == kept
        assert entry(last, "then_big")["stale"] is None


def test_freezing_at_an_earlier_day_asks_the_snapshot_of_that_day(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    today = keeping._today(load_project(shop))
    with open_snapshot(shop) as first:
        expected = customer_ids(first, "good and gender = 'female'")
    monkeypatch.setattr(keeping, "_today", lambda project: date(2100, 1, 1))
    write(
        shop,
        f"audiences:\n  - {{name: good_women, kind: frozen, when: good and gender = 'female', frozen_at: {today}}}\n",
    )
    with rebuilt(shop) as second:
        assert customer_ids(second, "good_women") == expected
        assert entry(second, "good_women")["frozen"]["snapshot"] == first.id


def test_a_snapshot_without_an_index_says_what_to_do(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        shutil.copytree(snapshot.folder, shop / "old")
        names = list_audiences(snapshot)["audiences"]
    assert [one["name"] for one in names] == ["big", "women", "big_women", "recent"]
    old = Snapshot(shop / "old", snapshot.manifest, -1)
    old._handle = None
    shutil.rmtree(shop / "old" / "index")
    with pytest.raises(UsageError, match="has no audience index"):
        count_audience(old, "spend > 300")


def test_what_was_saved_since_the_build_is_counted_as_it_says(shop: Path) -> None:
    save_audience(shop, "buyers", wish_of({"when": "orders_count > 0"}))
    save_audience(shop, "later", wish_of({"when": "orders_count > 0", "frozen_at": "2999-01-01"}))
    with open_snapshot(shop) as snapshot:
        expected = count_audience(snapshot, "orders_count > 0")["count"]
        assert 0 < expected == count_audience(snapshot, "buyers")["count"]
        assert (
            count_audience(snapshot, "not in_audience('buyers')")["count"]
            == count_audience(snapshot, "orders_count = 0")["count"]
        )
        save_audience(shop, "buyers", wish_of({"when": "orders_count > 1"}))
        assert (
            count_audience(snapshot, "buyers")["count"]
            == count_audience(snapshot, "orders_count > 1")["count"]
            < expected
        )
        with pytest.raises(UsageError, match="run `huaxiang build`"):
            count_audience(snapshot, "later")
        with pytest.raises(UsageError, match='unknown audience "nobody"'):
            count_audience(snapshot, "in_audience('nobody')")
