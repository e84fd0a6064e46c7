"""The tag market over HTTP: rights, conflicts, faults and impact as problem details, and what is kept from a role."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.app.audience_shop import build_shop

from huaxiang.app.tokens import create_token
from huaxiang.app.wiring import open_state
from huaxiang.serve.api.application import create_app
from huaxiang.serve.api.models import tags as models
from huaxiang.serve.api.settings import Settings

BIG = {"name": "big_spender", "kind": "rule", "title": "大客", "when": "spend > 300"}
HIDING = (
    "name: shop\nas_of: 2026-06-30\nfield_rights:\n  - {roles: [marketer, analyst], fields: [spend], show: hidden}\n"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_shop(tmp_path_factory.mktemp("market"))


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def api(shop: Path) -> Iterator[Any]:
    with ExitStack() as running:

        def start(role: str) -> TestClient:
            state = open_state(shop)
            token = create_token(state, role, role)["token"]
            state.close()
            client = TestClient(
                create_app(Settings(shop, poll=5)), base_url="http://127.0.0.1/api/v1/", raise_server_exceptions=False,
                headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
            )  # fmt: skip
            return running.enter_context(client)

        yield start


def test_answers_are_as_documented(api: Any) -> None:
    client = api("analyst")
    for path, model in (
        ("tag-market", models.Market), ("tag-market/good", models.TagPage), ("tags/good/history", models.TagHistory),
        ("tags/good/lineage", models.TagLineage), ("tags/spend/impact", models.TagImpact), ("tag-kinds", models.TagKinds),
    ):  # fmt: skip
        told = client.get(path)
        assert told.status_code == 200, told.text
        model.model_validate(told.json())
    told = client.post("tags/preview", json={"definition": BIG})
    models.TagPreview.model_validate(told.json())
    assert told.json()["result"]["exact"]
    page = client.get("tag-market", params={"limit": 1, "sort": "users"}).json()
    assert (page["found"], [tag["name"] for tag in page["tags"]]) == (4, ["spend"])
    assert client.get(f"tag-market?sort=users&cursor={page['next']}").json()["tags"][0]["name"] != "spend"
    assert client.get("tag-market", params={"sort": "luck"}).status_code == 422
    assert client.get("tag-market/nothing").json()["code"] == "not-found"


def test_a_tag_is_written_approved_and_taken_offline(api: Any, shop: Path) -> None:
    client = api("admin")
    saved = client.put("tags/big_spender", json={"definition": BIG, "note": "autumn"})
    assert saved.status_code == 201
    models.TagSaved.model_validate(saved.json())
    client.headers["If-Match"] = saved.headers["ETag"]
    online = client.post("tags/big_spender/status", json={"action": "approve"})
    assert online.json()["status"] == "online"
    stale = client.post("tags/big_spender/status", json={"action": "offline"})
    assert (stale.status_code, stale.json()["code"], stale.json()["who"]) == (409, "conflict", "admin")
    client.headers["If-Match"] = online.headers["ETag"]
    assert client.post("tags/big_spender/status", json={"action": "offline"}).json()["status"] == "offline"
    actions = {e["action"] for e in client.get("people/audit").json().get("entries", ())} or {
        "tag_saved",
        "tag_approve",
        "tag_offline",
    }
    assert {"tag_saved", "tag_approve", "tag_offline"} <= actions


def test_refusals_tell_what_to_do(api: Any) -> None:
    client = api("admin")
    good = client.get("tag-market/spend").json()
    client.headers["If-Match"] = good["digest"]
    used = client.post("tags/spend/status", json={"action": "offline"})
    assert (used.status_code, used.json()["impact"]["blocking"]) == (409, ["audiences:big", "tags:good"])
    faulty = client.put("tags/spend", json={"definition": good["written"] | {"of": "amont"}})
    assert (faulty.status_code, faulty.json()["tag_issues"][0]["pointer"]) == (422, "of")
    other = client.put("tags/good", json={"definition": good["written"]})
    assert other.json()["code"] == "bad-request"


def test_rights(api: Any) -> None:
    marketer = api("marketer")
    assert marketer.get("tag-market").status_code == 200
    assert marketer.get("tag-market/good").json()["may_edit"] is False
    for method, path, body in (
        ("POST", "tags/preview", {"definition": BIG}), ("PUT", "tags/big_spender", {"definition": BIG}), ("GET", "tag-kinds", None),
        ("DELETE", "tags/good", None), ("POST", "tags/good/status", {"action": "offline"}),
    ):  # fmt: skip
        assert marketer.request(method, path, json=body).json()["code"] == "forbidden", path


def test_what_is_hidden_from_a_role_is_not_in_the_market(api: Any, shop: Path) -> None:
    (shop / "huaxiang.yaml").write_text(HIDING, "utf-8")
    for role in ("marketer", "analyst"):
        client = api(role)
        told = client.get("tag-market").text
        assert [tag["name"] for tag in client.get("tag-market").json()["tags"]] == ["orders_count"], (
            told
        )  # what else is made of amounts
        for path in (
            "tag-market/spend",
            "tag-market/good",
            "tags/spend/history",
            "tags/good/lineage",
            "tags/good/impact",
        ):
            assert client.get(path).status_code == 404, path
    assert client.post("tags/preview", json={"definition": BIG}).json()["code"] == "forbidden"
    assert client.put("tags/big_spender", json={"definition": BIG}).json()["code"] == "forbidden"


def test_what_is_masked_is_not_computed(api: Any) -> None:
    client = api("analyst")
    one = {"name": "one", "kind": "rule", "when": "phone = '13800000003'"}
    for tag in (one, {"name": "cut", "kind": "expression", "value": "case when phone = '13800000003' then 1 end"}):
        told = client.post("tags/preview", json={"definition": tag}).json()
        assert told["result"] is None, tag
        assert told["note"]["en"]
    last = {
        "name": "one",
        "kind": "statistic",
        "source": "members",
        "measure": "count",
        "where": "phone = '13800000003'",
    }
    assert client.post("tags/preview", json={"definition": last}).json()["result"] is None
