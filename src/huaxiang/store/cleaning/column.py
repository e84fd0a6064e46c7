"""Clean one column: native Arrow types directly, everything else as distinct texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.store.cleaning import addresses, dates, ids, names, numbers, phones, texts
from huaxiang.store.cleaning.codes import FAULT, KIND, Cleaned, clean
from huaxiang.store.cleaning.derive import derive
from huaxiang.store.cleaning.rule import ColumnRule, fold, vocabularies

_TEXTUAL = ("text", "gender", "education", "marital_status", "list")


def clean_column(values: pa.Array, rule: ColumnRule) -> Cleaned:
    """Typed values of one column, and what is derived from them; each fault names the first rule that the value breaks."""
    plain = not (rule.missing or rule.vocabulary or rule.unit or rule.currency or rule.convert_to)
    native = _native(values, rule) if plain else None
    cleaned = native if native is not None else _by_distinct(as_texts(values), rule)
    return _limited(cleaned, rule)


def _by_distinct(values: pa.Array, rule: ColumnRule) -> Cleaned:
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    distinct = _distinct_texts(encoded.dictionary.cast(pa.string()), rule)
    index = encoded.indices
    where = pc.fill_null(index, 0).to_numpy(zero_copy_only=False)
    if len(distinct.values) == 0:
        return clean(pa.nulls(len(values), rule.stored), tuple(pa.nulls(len(values), d.stored) for d in rule.derived))
    present = index.is_valid().to_numpy(zero_copy_only=False)
    derived = tuple(column.take(index) for column in distinct.derived)
    return Cleaned(
        distinct.values.take(index), distinct.faults[where] * present, distinct.kinds[where] * present, derived
    )


def _distinct_texts(raw: pa.Array, rule: ColumnRule) -> Cleaned:
    tidied, kinds = texts.tidy(raw, plain=rule.type not in _TEXTUAL)
    void = pc.equal(tidied, "")
    if rule.missing:
        absent = pa.array(sorted(rule.missing), pa.string())
        void = pc.or_(void, pc.or_(pc.is_in(tidied, absent), pc.is_in(raw, absent)))
    present = pc.if_else(void, None, tidied)
    parsed = _parse(_premapped(present, rule), rule)
    if rule.missing and rule.type in ("date", "datetime"):
        void = pc.or_(void, _missing_days(parsed.values, rule))
        parsed = Cleaned(pc.if_else(void, None, parsed.values), parsed.faults, parsed.kinds)
    kinds = np.where(parsed.kinds != 0, parsed.kinds, kinds).astype(np.int8)
    kinds[void.to_numpy(zero_copy_only=False)] = 0
    faults = parsed.faults.copy()
    texts.nul_faults(raw, faults)
    kinds[faults != 0] = 0
    derived = derive(parsed.values, present, rule) if rule.derived else ()
    return Cleaned(parsed.values, faults, kinds, derived)


def _missing_days(values: pa.Array, rule: ColumnRule) -> pa.Array:
    """Which days or times are one of those declared to mean none (1900-01-01), however they are written in the file."""
    words = _parse(pa.array(sorted(rule.missing), pa.string()), rule).values.drop_null()
    return pc.fill_null(pc.is_in(values, words), False)


def _premapped(values: pa.Array, rule: ColumnRule) -> pa.Array:
    """A vocabulary on a number, date … column: known words are replaced before the value is read."""
    if rule.vocabulary is None or rule.type in (*_TEXTUAL, "boolean"):
        return values
    words = rule.vocabulary
    return pa.array([None if v is None else words.get(fold(v), v) for v in values.to_pylist()], pa.string())


def _parse(values: pa.Array, rule: ColumnRule) -> Cleaned:
    if rule.type in ("gender", "education", "marital_status") or (rule.type == "text" and rule.vocabulary is not None):
        return texts.clean_words(values, rule)
    return _PARSERS[rule.type](values, rule)


_PARSERS: Mapping[str, Callable[[pa.Array, ColumnRule], Cleaned]] = MappingProxyType(
    {
        "text": lambda values, _: clean(values),
        "phone": lambda values, _: phones.clean_phones(values),
        "name": lambda values, _: names.clean_names(values),
        "address": lambda values, _: _addresses(values),
        "id_number": lambda values, _: ids.clean_id_numbers(values),
        "email": lambda values, _: texts.clean_emails(values),
        "boolean": lambda values, rule: texts.clean_booleans(values, rule.vocabulary or vocabularies()["boolean"]),
        "list": texts.clean_lists,
        "integer": numbers.clean_integers,
        "number": numbers.clean_numbers,
        "money": numbers.clean_money,
        "date": dates.clean_dates,
        "datetime": dates.clean_datetimes,
    }
)


def _addresses(values: pa.Array) -> Cleaned:
    tidied = addresses.tidy_addresses(values)
    changed = pc.fill_null(pc.not_equal(tidied, values), False).to_numpy(zero_copy_only=False)
    return Cleaned(tidied, np.zeros(len(values), np.int8), np.where(changed, KIND["space"], 0).astype(np.int8))


def as_texts(values: pa.Array) -> pa.Array:
    """Any supported array as texts; whole floats without `.0`, NaN as missing. Raises TypeError for nested types."""
    kind = values.type
    if pa.types.is_dictionary(kind) and not pa.types.is_string(kind.value_type):
        return as_texts(values.dictionary_decode())
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        return values
    if pa.types.is_floating(kind):
        return _float_texts(values)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _list_texts(values)
    if pa.types.is_nested(kind):
        raise TypeError(f"nested values ({kind})")
    return values.cast(pa.string())


def _float_texts(values: pa.Array) -> pa.Array:
    floats = np.asarray(pc.fill_null(values.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False))
    missing = np.isnan(floats)
    with np.errstate(invalid="ignore"):
        whole = (np.abs(floats) < 2.0**53) & (np.floor(floats) == floats)
    if bool(np.all(whole | missing)):
        return pa.array(np.where(missing, 0, floats).astype(np.int64), mask=missing).cast(pa.string())
    return pa.array(
        [None if np.isnan(f) else str(int(f)) if w else repr(float(f)) for f, w in zip(floats, whole, strict=True)],
        pa.string(),
    )


def _list_texts(values: pa.Array) -> pa.Array:
    import json

    inner = values.type.value_type
    if pa.types.is_nested(inner) or pa.types.is_binary(inner):
        raise TypeError(f"lists of {inner}")
    rows = values.cast(pa.list_(pa.string())).to_pylist()
    return pa.array([None if row is None else json.dumps(row, ensure_ascii=False) for row in rows], pa.string())


def _native(values: pa.Array, rule: ColumnRule) -> Cleaned | None:
    """Cleaning of typed files without a detour through texts, where the file's type fits the field's; else None."""
    kind, stored = values.type, rule.stored
    if pa.types.is_null(kind):
        return clean(pa.nulls(len(values), stored), tuple(pa.nulls(len(values), d.stored) for d in rule.derived))
    if rule.type == "text" and (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        return clean(values.cast(pa.string()))
    if rule.type == "boolean" and pa.types.is_boolean(kind):
        return clean(values)
    if pa.types.is_date(kind) and rule.type in ("date", "datetime"):
        return clean(values.cast(stored))
    if pa.types.is_timestamp(kind) and rule.type in ("date", "datetime"):
        convert = dates.dates_from_stamps if rule.type == "date" else dates.local_stamps
        return clean(convert(values, rule.timezone, rule.zone))
    return _native_number(values, rule)


def _native_number(values: pa.Array, rule: ColumnRule) -> Cleaned | None:
    kind = values.type
    signed = pa.types.is_signed_integer(kind) or kind in (pa.uint8(), pa.uint16(), pa.uint32())
    if rule.type == "number" and (signed or pa.types.is_floating(kind)):
        return _number(values.cast(pa.float64(), safe=False), rule)
    if rule.scale is not None:
        return None
    if rule.type == "integer":
        return (
            clean(values.cast(pa.int64()))
            if signed
            else numbers.integers_from_floats(values)
            if pa.types.is_floating(kind)
            else None
        )
    if rule.type == "money":
        if pa.types.is_float64(kind):
            return numbers.money_from_floats(values)
        if signed:
            return numbers.money_from_integers(values.cast(pa.int64()))
    return None


def _number(values: pa.Array, rule: ColumnRule) -> Cleaned:
    kept = pc.if_else(pc.is_nan(values), None, values)
    if rule.scale is not None:
        inverse = Decimal(1) / Decimal(repr(rule.scale)) if rule.scale else Decimal(0)
        whole = inverse != 0 and inverse == inverse.to_integral_value()  # cents: / 100 is exact where × 0.01 is not
        kept = pc.divide(kept, float(inverse)) if whole else pc.multiply(kept, rule.scale)
    beyond = pc.greater_equal(pc.abs(kept), numbers.MOST)
    faults = np.where(pc.fill_null(beyond, False).to_numpy(zero_copy_only=False), FAULT["out_of_range"], 0)
    kept = pc.if_else(beyond, None, kept)
    return Cleaned(kept, faults.astype(np.int8), np.zeros(len(values), np.int8))


def _limited(cleaned: Cleaned, rule: ColumnRule) -> Cleaned:
    """Apply minimum, maximum, earliest and latest day; empty what is invalid and fill in the default where that is declared;
    then `required`. An emptied value that is required stays at its own fault.
    """
    values, faults = cleaned.values, cleaned.faults.copy()
    _mark_bounds(values, faults, rule)
    kinds = np.where(faults != 0, 0, cleaned.kinds).astype(np.int8)
    original = faults.copy()
    if rule.empty_invalid:
        kinds[faults != 0] = KIND["emptied"]
        faults[:] = 0
    void = original != 0
    if void.any():
        values = pc.if_else(pa.array(void), None, values)
    derived = tuple(pc.if_else(pa.array(void), None, column) if void.any() else column for column in cleaned.derived)
    if rule.default is not None:
        values, kinds, derived = _filled(values, kinds, faults, derived, rule)
    if rule.required:
        lacking = (faults == 0) & values.is_null().to_numpy(zero_copy_only=False)
        faults[lacking] = np.where(original[lacking] != 0, original[lacking], FAULT["required"])
        kinds[lacking] = 0
    return Cleaned(values, faults, kinds, derived)


def default_is_valid(rule: ColumnRule) -> bool:
    """Whether the declared default, if there is one, is a value that the column takes."""
    if rule.default is None:
        return True
    filling = _default(rule)
    return not filling.faults[0] and filling.values[0].is_valid


def _default(rule: ColumnRule) -> Cleaned:
    """The declared default as the only value of a column, in the project's currency and the unit of the result."""
    plain = replace(rule, default=None, empty_invalid=False, required=False, missing=frozenset(), vocabulary=None)
    plain = replace(plain, currency=None, rate=None, convert_to=None, factor=None, scale=None)
    return clean_column(pa.array([rule.default], pa.string()), replace(plain, vocabulary=rule.vocabulary))


def _mark_bounds(values: pa.Array, faults: np.ndarray, rule: ColumnRule) -> None:
    def mark(mask: pa.Array, code: str) -> None:
        hit = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
        faults[(faults == 0) & hit] = FAULT[code]

    if rule.type in ("integer", "number", "money"):
        if rule.minimum is not None:
            mark(pc.less(values, _bound(rule.minimum, rule)), "below_minimum")
        if rule.maximum is not None:
            mark(pc.greater(values, _bound(rule.maximum, rule)), "above_maximum")
    if rule.type in ("date", "datetime"):
        if rule.not_after is not None:
            mark(dates.after(values, rule.not_after), "after_as_of")
        if rule.not_before is not None:
            mark(dates.before(values, rule.not_before), "too_early")


def _filled(
    values: pa.Array, kinds: np.ndarray, faults: np.ndarray, derived: tuple[pa.Array, ...], rule: ColumnRule
) -> tuple[pa.Array, np.ndarray, tuple[pa.Array, ...]]:
    """The declared default where there is no value, also after an invalid one was emptied."""
    filling = _default(rule)
    lacking = values.is_null().to_numpy(zero_copy_only=False) & (faults == 0)
    if not lacking.any():
        return values, kinds, derived
    mask = pa.array(lacking)
    kinds = np.where(lacking & (kinds != KIND["emptied"]), KIND["default"], kinds).astype(np.int8)
    filled = tuple(pc.if_else(mask, own[0], column) for own, column in zip(filling.derived, derived, strict=True))
    return pc.if_else(mask, filling.values[0], values), kinds, filled


def _bound(bound: float, rule: ColumnRule) -> pa.Scalar:
    if rule.type == "money":
        return pa.scalar(Decimal(repr(bound)).quantize(Decimal("0.0001")), numbers.MONEY)
    return pa.scalar(float(bound), pa.float64())
