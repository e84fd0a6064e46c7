"""Numbers and exact money."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.spec import units
from huaxiang.store.cleaning.codes import FAULT, KIND, Cleaned
from huaxiang.store.cleaning.parts import Parsed, assemble, parse_each, parse_mostly
from huaxiang.store.cleaning.rule import ColumnRule

MONEY = pa.decimal128(18, 4)
MOST = 2.0**63
"""Numbers lie below, as integers do: sums of them are exact to eight decimals (engines/words.py), in which a larger one would be lost."""
_CENT = Decimal("0.0001")
_LIMIT = Decimal(10) ** 14
_EXACT = 9e11  # below it, value × 10,000 is an exact whole number in a double
_CURRENCY = re.compile(
    r"^(?:rmb|cny|usd|eur|gbp|hkd|jpy|us\$|hk\$|人民币|[¥$€£])|(?:rmb|cny|usd|eur|gbp|hkd|jpy|人民币|[¥$€£元圆块])$",
    re.I,
)
_PLAIN = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+)?(?:\.\d*)?(?:e[+-]?\d{1,3})?", re.I | re.A)
_STANDARD = re.compile(r"-?\d+(?:\.\d+)?", re.A)
_MULTIPLES = {"万": Decimal(10_000), "亿": Decimal(100_000_000), "%": Decimal("0.01")}


def read_number(text: str, unit: str | None) -> tuple[Decimal | None, str]:
    """The exact number that a text stands for, and how it was repaired; None when it is none.

    Understood: thousands separators, currency signs and codes, a declared unit, 万 / 亿 / %, accounting brackets, exponents.
    """
    rest, kind, factor = text.replace("−", "-").strip(), "", Decimal(1)
    if rest.startswith("(") and rest.endswith(")"):
        rest, factor = rest[1:-1].strip(), Decimal(-1)
    sign = rest[:1] if rest[:1] in "+-" else ""
    body = rest[len(sign) :].strip()
    if unit and body.lower().endswith(unit.lower()):
        body, kind = body[: -len(unit)].strip(), "unit"
    stripped = _CURRENCY.sub("", body, count=1).strip()
    if stripped[-1:] in _MULTIPLES and stripped:
        factor *= _MULTIPLES[stripped[-1]]
        stripped = stripped[:-1].strip()
    if stripped != body:
        kind = "unit"
    plain = stripped if sign == "" else sign + stripped
    if len(plain) > 60 or not _PLAIN.fullmatch(plain) or not re.search(r"[0-9]", plain):
        return None, ""
    try:
        number = Decimal(re.sub("[, ]", "", plain)) * factor
    except InvalidOperation:
        return None, ""
    return number, kind or ("" if _STANDARD.fullmatch(text) else "format")


#: Which currencies a sign or code at a number may mean; ¥ and 元 stand for the yuan and the yen.
_SIGNS = (
    ("rmb", "CNY"), ("cny", "CNY"), ("人民币", "CNY"), ("us$", "USD"), ("usd", "USD"), ("hk$", "HKD"), ("hkd", "HKD"), ("eur", "EUR"),
    ("gbp", "GBP"), ("jpy", "JPY"), ("€", "EUR"), ("£", "GBP"), ("¥", "CNY JPY"), ("圆", "CNY JPY"), ("元", ""), ("块", ""),
    ("$", "USD HKD AUD CAD SGD NZD TWD"),
)  # fmt: skip


def _other_currency(text: str, currency: str) -> bool:
    """Whether a text names a currency that is not the declared one; 元 and 块 go with any."""
    folded = text.lower()
    for sign, means in _SIGNS:
        if sign in folded:
            return bool(means) and currency not in means.split()
    return False


def changes(rule: ColumnRule) -> bool:
    """True when values of the column are multiplied: nothing can be cast as it is."""
    return rule.scale is not None or rule.rate is not None or rule.factor is not None


def _changed(rule: ColumnRule, text: str) -> tuple[Decimal | None, str, str]:
    """(number, repair, fault) of a text, after its currency or unit has been converted."""
    unit, factor, own = rule.unit, rule.factor, None
    if rule.convert_to is not None:
        text, own = units.split_unit(text)
        if own is not None:
            unit, factor = None, units.factor(own, rule.convert_to)
            if factor is None:
                return None, "", "unit"
        elif unit is None:
            factor = None
    if rule.currency is not None and _other_currency(text, rule.currency):
        return None, "", "currency"
    number, kind = read_number(text, unit)
    if number is None:
        return None, "", "number"
    if number.adjusted() > 40:
        return None, "", "out_of_range"
    if rule.scale is not None:
        number *= Decimal(repr(rule.scale))
    if own is not None:
        kind = kind or "unit"
    if factor is not None and factor != 1:
        number, kind = units.convert(number, factor), "converted"
    if rule.rate is not None:
        number, kind = number * rule.rate, "exchanged"
    return number, kind, ""


def _scaled(rule: ColumnRule, finish: Callable[[Decimal, str], Parsed]) -> Callable[[str], Parsed]:
    def parse(text: str) -> Parsed:
        number, kind, fault = _changed(rule, text)
        return Parsed(None, fault) if number is None else finish(number, kind)

    return parse


def _number(number: Decimal, kind: str) -> Parsed:
    return Parsed(float(number), "", kind) if abs(float(number)) < MOST else Parsed(None, "out_of_range")


def clean_numbers(texts: pa.Array, rule: ColumnRule) -> Cleaned:
    """Texts as doubles, of which sums are exact: of less than MOST."""
    parse = _scaled(rule, _number)
    if changes(rule):
        return parse_each(texts, parse, pa.float64())
    return parse_mostly(
        texts, r"^-?\d{1,15}(\.\d{1,15})?$", lambda easy: pc.cast(easy, pa.float64()), parse, pa.float64()
    )


def _integer(number: Decimal, kind: str) -> Parsed:
    if number != number.to_integral_value():
        return Parsed(None, "integer")
    return Parsed(int(number), "", kind) if -(2**63) <= number < 2**63 else Parsed(None, "out_of_range")


def clean_integers(texts: pa.Array, rule: ColumnRule) -> Cleaned:
    """Texts as 64-bit integers; `12.0` counts as 12."""
    parse = _scaled(rule, _integer)
    if changes(rule):
        return parse_each(texts, parse, pa.int64())
    return parse_mostly(texts, r"^-?\d{1,18}$", lambda easy: pc.cast(easy, pa.int64()), parse, pa.int64())


def _money(number: Decimal, kind: str) -> Parsed:
    if abs(number) >= _LIMIT:
        return Parsed(None, "out_of_range")
    rounded = number.quantize(_CENT, ROUND_HALF_UP)
    if abs(rounded) >= _LIMIT:
        return Parsed(None, "out_of_range")
    return Parsed(rounded, "", kind if kind == "exchanged" or rounded == number else "rounded")


def clean_money(texts: pa.Array, rule: ColumnRule) -> Cleaned:
    """Texts as DECIMAL(18,4), rounded half up (away from zero) where they have more decimals."""
    parse = _scaled(rule, _money)
    if changes(rule):
        return parse_each(texts, parse, MONEY)
    return parse_mostly(texts, r"^-?\d{1,14}(\.\d{1,4})?$", lambda easy: pc.cast(easy, MONEY), parse, MONEY)


def money_from_ticks(ticks: npt.NDArray[np.int64]) -> pa.Array:
    """DECIMAL(18,4) array from whole numbers of ten-thousandths."""
    words = np.empty((len(ticks), 2), np.int64)
    words[:, 0] = ticks
    words[:, 1] = ticks >> 63
    return pa.Array.from_buffers(MONEY, len(ticks), [None, pa.py_buffer(np.ascontiguousarray(words))])


def money_from_floats(values: pa.Array) -> Cleaned:
    """Doubles as the decimal that their shortest text stands for, rounded half up at four places; NaN is missing.

    A double equal to n / 10,000 is the shortest text of n ten-thousandths (n below 2^53 has at most 16 digits), so most values
    need no text at all.
    """
    floats = np.asarray(pc.fill_null(values, float("nan")).to_numpy(zero_copy_only=False), np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        ticks = np.rint(floats * 1e4)
        exact = (np.abs(floats) < _EXACT) & (ticks / 1e4 == floats)
    easy = np.flatnonzero(exact)
    hard = np.flatnonzero(~exact & ~np.isnan(floats))
    singly = _each_float(floats[hard])
    faults, kinds = np.zeros(len(floats), np.int8), np.zeros(len(floats), np.int8)
    faults[hard], kinds[hard] = singly.faults, singly.kinds
    money = assemble(
        len(floats), [(easy, money_from_ticks(ticks[easy].astype(np.int64))), (hard, singly.values)], MONEY
    )
    return Cleaned(money, faults, kinds)


def _each_float(floats: npt.NDArray[np.float64]) -> Cleaned:
    distinct, inverse = np.unique(floats, return_inverse=True)
    parsed = [
        Parsed(None, "out_of_range") if not abs(value) < 1e14 else _money(Decimal(repr(float(value))), "")
        for value in distinct
    ]
    values = pa.array([p.value for p in parsed], MONEY).take(pa.array(inverse))
    faults = np.array([FAULT[p.fault] if p.fault else 0 for p in parsed], np.int8)[inverse]
    kinds = np.array([KIND[p.kind] if p.kind else 0 for p in parsed], np.int8)[inverse]
    return Cleaned(values, faults, kinds)


def money_from_integers(values: pa.Array) -> Cleaned:
    """Whole numbers as money."""
    safe = pc.fill_null(pc.and_(pc.less(values, 10**14), pc.greater(values, -(10**14))), True)
    beyond = ~safe.to_numpy(zero_copy_only=False)
    kept = pc.if_else(safe, values, None)
    faults = np.where(beyond, FAULT["out_of_range"], 0).astype(np.int8)
    return Cleaned(pc.cast(pc.cast(kept, pa.decimal128(19, 0)), MONEY), faults, np.zeros(len(values), np.int8))


def integers_from_floats(values: pa.Array) -> Cleaned:
    """Doubles as integers; NaN is missing, a fraction is at fault."""
    floats = np.asarray(pc.fill_null(values, float("nan")).to_numpy(zero_copy_only=False), np.float64)
    missing = np.isnan(floats)
    faults = np.zeros(len(floats), np.int8)
    with np.errstate(invalid="ignore"):
        faults[~missing & (np.floor(floats) != floats)] = FAULT["integer"]
        faults[~missing & ~(np.abs(floats) < 2.0**63)] = FAULT["out_of_range"]
    void = missing | (faults != 0)
    whole = pa.array(np.where(void, 0.0, floats).astype(np.int64), mask=void)
    return Cleaned(whole, faults, np.zeros(len(floats), np.int8))
