"""The wording rules of persona cards, read from templates/persona_rules.yaml: names, advice, what is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field, field_validator
from ruamel.yaml import YAML

from huaxiang.learn.columns import Both
from huaxiang.learn.compare import Finding
from huaxiang.spec.models import Spec


class Wording(Spec):
    """A Chinese and an English text; `{value}` and `{tag}` may stand in it."""

    zh: str
    en: str

    def fill(self, value: Both, tag: Both) -> Both:
        """Put titles into the text."""
        return Both(self.zh.format(value=value.zh, tag=tag.zh), self.en.format(value=value.en, tag=tag.en))

    @property
    def both(self) -> Both:
        """The text as it stands."""
        return Both(self.zh, self.en)


class When(Spec):
    """One condition on a finding; the file's header explains the keys."""

    attribute: tuple[str, ...] = ()
    class_: tuple[str, ...] = Field((), alias="class")
    level: Literal["high", "low"] | None = None
    values: tuple[str, ...] = ()
    over: bool = False


class Rule(Wording):
    """A wording that applies when one of the conditions holds."""

    when: tuple[When, ...]

    @field_validator("when", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, dict) else value


class Advice(Spec):
    """What a finding suggests, for the sections needs, channels and offer."""

    id: str
    section: Literal["needs", "channels", "offer"]
    when: tuple[When, ...]
    text: Wording

    @field_validator("when", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, dict) else value


class Level(Wording):
    """A name for a mean worth whose index lies above a bound."""

    above: float


class Names(Spec):
    """The parts that names are made of."""

    levels: tuple[Level, ...]
    rhythm: tuple[Rule, ...]
    traits: tuple[Rule, ...]
    plain: Wording


class Expected(Wording):
    """A catalogue attribute that a card should speak of; `also`: others that serve as well."""

    code: str
    also: tuple[str, ...] = ()


class Words(Spec):
    """Values that mean much, little or a middling amount of a thing, and those that name nobody."""

    high: frozenset[str]
    low: frozenset[str]
    neutral: frozenset[str]
    silent: frozenset[str]


class Phrasebook(Spec):
    """The whole file."""

    words: Words
    never: frozenset[str]
    values: dict[str, Wording]
    names: Names
    expected: dict[str, tuple[Expected, ...]]
    advice: tuple[Advice, ...]

    def holds(self, conditions: Iterable[When], finding: Finding) -> bool:
        """Whether one of the conditions holds for a finding that stands."""
        return any(self._one_holds(c, finding) for c in conditions)

    def _one_holds(self, when: When, finding: Finding) -> bool:
        tag = finding.tag
        if when.attribute and tag.attribute not in when.attribute:
            return False
        if when.class_ and tag.section not in when.class_:
            return False
        if when.level and self.level(finding) != when.level:
            return False
        if when.values and not (finding.over and self._words_of(finding) & {v.lower() for v in when.values}):
            return False
        return not when.over or (finding.kind == "share" and finding.over)

    def level(self, finding: Finding) -> Literal["high", "low"] | None:
        """Whether the segment has more or less of what the tag says; None when the value is neither."""
        if finding.kind == "mean" or finding.tag.value_type == "boolean":
            return "high" if finding.over else "low"
        if not finding.over:
            return None
        words = self._words_of(finding)
        return "high" if words & self.words.high else "low" if words & self.words.low else None

    def silent(self, finding: Finding) -> bool:
        """Whether the value names nobody (other, unknown …)."""
        return finding.value is not None and bool(self._words_of(finding) & self.words.silent)

    def neutral(self, finding: Finding) -> bool:
        """Whether the value is the middle of a scale, which makes no name."""
        return bool(self._words_of(finding) & self.words.neutral)

    def title_of(self, finding: Finding) -> Both:
        """Title of the finding's value: the tag's own, the product's, else the value itself."""
        if finding.value is None or finding.tag.value_type == "boolean":
            return finding.tag.title
        if finding.value in finding.tag.values:
            return finding.tag.values[finding.value]
        known = self.values.get(finding.value)
        return known.both if known else Both(finding.value, finding.value)

    def _words_of(self, finding: Finding) -> set[str]:
        title = finding.tag.values.get(finding.value or "")
        named = {title.zh.strip().lower(), title.en.strip().lower()} if title else set()
        return {(finding.value or "").strip().lower()} | named


@cache
def phrasebook() -> Phrasebook:
    """The product's own rules."""
    text = files("huaxiang").joinpath("templates/persona_rules.yaml").read_text(encoding="utf-8")
    return Phrasebook.model_validate(YAML(typ="safe").load(text))
