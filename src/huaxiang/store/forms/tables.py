"""Respondents → rows: one an answer (long), one a respondent (wide), or one a free text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from huaxiang.errors import Said
from huaxiang.store.files.batch import BadRow, FileFault, RawBatch, locate
from huaxiang.store.forms.answers import Answer, Reading
from huaxiang.store.forms.codebook import Codebook, Question, level_of
from huaxiang.store.forms.scores import profile_value, scores_of

Take = Literal["answers", "people", "texts"]
Value = str | float | list[str] | None

ANSWER_COLUMNS = (
    "survey", "respondent", "question", "question_title", "question_title_en", "answer", "answer_title", "answer_title_en",
    "level", "score", "text", "construct", "kind", "status",
)  # fmt: skip
TEXT_COLUMNS = ("survey", "respondent", "question", "kind", "title", "title_en", "body")
PEOPLE_COLUMNS = ("survey", "respondent", "wrong_answers")
_NUMBERS = frozenset({"score"})


@dataclass(frozen=True)
class Respondent:
    """One filled form: row (or sheet) number, keys and time as written, what each question holds, raw cells by question.

    `strange` are cells of questions that the codebook does not know.
    """

    row: int
    keys: Mapping[str, str | None]
    readings: Mapping[str, Reading]
    cells: Mapping[str, str]
    strange: Sequence[BadRow] = ()


@dataclass(frozen=True)
class Wanted:
    """What a request asks of a form: kind of rows, columns in order, word for the kind of texts (survey, interview)."""

    book: Codebook
    take: Take
    columns: tuple[str, ...]
    texts: str = "survey"


def take_of(asked: str | None) -> Take:
    """Kind of rows of a source's `take`. Raises FileFault for one that forms don't have."""
    if asked in (None, "answers"):
        return "answers"
    if asked == "people":
        return "people"
    if asked == "texts":
        return "texts"
    raise FileFault(
        Said(
            f"`take: {asked}` is not for forms; write answers, people or texts",
            f"`take: {asked}` 不用于表单；请写 answers、people 或 texts",
        )
    )


def form_header(book: Codebook, take: Take) -> tuple[str, ...]:
    """Columns that a form offers: keys, time (`occurred_at`), then those of the kind of rows."""
    keys = (*(key.field for key in book.keys), *(("occurred_at",) if book.time else ()))
    if take == "answers":
        return (*keys, *ANSWER_COLUMNS)
    if take == "texts":
        return (*keys, *TEXT_COLUMNS)
    return (*keys, *PEOPLE_COLUMNS, *(name for name, _ in book.people_columns))


def wanted(book: Codebook, asked: str | None, columns: Sequence[str], texts: str) -> Wanted:
    """Check what is asked against what the form has. Raises FileFault for unknown columns."""
    take = take_of(asked)
    locate(form_header(book, take), columns)
    return Wanted(book, take, tuple(columns), texts)


def batch_of(respondents: Sequence[Respondent], want: Wanted, bytes_read: int = 0) -> RawBatch:
    """Rows of some respondents. Wrong answers are rows set aside (answers) or cells emptied (people), each with its question.

    Of long rows, skipped questions are left out and counted; they come as rows of status `skipped` when `status` is asked for.
    """
    if want.take == "people":
        return _people(respondents, want, bytes_read)
    rows = _Rows(want, respondents)
    bad: list[BadRow] = []
    with_skipped = want.take == "answers" and "status" in want.columns
    skipped = 0
    for at, respondent in enumerate(respondents):
        for code, question in want.book.questions.items():
            reading = respondent.readings.get(code)
            if want.take == "texts":
                rows.add_texts(at, question, reading)
            else:
                rows.add_answers(at, question, reading, with_skipped=with_skipped)
        if want.take == "answers":
            bad += wrong_cells(respondent)
            skipped += sum(not r.answers and not r.faults for r in respondent.readings.values())
    left_out = {"skipped": skipped} if skipped and not with_skipped else {}
    return RawBatch(rows.columns(), rows.numbers(), rows.raw, bad, bytes_read=bytes_read, left_out=left_out)


def wrong_cells(respondent: Respondent) -> Iterator[BadRow]:
    """Each fault of a respondent's answers, with its question."""
    for code, reading in respondent.readings.items():
        for reason, raw in reading.faults:
            yield BadRow(respondent.row, reason, raw, code)
    yield from respondent.strange


@dataclass(frozen=True)
class _Cell:
    """An answer as rows show it, whoever gave it."""

    want: Wanted
    question: Question
    answer: Answer
    status: str


_COMMON: dict[str, Callable[[_Cell], Value]] = {
    "survey": lambda cell: cell.want.book.name,
    "question": lambda cell: cell.question.code,
}
_LONG: Mapping[Take, Mapping[str, Callable[[_Cell], Value]]] = {
    "answers": _COMMON
    | {
        "question_title": lambda cell: cell.question.text.zh,
        "question_title_en": lambda cell: cell.question.text.en,
        "answer": lambda cell: cell.answer.code,
        "answer_title": lambda cell: cell.answer.title.zh if cell.answer.title else cell.answer.code,
        "answer_title_en": lambda cell: cell.answer.title.en if cell.answer.title else cell.answer.code,
        "level": lambda cell: cell.answer.level,
        "score": lambda cell: cell.answer.score,
        "text": lambda cell: cell.answer.text,
        "construct": lambda cell: cell.question.construct,
        "kind": lambda cell: cell.question.kind,
        "status": lambda cell: cell.status,
    },
    "texts": _COMMON
    | {
        "kind": lambda cell: cell.want.texts,
        "title": lambda cell: cell.question.text.zh,
        "title_en": lambda cell: cell.question.text.en,
        "body": lambda cell: cell.answer.text,
    },
}


class _Rows:
    """Long rows as they grow. Equal answers are described once; a row is the number of its respondent and of its answer."""

    def __init__(self, want: Wanted, respondents: Sequence[Respondent]) -> None:
        self._want, self._respondents = want, respondents
        self._known: dict[object, int] = {}
        self._cells: list[_Cell] = []
        self._who: list[int] = []
        self._what: list[int] = []

    def add_answers(self, at: int, question: Question, reading: Reading | None, *, with_skipped: bool) -> None:
        """One row an answer of respondent `at`; of a skipped question one row when skipped ones are asked for."""
        if reading is None:
            return
        for answer in reading.answers:
            self._add(at, id(answer), question, answer)  # answers of a batch live as long as its respondents
        if with_skipped and not reading.answers and not reading.faults:
            self._add(at, question.code, question, None)

    def add_texts(self, at: int, question: Question, reading: Reading | None) -> None:
        """One row a free text of respondent `at`: answers to open questions, and what stands beside `other`."""
        for answer in reading.answers if reading else ():
            if answer.text and question.kind != "text":
                self._add(at, id(answer), question, answer)

    def _add(self, at: int, key: object, question: Question, answer: Answer | None) -> None:
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self._cells)
            status = "skipped" if answer is None else "answered"
            self._cells.append(_Cell(self._want, question, answer or Answer(None), status))
        self._who.append(at)
        self._what.append(number)

    def columns(self) -> list[pa.Array]:
        """Columns in the order they were asked for."""
        who, what = pa.array(self._who, pa.int64()), pa.array(self._what, pa.int64())
        found = []
        for name in self._want.columns:
            getter = _LONG[self._want.take].get(name)
            if getter is not None:
                values: list[Value] = [getter(cell) for cell in self._cells]
                found.append(pa.array(values, pa.float64() if name in _NUMBERS else pa.string()).take(what))
            elif name == "respondent":
                found.append(pa.array([str(r.row) for r in self._respondents], pa.string()).take(who))
            else:
                found.append(pa.array([r.keys.get(name) for r in self._respondents], pa.string()).take(who))
        return found

    def numbers(self) -> np.ndarray:
        """Row number of each row."""
        rows = np.array([respondent.row for respondent in self._respondents], np.int64)
        return rows[np.array(self._who, np.int64)]

    def raw(self, at: int) -> str:
        """Raw text of a row."""
        cell, respondent = self._cells[self._what[at]], self._respondents[self._who[at]]
        return cell.answer.text or respondent.cells.get(cell.question.code, "")


def _people(respondents: Sequence[Respondent], want: Wanted, bytes_read: int) -> RawBatch:
    kinds = dict(want.book.people_columns)
    columns: dict[str, list[Value]] = {name: [] for name in want.columns}
    emptied: list[BadRow] = []
    for respondent in respondents:
        wrong = list(wrong_cells(respondent))
        emptied += wrong
        values = wide_values(respondent, want.book) | {"wrong_answers": float(len(wrong))}
        for name, column in columns.items():
            column.append(values.get(name))
    arrays = [pa.array(values, _wide_type(kinds.get(name, "text"), name)) for name, values in columns.items()]

    def raw(at: int) -> str:
        cells = (*(value or "" for value in respondents[at].keys.values()), *respondents[at].cells.values())
        return " | ".join(cells)

    return RawBatch(
        arrays, np.array([r.row for r in respondents], np.int64), raw, (), bytes_read=bytes_read, emptied=tuple(emptied)
    )


def _wide_type(kind: str, name: str) -> pa.DataType:
    if kind == "list":
        return pa.list_(pa.string())
    return pa.float64() if kind == "number" or name == "wrong_answers" else pa.string()


def wide_values(respondent: Respondent, book: Codebook) -> dict[str, Value]:
    """All columns of one respondent: codes, scores, levels, lists, constructs and profiles."""
    values: dict[str, Value] = {**respondent.keys, "survey": book.name, "respondent": str(respondent.row)}
    for code, question in book.questions.items():
        reading = respondent.readings.get(code)
        if reading is None or not reading.answers:
            continue
        first = reading.answers[0]
        if question.kind == "multi":
            values[code] = [answer.code for answer in reading.answers if answer.code is not None]
        elif question.scored or question.kind == "number":
            values[code], values[f"{code}_level"] = first.score, first.level
        else:
            values[code] = first.text if question.kind == "open" else first.code
        if question.other:
            values[f"{code}_other"] = next((a.text for a in reading.answers if a.code == question.other), None)
    scores = scores_of(respondent.readings, book)
    for construct in book.constructs:
        score = scores[construct.code]
        level = None if score is None else level_of(score, construct.levels)
        values[construct.code], values[f"{construct.code}_level"] = score, level.code if level else None
    return values | {profile.code: profile_value(scores, profile) for profile in book.profiles}
