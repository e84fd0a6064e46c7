"""What editors and the documentation tell of conditions: the calls that are conditions of their own, and operators by type. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class ConditionCall:
    """A call that is a condition of its own. `arguments`: what stands in each place: source, field, where, column, condition, step,
    list, audience, number or text; `names`: the arguments given by name.
    """

    name: str
    signature: str
    zh: str
    en: str
    example: str
    arguments: tuple[str, ...]
    names: tuple[str, ...] = ()


_WINDOW = ("days", "since", "until")
_ROWS = ("source", "where")
_FIELD = ("source", "field", "where")

# fmt: off
_ALL = (
    ConditionCall("did", "did('source'[, condition][, days => n])", "做过：至少有一条这样的记录", "has at least one such row",
                  "did('orders', amount > 100, days => 30)", _ROWS, _WINDOW),
    ConditionCall("count_of", "count_of('source'[, condition][, window]) >= n",
                  "次数（记录条数），没有为 0", "number of rows, 0 without any",
                  "count_of('orders', days => 90) >= 3", _ROWS, _WINDOW),
    ConditionCall("days_of", "days_of('source'[, condition][, window]) >= n", "有记录的天数", "days with such a row",
                  "days_of('views', since => '2024-01-01', until => '2024-03-31') >= 5", _ROWS, _WINDOW),
    ConditionCall("distinct_of", "distinct_of('source', field[, condition][, window]) >= n", "不同取值的个数", "number of different values",
                  "distinct_of('orders', channel) >= 2", _FIELD, _WINDOW),
    ConditionCall("sum_of", "sum_of('source', field[, condition][, window]) > value", "合计，没有为 0", "sum, 0 without any row",
                  "sum_of('orders', amount, channel = '线上', days => 90) > 500", _FIELD, _WINDOW),
    ConditionCall("mean_of", "mean_of('source', field[, condition][, window]) > value", "平均，没有则未知", "mean, unknown without any row",
                  "mean_of('orders', amount) > 300", _FIELD, _WINDOW),
    ConditionCall("min_of", "min_of('source', field[, condition][, window]) > value",
                  "最小值或最早的日期", "smallest number or earliest date",
                  "min_of('orders', amount) >= 50", _FIELD, _WINDOW),
    ConditionCall("max_of", "max_of('source', field[, condition][, window]) > value", "最大值或最晚的日期", "largest number or latest date",
                  "max_of('orders', ordered_at) < '2024-01-01'", _FIELD, _WINDOW),
    ConditionCall("first_of", "first_of('source', field[, condition][, window]) = value",
                  "最早一条的取值", "value of the earliest row that has one",
                  "first_of('orders', channel) = '门店'", _FIELD, _WINDOW),
    ConditionCall("last_of", "last_of('source', field[, condition][, window]) = value",
                  "最近一条的取值", "value of the latest row that has one",
                  "last_of('orders', channel) = '线上'", _FIELD, _WINDOW),
    ConditionCall("in_sequence", "in_sequence('source', 'source', …[, within => n][, without => 'source'][, window])",
                  "依次做过；within 为第一步后的天数，without 为其间没有做过",
                  "did one after the other; within so many days of the first, without something between",
                  "in_sequence('views', step('orders', amount > 100), within => 7, without => 'refunds')", ("step",),
                  ("within", "without", *_WINDOW)),
    ConditionCall("step", "step('source', condition)", "in_sequence 中带条件的一步", "a step of in_sequence with a condition",
                  "in_sequence(step('views', page = 'home'), 'orders')", _ROWS),
    ConditionCall("in_audience", "in_audience('name')", "属于另一人群", "is in another audience", "in_audience('vip')", ("audience",)),
    ConditionCall("in_list", "in_list('name')", "在上传的名单中", "is on an uploaded list", "in_list('vip_2024')", ("list",)),
    ConditionCall("sample", "sample(share[, 'seed'])", "随机抽样，同一种子结果不变", "a random share, always the same for a seed",
                  "sample(0.1, 'spring')", ("number", "text")),
    ConditionCall("top", "top(n, tag[, condition])",
                  "按标签从大到小的前 n 人（在满足条件者中）", "the n largest by a tag, among those that meet a condition",
                  "top(1000, spend, city = '上海')", ("number", "column", "condition")),
    ConditionCall("bottom", "bottom(n, tag[, condition])", "按标签从小到大的前 n 人", "the n smallest by a tag",
                  "bottom(1000, spend)", ("number", "column", "condition")),
)
# fmt: on

CONDITION_CALLS: Mapping[str, ConditionCall] = MappingProxyType({call.name: call for call in _ALL})
"""Every call that is a condition of its own, in the order of the documentation."""

_EQUAL = ("=", "!=", "in", "not_in")
_ORDER = ("=", "!=", "<", "<=", ">", ">=", "between", "not_between", "in", "not_in")
_EMPTY = ("is_null", "is_not_null")
_MATCH = ("contains", "not_contains", "starts_with", "ends_with", "like", "ilike", "matches")
OPERATORS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "boolean": ("=", "!=", *_EMPTY), "enum": (*_EQUAL, *_MATCH, *_EMPTY), "text": (*_EQUAL, *_MATCH, *_EMPTY),
    "list": ("has_any", "has_all", "has_none", *_EMPTY),
    **dict.fromkeys(("integer", "number", "money", "date", "datetime"), (*_ORDER, *_EMPTY)),
})  # fmt: skip
"""value_type → the operators of the tree that suit it, the usual ones first."""
