"""`huaxiang init | check | build | schema write`."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from huaxiang.serve.cli import output
from huaxiang.serve.cli.failures import issue_line, told_issue
from huaxiang.serve.cli.framework import LazyGroup, View, command, language_option, option, shows
from huaxiang.serve.cli.texts import language, pick, t

CHECK_KEYS = ("folder", "valid", "errors", "warnings", "issues")
BUILD_KEYS = (
    "snapshot",
    "as_of",
    "customers",
    "tags",
    "audiences",
    "stale",
    "rows_in",
    "loaded",
    "set_aside",
    "left_out",
    "fetched",
    "quality",
    "findings",
    "decisions_unmet",
    "seconds",
)
_FOLDER = click.Path(file_okay=False, path_type=Path)


INIT_KEYS = ("folder", "template", "files")


@command("init", text="help.init", keys=INIT_KEYS)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@option("--template", key="template", metavar="NAME", default="retail", show_default=True)
@option("--json", "as_json", key="json", is_flag=True)
@language_option
def init(*, folder: Path, template: str, as_json: bool) -> None:
    """Write a new project."""
    from huaxiang.app.init import init_project

    written = [path.as_posix() for path in init_project(folder, template)]
    View(None, as_json).show({"folder": str(folder), "template": template, "files": written}, _initialised)


def _initialised(found: dict[str, Any]) -> None:
    output.line(t("init.done", folder=found["folder"], template=found["template"]))
    for path in found["files"]:
        output.line(f"  {path}")
    output.line(t("init.next", folder=found["folder"]))


@command("check", text="help.check", keys=CHECK_KEYS)
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@shows(snapshot=False)
def check(view: View, folder: Path | None) -> int:
    """Check a project; exit 1 when it has errors."""
    from huaxiang.app.build import issues_of
    from huaxiang.errors import Issue, ProjectInvalid
    from huaxiang.spec.loader import load_project

    place = _folder(view, folder)
    try:
        issues: tuple[Issue, ...] = issues_of(load_project(place))
    except ProjectInvalid as error:
        issues = error.issues
    errors = sum(issue.severity == "error" for issue in issues)
    view.show(
        {
            "folder": str(place), "valid": not errors, "errors": errors, "warnings": len(issues) - errors,
            "issues": [told_issue(issue) for issue in sorted(issues)],
        },
        lambda found: _issues(found, issues),
    )  # fmt: skip
    return 1 if errors else 0


def _issues(found: dict[str, Any], issues: tuple[Any, ...]) -> None:
    for issue in sorted(issues):
        output.line(issue_line(issue))
    output.line(t("check.clean" if not issues else "check.found", errors=found["errors"], warnings=found["warnings"]))


@command("build", text="help.build", keys=BUILD_KEYS)
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@option("--as-of", "as_of", key="as_of", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]))
@option("--full", key="full", is_flag=True)
@option("--engine", key="engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
@shows(snapshot=False)
def build(view: View, *, folder: Path | None, as_of: datetime | None, full: bool, engine: str) -> None:
    """Build and publish a snapshot."""
    from huaxiang.app.build import build as run_build
    from huaxiang.serve.cli.commands.audience import stale_line
    from huaxiang.serve.cli.progress import progress

    day: date | None = as_of.date() if as_of else None
    with progress() as tell:
        result = run_build(_folder(view, folder), as_of=day, full=full, engine=engine, progress=tell)  # type: ignore[arg-type]
    _note(_folder(view, folder), result.snapshot)
    for item in result.manifest["audiences"]:
        if item["stale"]:
            output.warn(stale_line(item))
    manifest, quality = result.manifest, result.manifest["quality"]
    counts = {key: quality[key] for key in ("rows_in", "loaded", "set_aside", "left_out")}
    view.show(
        {
            "snapshot": result.snapshot, "as_of": manifest["as_of"], "customers": manifest["customers"],
            "tags": len(manifest["tags"]), "audiences": len(manifest["audiences"]),
            "stale": [{"audience": a["name"], **a["stale"]} for a in manifest["audiences"] if a["stale"]], **counts,
            "fetched": [{"source": s["name"], **s["fetch"]} for s in manifest["sources"] if s["fetch"]],
            "quality": quality.get("light"),
            "findings": list(quality.get("findings", ())), "decisions_unmet": manifest["identity"]["decisions"]["unmet"],
            "seconds": result.seconds,
        },
        _built,
    )  # fmt: skip


def _note(folder: Path, snapshot: str) -> None:
    """Note the build where the project has a state database; one that was never served needs none. The build stands whatever
    becomes of that.
    """
    from contextlib import closing

    from huaxiang.app.audit import AuditLog
    from huaxiang.app.wiring import has_state, open_state
    from huaxiang.errors import StorageError

    if not has_state(folder):
        return
    try:
        with closing(open_state(folder)) as state:
            AuditLog(state, folder).note_build(snapshot)
    except StorageError as error:
        output.warn(t("build.not_noted", reason=error if language() == "en" else error.zh))


def _built(found: dict[str, Any]) -> None:
    output.line(
        t("build.done", snapshot=found["snapshot"], seconds=output.seconds(found["seconds"]), as_of=found["as_of"])
    )
    output.facts([
        (t("ui.customers"), output.number(found["customers"])),
        (t("status.tags"), output.number(found["tags"])),
        (t("status.audiences"), _audiences(found)),
        (t("quality.rows"), t("quality.sum", **{
            key: output.number(found[key]) for key in ("rows_in", "loaded", "set_aside", "left_out")
        })),
    ])  # fmt: skip
    if found["fetched"]:
        _fetched(found["fetched"])
    if found["findings"]:
        _warn(found)
    if found["decisions_unmet"]:
        output.line(t("identity.unmet", numbers=t("ui.comma").join(map(str, found["decisions_unmet"]))))
    output.line(t("build.next"))


def _audiences(found: dict[str, Any]) -> str:
    count, stale = output.number(found["audiences"]), len(found["stale"])
    return t("audience.some_stale", count=count, stale=stale) if stale else count


def _fetched(fetched: list[dict[str, Any]]) -> None:
    """The rows that databases gave, by source."""
    output.line(t("build.fetched", count=output.number(sum(one["rows"] for one in fetched))))
    for one in fetched:
        key = "build.fetched_new" if one["incremental"] else "build.fetched_all"
        counts = {name: output.number(value) for name, value in one.items() if name not in ("source", "incremental")}
        line = t(key, source=one["source"], **counts)
        if one["same_key"] or one["repeated"]:
            line += t("build.fetched_lost", **counts)
        output.line(f"  {line}")


def _warn(found: dict[str, Any]) -> None:
    """The gravest findings on quality, at most five."""
    state = t(f"quality.light_{found['quality']}")
    output.line(t("build.warnings", light=state, count=output.number(len(found["findings"]))))
    for finding in found["findings"][:5]:
        output.line(f"  {'✖' if finding['light'] == 'bad' else '▲'} {finding['source']}  {pick(finding['text'])}")
        if finding["code"] == "same_key":
            output.line(f"    → {pick(finding['advice'])}")


def _folder(view: View, folder: Path | None) -> Path:
    """Return the project's folder: the argument, else --project, else the nearest above."""
    return View(folder or view.project, view.as_json).folder()


schema = LazyGroup("schema", help="help.schema", lazy={"write": f"{__name__}:schema_write"})


@command("write", text="help.schema.write", keys=("files",))
@option("--to", "to", key="schema_to", metavar="DIR", type=_FOLDER)
@shows(snapshot=False)
def schema_write(view: View, to: Path | None) -> None:
    """Write the JSON Schemas of the YAML files."""
    from huaxiang.app.schema import write_schemas

    files = [str(path) for path in write_schemas(to or view.folder() / ".huaxiang" / "schema")]
    view.show({"files": files}, _written)


def _written(found: dict[str, Any]) -> None:
    for file in found["files"]:
        output.line(t("schema.done", file=file))
