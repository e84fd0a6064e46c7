"""Where the rows of a source come from: files or a database, in which format, and which of its records are taken."""

from __future__ import annotations

import re

from huaxiang.errors import Said
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import identity_fields
from huaxiang.plan.queries import look_back_span, query_fault
from huaxiang.spec.models import SourceSpec
from huaxiang.spec.sources import DatabaseSpec

EVENT_FORMATS = frozenset({"segment", "sensors", "ga4", "mixpanel"})
FORMS = frozenset({"questionnaire", "interview"})
REPORTS = frozenset({"baidu_tongji"})
_TAKES = {
    "events": EVENT_FORMATS,
    "people": EVENT_FORMATS | FORMS,
    "links": EVENT_FORMATS,
    "answers": FORMS,
    "texts": FORMS,
}
_PASSWORD = re.compile(r"^[\w+]+://[^/@:]*:[^/@]+@")

At = tuple[str, str]


def check_origin(found: Findings, source: SourceSpec, at: At) -> None:
    """Check `files` or `database`, `format`, `take` and `codebook` of a source against one another."""
    if bool(source.files) == (source.database is not None):
        both = "both `files` and `database`; keep one" if source.files else "neither `files` nor `database`; give one"
        both_zh = "不能同时写；请保留一个" if source.files else "都没有写；请写一个"
        found.add(
            at,
            ("database",) if source.database else (),
            "SRC016",
            Said(f"the source has {both}", f"数据源的 files 与 database {both_zh}"),
        )
    if source.database is not None:
        _check_database(found, source, source.database, at)
    _check_format(found, source, at)


def _check_database(found: Findings, source: SourceSpec, spec: DatabaseSpec, at: At) -> None:
    def fault(key: str, message: str, zh: str) -> None:
        found.add(at, ("database", key), "SRC017", Said(f"database: {message}", f"database：{zh}"))

    if source.format not in ("auto",):
        found.add(
            at,
            ("format",),
            "SRC019",
            Said(
                f"format {source.format} is one of files; a database needs none",
                f"format {source.format} 用于文件；数据库不需要",
            ),
        )
    if (spec.table is None) == (spec.query is None):
        fault("url" if spec.table is None else "query", "give either `table` or `query`", "table 与 query 请写其中一个")
    reason = _query_fault(spec)
    if reason is not None:
        fault("query", *reason)
    span = look_back_span(spec.look_back)
    if span is None:
        fault(
            "look_back",
            f'look_back "{spec.look_back}" is no span; write e.g. 3d, 2h, 30m, or a number',
            f"look_back “{spec.look_back}”不是时长；请写如 3d、2h、30m 或数字",
        )
    if spec.cursor is None and span:
        fault("look_back", "look_back is only for a `cursor`", "look_back 只与 cursor 一起使用")
    if spec.versions and spec.cursor is None:
        fault(
            "versions",
            "versions is only for a `cursor`: it says which state is the newest",
            "versions 只与 cursor 一起使用：由它判断哪个状态最新",
        )
    if spec.cursor is not None and not spec.key:
        fault(
            "cursor",
            "a cursor needs `key`: the columns that identify a row, so that a changed row replaces its older state",
            "cursor 需要 key，即识别一行的列，这样变更后的行才能替换旧状态",
        )
    if _PASSWORD.match(spec.url):
        message = Said(
            "the URL holds a password; keep it out of the project: set an environment variable and write url: env:NAME",
            "连接地址中含有密码；请勿写进项目：设置环境变量，并写 url: env:名称",
        )
        found.add(at, ("database", "url"), "SRC018", message, warning=True)


def _query_fault(spec: DatabaseSpec) -> Said | None:
    backend = None if spec.url.startswith("env:") else re.split(r"[+:]", spec.url, maxsplit=1)[0]
    return query_fault(spec.query, backend) if spec.query is not None else None


def may_be_asked(source: SourceSpec) -> bool:
    """Whether the source may be looked at: nothing but a table or one plain SELECT is ever sent to a database."""
    spec = source.database
    return spec is None or ((spec.table is None) != (spec.query is None) and _query_fault(spec) is None)


def _check_format(found: Findings, source: SourceSpec, at: At) -> None:
    if source.take is not None and source.format not in _TAKES[source.take]:
        formats = ", ".join(sorted(_TAKES[source.take]))
        found.add(
            at,
            ("take",),
            "SRC019",
            Said(
                f"take: {source.take} is for the formats {formats}, not for {source.format}",
                f"take: {source.take} 用于 {formats}，不能用于 {source.format}",
            ),
        )
    if source.codebook is not None and source.format not in FORMS:
        found.add(
            at,
            ("codebook",),
            "SRC019",
            Said(
                f"a codebook is for the formats {', '.join(sorted(FORMS))}, not for {source.format}",
                f"codebook 用于 {', '.join(sorted(FORMS))}，不能用于 {source.format}",
            ),
        )
    if source.format in FORMS and source.codebook is None:
        found.add(
            at,
            ("format",),
            "SRC019",
            Said(
                f"format {source.format} needs a `codebook`: what was asked, and how answers are read",
                f"format {source.format} 需要 codebook：问了什么、如何读取答案",
            ),
        )
    if source.format not in REPORTS:
        return
    if source.entity != "reference":
        message = Said(
            f"format {source.format} holds totals, not persons; make it entity: reference",
            f"format {source.format} 是汇总数据而非个人数据；请改为 entity: reference",
        )
        found.add(at, ("entity",), "SRC020", message)
    for field in sorted(identity_fields(found.project) & set(source.columns)):
        message = Said(
            f'"{field}" is an identity key, but format {source.format} holds totals, not persons; give the field another name',
            f"“{field}”是标识键，而 format {source.format} 是汇总数据；请给字段换一个名称",
        )
        found.add(at, ("columns", field), "SRC020", message)
