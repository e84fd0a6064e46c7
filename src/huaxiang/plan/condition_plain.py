"""The plain part of the condition language, read in one pass: columns compared with constants, joined by and, or, not.

`read_plain` gives the tree that the parser and the checks of `huaxiang.plan.predicate` give, in a small part of their time. It leaves to
them whatever it does not know: expressions, what customers did, rare spellings, and every fault, which they alone explain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from huaxiang.plan.condition_sql import negated, number_of
from huaxiang.plan.conditions import (
    And,
    Between,
    Comparison,
    ComparisonOp,
    In,
    InAudience,
    IsNull,
    ListMatch,
    Node,
    Or,
    TextMatch,
    TextOp,
    Value,
)
from huaxiang.plan.types import LIST, family, moment_of

_MOST_SIGNS = 20_000
_DEEPEST = 40
"""What is longer or deeper is left to the parser, which knows what is too long or too deep."""
_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:
    (?P<word> [A-Za-z_][A-Za-z0-9_]*) (?![\w'"$@.:])
    | '(?P<text> (?:[^'\\\x00-\x1f]|'')*)'
    | (?P<number> -?[0-9]{1,15}(?:\.[0-9]{1,15})?) (?![\w.'"])
    | (?P<op> <=|>=|<>|!=|==|[=<>]) (?=[\s\w'"])
    | (?P<sign> [()\[\],])
    | "(?P<name> [^"\\\x00-\x1f]+)" (?!["'\w.:])
    | (?P<end> \Z)
    )""",
    re.VERBOSE,
)
_OPS: Mapping[str, ComparisonOp] = {
    "=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
}  # fmt: skip
_TEXT_CALLS: Mapping[str, TextOp] = {"contains": "contains", "starts_with": "starts_with", "ends_with": "ends_with"}
_NUMBERS = frozenset({"integer", "number", "money"})
_TIMES = frozenset({"date", "timestamp"})
_Token = tuple[str, str]


class _NotPlain(Exception):
    """Left to the parser."""


def read_plain(text: str, columns: Mapping[str, str]) -> Node | None:
    """The checked tree of a condition over `columns` (name → DuckDB type); None for what is not plain, or not right."""
    if len(text) > _MOST_SIGNS:
        return None
    try:
        return _Reader(_tokens(text), columns).whole()
    except _NotPlain:
        return None


def _tokens(text: str) -> list[_Token]:
    """Kind and text of each token, the kind `end` last."""
    found: list[_Token] = []
    at, kind = 0, ""
    while kind != "end":
        token = _TOKEN.match(text, at)
        if token is None:
            raise _NotPlain
        kind = token.lastgroup or ""
        found.append((kind, token[kind]))
        at = token.end()
    return found


@cache
def _reserved() -> frozenset[str]:
    """Words, in capitals, that the parser may take for something else than a column."""
    from sqlglot.dialects.duckdb import DuckDB

    words = {keyword.partition(" ")[0] for keyword in DuckDB.Tokenizer.KEYWORDS}
    return frozenset(words | set(DuckDB.Parser.NO_PAREN_FUNCTION_PARSERS))


class _Reader:
    """Reads tokens from the first to the last; every method raises _NotPlain for what it does not expect."""

    def __init__(self, tokens: list[_Token], columns: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._columns = columns
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        """The condition of all tokens."""
        node = self._either()
        if self._tokens[self._at][0] != "end":
            raise _NotPlain
        return node

    def _either(self) -> Node:
        return self._joined("or", Or, self._both)

    def _both(self) -> Node:
        return self._joined("and", And, self._term)

    def _joined(self, word: str, kind: type[And | Or], one: Callable[[], Node]) -> Node:
        node = one()
        if not self._took(word):
            return node
        parts = list(node.parts) if isinstance(node, kind) else [node]
        while True:
            node = one()
            parts += node.parts if isinstance(node, kind) else (node,)
            if not self._took(word):
                return kind(tuple(parts))

    def _term(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _NotPlain
        kind, text = self._next()
        if kind == "word":
            word = text.lower()
            if word == "not":
                node = negated(self._term())
            elif self._tokens[self._at] == ("sign", "("):
                node = self._call(word)
            else:
                node = self._of_column(*self._column(kind, text))
        elif kind == "name":
            node = self._of_column(*self._column(kind, text))
        elif text == "(" and kind == "sign":
            node = self._either()
            self._sign(")")
        else:
            raise _NotPlain
        self._depth -= 1
        return node

    # parts

    def _of_column(self, column: str, type_: str) -> Node:
        of = family(type_)
        kind, text = self._tokens[self._at]
        if kind == "op":
            self._at += 1
            return Comparison(column, _OPS[text], self._constant(of))
        if self._took("is"):
            negate = self._took("not")
            self._word("null")
            return IsNull(column, negate)
        negate = self._took("not")
        node: Node
        if self._took("in"):
            node = In(column, self._constants(of, "()"))
        elif self._took("between"):
            low = self._constant(of)
            self._word("and")
            node = Between(column, low, self._constant(of))
        elif self._took("like"):
            node = TextMatch(column, "like", self._text(of))
        elif self._took("ilike"):
            node = TextMatch(column, "ilike", self._text(of))
        elif of == "boolean" and not negate:
            return Comparison(column, "=", True)
        else:
            raise _NotPlain
        return negated(node) if negate else node

    def _call(self, name: str) -> Node:
        self._sign("(")
        node: Node
        if name == "in_audience":
            node = InAudience(self._text("text"))
        else:
            column, type_ = self._column(*self._next())
            self._sign(",")
            if name in _TEXT_CALLS:
                node = TextMatch(column, _TEXT_CALLS[name], self._text(family(type_)))
            elif type_ != LIST:
                raise _NotPlain
            elif name == "list_contains":
                node = ListMatch(column, "any", (self._text("text"),))
            elif name in ("list_has_any", "list_has_all"):
                node = ListMatch(column, "any" if name == "list_has_any" else "all", self._constants("text", "[]"))
            else:
                raise _NotPlain
        self._sign(")")
        return node

    def _column(self, kind: str, text: str) -> tuple[str, str]:
        """Name and type of a column; a word may be spelt in capitals."""
        if kind == "word" and text.upper() not in _reserved():
            name = text if text in self._columns else text.lower()
        elif kind == "name":
            name = text
        else:
            raise _NotPlain
        if name not in self._columns:
            raise _NotPlain
        return name, self._columns[name]

    # constants

    def _constants(self, of: str, brackets: str) -> tuple[Value, ...]:
        self._sign(brackets[0])
        found = [self._constant(of)]
        while self._tokens[self._at] == ("sign", ","):
            self._at += 1
            found.append(self._constant(of))
        self._sign(brackets[1])
        return tuple(found)

    def _constant(self, of: str) -> Value:
        """A constant that can be compared with a column of that family."""
        kind, text = self._next()
        if kind == "number" and of in _NUMBERS:
            number = number_of(text.lstrip("-"))
            if number is not None:
                return -number if text[0] == "-" else number
        elif kind == "text":
            text = text.replace("''", "'")
            if of == "text" or (of in _TIMES and _is_moment(text)):
                return text
        elif kind == "word" and of == "boolean" and text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise _NotPlain

    def _text(self, of: str) -> str:
        value = self._constant(of) if of == "text" else None
        if not isinstance(value, str):
            raise _NotPlain
        return value

    # tokens

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _took(self, word: str) -> bool:
        kind, text = self._tokens[self._at]
        found = kind == "word" and text.lower() == word
        self._at += found
        return found

    def _word(self, word: str) -> None:
        if not self._took(word):
            raise _NotPlain

    def _sign(self, sign: str) -> None:
        if self._next() != ("sign", sign):
            raise _NotPlain


def _is_moment(text: str) -> bool:
    try:
        moment_of(text)
    except ValueError:
        return False
    return True
