"""Rules as sentences that somebody in marketing reads without a dictionary, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huaxiang.app.value_titles import titles_of_value

_MANY = 1.5
"""From this lift on, "x times" says more than the two shares side by side."""


@dataclass(frozen=True)
class Item:
    """A value of a tag; titles are {zh, en} or None."""

    tag: str
    title: Mapping[str, str] | None
    kind: str
    value: str
    value_title: Mapping[str, str] | None

    @classmethod
    def of(cls, info: Mapping[str, Any], value: str) -> Item:
        """Of the manifest's entry of the tag."""
        return cls(
            info["name"],
            info.get("title"),
            info["value_type"],
            value,
            titles_of_value(value, info.get("values"))["value_title"],
        )

    def as_dict(self) -> dict[str, Any]:
        """The form of the answer; a boolean's value is true."""
        value = True if self.kind == "boolean" else self.value
        title = dict(self.title) if self.title else None
        return {
            "tag": self.tag,
            "tag_title": title,
            "value": value,
            "value_title": dict(self.value_title) if self.value_title else None,
        }

    def zh(self) -> str:
        """For a Chinese sentence: 城市为“上海”, 兴趣爱好含“美食”, 属于“高消费客户”."""
        title, value = (self.title or {}).get("zh") or self.tag, (self.value_title or {}).get("zh") or self.value
        if self.kind == "boolean":
            return f"属于“{title}”"
        return f"{title}{'含' if self.kind == 'list' else '为'}“{value}”"

    def en(self) -> str:
        """For an English sentence: city “Shanghai”, “food” among interests, “High spender”."""
        title, value = (self.title or {}).get("en") or self.tag, (self.value_title or {}).get("en") or self.value
        if self.kind == "boolean":
            return f"“{title}”"
        lowered = title[:1].lower() + title[1:] if title[1:2].islower() else title
        return f"“{value}” among {lowered}" if self.kind == "list" else f"{lowered} “{value}”"


def sentence(left: Sequence[Item], right: Item, figures: Mapping[str, Any]) -> dict[str, str]:
    """Say a rule. `figures`: confidence, expected (shares 0–1), lift, base (None, or with its confidence)."""
    share, expected, lift = figures["confidence"], figures["expected"], figures["lift"]
    percent, usual = f"{share * 100:.1f}%", f"{expected * 100:.1f}%"
    whole = figures["base"] is not None
    if lift >= _MANY:
        zh, en = f"，是平均水平（{usual}）的 {lift:.1f} 倍", f": {lift:.1f} times the average of {usual}"
    else:
        zh, en = f"（平均 {usual}）", f" (average {usual})"
    base = figures["base"]["confidence"] if whole else None
    zh_base = f"；大盘中同类客户为 {base * 100:.1f}%" if base is not None else ""
    en_base = f"; among such customers of the whole base {base * 100:.1f}%" if base is not None else ""
    return {
        "zh": f"{'且'.join(item.zh() for item in left)}的客户中，{percent} {right.zh()}{zh}{zh_base}。",
        "en": f"Of the customers with {' and '.join(item.en() for item in left)}, {percent} have {right.en()}{en}{en_base}.",
    }
