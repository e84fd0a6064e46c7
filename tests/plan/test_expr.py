"""Expressions: what is admitted, with which type and portable form, and why the rest is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from huaxiang.errors import ExpressionError
from huaxiang.plan.expr import bind_as_of, check_expression
from huaxiang.plan.functions import EXAMPLE_COLUMNS, PORTABLE

REFUSED = [
    ("", "EXP001 the expression is empty"),
    ("amount >", 'EXP001 syntax error at ">" after "amount"'),
    ("'abc", "EXP001 syntax error: a quote or bracket is not closed"),
    ("amout > 1", 'EXP002 unknown column "amout"; did you mean "amount"?'),
    ("t.amount", 'EXP002 "t.amount" is not a column; write the plain name of one'),
    ('"Amount" > 1', 'EXP002 unknown column "Amount"; did you mean "amount"?'),
    ('city = "上海"', "EXP002 unknown column \"上海\"; a text stands in single quotes: '上海'"),
    ("city = ‘上海’", 'EXP002 unknown column "‘上海’"; write half-width signs: \''),
    ("amount ＞ 1", 'EXP001 syntax error at "＞"; write half-width signs: >'),
    ("city in （'上海'）", "EXP001 syntax error at \"'上海'\"; write half-width signs: ("),
    ("city in ('上海'，'北京')", 'EXP001 syntax error at "，"; write half-width signs: ,'),
    ("select 1", 'EXP003 write exactly one expression; "select" is not part of one'),
    ("amount, rate", 'EXP003 write exactly one expression; "," is not part of one'),
    ("amount; rate", "EXP003 write exactly one expression, without `;`"),
    ("lowr(city)", 'EXP004 function "lowr" is not one of the portable functions; did you mean "lower"?'),
    (
        "now()",
        'EXP004 function "now" is not one of the portable functions; use as_of(), the day up to which the build counts',
    ),
    ("read_csv('x')", 'EXP004 function "read_csv" is not one of the portable functions'),
    ("log(rate)", "EXP004 log(…) means different things on different engines; use ln or log10"),
    ("extract(dow from ordered_at)", "EXP004 extract(dow from …) is not portable; use isodow (Monday 1 … Sunday 7)"),
    (
        "sum(amount)",
        "EXP005 the aggregate sum(…) is not allowed in an expression; define a statistic tag and use it here",
    ),
    ("sum(amount) over ()", "EXP005 a window function is not allowed in an expression"),
    (
        "rate in (select 1)",
        "EXP005 a subquery is not allowed in an expression; list the values, or use in_audience('…')",
    ),
    ("exists(select 1)", "EXP005 a subquery is not allowed in an expression"),
    ("in_audience('x')", "EXP005 in_audience(…) can only be used in conditions over customers"),
    ("*", "EXP005 `*` is not allowed in an expression"),
    ("$1", "EXP005 a parameter is not allowed in an expression"),
    (
        "ordered_at + interval 3 day",
        "EXP005 an interval (write time - 30 for 30 days earlier) is not allowed in an expression",
    ),
    (
        "cast(city as blob)",
        "EXP005 `CAST(city AS BLOB)`: cast only to varchar, bigint, double, decimal, date, timestamp or boolean",
    ),
    ("city + 1", "EXP006 `+` needs numbers on both sides, but `city + 1` has text; cast it, or use ||"),
    (
        "ordered_at - registered_at",
        "EXP006 `-` needs numbers on both sides, but `ordered_at - registered_at` has a date with time; use date_diff",
    ),
    ("hour(birth_date)", "EXP006 `HOUR(birth_date)`: a date has no hour; use a date with time"),
    ("cast(rate as varchar)", "EXP006 `CAST(rate AS TEXT)`: a number can't become text"),
    (
        "city > 1",
        "EXP007 `city > 1` compares text with a whole number; put the number in quotes, or cast(… as double) the text",
    ),
    ("orders = '3'", "EXP007 `orders = '3'` compares a whole number with text; write the number without quotes: 3"),
    ("interests = 'x'", "EXP007 `interests = 'x'` compares a list with text; use list_contains(list, value)"),
    ("member and city", "EXP008 `city` must be true or false, but is text; compare it"),
    ("ordered_at > 'abc'", "EXP009 'abc' is no date with time; write 'YYYY-MM-DD' or 'YYYY-MM-DD hh:mm:ss'"),
    ("amount in ()", "EXP009 `amount IN ()` has no values; list at least one"),
    ("city like product", "EXP009 `city LIKE product`: the pattern must be a text in quotes"),
    (
        "substring(city, 0, 1)",
        "EXP009 `SUBSTRING(city, 0, 1)`: the first position must be a whole number of at least 1",
    ),
    (
        "regexp_matches(city, '(')",
        "EXP009 `REGEXP_MATCHES(city, '(')`: not a regular expression: missing ), unterminated subpattern",
    ),
    (
        "date_diff('week', ordered_at, registered_at)",
        "EXP009 `DATE_DIFF('WEEK', ordered_at, registered_at)`: the unit must be 'day', 'month' or 'year'",
    ),
    ("as_of(1)", "EXP009 `AS_OF(1)` takes 0 arguments, not 1"),
    (
        "case when member then 1 else 'a' end",
        "EXP010 CASE mixes a whole number and text; all its values must have one type, cast(… as …) some",
    ),
    ("null", "EXP010 the expression is always NULL; give it a value"),
    ("amount = null", "EXP011 `amount = NULL` compares with NULL and is never true; write `is null`"),
    ("(" * 4000 + "1" + ")" * 4000, "EXP012 the expression is nested too deeply; split it into several tags"),
    ("1" * 100_001, "EXP012 the expression has more than 100000 characters; split it into several tags"),
]

PORTABLE_FORMS = [
    ("amount / orders", "DOUBLE", 'CAST("amount" AS DOUBLE) / NULLIF(CAST("orders" AS DOUBLE), 0)'),
    ("rate / 2", "DOUBLE", '"rate" / CAST(2 AS DOUBLE)'),
    ("amount * orders", "DECIMAL(18,4)", 'CAST("amount" * CAST("orders" AS DECIMAL(18, 0)) AS DECIMAL(18, 4))'),
    ("amount > 99.5", "BOOLEAN", '"amount" > CAST(99.5 AS DECIMAL(18, 4))'),
    ("AMOUNT > 1 -- note", "BOOLEAN", '"amount" > 1'),
    ("1", "BIGINT", "CAST(1 AS BIGINT)"),
    ("coalesce(rate, 0)", "DOUBLE", 'COALESCE("rate", CAST(0 AS DOUBLE))'),
    ("ordered_at < '2024-07-01'", "BOOLEAN", '"ordered_at" < CAST(\'2024-07-01\' AS DATE)'),
    ("not (member and subscribed)", "BOOLEAN", 'NOT ("member" AND "subscribed")'),
    ("member is not null and city in ('a', 'b')", "BOOLEAN", 'NOT "member" IS NULL AND "city" IN (\'a\', \'b\')'),
    ("(member or subscribed) and orders > 1", "BOOLEAN", '("member" OR "subscribed") AND "orders" > 1'),
    ("-(orders + 1) * 2", "BIGINT", '(-("orders" + 1)) * 2'),
    ("orders - (visits - 1)", "BIGINT", '"orders" - ("visits" - 1)'),
    ("case city when '上海' then 1 end", "BIGINT", "CASE WHEN \"city\" = '上海' THEN CAST(1 AS BIGINT) END"),
    ("list_has_any(interests, ['a'])", "BOOLEAN", "ARRAY_CONTAINS(\"interests\", 'a')"),
]  # fmt: skip


SYNTAX = [
    ("amount >  ", "EXP001", (8, 8), "a value, column or call is expected after it", "其后应有取值"),
    ("amount = = 3", "EXP001", (9, 10), "a value, column or call is expected instead", "此处应为取值"),
    ("and amount > 3", "EXP009", (0, 3), 'is missing before "and"', "“and”之前缺少"),
    ("amount > 3 and", "EXP009", (14, 14), 'is missing after "and"', "“and”之后缺少"),
    ("amount > 3 and or rate > 1", "EXP009", (15, 17), 'is missing before "or"', "“or”之前缺少"),
    ("(amount > 3", "EXP001", (11, 11), "a bracket is not closed", "括号没有闭合"),
    ("round(rate 2)", "EXP001", (11, 12), '"," or ")" is expected before "2"', "“2”之前应有"),
    ("amount > 3)", "EXP001", (10, 11), 'no "(" belongs to it', "没有与之对应的"),
    ("amount > 3 rate", "EXP001", (11, 15), "an operator is expected before it", "其前应有运算符"),
    ("city = 'a' and city = 'b", "EXP001", (22, 23), "a quote or bracket is not closed", "没有闭合"),
    ("member and\n  lowr(city) = 'a'", "EXP004", None, 'did you mean "lower"?', "是不是“lower”？"),
    ("city = ‘上海’", "EXP002", (7, 11), "half-width", "半角"),
]


@pytest.mark.parametrize(("text", "code", "span", "en", "zh"), SYNTAX, ids=[s[0] for s in SYNTAX])
def test_faults_say_what_is_expected_and_where(
    text: str, code: str, span: tuple[int, int] | None, en: str, zh: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_expression(text, EXAMPLE_COLUMNS)
    assert caught.value.code == code
    assert en in caught.value.message
    assert caught.value.zh is not None and zh in caught.value.zh
    assert span is None or caught.value.span == span
    assert caught.value.text == text
    assert caught.value.line == (2 if span is None else 1)


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[t[:30] for t, _ in REFUSED])
def test_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_expression(text, EXAMPLE_COLUMNS)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("text", "kind", "sql"), PORTABLE_FORMS)
def test_portable_form(text: str, kind: str, sql: str) -> None:
    checked = check_expression(text, EXAMPLE_COLUMNS)
    assert (checked.type, checked.ast.sql("duckdb", comments=False)) == (kind, sql)


def test_a_condition_must_be_boolean() -> None:
    with pytest.raises(ExpressionError, match="EXP008 a condition must be true or false, but this is an amount"):
        check_expression("amount", EXAMPLE_COLUMNS, boolean=True)
    assert check_expression("member", EXAMPLE_COLUMNS, boolean=True).columns == {"member"}


def test_columns_are_collected() -> None:
    text = "case when full_years(birth_date, as_of()) > 30 then concat(city, '-', orders) end"
    assert check_expression(text, EXAMPLE_COLUMNS).columns == {"birth_date", "city", "orders"}


def test_long_chains_are_no_nesting() -> None:
    text = " or ".join(f"orders = {i}" for i in range(2000))
    assert check_expression(text, EXAMPLE_COLUMNS).type == "BOOLEAN"


@pytest.fixture(scope="module")
def rows() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("create table t (" + ", ".join(f"{n} {t}" for n, t in EXAMPLE_COLUMNS.items()) + ")")
    connection.execute(
        "insert into t values (12.5, 1, 3, 0, 0.25, 2.5, '42', ' a-b milk', '2024-06-05 13:00', '2020-01-31', '1990-06-06',"
        " '2020-02-29', true, null, ['运动'])"
    )
    yield connection
    connection.close()


def value(rows: duckdb.DuckDBPyConnection, text: str) -> object:
    checked = check_expression(text, EXAMPLE_COLUMNS)
    sql = bind_as_of(checked.ast, date(2024, 7, 1)).sql("duckdb")
    found, kind = rows.execute(f"select {sql}, typeof({sql}) from t").fetchone()
    assert kind == checked.type
    return found


@pytest.mark.parametrize("name", PORTABLE)
def test_every_example_runs_and_has_its_type(name: str, rows: duckdb.DuckDBPyConnection) -> None:
    function = PORTABLE[name]
    value(rows, function.example)
    assert check_expression(function.example, EXAMPLE_COLUMNS).type == function.result
    assert function.zh
    assert function.en


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("amount / visits", None), ("orders % visits", None), ("ln(visits)", None), ("sqrt(visits - 1)", None),
        ("power(visits - 8, 0.5)", None), ("power(visits - 2, 2)", 4.0), ("power(visits, 0)", 1.0),
        ("cast('x' || city as bigint)", None), ("cast(city as date)", None), ("cast(score as bigint)", 3),
        ("cast('2024-02-30' || '' as date)", None), ("cast('2024-02-03' || '' as date)", date(2024, 2, 3)),
        ("concat(city, if(subscribed, 'a', null), 'b')", "42b"), ("trim('　 甲 ' || '')", "甲"),
        ("date_diff('day', ordered_at, as_of())", 26), ("date_diff('month', registered_at, ordered_at)", 53),
        ("date_diff('year', date '2023-12-31', date '2024-01-01')", 1),
        ("full_years(birth_date, date '2024-06-05')", 33), ("full_years(birth_date, date '2024-06-06')", 34),
        ("full_years(joined_on, date '2021-02-28')", 0), ("full_years(joined_on, date '2021-03-01')", 1),
        ("isodow(date '2024-06-09')", 7), ("subscribed is true", False), ("split_part(product, '-', 3)", ""),
        ("greatest(rate, if(subscribed, 9.0, null))", 0.25), ("length('客户画像')", 4), ("floor(-0.5)", -1),
    ],
)  # fmt: skip
def test_meaning(text: str, expected: object, rows: duckdb.DuckDBPyConnection) -> None:
    assert value(rows, text) == expected
