"""Who acts: the person at this machine, unless a face says that somebody else asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_actor: ContextVar[str | None] = ContextVar("actor", default=None)


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    """Do what follows in somebody's name."""
    mark = _actor.set(name)
    try:
        yield
    finally:
        _actor.reset(mark)


def actor() -> str:
    """The name to be noted with a decision; empty when the system knows none."""
    import getpass

    name = _actor.get()
    if name is not None:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
