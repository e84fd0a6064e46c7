"""Names of people, Chinese and Latin: tidy form without honorifics, surname and given name, pinyin and initials."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import StringIO
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.store.cleaning.codes import Cleaned
from huaxiang.store.cleaning.parts import Parsed, parse_mostly

PARTS = ("surname", "given", "pinyin", "initials", "honorific")
_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_IS_HAN = re.compile(f"[{_HAN}]")
_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")
_DOTS = re.compile(rf"(?<=[{_HAN}])\s*[·•・．.‧∙⋅\u30fb\uff65●]\s*(?=[{_HAN}])")
_AFTER = (
    "先生|女士|小姐|太太|夫人|同学|老师|师傅|阿姨|叔叔|医生|大夫|教授|博士|总经理|经理|总监|主任|主管|院长|校长|律师"
)
_SUFFIX = re.compile(rf"(?P<name>.*?[{_HAN}].*?)[\s(\[]*(?P<title>{_AFTER})[)\]]*", re.S)
_BOSS = re.compile(rf"(?P<name>[{_HAN}]{{1,2}})(?P<title>总)")
_PREFIX = re.compile(
    r"(?:dear\s+|尊敬的\s*)?(?P<title>mr|mrs|ms|miss|mx|dr|prof|sir|madam|mme|herr|frau)\b\.?\s*(?=\S)", re.IGNORECASE
)
_GREETING = re.compile(r"(?:尊敬的|亲爱的|dear\s+)\s*", re.IGNORECASE)
_LATIN_SUFFIX = re.compile(r",?\s+(?P<title>ph\.?d|md|m\.d|esq|mba|cpa)\.?$", re.IGNORECASE)
#: Two or three Chinese characters that don't end as an honorific does: nothing to be done.
_EASY = r"^\p{Han}{1,2}[^\x00-\x{33FF}生士姐太人学师傅姨叔夫授理监任管长总\x{A000}-\x{10FFFF}]$"


@dataclass(frozen=True)
class _Words:
    """The words of `templates/names.yaml`."""

    compound: frozenset[str]
    surname_sounds: Mapping[str, str]
    given_sounds: Mapping[str, str]
    latin_surnames: frozenset[str]


@cache
def _words() -> _Words:
    from ruamel.yaml import YAML

    text = (files("huaxiang") / "templates" / "names.yaml").read_text(encoding="utf-8")
    words = YAML(typ="safe").load(StringIO(text))
    return _Words(
        frozenset(words["compound"].split()),
        {str(name): str(sound) for name, sound in words["surname_sounds"].items()},
        {str(character): str(sound) for character, sound in words["given_sounds"].items()},
        frozenset(words["latin_surnames"].split()),
    )


def clean_names(texts: pa.Array) -> Cleaned:
    """Names without honorifics and with one kind of middle dot; Latin names keep their case. What has no letter is emptied."""
    return parse_mostly(texts, _EASY, lambda easy: easy, _name, pa.string())


class _Name(NamedTuple):
    name: str
    honorific: str | None


@lru_cache(maxsize=65_536)
def _read(text: str) -> _Name:
    """A tidy text (NFKC) as name and honorific. Applied to its own result it finds nothing more."""
    name = _DOTS.sub("·", _BESIDE_HAN.sub("", re.sub(r"\s+", " ", text).strip()))
    honorific = None
    while True:
        found = (
            _PREFIX.match(name) or _SUFFIX.fullmatch(name) or _BOSS.fullmatch(name) or _LATIN_SUFFIX.search(name)
            or _GREETING.match(name)
        )  # fmt: skip
        if found is None:
            return _Name(name, honorific)
        named = found.groupdict()
        rest = named["name"] if "name" in named else name[: found.start()] + name[found.end() :]
        rest = rest.strip(" ,，")
        if not any(c.isalpha() for c in rest):
            return _Name(name, honorific)
        if named.get("title"):
            honorific = honorific or named["title"].lower().replace(".", "")
        name = rest


def _name(text: str) -> Parsed:
    name, honorific = _read(text)
    if not any(c.isalpha() for c in name):
        return Parsed(None, "", "emptied")
    changed = "honorific" if honorific else "format" if name != text else ""
    return Parsed(name, "", changed)


def name_parts(names: pa.Array, tidied: pa.Array, parts: Sequence[str]) -> dict[str, pa.Array]:
    """The asked `PARTS` of clean names, VARCHAR each. `tidied` are the texts before cleaning: they still have the honorific.

    `pinyin`: Chinese names as `surname given` without tones (张三丰 → zhang sanfeng), Latin ones folded to plain lower-case
    letters in their order; `initials`: first letters of all syllables or words.
    """
    made = {}
    if "honorific" in parts:
        easy = pc.fill_null(pc.match_substring_regex(tidied, _EASY), True).to_pylist()
        titles = [
            None if text is None or plain else _read(text).honorific
            for text, plain in zip(tidied.to_pylist(), easy, strict=True)
        ]
        made["honorific"] = pa.array(titles, pa.string())
    texts = names.to_pylist()
    if {"surname", "given"} & set(parts):
        split = [(None, None) if text is None else split_name(text) for text in texts]
        made["surname"] = pa.array([surname for surname, _ in split], pa.string())
        made["given"] = pa.array([given for _, given in split], pa.string())
    if {"pinyin", "initials"} & set(parts):
        sounds = [(None, None) if text is None else _sounds(text) for text in texts]
        made["pinyin"] = pa.array([sound for sound, _ in sounds], pa.string())
        made["initials"] = pa.array([initials for _, initials in sounds], pa.string())
    return {part: made[part] for part in parts}


def split_name(name: str) -> tuple[str | None, str | None]:
    """(surname, given name) of a clean name, None for what it does not have.

    Chinese: one character, or a compound surname. With a middle dot, and in Latin script, the surname stands last, but first
    before a comma and in Chinese names in pinyin (Zhang Wei'an).
    """
    if "·" in name:
        first, _, last = name.partition("·")
        return (first, last) if first in _words().compound else (name.rpartition("·")[2], name.rpartition("·")[0])
    if _IS_HAN.match(name):
        size = 2 if name[:2] in _words().compound else 4 if name[:4] in _words().compound else 1
        return name[:size], name[size:].strip() or None
    before, comma, after = name.partition(",")
    if comma and before.strip() and after.strip():
        return before.strip(), after.strip()
    words = name.replace(",", " ").split()
    if len(words) < 2:
        return None, words[0] if words else None
    if _fold(words[0]) in _words().latin_surnames and _fold(words[-1]) not in _words().latin_surnames:
        return words[0], " ".join(words[1:])
    return words[-1], " ".join(words[:-1])


def _sounds(name: str) -> tuple[str | None, str | None]:
    if not _IS_HAN.search(name):
        words = [word for word in (_fold(part) for part in re.split(r"[\s,]+", name)) if word]
        return (" ".join(words), "".join(word[0] for word in words)) if words else (None, None)
    if "·" in name:
        written = [_given(part) for part in name.split("·") if part]
        return " ".join("".join(s) for s in written), "".join(x[0] for s in written for x in s)
    surname, given = split_name(name)
    first = _surname(surname) if surname and _IS_HAN.match(surname) else _given(surname or "")
    second = _given(given or "")
    initials = "".join(sound[0] for sound in (*first, *second) if sound)
    return " ".join(filter(None, ("".join(first), "".join(second)))), initials


@lru_cache(maxsize=8192)
def _surname(surname: str) -> tuple[str, ...]:
    if len(surname) > 1 and surname in _words().surname_sounds:
        return tuple(_words().surname_sounds[surname].split())
    return tuple(_words().surname_sounds.get(c) or _sound(c) for c in surname)


def _given(given: str) -> tuple[str, ...]:
    return tuple(filter(None, map(_given_sound, given)))


@lru_cache(maxsize=32_768)
def _given_sound(character: str) -> str:
    return _words().given_sounds.get(character) or _sound(character)


@lru_cache(maxsize=32_768)
def _sound(character: str) -> str:
    """Pinyin of one character without tone (ü as v); Latin letters folded; nothing for punctuation."""
    if _IS_HAN.match(character):
        from pypinyin import lazy_pinyin

        return lazy_pinyin(character)[0]
    return _fold(character)


def _fold(word: str) -> str:
    """Lower-case letters and digits without accents."""
    plain = unicodedata.normalize("NFKD", word).casefold()
    return "".join(c for c in plain if c.isalnum())
