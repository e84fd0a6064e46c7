"""Counts through the REST API: 50 clients at once, 1 M customers × 40 columns, and a new snapshot that takes over under that load.

python benchmarks/rest.py [--customers N] [--clients N] [--seconds S] [--workers N]

Makes a project in a temporary folder: customers.parquet, index and manifest of the snapshot, by the package's own functions. The server is
`huaxiang serve` in a process of its own; the clients are asyncio streams in this one, each with a token of its own, each asking again as
soon as it has its answer. `known`: one of 300 conditions; `new`: a condition that nobody asked before, so it is parsed and computed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from customers import ENUMS, piece

from huaxiang.app.tokens import create_token
from huaxiang.app.wiring import open_state, snapshot_store
from huaxiang.index import build_index

PATIENCE = 120


def publish(project: Path, size: int, seed: int) -> str:
    """Write a snapshot with its index and make it the served one; return its ID."""
    table = piece(np.random.default_rng(seed), 0, size)
    kinds = {
        "enum": "enum",
        "int": "integer",
        "bool": "boolean",
        "date": "date",
        "amount": "number",
        "ratio": "number",
        "likes": "list",
    }
    names = [name for name in table.column_names if name != "customer_id"]
    tags = [{"name": n, "title": {"zh": n, "en": n}, "value_type": kinds[n.partition("_")[0]]} for n in names]
    draft = snapshot_store(project).begin()
    pq.write_table(table, draft.table("customers"), compression="zstd", row_group_size=125_000)
    build_index(draft.table("customers"), draft.path("index"))
    facts = {
        "as_of": "2024-05-01", "engine": "duckdb", "version": "benchmark", "customers": size, "tags": tags, "sources": [], "audiences": [],
        "attributes": [], "project": {"name": "benchmark", "title": {"zh": "压测", "en": "Benchmark"}, "timezone": "UTC"},
    }  # fmt: skip
    return draft.publish(facts).id


def leaf(rng: random.Random) -> str:
    """One part of a condition."""
    i = rng.randrange(len(ENUMS))
    return rng.choice([
        f"enum_{i} = 'v{rng.randrange(ENUMS[i])}'", f"enum_{i} in ('v0', 'v{rng.randrange(ENUMS[i])}')",
        f"int_{rng.randrange(8)} > {rng.randrange(30)}", f"bool_{rng.randrange(6)}",
        f"amount_{rng.randrange(5)} > {rng.randrange(9000) / 10}",
        f"date_{rng.randrange(4)} >= '20{rng.randrange(16, 22)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}'",
        f"list_contains(likes, 't{rng.randrange(200)}')", f"ratio_{rng.randrange(2)} < 0.{rng.randrange(10_000):04}",
    ])  # fmt: skip


def conditions(seed: int) -> Iterator[str]:
    """Conditions of one to four parts, without end."""
    rng = random.Random(seed)
    while True:
        parts = [leaf(rng) for _ in range(rng.randrange(1, 5))]
        yield rng.choice((" and ", " or ")).join(f"not ({p})" if rng.random() < 0.15 else p for p in parts)


@dataclass
class Seen:
    """What the clients saw: milliseconds of each answer, statuses other than 200, and which snapshots answered."""

    took: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    snapshots: dict[str, int] = field(default_factory=dict)

    def line(self, name: str, seconds: float) -> str:
        """A row of the table."""
        p50, p99, most = np.percentile(self.took, [50, 99, 100])
        count = len(self.took)
        return (
            f"| {name} | {count:,} | {count / seconds:,.0f} | {p50:.1f} | {p99:.1f} | {most:.1f} | {len(self.failed)} |"
        )


async def client(port: int, token: str, ask: Callable[[], str], until: float, seen: Seen) -> None:
    """Ask, wait for the answer, ask again, over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.perf_counter() < until:
        body = json.dumps({"when": ask()}).encode()
        head = "POST /api/v1/query/count HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        head += f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        begin = time.perf_counter()
        try:
            writer.write(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            length = next(int(each.partition(":")[2]) for each in lines if each.startswith("content-length:"))
            answer = json.loads(await reader.readexactly(length))
        except (OSError, asyncio.IncompleteReadError) as error:
            seen.failed.append(type(error).__name__)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            continue
        took = (time.perf_counter() - begin) * 1000
        if " 200 " not in lines[0]:  # counted as failed, and not as an answer that came quickly
            seen.failed.append(f"{lines[0]} {answer.get('code')}")
        else:
            seen.took.append(took)
            seen.snapshots[answer["snapshot"]] = seen.snapshots.get(answer["snapshot"], 0) + 1
    writer.close()


async def load(
    port: int, tokens: list[str], ask: Callable[[], str], seconds: float, stop: threading.Event | None = None
) -> tuple[Seen, float]:
    """All clients at once, for some seconds, or until `stop` is set and a second snapshot answers."""
    seen, begin = Seen(), time.perf_counter()
    if stop is None:
        await asyncio.gather(*(client(port, t, ask, begin + seconds, seen) for t in tokens))
    else:  # until the new snapshot is there, and some seconds more
        while not (stop.is_set() and len(seen.snapshots) > 1) and time.perf_counter() - begin < PATIENCE:
            await asyncio.gather(*(client(port, t, ask, time.perf_counter() + 1.0, seen) for t in tokens))
        await asyncio.gather(*(client(port, t, ask, time.perf_counter() + 3.0, seen) for t in tokens))
    return seen, time.perf_counter() - begin


def start(project: Path, workers: int) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server; return its process and port once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "huaxiang.serve.cli.main",
        "serve",
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--rate",
        "0",
        "--project",
    ]
    server = subprocess.Popen([*command, str(project)], stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as wire:
                wire.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if b'"ready":true' in wire.makefile("rb").read():
                    return server, port
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    project = Path(tempfile.mkdtemp(prefix="huaxiang-http-"))
    try:
        (project / "huaxiang.yaml").write_text("name: benchmark\n", "utf-8")
        begin = time.perf_counter()
        publish(project, asked.customers, 1)
        print(f"{asked.customers:,} customers × 40, generated, written and indexed in {time.perf_counter() - begin:.1f} s; "
              f"{os.cpu_count()} cores shared by server and clients; {asked.clients} clients, {asked.workers} worker(s)")  # fmt: skip
        state = open_state(project)
        tokens = [str(create_token(state, f"client {i}", "analyst")["token"]) for i in range(asked.clients)]
        state.close()
        server, port = start(project, asked.workers)
        try:
            measure(project, port, tokens, asked)
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(project, ignore_errors=True)


def measure(project: Path, port: int, tokens: list[str], asked: Any) -> None:
    stream = conditions(7)
    pool = [next(stream) for _ in range(300)]
    rng = random.Random(3)
    known: Callable[[], str] = lambda: rng.choice(pool)  # noqa: E731
    new: Callable[[], str] = lambda: next(stream)  # noqa: E731
    mixed: Callable[[], str] = lambda: next(stream) if rng.random() < 0.1 else rng.choice(pool)  # noqa: E731
    asyncio.run(load(port, tokens, known, 3.0))
    print(
        "| conditions | requests | requests/s | p50 ms | p99 ms | max ms | failed |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, ask in (("known", known), ("1 of 10 new", mixed), ("all new", new)):
        seen, seconds = asyncio.run(load(port, tokens, ask, asked.seconds))
        print(seen.line(name, seconds), flush=True)
        tell_failed(seen)
    done = threading.Event()
    command = [sys.executable, __file__, "--publish", str(project), str(asked.customers)]
    builder = subprocess.Popen(command)
    threading.Thread(target=lambda: (builder.wait(), done.set()), daemon=True).start()
    seen, seconds = asyncio.run(load(port, tokens, mixed, 0, done))
    print(seen.line("1 of 10 new, while a snapshot is built and takes over", seconds))
    print("answers by snapshot: " + ", ".join(f"{name}: {count:,}" for name, count in sorted(seen.snapshots.items())))
    tell_failed(seen)


def tell_failed(seen: Seen) -> None:
    """Which answers failed, and how many of each."""
    for kind, count in Counter(seen.failed).most_common(5):
        print(f"failed: {count:,} × {kind}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--publish"]:
        publish(Path(sys.argv[2]), int(sys.argv[3]), 2)
    else:
        main()
