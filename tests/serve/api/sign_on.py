"""What the tests of single sign-on share: settings, and the steps of a login."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.testclient import TestClient
from tests.identity_provider import agree

from huaxiang.app.people import show_user
from huaxiang.app.wiring import open_state

Api = Callable[..., TestClient]
WEB = {"X-Huaxiang": "web"}
GOOD = "correct horse battery"
ROLES = [
    {"group": "bosses", "role": "admin"},
    {"group": "数据", "role": "analyst"},
    {"group": "shop", "role": "marketer"},
]


def begin(client: TestClient, **asked: str) -> str:
    """Begin a login; return where the provider sends the browser back to, as path and query."""
    told = client.get("oidc/login", params=asked, follow_redirects=False)
    assert told.status_code == 303, told.text
    back = urlsplit(agree(told.headers["location"]))
    assert f"{back.scheme}://{back.netloc}{back.path}" == "http://127.0.0.1/api/v1/oidc/callback"
    return f"{back.path}?{back.query}"


def finish(client: TestClient, back: str, accept: str = "*/*") -> Any:
    return client.get(f"http://127.0.0.1{back}", follow_redirects=False, headers={"Accept": accept})


def log_in(client: TestClient, **asked: str) -> Any:
    return finish(client, begin(client, **asked))


def refused(answer: Any) -> str:
    assert (answer.status_code, answer.json()["code"]) == (403, "sign-on-refused"), answer.text
    assert "huaxiang_session" not in answer.headers.get("set-cookie", "")
    return str(answer.json()["reason"])


def entries(shop: Path, action: str) -> list[dict[str, Any]]:
    from huaxiang.app.audit import show_entries, wanted_of

    with closing(open_state(shop)) as state:
        return list(show_entries(state, wanted_of(action=action), limit=50)["entries"])


def user(shop: Path, name: str) -> dict[str, Any]:
    with closing(open_state(shop)) as state:
        return show_user(state, name)
