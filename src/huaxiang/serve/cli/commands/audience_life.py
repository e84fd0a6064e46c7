"""`huaxiang audience upload | lists | remove-list | save | remove | history | changes | graph`: the life of audiences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from huaxiang.app.audiences.changes import CHANGES_KEYS, HISTORY_KEYS, audience_changes, audience_history
from huaxiang.app.audiences.graph import GRAPH_KEYS, audience_graph
from huaxiang.app.audiences.lists import (
    LISTS_KEYS,
    REMOVED_KEYS,
    UPLOAD_KEYS,
    ListFile,
    remove_uploaded,
    upload_list,
    uploaded_lists,
)
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import View, command, option, shows
from huaxiang.serve.cli.texts import pick, t

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SAVED_KEYS = ("name", "file", "created", "definition", "digest")
REMOVED_AUDIENCE_KEYS = ("name", "file", "removed")


@command("upload", text="help.audience.upload", keys=UPLOAD_KEYS)
@click.argument("name")
@option("--file", "file", key="list_file", metavar="FILE", type=_FILE, required=True)
@option("--field", key="list_field", metavar="FIELD")
@option("--column", key="list_column", metavar="COLUMN")
@shows(snapshot=False)
def audience_upload(view: View, name: str, file: Path, field: str | None, column: str | None) -> None:
    """Make a list of the customers that a file names."""
    with view.snapshot() as snapshot:
        view.show(upload_list(snapshot, name, ListFile(file, field, column)), _uploaded)


def _uploaded(found: dict[str, Any]) -> None:
    counts = {
        key: output.number(found[key]) for key in ("rows", "matched", "unknown", "ambiguous", "empty", "customers")
    }
    output.line(t("audience.replaced_list" if found["replaced"] else "audience.new_list", name=found["name"], **counts))
    output.line(t("audience.list_rows", field=found["field"], column=found["column"], **counts))
    for kind in ("unknown", "ambiguous"):
        rows = found[f"{kind}_rows"]
        if rows:
            shown = ", ".join(map(str, rows[:20])) + (" …" if found[kind] > 20 else "")
            output.line(t(f"audience.rows_{kind}", rows=shown))
    output.line(t("audience.list_next", name=found["name"]))


@command("lists", text="help.audience.lists", keys=LISTS_KEYS)
@shows(snapshot=False)
def audience_lists(view: View) -> None:
    """Show the uploaded lists."""
    view.show(uploaded_lists(view.folder()), _lists)


def _lists(found: dict[str, Any]) -> None:
    if not found["lists"]:
        output.line(t("audience.no_lists"))
        return
    rows = [
        (item["name"], output.number(item["customers"]), item["field"] or "–", output.number(item["unknown"]),
         output.number(item["ambiguous"]), item["file"] or "–", output.moment(item["uploaded_at"]), item["by"] or "–",
         ", ".join(item["used_by"]) or "–")
        for item in found["lists"]
    ]  # fmt: skip
    heads = ("name", "size", "list_field", "list_unknown", "list_ambiguous", "list_file", "list_at", "by", "used_by")
    output.table([t(f"audience.{head}") for head in heads], rows, right=frozenset({1, 3, 4}))


@command("remove-list", text="help.audience.remove-list", keys=REMOVED_KEYS)
@click.argument("name")
@shows(snapshot=False)
def audience_remove_list(view: View, name: str) -> None:
    """Remove an uploaded list."""
    view.show(
        remove_uploaded(view.folder(), name), lambda found: output.line(t("audience.list_removed", name=found["name"]))
    )


@command("save", text="help.audience.save", keys=SAVED_KEYS)
@click.argument("name")
@option("--when", key="when", metavar="EXPR")
@option("--list", "list_", key="of_list", metavar="NAME")
@option("--frozen-at", "frozen_at", key="frozen_at", metavar="DATE")
@option("--title", key="title")
@option("--title-en", "title_en", key="title_en")
@option("--owner", key="owner")
@option("--description", key="description")
@shows(snapshot=False)
def audience_save(view: View, name: str, **asked: str | None) -> None:
    """Write an audience into the project."""
    from huaxiang.app.audiences.editing import save_audience, wish_of

    view.show(save_audience(view.folder(), name, wish_of(asked)), _saved)


def _saved(found: dict[str, Any]) -> None:
    output.line(
        t("audience.created" if found["created"] else "audience.edited", name=found["name"], file=found["file"])
    )
    output.line(found["definition"])
    output.line(t("audience.save_next"))


@command("remove", text="help.audience.remove", keys=REMOVED_AUDIENCE_KEYS)
@click.argument("name")
@shows(snapshot=False)
def audience_remove(view: View, name: str) -> None:
    """Take an audience out of the project."""
    from huaxiang.app.audiences.editing import remove_audience

    view.show(
        remove_audience(view.folder(), name),
        lambda found: output.line(t("audience.removed", name=found["name"], file=found["file"])),
    )


@command("history", text="help.audience.history", keys=HISTORY_KEYS)
@click.argument("name")
@shows()
def audience_history_(view: View, name: str) -> None:
    """Show versions and sizes over time."""
    with view.snapshot() as snapshot:
        view.show(audience_history(snapshot, name), _history)


def _history(found: dict[str, Any]) -> None:
    output.heading(f"{pick(found['title'], found['name'])}  ({found['name']})")
    rows = [(f"v{v['version']}", v["snapshot"], v["as_of"], v["by"] or "–", v["definition"]) for v in found["versions"]]
    output.table([t(f"audience.{head}") for head in ("version", "first_in", "as_of", "by", "definition")], rows)
    output.line()
    sizes = [
        (row["snapshot"], row["as_of"], output.number(row["size"]), output.percent(row["share"]), _signed("+", row["joined"]),
         _signed("−", row["left"]), _signed("−", row["gone"]), f"v{row['version']}", t("audience.stale_mark") if row["stale"] else "")
        for row in found["sizes"]
    ]  # fmt: skip
    heads = ("snapshot", "as_of", "size", "share", "joined", "left", "gone", "version", "state")
    output.table([t(f"audience.{head}") for head in heads], sizes, right=frozenset({2, 3, 4, 5, 6}))


def _signed(sign: str, count: int | None) -> str:
    if count is None:
        return "–"
    return f"{sign}{output.number(count)}" if count else "0"


@command("changes", text="help.audience.changes", keys=CHANGES_KEYS)
@click.argument("name")
@option("--since", key="since", metavar="ID|DATE")
@option("--ids", key="ids", is_flag=True)
@shows()
def audience_changes_(view: View, name: str, since: str | None, *, ids: bool) -> None:
    """Show who joined and who left."""
    with view.snapshot() as snapshot:
        view.show(audience_changes(snapshot, name, since, ids=ids), _changes)


def _changes(found: dict[str, Any]) -> None:
    output.heading(f"{pick(found['title'], found['name'])}  ({found['name']})")
    output.facts([
        (t("audience.compared"), t("audience.between", since=found["since"], since_as_of=found["since_as_of"],
                                   snapshot=found["snapshot"], as_of=found["as_of"])),
        (t("audience.size"), f"{output.number(found['size_before'])} → {output.number(found['size'])}"),
        (t("audience.joined"), output.number(found["joined"])), (t("audience.left"), output.number(found["left"])),
        (t("audience.gone"), output.number(found["gone"])), (t("audience.stayed"), output.number(found["stayed"])),
    ])  # fmt: skip
    if found["version_before"] is not None and found["version"] != found["version_before"]:
        output.line(t("audience.version_changed", before=found["version_before"], now=found["version"]))
    for key in ("joined", "left"):
        if found[f"{key}_ids"]:
            output.heading(t(f"audience.{key}"))
            for one in found[f"{key}_ids"]:
                output.line(one)


@command("graph", text="help.audience.graph", keys=GRAPH_KEYS)
@click.argument("name", required=False)
@shows(snapshot=False)
def audience_graph_(view: View, name: str | None) -> None:
    """Show what audiences read, and who reads them."""
    view.show(audience_graph(view.folder(), name), _graph)


def _graph(found: dict[str, Any]) -> None:
    for item in found["audiences"]:
        output.heading(f"{pick(item['title'], item['name'])}  ({item['name']})")
        for direction in ("reads", "read_by"):
            told = [
                f"{t(f'audience.graph_{kind}')} {', '.join(names)}" for kind, names in item[direction].items() if names
            ]
            output.line(f"  {t(f'audience.graph_{direction}')}{t('ui.colon')}{t('ui.semicolon').join(told) or '–'}")
