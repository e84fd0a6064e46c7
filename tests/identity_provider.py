"""A small OpenID Connect provider on a port of its own: real HTTP, real keys, and knobs for what a bad one would do."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.waiting import PATIENCE

CLIENT, SECRET = "huaxiang", "a secret/with:signs"
Sign = Callable[["IdentityProvider", dict[str, Any]], str]


def signed(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, provider.key)


@dataclass
class IdentityProvider:
    """What it says and does; tests change it. `asked`: paths that were asked, in order; while `answers` is not set, it keeps all waiting."""

    issuer: str = ""
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "preferred_username": "mei", "name": "梅 Mei"}
    )
    sign: Sign = signed
    claims: Callable[[dict[str, Any]], None] = lambda claims: None
    metadata: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: new_key("first"))
    error: str | None = None
    authentication: str = "basic"
    answers: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def discovery(self) -> dict[str, Any]:
        told = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys"}  # fmt: skip
        return told | self.metadata

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to: the person has agreed."""
        assert asked["client_id"] == CLIENT and asked["response_type"] == "code" and "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        told = {"state": asked["state"]}
        if self.error:
            return f"{asked['redirect_uri']}?{urlencode(told | {'error': self.error})}"
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        if self.metadata.get("authorization_response_iss_parameter_supported"):
            told["iss"] = self.issuer
        return f"{asked['redirect_uri']}?{urlencode(told | {'code': code})}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri") or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        moment = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": moment,
            "exp": moment + 300,
            "nonce": asked["nonce"],
            **self.person,
        }
        self.claims(claims)
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self.sign(self, claims)}

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if self.authentication == "never":
            return False
        if self.authentication == "none":
            return form.get("client_id") == CLIENT and "client_secret" not in form and not authorization
        if self.authentication == "post":
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return (unquote(name), unquote(secret)) == (CLIENT, SECRET)


def new_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}, private=True)


class _Handler(BaseHTTPRequestHandler):
    provider: IdentityProvider

    def do_GET(self) -> None:
        path = urlsplit(self.path)
        self.provider.asked.append(path.path)
        self.provider.answers.wait(PATIENCE)
        if path.path == "/.well-known/openid-configuration":
            self._json(200, self.provider.discovery())
        elif path.path == "/keys":
            self._json(200, {"keys": [self.provider.key.as_dict(private=False)]})
        elif path.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", self.provider.authorize({k: v[0] for k, v in parse_qs(path.query).items()}))
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._json(404, {})

    def do_POST(self) -> None:
        self.provider.asked.append(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {k: v[0] for k, v in parse_qs(body).items()}
        self._json(*self.provider.token(form, self.headers.get("Authorization", "")))

    def _json(self, status: int, told: Any) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Run one; it is gone afterwards."""
    provider = IdentityProvider()
    provider.answers.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"provider": provider}))
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def agree(url: str) -> str:
    """Do what a browser does at the provider: ask for the page, be sent back; return where to."""
    try:
        urllib.request.build_opener(_Stay).open(url, timeout=PATIENCE)
    except urllib.error.HTTPError as answer:
        with answer:
            return str(answer.headers["Location"])
    raise AssertionError("the provider sent nobody back")
