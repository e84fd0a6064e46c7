"""How a server is set up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BELOW = "/api/"
"""Whose paths are answered by the API; all others belong to the web page."""
PREFIX = "/api/v1"
OPENAPI = f"{PREFIX}/openapi.json"
HEALTH = f"{PREFIX}/health"
OIDC = f"{PREFIX}/oidc"
LISTS = f"{PREFIX}/lists/"
UPLOADS = f"{PREFIX}/wizard/files"
COUNT = f"{PREFIX}/query/count"
CALLER = "huaxiang.caller"
"""Where in the scope of a request it stands who calls."""
SESSION = "huaxiang.session"
"""Where in the scope of a request its session stands, when it has one."""


@dataclass(frozen=True)
class Settings:
    """What `huaxiang serve` was told. `rate`: requests a second for each token, with twice as many at once, 0 for no limit;
    `seconds`: until an answer must begin; `body`: bytes of a request, `list_body`: of one that
    uploads a list; `no_auth`: anybody who reaches the server is admin (loopback only);
    `poll`: seconds between two looks at which snapshot is served; `url`: the address that people use, where
    a proxy stands before the server.
    """

    folder: Path
    no_auth: bool = False
    rate: float = 200.0
    seconds: float = 60.0
    body: int = 1024 * 1024
    list_body: int = 64 * 1024 * 1024
    poll: float = 0.5
    url: str | None = None
