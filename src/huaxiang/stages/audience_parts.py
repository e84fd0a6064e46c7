"""Segment 分群, the parts of conditions that look beyond a customer's own columns: plans the table that holds an answer to each.

Behaviours over one source are one aggregate node, so one pass; sequences and ranks are SELECTs of customers; lists are tables of
customers; samples are computed from the ID. All are joined to the customers by customer_id, and each mark of a condition becomes
one boolean column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.behaviour import ID, SourceRows, compared, measure_of, plan_sequence, plan_top, sample_condition
from huaxiang.plan.conditions import PART, Behaviour, InList, Part, Sample, Sequence, Top
from huaxiang.plan.nodes import AggregateNode, SqlStep, Step


@dataclass(frozen=True)
class PartsRequest:
    """What to plan for: `conditions` with marks, `parts` by the text of a mark, `among` the conditions of ranks by their text."""

    conditions: Mapping[str, exp.Expression]
    parts: Mapping[str, Part]
    among: Mapping[str, exp.Expression]


@dataclass(frozen=True)
class PlannedParts:
    """The steps, the table that then holds customer_id and all that the conditions read, and the conditions without marks."""

    steps: tuple[Step, ...]
    table: str
    conditions: Mapping[str, exp.Expression]


def list_table(name: str) -> str:
    """Logical name of an uploaded list's table (customer_id)."""
    return f"list__{name}"


def plan_parts(
    request: PartsRequest, sources: Mapping[str, SourceRows], as_of: date, table: str, prefix: str
) -> PlannedParts:
    """Plan all parts of some conditions over `table` (customers with their columns). Tables that are made begin with `prefix`."""
    if not request.parts:
        return PlannedParts((), table, request.conditions)
    return _Planner(request, sources, as_of, table, prefix).run()


class _Planner:
    def __init__(
        self, request: PartsRequest, sources: Mapping[str, SourceRows], as_of: date, table: str, prefix: str
    ) -> None:
        self._request = request
        self._sources = sources
        self._as_of = as_of
        self._table = table
        self._prefix = prefix
        self._column = {text: f"_part{n}" for n, text in enumerate(request.parts)}
        self._steps: list[Step] = []

    def run(self) -> PlannedParts:
        """Aggregates, sequences and lists first; then ranks, those within others before them."""
        values, joins = self._measured()
        for text, part in self._request.parts.items():
            if isinstance(part, Sample):
                values[text] = sample_condition(part, sql.column(ID, "c"))
            elif isinstance(part, Sequence):
                name = f"{self._prefix}{self._column[text]}"
                self._select(name, plan_sequence(part, self._sources, self._as_of), text, self._sequence_tables(part))
                values[text] = self._member(name, joins)
            elif isinstance(part, InList):
                name = f"{self._prefix}{self._column[text]}"
                listed = exp.select(sql.column(ID)).distinct().from_(sql.table(list_table(part.name)))
                self._select(name, listed.where(sql.is_not_null(sql.column(ID))), text, (list_table(part.name),))
                values[text] = self._member(name, joins)
        base = self._join(f"{self._prefix}_base", self._table, self._read(), (values, joins))
        waiting = {t: p for t, p in self._request.parts.items() if isinstance(p, Top)}
        while waiting:
            base, done = self._rank(base, waiting)
            waiting = {t: p for t, p in waiting.items() if t not in done}
        conditions = {name: self._unmarked(tree) for name, tree in self._request.conditions.items()}
        return PlannedParts(tuple(self._steps), base, conditions)

    def _measured(self) -> tuple[dict[str, exp.Expression], dict[str, str]]:
        """One aggregate node per source; the boolean value of each behaviour, and the tables to join by alias."""
        values: dict[str, exp.Expression] = {}
        joins: dict[str, str] = {}
        behaviours = {t: p for t, p in self._request.parts.items() if isinstance(p, Behaviour)}
        for number, source in enumerate(dict.fromkeys(p.step.source for p in behaviours.values())):
            rows = self._sources[source]
            own = {t: p for t, p in behaviours.items() if p.step.source == source}
            measures = tuple(measure_of(p, rows, self._as_of, self._column[t]) for t, p in own.items())
            output, alias = f"{self._prefix}_did{number}", f"d{number}"
            moment = datetime.combine(self._as_of, time.min)
            self._steps.append(
                AggregateNode(
                    rows.table, output, ID, rows.time, moment, tuple(rows.types.items()), measures, tuple(own)
                )
            )
            joins[alias] = output
            values |= {t: compared(p, sql.column(self._column[t], alias), rows) for t, p in own.items()}
        return values, joins

    def _sequence_tables(self, part: Sequence) -> tuple[str, ...]:
        steps = (*part.steps, *((part.without,) if part.without is not None else ()))
        return tuple(dict.fromkeys(self._sources[s.source].table for s in steps))

    def _select(self, name: str, query: exp.Query, origin: str, inputs: tuple[str, ...]) -> None:
        self._steps.append(SqlStep(name, inputs, query, (origin,)))

    def _member(self, table: str, joins: dict[str, str]) -> exp.Expression:
        alias = f"m{len(joins)}"
        joins[alias] = table
        return sql.is_not_null(sql.column(ID, alias))

    def _read(self) -> tuple[str, ...]:
        """The columns of customers that conditions, or ranks, read."""
        trees = (*self._request.conditions.values(), *self._request.among.values())
        found = {c.name for tree in trees for c in tree.find_all(exp.Column)}
        found |= {p.column for p in self._request.parts.values() if isinstance(p, Top)}
        return tuple(sorted(found - {ID}))

    def _join(
        self,
        output: str,
        table: str,
        kept: tuple[str, ...],
        added: tuple[Mapping[str, exp.Expression], Mapping[str, str]],
    ) -> str:
        """`output`: the kept columns of `table`, and each added value as a boolean column, over tables joined by customer."""
        values, joins = added
        columns = [sql.column(ID, "c"), *(sql.column(c, "c") for c in kept)]
        query = exp.select(*columns, *(sql.named(v, self._column[t]) for t, v in values.items())).from_(
            sql.table(table, "c")
        )
        for alias, joined in joins.items():
            on = sql.column(ID, "c").eq(sql.column(ID, alias))
            query = query.join(sql.table(joined, alias), on=on, join_type="left")
        self._select(output, query, ", ".join(values) or "customers", (table, *joins.values()))
        self._kept = (*kept, *(self._column[t] for t in values))
        return output

    def _rank(self, base: str, waiting: Mapping[str, Top]) -> tuple[str, frozenset[str]]:
        """Compute the ranks whose conditions need no other waiting rank; return the table that holds them too."""
        ready = {t: p for t, p in waiting.items() if not self._marks(self._request.among.get(t)) & set(waiting)}
        values: dict[str, exp.Expression] = {}
        joins: dict[str, str] = {}
        for text, part in ready.items():
            among = self._request.among.get(text)
            name = f"{self._prefix}{self._column[text]}"
            self._select(name, plan_top(part, None if among is None else self._unmarked(among), base), text, (base,))
            values[text] = self._member(name, joins)
        return self._join(f"{base}_r", base, self._kept, (values, joins)), frozenset(ready)

    @staticmethod
    def _marks(tree: exp.Expression | None) -> set[str]:
        return (
            set() if tree is None else {n.expressions[0].name for n in tree.find_all(exp.Anonymous) if n.name == PART}
        )

    def _unmarked(self, tree: exp.Expression) -> exp.Expression:
        replace: Callable[[exp.Expression], exp.Expression] = lambda node: (  # noqa: E731 - one line of sense
            sql.column(self._column[node.expressions[0].name])
            if isinstance(node, exp.Anonymous) and node.name == PART
            else node
        )
        return tree.copy().transform(replace, copy=False)
