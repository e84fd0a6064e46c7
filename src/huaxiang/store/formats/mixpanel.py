"""Mixpanel's raw event export (`{"event", "properties": {…}}`, a line each) and its export of profiles (`$distinct_id`, `$properties`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from huaxiang.store.files.batch import FileForm, RawBatch, ReadRequest
from huaxiang.store.formats.reading import Format, open_records
from huaxiang.store.formats.record import (
    ParsedEvent,
    RecordFault,
    Take,
    device_type,
    first,
    iso_time,
    known,
    mapping,
    text,
    unix_time,
)

_LINKS = frozenset({"$identify", "$create_alias", "$merge"})
_ANONYMOUS = "$device:"
_MILLISECONDS_FROM = 100_000_000_000  # as seconds, the year 5138


def parse(record: Mapping[str, Any]) -> ParsedEvent:
    """One event or profile. Raises RecordFault.

    Times are seconds since 1970 in UTC; a count that would lie beyond the year 5138 is milliseconds. The same `$insert_id` with the same
    event, distinct_id and time is the same event (Mixpanel, "Event deduplication").
    """
    if "$properties" in record or "$set" in record:
        return _profile(record)
    properties = record.get("properties")
    if not isinstance(properties, Mapping):
        raise RecordFault("record_kind")
    event = text(record.get("event"))
    if event is None:
        raise RecordFault("record_event")
    distinct = text(properties.get("distinct_id"))
    device = text(properties.get("$device_id"))
    user = first(text(properties.get("$user_id")), None if _is_anonymous(distinct, device) else distinct)
    anonymous = first(
        device, distinct.removeprefix(_ANONYMOUS) if distinct and _is_anonymous(distinct, device) else None
    )
    previous = first(
        text(properties.get("$anon_distinct_id")), text(properties.get("$anon_id")), _aliased(properties, event)
    )
    if user is None and anonymous is None and previous is None:
        raise RecordFault("record_owner")
    moment = _time(properties.get("time"))
    takes: set[Take] = {"links"} if event in _LINKS else {"events"}
    if user and anonymous:
        takes.add("links")
    if event == "$identify" and properties.get("$identified_id") is not None:
        user = text(properties["$identified_id"])
    insert = text(properties.get("$insert_id"))
    standard = known(
        event_id=insert, event=event, kind="event", occurred_at=moment, user_id=user, anonymous_id=anonymous, previous_id=previous,
        **_common(properties),
    )  # fmt: skip
    identity = "\x1f".join((insert, event, distinct or "", moment.isoformat())) if insert else ""
    return ParsedEvent(standard, record, frozenset(takes), identity)


def _is_anonymous(distinct: str | None, device: str | None) -> bool:
    return distinct is None or distinct.startswith(_ANONYMOUS) or distinct == device


def _aliased(properties: Mapping[str, Any], event: str) -> str | None:
    """The other ID of an alias or a merge."""
    if event == "$create_alias":
        return text(properties.get("alias"))
    merged = properties.get("$distinct_ids")
    return text(merged[1]) if event == "$merge" and isinstance(merged, list) and len(merged) > 1 else None


def _time(value: Any) -> datetime:
    seconds = unix_time(value, 1_000 if _milliseconds(value) else 1)
    if seconds is None:
        raise RecordFault("record_time")
    return seconds


def _milliseconds(value: Any) -> bool:
    try:
        return abs(float(value)) >= _MILLISECONDS_FROM
    except (TypeError, ValueError):
        return False


def _common(properties: Mapping[str, Any]) -> dict[str, Any]:
    get = properties.get
    return known(
        device_id=text(get("$device_id")), session_id=text(first(get("$session_id"), get("session_id"))),
        device_type=device_type(first(get("$device_type"), "mobile" if get("$os") in ("iOS", "Android") else None)),
        os=text(get("$os")), browser=text(get("$browser")), platform=_platform(properties),
        page=text(first(get("$current_url"), get("current_url_path"), get("$screen_name"))), title=text(get("current_page_title")),
        referrer=text(get("$referrer")), source=text(get("utm_source")), medium=text(get("utm_medium")), campaign=text(get("utm_campaign")),
        country=text(get("mp_country_code")), province=text(get("$region")), city=text(get("$city")), language=text(get("$locale")),
        app_version=text(first(get("$app_version_string"), get("$app_version"))), product_id=text(get("product_id")),
        category=text(get("category")), brand=text(get("brand")), value=text(first(get("revenue"), get("value"), get("amount"))),
        currency=text(get("currency")),
    )  # fmt: skip


def _platform(properties: Mapping[str, Any]) -> str | None:
    library = str(properties.get("mp_lib") or "").lower()
    return {"web": "web", "iphone": "ios", "swift": "ios", "android": "android"}.get(library)


def _profile(record: Mapping[str, Any]) -> ParsedEvent:
    user = text(first(record.get("$distinct_id"), record.get("distinct_id")))
    if user is None:
        raise RecordFault("record_owner")
    properties = mapping(first(record.get("$properties"), record.get("$set")))
    seen = properties.get("$last_seen")
    moment = iso_time(seen) if seen is not None else None
    own = {**record, "properties": properties}
    location = known(
        country=text(properties.get("$country_code")),
        province=text(properties.get("$region")),
        city=text(properties.get("$city")),
    )
    standard = known(kind="profile", occurred_at=moment, user_id=user, **location)
    return ParsedEvent(standard, own, frozenset({"people"}))


FORMAT = Format("mixpanel", parse, identity=True)


def open_mixpanel(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of an export file. Raises FileFault."""
    return open_records(request, FORMAT)
