"""The demo's findings in words, Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from huaxiang.app.demo import DemoResult, Findings, Money, PersonaFound

Words = Mapping[str, str]

_ZH: Words = {
    "head": "{title} · 统计日 {as_of}",
    "size": "{customers} 户家庭 · {orders} 次购物 · 消费 {spend} · 户均 {mean}",
    "rows": (
        "读入 {rows_in} 行：载入 {loaded}，排除 {left_out}，搁置 "
        "{set_aside}；{tags} 个标签，{audiences} 个人群，用时 {seconds} 秒"
    ),
    "lifecycle": "生命周期",
    "personas": "典型画像：按购物行为聚成 {k} 类，按贡献排序{rest}",
    "rest": "（其余 {n} 户购物太少，未参与聚类）",
    "persona": "{n}. {name} — {size} 户（{share}），贡献 {worth_share} 的消费，户均 {mean}{index}",
    "above": "，比平均高 {x}",
    "below": "，比平均低 {x}",
    "level": "，接近平均",
    "findings": "值得注意",
    "top_fifth": "消费最高的 20% 家庭贡献了 {share} 的消费（{amount}）。",
    "falling": "{n} 户高消费家庭近 90 天消费下滑两成以上或停止购买，他们占全年消费的 {share}：值得专人回访。",
    "churning": "{n} 户已超过自己购买周期的 3 倍没有来，全年消费 {amount}（{share}）：唤回名单。",
    "never_contacted": "{n} 户近 90 天来了 6 次以上的常客从未收到营销活动：下一次活动的现成名单。",
    "responded": "收到过活动的 {contacted} 户中，{responded} 户核销过券（{share}）。活动是定向投放的，不能据此判断增量。",
    "audiences": "人群",
    "report": "客户画像分析报告",
}
_EN: Words = {
    "head": "{title} · as of {as_of}",
    "size": "{customers} households · {orders} trips · spend {spend} · {mean} a household",
    "rows": (
        "{rows_in} rows read: {loaded} loaded, {left_out} left out, {set_aside} "
        "set aside as faulty; {tags} tags, {audiences} audiences, in {seconds} s"
    ),
    "lifecycle": "Lifecycle",
    "personas": "Personas: {k} clusters of shopping behaviour, the largest contribution first{rest}",
    "rest": " ({n} households with too few trips are in none)",
    "persona": "{n}. {name} — {size} households ({share}), {worth_share} of spend, {mean} each{index}",
    "above": ", {x} above average",
    "below": ", {x} below average",
    "level": ", about average",
    "findings": "Worth knowing",
    "top_fifth": "The top 20% of households bring {share} of spend ({amount}).",
    "falling": (
        "{n} high spenders spent at least 20% less in the last 90 days, "
        "or stopped; they are {share} of the year's spend: worth a call."
    ),
    "churning": (
        "{n} households are more than 3 of their own purchase cycles overdue; "
        "they spent {amount} ({share}) in the year: the list to win back."
    ),
    "never_contacted": (
        "{n} regulars with 6 or more trips in 90 days never got a campaign: a ready list for the next one."
    ),
    "responded": (
        "Of {contacted} households that got a campaign, {responded} redeemed a "
        "coupon ({share}). Campaigns were targeted: this is no evidence of uplift."
    ),
    "audiences": "Audiences",
    "report": "Customer persona report",
}
_SYMBOLS: Words = {"USD": "$", "CNY": "¥", "EUR": "€", "GBP": "£"}


def summary_text(result: DemoResult, lang: str) -> str:
    """Return the summary as plain text lines for a terminal."""
    words, key = (_ZH, "zh") if lang.startswith("zh") else (_EN, "en")
    mean = result.spend / result.customers if result.customers else Decimal(0)
    lines = [
        words["head"].format(title=result.title[key], as_of=result.as_of),
        words["size"].format(
            customers=f"{result.customers:,}", orders=f"{result.orders:,}", spend=_money(result.spend, result.currency),
            mean=_money(mean, result.currency),
        ),
        words["rows"].format(
            **{k: f"{v:,}" for k, v in result.rows.items()}, tags=result.tags, audiences=len(result.audiences),
            seconds=f"{result.seconds:.1f}",
        ),
    ]  # fmt: skip
    if result.lifecycle:
        stages = " · ".join(f"{g.title[key]} {g.share:.1%}" for g in result.lifecycle)
        lines += ["", f"{words['lifecycle']}  {stages}"]
    rest = result.customers - sum(p.size for p in result.personas) if result.personas else 0
    lines += ["", words["personas"].format(k=result.clusters, rest=words["rest"].format(n=f"{rest:,}") if rest else "")]
    for number, persona in enumerate(result.personas, 1):
        lines += _persona_lines(number, persona, words, key, result.currency)
    lines += [
        "",
        words["findings"],
        *(f"  • {line}" for line in _finding_lines(result.findings, words, result.currency)),
    ]
    lines += ["", f"{words['audiences']}  " + " · ".join(f"{a.title[key]} {a.size:,}" for a in result.audiences)]
    lines += ["", f"{words['report']}  {result.report}"]
    return "\n".join(lines)


def _persona_lines(number: int, persona: PersonaFound, words: Words, key: str, currency: str) -> list[str]:
    first = words["persona"].format(
        n=number, name=persona.name[key], size=f"{persona.size:,}", share=f"{persona.share:.1%}",
        worth_share=_share(persona.worth_share), mean=_money(persona.worth_mean, currency), index=_index(persona.worth_index, words),
    )  # fmt: skip
    return [f"  {first}", *(f"     · {told[key]}" for told in persona.highlights)]


def _index(index: float | None, words: Words) -> str:
    """How the mean worth compares with that of all customers; within 5 % is about average."""
    if index is None:
        return ""
    name = "level" if abs(index - 100) < 5 else "above" if index > 100 else "below"
    return words[name].format(x=f"{abs(index - 100):.0f}%")


def _finding_lines(found: Findings, words: Words, currency: str) -> list[str]:
    lines: list[str] = []
    if found.top_fifth:
        lines.append(words["top_fifth"].format(**_told(found.top_fifth, currency)))
    for name, group in (("falling", found.falling), ("churning", found.churning)):
        if group and group[0]:
            lines.append(words[name].format(n=f"{group[0]:,}", **_told(group[1], currency)))
    if found.never_contacted:
        lines.append(words["never_contacted"].format(n=f"{found.never_contacted:,}"))
    if found.contacted and found.responded is not None:
        share = _share(found.responded / found.contacted)
        lines.append(
            words["responded"].format(contacted=f"{found.contacted:,}", responded=f"{found.responded:,}", share=share)
        )
    return lines


def _told(money: Money, currency: str) -> dict[str, str]:
    return {"amount": _money(money.amount, currency), "share": _share(money.share)}


def _share(share: float | None) -> str:
    return "—" if share is None else f"{share:.1%}"


def _money(amount: Decimal | float, currency: str) -> str:
    return f"{_SYMBOLS.get(currency, f'{currency} ')}{amount:,.0f}"
