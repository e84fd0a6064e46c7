"""`huaxiang demo`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Literal

import click

from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import View, command, language_option, option
from huaxiang.serve.cli.texts import language, t
from huaxiang.serve.web import page_is_built

_PORT = 8000
_WARM = 1.5
"""Seconds until the server answers, roughly; the browser waits for it anyway."""
DEMO_KEYS = (
    "folder", "report", "snapshot", "as_of", "title", "currency", "customers", "spend", "orders", "rows", "tags", "lifecycle",
    "audiences", "clusters", "personas", "findings", "seconds", "truth",
)  # fmt: skip


@command("demo", text="help.demo", keys=DEMO_KEYS)
@option("--dir", "folder", key="dir", metavar="DIR", default="huaxiang-demo", show_default=True,
        type=click.Path(file_okay=False, path_type=Path))  # fmt: skip
@option(
    "--dataset",
    key="dataset",
    type=click.Choice(["completejourney", "mumian"]),
    default="completejourney",
    show_default=True,
)
@option("--customers", key="customers", metavar="N", type=click.IntRange(min=1), default=10_000, show_default=True)
@option("--seed", key="seed", metavar="S", type=click.IntRange(min=0), default=None)
@option("--shop-url", "shop_url", key="shop_url", metavar="env:NAME", default=None)
@option("--no-serve", key="no_serve", is_flag=True)
@option("--json", "as_json", key="json", is_flag=True)
@language_option
def demo(*, folder: Path, dataset: str, customers: int, seed: int | None, shop_url: str | None, **shown: bool) -> None:
    """Run the whole job on real data, or on the generated company."""
    from huaxiang.app.demo import run_demo
    from huaxiang.app.mumian.demo import Size, run_mumian, summary_text
    from huaxiang.app.mumian.shop import shop_place
    from huaxiang.errors import UsageError
    from huaxiang.serve.cli.progress import progress

    lang: Literal["zh-CN", "en"] = "en" if language() == "en" else "zh-CN"
    as_json = shown["as_json"]
    if shop_url is not None and dataset != "mumian":
        raise UsageError("--shop-url is only for --dataset mumian", "--shop-url 只用于 --dataset mumian")
    shop = shop_place(shop_url) if shop_url is not None else None
    show = not shown["no_serve"] and not as_json
    page = show and sys.stdin.isatty() and sys.stdout.isatty() and page_is_built()
    with progress() as tell:
        if dataset == "mumian":
            size = Size(customers) if seed is None else Size(customers, seed)
            result = run_mumian(folder, size, lang=lang, progress=tell, show=show and not page, shop=shop)
        else:
            result = run_demo(folder, serve=show and not page, lang=lang, progress=tell)
    if as_json:
        View(None, as_json=True).show(result.as_json(), output.line)
        return
    output.line(summary_text(result, customers, lang) if dataset == "mumian" else result.text(lang))
    output.line()
    for name in ("status", "tag list", "audience list", "persona list", "serve --no-auth"):
        output.line(f"  huaxiang {name} --project {result.folder}")
    output.line(t("demo.next"))
    if page:
        _serve(result.folder)


def _serve(folder: Path) -> None:
    """Show the web page of the demo until stopped: for this machine alone, without a login."""
    from huaxiang.app.demo import show_in_browser
    from huaxiang.errors import UsageError
    from huaxiang.serve.api.running import Place, listen
    from huaxiang.serve.api.running import serve as run
    from huaxiang.serve.api.settings import Settings

    try:
        listening = listen(Place("127.0.0.1", _PORT))
    except UsageError:  # taken: any other one
        listening = listen(Place("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    output.line()
    output.line(t("demo.page", url=url))
    opening = threading.Timer(_WARM, show_in_browser, [url])
    opening.daemon = True
    opening.start()
    run(Settings(folder, no_auth=True), Place("127.0.0.1", listening.getsockname()[1]), listening)
