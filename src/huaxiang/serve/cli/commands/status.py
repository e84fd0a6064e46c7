"""`huaxiang status`, `runs` and `snapshot list`."""

from __future__ import annotations

from typing import Any

import click

from huaxiang.app.status import STATUS_KEYS, list_runs, list_snapshots, project_status
from huaxiang.serve.cli import output
from huaxiang.serve.cli.framework import LazyGroup, View, command, option, shows
from huaxiang.serve.cli.progress import stage_title
from huaxiang.serve.cli.texts import pick, t, t_or


@command("status", text="help.status", keys=STATUS_KEYS)
@shows(snapshot=False)
def status(view: View) -> None:
    """Show what is served."""
    view.show(project_status(view.folder()), _status)


def _status(found: dict[str, Any]) -> None:
    project, run = found["project"] or {}, found["last_run"]
    pairs = [
        (t("status.project"), pick(project.get("title"), project.get("name", ""))),
        (t("status.folder"), found["folder"]),
    ]
    if found["snapshot"]:
        pairs += [
            (t("ui.snapshot"), found["snapshot"]),
            (t("ui.as_of"), found["as_of"]),
            (t("status.built"), t("status.age", moment=output.moment(found["built_at"]), days=found["age_days"])),
            (t("status.engine"), f"{found['engine']} · huaxiang {found['version']}"),
        ]
        counts = ("customers", "sources", "attributes", "tags", "audiences", "clusterings")
        pairs += [(t(f"status.{key}"), output.number(found[key])) for key in counts]
    if found["quality"]:
        state = t(f"quality.light_{found['quality']['light']}")
        pairs.append(
            (t("status.quality"), t("status.quality_findings", light=state, count=found["quality"]["findings"]))
        )
    if run is not None:
        state = t_or(f"run.{run['state']}", run["state"])
        pairs.append((t("status.last_run"), f"{output.moment(run['started_at'])} · {state}"))
    output.facts(pairs)
    notes = [
        pick(found["problem"]),
        run and run["error"] and _why(run["error"]),
        found["building"] and t("status.building"),
    ]
    if found["stale_audiences"]:
        notes.append(t("status.stale", names=t("ui.comma").join(found["stale_audiences"])))
    if found["changed_since"]:
        notes.append(t("status.changed", files=", ".join(found["changed_since"][:5])))
    for note in filter(None, notes):
        output.line()
        output.line(str(note))


def _why(error: dict[str, Any]) -> str:
    """Why a build failed; in English where an older version noted it."""
    return pick({"zh": error.get("zh"), "en": error["message"]}, error["message"])


@command("runs", text="help.runs", keys=("runs",))
@shows(snapshot=False)
@option("--limit", key="limit", type=click.IntRange(1, 200), default=20, show_default=True)
def runs(view: View, limit: int) -> None:
    """Show the history of builds."""
    view.show({"runs": list_runs(view.folder(), limit=limit)}, _runs)


def _runs(found: dict[str, Any]) -> None:
    if not found["runs"]:
        output.line(t("run.none"))
        return
    rows = []
    for run in found["runs"]:
        stage = run["stages"][-1]["name"] if run["stages"] and run["state"] != "done" else ""
        problem = _why(run["error"]) if run["error"] else ""
        rows.append((
            run["id"], output.moment(run["started_at"]), t_or(f"run.{run['state']}", run["state"]),
            output.seconds(run["seconds"]), run["engine"] or "–", stage_title(stage), problem,
        ))  # fmt: skip
    heads = ("id", "started", "state", "seconds", "engine", "stage", "error")
    output.table([t(f"run.head_{head}") for head in heads], rows, right=frozenset({3}))


snapshot = LazyGroup("snapshot", help="help.snapshot", lazy={"list": f"{__name__}:snapshot_list"})


@command("list", text="help.snapshot.list", keys=("snapshots",))
@shows(snapshot=False)
def snapshot_list(view: View) -> None:
    """Show the published versions."""
    view.show({"snapshots": list_snapshots(view.folder())}, _snapshots)


def _snapshots(found: dict[str, Any]) -> None:
    if not found["snapshots"]:
        output.line(t("snapshot.none"))
        return
    rows = [
        (
            ("* " if item["current"] else "  ") + item["id"], item["as_of"], output.moment(item["built_at"]),
            output.number(item["customers"]), output.size(item["bytes"]), pick(item["problem"]),
        )
        for item in found["snapshots"]
    ]  # fmt: skip
    heads = (t("ui.snapshot"), t("ui.as_of"), t("status.built"), t("ui.customers"), t("snapshot.size"), "")
    output.table(heads, rows, right=frozenset({3, 4}))
    output.line(t("snapshot.current"))
