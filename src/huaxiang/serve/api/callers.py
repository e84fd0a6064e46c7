"""Who calls, and how often: tokens are looked up once in a while, and each has a bucket of requests."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from anyio.to_thread import run_sync

from huaxiang.app.rights import Caller
from huaxiang.app.tokens import PREFIX, Known, digest_of, find_token, known_tokens
from huaxiang.errors import StorageError
from huaxiang.serve.api.problems import Problem

if TYPE_CHECKING:
    from huaxiang.store.state import StateStore

LOCAL = Caller("local", "local", "admin")
"""Who asks when tokens are not needed."""
REFRESH = 1.0
"""Seconds between two readings of all tokens: a token that is revoked stops working after about so long."""
STALE = 60.0
"""When tokens could not be read for so many seconds, none is accepted."""
_MOST = 10_000


class Callers:
    """Recognises tokens. `state` None: everybody is LOCAL.

    All tokens are read anew every REFRESH seconds, beside the requests; one that is not among them is looked up when it comes.
    """

    def __init__(self, state: StateStore | None) -> None:
        self._state = state
        self._known: dict[str, Known] = {}
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._read_at = time.monotonic()

    async def of(self, authorization: str) -> Caller:
        """Return who sends this Authorization header. Raises Problem (401), StorageError when tokens can't be read any more."""
        if self._state is None:
            return LOCAL
        scheme, _, text = authorization.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text.startswith(PREFIX):
            raise _refused()
        if time.monotonic() - self._read_at > STALE:
            raise StorageError(
                "the state database can't be read, so no token can be checked", "无法读取状态数据库，令牌无法校验"
            )
        digest = digest_of(text)
        known = self._known.get(digest) or await self._look_up(digest)
        if known is None or not known.holds():
            raise _refused()
        return known.caller

    async def _look_up(self, digest: str) -> Known | None:
        """Ask for a token that was made a moment ago; what is not there is not asked for again at once."""
        moment = time.monotonic()
        if self._state is None or moment - self._unknown.get(digest, -REFRESH) < REFRESH:
            return None
        found = await run_sync(find_token, self._state, digest)
        if found is not None:
            self._known[digest] = found
            return found
        self._unknown[digest] = moment
        while len(self._unknown) > _MOST:
            self._unknown.popitem(last=False)
        return None

    def refresh(self) -> None:
        """Read all tokens anew."""
        if self._state is not None:
            self._known = known_tokens(self._state)
            self._read_at = time.monotonic()


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
