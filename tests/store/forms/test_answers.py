from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.spec.base import Text
from huaxiang.store.forms.answers import AnswerReader, Reading, point_of
from huaxiang.store.forms.codebook import Codebook, Question, Scale
from huaxiang.store.forms.scores import cronbach_alpha


def codes(reading: Reading) -> list[str | None]:
    return [answer.code for answer in reading.answers]


def wrong(reading: Reading) -> list[str]:
    return [code for code, _ in reading.faults]


@pytest.mark.parametrize(
    ("code", "raw", "expected"),
    [
        ("gender", "男", ["male"]), ("gender", " Male ", ["male"]), ("gender", "先生", ["male"]), ("gender", "A.男", ["male"]),
        ("gender", "2", ["female"]), ("gender", "female", ["female"]), ("gender", "保密", []), ("gender", "(跳过)", []),
        ("gender", "-3", []), ("gender", "", []), ("gender", "（空）", []),
        ("likes", "音乐┋读书", ["music", "books"]), ("likes", "读书;音乐", ["music", "books"]),
        ("likes", "音乐、露营、徒步、读书", ["music", "camp", "books"]), ("likes", "Camping, hiking, Books", ["camp", "books"]),
        ("likes", "其他〖下棋〗┋音乐", ["music", "other"]), ("likes", "其他：下棋", ["other"]), ("likes", "1┋3", ["music", "books"]),
        ("likes", '["音乐", "读书"]', ["music", "books"]), ("likes", "都没有", ["none"]), ("likes", "音乐┋音乐", ["music"]),
        ("v1", "4", ["4"]), ("v1", "4.0", ["4"]), ("v1", "4分", ["4"]), ("v1", "非常同意", ["5"]), ("v1", "5分/非常同意", ["5"]),
        ("v1", "5-非常同意", ["5"]), ("v1", "非常同意(5)", ["5"]), ("v1", "非常同意（5分）", ["5"]), ("v1", "Strongly agree", ["5"]),
        ("nps", "10", ["10"]), ("nps", "0分", ["0"]),
        ("days", "30", ["30"]), ("days", "约30天", ["30"]), ("days", "1.5", ["1.5"]), ("days", "３０ days", ["30"]), ("days", "0.03千", ["30"]),
        ("born", "1990年5月1日", ["1990-05-01"]), ("school", " 某大学 ", ["某大学"]),
    ],
)  # fmt: skip
def test_cells_that_are_answers(book: Codebook, code: str, raw: str, expected: list[str]) -> None:
    reading = AnswerReader(book).read(book.questions[code], raw)
    assert (codes(reading), reading.faults) == (expected, ())


@pytest.mark.parametrize(
    ("code", "raw", "kept", "reasons"),
    [
        ("gender", "外星人", [], ["answer_option"]), ("gender", "男┋女", [], ["answer_several"]), ("gender", "4", [], ["answer_option"]),
        ("likes", "音乐┋滑雪", ["music"], ["answer_option"]), ("likes", "音乐┋都没有", [], ["answer_conflict"]),
        ("likes", "音乐┋露营、徒步┋读书┋其他", [], ["answer_too_many"]),
        ("v1", "6", [], ["answer_scale"]), ("v1", "3.5", [], ["answer_scale"]), ("v1", "5分/比较同意", [], ["answer_scale"]),
        ("v1", "好", [], ["answer_scale"]), ("nps", "11", [], ["answer_scale"]), ("nps", "-1", [], ["answer_scale"]),
        ("days", "3-5天", [], ["number"]), ("days", "三天", [], ["number"]), ("days", "30 小时", [], ["number"]),
        ("days", "-5", [], ["below_minimum"]), ("days", "400", [], ["above_maximum"]), ("born", "去年", [], ["date"]),
    ],
)  # fmt: skip
def test_cells_that_are_wrong(book: Codebook, code: str, raw: str, kept: list[str], reasons: list[str]) -> None:
    reading = AnswerReader(book).read(book.questions[code], raw)
    assert (codes(reading), wrong(reading)) == (kept, reasons)


def test_reverse_items_score_the_other_way(book: Codebook) -> None:
    answers = AnswerReader(book)
    plain = answers.read(book.questions["v1"], "2").answers[0]
    turned = answers.read(book.questions["v2"], "2").answers[0]
    assert (plain.code, plain.score, plain.level) == ("2", 2.0, "low")
    assert (turned.code, turned.score, turned.level) == ("2", 4.0, "high")


def test_free_text_beside_other(book: Codebook) -> None:
    reading = AnswerReader(book).read(book.questions["likes"], "其他〖下棋、书法〗┋音乐")
    assert [(a.code, a.text) for a in reading.answers] == [("music", None), ("other", "下棋、书法")]


def test_ticks(book: Codebook) -> None:
    answers, likes = AnswerReader(book), book.questions["likes"]
    assert codes(answers.read_ticks(likes, {"music": "1", "camp": "0", "books": "√", "none": None})) == [
        "music",
        "books",
    ]
    assert wrong(answers.read_ticks(likes, {"music": "也许", "books": "1"})) == ["answer_option"]
    assert answers.read_ticks(likes, {"other": "下棋"}).answers[0].text == "下棋"
    assert wrong(answers.read_ticks(likes, {"music": "1", "none": "1"})) == ["answer_conflict"]
    assert wrong(answers.read_points(book.questions["v1"], {1: "✓", 5: "x"})) == ["answer_several"]
    assert codes(answers.read_points(book.questions["nps"], {0: None, 9: "1"})) == ["9"]


@given(low=st.integers(-5, 5), size=st.integers(1, 12), data=st.data())
def test_every_point_is_read_by_number_label_or_both(low: int, size: int, data: st.DataObject) -> None:
    labels = {
        low + n: Text(zh=f"标签{'甲乙丙丁戊己庚辛壬癸子丑寅'[n]}", en=f"label {'abcdefghijklm'[n]}")
        for n in range(size + 1)
    }
    scale = Scale(low, low + size, labels, {t: p for p, label in labels.items() for t in (label.zh, label.en)})
    point = data.draw(st.sampled_from(list(scale.points)))
    label = labels[point].zh
    for raw in (
        str(point),
        f"{point}分",
        label,
        f"{point}/{label}",
        f"{label}（{point}）",
        f"{label} {point}分",
        labels[point].en.upper(),
    ):
        assert point_of(scale, raw) == point, raw
    assert point_of(scale, str(low + size + 1)) is None
    assert point_of(scale, f"{low - 1}") is None


@given(
    st.lists(st.sampled_from(["music", "camp", "books"]), min_size=1, max_size=3, unique=True),
    st.sampled_from("┋|;；、,\n"),
)
def test_any_order_and_separator_gives_the_same_options(chosen: list[str], separator: str) -> None:
    from huaxiang.store.forms.pieces import option_of

    options = tuple(
        option_of(code, Text(zh=zh, en=code))
        for code, zh in (("music", "音乐"), ("camp", "露营、徒步"), ("books", "读书"))
    )
    question = Question("q", Text(zh="q", en="q"), "multi", options=options)
    form = Codebook("f", question.text, None, None, (), None, frozenset(), (), {"q": question}, (), ())
    raw = separator.join(question.by_code[code].title.zh for code in chosen)
    reading = AnswerReader(form).read(question, raw)
    assert codes(reading) == [code for code in ("music", "camp", "books") if code in chosen]
    assert reading.faults == ()


def test_alpha_by_hand() -> None:
    rows = [
        [1.0, 2.0],
        [2.0, 2.0],
        [3.0, 4.0],
        [4.0, 5.0],
    ]  # item variances 5/3 and 9/4; sums 3 4 7 9 with variance 22.75/3
    assert cronbach_alpha(rows) == pytest.approx(2 * (1 - (5 / 3 + 2.25) / (22.75 / 3)))
    assert cronbach_alpha([[1, 1], [2, 2], [3, 3]]) == pytest.approx(1)
    assert cronbach_alpha([[1, 3], [2, 2], [3, 1]]) is None
    assert cronbach_alpha([[1], [2], [3]]) is None
    assert cronbach_alpha([]) is None
