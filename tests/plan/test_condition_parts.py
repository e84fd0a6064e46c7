"""Behaviour, sequences, lists, samples and ranks as SQL text and as YAML tree: one meaning, and faults that tell their place."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plan.behaviours import COLUMNS, SOURCES, TREES

from huaxiang.errors import ExpressionError
from huaxiang.plan.condition_tree import to_tree as print_tree
from huaxiang.plan.conditions import (
    And,
    Behaviour,
    Comparison,
    InList,
    Not,
    Or,
    Sample,
    Sequence,
    Step,
    Top,
    Window,
    parts_of,
)
from huaxiang.plan.expr import PART_CALLS, check_expression
from huaxiang.plan.predicate import Condition, ConditionError, parse_condition, references, to_text, to_tree

ORDERS = Step("orders")
READ: list[tuple[str, Any, dict[str, object]]] = [
    ("did('orders')", Behaviour(ORDERS), {"did": "orders"}),
    ("NOT did('orders', days => 90)", Behaviour(ORDERS, op="=", value=0, window=Window(90)), {"did_not": "orders", "days": 90}),
    (
        "did('orders', amount > 100 AND channel = '线上', days => 30)",
        Behaviour(Step("orders", "amount > 100 AND channel = '线上'"), window=Window(30)),
        {"did": "orders", "where": "amount > 100 AND channel = '线上'", "days": 30},
    ),
    (
        "count_of('orders', paid, days => 30) >= 3",
        Behaviour(Step("orders", "paid"), "count", ">=", 3, window=Window(30)),
        {"measure": "count", "source": "orders", "where": "paid", "days": 30, "op": ">=", "value": 3},
    ),
    (
        "days_of('views', since => '2024-01-01', until => '2024-03-31') >= 5",
        Behaviour(Step("views"), "days", ">=", 5, window=Window(None, "2024-01-01", "2024-03-31")),
        {"measure": "days", "source": "views", "since": "2024-01-01", "until": "2024-03-31", "op": ">=", "value": 5},
    ),
    (
        "sum_of('orders', amount, channel = '线上', days => 90) > 500",
        Behaviour(Step("orders", "channel = '线上'"), "sum", ">", 500, "amount", Window(90)),
        {"measure": "sum", "of": "amount", "source": "orders", "where": "channel = '线上'", "days": 90, "op": ">", "value": 500},
    ),
    (
        "last_of('orders', paid) = TRUE",
        Behaviour(ORDERS, "last", "=", True, "paid"),
        {"measure": "last", "of": "paid", "source": "orders", "op": "=", "value": True},
    ),
    (
        "max_of('orders', due) < '2024-01-01'",
        Behaviour(ORDERS, "max", "<", "2024-01-01", "due"),
        {"measure": "max", "of": "due", "source": "orders", "op": "<", "value": "2024-01-01"},
    ),
    (
        "in_sequence('views', step('orders', amount > 100), within => 7, without => 'orders')",
        Sequence((Step("views"), Step("orders", "amount > 100")), 7, ORDERS),
        {"sequence": [{"did": "views"}, {"did": "orders", "where": "amount > 100"}], "within": 7, "without": {"did": "orders"}},
    ),
    ("in_list('vip_2024')", InList("vip_2024"), {"list": "vip_2024"}),
    ("sample(0.1)", Sample(0.1), {"sample": 0.1}),
    ("sample(0.25, 'spring')", Sample(0.25, "spring"), {"sample": 0.25, "seed": "spring"}),
    ("top(1000, spend)", Top(1000, "spend"), {"top": 1000, "by": "spend"}),
    (
        "bottom(5, spend, city = '上海' AND did('orders'))",
        Top(5, "spend", And((Comparison("city", "=", "上海"), Behaviour(ORDERS))), lowest=True),
        {"bottom": 5, "by": "spend", "among": {"all": [{"tag": "city", "op": "=", "value": "上海"}, {"did": "orders"}]}},
    ),
]  # fmt: skip


def parse(when: Any) -> Condition:
    return parse_condition(when, COLUMNS, SOURCES)


@pytest.mark.parametrize(("text", "tree", "data"), READ, ids=[r[0][:40] for r in READ])
def test_text_and_tree_are_one(text: str, tree: Any, data: Any) -> None:
    from_text, from_data = parse(text), parse(data)
    assert from_text.tree == from_data.tree == tree
    assert (to_text(from_text), to_tree(from_data)) == (text, data)
    assert from_text == from_data


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("not did('orders')", "count_of('orders') = 0"), ("did('orders')", "1 <= count_of('orders')"),
        ("not (not did('orders'))", "did('orders')"), ("last_of('orders', paid)", "last_of('orders', paid) = true"),
        ("count_of('orders') between 2 and 4", "count_of('orders') >= 2 and count_of('orders') <= 4"),
        ("count_of('orders') in (2, 4)", "count_of('orders') = 2 or count_of('orders') = 4"),
        ("DID('orders', Channel = 'a')", "did('orders', channel = 'a')"), ("did('orders', (paid))", "did('orders', paid)"),
        ("did('orders', since => date '2024-01-01')", "did('orders', since => '2024-01-01')"),
    ],
)  # fmt: skip
def test_other_ways_to_write_the_same(text: str, same: str) -> None:
    assert parse(text) == parse(same)


def test_negated_group_of_measures() -> None:
    expected = Not(And((Behaviour(ORDERS, "count", ">=", 2), Behaviour(ORDERS, "count", "<=", 4))))
    assert parse("count_of('orders') not between 2 and 4").tree == expected
    assert parse("not (count_of('orders') in (2, 4))").tree == Not(
        Or((Behaviour(ORDERS, "count", "=", 2), Behaviour(ORDERS, "count", "=", 4)))
    )


MEASURE_TEXTS = st.sampled_from(
    [
        ("count_of('orders', days => 30)", "numbers"), ("count_of('views', page = 'home')", "numbers"),
        ("days_of('orders', amount > 100)", "numbers"), ("distinct_of('orders', channel, paid)", "numbers"),
        ("sum_of('orders', amount, since => '2024-01-01')", "numbers"), ("mean_of('orders', amount)", "numbers"),
        ("min_of('orders', pieces)", "numbers"), ("max_of('orders', due, days => 7)", "days"), ("first_of('orders', rate)", "numbers"),
        ("last_of('orders', channel, until => '2024-03-31')", "texts"),
    ]
)  # fmt: skip
CONSTANTS = {
    "numbers": st.integers(-5, 9).map(str), "days": st.sampled_from(["'2024-01-01'", "'2024-12-31'"]),
    "texts": st.sampled_from(["'a'", "'线上'", "''"]),
}  # fmt: skip


@st.composite
def compared_texts(draw: st.DrawFn) -> str:
    """A measure that lies between two constants, or is one of several, or its negation, as a user writes it."""
    measure, kind = draw(MEASURE_TEXTS)
    value = CONSTANTS[kind]
    low, high, *more = draw(st.lists(value, min_size=2, max_size=4))
    within = draw(st.booleans())
    text = f"{measure} BETWEEN {low} AND {high}" if within else f"{measure} IN ({', '.join([low, high, *more])})"
    return f"NOT {text}" if draw(st.booleans()) else text


@given(st.lists(compared_texts(), min_size=1, max_size=4, unique=True), st.sampled_from([" AND ", " OR "]))
def test_between_and_in_of_measures_are_printed_as_they_were_written(parts: list[str], joint: str) -> None:
    text = joint.join(["spend > 3", *parts])
    condition = parse(text)
    assert len(re.findall(r"\bBETWEEN\b|\bIN\b", to_text(condition))) == len(parts) or joint == " OR "
    assert parse(to_text(condition)) == condition
    again = parse(to_tree(condition))
    assert (again, to_text(again)) == (condition, to_text(condition))


@given(compared_texts())
def test_one_measure_between_or_in_is_printed_letter_by_letter(text: str) -> None:
    for written in (text, f"spend > 3 AND {text}", f"{text} OR member", f"member AND (city = 'a' OR {text})"):
        condition = parse(written)
        assert to_text(condition) == written
        assert to_text(parse(to_tree(condition))) == written


def test_where_may_be_a_tree() -> None:
    where = {"all": [{"tag": "amount", "op": ">", "value": 100}, "paid"]}
    assert parse({"did": "orders", "where": where}) == parse("did('orders', amount > 100 and paid)")


def test_columns_and_audiences_of_ranks_count() -> None:
    condition = parse("top(10, spend, in_audience('loyal') and orders > 3 and did('orders', amount > 1)) or member")
    assert condition.columns == {"spend", "orders", "member"}
    assert condition.audiences == ("loyal",)
    assert [type(p).__name__ for p in parts_of(condition.tree)] == ["Top", "Behaviour"]
    assert list(condition.parts) == [
        "top(10, spend, in_audience('loyal') AND orders > 3 AND did('orders', amount > 1))"
    ]


def test_references_know_nothing_and_need_nothing() -> None:
    found = references("did('shop', price > 3) and top(5, spend, in_audience('x')) and a > 1")
    assert (found.columns, found.audiences) == ({"spend", "a"}, {"x"})
    tree = {
        "all": [{"did": "shop", "where": "price > 3"}, {"top": 5, "by": "spend", "among": {"audience": "x"}}, "a > 1"]
    }
    assert references(tree) == found


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("did('order')", "CON007", "'order'"), ("did('orders', amnt > 3)", "EXP002", "amnt"), ("did('views', amount > 3)", "EXP002", "amount"),
        ("did(orders)", "CON010", "orders"), ("did()", "CON010", "did"), ("did('orders', days => 0)", "CON010", "0"),
        ("did('orders', days => 3, since => '2024-01-01')", "CON010", None), ("did('orders', dys => 3)", "CON010", None),
        ("did('orders', until => '2024-02-30')", "CON010", "'2024-02-30'"), ("did('cards', days => 3)", "CON008", None),
        ("did('orders', since => '2024-02-01', until => '2024-01-01')", "CON010", None),
        ("days_of('cards') > 1", "CON008", None), ("first_of('cards', level) = 'a'", "CON008", None),
        ("sum_of('orders', channel) > 3", "CON009", None), ("min_of('orders', channel) > 'a'", "CON009", None),
        ("last_of('orders', items) = 'a'", "CON009", None), ("sum_of('orders', price) > 3", "CON007", "price"),
        ("sum_of('orders', amount) > 'x'", "EXP007", "'x'"), ("count_of('orders') = true", "EXP007", None),
        ("sum_of('orders', amount)", "CON006", None), ("count_of('orders') > spend", "CON010", "spend"),
        ("count_of('orders') > count_of('views')", "CON010", None), ("last_of('orders', paid) > true", "EXP007", None),
        ("case when did('orders') then 1 else 0 end = 1", "CON006", None), ("orders + count_of('orders') > 3", "CON006", None),
        ("did('orders', did('views'))", "CON006", None), ("did('orders', in_audience('a'))", "EXP005", None),
        ("in_sequence('views')", "CON010", None), ("in_sequence('views', 'cards')", "CON008", "'cards'"),
        ("in_sequence('views', 'orders', without => 'order')", "CON007", "'order'"), ("step('orders')", "CON006", None),
        ("in_list('../secret')", "CON010", None), ("in_list(vip)", "CON010", "vip"), ("sample(2)", "CON010", None),
        ("sample(0.1, 3)", "CON010", "3"), ("top(0, spend)", "CON010", "0"), ("top(3, city)", "CON009", "city"),
        ("top(3, spnd)", "EXP002", "spnd"), ("top(3, spend, cty = 'a')", "EXP002", "cty"), ("CONDITION_PART('x')", "EXP004", None),
    ],
)  # fmt: skip
def test_faults_tell_what_and_where(text: str, code: str, place: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert caught.value.code == code
    if place is not None:
        assert caught.value.span is not None
        assert text[slice(*caught.value.span)] == place


def test_place_has_line_and_column() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("member and\n  spend > 3 and did('ordres')")
    assert (caught.value.line, caught.value.column) == (2, 21)
    with pytest.raises(ExpressionError) as caught:
        parse("spend >")
    assert (caught.value.code, caught.value.line) == ("EXP001", 1)


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        ({"did": "orders", "were": "paid"}, "CON001", ("were",)), ({"did": "order"}, "CON007", ()),
        ({"any": ["member", {"did": "orders", "where": "amnt > 3"}]}, "EXP002", ("any", 1, "where")),
        ({"did": "orders", "where": {"all": ["paid", {"tag": "amnt", "op": ">", "value": 3}]}}, "EXP002", ("where", "all", 1)),
        ({"measure": "total", "source": "orders", "value": 3}, "CON002", ("measure",)),
        ({"measure": "sum", "source": "orders", "value": 3}, "CON003", ()),
        ({"measure": "count", "of": "amount", "source": "orders", "value": 3}, "CON001", ("of",)),
        ({"measure": "count", "source": "orders", "op": "=>", "value": 3}, "CON002", ("op",)),
        ({"measure": "sum", "of": "channel", "source": "orders", "value": 3}, "CON009", ()),
        ({"sequence": [{"did": "views"}]}, "CON003", ("sequence",)), ({"sequence": [{"did": "views"}, "orders"]}, "CON001", ("sequence", 1)),
        ({"sequence": [{"did": "views"}, {"did": "orders", "where": "paid >"}]}, "EXP001", ("sequence", 1, "where")),
        ({"sequence": [{"did": "views"}, {"did": "orders"}], "without": {"done": "x"}}, "CON001", ("without",)),
        ({"did": "orders", "days": "3"}, "CON003", ("days",)), ({"list": 3}, "CON003", ("list",)), ({"sample": "x"}, "CON003", ("sample",)),
        ({"top": 3}, "CON003", ()), ({"top": 3, "by": "spend", "among": {"tag": "cty"}}, "EXP002", ("among",)),
        ({"did": "orders", "audience": "a"}, "CON001", ()),
    ],
)  # fmt: skip
def test_faults_of_a_tree_have_a_path(data: Any, code: str, path: tuple[object, ...]) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(data)
    assert (caught.value.code, caught.value.path) == (code, path)


def test_the_place_in_a_text_of_a_tree_is_told_too() -> None:
    with pytest.raises(ConditionError) as caught:
        parse({"did": "orders", "where": "paid and amnt > 3"})
    assert (caught.value.span, caught.value.column) == ((9, 13), 10)


@pytest.mark.parametrize("name", sorted(PART_CALLS))
def test_calls_are_refused_where_nothing_is_known_of_sources(name: str) -> None:
    texts = {
        "step": "step('orders')", "sample": "sample(0.1)", "in_list": "in_list('a')", "in_sequence": "in_sequence('views', 'orders')",
        "top": "top(3, spend)", "bottom": "bottom(3, spend)",
    }  # fmt: skip
    text = texts.get(name, f"{name}('orders', amount) > 1" if name.endswith("_of") else f"{name}('orders')")
    expected = "CON006" if name == "step" else "CON011"
    with pytest.raises(ExpressionError, match=expected):
        parse_condition(text, COLUMNS)
    with pytest.raises(ExpressionError, match="CON006"):
        check_expression(text, COLUMNS)


@given(TREES)
def test_any_tree_survives_both_forms(tree: Any) -> None:
    condition = parse(print_tree(tree))
    text = to_text(condition)
    again = parse(text)
    assert again == condition
    assert to_text(again) == text
    assert parse(to_tree(again)) == again
    assert references(text).columns == again.columns
