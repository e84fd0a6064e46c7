"""Type rules and portable forms of operators: arithmetic, comparison, logic, membership, CASE, CAST."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from sqlglot import exp

from huaxiang.errors import ExpressionError
from huaxiang.plan.types import (
    BOOLEAN,
    DATE,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Typed,
    align,
    cast,
    compare_hint,
    is_constant,
    is_numeric,
    is_temporal,
    settle,
    shifted,
    to_double,
    unify,
    words,
    words_zh,
)


class Visitor(Protocol):
    """What a rule needs of the checker: the portable form of a part."""

    def visit(self, node: exp.Expression) -> Typed:
        """Return the portable form of a node with its type."""


Rule = Callable[[Visitor, exp.Expression], Typed]

_SIGNS: Mapping[type[exp.Expression], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">",
    exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=",
}  # fmt: skip


def wrap(node: exp.Expression) -> exp.Expression:
    """Put brackets around what could bind wrongly as an operand."""
    if isinstance(node, exp.DPipe):
        return node
    return (
        exp.paren(node, copy=False) if isinstance(node, (exp.Binary, exp.Not, exp.Between, exp.In, exp.Neg)) else node
    )


def nullif_zero(value: Typed) -> exp.Expression:
    """The value, NULL when it is 0; a literal other than 0 stays as it is."""
    bare = value.node.this if isinstance(value.node, exp.Cast) else value.node
    if isinstance(bare, exp.Literal) and float(bare.name) != 0:
        return value.node
    return exp.Nullif(this=value.node, expression=exp.Literal.number(0))


def _numbers(visitor: Visitor, node: exp.Expression) -> tuple[Typed, Typed]:
    return _both_numbers(visitor.visit(node.this), visitor.visit(node.expression), node)


def _both_numbers(left: Typed, right: Typed, node: exp.Expression) -> tuple[Typed, Typed]:
    for side in (left, right):
        if not is_numeric(side.type):
            sign = _SIGNS.get(type(node), "?")
            hint, hint_zh = "cast it, or use ||", "请用 cast 转换，或用 || 拼接"
            if is_temporal(side.type):
                hint = "use date_diff for days between dates, or add a number of days to one"
                hint_zh = "日期相差的天数请用 date_diff，或给日期加减天数"
            message = f"`{sign}` needs numbers on both sides, but `{shown(node)}` has {words(side.type)}; {hint}"
            zh = f"“{sign}”两边都要是数值，而“{shown(node)}”中有{words_zh(side.type)}；{hint_zh}"
            raise ExpressionError("EXP006", message, zh=zh)
    return left, right


def shown(node: exp.Expression) -> str:
    """A part of an expression as text for a message, shortened."""
    text = node.sql(dialect="duckdb").replace("ARRAY_CONTAINS(", "list_contains(")  # as it is written
    return text if len(text) <= 60 else f"{text[:57]}…"


def _add(visitor: Visitor, node: exp.Expression) -> Typed:
    left, right = visitor.visit(node.this), visitor.visit(node.expression)
    if is_temporal(left.type) and right.literal is not None and right.family == "integer":
        return shifted(left, right.literal, type(node))
    left, right = align(*_both_numbers(left, right, node))
    if {left.family, right.family} in ({"number", "integer"}, {"number", "money"}):
        left, right = to_double(left), to_double(right)
    kind = MONEY if "money" in (left.family, right.family) else left.type if left.family == "number" else INTEGER
    if kind == MONEY:
        left, right = cast(left, MONEY), cast(right, MONEY)
    if kind != MONEY and is_constant(right.node):
        left = settle(left)
    result = type(node)(this=wrap(left.node), expression=wrap(right.node))
    return Typed(exp.cast(result, exp.DataType.build(MONEY)) if kind == MONEY else result, kind)


def _multiply(visitor: Visitor, node: exp.Expression) -> Typed:
    left, right = _numbers(visitor, node)
    families = {left.family, right.family}
    if families == {"money", "integer"}:
        whole = exp.DataType.build("DECIMAL(18,0)")
        sides = [cast(v, MONEY).node if v.family == "money" else exp.cast(v.node, whole) for v in (left, right)]
        result = exp.Mul(this=sides[0], expression=sides[1])
        return Typed(exp.cast(result, exp.DataType.build(MONEY)), MONEY)
    if families == {"integer"}:
        if is_constant(right.node):
            left = settle(left)
        return Typed(exp.Mul(this=wrap(left.node), expression=wrap(right.node)), INTEGER)
    left, right = settle(to_double(left)), to_double(right)
    return Typed(exp.Mul(this=wrap(left.node), expression=wrap(right.node)), NUMBER)


def _divide(visitor: Visitor, node: exp.Expression) -> Typed:
    left, right = (settle(to_double(v)) for v in _numbers(visitor, node))
    divisor = wrap(nullif_zero(right))
    return Typed(exp.Div(this=wrap(left.node), expression=divisor, typed=False, safe=False), NUMBER)


def _modulo(visitor: Visitor, node: exp.Expression) -> Typed:
    left, right = _numbers(visitor, node)
    if {left.family, right.family} != {"integer"}:
        message = f"`%` needs whole numbers on both sides in `{shown(node)}`; cast(… as bigint) them"
        raise ExpressionError("EXP006", message, zh=f"“{shown(node)}”中，% 两边都要是整数；请用 cast(… as bigint) 转换")
    return Typed(exp.Mod(this=wrap(left.node), expression=wrap(nullif_zero(right))), INTEGER)


def _negate(visitor: Visitor, node: exp.Expression) -> Typed:
    value = visitor.visit(node.this)
    if not is_numeric(value.type):
        zh = f"“-”后面要是数值，而“{shown(node.this)}”是{words_zh(value.type)}"
        raise ExpressionError("EXP006", f"`-` needs a number, but `{shown(node.this)}` is {words(value.type)}", zh=zh)
    value = settle(value) if value.type == NUMBER else value
    return Typed(exp.Neg(this=wrap(value.node)), value.type)


def compare(visitor: Visitor, node: exp.Expression) -> Typed:
    """`=`, `<>`, `<` … of two values of one kind."""
    left, right = visitor.visit(node.this), visitor.visit(node.expression)
    return Typed(type(node)(**_pair(left, right, node)), BOOLEAN)


def _pair(left: Typed, right: Typed, node: exp.Expression) -> dict[str, exp.Expression]:
    left, right = comparable(left, right, node)
    return {"this": wrap(left.node), "expression": wrap(right.node)}


def comparable(left: Typed, right: Typed, node: exp.Expression) -> tuple[Typed, Typed]:
    """Bring two values to types that can be compared; EXP007, EXP011 when there are none."""
    if "null" in (left.family, right.family):
        zh = f"“{shown(node)}”与空值比较，永远不成立；请写 is null"
        raise ExpressionError("EXP011", f"`{shown(node)}` compares with NULL and is never true; write `is null`", zh=zh)
    try:
        pair = align(left, right)
    except TypeError:
        hint, text = compare_hint(left, right), shown(node)
        message = f"`{text}` compares {words(left.type)} with {words(right.type)}; {hint[0]}"
        zh = f"“{text}”把{words_zh(left.type)}与{words_zh(right.type)}比较；{hint[1]}"
        raise ExpressionError("EXP007", message, zh=zh) from None
    if pair[0].family == "list":
        raise ExpressionError(
            "EXP007",
            f"`{shown(node)}` compares lists; use list_contains, list_has_any or list_has_all",
            zh=f"“{shown(node)}”比较的是列表；请用 list_contains、list_has_any 或 list_has_all",
        )
    return pair


def _logic(visitor: Visitor, node: exp.Expression) -> Typed:
    kind = type(node)
    parts = [condition(visitor, part) for part in _chain(node, kind)]
    wrapped = [exp.paren(p, copy=False) if isinstance(p, exp.Connector) and type(p) is not kind else p for p in parts]
    return Typed(chain(kind, wrapped), BOOLEAN)


def chain(kind: type[exp.Expression], parts: Sequence[exp.Expression]) -> exp.Expression:
    """`a AND b AND c` from its operands, which must be wrapped where they need it."""
    whole = parts[0]
    for part in parts[1:]:
        whole = kind(this=whole, expression=part)
    return whole


def _chain(node: exp.Expression, kind: type[exp.Expression]) -> list[exp.Expression]:
    """The operands of a chain of one connector in order, without recursion: chains may be long."""
    found: list[exp.Expression] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if type(part) is kind:
            stack += [part.expression, part.this]
        else:
            found.append(part)
    return found


def condition(visitor: Visitor, node: exp.Expression) -> exp.Expression:
    """A part that must be true or false."""
    value = visitor.visit(node)
    if value.family not in ("boolean", "null"):
        raise ExpressionError(
            "EXP008",
            f"`{shown(node)}` must be true or false, but is {words(value.type)}; compare it",
            zh=f"“{shown(node)}”必须是真或假，而它是{words_zh(value.type)}；请与某个值比较",
        )
    return value.node


def _not(visitor: Visitor, node: exp.Expression) -> Typed:
    inner = condition(visitor, node.this)
    return Typed(exp.Not(this=exp.paren(inner, copy=False) if isinstance(inner, exp.Connector) else inner), BOOLEAN)


def _paren(visitor: Visitor, node: exp.Expression) -> Typed:
    value = visitor.visit(node.this)
    if isinstance(value.node, (exp.Binary, exp.Not, exp.Between, exp.In)):
        return Typed(exp.paren(value.node, copy=False), value.type)
    return value


def _is(visitor: Visitor, node: exp.Expression) -> Typed:
    value, target = visitor.visit(node.this), node.expression
    if isinstance(target, exp.Null):
        return Typed(exp.Is(this=wrap(value.node), expression=exp.Null()), BOOLEAN)
    if isinstance(target, exp.Boolean) and value.family == "boolean":
        known = exp.Coalesce(this=value.node, expressions=[exp.Boolean(this=not target.this)])
        return Typed(known if target.this else exp.Not(this=known), BOOLEAN)
    message = f"`{shown(node)}`: only is null, is not null, is true and is false are allowed"
    raise ExpressionError("EXP005", message, zh=f"“{shown(node)}”：只能写 is null、is not null、is true、is false")


def _in(visitor: Visitor, node: exp.Expression) -> Typed:
    if node.args.get("query") is not None or node.args.get("unnest") is not None or node.args.get("field") is not None:
        raise ExpressionError(
            "EXP005",
            "a subquery is not allowed in an expression; list the values, or use in_audience('…')",
            zh="表达式中不能使用子查询；请列出取值，或使用 in_audience('…')",
        )
    if not node.expressions:
        raise ExpressionError(
            "EXP009", f"`{shown(node)}` has no values; list at least one", zh=f"“{shown(node)}”没有取值；请至少列出一个"
        )
    value = visitor.visit(node.this)
    items = []
    for item in node.expressions:
        checked = visitor.visit(item)
        if checked.family == "null":
            message = f"`{shown(node)}` lists NULL, which never matches; write `or … is null`"
            raise ExpressionError("EXP011", message, zh=f"“{shown(node)}”列出了空值，永远匹配不到；请写 or … is null")
        value, checked = comparable(value, checked, node)
        items.append(checked.node)
    return Typed(exp.In(this=wrap(value.node), expressions=items), BOOLEAN)


def _between(visitor: Visitor, node: exp.Expression) -> Typed:
    value = visitor.visit(node.this)
    value, low = comparable(value, visitor.visit(node.args["low"]), node)
    value, high = comparable(value, visitor.visit(node.args["high"]), node)
    if low.type != high.type and "number" in (low.family, high.family) and value.family == "number":
        low, high = to_double(low), to_double(high)
    return Typed(exp.Between(this=wrap(value.node), low=wrap(low.node), high=wrap(high.node)), BOOLEAN)


def _like(visitor: Visitor, node: exp.Expression) -> Typed:
    value, pattern = visitor.visit(node.this), node.expression
    if value.family != "text":
        raise ExpressionError(
            "EXP006",
            f"`{shown(node)}`: like needs text, but `{shown(node.this)}` is {words(value.type)}",
            zh=f"“{shown(node)}”：like 需要文本，而“{shown(node.this)}”是{words_zh(value.type)}",
        )
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        message = f"`{shown(node)}`: the pattern must be a text in quotes"
        raise ExpressionError("EXP009", message, zh=f"“{shown(node)}”：匹配模式必须是带引号的文本")
    if "\\" in pattern.name:
        message = f"`{shown(node)}`: a pattern can't hold \\; use contains or regexp_matches"
        raise ExpressionError(
            "EXP009", message, zh=f"“{shown(node)}”：匹配模式中不能有反斜杠；请用 contains 或 regexp_matches"
        )
    result = type(node)(this=wrap(value.node), expression=pattern.copy())
    return Typed(exp.Not(this=result) if node.args.get("negate") else result, BOOLEAN)


def _case(visitor: Visitor, node: exp.Expression) -> Typed:
    subject = node.args.get("this")
    branches = node.args["ifs"]
    conditions = [
        condition(visitor, b.this)
        if subject is None
        else compare(visitor, exp.EQ(this=subject, expression=b.this)).node
        for b in branches
    ]
    default = node.args.get("default")
    values = [visitor.visit(b.args["true"]) for b in branches] + (
        [visitor.visit(default)] if default is not None else []
    )
    return _case_of(conditions, values, "CASE")


def _if(visitor: Visitor, node: exp.Expression) -> Typed:
    values = [visitor.visit(node.args["true"])]
    if node.args.get("false") is not None:
        values.append(visitor.visit(node.args["false"]))
    return _case_of([condition(visitor, node.this)], values, "if(…)")


def _case_of(conditions: list[exp.Expression], values: list[Typed], where: str) -> Typed:
    values, type_ = unify(values, where)
    ifs = [exp.If(this=c, true=v.node) for c, v in zip(conditions, values, strict=False)]
    default = values[len(conditions)].node if len(values) > len(conditions) else None
    return Typed(exp.Case(ifs=ifs, default=default), type_)


_TARGETS: Mapping[str, str] = MappingProxyType({
    "TEXT": TEXT, "VARCHAR": TEXT, "BIGINT": INTEGER, "INT": INTEGER, "DOUBLE": NUMBER, "FLOAT": NUMBER, "DECIMAL": MONEY,
    "DATE": DATE, "TIMESTAMP": TIMESTAMP, "TIMESTAMPNTZ": TIMESTAMP, "BOOLEAN": BOOLEAN,
})  # fmt: skip
_DATE_SHAPE = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$"
_TIME_SHAPE = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2})?$"


def _cast(visitor: Visitor, node: exp.Expression) -> Typed:
    to = node.args["to"]
    target = _TARGETS.get(to.this.name) if not to.args.get("nested") else None
    if target is None:
        message = f"`{shown(node)}`: cast only to varchar, bigint, double, decimal, date, timestamp or boolean"
        zh = f"“{shown(node)}”：cast 只能转换为 varchar、bigint、double、decimal、date、timestamp 或 boolean"
        raise ExpressionError("EXP005", message, zh=zh)
    literal = node.this
    if isinstance(literal, exp.Literal) and literal.is_string and target in (DATE, TIMESTAMP):
        return _time_constant(literal.name, target)
    value = visitor.visit(node.this)
    if value.family == "null" or value.type == target:
        return Typed(exp.cast(value.node, exp.DataType.build(target, dialect="duckdb")), target)
    convert = _CONVERSIONS.get((value.family, target))
    if convert is None:
        zh = f"“{shown(node)}”：{words_zh(value.type)}不能转换为{words_zh(target)}"
        raise ExpressionError("EXP006", f"`{shown(node)}`: {words(value.type)} can't become {words(target)}", zh=zh)
    return Typed(convert(value.node), target)


def _time_constant(text: str, target: str) -> Typed:
    from huaxiang.plan.types import time_literal

    value = time_literal(text, target)
    if target == DATE and value.type == TIMESTAMP:
        return Typed(exp.cast(value.node, exp.DataType.build("DATE")), DATE)
    return cast(value, target)


def _plain(target: str) -> Callable[[exp.Expression], exp.Expression]:
    return lambda node: exp.cast(node, exp.DataType.build(target))


def _try(target: str) -> Callable[[exp.Expression], exp.Expression]:
    return lambda node: exp.TryCast(this=node, to=exp.DataType.build(target))


def _rounded(node: exp.Expression) -> exp.Expression:
    rounded = exp.Round(this=node, decimals=exp.Literal.number(0))
    return exp.TryCast(this=rounded, to=exp.DataType.build(INTEGER))


def _shaped(shape: str, target: str) -> Callable[[exp.Expression], exp.Expression]:
    """Text of one shape only, since engines read others differently."""

    def convert(node: exp.Expression) -> exp.Expression:
        matches = exp.RegexpLike(this=node.copy(), expression=exp.Literal.string(shape))
        return exp.Case(ifs=[exp.If(this=matches, true=exp.TryCast(this=node, to=exp.DataType.build(target)))])

    return convert


_CONVERSIONS: Mapping[tuple[str, str], Callable[[exp.Expression], exp.Expression]] = MappingProxyType({
    ("text", NUMBER): _try(NUMBER), ("text", MONEY): _try(MONEY),
    ("text", INTEGER): lambda node: _rounded(exp.TryCast(this=node, to=exp.DataType.build("DECIMAL(38,4)"))),
    ("text", DATE): _shaped(_DATE_SHAPE, DATE), ("text", TIMESTAMP): _shaped(_TIME_SHAPE, TIMESTAMP),
    ("integer", TEXT): _plain(TEXT), ("integer", NUMBER): _plain(NUMBER), ("integer", MONEY): _plain(MONEY),
    ("integer", INTEGER): _plain(INTEGER), ("number", INTEGER): _rounded, ("number", MONEY): _try(MONEY),
    ("number", NUMBER): _plain(NUMBER), ("money", INTEGER): _rounded, ("money", NUMBER): _plain(NUMBER),
    ("money", MONEY): _plain(MONEY), ("date", TEXT): _plain(TEXT), ("date", TIMESTAMP): _plain(TIMESTAMP),
    ("timestamp", DATE): _plain(DATE), ("boolean", INTEGER): _plain(INTEGER),
})  # fmt: skip

RULES: Mapping[type[exp.Expression], Rule] = MappingProxyType({
    exp.Add: _add, exp.Sub: _add, exp.Mul: _multiply, exp.Div: _divide, exp.Mod: _modulo, exp.Neg: _negate,
    exp.EQ: compare, exp.NEQ: compare, exp.GT: compare, exp.GTE: compare, exp.LT: compare, exp.LTE: compare,
    exp.And: _logic, exp.Or: _logic, exp.Not: _not, exp.Paren: _paren, exp.Is: _is, exp.In: _in, exp.Between: _between,
    exp.Like: _like, exp.ILike: _like, exp.Case: _case, exp.If: _if, exp.Cast: _cast, exp.TryCast: _cast,
})  # fmt: skip
