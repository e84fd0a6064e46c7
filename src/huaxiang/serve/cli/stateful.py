"""What commands share that work on the state database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huaxiang.app.audit import AuditLog
    from huaxiang.serve.cli.framework import View
    from huaxiang.store.state import StateStore


@contextmanager
def state_and_log(view: View) -> Iterator[tuple[StateStore, AuditLog]]:
    """The state database of the project, and the audit log that changes are noted in."""
    from huaxiang.app.audit import AuditLog
    from huaxiang.app.wiring import open_state

    folder = view.folder()
    with closing(open_state(folder)) as state:
        yield state, AuditLog(state, folder)
