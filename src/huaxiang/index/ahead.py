"""Sets that will be asked for: who asks for one value of a column soon tries others.

The first question about a value reads the codes of all customers; the sets of the column's other values are then made in a thread, which
rests as long as it works and ends when there is nothing to do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from huaxiang.index.scanning import NAME


class Ahead:
    """Works through columns in the order in which they are wanted, each once. `work` yields after each set that it made."""

    def __init__(self, work: Callable[[str], Iterator[None]]) -> None:
        self._work = work
        self._seen: set[str] = set()
        self._waiting: list[str] = []
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def want(self, column: str) -> None:
        """Make the sets of a column, if that was not wanted before; returns at once."""
        if column in self._seen:
            return
        with self._lock:
            if column in self._seen:
                return
            self._seen.add(column)
            self._waiting.append(column)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"{NAME}-ahead", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until all that is wanted is done."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                column = self._waiting.pop(0)
            with suppress(OSError, MemoryError, ValueError):  # what can't be made now is told to who asks for it
                self._make(column)

    def _make(self, column: str) -> None:
        begin = time.perf_counter()
        for _ in self._work(column):
            time.sleep(time.perf_counter() - begin)
            begin = time.perf_counter()
