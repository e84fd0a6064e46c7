"""Which fields of the records are compared, as what kind, and which helper columns that needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.errors import UsageError
from huaxiang.spec.people import ComparisonSpec, MatchingSpec

KNOWN: tuple[tuple[str, str], ...] = (
    (r"(full_|real_|customer_|contact_|person_)?name(_zh|_cn)?", "name"),
    (r"given_?names?|first_?names?|forenames?", "given_name"),
    (r"surnames?|last_?name|family_?name", "surname"),
    (r"birth_?date|date_of_birth|dob|birthday", "date"),
    (r"(mobile_?|contact_|home_|cell_?)?(phone|telephone|tel|mobile)(_number|_no)?", "phone"),
    (r"e?_?mail(_address)?", "email"),
    (r"(home_|full_|postal_|delivery_|contact_)?address|street|street_name|address_?(line_?)?1", "address"),
    (r"post_?code|postal_code|zip(_?code)?", "postcode"),
    (r"house_?(number|no)|street_?(number|no)|(id|passport|identity)_(number|no|card)", "number"),
    (r"gender|sex", "exact"),
    (r"address_?(line_?)?[23]|suburb|town|city|district|county|province|state|region|country", "text"),
    (r"birth_?place|place_of_birth|occupation|profession|company|employer|nickname|maiden_name", "text"),
)
"""Field names that are compared by default, each with its kind."""

PLACES = ("district", "suburb", "town", "city", "county", "state", "province", "region")
"""Places that a full address says too: compared only where an address is unknown."""
_COARSE = ("province", "country", "region")
_FINE = ("city", "district", "suburb", "town", "county", "postcode", "address")
_FEW = 200
_SAMPLE = 20_000


@dataclass(frozen=True)
class Field:
    """A field that is compared: its column, its kind, and whether agreement on a rare value weighs more."""

    name: str
    kind: str
    term: bool = True
    identity: bool = False


def choose_fields(records: pa.Table, spec: MatchingSpec) -> tuple[Field, ...]:
    """Fields to compare: those that `spec` declares, else every known field that has values and repeats nothing that another says.

    Raises UsageError when a declared field is no column of the records.
    """
    if spec.comparisons:
        declared = [c if isinstance(c, ComparisonSpec) else ComparisonSpec(field=c) for c in spec.comparisons]
        return tuple(_declared(records, spec, d) for d in declared)
    found = [Field(c, kind, identity=_is_id(c)) for c in sorted(records.column_names) if (kind := known_kind(c))]
    found = [f for f in found if _has_values(records, f.name)]
    return tuple(_with_terms(records, f) for f in _without_repeats(records, found))


def known_kind(name: str) -> str | None:
    """Kind of a field whose name is known, else None."""
    return next((kind for pattern, kind in KNOWN if re.fullmatch(pattern, name)), None)


def _is_id(name: str) -> bool:
    return known_kind(name) == "number" and not re.match(r"(house|street)", name)


def _declared(records: pa.Table, spec: MatchingSpec, declared: ComparisonSpec) -> Field:
    if declared.field not in records.column_names:
        raise UsageError(
            f'matching {spec.name}: field "{declared.field}" of `comparisons` is in no source that describes people; '
            "map it in a source, or take it out",
            f"匹配 {spec.name}：描述人的数据源中都没有 `comparisons` 的字段“{declared.field}”；请在数据源中映射它，或去掉这一项",
        )
    kind = declared.kind
    if kind == "auto":
        kind = known_kind(declared.field) or _guess_kind(records.column(declared.field))  # type: ignore[assignment]
    field = _with_terms(records, Field(declared.field, kind, identity=_is_id(declared.field)))
    return (
        field if declared.term_frequency is None else Field(field.name, kind, declared.term_frequency, field.identity)
    )


def _guess_kind(column: pa.ChunkedArray) -> str:
    """Kind of an unknown column: dates by type, else by how the values look and how many there are."""
    if pa.types.is_temporal(column.type):
        return "date"
    text = _texts(column)
    if not len(text):
        return "exact"
    share = len(text) and pc.sum(pc.match_substring_regex(text, r"^[\d\s./-]+$")).as_py() / len(text)
    if share > 0.9:
        dates = pc.sum(pc.match_substring_regex(text, r"^\d{4}[-/.]?\d{2}[-/.]?\d{2}$")).as_py() / len(text)
        return "date" if dates > 0.9 else "number"
    short = pc.mean(pc.utf8_length(text)).as_py() <= 2
    return "exact" if short or (pc.count_distinct(text).as_py() < _FEW and len(text) > 10 * _FEW) else "text"


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.drop_null().slice(0, _SAMPLE).cast(pa.string())


def _has_values(records: pa.Table, name: str) -> bool:
    column = records.column(name)
    known = len(column) - column.null_count
    return known >= max(2, len(column) // 200) and bool(
        pc.count_distinct(column.drop_null().slice(0, _SAMPLE)).as_py() > 1
    )


def _with_terms(records: pa.Table, field: Field) -> Field:
    few = pc.count_distinct(records.column(field.name).drop_null().slice(0, _SAMPLE)).as_py() <= 5
    return Field(field.name, field.kind, not few and not field.identity, field.identity)


def _without_repeats(records: pa.Table, fields: Iterable[Field]) -> list[Field]:
    """Leave out fields that say again what another says: agreement would count twice."""
    chosen = {f.name: f for f in fields}
    parts = [f for f in chosen.values() if f.kind in ("given_name", "surname")]
    names = [f for f in chosen.values() if f.kind == "name"]
    if names and parts:
        fullest = max(_known(records, f.name) for f in names)
        whole = fullest > min(_known(records, f.name) for f in parts) or len({f.kind for f in parts}) < 2
        for f in parts if whole else names:
            del chosen[f.name]
    if "address" in chosen and 5 * _known(records, "address") >= records.num_rows:
        chosen.pop("street", None)
        best = max((p for p in PLACES if p in chosen), key=lambda p: _known(records, p), default=None)
        for place in PLACES:
            if place != best:
                chosen.pop(place, None)
    elif any(f in chosen for f in _FINE):
        for coarse in _COARSE:
            chosen.pop(coarse, None)
    return list(chosen.values())


def _known(records: pa.Table, name: str) -> int:
    return int(records.num_rows - records.column(name).null_count)
