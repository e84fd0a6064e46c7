"""The audit log: who read personal data, who changed what; shown, and verified link by link."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.acting import actor
from huaxiang.errors import StorageError, UsageError
from huaxiang.store.anchor import Anchor
from huaxiang.store.state_audit import GENESIS, Head, Wanted, hash_of

if TYPE_CHECKING:
    from huaxiang.app.rights import Caller
    from huaxiang.store.state import StateStore

ENTRY_KEYS = ("number", "at", "who", "role", "action", "object", "snapshot", "detail", "hash")
VERIFY_KEYS = ("valid", "entries", "head", "anchors", "faults")
LOCAL = "local"
"""The role that is noted for who acts on the command line, where no rights are asked."""
_MOST_FAULTS = 20
log = logging.getLogger(__name__)


class AuditLog:
    """Writes the audit log of a project, and its anchor beside."""

    def __init__(self, state: StateStore, folder: Path) -> None:
        self._state = state
        self._anchor = Anchor(folder)

    def note(self, caller: Caller, action: str, about: str, **more: Any) -> None:
        """Note durably what a caller does. `snapshot`: which is read; all else goes to the detail. Raises StorageError: what can't be
        noted must not happen.
        """
        self._note(caller.name, caller.role, action, about, more)

    def note_as(self, who: str, role: str, action: str, about: str, **more: Any) -> None:
        """Note what somebody does who is not known as a caller: a login that fails."""
        self._note(who, role, action, about, more)

    def note_local(self, action: str, about: str, **more: Any) -> None:
        """Note what the person at this machine does by a command."""
        self._note(actor() or LOCAL, LOCAL, action, about, more)

    def note_build(self, snapshot: str) -> None:
        """Note that a build published a snapshot, and keep the head of the log for good. Raises StorageError."""
        self.note_local("published", f"snapshot {snapshot}", snapshot=snapshot)
        self._anchor.keep(self._state.audit.head(), "build", snapshot)

    def _note(self, who: str, role: str, action: str, about: str, more: Mapping[str, Any]) -> None:
        import sqlalchemy as sa

        entry = {
            "who": who, "role": role, "action": action, "object": about, "snapshot": more.get("snapshot"),
            "detail": {key: value for key, value in more.items() if key != "snapshot" and value is not None},
        }  # fmt: skip
        try:
            head = self._state.audit.append(entry)
        except sa.exc.SQLAlchemyError as error:
            raise StorageError(
                f"the audit log can't be written ({type(error).__name__}), so nothing is shown or changed; check the state database",
                f"无法写入审计日志（{type(error).__name__}），因此不予显示或更改；请检查状态数据库",
            ) from None
        try:
            self._anchor.follow(head)
        except OSError as error:  # the entry is kept; the next one is anchored
            log.warning("the anchor of the audit log can't be written: %s", type(error).__name__)


def wanted_of(
    *,
    who: str | None = None,
    action: str | None = None,
    about: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Wanted:
    """Which entries are wanted; `since` and `until` are days or moments as ISO 8601, in UTC unless they say so.

    Raises UsageError.
    """
    return Wanted(who, action, about, _moment(since), _moment(until))


def show_entries(state: StateStore, wanted: Wanted, *, limit: int, before: int | None = None) -> dict[str, Any]:
    """Return `entries` (ENTRY_KEYS), newest first, and `more`: whether older ones follow."""
    found = state.audit.page(wanted, limit=limit + 1, before=before)
    return {"entries": [{key: row[key] for key in ENTRY_KEYS} for row in found[:limit]], "more": len(found) > limit}


def verify(state: StateStore, folder: Path, *, expected: str | None = None) -> dict[str, Any]:
    """Recompute the whole chain and compare it with the anchors, and with `expected`, a head (`number:hash`) written down elsewhere.

    Return VERIFY_KEYS: `faults` are the first 20, each with `number` and a `code`: changed (hash and content don't fit, or the entry before
    was changed), missing (a number is skipped), truncated (the log ends before an anchor), replaced (an anchor has another hash).
    Raises UsageError when `expected` is not a head.
    """
    heads = Anchor(folder).heads()
    wanted = {(head.number, head.hash) for head in heads} | ({_head(expected)} if expected else set())
    numbers = {number for number, _ in wanted}
    faults: list[dict[str, Any]] = []
    seen: dict[int, str] = {0: GENESIS}
    last = Head(0, GENESIS)
    for row in state.audit.chain():
        if row["number"] != last.number + 1:
            faults.append({"number": last.number + 1, "code": "missing"})
        if hash_of(last.hash, row) != row["hash"]:
            faults.append({"number": row["number"], "code": "changed"})
        last = Head(row["number"], row["hash"])
        if last.number in numbers:
            seen[last.number] = last.hash
    for number, kept in sorted(wanted):
        if number > last.number:
            faults.append({"number": number, "code": "truncated"})
        elif number in seen and seen[number] != kept:
            faults.append({"number": number, "code": "replaced"})
    return {
        "valid": not faults, "entries": last.number, "head": f"{last.number}:{last.hash}", "anchors": len(heads),
        "faults": faults[:_MOST_FAULTS],
    }  # fmt: skip


def _head(text: str) -> tuple[int, str]:
    number, _, kept = text.partition(":")
    if not number.isdigit() or len(kept) != len(GENESIS):
        raise UsageError(
            "a head is written as number:hash, as `huaxiang audit verify` prints it",
            "链头写作“序号:哈希”，与 huaxiang audit verify 显示的一致",
        )
    return int(number), kept


def _moment(text: str | None) -> str | None:
    """A day or moment as the log keeps moments."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "write a day or moment as 2026-10-31 or 2026-10-31T08:00+08:00",
            "日期或时刻请写成 2026-10-31 或 2026-10-31T08:00+08:00",
        ) from None
    return (found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)).isoformat(timespec="seconds")
