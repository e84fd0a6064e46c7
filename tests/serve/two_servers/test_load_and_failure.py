"""Both servers write at once, and are killed while they write: nothing fails, nothing is lost."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import httpx2 as httpx
import pytest
from tests.serve.two_servers.pair import Pair, chain
from tests.waiting import PATIENCE, until

from huaxiang.app.audit import verify
from huaxiang.app.wiring import open_state

pytestmark = pytest.mark.slow


WORKERS, TURNS = 16, 5


def test_both_write_at_once_and_nothing_fails(pair: Pair) -> None:
    start = len(chain(pair.person(0)))
    people = [pair.person(0, role) for role in ("admin", "analyst", "marketer")]
    codes: Counter[tuple[str, int]] = Counter()
    texts: list[str] = []

    def work(number: int) -> None:
        client = pair.person(number % 2, like=people[number % 3])
        for turn in range(TURNS):
            name = f"load_{number}_{turn % 3}"
            acts = (
                ("PATCH", "session", {"theme": ("light", "dark")[turn % 2]}), ("POST", "customers/search", {"text": "王"}),
                ("PUT", f"audiences/{name}", {"when": f"orders_count > {turn % 5}"}), ("POST", "query/ids", {"when": "orders_count > 2", "limit": 5}),
            )  # fmt: skip
            for method, path, body in acts:
                told = client.request(method, path, json=body)
                codes[path.partition("/")[0], told.status_code] += 1
                if told.status_code != 200:
                    texts.append(told.text)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    assert {code for _, code in codes} == {200}, (codes, texts[:3])
    admin = pair.person(1)
    entries = chain(admin)
    assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
    defined = [entry["object"] for entry in entries[start:] if entry["action"] == "define"]
    assert len(defined) == WORKERS * TURNS
    told = admin.get("audit/verify").json()
    assert (told["valid"], told["faults"]) == (True, [])
    both = {entry["who"] for entry in entries[start:]}
    assert {"admin", "analyst", "marketer"} <= both


def test_nothing_acknowledged_is_lost_when_servers_are_killed(built: Path, tmp_path: Path) -> None:
    pair = Pair(shutil.copytree(built, tmp_path / "shop"))
    with ExitStack() as stack:
        pair.start()
        stack.callback(pair.stop)
        here, there = pair.both("marketer")
        kept: list[str] = []

        def save(at: int, stopped: threading.Event) -> None:
            client = pair.person(at, like=here)
            number = 0
            while not stopped.is_set():
                number += 1
                name = f"kept_{at}_{len(kept)}_{number}"
                try:
                    told = client.put(f"audiences/{name}", json={"when": "orders_count > 1", "expected": "new"})
                except httpx.TransportError:
                    return
                if told.status_code == 200:
                    kept.append(name)

        def crash(*which: int) -> None:
            stopped = threading.Event()
            writers = [threading.Thread(target=save, args=(at, stopped)) for at in (0, 0, 1)]
            enough = len(kept) + 4
            for each in writers:
                each.start()
            assert until(lambda: len(kept) >= enough)
            for at in which:
                pair.servers[at].kill()
            if len(which) == 1:  # the other goes on, at once and with whatever the killed one was about to write
                assert there.put("audiences/goes_on", json={"when": "orders_count > 1"}).status_code == 200
                assert there.post("customers/search", json={"text": "王"}).status_code == 200
            stopped.set()
            for each in writers:
                each.join(PATIENCE)
            for at in which:
                pair.servers[at].__enter__()
            for client in (here, there):
                assert client.get("session").json()["name"] == "marketer"
                assert set(kept) <= {a["name"] for a in client.get("audience-board").json()["audiences"]}

        crash(0)
        crash(0, 1)
        assert len(kept) > 5
        entries = chain(pair.person(1))
        assert [entry["number"] for entry in entries] == list(range(1, len(entries) + 1))
        noted = {entry["object"] for entry in entries if entry["action"] == "define"}
        assert {f"audience {name}" for name in kept} <= noted
    with closing(open_state(pair.folder)) as state:
        found = verify(state, pair.folder)
    assert (found["valid"], found["faults"]) == (True, [])
