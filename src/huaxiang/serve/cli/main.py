"""Entry point: choose the language, run a command, turn errors into one clear message and an exit code (0, 1 or 2)."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from huaxiang.serve.cli.framework import LazyGroup, language_option
from huaxiang.serve.cli.texts import LANGUAGES, speak, t

_C = "huaxiang.serve.cli.commands"
COMMANDS: Mapping[str, str] = {
    "init": f"{_C}.project:init",
    "check": f"{_C}.project:check",
    "build": f"{_C}.project:build",
    "status": f"{_C}.status:status",
    "quality": f"{_C}.quality:quality",
    "runs": f"{_C}.status:runs",
    "customer": f"{_C}.customer:customer",
    "identity": f"{_C}.identity:identity",
    "account": f"{_C}.account:account",
    "tag": f"{_C}.tags:tag",
    "attribute": f"{_C}.attributes:attribute",
    "form": f"{_C}.form:form",
    "audience": f"{_C}.audience:audience",
    "persona": f"{_C}.personas:persona",
    "snapshot": f"{_C}.status:snapshot",
    "schema": f"{_C}.project:schema",
    "demo": f"{_C}.demo:demo",
    "serve": f"{_C}.serve:serve",
    "token": f"{_C}.token:token",
    "user": f"{_C}.user:user",
    "audit": f"{_C}.audit:audit",
}


def _version(ctx: click.Context, _param: click.Parameter, value: object) -> None:
    if value and not ctx.resilient_parsing:
        import huaxiang

        click.echo(f"huaxiang {huaxiang.__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, lazy=COMMANDS, help="help", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, hidden=True)
@language_option
def cli() -> None:
    """Hold the commands; the help is the text `help`."""


def choose_language(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> str:
    """Return `--lang`, else HUAXIANG_LANG, else the language of the project in or above `folder` (`--project`), else zh-CN."""
    asked = _value_of("--lang", arguments) or environment.get("HUAXIANG_LANG", "")
    if asked in LANGUAGES:
        return asked
    start = Path(_value_of("--project", arguments) or folder).absolute()
    for candidate in (start, *start.parents):
        try:
            text = (candidate / "huaxiang.yaml").read_text("utf-8", errors="replace")
        except OSError:
            continue
        found = re.search(r"""^language:\s*["']?([A-Za-z-]+)""", text, re.MULTILINE)
        return found[1] if found and found[1] in LANGUAGES else LANGUAGES[0]
    return LANGUAGES[0]


def _value_of(name: str, arguments: Sequence[str]) -> str | None:
    for position, argument in enumerate(arguments):
        if argument == name and position + 1 < len(arguments):
            return arguments[position + 1]
        if argument.startswith(f"{name}="):
            return argument.partition("=")[2]
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; the console script passes it on."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    _speak_utf8()
    speak(choose_language(arguments, os.environ, _here()))
    try:
        result = cli.main(args=list(arguments), prog_name="huaxiang", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return _wrong_use(error)
    except (click.Abort, KeyboardInterrupt):
        click.echo(t("ui.stopped"), err=True)
        return 1
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - so that the interpreter's last flush has somewhere to go
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: report() logs it
        from huaxiang.errors import UsageError, storage_error
        from huaxiang.serve.cli.failures import report

        if isinstance(error, FileNotFoundError) and error.filename is None and _here() == Path("/"):
            error = UsageError(
                "the current folder has been removed; change to the project's folder, or name it by --project",
                "当前文件夹已被删除；请进入项目文件夹，或用 --project 指明项目",
            )
        return report(storage_error(error) or error, Path(_value_of("--project", arguments) or _here()), arguments)
    return result if isinstance(result, int) else 0


def _here() -> Path:
    """Return the folder we are in; the root when it has been removed meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


def _wrong_use(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(context.get_usage(), err=True)
        click.echo(t("ui.try_help", command=context.command_path), err=True)
    from huaxiang.serve.cli.wrong_use import wrong_use

    click.echo(t("ui.error") + wrong_use(error), err=True)
    return 2


def _speak_utf8() -> None:
    """Keep Chinese printable where the locale is plain C."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and (stream.encoding or "").lower() not in {"utf-8", "utf8"}:
            stream.reconfigure(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
