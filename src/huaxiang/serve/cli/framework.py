"""What all commands share: help in two languages, lazy loading, and the options every show-command takes."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from huaxiang.serve.cli.texts import LANGUAGES, language, speak, t

if TYPE_CHECKING:
    from huaxiang.store.snapshots import Snapshot

Function = Callable[..., Any]


class TextOption(click.Option):
    """An option whose `text` is a key of the text catalogue."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option's help line in the current language."""
        key, self.help = self.help, t(self.help) if self.help else None
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = key


class _Translated(click.Command):
    """Help texts by key, headings in the current language."""

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002 - click's signature
        """Return the first line of the help."""
        return t(self.help).split("\n", 1)[0] if self.help else ""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write what the command does."""
        if self.help:
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(t(self.help))

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=t("ui.usage") + " ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        records = [record for param in options if (record := param.get_help_record(ctx)) is not None]
        if records:
            with formatter.section(t("ui.options")):
                formatter.write_dl(records)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        names = self.get_help_option_names(ctx)

        def show(context: click.Context, _param: click.Parameter, value: object) -> None:
            if value and not context.resilient_parsing:
                click.echo(context.get_help())
                context.exit()

        return TextOption(names, is_flag=True, is_eager=True, expose_value=False, callback=show, help="option.help")


class TextCommand(_Translated):
    """A command; `keys` are the stable top-level keys of its `--json` answer, () when it has none."""

    def __init__(self, *args: Any, keys: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = keys


class LazyGroup(_Translated, click.Group):
    """A group whose commands are `module:attribute` strings, imported when called; `--help` imports none of them.

    The help of command `x` of the group with help key `help.g` is the text `help.g.x` (`help.x` for the top group).
    """

    def __init__(self, *args: Any, lazy: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the help."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in self.lazy:
            return None
        module, _, attribute = self.lazy[cmd_name].partition(":")
        return cast(click.Command, getattr(importlib.import_module(module), attribute))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing them."""
        prefix = "help" if self.help == "help" else self.help
        rows = [(name, t(f"{prefix}.{name}").split("\n", 1)[0]) for name in self.lazy]
        with formatter.section(t("ui.commands")):
            formatter.write_dl(rows)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write options, then commands."""
        _Translated.format_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is answered with the nearest."""
        if args and args[0] not in self.lazy and not args[0].startswith("-"):
            from huaxiang.errors import did_you_mean, did_you_mean_zh

            near = did_you_mean if language() == "en" else did_you_mean_zh
            ctx.fail(t("ui.unknown_command", name=args[0]) + near(args[0], self.lazy))
        return super().resolve_command(ctx, args)


class ShowGroup(LazyGroup):
    """A group in which `GROUP ID` means `GROUP show ID`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` before what isn't a command. An ID that is one (`list`) is asked for by `GROUP show list`."""
        if args and args[0] not in self.lazy and args[0] not in {"-h", "--help"}:
            args = ["show", *args]
        return super().parse_args(ctx, args)


@dataclass(frozen=True)
class View:
    """Where a show-command looks and how it answers."""

    project: Path | None
    as_json: bool
    which: str | None = None

    def folder(self) -> Path:
        """Return the project's folder. Raises UsageError when there is none."""
        from huaxiang.app.wiring import find_project

        return find_project(self.project or Path.cwd())

    def snapshot(self) -> Snapshot:
        """Open the snapshot asked for, the current one by default."""
        from huaxiang.app.wiring import open_snapshot

        return open_snapshot(self.folder(), self.which)

    def show(self, answer: Any, render: Callable[[Any], None]) -> None:
        """Print the answer as JSON, or let `render` show it to a person."""
        if self.as_json:
            from huaxiang.serve.cli.output import print_json

            print_json(answer)
        else:
            render(answer)


def option(*names: str, key: str, **settings: Any) -> Callable[[Function], Function]:
    """Return an option decorator; `key` names its help text."""
    return click.option(*names, cls=TextOption, help=f"option.{key}", **settings)


def command(name: str, *, text: str, keys: tuple[str, ...] = ()) -> Callable[[Function], TextCommand]:
    """Return a decorator that makes a TextCommand; `text` is a key of the text catalogue."""
    return cast(Callable[[Function], TextCommand], click.command(name, cls=TextCommand, help=text, keys=keys))


def language_option(function: Function) -> Function:
    """Add `--lang`. It is read before parsing too (main.choose_language), so that help and errors speak it."""
    decorate = option("--lang", key="lang", type=click.Choice(LANGUAGES), expose_value=False, is_eager=True,
                      callback=lambda _ctx, _param, value: speak(value) if value else None)  # fmt: skip
    return decorate(function)


project_option = option(
    "--project", key="project", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


def shows(*, snapshot: bool = True) -> Callable[[Function], Function]:
    """Give a command `--project --json --lang` (and `--snapshot`), handed over as one `view: View`."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(*, project: Path | None, as_json: bool, which: str | None = None, **rest: Any) -> Any:
            return function(View(project, as_json, which), **rest)

        wrapped: Function = language_option(call)
        if snapshot:
            wrapped = option("--snapshot", "which", key="snapshot", metavar="ID|DATE")(wrapped)
        wrapped = option("--json", "as_json", key="json", is_flag=True)(wrapped)
        return project_option(wrapped)

    return decorate
