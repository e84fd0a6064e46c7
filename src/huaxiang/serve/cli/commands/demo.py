"""`huaxiang demo`."""

from __future__ import annotations

from pathlib import Path

import click

from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import View, command, language_option, option
from huaxiang.serve.cli.texts import language, t

DEMO_KEYS = (
    "folder", "report", "snapshot", "as_of", "title", "currency", "customers", "spend", "orders", "rows", "tags", "lifecycle",
    "audiences", "clusters", "personas", "findings", "seconds",
)  # fmt: skip


@command("demo", text="help.demo", keys=DEMO_KEYS)
@option("--dir", "folder", key="dir", metavar="DIR", default="huaxiang-demo", show_default=True,
        type=click.Path(file_okay=False, path_type=Path))  # fmt: skip
@option(
    "--dataset", key="dataset", type=click.Choice(["completejourney"]), default="completejourney", show_default=True
)
@option("--no-serve", key="no_serve", is_flag=True)
@option("--json", "as_json", key="json", is_flag=True)
@language_option
def demo(*, folder: Path, dataset: str, no_serve: bool, as_json: bool) -> None:
    """Run the whole job on real data."""
    from huaxiang.app.demo import run_demo
    from huaxiang.serve.cli.progress import progress

    assert dataset == "completejourney"  # the one there is
    with progress() as tell:
        lang = "en" if language() == "en" else "zh-CN"
        result = run_demo(folder, serve=not no_serve and not as_json, lang=lang, progress=tell)  # type: ignore[arg-type]
    if as_json:
        View(None, as_json=True).show(result.as_json(), output.line)
        return
    output.line(result.text(lang))  # type: ignore[arg-type]
    output.line()
    for name in ("status", "tag list", "audience list", "persona list"):
        output.line(f"  huaxiang {name} --project {result.folder}")
    output.line(t("demo.next"))
