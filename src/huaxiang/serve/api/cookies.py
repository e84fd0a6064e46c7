"""Sessions of people who use the page: the cookie, what keeps other sites from using it, and who is logged in."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from huaxiang.app.rights import Caller
from huaxiang.app.sessions import LASTS, SEEN, Session, known_sessions, session_digest
from huaxiang.serve.api.problems import Problem
from huaxiang.serve.api.settings import OIDC, PREFIX, SESSION, Settings

if TYPE_CHECKING:
    from huaxiang.store.state import StateStore

COOKIE = "huaxiang_session"
MARK = b"x-huaxiang"
"""The header that a page of ours sends with whatever changes something; other sites can't without being asked for leave first."""
OPEN = frozenset({
    *((method, f"{PREFIX}/session") for method in ("GET", "POST", "DELETE")), *((method, f"{PREFIX}/setup") for method in ("GET", "POST")),
    ("GET", f"{OIDC}/login"), ("GET", f"{OIDC}/callback"),
})  # fmt: skip
"""What answers those who are not logged in."""
_OWN = (f"{PREFIX}/session", f"{PREFIX}/session/password")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST = 100
_AGAIN = 1.0
_MOST = 10_000
_STALE = 60.0


@dataclass(frozen=True)
class Cookie:
    """A cookie of ours: below which path it is sent, and for how long."""

    name: str
    path: str
    seconds: int


SESSION_COOKIE = Cookie(COOKIE, "/", int(LASTS.total_seconds()))
SIGN_ON_COOKIE = Cookie("huaxiang_oidc", OIDC, 600)
"""Binds a login by the provider to the browser that began it."""


class Sessions:
    """Recognises sessions. All are read anew beside the requests (`refresh`); one that is not among them is looked up when it comes."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._known: dict[str, Session] = {}
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._used: set[str] = set()
        self._read_at = time.monotonic()

    async def of(self, text: str | None) -> Session | None:
        """The session whose cookie this is, when it holds."""
        if not text or len(text) > _LONGEST or time.monotonic() - self._read_at > _STALE:
            return None
        digest = session_digest(text)
        found = self._known.get(digest) or await self._look_up(digest, text)
        if found is None or not found.holds():
            return None
        if datetime.now(UTC) - found.seen > SEEN:
            self._used.add(digest)
        return found

    async def _look_up(self, digest: str, text: str) -> Session | None:
        """Ask for a session that began a moment ago; what is not there is not asked for again at once."""
        moment = time.monotonic()
        if moment - self._unknown.get(digest, -_AGAIN) < _AGAIN:
            return None
        found = (await run_sync(known_sessions, self._state, text)).get(digest)
        if found is not None:
            self._known[digest] = found
            return found
        self._unknown[digest] = moment
        while len(self._unknown) > _MOST:
            self._unknown.popitem(last=False)
        return None

    def refresh(self) -> None:
        """Note which were in use, and read all anew."""
        used, self._used = self._used, set()
        if used:
            self._state.sessions.touch(used)
        self._known = known_sessions(self._state)
        self._read_at = time.monotonic()


async def session_caller(
    sessions: Sessions, scope: Scope, headers: Mapping[bytes, str], settings: Settings
) -> Caller | None:
    """Who sends a request that has no token: the user of its session, kept in the scope; None for nobody, where the path is open to them.

    Raises Problem: nobody is logged in, the request may come from another site's page, or the password has to be changed first.
    """
    session = await sessions.of(cookie_of(headers))
    if session is None and (scope["method"], scope["path"]) not in OPEN:
        raise _nobody()
    if scope["method"] not in _SAFE:
        check_site(headers, settings)
    if session is not None:
        scope[SESSION] = session
        if session.must_change and scope["path"] not in _OWN:
            raise Problem("password-change", "choose a password of your own first", "请先设置自己的密码")
        return session.caller
    return None


def _nobody() -> Problem:
    return Problem(
        "no-token", "log in, or send a token that is in force: `Authorization: Bearer hx_…` (`huaxiang token create`)",
        "请先登录，或在 Authorization 头中携带有效令牌：Bearer hx_…（用 huaxiang token create 创建）",
        headers={"WWW-Authenticate": "Bearer"},
    )  # fmt: skip


def check_site(headers: Mapping[bytes, str], settings: Settings) -> None:
    """Raise Problem unless a request that changes something comes from our own page."""
    origin = headers.get(b"origin")
    hosts = {headers.get(b"host", "").lower(), *([urlsplit(settings.url).netloc.lower()] if settings.url else ())}
    own = origin is None or (urlsplit(origin).netloc.lower() in hosts and bool(urlsplit(origin).netloc))
    if headers.get(MARK) != "web" or headers.get(b"sec-fetch-site", "none") not in ("none", "same-origin") or not own:
        raise Problem(
            "forbidden", "changes need a token, or a session of this server's own page (header `X-Huaxiang: web`)",
            "更改操作需要令牌，或由本服务自己的页面发出（请求头 X-Huaxiang: web）",
        )  # fmt: skip


def cookie_of(headers: Mapping[bytes, str], name: str = COOKIE) -> str | None:
    """The text of the session in a request, or of another cookie of ours."""
    text = headers.get(b"cookie", "")
    if name not in text:
        return None
    try:
        found = SimpleCookie(text).get(name)
    except CookieError:
        return None
    return found.value if found is not None else None


def place_of(scope: Scope, headers: Mapping[bytes, str], settings: Settings) -> str:
    """The address that a request comes from: as the proxy before us tells, where we were told that there is one."""
    told = headers.get(b"x-forwarded-for", "").rpartition(",")[2].strip() if settings.url else ""
    client = scope.get("client")
    return told[:64] or (client[0] if client else "")


def set_cookie(
    request: Request, response: Response, text: str, settings: Settings, cookie: Cookie = SESSION_COOKIE
) -> None:
    """Hand the session, or the text of another cookie, to the browser."""
    response.set_cookie(
        cookie.name, text, max_age=cookie.seconds, path=cookie.path, httponly=True, samesite="lax", secure=_is_https(request, settings)
    )  # fmt: skip


def drop_cookie(request: Request, response: Response, settings: Settings, cookie: Cookie = SESSION_COOKIE) -> None:
    """Take the session, or another cookie, from the browser."""
    response.delete_cookie(
        cookie.name, path=cookie.path, httponly=True, samesite="lax", secure=_is_https(request, settings)
    )


def _is_https(request: Request, settings: Settings) -> bool:
    return request.url.scheme == "https" or bool(settings.url and settings.url.startswith("https:"))
