"""Persona cards and the evidence for the segmentation, as the pages show them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huaxiang.app.report.book import Tag
from huaxiang.app.report.figures import Desk, Figure, Table
from huaxiang.app.report.words import Words

MOST_ROWS = 11
"""Rows of evidence that fit on the one page of a card; the strongest are shown, the rest is counted."""
MOST_ADVICE = 3
MOST_REASONS = 2
ADVICE = ("needs", "channels", "offer")


@dataclass(frozen=True)
class Interval:
    """Positions (0–100) on a logarithmic scale from 25 to 400, so that 100 stands in the middle."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """One row: what is said, both groups' figures, TGI or index with its interval, and the bases."""

    label: str
    text: str
    segment: str
    base: str
    tgi: str
    range: str
    interval: Interval | None
    n: str
    above: bool
    defining: bool
    """Whether the tag took part in forming the segments."""


@dataclass(frozen=True)
class Advice:
    """A need, channel or offer with the statements it rests on."""

    text: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """One persona, one page."""

    id: str
    letter: str
    name: str
    by_hand: bool
    summary: str
    facts: tuple[tuple[str, str, str], ...]
    groups: tuple[tuple[str, tuple[Evidence, ...]], ...]
    hidden: int
    advice: tuple[tuple[str, tuple[Advice, ...]], ...]
    unknown: tuple[str, ...]
    share: float
    share_of_worth: float

    @property
    def defining(self) -> bool:
        """Whether a row of evidence is about a tag that formed the segments."""
        return any(row.defining for _, rows in self.groups for row in rows)


@dataclass(frozen=True)
class CardSet:
    """The cards of one persona set with the figure that compares them."""

    id: str
    title: str
    intro: str
    figure: Figure | None
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Clustering:
    """How a clustering came about: candidates for k, features, and how it was chosen."""

    title: str
    text: str
    candidates: Table
    chosen: int
    """Row of the chosen k in `candidates`, −1 when it is not among them."""
    features: Table
    means: Table


def card_sets(desk: Desk, personas: Mapping[str, Any]) -> list[CardSet]:
    """All persona sets that have cards, largest card first."""
    sets: list[CardSet] = []
    for number, one in enumerate(personas.get("sets", ())):
        ranked = sorted(one["cards"], key=lambda card: -card["size"])
        before = sum(len(s.cards) for s in sets)
        cards = tuple(_card(desk, card, (f"{number + 1}", at, before + at)) for at, card in enumerate(ranked))
        if not cards:
            continue
        words = desk.words
        intro = words(
            "cards.intro", n=len(cards), base=words.count(one["base_size"]), comparisons=words.count(one.get("comparisons")),
            alpha=words.percent(one.get("alpha"), 0),
        )  # fmt: skip
        title = words.pick(one.get("title"), one["name"])
        sets.append(
            CardSet(f"set-{number + 1}", title, intro, _sizes(desk, cards, ranked, f"set-{number + 1}-sizes"), cards)
        )
    return sets


def _card(desk: Desk, card: Mapping[str, Any], where: tuple[str, int, int]) -> Card:
    """`where`: set, place in the set, and place among all cards, which gives the letter: A … Z, AA …"""
    words, (set_id, at, overall) = desk.words, where
    letter = ("" if overall < 26 else chr(ord("A") + overall // 26 - 1)) + chr(ord("A") + overall % 26)
    statements = {s["id"]: s for section in card["sections"] for s in section["statements"]}
    groups, hidden = _evidence_groups(desk, card)
    advice = []
    for section in card["sections"]:
        if section["id"] in ADVICE and section["statements"]:
            told = tuple(_advice(desk, one, statements) for one in section["statements"][:MOST_ADVICE])
            advice.append((words.pick(section["title"]), told))
    gaps = [*card.get("unknown", ()), *(section.get("unknown") for section in card["sections"])]
    unknown = dict.fromkeys(_gap(desk, one) for one in gaps if one)
    worth = card.get("worth") or {}
    return Card(
        f"card-{set_id}-{at + 1}", letter, words.pick(card["name"], card["segment"]), card.get("named_by") == "hand",
        words.pick(card.get("summary")), _facts(desk, card), groups, hidden, tuple(advice), tuple(unknown),
        float(card["share"]), float(worth.get("share_of_total") or 0),
    )  # fmt: skip


def _gap(desk: Desk, text: Any) -> str:
    """What is unknown, without the word `unknown` that the page sets before the whole list."""
    return re.sub(r"^(未知|Unknown)\s*[：:]\s*", "", desk.words.pick(text)).rstrip("。.")


def _facts(desk: Desk, card: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Key figures of a card: name, value, remark."""
    words = desk.words
    facts = [
        (
            words("cards.size"),
            words.count(card["size"]),
            words("cards.share_of_base", share=words.percent(card["share"])),
        )
    ]
    worth = card.get("worth")
    if worth:
        title = words.pick(worth.get("title"), worth["tag"])
        share = words.percent(worth.get("share_of_total"))
        facts.append(
            (
                words("cards.worth", tag=title),
                words.money(worth.get("mean")),
                words("cards.median", value=words.money(worth.get("median"))),
            )
        )
        facts.append(
            (
                words("cards.worth_share"),
                share,
                words("cards.total", value=words.short_money(float(worth.get("total") or 0))),
            )
        )
        facts.append((words("cards.worth_index"), words.number(worth.get("index"), 0), words("cards.base_100")))
    return tuple(facts)


def _evidence_groups(desk: Desk, card: Mapping[str, Any]) -> tuple[tuple[tuple[str, tuple[Evidence, ...]], ...], int]:
    """Statements with figures by section; the strongest MOST_ROWS of the card, each section keeping at least its best."""
    sections = [s for s in card["sections"] if s["id"] not in ADVICE]
    ranked: list[tuple[float, int, int]] = []
    for number, section in enumerate(sections):
        strengths = sorted(((strength(s), at) for at, s in enumerate(section["statements"])), reverse=True)
        ranked += [(math.inf if place == 0 else power, number, at) for place, (power, at) in enumerate(strengths)]
    ranked.sort(reverse=True)
    kept = {(number, at) for _, number, at in ranked[:MOST_ROWS]}
    groups = []
    for number, section in enumerate(sections):
        rows = [(strength(s), evidence(desk, s)) for at, s in enumerate(section["statements"]) if (number, at) in kept]
        if rows:
            rows.sort(key=lambda row: -row[0])
            groups.append((desk.words.pick(section["title"]), tuple(row for _, row in rows)))
    return tuple(groups), len(ranked) - len(kept & {(n, a) for _, n, a in ranked})


def has_figures(statement: Mapping[str, Any]) -> bool:
    """Whether a statement is evidence (a share or a mean), and not advice."""
    return statement.get("kind") in ("share", "mean")


def strength(statement: Mapping[str, Any]) -> float:
    """How much a statement tells: |ln TGI| (or index) × √ of the share of the segment it speaks of (½ for a mean).

    Half of that for a tag that made the segments: it must differ.
    """
    value = statement.get("tgi") if statement["kind"] == "share" else statement.get("index")
    if value is None or value <= 0:
        return 0.0
    weight = float(statement.get("share_segment") or 0) if statement["kind"] == "share" else 0.5
    return (
        abs(math.log(value / 100)) * math.sqrt(max(weight, 0.02)) * (0.5 if statement.get("defines_segment") else 1.0)
    )


def evidence(desk: Desk, statement: Mapping[str, Any]) -> Evidence:
    """The row of one statement."""
    words = desk.words
    tag = desk.book.by_name.get(statement["tag"])
    title = words.pick(statement.get("tag_title"), statement["tag"])
    if statement["kind"] == "share":
        segment, base = words.percent(statement["share_segment"]), words.percent(statement["share_base"])
        value, low, high = statement.get("tgi"), statement.get("tgi_low"), statement.get("tgi_high")
        label = _share_label(desk, statement, tag, title)
    else:
        shape = (tag.value_type, tag.unit) if tag else ("number", None)
        segment, base = (words.quantity(statement[key], *shape) for key in ("mean_segment", "mean_base"))
        value, low, high = statement.get("index"), statement.get("index_low"), statement.get("index_high")
        label = words("cards.mean_of", tag=title)
    span = f"{low:.0f}–{high:.0f}" if low is not None and high is not None else ""
    n = words("cards.n", segment=words.count(statement.get("n_segment")), base=words.count(statement.get("n_base")))
    interval = _interval(low, value, high) if value is not None and low is not None and high is not None else None
    return Evidence(
        label, words.pick(statement.get("text")), segment, base, f"{value:.0f}" if value is not None else "–", span, interval, n,
        (value or 0) >= 100, bool(statement.get("defines_segment")),
    )  # fmt: skip


def _share_label(desk: Desk, statement: Mapping[str, Any], tag: Tag | None, title: str) -> str:
    value = statement.get("value")
    if value is None or (tag is not None and tag.value_type == "boolean" and str(value).lower() == "true"):
        return title
    told = desk.words.pick(statement.get("value_title"), tag.value_title(str(value)) if tag else str(value))
    return desk.words("cards.tag_value", tag=title, value=told)


def _interval(low: float, middle: float, high: float) -> Interval:
    return Interval(*(_position(value) for value in (low, middle, high)))


def _position(value: float) -> float:
    return round(min(100.0, max(0.0, 25 * math.log2(max(value, 1e-9) / 25))), 2)


def _advice(desk: Desk, statement: Mapping[str, Any], statements: Mapping[str, Mapping[str, Any]]) -> Advice:
    reasons: list[str] = []
    for key in statement.get("because", ()):
        if has_figures(statements.get(key, {})) and len(reasons) < MOST_REASONS:
            row = evidence(desk, statements[key])
            reasons.append(
                desk.words("cards.because", label=row.label, segment=row.segment, base=row.base, tgi=row.tgi)
            )
    return Advice(desk.words.pick(statement["text"]), tuple(reasons))


def _sizes(desk: Desk, cards: Sequence[Card], raw: Sequence[Mapping[str, Any]], id_: str) -> Figure:
    """Share of customers beside share of worth, for each persona."""
    words = desk.words
    labels = [f"{card.letter} {card.name}" for card in cards]
    sides = (
        ("figure.share_of_customers", [card.share for card in cards]),
        ("figure.share_of_sales", [card.share_of_worth for card in cards]),
    )
    names = tuple(words(key) for key, _ in sides)
    series = [
        {"name": name, "values": [round(100 * s, 3) for s in shares], "texts": [words.percent(s) for s in shares]}
        for name, (_, shares) in zip(names, sides, strict=True)
    ]
    head = (
        "cards.persona",
        "figure.customers",
        "figure.share_of_customers",
        "figure.share_of_sales",
        "cards.worth_mean",
        "cards.worth_index",
    )
    rows = [
        (label, words.count(one["size"]), words.percent(card.share), words.percent(card.share_of_worth),
         words.money((one.get("worth") or {}).get("mean")), words.number((one.get("worth") or {}).get("index"), 0))
        for label, card, one in zip(labels, cards, raw, strict=True)
    ]  # fmt: skip
    top = max(cards, key=lambda card: card.share_of_worth - card.share)
    finding = words(
        "cards.sizes_finding", name=top.name, share=words.percent(top.share), sales=words.percent(top.share_of_worth)
    )
    spec = {"id": id_, "kind": "bars", "labels": labels, "series": series}
    table = Table(tuple(words(key) for key in head), tuple(rows))
    return Figure(id_, words("cards.sizes"), finding, desk.note(desk.customers.size), spec, table, names)


def clusterings(desk: Desk, manifest: Mapping[str, Any], personas: Mapping[str, Any]) -> list[Clustering]:
    """The evidence for each clustering of the snapshot."""
    return [
        _clustering(desk, entry, _names(desk, entry, personas))
        for entry in manifest.get("clusterings", ())
        if entry.get("k")
    ]


def _names(desk: Desk, entry: Mapping[str, Any], personas: Mapping[str, Any]) -> dict[str, str]:
    """Names of the clusters, where a persona set describes exactly these."""
    for one in personas.get("sets", ()):
        segments = {card["segment"]: card for card in one["cards"]}
        if one.get("kind") == "clustering" and segments.keys() == (entry.get("sizes") or {}).keys():
            return {label: desk.words.pick(card["name"], label) for label, card in segments.items()}
    return {}


def _clustering(desk: Desk, entry: Mapping[str, Any], cluster_names: Mapping[str, str]) -> Clustering:
    words = desk.words
    keys = ("silhouette", "calinski_harabasz", "davies_bouldin", "gap", "stability_ari", "score")
    candidates = sorted(entry.get("candidates", ()), key=lambda one: one["k"])
    rows = [(str(one["k"]), *(_index(words, key, one.get(key)) for key in keys)) for one in candidates]
    chosen = next((at for at, one in enumerate(candidates) if one["k"] == entry["k"]), -1)
    rule = words.pick(entry.get("chosen_because"), str(entry.get("chosen_by") or ""))
    ari, excluded = _index(words, "ari", entry.get("stability_ari")), words.count(entry.get("excluded") or 0)
    text = words("evidence.text", k=entry["k"], rule=rule, ari=ari, excluded=excluded)
    features = tuple(_feature(desk, one) for one in entry.get("features", ()))
    head = tuple(words(f"evidence.head.{key}") for key in ("k", *keys))
    feature_head = tuple(words(f"evidence.head.{key}") for key in ("feature", "transform", "skew", "missing"))
    title = words.pick(entry.get("title"), entry["name"])
    return Clustering(
        title, text, Table(head, tuple(rows)), chosen, Table(feature_head, features), _means(desk, entry, cluster_names)
    )


def _feature(desk: Desk, one: Mapping[str, Any]) -> tuple[str, ...]:
    tag = desk.book.by_name.get(one["tag"])
    missing = one.get("missing")
    share = missing / max(1, desk.customers.size) if isinstance(missing, int) else missing
    told = (
        desk.words.percent(share) if isinstance(share, int | float) else desk.words.known("evidence.missing", missing)
    )
    transform = desk.words.known("evidence.transform", one.get("transform"))
    return tag.title if tag else one["tag"], transform, desk.words.number(one.get("skew"), 2), told


def _index(words: Words, key: str, value: float | None) -> str:
    if value is None:
        return "–"
    if key == "score":
        return words.number(round(value, 1))
    return f"{value:,.0f}" if key == "calinski_harabasz" else f"{value:.3f}"


def _means(desk: Desk, entry: Mapping[str, Any], cluster_names: Mapping[str, str]) -> Table:
    """Mean of each feature in each cluster, in the feature's own unit."""
    words = desk.words
    means: Mapping[str, Mapping[str, float | None]] = entry.get("means") or entry.get("centres") or {}
    names = [one["tag"] for one in entry.get("features", ())]
    rows = []
    for label, values in means.items():
        size = (entry.get("sizes") or {}).get(label)
        cells = []
        for name in names:
            tag = desk.book.by_name.get(name)
            cells.append(
                words.quantity(values.get(name), tag.value_type if tag else "number", tag.unit if tag else None)
            )
        rows.append((cluster_names.get(label, label), words.count(size), *cells))
    titles = [tag.title if (tag := desk.book.by_name.get(name)) else name for name in names]
    return Table((words("evidence.head.cluster"), words("figure.customers"), *titles), tuple(rows))
