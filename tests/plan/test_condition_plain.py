"""The short way to read conditions gives the tree of the parser and its checks, or leaves the text to them."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from huaxiang.errors import ExpressionError
from huaxiang.plan.condition_calls import Scope, mask
from huaxiang.plan.condition_plain import read_plain
from huaxiang.plan.condition_sql import from_sql
from huaxiang.plan.condition_text import to_text, written
from huaxiang.plan.condition_tree import to_tree
from huaxiang.plan.conditions import And, Comparison, Node, Not, Or
from huaxiang.plan.expr import check_tree, parse_expression
from huaxiang.plan.predicate import ConditionError, read_condition

COLUMNS = {
    "city": "VARCHAR", "member": "BOOLEAN", "orders": "BIGINT", "score": "DOUBLE", "spend": "DECIMAL(18,4)", "born": "DATE",
    "seen": "TIMESTAMP", "likes": "VARCHAR[]", "date": "DATE", "if": "BIGINT", "e": "VARCHAR", "Mixed": "BIGINT", "marks": "BIGINT[]",
}  # fmt: skip
TYPED = {
    "city": ["'a'", "''", "'x''y'", "'北京'", "'2024-01-01'"],
    "member": ["true", "FALSE"],
    "orders": ["3", "-1", "007", "1.50", "- 2", "123456789012345"],
    "score": ["0.5", "-0.0", "3", "0.1234567890123456", "1e3", ".5", "5."],
    "spend": ["9.99", "10", "0.00001"],
    "born": ["'2024-02-29'", "'2024-02-30'", "'2024-W01-1'", "'2024-01-01 10:00:00'", "date '2024-01-01'", "as_of() - 3"],
    "seen": ["'2024-02-29'", "'2024-01-01 10:00:00'", "'2024-01-01T10:00:00+01:00'", "'now'"],
}  # fmt: skip
NAMES = [*COLUMNS, '"city"', '"date"', '"Mixed"', "CITY", "mixed", "nowhere", '"CITY"']
VALUES = [value for values in TYPED.values() for value in values] + ["null", "orders", "\\'", "E'a'"]
OPS = ["=", "==", "!=", "<>", "<", "<=", ">", ">="]
WORDS = [
    *NAMES, *VALUES, *OPS, "and", "or", "not", "in", "between", "is", "like", "ilike", "null", "(", ")", "[", "]", ",", "contains",
    "list_has_any", "list_contains", "in_audience", "did", "-", "+", "--", "/*", ";", ".", "::", "escape", "xor", "isnull", "*",
]  # fmt: skip


def _join(parts: tuple[str, ...], gaps: list[str]) -> str:
    return "".join(part + gap for part, gap in zip(parts, gaps, strict=False))


def _typed() -> st.SearchStrategy[tuple[str, ...]]:
    def leaves(name: str) -> st.SearchStrategy[tuple[str, ...]]:
        value, no = st.sampled_from(TYPED[name]), st.sampled_from([(), ("not",), ("NOT",)])
        return st.one_of(
            st.tuples(st.just(name), st.sampled_from(OPS), value),
            st.tuples(no, value, value).map(lambda t: (name, *t[0], "between", t[1], "and", t[2])),
            st.tuples(no, value, value).map(lambda t: (name, *t[0], "in", "(", t[1], ",", t[2], ")")),
            no.map(lambda n: (name, "is", *n, "null")),
        )

    return st.sampled_from(list(TYPED)).flatmap(leaves)


LEAVES = st.one_of(
    _typed(),
    st.sampled_from([
        ("member",), ("Member",), ("city", "like", "'a%'"), ("city", "not", "ilike", "'_'"), ("orders", "like", "'a'"),
        ("city", "not"), ("orders",), ("contains", "(", "city", ",", "'a'", ")"), ("ENDS_WITH", "(", "city", ",", "'a'", ")"),
        ("starts_with", "(", "orders", ",", "'a'", ")"), ("list_contains", "(", "likes", ",", "'tea'", ")"),
        ("list_has_any", "(", "likes", ",", "[", "'a'", ",", "'b'", "]", ")"), ("list_has_all", "(", "likes", ",", "[", "'a'", "]", ")"),
        ("list_has_all", "(", "likes", ",", "[", "]", ")"), ("list_contains", "(", "marks", ",", "3", ")"),
        ("in_audience", "(", "'loyal'", ")"), ("in_audience", "(", "loyal", ")"), ("likes", "is", "null"),
    ]),
)  # fmt: skip
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda p: ("not", *p)),
        inner.map(lambda p: ("(", *p, ")")),
        st.tuples(inner, st.sampled_from(["and", "or", "AND"]), inner).map(lambda t: (*t[0], t[1], *t[2])),
    ),
    max_leaves=6,
)
GAPS = st.lists(st.sampled_from([" ", " ", " ", "", "\n", "\t  "]), min_size=60, max_size=60)
TEXTS = st.tuples(CONDITIONS, GAPS).map(lambda t: _join(t[0], t[1]))
SOUP = st.tuples(st.lists(st.sampled_from(WORDS), max_size=9).map(tuple), GAPS).map(lambda t: _join(t[0], t[1]))


def parsed(text: str) -> Node | None:
    """What the parser and the checks give; None for a fault."""
    try:
        masked = mask(parse_expression(text), Scope(COLUMNS, {}))
        check_tree(masked.tree, COLUMNS, boolean=True, audiences=True)
    except ExpressionError:
        return None
    return from_sql(masked.tree, COLUMNS, masked.parts)


def same(text: str) -> None:
    plain = read_plain(text, COLUMNS)
    assert plain is None or repr(plain) == repr(parsed(text)), text


@given(TEXTS)
@example("not (not (orders = 1 and score > 2) and member)")
@example("orders >-1 and member")
@example("(orders = 1 or member) or city = 'a' or not not (member or score < 1)")
def test_conditions_are_read_as_by_the_parser(text: str) -> None:
    same(text)


@given(SOUP)
def test_what_is_no_condition_is_left_to_the_parser(text: str) -> None:
    same(text)


@pytest.mark.slow
@settings(max_examples=5_000, deadline=None)
@given(TEXTS | SOUP)
def test_thousands_of_texts_are_read_as_by_the_parser(text: str) -> None:
    same(text)


@pytest.mark.parametrize(
    "text",
    [
        "city = 'a' and orders>=3 or not (spend < -9.5)", "CITY in ('a', 'b') AND \"date\" > '2024-01-01'", "not member and likes is not null",
        "born between '2024-01-01' and '2024-02-01' and seen < '2024-01-01 10:00:00'", "contains(city, 'x''y') or city not like '%a'",
        "list_has_all(likes, ['a', 'b']) and in_audience('loyal')", "member = true\nand score <> 0.25",
    ],
)  # fmt: skip
def test_plain_conditions_take_the_short_way(text: str) -> None:
    plain = read_plain(text, COLUMNS)
    assert plain is not None
    assert plain == parsed(text)


def test_groups_of_a_kind_become_one() -> None:
    a, b, c = (Comparison("orders", "=", n) for n in (1, 2, 3))
    assert read_plain("(orders = 1 and orders = 2) and orders = 3", COLUMNS) == And((a, b, c))
    assert read_plain("orders = 1 or orders = 2 and not orders = 3", COLUMNS) == Or((a, And((b, Not(c)))))


@pytest.mark.parametrize(
    "text", ["(" * 500 + "member" + ")" * 500, "not " * 500 + "member", "member and " * 30_000 + "member"]
)
def test_what_is_deep_or_long_is_left_to_the_parser(text: str) -> None:
    assert read_plain(text, COLUMNS) is None


@given(TEXTS)
def test_trees_are_read_as_their_texts(text: str) -> None:
    tree = parsed(text)
    if tree is not None:
        assert repr(read_condition(to_tree(tree), COLUMNS)) == repr(parsed(to_text(written(tree))))


def test_a_fault_within_a_plain_tree_keeps_its_place() -> None:
    tree = {
        "all": [{"tag": "orders", "op": ">", "value": 3}, {"any": ["member", {"tag": "city", "op": "=", "value": 3}]}]
    }
    with pytest.raises(ConditionError) as caught:
        read_condition(tree, COLUMNS)
    assert (caught.value.code, caught.value.path) == ("EXP007", ("all", 1, "any", 1))
