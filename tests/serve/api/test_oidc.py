"""Single sign-on against a real provider: who comes in, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from starlette.testclient import TestClient
from tests.identity_provider import CLIENT, SECRET, IdentityProvider, agree, identity_provider, new_key

from huaxiang.app.people import NewUser, add_user, change_user, invited, show_user
from huaxiang.app.wiring import open_state

Api = Callable[..., TestClient]
WEB = {"X-Huaxiang": "web"}
GOOD = "correct horse battery"
ROLES = [
    {"group": "bosses", "role": "admin"},
    {"group": "数据", "role": "analyst"},
    {"group": "shop", "role": "marketer"},
]


@pytest.fixture
def idp() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def offer(shop: Path, idp: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set single sign-on up; there is an administrator with a password."""
    monkeypatch.setenv("HUAXIANG_TEST_SECRET", SECRET)
    with closing(open_state(shop)) as state:
        add_user(state, NewUser("boss", "admin", password=GOOD))
    plain = (shop / "huaxiang.yaml").read_text("utf-8")

    def write(**settings: Any) -> None:
        told = {"issuer": idp.issuer, "client_id": CLIENT, "client_secret": "env:HUAXIANG_TEST_SECRET", "create": True,
                "default_role": "marketer"} | settings  # fmt: skip
        told = {key: value for key, value in told.items() if value is not None}
        (shop / "huaxiang.yaml").write_text(f"{plain}\noidc: {json.dumps(told, ensure_ascii=False)}\n", "utf-8")

    return write


def begin(client: TestClient, **asked: str) -> str:
    """Begin a login; return where the provider sends the browser back to, as path and query."""
    told = client.get("oidc/login", params=asked, follow_redirects=False)
    assert told.status_code == 303, told.text
    back = urlsplit(agree(told.headers["location"]))
    assert f"{back.scheme}://{back.netloc}{back.path}" == "http://127.0.0.1/api/v1/oidc/callback"
    return f"{back.path}?{back.query}"


def finish(client: TestClient, back: str, accept: str = "*/*") -> Any:
    return client.get(f"http://127.0.0.1{back}", follow_redirects=False, headers={"Accept": accept})


def log_in(client: TestClient, **asked: str) -> Any:
    return finish(client, begin(client, **asked))


def refused(answer: Any) -> str:
    assert (answer.status_code, answer.json()["code"]) == (403, "sign-on-refused"), answer.text
    assert "huaxiang_session" not in answer.headers.get("set-cookie", "")
    return str(answer.json()["reason"])


def entries(shop: Path, action: str) -> list[dict[str, Any]]:
    from huaxiang.app.audit import show_entries, wanted_of

    with closing(open_state(shop)) as state:
        return list(show_entries(state, wanted_of(action=action), limit=50)["entries"])


def user(shop: Path, name: str) -> dict[str, Any]:
    with closing(open_state(shop)) as state:
        return show_user(state, name)


def test_who_is_known_there_is_logged_in_here(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(roles=ROLES)
    idp.person["groups"] = ["shop", "数据"]
    client = api(None)
    assert client.get("session").json()["oidc"] == "单点登录"
    assert client.get("session", headers={"Accept-Language": "en"}).json()["oidc"] == "Single sign-on"
    sent = client.get("oidc/login", params={"next": "/audiences?tag=a"}, follow_redirects=False)
    asked = {key: value[0] for key, value in parse_qs(urlsplit(sent.headers["location"]).query).items()}
    assert asked["redirect_uri"] == "http://127.0.0.1/api/v1/oidc/callback"
    assert (asked["scope"], asked["code_challenge_method"]) == ("openid profile email", "S256")
    assert len(asked["state"]) >= 40 and len(asked["nonce"]) >= 40
    cookie = sent.headers["set-cookie"]
    assert all(
        part in cookie for part in ("huaxiang_oidc=", "HttpOnly", "SameSite=lax", "Path=/api/v1/oidc", "Max-Age=600")
    )
    held = b"".join(path.read_bytes() for path in (shop / ".huaxiang").glob("state.db*"))
    assert asked["state"].encode() not in held and client.cookies["huaxiang_oidc"].encode() not in held
    back = urlsplit(agree(sent.headers["location"]))
    told = finish(client, f"{back.path}?{back.query}")
    assert (told.status_code, told.headers["location"]) == (303, "/audiences?tag=a")
    assert "huaxiang_oidc" not in client.cookies
    me = client.get("session").json()
    assert (me["name"], me["display_name"], me["role"], me["way"]) == ("mei", "梅 Mei", "analyst", "oidc")
    assert not me["must_change"] and client.get("status").status_code == 200
    assert user(shop, "mei")["way"] == "oidc"
    assert log_in(api(None)).status_code == 303  # known now
    assert len(entries(shop, "user_added")) == 1
    assert [e["detail"]["way"] for e in entries(shop, "login") if e["who"] == "mei"] == ["oidc", "oidc"]


def test_who_comes_this_way_has_no_password(api: Api, idp: IdentityProvider, offer: Callable[..., None]) -> None:
    offer()
    log_in(api(None))
    client = api(None)
    asked = {"name": "mei", "password": GOOD}
    assert client.post("session", json=asked, headers=WEB).status_code == 401
    boss = api("admin")
    assert boss.patch("people/mei", json={"password": "another good one"}).status_code == 400
    assert client.post("session", json=asked | {"password": "another good one"}, headers=WEB).status_code == 401


def changed(**values: Any) -> Callable[[dict[str, Any]], None]:
    def change(claims: dict[str, Any]) -> None:
        claims.update(values)
        for key in [key for key, value in values.items() if value is None]:
            del claims[key]

    return change


BAD_CLAIMS = {
    "another nonce": {"nonce": "another"}, "no nonce": {"nonce": None}, "nonce of another kind": {"nonce": 1},
    "another audience": {"aud": "other"}, "no audience": {"aud": None}, "several audiences": {"aud": [CLIENT, "other"]},
    "another party": {"azp": "other"}, "another issuer": {"iss": "https://evil.example"}, "issuer with a slash": {"iss": "/"},
    "expired": {"exp": 1_700_000_000}, "no expiry": {"exp": None}, "expiry as text": {"exp": "never"}, "from the future": {"iat": 9_999_999_999},
    "no subject": {"sub": None}, "empty subject": {"sub": ""}, "subject of another kind": {"sub": 7}, "long subject": {"sub": "x" * 256},
}  # fmt: skip


@pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS)
def test_a_token_that_is_not_for_this_login_is_refused(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None], claims: dict[str, Any]
) -> None:
    offer()
    idp.claims = changed(**claims)
    client = api(None)
    assert refused(log_in(client)) == "token"
    assert client.get("session").json()["authenticated"] is False
    (entry,) = entries(shop, "login_failed")
    assert (entry["who"], entry["detail"]["way"], entry["detail"]["reason"]) == ("", "oidc", "token")


def test_several_audiences_with_us_as_the_party_are_right(
    api: Api, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    idp.claims = changed(aud=[CLIENT, "other"], azp=CLIENT)
    assert log_in(api(None)).status_code == 303


def _part(told: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


def unsigned(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def by_hmac(secret: bytes, claims: dict[str, Any], **header: Any) -> str:
    """What libraries refuse to sign: anything taken for a secret."""
    text = f"{_part({'alg': 'HS256', **header})}.{_part(claims)}"
    sign = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(sign).rstrip(b'=').decode()}"


def by_public_key(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return by_hmac(provider.key.as_pem(private=False), claims, kid=provider.key.kid)


def by_secret(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return by_hmac(SECRET.encode(), claims)


def by_another_key(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, new_key("other"))


def by_unknown_key(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "nowhere"}, claims, new_key("nowhere"))


def changed_after(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    head, _, tail = jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, provider.key).split(".")
    return f"{head}.{_part(claims | {'sub': 'somebody else'})}.{tail}"


FORGED = {
    "alg none": unsigned, "HS256 by the public key": by_public_key, "HS256 by the secret": by_secret, "another key": by_another_key,
    "unknown key": by_unknown_key, "changed": changed_after, "no token": lambda *_: "none", "empty": lambda *_: "..",
    "no object": lambda p, _: f"{_part({'alg': 'RS256', 'kid': 'first'})}.{_part([1])}.AA", "not base64": lambda *_: "é.é.é",
}  # fmt: skip


@pytest.mark.parametrize("sign", FORGED.values(), ids=FORGED)
def test_what_the_provider_did_not_sign_is_refused(
    api: Api, idp: IdentityProvider, offer: Callable[..., None], sign: Any
) -> None:
    offer()
    idp.sign = sign
    assert refused(log_in(api(None))) == "token"


def test_a_key_without_name_is_found_where_there_is_one(
    api: Api, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    idp.sign = lambda provider, claims: jwt.encode({"alg": "RS256"}, claims, provider.key)
    assert log_in(api(None)).status_code == 303


def test_new_keys_are_asked_for_when_they_are_needed(
    api: Api, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    client = api(None)
    for _ in range(2):
        assert log_in(client).status_code == 303
    assert (idp.asked.count("/keys"), idp.asked.count("/.well-known/openid-configuration")) == (1, 1)
    idp.key = new_key("second")
    assert log_in(client).status_code == 303
    assert idp.asked.count("/keys") == 2


def test_a_login_is_finished_once_and_in_the_browser_that_began_it(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    client = api(None)
    back = begin(client)
    mine = client.cookies["huaxiang_oidc"]
    assert finish(client, back).status_code == 303
    client.cookies.set("huaxiang_oidc", mine, domain="127.0.0.1", path="/api/v1/oidc")
    assert refused(finish(client, back)) == "state"
    attacker, victim = api(None), api(None)
    begin(victim)
    assert refused(finish(victim, begin(attacker))) == "state"
    assert refused(finish(api(None), begin(attacker))) == "state"
    assert refused(finish(client, "/api/v1/oidc/callback?code=x")) == "state"
    assert refused(finish(client, "/api/v1/oidc/callback?code=x&state=" + "y" * 43)) == "state"
    assert victim.get("session").json()["authenticated"] is False
    assert {entry["detail"]["told"] for entry in entries(shop, "login_failed")} == {
        "unknown or used", "another browser", "no state",
    }  # fmt: skip


def test_a_login_that_takes_too_long_begins_again(
    api: Api, offer: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer()
    monkeypatch.setattr("huaxiang.app.oidc.login.SECONDS", -1)
    assert refused(log_in(api(None))) == "state"


def test_a_code_that_was_used_gives_nothing(api: Api, idp: IdentityProvider, offer: Callable[..., None]) -> None:
    offer()
    client = api(None)
    back = begin(client)
    idp.codes.clear()
    assert refused(finish(client, back)) == "state"


def test_another_server_can_finish_what_one_began(api: Api, offer: Callable[..., None]) -> None:
    offer()
    first, second = api(None), api(None)
    back = begin(first)
    second.cookies.set("huaxiang_oidc", first.cookies["huaxiang_oidc"], domain="127.0.0.1", path="/api/v1/oidc")
    assert finish(second, back).status_code == 303


def test_answers_of_another_provider_are_refused(api: Api, idp: IdentityProvider, offer: Callable[..., None]) -> None:
    offer()
    client = api(None)
    assert refused(finish(client, begin(client) + "&iss=https%3A%2F%2Fevil.example")) == "token"
    idp.metadata["authorization_response_iss_parameter_supported"] = True
    other = api(None)
    assert log_in(other).status_code == 303
    back = begin(other)
    assert refused(finish(other, back.replace("&iss=", "&was="))) == "token"


def test_who_refuses_there_is_not_logged_in_here(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    idp.error = "access_denied"
    assert refused(log_in(api(None))) == "declined"
    assert entries(shop, "login_failed")[0]["detail"]["told"] == "access_denied"
    idp.error = "<script>"
    assert refused(log_in(api(None))) == "declined"
    assert "told" not in entries(shop, "login_failed")[0]["detail"]


def test_unknown_people_stay_outside_unless_they_may_be_made(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(create=False, default_role=None)
    assert refused(log_in(api(None))) == "unknown"
    with closing(open_state(shop)) as state:
        add_user(state, invited("Mei", "auditor"))
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["role"] == "auditor"
    idp.person["preferred_username"] = "mei.wang"  # a new name there is the same person here
    assert log_in(client).status_code == 303
    assert client.get("session").json()["name"] == "mei"
    idp.person |= {"sub": "u-2", "preferred_username": "mei"}  # somebody else under the former name is not
    assert refused(log_in(client)) == "unknown"


def test_a_user_with_a_password_is_not_taken_over(api: Api, idp: IdentityProvider, offer: Callable[..., None]) -> None:
    offer()
    idp.person["preferred_username"] = "Boss"
    assert refused(log_in(api(None))) == "name-taken"
    idp.person["preferred_username"] = "?"
    assert refused(log_in(api(None))) == "name"
    del idp.person["preferred_username"]
    assert refused(log_in(api(None))) == "name"


def test_who_was_disabled_stays_outside(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer()
    assert log_in(api(None)).status_code == 303
    with closing(open_state(shop)) as state:
        change_user(state, "mei", {"disabled": True})
        add_user(state, invited("li", "marketer"))
        change_user(state, "li", {"disabled": True})
    assert refused(log_in(api(None))) == "disabled"
    assert entries(shop, "login_failed")[0]["who"] == "mei"
    idp.person |= {"sub": "u-li", "preferred_username": "li"}
    assert refused(log_in(api(None))) == "disabled"


def test_the_groups_decide_the_role_at_each_login(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(roles=ROLES, default_role=None, claims={"groups": "realm.roles"})
    idp.person["realm"] = {"roles": ["shop"]}
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["role"] == "marketer"
    idp.person["realm"] = {"roles": ["shop", "数据"]}
    other = api(None)
    assert log_in(other).status_code == 303
    assert other.get("session").json()["role"] == "analyst"
    (entry,) = entries(shop, "user_changed")
    assert (entry["who"], entry["object"]) == ("mei", "user mei")
    assert (entry["detail"]["former"], entry["detail"]["user_role"], entry["detail"]["way"]) == (
        "marketer",
        "analyst",
        "oidc",
    )
    with closing(open_state(shop)) as state:
        assert len(state.sessions.known()) == 1  # that of the former role is over
    idp.person["realm"] = {"roles": ["cooks", 7, None]}
    assert refused(log_in(api(None))) == "no-role"
    assert user(shop, "mei")["role"] == "analyst"
    del idp.person["realm"]
    assert refused(log_in(api(None))) == "no-role"


def test_without_groups_roles_are_given_here(api: Api, shop: Path, offer: Callable[..., None]) -> None:
    offer()
    log_in(api(None))
    with closing(open_state(shop)) as state:
        change_user(state, "mei", {"role": "analyst"})
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["role"] == "analyst"


def test_the_last_administrator_stays_one(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(roles=ROLES)
    idp.person["groups"] = "bosses"
    assert log_in(api(None)).status_code == 303
    with closing(open_state(shop)) as state:
        change_user(state, "boss", {"disabled": True})
    idp.person["groups"] = ["shop"]
    assert refused(log_in(api(None))) == "last-admin"
    assert user(shop, "mei")["role"] == "admin"


def test_the_first_user_is_an_administrator(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    from huaxiang.store.state_schema import users

    offer(roles=ROLES)
    with closing(open_state(shop)) as state, state.users._database.write() as connection:
        connection.execute(users.delete())
    assert refused(log_in(api(None))) == "set-up"
    idp.person["groups"] = ["bosses"]
    assert log_in(api(None)).status_code == 303


@pytest.mark.parametrize(
    ("email", "comes"),
    [
        ({"email": "mei@shop.example", "email_verified": True}, True),
        ({"email": "Mei@SHOP.example", "email_verified": "true"}, True),
        ({"email": "mei@shop.example", "email_verified": False}, False),
        ({"email": "mei@shop.example"}, False),
        ({"email": "mei@evil.example@shop.example", "email_verified": True}, False),
        ({"email": "mei@notshop.example", "email_verified": True}, False),
        ({}, False),
    ],
)
def test_only_verified_addresses_of_the_company_come_in(
    api: Api, idp: IdentityProvider, offer: Callable[..., None], email: dict[str, Any], comes: bool
) -> None:
    offer(email_domains=["shop.example"])
    idp.person |= email
    answer = log_in(api(None))
    assert answer.status_code == 303 if comes else refused(answer) == "email"


def test_an_address_that_is_not_verified_is_no_name(
    api: Api, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    offer(claims={"name": "email"})
    idp.person |= {"email": "boss@shop.example", "email_verified": False}
    assert refused(log_in(api(None))) == "name"
    idp.person["email_verified"] = True
    client = api(None)
    assert log_in(client).status_code == 303
    assert client.get("session").json()["name"] == "boss@shop.example"


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


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


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
    import time

    client = api(None)
    offer(title={"zh": "用公司账号登录", "en": "Company account"})
    end = time.monotonic() + 5
    while client.get("session").json()["oidc"] is None and time.monotonic() < end:
        time.sleep(0.05)
    assert client.get("session").json()["oidc"] == "用公司账号登录"
    assert log_in(client).status_code == 303


def test_a_slow_provider_holds_up_nobody_else(api: Api, idp: IdentityProvider, offer: Callable[..., None]) -> None:
    import time
    from concurrent.futures import ThreadPoolExecutor

    offer()
    idp.slow = 3.0
    client, analyst = api(None), api("analyst")
    with ThreadPoolExecutor(16) as pool:
        begun = [pool.submit(client.get, "oidc/login", follow_redirects=False) for _ in range(16)]
        time.sleep(0.3)
        assert client.post("session", json={"name": "boss", "password": GOOD}, headers=WEB).status_code == 200
        assert analyst.get("status").status_code == 200
        assert not any(each.done() for each in begun)  # the provider has not answered anybody yet
        assert {each.result().status_code for each in begun} == {303}


def test_two_servers_make_somebody_new_once(shop: Path, offer: Callable[..., None]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from huaxiang.app.oidc.person import settle
    from huaxiang.app.oidc.setup import read_setup

    offer()
    found = read_setup(shop)
    assert found is not None
    with closing(open_state(shop)) as one, closing(open_state(shop)) as other, ThreadPoolExecutor(2) as pool:
        for number in range(10):
            claims = {"sub": f"n-{number}", "preferred_username": f"new{number}"}
            both = [pool.submit(settle, state, found.spec, claims) for state in (one, other)]
            people = [each.result() for each in both]
            assert [person.name for person in people] == [f"new{number}"] * 2
            assert sum(person.made for person in people) == 1


def test_administrators_add_people_without_a_password(
    api: Api, shop: Path, idp: IdentityProvider, offer: Callable[..., None]
) -> None:
    asked = {"name": "mei", "role": "auditor"}
    boss = api("admin")
    assert boss.get("people").json()["ways"] == ["password"]
    assert boss.post("people", json=asked).status_code == 400
    offer(create=False, default_role=None)
    boss = api("admin")
    assert boss.get("people").json()["ways"] == ["password", "oidc"]
    made = boss.post("people", json=asked)
    assert (made.status_code, made.json()["way"], made.json()["must_change"]) == (201, "oidc", False)
    assert log_in(api(None)).status_code == 303
