"""Runs the API by uvicorn, in one process or several that share a socket and, through the file system, the index."""

from __future__ import annotations

import functools
import socket
from dataclasses import dataclass

import uvicorn
from uvicorn.supervisors import Multiprocess

from huaxiang.errors import UsageError
from huaxiang.serve.api.application import create_app
from huaxiang.serve.api.sending import JoinedHttp
from huaxiang.serve.api.settings import Settings
from huaxiang.serve.cli.texts import catalogue

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_BACKLOG = 2048
_GRACE = 10
_KEEP = 75
"""Seconds that a connection without requests is kept: longer than proxies (60 in nginx) and people between two clicks, so that no request
goes out on a connection that is just being closed.
"""


@dataclass(frozen=True)
class Place:
    """Where the server listens, and in how many processes."""

    host: str
    port: int
    workers: int = 1


def listen(place: Place) -> socket.socket:
    """Return the socket to serve on. Raises UsageError when the port is taken or the address is not ours."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((place.host, place.port))
    except OSError as error:
        found.close()
        words = {"host": place.host, "port": place.port, "reason": error.strerror}
        raise UsageError(*(catalogue(lang)["serve.port_taken"].format(**words) for lang in ("en", "zh-CN"))) from None
    found.set_inheritable(True)
    return found


def check_place(place: Place, settings: Settings) -> None:
    """Raise UsageError when a server without tokens could be reached from elsewhere."""
    if settings.no_auth and place.host not in LOOPBACK:
        raise UsageError(*(catalogue(lang)["serve.loopback"] for lang in ("en", "zh-CN")))


def serve(settings: Settings, place: Place, listening: socket.socket) -> None:
    """Serve until stopped."""
    config = uvicorn.Config(
        functools.partial(create_app, settings), factory=True, workers=place.workers, access_log=False, log_level="warning",
        server_header=False, backlog=_BACKLOG, timeout_graceful_shutdown=_GRACE, timeout_keep_alive=_KEEP, proxy_headers=False, ws="none",
        http=JoinedHttp,
    )  # fmt: skip
    if place.workers > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        uvicorn.Server(config).run(sockets=[listening])
