"""How a form is laid out, on paper as on screen: blocks of questions, and the words around them."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from huaxiang.spec.base import Text
from huaxiang.store.forms.codebook import Codebook, Question, Section

WORDS: Mapping[str, Text] = MappingProxyType(
    {
        "single": Text(zh="单选", en="one answer"),
        "multi": Text(zh="可多选", en="several answers"),
        "most": Text(zh="最多选 {n} 项", en="up to {n} answers"),
        "ends": Text(zh="{low} = {first}，{high} = {last}", en="{low} = {first}, {high} = {last}"),
        "unlikely": Text(zh="完全不可能", en="not at all likely"),
        "likely": Text(zh="非常可能", en="extremely likely"),
        "other": Text(zh="“{label}”请注明", en="“{label}”, please say what"),
        "form": Text(zh="访谈", en="Interview"),
        "guide": Text(zh="填写说明", en="How to fill in"),
        "number_error": Text(zh="请输入{range}的数字", en="Please enter a number {range}"),
        "between": Text(zh="{low} 至 {high} 之间", en="from {low} to {high}"),
        "from": Text(zh="不小于 {low}", en="of at least {low}"),
        "to": Text(zh="不大于 {high}", en="of at most {high}"),
        "date_error": Text(zh="请输入日期，如 2026-03-15", en="Please enter a date, e.g. 2026-03-15"),
        "date_hint": Text(zh="年-月-日", en="yyyy-mm-dd"),
        "wrong": Text(zh="输入有误", en="Not valid"),
        "page": Text(zh="第 {page} 页，共 {pages} 页", en="Page {page} of {pages}"),
    }
)
GUIDE: Sequence[Text] = (
    Text(zh="一张工作表填一次访谈。工作表不够时，右键“移动或复制”一张空表即可。",
         en="One sheet holds one interview. Need more? Copy an empty sheet (right click, Move or Copy)."),
    Text(zh="只填写浅色底的单元格；选择题在选项前的方格里选 ✓（也可以输入 1 或 x）。",
         en="Fill in the shaded cells only. For choices, pick ✓ in the box before an option (1 or x will do too)."),
    Text(zh="不愿回答或不适用的题目留空即可。", en="Leave questions blank that are not answered or don't apply."),
    Text(zh="隐藏的 A 列是导入用的编码，请不要删除或修改；工作表名称可以自行修改。",
         en="The hidden column A holds the codes for the import: don't delete or change it. Sheets may be renamed."),
    Text(zh="填好后把文件放到项目的数据文件夹，由 format: interview 的来源读取；可先用 huaxiang form check 检查。",
         en="Put the filled file into the project's data folder. `huaxiang form check` tells whether it can be read."),
)  # fmt: skip


def say(text: Text, language: str) -> str:
    """Return a text in `language` (zh-CN, en)."""
    return text.en if language == "en" else text.zh


def word(key: str, language: str, **values: object) -> str:
    """Return one of WORDS, filled in."""
    return say(WORDS[key], language).format(**values)


@dataclass(frozen=True)
class Block:
    """What stands together: one question, or all rows of a matrix. `number` counts from 1 over the whole form."""

    number: int
    questions: tuple[Question, ...]

    @property
    def first(self) -> Question:
        """The question, or the first row of the matrix."""
        return self.questions[0]

    @property
    def matrix(self) -> bool:
        """True for rows of a matrix."""
        return self.first.matrix is not None


def blocks_of(book: Codebook) -> Iterator[tuple[Section, tuple[Block, ...]]]:
    """Return the sections with their blocks, numbered through."""
    number = 0
    for section in book.sections:
        found: list[list[Question]] = []
        for code in section.questions:
            question = book.questions[code]
            if question.matrix is not None and found and found[-1][0].matrix == question.matrix:
                found[-1].append(question)
            else:
                found.append([question])
        yield section, tuple(Block(number + at, tuple(questions)) for at, questions in enumerate(found, start=1))
        number += len(found)


def text_of(block: Block, language: str) -> str:
    """Return the text above a block."""
    return say(block.first.matrix_text or block.first.text, language)


def hint_of(block: Block, language: str) -> str:
    """Return what stands small behind the question: how many answers, what the ends of a scale mean."""
    question = block.first
    hints: list[str] = []
    if question.kind == "single":
        hints.append(word("single", language))
    if question.kind == "multi" and question.most is None:
        hints.append(word("multi", language))
    if question.most is not None and str(question.most) not in say(question.text, language):
        hints.append(word("most", language, n=question.most))
    if question.scored and question.scale is not None and not shows_labels(question):
        low, high = question.scale.minimum, question.scale.maximum
        first, last = end_labels(question, language)
        if first and last:
            hints.append(word("ends", language, low=low, high=high, first=first, last=last))
    if question.help is not None:
        hints.append(say(question.help, language))
    comma = "; " if language == "en" else "；"
    return comma.join(hints)


def end_labels(question: Question, language: str) -> tuple[str, str]:
    """Return the words of the lowest and highest point; empty where there are none."""
    if question.kind == "nps":
        return word("unlikely", language), word("likely", language)
    scale = question.scale
    if scale is None:
        return "", ""
    labels = [scale.labels.get(point) for point in (scale.minimum, scale.maximum)]
    first, last = (say(label, language) if label else "" for label in labels)
    return first, last


def shows_labels(question: Question) -> bool:
    """True when every point of the scale has words, and they are few enough to stand above the boxes."""
    scale = question.scale
    return scale is not None and len(scale.points) <= 6 and all(point in scale.labels for point in scale.points)


def width_of(text: str) -> int:
    """Return the columns a text takes: wide characters count two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def lines_of(text: str, width: float) -> int:
    """Return how many lines a text needs in `width` columns."""
    return sum(max(1, math.ceil(width_of(part) / max(width, 1))) for part in text.split("\n"))
