"""Masks for values that point at a person: enough is shown to recognise one, not to reach one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

CODES: Mapping[str, str] = {
    "phone": "phone", "email": "email", "id_number": "id_number", "home_address": "address", "address": "address",
    "street": "hidden", "address_key": "hidden",
}  # fmt: skip
"""Attributes, by catalogue code or usual name, that are masked though the manifest doesn't say of what kind they are."""
MASKED = frozenset({"phone", "email", "id_number", "address", "hidden", "key"})
"""Kinds that are masked; `key`: identity keys that are declared personal. A name is shown: it is how people know whom they talk of."""
GUESSABLE = frozenset({"id_number"})
"""Kinds of which the masked part is found out by a few tries: of an ID number the region and the birth date are known from elsewhere, and
the check digit leaves one in eleven of the rest. Who sees them masked is not told who has which.
"""
_STARS = "****"
_LONG_KEY = 12
_REGION = re.compile(r"^(?:.{2,9}?(?:省|自治区))?(?:.{1,9}?(?:市|自治州|地区|盟))?(?:.{1,9}?(?:区|县|旗|市))?")
_LOOKS = (
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("id_number", re.compile(r"\d{17}[\dXx]")),
    ("phone", re.compile(r"1[3-9]\d{9}|\+\d{7,15}|0\d{2,3}-\d{7,8}")),
)


def kind_of(item: Mapping[str, Any]) -> str | None:
    """How the value of an attribute or tag (its manifest entry) is masked; None when it isn't.

    A tag that takes over an attribute is masked as that.
    """
    kind = item.get("personal") or CODES.get(str(item["name"])) or CODES.get(str(item.get("attribute")))
    if not kind and item.get("kind") == "fact":
        nearest = next(iter(item.get("lineage") or ()), "")
        kind = CODES.get(nearest.removeprefix("attribute:"))
    return kind if kind in MASKED else None


def guessable_names(manifest: Mapping[str, Any]) -> frozenset[str]:
    """The identity keys, their fields and the attributes of a manifest that are GUESSABLE."""
    told = manifest.get("identity") or {}
    fields, personal = told.get("fields") or {}, told.get("personal") or {}
    by_key = {key: fields.get(key, key) for key in told.get("keys", ())}
    kinds = {field: personal.get(field) or CODES.get(field) for field in by_key.values()}
    named = {name for key, field in by_key.items() if kinds[field] in GUESSABLE for name in (key, field)}
    return frozenset(named | {item["name"] for item in manifest.get("attributes", ()) if kind_of(item) in GUESSABLE})


def mask(value: Any, kind: str | None) -> Any:
    """The value as it may be shown. Lists are masked item by item; None stays None."""
    if kind not in MASKED or value is None:
        return value
    if isinstance(value, list):
        return [mask(item, kind) for item in value]
    return _MASKS[kind](str(value))


def mask_by_look(value: Any) -> Any:
    """Mask a text that looks like a phone number, an e-mail address or an ID number; anything else stays."""
    if not isinstance(value, str):
        return value
    return next((mask(value, kind) for kind, look in _LOOKS if look.fullmatch(value)), value)


def _ends(text: str, first: int, last: int) -> str:
    """The first and last characters with stars between; stars alone when that would show most of it."""
    return f"{text[:first]}{_STARS}{text[-last:]}" if len(text) >= 2 * (first + last) - 3 else _STARS


def _email(text: str) -> str:
    name, at, domain = text.partition("@")
    return f"{name[:1]}{_STARS}{at}{domain}" if at else _STARS


def _address(text: str) -> str:
    found = _REGION.match(text)
    return f"{found[0] if found else ''}{_STARS}"


_MASKS: Mapping[str, Callable[[str], str]] = {
    "phone": lambda text: _ends(text, 3, 4), "email": _email, "id_number": lambda text: _ends(text, 3, 4), "address": _address,
    "hidden": lambda _: _STARS, "key": lambda text: f"{text[:2]}{_STARS}{text[-2:]}" if len(text) >= _LONG_KEY else _STARS,
}  # fmt: skip
