"""GA4 events as exported to BigQuery: daily tables `events_YYYYMMDD`, saved as NDJSON or Parquet.

A daily table may change for three days, and `events_intraday_` tables are replaced by the final ones: of each day only the latest
delivery is loaded (`run/assemble.py`). Lists of keys and values become objects: `event_params.page_location`, `user_properties.level`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from huaxiang.errors import Said
from huaxiang.store.files.batch import FileFault, FileForm, RawBatch, ReadRequest
from huaxiang.store.files.jsons import Item
from huaxiang.store.files.sniff import sniff_format
from huaxiang.store.formats.reading import Format, open_records
from huaxiang.store.formats.record import (
    ParsedEvent,
    RecordFault,
    Take,
    device_type,
    first,
    known,
    mapping,
    part,
    text,
    unix_time,
)

_VALUES = ("string_value", "int_value", "float_value", "double_value")
_DAY = re.compile(r"\d{8}")
_NOTHING = frozenset({"(not set)", "(none)", "(data not available)"})


def day_of(name: str) -> str:
    """The day (YYYYMMDD) in the name of a daily table's file; "" when it has none."""
    found = re.search(r"events_(?:intraday_)?(\d{8})(?!\d)", name)
    return found[1] if found else ""


def parse(record: Mapping[str, Any], table_day: str = "") -> ParsedEvent:
    """One row of the export. Raises RecordFault without event name, time (microseconds since 1970) or any ID.

    The row belongs to the day `event_date`, else to that of its table.
    """
    event = text(record.get("event_name"))
    if event is None:
        raise RecordFault("record_event")
    moment = unix_time(record.get("event_timestamp"), 1_000_000)
    if moment is None:
        raise RecordFault("record_time")
    user, pseudo = text(record.get("user_id")), text(record.get("user_pseudo_id"))
    if user is None and pseudo is None:
        raise RecordFault("record_owner")
    params, people = keyed(record.get("event_params")), keyed(record.get("user_properties"))
    items = _listed(record.get("items"))
    takes: set[Take] = {"events"}
    if people:
        takes.add("people")
    if user and pseudo:
        takes.add("links")
    day = text(record.get("event_date")) or table_day
    own = {**record, "event_params": params, "user_properties": people, "items": items}
    standard = known(
        event=event, kind="event", occurred_at=moment, user_id=user, anonymous_id=pseudo, session_id=text(params.get("ga_session_id")),
        **_device(record, params), **_product(record, params, items),
    )  # fmt: skip
    return ParsedEvent(standard, own, frozenset(takes), "", day if _DAY.fullmatch(day) else "")


def keyed(value: Any) -> dict[str, Any]:
    """A repeated key/value field as an object: the one of its typed values that is set. A key that stands twice keeps its first value."""
    out: dict[str, Any] = {}
    for entry in _listed(value):
        key, held = text(part(entry, "key")), part(entry, "value")
        if key is None:
            continue
        typed = first(*(mapping(held).get(name) for name in _VALUES)) if isinstance(held, Mapping) else held
        out.setdefault(key, typed)
    return out


def _listed(value: Any) -> list[Any]:
    """A repeated field, also in the form in which some Parquet writers wrap it (`{"list": [{"element": …}]}`)."""
    if isinstance(value, Mapping) and isinstance(value.get("list"), list):
        return [part(entry, "element") for entry in value["list"]]
    return list(value) if isinstance(value, list) else []


def _said(value: Any) -> str | None:
    """A text that says something."""
    found = text(value)
    return None if found in _NOTHING else found


def _device(record: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    device, geo = mapping(record.get("device")), mapping(record.get("geo"))
    web, traffic = mapping(device.get("web_info")), mapping(record.get("traffic_source"))
    app = mapping(record.get("app_info"))
    return known(
        device_id=_said(first(device.get("vendor_id"), device.get("advertising_id"))), device_type=device_type(device.get("category")),
        os=_said(device.get("operating_system")), browser=_said(first(web.get("browser"), device.get("browser"))),
        platform=(text(record.get("platform")) or "").lower() or None, language=_said(device.get("language")),
        page=_said(first(params.get("page_location"), params.get("firebase_screen"), params.get("firebase_screen_class"))),
        title=_said(params.get("page_title")), referrer=_said(params.get("page_referrer")),
        source=_said(first(params.get("source"), traffic.get("source"))), medium=_said(first(params.get("medium"), traffic.get("medium"))),
        campaign=_said(first(params.get("campaign"), traffic.get("name"))), country=_said(geo.get("country")),
        province=_said(geo.get("region")), city=_said(geo.get("city")), app_version=_said(app.get("version")),
    )  # fmt: skip


def _product(record: Mapping[str, Any], params: Mapping[str, Any], items: list[Any]) -> dict[str, Any]:
    item = mapping(items[0]) if items else {}
    value = first(part(record, "ecommerce", "purchase_revenue"), params.get("value"))
    return known(
        product_id=_said(item.get("item_id")), category=_said(item.get("item_category")), brand=_said(item.get("item_brand")),
        value=text(value), currency=_said(params.get("currency")),
    )  # fmt: skip


FORMAT = Format("ga4", parse, group=True)


def open_ga4(request: ReadRequest) -> tuple[FileForm, Iterator[RawBatch]]:
    """Header and batches of a daily table saved as NDJSON, JSON or Parquet. Raises FileFault."""
    format_ = replace(FORMAT, parse=partial(parse, table_day=day_of(request.path.name)))
    if sniff_format(request.path, "auto") == "parquet":
        return open_records(request, format_, lambda: _parquet_items(request))
    return open_records(request, format_)


def _parquet_items(request: ReadRequest) -> Iterator[Item]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from huaxiang.store.files.parquet import UNREADABLE

    size, row = request.path.stat().st_size, 0
    try:
        with pq.ParquetFile(request.path, thrift_string_size_limit=64 * 2**20) as file:
            unpacked = sum(file.metadata.row_group(group).total_byte_size for group in range(file.num_row_groups))
            if unpacked > request.limits.unpacked_bytes and unpacked > request.limits.unpacked_ratio * max(size, 1):
                raise FileFault(
                    Said(
                        f"the file unpacks to far more than it is ({unpacked:,} bytes from {size:,}); it is not opened",
                        f"文件解压后远大于自身（{size:,} 字节解压为 {unpacked:,} 字节），未打开",
                    )
                )
            for batch in file.iter_batches(2_000):
                for record in batch.to_pylist():
                    row += 1
                    raw = json.dumps(record, ensure_ascii=False, default=str)
                    yield Item(row, record, "", raw, size * row // max(file.metadata.num_rows, 1))
    except (pa.ArrowException, OSError, ValueError):
        raise FileFault(UNREADABLE) from None
