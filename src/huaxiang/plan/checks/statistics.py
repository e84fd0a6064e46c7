"""Statistic tags: source, window, what each measure needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from huaxiang.errors import Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import field_types, has_customers, statistic_type, time_field
from huaxiang.plan.types import family, is_numeric, words, words_zh
from huaxiang.spec.canonical import TIME_FIELD
from huaxiang.spec.models import SourceSpec, StatisticTag

_NEEDS_OF = ("distinct", "sum", "min", "max", "mean", "median", "stddev", "first", "last", "top", "top_n", "top_share")
_NUMERIC_OF = ("sum", "mean", "median", "stddev", "share")
_NO_OF = ("days_since_first", "days_since_last", "active_days", "cycle")
_NEEDS_TIME = ("first", "last", *_NO_OF)
_RANKED = ("top", "top_n", "top_share")
_EMPTY_WORDS: Mapping[str, tuple[type, ...]] = MappingProxyType({
    "text": (str,), "integer": (int,), "number": (int, float), "money": (int, float), "boolean": (bool,),
})  # fmt: skip


def check(found: Findings) -> None:
    """Check every statistic tag."""
    for tag in found.project.tags.values():
        if isinstance(tag, StatisticTag):
            _check_statistic(found, tag)


def _check_statistic(found: Findings, tag: StatisticTag) -> None:
    at = ("tags", tag.name)
    sources = found.project.sources
    source = sources.get(tag.source)
    if source is None:
        found.add(
            at,
            ("source",),
            "TAG001",
            Said(
                f'unknown source "{tag.source}"{did_you_mean(tag.source, sources)}',
                f"没有名为“{tag.source}”的数据源{did_you_mean_zh(tag.source, sources)}",
            ),
        )
        return
    if not has_customers(found.project, source):
        found.add(
            at,
            ("source",),
            "TAG002",
            Said(
                f'source "{source.name}" has no customers; use one that maps an identity key',
                f"数据源“{source.name}”没有客户；请用映射了标识键的数据源",
            ),
        )
    _check_window(found, tag, source, at)
    _check_keys(found, tag, at)
    types = field_types(found.project, source)
    of = found.expression(at, ("of",), tag.of, types) if tag.of is not None else None
    by = found.expression(at, ("by",), tag.by, types) if tag.by is not None else None
    if tag.where is not None:
        found.expression(at, ("where",), tag.where, types, boolean=True)
    if tag.share_of is not None:
        found.expression(at, ("share_of",), tag.share_of, types, boolean=True)
    if of is not None and tag.measure in _NUMERIC_OF and not is_numeric(of.type):
        found.add(
            at,
            ("of",),
            "TAG004",
            Said(
                f'measure {tag.measure} needs a number, but "of" is {words(of.type)}',
                f"度量 {tag.measure} 需要数值，而“of”是{words_zh(of.type)}",
            ),
        )
    elif of is not None and family(of.type) == "list":
        found.add(
            at,
            ("of",),
            "TAG004",
            Said(
                f"measure {tag.measure} can't measure a list; use an attribute with pick: union",
                f"度量 {tag.measure} 不能用于列表；请用 pick: union 的属性",
            ),
        )
    if by is not None and not is_numeric(by.type):
        found.add(
            at,
            ("by",),
            "TAG004",
            Said(f'"by" must be a number, but is {words(by.type)}', f"“by”必须是数值，而它是{words_zh(by.type)}"),
        )
    if tag.empty is not None and (tag.of is None or of is not None):
        _check_empty(found, tag, at)


def _check_window(found: Findings, tag: StatisticTag, source: SourceSpec, at: tuple[str, str]) -> None:
    if isinstance(tag.window, str) and not re.fullmatch(r"\s*0*[1-9]\d{0,4}\s*d\s*", tag.window):
        message = Said(
            f'window is "{tag.window}"; write days such as 90d, or {{days: 90, offset: 90}}',
            f"window 是“{tag.window}”；请写天数，如 90d，或 {{days: 90, offset: 90}}",
        )
        found.add(at, ("window",), "TAG005", message)
    if time_field(source) is not None:
        return
    name = TIME_FIELD.get(source.entity)
    advice = f'map the field "{name}"' if name else "use a source with dates"
    advice_zh = f"请映射字段“{name}”" if name else "请用带日期的数据源"
    if tag.window is not None:
        found.add(
            at,
            ("window",),
            "TAG006",
            Said(
                f'a window needs dated rows, but source "{source.name}" has none; {advice}',
                f"window 需要带日期的行，而数据源“{source.name}”没有；{advice_zh}",
            ),
        )
    if tag.measure in _NEEDS_TIME:
        message = Said(
            f'measure {tag.measure} needs dated rows, but source "{source.name}" has none; {advice}',
            f"度量 {tag.measure} 需要带日期的行，而数据源“{source.name}”没有；{advice_zh}",
        )
        found.add(at, ("measure",), "TAG006", message)


def _check_keys(found: Findings, tag: StatisticTag, at: tuple[str, str]) -> None:
    """Keys that the measure needs, and keys that mean nothing to it."""
    if tag.measure in _NEEDS_OF and tag.of is None:
        found.add(
            at,
            ("measure",),
            "TAG003",
            Said(
                f'measure {tag.measure} needs the key "of" (what is measured)',
                f"度量 {tag.measure} 需要“of”（度量什么）",
            ),
        )
    if tag.measure == "share" and tag.share_of is None:
        found.add(
            at,
            ("measure",),
            "TAG003",
            Said(
                'measure share needs the key "share_of" (the condition of the rows that count)',
                "度量 share 需要“share_of”（计入哪些行的条件）",
            ),
        )
    useless = (
        ("of", tag.of is not None and tag.measure in _NO_OF),
        ("by", tag.by is not None and tag.measure not in _RANKED),
        ("share_of", tag.share_of is not None and tag.measure != "share"),
        ("n", "n" in tag.model_fields_set and tag.measure != "top_n"),
    )
    for key, is_useless in useless:
        if is_useless:
            found.add(
                at,
                (key,),
                "TAG007",
                Said(
                    f'measure {tag.measure} takes no "{key}"; remove it or choose another measure',
                    f"度量 {tag.measure} 不使用“{key}”；请删去，或换一种度量",
                ),
            )


def _check_empty(found: Findings, tag: StatisticTag, at: tuple[str, str]) -> None:
    kind = statistic_type(found.project, tag)
    allowed = _EMPTY_WORDS.get(family(kind), ())
    fits = isinstance(tag.empty, allowed) and (isinstance(tag.empty, bool) == (family(kind) == "boolean"))
    if not fits and not (family(kind) == "integer" and isinstance(tag.empty, float) and tag.empty.is_integer()):
        found.add(
            at,
            ("empty",),
            "TAG008",
            Said(
                f"the tag is {words(kind)}; empty must be one too, or be left out",
                f"该标签是{words_zh(kind)}；empty 也必须是，或者不写",
            ),
        )
