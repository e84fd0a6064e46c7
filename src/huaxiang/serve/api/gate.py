"""What every request passes before it is answered: language, token, rate, size, time, and an end without a trace of what failed inside."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from huaxiang.app.rights import Caller
from huaxiang.errors import HuaxiangError, storage_error
from huaxiang.serve.api.callers import Rates
from huaxiang.serve.api.context import Server
from huaxiang.serve.api.cookies import cookie_of, place_of, session_caller
from huaxiang.serve.api.pages import Pages
from huaxiang.serve.api.problems import Problem, problem_response
from huaxiang.serve.api.quick import QuickCounts
from huaxiang.serve.api.settings import BELOW, CALLER, HEALTH, LISTS, UPLOADS
from huaxiang.serve.cli.texts import speak

_LOOPBACK = re.compile(r"(localhost|127(\.\d+){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_HEADERS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_JSON_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


class Gate:
    """ASGI middleware around the application."""

    def __init__(self, app: ASGIApp, *, server: Server, quick: QuickCounts) -> None:
        self._app = app
        self._quick = quick
        self._calls = server.calls
        self._settings = server.settings
        self._callers = server.callers
        self._sessions = server.sessions
        self._pages = Pages()
        self._rates = Rates(server.settings.rate)
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        speak(language_of(headers.get(b"accept-language", "")))
        answer = _Answer(send, timed=scope["path"].startswith(BELOW))
        try:
            if not scope["path"].startswith(BELOW):
                known = self._settings.no_auth or cookie_of(headers) is not None
                await self._pages.answer(scope, headers, known=known)(scope, receive, answer)
                return
            if scope["path"] != HEALTH:
                self._calls.note()
                self._check_origin(headers)
                await self._recognise(scope, headers)
            body = await self._read(headers, receive, scope)
            at_once = self._quick.answer(scope, body.held, headers) if isinstance(body, _Whole) else None
            await (at_once(scope, body, answer) if at_once is not None else self._answer(scope, body, answer))
        except HuaxiangError as error:
            await answer.instead(problem_response(Request(scope), error), scope, receive)

    async def _recognise(self, scope: Scope, headers: Mapping[bytes, str]) -> None:
        """Keep in the scope who calls, by token or by session, and count the request."""
        if b"authorization" in headers or self._settings.no_auth:
            caller: Caller | None = await self._callers.of(headers.get(b"authorization", ""))
        else:
            caller = await session_caller(self._sessions, scope, headers, self._settings)
        if caller is not None:
            scope[CALLER] = caller
        self._rates.take(caller or Caller(f"place:{place_of(scope, headers, self._settings)}", "", "auditor"))

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        """Let the application answer, until the time is over."""
        task = asyncio.ensure_future(self._run(scope, receive, answer))
        done, _ = await asyncio.wait({task}, timeout=self._settings.seconds)
        if not done and not answer.begun:
            self._late.add(task)
            task.add_done_callback(self._late.discard)
            answer.close()
            task.cancel()
            raise self._too_late()
        await task

    async def _run(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the last resort: noted, and answered without its message
            known = error if isinstance(error, HuaxiangError) else storage_error(error)
            if known is None:
                note(error, self._settings.folder)
                known = Problem("internal", "an unexpected error; where it happened is noted in .huaxiang/logs",
                                "发生意外错误；出错位置已记入 .huaxiang/logs")  # fmt: skip
            await answer.instead(problem_response(Request(scope), known), scope, receive)

    async def _read(self, headers: Mapping[bytes, str], receive: Receive, scope: Scope) -> Receive:
        """Read the body, as long as it may be, and hand it over whole."""
        most = self._settings.list_body if scope["path"].startswith((LISTS, UPLOADS)) else self._settings.body
        declared = headers.get(b"content-length", "")
        if (
            scope["method"] in ("GET", "HEAD", "OPTIONS")
            and b"transfer-encoding" not in headers
            and declared in ("", "0")
        ):
            return receive
        if declared.isdigit() and int(declared) > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(self._settings.seconds):
                return _Whole(await _collect(receive, most), receive)
        except TimeoutError:
            raise self._too_late() from None

    def _too_late(self) -> Problem:
        most = self._settings.seconds
        return Problem(
            "timeout",
            f"no answer within {most:g} s; ask for less at once",
            f"{most:g} 秒内没有得出结果；请缩小查询范围",
        )

    def _check_origin(self, headers: Mapping[bytes, str]) -> None:
        """Without tokens, a page of another site that runs in the user's browser must not reach this server."""
        if not self._settings.no_auth:
            return
        site = headers.get(b"sec-fetch-site", "none")
        if not _LOOPBACK.fullmatch(headers.get(b"host", "")) or site not in ("none", "same-origin"):
            raise Problem(
                "forbidden", "without tokens this server answers this machine only, and no page of another site",
                "免令牌模式只接受本机访问，不接受其他网站页面的请求",
            )  # fmt: skip


class _Answer:
    """Where an answer goes; can be closed, so that what comes too late is dropped. `timed`: it says how long it took until it began."""

    def __init__(self, send: Send, *, timed: bool = False) -> None:
        self._send = send
        self._since = time.perf_counter() if timed else None
        self.begun = False
        self._closed = False

    async def __call__(self, message: Message) -> None:
        if self._closed:
            return
        if message["type"] == "http.response.start":
            self.begun = True
            held = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *_HEADERS]
            if self._since is not None:
                took = (time.perf_counter() - self._since) * 1000
                message["headers"].append((b"server-timing", b"app;dur=%.2f" % took))
            if b"content-security-policy" not in held:
                message["headers"].append(_JSON_POLICY)
        await self._send(message)

    def close(self) -> None:
        """Drop what still comes."""
        self._closed = True

    async def instead(self, response: Any, scope: Scope, receive: Receive) -> None:
        """Send this response, unless another has begun: that one is cut off, so that nobody takes it for whole."""
        if self.begun:
            raise ConnectionError("the answer broke off") from None  # what failed is noted already, and may hold values
        self._closed = False
        await response(scope, receive, self)
        self._closed = True


class _Whole:
    """A body that was read, then whatever else comes."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self.held = body
        self._given = False
        self._receive = receive

    async def __call__(self) -> Message:
        if self._given:
            return await self._receive()
        self._given = True
        return {"type": "http.request", "body": self.held, "more_body": False}


async def _collect(receive: Receive, most: int) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > most:
            raise _too_large(most)
    return b"".join(parts)


def _too_large(most: int) -> Problem:
    return Problem("too-large", f"a body may have {most:,} bytes", f"请求体最多 {most:,} 字节")


def language_of(accepted: str) -> str:
    """The language to answer in: the best of Chinese and English in an Accept-Language header, Chinese by default."""
    best, language = 0.0, "zh-CN"
    for part in accepted.lower().split(",")[:20]:
        tag, _, rest = part.strip().partition(";")
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", rest)
        weight = float(found[1]) if found else 1.0 if not rest else 0.0
        if weight > best and (tag in ("zh", "en") or tag.startswith(("zh-", "en-"))):
            best, language = weight, "en" if tag.startswith("en") else "zh-CN"
    return language


def note(error: Exception, folder: Path) -> None:
    """Write where an error happened to the project's logs: types and lines, no values."""
    from huaxiang.serve.cli.failures import write_log

    write_log(error, folder, ("serve",))
