"""`format: interview`: filled forms, one a sheet, as `huaxiang form new` writes them; or the same questions as a wide table.

Column A of a form is hidden and says what each row holds, so that rows may be moved and sheets copied:

    huaxiang:form:NAME      first cell: which form it is
    key:FIELD|E             the value in column E says who answers (`time|E`: when)
    value:CODE|C            number, date, text
    tick:CODE|C=a|G=b       ticks of options
    point:CODE|C=1|D=2      ticks of the points of a scale
    other:CODE|E            text beside the option `other`
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from huaxiang.errors import Said
from huaxiang.store.cleaning.rule import fold
from huaxiang.store.files.batch import BadRow, FileFault, FileForm, RawBatch, ReadRequest
from huaxiang.store.files.excel import Sheet, read_sheets
from huaxiang.store.files.sniff import sniff_format
from huaxiang.store.forms.answers import UNTICKED, AnswerReader, Reading
from huaxiang.store.forms.codebook import Codebook, Question
from huaxiang.store.forms.questionnaire import Part, batches_of, codebook_of, open_respondents
from huaxiang.store.forms.tables import Respondent, form_header, take_of, wanted

MARK = "huaxiang:form:"
GUIDE = "huaxiang:guide"


def open_interview(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Interviews of a file as `take` asks. Rows are numbered by sheet (from 1), or by row where the file is a wide table.

    A form that nobody filled is no interview. A sheet that is neither form nor guide is set aside. Raises FileFault.
    """
    book = codebook_of(request)
    form, parts = read_interviews(request, book)
    want = wanted(book, request.take, request.columns, "interview")
    return replace(form, header=form_header(book, take_of(request.take))), batches_of(parts, want)


def read_interviews(request: ReadRequest, book: Codebook) -> tuple[FileForm, Iterator[Part]]:
    """Interviews of a workbook of forms, or of a wide table. Raises FileFault."""
    if sniff_format(request.path, "auto") == "excel":
        sheets = read_sheets(replace(request, format="excel", columns=()))
        if any(_mark(sheet).startswith(MARK) for sheet in sheets):
            return FileForm("excel", None, None, ()), iter([_part(sheets, book, request.path.stat().st_size)])
    return open_respondents(request, book)


def _mark(sheet: Sheet) -> str:
    return (sheet.cells[0][0] or "").strip() if sheet.cells and sheet.cells[0] else ""


def _part(sheets: Sequence[Sheet], book: Codebook, size: int) -> Part:
    found: list[Respondent] = []
    bad: list[BadRow] = []
    answers = AnswerReader(book)
    for number, sheet in enumerate(sheets, start=1):
        mark = _mark(sheet)
        if mark == GUIDE or not any(cell for row in sheet.cells for cell in row):
            continue
        if not mark.startswith(MARK):
            bad.append(BadRow(number, "not_a_form", sheet.name))
            continue
        name = mark.removeprefix(MARK).split(":")[0]
        if name != book.name:
            raise FileFault(
                Said(
                    f'sheet {number} is of form "{name}", but the source\'s codebook is "{book.name}"; name that of the form',
                    f"第 {number} 张工作表属于表单“{name}”，而数据源的码本是“{book.name}”；请改为该表单的码本",
                )
            )
        interview = _SheetReader(sheet, number, book, answers).read()
        if interview is not None:
            found.append(interview)
    return Part(found, bad, size)


@dataclass
class _SheetReader:
    """Reads one filled form."""

    sheet: Sheet
    number: int
    book: Codebook
    answers: AnswerReader
    keys: dict[str, str | None] = field(default_factory=dict)
    single: dict[str, str | None] = field(default_factory=dict)
    ticks: dict[str, dict[str, str | None]] = field(default_factory=dict)
    points: dict[str, dict[int, str | None]] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    strange: list[BadRow] = field(default_factory=list)

    def read(self) -> Respondent | None:
        """Return the interview; None when the form is empty."""
        for number, row in enumerate(self.sheet.cells):
            directive = (row[0] or "").strip() if row else ""
            if "|" in directive:
                self._row(number, directive, row)
        readings, raw = self._readings()
        given = any(r.answers or r.faults for r in readings.values()) or any(self.keys.values()) or self.strange
        if not given:
            return None
        return Respondent(self.number, self.keys, readings, raw, tuple(self.strange))

    def _row(self, number: int, directive: str, row: Sequence[str | None]) -> None:
        head, *cells = directive.split("|")
        what, _, code = head.partition(":")
        at = {column.partition("=")[0]: column.partition("=")[2] for column in cells}
        given = {name: self._cell(number, letters, row, code) for letters, name in at.items()}
        value = next(iter(given.values()), None)
        if what == "key":
            self.keys[code] = value
        elif what == "time":
            self.keys["occurred_at"] = value
        elif code not in self.book.questions:
            self.strange += [BadRow(self.number, "question_unknown", text, code) for text in given.values() if text]
        elif what == "tick":
            self.ticks.setdefault(code, {}).update(self._known_options(code, given))
        elif what == "point":
            self.points.setdefault(code, {}).update({int(point): text for point, text in given.items()})
        elif what == "other":
            self.others[code] = value or ""
        else:
            self.single[code] = value

    def _known_options(self, code: str, given: Mapping[str, str | None]) -> dict[str, str | None]:
        options = self.book.questions[code].by_code
        ticked = {name: text for name, text in given.items() if text and fold(text) not in UNTICKED}
        self.strange += [BadRow(self.number, "answer_option", name, code) for name in ticked if name not in options]
        return {name: text for name, text in given.items() if name in options}

    def _cell(self, number: int, letters: str, row: Sequence[str | None], code: str) -> str | None:
        at = _column(letters)
        if (number + 1, at + 1) in self.sheet.errors:
            self.strange.append(BadRow(self.number, "excel_error", "", code))
            return None
        text = row[at] if at < len(row) else None
        return text.strip() or None if text else None

    def _readings(self) -> tuple[dict[str, Reading], dict[str, str]]:
        readings: dict[str, Reading] = {}
        raw: dict[str, str] = {}
        for code, question in self.book.questions.items():
            reading, text = self._reading(question)
            if reading is not None:
                readings[code], raw[code] = reading, text
        return readings, raw

    def _reading(self, question: Question) -> tuple[Reading | None, str]:
        code = question.code
        if code in self.single:
            return self.answers.read(question, self.single[code]), self.single[code] or ""
        if code in self.points:
            cells = self.points[code]
            return self.answers.read_points(question, cells), ", ".join(str(p) for p, text in cells.items() if text)
        if code in self.ticks:
            given = dict(self.ticks[code])
            other = self.others.get(code) or None
            if other and question.other and not given.get(question.other):
                given[question.other] = other  # written beside `other` without a tick
            raw = ", ".join(name for name, text in given.items() if text)
            return self.answers.read_ticks(question, given, other), raw
        return None, ""


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
