"""What the parsers of all event formats give: one parsed record, or the fault of a record that is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

Take = Literal["events", "people", "links"]
STANDARD: Mapping[str, str] = MappingProxyType(
    {
        "event_id": "identity of the record, as its sender gave it",
        "event": "name of the event; of a page or screen without a name `page` or `screen`",
        "kind": "type of the record in its own format: track, identify, profile_set …",
        "occurred_at": "when it happened: a time in UTC, moved to the project's zone when it is loaded",
        "received_at": "when the collector received it",
        "user_id": "who it is of, as the business knows them (after signing in)",
        "anonymous_id": "who it is of before signing in: cookie or installation",
        "device_id": "the device, where the format tells it from the installation",
        "previous_id": "links: the ID that the person had before",
        "group_id": "the account that the person belongs to",
        "session_id": "visit, as the sender counts it",
        "device_type": "mobile, tablet, desktop, tv, watch or other",
        "os": "operating system",
        "browser": "browser",
        "platform": "web, ios, android, mini_program …: where the code ran",
        "page": "address or name of the page or screen",
        "title": "title of the page or screen",
        "referrer": "address of the page before",
        "source": "campaign source (utm_source)",
        "medium": "campaign medium (utm_medium)",
        "campaign": "campaign name (utm_campaign)",
        "country": "country",
        "province": "province or region",
        "city": "city",
        "language": "language of the device",
        "app_version": "version of the app",
        "product_id": "product, of the first item where there are several",
        "category": "category of the product",
        "brand": "brand of the product",
        "value": "value of the event in its currency",
        "currency": "currency of the value",
    }
)
"""Standard columns that every event format fills as far as it can (name → meaning); docs/sources.md shows from what."""
TIMES = frozenset({"occurred_at", "received_at"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEVICES = {
    "mobile": "mobile", "phone": "mobile", "iphone": "mobile", "android": "mobile", "smartphone": "mobile", "ios": "mobile",
    "tablet": "tablet", "ipad": "tablet", "pad": "tablet", "desktop": "desktop", "pc": "desktop", "web": "desktop", "mac": "desktop",
    "tv": "tv", "smart tv": "tv", "watch": "watch", "wearable": "watch",
}  # fmt: skip


class RecordFault(ValueError):
    """A record that can't be one: `code` of `cleaning.codes.REASONS`."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class ParsedEvent:
    """One record. `standard`: values of STANDARD columns; `own`: the record with its own names, nested; `takes`: as what it may be
    loaded; `identity`: equal for deliveries of the same record ("" = it has none); `group`: what a newer export replaces as a whole.
    """

    standard: Mapping[str, Any]
    own: Mapping[str, Any]
    takes: frozenset[Take]
    identity: str = ""
    group: str = ""

    def value(self, column: str) -> Any:
        """Value of a standard column, or of a dotted path into the record."""
        return self.standard.get(column) if column in STANDARD else look_up(self.own, column)


def look_up(value: Mapping[str, Any], path: str) -> Any:
    """Value at a dotted path; a key may itself hold dots. None when there is none."""
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    inner = value.get(head)
    return look_up(inner, rest) if dot and isinstance(inner, Mapping) else None


def flatten(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Leaves of a record with dotted names: `properties.price`; lists are leaves, and so is what lies deeper than eight levels."""
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner and depth < 8:
            yield from flatten(inner, f"{prefix}{key}.", depth + 1)
        else:
            yield prefix + key, inner


def flat_names(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[str]:
    """Names under which `look_up` finds something: leaves and the objects above them."""
    for key, inner in value.items():
        yield prefix + key
        if isinstance(inner, Mapping) and depth < 8:
            yield from flat_names(inner, f"{prefix}{key}.", depth + 1)


def first(*values: Any) -> Any:
    """The first value that is there: not None, not an empty text."""
    for value in values:
        if value is not None and value != "":
            return value
    return None


def known(**values: Any) -> dict[str, Any]:
    """The values that are there."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def part(value: Any, *path: str) -> Any:
    """Value at a path of keys; None as soon as something on the way is no object."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """The object, or an empty one for anything else."""
    return value if isinstance(value, dict) or isinstance(value, Mapping) else {}  # noqa: SIM101  (the second is slow)


def text(value: Any) -> str | None:
    """An ID or name as text, without surrounding space; None for nothing, for objects, lists and booleans."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    return None if isinstance(value, bool | dict | list) else str(value)


def unix_time(value: Any, unit: int) -> datetime | None:
    """A time as a count since 1970 in 1/`unit` seconds; None when it is no number. Raises RecordFault beyond the years 1–9999."""
    try:
        count = int(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        try:
            count = round(float(value))
        except (TypeError, ValueError, OverflowError):
            return None
    if count is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=count * 1_000_000 // unit)
    except OverflowError:
        raise RecordFault("record_time") from None


def iso_time(value: Any) -> datetime | None:
    """A time written by ISO 8601 (UTC where it names no zone), or in milliseconds since 1970. Raises RecordFault for other texts."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value.lstrip("-").isdecimal():
        moment = unix_time(value, 1_000)
    else:
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise RecordFault("record_time") from None
    if moment is None:
        raise RecordFault("record_time")
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise RecordFault("record_time") from None


def device_type(value: Any) -> str | None:
    """Standard word for a kind of device; `other` for an unknown one."""
    if not isinstance(value, str) or not value.strip():
        return None
    return _DEVICES.get(value.strip().lower(), "other")
