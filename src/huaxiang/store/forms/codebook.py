"""Codebooks, checked: every question with its scale, options, levels and the headers it may stand under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from huaxiang.spec.base import Text, Title
from huaxiang.store.cleaning.rule import fold

Kind = Literal["likert", "nps", "single", "multi", "number", "date", "text", "open"]
RESERVED = frozenset(
    {
        "survey", "respondent", "occurred_at", "question", "question_title", "question_title_en", "answer", "answer_title",
        "answer_title_en", "level", "score", "text", "construct", "kind", "status", "title", "title_en", "body", "customer_id",
        "wrong_answers",
    }
)  # fmt: skip
"""Fields that the readers make themselves."""
BALANCED = "balanced"
"""Value of a profile several of whose constructs are strongest."""
_BALANCED_TITLE = Text(zh="均衡", en="Balanced")


@dataclass(frozen=True)
class Option:
    """One answer of a closed question; `words` are all its spellings, folded."""

    code: str
    title: Text
    words: tuple[str, ...]
    columns: tuple[str, ...] = ()
    alone: bool = False
    missing: bool = False


@dataclass(frozen=True)
class Level:
    """A level of a score: it holds for scores below `below` (None: all that are left)."""

    code: str
    title: Text
    below: float | None


@dataclass(frozen=True)
class Scale:
    """Points from `minimum` to `maximum`; `words` leads from a folded label to its point."""

    minimum: int
    maximum: int
    labels: Mapping[int, Text] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    levels: tuple[Level, ...] = ()

    @property
    def points(self) -> range:
        """All points, ascending."""
        return range(self.minimum, self.maximum + 1)


def level_of(score: float, levels: tuple[Level, ...]) -> Level | None:
    """Return the level of a score; None when there are no levels."""
    return next((level for level in levels if level.below is None or score < level.below), None)


@dataclass(frozen=True)
class Question:
    """A question that is answered by itself: a row of a matrix is one. `columns` as declared, none when nothing was."""

    code: str
    text: Text
    kind: Kind
    columns: tuple[str, ...] = ()
    help: Text | None = None
    options: tuple[Option, ...] = ()
    other: str | None = None
    most: int | None = None
    scale: Scale | None = None
    levels: tuple[Level, ...] = ()
    reverse: bool = False
    construct: str | None = None
    attribute: str | None = None
    unit: Text | None = None
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    lines: int = 3
    matrix: str | None = None
    matrix_text: Text | None = None

    @cached_property
    def words(self) -> Mapping[str, Option]:
        """Every spelling of every option, folded; position numbers too where no spelling is a number."""
        found = {word: option for option in self.options for word in option.words}
        if not any(word.lstrip("-").isdigit() for word in found):
            found |= {str(number): option for number, option in enumerate(self.options, start=1)}
        return found

    @cached_property
    def by_code(self) -> Mapping[str, Option]:
        """Options by code."""
        return {option.code: option for option in self.options}

    @property
    def scored(self) -> bool:
        """True for answers that are points of a scale."""
        return self.kind in ("likert", "nps")


@dataclass(frozen=True)
class Key:
    """A field that says who answers (or when): its title, and the headers it may stand under."""

    field: str
    title: Text
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Construct:
    """A score over several items; `items` are question codes in order."""

    code: str
    title: Text
    items: tuple[str, ...]
    levels: tuple[Level, ...]
    minimum_answered: float
    attribute: str | None


@dataclass(frozen=True)
class Profile:
    """The strongest of several constructs."""

    code: str
    title: Text
    of: tuple[str, ...]
    attribute: str | None


@dataclass(frozen=True)
class Section:
    """A part of the form: heading, note, question codes in order (rows of one matrix stand together)."""

    title: Text | None
    note: Text | None
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Codebook:
    """All questions of a form by code, in order. `digest` names its content."""

    name: str
    title: Text
    intro: Text | None
    closing: Text | None
    keys: tuple[Key, ...]
    time: Key | None
    missing: frozenset[str]
    sections: tuple[Section, ...]
    questions: Mapping[str, Question]
    constructs: tuple[Construct, ...]
    profiles: tuple[Profile, ...]
    format: Literal["questionnaire", "interview"] = "questionnaire"
    digest: str = ""

    @cached_property
    def people_columns(self) -> tuple[tuple[str, str], ...]:
        """Columns of one row a respondent, after the keys: (name, type); what `take: people` offers."""
        found: list[tuple[str, str]] = []
        for code, question in self.questions.items():
            if question.kind == "open":
                found.append((code, "text"))
            elif question.scored:
                found += [(code, "number"), (f"{code}_level", "text")]
            else:
                found.append((code, {"multi": "list", "number": "number", "date": "date"}.get(question.kind, "text")))
            if question.other:
                found.append((f"{code}_other", "text"))
        for construct in self.constructs:
            found += [(construct.code, "number"), (f"{construct.code}_level", "text")]
        return (*found, *((profile.code, "text") for profile in self.profiles))

    @cached_property
    def value_titles(self) -> Mapping[str, Mapping[str, Text]]:
        """Column of `take: people` → its values in order with their titles: options that are answers, levels, constructs of a profile."""
        found: dict[str, dict[str, Text]] = {}
        for code, question in self.questions.items():
            if question.scored:
                found[f"{code}_level"] = {level.code: level.title for level in question.levels}
            elif question.options:
                found[code] = {option.code: option.title for option in question.options if not option.missing}
        titles = {construct.code: construct.title for construct in self.constructs}
        for construct in self.constructs:
            found[f"{construct.code}_level"] = {level.code: level.title for level in construct.levels}
        for profile in self.profiles:
            found[profile.code] = {**{code: titles[code] for code in profile.of}, BALANCED: _BALANCED_TITLE}
        return found

    @property
    def attributes(self) -> tuple[str, ...]:
        """Attributes that the form fills, in order, each once."""
        asked: list[str | None] = [q.attribute for q in self.questions.values()]
        asked += [c.attribute for c in self.constructs] + [p.attribute for p in self.profiles]
        return tuple(dict.fromkeys(a for a in asked if a))


def as_text(title: Title, default: str = "") -> Text:
    """Return a title in both languages; `default` stands in for none."""
    if isinstance(title, Text):
        return title
    return Text(zh=title or default, en=title or default)


def folded(*words: str) -> tuple[str, ...]:
    """Distinct spellings as they are compared."""
    return tuple(dict.fromkeys(fold(word) for word in words if word.strip()))


def load_codebook(path: Path, name: str | None = None) -> Codebook:
    """Read and check a codebook (YAML, or an Excel sheet). `name` stands for the file in messages.

    Raises ProjectInvalid with every fault, by line (of a sheet: by row); OSError when the file can't be read.
    """
    from huaxiang.store.forms.loading import read_codebook

    return read_codebook(path, name or path.name)
