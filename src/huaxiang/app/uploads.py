"""Files that people upload to map them: kept for a day in the project's state folder, seen by who uploaded them only."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from huaxiang.errors import NotKnown, UsageError

if TYPE_CHECKING:
    from huaxiang.app.rights import Caller

UPLOAD_KEYS = ("id", "name", "bytes", "uploaded_at", "expires_at")
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".json", ".jsonl", ".ndjson", ".parquet")
LASTS = timedelta(hours=24)
MOST_FILES = 20
"""Files that one caller may have waiting."""
MOST_BYTES = 2**30
"""Bytes of all waiting files of a project."""
_ID = re.compile(r"[0-9a-f]{32}")
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Upload:
    """One waiting file."""

    path: Path
    told: Mapping[str, Any]


def keep_upload(
    folder: Path, caller: Caller, name: str, content: bytes, *, now: datetime | None = None
) -> dict[str, Any]:
    """Keep an uploaded file for a day; return UPLOAD_KEYS. Raises UsageError for an ending that no reader knows, an empty file, when too
    many files or bytes are waiting.
    """
    moment = now or datetime.now(UTC)
    ending = PurePath(name).suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"upload a file that ends with one of {', '.join(ENDINGS)}", f"请上传以 {'、'.join(ENDINGS)} 结尾的文件"
        )
    if not content:
        raise UsageError("the file is empty", "文件是空的")
    _make_room(folder, caller, len(content), moment)
    upload_id = secrets.token_hex(16)
    place = _root(folder) / upload_id
    place.mkdir(parents=True, mode=0o700)
    told = {
        "id": upload_id, "name": _tidy(name), "bytes": len(content), "uploaded_at": moment.isoformat(timespec="seconds"),
        "expires_at": (moment + LASTS).isoformat(timespec="seconds"), "owner": caller.id,
    }  # fmt: skip
    (place / f"data{ending}").write_bytes(content)
    (place / "told.json").write_text(json.dumps(told, ensure_ascii=False), "utf-8")
    return {key: told[key] for key in UPLOAD_KEYS}


def find_upload(folder: Path, caller: Caller, upload_id: str, *, now: datetime | None = None) -> Upload:
    """The waiting file of this ID that the caller uploaded. Raises NotKnown, also for those of others and those that are too old."""
    place = _root(folder) / upload_id
    told = _told(place) if _ID.fullmatch(upload_id) else None
    if told is None or told["owner"] != caller.id or _is_old(told, now or datetime.now(UTC)):
        raise NotKnown(
            "no uploaded file has this ID; files are kept for a day: upload it again",
            "找不到这份上传的文件；文件只保留一天，请重新上传",
        )
    return Upload(next(place.glob("data.*")), {key: told[key] for key in UPLOAD_KEYS})


def drop_upload(folder: Path, caller: Caller, upload_id: str) -> None:
    """Forget a waiting file. Raises NotKnown."""
    shutil.rmtree(find_upload(folder, caller, upload_id).path.parent, ignore_errors=True)


def _make_room(folder: Path, caller: Caller, size: int, moment: datetime) -> None:
    mine = held = 0
    for place, told in _all(folder):
        if _is_old(told, moment):
            shutil.rmtree(place, ignore_errors=True)
            continue
        mine += told["owner"] == caller.id
        held += told["bytes"]
    if mine >= MOST_FILES or held + size > MOST_BYTES:
        raise UsageError(
            "too many uploaded files wait to be mapped; save or discard some of them first",
            "等待导入的文件过多；请先保存或放弃其中一些",
        )


def _root(folder: Path) -> Path:
    return folder / ".huaxiang" / "uploads"


def _all(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    root = _root(folder)
    for place in sorted(root.iterdir()) if root.is_dir() else ():
        told = _told(place)
        if told is not None:
            yield place, told
        elif datetime.fromtimestamp(place.stat().st_mtime, UTC) < datetime.now(UTC) - LASTS:
            shutil.rmtree(place, ignore_errors=True)  # what a crash left


def _told(place: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((place / "told.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return told


def _is_old(told: Mapping[str, Any], moment: datetime) -> bool:
    return datetime.fromisoformat(told["expires_at"]) < moment


def _tidy(name: str) -> str:
    """The name of a file without folders and control characters."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f]", "", last)[-_LONGEST_NAME:]
