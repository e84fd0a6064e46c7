"""Logging in and out, the first administrator, and what a user prefers."""

from __future__ import annotations

from typing import Any

from anyio.to_thread import run_sync
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from huaxiang.app import sessions
from huaxiang.app.people import NewUser
from huaxiang.errors import AccessDenied
from huaxiang.serve.api.answers import answer
from huaxiang.serve.api.context import caller_of, rights_of, server_of
from huaxiang.serve.api.cookies import cookie_of, drop_cookie, place_of, set_cookie
from huaxiang.serve.api.models.people import (
    LoginAsked,
    PasswordAsked,
    Preferences,
    SessionTold,
    SetupAsked,
    SetupNeeded,
)
from huaxiang.serve.api.problems import Problem
from huaxiang.serve.api.settings import CALLER, SESSION
from huaxiang.serve.cli.texts import language

router = APIRouter(tags=["session"])
_UNKEPT = {"Cache-Control": "no-store"}
_OPEN: dict[str, Any] = {"security": []}


@router.get("/session", response_model=SessionTold, openapi_extra=_OPEN)
async def who(request: Request) -> Response:
    """Say who is logged in and what they may do; also to those who are not."""
    return await _told(request)


@router.post("/session", response_model=SessionTold, openapi_extra=_OPEN)
def log_in(request: Request, wanted: LoginAsked) -> Response:
    """Log in; the answer sets the cookie."""
    server = server_of(request)
    need_users(request)
    where = place(request)
    try:
        user = sessions.log_in(server.state, wanted.name, wanted.password, where)
    except sessions.TooManyLogins as error:
        raise Problem("rate", str(error), error.zh, headers={"Retry-After": error.seconds}) from None
    except sessions.WrongLogin as error:
        server.audit.note_as(error.name, "", "login_failed", "session", place=where)
        raise Problem("wrong-login", str(error), error.zh) from None
    return _begin(request, user["name"], "password")


@router.delete("/session", status_code=204, response_class=Response, openapi_extra=_OPEN)
def log_out(request: Request) -> Response:
    """Log out: the session is over, not only its cookie."""
    server, text = server_of(request), cookie_of(headers_of(request))
    if text:
        session = request.scope.get(SESSION)
        sessions.end(server.state, text)
        server.sessions.refresh()
        if session is not None:
            server.audit.note(session.caller, "logout", "session")
    response = Response(status_code=204, headers=_UNKEPT)
    drop_cookie(request, response, server.settings)
    return response


@router.patch("/session", response_model=SessionTold)
async def prefer(request: Request, wanted: Preferences) -> Response:
    """Keep the language and the theme that one prefers, and that the guided tour was seen."""
    session = _need_session(request)
    server = server_of(request)
    await run_sync(lambda: sessions.prefer(server.state, session.user["name"], **wanted.model_dump()))
    await run_sync(server.sessions.refresh)
    request.scope[SESSION] = await server.sessions.of(cookie_of(headers_of(request)))
    return await _told(request)


@router.put("/session/password", response_model=SessionTold)
def change_password(request: Request, wanted: PasswordAsked) -> Response:
    """Replace one's own password; every other session of the user ends, and this one goes on under a new cookie."""
    session, server = _need_session(request), server_of(request)
    try:
        sessions.change_password(server.state, session, wanted.old, wanted.new)
    except sessions.TooManyLogins as error:
        raise Problem("rate", str(error), error.zh, headers={"Retry-After": error.seconds}) from None
    except sessions.WrongLogin:
        raise Problem("wrong-login", "the present password is wrong", "现在的密码不正确") from None
    server.audit.note(session.caller, "password", f"user {session.user['name']}")
    return _begin(request, session.user["name"], "password")


@router.get("/setup", response_model=SetupNeeded, openapi_extra=_OPEN)
def setup_needed(request: Request) -> Response:
    """Say whether there is no user yet."""
    server = server_of(request)
    needed = not server.settings.no_auth and not server.state.users.exist()
    return answer(request, {"needed": needed}, headers=_UNKEPT)


@router.post("/setup", response_model=SessionTold, status_code=201, openapi_extra=_OPEN)
def set_up(request: Request, wanted: SetupAsked) -> Response:
    """Make the first administrator, who is logged in at once. Needs the set-up code that `huaxiang serve` printed."""
    server = server_of(request)
    need_users(request)
    if server.state.users.exist():
        raise Problem("set-up", "there are users already; log in", "已完成初始设置；请登录")
    where = place(request)
    if wait := sessions.setup_wait(server.state, where):
        raise Problem(
            "rate", f"too many wrong codes; try again in {wait} s", f"错误次数过多；请在 {wait} 秒后再试", headers={"Retry-After": wait}
        )  # fmt: skip
    try:
        user = sessions.set_up(
            server.state, wanted.code, NewUser(wanted.name, "admin", wanted.display_name, wanted.password)
        )
    except AccessDenied as error:
        server.audit.note_as("", "", "setup_failed", "session", place=where)
        raise Problem("wrong-login", str(error), error.zh) from None
    server.audit.note_as(user["name"], "admin", "setup", f"user {user['name']}", place=where)
    return _begin(request, user["name"], "password", status=201)


def begin_session(request: Request, name: str, way: sessions.Way) -> tuple[str, sessions.Session]:
    """Begin a session in place of the one that the browser has; return its text, for the cookie. The login is noted."""
    server = server_of(request)
    text = sessions.begin(server.state, name, way, instead=cookie_of(headers_of(request)))
    session = next(iter(sessions.known_sessions(server.state, text).values()))
    server.sessions.refresh()
    server.audit.note(session.caller, "login", "session", way=way, place=place(request))
    return text, session


def _begin(request: Request, name: str, way: sessions.Way, *, status: int = 200) -> Response:
    """Begin a session under a new cookie and say whose it is."""
    server = server_of(request)
    text, session = begin_session(request, name, way)
    response = answer(request, _of_session(request, session), status=status, headers=_UNKEPT)
    set_cookie(request, response, text, server.settings)
    return response


async def _told(request: Request) -> Response:
    server = server_of(request)
    session = request.scope.get(SESSION)
    caller = request.scope.get(CALLER)
    if session is not None:
        told = _of_session(request, session)
    elif caller is not None:
        way = "local" if server.settings.no_auth else "token"
        told = {"authenticated": True, "name": caller.name, "display_name": caller.name, "role": caller.role, "way": way,
                "rights": rights_of(request, caller), "must_change": False, "language": None, "theme": None,
                "tour_seen": None}  # fmt: skip
    else:
        setup = server.sign_on.setup
        told = {"authenticated": False, "setup_needed": not await run_sync(server.state.users.exist),
                "oidc": setup.title(language()) if setup is not None else None}  # fmt: skip
    return answer(request, {"setup_needed": False, "oidc": None} | told, headers=_UNKEPT)


def _of_session(request: Request, session: sessions.Session) -> dict[str, Any]:
    told = {key: session.user[key] for key in ("name", "display_name", "role", "language", "theme", "tour_seen")}
    told |= {"way": session.way, "must_change": session.must_change, "rights": rights_of(request, session.caller)}
    return told | {"authenticated": True, "setup_needed": False, "oidc": None}


def _need_session(request: Request) -> sessions.Session:
    caller_of(request)
    session: sessions.Session | None = request.scope.get(SESSION)
    if session is None:
        raise Problem(
            "bad-request", "this is about one's own login; a token has none", "此操作针对登录用户本人，令牌不适用"
        )
    return session


def need_users(request: Request) -> None:
    """Raise Problem where nobody logs in."""
    if server_of(request).settings.no_auth:
        raise Problem("bad-request", "this server asks for no login (--no-auth)", "此服务无需登录（--no-auth）")


def headers_of(request: Request) -> dict[bytes, str]:
    """The headers of a request."""
    return {name: value.decode("latin-1") for name, value in request.scope["headers"]}


def place(request: Request) -> str:
    """The address that a request comes from."""
    return place_of(request.scope, headers_of(request), server_of(request).settings)
