"""Errors for people: what we foresaw is one message; what we didn't is a short one and a log file with the traceback."""

from __future__ import annotations

import os
import tempfile
import traceback
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from huaxiang.errors import ExpressionError, HuaxiangError, Issue, ProjectInvalid, UsageError
from huaxiang.serve.cli.texts import language, t

_AROUND = 60
"""Signs of a long line that are shown on both sides of a fault."""
_WORDS = frozenset({
    "init", "check", "build", "status", "quality", "runs", "customer", "tag", "attribute", "audience", "persona", "snapshot",
    "schema", "demo", "list", "show", "count", "export", "search", "report", "write",
})  # fmt: skip


def report(error: Exception, start: Path, arguments: Sequence[str]) -> int:
    """Tell the user of `error` on stderr and return the exit code."""
    if isinstance(error, ProjectInvalid):
        for issue in error.issues:
            click.echo(issue_line(issue), err=True)
        click.echo(t("ui.faults", count=len(error.issues)), err=True)
        return error.exit_code
    if isinstance(error, HuaxiangError):
        click.echo(t("ui.error") + told(error), err=True)
        if not isinstance(error, ExpressionError):
            return error.exit_code
        for line in excerpt(error):
            click.echo(line, err=True)
        return UsageError.exit_code
    place = write_log(error, start, arguments)
    click.echo(t("ui.unexpected", kind=type(error).__name__, place=place or t("ui.no_log")), err=True)
    return 1


def issue_line(issue: Issue) -> str:
    """Return a fault of the definitions on one line."""
    mark = "" if issue.severity == "error" else t("check.warning")
    return f"{issue.place} {issue.code}{mark} {issue_message(issue)}"


def issue_message(issue: Issue) -> str:
    """What a fault of the definitions says, in the current language."""
    return issue.message if language() == "en" else issue.zh


def told_issue(issue: Issue) -> dict[str, Any]:
    """A fault of the definitions for programs, in the current language."""
    return {
        "file": issue.place.file, "line": issue.place.line, "code": issue.code, "severity": issue.severity,
        "message": issue_message(issue),
    }  # fmt: skip


def told(error: HuaxiangError) -> str:
    """Return the message of an error in the current language."""
    if isinstance(error, ExpressionError):
        message = error.said.en if language() == "en" else error.said.zh
        return f"{error.code} {meaning(error.code)}{message}"
    return str(error) if language() == "en" else error.zh


def excerpt(error: ExpressionError) -> list[str]:
    """Return line and column of the fault, its line of the text, and a line that marks it; nothing when the place is not known."""
    if error.text is None or error.span is None or error.line is None or error.column is None:
        return []
    line = error.text.split("\n")[error.line - 1].replace("\t", " ").replace("\r", " ")
    begin = error.column - 1
    end = max(begin + 1, min(begin + error.span[1] - error.span[0], len(line)))
    first = max(0, begin - _AROUND)
    shown, cut = line[first : end + _AROUND], "…" if first else ""
    if end + _AROUND < len(line):
        shown += "…"
    blank = " " * _columns(cut + line[first:begin])
    mark = "^" * max(1, min(_columns(line[begin:end]), 2 * _AROUND))
    return [t("ui.at", line=error.line, column=error.column), f"  {cut}{shown}", f"  {blank}{mark}"]


def _columns(text: str) -> int:
    """Columns that a text takes on the screen; Chinese signs take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def meaning(code: str) -> str:
    """Return what a code means, and a separator; nothing in English, whose messages say it."""
    from huaxiang.spec.codes import CODES

    return "" if language() == "en" or code not in CODES else f"{CODES[code][0].removesuffix('（提醒）')} · "


def write_log(error: Exception, start: Path, arguments: Sequence[str]) -> Path | None:
    """Write where it happened. Messages and arguments may hold customers' values: only types, lines and option names are kept."""
    names = " ".join(
        word.partition("=")[0] if word.startswith("--") or word in _WORDS else "…" for word in arguments[:8]
    )
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.log"
    for folder in _log_folders(start):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.write_text(f"huaxiang {names}\n{_frames(error)}", "utf-8")
        except OSError:
            continue
        return path
    return None


def _log_folders(start: Path) -> Iterator[Path]:
    """Yield where a log may go: the project's own place, else the system's for temporary files."""
    from huaxiang.app.wiring import find_project

    with suppress(UsageError):
        yield find_project(start) / ".huaxiang" / "logs"
    yield Path(tempfile.gettempdir()) / "huaxiang-logs"


def _frames(error: BaseException) -> str:
    lines = [f"{type(error).__module__}.{type(error).__name__}\n", *traceback.format_tb(error.__traceback__)]
    cause = error.__cause__ or error.__context__
    return "".join(lines) + (f"\ncaused by {_frames(cause)}" if cause is not None else "")
