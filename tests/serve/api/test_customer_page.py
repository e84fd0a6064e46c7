"""What the page of one customer asks of the API: rights, pages, notes in the audit log."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.app.customer_shop import build_customers

from huaxiang.app.wiring import open_state
from huaxiang.store.state_audit import Wanted

Api = Callable[..., TestClient]
ONE = "customers/M000"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_customers(tmp_path_factory.mktemp("customers"))


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "shop")


def test_search(api: Api) -> None:
    told = api("marketer").post("customers/search", json={"text": "李娜"}).json()
    assert [(hit["name"], hit["phone"], hit["matched"]) for hit in told["found"]] == [("李娜", "138****0002", ["name"])]
    held = api("marketer").post("customers/search", json={"text": "800000002"}).json()
    assert (held["total"], held["whole_number"]) == (0, True)


def test_pages_of_the_timeline(api: Api) -> None:
    client = api("marketer")
    first = client.get(f"{ONE}/timeline", params={"limit": 2}).json()
    assert len(first["items"]) == 2
    second = client.get(f"{ONE}/timeline", params={"limit": 2, "cursor": first["next"]}).json()
    assert second["items"][0] not in first["items"]
    only = client.get(f"{ONE}/timeline", params={"source": "tickets"}).json()
    assert {item["source"] for item in only["items"]} == {"tickets"}


@pytest.mark.parametrize("path", ["timeline", "similar", "relations", "tags/good/why"])
def test_who_may_see_a_customer_may_see_these(api: Api, path: str) -> None:
    assert api("marketer").get(f"{ONE}/{path}").status_code == 200
    assert api("auditor").get(f"{ONE}/{path}").status_code == 403
    assert api("admin").get(f"customers/nobody/{path}").status_code == 404


def test_reading_is_noted(api: Api, shop: Path) -> None:
    api("analyst").get(f"{ONE}/timeline")
    with closing(open_state(shop)) as state:
        said = [(e["action"], e["object"]) for e in state.audit.page(Wanted(), limit=20)]
    assert ("customer", "customer M000") in said
