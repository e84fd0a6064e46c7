"""What is wrong with a text that is no expression: the word at fault, its place, and what is expected there, in English and Chinese."""

from __future__ import annotations

from sqlglot.errors import ParseError

from huaxiang.errors import ExpressionError

_WIDE = str.maketrans("＝＜＞（），；！＋－＊／％‘’＇“”＂", "=<>(),;!+-*/%''''''")
_SIGNS = frozenset({">", "<", "=", "+", "-", "*", "/"})
_FIRST = frozenset(
    {"and", "or", "=", "<", ">", "<=", ">=", "!=", "<>", "*", "/", "%", "in", "between", "like", "ilike", "is"}
)
"""What stands between two operands, so never first."""


def syntax_error(error: ParseError, text: str) -> ExpressionError:
    """EXP001 for a text that can't be read, EXP003 for more than an expression, EXP009 for an operand that is missing."""
    found = error.errors[0] if error.errors else {}
    word, before = str(found.get("highlight") or ""), " ".join(str(found.get("start_context") or "")[-20:].split())
    start, end = _place(found, text)
    if wide := half_width(word) or half_width(before[-1:]):
        return _refusal("EXP001", f'syntax error at "{word}"{wide}', f"“{word}”处无法读取{_zh(wide)}", (start, end))
    if word.lower() in ("select", "from", "with", "as") or word in (",", ";"):
        message = f'write exactly one expression; "{word}" is not part of one'
        return _refusal("EXP003", message, f"只能写一个表达式，“{word}”不属于表达式", (start, end))
    if not word:
        return _refusal("EXP001", "syntax error: the expression is not complete", "表达式不完整", (start, end))
    at_end = not text[end:].strip()
    description = str(found.get("description", ""))
    if description.startswith("Required keyword"):
        return _missing(text, word, before, None if at_end else (start, end))
    if description == "Expecting )":
        expected = _of_bracket(word, at_end=at_end)
    elif word == ")":
        expected = '; no "(" belongs to it', "；没有与之对应的“(”"
    elif at_end and word.lower() in _FIRST | {"not"}:
        expected = "; something is missing after it", "；其后缺少内容"
    else:
        expected = "; an operator is expected before it: =, >, in, and …", "；其前应有运算符：=、>、in、and 等"
    place = _end(text) if at_end and description == "Expecting )" else (start, end)
    return _at(word, before, expected, place)


def unclosed(text: str, code: str = "EXP001") -> ExpressionError:
    """The error for a quote that is opened and not closed; it lies where it is opened."""
    opened: tuple[int, str] | None = None
    for position, sign in enumerate(text):
        if opened is None and sign in "'\"":
            opened = position, sign
        elif opened is not None and sign == opened[1]:
            opened = None
    place = _end(text) if opened is None else (opened[0], opened[0] + 1)
    return _refusal(code, "syntax error: a quote or bracket is not closed", "引号或括号没有闭合", place)


def half_width(word: str) -> str:
    """Say what to write for signs as a Chinese keyboard makes them; empty when there are none."""
    wide = [sign for sign in word if ord(sign) in _WIDE]
    if not wide:
        return ""
    plain = " ".join(dict.fromkeys(sign.translate(_WIDE) for sign in wide))
    return f"; write half-width signs: {plain}"


def place_of(error: ParseError, text: str) -> tuple[str, tuple[int, int]]:
    """The word at fault, and its place."""
    found = error.errors[0] if error.errors else {}
    return str(found.get("highlight") or ""), _place(found, text)


def _zh(wide: str) -> str:
    return f"；请改用半角符号：{wide.partition(': ')[2]}"


def _missing(text: str, word: str, before: str, place: tuple[int, int] | None) -> ExpressionError:
    """An operand is missing: before the word at `place`, or after the last one (None)."""
    first = text.split(None, 1)[0]
    if first.lower() in _FIRST:
        start = text.index(first)
        message = f'an operand or argument is missing before "{first}"'
        return _refusal("EXP009", message, f"“{first}”之前缺少条件、取值或列名", (start, start + len(first)))
    if word in _SIGNS:
        expected = (
            ("; a value, column or call is expected after it", "；其后应有取值、列名或函数")
            if place is None
            else ("; a value, column or call is expected instead", "；此处应为取值、列名或函数")
        )
        return _at(word, before, expected, place or _end(text))
    where, place = ("before", place) if place is not None else ("after", _end(text))
    message = f'an operand or argument is missing {where} "{word}"'
    return _refusal(
        "EXP009", message, f"“{word}”之{'前' if where == 'before' else '后'}缺少取值、列名、函数或条件", place
    )


def _of_bracket(word: str, *, at_end: bool) -> tuple[str, str]:
    if at_end:
        return '; ")" is expected at the end: a bracket is not closed', "；末尾应有“)”：括号没有闭合"
    return f'; "," or ")" is expected before "{word}"', f"；“{word}”之前应有“,”或“)”"


def _at(word: str, before: str, expected: tuple[str, str], place: tuple[int, int]) -> ExpressionError:
    after = (f' after "{before}"', f"“{before}”之后的") if before else ("", "")
    return _refusal(
        "EXP001",
        f'syntax error at "{word}"{after[0]}{expected[0]}',
        f"{after[1]}“{word}”处无法读取{expected[1]}",
        place,
    )


def _refusal(code: str, message: str, zh: str, place: tuple[int, int]) -> ExpressionError:
    return ExpressionError(code, message, place, zh=zh)


def _place(found: dict[str, object], text: str) -> tuple[int, int]:
    """Where the word at fault lies; the end of the text when the expression is not complete."""
    word, line, column = str(found.get("highlight") or ""), found.get("line"), found.get("col")
    if not word or not isinstance(line, int) or not isinstance(column, int):
        return (len(text), len(text))
    end = sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + column
    return (max(end - len(word), 0), end)


def _end(text: str) -> tuple[int, int]:
    """Just after the last sign."""
    end = len(text.rstrip())
    return (end, end)
