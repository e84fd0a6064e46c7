"""`huaxiang audience fields`: what conditions may name."""

from __future__ import annotations

from typing import Any

import click

from huaxiang.app.completion import FIELDS_KEYS, completion
from huaxiang.app.wiring import find_project
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import View, command, shows
from huaxiang.serve.cli.texts import pick, t

_VALUES = 5


@command("fields", text="help.audience.fields", keys=FIELDS_KEYS)
@click.argument("search", default="")
@shows()
def audience_fields(view: View, search: str) -> None:
    """Show the fields, sources and calls that conditions may name; with a text, those whose name or title holds it."""
    from huaxiang.store.lists import known_lists

    with view.snapshot() as snapshot:
        found = completion(snapshot.manifest, snapshot.id, known_lists(find_project(snapshot.folder)))
    if search:
        found |= {
            kind: [x for x in found[kind] if _holds(x, search)]
            for kind in ("fields", "sources", "functions", "audiences")
        }
    view.show(found, _show)


def _holds(item: dict[str, Any], search: str) -> bool:
    title = item.get("title") or {"zh": item.get("zh", ""), "en": item.get("en", "")}
    return any(search.lower() in text.lower() for text in (item["name"], *title.values()))


def _show(found: dict[str, Any]) -> None:
    fields = [(f["name"], pick(f["title"], f["name"]), f["type"], _values(f)) for f in found["fields"]]
    output.table([t(f"audience.{head}") for head in ("name", "title", "type", "values")], fields)
    sources = [
        (s["name"], pick(s["title"], s["name"]), s["time"] or "–", ", ".join(f["name"] for f in s["fields"]))
        for s in found["sources"]
    ]
    if sources:
        output.heading(t("audience.sources"))
        output.table([t(f"audience.{head}") for head in ("name", "title", "time", "fields")], sources)
    calls = [
        (f["signature"], pick({"zh": f["zh"], "en": f["en"]})) for f in found["functions"] if f["group"] == "behaviour"
    ]
    if calls:
        output.heading(t("audience.calls"))
        output.table([t("audience.signature"), t("audience.meaning")], calls)


def _values(field: dict[str, Any]) -> str:
    if field["range"] is not None and field["range"]["min"] is not None:
        return f"{field['range']['min']} … {field['range']['max']}"
    values = [v["value"] for v in field["values"][:_VALUES]]
    shown = [str(v).lower() if isinstance(v, bool) else str(v) for v in values]
    return ", ".join(shown) + (" …" if len(field["values"]) > _VALUES else "")
