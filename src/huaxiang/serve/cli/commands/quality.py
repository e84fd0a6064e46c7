"""`huaxiang quality`."""

from __future__ import annotations

from typing import Any

import click

from huaxiang.app.quality import QUALITY_KEYS, reason_text, rejected_rows
from huaxiang.app.quality import quality as ask_quality
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import View, command, option, shows
from huaxiang.serve.cli.texts import language, pick, t, t_or


@command("quality", text="help.quality", keys=QUALITY_KEYS)
@shows()
@option("--rejected", key="rejected", metavar="SOURCE")
@option("--raw", key="raw", is_flag=True)
@option("--limit", key="limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True)
def quality(view: View, *, rejected: str | None, raw: bool, limit: int) -> None:
    """Show where every row went, or the rows set aside of one source."""
    with view.snapshot() as snapshot:
        if rejected is None:
            view.show(ask_quality(snapshot), _quality)
        else:
            view.show(rejected_rows(snapshot, rejected, raw=raw, limit=limit), _rejected)


def _quality(found: dict[str, Any]) -> None:
    output.facts([(t("ui.snapshot"), found["snapshot"]), (t("ui.as_of"), found["as_of"])])
    rows = [_counts(pick(source["title"], source["name"]), source) for source in found["sources"]]
    output.heading(t("quality.rows"))
    heads = [
        t(f"quality.{head}") for head in ("source", "rows_in", "loaded", "set_aside", "left_out", "set_aside_share")
    ]
    output.table(
        [*heads, t("quality.adds_up")], [*rows, _counts(t("quality.total"), found)], right=frozenset(range(1, 6))
    )
    for source in found["sources"]:
        if source["reasons"] or source["repaired"] or source["unidentified"]:
            output.heading(t("quality.why", source=pick(source["title"], source["name"])))
            _reasons(source)
    output.line()
    output.line(t("quality.sum" if found["adds_up"] else "quality.no_sum", **{
        key: output.number(found[key]) for key in ("rows_in", "loaded", "set_aside", "left_out")
    }))  # fmt: skip
    output.facts(
        (t_or(f"quality.measure_{key}", key), output.percent(share))
        for key, share in found["measures"].items() if isinstance(share, float)
    )  # fmt: skip


def _counts(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    counts = [output.number(found[key]) for key in ("rows_in", "loaded", "set_aside", "left_out")]
    share = found["set_aside"] / found["rows_in"] if found["rows_in"] else 0.0
    return (name, *counts, output.percent(share, 2), "✓" if found["adds_up"] else "✗")


def _reasons(source: dict[str, Any]) -> None:
    rows = [
        (item["code"], pick(item["text"], item["code"]), output.number(item["rows"]),
         output.percent(item["rows"] / source["rows_in"], 2))
        for item in source["reasons"]
    ]  # fmt: skip
    if rows:
        output.table(
            (t("quality.code"), t("quality.reason"), t("quality.count"), t("ui.share")), rows, right=frozenset({2, 3})
        )
    if source["repaired"]:
        output.line(t("quality.repaired", count=output.number(source["repaired"])))
    if source["unidentified"]:
        output.line(t("quality.unidentified", count=output.number(source["unidentified"])))


def _rejected(found: dict[str, Any]) -> None:
    if not found["rows"]:
        output.line(t("quality.none_rejected", source=found["source"]))
        return
    columns = list(found["rows"][0])
    told = [row | {"reason": pick(reason_text(row["code"]))} if language() != "en" else row for row in found["rows"]]
    rows = [tuple("–" if item is None else str(item) for item in row.values()) for row in told]
    output.table([t(f"quality.{name}") for name in columns], rows, right=frozenset({1}))
    output.line(t("quality.shown", shown=output.number(len(rows)), total=output.number(found["total"])))
