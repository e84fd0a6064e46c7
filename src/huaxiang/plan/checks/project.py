"""huaxiang.yaml: the as-of day, the time zone, and that there is something to build."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from huaxiang.plan.checks.findings import Findings

_AT = ("project", "")


def check(found: Findings) -> None:
    """Check the project's own settings."""
    spec = found.project.spec
    if spec.as_of not in ("today", "data"):
        try:
            date.fromisoformat(spec.as_of)
        except ValueError:
            found.add(_AT, ("as_of",), "PRJ001", f'as_of is "{spec.as_of}"; write today, data or a date as YYYY-MM-DD')
    try:
        ZoneInfo(spec.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        found.add(_AT, ("timezone",), "PRJ002", f'unknown timezone "{spec.timezone}"; write e.g. Asia/Shanghai or UTC')
    if not found.project.sources:
        found.add(_AT, (), "PRJ003", "the project has no source; describe one in a file below sources/")
