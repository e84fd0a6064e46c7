"""What a figure of the report is, and how plain distributions become one.

A figure is drawn from data and texts that are made here; the page's script only chooses positions and colours. Every figure has a
title, the finding in one sentence, its base, what is missing, the day of the data, and a table that says the same in words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from huaxiang.app.report.book import Book, Tag
from huaxiang.app.report.customers import Customers, Floats, Values
from huaxiang.app.report.words import Words

MOST_BARS = 12
MOST_NUMBERS = 31
"""Different whole numbers (hours, days of a month) that stand side by side without being folded."""


@dataclass(frozen=True)
class Table:
    """A table of texts; the first column heads its row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """One chart. `spec` is what the script draws (see web/report/options.js), without texts that could be markup."""

    id: str
    title: str
    finding: str
    note: tuple[str, ...]
    """Base, missing, day: parts that a line should not break."""
    spec: dict[str, Any]
    table: Table
    legend: tuple[str, ...] = ()
    half: bool = False


@dataclass(frozen=True)
class Omitted:
    """A figure that could not be drawn, and why."""

    title: str
    why: str


@dataclass(frozen=True)
class Section:
    """A part of the chapter on features."""

    id: str
    title: str
    intro: str
    figures: tuple[Figure, ...]
    tables: tuple[tuple[str, Table], ...] = ()
    omitted: tuple[Omitted, ...] = ()


@dataclass(frozen=True)
class Desk:
    """What every part of the report is made from."""

    words: Words
    book: Book
    customers: Customers
    as_of: str
    worth: Tag | None
    sales: Floats | None
    """The worth of each customer, 0 where unknown; None without such a tag."""

    @property
    def total_sales(self) -> float:
        """Sum of the worth of all customers."""
        return float(self.sales.sum()) if self.sales is not None else 0.0

    def note(self, known: int) -> tuple[str, ...]:
        """Base, missing and day of a figure that `known` of all customers are in."""
        words, missing = self.words, self.customers.size - known
        date = words("figure.date", date=self.as_of)
        if not missing:
            return words("figure.base_all", known=words.count(known)), date
        share = words.percent(missing / self.customers.size)
        return (
            words("figure.base", known=words.count(known)),
            words("figure.missing", n=words.count(missing), share=share),
            date,
        )


@dataclass(frozen=True)
class Bar:
    """One value of a distribution."""

    value: str
    title: str
    count: int
    share: float
    sales: float | None = None


def distribution(desk: Desk, tag: Tag, column: Values | None = None) -> list[Bar]:
    """Values of a category tag with counts, share of the known, and share of sales; in natural order, else largest first."""
    values = column if column is not None else desk.customers.values(tag.name)
    counts = values.counts()
    known = max(1, int(counts.sum()))
    total = desk.total_sales
    sums = values.sums(desk.sales) / total if desk.sales is not None and total > 0 else None
    bars = [
        Bar(value, tag.value_title(value), int(count), int(count) / known, float(sums[at]) if sums is not None else None)
        for at, (value, count) in enumerate(zip(values.values, counts, strict=True)) if count
    ]  # fmt: skip
    order = natural_order(tag, [bar.value for bar in bars])
    return sorted(bars, key=(lambda bar: order[bar.value]) if order else (lambda bar: (-bar.count, bar.value)))


def natural_order(tag: Tag, values: Iterable[str]) -> dict[str, tuple[float, int, str]] | None:
    """The order in which people read the values: as declared, or by the number in them (19-24, Under 15K); None without one."""
    found = list(values)
    declared = [str(value) for value in tag.entry.get("order") or tag.values]
    if declared and tag.value_type != "boolean" and set(found) <= set(declared):
        return {value: (declared.index(value), 0, value) for value in found}
    keys = {value: _number_in(value) for value in found}
    numbered = [key for key in keys.values() if key is not None]
    if len(numbered) >= 2 and len(numbered) >= 0.7 * len(found):
        return {value: key or (math.inf, 0, value) for value, key in keys.items()}
    return None


def _number_in(value: str) -> tuple[float, int, str] | None:
    match = re.search(r"\d+(?:\.\d+)?", value)
    if match is None or len(value) > 24:
        return None
    below = re.search(r"under|below|less|<|以下|不足", value.lower())
    return float(match[0]), -1 if below else 0, value


def fold(bars: Sequence[Bar], words: Words, most: int = MOST_BARS) -> list[Bar]:
    """The largest bars and one for the rest, when there are more than `most`."""
    if len(bars) <= most:
        return list(bars)
    largest = sorted(bars, key=lambda bar: -bar.count)[: most - 1]
    rest = [bar for bar in bars if bar not in largest]
    sales = sum(bar.sales or 0 for bar in rest) if rest[0].sales is not None else None
    title = words("figure.others", n=len(rest))
    other = Bar("", title, sum(b.count for b in rest), sum(b.share for b in rest), sales)
    return [bar for bar in bars if bar in largest] + [other]


def share_figure(desk: Desk, tag: Tag, id_: str) -> Figure | None:
    """How the customers with a known value part over the values of a category or list tag. None when nothing is known."""
    words = desk.words
    if desk.customers.type_of(tag.name) == "list":
        bars, known = _list_bars(desk, tag)
    else:
        column = desk.customers.values(tag.name)
        bars, known = distribution(desk, tag, column), column.known
    if len(bars) < 2 or _too_thin(bars):
        return None
    ordered = natural_order(tag, [bar.value for bar in bars]) is not None
    hours = ordered and tag.value_type == "integer" and len(bars) <= MOST_NUMBERS
    shown = bars if hours else fold(bars, words)
    labels = [bar.title for bar in shown]
    upright = hours or (
        ordered and tag.value_type not in ("list", "boolean") and len(shown) * max(map(text_width, labels)) <= 30
    )
    top = max((bar for bar in shown if bar.value), key=lambda bar: bar.count)
    spec = {
        "id": id_, "kind": "columns" if upright else "bars", "labels": labels, "ordinal": upright and not hours,
        "marks": [shown.index(top)], "rest": len(shown) - 1 if not shown[-1].value else -1,
        "series": [{
            "name": words("figure.share_of_known"), "values": [round(100 * bar.share, 3) for bar in shown],
            "texts": [words.percent(bar.share) for bar in shown],
            "tips": [words("figure.tip", share=words.percent(bar.share), n=words.count(bar.count)) for bar in shown],
        }],
    }  # fmt: skip
    rows = tuple((bar.title, words.count(bar.count), words.percent(bar.share)) for bar in shown)
    table = Table((tag.title, words("figure.customers"), words("figure.share_of_known")), rows)
    return Figure(id_, tag.title, _share_finding(desk, tag, bars), desk.note(known), spec, table, half=not hours)


def _too_thin(bars: Sequence[Bar]) -> bool:
    """Names, addresses, store numbers and the like: when the largest values together hold less than a third, a chart says nothing."""
    largest = sorted((bar.count for bar in bars), reverse=True)[: MOST_BARS - 1]
    return len(bars) > MOST_BARS and sum(largest) < sum(bar.count for bar in bars) / 3


def _list_bars(desk: Desk, tag: Tag) -> tuple[list[Bar], int]:
    counts, held = desk.customers.list_counts(tag.name)
    bars = [Bar(value, tag.value_title(value), count, count / max(1, held)) for value, count in counts.items()]
    return sorted(bars, key=lambda bar: (-bar.count, bar.value)), held


def _share_finding(desk: Desk, tag: Tag, bars: Sequence[Bar]) -> str:
    first, second = sorted(bars, key=lambda bar: -bar.count)[:2]
    words = desk.words
    key = "figure.share_finding_list" if tag.value_type == "list" else "figure.share_finding"
    return words(
        key,
        first=first.title,
        share=words.percent(first.share),
        second=second.title,
        share2=words.percent(second.share),
    )


def text_width(text: str) -> float:
    """Width of a text in full-width characters."""
    return sum(1.0 if ord(one) > 0x2E7F else 0.56 for one in text)


def compare_figure(desk: Desk, tag: Tag, id_: str, finding: str, title: str | None = None) -> Figure:
    """Share of customers beside share of sales for each value of a tag; without a worth tag only the customers."""
    words = desk.words
    column = desk.customers.values(tag.name)
    bars = fold(distribution(desk, tag, column), words, 14)
    series = [_series(words, words("figure.share_of_customers"), [bar.share for bar in bars])]
    head = [tag.title, words("figure.customers"), words("figure.share_of_customers")]
    rows = [[bar.title, words.count(bar.count), words.percent(bar.share)] for bar in bars]
    if bars and bars[0].sales is not None:
        series.append(_series(words, words("figure.share_of_sales"), [bar.sales or 0 for bar in bars]))
        head.append(words("figure.share_of_sales"))
        rows = [[*row, words.percent(bar.sales)] for row, bar in zip(rows, bars, strict=True)]
    spec = {"id": id_, "kind": "bars", "labels": [bar.title for bar in bars], "series": series}
    legend = tuple(one["name"] for one in series) if len(series) > 1 else ()
    table = Table(tuple(head), tuple(tuple(row) for row in rows))
    return Figure(id_, title or tag.title, finding, desk.note(column.known), spec, table, legend)


def _series(words: Words, name: str, shares: Sequence[float]) -> dict[str, Any]:
    return {
        "name": name,
        "values": [round(100 * share, 3) for share in shares],
        "texts": [words.percent(s) for s in shares],
    }


def nice_step(span: float, most: int) -> float:
    """The smallest round step (1, 2, 2.5, 5 × 10ⁿ) that parts `span` into at most `most` pieces."""
    raw = max(span, 1e-9) / most
    size = 10.0 ** math.floor(math.log10(raw))
    return float(next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw - 1e-12))


def histogram(numbers: Floats, *, whole: bool, most: int = 12) -> tuple[list[float], list[int]]:
    """Edges and counts of round bins up to about the 95th percentile; the last bin is open and holds all above.

    `numbers` has no NaN. The first edge is 0, or the round number below the minimum when that is negative.
    """
    top = float(np.quantile(numbers, 0.95)) if len(numbers) else 1.0
    low = min(0.0, float(numbers.min())) if len(numbers) else 0.0
    step = nice_step(top - low, most)
    step = max(1.0, math.ceil(step)) if whole else step
    first = math.floor(low / step) * step
    number = max(1, math.ceil((top - first) / step))
    edges = [first + step * at for at in range(number + 1)]
    inner, _ = np.histogram(numbers[numbers < edges[-1]], bins=np.array(edges))
    return edges, [*(int(n) for n in inner), int((numbers >= edges[-1]).sum())]


def histogram_figure(desk: Desk, tag: Tag, id_: str, title: str, finding: str) -> Figure:
    """How the customers part over round bins of a number."""
    words = desk.words
    numbers = desk.customers.numbers(tag.name)
    held = numbers[~np.isnan(numbers)]
    whole = tag.value_type == "integer"
    edges, counts = histogram(held, whole=whole)
    labels = bin_labels(edges, whole=whole)
    shares = [count / max(1, len(held)) for count in counts]
    middle = float(np.median(held)) if len(held) else 0.0
    mark = max(0, min(len(counts) - 1, int(np.searchsorted(edges, middle, side="right")) - 1))
    series = _series(words, words("figure.share_of_known"), shares)
    series["tips"] = [
        words("figure.tip", share=words.percent(s), n=words.count(c)) for s, c in zip(shares, counts, strict=True)
    ]
    unit = words.symbol.strip() if tag.value_type == "money" or tag.unit == words.currency else words.unit(tag.unit)
    spec = {
        "id": id_, "kind": "columns", "labels": labels, "series": [series], "marks": [mark],
        "xName": f"{tag.title} ({unit})" if unit else tag.title,
    }  # fmt: skip
    rows = tuple((b, words.count(c), words.percent(s)) for b, c, s in zip(labels, counts, shares, strict=True))
    table = Table((tag.title, words("figure.customers"), words("figure.share_of_known")), rows)
    return Figure(id_, title, finding, desk.note(len(held)), spec, table)


def bin_labels(edges: Sequence[float], *, whole: bool) -> list[str]:
    """Texts of the bins: `0–199` for whole numbers, `0–200` (upper edge not included) else, and `2,000+` for the open one."""
    one_each = whole and all(b - a == 1 for a, b in pairwise(edges))
    labels = []
    for low, high in pairwise(edges):
        labels.append(f"{low:,.0f}" if one_each else f"{_edge(low)}–{_edge(high - 1 if whole else high)}")
    return [*labels, f"{_edge(edges[-1])}+"]


def _edge(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0")
