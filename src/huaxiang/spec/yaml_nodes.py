"""YAML text → plain data, with the line of each key and item. Duplicate keys, tabs and unsafe tags are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from huaxiang.errors import Issue, Place, Said
from huaxiang.spec.concealed import is_within

Path = tuple[str | int, ...]

_BREAKS = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
MAX_DEPTH = 40
MAX_NODES = 200_000
_TAG = "tag:yaml.org,2002:"
_MARKS: Mapping[str, Said] = MappingProxyType({
    "undefined alias": Said(
        "* begins an alias, and no anchor (&) of this name stands before it; put texts that begin with * in quotes",
        "* 表示别名，前面没有同名的锚点（&）；以 * 开头的文本请加引号",
    ),
    "undefined tag handle": Said(
        "! begins a tag, and tags of this kind are not known; put texts that begin with ! in quotes",
        "! 表示标记，这种标记未定义；以 ! 开头的文本请加引号",
    ),
})  # fmt: skip
"""What is said of a text that was read as a mark: the text itself is not repeated, since it may be a secret."""


@dataclass(frozen=True)
class Document:
    """One YAML file as plain data. `lines` maps a path of keys and 0-based item numbers to its 1-based line; `texts` that of a text which
    does not stand on that line alone to the text, and where in it each line begins: offset and 1-based line.
    """

    file: str
    data: object
    lines: Mapping[Path, int] = field(default_factory=dict)
    texts: Mapping[Path, tuple[str, tuple[tuple[int, int], ...]]] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Return the place of the longest part of `path` that was written."""
        for length in range(len(path), 0, -1):
            line = self.lines.get(path[:length])
            if line is not None:
                return Place(self.file, line)
        return Place(self.file, self.lines.get((), 0))

    def place_within(self, path: Path, text: str, offset: int) -> Place:
        """Return the place of an offset within the text at `path`; that of the path where another text stands there."""
        written, starts = self.texts.get(path, ("", ()))
        lines = [line for begin, line in starts if begin <= offset] if written == text else []
        return Place(self.file, lines[-1]) if lines else self.place(path)


def read_document(raw: bytes, file: str) -> tuple[Document, tuple[Issue, ...]]:
    """Read one file. With issues, the data are what could still be read (None when nothing could)."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        said = Said("the file is not UTF-8 text; save it as UTF-8", "文件不是 UTF-8 文本；请另存为 UTF-8")
        return Document(file, None), (Issue(Place(file, line), "YML001", said),)
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        return Document(file, None), (_syntax_issue(error, text, file),)
    except (YAMLError, ValueError, RecursionError) as error:
        said = Said(f"the YAML can't be read: {_first_line(error)}", f"YAML 无法读取：{_first_line(error)}")
        if isinstance(error, RecursionError):
            said = Said("the YAML is nested too deeply", "YAML 嵌套太深")
        return Document(file, None), (Issue(Place(file), "YML002", said),)
    if root is None:
        return Document(file, None), ()
    reader = _Reader(file, text)
    data = reader.read(root, (), 0)
    return Document(file, data, reader.lines, reader.texts), tuple(reader.issues)


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _syntax_issue(error: MarkedYAMLError, text: str, file: str) -> Issue:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark is not None else 0
    lines = text.splitlines()
    indent = lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())] if 0 < line <= len(lines) else ""
    problem = str(error.problem or error.context or "unreadable")
    if "\t" in indent or r"'\t'" in problem:
        said = Said(
            "a tab is used to indent; YAML allows only spaces, two for each level",
            "缩进用了制表符；YAML 只允许空格，每级两个",
        )
        return Issue(Place(file, line), "YML003", said)
    return Issue(Place(file, line), "YML002", _syntax_said(problem, str(error.context or "")))


def _syntax_said(problem: str, context: str) -> Said:
    """What the reader found, and what to do; its own words where it is nothing usual."""
    if "expected a single document" in context or "another document" in problem:
        return Said(
            "the file holds several YAML documents (---); keep one a file",
            "文件含有多个 YAML 文档（---）；每个文件请只留一个",
        )
    for words, said in _MARKS.items():
        if words in problem:
            return Said(f"not valid YAML: {said.en}", f"不是正确的 YAML：{said.zh}")
    if "cannot start any token" in problem:
        return Said(
            f"not valid YAML: {problem}; put the text in quotes", f"不是正确的 YAML：{problem}；请把文本加上引号"
        )
    if "mapping values are not allowed" in problem:
        return Said(
            "not valid YAML: a second `: ` on one line, or a wrong indentation; put texts that hold `: ` in quotes",
            "不是正确的 YAML：同一行有第二个 `: `，或缩进有误；含有 `: ` 的文本请加上引号",
        )
    if context and context not in problem:
        problem = f"{problem}, {context}"
    return Said(f"not valid YAML: {problem}", f"不是正确的 YAML：{problem}")


class _Reader:
    """Walks the node tree once; a shared (aliased) node is read again at each of its places."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._written = _BREAKS.split(text)
        self.lines: dict[Path, int] = {}
        self.texts: dict[Path, tuple[str, tuple[tuple[int, int], ...]]] = {}
        self.issues: list[Issue] = []
        self._count = 0

    def read(self, node: Node, path: Path, depth: int) -> object:
        self._count += 1
        self.lines.setdefault(path, node.start_mark.line + 1)
        if depth > MAX_DEPTH or self._count > MAX_NODES:
            if not any(i.code == "YML006" for i in self.issues):
                said = Said(
                    f"more than {MAX_DEPTH} levels or {MAX_NODES} values; split the file",
                    f"超过 {MAX_DEPTH} 级或 {MAX_NODES} 个值；请拆分文件",
                )
                self._report(node, "YML006", said)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, SequenceNode):
            return [self.read(item, (*path, i), depth + 1) for i, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path, depth: int) -> dict[object, object]:
        data: dict[object, object] = {}
        first: dict[object, int] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode) or key_node.tag == f"{_TAG}merge":
                said = Said(
                    "a key must be plain text; merge keys (<<) are not read, write the keys out",
                    "键必须是普通文本；不支持合并键（<<），请把各键写出来",
                )
                self._report(key_node, "YML005", said)
                continue
            key = key_node.value
            if key in first:
                which = Said(f'key "{key}"', f"键“{key}”")
                if is_within(path):
                    which = Said("a key", "有一个键")
                said = Said(
                    f"{which.en} is written twice (first on line {first[key]}); keep one",
                    f"{which.zh}写了两次（第一次在第 {first[key]} 行）；请保留一个",
                )
                self._report(key_node, "YML004", said)
                continue
            first[key] = line
            self.lines[(*path, key)] = line
            data[key] = self.read(value_node, (*path, key), depth + 1)
        return data

    def _scalar(self, node: Node, path: Path) -> object:
        kind = str(node.tag).removeprefix(_TAG)
        if kind in ("str", "timestamp"):
            if isinstance(node, ScalarNode) and node.end_mark.line + 1 > self.lines[path]:
                self.texts[path] = node.value, _starts(node, self._written)
            return node.value
        if kind == "null":
            return None
        if kind == "bool":
            return node.value.lower() == "true"
        if kind in ("int", "float"):
            return _number(node.value, kind)
        which = "(!)" if is_within(path) else node.tag
        said = Said(
            f"the YAML tag {which} is not allowed; write a plain value", f"不允许 YAML 标签 {which}；请写普通值"
        )
        self._report(node, "YML005", said)
        return node.value

    def _report(self, node: Node, code: str, said: Said) -> None:
        self.issues.append(Issue(Place(self.file, node.start_mark.line + 1), code, said))


def _starts(node: ScalarNode, written: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Where the lines of a text begin in its value, as offset and 1-based line; nothing where escapes make that uncertain."""
    begin, end = node.start_mark, node.end_mark
    if node.style in ("|", ">"):
        pieces = list(enumerate(written[begin.line + 1 : end.line + 1], begin.line + 2))
    else:
        pieces = list(enumerate(written[begin.line : end.line + 1], begin.line + 1))
        pieces[-1] = pieces[-1][0], pieces[-1][1][: end.column]
        pieces[0] = pieces[0][0], pieces[0][1][begin.column :]
        if node.style:  # quotes
            pieces[0] = pieces[0][0], pieces[0][1][1:]
            pieces[-1] = pieces[-1][0], pieces[-1][1][:-1]
    found: list[tuple[int, int]] = []
    reached = 0
    for line, piece in pieces:
        part = piece.strip()
        at = node.value.find(part, reached)
        if part and (at < 0 or node.value[reached:at].strip()):
            return tuple(found) if node.style in ("|", ">") else ()  # behind a block other things may stand
        if part:
            found.append((at, line))
            reached = at + len(part)
    return tuple(found)


def _number(text: str, kind: str) -> int | float | str:
    """A YAML number as Python's; text that is none after all stays text. Leading zeros are kept as text (001 is a code)."""
    plain = text.replace("_", "")
    digits = plain.lstrip("+-")
    if kind == "int" and len(digits) > 1 and digits[0] == "0" and digits.isdigit():
        return text
    try:
        if kind == "int":
            return int(plain, 0)
        return float(plain.lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
