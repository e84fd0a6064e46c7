"""What is noted of who reads personal data and who changes what; people, tokens, and reasons to see values in full."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from huaxiang.app.people import NewUser, add_user
from huaxiang.app.wiring import open_state
from huaxiang.store.state_audit import Wanted

Api = Callable[..., TestClient]
WEB = {"X-Huaxiang": "web"}
GOOD = "correct horse battery"


@pytest.fixture
def noted(shop: Path) -> Callable[[], list[dict[str, Any]]]:
    """All entries, oldest first."""

    def read() -> list[dict[str, Any]]:
        with closing(open_state(shop)) as state:
            return state.audit.page(Wanted(), limit=1000)[::-1]

    return read


def person(api: Api, shop: Path, role: str, name: str = "li") -> TestClient:
    with closing(open_state(shop)) as state:
        add_user(state, NewUser(name, role, password=GOOD))
    client = api(None)
    client.headers["X-Huaxiang"] = "web"
    assert client.post("session", json={"name": name, "password": GOOD}).status_code == 200
    return client


READS = (
    ("GET", "customers/c1", None, "customer", "customer c1"),
    ("POST", "customers/search", {"text": "c1"}, "search", "1 customers"),
    ("POST", "query/ids", {"when": "orders >= 0", "limit": 2}, "ids", "2 customers"),
    ("POST", "query/export", {"when": "big", "columns": ["orders"]}, "export", None),
    ("POST", "query/why", {"when": "big", "customer_id": "c1"}, "why", "customer c1"),
    ("GET", "quality/sales/rejected?raw=true", None, "raw", "source sales"),
    ("GET", "customers/c1?unmask=true", None, "unmask", "customer c1"),
)


@pytest.mark.parametrize(("method", "url", "body", "action", "about"), READS)
def test_every_read_of_personal_data_is_noted(
    api: Api, noted: Any, method: str, url: str, body: object, action: str, about: str | None
) -> None:
    told = api("admin").request(method, url, json=body)
    assert told.status_code == 200, told.text
    entry = noted()[-1]
    assert (entry["action"], entry["role"]) == (action, "admin")
    assert about is None or entry["object"] == about
    assert entry["snapshot"] is not None


def test_figures_are_no_reads_of_personal_data(api: Api, noted: Any) -> None:
    client = api("analyst")
    before = len(noted())
    for method, url, body in (
        ("POST", "query/count", {"when": "big"}), ("GET", "tags", None), ("GET", "audiences", None), ("GET", "status", None),
        ("POST", "query/breakdown", {"when": "big", "by": ["gender"]}),
    ):  # fmt: skip
        assert client.request(method, url, json=body).status_code == 200
    assert len(noted()) == before


def test_no_entry_holds_what_was_looked_for(api: Api, noted: Any) -> None:
    client = api("admin")
    client.post("customers/search", json={"text": "13800138000"})
    client.post("query/ids", json={"when": "gender = '13800138000'"})
    client.post("query/ids", json={"when": "big"})
    entries = noted()
    assert "13800138000" not in str(entries)
    assert entries[-1]["detail"]["condition"] == "big"
    assert entries[-2]["detail"]["condition"].startswith("sha256:")


def test_changes_and_logins_are_noted(api: Api, shop: Path, noted: Any) -> None:
    client = person(api, shop, "admin")
    client.post("session", json={"name": "li", "password": "wrong"})
    client.post("session", json={"name": "my secret password", "password": "wrong"})
    made = client.post("people", json={"name": "wang", "role": "marketer", "password": GOOD})
    assert made.status_code == 201 and made.json()["must_change"] is True
    assert client.patch("people/wang", json={"role": "analyst"}).json()["role"] == "analyst"
    token = client.post("tokens", json={"name": "job", "role": "service", "days": 1}).json()
    assert client.delete(f"tokens/{token['id']}").json()["state"] == "revoked"
    client.delete("session")
    entries = [(e["who"], e["action"], e["object"]) for e in noted()]
    assert entries == [
        ("li", "login", "session"), ("li", "login_failed", "session"), ("", "login_failed", "session"), ("li", "user_added", "user wang"),
        ("li", "user_changed", "user wang"), ("li", "token_created", f"token {token['id']} job"),
        ("li", "token_revoked", f"token {token['id']} job"), ("li", "logout", "session"),
    ]  # fmt: skip
    assert GOOD not in str(noted()) and token["token"] not in str(noted())


@pytest.mark.parametrize("role", ["analyst", "marketer", "auditor"])
def test_people_and_tokens_are_for_administrators(api: Api, shop: Path, role: str) -> None:
    client = person(api, shop, role)
    for method, url, body in (
        ("GET", "people", None), ("POST", "people", {"name": "x", "role": "admin", "password": GOOD}), ("PATCH", "people/li", {"role": "admin"}),
        ("GET", "tokens", None), ("POST", "tokens", {"name": "x", "role": "admin"}), ("DELETE", "tokens/x", None),
    ):  # fmt: skip
        assert client.request(method, url, json=body).status_code == 403, url
    for url in ("audit", "audit/verify"):
        assert client.get(url).status_code == (200 if role == "auditor" else 403)


def test_an_auditor_reads_figures_and_the_log_and_no_customer(api: Api, shop: Path) -> None:
    client = person(api, shop, "auditor")
    assert client.get("tags").status_code == client.post("query/count", json={"when": "big"}).status_code == 200
    for method, url, body in (
        ("GET", "customers/c1", None), ("POST", "customers/search", {"text": "c1"}), ("POST", "query/ids", {"when": "big"}),
        ("POST", "query/export", {"when": "big"}), ("POST", "query/why", {"when": "big", "customer_id": "c1"}), ("GET", "accounts", None),
        ("POST", "query/sql", {"sql": "select customer_id from customers"}), ("GET", "identity/review", None),
        ("PUT", "audiences/mine", {"when": "orders > 1"}), ("POST", "builds", {}), ("POST", "customers/c1/unmask", {"fields": ["x"], "reason": "no reason"}),
    ):  # fmt: skip
        assert client.request(method, url, json=body).status_code == 403, url


def test_the_log_is_read_page_by_page_while_it_grows(api: Api, shop: Path) -> None:
    client = person(api, shop, "admin")
    for _ in range(6):
        client.get("customers/c1")
    seen: list[int] = []
    url = "audit?limit=2&action=customer"
    while url:
        told = client.get(url).json()
        seen += [entry["number"] for entry in told["entries"]]
        client.get("customers/c1")  # new entries don't move the pages
        url = told["next_url"] and f"http://127.0.0.1{told['next_url']}"
    assert seen == sorted(seen, reverse=True) and len(seen) == len(set(seen)) == 6
    assert client.get("audit?cursor=eyJvIjowLCJzIjoieCJ9").status_code == 400
    assert client.get("audit?since=never").status_code == 400
    verified = client.get("audit/verify").json()
    assert verified["valid"] is True
    assert client.get("audit/verify", params={"head": verified["head"]}).json()["valid"] is True
    assert client.get("audit/verify", params={"head": "1:" + "0" * 64}).json()["faults"][0]["code"] == "replaced"


def test_people_say_why_they_see_personal_values_in_full(api: Api, shop: Path, noted: Any) -> None:
    client = person(api, shop, "admin")
    for url in ("customers/c1?unmask=true", "identity/status?unmask=true"):
        assert client.get(url).json()["code"] == "reason"
    short = client.post("customers/c1/unmask", json={"fields": ["orders"], "reason": " why "})
    assert (short.status_code, short.json()["code"]) == (422, "reason")
    told = client.get(
        "customers/c1?unmask=true",
        headers={"X-Huaxiang-Reason": "%E5%AE%A2%E6%88%B7%E6%8A%95%E8%AF%89%E6%A0%B8%E5%AE%9E"},
    )
    assert told.status_code == 200
    assert noted()[-1]["detail"]["reason"] == "客户投诉核实"


def test_fields_are_unmasked_by_name_with_reason_and_purpose(api: Api, shop: Path, noted: Any) -> None:
    client = person(api, shop, "admin")
    asked = {"fields": ["orders", "member"], "reason": "customer asked for it", "purpose": "service"}
    told = client.post("customers/c1/unmask", json=asked)
    assert told.status_code == 200, told.text
    assert set(told.json()["values"]) == {"orders", "member"} and told.json()["values"]["member"] == ["M-1"]
    entry = noted()[-1]
    assert (entry["action"], entry["object"], entry["detail"]) == ("unmask", "customer c1", asked)
    assert client.post("customers/c1/unmask", json=asked | {"fields": ["none"]}).status_code == 404
    assert client.post("customers/none/unmask", json=asked).status_code == 404
    assert api("analyst").post("customers/c1/unmask", json=asked).status_code == 403


def test_what_cannot_be_noted_is_not_shown(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlalchemy as sa

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

    client = api("admin")
    monkeypatch.setattr("huaxiang.store.state_audit.AuditTable.append", fail)
    told = client.get("customers/c1")
    assert (told.status_code, told.json()["code"]) == (503, "storage")
