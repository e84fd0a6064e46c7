"""The server of the benchmark of pages: started anew, its memory, and clients that wait."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

USER = "benchmark"
PATIENCE = 120


@dataclass
class Server:
    """A running `huaxiang serve`."""

    project: Path
    process: subprocess.Popen[bytes] | None = None
    port: int = 0

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Start it; return the seconds until it is ready."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        words = [sys.executable, "-m", "huaxiang.serve.cli.main", "serve", "--port", str(self.port), "--rate", "0"]
        begin = time.monotonic()
        self.process = subprocess.Popen([*words, "--project", str(self.project)], stderr=subprocess.DEVNULL)
        while time.monotonic() - begin < PATIENCE and self.process.poll() is None:
            try:
                if httpx.get(f"{self.address}/api/v1/health").json().get("ready"):
                    return time.monotonic() - begin
            except httpx.HTTPError:
                time.sleep(0.05)
        raise SystemExit("the server did not start")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def memory(self) -> dict[str, float]:
        """Megabytes: resident, and of these anonymous (not files of the index, which every process shares)."""
        assert self.process is not None
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return {name: int(re.search(rf"{name}:\s+(\d+)", told)[1]) / 1024 for name in ("VmRSS", "RssAnon")}  # type: ignore[index]


def cookie(project: Path) -> str:
    """The text of a new session of an administrator of the benchmark."""
    from huaxiang.app.people import NewUser, add_user
    from huaxiang.app.sessions import begin
    from huaxiang.app.wiring import open_state

    state = open_state(project)
    try:
        if state.users.find(USER) is None:
            add_user(state, NewUser(USER, "admin", USER, secrets.token_urlsafe(16)))
        return begin(state, USER, "password")
    finally:
        state.close()


@contextmanager
def building(project: Path) -> Iterator[str]:
    """A build that goes on, as its record tells; nothing is built."""
    from huaxiang.app.wiring import run_log

    name = "20991231T235959Z-0000"
    run = run_log(project).start(name, engine="duckdb", as_of=None, full=False)
    try:
        run.begin_stage("clean")
        yield name
    finally:
        (project / ".huaxiang" / "runs" / f"{name}.json").unlink(missing_ok=True)


def idle(server: Server, clients: int) -> dict[str, Any]:
    """Memory without and with clients that are logged in, have opened the overview, and follow a running build."""
    from huaxiang.app.sessions import begin
    from huaxiang.app.wiring import open_state

    _rest(server)
    before = server.memory()
    state, wires = open_state(server.project), []
    with building(server.project) as build:
        texts = [begin(state, USER, "password") for _ in range(clients)]
        state.close()
        for text in texts:
            for path in ("/api/v1/session", "/api/v1/overview"):
                httpx.get(server.address + path, cookies={"huaxiang_session": text}).raise_for_status()
            wire = socket.create_connection(("127.0.0.1", server.port))
            wire.sendall(
                f"GET /api/v1/builds/{build}/events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: huaxiang_session={text}\r\n\r\n".encode()
            )
            wires.append(wire)
        followed = sum(b"200 OK" in wire.recv(4096) for wire in wires)
        time.sleep(5)
        after = server.memory()
        spent = _processor(server)
        time.sleep(5)
        spent = (_processor(server) - spent) / 5
        busy = [_asked_once(server, texts[0]) for _ in range(20)]
        for wire in wires:
            wire.close()
    return {"before": before, "after": after, "clients": followed, "processor": spent, "overview_meanwhile": sorted(busy)[-2],
            "each": {k: (after[k] - before[k]) / clients for k in after}}  # fmt: skip


def _rest(server: Server, seconds: float = 120) -> None:
    """Wait until the work ahead of a server that has just started is done: what it holds is no client's."""
    time.sleep(3)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        spent = _processor(server)
        time.sleep(3)
        if _processor(server) - spent < 0.3:
            return


def _asked_once(server: Server, text: str) -> float:
    begin = time.perf_counter()
    httpx.get(f"{server.address}/api/v1/overview", cookies={"huaxiang_session": text}).raise_for_status()
    return (time.perf_counter() - begin) * 1000


def _processor(server: Server) -> float:
    """Seconds of processor time of the server."""
    assert server.process is not None
    parts = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / 100
