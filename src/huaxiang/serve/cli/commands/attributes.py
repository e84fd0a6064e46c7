"""`huaxiang attribute list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from huaxiang.errors import SnapshotError, UsageError
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.texts import pick, t, t_or

if TYPE_CHECKING:
    from huaxiang.store.snapshots import Snapshot

attribute = LazyGroup("attribute", help="help.attribute", lazy={"list": f"{__name__}:attribute_list"})


@command("list", text="help.attribute.list", keys=("snapshot", "attributes", "filled", "total"))
@shows()
@option("--filled/--missing", "filled", key="filled", default=None)
@option("--class", "class_", key="class", metavar="CLASS")
def attribute_list(view: View, *, filled: bool | None, class_: str | None) -> None:
    """Show which attributes of the catalogue the project fills, and what the others need."""
    from huaxiang.app.attributes import list_attributes
    from huaxiang.spec.loader import load_project

    snapshot = _snapshot(view)
    rows = [row.as_json() for row in list_attributes(snapshot, load_project(view.folder()))]
    known = {str(row["class"]) for row in rows}
    if class_ is not None and class_ not in known:
        raise UsageError.unknown("class", class_, known)
    shown = [row for row in rows if filled in (None, row["filled"]) and class_ in (None, row["class"])]
    view.show(
        {
            "snapshot": snapshot.id if snapshot else None, "attributes": shown,
            "filled": sum(bool(row["filled"]) for row in rows), "total": len(rows),
        },
        _list,
    )  # fmt: skip


def _snapshot(view: View) -> Snapshot | None:
    """Open the snapshot; None before the first build, when only the definitions can be told."""
    try:
        return view.snapshot()
    except SnapshotError:
        if view.which is not None:
            raise
        return None


def _list(found: dict[str, Any]) -> None:
    rows = [
        (
            item["code"], pick(item["title"]), t_or(f"class.{item['class']}", item["class"]),
            t_or(f"sensitivity.{item['sensitivity']}", item["sensitivity"]), "✓" if item["filled"] else "–",
            output.percent(item["coverage"]), ", ".join(filler["name"] for filler in item["filled_by"]) or pick(item["needs"]),
        )
        for item in found["attributes"]
    ]  # fmt: skip
    heads = ("code", "title", "class", "sensitivity", "filled", "coverage", "by")
    output.table([t(f"attribute.{head}") for head in heads], rows, right=frozenset({5}))
    output.line(t("attribute.count", filled=found["filled"], total=found["total"]))
