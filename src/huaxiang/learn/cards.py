"""One persona card in the shape of personas.json, from findings that were already tested and chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from huaxiang.learn.advice import Suggestion, advise
from huaxiang.learn.columns import Both, Numbers, TagInfo
from huaxiang.learn.compare import Finding
from huaxiang.learn.features import Mask, tidy
from huaxiang.learn.phrasebook import phrasebook
from huaxiang.learn.selection import rank
from huaxiang.learn.spoken import EVIDENCE_SECTIONS, Spoken
from huaxiang.learn.wording import amount, brief, joined, lowered, percent, statement, versus_base

TITLES = {
    "demographic": Both("人口统计", "Demographics"), "consumption": Both("消费行为", "Consumption"),
    "psychographic": Both("心理特征", "Mind and lifestyle"), "social": Both("社会关系", "Social relations"),
    "technical": Both("设备与技术", "Devices and technology"), "relationship": Both("客户关系", "Customer relationship"),
    "needs": Both("需求", "Needs"), "channels": Both("触达渠道", "Where to reach them"), "offer": Both("推荐策略", "What to offer"),
}  # fmt: skip
MOSTLY_MISSING = 0.5
"""A topic whose values miss for more than this share of all customers is named as mostly unknown."""
_FINDING_KEYS = (
    "tag", "tag_title", "value", "value_title", "share_segment", "share_base", "tgi", "tgi_low", "tgi_high", "count_segment",
    "n_segment", "n_base", "missing_segment", "missing_base", "p", "q", "mean_segment", "mean_base", "median_segment", "median_base",
    "index", "index_low", "index_high", "defines_segment", "unit",
)  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """One segment on its way to a card. `stated`: section → findings, strongest first; `small`: too few for any statement."""

    name: str
    members: Mask
    tested: Sequence[Finding]
    stated: Mapping[str, Sequence[Finding]]
    worth: Finding | None
    small: bool

    @property
    def size(self) -> int:
        """Customers in the segment."""
        return int(self.members.sum())

    @property
    def all_stated(self) -> list[Finding]:
        """Every stated finding, strongest first."""
        return rank(f for findings in self.stated.values() for f in findings)


@dataclass(frozen=True)
class Setting:
    """What all cards of a set share."""

    spoken: Spoken
    worth: tuple[TagInfo, Numbers]
    currency: str
    alpha: float
    minimum_size: int


def make_card(segment: Segment, setting: Setting, name: Both, named_by: str) -> dict[str, object]:
    """The card; see docs/contracts.md for its keys."""
    suggestions = advise(segment.name, segment.all_stated)
    worth = describe_worth(segment, setting)
    sections = [_evidence_section(s, segment, setting) for s in EVIDENCE_SECTIONS]
    sections += [_advice_section(s, segment, suggestions) for s in ("needs", "channels", "offer")]
    return {
        "segment": segment.name, "name": name.as_dict(), "named_by": named_by, "size": segment.size,
        "share": tidy(segment.size / max(1, len(segment.members))), "worth": worth,
        "summary": _summary(segment, setting, worth).as_dict(), "sections": sections,
        "unknown": _all_unknown(sections),
    }  # fmt: skip


def describe_worth(segment: Segment, setting: Setting) -> dict[str, object]:
    """Mean, median, total and index of the worth tag over customers with a known value; None where there is none."""
    info, column = setting.worth
    values = column.values[segment.members]
    known, base = values[~np.isnan(values)], column.values[~np.isnan(column.values)]
    total = float(base.sum())
    has = known.size > 0
    index = 100 * float(known.mean() / base.mean()) if has and float(base.mean()) > 0 else None
    return {
        "tag": info.name, "title": info.title.as_dict(), "unit": info.unit or (setting.currency if info.value_type == "money" else None),
        "mean": tidy(float(known.mean())) if has else None, "median": tidy(float(np.median(known))) if has else None,
        "total": tidy(float(known.sum()), 12), "share_of_total": tidy(float(known.sum()) / total) if total > 0 else None,
        "index": None if index is None else tidy(index),
    }  # fmt: skip


def _evidence_section(section: str, segment: Segment, setting: Setting) -> dict[str, object]:
    findings = segment.stated.get(section, ())
    unknown = _unknown(section, segment, setting)
    return {
        "id": section, "title": TITLES[section].as_dict(), "statements": [_finding(f, setting) for f in findings],
        "unknown": unknown.as_dict() if unknown else None,
    }  # fmt: skip


def _finding(f: Finding, setting: Setting) -> dict[str, object]:
    value = phrasebook().title_of(f)
    common: dict[str, object] = {
        "id": f.id, "text": statement(f, value, setting.currency).as_dict(), "kind": f.kind, "because": [],
    } | dict.fromkeys(_FINDING_KEYS)  # fmt: skip
    common |= {
        "tag": f.tag.name, "tag_title": f.tag.title.as_dict(), "value": f.value,
        "value_title": None if f.value is None else value.as_dict(), "n_segment": f.n_segment, "n_base": f.n_base,
        "missing_segment": tidy(f.missing_segment), "missing_base": tidy(f.missing_base), "p": tidy(f.p), "q": tidy(f.q),
        "defines_segment": f.tag.defines_segment, "unit": f.tag.unit,
    }  # fmt: skip
    if f.means is None:
        return common | {
            "share_segment": tidy(f.share_segment), "share_base": tidy(f.share_base), "count_segment": f.count_segment,
            "tgi": _figure(f.tgi), "tgi_low": _figure(f.low), "tgi_high": _figure(f.high),
        }  # fmt: skip
    return common | {
        "mean_segment": tidy(f.means.mean_segment), "mean_base": tidy(f.means.mean_base),
        "median_segment": tidy(f.means.median_segment), "median_base": tidy(f.means.median_base),
        "index": _figure(f.tgi), "index_low": _figure(f.low), "index_high": _figure(f.high),
    }  # fmt: skip


def _figure(value: float | None) -> float | None:
    return None if value is None or isnan(value) else tidy(value)


def _advice_section(section: str, segment: Segment, suggestions: Sequence[Suggestion]) -> dict[str, object]:
    mine = [s for s in suggestions if s.section == section]
    statements: list[dict[str, object]] = [
        {"id": s.id, "text": s.text.as_dict(), "kind": "advice", "because": list(s.because)}
        | dict.fromkeys(_FINDING_KEYS)
        for s in mine
    ]
    title = TITLES[section]
    unknown = None if mine else Both(
        f"未知：没有显著特征足以给出{title.zh}建议。", f"Unknown: no significant trait supports advice on {lowered(title.en)}."
    )  # fmt: skip
    if segment.small:
        unknown = _too_small(segment)
    return {
        "id": section, "title": TITLES[section].as_dict(), "statements": statements,
        "unknown": unknown.as_dict() if unknown else None,
    }  # fmt: skip


def _unknown(section: str, segment: Segment, setting: Setting) -> Both | None:
    """What the section can't say: attributes no column fills, those mostly missing, and tags that don't differ."""
    if segment.small:
        return _too_small(segment)
    said: list[Both] = []
    absent = [
        Both(e.zh, e.en)
        for e in phrasebook().expected.get(section, ())
        if not setting.spoken.filled & {e.code, *e.also}
    ]
    if absent:
        names = joined(absent, "or")
        said.append(Both(f"未知：本项目的数据没有{names.zh}。", f"Unknown: the project has no data on {names.en}."))
    tested = [f for f in segment.tested if f.tag.section == section]
    thin = {f.tag.name: f for f in tested if f.missing_base > MOSTLY_MISSING}
    if thin:
        names = joined([Both(f.tag.title.zh, lowered(f.tag.title.en)) for f in thin.values()])
        span = "–".join(dict.fromkeys(percent(edge(f.missing_base for f in thin.values())) for edge in (min, max)))
        said.append(
            Both(
                f"多数客户未知（缺失 {span}）：{names.zh}。",
                f"Unknown for most customers ({span} missing): {names.en}.",
            )
        )
    tags = len({f.tag.name for f in tested})
    if tags and not segment.stated.get(section):
        title = TITLES[section]
        said.append(Both(
            f"已检验 {tags} 个{title.zh}标签，与大盘没有显著差异。",
            f"{title.en}: {tags} tags tested, none differs significantly from the base.",
        ))  # fmt: skip
    return Both("".join(s.zh for s in said), " ".join(s.en for s in said)) if said else None


def _too_small(segment: Segment) -> Both:
    return Both(
        f"只有 {segment.size} 人，人数太少，不作推断。", f"Only {segment.size} customers: too few to conclude anything."
    )


def _all_unknown(sections: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
    """What the sections don't know, each thing once."""
    lines: list[dict[str, str]] = []
    for section in sections:
        unknown = section["unknown"]
        if isinstance(unknown, dict) and unknown not in lines:
            lines.append(unknown)
    return lines


def _summary(segment: Segment, setting: Setting, worth: Mapping[str, object]) -> Both:
    """Size and worth in one sentence, the three strongest traits in another."""
    share = percent(segment.size / max(1, len(segment.members)))
    first = Both(f"{segment.size:,} 人，占全体客户的 {share}", f"{segment.size:,} customers, {share} of all")
    mean, of_total = worth["mean"], worth["share_of_total"]
    info = setting.worth[0]
    if isinstance(mean, float):
        each = amount(mean, info, setting.currency)
        part = f"，合计占大盘的 {percent(of_total)}" if isinstance(of_total, float) else ""
        part_en = f", {percent(of_total)} of the total" if isinstance(of_total, float) else ""
        versus = _versus(segment, setting)
        first = Both(
            f"{first.zh}；{info.title.zh}人均 {each.zh}（{versus.zh}）{part}",
            f"{first.en}; mean {lowered(info.title.en)} {each.en} ({versus.en}){part_en}",
        )
    if segment.small:
        second = _too_small(segment)
        return Both(f"{first.zh}。{second.zh}", f"{first.en}. {second.en}")
    spoken = _strongest(segment, info.name)
    if not spoken:
        return Both(
            f"{first.zh}。其他方面与大盘没有显著差异。",
            f"{first.en}. Otherwise not significantly different from the base.",
        )
    traits = joined([brief(f, phrasebook().title_of(f)) for f in spoken])
    return Both(f"{first.zh}。与大盘相比：{traits.zh}。", f"{first.en}. Compared with the base: {traits.en}.")


def _versus(segment: Segment, setting: Setting) -> Both:
    worth = segment.worth
    if worth is None or worth.tgi is None or not worth.stands(setting.alpha):
        return Both("与大盘没有显著差异", "not significantly different from the base")
    return versus_base(worth.tgi)


def _strongest(segment: Segment, worth: str) -> list[Finding]:
    """Three findings of different topics; neither the worth tag nor what holds for everyone or nobody by definition."""
    topics: dict[str, Finding] = {}
    for finding in segment.all_stated:
        if finding.tag.name != worth and finding.share_segment not in (0.0, 1.0):
            topics.setdefault(finding.tag.topic, finding)
    return list(topics.values())[:3]
