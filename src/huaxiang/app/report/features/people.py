"""Who the customers are: age and gender, the other demographic attributes, and where they live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from huaxiang.app.report.book import CATEGORIES, Tag
from huaxiang.app.report.figures import (
    Bar,
    Desk,
    Figure,
    Omitted,
    Section,
    Table,
    distribution,
    histogram_figure,
    share_figure,
)

REGIONS = ("home_abroad", "country", "region", "province", "city", "district")
PLAIN = (
    "age", "gender", "income_level", "household_income", "family_life_cycle", "household_size", "marital_status", "children",
    "education", "occupation", "housing", "car_ownership", "nationality", "family_members",
)  # fmt: skip
NEVER = frozenset({"name", "home_address", "birth_date", "school_major", "phone", "email"})
MOST = 8


def people_section(desk: Desk) -> Section:
    """Demographic figures: age by gender when both are known, then one figure for each attribute that has values."""
    words = desk.words
    chosen = _chosen(desk)
    figures: list[Figure] = []
    pyramid = _pyramid(desk, chosen)
    if pyramid is not None:
        figures.append(pyramid)
    for tag in chosen.values():
        figure = _figure(desk, tag)
        if figure is not None and len(figures) < MOST:
            figures.append(figure)
    omitted = [
        Omitted(words(f"people.{code}"), words("figure.no_data")) for code in ("age", "gender") if code not in chosen
    ]
    known = [1 - _missing(tag) / max(1, desk.customers.size) for tag in chosen.values()] or [0.0]
    intro = (
        words("people.intro", low=words.percent(min(known)), high=words.percent(max(known)))
        if figures
        else words("people.empty")
    )
    return Section("people", words("people.title"), intro, tuple(figures), omitted=tuple(omitted))


def _chosen(desk: Desk) -> dict[str, Tag]:
    """One tag for each attribute, best suited to a chart first: bands, categories, numbers; published attributes lead."""
    rank = {"bands": 0, "layered": 1}
    pool = [
        tag
        for tag in desk.book.all
        if tag.class_ in ("demographic", "social") and tag.attribute not in (*REGIONS, *NEVER)
    ]
    pool = [tag for tag in pool if tag.value_type not in ("date", "datetime")]
    pool.sort(
        key=lambda tag: (
            PLAIN.index(tag.attribute) if tag.attribute in PLAIN else len(PLAIN),
            rank.get(tag.kind, 2),
            tag.is_number,
        )
    )
    chosen: dict[str, Tag] = {}
    for tag in pool:
        chosen.setdefault(tag.attribute or tag.name, tag)
    return chosen


def _missing(tag: Tag) -> int:
    return int(tag.entry.get("missing") or 0)


def _figure(desk: Desk, tag: Tag) -> Figure | None:
    if not tag.is_number:
        return share_figure(desk, tag, f"people-{tag.name}")
    numbers = desk.customers.numbers(tag.name)
    held = numbers[~np.isnan(numbers)]
    if not len(held):
        return None
    finding = desk.words(
        "figure.middle", median=desk.words.number(float(np.median(held))), mean=desk.words.number(float(held.mean()))
    )
    return histogram_figure(desk, tag, f"people-{tag.name}", tag.title, finding)


def _pyramid(desk: Desk, chosen: dict[str, Tag]) -> Figure | None:
    """Age by gender, mirrored. Needs an age in bands and a gender with male and female."""
    age, gender = chosen.get("age"), chosen.get("gender")
    if age is None or gender is None or age.value_type not in CATEGORIES:
        return None
    ages, genders = desk.customers.values(age.name), desk.customers.values(gender.name)
    sides = [("female", genders.of("female")), ("male", genders.of("male"))]
    both = int(sum(int((mask & (ages.codes >= 0)).sum()) for _, mask in sides))
    bars = [bar for bar in distribution(desk, age, ages) if bar.value]
    if not both or not all(mask.any() for _, mask in sides) or len(bars) > 14:
        return None
    return _pyramid_figure(desk, age, bars, [
        Side(desk.words(f"people.{code}"), [int((mask & ages.of(bar.value)).sum()) for bar in bars]) for code, mask in sides
    ])  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One gender of the pyramid: its name and its customers in each age band."""

    name: str
    counts: list[int]


def _pyramid_figure(desk: Desk, age: Tag, bars: list[Bar], sides: list[Side]) -> Figure:
    words, labels = desk.words, [bar.title for bar in bars]
    both = sum(sum(side.counts) for side in sides)
    texts = [[words.percent(count / both) for count in side.counts] for side in sides]
    series = [
        {"name": side.name, "values": [round(100 * count / both, 3) for count in side.counts], "texts": told}
        for side, told in zip(sides, texts, strict=True)
    ]
    rows = tuple(
        (label, *(f"{words.count(side.counts[at])} ({told[at]})" for side, told in zip(sides, texts, strict=True)))
        for at, label in enumerate(labels)
    )
    table = Table((age.title, *(side.name for side in sides)), rows)
    spec = {"id": "people-pyramid", "kind": "pyramid", "labels": labels, "series": series}
    legend = tuple(side.name for side in reversed(sides))
    finding = _pyramid_finding(desk, labels, sides, both)
    return Figure("people-pyramid", words("people.pyramid"), finding, desk.note(both), spec, table, legend)


def _pyramid_finding(desk: Desk, labels: list[str], sides: list[Side], both: int) -> str:
    words = desk.words
    count, at, side = max(
        ((n, at, side) for side in sides for at, n in enumerate(side.counts)), key=lambda cell: cell[0]
    )
    women = words.percent(sum(sides[0].counts) / both)
    return words(
        "people.pyramid_finding", women=women, age=labels[at], gender=side.name, share=words.percent(count / both)
    )


def region_section(desk: Desk) -> Section:
    """Where customers live, from the coarsest level that parts them to the finest that is still readable."""
    words = desk.words
    figures = []
    for tag in desk.book.having(*REGIONS, types=CATEGORIES)[:3]:
        figure = share_figure(desk, tag, f"region-{tag.name}")
        if figure is not None:
            figures.append(figure)
    omitted = () if figures else (Omitted(words("region.title"), words("region.no_data")),)
    intro = words("region.intro") if figures else ""
    return Section("region", words("region.title"), intro, tuple(figures), omitted=omitted)
