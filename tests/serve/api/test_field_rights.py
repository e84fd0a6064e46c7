"""What is hidden from a role can't be read by any way; what is masked can't be found out by asking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.published import manifest, publish_sample
from tests.serve.api.hidden_fields import RULES, Api, publish_shop, tag
from tests.waiting import until

from huaxiang.errors import ProjectInvalid


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return publish_shop(tmp_path)


HIDDEN = ("spend", "vip")


def everything(client: TestClient) -> str:
    """Whatever a marketer can read without naming anything."""
    urls = (
        "tags", "attributes", "audiences", "personas", "personas/value/c1", "query/fields", "customers/c1", "customers/c4", "quality", "status",
        "audiences/often", "audiences/often/history", "snapshots",
    )  # fmt: skip
    told = []
    for url in urls:
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.text)
        told.append(answer.text)
    return "\n".join(told)


def test_nothing_that_can_be_read_names_or_holds_what_is_hidden(api: Api) -> None:
    told = everything(api("marketer"))
    for word in (
        '"spend"',
        '"vip"',
        "20000.25",
        "spend > 500",
        '"big"',
        "big_women",
        '"amount"',
        'share_of_total":0.61',
    ):
        assert word not in told, word
    whole = everything(api("admin"))
    assert all(word in whole for word in ('"spend"', '"vip"', "20000.25", "spend > 500", '"amount"'))


CONDITIONS = (
    "spend > 500", "spend is null", "spend is not null", "vip", "not vip", "in_audience('big')", "big", "big_women", "through", "in_audience('through')",
    "orders > 1 or spend > 0", "orders + spend > 3", "case when spend > 1 then true else false end", "coalesce(spend, 0) = 0",
    "top(2, spend)", "top(2, orders, spend > 1)", "abs(spend) > 1", '"spend" > 1', "SPEND > 1", "list_contains(likes, '红酒')", "len(likes) > 1",
)  # fmt: skip
BEHAVIOUR = ("did('sales', amount > 10)", "sum_of('sales', amount) > 10", "not did('sales', amount > 10, days => 90)")


@pytest.mark.parametrize("when", CONDITIONS)
def test_whoever_sees_all_may_ask_these(api: Api, when: str) -> None:
    assert api("admin").post("query/count", json={"when": when}).status_code == 200


@pytest.mark.parametrize("when", CONDITIONS + BEHAVIOUR)
def test_no_condition_asks_for_what_is_hidden_or_compares_what_is_masked(api: Api, when: str) -> None:
    client = api("marketer")
    asked: list[tuple[str, str, Any]] = [
        ("POST", "query/count", {"when": when}), ("POST", "query/ids", {"when": when}), ("POST", "query/export", {"when": when}),
        ("POST", "query/breakdown", {"when": when, "by": ["gender"]}), ("POST", "query/breakdown", {"when": "often", "by": ["gender"], "base": when}),
        ("POST", "query/overlap", {"audiences": ["often", when]}), ("POST", "query/numbers", {"when": when, "of": "orders"}),
        ("POST", "query/why", {"when": when, "customer_id": "c1"}), ("POST", "query/rules", {"when": when, "tags": ["gender", "city"]}),
        ("POST", "query/lookalike", {"seed": when}), ("PUT", "audiences/mine", {"when": when}), ("POST", "query/condition", {"when": when}),
        ("POST", "analysis/distribution", {"of": "orders", "audience": when}), ("POST", "analysis/distribution", {"of": "orders", "base": when}),
        ("POST", "analysis/cross", {"rows": "gender", "columns": "city", "audience": when}),
        ("POST", "analysis/funnel", {"steps": [{"source": "sales"}, {"source": "sales"}], "audience": when}),
    ]  # fmt: skip
    if when.startswith("in_audience"):  # reading a condition tells nothing of audiences
        asked = [one for one in asked if one[1] != "query/condition"]
    for method, url, body in asked:
        told = client.request(method, url, json=body)
        assert told.status_code in (400, 403, 404, 422), (url, when, told.text)
        assert "20000" not in told.text
    assert client.get("query/count", params={"when": when}).status_code in (400, 404, 422)


TREES = (
    {"tag": "spend", "op": ">", "value": 1}, {"not": {"tag": "vip", "op": "is_null"}}, {"audience": "big"},
    {"all": [{"tag": "orders", "op": ">", "value": 0}, "spend > 1"]}, {"tag": "likes", "op": "has_any", "values": ["红酒"]},
    {"top": 2, "by": "spend"},
)  # fmt: skip


@pytest.mark.parametrize("when", TREES)
def test_trees_are_no_way_round(api: Api, when: dict[str, Any]) -> None:
    assert api("admin").post("query/count", json={"when": when}).status_code == 200
    for url in ("query/count", "query/ids"):
        assert api("marketer").post(url, json={"when": when}).status_code in (400, 404, 422), when


STEPS = [{"source": "sales"}, {"source": "sales"}]
NAMED: tuple[tuple[str, str, Any], ...] = (
    ("GET", "tags/{}", None), ("POST", "query/breakdown", {"when": "often", "by": ["{}"]}), ("POST", "query/numbers", {"when": "often", "of": "{}"}),
    ("POST", "query/export", {"when": "often", "columns": ["{}"]}), ("POST", "query/rules", {"when": "often", "tags": ["{}", "gender"]}),
    ("POST", "query/lookalike", {"seed": "often", "exclude": ["big"]}), ("POST", "analysis/cross", {"rows": "{}", "columns": "gender"}),
    ("POST", "analysis/cross", {"rows": "gender", "columns": "{}"}), ("POST", "analysis/distribution", {"of": "{}"}),
    ("POST", "analysis/network", {"tags": ["{}", "gender"]}), ("POST", "analysis/funnel", {"steps": STEPS, "by": "{}"}),
    ("POST", "analysis/distribution", {"of": {"source": "sales", "function": "sum", "field": "amount"}}),
    ("POST", "analysis/funnel", {"steps": [{"source": "sales", "where": "amount > 1"}, {"source": "sales"}]}),
    ("POST", "analysis/retention", {"first": {"source": "sales", "where": "amount > 1"}, "return": {"source": "sales"}}),
    ("POST", "analysis/path", {"anchor": {"source": "sales"}, "events": [{"source": "sales", "by": "amount"}]}),
    ("GET", "customers/c4/tags/{}/why", None),
)  # fmt: skip


@pytest.mark.parametrize(("method", "url", "body"), NAMED)
@pytest.mark.parametrize("name", HIDDEN)
def test_no_question_names_what_is_hidden(api: Api, method: str, url: str, body: Any, name: str) -> None:
    asked = json.loads(json.dumps(body).replace("{}", name))
    told = api("marketer").request(method, url.format(name), json=asked)
    assert told.status_code in (400, 404, 422), told.text
    assert "20000" not in told.text and "12.5" not in told.text


@pytest.mark.parametrize(
    "url",
    [
        "audiences/big",
        "audiences/big_women",
        "audiences/through",
        "audiences/big/history",
        "audiences/big/changes",
        "audience-graph?name=big",
    ],
)
def test_audiences_of_others_that_name_it_are_not_there(api: Api, url: str) -> None:
    assert api("marketer").get(url).status_code == 404


def test_neither_are_they_changed_so_that_a_build_would_tell(api: Api) -> None:
    client = api("marketer")
    for name, body in (
        ("big", {"when": "orders > 1"}),
        ("mine", {"when": "spend > 3"}),
        ("mine", {"when": "in_audience('nobody') and vip"}),
    ):
        assert client.put(f"audiences/{name}", json=body).status_code in (403, 422), body
    assert client.delete("audiences/big").status_code == 403


def test_old_snapshots_are_no_way_round(api: Api, shop: Path) -> None:
    first = api("admin").get("status").json()
    text = manifest()
    publish_sample(shop, tags=[tag("orders", lineage=[])], audiences=text["audiences"][:0]).close()
    (shop / "huaxiang.yaml").write_text(RULES, "utf-8")
    old = [s["id"] for s in api("admin").get("snapshots").json()["snapshots"]][-1]
    assert first is not None
    client = api("marketer")
    assert client.get(f"tags/spend?snapshot={old}").status_code == 404
    assert client.post(f"query/count?snapshot={old}", json={"when": "spend > 1"}).status_code == 422
    assert '"spend"' not in client.get(f"customers/c1?snapshot={old}").text
    assert api("admin").get(f"tags/spend?snapshot={old}").status_code == 200


def test_what_is_told_from_rows_is_refused_where_fields_are_hidden(api: Api) -> None:
    client = api("analyst")
    for method, url, body in (
        ("GET", "report", None), ("POST", "query/sql", {"sql": "select customer_id from customers where spend > 1"}), ("GET", "query/sql/tables", None),
        ("GET", "customers/c1?provenance=true", None), ("GET", "identity/customers/c1", None), ("GET", "identity/review", None),
        ("PUT", "audiences/mine", {"sql": "select customer_id from customers where spend > 1"}),
    ):  # fmt: skip
        assert client.request(method, url, json=body).status_code == 403, url


PLACES = {
    "name": ("spend", "vip", "big", "often", "orders", "sales", "value"), "customer_id": ("c4",), "segment": ("c1",), "source": ("sales",),
    "account_id": ("a1",), "build_id": ("b1",), "which": ("x",), "upload_id": ("u1",),
}  # fmt: skip


def test_no_route_that_can_be_read_tells_what_is_hidden(api: Api, shop: Path) -> None:
    """Whatever routes there are: with every name put in, none tells more than that a name is not known."""
    (shop / "tags").mkdir()
    (shop / "tags" / "a.yaml").write_text(
        "tags:\n- {name: spend, kind: expression, value: orders * 20000.25}\n"
        "- {name: vip, kind: rule, when: spend > 500}\n- {name: often_buys, kind: rule, when: orders > 3}\n", "utf-8",
    )  # fmt: skip
    (shop / "audiences").mkdir()
    (shop / "audiences" / "a.yaml").write_text(
        "audiences:\n- {name: big, when: spend > 500}\n- {name: later, when: vip}\n", "utf-8"
    )
    client = api("marketer")
    told: dict[str, str] = {}
    for path, methods in api("admin").get("openapi.json").json()["paths"].items():
        if "get" not in methods or "stream" in path or "live" in path:
            continue
        for name in PLACES["name"] if "{name}" in path else ("",):
            url = path.replace("{name}", name)
            for key, values in PLACES.items():
                url = url.replace(f"{{{key}}}", values[0])
            query = {
                p["name"]: "orders >= 0"
                for p in methods["get"].get("parameters", ())
                if p["in"] == "query" and p.get("required")
            }
            answer = client.get(f"http://127.0.0.1{url}", params=query)
            if answer.status_code == 200:
                told[url] = answer.text
    words = ('"spend"', '"vip"', "20000.25", "spend >", '"amount"', "sales.amount", '"big"', '"later"')
    leaks = [(url, word) for url, text in told.items() for word in words if word in text]
    assert len(told) > 20
    assert not leaks, leaks


def test_a_session_tells_only_rights_that_hold(api: Api) -> None:
    assert not {"sql", "define_tags"} & set(api("analyst").get("session").json()["rights"])
    assert {"sql", "define_tags"} <= set(api("admin").get("session").json()["rights"])


def test_an_answer_that_is_held_is_that_of_the_role(api: Api) -> None:
    etag = api("admin").get("tags").headers["etag"]
    told = api("marketer").get("tags", headers={"If-None-Match": etag})
    assert told.status_code == 200 and '"spend"' not in told.text


def test_what_is_masked_is_there_without_its_values(api: Api) -> None:
    client = api("marketer")
    value = next(t for t in client.get("customers/c3").json()["tags"] if t["name"] == "likes")
    assert value["value"] == ["****", "****"]
    assert client.post("query/count", json={"when": "likes is null"}).json()["count"] == 1
    shape = client.get("tags/likes").json()
    assert "红酒" not in json.dumps(shape, ensure_ascii=False)
    for url, body in (
        ("query/breakdown", {"when": "often", "by": ["likes"]}),
        ("query/rules", {"when": "often", "tags": ["likes", "gender"]}),
    ):
        told = client.post(url, json=body)
        assert "红酒" not in told.text, url
    exported = client.post("query/export", json={"when": "often", "columns": ["likes", "city"]})
    assert exported.status_code == 200 and "红酒" not in exported.text and "****" in exported.text
    assert client.post("customers/search", json={"text": "红酒"}).json()["found"] == []


def test_personal_values_cannot_be_found_by_asking(api: Api, shop: Path) -> None:
    text = manifest()
    text["attributes"][0] |= {
        "personal": "address"
    }  # `city` stands for a field that is masked for all but administrators
    publish_sample(shop, attributes=text["attributes"]).close()
    for role in ("analyst", "marketer", "service"):
        client = api(role)
        assert client.post("query/count", json={"when": "city is not null"}).status_code == 200
        for when in (
            "city = '上海'",
            "city like '上%'",
            "contains(city, '海')",
            "city is null or city > 'a'",
            "length(city) = 2",
        ):
            assert client.post("query/count", json={"when": when}).json()["code"] == "EXP002", (role, when)
        assert client.post("customers/search", json={"text": "上"}).json()["found"] == []
    assert api("admin").post("query/count", json={"when": "city = '上海'"}).json()["count"] == 2


def test_an_audience_that_is_opened_is_used_by_name_and_its_definition_is_not_told(api: Api, shop: Path) -> None:
    (shop / "huaxiang.yaml").write_text(RULES + "  - roles: [marketer]\n    audiences: [big]\n", "utf-8")
    save_members(shop, "big", [3, 4])
    client = api("marketer")
    assert client.get("audiences/big").json()["definition"] == "in_audience('big')"
    assert client.post("query/count", json={"when": "big"}).json()["count"] == 2
    assert client.post("query/count", json={"when": "in_audience('big') and orders >= 100"}).json()["count"] == 1
    told = client.post("query/why", json={"when": "big", "customer_id": "c4"})
    assert told.json()["member"] is True and "spend" not in told.text
    assert client.put("audiences/big", json={"when": "orders > 1"}).status_code == 403
    assert client.get("audiences/big_women").status_code == 200  # names nothing but what may be used


def save_members(shop: Path, name: str, rows: list[int]) -> None:
    """Members of an audience as a build saves them."""
    import numpy as np

    from huaxiang.index import Bits

    folder = next(p for p in sorted((shop / ".huaxiang" / "snapshots").iterdir(), reverse=True)) / "audiences"
    folder.mkdir(exist_ok=True)
    Bits.from_rows(6, np.array(rows)).save(folder / f"{name}.npy")


def test_rights_take_effect_as_soon_as_the_file_says_so(api: Api, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    from huaxiang.spec import loader

    read, faults = loader.load_settings, []

    def noted(folder: Path) -> Any:
        try:
            return read(folder)
        except ProjectInvalid as error:
            faults.append(error)
            raise

    monkeypatch.setattr(loader, "load_settings", noted)
    client = api("marketer")
    assert client.get("tags/spend").status_code == 404
    (shop / "huaxiang.yaml").write_text("name: shop\nlanguage: zh-CN\n", "utf-8")
    os.utime(shop / "huaxiang.yaml", ns=(1, 1))
    assert until(lambda: client.get("tags/spend").status_code == 200)
    (shop / "huaxiang.yaml").write_text("name: [", "utf-8")  # half written: what was stays
    assert until(lambda: len(faults) > 0)
    assert client.get("tags/spend").status_code == 200


def test_a_file_that_cannot_be_read_stops_the_server_from_starting(shop: Path, api: Api) -> None:
    (shop / "huaxiang.yaml").write_text("name: shop\nfield_rights: [{roles: [admin]}]\n", "utf-8")
    with pytest.raises(ProjectInvalid):
        api("marketer")
