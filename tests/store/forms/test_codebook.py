from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from tests.store.forms.conftest import SMALL

from huaxiang.errors import ProjectInvalid
from huaxiang.store.forms.codebook import Codebook, level_of, load_codebook

TEMPLATES = Path(__file__).parents[3] / "src" / "huaxiang" / "templates" / "forms"


def faults(path: Path, text: str) -> list[str]:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProjectInvalid) as caught:
        load_codebook(path, "c.yaml")
    return [f"{issue.place.line} {issue.code}" for issue in caught.value.issues]


QUESTION = "name: c\nquestions:\n  - {{code: q, text: Q, kind: {kind}{more}}}\n"


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("single", "", "FRM003"),
        ("likert", "", "FRM003"),
        ("likert", ", scale: {min: 5, max: 1}", "FRM006"),
        ("likert", ", scale: {min: 1, max: 5, labels: {6: six}}", "FRM006"),
        ("likert", ", scale: {min: 1, max: 5, labels: {1: same, 2: same}}", "FRM008"),
        ("likert", ", scale: nowhere", "FRM005"),
        ("likert", ", scale: {min: 1, max: 5}, construct: nowhere", "FRM010"),
        ("likert", ", scale: {min: 1, max: 5, levels: {a: {zh: 甲, en: A}, b: {zh: 乙, en: B}}}", "FRM006"),
        ("number", ", minimum: 5, maximum: 1", "FRM006"),
        ("number", ", options: {a: A}", "FRM004"),
        ("open", ", reverse: true", "FRM004"),
        ("nps", ", construct: c1", "FRM010"),
        ("single", ", options: {a: same, b: Same}", "FRM008"),
        ("single", ", options: {a: A}, other: b", "FRM007"),
        ("unheard", "", "SPEC004"),
        ("text", ", colour: red", "SPEC001"),
    ],
)
def test_faults_name_line_and_code(tmp_path: Path, kind: str, more: str, code: str) -> None:
    assert f"3 {code}" in faults(tmp_path / "c.yaml", QUESTION.format(kind=kind, more=more))


def test_codes_stand_once(tmp_path: Path) -> None:
    text = "name: c\nkeys: {a: A}\nquestions:\n  - {code: a, text: A, kind: text}\n  - {code: survey, text: B, kind: text}\n"
    assert faults(tmp_path / "c.yaml", text) == ["4 FRM002", "5 FRM002"]
    level = "name: c\nquestions:\n  - {code: q, text: A, kind: nps}\n  - {code: q_level, text: B, kind: text}\n"
    assert faults(tmp_path / "c.yaml", level) == ["4 FRM002"]


def test_constructs_profiles_and_columns(tmp_path: Path) -> None:
    text = (
        "name: c\nquestions:\n  - {code: a, text: A, column: X, kind: likert, scale: {min: 1, max: 5}, construct: k}\n"
        "  - {code: b, text: B, column: X, kind: likert, scale: {min: 1, max: 7}, construct: k}\n"
        "constructs:\n  - {code: k}\n  - {code: empty}\nprofiles:\n  - {code: p, of: [k, nowhere]}\n"
    )
    assert faults(tmp_path / "c.yaml", text) == ["4 FRM009", "6 FRM010", "7 FRM010", "9 FRM011"]


def test_an_empty_codebook_and_one_that_is_none(tmp_path: Path) -> None:
    assert faults(tmp_path / "c.yaml", "name: c\n") == ["1 FRM001"]
    assert faults(tmp_path / "c.yaml", "- a\n") == ["0 SPEC003"]


def test_matrix_becomes_questions_and_columns_are_listed(book: Codebook) -> None:
    assert list(book.questions) == ["gender", "likes", "v1", "v2", "nps", "days", "born", "school", "advice"]
    assert book.questions["v2"].reverse and book.questions["v2"].matrix == "views"
    assert dict(book.people_columns) == {
        "gender": "text", "likes": "list", "likes_other": "text", "v1": "number", "v1_level": "text", "v2": "number",
        "v2_level": "text", "nps": "number", "nps_level": "text", "days": "number", "born": "date", "school": "text",
        "advice": "text", "price": "number", "price_level": "text",
    }  # fmt: skip
    assert book.attributes == ("referral", "price_sensitivity")


def test_default_levels_are_thirds_and_those_of_nps_the_published_ones(book: Codebook) -> None:
    def levels(code: str, *scores: float) -> list[str | None]:
        found = [level_of(score, book.questions[code].levels) for score in scores]
        return [level.code if level else None for level in found]

    assert levels("v1", 1, 2, 2.3, 2.4, 3, 3.6, 3.7, 5) == [
        "low",
        "low",
        "low",
        "medium",
        "medium",
        "medium",
        "high",
        "high",
    ]
    assert levels("nps", 0, 6, 7, 8, 9, 10) == ["detractor", "detractor", "passive", "passive", "promoter", "promoter"]


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.yaml")), ids=lambda path: path.stem)
def test_built_in_codebooks_are_sound_in_both_languages(path: Path) -> None:
    form = load_codebook(path)
    assert form.name == path.stem
    assert form.keys
    for question in form.questions.values():
        assert question.text.zh != question.text.en or question.text.zh.isascii()
        assert all(option.title.zh and option.title.en for option in question.options)


def test_excel_codebook_reads_as_the_yaml_does(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    rows = [
        ("编码", "题目", "英文题目", "题型", "选项", "量表", "分值标签", "反向", "维度", "最多选", "部分", "画像属性"),
        ("member_no", "会员号", "Member", "标识"),
        ("time", "提交时间", None, "时间"),
        ("gender", "您的性别", "Your gender", "单选题", "male=男|Male|先生; female=女|Female", *[None] * 5, "第一部分"),
        ("likes", "您喜欢什么", None, "多选", "music=音乐\nbooks=读书", None, None, None, None, 1, "第一部分"),
        (
            "v1",
            "我会比价",
            None,
            "量表题",
            None,
            "1-5",
            "1=非常不同意;5=非常同意",
            None,
            "price",
            None,
            "第二部分",
            "price_sensitivity",
        ),
        ("v2", "我不在意价格", None, "量表题", None, "1-5", None, "是", "price"),
    ]
    for row in rows:
        sheet.append(row)
    path = tmp_path / "survey1.xlsx"
    book.save(path)
    form = load_codebook(path)
    assert (form.name, [key.field for key in form.keys], form.time is not None) == ("survey1", ["member_no"], True)
    assert form.questions["gender"].words["先生"].code == "male"
    assert form.questions["likes"].most == 1
    assert form.questions["v2"].reverse and form.questions["v1"].scale is not None
    assert form.questions["v1"].scale.words == {"非常不同意": 1, "非常同意": 5}
    assert form.constructs[0].items == ("v1", "v2")
    assert [section.title.zh for section in form.sections if section.title] == ["第一部分", "第二部分"]


def test_excel_codebook_faults_name_the_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [
        ("code", "text", "kind", "options", "scale"),
        ("q1", "Q", "single", "male", None),
        ("q2", "Q", "likert", None, "five"),
    ]:
        book.active.append(row)
    book.save(tmp_path / "c.xlsx")
    with pytest.raises(ProjectInvalid) as caught:
        load_codebook(tmp_path / "c.xlsx")
    assert [str(issue).split(" column")[0] for issue in caught.value.issues] == ["c.xlsx:2 FRM012", "c.xlsx:3 FRM012"]
    book.active["A1"] = "something"
    book.save(tmp_path / "c.xlsx")
    with pytest.raises(ProjectInvalid, match="no column"):
        load_codebook(tmp_path / "c.xlsx")


def test_the_small_codebook_of_these_tests_differs_from_itself_in_nothing(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(SMALL, encoding="utf-8")
    first, second = load_codebook(tmp_path / "a.yaml"), load_codebook(tmp_path / "b.yaml")
    assert first.digest == second.digest
    assert list(first.questions) == list(second.questions)
