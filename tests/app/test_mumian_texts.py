"""The texts and answers of the generated company: varied, with the sentiment that the truth says, and readable by codebook."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huaxiang.app.mumian import generate, grammar
from huaxiang.app.mumian.goods import KINDS
from huaxiang.store.forms.codebook import load_codebook


def test_hardly_two_reviews_are_alike() -> None:
    """Of 6,000 reviews at least 98 % are different, and no stretch of words stands in many."""
    random = Random(3)
    texts = [grammar.write_review(random, n % 12, random.uniform(-1, 1)).text for n in range(6_000)]
    assert len(set(texts)) > 0.98 * len(texts)
    grams = Counter(text[at : at + 12] for text in texts for at in range(0, max(len(text) - 12, 1), 6))
    assert grams.most_common(1)[0][1] < 0.03 * len(texts), "no stretch of twelve characters stands in many of them"


@given(
    st.integers(0, 2**31),
    st.sampled_from(sorted(grammar.rules())),
    st.sampled_from([k for kinds in KINDS for k in kinds]),
)
@settings(max_examples=300, deadline=None)
def test_every_symbol_expands_to_the_end(seed: int, symbol: str, kind: str) -> None:
    """Nothing of the grammar's own notation is left over."""
    text = grammar.expand(symbol, Random(seed), kind)
    assert not set("<>[]|") & set(text)


def test_every_symbol_that_is_named_exists() -> None:
    """A misspelt symbol would only show when it is drawn."""
    known = {*grammar.rules(), "kind"}
    named = {name for texts in grammar.rules().values() for text in texts for name in grammar.symbols(text)}
    assert named <= known
    for aspect in grammar.ASPECTS:
        assert {f"{aspect}.pos", f"{aspect}.neg", f"{aspect}.neu"} <= known


@pytest.mark.parametrize(("mood", "sentiment"), [(0.8, "positive"), (-0.8, "negative"), (0.0, "neutral")])
def test_the_mood_decides_the_sentiment(mood: float, sentiment: str) -> None:
    """And words of regret stand in complaints alone, those of praise hardly in them."""
    random = Random(5)
    made = [grammar.write_review(random, 0, mood) for _ in range(400)]
    assert {m.sentiment for m in made} == {sentiment}
    regret = sum("失望" in m.text or "后悔" in m.text or "不会再" in m.text for m in made)
    praise = sum("推荐给大家" in m.text or "真香" in m.text or "爱了" in m.text for m in made)
    assert (regret > 10) == (sentiment == "negative")
    assert (praise > 3) == (sentiment == "positive")


def test_answers_can_be_read_with_their_codebook(tmp_path: Path) -> None:
    """Every question is found in the header, and at least 97 in 100 cells are answers; the rest are faults on purpose."""
    from huaxiang.store.files.batch import ReadRequest
    from huaxiang.store.forms.questionnaire import codebook_of, open_respondents

    generate(tmp_path / "mumian", 400, 7)
    for form, file in (("lifestyle", "survey_2026.xlsx"), ("visit_auto", "visits_2026.xlsx")):
        path = tmp_path / "mumian" / "forms" / f"{form}.yaml"
        book = load_codebook(path)
        request = ReadRequest(tmp_path / "mumian" / "data" / file, "questionnaire", (), codebook=path)
        assert codebook_of(request).digest == book.digest
        _, parts = open_respondents(request, book)
        readings = [reading for part in parts for r in part.respondents for reading in r.readings.values()]
        wrong = sum(bool(reading.faults) for reading in readings)
        assert len(readings) > 15 * len(book.questions)
        assert wrong <= 0.03 * len(readings)
