"""The rule of a tag as a sentence, in Chinese and English, with the titles of what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from huaxiang.run.segmenting import text_of
from huaxiang.spec.loader import Project
from huaxiang.spec.models import (
    BandsTag,
    ExpressionTag,
    FactTag,
    LayeredTag,
    LifecycleTag,
    RfmTag,
    RuleTag,
    StatisticTag,
    Tag,
    Window,
)
from huaxiang.stages.tag import parse_window
from huaxiang.stages.tag_values import AGE_LABELS, band_labels

Both = tuple[str, str]
"""(Chinese, English)."""

MEASURE_TITLES: Mapping[str, Both] = MappingProxyType({
    "count": ("次数", "number of rows"), "distinct": ("不同取值个数", "number of different values"), "sum": ("合计", "sum"),
    "min": ("最小值", "smallest value"), "max": ("最大值", "largest value"), "mean": ("平均值", "mean"), "median": ("中位数", "median"),
    "stddev": ("标准差", "standard deviation"), "first": ("最早一次的取值", "first value"), "last": ("最近一次的取值", "last value"),
    "top": ("最多的取值", "most frequent value"), "top_n": ("最多的几个取值", "most frequent values"), "share": ("占比", "share"),
    "top_share": ("首选取值的占比", "share of the most frequent value"), "days_since_first": ("距首次天数", "days since the first"),
    "days_since_last": ("距最近一次天数", "days since the last"), "active_days": ("活跃天数", "days with a row"),
    "cycle": ("平均间隔天数", "mean days between rows"),
})  # fmt: skip


def words_of(project: Project, spec: Tag) -> dict[str, str]:
    """The rule of a tag: `zh` and `en`. Conditions and expressions are told as they are written."""
    zh = en = ""
    match spec:
        case StatisticTag():
            zh, en = _statistic(project, spec)
        case FactTag():
            name = _attribute(project, spec.from_)
            zh, en = f"取自属性“{name[0]}”", f"Taken over from the attribute “{name[1]}”"
        case RuleTag():
            zh, en = (
                f"满足条件的客户为“是”，其余为“否”：{spec.when}",
                f"Yes for customers who meet the condition, no for the rest: {spec.when}",
            )
        case ExpressionTag():
            zh, en = f"按公式计算：{spec.value}", f"Computed as: {spec.value}"
        case LayeredTag():
            zh, en = _layers(spec)
        case BandsTag():
            zh, en = _bands(spec)
        case RfmTag():
            zh, en = _rfm(spec)
        case LifecycleTag():
            zh, en = _lifecycle(spec)
    return {"zh": zh, "en": en}


def _statistic(project: Project, spec: StatisticTag) -> Both:
    source = project.sources.get(spec.source)
    title = text_of(source.title if source else None, spec.source)
    measure = MEASURE_TITLES[spec.measure]
    of = spec.share_of if spec.measure == "share" else spec.of
    window = _window(
        parse_window(spec.window) if not isinstance(spec.window, str) or spec.window.strip()[:-1].isdigit() else None
    )
    zh = f"每位客户在“{title['zh']}”中{window[0]}" + (f" {of} 的" if of else "的") + measure[0]
    en = f"Per customer, from “{title['en']}”{window[1]}: {measure[1]}" + (f" of {of}" if of else "")
    if spec.measure == "top_n":
        zh, en = f"{zh}（前 {spec.n} 个）", f"{en} (the first {spec.n})"
    weight = spec.of if spec.measure == "share" else spec.by
    if weight:
        zh, en = f"{zh}，按 {weight} 加权", f"{en}, weighted by {weight}"
    if spec.where:
        zh, en = f"{zh}；只计 {spec.where}", f"{en}; only rows where {spec.where}"
    if spec.empty is not None:
        zh, en = f"{zh}；没有记录时为 {spec.empty}", f"{en}; {spec.empty} without any row"
    return zh, en


def _window(window: Window | None) -> Both:
    if window is None:
        return "全部时间内", ", all time"
    if not window.offset:
        return f"近 {window.days} 天内", f", last {window.days} days"
    first, last = window.offset + 1, window.offset + window.days
    return f"{first}–{last} 天前", f", {first}–{last} days ago"


def _layers(spec: LayeredTag) -> Both:
    zh, en = [], []
    for layer in spec.layers:
        title = text_of(layer.title, layer.value)
        zh.append(f"“{title['zh']}”：{layer.when}")
        en.append(f"“{title['en']}”: {layer.when}")
    rest = (
        ("其余没有取值", "no value else")
        if spec.otherwise is None
        else (f"其余为“{spec.otherwise}”", f"else “{spec.otherwise}”")
    )
    return (
        f"按顺序取第一个满足的条件。{'；'.join([*zh, rest[0]])}",
        f"The first condition that holds. {'; '.join([*en, rest[1]])}",
    )


def _bands(spec: BandsTag) -> Both:
    if spec.bounds == "age":
        told = "、".join(AGE_LABELS)
        return f"{spec.of} 按年龄段划分：{told}", f"{spec.of}, cut into age bands: {told.replace('、', ', ')}"
    labels = band_labels(spec)
    edges = [f"{bound:g}" for bound in spec.bounds]
    ranges = [f"< {edges[0]}", *(f"{low}–{high}" for low, high in pairwise(edges)), f"≥ {edges[-1]}"] if edges else []
    parts = [f"{label} ({text})" for label, text in zip(labels, ranges, strict=False)]
    return f"{spec.of} 分段：{'、'.join(parts)}", f"{spec.of}, cut into bands: {', '.join(parts)}"


def _rfm(spec: RfmTag) -> Both:
    inputs = f"R {spec.recency}, F {spec.frequency}, M {spec.monetary}"
    levels = spec.scores.levels
    return (
        f"由 {inputs} 各打 1–{levels} 分，并分为八类客户",
        f"Scores 1–{levels} from {inputs}, and the eight classes",
    )


def _lifecycle(spec: LifecycleTag) -> Both:
    return (
        f"由 {spec.orders} 与 {spec.recency} 判断阶段：超过 {spec.sleeping_after} 天沉睡，超过 {spec.churned_after} 天流失",
        f"Stage from {spec.orders} and {spec.recency}: sleeping after {spec.sleeping_after} days, churned after {spec.churned_after} days",
    )


def _attribute(project: Project, name: str) -> Both:
    spec = project.attributes.get(name)
    title = text_of(spec.title if spec else None, name)
    return title["zh"], title["en"]
