"""What to do: for whom, why (the figures), and how to tell whether it worked. Ordered by the share of sales concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from huaxiang.app.report.cards import evidence, has_figures
from huaxiang.app.report.figures import Desk, distribution

CLASSES = ("key_value", "key_retain", "key_win_back", "key_develop")
STAGES = ("first_purchase", "sleeping", "churned", "potential")
MOST = 10


@dataclass(frozen=True)
class Suggestion:
    """One thing to do. `stake`: share of sales of the customers concerned (0–1), by which suggestions are ordered."""

    title: str
    who: str
    action: str
    because: tuple[str, ...]
    measure: str
    stake: float
    stake_text: str


def suggestions(desk: Desk, personas: Mapping[str, Any]) -> list[Suggestion]:
    """Suggestions from the value classes and the lifecycle, and from the offers of the personas."""
    plays = sorted([*_class_plays(desk), *_stage_plays(desk)], key=lambda one: -one.stake)[: MOST // 2 + 1]
    offers = sorted(_persona_offers(desk, personas), key=lambda one: -one.stake)[: MOST - len(plays)]
    return sorted([*plays, *offers], key=lambda one: -one.stake)


def _class_plays(desk: Desk) -> list[Suggestion]:
    rfm = desk.book.rfm()
    return _plays(desk, rfm.class_.name, CLASSES) if rfm is not None and rfm.class_ is not None else []


def _stage_plays(desk: Desk) -> list[Suggestion]:
    tag = next(iter(desk.book.of_kind("lifecycle")), None)
    return _plays(desk, tag.name, STAGES) if tag is not None else []


def _plays(desk: Desk, name: str, values: tuple[str, ...]) -> list[Suggestion]:
    words, tag = desk.words, desk.book.by_name[name]
    found = []
    for bar in distribution(desk, tag):
        if bar.value not in values or not bar.count:
            continue
        share, sales = words.percent(bar.share), words.percent(bar.sales)
        key = "suggest.because_both" if bar.sales is not None else "suggest.because_count"
        because = words(key, title=bar.title, share=share, sales=sales, n=words.count(bar.count))
        found.append(Suggestion(
            words(f"suggest.{bar.value}.title"), words("suggest.who", title=bar.title, n=words.count(bar.count), share=share),
            words(f"suggest.{bar.value}.action"), (because,), words(f"suggest.{bar.value}.measure"), bar.sales or 0.0, sales,
        ))  # fmt: skip
    return found


def _persona_offers(desk: Desk, personas: Mapping[str, Any]) -> list[Suggestion]:
    """One suggestion for each persona whose offer rests on figures."""
    words, found = desk.words, []
    for one in personas.get("sets", ()):
        for card in one["cards"]:
            statements = {s["id"]: s for section in card["sections"] for s in section["statements"]}
            advice = {section["id"]: section["statements"] for section in card["sections"]}
            offers = advice.get("offer") or []
            told = [*offers[:3], *(advice.get("channels") or [])[:2]]
            if not offers:
                continue
            ids = dict.fromkeys(
                key for s in told for key in s.get("because", ()) if has_figures(statements.get(key, {}))
            )
            rows = [evidence(desk, statements[key]) for key in list(ids)[:4]]
            because = tuple(
                words("cards.because", label=r.label, segment=r.segment, base=r.base, tgi=r.tgi) for r in rows
            )
            name, share = words.pick(card["name"], card["segment"]), words.percent(card["share"])
            stake = (card.get("worth") or {}).get("share_of_total") or 0.0
            action = ("；" if words.zh else "; ").join(words.pick(s["text"]).rstrip("。.") for s in told) + (
                "。" if words.zh else "."
            )
            found.append(Suggestion(
                words("suggest.persona.title", name=name), words("suggest.who", title=name, n=words.count(card["size"]), share=share),
                action, because, words("suggest.persona.measure"), float(stake), words.percent(stake),
            ))  # fmt: skip
    return found
