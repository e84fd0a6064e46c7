"""Faults of conditions and expressions are told in Chinese too, with the same parts of the text."""

from __future__ import annotations

import re

import pytest
from tests.plan.behaviours import SOURCES

from huaxiang.errors import ExpressionError
from huaxiang.plan.expr import check_expression
from huaxiang.plan.functions import INSTEAD, INSTEAD_ZH
from huaxiang.plan.predicate import read_condition

COLUMNS = {
    "spend": "DECIMAL(18,4)", "orders": "BIGINT", "city": "VARCHAR", "vip": "BOOLEAN", "born": "DATE", "likes": "VARCHAR[]",
}  # fmt: skip
WRONG = (
    "spend > 'x'", "spend > '3'", "city > 3", "vip > 3", "likes = 'a'", "likes = likes", "spend", "city + 1", "born + city", "- city",
    "orders % spend > 1", "city = null", "city in ('a', null)", "orders in ()", "city is 3", "orders like 'a%'", "city like orders",
    "city like 'a\\b'", "list_contains(spend, 1)", "list_contains(likes, 1)", "list_has_any(likes, likes)", "lower(orders) = 'a'",
    "substring(city, 0) = 'a'", "split_part(city, orders, 1) = 'a'", "year(city) = 3", "hour(born) = 3", "greatest(vip, vip)",
    "concat(city, spend) = 'a'", "regexp_matches(city, '(')", "date_diff('week', born, born) > 1", "date_trunc('eon', born) = born",
    "extract(dow from born) = 1", "cast(city as blob) = 'a'", "cast(vip as date) = born", "case when orders then 1 else 2 end > 1",
    "coalesce(city, orders) = 'a'", "coalesce(null, null) = 'a'", "null", "not city", "sum(orders) > 1", "now() > born", "left(city, 1) = 'a'",
    "row_number() over () > 1", "orders in (select 1)", "trim(city, 'a') = 'a'", "full_years(born) > 1", "in_audience(3)", "spend; orders",
    "did('orders') + 1 > 2", "top(0, spend)", "top(3, 'spend')", "top(3, city)", "sample(2)", "in_list('a/b')", "did('orders', 1, 2, 3)",
    "did('orders', dayz => 3)", "did('orders', days => 'x')", "did('orders', days => 3, since => '2024-01-01')",
    "did('orders', since => 'soon')", "did('orders', since => '2024-02-01', until => '2024-01-01')", "count_of('orders') > city",
)  # fmt: skip


TREES: tuple[dict[str, object], ...] = (
    {}, {"all": []}, {"all": ["vip"], "any": ["vip"]}, {"both": ["vip"]}, {"not": "vip", "because": "x"}, {"all": [3]}, {"tag": 3},
    {"audience": 3}, {"tag": "city", "op": "roughly", "value": "x"}, {"tag": "city", "op": "is_null", "value": "x"}, {"tag": "city", "op": "="},
    {"tag": "city", "op": "contains", "value": 3}, {"tag": "city", "value": None}, {"tag": "city", "value": [1]},
    {"tag": "city", "op": "in", "values": []}, {"tag": "city", "op": "between", "low": 1, "high": 2, "value": 3}, {"did": "orders", "dayz": 3},
    {"did": "orders", "where": "amount > 'x'"}, {"did": "orderz"}, {"did": 3}, {"measure": "total", "source": "orders", "value": 1},
    {"measure": "sum", "source": "orders", "value": 1}, {"measure": "count", "source": "orders", "value": 1, "of": "amount"},
    {"measure": "count", "source": "orders", "value": [1]}, {"measure": "count", "source": "orders", "op": "about", "value": 1},
    {"sequence": [{"did": "orders"}]}, {"sequence": ["orders", "orders"]}, {"sequence": [{"did": "orders", "days": 3}, {"did": "orders"}]},
    {"top": 0, "by": "spend"}, {"top": 3}, {"sample": "half"},
)  # fmt: skip
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("when", [*WRONG, *TREES], ids=str)
def test_every_fault_is_told_in_chinese(when: str | dict[str, object]) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_condition(when, COLUMNS, SOURCES)
    told = caught.value.said
    assert CHINESE.search(told.zh)
    assert not CHINESE.search(told.en)
    for part in re.findall(r"`([^`]+)`", told.en):
        assert part in told.zh, told


def test_every_hint_has_its_chinese() -> None:
    assert set(INSTEAD.values()) == set(INSTEAD_ZH)
    with pytest.raises(ExpressionError, match="as_of") as caught:
        check_expression("today() > born", COLUMNS)
    assert "as_of()" in caught.value.said.zh
