"""Type rules and portable forms of functions. What each means stands in `huaxiang.plan.functions`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlglot import exp

from huaxiang.errors import ExpressionError, Said
from huaxiang.plan.functions import INSTEAD, INSTEAD_ZH
from huaxiang.plan.operators import Rule, Visitor, chain, comparable, shown, wrap
from huaxiang.plan.types import (
    BOOLEAN,
    DATE,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Typed,
    cast,
    to_double,
    unify,
    words,
    words_zh,
)

_NEEDS = {
    "text": ("text",), "numeric": ("integer", "number", "money"), "temporal": ("date", "timestamp"), "list": ("list",),
}  # fmt: skip
_NEED_ZH = {"text": "文本", "numeric": "数值", "temporal": "日期或日期时间", "list": "列表"}
_NEED_WORDS = {"text": "text", "numeric": "a number", "temporal": "a date or date with time", "list": "a list"}


def argument(visitor: Visitor, node: exp.Expression | None, need: str, call: exp.Expression) -> Typed:
    """Visit an argument that must be text, numeric, temporal or a list; EXP006 when it is not, EXP009 when it lacks."""
    if node is None:
        raise ExpressionError("EXP009", f"`{shown(call)}` lacks an argument", zh=f"“{shown(call)}”缺少参数")
    value = visitor.visit(node)
    if value.family not in _NEEDS[need]:
        message = f"`{shown(call)}` needs {_NEED_WORDS[need]}, but `{shown(node)}` is {words(value.type)}"
        zh = f"“{shown(call)}”需要{_NEED_ZH[need]}，而“{shown(node)}”是{words_zh(value.type)}"
        raise ExpressionError("EXP006", message, zh=zh)
    return value


def _text_literal(node: object, call: exp.Expression, what: Said) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string or not node.name:
        zh = f"“{shown(call)}”：{what.zh}必须是带引号的文本"
        raise ExpressionError("EXP009", f"`{shown(call)}`: {what.en} must be a text in quotes", zh=zh)
    return node.name


def _whole_literal(node: object, call: exp.Expression, what: Said, minimum: int = 1) -> int:
    sign = 1
    if isinstance(node, exp.Neg):
        sign, node = -1, node.this
    if (
        not isinstance(node, exp.Literal)
        or node.is_string
        or not node.name.isdigit()
        or sign * int(node.name) < minimum
    ):
        zh = f"“{shown(call)}”：{what.zh}必须是不小于 {minimum} 的整数"
        raise ExpressionError(
            "EXP009", f"`{shown(call)}`: {what.en} must be a whole number of at least {minimum}", zh=zh
        )
    return sign * int(node.name)


def _bigint(node: exp.Expression) -> Typed:
    return Typed(exp.cast(node, exp.DataType.build(INTEGER)), INTEGER)


def _not_null_if(test: exp.Expression, node: exp.Expression) -> exp.Expression:
    return exp.Case(ifs=[exp.If(this=test, true=node)])


def _call(name: str, *arguments: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=list(arguments))


# Numbers


def _abs(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "numeric", node)
    return Typed(exp.Abs(this=value.node), value.type)


def _round(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "numeric", node)
    places = node.args.get("decimals")
    count = 0 if places is None else _whole_literal(places, node, Said("the number of decimals", "小数位数"), minimum=0)
    if value.family == "integer":
        return value
    result = exp.Round(this=value.node, decimals=exp.Literal.number(count))
    if value.family == "money":
        return Typed(exp.cast(result, exp.DataType.build(MONEY)), MONEY)
    return Typed(result, NUMBER)


def _whole(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "numeric", node)
    if value.family == "integer":
        return value
    return _bigint(type(node)(this=value.node))


def _logarithm(visitor: Visitor, node: exp.Expression) -> Typed:
    if isinstance(node, exp.Log):
        base = node.this
        if node.args.get("expression") is None or not (isinstance(base, exp.Literal) and base.name == "10"):
            message = "log(…) means different things on different engines; use ln or log10"
            raise ExpressionError("EXP004", message, zh="log(…) 在不同引擎上含义不同；请用 ln 或 log10")
    inner = node.expression if isinstance(node, exp.Log) else node.this
    value = to_double(argument(visitor, inner, "numeric", node))
    positive = _not_null_if(exp.GT(this=wrap(value.node.copy()), expression=exp.Literal.number(0)), value.node)
    return Typed(_call("LOG10", positive) if isinstance(node, exp.Log) else exp.Ln(this=positive), NUMBER)


def _root(visitor: Visitor, node: exp.Expression) -> Typed:
    value = to_double(argument(visitor, node.this, "numeric", node))
    test = exp.GTE(this=wrap(value.node.copy()), expression=exp.Literal.number(0))
    return Typed(exp.Sqrt(this=_not_null_if(test, value.node)), NUMBER)


def _power(visitor: Visitor, node: exp.Expression) -> Typed:
    base = to_double(argument(visitor, node.this, "numeric", node))
    exponent = to_double(argument(visitor, node.expression, "numeric", node))
    zero = exp.Literal.number(0)
    positive = exp.GT(this=wrap(base.node.copy()), expression=zero)
    whole = exp.EQ(this=wrap(exponent.node.copy()), expression=exp.Floor(this=exponent.node.copy()))
    not_zero = exp.NEQ(this=wrap(base.node.copy()), expression=zero.copy())
    upward = exp.GTE(this=wrap(exponent.node.copy()), expression=zero.copy())
    reaches = exp.paren(exp.Or(this=not_zero, expression=upward))
    defined = exp.Or(this=positive, expression=exp.paren(exp.And(this=whole, expression=reaches)))
    return Typed(_not_null_if(defined, exp.Pow(this=base.node, expression=exponent.node)), NUMBER)


def _extreme(visitor: Visitor, node: exp.Expression) -> Typed:
    name = "greatest" if isinstance(node, exp.Greatest) else "least"
    values, type_ = unify([visitor.visit(v) for v in (node.this, *node.expressions)], f"{name}(…)")
    if len(values) < 2:
        raise ExpressionError(
            "EXP009", f"`{shown(node)}` needs at least two values", zh=f"“{shown(node)}”至少需要两个取值"
        )
    if values[0].family in ("list", "boolean"):
        zh = f"“{shown(node)}”：{words_zh(values[0].type)}不能比较大小"
        raise ExpressionError("EXP006", f"`{shown(node)}` can't order {words(values[0].type)}", zh=zh)
    return Typed(type(node)(this=values[0].node, expressions=[v.node for v in values[1:]], ignore_nulls=True), type_)


# Missing values


def _coalesce(visitor: Visitor, node: exp.Expression) -> Typed:
    values, type_ = unify([visitor.visit(v) for v in (node.this, *node.expressions)], "coalesce(…)")
    return Typed(exp.Coalesce(this=values[0].node, expressions=[v.node for v in values[1:]]), type_)


def _nullif(visitor: Visitor, node: exp.Expression) -> Typed:
    value, other = comparable(visitor.visit(node.this), visitor.visit(node.expression), node)
    return Typed(exp.Nullif(this=value.node, expression=other.node), value.type)


# Text


def _text_to_text(visitor: Visitor, node: exp.Expression) -> Typed:
    return Typed(type(node)(this=argument(visitor, node.this, "text", node).node), TEXT)


def _trim(visitor: Visitor, node: exp.Expression) -> Typed:
    if node.args.get("expression") is not None:
        raise ExpressionError(
            "EXP009",
            f"`{shown(node)}`: trim takes one text, and removes blanks; use replace for others",
            zh=f"“{shown(node)}”：trim 只接受一个文本并去掉两端空白；其他字符请用 replace",
        )
    value = argument(visitor, node.this, "text", node)
    blanks = exp.Literal.string(" \u3000")
    return Typed(exp.Trim(this=value.node, expression=blanks, position=node.args.get("position")), TEXT)


def _substring(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "text", node)
    start = _whole_literal(node.args.get("start"), node, Said("the first position", "起始位置"))
    length = node.args.get("length")
    count = (
        None
        if length is None
        else exp.Literal.number(_whole_literal(length, node, Said("the length", "长度"), minimum=0))
    )
    return Typed(exp.Substring(this=value.node, start=exp.Literal.number(start), length=count), TEXT)


def _length(visitor: Visitor, node: exp.Expression) -> Typed:
    value = visitor.visit(node.this)
    if value.family == "list":
        return _bigint(exp.ArraySize(this=value.node))
    return _bigint(exp.Length(this=argument(visitor, node.this, "text", node).node))


def _as_text(value: Typed, node: exp.Expression) -> exp.Expression:
    if value.family not in ("text", "integer", "date"):
        raise ExpressionError(
            "EXP006",
            f"`{shown(node)}` joins {words(value.type)}; cast(… as varchar) it, or round it first",
            zh=f"“{shown(node)}”拼接了{words_zh(value.type)}；请用 cast(… as varchar) 转换，或先取整",
        )
    return cast(value, TEXT).node


def _concat(visitor: Visitor, node: exp.Expression) -> Typed:
    parts = [_as_text(visitor.visit(part), node) for part in node.expressions]
    known: list[exp.Expression] = [
        p if isinstance(p, exp.Literal) else exp.Coalesce(this=p, expressions=[exp.Literal.string("")]) for p in parts
    ]
    return Typed(chain(exp.DPipe, known), TEXT)


def _pipe(visitor: Visitor, node: exp.Expression) -> Typed:
    left, right = (wrap(_as_text(visitor.visit(part), node)) for part in (node.this, node.expression))
    return Typed(exp.DPipe(this=left, expression=right, safe=True), TEXT)


def _replace(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "text", node)
    old = _text_literal(node.args.get("expression"), node, Said("what to replace", "要替换的文本"))
    new = argument(visitor, node.args.get("replacement"), "text", node)
    return Typed(exp.Replace(this=value.node, expression=exp.Literal.string(old), replacement=new.node), TEXT)


def _split_part(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "text", node)
    delimiter = _text_literal(node.args.get("delimiter"), node, Said("the separator", "分隔符"))
    number = _whole_literal(node.args.get("part_index"), node, Said("the part's number", "第几段"))
    parts = {"delimiter": exp.Literal.string(delimiter), "part_index": exp.Literal.number(number)}
    return Typed(exp.SplitPart(this=value.node, **parts), TEXT)


def _text_test(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "text", node)
    other = argument(visitor, node.expression, "text", node)
    return Typed(type(node)(this=value.node, expression=other.node), BOOLEAN)


def _regexp(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "text", node)
    pattern = _text_literal(node.expression, node, Said("the pattern", "正则表达式"))
    if "(?=" in pattern or "(?!" in pattern or "(?<" in pattern or any(f"\\{n}" in pattern for n in range(1, 10)):
        zh = f"“{shown(node)}”：环视与反向引用不可移植"
        raise ExpressionError("EXP009", f"`{shown(node)}`: look-around and back references are not portable", zh=zh)
    _compile(pattern, node)
    return Typed(exp.RegexpLike(this=value.node, expression=exp.Literal.string(pattern)), BOOLEAN)


def _compile(pattern: str, node: exp.Expression) -> None:
    import re

    try:
        re.compile(pattern)
    except re.error as error:
        zh = f"“{shown(node)}”：不是正确的正则表达式（{error.msg}）"
        raise ExpressionError("EXP009", f"`{shown(node)}`: not a regular expression: {error.msg}", zh=zh) from None


# Dates


def _date_part(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "temporal", node)
    if isinstance(node, exp.Hour) and value.family == "date":
        zh = f"“{shown(node)}”：日期没有小时；请使用日期时间"
        raise ExpressionError("EXP006", f"`{shown(node)}`: a date has no hour; use a date with time", zh=zh)
    return _bigint(type(node)(this=value.node))


_PARTS: Mapping[str, type[exp.Expression]] = MappingProxyType({
    "year": exp.Year, "quarter": exp.Quarter, "month": exp.Month, "day": exp.Day, "hour": exp.Hour, "isodow": exp.DayOfWeekIso,
})  # fmt: skip


def _extract(visitor: Visitor, node: exp.Expression) -> Typed:
    part = node.this.name.lower()
    if part not in _PARTS:
        hint = INSTEAD.get(part, f"use {', '.join(_PARTS)}")
        hint_zh = INSTEAD_ZH.get(hint, f"请用 {'、'.join(_PARTS)}")
        zh = f"extract({part} from …) 不可移植；{hint_zh}"
        raise ExpressionError("EXP004", f"extract({part} from …) is not portable; {hint}", zh=zh)
    return _date_part(visitor, _PARTS[part](this=node.expression))


def _date_diff(visitor: Visitor, node: exp.Expression) -> Typed:
    unit = node.args["unit"].name.lower() if node.args.get("unit") is not None else ""
    start = argument(visitor, node.expression, "temporal", node)
    end = argument(visitor, node.this, "temporal", node)
    if unit == "day":
        days = exp.DateDiff(
            this=cast(end, DATE).node, expression=cast(start, DATE).node, unit=exp.var("DAY"), date_part_boundary=True
        )
        return _bigint(days)
    if unit not in ("month", "year"):
        zh = f"“{shown(node)}”：单位只能是 'day'、'month' 或 'year'"
        raise ExpressionError("EXP009", f"`{shown(node)}`: the unit must be 'day', 'month' or 'year'", zh=zh)
    years = exp.Sub(this=_bigint(exp.Year(this=end.node)).node, expression=_bigint(exp.Year(this=start.node)).node)
    if unit == "year":
        return Typed(exp.paren(years), INTEGER)
    months = [_bigint(exp.Month(this=v.node.copy())).node for v in (end, start)]
    whole = exp.Add(this=exp.Mul(this=exp.paren(years), expression=exp.Literal.number(12)), expression=months[0])
    return Typed(exp.paren(exp.Sub(this=whole, expression=months[1])), INTEGER)


def _date_trunc(visitor: Visitor, node: exp.Expression) -> Typed:
    unit = node.args["unit"].name.lower() if node.args.get("unit") is not None else ""
    if unit not in ("year", "quarter", "month", "week", "day", "hour"):
        raise ExpressionError(
            "EXP009",
            f"`{shown(node)}`: the unit must be 'year', 'quarter', 'month', 'week', 'day' or 'hour'",
            zh=f"“{shown(node)}”：单位只能是 'year'、'quarter'、'month'、'week'、'day' 或 'hour'",
        )
    value = cast(argument(visitor, node.this, "temporal", node), TIMESTAMP)
    return Typed(exp.TimestampTrunc(this=value.node, unit=exp.var(unit.upper())), TIMESTAMP)


def _full_years(visitor: Visitor, node: exp.Expression) -> Typed:
    """Whole years from a to b: the difference of the years, less one before the anniversary (29 February: 1 March)."""
    start, end = (argument(visitor, part, "temporal", node) for part in _exactly(node, 2))
    years, days = [], []
    for value in (end, start):
        years.append(_bigint(exp.Year(this=value.node)).node)
        month = exp.Mul(this=_bigint(exp.Month(this=value.node.copy())).node, expression=exp.Literal.number(100))
        days.append(exp.Add(this=month, expression=_bigint(exp.Day(this=value.node.copy())).node))
    before = exp.Case(
        ifs=[exp.If(this=exp.LT(this=days[0], expression=days[1]), true=exp.Literal.number(1))],
        default=exp.Literal.number(0),
    )
    return Typed(exp.paren(exp.Sub(this=exp.Sub(this=years[0], expression=years[1]), expression=before)), INTEGER)


def _as_of(_: Visitor, node: exp.Expression) -> Typed:
    _exactly(node, 0)
    return Typed(_call("AS_OF"), DATE)


def _exactly(node: exp.Expression, count: int) -> list[exp.Expression]:
    if len(node.expressions) != count:
        message = f"`{shown(node)}` takes {count} arguments, not {len(node.expressions)}"
        raise ExpressionError(
            "EXP009", message, zh=f"“{shown(node)}”需要 {count} 个参数，而不是 {len(node.expressions)} 个"
        )
    return list(node.expressions)


# Lists


def _list_contains(visitor: Visitor, node: exp.Expression) -> Typed:
    value = argument(visitor, node.this, "list", node)
    item = visitor.visit(node.expression)
    if item.type != value.type.removesuffix("[]"):
        expected = words(value.type.removesuffix("[]"))
        zh = f"“{shown(node)}”：列表中是{words_zh(value.type.removesuffix('[]'))}，而不是{words_zh(item.type)}"
        raise ExpressionError("EXP006", f"`{shown(node)}`: the list holds {expected}, not {words(item.type)}", zh=zh)
    return Typed(exp.ArrayContains(this=value.node, expression=item.node), BOOLEAN)


def _list_has(combine: type[exp.Expression]) -> Rule:
    def rule(visitor: Visitor, node: exp.Expression) -> Typed:
        value, items = (node.this, node.expression) if not isinstance(node, exp.Anonymous) else _exactly(node, 2)
        if not isinstance(items, exp.Array) or not items.expressions:
            zh = f"“{shown(node)}”：请把取值写成列表：['a', 'b']"
            raise ExpressionError("EXP009", f"`{shown(node)}`: write the values as a list: ['a', 'b']", zh=zh)
        tests = [_list_contains(visitor, exp.ArrayContains(this=value, expression=item)) for item in items.expressions]
        whole = chain(combine, [t.node for t in tests])
        return Typed(exp.paren(whole) if len(tests) > 1 else whole, BOOLEAN)

    return rule


RULES: Mapping[type[exp.Expression], Rule] = MappingProxyType({
    exp.Abs: _abs, exp.Round: _round, exp.Floor: _whole, exp.Ceil: _whole, exp.Ln: _logarithm, exp.Log: _logarithm,
    exp.Sqrt: _root, exp.Pow: _power, exp.Greatest: _extreme, exp.Least: _extreme, exp.Coalesce: _coalesce,
    exp.Nullif: _nullif, exp.Lower: _text_to_text, exp.Upper: _text_to_text, exp.Trim: _trim, exp.Substring: _substring,
    exp.Length: _length, exp.Concat: _concat, exp.DPipe: _pipe, exp.Replace: _replace, exp.SplitPart: _split_part,
    exp.StartsWith: _text_test, exp.EndsWith: _text_test, exp.Contains: _text_test, exp.RegexpLike: _regexp,
    exp.Year: _date_part, exp.Quarter: _date_part, exp.Month: _date_part, exp.Day: _date_part, exp.Hour: _date_part,
    exp.DayOfWeekIso: _date_part, exp.Extract: _extract, exp.DateDiff: _date_diff, exp.TimestampTrunc: _date_trunc,
    exp.DateTrunc: _date_trunc, exp.ArrayContains: _list_contains, exp.ArrayOverlaps: _list_has(exp.Or),
})  # fmt: skip
"""Functions that sqlglot knows by a type of their own."""

NAMED: Mapping[str, Rule] = MappingProxyType(
    {"full_years": _full_years, "as_of": _as_of, "list_has_all": _list_has(exp.And)}
)
"""Functions of ours, which sqlglot leaves anonymous."""
