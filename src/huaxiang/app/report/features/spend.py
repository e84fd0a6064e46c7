"""What customers spend: distribution, orders, how concentrated sales are, and the other measures of consumption."""

from __future__ import annotations

import numpy as np

from huaxiang.app.report.book import Tag
from huaxiang.app.report.customers import Floats
from huaxiang.app.report.figures import Desk, Figure, Omitted, Section, Table, histogram_figure

MOST_MEASURES = 14


def spend_section(desk: Desk) -> Section:
    """Figures of amount, orders and concentration, and a table of all number tags of consumption."""
    words = desk.words
    figures: list[Figure] = []
    omitted: list[Omitted] = []
    if desk.worth is not None and desk.sales is not None and desk.total_sales > 0:
        figures += [_amount(desk, desk.worth), _concentration(desk, desk.worth, desk.sales)]
    else:
        omitted.append(Omitted(words("spend.amount"), words("spend.no_worth")))
    orders = desk.book.orders()
    if orders is not None and orders.is_number:
        figures.append(_orders(desk, orders))
    else:
        omitted.append(Omitted(words("spend.orders"), words("figure.no_data")))
    table = measures_table(desk)
    tables = ((words("spend.measures"), table),) if table.rows else ()
    return Section(
        "spend", words("spend.title"), words("spend.intro") if figures else "", tuple(figures), tables, tuple(omitted)
    )


def held_numbers(desk: Desk, tag: Tag) -> Floats:
    """The known values of a number tag."""
    numbers = desk.customers.numbers(tag.name)
    return numbers[~np.isnan(numbers)]


def _amount(desk: Desk, worth: Tag) -> Figure:
    words = desk.words
    held = held_numbers(desk, worth)
    mean, middle = float(held.mean()), float(np.median(held))
    key = "spend.amount_skewed" if middle > 0 and mean / middle >= 1.1 else "spend.amount_even"
    ratio = words.number(mean / middle, 2) if middle > 0 else ""
    finding = words(key, median=words.money(middle), mean=words.money(mean), ratio=ratio)
    return histogram_figure(desk, worth, "spend-amount", words("spend.amount_of", tag=worth.title), finding)


def _orders(desk: Desk, orders: Tag) -> Figure:
    words = desk.words
    held = held_numbers(desk, orders)
    buyers = held[held > 0]
    once = float((buyers == 1).mean()) if len(buyers) else 0.0
    finding = words(
        "spend.orders_finding", median=words.number(float(np.median(held)) if len(held) else 0),
        mean=words.number(float(held.mean()) if len(held) else 0), once=words.percent(once),
    )  # fmt: skip
    return histogram_figure(desk, orders, "spend-orders", words("spend.orders_of", tag=orders.title), finding)


def lorenz(sales: Floats) -> tuple[Floats, Floats]:
    """Cumulated share of sales (y) over share of customers (x), best customers first; both start at 0. Sales are ≥ 0."""
    ranked = np.sort(np.clip(sales, 0, None))[::-1]
    total = ranked.sum()
    y = np.concatenate([[0.0], np.cumsum(ranked) / total]) if total > 0 else np.zeros(len(ranked) + 1)
    return np.arange(len(ranked) + 1) / max(1, len(ranked)), y


def top_share(sales: Floats, share: float) -> float:
    """Share of sales that the best `share` (0–1) of all customers make."""
    x, y = lorenz(sales)
    return float(np.interp(share, x, y))


def gini(sales: Floats) -> float:
    """Gini coefficient of the sales over all customers: 0 = all alike, towards 1 = one has all."""
    x, y = lorenz(sales)
    area = float(np.sum((y[1:] + y[:-1]) / 2 * np.diff(x)))
    return 2 * area - 1


def _concentration(desk: Desk, worth: Tag, sales: Floats) -> Figure:
    words = desk.words
    x, y = lorenz(sales)
    grid = np.linspace(0, 1, 101)
    points = [
        [round(100 * float(a), 2), round(100 * float(b), 2)] for a, b in zip(grid, np.interp(grid, x, y), strict=True)
    ]
    marked = [(share, top_share(sales, share)) for share in (0.1, 0.2, 0.5)]
    finding = words(
        "spend.concentration_finding", share=words.percent(marked[1][1]), half=words.percent(1 - marked[2][1])
    )
    spec = {
        "id": "spend-concentration", "kind": "curve", "points": points,
        "xName": words("spend.curve_x"), "yName": words("spend.curve_y", tag=worth.title),
        "points_marked": [
            {"x": 100 * a, "y": round(100 * b, 2), "text": words("spend.curve_mark", x=words.percent(a, 0), y=words.percent(b))}
            for a, b in marked
        ],
    }  # fmt: skip
    rows = [(words.percent(a, 0), words.percent(top_share(sales, a))) for a in (0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)]
    table = Table((words("spend.curve_x"), words("spend.curve_y", tag=worth.title)), tuple(rows))
    note = (*desk.note(len(sales)), words("spend.gini", gini=f"{gini(sales):.2f}"))
    return Figure("spend-concentration", words("spend.concentration"), finding, note, spec, table)


def measures_table(desk: Desk) -> Table:
    """Number tags of class consumption with median, mean, 5th and 95th percentile and missing share."""
    words = desk.words
    rows = []
    for tag in [tag for tag in desk.book.tags if tag.class_ == "consumption" and tag.is_number and not tag.rfm][
        :MOST_MEASURES
    ]:
        held = held_numbers(desk, tag)
        if not len(held):
            continue
        low, middle, high = (float(v) for v in np.quantile(held, [0.05, 0.5, 0.95]))
        cells = [words.quantity(v, tag.value_type, tag.unit) for v in (middle, float(held.mean()), low, high)]
        rows.append((tag.title, *cells, words.percent(1 - len(held) / max(1, desk.customers.size))))
    return Table(
        tuple(words(f"spend.head.{key}") for key in ("tag", "median", "mean", "p5", "p95", "missing")), tuple(rows)
    )
