"""SQL audiences: one SELECT of customer IDs, admitted node by node, before a sandbox runs it (engines/sandbox.py).

What is not known to be harmless is refused: other statements, tables and columns that were not permitted, table functions, functions that
are not on the list, nested catalogues, recursion, parameters. The text that runs is printed from the checked tree, in which nothing is left
to chance (sandbox_order.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from huaxiang.errors import ExpressionError, did_you_mean, did_you_mean_zh
from huaxiang.plan.expr import located, span_of
from huaxiang.plan.sandbox_order import break_ties, depends_on_order
from huaxiang.plan.syntax import place_of, unclosed

ID = "customer_id"
MOST_LENGTH = 20_000
MOST_NODES = 4_000
_MOST_DEPTH = 200
Tables = Mapping[str, Mapping[str, str]]
"""Table → column → DuckDB type: what a query may read."""

FUNCTIONS = (
    "abs", "any_value", "approx_count_distinct", "arg_max", "arg_min", "as_of", "avg", "bool_and", "bool_or", "case", "cast",
    "ceil", "coalesce", "concat", "contains", "count", "count_if", "cume_dist", "date_add", "date_diff", "date_trunc", "day",
    "dayofweek", "dayofyear", "dense_rank", "ends_with", "exp", "extract", "first", "first_value", "floor", "greatest", "if",
    "lag", "last", "last_value", "lead", "least", "left", "len", "length", "list_contains", "list_has_all", "list_has_any",
    "ln", "log", "lower", "max", "median", "min", "mode", "month", "nth_value", "ntile", "nullif", "percent_rank", "power",
    "quantile_cont", "quarter", "rank", "regexp_matches", "replace", "right", "round", "row_number", "split_part", "sqrt",
    "starts_with", "stddev", "stddev_pop", "stddev_samp", "substring", "sum", "trim", "try_cast", "upper", "var_pop",
    "var_samp", "variance", "week", "year",
)  # fmt: skip
"""What a query may call."""
_ONE = (
    "abs any_value avg bool_and bool_or ceil count count_if day dayofweek dayofyear exp first first_value floor lag last last_value lead "
    "len length ln lower max median min mode month ntile quarter round sqrt stddev stddev_pop stddev_samp sum trim upper "
    "var_pop var_samp variance week year approx_count_distinct"
)
_TWO = (
    "arg_max arg_min contains ends_with left list_contains list_has_all list_has_any nth_value nullif power regexp_matches right "
    "starts_with log"
)
_CALLS: Mapping[str, str] = {
    **dict.fromkeys(FUNCTIONS, "(a, b, c)"), **dict.fromkeys(_ONE.split(), "(a)"), **dict.fromkeys(_TWO.split(), "(a, b)"),
    **dict.fromkeys(("as_of", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist"), "()"),
    "case": " when a then b end", "cast": "(a as int)", "try_cast": "(a as int)", "extract": "(year from a)",
    "date_diff": "('day', a, b)", "date_trunc": "('day', a)", "quantile_cont": "(a, 0.5)", "date_add": "(a, interval 1 day)",
}  # fmt: skip
_PLAIN = (
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset,
    exp.Distinct, exp.Join, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Literal,
    exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.And, exp.Or, exp.Not, exp.Neg, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT,
    exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike, exp.Add, exp.Sub, exp.Mul,
    exp.Div, exp.IntDiv, exp.Mod, exp.DPipe, exp.Case, exp.If, exp.DataType, exp.DataTypeParam, exp.Window, exp.WindowSpec,
    exp.Filter, exp.With, exp.CTE, exp.Subquery, exp.Union, exp.Intersect, exp.Except, exp.Exists, exp.Interval, exp.Var,
    exp.Array, exp.Cast, exp.TryCast, exp.WithinGroup, exp.Date, exp.Timestamp, exp.Escape, exp.IgnoreNulls,
)  # fmt: skip
_BEGIN = re.compile(r"(\s|\(|--[^\n]*\n|/\*.*?\*/)*(select|with|from)\b", re.IGNORECASE | re.DOTALL)
_TYPES = frozenset({
    "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "TEXT", "VARCHAR", "DATE", "TIMESTAMP", "TIME",
})  # fmt: skip


@dataclass(frozen=True)
class CheckedQuery:
    """An admitted query: its text, and the columns that it may touch of each table it names (always with the customer ID).

    `sort`: the tables have to be sorted first, since the query takes one of several rows that are equal to it.
    """

    sql: str
    columns: Mapping[str, tuple[str, ...]]
    sort: bool = False


def check_query(text: str, tables: Tables, hidden: frozenset[str], as_of: date) -> CheckedQuery:
    """Check one query over `tables`; `hidden`: columns that exist but may not be read. Raises ExpressionError (SQL001 …)."""
    with located(text):
        try:
            return _check(_parse(text), tables, hidden, as_of)
        except RecursionError:
            raise _too_deep() from None


def _check(tree: exp.Query, tables: Tables, hidden: frozenset[str], as_of: date) -> CheckedQuery:
    nodes = list(tree.walk())
    if len(nodes) > MOST_NODES:
        raise ExpressionError(
            "SQL008",
            f"the query has {len(nodes):,} parts, {MOST_NODES:,} are the most; make it simpler",
            zh=f"查询有 {len(nodes):,} 个部分，最多 {MOST_NODES:,} 个；请简化",
        )
    for node in nodes:
        _admit(node)
    if tree.named_selects != [ID]:
        raise ExpressionError(
            "SQL006",
            f"exactly one column is wanted, {ID}: begin with `SELECT {ID} FROM`",
            zh=f"结果应恰有一列 {ID}：请以 `SELECT {ID} FROM` 开头",
        )
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    if shadowed := sorted(ctes & set(tables)):
        name = shadowed[0]
        zh = f"“{name}”是表名：请给 WITH 换一个名称"
        raise ExpressionError("SQL005", f'"{name}" is a table: give the WITH another name', zh=zh)
    named = _tables(tree, tables, ctes)
    _columns(tree, {name: tables[name] for name in named}, hidden)
    touched = {column.name.lower() for column in tree.find_all(exp.Column)}
    stars = any(not isinstance(star.parent, exp.Count) for star in tree.find_all(exp.Star))
    day = exp.cast(exp.Literal.string(as_of.isoformat()), "DATE")
    bound = tree.transform(lambda node: day.copy() if _is_as_of(node) else node)
    wanted = {
        name: tuple(column for column in tables[name] if stars or column == ID or column.lower() in touched)
        for name in named
    }
    break_ties(bound)
    return CheckedQuery(bound.sql("duckdb", comments=False), wanted, depends_on_order(bound))


def _parse(text: str) -> exp.Query:
    """Read exactly one SELECT, or several joined by UNION, INTERSECT, EXCEPT."""
    if len(text) > MOST_LENGTH:
        zh = f"查询超过 {MOST_LENGTH:,} 个字符；请简化"
        raise ExpressionError("SQL008", f"the query has more than {MOST_LENGTH:,} characters; make it simpler", zh=zh)
    if _depth(text) > _MOST_DEPTH:
        raise _too_deep()
    if not _BEGIN.match(text):
        raise _no_select()
    try:
        trees = [tree for tree in sqlglot.parse(text, dialect="duckdb") if tree is not None]
    except ParseError as error:
        word, place = place_of(error, text)
        raise ExpressionError("SQL001", f'syntax error at "{word}"', place, zh=f"“{word}”处无法读取") from None
    except SqlglotError:
        raise unclosed(text, "SQL001") from None
    if len(trees) != 1:
        raise ExpressionError(
            "SQL002", "write exactly one SELECT, and nothing after it", zh="请只写一条 SELECT，之后不能再有内容"
        )
    tree = trees[0]
    if not isinstance(tree, (exp.Select, exp.SetOperation)):
        raise _no_select()
    return tree


def _no_select() -> ExpressionError:
    return ExpressionError(
        "SQL002", "write a SELECT; nothing else is run here", zh="请写一条 SELECT；这里不运行其他语句"
    )


def _too_deep() -> ExpressionError:
    return ExpressionError("SQL008", "the query is nested too deeply; make it simpler", zh="查询嵌套太深；请简化")


def _depth(text: str) -> int:
    """How deep brackets are nested, at most; counted without parsing."""
    depth = deepest = 0
    for sign in text:
        if sign in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in ")]}":
            depth -= 1
    return deepest


def _admit(node: exp.Expr) -> None:
    if isinstance(node, exp.Anonymous):
        if node.name.lower() not in FUNCTIONS:
            raise _refused_function(node, node.name)
    elif isinstance(node, exp.DataType):
        if node.this.value not in _TYPES:
            raise _not_here(node, f"the type {node.this.value}", f"类型 {node.this.value}")
    elif isinstance(node, exp.With):
        if node.args.get("recursive"):
            raise _not_here(node, "WITH RECURSIVE")
    elif isinstance(node, exp.Select):
        _plain_select(node)
    elif not isinstance(node, _PLAIN) and type(node) not in _admitted():
        if isinstance(node, exp.Func):
            raise _refused_function(node, node.sql_name().lower())
        raise _not_here(node, type(node).__name__.upper())


def _not_here(node: exp.Expr, what: str, zh: str | None = None) -> ExpressionError:
    return ExpressionError("SQL005", f"{what} can't be used here", span_of(node), zh=f"这里不能使用{zh or f' {what}'}")


_SELECT = frozenset({
    "kind", "expressions", "from_", "from", "where", "group", "having", "qualify", "order", "limit", "offset", "distinct",
    "joins", "with", "with_",
})  # fmt: skip


def _plain_select(node: exp.Select) -> None:
    """Refuse what a SELECT may hold besides: hints, INTO, SAMPLE, LATERAL, PIVOT, locks, windows by name."""
    more = [name for name, value in node.args.items() if value and name not in _SELECT]
    if more or node.args.get("kind"):
        raise _not_here(node, (more or ["kind"])[0].upper())


def _refused_function(node: exp.Expr, name: str) -> ExpressionError:
    return ExpressionError(
        "SQL004",
        f'the function "{name}" can\'t be called here{did_you_mean(name, FUNCTIONS)}',
        span_of(node),
        zh=f"这里不能调用函数“{name}”{did_you_mean_zh(name, FUNCTIONS)}",
    )


def _tables(tree: exp.Query, tables: Tables, ctes: set[str]) -> list[str]:
    found = []
    for table in tree.find_all(exp.Table):
        extra = [name for name, value in table.args.items() if value and name not in ("this", "alias", "joins")]
        if extra or not isinstance(table.this, exp.Identifier):
            raise ExpressionError(
                "SQL003",
                "only tables by their plain names can be read: no functions, files, schemas, samples",
                span_of(table),
                zh="只能按表名读取表：不能用函数、文件、模式（schema）或抽样",
            )
        name = table.name
        if name in tables and name not in ctes:
            found.append(name)
        elif name not in ctes:
            raise ExpressionError(
                "SQL003",
                f'there is no table "{name}" here{did_you_mean(name, tables)}',
                span_of(table),
                zh=f"这里没有名为“{name}”的表{did_you_mean_zh(name, tables)}",
            )
    return list(dict.fromkeys(found))


def _columns(tree: exp.Query, tables: Tables, hidden: frozenset[str]) -> None:
    known = {column.lower() for columns in tables.values() for column in columns}
    given = {alias.alias.lower() for alias in tree.find_all(exp.Alias)}
    given |= {column.name.lower() for alias in tree.find_all(exp.TableAlias) for column in alias.columns}
    for column in tree.find_all(exp.Column):
        name = column.name
        if column.args.get("db") or column.args.get("catalog"):
            raise ExpressionError(
                "SQL003", "columns are named by table and column alone", span_of(column), zh="列只写表名与列名"
            )
        if isinstance(column.this, exp.Star) or name.lower() in known | given:
            continue
        if name.lower() in hidden:
            raise ExpressionError(
                "SQL007",
                f'the column "{name}" identifies or reaches people, or is sensitive: it is not there',
                span_of(column),
                zh=f"列“{name}”可识别或联系到个人，或属于敏感信息：这里没有",
            )
        raise ExpressionError(
            "SQL007",
            f'unknown column "{name}"{did_you_mean(name, known)}',
            span_of(column),
            zh=f"没有名为“{name}”的列{did_you_mean_zh(name, known)}",
        )


def _is_as_of(node: exp.Expression) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.lower() == "as_of"


_KINDS: set[type[exp.Expr]] = set()


def _admitted() -> set[type[exp.Expr]]:
    """The kinds of node that calls of FUNCTIONS become."""
    if not _KINDS:
        for name, call in _CALLS.items():
            tree = sqlglot.parse_one(f"select {name}{call}", dialect="duckdb")
            _KINDS.update(type(node) for node in tree.walk() if isinstance(node, exp.Func))
        _KINDS.discard(exp.Anonymous)
    return _KINDS
