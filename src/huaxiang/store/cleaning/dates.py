"""Dates and times of day, from the ways people and Excel write them. Stored without zone, in the project's time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from functools import lru_cache
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.store.cleaning.codes import Cleaned
from huaxiang.store.cleaning.parts import Parsed, parse_mostly
from huaxiang.store.cleaning.rule import ColumnRule

_EASY = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?$"
_EASY_TIMED = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?$"
_DAY = r"(?P<y>\d{4})(?:[-/.年]\s?(?P<m>\d{1,2})[-/.月]\s?(?P<d>\d{1,2})日?|(?P<m2>\d{2})(?P<d2>\d{2}))"
_TIME = (
    r"(?:[\sT,]*(?P<half>上午|下午|中午|凌晨|晚上|[ap]m)?\s*(?P<H>\d{1,2})[:时点](?P<M>\d{1,2})分?(?:[:]?(?P<S>\d{1,2})(?:[.,](?P<f>\d{1,9}))?秒?)?"
    r"\s*(?P<half2>[ap]m)?|[T\s]?(?P<H2>\d{2})(?P<M2>\d{2})(?P<S2>\d{2}))?"
)
_WRITTEN = re.compile(
    rf"{_DAY}(?:\s?(?:星期|周)[一二三四五六日天])?{_TIME}\s*(?P<zone>z|utc|gmt|[+-]\d{{2}}:?\d{{2}})?", re.I | re.A
)
_SWAPPED = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?:\s.*)?", re.A)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?", re.A)
_UNIX = re.compile(r"1\d{9}(?:\d{3})?(?:\.0*)?", re.A)
_EPOCH = datetime(1899, 12, 30)


def clean_dates(texts: pa.Array, rule: ColumnRule) -> Cleaned:
    """Texts as dates; a time of day is dropped."""

    def parse(text: str) -> Parsed:
        return _day(_read(text, rule.format, (rule.timezone, rule.zone)))

    easy = r"^$" if rule.format else r"^\d{4}-\d{2}-\d{2}$"
    return parse_mostly(texts, easy, lambda values: pc.cast(values, pa.date32()), parse, pa.date32())


def clean_datetimes(texts: pa.Array, rule: ColumnRule) -> Cleaned:
    """Texts as timestamps of the project's time zone, without zone."""

    def parse(text: str) -> Parsed:
        return _read(text, rule.format, (rule.timezone, rule.zone))

    def cast(values: pa.Array) -> pa.Array:
        return local_stamps(_cast_stamps(values), rule.timezone, rule.zone)

    easy = r"^$" if rule.format else _EASY_TIMED if rule.zone else _EASY
    return parse_mostly(texts, easy, cast, parse, pa.timestamp("us"))


def _cast_stamps(values: pa.Array) -> pa.Array:
    """ISO texts as timestamps; digits beyond microseconds are cut."""
    values = pc.replace_substring_regex(values, r"(\.\d{6})\d+$", r"\1")
    return pc.cast(values, pa.timestamp("us"))


def _day(parsed: Parsed) -> Parsed:
    if parsed.value is None:
        return parsed
    stamp: datetime = parsed.value
    timed = (stamp.hour, stamp.minute, stamp.second, stamp.microsecond) != (0, 0, 0, 0)
    return Parsed(stamp.date(), "", "time_dropped" if timed and parsed.kind in ("", "format") else parsed.kind)


def _read(text: str, pattern: str | None, zones: tuple[str, str | None]) -> Parsed:
    """Read one text as a local timestamp. `zones`: the project's, and the one of texts that state none (None: the project's)."""
    readers: tuple[Callable[[], Parsed | None], ...] = (
        (lambda: _declared(text, pattern, zones),)
        if pattern
        else (lambda: _written(text, zones), lambda: _serial(text), lambda: _unix(text, zones[0]))
    )
    for reader in readers:
        try:
            parsed = reader()
        except (ValueError, OverflowError):  # matches the form, but there is no such day or time
            return Parsed(None, "date")
        if parsed is not None:
            return parsed
    return Parsed(None, "date_ambiguous" if not pattern and _SWAPPED.fullmatch(text) else "date")


def _declared(text: str, pattern: str, zones: tuple[str, str | None]) -> Parsed:
    stamp = datetime.strptime(text, pattern)
    timed = any(directive in pattern for directive in ("%H", "%I", "%c", "%X"))
    return Parsed(_local(stamp, zones, timed=timed), "", "timezone" if stamp.tzinfo else "format")


def _written(text: str, zones: tuple[str, str | None]) -> Parsed | None:
    found = _WRITTEN.fullmatch(text)
    if not found:
        return None
    part = found.groupdict()
    hour = int(part["H"] or part["H2"] or 0)
    half = (part["half"] or part["half2"] or "").lower()
    if half in ("下午", "晚上", "pm") and hour < 12:
        hour += 12
    elif half in ("上午", "凌晨", "am") and hour == 12:
        hour = 0
    stamp = datetime(
        int(part["y"]),
        int(part["m"] or part["m2"]),
        int(part["d"] or part["d2"]),
        hour,
        int(part["M"] or part["M2"] or 0),
        int(part["S"] or part["S2"] or 0),
        int((part["f"] or "0").ljust(6, "0")[:6]),
    )
    if not part["zone"]:
        timed = part["H"] is not None or part["H2"] is not None
        return Parsed(_local(stamp, zones, timed=timed), "", "format")
    return Parsed(_local(stamp.replace(tzinfo=_offset(part["zone"])), zones), "", "timezone")


def _offset(zone: str) -> tzinfo:
    if zone[0] not in "+-":
        return UTC
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    span = timedelta(hours=hours, minutes=minutes)
    return fixed_zone(-span if zone[0] == "-" else span)


def _serial(text: str) -> Parsed | None:
    """Excel serial day number, 1900 system: five digits, 1927-05-18 to 2173-10-13."""
    if not _SERIAL.fullmatch(text):
        return None
    days, _, fraction = text.partition(".")
    seconds = round(float(f"0.{fraction or 0}") * 86_400, 3)
    return Parsed(_EPOCH + timedelta(days=int(days), seconds=seconds), "", "excel_serial")


def _unix(text: str, timezone: str) -> Parsed | None:
    """Seconds (10 digits) or milliseconds (13 digits) since 1970, UTC."""
    if not _UNIX.fullmatch(text):
        return None
    digits = text.partition(".")[0]
    stamp = datetime.fromtimestamp(int(digits[:10]), UTC) + timedelta(milliseconds=int(digits[10:] or 0))
    return Parsed(_local(stamp, (timezone, None)), "", "unix_time")


def _local(stamp: datetime, zones: tuple[str, str | None], *, timed: bool = True) -> datetime:
    """The time in the project's zone. A bare day has no zone: it stays the day that was written."""
    project, written = zones
    if stamp.tzinfo is None and (written is None or not timed):
        return stamp
    known = stamp if stamp.tzinfo else stamp.replace(tzinfo=_zone(str(written)))
    return known.astimezone(_zone(project)).replace(tzinfo=None)


@lru_cache(maxsize=8)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def dates_from_stamps(values: pa.Array, timezone: str, zone: str | None = None) -> pa.Array:
    """Dates of timestamps, after moving those of another zone to the project's."""
    return pc.cast(local_stamps(values, timezone, zone), pa.date32(), safe=False)


def local_stamps(values: pa.Array, timezone: str, zone: str | None = None) -> pa.Array:
    """Timestamps in microseconds without zone, in the project's `timezone`; those that state no zone are of `zone`, if given."""
    if values.type.tz is None and zone is not None:
        values = pc.assume_timezone(values, zone, ambiguous="earliest", nonexistent="earliest")
    if values.type.tz is not None:
        values = pc.local_timestamp(values.cast(pa.timestamp(values.type.unit, timezone)))
    return values.cast(pa.timestamp("us"), safe=False)


def after(values: pa.Array, last: date) -> pa.Array:
    """Which dates or timestamps lie after the day `last`."""
    if pa.types.is_date(values.type):
        return pc.greater(values, pa.scalar(last, pa.date32()))
    limit = datetime(last.year, last.month, last.day) + timedelta(days=1)
    return pc.greater_equal(values, pa.scalar(limit, pa.timestamp("us")))


def before(values: pa.Array, first: date) -> pa.Array:
    """Which dates or timestamps lie before the day `first`."""
    limit = datetime(first.year, first.month, first.day)
    return pc.less(values, pa.scalar(first if pa.types.is_date(values.type) else limit, values.type))
