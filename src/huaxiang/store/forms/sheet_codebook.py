"""A codebook kept in an Excel workbook: one row a question. Messages name the row where a YAML file's name the line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from huaxiang.errors import Issue, Place, Said
from huaxiang.spec.yaml_nodes import Document
from huaxiang.spec.yaml_nodes import Path as KeyPath
from huaxiang.store.files.batch import FileFault, RawBatch, ReadRequest
from huaxiang.store.forms.headers import normal

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "code": ("code", "编码", "变量名", "题目编码"),
        "text": ("text", "题目", "问题", "题干", "text_zh"),
        "text_en": ("text_en", "英文题目"),
        "kind": ("kind", "题型", "类型"),
        "section": ("section", "部分", "模块"),
        "options": ("options", "选项"),
        "scale": ("scale", "量表", "分值范围"),
        "labels": ("labels", "分值标签", "标签"),
        "column": ("column", "列名", "导出列名"),
        "reverse": ("reverse", "反向", "反向计分"),
        "construct": ("construct", "维度", "构念"),
        "attribute": ("attribute", "画像属性", "属性"),
        "other": ("other", "其他选项"),
        "most": ("most", "最多选"),
        "minimum": ("minimum", "最小值"),
        "maximum": ("maximum", "最大值"),
        "unit": ("unit", "单位"),
        "optional": ("optional", "可缺"),
    }
)
"""Columns of the sheet, and the headings under which each is found."""
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "单选": "single", "单选题": "single", "多选": "multi", "多选题": "multi", "量表": "likert", "量表题": "likert",
        "李克特": "likert", "nps": "nps", "净推荐值": "nps", "开放": "open", "开放题": "open", "问答题": "open", "填空": "text",
        "填空题": "text", "短文本": "text", "数字": "number", "数值": "number", "日期": "date", "标识": "key", "时间": "time",
    }
)  # fmt: skip
_TRUE = frozenset({"1", "true", "yes", "y", "是", "√", "✓"})
_ENTRY = re.compile(r"^\s*([^=＝]+?)\s*[=＝]\s*(.+?)\s*$")
_SCALE = re.compile(r"^\s*(-?\d+)\s*[-–—~～至到]\s*(-?\d+)\s*分?\s*$")


def read_sheet(path: Path, name: str) -> tuple[Document, tuple[Issue, ...]]:
    """Read the first sheet. Rows of kind `key` (标识) name the columns that say who answers, `time` (时间) when."""
    try:
        rows, numbers, found = _table(path)
    except FileFault as fault:
        return Document(name, None), (Issue(Place(name), "FRM012", fault.said),)
    builder = _Builder(name, path.stem)
    for number, cells in zip(numbers, rows, strict=True):
        given = {field: cell.strip() for field, cell in zip(found, cells, strict=True) if cell and cell.strip()}
        if given:
            builder.row(number, given)
    return Document(name, builder.data, builder.lines), tuple(builder.issues)


def _table(path: Path) -> tuple[list[tuple[str | None, ...]], list[int], tuple[str, ...]]:
    from huaxiang.store.cleaning.column import as_texts
    from huaxiang.store.files.excel import open_excel

    form, _ = open_excel(ReadRequest(path, "excel", ()))
    headings = {normal(heading): field for field, names in COLUMNS.items() for heading in names}
    there = {headings[normal(head)]: head for head in form.header if normal(head) in headings}
    lacking = [field for field in ("code", "text", "kind") if field not in there]
    if lacking:
        names = ", ".join(f'"{COLUMNS[field][0]}" ({COLUMNS[field][1]})' for field in lacking)
        names_zh = "、".join(f"“{COLUMNS[field][1]}”（{COLUMNS[field][0]}）" for field in lacking)
        raise FileFault(
            Said(
                f"the sheet has no column {names}; a codebook needs code 编码, text 题目 and kind 题型",
                f"工作表中没有列{names_zh}；码本需要编码（code）、题目（text）和题型（kind）",
            )
        )
    _, batches = open_excel(ReadRequest(path, "excel", tuple(there.values())))
    rows: list[tuple[str | None, ...]] = []
    numbers: list[int] = []
    batch: RawBatch
    for batch in batches:
        rows += zip(*(as_texts(column).to_pylist() for column in batch.columns), strict=True)
        numbers += [int(number) for number in batch.rows]
    return rows, numbers, tuple(there)


class _Builder:
    """Grows the data of a written codebook, with the row of each key."""

    def __init__(self, file: str, stem: str) -> None:
        name = re.sub(r"[^a-z0-9_]+", "_", stem.lower()).strip("_")
        self.file = file
        self.data: dict[str, Any] = {
            "name": name if name[:1].isalpha() else "survey",
            "title": stem,
            "keys": {},
            "sections": [],
        }
        self.lines: dict[KeyPath, int] = {(): 1}
        self.issues: list[Issue] = []
        self._constructs: dict[str, None] = {}

    def row(self, number: int, given: Mapping[str, str]) -> None:
        """Take one row."""
        written = given.get("kind", "").lower()
        kind = KINDS.get(written, written)
        title = _title(given)
        if kind == "key":
            self.data["keys"][given.get("code", "")] = {"title": title, **_columns(given)}
            self.lines[("keys", given.get("code", ""))] = number
        elif kind == "time":
            self.data["time"] = {"title": title, **_columns(given)}
        else:
            self._question(number, given, kind)

    def _question(self, number: int, given: Mapping[str, str], kind: str) -> None:
        question: dict[str, Any] = {
            "code": given.get("code", ""),
            "text": _title(given),
            "kind": kind,
            **_columns(given),
        }
        for name in ("attribute", "construct", "other", "unit"):
            if name in given:
                question[name] = given[name]
        for name, convert in (("most", int), ("minimum", float), ("maximum", float)):
            if name in given:
                question[name] = self._number(number, name, given[name], convert)
        for name in ("reverse", "optional"):
            if given.get(name, "").lower() in _TRUE:
                question[name] = True
        if "options" in given:
            question["options"] = {
                code: _words(words) for code, words in self._entries(number, "options", given["options"])
            }
        if "scale" in given:
            question["scale"] = self._scale(number, given)
        construct = given.get("construct")
        if construct and construct not in self._constructs:
            self._constructs[construct] = None
            self.data.setdefault("constructs", []).append({"code": construct})
            self._mark(("constructs", len(self._constructs) - 1), {"code": construct}, number)
        self._add(question, given.get("section"), number)

    def _add(self, question: dict[str, Any], section: str | None, number: int) -> None:
        sections: list[dict[str, Any]] = self.data["sections"]
        if not sections or (section and sections[-1].get("title") != section):
            sections.append({"questions": []} | ({"title": section} if section else {}))
        questions = sections[-1]["questions"]
        questions.append(question)
        self._mark(("sections", len(sections) - 1, "questions", len(questions) - 1), question, number)

    def _mark(self, path: KeyPath, value: Mapping[str, Any], number: int) -> None:
        self.lines[path] = number
        for key in value:
            self.lines[(*path, key)] = number

    def _scale(self, number: int, given: Mapping[str, str]) -> dict[str, Any] | None:
        match = _SCALE.match(given["scale"])
        if match is None:
            self._report(number, "scale", Said("must be two whole numbers, e.g. 1-5", "应为两个整数，例如 1-5"))
            return None
        scale: dict[str, Any] = {"min": int(match[1]), "max": int(match[2])}
        if "labels" in given:
            scale["labels"] = {
                point: _words(words) for point, words in self._entries(number, "labels", given["labels"])
            }
        return scale

    def _entries(self, number: int, column: str, text: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for part in re.split(r"[;；\n]+", text):
            match = _ENTRY.match(part)
            if match:
                found.append((match[1], match[2]))
            elif part.strip():
                said = Said(
                    "must be `code=text` pairs, parted by ; or line breaks, e.g. male=男;female=女",
                    "应为 `编码=文字`，用 ; 或换行分隔，例如 male=男;female=女",
                )
                self._report(number, column, said)
                break
        return found

    def _number(self, number: int, column: str, text: str, convert: type[int | float]) -> float | None:
        try:
            return convert(text)
        except ValueError:
            self._report(number, column, Said("must be a number", "应为数字"))
            return None

    def _report(self, number: int, column: str, said: Said) -> None:
        heading = COLUMNS[column][1]
        told = Said(f"column {column} ({heading}) {said.en}", f"列“{heading}”（{column}）{said.zh}")
        self.issues.append(Issue(Place(self.file, number), "FRM012", told))


def _title(given: Mapping[str, str]) -> str | dict[str, str]:
    text = given.get("text", given.get("code", ""))
    return {"zh": text, "en": given["text_en"]} if "text_en" in given else text


def _columns(given: Mapping[str, str]) -> dict[str, Any]:
    return {"column": re.split(r"\s*\n\s*", given["column"])} if "column" in given else {}


def _words(text: str) -> str | dict[str, Any]:
    """`男|Male|男性`: Chinese, English, further spellings."""
    parts: Sequence[str] = [part.strip() for part in text.split("|") if part.strip()]
    if len(parts) < 2:
        return text
    return {"zh": parts[0], "en": parts[1]} | ({"synonyms": parts[2:]} if len(parts) > 2 else {})
