"""`huaxiang demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import View, command, language_option, option
from huaxiang.serve.cli.texts import language, t

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
    with progress() as tell:
        if dataset == "mumian":
            size = Size(customers) if seed is None else Size(customers, seed)
            result = run_mumian(folder, size, lang=lang, progress=tell, show=show, shop=shop)
        else:
            result = run_demo(folder, serve=show, lang=lang, progress=tell)
    if as_json:
        View(None, as_json=True).show(result.as_json(), output.line)
        return
    output.line(summary_text(result, customers, lang) if dataset == "mumian" else result.text(lang))
    output.line()
    for name in ("status", "tag list", "audience list", "persona list"):
        output.line(f"  huaxiang {name} --project {result.folder}")
    output.line(t("demo.next"))
