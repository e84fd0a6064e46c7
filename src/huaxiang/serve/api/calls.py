"""When somebody last asked: work that nobody waits for gives way."""

from __future__ import annotations

import time


class Calls:
    """The requests of a server, of which the last one is remembered."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def note(self) -> None:
        """Note that a request came now."""
        self._last = time.monotonic()

    def rest(self, quiet: float) -> float:
        """Seconds until it has been quiet for so long, 0 where it has."""
        return max(0.0, self._last + quiet - time.monotonic())
