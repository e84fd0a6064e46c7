"""`format: questionnaire`: wide exports of survey tools (one row a respondent), in whatever file they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from huaxiang.errors import Issue, ProjectInvalid, Said
from huaxiang.store.cleaning.column import as_texts
from huaxiang.store.files.batch import BadRow, FileFault, FileForm, RawBatch, ReadRequest, cause_zh
from huaxiang.store.files.open import open_file
from huaxiang.store.forms.answers import SKIPPED, AnswerReader, Reading
from huaxiang.store.forms.codebook import Codebook, Question, load_codebook
from huaxiang.store.forms.headers import FormColumns, locate_questions
from huaxiang.store.forms.tables import Respondent, Wanted, batch_of, form_header, take_of, wanted

_RESPONDENTS = 1_000


def open_questionnaire(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of a wide export as `take` asks: answers (default), people or texts. Raises FileFault.

    Rows keep the number of the respondent's row. Wrong answers are set aside one by one (`take: answers`) or emptied in a row
    that stays (`take: people`); each names its question.
    """
    book = codebook_of(request)
    form, respondents = open_respondents(request, book)
    header = form_header(book, take_of(request.take))
    want = wanted(book, request.take, request.columns, "survey")
    return replace(form, header=header), batches_of(respondents, want)


def codebook_of(request: ReadRequest) -> Codebook:
    """Codebook of a source. Raises FileFault when there is none, or when it has faults."""
    if request.codebook is None:
        raise FileFault(
            Said(
                "the source names no codebook; write `codebook:` with the path of its YAML or Excel file",
                "数据源没有指明码本；请用 `codebook:` 写明其 YAML 或 Excel 文件的路径",
            )
        )
    path = request.codebook
    try:
        return load_codebook(path)
    except ProjectInvalid as error:
        raise FileFault(_faulty_codebook(path.name, error.issues)) from None
    except OSError as error:
        raise FileFault(
            Said(
                f"its codebook {path.name} can't be read ({error.strerror or 'input/output error'})",
                f"无法读取其码本 {path.name}（{cause_zh(error)}）",
            )
        ) from None


def _faulty_codebook(name: str, issues: Sequence[Issue]) -> Said:
    first, others = issues[0], len(issues) - 1
    more = Said(f" (and {others} more)", f"（另有 {others} 处）") if others else Said("", "")
    return Said(
        f"its codebook has faults: {first}{more.en}; see `huaxiang form check {name}`",
        f"其码本有错误：{first.place} {first.code} {first.zh}{more.zh}；请运行 `huaxiang form check {name}` 查看",
    )


@dataclass(frozen=True)
class Part:
    """Some respondents of a file, rows that are none, and how far the file has been read."""

    respondents: Sequence[Respondent]
    bad: Sequence[BadRow]
    bytes_read: int


def open_respondents(request: ReadRequest, book: Codebook) -> tuple[FileForm, Iterator[Part]]:
    """Read a wide table as respondents. Raises FileFault when its columns are not those of the codebook."""
    plain = replace(request, format="auto", columns=(), take=None, codebook=None)
    form, _ = open_file(plain)
    columns = locate_questions(book, form.header)
    at = columns.positions
    names = tuple(form.header[position] for position in at)
    form, batches = open_file(replace(plain, columns=names))
    order = {position: number for number, position in enumerate(at)}
    return form, _parts(batches, book, columns, order)


def _parts(batches: Iterator[RawBatch], book: Codebook, columns: FormColumns, order: dict[int, int]) -> Iterator[Part]:
    reader = _RowReader(book, columns, order)
    for batch in batches:
        texts = [as_texts(column) for column in batch.columns]
        bad = [*batch.bad, *_faulty(batch)]
        faulty = set() if batch.faults is None else {int(at) for at in batch.faults.nonzero()[0]}
        keep = [at for at in range(len(batch.rows)) if at not in faulty]
        for start in range(0, max(len(keep), 1), _RESPONDENTS):
            chosen = keep[start : start + _RESPONDENTS]
            index = pa.array(chosen, pa.int64())
            cells = [column.take(index).to_pylist() for column in texts]
            rows = list(zip(*cells, strict=True)) if cells else []
            found = [reader.read(int(batch.rows[at]), row) for at, row in zip(chosen, rows, strict=True)]
            yield Part(found, bad if start == 0 else (), batch.bytes_read)


def _faulty(batch: RawBatch) -> Iterator[BadRow]:
    from huaxiang.store.cleaning.codes import FAULTS

    if batch.faults is not None:
        for at in batch.faults.nonzero()[0]:
            yield BadRow(int(batch.rows[at]), FAULTS[batch.faults[at]], batch.raw(int(at)))


def batches_of(parts: Iterator[Part], want: Wanted) -> Iterator[RawBatch]:
    """The rows of each part, with what is no respondent set aside."""
    for part in parts:
        batch = batch_of(part.respondents, want, part.bytes_read)
        yield replace(batch, bad=(*batch.bad, *part.bad))


class _RowReader:
    """Reads the cells of one row by the columns that were found."""

    def __init__(self, book: Codebook, columns: FormColumns, order: dict[int, int]) -> None:
        self._answers = AnswerReader(book)
        self._keys = {name: order[at] for name, at in columns.keys.items()}
        self._others = {name: order[at] for name, at in columns.others.items()}
        self._single = [(book.questions[code], order[at]) for code, at in columns.questions.items()]
        self._ticks = [
            (book.questions[code], {option: order[at] for option, at in found.items()})
            for code, found in columns.options.items()
        ]

    def read(self, number: int, cells: Sequence[str | None]) -> Respondent:
        keys = {name: cells[at] for name, at in self._keys.items()}
        readings: dict[str, Reading] = {}
        raw: dict[str, str] = {}
        for question, at in self._single:
            reading = self._answers.read(question, cells[at])
            readings[question.code] = self._with_other(question, reading, cells)
            raw[question.code] = cells[at] or ""
        for question, options in self._ticks:
            given = {option: cells[at] for option, at in options.items()}
            if any((cell or "").strip() for cell in given.values()):
                readings[question.code] = self._answers.read_ticks(question, given, self._other(question, cells))
            else:
                readings[question.code] = SKIPPED
            raw[question.code] = "; ".join(option for option, cell in given.items() if cell)
        return Respondent(number, keys, readings, raw)

    def _other(self, question: Question, cells: Sequence[str | None]) -> str | None:
        at = self._others.get(question.code)
        text = (cells[at] or "").strip() if at is not None else ""
        return text or None

    def _with_other(self, question: Question, reading: Reading, cells: Sequence[str | None]) -> Reading:
        text = self._other(question, cells) if question.other else None
        if text is None:
            return reading
        answers = tuple(
            replace(answer, text=text) if answer.code == question.other and not answer.text else answer
            for answer in reading.answers
        )
        return replace(reading, answers=answers)
