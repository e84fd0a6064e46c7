"""Calls that are conditions of their own: what customers did, lists, samples and ranks, read from parsed SQL.

`did('orders', amount > 100, days => 30)`, `sum_of('orders', amount) > 500`, `in_sequence('views', 'orders', within => 7)`,
`in_list('vip')`, `sample(0.1)`, `top(1000, spend)`. They stand alone or are joined by and, or, not; `mask` puts a mark in the
place of each, so that all else is checked as any expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass
from types import MappingProxyType

from sqlglot import exp

from huaxiang.errors import ExpressionError, Said, did_you_mean, did_you_mean_zh
from huaxiang.plan.condition_sql import from_sql, value_of
from huaxiang.plan.condition_text import OPS, to_text, written
from huaxiang.plan.condition_types import (
    TIMED,
    SourceFields,
    Sources,
    check_rank,
    check_where,
    comparison,
    day,
    field_of,
    measure_type,
    need_time,
    source_of,
)
from huaxiang.plan.conditions import (
    MEASURE_CALLS,
    PART,
    And,
    Behaviour,
    ComparisonOp,
    InList,
    MeasureFunction,
    Node,
    Or,
    Part,
    Sample,
    Sequence,
    Step,
    Top,
    Window,
)
from huaxiang.plan.expr import check_tree, misplaced_part, unknown_function, within
from huaxiang.plan.types import BOOLEAN

LIST_NAME = re.compile(r"^\w[\w.-]{0,99}$")
"""What the name of an uploaded list looks like: it names a file too."""
MOST_STEPS = 10
_FUNCTIONS: Mapping[str, MeasureFunction] = {call: function for function, call in MEASURE_CALLS.items()}
_WINDOW = ("days", "since", "until")


@dataclass(frozen=True)
class Scope:
    """What a condition may name. `sources` None: the calls are refused; not `checked`: only their form is read, nothing is known."""

    columns: Mapping[str, str]
    sources: Sources | None = None
    checked: bool = True


@dataclass(frozen=True)
class Masked:
    """A parsed condition with a mark `CONDITION_PART('text')` for each part, and the parts by that text."""

    tree: exp.Expression
    parts: Mapping[str, Part]


def mask(tree: exp.Expression, scope: Scope) -> Masked:
    """Read the calls of `tree`, which is changed. ExpressionError with the place of the fault when one is not right."""
    for call in tree.find_all(exp.Anonymous):
        if call.name.upper() == PART:
            raise unknown_function(call.name.lower())
    root = exp.Paren(this=tree)
    parts: dict[str, Part] = {}
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, (exp.And, exp.Or)):
            stack += [node.expression, node.this]
        elif isinstance(node, (exp.Paren, exp.Not)):
            stack.append(node.this)
        else:
            with within(node):
                found = _read(node, scope)
            if found is not None:
                node.replace(_marks(found, parts))
    return Masked(root.this, parts)


def text_of(part: Part) -> str:
    """The part as a user writes it; equal parts have equal texts."""
    return to_text(written(part))


def _marks(node: Node, parts: dict[str, Part]) -> exp.Expression:
    if isinstance(node, (And, Or)):
        whole = (exp.and_ if isinstance(node, And) else exp.or_)(*(_marks(p, parts) for p in node.parts), copy=False)
        return exp.Paren(this=whole)
    assert isinstance(node, Part)
    text = text_of(node)
    parts[text] = node
    return exp.Anonymous(this=PART, expressions=[exp.Literal.string(text)])


def _read(node: exp.Expression, scope: Scope) -> Node | None:
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        if name in _FUNCTIONS:
            return _measured(node, "=", [exp.true()], scope)[0]
        read = _CALLS.get(name)
        if read is None:
            return None
        _refuse_elsewhere(name, scope)
        return read(node, scope)
    if type(node) in OPS:
        written_op, exchanged = OPS[type(node)]
        for call, other, op in ((node.this, node.expression, written_op), (node.expression, node.this, exchanged)):
            if _is_measure(call):
                return _measured(call.unnest(), op, [other.unnest()], scope)[0]
    if isinstance(node, exp.Between) and _is_measure(node.this):
        low = _measured(node.this.unnest(), ">=", [node.args["low"]], scope)
        return And((*low, *_measured(node.this.unnest(), "<=", [node.args["high"]], scope)))
    if isinstance(node, exp.In) and _is_measure(node.this) and node.expressions:
        found = _measured(node.this.unnest(), "=", node.expressions, scope)
        return found[0] if len(found) == 1 else Or(found)
    return None


def _is_measure(node: exp.Expr) -> bool:
    bare = node.unnest()
    return isinstance(bare, exp.Anonymous) and bare.name.lower() in _FUNCTIONS


def _refuse_elsewhere(name: str, scope: Scope) -> None:
    if scope.checked and scope.sources is None:
        raise ExpressionError(
            "CON011",
            f"{name}(…) can't be used here, only in audiences; define a statistic tag and compare it, or make an audience of it",
            zh=f"{name}(…) 只能用在人群条件中；请定义统计标签并与之比较，或建成人群",
        )


# Behaviour


def _measured(
    call: exp.Anonymous, op: ComparisonOp, values: Items[exp.Expression], scope: Scope
) -> tuple[Behaviour, ...]:
    """The measure of a call compared with each of the values."""
    name = call.name.lower()
    _refuse_elsewhere(name, scope)
    function = _FUNCTIONS[name]
    with within(call):
        step, field, window = _rows(call, scope, field=function not in ("count", "days"), timed=function in TIMED)
        kind = None
        if scope.checked:
            types = source_of(step.source, scope.sources or {}).types
            kind = measure_type(function, types[field] if field is not None else None)
            if isinstance(values[0], exp.Boolean) and values[0].parent is None and kind != BOOLEAN:
                raise misplaced_part(name)
    found = []
    for constant in values:
        value = value_of(constant)
        with within(constant):
            if value is None:
                raise ExpressionError(
                    "CON010",
                    f"{name}(…) must be compared with a constant: a number, a text or a date; "
                    "days before the build are said by days => 30, or by a statistic tag",
                    zh=f"{name}(…) 只能与常量比较：数值、文本或日期；相对构建日的天数请用 days => 30，或定义统计标签",
                )
            if kind is not None:
                comparison(function, op, constant, kind)
        found.append(Behaviour(step, function, op, value, field, window))
    return tuple(found)


def _did(call: exp.Anonymous, scope: Scope) -> Behaviour:
    step, _, window = _rows(call, scope, field=False, timed=False)
    return Behaviour(step, window=window)


def _rows(call: exp.Anonymous, scope: Scope, *, field: bool, timed: bool) -> tuple[Step, str | None, Window]:
    """Source, condition, field and window of a call: `('source'[, field][, condition][, window])`."""
    form = "('source', field[, condition])" if field else "('source'[, condition])"
    given = _arguments(call, (2, 3) if field else (1, 2), _WINDOW, form)
    source = _source(given.positional[0], scope)
    named = None
    if field:
        node = given.positional[1]
        if not isinstance(node, exp.Column):
            raise ExpressionError(
                "CON010",
                f"{given.name}(…): the second argument is the name of a field, without quotes",
                zh=f"{given.name}(…)：第二个参数是字段名，不加引号",
            )
        with within(node):
            named = field_of(node, source[0], source[1]) if source[1] is not None else node.name
    where = given.positional[2 if field else 1 :]
    window = _window(given, source)
    if timed and source[1] is not None:
        need_time(*source, Said(f"{given.name}(…)", f"{given.name}(…) "))  # type: ignore[arg-type]
    return Step(source[0], _where(where[0], *source) if where else None), named, window


_Source = tuple[str, SourceFields | None]


def _source(node: exp.Expression, scope: Scope) -> _Source:
    """Name and fields of a source; no fields when nothing is checked."""
    name = _text(node, Said("the first argument is the name of a source in quotes", "第一个参数是带引号的数据源名称"))
    with within(node):
        return name, source_of(name, scope.sources or {}) if scope.checked else None


def _where(tree: exp.Expression, name: str, source: SourceFields | None) -> str:
    if source is not None:
        with within(tree):
            check_where(tree, name, source)
    return to_text(written(from_sql(tree, source.types if source is not None else ())))


def _window(given: _Arguments, source: _Source) -> Window:
    days, since, until = (given.named.get(n) for n in _WINDOW)
    if days is not None and (since is not None or until is not None):
        zh = f"{given.name}(…)：days 与 since、until 只能二选一"
        raise ExpressionError("CON010", f"{given.name}(…): give days, or since and until, not both", zh=zh)
    window = Window(
        None if days is None else _whole(days, "days", 36_500),
        None if since is None else _day(since, "since"),
        None if until is None else _day(until, "until"),
    )
    if window.since is not None and window.until is not None and window.since > window.until:
        zh = f"{given.name}(…)：since 晚于 until；请对调"
        raise ExpressionError("CON010", f"{given.name}(…): since lies after until; exchange them", zh=zh)
    if window != Window() and source[1] is not None:
        need_time(source[0], source[1], Said("a window", "时间窗口"))
    return window


# Sequences, lists, samples, ranks


def _sequence(call: exp.Anonymous, scope: Scope) -> Sequence:
    given = _arguments(call, (2, MOST_STEPS), ("within", "without", *_WINDOW), "('source', 'source', …)")
    steps = [_step(node, scope) for node in given.positional]
    without = given.named.get("without")
    window = _window(given, steps[0][1])
    limit = given.named.get("within")
    return Sequence(
        tuple(step for step, _ in steps),
        None if limit is None else _whole(limit, "within", 36_500),
        None if without is None else _step(without, scope)[0],
        window,
    )


def _step(node: exp.Expression, scope: Scope) -> tuple[Step, _Source]:
    with within(node):
        where: list[exp.Expression] = []
        named = node
        if isinstance(node, exp.Anonymous) and node.name.lower() == "step":
            named, *where = _arguments(node, (1, 2), (), "('source'[, condition])").positional
        source = _source(named, scope)
        if source[1] is not None:
            need_time(source[0], source[1], Said("in_sequence(…)", "in_sequence(…) "))
        return Step(source[0], _where(where[0], *source) if where else None), source


def _in_list(call: exp.Anonymous, _: Scope) -> InList:
    given = _arguments(call, (1, 1), (), "('list')")
    name = _text(given.positional[0], Said("the argument is the name of a list in quotes", "参数是带引号的名单名称"))
    if not LIST_NAME.match(name):
        zh = "in_list(…)：名单名只能包含字母、数字、_、- 和 ."
        raise ExpressionError("CON010", "in_list(…): a list's name has letters, digits, _, - and . only", zh=zh)
    return InList(name)


def _sample(call: exp.Anonymous, _: Scope) -> Sample:
    given = _arguments(call, (1, 2), (), "(share[, 'seed'])")
    share = value_of(given.positional[0])
    if isinstance(share, (str, bool)) or share is None or not 0 < share <= 1:
        zh = "sample(…)：抽样比例是大于 0、不超过 1 的数值，例如 0.1"
        raise ExpressionError("CON010", "sample(…): the share is a number above 0 and up to 1, such as 0.1", zh=zh)
    seed = given.positional[1:]
    return Sample(share, _text(seed[0], Said("the seed is a text in quotes", "seed 是带引号的文本")) if seed else "")


def _top(call: exp.Anonymous, scope: Scope) -> Top:
    given = _arguments(call, (2, 3), (), "(count, tag[, condition])")
    count, column, *among = given.positional
    if not isinstance(column, exp.Column):
        raise ExpressionError(
            "CON010",
            f"{given.name}(…): the second argument is the name of a tag or attribute, without quotes; "
            "to rank by what customers did, define a statistic tag of it",
            zh=f"{given.name}(…)：第二个参数是标签或属性名，不加引号；若按行为指标排名，请先把它定义为统计标签",
        )
    number = _whole(count, "the count", 10**12)
    if scope.checked:
        check_rank(column, scope.columns)
    name = column.name if column.name in scope.columns or column.this.quoted else column.name.lower()
    return Top(number, name, _among(among[0], scope) if among else None, given.name == "bottom")


def _among(tree: exp.Expression, scope: Scope) -> Node:
    masked = mask(tree.copy(), scope)
    if scope.checked:
        check_tree(masked.tree, scope.columns, boolean=True, audiences=True)
    return from_sql(masked.tree, scope.columns, masked.parts)


_CALLS: Mapping[str, Callable[[exp.Anonymous, Scope], Part]] = MappingProxyType({
    "did": _did, "in_sequence": _sequence, "in_list": _in_list, "sample": _sample, "top": _top, "bottom": _top,
})  # fmt: skip


# Arguments


@dataclass(frozen=True)
class _Arguments:
    """The arguments of a call: in order, and by name."""

    name: str
    positional: Items[exp.Expression]
    named: Mapping[str, exp.Expression]


def _arguments(call: exp.Anonymous, count: tuple[int, int], names: Items[str], form: str) -> _Arguments:
    name = call.name.lower()
    positional: list[exp.Expression] = []
    named: dict[str, exp.Expression] = {}
    for node in call.expressions:
        if not isinstance(node, (exp.Kwarg, exp.PropertyEQ)):
            positional.append(node)
            continue
        key = node.name.lower()
        with within(node):
            if key not in names:
                zh = f"{name}(…) 没有名为“{key}”的参数{did_you_mean_zh(key, names)}"
                raise ExpressionError("CON010", f'{name}(…) takes no "{key}"{did_you_mean(key, names)}', zh=zh)
            if key in named:
                raise ExpressionError("CON010", f'{name}(…) has "{key}" twice', zh=f"{name}(…) 的参数“{key}”写了两次")
        named[key] = node.expression
    if not count[0] <= len(positional) <= count[1]:
        by_name = ", ".join(f"{n} => …" for n in names)
        more, more_zh = (f"; by name: {by_name}", f"；按名称：{by_name}") if names else ("", "")
        raise ExpressionError("CON010", f"write {name}{form}{more}", zh=f"请写成 {name}{form}{more_zh}")
    return _Arguments(name, positional, named)


def _text(node: exp.Expression, expected: Said) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string or not node.name:
        with within(node):
            raise ExpressionError("CON010", expected.en, zh=expected.zh)
    return node.name


_WHAT_ZH = {"the count": "人数"}


def _whole(node: exp.Expression, what: str, most: int) -> int:
    value = value_of(node)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        with within(node):
            zh = f"{_WHAT_ZH.get(what, what)} 必须是 1 到 {most} 的整数"
            raise ExpressionError("CON010", f"{what} must be a whole number from 1 to {most}", zh=zh)
    return value


def _day(node: exp.Expression, what: str) -> str:
    value = value_of(node)
    try:
        return day(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        with within(node):
            zh = f"{what} 必须是带引号的日期：'2024-12-31'"
            raise ExpressionError("CON010", f"{what} must be a day in quotes: '2024-12-31'", zh=zh) from None
