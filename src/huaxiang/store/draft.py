"""What a snapshot's manifest says of its files, and whether the files still agree."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from huaxiang.errors import Said, SnapshotError

MISSING = Said("manifest.json is missing", "缺少 manifest.json")
NOT_WHOLE = Said("manifest.json is not whole", "manifest.json 不完整")
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


def find_damage(folder: Path, manifest: Mapping[str, Any], *, deep: bool) -> tuple[Said, ...]:
    """Compare the files with the manifest: presence and size, and the SHA-256 too when `deep`. Empty when all is well."""
    damage = []
    for entry in (*manifest["tables"], *manifest["files"]):
        path = folder / entry["path"]
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            damage.append(Said(f"{entry['path']} is missing", f"缺少 {entry['path']}"))
            continue
        if size != entry["bytes"]:
            en = f"{entry['path']} has {size} bytes, not {entry['bytes']}"
            damage.append(Said(en, f"{entry['path']} 有 {size} 字节，应为 {entry['bytes']} 字节"))
        elif deep and _digest(path) != entry["sha256"]:
            damage.append(Said(f"{entry['path']} has changed", f"{entry['path']} 的内容已改变"))
    return tuple(damage)


def damaged(name: str, damage: Sequence[Said], *, published: bool = True) -> SnapshotError:
    """The error that tells how a snapshot is damaged, and what to do."""
    en, zh = "; ".join(one.en for one in damage[:5]), "；".join(one.zh for one in damage[:5])
    more = Said("", "") if published else Said("; it was not published", "；未发布")
    return SnapshotError(
        f"snapshot {name} is damaged ({en}); run `huaxiang build` for a new one, or open an older one by `--snapshot`{more.en}",
        f"快照 {name} 已损坏（{zh}）；请运行 `huaxiang build` 重新构建，或用 `--snapshot` 打开更早的快照{more.zh}",
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
