"""Sets that will be asked for: who asks for one value of a column soon tries others.

The first question about a value reads the codes of all customers; the sets of the column's other values are then made in a thread, which
rests as long as it works and ends when there is nothing to do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

from huaxiang.index.scanning import NAME

log = logging.getLogger(__name__)


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
                self._begin()

    def wait(self) -> None:
        """Until all that is wanted is done."""
        thread = self._thread
        if thread is not None:
            thread.join()

    def _begin(self) -> None:
        thread = threading.Thread(target=self._run, name=f"{NAME}-ahead", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no room for a thread: with the next column it is tried again
            log.warning("sets can't be made ahead: %s", type(error).__name__)
        else:
            self._thread = thread

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                column = self._waiting.pop(0)
            try:
                self._make(column)
            except (OSError, MemoryError, ValueError):
                pass  # what can't be made now is told to who asks for it
            except Exception as error:  # noqa: BLE001  whatever it is, the other columns are wanted all the same
                log.warning("sets of a column can't be made ahead: %s", type(error).__name__)

    def _make(self, column: str) -> None:
        begin = time.perf_counter()
        for _ in self._work(column):
            time.sleep(time.perf_counter() - begin)
            begin = time.perf_counter()
