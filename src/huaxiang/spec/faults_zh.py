"""What `spec.faults` says of a definition, for those who read Chinese."""

from __future__ import annotations

import types
from collections.abc import Mapping

from huaxiang.errors import did_you_mean_zh
from huaxiang.spec.login import HINTS_ZH

SINGULAR_ZH: Mapping[str, str] = types.MappingProxyType({
    "sources": "数据源", "identity": "标识键", "matching": "匹配", "households": "家庭规则", "attributes": "属性",
    "tags": "标签", "audiences": "人群", "clusterings": "聚类", "personas": "画像集",
})  # fmt: skip
_KINDS_ZH = {
    "text": "文本", "a whole number": "整数", "a number": "数值", "true or false": "true 或 false", "a list": "列表", "a mapping": "键值对",
}  # fmt: skip
_BOUNDS_ZH = {"at least": "不小于", "more than": "大于", "at most": "不大于", "less than": "小于"}


def subject_zh(kind: str, name: str | None, number: int) -> str:
    """The definition at fault: `标签“high_value”`, or which one of the file it is (`number` from 1)."""
    return f"{SINGULAR_ZH[kind]}“{name}”" if name is not None else f"文件中第 {number} 个{SINGULAR_ZH[kind]}"


def place_zh(key: str, *, a_key: bool = False) -> str:
    """A key of a definition; `a_key`: one of its own keys. Empty: the definition."""
    if a_key:
        return f"“{key}”中的一个键"
    return f"“{key}”" if key else "该定义"


def unknown_zh(key: str, known: tuple[str, ...]) -> str:
    """A key that there isn't."""
    return f"没有名为“{key}”的键{did_you_mean_zh(key, known)}"


def missing_zh(key: str, inside: str) -> str:
    """A key that is needed; `inside`: where, by `place_zh`."""
    return f"{inside}缺少必需的键“{key}”"


def choice_zh(where: str, shown: str, given: str, choices: list[str]) -> str:
    """A value that is none of the choices."""
    return f"{where}的值是 {shown}，不在可选范围内{did_you_mean_zh(given, choices)}"


def bound_zh(where: str, shown: str, word: str, bound: float) -> str:
    """A number out of bounds; `word` as in English."""
    return f"{where}的值是 {shown}；必须{_BOUNDS_ZH[word]} {bound:g}"


def count_zh(where: str, count: int, word: str, bound: int) -> str:
    """A list of too few or too many items."""
    return f"{where}有 {count} 项；必须{'至少' if word == 'at least' else '至多'}有 {bound} 项"


def type_zh(where: str, shown: str | None, kinds: list[str], quoted: str | None) -> str:
    """A value of the wrong type; `shown` None: it is empty; `quoted`: the text that was meant perhaps."""
    wanted = "或".join(_KINDS_ZH[kind] for kind in kinds)
    if shown is None:
        return f"{where}是空的；请写{wanted or '取值'}，或删去这个键"
    if not kinds:
        return f"{where}的值是 {shown}，这里不允许"
    return f"{where}的值是 {shown}；必须是{wanted}" + (f'；请加引号："{quoted}"' if quoted is not None else "")


def kind_zh(given: object, kinds: list[str]) -> str:
    """A tag without a kind, or of an unknown one."""
    if given is None:
        return f"缺少必需的键“kind”；请写下列之一：{'、'.join(kinds)}"
    return f"没有“{given}”这一种标签{did_you_mean_zh(str(given), kinds)}"


def pattern_zh(where: str, shown: str, pattern: str) -> str:
    """A text that doesn't match."""
    if pattern in HINTS_ZH:
        return f"{where}{HINTS_ZH[pattern]}"
    if pattern.startswith("^[a-z]"):
        return f"{where}的值是 {shown}；名称以小写字母开头，只含小写字母、数字和 _（最多 63 个字符），例如 high_value"
    if pattern == r"^[A-Z]{3}$":
        return f"{where}的值是 {shown}；请写三个大写字母（ISO 4217），例如 CNY"
    return f"{where}的值是 {shown}；必须符合 {pattern}"


def shown_zh(shown: str) -> str:
    """What was given, as `faults` shows it in English."""
    return {"a mapping": "键值对", "a list": "列表", "empty": "空"}.get(shown, shown)
