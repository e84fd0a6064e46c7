"""What a condition may speak of besides the columns of customers: the rows of sources, and how they are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlglot import exp

from huaxiang.errors import ExpressionError, Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.aggregate import result_type
from huaxiang.plan.condition_text import OPS, column
from huaxiang.plan.conditions import MEASURE_CALLS, ComparisonOp, MeasureFunction
from huaxiang.plan.expr import CheckedExpression, check_tree, within
from huaxiang.plan.nodes import Measure, TimeRange
from huaxiang.plan.types import family, is_numeric, words, words_zh

_OPERATION = {op: kind for kind, (op, _) in OPS.items()}
_NEEDS_ZH = {
    "a number": "数值",
    "a number or a date": "数值或日期",
    "a single value, not a list": "单个值（不能是列表）",
}
_NEEDS: Mapping[MeasureFunction, tuple[str, frozenset[str]]] = {
    "sum": ("a number", frozenset({"integer", "number", "money"})),
    "mean": ("a number", frozenset({"integer", "number", "money"})),
    "min": ("a number or a date", frozenset({"integer", "number", "money", "date", "timestamp"})),
    "max": ("a number or a date", frozenset({"integer", "number", "money", "date", "timestamp"})),
    "distinct": ("a single value, not a list", frozenset({"text", "integer", "number", "money", "date", "timestamp", "boolean"})),
    "first": ("a single value, not a list", frozenset({"text", "integer", "number", "money", "date", "timestamp", "boolean"})),
    "last": ("a single value, not a list", frozenset({"text", "integer", "number", "money", "date", "timestamp", "boolean"})),
}  # fmt: skip
TIMED: frozenset[MeasureFunction] = frozenset({"days", "first", "last"})
"""Measures that need dated rows even without a window."""


@dataclass(frozen=True)
class SourceFields:
    """A source whose rows belong to customers: field → DuckDB type, and the field that dates a row (None: nothing does)."""

    types: Mapping[str, str]
    time: str | None = None


Sources = Mapping[str, SourceFields]


def source_of(name: str, sources: Sources) -> SourceFields:
    """The source of that name; CON007 when there is none."""
    if name not in sources:
        known = did_you_mean(name, sources) if sources else "; no source has rows of customers"
        zh = did_you_mean_zh(name, sources) if sources else "；没有任何数据源属于客户"
        raise ExpressionError("CON007", f'unknown source "{name}"{known}', zh=f"没有名为“{name}”的数据源{zh}")
    return sources[name]


def need_time(name: str, source: SourceFields, what: Said) -> None:
    """CON008 unless the source's rows are dated; `what` needs it."""
    if source.time is None:
        raise ExpressionError(
            "CON008",
            f'{what.en} needs dated rows, but source "{name}" maps no field that dates them; map one, or leave it out',
            zh=f"{what.zh}需要带日期的行，而数据源“{name}”没有映射标注日期的字段；请映射一个，或去掉它",
        )


def check_where(tree: exp.Expression, name: str, source: SourceFields) -> CheckedExpression:
    """Check a condition over the rows of a source; faults name the source."""
    try:
        return check_tree(tree, source.types, boolean=True)
    except ExpressionError as error:
        zh = f"数据源“{name}”：{error.said.zh}"
        raise ExpressionError(error.code, f'source "{name}": {error.message}', error.span, zh=zh) from None


def field_of(node: exp.Column, name: str, source: SourceFields) -> str:
    """The name of a field of a source as it is spelt there; CON007 when the source has no such field."""
    found = node.name
    if found not in source.types and not node.this.quoted and found.lower() in source.types:
        found = found.lower()
    if found not in source.types or node.args.get("table") is not None:
        raise ExpressionError(
            "CON007", f'source "{name}" has no field "{found}"{did_you_mean(found, source.types)}',
            zh=f"数据源“{name}”没有字段“{found}”{did_you_mean_zh(found, source.types)}",
        )  # fmt: skip
    return found


def measure_type(function: MeasureFunction, of: str | None) -> str:
    """DuckDB type of what a measure gives; `of`: the type of its field. CON009 when it can't measure such a field."""
    if function in _NEEDS:
        need, families = _NEEDS[function]
        if of is None or family(of) not in families:
            got = words(of) if of is not None else "nothing"
            zh = f"{MEASURE_CALLS[function]}(…) 需要{_NEEDS_ZH[need]}，而该字段是{words_zh(of) if of is not None else '空的'}"
            raise ExpressionError("CON009", f"{MEASURE_CALLS[function]}(…) needs {need}, but the field is {got}", zh=zh)
    measured = "active_days" if function == "days" else function
    return result_type(Measure("value", measured, TimeRange(None, datetime(9999, 12, 31)), of_type=of))


def comparison(function: MeasureFunction, op: ComparisonOp, value: exp.Expression, kind: str) -> CheckedExpression:
    """`value op constant` over one column of that name and type `kind`, portable. EXP codes when the two can't be compared."""
    name = MEASURE_CALLS[function]
    if family(kind) == "boolean" and op not in ("=", "!="):
        zh = f"{name}(…) 在这里是真/假值，没有大小；请用 = 或 !="
        raise ExpressionError("EXP007", f"{name}(…) is true/false here and has no order; use = or !=", zh=zh)
    if function in ("count", "days", "distinct") and not _is_number(value):
        zh = f"{name}(…) 是计数，只能与数值比较"
        raise ExpressionError("EXP007", f"{name}(…) counts and must be compared with a number", zh=zh)
    return check_tree(_OPERATION[op](this=column(name), expression=value.copy()), {name: kind}, boolean=True)


def _is_number(value: exp.Expression) -> bool:
    bare = value.this if isinstance(value, exp.Neg) else value
    return isinstance(bare, exp.Literal) and not bare.is_string


def check_rank(node: exp.Column, columns: Mapping[str, str]) -> None:
    """CON009 unless customers can be ranked by the column."""
    with within(node):
        checked = check_tree(node, columns)
        if not is_numeric(checked.type) and family(checked.type) not in ("date", "timestamp"):
            message = f'top and bottom rank by a number or a date, but "{node.name}" is {words(checked.type)}'
            zh = f"top 与 bottom 按数值或日期排名，而“{node.name}”是{words_zh(checked.type)}"
            raise ExpressionError("CON009", message, zh=zh)


def day(text: str) -> date:
    """A day written YYYY-MM-DD; ValueError when it is none."""
    if len(text) != 10:
        raise ValueError
    return date.fromisoformat(text)
