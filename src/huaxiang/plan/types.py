"""The types of values in expressions: DuckDB names, grouped into families, and how two of them meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlglot import exp

from huaxiang.errors import ExpressionError, Said

TEXT, INTEGER, NUMBER, MONEY = "VARCHAR", "BIGINT", "DOUBLE", "DECIMAL(18,4)"
DATE, TIMESTAMP, BOOLEAN, LIST, NULL = "DATE", "TIMESTAMP", "BOOLEAN", "VARCHAR[]", "NULL"

_INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
_WORDS = {
    "text": "text", "integer": "a whole number", "number": "a number", "money": "an amount", "date": "a date",
    "timestamp": "a date with time", "boolean": "true/false", "list": "a list", "null": "NULL",
}  # fmt: skip


_WORDS_ZH = {
    "text": "文本", "integer": "整数", "number": "数值", "money": "金额", "date": "日期", "timestamp": "日期时间", "boolean": "真/假",
    "list": "列表", "null": "空值",
}  # fmt: skip


def family(type_: str) -> str:
    """Return text, integer, number, money (any DECIMAL), date, timestamp, boolean, list or null for a DuckDB type name."""
    name = type_.upper()
    if name.endswith("[]"):
        return "list"
    if name in _INTEGERS:
        return "integer"
    if name in ("DOUBLE", "FLOAT", "REAL"):
        return "number"
    if name.startswith("DECIMAL"):
        return "money"
    return {"VARCHAR": "text", "DATE": "date", "BOOLEAN": "boolean", "NULL": "null"}.get(name, "timestamp")


def is_numeric(type_: str) -> bool:
    """True for integers, numbers and money."""
    return family(type_) in ("integer", "number", "money")


def is_temporal(type_: str) -> bool:
    """True for dates and timestamps."""
    return family(type_) in ("date", "timestamp")


def words(type_: str) -> str:
    """Name a type for a message: `text`, `a whole number`, …"""
    return _WORDS[family(type_)]


def words_zh(type_: str) -> str:
    """The same for those who read Chinese."""
    return _WORDS_ZH[family(type_)]


@dataclass(frozen=True)
class Typed:
    """A portable expression with the type of its value."""

    node: exp.Expression
    type: str

    @property
    def family(self) -> str:
        """The family of the type, see `family`."""
        return family(self.type)

    @property
    def literal(self) -> exp.Literal | None:
        """The literal that this is, if it is one (a sign does not count)."""
        return self.node if isinstance(self.node, exp.Literal) else None


def cast(value: Typed, type_: str) -> Typed:
    """Cast to a type, unless the value has it."""
    if value.type == type_:
        return value
    return Typed(exp.cast(value.node, exp.DataType.build(type_, dialect="duckdb")), type_)


def to_double(value: Typed) -> Typed:
    """Cast to DOUBLE, unless it is."""
    return cast(value, NUMBER)


def align(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Bring two numbers, times or equal types to a common type; raise TypeError when they have none.

    A number literal with up to 4 decimals takes the exact type of an amount it meets; a text literal that meets a date or
    time becomes one.
    """
    families = {left.family, right.family}
    if left.family == right.family or "null" in families:
        return left, right
    if families <= {"integer", "number", "money"}:
        return _align_numbers(left, right)
    if families == {"date", "timestamp"}:
        return left, right
    if "text" in families and families & {"date", "timestamp"}:
        other = right if left.family == "text" else left
        text = left if left.family == "text" else right
        if text.literal is not None:
            timed = time_literal(text.literal.name, other.type)
            return (timed, other) if text is left else (other, timed)
    raise TypeError


def _align_numbers(left: Typed, right: Typed) -> tuple[Typed, Typed]:
    if {left.family, right.family} == {"number", "money"}:
        for value, other in ((left, right), (right, left)):
            if value.literal is not None and value.family == "number" and _decimals(value.literal.name) <= 4:
                exact = Typed(exp.cast(value.node, exp.DataType.build(MONEY, dialect="duckdb")), MONEY)
                return (exact, other) if value is left else (other, exact)
        return to_double(left), to_double(right)
    return left, right


def _decimals(text: str) -> int:
    return 99 if "e" in text.lower() else len(text.partition(".")[2])


def unify(values: list[Typed], where: str) -> tuple[list[Typed], str]:
    """Bring the branches of a CASE, COALESCE … to one type, cast where needed; EXP010 when they have none."""
    families = {v.family for v in values if v.family != "null"}
    known = [v for v in values if v.family != "null"]
    if not known:
        zh = f"{where} 的取值全部为空；请至少给出一个取值"
        raise ExpressionError("EXP010", f"all values of {where} are NULL; give at least one a value", zh=zh)
    if len({v.type for v in known}) == 1:
        constant = all(is_constant(v.node) for v in known)
        return [settle(v) if constant or v.type == NUMBER else v for v in values], known[0].type
    if families <= {"integer", "number", "money"}:
        type_ = NUMBER if "number" in families else MONEY if "money" in families else INTEGER
        return [settle(cast(v, type_)) if v.family != "null" else v for v in values], type_
    if families == {"date", "timestamp"}:
        return [cast(v, TIMESTAMP) if v.family != "null" else v for v in values], TIMESTAMP
    if len(families) == 1:
        return values, known[0].type
    kinds = " and ".join(sorted({words(v.type) for v in known}))
    zh = f"{where} 混用了{'、'.join(sorted({words_zh(v.type) for v in known}))}；所有取值必须是同一类型，请用 cast(… as …) 转换"
    message = f"{where} mixes {kinds}; all its values must have one type, cast(… as …) some"
    raise ExpressionError("EXP010", message, zh=zh)


def common_type(types: Sequence[str]) -> str:
    """Return the one type that values of all `types` can be cast to without loss of meaning; TypeError when there is none."""
    families = {family(t) for t in types}
    if len(set(types)) == 1:
        return types[0]
    if families <= {"integer", "number", "money"}:
        return NUMBER if "number" in families else MONEY
    if families == {"date", "timestamp"}:
        return TIMESTAMP
    raise TypeError


def several_types(types: Sequence[str]) -> Said:
    """Sources of one attribute give these types, which have none in common."""
    kinds, kinds_zh = (sorted({call(t) for t in types}) for call in (words, words_zh))
    return Said(
        f"its sources give {' and '.join(kinds)}; all must give one type, cast(… as …) some",
        f"各来源给出的类型不同（{'、'.join(kinds_zh)}）；必须是同一类型，请用 cast(… as …) 转换",
    )


def time_literal(text: str, type_: str) -> Typed:
    """A text literal as DATE or TIMESTAMP; EXP009 when it is none."""
    try:
        moment = moment_of(text)
    except ValueError:
        what = "a date" if family(type_) == "date" else "a date with time"
        form = "'YYYY-MM-DD' or 'YYYY-MM-DD hh:mm:ss'"
        zh = f"'{text}' 不是{words_zh(type_)}；请写 'YYYY-MM-DD' 或 'YYYY-MM-DD hh:mm:ss'"
        raise ExpressionError("EXP009", f"'{text}' is no {what.removeprefix('a ')}; write {form}", zh=zh) from None
    if not isinstance(moment, datetime):
        return Typed(exp.cast(exp.Literal.string(text), exp.DataType.build("DATE")), DATE)
    return Typed(exp.cast(exp.Literal.string(moment.isoformat(sep=" ")), exp.DataType.build("TIMESTAMP")), TIMESTAMP)


def moment_of(text: str) -> date | datetime:
    """The day or time that a text literal means: YYYY-MM-DD or YYYY-MM-DD hh:mm:ss, without a zone. ValueError when it means none."""
    if len(text) == 10:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError("a zone")
    return moment


def shifted(value: Typed, days: exp.Literal, kind: type[exp.Expression]) -> Typed:
    """A date or time so many days later (`kind` Add) or earlier (Sub), of the same type."""
    interval = exp.Interval(this=exp.Literal.string(days.name), unit=exp.var("DAY"))
    return Typed(
        exp.cast(kind(this=value.node, expression=interval), exp.DataType.build(value.type, dialect="duckdb")),
        value.type,
    )


def settle(value: Typed) -> Typed:
    """Give a bare number its full type: engines take 1 as 32 bits and 0.5 as a decimal of one place."""
    if is_constant(value.node) and value.type in (INTEGER, NUMBER):
        return Typed(exp.cast(value.node, exp.DataType.build(value.type)), value.type)
    return value


def is_constant(node: exp.Expression) -> bool:
    """True for a number literal, with or without sign."""
    bare = node.this if isinstance(node, exp.Neg) else node
    return isinstance(bare, exp.Literal) and not bare.is_string


def compare_hint(left: Typed, right: Typed) -> tuple[str, str]:
    """What to write in place of a comparison of two types, in English and Chinese."""
    families = {left.family, right.family}
    if "list" in families:
        return "use list_contains(list, value)", "请用 list_contains(列表, 取值)"
    if families <= {"text", "integer", "number", "money"}:
        literal = left.literal if left.family == "text" else right.literal
        if literal is not None and literal.is_string:
            if not _is_number(literal.name):
                return "write a number", "请写数值"
            return f"write the number without quotes: {literal.name}", f"数值不加引号：{literal.name}"
        return (
            "put the number in quotes, or cast(… as double) the text",
            "请给数值加引号，或用 cast(… as double) 转换文本",
        )
    if "boolean" in families:
        return "write the true/false value alone, or `not` before it", "真/假值请单独写，或在前面加 not"
    return "cast one of them", "请用 cast 转换其中之一"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
