"""`huaxiang persona list | show | report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from huaxiang.app.personas import PERSONA_LIST_KEYS, list_personas, show_persona
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import language, pick, t

persona = LazyGroup(
    "persona", help="help.persona", lazy={name: f"{__name__}:persona_{name}" for name in ("list", "show", "report")}
)
CARD_KEYS = (
    "segment", "name", "named_by", "size", "share", "worth", "summary", "sections", "unknown", "set", "base_size", "alpha",
    "comparisons", "snapshot", "as_of", "edited", "fell_away",
)  # fmt: skip


@command("list", text="help.persona.list", keys=PERSONA_LIST_KEYS)
@shows()
def persona_list(view: View) -> None:
    """Show all persona cards in short."""
    with view.snapshot() as snapshot:
        view.show(list_personas(snapshot), _list)


def _list(found: dict[str, Any]) -> None:
    if not found["sets"]:
        output.line(t("persona.none"))
    for group in found["sets"]:
        output.heading(f"{pick(group['title'], group['name'])}  ({group['name']})")
        if group["note"]:
            output.line(t("persona.skipped", why=pick(group["note"])))
            continue
        rows = [
            (
                card["segment"],
                pick(card["name"]),
                output.number(card["size"]),
                output.percent(card["share"]),
                *_worth(card["worth"]),
            )
            for card in group["cards"]
        ]
        heads = ("segment", "name", "size", "share", "mean", "share_of_total")
        output.table([t(f"persona.{head}") for head in heads], rows, right=frozenset({2, 3, 4, 5}))
        output.line(t("persona.base", customers=output.number(group["base_size"]), as_of=found["as_of"]))


def _worth(worth: dict[str, Any] | None) -> tuple[str, str]:
    if not worth:
        return "–", "–"
    return output.value(worth["mean"], "money", worth["unit"]), output.percent(worth["share_of_total"])


@command("show", text="help.persona.show", keys=CARD_KEYS)
@click.argument("name")
@shows()
def persona_show(view: View, name: str) -> None:
    """Show one card with the figures behind each statement."""
    with view.snapshot() as snapshot:
        units = {item["name"]: item.get("unit") for item in snapshot.manifest.get("tags", ())}
        view.show(show_persona(snapshot, name), lambda card: _show(card, units))


def _show(card: dict[str, Any], units: dict[str, str | None]) -> None:
    output.heading(f"{pick(card['name'])}  ({card['set']}/{card['segment']})")
    output.line(pick(card["summary"]))
    worth = card["worth"]
    pairs = [(t("persona.size"), f"{output.number(card['size'])} ({output.percent(card['share'])})")]
    if worth:
        pairs += [
            (f"{pick(worth['title'])} · {t(f'persona.{key}')}", output.value(worth[key], "money", worth["unit"]))
            for key in ("mean", "median", "total")
        ]
        pairs.append((t("persona.share_of_total"), output.percent(worth["share_of_total"])))
    output.facts([*pairs, (t("ui.snapshot"), f"{card['snapshot']} · {t('ui.as_of')} {card['as_of']}")])
    for section in card["sections"]:
        if section["statements"] or section["unknown"]:
            output.heading(pick(section["title"]))
        for statement in section["statements"]:
            output.line(f"• {pick(statement['text'])}")
            figures = _figures(statement, units)
            if figures:
                output.line(f"    {figures}")
        if section["unknown"]:
            output.line(f"  {pick(section['unknown'])}")
    if card["unknown"]:
        output.heading(t("persona.unknown"))
        for text in card["unknown"]:
            output.line(f"• {pick(text)}")


def _figures(statement: dict[str, Any], units: dict[str, str | None]) -> str:
    """Return the figures behind a statement on one line; statements that stand on others name them."""
    if statement.get("because"):
        return t("persona.because", ids=", ".join(statement["because"]))
    n = {key: output.number(statement.get(key)) for key in ("n_segment", "n_base")}
    missing = output.percent(statement.get("missing_segment"))
    if statement.get("kind") == "share":
        return t("persona.figures_share", segment=output.percent(statement["share_segment"]), missing=missing,
                 base=output.percent(statement["share_base"]), tgi=output.number(statement["tgi"], 0),
                 low=output.number(statement["tgi_low"], 0), high=output.number(statement["tgi_high"], 0), **n)  # fmt: skip
    if statement.get("kind") == "mean":
        unit = units.get(statement["tag"])
        return t("persona.figures_mean", segment=output.value(statement["mean_segment"], "number", unit), missing=missing,
                 base=output.value(statement["mean_base"], "number", unit), index=output.number(statement["index"], 0),
                 low=output.number(statement["index_low"], 0), high=output.number(statement["index_high"], 0), **n)  # fmt: skip
    return ""


@command("report", text="help.persona.report", keys=("file", "bytes", "language", "snapshot"))
@option("--to", "to", key="to_report", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@shows()
def persona_report(view: View, to: Path | None) -> None:
    """Write the analysis report."""
    from huaxiang.app.report import write_report

    with view.snapshot() as snapshot:
        target = to or view.folder() / f"report-{snapshot.manifest['as_of']}-{language()}.html"
        file = write_report(snapshot, target, lang=language())
        view.show(
            {"file": str(file), "bytes": file.stat().st_size, "language": language(), "snapshot": snapshot.id},
            lambda found: output.line(t("persona.reported", file=found["file"], size=output.size(found["bytes"]))),
        )
