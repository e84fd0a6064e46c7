"""Rules among tags: what is planted is found, figures equal a recount, and what only seems to go together is not told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.app.tagged_world import SIZE, customers, publish_world

from huaxiang.app.rules import RULE_KEYS, RULES_KEYS, RuleQuestion, find_rules
from huaxiang.errors import UsageError
from huaxiang.store.snapshots import Snapshot

COLUMNS = {name: column.to_pylist() for name, column in customers().items()}
ROWS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    with publish_world(tmp_path_factory.mktemp("world")) as snapshot:
        yield snapshot


def sides(rule: dict[str, Any]) -> tuple[tuple[tuple[str, Any], ...], tuple[tuple[str, Any], ...]]:
    left, right = (tuple((item["tag"], item["value"]) for item in rule[side]) for side in ("antecedent", "consequent"))
    return left, right


def holds(row: dict[str, Any], item: tuple[str, Any]) -> bool:
    value = row[item[0]]
    return item[1] in value if isinstance(value, list) else value == item[1]


def knows(row: dict[str, Any], items: tuple[tuple[str, Any], ...]) -> bool:
    return all(row[tag] not in (None, []) for tag, _ in items)


def recount(rows: list[dict[str, Any]], rule: dict[str, Any]) -> tuple[int, int, int, int]:
    left, right = sides(rule)
    known = [row for row in rows if knows(row, left + right)]
    a = [all(holds(row, item) for item in left) for row in known]
    c = [holds(row, right[0]) for row in known]
    return sum(x and y for x, y in zip(a, c, strict=True)), sum(a), sum(c), len(known)


@pytest.mark.parametrize("audience", [None, "orders >= 3", "wealthy"])
def test_figures_equal_a_recount_of_the_rows(world: Snapshot, audience: str | None) -> None:
    meets = {None: lambda r: True, "orders >= 3": lambda r: r["orders"] >= 3, "wealthy": lambda r: r["gold"]}[audience]
    question = RuleQuestion(("likes", "style", "city", "hobby", "big"), 0.005, 0.05, 0.5, 3, 500, everything=True)
    found = find_rules(world, audience, question)
    inside = [row for row in ROWS if meets(row)]
    assert set(found) == set(RULES_KEYS)
    assert (found["customers"], found["base"]) == (len(inside), SIZE)
    assert len(found["rules"]) == min(500, found["found"]) > 100
    for rule in found["rules"]:
        assert set(rule) == set(RULE_KEYS)
        both, a, c, known = recount(inside, rule)
        assert (rule["count"], rule["known"]) == (both, known)
        assert rule["confidence"] == pytest.approx(both / a, abs=1e-6)
        assert rule["lift"] == pytest.approx(both * known / a / c, abs=1e-6)
        assert rule["share"] == pytest.approx(both / len(inside), abs=1e-6)
        assert rule["expected"] == pytest.approx(c / known, abs=1e-6)
        if audience is None:
            assert rule["base"] is None
        else:
            both, a, _, known = recount(ROWS, rule)
            assert (rule["base"]["count"], rule["base"]["known"]) == (both, known)
            assert rule["base"]["confidence"] == pytest.approx(both / a, abs=1e-6)
    assert [rule["lift"] for rule in found["rules"]] == sorted((rule["lift"] for rule in found["rules"]), reverse=True)


def test_what_is_planted_is_found_and_nothing_else(world: Snapshot) -> None:
    found = find_rules(world, None, RuleQuestion(("likes", "style", "hobby", "luck")))
    told = {sides(rule) for rule in found["rules"]}
    wine, cheese = (("likes", "wine"),), (("likes", "cheese"),)
    assert told == {(wine, cheese), (cheese, wine)}
    assert all(rule["significant"] and rule["improvement"] > 0 for rule in found["rules"])
    text = found["rules"][0]["text"]
    assert "偏好含“红酒”" in text["zh"]
    assert "“wine” among likes" in text["en"]
    assert sum(found["left_out"].values()) > 0


def test_two_questions_of_one_survey_do_not_go_together_by_being_answered(world: Snapshot) -> None:
    question = RuleQuestion(("style", "hobby"), 0.001, 0.0, 0.0, 2, 100, everything=True)
    rules = find_rules(world, None, question)["rules"]
    assert rules
    assert all(rule["known"] < 0.25 * SIZE for rule in rules)
    assert all(0.6 < rule["lift"] < 1.6 for rule in rules)  # over all customers it would be about five


def test_tags_that_hold_by_definition_are_set_aside(world: Snapshot) -> None:
    question = RuleQuestion(("city", "province"), 0.01, 0.0, 0.0)
    found = find_rules(world, None, question)
    assert (found["rules"], found["left_out"]["related"]) == ([], 12)
    assert all(
        rule["related"]
        for rule in find_rules(world, None, RuleQuestion(("city", "province"), everything=True))["rules"]
    )


@pytest.mark.parametrize(
    ("question", "audience", "said"),
    [
        (RuleQuestion(("spend",)), None, "money"),
        (RuleQuestion(("phone",)), None, "identifies"),
        (RuleQuestion(("cty",)), None, "did you mean"),
        (RuleQuestion(min_support=0), None, "min_support"),
        (RuleQuestion(min_confidence=1.5), None, "min_confidence"),
        (RuleQuestion(max_length=1), None, "max_length"),
        (RuleQuestion(limit=0), None, "limit"),
        (RuleQuestion(), "spend < 0", "0 customers"),
    ],
)
def test_what_is_no_question_is_refused_in_both_languages(
    world: Snapshot, question: RuleQuestion, audience: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        find_rules(world, audience, question)
    assert caught.value.zh
    assert "13800000000" not in str(caught.value)


def test_too_much_is_refused(world: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huaxiang.app.rules.MOST_ITEMSETS", 10)
    with pytest.raises(UsageError, match="raise min_support"):
        find_rules(world, None, RuleQuestion())


def test_the_same_question_has_the_same_answer(world: Snapshot, tmp_path: Path) -> None:
    first, second = (find_rules(world, "gold", RuleQuestion(min_support=0.02)) for _ in range(2))
    assert first == second
    assert len(first["tags"]) == 11  # all tags with items: categories, yes/no, lists
