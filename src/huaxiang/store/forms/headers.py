"""Which column of a wide export holds which question. Survey tools number, mark and repeat the texts of their questions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from huaxiang.store.files.batch import FileFault, looks_like_data
from huaxiang.store.forms.codebook import Codebook, Key, Question

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
        at = finder.find(_key_names(key), f'key "{key.field}"')
        if at is not None:
            keys[key.field] = finder.use(at, f'key "{key.field}"')
    questions: dict[str, int] = {}
    options: dict[str, Mapping[str, int]] = {}
    missing: list[Question] = []
    for question in book.questions.values():
        what = f'question "{question.code}"'
        at = finder.find(_names(question), what)
        if at is not None:
            questions[question.code] = finder.use(at, what)
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
        raise FileFault(
            f'no column of the file is a question of codebook "{book.name}"; set `header_row` or `sheet`, or write the headers '
            "as `column` into the codebook"
        )
    wanted = [question.code for question in missing if not question.optional]
    if wanted:
        listed = ", ".join(f'"{code}"' for code in wanted[:8]) + (" …" if len(wanted) > 8 else "")
        left = [name for at, name in enumerate(header) if name and at not in finder.used]
        rest = f"; columns that are not used: {', '.join(left[:8])}{' …' if len(left) > 8 else ''}" if left else ""
        raise FileFault(
            f"no column for question {listed} of the codebook{rest}. Write the header as `column` of the question, or "
            "`optional: true` if this file was made without it"
        )
    if book.keys and not keys.keys() - {"occurred_at"}:
        names = ", ".join(key.columns[0] for key in book.keys)
        raise FileFault(f"no column says who answers (looked for {names}); write the header as `column` of a key")


def normal(text: str) -> str:
    """Letters and digits of a header, folded: what headers are compared by."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


@dataclass
class _Finder:
    header: Sequence[str]
    used: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        plain = [_MARK.sub("", name) for name in self.header]
        self._forms = [
            _index(normal(name) for name in self.header),
            _index(normal(name) for name in plain),
            _index(normal(_NUMBERED.sub("", name)) for name in plain),
        ]

    def find(self, names: Iterable[str], what: str) -> int | None:
        """Position of the first of `names` that is a header, best likeness first. Raises FileFault when several are."""
        wanted = list(dict.fromkeys(n for n in map(normal, names) if n))
        for name in wanted:
            for forms in self._forms:
                hits = [at for at in forms.get(name, ()) if at not in self.used]
                if len(hits) > 1:
                    columns = " and ".join(str(at + 1) for at in hits[:2])
                    raise FileFault(
                        f"{what}: columns {columns} may both hold it; write its header as `column` in the codebook"
                    )
                if hits:
                    return hits[0]
        return None

    def use(self, at: int, what: str) -> int:
        """Take a column; a column serves one question."""
        self.used[at] = what
        return at

    def options(self, question: Question) -> Mapping[str, int]:
        """Columns of the options of a multiple choice; all of them, or none."""
        found: dict[str, int] = {}
        for option in question.options:
            what = f'option "{option.code}" of question "{question.code}"'
            names = option.columns or (
                question.text.zh + option.title.zh,
                question.text.en + option.title.en,
                f"{question.code}_{option.code}",
                *(header + option.title.zh for header in question.columns),
            )
            at = self.find(names, what)
            if at is not None:
                found[option.code] = self.use(at, what)
        lacking = [option.code for option in question.options if option.code not in found]
        if found and lacking:
            raise FileFault(
                f'question "{question.code}": no column for option {", ".join(lacking[:6])}; write its header as `column` of the option'
            )
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
        at = self.find(names, f'other of question "{question.code}"')
        return None if at is None else self.use(at, f'other of question "{question.code}"')


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
