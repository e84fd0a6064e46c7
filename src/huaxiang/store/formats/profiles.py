"""Fold Sensors Data's profile operations into the resulting properties of each user, as its server does.

In the order of `time` (of equal times, of arrival): `profile_set` sets, `profile_set_once` sets what is not set yet,
`profile_increment` adds to a number (from 0), `profile_append` adds to a list what it lacks (a set, as the server keeps it),
`profile_unset` removes properties, `profile_delete` the whole user, who may come again. Values that an operation can't be applied to
(adding to a text) leave the property as it is. A user is a login ID, or an anonymous ID that no login is given for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from huaxiang.store.files.batch import BadRow, FileFault, FileForm, RawBatch, ReadRequest
from huaxiang.store.formats.reading import Format, Pending, items_of, read_records
from huaxiang.store.formats.record import ParsedEvent, mapping


@dataclass
class Profile:
    """What is known of a user after some operations; `updated` is the time of the last one that left something."""

    properties: dict[str, Any] = field(default_factory=dict)
    standard: dict[str, Any] = field(default_factory=dict)
    exists: bool = False


@dataclass(frozen=True)
class Operation:
    """One profile operation: when, where it stands (file, row, order of arrival), of whom, and what."""

    at: datetime
    file: int
    row: int
    number: int
    user: tuple[str, str]
    parsed: ParsedEvent
    raw: str


def apply(profile: Profile, kind: str, properties: Mapping[str, Any] | list[Any]) -> None:
    """Apply one operation to a profile."""
    if kind == "profile_delete":
        profile.properties.clear()
        profile.exists = False
        return
    if kind == "profile_unset":
        for name in properties if isinstance(properties, list) else list(properties):
            profile.properties.pop(str(name), None)
        return
    profile.exists = True
    for name, value in mapping(properties).items():
        if kind == "profile_set":
            profile.properties[name] = value
        elif kind == "profile_set_once":
            if profile.properties.get(name) is None:
                profile.properties[name] = value
        elif kind == "profile_increment":
            _increment(profile.properties, name, value)
        elif kind == "profile_append":
            _append(profile.properties, name, value)


def _increment(properties: dict[str, Any], name: str, value: Any) -> None:
    try:
        total = Decimal(str(properties.get(name) or 0)) + Decimal(str(value))
    except InvalidOperation:
        return
    if total.is_finite():
        properties[name] = format(total.normalize(), "f")


def _append(properties: dict[str, Any], name: str, value: Any) -> None:
    held = properties.get(name)
    if held is not None and not isinstance(held, list):
        return
    listed = list(held or [])
    for item in value if isinstance(value, list) else [value]:
        if item not in listed:
            listed.append(item)
    properties[name] = listed


def open_profiles(request: ReadRequest, format_: Format) -> tuple[FileForm, Iterator[RawBatch]]:
    """One row for each user that is there after all operations of all files; its place is that of the user's last operation.

    Operations that are no row of their own are left out as `folded`. Raises FileFault, with the number of the file.
    """
    return FileForm(format_.name, None, None, ()), _batches(request, format_)


def _batches(request: ReadRequest, format_: Format) -> Iterator[RawBatch]:
    operations: list[Operation] = []
    counts: list[Counter[str]] = []
    for file, path in enumerate((request.path, *request.others)):
        counts.append(Counter())
        try:
            yield from _gather(replace(request, path=path), format_, file, operations, counts[file])
        except FileFault as fault:
            raise FileFault(fault.said, file) from None
    profiles, last = _fold(operations)
    for file, left in enumerate(counts):
        pending = Pending(request, format_)
        kept = sorted(
            (op.row, op.number, user) for user, op in last.items() if op.file == file and profiles[user].exists
        )
        left["folded"] -= len(kept)
        for row, _, user in kept:
            pending.add(row, last[user].raw, _row(profiles[user], last[user]))
        pending.left_out.update({reason: count for reason, count in left.items() if count})
        batch = pending.batch(0, file)
        yield replace(batch, identity=None)


def _gather(
    request: ReadRequest, format_: Format, file: int, operations: list[Operation], left: Counter[str]
) -> Iterator[RawBatch]:
    """Collect the operations of one file, and hand on its faulty records."""
    bad: list[BadRow] = []
    read = 0
    for record in read_records(items_of(request, format_)(), format_):
        read = record.read
        parsed = record.parsed
        if parsed is None:
            bad.append(BadRow(record.row, record.code, record.raw))
        elif "people" not in parsed.takes:
            left["not_taken"] += 1
        else:
            left["folded"] += 1
            user = ("user", parsed.standard["user_id"]) if "user_id" in parsed.standard else _anonymous(parsed)
            at = parsed.standard["occurred_at"]
            operations.append(Operation(at, file, record.row, len(operations), user, parsed, record.raw))
    pending = Pending(request, format_, bad=bad)
    yield replace(pending.batch(read, file), identity=None)


def _anonymous(parsed: ParsedEvent) -> tuple[str, str]:
    return ("anonymous", parsed.standard.get("anonymous_id") or parsed.standard["device_id"])


def _fold(operations: list[Operation]) -> tuple[dict[tuple[str, str], Profile], dict[tuple[str, str], Operation]]:
    profiles: dict[tuple[str, str], Profile] = {}
    last: dict[tuple[str, str], Operation] = {}
    for op in sorted(operations, key=lambda op: (op.at, op.number)):
        profile = profiles.setdefault(op.user, Profile())
        written = op.parsed.own.get("properties")
        apply(profile, str(op.parsed.standard["kind"]), written if isinstance(written, list | Mapping) else {})
        profile.standard |= {k: v for k, v in op.parsed.standard.items() if k not in ("event", "event_id", "kind")}
        last[op.user] = op
    return profiles, last


def _row(profile: Profile, op: Operation) -> ParsedEvent:
    standard = {**profile.standard, "kind": "profile"}
    return ParsedEvent(standard, {**op.parsed.own, "properties": profile.properties}, frozenset({"people"}))
