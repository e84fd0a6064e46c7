"""Files that are either the old one or the new one, whatever happens in between."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the content of `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make every file and folder below `folder`, and `folder` itself, durable."""
    for root, _folders, files in os.walk(folder, topdown=False):
        for name in sorted(files):
            sync_file(Path(root, name))
        sync_folder(Path(root))


def write_atomic(path: Path, content: bytes | str) -> None:
    """Replace `path` by `content` (text as UTF-8): a reader, or a crash, sees the old file or the new one, never a part.

    The folder must exist. Leaves no temporary file behind when it fails.
    """
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write `value` atomically as JSON: UTF-8, two spaces, key order kept, a newline at the end."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
