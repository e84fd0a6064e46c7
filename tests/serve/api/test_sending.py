"""An answer leaves in one piece, and nothing that was written waits longer than for the loop to turn."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, cast

import uvicorn

from huaxiang.serve.api.sending import Joined, JoinedHttp


class Wire:
    """Notes what is written."""

    def __init__(self) -> None:
        self.seen: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.seen.append(data)

    def close(self) -> None:
        self.seen.append("closed")


def joined() -> tuple[Wire, Joined]:
    wire = Wire()
    return wire, Joined(cast("asyncio.Transport", wire), asyncio.get_running_loop())


def test_head_and_body_are_one_write() -> None:
    async def run() -> list[bytes | str]:
        wire, transport = joined()
        transport.write(b"head ")
        transport.write(b"body")
        await asyncio.sleep(0)
        return wire.seen

    assert asyncio.run(run()) == [b"head body"]


def test_what_nothing_follows_is_written_when_the_loop_turns() -> None:
    async def run() -> list[bytes | str]:
        wire, transport = joined()
        transport.write(b"continue")
        await asyncio.sleep(0)
        transport.write(b"")
        transport.write(b"more")
        transport.close()
        await asyncio.sleep(0)
        return wire.seen

    assert asyncio.run(run()) == [b"continue", b"more", "closed"]


async def _stream(scope: Any, receive: Any, send: Any) -> None:
    """Head at once, the body only when the client has seen the head."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})
    await asyncio.wait_for(scope["state"]["seen"].wait(), 5)
    await send({"type": "http.response.body", "body": b"abc", "more_body": True})
    await send({"type": "http.response.body", "body": b"def"})


def test_the_head_of_a_stream_does_not_wait_for_its_body() -> None:
    async def run() -> tuple[bytes, bytes]:
        seen = asyncio.Event()

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await _stream(scope | {"state": {"seen": seen}}, receive, send)

        with socket.create_server(("127.0.0.1", 0)) as listening:
            config = uvicorn.Config(app, http=JoinedHttp, lifespan="off", log_level="critical", ws="none")
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            seen.set()
            body = await asyncio.wait_for(reader.readexactly(6), 5)
            writer.close()
            server.should_exit = True
            await serving
        return head, body

    head, body = asyncio.run(run())
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b"abcdef"
