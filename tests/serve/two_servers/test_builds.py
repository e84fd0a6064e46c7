"""A build that one server starts is followed at the other; a daily build starts once."""

from __future__ import annotations

import json
import shutil
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from tests.serve.two_servers.pair import Pair, at_once
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.slow


def events(client: httpx.Client, run: str) -> list[tuple[str, dict[str, Any]]]:
    """What the stream of a build tells, to its end."""
    told, kind = [], ""
    with client.stream("GET", f"builds/{run}/events") as stream:
        assert stream.status_code == 200
        for line in stream.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: "):
                told.append((kind, json.loads(line.removeprefix("data: "))))
    return told


def test_a_build_of_one_is_followed_at_the_other_and_no_request_fails_when_it_takes_over(pair: Pair) -> None:
    clients = pair.both("analyst")
    before = clients[0].get("status").json()["snapshot"]
    codes: Counter[int] = Counter()
    done = threading.Event()

    def ask(at: int) -> None:
        client = pair.person(at, like=clients[0])
        number = 0
        while not done.is_set():
            number += 1
            codes[client.post("query/count", json={"when": f"orders_count > {number % 7}"}).status_code] += 1
            codes[client.get("tags").status_code] += 1

    askers = [threading.Thread(target=ask, args=(at,)) for at in (0, 1)]
    for each in askers:
        each.start()
    try:
        answers = at_once([lambda c=c: c.post("builds", json={}) for c in clients])  # type: ignore[misc]
        assert sorted(answer.status_code for answer in answers) == [202, 409]
        first = next(n for n, answer in enumerate(answers) if answer.status_code == 202)
        busy = answers[1 - first].json()
        assert (busy["code"], len(busy["detail"]) > 10) == ("build-busy", True)
        other, run = clients[1 - first], answers[first].json()["id"]
        assert other.get("builds").json()["builds"][0]["id"] == run
        told = events(other, run)
        assert told[-1][0] == "end"
        assert told[-1][1]["state"] == "done", told[-1][1]
        assert any(kind == "progress" for kind, _ in told[:-1])
        for client in clients:
            assert until(
                lambda c=client: c.post("query/count", json={"when": "orders_count > 1"}).json()["snapshot"] != before
            )  # type: ignore[misc]
        ids = {c.post("query/count", json={"when": "orders_count > 1"}).json()["snapshot"] for c in clients}
        assert len(ids) == 1
    finally:
        done.set()
        for each in askers:
            each.join(PATIENCE)
    assert set(codes) == {200}, codes
    assert codes[200] > 10


_HOURS_AHEAD = """
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from huaxiang.serve.api import application

_start_due, _folder = application.start_due, Path({folder!r})

def _look(*asked):
    ahead = timedelta(minutes=5 if (_folder / "later").exists() else 0)
    _start_due(*asked, now=datetime.now(UTC) + ahead)
    if ahead:
        with (_folder / f"looked-{{os.getpid()}}").open("a") as file:
            file.write(".")

application.start_due, application.DUE = _look, 0.1
"""


def test_a_daily_build_starts_once(built: Path, tmp_path: Path) -> None:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    pair = Pair(shutil.copytree(built, tmp_path / "shop"), first=_HOURS_AHEAD.format(folder=str(tmp_path)))
    with ExitStack() as stack:
        pair.start()
        stack.callback(pair.stop)
        here, there = pair.both("analyst")
        told = here.get("schedule").json()
        due = datetime.now(ZoneInfo(told["timezone"])) + timedelta(minutes=3)
        known = {run["id"] for run in here.get("builds").json()["builds"]}
        wanted = {"at": f"{due:%H:%M}", "weekdays": "1234567", "enabled": True, "expected": told["version"]}
        assert here.put("schedule", json=wanted).status_code == 200
        (tmp_path / "later").touch()  # for both servers it is five minutes later now

        def looks() -> list[int]:
            return sorted(len(file.read_text()) for file in tmp_path.glob("looked-*"))

        def states() -> list[str]:
            return [run["state"] for run in there.get("schedule").json()["runs"]]

        assert until(lambda: states() == ["started"])
        before = looks()
        assert until(lambda: len(looks()) == 2 and looks()[0] > (before[0] if len(before) == 2 else 0) + 2)
        assert states() == ["started"]
        run = there.get("schedule").json()["runs"][0]["run"]
        assert {one["id"] for one in there.get("builds").json()["builds"]} - known == {run}
        assert events(here, run)[-1][1]["state"] == "done"
