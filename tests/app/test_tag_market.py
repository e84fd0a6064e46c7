"""The tag market: what it shows, what it refuses, and the life of a tag from draft to offline."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.app.audience_shop import build_shop

from huaxiang.app.build import build
from huaxiang.app.people import NewUser, add_user
from huaxiang.app.rights import Caller
from huaxiang.app.serving import Served
from huaxiang.app.tag_market.history import HISTORY_KEYS, POINT_KEYS, tag_history
from huaxiang.app.tag_market.life import SAVED_KEYS, Change, change_tag, remove_tag, save_tag
from huaxiang.app.tag_market.lineage import lineage
from huaxiang.app.tag_market.listing import CARD_KEYS, MARKET_KEYS, Wanted, market
from huaxiang.app.tag_market.page import PAGE_KEYS, tag_page
from huaxiang.app.tag_market.preview import PREVIEW_KEYS, preview
from huaxiang.app.tag_market.projects import project_now
from huaxiang.app.tag_market.readers import IMPACT_KEYS, impact
from huaxiang.app.tag_market.refusals import DefinitionFaults, EditConflict, InUse
from huaxiang.app.wiring import open_snapshot, open_state
from huaxiang.errors import AccessDenied, UsageError
from huaxiang.spec.loader import load_project
from huaxiang.store.state import StateStore

ANNA, BOB, MARK = Caller("1", "anna", "analyst"), Caller("2", "bob", "admin"), Caller("3", "mark", "marketer")
BIG = {
    "name": "big_spender",
    "kind": "rule",
    "title": {"zh": "大客", "en": "Big"},
    "class": "consumption",
    "when": "spend > 300",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("market"))


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def state(shop: Path) -> Any:
    found = open_state(shop)
    yield found
    found.close()


def shown(shop: Path, state: StateStore, name: str, caller: Caller = ANNA) -> dict[str, Any]:
    return tag_page(shop, open_snapshot(shop), state, name, caller)


def digest(shop: Path, state: StateStore, name: str) -> str:
    return str(shown(shop, state, name)["digest"])


def step(shop: Path, state: StateStore, name: str, action: Any, caller: Caller = BOB) -> dict[str, Any]:
    return change_tag(shop, state, name, action, Change(caller, digest(shop, state, name)))


def people(state: StateStore) -> None:
    for caller in (ANNA, BOB):
        add_user(state, NewUser(caller.name, caller.role, password="a long and odd phrase 91"))


def test_the_market_shows_every_tag_with_figures_and_users(shop: Path, state: StateStore) -> None:
    found = market(shop, open_snapshot(shop), state, Wanted())
    assert tuple(found) == MARKET_KEYS
    cards = {card["name"]: card for card in found["tags"]}
    assert list(cards) == ["spend", "orders_count", "mean_amount", "good"]
    assert all(tuple(card) == CARD_KEYS for card in cards.values())
    assert cards["spend"]["used_by"] == {"tags": ["good"], "audiences": ["big"], "clusterings": [], "personas": []}
    assert 0 < cards["mean_amount"]["coverage"] < 1
    assert cards["good"]["values"] == 2
    assert abs(sum(cards["good"]["sketch"]) - 1) < 1e-3
    assert cards["spend"]["lag_days"] == (30 - int(str(cards["spend"]["fresh_to"])[8:10]))


def test_search_filters_and_counts_of_other_choices(shop: Path, state: StateStore) -> None:
    snapshot = open_snapshot(shop)
    save_tag(shop, state, BIG, Change(ANNA, None))

    def names(**wanted: Any) -> list[str]:
        return [card["name"] for card in market(shop, snapshot, state, Wanted(**wanted))["tags"]]

    assert names(text="大客") == names(status="draft") == ["big_spender"]
    assert names(kind="rule", status="online") == ["good"]
    assert names(coverage=1.0) == ["spend", "orders_count", "good"]
    assert names(sort="users")[0] == "spend"
    found = market(shop, snapshot, state, Wanted(kind="rule"))
    assert found["facets"]["kind"] == {"statistic": 3, "rule": 2}
    assert {one["class"]: one["tags"] for one in found["tree"]} == {"consumption": 1, "other": 1}
    with pytest.raises(UsageError, match="unknown sorting"):
        names(sort="luck")


def test_a_new_tag_is_a_draft_until_somebody_else_approves_it(shop: Path, state: StateStore) -> None:
    people(state)
    saved = save_tag(shop, state, BIG, Change(ANNA, None, "why"))
    assert set(saved) == set(SAVED_KEYS)
    assert (saved["status"], saved["created"], saved["file"]) == ("draft", True, "tags/saved.yaml")
    build(shop)
    assert "big_spender" not in {tag["name"] for tag in open_snapshot(shop).manifest["tags"]}
    step(shop, state, "big_spender", "submit", ANNA)
    assert shown(shop, state, "big_spender")["card"]["review"]["who"] == "anna"
    assert shown(shop, state, "big_spender", ANNA)["steps"] == ["reject", "withdraw"]
    with pytest.raises(AccessDenied, match="somebody else"):
        step(shop, state, "big_spender", "approve", ANNA)
    with pytest.raises(AccessDenied):
        step(shop, state, "big_spender", "approve", MARK)
    assert step(shop, state, "big_spender", "approve", BOB)["status"] == "online"
    build(shop)
    assert shown(shop, state, "big_spender")["card"]["built"]


def test_who_is_alone_approves_alone(shop: Path, state: StateStore) -> None:
    save_tag(shop, state, BIG, Change(ANNA, None))
    assert step(shop, state, "big_spender", "approve", ANNA)["status"] == "online"


def test_another_text_of_an_online_tag_waits_its_words_do_not(shop: Path, state: StateStore) -> None:
    page = shown(shop, state, "good")
    saved = save_tag(shop, state, page["written"] | {"title": "好客户"}, Change(ANNA, page["digest"]))
    assert saved["review"] is None
    assert load_project(shop).tags["good"].title == "好客户"
    wanted = page["written"] | {"when": "spend > 500"}
    saved = save_tag(shop, state, wanted, Change(ANNA, saved["digest"]))
    assert saved["review"]["action"] == "propose"
    assert load_project(shop).tags["good"].when == "spend > 200"  # type: ignore[union-attr]
    page = shown(shop, state, "good")
    assert page["proposal"]["definition"]["when"] == "spend > 500"
    step(shop, state, "good", "approve")
    assert load_project(shop).tags["good"].when == "spend > 500"  # type: ignore[union-attr]
    assert shown(shop, state, "good")["unbuilt"]
    events = tag_history(shop, open_snapshot(shop), state, "good")["events"]
    assert [e["action"] for e in events] == ["approve", "propose", "save", "found"]
    assert "spend > 200" in events[-1]["yaml"]


def test_what_is_proposed_can_be_rejected_or_overtaken(shop: Path, state: StateStore) -> None:
    page = shown(shop, state, "good")
    save_tag(shop, state, page["written"] | {"when": "spend > 500"}, Change(ANNA, page["digest"]))
    step(shop, state, "good", "reject")
    assert shown(shop, state, "good")["proposal"] is None
    save_tag(shop, state, page["written"] | {"when": "spend > 600"}, Change(ANNA, page["digest"]))
    file = shop / "tags" / "value.yaml"
    file.write_text(file.read_text("utf-8").replace("spend > 200", "spend > 250"), "utf-8")
    with pytest.raises(EditConflict, match="propose it anew"):
        step(shop, state, "good", "approve")


def test_two_people_who_edit_one_tag(shop: Path, state: StateStore) -> None:
    saved = save_tag(shop, state, BIG, Change(ANNA, None))
    save_tag(shop, state, BIG | {"when": "spend > 1"}, Change(BOB, saved["digest"]))
    with pytest.raises(EditConflict, match="last: bob") as refused:
        save_tag(shop, state, BIG | {"when": "spend > 2"}, Change(ANNA, saved["digest"]))
    assert refused.value.who == "bob"
    with pytest.raises(EditConflict, match="there already"):
        save_tag(shop, state, BIG, Change(ANNA, None))
    assert load_project(shop).tags["big_spender"].when == "spend > 1"  # type: ignore[union-attr]


def test_what_others_read_does_not_go_offline(shop: Path, state: StateStore) -> None:
    project = project_now(shop)
    found = impact(project, open_snapshot(shop), "spend")
    assert tuple(found) == IMPACT_KEYS
    assert found["blocking"] == ["audiences:big", "tags:good"]
    assert {(r["kind"], r["name"]) for r in found["indirect"]} == {("audiences", "big_women")}
    assert next(r["size"] for r in found["direct"] if r["name"] == "big") > 0
    before = (shop / "tags" / "value.yaml").read_text("utf-8")
    for refused in (
        lambda: step(shop, state, "spend", "offline"),
        lambda: remove_tag(shop, state, "spend", Change(BOB, digest(shop, state, "spend"))),
    ):
        with pytest.raises(InUse, match="audiences:big"):
            refused()
    assert (shop / "tags" / "value.yaml").read_text("utf-8") == before
    assert step(shop, state, "good", "offline")["status"] == "offline"
    assert step(shop, state, "good", "online")["status"] == "online"
    assert (shop / "tags" / "value.yaml").read_text("utf-8") == before
    with pytest.raises(UsageError, match="not possible now"):
        step(shop, state, "good", "approve")


def test_removing(shop: Path, state: StateStore) -> None:
    saved = save_tag(shop, state, BIG, Change(ANNA, None))
    assert remove_tag(shop, state, "big_spender", Change(ANNA, saved["digest"]))["removed"]
    with pytest.raises(AccessDenied):
        remove_tag(shop, state, "mean_amount", Change(MARK, digest(shop, state, "mean_amount")))
    assert "big_spender" not in load_project(shop).tags


@pytest.mark.parametrize(
    ("changes", "pointer", "zh"),
    [
        ({"when": "spendd > 1"}, "when", "没有名为“spendd”的列"),
        ({"when": "spend >"}, "when", ""),
        ({"kind": "layered", "when": None, "layers": [{"value": "a", "when": "good"}, {"value": "b", "when": "nope"}]}, "layers/1/when", ""),
        ({"kind": "bands", "when": None, "of": "spend", "bounds": [2, 1]}, "bounds/1", "分界值"),
        ({"kind": "statistic", "when": None, "source": "orders", "measure": "count", "where": "channl = 1"}, "where", "没有名为"),
        ({"kind": "fact", "when": None}, "from", "缺少"),
        ({"name": "Big"}, "name", ""), ({"name": "gender"}, "name", ""),
    ],
)  # fmt: skip
def test_faults_are_told_at_their_place_and_nothing_is_written(
    shop: Path, state: StateStore, changes: dict[str, Any], pointer: str, zh: str
) -> None:
    wanted = BIG | changes
    told = preview(shop, Served(open_snapshot(shop)), wanted)
    assert set(told) == set(PREVIEW_KEYS)
    assert not told["valid"]
    assert [issue["pointer"] for issue in told["issues"] if issue["pointer"]] == [pointer]
    assert any(zh in issue["message"]["zh"] for issue in told["issues"])
    if pointer in ("from", "name") and wanted["name"] != "gender":
        with pytest.raises(DefinitionFaults):
            save_tag(shop, state, wanted, Change(ANNA, None))
        assert not (shop / "tags" / "saved.yaml").exists()


def test_a_preview_is_what_the_build_computes(shop: Path, state: StateStore) -> None:
    tags = [
        BIG,
        {"name": "level", "kind": "layered", "otherwise": "low", "class": "consumption",
         "layers": [{"value": "high", "when": "spend > 300"}, {"value": "middle", "when": "spend > 100"}]},
        {"name": "band", "kind": "bands", "of": "mean_amount", "bounds": [50, 100]},
        {"name": "twice", "kind": "expression", "value": "spend * 2"},
        {"name": "last_channel", "kind": "statistic", "source": "orders", "measure": "last", "of": "channel", "window": "90d"},
        {"name": "top_hobby", "kind": "fact", "from": "city"},
    ]  # fmt: skip
    served = Served(open_snapshot(shop))
    previewed = {}
    for tag in tags:
        told = preview(shop, served, tag)
        assert told["result"]["exact"], tag
        previewed |= {column["name"]: column for column in told["result"]["columns"]}
        save_tag(shop, state, tag, Change(ANNA, None))
        step(shop, state, str(tag["name"]), "approve")
    build(shop)
    for tag in open_snapshot(shop).manifest["tags"]:
        if tag["name"] in previewed:
            column = previewed[tag["name"]]
            assert (column["coverage"], column["value_type"]) == (tag["coverage"], tag["value_type"])
            assert column["distribution"] == tag["distribution"], tag["name"]


def test_a_preview_never_names_phones(shop: Path) -> None:
    wanted = {"name": "last_phone", "kind": "fact", "from": "phone"}
    column = preview(shop, Served(open_snapshot(shop)), wanted)["result"]["columns"][0]
    assert column["known"] > 0
    assert column["distribution"]["values"] == []


def test_what_was_not_built_yet_is_told(shop: Path, state: StateStore) -> None:
    save_tag(shop, state, BIG, Change(ANNA, None))
    step(shop, state, "big_spender", "approve")
    told = preview(
        shop, Served(open_snapshot(shop)), {"name": "bigger", "kind": "rule", "when": "big_spender and spend > 900"}
    )
    assert told["valid"]
    assert told["result"] is None
    assert "big_spender" in told["note"]["en"]


def test_lineage_leads_from_sources_to_audiences(shop: Path) -> None:
    found = lineage(project_now(shop), "good")
    assert ["source:orders", "field:orders.amount"] in found["edges"]
    assert ["field:orders.amount", "tag:spend"] in found["edges"]
    assert ["tag:spend", "tag:good"] in found["edges"]
    sides = {node["id"]: node["side"] for node in found["nodes"]}
    assert sides["tag:good"] == "self"
    assert sides["source:orders"] == "up"
    down = lineage(project_now(shop), "spend")
    assert {n["id"] for n in down["nodes"] if n["side"] == "down"} == {"audience:big", "tag:good", "audience:big_women"}


def test_history_over_snapshots(shop: Path, state: StateStore) -> None:
    file = shop / "tags" / "value.yaml"
    file.write_text(file.read_text("utf-8").replace("spend > 200", "spend > 400"), "utf-8")
    build(shop)
    found = tag_history(shop, open_snapshot(shop), state, "good")
    assert tuple(found) == HISTORY_KEYS
    assert all(set(point) == set(POINT_KEYS) for point in found["trend"])
    assert [version["version"] for version in found["versions"]] == [2, 1]
    first, second = found["trend"]
    assert second["moved"] == pytest.approx(abs(second["shares"][1] - first["shares"][1]), abs=1e-5)
    card = next(c for c in market(shop, open_snapshot(shop), state, Wanted())["tags"] if c["name"] == "good")
    assert card["change"]["redefined"]
    assert card["change"]["moved"] == second["moved"]


def test_faulty_files_leave_what_was_built(shop: Path, state: StateStore) -> None:
    (shop / "tags" / "broken.yaml").write_text("tags: [", "utf-8")
    found = market(shop, open_snapshot(shop), state, Wanted())
    assert found["problem"]
    assert len(found["tags"]) == 4
    page = shown(shop, state, "good")
    assert set(page) == set(PAGE_KEYS)
    assert (page["may_edit"], page["written"]) == (False, None)


def test_a_marketer_sees_and_changes_nothing(shop: Path, state: StateStore) -> None:
    page = shown(shop, state, "good", MARK)
    assert (page["may_edit"], page["may_remove"], page["steps"]) == (False, False, [])
    with pytest.raises(AccessDenied):
        step(shop, state, "good", "offline", replace(MARK, name="anna"))
