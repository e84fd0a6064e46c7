"""A login by the provider: begun in one browser, finished in the same, once; and which user it is.

What a login needs to remember lies in the state database under the digest of its `state`, so that any server can finish it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from huaxiang.app.oidc.id_token import Expected, TokenRefused, UnknownKey, claims_of
from huaxiang.app.oidc.provider import CodeRefused
from huaxiang.app.oidc.refusals import SignOnRefused
from huaxiang.app.sessions import TooManyLogins

if TYPE_CHECKING:
    from huaxiang.app.oidc.provider import Provider
    from huaxiang.store.state import StateStore

PURPOSE, SECONDS = "oidc", 600
"""A login that was begun can be finished for so many seconds."""
_LONGEST_NEXT, _LONGEST_PART = 1000, 4096
_FREE, _MOST_WAIT = 50, 60.0
"""Logins that may be begun from one address without any that succeeds; from then on they have to wait, up to so many seconds."""


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and what it has to bring back besides: the text of a cookie."""

    url: str
    browser: str


@dataclass(frozen=True)
class Answered:
    """What the provider said of the person: checked claims, and the path that was wanted."""

    claims: Mapping[str, Any]
    next: str


def begin(state: StateStore, provider: Provider, *, redirect: str, wanted: str | None, place: str) -> Begun:
    """Begin a login. `redirect`: our own address that the provider sends the browser back to; `wanted`: the path to go on to; `place`: the
    address that asks.

    Raises ProviderDown, TooManyLogins.
    """
    text, nonce, verifier, browser = (secrets.token_urlsafe(size) for size in (32, 32, 48, 32))
    url = provider.authorization_url(state=text, nonce=nonce, challenge=challenge_of(verifier), redirect=redirect)
    wait = state.attempts.begin({_counted(place): _delay})
    if wait > 0:
        raise TooManyLogins(wait)
    kept = {"nonce": nonce, "verifier": verifier, "next": own_path(wanted), "redirect": redirect, "browser": _digest(browser),
            "client": _client(provider)}  # fmt: skip
    state.codes.add(_digest(text), PURPOSE, SECONDS, json.dumps(kept))
    return Begun(url, browser)


def finish(
    state: StateStore, provider: Provider, told: Mapping[str, str], *, browser: str | None, place: str
) -> Answered:
    """Finish a login that was begun in this browser. `told`: the parameters that the provider sent the browser back with (state, code,
    iss, error).

    Raises SignOnRefused, ProviderDown.
    """
    kept = _take(state, provider, told.get("state", ""), browser)
    named = "iss" in told or provider.metadata().get("authorization_response_iss_parameter_supported") is True
    if named and told.get("iss") != provider.spec.issuer:  # RFC 9207: another provider's answer
        raise SignOnRefused("token", "issuer of the answer")
    if "error" in told:
        raise SignOnRefused("declined", told["error"] if told["error"].replace("_", "").isalpha() else "")
    code = told.get("code", "")
    if not 0 < len(code) <= _LONGEST_PART:
        raise SignOnRefused("state", "no code")
    try:
        token = provider.exchange(code, verifier=kept["verifier"], redirect=kept["redirect"])
        expected = Expected(provider.spec.issuer, provider.spec.client_id, kept["nonce"])
        try:
            claims = claims_of(token, provider.keys(), expected)
        except UnknownKey:
            claims = claims_of(token, provider.keys(anew=True), expected)
    except CodeRefused as error:
        raise SignOnRefused("state", error.error) from None
    except TokenRefused as error:
        raise SignOnRefused("token", error.why) from None
    state.attempts.succeeded(_counted(place), _counted(place))
    return Answered(claims, kept["next"])


def own_path(text: str | None) -> str:
    """A path of our own page, else `/`: no address of another site, however it is written."""
    if not text or len(text) > _LONGEST_NEXT or not text.startswith("/") or text.startswith(("//", "/api/")):
        return "/"
    if "\\" in text or not text.isprintable():
        return "/"
    try:
        found = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if found.scheme or found.netloc else text


def challenge_of(verifier: str) -> str:
    """The code challenge S256 of a verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def _take(state: StateStore, provider: Provider, text: str, browser: str | None) -> dict[str, str]:
    """What was kept when the login began; nobody gets it again. Raises SignOnRefused."""
    if not 0 < len(text) <= _LONGEST_PART:
        raise SignOnRefused("state", "no state")
    held, value = state.codes.take(_digest(text), PURPOSE)
    if not held or value is None:
        raise SignOnRefused("state", "unknown or used")
    kept: dict[str, str] = json.loads(value)
    if browser is None or not hmac.compare_digest(kept["browser"], _digest(browser)):
        raise SignOnRefused("state", "another browser")
    if kept["client"] != _client(provider):
        raise SignOnRefused("state", "settings changed")
    return kept


def _client(provider: Provider) -> str:
    return _digest(f"{provider.spec.issuer}\n{provider.spec.client_id}")


def _counted(place: str) -> str:
    return _digest(f"oidc:{place}")


def _delay(begun: int) -> float:
    return float(min(_MOST_WAIT, 2.0 ** min(begun - _FREE, 10))) if begun > _FREE else 0.0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
