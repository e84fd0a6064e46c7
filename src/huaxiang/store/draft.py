"""What a snapshot's manifest says of its files, and whether the files still agree."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CHUNK = 1 << 20


def describe_files(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Return `{"tables": [{name, path, rows, bytes, sha256}], "files": [{path, bytes, sha256}]}` of a draft's files, by path."""
    from pyarrow import parquet

    tables: list[dict[str, Any]] = []
    files: list[dict[str, Any]] = []
    for path in sorted(entry for entry in folder.rglob("*") if entry.is_file() and entry.name != "manifest.json"):
        relative = path.relative_to(folder).as_posix()
        entry: dict[str, Any] = {"path": relative, "bytes": path.stat().st_size, "sha256": _digest(path)}
        if relative.startswith("tables/") and path.suffix == ".parquet":
            rows = parquet.read_metadata(path).num_rows
            tables.append({"name": path.stem, "path": relative, "rows": rows} | entry)
        else:
            files.append(entry)
    return {"tables": tables, "files": files}


def find_damage(folder: Path, manifest: Mapping[str, Any], *, deep: bool) -> tuple[str, ...]:
    """Compare the files with the manifest: presence and size, and the SHA-256 too when `deep`. Empty when all is well."""
    damage = []
    for entry in (*manifest["tables"], *manifest["files"]):
        path = folder / entry["path"]
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            damage.append(f"{entry['path']} is missing")
            continue
        if size != entry["bytes"]:
            damage.append(f"{entry['path']} has {size} bytes, not {entry['bytes']}")
        elif deep and _digest(path) != entry["sha256"]:
            damage.append(f"{entry['path']} has changed")
    return tuple(damage)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
