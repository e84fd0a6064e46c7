"""What routes ask for: who calls, what is served, and whether the caller holds the answer already. Nothing here hops to a thread
unless another snapshot has to be opened.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Query
from starlette.requests import Request

from huaxiang.app.rights import RIGHTS, Caller, Right, require
from huaxiang.app.serving import Served, Serving, When
from huaxiang.errors import AccessDenied, SnapshotError, UsageError
from huaxiang.serve.api.answers import ETAG, Page, Unchanged, etag_of, is_held, page
from huaxiang.serve.api.callers import Callers
from huaxiang.serve.api.calls import Calls
from huaxiang.serve.api.following import Follows
from huaxiang.serve.api.known import Known
from huaxiang.serve.api.problems import Problem
from huaxiang.serve.api.settings import CALLER, SESSION, Settings

if TYPE_CHECKING:
    from huaxiang.app.audit import AuditLog
    from huaxiang.app.field_rights import FieldRights
    from huaxiang.app.oidc.setup import SingleSignOn
    from huaxiang.serve.api.cookies import Sessions
    from huaxiang.store.snapshots import Snapshot
    from huaxiang.store.state import StateStore

WHOLE: frozenset[Right] = frozenset({"define_tags", "define_sources", "approve", "sql", "raw"})
"""Rights that reach all fields, by definitions and rows: none of them holds for a role that fields are hidden from."""
SHORTEST, LONGEST = 5, 500
"""Characters of a reason."""


@dataclass(frozen=True)
class Server:
    """What all requests share."""

    settings: Settings
    serving: Serving
    state: StateStore
    callers: Callers
    rights: FieldRights
    sessions: Sessions
    audit: AuditLog
    sign_on: SingleSignOn
    follows: Follows = field(default_factory=Follows)
    known: Known = field(default_factory=Known)
    calls: Calls = field(default_factory=Calls)
    asking: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(4))
    """So many logins ask their provider at once; others wait without a thread, so that a slow one holds up nothing else."""


@dataclass(frozen=True)
class Asked:
    """A request about one snapshot: from whom, and about which."""

    request: Request
    caller: Caller
    served: Served

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot."""
        return self.served.snapshot

    def text_of(self, when: When) -> str:
        """A condition as text, for questions that take no tree. Raises ExpressionError, with the path of what is wrong in a tree."""
        from huaxiang.app.audience import column_types
        from huaxiang.app.conditions import condition_text, sources_in

        if not isinstance(when, str) and self.served.index is not None:
            self.served.index.checked(when)  # names that there are not are told by their place in the tree
        manifest = self.snapshot.manifest
        return condition_text(when, column_types(manifest), sources_in(manifest))

    def need_whole(self) -> None:
        """Raise AccessDenied where fields are hidden from the caller: what comes next is told from rows that may hold them."""
        if self.snapshot.hidden:
            raise kept_from(self.caller.role)

    def note(self, action: str, about: str, **detail: Any) -> None:
        """Note durably that the caller reads personal data, or changes something."""
        server_of(self.request).audit.note(self.caller, action, about, snapshot=self.snapshot.id, **detail)

    def note_unmasked(self, about: str, **detail: Any) -> None:
        """Ask for the right to see personal values in full, and note durably that they are seen, and why.

        People say why, in the header `X-Huaxiang-Reason` (UTF-8, percent-encoded); programs have said so when they were given their token.
        Raises AccessDenied, Problem.
        """
        require(self.caller, "unmask")
        reason = unquote(self.request.headers.get("x-huaxiang-reason", "")).strip()
        if SESSION in self.request.scope or reason:
            check_reason(reason)
        self.note("unmask", about, reason=reason or None, **detail)


def kept_from(role: str) -> AccessDenied:
    """What is asked for may hold fields that are hidden from the role."""
    return AccessDenied(
        f"fields are kept from role {role} (field_rights in huaxiang.yaml), and this can't be told or changed without them",
        f"部分字段对角色 {role} 不可见（huaxiang.yaml 的 field_rights），而此内容涉及这些字段",
    )


def check_reason(reason: str) -> None:
    """Raise Problem for a reason that is none."""
    if not SHORTEST <= len(reason.strip()) <= LONGEST:
        raise Problem(
            "reason",
            f"say why personal values have to be seen, in {SHORTEST} to {LONGEST} characters",
            f"请说明查看未脱敏信息的理由（{SHORTEST} 到 {LONGEST} 个字）",
        )


def told_of(when: Any) -> str:
    """A condition as it is noted: the name of an audience, or a digest, since conditions may hold personal values."""
    if isinstance(when, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,62}", when.strip()):
        return when.strip()
    told = json.dumps(when, sort_keys=True, ensure_ascii=False, default=str)
    return f"sha256:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()[:16]}"


def server_of(request: Request) -> Server:
    """What all requests share."""
    server: Server = request.app.state.server
    return server


def caller_of(request: Request) -> Caller:
    """Who sends this request. Raises Problem (401) on the paths that are open to those who are nobody."""
    caller: Caller | None = request.scope.get(CALLER)
    if caller is None:
        raise Problem("no-token", "log in first", "请先登录")
    return caller


def note(request: Request, action: str, about: str, **detail: Any) -> None:
    """Note durably that the caller changes something, or reads personal data."""
    server_of(request).audit.note(caller_of(request), action, about, **detail)


def _permitted(request: Request, right: Right) -> Caller:
    """The caller, who must have a right. Raises AccessDenied, also where fields are hidden from the role and the right would reach them."""
    caller = caller_of(request)
    require(caller, right)
    if right in WHOLE and server_of(request).rights.of(caller.role).hides:
        raise kept_from(caller.role)
    return caller


def rights_of(request: Request, caller: Caller) -> list[str]:
    """What a caller may do, by name."""
    hides = server_of(request).rights.of(caller.role).hides
    return sorted(right for right in RIGHTS[caller.role] if not (hides and right in WHOLE))


def needs(right: Right) -> Any:
    """A dependency: the caller, who must have this right."""

    async def check(request: Request) -> Caller:
        return _permitted(request, right)

    return Depends(check)


async def _served(request: Request, which: str | None) -> Served:
    """The snapshot as the caller sees it."""
    server = server_of(request)
    served = server.serving.current if which is None else await run_sync(server.serving.open, which)
    fields = server.rights.of(caller_of(request).role)
    seen = served.seen_at_once(fields)
    return seen if seen is not None else await run_sync(served.seen_by, fields)


Which = Annotated[
    str | None,
    Query(
        alias="snapshot", max_length=40, description="Snapshot: ID, its beginning, or a date; the served one by default"
    ),
]


def asks(right: Right, *, lasting: bool = False) -> Any:
    """Depend on a right and a snapshot. `lasting`: the answer depends on the snapshot and the query alone, so that a caller who holds
    it gets 304 before anything is computed.
    """

    async def ask(request: Request, which: Which = None) -> Asked:
        caller = _permitted(request, right)
        return _asked(request, caller, await _served(request, which), lasting=lasting)

    return Depends(ask)


def lists(right: Right, *, lasting: bool = False) -> Any:
    """`asks` for a list in pages: every page is of the snapshot of the first."""

    async def ask(request: Request, asked: Annotated[Page, Depends(page)], which: Which = None) -> Asked:
        caller = _permitted(request, right)
        return _asked(request, caller, await pinned(request, asked.snapshot, which), lasting=lasting)

    return Depends(ask)


async def pinned(request: Request, snapshot: str | None, which: str | None = None) -> Served:
    """The snapshot that a cursor names, else the one asked for. Raises Problem when that of the cursor is gone."""
    if snapshot is None:
        return await _served(request, which)
    try:
        return await _served(request, snapshot)
    except (UsageError, SnapshotError):
        raise Problem(
            "snapshot-gone", "the snapshot of this list has been removed; begin again without a cursor",
            "这份列表所属的快照已被清理；请去掉 cursor 重新开始",
        ) from None  # fmt: skip


def _asked(request: Request, caller: Caller, served: Served, *, lasting: bool) -> Asked:
    if lasting:
        etag = etag_of(request, served.snapshot.id, caller.role, served.snapshot.view)
        request.scope[ETAG] = etag
        if is_held(request, etag):
            raise Unchanged(etag)
    return Asked(request, caller, served)
