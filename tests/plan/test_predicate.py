"""The condition language: SQL text and YAML tree give the same tree and the same SQL, both ways."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.errors import ExpressionError
from huaxiang.plan.conditions import (
    And,
    Between,
    Comparison,
    In,
    InAudience,
    IsNull,
    ListMatch,
    Not,
    Or,
    Raw,
    TextMatch,
)
from huaxiang.plan.functions import EXAMPLE_COLUMNS
from huaxiang.plan.predicate import ConditionError, parse_condition, references, to_sql_ast, to_text, to_tree

READ = [
    ("orders >= 3", Comparison("orders", ">=", 3), {"tag": "orders", "op": ">=", "value": 3}),
    ("3 < orders", Comparison("orders", ">", 3), {"tag": "orders", "op": ">", "value": 3}),
    ("member", Comparison("member", "=", True), {"tag": "member", "op": "=", "value": True}),
    ("not member", Not(Comparison("member", "=", True)), {"not": {"tag": "member", "op": "=", "value": True}}),
    ("city in ('京', '沪')", In("city", ("京", "沪")), {"tag": "city", "op": "in", "values": ["京", "沪"]}),
    ("city not in ('京')", In("city", ("京",), True), {"tag": "city", "op": "not_in", "values": ["京"]}),
    ("amount between -1 and 2.5", Between("amount", -1, 2.5), {"tag": "amount", "op": "between", "low": -1, "high": 2.5}),
    ("city is not null", IsNull("city", True), {"tag": "city", "op": "is_not_null"}),
    ("city not like 'a%'", TextMatch("city", "like", "a%", True), {"tag": "city", "op": "not_like", "value": "a%"}),
    ("contains(city, '京')", TextMatch("city", "contains", "京"), {"tag": "city", "op": "contains", "value": "京"}),
    ("list_contains(interests, 'a')", ListMatch("interests", "any", ("a",)), {"tag": "interests", "op": "has_any", "values": ["a"]}),
    (
        "not list_has_any(interests, ['a', 'b'])",
        ListMatch("interests", "none", ("a", "b")),
        {"tag": "interests", "op": "has_none", "values": ["a", "b"]},
    ),
    (
        "list_has_all(interests, ['a', 'b'])",
        ListMatch("interests", "all", ("a", "b")),
        {"tag": "interests", "op": "has_all", "values": ["a", "b"]},
    ),
    ("birth_date < date '1990-01-01'", Comparison("birth_date", "<", "1990-01-01"),
     {"tag": "birth_date", "op": "<", "value": "1990-01-01"}),
    ("in_audience('loyal')", InAudience("loyal"), {"audience": "loyal"}),
    ("amount / orders > 3", Raw("amount / orders > 3"), {"sql": "amount / orders > 3"}),
    (
        "orders > 1 and (member or rate < 0.5) and not (city = 'a' and member)",
        And((
            Comparison("orders", ">", 1),
            Or((Comparison("member", "=", True), Comparison("rate", "<", 0.5))),
            Not(And((Comparison("city", "=", "a"), Comparison("member", "=", True)))),
        )),
        {"all": [
            {"tag": "orders", "op": ">", "value": 1},
            {"any": [{"tag": "member", "op": "=", "value": True}, {"tag": "rate", "op": "<", "value": 0.5}]},
            {"not": {"all": [{"tag": "city", "op": "=", "value": "a"}, {"tag": "member", "op": "=", "value": True}]}},
        ]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "tree", "data"), READ, ids=[r[0][:40] for r in READ])
def test_text_and_tree_are_one(text: str, tree: Any, data: Any) -> None:
    from_text, from_data = parse_condition(text, EXAMPLE_COLUMNS), parse_condition(data, EXAMPLE_COLUMNS)
    assert from_text.tree == from_data.tree == tree
    assert to_tree(from_text) == data
    assert from_text.ast == from_data.ast == parse_condition(to_text(from_text), EXAMPLE_COLUMNS).ast


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        ({"al": []}, "CON001", ()), ({"all": [], "any": []}, "CON001", ()), ({"all": []}, "CON003", ("all",)),
        ({"audience": "a", "tag": "b"}, "CON001", ()), ({"not": {"audience": "a"}, "x": 1}, "CON001", ("x",)),
        ({"tag": "orders", "op": "=>", "value": 3}, "CON002", ("op",)), ({"tag": 3}, "CON003", ("tag",)),
        ({"tag": "orders", "op": "in", "value": 3}, "CON001", ("value",)), ({"tag": "orders", "op": ">"}, "CON003", ()),
        ({"tag": "orders", "op": "=", "value": None}, "CON003", ("value",)),
        ({"any": [{"tag": "city", "op": "in", "values": ["a", None]}]}, "CON003", ("any", 0, "values", 1)),
        ({"any": ["member", {"not": {"tag": "ordrs", "op": ">", "value": 1}}]}, "EXP002", ("any", 1, "not")),
        ({"all": ["orders >"]}, "EXP001", ("all", 0)), ({"tag": "city", "op": "contains", "value": 3}, "CON003", ("value",)),
        ({"all": [{"tag": "city", "op": ">", "value": 3}]}, "EXP007", ("all", 0)), (3, "CON001", ()),
    ],
)  # fmt: skip
def test_faults_of_a_tree_have_a_path(data: Any, code: str, path: tuple[object, ...]) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(data, EXAMPLE_COLUMNS)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_references_need_no_types() -> None:
    found = references(
        {"all": ["a > 1", {"tag": "b", "op": "is_null"}, {"any": [{"audience": "x"}, "in_audience('y')"]}]}
    )
    assert (found.columns, found.audiences) == ({"a", "b"}, {"x", "y"})
    assert references("full_years(born, as_of()) > spend").columns == {"born", "spend"}


def test_audiences_are_put_in_place_and_never_unknown() -> None:
    audiences = {
        "rich": parse_condition("orders > 3 and in_audience('on')", EXAMPLE_COLUMNS),
        "on": parse_condition("member", EXAMPLE_COLUMNS),
    }
    condition = parse_condition("not in_audience('rich')", EXAMPLE_COLUMNS)
    assert condition.audiences == ("rich",)
    assert to_sql_ast(condition).sql("duckdb") == "NOT IN_AUDIENCE('rich')"
    expanded = to_sql_ast(condition, audiences).sql("duckdb")
    assert expanded == 'NOT COALESCE("orders" > 3 AND COALESCE("member", FALSE), FALSE)'


def test_unknown_and_circular_audiences_are_refused() -> None:
    loop = {"a": parse_condition("in_audience('a')", EXAMPLE_COLUMNS)}
    with pytest.raises(ExpressionError, match="CON005 audiences refer to each other in a circle: a → a"):
        to_sql_ast(loop["a"], loop)
    with pytest.raises(ExpressionError, match='CON004 unknown audience "b"'):
        to_sql_ast(parse_condition("in_audience('b')", EXAMPLE_COLUMNS), loop)


def test_unknown_is_not_true() -> None:
    sql = to_sql_ast(parse_condition("not (subscribed and orders > 1)", EXAMPLE_COLUMNS)).sql("duckdb")
    query = f"select ({sql}) is true from (select null::boolean subscribed, 3::bigint orders)"
    assert duckdb.sql(query).fetchall() == [(False,)]


NUMBERS = st.integers(-10, 10) | st.floats(-1e6, 1e6).map(lambda f: round(f, 3))
LEAVES = st.one_of(
    st.builds(Comparison, st.just("rate"), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), NUMBERS),
    st.builds(Comparison, st.just("city"), st.sampled_from(["=", "!="]), st.text(max_size=5)),
    st.builds(In, st.just("city"), st.lists(st.text(max_size=3), min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(Between, st.just("orders"), st.integers(-5, 5), st.integers(-5, 5), st.booleans()),
    st.builds(IsNull, st.just("birth_date"), st.booleans()),
    st.builds(ListMatch, st.just("interests"), st.sampled_from(["any", "none"]), st.tuples(st.text(max_size=3))),
    st.builds(InAudience, st.text(min_size=1, max_size=5)),
)
TREES = st.recursive(
    LEAVES, lambda inner: st.builds(Not, inner) | st.builds(And, st.tuples(inner, inner)) | st.builds(Or, st.tuples(inner, inner)),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=50)
@given(TREES)
def test_any_tree_survives_both_forms(tree: Any) -> None:
    from huaxiang.plan.condition_tree import to_tree as print_tree

    condition = parse_condition(print_tree(tree), EXAMPLE_COLUMNS)
    text = to_text(condition)
    again = parse_condition(text, EXAMPLE_COLUMNS)
    assert to_text(again) == text
    assert parse_condition(to_tree(again), EXAMPLE_COLUMNS).tree == again.tree
    assert again.ast.sql("duckdb") == condition.ast.sql("duckdb")
