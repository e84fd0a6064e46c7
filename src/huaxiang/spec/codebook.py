"""A codebook as written in YAML (or in an Excel sheet): the questions of a questionnaire or of an interview form."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from huaxiang.spec.base import Name, Spec, Text, Title

QuestionKind = Literal["likert", "nps", "single", "multi", "matrix", "number", "date", "text", "open"]
Headers = str | tuple[str, ...]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,62}$", description="code of an option: a-z, 0-9, _")]

MISSING = ("(跳过)", "(空)", "-2", "-3")
"""Texts by which survey tools write that a question was skipped or left empty."""


class OptionSpec(Spec):
    """One answer of a closed question."""

    zh: str
    en: str
    synonyms: tuple[str, ...] = Field((), description="further spellings found in exports")
    column: Headers | None = Field(None, description="multi: header of the option's own 0/1 column")
    alone: bool = Field(False, description="multi: excludes all others, e.g. `none of these`")
    missing: bool = Field(False, description="counts as no answer, e.g. `prefer not to say`")


class LevelSpec(Spec):
    """One level of a score: the first whose `below` is above the score; the last level has none."""

    zh: str
    en: str
    below: float | None = None


class ScaleSpec(Spec):
    """A rating scale of whole numbers from `min` to `max`."""

    min: int = Field(ge=-1000, le=1000)
    max: int = Field(ge=-1000, le=1000)
    labels: dict[int, Title | OptionSpec] = Field(default_factory=dict, description="point → its words")
    levels: dict[Code, LevelSpec] = Field(
        default_factory=dict, description="levels of answers and constructs; default low, medium, high in equal parts"
    )


class ItemSpec(Spec):
    """One row of a matrix question."""

    code: Name
    text: Title
    column: Headers | None = Field(None, description="header in the export; default: its text, or question text + text")
    reverse: bool = Field(False, description="a high answer means a low score")
    construct_: Name | None = Field(None, alias="construct")
    attribute: Name | None = None
    optional: bool = False


class QuestionSpec(Spec):
    """One question."""

    code: Name
    text: Title
    help: Title = None
    kind: QuestionKind
    column: Headers | None = Field(None, description="header in the export, or several; default: its text or code")
    options: dict[Code, Text | OptionSpec | str] = Field(default_factory=dict, description="single, multi")
    other: Code | None = Field(None, description="option that comes with a free text")
    most: int | None = Field(None, ge=1, description="multi: how many options may be chosen")
    scale: Name | ScaleSpec | None = Field(None, description="likert, matrix: a scale, or the name of one")
    items: tuple[ItemSpec, ...] = Field((), description="matrix: its rows")
    levels: dict[Code, LevelSpec] = Field(default_factory=dict, description="likert, nps: instead of the scale's")
    reverse: bool = Field(False, description="likert: a high answer means a low score")
    construct_: Name | None = Field(
        None, alias="construct", description="likert, nps: construct of which it is an item"
    )
    attribute: Name | None = Field(None, description="attribute that the answer fills (catalogue code, or your own)")
    unit: Title = None
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = Field(False, description="files may lack its column, as those of an earlier wave do")
    lines: int = Field(3, ge=1, le=40, description="open: lines of the printed form")


class SectionSpec(Spec):
    """A part of the form under one heading."""

    title: Title = None
    note: Title = None
    questions: tuple[QuestionSpec, ...] = Field(min_length=1)


class KeySpec(Spec):
    """What says who answers: a field, and the column of the export that holds it."""

    title: Title = None
    column: Headers | None = Field(
        None, description="header in the export, or several that may occur; default: title or name"
    )


class TimeSpec(Spec):
    """When it was answered."""

    title: Title = None
    column: Headers | None = None


class ConstructSpec(Spec):
    """What several items measure together: the mean of their scores (reversed where declared)."""

    code: Name
    title: Title = None
    attribute: Name | None = None
    minimum_answered: float = Field(0.5, gt=0, le=1, description="share of its items that must be answered")
    levels: dict[Code, LevelSpec] = Field(default_factory=dict, description="default: the scale's")


class ProfileSpec(Spec):
    """Which of several constructs is strongest; equal strongest scores give `balanced`."""

    code: Name
    title: Title = None
    of: tuple[Name, ...] = Field(min_length=2)
    attribute: Name | None = None


class CodebookSpec(Spec):
    """A questionnaire or interview form with all its questions, in order."""

    name: Name
    title: Title = None
    format: Literal["questionnaire", "interview"] = Field(
        "questionnaire", description="how its answers are usually collected"
    )
    intro: Title = Field(None, description="shown above the first question")
    closing: Title = None
    keys: dict[Name, KeySpec | str] = Field(
        default_factory=dict, description="field → column that identifies the answerer"
    )
    time: TimeSpec | str | None = None
    missing: tuple[str, ...] = Field(MISSING, description="texts that mean no answer, besides the empty one")
    scales: dict[Name, ScaleSpec] = Field(default_factory=dict)
    sections: tuple[SectionSpec, ...] = ()
    questions: tuple[QuestionSpec, ...] = Field((), description="questions without a heading, before the sections")
    constructs: tuple[ConstructSpec, ...] = ()
    profiles: tuple[ProfileSpec, ...] = ()
