"""The anchor of the audit log: its head, kept in a file beside the database, so that entries cut off its end are missed.

One line an anchor: number, hash, and why it was taken. The last line follows the head, entry by entry; every hundredth entry, every
build, and a head that the next one does not follow on leave one that stays.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from huaxiang.store.state_audit import Head

EVERY = 100
_FOLLOWS = ("head", "kept")
_LINE = re.compile(r"(\d{1,15}) ([0-9a-f]{64}) ([a-z]+)(?: (\S{1,60}))?")


class Anchor:
    """The file `.huaxiang/audit.anchor` of a project. Safe to use from several threads and processes of one machine."""

    def __init__(self, folder: Path) -> None:
        self.path = Path(folder) / ".huaxiang" / "audit.anchor"

    def follow(self, head: Head) -> None:
        """Keep a new head; an older one than is kept changes nothing."""
        self._write(head, "kept" if head.number % EVERY == 0 else "head", None)

    def keep(self, head: Head, reason: str, about: str | None = None) -> None:
        """Keep a head for good, with a reason (a word) and what it is about."""
        self._write(head, reason, about)

    def heads(self) -> list[Head]:
        """All heads that were kept, oldest first; a last line that was not written to its end is left out."""
        try:
            text = self.path.read_text("utf-8", errors="replace")
        except FileNotFoundError:
            return []
        found = (_LINE.fullmatch(line) for line in text.split("\n")[:-1])
        return [Head(int(each[1]), each[2]) for each in found if each]

    def _write(self, head: Head, reason: str, about: str | None) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            size = os.fstat(handle).st_size
            tail = os.pread(handle, 400, max(0, size - 400)).decode("utf-8", "replace")
            whole = size - len(tail.rpartition("\n")[2].encode()) if tail else 0
            last = tail[: tail.rfind("\n") + 1].rstrip("\n").rpartition("\n")[2]
            known = _LINE.fullmatch(last)
            if known and int(known[1]) >= head.number and (reason in _FOLLOWS or int(known[1]) > head.number):
                return
            if (
                known
                and known[3] == "head"
                and (int(known[1]), known[2]) in ((head.number - 1, head.before), (head.number, head.hash))
            ):
                whole -= (
                    len(last.encode()) + 1
                )  # what comes after it vouches for it; any other head stays, as a witness
            line = " ".join(part for part in (f"{head.number} {head.hash} {reason}", about) if part) + "\n"
            os.pwrite(handle, line.encode(), whole)
            os.ftruncate(handle, whole + len(line.encode()))
        finally:
            os.close(handle)
