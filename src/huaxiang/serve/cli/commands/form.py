"""`huaxiang form list | new | check | source`: questionnaires and interview forms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import language, pick, t, t_or

form = LazyGroup(
    "form", help="help.form", lazy={name: f"{__name__}:form_{name}" for name in ("list", "new", "check", "source")}
)
CHECK_KEYS = (
    "codebook", "name", "title", "format", "ok", "issues", "questions", "constructs", "attributes", "unknown_attributes", "files",
)  # fmt: skip
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command("list", text="help.form.list", keys=("forms",))
@shows(snapshot=False)
def form_list(view: View) -> None:
    """Show the built-in forms."""
    from huaxiang.app.forms import list_forms

    view.show({"forms": list_forms()}, _list)


def _list(found: dict[str, Any]) -> None:
    rows = [
        (
            item["name"], pick(item["title"]), t(f"form.{item['format']}"), output.number(item["questions"]),
            output.number(len(item["attributes"])),
        )
        for item in found["forms"]
    ]  # fmt: skip
    heads = ("name", "title", "format", "questions", "attributes")
    output.table([t(f"form.{head}") for head in heads], rows, right=frozenset({3, 4}))
    output.line(t("form.list_hint"))


@command("new", text="help.form.new", keys=("form", "file", "format", "language", "copies", "questions"))
@click.argument("name", metavar="NAME|CODEBOOK")
@option("--to", key="to_form", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@option("--copies", key="copies", type=click.IntRange(1, 200), default=5, show_default=True)
@shows(snapshot=False)
def form_new(view: View, *, name: str, to: Path, copies: int) -> None:
    """Write an empty form."""
    from huaxiang.app.forms import write_form

    view.show(write_form(name, to, language=language(), copies=copies), _written)


def _written(found: dict[str, Any]) -> None:
    key = f"form.written_{found['format']}"
    output.line(t(key, file=found["file"], questions=found["questions"], copies=found["copies"]))


@command("check", text="help.form.check", keys=CHECK_KEYS)
@click.argument("codebook", metavar="NAME|CODEBOOK")
@click.argument("files", nargs=-1, type=_FILE)
@option("--sheet", key="sheet", default="0", metavar="SHEET")
@option("--header-row", "header_row", key="header_row", type=click.IntRange(1), default=1)
@shows(snapshot=False)
def form_check(view: View, *, codebook: str, files: tuple[Path, ...], sheet: str, header_row: int) -> int:
    """Check a codebook, and filled files with it. Exit code 1 when the codebook has faults or answers are set aside."""
    from huaxiang.app.forms import check_form

    asked = int(sheet) if sheet.isdigit() else sheet
    found = check_form(codebook, files, sheet=asked, header_row=header_row)
    view.show(found, _checked)
    return 0 if found["ok"] else 1


def _checked(found: dict[str, Any]) -> None:
    for issue in found["issues"]:
        output.line(f"{issue['file']}:{issue['line']} {issue['code']} {pick(issue['message'])}")
    if found["issues"]:
        output.line(t("form.faults", count=len(found["issues"])))
        return
    output.facts(
        [
            (t("form.title"), pick(found["title"])), (t("form.format"), t(f"form.{found['format']}")),
            (t("form.questions"), output.number(len(found["questions"]))),
            (t("form.attributes"), t("ui.comma").join(found["attributes"])),
            (t("form.own_attributes"), t("ui.comma").join(found["unknown_attributes"])),
        ]
    )  # fmt: skip
    if found["files"]:
        _answers(found)
    else:
        output.line(t("form.sound"))


def _answers(found: dict[str, Any]) -> None:
    for file in found["files"]:
        output.heading(file["file"])
        output.line(t("form.read", **{k: output.number(file[k]) for k in ("respondents", "answers", "set_aside")}))
        if file["reasons"]:
            rows = [
                (item["question"] or "–", pick(item["text"]), output.number(item["count"]), ", ".join(map(str, item["rows"][:8])))
                for item in file["reasons"]
            ]  # fmt: skip
            output.table(
                [t(f"form.{head}") for head in ("question", "reason", "count", "rows")], rows, right=frozenset({2})
            )
    _questions(found["questions"])
    if found["constructs"]:
        _constructs(found["constructs"])


def _questions(found: list[dict[str, Any]]) -> None:
    output.heading(t("form.questions"))
    rows = [
        (
            question["code"], pick(question["text"]), t_or(f"form.kind_{question['kind']}", question["kind"]),
            output.number(question["answered"]), output.number(question["skipped"]), output.number(question["set_aside"]),
            _result(question),
        )
        for question in found
    ]  # fmt: skip
    heads = ("code", "text", "kind", "answered", "skipped", "set_aside", "result")
    output.table([t(f"form.{head}") for head in heads], rows, right=frozenset({3, 4, 5}))


def _constructs(found: list[dict[str, Any]]) -> None:
    output.heading(t("form.constructs"))
    rows = [
        (
            item["code"], pick(item["title"]), output.number(len(item["items"])), output.number(item["scored"]),
            output.number(item["mean"], 2), output.number(item["alpha"], 2), output.number(item["complete"]),
        )
        for item in found
    ]  # fmt: skip
    heads = ("code", "title", "items", "scored", "mean", "alpha", "complete")
    output.table([t(f"form.{head}") for head in heads], rows, right=frozenset(range(2, 7)))
    output.line(t("form.alpha_note"))


def _result(question: dict[str, Any]) -> str:
    if question["nps"] is not None:
        return f"NPS {question['nps']:+.0f}"
    if question["mean"] is not None:
        return t("form.mean_of", mean=output.number(question["mean"], 2))
    shown = [f"{pick(item['title'], item['value'])} {output.number(item['count'])}" for item in question["values"][:3]]
    return t("ui.comma").join(shown)


@command("source", text="help.form.source", keys=("form", "text", "sources", "attributes", "left_out"))
@click.argument("codebook", metavar="NAME|CODEBOOK")
@option("--files", key="form_files", metavar="GLOB", required=True)
@option("--as", "as_path", key="form_as", metavar="PATH")
@shows(snapshot=False)
def form_source(view: View, *, codebook: str, files: str, as_path: str | None) -> None:
    """Print the sources and attributes of a form as YAML."""
    from huaxiang.app.forms import draft_form

    view.show(draft_form(codebook, files, as_path), lambda found: output.line(found["text"].rstrip("\n")))
