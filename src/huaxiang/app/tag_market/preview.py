"""A tag that is being written, computed before it is saved: what it would be on the customers of a snapshot.

Conditions over tags and attributes are counted on the audience index, exactly. What is computed from them is computed of all customers.
Statistics over the rows of a source are computed of a sample of customers, which is always the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from huaxiang.app.sql_audiences import permitted_in
from huaxiang.app.tag_market.checking import check_definition
from huaxiang.app.tag_market.definitions import digest_of_tag, tidy, yaml_of
from huaxiang.app.tag_market.projects import project_now
from huaxiang.app.tag_market.words import words_of
from huaxiang.app.wiring import make_engine
from huaxiang.errors import ExpressionError, UsageError, ValueRangeError
from huaxiang.plan import sql
from huaxiang.plan.behaviour import sample_condition
from huaxiang.plan.columns import ID, customer_types, field_types, output_names, tag_inputs, time_field
from huaxiang.plan.conditions import Sample
from huaxiang.plan.expr import check_expression
from huaxiang.plan.nodes import SqlStep
from huaxiang.run.context import AsOf
from huaxiang.run.described import CLOSED, UNTOLD, attribute_behind, personal_kind
from huaxiang.run.manifest import values_of
from huaxiang.run.tagging import check_statistic, check_values, origin_of
from huaxiang.spec.models import FactTag, LayeredTag, RuleTag, StatisticTag, Tag
from huaxiang.stages import tag as planning
from huaxiang.stages.identify import unified_table

if TYPE_CHECKING:
    import pyarrow as pa

    from huaxiang.app.serving import Served
    from huaxiang.engines.base import Engine
    from huaxiang.spec.loader import Project

PREVIEW_KEYS = ("valid", "issues", "name", "words", "yaml", "digest", "result", "note")
RESULT_KEYS = ("snapshot", "as_of", "customers", "base", "exact", "seconds", "columns")
COLUMN_KEYS = ("name", "value_type", "coverage", "known", "missing", "distribution", "values", "before")
SAMPLE = 50_000
"""Customers of whom statistics are computed, where there are more."""


def preview(folder: Path, served: Served, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return PREVIEW_KEYS: a definition checked as if it were online and, where it is valid, computed (`result`, RESULT_KEYS).

    `base`: of how many customers; `exact`: whether those are all. `columns`: COLUMN_KEYS each; `before`: coverage and distribution of the
    column as it was built. `note` {zh, en}: why a valid definition was not computed. `digest`: of the tag as the project has it now.

    Raises ProjectInvalid while the project's files can't be read.
    """
    project = project_now(folder)
    wanted = tidy({**definition, "status": "online"})
    found = check_definition(project, wanted)
    old = project.tags.get(str(wanted.get("name", "")))
    told: dict[str, Any] = {
        "valid": found.valid, "issues": list(found.issues), "name": wanted.get("name"), "yaml": yaml_of(wanted), "words": None,
        "digest": digest_of_tag(old) if old is not None else None, "result": None, "note": None,
    }  # fmt: skip
    if found.spec is None or found.project is None or not found.valid:
        return told
    told["words"] = words_of(found.project, found.spec)
    try:
        told["result"] = _result(found.project, served, found.spec)
    except _NotYet as reason:
        told["note"] = reason.note
    except ValueRangeError as error:
        told["note"] = {"en": str(error), "zh": error.zh}
    return told


class _NotYet(Exception):
    """A valid definition can't be computed of this snapshot."""

    def __init__(self, en: str, zh: str) -> None:
        self.note = {"zh": zh, "en": en}
        super().__init__(en)


def _result(project: Project, served: Served, spec: Tag) -> dict[str, Any]:
    begin = time.perf_counter()
    _check_built(served, spec)
    _check_masked(project, served, spec)
    manifest = served.snapshot.manifest
    counted = _counted(served, spec)
    columns, base = (counted, served.base) if counted is not None else _computed(project, served, spec)
    built = {tag["name"]: tag for tag in manifest.get("tags", ())}
    for column in columns:
        listed = values_of(project, spec, column["name"])
        old = built.get(column["name"])
        column |= {
            "values": listed,
            "before": {k: old.get(k) for k in ("coverage", "distribution", "version")} if old else None,
        }
    return {
        "snapshot": served.snapshot.id, "as_of": manifest["as_of"], "customers": served.base, "base": base, "exact": base == served.base,
        "seconds": round(time.perf_counter() - begin, 3), "columns": columns,
    }  # fmt: skip


def _check_built(served: Served, spec: Tag) -> None:
    """What a tag reads has to be in the snapshot."""
    manifest = served.snapshot.manifest
    if isinstance(spec, StatisticTag):
        if all(table["name"] != f"source_{spec.source}" for table in manifest["tables"]):
            raise _NotYet(
                f'source "{spec.source}" is in no build yet', f"数据源“{spec.source}”还没有构建过，构建之后才能预览"
            )
        return
    known = {entry["name"] for kind in ("attributes", "tags") for entry in manifest.get(kind, ())} | {ID}
    unknown = sorted(tag_inputs(spec)[0] - known)
    if unknown:
        names = ", ".join(unknown)
        raise _NotYet(
            f"not in the last build yet: {names}; build, then preview", f"上次构建中还没有 {names}，构建之后才能预览"
        )


def _check_masked(project: Project, served: Served, spec: Tag) -> None:
    """Figures of what is made of masked values would tell them to who may not see them; a fact tells only how many have one."""
    if not served.snapshot.masked or isinstance(spec, FactTag):
        return
    masked = tag_inputs(spec)[0] & served.snapshot.masked
    if isinstance(spec, StatisticTag):
        fields = field_types(project, project.sources[spec.source])
        texts = [text for text in (spec.of, spec.by, spec.where, spec.share_of) if text is not None]
        read = {column for text in texts for column in check_expression(text, fields).columns}
        masked = frozenset(read - set(permitted_in(project).tables.get(spec.source, ())))
    if masked:
        names = ", ".join(sorted(masked))
        raise _NotYet(f"values of {names} are masked for you, so that nothing is computed of them here",
                      f"您无权查看 {names} 的原值，因此这里不做计算")  # fmt: skip


def _counted(served: Served, spec: Tag) -> list[dict[str, Any]] | None:
    """The values of conditions, counted on the index; None for other kinds, and without an index."""
    if served.index is None or not isinstance(spec, RuleTag | LayeredTag):
        return None
    try:
        if isinstance(spec, RuleTag):
            yes = served.index.count(spec.when)
            return [_of_counts(spec.name, "boolean", [[False, served.base - yes], [True, yes]], served.base)]
        left = ~served.index.select(spec.layers[0].when)
        counts: list[list[Any]] = [[spec.layers[0].value, served.base - left.count()]]
        for layer in spec.layers[1:]:
            rest = left - served.index.select(layer.when)
            counts.append([layer.value, left.count() - rest.count()])
            left = rest
    except (ExpressionError, UsageError) as error:
        raise _NotYet(str(error), error.zh) from None
    if spec.otherwise is not None and left.count():
        counts.append([spec.otherwise, left.count()])
    return [_of_counts(spec.name, "enum", counts, served.base)]


def _of_counts(name: str, kind: str, counts: list[list[Any]], base: int) -> dict[str, Any]:
    known = sum(count for _, count in counts)
    return _column(name, kind, known, base) | {
        "distribution": {"kind": "values", "values": [c for c in counts if c[1]], "other": 0}
    }


def _column(name: str, kind: str, known: int, base: int) -> dict[str, Any]:
    share = round(known / base, 6) if base else None
    return {"name": name, "value_type": kind, "coverage": share, "known": known, "missing": base - known}


def _computed(project: Project, served: Served, spec: Tag) -> tuple[list[dict[str, Any]], int]:
    """The columns of a tag as an engine computes them, with the steps of a build."""
    with TemporaryDirectory(prefix="huaxiang-preview-") as scratch:
        engine = make_engine("duckdb", Path(scratch))
        try:
            table = _compute(project, served, spec, engine)
        finally:
            engine.close()
    return [_described(project, spec, table, name) for name in output_names(spec)], len(table)


def _compute(project: Project, served: Served, spec: Tag, engine: Engine) -> pa.Table:
    as_of = AsOf(date.fromisoformat(str(served.snapshot.manifest["as_of"])[:10]))
    share = SAMPLE / served.base if served.base > SAMPLE else None
    engine.register("everyone", served.snapshot.table("customers"))
    if isinstance(spec, StatisticTag):
        _sample(engine, "everyone", "profile", share, (ID,))
        table = unified_table(spec.source)
        engine.register("rows_of_source", served.snapshot.table(f"source_{spec.source}"))
        _sample(engine, "rows_of_source", table, share)
        rows = planning.TagRows(table, tuple(engine.types(table).items()), time_field(project.sources[spec.source]))
        steps = planning.plan_statistics(
            (check_statistic(project, spec, as_of),), {spec.source: rows}, as_of.moment, as_of.end
        )
        output = "tags_0"
    else:
        values = check_values(project, spec, customer_types(project), as_of)
        read = {column.name for tree in values.trees for column in tree.find_all(exp.Column)} | tag_inputs(spec)[0]
        _sample(engine, "everyone", "tags_0", None, (ID, *sorted(read - {ID})))
        origins = {spec.name: origin_of(project, "tags", spec.name)}
        steps = planning.plan_levels([[spec]], {spec.name: values}, origins)
        output = "tags"
    for step in steps:
        engine.run(step)
    return engine.fetch(output, output_names(spec))


def _sample(engine: Engine, table: str, output: str, share: float | None, columns: tuple[str, ...] = ()) -> None:
    """A table of the customers of the sample, or of all."""
    chosen = [sql.column(name) for name in columns] if columns else [exp.Star()]
    query = exp.select(*chosen).from_(sql.table(table))
    if share is not None:
        query = query.where(sample_condition(Sample(share), sql.column(ID)))
    engine.run(SqlStep(output, (table,), query))


def _described(project: Project, spec: Tag, table: pa.Table, name: str) -> dict[str, Any]:
    import pyarrow as pa

    from huaxiang.learn.describe import distribution, known, value_type

    column = table.column(name)
    listed = values_of(project, spec, name)
    kind = value_type(column, listed=bool(listed) and pa.types.is_string(column.type))
    count = known(column)
    shape = {**UNTOLD, "other": count} if _is_personal(project, spec) else distribution(column, kind, tuple(listed))
    return _column(name, kind, count, len(table)) | {"distribution": shape}


def _is_personal(project: Project, spec: Tag) -> bool:
    """Whether the values of a tag may be those of a contact, a name, an address or a free text: no distribution names them."""
    if isinstance(spec, FactTag):
        behind = attribute_behind(project, spec.from_)
        return behind is not None and personal_kind(project, behind) in CLOSED
    allowed = permitted_in(project).tables
    if isinstance(spec, StatisticTag):
        if spec.of is None or spec.measure not in ("min", "max", "first", "last", "top", "top_n"):
            return False
        read = check_expression(spec.of, field_types(project, project.sources[spec.source])).columns
        return not set(read) <= set(allowed.get(spec.source, ()))
    own = set(customer_types(project))
    return bool((tag_inputs(spec)[0] & own) - set(allowed["customers"]) - {ID})
