"""huaxiang.yaml: the as-of day, the time zone, and that there is something to build."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import output_names
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
            found.add(
                _AT,
                ("as_of",),
                "PRJ001",
                Said(
                    f'as_of is "{spec.as_of}"; write today, data or a date as YYYY-MM-DD',
                    f"as_of 是“{spec.as_of}”；请写 today、data 或 YYYY-MM-DD 日期",
                ),
            )
    if not is_timezone(spec.timezone):
        found.add(
            _AT,
            ("timezone",),
            "PRJ002",
            Said(
                f'unknown timezone "{spec.timezone}"; write e.g. Asia/Shanghai or UTC',
                f"没有名为“{spec.timezone}”的时区；请写如 Asia/Shanghai 或 UTC",
            ),
        )
    if not found.project.sources:
        found.add(
            _AT,
            (),
            "PRJ003",
            Said(
                "the project has no source; describe one in a file below sources/",
                "项目没有数据源；请在 sources/ 下的文件中描述一个",
            ),
        )
    _check_field_rights(found)
    for path, message in oidc_faults(spec.oidc) if spec.oidc is not None else ():
        found.add(_AT, ("oidc", *path), "PRJ004", message)


def _check_field_rights(found: Findings) -> None:
    """A field that is not there is kept from nobody: one that was mistyped stays readable."""
    project = found.project
    columns = (c for tag in project.tags.values() for c in output_names(tag))
    fields = {*found.types, *project.attributes, *columns}
    for number, right in enumerate(project.spec.field_rights):
        for key, names, known, kind in (
            ("fields", right.fields, fields, Said("field", "字段")),
            ("audiences", right.audiences, set(project.audiences), Said("audience", "人群")),
        ):
            for place, name in enumerate(names):
                if name not in known:
                    said = _unknown(name, known, kind)
                    if key == "fields" and name in project.tags:
                        said = _several(name, output_names(project.tags[name]))
                    found.add(_AT, ("field_rights", number, key, place), "PRJ007", said)


def _unknown(name: str, known: Iterable[str], kind: Said) -> Said:
    return Said(
        f'field_rights: unknown {kind.en} "{name}"{did_you_mean(name, known)}',
        f"field_rights：没有名为“{name}”的{kind.zh}{did_you_mean_zh(name, known)}",
    )


def _several(tag: str, columns: Iterable[str]) -> Said:
    """A tag that writes several columns has none of its own name: rights on that name would do nothing."""
    return Said(
        f'field_rights: the tag "{tag}" is no field, its columns are; write those that are meant: {", ".join(columns)}',
        f"field_rights：标签“{tag}”本身不是字段，它的各列才是；请写明所指的列：{'、'.join(columns)}",
    )
