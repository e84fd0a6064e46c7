from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest
from tests.told import same_names

from huaxiang.app.form_sheet import write_workbook
from huaxiang.store.files.batch import FileFault, RawBatch, ReadRequest
from huaxiang.store.files.open import open_file
from huaxiang.store.forms.codebook import Codebook

Fill = Callable[..., Path]


def fill_sheet(sheet: openpyxl.worksheet.worksheet.Worksheet, values: Mapping[str, str]) -> None:
    """Fill a form as a person would: `{"gender=male": "✓", "days": 30, "key:member_no": …}`, by the codes of column A."""
    left = dict(values)
    for row in sheet.iter_rows(min_col=1, max_col=1):
        head, *cells = str(row[0].value or "").split("|")
        name = head.removeprefix("value:").removeprefix("tick:").removeprefix("point:")
        for cell in cells:
            letters, _, code = cell.partition("=")
            key = f"{name}={code}" if code else name
            if key in left:
                sheet[f"{letters}{row[0].row}"] = left.pop(key)
    assert not left, left


@pytest.fixture
def fill(tmp_path: Path, book: Codebook) -> Fill:
    def make(*interviews: Mapping[str, str], change: Callable[[openpyxl.Workbook], None] | None = None) -> Path:
        path = tmp_path / "visits.xlsx"
        write_workbook(book, path, language="zh-CN", copies=3)
        workbook = openpyxl.load_workbook(path)
        for sheet, values in zip(workbook.worksheets, interviews, strict=False):
            fill_sheet(sheet, values)
        if change:
            change(workbook)
        workbook.save(path)
        return path

    return make


FIRST = {
    "key:member_no": "M1", "time": "2026-03-01", "gender=male": "✓", "likes=music": "x", "likes=books": "1", "v1=4": "✓", "v2=1": "✓",
    "nps=9": "✓", "days": "30", "born": "1990-05-01", "school": "某大学", "advice": "配送再快一点",
}  # fmt: skip
SECOND = {"key:member_no": "M2", "gender=male": "✓", "gender=female": "✓", "other:likes": "下棋", "days": "很多天"}


def read(path: Path, book: Path, take: str, *columns: str) -> list[RawBatch]:
    return list(open_file(ReadRequest(path, "interview", columns, take=take, codebook=book))[1])


def rows(batches: list[RawBatch]) -> list[tuple[object, ...]]:
    return [row for batch in batches for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)]


def test_what_was_filled_in_comes_back(fill: Fill, book_path: Path) -> None:
    path = fill(FIRST, SECOND)
    columns = (
        "member_no",
        "occurred_at",
        "gender",
        "likes",
        "likes_other",
        "v1",
        "v2",
        "nps",
        "days",
        "born",
        "school",
        "advice",
        "price",
    )
    assert rows(read(path, book_path, "people", *columns)) == [
        (
            "M1",
            "2026-03-01",
            "male",
            ["music", "books"],
            None,
            4.0,
            5.0,
            9.0,
            30.0,
            "1990-05-01",
            "某大学",
            "配送再快一点",
            4.5,
        ),
        ("M2", None, None, ["other"], "下棋", None, None, None, None, None, None, None, None),
    ]
    batches = read(path, book_path, "answers", "member_no", "question", "answer")
    assert [int(n) for n in batches[0].rows] == [1] * 10 + [2]  # the third sheet was not filled, the guide is none
    assert [(b.row, b.column, b.code) for b in batches[0].bad] == [
        (2, "gender", "answer_several"),
        (2, "days", "number"),
    ]
    texts = read(path, book_path, "texts", "member_no", "kind", "title", "body")
    assert rows(texts) == [("M1", "interview", "建议", "配送再快一点"), ("M2", "interview", "您喜欢什么", "下棋")]


def test_sheets_may_be_copied_renamed_and_rows_moved(fill: Fill, book_path: Path) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        copy = workbook.copy_worksheet(workbook.worksheets[0])
        copy.title = "老王"
        for row in range(copy.max_row, 0, -1):  # a row is inserted above all others but the first
            if row > 1:
                for column in range(1, copy.max_column + 1):
                    if not isinstance(copy.cell(row + 1, column), openpyxl.cell.MergedCell):
                        copy.cell(row + 1, column).value = copy.cell(row, column).value
        for column in range(1, copy.max_column + 1):
            if not isinstance(copy.cell(2, column), openpyxl.cell.MergedCell):
                copy.cell(2, column).value = None
        for merged in list(copy.merged_cells.ranges):
            copy.unmerge_cells(str(merged))

    path = fill(FIRST, change=change)
    found = rows(read(path, book_path, "people", "gender", "respondent"))
    assert found == [("male", "1"), ("male", "5")]


def test_other_sheets_are_set_aside_and_strange_answers_named(fill: Fill, book_path: Path) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        workbook.create_sheet("草稿")["B2"] = "随手记"
        workbook.create_sheet("空白")
        sheet = workbook.worksheets[0]
        for row in sheet.iter_rows(min_col=1, max_col=1):
            value = str(row[0].value or "")
            if value.startswith("value:school"):
                row[0].value = value.replace("school", "hobby")
            if value.startswith("tick:gender"):
                row[0].value = value.replace("=male", "=robot")

    batches = read(fill(FIRST, change=change), book_path, "answers", "question")
    assert sorted((b.row, b.column, b.code, b.raw) for b in batches[0].bad if b.column) == [
        (1, "gender", "answer_option", "robot"), (1, "hobby", "question_unknown", "某大学"),
    ]  # fmt: skip
    assert [(b.row, b.code, b.raw) for b in batches[0].bad if not b.column] == [(5, "not_a_form", "草稿")]


def test_the_form_of_another_codebook_is_refused(fill: Fill, tmp_path: Path, book_path: Path) -> None:
    path = fill(FIRST)
    text = book_path.read_text("utf-8").replace("name: small", "name: tall")
    book_path.write_text(text, encoding="utf-8")
    with pytest.raises(FileFault, match='form "small", but the source\'s codebook is "tall"') as caught:
        read(path, book_path, "people", "gender")
    assert same_names(caught.value) == []


def test_a_wide_table_of_interviews_is_read_too(tmp_path: Path, book_path: Path) -> None:
    from tests.store.forms.conftest import HEADER
    from tests.store.forms.test_questionnaire import GOOD

    workbook = openpyxl.Workbook()
    for row in (HEADER, GOOD):
        workbook.active.append(row)
    workbook.save(tmp_path / "wide.xlsx")
    assert rows(read(tmp_path / "wide.xlsx", book_path, "texts", "kind", "body")) == [
        ("interview", "下棋"), ("interview", "配送再快一点"),
    ]  # fmt: skip


def test_an_error_cell_is_named(fill: Fill, book_path: Path) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        fill_sheet(workbook.worksheets[0], {"days": "#N/A"})
        for row in workbook.worksheets[0].iter_rows():
            for cell in row:
                if cell.value == "#N/A":
                    cell.data_type = "e"

    batches = read(fill({"key:member_no": "M1", "gender=male": "✓"}, change=change), book_path, "answers", "question")
    assert [(b.row, b.column, b.code) for b in batches[0].bad] == [(1, "days", "excel_error")]
