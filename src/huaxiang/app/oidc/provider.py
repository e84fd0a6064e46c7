"""The provider: where it is asked (discovery), with which keys it signs (JWKS), and what it gives for a code.

Only addresses that its own discovery document names are asked, without following redirects, for so long and so much.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from huaxiang.errors import HuaxiangError

if TYPE_CHECKING:
    from huaxiang.spec.login import OidcSpec

WELL_KNOWN = "/.well-known/openid-configuration"
KEPT = 3600.0
"""Seconds for which discovery document and keys are kept; an unknown key is asked for at once."""
_SECONDS, _LONGEST, _MOST = 5.0, 10.0, 1024 * 1024
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


class ProviderDown(HuaxiangError):
    """The provider can't be asked, or answers what no provider may."""

    def __init__(self, about: str, why: str) -> None:
        super().__init__(
            f"the login provider can't be used now ({about}: {why}); try again later, or log in with a password",
            f"统一登录服务暂时不可用（{about}：{why}）；请稍后再试，或使用密码登录",
        )


class CodeRefused(HuaxiangError):
    """The provider gives nothing for a code: it was used, is too old, or was not made for us. `error`: its word for that."""

    def __init__(self, error: str) -> None:
        self.error = error
        super().__init__(f"the provider refused the code ({error})", f"统一登录服务拒绝了授权码（{error}）")


@dataclass(frozen=True)
class _Kept:
    value: Mapping[str, Any]
    until: float


class Provider:
    """One provider, as one client of it. Safe to use from several threads."""

    def __init__(self, spec: OidcSpec, secret: str | None) -> None:
        self.spec = spec
        self._secret = secret
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._opener = urllib.request.build_opener(_NoRedirects)

    def metadata(self) -> Mapping[str, Any]:
        """The discovery document. Raises ProviderDown, also for one that is not this issuer's."""
        return self._keep("metadata", self._discover)

    def keys(self, *, anew: bool = False) -> Mapping[str, Any]:
        """The key set (JWKS); `anew`: not the one that is kept. Raises ProviderDown."""
        if anew:
            with self._lock:
                self._kept.pop("keys", None)
        return self._keep("keys", lambda: self._get(str(self.metadata()["jwks_uri"]), "jwks_uri"))

    def authorization_url(self, *, state: str, nonce: str, challenge: str, redirect: str) -> str:
        """Where the browser is sent. Raises ProviderDown."""
        at = str(self.metadata()["authorization_endpoint"])
        asked = {
            "response_type": "code", "client_id": self.spec.client_id, "redirect_uri": redirect, "scope": " ".join(self.spec.scopes),
            "state": state, "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{at}{'&' if '?' in at else '?'}{urlencode(asked)}"

    def exchange(self, code: str, *, verifier: str, redirect: str) -> str:
        """The ID token for a code. Raises ProviderDown, CodeRefused."""
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        methods = self.metadata().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self._secret is None:
            asked["client_id"] = self.spec.client_id
        elif "client_secret_basic" in methods or "client_secret_post" not in methods:
            pair = f"{quote(self.spec.client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            asked |= {"client_id": self.spec.client_id, "client_secret": self._secret}
        told = self._ask(
            urllib.request.Request(
                str(self.metadata()["token_endpoint"]),
                urlencode(asked).encode(),
                headers | {"Accept": "application/json"},
            ),
            "token_endpoint",
        )
        token = told.get("id_token")
        if not isinstance(token, str):
            raise ProviderDown("token_endpoint", "its answer holds no id_token")
        return token

    def _discover(self) -> Mapping[str, Any]:
        issuer = self.spec.issuer
        found = self._get(issuer.rstrip("/") + WELL_KNOWN, "discovery")
        if found.get("issuer") != issuer:
            raise ProviderDown(
                "discovery", "it names another issuer than huaxiang.yaml; both must be equal to the last sign"
            )
        plain = urlsplit(issuer).scheme == "http"
        for name in _ENDPOINTS:
            at = found.get(name)
            if not isinstance(at, str) or urlsplit(at).scheme not in (("https", "http") if plain else ("https",)):
                raise ProviderDown("discovery", f"{name} is missing or no https address")
        return found

    def _keep(self, name: str, ask: Any) -> Mapping[str, Any]:
        with self._lock:
            kept = self._kept.get(name)
        if kept is not None and time.monotonic() < kept.until:
            return kept.value
        value: Mapping[str, Any] = ask()
        with self._lock:
            self._kept[name] = _Kept(value, time.monotonic() + KEPT)
        return value

    def _get(self, at: str, about: str) -> Mapping[str, Any]:
        return self._ask(urllib.request.Request(at, headers={"Accept": "application/json"}), about)

    def _ask(self, request: urllib.request.Request, about: str) -> Mapping[str, Any]:
        """The JSON object that is answered."""
        try:
            with self._opener.open(request, timeout=_SECONDS) as response:
                body = _read(response)
        except urllib.error.HTTPError as error:
            with error:
                raise _failed(error, about) from None
        except (OSError, ValueError, HTTPException) as error:
            raise ProviderDown(about, type(error).__name__) from None
        try:
            found = json.loads(body)
        except ValueError:
            raise ProviderDown(about, "its answer is no JSON") from None
        if not isinstance(found, dict):
            raise ProviderDown(about, "its answer is no JSON object")
        return found


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A code or a secret goes where it was meant to go, or nowhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""


def _read(response: Any) -> bytes:
    until, parts, size = time.monotonic() + _LONGEST, [], 0
    while part := response.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > _MOST or time.monotonic() > until:
            raise ValueError
    return b"".join(parts)


def _failed(error: urllib.error.HTTPError, about: str) -> HuaxiangError:
    """What a status means: a refusal of the code, or a provider that does not work."""
    told: Any = None
    if about == "token_endpoint" and error.code in (400, 401, 403):
        try:
            told = json.loads(_read(error)).get("error")
        except (OSError, ValueError, AttributeError):
            told = None
    word = told if isinstance(told, str) and _CODE.fullmatch(told) else None
    if word == "invalid_grant":
        return CodeRefused(word)
    return ProviderDown(about, f"{error.code} {word}" if word else f"status {error.code}")
