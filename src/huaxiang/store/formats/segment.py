"""Segment's message format (also RudderStack, Jitsu): identify, track, page, screen, group, alias, singly or in a `batch`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from huaxiang.store.files.batch import FileForm, RawBatch, ReadRequest
from huaxiang.store.formats.agents import read_agent
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
    part,
    text,
)

_EVENTS = frozenset({"track", "page", "screen"})
_KINDS = _EVENTS | {"identify", "group", "alias"}
_PLATFORMS = {
    "web": "web",
    "browser": "web",
    "server": "server",
    "mobile": "mobile",
    "ios": "ios",
    "android": "android",
}


def unpack(record: Mapping[str, Any]) -> Iterator[Any]:
    """The messages of a `batch`, each with the times and the context that its packing states for all; or the single message."""
    batch = record.get("batch")
    if not isinstance(batch, list):
        yield record
        return
    around = known(sentAt=record.get("sentAt"), receivedAt=record.get("receivedAt"))
    for message in batch:
        if isinstance(message, Mapping):
            context = {**mapping(record.get("context")), **mapping(message.get("context"))}
            yield {**around, **message, **({"context": context} if context else {})}
        else:
            yield message


def parse(record: Mapping[str, Any]) -> ParsedEvent:
    """One message. Raises RecordFault for an unknown type, a track without event, no user, or a time that can't be read.

    occurred_at = receivedAt − (sentAt − originalTimestamp) where all three are known, so that a wrong clock of the device doesn't matter
    (Segment spec, "Timestamps"); else `timestamp`, else the first of the three that is there.
    """
    kind = text(record.get("type"))
    if kind not in _KINDS:
        raise RecordFault("record_kind")
    event = text(record.get("event"))
    if kind == "track" and event is None:
        raise RecordFault("record_event")
    user, anonymous = text(record.get("userId")), text(record.get("anonymousId"))
    if user is None and anonymous is None:
        raise RecordFault("record_owner")
    received = iso_time(record.get("receivedAt"))
    moment = _occurred(record, received)
    if moment is None:
        raise RecordFault("record_time")
    name = event if kind == "track" else first(text(record.get("name")), text(part(record, "properties", "name")), kind)
    takes: set[Take] = {"events"} if kind in _EVENTS else {"people"} if kind == "identify" else {"links"}
    if kind == "identify" and user and anonymous:
        takes.add("links")
    message = text(record.get("messageId"))
    standard = known(
        event_id=message, event=name, kind=kind, occurred_at=moment, received_at=received, user_id=user, anonymous_id=anonymous,
        previous_id=text(record.get("previousId")),
        group_id=first(text(record.get("groupId")), text(part(record, "context", "groupId"))),
        **_context(record),
    )  # fmt: skip
    return ParsedEvent(standard, record, frozenset(takes), f"{message}" if message else "")


def _occurred(record: Mapping[str, Any], received: datetime | None) -> datetime | None:
    original, sent = iso_time(record.get("originalTimestamp")), iso_time(record.get("sentAt"))
    written = iso_time(record.get("timestamp"))
    if received is not None and sent is not None and original is not None:
        try:
            return received - (sent - original)
        except OverflowError:
            raise RecordFault("record_time") from None
    return written or original or received or sent


def _context(record: Mapping[str, Any]) -> dict[str, Any]:
    context, properties = mapping(record.get("context")), mapping(record.get("properties"))
    device, page, campaign = (
        mapping(context.get("device")),
        mapping(context.get("page")),
        mapping(context.get("campaign")),
    )
    system = text(part(context, "os", "name"))
    product = mapping(
        first(*(properties.get("products") or [None])) if isinstance(properties.get("products"), list) else None
    )
    agent = read_agent(text(context.get("userAgent")))
    channel = str(first(context.get("channel"), record.get("channel"), "")).lower()
    return known(
        device_id=text(device.get("id")), session_id=text(first(context.get("sessionId"), properties.get("session_id"))),
        device_type=device_type(first(device.get("type"), system if system in ("iOS", "Android") else None, agent.device_type)),
        os=first(system, agent.os), browser=first(text(part(context, "browser", "name")), agent.browser),
        platform=first(_PLATFORMS.get(str(device.get("type")).lower()), _PLATFORMS.get(channel)),
        page=text(first(properties.get("url"), page.get("url"), properties.get("path"), page.get("path"), part(context, "screen", "name"))),
        title=text(first(properties.get("title"), page.get("title"))),
        referrer=text(first(properties.get("referrer"), page.get("referrer"), part(context, "referrer", "url"))),
        source=text(campaign.get("source")), medium=text(campaign.get("medium")), campaign=text(campaign.get("name")),
        country=text(part(context, "location", "country")), province=text(part(context, "location", "region")),
        city=text(part(context, "location", "city")), language=text(context.get("locale")),
        app_version=text(part(context, "app", "version")),
        product_id=text(first(properties.get("product_id"), product.get("product_id"))),
        category=text(first(properties.get("category"), product.get("category"))),
        brand=text(first(properties.get("brand"), product.get("brand"))),
        value=text(first(properties.get("revenue"), properties.get("value"), properties.get("total"))),
        currency=text(properties.get("currency")),
    )  # fmt: skip


FORMAT = Format("segment", parse, unpack, identity=True)


def open_segment(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of a file of messages: NDJSON, or a JSON array. Raises FileFault."""
    return open_records(request, FORMAT)
