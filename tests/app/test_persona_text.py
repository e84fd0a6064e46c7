"""Cards as text: everything the card says is there, with its figures, in both languages."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from huaxiang.app.persona_text import card_lines, card_panel, card_text, set_text


def both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def share(**changes: Any) -> dict[str, Any]:
    return {
        "id": "c1.wine.true", "text": both("“爱红酒”的客户占 20.0%", "“Likes [red] wine”: 20.0%"), "kind": "share", "because": [],
        "share_segment": 0.2, "share_base": 0.1, "tgi": 200.4, "tgi_low": 150.2, "tgi_high": 260.9, "count_segment": 1234,
        "n_segment": 6170, "n_base": 12340, "missing_segment": 0.1, "missing_base": 0.0766, "p": 1e-9, "q": 2e-8, "unit": None,
        "defines_segment": True,
    } | changes  # fmt: skip


CARD: dict[str, Any] = {
    "segment": "c1", "name": both("高价值·爱红酒", "High-value wine fans"), "named_by": "rule", "size": 6170, "share": 0.5,
    "worth": {"tag": "spend", "title": both("消费额", "Spend"), "unit": "CNY", "mean": 1234.5, "median": 12.25, "total": 1e6,
              "share_of_total": 0.75, "index": 150.0},
    "summary": both("6,170 人。", "6,170 customers."),
    "sections": [
        {"id": "consumption", "title": both("消费行为", "Consumption"), "unknown": None, "statements": [
            share(),
            share(id="c1.rate.mean", text=both("折扣占比平均 30.0%", "Mean rate 30.0%"), kind="mean", index=120.0, index_low=111.0,
                  index_high=130.0, median_segment=0.3, median_base=0.25, unit="%", q=0.0123, defines_segment=False),
        ]},
        {"id": "social", "title": both("社会关系", "Social"), "statements": [], "unknown": both("未知：没有。", "Unknown: none.")},
        {"id": "offer", "title": both("推荐策略", "Offer"), "unknown": None, "statements": [
            {"id": "c1.o.1", "text": both("主推红酒", "Lead with wine"), "kind": "advice", "because": ["c1.wine.true"]},
        ]},
    ],
    "unknown": [both("未知：没有。", "Unknown: none."), both("未知：没有。", "Unknown: none.")],
}  # fmt: skip


def test_chinese_card_line_by_line() -> None:
    assert card_text(CARD).splitlines() == [
        "高价值·爱红酒  [c1]",
        "6,170 人。",
        "消费额：人均 1,234，中位数 12.25，合计占大盘 75.0%，指数 150",
        "消费行为",
        "  • “爱红酒”的客户占 20.0%（分群依据）",
        "    TGI 200，95% 区间 150–261 · 1,234/6,170 人 · 大盘已知 12,340 人，缺失 7.7% · q < 0.001",
        "  • 折扣占比平均 30.0%",
        "    指数 120，95% 区间 111–130 · 中位数 30.0%，大盘 25.0% · 大盘已知 12,340 人，缺失 7.7% · q 0.012",
        "推荐策略",
        "  • 主推红酒",
        "    依据：“爱红酒”的客户占 20.0%",
        "? 未知：没有。",
    ]


def test_english_card_without_figures() -> None:
    assert card_text(CARD | {"named_by": "hand"}, "en", figures=False).splitlines() == [
        "High-value wine fans (named by hand)  [c1]",
        "6,170 customers.",
        "Spend: mean 1,234, median 12.25, 75.0% of the total, index 150",
        "Consumption",
        "  • “Likes [red] wine”: 20.0% (defines the segment)",
        "  • Mean rate 30.0%",
        "Offer",
        "  • Lead with wine",
        "? Unknown: none.",
    ]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_panel_shows_the_same_text_and_reads_no_markup(lang: str) -> None:
    out = io.StringIO()
    Console(file=out, width=200, force_terminal=False).print(card_panel(CARD, lang))
    shown = out.getvalue()
    for _, text in card_lines(CARD, lang):
        assert text in shown


def test_missing_worth_shows_dashes() -> None:
    worth = CARD["worth"] | {"mean": None, "median": None, "share_of_total": None, "index": None}
    assert "Spend: mean –, median –, – of the total, index –" in card_text(CARD | {"worth": worth}, "en")


def test_a_set_has_a_head_and_every_card() -> None:
    group = {
        "title": both("客群", "Groups"),
        "base_size": 12_340,
        "comparisons": 321,
        "alpha": 0.05,
        "cards": [CARD, CARD],
    }
    text = set_text(group)
    assert text.startswith("客群 · 大盘 12,340 人 · 检验 321 次，错误发现率 ≤ 0.05\n\n高价值·爱红酒")
    assert text.count("推荐策略") == 2
    assert "false-discovery rate ≤ 0.05" in set_text(group, "en")
