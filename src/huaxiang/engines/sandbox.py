"""Runs a query that was admitted (plan/sandbox.py) in a process of its own, which is killed at the deadline.

The child (engines/sandbox_child.py) sees the tables' permitted columns only, can't open files or change its settings, and has limits on
memory and processor time. What it gives back are IDs of customers.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.errors import ExpressionError

if TYPE_CHECKING:
    import pyarrow as pa

_START_SECONDS = 30.0
"""Python and the engine have to be loaded before the clock of the query runs."""
READY = b"ready\n"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
"""Nothing of ours. Few arenas, since the limit on memory counts addresses, and each thread's arena takes 64 MB of them."""


@dataclass(frozen=True)
class Limits:
    """What a query may use: seconds of the clock, megabytes of memory, threads."""

    seconds: float = 10.0
    megabytes: int = 1024
    threads: int = 2


@dataclass(frozen=True)
class SandboxQuery:
    """A query, and the tables that it reads: name → (Parquet file, columns). `customers` says which IDs there are: a Parquet file.
    `sort`: tables are sorted by all columns first, and one thread reads them, so that equal tables give equal answers.
    """

    sql: str
    tables: Mapping[str, tuple[Path, tuple[str, ...]]]
    customers: Path
    sort: bool = False


def run_sandboxed(query: SandboxQuery, limits: Limits) -> pa.Array:
    """Return the customer IDs that a query selects, each once, ascending.

    Raises ExpressionError: SQL007 for what the engine can't bind, SQL009 when it takes too long, SQL010 when it needs too much memory,
    SQL011 when it gives what is no customer's ID, SQL012 for values that can't be computed.
    """
    child = subprocess.Popen(
        [sys.executable, "-I", "-m", "huaxiang.engines.sandbox_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, cwd="/", env=_ENVIRONMENT, start_new_session=True, close_fds=True,
    )  # fmt: skip
    try:
        told, data = _talk(child, _asked(query, limits), limits)
    finally:
        _end(child)
    if told is None:
        raise ExpressionError(
            "SQL010",
            f"the query was stopped: it needs more than {limits.megabytes} MB of memory, or failed",
            zh=f"查询已被中止：所需内存超过 {limits.megabytes} MB，或运行失败",
        )
    if told["error"] is not None:
        raise ExpressionError(told["error"], told["message"], zh=told["zh"])
    return _read(data)


def _asked(query: SandboxQuery, limits: Limits) -> bytes:
    tables = {name: {"path": str(path), "columns": list(columns)} for name, (path, columns) in query.tables.items()}
    told = {
        "sql": query.sql, "tables": tables, "customers": str(query.customers), "megabytes": limits.megabytes, "threads": limits.threads,
        "cpu_seconds": int(limits.seconds * limits.threads) + 2, "sort": query.sort,
    }  # fmt: skip
    return json.dumps(told).encode()


def _talk(child: subprocess.Popen[bytes], asked: bytes, limits: Limits) -> tuple[dict[str, Any] | None, bytes]:
    """Wait until the child is ready, hand it the question, and read its answer until the deadline."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        _wait_ready(child)
        out, _ = child.communicate(asked, timeout=limits.seconds)
    except subprocess.TimeoutExpired:
        message = f"the query was stopped: it took longer than {limits.seconds:g} s; ask for less, or allow more time"
        zh = f"查询已被中止：超过 {limits.seconds:g} 秒；请缩小范围，或允许更长时间"
        raise ExpressionError("SQL009", message, zh=zh) from None
    except BrokenPipeError:
        return None, b""
    head, _, data = out.partition(b"\n")
    try:
        told: dict[str, Any] = json.loads(head)
    except ValueError:
        return None, b""
    return told, data


def _wait_ready(child: subprocess.Popen[bytes]) -> None:
    """Wait for the child's first line. Raises TimeoutExpired when it can't even be loaded."""
    import selectors

    assert child.stdout is not None
    with selectors.DefaultSelector() as waiting:  # a server may have more files open than select() can name
        waiting.register(child.stdout, selectors.EVENT_READ)
        ready = waiting.select(_START_SECONDS)
    if not ready:
        raise subprocess.TimeoutExpired("sandbox", _START_SECONDS)
    if os.read(child.stdout.fileno(), len(READY)) != READY:
        raise BrokenPipeError


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child with all that it may have started, and wait for its end."""
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()


def _read(data: bytes) -> pa.Array:
    import pyarrow as pa

    with pa.ipc.open_stream(pa.py_buffer(data)) as stream:
        return stream.read_all().column(0).combine_chunks()
