"""Single sign-on: where logins lead, providers that fail, and settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.identity_provider import SECRET, IdentityProvider
from tests.running import free_port
from tests.serve.api.sign_on import GOOD, WEB, Api, begin, entries, finish, log_in
from tests.waiting import until

ELSEWHERE = (
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n//evil.example", "javascript:alert(1)",
    "evil.example", "", "/%0a\u2028x\u2028", "/" + "a" * 1000, "/api/v1/session", "http:evil.example", "/\x00", " //evil.example",
)  # fmt: skip


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_after_a_login_nobody_is_sent_elsewhere(api: Api, offer: Callable[..., None], wanted: str) -> None:
    offer()
    assert log_in(api(None), next=wanted).headers["location"] == "/"


@pytest.mark.parametrize("wanted", ["/tags/高价值", "/audiences?x=https://a.example", "/customers/1#top"])
def test_own_paths_are_gone_on_to(api: Api, offer: Callable[..., None], wanted: str) -> None:
    from urllib.parse import unquote

    offer()
    assert unquote(log_in(api(None), next=wanted).headers["location"]) == wanted


def test_without_the_provider_passwords_still_work(api: Api, shop: Path, offer: Callable[..., None]) -> None:
    offer(issuer=f"http://127.0.0.1:{free_port()}")
    client = api(None)
    told = client.get("oidc/login", follow_redirects=False)
    assert (told.status_code, told.json()["code"]) == (502, "provider")
    assert "密码登录" in told.json()["detail"]
    page = client.get("oidc/login", params={"next": "/tags"}, headers={"Accept": "text/html"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/login?refused=provider&next=%2Ftags")
    assert client.post("session", json={"name": "boss", "password": GOOD}, headers=WEB).status_code == 200


def test_a_provider_that_fails_between_is_told(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    client = api(None)
    back = begin(client)
    idp.authentication = "never"
    told = finish(client, back)
    assert (told.status_code, told.json()["code"]) == (502, "provider")
    assert "invalid_client" in told.json()["detail"] and SECRET not in told.text
    assert entries(shop, "login_failed")[0]["detail"]["reason"] == "provider"


BAD_PROVIDERS = (
    {"issuer": "https://other.example"}, {"token_endpoint": None}, {"jwks_uri": "file:///etc/passwd"},
    {"authorization_endpoint": "javascript:alert(1)"},
)  # fmt: skip


@pytest.mark.parametrize("metadata", BAD_PROVIDERS)
def test_a_provider_that_says_what_none_may_is_not_used(
    api: Api, idp: IdentityProvider, offer: Callable[..., None], metadata: dict[str, Any]
) -> None:
    offer()
    idp.metadata |= metadata
    assert api(None).get("oidc/login", follow_redirects=False).json()["code"] == "provider"


def test_browsers_are_told_on_the_login_page(api: Api, idp: IdentityProvider, offer: Callable[..., None]) -> None:
    offer(create=False)
    client = api(None)
    told = finish(client, begin(client, next="/tags"), accept="text/html,application/xhtml+xml")
    assert (told.status_code, told.headers["location"]) == (303, "/login?refused=unknown&next=%2Ftags")
    assert told.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("way", "secret", "supported"),
    [("post", "env:HUAXIANG_TEST_SECRET", ["client_secret_post"]), ("none", None, None)],
)
def test_clients_prove_themselves_as_the_provider_wants(
    api: Api, idp: IdentityProvider, offer: Callable[..., None], way: str, secret: str | None, supported: Any
) -> None:
    offer(client_secret=secret)
    idp.authentication = way
    if supported:
        idp.metadata["token_endpoint_auth_methods_supported"] = supported
    assert log_in(api(None)).status_code == 303


def test_behind_a_proxy_the_address_is_that_of_the_proxy(api: Api, offer: Callable[..., None]) -> None:
    offer()
    told = api(None, url="https://people.example").get("oidc/login", follow_redirects=False)
    asked = parse_qs(urlsplit(told.headers["location"]).query)
    assert asked["redirect_uri"] == ["https://people.example/api/v1/oidc/callback"]
    assert "Secure" in told.headers["set-cookie"]


@pytest.mark.usefixtures("still")
def test_logins_without_end_have_to_wait(api: Api, offer: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    offer()
    monkeypatch.setattr("huaxiang.app.oidc.login._FREE", 2)
    client = api(None)
    told = [client.get("oidc/login", follow_redirects=False) for _ in range(4)]
    assert [each.status_code for each in told[:3]] == [303] * 3
    assert (told[3].status_code, told[3].json()["code"]) == (429, "rate")
    assert int(told[3].headers["retry-after"]) >= 1


def test_where_it_is_not_set_up_there_is_none(api: Api) -> None:
    client = api(None)
    assert client.get("session").json()["oidc"] is None
    for path in ("oidc/login", "oidc/callback"):
        assert client.get(path, follow_redirects=False).json()["code"] == "not-found"
        assert api(None, no_auth=True).get(path, follow_redirects=False).status_code == 400


def test_settings_that_change_are_taken_over(api: Api, offer: Callable[..., None]) -> None:
    client = api(None)
    offer(title={"zh": "用公司账号登录", "en": "Company account"})
    assert until(lambda: client.get("session").json()["oidc"] == "用公司账号登录")
    assert log_in(client).status_code == 303


def test_a_slow_provider_holds_up_nobody_else(api: Api, idp: IdentityProvider, offer: Callable[..., None]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    offer()
    idp.answers.clear()
    client, analyst = api(None), api("analyst")
    with ThreadPoolExecutor(16) as pool:
        begun = [pool.submit(client.get, "oidc/login", follow_redirects=False) for _ in range(16)]
        try:
            assert until(lambda: len(idp.asked) > 0)
            assert client.post("session", json={"name": "boss", "password": GOOD}, headers=WEB).status_code == 200
            assert analyst.get("status").status_code == 200
            assert not any(each.done() for each in begun)  # the provider has not answered anybody yet
        finally:
            idp.answers.set()
        assert {each.result().status_code for each in begun} == {303}
