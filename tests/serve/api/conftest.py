"""The API over the sample snapshot: `api("analyst")` is a client with a token of that role."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.identity_provider import CLIENT, SECRET, IdentityProvider, identity_provider
from tests.published import publish_sample
from tests.serve.api.sign_on import GOOD
from tests.waiting import PATIENCE

from huaxiang.app.people import NewUser, add_user
from huaxiang.app.tokens import create_token
from huaxiang.app.wiring import open_state
from huaxiang.serve.api.application import create_app
from huaxiang.serve.api.settings import Settings

Api = Callable[..., TestClient]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    publish_sample(tmp_path).close()
    return tmp_path


@pytest.fixture
def token(shop: Path) -> Callable[..., str]:
    """Make a token of a role; return its text."""

    def make(role: str, name: str = "", days: int | None = None) -> str:
        state = open_state(shop)
        try:
            return str(create_token(state, name or role, role, days=days)["token"])
        finally:
            state.close()

    return make


@pytest.fixture
def api(shop: Path, token: Callable[..., str]) -> Iterator[Api]:
    """A client of a running application: with a token of `role`, without one for None. Settings by name."""
    with ExitStack() as running:

        def start(role: str | None = "admin", **changes: object) -> TestClient:
            app = create_app(replace(Settings(shop, poll=0.05), **changes))  # type: ignore[arg-type]
            headers = (
                {"Authorization": f"Bearer {token(role, f'{role}-{len(running._exit_callbacks)}')}"} if role else {}
            )  # type: ignore[attr-defined]
            client = TestClient(
                app, base_url="http://127.0.0.1/api/v1/", headers=headers, raise_server_exceptions=False
            )
            return running.enter_context(client)

        yield start


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock by which failed attempts wait stands still: a slow machine doesn't wait their seconds out between two of them."""
    monkeypatch.setattr("huaxiang.store.state_people.time", SimpleNamespace(time=lambda: 1_800_000_000.0))


@pytest.fixture
def idp(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityProvider]:
    """A provider in this process; the server gives it all the time that a busy machine needs."""
    monkeypatch.setattr("huaxiang.app.oidc.provider._SECONDS", PATIENCE)
    monkeypatch.setattr("huaxiang.app.oidc.provider._LONGEST", PATIENCE)
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def offer(shop: Path, idp: IdentityProvider, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set single sign-on up; there is an administrator with a password."""
    monkeypatch.setenv("HUAXIANG_TEST_SECRET", SECRET)
    with closing(open_state(shop)) as state:
        add_user(state, NewUser("boss", "admin", password=GOOD))
    plain = (shop / "huaxiang.yaml").read_text("utf-8")

    def write(**settings: Any) -> None:
        told = {"issuer": idp.issuer, "client_id": CLIENT, "client_secret": "env:HUAXIANG_TEST_SECRET", "create": True,
                "default_role": "marketer"} | settings  # fmt: skip
        told = {key: value for key, value in told.items() if value is not None}
        (shop / "huaxiang.yaml").write_text(f"{plain}\noidc: {json.dumps(told, ensure_ascii=False)}\n", "utf-8")

    return write
