"""One cell of a form → the answers in it: codes, scores, free texts; or what is wrong with it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pyarrow as pa

from huaxiang.spec.base import Text
from huaxiang.store.cleaning.rule import ColumnRule, fold
from huaxiang.store.forms.codebook import Codebook, Level, Option, Question, Scale, level_of

TICKS = frozenset({"1", "1.0", "✓", "✔", "√", "v", "x", "×", "y", "yes", "true", "是", "选中", "已选", "☑", "●"})
UNTICKED = frozenset({"0", "0.0", "n", "no", "false", "否", "未选", "未选中", "☐", "○"})
_SEPARATOR = re.compile(r"[┋┊|;；、，,/\n\r→]+")
_LETTER = re.compile(r"^(?:[a-z]|\d{1,2})\s*[.、．:：)）]\s*", re.IGNORECASE)
_WITH_TEXT = re.compile(
    r"^(?P<label>[^〖【\[(（:：]+)\s*(?:[〖【\[(（](?P<in>[^〗】\])）┋|]*)[〗】\])）]|[:：]\s*(?P<after>[^┋|]*))$"
)
_POINT = re.compile(
    r"^(?:[a-z]\s*[.、]\s*)?(-?\d+)(?:\.0+)?\s*(?:分|星|points?|stars?)?\s*(?:[/\-—–:：.、．(（]\s*|\s+|$)(.*?)[)）]?$"
)
_LABEL_POINT = re.compile(r"^(\D+?)\s*([(（/\-—–:：]?)\s*(-?\d+)\s*分?\s*[)）]?$")
_NUMBER = re.compile(
    r"^(?:约|大约|大概|近|about|~)?\s*([-+]?\d+(?:,\d{3})*(?:\.\d+)?)\s*(万|亿|千)?\s*(.*?)(?:左右|上下)?$"
)
_TIMES = MappingProxyType({"千": 1e3, "万": 1e4, "亿": 1e8})


@dataclass(frozen=True)
class Answer:
    """One answer: canonical code (or value as text), its words, the score (reversed where declared), free text."""

    code: str | None
    title: Text | None = None
    score: float | None = None
    text: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class Reading:
    """What a cell holds: answers, and faults as (code of `cleaning.codes.REASONS`, raw part). Neither: skipped."""

    answers: tuple[Answer, ...] = ()
    faults: tuple[tuple[str, str], ...] = ()


SKIPPED = Reading()


def _fault(code: str, raw: str) -> Reading:
    return Reading(faults=((code, raw),))


@dataclass
class AnswerReader:
    """Reads cells of a codebook's questions; equal cells of a closed question are read once."""

    book: Codebook
    _known: dict[tuple[str, str], Reading] = field(default_factory=dict)

    def read(self, question: Question, raw: str | None) -> Reading:
        """Read one cell; `raw` None or empty is a skipped question."""
        if raw is None or not raw.strip():
            return SKIPPED
        if question.kind in ("open", "text"):
            return self._read(question, raw)
        key = (question.code, raw)
        if key not in self._known:
            self._known[key] = self._read(question, raw)
        return self._known[key]

    def read_ticks(self, question: Question, cells: Mapping[str, str | None], other: str | None = None) -> Reading:
        """Read a choice that stands in one cell for each option: ticks, 0 / 1, or the option's words."""
        chosen: list[Answer] = []
        faults: list[tuple[str, str]] = []
        for code, raw in cells.items():
            word = fold(raw or "")
            if not word or word in UNTICKED or word in self.book.missing:
                continue
            option = question.by_code[code]
            if word in TICKS or word in option.words:
                chosen.append(Answer(code, option.title, text=other if code == question.other else None))
            elif code == question.other:
                chosen.append(Answer(code, option.title, text=_tidy(raw or "")))
            else:
                faults.append(("answer_option", raw or ""))
        return _chosen(question, chosen, faults, "; ".join(c for c in cells.values() if c))

    def read_points(self, question: Question, cells: Mapping[int, str | None]) -> Reading:
        """Read a rating that stands in one cell for each point of its scale."""
        ticked, faults = [], []
        for point, raw in cells.items():
            word = fold(raw or "")
            if not word or word in UNTICKED:
                continue
            if word in TICKS or word == str(point):
                ticked.append(point)
            else:
                faults.append(("answer_scale", raw or ""))
        if faults or not ticked:
            return Reading(faults=tuple(faults))
        if len(ticked) > 1:
            return _fault("answer_several", ", ".join(map(str, ticked)))
        return Reading((_rated(question, ticked[0]),))

    def _read(self, question: Question, raw: str) -> Reading:
        if fold(raw) in self.book.missing:
            return SKIPPED
        return _READERS[question.kind](question, raw)


def _tidy(raw: str) -> str:
    return raw.replace("\x00", "").strip()


def _read_text(question: Question, raw: str) -> Reading:
    text = _tidy(raw)
    return Reading((Answer(None if question.kind == "open" else text, text=text),)) if text else SKIPPED


def _read_rating(question: Question, raw: str) -> Reading:
    scale = question.scale
    point = None if scale is None else point_of(scale, raw)
    if point is None:
        return _fault("answer_scale", raw)
    return Reading((_rated(question, point),))


def point_of(scale: Scale, raw: str) -> int | None:
    """Point that a cell names: by its number, its label, or both when they agree; None when it names none."""
    word = fold(raw)
    if word in scale.words:
        return scale.words[word]
    match = _POINT.match(word)
    if match is not None:
        point, rest = int(match[1]), _label(match[2])
        if point in scale.points and (not rest or scale.words.get(rest) == point):
            return point
    match = _LABEL_POINT.match(word)
    said = scale.words.get(_label(match[1])) if match is not None else None
    if match is None or said is None:
        return None
    number = int(match[3])
    dashed = match[2] == "-" or number < 0  # the dash may be a minus sign, or part label and number
    return said if said == number or (dashed and said == -number) else None


def _label(text: str) -> str:
    return text.strip(" /-—–:：.、．(（")


def _rated(question: Question, point: int) -> Answer:
    scale = question.scale
    assert scale is not None, question.code
    score = float(scale.minimum + scale.maximum - point if question.reverse else point)
    level: Level | None = level_of(score, question.levels)
    return Answer(str(point), scale.labels.get(point), score, level=level.code if level else None)


def _read_single(question: Question, raw: str) -> Reading:
    found = _option(question, raw)
    if found is not None:
        return _chosen(question, [found], [], raw)
    parts, unknown = _split(question, raw)
    if len(parts) > 1 and not unknown:
        return _fault("answer_several", raw)
    return _fault("answer_option", raw)


def _read_multi(question: Question, raw: str) -> Reading:
    parts, unknown = _split(question, raw)
    return _chosen(question, parts, [("answer_option", part) for part in unknown], raw)


def _option(question: Question, part: str) -> Answer | None:
    """The option that a text names; `其他〖…〗` and `other: …` bring the free text along."""
    word = fold(part)
    option = question.words.get(word) or question.words.get(_LETTER.sub("", word))
    if option is not None:
        return Answer(option.code, option.title)
    match = _WITH_TEXT.match(_LETTER.sub("", part.strip())) if question.other else None
    if match is None:
        return None
    option = question.words.get(fold(match["label"]))
    if option is None or option.code != question.other:
        return None
    return Answer(option.code, option.title, text=_tidy(match["in"] or match["after"] or "") or None)


def _split(question: Question, raw: str) -> tuple[list[Answer], list[str]]:
    """Options in a cell that lists several, and parts that are none. An option may itself hold a separator: the longest
    stretch that is an option is taken.
    """
    cell, spans = raw, _spans(raw)
    if raw.lstrip().startswith("["):
        try:
            listed = json.loads(raw)
        except ValueError:
            listed = None
        if isinstance(listed, list) and all(isinstance(part, str) for part in listed):
            cell = "┋".join(listed)
            spans = _spans(cell)
    found: list[Answer] = []
    unknown: list[str] = []
    start = 0
    while start < len(spans):
        for end in range(len(spans), start, -1):
            answer = _option(question, cell[spans[start][0] : spans[end - 1][1]])
            if answer is not None:
                found.append(answer)
                start = end
                break
        else:
            unknown.append(cell[spans[start][0] : spans[start][1]].strip())
            start += 1
    return found, unknown


def _spans(cell: str) -> list[tuple[int, int]]:
    edges = [0]
    for match in _SEPARATOR.finditer(cell):
        edges += [match.start(), match.end()]
    edges.append(len(cell))
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [(start, end) for start, end in pairs if cell[start:end].strip()]


def _chosen(question: Question, chosen: Sequence[Answer], faults: list[tuple[str, str]], raw: str) -> Reading:
    """Apply what the question says of how many, and which, may be chosen together."""
    distinct: dict[str | None, Answer] = {}
    for answer in chosen:
        if answer.code not in distinct or answer.text:
            distinct[answer.code] = answer
    options: list[Option] = [question.by_code[code] for code in distinct if code is not None]
    if question.kind == "single" and len(options) > 1:
        return _fault("answer_several", raw)
    if len(options) > 1 and any(option.alone or option.missing for option in options):
        return _fault("answer_conflict", raw)
    if question.most is not None and len(options) > question.most:
        return _fault("answer_too_many", raw)
    order = {option.code: number for number, option in enumerate(question.options)}
    kept = sorted((distinct[o.code] for o in options if not o.missing), key=lambda answer: order[str(answer.code)])
    return Reading(tuple(kept), tuple(faults))


def _read_number(question: Question, raw: str) -> Reading:
    text = unicodedata.normalize("NFKC", raw).strip().lower()
    match = _NUMBER.match(text)
    units = ("", *((fold(question.unit.zh), fold(question.unit.en)) if question.unit else ()))
    if match is None or not any(match[3] == unit or unit.startswith(match[3] + "/") for unit in units):
        return _fault("number", raw)
    value = float(match[1].replace(",", "")) * _TIMES.get(match[2] or "", 1.0)
    if question.minimum is not None and value < question.minimum:
        return _fault("below_minimum", raw)
    if question.maximum is not None and value > question.maximum:
        return _fault("above_maximum", raw)
    return Reading((Answer(str(int(value)) if value.is_integer() else repr(value), score=value),))


def _read_date(question: Question, raw: str) -> Reading:
    from huaxiang.store.cleaning.column import clean_column

    cleaned = clean_column(pa.array([raw], pa.string()), ColumnRule(question.code, question.code, "date"))
    day = cleaned.values[0].as_py()
    if cleaned.faults[0] or day is None:
        return _fault("date", raw)
    return Reading((Answer(day.isoformat()),))


_READERS: Mapping[str, Callable[[Question, str], Reading]] = MappingProxyType(
    {
        "likert": _read_rating,
        "nps": _read_rating,
        "single": _read_single,
        "multi": _read_multi,
        "number": _read_number,
        "date": _read_date,
        "text": _read_text,
        "open": _read_text,
    }
)
