"""What stated findings suggest: needs, channels and offers, each with the statements it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from huaxiang.learn.columns import Both
from huaxiang.learn.compare import Finding
from huaxiang.learn.phrasebook import Advice, Phrasebook, Rule, phrasebook
from huaxiang.learn.selection import MOST_STATEMENTS

_VALUES_A_RULE = 2
SPEAKS_FOR = 0.15
"""A more frequent value supports advice only when at least this share of the segment has it."""
TELLING = 20.0
"""Advice needs a TGI or index at least this far from 100, twice what a statement needs."""


@dataclass(frozen=True)
class Suggestion:
    """One piece of advice. `because`: ids of statements on the same card, never empty."""

    id: str
    section: str
    text: Both
    because: tuple[str, ...]


def weighty(finding: Finding, least: float) -> bool:
    """Whether enough of the segment shares what the finding says."""
    return finding.kind == "mean" or not finding.over or finding.share_segment >= least


def matching(rule: Advice | Rule, stated: Sequence[Finding], book: Phrasebook) -> list[Finding]:
    """Findings that fire a rule. Where tags of one attribute point both ways, only the strongest one's direction counts."""
    found = [f for f in stated if book.holds(rule.when, f)]
    if not any(when.level for when in rule.when):
        return found
    direction: dict[str, str] = {}
    for finding in stated:
        level = book.level(finding)
        if level and finding.tag.attribute:
            direction.setdefault(finding.tag.attribute, level)
    return [f for f in found if book.level(f) in (None, direction.get(f.tag.attribute or ""))]


def advise(segment: str, stated: Sequence[Finding]) -> list[Suggestion]:
    """Advice from statements (strongest first), at most MOST_STATEMENTS a section; equal texts are said once."""
    book = phrasebook()
    made: dict[tuple[str, str], Suggestion] = {}
    for rule in book.advice:
        for text, because in _texts(rule, _telling(matching(rule, stated, book)), book):
            key = (rule.section, text.zh)
            if key in made:
                old = made[key]
                merged = tuple(dict.fromkeys((*old.because, *because)))
                made[key] = Suggestion(old.id, old.section, old.text, merged)
            elif sum(section == rule.section for section, _ in made) < MOST_STATEMENTS:
                number = 1 + sum(s.id.startswith(f"{segment}.{rule.id}") for s in made.values())
                made[key] = Suggestion(f"{segment}.{rule.id}.{number}", rule.section, text, because)
    return list(made.values())


def _telling(found: Sequence[Finding]) -> list[Finding]:
    return [f for f in found if weighty(f, SPEAKS_FOR) and abs((f.tgi or 0.0) - 100) >= TELLING]


def _texts(rule: Advice, found: Sequence[Finding], book: Phrasebook) -> list[tuple[Both, tuple[str, ...]]]:
    """One text for all findings, or one for each value where the text names it."""
    if not found:
        return []
    if "{value}" not in rule.text.zh:
        return [(rule.text.fill(Both("", ""), found[0].tag.title), tuple(f.id for f in found))]
    return [(rule.text.fill(book.title_of(f), f.tag.title), (f.id,)) for f in found[:_VALUES_A_RULE]]
