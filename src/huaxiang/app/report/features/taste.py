"""What customers prefer: category, brand, channel, time, payment, sensitivity to price and promotion; and all else that is known."""

from __future__ import annotations

from huaxiang.app.report.book import Tag
from huaxiang.app.report.figures import Bar, Desk, Figure, Omitted, Section, Table, share_figure

LEADING = (
    "consumption_preference", "brand_loyalty", "purchase_channel", "purchase_time", "payment_method", "shopping_mode",
    "promotion_sensitivity", "price_sensitivity", "consumption_level", "consumption_habit",
)  # fmt: skip
SPOKEN_ELSEWHERE = frozenset({"rfm", "lifecycle"})
NEVER = frozenset({"health", "demographic", "social"})
MOST = 12


def _is_category(tag: Tag) -> bool:
    return tag.value_type in ("enum", "text", "list") and tag.kind not in SPOKEN_ELSEWHERE and not tag.rfm


def taste_section(desk: Desk) -> Section:
    """Category tags of consumption, the catalogue's preferences first; yes/no tags together in one figure."""
    words = desk.words
    pool = [tag for tag in desk.book.all if tag.class_ == "consumption" and _is_category(tag)]
    pool.sort(key=lambda tag: LEADING.index(tag.attribute) if tag.attribute in LEADING else len(LEADING))
    hours = [tag for tag in desk.book.having("purchase_time") if tag.value_type == "integer"]
    figures = [f for tag in [*pool, *hours] if (f := share_figure(desk, tag, f"taste-{tag.name}")) is not None][:MOST]
    flags = _flags(desk)
    if flags is not None:
        figures.append(flags)
    wanted = (
        ("consumption_preference", "category"),
        ("purchase_channel", "channel"),
        ("purchase_time", "time"),
        ("brand_loyalty", "brand"),
    )
    omitted = tuple(
        Omitted(words(f"taste.{name}"), words("figure.no_data")) for code, name in wanted if not desk.book.having(code)
    )  # fmt: skip
    return Section(
        "taste", words("taste.title"), words("taste.intro") if figures else "", tuple(figures), omitted=omitted
    )


def _flags(desk: Desk) -> Figure | None:
    """Share of all customers for whom each yes/no tag holds."""
    words = desk.words
    bars = []
    for tag in desk.book.tags:
        if tag.value_type == "boolean" and tag.class_ not in NEVER:
            count = int(desk.customers.values(tag.name).of("true").sum())
            bars.append(Bar(tag.name, tag.title, count, count / max(1, desk.customers.size)))
    if not bars:
        return None
    bars.sort(key=lambda bar: (-bar.count, bar.value))
    shown = bars[:MOST]
    spec = {
        "id": "taste-flags", "kind": "bars", "labels": [bar.title for bar in shown], "marks": [0],
        "series": [{
            "name": words("figure.share_of_customers"), "values": [round(100 * bar.share, 3) for bar in shown],
            "texts": [words.percent(bar.share) for bar in shown],
            "tips": [words("figure.tip", share=words.percent(bar.share), n=words.count(bar.count)) for bar in shown],
        }],
    }  # fmt: skip
    rows = tuple((bar.title, words.count(bar.count), words.percent(bar.share)) for bar in bars)
    table = Table((words("taste.flag"), words("figure.customers"), words("figure.share_of_customers")), rows)
    finding = words(
        "taste.flags_finding", first=shown[0].title, share=words.percent(shown[0].share), n=words.count(shown[0].count)
    )
    return Figure("taste-flags", words("taste.flags"), finding, desk.note(desk.customers.size), spec, table)


def other_section(desk: Desk) -> Section:
    """Category tags of the remaining classes (relationship, technical, psychographic …), without clusters and sensitive ones."""
    words = desk.words
    pool = [
        tag for tag in desk.book.all
        if tag.class_ not in (*NEVER, "consumption") and _is_category(tag) and tag.name not in desk.book.clusterings
        and tag.kind != "clustering"
    ]  # fmt: skip
    figures = [f for tag in pool if (f := share_figure(desk, tag, f"other-{tag.name}")) is not None][:MOST]
    return Section("other", words("other.title"), words("other.intro"), tuple(figures))
