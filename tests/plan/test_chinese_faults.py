"""Faults of conditions and expressions are told in Chinese too, with the same parts of the text."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.plan.behaviours import SOURCES

from huaxiang.errors import ExpressionError
from huaxiang.plan import checks
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


@pytest.mark.parametrize("text", WRONG)
def test_every_fault_is_told_in_chinese(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_condition(text, COLUMNS, SOURCES)
    error = caught.value
    assert error.zh is not None, error.message
    assert re.search("[\u4e00-\u9fff]", error.zh), error.zh
    for part in re.findall(r"`([^`]{3,})`", error.message):
        assert part.strip() in error.zh or " " in part, (error.message, error.zh)


def test_every_hint_has_its_chinese() -> None:
    assert set(INSTEAD.values()) == set(INSTEAD_ZH)
    with pytest.raises(ExpressionError, match="as_of") as caught:
        check_expression("today() > born", COLUMNS)
    assert "as_of()" in str(caught.value.zh)


def test_checks_of_definitions_tell_faults_in_both_languages() -> None:
    """No check notes a bare English text; what OIDC settings lack is told by `spec.login` alone."""
    english = []
    for file in sorted(Path(checks.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add" and len(node.args) > 3:
                told: ast.expr = node.args[3]
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "message":
                told = node.value
            else:
                continue
            if isinstance(told, (ast.JoinedStr, ast.Constant)) and getattr(told, "value", "") is not None:
                english.append(f"{file.name}:{told.lineno}")
    assert not english
