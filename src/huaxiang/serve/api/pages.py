"""The web page: its built files as they are, and `index.html` for every path that the page itself knows."""

from __future__ import annotations

import logging
import mimetypes
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from starlette.responses import Response
from starlette.types import Scope

FOLDER = Path(__file__).parent.parent / "web" / "static"
NONCE = b"__HUAXIANG_NONCE__"
"""Stands in the built `index.html` wherever the nonce of an answer belongs."""
WHO = b"__HUAXIANG_WHO__"
"""Stands there where it says whether somebody who is logged in seems to ask (`in`, `out`): which frame is drawn until the page is there."""
_ASSETS = "assets/"
_PLAIN_404 = frozenset({"favicon.ico", "robots.txt", "manifest.webmanifest"})
_PACKED = (("br", ".br"), ("gzip", ".gz"))
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json",
          ".woff2": "font/woff2", ".webmanifest": "application/manifest+json", ".map": "application/json"}  # fmt: skip
_HEADERS: Mapping[str, str] = MappingProxyType({
    "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
})  # fmt: skip
_MISSING = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>Huaxiang 画像</title>
<h1>网页文件缺失</h1><p>REST 接口在 <code>/api/v1</code> 正常工作，但网页尚未构建。<br>在源码
目录中运行 <code>python3 run.py install</code>，然后刷新本页。</p>
<h1 lang="en">The files of the web page are missing</h1><p lang="en">The REST API works below <code>/api/v1</code>,
but the page was not built.
Run <code>python3 run.py install</code> in the checkout, then reload this page.</p></html>
"""
log = logging.getLogger(__name__)


class Pages:
    """Answers everything outside the API. Only files that were there when `index.html` was last looked at are ever read."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._built: int | None = None
        self._files: frozenset[str] = frozenset()
        if not self._is_built():
            log.warning("the files of the web page are missing: run `python3 run.py install` in the checkout")

    def answer(self, scope: Scope, headers: Mapping[bytes, str], *, known: bool = False) -> Response:
        """The file that a path names, else `index.html`, whose page knows what to show. `known`: whether a session came with the request;
        nothing but the look of the first moment hangs on it.
        """
        if scope["method"] not in ("GET", "HEAD"):
            return Response("Method Not Allowed", 405, {"Allow": "GET, HEAD"}, "text/plain")
        if not self._is_built():
            return Response(_MISSING, 503, {"Cache-Control": "no-store", **_HEADERS}, "text/html; charset=utf-8")
        path = scope["path"].lstrip("/")
        if path in self._files and path != "index.html":
            return self._file(path, headers.get(b"accept-encoding", ""))
        if path.startswith(_ASSETS) or path in _PLAIN_404:
            return Response("Not Found", 404, {"Cache-Control": "no-store"}, "text/plain")
        return self._index(known=known)

    def _is_built(self) -> bool:
        """Whether there is a page; what was built anew is taken over."""
        try:
            built = (self._folder / "index.html").stat().st_mtime_ns
        except OSError:
            self._built = None
            return False
        if built != self._built:
            found = (Path(at) / name for at, _, names in os.walk(self._folder) for name in names)
            self._files = frozenset(path.relative_to(self._folder).as_posix() for path in found)
            self._built = built
        return True

    def _index(self, *, known: bool) -> Response:
        nonce = secrets.token_urlsafe(18)
        body = (self._folder / "index.html").read_bytes().replace(NONCE, nonce.encode())
        body = body.replace(WHO, b"in" if known else b"out")
        headers = {"Content-Security-Policy": policy(nonce), "Cache-Control": "no-store", **_HEADERS}
        return Response(body, 200, headers, "text/html; charset=utf-8")

    def _file(self, path: str, accepted: str) -> Response:
        coding, ending = next(
            ((c, e) for c, e in _PACKED if path + e in self._files and _accepts(accepted, c)), ("", "")
        )
        kept = "public, max-age=31536000, immutable" if path.startswith(_ASSETS) else "no-cache"
        headers = {"Cache-Control": kept, "Vary": "Accept-Encoding", "Cross-Origin-Resource-Policy": "same-origin"}
        if coding:
            headers["Content-Encoding"] = coding
        kind = _TYPES.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        if kind.startswith("text/") or kind == "image/svg+xml":
            kind += "; charset=utf-8"
        return Response((self._folder / (path + ending)).read_bytes(), 200, headers, kind)


def policy(nonce: str) -> str:
    """The Content-Security-Policy of the page: scripts and styles that carry this nonce, and nothing from elsewhere."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )


def _accepts(accepted: str, coding: str) -> bool:
    """Whether an Accept-Encoding header takes a coding."""
    for part in accepted.lower().split(","):
        name, _, rest = part.strip().partition(";")
        if name.strip() == coding:
            return rest.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
