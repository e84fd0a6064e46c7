"""The cover and the one page that a busy reader reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from huaxiang.app.report.cards import CardSet
from huaxiang.app.report.features.spend import top_share
from huaxiang.app.report.figures import Desk, distribution
from huaxiang.app.report.findings import Finding
from huaxiang.app.report.suggestions import Suggestion

DOTS = 480
DOT_COLUMNS = 40


@dataclass(frozen=True)
class Tile:
    """A key figure: name, value, remark."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class Dots:
    """The dots of the cover: one shade number for each, in reading order; `each`: customers a dot stands for."""

    shades: tuple[int, ...]
    each: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """The executive summary."""

    headline: tuple[str, ...]
    """The main finding in clauses that lines should not break."""
    tiles: tuple[Tile, ...]
    findings: tuple[Finding, ...]
    actions: tuple[Suggestion, ...]
    set: CardSet | None


def summarise(desk: Desk, sets: Sequence[CardSet], found: Sequence[Finding], plays: Sequence[Suggestion]) -> Summary:
    """Pick what matters most from the chapters."""
    main = next(iter(sets), None)
    return Summary(_headline(desk), tuple(_tiles(desk, main)), tuple(found[:5]), tuple(plays[:3]), main)


def _headline(desk: Desk) -> tuple[str, ...]:
    words = desk.words
    if desk.sales is None or desk.worth is None or desk.total_sales <= 0:
        return (words("summary.headline_plain", n=words.count(desk.customers.size)),)
    text = words("summary.headline_value", share=words.percent(top_share(desk.sales, 0.2), 0), tag=desk.worth.title)
    quiet = _quiet_share(desk)
    return (text, words("summary.headline_quiet", quiet=words.percent(quiet, 0))) if quiet else (text.rstrip("；;"),)


def _quiet_share(desk: Desk) -> float:
    tag = next(iter(desk.book.of_kind("lifecycle")), None)
    bars = distribution(desk, tag) if tag is not None else []
    return sum(bar.share for bar in bars if bar.value in ("sleeping", "churned"))


def _tiles(desk: Desk, main: CardSet | None) -> list[Tile]:
    words = desk.words
    tiles = [
        Tile(
            words("summary.kpi_customers"),
            words.count(desk.customers.size),
            words("summary.kpi_customers_note", date=desk.as_of),
        )
    ]
    if desk.worth is not None and desk.sales is not None and desk.total_sales > 0:
        held = desk.customers.numbers(desk.worth.name)
        note = words(
            "summary.kpi_worth_note",
            mean=words.money(float(np.nanmean(held))),
            median=words.money(float(np.nanmedian(held))),
        )
        tiles.append(Tile(words("summary.kpi_worth", tag=desk.worth.title), words.short_money(desk.total_sales), note))
    orders = desk.book.orders()
    if orders is not None and orders.is_number and not np.isnan(held := desk.customers.numbers(orders.name)).all():
        note = words("summary.kpi_orders_note", median=words.number(float(np.nanmedian(held))))
        tiles.append(Tile(words("summary.kpi_orders", tag=orders.title), words.number(float(np.nanmean(held))), note))
    tiles += _active_tile(desk)
    if main is not None and len(tiles) < 4:
        tiles.append(
            Tile(
                words("summary.kpi_segments"),
                str(len(main.cards)),
                words("summary.kpi_segments_note", title=main.title),
            )
        )
    return tiles


def _active_tile(desk: Desk) -> list[Tile]:
    rfm = desk.book.rfm()
    tag = next(iter(desk.book.of_kind("lifecycle")), rfm.band if rfm is not None else None)
    active = next((bar for bar in distribution(desk, tag) if bar.value == "active"), None) if tag is not None else None
    if tag is None or active is None:
        return []
    words = desk.words
    note = words("summary.kpi_active_note", n=words.count(active.count), tag=tag.title)
    return [Tile(words("summary.kpi_active"), words.percent(active.share), note)]


def cover_dots(desk: Desk, sets: Sequence[CardSet]) -> Dots:
    """Dots in proportion to the sizes of the first persona set's cards (largest remainder); plain ones without a set."""
    size = desk.customers.size
    number = max(1, min(DOTS, size))
    each = desk.words.count(max(1, round(size / number)))
    main = next(iter(sets), None)
    if main is None:
        return Dots((0,) * number, each, ())
    parts = [card.share for card in main.cards]
    scale = max(1.0, sum(parts))
    raw = [share / scale * number for share in parts]
    counts = [int(value) for value in raw]
    order = sorted(range(len(raw)), key=lambda at: counts[at] - raw[at])
    for at in order[: round(sum(raw)) - sum(counts)]:
        counts[at] += 1
    shades = [at for at, count in enumerate(counts) for _ in range(count)]
    shades += [-1] * (number - len(shades))
    names = [card.name for card in main.cards]
    return Dots(tuple(shades), each, (*names, desk.words("doc.dots_none")) if -1 in shades else tuple(names))
