"""What earlier builds cleaned already, below `.huaxiang/collected/<source>/`: one folder for each part (a file, or files read together).

A part is found by its key: the bytes of its files, the definition that cleaned them, and the code that did. A folder appears by one
rename, after its content is durable; whatever else lies there is a write that never ended, and is removed. The holder of the build lock is
the only writer. Nothing here is needed to build: it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from huaxiang.spec.models import SourceSpec
from huaxiang.store.atomic import sync_folder, sync_tree, write_json

CLEAN = "clean.parquet"
_REPORT = "part.json"
_NOT_CLEANING = frozenset(
    {"title", "description", "owner", "purpose", "legal_basis", "files", "database", "where", "on_bad_row", "max_bad_share",
     "unique", "lookups", "quality", "trust", "describes"}
)  # fmt: skip
_CODE = (
    "store/files", "store/cleaning", "store/formats", "store/forms", "run/part.py", "run/repairs.py", "templates/names.yaml",
    "templates/regions.csv", "templates/vocabularies.yaml",
)  # fmt: skip
_LIBRARIES = ("pyarrow", "python-calamine", "phonenumbers", "pypinyin")


@dataclass(frozen=True)
class Part:
    """A cleaned part: its folder, and what was reported of it."""

    folder: Path
    report: Mapping[str, Any]

    def table(self, name: str) -> Path:
        """Path of one of its tables: `clean`, `rejected` …"""
        return self.folder / f"{name}.parquet"


class Collected:
    """The parts of one source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, key: str) -> Part | None:
        """The part of this key, when it is there and whole."""
        folder = self.folder / key
        try:
            report = json.loads((folder / _REPORT).read_text("utf-8"))
            whole = all((folder / name).stat().st_size == size for name, size in report["sizes"].items())
        except (FileNotFoundError, ValueError, KeyError, AttributeError, TypeError):
            return None
        return Part(folder, report) if whole else None

    def begin(self, key: str) -> Path:
        """An empty folder to write a part into; hand it to `keep`."""
        folder = self.folder / f".{key}.part"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder.chmod(0o700)
        return folder

    def keep(self, key: str, report: Mapping[str, Any]) -> Part:
        """Make what was written since `begin(key)` a part: whole from here on, whatever happens."""
        folder = self.folder / f".{key}.part"
        sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
        write_json(folder / _REPORT, {**report, "sizes": sizes})
        sync_tree(folder)
        target = self.folder / key
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
        sync_folder(self.folder)
        found = self.find(key)
        if found is None:
            raise OSError(f"{target.name} of {self.folder.name} is not on disk as it was written")
        return found

    def prune(self, keys: Iterable[str]) -> None:
        """Remove all parts but these, and what broken builds left."""
        kept = set(keys)
        for entry in self.folder.iterdir() if self.folder.is_dir() else ():
            if entry.name not in kept and (entry.name.startswith(".") or (entry / _REPORT).exists()):
                shutil.rmtree(entry, ignore_errors=True)


def part_key(contents: Iterable[str], definition: str) -> str:
    """Key of the part that files of these SHA-256 digests give under a definition."""
    return hashlib.sha256("\n".join((definition, *contents)).encode()).hexdigest()[:40]


def definition_digest(source: SourceSpec, rules: Iterable[Any], codebook: bytes = b"") -> str:
    """Digest of all that decides how bytes become rows: the mapping as resolved, the form of the files, this program's code."""
    written = source.model_dump(mode="json", by_alias=True, exclude=set(_NOT_CLEANING))
    text = json.dumps([written, [_plain(rule) for rule in rules], code_digest()], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode() + codebook).hexdigest()


def _plain(value: Any) -> Any:
    """Any value of a rule as JSON, sets in order."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return sorted(([str(k), _plain(v)] for k, v in value.items()), key=lambda pair: pair[0])
    if isinstance(value, frozenset | set):
        return sorted(str(v) for v in value)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


@cache
def code_digest() -> str:
    """Digest of the code and data that read and clean, and of the libraries they lean on."""
    found = hashlib.sha256()
    root = files("huaxiang")
    for name in _CODE:
        _digest_tree(root.joinpath(*name.split("/")), found)
    for library in _LIBRARIES:
        try:
            found.update(f"{library} {version(library)}".encode())
        except PackageNotFoundError:
            found.update(f"{library} none".encode())
    return found.hexdigest()


def _digest_tree(entry: Traversable, found: Any) -> None:
    if entry.is_dir():
        for child in sorted(entry.iterdir(), key=lambda child: child.name):
            if child.name != "__pycache__":
                _digest_tree(child, found)
    elif entry.is_file():
        found.update(entry.name.encode() + b"\0" + entry.read_bytes())
