"""`huaxiang audience count | list | show | export`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from huaxiang.app.audience import (
    AUDIENCE_KEYS,
    COUNT_KEYS,
    EXPORT_KEYS,
    LIST_KEYS,
    count_audience,
    export_audience,
    list_audiences,
    show_audience,
)  # fmt: skip
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import pick, t

audience = LazyGroup(
    "audience",
    help="help.audience",
    lazy={name: f"{__name__}:audience_{name}" for name in ("count", "list", "show", "export")}
    | {name: f"{__name__}_describe:audience_{name}" for name in ("breakdown", "overlap", "numbers", "why")}
    | {
        "save": f"{__name__}_life:audience_save",
        "remove": f"{__name__}_life:audience_remove",
        "history": f"{__name__}_life:audience_history_",
        "changes": f"{__name__}_life:audience_changes_",
        "graph": f"{__name__}_life:audience_graph_",
        "upload": f"{__name__}_life:audience_upload",
        "lists": f"{__name__}_life:audience_lists",
        "remove-list": f"{__name__}_life:audience_remove_list",
        "sql": f"{__name__}_sql:audience_sql",
        "fields": "huaxiang.serve.cli.commands.audience_fields:audience_fields",
        "rules": "huaxiang.serve.cli.commands.rules:audience_rules",
        "lookalike": "huaxiang.serve.cli.commands.lookalike:audience_lookalike",
    },
)


@command("count", text="help.audience.count", keys=COUNT_KEYS)
@click.argument("expr")
@shows()
def audience_count(view: View, expr: str) -> None:
    """Count the customers who meet a condition."""
    with view.snapshot() as snapshot:
        view.show(warned(count_audience(snapshot, expr)), _count)


def _count(found: dict[str, Any]) -> None:
    share = found["count"] / found["base"] if found["base"] else None
    output.line(t("audience.counted", count=output.number(found["count"]), base=output.number(found["base"]),
                  share=output.percent(share, 2), milliseconds=output.number(round(found["elapsed_ms"])),
                  snapshot=found["snapshot"]))  # fmt: skip


@command("list", text="help.audience.list", keys=LIST_KEYS)
@shows()
def audience_list(view: View) -> None:
    """Show the declared audiences."""
    with view.snapshot() as snapshot:
        view.show(list_audiences(snapshot), _list)


def _list(found: dict[str, Any]) -> None:
    if not found["audiences"]:
        output.line(t("audience.none"))
        return
    rows = [
        (item["name"], pick(item["title"], item["name"]), output.number(item["size"]), output.percent(item["share"]),
         item["owner"] or "–", state_of(item), item["definition"])
        for item in found["audiences"]
    ]  # fmt: skip
    heads = ("name", "title", "size", "share", "owner", "state", "definition")
    output.table([t(f"audience.{head}") for head in heads], rows, right=frozenset({2, 3}))
    output.line(t("audience.base", customers=output.number(found["customers"]), as_of=found["as_of"]))
    for item in found["audiences"]:
        if item["stale"]:
            output.line(stale_line(item))


def state_of(item: dict[str, Any]) -> str:
    """Of which kind an audience is, its version, and whether it is stale."""
    if item["stale"]:
        return t("audience.stale_mark")
    if item["stale_inputs"]:
        return t("audience.stale_inputs", names=t("ui.comma").join(item["stale_inputs"]))
    frozen = item["frozen"]
    told = t("audience.kind_frozen", day=frozen["at"]) if frozen else t(f"audience.kind_{item['kind'] or 'dynamic'}")
    return f"{told} · v{item['version']}" if item["version"] else told


def stale_line(item: dict[str, Any]) -> str:
    """Why an audience is stale, and since when."""
    from huaxiang.serve.cli.failures import meaning

    stale = item["stale"]
    reason = stale["reason"]  # a text of its own in snapshots of earlier versions
    reason = meaning(stale["code"]) + reason if isinstance(reason, str) else pick(reason)
    return t("audience.stale", name=item["name"], as_of=stale["as_of"], since=stale["since"], reason=reason)


def warned(found: dict[str, Any]) -> dict[str, Any]:
    """Say on stderr which audiences an answer reads that are not of today; return the answer."""
    for item in found["stale"]:
        output.warn(stale_line({"name": item["audience"], "stale": item}))
    return found


@command("show", text="help.audience.show", keys=(*AUDIENCE_KEYS, "snapshot", "as_of"))
@click.argument("name")
@shows()
def audience_show(view: View, name: str) -> None:
    """Show one audience."""
    with view.snapshot() as snapshot:
        view.show(show_audience(snapshot, name), _show)


def _show(found: dict[str, Any]) -> None:
    output.heading(f"{pick(found['title'], found['name'])}  ({found['name']})")
    if found["description"]:
        output.line(pick(found["description"]))
    output.facts([
        (t("audience.definition"), found["definition"]),
        (t("audience.place"), found["place"] or ""),
        (t("audience.owner"), found["owner"] or ""),
        (t("audience.state"), state_of(found)),
        (t("audience.size"), f"{output.number(found['size'])} ({output.percent(found['share'], 2)})"),
        (t("audience.last_changes"), _last_changes(found["changes"])),
        (t("ui.snapshot"), f"{found['snapshot']} · {t('ui.as_of')} {found['as_of']}"),
    ])  # fmt: skip
    if found["stale"]:
        output.line(stale_line(found))


def _last_changes(changes: dict[str, Any] | None) -> str:
    if changes is None:
        return ""
    return t("audience.last_change", **{k: v if k == "since" else output.number(v) for k, v in changes.items()})


@command("export", text="help.audience.export", keys=EXPORT_KEYS)
@click.argument("name")
@option("--to", "to", key="to", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@option("--columns", key="columns", metavar="A,B,…", default="")
@shows()
def audience_export(view: View, name: str, to: Path, columns: str) -> None:
    """Write the customers of an audience (or of a condition) to a file."""
    chosen = tuple(part.strip() for part in columns.split(",") if part.strip())
    with view.snapshot() as snapshot:
        view.show(warned(export_audience(snapshot, name, to, chosen)), _export)


def _export(found: dict[str, Any]) -> None:
    output.line(
        t("audience.exported", rows=output.number(found["rows"]), file=found["file"], snapshot=found["snapshot"])
    )
