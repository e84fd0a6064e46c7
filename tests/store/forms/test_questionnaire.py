from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.forms.conftest import HEADER, Read
from tests.told import same_names

from huaxiang.store.files.batch import FileFault, RawBatch, ReadRequest
from huaxiang.store.files.open import open_file
from huaxiang.store.forms.codebook import Codebook
from huaxiang.store.forms.headers import locate_questions
from huaxiang.store.forms.tables import ANSWER_COLUMNS

GOOD = (
    "M1",
    "2026-03-01 10:00",
    "男",
    "音乐┋其他〖下棋〗",
    "4分",
    "非常不同意",
    "9",
    "30",
    "1990-05-01",
    "某大学",
    "配送再快一点",
)
MIXED = ("M2", "2026-03-02 10:00", "外星人", "滑雪┋读书", "", "(跳过)", "11", "", "", "", "")


def rows(batches: list[RawBatch]) -> list[tuple[object, ...]]:
    return [row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]


def test_answers(read: Read) -> None:
    batches = read(
        [GOOD, MIXED], "answers", "member_no", "question", "answer", "answer_title", "score", "level", "text"
    )
    assert rows(batches) == [
        ("M1", "gender", "male", "男", None, None, None),
        ("M1", "likes", "music", "音乐", None, None, None),
        ("M1", "likes", "other", "其他", None, None, "下棋"),
        ("M1", "v1", "4", "比较同意", 4.0, "high", None),
        ("M1", "v2", "1", "非常不同意", 5.0, "high", None),
        ("M1", "nps", "9", "9", 9.0, "promoter", None),
        ("M1", "days", "30", "30", 30.0, None, None),
        ("M1", "born", "1990-05-01", "1990-05-01", None, None, None),
        ("M1", "school", "某大学", "某大学", None, None, "某大学"),
        ("M1", "advice", None, None, None, None, "配送再快一点"),
        ("M2", "likes", "books", "读书", None, None, None),
    ]
    assert [int(n) for batch in batches for n in batch.rows] == [2] * 10 + [3]
    bad = [(b.row, b.column, b.code, b.raw) for batch in batches for b in batch.bad]
    assert bad == [
        (3, "gender", "answer_option", "外星人"),
        (3, "likes", "answer_option", "滑雪"),
        (3, "nps", "answer_scale", "11"),
    ]
    assert sum(batch.left_out.get("skipped", 0) for batch in batches) == 6
    assert batches[0].raw(3) == "4分"


def test_skipped_questions_are_rows_when_asked_for(read: Read) -> None:
    batches = read([MIXED], "answers", "question", "status")
    assert rows(batches) == [
        ("likes", "answered"), ("v1", "skipped"), ("v2", "skipped"), ("days", "skipped"), ("born", "skipped"),
        ("school", "skipped"), ("advice", "skipped"),
    ]  # fmt: skip
    assert not any(batch.left_out for batch in batches)


def test_people(read: Read) -> None:
    columns = (
        "member_no",
        "occurred_at",
        "gender",
        "likes",
        "likes_other",
        "v2",
        "nps_level",
        "days",
        "price",
        "price_level",
        "wrong_answers",
    )
    batches = read([GOOD, MIXED], "people", *columns)
    assert rows(batches) == [
        ("M1", "2026-03-01 10:00", "male", ["music", "other"], "下棋", 5.0, "promoter", 30.0, 4.5, "high", 0.0),
        ("M2", "2026-03-02 10:00", None, ["books"], None, None, None, None, None, None, 3.0),
    ]
    assert [(b.row, b.column, b.code) for batch in batches for b in batch.emptied] == [
        (3, "gender", "answer_option"), (3, "likes", "answer_option"), (3, "nps", "answer_scale"),
    ]  # fmt: skip
    assert not any(batch.bad for batch in batches)


def test_texts(read: Read) -> None:
    batches = read([GOOD, MIXED], "texts", "member_no", "kind", "question", "title", "title_en", "body")
    assert rows(batches) == [
        ("M1", "survey", "likes", "您喜欢什么", "What do you like", "下棋"),
        ("M1", "survey", "advice", "建议", "Advice", "配送再快一点"),
    ]


def test_a_construct_needs_half_of_its_items(read: Read) -> None:
    one = [*GOOD[:4], "5", "", *GOOD[6:]]
    assert rows(read([one], "people", "price")) == [(5.0,)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_encodings_come_for_free(read: Read, encoding: str) -> None:
    assert rows(read([GOOD], "people", "gender", encoding=encoding)) == [("male",)]


def test_excel_and_parquet_exports(read: Read, tmp_path: Path, book_path: Path) -> None:
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet as pq

    workbook = openpyxl.Workbook()
    workbook.active.append(HEADER)
    workbook.active.append([*GOOD[:4], 4, 1, 9, 30, *GOOD[8:]])
    workbook.save(tmp_path / "wide.xlsx")
    table = {name: [value] for name, value in zip(HEADER, GOOD, strict=True)} | {
        HEADER[6]: [9],
        HEADER[3]: [["音乐", "读书"]],
    }
    pq.write_table(pa.table(table), tmp_path / "wide.parquet")
    for name, liked in (("wide.xlsx", ["music", "other"]), ("wide.parquet", ["music", "books"])):
        request = ReadRequest(
            tmp_path / name, "questionnaire", ("likes", "nps", "price"), take="people", codebook=book_path
        )
        assert rows(list(open_file(request)[1])) == [(liked, 9.0, 4.5)]


def test_one_column_an_option(read: Read) -> None:
    header = (
        *HEADER[:3],
        *(f"2、您喜欢什么({o})" for o in ("音乐", "露营、徒步", "读书", "都没有", "其他")),
        "likes_other",
        *HEADER[4:],
    )
    row = (*GOOD[:3], "1", "0", "0", "0", "1", "下棋", *GOOD[4:])
    skipped = (*GOOD[:3], "-3", "-3", "-3", "-3", "-3", "", *GOOD[4:])
    batches = read([row, skipped], "people", "likes", "likes_other", header=header)
    assert rows(batches) == [(["music", "other"], "下棋"), (None, None)]
    with pytest.raises(FileFault, match="no column for option camp") as caught:
        read([row], "people", "likes", header=[name for name in header if "露营" not in name])
    assert same_names(caught.value) == []


def test_headers_of_survey_tools(book: Codebook) -> None:
    found = locate_questions(book, (
        "序号", "提交答卷时间", "会员编号", "1. 您的性别（单选题）*", "Q2_您喜欢什么 [多选题]", "3、(我会比价)", "3、(我不在意价格)", "nps",
        "5.Days to decide", "T6、生日：", "7：学校", "8.建议(选填)", "来源",
    ))  # fmt: skip
    assert found.questions == {
        "gender": 3, "likes": 4, "v1": 5, "v2": 6, "nps": 7, "days": 8, "born": 9, "school": 10, "advice": 11
    }  # fmt: skip
    assert (found.keys, found.unused) == ({"member_no": 2, "occurred_at": 1}, ("序号", "来源"))


def test_what_is_wrong_with_headers_is_said(book: Codebook) -> None:
    with pytest.raises(FileFault, match='no column for question "v1"') as caught:
        locate_questions(book, [*HEADER[:4], "比价吗", *HEADER[5:]])
    assert same_names(caught.value) == []
    assert "not used: 比价吗" in str(caught.value)
    assert caught.value.zh.startswith(
        "码本中的题目“v1”没有对应的列；未使用的列：比价吗。请在题目的 `column` 中写上表头"
    )
    with pytest.raises(FileFault, match='question "school": columns 10 and 12 may both hold it') as caught:
        locate_questions(book, [*HEADER, "9、学校"])
    assert same_names(caught.value) == []
    with pytest.raises(FileFault, match="no column says who answers") as caught:
        locate_questions(book, ["编号", *HEADER[1:]])
    assert same_names(caught.value) == []
    with pytest.raises(FileFault, match="no column of the file is a question") as caught:
        locate_questions(book, ["a", "b"])
    assert same_names(caught.value) == []


def test_faults_of_the_request_are_said(read: Read, tmp_path: Path, book_path: Path) -> None:
    with pytest.raises(FileFault, match='no column "gendr"; did you mean "gender"') as caught:
        read([GOOD], "people", "gendr", "nps")
    assert same_names(caught.value) == []
    with pytest.raises(FileFault, match="`take: events` is not for forms") as caught:
        read([GOOD], "events", "gender")
    assert same_names(caught.value) == []
    path = tmp_path / "wide.csv"
    with pytest.raises(FileFault, match="names no codebook") as caught:
        open_file(ReadRequest(path, "questionnaire", ()))
    assert same_names(caught.value) == []
    with pytest.raises(FileFault, match="can't be read") as caught:
        open_file(ReadRequest(path, "questionnaire", (), codebook=tmp_path / "nowhere.yaml"))
    assert same_names(caught.value) == []
    book_path.write_text("name: small\nquestions: []\n", encoding="utf-8")
    with pytest.raises(FileFault, match=r"its codebook has faults: small\.yaml:1 FRM001") as caught:
        open_file(ReadRequest(path, "questionnaire", (), codebook=book_path))
    assert same_names(caught.value) == []


CELL = st.sampled_from(
    [
        "",
        "(跳过)",
        "男",
        "音乐┋读书",
        "5",
        "非常同意",
        "11",
        "很好",
        "滑雪",
        "-3",
        "3.5",
        "2020-01-01",
        "音乐┋都没有",
        "400",
    ]
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(st.lists(CELL, min_size=9, max_size=9), min_size=1, max_size=8))
def test_every_cell_is_accounted_for(read: Read, cells: list[list[str]]) -> None:
    """Every question of every respondent is answered, skipped or at fault; wide and long tables agree on it."""
    written = [["M1", "2026-01-01", *row] for row in cells]
    asked = ("respondent", "question", "status")
    batches = read(written, "answers", *asked)
    long = rows(batches)
    bad = [(str(b.row), b.column) for batch in batches for b in batch.bad]
    told = {(respondent, question) for respondent, question, _ in long} | set(bad)
    questions = ["gender", "likes", "v1", "v2", "nps", "days", "born", "school", "advice"]
    assert told == {(str(n), question) for n in range(2, len(written) + 2) for question in questions}
    plain = read(written, "answers", "respondent", "question")
    skipped = sum(1 for row in long if row[2] == "skipped")
    assert sum(batch.left_out.get("skipped", 0) for batch in plain) == skipped
    assert len(rows(plain)) == len(long) - skipped
    wide = read(written, "people", "wrong_answers")
    assert sum(value for (value,) in rows(wide) if isinstance(value, float)) == len(bad)
    assert sum(len(batch.emptied) for batch in wide) == len(bad)


def test_all_columns_can_be_asked_for(read: Read) -> None:
    batches = read([GOOD], "answers", "member_no", "occurred_at", *ANSWER_COLUMNS)
    assert all(len(column) == 10 for column in batches[0].columns)
