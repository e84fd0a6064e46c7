"""Answers about everyone that a snapshot has given before: they are the same for all who see the same fields."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel

from huaxiang.serve.api.context import Asked
from huaxiang.serve.cli.texts import language

_MOST = 64
_held: OrderedDict[tuple[str, ...], Any] = OrderedDict()
_lock = threading.Lock()


def known(asked: Asked, wanted: BaseModel, tell: Callable[[], Any]) -> Any:
    """What `tell` answers to the question `wanted`, told again without computing. `wanted` must depend on the snapshot alone: on no
    audience, whose definition people change.
    """
    snapshot = asked.snapshot
    key = (str(snapshot.folder), snapshot.view, language(), type(wanted).__name__, wanted.model_dump_json())
    with _lock:
        if key in _held:
            _held.move_to_end(key)
            return _held[key]
    found = tell()
    with _lock:
        _held[key] = found
        while len(_held) > _MOST:
            _held.popitem(last=False)
    return found
