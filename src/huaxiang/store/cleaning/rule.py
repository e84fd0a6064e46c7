"""What is to be done with one column, resolved from the written mapping."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from io import StringIO
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from huaxiang.errors import Said, SourceError
from huaxiang.plan.columns import derived_fields
from huaxiang.spec import units
from huaxiang.spec.canonical import DERIVED, FIELDS, STORED_AS
from huaxiang.spec.models import ColumnSpec, SourceSpec
from huaxiang.spec.sources import columns_read

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
NO_RATES: Mapping[str, float] = MappingProxyType({})
_SEPARATORS = "|;、，；｜"


@dataclass(frozen=True)
class Derived:
    """A column taken out of another one's values: its field, which part it is, and its declared type."""

    field: str
    part: str
    type: str

    @property
    def stored(self) -> pa.DataType:
        """Arrow type of the column."""
        return ARROW_TYPES[STORED_AS[self.type]]


@dataclass(frozen=True)
class ColumnRule:
    """One column of a source: its field, the file's column, the type, and all that limits its values.

    `timezone` is the project's, `zone` that of times which state none (None: the project's).
    `rate`: what one unit of `currency` is worth in the project's; `factor`: what one `unit` is in `convert_to`; None = as it is.
    `also`: further columns whose texts are joined to that of `column`.
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
    not_before: date | None = None
    empty_invalid: bool = False
    default: str | None = None
    currency: str | None = None
    rate: Decimal | None = None
    convert_to: str | None = None
    factor: Fraction | None = None
    derived: tuple[Derived, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def stored(self) -> pa.DataType:
        """Arrow type of the clean column."""
        return ARROW_TYPES[STORED_AS[self.type]]


def field_said(field: str) -> Said:
    """A field by its name."""
    return Said(f'field "{field}"', f"字段“{field}”")


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


def field_words(source: SourceSpec, field: str) -> Mapping[str, str | None] | None:
    """Words by which a mapped field is read, folded → value (None = not known): its own, or those of its type; None without any."""
    written = source.columns[field]
    spec = ColumnSpec.model_validate({"from": written}) if isinstance(written, str) else written
    return _vocabulary(spec, spec.type or FIELDS[source.entity].get(field, "text"))


def _vocabulary(spec: ColumnSpec, type_: str) -> Mapping[str, str | None] | None:
    if spec.vocabulary is None:
        return vocabularies().get(type_)
    words: dict[str, str | None] = {}
    for value, synonyms in spec.vocabulary.items():
        for word in (value, *((synonyms,) if isinstance(synonyms, str) else synonyms)):
            words[fold(word)] = value
    return words


def column_rule(
    source: SourceSpec, field: str, *, as_of: date, timezone: str, rates: Mapping[str, float] = NO_RATES
) -> ColumnRule:
    """Resolve the written mapping of `field`: defaults of the canonical model, vocabularies, the as-of date, rates and units.

    Raises SourceError when a declared currency has no rate, or a unit can't be converted.
    """
    written = source.columns[field]
    spec = ColumnSpec.model_validate({"from": written}) if isinstance(written, str) else written
    type_ = spec.type or FIELDS[source.entity].get(field, "text")
    return ColumnRule(
        field=field,
        column=columns_read(field, spec)[0],
        also=columns_read(field, spec)[1:],
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
        not_before=date.fromisoformat(spec.not_before) if spec.not_before else None,
        empty_invalid=spec.on_invalid == "empty",
        default=spec.default,
        currency=spec.currency,
        rate=_rate(source, field, spec, rates),
        convert_to=spec.convert_to,
        factor=_factor(source, field, spec),
        derived=_derived(source, field, type_),
    )


def _rate(source: SourceSpec, field: str, spec: ColumnSpec, rates: Mapping[str, float]) -> Decimal | None:
    if spec.currency is None:
        return None
    if spec.currency not in rates:
        known = sorted(rates)
        said = Said(
            f"`rates` of huaxiang.yaml has no {spec.currency} (it has: {', '.join(known) or 'none'}); add it",
            f"huaxiang.yaml 的 `rates` 中没有 {spec.currency}（已有：{'、'.join(known) or '无'}）；请补上",
        )
        raise SourceError(source.name, field_said(field), said)
    rate = Decimal(repr(rates[spec.currency]))
    return None if rate == 1 else rate


def _factor(source: SourceSpec, field: str, spec: ColumnSpec) -> Fraction | None:
    if spec.convert_to is None:
        return None
    factor = units.factor(spec.unit or spec.convert_to, spec.convert_to)
    if factor is None:
        unit = spec.unit or spec.convert_to
        said = Said(
            f"`{unit}` can't be converted to `{spec.convert_to}`; see the units in docs/cleaning.md",
            f"`{unit}` 无法换算为 `{spec.convert_to}`；可用的单位见 docs/cleaning.md",
        )
        raise SourceError(source.name, field_said(field), said)
    return factor


def _derived(source: SourceSpec, field: str, type_: str) -> tuple[Derived, ...]:
    parts = DERIVED.get(type_, {})
    return tuple(
        Derived(new, part, parts[part])
        for new, (column, part) in derived_fields(source).items()
        if column == field and part in parts
    )


def column_rules(
    source: SourceSpec, *, as_of: date, timezone: str, rates: Mapping[str, float] = NO_RATES
) -> tuple[ColumnRule, ...]:
    """Rules of all columns, in the order of the mapping. `rates`: currency → worth in the project's, which itself has 1."""
    return tuple(column_rule(source, field, as_of=as_of, timezone=timezone, rates=rates) for field in source.columns)
