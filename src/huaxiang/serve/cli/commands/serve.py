"""`huaxiang serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from huaxiang.serve.cli.framework import View, command, language_option, option, project_option
from huaxiang.serve.cli.texts import t


@command("serve", text="help.serve")
@option("--host", key="host", default="127.0.0.1", show_default=True)
@option("--port", key="port", type=click.IntRange(0, 65_535), default=8000, show_default=True)
@option("--workers", key="workers", type=click.IntRange(1, 64), default=1, show_default=True)
@option("--rate", key="rate", type=click.FloatRange(0), default=200.0, show_default=True)
@option("--no-auth", "no_auth", key="no_auth", is_flag=True)
@project_option
@language_option
def serve(*, project: Path | None, rate: float, no_auth: bool, **where: Any) -> None:
    """Serve the REST API until stopped."""
    from huaxiang.app.tokens import list_tokens
    from huaxiang.app.wiring import open_state
    from huaxiang.serve.api.running import Place, check_place, listen
    from huaxiang.serve.api.running import serve as run
    from huaxiang.serve.api.settings import OPENAPI, Settings

    settings = Settings(View(project, as_json=False).folder(), no_auth=no_auth, rate=rate)
    place = Place(**where)
    check_place(place, settings)
    listening = listen(place)
    state = open_state(settings.folder)
    known = any(token["state"] == "active" for token in list_tokens(state))
    state.close()
    shown = f"[{place.host}]" if ":" in place.host else place.host
    url = f"http://{shown}:{listening.getsockname()[1]}"
    click.echo(t("serve.ready", url=url, openapi=f"{url}{OPENAPI}"), err=True)
    if no_auth or not known:
        click.echo(t("serve.no_auth" if no_auth else "serve.no_token"), err=True)
    run(settings, place, listening)
