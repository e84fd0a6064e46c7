"""Builds that many pages follow are read once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from huaxiang.app import building
from huaxiang.errors import NotKnown
from huaxiang.serve.api.following import LOOK, Follows


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of the looks: it stands still until `at` is moved."""
    moment = SimpleNamespace(at=1000.0)
    monkeypatch.setattr("huaxiang.serve.api.following.time", SimpleNamespace(monotonic=lambda: moment.at))
    return moment


def test_those_who_follow_a_build_share_one_look(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: SimpleNamespace
) -> None:
    read: list[str] = []

    def shown(_: Path, build_id: str) -> dict[str, Any]:
        read.append(build_id)
        return {"id": build_id, "n": len(read)}

    monkeypatch.setattr(building, "show_build", shown)

    async def follow() -> None:
        follows = Follows()
        first = await follows.lately(tmp_path, "a")
        assert [
            look.state["n"] for look in await asyncio.gather(*(follows.lately(tmp_path, "a") for _ in range(50)))
        ] == [1] * 50
        clock.at += LOOK + 0.1
        later = await asyncio.gather(*(follows.lately(tmp_path, "a") for _ in range(50)))
        assert len(read) == 2  # one of them read, the others did not wait
        assert later[0].state["n"] == 2
        assert (await follows.lately(tmp_path, "a")).mark != first.mark

    asyncio.run(follow())


def test_a_look_that_fails_leaves_the_build_open_to_the_next(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: SimpleNamespace
) -> None:
    answers: list[dict[str, Any] | None] = [{"n": 1}, None, {"n": 3}]

    def shown(_: Path, __: str) -> dict[str, Any]:
        told = answers.pop(0)
        if told is None:
            raise NotKnown("gone", "没有")
        return told

    monkeypatch.setattr(building, "show_build", shown)

    async def follow() -> None:
        follows = Follows()
        await follows.lately(tmp_path, "a")
        clock.at += LOOK + 0.1
        with pytest.raises(NotKnown):
            await follows.lately(tmp_path, "a")
        assert (await follows.lately(tmp_path, "a")).state == {"n": 3}

    asyncio.run(follow())
