"""What each kind of computed tag becomes as an expression over the table of attributes and earlier tags."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from huaxiang.plan import sql
from huaxiang.plan.nodes import SqlStep
from huaxiang.spec.models import (
    BandsTag,
    ExpressionTag,
    FactTag,
    LayeredTag,
    LifecycleTag,
    RfmTag,
    RuleTag,
    StatisticTag,
    Tag,
)

AGE_BOUNDS = (18, 25, 30, 35, 40, 50, 60)
AGE_LABELS = ("<18", "18-24", "25-29", "30-34", "35-39", "40-49", "50-59", "other")
"""Published age bands; 60 and over is `other`, an unknown age has no band unless `otherwise` names one."""

CLASSES = {
    (True, True, True): "key_value", (True, False, True): "key_develop", (False, True, True): "key_retain",
    (False, False, True): "key_win_back", (True, True, False): "general_value", (True, False, False): "general_develop",
    (False, True, False): "general_retain", (False, False, False): "general_win_back",
}  # fmt: skip
"""The eight classic classes by (recent, frequent, large): 重要价值 … 一般挽留."""

Branch = tuple[exp.Expression, exp.Expression]

LIFECYCLE = ("potential", "first_purchase", "active", "sleeping", "churned")


@dataclass(frozen=True)
class CheckedValues:
    """Checked trees of a tag over attributes and tags: `value`, `of` or the layers' conditions, in order."""

    trees: tuple[exp.Expression, ...] = ()


@dataclass(frozen=True)
class Outputs:
    """Columns of a tag: those computed at once, and those that need a figure over all customers of the first."""

    now: tuple[tuple[str, exp.Expression], ...]
    later: tuple[tuple[str, exp.Expression], ...] = field(default=())


def outputs_of(tag: Tag, checked: CheckedValues) -> Outputs:
    """Columns that a computed tag writes. Statistic tags are not computed here."""
    match tag:
        case FactTag():
            return Outputs(()) if tag.from_ == tag.name else Outputs(((tag.name, sql.column(tag.from_)),))
        case RuleTag():
            return Outputs(((tag.name, sql.is_true(checked.trees[0])),))
        case ExpressionTag():
            return Outputs(((tag.name, checked.trees[0]),))
        case LayeredTag():
            return Outputs(((tag.name, _layered(tag, checked)),))
        case BandsTag():
            return Outputs(((tag.name, _bands(tag, checked.trees[0])),))
        case LifecycleTag():
            return Outputs(((tag.name, _lifecycle(tag)),))
        case RfmTag():
            return _rfm(tag)
        case StatisticTag():
            raise ValueError(f"tag {tag.name} is a statistic; it is planned by plan_statistics")


def _layered(tag: LayeredTag, checked: CheckedValues) -> exp.Expression:
    branches = ((tree, sql.literal(layer.value)) for tree, layer in zip(checked.trees, tag.layers, strict=True))
    return sql.case(branches, sql.literal(tag.otherwise) if tag.otherwise is not None else None)


def band_labels(tag: BandsTag) -> tuple[str, ...]:
    """Labels of all bands, lowest first: as declared, the published ages, or made from the bounds."""
    if tag.labels:
        return tag.labels
    if tag.bounds == "age":
        return AGE_LABELS
    edges = [f"{b:g}" for b in tag.bounds]
    return (f"<{edges[0]}", *(f"{a}-{b}" for a, b in itertools.pairwise(edges)), f">={edges[-1]}")


def _bands(tag: BandsTag, of: exp.Expression) -> exp.Expression:
    bounds = AGE_BOUNDS if tag.bounds == "age" else tag.bounds
    labels = band_labels(tag)
    unknown = sql.literal(tag.otherwise) if tag.otherwise is not None else sql.null_of("VARCHAR")
    branches: list[Branch] = [(sql.is_null(sql.parenthesised(of)), unknown)]
    for bound, label in zip(bounds, labels, strict=False):
        branches.append((exp.LT(this=sql.parenthesised(of), expression=_number(bound)), sql.literal(label)))
    return sql.case(branches, sql.literal(labels[-1]))


def _number(value: float) -> exp.Expression:
    return sql.literal(int(value) if float(value).is_integer() else value)


def _lifecycle(tag: LifecycleTag) -> exp.Expression:
    """Later stages are asked first, so that the later stage wins."""
    orders, recency = sql.column(tag.orders), sql.column(tag.recency)
    branches: list[Branch] = [
        (exp.GT(this=recency, expression=sql.literal(tag.churned_after)), sql.literal("churned")),
        (exp.GT(this=recency.copy(), expression=sql.literal(tag.sleeping_after)), sql.literal("sleeping")),
        (exp.GT(this=orders, expression=sql.literal(1)), sql.literal("active")),
        (exp.EQ(this=orders.copy(), expression=sql.literal(1)), sql.literal("first_purchase")),
    ]
    return sql.case(branches, sql.literal("potential"))


def edges_table(tag: RfmTag) -> str:
    """Logical name of the one-row table with the value edges and means of an RFM tag."""
    return f"rfm_edges__{tag.name}"


def plan_rfm_edges(tag: RfmTag, before: str, origin: str) -> SqlStep:
    """Plan the edges: the discrete 1/n … (n−1)/n quantiles of R, F and M, and their means and medians for the eight classes."""
    query = exp.select(exp.Star())
    for number, (part, name) in enumerate((("r", tag.recency), ("f", tag.frequency), ("m", tag.monetary))):
        row = _edge_row(
            f"{tag.name}_{part}", sql.column(name), before, (sql.column(tag.recency), tag.scores.levels)
        ).subquery(part)
        query = query.from_(row) if number == 0 else query.join(row, join_type="cross")
    return SqlStep(edges_table(tag), (before,), query, (origin,))


def _edge_row(prefix: str, value: exp.Column, before: str, among: tuple[exp.Column, int]) -> exp.Select:
    """One row of edges. The edge of level i is the smallest value that at least i/n of the customers don't exceed: counted, so exact."""
    recency, levels = among
    below = exp.Window(this=exp.Count(this=exp.Star()), order=exp.Order(expressions=[exp.Ordered(this=value.copy())]))
    everyone = exp.Window(this=exp.Count(this=exp.Star()))
    counted = exp.select(sql.named(value.copy(), "v"), sql.named(below, "n"), sql.named(everyone, "total")).from_(
        sql.table(before)
    )
    counted = counted.where(sql.is_not_null(recency)).where(sql.is_not_null(value.copy()))

    def edge(level: int, of: int) -> exp.Expression:
        reached = exp.Mul(this=sql.column("n"), expression=sql.literal(of))
        wanted = exp.Mul(this=sql.column("total"), expression=sql.literal(level))
        return exp.Min(this=sql.case([(exp.GTE(this=reached, expression=wanted), sql.column("v"))]))

    columns = [sql.named(edge(level, levels), f"{prefix}_edge{level}") for level in range(1, levels)]
    columns.append(sql.named(exp.Avg(this=exp.cast(sql.column("v"), "DOUBLE")), f"{prefix}_mean"))
    columns.append(sql.named(edge(1, 2), f"{prefix}_median"))
    return exp.select(*columns).from_(counted.subquery("c"))


def _rfm(tag: RfmTag) -> Outputs:
    edges = _edges(tag)
    known = sql.is_null(sql.column(tag.recency))
    now: list[tuple[str, exp.Expression]] = []
    for part, name, lower_is_better in (
        ("r", tag.recency, True),
        ("f", tag.frequency, False),
        ("m", tag.monetary, False),
    ):
        score = _score(sql.column(name), edges[part], lower_is_better=lower_is_better)
        now.append((f"{tag.name}_{part}", sql.case([(known.copy(), sql.null_of("BIGINT"))], exp.cast(score, "BIGINT"))))
    now.append((f"{tag.name}_band", _activity(tag)))
    return Outputs(tuple(now), ((f"{tag.name}_class", _eight_classes(tag)),))


def _edges(tag: RfmTag) -> Mapping[str, list[exp.Expression]]:
    if tag.scores.method == "bounds":
        given = {"r": tag.scores.recency, "f": tag.scores.frequency, "m": tag.scores.monetary}
        return {part: [_number(b) for b in bounds] for part, bounds in given.items()}
    table = edges_table(tag)
    return {
        part: [sql.column(f"{tag.name}_{part}_edge{i}", table) for i in range(1, tag.scores.levels)] for part in "rfm"
    }


def _score(value: exp.Expression, edges: list[exp.Expression], *, lower_is_better: bool) -> exp.Expression:
    """1 + the number of edges on the worse side of the value: equal values always score alike.

    Recency: an edge counts when the value does not exceed it. Frequency and monetary by quantile: when the value exceeds it; by
    bounds a value on the bound has reached it.
    """
    total: exp.Expression = sql.literal(1)
    for edge in edges:
        reached: exp.Expression
        if lower_is_better:
            reached = exp.LTE(this=value.copy(), expression=edge)
        elif isinstance(edge, exp.Column):
            reached = exp.GT(this=value.copy(), expression=edge)
        else:
            reached = exp.GTE(this=value.copy(), expression=edge)
        total = exp.Add(this=total, expression=sql.case([(reached, sql.literal(1))], sql.literal(0)))
    return total


def _activity(tag: RfmTag) -> exp.Expression:
    recency = sql.column(tag.recency)
    branches: list[Branch] = [(sql.is_null(recency), sql.null_of("VARCHAR"))]
    for label, days in sorted(tag.bands.items(), key=lambda item: item[1]):
        branches.append((exp.LTE(this=recency.copy(), expression=sql.literal(days)), sql.literal(label)))
    return sql.case(branches, sql.literal(tag.beyond))


def _eight_classes(tag: RfmTag) -> exp.Expression:
    high = {part: _is_high(tag, part) for part in "rfm"}
    branches: list[Branch] = [(sql.is_null(sql.column(tag.recency)), sql.null_of("VARCHAR"))]
    for (r, f, m), label in list(CLASSES.items()):
        wanted = [
            high[p].copy() if yes else exp.not_(exp.paren(high[p].copy()))
            for p, yes in zip("rfm", (r, f, m), strict=True)
        ]
        branches.append((sql.all_of(wanted), sql.literal(label)))
    return sql.case(branches)


def _is_high(tag: RfmTag, part: str) -> exp.Expression:
    """Above the mean of all scores, or on the better side of the mean or median of the values."""
    if tag.split == "mean_score":
        scaled = exp.Mul(
            this=sql.column(f"{tag.name}_{part}"),
            expression=sql.column(f"{tag.name}_{part}_count", f"{tag.name}_means"),
        )
        return exp.GT(this=scaled, expression=sql.column(f"{tag.name}_{part}_total", f"{tag.name}_means"))
    name = {"r": tag.recency, "f": tag.frequency, "m": tag.monetary}[part]
    figure = f"{tag.name}_{part}_{'mean' if tag.split == 'mean_value' else 'median'}"
    value = exp.cast(sql.column(name), "DOUBLE")
    split = exp.cast(sql.column(figure, f"{tag.name}_split"), "DOUBLE")
    return exp.LT(this=value, expression=split) if part == "r" else exp.GT(this=value, expression=split)
