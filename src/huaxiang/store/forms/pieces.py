"""What codebooks are put together from: titles, options, levels and headings as they are written."""

from __future__ import annotations

from collections.abc import Iterable

from huaxiang.errors import Said
from huaxiang.spec.base import Text, Title
from huaxiang.spec.codebook import Headers, OptionSpec
from huaxiang.store.forms.codebook import Level, Option, Scale, as_text, folded

NPS = Scale(
    0,
    10,
    levels=(
        Level("detractor", Text(zh="贬损者", en="Detractor"), 7),
        Level("passive", Text(zh="中立者", en="Passive"), 9),
        Level("promoter", Text(zh="推荐者", en="Promoter"), None),
    ),
)
"""The scale of a Net Promoter Score question."""


def question_said(code: str) -> Said:
    """A question by its code."""
    return Said(f'question "{code}"', f"题目“{code}”")


def option_of(code: str, written: Text | OptionSpec | str) -> Option:
    """An option as written: a text, its two titles, or all that can be said of it."""
    if isinstance(written, str):
        return Option(code, Text(zh=written, en=written), folded(code, written))
    title = Text(zh=written.zh, en=written.en)
    if not isinstance(written, OptionSpec):
        return Option(code, title, folded(code, title.zh, title.en))
    words = folded(code, title.zh, title.en, *written.synonyms)
    return Option(code, title, words, headings(written.column), written.alone, written.missing)


def thirds(low: int, high: int) -> tuple[Level, ...]:
    """Levels that part a scale in three."""
    third = (high - low) / 3
    return (
        Level("low", Text(zh="低", en="Low"), low + third),
        Level("medium", Text(zh="中", en="Medium"), low + 2 * third),
        Level("high", Text(zh="高", en="High"), None),
    )


def headings(column: Headers | None) -> tuple[str, ...]:
    """The headings under which a column is found."""
    return () if column is None else (column,) if isinstance(column, str) else column


def distinct(words: Iterable[str]) -> tuple[str, ...]:
    """Each word once."""
    return tuple(dict.fromkeys(words))


def text_or_none(title: Title) -> Text | None:
    """A title as text, None where none is written."""
    return None if title is None else as_text(title)
