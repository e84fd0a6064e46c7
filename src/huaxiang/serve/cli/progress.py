"""Progress of a build on stderr: live bars on a terminal, one plain line for each stage otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from huaxiang.flow import STAGES
from huaxiang.serve.cli.texts import language, t

if TYPE_CHECKING:
    from rich.progress import TaskID

Tell = Callable[[str, int, int | None, str], None]


def stage_title(name: str) -> str:
    """Return the title of a stage of flow.STAGES in the current language."""
    for stage in STAGES:
        if stage.name == name:
            return stage.en if language() == "en" else stage.zh
    return name


@contextmanager
def progress(*, quiet: bool = False) -> Iterator[Tell]:
    """Yield `progress(stage, done, total, note)`; writes to stderr only."""
    if quiet:
        yield lambda _stage, _done, _total, _note: None
    elif sys.stderr.isatty():
        yield from _bars()
    else:
        yield from _lines()


def _lines() -> Iterator[Tell]:
    """One line when a stage begins, with the seconds that the one before took."""
    begun: dict[str, float] = {}

    def finish() -> None:
        for stage, at in begun.items():
            click.echo(
                t("build.stage_done", stage=stage_title(stage), seconds=f"{time.monotonic() - at:.1f}"), err=True
            )
        begun.clear()

    def tell(stage: str, _done: int, _total: int | None, _note: str) -> None:
        if stage not in begun:
            finish()
            begun[stage] = time.monotonic()

    yield tell
    finish()


def _bars() -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    tasks: dict[str, TaskID] = {}
    columns = (
        SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn(), TextColumn("[dim]{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=False) as live:

        def finish(*, but: str) -> None:
            for name, task in tasks.items():
                if name != but and not live.tasks[live.task_ids.index(task)].finished:
                    live.update(task, total=1, completed=1, note="")

        def tell(stage: str, done: int, total: int | None, note: str) -> None:
            if stage not in tasks:
                finish(but=stage)
                tasks[stage] = live.add_task(stage_title(stage), total=total, note="")
            shown = note.replace("[", r"\[")
            live.update(tasks[stage], completed=done, total=total, note=shown)

        yield tell
        finish(but="")
