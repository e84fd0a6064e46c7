"""Texts and number formats of the report in one language."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from huaxiang.errors import UsageError

LANGUAGES = ("zh-CN", "en")
SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$", "TWD": "NT$", "KRW": "₩"}
DASH = "–"
CHINESE = re.compile(r"[\u3400-\u9fff]")


def no_language(lang: str) -> UsageError:
    """The report is not written in a language that was asked for."""
    return UsageError(
        f'the report has no language "{lang}"; choose one of: {", ".join(LANGUAGES)}',
        f"报告没有语言“{lang}”；可选：{'、'.join(LANGUAGES)}",
    )


@cache
def load_catalogue(lang: str) -> Mapping[str, str]:
    """Texts of a language, flattened to dotted keys. Raises UsageError for a language the report is not written in."""
    if lang not in LANGUAGES:
        raise no_language(lang)
    from ruamel.yaml import YAML

    text = resources.files("huaxiang.app.report").joinpath(f"assets/i18n/{lang}.yaml").read_text("utf-8")
    return dict(_flatten("", YAML(typ="safe").load(text)))


def _flatten(prefix: str, node: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in node.items():
        name = f"{prefix}{key}"
        found.extend(_flatten(f"{name}.", value) if isinstance(value, Mapping) else [(name, str(value).strip())])
    return found


class Words:
    """Speaks one language: `words("spend.title", n=3)`, `words.pick({"zh":…, "en":…})`, and formats of numbers."""

    def __init__(self, lang: str, currency: str) -> None:
        self.lang = lang
        self.currency = currency
        self.zh = lang.startswith("zh")
        self._texts = load_catalogue(lang)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its placeholders filled. A key that is not in the catalogue is a fault of ours: KeyError."""
        return self._texts[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether the catalogue has a text for a key that is made from data (a class, a kind, a reason)."""
        return key in self._texts

    def known(self, prefix: str, code: object, otherwise: str | None = None) -> str:
        """The text of `prefix.code`, else `otherwise`, else the code itself."""
        key = f"{prefix}.{code}"
        if key in self._texts:
            return self._texts[key]
        return str(code) if otherwise is None else otherwise

    def pick(self, title: Any, otherwise: str = "") -> str:
        """The text of a bilingual title in this language; falls back to the other one, then to `otherwise`."""
        if isinstance(title, Mapping):
            first, second = ("zh", "en") if self.zh else ("en", "zh")
            return str(title.get(first) or title.get(second) or otherwise)
        return self.side(str(title)) if title else otherwise

    def side(self, text: str) -> str:
        """This language's half of a text written as `中文 · English`; other texts as they are."""
        first, mark, second = text.partition(" · ")
        if mark and CHINESE.search(first) and not CHINESE.search(second):
            return first if self.zh else second
        return text

    def join(self, parts: list[str]) -> str:
        """A plain list of things."""
        return ("、" if self.zh else ", ").join(parts)

    def count(self, value: float | None) -> str:
        """A whole number with thousands separators."""
        return DASH if _none(value) else f"{round(float(value or 0)):,}"

    def percent(self, share: float | None, digits: int = 1) -> str:
        """A share (0–1) in per cent."""
        if share is None or _none(share):
            return DASH
        return f"{100 * share:.{digits}f}%"

    def number(self, value: float | None, digits: int = 1) -> str:
        """A number; whole ones and those from 100 on without decimals."""
        if value is None or _none(value):
            return DASH
        if float(value).is_integer() or abs(value) >= 100:
            return f"{value:,.0f}"
        return f"{value:,.{digits}f}"

    def money(self, value: float | None) -> str:
        """An amount in the project's currency, without cents from 100 on."""
        if value is None or _none(value):
            return DASH
        sign = "−" if value < 0 else ""
        text = f"{abs(value):,.0f}" if abs(value) >= 100 else f"{abs(value):,.2f}"
        return f"{sign}{self.symbol}{text}"

    def short_money(self, value: float) -> str:
        """A large amount in few digits: ¥405.8万, $4.06M."""
        sign = "−" if value < 0 else ""
        return f"{sign}{self.symbol}{self._short(abs(value))}"

    def _short(self, value: float) -> str:
        steps = ((1e8, "亿", 2), (1e4, "万", 1)) if self.zh else ((1e9, "B", 2), (1e6, "M", 2), (1e4, "K", 0))
        for size, unit, digits in steps:
            if value >= size:
                scaled = value / size if unit != "K" else value / 1e3
                return f"{scaled:,.{digits}f}{unit}"
        return f"{value:,.0f}"

    @property
    def symbol(self) -> str:
        """Currency sign, or the ISO code where there is none."""
        return SYMBOLS.get(self.currency, f"{self.currency} ")

    def quantity(self, value: float | None, value_type: str, unit: str | None) -> str:
        """A tag's number with what it is counted in."""
        if value_type == "money" or unit == self.currency:
            return self.money(value)
        if unit == "%":
            return self.percent(value)
        text = self.number(value, 2 if value is not None and abs(value) < 10 else 1)
        return f"{text} {self.unit(unit)}".strip() if text != DASH else text

    def unit(self, unit: str | None) -> str:
        """The name of a unit in this language, as far as known."""
        if not unit:
            return ""
        return self.known("unit", re.sub(r"\W", "", unit.lower()), unit)


def _none(value: float | None) -> bool:
    return value is None or math.isnan(value)
