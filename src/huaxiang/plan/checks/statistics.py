"""Statistic tags: source, window, what each measure needs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from huaxiang.errors import did_you_mean
from huaxiang.plan.checks.findings import Findings
from huaxiang.plan.columns import field_types, has_customers, statistic_type, time_field
from huaxiang.plan.types import family, is_numeric, words
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
        found.add(at, ("source",), "TAG001", f'unknown source "{tag.source}"{did_you_mean(tag.source, sources)}')
        return
    if not has_customers(found.project, source):
        found.add(
            at, ("source",), "TAG002", f'source "{source.name}" has no customers; use one that maps an identity key'
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
        found.add(at, ("of",), "TAG004", f'measure {tag.measure} needs a number, but "of" is {words(of.type)}')
    elif of is not None and family(of.type) == "list":
        found.add(
            at, ("of",), "TAG004", f"measure {tag.measure} can't measure a list; use an attribute with pick: union"
        )
    if by is not None and not is_numeric(by.type):
        found.add(at, ("by",), "TAG004", f'"by" must be a number, but is {words(by.type)}')
    if tag.empty is not None and (tag.of is None or of is not None):
        _check_empty(found, tag, at)


def _check_window(found: Findings, tag: StatisticTag, source: SourceSpec, at: tuple[str, str]) -> None:
    if isinstance(tag.window, str) and not re.fullmatch(r"\s*0*[1-9]\d{0,4}\s*d\s*", tag.window):
        message = f'window is "{tag.window}"; write days such as 90d, or {{days: 90, offset: 90}}'
        found.add(at, ("window",), "TAG005", message)
    if time_field(source) is not None:
        return
    name = TIME_FIELD.get(source.entity)
    advice = f'map the field "{name}"' if name else "use a source with dates"
    if tag.window is not None:
        found.add(
            at, ("window",), "TAG006", f'a window needs dated rows, but source "{source.name}" has none; {advice}'
        )
    if tag.measure in _NEEDS_TIME:
        message = f'measure {tag.measure} needs dated rows, but source "{source.name}" has none; {advice}'
        found.add(at, ("measure",), "TAG006", message)


def _check_keys(found: Findings, tag: StatisticTag, at: tuple[str, str]) -> None:
    """Keys that the measure needs, and keys that mean nothing to it."""
    if tag.measure in _NEEDS_OF and tag.of is None:
        found.add(at, ("measure",), "TAG003", f'measure {tag.measure} needs the key "of" (what is measured)')
    if tag.measure == "share" and tag.share_of is None:
        found.add(
            at, ("measure",), "TAG003", 'measure share needs the key "share_of" (the condition of the rows that count)'
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
                at, (key,), "TAG007", f'measure {tag.measure} takes no "{key}"; remove it or choose another measure'
            )


def _check_empty(found: Findings, tag: StatisticTag, at: tuple[str, str]) -> None:
    kind = statistic_type(found.project, tag)
    allowed = _EMPTY_WORDS.get(family(kind), ())
    fits = isinstance(tag.empty, allowed) and (isinstance(tag.empty, bool) == (family(kind) == "boolean"))
    if not fits and not (family(kind) == "integer" and isinstance(tag.empty, float) and tag.empty.is_integer()):
        found.add(at, ("empty",), "TAG008", f"the tag is {words(kind)}; empty must be one too, or be left out")
