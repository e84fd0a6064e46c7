"""The build: from the project's files to a published snapshot, or to an error and the snapshot of before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from huaxiang import __version__
from huaxiang.app.acting import actor
from huaxiang.app.wiring import build_lock, make_engine, run_log, snapshot_store
from huaxiang.errors import Issue, ProjectInvalid
from huaxiang.run.context import AsOf, Build, Progress
from huaxiang.spec.loader import Project, load_project
from huaxiang.store.failpoints import failpoint
from huaxiang.store.runs import Run

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.run.load import LoadReport
    from huaxiang.run.manifest import Standard
    from huaxiang.run.memberships import Upkeep
    from huaxiang.run.quality import QualityResult
    from huaxiang.run.unifying import Unified
    from huaxiang.spec.models import SourceSpec

EngineName = Literal["duckdb", "spark"]


@dataclass(frozen=True)
class BuildResult:
    """What a build published: the snapshot's id and manifest, and how long it took."""

    snapshot: str
    manifest: Mapping[str, Any]
    seconds: float


def _silent(stage: str, done: int, total: int | None, note: str) -> None:
    """Tell nobody."""


def _telling(run: Run, progress: Progress) -> Progress:
    """Tell the caller how far the build has come, and those who follow its record."""

    def tell(stage: str, done: int, total: int | None, note: str) -> None:
        run.within(done, total, note)
        progress(stage, done, total, note)

    return tell


def check(folder: Path) -> Project:
    """Load and check a project against its files. Raises ProjectInvalid with every fault; warnings are kept by `issues_of`."""
    project = load_project(folder)
    errors = [i for i in issues_of(project) if i.severity == "error"]
    if errors:
        raise ProjectInvalid(errors)
    return project


def issues_of(project: Project, reads: Callable[[SourceSpec], bool] = lambda _: True) -> tuple[Issue, ...]:
    """All faults and warnings of a loaded project. `reads`: of which sources the files are opened to see their columns."""
    from huaxiang.app.attributes import sensitive_issues
    from huaxiang.app.audiences.keeping import frozen_issues
    from huaxiang.app.catalogue import load_catalogue
    from huaxiang.app.sql_audiences import sql_issues
    from huaxiang.plan.check import check_project
    from huaxiang.run.conditions import list_issues
    from huaxiang.run.load import read_header

    codes = frozenset(a.code for a in load_catalogue().attributes)
    found = check_project(project, lambda one: read_header(one, project.folder) if reads(one) else None, codes)
    return frozen_issues(project, (*found, *sensitive_issues(project), *list_issues(project), *sql_issues(project)))


def _standard() -> Standard:
    from huaxiang.app.catalogue import load_catalogue
    from huaxiang.run.manifest import Standard

    items = load_catalogue()
    titles = {code: {"zh": item.zh, "en": item.en} for code, item in items.items()}
    return Standard({code: item.class_ for code, item in items.items()}, titles)


def build(
    folder: Path,
    *,
    as_of: date | None = None,
    full: bool = False,
    engine: EngineName = "duckdb",
    progress: Progress | None = None,
) -> BuildResult:
    """Build and publish a snapshot of the project in `folder`.

    An audience that became invalid keeps its last good members, marked stale (docs/audiences.md); any other fault stops the build.
    `as_of` overrides the project's own. `full` forgets the previous snapshot (cluster labels and tag versions start anew)
    and reads every file and database anew.
    Raises ProjectInvalid, SourceError, BuildBusy …; the snapshot of before then stays the current one.
    """
    from huaxiang.app.audiences.keeping import errors_that_stop, settle
    from huaxiang.run.memberships import with_kept

    started = time.monotonic()
    project = load_project(Path(folder))
    issues = issues_of(project)
    if errors_that_stop(issues):
        raise ProjectInvalid([i for i in issues if i.severity == "error"])
    store = snapshot_store(project.folder)
    with build_lock(project.folder):
        draft = store.begin()
        before = store.open(draft.previous) if draft.previous is not None else None
        previous = {} if full or before is None else dict(before.manifest)
        run = run_log(project.folder).start(draft.id, engine=engine, as_of=str(as_of or project.spec.as_of), full=full)
        chosen = make_engine(engine, draft.scratch("engine"))
        try:
            upkeep = settle(project, issues, before, actor())
            project = with_kept(project, upkeep.kept)
            work = Build(project, chosen, draft, _telling(run, progress or _silent), previous, before, full)
            manifest = _write(run, _run_stages(work, run, as_of, upkeep))
            manifest["seconds"] = round(time.monotonic() - started, 3)
            if before is not None:
                before.close()  # it may be one that retention removes
            with _stage(run, "publish"):
                snapshot = draft.publish(manifest, keep=project.spec.keep_snapshots)
            run.done(snapshot.id)
            return BuildResult(snapshot.id, dict(snapshot.manifest), round(time.monotonic() - started, 3))
        except BaseException as error:
            run.failed(error)
            draft.discard()
            raise
        finally:
            chosen.close()
            if before is not None:
                before.close()


@contextmanager
def _stage(run: Run, name: str) -> Iterator[Callable[[int], None]]:
    """Record a stage of the run; call the yielded function with the rows it left."""
    rows: list[int] = []
    run.begin_stage(name)
    yield rows.append
    run.end_stage(rows=rows[-1] if rows else None)


@dataclass(frozen=True)
class _Outcome:
    """What the stages up to segment left, for what is published. `work`: the build, with the project as it was computed in the end."""

    work: Build
    reports: Mapping[str, LoadReport]
    as_of: AsOf
    unified: Unified
    measured: QualityResult
    sql: Mapping[str, str]
    clusterings: Mapping[str, Any]
    audiences: list[dict[str, Any]]
    customers: pa.Table


def _run_stages(work: Build, run: Run, asked: date | None, upkeep: Upkeep) -> _Outcome:
    from huaxiang.app.audiences.computing import compute_audiences
    from huaxiang.run import collecting, memberships, profiling, publishing, quality, tagging, unifying
    from huaxiang.run.quality_between import compare

    today = datetime.now(ZoneInfo(work.project.spec.timezone)).date()
    with _stage(run, "collect"):
        failpoint("collect")
        declared = date.fromisoformat(work.project.spec.as_of) if work.project.spec.as_of[:1].isdigit() else today
        latest = max(asked, declared) if asked else declared  # as of an earlier day, later rows are no fault
    with _stage(run, "clean") as leave:
        reports = collecting.collect(work, latest)
        leave(sum(r.loaded for r in reports.values()))
        failpoint("clean")
    as_of = tagging.resolve_as_of(work, asked, today)
    measured = quality.measure(work, reports, as_of)
    with _stage(run, "unify") as leave:
        unified = unifying.unify_sources(work, as_of)
        unifying.refuse_too_many(work, reports, unified.counts)
        measured = compare(work, unified, measured)
        leave(unified.identified.resolution.customers)
        failpoint("unify")
    with _stage(run, "profile"):
        redirects = unified.identified.resolution.redirects
        moved = dict(zip(redirects["old"].to_pylist(), redirects["new"].to_pylist(), strict=True))
        profiling.draw_profile(work, profiling.Rows(unified.sources, unified.tables, moved), as_of)
        failpoint("profile")
    with _stage(run, "tag"):
        sql = tagging.compute_tags(work, as_of)
        failpoint("tag")
    with _stage(run, "segment"):
        work, upkeep, clusterings = compute_audiences(work, upkeep, as_of, redirects)
        customers = publishing.save_customers(work)
        publishing.save_index(work)
        publishing.save_rows(work, customers)
        audiences = memberships.save_audiences(work, upkeep, as_of, redirects)
        failpoint("segment")
    return _Outcome(work, reports, as_of, unified, measured, sql, clusterings, audiences, customers)


def _write(run: Run, done: _Outcome) -> dict[str, Any]:
    """Write what the snapshot holds besides the customers; return its manifest."""
    from huaxiang.run import identifying, manifest, publishing, segmenting
    from huaxiang.run.quality_out import save
    from huaxiang.run.repairs import save_repairs

    work, project, unified, customers, as_of = done.work, done.work.project, done.unified, done.customers, done.as_of
    publishing.save_sources(work, unified)
    publishing.save_identity(work, unified)
    publishing.save_links(work)
    publishing.save_rejected(work, done.reports, unified.counts)
    save_repairs(work, done.reports)
    standard = _standard()
    sources = [publishing.describe_source(work, n, r, unified.counts[n]) for n, r in done.reports.items()]
    attributes = manifest.describe_attributes(project, customers, standard)
    publishing.save_lookup(work, attributes)
    facts = manifest.TagFacts(as_of, {s["name"]: s["last_at"] for s in sources}, done.sql, standard)
    tags = manifest.describe_tags(project, customers, facts, work.previous)
    with _stage(run, "persona"):
        spoken = [*attributes, *(t for t in tags if t["status"] == "online" and t["name"] not in project.attributes)]
        publishing.write_personas(work, segmenting.draw_all_personas(work, customers, spoken, done.clusterings, as_of))
        failpoint("persona")
    matching = next(iter(project.matching.values()), None)
    return {
        "as_of": as_of.day.isoformat(), "engine": work.engine.name, "version": __version__, "definitions": project.digest,
        "project": {
            "name": project.spec.name, "title": segmenting.text_of(project.spec.title, project.spec.name),
            "language": project.spec.language, "currency": project.spec.currency, "timezone": project.spec.timezone,
            "sandbox": project.spec.sandbox,
        },
        "customers": customers.num_rows, "sources": sources, "attributes": attributes, "tags": tags,
        "audiences": done.audiences,
        "clusterings": [manifest.describe_clustering(project, c) for c in done.clusterings.values()],
        **manifest.describe_entities(work, standard),
        "identity": identifying.describe_identity(unified.identified, unified.keys, matching)
        | manifest.describe_key_fields(project, unified.identified.records.column_names),
        "quality": publishing.describe_quality(sources) | save(work, done.measured, as_of),
    }  # fmt: skip
