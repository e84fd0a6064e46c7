"""`audience rules` and `audience lookalike`: stable keys, both languages, wrong use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.app.tagged_world import publish_world
from tests.serve.conftest import Answer

from huaxiang.app.lookalike import LOOKALIKE_KEYS
from huaxiang.app.rules import RULE_KEYS, RULES_KEYS

Run = Callable[..., Answer]
RULES = ("audience", "rules", "orders > 1", "--tags", "likes,style,city", "--min-support", "0.02")
LOOKALIKE = ("audience", "lookalike", "wealthy", "--share", "5%", "--exclude", "luck")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with publish_world(tmp_path):
        pass
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_json_has_exactly_the_documented_keys(world: Path, run: Run) -> None:
    rules, lookalike = run(*RULES, "--json").json, run(*LOOKALIKE, "--json").json
    assert tuple(rules) == RULES_KEYS
    assert all(tuple(rule) == RULE_KEYS for rule in rules["rules"])
    assert tuple(lookalike) == LOOKALIKE_KEYS
    assert rules["asked"]["min_support"] == 0.02
    assert lookalike["share"] == pytest.approx(0.05, abs=0.001)


def test_rules_are_sentences(world: Path, run: Run) -> None:
    zh, en = (run(*RULES, "--lang", lang).out for lang in ("zh-CN", "en"))
    assert "偏好含“红酒”的客户中，" in zh
    assert "Of the customers with “wine” among likes" in en
    assert "Bonferroni" in zh
    assert "Bonferroni" in en
    everything = run(*RULES, "--all", "--limit", "3", "--lang", "en").out
    assert everything.count("Of the customers") == 3
    nothing = run("audience", "rules", "--tags", "luck,style", "--lang", "en")
    assert nothing.code == 0
    assert "No rule reaches" in nothing.out


def test_lookalikes_are_told_with_their_test(world: Path, run: Run) -> None:
    zh, en = (run(*LOOKALIKE, "--lang", lang).out for lang in ("zh-CN", "en"))
    assert "▶ 5.0%" in zh
    assert "正例—未标注" in zh
    assert "95% 区间" in zh
    assert "Held-out seed reached" in en
    assert "read by the definition of the seed: gold" in en
    chance = run("audience", "lookalike", "luck", "--size", "50", "--lang", "en").out
    assert "don't use this list" in chance
    unknown = run("audience", "lookalike", "vip", "--size", "50", "--to", "out.csv", "--lang", "en").out
    assert "neither train nor test" in unknown
    assert "out.csv" in unknown
    assert (world / "out.csv").is_file()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_wrong_use(world: Path, run: Run, lang: str) -> None:
    wrong = [
        ("audience", "lookalike", "wealthy"), ("audience", "lookalike", "wealthy", "--share", "5x"),
        ("audience", "lookalike", "few", "--size", "5"), ("audience", "rules", "--tags", "spend"),
        ("audience", "rules", "--min-support", "2"), ("audience", "rules", "no_such = 1"),
    ]  # fmt: skip
    for words in wrong:
        answer = run(*words, "--lang", lang)
        assert answer.code in (1, 2), words
        assert answer.err.strip()
        assert "Traceback" not in answer.err
