"""What is costly to make is made once for all processes of a test run."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

Made = TypeVar("Made")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Made]) -> tuple[Path, Made]:
    """The folder `name`, and what `make` returned when it filled it: in the first process that asks, while others wait for it.

    Nobody changes it: who wants to, takes a copy.
    """
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, told = root / name, root / f"{name}.pickle"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            made = make(folder)
            told.write_bytes(pickle.dumps(made))
        found: Made = pickle.loads(told.read_bytes())
    return folder, found
