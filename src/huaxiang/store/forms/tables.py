"""Respondents → rows: one an answer (long), one a respondent (wide), or one a free text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

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
    raise FileFault(f"`take: {asked}` is not for forms; write answers, people or texts")


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
    """Rows of some respondents. Wrong answers are rows set aside (answers) or cells emptied (people), each with its question."""
    if want.take == "people":
        return _people(respondents, want, bytes_read)
    rows = _Rows(want)
    bad: list[BadRow] = []
    with_skipped = want.take == "answers" and "status" in want.columns
    for respondent in respondents:
        for code, question in want.book.questions.items():
            reading = respondent.readings.get(code)
            if want.take == "texts":
                rows.add_texts(respondent, question, reading)
                continue
            rows.add_answers(respondent, question, reading, with_skipped=with_skipped)
        if want.take == "answers":
            bad += wrong_cells(respondent)
    columns = [_array(rows.columns[name], name) for name in want.columns]
    return RawBatch(columns, np.array(rows.numbers, np.int64), rows.raw.__getitem__, bad, bytes_read=bytes_read)


def wrong_cells(respondent: Respondent) -> Iterator[BadRow]:
    """Each fault of a respondent's answers, with its question."""
    for code, reading in respondent.readings.items():
        for reason, raw in reading.faults:
            yield BadRow(respondent.row, reason, raw, code)
    yield from respondent.strange


def _array(values: list[Value], name: str) -> pa.Array:
    return pa.array(values, pa.float64() if name in _NUMBERS else pa.string())


@dataclass(frozen=True)
class _Cell:
    """One row of a long table: whose answer, to what, and how it stands."""

    want: Wanted
    respondent: Respondent
    question: Question
    answer: Answer
    status: str = "answered"


_COMMON: dict[str, Callable[[_Cell], Value]] = {
    "survey": lambda cell: cell.want.book.name,
    "respondent": lambda cell: str(cell.respondent.row),
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
    """Columns of long rows as they grow; only those asked for."""

    def __init__(self, want: Wanted) -> None:
        self._want = want
        self.columns: dict[str, list[Value]] = {name: [] for name in want.columns}
        self.numbers: list[int] = []
        self.raw: list[str] = []
        self._getters = [(values, name, _LONG[want.take].get(name)) for name, values in self.columns.items()]

    def add_answers(
        self, respondent: Respondent, question: Question, reading: Reading | None, *, with_skipped: bool
    ) -> None:
        """One row an answer; of a skipped question one row when skipped ones are asked for."""
        if reading is None:
            return
        raw = respondent.cells.get(question.code, "")
        for answer in reading.answers:
            self._add(_Cell(self._want, respondent, question, answer), raw)
        if not reading.answers and not reading.faults and with_skipped:
            self._add(_Cell(self._want, respondent, question, Answer(None), "skipped"), raw)

    def add_texts(self, respondent: Respondent, question: Question, reading: Reading | None) -> None:
        """One row a free text: answers to open questions, and what stands beside `other`."""
        for answer in reading.answers if reading else ():
            if answer.text and question.kind != "text":
                self._add(_Cell(self._want, respondent, question, answer), answer.text)

    def _add(self, cell: _Cell, raw: str) -> None:
        keys = cell.respondent.keys
        for values, name, getter in self._getters:
            values.append(keys.get(name) if getter is None else getter(cell))
        self.numbers.append(cell.respondent.row)
        self.raw.append(raw)


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
