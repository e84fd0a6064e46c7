"""Work ahead: what a new snapshot needs for quick answers, and what its pages ask first, computed before somebody waits for it.

One thread does it, one thing after the other. It gives way to whoever asks, and rests in between as long as each took. It has the
priority of all others: pools of threads that it is the first to use would inherit a lower one, for as long as the server lives.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from huaxiang.app.rights import RIGHTS
from huaxiang.app.serving import Served
from huaxiang.errors import HuaxiangError
from huaxiang.serve.api.context import Server
from huaxiang.serve.api.usual import usual_questions
from huaxiang.store.snapshots import Snapshot

LEAST = 50_000
"""Customers from which on a snapshot is worth the work; of fewer everything is told quickly."""
PAUSE = 2.0
"""Seconds after the start, or after a new snapshot, in which whoever asks comes first."""
QUIET = 0.25
"""Seconds without a request after which the next thing is done."""
PATIENCE = 2.0
"""Seconds after which it is done all the same."""
_LOOK = 0.5
log = logging.getLogger(__name__)


class Warming:
    """Follows the served snapshot in a thread. `done`: the work for the snapshot that is served, and for the rights of now, is done."""

    def __init__(self, server: Server, least: int = LEAST, pause: float = PAUSE) -> None:
        self._server, self._least, self._pause = server, least, pause
        self._ended = threading.Event()
        self._seen: tuple[str, ...] | None = None
        self.done = threading.Event()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="huaxiang-ahead", daemon=True).start()

    def stop(self) -> None:
        """End after what is being computed."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(_LOOK):
            if self._state() == self._seen:
                continue
            self.done.clear()
            if self._ended.wait(self._pause):
                return
            state = self._state()
            try:
                self.work()
            except Exception as error:  # noqa: BLE001 - nobody asked: what can't be told ahead is told when it is asked for
                log.warning("work ahead failed: %s", type(error).__name__)
            self._seen = state
            self.done.set()

    def _state(self) -> tuple[str, ...]:
        """What the work is done for: a snapshot, and what roles see of it."""
        serving = self._server.serving
        if not serving.ready:
            return ()
        return serving.current.snapshot.id, *(self._server.rights.of(role).digest for role in RIGHTS)

    def work(self) -> None:
        """Do the work for what is served now."""
        from huaxiang.app.journey_index import prepare_journeys

        serving = self._server.serving
        if not serving.ready:
            return
        served = serving.current
        few = served.base < self._least  # they may have many rows all the same
        for job in (partial(prepare_journeys, served.snapshot),) if few else self._jobs(served):
            self._give_way()
            if self._ended.is_set() or serving.current is not served:
                return
            begin = time.perf_counter()
            with suppress(HuaxiangError):
                job()
            self._ended.wait(time.perf_counter() - begin)

    def _give_way(self) -> None:
        """Wait until nobody has asked for a moment, with patience."""
        until = time.monotonic() + PATIENCE
        while (rest := min(self._server.calls.rest(QUIET), until - time.monotonic())) > 0:
            if self._ended.wait(rest):
                return

    def _views(self, served: Served) -> list[Snapshot]:
        """The snapshot as each role sees it, each way once."""
        seen = [served.seen_by(self._server.rights.of(role)).snapshot for role in RIGHTS if "read" in RIGHTS[role]]
        return list({view.view: view for view in seen}.values())

    def _jobs(self, served: Served) -> Iterator[Callable[[], object]]:
        """What is done, the quickest first."""
        from huaxiang.app.audiences.authoring import audience_board
        from huaxiang.app.completion import completion
        from huaxiang.app.journey_index import prepare_journeys
        from huaxiang.app.tag_market.listing import Wanted, market

        folder, state, known = self._server.settings.folder, self._server.state, self._server.known
        views = self._views(served)
        for view in views:
            yield partial(market, folder, view, state, Wanted())
            yield partial(audience_board, view)
            if view is views[0]:
                yield from _pieces_of_a_customer(served.snapshot)
        yield partial(prepare_journeys, served.snapshot)
        for view in views:
            usual = usual_questions(completion(view.manifest))
            for wanted in {one.model_dump_json(): one for one in (*usual, *known.asked(view.view))}.values():
                yield partial(known.told, view, wanted)


def _pieces_of_a_customer(snapshot: Snapshot) -> Iterator[Callable[[], object]]:
    """Tell the page of one customer, so that all that pages of customers are read from is open; what is told is forgotten."""
    import numpy as np

    from huaxiang.app.audience_index import open_index
    from huaxiang.app.customer import show_customer
    from huaxiang.app.identity import show_identity
    from huaxiang.app.relations import relations_of
    from huaxiang.app.similar import similar_customers
    from huaxiang.app.timeline import customer_timeline

    somebody = str(open_index(snapshot).index.ids_at(np.zeros(1, np.int64))[0])
    for tell in (show_customer, customer_timeline, show_identity, similar_customers, relations_of):
        yield partial(tell, snapshot, somebody)
