"""Names of personas by rule: level of worth · rhythm · traits, short, and no two alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from huaxiang.learn.advice import matching, weighty
from huaxiang.learn.columns import Both
from huaxiang.learn.compare import Finding
from huaxiang.learn.phrasebook import Phrasebook, phrasebook
from huaxiang.learn.wording import joined, lowered

MOST_TRAITS = 3
NAMES_FROM = 0.2
"""A value names a persona only when at least this share of the segment has it."""
HIGH = 150.0
"""A mean names a persona from this index on."""
ASIDE = " · "
LONGEST_TRAIT = 24
"""Characters of a trait (Chinese text counts the same); longer ones make no name."""


@dataclass(frozen=True)
class Parts:
    """What a name can be made of; traits strongest first."""

    level: Both | None
    rhythm: Both | None
    traits: tuple[Both, ...]

    def name(self, used: int) -> Both:
        """The name with the first `used` traits."""
        book = phrasebook().names
        traits = list(self.traits[:used])
        front = [part for part in (self.level, self.rhythm) if part]
        people = [t for t in traits if not t.en.startswith(ASIDE)]
        words = [*(p.en for p in front), joined(people).en if people else book.plain.en]
        english = _sentence(" ".join(words)) + "".join(t.en for t in traits if t.en.startswith(ASIDE))
        if traits:
            return Both("·".join(p.zh for p in [*front, *traits]), english)
        return Both("·".join(p.zh for p in front) + book.plain.zh, english)


def parts_of(stated: Sequence[Finding], worth: Finding | None, alpha: float) -> Parts:
    """Parts of a name from stated findings, strongest first; `worth`: the comparison of mean worth, None when impossible."""
    book = phrasebook()
    stated = [f for f in stated if weighty(f, NAMES_FROM)]
    rhythm = next((r.both for r in book.names.rhythm if matching(r, stated, book)), None)
    return Parts(_level(worth, alpha, book), rhythm, _traits(stated, worth, book))


def _level(worth: Finding | None, alpha: float, book: Phrasebook) -> Both | None:
    if worth is None:
        return None
    index = worth.tgi if worth.tgi is not None and worth.stands(alpha) else 100.0
    return next((level.both for level in book.names.levels if index >= level.above), None)


def _traits(stated: Sequence[Finding], worth: Finding | None, book: Phrasebook) -> tuple[Both, ...]:
    """The trait of each finding by its rule; without one, the value that is more frequent, or the number that is high."""
    spent = {a for r in book.names.rhythm for when in r.when for a in when.attribute}
    traits: dict[str, Both] = {}
    for finding in stated:
        if worth is not None and finding.tag.name == worth.tag.name:
            continue
        rule = next((r for r in book.names.traits if finding in matching(r, stated, book)), None)
        title = book.title_of(finding)
        trait: Both | None
        plain = finding.tag.value_type == "boolean" and (rule is None or "{value}" in rule.zh)
        if rule is not None and not plain:
            trait = rule.fill(Both(title.zh, lowered(title.en)), finding.tag.title)
        elif finding.over and finding.tag.topic not in spent and not book.neutral(finding):
            trait = _own_words(finding, title)
        else:
            continue
        if trait is not None and len(trait.zh) <= LONGEST_TRAIT and len(trait.en) <= 2 * LONGEST_TRAIT:
            traits.setdefault(trait.zh, trait)
    return tuple(traits.values())


def distinct_names(parts: Mapping[str, Parts], taken: Sequence[Both]) -> dict[str, Both]:
    """Segment → name; equal names take further traits in until they differ, at last the segment's label."""
    used = {segment: min(1, len(p.traits)) for segment, p in parts.items()}
    for _ in range(MOST_TRAITS * max(1, len(parts))):
        clashing = _clashing(parts, used, taken)
        growing = [s for s in clashing if used[s] < min(MOST_TRAITS, len(parts[s].traits))]
        if not growing:
            break
        for segment in growing:
            used[segment] += 1
    names = {segment: p.name(used[segment]) for segment, p in parts.items()}
    for segment in _clashing(parts, used, taken):
        names[segment] = Both(f"{names[segment].zh}（{segment}）", f"{names[segment].en} ({segment})")
    return names


def _clashing(parts: Mapping[str, Parts], used: Mapping[str, int], taken: Sequence[Both]) -> list[str]:
    names = {segment: p.name(used[segment]) for segment, p in parts.items()}
    zh = Counter([n.zh for n in names.values()] + [n.zh for n in taken])
    en = Counter([n.en for n in names.values()] + [n.en for n in taken])
    return [segment for segment, n in names.items() if zh[n.zh] > 1 or en[n.en] > 1]


def _own_words(finding: Finding, title: Both) -> Both | None:
    """A trait without a rule. In English a word for people where the title is one, else an aside: `customers · buys fuel`."""
    if finding.kind == "mean":
        return Both(f"{title.zh}高", f"{ASIDE}high {lowered(title.en)}") if (finding.tgi or 0.0) >= HIGH else None
    english = lowered(title.en)
    people = finding.tag.value_type == "boolean" and english.endswith(("er", "or", "ist"))
    return Both(title.zh, f"{english}s" if people else f"{ASIDE}{english}")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
