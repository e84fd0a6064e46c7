"""The first administrator, logging in and out, and what guards a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.waiting import until

from huaxiang.app import sessions
from huaxiang.app.people import NewUser, add_user, change_user
from huaxiang.app.wiring import open_state
from huaxiang.serve.api.callers import REFRESH
from huaxiang.store.state import StateStore

Api = Callable[..., TestClient]
WEB = {"X-Huaxiang": "web"}
GOOD = "correct horse battery"


@contextmanager
def state_of(shop: Path) -> Iterator[StateStore]:
    with closing(open_state(shop)) as state:
        yield state


@pytest.fixture
def user(shop: Path) -> Callable[..., str]:
    """Make a user of a role; return the name."""

    def make(role: str = "analyst", name: str = "li", **more: Any) -> str:
        with state_of(shop) as state:
            return str(add_user(state, NewUser(name, role, password=GOOD, **more))["name"])

    return make


def log_in(client: TestClient, name: str = "li", password: str = GOOD) -> Any:
    return client.post("session", json={"name": name, "password": password}, headers=WEB)


def test_the_first_administrator_needs_the_code_and_there_is_one_only(api: Api, shop: Path) -> None:
    client = api(None)
    assert client.get("setup").json() == {"needed": True}
    assert client.get("session").json()["setup_needed"] is True
    with state_of(shop) as state:
        code = sessions.setup_code(state)
    asked = {"code": "guess", "name": "Wang", "password": GOOD}
    assert client.post("setup", json=asked, headers=WEB).json()["code"] == "wrong-login"
    weak = client.post("setup", json=asked | {"code": code, "password": "password123"}, headers=WEB)
    assert (weak.status_code, weak.json()["code"]) == (400, "bad-request")
    made = client.post("setup", json=asked | {"code": code}, headers=WEB)
    assert (made.status_code, made.json()["name"], made.json()["role"]) == (201, "wang", "admin")
    assert client.get("people").status_code == 200  # logged in at once
    again = api(None).post("setup", json=asked | {"code": code, "name": "eve"}, headers=WEB)
    assert (again.status_code, again.json()["code"]) == (409, "set-up")
    assert client.get("setup").json() == {"needed": False}
    with state_of(shop) as state:
        assert sessions.setup_code(state) is None


def test_login_sets_a_cookie_that_scripts_and_other_sites_do_not_get(
    api: Api, user: Callable[..., str], shop: Path
) -> None:
    user("analyst", name="Li")
    client = api(None)
    told = log_in(client, "  LI ")
    assert (told.status_code, told.json()["name"], told.json()["authenticated"]) == (200, "li", True)
    assert "sql" in told.json()["rights"] and "unmask" not in told.json()["rights"]
    cookie = told.headers["set-cookie"]
    assert all(
        part in cookie for part in ("huaxiang_session=", "HttpOnly", "SameSite=lax", "Path=/", "Max-Age=1209600")
    )
    assert "Secure" not in cookie
    assert told.headers["cache-control"] == "no-store"
    assert client.get("status").status_code == 200
    assert client.get("people").status_code == 403
    text = client.cookies["huaxiang_session"]
    held = b"".join(path.read_bytes() for path in (shop / ".huaxiang").glob("state.db*"))
    assert text.encode() not in held and GOOD.encode() not in held


def test_the_cookie_is_secure_where_people_use_https(api: Api, user: Callable[..., str]) -> None:
    user()
    assert "Secure" in log_in(api(None, url="https://huaxiang.example")).headers["set-cookie"]


def test_logging_out_ends_the_session_and_not_only_the_cookie(api: Api, user: Callable[..., str]) -> None:
    user()
    client = api(None)
    log_in(client)
    text = client.cookies["huaxiang_session"]
    assert client.delete("session", headers=WEB).status_code == 204
    assert "huaxiang_session" not in client.cookies
    assert client.get("status", headers={"Cookie": f"huaxiang_session={text}"}).status_code == 401
    assert client.get("session").json()["authenticated"] is False


def test_a_login_replaces_the_session_of_before(api: Api, user: Callable[..., str]) -> None:
    user()
    client = api(None)
    log_in(client)
    first = client.cookies["huaxiang_session"]
    log_in(client)
    assert client.cookies["huaxiang_session"] != first
    assert client.get("status", headers={"Cookie": f"huaxiang_session={first}"}).status_code == 401


def test_a_restart_loses_no_login_and_two_servers_are_one(api: Api, user: Callable[..., str]) -> None:
    user()
    first, second = api(None), api(None)
    log_in(first)
    held = {"Cookie": f"huaxiang_session={first.cookies['huaxiang_session']}"}
    assert second.get("status", headers=held).status_code == 200
    first.delete("session", headers=WEB)
    assert until(lambda: second.get("status", headers=held).status_code == 401)
    assert log_in(second).status_code == 200


@pytest.mark.parametrize("change", [{"disabled": True}, {"password": "another good one"}, {"role": "marketer"}])
def test_sessions_end_soon_after_the_user_was_changed(
    api: Api, user: Callable[..., str], shop: Path, change: dict[str, Any]
) -> None:
    user()
    client = api(None)
    log_in(client)
    assert client.get("status").status_code == 200
    with state_of(shop) as state:
        change_user(state, "li", change)
    assert REFRESH <= 1  # all sessions are read anew so often
    assert until(lambda: client.get("status").status_code == 401)
    assert log_in(client).status_code == (401 if "role" not in change else 200)


def test_sessions_end_by_rest_and_by_age(user: Callable[..., str], shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    user()
    with state_of(shop) as state:
        text = sessions.begin(state, "li", "password")
        assert len(sessions.known_sessions(state, text)) == 1
        monkeypatch.setattr(sessions, "IDLE", timedelta(seconds=-1))
        assert not sessions.known_sessions(state, text)
        monkeypatch.undo()
        monkeypatch.setattr(sessions, "LASTS", timedelta(seconds=-1))
        assert not sessions.known_sessions(state, sessions.begin(state, "li", "password"))


def test_use_is_noted_for_all_servers(
    api: Api, user: Callable[..., str], shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    user()
    client = api(None)
    log_in(client)
    with state_of(shop) as state:
        digest = sessions.session_digest(client.cookies["huaxiang_session"])
        before = state.sessions.known(digest)[digest]["seen_at"]
        monkeypatch.setattr("huaxiang.serve.api.cookies.SEEN", timedelta(0))

        def later() -> bool:
            client.get("status")
            return str(state.sessions.known(digest)[digest]["seen_at"]) > before

        assert until(later)


OTHER_SITES = (
    {}, {"X-Huaxiang": "other"}, WEB | {"Sec-Fetch-Site": "cross-site"}, WEB | {"Sec-Fetch-Site": "same-site"},
    WEB | {"Origin": "https://evil.example"}, WEB | {"Origin": "null"}, WEB | {"Origin": "http://127.0.0.1:9"},
)  # fmt: skip


@pytest.mark.parametrize("headers", OTHER_SITES)
def test_pages_of_other_sites_can_change_nothing(api: Api, user: Callable[..., str], headers: dict[str, str]) -> None:
    user()
    client = api(None)
    assert client.post("session", json={"name": "li", "password": GOOD}, headers=headers).status_code == 403
    assert log_in(client).status_code == 200
    assert client.post("query/count", json={"when": "big"}, headers=headers).status_code == 403
    assert client.put("audiences/mine", json={"when": "orders > 1"}, headers=headers).status_code == 403
    assert client.delete("session", headers=headers).status_code == 403
    own = WEB | {"Origin": "http://127.0.0.1", "Sec-Fetch-Site": "same-origin"}
    assert client.post("query/count", json={"when": "big"}, headers=own).status_code == 200


def test_a_cookie_gives_nothing_to_a_request_with_a_wrong_token(api: Api, user: Callable[..., str]) -> None:
    user()
    client = api(None)
    log_in(client)
    assert client.get("status", headers={"Authorization": "Bearer hx_wrong"}).status_code == 401


@pytest.mark.usefixtures("still")
def test_failed_logins_have_to_wait_longer_and_longer_on_all_servers(api: Api, user: Callable[..., str]) -> None:
    user()
    servers = [api(None), api(None)]
    told = [log_in(servers[n % 2], password="wrong").status_code for n in range(7)]
    assert told == [401] * 5 + [429] * 2
    refused = log_in(servers[0])  # even the right password has to wait
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60


@pytest.mark.usefixtures("still")
def test_many_names_from_one_place_have_to_wait_too(
    api: Api, user: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "is_right", lambda *_: False)
    servers = [api(None), api(None)]
    told = [log_in(servers[n % 2], f"name{n}", "wrong").status_code for n in range(23)]
    assert told == [401] * 21 + [429] * 2


def test_the_delay_doubles_up_to_its_bound() -> None:
    delay = sessions._delay(4, 60.0)
    assert [delay(n) for n in (1, 4, 5, 6, 7, 11, 1000)] == [0.0, 0.0, 2.0, 4.0, 8.0, 60.0, 60.0]


def test_unknown_names_take_as_long_and_are_told_the_same(
    api: Api, user: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user()
    user("analyst", "off")
    compared: list[str | None] = []
    real = sessions.is_right

    def counted(kept: str | None, password: str) -> bool:
        compared.append(kept)
        return real(kept, password)

    monkeypatch.setattr(sessions, "is_right", counted)
    client = api(None)
    wrong, unknown = (log_in(client, name, "wrong password").json() for name in ("li", "nobody"))
    assert wrong == unknown
    assert len(compared) == 2 and compared[1] is None


def test_a_password_that_somebody_else_set_is_replaced_first(api: Api, user: Callable[..., str]) -> None:
    user(must_change=True)
    client, other = api(None), api(None)
    assert log_in(client).json()["must_change"] is True
    log_in(other)
    told = client.get("status")
    assert (told.status_code, told.json()["code"]) == (403, "password-change")
    wrong = client.put("session/password", json={"old": "wrong", "new": "a better secret"}, headers=WEB)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong-login")
    assert client.put("session/password", json={"old": GOOD, "new": GOOD}, headers=WEB).status_code == 400
    changed = client.put("session/password", json={"old": GOOD, "new": "a better secret"}, headers=WEB)
    assert (changed.status_code, changed.json()["must_change"]) == (200, False)
    assert client.get("status").status_code == 200
    assert until(lambda: other.get("session").json()["authenticated"] is False)
    assert log_in(other, password="a better secret").status_code == 200


def test_preferences_are_kept_with_the_user(api: Api, user: Callable[..., str]) -> None:
    user()
    client = api(None)
    log_in(client)
    told = client.patch("session", json={"language": "en", "theme": "dark"}, headers=WEB)
    assert (told.json()["language"], told.json()["theme"]) == ("en", "dark")
    assert client.patch("session", json={"theme": "loud"}, headers=WEB).status_code == 422
    assert told.json()["tour_seen"] is False
    assert client.patch("session", json={"tour_seen": True}, headers=WEB).json()["tour_seen"] is True
    again = log_in(api(None))
    assert (again.json()["language"], again.json()["theme"], again.json()["tour_seen"]) == ("en", "dark", True)


def test_without_login_everybody_here_is_the_local_administrator(api: Api) -> None:
    client = api(None, no_auth=True)
    told = client.get("session").json()
    assert (told["authenticated"], told["way"], told["role"], told["setup_needed"]) == (True, "local", "admin", False)
    assert client.get("setup").json() == {"needed": False}
    assert client.post("session", json={"name": "li", "password": "x"}).status_code == 400


def test_a_token_is_told_whose_it_is(api: Api) -> None:
    told = api("marketer").get("session").json()
    assert (told["way"], told["role"], told["must_change"]) == ("token", "marketer", False)
