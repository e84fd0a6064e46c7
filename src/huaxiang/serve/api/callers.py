"""Who calls, and how often: tokens are looked up once in a while, and each has a bucket of requests."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync

from huaxiang.app.rights import Caller
from huaxiang.app.tokens import PREFIX, caller_of, digest_of
from huaxiang.serve.api.problems import Problem

if TYPE_CHECKING:
    from huaxiang.store.state import StateStore

LOCAL = Caller("local", "local", "admin")
"""Who asks when tokens are not needed."""
HELD_SECONDS = 2.0
"""A token that is revoked stops working after at most so long."""
_MOST = 10_000


class Callers:
    """Recognises tokens. `state` None: everybody is LOCAL."""

    def __init__(self, state: StateStore | None) -> None:
        self._state = state
        self._known: OrderedDict[str, tuple[float, Caller | None]] = OrderedDict()

    async def of(self, authorization: str) -> Caller:
        """Return who sends this Authorization header. Raises Problem (401)."""
        if self._state is None:
            return LOCAL
        scheme, _, text = authorization.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text.startswith(PREFIX):
            raise _refused()
        digest = digest_of(text)
        moment = time.monotonic()
        held = self._known.get(digest)
        if held is None or moment - held[0] > HELD_SECONDS:
            held = moment, await run_sync(caller_of, self._state, digest)
            self._known[digest] = held
            self._known.move_to_end(digest)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        if held[1] is None:
            raise _refused()
        return held[1]


class Rates:
    """A bucket for each token: it fills with `rate` a second and holds twice as many."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: Caller) -> None:
        """Count a request. Raises Problem (429), which says when to come again."""
        if self._rate <= 0:
            return
        moment = time.monotonic()
        left, since = self._buckets.get(caller.id, (2 * self._rate, moment))
        left = min(2 * self._rate, left + (moment - since) * self._rate)
        if left < 1:
            wait = max(1, round((1 - left) / self._rate + 0.5))
            raise Problem(
                "rate", f"more than {self._rate:g} requests a second with this token; wait, then go on",
                f"此令牌每秒请求超过 {self._rate:g} 次，请稍候再试", headers={"Retry-After": wait},
            )  # fmt: skip
        self._buckets[caller.id] = left - 1, moment
        while len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)


def _refused() -> Problem:
    return Problem(
        "no-token", "send a token that is in force: `Authorization: Bearer hx_…` (`huaxiang token create`)",
        "请在 Authorization 头中携带有效令牌：Bearer hx_…（用 huaxiang token create 创建）", headers={"WWW-Authenticate": "Bearer"},
    )  # fmt: skip
