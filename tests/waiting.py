"""Waiting for what comes to hold. No test asks how fast the machine is: a wait ends with what it waits for, and its bound only ends a failure."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 120.0
"""Seconds after which what has not happened will not: many times what it takes on a slow machine that has other things to do."""


def until(holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    """Whether something comes to hold; returns at once when it does."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return found
