"""How two values of a field are compared: levels of agreement, best first, as SQL over the helper columns.

Each level carries first guesses of how often it is seen between two records of one person (`m`) and of two persons (`u`). They
are what training starts from, and what remains for levels that the data never show. A `kin` level is one that relatives share more
often than strangers. Levels follow what the Splink documentation advises for names, dates and addresses (Jaro–Winkler .92 and
.8, Damerau–Levenshtein 1), with levels for Chinese names added: homophones, Pinyin, and the order of surname and given name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from huaxiang.learn.matching.fields import PLACES, Field

PERSONAL = ("name", "given_name", "date")
"""Kinds that relatives who live together share no more often than strangers, except on `kin` levels."""

_LONGEST = 40


@dataclass(frozen=True)
class Level:
    """One level of agreement. `when` is SQL over the columns `<helper>_l` and `<helper>_r`; None: whatever is left."""

    label: str
    when: str | None
    m: float
    u: float
    kin: bool = False


@dataclass(frozen=True)
class Comparison:
    """A compared field: when nothing can be said (`missing`), its levels, and the helper column whose rare values weigh more.

    `personal`: relatives agree on it no more often than strangers do. `unique`: helper column of a value that normally belongs to
    one person; strangers share it only by mistake, and blocking finds all pairs that do.
    """

    name: str
    missing: str
    levels: tuple[Level, ...]
    term: str | None
    personal: bool
    unique: str | None = None


def comparisons_of(fields: Sequence[Field]) -> tuple[Comparison, ...]:
    """The comparison of each field, in the order given."""
    kinds = {f.kind: f for f in fields}
    columns = {f.name for f in fields}
    return tuple(_comparison(f, kinds, columns) for f in fields)


def _comparison(field: Field, kinds: dict[str, Field], columns: set[str]) -> Comparison:
    x = f"v_{field.name}"
    missing = f"{x}_l IS NULL OR {x}_r IS NULL"
    term = x if field.term else None
    personal = field.kind in PERSONAL or field.identity
    if field.kind in ("given_name", "surname"):
        other = kinds.get("surname" if field.kind == "given_name" else "given_name")
        swapped = _swapped(x, f"v_{other.name}") if other else None
        if field.kind == "surname":
            gone = f"{missing} OR ({swapped} AND {x}_l <> {x}_r)" if swapped else missing
            return Comparison(field.name, gone, _surname(x), term, personal=False)
        return Comparison(field.name, missing, _given_name(x, swapped), term, personal)
    if field.name in PLACES and "address" in columns:
        missing = f"{missing} OR (v_address_l IS NOT NULL AND v_address_r IS NOT NULL)"
    if field.kind == "address":
        return Comparison(field.name, missing, _address(x), term, personal)
    if field.identity or field.kind in ("phone", "email"):
        levels = _identity(x) if field.identity else _LEVELS[field.kind](x)
        return Comparison(field.name, missing, (*_unique(x, levels[0]), *levels[1:]), None, personal, x)
    return Comparison(field.name, missing, _LEVELS[field.kind](x), term, personal)


def _unique(x: str, exact: Level) -> tuple[Level, Level]:
    """Equal values, held by few records or by many: a number that many share is nobody's own."""
    rare = Level("exact", f"{x}_l = {x}_r AND NOT {x}_many_l", exact.m, exact.u)
    return rare, Level("shared", exact.when, 0.02, exact.u, kin=True)


def _edits(x: str, most: int, shortest: int) -> str:
    """Few edits, a swap of neighbours counting as one, between values that are long enough for that to mean something.

    The edit distance costs the square of the length, so cheap conditions that it implies come first; CASE keeps that order.
    """
    near = f"abs(length({x}_l) - length({x}_r)) <= {most} AND least(length({x}_l), length({x}_r)) >= {shortest}"
    short = f"greatest(length({x}_l), length({x}_r)) <= {_LONGEST}"
    first = f"{near} AND {short} AND jaro_similarity({x}_l, {x}_r) >= 0.75"
    return f"CASE WHEN {first} THEN damerau_levenshtein({x}_l, {x}_r) <= {most} ELSE FALSE END"


def _alike(x: str, least: float) -> str:
    return f"jaro_winkler_similarity({x}_l, {x}_r) >= {least}"


def _name(x: str) -> tuple[Level, ...]:
    sur, giv, py = f"{x}_sur", f"{x}_giv", f"{x}_py"
    same = f"{sur}_l = {sur}_r"
    latin = f"NOT {x}_han_l AND NOT {x}_han_r"
    either = f"substr({x}_l, 2, 1) = substr({x}_r, 2, 1) OR substr({x}_l, 3, 1) = substr({x}_r, 3, 1)"
    one = f"{x}_han_l AND {x}_han_r AND {same} AND length({x}_l) = 3 AND length({x}_r) = 3 AND ({either})"
    part = f"{same} AND (starts_with({giv}_l, {giv}_r) OR starts_with({giv}_r, {giv}_l))"
    return (
        Level("exact", f"{x}_l = {x}_r", 0.8, 2e-4),
        Level("same_sound", f"{py}_l = {py}_r", 0.04, 2e-4),
        Level("order", f"{py}_l = {x}_rev_r", 0.01, 1e-5),
        Level("typo", f"({_edits(py, 1, 6)}) OR ({latin} AND {_alike(x, 0.95)})", 0.05, 4e-4),
        Level("part", part, 0.02, 1e-3, kin=True),
        Level("one_character", one, 0.02, 3e-3, kin=True),
        Level("given", f"{giv}_l = {giv}_r AND length({giv}_l) >= 2", 0.02, 2e-3),
        Level("alike", f"{latin} AND {_alike(x, 0.88)}", 0.02, 2e-3, kin=True),
        Level("surname", same, 0.01, 0.03, kin=True),
        Level("different", None, 0.01, 0.95),
    )


def _swapped(x: str, y: str) -> str:
    """Given name and surname stand in each other's place; where one of the four is unknown, the other two suffice."""
    one, two = (f"({x}_{a} = {y}_{b} AND coalesce({y}_{a} = {x}_{b}, TRUE))" for a, b in (("l", "r"), ("r", "l")))
    return f"({one} OR {two})"


def _inside(x: str, shortest: int) -> str:
    """One value contains the other, which is no mere syllable."""
    return f"least(length({x}_l), length({x}_r)) >= {shortest} AND (contains({x}_l, {x}_r) OR contains({x}_r, {x}_l))"


def _given_name(x: str, swapped: str | None) -> tuple[Level, ...]:
    initial = f"starts_with({x}_l, {x}_r) OR starts_with({x}_r, {x}_l) OR ({_inside(x, 3)})"
    order = (Level("order", swapped, 0.01, 1e-5),) if swapped else ()
    return (
        Level("exact", f"{x}_l = {x}_r", 0.8, 0.005),
        *order,
        Level("typo", f"{_alike(x, 0.92)} OR ({_edits(x, 1, 4)})", 0.08, 0.005),
        Level("part", initial, 0.02, 0.005),
        Level("alike", _alike(x, 0.8), 0.04, 0.02),
        Level("different", None, 0.05, 0.96),
    )


def _surname(x: str) -> tuple[Level, ...]:
    return (
        Level("exact", f"{x}_l = {x}_r", 0.85, 0.004, kin=True),
        Level("typo", f"{_alike(x, 0.92)} OR ({_edits(x, 1, 4)})", 0.08, 0.003, kin=True),
        Level("alike", f"{_alike(x, 0.8)} OR ({_inside(x, 3)})", 0.03, 0.02, kin=True),
        Level("different", None, 0.04, 0.97),
    )


def _date(x: str) -> tuple[Level, ...]:
    def part(start: int, length: int, side: str) -> str:
        return f"substr({x}_{side}, {start}, {length})"

    year = f"{part(1, 4, 'l')} = {part(1, 4, 'r')}"
    month = f"{part(5, 2, 'l')} = {part(5, 2, 'r')}"
    day = f"{part(7, 2, 'l')} = {part(7, 2, 'r')}"
    swapped = f"{part(5, 2, 'l')} = {part(7, 2, 'r')} AND {part(7, 2, 'l')} = {part(5, 2, 'r')}"
    only_year = f"length({x}_l) = 4 OR length({x}_r) = 4 OR {part(5, 4, 'l')} = '0101' OR {part(5, 4, 'r')} = '0101'"
    return (
        Level("exact", f"{x}_l = {x}_r", 0.85, 5e-5),
        Level("one_digit", _edits(x, 1, 8), 0.06, 1e-3),
        Level("day_month", f"{year} AND {swapped}", 0.01, 2e-4),
        Level("year_only", f"{year} AND ({only_year})", 0.01, 1e-3),
        Level("year_month", f"{year} AND {month}", 0.01, 2e-3),
        Level("month_day", f"{month} AND {day}", 0.01, 3e-3),
        Level("year", year, 0.01, 0.02),
        Level("different", None, 0.02, 0.97),
    )


def _phone(x: str) -> tuple[Level, ...]:
    ends = f"right({x}_l, 7) = right({x}_r, 7)"
    return (
        Level("exact", f"{x}_l = {x}_r", 0.75, 1e-5),
        Level("one_digit", _edits(x, 1, 7), 0.03, 1e-5),
        Level("tail", ends, 0.01, 1e-6),
        Level("different", None, 0.21, 0.99998),
    )


def _email(x: str) -> tuple[Level, ...]:
    local = f"split_part({x}_l, '@', 1) = split_part({x}_r, '@', 1) AND length(split_part({x}_l, '@', 1)) >= 4"
    return (
        Level("exact", f"{x}_l = {x}_r", 0.7, 1e-5),
        Level("same_mailbox", local, 0.04, 2e-5),
        Level("typo", _edits(x, 2, 8), 0.05, 1e-5),
        Level("alike", _alike(x, 0.9), 0.03, 1e-3),
        Level("different", None, 0.18, 0.999),
    )


def _address(x: str) -> tuple[Level, ...]:
    """Similarity of long texts is costly: it is asked only where numbers agree, or where the districts don't already differ."""
    txt, num, door, area = f"{x}_txt", f"{x}_num", f"{x}_door", f"{x}_area"
    inside = f"least(length({x}_l), length({x}_r)) >= 8 AND (ends_with({x}_l, {x}_r) OR ends_with({x}_r, {x}_l))"
    street = (
        f"{txt}_l = {txt}_r OR (length({txt}_l) >= 4 AND (ends_with({txt}_l, {txt}_r) OR ends_with({txt}_r, {txt}_l)))"
    )
    same = f"{door}_l = {door}_r AND ({area}_l = {area}_r OR {area}_l IS NULL OR {area}_r IS NULL)"
    numbers = f"CASE WHEN {num}_l = {num}_r OR ({num}_l IS NULL AND {num}_r IS NULL) THEN {street} OR {_alike(txt, 0.85)} ELSE FALSE END"
    alike = f"CASE WHEN {area}_l <> {area}_r THEN FALSE ELSE {_alike(txt, 0.85)} END"
    return (
        Level("exact", f"{x}_l = {x}_r", 0.6, 1e-5),
        Level("same_door", f"({inside}) OR ({same}) OR ({numbers})", 0.15, 2e-5),
        Level("street", street, 0.03, 1e-3),
        Level("alike", alike, 0.03, 0.01),
        Level("area", f"{area}_l = {area}_r", 0.05, 0.01),
        Level("different", None, 0.14, 0.98),
    )


def _postcode(x: str) -> tuple[Level, ...]:
    return (
        Level("exact", f"{x}_l = {x}_r", 0.75, 1e-3),
        Level("one_character", _edits(x, 1, 3), 0.06, 5e-3),
        Level(
            "sector",
            f"left({x}_l, greatest(length({x}_l) - 2, 2)) = left({x}_r, greatest(length({x}_r) - 2, 2))",
            0.05,
            0.01,
        ),
        Level("different", None, 0.14, 0.98),
    )


def _number(x: str) -> tuple[Level, ...]:
    return (
        Level("exact", f"{x}_l = {x}_r", 0.8, 0.01),
        Level("one_character", _edits(x, 1, 2), 0.08, 0.05),
        Level("different", None, 0.12, 0.94),
    )


def _identity(x: str) -> tuple[Level, ...]:
    return (
        Level("exact", f"{x}_l = {x}_r", 0.9, 1e-6),
        Level("typo", _edits(x, 2, 6), 0.08, 1e-6),
        Level("different", None, 0.02, 0.999998),
    )


def _exact(x: str) -> tuple[Level, ...]:
    return (Level("exact", f"{x}_l = {x}_r", 0.95, 0.3), Level("different", None, 0.05, 0.7))


def _text(x: str) -> tuple[Level, ...]:
    return (
        Level("exact", f"{x}_l = {x}_r", 0.75, 0.01),
        Level("typo", f"{_alike(x, 0.92)} OR ({_edits(x, 1, 4)})", 0.1, 0.005),
        Level("part", _inside(x, 4), 0.03, 0.005),
        Level("alike", _alike(x, 0.8), 0.03, 0.02),
        Level("different", None, 0.09, 0.96),
    )


_LEVELS = {
    "name": _name,
    "date": _date,
    "phone": _phone,
    "email": _email,
    "postcode": _postcode,
    "number": _number,
    "exact": _exact,
    "text": _text,
}
