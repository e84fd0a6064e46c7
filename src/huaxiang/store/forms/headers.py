"""Which column of a wide export holds which question. Survey tools number, mark and repeat the texts of their questions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from huaxiang.errors import Said
from huaxiang.store.files.batch import FileFault, looks_like_data
from huaxiang.store.forms.codebook import Codebook, Key, Question
from huaxiang.store.forms.pieces import question_said

_MARK = re.compile(
    r"[\[【（(]\s*(?:单选|多选|单项|多项|填空|矩阵|量表|打分|评分|下拉|排序|必答|必填|选填|可选|NPS|likert|single|multiple|required|optional)"
    r"[^\]】）)]*[\]】）)]",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"^\s*(?:第\s*)?[QT]?\s*\d{1,3}(?:[._-]\d{1,3})*\s*(?:题\s*)?[、.．:：)）_\s(（—-]*", re.IGNORECASE
)


@dataclass(frozen=True)
class FormColumns:
    """Positions in the header: of keys and time by field, of questions, of options (by question and option), of other-texts.

    `absent` are optional questions that the file lacks; `unused` are headers that nothing is read from.
    """

    keys: Mapping[str, int]
    questions: Mapping[str, int]
    options: Mapping[str, Mapping[str, int]]
    others: Mapping[str, int]
    absent: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """All positions that are read, ascending."""
        found = {*self.keys.values(), *self.questions.values(), *self.others.values()}
        return tuple(sorted(found.union(*(o.values() for o in self.options.values()))))


def locate_questions(book: Codebook, header: Sequence[str]) -> FormColumns:
    """Find all columns of a codebook. Raises FileFault for questions that are not there, or not clearly one column."""
    finder = _Finder(header)
    keys: dict[str, int] = {}
    for key in (*book.keys, *((book.time,) if book.time else ())):
        at = finder.find(_key_names(key), Said(f'key "{key.field}"', f"标识“{key.field}”"))
        if at is not None:
            keys[key.field] = finder.use(at)
    questions: dict[str, int] = {}
    options: dict[str, Mapping[str, int]] = {}
    missing: list[Question] = []
    for question in book.questions.values():
        at = finder.find(_names(question), question_said(question.code))
        if at is not None:
            questions[question.code] = finder.use(at)
        elif question.kind == "multi" and (found := finder.options(question)):
            options[question.code] = found
        else:
            missing.append(question)
    others = {q.code: at for q in book.questions.values() if (at := finder.other(q)) is not None}
    _refuse(book, finder, keys, missing)
    unused = tuple(name for at, name in enumerate(header) if name and at not in finder.used)
    return FormColumns(keys, questions, options, others, tuple(q.code for q in missing), unused)


def _refuse(book: Codebook, finder: _Finder, keys: Mapping[str, int], missing: Sequence[Question]) -> None:
    header = [] if looks_like_data(finder.header) else finder.header
    if len(missing) == len(book.questions):
        raise FileFault(_no_question(book.name))
    wanted = [question.code for question in missing if not question.optional]
    if wanted:
        left = [name for at, name in enumerate(header) if name and at not in finder.used]
        raise FileFault(_lacking(wanted, left))
    if book.keys and not keys.keys() - {"occurred_at"}:
        names = [key.columns[0] for key in book.keys]
        raise FileFault(
            Said(
                f"no column says who answers (looked for {', '.join(names)}); write the header as `column` of a key",
                f"没有哪一列说明答题人是谁（查找过：{'、'.join(names)}）；请在某个标识的 `column` 中写上表头",
            )
        )


def _no_question(book: str) -> Said:
    return Said(
        f'no column of the file is a question of codebook "{book}"; set `header_row` or `sheet`, or write the headers '
        "as `column` into the codebook",
        f"文件中没有一列是码本“{book}”的题目；请设置 `header_row` 或 `sheet`，或在码本的 `column` 中写上表头",
    )


def _lacking(wanted: Sequence[str], left: Sequence[str]) -> Said:
    """That questions have no column. `left`: headers that nothing is read from."""
    nothing, cut = Said("", ""), Said(" …", "等")
    more, rest = cut if len(wanted) > 8 else nothing, nothing
    if left:
        others = cut if len(left) > 8 else nothing
        rest = Said(
            f"; columns that are not used: {', '.join(left[:8])}{others.en}",
            f"；未使用的列：{'、'.join(left[:8])}{others.zh}",
        )
    listed = ", ".join(f'"{code}"' for code in wanted[:8])
    listed_zh = "、".join(f"“{code}”" for code in wanted[:8])
    return Said(
        f"no column for question {listed}{more.en} of the codebook{rest.en}. Write the header as `column` of the question, or "
        "`optional: true` if this file was made without it",
        f"码本中的题目{listed_zh}{more.zh}没有对应的列{rest.zh}。请在题目的 `column` 中写上表头；"
        "如果该文件本来就没有这道题，请写 `optional: true`",
    )


def normal(text: str) -> str:
    """Letters and digits of a header, folded: what headers are compared by."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


@dataclass
class _Finder:
    header: Sequence[str]
    used: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        plain = [_MARK.sub("", name) for name in self.header]
        self._forms = [
            _index(normal(name) for name in self.header),
            _index(normal(name) for name in plain),
            _index(normal(_NUMBERED.sub("", name)) for name in plain),
        ]

    def find(self, names: Iterable[str], what: Said) -> int | None:
        """Position of the first of `names` that is a header, best likeness first. Raises FileFault when several are."""
        wanted = list(dict.fromkeys(n for n in map(normal, names) if n))
        for name in wanted:
            for forms in self._forms:
                hits = [at for at in forms.get(name, ()) if at not in self.used]
                if len(hits) > 1:
                    raise FileFault(_either(what, hits[0] + 1, hits[1] + 1))
                if hits:
                    return hits[0]
        return None

    def use(self, at: int) -> int:
        """Take a column; a column serves one question."""
        self.used.add(at)
        return at

    def options(self, question: Question) -> Mapping[str, int]:
        """Columns of the options of a multiple choice; all of them, or none."""
        found: dict[str, int] = {}
        for option in question.options:
            what = Said(
                f'option "{option.code}" of question "{question.code}"', f"题目“{question.code}”的选项“{option.code}”"
            )
            names = option.columns or (
                question.text.zh + option.title.zh,
                question.text.en + option.title.en,
                f"{question.code}_{option.code}",
                *(header + option.title.zh for header in question.columns),
            )
            at = self.find(names, what)
            if at is not None:
                found[option.code] = self.use(at)
        lacking = [option.code for option in question.options if option.code not in found]
        if found and lacking:
            raise FileFault(_lacking_options(question.code, lacking[:6]))
        return found

    def other(self, question: Question) -> int | None:
        """Column of the free text that comes with the option `other`."""
        if question.other is None:
            return None
        title = question.by_code[question.other].title
        names = (
            f"{question.code}_other", f"{question.text.zh}{title.zh}文本", f"{question.text.zh}{title.zh}请注明",
            f"{question.text.en}{title.en}text",
        )  # fmt: skip
        at = self.find(names, Said(f'other of question "{question.code}"', f"题目“{question.code}”的 other"))
        return None if at is None else self.use(at)


def _either(what: Said, one: int, other: int) -> Said:
    return Said(
        f"{what.en}: columns {one} and {other} may both hold it; write its header as `column` in the codebook",
        f"{what.zh}：第 {one} 列和第 {other} 列都可能是它；请在码本的 `column` 中写上它的表头",
    )


def _lacking_options(question: str, options: Sequence[str]) -> Said:
    return Said(
        f'question "{question}": no column for option {", ".join(options)}; write its header as `column` of the option',
        f"题目“{question}”：选项 {'、'.join(options)} 没有对应的列；请在选项的 `column` 中写上它的表头",
    )


def _index(names: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, name in enumerate(names):
        if name:
            found.setdefault(name, []).append(at)
    return found


def _key_names(key: Key) -> tuple[str, ...]:
    return (*key.columns, key.title.zh, key.title.en, key.field)


def _names(question: Question) -> tuple[str, ...]:
    matrix = question.matrix_text
    rows = (matrix.zh + question.text.zh, matrix.en + question.text.en) if matrix else ()
    if question.columns:
        return question.columns
    return (*rows, question.text.zh, question.text.en, question.code)
