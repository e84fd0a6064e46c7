"""Which field a column of an uploaded file may fill: by its name, by how the project maps it elsewhere, by what its values look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from typing import Any

from huaxiang.app.catalogue import load_catalogue
from huaxiang.spec.canonical import FIELDS
from huaxiang.spec.loader import Project
from huaxiang.spec.sources import columns_read

SUGGESTION_KEYS = ("column", "field", "type", "why", "more")
"""`more`: further keys of the mapping, as another source of the project has them (missing, vocabulary, derive …).
`why`: name (a synonym) · project (another source maps a column of this name) · content (what the values look like) · catalogue (the
standard attribute of this name) · own (a field of its own) · none (left out).
"""
KEY = "customer_key"
_KEYS = frozenset({KEY, "account_key"})
_PERSONAL = frozenset({"phone", "email", "id_number"})
_TELLING: Mapping[str, Mapping[str, int]] = {
    "person": {
        "name": 1, "gender": 2, "birth_date": 2, "education": 2, "member_level": 2, "registered_at": 2, "marital_status": 2, "age": 1,
    },
    "account": {"account_key": 2, "industry": 2, "size": 1},
    "order": {"order_id": 2, "ordered_at": 1, "amount": 1, "payment": 2, "store": 1, "coupon_discount": 1},
    "order_line": {"product_id": 1, "product": 1, "quantity": 2, "price": 1, "subcategory": 1},
    "event": {"event": 2, "event_id": 2, "device_type": 1, "os": 1, "browser": 1, "page": 2},
    "interaction": {"interaction_id": 3, "outcome": 1, "campaign": 1},
    "answer": {"survey": 2, "question": 2, "answer": 2},
    "text": {"body": 4, "rating": 2},
    "consent": {"granted": 3, "evidence": 1},
}  # fmt: skip
"""Fields that tell one entity from the others, and how much."""
_BY_TYPE = {
    "phone": "phone",
    "email": "email",
    "gender": "gender",
    "education": "education",
    "marital_status": "marital_status",
}
_REUSED = (
    "type", "format", "unit", "missing", "vocabulary", "strict", "on_invalid", "derive", "not_before", "not_after_as_of", "separator",
)  # fmt: skip
_LONGEST = 63


def suggest_entity(columns: Sequence[Mapping[str, Any]]) -> str:
    """The entity whose telling fields the names of the columns hold most of; `person` when none does, and
    `reference` when nothing in it points at a customer.
    """
    found = {field for one in columns for field in fields_named(one["name"])}
    if not found & _KEYS and not any(one["type"] in _PERSONAL for one in columns):
        return "reference"
    scores = {
        entity: sum(weight for one, weight in telling.items() if one in found) for entity, telling in _TELLING.items()
    }
    if scores["order_line"] and scores["order"]:  # a line of an order holds what the order holds
        scores["order_line"] += scores["order"]
    best = max(scores, key=lambda entity: scores[entity])
    return best if scores[best] else "person"


def suggest_mapping(project: Project, entity: str, columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One suggestion (SUGGESTION_KEYS) a column, in their order; no field twice. A column without values is left out (`field` None)."""
    known = FIELDS[entity]
    mapped, written = _project_names(project, entity)
    keys = frozenset(key.field for key in project.identity.values())
    taken: set[str] = set()
    found: list[dict[str, Any]] = []
    for one in columns:
        field, why = _propose(one, known, (mapped, keys), taken)
        if field is not None:
            taken.add(field)
        more = dict(written.get(field or "", {})) if why == "project" else {}
        type_ = more.pop("type", None) or known.get(field or "") or str(one["type"])
        found.append({"column": one["name"], "field": field, "type": type_, "why": why, "more": more})
    return found


def _own_key(name: str, mapped: Mapping[str, str], keys: frozenset[str]) -> str:
    """The project's key for what is called like a customer's number: the one that is filled from columns of the most similar name."""
    near = {other: field for other, field in mapped.items() if field in keys and KEY in fields_named(other)}
    return near[max(near, key=lambda other: SequenceMatcher(None, name, other).ratio())] if near else KEY


def _propose(
    one: Mapping[str, Any], known: Mapping[str, str], project: tuple[Mapping[str, str], frozenset[str]], taken: set[str]
) -> tuple[str | None, str]:
    name, (mapped, keys) = _folded(one["name"]), project
    if not one["filled"]:
        return None, "none"
    if name in mapped and mapped[name] not in taken:
        return mapped[name], "project"
    for field in fields_named(one["name"]):
        meant = _own_key(name, mapped, keys) if field == KEY and KEY not in keys else field
        if meant in (known.keys() | keys) and meant not in taken:
            return meant, "name"
    by_type = _BY_TYPE.get(one["type"])
    if by_type and by_type in known and by_type not in taken:
        return by_type, "content"
    if one["type"] == "id_number" and "id_number" not in taken:
        return "id_number", "content"
    code = _catalogue_names().get(name)
    if code and code not in taken:
        return code, "catalogue"
    return _own_name(one["name"], taken | set(known)), "own"


def fields_named(name: str) -> list[str]:
    """Fields whose synonyms are the name, then those whose synonyms it holds, the longest first."""
    folded = _folded(name)
    words = _synonyms()
    exact = [field for word, fields in words.items() if word == folded for field in fields]
    if exact or len(folded) < 3:
        return exact
    inside = sorted(
        (word for word in words if len(word) > 1 and not word.isascii() and word in folded), key=len, reverse=True
    )
    return [field for word in inside for field in words[word]]


@cache
def _synonyms() -> Mapping[str, tuple[str, ...]]:
    """Folded synonym → fields."""
    from ruamel.yaml import YAML

    written = YAML(typ="safe").load((files("huaxiang") / "templates" / "source_synonyms.yaml").read_text("utf-8"))
    words: dict[str, list[str]] = {}
    for field, synonyms in written.items():
        for word in (field, *synonyms):
            found = words.setdefault(_folded(str(word)), [])
            if field not in found:
                found.append(field)
    return {word: tuple(fields) for word, fields in words.items()}


@cache
def _catalogue_names() -> Mapping[str, str]:
    """Folded title of a standard attribute, in either language → its code."""
    items = load_catalogue().attributes
    return {
        _folded(title): item.code
        for item in items
        if not item.off_by_default
        for title in (item.zh, item.en, item.code)
    }


def _project_names(project: Project, entity: str) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """Folded column name → the field that sources of the same entity fill from it; then the identity keys of the project, by title. And the
    mapping of each such field, as it is written there.
    """
    found: dict[str, str] = {}
    how: dict[str, dict[str, Any]] = {}
    for source in project.sources.values():
        if source.entity == entity:
            for field, written in source.columns.items():
                names = columns_read(field, written)
                if (
                    len(names) == 1
                    and found.setdefault(_folded(names[0]), field) == field
                    and not isinstance(written, str)
                ):
                    plain = written.model_dump(mode="json", exclude_unset=True, exclude={"from_"})
                    how.setdefault(field, {key: value for key, value in plain.items() if key in _REUSED})
    for key in project.identity.values():
        for title in _titles(key.title, key.name, key.field):
            found.setdefault(_folded(title), key.field)
    return found, how


def _titles(title: Any, *more: str) -> Iterable[str]:
    yield from more
    if isinstance(title, str):
        yield title
    elif title is not None:
        yield from (title.zh, title.en)


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).lower()


def _own_name(name: str, taken: set[str]) -> str:
    """A field name of a column's name: its ASCII letters, or its pinyin."""
    from pypinyin import lazy_pinyin

    plain = "_".join(lazy_pinyin(unicodedata.normalize("NFKC", name), errors="default"))
    slug = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "column"
    slug = (slug if slug[0].isalpha() else f"c_{slug}")[:_LONGEST].strip("_")
    found, number = slug, 2
    while found in taken:
        found, number = f"{slug[: _LONGEST - 4]}_{number}", number + 1
    return found
