"""Persona cards as text for a terminal: plain lines, and the same with colours for Rich. Chinese or English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import RenderableType

Kind = Literal["title", "text", "heading", "statement", "figures", "unknown"]
Line = tuple[Kind, str]

_WORDS = {
    "zh": {
        "hand": "（人工命名）", "worth": "{title}：人均 {mean}，中位数 {median}，合计占大盘 {total}，指数 {index}",
        "share": "TGI {tgi}，95% 区间 {low}–{high} · {count:,}/{n:,} 人 · 大盘已知 {base:,} 人，缺失 {missing} · q {q}",
        "mean": "指数 {tgi}，95% 区间 {low}–{high} · 中位数 {median}，大盘 {median_base} · 大盘已知 {base:,} 人，缺失 {missing} · q {q}",
        "because": "依据：{because}", "circular": "（分群依据）",
        "head": "{title} · 大盘 {base:,} 人 · 检验 {comparisons:,} 次，错误发现率 ≤ {alpha:g}",
    },
    "en": {
        "hand": " (named by hand)",
        "worth": "{title}: mean {mean}, median {median}, {total} of the total, index {index}",
        "share": "TGI {tgi}, 95% interval {low}–{high} · {count:,} of {n:,} · {base:,} known, {missing} missing · q {q}",
        "mean": "index {tgi}, 95% interval {low}–{high} · median {median}, base {median_base} · {base:,} known, {missing} missing · q {q}",
        "because": "because: {because}", "circular": " (defines the segment)",
        "head": "{title} · base {base:,} customers · {comparisons:,} comparisons, false-discovery rate ≤ {alpha:g}",
    },
}  # fmt: skip
_STYLES: Mapping[Kind, str] = {
    "title": "bold", "text": "", "heading": "bold cyan", "statement": "", "figures": "dim", "unknown": "yellow",
}  # fmt: skip


def card_lines(card: Mapping[str, Any], lang: str = "zh-CN", *, figures: bool = True) -> list[Line]:
    """A card as (kind, text) lines in reading order; `figures` adds interval, base and missing share below each statement."""
    code = _code(lang)
    words = _WORDS[code]
    hand = words["hand"] if card["named_by"] == "hand" else ""
    lines: list[Line] = [
        ("title", f"{card['name'][code]}{hand}  [{card['segment']}]"),
        ("text", card["summary"][code]), ("text", _worth(card["worth"], code)),
    ]  # fmt: skip
    texts = {s["id"]: s["text"][code] for section in card["sections"] for s in section["statements"]}
    for section in card["sections"]:
        if section["statements"]:
            lines.append(("heading", section["title"][code]))
            for statement in section["statements"]:
                lines += _statement(statement, texts, code, figures=figures)
    said: set[str] = set()
    for unknown in card["unknown"]:
        if unknown[code] not in said:
            lines.append(("unknown", unknown[code]))
        said.add(unknown[code])
    return lines


def card_text(card: Mapping[str, Any], lang: str = "zh-CN", *, figures: bool = True) -> str:
    """A card as plain text."""
    return _plain(card_lines(card, lang, figures=figures))


def set_text(persona_set: Mapping[str, Any], lang: str = "zh-CN", *, figures: bool = False) -> str:
    """A whole persona set as plain text: a head line, then its cards."""
    code = _code(lang)
    head = _WORDS[code]["head"].format(
        title=persona_set["title"][code], base=persona_set["base_size"], comparisons=persona_set["comparisons"],
        alpha=persona_set["alpha"],
    )  # fmt: skip
    return "\n\n".join([head, *(card_text(card, lang, figures=figures) for card in persona_set["cards"])])


def card_panel(card: Mapping[str, Any], lang: str = "zh-CN", *, figures: bool = True) -> RenderableType:
    """A card as a Rich panel. Texts are never read as markup."""
    from rich.panel import Panel
    from rich.text import Text

    (_, title), *rest = card_lines(card, lang, figures=figures)
    body = Text()
    for number, (kind, text) in enumerate(rest):
        body.append(("\n" if number else "") + _indented(kind, text), style=_STYLES[kind])
    return Panel(body, title=Text(title, style=_STYLES["title"]), title_align="left")


def _plain(lines: Iterable[Line]) -> str:
    return "\n".join(_indented(kind, text) for kind, text in lines)


def _indented(kind: Kind, text: str) -> str:
    front: Mapping[Kind, str] = {
        "title": "",
        "text": "",
        "heading": "",
        "statement": "  • ",
        "figures": "    ",
        "unknown": "? ",
    }
    return front[kind] + text


def _statement(statement: Mapping[str, Any], texts: Mapping[str, str], code: str, *, figures: bool) -> list[Line]:
    words = _WORDS[code]
    mark = words["circular"] if statement.get("defines_segment") else ""
    lines: list[Line] = [("statement", statement["text"][code] + mark)]
    because: Sequence[str] = statement.get("because") or ()
    if figures and because:
        reasons = ("；" if code == "zh" else "; ").join(texts[i] for i in because if i in texts)
        lines.append(("figures", words["because"].format(because=reasons)))
    elif figures and statement["kind"] in ("share", "mean"):
        lines.append(("figures", _figures(statement, code)))
    return lines


def _figures(statement: Mapping[str, Any], code: str) -> str:
    mean = statement["kind"] == "mean"
    name = "index" if mean else "tgi"
    return _WORDS[code][statement["kind"]].format(
        tgi=_whole(statement[name]), low=_whole(statement[f"{name}_low"]), high=_whole(statement[f"{name}_high"]),
        count=statement.get("count_segment") or 0, n=statement["n_segment"], base=statement["n_base"],
        missing=_percent(statement["missing_base"]), q=_small(statement["q"]),
        median=_number(statement.get("median_segment"), statement.get("unit")),
        median_base=_number(statement.get("median_base"), statement.get("unit")),
    )  # fmt: skip


def _worth(worth: Mapping[str, Any], code: str) -> str:
    return _WORDS[code]["worth"].format(
        title=worth["title"][code], mean=_number(worth["mean"]), median=_number(worth["median"]),
        total=_percent(worth["share_of_total"]), index=_whole(worth["index"]),
    )  # fmt: skip


def _code(lang: str) -> str:
    return "en" if lang.lower().startswith("en") else "zh"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _number(value: float | None, unit: str | None = None) -> str:
    if value is None:
        return "–"
    if unit == "%":
        return _percent(value)
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:,.2f}"


def _small(q: float) -> str:
    return "< 0.001" if q < 0.001 else f"{q:.3f}"
