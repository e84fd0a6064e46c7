"""huaxiang.yaml: the as-of day, the time zone, and that there is something to build."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from huaxiang.plan.checks.findings import Findings
from huaxiang.spec.login import oidc_faults

_AT = ("project", "")


def is_timezone(name: str) -> bool:
    """True for a name of the IANA time zone database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def check(found: Findings) -> None:
    """Check the project's own settings."""
    spec = found.project.spec
    if spec.as_of not in ("today", "data"):
        try:
            date.fromisoformat(spec.as_of)
        except ValueError:
            found.add(_AT, ("as_of",), "PRJ001", f'as_of is "{spec.as_of}"; write today, data or a date as YYYY-MM-DD')
    if not is_timezone(spec.timezone):
        found.add(_AT, ("timezone",), "PRJ002", f'unknown timezone "{spec.timezone}"; write e.g. Asia/Shanghai or UTC')
    if not found.project.sources:
        found.add(_AT, (), "PRJ003", "the project has no source; describe one in a file below sources/")
    for path, message in oidc_faults(spec.oidc) if spec.oidc is not None else ():
        found.add(_AT, ("oidc", *path), "PRJ004", message)
