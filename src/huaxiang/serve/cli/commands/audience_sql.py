"""`huaxiang audience sql`: customers whom an analyst's own SELECT names."""

from __future__ import annotations

from typing import Any

import click

from huaxiang.app.sandbox import SQL_KEYS, sql_audience, sql_tables
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import View, command, option, shows
from huaxiang.serve.cli.texts import pick, t


@command("sql", text="help.audience.sql", keys=SQL_KEYS)
@click.argument("select", required=False)
@option("--count", "only_count", key="sql_count", is_flag=True)
@option("--ids", "limit", key="sql_ids", metavar="N", type=click.IntRange(0, 1_000_000), default=10, show_default=True)
@option("--seconds", key="sql_seconds", type=click.FloatRange(0.1, 600), default=10.0, show_default=True)
@option("--save", key="sql_save", metavar="NAME")
@option("--tables", key="sql_tables", is_flag=True)
@shows()
def audience_sql(view: View, select: str | None, limit: int, seconds: float, **asked: Any) -> None:
    """Select customers by SQL, or tell what may be read."""
    with view.snapshot() as snapshot:
        if asked["tables"] or select is None:
            view.show(sql_tables(snapshot), _tables)
            return
        shown = 0 if asked["only_count"] else limit
        found = sql_audience(snapshot, select, seconds=seconds, limit=shown)
    if asked["save"]:
        from huaxiang.app.audiences.editing import save_audience, wish_of

        found["saved"] = save_audience(view.folder(), asked["save"], wish_of({"sql": select}))
    view.show(found, _show)


def _show(found: dict[str, Any]) -> None:
    share = found["count"] / found["base"] if found["base"] else None
    output.line(t("sql.counted", count=output.number(found["count"]), base=output.number(found["base"]),
                  share=output.percent(share, 2), milliseconds=output.number(round(found["elapsed_ms"])),
                  snapshot=found["snapshot"]))  # fmt: skip
    for one in found["ids"]:
        output.line(one)
    if "saved" in found:
        saved = found["saved"]
        output.line(
            t("audience.created" if saved["created"] else "audience.edited", name=saved["name"], file=saved["file"])
        )
        output.line(t("audience.save_next"))


def _tables(found: dict[str, Any]) -> None:
    for table in found["tables"]:
        output.heading(
            f"{pick(table['title'], table['name'])}  {t('sql.table', name=table['name'], rows=output.number(table['rows']))}"
        )
        output.table((t("sql.column"), t("sql.type")), list(table["columns"].items()))
    output.line()
    output.line(f"{t('sql.functions')} {', '.join(found['functions'])}")
