"""SQL audiences of a project: checked with its other definitions, and computed at every build in the sandbox."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from huaxiang.app.sandbox import Permitted, permitted_of
from huaxiang.errors import ExpressionError, Issue
from huaxiang.plan.columns import attributes_of, customer_types, declared_type, sources_of_customers
from huaxiang.plan.sandbox import check_query
from huaxiang.run.described import describe_key_fields, personal_kind
from huaxiang.run.segmenting import list_scratch
from huaxiang.spec.faults import definition
from huaxiang.spec.models import SQL_LIST, FactTag, RfmTag
from huaxiang.stages.identify import unified_table

if TYPE_CHECKING:
    from huaxiang.run.context import AsOf, Build
    from huaxiang.spec.loader import Project

ID = "customer_id"
BUILD_SECONDS = 600.0
"""How long a query may take in a build, where nobody waits for it."""
BUILD_MEGABYTES = 4096


def sql_issues(project: Project) -> tuple[Issue, ...]:
    """The faults of queries of SQL audiences, with the codes SQL001 …"""
    asked = {name: spec.sql for name, spec in project.audiences.items() if spec.kind == "sql" and spec.sql is not None}
    if not asked:
        return ()
    allowed = permitted_in(project)
    found: list[Issue] = []
    for name, query in asked.items():
        try:
            check_query(query, allowed.tables, allowed.hidden, date(2000, 1, 1))
        except ExpressionError as error:
            found.append(_issue(project, name, error))
    return tuple(found)


def permitted_in(project: Project) -> Permitted:
    """What queries may read in a build: the same as of the snapshot that it publishes (`app.sandbox.permitted`)."""
    types = {name: kind for name, kind in customer_types(project).items() if name not in project.clusterings}
    sources = sources_of_customers(project)
    fields = sorted({field for source in sources.values() for field in source.types})
    told: list[dict[str, Any]] = [
        {
            "name": name, "fields": dict(source.types),
            "columns": [{"name": f, "type": declared_type(project.sources[name], f)} for f in project.sources[name].columns],
        }
        for name, source in sources.items()
    ]  # fmt: skip
    identity = {"keys": list(project.identity)} | describe_key_fields(project, fields)
    return permitted_of({ID: "VARCHAR"} | types, _items(project), told, identity)


def _items(project: Project) -> list[dict[str, Any]]:
    """What the manifest will say of attributes and tags, as far as it matters here."""
    items: list[dict[str, Any]] = [
        {"name": spec.name, "personal": personal_kind(project, spec)} for spec in attributes_of(project, "customer")
    ]
    for name, tag in project.tags.items():
        if isinstance(tag, RfmTag):
            continue
        lineage = [f"attribute:{tag.from_}"] if isinstance(tag, FactTag) else []
        items.append({"name": name, "attribute": tag.attribute, "kind": tag.kind, "lineage": lineage})
    return items


def prepare_sql(build: Build, as_of: AsOf) -> dict[str, Issue]:
    """Leave a file with the members of every SQL audience, where lists lie; return why some failed, by the audience's name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    asked = {n: a.sql for n, a in build.project.audiences.items() if a.kind == "sql" and a.sql is not None}
    faults: dict[str, Issue] = {}
    for number, (name, query) in enumerate(asked.items()):
        build.progress("segment", number, len(asked), name)
        try:
            ids = _members(build, query, as_of)
        except ExpressionError as error:
            faults[name] = _issue(build.project, name, error)
            continue
        pq.write_table(pa.table({ID: ids}), list_scratch(build, SQL_LIST + name))
    return faults


def _issue(project: Project, name: str, error: ExpressionError) -> Issue:
    place = project.place("audiences", name, "sql")
    return Issue(place, error.code, error.said, subject=("audiences", name), about=definition("audiences", name))


def _members(build: Build, query: str, as_of: AsOf) -> Any:
    """Run one query over the tables of the build, of which it gets the columns that it touches."""
    import pyarrow.parquet as pq

    from huaxiang.engines.sandbox import Limits, SandboxQuery, run_sandboxed

    allowed = permitted_in(build.project)
    checked = check_query(query, allowed.tables, allowed.hidden, as_of.day)
    tables = {}
    for table, columns in {"customers": (ID,), **checked.columns}.items():
        path = build.draft.scratch(f"sandbox/{table}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(build.engine.fetch("tags" if table == "customers" else unified_table(table), columns), path)
        tables[table] = path, columns
    asked = {name: tables[name] for name in checked.columns}
    return run_sandboxed(
        SandboxQuery(checked.sql, asked, tables["customers"][0], checked.sort), Limits(BUILD_SECONDS, BUILD_MEGABYTES)
    )
