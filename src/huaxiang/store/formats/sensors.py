"""Sensors Data (神策) records: track, track_signup and the profile operations; one JSON object a line, or packed as its SDKs post them.

`take: people` folds the profile operations of all files in the order of time into the resulting properties of each user.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote

from huaxiang.store.files.batch import FileForm, RawBatch, ReadRequest
from huaxiang.store.formats.reading import Format, open_records
from huaxiang.store.formats.record import (
    ParsedEvent,
    RecordFault,
    Take,
    device_type,
    first,
    known,
    mapping,
    text,
    unix_time,
)

EVENT_KINDS = frozenset({"track", "track_signup", "track_id_bind", "track_id_unbind"})
PROFILE_KINDS = frozenset(
    {"profile_set", "profile_set_once", "profile_increment", "profile_append", "profile_unset", "profile_delete"}
)
_LINKS = frozenset({"track_signup", "track_id_bind"})
_LOGINS = ("$identity_login_id", "$identity_user_id")
_ANONYMOUS = ("$identity_anonymous_id", "$identity_cookie_id", "$identity_idfv", "$identity_android_uuid")
_DEVICES = ("$identity_android_id", "$identity_idfa", "$identity_oaid", "$identity_imei")
_PLATFORMS = {"iOS": "ios", "Android": "android", "js": "web", "MiniProgram": "mini_program", "HarmonyOS": "harmonyos"}
_UNPACKED = 8 * 2**20


def unpack(record: Mapping[str, Any]) -> Iterator[Any]:
    """The record itself, or those packed in its `data` or `data_list` (JSON, or base64 of JSON, maybe gzipped)."""
    for name in ("data_list", "data"):
        if name in record and "type" not in record:
            inside = record[name]
            found = inside if isinstance(inside, list) else unpacked(str(inside))
            yield from found if isinstance(found, list) else [found]
            return
    yield record


def read_line(line: str) -> Sequence[Any]:
    """The records of a line that is no JSON object: a form post (`data=…&gzip=1`, `data_list=…`), a JSON array, or bare base64."""
    if line.startswith("["):
        packed = line
    elif line.startswith(("data=", "data_list=")) or "&data=" in line or "&data_list=" in line:
        fields = parse_qs(line.replace("+", "%2B"))
        packed = first(*fields.get("data_list", []), *fields.get("data", [])) or ""
    else:
        packed = line
    found = unpacked(packed)
    return found if isinstance(found, list) else [found]


def unpacked(value: str) -> Any:
    """JSON, or base64 of JSON, gzipped or not, with or without URL quoting. Raises RecordFault; nothing is unpacked beyond 8 MiB."""
    plain = value.strip()
    try:
        if plain[:1] not in ("{", "["):
            data = base64.b64decode((unquote(plain) if "%" in plain else plain).encode("ascii"), validate=True)
            if data[:2] == b"\x1f\x8b":
                machine = zlib.decompressobj(zlib.MAX_WBITS | 16)
                data = machine.decompress(data, _UNPACKED)
                if machine.unconsumed_tail:
                    raise RecordFault("record_packed")
            plain = data.decode("utf-8")
        return json.loads(plain, parse_int=str, parse_float=str)
    except (ValueError, binascii.Error, zlib.error, RecursionError):
        raise RecordFault("record_packed") from None


def parse(record: Mapping[str, Any]) -> ParsedEvent:
    """One record. Raises RecordFault for an unknown type, a track without event, no ID, or no time (milliseconds since 1970).

    Known and unknown user: `login_id`, `anonymous_id` and `identities` where they are given; else `distinct_id`, which is a login when
    the record says so (`$is_login_id`), signs up, or sets a profile without an anonymous ID.
    """
    kind = text(record.get("type"))
    if kind not in EVENT_KINDS and kind not in PROFILE_KINDS:
        raise RecordFault("record_kind")
    properties = mapping(record.get("properties"))
    event = text(record.get("event"))
    if kind == "track" and event is None:
        raise RecordFault("record_event")
    user, anonymous, device = _owners(record, properties, kind)
    if user is None and anonymous is None and device is None:
        raise RecordFault("record_owner")
    moment = unix_time(record.get("time"), 1_000)
    if moment is None:
        raise RecordFault("record_time")
    takes: set[Take] = {"people"} if kind in PROFILE_KINDS else set() if kind == "track_id_unbind" else {"events"}
    if kind in _LINKS or (user and (anonymous or device)):
        takes.add("links")
    track = text(first(record.get("_track_id"), properties.get("$track_id")))
    standard = known(
        event_id=track, event=event or (kind if kind in EVENT_KINDS else None), kind=kind, occurred_at=moment, user_id=user,
        anonymous_id=anonymous, device_id=device, previous_id=text(record.get("original_id")),
        received_at=unix_time(first(record.get("recv_time"), properties.get("$receive_time")), 1_000), **_common(properties),
    )  # fmt: skip
    owner = text(record.get("distinct_id")) or ""
    identity = (
        "\x1f".join((track, kind or "", event or "", owner, moment.isoformat()))
        if track and kind in EVENT_KINDS
        else ""
    )
    return ParsedEvent(standard, record, frozenset(takes), identity)


def _owners(
    record: Mapping[str, Any], properties: Mapping[str, Any], kind: str | None
) -> tuple[str | None, str | None, str | None]:
    """Login, anonymous and device ID."""
    identities = mapping(record.get("identities"))
    distinct = text(record.get("distinct_id"))
    user = first(text(record.get("login_id")), *(text(identities.get(name)) for name in _LOGINS))
    anonymous = first(text(record.get("anonymous_id")), *(text(identities.get(name)) for name in _ANONYMOUS))
    device = first(text(properties.get("$device_id")), *(text(identities.get(name)) for name in _DEVICES))
    if user is None and distinct is not None and distinct != anonymous:
        says_login = str(first(record.get("$is_login_id"), properties.get("$is_login_id"), "")).lower() == "true"
        if (
            says_login
            or kind == "track_signup"
            or (kind in PROFILE_KINDS and anonymous is None)
            or anonymous is not None
        ):
            user = distinct
    if anonymous is None:
        anonymous = text(record.get("original_id")) if kind == "track_signup" else None
        if user is None:
            anonymous = distinct
    return user, anonymous, device


def _common(properties: Mapping[str, Any]) -> dict[str, Any]:
    get = properties.get
    system, library = text(get("$os")), text(get("$lib"))
    mobile = (
        "mobile"
        if system in ("iOS", "Android", "HarmonyOS")
        else "desktop"
        if system in ("Windows", "macOS", "Mac OS X", "Linux")
        else None
    )
    return known(
        session_id=text(first(get("$event_session_id"), get("$session_id"))),
        device_type=device_type(first(get("$device_type"), mobile)),
        os=system, browser=text(get("$browser")), platform=_PLATFORMS.get(library or "", (library or "").lower() or None),
        page=text(first(get("$url"), get("$screen_name"), get("$url_path"))), title=text(get("$title")),
        referrer=text(first(get("$referrer"), get("$latest_referrer"))),
        source=text(first(get("$utm_source"), get("$latest_utm_source"))),
        medium=text(first(get("$utm_medium"), get("$latest_utm_medium"))),
        campaign=text(first(get("$utm_campaign"), get("$latest_utm_campaign"))),
        country=text(get("$country")), province=text(get("$province")), city=text(get("$city")),
        app_version=text(get("$app_version")),
        product_id=text(get("product_id")), category=text(get("category")), brand=text(get("brand")),
        value=text(first(get("amount"), get("value"))), currency=text(get("currency")),
    )  # fmt: skip


FORMAT = Format("sensors", parse, unpack, read_line, identity=True)


def open_sensors(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of a file, or with `take: people` of all files folded. Raises FileFault."""
    if request.take == "people" and request.columns and not request.sample:
        from huaxiang.store.formats.profiles import open_profiles

        return open_profiles(request, FORMAT)
    return open_records(request, FORMAT)
