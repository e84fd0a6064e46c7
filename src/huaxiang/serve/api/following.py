"""Builds that pages follow: their record is read once for all who follow, however many they are."""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio.to_thread import run_sync

LOOK = 0.4
"""Seconds between two looks at the record of a build."""
_MOST = 20


@dataclass
class Look:
    """What a record said. `mark`: a digest of it."""

    state: dict[str, Any]
    mark: str
    at: float
    reading: bool = False


class Follows:
    """The last look at each build that is followed, shared by the streams of this process."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Look] = OrderedDict()

    async def now(self, folder: Path, build_id: str) -> Look:
        """Read the record. Raises NotKnown."""
        from huaxiang.app.building import show_build

        state = await run_sync(show_build, folder, build_id)
        told = hashlib.sha256(json.dumps(state, sort_keys=True, default=str).encode()).hexdigest()[:16]
        look = self._held[build_id] = Look(state, told, time.monotonic())
        self._held.move_to_end(build_id)
        while len(self._held) > _MOST:
            self._held.popitem(last=False)
        return look

    async def lately(self, folder: Path, build_id: str) -> Look:
        """What the record said at most two looks ago; who comes while somebody reads it takes what was read before. Raises NotKnown."""
        held = self._held.get(build_id)
        if held is None:
            return await self.now(folder, build_id)
        if held.reading or time.monotonic() - held.at < LOOK:
            return held
        held.reading = True
        try:
            return await self.now(folder, build_id)
        finally:
            held.reading = False
