"""SQL expressions of users: parsed as DuckDB SQL, admitted node by node, typed, and rewritten to the portable form.

The portable form means the same on every engine. Where engines differ, it spells out our choice:

* `a / b` is always a DOUBLE, and NULL when `b` is 0; `a % b` is NULL when `b` is 0.
* `cast` never fails: a text that is no number or date gives NULL; a number becomes an integer by rounding half away from 0.
* `concat` takes NULL as the empty text, `||` gives NULL. `ln` and `log10` of what is not positive, `sqrt` of a negative: NULL.
* amounts stay exact under + and − (and × with integers): DECIMAL(18,4).
* a text literal compared with a date is a date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from huaxiang.errors import ExpressionError, did_you_mean, did_you_mean_zh
from huaxiang.plan import calls, operators
from huaxiang.plan.conditions import MEASURE_CALLS, PART
from huaxiang.plan.functions import INSTEAD, INSTEAD_ZH, PORTABLE
from huaxiang.plan.syntax import half_width, syntax_error, unclosed
from huaxiang.plan.types import BOOLEAN, INTEGER, NULL, NUMBER, TEXT, Typed, settle, words, words_zh

MAX_LENGTH = 100_000
AS_OF = "AS_OF"
IN_AUDIENCE = "IN_AUDIENCE"
PART_CALLS = frozenset({"did", *MEASURE_CALLS.values(), "in_sequence", "step", "in_list", "sample", "top", "bottom"})
"""Names of the calls that are conditions of their own, see `huaxiang.plan.condition_calls`."""


@dataclass(frozen=True)
class CheckedExpression:
    """An admitted expression: portable `ast` (column names quoted), the columns it reads, the DuckDB type of its value.

    `as_of()` stays in the tree as a call; `bind_as_of` replaces it by the day of the build.
    """

    ast: exp.Expression
    columns: frozenset[str]
    type: str


def check_expression(text: str, columns: Mapping[str, str], *, boolean: bool = False) -> CheckedExpression:
    """Check one expression over `columns` (name → DuckDB type); raise ExpressionError when it can't be admitted.

    With `boolean`, it must be a condition.
    """
    with located(text):
        return check_tree(parse_expression(text), columns, boolean=boolean)


def check_tree(
    tree: exp.Expression, columns: Mapping[str, str], *, boolean: bool = False, audiences: bool = False
) -> CheckedExpression:
    """Check a parsed expression, see `check_expression`; with `audiences`, `in_audience('name')` is admitted too."""
    checker = Checker(columns, audiences=audiences)
    try:
        result = checker.visit(tree)
    except RecursionError:
        raise _too_deep() from None
    if boolean and result.type not in (BOOLEAN, NULL):
        message = f"a condition must be true or false, but this is {words(result.type)}; compare it with something"
        raise ExpressionError(
            "EXP008", message, zh=f"条件必须是真或假，而这里是{words_zh(result.type)}；请与某个值比较"
        )
    if result.type == NULL:
        raise ExpressionError(
            "EXP010", "the expression is always NULL; give it a value", zh="表达式永远为空值；请给出取值"
        )
    return CheckedExpression(settle(result).node, frozenset(checker.read), result.type)


@contextmanager
def located(text: str) -> Iterator[None]:
    """Faults found inside tell their line and column in `text`."""
    try:
        yield
    except ExpressionError as error:
        error.locate(text)
        raise


def span_of(node: exp.Expr) -> tuple[int, int] | None:
    """From the first to the last sign of a parsed node within its text; None when the parser did not keep it."""
    marks = [n.meta for n in node.walk() if "start" in n.meta]
    return (min(m["start"] for m in marks), max(m["end"] for m in marks) + 1) if marks else None


@contextmanager
def within(node: exp.Expr) -> Iterator[None]:
    """Faults found inside, and not placed more exactly, lie at `node`."""
    try:
        yield
    except ExpressionError as error:
        error.span = error.span or span_of(node)
        raise


def parse_expression(text: str) -> exp.Expression:
    """Parse exactly one SQL expression; EXP001 syntax, EXP003 not one expression, EXP012 too long or deep."""
    if not text.strip():
        raise ExpressionError("EXP001", "the expression is empty", zh="条件是空的")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            "EXP012",
            f"the expression has more than {MAX_LENGTH} characters; split it into several tags",
            zh=f"表达式超过 {MAX_LENGTH} 个字符；请拆成多个标签",
        )
    try:
        tree: exp.Expr = sqlglot.parse_one(text, into=exp.Condition, dialect="duckdb")
    except ParseError as error:
        raise syntax_error(error, text) from None
    except RecursionError:
        raise _too_deep() from None
    except SqlglotError:
        raise unclosed(text) from None
    if isinstance(tree, exp.Block) or not isinstance(tree, exp.Expression):
        raise ExpressionError("EXP003", "write exactly one expression, without `;`", zh="只能写一个表达式，不带“;”")
    return tree


def bind_as_of(tree: exp.Expression, as_of: date) -> exp.Expression:
    """Return a copy with `as_of()` replaced by the day of the build."""

    def bind(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Anonymous) and node.name.upper() == AS_OF:
            return exp.cast(exp.Literal.string(as_of.isoformat()), exp.DataType.build("DATE"))
        return node

    return tree.copy().transform(bind, copy=False)


class Checker:
    """Visits a tree once, from the leaves; `read` collects the columns."""

    def __init__(self, columns: Mapping[str, str], *, audiences: bool = False) -> None:
        self.columns = columns
        self.audiences = audiences  # in_audience('…'), and marks of parts
        self.read: set[str] = set()

    def visit(self, node: exp.Expression) -> Typed:
        """Return the portable form of a node with its type."""
        try:
            return self._visit(node)
        except ExpressionError as error:
            error.span = error.span or span_of(node)
            raise

    def _visit(self, node: exp.Expression) -> Typed:
        if isinstance(node, (exp.Literal, exp.Null, exp.Boolean)):
            return _constant(node)
        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Anonymous):
            return self._named(node)
        rule = _RULES.get(type(node))
        if rule is not None:
            _refuse_extra(node)
            return rule(self, node)
        raise _refusal(node)

    def _column(self, node: exp.Column) -> Typed:
        if node.args.get("table") is not None or isinstance(node.this, exp.Star):
            written = node.sql(dialect="duckdb")
            raise ExpressionError(
                "EXP002", f'"{written}" is not a column; write the plain name of one', zh=f"“{written}”不是列；请写列名"
            )
        name = node.name
        if name not in self.columns and not node.this.quoted and name.lower() in self.columns:
            name = name.lower()
        if name not in self.columns:
            raise ExpressionError("EXP002", f'unknown column "{name}"{self._instead(node)}', zh=self._unknown_zh(node))
        self.read.add(name)
        return Typed(exp.column(exp.to_identifier(name, quoted=True)), self.columns[name])

    def _instead(self, node: exp.Column) -> str:
        """What to write for an unknown column: half-width signs, single quotes round a text, or the nearest name."""
        wide = half_width(node.name)
        near = did_you_mean(node.name, self.columns)
        if not wide and node.this.quoted and not near.startswith("; did"):
            return f"; a text stands in single quotes: '{node.name}'"
        return wide or near

    def _unknown_zh(self, node: exp.Column) -> str:
        if wide := half_width(node.name):
            return f"没有名为“{node.name}”的列；请改用半角符号：{wide.partition(': ')[2]}"
        near = did_you_mean_zh(node.name, self.columns)
        if node.this.quoted and not near.startswith("；是不是"):
            near = f"；文本请用单引号：'{node.name}'"
        return f"没有名为“{node.name}”的列{near}"

    def _named(self, node: exp.Anonymous) -> Typed:
        name = node.name.lower()
        if name == "in_audience":
            return self._in_audience(node)
        if node.name == PART and self.audiences:
            return Typed(node.copy(), BOOLEAN)
        if name in PART_CALLS:
            raise misplaced_part(name)
        rule = calls.NAMED.get(name)
        if rule is None:
            raise unknown_function(name)
        return rule(self, node)

    def _in_audience(self, node: exp.Anonymous) -> Typed:
        argument = node.expressions[0] if len(node.expressions) == 1 else None
        if not isinstance(argument, exp.Literal) or not argument.is_string:
            raise ExpressionError(
                "EXP009",
                "in_audience takes the name of one audience in quotes: in_audience('loyal')",
                zh="in_audience 需要一个带引号的人群名：in_audience('loyal')",
            )
        if not self.audiences:
            message = "in_audience(…) can only be used in conditions over customers"
            raise ExpressionError("EXP005", message, zh="in_audience(…) 只能用在客户条件中")
        return Typed(exp.Anonymous(this=IN_AUDIENCE, expressions=[argument.copy()]), BOOLEAN)


def _constant(node: exp.Expression) -> Typed:
    if isinstance(node, exp.Null):
        return Typed(exp.Null(), NULL)
    if isinstance(node, exp.Boolean):
        return Typed(exp.Boolean(this=node.this), BOOLEAN)
    if node.is_string:
        return Typed(node.copy(), TEXT)
    return Typed(node.copy(), INTEGER if node.name.isdigit() else NUMBER)


_ARGUMENTS = {
    "this", "expression", "expressions", "decimals", "unit", "to", "ifs", "default", "true", "false", "start", "length",
    "delimiter", "part_index", "replacement", "position", "low", "high", "query", "unnest", "field", "is_string",
}  # fmt: skip


def _refuse_extra(node: exp.Expression) -> None:
    extra = [k for k, v in node.args.items() if isinstance(v, exp.Expr) and k not in _ARGUMENTS]
    if extra:
        told = operators.shown(node)
        raise ExpressionError("EXP009", f"`{told}` has too many arguments", zh=f"“{told}”的参数过多")


_FORBIDDEN: tuple[tuple[type[exp.Expr], str], ...] = (
    (exp.Window, "a window function"), (exp.Query, "a subquery"), (exp.Subquery, "a subquery"), (exp.Exists, "a subquery"),
    (exp.Star, "`*`"), (exp.Placeholder, "a parameter"), (exp.Interval, "an interval (write time - 30 for 30 days earlier)"),
    (exp.Lambda, "a lambda"), (exp.Bracket, "an index (use list_contains or substring)"), (exp.Struct, "a struct"),
    (exp.JSONExtract, "a lambda or JSON path"), (exp.SimilarTo, "similar to (use regexp_matches)"),
    (exp.Glob, "glob (use like)"), (exp.Array, "a list literal (allowed only in list_has_any, list_has_all)"),
)  # fmt: skip

_FORBIDDEN_ZH = {
    "a window function": "窗口函数", "a subquery": "子查询", "`*`": "“*”", "a parameter": "参数占位符",
    "an interval (write time - 30 for 30 days earlier)": "interval（30 天前请写 time - 30）", "a lambda": "lambda",
    "an index (use list_contains or substring)": "下标（请用 list_contains 或 substring）", "a struct": "结构体",
    "a lambda or JSON path": "lambda 或 JSON 路径", "similar to (use regexp_matches)": "similar to（请用 regexp_matches）",
    "glob (use like)": "glob（请用 like）",
    "a list literal (allowed only in list_has_any, list_has_all)": "列表字面量（只能放在 list_has_any、list_has_all 中）",
}  # fmt: skip


def unknown_function(name: str) -> ExpressionError:
    """EXP004, with what to write instead."""
    hint = INSTEAD.get(name)
    known = [f for f in PORTABLE if f[0].isalpha() and f != name]
    tail = f"; {hint}" if hint else did_you_mean(name, known)
    zh = f"“{name}”不是可移植函数{f'；{INSTEAD_ZH[hint]}' if hint else did_you_mean_zh(name, known)}"
    return ExpressionError("EXP004", f'function "{name}" is not one of the portable functions{tail}', zh=zh)


def misplaced_part(name: str) -> ExpressionError:
    """CON006: a call that is a condition of its own stands within an expression."""
    told = (
        f"{name}(…) is a condition of audiences: join it to others by and, or, not; it can't stand within an expression"
    )
    zh = f"{name}(…) 本身就是人群条件：请用 and、or、not 与其他条件连接，不能放在表达式里面"
    if name == "step":
        told, zh = "step(…) only stands within in_sequence(…)", "step(…) 只能放在 in_sequence(…) 里面"
    elif name in MEASURE_CALLS.values():
        told = f"{name}(…) must be compared with a value, as in {name}(…) > 5, in the condition of an audience"
        zh = f"在人群条件中，{name}(…) 必须与一个值比较，例如 {name}(…) > 5"
    return ExpressionError("CON006", told, zh=zh)


def _too_deep() -> ExpressionError:
    message = "the expression is nested too deeply; split it into several tags"
    return ExpressionError("EXP012", message, zh="表达式嵌套过深；请拆成多个标签")


def _refusal(node: exp.Expression) -> ExpressionError:
    """Say why a node is not admitted, and what to write in its place."""
    inner = node.this if isinstance(node, (exp.IgnoreNulls, exp.RespectNulls)) else node
    if isinstance(inner, exp.AggFunc):
        name = inner.sql_name().lower()
        message = f"the aggregate {name}(…) is not allowed in an expression; define a statistic tag and use it here"
        return ExpressionError("EXP005", message, zh=f"表达式中不能使用聚合 {name}(…)；请先定义统计标签，再在这里使用")
    for kind, word in _FORBIDDEN:
        if isinstance(inner, kind):
            return ExpressionError(
                "EXP005", f"{word} is not allowed in an expression", zh=f"表达式中不能使用{_FORBIDDEN_ZH[word]}"
            )
    if isinstance(inner, exp.Func):
        name = inner.sql_name().lower()
        return unknown_function(name)
    shown = inner.sql(dialect="duckdb")
    message = f"`{shown[:40]}` is not allowed in an expression"
    return ExpressionError("EXP005", message, zh=f"表达式中不能使用“{shown[:40]}”")


_RULES: dict[type[exp.Expression], Callable[[Checker, exp.Expression], Typed]] = {**operators.RULES, **calls.RULES}
