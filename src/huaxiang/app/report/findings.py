"""What the figures say: findings computed from the snapshot and ranked, each with its numbers.

Rank: findings are ordered by the gap they show, in percentage points of the whole: the share of sales a group has, less the share
it would have if everyone were alike; for a trait of a segment, its share there less that in the base, times the segment's share
of customers; for customers gone quiet or seen once, their share. A finding below MINIMUM points is not made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huaxiang.app.report.book import cards_of
from huaxiang.app.report.cards import ADVICE, evidence
from huaxiang.app.report.features.spend import top_share
from huaxiang.app.report.figures import Desk, distribution

MINIMUM = 2.0
MOST = 12


@dataclass(frozen=True)
class Finding:
    """`figure` is its number writ large, `headline` the claim, `detail` the numbers it stands on."""

    theme: str
    figure: str
    headline: str
    detail: str
    gap: float
    place: str
    """Id of the part of the report that shows it."""


def rank_findings(desk: Desk, personas: Mapping[str, Any]) -> list[Finding]:
    """All findings that the snapshot supports, strongest first, at most two of persona traits among the first six."""
    found = [*_sales(desk), *_activity(desk), *_classes(desk), *_segments(desk, personas), *_traits(desk, personas)]
    found = sorted((one for one in found if one.gap >= MINIMUM), key=lambda one: -one.gap)
    return _mixed(found)[:MOST]


def _mixed(found: list[Finding]) -> list[Finding]:
    """No theme takes more than two of the first six places; within that the order by gap stays."""
    first: list[Finding] = []
    for one in found:
        if len(first) < 6 and sum(other.theme == one.theme for other in first) < 2:
            first.append(one)
    return first + [one for one in found if one not in first]


class _Maker:
    """Makes findings of one theme that are shown at one place of the report."""

    def __init__(self, desk: Desk, theme: str, place: str) -> None:
        self._words, self._theme, self._place = desk.words, theme, place

    def __call__(self, kind: str, figure: str, gap: float, **values: str) -> Finding:
        """A finding with the texts of `kind`, filled with `values`."""
        headline, detail = (self._words(f"findings.{kind}.{part}", **values) for part in ("headline", "detail"))
        return Finding(self._words(f"findings.theme.{self._theme}"), figure, headline, detail, gap, self._place)


def _sales(desk: Desk) -> list[Finding]:
    """Concentration of sales, and customers who bought once."""
    words, found = desk.words, []
    if desk.sales is not None and desk.worth is not None and desk.total_sales > 0:
        share, tenth = top_share(desk.sales, 0.2), top_share(desk.sales, 0.1)
        half = 1 - top_share(desk.sales, 0.5)
        make = _Maker(desk, "value", "fig-spend-concentration")
        found.append(make(
            "concentration", words.percent(share, 0), 100 * (share - 0.2), share=words.percent(share),
            tenth=words.percent(tenth), half=words.percent(half), tag=desk.worth.title,
        ))  # fmt: skip
    orders = desk.book.orders()
    if orders is not None and orders.is_number:
        numbers = desk.customers.numbers(orders.name)
        buyers = int((numbers > 0).sum())
        once = int((numbers == 1).sum())
        if buyers and once / buyers >= 0.05:
            share_once = once / buyers
            make = _Maker(desk, "risk", "fig-spend-orders")
            found.append(make(
                "once", words.percent(share_once, 0), 100 * share_once,
                share=words.percent(share_once), n=words.count(once), buyers=words.count(buyers),
            ))  # fmt: skip
    return found


def _activity(desk: Desk) -> list[Finding]:
    """Customers who have gone quiet, by lifecycle or by the R band."""
    rfm = desk.book.rfm()
    tag = next(iter(desk.book.of_kind("lifecycle")), rfm.band if rfm is not None else None)
    if tag is None:
        return []
    words = desk.words
    bars = distribution(desk, tag)
    quiet = [bar for bar in bars if bar.value in ("sleeping", "churned", "at_risk", "lost")]
    share, sales = sum(bar.share for bar in quiet), sum(bar.sales or 0 for bar in quiet)
    make = _Maker(desk, "risk", "fig-lifecycle-stages" if tag.kind == "lifecycle" else "fig-rfm-bands")
    values = {
        "share": words.percent(share), "n": words.count(sum(bar.count for bar in quiet)), "sales": words.percent(sales),
        "stages": words.join([bar.title for bar in quiet]),
    }  # fmt: skip
    kind = "quiet" if desk.sales is not None else "quiet_count"
    return [make(kind, words.percent(share, 0), 100 * share, **values)] if quiet else []


def _classes(desk: Desk) -> list[Finding]:
    """The RFM classes that hold more of the sales than of the customers."""
    rfm = desk.book.rfm()
    if rfm is None or rfm.class_ is None or desk.sales is None or desk.total_sales <= 0:
        return []
    words, found = desk.words, []
    for bar in distribution(desk, rfm.class_):
        gap = 100 * ((bar.sales or 0) - bar.share)
        kind = {"key_retain": "leaving", "key_win_back": "leaving"}.get(bar.value, "class")
        times = words.number((bar.sales or 0) / bar.share, 1) if bar.share else ""
        make = _Maker(desk, "risk" if kind == "leaving" else "value", "fig-rfm-classes")
        found.append(make(
            kind, words.percent(bar.sales, 0), gap, title=bar.title,
            share=words.percent(bar.share), sales=words.percent(bar.sales), n=words.count(bar.count), times=times,
        ))  # fmt: skip
    return found


def _segments(desk: Desk, personas: Mapping[str, Any]) -> list[Finding]:
    """Personas that are worth more or less than their size."""
    words, found = desk.words, []
    for number, one in enumerate(personas.get("sets", ())):
        for card in one["cards"]:
            worth = card.get("worth")
            if not worth or worth.get("share_of_total") is None:
                continue
            gap = 100 * (worth["share_of_total"] - card["share"])
            kind = "segment_rich" if gap > 0 else "segment_large"
            share, sales = words.percent(card["share"]), words.percent(worth["share_of_total"])
            make = _Maker(desk, "segment", f"fig-set-{number + 1}-sizes")
            found.append(make(
                kind, words.percent(worth["share_of_total"], 0), abs(gap),
                name=words.pick(card["name"], card["segment"]), share=share, sales=sales, n=words.count(card["size"]),
                mean=words.money(worth.get("mean")), index=words.number(worth.get("index"), 0),
            ))  # fmt: skip
    return found


def _traits(desk: Desk, personas: Mapping[str, Any]) -> list[Finding]:
    """The trait in which each persona stands furthest above the base, in percentage points."""
    words, found = desk.words, []
    for card in cards_of(personas):
        shares = [
            s for section in card["sections"] if section["id"] not in ADVICE for s in section["statements"]
            if s["kind"] == "share" and not s.get("defines_segment") and _speaks(desk, s)
        ]  # fmt: skip
        if not shares:
            continue
        best = max(shares, key=lambda s: s["share_segment"] - s["share_base"])
        row = evidence(desk, best)
        gap = 100 * (best["share_segment"] - best["share_base"]) * card["share"]
        found.append(_Maker(desk, "trait", "personas")(
            "trait", row.segment, gap, name=words.pick(card["name"], card["segment"]), label=row.label,
            segment=row.segment, base=row.base, tgi=row.tgi, range=row.range, n=row.n,
        ))  # fmt: skip
    return found


def _speaks(desk: Desk, statement: Mapping[str, Any]) -> bool:
    """Whether a statement says more than what the value classes already say (RFM scores, lifecycle)."""
    tag = desk.book.by_name.get(statement["tag"])
    return tag is None or not (tag.rfm or tag.kind in ("rfm", "lifecycle"))
