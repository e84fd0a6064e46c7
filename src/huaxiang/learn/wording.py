"""Figures and findings as short texts for people, in Chinese and English. Numbers come from the finding, never from here."""

from __future__ import annotations

from huaxiang.learn.columns import Both, TagInfo
from huaxiang.learn.compare import Finding

CURRENCIES = {
    "CNY": Both("元", "¥"), "USD": Both("美元", "$"), "EUR": Both("欧元", "€"), "GBP": Both("英镑", "£"),
    "JPY": Both("日元", "JP¥"), "HKD": Both("港元", "HK$"), "TWD": Both("新台币", "NT$"), "SGD": Both("新加坡元", "S$"),
}  # fmt: skip
UNITS = {
    "day": Both("天", "days"), "days": Both("天", "days"), "天": Both("天", "days"), "times": Both("次", "times"), "次": Both("次", "times"),
    "order": Both("单", "orders"), "orders": Both("单", "orders"), "单": Both("单", "orders"), "items": Both("件", "items"),
    "件": Both("件", "items"), "years": Both("岁", "years"), "岁": Both("岁", "years"), "month": Both("个月", "months"),
    "months": Both("个月", "months"), "trips": Both("次", "trips"), "visits": Both("次", "visits"), "points": Both("分", "points"),
    "分": Both("分", "points"), "种": Both("种", "kinds"), "products": Both("种", "products"), "个": Both("个", ""),
}  # fmt: skip
_MANY = 1.5
"""From this multiple of the base on, "x times" reads better than "x % more"."""


def number(value: float) -> str:
    """Thousands grouped; as many decimals as three significant digits need, at most three."""
    size = abs(value)
    decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{decimals}f}"


def percent(share: float) -> str:
    """0.2312 → `23.1 %`."""
    return f"{100 * share:.1f} %"


def money(value: float, currency: str) -> Both:
    """A sum with its currency: 3,210 元 / ¥3,210."""
    known = CURRENCIES.get(currency)
    if known is None:
        return Both(f"{number(value)} {currency}", f"{currency} {number(value)}")
    sign = "-" if value < 0 else ""
    return Both(f"{number(value)} {known.zh}", f"{sign}{known.en}{number(abs(value))}")


def amount(value: float, tag: TagInfo, currency: str) -> Both:
    """A mean or median of a tag with its unit."""
    if tag.value_type == "money":
        return money(value, currency)
    if not tag.unit:
        return Both(number(value), number(value))
    unit = UNITS.get(tag.unit.lower(), Both(tag.unit, tag.unit))
    return Both(f"{number(value)} {unit.zh}".strip(), f"{number(value)} {unit.en}".strip())


def subject(finding: Finding, value: Both) -> Both:
    """Who or what a statement is about: `年龄段“65+”`, `“促销敏感”`."""
    tag = finding.tag.title
    if finding.kind == "mean":
        return Both(f"平均{tag.zh}" if not tag.zh.startswith(("平均", "人均")) else tag.zh, f"Mean {tag.en[:1].lower()}{tag.en[1:]}")
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
    if finding.count_segment == 0:
        return Both(f"没有{about.zh}（大盘 {base}，TGI 0）", f"{about.en}: none (base {base}, TGI 0)")
    than = _than(tgi)
    return Both(f"{about.zh}占 {share}，{than.zh}（TGI {tgi:.0f}）", f"{about.en}: {share}, {than.en} (TGI {tgi:.0f})")


def _mean(finding: Finding, currency: str) -> Both:
    about, index = subject(finding, Both("", "")), finding.tgi or 0.0
    mean = amount(finding.means.mean_segment if finding.means else 0.0, finding.tag, currency)
    than = _than(index)
    return Both(f"{about.zh} {mean.zh}，{than.zh}（指数 {index:.0f}）", f"{about.en} {mean.en}, {than.en} (index {index:.0f})")


def _than(index: float) -> Both:
    """The comparison with the base in words."""
    if index >= 100 * _MANY:
        return Both(f"是大盘的 {index / 100:.1f} 倍", f"{index / 100:.1f} times the base")
    if index >= 100:
        return Both(f"比大盘高 {index - 100:.0f} %", f"{index - 100:.0f} % above the base")
    if index > 50:
        return Both(f"比大盘低 {100 - index:.0f} %", f"{100 - index:.0f} % below the base")
    return Both(f"只有大盘的 {index:.0f} %", f"only {index:.0f} % of the base")


def brief(finding: Finding, value: Both) -> Both:
    """A finding as a phrase in a summary: `促销敏感（TGI 182）`."""
    index = f"{finding.tgi or 0:.0f}"
    if finding.kind == "mean":
        up = finding.over
        tag = finding.tag.title
        return Both(f"{tag.zh}{'更高' if up else '更低'}（指数 {index}）", f"{'higher' if up else 'lower'} {tag.en[:1].lower()}{tag.en[1:]} (index {index})")
    about = subject(finding, value)
    if finding.tag.value_type == "boolean":
        about = Both(f"“{finding.tag.title.zh}”", about.en)
    more = Both("更多", "more") if finding.over else Both("更少", "fewer")
    return Both(f"{about.zh}{more.zh}（TGI {index}）", f"{more.en} with {about.en} (TGI {index})")


def joined(parts: list[Both]) -> Both:
    """A list in prose: 、 between Chinese parts, commas between English ones."""
    english = [p.en for p in parts]
    tail = f"{', '.join(english[:-1])} and {english[-1]}" if len(english) > 1 else "".join(english)
    return Both("、".join(p.zh for p in parts), tail)
