"""What is to be done with one column, resolved from the written mapping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any

import pyarrow as pa

from huaxiang.spec.canonical import FIELDS, STORED_AS
from huaxiang.spec.models import ColumnSpec, SourceSpec

ARROW_TYPES: Mapping[str, pa.DataType] = {
    "VARCHAR": pa.string(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DECIMAL(18,4)": pa.decimal128(18, 4),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "BOOLEAN": pa.bool_(),
    "VARCHAR[]": pa.list_(pa.string()),
}
_SEPARATORS = "|;、，；｜"


@dataclass(frozen=True)
class ColumnRule:
    """One column of a source: its field, the file's column, the type, and all that limits its values.

    `timezone` is the project's, `zone` that of times which state none (None: the project's).
    `vocabulary` maps folded spellings (see `fold`) to the standard word, or to None for words that mean "not known".
    """

    field: str
    column: str
    type: str
    format: str | None = None
    unit: str | None = None
    scale: float | None = None
    vocabulary: Mapping[str, str | None] | None = None
    strict: bool = True
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    not_after: date | None = None
    missing: frozenset[str] = frozenset()
    separators: str = _SEPARATORS
    timezone: str = "Asia/Shanghai"
    zone: str | None = None

    @property
    def stored(self) -> pa.DataType:
        """Arrow type of the clean column."""
        return ARROW_TYPES[STORED_AS[self.type]]


def fold(text: str) -> str:
    """Spelling used to compare words: NFKC, lower case, single spaces, no surrounding space."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().lower()


@cache
def _written_vocabularies() -> Mapping[str, Any]:
    from ruamel.yaml import YAML

    text = (files("huaxiang") / "templates" / "vocabularies.yaml").read_text(encoding="utf-8")
    return dict(YAML(typ="safe").load(StringIO(text)))


@cache
def vocabulary_titles() -> Mapping[str, Mapping[str, dict[str, str]]]:
    """Standard words of the built-in vocabularies in display order: name → word → {"zh", "en"}."""
    return {
        name: {str(value): {"zh": spec["zh"], "en": spec["en"]} for value, spec in entry["values"].items()}
        for name, entry in _written_vocabularies().items()
    }


@cache
def vocabularies() -> Mapping[str, Mapping[str, str | None]]:
    """Built-in vocabularies of `templates/vocabularies.yaml`: name → folded spelling → standard word (None = not known)."""
    out: dict[str, Mapping[str, str | None]] = {}
    for name, entry in _written_vocabularies().items():
        words: dict[str, str | None] = {fold(str(word)): None for word in entry.get("unknown", ())}
        for value, spec in entry["values"].items():
            for word in (value, spec["zh"], spec["en"], *spec.get("synonyms", ())):
                words[fold(str(word))] = str(value)
        out[name] = words
    return out


def _vocabulary(spec: ColumnSpec, type_: str) -> Mapping[str, str | None] | None:
    if spec.vocabulary is None:
        return vocabularies().get(type_)
    words: dict[str, str | None] = {}
    for value, synonyms in spec.vocabulary.items():
        for word in (value, *((synonyms,) if isinstance(synonyms, str) else synonyms)):
            words[fold(word)] = value
    return words


def column_rule(source: SourceSpec, field: str, *, as_of: date, timezone: str) -> ColumnRule:
    """Resolve the written mapping of `field`: defaults of the canonical model, vocabularies, the as-of date."""
    written = source.columns[field]
    spec = ColumnSpec.model_validate({"from": written}) if isinstance(written, str) else written
    type_ = spec.type or FIELDS[source.entity].get(field, "text")
    return ColumnRule(
        field=field,
        column=spec.from_ or field,
        type=type_,
        format=spec.format,
        unit=spec.unit,
        scale=spec.scale,
        vocabulary=_vocabulary(spec, type_),
        strict=spec.strict,
        required=spec.required,
        minimum=spec.minimum,
        maximum=spec.maximum,
        not_after=as_of if spec.not_after_as_of else None,
        missing=frozenset(spec.missing),
        separators=spec.separator or _SEPARATORS,
        timezone=timezone,
        zone=spec.timezone,
    )


def column_rules(source: SourceSpec, *, as_of: date, timezone: str) -> tuple[ColumnRule, ...]:
    """Rules of all columns, in the order of the mapping."""
    return tuple(column_rule(source, field, as_of=as_of, timezone=timezone) for field in source.columns)
