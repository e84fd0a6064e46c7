"""Runs collect and clean: every source's files or rows become one typed Parquet file, and one of rows set aside."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from huaxiang.run.context import Build
from huaxiang.run.headers import mapped_columns
from huaxiang.run.load import LoadReport, load_source
from huaxiang.spec.models import SourceSpec
from huaxiang.stages.unify import clean_table
from huaxiang.store.collected import Collected
from huaxiang.store.databases import Fetched, fetch_rows


def collected_folder(folder: Path) -> Path:
    """Where what was collected before lies, one folder for each source."""
    return folder / ".huaxiang" / "collected"


def collect(build: Build, latest_day: date) -> Mapping[str, LoadReport]:
    """Load every source. `latest_day` is the as-of day, or today where that is yet to be read off the data."""
    reports: dict[str, LoadReport] = {}
    sources = build.project.sources
    root = collected_folder(build.project.folder)
    _forget_others(root, () if build.full else sources)
    for number, (name, source) in enumerate(sources.items()):
        build.progress("clean", number, len(sources), name)
        out, rejected = build.draft.scratch(f"clean/{name}.parquet"), build.draft.scratch(f"rejected/{name}.parquet")
        reports[name] = load_source(
            source,
            build.project.folder,
            out,
            rejected,
            as_of=latest_day,
            timezone=build.project.spec.timezone,
            collected=Collected(root / name),
            fetched=_fetch(build, source, root / name / "rows"),
            repairs=build.draft.scratch(f"repairs/{name}.parquet"),
            rates={**build.project.spec.rates, build.project.spec.currency: 1.0},
        )
        build.engine.register(clean_table(name), out)
    build.progress("clean", len(sources), len(sources), "")
    return reports


def _fetch(build: Build, source: SourceSpec, store: Path) -> Fetched | None:
    """Rows of the source's database; None for a source of files."""
    if source.database is None:
        return None
    return fetch_rows(source, build.project.folder, store, mapped_columns(source), full=build.full)


def _forget_others(root: Path, sources: Iterable[str]) -> None:
    """Remove what was collected for sources that are no more (for all of them in a full build)."""
    kept = set(sources)
    for entry in root.iterdir() if root.is_dir() else ():
        if entry.name not in kept:
            shutil.rmtree(entry, ignore_errors=True)
