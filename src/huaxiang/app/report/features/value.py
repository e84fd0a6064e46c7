"""What customers are worth and where they stand: the RFM grid with its eight classes, activity, and the lifecycle."""

from __future__ import annotations

import numpy as np

from huaxiang.app.report.book import Rfm, Tag
from huaxiang.app.report.figures import Bar, Desk, Figure, Omitted, Section, Table, compare_figure, distribution


def rfm_section(desk: Desk) -> Section:
    """The R × F grid, the eight classes and the activity bands of the first RFM tag."""
    words = desk.words
    rfm = desk.book.rfm()
    if rfm is None:
        omitted = (Omitted(words("rfm.title"), words("rfm.no_data")),)
        return Section("rfm", words("rfm.title"), "", (), omitted=omitted)
    figures = [_grid(desk, rfm)]
    for tag, kind in ((rfm.class_, "classes"), (rfm.band, "bands")):
        if tag is not None and desk.customers.values(tag.name).known:
            figures.append(compare_figure(desk, tag, f"rfm-{kind}", _finding(desk, tag), words(f"rfm.{kind}")))
    tables = ((words("rfm.table"), _class_table(desk, rfm, rfm.class_)),) if rfm.class_ is not None else ()
    return Section("rfm", words("rfm.title"), words("rfm.intro"), tuple(figures), tables)


def _finding(desk: Desk, tag: Tag) -> str:
    """The value with the most sales (or customers, without sales), and the gap between its two shares."""
    words = desk.words
    bars = distribution(desk, tag)
    if bars[0].sales is None:
        top = max(bars, key=lambda bar: bar.count)
        return words("rfm.finding_count", title=top.title, share=words.percent(top.share))
    top = max(bars, key=lambda bar: bar.sales or 0)
    return words("rfm.finding", title=top.title, share=words.percent(top.share), sales=words.percent(top.sales))


def _grid(desk: Desk, rfm: Rfm) -> Figure:
    """Customers in each cell of recency score × frequency score."""
    words = desk.words
    r, f = desk.customers.numbers(rfm.r.name), desk.customers.numbers(rfm.f.name)
    held = ~np.isnan(r) & ~np.isnan(f)
    known = int(held.sum())
    levels = int(max(2, np.nanmax(np.concatenate([r[held], f[held], [2]]))))
    counts = np.zeros((levels, levels), dtype=np.int64)
    sales = np.zeros((levels, levels))
    place = (f[held].astype(int) - 1, r[held].astype(int) - 1)
    np.add.at(counts, place, 1)
    if desk.sales is not None:
        np.add.at(sales, place, desk.sales[held])
    share_of_sales = sales / desk.total_sales if desk.total_sales > 0 else None
    cells = [
        {
            "column": column, "row": row, "value": int(counts[row, column]), "text": words.count(int(counts[row, column])),
            "tip": _cell_tip(desk, row, column, int(counts[row, column]), share_of_sales),
        }
        for row in range(levels) for column in range(levels)
    ]  # fmt: skip
    names = [str(level) for level in range(1, levels + 1)]
    spec = {
        "id": "rfm-grid", "kind": "heat", "columns": [f"R{n}" for n in names], "rows": [f"F{n}" for n in names], "cells": cells,
        "xName": words("rfm.axis_r"), "yName": words("rfm.axis_f"),
    }  # fmt: skip
    rows = tuple((f"F{row + 1}", *(words.count(int(n)) for n in counts[row])) for row in reversed(range(levels)))
    table = Table((words("rfm.axis_f"), *(f"R{n}" for n in names)), rows)
    best, worst = counts[-1, -1] / max(1, known), counts[0, 0] / max(1, known)
    finding = words("rfm.grid_finding", best=words.percent(best), worst=words.percent(worst), top=f"R{levels}F{levels}")
    return Figure("rfm-grid", words("rfm.grid"), finding, desk.note(known), spec, table)


def _cell_tip(desk: Desk, row: int, column: int, count: int, share_of_sales: np.ndarray | None) -> str:
    words = desk.words
    head = f"R{column + 1} · F{row + 1}\n{words('figure.n_customers', n=words.count(count))}"
    if share_of_sales is None:
        return head
    return f"{head}\n{words('figure.share_of_sales')} {words.percent(float(share_of_sales[row, column]))}"


def _class_table(desk: Desk, rfm: Rfm, tag: Tag) -> Table:
    """Size, sales, and the medians of R, F and M of each class."""
    words = desk.words
    column = desk.customers.values(tag.name)
    inputs = [one for one in (rfm.recency, rfm.frequency, rfm.monetary) if one is not None]
    numbers = {one.name: desk.customers.numbers(one.name) for one in inputs}
    head = [tag.title, words("figure.customers"), words("figure.share_of_customers")]
    with_sales = desk.sales is not None and desk.total_sales > 0
    head += [words("figure.share_of_sales")] if with_sales else []
    head += [words("rfm.median_of", title=one.title) for one in inputs]
    rows = []
    for bar in distribution(desk, tag, column):
        mask = column.of(bar.value)
        cells = [bar.title, words.count(bar.count), words.percent(bar.share)] + (
            [words.percent(bar.sales)] if with_sales else []
        )
        cells += [
            words.quantity(float(np.nanmedian(numbers[one.name][mask])), one.value_type, one.unit) for one in inputs
        ]
        rows.append(tuple(cells))
    return Table(tuple(head), tuple(rows))


def lifecycle_section(desk: Desk) -> Section:
    """Stages of the lifecycle with their shares of customers and sales."""
    words = desk.words
    tag = next(iter(desk.book.of_kind("lifecycle") + desk.book.having("lifecycle")), None)
    if tag is None or not desk.customers.values(tag.name).known:
        omitted = (Omitted(words("lifecycle.title"), words("lifecycle.no_data")),)
        return Section("lifecycle", words("lifecycle.title"), "", (), omitted=omitted)
    bars = distribution(desk, tag)
    figure = compare_figure(desk, tag, "lifecycle-stages", _stages_finding(desk, bars), tag.title)
    return Section("lifecycle", words("lifecycle.title"), words("lifecycle.intro"), (figure,))


def _stages_finding(desk: Desk, bars: list[Bar]) -> str:
    words = desk.words
    quiet = [bar for bar in bars if bar.value in ("sleeping", "churned")]
    live = next((bar for bar in bars if bar.value == "active"), None)
    values = {
        "quiet": words.percent(sum(bar.share for bar in quiet)), "active": words.percent(live.share if live else 0),
        "sales": words.percent(sum(bar.sales or 0 for bar in quiet)),
    }  # fmt: skip
    return words("lifecycle.finding" if bars[0].sales is not None else "lifecycle.finding_count", **values)
