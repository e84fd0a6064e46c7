"""Two servers on one project, those who use them, and what is asked of both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx
from tests.running import serving
from tests.waiting import PATIENCE

PASSWORD = "correct-horse-7"
TAG = {"kind": "expression", "title": {"zh": "下单过多", "en": "Orders doubled"}, "class": "consumption", "description": "d", "owner": "ops",
       "value": "orders_count * 2"}  # fmt: skip
OPENED: list[httpx.Client] = []
"""Clients that are closed when the test ends."""


class Pair:
    """Two servers, A and B, and people who use them."""

    def __init__(self, folder: Path, *, first: str = "") -> None:
        self.folder = folder
        self.servers = [serving(folder, first=first) for _ in range(2)]
        self.at: list[str] = []

    def start(self) -> None:
        self.at = [server.__enter__() for server in self.servers]

    def stop(self) -> None:
        for server in self.servers:
            server.__exit__()

    def person(self, at: int, role: str = "admin", like: httpx.Client | None = None) -> httpx.Client:
        """A browser at one of the servers: logged in there, or with the cookies of another."""
        client = self.nobody(at)
        if like is not None:
            client.cookies.update(like.cookies)
        else:
            log_in(client, role).raise_for_status()
        return client

    def nobody(self, at: int) -> httpx.Client:
        """A browser at one of the servers, not logged in."""
        return browser(self.at[at])

    def both(self, role: str = "admin") -> tuple[httpx.Client, httpx.Client]:
        """The same person, logged in at A, at both."""
        here = self.person(0, role)
        return here, self.person(1, like=here)


def browser(address: str, **headers: str) -> httpx.Client:
    """A client of a server, closed when the test ends."""
    OPENED.append(
        httpx.Client(base_url=f"{address}/api/v1/", headers=headers or {"X-Huaxiang": "web"}, timeout=PATIENCE)
    )
    return OPENED[-1]


def log_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    return client.post("session", json={"name": name, "password": password})


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do several things at the same moment; return what each gave."""
    gate = threading.Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        gate.wait(PATIENCE)
        return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def chain(admin: httpx.Client) -> list[dict[str, Any]]:
    """The whole audit log, oldest first."""
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"limit": 1000}
    while page:
        told = admin.get("audit", params=page).json()
        found += told["entries"]
        page = {"limit": 1000, "cursor": told["next"]} if told["next"] else {}
    return found[::-1]
