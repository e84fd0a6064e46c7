"""The portable functions: what a user may call in an expression, with the same result on every engine.

This is data: `huaxiang.plan.calls` and `huaxiang.plan.operators` hold the type rules, the engines' tests run each example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

EXAMPLE_COLUMNS: Mapping[str, str] = MappingProxyType({
    "amount": "DECIMAL(18,4)", "discount": "DECIMAL(18,4)", "orders": "BIGINT", "visits": "BIGINT", "rate": "DOUBLE",
    "score": "DOUBLE", "city": "VARCHAR", "product": "VARCHAR", "ordered_at": "TIMESTAMP", "registered_at": "TIMESTAMP",
    "birth_date": "DATE", "joined_on": "DATE", "member": "BOOLEAN", "subscribed": "BOOLEAN", "interests": "VARCHAR[]",
})  # fmt: skip
"""The columns over which the examples of the portable functions are written."""


@dataclass(frozen=True)
class Function:
    """One portable function or operator. `duckdb` and `spark` say how it is rendered where that is not plain."""

    name: str
    signature: str
    zh: str
    en: str
    example: str
    result: str
    duckdb: str = "as written"
    spark: str = "as written"


# fmt: off
_ALL = (
    # operators
    Function("+", "number + number → number", "加", "sum; amounts stay exact", "amount + discount", "DECIMAL(18,4)"),
    Function("-", "number - number → number", "减", "difference; amounts stay exact", "amount - discount", "DECIMAL(18,4)"),
    Function("*", "number * number → number", "乘", "product; amount × integer stays exact", "amount * orders", "DECIMAL(18,4)",
             "CAST(a AS DECIMAL(18,4)) * CAST(n AS DECIMAL(18,0)), cast back", "the same"),
    Function("/", "number / number → double", "除，除数为 0 时为空", "quotient as double; NULL when the divisor is 0",
             "amount / orders", "DOUBLE", "CAST(a AS DOUBLE) / NULLIF(CAST(b AS DOUBLE), 0)", "the same"),
    Function("%", "integer % integer → integer", "余数，除数为 0 时为空", "remainder; NULL when the divisor is 0",
             "orders % visits", "BIGINT", "a % NULLIF(b, 0)", "the same"),
    Function("=", "value = value → boolean", "等于", "equal", "city = '上海'", "BOOLEAN"),
    Function("<>", "value <> value → boolean", "不等于", "not equal", "city <> '上海'", "BOOLEAN"),
    Function("<", "value < value → boolean", "小于", "less", "ordered_at < '2024-07-01'", "BOOLEAN"),
    Function("<=", "value <= value → boolean", "不大于", "at most", "rate <= 0.5", "BOOLEAN"),
    Function(">", "value > value → boolean", "大于", "greater", "amount > 99.5", "BOOLEAN"),
    Function(">=", "value >= value → boolean", "不小于", "at least", "orders >= 3", "BOOLEAN"),
    Function("and", "condition and condition → boolean", "且", "both hold", "member and orders > 1", "BOOLEAN"),
    Function("or", "condition or condition → boolean", "或", "at least one holds", "member or orders > 1", "BOOLEAN"),
    Function("not", "not condition → boolean", "非", "does not hold; unknown stays unknown", "not (orders > 1)", "BOOLEAN"),
    Function("in", "value [not] in (value, …) → boolean", "属于其一", "is one of the values", "city in ('北京', '上海')", "BOOLEAN"),
    Function("between", "value [not] between low and high → boolean", "介于（含两端）", "from low to high, both included",
             "amount between 10 and 20.5", "BOOLEAN"),
    Function("is null", "value is [not] null → boolean", "为空", "has no value", "birth_date is null", "BOOLEAN"),
    Function("is true", "condition is [not] true → boolean", "为真（空视为假）", "holds; unknown counts as false",
             "member is true", "BOOLEAN", "COALESCE(c, FALSE)", "the same"),
    Function("like", "text [not] like 'pattern' → boolean", "通配匹配：% 任意，_ 一个字", "pattern: % any text, _ one character",
             "product like '%milk%'", "BOOLEAN"),
    Function("ilike", "text [not] ilike 'pattern' → boolean", "通配匹配，不分大小写", "like, but small and capital letters are equal",
             "product ilike 'MILK%'", "BOOLEAN"),
    Function("case", "case when condition then value … [else value] end", "按条件取值", "the value of the first condition that holds",
             "case when orders > 5 then 'many' when orders > 0 then 'few' else 'none' end", "VARCHAR"),
    Function("cast", "cast(value as type), try_cast, value::type", "转换类型；转换不了为空",
             "another type; NULL where it can't be read", "cast(city as bigint)", "BIGINT", "TRY_CAST, rounding spelled out", "the same"),
    Function("||", "text || text → text", "连接文本，有空则空", "join texts; NULL when one is NULL",
             "city || '-' || product", "VARCHAR"),
    # missing values
    Function("coalesce", "coalesce(value, …)", "第一个非空值", "the first value that is not NULL", "coalesce(rate, 0)", "DOUBLE"),
    Function("nullif", "nullif(value, value)", "相等则为空", "NULL when both are equal, else the first", "nullif(city, '')", "VARCHAR"),
    Function("if", "if(condition, value, value)", "条件成立取前者，否则后者", "the first value when the condition holds, else the second",
             "if(member, 1, 0)", "BIGINT", "CASE", "CASE"),
    # numbers
    Function("greatest", "greatest(value, value, …)", "最大者，忽略空值",
             "the largest; NULLs are skipped", "greatest(rate, score)", "DOUBLE"),
    Function("least", "least(value, value, …)", "最小者，忽略空值", "the smallest; NULLs are skipped",
             "least(orders, visits)", "BIGINT"),
    Function("abs", "abs(number)", "绝对值", "absolute value", "abs(rate)", "DOUBLE"),
    Function("round", "round(number[, decimals])", "四舍五入", "rounded half away from 0", "round(rate, 2)", "DOUBLE",
             "ROUND", "ROUND rounds the decimal digits of a DOUBLE, DuckDB its binary value × 10^n: render so that both agree"),
    Function("floor", "floor(number) → integer", "向下取整", "the next integer below", "floor(rate)", "BIGINT",
             "CAST(FLOOR(x) AS BIGINT)", "the same"),
    Function("ceil", "ceil(number) → integer", "向上取整", "the next integer above", "ceil(rate)", "BIGINT",
             "CAST(CEIL(x) AS BIGINT)", "the same"),
    Function("ln", "ln(number)", "自然对数，非正数为空", "natural logarithm; NULL unless positive", "ln(rate)", "DOUBLE",
             "LN(CASE WHEN x > 0 THEN x END)", "the same"),
    Function("log10", "log10(number)", "以 10 为底的对数，非正数为空",
             "logarithm to base 10; NULL unless positive", "log10(amount)", "DOUBLE",
             "LOG10(CASE WHEN x > 0 THEN x END)", "the same"),
    Function("sqrt", "sqrt(number)", "平方根，负数为空", "square root; NULL when negative", "sqrt(rate)", "DOUBLE",
             "SQRT(CASE WHEN x >= 0 THEN x END)", "the same"),
    Function("power", "power(number, number)", "乘方，无实数结果为空",
             "power; NULL where no real number results", "power(rate, 2)", "DOUBLE",
             "POWER in a CASE that admits defined results only", "the same"),
    # text
    Function("lower", "lower(text)", "转小写", "small letters", "lower(product)", "VARCHAR"),
    Function("upper", "upper(text)", "转大写", "capital letters", "upper(product)", "VARCHAR"),
    Function("trim", "trim(text)", "去掉首尾空格（含全角）",
             "without blanks (also full-width ones) at both ends", "trim(city)", "VARCHAR",
             "TRIM(x, ' \u3000')", "TRIM(BOTH ' \u3000' FROM x)"),
    Function("substring", "substring(text, first[, length])", "截取，从 1 数起",
             "a part, counted from 1", "substring(city, 1, 2)", "VARCHAR"),
    Function("length", "length(text) → integer", "字数", "number of characters", "length(product)", "BIGINT",
             "CAST(LENGTH(x) AS BIGINT)", "the same"),
    Function("concat", "concat(value, …) → text", "连接文本，空视为空文本", "join texts; NULL counts as empty",
             "concat(city, '-', orders)", "VARCHAR", "COALESCE(a, '') || …", "the same"),
    Function("replace", "replace(text, 'old', new)", "替换", "every old replaced by new", "replace(product, ' ', '_')", "VARCHAR"),
    Function("split_part", "split_part(text, 'separator', number)", "按分隔符取第几段", "the n-th part, empty when there is none",
             "split_part(product, '-', 1)", "VARCHAR"),
    Function("starts_with", "starts_with(text, text) → boolean", "以…开头", "begins with", "starts_with(product, 'A')", "BOOLEAN"),
    Function("ends_with", "ends_with(text, text) → boolean", "以…结尾", "ends with", "ends_with(product, 'z')", "BOOLEAN"),
    Function("contains", "contains(text, text) → boolean", "包含文本", "holds the text", "contains(product, 'milk')", "BOOLEAN"),
    Function("regexp_matches", "regexp_matches(text, 'pattern') → boolean", "正则匹配（部分匹配）",
             "a part matches the regular expression (no look-around, no back references)", "regexp_matches(city, '^[A-Z]')", "BOOLEAN",
             "REGEXP_MATCHES (RE2)", "RLIKE (java.util.regex)"),
    # dates
    Function("date", "date 'YYYY-MM-DD'", "日期常量", "a date", "birth_date > date '1990-01-01'", "BOOLEAN"),
    Function("timestamp", "timestamp 'YYYY-MM-DD hh:mm:ss'", "日期时间常量", "a date with time",
             "ordered_at > timestamp '2024-06-01 12:00:00'", "BOOLEAN"),
    Function("as_of", "as_of() → date", "统计截止日", "the day up to which the build counts",
             "date_diff('day', ordered_at, as_of())", "BIGINT",
             "bound to a DATE literal by the planner", "the same"),
    Function("± days", "time + days, time - days → time", "若干天之后、之前（天数为常数）", "so many days later or earlier (a constant)",
             "joined_on >= as_of() - 30", "BOOLEAN", "CAST(d - INTERVAL '30' DAY AS DATE)", "the same"),
    Function("date_diff", "date_diff('day' | 'month' | 'year', from, to) → integer", "相差的天、月、年数（按日历边界）",
             "calendar days, months or years crossed", "date_diff('month', registered_at, ordered_at)", "BIGINT",
             "days: DATE_DIFF; months, years: by YEAR and MONTH", "days: DATEDIFF(to, from); else the same"),
    Function("full_years", "full_years(from, to) → integer", "满几周年（如周岁）", "completed years, e.g. an age",
             "full_years(birth_date, ordered_at)", "BIGINT", "by YEAR, MONTH and DAY", "the same"),
    Function("date_trunc", "date_trunc('year' | 'quarter' | 'month' | 'week' | 'day' | 'hour', time) → timestamp",
             "取所在时段的起点，周从周一起", "start of the period; weeks begin on Monday", "date_trunc('month', ordered_at)", "TIMESTAMP"),
    Function("extract", "extract(year | quarter | month | day | hour | isodow from time) → integer", "取日期的一部分",
             "a part of a date", "extract(isodow from ordered_at)", "BIGINT", "as the function of the part's name", "the same"),
    Function("year", "year(time) → integer", "年", "year", "year(birth_date)", "BIGINT"),
    Function("quarter", "quarter(time) → integer", "季度", "quarter 1–4", "quarter(ordered_at)", "BIGINT"),
    Function("month", "month(time) → integer", "月", "month 1–12", "month(birth_date)", "BIGINT"),
    Function("day", "day(time) → integer", "日", "day of the month", "day(ordered_at)", "BIGINT"),
    Function("hour", "hour(time) → integer", "小时", "hour 0–23", "hour(ordered_at)", "BIGINT"),
    Function("isodow", "isodow(time) → integer", "星期几：周一 1 … 周日 7",
             "weekday: Monday 1 … Sunday 7", "isodow(ordered_at)", "BIGINT",
             "ISODOW", "((DAYOFWEEK(x) + 5) % 7) + 1 (Spark counts from Sunday 1)"),
    # lists
    Function("list_contains", "list_contains(list, value) → boolean", "列表包含该值", "the list holds the value",
             "list_contains(interests, '运动')", "BOOLEAN", "LIST_CONTAINS", "ARRAY_CONTAINS"),
    Function("list_has_any", "list_has_any(list, ['a', 'b']) → boolean", "列表包含其一", "the list holds at least one of the values",
             "list_has_any(interests, ['运动', '美食'])", "BOOLEAN", "list_contains(…) OR …", "the same"),
    Function("list_has_all", "list_has_all(list, ['a', 'b']) → boolean", "列表全部包含", "the list holds all of the values",
             "list_has_all(interests, ['运动', '美食'])", "BOOLEAN", "list_contains(…) AND …", "the same"),
    Function("len", "len(list) → integer", "列表项数", "number of items of a list", "len(interests)", "BIGINT",
             "CAST(LEN(x) AS BIGINT)", "CAST(SIZE(x) AS BIGINT), NULL for NULL"),
)
# fmt: on

PORTABLE: Mapping[str, Function] = MappingProxyType({f.name: f for f in _ALL})
"""Every portable function and operator by name."""

INSTEAD: Mapping[str, str] = MappingProxyType({
    "now": "use as_of(), the day up to which the build counts", "today": "use as_of(), the day up to which the build counts",
    "current_date": "use as_of(), the day up to which the build counts",
    "current_timestamp": "use as_of(), the day up to which the build counts",
    "getdate": "use as_of(), the day up to which the build counts", "random": "results must be repeatable",
    "rand": "results must be repeatable", "uuid": "results must be repeatable",
    "dow": "use isodow (Monday 1 … Sunday 7)", "dayofweek": "use isodow (Monday 1 … Sunday 7)",
    "day_of_week": "use isodow (Monday 1 … Sunday 7)",
    "weekday": "use isodow (Monday 1 … Sunday 7)", "log": "use ln or log10", "log2": "use ln(x) / ln(2)",
    "age": "use full_years(from, to)", "date_part": "use extract(… from …)", "date_sub": "write time - days",
    "strftime": "use year, month, day, hour or date_trunc", "time_to_str": "use year, month, day, hour or date_trunc",
    "regexp_extract": "use split_part, substring or regexp_matches", "regexp_replace": "use replace",
    "left": "use substring(text, 1, n)", "right": "use ends_with or split_part", "to_date": "use cast(… as date)",
    "strptime": "declare the column's `format` in the source", "str_to_time": "declare the column's `format` in the source",
    "str_position": "use contains", "date_add": "write time + days", "date": "use cast(… as date)", "timestamp": "use cast(… as timestamp)",
    "current_time": "results must be repeatable", "array_size": "use len", "iff": "use case when … end",
})  # fmt: skip
"""What to write in place of a function that is not portable."""

INSTEAD_ZH: Mapping[str, str] = MappingProxyType({
    "use as_of(), the day up to which the build counts": "请用 as_of()，即统计截止日", "results must be repeatable": "结果必须可重复",
    "use isodow (Monday 1 … Sunday 7)": "请用 isodow（周一为 1，周日为 7）", "use ln or log10": "请用 ln 或 log10",
    "use ln(x) / ln(2)": "请用 ln(x) / ln(2)", "use full_years(from, to)": "请用 full_years(起, 止)",
    "use extract(… from …)": "请用 extract(… from …)",
    "write time - days": "请写 时间 - 天数", "use year, month, day, hour or date_trunc": "请用 year、month、day、hour 或 date_trunc",
    "use split_part, substring or regexp_matches": "请用 split_part、substring 或 regexp_matches", "use replace": "请用 replace",
    "use substring(text, 1, n)": "请用 substring(文本, 1, n)", "use ends_with or split_part": "请用 ends_with 或 split_part",
    "use cast(… as date)": "请用 cast(… as date)", "declare the column's `format` in the source": "请在数据源中声明该列的 format",
    "use contains": "请用 contains", "write time + days": "请写 时间 + 天数", "use cast(… as timestamp)": "请用 cast(… as timestamp)",
    "use len": "请用 len", "use case when … end": "请用 case when … end",
})  # fmt: skip
"""The same for those who read Chinese."""
