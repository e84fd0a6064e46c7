"""Tokens, roles, limits, and errors that tell nothing they should not."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient
from tests.published import publish_sample
from tests.waiting import PATIENCE, until

from huaxiang.app.rights import RIGHTS, ROLES
from huaxiang.app.tokens import revoke_token
from huaxiang.app.wiring import open_state
from huaxiang.errors import UsageError
from huaxiang.serve.api.callers import REFRESH
from huaxiang.serve.api.gate import language_of
from huaxiang.serve.api.problems import KINDS
from huaxiang.serve.api.running import Place, check_place, listen
from huaxiang.serve.api.settings import Settings
from huaxiang.store.state_audit import Wanted

Api = Callable[..., TestClient]


def test_a_token_is_needed_and_must_hold(api: Api, shop: Path, token: Callable[..., str]) -> None:
    client = api(None)
    assert client.get("health").json()["ready"] is True
    for header in ("", "Bearer", "Bearer hx_wrong", "Basic aGk6aGk=", "Bearer " + "x" * 5000):
        told = client.get("status", headers={"Authorization": header})
        assert (told.status_code, told.headers["www-authenticate"], told.json()["code"]) == (401, "Bearer", "no-token")
    late = token("analyst", "late")  # made while the server runs
    assert client.get("status", headers={"Authorization": f"bearer {late}"}).status_code == 200
    expired = token("analyst", "expired", days=-1)
    assert client.get("status", headers={"Authorization": f"Bearer {expired}"}).status_code == 401


def test_a_revoked_token_stops_within_seconds(api: Api, shop: Path, token: Callable[..., str]) -> None:
    client, text = api(None), token("admin", "soon gone")
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get("status", headers=headers).status_code == 200
    state = open_state(shop)
    revoke_token(state, "soon gone")
    state.close()
    assert REFRESH <= 1  # all tokens are read anew so often
    assert until(lambda: client.get("status", headers=headers).status_code == 401)


def test_tokens_are_kept_as_digests_only(shop: Path, token: Callable[..., str]) -> None:
    text = token("admin")
    held = b"".join(path.read_bytes() for path in (shop / ".huaxiang").glob("state.db*"))
    assert text.encode() not in held
    assert (shop / ".huaxiang" / "state.db").stat().st_mode & 0o077 == 0


REFUSED = (
    ("marketer", "GET", "identity/status", None), ("marketer", "GET", "customers/c1?unmask=true", None),
    ("marketer", "GET", "customers/c1?provenance=true", None), ("marketer", "POST", "query/sql", {"sql": "select customer_id from customers"}),
    ("marketer", "POST", "builds", {}), ("service", "PUT", "audiences/mine", {"when": "orders > 1"}),
    ("service", "POST", "identity/merge", {"customers": ["c1", "c2"], "why": "x"}), ("analyst", "GET", "customers/c1?unmask=true", None),
    ("analyst", "GET", "quality/sales/rejected?raw=true", None), ("analyst", "POST", "query/export", {"when": "big", "unmask": True}),
    ("marketer", "PUT", "audiences/mine", {"sql": "select customer_id from customers"}),
)  # fmt: skip


@pytest.mark.parametrize(("role", "method", "url", "body"), REFUSED)
def test_roles_are_held_to_their_rights(api: Api, role: str, method: str, url: str, body: object) -> None:
    told = api(role).request(method, url, json=body)
    assert (told.status_code, told.json()["code"]) == (403, "forbidden"), told.text


def test_every_role_has_rights_and_admin_has_all() -> None:
    assert set(RIGHTS) == set(ROLES)
    assert all(RIGHTS[role] < RIGHTS["admin"] for role in ROLES if role != "admin")


def test_a_marketer_sees_no_raw_identifier(api: Api) -> None:
    shown = {key["key"]: key["value"] for key in api("analyst").get("customers/c1").json()["identity"]}
    hidden = {key["key"]: key["value"] for key in api("marketer").get("customers/c1").json()["identity"]}
    assert shown["member"] == "M-1"
    assert set(hidden.values()) == {None}


def test_what_is_unmasked_is_noted(api: Api, shop: Path) -> None:
    client = api("admin")
    assert client.get("customers/c1?unmask=true").status_code == 200
    assert client.get("quality/sales/rejected?raw=true").json()["rows"][0]["raw"] == "secret-7"
    state = open_state(shop)
    noted = state.audit.page(Wanted(), limit=10)
    state.close()
    assert [(entry["action"], entry["object"], entry["role"]) for entry in noted if entry["action"] in ("raw", "unmask")] == [
        ("raw", "source sales", "admin"), ("unmask", "customer c1", "admin"),
    ]  # fmt: skip


def test_too_many_requests_are_told_when_to_come_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    client = api("service", rate=2.0)
    moment = 1000.0
    monkeypatch.setattr("huaxiang.serve.api.callers.time", SimpleNamespace(monotonic=lambda: moment))
    told = [client.get("status") for _ in range(6)]
    assert [r.status_code for r in told] == [200] * 4 + [429] * 2
    assert told[4].headers["retry-after"] == "1"
    assert told[4].json()["code"] == "rate"
    moment += 1.0
    assert [client.get("status").status_code for _ in range(3)] == [200, 200, 429]


def test_a_body_may_be_so_large(api: Api) -> None:
    client = api("analyst", body=1000)

    def pieces() -> object:
        for _ in range(50):
            yield b"x" * 100

    big = {"when": "x" * 2000}
    assert client.post("query/count", json=big).json()["code"] == "too-large"
    told = client.post("query/count", content=pieces(), headers={"Content-Type": "application/json"})  # type: ignore[arg-type]
    assert (told.status_code, told.json()["code"]) == (413, "too-large")


def test_what_takes_too_long_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    enough = threading.Event()
    monkeypatch.setattr("huaxiang.app.tags.list_tags", lambda *_, **__: enough.wait(PATIENCE))
    try:
        told = api("analyst", seconds=0.3).get("tags")
        assert (told.status_code, told.json()["code"]) == (504, "timeout")  # while it still goes on
    finally:
        enough.set()


def test_an_unforeseen_error_tells_no_value(
    api: Api, shop: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("sec" + "ret-13800138000")  # the log shows lines of code

    monkeypatch.setattr("huaxiang.app.tags.list_tags", fail)
    told = api("analyst").get("tags")
    assert (told.status_code, told.json()["code"]) == (500, "internal")
    logs = "".join(path.read_text() for path in (shop / ".huaxiang" / "logs").iterdir())
    assert "RuntimeError" in logs
    assert "secret" not in told.text + logs + caplog.text


def test_problems_have_one_shape_and_two_languages(api: Api) -> None:
    client = api("analyst")
    told = client.post("query/count", json={"when": "ordrs > 3"}, headers={"Accept-Language": "en-GB"})
    body = told.json()
    assert told.headers["content-type"] == "application/problem+json"
    assert (told.status_code, body["code"], body["type"]) == (422, "EXP002", "urn:huaxiang:problem:EXP002")
    assert (body["line"], body["column"], body["title"]) == (1, 1, "The expression is wrong")
    chinese = client.get("tags/nothing")
    assert (chinese.status_code, chinese.json()["title"], chinese.headers["content-language"]) == (
        404,
        "找不到",
        "zh-CN",
    )
    wrong = client.post("query/ids", json={"when": "big", "limit": "no"}).json()
    assert wrong["errors"][0]["pointer"] == "body/limit"
    assert client.patch("tags").json()["code"] == "method"
    assert client.get("nowhere").json()["code"] == "not-found"
    assert client.get("customers/none").status_code == 404


def test_every_problem_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "api.md").read_text("utf-8")
    missing = [code for code, kind in KINDS.items() if f"| `{code}` | {kind.status} |" not in text]
    assert not missing


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("zh-TW,en;q=0.5", "zh-CN"),
        ("fr, en;q=0.3, zh;q=0.2", "en"),
        ("fr", "zh-CN"),
        ("en;q=x", "zh-CN"),
    ],
)
def test_the_language_is_the_best_accepted(accepted: str, language: str) -> None:
    assert language_of(accepted) == language


def test_no_auth_is_for_this_machine_and_no_other_site(api: Api, shop: Path) -> None:
    client = api(None, no_auth=True)
    assert client.get("status").status_code == 200
    assert client.get("status", headers={"Host": "evil.example"}).status_code == 403
    assert client.post("query/count", json={"when": "big"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    with pytest.raises(UsageError, match="this machine alone"):
        check_place(Place("0.0.0.0", 0), Settings(shop, no_auth=True))
    check_place(Place("127.0.0.1", 0), Settings(shop, no_auth=True))


def test_a_port_that_is_taken_is_said() -> None:
    with listen(Place("127.0.0.1", 0)) as first:
        first.listen()
        with pytest.raises(UsageError, match="choose another port"):
            listen(Place("127.0.0.1", first.getsockname()[1]))


def test_before_the_first_build_there_is_no_snapshot(tmp_path: Path, api: Api) -> None:
    import shutil

    shutil.rmtree(tmp_path / ".huaxiang" / "snapshots")
    (tmp_path / ".huaxiang" / "CURRENT").unlink()
    client = api("analyst")
    assert client.get("health").json()["ready"] is False
    for told in (client.get("tags"), client.post("query/count", json={"when": "big"})):
        assert (told.status_code, told.json()["code"]) == (503, "no-snapshot")
    assert client.get("status").json()["problem"]
    publish_sample(tmp_path).close()
    assert until(lambda: client.get("tags").status_code == 200)


def test_a_new_snapshot_takes_over_while_counts_go_on(api: Api, shop: Path) -> None:
    client = api("analyst", rate=0.0)
    first = client.post("query/count", json={"when": "orders >= 0"}).json()["snapshot"]

    async def ask() -> set[str]:
        seen: set[str] = set()
        end = time.monotonic() + PATIENCE
        while len(seen) < 2 and time.monotonic() < end:
            told = await asyncio.to_thread(client.post, "query/count", json={"when": "orders >= 0"})
            assert told.status_code == 200, told.text
            seen.add(told.json()["snapshot"])
        return seen

    async def both() -> set[str]:
        asking = asyncio.create_task(ask())
        await asyncio.to_thread(lambda: publish_sample(shop).close())
        return await asking

    seen = asyncio.run(both())
    assert len(seen) == 2
    assert min(seen) == first
    assert client.get("tags", params={"snapshot": first}).json()["snapshot"] == first


def test_answers_of_the_api_say_how_long_they_took(api: Api) -> None:
    client = api()
    for path in ("health", "status", "nothing"):  # faults too
        assert re.fullmatch(r"app;dur=\d+\.\d\d", client.get(path).headers["server-timing"])
    assert "server-timing" not in client.get("http://127.0.0.1/").headers
