"""One pair of real servers for all tests of a process that don't end it, on a small built project."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.crash.conftest import make_shop
from tests.serve.two_servers.pair import OPENED, PASSWORD, Pair
from tests.shared import made_once

from huaxiang.app.build import build
from huaxiang.app.people import NewUser, add_user
from huaxiang.app.wiring import open_state


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small built project with a user of every role."""
    return made_once(tmp_path_factory, "two-servers", _make)[0]


def _make(folder: Path) -> None:
    make_shop(folder)
    build(folder)
    with closing(open_state(folder)) as state:
        for role in ("admin", "analyst", "marketer", "auditor"):
            add_user(state, NewUser(role, role, password=PASSWORD))


@pytest.fixture(scope="session")
def pair(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    found = Pair(shutil.copytree(built, tmp_path_factory.mktemp("pair") / "shop"))
    found.start()
    yield found
    found.stop()
