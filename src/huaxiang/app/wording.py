"""Persona cards in people's own words: titles, summaries and statements may be worded anew, the figures in them stay those of the data.

A figure stands as a placeholder (`{value}`, `{1}`) in the wording that is kept, so that the next build fills in its own. What was worded is
kept in `wording/<set>.yaml` of the project, every version of it; the card shows it beside the original. A wording falls away, with a
warning, when what it speaks of is no longer said or says the opposite.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from huaxiang.app.definition_files import changed, digest_of, editing, replace_file
from huaxiang.errors import NotKnown, UsageError

EDITED_KEYS = ("part", "original", "template", "edited_by", "edited_at", "version")
FELL_AWAY_KEYS = ("part", "why", "edited_by", "edited_at", "text")
"""`why`: gone (the card no longer says it) · direction (it says the opposite now) · changed (what it words is put in another way)."""
WORDING_KEYS = ("set", "segment", "digest", "templates", "version", "versions")
LANGS = ("zh", "en")
TITLE, SUMMARY = "title", "summary"
MOST_VERSIONS = 100
_FIGURE = re.compile(r"[-+]?[¥$€£]?\d[\d,]*(?:\.\d+)?\s?%?")
_PLACEHOLDER = re.compile(r"\{(\w{1,12})\}")
_FORMS = {
    ("zh", 3): ("value", "base", "tgi"), ("en", 3): ("value", "base", "tgi"),
    ("zh", 4): ("value", "base", "times", "tgi"), ("en", 4): ("value", "times", "base", "tgi"),
}  # fmt: skip
"""Figures in the sentences of `learn.wording.statement`, by language and how many there are."""
_LONGEST = {TITLE: 60, SUMMARY: 800}
_LONG = 300
_HEAD = "# 典型画像的人工措辞：数字以占位符保留 · Wording of persona cards by hand; figures stand as placeholders\n"


def file_of(set_name: str) -> str:
    """Where the wordings of a set are kept, relative to the project."""
    return f"wording/{set_name}.yaml"


def show_wording(folder: Path, card: Mapping[str, Any]) -> dict[str, Any]:
    """Return WORDING_KEYS for the original card: `templates`: part → {zh, en} with placeholders, as they are worded now; `digest`: of the
    file, to be sent back; `versions`: who worded what when, newest first, as far as the card still says it.
    """
    versions = _read(folder, card["set"]).get(card["segment"], [])
    current: Mapping[str, Any] = versions[-1] if versions else {"parts": {}, "version": 0}
    originals = templates_of(card)
    worded = {part: one["text"] for part, one in current["parts"].items() if part in originals}
    return {
        "set": card["set"], "segment": card["segment"], "digest": _digest(folder, card["set"]),
        "templates": originals | worded, "version": current["version"],
        "versions": [
            {"version": one["version"], "by": one["by"], "at": one["at"]}
            | {"parts": {part: kept["text"] for part, kept in one["parts"].items() if part in originals}}
            for one in reversed(versions)
        ],
    }  # fmt: skip


def save_wording(
    folder: Path, card: Mapping[str, Any], texts: Mapping[str, Mapping[str, str] | None], by: str, expected: str | None
) -> dict[str, Any]:
    """Word parts of a card anew (part: title, summary or the ID of a statement → {zh, en} with its placeholders; None: the original again);
    return WORDING_KEYS. `expected`: the digest that was read.

    Raises NotKnown for a part that the card does not have; UsageError for a wording that drops, adds or writes out a figure, is empty or
    too long, and when somebody else has worded the set meanwhile.
    """
    originals = templates_of(card)
    for part, text in texts.items():
        if part not in originals:
            raise NotKnown(
                "the card has no such part; it may say something else by now",
                "卡片中没有这一条；内容可能已随新版本变化",
            )
        if text is not None:
            _check(part, text, originals[part])
    with editing(folder):
        if _digest(folder, card["set"]) != expected:
            raise changed(file_of(card["set"]))
        kept = _read(folder, card["set"])
        versions = list(kept.get(card["segment"], ()))
        parts = dict(versions[-1]["parts"]) if versions else {}
        senses = _senses(card)
        for part, text in texts.items():
            parts.pop(part, None)
            if text is not None and dict(text) != originals[part]:
                parts[part] = {"text": {lang: text[lang].strip() for lang in LANGS}, "sense": senses[part]}
        number = versions[-1]["version"] + 1 if versions else 1
        now = datetime.now(UTC).isoformat(timespec="seconds")
        versions.append({"version": number, "by": by, "at": now, "parts": parts})
        _write(folder, card["set"], kept | {card["segment"]: versions[-MOST_VERSIONS:]})
    return show_wording(folder, card)


def worded(folder: Path, card: Mapping[str, Any], *, whole: bool = True) -> dict[str, Any]:
    """The card as it is worded: texts replaced, and with `edited` (part → EDITED_KEYS) and `fell_away` (FELL_AWAY_KEYS) added. A card
    that is not `whole`, since its reader must not see all of it, tells nothing of what fell away.
    """
    versions = _read(folder, card["set"]).get(card["segment"], ())
    told = dict(card) | {"edited": {}, "fell_away": []}
    if not versions:
        return told
    senses, figures = _senses(card), _figured(card)
    texts: dict[str, dict[str, str]] = {}
    for part, one in versions[-1]["parts"].items():
        since = _since(versions, part)
        mark = {"edited_by": since["by"], "edited_at": since["at"]}
        why = None if part in senses and senses[part] == one["sense"] else _why(part, senses)
        filled = None if why else _filled(one["text"], figures[part])
        if filled is None:
            told["fell_away"].append({"part": part, "why": why or "changed", **mark, "text": one["text"]})
            continue
        texts[part] = filled
        told["edited"][part] = {
            "part": part, "original": _original(card, part), "template": one["text"], **mark, "version": since["version"],
        }  # fmt: skip
    if not whole:
        told["fell_away"] = []
    return told | _replaced(card, texts)


def templates_of(card: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Part → its text in both languages with placeholders instead of figures."""
    return {part: {lang: one[0] for lang, one in texts.items()} for part, texts in _figured(card).items()}


def _figured(card: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, dict[str, str]]]]:
    """Part → language → its template, and the figures by placeholder."""
    kinds = {one["id"]: one for one in _statements(card) if one.get("kind") in ("share", "mean")}
    found: dict[str, dict[str, tuple[str, dict[str, str]]]] = {}
    for part, texts in _parts(card).items():
        found[part] = {}
        for lang, (text, names) in texts.items():
            pieces, figures = _cut(text, names)
            marks = _marks(kinds.get(part), lang, len(figures))
            template = "".join(piece + f"{{{mark}}}" for piece, mark in zip(pieces, marks, strict=False)) + pieces[-1]
            known = dict(zip(marks, figures, strict=True))
            if part in kinds and "tgi" in known:  # another form of the sentence may leave this one out
                known.setdefault("times", f"{_index(kinds[part]) / 100:.1f}")
            found[part][lang] = template, known
    return found


def _marks(statement: Mapping[str, Any] | None, lang: str, number: int) -> list[str]:
    """The placeholders of a text: named where the form of the sentence is known, so that they outlive a change of form."""
    named = _FORMS.get((lang, number)) if statement is not None else None
    return list(named) if named else [str(at + 1) for at in range(number)]


def _index(statement: Mapping[str, Any]) -> float:
    index = statement.get("tgi") if statement.get("tgi") is not None else statement.get("index")
    return float(index) if index is not None else 100.0


def _parts(card: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, Sequence[str]]]]:
    """Part → language → its text, and the names in it whose digits are no figures."""
    names = _names(card)
    found: dict[str, dict[str, tuple[str, Sequence[str]]]] = {
        TITLE: {lang: (card["name"][lang], names[lang]) for lang in LANGS},
        SUMMARY: {lang: (card["summary"][lang], names[lang]) for lang in LANGS},
    }
    for one in _statements(card):
        found[one["id"]] = {lang: (one["text"][lang], _own_names(one, lang)) for lang in LANGS}
    return found


def _statements(card: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for section in card["sections"] for one in section["statements"]]


def _own_names(one: Mapping[str, Any], lang: str) -> list[str]:
    titles = [one.get("tag_title"), one.get("value_title")]
    return [title[lang] for title in titles if title and title.get(lang)]


def _names(card: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for lang in LANGS:
        names = [name for one in _statements(card) for name in _own_names(one, lang)]
        worth = (card.get("worth") or {}).get("title") or {}
        found[lang] = [*names, worth.get(lang) or "", card["segment"]]
    return found


def _cut(text: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands around the figures of a text (one piece more than figures), and the figures. Digits in names are no figures."""
    spared = _spared(text, names)
    figures: list[str] = []
    pieces: list[str] = []
    at = 0
    for found in _FIGURE.finditer(text):
        if any(start < found.end() and found.start() < end for start, end in spared):
            continue
        figures.append(found.group().rstrip())
        pieces.append(text[at : found.start()])
        at = found.start() + len(figures[-1])
    return [*pieces, text[at:]], figures


def _spared(text: str, names: Sequence[str]) -> list[tuple[int, int]]:
    spans = []
    lowered = text.lower()
    for name in {name.lower() for name in names if any(sign.isdigit() for sign in name)}:
        start = lowered.find(name)
        while start >= 0:
            spans.append((start, start + len(name)))
            start = lowered.find(name, start + 1)
    return spans


def _senses(card: Mapping[str, Any]) -> dict[str, str]:
    """Part → what a wording of it presupposes: whether a statement says more or less than the base; how anything else is put."""
    statements = {one["id"]: one for one in _statements(card)}
    found = {TITLE: ""}
    for part, texts in templates_of(card).items():
        one = statements.get(part)
        if one is not None and all("{tgi}" in texts[lang] for lang in LANGS):
            found[part] = "more" if _index(one) >= 100 else "less"
        elif part != TITLE:
            found[part] = digest_of(repr(texts).encode())[:12]
    return found


def _why(part: str, senses: Mapping[str, str]) -> str:
    return "gone" if part not in senses else "direction" if senses[part] in ("more", "less") else "changed"


def _filled(text: Mapping[str, str], figures: Mapping[str, tuple[str, Mapping[str, str]]]) -> dict[str, str] | None:
    """The wording with its figures; None when it names one that there is not any more."""
    out = {}
    for lang in LANGS:
        known = figures[lang][1]
        if not set(_PLACEHOLDER.findall(text[lang])) <= known.keys():
            return None
        out[lang] = _PLACEHOLDER.sub(lambda found, known=known: known[found[1]], text[lang])  # type: ignore[misc]
    return out


def _check(part: str, text: Mapping[str, str], original: Mapping[str, str]) -> None:
    most = _LONGEST.get(part, _LONG)
    for lang in LANGS:
        written = (text.get(lang) or "").strip()
        if not written or len(written) > most or "\n" in written:
            raise UsageError(
                f"a wording ({lang}) has 1 to {most} characters in one line",
                f"措辞（{lang}）须为一行，1 到 {most} 个字符",
            )
        if sorted(_PLACEHOLDER.findall(written)) != sorted(_PLACEHOLDER.findall(original[lang])):
            held = " ".join(f"{{{one}}}" for one in _PLACEHOLDER.findall(original[lang])) or "-"
            raise UsageError(
                f"the wording ({lang}) must hold the figures of the original, each once: {held}",
                f"措辞（{lang}）必须保留原文中的全部数字，各出现一次：{held}",
            )
        plain = _PLACEHOLDER.sub("", written)
        spared = _PLACEHOLDER.sub("", original[lang])
        new = [one for one in re.findall(r"\d+", plain) if one not in re.findall(r"\d+", spared)]
        if new or "{" in plain or "}" in plain:
            raise UsageError(
                f"the wording ({lang}) writes a figure of its own; figures come from the data alone",
                f"措辞（{lang}）中写入了新的数字；数字只能来自数据",
            )


def _since(versions: Sequence[Mapping[str, Any]], part: str) -> Mapping[str, Any]:
    """The version in which a part was worded as it is."""
    now = versions[-1]["parts"][part]
    found = versions[-1]
    for one in reversed(versions):
        if one["parts"].get(part) != now:
            break
        found = one
    return found


def _original(card: Mapping[str, Any], part: str) -> dict[str, str]:
    return {lang: _parts(card)[part][lang][0] for lang in LANGS}


def _replaced(card: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    sections = [
        dict(section) | {"statements": [
            dict(one) | ({"text": dict(texts[one["id"]])} if one["id"] in texts else {}) for one in section["statements"]
        ]} for section in card["sections"]
    ]  # fmt: skip
    named = {"name": dict(texts[TITLE]), "named_by": "hand"} if TITLE in texts else {}
    return named | {"summary": dict(texts.get(SUMMARY, card["summary"])), "sections": sections}


# The file


def _digest(folder: Path, set_name: str) -> str | None:
    path = folder / file_of(set_name)
    return digest_of(path.read_bytes()) if path.is_file() else None


def _read(folder: Path, set_name: str) -> dict[str, list[dict[str, Any]]]:
    """Segment → versions, oldest first. A file that can't be read raises UsageError, so that nothing is written over it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    path = folder / file_of(set_name)
    if not path.is_file():
        return {}
    try:
        found = YAML(typ="safe").load(path.read_text("utf-8")) or {}
        cards = found["cards"]
        return {str(segment): [dict(one) for one in versions] for segment, versions in cards.items()}
    except (YAMLError, KeyError, TypeError, AttributeError, ValueError):
        raise UsageError(
            f"{file_of(set_name)} can't be read; correct it, or remove it to have the original texts",
            f"{file_of(set_name)} 无法读取；请改正，或删除它以恢复原文",
        ) from None


def _write(folder: Path, set_name: str, cards: Mapping[str, Any]) -> None:
    import io

    from ruamel.yaml import YAML

    path = folder / file_of(set_name)
    yaml = YAML(typ="safe")
    yaml.default_flow_style, yaml.allow_unicode, yaml.width = False, True, 1 << 16
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    out = io.StringIO()
    yaml.dump({"cards": {segment: list(versions) for segment, versions in cards.items()}}, out)
    replace_file(path, path.read_bytes() if path.is_file() else None, _HEAD + out.getvalue())
