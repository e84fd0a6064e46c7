"""From the written codebook to the checked one; all faults are collected, each with its line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from huaxiang.errors import Issue, Place, ProjectInvalid, Said, did_you_mean, did_you_mean_zh
from huaxiang.spec.base import Text
from huaxiang.spec.codebook import (
    CodebookSpec,
    ItemSpec,
    KeySpec,
    LevelSpec,
    OptionSpec,
    QuestionSpec,
    ScaleSpec,
    SectionSpec,
    TimeSpec,
)
from huaxiang.spec.faults import issues_of
from huaxiang.spec.yaml_nodes import Document, read_document
from huaxiang.spec.yaml_nodes import Path as KeyPath
from huaxiang.store.forms.codebook import (
    RESERVED,
    Codebook,
    Construct,
    Key,
    Level,
    Option,
    Profile,
    Question,
    Scale,
    Section,
    as_text,
    folded,
)
from huaxiang.store.forms.pieces import NPS, distinct, headings, option_of, question_said, text_or_none, thirds

_NEEDS = {"single": ("options",), "multi": ("options",), "likert": ("scale",), "matrix": ("scale", "items")}
_TAKES = {
    "single": {"options", "other"},
    "multi": {"options", "other", "most"},
    "likert": {"scale", "reverse", "construct", "levels"},
    "nps": {"construct", "levels"},
    "matrix": {"scale", "items", "levels"},
    "number": {"unit", "minimum", "maximum"},
    "open": {"lines"},
}
_LIMITED = (
    "options",
    "other",
    "most",
    "scale",
    "items",
    "levels",
    "reverse",
    "construct",
    "unit",
    "minimum",
    "maximum",
)


def read_codebook(path: Path, name: str) -> Codebook:
    """See `codebook.load_codebook`."""
    raw = path.read_bytes()
    if raw[:2] == b"PK" or raw[:4] == b"\xd0\xcf\x11\xe0":
        from huaxiang.store.forms.sheet_codebook import read_sheet

        document, issues = read_sheet(path, name)
    else:
        document, issues = read_document(raw, name)
    if issues:
        raise ProjectInvalid(issues)
    if not isinstance(document.data, dict):
        raise ProjectInvalid(
            [
                Issue(
                    Place(name),
                    "SPEC003",
                    Said(
                        "the codebook must hold keys at its top (name, keys, questions …)",
                        "码本最外层应为键（name、keys、questions……）",
                    ),
                )
            ]
        )
    try:
        spec = CodebookSpec.model_validate(document.data)
    except ValidationError as error:
        raise ProjectInvalid(
            issues_of(error.errors(include_url=False, include_input=False), document, CodebookSpec)
        ) from None
    checker = _Checker(spec, document)
    book = checker.check(hashlib.sha256(raw).hexdigest()[:16])
    if checker.issues:
        raise ProjectInvalid(checker.issues)
    return book


@dataclass
class _Checker:
    """Builds the checked codebook of `spec`, noting faults as it goes."""

    spec: CodebookSpec
    document: Document
    issues: list[Issue] = field(default_factory=list)
    taken: dict[str, Said] = field(default_factory=dict)
    scales: dict[str, Scale] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)

    def check(self, digest: str) -> Codebook:
        spec = self.spec
        keys = tuple(self._key(name, key, ("keys", name)) for name, key in spec.keys.items())
        self.scales = {name: self._scale(scale, ("scales", name)) for name, scale in spec.scales.items()}
        parts = [SectionSpec(questions=spec.questions)] if spec.questions else []
        sections = [self._section(part, ()) for part in parts]
        sections += [self._section(part, ("sections", number)) for number, part in enumerate(spec.sections)]
        if not self.questions:
            said = Said(
                "the codebook has no questions; write `questions`, or `sections` with questions",
                "码本没有题目；请写 `questions`，或带题目的 `sections`",
            )
            self.report((), "FRM001", said)
        constructs = self._constructs()
        profiles = self._profiles(constructs)
        time = None if spec.time is None else self._time(spec.time)
        return Codebook(
            spec.name, as_text(spec.title, spec.name), text_or_none(spec.intro), text_or_none(spec.closing), keys, time,
            frozenset(folded(*spec.missing)), tuple(sections), MappingProxyType(self.questions), constructs, profiles, spec.format, digest,
        )  # fmt: skip

    def report(self, path: KeyPath, code: str, said: Said, what: Said | None = None) -> None:
        """Note a fault, of `what` where it is named."""
        about = Said("", "") if what is None else Said(f"{what.en}: ", f"{what.zh}：")
        self.issues.append(Issue(self.document.place(path), code, said, about=about))

    def take(self, name: str, what: Said, path: KeyPath) -> None:
        """Note a column name of the wide table; each may stand once."""
        if name in RESERVED:
            said = Said(
                f'"{name}" is a field that the reader makes itself; choose another code',
                f"“{name}”是读取时自动产生的字段；请换一个编码",
            )
            self.report(path, "FRM002", said, what)
        elif name in self.taken:
            said = Said(
                f'the code "{name}" is already that of {self.taken[name].en}; choose another',
                f"编码“{name}”已用于{self.taken[name].zh}；请换一个",
            )
            self.report(path, "FRM002", said, what)
        else:
            self.taken[name] = what

    # ------------------------------------------------------------------------------------------ keys
    def _key(self, name: str, key: KeySpec | str, path: KeyPath) -> Key:
        self.take(name, Said(f'key "{name}"', f"标识“{name}”"), path)
        spec = KeySpec(column=key) if isinstance(key, str) else key
        title = as_text(spec.title, name)
        return Key(name, title, headings(spec.column) or distinct((title.zh, title.en, name)))

    def _time(self, time: TimeSpec | str) -> Key:
        spec = TimeSpec(column=time) if isinstance(time, str) else time
        title = as_text(spec.title, "occurred_at")
        return Key("occurred_at", title, headings(spec.column) or distinct((title.zh, title.en, "occurred_at")))

    # ------------------------------------------------------------------------------------------ scales
    def _scale(self, spec: ScaleSpec, path: KeyPath) -> Scale:
        if spec.min >= spec.max:
            said = Said(
                f"the scale begins at {spec.min} and ends at {spec.max}; min must be below max",
                f"量表从 {spec.min} 到 {spec.max}；min 必须小于 max",
            )
            self.report((*path, "min"), "FRM006", said)
        labels: dict[int, Text] = {}
        words: dict[str, int] = {}
        for point, label in spec.labels.items():
            if not spec.min <= point <= spec.max:
                said = Said(
                    f"label {point} is no point of the scale {spec.min}–{spec.max}",
                    f"标注 {point} 不是量表 {spec.min}–{spec.max} 上的点",
                )
                self.report((*path, "labels"), "FRM006", said)
            title = Text(zh=label.zh, en=label.en) if isinstance(label, OptionSpec) else as_text(label, str(point))
            labels[point] = title
            more = label.synonyms if isinstance(label, OptionSpec) else ()
            for word in folded(title.zh, title.en, *more):
                if words.setdefault(word, point) != point:
                    said = Said(
                        f"points {words[word]} and {point} have one label; tell them apart",
                        f"点 {words[word]} 与 {point} 的标注相同；请区分",
                    )
                    self.report((*path, "labels"), "FRM008", said)
        levels = self.levels(spec.levels, (*path, "levels")) or thirds(spec.min, spec.max)
        return Scale(spec.min, spec.max, labels, words, levels)

    def levels(self, written: Mapping[str, LevelSpec], path: KeyPath) -> tuple[Level, ...]:
        levels = tuple(Level(code, Text(zh=s.zh, en=s.en), s.below) for code, s in written.items())
        bounds = [level.below for level in levels]
        wrong = [b for b in bounds[:-1] if b is None]
        known = [b for b in bounds if b is not None]
        if levels and (wrong or bounds[-1] is not None or known != sorted(set(known))):
            said = Said(
                "levels: `below` must ascend, and only the last level goes without it",
                "levels：`below` 必须递增，且只有最后一级不写",
            )
            self.report(path, "FRM006", said)
        return levels

    # ------------------------------------------------------------------------------------------ questions
    def _section(self, spec: SectionSpec, path: KeyPath) -> Section:
        codes: list[str] = []
        for number, question in enumerate(spec.questions):
            codes += self._question(question, (*path, "questions", number))
        return Section(text_or_none(spec.title), text_or_none(spec.note), tuple(codes))

    def _question(self, spec: QuestionSpec, path: KeyPath) -> list[str]:
        what = question_said(spec.code)
        written = spec.model_fields_set
        for name in _NEEDS.get(spec.kind, ()):
            if not getattr(spec, name):
                said = Said(f"a question of kind {spec.kind} needs `{name}`", f"{spec.kind} 题需要 `{name}`")
                self.report(path, "FRM003", said, what)
                return []
        for name in _LIMITED:
            if name in {f.rstrip("_") for f in written} and name not in _TAKES.get(spec.kind, set()):
                said = Said(
                    f"`{name}` is not for questions of kind {spec.kind}; remove it",
                    f"`{name}` 不用于 {spec.kind} 题；请删去",
                )
                self.report((*path, name), "FRM004", said, what)
        if spec.minimum is not None and spec.maximum is not None and spec.minimum > spec.maximum:
            self.report(
                (*path, "minimum"), "FRM006", Said("the minimum is above the maximum", "最小值大于最大值"), what
            )
        scale = self._scale_of(spec, what, path)
        levels = self.levels(spec.levels, (*path, "levels")) or (scale.levels if scale else ())
        if spec.kind == "matrix":
            return [self._item(spec, item, (scale, levels), (*path, "items", n)) for n, item in enumerate(spec.items)]
        options = self._options(spec, what, path)
        self._add(
            Question(
                spec.code, as_text(spec.text, spec.code), spec.kind, headings(spec.column), text_or_none(spec.help), options, spec.other,
                spec.most, scale, levels, spec.reverse, spec.construct_, spec.attribute, text_or_none(spec.unit), spec.minimum,
                spec.maximum, spec.optional, spec.lines,
            ),
            what, path,
        )  # fmt: skip
        return [spec.code]

    def _item(
        self, spec: QuestionSpec, item: ItemSpec, rated: tuple[Scale | None, tuple[Level, ...]], path: KeyPath
    ) -> str:
        self._add(
            Question(
                item.code, as_text(item.text, item.code), "likert", headings(item.column), scale=rated[0], levels=rated[1],
                reverse=item.reverse, construct=item.construct_, attribute=item.attribute, optional=item.optional or spec.optional,
                matrix=spec.code, matrix_text=as_text(spec.text, spec.code), help=text_or_none(spec.help),
            ),
            Said(f'item "{item.code}"', f"题项“{item.code}”"), path,
        )  # fmt: skip
        return item.code

    def _add(self, question: Question, what: Said, path: KeyPath) -> None:
        self.take(question.code, what, (*path, "code"))
        if question.scored:
            self.take(f"{question.code}_level", what, (*path, "code"))
        if question.other:
            self.take(f"{question.code}_other", what, (*path, "other"))
        for column in question.columns:
            for other in self.questions.values():
                if column in other.columns:
                    said = Said(
                        f'the column is already that of question "{other.code}"', f"该列已用于题目“{other.code}”"
                    )
                    self.report((*path, "column"), "FRM009", said, what)
        self.questions[question.code] = question

    def _scale_of(self, spec: QuestionSpec, what: Said, path: KeyPath) -> Scale | None:
        if spec.kind == "nps":
            return NPS
        if isinstance(spec.scale, str):
            if spec.scale not in self.scales:
                said = Said(
                    f'unknown scale "{spec.scale}"{did_you_mean(spec.scale, self.scales)}',
                    f"没有名为“{spec.scale}”的量表{did_you_mean_zh(spec.scale, self.scales)}",
                )
                self.report((*path, "scale"), "FRM005", said, what)
            return self.scales.get(spec.scale)
        return None if spec.scale is None else self._scale(spec.scale, (*path, "scale"))

    def _options(self, spec: QuestionSpec, what: Said, path: KeyPath) -> tuple[Option, ...]:
        found: list[Option] = []
        owner: dict[str, str] = {}
        for code, written in spec.options.items():
            option = option_of(code, written)
            found.append(option)
            for word in option.words:
                if owner.setdefault(word, code) != code:
                    said = Said(
                        f'options "{owner[word]}" and "{code}" share a spelling; tell them apart',
                        f"选项“{owner[word]}”与“{code}”写法相同；请区分",
                    )
                    self.report((*path, "options", code), "FRM008", said, what)
        if spec.other is not None and spec.other not in spec.options:
            said = Said(
                f"`other` names no option{did_you_mean(spec.other, spec.options)}",
                f"`other` 不是任何选项{did_you_mean_zh(spec.other, spec.options)}",
            )
            self.report((*path, "other"), "FRM007", said, what)
        return tuple(found)

    # ------------------------------------------------------------------------------------------ constructs
    def _constructs(self) -> tuple[Construct, ...]:
        declared = {spec.code for spec in self.spec.constructs}
        for question in self.questions.values():
            if question.construct is not None and question.construct not in declared:
                near, near_zh = (call(question.construct, declared) for call in (did_you_mean, did_you_mean_zh))
                said = Said(
                    f'unknown construct "{question.construct}"{near}; list it under `constructs`',
                    f"没有名为“{question.construct}”的维度{near_zh}；请列在 `constructs` 下",
                )
                self.report(self._path_of(question.code), "FRM010", said, question_said(question.code))
        found = []
        for number, spec in enumerate(self.spec.constructs):
            path: KeyPath = ("constructs", number)
            what = Said(f'construct "{spec.code}"', f"维度“{spec.code}”")
            items = [q for q in self.questions.values() if q.construct == spec.code]
            self.take(spec.code, what, (*path, "code"))
            self.take(f"{spec.code}_level", what, (*path, "code"))
            ranges = {(q.scale.minimum, q.scale.maximum) for q in items if q.scale}
            if not items:
                said = Said(
                    "no item; name it as `construct` of some questions", "没有题目；请在题目的 `construct` 中写上它"
                )
                self.report(path, "FRM010", said, what)
            elif len(ranges) > 1:
                said = Said(
                    "its items have scales of different range, so that no mean can be taken",
                    "各题的量表范围不同，无法求平均",
                )
                self.report(path, "FRM010", said, what)
            levels = self.levels(spec.levels, (*path, "levels")) or (items[0].levels if items else ())
            title = as_text(spec.title, spec.code)
            codes = tuple(q.code for q in items)
            found.append(Construct(spec.code, title, codes, levels, spec.minimum_answered, spec.attribute))
        return tuple(found)

    def _profiles(self, constructs: tuple[Construct, ...]) -> tuple[Profile, ...]:
        known = {construct.code for construct in constructs}
        found = []
        for number, spec in enumerate(self.spec.profiles):
            what = Said(f'profile "{spec.code}"', f"类型“{spec.code}”")
            self.take(spec.code, what, ("profiles", number, "code"))
            for name in spec.of:
                if name not in known:
                    said = Said(
                        f'unknown construct "{name}"{did_you_mean(name, known)}',
                        f"没有名为“{name}”的维度{did_you_mean_zh(name, known)}",
                    )
                    self.report(("profiles", number, "of"), "FRM011", said, what)
            found.append(Profile(spec.code, as_text(spec.title, spec.code), spec.of, spec.attribute))
        return tuple(found)

    def _path_of(self, code: str) -> KeyPath:
        """Where the question (or item) of a code stands."""
        return next(
            (path[:-1] for path in self.document.lines if path[-1:] == ("code",) and self._at(path) == code), ()
        )

    def _at(self, path: KeyPath) -> Any:
        value: Any = self.document.data
        for part in path:
            value = value[part]
        return value
