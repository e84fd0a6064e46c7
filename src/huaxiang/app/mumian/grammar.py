"""Texts of customers from a grammar: aspect × sentiment × reason × style, with slips and emoji, so that hardly two are alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from random import Random

from huaxiang.app.mumian.goods import KINDS
from huaxiang.app.mumian.lexicon import lines

ASPECTS = ("quality", "size", "delivery", "service", "price", "comfort", "look", "app", "smart", "back", "invoice")
_SUITED = {"smart": (9,), "size": (0, 1, 2, 3, 4), "comfort": (0, 1, 2, 3, 4, 5, 11)}
"""Aspects that suit only some categories."""
_TOKEN = re.compile(r"<([a-z0-9.]+)>|\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]")
_SLIPS = (
    ("的", "得"),
    ("在", "再"),
    ("质量", "质亮"),
    ("快递", "快底"),
    ("客服", "客户"),
    ("不错", "不戳"),
    ("喜欢", "稀饭"),
    ("这个", "介个"),
    ("东西", "东东"),
    ("什么", "神马"),
    ("已经", "己经"),
    ("做工", "作工"),
)


@dataclass(frozen=True)
class Written:
    """One text with what it is about; sentiment is positive, neutral or negative."""

    text: str
    sentiment: str
    topic: str


@cache
def rules() -> dict[str, tuple[str, ...]]:
    """Symbol → alternatives of the grammar file."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines("grammar.txt"):
        name, _, text = line.partition(" = ")
        found[name.strip()] = (*found.get(name.strip(), ()), *_split(text))
    return found


def _split(text: str) -> list[str]:
    """Parts between `|` outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def symbols(text: str) -> list[str]:
    """Names of the symbols in an alternative."""
    return re.findall(r"<([a-z0-9.]+)>", text)


def expand(symbol: str, random: Random, kind: str) -> str:
    """Expand a symbol; `kind` is the thing that the text is about."""
    if symbol == "kind":
        return kind
    return _expand_text(random.choice(rules()[symbol]), random, kind)


def _expand_text(text: str, random: Random, kind: str) -> str:
    while match := _TOKEN.search(text):
        name, choice = match[1], match[2]
        new = expand(name, random, kind) if name else random.choice(_split(choice))
        text = text[: match.start()] + new + text[match.end() :]
    return text


def _aspect(random: Random, category: int) -> str:
    while True:
        found = random.choice(ASPECTS)
        if found not in _SUITED or category in _SUITED[found]:
            return found


def write_review(random: Random, category: int, mood: float) -> Written:
    """A review; `mood` from -1 to 1 is what the writer feels. Mixed ones lean to their first topic's side."""
    kind = random.choice(KINDS[category])
    side = "pos" if mood > 0.2 else "neg" if mood < -0.2 else "neu"
    topic = _aspect(random, category)
    topic = "quality" if topic == "invoice" else topic
    parts = [expand("opener", random, kind), expand(f"{topic}.{side}", random, kind)]
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        other = _aspect(random, category)
        if other not in (topic, "invoice"):
            parts.append(_join(random, kind) + expand(f"{other}.{side}", random, kind))
    if side != "neu" and random.random() < 0.28:
        against = _aspect(random, category)
        turned = "neu" if random.random() < 0.55 else "neg" if side == "pos" else "pos"
        if against != topic:
            parts.insert(
                random.choice((1, len(parts))) if random.random() < 0.3 else len(parts),
                expand("but", random, kind) + expand(f"{against}.{turned}", random, kind),
            )
    if side == "pos" and random.random() < 0.2:
        parts.append(expand("family", random, kind))
    if side == "neg" and random.random() < 0.12:
        parts.insert(1, expand("sarcasm", random, kind))
    if random.random() < 0.55:
        parts.append(expand(f"end.{side}", random, kind))
    return Written(
        _finish(parts, random, kind, side), {"pos": "positive", "neg": "negative", "neu": "neutral"}[side], topic
    )


def _join(random: Random, kind: str) -> str:
    return expand("also", random, kind) if random.random() < 0.4 else ""


def write_ticket(random: Random, category: int, angry: bool) -> Written:  # noqa: FBT001
    """A question (neutral) or a complaint (negative) to the service."""
    kind = random.choice(KINDS[category])
    fact = expand("order.fact", random, kind)
    if not angry:
        parts = [
            fact,
            expand("ask", random, kind),
            expand("need", random, kind) if random.random() < 0.15 else "",
            expand("thanks", random, kind),
        ]
        return Written(_finish(parts, random, kind, "neu"), "neutral", "question")
    topic = _aspect(random, category)
    parts = [expand("complain", random, kind), fact, expand(f"{topic}.neg", random, kind)]
    if random.random() < 0.5:
        other = _aspect(random, category)
        parts.append(_join(random, kind) + expand(f"{other}.neg", random, kind))
    if random.random() < 0.7:
        parts.append(expand("end.neg", random, kind))
    return Written(_finish(parts, random, kind, "neg"), "negative", topic)


def write_wish(random: Random, category: int) -> str:
    """An answer to the question what else is needed."""
    kind = random.choice(KINDS[category])
    return _finish([expand("need", random, kind)], random, kind, "neu")


def _finish(parts: list[str], random: Random, kind: str, side: str) -> str:
    """Join the parts as people do: with commas, full stops, blanks or nothing; with slips and emoji."""
    sign = random.choice(("，", "，", "。", "！" if side != "neu" else "，", " ", "~"))
    text = ""
    for part in (p for p in parts if p):
        text += part if not text or text[-1] in "，。～:、！ ~" else (sign if random.random() < 0.75 else "，") + part
    if random.random() < 0.06:
        old, new = random.choice(_SLIPS)
        text = text.replace(old, new, 1)
    if random.random() < 0.05 and len(text) > 6:
        at = random.randrange(2, len(text) - 2)
        text = text[:at] + text[at] + text[at:]
    if random.random() < 0.2:
        mood = {"pos": "happy", "neg": "sad", "neu": "plain"}[side]
        text += expand(mood, random, kind) * random.choice((1, 1, 2, 3))
    elif random.random() < 0.5:
        text += random.choice(("。", "！", "！！", "…", "～", "哈", "啊", "吧"))
    return text
