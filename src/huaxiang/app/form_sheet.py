"""A form as an Excel workbook: one sheet an interview, laid out for A4, with the codes for the import in hidden column A."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huaxiang.app.form_layout import (
    GUIDE,
    Block,
    blocks_of,
    hint_of,
    lines_of,
    say,
    shows_labels,
    text_of,
    width_of,
    word,
)
from huaxiang.store.forms.codebook import Codebook, Option, Question
from huaxiang.store.forms.interview import GUIDE as GUIDE_MARK
from huaxiang.store.forms.interview import MARK

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_ACCENT, _TINT, _INPUT, _LINE, _INK, _GREY = "#1F5FBF", "#EAF1FB", "#F7FAFE", "#B9C6D6", "#1F2733", "#6B7785"
_FONT = {"zh-CN": "Microsoft YaHei", "en": "Calibri"}
_FIRST, _LAST = 2, 25  # grid columns C … Z
_COLUMNS = 24
_WIDTH = 3.0
_CHARS = 3.55  # characters of a grid column where several are merged
_PAGE = 742.0  # points of an A4 page between its margins
_TICK = "✓"

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "code": {"font_size": 8, "font_color": _GREY},
    "title": {"bold": True, "font_size": 18, "font_color": _INK, "valign": "vcenter"},
    "intro": {"font_size": 9.5, "font_color": _GREY, "text_wrap": True, "valign": "top"},
    "section": {"bold": True, "font_size": 11, "font_color": "#FFFFFF", "bg_color": _ACCENT, "valign": "vcenter", "indent": 1},
    "note": {"font_size": 9.5, "font_color": _GREY, "italic": False, "text_wrap": True, "valign": "vcenter"},
    "number": {"bold": True, "font_size": 10.5, "font_color": _ACCENT, "align": "right", "indent": 1, "valign": "vcenter"},
    "question": {"font_size": 10.5, "font_color": _INK, "text_wrap": True, "valign": "vcenter"},
    "bold": {"bold": True, "font_size": 10.5, "font_color": _INK},
    "hint": {"font_size": 9, "font_color": _GREY},
    "label": {"font_size": 10, "font_color": _INK, "valign": "vcenter", "text_wrap": True},
    "item": {"font_size": 10, "font_color": _INK, "valign": "vcenter", "text_wrap": True, "bottom": 4, "bottom_color": _LINE},
    "head": {"font_size": 8.5, "font_color": _GREY, "align": "center", "valign": "bottom", "text_wrap": True},
    "unit": {"font_size": 9.5, "font_color": _GREY, "valign": "vcenter", "indent": 1},
    "tick": {"bold": True, "font_size": 11, "font_color": _ACCENT, "bg_color": _INPUT, "align": "center", "valign": "vcenter",
             "border": 1, "border_color": _LINE, "locked": False},
    "input": {"font_size": 10.5, "bg_color": _INPUT, "valign": "vcenter", "border": 1, "border_color": _LINE, "locked": False,
              "num_format": "@", "indent": 1},
    "figure": {"font_size": 10.5, "bg_color": _INPUT, "valign": "vcenter", "align": "left", "border": 1, "border_color": _LINE,
               "locked": False, "num_format": "General", "indent": 1},
    "date": {"font_size": 10.5, "bg_color": _INPUT, "valign": "vcenter", "align": "left", "border": 1, "border_color": _LINE,
             "locked": False, "num_format": "yyyy-mm-dd", "indent": 1},
    "box": {"font_size": 10.5, "bg_color": _INPUT, "valign": "top", "text_wrap": True, "border": 1, "border_color": _LINE,
            "locked": False, "num_format": "@"},
    "chosen": {"bg_color": "#D5E4FA"},
}  # fmt: skip


@dataclass(frozen=True)
class Paper:
    """What all sheets of a workbook share: the form, its language and the formats."""

    form: Codebook
    language: str
    formats: Mapping[str, Format]


def write_workbook(form: Codebook, to: Path, *, language: str, copies: int) -> None:
    """Write `copies` empty sheets of a form, and one that says how to fill them in. Same form, same bytes."""
    from datetime import datetime

    import xlsxwriter

    book = xlsxwriter.Workbook(str(to), {"default_date_format": "yyyy-mm-dd"})
    book.set_properties({"title": say(form.title, language), "created": datetime(2000, 1, 1)})
    base = {"font_name": _FONT[language]}
    paper = Paper(form, language, {name: book.add_format({**base, **style}) for name, style in _STYLES.items()})
    for number in range(1, copies + 1):
        _FormSheet(paper, book.add_worksheet(f"{word('form', language)} {number}")).write()
    _write_guide(book, paper)
    book.close()


def _write_guide(book: Workbook, paper: Paper) -> None:
    sheet = book.add_worksheet(word("guide", paper.language))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, None, None, {"hidden": True})
    sheet.set_column(1, 1, 3)
    sheet.set_column(2, 2, 84)
    sheet.write_string(0, 0, GUIDE_MARK, paper.formats["code"])
    sheet.set_row(0, 34)
    sheet.write_string(0, 1, word("guide", paper.language), paper.formats["title"])
    for number, text in enumerate(GUIDE, start=1):
        told = say(text, paper.language)
        sheet.set_row(number, 17.0 * lines_of(told, 78) + 5)
        sheet.write_number(number, 1, number, paper.formats["number"])
        sheet.write_string(number, 2, told, paper.formats["question"])
    sheet.set_paper(9)
    sheet.protect("", {"format_columns": True, "format_rows": True})


class _FormSheet:
    """Writes one empty form from top to bottom."""

    def __init__(self, paper: Paper, sheet: Worksheet) -> None:
        self._paper, self._sheet, self._row = paper, sheet, 0
        self._form, self._language, self._f = paper.form, paper.language, paper.formats
        self._heights: list[float] = []
        self._starts: list[int] = []

    def write(self) -> None:
        self._set_up()
        self._title()
        self._keys()
        for section, blocks in blocks_of(self._form):
            self._starts.append(self._row)
            if section.title:
                self._merge(1, _LAST, say(section.title, self._language), "section")
                self._next(21)
                self._next(6)
            if section.note:
                self._merge(1, _LAST, say(section.note, self._language), "note")
                self._next(20)
            for at, block in enumerate(blocks):
                if at:
                    self._starts.append(self._row)
                self._block(block)
                self._next(6)
        if self._form.closing:
            self._merge(1, _LAST, say(self._form.closing, self._language), "intro")
            self._next(26)
        self._sheet.print_area(0, 1, self._row - 1, _LAST)
        self._sheet.set_h_pagebreaks(self._breaks())

    def _set_up(self) -> None:
        sheet = self._sheet
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, None, None, {"hidden": True})
        sheet.set_column(1, 1, 4.2)
        sheet.set_column(_FIRST, _LAST, _WIDTH)
        sheet.set_paper(9)
        sheet.set_portrait()
        sheet.set_margins(left=0.55, right=0.55, top=0.55, bottom=0.75)
        sheet.center_horizontally()
        page = word("page", self._language, page="&P", pages="&N")
        sheet.set_footer(f"&L&8&K6B7785{say(self._form.title, self._language).replace('&', '&&')}&R&8&K6B7785{page}")
        sheet.protect("", {"format_columns": True, "format_rows": True, "select_locked_cells": True})

    # ------------------------------------------------------------------------------------------ cells
    def _code(self, directive: str) -> None:
        self._sheet.write_string(self._row, 0, directive, self._f["code"])

    def _next(self, height: float) -> None:
        self._sheet.set_row(self._row, height)
        self._heights.append(height)
        self._row += 1

    def _merge(self, first: int, last: int, text: str, style: str) -> None:
        if first == last:
            self._sheet.write_string(self._row, first, text, self._f[style]) if text else self._sheet.write_blank(
                self._row, first, None, self._f[style]
            )
        else:
            self._sheet.merge_range(self._row, first, self._row, last, text, self._f[style])

    def _tick(self, first: int, last: int) -> str:
        """An empty box to tick; returns its column letters."""
        self._merge(first, last, "", "tick")
        area = (self._row, first, self._row, last)
        self._sheet.data_validation(*area, {"validate": "list", "source": [_TICK], "show_error": False})
        self._sheet.conditional_format(*area, {"type": "no_blanks", "format": self._f["chosen"]})
        return _letters(first)

    def _breaks(self) -> list[int]:
        """Rows before which a new page begins, so that no question is parted where it fits on one page."""
        breaks: list[int] = []
        used = sum(self._heights[: self._starts[0]]) if self._starts else 0.0
        ends = [*self._starts[1:], self._row]
        for start, end in zip(self._starts, ends, strict=True):
            height = sum(self._heights[start:end])
            if used + height > _PAGE and used > 0:
                breaks.append(start)
                used = 0.0
            used += height
        return breaks

    # ------------------------------------------------------------------------------------------ head
    def _title(self) -> None:
        self._code(f"{MARK}{self._form.name}:{self._form.digest}")
        self._merge(1, _LAST, say(self._form.title, self._language), "title")
        self._next(34)
        if self._form.intro:
            intro = say(self._form.intro, self._language)
            self._merge(1, _LAST, intro, "intro")
            self._next(14.5 * lines_of(intro, 92) + 6)

    def _keys(self) -> None:
        keys = [(f"key:{key.field}|H", key.title, "input") for key in self._form.keys]
        if self._form.time:
            keys.append(("time|H", self._form.time.title, "date"))
        for directive, title, style in keys:
            self._code(directive)
            self._merge(1, 6, say(title, self._language), "label")
            self._merge(7, 18, "", style)
            if style == "date":
                self._dated(7, 18)
                self._merge(19, _LAST, word("date_hint", self._language), "unit")
            self._next(21)
        self._next(8)

    # ------------------------------------------------------------------------------------------ questions
    def _block(self, block: Block) -> None:
        question = block.first
        if block.matrix and question.scale is not None and len(question.scale.points) <= 7:
            self._matrix(block)
        elif block.matrix:
            self._asked(block)
            for item in block.questions:
                self._merge(_FIRST, _LAST, say(item.text, self._language), "label")
                self._next(18)
                self._points(item)
        elif question.kind in ("number", "date", "text"):
            self._line(block)
        else:
            self._asked(block)
            if question.kind in ("single", "multi"):
                self._options(question)
            elif question.scored:
                self._points(question)
            else:
                self._box(question)

    def _asked(self, block: Block) -> None:
        """A row with the question alone."""
        self._question(block, _LAST)
        shown = f"{text_of(block, self._language)}  {hint_of(block, self._language)}"
        self._next(16.0 * lines_of(shown.strip(), (_LAST - _FIRST + 1) * _CHARS - 2) + 4)

    def _question(self, block: Block, last: int) -> None:
        """Number, question, and its hint in small grey, as far as column `last`."""
        text, hint = text_of(block, self._language), hint_of(block, self._language)
        self._sheet.write_number(self._row, 1, block.number, self._f["number"])
        self._merge(_FIRST, last, "", "question")
        parts = (self._f["bold"], text, self._f["hint"], f"  {hint}" if hint else " ", self._f["question"])
        self._sheet.write_rich_string(self._row, _FIRST, *parts)

    def _line(self, block: Block) -> None:
        """A short answer: question and field side by side, or below each other where the question is long."""
        question = block.first
        text, unit = text_of(block, self._language), say(question.unit, self._language) if question.unit else ""
        style = {"number": "figure", "date": "date"}.get(question.kind, "input")
        short = width_of(text) <= 36
        first, last = (14, _LAST) if short else (_FIRST, _LAST)
        if question.kind != "text":
            last = first + 6
        if short:
            self._sheet.write_number(self._row, 1, block.number, self._f["number"])
            self._merge(_FIRST, 13, "", "question")
            self._sheet.write_rich_string(
                self._row, _FIRST, self._f["bold"], text, self._f["hint"], " ", self._f["question"]
            )
        else:
            self._asked(block)
        self._code(f"value:{question.code}|{_letters(first)}")
        self._merge(first, last, "", style)
        if question.kind == "number":
            self._bounded(question, first, last)
        if question.kind == "date":
            self._dated(first, last)
            unit = word("date_hint", self._language)
        if unit:
            self._merge(last + 1, min(last + 5, _LAST), unit, "unit")
        self._next(21)

    def _bounded(self, question: Question, first: int, last: int) -> None:
        low, high = question.minimum, question.maximum
        if low is None and high is None:
            rule: dict[str, Any] = {"validate": "decimal", "criteria": "between", "minimum": -1e12, "maximum": 1e12}
            told = ""
        elif low is not None and high is not None:
            rule = {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high}
            told = word("between", self._language, low=f"{low:g}", high=f"{high:g}")
        elif low is not None:
            rule = {"validate": "decimal", "criteria": ">=", "value": low}
            told = word("from", self._language, low=f"{low:g}")
        else:
            rule = {"validate": "decimal", "criteria": "<=", "value": high}
            told = word("to", self._language, high=f"{high:g}")
        rule |= {
            "error_title": word("wrong", self._language),
            "error_message": word("number_error", self._language, range=told).strip(),
        }
        self._sheet.data_validation(self._row, first, self._row, last, rule)

    def _dated(self, first: int, last: int) -> None:
        from datetime import date

        rule = {
            "validate": "date", "criteria": "between", "minimum": date(1900, 1, 1), "maximum": date(2199, 12, 31),
            "error_title": word("wrong", self._language), "error_message": word("date_error", self._language),
        }  # fmt: skip
        self._sheet.data_validation(self._row, first, self._row, last, rule)

    def _box(self, question: Question) -> None:
        self._code(f"value:{question.code}|{_letters(_FIRST)}")
        last = self._row + question.lines - 1
        if question.lines > 1:
            self._sheet.merge_range(self._row, _FIRST, last, _LAST, "", self._f["box"])
        else:
            self._merge(_FIRST, _LAST, "", "box")
        for _ in range(question.lines):
            self._next(20)

    def _options(self, question: Question) -> None:
        """Options in a grid of as many columns as their texts allow."""
        labels = [say(option.title, self._language) for option in question.options]
        longest = max(map(width_of, labels))
        span = next(span for span in (6, 8, 12, 24) if span == 24 or longest <= (span - 1) * _CHARS - 2)
        for start in range(0, len(labels), _COLUMNS // span):
            row = list(zip(question.options, labels, strict=True))[start : start + _COLUMNS // span]
            self._option_row(question, row, span)
        if question.other:
            self._code(f"other:{question.code}|{_letters(_FIRST + 6)}")
            label = say(question.by_code[question.other].title, self._language)
            self._merge(_FIRST, _FIRST + 5, word("other", self._language, label=label), "label")
            self._merge(_FIRST + 6, _LAST, "", "input")
            self._next(20)

    def _option_row(self, question: Question, options: Sequence[tuple[Option, str]], span: int) -> None:
        cells = []
        for number, (option, label) in enumerate(options):
            first = _FIRST + number * span
            cells.append(f"{self._tick(first, first)}={option.code}")
            self._merge(first + 1, first + span - 1, f" {label}", "label")
        self._code("|".join((f"tick:{question.code}", *cells)))
        tallest = max(lines_of(label, (span - 1) * _CHARS - 1) for _, label in options)
        self._next(19 if tallest == 1 else 15.0 * tallest + 2)

    def _points(self, question: Question) -> None:
        """A rating: points with their words above the boxes."""
        scale = question.scale
        assert scale is not None, question.code
        points = list(scale.points)
        span = _COLUMNS // len(points) if len(points) <= 6 else 2
        labelled = shows_labels(question)
        heads = [f"{p} {say(scale.labels[p], self._language)}" if labelled else str(p) for p in points]
        for start in range(0, len(points), 12):
            shown = points[start : start + 12]
            cells = []
            for number in range(len(shown)):
                first = _FIRST + number * span
                self._merge(first, first + span - 1, heads[start + number], "head")
            self._next(15.0 * max(lines_of(h, span * _CHARS) for h in heads[start : start + 12]))
            for number, point in enumerate(shown):
                first = _FIRST + number * span
                cells.append(f"{self._tick(first, first + span - 1)}={point}")
            self._code("|".join((f"point:{question.code}", *cells)))
            self._next(20)

    def _matrix(self, block: Block) -> None:
        scale = block.first.scale
        assert scale is not None, block.first.code
        points = list(scale.points)
        left = _LAST - 2 * len(points)
        heads = [f"{p}\n{say(scale.labels[p], self._language)}" if p in scale.labels else str(p) for p in points]
        self._question(block, left)
        for number, head in enumerate(heads):
            self._merge(left + 1 + 2 * number, left + 2 + 2 * number, head, "head")
        asked = 16.0 * lines_of(text_of(block, self._language), (left - _FIRST + 1) * _CHARS - 2) + 4
        self._next(max(asked, 12.5 * max(lines_of(head, 2 * _CHARS - 0.4) for head in heads) + 3))
        for item in block.questions:
            text = say(item.text, self._language)
            self._merge(_FIRST, left, text, "item")
            cells = [f"{self._tick(left + 1 + 2 * n, left + 2 + 2 * n)}={point}" for n, point in enumerate(points)]
            self._code("|".join((f"point:{item.code}", *cells)))
            self._next(max(20.0, 14.5 * lines_of(text, (left - _FIRST + 1) * _CHARS - 1) + 5))


def _letters(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(column))
