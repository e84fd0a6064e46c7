"""Single sign-on against a real provider: whom it lets in, which tokens and answers are refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from tests.identity_provider import CLIENT, SECRET, IdentityProvider, agree, new_key
from tests.serve.api.sign_on import GOOD, ROLES, WEB, Api, begin, entries, finish, log_in, refused, user


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


def test_another_page_begins_no_login(api: Api, offer: Callable[..., None]) -> None:
    offer()
    client = api(None)
    asked = client.get("oidc/login", headers={"Sec-Fetch-Mode": "no-cors"}, follow_redirects=False)
    assert (asked.status_code, asked.json()["code"]) == (403, "forbidden")
    assert client.get("oidc/login", headers={"Sec-Fetch-Mode": "navigate"}, follow_redirects=False).status_code == 303
