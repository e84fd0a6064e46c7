"""Runs unify: row rules, exact identity, and the table of customers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from huaxiang.errors import NoCustomers, SourceError
from huaxiang.plan.columns import field_types
from huaxiang.plan.expr import check_expression
from huaxiang.run.context import AsOf, Build
from huaxiang.run.identifying import Identified, identify_people
from huaxiang.run.known import load_known
from huaxiang.run.load import LoadReport
from huaxiang.spec.models import IdentityKeySpec, SourceSpec
from huaxiang.stages import unify

DEFAULT_KEY = IdentityKeySpec(name="customer_key", field="customer_key")


@dataclass(frozen=True)
class RowCounts:
    """What the row rules did: rows left out by `where`, and later duplicates set aside."""

    left_out: int = 0
    copies: int = 0


@dataclass(frozen=True)
class Unified:
    """Result of the stage: sources that carry customers, row counts by source, who is who, the keys used, and the
    table of each source's rows after the row rules.
    """

    sources: tuple[str, ...]
    counts: Mapping[str, RowCounts]
    identified: Identified
    keys: tuple[IdentityKeySpec, ...]
    tables: Mapping[str, str]


def unify_sources(build: Build, as_of: AsOf) -> Unified:
    """Give every row of every source its customer; leaves `unified__<source>` and `customers`."""
    project = build.project
    keys = tuple(project.identity.values()) or (DEFAULT_KEY,)
    counts: dict[str, RowCounts] = {}
    rows: dict[str, str] = {}
    references = [s for s in project.sources.values() if s.entity == "reference"]
    for number, source in enumerate((*references, *(s for s in project.sources.values() if s.entity != "reference"))):
        build.progress("unify", number, len(project.sources) + 2, source.name)
        rows[source.name], counts[source.name] = _apply_row_rules(build, source, as_of)
    identified = identify_people(build, keys, rows, load_known(build, as_of))
    if not identified.resolution.customers:
        fields = ", ".join(k.field for k in keys)
        raise NoCustomers(
            f"no source holds a customer: there are no rows, or none has a usable value of {fields}; nothing was published; "
            "see the files of the sources, their mapping and `where`"
        )
    build.progress("unify", len(project.sources) + 2, len(project.sources) + 2, "")
    return Unified(identified.sources, counts, identified, keys, rows)


def _apply_row_rules(build: Build, source: SourceSpec, as_of: AsOf) -> tuple[str, RowCounts]:
    """Return the table of rows that go on, and what was left out. A source without rules goes on as it is."""
    table, engine = unify.clean_table(source.name), build.engine
    if source.where is None and not source.unique and not source.lookups:
        return table, RowCounts()
    origin = f"source {source.name} · {build.project.place('sources', source.name)}"
    for lookup in source.lookups:
        engine.run(unify.plan_lookup(lookup, tuple(engine.types(unify.clean_table(lookup.source))), origin))
    left_out = 0
    if source.where is not None or source.lookups:
        before = _rows(build, table) if source.where is not None else 0
        where = _where(build, source, as_of)
        engine.run(unify.plan_kept(source, tuple(engine.types(table)), where, origin))
        table = unify.kept_table(source.name)
        left_out = before - _rows(build, table) if source.where is not None else 0
    copies = _set_copies_aside(build, source, table) if source.unique else 0
    return f"once__{source.name}" if copies else table, RowCounts(left_out, copies)


def refuse_too_many(build: Build, reports: Mapping[str, LoadReport], counts: Mapping[str, RowCounts]) -> None:
    """Raise SourceError when later duplicates, with the rows set aside before, are more than a source declares to bear."""
    for name, source in build.project.sources.items():
        copies, report = counts[name].copies, reports[name]
        share = (copies + report.set_aside) / report.rows_in if report.rows_in else 0.0
        if not copies or (source.on_bad_row != "stop" and share <= source.max_bad_share):
            continue
        stops = source.on_bad_row == "stop"
        rule = "`on_bad_row: stop` allows none" if stops else f"`max_bad_share` allows {source.max_bad_share:.2%}"
        raise SourceError(
            name,
            "unique",
            f"{copies:,} of {report.rows_in:,} rows repeat the {', '.join(source.unique)} of an earlier row; with the rows set "
            f"aside before that is {share:.2%}, {rule}. Correct the file, or allow more",
        )


def _where(build: Build, source: SourceSpec, as_of: AsOf) -> exp.Expression | None:
    if source.where is None:
        return None
    return as_of.bind(check_expression(source.where, field_types(build.project, source), boolean=True).ast)


def _rows(build: Build, table: str) -> int:
    build.engine.run(unify.plan_count(table))
    return int(build.engine.fetch(f"count__{table}").column("rows")[0].as_py())


def _set_copies_aside(build: Build, source: SourceSpec, table: str) -> int:
    """Leave `copies__` and `once__` of the source when it has later duplicates; return how many."""
    engine = build.engine
    engine.run(unify.plan_twice(source, table))
    if not _rows(build, f"twice__{source.name}"):
        return 0
    columns = tuple(engine.types(table))
    engine.run(unify.plan_copies(source, table, unify.field_columns(engine.types(table))))
    engine.run(unify.plan_once(source, table, columns))
    return _rows(build, f"copies__{source.name}")
