"""`huaxiang serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from huaxiang.serve.cli.framework import View, command, language_option, option, project_option
from huaxiang.serve.cli.texts import t

if TYPE_CHECKING:
    from huaxiang.serve.api.settings import Settings


@command("serve", text="help.serve")
@option("--host", key="host", default="127.0.0.1", show_default=True)
@option("--port", key="port", type=click.IntRange(0, 65_535), default=8000, show_default=True)
@option("--workers", key="workers", type=click.IntRange(1, 64), default=1, show_default=True)
@option("--rate", key="rate", type=click.FloatRange(0), default=200.0, show_default=True)
@option("--no-auth", "no_auth", key="no_auth", is_flag=True)
@option("--url", key="url", metavar="URL")
@project_option
@language_option
def serve(*, project: Path | None, rate: float, no_auth: bool, url: str | None, **where: Any) -> None:
    """Serve the web page and the REST API until stopped."""
    from huaxiang.app.oidc.setup import read_setup
    from huaxiang.serve.api.running import Place, check_place, listen
    from huaxiang.serve.api.running import serve as run
    from huaxiang.serve.api.settings import Settings

    settings = Settings(View(project, as_json=False).folder(), no_auth=no_auth, rate=rate, url=_address(url))
    place = Place(**where)
    check_place(place, settings)
    read_setup(settings.folder)  # said here, before several processes say it
    listening = listen(place)
    shown = f"[{place.host}]" if ":" in place.host else place.host
    _greet(settings, settings.url or f"http://{shown}:{listening.getsockname()[1]}")
    run(settings, place, listening)


def _greet(settings: Settings, url: str) -> None:
    """Say where the page is, and how the first administrator is made."""
    from huaxiang.app.sessions import setup_code
    from huaxiang.app.wiring import open_state
    from huaxiang.serve.api.settings import OPENAPI

    click.echo(t("serve.ready", url=url, openapi=f"{url}{OPENAPI}"), err=True)
    if settings.no_auth:
        click.echo(t("serve.no_auth"), err=True)
        return
    state = open_state(settings.folder)
    try:
        code = setup_code(state)
    finally:
        state.close()
    if code is not None:
        click.echo(t("serve.setup", url=f"{url}/setup?code={code}", code=code), err=True)


def _address(text: str | None) -> str | None:
    """The address that people use, without a path. Raises UsageError."""
    from urllib.parse import urlsplit

    from huaxiang.errors import UsageError
    from huaxiang.serve.cli.texts import catalogue

    if text is None:
        return None
    found = urlsplit(text)
    if found.scheme not in ("http", "https") or not found.netloc or found.path not in ("", "/") or found.query:
        raise UsageError(*(catalogue(lang)["serve.bad_url"] for lang in ("en", "zh-CN")))
    return f"{found.scheme}://{found.netloc}"
