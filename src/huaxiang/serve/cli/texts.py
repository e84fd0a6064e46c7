"""What the command line says, in Chinese and English: `templates/locales/*.json`, looked up by key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("zh-CN", "en")
_language: ContextVar[str] = ContextVar("language", default="zh-CN")


def language() -> str:
    """Return the language that texts are shown in now."""
    return _language.get()


def speak(lang: str) -> None:
    """Show texts in `lang`, one of LANGUAGES, from now on."""
    _language.set(lang)


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Return all texts of a language by key."""
    path = resources.files("huaxiang") / "templates" / "locales" / f"{lang}.json"
    texts: dict[str, str] = json.loads(path.read_text("utf-8"))
    return texts


def t(key: str, **values: Any) -> str:
    """Return the text of `key` in the current language with `{name}` filled in. Raises KeyError for an unknown key."""
    text = catalogue(language())[key]
    return text.format(**values) if values else text


def t_or(key: str, default: str) -> str:
    """Return the text of `key`, or `default` when there is none (codes and names that come from elsewhere)."""
    return catalogue(language()).get(key, default)


def pick(text: Any, default: str = "") -> str:
    """Return a manifest text, `{"zh": …, "en": …}` or plain, in the current language."""
    if isinstance(text, Mapping):
        return str(text.get("en" if language() == "en" else "zh") or default)
    return str(text) if text else default
