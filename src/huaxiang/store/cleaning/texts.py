"""Texts: white space, full-width forms, contact data, words of a vocabulary, lists."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.store.cleaning.codes import FAULT, KIND, Cleaned, Codes
from huaxiang.store.cleaning.parts import Parsed, parse_each, parse_mostly
from huaxiang.store.cleaning.rule import ColumnRule, fold

_WIDE = r"[\x{FF10}-\x{FF19}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{3000}\x{00A0}\x{FEFF}\x{200B}]"
_NARROW = {
    **{code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    0x3000: " ",
    0xA0: " ",
    0xFEFF: None,
    0x200B: None,
}
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W_](?:[\w-]{0,61}[^\W_])?")


def tidy(texts: pa.Array, *, plain: bool) -> tuple[pa.Array, Codes]:
    """Remove surrounding space and make wide letters, digits and spaces plain; `plain`: full NFKC, for typed columns.

    Chinese punctuation of free text stays as it is: 「，」 is right in a sentence, and wrong only in a number.
    """
    if plain:
        wide = pc.utf8_normalize(texts, form="NFKC")
    else:
        wide = pc.utf8_normalize(texts, form="NFC")
        odd = pc.fill_null(pc.match_substring_regex(wide, _WIDE), False)
        if pc.any(odd).as_py():
            repaired = [text.translate(_NARROW) for text in wide.filter(odd).to_pylist()]
            wide = pc.replace_with_mask(wide, odd, pa.array(repaired, wide.type))
    trimmed = pc.utf8_trim_whitespace(wide)
    kinds = np.zeros(len(texts), np.int8)
    kinds[_differ(trimmed, wide)] = KIND["space"]
    kinds[_differ(pc.utf8_trim_whitespace(texts), trimmed)] = KIND["characters"]
    return trimmed, kinds


def _differ(left: pa.Array, right: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.not_equal(left, right), False).to_numpy(zero_copy_only=False))


def clean_emails(texts: pa.Array) -> Cleaned:
    """E-mail addresses in lower case. A domain that looks misspelt (gmial.com) stays: nobody knows who reads it."""
    easy = r"^[a-z0-9_%+-]+(\.[a-z0-9_%+-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$"
    return parse_mostly(texts, easy, lambda values: values, _email, pa.string())


def _email(text: str) -> Parsed:
    address = re.sub(r"^(?:mailto|e-?mail)\s*[:：]", "", text.strip("<>").lower()).replace("。", ".")
    address = re.sub(r"\s*@\s*", "@", address.strip(" .,;，；"))
    if len(address) > 254 or not _EMAIL.fullmatch(address) or ".." in address:
        return Parsed(None, "email")
    return Parsed(address, "", "" if address == text else "format")


def clean_words(texts: pa.Array, rule: ColumnRule) -> Cleaned:
    """Standard words of the rule's vocabulary; words that mean "not known" become NULL."""
    words = rule.vocabulary or {}

    def parse(text: str) -> Parsed:
        folded = fold(text)
        if folded in words:
            word = words[folded]
            return Parsed(word, "", "synonym" if word is not None and word != text else "")
        return Parsed(None, "vocabulary") if rule.strict else Parsed(text)

    return parse_each(texts, parse, pa.string())


def clean_booleans(texts: pa.Array, words: Mapping[str, str | None]) -> Cleaned:
    """是/否, Y/N, true/false, 1/0 … as booleans."""

    def parse(text: str) -> Parsed:
        word = words.get(fold(text))
        if word not in ("true", "false"):
            return Parsed(None, "" if fold(text) in words else "boolean")
        return Parsed(word == "true", "", "" if text in ("true", "false") else "synonym")

    return parse_each(texts, parse, pa.bool_())


def clean_lists(texts: pa.Array, rule: ColumnRule) -> Cleaned:
    """Lists of distinct items in their order, from separated texts or JSON arrays; an empty list is missing."""
    splitter = re.compile("[" + re.escape(rule.separators) + "]") if rule.separators else None

    def parse(text: str) -> Parsed:
        if text.startswith("["):
            items = _json_items(text)
            if items is None:
                return Parsed(None, "list")
        else:
            items = splitter.split(text) if splitter else [text]
        return _listed(items, rule)

    return parse_each(texts, parse, pa.list_(pa.string()))


def _json_items(text: str) -> list[str] | None:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or any(isinstance(item, dict | list) for item in items):
        return None
    return [item if isinstance(item, str) else json.dumps(item) for item in items if item is not None]


def _listed(items: list[str], rule: ColumnRule) -> Parsed:
    out: dict[str, None] = {}
    for item in items:
        text = unicodedata.normalize("NFC", item.translate(_NARROW)).strip()
        if not text or text in rule.missing:
            continue
        if rule.vocabulary is not None:
            if fold(text) not in rule.vocabulary and rule.strict:
                return Parsed(None, "vocabulary")
            text = rule.vocabulary.get(fold(text), text) or ""
        if text:
            out[text] = None
    return Parsed(list(out) or None)


def nul_faults(texts: pa.Array, faults: Codes) -> None:
    """Mark values that hold a NUL character."""
    holds = pc.fill_null(pc.match_substring(texts, "\0"), False).to_numpy(zero_copy_only=False)
    faults[holds] = FAULT["nul_byte"]
