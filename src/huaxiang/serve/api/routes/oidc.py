"""Single sign-on: the browser is sent to the provider, and comes back from it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from huaxiang.app.oidc.provider import Provider, ProviderDown
from huaxiang.app.oidc.refusals import SignOnRefused
from huaxiang.app.sessions import TooManyLogins
from huaxiang.errors import HuaxiangError
from huaxiang.serve.api.context import server_of
from huaxiang.serve.api.cookies import SIGN_ON_COOKIE, cookie_of, drop_cookie, set_cookie
from huaxiang.serve.api.problems import Problem
from huaxiang.serve.api.routes.session import begin_session, headers_of, need_users, place
from huaxiang.serve.api.settings import PREFIX

router = APIRouter(tags=["session"])
_UNKEPT = {"Cache-Control": "no-store"}
_TOLD = ("state", "code", "iss", "error")
_DOCUMENTED: dict[str, Any] = {"security": [], "responses": {"303": {"description": "The browser goes on"}}}
Told = Annotated[str | None, Query(max_length=4096)]


@router.get("/oidc/login", status_code=303, response_class=RedirectResponse, openapi_extra=_DOCUMENTED)
async def log_in(
    request: Request,
    wanted: Annotated[str | None, Query(alias="next", max_length=4096, description="The path to go on to")] = None,
) -> Response:
    """Send the browser to the login provider."""
    return await run_sync(_begin, request, wanted, limiter=server_of(request).asking)


@router.get("/oidc/callback", status_code=303, response_class=RedirectResponse, openapi_extra=_DOCUMENTED)
async def come_back(
    request: Request, state: Told = None, code: Told = None, iss: Told = None, error: Told = None
) -> Response:
    """Take the browser back from the login provider, and log in."""
    told = {name: value for name, value in zip(_TOLD, (state, code, iss, error), strict=True) if value is not None}
    return await run_sync(_finish, request, told, limiter=server_of(request).asking)


def _begin(request: Request, wanted: str | None) -> Response:
    from huaxiang.app.oidc.login import begin

    if (
        request.headers.get("sec-fetch-mode", "navigate") != "navigate"
    ):  # an image of another page counts as nobody's login
        raise Problem("forbidden", "a login begins by opening this address", "登录须由浏览器直接打开此地址")
    server, provider = server_of(request), _provider(request)
    try:
        begun = begin(server.state, provider, redirect=_redirect(request), wanted=wanted, place=place(request))
    except (ProviderDown, TooManyLogins) as fault:
        return _refused(request, fault, wanted)
    response = RedirectResponse(begun.url, 303, _UNKEPT)
    set_cookie(request, response, begun.browser, server.settings, SIGN_ON_COOKIE)
    return response


def _finish(request: Request, told: dict[str, str]) -> Response:
    from huaxiang.app.oidc.login import finish
    from huaxiang.app.oidc.person import settle

    server, provider, where = server_of(request), _provider(request), place(request)
    browser, wanted = cookie_of(headers_of(request), SIGN_ON_COOKIE.name), None
    try:
        answered = finish(server.state, provider, told, browser=browser, place=where)
        wanted = answered.next
        person = settle(server.state, provider.spec, answered.claims)
    except SignOnRefused as fault:
        server.audit.note_as(
            fault.name, "", "login_failed", "session", way="oidc", reason=fault.reason, told=fault.detail or None, place=where
        )  # fmt: skip
        return _without_cookie(request, _refused(request, fault, wanted))
    except ProviderDown as fault:
        server.audit.note_as("", "", "login_failed", "session", way="oidc", reason="provider", place=where)
        return _without_cookie(request, _refused(request, fault, None))
    about = f"user {person.name}"
    if person.made:
        server.audit.note_as(person.name, person.role, "user_added", about, way="oidc", user_role=person.role)
    if person.former is not None:
        server.audit.note_as(
            person.name, person.role, "user_changed", about, way="oidc", changed=["role"], user_role=person.role, former=person.former
        )  # fmt: skip
    text, _ = begin_session(request, person.name, "oidc")
    response = RedirectResponse(answered.next, 303, _UNKEPT)
    set_cookie(request, response, text, server.settings)
    return _without_cookie(request, response)


def _provider(request: Request) -> Provider:
    need_users(request)
    found = server_of(request).sign_on.provider
    if found is None:
        raise Problem(
            "not-found",
            "single sign-on is not set up (`oidc` in huaxiang.yaml)",
            "未设置单点登录（huaxiang.yaml 的 oidc）",
        )
    return found


def _redirect(request: Request) -> str:
    """Our address that the provider has on its list: exactly this text."""
    own = server_of(request).settings.url or f"{request.url.scheme}://{request.url.netloc}"
    return f"{own}{PREFIX}/oidc/callback"


def _refused(request: Request, fault: HuaxiangError, wanted: str | None) -> Response:
    """Say why nobody was logged in: to a browser on the login page, to programs as a problem."""
    from huaxiang.app.oidc.login import own_path

    reason = (
        fault.reason if isinstance(fault, SignOnRefused) else "provider" if isinstance(fault, ProviderDown) else "rate"
    )
    if "text/html" in request.headers.get("accept", ""):
        asked = {"refused": reason} | ({"next": own_path(wanted)} if own_path(wanted) != "/" else {})
        return RedirectResponse(f"/login?{urlencode(asked)}", 303, _UNKEPT)
    if isinstance(fault, TooManyLogins):
        raise Problem("rate", str(fault), fault.zh, headers={"Retry-After": fault.seconds})
    if isinstance(fault, ProviderDown):
        raise Problem("provider", str(fault), fault.zh)
    raise Problem("sign-on-refused", str(fault), fault.zh, extra={"reason": reason})


def _without_cookie(request: Request, response: Response) -> Response:
    drop_cookie(request, response, server_of(request).settings, SIGN_ON_COOKIE)
    return response
