"""Findings in words: what was measured, against what, and what to do; in Chinese and English. No customer's value is ever in them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from huaxiang.learn.quality.judge import Finding

Words = Mapping[str, tuple[str, str]]
_SHARES = frozenset({
    "change", "valid_rows", "complete", "valid", "unique", "duplicates", "copies", "condition", "agree", "accuracy",
})  # fmt: skip

#: measure → (Chinese, English), as heads of tables and lists.
MEASURES: Words = MappingProxyType({
    "rows": ("行数", "rows"), "change": ("行数变化", "change of rows"), "valid_rows": ("行有效率", "valid rows"),
    "complete": ("完整率", "completeness"), "valid": ("值有效率", "valid values"), "unique": ("唯一率", "uniqueness"),
    "duplicates": ("重复行占比", "repeated rows"),
    "copies": ("重复并被搁置的行", "rows set aside as duplicates"), "condition": ("规则符合率", "rows that meet the rule"),
    "agree": ("来源间一致率", "agreement between sources"), "accuracy": ("准确率", "accuracy"),
    "age": ("数据时差（天）", "age of the newest row (days)"), "later": ("晚于统计日的行", "rows after the as-of day"),
    "delay": ("到达延迟中位数（小时）", "median delay (hours)"), "drift": ("分布漂移 PSI", "drift (PSI)"),
    "same_key": ("键相同而未载入的行", "rows lost by their key"),
    "volume_score": ("行数异常分", "score of volume"), "median": ("中位数", "median"),
})  # fmt: skip

_TEXTS: Words = MappingProxyType({
    "rows": ("只有 {value} 行，少于 {bound}", "{value} rows, fewer than {bound}"),
    "change": ("行数较上次变化 {value}{limit}", "the number of rows changed by {value} since the last build{limit}"),
    "valid_rows": ("{value} 的行可载入，低于 {bound}", "{value} of the rows could be loaded, below {bound}"),
    "complete": ("{column} 完整率 {value}，低于 {bound}", "{column} is known on {value} of the rows, below {bound}"),
    "complete_fell": ("{column} 完整率由 {before} 降至 {value}", "{column} is known on {value} of the rows, down from {before}"),
    "empty": ("{column} 整列为空", "{column} has no value on any row"),
    "valid": ("{column} 的值 {value} 可读，低于 {bound}", "{value} of the values of {column} can be read, below {bound}"),
    "unique": ("{column} 唯一率 {value}，低于 {bound}", "{value} of the values of {column} stand on one row only, below {bound}"),
    "duplicates": ("{value} 的行与更早的行完全相同，高于 {bound}", "{value} of the rows repeat an earlier one, above {bound}"),
    "copies": ("{value} 的行因唯一字段重复被搁置，高于 {bound}", "{value} of the rows repeat the unique fields of another, above {bound}"),
    "condition": ("{value} 的行符合规则 {column}，低于 {bound}", "{value} of the rows meet the rule {column}, below {bound}"),
    "agree": (
        "{column} 与来源 {other} 的一致率 {value}，低于 {bound}",
        "{column} agrees with source {other} for {value} of the shared customers, below {bound}",
    ),
    "accuracy": (
        "{column} 与基准 {other} 相符 {value}，低于 {bound}",
        "{column} equals the truth in {other} on {value} of the rows, below {bound}",
    ),
    "age": ("最新一行距统计日 {value} 天，超过 {bound} 天", "the newest row is {value} days old, more than {bound}"),
    "later": ("{value} 行的时间晚于统计日", "{value} rows are dated after the as-of day"),
    "same_key": (
        "键 {column} 不能区分各行：{value} 行与同一次取数中键相同的另一行内容不同，未载入",
        "the key {column} does not tell rows apart: {value} rows of a fetch have the key of another one, but other content: left out",
    ),
    "drift": (
        "{column} 的分布较近几次构建有漂移：PSI {value}，界限 {bound}",
        "the distribution of {column} moved since the last builds: PSI {value}, bound {bound}",
    ),
    "appeared": ("{column} 出现 {value} 个新值{values}", "{column} has {value} new values{values}"),
    "vanished": ("{column} 有 {value} 个值消失{values}", "{value} values of {column} are gone{values}"),
    "column_appeared": ("文件新增列 {column}", "the file has a new column {column}"),
    "column_vanished": ("文件缺少原有的列 {column}", "column {column} is gone from the file"),
    "column_type": ("文件中列 {column} 的类型由 {old} 变为 {new}", "column {column} of the file was {old} and is now {new}"),
})  # fmt: skip

_ADVICE: Words = MappingProxyType({
    "rows": ("检查导出是否完整", "check that the export is whole"),
    "change": ("与数据提供方核对导出的时间范围和筛选条件", "ask the owner about the period and the filters of the export"),
    "valid_rows": (
        "用 huaxiang quality rejected {source} 查看被搁置的行及原因",
        "see why: huaxiang quality rejected {source}",
    ),
    "complete": ("确认该列在源系统中是否仍在填写，或补充采集", "check whether the column is still filled in, or collect it"),
    "complete_fell": ("确认源系统近期的改动", "ask what changed in the source system lately"),
    "empty": ("检查列映射；不再使用就从定义中删去", "check the mapping, or drop the field"),
    "valid": (
        ("补充同义词或格式，或声明 on_invalid: empty（保留该行，清空该值）；"
        "被清空的值见 huaxiang quality repairs {source} --raw，被搁置的行见 huaxiang quality rejected {source}"),
        ("add synonyms or a format, or `on_invalid: empty` (the row stays, without the value); "
        "emptied: huaxiang quality repairs {source} --raw, set aside: huaxiang quality rejected {source}"),
    ),
    "unique": ("声明 unique 或在源系统去重", "declare `unique`, or remove the copies at the source"),
    "duplicates": ("声明 unique，使重复行被搁置", "declare `unique`, so that copies are set aside"),
    "copies": ("在源系统查找重复的原因", "find out at the source why rows come twice"),
    "condition": ("与数据提供方核对不符合规则的行", "ask the owner about the rows that break the rule"),
    "agree": ("核对两个来源，并用 trust 或 pick 声明以谁为准", "compare the two sources; say by `trust` or `pick` which one wins"),
    "accuracy": ("找出录入环节的错误", "find out where the wrong values are entered"),
    "age": ("检查同步任务是否停止", "check whether the synchronisation stopped"),
    "later": ("检查时区，或用 not_after_as_of 搁置这些行", "check the time zone, or set them aside by not_after_as_of"),
    "same_key": (
        "在 database 的 key 中写全能识别一行的列，再以 huaxiang build --full 重建；表中本就保留历次状态的，写 versions: true",
        "name all columns that identify a row as `key`, then huaxiang build --full; if the table keeps older states: versions: true",
    ),
    "drift": ("确认是业务变化还是口径变化；会影响分群和模型", "find out what changed; segments and models depend on it"),
    "appeared": ("新值是否应并入词表？", "should the new values go into the vocabulary?"),
    "vanished": ("确认是否更名或漏导", "check whether they were renamed or left out"),
    "column_appeared": ("需要时映射到字段", "map it to a field if it is of use"),
    "column_vanished": ("改正导出，或改写列映射", "correct the export, or the mapping"),
    "column_type": ("检查列的映射类型与格式", "check the type and format of the mapping"),
})  # fmt: skip
_TYPES: Words = MappingProxyType({
    "integer": ("整数", "whole numbers"), "number": ("数字", "numbers"), "date": ("日期", "dates"), "boolean": ("是/否", "yes/no"),
    "text": ("文本", "texts"), "list": ("列表", "lists"),
})  # fmt: skip


def text_of(finding: Finding) -> dict[str, str]:
    """What was found: `{"zh": …, "en": …}`."""
    return {lang: _fill(finding, _TEXTS[finding.code][at], at) for at, lang in enumerate(("zh", "en"))}


def advice_of(finding: Finding) -> dict[str, str]:
    """What to do about it."""
    return {lang: _ADVICE[finding.code][at].format(source=finding.source) for at, lang in enumerate(("zh", "en"))}


def measure_title(measure: str) -> dict[str, str]:
    """The name of a measure."""
    zh, en = MEASURES.get(measure, (measure, measure))
    return {"zh": zh, "en": en}


def shown_value(measure: str, value: float | None) -> str:
    """A value as people read it: shares in per cent."""
    if value is None:
        return "–"
    if measure in _SHARES:
        return f"{value:+.1%}" if measure == "change" else _percent(value)
    if measure in ("age", "delay", "median"):
        return f"{value:,.1f}".removesuffix(".0")
    return f"{value:.3f}" if measure in ("drift", "volume_score") else f"{value:,.0f}"


def _percent(value: float) -> str:
    """Per cent with one decimal; never rounded up to 100 or down to 0."""
    text = f"{value:.1%}"
    if text == "100.0%" and value < 1:
        return f"{min(value, 0.9999):.2%}"
    return "<0.1%" if text == "0.0%" and value > 0 else text


def _fill(finding: Finding, text: str, at: int) -> str:
    measure = finding.key.measure
    values = ("、", ", ")[at].join(finding.values[:8])
    kinds = [_TYPES.get(v, (v, v))[at] for v in finding.values] + ["", ""]
    limit = ""
    if finding.bound is not None:
        limit = (f"，超过 {finding.bound:.0%}", f", more than {finding.bound:.0%}")[at]
    return text.format(
        column=finding.key.column, other=finding.key.other, value=shown_value(measure, finding.value),
        bound=shown_value(measure, finding.bound), before=shown_value(measure, finding.before), limit=limit,
        values=(f"：{values}", f": {values}")[at] if values else "", old=kinds[0], new=kinds[1],
    )  # fmt: skip
