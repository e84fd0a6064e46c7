"""How answers are written: JSON as the command line prints it, an ETag on every GET, pages with a link to the next."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from huaxiang.serve.api.problems import Problem
from huaxiang.serve.cli.texts import language

ETAG = "huaxiang.etag"
MOST_ROWS = 1000
MOST_OFFSET = 10_000_000
_OF_A_PAGE = frozenset({"limit", "cursor", "snapshot"})
"""Parameters that may differ from page to page: a cursor keeps to its snapshot."""
PRIVATE = "private, no-cache"
VARY = "Accept-Language, Authorization, Cookie"


class Unchanged(Exception):
    """The caller holds the answer already."""

    def __init__(self, etag: str) -> None:
        self.etag = etag
        super().__init__(etag)


def answer(request: Request, data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `data` as JSON. A GET gets an ETag: that of its snapshot and query where it was made before, else of its content."""
    body = to_json(data)
    sent = {"Cache-Control": PRIVATE, **(headers or {})}
    if request.method == "GET":
        etag = request.scope.get(ETAG) or _quoted(hashlib.sha256(body).hexdigest())
        if is_held(request, etag):
            return not_modified(etag)
        sent |= {"ETag": etag, "Vary": VARY}
    return Response(body, status_code=status, media_type="application/json", headers=sent)


def not_modified(etag: str) -> Response:
    """The answer to a caller who holds it already."""
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": PRIVATE, "Vary": VARY})


def etag_of(request: Request, *parts: str) -> str:
    """The ETag of what depends on the parts (snapshot, role) and on the query alone."""
    told = "\n".join((*parts, language(), request.url.path, request.url.query))
    return _quoted(hashlib.sha256(told.encode()).hexdigest())


def is_held(request: Request, etag: str) -> bool:
    """Whether the request says that the caller holds this version."""
    held = request.headers.get("if-none-match", "")
    return held.strip() == "*" or etag in (part.strip().removeprefix("W/") for part in held.split(","))


def _quoted(digest: str) -> str:
    return f'"{digest[:32]}"'


def to_json(value: Any) -> bytes:
    """JSON as UTF-8: dates as ISO texts, decimals as numbers."""
    return json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


@dataclass(frozen=True)
class Page:
    """Which part of a list is wanted: `limit` items after the first `offset`, of the snapshot that the first page came from.
    `about`: what stands for the question, so that nobody goes on with the cursor of another one.
    """

    limit: int
    offset: int = 0
    snapshot: str | None = None
    about: str = ""

    @property
    def end(self) -> int:
        """How many items reach the end of the page."""
        return self.offset + self.limit

    def of(self, about: str) -> Page:
        """The page as one of this question. Raises Problem for a later page of another one."""
        if (self.offset or self.snapshot is not None) and self.about != about:
            raise Problem(
                "bad-request", "this cursor belongs to another question; begin again without it",
                "这个 cursor 属于另一个查询；请去掉 cursor 重新开始",
            )  # fmt: skip
        return replace(self, about=about)


def question(*parts: object) -> str:
    """What stands for a question in the cursors of its pages."""
    return hashlib.sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:16]


async def page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="Items on a page")] = 100,
    cursor: Annotated[str | None, Query(max_length=200, description="From `next` of the page before")] = None,
) -> Page:
    """Read `limit` and `cursor`. Raises Problem for a cursor that none of our pages gave, or one of another list or filter."""
    asked = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in _OF_A_PAGE)
    return read_cursor(cursor, limit).of(question(request.url.path, asked))


def read_cursor(cursor: str | None, limit: int) -> Page:
    """The page that a cursor leads to; the first one without a cursor."""
    if cursor is None:
        return Page(limit)
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=="))
        offset, snapshot, about = told["o"], told["s"], told.get("q", "")
        if not isinstance(offset, int) or not 0 <= offset <= MOST_OFFSET or not isinstance(snapshot, str | None):
            raise ValueError
        if not isinstance(about, str):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Problem(
            "bad-request", "this cursor is not one of ours; take it from `next`", "cursor 无效；请使用上一页 next 的值"
        ) from None
    return Page(limit, offset, snapshot, about)


def cursor_after(asked: Page, snapshot: str | None) -> str:
    """The cursor of the page after this one."""
    told = json.dumps({"o": asked.end, "s": snapshot, "q": asked.about}, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def paged(request: Request, asked: Page, snapshot: str | None, *, more: bool) -> dict[str, Any]:
    """`next` (the cursor) and `next_url` of a list, None on its last page."""
    if not more:
        return {"next": None, "next_url": None}
    cursor = cursor_after(asked, snapshot)
    url = request.url.include_query_params(cursor=cursor, limit=asked.limit) if request.method == "GET" else None
    return {"next": cursor, "next_url": f"{url.path}?{url.query}" if url is not None else None}


def cut(items: Sequence[Any], asked: Page) -> tuple[list[Any], bool]:
    """The items of a page, and whether more follow."""
    return list(items[asked.offset : asked.end]), len(items) > asked.end


def first(read: Callable[[int], Mapping[str, Any]], key: str, asked: Page) -> tuple[dict[str, Any], bool]:
    """A page of what can be read from its beginning only: `read(limit)` gives a dictionary with a list below `key`."""
    found = dict(read(asked.end + 1))
    items, more = cut(found[key], asked)
    return found | {key: items}, more
