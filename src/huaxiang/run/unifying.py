"""Runs unify: row rules, exact identity, and the table of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from huaxiang.errors import NoCustomers, Said, SourceError
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
        raise _no_customers([k.field for k in keys])
    build.progress("unify", len(project.sources) + 2, len(project.sources) + 2, "")
    return Unified(identified.sources, counts, identified, keys, rows)


def _no_customers(fields: Sequence[str]) -> NoCustomers:
    return NoCustomers(
        f"no source holds a customer: there are no rows, or none has a usable value of {', '.join(fields)}; nothing was published; "
        "see the files of the sources, their mapping and `where`",
        f"没有一个数据源含有客户：没有任何行，或没有一行的 {'、'.join(fields)} 可用；没有发布任何结果；"
        "请检查各数据源的文件、映射和 `where`",
    )


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
        raise SourceError(name, "unique", _too_many(source, copies, report.rows_in, share))


def _too_many(source: SourceSpec, copies: int, rows: int, share: float) -> Said:
    most = f"{source.max_bad_share:.2%}"
    rule = Said(f"`max_bad_share` allows {most}", f"`max_bad_share` 只允许 {most}")
    if source.on_bad_row == "stop":
        rule = Said("`on_bad_row: stop` allows none", "`on_bad_row: stop` 一行也不允许")
    return Said(
        f"{copies:,} of {rows:,} rows repeat the {', '.join(source.unique)} of an earlier row; with the rows set "
        f"aside before that is {share:.2%}, {rule.en}. Correct the file, or allow more",
        f"{rows:,} 行中有 {copies:,} 行的 {'、'.join(source.unique)} 与更早的行重复；连同此前搁置的行共占 {share:.2%}，{rule.zh}。"
        "请修正文件，或放宽限制",
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
