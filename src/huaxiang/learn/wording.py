"""Figures and findings as short texts for people, in Chinese and English. Numbers come from the finding, never from here."""

from __future__ import annotations

from huaxiang.learn.columns import Both, TagInfo
from huaxiang.learn.compare import Finding

CURRENCIES = {
    "CNY": Both("元", "¥"), "USD": Both("美元", "$"), "EUR": Both("欧元", "€"), "GBP": Both("英镑", "£"),
    "JPY": Both("日元", "JP¥"), "HKD": Both("港元", "HK$"), "TWD": Both("新台币", "NT$"), "SGD": Both("新加坡元", "S$"),
}  # fmt: skip
_UNIT_WORDS = (
    ("天", "days", "day"), ("次", "times", "time"), ("单", "orders", "order"), ("件", "items", "item"), ("年", "years", "year"),
    ("岁", "years of age", "years old"), ("个月", "months", "month"), ("次", "trips", "trip"), ("次", "visits", "visit"),
    ("分", "points", "point"), ("种", "products", "product"), ("行", "lines", "line"), ("次/月", "times a month", "per month"),
    ("个", "", "piece"), ("家", "", "store"),
)  # fmt: skip
UNITS = {word: Both(zh, en) for zh, en, single in reversed(_UNIT_WORDS) for word in (zh, en, single) if word}
"""Written unit, in either language → both."""
_MANY = 1.5
"""From this multiple of the base on, "x times" says more than the two figures side by side."""


def number(value: float) -> str:
    """Thousands grouped; as many decimals as three significant digits need, at most three."""
    size = abs(value)
    decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{decimals}f}"


def percent(share: float) -> str:
    """0.2312 → `23.1%`."""
    return f"{100 * share:.1f}%"


def money(value: float, currency: str) -> Both:
    """A sum with its currency: 3,210 元 / ¥3,210."""
    known = CURRENCIES.get(currency)
    if known is None:
        return Both(f"{number(value)} {currency}", f"{currency} {number(value)}")
    sign = "-" if value < 0 else ""
    return Both(f"{number(value)} {known.zh}", f"{sign}{known.en}{number(abs(value))}")


def amount(value: float, tag: TagInfo, currency: str) -> Both:
    """A mean or median of a tag with its unit."""
    unit_code = (tag.unit or "").upper()
    if tag.value_type == "money" or unit_code in CURRENCIES:
        return money(value, unit_code if unit_code in CURRENCIES else currency)
    if tag.unit == "%":
        return Both(percent(value), percent(value))
    if not tag.unit:
        return Both(number(value), number(value))
    unit = UNITS.get(tag.unit.lower(), Both(tag.unit, tag.unit))
    return Both(f"{number(value)} {unit.zh}".strip(), f"{number(value)} {unit.en}".strip())


def subject(finding: Finding, value: Both) -> Both:
    """Who or what a statement is about: `年龄段“65+”`, `“促销敏感”`."""
    tag = finding.tag.title
    if finding.kind == "mean":
        average = any(word in tag.zh for word in ("平均", "人均", "均价", "每次"))
        return Both(
            f"{tag.zh}{'' if average else '平均'}", f"Mean {lowered(tag.en)}" if "ean " not in tag.en else tag.en
        )
    if finding.tag.value_type == "boolean":
        return Both(f"“{tag.zh}”的客户", f"“{tag.en}”")
    link = "含" if finding.tag.value_type == "list" else ""
    return Both(f"{tag.zh}{link}“{value.zh}”", f"{tag.en}{' includes' if link else ''} “{value.en}”")


def statement(finding: Finding, value: Both, currency: str) -> Both:
    """One sentence with its share or mean and its TGI or index."""
    return _mean(finding, currency) if finding.kind == "mean" else _share(finding, value)


def _share(finding: Finding, value: Both) -> Both:
    about, tgi = subject(finding, value), finding.tgi or 0.0
    share, base = percent(finding.share_segment), percent(finding.share_base)
    than = _than(tgi, Both(base, base))
    return Both(f"{about.zh}占 {share}，{than.zh}（TGI {tgi:.0f}）", f"{about.en}: {share}, {than.en} (TGI {tgi:.0f})")


def _mean(finding: Finding, currency: str) -> Both:
    about, index, means = subject(finding, Both("", "")), finding.tgi or 0.0, finding.means
    mean = amount(means.mean_segment if means else 0.0, finding.tag, currency)
    than = _than(index, amount(means.mean_base if means else 0.0, finding.tag, currency))
    return Both(
        f"{about.zh} {mean.zh}，{than.zh}（指数 {index:.0f}）", f"{about.en} {mean.en}, {than.en} (index {index:.0f})"
    )


def _than(index: float, base: Both) -> Both:
    """The comparison with the base's figure in words."""
    if index >= 100 * _MANY:
        return Both(f"是大盘（{base.zh}）的 {index / 100:.1f} 倍", f"{index / 100:.1f} times the base of {base.en}")
    return Both(f"大盘为 {base.zh}", f"base {base.en}")


def versus_base(index: float) -> Both:
    """An index as a part or a multiple of the base."""
    if index >= 100 * _MANY:
        return Both(f"大盘的 {index / 100:.1f} 倍", f"{index / 100:.1f} times the base")
    return Both(f"大盘的 {index:.0f}%", f"{index:.0f}% of the base")


def brief(finding: Finding, value: Both) -> Both:
    """A finding as a phrase in a summary: `购物次数为大盘的 1.8 倍`, `“用券”占 85.4%（TGI 135）`."""
    index, tag = finding.tgi or 0.0, finding.tag.title
    if finding.kind == "mean":
        than = versus_base(index)
        return Both(f"{tag.zh}为{than.zh}", f"{lowered(tag.en)} {than.en}")
    about = subject(finding, value)
    name = f"“{tag.zh}”" if finding.tag.value_type == "boolean" else about.zh
    share = percent(finding.share_segment)
    return Both(f"{name}占 {share}（TGI {index:.0f}）", f"{lowered(about.en)} {share} (TGI {index:.0f})")


def lowered(text: str) -> str:
    """For the middle of an English sentence: small first letter, unless the word is an acronym."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def joined(parts: list[Both], last: str = "and") -> Both:
    """A list in prose: 、 between Chinese parts, commas between English ones."""
    english = [p.en for p in parts]
    tail = f"{', '.join(english[:-1])} {last} {english[-1]}" if len(english) > 1 else "".join(english)
    return Both("、".join(p.zh for p in parts), tail)
