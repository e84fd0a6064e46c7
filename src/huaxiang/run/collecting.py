"""Runs collect and clean: every source's files become one typed Parquet file, and one of rows set aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from huaxiang.run.context import Build
from huaxiang.run.load import LoadReport, load_source
from huaxiang.stages.unify import clean_table


def collect(build: Build, latest_day: date) -> Mapping[str, LoadReport]:
    """Load every source. `latest_day` is the as-of day, or today where that is yet to be read off the data."""
    reports: dict[str, LoadReport] = {}
    sources = build.project.sources
    for number, (name, source) in enumerate(sources.items()):
        build.progress("clean", number, len(sources), name)
        out, rejected = build.draft.scratch(f"clean/{name}.parquet"), build.draft.scratch(f"rejected/{name}.parquet")
        reports[name] = load_source(
            source, build.project.folder, out, rejected, as_of=latest_day, timezone=build.project.spec.timezone
        )
        build.engine.register(clean_table(name), out)
    build.progress("clean", len(sources), len(sources), "")
    return reports
